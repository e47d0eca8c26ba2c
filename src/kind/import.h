/*
 * Import: turns rows of a spreadsheet into records of a kind.
 *
 * Headings are matched to fields by name, label or alias, or as the caller
 * says. A kind whose records form a tree by name (a reference to its own kind
 * and a name) also accepts a path in several columns, one for each level;
 * missing parents are created once. A bad row is reported with its number and
 * reason and does not affect other rows. Importing the same file again changes
 * nothing.
 *
 * A dry run stores nothing and does not use the writer thread. It remembers by
 * hash what earlier rows would add, so that a row may refer to one above it.
 */
#ifndef LINLI_KIND_IMPORT_H
#define LINLI_KIND_IMPORT_H

#include "kind/kind.h"

#define IMPORT_COLUMNS     512
#define IMPORT_LEVELS      6    /* columns of a path */
#define IMPORT_REPEATS     20   /* repeated rows that are listed; all are counted */
#define IMPORT_ERRORS_KEPT 1000 /* listed errors; all are counted */

struct import_error {
    struct import_error *next;
    int64_t row; /* row number in the sheet, from 1 */
    const char *text;
};

/* The meaning of a column: a field, a level of the path from 1, or neither (not imported). */
struct import_column {
    const struct field *field;
    int level;
};

/* LATER: refers to a row further down; import it again after that one; not counted. SKIPPED: the
 * example of a blank spreadsheet; not counted either. */
enum import_outcome {
    IMPORT_ADDED,
    IMPORT_CHANGED,
    IMPORT_SAME,
    IMPORT_FAILED,
    IMPORT_LATER,
    IMPORT_SKIPPED,
};

struct import_seen;
struct heading_name;

struct import {
    const struct kind *kind;
    struct import_column columns[IMPORT_COLUMNS];
    int column_count;
    int sheet, heading_row;     /* where the headings are */
    struct heading_name *names; /* used by heading.c */
    int name_count, name_room;
    bool dry_run;
    bool text;       /* the sheet is CSV: its numbers have no date format */
    bool create;     /* creates a record for an unknown name in a reference */
    bool clear;      /* an empty cell clears the value; otherwise it changes nothing */
    bool preview;    /* a dry run of the first rows: assumes that later rows exist */
    bool last_round; /* rows that refer to others are no longer deferred */
    bool
        scoped; /* rejects rows outside the actor's scope: for a person's import, not a command's */
    int64_t added, changed, same, failed;
    int64_t unknown;            /* cells with an unknown name that `create` would create */
    int64_t conflicts, repeats; /* rows that contradict another one; rows that repeat one */
    const char *repeated;       /* the numbers of the first repeated rows; NULL: none */
    const void *record;         /* the result of the last row, in its context's arena */
    const char *reason;         /* why the last row failed, in its context's arena */
    struct import_error *errors, **errors_end;
    int64_t errors_kept;
    struct arena *arena;      /* of the errors */
    struct import_seen *seen; /* used by a dry run */
};

/* a must outlive the import. */
void import_init(struct import *im, const struct kind *k, struct arena *a);
void import_release(struct import *im);
/* Whether an import may set the field. */
bool import_sets(const struct field *f);
/* Whether rows can become records of the kind and be recognised when imported again. */
bool import_takes(const struct kind *k);
/* The field by which records form a tree by name; NULL: none. */
const struct field *import_tree(const struct kind *k);
/* Matches headings to fields; returns how many matched. */
int import_guess(struct ctx *ctx, struct import *im, const char *const *headings, int count);
/* Sets a column: "subject" or "level 2"; "" leaves it out. INVALID with a problem if the kind
 * has no such field, or another column has it. */
enum status import_column_set(struct ctx *ctx, struct import *im, int column, const char *target);
const char *import_column_name(struct arena *a, const struct import_column *c);
/* FIELD=COLUMN from the command line; INVALID with a problem if there is no such field or
 * heading. */
enum status import_map(struct ctx *ctx, struct import *im, const char *mapping,
                       const char *const *headings, int count);
/* A cell's value as it is imported: whole numbers as digits, without guards. */
const char *import_value(struct ctx *ctx, const struct import *im, const struct field *f,
                         const char *cell);
/* The field by which records refer to their own kind; NULL: none. */
const struct field *import_self(const struct kind *k);
/* Reads the whole sheet before the first row is stored, to find contradictory rows and what rows
 * may refer to. im must have its columns; the caller rewinds the sheet. */
struct sheet;
void import_scan(struct ctx *ctx, struct import *im, struct sheet *s);
/* The record that a row would become; stores nothing; problems are in ctx. */
const void *import_preview(struct ctx *ctx, struct import *im, int64_t row,
                           const char *const *cells, int count);
/* Imports and counts one row: on the writer thread in its own savepoint, which the caller undoes
 * after IMPORT_FAILED; a dry run on a reader. cells may contain NULL. */
enum import_outcome import_row(struct ctx *ctx, struct import *im, int64_t row,
                               const char *const *cells, int count);
/* Whether a row is the example of a blank spreadsheet: its first cell begins with "Example:". */
bool import_is_example(const char *const *cells, int count);
/* Counts a row that could not be read. text: from say(). */
void import_refuse(struct ctx *ctx, struct import *im, int64_t row, const char *text);
/* Resets the context for the next row: no problems, status OK. */
void import_forget(struct ctx *ctx);

#endif
