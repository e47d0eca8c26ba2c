/*
 * Offers: a request that needs hands is offered to volunteers.
 *
 * Volunteers are ranked by skill, area, distance, free time, load, language
 * and gender preference; the best are asked in waves, first to accept, in
 * pairs for home visits. An offer that nobody takes widens, and then goes to
 * the leader: none waits unseen. Who was asked and why is kept and shown.
 */
#ifndef LINLI_APP_OFFERS_H
#define LINLI_APP_OFFERS_H

#include "app/requests.h"
#include "app/volunteers.h"

struct offer {
    struct record record;
    const char *code;
    int64_t request;
    const char *skill;             /* code of a skill */
    int64_t people;                /* how many are needed, 1 to 10 */
    const char *gender_preference; /* of who comes: female, male; NULL: anybody */
    const char *gender;            /* of the resident, for volunteers who serve only women or men; NULL: not said */
    const char *language;          /* one of volunteer_languages; NULL: any */
    int64_t starts, ends;          /* when it should be; NONE: to be agreed by who accepts */
    int64_t community;
    double lat, lon;
    const char *note;      /* for volunteers: without names and house numbers */
    const char *status;    /* open, agreed, led, done, cancelled */
    int64_t wave, wave_at; /* the wave of asking, and when it went out */
    int64_t led_at;        /* handed to the leader */
    int64_t done_at;
};

struct offer_ask {
    struct record record;
    const char *code;
    int64_t offer, volunteer, wave, score;
    const char *why;    /* reasons as tags with numbers: "|community|km:0.4|time|load:1|" */
    const char *answer; /* asked, yes, no, late (others were quicker), over */
    int64_t asked_at, answered_at;
};

extern const struct kind offers_kind, offer_asks_kind;

#define OFFER_WAVES     3
#define OFFER_WAIT      (2 * 3600) /* seconds a wave may stay without enough answers */
#define OFFER_WAIT_LAST (4 * 3600) /* the last one, before the leader gets it */

struct match {
    int64_t volunteer;
    int score; /* 0 to 100 */
    const char *why;
};
/* The best volunteers for the offer who were not asked yet, best first; at most most. Any number of volunteers. */
int offer_match(struct ctx *ctx, const struct offer *o, struct match *to, int most);

/* Behind the door: offers a request (skill, people, … in o) and asks the first wave. */
enum status offer_file(struct ctx *ctx, struct offer *o);
/* Behind the door: the next wave, or the leader when there is nobody left. */
enum status offer_widen(struct ctx *ctx, const struct offer *o);
/* Behind the door: asks one volunteer by name: the leader's choice. */
enum status offer_ask(struct ctx *ctx, const struct offer *o, int64_t volunteer);
/* Behind the door: the volunteer of this ask says yes (starts: the time agreed, when the offer has none; NONE) or no. */
enum status offer_answer(struct ctx *ctx, const struct offer_ask *a, bool yes, int64_t starts);
/* Behind the door: a volunteer who accepted can't come after all: the offer opens again and widens. */
enum status offer_withdraw(struct ctx *ctx, const struct offer_ask *a, const char *why);
/* Behind the door, by one who accepted or a leader: the visit took place from came to went. One tap records the
 * service, the hours of all who accepted, and the request's answer. */
enum status offer_done(struct ctx *ctx, const struct offer *o, int64_t came, int64_t went, const char *text);
/* Behind the door: no longer needed, with a reason. */
enum status offer_cancel(struct ctx *ctx, const struct offer *o, const char *why);
/* The skill that requests of this category need, code in ctx's arena; NULL: none. */
/* The first skill of the category or, when it has none, of those above it; NULL. */
const char *skill_for(struct ctx *ctx, int64_t category);
/* Did this volunteer accept an offer of the request that is not done? */
bool offer_accepted(struct ctx *ctx, int64_t request, int64_t volunteer);
/* "400 m away · free on Saturday morning": the reasons of an ask or match in words. */
const char *match_why(struct ctx *ctx, const char *why);

#endif
