/*
 * What a merge of two volunteers does to visits: a request asks a volunteer
 * once, so where both were asked, the survivor's answer stands. Two people who
 * are both on their way are not made one.
 */
#include "app/visits/offers.h"

#include "app/registers/registers.h"
#include "app/volunteers/volunteers.h"
#include "core/module.h"

static const char *bar(struct ctx *ctx, int64_t kept, int64_t gone)
{
    struct rows *r = query(ctx->db,
                           "SELECT q.number AS number FROM offer_asks g JOIN offer_asks k ON "
                           "k.offer = g.offer AND k.volunteer = {} JOIN offers o ON o.id = "
                           "g.offer JOIN requests q ON q.id = o.request WHERE g.volunteer = {} AND "
                           "g.answer = 'yes' AND o.status IN ('open', 'agreed', 'led') LIMIT 1",
                           kept, gone);
    const char *number = rows_next(r) ? row_copy(r, ctx->arena, "number") : NULL;
    rows_end(r);
    return number
               ? say(ctx,
                     "Both are volunteers and were asked for the same visit (request {}). Finish "
                     "or cancel that visit first.",
                     number)
               : NULL;
}

static const struct merge_rule rules[] = {{&volunteers_kind, .bar = bar}, {.kind = NULL}};
static const struct merge_column columns[] = {{"volunteers", "offer_asks", "volunteer", "offer"},
                                              {.kind = NULL}};

const struct module offer_merge_module = {
    .name = "offer merge", .merges = rules, .merge_columns = columns};
