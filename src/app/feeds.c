/*
 * Calendar feeds (RFC 5545), written by libical: all activities, or those of
 * one station, team or community, or one activity as a file. An event's UID is
 * the activity's number and stays; a cancelled one is sent as CANCELLED, so that
 * it leaves the calendars it went to.
 *
 * A volunteer's own feed has their shifts and visits. Calendar programs send no
 * cookie, so its address is the secret: a keyed hash over what feed holds, which
 * is another one when it is renewed. A visit says neither who nor where.
 */
#include "app/activity_pages.h"

#include "app/module.h"
#include "app/notify.h"
#include "app/people.h"
#include "app/qr.h"
#include "app/visits.h"
#include "app/volunteers.h"
#include "base/code.h"
#include "base/seal.h"
#include "base/when.h"
#include "web/web.h"

#include <libical/ical.h>
#include <math.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define FEED_MOST 500
#define PUBLIC    "public, max-age=900"
#define FEED_PAST (60 * WHEN_DAY) /* a cancellation is told so long after */

static struct icaltimetype utc(int64_t t)
{
    return icaltime_from_timet_with_zone((time_t)t, 0, icaltimezone_get_utc_timezone());
}

static void add_text(icalcomponent *event, icalproperty_kind kind, const char *text)
{
    if (!text || !*text)
        return;
    icalproperty *p = icalproperty_new(kind);
    icalproperty_set_value(p, icalvalue_new_text(text));
    icalcomponent_add_property(event, p);
}

static const char *uid_of(struct ctx *ctx, const struct activity *a)
{
    return arena_print(ctx->arena, "%s@linli", a->number);
}

static icalcomponent *event_of(struct ctx *ctx, const struct activity *a)
{
    icalcomponent *e = icalcomponent_new_vevent();
    bool off = !strcmp(a->status, "cancelled");
    icalcomponent_add_property(e, icalproperty_new_uid(uid_of(ctx, a)));
    icalcomponent_add_property(e, icalproperty_new_dtstamp(utc(a->record.updated)));
    icalcomponent_add_property(e, icalproperty_new_lastmodified(utc(a->record.updated)));
    icalcomponent_add_property(e, icalproperty_new_sequence((int)(a->record.version - 1)));
    icalcomponent_add_property(e, icalproperty_new_dtstart(utc(a->starts)));
    icalcomponent_add_property(e, icalproperty_new_dtend(utc(a->ends)));
    icalcomponent_add_property(e, icalproperty_new_status(off ? ICAL_STATUS_CANCELLED : ICAL_STATUS_CONFIRMED));
    add_text(e, ICAL_SUMMARY_PROPERTY, off ? say(ctx, "Cancelled: {}", activity_title(ctx, a)) : activity_title(ctx, a));
    add_text(e, ICAL_LOCATION_PROPERTY, ctx_pick(ctx, a->place, a->place_en));
    add_text(e, ICAL_DESCRIPTION_PROPERTY, off ? a->cancelled_why : ctx_pick(ctx, a->text, a->text_en));
    icalcomponent_add_property(e,
                               icalproperty_new_url(site_url(ctx, arena_print(ctx->arena, "/activities/%lld", (long long)a->record.id))));
    if (!isnan(a->lat) && !isnan(a->lon))
        icalcomponent_add_property(e, icalproperty_new_geo((struct icalgeotype){a->lat, a->lon}));
    return e;
}

static icalcomponent *calendar_new(struct ctx *ctx, const char *name)
{
    icalcomponent *c = icalcomponent_new(ICAL_VCALENDAR_COMPONENT);
    icalcomponent_add_property(c, icalproperty_new_version("2.0"));
    icalcomponent_add_property(c, icalproperty_new_prodid("-//Linli//Activities//ZH"));
    icalproperty *p = icalproperty_new_x(name);
    icalproperty_set_x_name(p, "X-WR-CALNAME");
    icalcomponent_add_property(c, p);
    p = icalproperty_new_x("PT1H");
    icalproperty_set_x_name(p, "X-PUBLISHED-TTL");
    icalcomponent_add_property(c, p);
    (void)ctx;
    return c;
}

static void answer_calendar(struct ctx *ctx, icalcomponent *c, const char *filename, const char *caching)
{
    char *text = icalcomponent_as_ical_string_r(c);
    buf_puts(ctx->web->out, text);
    icalmemory_free_buffer(text);
    icalcomponent_free(c);
    answer_download(ctx, filename, "text/calendar; charset=utf-8");
    answer_header(ctx, "Cache-Control", caching);
}

static const char *name_of(struct ctx *ctx, const char *table, int64_t id)
{
    struct rows *r = query(ctx->db, "SELECT name, name_en FROM {} WHERE id = {}", (struct sql_name){table}, id);
    const char *name = rows_next(r) ? arena_copy(ctx->arena, ctx_pick(ctx, row_text(r, "name"), row_text(r, "name_en"))) : NULL;
    rows_end(r);
    return name;
}

