/*
 * Accounts and what they may do: one set of rules for the pages, the command
 * line and a pack's sheet. The password is no field of the kind: nothing that
 * reads records can reach it.
 *
 * The functions run behind the door and journal what they do; a refusal is a
 * problem in the context that names the field. Hashing is slow and happens
 * before (web/session.h password_hash).
 */
#ifndef LINLI_APP_USERS_H
#define LINLI_APP_USERS_H

#include "kind/kind.h"

struct user {
    struct record record;
    const char *login, *name, *name_en, *language, *mail;
    int64_t active, locked_until, last_login;
};
extern const struct kind users_kind;

#define ROLES_GRANTED (ROLES_READERS | ROLE_AUDITOR | ROLE_ADMIN | ROLE_VOLUNTEER | ROLE_TEAM_LEADER)

/* Twelve characters nobody has to think of, to be shown once. */
const char *user_password(struct arena *a);
/* Stores a checked user (record_check) with the hash of its password; NULL: nobody can sign in until one is set. */
enum status user_add(struct ctx *ctx, struct user *u, const char *hash);
/* Ends the user's sessions and unlocks the account. */
enum status user_set_password(struct ctx *ctx, const struct user *u, const char *hash);
/* Deactivating ends the sessions; the last administrator can't be deactivated. */
enum status user_activate(struct ctx *ctx, const struct user *u, bool active);
enum status user_unlock(struct ctx *ctx, const struct user *u);
/*
 * A grant is a role in an area and all below it, or in a unit. Workers, team leaders and volunteers need an area, unit
 * handlers a unit; administrators and auditors have neither, the whole installation is theirs. What a role has no use
 * for is dropped. INVALID: role, area or unit does not fit. CONFLICT: the user has it already.
 */
enum status user_grant(struct ctx *ctx, const struct user *u, unsigned role, int64_t area, int64_t unit);
/* Makes the user a leader of this team (organisations.id), in its community. CONFLICT: leads it already. */
enum status user_lead(struct ctx *ctx, const struct user *u, int64_t team);
/* Another team for a leader's grant. NOT_FOUND: no such grant of a team leader. */
enum status user_lead_change(struct ctx *ctx, int64_t grant, int64_t team);
/* grant: grants.id of this user. CONFLICT: it is the last administrator's. */
enum status user_revoke(struct ctx *ctx, const struct user *u, int64_t grant);
/* A token for a program, with one role as an account would have it: its text, which is kept nowhere. NULL with problems. */
const char *token_grant(struct ctx *ctx, const char *name, unsigned role, int64_t area, int64_t unit);
#define TOKEN_NAME_MOST 60 /* characters */
enum status token_revoke(struct ctx *ctx, int64_t token);

/* The logins of pack/users.csv with a role, area and unit each (pack NULL: one administrator); their new passwords are
 * printed once, as a table. */
enum status logins_make(struct ctx *ctx, const char *pack);

#endif
