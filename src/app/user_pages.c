/*
 * What the accounts' pages have beyond the engine's: a new account with its
 * first role in one step, passwords that are made and shown once, locks, roles
 * by area and unit, and the API tokens. The rules are users.c's.
 */
#include "app/register_pages.h"

#include "app/users.h"
#include "base/when.h"
#include "kind/form.h"
#include "web/session.h"

#include <string.h>

/* ---- small parts ---- */

static void role_options(struct ctx *ctx, const char *chosen)
{
    html(ctx->web->out, "<option value=\"\">{}</option>", say(ctx, "Please choose"));
    for (unsigned r = ROLE_VOLUNTEER; r <= ROLE_ADMIN; r <<= 1)
        if (r & ROLES_GRANTED)
            html(ctx->web->out, "<option value=\"{}\"{}>{}</option>", role_name((enum role)r),
                 (struct markup){chosen && !strcmp(chosen, role_name((enum role)r)) ? " selected" : ""}, role_title(ctx, (enum role)r));
}

static void problem_at(struct ctx *ctx, const char *field)
{
    const char *problem = ctx_problem_of(ctx, field);
    if (problem)
        html(ctx->web->out, "<p class=\"problem\" id=\"f-{}-p\">{} {}</p>", field, icon(ctx, "alert-circle"), problem);
}

static struct markup invalid_at(struct ctx *ctx, const char *field)
{
    if (!ctx_problem_of(ctx, field))
        return (struct markup){""};
    return (struct markup){arena_print(ctx->arena, " aria-invalid=\"true\" aria-describedby=\"f-%s-p\"", field)};
}

static void place_select(struct ctx *ctx, const char *name, const char *label, const struct kind *k)
{
    struct buf *out = ctx->web->out;
    html(out,
         "<div class=\"field\"><label for=\"f-{}\">{} <i>{}</i></label><select id=\"f-{}\" name=\"{}\"{}><option value=\"\">{}</option>",
         name, label, say(ctx, "optional"), name, name, invalid_at(ctx, name), say(ctx, "Not chosen"));
    form_options(ctx, out, k, param(ctx, name));
    buf_puts(out, "</select>");
    problem_at(ctx, name);
    buf_puts(out, "</div>");
}

/* Role, area and unit of a grant. */
static void grant_fields(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    html(
        out,
        "<div class=\"group\"><h2>{}</h2><p class=\"hint whole\">{}</p><div class=\"field\"><label for=\"f-role\">{}</label>"
        "<select id=\"f-role\" name=\"role\" required{}>",
        say(ctx, "Role"),
        say(ctx,
            "Workers, team leaders and volunteers need an area, unit handlers a unit. A role holds for the area and all below it; without an area for all."),
        say(ctx, "Role"), invalid_at(ctx, "role"));
    role_options(ctx, param(ctx, "role"));
    buf_puts(out, "</select>");
    problem_at(ctx, "role");
    buf_puts(out, "</div>");
    place_select(ctx, "area", say(ctx, "Area"), kind_find("areas"));
    place_select(ctx, "unit", say(ctx, "Unit"), kind_find("units"));
    buf_puts(out, "</div>");
}

static int64_t place_typed(struct ctx *ctx, const char *name, const char *table)
{
    const char *code = param(ctx, name);
    if (!code || !*code)
        return NONE;
    int64_t id = query_int(ctx->db, "SELECT id FROM {} WHERE code = {}", (struct sql_name){table}, code);
    return id == NONE ? 0 : id; /* 0: there is none, which the rule refuses */
}

/* A password that will never be shown again. The page is not kept: neither here nor by the browser. */
static void secret_page(struct ctx *ctx, const char *title, const char *text, const char *secret, const char *back, const char *back_label)
{
    struct buf *out = ctx->web->out;
    page_begin(ctx, title, PAGE_STAFF);
    html(
        out,
        "<header class=\"head\"><h1>{}</h1></header><section class=\"card\"><p>{}</p><p class=\"secret\">{}</p>"
        "<div class=\"acts\"><button type=\"button\" data-copy=\"{}\" hidden>{} {}</button><a class=\"button\" href=\"{}\">{}</a></div></section>",
        title, text, secret, secret, icon(ctx, "copy"), say(ctx, "Copy"), back, back_label);
    page_end(ctx);
}

/* ---- a new account ---- */

struct made {
    struct user *user;
    const char *password, *hash;
    unsigned role;
    int64_t area, unit;
};

