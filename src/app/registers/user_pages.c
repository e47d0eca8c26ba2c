/*
 * The accounts' pages beyond the generated ones: a new account with its first
 * role in one step, passwords shown once, locks, roles by area and unit, API
 * tokens. users.c has the rules.
 */
#include "pages/register_pages.h"

#include "app/registers/password_slips.h"
#include "app/registers/users.h"
#include "base/text.h"
#include "base/when.h"
#include "kind/form.h"
#include "web/fields.h"
#include "web/session.h"

#include <stdlib.h>
#include <string.h>

/* ---- small parts ---- */

static void role_options(struct ctx *ctx, const char *chosen)
{
    html(ctx->web->out, "<option value=\"\">{}</option>", say(ctx, "Please choose"));
    for (unsigned r = ROLE_VOLUNTEER; r <= ROLE_ADMIN; r <<= 1)
        if (r & ROLES_GRANTED)
            html(ctx->web->out, "<option value=\"{}\"{}>{}</option>", role_name((enum role)r),
                 (struct markup){chosen && !strcmp(chosen, role_name((enum role)r)) ? " selected"
                                                                                    : ""},
                 role_title(ctx, (enum role)r));
}

static struct markup invalid_at(struct ctx *ctx, const char *field)
{
    if (!ctx_problem_of(ctx, field))
        return (struct markup){""};
    return (struct markup){
        arena_print(ctx->arena, " aria-invalid=\"true\" aria-describedby=\"f-%s-p\"", field)};
}

/* Shown with the roles that it belongs to, where the browser can tell (form.css). */
static void place_select(struct ctx *ctx, const char *name, const char *label, const struct kind *k)
{
    struct buf *out = ctx->web->out;
    html(out,
         "<div class=\"field for-{}\"><label for=\"f-{}\">{} <i>{}</i></label><select id=\"f-{}\" "
         "name=\"{}\"{}><option value=\"\">{}</option>",
         name, name, label, say(ctx, "optional"), name, name, invalid_at(ctx, name),
         say(ctx, "None"));
    form_options(ctx, out, k, param(ctx, name));
    buf_puts(out, "</select>");
    field_problem(ctx, name);
    buf_puts(out, "</div>");
}

/* The team that a team leader leads. */
static void team_select(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    struct sql q;
    const char *chosen = param(ctx, "team");
    html(out,
         "<div class=\"field for-team\"><label for=\"f-team\">{}</label><select id=\"f-team\" "
         "name=\"team\"{}><option value=\"\">{}</option>",
         say(ctx, "Team"), invalid_at(ctx, "team"), say(ctx, "Please choose"));
    sql_init(&q, ctx->arena);
    sql_add(&q, "SELECT code, name, name_en FROM organisations WHERE kind = 'team' AND "
                "merged_into IS NULL");
    valid_where(ctx, &q);
    sql_add(&q, " ORDER BY name COLLATE pinyin, id");
    struct rows *r = sql_query(ctx->db, &q);
    while (rows_next(r))
        html(out, "<option value=\"{}\"{}>{}</option>", row_text(r, "code"),
             (struct markup){chosen && !strcmp(chosen, row_text(r, "code")) ? " selected" : ""},
             ctx_pick(ctx, row_text(r, "name"), row_text(r, "name_en")));
    buf_puts(out, "</select>");
    field_problem(ctx, "team");
    buf_puts(out, "</div>");
}

/* What each role may do, beside the form in which one is chosen. */
static void roles_draw(struct ctx *ctx)
{
    static const struct {
        enum role role;
        const char *may;
    } list[] = {
        {ROLE_WORKER, N_("Handles the requests, people and activities of a community")},
        {ROLE_HANDLER, N_("Handles the requests dispatched to a unit")},
        {ROLE_OFFICE, N_("Dispatches requests and keeps the registers of the whole area")},
        {ROLE_LEADER, N_("Reads everything in the area and its statistics; changes nothing")},
        {ROLE_TEAM_LEADER, N_("Leads a volunteer team: its members, activities and hours")},
        {ROLE_VOLUNTEER, N_("Sees own shifts, visits and hours")},
        {ROLE_AUDITOR, N_("Reads the audit log; personal data is masked")},
        {ROLE_ADMIN, N_("Keeps accounts, registers and settings; sees no requests")},
    };
    struct buf *out = ctx->web->out;
    html(out, "<section class=\"card\"><h2>{}</h2><dl class=\"stacked\">",
         say(ctx, "What each role may do"));
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        html(out, "<div><dt>{}</dt><dd>{}</dd></div>", role_title(ctx, list[i].role),
             tr(ctx, list[i].may));
    buf_puts(out, "</dl></section>");
}

