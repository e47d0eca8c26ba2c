/*
 * Two people who are merged may both be members of households. In the same
 * household one of them was recorded twice: the other's period stays with the
 * record that goes, as recorded twice, and does not count. Two homes at the
 * same time are for staff to sort out first.
 */
#include "app/registers/households.h"
#include "app/registers/registers.h"
#include "core/module.h"

#include <string.h>

/* On periods k and g of two people: they overlap. */
#define AT_ONCE \
    "(k.valid_to IS NULL OR g.valid_from IS NULL OR g.valid_from <= k.valid_to) AND (g.valid_to " \
    "IS NULL OR k.valid_from IS NULL OR k.valid_from <= g.valid_to)"

static const char *two_homes(struct ctx *ctx, int64_t kept, int64_t gone)
{
    struct rows *r = query(
        ctx->db,
        "SELECT a.place AS one, b.place AS other FROM household_members k JOIN household_members g "
        "ON g.household <> k.household AND " AT_ONCE
        " JOIN households a ON a.id = k.household JOIN households b ON b.id = g.household WHERE "
        "k.person = {} AND g.person = {} AND ((k.state IN ('here', 'elsewhere') AND g.state IN "
        "('here', 'elsewhere')) OR (k.state IN ('here', 'away') AND g.state IN ('here', 'away'))) "
        "ORDER BY k.id, g.id LIMIT 1",
        kept, gone);
    const char *why = rows_next(r) ? say(ctx,
                                         "They live, or are registered, in two households at the "
                                         "same time: {} and {}. Record first that one of them "
                                         "moved away.",
                                         row_text(r, "one"), row_text(r, "other"))
                                   : NULL;
    rows_end(r);
    return why;
}

static void recorded_twice(struct ctx *ctx, const struct merge *m)
{
    enum { MOST = 200 };
    int64_t rows[MOST] = {0}, kept[MOST] = {0};
    bool heads[MOST] = {false};
    int n = 0;
    struct rows *r = query(ctx->db,
                           "SELECT g.id AS id, k.id AS kept, g.relation AS relation FROM "
                           "household_members g JOIN household_members k ON k.household = "
                           "g.household WHERE k.person = {} AND g.person = {} AND k.valid_to IS "
                           "NULL AND " AT_ONCE " ORDER BY g.id LIMIT {}",
                           m->kept, m->gone, MOST);
    while (n < MOST && rows_next(r)) {
        rows[n] = row_int(r, "id");
        kept[n] = row_int(r, "kept");
        heads[n++] = !strcmp(row_text(r, "relation"), "head");
    }
    rows_end(r);
    for (int i = 0; i < n && ctx_ok(ctx); i++) {
        merge_set_text(ctx, m, "household_members", "state", rows[i], "twice");
        if (heads[i])
            merge_set_text(ctx, m, "household_members", "relation", kept[i], "head");
    }
}

/* The households of either count anew. */
static void settle_both(struct ctx *ctx, const struct merge *m)
{
    enum { BATCH = 100 };
    int64_t ids[BATCH], last = 0;
    int n;
    do {
        n = rows_ids(query(ctx->db,
                           "SELECT DISTINCT household AS id FROM household_members WHERE person IN "
                           "({}, {}) AND household > {} ORDER BY household LIMIT {}",
                           m->kept, m->gone, last, BATCH),
                     ids, BATCH);
        for (int i = 0; i < n && ctx_ok(ctx); i++)
            household_settle(ctx, last = ids[i]);
    } while (n == BATCH && ctx_ok(ctx));
}

static const struct merge_rule merges[] = {
    {.kind = &people_kind,
     .bar = two_homes,
     .merging = recorded_twice,
     .merged = settle_both,
     .undone = settle_both},
    {.kind = NULL},
};

static const struct merge_column columns[] = {
    {"people", "household_members", "person", .once = "household"},
    {.kind = NULL},
};

const struct module household_merge_module = {
    .name = "household_merge", .merges = merges, .merge_columns = columns};
