/*
 * Counts many figures at once. A pass is one statement over one table and one
 * time column that adds up all conditions, by area and category or overall.
 * Passes are cached with their audit log number. A pass with the current
 * number is valid; a cheap one is recalculated at once; an expensive one is
 * shown with its time, and the job recalculates it. So a small community
 * always sees current numbers, and a million requests are shown without
 * waiting.
 *
 * The cache belongs to the process, under one lock; results are copied into
 * the context's arena. Expensive passes are also stored from time to time: a
 * server that has just started shows those, with their time, and recalculates
 * them.
 */
#include "core/figures.h"

#include "core/module.h"
#include "base/when.h"
#include "db/journal.h"

#include <math.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TERMS_MOST  48  /* of one pass */
#define PASSES_MOST 192 /* kept */
#define SHARE       20  /* the share of one thread that recalculating takes: one in this many */
#define RENEWING    250 /* milliseconds, about, until the next pause */
#define FORGOTTEN \
    (2 * WHEN_HOUR)      /* seconds after which an unused pass is not recalculated any more */
#define STORED_EVERY 600 /* seconds */
#define STORED_MOST \
    (7 * WHEN_DAY) /* seconds after which a stored pass that was not stored again is deleted */

/* One sum: of 1 or of the value, over the records that fulfil all conditions. */
struct term {
    const char *conditions[3];
    const char *value;
};

struct pass {
    const struct figure *like; /* kind, among, time, day, area and category of its figures */
    const char *time;          /* the column that decides the period */
    bool outside; /* sums what its figures leave out: the records outside their among */
    bool flat;    /* one sum each, not one for each area and category */
    struct figure_span span;
    struct term terms[TERMS_MOST];
    int term_count;
    const struct figure
        *alone; /* a figure that can't be added up (a median), calculated by itself */
};

struct cells {
    int64_t *rows; /* area, category, sums…; width: values in a row */
    int count, width;
};

struct kept {
    struct pass pass;
    const struct site *site;
    struct cells cells;
    int64_t seq, as_of, asked; /* audit log number; seconds */
    int64_t stored;            /* when it was last stored; 0: never */
    double ms;
};

double figure_sums_cheap = 15;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct kept *kept[PASSES_MOST];
static int kept_count;

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && !strcmp(a, b));
}

static bool span_same(const struct figure_span *a, const struct figure_span *b)
{
    return a->from == b->from && a->to == b->to && a->area == b->area &&
           a->category == b->category && a->scoped == b->scoped;
}

static bool pass_same(const struct pass *a, const struct pass *b)
{
    if (a->like->kind != b->like->kind ||
        !same_text(a->outside ? NULL : a->like->among, b->outside ? NULL : b->like->among) ||
        !same_text(a->time, b->time) || !same_text(a->like->day, b->like->day) ||
        a->flat != b->flat || a->alone != b->alone || a->term_count != b->term_count ||
        !span_same(&a->span, &b->span))
        return false;
    return !memcmp(a->terms, b->terms, sizeof *a->terms * (size_t)a->term_count);
}

static void write_term(struct ctx *ctx, struct sql *q, const struct term *t)
{
    sql_add(q, "coalesce(sum(CASE WHEN 1 = 1");
    for (int i = 0; i < 3; i++)
        figure_and(ctx, q, t->conditions[i]);
    sql_add(q, " THEN ");
    sql_write(q, t->value ? t->value : "1", NULL, 0);
    sql_add(q, " ELSE 0 END), 0)");
}

/* A missing column counts as "none". */
static void write_column(struct sql *q, const char *column)
{
    if (column)
        sql_add(q, "coalesce({}, 0)", (struct sql_name){column});
    else
        sql_add(q, "0");
}

/* The layout of a row for such a figure: the value's bits, then the parts. */
enum { ALONE_VALUE, ALONE_NUMERATOR, ALONE_DENOMINATOR, ALONE_WIDTH };

static struct cells alone_count(struct ctx *ctx, const struct pass *p)
{
    struct figure_value v = figure_value(ctx, p->alone, &p->span);
    struct cells c = {
        .rows = must_alloc(sizeof *c.rows * ALONE_WIDTH), .count = 1, .width = ALONE_WIDTH};
    memcpy(&c.rows[ALONE_VALUE], &v.value, sizeof v.value);
    c.rows[ALONE_NUMERATOR] = v.numerator;
    c.rows[ALONE_DENOMINATOR] = v.denominator;
    return c;
}

