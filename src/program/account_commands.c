/*
 * Accounts and API tokens from the command line.
 *
 * A password is typed on the terminal without being shown, read from standard
 * input, or generated and printed once. It is never an argument, which others
 * on the machine could read. Hashing happens before the transaction begins.
 */
#include "program/install.h"
#include "core/module.h"
#include "program/secret.h"
#include "app/registers/registers.h"

#include "base/text.h"
#include "base/when.h"
#include "web/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct account {
    struct user *user;
    int64_t area, unit, token;
    unsigned role;
    const char *name, *hash, *text;
};

/* ---- reading ---- */

/* Returns the hash of a password that was typed twice, piped in, or generated
 * (*made); NULL with a problem. */
static const char *new_password(struct ctx *ctx, const char *login, bool generate,
                                const char **made)
{
    *made = NULL;
    const char *password;
    if (generate) {
        *made = password = user_password(ctx->arena);
    } else {
        password = secret_typed(ctx, say(ctx, "Password"));
        if (password && isatty(STDIN_FILENO)) {
            const char *again = secret_typed(ctx, say(ctx, "Again"));
            if (!again || strcmp(again, password) != 0) {
                ctx_problem(ctx, NULL, say(ctx, "The passwords don’t match."));
                return NULL;
            }
        }
    }
    const char *refused = password && text_valid(password, strlen(password))
                              ? password_refused(ctx, login, password)
                              : say(ctx, "The password must be valid UTF-8.");
    const char *hash = refused ? NULL : password_hash(ctx->arena, password);
    if (refused)
        ctx_problem(ctx, NULL, refused);
    return hash;
}

static int64_t by_code(struct ctx *ctx, const char *option, const char *code, bool unit)
{
    if (!code)
        return NONE;
    int64_t id = unit ? query_int(ctx->db, "SELECT id FROM units WHERE code = {}", code)
                      : query_int(ctx->db, "SELECT id FROM areas WHERE code = {}", code);
    if (id == NONE)
        ctx_problem(ctx, NULL, say(ctx, "{}: “{}” not found.", option, code));
    return id;
}

struct account_options {
    const char *name, *role, *area, *unit, *language;
    bool generate;
};
static const struct command_option user_options[] = {
    {"--name", offsetof(struct account_options, name)},
    {"--role", offsetof(struct account_options, role)},
    {"--area", offsetof(struct account_options, area)},
    {"--unit", offsetof(struct account_options, unit)},
    {"--language", offsetof(struct account_options, language)},
    {"--generate", offsetof(struct account_options, generate), OPTION_FLAG},
    {.name = NULL},
};
static const struct command_option token_options[] = {
    {"--name", offsetof(struct account_options, name)},
    {"--role", offsetof(struct account_options, role)},
    {"--area", offsetof(struct account_options, area)},
    {"--unit", offsetof(struct account_options, unit)},
    {.name = NULL},
};

static bool read_grant(struct ctx *ctx, const struct account_options *o, struct account *a)
{
    a->role = role_parse(o->role);
    if (!(a->role & ROLES_GRANTED)) {
        struct buf known;
        buf_init(&known, 0);
        for (int i = 0; i < ROLE_COUNT; i++)
            if (ROLES_GRANTED & 1U << i)
                plain(&known, " {}", role_name((enum role)(1 << i)));
        ctx_problem(
            ctx, "role",
            say(ctx, "--role must be one of:{}.", arena_copyn(ctx->arena, known.data, known.size)));
        buf_release(&known);
        return false;
    }
    a->area = by_code(ctx, "--area", o->area, false);
    a->unit = by_code(ctx, "--unit", o->unit, true);
    return ctx_ok(ctx);
}

static struct user *user_of(struct ctx *ctx, const char *login)
{
    struct user *u = record_find(ctx, &users_kind, "login", login);
    if (!u)
        ctx_fail(ctx, NOT_FOUND, say(ctx, "Account “{}” not found.", login));
    return u;
}

/* ---- tokens ---- */

