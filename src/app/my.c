/*
 * What a volunteer sees: shifts and visits to come, days of service with the
 * hours that count and why, and their own entry, which they change, pause and
 * leave by themselves. The gate lets in who shows a card; whose pages they are
 * is ctx->actor.volunteer, never an address.
 */
#include "app/activity_pages.h"
#include "app/card.h"
#include "app/module.h"
#include "app/qr.h"
#include "app/volunteer_parts.h"
#include "base/text.h"
#include "base/when.h"
#include "web/web.h"

#include <string.h>

#define REASON_MOST  200 /* characters */
#define MISSING_DAYS 366 /* a day may have been missed so long ago */

/* The volunteer who is here; NULL, with the way to the card, for a login that no volunteer's entry names. */
static struct volunteer *me(struct ctx *ctx)
{
    struct volunteer *v = ctx->actor.volunteer > 0 ? record_get(ctx, &volunteers_kind, ctx->actor.volunteer) : NULL;
    if (!v && ctx->web->method == GET)
        see_other(ctx, "/card");
    else if (!v)
        ctx_fail(ctx, FORBIDDEN, say(ctx, "Show your volunteer's card first."));
    return v;
}

static const char *person_name(struct ctx *ctx, const struct volunteer *v)
{
    const struct person *p = record_get(ctx, &people_kind, v->person);
    return p ? p->name : v->number;
}

/* ---- what is next ---- */

static const char *span_text(struct ctx *ctx, int64_t starts, int64_t ends)
{
    struct civil e = civil_from_when(ends == NONE ? starts : ends);
    const char *from = when_show(ctx->arena, ctx->lang, starts);
    return ends == NONE ? from : arena_print(ctx->arena, "%s–%02d:%02d", from, e.hour, e.minute);
}

static int64_t draw_shifts(struct ctx *ctx, const struct volunteer *v)
{
    struct buf *out = ctx->web->out;
    int64_t n = 0;
    struct rows *r = query(
        ctx->db,
        "SELECT s.status, a.id, a.title, a.title_en, a.place, a.place_en, a.status AS held, h.name,"
        " coalesce(h.starts, a.starts) AS starts, coalesce(h.ends, a.ends) AS ends FROM sign_ups s"
        " JOIN activities a ON a.id = s.activity LEFT JOIN shifts h ON h.id = s.shift"
        " WHERE s.volunteer = {} AND s.status <> 'cancelled' AND coalesce(h.ends, a.ends) >= {} ORDER BY starts LIMIT 20",
        v->record.id, ctx->now);
    for (; rows_next(r); n++) {
        bool off = !strcmp(row_text(r, "held"), "cancelled"), waits = !strcmp(row_text(r, "status"), "waiting");
        html(
            out,
            "<li class=\"{}\">{}<div><p class=\"what\"><a href=\"/activities/{}\"><b>{}</b></a> {}</p><p class=\"by\"><time>{}</time> {}</p>",
            off     ? "late"
            : waits ? "warn"
                    : "",
            icon(ctx, off     ? "circle-x"
                      : waits ? "hourglass"
                              : "calendar-event"),
            row_int(r, "id"), ctx_pick(ctx, row_text(r, "title"), row_text(r, "title_en")), row_text(r, "name"),
            span_text(ctx, row_int(r, "starts"), row_int(r, "ends")), ctx_pick(ctx, row_text(r, "place"), row_text(r, "place_en")));
        if (off || waits)
            html(out, "<p>{}</p>",
                 off ? say(ctx, "This was cancelled.") : say(ctx, "You are on the waiting list; you are told when a place is free."));
        buf_puts(out, "</div></li>");
    }
    return n;
}

