/*
 * The form with which a resident asks or reports. It is whole without a
 * script: categories open in two levels, similar requests stand on a page in
 * between, and what others would see is shown at the press of a button.
 * What was typed is drawn again from the parameters that came.
 */
#include "app/residents.h"

#include "app/notify.h"
#include "app/registers.h"
#include "base/text.h"
#include "base/when.h"
#include "web/web.h"

#include <string.h>

/* ---- small parts ---- */

static void problem_line(struct ctx *ctx, const char *name)
{
    const char *problem = ctx_problem_of(ctx, name);
    if (problem)
        html(ctx->web->out, "<p class=\"problem\" id=\"f-{}-p\">{} {}</p>", name, icon(ctx, "alert-circle"), problem);
}

/* aria-describedby and aria-invalid of a field that has a hint, a problem or both. */
static void described(struct ctx *ctx, const char *name, bool hint)
{
    bool problem = ctx_problem_of(ctx, name) != NULL;
    if (!hint && !problem)
        return;
    struct buf *out = ctx->web->out;
    buf_puts(out, " aria-describedby=\"");
    if (hint)
        html(out, "f-{}-h", name);
    if (problem)
        html(out, "{}f-{}-p", hint ? " " : "", name);
    buf_puts(out, problem ? "\" aria-invalid=\"true\"" : "\"");
}

static void label(struct ctx *ctx, const char *name, const char *text, bool optional, const char *hint)
{
    struct buf *out = ctx->web->out;
    html(out, "<div class=\"field\"><label for=\"f-{}\">{}", name, text);
    if (optional)
        html(out, " <i>{}</i>", say(ctx, "optional"));
    buf_puts(out, "</label>");
    if (hint)
        html(out, "<p class=\"hint\" id=\"f-{}-h\">{}</p>", name, hint);
}

void line_field(struct ctx *ctx, const struct line *l)
{
    struct buf *out = ctx->web->out;
    label(ctx, l->name, l->label, l->optional, l->hint);
    html(out, "<input id=\"f-{}\" name=\"{}\" type=\"{}\" value=\"{}\"", l->name, l->name, l->type ? l->type : "text",
         l->value ? l->value : param(ctx, l->name));
    if (l->autocomplete)
        html(out, " autocomplete=\"{}\"", l->autocomplete);
    described(ctx, l->name, l->hint != NULL);
    buf_putc(out, '>');
    problem_line(ctx, l->name);
    buf_puts(out, "</div>");
}

/* ---- categories ---- */

struct topic {
    int64_t id, parent;
    const char *name, *icon, *hint;
};

static int topics_load(struct ctx *ctx, struct topic **list)
{
    enum { MOST = 400 };
    int n = 0;
    *list = ARENA_ARRAY(ctx->arena, struct topic, MOST);
    struct rows *r = query(ctx->db,
                           "SELECT id, parent, name, name_en, icon, hint, hint_en FROM categories WHERE valid = 1"
                           " AND (parent IS NULL OR parent IN (SELECT id FROM categories WHERE parent IS NULL)) ORDER BY position, code");
    while (n < MOST && rows_next(r))
        (*list)[n++] = (struct topic){
            row_int(r, "id"), row_int(r, "parent"), arena_copy(ctx->arena, ctx_pick(ctx, row_text(r, "name"), row_text(r, "name_en"))),
            row_copy(r, ctx->arena, "icon"), arena_copy(ctx->arena, ctx_pick(ctx, row_text(r, "hint"), row_text(r, "hint_en")))};
    rows_end(r);
    return n;
}

static void topic_card(struct ctx *ctx, const struct topic *t, const char *name, const char *hint, bool chosen)
{
    struct buf *out = ctx->web->out;
    html(out, "<label><input type=\"radio\" name=\"category\" value=\"{}\"{}{}><span>{}<b>{}</b>", (struct maybe){t->id},
         (struct markup){t->name ? "" : " data-other"}, (struct markup){chosen ? " checked" : ""},
         t->icon ? icon(ctx, t->icon) : (struct markup){NULL}, name);
    if (hint)
        html(out, "<i>{}</i>", hint);
    buf_puts(out, "</span></label>");
}

