/*
 * One request: what it says and what can be done next on the left, what is
 * known on the right. The next step that is most likely stands open; the
 * others are a press away (?step=NAME), so the page works without a script.
 */
#include "app/request_page.h"

#include "app/deadlines.h"
#include "app/joiners.h"
#include "app/module.h"
#include "app/register_pages.h"
#include "app/registers.h"
#include "app/visits.h"
#include "base/code.h"

#include <cjson/cJSON.h>
#include <string.h>

/* The steps in the order in which they are likely; others follow as the table has them. */
static const struct {
    const char *status, *steps[12];
} likely[] = {
    {"received", {"dispatch", "contact", "park", "merge"}},
    {"dispatched", {"accept", "answer", "report", "contact", "extend", "dispatch", "park", "return", "merge"}},
    {"handling", {"answer", "contact", "report", "extend", "park", "return", "merge"}},
    {"answered", {"close", "unreached", "call-back", "reopen", "merge"}},
    {"call_back", {"close", "unreached", "reopen", "merge"}},
    {"parked", {"resume", "dispatch", "park", "merge"}},
    {"closed", {"reopen"}},
};

#define STEPS_MOST 32

/* Fills list with what the actor may do; answers how many. */
static int steps_possible(struct ctx *ctx, const struct request *r, const struct step **list)
{
    int n = 0;
    for (size_t i = 0; i < sizeof likely / sizeof *likely; i++)
        for (int j = 0; !strcmp(likely[i].status, r->status) && likely[i].steps[j]; j++) {
            const struct step *s = request_step(likely[i].steps[j]);
            if (s && request_may(ctx, s, r))
                list[n++] = s;
        }
    for (const struct step *s = request_steps; s->action && n < STEPS_MOST; s++) {
        bool known = s->roles == ROLE_PUBLIC || !request_may(ctx, s, r);
        for (int i = 0; i < n; i++)
            known = known || list[i] == s;
        if (!known)
            list[n++] = s;
    }
    return n;
}

static const char *step_icon(const struct step *s)
{
    static const char *const icons[][2] = {
        {"dispatch", "arrow-forward-up"},
        {"accept", "user-check"},
        {"contact", "phone"},
        {"answer", "message"},
        {"call-back", "phone-call"},
        {"unreached", "phone-off"},
        {"close", "circle-check"},
        {"report", "users"},
        {"extend", "calendar-plus"},
        {"park", "parking-circle"},
        {"resume", "player-play"},
        {"return", "arrow-back-up"},
        {"reopen", "rotate"},
        {"merge", "git-merge"},
    };
    for (size_t i = 0; i < sizeof icons / sizeof *icons; i++)
        if (!strcmp(icons[i][0], s->action))
            return icons[i][1];
    return "check";
}

static void draw_step_button(struct ctx *ctx, const struct request *r, const struct step *s, bool first, bool open)
{
    struct buf *out = ctx->web->out;
    bool danger = !strcmp(s->action, "merge");
    if (!step_is_button(s)) {
        html(out, "<a class=\"button{}\" href=\"/requests/{}?step={}#step\"{}>{} {}</a>",
             (struct markup){first && !open ? " now"
                             : danger       ? " danger"
                                            : ""},
             r->record.id, s->action, (struct markup){open ? " aria-current=\"true\"" : ""}, icon(ctx, step_icon(s)), tr(ctx, s->label));
        return;
    }
    html(out, "<form method=\"post\" action=\"/requests/{}/{}\">", r->record.id, s->action);
    form_tokens(ctx);
    html(
        out,
        "<input type=\"hidden\" name=\"version\" value=\"{}\"><input type=\"hidden\" name=\"seen\" value=\"{}\"><button{}>{} {}</button></form>",
        r->record.version, request_newest_event(ctx, r), (struct markup){first ? " class=\"now\"" : ""}, icon(ctx, step_icon(s)),
        tr(ctx, s->label));
}

