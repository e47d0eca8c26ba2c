/*
 * Import: rows of a sheet become records of a kind.
 *
 * Headings are matched to fields by name, label or alias, or as the caller
 * says. A bad row is reported with its number and reason and never takes its
 * neighbours down; the same file again changes nothing.
 */
#ifndef LINLI_KIND_IMPORT_H
#define LINLI_KIND_IMPORT_H

#include "kind/kind.h"

#define IMPORT_COLUMNS 512

struct import_error {
    struct import_error *next;
    int64_t row;          /* as the sheet counts, from 1 */
    const char *text;
};

struct import {
    const struct kind *kind;
    const struct field *columns[IMPORT_COLUMNS]; /* NULL: the column is left out */
    int column_count;
    bool dry_run;
    int64_t added, changed, same, failed;
    struct import_error *errors, **errors_end;
};

void import_init(struct import *im, const struct kind *k);
/* Matches headings; answers how many columns found a field. */
int import_guess(struct ctx *ctx, struct import *im, const char *const *headings, int count);
/* FIELD=COLUMN as on the command line; INVALID with a problem when there is no such field or heading. */
enum status import_map(struct ctx *ctx, struct import *im, const char *mapping, const char *const *headings, int count);
/* One row, behind the door in a savepoint of its own; counts it. cells may hold NULL. */
void import_row(struct ctx *ctx, struct import *im, int64_t row, const char *const *cells, int count);

#endif
