/*
 * A blank spreadsheet of a kind, to fill in and import. It has the headings in
 * the reader's language, an example that imports skip, and a second sheet that
 * explains what to enter in each column.
 */
#ifndef LINLI_KIND_BLANK_H
#define LINLI_KIND_BLANK_H

#include "kind/kind.h"

/* Returns an XLSX for the caller to free(); NULL: ctx has the problem. Choices
 * for references are the records that the actor may see. */
char *blank_sheet(struct ctx *ctx, const struct kind *k, size_t *size);

#endif
