/*
 * Counted tries: how often something was tried from one address, or on one
 * request. Kept in the database, so that they hold over a restart and between
 * processes. Who tried is a keyed hash; nothing in the clear is stored.
 */
#ifndef LINLI_APP_TRIES_H
#define LINLI_APP_TRIES_H

#include "base/ctx.h"

struct tries_rule {
    const char *what; /* names the rule in the keyed hash */
    int64_t most;     /* tries in a window */
    int64_t window;   /* seconds from the first of them */
};

/* Requests and joinings from one address; wrong look-ups from one address; wrong digits for one request's number. */
extern const struct tries_rule tries_sent, tries_looked, tries_digits;
extern const struct tries_rule tries_card; /* wrong card codes from one address */

/* How many are left; INT64_MAX for this machine itself. who NULL: the visitor's address. */
int64_t tries_left(struct ctx *ctx, const struct tries_rule *rule, const char *who);
void tries_add(struct ctx *ctx, const struct tries_rule *rule, const char *who);    /* behind the door */
void tries_forget(struct ctx *ctx, const struct tries_rule *rule, const char *who); /* behind the door */

#endif
