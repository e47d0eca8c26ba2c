/*
 * Stations: places that are open to residents, with what they offer and when.
 * Anybody may read the list and each station's page.
 */
#include "app/module.h"
#include "app/people.h"
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

static void places(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    struct list l;
    struct organisation *s;
    list_init(ctx, &l, &open_stations_kind);
    l.limit = 200;
    page_begin(ctx, say(ctx, "Stations"), PAGE_RESIDENT);
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>", say(ctx, "Stations near you"),
         say(ctx, "Come in, sit down, ask. Nothing needs to be booked unless it says so."));
    struct rows *r = list_run(ctx, &l);
    int n = 0;
    while ((s = list_next(ctx, &open_stations_kind, r, ctx->arena))) {
        n++;
        html(out, "<section class=\"card\"><h2><a href=\"/places/{}\">{}</a></h2>", s->record.id, shown(ctx, s));
        draw_facts(ctx, s);
        buf_puts(out, "</section>");
    }
    if (n == 0)
        html(out, "<div class=\"empty\">{}<p>{}</p><a class=\"button\" href=\"/ask\">{}</a></div>", icon(ctx, "building-community"),
             say(ctx, "No station is entered yet. Ask us, and we tell you where to go."), say(ctx, "Ask or report"));
    page_end(ctx);
}

static void place(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct organisation *s = ctx->web->record;
    page_begin(ctx, shown(ctx, s), PAGE_RESIDENT | PAGE_MAP);
    html(out, "<nav class=\"trail\" aria-label=\"{}\"><a href=\"/places\">{} {}</a></nav><header class=\"head\"><h1>{}</h1></header><section class=\"card\">",
         say(ctx, "Where you are"), icon(ctx, "arrow-left"), say(ctx, "All stations"), shown(ctx, s));
    draw_facts(ctx, s);
    buf_puts(out, "</section>");
    if (!isnan(s->lat) && !isnan(s->lon))
        html(out, "<div class=\"map screen\" data-map-show data-lat=\"{}\" data-lon=\"{}\" role=\"group\" aria-label=\"{}\" hidden></div>", s->lat,
             s->lon, say(ctx, "{} on the map", shown(ctx, s)));
    page_end(ctx);
}

static const struct route table[] = {
    ROUTE_GET("/places", ROLE_PUBLIC, places),
    ROUTE_GET("/places/{id}", ROLE_PUBLIC, place, .record = &open_stations_kind),
};

const struct module stations_module = {.name = "stations", .routes = ROUTES(table)};