static void fresh_page(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct form form = {.kind = &users_kind, .record = form_new(ctx, &users_kind), .typed = param, .icon = icon};
    page_begin(ctx, say(ctx, "New account"), PAGE_STAFF);
    trail(ctx, "/registers/users", tr(ctx, users_kind.many));
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>", say(ctx, "New account"),
         say(ctx, "The password is made for you and shown once."));
    form_begin(ctx, "/users/new", NULL, false);
    form_problems(ctx);
    form_fields(ctx, out, &form);
    grant_fields(ctx);
    html(out, "<div class=\"acts\"><button class=\"primary\">{}</button><a class=\"button quiet\" href=\"/registers/users\">{}</a></div>",
         say(ctx, "Make the account"), say(ctx, "Not now"));
    form_end(ctx);
    page_end(ctx);
}

static void fresh_prepare(struct ctx *ctx)
{
    struct made *m = ARENA_NEW(ctx->arena, struct made);
    ctx->key = NULL; /* the answer shows a password: it is never kept */
    ctx->work = m;
    m->user = form_new(ctx, &users_kind);
    form_read(ctx, &users_kind, m->user, param);
    record_check(ctx, &users_kind, NULL, m->user);
    m->role = role_parse(param(ctx, "role"));
    m->area = place_typed(ctx, "area", "areas");
    m->unit = place_typed(ctx, "unit", "units");
    if (!m->role)
        ctx_problem(ctx, "role", say(ctx, "Choose a role."));
    m->password = user_password(ctx->arena);
    m->hash = ctx_ok(ctx) ? password_hash(ctx->arena, m->password) : NULL;
}

static void fresh(struct ctx *ctx)
{
    struct made *m = ctx->work;
    if (user_add(ctx, m->user, m->hash) != OK || user_grant(ctx, m->user, m->role, m->area, m->unit) != OK)
        return;
    secret_page(ctx, say(ctx, "The account is made"),
                say(ctx, "Hand this password for “{}” on now. It is not shown again.", m->user->login), m->password,
                arena_print(ctx->arena, "/registers/users/%lld", (long long)m->user->record.id), say(ctx, "To the account"));
}

/* ---- one account ---- */

static void grant_row(struct ctx *ctx, const struct user *u, struct rows *r)
{
    struct buf *out = ctx->web->out;
    unsigned role = role_parse(row_text(r, "role"));
    const char *area = ctx_pick(ctx, row_text(r, "area"), row_text(r, "area_en")),
               *unit = ctx_pick(ctx, row_text(r, "unit"), row_text(r, "unit_en"));
    html(out, "<tr><th scope=\"row\">{}</th><td>{}{}{}</td><td>", role ? role_title(ctx, (enum role)role) : row_text(r, "role"),
         area   ? area
         : unit ? ""
                : say(ctx, "everywhere"),
         area && unit ? " · " : "", unit);
    form_begin(ctx, arena_print(ctx->arena, "/users/%lld/revoke", (long long)u->record.id), NULL, false);
    html(out, "<input type=\"hidden\" name=\"grant\" value=\"{}\"><button class=\"quiet\">{}</button>", row_int(r, "id"),
         say(ctx, "Take away"));
    form_end(ctx);
    buf_puts(out, "</td></tr>");
}

static struct rows *grants_of(struct ctx *ctx, const struct user *u)
{
    return query(ctx->db,
                 "SELECT g.id, g.role, a.name AS area, a.name_en AS area_en, u.name AS unit, u.name_en AS unit_en FROM grants g"
                 " LEFT JOIN areas a ON a.id = g.area LEFT JOIN units u ON u.id = g.unit WHERE g.\"user\" = {} ORDER BY g.id",
                 u->record.id);
}

