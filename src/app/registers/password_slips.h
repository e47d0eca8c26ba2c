/*
 * Passwords for accounts that came by a spreadsheet: made together, shown once
 * as slips to print, cut and hand out.
 */
#ifndef LINLI_APP_PASSWORD_SLIPS_H
#define LINLI_APP_PASSWORD_SLIPS_H

#include "base/ctx.h"

/* How many accounts could sign in if they had a password. */
int64_t passwords_missing(struct ctx *ctx);
/* A link to make them, with how many there are; nothing if there are none. */
void passwords_link(struct ctx *ctx);

#endif
