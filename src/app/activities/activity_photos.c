/*
 * Photos of an activity: re-encoded like those of requests, stored with the
 * activity, and shown to residents only if the uploader says so.
 */
#include "app/activities/activity_pages.h"

#include "core/module.h"
#include "core/attachments.h"
#include "db/journal.h"
#include "web/web.h"

#define OF_ONE_MOST 60 /* of one activity */

void activity_photos_draw(struct ctx *ctx, const struct activity *a, bool staff)
{
    photos_show(ctx, &activities_kind, a->record.id,
                arena_print(ctx->arena, "/activities/%lld/photos", (long long)a->record.id),
                staff ? PHOTOS_MARKED : PHOTOS_SHOWN);
}

/* Anyone sees public photos; the activity's leaders see all. */
static void photo(struct ctx *ctx)
{
    const struct activity *a = ctx->web->record;
    bool all = (ctx->actor.roles & (ACTIVITY_HOSTS | ROLE_LEADER)) &&
               record_load(ctx, &activities_kind, a->record.id);
    photos_answer(ctx, &activities_kind, a->record.id, attachment_id(ctx->web->name),
                  all ? 0 : PHOTOS_SHOWN, all ? "private, no-store" : "public, max-age=3600");
}

static void prepare(struct ctx *ctx)
{
    struct photos *p = ARENA_NEW(ctx->arena, struct photos);
    const struct activity *a = ctx->web->record;
    ctx->work = p;
    photos_take(ctx, p);
    if (ctx_ok(ctx) && p->count == 0)
        ctx_problem(ctx, "photos", say(ctx, "Choose a photo first."));
    if (attachment_count(ctx, &activities_kind, a->record.id) + p->count > OF_ONE_MOST)
        ctx_problem(ctx, "photos",
                    say(ctx, "You can add up to {} photos to an activity.", OF_ONE_MOST));
}

static void add(struct ctx *ctx)
{
    const struct photos *p = ctx->work;
    const struct activity *a = ctx->web->record;
    for (int i = 0; i < p->count; i++) {
        const struct photo *each = &p->list[i];
        struct attachment photo = {.name = arena_print(ctx->arena, "photo-%d.jpg", i + 1),
                                   .type = "image/jpeg",
                                   .data = {each->data, each->size},
                                   .small = {each->small, each->small_size},
                                   .shown = param(ctx, "shown") != NULL};
        journal_note(ctx, "activities", a->record.id, "photo", "{\"photo\":{}}",
                     attachment_store(ctx, &activities_kind, a->record.id, &photo));
    }
    flash(ctx, say_n(ctx, p->count, "1 photo saved.", "{} photos saved.", p->count));
    see_other(ctx, "/activities/{}/manage", a->record.id);
}

static void remove_one(struct ctx *ctx)
{
    const struct activity *a = ctx->web->record;
    int64_t id = param_int(ctx, "photo");
    if (attachment_remove(ctx, &activities_kind, a->record.id, id))
        journal_note(ctx, "activities", a->record.id, "photo-removed", "{\"photo\":{}}", id);
    see_other(ctx, "/activities/{}/manage", a->record.id);
}

static const struct route table[] = {
    ROUTE_GET("/activities/{id}/photos/{name}", ROLE_PUBLIC, photo,
              .record = &open_activities_kind),
    ROUTE_POST("/activities/{id}/photos", ACTIVITY_HOSTS, add, .prepare = prepare,
               .record = &activities_kind, .flags = UPLOAD | SLOW),
    ROUTE_POST("/activities/{id}/remove-photo", ACTIVITY_HOSTS, remove_one,
               .record = &activities_kind),
};

const struct module activity_photos_module = {.name = "activity_photos", .routes = ROUTES(table)};
