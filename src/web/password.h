/*
 * Passwords of accounts: what is accepted, and their hashes (Argon2id).
 *
 * A password is refused if it is short or common: NIST SP 800-63B §5.1.1.2
 * recommends a list instead of rules about kinds of characters. Hashing takes
 * tens of milliseconds: never on the writer thread.
 */
#ifndef LINLI_WEB_PASSWORD_H
#define LINLI_WEB_PASSWORD_H

#include "base/ctx.h"

#define PASSWORD_LEAST 10  /* characters */
#define PASSWORD_MOST  200 /* bytes */

/* Returns why that login can't have this password, in the reader's language;
 * NULL if it can. */
const char *password_refused(struct ctx *ctx, const char *login, const char *password);
/* Returns the hash, in arena a; NULL: too short or too long. */
char *password_hash(struct arena *a, const char *password);
/* hash NULL: there is no account. Takes the same time either way. */
bool password_fits(const char *hash, const char *password);
/* Returns whether a hash was made with other costs than today's: if the password is correct,
 * hash it again. */
bool password_is_old(const char *hash);

#endif
