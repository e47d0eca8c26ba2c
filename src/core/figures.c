/*
 * How figures are calculated. figure_where turns a condition into SQL in one
 * place; value, records and what is left out all come from it. Rates state
 * their denominators; percentiles are by nearest rank.
 */
#include "core/figures.h"

#include "core/due.h"
#include "core/module.h"
#include "core/settings.h"
#include "core/working_days.h"
#include "base/when.h"
#include "kind/area.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct figure *figure_find(const char *id)
{
    for (const struct figure *const *f = figures_all(); id && *f; f++) {
        const char *a = (*f)->id, *b = id;
        while (*a && (*a == *b || (*a == '.' && *b == '-')))
            a++, b++;
        if (!*a && !*b)
            return *f;
    }
    return NULL;
}

const char *figure_address(struct ctx *ctx, const struct figure *f)
{
    char *address = arena_copy(ctx->arena, f->id);
    for (char *c = address; *c; c++)
        if (*c == '.')
            *c = '-';
    return address;
}

/* Adds " AND (condition)" with the current time for each {}, and the last time that counts as
 * due soon for {soon}. */
void figure_and(struct ctx *ctx, struct sql *q, const char *condition)
{
    struct arg times[8];
    int n = 0;
    if (!condition)
        return;
    char *text = arena_copy(ctx->arena, condition);
    for (char *at = text; (at = strchr(at, '{')) != NULL; at += 2) {
        size_t name = strcspn(at, "}");
        if (n == 8)
            write_mismatch(condition);
        if (!strncmp(at, "{soon}", name + 1))
            times[n++] = arg_int(due_soon(ctx_calendar(ctx), ctx->now));
        else if (!strncmp(at, "{satisfied}", name + 1))
            times[n++] = arg_int(satisfied_from(ctx));
        else if (!strncmp(at, "{today}", name + 1))
            times[n++] = arg_text(ctx_today(ctx));
        else
            times[n++] = arg_int(ctx->now);
        memmove(at + 1, at + name, strlen(at + name) + 1);
    }
    sql_add(q, " AND (");
    sql_write(q, text, times, n);
    sql_add(q, ")");
}

void figure_and_time(struct ctx *ctx, struct sql *q, const struct figure *f, const char *time,
                     const struct figure_span *span)
{
    const char *column = time ? time : f->time;
    if (column && span->from != NONE)
        sql_add(q, " AND {} >= {}", (struct sql_name){column}, span->from);
    if (column && span->to != NONE)
        sql_add(q, " AND {} < {}", (struct sql_name){column}, span->to);
    if (f->day && span->from != NONE)
        sql_add(q, " AND {} >= {}", (struct sql_name){f->day},
                day_iso(ctx->arena, when_day(span->from)));
    if (f->day && span->to != NONE)
        sql_add(q, " AND {} < {}", (struct sql_name){f->day},
                day_iso(ctx->arena, when_day(span->to)));
}

const struct kind *figure_place_kind(const struct figure *f, const char *column)
{
    const struct field *by = column ? kind_field(f->kind, column) : NULL;
    return by && by->ref ? kind_find(by->ref) : NULL;
}

void figure_and_place(struct ctx *ctx, struct sql *q, const struct figure *f,
                      const struct figure_span *span)
{
    const struct kind *categories = figure_place_kind(f, f->category);
    struct sql_name area = {f->area}, category = {f->category},
                    tree = {categories ? categories->table : NULL};
    if (f->area && span->area == 0)
        sql_add(q, " AND {} IS NULL", area);
    else if (f->area && span->area != NONE) {
        sql_add(q, " AND ");
        area_within(q, f->area, span->area);
    }
    if (f->category && span->category == 0)
        sql_add(q, " AND {} IS NULL", category);
    else if (categories && span->category != NONE)
        sql_add(q,
                " AND {} IN (SELECT id FROM {} WHERE id = {} OR parent = {}"
                " OR parent IN (SELECT id FROM {} WHERE parent = {}))",
                category, tree, span->category, span->category, tree, span->category);
    if (span->scoped && f->kind->scope)
        f->kind->scope(ctx, q);
}

void figure_where(struct ctx *ctx, struct sql *q, const struct figure *f,
                  const struct figure_span *span, enum figure_part part)
{
    figure_and(ctx, q, f->among);
    figure_and(ctx, q, f->way == RATE ? f->of : f->counts);
    if (f->way == RATE && part == PART_COUNTED)
        figure_and(ctx, q, f->counts);
    if (f->way == RATE &&
        part == PART_REST) { /* not NOT: an unknown value does not fulfil the condition either */
        sql_add(q, " AND CASE WHEN 1 = 1");
        figure_and(ctx, q, f->counts);
        sql_add(q, " THEN 0 ELSE 1 END = 1");
    }
    figure_and_time(ctx, q, f, NULL, span);
    figure_and_place(ctx, q, f, span);
}

/* Returns SELECT what FROM table WHERE the part of the figure. */
static int64_t ask(struct ctx *ctx, const struct figure *f, const struct figure_span *span,
                   enum figure_part part, const char *what)
{
    struct sql q;
    sql_init(&q, ctx->arena);
    sql_add(&q, "SELECT ");
    sql_write(&q, what, NULL, 0);
    sql_add(&q, " AS n FROM {} WHERE 1 = 1", (struct sql_name){f->kind->table});
    figure_where(ctx, &q, f, span, part);
    struct rows *r = sql_query(ctx->db, &q);
    int64_t n = rows_next(r) ? row_int(r, "n") : NONE;
    rows_end(r);
    return n;
}

