/*
 * Accounts and their roles: one set of rules for the pages, the command line
 * and a pack's spreadsheet. The password is not a field of the kind, so nothing
 * that reads records can reach it.
 *
 * The functions run on the writer thread and log what they do. A refusal is a
 * problem in the context that names the field. Hashing is slow and happens
 * before (web/session.h, password_hash).
 */
#ifndef LINLI_APP_USERS_H
#define LINLI_APP_USERS_H

#include "kind/kind.h"

struct user {
    struct record record;
    const char *login, *name, *name_en, *language, *mail;
    int64_t active, locked_until, last_login;
    const char *role; /* this and the rest: only in a row of a spreadsheet; otherwise in grants */
    int64_t area, unit, team;
};
extern const struct kind users_kind;

#define ROLES_GRANTED \
    (ROLES_READERS | ROLE_AUDITOR | ROLE_ADMIN | ROLE_VOLUNTEER | ROLE_TEAM_LEADER)

/* A random password of twelve characters, to be shown once. */
const char *user_password(struct arena *a);
/* Stores a checked user (record_check) with the hash of its password. hash NULL: nobody can
 * sign in until a password is set. */
enum status user_add(struct ctx *ctx, struct user *u, const char *hash);
/* Ends the user's sessions and unlocks the account. */
enum status user_set_password(struct ctx *ctx, const struct user *u, const char *hash);
/* Deactivating ends the sessions; the last administrator can't be deactivated. */
enum status user_activate(struct ctx *ctx, const struct user *u, bool active);
enum status user_unlock(struct ctx *ctx, const struct user *u);
/*
 * A grant is a role in an area (and all below it) or in a unit. Workers, team leaders and
 * volunteers need an area, unit handlers a unit. Administrators and auditors have neither: the
 * whole installation is theirs. What a role does not need is dropped. INVALID: role, area or
 * unit does not fit. CONFLICT: the user already has the grant.
 */
enum status user_grant(struct ctx *ctx, const struct user *u, unsigned role, int64_t area,
                       int64_t unit);
/* Makes the user a leader of this team (organisations.id), in its community. CONFLICT: already
 * leads it. */
enum status user_lead(struct ctx *ctx, const struct user *u, int64_t team);
/* Changes the team of a leader's grant. NOT_FOUND: no such grant of a team leader. */
enum status user_lead_change(struct ctx *ctx, int64_t grant, int64_t team);
/* grant: grants.id of this user. CONFLICT: it is the last administrator's. */
enum status user_revoke(struct ctx *ctx, const struct user *u, int64_t grant);
/* Creates an API token with one role, as an account would have it. Returns its text, which is
 * stored nowhere; NULL with problems. */
const char *token_grant(struct ctx *ctx, const char *name, unsigned role, int64_t area,
                        int64_t unit);
#define TOKEN_NAME_MOST 60 /* characters */
enum status token_revoke(struct ctx *ctx, int64_t token);

/* Creates the logins of pack/users.csv, each with a role, area and unit (pack NULL: one
 * administrator). Prints their new passwords once, as a table. */
enum status logins_make(struct ctx *ctx, const char *pack);

#endif
