/*
 * A volunteer's own pages: upcoming shifts and visits, days of service with the
 * hours that count and why, and their own record, which they can change, pause
 * and end themselves. The gate admits holders of a card; ctx->actor.volunteer
 * says whose pages these are, never the URL.
 */
#include "core/module.h"
#include "app/activities/activities.h"
#include "app/my/coming.h"
#include "app/my/own_feed.h"
#include "app/registers/registers.h"
#include "core/qr.h"
#include "pages/feed_panel.h"
#include "base/text.h"
#include "base/when.h"
#include "web/web.h"

#include <string.h>

#define REASON_MOST  200 /* characters */
#define DISPUTE_MOST 300
#define MISSING_DAYS 366 /* days back for which a missing day can be reported */

/* The volunteer who is signed in; NULL, with a redirect to the card, for a login that belongs
 * to no volunteer. */
static struct volunteer *me(struct ctx *ctx)
{
    struct volunteer *v = ctx->actor.volunteer > 0
                              ? record_get(ctx, &volunteers_kind, ctx->actor.volunteer)
                              : NULL;
    if (!v && ctx->web->method == GET)
        see_other(ctx, "/card");
    else if (!v)
        ctx_fail(ctx, FORBIDDEN, say(ctx, "Please show your volunteer card first."));
    return v;
}

static const char *person_name(struct ctx *ctx, const struct volunteer *v)
{
    const struct person *p = record_get(ctx, &people_kind, v->person);
    return p ? p->name : v->number;
}

/* Draws the open requests that this volunteer is asked to help with. */
static void draw_asked(struct ctx *ctx, const struct volunteer *v)
{
    int64_t n = query_int(ctx->db,
                          "SELECT count(*) AS n FROM offer_asks k JOIN offers o ON o.id = k.offer "
                          "WHERE k.volunteer = {} AND k.answer = 'asked'"
                          " AND o.status IN ('open', 'led')",
                          v->record.id);
    if (n > 0)
        html(ctx->web->out,
             "<a class=\"notice warn\" href=\"/my/asks\">{}<div><p><b>{}</b></p></div></a>",
             icon(ctx, "heart-handshake"),
             say_n(ctx, n, "1 neighbour needs your help: please reply",
                   "{} neighbours need your help: please reply", n));
}

/* ---- days of service ---- */

/* What was done on a day: the titles of its attendances. */
struct done {
    int64_t day;
    const char *words, *last; /* all of them; the latest */
};

struct done_list {
    struct done *list; /* by day */
    int count;
};

static void done_add(struct ctx *ctx, struct done_list *all, int64_t day, const char *title)
{
    struct done *last = all->count ? &all->list[all->count - 1] : NULL;
    if (!last || last->day != day) {
        *ARENA_NEXT(ctx->arena, all->list, all->count) = (struct done){day, title, title};
    } else if (strcmp(last->last, title) != 0) { /* who comes back to the same did one thing */
        last->words = ctx_list(ctx, last->words, title);
        last->last = title;
    }
}

static struct done_list done_load(struct ctx *ctx, const struct volunteer *v, int64_t from_year,
                                  int64_t to_year)
{
    struct done_list all = {.list = NULL};
    struct rows *r = query(
        ctx->db,
        "SELECT t.came, t.offer, a.title, a.title_en FROM attendances t LEFT JOIN activities a ON "
        "a.id = t.activity WHERE t.volunteer = {} AND t.status <> 'void' AND t.came >= {} AND "
        "t.came <= {} ORDER BY t.came, t.id",
        v->record.id, when_day_start(day_of((int)from_year, 1, 1)),
        when_day_end(day_of((int)to_year, 12, 31)));
    while (rows_next(r)) {
        const char *title = row_text(r, "title");
        done_add(ctx, &all, when_day(row_int(r, "came")),
                 title ? arena_copy(ctx->arena, ctx_pick(ctx, title, row_text(r, "title_en")))
                 : row_int(r, "offer") != NONE ? say(ctx, "Home visit")
                                               : say(ctx, "Outside an activity"));
    }
    rows_end(r);
    return all;
}

