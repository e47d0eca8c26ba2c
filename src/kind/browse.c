/*
 * Lists made from a kind's description. Names come from const tables, values
 * are bound.
 */
#include "kind/browse.h"

#include "base/code.h"
#include "base/seal.h"
#include "base/text.h"
#include "base/when.h"
#include "kind/export.h"
#include "kind/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define Q_MOST ((size_t)100) /* bytes of the search words; the rest is ignored */

/* ---- words ---- */

/* Escapes the wildcards of LIKE. */
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
    return (f->flags & LISTED) || !strcmp(f->name, k->code) || !strncmp(f->name, "name", 4) ||
           !strcmp(f->name, "title") || !strcmp(f->name, "pinyin");
}

/* Restricts the list to records whose name, title, code or listed text contains q, or an
 * encrypted number equals q. */
static void browse_search(struct ctx *ctx, struct list *l, const char *q)
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
        else if ((f->flags & SEALED) && ctx->keys && kind_reveals(ctx, k))
            sql_add(
                where, " OR {} = {}", (struct sql_name){arena_print(ctx->arena, "%s_key", f->name)},
                seal_hash(ctx->keys, ctx->arena, f->name, f->type == F_PHONE && phone ? phone : q));
    }
    sql_add(where, ")");
}

/* ---- filters ---- */

bool browse_filters(const struct field *f)
{
    return (f->flags & FILTER) && !(f->flags & (SEALED | HIDDEN)) &&
           (f->type == F_CHOICE || f->type == F_REF || f->type == F_BOOL || f->type == F_TAGS ||
            f->type == F_DATE || f->type == F_TIME);
}

/* Parses a value without adding a problem; returns false if it is invalid. */
static bool value_of(struct ctx *ctx, const struct field *f, void *record, const char *typed)
{
    struct ctx probe = *ctx;
    probe.status = OK;
    probe.problems = NULL;
    probe.problems_end = &probe.problems;
    probe.problem_count = 0;
    return field_set(&probe, f, record, typed) && !field_missing(f, record);
}

void filter_ref(struct sql *where, const struct field *f, int64_t id)
{
    const struct kind *k = kind_find(f->ref);
    struct sql_name column = {f->name};
    const struct field *parent = k ? kind_field(k, "parent") : NULL;
    bool tree = parent && parent->type == F_REF && !strcmp(parent->ref, k->name) &&
                strcmp(f->name, "parent") != 0;
    if (k && kind_field(k, "path") && strcmp(f->name, "parent") != 0)
        sql_add(where,
                " AND {} IN (SELECT below.id FROM {} below JOIN {} top ON below.path LIKE top.path "
                "|| '%' WHERE top.id = {})",
                column, (struct sql_name){k->table}, (struct sql_name){k->table}, id);
    else if (tree)
        sql_add(where,
                " AND {} IN (SELECT id FROM {} WHERE id = {} OR parent = {} OR parent IN (SELECT "
                "id FROM {} WHERE parent = {}))",
                column, (struct sql_name){k->table}, id, id, (struct sql_name){k->table}, id);
    else
        sql_add(where, " AND {} = {}", column, id);
}

static bool filter_value(struct ctx *ctx, struct sql *where, const struct kind *k,
                         const struct field *f, const char *typed)
{
    void *record = record_new(ctx, k);
    if (!typed || text_blank(typed))
        return false;
    if (!value_of(ctx, f, record, typed))
        sql_add(where, " AND 1 = 0");
    else if (f->type == F_REF)
        filter_ref(where, f, field_int(f, record));
    else if (f->type == F_TAGS)
        sql_add(where, " AND {} LIKE {} ESCAPE '!'", (struct sql_name){f->name},
                like_text(ctx->arena, field_text(f, record)));
    else if (f->type == F_CHOICE)
        sql_add(where, " AND {} = {}", (struct sql_name){f->name}, field_text(f, record));
    else
        sql_add(where, " AND {} = {}", (struct sql_name){f->name}, field_int(f, record));
    return true;
}

/* Reads one end of a date range. A time field includes the first to the last
 * second of the day. */
static bool filter_span(struct ctx *ctx, struct sql *where, const struct field *f,
                        form_value *asked, bool from)
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
              ARGS(f->type == F_DATE ? arg_text(day_iso(ctx->arena, day))
                                     : arg_int(from ? when_day_start(day) : when_day_end(day))));
    return true;
}

static void say_more(struct ctx *ctx, const char **all, const char *label, const char *value)
{
    *all = text_add(ctx->arena, *all, " · ", text_add(ctx->arena, label, " ", value));
}

