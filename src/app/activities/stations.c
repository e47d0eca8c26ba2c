/*
 * Service points: places open to residents, with what they offer and when. The
 * list and each page are public.
 */
#include "app/activities/activity_pages.h"
#include "core/module.h"
#include "app/registers/registers.h"
#include "core/qr.h"
#include "web/web.h"

#include <math.h>
#include <string.h>

#define SIGN_MOST 4 /* activities on a sign: one page of A4 in type for a wall */

static const char *shown(struct ctx *ctx, const struct organisation *s)
{
    return ctx_pick(ctx, s->name, s->name_en);
}

/* The facts that people need to go there or to call. */
static void draw_facts(struct ctx *ctx, const struct organisation *s)
{
    struct buf *out = ctx->web->out;
    buf_puts(out, "<dl class=\"facts\">");
    if (s->address)
        html(out, "<div><dt>{}</dt><dd>{}</dd></div>", say(ctx, "Address"),
             ctx_pick(ctx, s->address, s->address_en));
    if (s->opening)
        html(out, "<div><dt>{}</dt><dd>{}</dd></div>", say(ctx, "Opening hours"),
             ctx_pick(ctx, s->opening, s->opening_en));
    if (s->phone)
        html(out, "<div><dt>{}</dt><dd><a href=\"tel:{}\">{}</a></dd></div>", say(ctx, "Phone"),
             s->phone, s->phone);
    if (s->what)
        html(out, "<div><dt>{}</dt><dd>{}</dd></div>", say(ctx, "Facilities"),
             ctx_pick(ctx, s->what, s->what_en));
    buf_puts(out, "</dl>");
}

static void draw_station(struct ctx *ctx, const struct organisation *s)
{
    struct buf *out = ctx->web->out;
    const char *address = ctx_pick(ctx, s->address, s->address_en),
               *opening = ctx_pick(ctx, s->opening, s->opening_en);
    html(out, "<li><a href=\"/places/{}\">{}</a>", s->record.id, shown(ctx, s));
    if (address)
        html(out, "<p>{}</p>", address);
    if (opening)
        html(out, "<p class=\"soft\">{}</p>", opening);
    buf_puts(out, "</li>");
}

static void places(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    struct list l;
    struct organisation *s;
    int64_t community = 0;
    list_init(ctx, &l, &open_stations_kind);
    l.limit = 200;
    l.order = ORGANISATIONS_BY_COMMUNITY;
    page_begin(ctx, say(ctx, "Service points"), PAGE_RESIDENT);
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>",
         say(ctx, "Community service points near you"),
         say(ctx, "Just drop in, have a seat and ask. No appointment needed unless it says so."));
    struct rows *r = list_run(ctx, &l);
    int n = 0;
    while ((s = list_next(ctx, &open_stations_kind, r, ctx->arena))) {
        if (s->community != community)
            html(out, "{}<section><h2>{}</h2><ul class=\"teams\">",
                 (struct markup){n ? "</ul></section>" : ""},
                 s->community == NONE
                     ? say(ctx, "The whole subdistrict")
                     : field_show(ctx, kind_field(&open_stations_kind, "community"), s));
        community = s->community;
        n++;
        draw_station(ctx, s);
    }
    if (n)
        buf_puts(out, "</ul></section>");
    else
        html(out, "<div class=\"empty\">{}<p>{}</p><a class=\"button\" href=\"/ask\">{}</a></div>",
             icon(ctx, "building-community"),
             say(ctx, "No service points listed yet. Ask us and we’ll tell you where to go."),
             say(ctx, "Report or ask for help"));
    page_end(ctx);
}