static void draw_day(struct ctx *ctx, const struct hours *h, const struct done_list *done)
{
    int64_t day = NONE;
    bool known = day_parse(h->day, &day);
    html(ctx->web->out, "<tr><th scope=\"row\"><a class=\"nobr\" href=\"/my/days/{}\">{}</a>",
         h->record.id, ctx_date(ctx, h->day));
    for (int i = 0; known && i < done->count; i++)
        if (done->list[i].day == day)
            html(ctx->web->out, "<span class=\"what\">{}</span>", done->list[i].words);
    html(ctx->web->out, "</th><td class=\"num\">{} ", hours_text(ctx, h->counted));
    hours_state(ctx, h);
    buf_puts(ctx->web->out, "</td></tr>");
}

static int64_t draw_days(struct ctx *ctx, const struct volunteer *v, int64_t from, int64_t to,
                         int most)
{
    struct buf *out = ctx->web->out;
    struct list l = {.kind = &hours_kind, .limit = most};
    int64_t n = 0;
    const struct done_list done = done_load(ctx, v, from / 100, to / 100);
    sql_init(&l.where, ctx->arena);
    sql_add(&l.where, " AND volunteer = {} AND month >= {} AND month <= {}", v->record.id, from,
            to);
    struct rows *r = list_run(ctx, &l);
    for (struct hours *h; (h = list_next(ctx, &hours_kind, r, ctx->arena)) != NULL; n++) {
        if (n == 0)
            html(out,
                 "<table class=\"plain days\"><thead><tr><th>{}</th><th "
                 "class=\"num\">{}</th></tr></thead>"
                 "<tbody>",
                 say(ctx, "Day"), say(ctx, "Counted"));
        draw_day(ctx, h, &done);
    }
    if (n)
        buf_puts(out, "</tbody></table>");
    else
        html(
            out, "<p class=\"soft\">{}</p>",
            say(ctx, "No service recorded yet. It appears here once you have checked in and out."));
    return n;
}

static void draw_missing(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const char *problem = ctx_problem_of(ctx, "day");
    html(out, "<section><details class=\"card screen\"{}><summary>{}</summary>",
         (struct markup){ctx->problems ? " open" : ""}, say(ctx, "A day is missing here"));
    form_begin(ctx, "/my/days/missing",
               arena_print(ctx->arena, "missing-%lld", (long long)ctx->actor.volunteer), false);
    form_problems(ctx);
    html(out,
         "<div class=\"field\"><label for=\"f-day\">{}</label><input id=\"f-day\" class=\"short\" "
         "type=\"date\" name=\"day\" value=\"{}\">",
         say(ctx, "Day"), param(ctx, "day"));
    if (problem)
        html(out, "<p class=\"problem\">{} {}</p>", icon(ctx, "alert-circle"), problem);
    html(out,
         "</div><div class=\"field\"><label for=\"f-dispute\">{}</label><p class=\"hint\" "
         "id=\"f-dispute-h\">{}</p><textarea id=\"f-dispute\" name=\"dispute\" rows=\"3\" "
         "aria-describedby=\"f-dispute-h\">{}</textarea></div>"
         "<div class=\"acts\"><button class=\"primary\">{} {}</button></div>",
         say(ctx, "Where and when (from and to)"),
         say(ctx, "For example: cleaned up the lakeside from nine to eleven, not recorded."),
         param(ctx, "dispute"), icon(ctx, "send"), say(ctx, "Tell the team leader"));
    form_end(ctx);
    buf_puts(out, "</details></section>");
}

static void missing(struct ctx *ctx)
{
    const struct volunteer *v = me(ctx);
    const char *text = param_lines(ctx, "dispute", DISPUTE_MOST);
    int64_t day, today = when_day(ctx->now);
    if (!v)
        return;
    if (!param(ctx, "day") || !day_parse(param(ctx, "day"), &day) || day > today ||
        day < today - MISSING_DAYS)
        ctx_problem(ctx, "day", say(ctx, "Enter a date within the past year."));
    else if (ctx_ok(ctx) && hours_missing(ctx, v->record.id, day, text) == OK) {
        flash(ctx, say(ctx, "Your team leader will look at this day."));
        see_other(ctx, "/my/days");
    }
}

