/*
 * Exports a kind, one record at a time, each in its own arena.
 */
#include "kind/export.h"

#include "base/when.h"
#include "kind/import.h"
#include "kind/json.h"
#include "kind/sheet.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define LEVELS_MOST 12 /* levels of a kind that refers to itself */

struct export
{
    const struct kind *kind;
    enum export_format format;
    FILE *to;
    struct sheet_writer *sheet;
    struct buf line;
    int64_t count;
    bool failed; /* the file can't be written */
};

bool export_has(const struct kind *k, const struct field *f)
{
    return !(f->flags & HIDDEN) && (import_sets(f) || !import_takes(k));
}

static const char *code_of(struct ctx *ctx, const struct field *f, int64_t id)
{
    const struct kind *k = kind_find(f->ref);
    if (!k || id == NONE)
        return NULL;
    struct rows *r = query(ctx->db, "SELECT {} AS code FROM {} WHERE id = {}",
                           (struct sql_name){k->code}, (struct sql_name){k->table}, id);
    const char *code = rows_next(r) ? row_copy(r, ctx->arena, "code") : NULL;
    rows_end(r);
    return code;
}

/* "|haircut|repair|" → "haircut,repair" */
static const char *tags_typed(struct ctx *ctx, const char *stored)
{
    const char *text = NULL;
    for (const char *at = stored, *code; (code = tags_next(ctx->arena, &at)) != NULL;)
        text = text ? arena_print(ctx->arena, "%s,%s", text, code) : code;
    return text;
}

static void cell(struct ctx *ctx, struct sheet_writer *w, const struct field *f, const void *record)
{
    if (f->type == F_TAGS)
        sheet_write_text(w, tags_typed(ctx, field_text(f, record)));
    else if (field_is_text(f))
        sheet_write_text(w, field_lost(f, record) ? NULL : field_text(f, record));
    else if (f->type == F_REAL)
        sheet_write_real(w, *(const double *)(const void *)((const char *)record + f->offset));
    else if (f->type == F_REF)
        sheet_write_text(w, code_of(ctx, f, field_int(f, record)));
    else if (f->type == F_TIME && field_int(f, record) != NONE)
        sheet_write_time(w, field_int(f, record) + when_offset());
    else
        sheet_write_int(w, field_int(f, record));
}

static void put(struct export *x, struct buf *b)
{
    if (b->size && fwrite(b->data, 1, b->size, x->to) != b->size)
        x->failed = true;
    buf_clear(b);
}

static void record_write(struct ctx *ctx, struct export *x, void *record)
{
    x->count++;
    if (x->format == EXPORT_JSON) {
        buf_puts(&x->line, x->count > 1 ? ",\n" : "\n");
        record_json(ctx, &x->line, x->kind, record, true);
        put(x, &x->line);
        return;
    }
    if (x->kind->exported)
        x->kind->exported(ctx, record);
    for (int i = 0; i < x->kind->field_count; i++)
        if (export_has(x->kind, &x->kind->fields[i]))
            cell(ctx, x->sheet, &x->kind->fields[i], record);
    sheet_write_row(x->sheet);
    if (x->format == EXPORT_CSV && !sheet_write_flush(x->sheet, x->to))
        x->failed = true;
}

/* Runs the list and writes its records; returns their number. */
static int64_t run(struct ctx *ctx, struct export *x, struct list *l)
{
    struct arena *own = ctx->arena, *row = arena_new();
    int64_t before = x->count;
    l->order = "id";
    l->limit = INT_MAX;
    struct rows *r = list_run(ctx, l);
    ctx->arena = row;
    for (void *record; !x->failed && (record = list_next(ctx, x->kind, r, row)) != NULL;
         arena_clear(row))
        record_write(ctx, x, record);
    rows_end(r);
    ctx->arena = own;
    arena_free(row);
    return x->count - before;
}

static const struct field *own_parent(const struct kind *k)
{
    for (int i = 0; i < k->field_count; i++)
        if (k->fields[i].type == F_REF && export_has(k, &k->fields[i]) &&
            !strcmp(k->fields[i].ref, k->name))
            return &k->fields[i];
    return NULL;
}

/* Writes " AND parent IN (the level above)". Level 0: records without a
 * parent. */
static void level_where(struct sql *where, const struct kind *k, const struct field *parent,
                        int level)
{
    struct sql_name column = {parent->name}, table = {k->table};
    for (int i = 0; i < level; i++)
        sql_write(where, i ? " WHERE {} IN (SELECT id FROM {}" : " AND {} IN (SELECT id FROM {}",
                  ARGS(column, table));
    sql_write(where, level ? " WHERE {} IS NULL" : " AND {} IS NULL", ARGS(column));
    for (int i = 0; i < level; i++)
        sql_add(where, ")");
}

static void header(struct ctx *ctx, struct export *x)
{
    const char **titles = ARENA_ARRAY(ctx->arena, const char *, x->kind->field_count);
    int n = 0;
    for (int i = 0; i < x->kind->field_count; i++)
        if (export_has(x->kind, &x->kind->fields[i]))
            titles[n++] = x->kind->fields[i].name;
    sheet_write_header(x->sheet, titles, n);
}

static enum status finish(struct ctx *ctx, struct export *x)
{
    const char *why = NULL;
    if (x->format == EXPORT_JSON) {
        buf_puts(&x->line, "\n]\n");
        put(x, &x->line);
    } else {
        size_t size = 0;
        char *rest = sheet_write_close(x->sheet, &size, &why);
        if (rest && size && fwrite(rest, 1, size, x->to) != size)
            x->failed = true;
        free(rest);
    }
    buf_release(&x->line);
    if (why)
        return ctx_fail(ctx, INVALID, tr(ctx, why));
    if (db_status(ctx->db) != OK || !ctx_ok(ctx))
        return ctx_ok(ctx) ? ctx_fail(ctx, db_status(ctx->db), NULL) : ctx->status;
    if (x->failed || fflush(x->to) != 0)
        return ctx_fail(ctx, UNAVAILABLE,
                        say(ctx, "The file could not be written. Is the disk full?"));
    return OK;
}

enum status export_kind(struct ctx *ctx, const struct kind *k, enum export_format format, FILE *to,
                        int64_t *count)
{
    struct export x = {.kind = k, .format = format, .to = to};
    buf_init(&x.line, 0);
    if (format == EXPORT_JSON) {
        buf_putc(&x.line, '[');
    } else {
        x.sheet = sheet_write_open(format == EXPORT_XLSX ? SHEET_XLSX : SHEET_CSV);
        header(ctx, &x);
    }
    const struct field *parent = own_parent(k);
    for (int level = 0; level < (parent ? LEVELS_MOST : 1); level++) {
        struct list l;
        list_init(ctx, &l, k);
        if (parent)
            level_where(&l.where, k, parent, level);
        if (run(ctx, &x, &l) == 0)
            break;
    }
    enum status s = finish(ctx, &x);
    *count = x.count;
    return s;
}