static void topic_group(struct ctx *ctx, const struct topic *list, int count, const struct topic *top, int64_t chosen)
{
    struct buf *out = ctx->web->out;
    bool open = top->id == chosen;
    for (int i = 0; i < count; i++)
        open = open || (list[i].parent == top->id && list[i].id == chosen);
    html(out, "<details name=\"topic\"{}><summary>{}<b>{}</b><i>{}</i></summary><div class=\"cards\"><div>",
         (struct markup){open ? " open" : ""}, top->icon ? icon(ctx, top->icon) : (struct markup){NULL}, top->name, top->hint);
    for (int i = 0; i < count; i++)
        if (list[i].parent == top->id)
            topic_card(ctx, &list[i], list[i].name, list[i].hint, list[i].id == chosen);
    topic_card(ctx, &(struct topic){.id = top->id, .icon = "help"}, say(ctx, "Something else of this kind"), NULL, top->id == chosen);
    buf_puts(out, "</div></div></details>");
}

static void topics_field(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    struct topic *list;
    int count = topics_load(ctx, &list);
    int64_t chosen = param_int(ctx, "category");
    html(out, "<fieldset class=\"topics\" id=\"f-category\"><legend>{}</legend><p class=\"hint\">{}</p>", say(ctx, "What is it about"),
         say(ctx, "Open one and choose. If you are not sure, leave it: we pass it to the right people."));
    for (int i = 0; i < count; i++)
        if (list[i].parent == NONE)
            topic_group(ctx, list, count, &list[i], chosen);
    html(out, "<div class=\"cards\"><div>");
    topic_card(ctx, &(struct topic){.id = NONE, .icon = "help"}, say(ctx, "I am not sure"), NULL, chosen == NONE && param(ctx, "category"));
    buf_puts(out, "</div></div>");
    problem_line(ctx, "category");
    buf_puts(out, "</fieldset>");
}

/* ---- where ---- */

/* data-at: where the map opens. */
static void area_option(struct ctx *ctx, struct rows *r, const char *name, int64_t chosen)
{
    int64_t id = row_int(r, "id");
    const char *lat = row_text(r, "lat"),
               *at = lat ? arena_print(ctx->arena, " data-at=\"%.5f,%.5f\"", row_real(r, "lat"), row_real(r, "lon")) : "";
    html(ctx->web->out, "<option value=\"{}\"{}{}>{}</option>", id, (struct markup){at}, (struct markup){id == chosen ? " selected" : ""},
         name);
}

bool areas_known(struct ctx *ctx)
{
    return query_int(ctx->db, "SELECT id FROM areas WHERE level IN ('community', 'estate') LIMIT 1") != NONE;
}

const struct label ask_labels[] = {{"text", N_("What happened")},
                                   {"area", N_("In which community or estate")},
                                   {"place", N_("The place")},
                                   {"subject", N_("Title")},
                                   {"requester_name", N_("Your name")},
                                   {"requester_phone", N_("Your telephone")},
                                   {"requester_mail", N_("Mail")},
                                   {"on_behalf", N_("For whom")},
                                   {NULL, NULL}};

/* Communities as groups, their estates inside, in one list that any browser can show. */
void area_field(struct ctx *ctx, const char *text)
{
    struct buf *out = ctx->web->out;
    int64_t chosen = param_int(ctx, "area"), community = NONE;
    const char *today = day_iso(ctx->arena, when_day(ctx->now));
    label(ctx, "area", text, false, NULL);
    html(out, "<select id=\"f-area\" name=\"area\"");
    described(ctx, "area", false);
    html(out, "><option value=\"\">{}</option>", say(ctx, "Please choose"));
    struct rows *r = query(
        ctx->db,
        "SELECT a.id, a.name, a.name_en, a.lat, a.lon, a.community, c.name AS of_name, c.name_en AS of_name_en FROM areas a JOIN areas c ON c.id = a.community"
        " WHERE a.level IN ('community', 'estate') AND (a.valid_to IS NULL OR a.valid_to >= {})"
        " ORDER BY c.code, CASE WHEN a.level = 'community' THEN 0 ELSE 1 END, a.code",
        today);
    while (rows_next(r)) {
        const char *name = ctx_pick(ctx, row_text(r, "name"), row_text(r, "name_en"));
        if (row_int(r, "community") != community) {
            html(out, "{}<optgroup label=\"{}\">", (struct markup){community == NONE ? "" : "</optgroup>"},
                 ctx_pick(ctx, row_text(r, "of_name"), row_text(r, "of_name_en")));
            community = row_int(r, "community");
        }
        if (row_int(r, "id") == community)
            name = say(ctx, "{}, not in an estate", name);
        area_option(ctx, r, name, chosen);
    }
    html(out, "{}</select>", (struct markup){community == NONE ? "" : "</optgroup>"});
    problem_line(ctx, "area");
    buf_puts(out, "</div>");
}

