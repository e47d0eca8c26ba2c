/*
 * Calendar feeds (RFC 5545), written by libical: all activities, or those of
 * one station, team or community, or one activity as a file. An event's UID is
 * the activity's number and stays; a cancelled one is sent as CANCELLED, so that
 * it leaves the calendars it went to.
 */
#include "app/activity_pages.h"

#include "app/module.h"
#include "app/notify.h"
#include "app/people.h"
#include "app/qr.h"
#include "base/when.h"
#include "web/web.h"

#include <libical/ical.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FEED_MOST 500
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
    icalcomponent_add_property(e, icalproperty_new_url(site_url(ctx, arena_print(ctx->arena, "/activities/%lld", (long long)a->record.id))));
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

static void answer_calendar(struct ctx *ctx, icalcomponent *c, const char *filename)
{
    char *text = icalcomponent_as_ical_string_r(c);
    buf_puts(ctx->web->out, text);
    icalmemory_free_buffer(text);
    icalcomponent_free(c);
    answer_download(ctx, filename, "text/calendar; charset=utf-8");
    answer_header(ctx, "Cache-Control", "public, max-age=900");
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
    answer_calendar(ctx, c, "activities.ics");
}

static void one(struct ctx *ctx)
{
    const struct activity *a = ctx->web->record;
    icalcomponent *c = calendar_new(ctx, activity_title(ctx, a));
    icalcomponent_add_component(c, event_of(ctx, a));
    answer_calendar(ctx, c, arena_print(ctx->arena, "%s.ics", a->number));
}

static const struct route table[] = {
    ROUTE_GET("/activities.ics", ROLE_PUBLIC, feed),
    ROUTE_GET("/activities/{id}/calendar.ics", ROLE_PUBLIC, one, .record = &open_activities_kind),
};

const struct module feeds_module = {.name = "feeds", .routes = ROUTES(table)};