/* What can't be done although the role would allow it, and why: so that nobody looks for a button in vain. */
static void draw_barred(struct ctx *ctx, const struct request *r)
{
    for (const struct step *s = request_steps; s->action; s++) {
        const char *why = s->roles == ROLE_PUBLIC || !strcmp(s->action, "report") ? NULL : request_barred(ctx, s, r);
        if (why)
            html(ctx->web->out, "<p class=\"small soft screen\">{}{}{}</p>", tr(ctx, s->label), ctx->lang[0] == 'e' ? ": " : "：", why);
    }
}

/* What is done asks for nothing more: its steps are there, none is urged. */
static bool done(const struct request *r)
{
    return request_status_of(r) == CLOSED;
}

/* The step whose form stands open, by its place in the list; -1 for none. */
static int step_open(struct ctx *ctx, const struct request *r, const struct step *const *list, int n)
{
    const char *asked = ctx->web->method == GET ? query_param(ctx, "step") : ctx->web->name;
    for (int i = 0; asked && i < n; i++)
        if (!strcmp(list[i]->action, asked) && !step_is_button(list[i]))
            return i;
    return n && !done(r) && !step_is_button(list[0]) && ctx->web->method == GET && !asked ? 0 : -1;
}

static void draw_next(struct ctx *ctx, const struct request *r)
{
    struct buf *out = ctx->web->out;
    const struct step *list[STEPS_MOST];
    int n = steps_possible(ctx, r, list);
    int open = step_open(ctx, r, list, n);
    if (n) {
        html(out, "<div class=\"acts next screen\"><p>{}</p>", say(ctx, "Next step"));
        for (int i = 0; i < n; i++)
            draw_step_button(ctx, r, list[i], i == 0 && !done(r), i == open);
        html(out, "</div>");
    }
    if (open >= 0)
        request_draw_form(ctx, r, list[open]);
    draw_barred(ctx, r);
}

static void draw_own_words(struct ctx *ctx, const struct request *r)
{
    struct buf *out = ctx->web->out;
    if (!(ctx->actor.roles & ROLES_STAFF))
        return;
    bool failed = ctx->web->method == POST;
    html(out, "<details class=\"card screen\"{}><summary>{} {}</summary>",
         (struct markup){failed && !strcmp(ctx->web->route->path, "/requests/{id}/note") ? " open" : ""}, icon(ctx, "lock"),
         say(ctx, "Write an internal note"));
    form_begin(ctx, arena_print(ctx->arena, "/requests/%lld/note", (long long)r->record.id),
               arena_print(ctx->arena, "note-%lld", (long long)r->record.id), false);
    html(
        out,
        "<div class=\"field\"><label for=\"f-note\">{}</label><p class=\"hint\">{}</p><textarea id=\"f-note\" name=\"note\" rows=\"3\" maxlength=\"5000\">{}</textarea></div>"
        "<div class=\"acts\"><button>{}</button></div>",
        say(ctx, "Note"), say(ctx, "Only staff who handle this request read it, never the resident."), param(ctx, "note"),
        say(ctx, "Keep the note"));
    form_end(ctx);
    html(out, "</details><details class=\"card screen\"{}><summary>{} {}</summary>",
         (struct markup){failed && !strcmp(ctx->web->route->path, "/requests/{id}/attach") ? " open" : ""}, icon(ctx, "paperclip"),
         say(ctx, "Add a file or photograph"));
    form_begin(ctx, arena_print(ctx->arena, "/requests/%lld/attach", (long long)r->record.id), NULL, true);
    html(
        out,
        "<div class=\"field\"><label for=\"f-file\">{}</label><p class=\"hint\">{}</p><input id=\"f-file\" type=\"file\" name=\"file\" multiple"
        " accept=\"image/*,.pdf,.doc,.docx,.xls,.xlsx,.ppt,.pptx\"></div><div class=\"acts\"><button>{}</button></div>",
        say(ctx, "Files"),
        say(ctx, "Photographs, PDF, Word, Excel, PowerPoint; at most 10 MB each, 20 for one request. Only staff see them."),
        say(ctx, "Add"));
    form_end(ctx);
    html(out, "</details>");
}

