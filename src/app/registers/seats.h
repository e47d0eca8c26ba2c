/*
 * Seats in organisations. A seat exists without a holder; a post is the holding
 * of a seat by a person from one day to another; terms are an organisation's
 * periods of office. So the composition of an organisation on any day follows
 * from dated records:
 *
 *     the seats that are valid on that day, and of each the post that covers it
 *
 * A post that is entered with an organisation and a role takes a free seat of
 * that role, or makes one. Seats that the office entered itself (standing) are
 * all there are: when all are held, another holder is refused.
 */
#ifndef LINLI_APP_SEATS_H
#define LINLI_APP_SEATS_H

#include "app/registers/people.h"

struct office_term {
    struct record record;
    const char *code;
    int64_t organisation;
    const char *name, *valid_from, *valid_to;
    int64_t rule_set; /* the one it was made under */
    const char *note;
    int64_t due_at, warn_at; /* the end of its last day; from when it counts as ending; derived */
};
struct seat {
    struct record record;
    const char *code, *name, *name_en; /* name: the organisation's and the title; derived */
    int64_t organisation;
    const char *role; /* of seat_roles */
    const char *title, *title_en;
    int64_t position, term;
    int64_t standing; /* it is filled again when it is vacant */
    const char *valid_from, *valid_to;
    /* Derived, for standing seats: the day from which nobody holds it until further notice, its
     * beginning, and by when it should be filled. */
    const char *vacant_since;
    int64_t vacant_at, fill_by;
};
struct post {
    struct record record;
    const char *code;
    int64_t person, organisation;
    const char *role; /* of seat_roles */
    const char *term, *valid_from, *valid_to;
    int64_t seat;
};

extern const struct kind terms_kind, seats_kind, posts_kind;
extern const struct choice seat_roles[]; /* leader, deputy, member, keeper, secretary, director */

/* The subject of the rules for an organisation: "party", "residents"; NULL: none. */
const char *organisation_rules(const struct organisation *o);
/* Sets outgrown_at by the rules in force today. */
void organisation_form_check(struct ctx *ctx, struct organisation *o);
/* What form would fit its members, in words; NULL: its own does, or nothing is known. */
const char *organisation_form_fitting(struct ctx *ctx, const struct organisation *o);
/* On the writer thread: works out again what depends on rules: when terms count as ending, by
 * when seats should be filled, which organisations have outgrown their form. */
enum status seats_recount(struct ctx *ctx);

#endif