/* Role, area, unit and team of a grant. */
static void grant_fields(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    html(out,
         "<div class=\"group\"><h2>{}</h2><p class=\"hint\">{}</p><div "
         "class=\"field\"><label for=\"f-role\">{}</label>"
         "<select id=\"f-role\" name=\"role\" required{}>",
         say(ctx, "Role"),
         say(ctx,
             "Community workers and volunteers need an area, unit handlers a unit, team leaders "
             "their team. A role covers the area and everything below it; leave the area "
             "blank to cover all."),
         say(ctx, "Role"), invalid_at(ctx, "role"));
    role_options(ctx, param(ctx, "role"));
    buf_puts(out, "</select>");
    field_problem(ctx, "role");
    buf_puts(out, "</div>");
    place_select(ctx, "area", say(ctx, "Area"), kind_find("areas"));
    place_select(ctx, "unit", say(ctx, "Unit"), kind_find("units"));
    team_select(ctx);
    buf_puts(out, "</div>");
}

static int64_t place_typed(struct ctx *ctx, const char *name, const char *table)
{
    const char *code = param(ctx, name);
    if (!code || !*code)
        return NONE;
    int64_t id = query_int(ctx->db, "SELECT id FROM {} WHERE code = {}", (struct sql_name){table},
                           code);
    return id == NONE ? 0 : id; /* 0: there is none, which the rule refuses */
}

/* Shows a password once. Neither the server nor the browser caches the page. */
static void secret_page(struct ctx *ctx, const char *title, const char *text, const char *secret,
                        const char *back, const char *back_label)
{
    struct buf *out = ctx->web->out;
    page_begin(ctx, title, PAGE_STAFF);
    html(out,
         "<header class=\"head\"><h1>{}</h1></header><section class=\"card\"><p>{}</p><p "
         "class=\"secret\">{}</p>"
         "<div class=\"acts\"><button type=\"button\" data-copy=\"{}\" hidden>{} {}</button><a "
         "class=\"button\" href=\"{}\">{}</a></div></section>",
         title, text, secret, secret, icon(ctx, "copy"), say(ctx, "Copy"), back, back_label);
    page_end(ctx);
}

/* ---- a new account ---- */

struct made {
    struct user *user;
    const char *password, *hash;
    unsigned role;
    int64_t area, unit, team;
};

static void fresh_page(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct form form = {
        .kind = &users_kind, .record = form_new(ctx, &users_kind), .typed = param, .icon = icon};
    page_begin(ctx, say(ctx, "New account"), PAGE_STAFF);
    trail(ctx, "/registers/users", tr(ctx, users_kind.many));
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>",
         say(ctx, "New account"), say(ctx, "A password is generated and shown once."));
    buf_puts(out, "<div class=\"record beside\"><div>");
    form_begin(ctx, "/users/new", NULL, false);
    form_problems(ctx);
    form_fields(ctx, out, &form);
    grant_fields(ctx);
    html(out,
         "<div class=\"acts\"><button class=\"primary\">{}</button><a class=\"button quiet\" "
         "href=\"/registers/users\">{}</a></div>",
         say(ctx, "Create account"), say(ctx, "Not now"));
    form_end(ctx);
    html(out, "</div><aside aria-label=\"{}\">", say(ctx, "What each role may do"));
    roles_draw(ctx);
    buf_puts(out, "</aside></div>");
    page_end(ctx);
}

/* A leader without a team could lead nothing. */
static void grant_read(struct ctx *ctx, struct made *m)
{
    m->role = role_parse(param(ctx, "role"));
    m->area = place_typed(ctx, "area", "areas");
    m->unit = place_typed(ctx, "unit", "units");
    m->team = m->role == ROLE_TEAM_LEADER ? place_typed(ctx, "team", "organisations") : NONE;
    if (!m->role)
        ctx_problem(ctx, "role", say(ctx, "Choose a role."));
    else if (m->role == ROLE_TEAM_LEADER && m->team == NONE)
        ctx_problem(ctx, "team",
                    say(ctx, "Choose the team. If there is none yet, add it under Organisations "
                             "first."));
}

