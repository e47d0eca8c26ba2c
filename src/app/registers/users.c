/*
 * The rules of accounts and grants. Records live in the context's arena.
 */
#include "app/registers/users.h"

#include "base/code.h"
#include "base/text.h"
#include "db/journal.h"
#include "web/session.h"

static const struct choice languages[] = {
    {"zh_CN", N_("Chinese")}, {"en", N_("English")}, {NULL, NULL}};

/* At least one account that can grant rights must remain. */
static bool last_admin(struct ctx *ctx, int64_t user)
{
    bool is_one = query_int(
                      ctx->db,
                      "SELECT count(*) AS n FROM grants WHERE \"user\" = {} AND role = 'admin'",
                      user) > 0;
    return is_one &&
           query_int(ctx->db,
                     "SELECT count(*) AS n FROM users WHERE active = 1 AND id <> {} AND id IN"
                     " (SELECT \"user\" FROM grants WHERE role = 'admin')",
                     user) == 0;
}

static void check(struct ctx *ctx, const void *before, void *after)
{
    const struct user *was = before;
    struct user *u = after;
    if (u->mail && !mail_valid(u->mail))
        ctx_problem(ctx, "mail", say(ctx, "Enter an email address, e.g. office@example.cn."));
    if (!was && u->active == NONE)
        u->active = 1;
    if (was && was->active == 1 && u->active != 1 && last_admin(ctx, was->record.id))
        ctx_problem(ctx, "active",
                    say(ctx, "This is the last administrator. Add another one first."));
}

/* What a spreadsheet calls the roles: as granted, so without those that no account is given. */
static const struct choice granted[] = {{"office", N_("Subdistrict staff")},
                                        {"worker", N_("Community worker")},
                                        {"unit_handler", N_("Unit handler")},
                                        {"leader", N_("Subdistrict leader")},
                                        {"team_leader", N_("Team leader")},
                                        {"volunteer", N_("Volunteer")},
                                        {"auditor", N_("Auditor")},
                                        {"admin", N_("System administrator")},
                                        {NULL, NULL}};

#define IN_SHEETS (HIDDEN | FIXED | IMPORTED | BESIDE)
#define U(member) offsetof(struct user, member)
static const struct field fields[] = {
    {"login", F_CODE, U(login), N_("Username"), .min = 2, .max = 40,
     .flags = REQUIRED | UNIQUE | LISTED | SORTED, .aliases = "账号|登录名|用户名|登录账号",
     .example = "zhangmin", .hint = N_("What the person signs in with: letters and digits.")},
    {"name", F_TEXT, U(name), N_("Full name"), .max = 60, .flags = REQUIRED | LISTED | SORTED,
     .example = N_("Zhang Min")},
    {"name_en", F_TEXT, U(name_en), N_("Name in English"), .max = 100},
    {"language", F_CHOICE, U(language), N_("Language"), .choices = languages},
    {"mail", F_TEXT, U(mail), N_("Email"), .max = MAIL_MOST, .flags = MAIL,
     .hint = N_("Where to email this person about requests dispatched to them. Leave blank and "
                "they only see them in their work list.")},
    {"active", F_BOOL, U(active), N_("Can sign in"), .flags = FIXED | FILTER},
    {"locked_until", F_TIME, U(locked_until), N_("Locked until"), .flags = FIXED},
    {"role", F_CHOICE, U(role), N_("Role"), .choices = granted, .flags = IN_SHEETS,
     .aliases = "角色|权限|身份",
     .hint = N_("A role that the account already has stays; others are not taken away.")},
    {"area", F_REF, U(area), N_("Area"), .ref = "areas", .flags = IN_SHEETS,
     .hint = N_("Needed by community workers, team leaders and volunteers; blank for others: the "
                "whole subdistrict.")},
    {"unit", F_REF, U(unit), N_("Unit"), .ref = "units", .flags = IN_SHEETS,
     .aliases = "单位|所在单位|所属单位|部门|科室", .hint = N_("Needed by unit handlers.")},
    {"team", F_REF, U(team), N_("Team"), .ref = "organisations", .flags = IN_SHEETS,
     .hint = N_("For team leaders: the volunteer team that they lead.")},
    {"last_login", F_TIME, U(last_login), N_("Last sign-in"), .flags = FIXED | LISTED | SORTED},
};
static const struct choice user_actions[] = {
    {"sign_in", N_("signed in")},
    {"sign_out", N_("signed out")},
    {"sign_in_refused", N_("incorrect password")},
    {"password", N_("password changed")},
    {"language", N_("language changed")},
    {"activate", N_("sign-in restored")},
    {"deactivate", N_("deactivated")},
    {"unlock", N_("unlocked")},
    {"grant", N_("role granted")},
    {"revoke", N_("role removed")},
    {NULL, NULL},
};
static enum status grant_import(struct ctx *ctx, const void *record, bool dry, bool *changed);