static void days(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct volunteer *v = me(ctx);
    if (!v)
        return;
    int64_t now = civil_from_when(ctx->now).year, year = param_int(ctx, "year");
    int64_t newest = query_int(ctx->db, "SELECT max(month) AS m FROM hours WHERE volunteer = {}",
                               v->record.id);
    if (year < 2000 || year > now) /* in January the new year may have nothing to show yet */
        year = newest == NONE ? now : newest / 100;
    page_begin(ctx, say(ctx, "My service record"), PAGE_RESIDENT);
    trail(ctx, "/my", say(ctx, "My service"));
    html(out,
         "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header><nav "
         "class=\"filters\" aria-label=\"{}\">",
         say(ctx, "My service record"), say(ctx, "{} in total", hours_text(ctx, v->seconds)),
         say(ctx, "Year"));
    int64_t first = query_int(ctx->db, "SELECT min(month) AS m FROM hours WHERE volunteer = {}",
                              v->record.id);
    for (int64_t y = now; y >= (first == NONE ? now : first / 100); y--)
        html(out, "<a href=\"/my/days?year={}\"{}>{}</a>", y,
             (struct markup){y == year ? " aria-current=\"true\"" : ""}, y);
    buf_puts(out, "</nav>");
    draw_days(ctx, v, year * 100, year * 100 + 12, 366);
    html(out,
         "<div class=\"acts screen\"><a class=\"button\" href=\"/my/export?format=xlsx\">{} "
         "{}</a><a class=\"button\" href=\"/my/export?format=csv\">{} {}</a></div>",
         icon(ctx, "file-spreadsheet"), say(ctx, "All records (Excel)"), icon(ctx, "download"),
         say(ctx, "All records (CSV)"));
    draw_missing(ctx);
    page_end(ctx);
}

static void export(struct ctx *ctx)
{
    const struct volunteer *v = me(ctx);
    const char *format = query_param(ctx, "format");
    if (v)
        hours_sheet(ctx, v, format && !strcmp(format, "xlsx"));
}

/* The day in the URL, if it is the volunteer's own. */
static struct hours *my_day(struct ctx *ctx)
{
    struct hours *h = record_get(ctx, &hours_kind, ctx->web->id);
    if (h && ctx->actor.volunteer > 0 && h->volunteer == ctx->actor.volunteer)
        return h;
    ctx_fail(ctx, NOT_FOUND, NULL);
    return NULL;
}

static void draw_dispute(struct ctx *ctx, const struct hours *h)
{
    struct buf *out = ctx->web->out;
    if (h->dispute) {
        html(out, "<div class=\"notice warn\">{}<div><p><b>{}</b></p><p>{}</p></div></div>",
             icon(ctx, "message"), say(ctx, "Your report, being reviewed:"), h->dispute);
        return;
    }
    html(out, "<details class=\"card\"{}><summary>{}</summary>",
         (struct markup){ctx->problems ? " open" : ""}, say(ctx, "Report a problem with this day"));
    form_begin(ctx, arena_print(ctx->arena, "/my/days/%lld/dispute", (long long)h->record.id),
               arena_print(ctx->arena, "dispute-%lld", (long long)h->record.id), false);
    form_problems(ctx);
    html(out,
         "<div class=\"field\"><label for=\"f-dispute\">{}</label><p class=\"hint\" "
         "id=\"f-dispute-h\">{}</p><textarea id=\"f-dispute\" name=\"dispute\" rows=\"3\" "
         "aria-describedby=\"f-dispute-h\">{}</textarea></div>"
         "<div class=\"acts\"><button class=\"primary\">{} {}</button></div>",
         say(ctx, "What is wrong"),
         say(ctx, "For example: I stayed until noon, but it wasn’t recorded."),
         param(ctx, "dispute"), icon(ctx, "send"), say(ctx, "Tell the team leader"));
    form_end(ctx);
    buf_puts(out, "</details>");
}