static enum status grant_store(struct ctx *ctx, const struct user *u, const struct made *m)
{
    return m->role == ROLE_TEAM_LEADER ? user_lead(ctx, u, m->team)
                                       : user_grant(ctx, u, m->role, m->area, m->unit);
}

static void fresh_prepare(struct ctx *ctx)
{
    struct made *m = ARENA_NEW(ctx->arena, struct made);
    ctx->key = NULL; /* the answer shows a password: it is never kept */
    ctx->work = m;
    m->user = form_new(ctx, &users_kind);
    form_read(ctx, &users_kind, m->user, param);
    record_check(ctx, &users_kind, NULL, m->user);
    grant_read(ctx, m);
    m->password = user_password(ctx->arena);
    m->hash = ctx_ok(ctx) ? password_hash(ctx->arena, m->password) : NULL;
}

static void fresh(struct ctx *ctx)
{
    struct made *m = ctx->work;
    if (user_add(ctx, m->user, m->hash) != OK || grant_store(ctx, m->user, m) != OK)
        return;
    secret_page(
        ctx, say(ctx, "Account created"),
        say(ctx, "Give this password to “{}” now. It will not be shown again.", m->user->login),
        m->password,
        arena_print(ctx->arena, "/registers/users/%lld", (long long)m->user->record.id),
        say(ctx, "Go to account"));
}

/* ---- one account ---- */

static void grant_row(struct ctx *ctx, const struct user *u, struct rows *r)
{
    struct buf *out = ctx->web->out;
    unsigned role = role_parse(row_text(r, "role"));
    const char *area = ctx_pick(ctx, row_text(r, "area"), row_text(r, "area_en")),
               *unit = ctx_pick(ctx, row_text(r, "unit"), row_text(r, "unit_en"));
    html(out, "<tr><th scope=\"row\">{}</th><td>{}{}{}</td><td>",
         role ? role_title(ctx, (enum role)role) : row_text(r, "role"),
         area   ? area
         : unit ? ""
                : say(ctx, "all areas"),
         area && unit ? " · " : "", unit);
    form_begin(ctx, arena_print(ctx->arena, "/users/%lld/revoke", (long long)u->record.id), NULL,
               false);
    html(out,
         "<input type=\"hidden\" name=\"grant\" value=\"{}\"><button class=\"quiet\">{}</button>",
         row_int(r, "id"), say(ctx, "Remove role"));
    form_end(ctx);
    buf_puts(out, "</td></tr>");
}

static struct rows *grants_of(struct ctx *ctx, const struct user *u)
{
    return query(ctx->db,
                 "SELECT g.id, g.role, a.name AS area, a.name_en AS area_en, u.name AS unit, "
                 "u.name_en AS unit_en FROM grants g"
                 " LEFT JOIN areas a ON a.id = g.area LEFT JOIN units u ON u.id = g.unit WHERE "
                 "g.\"user\" = {} ORDER BY g.id",
                 u->record.id);
}

static void grants_draw(struct ctx *ctx, const struct user *u)
{
    struct buf *out = ctx->web->out;
    html(out,
         "<section><h2>{}</h2><table "
         "class=\"plain\"><thead><tr><th>{}</th><th>{}</th><th></th></tr></thead><tbody>",
         say(ctx, "Roles"), say(ctx, "Role"), say(ctx, "Scope"));
    struct rows *r = grants_of(ctx, u);
    int n = 0;
    for (; rows_next(r); n++)
        grant_row(ctx, u, r);
    buf_puts(out, "</tbody></table>");
    if (n == 0)
        html(out, "<p class=\"soft\">{}</p>",
             say(ctx, "No role yet: nothing will be visible after signing in."));
    bool open = ctx_problem_of(ctx, "role") || ctx_problem_of(ctx, "area") ||
                ctx_problem_of(ctx, "unit");
    html(out, "<details{}><summary>{}</summary>", (struct markup){open ? " open" : ""},
         say(ctx, "Grant a role"));
    form_begin(ctx, arena_print(ctx->arena, "/users/%lld/grant", (long long)u->record.id), NULL,
               false);
    grant_fields(ctx);
    html(out, "<div class=\"acts\"><button class=\"primary\">{}</button></div>",
         say(ctx, "Grant role"));
    form_end(ctx);
    buf_puts(out, "</details></section>");
}

