/*
 * Roll-up: a district compares the figures of its subdistricts, with totals.
 * Each child's figures are calculated in its own database by the same
 * definitions. A total rate is the sum of numerators over the sum of
 * denominators. What can't be added (medians, distinct people) has no total. A
 * child that can't be read is shown as missing, also beside the totals.
 *
 * Counting opens other databases, so a job does it: always for this year, for
 * another period on request. The page shows the latest result. A cached roll-
 * up owns its arena; it is replaced under the lock, and drawn from a copy.
 */
#include "pages/rollup.h"

#include "pages/figures_pages.h"
#include "core/module.h"
#include "base/when.h"
#include "kind/area.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define MAY       (ROLE_OFFICE | ROLE_LEADER | ROLE_AUDITOR)
#define KEPT_MOST 64
#define FRESH     300   /* seconds */
#define FORGOTTEN 86400 /* seconds after which an unused period is dropped */

struct child {
    const char *name, *store, *title, *title_en;
    bool reached;
    struct figure_value *values;
};

struct rollup {
    const struct site *site;
    int64_t from, to, asked, as_of; /* as_of 0: not counted yet */
    struct arena *arena;
    struct child *children;
    int count;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct rollup kept[KEPT_MOST];

static int figure_count(void)
{
    int n = 0;
    while (figures_all()[n])
        n++;
    return n;
}

static struct figure_span this_year(int64_t now)
{
    struct civil c = civil_from_when(now);
    struct figure_span span = FIGURE_ALL;
    span.from = when_day_start(day_of(c.year, 1, 1));
    span.to = when_day_start(day_of(c.year + 1, 1, 1));
    return span;
}

/* ---- what is kept: under the lock ---- */

static struct rollup *find(const struct site *site, int64_t from, int64_t to)
{
    for (int i = 0; i < KEPT_MOST; i++)
        if (kept[i].site == site && kept[i].from == from && kept[i].to == to)
            return &kept[i];
    return NULL;
}

/* Returns the entry of a period; if there is none, replaces the one that was used longest ago. */
static struct rollup *ask(const struct site *site, int64_t from, int64_t to, int64_t now)
{
    struct rollup *r = find(site, from, to);
    if (!r) {
        r = &kept[0];
        for (int i = 1; i < KEPT_MOST; i++)
            if (kept[i].asked < r->asked)
                r = &kept[i];
        if (r->arena)
            arena_free(r->arena);
        *r = (struct rollup){.site = site, .from = from, .to = to};
    }
    r->asked = now;
    return r;
}

/* ---- counting ---- */

/* A parent that is closing does not wait for its children. */
static void count_child(const struct site *parent, struct arena *a, struct child *c,
                        const struct figure_span *span, int64_t now)
{
    const char *why = NULL;
    struct ctx ctx;
    ctx_init(&ctx, arena_new());
    ctx.now = now;
    ctx.db = atomic_load(&parent->closing) ? NULL : db_open(c->store, DB_READ, ctx.arena, &why);
    c->values = ARENA_ARRAY(a, struct figure_value, figure_count() + 1);
    if (ctx.db && db_begin(ctx.db) == OK) {
        figures_values(&ctx, figures_all(), span, c->values);
        struct area_names top = area_top(ctx.db, a);
        c->title = top.name;
        c->title_en = top.name_en;
        c->reached = db_status(ctx.db) == OK;
        db_rollback(ctx.db);
    }
    db_close(ctx.db);
    arena_free(ctx.arena);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct site_child *)a)->name, ((const struct site_child *)b)->name);
}

static int children_of(const struct ctx *ctx, struct arena *a, struct site_child *list)
{
    int n = ctx->site->children(ctx->site, a, list, SITE_CHILDREN);
    qsort(list, (size_t)n, sizeof *list, by_name);
    return n;
}

/* Returns whether a child was added, removed or renamed since r was counted. */
static bool others(const struct rollup *r, const struct site_child *list, int count)
{
    if (r->count != count)
        return true;
    for (int i = 0; i < count; i++)
        if (strcmp(r->children[i].name, list[i].name) != 0 ||
            strcmp(r->children[i].store, list[i].store) != 0)
            return true;
    return false;
}

