/*
 * What is due for whoever asks, across all capabilities, on a page, in the API
 * and as a calendar feed. core/due.h says what that is; nothing here knows a
 * kind by name.
 *
 * A calendar program sends no cookie, so the address of the feed is the secret
 * (core/feed.h). What leaves by it are words, numbers and dates, no names and
 * no texts: a calendar lies with others.
 */
#include "base/code.h"
#include "base/when.h"
#include "core/due.h"
#include "core/feed.h"
#include "core/module.h"
#include "core/qr.h"
#include "core/working_days.h"
#include "db/journal.h"
#include "pages/feed_panel.h"
#include "web/session.h"
#include "web/web.h"

#include <math.h>

#define READERS (ROLES_READERS | ROLE_TEAM_LEADER)
#define PAGE    50
#define BEFORE  "/due/calendar/"

/* ---- the page ---- */

static void draw_item(struct ctx *ctx, const struct due_item *item)
{
    struct buf *out = ctx->web->out;
    struct countdown left = countdown_of(ctx, ctx_calendar(ctx), item->due);
    const char *title = due_title(ctx, item);
    if (!title)
        return;
    html(out,
         "<tr class=\"{}\"><td class=\"who\">{}</td><td class=\"main\"><a href=\"{}\">{}</a></td>"
         "<td class=\"when less\">{}</td><td class=\"due\">",
         left.late ? "late" : "", tr(ctx, item->source->words), due_href(ctx, item), title,
         when_short(ctx->arena, ctx->lang, item->due, ctx->now));
    if (left.late)
        html(out, "{} {}", icon(ctx, "alert-triangle"), left.text);
    else if (left.soon)
        html(out, "<b>{}</b>", left.text);
    else
        html(out, "{}", left.text);
    buf_puts(out, "</td></tr>");
}

static const char *token_of(struct ctx *ctx, int64_t user)
{
    struct rows *r = query(ctx->db, "SELECT feed FROM users WHERE id = {} AND active = 1", user);
    const char *token = rows_next(r) ? row_copy(r, ctx->arena, "feed") : NULL;
    rows_end(r);
    return token;
}

static const char *path_of(struct ctx *ctx, int64_t user)
{
    return feed_path(ctx, BEFORE, "due_feed", user, token_of(ctx, user));
}

static void draw_calendar(struct ctx *ctx)
{
    feed_panel_draw(
        ctx, &(struct feed_panel){
                 "/due/calendar", path_of(ctx, ctx->actor.user),
                 say(ctx, "Your calendar can show what is due for you and keep it up to date. Add "
                          "this address there as a subscribed calendar."),
                 say(ctx, "Anyone with this address can see what is due for you and when, but no "
                          "names and no texts. Keep it private; change it if someone else finds "
                          "out.")});
}

static void due_draw(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    struct due_item items[PAGE];
    int64_t page = pager_page(ctx), total = due_count(ctx, false);
    int n = due_items(ctx, (page - 1) * PAGE, items, PAGE);
    page_begin(ctx, say(ctx, "Due for me"), PAGE_STAFF | PAGE_WIDE);
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>",
         say(ctx, "Due for me"),
         say(ctx, "Everything that is yours to do, the most urgent first."));
    if (n == 0)
        html(out, "<div class=\"empty\">{}<p>{}</p></div>", icon(ctx, "circle-check"),
             say(ctx, "Nothing is due for you."));
    else
        html(out,
             "<table class=\"list\"><caption class=\"sr\">{}</caption><thead><tr><th class=\"who\" "
             "scope=\"col\">{}</th><th class=\"main\" scope=\"col\">{}</th><th class=\"when less\" "
             "scope=\"col\">{}</th><th class=\"due\" scope=\"col\">{}</th></tr></thead><tbody>",
             say(ctx, "Due for me"), say(ctx, "To do"), say(ctx, "Subject"), say(ctx, "Date"),
             say(ctx, "Due"));
    for (int i = 0; i < n; i++)
        draw_item(ctx, &items[i]);
    if (n)
        buf_puts(out, "</tbody></table>");
    if (total > 0)
        pager(ctx, page, PAGE, total,
              total >= DUE_COUNT_MOST
                  ? say(ctx, "at least {} things to do", total)
                  : say_n(ctx, total, "1 thing to do", "{} things to do", total));
    if (ctx->actor.user != NONE)
        draw_calendar(ctx);
    page_end(ctx);
}

/* ---- the API ---- */

