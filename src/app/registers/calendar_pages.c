/*
 * The calendar of working days, one year per page: twelve months with public
 * holidays and make-up working days marked. A click changes a day; a year is
 * imported as JSON or a spreadsheet. Each change recalculates open deadlines
 * and says how many moved.
 */
#include "pages/register_pages.h"

#include "app/registers/calendar.h"
#include "app/registers/registers.h"
#include "base/when.h"
#include "db/journal.h"

#include <stdlib.h>
#include <string.h>

#define WRITERS (ROLE_ADMIN | ROLE_OFFICE)

/* ---- the year ---- */

static int year_asked(struct ctx *ctx)
{
    int64_t y = param_int(ctx, "year");
    return y == NONE || y < 1990 || y > 2200 ? civil_from_when(ctx->now).year : (int)y;
}

static const struct holiday *stored_day(struct ctx *ctx, const char *date)
{
    return record_find(ctx, &holidays_kind, "date", date);
}

struct year {
    int year;
    const struct holiday *days[366]; /* by day of the year; NULL: an ordinary one */
};

static struct year *year_load(struct ctx *ctx, int year)
{
    struct year *y = ARENA_NEW(ctx->arena, struct year);
    y->year = year;
    struct list l;
    list_init(ctx, &l, &holidays_kind);
    sql_add(&l.where, " AND date >= {} AND date <= {}", arena_print(ctx->arena, "%04d-01-01", year),
            arena_print(ctx->arena, "%04d-12-31", year));
    l.limit = 400;
    struct rows *rows = list_run(ctx, &l);
    for (struct holiday *h; (h = list_next(ctx, &holidays_kind, rows, ctx->arena)) != NULL;) {
        int64_t day;
        if (day_parse(h->date, &day) && day - day_of(year, 1, 1) >= 0 &&
            day - day_of(year, 1, 1) < 366)
            y->days[day - day_of(year, 1, 1)] = h;
    }
    return y;
}

static void draw_day(struct ctx *ctx, const struct year *y, int64_t day, bool may)
{
    struct buf *out = ctx->web->out;
    const struct holiday *h = y->days[day - day_of(y->year, 1, 1)];
    bool weekend = when_weekday(day) > 5, off = h ? h->is_off_day == 1 : weekend;
    const char *class = h ? (h->is_off_day == 1 ? "off" : "work") : weekend ? "rest" : "";
    const char *state = off ? (h ? say(ctx, "day off") : say(ctx, "weekend"))
                        : h ? say(ctx, "make-up working day")
                            : say(ctx, "working day");
    const char *said = arena_print(ctx->arena, "%s, %s%s%s", day_show(ctx->arena, ctx->lang, day),
                                   state, h && h->name ? ", " : "", h && h->name ? h->name : "");
    int number = civil_from_when(when_day_start(day)).day;
    html(out, "<td class=\"{}{}\">", class, day == when_day(ctx->now) ? " today" : "");
    const char *mark = h ? (off ? say(ctx, "off") : say(ctx, "work")) : "";
    if (may)
        html(out,
             "<button name=\"day\" value=\"{}\" title=\"{}\"><span "
             "aria-hidden=\"true\">{}<small>{}</small></span><span "
             "class=\"sr\">{}</span></button></td>",
             day_iso(ctx->arena, day), said, number, mark, said);
    else
        html(out, "<span title=\"{}\">{}<small>{}</small></span></td>", said, number, mark);
}

static void draw_month(struct ctx *ctx, const struct year *y, int month, bool may)
{
    struct buf *out = ctx->web->out;
    static const char *const names[] = {N_("January"), N_("February"), N_("March"),
                                        N_("April"),   N_("May"),      N_("June"),
                                        N_("July"),    N_("August"),   N_("September"),
                                        N_("October"), N_("November"), N_("December")};
    static const char *const weekdays[] = {N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"),
                                           N_("Fri"), N_("Sat"), N_("Sun")};
    int64_t first = day_of(y->year, month, 1),
            next = month == 12 ? day_of(y->year + 1, 1, 1) : day_of(y->year, month + 1, 1);
    html(out, "<section><h2>{}</h2><table><caption class=\"sr\">{} {}</caption><thead><tr>",
         tr(ctx, names[month - 1]), tr(ctx, names[month - 1]), y->year);
    for (int i = 0; i < 7; i++)
        html(out, "<th scope=\"col\">{}</th>", tr(ctx, weekdays[i]));
    buf_puts(out, "</tr></thead><tbody><tr>");
    for (int i = 1; i < when_weekday(first); i++)
        buf_puts(out, "<td></td>");
    for (int64_t day = first; day < next; day++) {
        if (day > first && when_weekday(day) == 1)
            buf_puts(out, "</tr><tr>");
        draw_day(ctx, y, day, may);
    }
    buf_puts(out, "</tr></tbody></table></section>");
}