static void draw_next(struct ctx *ctx, const struct organisation *s)
{
    struct buf *out = ctx->web->out;
    html(out, "<section><h2>{}</h2>", say(ctx, "What’s on here"));
    if (activities_next(ctx, "station", s->record.id, 10) == 0)
        html(out, "<p class=\"soft\">{} <a href=\"/activities\">{}</a></p>",
             say(ctx, "Nothing on here at the moment."), say(ctx, "All activities"));
    html(out,
         "<p class=\"small screen\"><a href=\"/activities.ics?station={}\">{} {}</a> · <a "
         "href=\"/places/{}/sign\">{} {}</a></p></section>",
         s->record.id, icon(ctx, "calendar-plus"),
         say(ctx, "Add this service point’s activities to your calendar "
                  "(iCalendar)"),
         s->record.id, icon(ctx, "printer"), say(ctx, "Printable poster"));
}

/* A poster of one page of A4: whose place it is, when it is open, what is on, and a QR code to its
 * page. */
static void sign(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct organisation *s = ctx->web->record;
    const struct site_words *w = ctx->site->words;
    const char *office = w ? ctx_pick(ctx, w->name, w->name_en) : NULL;
    page_begin(ctx, shown(ctx, s), PAGE_RESIDENT | PAGE_PRINT);
    html(out, "<article class=\"sheet\"><header>{}<b>{}</b></header><h1>{}</h1>",
         icon(ctx, "linli"), office, shown(ctx, s));
    draw_facts(ctx, s);
    html(out, "<section><h2>{}</h2>", say(ctx, "What’s on here"));
    if (activities_next(ctx, "station", s->record.id, SIGN_MOST) == 0)
        html(out, "<p>{}</p>", say(ctx, "Come in and ask."));
    html(out, "</section><footer>");
    qr_draw(ctx, site_url(ctx, arena_print(ctx->arena, "/places/%lld", (long long)s->record.id)),
            say(ctx, "QR code for this service point’s page"));
    html(out, "<div><p>{}</p>",
         say(ctx, "Scan with your phone for today’s activities, opening hours and how to send "
                  "us a request."));
    if (w && w->phone)
        html(out, "<p>{} <b class=\"nobr\">{}</b></p>", office, w->phone);
    html(out,
         "</div></footer></article><div class=\"acts screen\"><button type=\"button\" data-print "
         "hidden>{} {}</button><a class=\"button\" href=\"/places/{}\">{}</a></div>",
         icon(ctx, "printer"), say(ctx, "Print"), s->record.id,
         say(ctx, "Back to the service point"));
    page_end(ctx);
}

static void place(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct organisation *s = ctx->web->record;
    page_begin(ctx, shown(ctx, s), PAGE_RESIDENT | PAGE_MAP);
    trail(ctx, "/places", say(ctx, "All service points"));
    html(out, "<header class=\"head\"><h1>{}</h1></header><section class=\"card\">", shown(ctx, s));
    draw_facts(ctx, s);
    buf_puts(out, "</section>");
    draw_next(ctx, s);
    if (!isnan(s->lat) && !isnan(s->lon))
        html(out,
             "<div class=\"map screen\" data-map-show data-lat=\"{}\" data-lon=\"{}\" "
             "role=\"group\" aria-label=\"{}\" hidden></div>",
             s->lat, s->lon, say(ctx, "{} on the map", shown(ctx, s)));
    page_end(ctx);
}

/* Links on the page of the register of organisations. */
static void station_links(struct ctx *ctx, const void *record)
{
    const struct organisation *o = record;
    bool over = !valid_today(ctx, o->valid_from, o->valid_to);
    if (o->public == 1 && !over && !strcmp(o->kind, "station"))
        html(ctx->web->out, "<p><a href=\"/places/{}\">{} {}</a></p>", o->record.id,
             icon(ctx, "eye"), say(ctx, "View as resident"));
}

static const struct register_view views[] = {{&organisations_kind, .links = station_links},
                                             {.kind = NULL}};

static const struct route table[] = {
    ROUTE_GET("/places", ROLE_PUBLIC, places),
    ROUTE_GET("/places/{id}", ROLE_PUBLIC, place, .record = &open_stations_kind),
    ROUTE_GET("/places/{id}/sign", ROLE_PUBLIC, sign, .record = &open_stations_kind),
};

const struct module stations_module = {.name = "stations", .routes = ROUTES(table), .views = views};
