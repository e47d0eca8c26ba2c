/*
 * The form in which residents ask or report: first what it is, then where, then
 * a phone number. Everything else is folded into one line that shows its value.
 * It works without JavaScript: categories open in two levels, similar requests
 * are on a page in between, and a button previews what others would see. The
 * page is drawn again from the parameters that were sent.
 */
#include "app/residents/ask.h"

#include "core/settings.h"
#include "app/registers/registers.h"
#include "base/text.h"
#include "base/when.h"
#include "core/pass.h"
#include "web/fields.h"

#include <string.h>

/* ---- categories ---- */

struct topic {
    int64_t id, parent;
    const char *name, *icon, *hint;
};

static int topics_load(struct ctx *ctx, struct topic **list)
{
    int n = 0;
    *list = NULL;
    struct rows *r = query(
        ctx->db,
        "SELECT id, parent, name, name_en, icon, hint, hint_en FROM categories WHERE valid = 1"
        " AND (parent IS NULL OR parent IN (SELECT id FROM categories WHERE parent IS NULL)) ORDER "
        "BY position, code");
    while (rows_next(r))
        *ARENA_NEXT(ctx->arena, *list, n) = (struct topic){
            row_int(r, "id"), row_int(r, "parent"),
            arena_copy(ctx->arena, ctx_pick(ctx, row_text(r, "name"), row_text(r, "name_en"))),
            row_copy(r, ctx->arena, "icon"),
            arena_copy(ctx->arena, ctx_pick(ctx, row_text(r, "hint"), row_text(r, "hint_en")))};
    rows_end(r);
    return n;
}

static void topic_card(struct ctx *ctx, const struct topic *t, const char *name, const char *hint,
                       bool chosen)
{
    struct buf *out = ctx->web->out;
    html(out, "<label><input type=\"radio\" name=\"category\" value=\"{}\"{}{}><span>{}<b>{}</b>",
         (struct maybe){t->id}, (struct markup){t->name ? "" : " data-other"},
         (struct markup){chosen ? " checked" : ""},
         t->icon ? icon(ctx, t->icon) : (struct markup){NULL}, name);
    if (hint)
        html(out, "<i>{}</i>", hint);
    buf_puts(out, "</span></label>");
}

static void topic_group(struct ctx *ctx, const struct topic *list, int count,
                        const struct topic *top, int64_t chosen)
{
    struct buf *out = ctx->web->out;
    bool open = top->id == chosen;
    for (int i = 0; i < count; i++)
        open = open || (list[i].parent == top->id && list[i].id == chosen);
    html(out,
         "<details name=\"topic\"{}><summary>{}<b>{}</b><i>{}</i></summary><div "
         "class=\"cards\"><div>",
         (struct markup){open ? " open" : ""},
         top->icon ? icon(ctx, top->icon) : (struct markup){NULL}, top->name, top->hint);
    for (int i = 0; i < count; i++)
        if (list[i].parent == top->id)
            topic_card(ctx, &list[i], list[i].name, list[i].hint, list[i].id == chosen);
    topic_card(ctx, &(struct topic){.id = top->id, .icon = "help"},
               say(ctx, "Something else in this group"), NULL, top->id == chosen);
    buf_puts(out, "</div></div></details>");
}

/* The text of the request proposes a category (ask_similar); the resident can choose another. */
static void topics_field(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    struct topic *list;
    int count = topics_load(ctx, &list);
    int64_t chosen = param_int(ctx, "category");
    const char *name = NULL;
    for (int i = 0; i < count; i++)
        if (list[i].id == chosen)
            name = list[i].name;
    fold_begin(ctx, &(struct fold){.id = "kind",
                                   .icon = "list-check",
                                   .label = say(ctx, "This is about"),
                                   .value = name,
                                   .none = say(ctx, "from your words"),
                                   .add = say(ctx, "choose"),
                                   .open = ctx_problem_of(ctx, "category") != NULL,
                                   .close = true});
    html(out,
         "<fieldset class=\"topics\" id=\"f-category\"><legend class=\"sr\">{}</legend><p "
         "class=\"hint\">{}</p>",
         say(ctx, "What is it about?"),
         say(ctx, "Open a group and choose. Not sure? Leave it blank and we’ll pass it to the "
                  "right people."));
    for (int i = 0; i < count; i++)
        if (list[i].parent == NONE)
            topic_group(ctx, list, count, &list[i], chosen);
    html(out, "<div class=\"cards\"><div>");
    topic_card(ctx, &(struct topic){.id = NONE, .icon = "help"}, say(ctx, "I’m not sure"), NULL,
               chosen == NONE && param(ctx, "category"));
    buf_puts(out, "</div></div>");
    field_problem(ctx, "category");
    buf_puts(out, "</fieldset>");
    fold_end(ctx);
}