const struct kind users_kind = {
    .name = "users",
    .table = "users",
    .one = N_("Account"),
    .many = N_("Accounts"),
    .actions = user_actions,
    FIELDS(fields),
    .size = sizeof(struct user),
    .read = ROLE_ADMIN,
    .write = ROLE_ADMIN,
    .refer = ROLE_OFFICE,
    .code = "login",
    .order = "login",
    .check = check,
    .import_beside = grant_import,
    .about = N_("Who can sign in, and their roles in each area or unit.")};

const char *user_password(struct arena *a)
{
    char *password = arena_alloc(a, 13);
    code_random(password, 12);
    return password;
}

static enum status done(struct ctx *ctx)
{
    return db_status(ctx->db) == OK ? OK : ctx_fail(ctx, db_status(ctx->db), NULL);
}

enum status user_add(struct ctx *ctx, struct user *u, const char *hash)
{
    if (record_find(ctx, &users_kind, "login", u->login)) {
        ctx_problem(ctx, "login", say(ctx, "An account called “{}” already exists.", u->login));
        return ctx->status;
    }
    if (record_insert(ctx, &users_kind, u, "create") != OK)
        return ctx->status;
    change(ctx->db, "UPDATE users SET password = {} WHERE id = {}", hash, u->record.id);
    return done(ctx);
}

enum status user_set_password(struct ctx *ctx, const struct user *u, const char *hash)
{
    change(ctx->db, "UPDATE users SET password = {}, failed = 0, locked_until = NULL WHERE id = {}",
           hash, u->record.id);
    change(ctx->db, "DELETE FROM sessions WHERE \"user\" = {}", u->record.id);
    journal_add(ctx, "users", u->record.id, "password", NULL, NULL);
    return done(ctx);
}

enum status user_activate(struct ctx *ctx, const struct user *u, bool active)
{
    struct user *after = record_copy(ctx, &users_kind, u);
    after->active = active;
    if (!record_check(ctx, &users_kind, u, after) ||
        record_update(ctx, &users_kind, u, after, active ? "activate" : "deactivate") != OK)
        return ctx->status;
    if (!active)
        change(ctx->db, "DELETE FROM sessions WHERE \"user\" = {}", u->record.id);
    return done(ctx);
}

enum status user_unlock(struct ctx *ctx, const struct user *u)
{
    change(ctx->db, "UPDATE users SET failed = 0, locked_until = NULL WHERE id = {}", u->record.id);
    journal_add(ctx, "users", u->record.id, "unlock", NULL, NULL);
    return done(ctx);
}

/* ---- grants ---- */

static const char *grant_json(struct ctx *ctx, unsigned role, int64_t area, int64_t unit)
{
    struct buf b;
    buf_init(&b, 0);
    json(&b, "{\"role\":{},\"area\":{},\"unit\":{}}", role_name((enum role)role),
         (struct maybe){area}, (struct maybe){unit});
    const char *text = arena_copyn(ctx->arena, b.data, b.size);
    buf_release(&b);
    return text;
}

