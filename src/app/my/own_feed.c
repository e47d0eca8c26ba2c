/*
 * A volunteer's own calendar feed: their shifts and visits. Calendar programs
 * send no cookie, so the URL is the secret: a keyed hash of the volunteer's
 * feed value, which changes when the URL is replaced. A visit says neither who
 * nor where.
 */
#include "app/my/own_feed.h"

#include "app/activities/activities.h"
#include "app/visits/visits.h"
#include "base/code.h"
#include "base/when.h"
#include "core/feed.h"
#include "core/module.h"
#include "core/qr.h"
#include "web/web.h"

#include <math.h>
#include <string.h>

#define BEFORE "/calendar/"

const char *volunteer_feed_path(struct ctx *ctx, const struct volunteer *v)
{
    return feed_path(ctx, BEFORE, "volunteer_feed", v->record.id, v->feed);
}

/* The volunteer whose URL it is; NULL: nobody's, or no longer. */
static const struct volunteer *feed_of(struct ctx *ctx, const char *name)
{
    int64_t id = feed_id(name);
    const struct volunteer *v = id == NONE ? NULL : record_get(ctx, &volunteers_kind, id);
    bool fits = v && feed_fits(ctx, volunteer_feed_path(ctx, v), BEFORE, name);
    if (fits && v->merged_into != NONE)
        v = record_get(ctx, &volunteers_kind, v->merged_into);
    return fits && v && strcmp(v->status, "left") != 0 ? v : NULL;
}

struct booked {
    int64_t activity, shift;
    int64_t version, updated; /* of all of one's sign-ups for it: the sum only rises */
    bool waits, off;
};

/* A shift has hours of its own. On the waiting list, cancelled by the volunteer or with the
 * activity: the event says so. */
static bool shift_event(struct ctx *ctx, const struct booked *b, struct feed_event *e)
{
    const struct activity *a = record_get(ctx, &activities_kind, b->activity);
    const struct shift *h = b->shift == NONE ? NULL : record_get(ctx, &shifts_kind, b->shift);
    if (!a || !strcmp(a->status, "planned"))
        return false;
    struct activity *mine = record_copy(ctx, &activities_kind, a);
    const char *title = h ? arena_print(ctx->arena, "%s · %s", activity_title(ctx, a), h->name)
                          : activity_title(ctx, a);
    mine->number = arena_print(ctx->arena, "%s-%lld", a->number, (long long)(h ? h->record.id : 0));
    mine->starts = h ? h->starts : a->starts;
    mine->ends = h ? h->ends : a->ends;
    mine->title = b->waits ? say(ctx, "{} (waiting list)", title) : title;
    mine->title_en = NULL;
    if (b->off && strcmp(a->status, "cancelled") != 0) {
        mine->status = "cancelled";
        mine->cancelled_why = NULL;
    }
    mine->record.version += b->version;
    mine->record.updated = b->updated > a->record.updated ? b->updated : a->record.updated;
    *e = activity_event(ctx, mine);
    return true;
}

/* What a feed consists of; counts are without a limit. */
struct found {
    int64_t future, past;
    int64_t last; /* when the last one in the feed starts */
};

static void found_note(struct found *found, struct rows *r)
{
    found->future = row_int(r, "future");
    found->past = row_int(r, "whole") - found->future;
    found->last = row_int(r, "starts");
}

static struct found add_shifts(struct ctx *ctx, struct feed *f, const struct volunteer *v)
{
    struct booked *list = ARENA_ARRAY(ctx->arena, struct booked, FEED_MOST);
    struct found found = {.last = NONE};
    struct sql q;
    int n = 0;
    sql_init(&q, ctx->arena);
    sql_add(
        &q,
        "SELECT s.activity, s.shift, s.status, s.updated, a.starts, (SELECT sum(y.version) FROM "
        "sign_ups y WHERE y.volunteer = s.volunteer AND y.shift = s.shift) AS versions, "
        "count(*) OVER () AS whole, "
        "sum(CASE WHEN a.ends >= {} THEN 1 ELSE 0 END) OVER () AS future"
        " FROM sign_ups s JOIN activities a ON a.id = s.activity WHERE s.volunteer = {}"
        " AND a.ends >= {} AND a.status <> 'planned'"
        " AND s.id = (SELECT max(x.id) FROM sign_ups x WHERE x.volunteer = s.volunteer AND "
        "x.shift = s.shift) ORDER BY ",
        ctx->now, v->record.id, ctx->now - FEED_PAST);
    sql_write(&q, feed_order(ctx->arena, "a.starts", "a.ends", ctx->now), NULL, 0);
    sql_add(&q, ", s.id LIMIT {}", FEED_MOST);
    struct rows *r = sql_query(ctx->db, &q);
    while (n < FEED_MOST && rows_next(r)) {
        list[n++] = (struct booked){row_int(r, "activity"),
                                    row_int(r, "shift"),
                                    row_int(r, "versions"),
                                    row_int(r, "updated"),
                                    !strcmp(row_text(r, "status"), "waiting"),
                                    !strcmp(row_text(r, "status"), "cancelled")};
        found_note(&found, r);
    }
    rows_end(r);
    for (int i = 0; i < n; i++) {
        struct feed_event e;
        if (shift_event(ctx, &list[i], &e))
            feed_add(f, &e);
    }
    return found;
}