static void draw_import(struct ctx *ctx, int year)
{
    struct buf *out = ctx->web->out;
    bool open = ctx_problem_of(ctx, "file") != NULL;
    html(out, "<details class=\"card\"{}><summary>{} {}</summary>",
         (struct markup){open ? " open" : ""}, icon(ctx, "file-import"),
         say(ctx, "Import a year’s holidays"));
    form_begin(ctx, "/calendar/import", NULL, true);
    html(out,
         "<input type=\"hidden\" name=\"year\" value=\"{}\"><div class=\"field\"><label "
         "for=\"f-file\">{}</label><p class=\"hint\" id=\"f-file-h\">{}</p>"
         "<input id=\"f-file\" type=\"file\" name=\"file\" accept=\".json,.csv,.xlsx\" required "
         "aria-describedby=\"f-file-h\">",
         year, say(ctx, "File"),
         say(ctx, "A JSON list of {\"date\": \"2026-01-01\", \"name\": …, \"isOffDay\": true}, "
                  "or "
                  "a sheet with the columns date, name and is_off_day. Dates not included stay as "
                  "they are."));
    if (open)
        html(out, "<p class=\"problem\" id=\"f-file-p\">{} {}</p>", icon(ctx, "alert-circle"),
             ctx_problem_of(ctx, "file"));
    html(out, "</div><div class=\"acts\"><button class=\"primary\">{}</button></div>",
         say(ctx, "Import"));
    form_end(ctx);
    buf_puts(out, "</details>");
}

static const struct label labels[] = {{"name", N_("Holiday name")}, {NULL, NULL}};

static void lacks_draw(struct ctx *ctx, int year)
{
    const char *lacks = calendar_lacks(ctx, year);
    if (lacks)
        html(ctx->web->out, "<div class=\"notice warn\">{}<div><p>{}</p></div></div>",
             icon(ctx, "alert-triangle"), lacks);
}

static void calendar_page(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    bool may = (ctx->actor.roles & WRITERS) != 0;
    int year = year_asked(ctx);
    const struct year *y = year_load(ctx, year);
    page_begin(ctx, say(ctx, "Working calendar {}", year), PAGE_STAFF | PAGE_WIDE);
    if (ctx->actor.roles & (WRITERS | ROLE_AUDITOR))
        trail(ctx, "/admin", say(ctx, "Administration"));
    html(out,
         "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p><div class=\"acts\"><a "
         "class=\"button\" href=\"/calendar?year={}\">{} {}</a>"
         "<a class=\"button\" href=\"/calendar?year={}\">{} {}</a><a class=\"button quiet\" "
         "href=\"/registers/holidays?as=list\">{} {}</a></div></header>",
         say(ctx, "Working calendar {}", year),
         may ? say(ctx, "Tap a day to change it; tap again to change it back. Open deadlines are "
                        "recalculated immediately.")
             : say(ctx, "Deadlines are calculated from these days."),
         year - 1, icon(ctx, "chevron-left"), year - 1, year + 1, year + 1,
         icon(ctx, "chevron-right"), icon(ctx, "list"), say(ctx, "View as list"));
    form_problems(ctx);
    if (year == civil_from_when(ctx->now).year || year == civil_from_when(ctx->now).year + 1)
        lacks_draw(ctx, year);
    html(out,
         "<p class=\"key\"><span><b class=\"off\">{}</b> {}</span><span><b class=\"work\">{}</b> "
         "{}</span></p>",
         say(ctx, "off"), say(ctx, "day off"), say(ctx, "work"), say(ctx, "a weekend day worked"));
    if (may) {
        html(out,
             "<form method=\"post\" action=\"/calendar/day\"><input type=\"hidden\" name=\"_csrf\" "
             "value=\"{}\">"
             "<div class=\"bar\"><label>{} <input id=\"f-name\" name=\"name\" maxlength=\"40\" "
             "value=\"{}\" placeholder=\"{}\"></label></div>",
             ctx->web->csrf, ctx_label(ctx, labels, "name"), param(ctx, "name"),
             say(ctx, "e.g. Spring Festival"));
    }
    buf_puts(out, "<div class=\"year\">");
    for (int month = 1; month <= 12; month++)
        draw_month(ctx, y, month, may);
    buf_puts(out, "</div>");
    if (may) {
        buf_puts(out, "</form>");
        draw_import(ctx, year);
    }
    page_end(ctx);
}

