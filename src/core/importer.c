/*
 * The background job that runs the page's imports, one after the other, in its
 * own lane.
 *
 * An import is a row of the table: "waiting" until a runner takes it, then
 * "running" with the runner's mark and a heartbeat, which each batch updates
 * in its own transaction. A batch whose import no longer belongs to the runner
 * (cancelled, taken over) is undone and ends the run. An import whose
 * heartbeat stopped, because its process was killed, is taken over and
 * continues after the last stored row.
 */
#include "core/import_run.h"

#include "base/code.h"
#include "base/log.h"
#include "base/seal.h"
#include "base/when.h"
#include "db/journal.h"
#include "db/writer.h"
#include "web/session.h"

#include <cjson/cJSON.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define STALE 15 /* seconds without a beat after which an import is taken over */
#define PAUSE 10 /* seconds between two looks without being asked */

struct importer {
    struct site *site;
    struct db *db;
    char mark[17];
};

/* ---- one import ---- */

/* A run, and the rejected rows of the current batch, which live in the batch's arena. */
struct work {
    struct import_run run;
    struct importer *importer;
    struct ctx *ctx;
    int64_t id;
    bool gone; /* cancelled, or another runner has taken over */
    struct refusal {
        struct refusal *next;
        int64_t row;
        const char *reason, *cells;
    } * refusals;
};

static bool run_stopped(const struct import_run *run)
{
    const struct work *w = run->self;
    return atomic_load(&w->importer->site->closing);
}

static void run_refused(struct ctx *ctx, struct import_run *run, int64_t row,
                        const char *const *cells, int count)
{
    struct work *w = run->self;
    if (run->im.failed > IMPORT_REASONS)
        return;
    struct refusal *r = ARENA_NEW(ctx->arena, struct refusal);
    *r = (struct refusal){w->refusals, row, run->im.reason, cells_seal(ctx, cells, count)};
    w->refusals = r;
}

/* On the writer thread, together with the rows of the batch: stores the progress if the import
 * is still ours. */
static enum status progress(struct ctx *ctx, struct import_run *run)
{
    struct work *w = run->self;
    const struct import *im = &run->im;
    for (const struct refusal *r = w->refusals; r; r = r->next)
        change(ctx->db,
               "INSERT INTO import_errors (import, line, reason, cells) VALUES ({}, {}, {}, {}) ON "
               "CONFLICT (import, line) DO NOTHING",
               w->id, r->row, r->reason, r->cells);
    change(ctx->db,
           "UPDATE imports SET beat = {}, last_row = {}, percent = {}, added = {}, changed = {}, "
           "unchanged = {}, refused = {}"
           " WHERE id = {} AND status = 'running' AND runner = {}",
           when_now(), run->last, (int64_t)(100 * sheet_done(run->sheet)), im->added, im->changed,
           im->same, im->failed, w->id, (const char *)w->importer->mark);
    if (db_status(ctx->db) == OK && db_changed(ctx->db) == 0)
        w->gone = true;
    return w->gone ? CONFLICT : db_status(ctx->db);
}

static void progress_alone(struct ctx *ctx)
{
    struct work *w = ctx->work;
    enum status s = progress(ctx, &w->run);
    if (s != OK)
        ctx_fail(ctx, s, NULL);
}

static enum status run_stored(struct ctx *ctx, struct import_run *run)
{
    struct work *w = run->self;
    enum status s;
    if (run->im.dry_run) {
        void *work = ctx->work;
        ctx->work = w;
        s = writer_call(ctx, progress_alone);
        ctx->work = work;
    } else {
        s = progress(ctx, run);
    }
    w->refusals = NULL;
    return s;
}

/* ---- the end of a run ---- */

struct ending {
    struct work *work;
    const char *status, *reason;
};

static void put_end(struct ctx *ctx)
{
    const struct ending *e = ctx->work;
    const struct work *w = e->work;
    const char *mark = w->importer->mark;
    bool checked = !strcmp(e->status, "checked"), waiting = !strcmp(e->status, "waiting");
    if (waiting)
        change(ctx->db,
               "UPDATE imports SET status = 'waiting', runner = NULL WHERE id = {} AND runner = {} "
               "AND status = 'running'",
               w->id, mark);
    else
        change(ctx->db,
               "UPDATE imports SET status = {}, runner = NULL, percent = 100, reason = {}, ended = "
               "{} WHERE id = {} AND runner = {} AND status = 'running'",
               e->status, e->reason, when_now(), w->id, mark);
    if (db_changed(ctx->db) == 0 || waiting)
        return;
    if (!checked)
        change(ctx->db, "DELETE FROM import_files WHERE import = {}", w->id);
    const struct import *im = &w->run.im;
    journal_note(ctx, "imports", w->id, e->status,
                 "{\"added\":{},\"changed\":{},\"unchanged\":{},\"refused\":{}}", im->added,
                 im->changed, im->same, im->failed);
}

static void finish(struct ctx *ctx, struct work *w, const char *status, const char *reason)
{
    struct ending e = {w, status, reason ? arena_copy(ctx->arena, reason) : NULL};
    import_forget(ctx);
    db_clear(ctx->db);
    ctx->now = when_now();
    ctx->work = &e;
    if (writer_call(ctx, put_end) != OK)
        log_warn("import_not_ended", "\"import\":{},\"status\":{}", w->id,
                 status_name(ctx->status));
}

