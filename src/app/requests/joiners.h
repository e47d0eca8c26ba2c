/*
 * Co-reporters: people with the same problem as an existing request. Each has a
 * tracking code and is notified like the first person who reported it. What
 * that person shared with staff only stays hidden from them.
 */
#ifndef LINLI_APP_JOINERS_H
#define LINLI_APP_JOINERS_H

#include "app/requests/requests.h"

struct joiner {
    int64_t id, request, at;
    const char *name, *phone;
    const char *solved; /* yes, no; NULL: not answered */
    int64_t satisfaction;
};

/* Returns the request to join: this one, or the one it was merged into. NULL if it is closed to
 * new co-reporters or does not exist. */
struct request *joinable(struct ctx *ctx, int64_t request);
/* On the writer thread: stores and logs it, and sets j's id. words: what was written, for
 * staff; NULL. code: shown once. */
enum status joiner_add(struct ctx *ctx, const struct request *r, struct joiner *j,
                       const char *words, const char **code);
/* On the writer thread: the co-reporter's answer. It appears in the request's history for staff
 * and changes no state. */
enum status joiner_answer(struct ctx *ctx, const struct joiner *j, const struct request *r,
                          const char *solved, int64_t satisfaction, const char *comment);
struct joiner *joiner_get(struct ctx *ctx, int64_t id);
struct joiner *joiner_find(struct ctx *ctx, const char *code_hash);
/* Returns whether the request has co-reporters. */
bool joiners_any(struct ctx *ctx, int64_t request);
/* Returns whether the phone number ends in these four digits. */
bool phone_ends(const char *phone, const char *digits);

/* Draws the co-reporters on the staff's page, masked unless open. Draws nothing if there are
 * none. */
void joiners_show(struct ctx *ctx, int64_t request, bool open);

#endif