static void say_span(struct ctx *ctx, const char **all, const struct field *f, form_value *asked)
{
    int64_t from, to;
    const char *first = asked(ctx, arena_print(ctx->arena, "%s_from", f->name)),
               *last = asked(ctx, arena_print(ctx->arena, "%s_to", f->name));
    first = first && day_parse(first, &from) ? day_show(ctx->arena, ctx->lang, from) : NULL;
    last = last && day_parse(last, &to) ? day_show(ctx->arena, ctx->lang, to) : NULL;
    if (first || last)
        say_more(ctx, all, tr(ctx, f->label),
                 first && last ? say(ctx, "{} to {}", first, last)
                 : first       ? say(ctx, "From {}", first)
                               : say(ctx, "Up to {}", last));
}

/* What a filter's value is called; as it was asked for if that is nothing, or nothing for this
 * reader: the name of a record from elsewhere is not told. */
static const char *value_said(struct ctx *ctx, const struct kind *k, const struct field *f,
                              const char *typed)
{
    void *record = record_new(ctx, k);
    if (!value_of(ctx, f, record, typed) ||
        (f->type == F_REF && !record_reached(ctx, kind_find(f->ref), field_int(f, record))))
        return typed;
    return field_show(ctx, f, record);
}

const char *browse_narrowed(struct ctx *ctx, const struct kind *k, form_value *asked)
{
    const char *all = "", *q = asked(ctx, "q");
    for (int i = 0; i < k->field_count; i++) {
        const struct field *f = &k->fields[i];
        const char *typed = asked(ctx, f->name);
        if (browse_filters(f) && (f->type == F_DATE || f->type == F_TIME))
            say_span(ctx, &all, f, asked);
        else if (browse_filters(f) && typed && !text_blank(typed))
            say_more(ctx, &all, tr(ctx, f->label), value_said(ctx, k, f, typed));
    }
    if (q && !text_blank(q))
        say_more(ctx, &all, "", arena_print(ctx->arena, "“%s”", q));
    return all;
}

/* ---- the list ---- */

bool browse_sorts(const struct kind *k, const struct field *f)
{
    return ((f->flags & (SORTED | LISTED)) || !strcmp(f->name, kind_title(k))) &&
           !(f->flags & (SEALED | HIDDEN)) && f->type != F_TAGS && f->type != F_LONG;
}

static const char *by_name(struct ctx *ctx, const struct kind *k, const char *table, int depth);

/* What a column is sorted by, as SQL on table: what the reader sees there. Choices come in the
 * order of their description, references by the name of what they refer to. */
static const char *column_order(struct ctx *ctx, const char *table, const struct field *f,
                                int depth)
{
    const char *column = arena_print(ctx->arena, "%s.%s", write_checked_name(table),
                                     write_checked_name(f->name));
    const struct kind *of = f->type == F_REF ? kind_find(f->ref) : NULL;
    if (f->choices && f->type == F_CHOICE) {
        const char *order = arena_print(ctx->arena, "CASE %s", column);
        for (int i = 0; f->choices[i].code; i++) /* codes of the program, without a quote */
            order = arena_print(ctx->arena, "%s WHEN '%s' THEN %d", order, f->choices[i].code, i);
        return arena_print(ctx->arena, "%s END", order);
    }
    if (of && depth < 3) {
        const char *other = arena_print(ctx->arena, "of_%d", depth);
        return arena_print(ctx->arena, "(SELECT %s FROM %s %s WHERE %s.id = %s) COLLATE pinyin",
                           by_name(ctx, of, other, depth + 1), write_checked_name(of->table), other,
                           other, column);
    }
    return f->type == F_TEXT ? arena_print(ctx->arena, "%s COLLATE pinyin", column) : column;
}

/* The same for the name of a kind's records; people have pinyin with the readings of surnames. */
static const char *by_name(struct ctx *ctx, const struct kind *k, const char *table, int depth)
{
    const char *title = kind_title(k);
    if (kind_field(k, "pinyin"))
        return arena_print(ctx->arena, "%s.pinyin", write_checked_name(table));
    if (!strcmp(title, "name") && kind_field(k, "name_en") && ctx_english(ctx))
        return arena_print(ctx->arena,
                           "CASE WHEN %s.name_en <> '' THEN %s.name_en ELSE %s.name END COLLATE "
                           "pinyin",
                           write_checked_name(table), table, table);
    return column_order(ctx, table, kind_field(k, title), depth);
}

const char *browse_by_name(struct ctx *ctx, const struct kind *k)
{
    return by_name(ctx, k, k->table, 0);
}

static void set_order(struct ctx *ctx, struct browse *b, const struct kind *k, const char *asked)
{
    if (!asked)
        return;
    b->down = *asked == '-';
    const struct field *f = kind_field(k, asked + b->down);
    if (!f || !browse_sorts(k, f))
        return;
    b->sort = f;
    const char *by = strcmp(f->name, kind_title(k)) ? column_order(ctx, k->table, f, 0)
                                                    : by_name(ctx, k, k->table, 0);
    b->list.order = arena_print(ctx->arena, "%s IS NULL, %s%s, %s.id", by, by,
                                b->down ? " DESC" : "", write_checked_name(k->table));
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
    int64_t last = (b->total + BROWSE_PAGE - 1) / BROWSE_PAGE,
            n = page ? strtoll(page, NULL, 10) : 1;
    b->page = n < 1 ? 1 : n > last ? (last > 0 ? last : 1) : n;
    b->list.limit = BROWSE_PAGE;
    b->list.offset = (b->page - 1) * BROWSE_PAGE;
}

