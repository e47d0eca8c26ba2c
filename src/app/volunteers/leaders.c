/*
 * Which account leads which team: the administrator's page. A leader's role
 * belongs to one team, and the volunteer pages go by it; a leader of two teams
 * has the role twice. The list of teams is drawn only for the row that is being
 * edited, so the page does not grow with teams times leaders.
 */
#include "core/module.h"
#include "app/registers/registers.h"
#include "app/volunteers/volunteer_parts.h"
#include "kind/form.h"
#include "web/fields.h"
#include "web/web.h"

#define PAGE 100 /* leaders on a page */

static void team_field(struct ctx *ctx, int64_t chosen)
{
    html(ctx->web->out, "<select name=\"team\" aria-label=\"{}\"><option value=\"\">{}</option>",
         say(ctx, "Team"), say(ctx, "Please choose"));
    team_options(ctx, chosen, false);
    buf_puts(ctx->web->out, "</select>");
}

/* The account: a list, or an input for the username if there are too many accounts. */
static void login_field(struct ctx *ctx)
{
    struct buf *out = ctx->web->out, options;
    const char *typed = param(ctx, "user");
    buf_init(&options, 0);
    html(out, "<div class=\"field\"><label for=\"f-user\">{}</label>", say(ctx, "Username"));
    if (form_options(ctx, &options, &users_kind, typed))
        html(out,
             "<select id=\"f-user\" name=\"user\" required><option "
             "value=\"\">{}</option>{}</select>",
             say(ctx, "Please choose"), (struct markup){options.data});
    else
        html(out,
             "<input id=\"f-user\" name=\"user\" required autocomplete=\"off\" list=\"f-user-l\" "
             "data-suggest=\"/registers/users/suggest\" value=\"{}\"><datalist "
             "id=\"f-user-l\"></datalist>",
             typed);
    buf_release(&options);
    field_problem(ctx, "user");
    buf_puts(out, "</div>");
}

static void draw_new(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    html(out, "<section class=\"card\"><h2>{}</h2>", say(ctx, "Appoint a team leader"));
    form_begin(ctx, "/team-leaders", NULL, false);
    login_field(ctx);
    html(out, "<div class=\"field\" id=\"f-team\"><b>{}</b>", say(ctx, "Team"));
    team_field(ctx, param_int(ctx, "team"));
    html(out, "</div><div class=\"acts\"><button class=\"primary\">{}</button></div>",
         say(ctx, "Appoint"));
    form_end(ctx);
    buf_puts(out, "</section>");
}

static void draw_leader(struct ctx *ctx, struct rows *r, bool change)
{
    struct buf *out = ctx->web->out;
    int64_t id = row_int(r, "id");
    html(out, "<tr id=\"leader-{}\"><th scope=\"row\">{} <span class=\"soft\">{}</span></th><td>",
         id, ctx_pick(ctx, row_text(r, "name"), row_text(r, "name_en")), row_text(r, "login"));
    if (change) {
        form_begin(ctx, arena_print(ctx->arena, "/team-leaders/%lld", (long long)id), NULL, false);
        team_field(ctx, param(ctx, "team") ? param_int(ctx, "team") : row_int(r, "organisation"));
        html(out, "<button>{}</button>", say(ctx, "Save"));
        form_end(ctx);
    } else {
        html(out, "{} <a class=\"small\" href=\"/team-leaders?change={}#leader-{}\">{}</a>",
             row_text(r, "team") ? ctx_pick(ctx, row_text(r, "team"), row_text(r, "team_en"))
                                 : say(ctx, "No team"),
             id, id, say(ctx, "Change"));
    }
    buf_puts(out, "</td></tr>");
}

#define LEADERS \
    "SELECT g.id, g.organisation, u.login, u.name, u.name_en, o.name AS team, o.name_en AS " \
    "team_en FROM grants g JOIN users u ON u.id = g.\"user\" LEFT JOIN organisations o ON o.id = " \
    "g.organisation WHERE g.role = 'team_leader'"

