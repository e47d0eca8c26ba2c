/*
 * Figures: a question with one definition. A figure is a row: which requests
 * it counts (a SQL condition), of which (the denominator's condition), the
 * time column and how it is computed. Value and record list come from the
 * same condition, so they can't disagree.
 */
#ifndef LINLI_APP_FIGURES_H
#define LINLI_APP_FIGURES_H

#include "base/ctx.h"
#include "db/db.h"

enum figure_way {
    COUNT,      /* records that fit the condition */
    RATE,       /* condition ÷ denominator, in percent */
    MEDIAN,     /* of the expression over the records, nearest rank */
    PERCENTILE_90,
};

struct figure {
    const char *id, *ref;    /* "requests.solved", "F21" or NULL */
    const char *title, *unit; /* N_() */
    enum figure_way way;
    const char *counts;      /* trusted SQL condition on requests */
    const char *of;          /* RATE: the denominator's condition */
    const char *value;       /* MEDIAN, PERCENTILE_90: trusted SQL expression */
    const char *time;        /* the column that places a record in a period */
};
extern const struct figure figures[]; /* ended by a NULL id */

struct figure_value {
    double value;            /* NAN when nothing was counted */
    int64_t numerator, denominator; /* NONE where there is none */
};
/* from, to: seconds; NONE: open. to is exclusive. */
struct figure_value figure_value(struct ctx *ctx, const struct figure *f, int64_t from, int64_t to);
void figures_json(struct ctx *ctx, struct buf *out, int64_t from, int64_t to);
void figures_text(struct ctx *ctx, struct buf *out, int64_t from, int64_t to);

#endif
