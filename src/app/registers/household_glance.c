/*
 * The households of an area at a glance: its buildings with their numbers, and
 * a building's flats, floor by floor.
 */
#include "app/registers/households.h"
#include "app/registers/registers.h"
#include "core/module.h"
#include "web/web.h"

#include <stdlib.h>
#include <string.h>

#define GLANCE_MOST    3000 /* buildings, or flats of a building, on a page; more are counted */
#define WITHOUT_NUMBER "-"  /* ?building= for households that have none */

/* Adds what follows SELECT …: the households in the actor's scope that lie in the area and have
 * not ended. */
static void from_area(struct ctx *ctx, struct sql *q, const struct area *a)
{
    sql_add(q,
            " FROM households WHERE standing <> 'ended' AND area IN (SELECT b.id FROM areas b "
            "WHERE b.path LIKE {})",
            arena_print(ctx->arena, "%s%%", a->path));
    households_kind.scope(ctx, q);
}

/* ---- an area's buildings ---- */

static struct rows *buildings(struct ctx *ctx, const struct area *a)
{
    struct sql q;
    sql_init(&q, ctx->arena);
    sql_add(&q, "SELECT area, (SELECT b.name FROM areas b WHERE b.id = households.area) AS name, "
                "(SELECT b.name_en FROM areas b WHERE b.id = households.area) AS name_en, "
                "coalesce(building, '') AS building, sum(CASE WHEN members > 0 THEN 1 ELSE 0 END) "
                "AS households, sum(members) AS people, sum(CASE WHEN standing = 'headless' THEN 1 "
                "ELSE 0 END) AS headless, count(*) OVER () AS buildings, sum(sum(CASE WHEN members "
                "> 0 THEN 1 ELSE 0 END)) OVER () AS all_households, sum(sum(members)) OVER () AS "
                "all_people, sum(sum(CASE WHEN standing = 'headless' THEN 1 ELSE 0 END)) OVER () "
                "AS all_headless");
    from_area(ctx, &q, a);
    sql_add(&q, " GROUP BY area, coalesce(building, '') ORDER BY area, min(position) LIMIT {}",
            GLANCE_MOST);
    return sql_query(ctx->db, &q);
}

static void draw_counts(struct ctx *ctx, int64_t households, int64_t people, int64_t headless)
{
    html(ctx->web->out,
         "<td class=\"num\">{}</td><td class=\"num\">{}</td><td class=\"num\">{}</td></tr>",
         households, people, headless);
}

static void draw_buildings(struct ctx *ctx, const struct area *a)
{
    struct buf *out = ctx->web->out;
    struct rows *r = buildings(ctx, a);
    int64_t n = 0, all = 0, households = 0, people = 0, headless = 0; /* but n: of the whole area */
    scroll_begin(ctx, say(ctx, "Buildings"));
    html(out,
         "<table class=\"plain\"><thead><tr><th>{}</th><th class=\"num\">{}</th><th "
         "class=\"num\">{}</th><th class=\"num\">{}</th></tr></thead><tbody>",
         say(ctx, "Building"), say(ctx, "Households"), say(ctx, "People"),
         say(ctx, "Without a head"));
    for (; rows_next(r); n++) {
        const char *building = row_text(r, "building");
        all = row_int(r, "buildings");
        households = row_int(r, "all_households");
        people = row_int(r, "all_people");
        headless = row_int(r, "all_headless");
        html(out, "<tr><th scope=\"row\"><a href=\"/households/at/{}?building={}\">{} {}</a></th>",
             row_int(r, "area"), (struct url_part){*building ? building : WITHOUT_NUMBER},
             ctx_pick(ctx, row_text(r, "name"), row_text(r, "name_en")), building);
        draw_counts(ctx, row_int(r, "households"), row_int(r, "people"), row_int(r, "headless"));
    }
    rows_end(r);
    html(out, "</tbody><tfoot><tr><th scope=\"row\">{}</th>", say(ctx, "Total"));
    draw_counts(ctx, households, people, headless);
    buf_puts(out, "</tfoot></table>");
    scroll_end(ctx);
    more_draw(ctx, all - n);
}

/* ---- a building's flats ---- */

struct flat {
    int64_t id, members;
    const char *stairwell, *room, *place, *head;
    bool headless;
};

/* The floor of a flat: 501 and 0501 are on the fifth; -1: its number says none. */
static int64_t floor_of(const char *room)
{
    int64_t n = strtoll(room, NULL, 10);
    return n >= 100 ? n / 100 : -1;
}

