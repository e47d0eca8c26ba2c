/*
 * How a figure is computed: its condition becomes SQL in one place
 * (figure_where), from which value, records and what is left out all come.
 * Rates state their denominators; percentiles are by nearest rank.
 */
#include "app/figures.h"

#include "app/install.h"
#include "app/module.h"
#include "base/when.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIGURES_MOST 200

const struct figure *const *figures_all(void)
{
    static const struct figure *all[FIGURES_MOST + 1];
    static bool gathered;
    if (gathered)
        return all;
    int n = 0;
    for (int m = 0; modules[m]; m++)
        for (const struct figure *f = modules[m]->figures; f && f->id && n < FIGURES_MOST; f++)
            all[n++] = f;
    gathered = true;
    return all;
}

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

/* " AND (condition)" with the time now at each place. */
void figure_and(struct ctx *ctx, struct sql *q, const char *condition)
{
    struct arg nows[8];
    int n = 0;
    if (!condition)
        return;
    for (const char *at = condition; (at = write_place(at)) != NULL; at += 2) {
        if (n == 8)
            write_mismatch(condition);
        nows[n++] = arg_int(ctx->now);
    }
    sql_add(q, " AND (");
    sql_write(q, condition, nows, n);
    sql_add(q, ")");
}

void figure_and_time(struct ctx *ctx, struct sql *q, const struct figure *f, const char *time, const struct figure_span *span)
{
    const char *column = time ? time : f->time;
    if (column && span->from != NONE)
        sql_add(q, " AND {} >= {}", (struct sql_name){column}, span->from);
    if (column && span->to != NONE)
        sql_add(q, " AND {} < {}", (struct sql_name){column}, span->to);
    if (f->day && span->from != NONE)
        sql_add(q, " AND {} >= {}", (struct sql_name){f->day}, day_iso(ctx->arena, when_day(span->from)));
    if (f->day && span->to != NONE)
        sql_add(q, " AND {} < {}", (struct sql_name){f->day}, day_iso(ctx->arena, when_day(span->to)));
}

void figure_and_place(struct ctx *ctx, struct sql *q, const struct figure *f, const struct figure_span *span)
{
    struct sql_name area = {f->area}, category = {f->category};
    if (f->area && span->area == 0)
        sql_add(q, " AND {} IS NULL", area);
    else if (f->area && span->area != NONE)
        sql_add(q, " AND {} IN (SELECT a.id FROM areas a JOIN areas g ON a.path LIKE g.path || '%' WHERE g.id = {})", area, span->area);
    if (f->category && span->category == 0)
        sql_add(q, " AND {} IS NULL", category);
    else if (f->category && span->category != NONE)
        sql_add(q,
                " AND {} IN (SELECT id FROM categories WHERE id = {} OR parent = {}"
                " OR parent IN (SELECT id FROM categories WHERE parent = {}))",
                category, span->category, span->category, span->category);
    if (span->scoped && f->kind->scope)
        f->kind->scope(ctx, q);
}

void figure_where(struct ctx *ctx, struct sql *q, const struct figure *f, const struct figure_span *span, enum figure_part part)
{
    figure_and(ctx, q, f->among);
    figure_and(ctx, q, f->way == RATE ? f->of : f->counts);
    if (f->way == RATE && part == PART_COUNTED)
        figure_and(ctx, q, f->counts);
    if (f->way == RATE && part == PART_REST) { /* not NOT: what is unknown was not met either */
        sql_add(q, " AND CASE WHEN 1 = 1");
        figure_and(ctx, q, f->counts);
        sql_add(q, " THEN 0 ELSE 1 END = 1");
    }
    figure_and_time(ctx, q, f, NULL, span);
    figure_and_place(ctx, q, f, span);
}

/* SELECT what FROM table WHERE the part of the figure. */
static int64_t ask(struct ctx *ctx, const struct figure *f, const struct figure_span *span, enum figure_part part, const char *what)
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

