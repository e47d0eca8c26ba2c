/*
 * Calendar feeds (RFC 5545): all activities, those of one service point, team
 * or community, or one activity as a file. An event's UID is the activity's
 * number. A cancelled activity is sent as CANCELLED, so that calendars remove
 * it.
 */
#include "app/activities/activity_pages.h"

#include "core/module.h"
#include "core/qr.h"
#include "base/when.h"
#include "web/web.h"

#include <string.h>

#define PUBLIC "public, max-age=900"

struct feed_event activity_event(struct ctx *ctx, const struct activity *a)
{
    bool off = !strcmp(a->status, "cancelled");
    const char *title = activity_title(ctx, a);
    return (struct feed_event){
        .uid = arena_print(ctx->arena, "%s@linli", a->number),
        .title = off ? say(ctx, "Cancelled: {}", title) : title,
        .place = ctx_pick(ctx, a->place, a->place_en),
        .text = off ? a->cancelled_why : ctx_pick(ctx, a->text, a->text_en),
        .url = site_url(ctx, arena_print(ctx->arena, "/activities/%lld", (long long)a->record.id)),
        .version = a->record.version,
        .stamp = a->record.updated,
        .modified = true,
        .starts = a->starts,
        .ends = a->ends,
        .cancelled = off,
        .lat = a->lat,
        .lon = a->lon,
    };
}

static const char *place_name(struct ctx *ctx, const char *table, int64_t id)
{
    struct rows *r = query(ctx->db, "SELECT name, name_en FROM {} WHERE id = {}",
                           (struct sql_name){table}, id);
    const char *name = rows_next(r) ? arena_copy(ctx->arena, ctx_pick(ctx, row_text(r, "name"),
                                                                      row_text(r, "name_en")))
                                    : NULL;
    rows_end(r);
    return name;
}

/* Reads ?station=, ?team= or ?community=, each an id. False: no such record. */
static bool narrow(struct ctx *ctx, struct list *l, const char **name)
{
    static const struct {
        const char *asked, *column, *table;
    } by[] = {{"station", "station", "organisations"},
              {"team", "organisation", "organisations"},
              {"community", "community", "areas"}};
    for (size_t i = 0; i < sizeof by / sizeof *by; i++) {
        int64_t id = query_param(ctx, by[i].asked) ? param_int(ctx, by[i].asked) : NONE;
        if (!query_param(ctx, by[i].asked))
            continue;
        const char *found = id == NONE ? NULL : place_name(ctx, by[i].table, id);
        if (!found)
            return false;
        *name = found;
        sql_add(&l->where, " AND {} = {}", (struct sql_name){by[i].column}, id);
    }
    return true;
}

static void event_add(struct ctx *ctx, struct feed *f, const struct activity *a)
{
    struct feed_event e = activity_event(ctx, a);
    feed_add(f, &e);
}

static void feed(struct ctx *ctx)
{
    struct list l;
    const char *name = NULL;
    list_init(ctx, &l, &open_activities_kind);
    if (!narrow(ctx, &l, &name)) {
        sql_release(&l.where);
        ctx_fail(ctx, NOT_FOUND, say(ctx, "Calendar not found."));
        return;
    }
    struct list coming = l;
    sql_init(&coming.where, ctx->arena);
    sql_append(&coming.where, &l.where);
    sql_add(&coming.where, " AND ends >= {}", ctx->now);
    sql_add(&l.where, " AND ends >= {}", ctx->now - FEED_PAST);
    int64_t future = list_count(ctx, &coming), past = list_count(ctx, &l) - future, last = NONE;
    l.limit = FEED_MOST;
    l.order = feed_order(ctx->arena, "starts", "ends", ctx->now);
    struct feed *f = feed_new(name ? say(ctx, "Activities: {}", name) : say(ctx, "Activities"));
    struct rows *r = list_run(ctx, &l);
    for (struct activity *a; (a = list_next(ctx, &open_activities_kind, r, ctx->arena));) {
        event_add(ctx, f, a);
        last = a->starts;
    }
    feed_cut(ctx, f, "more@linli", future, past, last, site_url(ctx, "/activities"));
    feed_answer(ctx, f, "activities.ics", PUBLIC);
}

static void one(struct ctx *ctx)
{
    const struct activity *a = ctx->web->record;
    struct feed *f = feed_new(activity_title(ctx, a));
    event_add(ctx, f, a);
    feed_answer(ctx, f, arena_print(ctx->arena, "%s.ics", a->number), PUBLIC);
}

static const struct route table[] = {
    ROUTE_GET("/activities.ics", ROLE_PUBLIC, feed),
    ROUTE_GET("/activities/{id}/calendar.ics", ROLE_PUBLIC, one, .record = &open_activities_kind),
};

const struct module feeds_module = {.name = "feeds", .routes = ROUTES(table)};
