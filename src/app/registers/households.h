/*
 * Households: people who live together, or are registered together, at one
 * address. Who belongs to one is a list of periods: each row of
 * household_members says what a person was to the household, and in which
 * state, from one day to another. A change ends a period and begins the next,
 * so the household of any day can be told, and each change can be taken back.
 *
 * What is derived from the members (head, number, standing) is stored with the
 * household by household_settle. A household counts as one while somebody
 * belongs to it: its standing is "lived", "away" or "headless".
 *
 *     struct member_change to = {.state = "moved", .from = "2026-11-30",
 *                                .why = "去广州带孙子", .head = wife};
 *     member_change(ctx, member, &to);
 */
#ifndef LINLI_APP_HOUSEHOLDS_H
#define LINLI_APP_HOUSEHOLDS_H

#include "kind/kind.h"

struct household {
    struct record record;
    const char *code;
    int64_t area, community;                 /* area: the estate or building; community: derived */
    const char *building, *stairwell, *room; /* "3栋", "2单元", "501" */
    const char *address;                     /* where there are no such numbers */
    const char *place, *position;            /* derived: in one line; for the order of a list */
    int64_t head, members;                   /* derived: who is head today; how many belong to it */
    const char *standing;                    /* derived: lived, away, headless, empty, ended */
    const char *since;                       /* lives at this address since */
    const char *note, *ended;                /* ended: the last day of a household that ended */
};

struct household_member {
    struct record record;
    const char *code;
    int64_t household, person;
    const char *relation; /* to the head: head, spouse, child, … */
    const char *state;    /* here, away, elsewhere, moved, died, twice */
    const char *valid_from, *valid_to;
    const char *why;
    /* only in sheets: a row of a roster names the person and the address */
    const char *name, *gender, *born, *phone, *id_type, *id_number;
    int64_t area;
    const char *building, *stairwell, *room, *address;
};

struct household_place {
    struct record record;
    const char *code;
    int64_t household, area;
    const char *place, *valid_from, *valid_to;
};

extern const struct kind households_kind, household_members_kind, household_places_kind;

#define HOUSEHOLD_ROLES (ROLE_WORKER | ROLE_OFFICE | ROLE_ADMIN)

/* SQL on a row of household_members: the person belongs to the household today (two {}: today as
 * a date), living there or registered there. */
#define MEMBER_NOW \
    "(valid_from IS NULL OR valid_from <= {}) AND (valid_to IS NULL OR valid_to >= {}) AND state " \
    "IN ('here', 'away', 'elsewhere')"
bool member_belongs(const char *state);    /* here, away or elsewhere */
bool member_lives_here(const char *state); /* here or elsewhere */

/* All on the writer thread; problems are at the fields' names. */

/* Derives what a household shows of its members. */
enum status household_settle(struct ctx *ctx, int64_t household);

/* A person's own address becomes that of the household in which they live. */
enum status person_follow(struct ctx *ctx, int64_t person, int64_t household);

/* Adds a person to a household. from_there: they leave the household that they live in now on the
 * day before, as moved. */
enum status member_join(struct ctx *ctx, struct household_member *m, bool from_there);

struct member_change {
    const char *state, *relation; /* NULL: stays */
    const char *from;             /* the first day of it */
    const char *why;              /* NULL */
    int64_t head; /* the person who is head from that day on, if this one was; NONE: nobody yet */
};
enum status member_change(struct ctx *ctx, const struct household_member *m,
                          const struct member_change *to);
/* Takes back the last change of this member: the period before continues. So does that of the
 * head who took over with it. */
enum status member_undo(struct ctx *ctx, const struct household_member *m);
/* Whether there is a period that member_undo would continue. */
const struct household_member *member_before(struct ctx *ctx, const struct household_member *m);

/* Moves a household with those who live there; after: with the new address, from that day. */
enum status household_move(struct ctx *ctx, const struct household *before, struct household *after,
                           const char *from);

/* How many households to which somebody belongs lie in the area with this path, or below it. */
int64_t households_in(struct ctx *ctx, const char *path);

/* Draws the households that a person belongs or belonged to: for the person's page. */
void person_households_draw(struct ctx *ctx, int64_t person);

#endif
