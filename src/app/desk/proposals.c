/*
 * Which unit a request is proposed to. The table of units by category and by
 * community is small and read once per state of the database.
 */
#include "app/desk/proposals.h"

#include "app/registers/registers.h"
#include "db/db.h"

static void route_add(struct arena *a, struct proposed_unit **list, int *count, int64_t from,
                      int64_t unit)
{
    *ARENA_NEXT(a, *list, *count) = (struct proposed_unit){from, unit};
}

const struct proposals *routes_load(struct ctx *ctx)
{
    static const char kept_as[] = "dispatch routes";
    const struct proposals *kept = db_recall(ctx->db, kept_as);
    if (kept)
        return kept;
    struct arena *memory = db_memory(ctx->db), *a = memory ? memory : ctx->arena;
    struct proposals *t = ARENA_NEW(a, struct proposals);
    struct rows *rows = query(
        ctx->db, "SELECT 1 AS what, id AS source, unit FROM categories WHERE unit IS NOT NULL "
                 "UNION ALL SELECT 2, area, min(id) FROM units WHERE kind = 'community' AND area "
                 "IS NOT NULL GROUP BY area");
    while (rows_next(rows)) {
        int64_t from = row_int(rows, "source"), unit = row_int(rows, "unit");
        if (row_int(rows, "what") == 1)
            route_add(a, &t->categories, &t->category_count, from, unit);
        else
            route_add(a, &t->communities, &t->community_count, from, unit);
    }
    rows_end(rows);
    if (memory && db_status(ctx->db) == OK)
        db_keep(ctx->db, kept_as, t);
    return t;
}

static int64_t route_find(const struct proposed_unit *list, int count, int64_t from)
{
    for (int i = 0; from != NONE && i < count; i++)
        if (list[i].from == from)
            return list[i].unit;
    return NONE;
}

int64_t routes_usual(const struct proposals *t, int64_t category)
{
    return route_find(t->categories, t->category_count, category);
}

int64_t routes_committee(const struct proposals *t, int64_t community)
{
    return route_find(t->communities, t->community_count, community);
}

bool request_waits(const struct ctx *ctx, const struct request *r)
{
    int s = request_status_of(r);
    return s == RECEIVED || (s == PARKED && r->unit == NONE && r->parked_until <= ctx->now);
}

static bool in_use(const struct names *units, int64_t unit)
{
    for (int i = 0; i < units->count; i++)
        if (units->list[i].id == unit)
            return !units->list[i].out_of_use;
    return false;
}

int64_t routes_proposed(struct ctx *ctx, const struct proposals *t, const struct request *r)
{
    if (!request_waits(ctx, r) || !request_may(ctx, request_step("dispatch"), r) ||
        (r->returns != NONE && r->returns > 0))
        return NONE;
    int64_t usual = routes_usual(t, r->category), unit = r->unit != NONE       ? r->unit
                                                         : r->category == NONE ? NONE
                                                         : usual != NONE
                                                             ? usual
                                                             : routes_committee(t, r->community);
    struct names units = names_load(ctx, "units");
    return unit != NONE && in_use(&units, unit) ? unit : NONE;
}
