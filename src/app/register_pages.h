/*
 * The pages every kind with an "about" has: /registers, /registers/NAME and
 * what is below it. The gate decides by the kind's roles; a module adds to a
 * kind's pages with a struct register_view (app/module.h).
 */
#ifndef LINLI_APP_REGISTER_PAGES_H
#define LINLI_APP_REGISTER_PAGES_H

#include "app/module.h"
#include "kind/sheet.h"
#include "web/web.h"

#define SHEET_DOWNLOAD 20000 /* rows of a downloaded sheet */

/* Addresses in the context's arena. NULL: the kind has no pages. */
const char *kind_href(struct ctx *ctx, const struct kind *k);
const char *record_href(struct ctx *ctx, const struct kind *k, int64_t id);
const struct register_view *view_of(const struct kind *k); /* never NULL */

/* The record in ctx->web->record of ctx->web->kind, with the problems there are: for steps that go back to it. */
void record_page(struct ctx *ctx);
/* A list as a file, by POST: prepared on a worker and kept in ctx->work, then sent behind the door with an entry in the
 * journal of kind `kind`: how many rows, and the address that narrowed them without the words looked for. */
void sheet_keep(struct ctx *ctx, struct sheet_writer *w, const char *kind, int64_t rows);
enum sheet_format sheet_asked(struct ctx *ctx); /* format=xlsx; otherwise CSV */
void file_send(struct ctx *ctx);
/* The menu that asks for it at the address `at`, narrowed as the page is but for its parameter `page`. */
void file_buttons(struct ctx *ctx, const char *at, const char *page, bool json);

/* ---- app/history.c ---- */
/* A readable difference: field, before, after. Values only of kinds the reader may read; sealed ones never. */
void history_changes(struct ctx *ctx, const char *kind, const char *before, const char *after);
/* The same as one line of text, for a sheet. */
const char *history_changes_text(struct ctx *ctx, const char *kind, const char *before, const char *after);
const char *history_action(struct ctx *ctx, const char *kind, const char *action);
const char *history_who(struct ctx *ctx, const char *name); /* a command and a job have no name of their own */
const char *history_via(struct ctx *ctx, const char *via);
const char *history_label(struct ctx *ctx, const char *key); /* of what an entry says that is no field */
/* The newest entries about a record, as a timeline. */
void history_draw(struct ctx *ctx, const struct kind *k, int64_t id);

#endif
