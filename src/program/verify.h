/*
 * Verifying an installation: that its data is complete and consistent. Used by
 * the command and after restoring a backup.
 */
#ifndef LINLI_APP_VERIFY_H
#define LINLI_APP_VERIFY_H

#include "base/ctx.h"

struct verified {
    int64_t entries, records,
        sealed;       /* audit log entries that match, records read, encrypted fields decrypted */
    int64_t unsealed; /* entries without a number yet */
};
/* ctx->db: any connection. ctx->keys NULL: does not decrypt fields. OK, or the
 * first fault as a problem in ctx. */
enum status verify_store(struct ctx *ctx, struct verified *v);

#endif
