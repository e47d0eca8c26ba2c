/*
 * Accounts at the door: passwords, sessions, API tokens.
 *
 * Passwords are Argon2id (libsodium, interactive limits); session and API
 * tokens are 32 random bytes, stored as their BLAKE2b hash only. A session
 * ends after SESSION_IDLE seconds without a request, SESSION_MOST at latest.
 */
#ifndef LINLI_WEB_SESSION_H
#define LINLI_WEB_SESSION_H

#include "base/ctx.h"
#include "db/db.h"

#define SESSION_IDLE   1800 /* seconds */
#define SESSION_MOST   43200
#define LOGIN_FAILURES 5   /* wrong passwords in a row before the account is locked */
#define LOGIN_LOCKED   900 /* seconds */
#define PASSWORD_LEAST 8   /* characters */
#define PASSWORD_MOST  200 /* bytes */

/* Slow (tens of milliseconds): never behind the door. NULL: too short or too long. In arena a. */
char *password_hash(struct arena *a, const char *password);
bool password_fits(const char *hash, const char *password);
/* Behind the door: counts a wrong password; LOGIN_FAILURES in a row lock the account for LOGIN_LOCKED. */
void password_wrong(struct ctx *ctx, int64_t user);

/* Behind the door. An API token for one role in an area (NONE: everywhere) and, for a unit handler, a unit; the only
 * place where its text is ever seen. NULL on failure. */
char *token_create(struct ctx *ctx, const char *name, enum role role, int64_t area, int64_t unit);

/* The grants of a user, in ctx's arena; fills ctx->actor. NOT_FOUND: no such active user. For commands and jobs. */
enum status actor_load(struct ctx *ctx, struct db *db, int64_t user, const char *via);

#endif
