/*
 * The public calendar of activities: a list by day and a month as a grid
 * beside it, filtered by type and community in the URL. It works without
 * JavaScript; on a phone the grid stands below the list, and its days link to
 * it.
 */
#include "app/activities/activity_pages.h"

#include "core/module.h"
#include "pages/setup_page.h"
#include "base/when.h"
#include "web/web.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Activities that the list shows of a month or a day; the grid counts all of them in SQL. */
#define MONTH_MOST 400
#define NEXT_MOST  10 /* of the list that opens first */

static const struct choice day_names[] = {
    {"1", N_("Monday")}, {"2", N_("Tuesday")},  {"3", N_("Wednesday")}, {"4", N_("Thursday")},
    {"5", N_("Friday")}, {"6", N_("Saturday")}, {"7", N_("Sunday")}};
static const char *const months_en[] = {"January",   "February", "March",    "April",
                                        "May",       "June",     "July",     "August",
                                        "September", "October",  "November", "December"};

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

const char *day_words(struct ctx *ctx, int64_t day)
{
    struct civil c = civil_from_when(when_day_start(day)), now = civil_from_when(ctx->now);
    const char *name = weekday_name(ctx, when_weekday(day));
    if (ctx_english(ctx))
        return c.year == now.year
                   ? arena_print(ctx->arena, "%s %d %s", name, c.day, months_en[c.month - 1])
                   : arena_print(ctx->arena, "%s %d %s %d", name, c.day, months_en[c.month - 1],
                                 c.year);
    return c.year == now.year
               ? arena_print(ctx->arena, "%d月%d日 %s", c.month, c.day, name)
               : arena_print(ctx->arena, "%d年%d月%d日 %s", c.year, c.month, c.day, name);
}

