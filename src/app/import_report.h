/* What `linli import` says of the rows it refused. */
#ifndef LINLI_APP_IMPORT_REPORT_H
#define LINLI_APP_IMPORT_REPORT_H

#include "app/import_run.h"

struct import_report;

/* In ctx's arena. path: where all refused rows go as a sheet, CSV when it ends so, otherwise XLSX; NULL: nowhere. */
struct import_report *import_report_new(struct ctx *ctx, const char *path);
void import_report_headings(struct ctx *ctx, struct import_report *r, const char *const *headings, int count);
/* A run's `refused`, with the report as its `self`. */
void import_report_row(struct ctx *ctx, struct import_run *run, int64_t row, const char *const *cells, int count);
/* To standard error: the first rows; when there are more, how many for each reason. */
void import_report_say(struct ctx *ctx, const struct import_report *r, const struct import *im);
/* Writes the sheet when rows were refused; frees what the report holds beside the arena. */
enum status import_report_close(struct ctx *ctx, struct import_report *r, const struct import *im);

#endif
