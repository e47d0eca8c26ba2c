/*
 * Volunteers as those see them who look after them: the list with its filters,
 * one volunteer with hours and history, and the steps: take on, card, another
 * team, leaving. Scope and roles are decided by the gate and the kind: a
 * leader has the own team, a worker the community, the office all of it.
 */
#include "app/card.h"
#include "app/desk.h"
#include "app/module.h"
#include "app/volunteer_parts.h"
#include "base/code.h"
#include "base/seal.h"
#include "base/text.h"
#include "base/when.h"
#include "db/journal.h"
#include "web/web.h"

#include <string.h>

#define PAGE        50
#define READERS     (VOLUNTEER_HOSTS | ROLE_LEADER)
#define REASON_MOST 200 /* characters */

/* ---- the list ---- */

static const struct part {
    const char *id, *label, *where;
} views[] = {
    {"active", N_("Active"), " AND status = 'active'"},
    {"applied", N_("To confirm"), " AND status = 'applied'"},
    {"paused", N_("Pausing"), " AND status = 'paused'"},
    {"left", N_("Have left"), " AND status = 'left'"},
    {"all", N_("All"), ""},
    {NULL, NULL, NULL},
};

static const struct part *view_asked(struct ctx *ctx)
{
    const char *id = query_param(ctx, "view");
    for (const struct part *v = views; v->id; v++)
        if (id && !strcmp(id, v->id))
            return v;
    return views;
}

/* What a LIKE would read otherwise finds nothing. */
static const char *like(struct ctx *ctx, const char *text)
{
    char *s = arena_print(ctx->arena, "%%%s%%", text);
    for (char *p = s + 1; p[1]; p++)
        if (*p == '%' || *p == '_')
            *p = '?';
    return s;
}

/* By number, by the whole telephone number, or by a part of the name or its pinyin. */
static void add_search(struct ctx *ctx, struct sql *where, const char *typed)
{
    const char *q = text_tidy(ctx->arena, typed), *phone = NULL, *key;
    if (!q || !*q)
        return;
    q = text_cut(ctx->arena, q, 40);
    key = text_key(ctx->arena, q);
    if (code_phone(ctx->arena, q, &phone) == PHONE_NONE)
        phone = NULL;
    sql_add(where,
            " AND (number = {} OR person IN (SELECT p.id FROM people p WHERE p.name LIKE {} OR p.pinyin LIKE {} OR p.phone_key = {}))",
            arena_print(ctx->arena, "V%s", *q == 'v' || *q == 'V' ? q + 1 : q), like(ctx, q), like(ctx, key),
            seal_hash(ctx->keys, ctx->arena, "phone", phone));
}

static void add_filters(struct ctx *ctx, struct sql *where)
{
    int64_t community = param_int(ctx, "community"), team = param_int(ctx, "team");
    const char *skill = query_param(ctx, "skill");
    if (community != NONE)
        sql_add(where, " AND community = {}", community);
    if (team != NONE)
        sql_add(where, " AND team = {}", team);
    if (skill && *skill && text_length(skill) < 40)
        sql_add(where, " AND skills LIKE {}", arena_print(ctx->arena, "%%|%.*s|%%", (int)strcspn(skill, "%_|"), skill));
    add_search(ctx, where, query_param(ctx, "q"));
}