/* ---- where ---- */

const struct label ask_labels[] = {{"text", N_("Description")},
                                   {"area", N_("Community or housing estate")},
                                   {"place", N_("Exact location")},
                                   {"subject", N_("Title")},
                                   {"requester_name", N_("Your name")},
                                   {"requester_phone", N_("Your phone number")},
                                   {"requester_mail", N_("Email")},
                                   {"on_behalf", N_("On behalf of")},
                                   {NULL, NULL}};

static void place_fields(struct ctx *ctx, const struct area_choices *areas)
{
    struct buf *out = ctx->web->out;
    const char *place = param(ctx, "place"), *estate = area_estate(areas);
    fold_begin(ctx, &(struct fold){.id = "where",
                                   .icon = "map-pin",
                                   .label = ctx_label(ctx, ask_labels, "place"),
                                   .value = place && !text_blank(place) ? place : estate,
                                   .none = say(ctx, "optional"),
                                   .open = ctx_problem_of(ctx, "place") ||
                                           (estate && ctx_problem_of(ctx, "area"))});
    estate_field(ctx, areas);
    line_field(ctx,
               &(struct line){.name = "place",
                              .label = ctx_label(ctx, ask_labels, "place"),
                              .autocomplete = "street-address",
                              .optional = true,
                              .hint = say(ctx, "Building, entrance, floor, or what is near.")});
    html(out,
         "<div class=\"map-point\" id=\"f-lat\" data-map-point><input type=\"hidden\" "
         "name=\"lat\" value=\"{}\"><input type=\"hidden\" name=\"lon\" value=\"{}\">"
         "<button type=\"button\" data-map-open hidden>{} {}</button><p data-map-said hidden>{} "
         "<output class=\"soft\"></output> "
         "<button type=\"button\" class=\"quiet\" data-map-clear>{}</button></p></div>",
         param(ctx, "lat"), param(ctx, "lon"), icon(ctx, "map-pin"),
         say(ctx, "Mark the location on the map"), say(ctx, "Location marked."),
         say(ctx, "Don’t use the map"));
    fold_end(ctx);
}

static void photos_line(struct ctx *ctx, const struct photos *p)
{
    fold_begin(ctx, &(struct fold){.id = "pictures",
                                   .icon = "camera",
                                   .label = say(ctx, "Photos"),
                                   .value = p && p->count ? say(ctx, "Chosen: {}", p->count) : NULL,
                                   .none = say(ctx, "optional, up to three"),
                                   .open = (p && p->count) || ctx_problem_of(ctx, "photos")});
    photos_field(ctx, p);
    fold_end(ctx);
}

/* ---- who may see it ---- */

static const char *name_of(struct ctx *ctx, const char *field, const struct request *r)
{
    return field_show(ctx, kind_field(&requests_kind, field), r);
}

int64_t category_agreed(struct ctx *ctx, const char *subject, const char *text, int64_t except)
{
    struct suggestion s;
    search_suggest(ctx, subject, text, except, &s);
    return s.category != NONE && s.votes * 3 >= s.of ? s.category : NONE;
}

/* The category, otherwise the one of most similar requests: "something else" does not help
 * anyone to recognise a street light. */
static const char *matter_of(struct ctx *ctx, const struct request *r)
{
    struct request like = {.category = r->category};
    if (r->category == NONE && r->record.id != NONE)
        like.category = category_agreed(ctx, r->subject, r->text, r->record.id);
    return like.category != NONE ? name_of(ctx, "category", &like) : say(ctx, "Something else");
}

static const char *age_of(struct ctx *ctx, const struct request *r)
{
    int64_t days = r->received_at == NONE ? 0 : when_day(ctx->now) - when_day(r->received_at);
    return days < 1    ? say(ctx, "today")
           : days < 31 ? say_n(ctx, days, "1 day ago", "{} days ago", days)
                       : day_show(ctx->arena, ctx->lang, when_day(r->received_at));
}

void public_line(struct ctx *ctx, const struct request *r)
{
    bool shown = r->visibility && !strcmp(r->visibility, "summary");
    const char *place = r->area != NONE        ? name_of(ctx, "area", r)
                        : r->community != NONE ? name_of(ctx, "community", r)
                                               : NULL;
    html(ctx->web->out,
         "<b data-show=\"title\">{}</b> <span class=\"soft\"><span "
         "data-show=\"category\">{}</span> · <span data-show=\"area\">{}</span>{}</span>",
         shown ? r->subject : "", matter_of(ctx, r),
         place ? arena_print(ctx->arena, "%s · ", place) : "", age_of(ctx, r));
}

