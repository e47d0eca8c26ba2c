/*
 * The loop of an import, and the command's call of it.
 *
 * A batch ends after BATCH_ROWS rows, BATCH_BYTES of text or, on the writer
 * thread, BATCH_MS; the rest is written as another batch. Rows live in an
 * arena that is cleared with each batch, so a sheet of a million rows needs
 * memory for the file and one batch.
 */
#include "core/import_report.h"

#include "base/buf.h"
#include "base/text.h"
#include "base/when.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BATCH_ROWS  200
#define BATCH_BYTES ((size_t)2 << 20)
#define BATCH_MS    20

/* A row that refers to one further down. */
struct later {
    struct later *next;
    int64_t number;
    const char **cells;
    int count;
};

struct batch {
    struct import_run *run;
    struct {
        int64_t number;
        const char **cells;
        int count;
        const char *why; /* it could not be read to its end */
    } rows[BATCH_ROWS];
    int count, next;
    struct later *later, *late_end; /* rows that wait for others, in the order of the spreadsheet */
    struct {                        /* the start of this batch, where a second run begins again */
        struct import im;
        int64_t last;
        int next;
        struct later *late_end;
    } mark;
};

/* Reads rows until the batch is full; false at the end of the spreadsheet. */
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
        b->rows[b->count++].why = row.why ? say(ctx, "Cell {}: {}", (const char *)name,
                                                tr(ctx, row.why))
                                          : NULL;
    }
    return b->count > 0;
}

static int64_t clock_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Stores a row until its batch has been written, in an arena that outlives the batch's. */
static void put_off(struct batch *b, int i)
{
    struct arena *a = b->run->im.arena;
    struct later *l = ARENA_NEW(a, struct later);
    l->number = b->rows[i].number;
    l->count = b->rows[i].count;
    l->cells = ARENA_ARRAY(a, const char *, l->count + 1);
    for (int c = 0; c < l->count; c++)
        l->cells[c] = arena_copy(a, b->rows[i].cells[c]);
    if (b->late_end)
        b->late_end->next = l;
    else
        b->later = l;
    b->late_end = l;
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
        if (o != IMPORT_FAILED) { /* also LATER: nothing was changed */
            db_savepoint_release(ctx->db);
        } else {
            enum status s = db_status(ctx->db);
            db_savepoint_undo(ctx->db);
            if (s != UNAVAILABLE && s != BUSY) /* those are the database's trouble, not the row's */
                db_clear(ctx->db);
        }
    }
    if (o == IMPORT_LATER)
        put_off(b, i);
    if (o == IMPORT_FAILED && b->run->refused && db_status(ctx->db) == OK)
        b->run->refused(ctx, b->run, b->rows[i].number, cells, b->rows[i].count);
}

static void take_back(struct batch *b)
{
    b->run->im = b->mark.im;
    *b->run->im.errors_end = NULL;
    b->run->last = b->mark.last;
    b->next = b->mark.next;
    b->late_end = b->mark.late_end;
    if (b->late_end)
        b->late_end->next = NULL;
    else
        b->later = NULL;
}

/* Takes as many rows of the batch as fit into BATCH_MS. */
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

/* A dry run is rolled back. What it must keep (its report) is written by calls of its own. */
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
        b->mark.late_end = b->late_end;
        ctx->now = when_now();
        enum status s = b->run->im.dry_run ? take_dry(ctx) : writer_call(ctx, take_rows);
        if (s != OK) { /* rolled back, and so are the counts */
            take_back(b);
            return s;
        }
        if (b->run->im.dry_run && b->run->stored && (s = b->run->stored(ctx, b->run)) != OK)
            return s;
    }
    return OK;
}

/* Fills a batch from rows that wait; returns the remaining ones. */
static struct later *batch_again(struct ctx *ctx, struct batch *b, struct later *l)
{
    b->count = b->next = 0;
    for (; l && b->count < BATCH_ROWS; l = l->next) {
        b->rows[b->count].number = l->number;
        b->rows[b->count].cells = l->cells;
        b->rows[b->count].count = l->count;
        b->rows[b->count++].why = NULL;
    }
    (void)ctx;
    return l;
}

/* Takes the rows that wait, in rounds, until a round stores none. The remaining ones are then
 * rejected. */
static enum status take_later(struct ctx *ctx, struct batch *b)
{
    enum status s = OK;
    while (b->later && s == OK) {
        int64_t before = b->run->im.added + b->run->im.changed + b->run->im.same;
        struct later *round = b->later;
        b->later = b->late_end = NULL;
        while (round && s == OK) {
            import_forget(ctx);
            round = batch_again(ctx, b, round);
            s = take_batch(ctx, b);
            arena_clear(ctx->arena);
        }
        if (before == b->run->im.added + b->run->im.changed + b->run->im.same)
            b->run->im.last_round = true;
    }
    return s;
}

/* Computes once at the end what depends on the whole register. */
static void derive(struct ctx *ctx)
{
    const struct import_run *run = ctx->work;
    enum status s = run->im.kind->import_done(ctx);
    if (s != OK && ctx->status == OK)
        ctx_fail(ctx, s, NULL);
}

/* Reads the spreadsheet once before its first row is stored, then returns to the row below the
 * headings. A fault that ends this reading ends the second one too, after the rows before it
 * have been stored. */