void request_page(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct request *r = ctx->web->method == GET ? ctx->web->record : record_load(ctx, &requests_kind, ctx->web->id);
    if (!r) {
        ctx_fail(ctx, NOT_FOUND, NULL);
        answer_problem(ctx);
        return;
    }
    struct countdown left = deadline_left(ctx, ctx_calendar(ctx), r);
    page_begin(ctx, r->subject, PAGE_STAFF | PAGE_PRINT);
    trail(ctx, "/work", say(ctx, "Work list"));
    html(out, "<header class=\"head\"><h1>{}</h1><div class=\"acts\"><button class=\"quiet\" data-print hidden>{} {}</button>", r->subject,
         icon(ctx, "printer"), say(ctx, "Print"));
    if (ctx->actor.roles & ROLE_OFFICE)
        html(out, "<a class=\"button quiet\" href=\"/requests/{}/journal\">{} {}</a>", r->record.id, icon(ctx, "history"),
             say(ctx, "Journal"));
    html(out, "</div><p class=\"lead\">");
    desk_state(ctx, r, left.late && request_status_of(r) != PARKED);
    if (*left.text)
        html(out, " · <span class=\"{}\">{}</span>", left.late ? "state late" : "", left.text);
    html(out, " · <span class=\"nobr\">{}</span></p></header>", r->number);
    if (ctx->status == CONFLICT && ctx->web->method == POST)
        request_draw_meanwhile(ctx, r, param_int(ctx, "seen"));
    else
        form_problems(ctx);
    html(out, "<div class=\"record\"><div><p class=\"words\">{}</p>", r->text);
    request_draw_files(ctx, r);
    if (r->reply)
        html(out, "<section class=\"card\"><h2>{}</h2><p class=\"words\">{}</p></section>", say(ctx, "The reply"), r->reply);
    draw_next(ctx, r);
    visits_part(ctx, r);
    draw_own_words(ctx, r);
    request_draw_history(ctx, r);
    html(out, "</div><aside aria-label=\"{}\">", say(ctx, "Facts"));
    request_draw_facts(ctx, r);
    joiners_show(ctx, r->record.id, request_revealed(ctx, r));
    request_draw_similar(ctx, r, request_may(ctx, request_step("answer"), r));
    html(out, "</aside></div>");
    page_end(ctx);
}

/* ---- the journal of one request ---- */

/* Text is content: the auditor sees that it changed, the office what it was. */
static bool shown_value(const struct ctx *ctx, const struct field *f)
{
    bool content = f->type == F_TEXT || f->type == F_LONG || f->type == F_PHONE || (f->flags & SEALED);
    return !(f->flags & SEALED) && (!content || (ctx->actor.roles & ROLE_OFFICE));
}

static const char *journal_value(struct ctx *ctx, const struct field *f, const cJSON *v)
{
    if (!v || cJSON_IsNull(v))
        return "—";
    if (!f || !shown_value(ctx, f))
        return say(ctx, "(not shown)");
    if (cJSON_IsString(v) && (!strcmp(f->name, "requester_name") || !strcmp(f->name, "on_behalf")))
        return mask_name(ctx->arena, v->valuestring);
    if (cJSON_IsString(v)) {
        for (const struct choice *c = f->choices; f->type == F_CHOICE && c->code; c++)
            if (!strcmp(c->code, v->valuestring))
                return tr(ctx, c->label);
        return arena_copy(ctx->arena, v->valuestring);
    }
    if (!cJSON_IsNumber(v))
        return "";
    struct request *holder = record_new(ctx, &requests_kind);
    *(int64_t *)(void *)((char *)holder + f->offset) = (int64_t)v->valuedouble;
    return field_show(ctx, f, holder);
}

