/*
 * Handlers of the work list that live in files of their own.
 */
#ifndef LINLI_APP_WORK_H
#define LINLI_APP_WORK_H

#include "base/ctx.h"

void work_page(struct ctx *ctx); /* app/work.c */

/* Many requests at once (app/work_bulk.c): each has its own outcome on one page. */
void bulk_prepare(struct ctx *ctx);
void bulk_change(struct ctx *ctx);

/* The list as a sheet (app/work_download.c): masked, journalled; its newest DOWNLOAD_MOST, and its name says so when it was cut. */
#define DOWNLOAD_MOST 20000
void download_make(struct ctx *ctx);
void download_send(struct ctx *ctx);

#endif
