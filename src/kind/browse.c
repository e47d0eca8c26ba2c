/*
 * Lists by description. Names come from const tables, values are bound.
 */
#include "kind/browse.h"

#include "base/code.h"
#include "base/seal.h"
#include "base/text.h"
#include "base/when.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define Q_MOST ((size_t)100) /* characters of a search that are looked at */

/* ---- words ---- */

/* Characters that LIKE takes for itself are meant as they are. */
static const char *like_text(struct arena *a, const char *q)
{
    char *to = arena_alloc(a, 2 * strlen(q) + 3), *t = to;
    *t++ = '%';
    for (const char *p = q; *p; p++) {
        if (*p == '%' || *p == '_' || *p == '!')
            *t++ = '!';
        *t++ = *p;
    }
    *t = '%';
    return to;
}

static bool searched(const struct kind *k, const struct field *f)
{
    if ((f->flags & (SEALED | HIDDEN)) || f->type > F_CODE)
        return false;
    return (f->flags & LISTED) || !strcmp(f->name, k->code) || !strncmp(f->name, "name", 4) || !strcmp(f->name, "title") ||
           !strcmp(f->name, "pinyin");
}

void browse_search(struct ctx *ctx, struct list *l, const char *q)
{
    const struct kind *k = l->kind;
    struct sql *where = &l->where;
    q = q ? text_key(ctx->arena, text_tidy(ctx->arena, q)) : "";
    if (!*q)
        return;
    const char *like = like_text(ctx->arena, text_cut(ctx->arena, q, Q_MOST)), *phone = NULL;
    code_phone(ctx->arena, q, &phone);
    sql_add(where, " AND (1 = 0");
    for (int i = 0; i < k->field_count; i++) {
        const struct field *f = &k->fields[i];
        if (searched(k, f))
            sql_add(where, " OR lower({}) LIKE {} ESCAPE '!'", (struct sql_name){f->name}, like);
        else if ((f->flags & SEALED) && ctx->keys)
            sql_add(where, " OR {} = {}", (struct sql_name){arena_print(ctx->arena, "%s_key", f->name)},
                    seal_hash(ctx->keys, ctx->arena, f->name, f->type == F_PHONE && phone ? phone : q));
    }
    sql_add(where, ")");
}

/* ---- filters ---- */

bool browse_filters(const struct field *f)
{
    return (f->flags & FILTER) && !(f->flags & (SEALED | HIDDEN)) &&
           (f->type == F_CHOICE || f->type == F_REF || f->type == F_BOOL || f->type == F_TAGS || f->type == F_DATE || f->type == F_TIME);
}

/* Reads a value without leaving a problem: false when it is none. */
static bool value_of(struct ctx *ctx, const struct field *f, void *record, const char *typed)
{
    struct ctx probe = *ctx;
    probe.status = OK;
    probe.problems = NULL;
    probe.problems_end = &probe.problems;
    probe.problem_count = 0;
    return field_set(&probe, f, record, typed) && !field_missing(f, record);
}

static void filter_ref(struct ctx *ctx, struct sql *where, const struct field *f, int64_t id)
{
    const struct kind *k = kind_find(f->ref);
    struct sql_name column = {f->name};
    (void)ctx;
    if (k && kind_field(k, "path") && strcmp(f->name, "parent") != 0)
        sql_add(where, " AND {} IN (SELECT below.id FROM {} below JOIN {} top ON below.path LIKE top.path || '%' WHERE top.id = {})",
                column, (struct sql_name){k->table}, (struct sql_name){k->table}, id);
    else
        sql_add(where, " AND {} = {}", column, id);
}

static bool filter_value(struct ctx *ctx, struct sql *where, const struct kind *k, const struct field *f, const char *typed)
{
    void *record = record_new(ctx, k);
    if (!typed || text_blank(typed))
        return false;
    if (!value_of(ctx, f, record, typed))
        sql_add(where, " AND 1 = 0");
    else if (f->type == F_REF)
        filter_ref(ctx, where, f, field_int(f, record));
    else if (f->type == F_TAGS)
        sql_add(where, " AND {} LIKE {} ESCAPE '!'", (struct sql_name){f->name}, like_text(ctx->arena, field_text(f, record)));
    else if (f->type == F_CHOICE)
        sql_add(where, " AND {} = {}", (struct sql_name){f->name}, field_text(f, record));
    else
        sql_add(where, " AND {} = {}", (struct sql_name){f->name}, field_int(f, record));
    return true;
}

