/*
 * What single registers show besides their facts: the outline of an area, and
 * a reply template as the resident will read it.
 */
#include "app/register_pages.h"

#include "app/activities.h"
#include "app/offers.h"
#include "app/opinions.h"
#include "app/people.h"
#include "app/registers.h"
#include "app/volunteers.h"
#include "base/when.h"

#include <cJSON.h>
#include <math.h>
#include <string.h>

/* ---- areas ---- */

#define SIDE 400.0

/* The ring as a polygon; a degree of longitude is drawn shorter, by the latitude. */
static void area_detail(struct ctx *ctx, const void *record)
{
    const struct area *a = record;
    struct buf *out = ctx->web->out;
    cJSON *ring = a->outline ? cJSON_Parse(a->outline) : NULL;
    double west = INFINITY, east = -INFINITY, south = INFINITY, north = -INFINITY;
    const cJSON *p;
    cJSON_ArrayForEach(p, ring)
    {
        double lon = cJSON_GetNumberValue(cJSON_GetArrayItem(p, 0)), lat = cJSON_GetNumberValue(cJSON_GetArrayItem(p, 1));
        west = fmin(west, lon), east = fmax(east, lon), south = fmin(south, lat), north = fmax(north, lat);
    }
    double narrow = cos(south * 0.017453292519943295), wide = (east - west) * narrow, high = north - south, scale = SIDE / fmax(wide, high);
    if (isfinite(scale)) {
        html(out, "<section><h2>{}</h2><svg class=\"outline\" role=\"img\" aria-label=\"{}\" viewBox=\"-4 -4 {} {}\"><polygon points=\"",
             say(ctx, "Outline"), say(ctx, "Outline"), (int)(wide * scale) + 8, (int)(high * scale) + 8);
        cJSON_ArrayForEach(p, ring)
        {
            double lon = cJSON_GetNumberValue(cJSON_GetArrayItem(p, 0)), lat = cJSON_GetNumberValue(cJSON_GetArrayItem(p, 1));
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
                       {"unit", N_("the unit that handles it")},
                       {"date", N_("the deadline's day")}};

static const char *sample(struct ctx *ctx, const char *place, bool english)
{
    if (!strcmp(place, "name"))
        return english ? "Ms Li" : "李女士";
    if (!strcmp(place, "number"))
        return "2026-03-00417";
    if (!strcmp(place, "unit"))
        return english ? "City Management Office" : "城市管理办公室";
    return day_show(ctx->arena, english ? "en" : "zh_CN", when_day(ctx->now) + 7);
}

/* The text with samples in its places; a place that nothing fills is marked. False: there is one. */
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
        const char *place = arena_copyn(ctx->arena, open + 1, (size_t)(strchr(open, '}') - open - 1));
        bool found = false;
        for (size_t i = 0; i < sizeof template_places / sizeof *template_places; i++)
            found |= !strcmp(template_places[i].place, place);
        html(out, "<mark>{}</mark>", found ? sample(ctx, place, english) : arena_print(ctx->arena, "{%s}?", place));
        known &= found;
    }
    buf_puts(out, "</blockquote>");
    return known;
}

static void template_detail(struct ctx *ctx, const void *record)
{
    const struct reply_template *t = record;
    struct buf *out = ctx->web->out;
    html(out, "<section><h2>{}</h2>", say(ctx, "As it is read"));
    bool known = draw_filled(ctx, t->text ? t->text : "", false);
    if (t->text_en)
        known &= draw_filled(ctx, t->text_en, true);
    if (!known)
        html(out, "<p class=\"problem\">{}</p>", say(ctx, "A place with a question mark is not known and stays as it is written."));
    buf_puts(out, "<p class=\"small\">");
    for (size_t i = 0; i < sizeof template_places / sizeof *template_places; i++)
        html(out, "<span class=\"nobr\"><code>{}</code> {}</span>{}", arena_print(ctx->arena, "{%s}", template_places[i].place),
             tr(ctx, template_places[i].means), i + 1 < sizeof template_places / sizeof *template_places ? " · " : "");
    html(out, "</p></section>");
}

/* ---- people and organisations ---- */