static int64_t draw_visits(struct ctx *ctx, const struct volunteer *v)
{
    struct buf *out = ctx->web->out;
    int64_t n = 0;
    struct rows *r = query(
        ctx->db,
        "SELECT o.starts, o.ends, o.note, s.name, s.name_en, s.icon FROM offer_asks k JOIN offers o ON o.id = k.offer"
        " LEFT JOIN skills s ON s.code = o.skill WHERE k.volunteer = {} AND k.answer = 'yes' AND o.status IN ('open', 'agreed', 'led')"
        " ORDER BY o.starts, o.id LIMIT 20",
        v->record.id);
    for (; rows_next(r); n++)
        html(out, "<li>{}<div><p class=\"what\"><b>{}</b></p><p class=\"by\">{} {}</p></div></li>",
             icon(ctx, row_text(r, "icon") ? row_text(r, "icon") : "home-check"),
             say(ctx, "Visit: {}", row_text(r, "name") ? ctx_pick(ctx, row_text(r, "name"), row_text(r, "name_en")) : ""),
             row_int(r, "starts") == NONE ? say(ctx, "Time to be agreed") : span_text(ctx, row_int(r, "starts"), row_int(r, "ends")),
             row_text(r, "note"));
    return n;
}

static void draw_next(struct ctx *ctx, const struct volunteer *v)
{
    struct buf *out = ctx->web->out;
    html(out, "<section><h2>{}</h2><ol class=\"timeline plain\">", say(ctx, "What is next"));
    int64_t n = draw_visits(ctx, v) + draw_shifts(ctx, v);
    buf_puts(out, "</ol>");
    if (n == 0)
        html(out, "<p class=\"soft\">{}</p>", say(ctx, "Nothing is arranged. Your team's next activities stand on its page."));
    html(out, "<div class=\"acts\"><a class=\"button\" href=\"/my/asks\">{} {}</a>", icon(ctx, "heart-handshake"),
         say(ctx, "Visits I am asked for"));
    if (v->team != NONE)
        html(out, "<a class=\"button\" href=\"/teams/{}\">{} {}</a>", v->team, icon(ctx, "users-group"),
             say(ctx, "My team and its activities"));
    buf_puts(out, "</div></section>");
}

/* Requests that ask for these hands now. */
static void draw_asked(struct ctx *ctx, const struct volunteer *v)
{
    int64_t n = query_int(
        ctx->db,
        "SELECT count(*) AS n FROM offer_asks k JOIN offers o ON o.id = k.offer WHERE k.volunteer = {} AND k.answer = 'asked'"
        " AND o.status IN ('open', 'led')",
        v->record.id);
    if (n > 0)
        html(ctx->web->out, "<a class=\"notice warn\" href=\"/my/asks\">{}<div><p><b>{}</b></p></div></a>", icon(ctx, "heart-handshake"),
             say_n(ctx, n, "1 neighbour asks for your help: please answer", "{} neighbours ask for your help: please answer", n));
}

/* ---- days of service ---- */

static void draw_day(struct ctx *ctx, const struct hours *h)
{
    int64_t day;
    html(ctx->web->out, "<tr><th scope=\"row\"><a href=\"/my/days/{}\">{}</a></th><td class=\"num\">{}</td><td>", h->record.id,
         day_parse(h->day, &day) ? day_show(ctx->arena, ctx->lang, day) : h->day, hours_text(ctx, h->counted));
    hours_state(ctx, h);
    buf_puts(ctx->web->out, "</td></tr>");
}

static int64_t draw_days(struct ctx *ctx, const struct volunteer *v, int64_t from, int64_t to, int most)
{
    struct buf *out = ctx->web->out;
    struct list l = {.kind = &hours_kind, .limit = most};
    int64_t n = 0;
    sql_init(&l.where, ctx->arena);
    sql_add(&l.where, " AND volunteer = {} AND month >= {} AND month <= {}", v->record.id, from, to);
    struct rows *r = list_run(ctx, &l);
    for (struct hours *h; (h = list_next(ctx, &hours_kind, r, ctx->arena)) != NULL; n++) {
        if (n == 0)
            html(
                out,
                "<table class=\"plain\"><thead><tr><th>{}</th><th class=\"num\">{}</th><th><span class=\"sr\">{}</span></th></tr></thead><tbody>",
                say(ctx, "Day"), say(ctx, "Counted"), say(ctx, "Note"));
        draw_day(ctx, h);
    }
    if (n)
        buf_puts(out, "</tbody></table>");
    else
        html(out, "<p class=\"soft\">{}</p>", say(ctx, "No day of service yet. It appears here once you have checked in and out."));
    return n;
}

