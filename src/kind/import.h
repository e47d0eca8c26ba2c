/*
 * Import: rows of a sheet become records of a kind.
 *
 * Headings are matched to fields by name, label or alias, or as the caller
 * says. A kind whose records form a tree by name (a reference to itself and a
 * name) also takes a path in several columns, one a level: parents are made
 * once. A bad row is reported with its number and reason and never takes its
 * neighbours down; the same file again changes nothing.
 *
 * A dry run stores nothing and needs no door: what the rows before would have
 * added is remembered by hash, so that a row may refer to one above it.
 */
#ifndef LINLI_KIND_IMPORT_H
#define LINLI_KIND_IMPORT_H

#include "kind/kind.h"

#define IMPORT_COLUMNS     512
#define IMPORT_LEVELS      6    /* columns of a path */
#define IMPORT_ERRORS_KEPT 1000 /* in the list of errors; all are counted */

struct import_error {
    struct import_error *next;
    int64_t row; /* as the sheet counts, from 1 */
    const char *text;
};

/* What a column is: a field, a level of the path from 1, or neither: it is left out. */
struct import_column {
    const struct field *field;
    int level;
};

enum import_outcome { IMPORT_ADDED, IMPORT_CHANGED, IMPORT_SAME, IMPORT_FAILED };

struct import_seen;

struct import {
    const struct kind *kind;
    struct import_column columns[IMPORT_COLUMNS];
    int column_count;
    bool dry_run;
    bool create; /* a name that a reference does not know becomes a new record there */
    bool scoped; /* rows outside the actor's scope are refused: imports of a person, not of a command */
    int64_t added, changed, same, failed;
    int64_t unknown;    /* cells that name what is not there and `create` would make */
    const char *reason; /* why the last row failed, in its context's arena */
    struct import_error *errors, **errors_end;
    int64_t errors_kept;
    struct arena *arena;      /* of the errors */
    struct import_seen *seen; /* of a dry run */
};

/* a outlives the import. */
void import_init(struct import *im, const struct kind *k, struct arena *a);
void import_release(struct import *im);
/* May an import set the field? */
bool import_sets(const struct field *f);
/* Can rows become records of the kind, and be recognised when they come again? */
bool import_takes(const struct kind *k);
/* The field by which records of the kind form a tree by name; NULL: they do not. */
const struct field *import_tree(const struct kind *k);
/* Matches headings; answers how many columns found their place. */
int import_guess(struct ctx *ctx, struct import *im, const char *const *headings, int count);
/* "subject" or "level 2"; "" leaves the column out. INVALID with a problem when the kind has no such field, or when
 * another column has it already. */
enum status import_column_set(struct ctx *ctx, struct import *im, int column, const char *target);
const char *import_column_name(struct arena *a, const struct import_column *c);
/* FIELD=COLUMN as on the command line; INVALID with a problem when there is no such field or heading. */
enum status import_map(struct ctx *ctx, struct import *im, const char *mapping, const char *const *headings, int count);
/* Fills a record from a row without storing anything, for a preview; problems in ctx. */
void *import_preview(struct ctx *ctx, struct import *im, const char *const *cells, int count);
/* One row: behind the door in a savepoint of its own, which the caller undoes when it answers IMPORT_FAILED; a dry
 * run on a reader. cells may hold NULL. Counts it. */
enum import_outcome import_row(struct ctx *ctx, struct import *im, int64_t row, const char *const *cells, int count);
/* A row that could not even be read. text: from say(). */
void import_refuse(struct ctx *ctx, struct import *im, int64_t row, const char *text);
/* Ready for the next row: no problems, status OK. */
void import_forget(struct ctx *ctx);

#endif