/* ?station=, ?team= or ?community=, each an id. False: there is no such one. */
static bool narrow(struct ctx *ctx, struct list *l, const char **name)
{
    static const struct {
        const char *asked, *column, *table;
    } by[] = {{"station", "station", "organisations"}, {"team", "organisation", "organisations"}, {"community", "community", "areas"}};
    for (size_t i = 0; i < sizeof by / sizeof *by; i++) {
        int64_t id = query_param(ctx, by[i].asked) ? param_int(ctx, by[i].asked) : NONE;
        if (!query_param(ctx, by[i].asked))
            continue;
        const char *found = id == NONE ? NULL : name_of(ctx, by[i].table, id);
        if (!found)
            return false;
        *name = found;
        sql_add(&l->where, " AND {} = {}", (struct sql_name){by[i].column}, id);
    }
    return true;
}

static void feed(struct ctx *ctx)
{
    struct list l;
    const char *name = NULL;
    list_init(ctx, &l, &open_activities_kind);
    if (!narrow(ctx, &l, &name)) {
        sql_release(&l.where);
        ctx_fail(ctx, NOT_FOUND, say(ctx, "There is no such calendar."));
        return;
    }
    sql_add(&l.where, " AND ends >= {}", ctx->now - FEED_PAST);
    l.limit = FEED_MOST;
    icalcomponent *c = calendar_new(ctx, name ? say(ctx, "Activities: {}", name) : say(ctx, "Activities"));
    struct rows *r = list_run(ctx, &l);
    for (struct activity *a; (a = list_next(ctx, &open_activities_kind, r, ctx->arena));)
        icalcomponent_add_component(c, event_of(ctx, a));
    answer_calendar(ctx, c, "activities.ics", PUBLIC);
}

static void one(struct ctx *ctx)
{
    const struct activity *a = ctx->web->record;
    icalcomponent *c = calendar_new(ctx, activity_title(ctx, a));
    icalcomponent_add_component(c, event_of(ctx, a));
    answer_calendar(ctx, c, arena_print(ctx->arena, "%s.ics", a->number), PUBLIC);
}

/* ---- a volunteer's own ---- */

#define SECRET_LENGTH 32 /* of the address, in hexadecimal digits */

const char *volunteer_feed_path(struct ctx *ctx, const struct volunteer *v)
{
    const char *id = arena_print(ctx->arena, "%lld", (long long)v->record.id);
    return v->feed ? arena_print(ctx->arena, "/calendar/%s-%.*s", id, SECRET_LENGTH,
                                 seal_hash(ctx->keys, ctx->arena, "volunteer_feed", arena_print(ctx->arena, "%s %s", id, v->feed)))
                   : NULL;
}

/* Whose address it is; NULL: nobody's, or no longer. */
static const struct volunteer *feed_of(struct ctx *ctx, const char *name)
{
    if (!name || strlen(name) >= 80)
        return NULL;
    const struct volunteer *v = record_get(ctx, &volunteers_kind, strtoll(name, NULL, 10));
    const char *path = v && strcmp(v->status, "left") != 0 ? volunteer_feed_path(ctx, v) : NULL,
               *asked = arena_print(ctx->arena, "/calendar/%s", name);
    return path && strlen(path) == strlen(asked) && sodium_memcmp(path, asked, strlen(path)) == 0 ? v : NULL;
}

struct booked {
    int64_t activity, shift;
    bool waits, off;
};

/* A shift has its own hours; who waits for a place, gave it back, or whose activity was cancelled reads so. */
static icalcomponent *shift_event(struct ctx *ctx, const struct booked *b)
{
    const struct activity *a = record_get(ctx, &activities_kind, b->activity);
    const struct shift *h = b->shift == NONE ? NULL : record_get(ctx, &shifts_kind, b->shift);
    if (!a || !strcmp(a->status, "planned"))
        return NULL;
    struct activity *mine = record_copy(ctx, &activities_kind, a);
    const char *title = h ? arena_print(ctx->arena, "%s · %s", activity_title(ctx, a), h->name) : activity_title(ctx, a);
    mine->number = arena_print(ctx->arena, "%s-%lld", a->number, (long long)(h ? h->record.id : 0));
    mine->starts = h ? h->starts : a->starts;
    mine->ends = h ? h->ends : a->ends;
    mine->title = b->waits ? say(ctx, "{} (waiting list)", title) : title;
    mine->title_en = NULL;
    if (b->off && strcmp(a->status, "cancelled") != 0) {
        mine->status = "cancelled";
        mine->cancelled_why = NULL;
        mine->record.version++;
    }
    return event_of(ctx, mine);
}