static void draw_missing(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const char *problem = ctx_problem_of(ctx, "day");
    html(out, "<section><details class=\"card screen\"{}><summary>{}</summary>", (struct markup){ctx->problems ? " open" : ""},
         say(ctx, "A day is missing here"));
    form_begin(ctx, "/my/days/missing", "missing", false);
    form_problems(ctx);
    html(out,
         "<div class=\"field\"><label for=\"f-day\">{}</label><input id=\"f-day\" class=\"short\" type=\"date\" name=\"day\" value=\"{}\">",
         say(ctx, "Day"), param(ctx, "day"));
    if (problem)
        html(out, "<p class=\"problem\">{} {}</p>", icon(ctx, "alert-circle"), problem);
    html(
        out,
        "</div><div class=\"field\"><label for=\"f-dispute\">{}</label><p class=\"hint\" id=\"f-dispute-h\">{}</p><textarea id=\"f-dispute\" name=\"dispute\" rows=\"3\" aria-describedby=\"f-dispute-h\">{}</textarea></div>"
        "<div class=\"acts\"><button class=\"primary\">{} {}</button></div>",
        say(ctx, "Where, and from when to when"), say(ctx, "For example: cleaned the lake shore from nine to eleven, nobody noted it."),
        param(ctx, "dispute"), icon(ctx, "send"), say(ctx, "Tell the team's leader"));
    form_end(ctx);
    buf_puts(out, "</details></section>");
}

static void missing(struct ctx *ctx)
{
    const struct volunteer *v = me(ctx);
    const char *text = text_tidy_lines(ctx->arena, param(ctx, "dispute"));
    int64_t day, today = when_day(ctx->now);
    if (!v)
        return;
    if (!param(ctx, "day") || !day_parse(param(ctx, "day"), &day) || day > today || day < today - MISSING_DAYS)
        ctx_problem(ctx, "day", say(ctx, "A day of the last year, please."));
    else if (text && text_length(text) > 300)
        ctx_problem(ctx, "dispute", say(ctx, "At most {} characters, please; it has {}.", 300, (int64_t)text_length(text)));
    else if (hours_missing(ctx, v->record.id, day, text) == OK) {
        ctx->web->sent = "missing";
        flash(ctx, say(ctx, "Your team's leader looks at this day."));
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
    year = year >= 2000 && year <= now ? year : now;
    page_begin(ctx, say(ctx, "My days of service"), PAGE_RESIDENT | PAGE_PRINT);
    trail(ctx, "/my", say(ctx, "My service"));
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header><nav class=\"filters\" aria-label=\"{}\">",
         say(ctx, "My days of service"), say(ctx, "{} in all", hours_text(ctx, v->seconds)), say(ctx, "Year"));
    int64_t first = query_int(ctx->db, "SELECT min(month) AS m FROM hours WHERE volunteer = {}", v->record.id);
    for (int64_t y = now; y >= (first == NONE ? now : first / 100); y--)
        html(out, "<a href=\"/my/days?year={}\"{}>{}</a>", y, (struct markup){y == year ? " aria-current=\"true\"" : ""}, y);
    buf_puts(out, "</nav>");
    draw_days(ctx, v, year * 100, year * 100 + 12, 366);
    html(
        out,
        "<div class=\"acts screen\"><a class=\"button\" href=\"/my/export?format=xlsx\">{} {}</a><a class=\"button\" href=\"/my/export?format=csv\">{} {}</a></div>",
        icon(ctx, "file-spreadsheet"), say(ctx, "All days for Excel"), icon(ctx, "download"), say(ctx, "All days as CSV"));
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

/* The day of the address, when it is one of mine. */
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
        html(out, "<div class=\"notice warn\">{}<div><p><b>{}</b></p><p>{}</p></div></div>", icon(ctx, "message"),
             say(ctx, "You said, and it is being looked at:"), h->dispute);
        return;
    }
    html(out, "<details class=\"card\"{}><summary>{}</summary>", (struct markup){ctx->problems ? " open" : ""},
         say(ctx, "Something is wrong with this day"));
    form_begin(ctx, arena_print(ctx->arena, "/my/days/%lld/dispute", (long long)h->record.id), "dispute", false);
    form_problems(ctx);
    html(
        out,
        "<div class=\"field\"><label for=\"f-dispute\">{}</label><p class=\"hint\" id=\"f-dispute-h\">{}</p><textarea id=\"f-dispute\" name=\"dispute\" rows=\"3\" aria-describedby=\"f-dispute-h\">{}</textarea></div>"
        "<div class=\"acts\"><button class=\"primary\">{} {}</button></div>",
        say(ctx, "What is wrong"), say(ctx, "For example: I stayed until noon, nobody noted it."), param(ctx, "dispute"), icon(ctx, "send"),
        say(ctx, "Tell the team's leader"));
    form_end(ctx);
    buf_puts(out, "</details>");
}