static void token_make(struct ctx *ctx)
{
    struct account *a = ctx->work;
    a->text = token_create(ctx, a->name, (enum role)a->role, a->area, a->unit);
    if (!a->text)
        ctx_fail(ctx, db_status(ctx->db), NULL);
}

static void token_end(struct ctx *ctx)
{
    token_revoke(ctx, ((struct account *)ctx->work)->token);
}

static int token_list(struct ctx *ctx)
{
    struct rows *r = query(
        ctx->db,
        "SELECT t.id, t.name, t.role, a.code AS area, u.code AS unit, t.created, t.last_used, "
        "t.revoked FROM api_tokens t"
        " LEFT JOIN areas a ON a.id = t.area LEFT JOIN units u ON u.id = t.unit ORDER BY t.id");
    while (rows_next(r))
        printf("%lld\t%s\t%s\t%s\t%s\t%s\t%s\n", (long long)row_int(r, "id"), row_text(r, "role"),
               row_text(r, "area") ? row_text(r, "area") : "-",
               row_text(r, "unit") ? row_text(r, "unit") : "-",
               when_iso(ctx->arena, row_int(r, "created")),
               row_int(r, "revoked") != NONE     ? "revoked"
               : row_int(r, "last_used") != NONE ? when_iso(ctx->arena, row_int(r, "last_used"))
                                                 : "unused",
               row_text(r, "name"));
    return db_status(ctx->db) == OK ? 0 : COMMAND_FAILED;
}

static bool token_lists(const struct given *g)
{
    return g->word_count == 1 && !strcmp(g->words[0], "list");
}

static bool token_revokes(const struct given *g)
{
    return g->word_count == 2 && !strcmp(g->words[0], "revoke");
}

static int token_check(struct ctx *ctx, struct given *g, enum command_store *store)
{
    const struct account_options *o = g->options;
    const char *name = o->name ? o->name : "token";
    char *end;
    if (token_lists(g)) {
        *store = STORE_READ;
        return 0;
    }
    if (token_revokes(g)) {
        if (strtoll(g->words[1], &end, 10) >= 1 && !*end)
            return 0;
        fprintf(stderr, "linli: token revoke takes the number that token list shows\n");
        return 2;
    }
    if (g->word_count > 1 || (g->word_count == 1 && strcmp(g->words[0], "create")) || !o->role) {
        fprintf(stderr, "linli: token --role ROLE, token list, or token revoke NUMBER\n");
        return 2;
    }
    if (text_blank(name) || text_length(name) > FIELD_TEXT_MOST)
        ctx_problem(ctx, NULL,
                    say(ctx, "--name must be 1 to {} characters long.", FIELD_TEXT_MOST));
    return ctx_ok(ctx) ? 0 : COMMAND_FAILED;
}

static int run_token(struct ctx *ctx, const struct given *g)
{
    const struct account_options *o = g->options;
    struct account a = {.area = NONE, .unit = NONE, .name = o->name ? o->name : "token"};
    ctx->work = &a;
    if (token_lists(g))
        return token_list(ctx);
    if (token_revokes(g)) {
        a.token = strtoll(g->words[1], NULL, 10);
        if (writer_call(ctx, token_end) != OK)
            return COMMAND_FAILED;
        printf("%s\n", say(ctx, "Token {} revoked.", a.token));
        return 0;
    }
    if (!read_grant(ctx, o, &a))
        return COMMAND_FAILED;
    if (a.role == ROLE_HANDLER && a.unit == NONE)
        ctx_problem(ctx, NULL, say(ctx, "A unit handler’s token requires --unit CODE."));
    if (!ctx_ok(ctx) || writer_call(ctx, token_make) != OK)
        return COMMAND_FAILED;
    fprintf(stderr, "%s\n",
            say(ctx, "The token is shown only once; it is not stored in readable form."));
    printf("%s\n", a.text);
    return 0;
}

/* ---- users ---- */

static void account_make(struct ctx *ctx)
{
    struct account *a = ctx->work;
    if (user_add(ctx, a->user, a->hash) == OK)
        user_grant(ctx, a->user, a->role, a->area, a->unit);
}

