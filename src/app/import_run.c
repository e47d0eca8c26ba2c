/*
 * The loop of an import and the command's way into it.
 *
 * A batch ends at BATCH_ROWS rows, BATCH_BYTES of text or, behind the door,
 * after BATCH_MS: then the rest of it passes the door again. Rows live in an
 * arena that is cleared with each batch, so a sheet of a million rows costs
 * what the file and one batch cost.
 */
#include "app/import_report.h"

#include "base/buf.h"
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BATCH_ROWS  200
#define BATCH_BYTES ((size_t)2 << 20)
#define BATCH_MS    20

struct batch {
    struct import_run *run;
    struct {
        int64_t number;
        const char **cells;
        int count;
        const char *why; /* it could not be read whole */
    } rows[BATCH_ROWS];
    int count, next;
    struct { /* where this passage of the door began: run once more, it begins there again */
        struct import im;
        int64_t last;
        int next;
    } mark;
};

/* Reads rows until the batch is full; false when the sheet has no more. */
static bool batch_read(struct ctx *ctx, struct batch *b)
{
    struct import_run *run = b->run;
    struct sheet_row row;
    size_t bytes = 0;
    b->count = b->next = 0;
    while (b->count < BATCH_ROWS && bytes < BATCH_BYTES && sheet_next(run->sheet, &row)) {
        if (row.number <= run->skip)
            continue;
        const char **cells = ARENA_ARRAY(ctx->arena, const char *, row.count + 1);
        for (int i = 0; i < row.count; i++) {
            cells[i] = arena_copyn(ctx->arena, row.cells[i].text, row.cells[i].size);
            bytes += row.cells[i].size;
        }
        char name[16] = "";
        if (row.why)
            sheet_cell_name(name, row.number, row.why_column);
        b->rows[b->count].number = row.number;
        b->rows[b->count].cells = cells;
        b->rows[b->count].count = row.count;
        b->rows[b->count++].why = row.why ? say(ctx, "Cell {}: {}", (const char *)name, tr(ctx, row.why)) : NULL;
    }
    return b->count > 0;
}

static int64_t clock_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void take_row(struct ctx *ctx, struct batch *b, int i)
{
    struct import *im = &b->run->im;
    const char *const *cells = b->rows[i].cells;
    enum import_outcome o = IMPORT_FAILED;
    if (b->rows[i].why)
        import_refuse(ctx, im, b->rows[i].number, b->rows[i].why);
    else if (im->dry_run)
        o = import_row(ctx, im, b->rows[i].number, cells, b->rows[i].count);
    else {
        if (db_savepoint(ctx->db) != OK)
            return;
        o = import_row(ctx, im, b->rows[i].number, cells, b->rows[i].count);
        if (o != IMPORT_FAILED) {
            db_savepoint_release(ctx->db);
        } else {
            enum status s = db_status(ctx->db);
            db_savepoint_undo(ctx->db);
            if (s != UNAVAILABLE && s != BUSY) /* those are the store's trouble, not the row's */
                db_clear(ctx->db);
        }
    }
    if (o == IMPORT_FAILED && b->run->refused && db_status(ctx->db) == OK)
        b->run->refused(ctx, b->run, b->rows[i].number, cells, b->rows[i].count);
}

static void take_back(struct batch *b)
{
    b->run->im = b->mark.im;
    *b->run->im.errors_end = NULL;
    b->run->last = b->mark.last;
    b->next = b->mark.next;
}

/* As many rows of the batch as fit into BATCH_MS. */
static void take_rows(struct ctx *ctx)
{
    struct batch *b = ctx->work;
    int64_t end = clock_ms() + BATCH_MS;
    int first = b->mark.next;
    take_back(b);
    while (b->next < b->count && (b->next == first || clock_ms() < end) && db_status(ctx->db) == OK)
        take_row(ctx, b, b->next++);
    import_forget(ctx);
    enum status s = db_status(ctx->db);
    if (b->next > first)
        b->run->last = b->rows[b->next - 1].number;
    if (s == OK && b->run->stored && !b->run->im.dry_run)
        s = b->run->stored(ctx, b->run);
    if (s != OK)
        ctx_fail(ctx, s, NULL);
}

/* A dry run reads, and what it wants to keep passes the door by itself. */
static enum status take_dry(struct ctx *ctx)
{
    if (db_begin(ctx->db) != OK)
        return db_status(ctx->db);
    take_rows(ctx);
    db_rollback(ctx->db);
    return ctx->status;
}

static enum status take_batch(struct ctx *ctx, struct batch *b)
{
    while (b->next < b->count) {
        b->mark.im = b->run->im;
        b->mark.last = b->run->last;
        b->mark.next = b->next;
        ctx->now = time(NULL);
        enum status s = b->run->im.dry_run ? take_dry(ctx) : door(ctx, take_rows);
        if (s != OK) { /* undone: the counts too */
            take_back(b);
            return s;
        }
        if (b->run->im.dry_run && b->run->stored && (s = b->run->stored(ctx, b->run)) != OK)
            return s;
    }
    return OK;
}

/* What is computed from the whole register, once at the end. */
static void derive(struct ctx *ctx)
{
    const struct import_run *run = ctx->work;
    enum status s = run->im.kind->import_done(ctx);
    if (s != OK && ctx->status == OK)
        ctx_fail(ctx, s, NULL);
}

