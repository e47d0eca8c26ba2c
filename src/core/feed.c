/*
 * Calendar feeds, written by libical. Only this file knows that library.
 */
#include "core/feed.h"

#include "base/seal.h"
#include "web/web.h"

#include <libical/ical.h>
#include <math.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* A feed is a libical component under another name. */
static struct feed *feed_from(icalcomponent *c)
{
    return (struct feed *)c;
}

static icalcomponent *component_of(struct feed *f)
{
    return (icalcomponent *)f;
}

static struct icaltimetype utc(int64_t t)
{
    return icaltime_from_timet_with_zone((time_t)t, 0, icaltimezone_get_utc_timezone());
}

static void text_add(icalcomponent *event, icalproperty_kind kind, const char *text)
{
    if (!text || !*text)
        return;
    icalproperty *p = icalproperty_new(kind);
    icalproperty_set_value(p, icalvalue_new_text(text));
    icalcomponent_add_property(event, p);
}

static void extension_add(icalcomponent *c, const char *name, const char *value)
{
    icalproperty *p = icalproperty_new_x(value);
    icalproperty_set_x_name(p, name);
    icalcomponent_add_property(c, p);
}

struct feed *feed_new(const char *name)
{
    icalcomponent *c = icalcomponent_new(ICAL_VCALENDAR_COMPONENT);
    icalcomponent_add_property(c, icalproperty_new_version("2.0"));
    icalcomponent_add_property(c, icalproperty_new_prodid("-//Linli//Activities//ZH"));
    extension_add(c, "X-WR-CALNAME", name);
    extension_add(c, "X-PUBLISHED-TTL", "PT1H");
    return feed_from(c);
}

void feed_add(struct feed *f, const struct feed_event *e)
{
    icalcomponent *c = icalcomponent_new_vevent();
    icalcomponent_add_property(c, icalproperty_new_uid(e->uid));
    icalcomponent_add_property(c, icalproperty_new_dtstamp(utc(e->stamp)));
    if (e->modified)
        icalcomponent_add_property(c, icalproperty_new_lastmodified(utc(e->stamp)));
    icalcomponent_add_property(c, icalproperty_new_sequence((int)(e->version - 1)));
    icalcomponent_add_property(c, icalproperty_new_dtstart(utc(e->starts)));
    icalcomponent_add_property(c, icalproperty_new_dtend(utc(e->ends)));
    icalcomponent_add_property(
        c, icalproperty_new_status(e->cancelled ? ICAL_STATUS_CANCELLED : ICAL_STATUS_CONFIRMED));
    text_add(c, ICAL_SUMMARY_PROPERTY, e->title);
    text_add(c, ICAL_LOCATION_PROPERTY, e->place);
    text_add(c, ICAL_DESCRIPTION_PROPERTY, e->text);
    if (e->url)
        icalcomponent_add_property(c, icalproperty_new_url(e->url));
    if (!isnan(e->lat) && !isnan(e->lon))
        icalcomponent_add_property(c, icalproperty_new_geo((struct icalgeotype){e->lat, e->lon}));
    icalcomponent_add_component(component_of(f), c);
}

const char *feed_order(struct arena *a, const char *starts, const char *ends, int64_t now)
{
    return arena_print(a,
                       "CASE WHEN %s >= %lld THEN 0 ELSE 1 END, CASE WHEN %s >= %lld THEN %s ELSE "
                       "-%s END, %s",
                       ends, (long long)now, ends, (long long)now, starts, starts, starts);
}

void feed_cut(struct ctx *ctx, struct feed *f, const char *uid, int64_t future, int64_t past,
              int64_t last, const char *url)
{
    int64_t later = future > FEED_MOST ? future - FEED_MOST : 0,
            earlier = future + past - later > FEED_MOST ? future + past - later - FEED_MOST : 0;
    if (later + earlier == 0)
        return;
    extension_add(component_of(f), "X-WR-CALDESC",
                  say(ctx,
                      "This calendar holds {} events; {} later and {} earlier ones are not in it.",
                      FEED_MOST, later, earlier));
    if (later > 0)
        feed_add(f, &(struct feed_event){
                        .uid = uid,
                        .title = say_n(ctx, later, "1 later event is not in this calendar",
                                       "{} later events are not in this calendar", later),
                        .url = url,
                        .version = 1,
                        .stamp = ctx->now,
                        .starts = last,
                        .ends = last + WHEN_HOUR,
                        .lat = NAN,
                        .lon = NAN,
                    });
}

void feed_answer(struct ctx *ctx, struct feed *f, const char *filename, const char *caching)
{
    char *text = icalcomponent_as_ical_string_r(component_of(f));
    buf_puts(ctx->web->out, text);
    icalmemory_free_buffer(text);
    icalcomponent_free(component_of(f));
    answer_download(ctx, filename, "text/calendar; charset=utf-8");
    answer_header(ctx, "Cache-Control", caching);
}

/* ---- addresses that are a secret ---- */

#define SECRET_LENGTH 32 /* hexadecimal digits */

const char *feed_path(struct ctx *ctx, const char *before, const char *purpose, int64_t id,
                      const char *token)
{
    const char *number = arena_print(ctx->arena, "%lld", (long long)id);
    return token ? arena_print(ctx->arena, "%s%s-%.*s", before, number, SECRET_LENGTH,
                               seal_hash(ctx->keys, ctx->arena, purpose,
                                         arena_print(ctx->arena, "%s %s", number, token)))
                 : NULL;
}

int64_t feed_id(const char *name)
{
    return name && strlen(name) < FEED_NAME_MOST ? strtoll(name, NULL, 10) : NONE;
}

bool feed_fits(struct ctx *ctx, const char *path, const char *before, const char *name)
{
    const char *asked = arena_print(ctx->arena, "%s%s", before, name);
    return path && strlen(path) == strlen(asked) && sodium_memcmp(path, asked, strlen(path)) == 0;
}
