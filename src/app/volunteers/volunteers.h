/*
 * Volunteers: who offers what, when and where, and their days of service.
 *
 * Hours (domain rules): computed from attendances, without travel, never twice
 * for overlapping times. Up to 8 hours a day count immediately; more waits for
 * approval, above 12 by the office. Corrections need a reason. Stars at 100,
 * 300, 600, 1,000 and 1,500 hours. People are never ranked.
 */
#ifndef LINLI_APP_VOLUNTEERS_H
#define LINLI_APP_VOLUNTEERS_H

#include "core/due.h"
#include "core/workflow.h"

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
    const char *gender_preference; /* only serves: female, male; NULL: anyone */
    double lat, lon;               /* home or usual place, WGS-84, for distance */
    const char *code_hash;         /* keyed hash of the card's code */
    const char *joined, *left_on, *left_why;
    int64_t seconds;     /* counted so far; kept by hours_compute */
    const char *feed;    /* makes the URL of their calendar secret; NULL: none */
    int64_t merged_into; /* the survivor (app/registers/merge.h); NONE: not merged */
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

extern const struct kind volunteers_kind, hours_kind;
extern const struct choice volunteer_languages[], day_parts[];

#define HOURS_FREE   (8 * 3600)  /* seconds a day that count without approval */
#define HOURS_OFFICE (12 * 3600) /* above them the office decides */

/* On the writer thread: a volunteer for this person (one each). Makes number and card code.
 * code: receives the code, which is shown once; may be NULL. */
enum status volunteer_file(struct ctx *ctx, struct volunteer *v, const char **code);
/* On the writer thread: issues a new card code; the old one becomes invalid. */
enum status volunteer_card(struct ctx *ctx, const struct volunteer *before, const char **code);
/* What the steps ask for. offers is given by the program only. */
struct volunteer_input {
    struct record record;
    const char *why;                /* refuse, leave; NULL */
    const struct volunteer *offers; /* join, apply; NULL: unchanged */
};
extern const struct workflow volunteer_workflow;
extern const struct due_source volunteer_due[]; /* volunteer_due.c; ended by a NULL id */
/* On the writer thread: takes a step of volunteer_workflow by name. input may be NULL. */
enum status volunteer_take(struct ctx *ctx, const char *action, const struct volunteer *before,
                           const struct volunteer_input *input);
/* On the writer thread: a message to the volunteer about no request or activity, by email or on
 * the list of people to call; once for each version of the record. what: "taken-on", "refused". */
void volunteer_tell(struct ctx *ctx, const struct volunteer *v, const char *what);
/* The active volunteer whose card has this code, or into whom theirs was merged; NULL. */
struct volunteer *volunteer_by_code(struct ctx *ctx, const char *typed);

/* On the writer thread: computes a volunteer's day from the attendances that touch it, logs a
 * change, and updates the volunteer's sum. day: as in base/when.h. */
enum status hours_compute(struct ctx *ctx, int64_t volunteer, int64_t day);
/* On the writer thread: a volunteer's hours so far, from their days. */
void hours_sum(struct ctx *ctx, int64_t volunteer);
/* On the writer thread: seconds replaces the computed value; why is required. Approves or
 * refuses what is on hold. Pages approve what was attended, after correcting the times
 * (app/activities/service_day.c), so that the times prove the sum. */
enum status hours_decide(struct ctx *ctx, const struct hours *before, int64_t seconds,
                         const char *why);
/* On the writer thread: the volunteer reports a missing day. It is decided like a disputed one. */
enum status hours_missing(struct ctx *ctx, int64_t volunteer, int64_t day, const char *text);
/* On the writer thread: the volunteer disputes a day. */
enum status hours_dispute(struct ctx *ctx, const struct hours *before, const char *text);

/* 0 to 5 stars for this many seconds. */
int stars_of(int64_t seconds);

/* ---- the card (card.c, join.c) ---- */
/* On the writer thread: stores the card with this code in the browser that sent the request. */
void card_keep(struct ctx *ctx, int64_t volunteer, const char *code);
/* On the writer thread: redirects to the page that shows the card with its code, for 15 minutes
 * and to this login only. page: its URL without a query; it calls card_shown. */
void card_send(struct ctx *ctx, int64_t volunteer, const char *code, const char *page);
/* Draws the printable card. */
void card_draw(struct ctx *ctx, const struct volunteer *v, const char *code);
/* The code to show, from the query, for this volunteer and login; NULL: expired. */
const char *card_shown(struct ctx *ctx, int64_t volunteer);

/* ---- what a volunteer offers (volunteer_form.c) ---- */
/* Draws skills, times, languages, communities, limits. v: the values to begin with; NULL. */
void volunteer_offers(struct ctx *ctx, const struct volunteer *v);
/* Reads and checks what was sent, field by field. */
void volunteer_offers_read(struct ctx *ctx, struct volunteer *v);

/* ---- what pages show (volunteer_parts.c) ---- */
const char *volunteer_state(struct ctx *ctx, const struct volunteer *v); /* its word for people */
const char *volunteer_tone(const char *status); /* the class that colours it */
/* Draws what a volunteer offers, as rows of <dl class="facts">. */
void volunteer_facts(struct ctx *ctx, const struct volunteer *v);
/* Draws the timeline as the volunteer sees it: visible events, without who did it. */
void volunteer_timeline(struct ctx *ctx, int64_t volunteer);
void stars_draw(struct ctx *ctx, int64_t seconds); /* with words, and what the next star needs */
/* What counts of a day, and why it differs from the attendance. */
void hours_state(struct ctx *ctx, const struct hours *h);
/* Draws the telephone as a row of <dl class="facts">, masked until it is asked for; here: the page
 * to return to. */
struct person;
void volunteer_phone_draw(struct ctx *ctx, const struct volunteer *v, const struct person *p,
                          const char *here);
/* The only team that the actor leads; NONE: none, or several. */
int64_t team_own(const struct ctx *ctx);
/* The attendances of that day: what, from when to when, certified by whom. */
void hours_attended(struct ctx *ctx, const struct hours *h);
/* Answers with a spreadsheet of one volunteer's days of service. */
void hours_sheet(struct ctx *ctx, const struct volunteer *v, bool xlsx);

/* Its modules, for program/modules.c. */
#define VOLUNTEERS_MODULES(M) \
    M(card_module) \
    M(join_module) \
    M(teams_module) \
    M(volunteers_module) \
    M(volunteer_merge_module) \
    M(skills_module) \
    M(volunteer_pages_module) \
    M(hours_pages_module) \
    M(leaders_module) \
    M(volunteer_systems_module) \
    M(volunteer_notices_module)

#include "app/volunteers/skills.h"

/* How to notify a volunteer: "mail" with a login, an address and a mail server, otherwise
 * "hand"; and in which language. */
const char *notify_volunteer_channel(struct ctx *ctx, int64_t volunteer, const char **language);

#endif
