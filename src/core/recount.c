/*
 * Recalculates open deadlines after the calendar or the default deadlines
 * changed: each module with deadlines moves its own (struct module, recount).
 */
#include "core/module.h"

#include "db/journal.h"
#include "web/web.h"

/* Returns how many moved; NONE with a status if a module failed. */
static int64_t recount_run(struct ctx *ctx)
{
    int64_t total = 0;
    for (int m = 0; modules[m]; m++) {
        int64_t moved = modules[m]->recount ? modules[m]->recount(ctx) : 0;
        if (moved == NONE) {
            if (ctx_ok(ctx))
                ctx_fail(ctx, db_status(ctx->db) == OK ? UNAVAILABLE : db_status(ctx->db), NULL);
            return NONE;
        }
        total += moved;
    }
    return total;
}

enum status recount_follow(struct ctx *ctx, const char *kind)
{
    int64_t moved = recount_run(ctx);
    if (moved == NONE)
        return ctx->status;
    if (moved > 0)
        journal_note(ctx, kind, 0, "recompute", "{\"moved\":{}}", moved);
    return db_status(ctx->db);
}

bool recount_tell(struct ctx *ctx, const char *kind, const char *what)
{
    int64_t moved = recount_run(ctx);
    if (moved == NONE)
        return false;
    journal_note(ctx, kind, 0, "recompute", "{\"moved\":{}}", moved);
    flash(ctx, arena_print(ctx->arena, "%s %s", what,
                           moved ? say_n(ctx, moved, "1 open deadline recalculated.",
                                         "{} open deadlines recalculated.", moved)
                                 : say(ctx, "No open deadlines change.")));
    return true;
}
