/*
 * Shared by the files of this folder: the calendar (activities_calendar.c), an
 * activity's pages (activity_page.c, activity_desk.c, activity_form.c,
 * activity_photos.c), on-site check-in (entrance.c, check_in.c) and feeds.c.
 * The rules are in activities.h.
 */
#ifndef LINLI_APP_ACTIVITY_PAGES_H
#define LINLI_APP_ACTIVITY_PAGES_H

#include "app/activities/activities.h"

#define ACTIVITY_HOSTS (ROLE_TEAM_LEADER | ROLE_WORKER | ROLE_OFFICE)

/* Activities that everyone may see: published, cancelled, held. For public pages and feeds. */
extern const struct kind open_activities_kind;

/* ---- activities_calendar.c ---- */
/* 1 Monday … 7 Sunday: 周六, Saturday */
const char *weekday_name(struct ctx *ctx, int weekday);
/* 11月28日 周六, Saturday 28 November; with the year if it is not the current one. */
const char *day_words(struct ctx *ctx, int64_t day);
const char *clock_show(struct ctx *ctx, int64_t t); /* 09:00 */
const char *activity_when(struct ctx *ctx, int64_t starts,
                          int64_t ends); /* day and hours, also past midnight */
/* Draws the next published activities of a service point, team or community ("station",
 * "organisation", "community"); returns their number. */
int activities_next(struct ctx *ctx, const char *column, int64_t id, int most);

/* ---- open_shifts.c ---- */
/* The volunteers that activities still need for their shifts, sorted by activity. */
struct hands {
    struct hand {
        int64_t activity, missing;
    } * list;
    int count;
};
struct hands *hands_load(struct ctx *ctx);
int64_t hands_missing(const struct hands *all, int64_t activity); /* 0: none */
const char *hands_words(struct ctx *ctx, int64_t missing);        /* "3 more volunteers needed" */

/* Who helps may check in from then on, before it starts. Seconds. */
#define NOW_EARLY (WHEN_HOUR / 2)

/* ---- own_places.c ---- */
/* "You’re signed up", "You’re on the waiting list". status: of a sign-up. */
const char *own_place_words(struct ctx *ctx, const char *status);
/* Keeps in this browser that it has this place. */
void own_place_keep(struct ctx *ctx, int64_t sign_up);
/* The places that this browser keeps and those of the volunteer who reads, in what isn't over;
 * own_place_draw says so if one of them is at this activity. */
struct own_places {
    struct own_place {
        int64_t activity;
        const char *status; /* signed, waiting */
    } * list;
    int count;
};
const struct own_places *own_places_load(struct ctx *ctx);
void own_place_draw(struct ctx *ctx, const struct own_places *all, int64_t activity);

/* ---- repeats.c: repetition in words ---- */
void repeats_field(struct ctx *ctx);
/* The RRULE chosen in the form, NULL: none; problems at "every", "until" or "times". */
const char *repeats_chosen(struct ctx *ctx, int64_t starts);
const char *repeats_words(struct ctx *ctx,
                          const char *rule); /* "every two weeks on Saturday, 10 times" */

/* ---- attendance.c ---- */
/* Reaction to a volunteer who leaves: frees the places in future activities. */
enum status sign_ups_give_back(struct ctx *ctx, const void *before, const void *after);

/* On the writer thread: what follows when this place was given back. */
enum status sign_up_freed(struct ctx *ctx, const struct sign_up *was);

/* ---- waiting.c ---- */
/* The end of sign-up for the activity, or for a shift of it (NULL: for residents). */
int64_t sign_up_ends(const struct activity *a, const struct shift *s);
/* Places taken in a shift, or by residents (shift NONE). */
int64_t places_taken(struct ctx *ctx, int64_t activity, int64_t shift);
/* A volunteer can't be in two places: the title of the other activity; NULL: none. */
const char *double_booked(struct ctx *ctx, int64_t volunteer, const struct shift *shift);
/* Why the shift can't have these hours: someone in it has another place at that time. NULL: no
 * conflict. */