static struct cells pass_count(struct ctx *ctx, const struct pass *p)
{
    struct sql q;
    struct cells c = {.width = 2 + p->term_count};
    int room = 0;
    if (p->alone)
        return alone_count(ctx, p);
    sql_init(&q, ctx->arena);
    sql_add(&q, "SELECT ");
    write_column(&q, p->flat ? NULL : p->like->area);
    sql_add(&q, " AS area, ");
    write_column(&q, p->flat ? NULL : p->like->category);
    sql_add(&q, " AS category");
    for (int i = 0; i < p->term_count; i++) {
        sql_add(&q, ", ");
        write_term(ctx, &q, &p->terms[i]);
        sql_add(&q, " AS {}", (struct sql_name){arena_print(ctx->arena, "t%d", i)});
    }
    sql_add(&q, " FROM {} WHERE 1 = 1", (struct sql_name){p->like->kind->table});
    figure_and(ctx, &q, p->outside ? NULL : p->like->among);
    figure_and_time(ctx, &q, p->like, p->time, &p->span);
    figure_and_place(ctx, &q, p->like, &p->span);
    if (!p->flat)
        sql_add(&q, " GROUP BY 1, 2");
    struct rows *r = sql_query(ctx->db, &q);
    while (rows_next(r)) {
        if (c.count == room) {
            room = room ? room * 2 : 64;
            c.rows = must_grow(c.rows, sizeof *c.rows * (size_t)room * (size_t)c.width);
        }
        for (int i = 0; i < c.width; i++)
            c.rows[c.count * c.width + i] = row_int_at(r, i);
        c.count++;
    }
    return c;
}

static struct cells copy(struct arena *a, const struct cells *c)
{
    struct cells made = *c;
    size_t size = sizeof *c->rows * (size_t)c->count * (size_t)c->width;
    made.rows = arena_alloc(a, size ? size : 1);
    if (size)
        memcpy(made.rows, c->rows, size);
    return made;
}

/* Call under the lock. */
static struct kept *kept_find(const struct site *site, const struct pass *p)
{
    for (int i = 0; i < kept_count; i++)
        if (kept[i]->site == site && pass_same(&kept[i]->pass, p))
            return kept[i];
    return NULL;
}

/* Call under the lock. Returns a free place, otherwise that of the pass that was unused for
 * longest. */
static struct kept *kept_place(void)
{
    int oldest = 0;
    if (kept_count < PASSES_MOST)
        return kept[kept_count++] = must_alloc(sizeof **kept);
    for (int i = 1; i < kept_count; i++) {
        /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): all places are taken */
        if (kept[i]->asked < kept[oldest]->asked)
            oldest = i;
    }
    free(kept[oldest]->cells.rows);
    *kept[oldest] = (struct kept){.ms = 0};
    return kept[oldest];
}

/* Takes over the cells' rows; asked and stored of 0 leave the old values. */
static void keep(struct ctx *ctx, struct kept fresh)
{
    pthread_mutex_lock(&lock);
    struct kept *k = kept_find(ctx->site, &fresh.pass);
    if (!k)
        k = kept_place();
    if (!fresh.asked)
        fresh.asked = k->asked ? k->asked : ctx->now;
    if (!fresh.stored)
        fresh.stored = k->stored;
    free(k->cells.rows);
    *k = fresh;
    k->site = ctx->site;
    pthread_mutex_unlock(&lock);
}

static bool kept_serve(struct ctx *ctx, const struct pass *p, int64_t seq, struct cells *out,
                       int64_t *as_of)
{
    pthread_mutex_lock(&lock);
    struct kept *k = kept_find(ctx->site, p);
    /* Some conditions contain the current time, so a cached pass is used for at most a minute. */
    bool good = k && ((k->seq == seq && ctx->now < k->as_of + 60) || k->ms > figure_sums_cheap);
    if (good) {
        *out = copy(ctx->arena, &k->cells);
        *as_of = k->seq == seq ? ctx->now : k->as_of;
        k->asked = ctx->now;
    }
    pthread_mutex_unlock(&lock);
    return good;
}

/* ---- stored ---- */

/* The name contains everything that defines a pass, so a condition changed in the program has
 * another name. */
