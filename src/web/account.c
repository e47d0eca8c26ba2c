/*
 * /account: what signed-in users can set: password, language, large text.
 * Changing the password requires the current one, costs as much as signing in,
 * and ends all other sessions of the account.
 */
#include "web/session.h"

#include "db/journal.h"
#include "web/fields.h"
#include "web/gate.h"

#include <string.h>

#define YEAR 31536000

static void password_field(struct ctx *ctx, const char *name, const char *label,
                           const char *complete, const char *hint)
{
    struct buf *out = ctx->web->out;
    const char *problem = ctx_problem_of(ctx, name);
    html(out, "<div class=\"field\"><label for=\"f-{}\">{}</label>", name, label);
    if (hint)
        html(out, "<p class=\"hint\">{}</p>", hint);
    html(out, "<input id=\"f-{}\" name=\"{}\" type=\"password\" autocomplete=\"{}\" required", name,
         name, complete);
    if (problem)
        html(out, " aria-invalid=\"true\" aria-describedby=\"f-{}-p\"", name);
    buf_putc(out, '>');
    field_problem(ctx, name);
    buf_puts(out, "</div>");
}

static void option(struct ctx *ctx, const char *name, const char *value, bool chosen,
                   const char *label)
{
    html(ctx->web->out,
         "<label class=\"check\"><input type=\"radio\" name=\"{}\" value=\"{}\"{}> {}</label>",
         name, value, (struct markup){chosen ? " checked" : ""}, label);
}

static void account_draw(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const char *title = say(ctx, "My account");
    bool english = ctx_english(ctx);
    page_begin(ctx, title, PAGE_STAFF);
    html(out, "<header class=\"head\"><h1>{}</h1><p>{}</p></header>", title,
         ctx_pick(ctx, ctx->actor.name, ctx->actor.name_en));
    buf_puts(out, "<section class=\"card\">");
    form_begin(ctx, "/account/view", NULL, false);
    html(out, "<fieldset class=\"field\"><legend>{}</legend>", say(ctx, "Language"));
    option(ctx, "language", "zh_CN", !english, "中文");
    option(ctx, "language", "en", english, "English");
    html(out, "</fieldset><fieldset class=\"field\"><legend>{}</legend>", say(ctx, "Text size"));
    option(ctx, "elder", "0", !ctx->web->elder, say(ctx, "Standard text"));
    option(ctx, "elder", "1", ctx->web->elder, say(ctx, "Large text"));
    html(out, "</fieldset><div class=\"acts\"><button class=\"primary\">{}</button></div>",
         say(ctx, "Save"));
    form_end(ctx);
    html(out, "</section><section class=\"card\"><h2>{}</h2>", say(ctx, "Change password"));
    form_begin(ctx, "/account/password", NULL, false);
    form_problems(ctx);
    password_field(ctx, "present", say(ctx, "Current password"), "current-password", NULL);
    password_field(
        ctx, "fresh", say(ctx, "New password"), "new-password",
        say(ctx,
            "At least {} characters. Three unrelated words are easy to remember and hard to guess.",
            PASSWORD_LEAST));
    password_field(ctx, "again", say(ctx, "Confirm new password"), "new-password", NULL);
    html(out, "<div class=\"acts\"><button class=\"primary\">{}</button></div>",
         say(ctx, "Change password"));
    form_end(ctx);
    buf_puts(out, "</section>");
    page_end(ctx);
}

struct fresh {
    const char *hash;
    bool wrong, locked; /* the current password */
};

static void password_prepare(struct ctx *ctx)
{
    struct fresh *f = ARENA_NEW(ctx->arena, struct fresh);
    ctx->work = f;
    ctx->key = NULL; /* a repeated request is not answered from the stored response */
    const char *present = param(ctx, "present"), *fresh = param(ctx, "fresh"),
               *again = param(ctx, "again");
    struct rows *r = query(ctx->db, "SELECT login, password, locked_until FROM users WHERE id = {}",
                           (struct maybe){ctx->actor.user});
    bool there = rows_next(r);
    const char *stored = there ? row_copy(r, ctx->arena, "password") : NULL,
               *login = there ? row_copy(r, ctx->arena, "login") : NULL;
    f->locked = there && LOGIN_IS_LOCKED(row_int(r, "locked_until"), ctx->now);
    rows_end(r);
    f->wrong = !present || !password_fits(stored, present);
    if (f->wrong || f->locked)
        return; /* the writer thread counts it */
    if (!fresh || !again || strcmp(fresh, again) != 0)
        ctx_problem(ctx, "again", say(ctx, "The passwords don’t match."));
    else if (present && strcmp(present, fresh) == 0)
        ctx_problem(ctx, "fresh", say(ctx, "The new password is the same as the current one."));
    if (!ctx_ok(ctx))
        return;
    const char *refused = password_refused(ctx, login, fresh);
    f->hash = refused ? NULL : password_hash(ctx->arena, fresh);
    if (refused)
        ctx_problem(ctx, "fresh", refused);
}

