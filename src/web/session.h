/*
 * Authentication: passwords, sessions, API tokens.
 *
 * Passwords are hashed with Argon2id (libsodium, interactive limits). Session
 * and API tokens are 32 random bytes, stored only as their BLAKE2b hash. A
 * session ends after SESSION_IDLE seconds without a request, SESSION_MOST at
 * the latest.
 */
#ifndef LINLI_WEB_SESSION_H
#define LINLI_WEB_SESSION_H

#include "base/ctx.h"
#include "web/password.h"
#include "db/db.h"

#define SESSION_IDLE   1800 /* seconds */
#define SESSION_MOST   43200
#define LOGIN_FAILURES 5   /* wrong passwords in a row before the account is locked */
#define LOGIN_LOCKED   900 /* seconds */
/* A lock that ends later than a new one would was set by a wrong clock, and is ignored. */
#define LOGIN_IS_LOCKED(until, now) \
    ((until) != NONE && (until) > (now) && (until) <= (now) + LOGIN_LOCKED)

/* On the writer thread: counts a wrong password; LOGIN_FAILURES in a row lock the account for
 * LOGIN_LOCKED seconds. */
void password_wrong(struct ctx *ctx, int64_t user);

/* On the writer thread. Creates an API token for one role in an area (NONE: everywhere) and, for
 * a unit handler, a unit. Its text is returned only here. NULL on failure. */
char *token_create(struct ctx *ctx, const char *name, enum role role, int64_t area, int64_t unit);

/* Loads a user's grants, in ctx's arena, and fills ctx->actor. NOT_FOUND: no such active user.
 * For commands and jobs. */
enum status actor_load(struct ctx *ctx, struct db *db, int64_t user, const char *via);

#endif
