/*
 * The pages every kind with an "about" has: /registers, /registers/NAME and
 * what is below it. The gate decides by the kind's roles; a module adds to a
 * kind's pages with a struct register_view (core/module.h).
 */
#ifndef LINLI_APP_REGISTER_PAGES_H
#define LINLI_APP_REGISTER_PAGES_H

#include "core/module.h"
#include "kind/sheet.h"
#include "web/web.h"

#define SHEET_DOWNLOAD 20000 /* rows of a downloaded spreadsheet */

/* URLs, in the context's arena. NULL: the kind has no pages. */
const char *kind_href(struct ctx *ctx, const struct kind *k);
const char *record_href(struct ctx *ctx, const struct kind *k, int64_t id);
struct register_view
view_of(const struct kind *k); /* the members of all modules' views combined, except links */

/* Draws the record in ctx->web->record of kind ctx->web->kind, with the current problems: for
 * steps that lead back to it. */
void record_page(struct ctx *ctx);
/* A list as a file, by POST: prepared on a worker, kept in ctx->work, then sent on the writer
 * thread with a log entry of kind `kind`: the number of rows, and the filters of the URL
 * without search words. */
void sheet_keep(struct ctx *ctx, struct sheet_writer *w, const char *kind, int64_t rows);
/* The same with what the file is called, translated, instead of the register's name. */
void sheet_keep_as(struct ctx *ctx, struct sheet_writer *w, const char *kind, const char *title,
                   int64_t rows);
enum sheet_format sheet_asked(struct ctx *ctx); /* format=xlsx; otherwise CSV */
void file_send(struct ctx *ctx);
/* The menu that downloads it from the URL `at`, with the page's filters but without its
 * parameter `page`. k: the register that they hold, also for re-import and as JSON; NULL: only for
 * people. */
void file_buttons(struct ctx *ctx, const char *at, const char *page, const struct kind *k);

/* Draws the steps of a kind that has a workflow and no page of its own (pages/workflow_page.c). */
void register_steps_draw(struct ctx *ctx, const struct kind *k, const void *record);

/* ---- pages/history.c ---- */
/* A readable difference: field, before, after. Values only of kinds that the reader may read;
 * encrypted values never. */
void history_changes(struct ctx *ctx, const char *kind, const char *before, const char *after);
/* The same as one line of text, for a spreadsheet. */
const char *history_changes_text(struct ctx *ctx, const char *kind, const char *before,
                                 const char *after);
const char *history_action(struct ctx *ctx, const char *kind, const char *action);
const char *history_who(struct ctx *ctx,
                        const char *name); /* commands and jobs have no name of their own */
const char *history_via(struct ctx *ctx, const char *via);
const char *history_label(struct ctx *ctx,
                          const char *key); /* of a key in an entry that is not a field */
/* The newest entries about a record, as a timeline. */
void history_draw(struct ctx *ctx, const struct kind *k, int64_t id);

#endif
