/*
 * The public calendar of activities: a month as a grid and as a list by day,
 * narrowed by kind and community in the address. Works without a script; on a
 * phone the grid's days lead to the list below.
 */
#include "app/activity_pages.h"

#include "app/module.h"
#include "base/when.h"
#include "web/web.h"

#include <stdio.h>
#include <string.h>

#define MONTH_MOST 400 /* activities shown of one month */

static const struct choice day_names[] = {{"1", N_("Monday")}, {"2", N_("Tuesday")},  {"3", N_("Wednesday")}, {"4", N_("Thursday")},
                                          {"5", N_("Friday")}, {"6", N_("Saturday")}, {"7", N_("Sunday")}};
static const char *const months_en[] = {"January", "February", "March",     "April",   "May",      "June",
                                        "July",    "August",   "September", "October", "November", "December"};

/* ---- times in words ---- */

const char *weekday_name(struct ctx *ctx, int weekday)
{
    return tr(ctx, day_names[(weekday + 6) % 7].label);
}

const char *clock_show(struct ctx *ctx, int64_t t)
{
    struct civil c = civil_from_when(t);
    return arena_print(ctx->arena, "%02d:%02d", c.hour, c.minute);
}

const char *day_title(struct ctx *ctx, int64_t day)
{
    struct civil c = civil_from_when(when_day_start(day)), now = civil_from_when(ctx->now);
    const char *name = weekday_name(ctx, when_weekday(day));
    if (ctx->lang[0] == 'e')
        return c.year == now.year ? arena_print(ctx->arena, "%s %d %s", name, c.day, months_en[c.month - 1])
                                  : arena_print(ctx->arena, "%s %d %s %d", name, c.day, months_en[c.month - 1], c.year);
    return c.year == now.year ? arena_print(ctx->arena, "%d月%d日 %s", c.month, c.day, name)
                              : arena_print(ctx->arena, "%d年%d月%d日 %s", c.year, c.month, c.day, name);
}

const char *activity_when(struct ctx *ctx, int64_t starts, int64_t ends)
{
    int64_t day = when_day(starts), last = when_day(ends);
    if (day == last)
        return arena_print(ctx->arena, "%s %s–%s", day_title(ctx, day), clock_show(ctx, starts), clock_show(ctx, ends));
    return arena_print(ctx->arena, "%s %s – %s %s", day_title(ctx, day), clock_show(ctx, starts), day_title(ctx, last),
                       clock_show(ctx, ends));
}

const char *activity_title(struct ctx *ctx, const struct activity *a)
{
    return ctx_pick(ctx, a->title, a->title_en);
}

static const char *place_of(struct ctx *ctx, const struct activity *a)
{
    return ctx_pick(ctx, a->place, a->place_en);
}

/* ---- one line ---- */

static void draw_line(struct ctx *ctx, const struct activity *a)
{
    struct buf *out = ctx->web->out;
    bool off = !strcmp(a->status, "cancelled");
    html(out, "<li{}><time>{}</time><div><a href=\"/activities/{}\">{}</a>", (struct markup){off ? " class=\"off\"" : ""},
         clock_show(ctx, a->starts), a->record.id, activity_title(ctx, a));
    if (a->place)
        html(out, "<span class=\"soft\">{}</span>", place_of(ctx, a));
    if (off)
        html(out, "<span class=\"state late\">{} {}</span>", icon(ctx, "circle-x"), say(ctx, "Cancelled"));
    buf_puts(out, "</div></li>");
}

int activities_next(struct ctx *ctx, const char *column, int64_t id, int most)
{
    struct buf *out = ctx->web->out;
    struct list l;
    int n = 0;
    int64_t day = NONE;
    list_init(ctx, &l, &open_activities_kind);
    sql_add(&l.where, " AND {} = {} AND ends >= {} AND status IN ('open', 'cancelled')", (struct sql_name){column}, id, ctx->now);
    l.order = "starts, id";
    l.limit = most;
    struct rows *r = list_run(ctx, &l);
    for (struct activity *a; (a = list_next(ctx, &open_activities_kind, r, ctx->arena)); n++) {
        if (when_day(a->starts) != day) {
            html(out, "{}<h3>{}</h3><ul class=\"agenda\">", (struct markup){n ? "</ul>" : ""}, day_title(ctx, when_day(a->starts)));
            day = when_day(a->starts);
        }
        draw_line(ctx, a);
    }
    if (n)
        buf_puts(out, "</ul>");
    return n;
}

/* ---- the month ---- */

struct month {
    int year, month;
    int64_t first, last; /* days */
    const struct activity *list[MONTH_MOST];
    int count;
    int a_day[32]; /* how many that are not cancelled */
    const char *kind;
    int64_t community;
};

