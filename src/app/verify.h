/*
 * Verifying an installation: that what it holds is whole. Used by the command
 * and by whatever restored a backup.
 */
#ifndef LINLI_APP_VERIFY_H
#define LINLI_APP_VERIFY_H

#include "base/ctx.h"

struct verified {
    int64_t entries, records, sealed; /* journal entries that fit, records read, sealed fields opened */
    int64_t unsealed;                 /* entries that have no number yet */
};
/* ctx->db: any connection; ctx->keys NULL: sealed fields are not opened. OK, or the first thing that is wrong as a
 * problem in ctx. */
enum status verify_store(struct ctx *ctx, struct verified *v);

#endif