static void look_ahead(struct ctx *ctx, struct import_run *run)
{
    struct import *im = &run->im;
    struct sheet_row row;
    im->text = sheet_is_text(run->sheet);
    import_scan(ctx, im, run->sheet);
    if (!sheet_turn(run->sheet, im->sheet))
        return;
    while (sheet_next(run->sheet, &row) && row.number < im->heading_row)
        ;
}

enum status import_run(struct ctx *ctx, struct import_run *run)
{
    struct arena *arena = arena_new();
    struct batch b = {.run = run};
    enum status s = OK;
    look_ahead(ctx, run);
    for (bool more = true; more && s == OK && !run->broken_off;) {
        struct ctx rows =
            *ctx; /* a context for each batch: what it caches (the calendar) goes with its arena */
        rows.arena = arena;
        rows.work = &b;
        import_forget(&rows);
        more = batch_read(&rows, &b);
        if (more)
            s = take_batch(&rows, &b);
        arena_clear(arena);
        run->broken_off = run->stopped && run->stopped(run);
    }
    if (s == OK && !run->broken_off && b.later) {
        struct ctx rows = *ctx;
        rows.arena = arena;
        rows.work = &b;
        s = take_later(&rows, &b);
    }
    arena_free(arena);
    bool stored = !run->im.dry_run && run->im.added + run->im.changed > 0;
    if (stored && (s == OK || s == CONFLICT) && run->im.kind->import_done) {
        import_forget(ctx);
        ctx->work = run;
        if (writer_call(ctx, derive) != OK)
            return ctx->status;
    }
    if (s != OK)
        return ctx->status != OK ? ctx->status : ctx_fail(ctx, s, NULL);
    const char *why, *cell;
    if (sheet_status(run->sheet, &why, &cell) != OK)
        return ctx_fail(ctx, INVALID,
                        *cell ? say(ctx, "Cell {}: {}", cell, tr(ctx, why)) : tr(ctx, why));
    return OK;
}

/* ---- the command ---- */

void *import_read_file(struct ctx *ctx, const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    if (!f) {
        ctx_fail(ctx, NOT_FOUND, say(ctx, "Can’t open {}: {}", path, strerror(errno)));
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
        ctx_fail(ctx, INVALID, say(ctx, "{} can’t be read or is larger than 256 MB.", path));
    return data;
}

static const char *kinds_known(struct ctx *ctx)
{
    const char *list = "";
    for (const struct kind *const *k = modules_kinds(); *k; k++)
        if (import_takes(*k))
            list = text_add(ctx->arena, list, ", ", (*k)->name);
    return list;
}

static enum status import_bytes(struct ctx *ctx, struct import_run *run,
                                const struct import_wish *wish)
{
    const char *headings[IMPORT_COLUMNS];
    const char *const *maps = wish->maps;
    int map_count = wish->map_count;
    int which = wish->sheet ? sheet_named(ctx, run->sheet, wish->sheet) : -1;
    if (wish->sheet && which < 0)
        return ctx->status;
    int count = headings_find(ctx, &run->im, run->sheet, which, wish->heading_row, maps, map_count,
                              headings);
    if (count < 0)
        return ctx->status;
    int found = import_guess(ctx, &run->im, headings, count);
    for (int i = 0; i < map_count; i++)
        if (import_map(ctx, &run->im, maps[i], headings, count) != OK)
            return ctx->status;
    if (found + map_count == 0)
        return ctx_fail(ctx, INVALID,
                        say(ctx, "None of the sheet’s columns were recognised. Specify them with "
                                 "--map FIELD=COLUMN."));
    if (run->self) {
        import_report_headings(ctx, run->self, headings, count);
        import_report_left_out(ctx, run->self, headings_left_out(ctx, &run->im, headings, count),
                               sheet_name(run->sheet, run->im.sheet),
                               which < 0 ? sheets_left_out(ctx, run->sheet, run->im.sheet) : "");
    }
    return import_run(ctx, run);
}

enum status import_file(struct ctx *ctx, const char *kind, const char *path,
                        const struct import_wish *wish, struct import *im,
                        struct import_report *report)
{
    const struct kind *k = kind_find(kind);
    if (!k || !import_takes(k))
        return ctx_fail(
            ctx, NOT_FOUND,
            say(ctx, "“{}” can’t be imported. Available types: {}.", kind, kinds_known(ctx)));
    size_t size = 0;
    void *bytes = import_read_file(ctx, path, &size);
    if (!bytes)
        return ctx->status;
    struct import_run run = {.self = report, .refused = report ? import_report_row : NULL};
    import_init(&run.im, k, ctx->arena);
    run.im.dry_run = wish->dry_run;
    run.im.create = wish->create;
    run.im.clear = wish->clear;
    const char *why = NULL;
    run.sheet = sheet_open(ctx->arena, bytes, size, &why);
    enum status s = run.sheet ? import_bytes(ctx, &run, wish)
                              : ctx_fail(ctx, INVALID, tr(ctx, why));
    sheet_close(run.sheet);
    free(bytes);
    import_release(&run.im);
    *im = run.im;
    return s;
}

enum status install_import(struct ctx *ctx, const char *kind, const char *path,
                           const char *const *maps, int map_count, bool dry_run, struct import *im)
{
    struct import_wish wish = {.maps = maps, .map_count = map_count, .dry_run = dry_run};
    return import_file(ctx, kind, path, &wish, im, NULL);
}
