/*
 * Rule sets: the numbers that laws, regulations and the office's own rules set
 * (thresholds, terms, day counts, majorities), as data with the day on which
 * they come into force. What a number means, its unit and what is accepted is
 * described in rule_sets.c, like a field; so are the presets, which the office
 * confirms or replaces.
 *
 *     int64_t set = rule_set_on(ctx, "party", "2026-03-01");
 *     t->rule_set = set;                              a record keeps the set it was made under
 *     int64_t years = rule_number(ctx, t->rule_set, "term_years_local").number;
 *
 * A number that its set lacks, or that no set has, is the preset.
 */
#ifndef LINLI_APP_RULE_SETS_H
#define LINLI_APP_RULE_SETS_H

#include "kind/kind.h"

struct rule_set {
    struct record record;
    const char *code, *name, *name_en;
    const char *about; /* a code of rule_subjects */
    const char *article;
    int64_t confirmed; /* by the office; otherwise a preset */
    const char *valid_from, *valid_to, *note;
};
struct rule_value {
    struct record record;
    const char *code;
    int64_t rule_set;
    const char *name; /* "warn_months" */
    int64_t number;
    int64_t out_of; /* "4 out of 5"; NONE: a whole number */
    const char *text;
};
extern const struct kind rule_sets_kind, rule_values_kind;
extern const struct choice rule_subjects[]; /* "party", "residents"; ended by a NULL code */

struct rule_number {
    int64_t number, out_of; /* out_of 1: a whole number */
    bool preset;            /* recorded nowhere */
};
/* The set about the subject that is in force on the day (the one that came last), or NONE. */
int64_t rule_set_on(struct ctx *ctx, const char *about, const char *day);
/* Its number; set NONE, or without it: the preset. A name that is not described ends the
 * program. */
struct rule_number rule_number(struct ctx *ctx, int64_t set, const char *name);
/* The number in force on a day. */
struct rule_number rule_number_on(struct ctx *ctx, const char *about, const char *day,
                                  const char *name);
/* What a record was made under, in words with a link for readers: on pages. set NONE: nothing. */
void rule_set_draw(struct ctx *ctx, int64_t set);

/* On the writer thread: stores the presets of subjects that have no set. Returns how many sets;
 * NONE: failed. */
int64_t rule_presets_load(struct ctx *ctx);

#endif