/* Previews what a visitor who is not signed in would see of the form's content. */
static void preview(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    struct request *r = record_new(ctx, &requests_kind);
    const char *subject = param(ctx, "subject"), *visibility = param(ctx, "visibility");
    r->category = param_int(ctx, "category");
    r->community = area_asked(ctx) == NONE
                       ? NONE
                       : query_int(ctx->db, "SELECT community FROM areas WHERE id = {}",
                                   area_asked(ctx));
    r->subject = subject && !text_blank(subject)
                     ? text_cut(ctx->arena, text_tidy(ctx->arena, subject), 120)
                     : text_headline(ctx->arena, param(ctx, "text"));
    r->visibility = visibility && !strcmp(visibility, "summary") ? "summary" : "office";
    html(out, "<div class=\"card\" id=\"preview\" data-none=\"{}\"><h2>{}</h2><p>",
         say(ctx, "Something else"), say(ctx, "What others will see"));
    public_line(ctx, r);
    html(out, "</p><p class=\"small\">{}</p></div>",
         say(ctx, "Nobody else sees your message, photos, location, name or phone number."));
}

static void visibility_field(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct asking *a = ctx->work;
    const char *chosen = param(ctx, "visibility");
    bool open = chosen && !strcmp(chosen, "summary");
    fold_begin(ctx,
               &(struct fold){.id = "seen-by",
                              .icon = "eye",
                              .label = say(ctx, "Visibility"),
                              .value = open ? say(ctx, "title public") : say(ctx, "staff only"),
                              .none = say(ctx, "staff only"),
                              .open = (a && a->look) || ctx_problem_of(ctx, "visibility") ||
                                      ctx_problem_of(ctx, "subject")});
    html(out,
         "<fieldset class=\"cards rows\" id=\"f-visibility\"><legend class=\"sr\">{}</legend><div>"
         "<label><input type=\"radio\" name=\"visibility\" "
         "value=\"office\" data-short=\"{}\"{}><span>{}<b>{}</b><i>{}</i></span></label>",
         say(ctx, "Visibility"), say(ctx, "staff only"), (struct markup){open ? "" : " checked"},
         icon(ctx, "lock"), say(ctx, "Only the people handling it"),
         say(ctx, "Anyone reporting the same problem sees only its category, community and date, "
                  "nothing you wrote."));
    html(out,
         "<label><input type=\"radio\" name=\"visibility\" "
         "value=\"summary\" data-short=\"{}\"{}><span>{}<b>{}</b><i>{}</i></span></label></div>",
         say(ctx, "title public"), (struct markup){open ? " checked" : ""}, icon(ctx, "eye"),
         say(ctx, "Everyone can see the title, but not who you are"),
         say(ctx, "Neighbours with the same problem can find your request and add themselves. Your "
                  "name and phone number are never shown."));
    field_problem(ctx, "visibility");
    buf_puts(out, "</fieldset>");
    buf_puts(out, "<div class=\"open-only\">");
    line_field(ctx,
               &(struct line){.name = "subject",
                              .label = ctx_label(ctx, ask_labels, "subject"),
                              .optional = true,
                              .hint = say(ctx, "If left blank, we use your first few words.")});
    buf_puts(out, "</div>");
    preview(ctx);
    html(out,
         "<p class=\"nojs\"><button class=\"quiet\" name=\"look\" value=\"1\">{} {}</button></p>",
         icon(ctx, "eye"),
         a && a->look ? say(ctx, "Show again") : say(ctx, "Preview what others will see"));
    fold_end(ctx);
}

/* ---- who ---- */

static void phone_field(struct ctx *ctx)
{
    line_field(ctx, &(struct line){.name = "requester_phone",
                                   .label = ctx_label(ctx, ask_labels, "requester_phone"),
                                   .type = "tel",
                                   .autocomplete = "tel"});
}

