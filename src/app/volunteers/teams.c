/*
 * Teams. Residents see what each does and when it meets, without names. Leaders
 * see the members with their hours of the month, and the volunteer days held
 * and planned. Lists are sorted by name, never ranked.
 */
#include "core/module.h"
#include "app/volunteers/volunteer_parts.h"
#include "base/when.h"
#include "web/web.h"

#include <string.h>

#define READERS (VOLUNTEER_HOSTS | ROLE_LEADER)
static const char *team_name(struct ctx *ctx, const struct organisation *o)
{
    return ctx_pick(ctx, o->name, o->name_en);
}

/* ---- for residents ---- */

static void teams(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    struct list l;
    int64_t community = 0, n = 0;
    list_init(ctx, &l, &open_teams_kind);
    l.limit = LIST_ALL;
    l.order = ORGANISATIONS_BY_COMMUNITY;
    page_begin(ctx, say(ctx, "Volunteer teams"), PAGE_RESIDENT);
    html(out,
         "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header><div "
         "class=\"acts\"><a class=\"button now\" href=\"/volunteer\">{} {}</a>"
         "<a class=\"button\" href=\"/card\">{} {}</a></div>",
         say(ctx, "Volunteer teams"),
         say(ctx, "Neighbours helping neighbours. Everyone is welcome."),
         icon(ctx, "heart-handshake"), say(ctx, "Become a volunteer"), icon(ctx, "id-badge-2"),
         say(ctx, "I have a card"));
    struct rows *r = list_run(ctx, &l);
    for (struct organisation *o; (o = list_next(ctx, &open_teams_kind, r, ctx->arena)) != NULL;
         n++) {
        if (o->community != community)
            html(out, "{}<section><h2>{}</h2><ul class=\"teams\">",
                 (struct markup){n ? "</ul></section>" : ""},
                 o->community == NONE
                     ? say(ctx, "The whole subdistrict")
                     : field_show(ctx, kind_field(&open_teams_kind, "community"), o));
        community = o->community;
        html(out, "<li><a href=\"/teams/{}\">{}</a> <span class=\"soft\">{}</span></li>",
             o->record.id, team_name(ctx, o), ctx_pick(ctx, o->what, o->what_en));
    }
    if (n)
        buf_puts(out, "</ul></section>");
    else
        html(out, "<div class=\"empty\">{}<p>{}</p></div>", icon(ctx, "users-group"),
             say(ctx, "No teams yet. You could be the first to start one."));
    page_end(ctx);
}

static void draw_activities(struct ctx *ctx, int64_t team)
{
    struct buf *out = ctx->web->out;
    int64_t n = 0, whole = 0;
    html(out, "<section><h2>{}</h2><ol class=\"timeline plain\">", say(ctx, "Upcoming activities"));
    struct rows *r = query(ctx->db,
                           "SELECT id, title, title_en, place, place_en, starts, count(*) OVER () "
                           "AS whole FROM activities "
                           "WHERE organisation = {} AND status = 'open' AND ends >= {}"
                           " ORDER BY starts LIMIT 8",
                           team, ctx->now);
    for (; rows_next(r); n++, whole = row_int(r, "whole"))
        html(out,
             "<li>{}<div><p class=\"what\"><a href=\"/activities/{}\"><b>{}</b></a></p><p "
             "class=\"by\"><time>{}</time> {}</p></div></li>",
             icon(ctx, "calendar-event"), row_int(r, "id"),
             ctx_pick(ctx, row_text(r, "title"), row_text(r, "title_en")),
             when_show(ctx->arena, ctx->lang, row_int(r, "starts")),
             ctx_pick(ctx, row_text(r, "place"), row_text(r, "place_en")));
    buf_puts(out, "</ol>");
    more_draw(ctx, whole - n);
    if (n == 0)
        html(out, "<p class=\"soft\">{}</p>", say(ctx, "No activities at the moment."));
    html(out, "<p><a class=\"button\" href=\"/shifts\">{} {}</a></p>", icon(ctx, "users"),
         say(ctx, "Shifts that need people"));
    html(out,
         "<p class=\"small screen\"><a href=\"/activities.ics?team={}\">{} {}</a></p></section>",
         team, icon(ctx, "calendar-plus"),
         say(ctx, "Add this team’s activities to your calendar (iCalendar)"));
}

