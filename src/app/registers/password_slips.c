/*
 * The passwords are hashed on a slow thread before anything is stored, and an
 * account that got one meanwhile keeps it. The page with the slips is not kept:
 * neither here nor by the browser.
 */
#include "app/registers/password_slips.h"

#include "app/registers/users.h"
#include "core/module.h"
#include "core/qr.h"
#include "web/session.h"
#include "web/web.h"

#define SLIPS_MOST 60 /* made at once: each takes a tenth of a second to hash */

#define WITHOUT "active = 1 AND (password IS NULL OR password = '')"

struct slip {
    int64_t user;
    const char *login, *name, *name_en, *password, *hash;
    bool stored;
};
struct slips {
    struct slip *list;
    int count;
};

int64_t passwords_missing(struct ctx *ctx)
{
    return query_int(ctx->db, "SELECT count(*) AS n FROM users WHERE " WITHOUT);
}

void passwords_link(struct ctx *ctx)
{
    int64_t n = passwords_missing(ctx);
    if (n > 0)
        html(
            ctx->web->out,
            "<p class=\"acts\"><a class=\"button primary\" href=\"/users/passwords\">{} {}</a></p>",
            icon(ctx, "key"),
            say_n(ctx, n, "Make a password for 1 account", "Make passwords for {} accounts", n));
}

static struct slips *slips_load(struct ctx *ctx)
{
    struct slips *s = ARENA_NEW(ctx->arena, struct slips);
    struct rows *r = query(ctx->db,
                           "SELECT id, login, name, name_en FROM users WHERE " WITHOUT
                           " ORDER BY id LIMIT {}",
                           SLIPS_MOST);
    while (rows_next(r))
        *ARENA_NEXT(ctx->arena, s->list, s->count) = (struct slip){
            row_int(r, "id"), row_copy(r, ctx->arena, "login"), row_copy(r, ctx->arena, "name"),
            row_copy(r, ctx->arena, "name_en")};
    rows_end(r);
    return s;
}

/* ---- before ---- */

static void ask_page(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    int64_t n = passwords_missing(ctx);
    page_begin(ctx, say(ctx, "Passwords to hand out"), PAGE_STAFF);
    trail(ctx, "/registers/users", tr(ctx, users_kind.many));
    html(out, "<header class=\"head\"><h1>{}</h1></header>", say(ctx, "Passwords to hand out"));
    if (n == 0) {
        html(out, "<div class=\"empty\">{}<p>{}</p></div>", icon(ctx, "circle-check"),
             say(ctx, "Every account has a password."));
        page_end(ctx);
        return;
    }
    html(out, "<p>{}</p><p>{}</p>",
         say_n(ctx, n, "1 account has no password yet.", "{} accounts have no password yet.", n),
         say(ctx, "They are shown once, as slips to print and hand out. Have a printer ready."));
    if (n > SLIPS_MOST)
        html(out, "<p>{}</p>", say(ctx, "Up to {} at a time.", SLIPS_MOST));
    form_begin(ctx, "/users/passwords", NULL, false);
    html(out, "<div class=\"acts\"><button class=\"primary\">{} {}</button></div>",
         icon(ctx, "key"), say(ctx, "Make and show passwords"));
    form_end(ctx);
    page_end(ctx);
}

/* ---- the slips ---- */

static const char *office_name(struct ctx *ctx)
{
    const struct site_words *w = ctx->site->words;
    const char *name = w ? ctx_pick(ctx, w->name, w->name_en) : NULL;
    return name ? name : say(ctx, "Linli");
}

/* The first role and where it holds. */
static const char *role_of(struct ctx *ctx, int64_t user)
{
    struct rows *r = query(
        ctx->db,
        "SELECT g.role, coalesce(o.name, u.name, a.name) AS place, coalesce(o.name_en, u.name_en, "
        "a.name_en) AS place_en FROM grants g LEFT JOIN areas a ON a.id = g.area LEFT JOIN units u "
        "ON u.id = g.unit LEFT JOIN organisations o ON o.id = g.organisation WHERE g.\"user\" = {} "
        "ORDER BY g.id LIMIT 1",
        user);
    const char *text = say(ctx, "no role yet");
    if (rows_next(r)) {
        const char *place = ctx_pick(ctx, row_text(r, "place"), row_text(r, "place_en"));
        text = arena_print(ctx->arena, "%s%s%s",
                           role_title(ctx, (enum role)role_parse(row_text(r, "role"))),
                           place ? " · " : "", place ? place : "");
    }
    rows_end(r);
    return text;
}