static void who_fields(struct ctx *ctx)
{
    bool mail = *setting(ctx, "smtp.host"); /* without a server an address would only be kept */
    fold_begin(ctx, &(struct fold){.id = "who",
                                   .icon = "user",
                                   .label = ctx_label(ctx, ask_labels, "requester_name"),
                                   .value = param(ctx, "requester_name"),
                                   .none = say(ctx, "optional"),
                                   .open = ctx_problem_of(ctx, "requester_name") ||
                                           ctx_problem_of(ctx, "requester_mail")});
    line_field(ctx, &(struct line){.name = "requester_name",
                                   .label = ctx_label(ctx, ask_labels, "requester_name"),
                                   .autocomplete = "name",
                                   .optional = true});
    if (mail)
        line_field(ctx, &(struct line){.name = "requester_mail",
                                       .label = ctx_label(ctx, ask_labels, "requester_mail"),
                                       .type = "email",
                                       .autocomplete = "email",
                                       .optional = true,
                                       .hint = say(ctx, "If you would like email updates too.")});
    fold_end(ctx);
    fold_begin(ctx, &(struct fold){.id = "behalf",
                                   .icon = "users",
                                   .label = say(ctx, "I’m asking for someone else"),
                                   .value = param(ctx, "on_behalf"),
                                   .none = say(ctx, "no, for myself"),
                                   .open = ctx_problem_of(ctx, "on_behalf") != NULL});
    line_field(ctx, &(struct line){.name = "on_behalf",
                                   .label = ctx_label(ctx, ask_labels, "on_behalf"),
                                   .optional = true,
                                   .hint = say(ctx, "Their name or how you know them. We will call "
                                                    "you, not them, unless you say otherwise.")});
    fold_end(ctx);
}

/* A trap for programs that fill in every field. People who fill it in by accident are told what
 * to do. */
static void trap_field(struct ctx *ctx)
{
    html(ctx->web->out,
         "<div class=\"{}\"><label for=\"f-website\">{}</label><input id=\"f-website\" "
         "name=\"website\" tabindex=\"-1\" autocomplete=\"off\">",
         ctx_problem_of(ctx, "website") ? "field" : "sr", say(ctx, "Leave this empty"));
    field_problem(ctx, "website");
    buf_puts(ctx->web->out, "</div>");
}

/* ---- requests like it ---- */

void similar_list(struct ctx *ctx, const struct search_hit *hits, int count, bool folded)
{
    struct buf *out = ctx->web->out;
    const struct request *list[SIMILAR_MOST];
    int n = 0;
    for (int i = 0; i < count; i++) {
        const struct request *r = record_get(ctx, &requests_kind, hits[i].id);
        if (r)
            list[n++] = r;
    }
    if (n == 0)
        return;
    if (folded)
        fold_begin(ctx, &(struct fold){.id = "alike",
                                       .icon = "files",
                                       .label = say_n(ctx, n, "1 open request looks like yours",
                                                      "{} open requests look like yours", n)});
    else
        html(out, "<h2>{}</h2>", say(ctx, "Is it one of these?"));
    html(out, "<p>{}</p><ul>",
         say(ctx, "We are already working on these. If yours is the same, add yourself: we’ll keep "
                  "you informed and you don’t need to write it again."));
    for (int i = 0; i < n; i++) {
        buf_puts(out, "<li><p>");
        public_line(ctx, list[i]);
        html(out, "</p><button name=\"join\" value=\"{}\" formnovalidate>{} {}</button></li>",
             join_offer(ctx, list[i]->record.id), icon(ctx, "user-plus"),
             say(ctx, "I have this problem too"));
    }
    buf_puts(out, "</ul>");
    if (folded)
        fold_end(ctx);
    else
        buf_puts(out, "<input type=\"hidden\" name=\"seen\" value=\"1\">");
}

/* ---- the pages ---- */

/* Carries everything that was typed through a page in between. */
static void carry(struct ctx *ctx, const struct photos *photos, bool who)
{
    static const char *const names[] = {"category",  "subject",    "text",          "area",
                                        "estate",    "place",      "lat",           "lon",
                                        "on_behalf", "visibility", "requester_mail"};
    static const char *const person[] = {"requester_name", "requester_phone"};
    struct buf *out = ctx->web->out;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        html(out, "<input type=\"hidden\" name=\"{}\" value=\"{}\">", names[i],
             param(ctx, names[i]));
    for (size_t i = 0; who && i < sizeof person / sizeof *person; i++)
        html(out, "<input type=\"hidden\" name=\"{}\" value=\"{}\">", person[i],
             param(ctx, person[i]));
    photos_hidden(ctx, photos);
}

