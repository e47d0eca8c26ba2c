/*
 * Changes on the work list: one request dispatched by its key or button, many
 * dispatched to one unit or each to its proposed one, many put on hold, and a
 * dispatch undone. Each is the ordinary step with its ordinary rules
 * (pages/workflow_page.h). The list is also the page of results: one line says
 * what was done, with a way back, and what was not done stands below it.
 */
#include "app/desk/proposals.h"
#include "app/desk/work_views.h"
#include "app/desk/work.h"
#include "app/registers/registers.h"
#include "core/workflow.h"
#include "pages/workflow_page.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct batch {
    struct bulk *bulk;
    int64_t units[BULK_MOST]; /* with own: to which unit each goes; NONE: none is proposed */
    bool own;
    struct step_outcome *outcomes;
};

/* ---- what was asked, on a reader ---- */

/* "ID.VERSION.UNIT", as a row's button sends it. */
static bool row_read(const char *value, struct batch *t)
{
    struct bulk *b = t->bulk;
    int end = 0;
    if (!value || sscanf(value, "%12" SCNd64 ".%12" SCNd64 ".%12" SCNd64 "%n", &b->ids[0],
                         &b->versions[0], &t->units[0], &end) != 3)
        return false;
    b->count = 1;
    return !value[end];
}

static void units_propose(struct ctx *ctx, struct batch *t)
{
    const struct proposals *routes = routes_load(ctx);
    for (int i = 0; i < t->bulk->count; i++) {
        const struct request *r = record_load(ctx, &requests_kind, t->bulk->ids[i]);
        t->units[i] = r ? routes_proposed(ctx, routes, r) : NONE;
    }
}

static struct batch *own_read(struct ctx *ctx, const char *row)
{
    struct batch *t = ARENA_NEW(ctx->arena, struct batch);
    t->own = true;
    t->bulk = bulk_picked(ctx, &request_workflow, request_step("dispatch"),
                          row ? NULL : say(ctx, "Select some requests first."));
    if (row && !row_read(row, t))
        ctx_fail(ctx, NOT_FOUND, say(ctx, "Entry or step not found."));
    if (!row && ctx_ok(ctx))
        units_propose(ctx, t);
    return t;
}

void bulk_prepare(struct ctx *ctx)
{
    const char *asked = param(ctx, "do"), *row = param(ctx, "row");
    bool park = asked && !strcmp(asked, "park");
    if (row || (asked && !strcmp(asked, "own"))) {
        ctx->work = own_read(ctx, row);
        return;
    }
    struct batch *t = ARENA_NEW(ctx->arena, struct batch);
    struct bulk *b = bulk_read(ctx, &request_workflow, request_step(park ? "park" : "dispatch"),
                               say(ctx, "Select some requests first."));
    struct step_input *in = b ? b->input : NULL;
    t->bulk = b;
    ctx->work = t;
    if (in && park && in->until != NONE)
        request_review(ctx, in->until);
    if (in && !park) /* the reason in the same bar belongs to the other button */
        in->text = NULL;
}

void undo_prepare(struct ctx *ctx)
{
    struct batch *t = ARENA_NEW(ctx->arena, struct batch);
    t->bulk = bulk_read(ctx, &request_workflow, request_step("recall"),
                        say(ctx, "There is nothing left to undo."));
    ctx->work = t;
}

/* ---- the change, on the writer thread ---- */

static int64_t newest_event(struct ctx *ctx)
{
    int64_t id = query_int(ctx->db, "SELECT max(id) AS id FROM events");
    return id == NONE ? 0 : id;
}

static enum status take_own(struct ctx *ctx, const struct batch *t)
{
    const struct bulk *b = t->bulk;
    for (int i = 0; i < b->count; i++) {
        struct step_input *in = workflow_input(ctx, b->workflow);
        in->unit = t->units[i];
        enum status done = workflow_take_many(ctx, b->workflow, b->step, &b->ids[i],
                                              &b->versions[i], 1, in, &t->outcomes[i]);
        if (done != OK)
            return done;
        if (t->units[i] == NONE && t->outcomes[i].why)
            t->outcomes[i].why = say(ctx, "No unit is proposed for it: dispatch it on its own.");
    }
    return OK;
}

