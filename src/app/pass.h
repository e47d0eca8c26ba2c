/*
 * A pass: what one browser may see without an account, for a while. It is
 * sealed with the installation's key, so nobody can make or read one; it goes
 * into a cookie or into an address that only one browser can use.
 */
#ifndef LINLI_APP_PASS_H
#define LINLI_APP_PASS_H

#include "base/ctx.h"

struct pass {
    int64_t request, joiner; /* joiner NONE: who asked first */
    const char *code;        /* the follow-up code, on a receipt; NULL */
};

/* purpose: what it is for and which browser it is bound to; it opens only with the same. */
const char *pass_seal(struct ctx *ctx, const char *purpose, const struct pass *p, int64_t seconds);
bool pass_open(struct ctx *ctx, const char *purpose, const char *text, struct pass *p);

#endif
