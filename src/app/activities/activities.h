/*
 * Activities: something that happens at a place and time, with shifts, sign-up
 * and a waiting list, attendance, and residents served.
 *
 * A repetition is RFC 5545 RRULE text; it is expanded ahead of time into the
 * single activities of a series. Attendances (人次) are counted on site or
 * written down afterwards, never computed from sign-ups.
 */
#ifndef LINLI_APP_ACTIVITIES_H
#define LINLI_APP_ACTIVITIES_H

#include "core/feed.h"
#include "core/workflow.h"
#include "kind/kind.h"

struct activity {
    struct record record;
    const char *number; /* A20261124-0012 */
    const char *title, *title_en, *kind;
    int64_t organisation, station, area, community;
    const char *place, *place_en;
    double lat, lon;
    int64_t starts, ends;
    const char *text, *text_en;
    const char *status;    /* planned, open, cancelled, held */
    int64_t places;        /* for residents; NONE: no limit */
    int64_t sign_up_until; /* NONE: until it starts */
    const char *skills;    /* tags: the skills that its volunteers need */
    const char *template;  /* its name as a template; NULL: not a template */
    const char *series,
        *repeats;         /* series: shared by the repetitions; repeats: RRULE on the first */
    int64_t person_times; /* residents served */
    const char *person_times_how; /* counted, written */
    const char *cancelled_why;
    int64_t reminded_at;
    const char *questions;       /* asked at sign-up (core/questions.h); NULL: none */
    const char *entrance_secret; /* keys the check-in codes shown at the entrance */
    int64_t month;               /* yyyymm of starts */
};

struct shift {
    struct record record;
    const char *code;
    int64_t activity;
    const char *name;
    int64_t starts, ends, places;
    const char *skills;
};

struct sign_up {
    struct record record;
    const char *code;
    int64_t activity, shift, volunteer;
    const char *name, *phone;
    const char *status; /* signed, waiting, cancelled */
    const char *note;
    const char *answers; /* to the activity's questions; NULL */
    int64_t told_at;
};

struct attendance {
    struct record record;
    const char *code; /* of the check-in's mark */
    int64_t activity, shift, offer, volunteer;
    int64_t came, went; /* went NONE: still there, or not recorded */
    const char *how;    /* qr, scanner, code, leader, visit */
    int64_t recorder;
    const char *recorder_name; /* 谁记录谁证明: who recorded it certifies it */
    const char *status;        /* good, void */
    int64_t fixed;             /* corrected by hand: marks no longer change it */
    const char *note;
};

extern const struct kind activities_kind, shifts_kind, sign_ups_kind, attendances_kind;
extern const struct choice activity_kinds[];

/* On the writer thread: stores a new activity (number, month, community, entrance secret) with
 * its repetitions. */
enum status activity_file(struct ctx *ctx, struct activity *a);
/* What its steps ask (core/workflow.h). */
struct activity_input {
    struct record record;
    const char *why;      /* of a cancellation; shown to those who signed up */
    int64_t later;        /* 1: all later ones of its series as well */
    int64_t person_times; /* of a held one; NONE: as counted */
};
extern const struct workflow activity_workflow, sign_up_workflow;
/* On the writer thread: takes the step; see activity_steps.c. */
enum status activity_take(struct ctx *ctx, const char *action, const struct activity *before,
                          const struct activity_input *input);
/* On the writer thread: cancels it, or it and all later ones of its series, with a reason;
 * those who signed up are notified. */
enum status activity_cancel(struct ctx *ctx, const struct activity *a, bool series,
                            const char *why);
/* On the writer thread: marks it as held. person_times: written down afterwards; NONE: as
 * counted. */
enum status activity_held(struct ctx *ctx, const struct activity *a, int64_t person_times);
/* The times that follow the first one by an RRULE, at most `most`; INVALID with a problem for
 * the field "repeats". */
