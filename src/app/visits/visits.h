/*
 * The public header of visits: a request that needs hands is offered to
 * volunteers. offers.h has the rules. Staff and team leaders follow an offer on
 * /visits, volunteers answer theirs on /my/asks, and the request's own pages
 * show its status.
 */
#ifndef LINLI_APP_VISITS_H
#define LINLI_APP_VISITS_H

#include "app/visits/offers.h"

/* Draws, on the staff's page of a request, its offer or the button to find volunteers. Draws
 * nothing if no hands are needed. */
void visits_part(struct ctx *ctx, const struct request *r);
/* Draws, on the resident's page, who comes and when. Draws nothing without an offer. */
void visits_follow(struct ctx *ctx, const struct request *r);

/* "Haircut · Xinghu Garden": what, and where it is as far as it may be known before accepting. */
const char *offer_title(struct ctx *ctx, const struct offer *o);
/* The resident's own words for those who have not accepted: without names, numbers, houses. NULL:
 * none. */
const char *offer_wish(struct ctx *ctx, const struct offer *o);
/* "5 March 2026, 14:05", or that the time is still to be agreed. */
const char *offer_when(struct ctx *ctx, const struct offer *o);

/* Its modules, for program/modules.c. */
#define VISITS_MODULES(M) \
    M(offers_module) \
    M(offer_merge_module) \
    M(visits_module) \
    M(offer_notices_module)

#endif
