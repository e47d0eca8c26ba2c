/*
 * A calendar feed (RFC 5545), which calendar programs load repeatedly, or a
 * single event as a file.
 *
 *     struct feed *f = feed_new(say(ctx, "Activities"));
 *     feed_add(f, &(struct feed_event){.uid = "A20261124-0012@linli", .title = "…", …});
 *     feed_answer(ctx, f, "activities.ics", "public, max-age=900");
 *
 * feed_answer frees the feed. feed_add copies the texts.
 */
#ifndef LINLI_CORE_FEED_H
#define LINLI_CORE_FEED_H

#include "base/ctx.h"
#include "base/when.h"

struct feed_event {
    const char *uid;                /* never changes while the event exists */
    const char *title;              /* in the reader's language */
    const char *place, *text, *url; /* NULL: left out */
    int64_t version; /* version of its record, from 1: a program replaces older ones */
    int64_t stamp;   /* when the record was last changed */
    bool modified;   /* also writes it as LAST-MODIFIED */
    int64_t starts, ends;
    bool cancelled;  /* still sent, so that calendars remove it */
    double lat, lon; /* WGS-84; NAN: none */
};

struct feed;
struct feed *feed_new(const char *name);
void feed_add(struct feed *f, const struct feed_event *e);

/* A feed holds at most FEED_MOST events: future ones first, then the most recent past ones. */
#define FEED_MOST 500
#define FEED_PAST (60 * WHEN_DAY) /* seconds for which a past cancelled event is still sent */
/* The SQL order for that. starts, ends: columns. */
const char *feed_order(struct arena *a, const char *starts, const char *ends, int64_t now);
/* Adds an event that says what is left out. future and past: the numbers of events, without a
 * limit; last: the start of the last one in the feed; url: shows all of them. uid: of the added
 * event; a calendar made of two lists adds one for each. */
void feed_cut(struct ctx *ctx, struct feed *f, const char *uid, int64_t future, int64_t past,
              int64_t last, const char *url);
/* Sends the feed. caching: the Cache-Control header. */
void feed_answer(struct ctx *ctx, struct feed *f, const char *filename, const char *caching);

/*
 * Calendar programs send no cookie, so the URL of a personal feed is the secret. It contains a
 * keyed hash of a token that is stored with its owner, so a new token makes a new URL.
 */
/* "before/ID-SECRET"; NULL if there is no token. purpose: separates the feeds of different
 * tables. */
const char *feed_path(struct ctx *ctx, const char *before, const char *purpose, int64_t id,
                      const char *token);
int64_t feed_id(const char *name); /* the ID in the last part of a URL; NONE */
/* Returns whether that part matches the path, in constant time. */
bool feed_fits(struct ctx *ctx, const char *path, const char *before, const char *name);
#define FEED_NAME_MOST 80

#endif