static void count_all(struct ctx *ctx, int64_t from, int64_t to)
{
    struct site_child list[SITE_CHILDREN];
    struct rollup made = {
        .site = ctx->site, .from = from, .to = to, .as_of = ctx->now, .arena = arena_new()};
    struct figure_span span = FIGURE_ALL;
    span.from = from;
    span.to = to;
    made.count = children_of(ctx, made.arena, list);
    made.children = ARENA_ARRAY(made.arena, struct child, made.count + 1);
    for (int i = 0; i < made.count; i++) {
        made.children[i] = (struct child){.name = list[i].name, .store = list[i].store};
        count_child(ctx->site, made.arena, &made.children[i], &span, ctx->now);
    }
    pthread_mutex_lock(&lock);
    struct rollup *r = find(ctx->site, from, to);
    struct arena *old = r ? r->arena : made.arena;
    if (r) {
        made.asked = r->asked;
        *r = made;
    }
    pthread_mutex_unlock(&lock);
    if (old)
        arena_free(old);
}

static void run(struct ctx *ctx)
{
    struct site_child list[SITE_CHILDREN];
    int count = ctx->site->children ? children_of(ctx, ctx->arena, list) : 0;
    if (count == 0)
        return;
    struct figure_span year = this_year(ctx->now);
    pthread_mutex_lock(&lock);
    if (!find(ctx->site, year.from, year.to))
        ask(ctx->site, year.from, year.to, ctx->now);
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < KEPT_MOST; i++) {
        pthread_mutex_lock(&lock);
        struct rollup r = kept[i];
        bool stale = r.site == ctx->site &&
                     (ctx->now >= r.as_of + FRESH || others(&kept[i], list, count));
        pthread_mutex_unlock(&lock);
        bool wanted = ctx->now < r.asked + FORGOTTEN || (r.from == year.from && r.to == year.to);
        if (stale && wanted)
            count_all(ctx, r.from, r.to);
    }
}

/* ---- the page ---- */

/* A copy in ctx's arena; as_of 0 if it is being counted. */
static struct rollup take(struct ctx *ctx, const struct figure_span *span)
{
    pthread_mutex_lock(&lock);
    struct rollup *from = ask(ctx->site, span->from, span->to, ctx->now), r = *from;
    int figures = figure_count();
    r.children = ARENA_ARRAY(ctx->arena, struct child, r.count + 1);
    for (int i = 0; i < r.count; i++) {
        const struct child *c = &from->children[i];
        r.children[i] = (struct child){arena_copy(ctx->arena, c->name),
                                       arena_copy(ctx->arena, c->store),
                                       c->title ? arena_copy(ctx->arena, c->title) : NULL,
                                       c->title_en ? arena_copy(ctx->arena, c->title_en) : NULL,
                                       c->reached,
                                       ARENA_ARRAY(ctx->arena, struct figure_value, figures + 1)};
        memcpy(r.children[i].values, c->values, sizeof *c->values * (size_t)figures);
    }
    pthread_mutex_unlock(&lock);
    return r;
}

static void put_value(struct ctx *ctx, const struct figure *f, const struct figure_value *v)
{
    struct buf *out = ctx->web->out;
    html(out, "<b>{}</b>", figure_show(ctx, f, v->value));
    if (f->way == RATE)
        html(out, "<br><span class=\"small soft\">{} ÷ {}</span>",
             figure_thousands(ctx, v->numerator), figure_thousands(ctx, v->denominator));
}

/* Sums the children that could be read. */
static struct figure_value sum_of(const struct rollup *r, const struct figure *f, int figure)
{
    struct figure_value sum = {.value = 0};
    bool any = false;
    for (int i = 0; i < r->count; i++) {
        const struct figure_value *v = &r->children[i].values[figure];
        if (!r->children[i].reached)
            continue;
        sum.numerator += v->numerator == NONE ? 0 : v->numerator;
        sum.denominator += v->denominator == NONE ? 0 : v->denominator;
        if (!isnan(v->value)) {
            sum.value += v->value;
            any = true;
        }
    }
    if (f->way == RATE)
        sum.value = sum.denominator ? 100.0 * (double)sum.numerator / (double)sum.denominator : NAN;
    else if (!any)
        sum.value = NAN;
    return sum;
}

static void draw_row(struct ctx *ctx, const struct rollup *r, const struct figure *f, int figure)
{
    struct buf *out = ctx->web->out;
    bool adds = f->way == COUNT || f->way == RATE || f->way == SUM;
    html(out, "<tr><th scope=\"row\">{}", tr(ctx, f->title));
    if (f->way != RATE)
        html(out, " <span class=\"small soft\">{}</span>", tr(ctx, f->unit));
    html(out, "</th><td class=\"num\">");
    struct figure_value sum = sum_of(r, f, figure);
    if (adds)
        put_value(ctx, f, &sum);
    else
        html(out, "<span class=\"soft\">{}</span>", say(ctx, "can’t be totalled"));
    html(out, "</td>");
    for (int i = 0; i < r->count; i++) {
        html(out, "<td class=\"num\">");
        if (r->children[i].reached)
            put_value(ctx, f, &r->children[i].values[figure]);
        else
            html(out, "<span class=\"late\">{}</span>", say(ctx, "not available"));
        html(out, "</td>");
    }
    html(out, "</tr>");
}

