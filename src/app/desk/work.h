/*
 * Handlers of the work list that have files of their own.
 */
#ifndef LINLI_APP_WORK_H
#define LINLI_APP_WORK_H

#include "base/ctx.h"
#include "kind/kind.h"

/* The dialog that ? opens (assets/ts/list.ts): keys and what they do, N_(), ended by a NULL code.
 */
void keys_dialog(struct ctx *ctx, const struct choice *keys);

/* Changes of one or many rows (work_bulk.c), and a dispatch undone. The answer is the list. */
void bulk_prepare(struct ctx *ctx);
void bulk_change(struct ctx *ctx);
void undo_prepare(struct ctx *ctx);
void undo_change(struct ctx *ctx);
struct batch;
/* What was just done: sent is the range of events of a dispatch ("FIRST-LAST"), which can be
 * undone; left is a batch of which something was not done. Both may be NULL. */
void work_done_draw(struct ctx *ctx, const struct batch *left, const char *sent);
/* The list as the answer to a change of which something was not done. */
void work_page_after(struct ctx *ctx, const struct batch *left, const char *sent);

/* The list as a spreadsheet (work_download.c): masked and logged. It contains the newest
 * DOWNLOAD_MOST rows; if there are more, its name says so. */
#define DOWNLOAD_MOST 20000
void download_make(struct ctx *ctx);
void download_send(struct ctx *ctx);

#endif
