/*
 * Offers: volunteers are invited to help with a request.
 *
 * offer_match ranks volunteers by skill, area, distance, free time, workload,
 * language and gender preference. The best are invited in rounds ("waves"),
 * and the first to accept get the visit; a home visit usually needs two. If
 * too few accept, the next round invites more; after OFFER_WAVES rounds the
 * team leader decides. Each invitation and its reasons are kept and shown.
 */
#ifndef LINLI_APP_OFFERS_H
#define LINLI_APP_OFFERS_H

#include "app/requests/requests.h"
#include "app/volunteers/volunteers.h"

struct offer {
    struct record record;
    const char *code;
    int64_t request;
    const char *skill;             /* code of a skill */
    int64_t people;                /* volunteers needed, 1 to 10 */
    const char *gender_preference; /* of the volunteer: female, male; NULL: any */
    const char
        *gender; /* of the resident, for volunteers who serve only women or men; NULL: unknown */
    const char *language; /* one of volunteer_languages; NULL: any */
    int64_t starts, ends; /* the wanted time; NONE: to be agreed with the volunteer */
    int64_t community;
    double lat, lon;
    const char *note;      /* for volunteers: no names or house numbers */
    const char *status;    /* open, agreed, led, done, cancelled */
    int64_t wave, wave_at; /* the current round, and when it started */
    int64_t led_at;        /* when it was passed to the team leader */
    int64_t done_at;
};

struct offer_ask {
    struct record record;
    const char *code;
    int64_t offer, volunteer, wave, score;
    const char *why;    /* reasons as tags with numbers: "|community|km:0.4|time|load:1|" */
    const char *answer; /* asked, yes, no, late (others were faster), over */
    int64_t asked_at, answered_at;
};

extern const struct kind offers_kind, offer_asks_kind;

#define OFFER_WAVES     3
#define OFFER_WAIT      (2 * 3600) /* seconds to wait for enough answers to a round */
#define OFFER_WAIT_LAST (4 * 3600) /* the same for the last round */

/* When a round of `wait` seconds ends that began at `asked`, and when one began at the latest
 * that is over by `now`: only the hours from 8:00 to 20:00 count. */
int64_t offer_round_ends(int64_t asked, int64_t wait);
int64_t offer_round_began(int64_t now, int64_t wait);

struct match {
    int64_t volunteer;
    int score; /* 0 to 100 */
    const char *why;
};
/* Ranks the volunteers who were not invited yet, the best first; returns up to `most`. Any
 * number of volunteers. */
int offer_match(struct ctx *ctx, const struct offer *o, struct match *to, int most);

/* On the writer thread: opens an offer (skill, people, … in o) and starts the first round. */
enum status offer_file(struct ctx *ctx, struct offer *o);
/* On the writer thread: starts the next round, or passes the offer to the leader if nobody is
 * left. */
enum status offer_widen(struct ctx *ctx, const struct offer *o);
/* On the writer thread: invites one volunteer whom the leader chose. */
enum status offer_ask(struct ctx *ctx, const struct offer *o, int64_t volunteer);
/* On the writer thread: the volunteer accepts (starts: the agreed time if the offer has none;
 * NONE) or declines. */
enum status offer_answer(struct ctx *ctx, const struct offer_ask *a, bool yes, int64_t starts);
/* On the writer thread: a volunteer who accepted can't come. The offer opens again and invites
 * more. */
enum status offer_withdraw(struct ctx *ctx, const struct offer_ask *a, const char *why);
/* On the writer thread, by a volunteer who accepted or a leader: records the visit from came to
 * went, the hours of all who accepted, and the reply to the request. */
enum status offer_done(struct ctx *ctx, const struct offer *o, int64_t came, int64_t went,
                       const char *text);
/* On the writer thread: cancels the offer, with a reason. */
enum status offer_cancel(struct ctx *ctx, const struct offer *o, const char *why);
/* "400 m away · free on Saturday morning": the reasons of an invitation or match in words. */
const char *match_why(struct ctx *ctx, const char *why);

#endif
