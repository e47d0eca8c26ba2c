/*
 * Running an import: the loop that the command and the page share, and the
 * job that runs what the page was given.
 *
 * The loop reads a batch of rows, passes the door with it, and goes on: each
 * batch is one transaction, so others wait for a batch at most, and a run that
 * breaks off leaves whole batches. The job keeps how far it is in the same
 * transaction as the rows, so that after a crash it goes on where it was.
 */
#ifndef LINLI_APP_IMPORT_RUN_H
#define LINLI_APP_IMPORT_RUN_H

#include "app/module.h"
#include "kind/import.h"
#include "kind/sheet.h"

#define IMPORT_FILE_MOST ((size_t)256 << 20) /* bytes, from the command line */
#define IMPORT_REASONS   5000                /* refused rows that are kept for the page */

struct import_run {
    struct import im;
    struct sheet *sheet;
    int64_t skip;    /* rows up to this number were taken by a run that broke off */
    int64_t last;    /* number of the last row taken */
    bool broken_off; /* stopped() ended it before the sheet did */
    /* Behind the door: a row was refused (im.reason); a batch is stored: anything but OK undoes it and ends the run. */
    void (*refused)(struct ctx *ctx, struct import_run *run, int64_t row, const char *const *cells, int count);
    enum status (*stored)(struct ctx *ctx, struct import_run *run);
    bool (*stopped)(const struct import_run *run); /* asked before each batch; NULL: never */
    void *self;
};

/* The sheet's first row, tidied, in ctx's arena; -1 with a problem when there is none. */
int import_headings(struct ctx *ctx, struct sheet *sheet, const char *headings[IMPORT_COLUMNS]);
/* Takes the rows that follow. im has its columns. OK at the end of the sheet or when stopped said so; INVALID with a
 * problem when the sheet is broken somewhere: the rows before it are stored. */
enum status import_run(struct ctx *ctx, struct import_run *run);

/* A file from the command line, on ctx->db. im->errors lists the first refused rows; nothing of it needs releasing. */
enum status install_import(struct ctx *ctx, const char *kind, const char *path, const char *const *maps, int map_count, bool dry_run,
                           struct import *im);
/* The same with its options in im (dry_run, create), which it initialises otherwise. report: is told each refused row; NULL. */
struct import_report;
enum status import_file(struct ctx *ctx, const char *kind, const char *path, const char *const *maps, int map_count, struct import *im,
                        struct import_report *report);
/* The whole file, for the caller to free(); NULL with a problem when it can't be read or is too large. */
void *import_read_file(struct ctx *ctx, const char *path, size_t *size);

/* ---- imports of the page ---- */
struct imported {
    struct record record;
    int64_t user;
    const char *user_name, *kind, *file;
    int64_t size;
    const char *status;
    int64_t dry;
    const char *mapping; /* targets parted by line ends, one a column */
    int64_t make_new, percent, last_row, added, changed, unchanged, refused;
    const char *reason;
    int64_t ended;
    const char *language; /* of whoever started it */
};
extern const struct kind imports_kind;

/* The columns as the import's mapping says. */
enum status imported_columns(struct ctx *ctx, struct import *im, const struct imported *i);
/* Cells as sealed JSON and back; answers how many. */
const char *cells_seal(struct ctx *ctx, const char *const *cells, int count);
int cells_open(struct ctx *ctx, const char *sealed, const char **cells, int most);

#endif