enum status repeats_list(struct ctx *ctx, const char *rule, int64_t first, int64_t *starts,
                         int most, int *count);

/* On the writer thread: signs up a resident (volunteer NONE), or a volunteer for a shift. The
 * result is signed, or waiting if it is full. */
enum status sign_up_file(struct ctx *ctx, struct sign_up *s);
/* On the writer thread: cancels the place; the first on the waiting list moves up and is
 * notified. */
enum status sign_up_cancel(struct ctx *ctx, const struct sign_up *s);

/*
 * One check-in or check-out as a device sends it, in any order and any number of times. It is
 * stored as it came; attendances are paired anew from all marks of the volunteer at the
 * activity.
 */
struct mark {
    const char *code; /* the device's own key: the same key is the same mark */
    int64_t activity, shift, offer, volunteer; /* activity or offer */
    bool out;
    int64_t at;    /* by the device's clock; NONE: now */
    int64_t ahead; /* seconds by which that clock is ahead of ours, measured at the last contact;
                      NONE: unknown */
    const char *how;
    bool clock_wrong; /* the time is known from elsewhere and replaces at */
};
enum mark_result {
    MARK_DONE,
    MARK_AGAIN,   /* this code has been received before: nothing changed */
    MARK_ALREADY, /* stored, but the volunteer was already in (or out) */
    MARK_NOT_IN,  /* stored: a check-out without a check-in before it; the leader should look at it
                   */
    MARK_CLOCK,   /* stored and counted with the time of arrival, because the device's clock must be
                     wrong */
};
/* On the writer thread. Returns OK with result, or a problem: cancelled, over for more than 14
 * days, the volunteer has left. */
enum status attendance_mark(struct ctx *ctx, const struct mark *m, enum mark_result *result);
#define MARK_DAYS 14
/* On the writer thread: corrects the times, with a reason; the day's hours are recomputed. */
enum status attendance_correct(struct ctx *ctx, const struct attendance *before, int64_t came,
                               int64_t went, bool is_void, const char *why);
/* On the writer thread: adds an attendance that was not recorded on site, for t's activity and
 * volunteer, with a reason. */
enum status attendance_add(struct ctx *ctx, struct attendance *t, int64_t came, int64_t went,
                           const char *why);

/* On the writer thread: n residents served, once for each key. */
enum status count_add(struct ctx *ctx, const struct activity *a, const char *key, int64_t n,
                      int64_t at);

/* The check-in code shown at an activity's entrance in this minute (6 digits), and whether a
 * code is valid: now, or up to 10 minutes old. Offline devices send the minute in which they
 * saw it. Keyed with the activity's secret. */
const char *entrance_code(struct ctx *ctx, const struct activity *a, int64_t at);
bool entrance_code_fits(struct ctx *ctx, const struct activity *a, const char *code, int64_t at);
bool entrance_code_is(struct ctx *ctx, const struct activity *a, const char *code,
                      int64_t at); /* the code of exactly that minute */

/* Draws what the volunteer who reads has on now and the way to check in and out: at this
 * activity, or at any (NONE). Returns whether there is something. */
bool activity_now_draw(struct ctx *ctx, int64_t activity);

/* In the reader's language. */
const char *activity_title(struct ctx *ctx, const struct activity *a);
/* The activity as an event of a calendar feed. */
struct feed_event activity_event(struct ctx *ctx, const struct activity *a);

/* Its modules, for program/modules.c. */
#define ACTIVITIES_MODULES(M) \
    M(stations_module) \
    M(activities_module) \
    M(activity_desk_module) \
    M(activity_form_module) \
    M(activity_notices_module) \
    M(activity_page_module) \
    M(activity_photos_module) \
    M(activity_questions_module) \
    M(activities_calendar_module) \
    M(check_in_module) \
    M(sign_up_merge_module) \
    M(entrance_module) \
    M(feeds_module) \
    M(open_shifts_module) \
    M(service_day_module)

#endif
