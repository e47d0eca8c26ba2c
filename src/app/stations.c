/*
 * Stations: places that are open to residents, with what they offer and when.
 * Anybody may read the list and each station's page.
 */
#include "app/module.h"
#include "web/web.h"

#include <math.h>

struct station {
    struct record record;
    const char *code, *name, *name_en;
    int64_t area;
    const char *address, *address_en, *opening, *opening_en;
    double lat, lon;      /* WGS-84 */
    const char *phone, *what, *what_en;
};

#define S(member) offsetof(struct station, member)
static const struct field fields[] = {
    {"code", F_CODE, S(code), N_("Code"), .max = 40, .flags = REQUIRED | UNIQUE | LISTED},
    {"name", F_TEXT, S(name), N_("Name"), .flags = REQUIRED | LISTED},
    {"name_en", F_TEXT, S(name_en), N_("Name in English")},
    {"area", F_REF, S(area), N_("Area"), .ref = "areas", .flags = LISTED | FILTER},
    {"address", F_TEXT, S(address), N_("Address"), .flags = LISTED},
    {"address_en", F_TEXT, S(address_en), N_("Address in English")},
    {"opening", F_TEXT, S(opening), N_("Opening hours"), .flags = LISTED},
    {"opening_en", F_TEXT, S(opening_en), N_("Opening hours in English")},
    {"lat", F_REAL, S(lat), N_("Latitude"), .min = -90, .max = 90},
    {"lon", F_REAL, S(lon), N_("Longitude"), .min = -180, .max = 180},
    {"phone", F_PHONE, S(phone), N_("Telephone"), .flags = LISTED},
    {"what", F_LONG, S(what), N_("What it offers"), .max = 1000},
    {"what_en", F_LONG, S(what_en), N_("What it offers, in English"), .max = 1000},
};
const struct kind stations_kind = {.name = "stations", .table = "stations", .one = N_("Station"), .many = N_("Stations"),
    FIELDS(fields), .size = sizeof(struct station), .read = ROLE_PUBLIC | ROLES_SIGNED,
    .write = ROLE_ADMIN | ROLE_OFFICE, .code = "code", .order = "name, id"};

static const char *shown(struct ctx *ctx, const struct station *s)
{
    return ctx_pick(ctx, s->name, s->name_en);
}

/* The facts that make somebody go there, or ring. */
static void draw_facts(struct ctx *ctx, const struct station *s)
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
        html(out, "<div><dt>{}</dt><dd>{}</dd></div>", say(ctx, "What it offers"), ctx_pick(ctx, s->what, s->what_en));
    buf_puts(out, "</dl>");
}

static void places(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    struct list l;
    struct station *s;
    list_init(ctx, &l, &stations_kind);
    l.limit = 200;
    page_begin(ctx, say(ctx, "Stations"), PAGE_RESIDENT);
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>", say(ctx, "Stations near you"),
         say(ctx, "Come in, sit down, ask. Nothing needs to be booked unless it says so."));
    struct rows *r = list_run(ctx, &l);
    int n = 0;
    while ((s = list_next(ctx, &stations_kind, r, ctx->arena))) {
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
    const struct station *s = ctx->web->record;
    page_begin(ctx, shown(ctx, s), PAGE_RESIDENT | PAGE_MAP);
    html(out, "<nav class=\"trail\" aria-label=\"{}\"><a href=\"/places\">{} {}</a></nav><header class=\"head\"><h1>{}</h1></header><section class=\"card\">",
         say(ctx, "Where you are"), icon(ctx, "arrow-left"), say(ctx, "All stations"), shown(ctx, s));
    draw_facts(ctx, s);
    buf_puts(out, "</section>");
    if (!isnan(s->lat) && !isnan(s->lon))
        html(out, "<div class=\"map screen\" data-map-show data-lat=\"{}\" data-lon=\"{}\" role=\"img\" aria-label=\"{}\" hidden></div>", s->lat,
             s->lon, say(ctx, "{} on the map", shown(ctx, s)));
    page_end(ctx);
}

static const struct route table[] = {
    ROUTE_GET("/places", ROLE_PUBLIC, places),
    ROUTE_GET("/places/{id}", ROLE_PUBLIC, place, .record = &stations_kind),
};
static const struct kind *const kinds[] = {&stations_kind, NULL};

const struct module stations_module = {.name = "stations", .kinds = kinds, .routes = ROUTES(table)};