/* Nearest rank: the smallest value such that at least that share of all values is not above it. */
static double ranked(struct ctx *ctx, const struct figure *f, const struct figure_span *span,
                     int64_t n)
{
    int64_t rank = (n * (f->way == MEDIAN ? 50 : 90) + 99) / 100;
    bool behind = rank > n / 2; /* reads from the nearer end */
    struct sql q;
    if (n == 0)
        return NAN;
    sql_init(&q, ctx->arena);
    sql_add(&q, "SELECT ");
    sql_write(&q, f->value, NULL, 0);
    sql_add(&q, " AS n FROM {} WHERE 1 = 1", (struct sql_name){f->kind->table});
    figure_where(ctx, &q, f, span, PART_ALL);
    sql_add(&q, " ORDER BY ");
    sql_write(&q, f->value, NULL, 0);
    sql_write(&q, behind ? " DESC" : "", NULL, 0);
    sql_add(&q, " LIMIT 1 OFFSET {}", behind ? n - rank : rank - 1);
    struct rows *r = sql_query(ctx->db, &q);
    double value = rows_next(r) ? (double)row_int(r, "n") / (double)(f->per ? f->per : 1) : NAN;
    rows_end(r);
    return value;
}

struct figure_value figure_value(struct ctx *ctx, const struct figure *f,
                                 const struct figure_span *span)
{
    int64_t n = 0;
    double per = (double)(f->per ? f->per : 1);
    switch (f->way) {
    case COUNT:
        n = ask(ctx, f, span, PART_ALL, "count(*)");
        return (struct figure_value){(double)n, n, NONE, {0}};
    case DISTINCT:
        n = ask(ctx, f, span, PART_ALL, arena_print(ctx->arena, "count(DISTINCT %s)", f->value));
        return (struct figure_value){(double)n, n, NONE, {0}};
    case EACH: {
        int64_t all = ask(ctx, f, span, PART_ALL, "count(*)");
        n = ask(ctx, f, span, PART_ALL, arena_print(ctx->arena, "count(DISTINCT %s)", f->value));
        return (struct figure_value){n ? (double)all / (double)n : NAN, all, n, {0}};
    }
    case SUM:
        n = ask(ctx, f, span, PART_ALL, arena_print(ctx->arena, "coalesce(sum(%s), 0)", f->value));
        return (struct figure_value){(double)n / per, NONE, NONE, {0}};
    case RATE: {
        int64_t part = ask(ctx, f, span, PART_COUNTED, "count(*)");
        n = ask(ctx, f, span, PART_ALL, "count(*)");
        return (struct figure_value){n ? 100.0 * (double)part / (double)n : NAN, part, n, {0}};
    }
    case MEDIAN:
    case PERCENTILE_90:
        n = ask(ctx, f, span, PART_ALL, "count(*)");
        return (struct figure_value){ranked(ctx, f, span, n), NONE, n, {0}};
    }
    return (struct figure_value){NAN, NONE, NONE, {0}};
}

const char *figure_left_out(struct ctx *ctx, const struct figure *f, const struct figure_value *v)
{
    const char *all = "";
    for (int i = 0; f->without && f->without[i].label; i++)
        if (v->left_out[i] > 0) {
            struct arg count = arg_text(figure_thousands(ctx, v->left_out[i]));
            all = ctx_list(ctx, all, say_write(ctx, f->without[i].label, &count, 1));
        }
    return all;
}

const char *figure_thousands(struct ctx *ctx, int64_t n)
{
    char digits[32], *text = arena_alloc(ctx->arena, 48), *to = text;
    int count = snprintf(digits, sizeof digits, "%lld", (long long)n);
    for (int i = 0; i < count; i++) {
        *to++ = digits[i];
        if (digits[i] != '-' && i + 1 < count && (count - i - 1) % 3 == 0)
            *to++ = ',';
    }
    *to = '\0';
    return text;
}

/* Whether the value is a fraction by nature: a length of time, an average. */
static bool in_parts(const struct figure *f)
{
    return f->way == EACH ||
           (f->way != RATE && f->way != COUNT && f->way != DISTINCT && f->per > 1);
}

const char *figure_exact(struct ctx *ctx, const struct figure *f, double value)
{
    if (!in_parts(f) || isnan(value))
        return figure_show(ctx, f, value);
    long long hundredths = llround(value * 100);
    return arena_print(ctx->arena, "%s.%02lld", figure_thousands(ctx, hundredths / 100),
                       hundredths % 100);
}

/* From 100 on, what stands after the point is less than a hundredth of the whole. */
const char *figure_show(struct ctx *ctx, const struct figure *f, double value)
{
    if (isnan(value))
        return "–";
    if (f->way == RATE)
        return arena_print(ctx->arena, "%.1f%%", value);
    if (!in_parts(f))
        return figure_thousands(ctx, (int64_t)value);
    long long tenths = llround(value * 10);
    return tenths >= 1000 ? figure_thousands(ctx, llround(value))
                          : arena_print(ctx->arena, "%lld.%lld", tenths / 10, tenths % 10);
}

const char *figure_group(struct ctx *ctx, const struct figure *f)
{
    return tr(ctx, f->group ? f->group : f->kind->many);
}

bool figure_period(struct ctx *ctx, const char *typed, bool last, int64_t *t)
{
    int64_t day;
    *t = NONE;
    if (!typed || !*typed)
        return true;
    if (!day_parse(typed, &day)) {
        ctx_problem(ctx, last ? "to" : "from",
                    say(ctx, "“{}” is not a valid date. Use the format 2026-03-05.", typed));
        return false;
    }
    *t = when_day_start(last ? day + 1 : day);
    return true;
}