/* Opens the file and takes its rows. why: what ended it; NULL: no fault. */
static enum status run_bytes(struct ctx *ctx, struct work *w, const struct imported *i,
                             const void *data, size_t size, const char **why)
{
    struct import *im = &w->run.im;
    const char *headings[IMPORT_COLUMNS], *wrong = NULL;
    import_init(im, kind_find(i->kind), ctx->arena);
    im->errors_kept = IMPORT_ERRORS_KEPT; /* they are stored in the table */
    im->dry_run = i->dry == 1;
    im->create = i->make_new == 1;
    im->scoped = true;
    im->clear = i->clear_empty == 1;
    if (!im->dry_run &&
        !import_self(
            im->kind)) { /* an interrupted run continues; a dry run starts again, because it must
                            remember what it saw, and so does one with rows that wait for others */
        im->added = i->added, im->changed = i->changed, im->same = i->unchanged,
        im->failed = i->refused;
        w->run.skip = i->last_row;
    }
    w->run.sheet = sheet_open(ctx->arena, data, size, &wrong);
    enum status s = w->run.sheet ? OK : ctx_fail(ctx, INVALID, tr(ctx, wrong));
    if (s == OK &&
        headings_find(ctx, im, w->run.sheet, i->sheet == NONE ? -1 : (int)i->sheet,
                      i->heading_row == NONE ? 0 : (int)i->heading_row, NULL, 0, headings) < 0)
        s = ctx->status;
    if (s == OK)
        s = imported_columns(ctx, im, i);
    if (s == OK)
        s = import_run(ctx, &w->run);
    *why = ctx->problems ? ctx->problems->text : NULL;
    sheet_close(w->run.sheet);
    return s;
}

static void run_one(struct importer *r, struct ctx *ctx, int64_t id)
{
    struct imported *i = record_get(ctx, &imports_kind, id);
    struct work w = {.importer = r, .ctx = ctx, .id = id};
    w.run.self = &w, w.run.refused = run_refused, w.run.stored = run_stored,
    w.run.stopped = run_stopped;
    if (!i)
        return;
    const struct kind *k = kind_find(i->kind);
    ctx->lang = i->language && !strcmp(i->language, "en") ? "en" : "zh_CN";
    if (actor_load(ctx, r->db, i->user, "import") != OK || !k || !kind_may_write(ctx, k)) {
        finish(ctx, &w, "failed",
               say(ctx, "The account that started this import no longer has permission."));
        return;
    }
    struct rows *rows = query(r->db, "SELECT data FROM import_files WHERE import = {}", id);
    struct bytes b = {0};
    void *data = NULL;
    if (rows_next(rows)) {
        b = row_bytes(rows, "data");
        data = must_alloc(b.size + 1);
        memcpy(data, b.data, b.size);
        rows_end(rows);
    }
    const char *why = NULL;
    enum status s = data ? run_bytes(ctx, &w, i, data, b.size, &why) : INVALID;
    free(data);
    log_info("import",
             "\"import\":{},\"kind\":{},\"dry\":{},\"added\":{},\"changed\":{},\"unchanged\":{},"
             "\"refused\":{},\"status\":{}",
             id, i->kind, i->dry, w.run.im.added, w.run.im.changed, w.run.im.same, w.run.im.failed,
             status_name(s));
    if (w.gone || s == BUSY ||
        s == UNAVAILABLE) /* another runner has it, or it is retried when its heartbeat is old */
        ;
    else if (s != OK)
        finish(ctx, &w, "failed", why);
    else if (w.run.broken_off)
        finish(ctx, &w, "waiting", NULL);
    else
        finish(ctx, &w, i->dry == 1 ? "checked" : "done", NULL);
    import_release(&w.run.im);
}

/* ---- the queue ---- */

static void take(struct ctx *ctx)
{
    int64_t now = when_now();
    struct importer *r = ctx->work;
    change(ctx->db,
           "UPDATE imports SET status = 'running', runner = {}, beat = {} WHERE id = (SELECT "
           "min(id) FROM imports"
           " WHERE status = 'waiting' OR (status = 'running' AND beat < {}))"
           " AND NOT EXISTS (SELECT 1 FROM imports o WHERE o.status = 'running' AND o.beat >= {})",
           (const char *)r->mark, now, now - STALE, now - STALE);
}

/* Claims the next waiting import; NONE if there is none, or another is running. */
static int64_t claim(struct importer *r, struct ctx *ctx)
{
    if (query_int(r->db,
                  "SELECT min(id) AS id FROM imports WHERE status = 'waiting' OR (status = "
                  "'running' AND beat < {})",
                  when_now() - STALE) == NONE)
        return NONE;
    code_random(
        r->mark,
        16); /* a new mark for each run, so that an earlier run's can't be mistaken for it */
    ctx->work = r;
    if (writer_call(ctx, take) != OK)
        return NONE;
    return query_int(r->db,
                     "SELECT min(id) AS id FROM imports WHERE status = 'running' AND runner = {}",
                     (const char *)r->mark);
}

static void run_waiting(struct ctx *job)
{
    struct importer r = {.site = job->site, .db = job->db};
    for (bool more = true; more && !atomic_load(&r.site->closing);) {
        struct ctx ctx;
        ctx_init(&ctx, arena_new());
        ctx.actor.via = "import";
        ctx.site = r.site;
        ctx.keys = r.site->keys;
        ctx.db = r.db;
        db_clear(r.db);
        int64_t id = claim(&r, &ctx);
        more = id != NONE;
        if (more)
            run_one(&r, &ctx, id);
        arena_free(ctx.arena);
    }
}

static const struct job jobs[] = {
    {"imports asked for", 0, run_waiting, .here = true, .lane = LANE_IMPORTS},
    {"imports", PAUSE, run_waiting, .here = true, .lane = LANE_IMPORTS},
    {.name = NULL},
};

const struct module importer_module = {.name = "importer", .jobs = jobs};