static void draw_filters(struct ctx *ctx, const struct part *v)
{
    struct buf *out = ctx->web->out;
    const char *skill = query_param(ctx, "skill");
    find_begin(ctx, "bar", "/volunteers");
    html(
        out,
        "<input type=\"hidden\" name=\"view\" value=\"{}\">"
        "<div class=\"search\"><label class=\"sr\" for=\"q\">{}</label><input id=\"q\" type=\"search\" name=\"q\" value=\"{}\" placeholder=\"{}\" data-search>"
        "<button>{} {}</button></div>",
        v->id, say(ctx, "Find a volunteer"), query_param(ctx, "q"), say(ctx, "Name, pinyin, telephone, number"), icon(ctx, "search"),
        say(ctx, "Find"));
    if (own_team(ctx) == NONE) {
        struct names communities = names_load(ctx, "communities");
        html(out, "<label>{} <select name=\"community\" data-go><option value=\"\">{}</option>", say(ctx, "Community"), say(ctx, "All"));
        names_options(ctx, &communities, param_int(ctx, "community"));
        html(out, "</select></label><label>{} <select name=\"team\" data-go><option value=\"\">{}</option>", say(ctx, "Team"),
             say(ctx, "All"));
        team_options(ctx, param_int(ctx, "team"), true);
        buf_puts(out, "</select></label>");
    }
    html(out, "<label>{} <select name=\"skill\" data-go><option value=\"\">{}</option>", say(ctx, "Can do"), say(ctx, "All"));
    struct rows *r = query(ctx->db, "SELECT code, name, name_en FROM skills ORDER BY position, code");
    while (rows_next(r))
        html(out, "<option value=\"{}\"{}>{}</option>", row_text(r, "code"),
             (struct markup){skill && !strcmp(skill, row_text(r, "code")) ? " selected" : ""},
             ctx_pick(ctx, row_text(r, "name"), row_text(r, "name_en")));
    buf_puts(out, "</select></label></form>");
}

static void draw_row(struct ctx *ctx, struct rows *r)
{
    struct volunteer v = {.status = row_text(r, "status"), .skills = row_text(r, "skills")};
    html(
        ctx->web->out,
        "<tr><td class=\"no\">{}</td><td class=\"main\"><a href=\"/volunteers/{}\">{}</a></td><td class=\"state-col\"><span class=\"state {}\">{}</span></td>"
        "<td class=\"less\">{}</td><td class=\"who\">{}</td><td class=\"due\">{}</td></tr>",
        row_text(r, "number"), row_int(r, "id"), row_text(r, "name"), volunteer_tone(v.status), volunteer_state(ctx, &v),
        field_show(ctx, kind_field(&volunteers_kind, "skills"), &v), ctx_pick(ctx, row_text(r, "team"), row_text(r, "team_en")),
        hours_text(ctx, row_int(r, "seconds")));
}

static void draw_list(struct ctx *ctx, const struct part *v)
{
    struct buf *out = ctx->web->out;
    struct list l;
    struct sql q;
    int64_t page = pager_page(ctx);
    list_init(ctx, &l, &volunteers_kind);
    sql_write(&l.where, v->where, NULL, 0);
    add_filters(ctx, &l.where);
    int64_t count = list_count(ctx, &l);
    if (count == 0) {
        html(out, "<div class=\"empty\">{}<p>{}</p></div>", icon(ctx, "users"),
             say(ctx, "Nobody here. Who applies on a telephone, or is taken on at the door, shows up in this list."));
        sql_release(&l.where);
        return;
    }
    html(
        out,
        "<table class=\"list\"><thead><tr><th class=\"no\">{}</th><th class=\"main\">{}</th><th class=\"state-col\">{}</th><th class=\"less\">{}</th><th class=\"who\">{}</th>"
        "<th class=\"due\">{}</th></tr></thead><tbody>",
        say(ctx, "Number"), say(ctx, "Full name"), say(ctx, "Status"), say(ctx, "Can do"), say(ctx, "Team"), say(ctx, "Hours"));
    sql_init(&q, ctx->arena);
    sql_add(
        &q,
        "SELECT v.id, v.number, v.status, v.skills, v.seconds, p.name, o.name AS team, o.name_en AS team_en FROM volunteers v JOIN people p ON p.id = v.person"
        " LEFT JOIN organisations o ON o.id = v.team WHERE v.id IN (SELECT id FROM volunteers WHERE 1 = 1");
    sql_append(&q, &l.where);
    sql_release(&l.where);
    sql_add(&q, ") ORDER BY p.pinyin, v.id LIMIT {} OFFSET {}", PAGE, (page - 1) * PAGE);
    struct rows *r = sql_query(ctx->db, &q);
    while (rows_next(r))
        draw_row(ctx, r);
    buf_puts(out, "</tbody></table>");
    pager(ctx, page, PAGE, count, say_n(ctx, count, "1 volunteer", "{} volunteers", count));
}

