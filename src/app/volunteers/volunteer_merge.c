/*
 * Two people who are merged may both be volunteers: their volunteer records are
 * merged with them (app/registers/merge.h). Old cards, calendars and accounts lead to
 * the survivor (card.c). Hours never count twice: a day on which both served is
 * counted anew from all attendances, and what was approved by hand for one of
 * them waits for approval again. An undo counts the days once more.
 */
#include "app/volunteers/volunteers.h"

#include "app/registers/registers.h"
#include "base/when.h"
#include "core/module.h"

#include <math.h>
#include <string.h>

static struct volunteer *volunteer_of(struct ctx *ctx, int64_t person)
{
    int64_t id = query_int(ctx->db, "SELECT id FROM volunteers WHERE person = {}", person);
    return id == NONE ? NULL : record_get(ctx, &volunteers_kind, id);
}

/* ---- with their people ---- */

static const char *people_bar(struct ctx *ctx, int64_t kept, int64_t gone)
{
    const struct volunteer *k = volunteer_of(ctx, kept), *g = volunteer_of(ctx, gone);
    return k && g ? merge_bar(ctx, &volunteers_kind, k, g) : NULL;
}

/* The state in which somebody does most. */
static const char *better_status(const char *a, const char *b)
{
    static const char *const order[] = {"active", "paused", "applied", NULL};
    for (int i = 0; order[i]; i++)
        if (!strcmp(a, order[i]) || !strcmp(b, order[i]))
            return order[i];
    return a;
}

/* What the survivor lacks comes from the other; when only the other still serves, its offer
 * counts. */
static void fill(struct volunteer *after, const struct volunteer *k, const struct volunteer *g)
{
    static const char *const names[] = {"user",   "team",  "skills", "languages",      "times",
                                        "limits", "areas", "feed",   "visits_a_month", NULL};
    bool over = !strcmp(k->status, "left") && strcmp(g->status, "left") != 0;
    for (int i = 0; names[i]; i++) {
        const struct field *f = kind_field(&volunteers_kind, names[i]);
        if (!field_missing(f, g) && (field_missing(f, k) || (over && i > 0)))
            merge_take(f, g, after);
    }
    if (!k->code_hash) /* the cookie of an old card is made from it */
        after->code_hash = g->code_hash;
    if (isnan(k->lat)) {
        after->lat = g->lat;
        after->lon = g->lon;
    }
    if (g->joined && (!k->joined || strcmp(g->joined, k->joined) < 0))
        after->joined = g->joined;
    after->status = better_status(k->status, g->status);
    if (over)
        after->left_on = after->left_why = NULL;
}

static void people_merging(struct ctx *ctx, const struct merge *m)
{
    struct volunteer *k = volunteer_of(ctx, m->kept), *g = volunteer_of(ctx, m->gone);
    struct merge part;
    if (!k || !g)
        return;
    struct volunteer *after = record_copy(ctx, &volunteers_kind, k);
    fill(after, k, g);
    merge_run(ctx, &volunteers_kind, k, after, g, m->id, &part);
}

/* ---- their days ---- */

static const char *volunteer_bar(struct ctx *ctx, int64_t kept, int64_t gone)
{
    struct rows *r = query(ctx->db,
                           "SELECT g.day AS day FROM hours g JOIN hours k ON k.day = g.day AND "
                           "k.volunteer = {} WHERE g.volunteer = {} AND (g.dispute <> '' OR "
                           "k.dispute <> '') ORDER BY g.day LIMIT 1",
                           kept, gone);
    const char *day = rows_next(r) ? row_copy(r, ctx->arena, "day") : NULL;
    rows_end(r);
    return day ? say(ctx,
                     "Both are volunteers, and hours on {}, when both served, are disputed. Settle "
                     "that day first.",
                     ctx_date(ctx, day))
               : NULL;
}

struct both {
    int64_t kept, gone, day; /* rows of hours; the day */
};

static struct both *days_of_both(struct ctx *ctx, const struct merge *m, int *count)
{
    struct both *list = NULL;
    *count = 0;
    struct rows *r = query(ctx->db,
                           "SELECT k.id AS kept, g.id AS gone, g.day AS day FROM hours g JOIN "
                           "hours k ON k.day = g.day AND k.volunteer = {} WHERE g.volunteer = {} "
                           "ORDER BY g.day",
                           m->kept, m->gone);
    while (rows_next(r)) {
        int64_t day;
        if (day_parse(row_text(r, "day"), &day))
            *ARENA_NEXT(ctx->arena, list, *count) = (struct both){row_int(r, "kept"),
                                                                  row_int(r, "gone"), day};
    }
    return list;
}

/* A decision about one of them was made without the other's hours. */
static void decision_void(struct ctx *ctx, const struct merge *m, int64_t row)
{
    if (query_int(ctx->db, "SELECT corrected FROM hours WHERE id = {}", row) == NONE)
        return;
    merge_set_int(ctx, m, "hours", "corrected", row, NONE);
    merge_set_text(ctx, m, "hours", "why", row, NULL);
    merge_set_int(ctx, m, "hours", "decided_by", row, NONE);
    merge_set_text(ctx, m, "hours", "decided_name", row, NULL);
    merge_set_int(ctx, m, "hours", "decided_at", row, NONE);
}

static void volunteer_merging(struct ctx *ctx, const struct merge *m)
{
    int n;
    const struct both *list = days_of_both(ctx, m, &n);
    for (int i = 0; i < n; i++) {
        decision_void(ctx, m, list[i].kept);
        decision_void(ctx, m, list[i].gone);
    }
    /* counted, asked and told no more */
    merge_set_text(ctx, m, "volunteers", "status", m->gone, "left");
}

static const int64_t *days_of(struct ctx *ctx, int64_t volunteer, int *count)
{
    int64_t *days = NULL, day;
    *count = 0;
    struct rows *r = query(ctx->db, "SELECT day FROM hours WHERE volunteer = {} ORDER BY day",
                           volunteer);
    while (rows_next(r))
        if (day_parse(row_text(r, "day"), &day))
            *ARENA_NEXT(ctx->arena, days, *count) = day;
    return days;
}

static void recount(struct ctx *ctx, const struct merge *m)
{
    int n;
    const int64_t *days = days_of(ctx, m->gone, &n);
    for (int i = 0; i < n && ctx_ok(ctx); i++) {
        hours_compute(ctx, m->kept, days[i]);
        hours_compute(ctx, m->gone, days[i]);
    }
    hours_sum(ctx, m->kept);
    hours_sum(ctx, m->gone);
}

static const struct merge_rule rules[] = {
    {&people_kind, .bar = people_bar, .merging = people_merging},
    {&volunteers_kind, .bar = volunteer_bar, .merging = volunteer_merging, .merged = recount,
     .undone = recount},
    {.kind = NULL},
};

/* A person is one volunteer, and a volunteer has one sum for each day. */
static const struct merge_column columns[] = {{"people", "volunteers", "person", ""},
                                              {"volunteers", "hours", "volunteer", "day"},
                                              {.kind = NULL}};

const struct module volunteer_merge_module = {
    .name = "volunteer merge", .merges = rules, .merge_columns = columns};
