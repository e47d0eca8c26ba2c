/*
 * One request: what was asked, by whom and where, then the next step, then what
 * has happened, then the rest: notes, files, further facts, similar requests.
 * On a wide window the first and the third stand on the left. The most likely
 * step is open; the others are one click away (?step=NAME), so the page works
 * without JavaScript. While the next step is somebody else's, one line says
 * whose, and the way to the next request comes first.
 */
#include "app/desk/request_page.h"

#include "app/requests/requests.h"
#include "core/attachments.h"
#include "core/module.h"
#include "pages/figures_pages.h"
#include "pages/register_pages.h"
#include "app/registers/registers.h"
#include "app/visits/visits.h"
#include "base/code.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

/* ---- whose turn it is ---- */

static bool may(struct ctx *ctx, const char *action, const struct request *r)
{
    return request_may(ctx, request_step(action), r);
}

/* Only as the subdistrict office, which may act for every unit: its own work is another's. */
static bool on_behalf(const struct ctx *ctx, const struct request *r)
{
    if (r->handler != NONE && r->handler == ctx->actor.user)
        return false;
    for (int i = 0; i < ctx->actor.grant_count; i++) {
        const struct grant *g = &ctx->actor.grants[i];
        bool works = g->role & (ROLE_WORKER | ROLE_HANDLER);
        if ((g->unit != NONE && g->unit == r->unit) || (works && g->unit == NONE))
            return false;
    }
    return true;
}

static const char *waits_for_unit(struct ctx *ctx, const struct request *r, int state)
{
    struct names units = names_load(ctx, "units");
    const char *unit = names_find(&units, r->unit);
    bool helps = may(ctx, "report", r) && !(ctx->actor.roles & ROLE_OFFICE);
    if (helps || unit_deserted(ctx, r->unit) || (may(ctx, "answer", r) && !on_behalf(ctx, r)))
        return NULL;
    return state == DISPATCHED ? say(ctx, "Waiting for {} to accept", unit)
                               : say(ctx, "Waiting for {} to reply", unit);
}

static const char *waits(struct ctx *ctx, const void *record)
{
    const struct request *r = record;
    bool desk = ctx->actor.roles & (ROLE_OFFICE | ROLE_WORKER);
    int state = request_status_of(r);
    switch (state) {
    case RECEIVED:
        return desk ? request_barred(ctx, request_step("dispatch"), r)
                    : say(ctx, "Waiting to be dispatched");
    case DISPATCHED:
    case HANDLING:
        return waits_for_unit(ctx, r, state);
    case ANSWERED:
    case CALL_BACK:
        return desk ? NULL : say(ctx, "Waiting for the follow-up with the resident");
    case PARKED:
        return r->parked_until == NONE || r->parked_until <= ctx->now
                   ? NULL
                   : say(ctx, "On hold until the review on {}",
                         day_show(ctx->arena, ctx->lang, when_day(r->parked_until)));
    default:
        return NULL;
    }
}

static const char *next_words(struct ctx *ctx, const char *view, int64_t n)
{
    const char *count = arena_print(ctx->arena, n > COUNT_MOST ? "%d+" : "%d",
                                    (int)(n > COUNT_MOST ? COUNT_MOST : n));
    return !strcmp(view, "free")   ? say(ctx, "Next to dispatch ({})", count)
           : !strcmp(view, "call") ? say(ctx, "Next to follow up ({})", count)
           : !strcmp(view, "unit") ? say(ctx, "Next for my unit ({})", count)
                                   : say(ctx, "Next of mine ({})", count);
}

/* The way to the next request of the actor's list, by key as well. */
static void draw_onward(struct ctx *ctx, const void *record, bool alone)
{
    struct work_next next = {.id = NONE};
    if (ctx->actor.roles & ROLES_STAFF)
        next = work_next(ctx, record);
    if (next.id != NONE)
        html(ctx->web->out, "<a class=\"button {}\" href=\"/requests/{}\" data-key=\"n\">{} {}</a>",
             (struct markup){alone ? "now" : "quiet onward"}, next.id,
             next_words(ctx, next.view->id, next.count), icon(ctx, "arrow-right"));
}

/* What ? shows, and the keys of the steps. */
static const struct choice keys[] = {{"d", N_("Dispatch")},
                                     {"r", N_("Reply")},
                                     {"n", N_("Next request")},
                                     {"Ctrl+Enter", N_("Send the form")},
                                     {"g i", N_("Go to work list")},
                                     {"?", N_("Show this help")},
                                     {NULL, NULL}},
                           step_keys[] = {{"dispatch", "d"}, {"answer", "r"}, {NULL, NULL}};

static const char *const units_steps[] = {"accept", "answer",    "report", "extend",
                                          "return", "take-back", NULL};
static const struct step_page steps_page = {.workflow = &request_workflow,
                                            .control = request_step_control,
                                            .fold = request_step_fold,
                                            .fold_label = N_("Level, supporting units, note"),
                                            .seen = request_newest_event,
                                            .hearer = N_("The resident will see:"),
                                            .waits = waits,
                                            .instead = units_steps,
                                            .instead_label = N_("On behalf of the lead unit"),
                                            .onward = draw_onward,
                                            .keys = step_keys};