static void list(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct part *v = view_asked(ctx);
    page_begin(ctx, say(ctx, "Volunteers"), PAGE_STAFF | PAGE_WIDE);
    html(out, "<header class=\"head\"><h1>{}</h1>", say(ctx, "Volunteers"));
    if (ctx->actor.roles & VOLUNTEER_HOSTS)
        html(out, "<div class=\"acts\"><a class=\"button primary\" href=\"/volunteers/new\">{} {}</a></div>", icon(ctx, "user-plus"),
             say(ctx, "Take on a volunteer"));
    buf_puts(out, "</header>");
    volunteer_tabs(ctx, "/volunteers");
    html(out, "<nav class=\"filters\" aria-label=\"{}\">", say(ctx, "Which volunteers"));
    for (const struct part *each = views; each->id; each++) {
        struct list l;
        list_init(ctx, &l, &volunteers_kind);
        sql_write(&l.where, each->where, NULL, 0);
        html(out, "<a href=\"/volunteers?view={}\"{}>{} <b class=\"count\">{}</b></a>", each->id,
             (struct markup){each == v ? " aria-current=\"true\"" : ""}, tr(ctx, each->label), list_count(ctx, &l));
        sql_release(&l.where);
    }
    buf_puts(out, "</nav>");
    draw_filters(ctx, v);
    draw_list(ctx, v);
    page_end(ctx);
}

/* ---- one volunteer ---- */

static void step_begin(struct ctx *ctx, const struct volunteer *v, const char *action, const char *label)
{
    bool open = ctx->web->name && !strcmp(ctx->web->name, action) && ctx->problems;
    html(ctx->web->out, "<details class=\"card\"{}><summary>{}</summary>", (struct markup){open ? " open" : ""}, label);
    form_begin(ctx, arena_print(ctx->arena, "/volunteers/%lld/%s", (long long)v->record.id, action), NULL, false);
    html(ctx->web->out, "<input type=\"hidden\" name=\"version\" value=\"{}\">", v->record.version);
}

static void step_end(struct ctx *ctx, const char *look, const char *sign, const char *word)
{
    html(ctx->web->out, "<div class=\"acts\"><button class=\"{}\">{} {}</button></div>", look, icon(ctx, sign), word);
    form_end(ctx);
    buf_puts(ctx->web->out, "</details>");
}

static void why_field(struct ctx *ctx, const char *hint)
{
    html(
        ctx->web->out,
        "<div class=\"field\"><label for=\"f-why\">{}</label><p class=\"hint\">{}</p><input id=\"f-why\" name=\"why\" maxlength=\"{}\" value=\"{}\"></div>",
        say(ctx, "Reason"), hint, REASON_MOST, param(ctx, "why"));
}