/* ---- changes ---- */

/* Turns an ordinary day into its opposite, and an exceptional day into an ordinary one. */
static void day_change(struct ctx *ctx)
{
    int64_t day;
    const char *typed = param(ctx, "day");
    if (!typed || !day_parse(typed, &day)) {
        ctx_problem(ctx, NULL, say(ctx, "Date not found."));
        return;
    }
    const char *date = day_iso(ctx->arena, day);
    const struct holiday *h = stored_day(ctx, date);
    bool off;
    if (h) {
        off = when_weekday(day) > 5;
        if (record_remove(ctx, &holidays_kind, h) != OK)
            return;
    } else {
        struct holiday *new = record_new(ctx, &holidays_kind);
        off = when_weekday(day) <= 5;
        ctx->labels = labels;
        field_set(ctx, kind_field(&holidays_kind, "date"), new, date);
        field_set(ctx, kind_field(&holidays_kind, "name"), new, param(ctx, "name"));
        new->is_off_day = off;
        if (!record_check(ctx, &holidays_kind, NULL, new) ||
            record_insert(ctx, &holidays_kind, new, "create") != OK)
            return;
    }
    const char *shown = day_show(ctx->arena, ctx->lang, day);
    if (recount_tell(ctx, "holidays",
                     off ? say(ctx, "{} is a day off.", shown)
                         : say(ctx, "{} is a working day.", shown)))
        see_other(ctx, "/calendar?year={}&name={}", civil_from_when(when_day_start(day)).year,
                  param(ctx, "name") ? param(ctx, "name") : "");
}

static void import_prepare(struct ctx *ctx)
{
    struct calendar_days *days = ARENA_NEW(ctx->arena, struct calendar_days);
    ctx->work = days;
    const struct upload *file = NULL;
    for (int i = 0; i < ctx->web->upload_count; i++)
        if (!strcmp(ctx->web->uploads[i].field, "file") && ctx->web->uploads[i].size)
            file = &ctx->web->uploads[i];
    if (!file)
        ctx_problem(ctx, "file", say(ctx, "Choose the file first."));
    else
        calendar_read(ctx, days, file->data, file->size);
}

static void import(struct ctx *ctx)
{
    const struct calendar_days *days = ctx->work;
    int64_t changed = calendar_store(ctx, days);
    if (changed == NONE ||
        !recount_tell(ctx, "holidays",
                      say(ctx, "{} days read, {} new or changed.", (int64_t)days->count, changed)))
        return;
    see_other(ctx, "/calendar?year={}",
              days->count ? civil_from_when(when_day_start(days->list[0].day)).year
                          : year_asked(ctx));
}

static const struct route table[] = {
    ROUTE_GET("/calendar", ROLES_SIGNED, calendar_page),
    ROUTE_POST("/calendar/day", WRITERS, day_change, .allow = actor_for_all,
               .failed = calendar_page),
    ROUTE_POST("/calendar/import", WRITERS, import, .allow = actor_for_all,
               .prepare = import_prepare, .failed = calendar_page, .flags = UPLOAD | SLOW),
};

static const struct place places[] = {
    {"/calendar", N_("Holiday calendar"), NULL, WRITERS, true,
     N_("Public holidays and make-up working days"), "calendar", .rank = 80},
    {.href = NULL},
};

static const char *days_now(struct ctx *ctx)
{
    int year = civil_from_when(ctx->now).year;
    int64_t n = query_int(
        ctx->db, "SELECT count(*) AS n FROM holidays WHERE date >= {} AND date < {}",
        arena_print(ctx->arena, "%d-01-01", year), arena_print(ctx->arena, "%d-01-01", year + 1));
    return n ? say(ctx, "{}: {} holidays and make-up working days",
                   arena_print(ctx->arena, "%d", year), n)
             : say(ctx, "{}: none entered yet", arena_print(ctx->arena, "%d", year));
}

static const struct setting_page setting_pages[] = {
    {"/calendar", N_("Holiday calendar"),
     N_("Public holidays and make-up working days. Deadlines are calculated from them."),
     "calendar", WRITERS, days_now},
    {.href = NULL},
};

const struct module calendar_module = {
    .setting_pages = setting_pages, .name = "calendar", .routes = ROUTES(table), .places = places};