static const char *pass_name(struct ctx *ctx, const struct pass *p)
{
    struct buf b;
    const struct figure *f = p->like;
    unsigned char hash[16];
    char *name = arena_alloc(ctx->arena, sizeof hash * 2 + 1);
    buf_init(&b, 0);
    json(&b, "{},{},{},{},{},{},{},{},", f->kind->name, p->outside ? NULL : f->among, p->time,
         f->day, f->area, f->category, p->flat, p->outside);
    json(&b, "{},{},{},{}", p->span.from, p->span.to, p->span.area, p->span.category);
    if (p->alone)
        json(&b, ",{},{},{},{}", p->alone->id, p->alone->counts, p->alone->of, p->alone->value);
    for (int i = 0; i < p->term_count; i++)
        json(&b, ",{},{},{},{}", p->terms[i].conditions[0], p->terms[i].conditions[1],
             p->terms[i].conditions[2], p->terms[i].value);
    crypto_generichash(hash, sizeof hash, (const unsigned char *)b.data, b.size, NULL, 0);
    buf_release(&b);
    return sodium_bin2hex(name, sizeof hash * 2 + 1, hash, sizeof hash);
}

/* Loads what an earlier run of the program stored of this pass. */
static bool recall(struct ctx *ctx, const struct pass *p)
{
    struct rows *r = query(ctx->db,
                           "SELECT seq, as_of, ms, width, cells FROM figure_sums WHERE pass = {}",
                           pass_name(ctx, p));
    if (!rows_next(r))
        return false;
    struct bytes b = row_bytes(r, "cells");
    int width = p->alone ? ALONE_WIDTH : 2 + p->term_count;
    size_t row = sizeof(int64_t) * (size_t)width;
    bool good = row_int(r, "width") == width && b.size % row == 0;
    if (good) {
        struct cells c = {
            .rows = must_alloc(b.size ? b.size : 1), .count = (int)(b.size / row), .width = width};
        if (b.size)
            memcpy(c.rows, b.data, b.size);
        keep(ctx, (struct kept){.pass = *p,
                                .cells = c,
                                .seq = row_int(r, "seq"),
                                .as_of = row_int(r, "as_of"),
                                .asked = ctx->now,
                                .stored = row_int(r, "as_of"),
                                .ms = (double)row_int(r, "ms")});
    }
    rows_end(r);
    return good;
}

static void store_one(struct ctx *ctx)
{
    const struct kept *k = ctx->work;
    const char *name = pass_name(ctx, &k->pass);
    struct bytes cells = {k->cells.rows,
                          sizeof *k->cells.rows * (size_t)k->cells.count * (size_t)k->cells.width};
    change(ctx->db, "DELETE FROM figure_sums WHERE pass = {} OR as_of < {}", name,
           ctx->now - STORED_MOST);
    change(ctx->db,
           "INSERT INTO figure_sums (pass, seq, as_of, ms, width, cells) VALUES ({}, {}, {}, {}, "
           "{}, {})",
           name, k->seq, k->as_of, (int64_t)k->ms, k->cells.width, cells);
}

static void store_costly(struct ctx *ctx)
{
    for (int i = 0; i < PASSES_MOST && ctx->status == OK; i++) {
        struct kept one = {.site = NULL};
        pthread_mutex_lock(&lock);
        struct kept *k = i < kept_count ? kept[i] : NULL;
        if (k && k->site == ctx->site && k->ms > figure_sums_cheap && k->as_of > k->stored &&
            ctx->now >= k->stored + STORED_EVERY) {
            k->stored = ctx->now;
            one = *k;
            one.cells = copy(ctx->arena, &k->cells);
        }
        pthread_mutex_unlock(&lock);
        ctx->work = &one;
        if (one.site)
            writer_call(ctx, store_one);
    }
}

/* Passes with a scope (it differs between actors) and those of a command (it runs once) are
 * never cached. */
static struct cells pass_run(struct ctx *ctx, const struct pass *p, int64_t *as_of)
{
    bool keeping = ctx->site && !p->span.scoped;
    int64_t seq = keeping ? journal_newest(ctx->db) : 0;
    struct cells c;
    *as_of = ctx->now;
    if (keeping && (kept_serve(ctx, p, seq, &c, as_of) ||
                    (recall(ctx, p) && kept_serve(ctx, p, seq, &c, as_of))))
        return c;
    double start = now_ms();
    c = pass_count(ctx, p);
    struct cells mine = copy(ctx->arena, &c);
    if (keeping && db_status(ctx->db) == OK)
        keep(ctx, (struct kept){.pass = *p,
                                .cells = c,
                                .seq = seq,
                                .as_of = ctx->now,
                                .asked = ctx->now,
                                .ms = now_ms() - start});
    else
        free(c.rows);
    return mine;
}

