/*
 * Export: all records of a kind as a sheet that import takes, or as JSON.
 *
 * A sheet has a column for every field that an import may set, headed by the
 * field's name; references are written as codes and sealed fields in the
 * clear, so whoever may export may read everything. Records that refer to
 * their own kind come after what they refer to. Rows are written as they are
 * read: a register of any size takes the memory of one row (XLSX: of the
 * file's index).
 */
#ifndef LINLI_KIND_EXPORT_H
#define LINLI_KIND_EXPORT_H

#include "kind/kind.h"

#include <stdio.h>

enum export_format { EXPORT_CSV, EXPORT_XLSX, EXPORT_JSON };

/* Everything the actor may see, in one read transaction of the caller's. count: records written. */
enum status export_kind(struct ctx *ctx, const struct kind *k, enum export_format format, FILE *to, int64_t *count);
/* Does the field have a column in a sheet? What an import takes; of a kind that it does not take, all. */
bool export_has(const struct kind *k, const struct field *f);

#endif
