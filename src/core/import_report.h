/* The report of `linli import` on rejected rows. */
#ifndef LINLI_APP_IMPORT_REPORT_H
#define LINLI_APP_IMPORT_REPORT_H

#include "core/import_run.h"

struct import_report;

/* In ctx's arena. path: the spreadsheet for all rejected rows, CSV if it ends in .csv,
 * otherwise XLSX; NULL: none. */
struct import_report *import_report_new(struct ctx *ctx, const char *path);
void import_report_headings(struct ctx *ctx, struct import_report *r, const char *const *headings,
                            int count);
/* Says first what is not imported: columns, and other sheets. "": none. */
void import_report_left_out(struct ctx *ctx, struct import_report *r, const char *columns,
                            const char *sheet, const char *sheets);
/* The `refused` callback of a run, with the report as its `self`. */
void import_report_row(struct ctx *ctx, struct import_run *run, int64_t row,
                       const char *const *cells, int count);
/* Prints the first rejected rows to standard error; if there are more, their number for each
 * reason. */
void import_report_say(struct ctx *ctx, const struct import_report *r, const struct import *im);
/* Writes the spreadsheet if rows were rejected, and frees the report's memory outside the
 * arena. */
enum status import_report_close(struct ctx *ctx, struct import_report *r, const struct import *im);

#endif