static void day(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct hours *h = my_day(ctx);
    if (!h)
        return;
    const char *title = ctx_date(ctx, h->day);
    page_begin(ctx, title, PAGE_RESIDENT);
    trail(ctx, "/my/days", say(ctx, "My service record"));
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{} ", title,
         say(ctx, "{} counted", hours_text(ctx, h->counted)));
    hours_state(ctx, h);
    buf_puts(out, "</p></header>");
    if (h->held > 0)
        html(out, "<div class=\"notice\">{}<div><p>{}</p></div></div>", icon(ctx, "hourglass"),
             say(ctx, "Up to 8 hours a day count automatically. Another {} are awaiting approval.",
                 hours_text(ctx, h->held)));
    if (h->corrected != NONE)
        html(out, "<div class=\"notice\">{}<div><p>{}</p><p>{}</p></div></div>",
             icon(ctx, "pencil"),
             say(ctx, "{} approved {} of {} attended.", h->decided_name,
                 hours_text(ctx, h->corrected), hours_text(ctx, h->attended)),
             h->why);
    hours_attended(ctx, h);
    draw_dispute(ctx, h);
    page_end(ctx);
}

static void dispute(struct ctx *ctx)
{
    const struct hours *h = my_day(ctx);
    const char *text = param_lines(ctx, "dispute", DISPUTE_MOST);
    if (h && ctx_ok(ctx) && hours_dispute(ctx, h, text) == OK) {
        flash(ctx, say(ctx, "Your team leader will check this day."));
        see_other(ctx, "/my/days/{}", h->record.id);
    }
}

/* ---- the page ---- */

static void button(struct ctx *ctx, const char *action, const char *sign, const char *word)
{
    form_begin(ctx, action, NULL, false);
    html(ctx->web->out, "<button>{} {}</button>", icon(ctx, sign), word);
    form_end(ctx);
}

static void draw_acts(struct ctx *ctx, const struct volunteer *v)
{
    struct buf *out = ctx->web->out;
    html(out, "<section><h2>{}</h2><dl class=\"facts card\">",
         say(ctx, "My skills and availability"));
    volunteer_facts(ctx, v);
    html(out, "</dl><div class=\"acts\"><a class=\"button\" href=\"/my/change\">{} {}</a>",
         icon(ctx, "pencil"), say(ctx, "Edit my skills and availability"));
    if (!strcmp(v->status, "active"))
        button(ctx, "/my/pause", "player-pause", say(ctx, "Take a break"));
    if (!strcmp(v->status, "paused"))
        button(ctx, "/my/resume", "player-play", say(ctx, "I’m back"));
    if (v->code_hash)
        button(ctx, "/my/card", "id-badge-2", say(ctx, "New card"));
    if (v->code_hash)
        button(ctx, "/card/away", "logout", say(ctx, "Sign out of this card"));
    html(out, "<a class=\"button quiet\" href=\"/my/leave\">{}</a></div></section>",
         say(ctx, "Stop volunteering"));
}

static void draw_calendar(struct ctx *ctx, const struct volunteer *v)
{
    feed_panel_draw(
        ctx, &(struct feed_panel){
                 "/my/calendar", volunteer_feed_path(ctx, v),
                 say(ctx, "Your phone’s calendar can show your shifts and visits and keep them up "
                          "to date. Add this address there as a subscribed calendar."),
                 say(ctx, "Anyone with this address can see when you volunteer, but not who you "
                          "visit. Keep it private; change it if someone else finds out.")});
}