static void draw_table(struct ctx *ctx, const struct rollup *r, const struct figure_span *span)
{
    struct buf *out = ctx->web->out;
    int missing = 0;
    for (int i = 0; i < r->count; i++)
        missing += !r->children[i].reached;
    if (missing)
        html(
            out, "<div class=\"notice warn\">{}<div><p>{}</p></div></div>",
            icon(ctx, "alert-triangle"),
            say(ctx,
                "{} of {} could not be read. They are left out of the totals, not counted as zero.",
                missing, r->count));
    scroll_begin(ctx, say(ctx, "All subdistricts"));
    html(out,
         "<table class=\"plain\"><caption>{}</caption><thead><tr><th>{}</th><th "
         "class=\"num\">{}</th>",
         span_words(ctx, span), say(ctx, "Indicator"),
         missing ? say(ctx, "Total ({} of {})", r->count - missing, r->count) : say(ctx, "Total"));
    for (int i = 0; i < r->count; i++) {
        const struct child *c = &r->children[i];
        html(out, "<th class=\"num\" scope=\"col\">{} <span class=\"small soft\">{}</span></th>",
             c->title ? ctx_pick(ctx, c->title, c->title_en) : "", c->name);
    }
    html(out, "</tr></thead><tbody>");
    for (int i = 0; i < figure_count(); i++)
        draw_row(ctx, r, figures_all()[i], i);
    html(out, "</tbody></table>");
    scroll_end(ctx);
    html(out, "<p class=\"small soft\">{} {}</p>",
         say(ctx,
             "Rates are total numerators divided by total denominators, not averages of rates."),
         say(ctx, "Calculated at {}.", when_show(ctx->arena, ctx->lang, r->as_of)));
}

bool rollup_may(struct ctx *ctx)
{
    return (ctx->actor.roles & MAY) && ctx->site->children &&
           ctx->site->children(ctx->site, NULL, NULL, 0) > 0;
}

static void page(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    struct figure_span span = span_asked(ctx), year = this_year(ctx->now);
    if (!rollup_may(ctx)) {
        ctx_fail(ctx, NOT_FOUND, NULL);
        return;
    }
    if (span.from == NONE && span.to == NONE && !query_param(ctx, "from"))
        span = year;
    page_begin(ctx, say(ctx, "All subdistricts"), PAGE_STAFF | PAGE_WIDE);
    trail(ctx, "/figures", say(ctx, "Performance report"));
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>",
         say(ctx, "All subdistricts"),
         say(ctx, "Each subdistrict counts its own records, using the same definitions."));
    form_problems(ctx);
    ctx->status = OK; /* the problem is shown above; the page is complete */
    html(out, "<form class=\"bar\" action=\"/rollup\">");
    span_inputs(ctx, &span);
    html(out, "<button>{}</button></form>", say(ctx, "Show period"));
    struct site_child list[SITE_CHILDREN];
    int count = children_of(ctx, ctx->arena, list);
    struct rollup r = take(ctx, &span);
    bool ready = r.as_of && !others(&r, list, count);
    if (fragment_begin(ctx, "rollup")) {
        html(out, "<section id=\"rollup\">");
        if (ready)
            draw_table(ctx, &r, &span);
        else
            html(out, "<p role=\"status\" data-again=\"1\">{} {}</p>", icon(ctx, "clock"),
                 say(ctx,
                     "Collecting data. This takes a moment; the page will update automatically."));
        html(out, "</section>");
        fragment_end(ctx);
    }
    page_end(ctx);
    if (!ready && ctx->site->stir)
        ctx->site->stir(ctx->site);
}

static const struct job jobs[] = {
    {"rollup asked for", 0, run, .here = true, .lane = LANE_SLOW},
    {"rollup", 15, run, .here = true, .lane = LANE_SLOW},
    {.name = NULL},
};
static const struct route table[] = {ROUTE_GET("/rollup", MAY, page)};

const struct module rollup_module = {.name = "rollup", .routes = ROUTES(table), .jobs = jobs};