/* Nearest rank: the smallest value such that at least that share of the values is not above it. */
static double ranked(struct ctx *ctx, const struct figure *f, const struct figure_span *span, int64_t n)
{
    int64_t rank = (n * (f->way == MEDIAN ? 50 : 90) + 99) / 100;
    bool behind = rank > n / 2; /* the shorter way */
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

struct figure_value figure_value(struct ctx *ctx, const struct figure *f, const struct figure_span *span)
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
            all = arena_print(ctx->arena, "%s%s%s", all, *all ? (ctx->lang[0] == 'e' ? ", " : "、") : "",
                              say_write(ctx, f->without[i].label, &count, 1));
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

const char *figure_show(struct ctx *ctx, const struct figure *f, double value)
{
    if (isnan(value))
        return "–";
    if (f->way == RATE)
        return arena_print(ctx->arena, "%.1f%%", value);
    if (f->way != EACH && (f->way == COUNT || f->way == DISTINCT || f->per <= 1))
        return figure_thousands(ctx, (int64_t)value);
    long long hundredths = llround(value * 100);
    return arena_print(ctx->arena, "%s.%02lld", figure_thousands(ctx, hundredths / 100), hundredths % 100);
}

static struct figure_value *values(struct ctx *ctx, const struct figure_span *span)
{
    int n = 0;
    while (figures_all()[n])
        n++;
    struct figure_value *v = ARENA_ARRAY(ctx->arena, struct figure_value, n + 1);
    figures_values(ctx, figures_all(), span, v);
    return v;
}

void figures_json(struct ctx *ctx, struct buf *out, const struct figure_span *span)
{
    const struct figure_value *v = values(ctx, span);
    buf_putc(out, '[');
    for (const struct figure *const *f = figures_all(); *f; f++, v++) {
        json(out, "{\"id\":{},\"ref\":{},\"title\":{},\"unit\":{},\"value\":{},\"numerator\":{},\"denominator\":{}}", (*f)->id, (*f)->ref,
             tr(ctx, (*f)->title), tr(ctx, (*f)->unit), v->value, (struct maybe){v->numerator}, (struct maybe){v->denominator});
        buf_puts(out, f[1] ? ",\n" : "");
    }
    buf_puts(out, "]\n");
}

void figures_text(struct ctx *ctx, struct buf *out, const struct figure_span *span)
{
    const struct figure_value *v = values(ctx, span);
    for (const struct figure *const *f = figures_all(); *f; f++, v++) {
        plain(out, "{}: {}", tr(ctx, (*f)->title), figure_show(ctx, *f, v->value));
        if ((*f)->way != RATE) /* which has its sign */
            plain(out, " {}", tr(ctx, (*f)->unit));
        if (v->denominator != NONE && v->numerator != NONE)
            plain(out, " ({} / {})", v->numerator, v->denominator);
        buf_putc(out, '\n');
    }
}

bool figure_period(struct ctx *ctx, const char *typed, bool last, int64_t *t)
{
    int64_t day;
    *t = NONE;
    if (!typed || !*typed)
        return true;
    if (!day_parse(typed, &day)) {
        ctx_problem(ctx, last ? "to" : "from", say(ctx, "“{}” is not a date; 2026-03-05 would be one.", typed));
        return false;
    }
    *t = when_day_start(last ? day + 1 : day);
    return true;
}

static int run_figures(struct ctx *ctx, const struct options *o)
{
    struct figure_span span = FIGURE_ALL;
    if (o->format && strcmp(o->format, "json") && strcmp(o->format, "text")) {
        ctx_problem(ctx, NULL, say(ctx, "The format is text or json."));
        return command_failed(ctx);
    }
    if (!figure_period(ctx, o->from, false, &span.from) || !figure_period(ctx, o->to, true, &span.to) ||
        install_open(ctx, o->data, DB_READ) != OK)
        return command_failed(ctx);
    struct buf out;
    buf_init(&out, 0);
    if (o->format && !strcmp(o->format, "json"))
        figures_json(ctx, &out, &span);
    else
        figures_text(ctx, &out, &span);
    if (db_status(ctx->db) != OK) {
        buf_release(&out);
        ctx_fail(ctx, db_status(ctx->db), NULL);
        return command_failed(ctx);
    }
    fwrite(out.data, 1, out.size, stdout);
    buf_release(&out);
    return 0;
}

static const struct command commands[] = {
    {"figures", "linli figures --data DIR [--from DATE] [--to DATE] [--format text|json]", .run = run_figures},
    {.name = NULL},
};

static void renew(struct ctx *ctx)
{
    figure_sums_renew(ctx);
}

static const struct job jobs[] = {{"figures", 5, renew, .here = true, .lane = LANE_SLOW}, {.name = NULL}};

const struct module figures_module = {.name = "figures", .commands = commands, .jobs = jobs};
