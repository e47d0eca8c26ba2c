/*
 * Accounts and API tokens from the command line.
 *
 * A password comes from the terminal without being shown, from standard
 * input, or is made here and printed once; it is never a word of the command,
 * which others on the machine could read. Hashing is done before the
 * transaction begins.
 */
#include "app/install.h"
#include "app/module.h"
#include "app/secret.h"
#include "app/users.h"

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

/* The hash of a password that was typed twice, piped in, or made here (*made). NULL with a problem. */
static const char *new_password(struct ctx *ctx, bool generate, const char **made)
{
    *made = NULL;
    const char *password;
    if (generate) {
        *made = password = user_password(ctx->arena);
    } else {
        password = secret_typed(ctx, say(ctx, "Password"));
        if (password && isatty(STDIN_FILENO)) {
            const char *again = secret_typed(ctx, say(ctx, "Once more"));
            if (!again || strcmp(again, password) != 0) {
                ctx_problem(ctx, NULL, say(ctx, "The two passwords differ."));
                return NULL;
            }
        }
    }
    const char *hash = password && text_valid(password, strlen(password)) ? password_hash(ctx->arena, password) : NULL;
    if (!hash)
        ctx_problem(ctx, NULL, say(ctx, "A password has at least {} characters and at most {} bytes.", PASSWORD_LEAST, PASSWORD_MOST));
    return hash;
}

static int64_t by_code(struct ctx *ctx, const char *option, const char *code, bool unit)
{
    if (!code)
        return NONE;
    int64_t id = unit ? query_int(ctx->db, "SELECT id FROM units WHERE code = {}", code)
                      : query_int(ctx->db, "SELECT id FROM areas WHERE code = {}", code);
    if (id == NONE)
        ctx_problem(ctx, NULL, say(ctx, "{}: there is no “{}”.", option, code));
    return id;
}

static bool read_grant(struct ctx *ctx, const struct options *o, struct account *a)
{
    a->role = role_parse(o->role);
    if (!(a->role & ROLES_GRANTED)) {
        struct buf known;
        buf_init(&known, 0);
        for (int i = 0; i < ROLE_COUNT; i++)
            if (ROLES_GRANTED & 1U << i)
                plain(&known, " {}", role_name((enum role)(1 << i)));
        ctx_problem(ctx, "role", say(ctx, "--role is one of:{}.", arena_copyn(ctx->arena, known.data, known.size)));
        buf_release(&known);
        return false;
    }
    a->area = by_code(ctx, "--area", o->area, false);
    a->unit = by_code(ctx, "--unit", o->unit, true);
    return ctx_ok(ctx);
}

static bool open_for(struct ctx *ctx, const struct options *o, enum db_mode mode)
{
    return install_open(ctx, o->data, mode) == OK;
}

static struct user *user_of(struct ctx *ctx, const char *login)
{
    struct user *u = record_find(ctx, &users_kind, "login", login);
    if (!u)
        ctx_fail(ctx, NOT_FOUND, say(ctx, "There is no account “{}”.", login));
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
        ctx->db, "SELECT t.id, t.name, t.role, a.code AS area, u.code AS unit, t.created, t.last_used, t.revoked FROM api_tokens t"
                 " LEFT JOIN areas a ON a.id = t.area LEFT JOIN units u ON u.id = t.unit ORDER BY t.id");
    while (rows_next(r))
        printf("%lld\t%s\t%s\t%s\t%s\t%s\t%s\n", (long long)row_int(r, "id"), row_text(r, "role"),
               row_text(r, "area") ? row_text(r, "area") : "-", row_text(r, "unit") ? row_text(r, "unit") : "-",
               when_iso(ctx->arena, row_int(r, "created")),
               row_int(r, "revoked") != NONE     ? "revoked"
               : row_int(r, "last_used") != NONE ? when_iso(ctx->arena, row_int(r, "last_used"))
                                                 : "unused",
               row_text(r, "name"));
    return db_status(ctx->db) == OK ? 0 : command_failed(ctx);
}

