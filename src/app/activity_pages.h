/*
 * Within the pages of activities: what calendar.c, feeds.c, activity_page.c,
 * activity_form.c, activity_desk.c, activity_photos.c, door.c and check_in.c
 * share. The rules are in activities.h.
 */
#ifndef LINLI_APP_ACTIVITY_PAGES_H
#define LINLI_APP_ACTIVITY_PAGES_H

#include "app/activities.h"

#define ACTIVITY_HOSTS (ROLE_TEAM_LEADER | ROLE_WORKER | ROLE_OFFICE)

/* Those that anybody may see: announced, cancelled, held. For public pages and feeds. */
extern const struct kind open_activities_kind;

/* ---- calendar.c ---- */
const char *weekday_name(struct ctx *ctx, int weekday); /* 1 Monday … 7 Sunday: 周六, Saturday */
const char *clock_show(struct ctx *ctx, int64_t t);     /* 09:00 */
const char *day_title(struct ctx *ctx, int64_t day);    /* 11月28日 周六, Saturday 28 November; with the year when it is another */
const char *activity_when(struct ctx *ctx, int64_t starts, int64_t ends); /* day and hours, over midnight too */
const char *activity_title(struct ctx *ctx, const struct activity *a);    /* in the reader's language */
/* The next announced activities of a station, team or community ("station", "organisation", "community"); how many. */
int activities_next(struct ctx *ctx, const char *column, int64_t id, int most);

/* ---- repeats.c: repetition in words ---- */
void repeats_field(struct ctx *ctx);
/* The RRULE that was chosen in the form, NULL for none; problems of "every", "until" or "times". */
const char *repeats_chosen(struct ctx *ctx, int64_t starts);
const char *repeats_words(struct ctx *ctx, const char *rule); /* "every two weeks on Saturday, 10 times" */

/* ---- feeds.c ---- */
struct volunteer;
/* The secret address of a volunteer's own calendar; NULL: none was made. */
const char *volunteer_feed_path(struct ctx *ctx, const struct volunteer *v);

/* ---- activity_photos.c ---- */
void activity_photos_draw(struct ctx *ctx, const struct activity *a, bool staff);

/* ---- activity_notices.c ---- */
enum tell { TELL_CANCELLED, TELL_REMIND, TELL_CHANGED, TELL_MOVED_UP };
/* Behind the door: queues a notice for each person who signed up (TELL_MOVED_UP: only for sign_up). */
void activity_tell(struct ctx *ctx, const struct activity *a, enum tell what, int64_t sign_up);

/* ---- check_in.c ---- */
/* The volunteer whose number, card code, card address or name was typed or scanned; NULL with *why in words. */
struct volunteer *volunteer_typed(struct ctx *ctx, const char *typed, const char **how, const char **why);
const char *volunteer_name(struct ctx *ctx, int64_t volunteer);
/* What became of a mark, in words. */
const char *mark_said(struct ctx *ctx, const struct mark *m, enum mark_result result);
bool mark_key_valid(const char *key);
/* Tells the service worker how long it may keep this page: until the activity is over and the last have gone. */
void keep_offline(struct ctx *ctx, const struct activity *a);
/* A scanner says only who: out for whoever is in, in for whoever is not; read twice within a minute it is one reading. */
bool scan_means_out(struct ctx *ctx, int64_t activity, int64_t volunteer, int64_t at);

#endif