static void draw_steps(struct ctx *ctx, const struct volunteer *v)
{
    struct buf *out = ctx->web->out;
    const char *path = arena_print(ctx->arena, "/volunteers/%lld", (long long)v->record.id);
    bool applied = !strcmp(v->status, "applied"), gone = !strcmp(v->status, "left");
    if (!(ctx->actor.roles & VOLUNTEER_HOSTS) || gone)
        return;
    buf_puts(out, "<div class=\"acts next\">");
    form_begin(ctx, arena_print(ctx->arena, "%s/%s", path, applied ? "confirm" : "card"), NULL, false);
    html(out, "<input type=\"hidden\" name=\"version\" value=\"{}\">", v->record.version);
    if (applied)
        html(out, "<button class=\"now\">{} {}</button>", icon(ctx, "user-check"), say(ctx, "Take on and make the card"));
    else
        html(out, "<button data-confirm=\"{}\">{} {}</button>", say(ctx, "Make a new card? The old one stops at once."),
             icon(ctx, "id-badge-2"), say(ctx, "New card"));
    form_end(ctx);
    html(out, "<a class=\"button\" href=\"{}/change\">{} {}</a></div>", path, icon(ctx, "pencil"), say(ctx, "Change what is offered"));
    step_begin(ctx, v, "move", say(ctx, "Another team"));
    html(out, "<div class=\"field\"><label for=\"f-team\">{}</label><select id=\"f-team\" name=\"team\"><option value=\"\">{}</option>",
         say(ctx, "Team"), say(ctx, "In no team"));
    team_options(ctx, v->team, false);
    buf_puts(out, "</select></div>");
    step_end(ctx, "primary", "users-group", say(ctx, "Move there"));
    step_begin(ctx, v, applied ? "refuse" : "leave", applied ? say(ctx, "Do not take on") : say(ctx, "Leaves the volunteers"));
    why_field(ctx, applied ? say(ctx, "The person is told that it is not possible now, without the reason: that stays with the office.")
                           : say(ctx, "The card stops; shifts and visits to come are given back. The hours stay."));
    step_end(ctx, "danger", "logout", applied ? say(ctx, "Do not take on") : say(ctx, "Has left"));
}

static void draw_days(struct ctx *ctx, const struct volunteer *v)
{
    struct buf *out = ctx->web->out;
    struct list l;
    int64_t n = 0, day;
    list_init(ctx, &l, &hours_kind);
    sql_add(&l.where, " AND volunteer = {}", v->record.id);
    l.limit = 20;
    html(out, "<section><h2>{}</h2><p>{}</p>", say(ctx, "Days of service"), say(ctx, "{} in all", hours_text(ctx, v->seconds)));
    stars_draw(ctx, v->seconds);
    buf_puts(out, "<table class=\"plain\"><tbody>");
    struct rows *r = list_run(ctx, &l);
    for (struct hours *h; (h = list_next(ctx, &hours_kind, r, ctx->arena)) != NULL; n++) {
        html(out, "<tr><th scope=\"row\"><a href=\"/hours/{}\">{}</a></th><td class=\"num\">{}</td><td>", h->record.id,
             day_parse(h->day, &day) ? day_show(ctx->arena, ctx->lang, day) : h->day, hours_text(ctx, h->counted));
        hours_state(ctx, h);
        buf_puts(out, "</td></tr>");
    }
    buf_puts(out, "</tbody></table>");
    if (n == 0)
        html(out, "<p class=\"soft\">{}</p>", say(ctx, "No day of service yet."));
    buf_puts(out, "</section>");
}

/* In the clear only for who just asked for it, which the journal keeps. */
static void draw_phone(struct ctx *ctx, const struct volunteer *v, const struct person *p)
{
    struct buf *out = ctx->web->out;
    bool hosts = ctx->actor.roles & VOLUNTEER_HOSTS;
    bool asked =
        hosts &&
        query_int(
            ctx->db,
            "SELECT count(*) AS n FROM journal WHERE kind = 'volunteers' AND record = {} AND action = 'reveal' AND actor = {} AND at_ms > {}",
            v->record.id, (struct maybe){ctx->actor.user}, (ctx->now - 900) * 1000) > 0;
    html(out, "<div><dt>{}</dt><dd>", say(ctx, "Telephone"));
    if (asked && p->phone) {
        html(out, "<a href=\"tel:{}\">{}</a>", p->phone, p->phone);
    } else {
        html(out, "{}", p->phone ? mask_phone(ctx->arena, p->phone) : say(ctx, "not given"));
        if (hosts && p->phone) {
            form_begin(ctx, arena_print(ctx->arena, "/volunteers/%lld/reveal", (long long)v->record.id), NULL, false);
            html(out, "<button class=\"quiet\">{} {}</button>", icon(ctx, "eye"), say(ctx, "Show"));
            form_end(ctx);
        }
    }
    buf_puts(out, "</dd></div>");
}

