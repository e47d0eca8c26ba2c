/*
 * What a merge of two volunteers does to sign-ups and attendance: both may have
 * signed up for the same shift, which counts once. The survivor's sign-up takes
 * the better of the two states; the other one is cancelled and stays with the
 * record that goes.
 */
#include "app/activities/activities.h"

#include "app/registers/registers.h"
#include "app/volunteers/volunteers.h"
#include "core/module.h"

#include <string.h>

static const char *bar(struct ctx *ctx, int64_t kept, int64_t gone)
{
    struct rows *r = query(ctx->db,
                           "SELECT a.title AS title FROM attendances g JOIN attendances k ON "
                           "k.volunteer = {} AND k.status = 'good' AND k.went IS NULL LEFT JOIN "
                           "activities a ON a.id = g.activity WHERE g.volunteer = {} AND g.status "
                           "= 'good' AND g.went IS NULL LIMIT 1",
                           kept, gone);
    bool both = rows_next(r);
    const char *title = both ? row_copy(r, ctx->arena, "title") : NULL;
    rows_end(r);
    if (!both)
        return NULL;
    return title ? say(ctx,
                       "Both are volunteers and checked in at present (“{}”). Check one of them "
                       "out first.",
                       title)
                 : say(ctx, "Both are volunteers and checked in at present. Check one of them out "
                            "first.");
}

struct twice {
    int64_t kept, gone;
    bool better; /* only the one that goes has a place */
};

static const struct twice *twice_find(struct ctx *ctx, const struct merge *m, int *count)
{
    struct twice *list = NULL;
    *count = 0;
    struct rows *r = query(ctx->db,
                           "SELECT k.id AS kept, g.id AS gone, k.status AS k, g.status AS g FROM "
                           "sign_ups g JOIN sign_ups k ON k.volunteer = {} AND k.activity = "
                           "g.activity AND coalesce(k.shift, 0) = coalesce(g.shift, 0) WHERE "
                           "g.volunteer = {} AND g.status <> 'cancelled' AND k.status <> "
                           "'cancelled' ORDER BY k.id, g.id",
                           m->kept, m->gone);
    while (rows_next(r))
        *ARENA_NEXT(ctx->arena, list, *count) = (struct twice){
            row_int(r, "kept"), row_int(r, "gone"),
            !strcmp(row_text(r, "k"), "waiting") && !strcmp(row_text(r, "g"), "signed")};
    return list;
}

static void merging(struct ctx *ctx, const struct merge *m)
{
    int n;
    const struct twice *list = twice_find(ctx, m, &n);
    for (int i = 0; i < n; i++) {
        if (list[i].better)
            merge_set_text(ctx, m, "sign_ups", "status", list[i].kept, "signed");
        merge_set_text(ctx, m, "sign_ups", "status", list[i].gone, "cancelled");
    }
}

static const struct merge_rule rules[] = {{&volunteers_kind, .bar = bar, .merging = merging},
                                          {.kind = NULL}};
static const struct merge_column columns[] = {{"volunteers", "marks", "volunteer", NULL},
                                              {.kind = NULL}};

const struct module sign_up_merge_module = {
    .name = "sign-up merge", .merges = rules, .merge_columns = columns};