static void act(struct ctx *ctx, const struct user *u, const char *action, const char *sign,
                const char *label, const char *question)
{
    form_begin(ctx, arena_print(ctx->arena, "/users/%lld/%s", (long long)u->record.id, action),
               NULL, false);
    html(ctx->web->out, "<button data-confirm=\"{}\">{} {}</button>", question, icon(ctx, sign),
         label);
    form_end(ctx);
}

/* Collects what the account still holds, one line each; returns how many. */
#define HOLDINGS_MOST 32 /* rows of all modules; more end the program */
struct held {
    const char *text, *href;
};

static int holdings_of(struct ctx *ctx, int64_t user, struct held list[HOLDINGS_MOST])
{
    int n = 0;
    for (int m = 0; modules[m]; m++)
        for (const struct holding *h = modules[m]->holdings; h && h->held; h++) {
            const char *text = h->held(ctx, user), *id = h->href ? strstr(h->href, "{id}") : NULL;
            if (!text)
                continue;
            if (n == HOLDINGS_MOST)
                abort();
            list[n++] = (struct held){text, id ? arena_print(ctx->arena, "%.*s%lld%s",
                                                             (int)(id - h->href), h->href,
                                                             (long long)user, id + strlen("{id}"))
                                               : h->href};
        }
    return n;
}

static void holdings_draw(struct ctx *ctx, const struct user *u)
{
    struct buf *out = ctx->web->out;
    struct held list[HOLDINGS_MOST];
    int n = holdings_of(ctx, u->record.id, list);
    if (n == 0)
        return;
    html(out, "<section><h2>{}</h2><p class=\"soft\">{}</p><ul>",
         say(ctx, "What this account holds"),
         u->active == 1 ? say(ctx, "Where it goes when the account is deactivated:")
                        : say(ctx, "The account is deactivated; this is what it still held:"));
    for (int i = 0; i < n; i++) {
        html(out, "<li>{}", list[i].text);
        if (list[i].href)
            html(out, " <a href=\"{}\">{}</a>", list[i].href, say(ctx, "View"));
        buf_puts(out, "</li>");
    }
    buf_puts(out, "</ul></section>");
}

/* The confirmation, and the message afterwards: a list of what the account holds. */
static const char *with_holdings(struct ctx *ctx, const char *first, int64_t user)
{
    struct held list[HOLDINGS_MOST];
    int n = holdings_of(ctx, user, list);
    for (int i = 0; i < n; i++)
        first = arena_print(ctx->arena, "%s%s%s", first, ctx_english(ctx) ? " " : "", list[i].text);
    return first;
}

static void acts_draw(struct ctx *ctx, const void *record)
{
    const struct user *u = record;
    act(ctx, u, "password", "key", say(ctx, "New password"),
        say(ctx, "Reset the password? The old one stops working immediately and all open sessions "
                 "end."));
    if (u->active == 1)
        act(ctx, u, "deactivate", "lock", say(ctx, "Deactivate"),
            with_holdings(ctx,
                          say(ctx, "Deactivate this account? Its sessions end immediately; its "
                                   "actions stay in the audit log."),
                          u->record.id));
    else
        act(ctx, u, "activate", "user-check", say(ctx, "Reactivate"),
            say(ctx, "Reactivate this account?"));
}

static void detail_draw(struct ctx *ctx, const void *record)
{
    const struct user *u = record;
    struct buf *out = ctx->web->out;
    if (u->active != 1)
        html(out, "<div class=\"notice warn\">{}<div><p>{}</p></div></div>", icon(ctx, "lock"),
             say(ctx, "This account is deactivated."));
    if (LOGIN_IS_LOCKED(u->locked_until, ctx->now)) {
        html(out, "<div class=\"notice warn\">{}<div><p>{}</p>", icon(ctx, "lock"),
             say(ctx, "Locked until {} after too many incorrect passwords.",
                 when_show(ctx->arena, ctx->lang, u->locked_until)));
        act(ctx, u, "unlock", "key", say(ctx, "Unlock now"), say(ctx, "Unlock this account now?"));
        buf_puts(out, "</div></div>");
    }
    grants_draw(ctx, u);
    holdings_draw(ctx, u);
    int64_t sessions = query_int(
        ctx->db,
        "SELECT count(*) AS n FROM sessions WHERE \"user\" = {} AND expires > {} AND seen > {}",
        u->record.id, ctx->now, ctx->now - SESSION_IDLE);
    html(out, "<p class=\"soft\">{}</p>",
         say_n(ctx, sessions, "1 open session", "{} open sessions", sessions));
}

