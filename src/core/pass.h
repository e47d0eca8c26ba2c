/*
 * A pass lets one browser see something without an account for a while. It is
 * encrypted with the installation's key, so nobody can forge or read it. It is
 * in a cookie, or in a URL that only one browser can use.
 */
#ifndef LINLI_APP_PASS_H
#define LINLI_APP_PASS_H

#include "base/ctx.h"

struct pass {
    int64_t request, joiner; /* joiner NONE: the person who submitted it */
    const char *code;        /* the tracking code, on a receipt; NULL */
};

/* purpose: the use and the browser that it is bound to; it only opens with the same purpose. */
const char *pass_seal(struct ctx *ctx, const char *purpose, const struct pass *p, int64_t seconds);
bool pass_open(struct ctx *ctx, const char *purpose, const char *text, struct pass *p);

/*
 * A pass bound to the browser that filled in a form: the form's page calls
 * pass_bind; the handler of the form and the page after it use pass_purpose.
 */
/* Sets the browser's own cookie if it has none. */
void pass_bind(struct ctx *ctx);
/* A purpose bound to that cookie. what: "receipt", "sign-up". */
const char *pass_purpose(struct ctx *ctx, const char *what);

#endif