static void team(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct organisation *o = ctx->web->record;
    const struct organisation *station = o->parent == NONE
                                             ? NULL
                                             : record_load(ctx, &open_stations_kind, o->parent);
    int64_t members = query_int(
        ctx->db,
        "SELECT count(*) AS n FROM volunteers WHERE team = {} AND status IN ('active', 'paused')",
        o->record.id);
    page_begin(ctx, team_name(ctx, o), PAGE_RESIDENT);
    trail(ctx, "/teams", say(ctx, "All teams"));
    html(out,
         "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header><section "
         "class=\"card\"><dl "
         "class=\"facts\"><div><dt>{}</dt><dd>{}</dd></div><div><dt>{}</dt><dd>{}</dd></div>",
         team_name(ctx, o), ctx_pick(ctx, o->what, o->what_en), say(ctx, "Where"),
         o->community == NONE ? say(ctx, "The whole subdistrict")
                              : field_show(ctx, kind_field(&open_teams_kind, "community"), o),
         say(ctx, "Members"), say_n(ctx, members, "1 volunteer", "{} volunteers", members));
    if (station)
        html(out, "<div><dt>{}</dt><dd><a href=\"/places/{}\">{}</a></dd></div>",
             say(ctx, "Service point"), station->record.id,
             ctx_pick(ctx, station->name, station->name_en));
    if (o->phone)
        html(out, "<div><dt>{}</dt><dd><a href=\"tel:{}\">{}</a></dd></div>", say(ctx, "Phone"),
             o->phone, o->phone);
    html(out,
         "</dl></section><div class=\"acts\"><a class=\"button now\" "
         "href=\"/volunteer?team={}\">{} {}</a></div>",
         o->record.id, icon(ctx, "heart-handshake"), say(ctx, "Join this team"));
    draw_activities(ctx, o->record.id);
    page_end(ctx);
}

/* ---- volunteer days of a month ---- */

struct held {
    int64_t team, last_day;
    int days;
    const char *which; /* "3, 17" */
};

/* Days of the month on which volunteers served at a team's activities, each day counted once.
 * team NONE: all teams. */
static int days_held(struct ctx *ctx, int64_t month, int64_t team, struct held **to)
{
    struct held *list = NULL;
    int n = 0;
    struct rows *r = query(ctx->db,
                           "SELECT a.organisation, a.starts FROM activities a WHERE a.month = {} "
                           "AND a.status <> 'cancelled' AND a.organisation IS NOT NULL"
                           " AND (a.organisation = {} OR {} = 1) AND EXISTS (SELECT 1 FROM "
                           "attendances t WHERE t.activity = a.id AND t.status = 'good')"
                           " ORDER BY a.organisation, a.starts",
                           month, (struct maybe){team}, team == NONE ? 1 : 0);
    while (rows_next(r)) {
        int64_t of = row_int(r, "organisation"), day = when_day(row_int(r, "starts"));
        if (n == 0 || list[n - 1].team != of)
            *ARENA_NEXT(ctx->arena, list, n) = (struct held){.team = of, .last_day = NONE};
        struct held *h = &list[n - 1];
        if (day == h->last_day)
            continue;
        h->last_day = day;
        h->days++;
        h->which = ctx_list(
            ctx, h->which ? h->which : "",
            arena_print(ctx->arena, "%d", civil_from_when(row_int(r, "starts")).day));
    }
    rows_end(r);
    *to = list;
    return n;
}

static void month_links(struct ctx *ctx, const char *path, int64_t month)
{
    struct buf *out = ctx->web->out;
    struct civil c = civil_from_when(ctx->now);
    html(out,
         "<nav class=\"pager\" aria-label=\"{}\"><a rel=\"prev\" href=\"{}?month={}\">{} "
         "{}</a><b>{}</b>",
         say(ctx, "Month"), path, month_next(month, -1), icon(ctx, "chevron-left"),
         month_show(ctx->arena, ctx->lang, month_next(month, -1)),
         month_show(ctx->arena, ctx->lang, month));
    if (month < c.year * 100 + c.month)
        html(out, "<a rel=\"next\" href=\"{}?month={}\">{} {}</a>", path, month_next(month, 1),
             month_show(ctx->arena, ctx->lang, month_next(month, 1)), icon(ctx, "chevron-right"));
    buf_puts(out, "</nav>");
}

static const char *duty_plan(struct ctx *ctx, const struct organisation *o)
{
    return o->duty_days == NONE ? "—" : arena_print(ctx->arena, "%lld", (long long)o->duty_days);
}

static void duty_state(struct ctx *ctx, const struct organisation *o, const struct held *h)
{
    struct buf *out = ctx->web->out;
    int days = h ? h->days : 0;
    if (o->duty_days == NONE)
        html(out, "<span class=\"state wait\">{}</span>", say(ctx, "no plan"));
    else if (days >= o->duty_days)
        html(out, "<span class=\"state ok\">{} {}</span>", icon(ctx, "circle-check"),
             say(ctx, "plan met"));
    else
        html(out, "<span class=\"state wait\">{} {}</span>", icon(ctx, "calendar"),
             say(ctx, "{} to go", o->duty_days - days));
}