static void account_password(struct ctx *ctx)
{
    struct account *a = ctx->work;
    user_set_password(ctx, a->user, a->hash);
}

static void account_grant(struct ctx *ctx)
{
    struct account *a = ctx->work;
    user_grant(ctx, a->user, a->role, a->area, a->unit);
}

/* Without --area and --unit: the role everywhere. */
static void account_revoke(struct ctx *ctx)
{
    struct account *a = ctx->work;
    int64_t *ids = NULL;
    int n = 0;
    struct rows *r = query(ctx->db,
                           "SELECT id, area, unit FROM grants WHERE \"user\" = {} AND role = {}",
                           a->user->record.id, role_name((enum role)a->role));
    while (rows_next(r))
        if ((a->area == NONE || row_int(r, "area") == a->area) &&
            (a->unit == NONE || row_int(r, "unit") == a->unit))
            *ARENA_NEXT(ctx->arena, ids, n) = row_int(r, "id");
    rows_end(r);
    if (n == 0)
        ctx_fail(ctx, NOT_FOUND, say(ctx, "The account does not have that role."));
    for (int i = 0; i < n && ctx_ok(ctx); i++)
        user_revoke(ctx, a->user, ids[i]);
}

static int user_list(struct ctx *ctx)
{
    struct rows *r = query(ctx->db,
                           "SELECT u.login, u.name, u.active, u.locked_until, u.last_login, "
                           "g.role, a.code AS area, t.code AS unit FROM users u"
                           " LEFT JOIN grants g ON g.\"user\" = u.id LEFT JOIN areas a ON a.id = "
                           "g.area LEFT JOIN units t ON t.id = g.unit"
                           " ORDER BY u.login, g.id");
    while (rows_next(r)) {
        int64_t locked = row_int(r, "locked_until"), last = row_int(r, "last_login");
        printf("%s\t%s\t%s\t%s\t%s\t%s\t%s\n", row_text(r, "login"),
               row_text(r, "role") ? row_text(r, "role") : "-",
               row_text(r, "area") ? row_text(r, "area") : "-",
               row_text(r, "unit") ? row_text(r, "unit") : "-",
               row_int(r, "active") != 1             ? "inactive"
               : locked != NONE && locked > ctx->now ? "locked"
                                                     : "active",
               last == NONE ? "never" : when_iso(ctx->arena, last), row_text(r, "name"));
    }
    return db_status(ctx->db) == OK ? 0 : COMMAND_FAILED;
}

static int run_add(struct ctx *ctx, const struct given *g, struct account *a)
{
    const struct account_options *o = g->options;
    const char *made = NULL;
    a->user = record_new(ctx, &users_kind);
    field_set(ctx, kind_field(&users_kind, "login"), a->user, g->words[1]);
    field_set(ctx, kind_field(&users_kind, "name"), a->user, o->name);
    field_set(ctx, kind_field(&users_kind, "language"), a->user,
              o->language ? o->language : "zh_CN");
    if (!record_check(ctx, &users_kind, NULL, a->user) || !read_grant(ctx, o, a))
        return COMMAND_FAILED;
    if (record_find(ctx, &users_kind, "login", a->user->login)) {
        ctx_fail(ctx, CONFLICT,
                 say(ctx,
                     "An account called “{}” already "
                     "exists.",
                     a->user->login));
        return COMMAND_FAILED;
    }
    a->hash = new_password(ctx, a->user->login, o->generate, &made);
    if (!a->hash || writer_call(ctx, account_make) != OK)
        return COMMAND_FAILED;
    printf("%s\n", made ? made : say(ctx, "Account “{}” created.", a->user->login));
    return 0;
}

static int run_passwd(struct ctx *ctx, const struct account_options *o, struct account *a)
{
    const char *made = NULL;
    a->hash = new_password(ctx, a->user->login, o->generate, &made);
    if (!a->hash || writer_call(ctx, account_password) != OK)
        return COMMAND_FAILED;
    printf("%s\n",
           made ? made
                : say(ctx, "Password for “{}” changed; all its sessions have been signed out.",
                      a->user->login));
    return 0;
}

