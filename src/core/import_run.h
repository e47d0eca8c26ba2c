/*
 * Running an import: the loop that the command and the page share, and the
 * background job that runs the page's imports.
 *
 * The loop reads a batch of rows, writes it on the writer thread, and
 * continues. Each batch is one transaction, so others wait for a batch at
 * most, and an interrupted run leaves complete batches. The job stores its
 * progress in the same transaction as the rows, so it continues there after a
 * crash.
 */
#ifndef LINLI_APP_IMPORT_RUN_H
#define LINLI_APP_IMPORT_RUN_H

#include "core/module.h"
#include "kind/heading.h"
#include "kind/import.h"
#include "kind/sheet.h"

#define IMPORT_FILE_MOST ((size_t)256 << 20) /* bytes, from the command line */
#define IMPORT_REASONS   5000                /* rejected rows that are kept for the page */

struct import_run {
    struct import im;
    struct sheet *sheet;
    int64_t skip;    /* rows up to this number were imported by an interrupted run */
    int64_t last;    /* number of the last imported row */
    bool broken_off; /* stopped() ended it before the end of the sheet */
    /* On the writer thread. refused: a row was rejected (im.reason). stored: a batch was
     * written; any result but OK undoes it and ends the run. */
    void (*refused)(struct ctx *ctx, struct import_run *run, int64_t row, const char *const *cells,
                    int count);
    enum status (*stored)(struct ctx *ctx, struct import_run *run);
    bool (*stopped)(const struct import_run *run); /* called before each batch; NULL: never stops */
    void *self;
};

/* Imports the rows below im's heading row; im has its columns. OK: reached the end, or stopped()
 * said so. INVALID with a problem: the sheet is damaged; the rows before that are stored. */
enum status import_run(struct ctx *ctx, struct import_run *run);

/* Imports a file from the command line, on ctx->db. im->errors lists the first rejected rows;
 * nothing needs releasing. */
enum status install_import(struct ctx *ctx, const char *kind, const char *path,
                           const char *const *maps, int map_count, bool dry_run, struct import *im);
/* The options of an import. */
struct import_wish {
    const char *const *maps; /* FIELD=COLUMN */
    int map_count;
    const char *sheet; /* name or number from 1; NULL: found automatically */
    int heading_row;   /* 0: found automatically */
    bool dry_run, create, clear;
};
/* im: the result. report (may be NULL) gets each rejected row. */
struct import_report;
enum status import_file(struct ctx *ctx, const char *kind, const char *path,
                        const struct import_wish *wish, struct import *im,
                        struct import_report *report);
/* Reads the whole file, which the caller frees with free(). NULL with a problem if it can't be
 * read or is too large. */
void *import_read_file(struct ctx *ctx, const char *path, size_t *size);

/* ---- imports from the page ---- */
struct imported {
    struct record record;
    int64_t user;
    const char *user_name, *kind, *file;
    int64_t size;
    const char *status;
    int64_t dry;
    const char *mapping; /* targets separated by line ends, one for each column */
    int64_t make_new, percent, last_row, added, changed, unchanged, refused;
    const char *reason;
    int64_t ended;
    const char *language; /* of whoever started it */
    int64_t sheet, heading_row, clear_empty;
    const char *sheets, *headings_key; /* names separated by line ends; a hash */
};
extern const struct kind imports_kind;
extern const struct choice import_statuses[];
#define IMPORT_ROLES (ROLES_STAFF | ROLE_ADMIN | ROLE_TEAM_LEADER)
/* Whether the actor may import records of the kind. */
bool import_may(struct ctx *ctx, const struct kind *k);

/* Sets the columns from the import's mapping. */
enum status imported_columns(struct ctx *ctx, struct import *im, const struct imported *i);
/* Encrypts cells as JSON, and decrypts them; returns their number. */
const char *cells_seal(struct ctx *ctx, const char *const *cells, int count);
int cells_open(struct ctx *ctx, const char *sealed, const char **cells, int most);

#endif