static void grants_draw(struct ctx *ctx, const struct user *u)
{
    struct buf *out = ctx->web->out;
    html(out, "<section><h2>{}</h2><table class=\"plain\"><thead><tr><th>{}</th><th>{}</th><th></th></tr></thead><tbody>",
         say(ctx, "Roles"), say(ctx, "Role"), say(ctx, "Where"));
    struct rows *r = grants_of(ctx, u);
    int n = 0;
    for (; rows_next(r); n++)
        grant_row(ctx, u, r);
    buf_puts(out, "</tbody></table>");
    if (n == 0)
        html(out, "<p class=\"soft\">{}</p>", say(ctx, "No role yet: signing in shows nothing."));
    bool open = ctx_problem_of(ctx, "role") || ctx_problem_of(ctx, "area") || ctx_problem_of(ctx, "unit");
    html(out, "<details{}><summary>{}</summary>", (struct markup){open ? " open" : ""}, say(ctx, "Give a role"));
    form_begin(ctx, arena_print(ctx->arena, "/users/%lld/grant", (long long)u->record.id), NULL, false);
    grant_fields(ctx);
    html(out, "<div class=\"acts\"><button class=\"primary\">{}</button></div>", say(ctx, "Give the role"));
    form_end(ctx);
    buf_puts(out, "</details></section>");
}

static void act(struct ctx *ctx, const struct user *u, const char *action, const char *sign, const char *label, const char *question)
{
    form_begin(ctx, arena_print(ctx->arena, "/users/%lld/%s", (long long)u->record.id, action), NULL, false);
    html(ctx->web->out, "<button data-confirm=\"{}\">{} {}</button>", question, icon(ctx, sign), label);
    form_end(ctx);
}

static void acts_draw(struct ctx *ctx, const void *record)
{
    const struct user *u = record;
    act(ctx, u, "password", "key", say(ctx, "New password"),
        say(ctx, "Make a new password? The old one ends at once, and so do the open sessions."));
    if (u->active == 1)
        act(ctx, u, "deactivate", "lock", say(ctx, "Deactivate"),
            say(ctx, "Deactivate this account? Its sessions end at once; what it did stays in the journal."));
    else
        act(ctx, u, "activate", "user-check", say(ctx, "Let sign in again"), say(ctx, "Let this account sign in again?"));
}

static void detail_draw(struct ctx *ctx, const void *record)
{
    const struct user *u = record;
    struct buf *out = ctx->web->out;
    if (u->active != 1)
        html(out, "<div class=\"notice warn\">{}<div><p>{}</p></div></div>", icon(ctx, "lock"), say(ctx, "This account is deactivated."));
    if (u->locked_until != NONE && u->locked_until > ctx->now) {
        html(out, "<div class=\"notice warn\">{}<div><p>{}</p>", icon(ctx, "lock"),
             say(ctx, "Locked until {} after wrong passwords.", when_show(ctx->arena, ctx->lang, u->locked_until)));
        act(ctx, u, "unlock", "key", say(ctx, "Unlock now"), say(ctx, "Let this account try again now?"));
        buf_puts(out, "</div></div>");
    }
    grants_draw(ctx, u);
    int64_t sessions = query_int(ctx->db, "SELECT count(*) AS n FROM sessions WHERE \"user\" = {} AND expires > {} AND seen > {}",
                                 u->record.id, ctx->now, ctx->now - SESSION_IDLE);
    html(out, "<p class=\"soft\">{}</p>", say_n(ctx, sessions, "1 open session", "{} open sessions", sessions));
}

/* A problem of a step is shown on the account's own page. */
static void back_to(struct ctx *ctx)
{
    ctx->web->kind = &users_kind;
    record_page(ctx);
}

static void done(struct ctx *ctx, const struct user *u, const char *text)
{
    flash(ctx, text);
    see_other(ctx, "/registers/users/{}", u->record.id);
}

static struct user *now(struct ctx *ctx)
{
    struct user *u = record_get(ctx, &users_kind, ctx->web->id);
    if (!u)
        ctx_fail(ctx, NOT_FOUND, NULL);
    return u;
}

static void password_prepare(struct ctx *ctx)
{
    struct made *m = ARENA_NEW(ctx->arena, struct made);
    ctx->key = NULL;
    m->password = user_password(ctx->arena);
    m->hash = password_hash(ctx->arena, m->password);
    ctx->work = m;
}

static void password(struct ctx *ctx)
{
    struct made *m = ctx->work;
    struct user *u = now(ctx);
    if (u && user_set_password(ctx, u, m->hash) == OK)
        secret_page(ctx, say(ctx, "New password"), say(ctx, "Hand this password for “{}” on now. It is not shown again.", u->login),
                    m->password, arena_print(ctx->arena, "/registers/users/%lld", (long long)u->record.id), say(ctx, "To the account"));
}

static void activate(struct ctx *ctx)
{
    struct user *u = now(ctx);
    if (u && user_activate(ctx, u, true) == OK)
        done(ctx, u, say(ctx, "The account can sign in again."));
}