static void day(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct hours *h = my_day(ctx);
    int64_t d;
    if (!h)
        return;
    const char *title = day_parse(h->day, &d) ? day_show(ctx->arena, ctx->lang, d) : h->day;
    page_begin(ctx, title, PAGE_RESIDENT);
    trail(ctx, "/my/days", say(ctx, "My days of service"));
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{} ", title, say(ctx, "{} count", hours_text(ctx, h->counted)));
    hours_state(ctx, h);
    buf_puts(out, "</p></header>");
    if (h->held > 0)
        html(out, "<div class=\"notice\">{}<div><p>{}</p></div></div>", icon(ctx, "hourglass"),
             say(ctx, "Up to 8 hours a day count at once. {} more wait until they are approved.", hours_text(ctx, h->held)));
    if (h->corrected != NONE)
        html(out, "<div class=\"notice\">{}<div><p>{}</p><p>{}</p></div></div>", icon(ctx, "pencil"),
             say(ctx, "{} decided that {} count, of {} attended.", h->decided_name, hours_text(ctx, h->corrected),
                 hours_text(ctx, h->attended)),
             h->why);
    hours_attended(ctx, h);
    draw_dispute(ctx, h);
    page_end(ctx);
}

static void dispute(struct ctx *ctx)
{
    const struct hours *h = my_day(ctx);
    const char *text = text_tidy_lines(ctx->arena, param(ctx, "dispute"));
    if (!h)
        return;
    if (text && text_length(text) > 300)
        ctx_problem(ctx, "dispute", say(ctx, "At most {} characters, please; it has {}.", 300, (int64_t)text_length(text)));
    else if (hours_dispute(ctx, h, text) == OK) {
        flash(ctx, say(ctx, "Your team's leader looks at this day again."));
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
    html(out, "<section><h2>{}</h2><dl class=\"facts card\">", say(ctx, "What I offer"));
    volunteer_facts(ctx, v);
    html(out, "</dl><div class=\"acts\"><a class=\"button\" href=\"/my/change\">{} {}</a>", icon(ctx, "pencil"),
         say(ctx, "Change what I offer"));
    if (!strcmp(v->status, "active"))
        button(ctx, "/my/pause", "player-pause", say(ctx, "Pause for a while"));
    if (!strcmp(v->status, "paused"))
        button(ctx, "/my/resume", "player-play", say(ctx, "I am back"));
    if (v->code_hash)
        button(ctx, "/my/card", "id-badge-2", say(ctx, "New card"));
    if (v->code_hash)
        button(ctx, "/card/away", "logout", say(ctx, "Put the card away"));
    html(out, "<a class=\"button quiet\" href=\"/my/leave\">{}</a></div></section>", say(ctx, "Stop volunteering"));
}

static void draw_calendar(struct ctx *ctx, const struct volunteer *v)
{
    struct buf *out = ctx->web->out;
    const char *path = volunteer_feed_path(ctx, v), *address = path ? site_url(ctx, path) : NULL;
    html(
        out, "<section id=\"calendar\"><h2>{}</h2><p>{}</p>", say(ctx, "In my calendar"),
        say(ctx,
            "The calendar of your telephone can show your shifts and visits and follow every change. Add this address there as a subscribed calendar."));
    if (address)
        html(
            out, "<p class=\"address\"><code>{}</code></p><p class=\"small\">{}</p>", address,
            say(ctx,
                "Whoever has the address sees when you serve, but not whom you visit. Keep it to yourself; renew it if somebody else knows it."));
    form_begin(ctx, "/my/calendar", NULL, false);
    buf_puts(out, "<div class=\"acts\">");
    if (address)
        html(out, "<button type=\"button\" data-copy=\"{}\" hidden>{} {}</button>", address, icon(ctx, "copy"),
             say(ctx, "Copy the address"));
    html(out, "<button>{} {}</button>", icon(ctx, "calendar-plus"), address ? say(ctx, "Renew the address") : say(ctx, "Make the address"));
    if (address)
        html(out, "<button class=\"quiet\" name=\"off\" value=\"1\">{}</button>", say(ctx, "Do without it"));
    buf_puts(out, "</div>");
    form_end(ctx);
    buf_puts(out, "</section>");
}

static void my(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct volunteer *v = me(ctx);
    if (!v)
        return;
    int64_t year = civil_from_when(ctx->now).year;
    page_begin(ctx, say(ctx, "My service"), PAGE_RESIDENT);
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\"><span class=\"state {}\">{}</span> · {}</p></header>",
         person_name(ctx, v), volunteer_tone(v->status), volunteer_state(ctx, v), v->number);
    if (!strcmp(v->status, "applied"))
        html(out, "<div class=\"notice\">{}<div><p>{}</p></div></div>", icon(ctx, "inbox"),
             say(ctx, "You have applied. The team's leader rings you soon."));
    if (!strcmp(v->status, "paused"))
        html(out, "<div class=\"notice\">{}<div><p>{}</p></div></div>", icon(ctx, "player-pause"),
             say(ctx, "You are pausing: nobody asks you for visits until you are back."));
    draw_asked(ctx, v);
    draw_next(ctx, v);
    html(out, "<section><h2>{}</h2><p class=\"lead\">{}</p>", say(ctx, "My hours"), say(ctx, "{} in all", hours_text(ctx, v->seconds)));
    stars_draw(ctx, v->seconds);
    draw_days(ctx, v, (year - 1) * 100, year * 100 + 12, 5);
    html(
        out,
        "<div class=\"acts\"><a class=\"button\" href=\"/my/days\">{} {}</a><a class=\"button\" href=\"/my/certificates\">{} {}</a></div></section>",
        icon(ctx, "list"), say(ctx, "All my days"), icon(ctx, "file-certificate"), say(ctx, "My certificates"));
    draw_acts(ctx, v);
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
    page_begin(ctx, say(ctx, "What I offer"), PAGE_RESIDENT);
    trail(ctx, "/my", say(ctx, "My service"));
    html(out, "<header class=\"head\"><h1>{}</h1></header>", say(ctx, "What I offer"));
    form_begin(ctx, "/my/change", NULL, false);
    form_problems(ctx);
    volunteer_offers(ctx, v);
    html(
        out,
        "<input type=\"hidden\" name=\"sent\" value=\"1\"><div class=\"acts\"><button class=\"primary\">{}</button><a class=\"button quiet\" href=\"/my\">{}</a></div>",
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
    flash(ctx, say(ctx, "Kept."));
    see_other(ctx, "/my");
}

static void turn(struct ctx *ctx, const char *from, const char *to, const char *action, const char *said)
{
    const struct volunteer *before = me(ctx);
    if (!before)
        return;
    if (!strcmp(before->status, from)) {
        struct volunteer *after = record_copy(ctx, &volunteers_kind, before);
        after->status = to;
        if (record_update(ctx, &volunteers_kind, before, after, action) != OK)
            return;
        flash(ctx, said);
    }
    see_other(ctx, "/my");
}

static void pause(struct ctx *ctx)
{
    turn(ctx, "active", "paused", "pause", say(ctx, "You are pausing. Come back whenever you like."));
}

static void resume(struct ctx *ctx)
{
    turn(ctx, "paused", "active", "resume", say(ctx, "Good to have you back."));
}

static void leave_page(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    if (!me(ctx))
        return;
    page_begin(ctx, say(ctx, "Stop volunteering"), PAGE_RESIDENT);
    trail(ctx, "/my", say(ctx, "My service"));
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>", say(ctx, "Stop volunteering"),
         say(ctx, "Your card stops at once and nobody asks you any more. Your hours stay, for certificates. You can come back later."));
    form_begin(ctx, "/my/leave", NULL, false);
    form_problems(ctx);
    html(out,
         "<div class=\"field\"><label for=\"f-why\">{} <i>{}</i></label><textarea id=\"f-why\" name=\"why\" rows=\"3\">{}</textarea></div>"
         "<div class=\"acts\"><button class=\"danger\">{}</button><a class=\"button quiet\" href=\"/my\">{}</a></div>",
         say(ctx, "Why"), say(ctx, "optional"), param(ctx, "why"), say(ctx, "Stop volunteering"), say(ctx, "Not now"));
    form_end(ctx);
    page_end(ctx);
}

