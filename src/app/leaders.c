/*
 * Which login leads which team: the administrator's page. A leader's role holds
 * for one team, and the pages of volunteers go by it; a leader of two teams has
 * the role twice.
 */
#include "app/module.h"
#include "app/users.h"
#include "app/volunteer_parts.h"
#include "web/web.h"

#define LIST_MOST 500

static void team_field(struct ctx *ctx, int64_t chosen)
{
    html(ctx->web->out, "<select name=\"team\" aria-label=\"{}\"><option value=\"\">{}</option>", say(ctx, "Team"),
         say(ctx, "Please choose"));
    team_options(ctx, chosen, false);
    buf_puts(ctx->web->out, "</select>");
}

static void draw_new(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    int64_t chosen = param_int(ctx, "user");
    html(out, "<section class=\"card\"><h2>{}</h2>", say(ctx, "Name a leader"));
    form_begin(ctx, "/team-leaders", NULL, false);
    html(out,
         "<div class=\"field\"><label for=\"f-user\">{}</label><select id=\"f-user\" name=\"user\" required><option value=\"\">{}</option>",
         say(ctx, "Login"), say(ctx, "Please choose"));
    struct rows *r = query(ctx->db, "SELECT id, login, name FROM users WHERE active = 1 ORDER BY login LIMIT {}", LIST_MOST);
    while (rows_next(r))
        html(out, "<option value=\"{}\"{}>{} {}</option>", row_int(r, "id"), (struct markup){row_int(r, "id") == chosen ? " selected" : ""},
             row_text(r, "login"), row_text(r, "name"));
    html(out, "</select></div><div class=\"field\" id=\"f-team\"><b>{}</b>", say(ctx, "Team"));
    team_field(ctx, param_int(ctx, "team"));
    html(out, "</div><div class=\"acts\"><button class=\"primary\">{}</button></div>", say(ctx, "Name as leader"));
    form_end(ctx);
    buf_puts(out, "</section>");
}

static void leaders(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    int64_t n = 0;
    page_begin(ctx, say(ctx, "Leaders of teams"), PAGE_STAFF);
    trail(ctx, "/admin", say(ctx, "Administration"));
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>", say(ctx, "Leaders of teams"),
         say(ctx, "A leader sees the volunteers, hours and activities of the team named here, and of no other."));
    form_problems(ctx);
    struct rows *r = query(
        ctx->db,
        "SELECT g.id, g.organisation, u.login, u.name, u.name_en FROM grants g JOIN users u ON u.id = g.\"user\" WHERE g.role = 'team_leader'"
        " ORDER BY u.login, g.id LIMIT {}",
        LIST_MOST);
    for (; rows_next(r); n++) {
        if (n == 0)
            html(out, "<table class=\"plain stack\"><thead><tr><th>{}</th><th>{}</th></tr></thead><tbody>", say(ctx, "Login"),
                 say(ctx, "Team"));
        html(out, "<tr><th scope=\"row\">{} <span class=\"soft\">{}</span></th><td>",
             ctx_pick(ctx, row_text(r, "name"), row_text(r, "name_en")), row_text(r, "login"));
        form_begin(ctx, arena_print(ctx->arena, "/team-leaders/%lld", (long long)row_int(r, "id")), NULL, false);
        team_field(ctx, row_int(r, "organisation"));
        html(out, "<button>{}</button>", say(ctx, "Save"));
        form_end(ctx);
        buf_puts(out, "</td></tr>");
    }
    if (n)
        buf_puts(out, "</tbody></table>");
    else
        html(out, "<p class=\"soft\">{}</p>", say(ctx, "Nobody leads a team yet."));
    draw_new(ctx);
    page_end(ctx);
}

static void name(struct ctx *ctx)
{
    const struct user *u = param_int(ctx, "user") == NONE ? NULL : record_get(ctx, &users_kind, param_int(ctx, "user"));
    if (!u)
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
    {"/team-leaders", N_("Leaders of teams"), NULL, ROLE_ADMIN, true, N_("Which team each leader's account looks after"), "users"},
    {.href = NULL},
};

const struct module leaders_module = {.name = "leaders", .routes = ROUTES(table), .places = places};