static int run_token(struct ctx *ctx, const struct options *o)
{
    struct account a = {.area = NONE, .unit = NONE, .name = o->name ? o->name : "token"};
    ctx->work = &a;
    const char *word = o->word_count ? o->words[0] : "create";
    if (!strcmp(word, "list") && o->word_count == 1)
        return open_for(ctx, o, DB_READ) ? token_list(ctx) : command_failed(ctx);
    if (!strcmp(word, "revoke") && o->word_count == 2) {
        char *end;
        a.token = strtoll(o->words[1], &end, 10);
        if (*end || a.token < 1) {
            fprintf(stderr, "linli: token revoke takes the number that token list shows\n");
            return 2;
        }
        if (!open_for(ctx, o, DB_WRITE) || door(ctx, token_end) != OK)
            return command_failed(ctx);
        printf("%s\n", say(ctx, "Token {} is revoked.", a.token));
        return 0;
    }
    if (strcmp(word, "create") || o->word_count > 1 || !o->role) {
        fprintf(stderr, "linli: token --role ROLE, token list, or token revoke NUMBER\n");
        return 2;
    }
    if (text_blank(a.name) || text_length(a.name) > FIELD_TEXT_MOST)
        ctx_problem(ctx, NULL, say(ctx, "--name has 1 to {} characters.", FIELD_TEXT_MOST));
    if (!ctx_ok(ctx) || !open_for(ctx, o, DB_WRITE) || !read_grant(ctx, o, &a))
        return command_failed(ctx);
    if (a.role == ROLE_HANDLER && a.unit == NONE)
        ctx_problem(ctx, NULL, say(ctx, "A unit handler's token needs --unit CODE."));
    if (!ctx_ok(ctx) || door(ctx, token_make) != OK)
        return command_failed(ctx);
    fprintf(stderr, "%s\n", say(ctx, "The token is shown this once; it is not kept anywhere in readable form."));
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
    enum { MOST = 200 };
    int64_t ids[MOST];
    int n = 0;
    struct rows *r = query(ctx->db, "SELECT id, area, unit FROM grants WHERE \"user\" = {} AND role = {}", a->user->record.id,
                           role_name((enum role)a->role));
    while (rows_next(r) && n < MOST)
        if ((a->area == NONE || row_int(r, "area") == a->area) && (a->unit == NONE || row_int(r, "unit") == a->unit))
            ids[n++] = row_int(r, "id");
    rows_end(r);
    if (n == 0)
        ctx_fail(ctx, NOT_FOUND, say(ctx, "The account has no such role."));
    for (int i = 0; i < n && ctx_ok(ctx); i++)
        user_revoke(ctx, a->user, ids[i]);
}

static int user_list(struct ctx *ctx)
{
    struct rows *r = query(
        ctx->db, "SELECT u.login, u.name, u.active, u.locked_until, u.last_login, g.role, a.code AS area, t.code AS unit FROM users u"
                 " LEFT JOIN grants g ON g.\"user\" = u.id LEFT JOIN areas a ON a.id = g.area LEFT JOIN units t ON t.id = g.unit"
                 " ORDER BY u.login, g.id");
    while (rows_next(r)) {
        int64_t locked = row_int(r, "locked_until"), last = row_int(r, "last_login");
        printf("%s\t%s\t%s\t%s\t%s\t%s\t%s\n", row_text(r, "login"), row_text(r, "role") ? row_text(r, "role") : "-",
               row_text(r, "area") ? row_text(r, "area") : "-", row_text(r, "unit") ? row_text(r, "unit") : "-",
               row_int(r, "active") != 1             ? "inactive"
               : locked != NONE && locked > ctx->now ? "locked"
                                                     : "active",
               last == NONE ? "never" : when_iso(ctx->arena, last), row_text(r, "name"));
    }
    return db_status(ctx->db) == OK ? 0 : command_failed(ctx);
}

static int run_add(struct ctx *ctx, const struct options *o, struct account *a)
{
    const char *made = NULL;
    if (!open_for(ctx, o, DB_WRITE))
        return command_failed(ctx);
    a->user = record_new(ctx, &users_kind);
    field_set(ctx, kind_field(&users_kind, "login"), a->user, o->words[1]);
    field_set(ctx, kind_field(&users_kind, "name"), a->user, o->name);
    field_set(ctx, kind_field(&users_kind, "language"), a->user, o->language ? o->language : "zh_CN");
    if (!record_check(ctx, &users_kind, NULL, a->user) || !read_grant(ctx, o, a))
        return command_failed(ctx);
    if (record_find(ctx, &users_kind, "login", a->user->login)) {
        ctx_fail(ctx, CONFLICT, say(ctx, "There is an account “{}” already.", a->user->login));
        return command_failed(ctx);
    }
    a->hash = new_password(ctx, o->generate, &made);
    if (!a->hash || door(ctx, account_make) != OK)
        return command_failed(ctx);
    printf("%s\n", made ? made : say(ctx, "The account “{}” is there.", a->user->login));
    return 0;
}

