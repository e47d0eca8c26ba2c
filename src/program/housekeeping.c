/*
 * Housekeeping: deletes expired data. Answers to repeated requests are kept
 * for IDEMPOTENCY_DAYS, sessions until they end.
 */
#include "core/module.h"

#include "base/log.h"
#include "web/session.h"

#define IDEMPOTENCY_DAYS 7
#define AT_ONCE          2000 /* rows in one change, so that nobody waits for it */

static void prune(struct ctx *ctx)
{
    int64_t *removed = ctx->work;
    change(ctx->db,
           "DELETE FROM idempotency WHERE at < {} AND (key, actor, route) IN"
           " (SELECT key, actor, route FROM idempotency WHERE at < {} ORDER BY at LIMIT {})",
           ctx->now - IDEMPOTENCY_DAYS * 86400, ctx->now - IDEMPOTENCY_DAYS * 86400, AT_ONCE);
    *removed = db_changed(ctx->db);
    change(ctx->db, "DELETE FROM sessions WHERE expires <= {} OR seen <= {}", ctx->now,
           ctx->now - SESSION_IDLE);
}

static void keep_house(struct ctx *ctx)
{
    int64_t removed = 0, all = 0;
    ctx->work = &removed;
    do {
        if (writer_call(ctx, prune) != OK)
            return;
        all += removed;
    } while (removed == AT_ONCE);
    if (all > 0)
        log_info("pruned", "\"answers\":{}", all);
}

static const struct job jobs[] = {{"housekeeping", 3600, keep_house}, {.name = NULL}};

const struct module housekeeping_module = {.name = "housekeeping", .jobs = jobs};