static void deactivate(struct ctx *ctx)
{
    struct user *u = now(ctx);
    if (u && user_activate(ctx, u, false) == OK)
        done(ctx, u, say(ctx, "The account is deactivated."));
}

static void unlock(struct ctx *ctx)
{
    struct user *u = now(ctx);
    if (u && user_unlock(ctx, u) == OK)
        done(ctx, u, say(ctx, "Unlocked."));
}

static void grant(struct ctx *ctx)
{
    struct user *u = now(ctx);
    if (u && user_grant(ctx, u, role_parse(param(ctx, "role")), place_typed(ctx, "area", "areas"), place_typed(ctx, "unit", "units")) == OK)
        done(ctx, u, say(ctx, "The role is given."));
}

static void revoke(struct ctx *ctx)
{
    struct user *u = now(ctx);
    if (u && user_revoke(ctx, u, param_int(ctx, "grant")) == OK)
        done(ctx, u, say(ctx, "The role is taken away."));
}

/* ---- API tokens ---- */

static void token_row(struct ctx *ctx, struct rows *r)
{
    struct buf *out = ctx->web->out;
    unsigned role = role_parse(row_text(r, "role"));
    int64_t used = row_int(r, "last_used"), revoked = row_int(r, "revoked");
    const char *area = ctx_pick(ctx, row_text(r, "area"), row_text(r, "area_en")),
               *unit = ctx_pick(ctx, row_text(r, "unit"), row_text(r, "unit_en"));
    html(out, "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}{}{}</td><td>{}</td><td>{}</td><td>", row_text(r, "name"),
         role ? role_title(ctx, (enum role)role) : row_text(r, "role"),
         area   ? area
         : unit ? ""
                : say(ctx, "everywhere"),
         area && unit ? " · " : "", unit, when_show(ctx->arena, ctx->lang, row_int(r, "created")),
         used == NONE ? say(ctx, "never") : when_show(ctx->arena, ctx->lang, used));
    if (revoked != NONE) {
        html(out, "<span class=\"state wait\">{}</span>", say(ctx, "revoked {}", when_show(ctx->arena, ctx->lang, revoked)));
    } else {
        form_begin(ctx, arena_print(ctx->arena, "/tokens/%lld/revoke", (long long)row_int(r, "id")), NULL, false);
        html(out, "<button class=\"danger\" data-confirm=\"{}\">{}</button>",
             say(ctx, "Revoke this token? The program that uses it is refused at once."), say(ctx, "Revoke"));
        form_end(ctx);
    }
    buf_puts(out, "</td></tr>");
}

static void token_form(struct ctx *ctx, bool open)
{
    struct buf *out = ctx->web->out;
    html(out, "<section><details{}><summary>{}</summary>", (struct markup){open ? " open" : ""}, say(ctx, "Make a token"));
    form_begin(ctx, "/tokens", NULL, false);
    html(out,
         "<div class=\"field\"><label for=\"f-name\">{}</label><p class=\"hint\" id=\"f-name-h\">{}</p>"
         "<input id=\"f-name\" name=\"name\" maxlength=\"{}\" required autocomplete=\"off\" aria-describedby=\"f-name-h\" value=\"{}\"{}>",
         say(ctx, "For which program"), say(ctx, "The name that stands in the journal beside what it does, such as: hotline."),
         TOKEN_NAME_MOST, param(ctx, "name"), (struct markup){ctx_problem_of(ctx, "name") ? " aria-invalid=\"true\"" : ""});
    problem_at(ctx, "name");
    buf_puts(out, "</div>");
    grant_fields(ctx);
    html(out, "<div class=\"acts\"><button class=\"primary\">{}</button></div>", say(ctx, "Make the token"));
    form_end(ctx);
    buf_puts(out, "</details></section>");
}