static void my(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct volunteer *v = me(ctx);
    if (!v)
        return;
    int64_t year = civil_from_when(ctx->now).year;
    page_begin(ctx, say(ctx, "My service"), PAGE_RESIDENT);
    html(out,
         "<header class=\"head\"><h1>{}</h1><p class=\"lead\"><span class=\"state {}\">{}</span> "
         "· "
         "{}</p></header>",
         person_name(ctx, v), volunteer_tone(v->status), volunteer_state(ctx, v), v->number);
    if (!strcmp(v->status, "applied"))
        html(out, "<div class=\"notice\">{}<div><p>{}</p></div></div>", icon(ctx, "inbox"),
             say(ctx, "Thank you for applying. The team leader will call you."));
    if (!strcmp(v->status, "paused"))
        html(out, "<div class=\"notice\">{}<div><p>{}</p></div></div>", icon(ctx, "player-pause"),
             say(ctx, "You’re taking a break: nobody will ask you for visits until you’re "
                      "back."));
    activity_now_draw(ctx, NONE);
    draw_asked(ctx, v);
    coming_draw(ctx, v);
    html(out, "<section><h2>{}</h2><p class=\"lead\">{}</p>", say(ctx, "My hours"),
         say(ctx, "{} in total", hours_text(ctx, v->seconds)));
    stars_draw(ctx, v->seconds);
    draw_days(ctx, v, (year - 1) * 100, year * 100 + 12, 5);
    html(out,
         "<div class=\"acts\"><a class=\"button\" href=\"/my/days\">{} {}</a><a class=\"button\" "
         "href=\"/my/certificates\">{} {}</a></div></section>",
         icon(ctx, "list"), say(ctx, "My full service record"), icon(ctx, "file-certificate"),
         say(ctx, "My certificates"));
    draw_acts(ctx, v);
    volunteer_timeline(ctx, v->record.id);
    draw_calendar(ctx, v);
    page_end(ctx);
}

/* ---- changing one's own entry ---- */

static void change_page(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct volunteer *v = me(ctx);
    if (!v)
        return;
    page_begin(ctx, say(ctx, "My skills and availability"), PAGE_RESIDENT);
    trail(ctx, "/my", say(ctx, "My service"));
    html(out, "<header class=\"head\"><h1>{}</h1></header>",
         say(ctx, "My skills and availability"));
    form_begin(ctx, "/my/change", NULL, false);
    form_problems(ctx);
    volunteer_offers(ctx, v);
    html(out,
         "<input type=\"hidden\" name=\"sent\" value=\"1\"><div class=\"acts\"><button "
         "class=\"primary\">{}</button><a class=\"button quiet\" href=\"/my\">{}</a></div>",
         say(ctx, "Save"), say(ctx, "Not now"));
    form_end(ctx);
    page_end(ctx);
}

static void change_mine(struct ctx *ctx)
{
    const struct volunteer *before = me(ctx);
    if (!before)
        return;
    struct volunteer *after = record_copy(ctx, &volunteers_kind, before);
    volunteer_offers_read(ctx, after);
    if (!ctx_ok(ctx) || !record_check(ctx, &volunteers_kind, before, after) ||
        record_update(ctx, &volunteers_kind, before, after, "change") != OK)
        return;
    flash(ctx, say(ctx, "Saved."));
    see_other(ctx, "/my");
}

/* The second of two clicks finds it done. */
static void turn(struct ctx *ctx, const char *action, const char *said)
{
    const struct volunteer *before = me(ctx);
    if (!before)
        return;
    if (workflow_may(ctx, &volunteer_workflow, workflow_step(&volunteer_workflow, action),
                     before)) {
        if (volunteer_take(ctx, action, before, NULL) != OK)
            return;
        flash(ctx, said);
    }
    see_other(ctx, "/my");
}

static void pause(struct ctx *ctx)
{
    turn(ctx, "pause", say(ctx, "You’re taking a break. Come back whenever you like."));
}

static void resume(struct ctx *ctx)
{
    turn(ctx, "resume", say(ctx, "Good to have you back."));
}

