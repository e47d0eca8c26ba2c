/*
 * What some registers show in addition to their fields: the outline of an area,
 * and a reply template as the resident will read it.
 */
#include "pages/register_pages.h"

#include "app/registers/registers.h"
#include "base/when.h"

#include <cJSON.h>
#include <math.h>
#include <string.h>

/* ---- areas ---- */

#define SIDE 400.0

/* Draws the ring as a polygon. Degrees of longitude are scaled by the latitude. */
static void area_detail(struct ctx *ctx, const void *record)
{
    const struct area *a = record;
    struct buf *out = ctx->web->out;
    cJSON *ring = a->outline ? cJSON_Parse(a->outline) : NULL;
    double west = INFINITY, east = -INFINITY, south = INFINITY, north = -INFINITY;
    const cJSON *p;
    cJSON_ArrayForEach(p, ring)
    {
        double lon = cJSON_GetNumberValue(cJSON_GetArrayItem(p, 0)),
               lat = cJSON_GetNumberValue(cJSON_GetArrayItem(p, 1));
        west = fmin(west, lon), east = fmax(east, lon), south = fmin(south, lat),
        north = fmax(north, lat);
    }
    double narrow = cos(south * 0.017453292519943295), wide = (east - west) * narrow,
           high = north - south, scale = SIDE / fmax(wide, high);
    if (isfinite(scale)) {
        html(out,
             "<section><h2>{}</h2><svg class=\"outline\" role=\"img\" aria-label=\"{}\" "
             "viewBox=\"-4 -4 {} {}\"><polygon points=\"",
             say(ctx, "Boundary"), say(ctx, "Boundary"), (int)(wide * scale) + 8,
             (int)(high * scale) + 8);
        cJSON_ArrayForEach(p, ring)
        {
            double lon = cJSON_GetNumberValue(cJSON_GetArrayItem(p, 0)),
                   lat = cJSON_GetNumberValue(cJSON_GetArrayItem(p, 1));
            html(out, "{},{} ", (int)((lon - west) * narrow * scale), (int)((north - lat) * scale));
        }
        buf_puts(out, "\"/></svg></section>");
    }
    cJSON_Delete(ring);
}

/* ---- templates ---- */

static const struct {
    const char *place, *means;
} template_places[] = {{"name", N_("the resident's name")},
                       {"number", N_("the request's number")},
                       {"unit", N_("the handling unit")},
                       {"today", N_("today’s date")},
                       {"date", N_("the deadline date")}};

static const char *sample(struct ctx *ctx, const char *place, bool english)
{
    if (!strcmp(place, "name"))
        return english ? "Ms Li" : "李女士";
    if (!strcmp(place, "number"))
        return "2026-03-00417";
    if (!strcmp(place, "unit"))
        return english ? "City Management Office" : "城市管理办公室";
    return day_show(ctx->arena, english ? "en" : "zh_CN",
                    when_day(ctx->now) + (strcmp(place, "today") ? 7 : 0));
}

/* Draws the text with sample values for its placeholders and marks unknown ones. False if there
 * are unknown ones. */
static bool draw_filled(struct ctx *ctx, const char *text, bool english)
{
    struct buf *out = ctx->web->out;
    bool known = true;
    html(out, "<blockquote class=\"card words\" lang=\"{}\">", english ? "en" : "zh-CN");
    for (const char *p = text, *open; *p; p = open ? strchr(open, '}') + 1 : p + strlen(p)) {
        open = strchr(p, '{');
        if (open && !strchr(open, '}'))
            open = NULL;
        html(out, "{}", open ? arena_copyn(ctx->arena, p, (size_t)(open - p)) : p);
        if (!open)
            continue;
        const char *place = arena_copyn(ctx->arena, open + 1,
                                        (size_t)(strchr(open, '}') - open - 1));
        bool found = false;
        for (size_t i = 0; i < sizeof template_places / sizeof *template_places; i++)
            found |= !strcmp(template_places[i].place, place);
        html(out, "<mark>{}</mark>",
             found ? sample(ctx, place, english) : arena_print(ctx->arena, "{%s}?", place));
        known &= found;
    }
    buf_puts(out, "</blockquote>");
    return known;
}

static void template_detail(struct ctx *ctx, const void *record)
{
    const struct reply_template *t = record;
    struct buf *out = ctx->web->out;
    html(out, "<section><h2>{}</h2>", say(ctx, "Preview"));
    bool known = draw_filled(ctx, t->text ? t->text : "", false);
    if (t->text_en)
        known &= draw_filled(ctx, t->text_en, true);
    if (!known)
        html(out, "<p class=\"problem\">{}</p>",
             say(ctx, "Placeholders with a question mark are not recognised and will be sent as "
                      "they are."));
    buf_puts(out, "<p class=\"small\">");
    for (size_t i = 0; i < sizeof template_places / sizeof *template_places; i++)
        html(out, "<span class=\"nobr\"><code>{}</code> {}</span>{}",
             arena_print(ctx->arena, "{%s}", template_places[i].place),
             tr(ctx, template_places[i].means),
             i + 1 < sizeof template_places / sizeof *template_places ? " · " : "");
    html(out, "</p></section>");
}

static const struct register_view views[] = {
    {&areas_kind, .detail = area_detail},
    {&templates_kind, .detail = template_detail},
    {.kind = NULL},
};

/* The registers that are looked at most are cards of their own beside that of all registers. */
#define WRITERS (ROLE_ADMIN | ROLE_OFFICE)
static const struct place places[] = {
    {"/registers/categories", N_("Categories"), NULL, WRITERS, true,
     N_("What residents can report, which unit leads and how long it may take"), "list-check",
     .rank = 182},
    {"/registers/units", N_("Units"), NULL, WRITERS, true, N_("Units that handle requests"),
     "building-community", .rank = 182},
    {"/registers/areas", N_("Areas"), NULL, WRITERS, true,
     N_("Subdistrict, communities, housing estates, grids and buildings"), "map", .rank = 182},
    {"/registers/templates", N_("Reply templates"), NULL, WRITERS, true,
     N_("Standard replies and notifications"), "message-2", .rank = 182},
    {.href = NULL},
};

const struct module register_views_module = {
    .name = "register_views", .views = views, .places = places};