static void grant_check(struct ctx *ctx, unsigned role, int64_t area, int64_t unit)
{
    if (!(role & ROLES_GRANTED) || (role & (role - 1)))
        ctx_problem(ctx, "role", say(ctx, "Choose a role."));
    else if ((role & (ROLE_WORKER | ROLE_TEAM_LEADER | ROLE_VOLUNTEER)) && area == NONE)
        ctx_problem(ctx, "area", say(ctx, "{}: choose an area.", role_title(ctx, (enum role)role)));
    else if (role == ROLE_HANDLER && unit == NONE)
        ctx_problem(ctx, "unit", say(ctx, "A unit handler must belong to a unit: choose one."));
    if (area != NONE && query_int(ctx->db, "SELECT id FROM areas WHERE id = {}", area) == NONE)
        ctx_problem(ctx, "area", say(ctx, "Area not found."));
    if (unit != NONE && query_int(ctx->db, "SELECT id FROM units WHERE id = {}", unit) == NONE)
        ctx_problem(ctx, "unit", say(ctx, "Unit not found."));
}

/* Drops the area or unit that the role does not need. */
static void grant_fit(struct ctx *ctx, unsigned role, int64_t *area, int64_t *unit)
{
    if (role & (ROLE_ADMIN | ROLE_AUDITOR | ROLE_HANDLER))
        *area = NONE;
    if (!(role & (ROLE_HANDLER | ROLE_WORKER | ROLE_OFFICE)))
        *unit = NONE;
    grant_check(ctx, role, *area, *unit);
}

enum status user_grant(struct ctx *ctx, const struct user *u, unsigned role, int64_t area,
                       int64_t unit)
{
    grant_fit(ctx, role, &area, &unit);
    if (!ctx_ok(ctx))
        return ctx->status;
    if (query_int(ctx->db,
                  "SELECT id FROM grants WHERE \"user\" = {} AND role = {} AND coalesce(area, 0) = "
                  "{} AND coalesce(unit, 0) = {}",
                  u->record.id, role_name((enum role)role), area == NONE ? 0 : area,
                  unit == NONE ? 0 : unit) != NONE)
        return ctx_fail(ctx, CONFLICT, say(ctx, "This account already has that role there."));
    change(ctx->db, "INSERT INTO grants (\"user\", role, area, unit) VALUES ({}, {}, {}, {})",
           u->record.id, role_name((enum role)role), (struct maybe){area}, (struct maybe){unit});
    journal_add(ctx, "users", u->record.id, "grant", NULL, grant_json(ctx, role, area, unit));
    return done(ctx);
}

static const char *lead_json(struct ctx *ctx, int64_t team)
{
    struct buf b;
    buf_init(&b, 0);
    json(&b, "{\"role\":\"team_leader\",\"organisation\":{}}", (struct maybe){team});
    const char *text = arena_copyn(ctx->arena, b.data, b.size);
    buf_release(&b);
    return text;
}

static bool is_team(struct ctx *ctx, int64_t team)
{
    bool is = query_int(ctx->db,
                        "SELECT id FROM organisations WHERE id = {} AND kind = 'team' AND "
                        "merged_into IS NULL",
                        (struct maybe){team}) != NONE;
    if (!is)
        ctx_problem(ctx, "team", say(ctx, "Choose a volunteer team."));
    return is;
}

/* The team's community, or its area if it belongs to the whole subdistrict. */
static int64_t team_area(struct ctx *ctx, int64_t team)
{
    return query_int(
        ctx->db, "SELECT coalesce(community, area) AS area FROM organisations WHERE id = {}", team);
}

enum status user_lead(struct ctx *ctx, const struct user *u, int64_t team)
{
    if (!is_team(ctx, team))
        return ctx->status;
    if (query_int(ctx->db,
                  "SELECT id FROM grants WHERE \"user\" = {} AND role = 'team_leader' AND "
                  "organisation = {}",
                  u->record.id, team) != NONE)
        return ctx_fail(ctx, CONFLICT, say(ctx, "This account already leads that team."));
    change(ctx->db,
           "INSERT INTO grants (\"user\", role, area, organisation) VALUES ({}, 'team_leader', {}, "
           "{})",
           u->record.id, (struct maybe){team_area(ctx, team)}, team);
    journal_add(ctx, "users", u->record.id, "grant", NULL, lead_json(ctx, team));
    return done(ctx);
}