/* Shows a step's problem on the account's page. */
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
        secret_page(
            ctx, say(ctx, "New password"),
            say(ctx, "Give this password to “{}” now. It will not be shown again.", u->login),
            m->password, arena_print(ctx->arena, "/registers/users/%lld", (long long)u->record.id),
            say(ctx, "Go to account"));
}

static void activate(struct ctx *ctx)
{
    struct user *u = now(ctx);
    if (u && user_activate(ctx, u, true) == OK)
        done(ctx, u, say(ctx, "Account reactivated."));
}

static void deactivate(struct ctx *ctx)
{
    struct user *u = now(ctx);
    const char *words = u ? with_holdings(ctx, say(ctx, "Account deactivated."), u->record.id)
                          : NULL; /* before it moves to its new holder */
    if (u && user_activate(ctx, u, false) == OK)
        done(ctx, u, words);
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
    struct made m = {.role = 0};
    grant_read(ctx, &m);
    if (u && ctx_ok(ctx) && grant_store(ctx, u, &m) == OK)
        done(ctx, u, say(ctx, "Role granted."));
}

static void revoke(struct ctx *ctx)
{
    struct user *u = now(ctx);
    if (u && user_revoke(ctx, u, param_int(ctx, "grant")) == OK)
        done(ctx, u, say(ctx, "Role removed."));
}

/* ---- API tokens ---- */

static void token_row(struct ctx *ctx, struct rows *r)
{
    struct buf *out = ctx->web->out;
    unsigned role = role_parse(row_text(r, "role"));
    int64_t used = row_int(r, "last_used"), revoked = row_int(r, "revoked");
    const char *area = ctx_pick(ctx, row_text(r, "area"), row_text(r, "area_en")),
               *unit = ctx_pick(ctx, row_text(r, "unit"), row_text(r, "unit_en"));
    html(out, "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}{}{}</td><td>{}</td><td>{}</td><td>",
         row_text(r, "name"), role ? role_title(ctx, (enum role)role) : row_text(r, "role"),
         area   ? area
         : unit ? ""
                : say(ctx, "all areas"),
         area && unit ? " · " : "", unit, when_show(ctx->arena, ctx->lang, row_int(r, "created")),
         used == NONE ? say(ctx, "never") : when_show(ctx->arena, ctx->lang, used));
    if (revoked != NONE) {
        html(out, "<span class=\"state wait\">{}</span>",
             say(ctx, "revoked {}", when_show(ctx->arena, ctx->lang, revoked)));
    } else {
        form_begin(ctx, arena_print(ctx->arena, "/tokens/%lld/revoke", (long long)row_int(r, "id")),
                   NULL, false);
        html(out, "<button class=\"danger\" data-confirm=\"{}\">{}</button>",
             say(ctx, "Revoke this token? The program using it loses access immediately."),
             say(ctx, "Revoke"));
        form_end(ctx);
    }
    buf_puts(out, "</td></tr>");
}

static void token_form(struct ctx *ctx, bool open)
{
    struct buf *out = ctx->web->out;
    html(out, "<section><details{}><summary>{}</summary>", (struct markup){open ? " open" : ""},
         say(ctx, "New token"));
    form_begin(ctx, "/tokens", NULL, false);
    html(out,
         "<div class=\"field\"><label for=\"f-name\">{}</label><p class=\"hint\" "
         "id=\"f-name-h\">{}</p>"
         "<input id=\"f-name\" name=\"name\" maxlength=\"{}\" required autocomplete=\"off\" "
         "aria-describedby=\"f-name-h\" value=\"{}\"{}>",
         say(ctx, "Program"), say(ctx, "The name shown in the audit log, e.g. Hotline."),
         TOKEN_NAME_MOST, param(ctx, "name"),
         (struct markup){ctx_problem_of(ctx, "name") ? " aria-invalid=\"true\"" : ""});
    field_problem(ctx, "name");
    buf_puts(out, "</div>");
    grant_fields(ctx);
    html(out, "<div class=\"acts\"><button class=\"primary\">{}</button></div>",
         say(ctx, "Create token"));
    form_end(ctx);
    buf_puts(out, "</details></section>");
}