static void tokens_page(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    page_begin(ctx, say(ctx, "API tokens"), PAGE_STAFF | PAGE_WIDE);
    trail(ctx, "/admin", say(ctx, "Administration"));
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>", say(ctx, "API tokens"),
         say(ctx, "A token lets a program in with one role. What it does is in the journal under its name."));
    form_problems(ctx);
    struct rows *r = query(
        ctx->db,
        "SELECT t.id, t.name, t.role, t.created, t.last_used, t.revoked, a.name AS area, a.name_en AS area_en, u.name AS unit,"
        " u.name_en AS unit_en FROM api_tokens t LEFT JOIN areas a ON a.id = t.area LEFT JOIN units u ON u.id = t.unit ORDER BY CASE WHEN t.revoked IS NULL THEN 0 ELSE 1 END, t.id DESC LIMIT 500");
    if (rows_next(r)) {
        scroll_begin(ctx, say(ctx, "API tokens"));
        html(out, "<table class=\"plain\"><thead><tr><th>{}</th><th>{}</th><th>{}</th><th>{}</th><th>{}</th><th></th></tr></thead><tbody>",
             say(ctx, "Name"), say(ctx, "Role"), say(ctx, "Where"), say(ctx, "Made"), say(ctx, "Last used"));
        do
            token_row(ctx, r);
        while (rows_next(r));
        buf_puts(out, "</tbody></table>");
        scroll_end(ctx);
    } else {
        html(out, "<p class=\"soft\">{}</p>", say(ctx, "There are none yet."));
    }
    token_form(ctx, ctx->problem_count > 0);
    page_end(ctx);
}

static void token_prepare(struct ctx *ctx)
{
    ctx->key = NULL; /* the answer shows the token: it is never kept */
}

static void token_make(struct ctx *ctx)
{
    const char *text = token_grant(ctx, param(ctx, "name"), role_parse(param(ctx, "role")), place_typed(ctx, "area", "areas"),
                                   place_typed(ctx, "unit", "units"));
    if (text)
        secret_page(ctx, say(ctx, "The token is made"),
                    say(ctx, "Put it into the program now. It is not shown again: who has it may do what its role may."), text, "/tokens",
                    say(ctx, "To the tokens"));
}

static void token_end(struct ctx *ctx)
{
    if (token_revoke(ctx, ctx->web->id) != OK)
        return;
    flash(ctx, say(ctx, "Revoked."));
    see_other(ctx, "/tokens");
}

#define ACCOUNT(step_, ...) ROUTE_POST("/users/{id}/" #step_, ROLE_ADMIN, step_, .record = &users_kind, .failed = back_to, ##__VA_ARGS__)
static const struct route table[] = {
    ROUTE_GET("/users/new", ROLE_ADMIN, fresh_page),
    ROUTE_POST("/users/new", ROLE_ADMIN, fresh, .prepare = fresh_prepare, .failed = fresh_page, .flags = SLOW),
    ACCOUNT(password, .prepare = password_prepare, .flags = SLOW),
    ACCOUNT(activate),
    ACCOUNT(deactivate),
    ACCOUNT(unlock),
    ACCOUNT(grant),
    ACCOUNT(revoke),
    ROUTE_GET("/tokens", ROLE_ADMIN, tokens_page),
    ROUTE_POST("/tokens", ROLE_ADMIN, token_make, .prepare = token_prepare, .failed = tokens_page),
    ROUTE_POST("/tokens/{id}/revoke", ROLE_ADMIN, token_end, .failed = tokens_page),
};

static const struct place places[] = {
    {"/registers/users", N_("Accounts"), NULL, ROLE_ADMIN, true, N_("Who may sign in, and what for"), "users"},
    {"/tokens", N_("API tokens"), NULL, ROLE_ADMIN, true, N_("Programs that may read and write"), "key"},
    {.href = NULL},
};

/* Each role with where it holds: "Community worker, Xinghu Community". */
static const char *roles_text(struct ctx *ctx, const void *record)
{
    const char *all = "", *comma = ctx->lang[0] == 'e' ? ", " : "，";
    struct rows *r = grants_of(ctx, record);
    while (rows_next(r)) {
        const char *where = row_text(r, "unit") ? ctx_pick(ctx, row_text(r, "unit"), row_text(r, "unit_en"))
                                                : ctx_pick(ctx, row_text(r, "area"), row_text(r, "area_en"));
        all = arena_print(ctx->arena, "%s%s%s%s%s", all, *all ? "; " : "", role_title(ctx, (enum role)role_parse(row_text(r, "role"))),
                          where ? comma : "", where ? where : "");
    }
    rows_end(r);
    return all;
}

static const struct register_view views[] = {
    {&users_kind, .detail = detail_draw, .acts = acts_draw, .fresh = "/users/new", .column = N_("Roles"), .cell = roles_text},
    {.kind = NULL},
};

const struct module users_module = {.name = "users", .routes = ROUTES(table), .places = places, .views = views};