static void month_set(struct month *m, int year, int month)
{
    m->year = month < 1 ? year - 1 : month > 12 ? year + 1 : year;
    m->month = month < 1 ? 12 : month > 12 ? 1 : month;
    m->first = day_of(m->year, m->month, 1);
    m->last = (m->month == 12 ? day_of(m->year + 1, 1, 1) : day_of(m->year, m->month + 1, 1)) - 1;
}

static const char *kind_asked(struct ctx *ctx)
{
    const char *asked = query_param(ctx, "kind");
    for (const struct choice *c = activity_kinds; asked && c->code; c++)
        if (!strcmp(c->code, asked))
            return c->code;
    return NULL;
}

static void month_asked(struct ctx *ctx, struct month *m)
{
    struct civil now = civil_from_when(ctx->now);
    const char *asked = query_param(ctx, "month");
    int year = 0, month = 0;
    if (!asked || strlen(asked) != 7 || sscanf(asked, "%4d-%2d", &year, &month) != 2 || month < 1 || month > 12 || year < 2000 ||
        year > 2200) {
        year = now.year;
        month = now.month;
    }
    *m = (struct month){.kind = kind_asked(ctx), .community = query_param(ctx, "community") ? param_int(ctx, "community") : NONE};
    month_set(m, year, month);
}

static void month_load(struct ctx *ctx, struct month *m)
{
    struct list l;
    list_init(ctx, &l, &open_activities_kind);
    sql_add(&l.where, " AND starts >= {} AND starts <= {}", when_day_start(m->first), when_day_end(m->last));
    if (m->kind)
        sql_add(&l.where, " AND kind = {}", m->kind);
    if (m->community != NONE)
        sql_add(&l.where, " AND community = {}", m->community);
    l.order = "starts, id";
    l.limit = MONTH_MOST;
    struct rows *r = list_run(ctx, &l);
    for (struct activity *a; m->count < MONTH_MOST && (a = list_next(ctx, &open_activities_kind, r, ctx->arena)); m->count++) {
        m->list[m->count] = a;
        if (strcmp(a->status, "cancelled") != 0)
            m->a_day[when_day(a->starts) - m->first + 1]++;
    }
    rows_end(r);
}

static const char *month_title(struct ctx *ctx, const struct month *m)
{
    return ctx->lang[0] == 'e' ? arena_print(ctx->arena, "%s %d", months_en[m->month - 1], m->year)
                               : arena_print(ctx->arena, "%d年%d月", m->year, m->month);
}

static const char *month_link(struct ctx *ctx, const struct month *m, int step)
{
    struct month to;
    month_set(&to, m->year, m->month + step);
    return url_with(ctx, "month", arena_print(ctx->arena, "%04d-%02d", to.year, to.month));
}

static void draw_day(struct ctx *ctx, const struct month *m, int64_t day)
{
    struct buf *out = ctx->web->out;
    int n = m->a_day[day - m->first + 1], d = (int)(day - m->first) + 1;
    html(out, "<td{}>", (struct markup){day == when_day(ctx->now) ? " class=\"today\"" : ""});
    if (n)
        html(out, "<a href=\"#day-{}\"><b>{}</b><i aria-hidden=\"true\">{}</i><span class=\"sr\">{}</span></a>", d, d, n,
             say_n(ctx, n, "1 activity", "{} activities", n));
    else
        html(out, "<span>{}</span>", d);
    buf_puts(out, "</td>");
}

static void draw_grid(struct ctx *ctx, const struct month *m)
{
    struct buf *out = ctx->web->out;
    html(
        out,
        "<table class=\"month\"><caption><a href=\"{}\" rel=\"prev\" aria-label=\"{}\">{}</a><b>{}</b><a href=\"{}\" rel=\"next\" aria-label=\"{}\">{}</a></caption><thead><tr>",
        month_link(ctx, m, -1), say(ctx, "The month before"), icon(ctx, "arrow-left"), month_title(ctx, m), month_link(ctx, m, 1),
        say(ctx, "The month after"), icon(ctx, "arrow-right"));
    for (int d = 1; d <= 7; d++) {
        const char *name = weekday_name(ctx, d);
        html(out, "<th scope=\"col\" abbr=\"{}\">{}</th>", name,
             ctx->lang[0] == 'e' ? arena_copyn(ctx->arena, name, 3) : name + strlen(name) - 3);
    }
    buf_puts(out, "</tr></thead><tbody><tr>");
    for (int d = 1; d < when_weekday(m->first); d++)
        buf_puts(out, "<td></td>");
    for (int64_t day = m->first; day <= m->last; day++) {
        draw_day(ctx, m, day);
        if (when_weekday(day) == 7 && day < m->last)
            buf_puts(out, "</tr><tr>");
    }
    buf_puts(out, "</tr></tbody></table>");
}