static void tokens_page(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    page_begin(ctx, say(ctx, "API tokens"), PAGE_STAFF | PAGE_WIDE);
    trail(ctx, "/admin", say(ctx, "Administration"));
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>",
         say(ctx, "API tokens"),
         say(ctx, "A token gives a program access with one role. What it does is recorded in the "
                  "audit log under the token’s name."));
    form_problems(ctx);
    struct rows *r = query(ctx->db,
                           "SELECT t.id, t.name, t.role, t.created, t.last_used, t.revoked, a.name "
                           "AS area, a.name_en AS area_en, u.name AS unit,"
                           " u.name_en AS unit_en FROM api_tokens t LEFT JOIN areas a ON a.id = "
                           "t.area LEFT JOIN units u ON u.id = t.unit ORDER BY CASE WHEN t.revoked "
                           "IS NULL THEN 0 ELSE 1 END, t.id DESC");
    if (rows_next(r)) {
        scroll_begin(ctx, say(ctx, "API tokens"));
        html(out,
             "<table "
             "class=\"plain\"><thead><tr><th>{}</th><th>{}</th><th>{}</th><th>{}</th><th>{}</"
             "th><th></th></tr></thead><tbody>",
             say(ctx, "Name"), say(ctx, "Role"), say(ctx, "Scope"), say(ctx, "Created"),
             say(ctx, "Last used"));
        do
            token_row(ctx, r);
        while (rows_next(r));
        buf_puts(out, "</tbody></table>");
        scroll_end(ctx);
    } else {
        html(out, "<p class=\"soft\">{}</p>", say(ctx, "None yet."));
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
    const char *text = token_grant(ctx, param(ctx, "name"), role_parse(param(ctx, "role")),
                                   place_typed(ctx, "area", "areas"),
                                   place_typed(ctx, "unit", "units"));
    if (text)
        secret_page(ctx, say(ctx, "Token created"),
                    say(ctx, "Enter it in the program now; it will not be shown again. Anyone who "
                             "has it can do everything its role allows."),
                    text, "/tokens", say(ctx, "Back to tokens"));
}

static void token_end(struct ctx *ctx)
{
    if (token_revoke(ctx, ctx->web->id) != OK)
        return;
    flash(ctx, say(ctx, "Revoked."));
    see_other(ctx, "/tokens");
}

#define ACCOUNT(step_, ...) \
    ROUTE_POST("/users/{id}/" #step_, ROLE_ADMIN, step_, .record = &users_kind, .failed = back_to, \
               ##__VA_ARGS__)
static const struct route table[] = {
    ROUTE_GET("/users/new", ROLE_ADMIN, fresh_page),
    ROUTE_POST("/users/new", ROLE_ADMIN, fresh, .prepare = fresh_prepare, .failed = fresh_page,
               .flags = SLOW),
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
    {"/registers/users", N_("Accounts"), NULL, ROLE_ADMIN, true,
     N_("Who can sign in and what they can do"), "users", .rank = 60},
    {"/tokens", N_("API tokens"), NULL, ROLE_ADMIN, true, N_("Programs with read and write access"),
     "key", .rank = 60},
    {.href = NULL},
};

/* Each role with its place: "Community worker, Xinghu Community". */
static const char *roles_text(struct ctx *ctx, const void *record)
{
    const char *all = "", *comma = ctx_pick(ctx, "，", ", ");
    struct rows *r = grants_of(ctx, record);
    while (rows_next(r)) {
        const char *where = row_text(r, "unit")
                                ? ctx_pick(ctx, row_text(r, "unit"), row_text(r, "unit_en"))
                                : ctx_pick(ctx, row_text(r, "area"), row_text(r, "area_en"));
        const char *role = role_title(ctx, (enum role)role_parse(row_text(r, "role")));
        all = text_add(ctx->arena, all, "; ",
                       where ? text_add(ctx->arena, role, comma, where) : role);
    }
    rows_end(r);
    return all;
}

static const struct register_view views[] = {
    {&users_kind, .imported = passwords_link, .detail = detail_draw, .acts = acts_draw,
     .fresh = "/users/new", .column = N_("Roles"), .cell = roles_text},
    {.kind = NULL},
};

const struct module users_module = {
    .name = "users", .routes = ROUTES(table), .places = places, .views = views};