static void draw_entry(struct ctx *ctx, struct rows *e)
{
    struct buf *out = ctx->web->out;
    const char *action = arena_copy(ctx->arena, row_text(e, "action"));
    cJSON *before = row_text(e, "before") ? cJSON_Parse(row_text(e, "before")) : NULL,
          *after = row_text(e, "after") ? cJSON_Parse(row_text(e, "after")) : NULL;
    html(
        out,
        "<tr><td class=\"num\">{}</td><td class=\"nobr\">{}</td><td class=\"nobr\">{}</td><td class=\"nobr\">{}</td><td class=\"nobr\">{}</td><td>",
        row_int(e, "seq"), when_show(ctx->arena, ctx->lang, row_int(e, "at_ms") / 1000), history_who(ctx, row_text(e, "actor_name")),
        history_via(ctx, row_text(e, "via")), request_event_label(ctx, action));
    for (const cJSON *v = after ? after->child : NULL; v; v = v->next) {
        const struct field *f = kind_field(&requests_kind, v->string);
        bool own = !f && (ctx->actor.roles & ROLE_OFFICE) && cJSON_IsString(v); /* the reason of a reveal, a note */
        html(out, "<div>{}: ", f ? tr(ctx, f->label) : history_label(ctx, v->string));
        if (before)
            html(out, "{} → ", journal_value(ctx, f, cJSON_GetObjectItemCaseSensitive(before, v->string)));
        html(out, "{}</div>", own ? arena_copy(ctx->arena, v->valuestring) : journal_value(ctx, f, v));
    }
    html(out, "</td></tr>");
    cJSON_Delete(before);
    cJSON_Delete(after);
}

static void journal_page(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    bool office = ctx->actor.roles & ROLE_OFFICE;
    const struct request *r = office ? record_load(ctx, &requests_kind, ctx->web->id) : record_get(ctx, &requests_kind, ctx->web->id);
    if (!r) {
        ctx_fail(ctx, NOT_FOUND, NULL);
        return;
    }
    page_begin(ctx, say(ctx, "Journal of {}", r->number), PAGE_STAFF | PAGE_WIDE);
    if (office)
        trail(ctx, arena_print(ctx->arena, "/requests/%lld", (long long)r->record.id), r->subject);
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>", say(ctx, "Journal of {}", r->number),
         say(ctx, "Every change, as it was written, the newest first."));
    scroll_begin(ctx, say(ctx, "Journal"));
    html(
        out,
        "<table class=\"plain journal\"><thead><tr><th class=\"num\">{}</th><th>{}</th><th>{}</th><th>{}</th><th>{}</th><th>{}</th></tr></thead><tbody>",
        say(ctx, "Entry"), say(ctx, "When"), say(ctx, "Who"), say(ctx, "By way of"), say(ctx, "What"), say(ctx, "Values"));
    struct rows *e = query(ctx->db,
                           "SELECT seq, at_ms, actor_name, via, action, before, after FROM journal WHERE kind = 'requests' AND record = {}"
                           " ORDER BY seq DESC LIMIT 500",
                           r->record.id);
    while (rows_next(e))
        draw_entry(ctx, e);
    html(out, "</tbody></table>");
    scroll_end(ctx);
    page_end(ctx);
}

static const struct route table[] = {
    ROUTE_GET("/requests/{id}", ROLES_READERS, request_page, .record = &requests_kind),
    ROUTE_GET("/requests/{id}/journal", ROLE_OFFICE | ROLE_AUDITOR, journal_page),
    ROUTE_GET("/requests/{id}/files/{name}", ROLES_READERS, file_answer, .record = &requests_kind),
    ROUTE_POST("/requests/{id}/note", ROLES_STAFF, note_change, .record = &requests_kind, .failed = request_page),
    ROUTE_POST("/requests/{id}/reveal", ROLES_STAFF, reveal_change, .record = &requests_kind, .failed = request_page),
    ROUTE_POST("/requests/{id}/attach", ROLES_STAFF, attach_change, .prepare = attach_prepare, .record = &requests_kind,
               .failed = request_page, .flags = UPLOAD | SLOW),
    ROUTE_POST("/requests/{id}/{name}", ROLES_STAFF, step_change, .prepare = step_prepare, .record = &requests_kind,
               .failed = request_page),
};

const struct module request_page_module = {.name = "request page", .routes = ROUTES(table)};
