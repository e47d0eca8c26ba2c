/*
 * Volunteers: who offers what, when and where, and their days of service.
 *
 * Hours (domain rules): computed from attendance without travel, never twice
 * for overlapping times; up to 8 a day count at once, above that they wait for
 * approval (above 12 for the office's); corrected only with a reason. Stars at
 * 100, 300, 600, 1,000 and 1,500 hours. No ranking of people.
 */
#ifndef LINLI_APP_VOLUNTEERS_H
#define LINLI_APP_VOLUNTEERS_H

#include "kind/kind.h"

struct skill {
    struct record record;
    const char *code, *name, *name_en, *icon;
    int64_t category;   /* requests of this category need it */
    int64_t home_visit; /* done at somebody's home: by a pair */
    int64_t people_needed, position;
};

struct volunteer {
    struct record record;
    const char *number; /* V00001234: for people and certificates */
    int64_t person, user, team, community;
    const char *status;            /* applied, active, paused, left */
    const char *skills;            /* tags: codes of skills */
    const char *languages;         /* tags */
    const char *times;             /* tags: mon-am … sun-ev */
    const char *areas;             /* tags: codes of communities; NULL: everywhere */
    const char *limits;            /* in words: "no stairs" */
    int64_t visits_a_month;        /* at most; NONE: no limit */
    const char *gender_preference; /* serves only: female, male; NULL: anybody */
    double lat, lon;               /* home or usual place, WGS-84, for distance */
    const char *code_hash;         /* keyed hash of the card's code */
    const char *joined, *left_on, *left_why;
    int64_t seconds;  /* counted so far; kept by hours_compute */
    const char *feed; /* makes the address of their calendar secret; NULL: none */
};

struct hours {
    struct record record;
    int64_t volunteer;
    const char *day;
    int64_t month;                   /* yyyymm */
    int64_t attended, counted, held; /* seconds */
    int64_t corrected;               /* seconds that count instead; NONE */
    const char *why;
    int64_t decided_by;
    const char *decided_name;
    int64_t decided_at;
    const char *dispute;
    int64_t disputed_at;
};

extern const struct kind skills_kind, volunteers_kind, hours_kind;
extern const struct choice volunteer_statuses[], volunteer_languages[], day_parts[];

#define HOURS_FREE   (8 * 3600)  /* seconds a day that count without approval */
#define HOURS_OFFICE (12 * 3600) /* above them the office decides */

/* Behind the door: a volunteer for this person (one each); number and card code are made. code: shown once, may be NULL. */
enum status volunteer_file(struct ctx *ctx, struct volunteer *v, const char **code);
/* Behind the door: a new card code; the old one is no longer good. */
enum status volunteer_card(struct ctx *ctx, const struct volunteer *before, const char **code);
/* Behind the door: the card stops, shifts and visits to come are given back, the hours stay. why may be NULL. */
enum status volunteer_leave(struct ctx *ctx, const struct volunteer *before, const char *why);
/* Behind the door: words to the volunteer that belong to no request and no activity, by mail or through the outbox; once
 * for each version of the record. what: "taken-on", "refused". */
void volunteer_tell(struct ctx *ctx, const struct volunteer *v, const char *what);
/* The active volunteer whose card has this code; NULL. */
struct volunteer *volunteer_by_code(struct ctx *ctx, const char *typed);

/* Behind the door: computes the day's hours of a volunteer from the attendances that touch it, journals a change, and
 * renews the volunteer's sum. day: as in base/when.h. */
enum status hours_compute(struct ctx *ctx, int64_t volunteer, int64_t day);
/* Behind the door: seconds count instead of what was computed; why is required. Approves or refuses what is held. */
enum status hours_decide(struct ctx *ctx, const struct hours *before, int64_t seconds, const char *why);
/* Behind the door: the volunteer says that a day is not there at all; it is to be decided like a disputed one. */
enum status hours_missing(struct ctx *ctx, int64_t volunteer, int64_t day, const char *text);
/* Behind the door: the volunteer says that a day is wrong. */
enum status hours_dispute(struct ctx *ctx, const struct hours *before, const char *text);

/* Seconds that several spans cover together, overlapping ones once. spans are sorted here. */
struct span {
    int64_t from, to;
};
int64_t spans_cover(struct span *spans, int count);

/* 0 to 5 stars for this many seconds. */
int stars_of(int64_t seconds);

#endif