const char *activity_when(struct ctx *ctx, int64_t starts, int64_t ends)
{
    int64_t day = when_day(starts), last = when_day(ends);
    if (day == last)
        return arena_print(ctx->arena, "%s %s–%s", day_words(ctx, day), clock_show(ctx, starts),
                           clock_show(ctx, ends));
    return arena_print(ctx->arena, "%s %s – %s %s", day_words(ctx, day), clock_show(ctx, starts),
                       day_words(ctx, last), clock_show(ctx, ends));
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

/* What a line says beside the activity. */
struct beside {
    const struct hands *hands;
    const struct own_places *own;
};

static struct beside beside_load(struct ctx *ctx)
{
    return (struct beside){hands_load(ctx), own_places_load(ctx)};
}

static void draw_line(struct ctx *ctx, const struct activity *a, const struct beside *beside)
{
    struct buf *out = ctx->web->out;
    bool off = !strcmp(a->status, "cancelled");
    html(out, "<li{}><time>{}</time><div><a href=\"/activities/{}\">{}</a>",
         (struct markup){off ? " class=\"off\"" : ""}, clock_show(ctx, a->starts), a->record.id,
         activity_title(ctx, a));
    if (a->place)
        html(out, "<span class=\"soft\">{}</span>", place_of(ctx, a));
    if (off)
        html(out, "<span class=\"state late\">{} {}</span>", icon(ctx, "circle-x"),
             say(ctx, "Cancelled"));
    if (!off)
        own_place_draw(ctx, beside->own, a->record.id);
    if (!off && hands_missing(beside->hands, a->record.id) > 0)
        html(out, "<span class=\"state warn\">{} {}</span>", icon(ctx, "users"),
             hands_words(ctx, hands_missing(beside->hands, a->record.id)));
    buf_puts(out, "</div></li>");
}

int activities_next(struct ctx *ctx, const char *column, int64_t id, int most)
{
    struct buf *out = ctx->web->out;
    struct list l;
    int n = 0;
    int64_t day = NONE;
    list_init(ctx, &l, &open_activities_kind);
    sql_add(&l.where, " AND {} = {} AND ends >= {} AND status IN ('open', 'cancelled')",
            (struct sql_name){column}, id, ctx->now);
    l.order = "starts, id";
    l.limit = most;
    const struct beside beside = beside_load(ctx);
    struct rows *r = list_run(ctx, &l);
    for (struct activity *a; (a = list_next(ctx, &open_activities_kind, r, ctx->arena)); n++) {
        if (when_day(a->starts) != day) {
            html(out, "{}<h3>{}</h3><ul class=\"agenda\">", (struct markup){n ? "</ul>" : ""},
                 day_words(ctx, when_day(a->starts)));
            day = when_day(a->starts);
        }
        draw_line(ctx, a, &beside);
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
    int64_t a_day[32]; /* those not cancelled */
    int64_t day;       /* the day to show; NONE: all */
    int64_t whole;     /* number to list; the list shows up to MONTH_MOST */
    int64_t after;     /* when the first begins that the next ones leave out; NONE: none is */
    const char *kind;
    int64_t community;
    bool next; /* no month was asked for: the list has the next ones, whatever their month */
    struct beside beside;
    bool needs[32]; /* the days on which volunteers are still needed */
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
    if (!asked || strlen(asked) != 7 || sscanf(asked, "%4d-%2d", &year, &month) != 2 || month < 1 ||
        month > 12 || year < 2000 || year > 2200) {
        year = now.year;
        month = now.month;
        asked = NULL;
    }
    *m = (struct month){.next = !asked,
                        .after = NONE,
                        .kind = kind_asked(ctx),
                        .community = query_param(ctx, "community") ? param_int(ctx, "community")
                                                                   : NONE};
    month_set(m, year, month);
    int64_t day = query_param(ctx, "day") ? param_int(ctx, "day") : NONE;
    m->day = day >= 1 && day <= m->last - m->first + 1 ? m->first + day - 1 : NONE;
    m->next = m->next && m->day == NONE;
}

static void narrow_more(struct sql *where, const struct month *m)
{
    if (m->kind)
        sql_add(where, " AND kind = {}", m->kind);
    if (m->community != NONE)
        sql_add(where, " AND community = {}", m->community);
}

static void narrow(struct sql *where, const struct month *m, int64_t first, int64_t last)
{
    sql_add(where, " AND starts >= {} AND starts <= {}", when_day_start(first), when_day_end(last));
    narrow_more(where, m);
}

/* All days have the same length: no summer time. */
static void days_count(struct ctx *ctx, struct month *m)
{
    struct sql q;
    sql_init(&q, ctx->arena);
    sql_add(&q,
            "SELECT day, count(*) AS n FROM (SELECT (starts - {}) / {} AS day FROM activities "
            "WHERE status <> 'cancelled'",
            when_day_start(m->first), (int64_t)WHEN_DAY);
    if (open_activities_kind.scope)
        open_activities_kind.scope(ctx, &q);
    narrow(&q, m, m->first, m->last);
    sql_add(&q, ") AS days GROUP BY day");
    struct rows *r = sql_query(ctx->db, &q);
    while (rows_next(r))
        m->a_day[row_int(r, "day") + 1] = row_int(r, "n");
    rows_end(r);
}

/* Future activities come first, so that past ones are cut first. Then the list is sorted by
 * time. */
static int by_time(const void *a, const void *b)
{
    const struct activity *x = *(const struct activity *const *)a,
                          *y = *(const struct activity *const *)b;
    if (x->starts != y->starts)
        return x->starts < y->starts ? -1 : 1;
    return (x->record.id > y->record.id) - (x->record.id < y->record.id);
}

static void month_of(struct month *m, int64_t at)
{
    struct civil c = civil_from_when(at);
    month_set(m, c.year, c.month);
}

/* The next ones, and what goes on now. The grid shows the month in which they begin. */
static void next_load(struct ctx *ctx, struct month *m)
{
    struct list l;
    list_init(ctx, &l, &open_activities_kind);
    sql_add(&l.where, " AND ends >= {} AND status IN ('open', 'cancelled')", ctx->now);
    narrow_more(&l.where, m);
    m->whole = list_count(ctx, &l);
    l.order = "starts, id";
    l.limit = NEXT_MOST + 1;
    struct rows *r = list_run(ctx, &l);
    for (struct activity *a; (a = list_next(ctx, &open_activities_kind, r, ctx->arena));) {
        if (m->count < NEXT_MOST)
            m->list[m->count++] = a;
        else
            m->after = a->starts;
    }
    rows_end(r);
    if (m->count && when_day(m->list[0]->starts) > m->last)
        month_of(m, m->list[0]->starts);
    days_count(ctx, m);
}

/* Marks the days of the month on which a shift still needs people. */
static void needs_load(struct ctx *ctx, struct month *m)
{
    struct sql q;
    sql_init(&q, ctx->arena);
    sql_add(&q, "SELECT id, starts FROM activities WHERE status = 'open'");
    narrow(&q, m, m->first, m->last);
    struct rows *r = m->beside.hands->count ? sql_query(ctx->db, &q) : NULL;
    while (r && rows_next(r))
        if (hands_missing(m->beside.hands, row_int(r, "id")) > 0)
            m->needs[when_day(row_int(r, "starts")) - m->first + 1] = true;
}

static void month_load(struct ctx *ctx, struct month *m)
{
    struct list l;
    list_init(ctx, &l, &open_activities_kind);
    narrow(&l.where, m, m->day != NONE ? m->day : m->first, m->day != NONE ? m->day : m->last);
    l.order = arena_print(ctx->arena, "CASE WHEN starts >= %lld THEN 0 ELSE 1 END, starts, id",
                          (long long)when_day_start(when_day(ctx->now)));
    l.limit = MONTH_MOST;
    struct rows *r = list_run(ctx, &l);
    for (struct activity *a;
         m->count < MONTH_MOST && (a = list_next(ctx, &open_activities_kind, r, ctx->arena));
         m->count++)
        m->list[m->count] = a;
    rows_end(r);
    qsort(m->list, (size_t)m->count, sizeof(struct activity *), by_time);
    m->whole = m->count;
    if (m->count == MONTH_MOST) {
        list_init(ctx, &l, &open_activities_kind); /* list_run has used up the conditions */
        narrow(&l.where, m, m->day != NONE ? m->day : m->first, m->day != NONE ? m->day : m->last);
        m->whole = list_count(ctx, &l);
    }
    if (m->day != NONE || m->whole > m->count) {
        days_count(ctx, m);
        return;
    }
    for (int i = 0; i < m->count; i++) /* the list has all of them: no query */
        if (strcmp(m->list[i]->status, "cancelled") != 0)
            m->a_day[when_day(m->list[i]->starts) - m->first + 1]++;
}

static const char *month_title(struct ctx *ctx, const struct month *m)
{
    return ctx_english(ctx)
               ? arena_print(ctx->arena, "%s %d", months_en[(m->month + 11) % 12], m->year)
               : arena_print(ctx->arena, "%d年%d月", m->year, m->month);
}

/* The same filters in another month, all days of it. */
static const char *month_url(struct ctx *ctx, const struct month *m, const struct month *to)
{
    const char *url = arena_print(ctx->arena, "/activities?month=%04d-%02d", to->year, to->month);
    if (m->kind)
        url = arena_print(ctx->arena, "%s&kind=%s", url, m->kind);
    if (m->community != NONE)
        url = arena_print(ctx->arena, "%s&community=%lld", url, (long long)m->community);
    return url;
}

static const char *month_link(struct ctx *ctx, const struct month *m, int step)
{
    struct month to;
    month_set(&to, m->year, m->month + step);
    return arena_print(ctx->arena, "%s#calendar", month_url(ctx, m, &to));
}

static void draw_day(struct ctx *ctx, const struct month *m, int64_t day)
{
    struct buf *out = ctx->web->out;
    int64_t n = m->a_day[day - m->first + 1], d = day - m->first + 1;
    html(out, "<td{}>", (struct markup){day == when_day(ctx->now) ? " class=\"today\"" : ""});
    const char *href = arena_print(ctx->arena, "#day-%lld", (long long)d);
    if (m->next || m->whole > MONTH_MOST ||
        m->day != NONE) /* that day may be missing from the list below */
        href = arena_print(ctx->arena, "%s&day=%lld#day-%lld", month_url(ctx, m, m), (long long)d,
                           (long long)d);
    if (n)
        html(out,
             "<a{} href=\"{}\"><b>{}</b><i aria-hidden=\"true\">{}</i><span "
             "class=\"sr\">{}{}{}</span></a>",
             (struct markup){m->needs[d] ? " class=\"needs\"" : ""}, href, d, n,
             say_n(ctx, n, "1 activity", "{} activities", n),
             m->needs[d] ? ctx_pick(ctx, "，", ", ") : "",
             m->needs[d] ? say(ctx, "volunteers needed") : "");
    else
        html(out, "<span>{}</span>", d);
    buf_puts(out, "</td>");
}

static void draw_grid(struct ctx *ctx, const struct month *m)
{
    struct buf *out = ctx->web->out;
    html(out,
         "<table class=\"month\" id=\"calendar\"><caption><a href=\"{}\" rel=\"prev\" "
         "aria-label=\"{}\">{}</a><b>{}</b><a href=\"{}\" rel=\"next\" "
         "aria-label=\"{}\">{}</a></caption><thead><tr>",
         month_link(ctx, m, -1), say(ctx, "Previous month"), icon(ctx, "arrow-left"),
         month_title(ctx, m), month_link(ctx, m, 1), say(ctx, "Next month"),
         icon(ctx, "arrow-right"));
    for (int d = 1; d <= 7; d++) {
        const char *name = weekday_name(ctx, d);
        html(out, "<th scope=\"col\" abbr=\"{}\">{}</th>", name,
             ctx_english(ctx) ? arena_copyn(ctx->arena, name, 3) : name + strlen(name) - 3);
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
    html(out, "<form class=\"bar\" action=\"/activities\">");
    if (!m->next)
        html(out, "<input type=\"hidden\" name=\"month\" value=\"{}\">",
             arena_print(ctx->arena, "%04d-%02d", m->year, m->month));
    html(out, "<label>{} <select name=\"kind\" data-go><option value=\"\">{}</option>",
         say(ctx, "Type"), say(ctx, "All types"));
    for (const struct choice *c = activity_kinds; c->code; c++)
        html(out, "<option value=\"{}\"{}>{}</option>", c->code,
             (struct markup){m->kind && !strcmp(m->kind, c->code) ? " selected" : ""},
             tr(ctx, c->label));
    html(out,
         "</select></label><label>{} <select name=\"community\" data-go><option "
         "value=\"\">{}</option>",
         say(ctx, "Community"), say(ctx, "All communities"));
    struct sql q;
    sql_init(&q, ctx->arena);
    sql_add(&q, "SELECT id, name, name_en FROM areas WHERE level = 'community'");
    valid_areas_where(ctx, &q, "id");
    sql_add(&q, " ORDER BY name COLLATE pinyin, id");
    struct rows *r = sql_query(ctx->db, &q);
    while (rows_next(r))
        html(out, "<option value=\"{}\"{}>{}</option>", row_int(r, "id"),
             (struct markup){row_int(r, "id") == m->community ? " selected" : ""},
             ctx_pick(ctx, row_text(r, "name"), row_text(r, "name_en")));
    html(out, "</select></label><button>{}</button></form>", say(ctx, "Show"));
}

/* The rest of the current month; all of any other. */
static int draw_days(struct ctx *ctx, const struct month *m)
{
    struct buf *out = ctx->web->out;
    int64_t today = when_day(ctx->now), day = NONE;
    bool this = today >= m->first && today <= m->last && m->day == NONE && !m->next;
    int n = 0, past = 0;
    for (int i = 0; i < m->count; i++)
        past += this && when_day(m->list[i]->starts) < today;
    for (int i = past; i < m->count; i++, n++) {
        const struct activity *a = m->list[i];
        if (when_day(a->starts) != day) {
            day = when_day(a->starts);
            html(out, "{}<h2 id=\"{}-{}\">{}</h2><ul class=\"agenda\">",
                 (struct markup){n ? "</ul>" : ""}, m->next ? "next" : "day", day - m->first + 1,
                 day_words(ctx, day));
        }
        draw_line(ctx, a, &m->beside);
    }
    if (n)
        buf_puts(out, "</ul>");
    if (past) {
        html(out, "<details class=\"card\"><summary>{}</summary>",
             say_n(ctx, past, "1 earlier this month", "{} earlier this month", past));
        day = NONE;
        for (int i = 0; i < past; i++) {
            if (when_day(m->list[i]->starts) != day) {
                html(out, "{}<h3 id=\"day-{}\">{}</h3><ul class=\"agenda\">",
                     (struct markup){day == NONE ? "" : "</ul>"},
                     when_day(m->list[i]->starts) - m->first + 1,
                     day_words(ctx, when_day(m->list[i]->starts)));
                day = when_day(m->list[i]->starts);
            }
            draw_line(ctx, m->list[i], &m->beside);
        }
        buf_puts(out, "</ul></details>");
    }
    return n;
}

/* Says what the list leaves out, and how to see it. */
static void draw_rest(struct ctx *ctx, const struct month *m)
{
    struct buf *out = ctx->web->out;
    if (m->after != NONE) {
        struct month to;
        month_of(&to, m->after);
        html(out, "<p class=\"screen\"><a href=\"{}\">{}</a></p>", month_url(ctx, m, &to),
             say(ctx, "{} more: see {}", m->whole - m->count, month_title(ctx, &to)));
    } else if (m->whole > m->count)
        html(out, "<p class=\"notice\">{}</p>",
             m->day == NONE
                 ? say(ctx,
                       "{} more activities this month are not listed. Choose a day above to see "
                       "all of that day.",
                       m->whole - m->count)
                 : say(ctx,
                       "{} more activities on this day are not listed. Choose a type or a "
                       "community above.",
                       m->whole - m->count));
    if (m->day != NONE)
        html(out, "<p><a href=\"{}\">{}</a></p>", month_url(ctx, m, m), say(ctx, "Whole month"));
}

static void draw_feeds(struct ctx *ctx, const struct month *m)
{
    const char *link = m->community != NONE
                           ? arena_print(ctx->arena, "/activities.ics?community=%lld",
                                         (long long)m->community)
                           : "/activities.ics";
    html(ctx->web->out, "<p class=\"small screen\"><a href=\"{}\">{} {}</a> · {}</p>", link,
         icon(ctx, "calendar-plus"),
         m->community != NONE
             ? say(ctx, "Add this community’s activities to your calendar (iCalendar)")
             : say(ctx, "Add all activities to your calendar (iCalendar)"),
         say(ctx, "changes and cancellations update automatically"));
}

static void calendar(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    struct month *m = ARENA_NEW(ctx->arena, struct month);
    if (!setup_opened(ctx, "areas", say(ctx, "Activities")))
        return;
    month_asked(ctx, m);
    if (m->next)
        next_load(ctx, m);
    else
        month_load(ctx, m);
    m->beside = beside_load(ctx);
    needs_load(ctx, m);
    page_begin(ctx, say(ctx, "Activities"), PAGE_RESIDENT);
    html(out,
         "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{} <a "
         "href=\"/places\">{}</a><span class=\"tocalendar\"> · <a "
         "href=\"#calendar\">{}</a></span></p></header>",
         say(ctx, "Activities"), say(ctx, "Nearby, and nothing to install."),
         say(ctx, "Community service points near you"), say(ctx, "Calendar"));
    draw_filters(ctx, m);
    buf_puts(out, "<div class=\"beside\"><div>");
    if (draw_days(ctx, m) == 0)
        html(out, "<div class=\"empty\">{}<p>{}</p><a class=\"button\" href=\"{}\">{}</a></div>",
             icon(ctx, "calendar-event"),
             m->kind || m->community != NONE
                 ? m->next ? say(ctx, "No activities of this type are planned here.")
                           : say(ctx, "No activities of this type here this month.")
             : m->next ? say(ctx, "No activities are planned at the moment.")
                       : say(ctx, "No more activities this month."),
             month_link(ctx, m, 1), say(ctx, "See next month"));
    draw_rest(ctx, m);
    buf_puts(out, "</div><div>");
    draw_grid(ctx, m);
    draw_feeds(ctx, m);
    buf_puts(out, "</div></div>");
    page_end(ctx);
}

static const struct route table[] = {
    ROUTE_GET("/activities", ROLE_PUBLIC, calendar),
};

const struct module activities_calendar_module = {.name = "activities_calendar",
                                                  .routes = ROUTES(table)};