static int count_done(const struct batch *t)
{
    int n = 0;
    for (int i = 0; i < t->bulk->count; i++)
        n += !t->outcomes[i].why;
    return n;
}

static void take(struct ctx *ctx, struct batch *t)
{
    const struct bulk *b = t->bulk;
    t->outcomes = ARENA_ARRAY(ctx->arena, struct step_outcome, b->count);
    enum status done = t->own ? take_own(ctx, t)
                              : workflow_take_many(ctx, b->workflow, b->step, b->ids, b->versions,
                                                   b->count, b->input, t->outcomes);
    if (done != OK && ctx_ok(ctx))
        ctx_fail(ctx, done, NULL);
}

/* What the list says of it: which dispatches these were, for the line with "Undo". */
static const char *sent_range(struct ctx *ctx, int64_t before)
{
    return arena_print(ctx->arena, "%lld-%lld", (long long)before, (long long)newest_event(ctx));
}

void bulk_change(struct ctx *ctx)
{
    struct batch *t = ctx->work;
    int64_t before = newest_event(ctx);
    take(ctx, t);
    if (!ctx_ok(ctx))
        return;
    int done = count_done(t);
    bool park = !strcmp(t->bulk->step->action, "park");
    const char *sent = !park && done ? sent_range(ctx, before) : NULL;
    if (done < t->bulk->count) {
        work_page_after(ctx, t, sent);
        return;
    }
    if (park)
        flash(ctx, say_n(ctx, done, "1 request put on hold.", "{} requests put on hold.", done));
    const char *to = work_address(ctx, "/work", NULL, NULL);
    see_other_write(
        ctx,
        sent ? arena_print(ctx->arena, "%s%csent=%s", to, strchr(to, '?') ? '&' : '?', sent) : to,
        NULL, 0);
}

void undo_change(struct ctx *ctx)
{
    struct batch *t = ctx->work;
    take(ctx, t);
    if (!ctx_ok(ctx))
        return;
    int done = count_done(t);
    if (done < t->bulk->count) {
        work_page_after(ctx, t, NULL);
        return;
    }
    flash(ctx, say_n(ctx, done, "Undone: the request can be dispatched again.",
                     "Undone: {} requests can be dispatched again.", done));
    see_other_write(ctx, work_address(ctx, "/work", NULL, NULL), NULL, 0);
}

/* ---- the lines above the list ---- */

static void draw_left_over(struct ctx *ctx, const struct batch *t)
{
    struct buf *out = ctx->web->out;
    const char *action = t->bulk->step->action;
    int done = count_done(t), left = t->bulk->count - done;
    html(out, "<section class=\"notice warn\" id=\"left\" role=\"alert\">{}<div><p><b>{}{}</b></p>",
         icon(ctx, "alert-triangle"),
         !strcmp(action, "park") && done ? arena_print(ctx->arena, "%s ",
                                                       say_n(ctx, done, "1 request put on hold.",
                                                             "{} requests put on hold.", done))
                                         : "",
         !strcmp(action, "park")
             ? say_n(ctx, left, "1 could not be put on hold:", "{} could not be put on hold:", left)
         : !strcmp(action, "recall")
             ? say_n(ctx, left, "1 could not be undone:", "{} could not be undone:", left)
             : say_n(ctx, left, "1 could not be dispatched:", "{} could not be dispatched:", left));
    html(out, "<ul>");
    for (int i = 0; i < t->bulk->count; i++) {
        const struct step_outcome *o = &t->outcomes[i];
        if (!o->why)
            continue;
        const struct request *r = record_load(ctx, &requests_kind, o->id);
        html(out, "<li><a href=\"/requests/{}\">{}</a> <span class=\"soft\">{}</span><br>{}</li>",
             o->id, r ? r->subject : o->title, r ? o->title : "", o->why);
    }
    html(out, "</ul></div></section>");
}