/* The posts of a person, or in an organisation: the present ones first. */
static void draw_posts(struct ctx *ctx, const char *column, int64_t id, const char *code)
{
    struct buf *out = ctx->web->out;
    bool of_person = !strcmp(column, "person");
    struct list l;
    if (!(posts_kind.read & ctx->actor.roles))
        return;
    list_init(ctx, &l, &posts_kind);
    sql_add(&l.where, " AND {} = {}", (struct sql_name){column}, id);
    l.order = "CASE WHEN valid_to IS NULL THEN 0 ELSE 1 END, valid_to DESC, id";
    l.limit = 200;
    html(out, "<section><h2>{}</h2><ul class=\"tree\">", tr(ctx, posts_kind.many));
    struct rows *r = list_run(ctx, &l);
    int n = 0;
    for (struct post *p; (p = list_next(ctx, &posts_kind, r, ctx->arena)) != NULL; n++) {
        bool over = p->valid_to && strcmp(p->valid_to, day_iso(ctx->arena, when_day(ctx->now))) < 0;
        html(out, "<li><p><a href=\"/registers/posts/{}\">{}</a> <span class=\"small\">{}{}{} {}–{}</span>", p->record.id,
             field_show(ctx, kind_field(&posts_kind, of_person ? "organisation" : "person"), p),
             field_show(ctx, kind_field(&posts_kind, "role"), p), p->term ? " · " : "", p->term,
             field_show(ctx, kind_field(&posts_kind, "valid_from"), p), field_show(ctx, kind_field(&posts_kind, "valid_to"), p));
        if (over)
            html(out, " <span class=\"state wait\">{}</span>", say(ctx, "over"));
        buf_puts(out, "</p></li>");
    }
    buf_puts(out, "</ul>");
    if (n == 0)
        html(out, "<p class=\"soft\">{}</p>", say(ctx, "No post is entered."));
    if (posts_kind.write & ctx->actor.roles)
        html(out, "<p><a href=\"/registers/posts/new?{}={}\">{} {}</a></p>", column, (struct url_part){code}, icon(ctx, "plus"),
             say(ctx, "New post"));
    buf_puts(out, "</section>");
}

static void person_detail(struct ctx *ctx, const void *record)
{
    const struct person *p = record;
    int64_t volunteer = query_int(ctx->db, "SELECT id FROM volunteers WHERE person = {}", p->record.id);
    if (volunteer != NONE && (volunteers_kind.read & ctx->actor.roles))
        html(ctx->web->out, "<p><a href=\"/volunteers/{}\">{} {}</a></p>", volunteer, icon(ctx, "heart-handshake"),
             say(ctx, "As a volunteer: team, skills, hours"));
    draw_posts(ctx, "person", p->record.id, p->code);
}

static void organisation_detail(struct ctx *ctx, const void *record)
{
    const struct organisation *o = record;
    struct buf *out = ctx->web->out;
    bool over = o->valid_to && strcmp(o->valid_to, day_iso(ctx->arena, when_day(ctx->now))) < 0;
    if (o->public == 1 && !over && !strcmp(o->kind, "team"))
        html(out, "<p><a href=\"/teams/{}\">{} {}</a></p>", o->record.id, icon(ctx, "eye"), say(ctx, "As residents see it"));
    if (o->public == 1 && !over && !strcmp(o->kind, "station"))
        html(out, "<p><a href=\"/places/{}\">{} {}</a></p>", o->record.id, icon(ctx, "eye"), say(ctx, "As residents see it"));
    if (!strcmp(o->kind, "team") && (volunteers_kind.read & ctx->actor.roles))
        html(out, "<p><a href=\"/teams/{}/members\">{} {}</a></p>", o->record.id, icon(ctx, "users"), say(ctx, "Members of the team"));
    draw_posts(ctx, "organisation", o->record.id, o->code);
}

static const struct register_view views[] = {
    {&people_kind, .detail = person_detail}, {&organisations_kind, .detail = organisation_detail}, {&opinions_kind, .closed = true},
    {&areas_kind, .detail = area_detail},    {&templates_kind, .detail = template_detail},         {.kind = NULL},
};

const struct module register_views_module = {.name = "register_views", .views = views};
