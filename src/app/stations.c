/*
 * Stations: places that are open to residents, with what they offer and when.
 * Anybody may read the list and each station's page.
 */
#include "app/activity_pages.h"
#include "app/module.h"
#include "app/people.h"
#include "app/qr.h"
#include "web/web.h"

#include <math.h>

static const char *shown(struct ctx *ctx, const struct organisation *s)
{
    return ctx_pick(ctx, s->name, s->name_en);
}

/* The facts that make somebody go there, or ring. */
static void draw_facts(struct ctx *ctx, const struct organisation *s)
{
    struct buf *out = ctx->web->out;
    buf_puts(out, "<dl class=\"facts\">");
    if (s->address)
        html(out, "<div><dt>{}</dt><dd>{}</dd></div>", say(ctx, "Address"), ctx_pick(ctx, s->address, s->address_en));
    if (s->opening)
        html(out, "<div><dt>{}</dt><dd>{}</dd></div>", say(ctx, "Opening hours"), ctx_pick(ctx, s->opening, s->opening_en));
    if (s->phone)
        html(out, "<div><dt>{}</dt><dd><a href=\"tel:{}\">{}</a></dd></div>", say(ctx, "Telephone"), s->phone, s->phone);
    if (s->what)
        html(out, "<div><dt>{}</dt><dd>{}</dd></div>", say(ctx, "What there is"), ctx_pick(ctx, s->what, s->what_en));
    buf_puts(out, "</dl>");
}

static void draw_station(struct ctx *ctx, const struct organisation *s)
{
    struct buf *out = ctx->web->out;
    const char *address = ctx_pick(ctx, s->address, s->address_en), *opening = ctx_pick(ctx, s->opening, s->opening_en);
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
    l.order = "community, name, id";
    page_begin(ctx, say(ctx, "Stations"), PAGE_RESIDENT);
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>", say(ctx, "Stations near you"),
         say(ctx, "Come in, sit down, ask. Nothing needs to be booked unless it says so."));
    struct rows *r = list_run(ctx, &l);
    int n = 0;
    while ((s = list_next(ctx, &open_stations_kind, r, ctx->arena))) {
        if (s->community != community)
            html(out, "{}<section><h2>{}</h2><ul class=\"teams\">", (struct markup){n ? "</ul></section>" : ""},
                 s->community == NONE ? say(ctx, "The whole subdistrict")
                                      : field_show(ctx, kind_field(&open_stations_kind, "community"), s));
        community = s->community;
        n++;
        draw_station(ctx, s);
    }
    if (n)
        buf_puts(out, "</ul></section>");
    else
        html(out, "<div class=\"empty\">{}<p>{}</p><a class=\"button\" href=\"/ask\">{}</a></div>", icon(ctx, "building-community"),
             say(ctx, "No station is entered yet. Ask us, and we tell you where to go."), say(ctx, "Ask or report"));
    page_end(ctx);
}

static void draw_next(struct ctx *ctx, const struct organisation *s)
{
    struct buf *out = ctx->web->out;
    html(out, "<section><h2>{}</h2>", say(ctx, "What is on here"));
    if (activities_next(ctx, "station", s->record.id, 10) == 0)
        html(out, "<p class=\"soft\">{} <a href=\"/activities\">{}</a></p>", say(ctx, "Nothing is announced here just now."),
             say(ctx, "All activities"));
    html(out,
         "<p class=\"small screen\"><a href=\"/activities.ics?station={}\">{} {}</a> · <a href=\"/places/{}/sign\">{} {}</a></p></section>",
         s->record.id, icon(ctx, "calendar-plus"), say(ctx, "This station’s activities in your own calendar (iCalendar)"), s->record.id,
         icon(ctx, "printer"), say(ctx, "A page to print and hang up"));
}

/* One sheet for the wall: what this place is, when it is open, what is on, and a QR that leads here. */
static void sign(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct organisation *s = ctx->web->record;
    page_begin(ctx, shown(ctx, s), PAGE_RESIDENT | PAGE_PRINT);
    html(out, "<article class=\"sheet\"><h1>{}</h1>", shown(ctx, s));
    draw_facts(ctx, s);
    html(out, "<section><h2>{}</h2>", say(ctx, "What is on here"));
    if (activities_next(ctx, "station", s->record.id, 8) == 0)
        html(out, "<p>{}</p>", say(ctx, "Come in and ask."));
    html(out, "</section><footer>");
    qr_draw(ctx, site_url(ctx, arena_print(ctx->arena, "/places/%lld", (long long)s->record.id)),
            say(ctx, "QR code of this station’s page"));
    html(
        out,
        "<p>{}</p></footer></article><div class=\"acts screen\"><button type=\"button\" data-print hidden>{} {}</button><a class=\"button\" href=\"/places/{}\">{}</a></div>",
        say(ctx, "Scan this with your phone: today’s activities, opening hours, and the way to ask us for something."),
        icon(ctx, "printer"), say(ctx, "Print"), s->record.id, say(ctx, "Back to the station"));
    page_end(ctx);
}

static void place(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct organisation *s = ctx->web->record;
    page_begin(ctx, shown(ctx, s), PAGE_RESIDENT | PAGE_MAP);
    trail(ctx, "/places", say(ctx, "All stations"));
    html(out, "<header class=\"head\"><h1>{}</h1></header><section class=\"card\">", shown(ctx, s));
    draw_facts(ctx, s);
    buf_puts(out, "</section>");
    draw_next(ctx, s);
    if (!isnan(s->lat) && !isnan(s->lon))
        html(out, "<div class=\"map screen\" data-map-show data-lat=\"{}\" data-lon=\"{}\" role=\"group\" aria-label=\"{}\" hidden></div>",
             s->lat, s->lon, say(ctx, "{} on the map", shown(ctx, s)));
    page_end(ctx);
}

static const struct route table[] = {
    ROUTE_GET("/places", ROLE_PUBLIC, places),
    ROUTE_GET("/places/{id}", ROLE_PUBLIC, place, .record = &open_stations_kind),
    ROUTE_GET("/places/{id}/sign", ROLE_PUBLIC, sign, .record = &open_stations_kind),
};

const struct module stations_module = {.name = "stations", .routes = ROUTES(table)};
