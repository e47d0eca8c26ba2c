/*
 * The unit that a request is proposed to: by its category, otherwise the
 * committee of its community. The form of the step and the work list ask the
 * same table.
 *
 *     const struct proposals *routes = routes_load(ctx);
 *     int64_t unit = routes_proposed(ctx, routes, r);    NONE: a person has to look
 */
#ifndef LINLI_APP_PROPOSALS_H
#define LINLI_APP_PROPOSALS_H

#include "app/requests/requests.h"

struct proposed_unit {
    int64_t from, unit; /* a category or a community, and its unit */
};
struct proposals {
    struct proposed_unit *categories, *communities;
    int category_count, community_count;
};

/* One query, cached with ctx->db until the next commit. */
const struct proposals *routes_load(struct ctx *ctx);
int64_t routes_usual(const struct proposals *t, int64_t category);      /* NONE: the community */
int64_t routes_committee(const struct proposals *t, int64_t community); /* NONE */
/* The unit to which one key dispatches a request that waits for it. NONE if the actor may not
 * dispatch it, it has no category, a unit has already returned it, or nobody at the unit can sign
 * in. Asks the database nothing. r: with status, unit, category, community, returns and
 * parked_until. */
int64_t routes_proposed(struct ctx *ctx, const struct proposals *t, const struct request *r);
/* Whether it waits to be dispatched, as the view "free" says it. */
bool request_waits(const struct ctx *ctx, const struct request *r);

#endif