/* ---- the page ---- */

static bool failed_at(const struct ctx *ctx, const char *path)
{
    return ctx->web->method == POST && !strcmp(ctx->web->route->path, path);
}

static void draw_own_words(struct ctx *ctx, const struct request *r)
{
    struct buf *out = ctx->web->out;
    if (!(ctx->actor.roles & ROLES_STAFF))
        return;
    html(out, "<details class=\"card screen\"{}><summary>{} {}</summary>",
         (struct markup){failed_at(ctx, "/requests/{id}/note") ? " open" : ""}, icon(ctx, "lock"),
         say(ctx, "Add an internal note"));
    form_begin(ctx, arena_print(ctx->arena, "/requests/%lld/note", (long long)r->record.id),
               arena_print(ctx->arena, "note-%lld", (long long)r->record.id), false);
    html(out,
         "<div class=\"field\"><label for=\"f-note\">{}</label><p class=\"hint\">{}</p><textarea "
         "id=\"f-note\" name=\"note\" rows=\"3\" maxlength=\"5000\">{}</textarea></div>"
         "<div class=\"acts\"><button>{}</button></div>",
         say(ctx, "Note"),
         say(ctx, "Only staff handling this request can see this, never the resident."),
         param(ctx, "note"), say(ctx, "Save note"));
    form_end(ctx);
    html(out, "</details><details class=\"card screen\"{}><summary>{} {}</summary>",
         (struct markup){failed_at(ctx, "/requests/{id}/attach") ? " open" : ""},
         icon(ctx, "paperclip"), say(ctx, "Add a file or photo"));
    form_begin(ctx, arena_print(ctx->arena, "/requests/%lld/attach", (long long)r->record.id), NULL,
               true);
    html(out,
         "<div class=\"field\"><label for=\"f-file\">{}</label><p class=\"hint\">{}</p><input "
         "id=\"f-file\" type=\"file\" name=\"file\" multiple"
         " accept=\"image/*,.pdf,.doc,.docx,.xls,.xlsx,.ppt,.pptx\"></div><div "
         "class=\"acts\"><button>{}</button></div>",
         say(ctx, "Files"),
         say(ctx, "Photos, PDF, Word, Excel or PowerPoint; up to 10 MB each, 20 per request. "
                  "Visible to staff only."),
         say(ctx, "Add"));
    form_end(ctx);
    html(out, "</details>");
}

static void draw_head(struct ctx *ctx, const struct request *r)
{
    struct buf *out = ctx->web->out;
    struct countdown left = deadline_left(ctx, ctx_calendar(ctx), r);
    html(out,
         "<header class=\"head\"><h1>{}</h1><div class=\"acts\"><button class=\"quiet roomy\" "
         "data-print "
         "hidden>{} {}</button><button class=\"quiet\" data-keys-open hidden>{} "
         "{}</button></div><p class=\"lead\">",
         r->subject, icon(ctx, "printer"), say(ctx, "Print"), icon(ctx, "keyboard"),
         say(ctx, "Keyboard shortcuts"));
    request_state_draw(ctx, r, left.late && request_status_of(r) != PARKED);
    if (*left.text)
        html(out, " · <span class=\"{}\">{}</span>", left.late ? "state late" : "", left.text);
    html(out, " · <span class=\"nobr\">{}</span></p></header>", r->number);
}

/* Also draws a step's form again, with its problems. */
static void request_page(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct request *r = ctx->web->method == GET
                                  ? ctx->web->record
                                  : record_load(ctx, &requests_kind, ctx->web->id);
    if (!r) {
        ctx_fail(ctx, NOT_FOUND, NULL);
        answer_problem(ctx);
        return;
    }
    page_begin(ctx, r->subject, PAGE_STAFF | PAGE_PRINT);
    figure_trail(ctx, "/work", say(ctx, "Work list"));
    draw_head(ctx, r);
    if (ctx->status == CONFLICT && ctx->web->method == POST)
        request_draw_meanwhile(ctx, r, param_int(ctx, "seen"));
    else
        form_problems(ctx);
    html(out, "<div class=\"record case\"><section class=\"asked\" aria-label=\"{}\">",
         say(ctx, "Request details"));
    request_draw_asked(ctx, r);
    html(out, "</section><div class=\"todo\">");
    steps_draw(ctx, &steps_page, r);
    html(out, "</div>");
    html(out, "<div class=\"told\">");
    request_draw_history(ctx, r);
    draw_own_words(ctx, r);
    visits_part(ctx, r);
    request_draw_similar(ctx, r, may(ctx, "answer", r));
    html(out, "</div><aside aria-label=\"{}\">", say(ctx, "Key details"));
    request_draw_facts(ctx, r);
    joiners_show(ctx, r->record.id, request_revealed(ctx, r));
    html(out, "</aside></div>");
    keys_dialog(ctx, keys);
    page_end(ctx);
}

/* ---- the journal of one request ---- */