static int user_check(struct ctx *ctx, struct given *g, enum command_store *store)
{
    const struct account_options *o = g->options;
    const char *word = g->words[0];
    bool add = !strcmp(word, "add"), passwd = !strcmp(word, "passwd"),
         grants = !strcmp(word, "grant") || !strcmp(word, "revoke");
    (void)ctx;
    if (!strcmp(word, "list") && g->word_count == 1) {
        *store = STORE_READ;
        return 0;
    }
    if (g->word_count == 2 && (add || passwd || grants) && (passwd || o->role) && (!add || o->name))
        return 0;
    fprintf(stderr, "linli: user list, user add LOGIN --name NAME --role ROLE, user passwd "
                    "LOGIN, user grant LOGIN --role ROLE,"
                    " or user revoke LOGIN --role ROLE\n");
    return 2;
}

static int run_user(struct ctx *ctx, const struct given *g)
{
    const struct account_options *o = g->options;
    const char *word = g->words[0], *login = g->words[1];
    struct account a = {.area = NONE, .unit = NONE};
    ctx->work = &a;
    if (!login)
        return user_list(ctx);
    if (!strcmp(word, "add"))
        return run_add(ctx, g, &a);
    if (!(a.user = user_of(ctx, login)))
        return COMMAND_FAILED;
    if (!strcmp(word, "passwd"))
        return run_passwd(ctx, o, &a);
    bool grant = !strcmp(word, "grant");
    if (!read_grant(ctx, o, &a) || writer_call(ctx, grant ? account_grant : account_revoke) != OK)
        return COMMAND_FAILED;
    printf("%s\n", grant ? say(ctx, "Role granted to “{}”.", login)
                         : say(ctx, "Role removed from “{}”.", login));
    return 0;
}

static const struct command commands[] = {
    {"user",
     "linli user add|list|passwd|grant|revoke [LOGIN] --data DIR [--name NAME] [--role ROLE] "
     "[--area CODE] [--unit CODE] [--language zh_CN|en] [--generate]",
     1, 2, .store = STORE_WRITE, OPTIONS(struct account_options, user_options), .check = user_check,
     .run = run_user,
     .help = N_(
         "Manages staff accounts. Passwords are typed at the terminal (not shown), read from "
         "standard input,\n"
         "or generated and printed once with --generate. Changing a password signs the account out "
         "everywhere.\n"
         "\n"
         "  add LOGIN --name NAME --role ROLE   creates an account; --area and --unit limit the "
         "role\n"
         "  list                                login, role, area, unit, status, last sign-in, "
         "name\n"
         "  passwd LOGIN                        changes the password and unlocks the account\n"
         "  grant LOGIN --role ROLE             adds a role\n"
         "  revoke LOGIN --role ROLE            removes a role (everywhere, unless --area or "
         "--unit is given)\n"
         "\n"
         "Roles: volunteer, team_leader, worker, unit_handler (requires --unit), office, leader, "
         "auditor, admin.\n"
         "\n"
         "  linli user add wang --name 王 --role worker --area XCH --generate --data ./data\n")},
    {"token",
     "linli token [list|revoke NUMBER] --data DIR [--role ROLE] [--area CODE] [--unit CODE] "
     "[--name NAME]",
     0, 2, .store = STORE_WRITE, OPTIONS(struct account_options, token_options),
     .check = token_check, .run = run_token,
     .help = N_(
         "Creates an API token and prints it once. Programs send it as: Authorization: Bearer "
         "TOKEN\n"
         "\n"
         "  --role ROLE   what the program can do; --area and --unit limit it, as for an account\n"
         "  --name NAME   name recorded in the audit log for the program's changes\n"
         "  list          number, role, area, unit, created, last used or revoked, name\n"
         "  revoke NUMBER stops the token working immediately\n"
         "\n"
         "  linli token --role office --name hotline --data ./data\n")},
    {.name = NULL},
};

const struct module account_commands_module = {.name = "account_commands", .commands = commands};