static void place_fields(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    buf_puts(out, "<div class=\"pair\">");
    if (areas_known(ctx))
        area_field(ctx, ctx_label(ctx, ask_labels, "area"));
    line_field(ctx, &(struct line){
                        .name = "place", .label = ctx_label(ctx, ask_labels, "place"), .autocomplete = "street-address", .optional = true});
    html(
        out,
        "</div><div class=\"map-point\" id=\"f-lat\" data-map-point><input type=\"hidden\" name=\"lat\" value=\"{}\"><input type=\"hidden\" name=\"lon\" value=\"{}\">"
        "<button type=\"button\" data-map-open hidden>{} {}</button><p data-map-said hidden>{} <output class=\"soft\"></output> "
        "<button type=\"button\" class=\"quiet\" data-map-clear>{}</button></p></div>",
        param(ctx, "lat"), param(ctx, "lon"), icon(ctx, "map-pin"), say(ctx, "Show the place on the map"), say(ctx, "The place is marked."),
        say(ctx, "Without the map"));
}

/* ---- who may see it ---- */

const char *subject_of(struct ctx *ctx, const char *text)
{
    const char *tidy = text_tidy(ctx->arena, text);
    const char *end = tidy ? tidy : "";
    for (const char *p = end; *p; end = p) {
        uint32_t c = text_next(&p);
        if (c == 0x3002 || c == 0xFF01 || c == 0xFF1F || c == 0xFF1B || c == '!' || c == '?') /* 。！？； */
            break;
    }
    if (!tidy)
        return NULL;
    const char *first = arena_copyn(ctx->arena, tidy, (size_t)(end - tidy));
    return text_cut(ctx->arena, text_length(first) < 2 ? tidy : first, 40);
}

static const char *name_of(struct ctx *ctx, const char *field, const struct request *r)
{
    return field_show(ctx, kind_field(&requests_kind, field), r);
}

void public_line(struct ctx *ctx, const struct request *r)
{
    bool shown = r->visibility && !strcmp(r->visibility, "summary");
    const char *kind = r->category != NONE ? name_of(ctx, "category", r) : say(ctx, "A matter of another kind");
    html(
        ctx->web->out,
        "<b data-show=\"title\">{}</b> <span class=\"soft\"><span data-show=\"category\">{}</span> · <span data-show=\"area\">{}</span>{}</span>",
        shown ? r->subject : "", kind, r->community != NONE ? arena_print(ctx->arena, "%s · ", name_of(ctx, "community", r)) : "",
        day_show(ctx->arena, ctx->lang, when_day(r->received_at == NONE ? ctx->now : r->received_at)));
}

/* What a visitor who is not signed in would see of what stands in the form now. */
static void preview(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    struct request *r = record_new(ctx, &requests_kind);
    const char *subject = param(ctx, "subject"), *visibility = param(ctx, "visibility");
    r->category = param_int(ctx, "category");
    r->community = param_int(ctx, "area") == NONE ? NONE
                                                  : query_int(ctx->db, "SELECT community FROM areas WHERE id = {}", param_int(ctx, "area"));
    r->subject = subject && !text_blank(subject) ? text_cut(ctx->arena, text_tidy(ctx->arena, subject), 120)
                                                 : subject_of(ctx, param(ctx, "text"));
    r->visibility = visibility && !strcmp(visibility, "summary") ? "summary" : "office";
    html(out, "<div class=\"card\" id=\"preview\" data-none=\"{}\"><h2>{}</h2><p>", say(ctx, "A matter of another kind"),
         say(ctx, "What others see"));
    public_line(ctx, r);
    html(out, "</p><p class=\"small\">{}</p></div>",
         say(ctx, "Nobody else sees your words, the photographs, the place, your name or your telephone."));
}

static void visibility_field(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct asking *a = ctx->work;
    const char *chosen = param(ctx, "visibility");
    bool open = chosen && !strcmp(chosen, "summary");
    html(out,
         "<fieldset class=\"cards rows\" id=\"f-visibility\"><legend>{}</legend><div>"
         "<label><input type=\"radio\" name=\"visibility\" value=\"office\"{}><span>{}<b>{}</b><i>{}</i></span></label>",
         say(ctx, "Who may see it"), (struct markup){open ? "" : " checked"}, icon(ctx, "lock"), say(ctx, "Only the people who handle it"),
         say(ctx, "Somebody who reports the same learns that it is known here: its kind, community and date, no word of yours."));
    html(out, "<label><input type=\"radio\" name=\"visibility\" value=\"summary\"{}><span>{}<b>{}</b><i>{}</i></span></label></div>",
         (struct markup){open ? " checked" : ""}, icon(ctx, "eye"), say(ctx, "Everybody may see the title, not who asked"),
         say(ctx, "Neighbours with the same matter find it and join you. Name and telephone are never shown."));
    problem_line(ctx, "visibility");
    buf_puts(out, "</fieldset>");
    buf_puts(out, "<div class=\"open-only\">");
    line_field(ctx, &(struct line){.name = "subject",
                                   .label = ctx_label(ctx, ask_labels, "subject"),
                                   .optional = true,
                                   .hint = say(ctx, "If you leave it out, it is the first words of what happened.")});
    buf_puts(out, "</div>");
    preview(ctx);
    html(out, "<p class=\"nojs\"><button class=\"quiet\" name=\"look\" value=\"1\">{} {}</button></p>", icon(ctx, "eye"),
         a && a->look ? say(ctx, "Show it again") : say(ctx, "Show what others see with what I wrote"));
}

