/*
 * The page /setup, and what residents see where it is not finished.
 */
#ifndef LINLI_PAGES_SETUP_PAGE_H
#define LINLI_PAGES_SETUP_PAGE_H

#include "base/ctx.h"

#include <stdbool.h>

/* Draws /setup; also what a step's own form draws when it is refused. */
void setup_page(struct ctx *ctx);
/* For a page of residents: whether the steps (core/setup.h, setup_done) are done. If not, draws a
 * page of this title that says that it is not open yet, with the office's number. */
bool setup_opened(struct ctx *ctx, const char *steps, const char *title);
/* The same before a form is read: refuses it (FORBIDDEN), so that it stores nothing. */
bool setup_required(struct ctx *ctx, const char *steps);
/* On the page of a finished import: the way back, while set-up is not finished. */
void setup_back(struct ctx *ctx);

#endif