static void duty_cells(struct ctx *ctx, const struct organisation *o, const struct held *h)
{
    struct buf *out = ctx->web->out;
    html(out,
         "<td class=\"num\" data-label=\"{}\">{}</td><td class=\"num\" "
         "data-label=\"{}\">{}</td><td>",
         say(ctx, "Days planned"), duty_plan(ctx, o), say(ctx, "Days completed"), h ? h->days : 0);
    duty_state(ctx, o, h);
    html(out, "</td><td data-label=\"{}\">{}</td>", say(ctx, "Service date"), h ? h->which : "");
}

static void duty_line(struct ctx *ctx, const struct organisation *o, const struct held *h)
{
    struct buf *out = ctx->web->out;
    html(out, "<p class=\"bar\"><span>{} <b>{}</b></span><span>{} <b>{}</b></span>",
         say(ctx, "Days planned"), duty_plan(ctx, o), say(ctx, "Days completed"), h ? h->days : 0);
    if (h)
        html(out, "<span>{} <b>{}</b></span>", say(ctx, "Service date"), h->which);
    duty_state(ctx, o, h);
    buf_puts(out, "</p>");
}

static void duty(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    struct held *held;
    int64_t month = month_asked(ctx), n = 0;
    int count = days_held(ctx, month, NONE, &held);
    struct list l;
    list_init(ctx, &l, &led_teams_kind);
    valid_where(ctx, &l.where);
    l.limit = LIST_ALL;
    l.order = "name COLLATE pinyin, id";
    page_begin(ctx, say(ctx, "Teams and this month’s volunteer days"),
               PAGE_STAFF | PAGE_WIDE | PAGE_PRINT);
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>",
         say(ctx, "Teams and this month’s volunteer days"),
         say(ctx, "A volunteer day is a day when volunteers served at a team activity. Listed by "
                  "team name."));
    volunteer_tabs(ctx, "/duty");
    month_links(ctx, "/duty", month);
    scroll_begin(ctx, say(ctx, "Teams and this month’s volunteer days"));
    html(out,
         "<table class=\"plain stack\"><thead><tr><th>{}</th><th>{}</th><th "
         "class=\"num\">{}</th><th class=\"num\">{}</th><th>{}</th><th>{}</th></tr></thead><tbody>",
         say(ctx, "Team"), say(ctx, "Community"), say(ctx, "Days planned"),
         say(ctx, "Days completed"), say(ctx, "Status"), say(ctx, "Service date"));
    struct rows *r = list_run(ctx, &l);
    for (struct organisation *o; (o = list_next(ctx, &led_teams_kind, r, ctx->arena)) != NULL;
         n++) {
        const struct held *h = NULL;
        for (int i = 0; i < count && !h; i++)
            h = held[i].team == o->record.id ? &held[i] : NULL;
        html(out,
             "<tr><th scope=\"row\"><a href=\"/teams/{}/members?month={}\">{}</a></th><td>{}</td>",
             o->record.id, month, team_name(ctx, o),
             o->community == NONE ? say(ctx, "The whole subdistrict")
                                  : field_show(ctx, kind_field(&led_teams_kind, "community"), o));
        duty_cells(ctx, o, h);
        buf_puts(out, "</tr>");
    }
    buf_puts(out, "</tbody></table>");
    scroll_end(ctx);
    if (n == 0)
        html(out, "<div class=\"empty\">{}<p>{}</p></div>", icon(ctx, "users-group"),
             say(ctx, "You don’t have a team. Ask the administrator to set one in your team "
                      "leader "
                      "role."));
    page_end(ctx);
}

/* ---- the leader's page ---- */

static int64_t draw_members(struct ctx *ctx, int64_t team, int64_t month, bool applicants)
{
    struct buf *out = ctx->web->out;
    int64_t n = 0;
    struct rows *r = query(
        ctx->db,
        "SELECT v.id, v.number, v.status, v.skills, p.name, (SELECT sum(h.counted) FROM hours h "
        "WHERE h.volunteer = v.id AND h.month = {}) AS seconds"
        " FROM volunteers v JOIN people p ON p.id = v.person WHERE v.team = {} AND (v.status = "
        "'applied' AND {} = 1 OR v.status IN ('active', 'paused') AND {} = 0)"
        " ORDER BY p.pinyin, v.id",
        month, team, applicants ? 1 : 0, applicants ? 1 : 0);
    for (; rows_next(r); n++) {
        struct volunteer v = {.status = row_text(r, "status"), .skills = row_text(r, "skills")};
        if (n == 0)
            html(out,
                 "<table class=\"list\"><thead><tr><th class=\"no\">{}</th><th "
                 "class=\"main\">{}</th><th class=\"state-col\">{}</th><th "
                 "class=\"less\">{}</th><th class=\"due\">{}</th></tr></thead><tbody>",
                 say(ctx, "Number"), say(ctx, "Full name"), say(ctx, "Status"),
                 say(ctx, "Volunteer’s skills"), say(ctx, "Hours this month"));
        html(out,
             "<tr><td class=\"no\">{}</td><td class=\"main\"><a "
             "href=\"/volunteers/{}\">{}</a></td><td class=\"state-col\"><span class=\"state "
             "{}\">{}</span></td><td class=\"less\">{}</td><td class=\"due\">{}</td></tr>",
             row_text(r, "number"), row_int(r, "id"), row_text(r, "name"), volunteer_tone(v.status),
             volunteer_state(ctx, &v), field_show(ctx, kind_field(&volunteers_kind, "skills"), &v),
             row_int(r, "seconds") == NONE ? "" : hours_text(ctx, row_int(r, "seconds")));
    }
    if (n)
        buf_puts(out, "</tbody></table>");
    return n;
}