enum status import_run(struct ctx *ctx, struct import_run *run)
{
    struct arena *arena = arena_new();
    struct batch b = {.run = run};
    enum status s = OK;
    for (bool more = true; more && s == OK && !run->broken_off;) {
        struct ctx rows = *ctx; /* a context a batch: what it keeps for itself (the calendar) goes with its arena */
        rows.arena = arena;
        rows.work = &b;
        import_forget(&rows);
        more = batch_read(&rows, &b);
        if (more)
            s = take_batch(&rows, &b);
        arena_clear(arena);
        run->broken_off = run->stopped && run->stopped(run);
    }
    arena_free(arena);
    bool stored = !run->im.dry_run && run->im.added + run->im.changed > 0;
    if (stored && (s == OK || s == CONFLICT) && run->im.kind->import_done) {
        import_forget(ctx);
        ctx->work = run;
        if (door(ctx, derive) != OK)
            return ctx->status;
    }
    if (s != OK)
        return ctx->status != OK ? ctx->status : ctx_fail(ctx, s, NULL);
    const char *why, *cell;
    if (sheet_status(run->sheet, &why, &cell) != OK)
        return ctx_fail(ctx, INVALID, *cell ? say(ctx, "Cell {}: {}", cell, tr(ctx, why)) : tr(ctx, why));
    return OK;
}

int import_headings(struct ctx *ctx, struct sheet *sheet, const char *headings[IMPORT_COLUMNS])
{
    struct sheet_row row;
    const char *why, *cell;
    if (!sheet_next(sheet, &row)) {
        if (sheet_status(sheet, &why, &cell) != OK)
            ctx_fail(ctx, INVALID, tr(ctx, why));
        else
            ctx_fail(ctx, INVALID, say(ctx, "The sheet is empty."));
        return -1;
    }
    for (int i = 0; i < row.count; i++)
        headings[i] = text_tidy(ctx->arena, row.cells[i].text);
    return row.count;
}

/* ---- the command ---- */

void *import_read_file(struct ctx *ctx, const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    if (!f) {
        ctx_fail(ctx, NOT_FOUND, say(ctx, "{} can't be opened: {}", path, strerror(errno)));
        return NULL;
    }
    struct buf b;
    char part[65536];
    size_t n;
    buf_init(&b, IMPORT_FILE_MOST);
    while ((n = fread(part, 1, sizeof part, f)) > 0)
        buf_put(&b, part, n);
    bool bad = ferror(f) || b.full;
    fclose(f);
    char *data = bad ? NULL : buf_take(&b, size);
    buf_release(&b);
    if (bad)
        ctx_fail(ctx, INVALID, say(ctx, "{} can't be read, or is larger than 256 MB.", path));
    return data;
}

static const char *kinds_known(struct ctx *ctx)
{
    const char *list = "";
    for (const struct kind *const *k = modules_kinds(); *k; k++)
        if (import_takes(*k))
            list = arena_print(ctx->arena, "%s%s%s", list, *list ? ", " : "", (*k)->name);
    return list;
}

static enum status import_bytes(struct ctx *ctx, struct import_run *run, const char *const *maps, int map_count)
{
    const char *headings[IMPORT_COLUMNS];
    int count = import_headings(ctx, run->sheet, headings);
    if (count < 0)
        return ctx->status;
    int found = import_guess(ctx, &run->im, headings, count);
    for (int i = 0; i < map_count; i++)
        if (import_map(ctx, &run->im, maps[i], headings, count) != OK)
            return ctx->status;
    if (found + map_count == 0)
        return ctx_fail(ctx, INVALID, say(ctx, "None of the sheet's columns is known. Name them with --map FIELD=COLUMN."));
    if (run->self)
        import_report_headings(ctx, run->self, headings, count);
    return import_run(ctx, run);
}

enum status import_file(struct ctx *ctx, const char *kind, const char *path, const char *const *maps, int map_count, struct import *im,
                        struct import_report *report)
{
    const struct kind *k = kind_find(kind);
    if (!k || !import_takes(k))
        return ctx_fail(ctx, NOT_FOUND, say(ctx, "There is no kind “{}” to import. There are: {}.", kind, kinds_known(ctx)));
    size_t size = 0;
    void *bytes = import_read_file(ctx, path, &size);
    if (!bytes)
        return ctx->status;
    struct import_run run = {.self = report, .refused = report ? import_report_row : NULL};
    import_init(&run.im, k, ctx->arena);
    run.im.dry_run = im->dry_run;
    run.im.create = im->create;
    const char *why = NULL;
    run.sheet = sheet_open(ctx->arena, bytes, size, &why);
    enum status s = run.sheet ? import_bytes(ctx, &run, maps, map_count) : ctx_fail(ctx, INVALID, tr(ctx, why));
    sheet_close(run.sheet);
    free(bytes);
    import_release(&run.im);
    *im = run.im;
    return s;
}

enum status install_import(struct ctx *ctx, const char *kind, const char *path, const char *const *maps, int map_count, bool dry_run,
                           struct import *im)
{
    *im = (struct import){.dry_run = dry_run};
    return import_file(ctx, kind, path, maps, map_count, im, NULL);
}