static void due_json(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    struct due_item items[PAGE];
    int64_t page = pager_page(ctx), total = due_count(ctx, false);
    int n = due_items(ctx, (page - 1) * PAGE, items, PAGE);
    buf_puts(out, "{\"items\":[");
    for (int i = 0; i < n; i++) {
        struct countdown left = countdown_of(ctx, ctx_calendar(ctx), items[i].due);
        json(out,
             "{}{\"source\":{},\"kind\":{},\"id\":{},\"code\":{},\"words\":{},\"href\":{},"
             "\"due\":{},\"left\":{},\"overdue\":{},\"due_soon\":{}}",
             (struct raw_json){i ? "," : ""}, items[i].source->id, items[i].source->kind->name,
             items[i].id, due_code(ctx, &items[i]), tr(ctx, items[i].source->words),
             due_href(ctx, &items[i]), when_iso(ctx->arena, items[i].due), left.text, left.late,
             left.soon);
    }
    json(out, "],\"page\":{},\"more\":{},\"total\":{},\"total_is_least\":{}}", page,
         page * PAGE < total || n == PAGE, total, total >= DUE_COUNT_MOST);
}

/* ---- the calendar ---- */

static void event_add(struct ctx *ctx, struct feed *f, const struct due_item *item)
{
    const char *what = tr(ctx, item->source->words);
    feed_add(f, &(struct feed_event){
                    .uid = arena_print(ctx->arena, "%s-%lld@linli", item->source->id,
                                       (long long)item->id),
                    .title = arena_print(ctx->arena, "%s · %s", what, due_code(ctx, item)),
                    .url = site_url(ctx, due_href(ctx, item)),
                    .version = item->due, /* another date replaces what the program has */
                    .stamp = ctx->now,
                    .starts = item->due - WHEN_HOUR / 2,
                    .ends = item->due,
                    .lat = NAN,
                    .lon = NAN,
                });
}

static void calendar_send(struct ctx *ctx)
{
    int64_t user = feed_id(ctx->web->name);
    const char *lang = NULL;
    if (user == NONE || !feed_fits(ctx, path_of(ctx, user), BEFORE, ctx->web->name) ||
        actor_load(ctx, ctx->db, user, "web") != OK) {
        ctx_fail(ctx, NOT_FOUND, say(ctx, "Calendar not found, or its address has changed."));
        return;
    }
    struct rows *r = query(ctx->db, "SELECT language FROM users WHERE id = {}", user);
    lang = rows_next(r) ? row_copy(r, ctx->arena, "language") : NULL;
    rows_end(r);
    ctx->lang = lang && *lang ? lang : ctx->lang;
    struct due_item *items = ARENA_ARRAY(ctx->arena, struct due_item, FEED_MOST + 1);
    int n = due_items(ctx, 0, items, FEED_MOST + 1);
    struct feed *f = feed_new(say(ctx, "Due for me"));
    for (int i = 0; i < n && i < FEED_MOST; i++)
        event_add(ctx, f, &items[i]);
    if (n > FEED_MOST)
        feed_add(f, &(struct feed_event){
                        .uid = "more@linli",
                        .title = say(ctx, "Some tasks are not shown in this calendar"),
                        .url = site_url(ctx, "/due"),
                        .version = 1,
                        .stamp = ctx->now,
                        .starts = items[FEED_MOST].due - WHEN_HOUR / 2,
                        .ends = items[FEED_MOST].due,
                        .lat = NAN,
                        .lon = NAN,
                    });
    feed_answer(ctx, f, "due.ics", "private, max-age=900");
}

/* A new address, the first or another one; or none any more. */
static void calendar_renew(struct ctx *ctx)
{
    const char *token = param(ctx, "off") ? NULL : code_token(ctx->arena, 16);
    if (ctx->actor.user == NONE) {
        ctx_fail(ctx, FORBIDDEN, NULL);
        return;
    }
    change(ctx->db, "UPDATE users SET feed = {} WHERE id = {}", token,
           (struct maybe){ctx->actor.user});
    journal_add(ctx, "users", ctx->actor.user, "calendar", NULL, NULL);
    flash(ctx, token ? say(ctx, "This is your calendar address. Earlier addresses no longer work.")
                     : say(ctx, "Your calendar address has been turned off."));
    see_other(ctx, "/due#calendar");
}

static int64_t due_waiting(struct ctx *ctx)
{
    return due_count(ctx, true);
}

static const struct route table[] = {
    ROUTE_GET("/due", READERS, due_draw),
    ROUTE_GET("/api/v1/due", READERS, due_json, .flags = API),
    ROUTE_GET("/due/calendar/{name}", ROLE_PUBLIC, calendar_send),
    ROUTE_POST("/due/calendar", READERS, calendar_renew),
};

/* Behind the list of requests, where who works on them lands; who has no such list has it alone. */
static const struct place places[] = {
    {"/due", N_("Due for me"), "g u", READERS, true, .group = N_("To do"), .waiting = due_waiting,
     .rank = 145},
    {.href = NULL},
};

const struct module due_list_module = {
    .name = "due list", .routes = ROUTES(table), .places = places};
