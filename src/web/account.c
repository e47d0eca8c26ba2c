/*
 * /account: what the signed-in person may set: password, language, large
 * text. Changing the password needs the present one, costs as much as a
 * sign-in, and ends every other session of the account.
 */
#include "web/session.h"

#include "db/journal.h"
#include "web/gate.h"

#include <string.h>

#define YEAR 31536000

static void password_field(struct ctx *ctx, const char *name, const char *label, const char *complete, const char *hint)
{
    struct buf *out = ctx->web->out;
    const char *problem = ctx_problem_of(ctx, name);
    html(out, "<div class=\"field\"><label for=\"f-{}\">{}</label>", name, label);
    if (hint)
        html(out, "<p class=\"hint\">{}</p>", hint);
    html(out, "<input id=\"f-{}\" name=\"{}\" type=\"password\" autocomplete=\"{}\" required", name, name, complete);
    if (problem)
        html(out, " aria-invalid=\"true\" aria-describedby=\"f-{}-p\"", name);
    buf_putc(out, '>');
    if (problem)
        html(out, "<p class=\"problem\" id=\"f-{}-p\">{} {}</p>", name, icon(ctx, "alert-circle"), problem);
    buf_puts(out, "</div>");
}

static void option(struct ctx *ctx, const char *name, const char *value, bool chosen, const char *label)
{
    html(ctx->web->out, "<label class=\"check\"><input type=\"radio\" name=\"{}\" value=\"{}\"{}> {}</label>", name, value,
         (struct markup){chosen ? " checked" : ""}, label);
}

static void account_draw(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const char *title = say(ctx, "My account");
    bool english = ctx->lang[0] == 'e';
    page_begin(ctx, title, PAGE_STAFF);
    html(out, "<header class=\"head\"><h1>{}</h1><p>{}</p></header>", title, ctx->actor.name);
    buf_puts(out, "<section class=\"card\">");
    form_begin(ctx, "/account/view", NULL, false);
    html(out, "<fieldset class=\"field\"><legend>{}</legend>", say(ctx, "Language"));
    option(ctx, "language", "zh_CN", !english, "中文");
    option(ctx, "language", "en", english, "English");
    html(out, "</fieldset><fieldset class=\"field\"><legend>{}</legend>", say(ctx, "Size of the text"));
    option(ctx, "elder", "0", !ctx->web->elder, say(ctx, "Ordinary size"));
    option(ctx, "elder", "1", ctx->web->elder, say(ctx, "Large text"));
    html(out, "</fieldset><div class=\"acts\"><button class=\"primary\">{}</button></div>", say(ctx, "Save"));
    form_end(ctx);
    html(out, "</section><section class=\"card\"><h2>{}</h2>", say(ctx, "Change the password"));
    form_begin(ctx, "/account/password", NULL, false);
    form_problems(ctx);
    password_field(ctx, "present", say(ctx, "Present password"), "current-password", NULL);
    password_field(
        ctx, "fresh", say(ctx, "New password"), "new-password",
        say(ctx, "At least {} characters. Three words that don't belong together are easy to remember and hard to guess.", PASSWORD_LEAST));
    password_field(ctx, "again", say(ctx, "New password once more"), "new-password", NULL);
    html(out, "<div class=\"acts\"><button class=\"primary\">{}</button></div>", say(ctx, "Change the password"));
    form_end(ctx);
    buf_puts(out, "</section>");
    page_end(ctx);
}

struct fresh {
    const char *hash;
    bool wrong, locked; /* the present password */
};

