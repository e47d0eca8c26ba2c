/*
 * The manifest of a backup (program/backup.c): what its database must be. It
 * comes in a file of unknown origin, so nothing in it is trusted until it has
 * been checked here.
 */
#ifndef LINLI_PROGRAM_MANIFEST_H
#define LINLI_PROGRAM_MANIFEST_H

#include "base/ctx.h"

struct manifest_count {
    const char *kind; /* a name, perhaps of no back end that this program knows */
    int64_t records;
};

struct manifest {
    const char *database; /* its SHA-256 */
    const char *head;     /* of the audit log … */
    int64_t newest;       /* … and its newest entry */
    const struct manifest_count *counts;
    int count;
};

/* Memory is the context's arena. Returns false if something is missing or
 * invalid. */
bool manifest_read(struct ctx *ctx, const char *text, struct manifest *m);

#endif