/* Texts are content: auditors see that one changed, the office sees what it was. */
static bool shown_value(const struct ctx *ctx, const struct field *f)
{
    bool content = f->type == F_TEXT || f->type == F_LONG || f->type == F_PHONE ||
                   (f->flags & (SEALED | NAMED));
    return !(f->flags & SEALED) && (!content || (ctx->actor.roles & ROLE_OFFICE));
}

static const char *journal_value(struct ctx *ctx, const struct field *f, const cJSON *v)
{
    if (!v || cJSON_IsNull(v))
        return "—";
    if (!f || !shown_value(ctx, f))
        return say(ctx, "(not shown)");
    if (cJSON_IsString(v) && (f->flags & NAMED))
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
    html(out,
         "<tr><td class=\"num\">{}</td><td class=\"nobr\">{}</td><td class=\"nobr\">{}</td><td "
         "class=\"nobr\">{}</td><td class=\"nobr\">{}</td><td>",
         row_int(e, "seq"), when_show(ctx->arena, ctx->lang, row_int(e, "at_ms") / 1000),
         history_who(ctx, row_text(e, "actor_name")), history_via(ctx, row_text(e, "via")),
         request_event_label(ctx, action));
    for (const cJSON *v = after ? after->child : NULL; v; v = v->next) {
        const struct field *f = kind_field(&requests_kind, v->string);
        bool own = !f && (ctx->actor.roles & ROLE_OFFICE) &&
                   cJSON_IsString(v); /* a note, or the reason of a reveal */
        html(out, "<div>{}: ", f ? tr(ctx, f->label) : history_label(ctx, v->string));
        if (before)
            html(out, "{} → ",
                 journal_value(ctx, f, cJSON_GetObjectItemCaseSensitive(before, v->string)));
        html(out, "{}</div>",
             own ? arena_copy(ctx->arena, v->valuestring) : journal_value(ctx, f, v));
    }
    html(out, "</td></tr>");
    cJSON_Delete(before);
    cJSON_Delete(after);
}

static void journal_page(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    bool office = ctx->actor.roles & ROLE_OFFICE;
    const struct request *r = office ? record_load(ctx, &requests_kind, ctx->web->id)
                                     : record_get(ctx, &requests_kind, ctx->web->id);
    if (!r) {
        ctx_fail(ctx, NOT_FOUND, NULL);
        return;
    }
    page_begin(ctx, say(ctx, "Audit log for {}", r->number), PAGE_STAFF | PAGE_WIDE);
    if (office)
        trail(ctx, arena_print(ctx->arena, "/requests/%lld", (long long)r->record.id), r->subject);
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>",
         say(ctx, "Audit log for {}", r->number),
         say(ctx, "Every change as recorded, newest first."));
    scroll_begin(ctx, say(ctx, "Audit log"));
    html(out,
         "<table class=\"plain journal\"><thead><tr><th "
         "class=\"num\">{}</th><th>{}</th><th>{}</th><th>{}</th><th>{}</th><th>{}</th></tr></"
         "thead><tbody>",
         say(ctx, "Entry"), say(ctx, "When"), say(ctx, "Who"), say(ctx, "Via"), say(ctx, "What"),
         say(ctx, "Values"));
    struct rows *e = query(
        ctx->db,
        "SELECT seq, at_ms, actor_name, via, action, before, after, count(*) OVER "
        "() AS whole FROM journal WHERE kind = 'requests' AND record = {}"
        " ORDER BY seq DESC LIMIT 500",
        r->record.id);
    int64_t n = 0, whole = 0;
    for (; rows_next(e); n++, whole = row_int(e, "whole"))
        draw_entry(ctx, e);
    html(out, "</tbody></table>");
    scroll_end(ctx);
    more_draw(ctx, whole - n);
    page_end(ctx);
}

static void staff_photo(struct ctx *ctx)
{
    const struct request *r = ctx->web->record;
    photos_answer(ctx, &requests_kind, r->record.id, attachment_id(ctx->web->name), 0,
                  "private, no-store");
}

static const struct route table[] = {
    ROUTE_GET("/requests/{id}", ROLES_READERS, request_page, .record = &requests_kind),
    ROUTE_GET("/requests/{id}/journal", ROLE_OFFICE | ROLE_AUDITOR, journal_page),
    ROUTE_GET("/requests/{id}/files/{name}", ROLES_READERS, file_answer, .record = &requests_kind),
    ROUTE_GET("/requests/{id}/photos/{name}", ROLES_READERS, staff_photo, .record = &requests_kind),
    ROUTE_POST("/requests/{id}/note", ROLES_STAFF, note_change, .record = &requests_kind,
               .failed = request_page),
    ROUTE_POST("/requests/{id}/reveal", ROLES_STAFF, reveal_change, .record = &requests_kind,
               .failed = request_page),
    ROUTE_POST("/requests/{id}/attach", ROLES_STAFF, attach_change, .prepare = attach_prepare,
               .record = &requests_kind, .failed = request_page, .flags = UPLOAD | SLOW),
    ROUTE_POST("/requests/{id}/{name}", ROLES_STAFF, step_change, .prepare = step_prepare,
               .record = &requests_kind, .failed = request_page),
};

const struct module request_page_module = {.name = "request page", .routes = ROUTES(table)};