/* ---- who ---- */

static void who_fields(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const char *behalf = param(ctx, "on_behalf");
    buf_puts(out, "<div class=\"pair\">");
    line_field(ctx, &(struct line){.name = "requester_name",
                                   .label = ctx_label(ctx, ask_labels, "requester_name"),
                                   .autocomplete = "name",
                                   .optional = true});
    line_field(
        ctx, &(struct line){
                 .name = "requester_phone", .label = ctx_label(ctx, ask_labels, "requester_phone"), .type = "tel", .autocomplete = "tel"});
    buf_puts(out, "</div>");
    if (*setting(ctx, "smtp.host")) /* without a mail server an address would only be collected */
        line_field(ctx, &(struct line){.name = "requester_mail",
                                       .label = ctx_label(ctx, ask_labels, "requester_mail"),
                                       .type = "email",
                                       .autocomplete = "email",
                                       .optional = true,
                                       .hint = say(ctx, "If you like to be told by mail as well.")});
    html(out, "<details{}><summary>{}</summary>", (struct markup){(behalf && *behalf) || ctx_problem_of(ctx, "on_behalf") ? " open" : ""},
         say(ctx, "I ask on behalf of somebody else"));
    line_field(ctx,
               &(struct line){.name = "on_behalf",
                              .label = ctx_label(ctx, ask_labels, "on_behalf"),
                              .optional = true,
                              .hint = say(ctx, "A name, or how you know each other. We ring you, not them, unless you say otherwise.")});
    buf_puts(out, "</details>");
    /* A trap for programs that fill in everything; whoever falls in by accident is told how to get out. */
    html(
        out,
        "<div class=\"{}\"><label for=\"f-website\">{}</label><input id=\"f-website\" name=\"website\" tabindex=\"-1\" autocomplete=\"off\">",
        ctx_problem_of(ctx, "website") ? "field" : "sr", say(ctx, "Leave this empty"));
    problem_line(ctx, "website");
    buf_puts(out, "</div>");
}

/* ---- requests like it ---- */

void similar_list(struct ctx *ctx, const struct search_hit *hits, int count)
{
    struct buf *out = ctx->web->out;
    bool any = false;
    for (int i = 0; i < count; i++) {
        const struct request *r = record_get(ctx, &requests_kind, hits[i].id);
        if (!r)
            continue;
        if (!any)
            html(out, "<h2>{}</h2><p>{}</p><ul>", say(ctx, "Is it one of these?"),
                 say(ctx,
                     "They are being handled already. If yours is the same, join: you are told what happens, and need not write it all."));
        any = true;
        buf_puts(out, "<li><p>");
        public_line(ctx, r);
        html(out, "</p><button name=\"join\" value=\"{}\" formnovalidate>{} {}</button></li>", r->record.id, icon(ctx, "user-plus"),
             say(ctx, "This is mine too"));
    }
    if (any)
        html(out, "</ul><input type=\"hidden\" name=\"seen\" value=\"1\">");
}

/* ---- the pages ---- */

/* Everything that was typed, for a page in between. */
static void carry(struct ctx *ctx, const struct photos *photos, bool who)
{
    static const char *const names[] = {"category", "subject", "text",      "area",       "place",
                                        "lat",      "lon",     "on_behalf", "visibility", "requester_mail"};
    static const char *const person[] = {"requester_name", "requester_phone"};
    struct buf *out = ctx->web->out;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        html(out, "<input type=\"hidden\" name=\"{}\" value=\"{}\">", names[i], param(ctx, names[i]));
    for (size_t i = 0; who && i < sizeof person / sizeof *person; i++)
        html(out, "<input type=\"hidden\" name=\"{}\" value=\"{}\">", person[i], param(ctx, person[i]));
    photos_hidden(ctx, photos);
}