static void password_prepare(struct ctx *ctx)
{
    struct fresh *f = ARENA_NEW(ctx->arena, struct fresh);
    ctx->work = f;
    ctx->key = NULL; /* never answered from the store */
    const char *present = param(ctx, "present"), *fresh = param(ctx, "fresh"), *again = param(ctx, "again");
    struct rows *r = query(ctx->db, "SELECT password, locked_until FROM users WHERE id = {}", (struct maybe){ctx->actor.user});
    bool there = rows_next(r);
    const char *stored = there ? row_copy(r, ctx->arena, "password") : NULL;
    f->locked = there && row_int(r, "locked_until") != NONE && row_int(r, "locked_until") > ctx->now;
    rows_end(r);
    f->wrong = !present || !password_fits(stored, present);
    if (f->wrong || f->locked)
        return; /* behind the door it is counted */
    if (!fresh || !again || strcmp(fresh, again) != 0)
        ctx_problem(ctx, "again", say(ctx, "The two passwords differ."));
    else if (present && strcmp(present, fresh) == 0)
        ctx_problem(ctx, "fresh", say(ctx, "The new password is the present one."));
    if (!ctx_ok(ctx))
        return;
    f->hash = password_hash(ctx->arena, fresh);
    if (!f->hash)
        ctx_problem(ctx, "fresh", say(ctx, "A password has at least {} characters and at most {} bytes.", PASSWORD_LEAST, PASSWORD_MOST));
}

/* Guessing here counts as guessing at the door; what locks the account also ends the session it was done in. */
static void password_refuse(struct ctx *ctx, const struct fresh *f)
{
    if (!f->locked)
        password_wrong(ctx, ctx->actor.user);
    bool locked = query_int(ctx->db, "SELECT locked_until FROM users WHERE id = {} AND locked_until > {}", (struct maybe){ctx->actor.user},
                            ctx->now) != NONE;
    if (locked)
        change(ctx->db, "DELETE FROM sessions WHERE token_hash = {}", bytes_of(visit_of(ctx)->session, 32));
    ctx_problem(ctx, "present",
                locked ? say(ctx, "The account is locked for a quarter of an hour after five wrong passwords, and you are signed out.")
                       : say(ctx, "This is not your present password."));
    answer_code(ctx, 422);
    account_draw(ctx);
    ctx->status = OK; /* that it was counted is a change that succeeds */
}

static void password_change(struct ctx *ctx)
{
    struct visit *v = visit_of(ctx);
    const struct fresh *f = ctx->work;
    if (f->wrong || f->locked) {
        password_refuse(ctx, f);
        return;
    }
    change(ctx->db, "UPDATE users SET password = {}, failed = 0, version = version + 1, updated = {} WHERE id = {}", f->hash, ctx->now,
           (struct maybe){ctx->actor.user});
    change(ctx->db, "DELETE FROM sessions WHERE \"user\" = {} AND token_hash <> {}", (struct maybe){ctx->actor.user},
           bytes_of(v->session, 32));
    journal_add(ctx, "users", ctx->actor.user, "password", NULL, NULL);
    flash(ctx, say(ctx, "The password is changed. Other devices have been signed out."));
    see_other(ctx, "/account");
}

static void view_change(struct ctx *ctx)
{
    const char *language = param(ctx, "language"), *elder = param(ctx, "elder");
    bool english = language && strcmp(language, "en") == 0, large = elder && strcmp(elder, "1") == 0;
    change(ctx->db, "UPDATE users SET language = {} WHERE id = {}", english ? "en" : "zh_CN", (struct maybe){ctx->actor.user});
    journal_add(ctx, "users", ctx->actor.user, "language", NULL, NULL);
    answer_cookie(ctx, "linli_language", english ? "en" : "zh_CN", YEAR);
    answer_cookie(ctx, "linli_elder", large ? "1" : "", large ? YEAR : -1);
    see_other(ctx, "/account");
}

/* A token has no account of its own: the pages are for people who signed in. */
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
    ROUTE_POST("/account/password", ROLES_SIGNED, password_change, .prepare = password_begin, .failed = account_draw,
               .flags = SLOW | LOGIN_LIMIT),
    ROUTE_POST("/account/view", ROLES_SIGNED, view_change, .prepare = view_begin),
};
const int account_route_count = (int)(sizeof account_routes / sizeof *account_routes);