/* Call under the lock. Returns the outdated expensive pass that was calculated longest ago. */
static const struct kept *due(const struct ctx *ctx, int64_t seq)
{
    const struct kept *oldest = NULL;
    for (int i = 0; i < kept_count; i++) {
        const struct kept *k = kept[i];
        if (k->site == ctx->site && k->ms > figure_sums_cheap && ctx->now < k->asked + FORGOTTEN &&
            (k->seq != seq || ctx->now >= k->as_of + 60) &&
            (double)(ctx->now - k->as_of) * 1e3 > SHARE * k->ms &&
            (!oldest || k->as_of < oldest->as_of))
            oldest = k;
    }
    return oldest;
}

void figure_sums_renew(struct ctx *ctx)
{
    static int64_t since, until; /* pauses the one thread that recalculates, so that it takes one in
                                    SHARE of the time */
    int64_t seq = journal_newest(ctx->db);
    double spent = 0;
    while ((ctx->now < since || ctx->now >= until) && spent < RENEWING) {
        pthread_mutex_lock(&lock);
        const struct kept *k = due(ctx, seq);
        struct pass p = k ? k->pass : (struct pass){.like = NULL};
        pthread_mutex_unlock(&lock);
        if (!k)
            break;
        double start = now_ms();
        struct cells c = pass_count(ctx, &p);
        if (db_status(ctx->db) != OK) {
            free(c.rows);
            return;
        }
        double ms = now_ms() - start;
        spent += ms;
        keep(ctx, (struct kept){.pass = p, .cells = c, .seq = seq, .as_of = ctx->now, .ms = ms});
    }
    if (spent > 0) {
        since = ctx->now;
        until = ctx->now + (int64_t)(SHARE * spent / 1e3);
    }
    store_costly(ctx);
}

/* ---- from figures to passes ---- */

static bool pass_fits(const struct pass *p, const struct figure *f, const char *time, bool outside)
{
    return p->like->kind == f->kind &&
           same_text(p->outside ? NULL : p->like->among, outside ? NULL : f->among) &&
           same_text(p->time, time) && same_text(p->like->day, f->day) &&
           same_text(p->like->area, f->area) && same_text(p->like->category, f->category) &&
           p->term_count + 2 <= TERMS_MOST;
}

struct plan {
    struct pass *passes;
    int count, room;
    bool flat;
    struct figure_span span;
};

struct place_of {
    int pass, term;
};

static struct place_of plan_add(struct plan *plan, const struct figure *f, const char *time,
                                bool outside, struct term t)
{
    int i = 0;
    while (i < plan->count && !pass_fits(&plan->passes[i], f, time, outside))
        i++;
    if (i == plan->count)
        plan->passes[plan->count++] = (struct pass){
            .like = f, .time = time, .outside = outside, .flat = plan->flat, .span = plan->span};
    struct pass *p = &plan->passes[i];
    for (int k = 0; k < p->term_count; k++)
        if (!memcmp(&p->terms[k], &t, sizeof t))
            return (struct place_of){i, k};
    p->terms[p->term_count] = t;
    return (struct place_of){i, p->term_count++};
}

static bool additive(const struct figure *f)
{
    return f->way == COUNT || f->way == RATE || f->way == SUM;
}

static struct place_of plan_numerator(struct plan *plan, const struct figure *f)
{
    return plan_add(
        plan, f, f->time, false,
        (struct term){{f->way == RATE ? f->of : NULL, f->counts}, f->way == SUM ? f->value : NULL});
}

static struct place_of plan_denominator(struct plan *plan, const struct figure *f)
{
    return plan_add(plan, f, f->time, false, (struct term){{f->of}, NULL});
}

/* The indexes of one figure's parts in the plan. */
struct parts {
    struct place_of numerator, denominator, left_out[FIGURE_WITHOUT_MOST];
};

static struct parts plan_figure(struct plan *plan, const struct figure *f)
{
    struct parts at = {{-1, 0}, {-1, 0}, {{-1, 0}, {-1, 0}, {-1, 0}, {-1, 0}}};
    if (additive(f))
        at.numerator = plan_numerator(plan, f);
    if (f->way == RATE)
        at.denominator = plan_denominator(plan, f);
    for (int i = 0; f->without && f->without[i].label; i++)
        at.left_out[i] = plan_add(plan, f, f->without[i].time ? f->without[i].time : f->time,
                                  f->without[i].time != NULL,
                                  (struct term){{f->without[i].condition}, NULL});
    return at;
}