static void members(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct organisation *o = ctx->web->record;
    int64_t month = month_asked(ctx);
    struct held *held;
    bool any = days_held(ctx, month, o->record.id, &held) > 0;
    page_begin(ctx, team_name(ctx, o), PAGE_STAFF | PAGE_WIDE);
    trail(ctx, "/duty", say(ctx, "Teams"));
    html(out, "<header class=\"head\"><h1>{}</h1><div class=\"acts\">", team_name(ctx, o));
    if (ctx->actor.roles & VOLUNTEER_HOSTS)
        html(out, "<a class=\"button primary\" href=\"/volunteers/new?team={}\">{} {}</a>",
             o->record.id, icon(ctx, "user-plus"), say(ctx, "Register a volunteer"));
    html(out,
         "<a class=\"button\" href=\"/teams/{}\">{} {}</a><button class=\"quiet\" data-print "
         "hidden>{} {}</button></div></header>",
         o->record.id, icon(ctx, "eye"), say(ctx, "View as resident"), icon(ctx, "printer"),
         say(ctx, "Print"));
    month_links(ctx, arena_print(ctx->arena, "/teams/%lld/members", (long long)o->record.id),
                month);
    duty_line(ctx, o, any ? held : NULL);
    if (query_int(ctx->db,
                  "SELECT count(*) AS n FROM volunteers WHERE team = {} AND status = 'applied'",
                  o->record.id) > 0) {
        html(out, "<section><h2>{}</h2>", say(ctx, "Awaiting approval"));
        draw_members(ctx, o->record.id, month, true);
        buf_puts(out, "</section>");
    }
    int64_t n = query_int(ctx->db,
                          "SELECT count(*) AS n FROM volunteers WHERE team = {} AND status IN "
                          "('active', 'paused')",
                          o->record.id);
    printed_note(ctx, say_n(ctx, n, "1 volunteer", "{} volunteers", n)); /* the month is above */
    html(out, "<section><h2>{} <b class=\"count screen\">{}</b></h2>", say(ctx, "Members"), n);
    if (draw_members(ctx, o->record.id, month, false) == 0)
        html(out, "<div class=\"empty\">{}<p>{}</p></div>", icon(ctx, "users"),
             say(ctx, "No members yet."));
    buf_puts(out, "</section>");
    page_end(ctx);
}

static const struct route table[] = {
    ROUTE_GET("/teams", ROLE_PUBLIC, teams),
    ROUTE_GET("/teams/{id}", ROLE_PUBLIC, team, .record = &open_teams_kind),
    ROUTE_GET("/teams/{id}/members", READERS, members, .record = &led_teams_kind),
    ROUTE_GET("/duty", READERS, duty),
};

/* Links on the register's pages. */
static void team_links(struct ctx *ctx, const void *record)
{
    const struct organisation *o = record;
    struct buf *out = ctx->web->out;
    bool over = !valid_today(ctx, o->valid_from, o->valid_to);
    if (strcmp(o->kind, "team") != 0)
        return;
    if (o->public == 1 && !over)
        html(out, "<p><a href=\"/teams/{}\">{} {}</a></p>", o->record.id, icon(ctx, "eye"),
             say(ctx, "View as resident"));
    if (volunteers_kind.read & ctx->actor.roles)
        html(out, "<p><a href=\"/teams/{}/members\">{} {}</a></p>", o->record.id,
             icon(ctx, "users"), say(ctx, "Team members"));
}

static const struct register_view views[] = {{&organisations_kind, .links = team_links},
                                             {.kind = NULL}};

static const struct place places[] = {
    {"/teams", N_("Volunteer teams"), NULL, ROLE_PUBLIC, false, .group = N_("Volunteering"),
     .also = "/volunteer /card ", .rank = 30},
    {.href = NULL},
};

const struct module teams_module = {
    .name = "teams", .routes = ROUTES(table), .places = places, .views = views};
