/*
 * Figures: statistics that each have one definition. A figure is a row in its
 * module's table: the kind of record it counts, the condition, the
 * denominator, how to count, and the columns that assign a record to a time,
 * an area and a category. The value, the records behind it and what was left
 * out use the same conditions, so they always agree.
 *
 * Conditions are trusted SQL on the kind's table, valid on both back ends.
 * Each {} stands for the current time in seconds.
 *
 * Figures with the same table, period and time column are counted in one pass
 * (figure_sums). Slow passes are cached and recalculated by a job; figure_sums
 * says when they were made.
 */
#ifndef LINLI_APP_FIGURES_H
#define LINLI_APP_FIGURES_H

#include "base/ctx.h"
#include "db/db.h"
#include "kind/kind.h"

enum figure_way {
    COUNT,    /* records that fit the condition */
    RATE,     /* percentage of the denominator's records that fit the condition */
    SUM,      /* sum of the value: a whole number, divided by per */
    DISTINCT, /* number of different values: people rather than attendances */
    EACH,     /* records divided by the different values: activities per month */
    MEDIAN,   /* median of the value, nearest rank, divided by per */
    PERCENTILE_90,
};

/* What is deliberately left out, in words: "{} merged". */
struct figure_without {
    const char *label; /* N_("{} merged into another") */
    const char *condition;
    const char *time; /* NULL: as the figure's, within its among; otherwise: of all records */
};

struct figure {
    const char *id, *ref; /* "requests.solved": module.name, the name of [a-z0-9_]; "F21" or NULL */
    const char *title, *unit, *meaning; /* N_(); meaning: the definition in one or two sentences */
    enum figure_way way;
    const struct kind
        *kind;          /* what it counts, and who may open the records (kind.read, kind.scope) */
    const char *among;  /* condition of numerator and denominator; NULL: all. Figures with the same
                           one share a pass */
    const char *counts; /* the condition; NULL: every record */
    const char *of; /* RATE: the denominator's condition; the numerator's is `of` AND `counts` */
    const char
        *value;  /* SUM, DISTINCT, EACH, MEDIAN, PERCENTILE_90: SQL expression of whole numbers */
    int64_t per; /* divisor of the value: 86400 turns seconds into days; 0: 1 */
    const char *time; /* column with the seconds that decide the period; NULL: no period */
    const char *day;  /* the same, a column with ISO days */
    const char *area, *category;          /* columns; NULL: it has none */
    const struct figure_without *without; /* ended by a NULL label; NULL: nothing is left out */
    const char *met, *unmet; /* N_(), RATE: names of the records that count and of the rest */
    const char *group;       /* N_(): the heading it stands under; NULL: what it counts */
    bool inside;             /* internal: not on the public page */
    /* A threshold that is a setting, in words: stated wherever the figure is; NULL. */
    const char *(*rule)(struct ctx *ctx);
};

/* The part of the data that a figure covers. from, to (exclusive): seconds, NONE: open. area,
 * category: including those below; 0: records without one; NONE: all. scoped: only what the
 * actor may open. */
struct figure_span {
    int64_t from, to, area, category;
    bool scoped;
};
#define FIGURE_ALL ((struct figure_span){NONE, NONE, NONE, NONE, false})

#define FIGURE_WITHOUT_MOST 4
struct figure_value {
    double value;                   /* NAN: nothing was counted */
    int64_t numerator, denominator; /* NONE where there is none */
    int64_t
        left_out[FIGURE_WITHOUT_MOST]; /* in the order of figure.without; set by figures_values */
};

/* The figures of all modules, in order, ended by NULL. */
const struct figure *const *figures_all(void);
const struct figure *figure_find(const char *id); /* also as in URLs: "requests-solved" */
const char *figure_address(struct ctx *ctx, const struct figure *f); /* "requests-solved" */

struct figure_value figure_value(struct ctx *ctx, const struct figure *f,
                                 const struct figure_span *span);
/* Calculates the figures of list (ended by NULL) with what they left out, in one pass for each
 * time column. Returns when they were calculated (seconds). */
int64_t figures_values(struct ctx *ctx, const struct figure *const *list,
                       const struct figure_span *span, struct figure_value *values);
/* "12 merged into another, 30 imported without follow-up"; "" if nothing was left out. */
const char *figure_left_out(struct ctx *ctx, const struct figure *f, const struct figure_value *v);

/* Which records: those counted, the rest of the denominator, or both. */
enum figure_part { PART_COUNTED, PART_REST, PART_ALL };
/* Adds " AND …" for the records of a figure, for list.where and the engine itself. */
void figure_where(struct ctx *ctx, struct sql *q, const struct figure *f,
                  const struct figure_span *span, enum figure_part part);

/* The parts of figure_where and the passes: " AND (condition)" with the current time for each
 * {}; the period; area, category and scope. */
void figure_and(struct ctx *ctx, struct sql *q, const char *condition);
/* The kind that a figure's area or category refers to, a tree by its field parent; NULL: none. */
const struct kind *figure_place_kind(const struct figure *f, const char *column);
void figure_and_time(struct ctx *ctx, struct sql *q, const struct figure *f, const char *time,
                     const struct figure_span *span);
void figure_and_place(struct ctx *ctx, struct sql *q, const struct figure *f,
                      const struct figure_span *span);

/*
 * Several figures by area and category, in one pass for each time column.
 * COUNT, SUM and RATE only. Each cell has the sums of one area and category. A
 * figure's numerator is at FIGURE_PARTS × its index in list; its denominator
 * and what it leaves out follow.
 */
#define FIGURE_SUMS_MOST 16
#define FIGURE_PARTS     (2 + FIGURE_WITHOUT_MOST)
struct figure_cell {
    int64_t area, category; /* 0: none */
    int64_t sums[FIGURE_PARTS * FIGURE_SUMS_MOST];
};
struct figure_sums {
    struct figure_cell *cells;
    int count;
    int64_t as_of; /* seconds: when the oldest pass was made */
};
struct figure_sums figure_sums(struct ctx *ctx, const struct figure *const *list, int count,
                               int64_t from, int64_t to);
/* A job: recalculates what was shown and has changed since, and stores expensive results for the
 * next start. */
void figure_sums_renew(struct ctx *ctx);
/* ms: passes that took no longer are recalculated rather than cached. 15; a test sets it lower. */
extern double figure_sums_cheap;

/* Formats a value for people: "94.2%", "1,204", "–". Lengths of time and averages are rounded:
 * "4.5", "3,686". */
const char *figure_show(struct ctx *ctx, const struct figure *f, double value);
/* The same with two digits after the point where figure_show rounds: "3,685.69". */
const char *figure_exact(struct ctx *ctx, const struct figure *f, double value);
const char *figure_group(struct ctx *ctx, const struct figure *f); /* its heading, translated */
const char *figure_thousands(struct ctx *ctx, int64_t n);
/* Reads an ISO day: returns its start or, with last, its end (exclusive). False with a problem
 * if it is not one. */
bool figure_period(struct ctx *ctx, const char *typed, bool last, int64_t *t);

#endif