struct figure_sums figure_sums(struct ctx *ctx, const struct figure *const *list, int count,
                               int64_t from, int64_t to)
{
    struct plan plan = {.passes = ARENA_ARRAY(ctx->arena, struct pass, count * FIGURE_PARTS + 1),
                        .span = {from, to, NONE, NONE, false}};
    struct place_of *at = ARENA_ARRAY(ctx->arena, struct place_of, FIGURE_PARTS * count + 1);
    struct figure_sums out = {.as_of = ctx->now};
    for (int i = 0; i < count; i++) {
        struct parts f = plan_figure(&plan, list[i]);
        at[FIGURE_PARTS * i] = f.numerator;
        at[FIGURE_PARTS * i + 1] = f.denominator;
        memcpy(&at[FIGURE_PARTS * i + 2], f.left_out, sizeof f.left_out);
    }
    for (int p = 0; p < plan.count; p++) {
        int64_t as_of;
        struct cells c = pass_run(ctx, &plan.passes[p], &as_of);
        out.as_of = as_of < out.as_of ? as_of : out.as_of;
        struct figure_cell *cells = ARENA_ARRAY(ctx->arena, struct figure_cell,
                                                out.count + c.count + 1);
        if (out.count)
            memcpy(cells, out.cells, sizeof *cells * (size_t)out.count);
        out.cells = cells;
        for (int r = 0; r < c.count; r++) {
            const int64_t *row = c.rows + (ptrdiff_t)r * c.width;
            struct figure_cell *cell = &cells[out.count++];
            *cell = (struct figure_cell){.area = row[0], .category = row[1]};
            for (int i = 0; i < FIGURE_PARTS * count; i++)
                if (at[i].pass == p)
                    cell->sums[i] = row[2 + at[i].term];
        }
    }
    return out;
}

static int64_t sum_at(const struct cells *all, struct place_of at)
{
    return at.pass < 0 || all[at.pass].count == 0 ? 0 : all[at.pass].rows[2 + at.term];
}

static struct figure_value alone(struct ctx *ctx, const struct figure *f,
                                 const struct figure_span *span, int64_t *as_of)
{
    struct figure_value v = {.value = NAN};
    struct cells c = pass_run(
        ctx, &(struct pass){.like = f, .alone = f, .flat = true, .span = *span}, as_of);
    memcpy(&v.value, &c.rows[ALONE_VALUE], sizeof v.value);
    v.numerator = c.rows[ALONE_NUMERATOR];
    v.denominator = c.rows[ALONE_DENOMINATOR];
    return v;
}

int64_t figures_values(struct ctx *ctx, const struct figure *const *list,
                       const struct figure_span *span, struct figure_value *values)
{
    int n = 0;
    while (list[n])
        n++;
    struct plan plan = {
        .passes = ARENA_ARRAY(ctx->arena, struct pass, n * (1 + FIGURE_WITHOUT_MOST) + 1),
        .flat = true,
        .span = *span};
    struct parts *at = ARENA_ARRAY(ctx->arena, struct parts, n + 1);
    int64_t oldest = ctx->now, as_of;
    for (int i = 0; i < n; i++)
        at[i] = plan_figure(&plan, list[i]);
    struct cells *cells = ARENA_ARRAY(ctx->arena, struct cells, plan.count + 1);
    for (int p = 0; p < plan.count; p++) {
        cells[p] = pass_run(ctx, &plan.passes[p], &as_of);
        oldest = as_of < oldest ? as_of : oldest;
    }
    as_of = ctx->now;
    for (int i = 0; i < n; i++) {
        const struct figure *f = list[i];
        int64_t part = sum_at(cells, at[i].numerator), of = sum_at(cells, at[i].denominator);
        if (f->way == COUNT)
            values[i] = (struct figure_value){(double)part, part, NONE, {0}};
        else if (f->way == SUM)
            values[i] = (struct figure_value){
                (double)part / (double)(f->per ? f->per : 1), NONE, NONE, {0}};
        else if (f->way == RATE)
            values[i] = (struct figure_value){
                of ? 100.0 * (double)part / (double)of : NAN, part, of, {0}};
        else
            values[i] = alone(ctx, f, span, &as_of);
        oldest = as_of < oldest ? as_of : oldest;
        for (int w = 0; w < FIGURE_WITHOUT_MOST; w++)
            values[i].left_out[w] = sum_at(cells, at[i].left_out[w]);
    }
    return oldest;
}

static void renew(struct ctx *ctx)
{
    figure_sums_renew(ctx);
}

static const struct job jobs[] = {{"figures", 5, renew, .here = true, .lane = LANE_SLOW},
                                  {.name = NULL}};

const struct module figures_module = {.name = "figures", .jobs = jobs};
