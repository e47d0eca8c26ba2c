/*
 * What becomes of a handler's requests when the account is deactivated: they
 * return to the unit, or to dispatch if nobody at the unit can sign in any
 * more. So no request stays with someone who can't act on it. Runs on the
 * writer thread, in the transaction of the deactivation.
 */
#include "app/registers/registers.h"
#include "app/requests/requests.h"
#include "core/module.h"

#define BATCH 200 /* read at once; any number is processed */

/* Still open; written like the partial indexes, so that they are used. */
#define HELD \
    "status NOT IN ('closed', 'merged') AND coalesce(status, '') IN ('dispatched', 'handling', " \
    "'parked')"

static const char *requests_held(struct ctx *ctx, int64_t user)
{
    int64_t n = query_int(ctx->db,
                          "SELECT count(*) AS n FROM requests WHERE handler = {} AND " HELD, user);
    return n > 0 ? say_n(ctx, n,
                         "1 open request: it stays with its unit, whose staff can take it on.",
                         "{} open requests: they stay with their units, whose staff can take them "
                         "on.",
                         n)
                 : NULL;
}

/* Returns the request to dispatch, or leaves it with its unit without a handler. */
static enum status let_go(struct ctx *ctx, int64_t id)
{
    const struct request *before = record_get(ctx, &requests_kind, id);
    if (!before)
        return record_gone(ctx);
    bool deserted = unit_deserted(ctx, before->unit);
    struct request *after = record_copy(ctx, &requests_kind, before);
    after->handler = NONE;
    if (deserted) {
        after->unit = NONE;
        change(ctx->db, "DELETE FROM request_units WHERE request = {}", id);
        if (request_status_of(before) != PARKED)
            after->status = request_statuses[RECEIVED].code;
    }
    const char *action = deserted ? "take-back" : "handler-left";
    enum status s = record_update(ctx, &requests_kind, before, after, action);
    if (s == OK)
        request_event(ctx, before, after, action, NULL, false);
    return s;
}

static enum status deactivated(struct ctx *ctx, const void *before, const void *after)
{
    int64_t user = ((const struct record *)after)->id, ids[BATCH], last = 0;
    (void)before;
    for (int n = BATCH; n > 0;) {
        n = rows_ids(query(ctx->db,
                           "SELECT id FROM requests WHERE " HELD " AND (handler = {} OR unit IN "
                           "(SELECT id FROM units WHERE id IN (SELECT unit FROM grants WHERE "
                           "\"user\" = {}) AND " UNITS_DESERTED
                           ")) AND id > {} ORDER BY id LIMIT {}",
                           user, user, last, BATCH),
                     ids, BATCH);
        for (int i = 0; i < n; i++) {
            last = ids[i];
            if (let_go(ctx, ids[i]) != OK)
                return ctx->status;
        }
    }
    return db_status(ctx->db);
}

static const struct reaction reactions[] = {{&users_kind, "deactivate", deactivated},
                                            {.kind = NULL}};

static const struct holding holdings[] = {{requests_held, "/work?view=all&handler={id}"},
                                          {.held = NULL}};

const struct module request_accounts_module = {
    .name = "request_accounts", .reactions = reactions, .holdings = holdings};