struct sent_row {
    int64_t id, version, unit;
    bool undoable;
};

static int sent_read(struct ctx *ctx, const char *range, struct sent_row *list)
{
    int64_t first, last;
    int end = 0, n = 0;
    if (!range || sscanf(range, "%15" SCNd64 "-%15" SCNd64 "%n", &first, &last, &end) != 2 ||
        range[end] || last - first > 100 * BULK_MOST)
        return 0;
    struct rows *rows = query(
        ctx->db,
        "SELECT e.record, e.unit, r.version, r.status, r.unit AS now FROM events e JOIN requests r "
        "ON r.id = e.record WHERE e.id > {} AND e.id <= {} AND e.actor = {} AND e.kind = "
        "'requests' "
        "AND e.action = 'dispatch' AND e.to_status = 'dispatched' AND e.at >= {} ORDER BY e.id "
        "LIMIT {}",
        first, last, (struct maybe){ctx->actor.user}, ctx->now - WHEN_DAY, BULK_MOST);
    for (; n < BULK_MOST && rows_next(rows); n++) {
        const char *status = row_text(rows, "status");
        list[n] = (struct sent_row){.id = row_int(rows, "record"),
                                    .version = row_int(rows, "version"),
                                    .unit = row_int(rows, "unit")};
        list[n].undoable = status && !strcmp(status, request_statuses[DISPATCHED].code) &&
                           row_int(rows, "now") == list[n].unit;
    }
    rows_end(rows);
    return n;
}

/* "3 sent to the planning office", or how many to each of several units. */
static const char *sent_words(struct ctx *ctx, const struct sent_row *list, int n)
{
    struct names units = names_load(ctx, "units");
    const char *each = "", *gap = ctx_pick(ctx, "，", ", ");
    int kinds = 0;
    for (int i = 0; i < n; i++) {
        int same = 0;
        bool first = true;
        for (int j = 0; j < n; j++) {
            same += list[j].unit == list[i].unit;
            first = first && (j >= i || list[j].unit != list[i].unit);
        }
        if (first && kinds++ >= 0)
            each = text_add(ctx->arena, each, gap,
                            say(ctx, "{} × {}", names_find(&units, list[i].unit), same));
    }
    if (kinds > 1)
        return say(ctx, "{} sent: {}", n, each);
    return n == 1 ? say(ctx, "Sent to {}", names_find(&units, list[0].unit))
                  : say(ctx, "{} sent to {}", n, names_find(&units, list[0].unit));
}

static void draw_sent(struct ctx *ctx, const char *range)
{
    struct buf *out = ctx->web->out;
    struct sent_row *list = ARENA_ARRAY(ctx->arena, struct sent_row, BULK_MOST);
    int n = sent_read(ctx, range, list), undoable = 0;
    if (n == 0)
        return;
    html(out,
         "<form class=\"notice ok sent\" method=\"post\" action=\"{}\">{}<div><p "
         "role=\"status\">{}",
         work_address(ctx, "/work/undo", NULL, NULL), icon(ctx, "circle-check"),
         sent_words(ctx, list, n));
    for (int i = 0; i < n; i++)
        undoable += list[i].undoable;
    if (undoable) {
        form_tokens(ctx);
        for (int i = 0; i < n; i++)
            if (list[i].undoable)
                html(out, "<input type=\"hidden\" name=\"id\" value=\"{}.{}\">", list[i].id,
                     list[i].version);
        html(out, " · <button class=\"plain\">{}</button>", say(ctx, "Undo"));
    }
    html(out, "</p></div></form>");
}

void work_done_draw(struct ctx *ctx, const struct batch *left, const char *sent)
{
    if (ctx->actor.roles & (ROLE_OFFICE | ROLE_WORKER))
        draw_sent(ctx, sent);
    if (left)
        draw_left_over(ctx, left);
}