static void draw_between(struct ctx *ctx, const struct asking *a)
{
    struct buf *out = ctx->web->out;
    page_begin(ctx, say(ctx, "Is it one of these?"), PAGE_RESIDENT);
    html(out, "<header class=\"head\"><h1>{}</h1></header>", say(ctx, "Before we send this"));
    form_begin(ctx, "/ask", NULL, true);
    carry(ctx, &a->photos, true);
    buf_puts(out, "<div id=\"similar\">");
    similar_list(ctx, a->similar, a->similar_count, false);
    html(out,
         "</div><div class=\"acts\"><button class=\"primary\">{} {}</button><button "
         "class=\"quiet\" name=\"edit\" value=\"1\">{} {}</button></div>",
         icon(ctx, "send"), say(ctx, "None of these: send mine"), icon(ctx, "arrow-left"),
         say(ctx, "Go back and edit"));
    form_end(ctx);
    page_end(ctx);
}

static void draw_join(struct ctx *ctx, const struct asking *a)
{
    struct buf *out = ctx->web->out;
    page_begin(ctx, say(ctx, "I have this problem too"), PAGE_RESIDENT);
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>",
         say(ctx, "I have this problem too"),
         say(ctx, "We’ll keep you informed. A phone number is enough, and only the people "
                  "handling "
                  "it will see it."));
    form_begin(ctx, "/ask", NULL, true);
    form_problems(ctx);
    buf_puts(out, "<p class=\"card\">");
    public_line(ctx, a->join);
    buf_puts(out, "</p><div class=\"pair\">");
    line_field(ctx, &(struct line){.name = "requester_name",
                                   .label = ctx_label(ctx, ask_labels, "requester_name"),
                                   .autocomplete = "name",
                                   .optional = true});
    phone_field(ctx);
    buf_puts(out, "</div>");
    carry(ctx, &a->photos, false);
    html(out,
         "<input type=\"hidden\" name=\"joining\" value=\"1\"><div class=\"acts\"><button "
         "class=\"primary\" name=\"join\" value=\"{}\">{} {}</button><button class=\"quiet\" "
         "name=\"edit\" value=\"1\">{} {}</button></div>",
         join_offer(ctx, a->join->record.id), icon(ctx, "user-plus"),
         say(ctx, "I have this problem too"), icon(ctx, "arrow-left"),
         say(ctx, "Go back and edit"));
    form_end(ctx);
    page_end(ctx);
}

void ask(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct asking *a = ctx->work;
    const struct area_choices *areas = area_choices(ctx);
    pass_bind(ctx);
    page_begin(ctx, say(ctx, "Report or ask for help"), PAGE_RESIDENT | PAGE_MAP);
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>",
         say(ctx, "Report or ask for help"),
         say(ctx, "Type it or say it: your keyboard’s microphone will write it down."));
    form_begin(ctx, "/ask", "ask", true);
    buf_puts(
        out,
        "<button class=\"sr\" tabindex=\"-1\" aria-hidden=\"true\"></button>"); /* the button that
                                                                                   Enter presses */
    resident_problems(ctx, area_asked(ctx));
    field_begin(ctx, "text", ctx_label(ctx, ask_labels, "text"), false, NULL);
    buf_puts(out, "<textarea id=\"f-text\" name=\"text\" rows=\"3\"");
    field_described(ctx, "text", false);
    html(out, ">{}</textarea>", param(ctx, "text"));
    field_problem(ctx, "text");
    buf_puts(out, "</div>");
    topics_field(ctx);
    buf_puts(out, "<div id=\"similar\" aria-live=\"polite\" data-similar=\"/ask/similar\"></div>");
    if (areas_known(ctx))
        area_choice(ctx, areas, say(ctx, "Which community?"));
    phone_field(ctx);
    buf_puts(out, "<div class=\"lines\">");
    place_fields(ctx, areas);
    photos_line(ctx, a ? &a->photos : NULL);
    who_fields(ctx);
    visibility_field(ctx);
    buf_puts(out, "</div>");
    trap_field(ctx);
    html(out,
         "<div class=\"acts\"><button class=\"primary\">{} {}</button></div><p "
         "class=\"small\">{}</p>",
         icon(ctx, "send"), say(ctx, "Send to the community"),
         say(ctx, "Your phone number is only used for this request. It is stored encrypted, and "
                  "every time someone views it is recorded."));
    form_end(ctx);
    page_end(ctx);
}

void ask_again(struct ctx *ctx)
{
    const struct asking *a = ctx->work;
    if (ctx->problem_count == 0)
        answer_code(ctx, 200); /* no error: a page in between, or a preview */
    if (a && a->join)
        draw_join(ctx, a);
    else if (a && a->similar_count && ctx->problem_count == 0)
        draw_between(ctx, a);
    else
        ask(ctx);
}