static void draw_between(struct ctx *ctx, const struct asking *a)
{
    struct buf *out = ctx->web->out;
    page_begin(ctx, say(ctx, "Is it one of these?"), PAGE_RESIDENT);
    html(out, "<header class=\"head\"><h1>{}</h1></header>", say(ctx, "One question before it goes out"));
    form_begin(ctx, "/ask", NULL, true);
    carry(ctx, &a->photos, true);
    buf_puts(out, "<div id=\"similar\">");
    similar_list(ctx, a->similar, a->similar_count);
    html(
        out,
        "</div><div class=\"acts\"><button class=\"primary\">{} {}</button><button class=\"quiet\" name=\"edit\" value=\"1\">{} {}</button></div>",
        icon(ctx, "send"), say(ctx, "No, mine is different: send it"), icon(ctx, "arrow-left"), say(ctx, "Back to what I wrote"));
    form_end(ctx);
    page_end(ctx);
}

static void draw_join(struct ctx *ctx, const struct asking *a)
{
    struct buf *out = ctx->web->out;
    page_begin(ctx, say(ctx, "This is mine too"), PAGE_RESIDENT);
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>", say(ctx, "This is mine too"),
         say(ctx, "We tell you what happens with it. Your telephone is enough; only the people who handle it see it."));
    form_begin(ctx, "/ask", NULL, true);
    form_problems(ctx);
    buf_puts(out, "<p class=\"card\">");
    public_line(ctx, a->join);
    buf_puts(out, "</p><div class=\"pair\">");
    line_field(ctx, &(struct line){.name = "requester_name",
                                   .label = ctx_label(ctx, ask_labels, "requester_name"),
                                   .autocomplete = "name",
                                   .optional = true});
    line_field(
        ctx, &(struct line){
                 .name = "requester_phone", .label = ctx_label(ctx, ask_labels, "requester_phone"), .type = "tel", .autocomplete = "tel"});
    buf_puts(out, "</div>");
    carry(ctx, &a->photos, false);
    html(
        out,
        "<input type=\"hidden\" name=\"joining\" value=\"1\"><div class=\"acts\"><button class=\"primary\" name=\"join\" value=\"{}\">{} {}</button><button class=\"quiet\" name=\"edit\" value=\"1\">{} {}</button></div>",
        a->join->record.id, icon(ctx, "user-plus"), say(ctx, "Join"), icon(ctx, "arrow-left"), say(ctx, "Back to what I wrote"));
    form_end(ctx);
    page_end(ctx);
}

void ask(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct asking *a = ctx->work;
    receipt_bind(ctx);
    page_begin(ctx, say(ctx, "Ask or report"), PAGE_RESIDENT | PAGE_MAP);
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>", say(ctx, "Ask or report"),
         say(ctx, "Write it as you would say it. We ring you if something is missing."));
    form_begin(ctx, "/ask", "ask", true);
    buf_puts(out, "<button class=\"sr\" tabindex=\"-1\" aria-hidden=\"true\"></button>"); /* what Enter in a line presses */
    form_problems(ctx);
    topics_field(ctx);
    label(ctx, "text", ctx_label(ctx, ask_labels, "text"), false, say(ctx, "Since when, who is affected, what you would like."));
    buf_puts(out, "<textarea id=\"f-text\" name=\"text\" rows=\"5\"");
    described(ctx, "text", true);
    html(out, ">{}</textarea>", param(ctx, "text"));
    problem_line(ctx, "text");
    buf_puts(out, "</div><div id=\"similar\" aria-live=\"polite\" data-similar=\"/ask/similar\"></div>");
    place_fields(ctx);
    photos_field(ctx, a ? &a->photos : NULL);
    who_fields(ctx);
    visibility_field(ctx);
    html(out, "<div class=\"acts\"><button class=\"primary\">{} {}</button></div><p class=\"small\">{}</p>", icon(ctx, "send"),
         say(ctx, "Send to the community office"),
         say(ctx, "Your telephone is used for this matter only. It is stored encrypted, and each time somebody looks at it is recorded."));
    form_end(ctx);
    page_end(ctx);
}

void ask_again(struct ctx *ctx)
{
    const struct asking *a = ctx->work;
    if (ctx->problem_count == 0)
        answer_code(ctx, 200); /* nothing is wrong: a page in between, or a look */
    if (a && a->join)
        draw_join(ctx, a);
    else if (a && a->similar_count && ctx->problem_count == 0)
        draw_between(ctx, a);
    else
        ask(ctx);
}