/* A wrong password here counts as a failed sign-in. If that locks the account, the session in
 * which it was entered ends too. */
static void password_refuse(struct ctx *ctx, const struct fresh *f)
{
    if (!f->locked)
        password_wrong(ctx, ctx->actor.user);
    bool locked = query_int(ctx->db,
                            "SELECT locked_until FROM users WHERE id = {} AND locked_until > {}"
                            " AND locked_until <= {}",
                            (struct maybe){ctx->actor.user}, ctx->now,
                            ctx->now + LOGIN_LOCKED) != NONE;
    if (locked)
        change(ctx->db, "DELETE FROM sessions WHERE token_hash = {}",
               bytes_of(visit_of(ctx)->session, 32));
    ctx_problem(ctx, "present",
                locked ? say(ctx, "After five incorrect passwords your account is locked for 15 "
                                  "minutes and you have been signed out.")
                       : say(ctx, "Your current password is incorrect."));
    answer_code(ctx, 422);
    account_draw(ctx);
    ctx->status = OK; /* counting it is a change, and that change succeeds */
}

static void password_change(struct ctx *ctx)
{
    struct visit *v = visit_of(ctx);
    const struct fresh *f = ctx->work;
    if (f->wrong || f->locked) {
        password_refuse(ctx, f);
        return;
    }
    change(ctx->db,
           "UPDATE users SET password = {}, failed = 0, version = version + 1, updated = {} WHERE "
           "id = {}",
           f->hash, ctx->now, (struct maybe){ctx->actor.user});
    change(ctx->db, "DELETE FROM sessions WHERE \"user\" = {} AND token_hash <> {}",
           (struct maybe){ctx->actor.user}, bytes_of(v->session, 32));
    journal_add(ctx, "users", ctx->actor.user, "password", NULL, NULL);
    flash(ctx, say(ctx, "Password changed. Other devices have been signed out."));
    see_other(ctx, "/account");
}

static void view_change(struct ctx *ctx)
{
    const char *language = param(ctx, "language"), *elder = param(ctx, "elder");
    bool english = language && strcmp(language, "en") == 0,
         large = elder && strcmp(elder, "1") == 0;
    change(ctx->db, "UPDATE users SET language = {} WHERE id = {}", english ? "en" : "zh_CN",
           (struct maybe){ctx->actor.user});
    journal_add(ctx, "users", ctx->actor.user, "language", NULL, NULL);
    answer_cookie(ctx, "linli_language", english ? "en" : "zh_CN", YEAR);
    answer_cookie(ctx, "linli_elder", large ? "1" : "", large ? YEAR : -1);
    see_other(ctx, "/account");
}

/* A token has no account: these pages are for signed-in people. */
static bool person(struct ctx *ctx)
{
    return ctx->actor.user != NONE || ctx_fail(ctx, NOT_FOUND, NULL) == OK;
}

static void account_page(struct ctx *ctx)
{
    if (person(ctx))
        account_draw(ctx);
}

static void password_begin(struct ctx *ctx)
{
    if (person(ctx))
        password_prepare(ctx);
}

static void view_begin(struct ctx *ctx)
{
    person(ctx);
}

const struct route account_routes[] = {
    ROUTE_GET("/account", ROLES_SIGNED, account_page),
    ROUTE_POST("/account/password", ROLES_SIGNED, password_change, .prepare = password_begin,
               .failed = account_draw, .flags = SLOW | LOGIN_LIMIT),
    ROUTE_POST("/account/view", ROLES_SIGNED, view_change, .prepare = view_begin),
};
const int account_route_count = (int)(sizeof account_routes / sizeof *account_routes);