static void draw_filters(struct ctx *ctx, const struct month *m)
{
    struct buf *out = ctx->web->out;
    html(
        out,
        "<form class=\"bar\" action=\"/activities\"><input type=\"hidden\" name=\"month\" value=\"{}\"><label>{} <select name=\"kind\" data-go><option value=\"\">{}</option>",
        arena_print(ctx->arena, "%04d-%02d", m->year, m->month), say(ctx, "Kind"), say(ctx, "All kinds"));
    for (const struct choice *c = activity_kinds; c->code; c++)
        html(out, "<option value=\"{}\"{}>{}</option>", c->code, (struct markup){m->kind && !strcmp(m->kind, c->code) ? " selected" : ""},
             tr(ctx, c->label));
    html(out, "</select></label><label>{} <select name=\"community\" data-go><option value=\"\">{}</option>", say(ctx, "Community"),
         say(ctx, "All communities"));
    struct rows *r = query(ctx->db, "SELECT id, name, name_en FROM areas WHERE level = 'community' ORDER BY code");
    while (rows_next(r))
        html(out, "<option value=\"{}\"{}>{}</option>", row_int(r, "id"),
             (struct markup){row_int(r, "id") == m->community ? " selected" : ""},
             ctx_pick(ctx, row_text(r, "name"), row_text(r, "name_en")));
    html(out, "</select></label><button>{}</button></form>", say(ctx, "Show"));
}

/* Of this month what is still to come; of any other all. */
static int draw_days(struct ctx *ctx, const struct month *m)
{
    struct buf *out = ctx->web->out;
    int64_t today = when_day(ctx->now), day = NONE;
    bool this = today >= m->first && today <= m->last;
    int n = 0, past = 0;
    for (int i = 0; i < m->count; i++)
        past += this && when_day(m->list[i]->starts) < today;
    for (int i = past; i < m->count; i++, n++) {
        const struct activity *a = m->list[i];
        if (when_day(a->starts) != day) {
            day = when_day(a->starts);
            html(out, "{}<h2 id=\"day-{}\">{}</h2><ul class=\"agenda\">", (struct markup){n ? "</ul>" : ""}, day - m->first + 1,
                 day_title(ctx, day));
        }
        draw_line(ctx, a);
    }
    if (n)
        buf_puts(out, "</ul>");
    if (past) {
        html(out, "<details class=\"card\"><summary>{}</summary>", say_n(ctx, past, "1 earlier this month", "{} earlier this month", past));
        day = NONE;
        for (int i = 0; i < past; i++) {
            if (when_day(m->list[i]->starts) != day) {
                html(out, "{}<h3 id=\"day-{}\">{}</h3><ul class=\"agenda\">", (struct markup){day == NONE ? "" : "</ul>"},
                     when_day(m->list[i]->starts) - m->first + 1, day_title(ctx, when_day(m->list[i]->starts)));
                day = when_day(m->list[i]->starts);
            }
            draw_line(ctx, m->list[i]);
        }
        buf_puts(out, "</ul></details>");
    }
    return n;
}

static void draw_feeds(struct ctx *ctx, const struct month *m)
{
    const char *link = m->community != NONE ? arena_print(ctx->arena, "/activities.ics?community=%lld", (long long)m->community)
                                            : "/activities.ics";
    html(ctx->web->out, "<p class=\"small screen\"><a href=\"{}\">{} {}</a> · {}</p>", link, icon(ctx, "calendar-plus"),
         m->community != NONE ? say(ctx, "This community’s activities in your own calendar (iCalendar)")
                              : say(ctx, "All activities in your own calendar (iCalendar)"),
         say(ctx, "changes and cancellations arrive there by themselves"));
}

static void calendar(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    struct month *m = ARENA_NEW(ctx->arena, struct month);
    month_asked(ctx, m);
    month_load(ctx, m);
    page_begin(ctx, say(ctx, "Activities"), PAGE_RESIDENT);
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{} <a href=\"/places\">{}</a></p></header>", say(ctx, "Activities"),
         say(ctx, "Free, near you, nothing to install."), say(ctx, "Stations near you"));
    draw_filters(ctx, m);
    draw_grid(ctx, m);
    if (draw_days(ctx, m) == 0)
        html(out, "<div class=\"empty\">{}<p>{}</p><a class=\"button\" href=\"{}\">{}</a></div>", icon(ctx, "calendar-event"),
             m->kind || m->community != NONE ? say(ctx, "Nothing of this kind is announced here for this month.")
                                             : say(ctx, "Nothing more is announced for this month."),
             month_link(ctx, m, 1), say(ctx, "Look at the next month"));
    draw_feeds(ctx, m);
    page_end(ctx);
}

static const struct route table[] = {
    ROUTE_GET("/activities", ROLE_PUBLIC, calendar),
};

const struct module activities_calendar_module = {.name = "activities_calendar", .routes = ROUTES(table)};