static void detail(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct volunteer *v = ctx->web->record;
    const struct person *p = record_get(ctx, &people_kind, v->person);
    if (!p) {
        record_gone(ctx);
        return;
    }
    page_begin(ctx, p->name, PAGE_STAFF);
    trail(ctx, "/volunteers", say(ctx, "Volunteers"));
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\"><span class=\"state {}\">{}</span> · {}</p></header>", p->name,
         volunteer_tone(v->status), volunteer_state(ctx, v), v->number);
    form_problems(ctx);
    buf_puts(out, "<div class=\"record\"><div>");
    if (v->left_why)
        html(out, "<div class=\"notice\">{}<div><p>{}</p></div></div>", icon(ctx, "logout"), say(ctx, "Left: {}", v->left_why));
    draw_steps(ctx, v);
    draw_days(ctx, v);
    volunteer_history(ctx, v->record.id);
    html(out, "</div><aside aria-label=\"{}\"><dl class=\"facts card\">", say(ctx, "Facts"));
    draw_phone(ctx, v, p);
    html(out, "<div><dt>{}</dt><dd>{}</dd></div>", say(ctx, "Community"), field_show(ctx, kind_field(&volunteers_kind, "community"), v));
    if (v->team != NONE)
        html(out, "<div><dt>{}</dt><dd>{}</dd></div>", say(ctx, "Team"), field_show(ctx, kind_field(&volunteers_kind, "team"), v));
    volunteer_facts(ctx, v);
    buf_puts(out, "</dl></aside></div>");
    page_end(ctx);
}

/* ---- steps ---- */

/* The volunteer as the form saw it; NULL with the reason. */
static const struct volunteer *seen(struct ctx *ctx)
{
    const struct volunteer *v = record_load(ctx, &volunteers_kind, ctx->web->id);
    if (!v)
        ctx_fail(ctx, NOT_FOUND, NULL);
    else if (param_int(ctx, "version") != v->record.version)
        ctx_fail(ctx, CONFLICT, say(ctx, "Somebody else changed this meanwhile. Look at it again before you change it."));
    return ctx_ok(ctx) ? v : NULL;
}

static const char *why_typed(struct ctx *ctx)
{
    const char *why = text_tidy(ctx->arena, param(ctx, "why"));
    if (!why || !*why)
        ctx_problem(ctx, "why", say(ctx, "Write the reason."));
    else if (text_length(why) > REASON_MOST)
        ctx_problem(ctx, "why", say(ctx, "At most {} characters, please; it has {}.", REASON_MOST, (int64_t)text_length(why)));
    return why;
}

static void confirm(struct ctx *ctx, const struct volunteer *v)
{
    const char *code;
    if (strcmp(v->status, "applied") != 0) {
        ctx_problem(ctx, NULL, say(ctx, "This application was decided already."));
        return;
    }
    struct volunteer *after = record_copy(ctx, &volunteers_kind, v);
    after->status = "active";
    after->joined = day_iso(ctx->arena, when_day(ctx->now));
    if (record_update(ctx, &volunteers_kind, v, after, "confirm") == OK)
        volunteer_tell(ctx, after, "taken-on");
    if (ctx_ok(ctx) && volunteer_card(ctx, after, &code) == OK)
        card_send(ctx, v->record.id, code, arena_print(ctx->arena, "/volunteers/%lld/card", (long long)v->record.id));
}

static void move(struct ctx *ctx, const struct volunteer *v)
{
    int64_t team = param_int(ctx, "team");
    struct volunteer *after = record_copy(ctx, &volunteers_kind, v);
    after->team = team;
    if (team != NONE && !record_load(ctx, &open_teams_kind, team))
        ctx_problem(ctx, "team", say(ctx, "Choose a volunteer team."));
    if (!ctx_ok(ctx) || record_update(ctx, &volunteers_kind, v, after, "move") != OK)
        return;
    flash(ctx, say(ctx, "Moved."));
    if (record_load(ctx, &volunteers_kind, v->record.id))
        see_other(ctx, "/volunteers/{}", v->record.id);
    else
        see_other(ctx, "/volunteers"); /* no longer one of the leader's */
}

