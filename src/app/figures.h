/*
 * Figures: a question with one definition. A figure is a row in its module's
 * table: which kind of record it counts, under which condition, of which (the
 * denominator), the way it counts, and the columns that place a record in
 * time, in an area and in a category. Value, the records behind it and what
 * was left out come from the same conditions, so they can't disagree.
 *
 * Conditions are trusted SQL on the kind's table that both stores speak; each
 * {} in one stands for the present time in seconds.
 *
 * Many figures over one table, period and time column are counted in one pass
 * (figure_sums). Passes that took long are kept and counted anew by a job:
 * figure_sums says from when they are.
 */
#ifndef LINLI_APP_FIGURES_H
#define LINLI_APP_FIGURES_H

#include "base/ctx.h"
#include "db/db.h"
#include "kind/kind.h"

enum figure_way {
    COUNT,    /* records that fit the condition */
    RATE,     /* those of the denominator that fit it too, in percent */
    SUM,      /* of the value over them: a whole number, divided by per */
    DISTINCT, /* different values among them: people rather than person-times */
    EACH,     /* those that fit, divided by the different values among them: activities a month */
    MEDIAN,   /* of the value over them, nearest rank, divided by per */
    PERCENTILE_90,
};

/* What is deliberately not counted, in words: "{} merged". */
struct figure_without {
    const char *label; /* N_("{} merged into another") */
    const char *condition;
    const char *time; /* NULL: the figure's, within its among; another: of all records */
};

struct figure {
    const char *id, *ref;               /* "requests.solved": module.name, the name of [a-z0-9_]; "F21" or NULL */
    const char *title, *unit, *meaning; /* N_(); meaning: the definition in one or two sentences */
    enum figure_way way;
    const struct kind *kind;              /* what it counts: its table, and who may open its records (kind.read, kind.scope) */
    const char *among;                    /* holds for numerator and denominator alike; NULL: everything. Figures with the same one
                                             are counted in one pass */
    const char *counts;                   /* the condition; NULL: every record */
    const char *of;                       /* RATE: the denominator's condition; the numerator is of AND counts */
    const char *value;                    /* SUM, DISTINCT, EACH, MEDIAN, PERCENTILE_90: SQL expression of whole numbers */
    int64_t per;                          /* the value is divided by it: 86400 makes days of seconds; 0: 1 */
    const char *time;                     /* column of seconds that places a record in a period; NULL: no period applies */
    const char *day;                      /* the same, a column of ISO days */
    const char *area, *category;          /* columns; NULL: it has none */
    const struct figure_without *without; /* ended by a NULL label; NULL: nothing is left out */
    bool inside;                          /* not on the public page */
};

/* Where a figure is looked at: from, to (exclusive): seconds, NONE: open. area, category: with what lies below;
 * 0: records that have none; NONE: all. scoped: only what the actor may open. */
struct figure_span {
    int64_t from, to, area, category;
    bool scoped;
};
#define FIGURE_ALL ((struct figure_span){NONE, NONE, NONE, NONE, false})

#define FIGURE_WITHOUT_MOST 4
struct figure_value {
    double value;                          /* NAN when nothing was counted */
    int64_t numerator, denominator;        /* NONE where there is none */
    int64_t left_out[FIGURE_WITHOUT_MOST]; /* in the order of figure.without; filled by figures_values */
};

/* All figures of all modules in the order of modules, ended by NULL. */
const struct figure *const *figures_all(void);
const struct figure *figure_find(const char *id);                    /* also in the form of addresses: "requests-solved" */
const char *figure_address(struct ctx *ctx, const struct figure *f); /* "requests-solved" */

struct figure_value figure_value(struct ctx *ctx, const struct figure *f, const struct figure_span *span);
/* The figures of list (ended by NULL) with what they left out, one value each, in as few passes as there are time
 * columns. Answers from when they are (seconds). */
int64_t figures_values(struct ctx *ctx, const struct figure *const *list, const struct figure_span *span, struct figure_value *values);
/* "12 merged into another, 30 imported without call-back"; "" when there is none. */
const char *figure_left_out(struct ctx *ctx, const struct figure *f, const struct figure_value *v);

/* Which records: those counted, those of the denominator that were not, or both. */
enum figure_part { PART_COUNTED, PART_REST, PART_ALL };
/* Adds " AND …": the records of a figure, as list.where and the engine itself use it. */
void figure_where(struct ctx *ctx, struct sql *q, const struct figure *f, const struct figure_span *span, enum figure_part part);

/* What figure_where and the passes are made of: " AND (condition)" with the time now at each {}; the period; area,
 * category and scope. */
void figure_and(struct ctx *ctx, struct sql *q, const char *condition);
void figure_and_time(struct ctx *ctx, struct sql *q, const struct figure *f, const char *time, const struct figure_span *span);
void figure_and_place(struct ctx *ctx, struct sql *q, const struct figure *f, const struct figure_span *span);

/*
 * Several figures by area and category in as few passes as there are time columns. COUNT, SUM and RATE figures only.
 * cells are the sums of one pair of area and category each; a figure's numerator is at FIGURE_PARTS × its place in
 * list, its denominator and what it leaves out behind it.
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
    int64_t as_of; /* seconds: the oldest pass in it */
};
struct figure_sums figure_sums(struct ctx *ctx, const struct figure *const *list, int count, int64_t from, int64_t to);
/* A job: counts anew what was shown and has changed since, and stores what is costly for the next start. */
void figure_sums_renew(struct ctx *ctx);
/* ms: what took no longer is counted again rather than shown as it was. 15; a test sets it lower. */
extern double figure_sums_cheap;

void figures_json(struct ctx *ctx, struct buf *out, const struct figure_span *span);
void figures_text(struct ctx *ctx, struct buf *out, const struct figure_span *span);
/* A value for people: "94.2%", "1,204", "–". */
const char *figure_show(struct ctx *ctx, const struct figure *f, double value);
const char *figure_thousands(struct ctx *ctx, int64_t n);
/* Reads an ISO day: the start of it, or with last the end (exclusive). False with a problem when it is none. */
bool figure_period(struct ctx *ctx, const char *typed, bool last, int64_t *t);

#endif