static struct feed_event visit_event(struct ctx *ctx, const struct offer *o)
{
    bool off = !strcmp(o->status, "cancelled");
    const char *title = say(ctx, "Visit: {}", skill_name(ctx, o->skill));
    return (struct feed_event){
        .uid = arena_print(ctx->arena, "visit-%lld@linli", (long long)o->record.id),
        .title = off ? say(ctx, "Cancelled: {}", title) : title,
        .place = field_show(ctx, kind_field(&offers_kind, "community"), o),
        .text = say(ctx, "See your page for who you’re visiting and where."),
        .url = site_url(ctx, "/my/asks"),
        .version = o->record.version,
        .stamp = o->record.updated,
        .starts = o->starts,
        .ends = o->ends == NONE ? o->starts + WHEN_HOUR : o->ends,
        .cancelled = off,
        .lat = NAN,
        .lon = NAN,
    };
}

static struct found add_visits(struct ctx *ctx, struct feed *f, const struct volunteer *v)
{
    int64_t *ids = ARENA_ARRAY(ctx->arena, int64_t, FEED_MOST);
    struct found found = {.last = NONE};
    struct sql q;
    int n = 0;
    sql_init(&q, ctx->arena);
    sql_add(&q,
            "SELECT o.id, o.starts, count(*) OVER () AS whole, sum(CASE WHEN o.starts >= {} THEN 1 "
            "ELSE 0 END) OVER () AS future FROM offer_asks k JOIN offers o ON o.id = k.offer"
            " WHERE k.volunteer = {} AND k.answer = 'yes' AND o.starts >= {} ORDER BY ",
            ctx->now, v->record.id, ctx->now - FEED_PAST);
    sql_write(&q, feed_order(ctx->arena, "o.starts", "o.starts", ctx->now), NULL, 0);
    sql_add(&q, ", o.id LIMIT {}", FEED_MOST);
    struct rows *r = sql_query(ctx->db, &q);
    while (n < FEED_MOST && rows_next(r)) {
        ids[n++] = row_int(r, "id");
        found_note(&found, r);
    }
    rows_end(r);
    for (int i = 0; i < n; i++) {
        const struct offer *o = record_get(ctx, &offers_kind, ids[i]);
        if (!o)
            continue;
        struct feed_event e = visit_event(ctx, o);
        feed_add(f, &e);
    }
    return found;
}

static void mine(struct ctx *ctx)
{
    const struct volunteer *v = feed_of(ctx, ctx->web->name);
    if (!v) {
        ctx_fail(ctx, NOT_FOUND, say(ctx, "Calendar not found, or its address has changed."));
        return;
    }
    struct feed *f = feed_new(say(ctx, "My shifts and visits"));
    struct found shifts = add_shifts(ctx, f, v), visits = add_visits(ctx, f, v);
    feed_cut(ctx, f, "shifts@linli", shifts.future, shifts.past, shifts.last, site_url(ctx, "/my"));
    feed_cut(ctx, f, "visits@linli", visits.future, visits.past, visits.last,
             site_url(ctx, "/my/asks"));
    feed_answer(ctx, f, "my.ics", "private, max-age=900");
}

/* Makes a new URL, or removes it. */
static void renew(struct ctx *ctx)
{
    const struct volunteer *before = ctx->actor.volunteer > 0
                                         ? record_get(ctx, &volunteers_kind, ctx->actor.volunteer)
                                         : NULL;
    if (!before) {
        ctx_fail(ctx, FORBIDDEN, say(ctx, "Please show your volunteer card first."));
        return;
    }
    struct volunteer *after = record_copy(ctx, &volunteers_kind, before);
    after->feed = param(ctx, "off") ? NULL : code_token(ctx->arena, 16);
    if (record_update(ctx, &volunteers_kind, before, after, "calendar") != OK)
        return;
    flash(ctx, after->feed
                   ? say(ctx, "This is your calendar address. Earlier addresses no longer work.")
                   : say(ctx, "Your calendar address has been turned off."));
    see_other(ctx, "/my#calendar");
}

static const struct route table[] = {
    ROUTE_GET("/calendar/{name}", ROLE_PUBLIC, mine),
    ROUTE_POST("/my/calendar", ROLE_VOLUNTEER, renew),
};

const struct module own_feed_module = {.name = "own_feed", .routes = ROUTES(table)};
