/*
 * Joiners: people who have the same matter as a request that is there. Each
 * has a follow-up code and is told what happens like the first reporter; what
 * the first reporter kept to the office stays hidden from them.
 */
#ifndef LINLI_APP_JOINERS_H
#define LINLI_APP_JOINERS_H

#include "app/requests.h"

struct joiner {
    int64_t id, request, at;
    const char *name, *phone;
    const char *solved; /* yes, no; NULL: not answered */
    int64_t satisfaction;
};

/* The request that stands for this one: itself, or the one it was merged into; NULL when it is closed or not there. */
struct request *joinable(struct ctx *ctx, int64_t request);
/* Behind the door; journalled; sets j's id. words: what was written, for the staff; NULL. code: to be shown once. */
enum status joiner_add(struct ctx *ctx, const struct request *r, struct joiner *j, const char *words, const char **code);
/* Behind the door: the joiner's own word; it stands in the request's history for the staff and moves nothing. */
enum status joiner_answer(struct ctx *ctx, const struct joiner *j, const struct request *r, const char *solved, int64_t satisfaction,
                          const char *comment);
struct joiner *joiner_get(struct ctx *ctx, int64_t id);
struct joiner *joiner_find(struct ctx *ctx, const char *code_hash);
/* The one of this request whose telephone ends in these digits; NULL. */
struct joiner *joiner_by_digits(struct ctx *ctx, int64_t request, const char *digits);
/* Does the telephone end in these four digits? */
bool phone_ends(const char *phone, const char *digits);

/* For the staff's page of a request: who joined, masked unless open; draws nothing when nobody did. */
void joiners_show(struct ctx *ctx, int64_t request, bool open);

#endif