static void slip_draw(struct ctx *ctx, const struct slip *s, const char *office,
                      const char *address)
{
    html(ctx->web->out,
         "<li><p><b>{}</b> {}</p><dl><dt>{}</dt><dd>{}</dd><dt>{}</dt><dd><b>{}</b></dd>"
         "<dt>{}</dt><dd class=\"code\">{}</dd><dt>{}</dt><dd>{}</dd></dl><p "
         "class=\"small\">{}</p></li>",
         office, ctx_pick(ctx, s->name, s->name_en), say(ctx, "Web address"), address,
         say(ctx, "Username"), s->login, say(ctx, "Password"), s->password, say(ctx, "Role"),
         role_of(ctx, s->user), say(ctx, "Change it after signing in, under My account."));
}

static void slips_draw(struct ctx *ctx, const struct slips *s, int stored)
{
    struct buf *out = ctx->web->out;
    int64_t left = passwords_missing(ctx);
    page_begin(ctx, say(ctx, "Passwords to hand out"), PAGE_STAFF | PAGE_PRINT);
    trail(ctx, "/registers/users", tr(ctx, users_kind.many));
    html(out,
         "<header class=\"head screen\"><h1>{}</h1></header><div class=\"notice warn "
         "screen\">{}<div><p>{}</p></div></div><div class=\"acts screen\"><button type=\"button\" "
         "class=\"primary\" data-print hidden>{} {}</button>",
         say(ctx, "Passwords to hand out"), icon(ctx, "alert-triangle"),
         say_n(ctx, stored, "1 password. Print this page now: it is not shown again.",
               "{} passwords. Print this page now: they are not shown again.", stored),
         icon(ctx, "printer"), say(ctx, "Print slips"));
    if (left > 0)
        html(out, "<a class=\"button\" href=\"/users/passwords\">{}</a>",
             say_n(ctx, left, "1 account is left", "{} accounts are left", left));
    html(out, "<a class=\"button quiet\" href=\"/setup\">{}</a></div><ul class=\"slips\">",
         say(ctx, "Back to set-up"));
    for (int i = 0; i < s->count; i++)
        if (s->list[i].stored)
            slip_draw(ctx, &s->list[i], office_name(ctx), site_url(ctx, ""));
    buf_puts(out, "</ul>");
    page_end(ctx);
}

static void make_prepare(struct ctx *ctx)
{
    struct slips *s = slips_load(ctx);
    ctx->key = NULL; /* the answer shows passwords: it is never kept */
    for (int i = 0; i < s->count; i++) {
        s->list[i].password = user_password(ctx->arena);
        s->list[i].hash = password_hash(ctx->arena, s->list[i].password);
    }
    ctx->work = s;
}

static void make(struct ctx *ctx)
{
    struct slips *s = ctx->work;
    int stored = 0;
    for (int i = 0; i < s->count && ctx_ok(ctx); i++) {
        struct slip *each = &s->list[i];
        each->stored = query_int(ctx->db, "SELECT id FROM users WHERE id = {} AND " WITHOUT,
                                 each->user) != NONE;
        const struct user *u = each->stored ? record_get(ctx, &users_kind, each->user) : NULL;
        if (u && user_set_password(ctx, u, each->hash) == OK)
            stored++;
    }
    if (ctx_ok(ctx))
        slips_draw(ctx, s, stored);
}

static const struct route table[] = {
    ROUTE_GET("/users/passwords", ROLE_ADMIN, ask_page),
    ROUTE_POST("/users/passwords", ROLE_ADMIN, make, .prepare = make_prepare, .failed = ask_page,
               .flags = SLOW),
};

const struct module password_slips_module = {.name = "password_slips", .routes = ROUTES(table)};