static void add_shifts(struct ctx *ctx, icalcomponent *c, const struct volunteer *v)
{
    struct booked *list = ARENA_ARRAY(ctx->arena, struct booked, FEED_MOST);
    int n = 0;
    struct rows *r = query(
        ctx->db,
        "SELECT s.activity, s.shift, s.status FROM sign_ups s JOIN activities a ON a.id = s.activity WHERE s.volunteer = {} AND a.ends >= {}"
        " AND s.id = (SELECT max(x.id) FROM sign_ups x WHERE x.volunteer = s.volunteer AND x.shift = s.shift) ORDER BY a.starts, s.id LIMIT {}",
        v->record.id, ctx->now - FEED_PAST, FEED_MOST);
    while (n < FEED_MOST && rows_next(r))
        list[n++] = (struct booked){row_int(r, "activity"), row_int(r, "shift"), !strcmp(row_text(r, "status"), "waiting"),
                                    !strcmp(row_text(r, "status"), "cancelled")};
    rows_end(r);
    for (int i = 0; i < n; i++) {
        icalcomponent *e = shift_event(ctx, &list[i]);
        if (e)
            icalcomponent_add_component(c, e);
    }
}

static icalcomponent *visit_event(struct ctx *ctx, const struct offer *o)
{
    icalcomponent *e = icalcomponent_new_vevent();
    bool off = !strcmp(o->status, "cancelled");
    const char *title = say(ctx, "Visit: {}", skill_name(ctx, o->skill));
    icalcomponent_add_property(e, icalproperty_new_uid(arena_print(ctx->arena, "visit-%lld@linli", (long long)o->record.id)));
    icalcomponent_add_property(e, icalproperty_new_dtstamp(utc(o->record.updated)));
    icalcomponent_add_property(e, icalproperty_new_sequence((int)(o->record.version - 1)));
    icalcomponent_add_property(e, icalproperty_new_dtstart(utc(o->starts)));
    icalcomponent_add_property(e, icalproperty_new_dtend(utc(o->ends == NONE ? o->starts + WHEN_HOUR : o->ends)));
    icalcomponent_add_property(e, icalproperty_new_status(off ? ICAL_STATUS_CANCELLED : ICAL_STATUS_CONFIRMED));
    add_text(e, ICAL_SUMMARY_PROPERTY, off ? say(ctx, "Cancelled: {}", title) : title);
    add_text(e, ICAL_LOCATION_PROPERTY, field_show(ctx, kind_field(&offers_kind, "community"), o));
    add_text(e, ICAL_DESCRIPTION_PROPERTY, say(ctx, "Whom you visit and where is on your page."));
    icalcomponent_add_property(e, icalproperty_new_url(site_url(ctx, "/my/asks")));
    return e;
}

static void add_visits(struct ctx *ctx, icalcomponent *c, const struct volunteer *v)
{
    int64_t *ids = ARENA_ARRAY(ctx->arena, int64_t, FEED_MOST);
    struct rows *r = query(
        ctx->db,
        "SELECT o.id FROM offer_asks k JOIN offers o ON o.id = k.offer WHERE k.volunteer = {} AND k.answer = 'yes' AND o.starts >= {} ORDER BY o.starts, o.id LIMIT {}",
        v->record.id, ctx->now - FEED_PAST, FEED_MOST);
    int n = rows_ids(r, ids, FEED_MOST);
    for (int i = 0; i < n; i++) {
        const struct offer *o = record_get(ctx, &offers_kind, ids[i]);
        if (o)
            icalcomponent_add_component(c, visit_event(ctx, o));
    }
}

static void mine(struct ctx *ctx)
{
    const struct volunteer *v = feed_of(ctx, ctx->web->name);
    if (!v) {
        ctx_fail(ctx, NOT_FOUND, say(ctx, "There is no such calendar, or its address was renewed."));
        return;
    }
    icalcomponent *c = calendar_new(ctx, say(ctx, "My shifts and visits"));
    add_shifts(ctx, c, v);
    add_visits(ctx, c, v);
    answer_calendar(ctx, c, "my.ics", "private, max-age=900");
}

/* A new address, the first or another one; or none any more. */
static void renew(struct ctx *ctx)
{
    const struct volunteer *before = ctx->actor.volunteer > 0 ? record_get(ctx, &volunteers_kind, ctx->actor.volunteer) : NULL;
    if (!before) {
        ctx_fail(ctx, FORBIDDEN, say(ctx, "Show your volunteer's card first."));
        return;
    }
    struct volunteer *after = record_copy(ctx, &volunteers_kind, before);
    after->feed = param(ctx, "off") ? NULL : code_token(ctx->arena, 16);
    if (record_update(ctx, &volunteers_kind, before, after, "calendar") != OK)
        return;
    flash(ctx, after->feed ? say(ctx, "This is the address of your calendar. An earlier one no longer works.")
                           : say(ctx, "Your calendar has no address any more."));
    see_other(ctx, "/my#calendar");
}

static const struct route table[] = {
    ROUTE_GET("/calendar/{name}", ROLE_PUBLIC, mine),
    ROUTE_POST("/my/calendar", ROLE_VOLUNTEER, renew),
    ROUTE_GET("/activities.ics", ROLE_PUBLIC, feed),
    ROUTE_GET("/activities/{id}/calendar.ics", ROLE_PUBLIC, one, .record = &open_activities_kind),
};

const struct module feeds_module = {.name = "feeds", .routes = ROUTES(table)};