static void leave(struct ctx *ctx)
{
    const struct volunteer *v = me(ctx);
    const char *why = text_tidy(ctx->arena, param(ctx, "why"));
    if (!v)
        return;
    if (why && text_length(why) > REASON_MOST) {
        ctx_problem(ctx, "why", say(ctx, "At most {} characters, please; it has {}.", REASON_MOST, (int64_t)text_length(why)));
        return;
    }
    if (volunteer_leave(ctx, v, why) != OK)
        return;
    answer_card(ctx, NULL);
    flash(ctx, say(ctx, "You have left. Thank you for everything you did."));
    see_other(ctx, "/");
}

/* ---- a new card for oneself ---- */

static void card_mine(struct ctx *ctx)
{
    const char *code;
    const struct volunteer *v = me(ctx);
    if (!v || volunteer_card(ctx, v, &code) != OK)
        return;
    if (ctx->actor.user == NONE) /* this device goes on; every other needs the new card */
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
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>", say(ctx, "My card"),
         code
             ? say(ctx,
                   "Print it or take a photograph: the code is shown for a quarter of an hour, and never again. Your old card has stopped.")
             : say(ctx, "A card's code is shown once, for a quarter of an hour."));
    if (code)
        card_draw(ctx, v, code);
    else if (!strcmp(v->status, "active")) {
        html(out, "<p>{}</p><div class=\"acts\">", say(ctx, "With a new card the one you have stops at once."));
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
    {"/my", N_("My service"), NULL, ROLE_VOLUNTEER, false, .group = N_("Volunteering")},
    {.href = NULL},
};

const struct module my_module = {.name = "my", .routes = ROUTES(table), .places = places};
