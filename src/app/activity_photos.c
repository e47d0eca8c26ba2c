/*
 * Photographs of an activity: drawn anew as those of requests are, kept with
 * it, and shown to residents only where whoever uploads them says so.
 */
#include "app/activity_pages.h"

#include "app/module.h"
#include "app/photos.h"
#include "db/journal.h"
#include "web/web.h"

#include <stdlib.h>
#include <string.h>

#define OF_ONE_MOST 60 /* of one activity */

void activity_photos_draw(struct ctx *ctx, const struct activity *a, bool staff)
{
    struct buf *out = ctx->web->out;
    int n = 0;
    struct rows *r = query(ctx->db,
                           "SELECT id, shown FROM activity_photos WHERE activity = {} AND (shown = 1 OR {} = 1) ORDER BY id LIMIT {}",
                           a->record.id, staff ? 1 : 0, OF_ONE_MOST);
    while (rows_next(r)) {
        int64_t id = row_int(r, "id");
        const char *alt = staff && row_int(r, "shown") != 1 ? say(ctx, "Photograph {}, not shown to residents", ++n)
                                                            : say(ctx, "Photograph {}", ++n);
        html(
            out,
            "{}<a href=\"/activities/{}/photos/{}\"><img src=\"/activities/{}/photos/{}?size=small\" alt=\"{}\" loading=\"lazy\" width=\"112\" height=\"112\"></a>",
            (struct markup){n == 1 ? "<p class=\"thumbs\">" : ""}, a->record.id, id, a->record.id, id, alt);
    }
    if (n)
        buf_puts(out, "</p>");
}

static void answer(struct ctx *ctx, int64_t activity, bool all)
{
    const char *size = query_param(ctx, "size");
    char *end;
    int64_t id = strtoll(ctx->web->name, &end, 10);
    bool small = size && !strcmp(size, "small");
    struct rows *r = query(
        ctx->db,
        "SELECT CASE WHEN {} = 1 THEN small ELSE data END AS picture, shown FROM activity_photos WHERE id = {} AND activity = {} AND (shown = 1 OR {} = 1)",
        small ? 1 : 0, *end ? NONE : id, activity, all ? 1 : 0);
    picture_answer(ctx, r, all ? "private, no-store" : "public, max-age=3600");
}

/* Anybody sees what is shown; who leads the activity sees all. */
static void photo(struct ctx *ctx)
{
    const struct activity *a = ctx->web->record;
    answer(ctx, a->record.id, (ctx->actor.roles & (ACTIVITY_HOSTS | ROLE_LEADER)) && record_load(ctx, &activities_kind, a->record.id));
}

static void prepare(struct ctx *ctx)
{
    struct photos *p = ARENA_NEW(ctx->arena, struct photos);
    const struct activity *a = ctx->web->record;
    ctx->work = p;
    photos_take(ctx, p);
    if (ctx_ok(ctx) && p->count == 0)
        ctx_problem(ctx, "photos", say(ctx, "Choose a photograph first."));
    if (query_int(ctx->db, "SELECT count(*) AS n FROM activity_photos WHERE activity = {}", a->record.id) + p->count > OF_ONE_MOST)
        ctx_problem(ctx, "photos", say(ctx, "At most {} photographs are kept of one activity.", OF_ONE_MOST));
}

static void add(struct ctx *ctx)
{
    const struct photos *p = ctx->work;
    const struct activity *a = ctx->web->record;
    for (int i = 0; i < p->count; i++) {
        const struct photo *each = &p->list[i];
        change(
            ctx->db,
            "INSERT INTO activity_photos (activity, data, small, size, shown, created, actor, actor_name) VALUES ({}, {}, {}, {}, {}, {}, {}, {})",
            a->record.id, ((struct bytes){each->data, each->size}), ((struct bytes){each->small, each->small_size}), (int64_t)each->size,
            param(ctx, "shown") ? 1 : 0, ctx->now, (struct maybe){ctx->actor.user}, ctx->actor.name);
        journal_note(ctx, "activities", a->record.id, "photo", "{\"photo\":{}}", db_inserted(ctx->db));
    }
    flash(ctx, say_n(ctx, p->count, "1 photograph is kept.", "{} photographs are kept.", p->count));
    see_other(ctx, "/activities/{}/manage", a->record.id);
}

static void remove_one(struct ctx *ctx)
{
    const struct activity *a = ctx->web->record;
    int64_t id = param_int(ctx, "photo");
    change(ctx->db, "DELETE FROM activity_photos WHERE id = {} AND activity = {}", (struct maybe){id}, a->record.id);
    if (db_changed(ctx->db) == 1)
        journal_note(ctx, "activities", a->record.id, "photo-removed", "{\"photo\":{}}", id);
    see_other(ctx, "/activities/{}/manage", a->record.id);
}

static const struct route table[] = {
    ROUTE_GET("/activities/{id}/photos/{name}", ROLE_PUBLIC, photo, .record = &open_activities_kind),
    ROUTE_POST("/activities/{id}/photos", ACTIVITY_HOSTS, add, .prepare = prepare, .record = &activities_kind, .flags = UPLOAD | SLOW),
    ROUTE_POST("/activities/{id}/remove-photo", ACTIVITY_HOSTS, remove_one, .record = &activities_kind),
};

const struct module activity_photos_module = {.name = "activity_photos", .routes = ROUTES(table)};