/* Draws the page that contains the row, or the requested page. */
static void draw_leaders(struct ctx *ctx, int64_t changed)
{
    struct buf *out = ctx->web->out;
    int64_t n = 0, page = pager_page(ctx),
            total = query_int(ctx->db,
                              "SELECT count(*) AS n FROM grants WHERE role = 'team_leader'");
    struct rows *r = changed != NONE
                         ? query(ctx->db, LEADERS " AND g.id = {}", changed)
                         : query(ctx->db, LEADERS " ORDER BY u.login, g.id LIMIT {} OFFSET {}",
                                 PAGE, (page - 1) * PAGE);
    for (; rows_next(r); n++) {
        if (n == 0)
            html(out,
                 "<table class=\"plain "
                 "stack\"><thead><tr><th>{}</th><th>{}</th></tr></thead><tbody>",
                 say(ctx, "Username"), say(ctx, "Team"));
        draw_leader(ctx, r, changed != NONE);
    }
    if (n)
        buf_puts(out, "</tbody></table>");
    else
        html(out, "<p class=\"soft\">{}</p>", say(ctx, "No team leaders yet."));
    if (changed != NONE)
        html(out, "<p><a href=\"/team-leaders\">{}</a></p>", say(ctx, "All team leaders"));
    else if (total > PAGE)
        pager(ctx, page, PAGE, total, say_n(ctx, total, "1 team leader", "{} team leaders", total));
}

static void leaders(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    int64_t changed = ctx->web->id != NONE && ctx->web->id > 0 ? ctx->web->id : NONE;
    if (changed == NONE && query_param(ctx, "change"))
        changed = param_int(ctx, "change");
    page_begin(ctx, say(ctx, "Team leaders"), PAGE_STAFF);
    trail(ctx, "/admin", say(ctx, "Administration"));
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>",
         say(ctx, "Team leaders"),
         say(ctx, "A team leader sees only the volunteers, hours and activities of the team chosen "
                  "here."));
    form_problems(ctx);
    draw_leaders(ctx, changed);
    if (changed == NONE)
        draw_new(ctx);
    page_end(ctx);
}

static void name(struct ctx *ctx)
{
    const char *typed = param(ctx, "user");
    const struct user *u = typed ? record_find(ctx, &users_kind, "login", typed) : NULL;
    if (!u || u->active != 1)
        ctx_problem(ctx, "user", say(ctx, "Choose an account."));
    else if (user_lead(ctx, u, param_int(ctx, "team")) == OK)
        see_other(ctx, "/team-leaders");
}

static void move(struct ctx *ctx)
{
    if (user_lead_change(ctx, ctx->web->id, param_int(ctx, "team")) == OK)
        see_other(ctx, "/team-leaders");
}

static const struct route table[] = {
    ROUTE_GET("/team-leaders", ROLE_ADMIN, leaders),
    ROUTE_POST("/team-leaders", ROLE_ADMIN, name, .failed = leaders),
    ROUTE_POST("/team-leaders/{id}", ROLE_ADMIN, move, .failed = leaders),
};

static const struct place places[] = {
    {"/team-leaders", N_("Team leaders"), NULL, ROLE_ADMIN, true,
     N_("Which team each leader’s account manages"), "users", .rank = 110},
    {.href = NULL},
};

/* ---- what a leader's account holds ---- */

static const char *teams_held(struct ctx *ctx, int64_t user)
{
    const char *names = list_names(
        ctx,
        query(ctx->db,
              "SELECT DISTINCT o.id, o.name, o.name_en FROM organisations o JOIN grants g ON "
              "g.organisation = o.id WHERE g.\"user\" = {} AND g.role = 'team_leader' AND NOT "
              "EXISTS (SELECT 1 FROM grants h JOIN users a ON a.id = h.\"user\" WHERE "
              "h.organisation = o.id AND h.role = 'team_leader' AND h.\"user\" <> {} AND a.active "
              "= 1) ORDER BY o.id",
              user, user));
    return *names
               ? say(ctx, "{}: no other leader can sign in. Appoint another under “Team leaders”.",
                     names)
               : NULL;
}

static const char *approvals_held(struct ctx *ctx, int64_t user)
{
    int64_t n = query_int(
        ctx->db,
        "SELECT count(*) AS n FROM hours WHERE (held > 0 OR disputed_at IS NOT NULL) AND volunteer "
        "IN (SELECT id FROM volunteers WHERE team IN (SELECT organisation FROM grants WHERE "
        "\"user\" = {} AND role = 'team_leader'))",
        user);
    return n > 0 ? say_n(ctx, n,
                         "1 day of service hours to approve: other leaders of the team, community "
                         "staff and the subdistrict office can do it.",
                         "{} days of service hours to approve: other leaders of the team, "
                         "community staff and the subdistrict office can do it.",
                         n)
                 : NULL;
}

static const struct holding holdings[] = {
    {teams_held, "/team-leaders"}, {approvals_held, "/hours"}, {.held = NULL}};

const struct module leaders_module = {
    .name = "leaders", .routes = ROUTES(table), .places = places, .holdings = holdings};