static void end(struct ctx *ctx, const struct volunteer *v)
{
    const char *why = why_typed(ctx);
    if (!ctx_ok(ctx) || volunteer_leave(ctx, v, why) != OK)
        return;
    if (!strcmp(v->status, "applied"))
        volunteer_tell(ctx, v, "refused");
    flash(ctx, say(ctx, "Done."));
    see_other(ctx, "/volunteers/{}", v->record.id);
}

static void step(struct ctx *ctx)
{
    static const struct {
        const char *action;
        void (*take)(struct ctx *ctx, const struct volunteer *v);
    } steps[] = {{"confirm", confirm}, {"move", move}, {"leave", end}, {"refuse", end}};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (!strcmp(steps[i].action, ctx->web->name)) {
            const struct volunteer *v = seen(ctx);
            if (v)
                steps[i].take(ctx, v);
            return;
        }
    ctx_fail(ctx, NOT_FOUND, NULL);
}

static void reveal(struct ctx *ctx)
{
    journal_add(ctx, "volunteers", ctx->web->id, "reveal", NULL, NULL);
    see_other(ctx, "/volunteers/{}", ctx->web->id);
}

/* ---- what is offered ---- */

static void change_page(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct volunteer *v = ctx->web->record;
    const struct person *p = record_get(ctx, &people_kind, v->person);
    if (!p) {
        record_gone(ctx);
        return;
    }
    page_begin(ctx, p->name, PAGE_STAFF);
    trail(ctx, arena_print(ctx->arena, "/volunteers/%lld", (long long)v->record.id), p->name);
    html(out, "<header class=\"head\"><h1>{}</h1></header>", say(ctx, "Change what is offered"));
    form_begin(ctx, arena_print(ctx->arena, "/volunteers/%lld/change", (long long)v->record.id), NULL, false);
    form_problems(ctx);
    html(out, "<input type=\"hidden\" name=\"version\" value=\"{}\">", v->record.version);
    volunteer_offers(ctx, v);
    html(out, "<div class=\"acts\"><button class=\"primary\">{}</button></div>", say(ctx, "Save"));
    form_end(ctx);
    page_end(ctx);
}

static void change_offers(struct ctx *ctx)
{
    const struct volunteer *before = seen(ctx);
    if (!before)
        return;
    struct volunteer *after = record_copy(ctx, &volunteers_kind, before);
    volunteer_offers_read(ctx, after);
    if (ctx_ok(ctx) && record_check(ctx, &volunteers_kind, before, after) &&
        record_update(ctx, &volunteers_kind, before, after, "change") == OK)
        see_other(ctx, "/volunteers/{}", before->record.id);
}

static const struct route table[] = {
    ROUTE_GET("/volunteers", READERS, list),
    ROUTE_GET("/volunteers/{id}", READERS, detail, .record = &volunteers_kind),
    ROUTE_GET("/volunteers/{id}/change", VOLUNTEER_HOSTS, change_page, .record = &volunteers_kind),
    ROUTE_POST("/volunteers/{id}/change", VOLUNTEER_HOSTS, change_offers, .record = &volunteers_kind, .failed = change_page),
    ROUTE_POST("/volunteers/{id}/reveal", VOLUNTEER_HOSTS, reveal, .record = &volunteers_kind),
    ROUTE_POST("/volunteers/{id}/{name}", VOLUNTEER_HOSTS, step, .record = &volunteers_kind, .failed = detail),
};

static const struct place places[] = {
    {"/volunteers", N_("Volunteers"), "g v", READERS, true, .group = N_("Volunteering"), .also = "/hours /duty /teams "},
    {.href = NULL},
};

const struct module volunteer_pages_module = {.name = "volunteer pages", .routes = ROUTES(table), .places = places};