enum status user_lead_change(struct ctx *ctx, int64_t grant, int64_t team)
{
    struct rows *r = query(
        ctx->db, "SELECT \"user\", organisation FROM grants WHERE id = {} AND role = 'team_leader'",
        grant);
    if (!rows_next(r))
        return ctx_fail(ctx, NOT_FOUND, say(ctx, "This role has already been removed."));
    int64_t user = row_int(r, "user"), before = row_int(r, "organisation");
    rows_end(r);
    if (!is_team(ctx, team))
        return ctx->status;
    change(ctx->db, "UPDATE grants SET organisation = {}, area = {} WHERE id = {}", team,
           (struct maybe){team_area(ctx, team)}, grant);
    journal_add(ctx, "users", user, "grant", lead_json(ctx, before), lead_json(ctx, team));
    return done(ctx);
}

/* A row's role, if the account does not have it yet. 0 stands for what a dry run would make. */
static enum status grant_import(struct ctx *ctx, const void *record, bool dry, bool *changed)
{
    const struct user *u = record;
    unsigned role = role_parse(u->role);
    int64_t area = u->area, unit = u->unit, team = u->team;
    if (!u->role && (area != NONE || unit != NONE || team != NONE))
        ctx_problem(ctx, "role", say(ctx, "Choose a role."));
    if (!u->role)
        return ctx->status;
    bool leads = role == ROLE_TEAM_LEADER && team != NONE;
    if (leads && team != 0 && is_team(ctx, team))
        area = team_area(ctx, team);
    if (!leads && area != 0 && unit != 0)
        grant_fit(ctx, role, &area, &unit);
    if (!ctx_ok(ctx))
        return ctx->status;
    *changed = query_int(ctx->db,
                         "SELECT id FROM grants WHERE \"user\" = {} AND role = {} AND "
                         "coalesce(area, 0) = {} AND coalesce(unit, 0) = {} AND "
                         "coalesce(organisation, 0) = {}",
                         (struct maybe){u->record.id}, u->role, area == NONE ? 0 : area,
                         leads || unit == NONE ? 0 : unit, leads ? team : 0) == NONE;
    if (!*changed || dry)
        return OK;
    return leads ? user_lead(ctx, u, team) : user_grant(ctx, u, role, area, unit);
}

enum status user_revoke(struct ctx *ctx, const struct user *u, int64_t grant)
{
    struct rows *r = query(ctx->db,
                           "SELECT role, area, unit FROM grants WHERE id = {} AND \"user\" = {}",
                           grant, u->record.id);
    if (!rows_next(r))
        return ctx_fail(ctx, NOT_FOUND, say(ctx, "This role has already been removed."));
    unsigned role = role_parse(row_text(r, "role"));
    int64_t area = row_int(r, "area"), unit = row_int(r, "unit");
    rows_end(r);
    if (role == ROLE_ADMIN && u->active == 1 && last_admin(ctx, u->record.id))
        return ctx_fail(ctx, CONFLICT,
                        say(ctx, "This is the last administrator. Add another one first."));
    change(ctx->db, "DELETE FROM grants WHERE id = {}", grant);
    journal_add(ctx, "users", u->record.id, "revoke",
                role ? grant_json(ctx, role, area, unit) : NULL, NULL);
    return done(ctx);
}

const char *token_grant(struct ctx *ctx, const char *name, unsigned role, int64_t area,
                        int64_t unit)
{
    name = text_tidy(ctx->arena, name ? name : "");
    if (!*name || text_length(name) > TOKEN_NAME_MOST)
        ctx_problem(
            ctx, "name",
            say(ctx, "Enter the program it is for, in 1 to {} characters.", TOKEN_NAME_MOST));
    grant_fit(ctx, role, &area, &unit);
    if (!ctx_ok(ctx))
        return NULL;
    const char *text = token_create(ctx, name, (enum role)role, area, unit);
    if (!text)
        ctx_fail(ctx, db_status(ctx->db) != OK ? db_status(ctx->db) : UNAVAILABLE, NULL);
    return text;
}

enum status token_revoke(struct ctx *ctx, int64_t token)
{
    change(ctx->db, "UPDATE api_tokens SET revoked = {} WHERE id = {} AND revoked IS NULL",
           ctx->now, token);
    if (db_changed(ctx->db) == 0)
        return ctx_fail(ctx, NOT_FOUND,
                        say(ctx, "Token not found, or it has already been revoked."));
    journal_add(ctx, "api_tokens", token, "revoke", NULL, NULL);
    return done(ctx);
}