/* One end of a span of days; a time counts from the first to the last second of the day. */
static bool filter_span(struct ctx *ctx, struct sql *where, const struct field *f, form_value *asked, bool from)
{
    const char *typed = asked(ctx, arena_print(ctx->arena, from ? "%s_from" : "%s_to", f->name));
    int64_t day;
    if (!typed || text_blank(typed))
        return false;
    if (!day_parse(typed, &day)) {
        sql_add(where, " AND 1 = 0");
        return true;
    }
    sql_add(where, " AND {}", (struct sql_name){f->name});
    sql_write(where, from ? " >= {}" : " <= {}",
              ARGS(f->type == F_DATE ? arg_text(day_iso(ctx->arena, day)) : arg_int(from ? when_day_start(day) : when_day_end(day))));
    return true;
}

/* ---- the list ---- */

static void set_order(struct ctx *ctx, struct browse *b, const struct kind *k, const char *asked)
{
    if (!asked)
        return;
    b->down = *asked == '-';
    const struct field *f = kind_field(k, asked + b->down);
    if (!f || !(f->flags & SORTED) || (f->flags & SEALED))
        return;
    b->sort = f;
    b->list.order = arena_print(ctx->arena, "%s IS NULL, %s%s, id", write_checked_name(f->name), f->name, b->down ? " DESC" : "");
}

void browse_init(struct ctx *ctx, struct browse *b, const struct kind *k, form_value *asked)
{
    *b = (struct browse){.page = 1};
    list_init(ctx, &b->list, k);
    b->q = asked(ctx, "q");
    if (b->q && text_blank(b->q))
        b->q = NULL;
    browse_search(ctx, &b->list, b->q);
    b->narrowed = b->q != NULL;
    for (int i = 0; i < k->field_count; i++) {
        const struct field *f = &k->fields[i];
        if (!browse_filters(f))
            continue;
        if (f->type == F_DATE || f->type == F_TIME) {
            b->narrowed |= filter_span(ctx, &b->list.where, f, asked, true);
            b->narrowed |= filter_span(ctx, &b->list.where, f, asked, false);
        } else {
            b->narrowed |= filter_value(ctx, &b->list.where, k, f, asked(ctx, f->name));
        }
    }
    set_order(ctx, b, k, asked(ctx, "sort"));
    b->total = list_count(ctx, &b->list);
    const char *page = asked(ctx, "page");
    int64_t last = (b->total + BROWSE_PAGE - 1) / BROWSE_PAGE, n = page ? strtoll(page, NULL, 10) : 1;
    b->page = n < 1 ? 1 : n > last ? (last > 0 ? last : 1) : n;
    b->list.limit = BROWSE_PAGE;
    b->list.offset = (b->page - 1) * BROWSE_PAGE;
}

/* ---- the sheet ---- */

static void write_cell(struct ctx *ctx, struct sheet_writer *w, const struct field *f, const void *record)
{
    if (f->type == F_INT || f->type == F_BOOL)
        sheet_write_int(w, field_int(f, record));
    else if (f->type == F_TIME)
        sheet_write_time(w, field_missing(f, record) ? NONE : field_int(f, record) + when_offset());
    else
        sheet_write_text(w, field_missing(f, record) ? NULL : field_typed(ctx, f, record));
}

int64_t browse_sheet(struct ctx *ctx, struct list *l, struct sheet_writer *w, int64_t most)
{
    const struct kind *k = l->kind;
    const char **titles = ARENA_ARRAY(ctx->arena, const char *, k->field_count + 1);
    int64_t count = 0;
    int n = 0;
    for (int i = 0; i < k->field_count; i++)
        if (!(k->fields[i].flags & (SEALED | HIDDEN)))
            titles[n++] = k->fields[i].name;
    sheet_write_header(w, titles, n);
    l->limit = (int)most;
    l->offset = 0;
    struct arena *whole = ctx->arena, *row = arena_new();
    struct rows *rows = list_run(ctx, l);
    ctx->arena = row; /* a row's own memory, so that a long list needs little */
    for (void *record; (record = list_next(ctx, k, rows, row)) != NULL; arena_clear(row), count++) {
        for (int i = 0; i < k->field_count; i++)
            if (!(k->fields[i].flags & (SEALED | HIDDEN)))
                write_cell(ctx, w, &k->fields[i], record);
        sheet_write_row(w);
    }
    ctx->arena = whole;
    if (ctx->problem_count) { /* their texts go with the row */
        ctx->problems = NULL;
        ctx->problems_end = &ctx->problems;
        ctx->problem_count = 0;
        ctx_fail(ctx, UNAVAILABLE, NULL);
    }
    arena_free(row);
    return count;
}
