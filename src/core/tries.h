/*
 * Counts attempts from one network address or on one request. The counts are
 * in the database, so they survive a restart and are shared by processes. The
 * visitor is a keyed hash; nothing is stored in plain text.
 */
#ifndef LINLI_APP_TRIES_H
#define LINLI_APP_TRIES_H

#include "base/ctx.h"

struct tries_rule {
    const char *what; /* name of the rule in the keyed hash */
    int64_t most;     /* attempts in a window */
    int64_t window;   /* seconds from the first attempt */
};

/* Submitted requests and joinings from one address; failed look-ups from one address; wrong
 * digits for one request number. */
extern const struct tries_rule tries_sent, tries_looked, tries_digits;
extern const struct tries_rule tries_card; /* wrong card codes from one address */

/* Returns how many attempts are left; INT64_MAX for this machine. who NULL: the visitor's
 * address, IPv6 by /64. Success never resets the count: otherwise someone guessing could look up
 * their own request in between. */
int64_t tries_left(struct ctx *ctx, const struct tries_rule *rule, const char *who);
/* On the writer thread. */
void tries_add(struct ctx *ctx, const struct tries_rule *rule, const char *who);

#endif