/* ---- the sheet ---- */

enum as { WORDS, CODES, COLUMNS };

/* Returns whether the field is a person's name that is masked for this
 * reader. */
static bool masked(struct ctx *ctx, const struct kind *k, const struct field *f, const void *record)
{
    return (f->flags & NAMED) && !field_missing(f, record) && !kind_reveals(ctx, k);
}

/* Writes a value for an import: codes, and numbers where the field is a
 * number. */
static void write_code(struct ctx *ctx, struct sheet_writer *w, const struct field *f,
                       const void *record)
{
    if (f->type == F_INT || f->type == F_BOOL)
        sheet_write_int(w, field_int(f, record));
    else if (f->type == F_TIME)
        sheet_write_time(w, field_missing(f, record) ? NONE : field_int(f, record) + when_offset());
    else
        sheet_write_text(w, field_missing(f, record) ? NULL : field_typed(ctx, f, record));
}

/* Writes a value as pages show it. Numbers and dates keep their type, so a
 * spreadsheet can sort and add them. */
static void write_words(struct ctx *ctx, struct sheet_writer *w, const struct field *f,
                        const void *record)
{
    int64_t day;
    if (field_missing(f, record) && !f->shown)
        sheet_write_text(w, NULL);
    else if (f->type == F_INT && !f->shown && !(f->flags & SECONDS))
        sheet_write_int(w, field_int(f, record));
    else if (f->type == F_TIME && !f->shown)
        sheet_write_time(w, field_int(f, record) + when_offset());
    else if (f->type == F_DATE && !(f->flags & SEALED) && day_parse(field_text(f, record), &day))
        sheet_write_date(w, day * WHEN_DAY);
    else
        sheet_write_text(w, field_show_masked(ctx, f, record));
}

static bool in_sheet(const struct kind *k, const struct field *f, enum as form)
{
    if (form == CODES)
        return export_has(k, f) && !(f->flags & SEALED);
    if (form == COLUMNS && !(f->flags & LISTED) && strcmp(f->name, k->code) != 0)
        return false;
    return !(f->flags & (HIDDEN | INNER));
}

static int64_t sheet_of(struct ctx *ctx, struct list *l, struct sheet_writer *w, int64_t most,
                        enum as form)
{
    const struct kind *k = l->kind;
    const char **titles = ARENA_ARRAY(ctx->arena, const char *, k->field_count + 1);
    int64_t count = 0;
    int n = 0;
    for (int i = 0; i < k->field_count; i++)
        if (in_sheet(k, &k->fields[i], form))
            titles[n++] = form == CODES ? k->fields[i].name : tr(ctx, k->fields[i].label);
    sheet_write_header(w, titles, n);
    l->limit = (int)most;
    l->offset = 0;
    struct arena *whole = ctx->arena, *row = arena_new();
    struct rows *rows = list_run(ctx, l);
    ctx->arena = row; /* each row has its own arena, so a long list needs little memory */
    for (void *record; (record = list_next(ctx, k, rows, row)) != NULL; arena_clear(row), count++) {
        for (int i = 0; i < k->field_count; i++)
            if (in_sheet(k, &k->fields[i], form) && masked(ctx, k, &k->fields[i], record))
                sheet_write_text(w, field_masked(ctx, &k->fields[i], record));
            else if (in_sheet(k, &k->fields[i], form))
                (form == CODES ? write_code : write_words)(ctx, w, &k->fields[i], record);
        sheet_write_row(w);
    }
    ctx->arena = whole;
    if (ctx->problem_count) { /* the row's texts are freed with it */
        ctx->problems = NULL;
        ctx->problems_end = &ctx->problems;
        ctx->problem_count = 0;
        ctx_fail(ctx, UNAVAILABLE, NULL);
    }
    arena_free(row);
    return count;
}

int64_t browse_sheet(struct ctx *ctx, struct list *l, struct sheet_writer *w, int64_t most)
{
    return sheet_of(ctx, l, w, most, CODES);
}

int64_t browse_words(struct ctx *ctx, struct list *l, struct sheet_writer *w, int64_t most)
{
    return sheet_of(ctx, l, w, most, WORDS);
}

int64_t browse_columns(struct ctx *ctx, struct list *l, struct sheet_writer *w, int64_t most)
{
    return sheet_of(ctx, l, w, most, COLUMNS);
}
