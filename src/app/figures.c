/*
 * The requests' figures and how they are computed, always from the records.
 * Rates state their denominators; percentiles are by nearest rank.
 */
#include "app/figures.h"

#include "app/install.h"
#include "app/module.h"
#include "base/when.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define OPEN "status NOT IN ('closed', 'merged')"
#define CALLED "status = 'closed' AND solved IS NOT NULL"

const struct figure figures[] = {
    {"requests.received", NULL, N_("Requests received"), N_("requests"), COUNT, "status <> 'merged'", NULL, NULL, "received_at"},
    {"requests.open", NULL, N_("Requests open"), N_("requests"), COUNT, OPEN, NULL, NULL, "received_at"},
    {"requests.closed", NULL, N_("Requests closed"), N_("requests"), COUNT, "status = 'closed'", NULL, NULL, "closed_at"},
    {"requests.solved", "F21", N_("Problems solved"), N_("problems"), COUNT, "status = 'closed' AND solved = 'yes'", NULL, NULL, "closed_at"},
    {"requests.contacted_in_time", NULL, N_("First contact in time"), N_("%"), RATE,
     "first_contact_at <= first_contact_due", "first_contact_due IS NOT NULL AND status <> 'merged'", NULL, "received_at"},
    {"requests.on_time", NULL, N_("Answered in time"), N_("%"), RATE, "answered_at <= due",
     "due IS NOT NULL AND status <> 'merged'", NULL, "due"},
    {"requests.solved_rate", NULL, N_("Solved, of those asked"), N_("%"), RATE, "solved = 'yes'", CALLED, NULL, "closed_at"},
    {"requests.satisfied_rate", NULL, N_("Satisfied, of those asked"), N_("%"), RATE, "satisfaction >= 4", CALLED, NULL, "closed_at"},
    {"requests.reworked_rate", NULL, N_("Handled again, of the closed"), N_("%"), RATE, "reopened > 0", "status = 'closed'", NULL, "closed_at"},
    {"requests.reply_days_median", NULL, N_("Days to the reply, median"), N_("days"), MEDIAN,
     "answered_at IS NOT NULL AND answered_at >= received_at", NULL, "(answered_at - received_at)", "answered_at"},
    {"requests.reply_days_p90", NULL, N_("Days to the reply, 90th percentile"), N_("days"), PERCENTILE_90,
     "answered_at IS NOT NULL AND answered_at >= received_at", NULL, "(answered_at - received_at)", "answered_at"},
    {.id = NULL},
};

static void condition(struct sql *q, const struct figure *f, int64_t from, int64_t to, const char *extra)
{
    sql_add(q, " FROM requests WHERE (");
    sql_write(q, f->way == RATE ? f->of : f->counts, NULL, 0);
    sql_add(q, ")");
    if (extra) {
        sql_add(q, " AND (");
        sql_write(q, extra, NULL, 0);
        sql_add(q, ")");
    }
    if (from != NONE)
        sql_add(q, " AND {} >= {}", (struct sql_name){f->time}, from);
    if (to != NONE)
        sql_add(q, " AND {} < {}", (struct sql_name){f->time}, to);
}

static int64_t count(struct ctx *ctx, const struct figure *f, int64_t from, int64_t to, const char *extra)
{
    struct sql q;
    sql_init(&q, ctx->arena);
    sql_add(&q, "SELECT count(*) AS n");
    condition(&q, f, from, to, extra);
    struct rows *r = sql_query(ctx->db, &q);
    int64_t n = rows_next(r) ? row_int(r, "n") : 0;
    rows_end(r);
    return n;
}

/* Nearest rank: the smallest value such that at least that share of the values is not above it. */
static double ranked(struct ctx *ctx, const struct figure *f, int64_t from, int64_t to, int64_t n, int64_t percent)
{
    if (n == 0)
        return NAN;
    struct sql q;
    sql_init(&q, ctx->arena);
    sql_add(&q, "SELECT ");
    sql_write(&q, f->value, NULL, 0);
    sql_add(&q, " AS seconds");
    condition(&q, f, from, to, NULL);
    sql_add(&q, " ORDER BY seconds LIMIT 1 OFFSET {}", (n * percent + 99) / 100 - 1);
    struct rows *r = sql_query(ctx->db, &q);
    double days = rows_next(r) ? (double)row_int(r, "seconds") / 86400.0 : NAN;
    rows_end(r);
    return days;
}

struct figure_value figure_value(struct ctx *ctx, const struct figure *f, int64_t from, int64_t to)
{
    int64_t n = count(ctx, f, from, to, NULL);
    if (f->way == COUNT)
        return (struct figure_value){(double)n, n, NONE};
    if (f->way == RATE) {
        int64_t part = count(ctx, f, from, to, f->counts);
        return (struct figure_value){n ? 100.0 * (double)part / (double)n : NAN, part, n};
    }
    return (struct figure_value){ranked(ctx, f, from, to, n, f->way == MEDIAN ? 50 : 90), NONE, n};
}

void figures_json(struct ctx *ctx, struct buf *out, int64_t from, int64_t to)
{
    buf_putc(out, '[');
    for (const struct figure *f = figures; f->id; f++) {
        struct figure_value v = figure_value(ctx, f, from, to);
        json(out, "{\"id\":{},\"ref\":{},\"title\":{},\"unit\":{},\"value\":{},\"numerator\":{},\"denominator\":{}}", f->id,
             f->ref, tr(ctx, f->title), tr(ctx, f->unit), v.value, (struct maybe){v.numerator},
             (struct maybe){v.denominator});
        buf_puts(out, f[1].id ? ",\n" : "]\n");
    }
}

void figures_text(struct ctx *ctx, struct buf *out, int64_t from, int64_t to)
{
    for (const struct figure *f = figures; f->id; f++) {
        struct figure_value v = figure_value(ctx, f, from, to);
        plain(out, "{}: {} {}", tr(ctx, f->title), isnan(v.value) ? "–" : arena_print(ctx->arena, "%.2f", v.value),
              tr(ctx, f->unit));
        if (v.denominator != NONE && v.numerator != NONE)
            plain(out, " ({} / {})", v.numerator, v.denominator);
        buf_putc(out, '\n');
    }
}

static bool period_end(struct ctx *ctx, const char *typed, bool last, int64_t *t)
{
    int64_t day;
    *t = NONE;
    if (!typed)
        return true;
    if (!day_parse(typed, &day)) {
        ctx_problem(ctx, NULL, say(ctx, "“{}” is not a date; 2026-03-05 would be one.", typed));
        return false;
    }
    *t = when_day_start(last ? day + 1 : day);
    return true;
}

static int run_figures(struct ctx *ctx, const struct options *o)
{
    int64_t from, to;
    if (!period_end(ctx, o->from, false, &from) || !period_end(ctx, o->to, true, &to) ||
        install_open(ctx, o->data, DB_READ) != OK)
        return command_failed(ctx);
    struct buf out;
    buf_init(&out, 0);
    if (o->format && !strcmp(o->format, "json"))
        figures_json(ctx, &out, from, to);
    else
        figures_text(ctx, &out, from, to);
    fwrite(out.data, 1, out.size, stdout);
    buf_release(&out);
    return 0;
}

static const struct command commands[] = {
    {"figures", "linli figures --data DIR [--from DATE] [--to DATE] [--format text|json]", .run = run_figures},
    {.name = NULL},
};

const struct module figures_module = {.name = "figures", .figures = figures, .commands = commands};