static int run_passwd(struct ctx *ctx, const struct options *o, struct account *a)
{
    const char *made = NULL;
    a->hash = new_password(ctx, o->generate, &made);
    if (!a->hash || door(ctx, account_password) != OK)
        return command_failed(ctx);
    printf("%s\n", made ? made : say(ctx, "The password of “{}” is changed; its open sessions have ended.", a->user->login));
    return 0;
}

static int run_user(struct ctx *ctx, const struct options *o)
{
    const char *word = o->words[0], *login = o->words[1];
    struct account a = {.area = NONE, .unit = NONE};
    ctx->work = &a;
    if (!strcmp(word, "list") && o->word_count == 1)
        return open_for(ctx, o, DB_READ) ? user_list(ctx) : command_failed(ctx);
    bool add = !strcmp(word, "add"), passwd = !strcmp(word, "passwd"), grant = !strcmp(word, "grant"), revoke = !strcmp(word, "revoke");
    if (o->word_count != 2 || !(add || passwd || grant || revoke) || (!passwd && !o->role) || (add && !o->name)) {
        fprintf(stderr, "linli: user list, user add LOGIN --name NAME --role ROLE, user passwd LOGIN, user grant LOGIN --role ROLE,"
                        " or user revoke LOGIN --role ROLE\n");
        return 2;
    }
    if (add)
        return run_add(ctx, o, &a);
    if (!open_for(ctx, o, DB_WRITE) || !(a.user = user_of(ctx, login)))
        return command_failed(ctx);
    if (passwd)
        return run_passwd(ctx, o, &a);
    if (!read_grant(ctx, o, &a) || door(ctx, grant ? account_grant : account_revoke) != OK)
        return command_failed(ctx);
    printf("%s\n", grant ? say(ctx, "“{}” has the role now.", login) : say(ctx, "“{}” has the role no longer.", login));
    return 0;
}

static const struct command commands[] = {
    {"user",
     "linli user add|list|passwd|grant|revoke [LOGIN] --data DIR [--name NAME] [--role ROLE] [--area CODE] [--unit CODE] [--language zh_CN|en] [--generate]",
     1, 2, .run = run_user,
     .help = N_("Accounts of staff. A password is read from the terminal without being shown, or from standard input,\n"
                "or made and printed once with --generate. A new password ends the account's open sessions.\n\n"
                "  add LOGIN --name NAME --role ROLE   a new account; --area, --unit narrow the role\n"
                "  list                                login, role, area, unit, state, last sign-in, name\n"
                "  passwd LOGIN                        a new password; also unlocks the account\n"
                "  grant LOGIN --role ROLE             one more role\n"
                "  revoke LOGIN --role ROLE            takes it away (without --area and --unit: everywhere)\n\n"
                "Roles: volunteer, team_leader, worker, unit_handler (needs --unit), office, leader, auditor, admin.\n\n"
                "  linli user add wang --name 王 --role worker --area XCH --generate --data ./data\n")},
    {"token", "linli token [list|revoke NUMBER] --data DIR [--role ROLE] [--area CODE] [--unit CODE] [--name NAME]", 0, 2, .run = run_token,
     .help = N_("Prints a token for the API. Programs send it as: Authorization: Bearer TOKEN. It is shown once.\n\n"
                "  --role ROLE   what the program may do; --area, --unit narrow it as for an account\n"
                "  --name NAME   written to the journal beside what the program changes\n"
                "  list          number, role, area, unit, created, last used or revoked, name\n"
                "  revoke NUMBER the token stops working at once\n\n"
                "  linli token --role office --name hotline --data ./data\n")},
    {.name = NULL},
};

const struct module account_commands_module = {.name = "account_commands", .commands = commands};