const char *shift_clash(struct ctx *ctx, const struct shift *s);
/* On the writer thread: the first on the waiting list who can come move up into free places and
 * are notified; of a shift, of residents (shift NONE), or of the whole activity. */
enum status waiting_advance(struct ctx *ctx, int64_t activity, int64_t shift);
/* On the writer thread: this place is free now, and so is its volunteer. */
enum status place_freed(struct ctx *ctx, const struct sign_up *s);
/* On the writer thread, as struct kind's settle: people move up and are notified of changes. */
enum status activity_settle(struct ctx *ctx, const void *before, const void *after);
enum status shift_settle(struct ctx *ctx, const void *before, const void *after);
enum status sign_up_settle(struct ctx *ctx, const void *before, const void *after);

/* ---- activity_questions.c ---- */
struct questions;
/* The answers of a sign-up in one line, each after its question; "" if there are none. */
const char *answers_text(struct ctx *ctx, const struct questions *q, const char *answers);
const char *answers_shown(struct ctx *ctx, const void *sign_up); /* .shown of its field */
/* Draws the questions of an activity in a form, and reads what the form sent. shift: for one of
 * several forms of the page; NONE. */
void activity_questions_draw(struct ctx *ctx, const struct activity *a, int64_t shift);
const char *activity_questions_read(struct ctx *ctx, const struct activity *a, int64_t shift);
/* In an activity of several days: whether someone who came at that time can't still be there,
 * because an earlier day's check-out was forgotten. */
bool attendance_forgotten(struct ctx *ctx, int64_t activity, int64_t came, int64_t at, bool out);

/* ---- activity_people.c: parts of the organisers' page ---- */
/* Draws the shifts with who signed up and how many are missing. */
void activity_shifts_draw(struct ctx *ctx, const struct activity *a);
/* Draws who came, also without a sign-up, with times, hours and who did not come. */
void activity_came_draw(struct ctx *ctx, const struct activity *a);

/* ---- activity_photos.c ---- */
void activity_photos_draw(struct ctx *ctx, const struct activity *a, bool staff);

/* ---- activity_notices.c ---- */
enum tell { TELL_CANCELLED, TELL_REMIND, TELL_CHANGED, TELL_MOVED_UP };
/* On the writer thread: queues a notification for everyone who signed up (TELL_MOVED_UP: only
 * for sign_up). */
void activity_tell(struct ctx *ctx, const struct activity *a, enum tell what, int64_t sign_up);
/* The same for those of one shift, whose hours changed. */
void shift_tell(struct ctx *ctx, const struct activity *a, int64_t shift);
/* Withdraws what still waits for this sign-up: its place was cancelled. */
void sign_up_untell(struct ctx *ctx, const struct sign_up *s);

/* ---- entrance_people.c ---- */
/* Draws who is expected, here and gone, and the team's other members, each with a button. */
void entrance_people_draw(struct ctx *ctx, const struct activity *a);
/* Draws the candidates for what was typed, each with a button: whom the actor looks after, by
 * part of the name, pinyin, initials, number, telephone or its last four digits. */
void entrance_found_draw(struct ctx *ctx, const struct activity *a, const char *typed);
bool entrance_finds(struct ctx *ctx, const struct activity *a, const char *typed);

/* ---- check_in.c ---- */
/* Finds the volunteer whose number, card code, card URL or name was typed or scanned; NULL with
 * the reason in *why. */
struct volunteer *volunteer_typed(struct ctx *ctx, int64_t activity, const char *typed,
                                  const char **how, const char **why);
const char *volunteer_name(struct ctx *ctx, int64_t volunteer);
/* The result of a mark, in words. */
const char *mark_said(struct ctx *ctx, const struct mark *m, enum mark_result result);
/* Tells the service worker how long to keep this page: until the activity is over and everyone
 * has left. */
void keep_offline(struct ctx *ctx, const struct activity *a);
/* A scanner only says who: it checks out who is present and checks in who is not. Two scans
 * within a minute count as one. */
bool scan_means_out(struct ctx *ctx, int64_t activity, int64_t volunteer, int64_t at);

#endif
