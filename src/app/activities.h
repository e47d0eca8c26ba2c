/*
 * Activities: something that happens at a place and time, with shifts,
 * sign-up and a waiting list, attendance, and residents served.
 *
 * Repetition is RFC 5545 RRULE text, unfolded into single activities of one
 * series ahead of time. Person-times (人次) are counted at the counter or
 * written down afterwards, never computed from sign-ups.
 */
#ifndef LINLI_APP_ACTIVITIES_H
#define LINLI_APP_ACTIVITIES_H

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
    const char *status;           /* planned, open, cancelled, held */
    int64_t places;               /* for residents; NONE: no limit */
    int64_t sign_up_until;        /* NONE: until it starts */
    const char *skills;           /* tags: what volunteers of it should know */
    const char *template;         /* name under which it serves as a template; NULL */
    const char *series, *repeats; /* series: shared by the repetitions; repeats: RRULE on the first */
    int64_t person_times;         /* residents served */
    const char *person_times_how; /* counted, written */
    const char *cancelled_why;
    int64_t reminded_at;
    const char *door_secret; /* keys the check-in codes shown at the door */
    int64_t month;           /* yyyymm of starts */
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
    int64_t told_at;
};

struct attendance {
    struct record record;
    const char *code; /* of the check-in's mark */
    int64_t activity, shift, offer, volunteer;
    int64_t came, went; /* went NONE: still there, or nobody noted it */
    const char *how;    /* qr, scanner, code, leader, visit */
    int64_t recorder;
    const char *recorder_name; /* 谁记录谁证明: who recorded it certifies it */
    const char *status;        /* good, void */
    int64_t fixed;             /* put right by hand: marks no longer change it */
    const char *note;
};

extern const struct kind activities_kind, shifts_kind, sign_ups_kind, attendances_kind;
extern const struct choice activity_kinds[], activity_statuses[];

/* Behind the door: a new activity (number, month, community, door secret) with its repetitions. */
enum status activity_file(struct ctx *ctx, struct activity *a);
/* Behind the door: cancels it, or it and all later ones of its series, with a reason; sign-ups are to be told. */
enum status activity_cancel(struct ctx *ctx, const struct activity *a, bool series, const char *why);
/* Behind the door: it took place. */
enum status activity_held(struct ctx *ctx, const struct activity *a);
/* Next instants of an RRULE after its first, at most `most`; INVALID with a problem for field "repeats". */
enum status repeats_list(struct ctx *ctx, const char *rule, int64_t first, int64_t *starts, int most, int *count);

/* Behind the door: signs up a resident (volunteer NONE) or a volunteer for a shift: signed, or waiting when it is full. */
enum status sign_up_file(struct ctx *ctx, struct sign_up *s);
/* Behind the door: gives the place back; the first who waits moves up and is to be told. */
enum status sign_up_cancel(struct ctx *ctx, const struct sign_up *s);

/*
 * One check-in or check-out, as a device sends it: in any order, any number of times.
 * Kept as it came; attendances are paired anew from all marks of the volunteer there.
 */
struct mark {
    const char *code;                          /* the device's own key: the same key is the same mark */
    int64_t activity, shift, offer, volunteer; /* activity or offer */
    bool out;
    int64_t at;    /* by the device's clock; NONE: now */
    int64_t ahead; /* seconds that clock is ahead of ours, measured when it was last in touch; NONE: not known */
    const char *how;
    bool clock_wrong; /* known from elsewhere: at stands for it */
};
enum mark_result {
    MARK_DONE,
    MARK_AGAIN,   /* this code was here before: nothing changed */
    MARK_ALREADY, /* kept, but the volunteer was in (or out) already */
    MARK_NOT_IN,  /* kept: a check-out without a check-in before it; the leader should look */
    MARK_CLOCK,   /* kept and counted, with the time of arrival: the device's clock can't be right */
};
/* Behind the door. OK with *result, or a problem: cancelled, over for more than 14 days, a volunteer that has left. */
enum status attendance_mark(struct ctx *ctx, const struct mark *m, enum mark_result *result);
#define MARK_DAYS 14
/* Behind the door: times put right by somebody, with a reason; the day's hours follow. */
enum status attendance_correct(struct ctx *ctx, const struct attendance *before, int64_t came, int64_t went, bool is_void, const char *why);
/* Behind the door: an attendance that nobody noted at the door, for t's activity and volunteer, with a reason. */
enum status attendance_add(struct ctx *ctx, struct attendance *t, int64_t came, int64_t went, const char *why);

/* Behind the door: n residents served, once for each key. */
enum status count_add(struct ctx *ctx, const struct activity *a, const char *key, int64_t n, int64_t at);

/* The check-in code shown at an activity's door for this minute (6 digits), and whether one is good (now, or up to 10
 * minutes old; offline devices send the minute they saw it in). Keyed by the activity's secret. */
const char *door_code(struct ctx *ctx, const struct activity *a, int64_t at);
bool door_code_fits(struct ctx *ctx, const struct activity *a, const char *code, int64_t at);
bool door_code_is(struct ctx *ctx, const struct activity *a, const char *code, int64_t at); /* the one of that very minute */

#endif
