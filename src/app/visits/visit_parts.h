/*
 * Shared within visits: parts of pages (visit_parts.c) and notifications
 * (offer_notices.c).
 */
#ifndef LINLI_APP_VISIT_PARTS_H
#define LINLI_APP_VISIT_PARTS_H

#include "app/visits/visits.h"

const char *
offer_state(struct ctx *ctx,
            const struct offer *o); /* in words, with the number of people who accepted */
int64_t offer_count(struct ctx *ctx, const struct offer *o, const char *answer);

/* ---- notifications (offer_notices.c), on the writer thread ---- */
/* On the writer thread: withdraws what a volunteer was still to be told of an offer by phone. */
void offer_untell(struct ctx *ctx, const struct offer *o, int64_t volunteer);
void offer_tell_ask(struct ctx *ctx, const struct offer *o, const struct offer_ask *a);
/* Notifies all who accepted. what: agreed, cancelled, soon, moved. why may be NULL. */
void offer_tell_accepted(struct ctx *ctx, const struct offer *o, const char *what, const char *why);

#endif