static struct flat *flats(struct ctx *ctx, const struct area *a, const char *building, int *count,
                          int64_t *all)
{
    struct flat *list = NULL;
    struct sql q;
    sql_init(&q, ctx->arena);
    sql_add(&q, "SELECT id, coalesce(stairwell, '') AS stairwell, coalesce(room, '') AS room, "
                "place, members, standing, (SELECT p.name FROM people p WHERE p.id = "
                "households.head) AS head, count(*) OVER () AS whole");
    from_area(ctx, &q, a);
    if (building && *building)
        sql_add(&q, " AND area = {} AND coalesce(building, '') = {}", a->record.id,
                strcmp(building, WITHOUT_NUMBER) ? building : "");
    sql_add(&q, " ORDER BY position, id LIMIT {}", GLANCE_MOST);
    struct rows *r = sql_query(ctx->db, &q);
    for (*count = 0, *all = 0; rows_next(r);) {
        *all = row_int(r, "whole");
        *ARENA_NEXT(ctx->arena, list, *count) = (struct flat){
            .id = row_int(r, "id"),
            .members = row_int(r, "members"),
            .stairwell = row_copy(r, ctx->arena, "stairwell"),
            .room = row_copy(r, ctx->arena, "room"),
            .place = row_copy(r, ctx->arena, "place"),
            .head = row_copy(r, ctx->arena, "head"),
            .headless = !strcmp(row_text(r, "standing"), "headless")};
    }
    rows_end(r);
    return list;
}

static void draw_flat(struct ctx *ctx, const struct flat *f)
{
    html(ctx->web->out, "<a class=\"flat\" href=\"/registers/households/{}\"><b>{}</b> {}", f->id,
         *f->room ? f->room : f->place, f->head);
    if (f->headless)
        html(ctx->web->out, " <span class=\"state wait\">{}</span>", say(ctx, "no head"));
    html(ctx->web->out, " <span class=\"small\">{}</span></a>",
         f->members ? say_n(ctx, f->members, "1 person", "{} people", f->members)
                    : say(ctx, "nobody"));
}

/* The top floor first. */
static void draw_stairwell(struct ctx *ctx, const struct flat *list, int n)
{
    struct buf *out = ctx->web->out;
    html(out, "<section><h2>{}</h2><table class=\"flats\"><tbody>",
         *list[0].stairwell ? list[0].stairwell : say(ctx, "Flats"));
    for (int end = n, begin; end > 0; end = begin) {
        int64_t floor = floor_of(list[end - 1].room);
        for (begin = end - 1; begin > 0 && floor_of(list[begin - 1].room) == floor;)
            begin--;
        html(out, "<tr><th scope=\"row\">{}</th><td>",
             floor < 0 ? say(ctx, "Other") : say(ctx, "Floor {}", floor));
        for (int i = begin; i < end; i++)
            draw_flat(ctx, &list[i]);
        buf_puts(out, "</td></tr>");
    }
    buf_puts(out, "</tbody></table></section>");
}

static void draw_building(struct ctx *ctx, const struct area *a, const char *building)
{
    int64_t all;
    int n;
    const struct flat *list = flats(ctx, a, building, &n, &all);
    if (n == 0)
        html(ctx->web->out, "<p class=\"soft\">{}</p>", say(ctx, "No households recorded here."));
    for (int begin = 0, end; begin < n; begin = end) {
        for (end = begin + 1; end < n && !strcmp(list[end].stairwell, list[begin].stairwell);)
            end++;
        draw_stairwell(ctx, list + begin, end - begin);
    }
    more_draw(ctx, all - n);
}

/* ---- the page ---- */

static void glance(struct ctx *ctx)
{
    const struct area *a = ctx->web->record;
    const char *building = query_param(ctx, "building"), *name = ctx_pick(ctx, a->name, a->name_en);
    bool is_building = !strcmp(a->level, "building"), one = (building && *building) || is_building,
         named = building && *building && strcmp(building, WITHOUT_NUMBER) != 0;
    const char *title = say(ctx, "Households: {}",
                            named ? arena_print(ctx->arena, "%s %s", name, building) : name);
    page_begin(ctx, title, PAGE_STAFF | PAGE_WIDE);
    if (one)
        trail(ctx,
              arena_print(ctx->arena, "/households/at/%lld",
                          (long long)(is_building && a->parent != NONE ? a->parent : a->record.id)),
              say(ctx, "Buildings"));
    else
        trail(ctx, "/registers/households", tr(ctx, households_kind.many));
    html(ctx->web->out, "<header class=\"head\"><h1>{}</h1></header>", title);
    if (one)
        draw_building(ctx, a, building);
    else
        draw_buildings(ctx, a);
    page_end(ctx);
}

static const struct route table[] = {
    ROUTE_GET("/households/at/{id}", HOUSEHOLD_ROLES, glance, .record = &areas_kind),
};

static void area_links(struct ctx *ctx, const void *record)
{
    const struct area *a = record;
    if (households_kind.read & ctx->actor.roles)
        html(ctx->web->out, "<p><a href=\"/households/at/{}\">{} {}</a></p>", a->record.id,
             icon(ctx, "home-2"), say(ctx, "Households at a glance"));
}

static const struct register_view views[] = {{&areas_kind, .links = area_links}, {.kind = NULL}};

const struct module household_glance_module = {
    .name = "household_glance", .routes = ROUTES(table), .views = views};
