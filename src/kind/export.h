/*
 * Export: all records of a kind as a spreadsheet for import, or as JSON.
 *
 * A spreadsheet has a column for each field that an import may set, headed by
 * the field's name. References are codes, and encrypted fields are in plain
 * text, so only those who may read everything may export. Records that refer
 * to their own kind come after what they refer to. Rows are written as they
 * are read, so memory does not grow with the register (XLSX: only its index
 * does).
 */
#ifndef LINLI_KIND_EXPORT_H
#define LINLI_KIND_EXPORT_H

#include "kind/kind.h"

#include <stdio.h>

enum export_format { EXPORT_CSV, EXPORT_XLSX, EXPORT_JSON };

/* Writes everything that the actor may see, in the caller's read transaction. count: records
 * written. */
enum status export_kind(struct ctx *ctx, const struct kind *k, enum export_format format, FILE *to,
                        int64_t *count);
/* Whether the field has a column: if an import accepts it; for a kind without imports, always. */
bool export_has(const struct kind *k, const struct field *f);

#endif