static void leave_page(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    if (!me(ctx))
        return;
    page_begin(ctx, say(ctx, "Stop volunteering"), PAGE_RESIDENT);
    trail(ctx, "/my", say(ctx, "My service"));
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>",
         say(ctx, "Stop volunteering"),
         say(ctx, "Your card stops working immediately and nobody will ask you again. Your hours "
                  "are kept for certificates. You can come back later."));
    form_begin(ctx, "/my/leave", NULL, false);
    form_problems(ctx);
    html(out,
         "<div class=\"field\"><label for=\"f-why\">{} <i>{}</i></label><textarea id=\"f-why\" "
         "name=\"why\" rows=\"3\">{}</textarea></div>"
         "<div class=\"acts\"><button class=\"danger\">{}</button><a class=\"button quiet\" "
         "href=\"/my\">{}</a></div>",
         say(ctx, "Why"), say(ctx, "optional"), param(ctx, "why"), say(ctx, "Stop volunteering"),
         say(ctx, "Not now"));
    form_end(ctx);
    page_end(ctx);
}

static void leave(struct ctx *ctx)
{
    const struct volunteer *v = me(ctx);
    const char *why = param_line(ctx, "why", REASON_MOST);
    if (!v || !ctx_ok(ctx) ||
        volunteer_take(ctx, "leave", v, &(struct volunteer_input){.why = why}) != OK)
        return;
    answer_card(ctx, NULL);
    flash(ctx, say(ctx, "You have left. Thank you for everything you’ve done."));
    see_other(ctx, "/");
}

/* ---- a new card for oneself ---- */

static void card_mine(struct ctx *ctx)
{
    const char *code;
    const struct volunteer *v = me(ctx);
    if (!v || volunteer_card(ctx, v, &code) != OK)
        return;
    if (ctx->actor.user == NONE) /* this device stays signed in; all others need the new card */
        card_keep(ctx, v->record.id, code);
    card_send(ctx, v->record.id, code, "/my/card");
}

static void card_page(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct volunteer *v = me(ctx);
    if (!v)
        return;
    const char *code = card_shown(ctx, v->record.id);
    page_begin(ctx, say(ctx, "My card"), PAGE_RESIDENT | PAGE_PRINT);
    trail(ctx, "/my", say(ctx, "My service"));
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>",
         say(ctx, "My card"),
         code ? say(ctx, "Print it or take a photo: the code is shown for 15 minutes and never "
                         "again. Your old card no longer works.")
              : say(ctx, "Card codes are shown once only, for 15 minutes."));
    if (code)
        card_draw(ctx, v, code);
    else if (!strcmp(v->status, "active")) {
        html(out, "<p>{}</p><div class=\"acts\">",
             say(ctx, "If you get a new card, your current one stops working immediately."));
        button(ctx, "/my/card", "id-badge-2", say(ctx, "New card"));
        buf_puts(out, "</div>");
    }
    page_end(ctx);
}

static const struct route table[] = {
    ROUTE_GET("/my", ROLE_VOLUNTEER, my),
    ROUTE_GET("/my/days", ROLE_VOLUNTEER, days),
    ROUTE_GET("/my/days/{id}", ROLE_VOLUNTEER, day),
    ROUTE_POST("/my/days/{id}/dispute", ROLE_VOLUNTEER, dispute, .failed = day),
    ROUTE_POST("/my/days/missing", ROLE_VOLUNTEER, missing, .failed = days),
    ROUTE_GET("/my/export", ROLE_VOLUNTEER, export),
    ROUTE_GET("/my/change", ROLE_VOLUNTEER, change_page),
    ROUTE_POST("/my/change", ROLE_VOLUNTEER, change_mine, .failed = change_page),
    ROUTE_POST("/my/pause", ROLE_VOLUNTEER, pause),
    ROUTE_POST("/my/resume", ROLE_VOLUNTEER, resume),
    ROUTE_GET("/my/leave", ROLE_VOLUNTEER, leave_page),
    ROUTE_POST("/my/leave", ROLE_VOLUNTEER, leave, .failed = leave_page),
    ROUTE_GET("/my/card", ROLE_VOLUNTEER, card_page),
    ROUTE_POST("/my/card", ROLE_VOLUNTEER, card_mine),
};

static const struct place places[] = {
    {"/my", N_("My service"), NULL, ROLE_VOLUNTEER, false, .group = N_("Volunteering"), .rank = 20,
     .lands = ROLE_VOLUNTEER},
    {.href = NULL},
};

const struct module my_module = {.name = "my", .routes = ROUTES(table), .places = places};
