/*
 * Which requests are due, and for whom: dispatch, acceptance, reply, first
 * contact, and review of requests on hold. The conditions are written like the
 * partial indexes (schema 003, 014), so each source reads a small index in the
 * order of its dates.
 */
#include "app/requests/requests.h"

#include "core/due.h"

#define IS_OPEN "status NOT IN ('closed', 'merged')"
#define IS_FREE "coalesce(status, '') IN ('received', 'parked') AND coalesce(status, '') = "

/* Leaders read what others dispatch. */
static bool dispatches(const struct ctx *ctx)
{
    return (ctx->actor.roles & (ROLE_OFFICE | ROLE_WORKER)) && !(ctx->actor.roles & ROLE_LEADER);
}

static bool own_unit(const struct ctx *ctx, int i)
{
    return (ctx->actor.grants[i].role & (ROLE_WORKER | ROLE_HANDLER)) &&
           ctx->actor.grants[i].unit != NONE;
}

/* Adds " OR …": requests that the actor's units lead or support. */
static void or_units(struct ctx *ctx, struct sql *where)
{
    for (int i = 0; i < ctx->actor.grant_count; i++)
        if (own_unit(ctx, i))
            sql_add(where,
                    " OR unit = {} OR id IN (SELECT request FROM request_units WHERE unit = {})",
                    ctx->actor.grants[i].unit, ctx->actor.grants[i].unit);
}

static void mine_to_dispatch(struct ctx *ctx, struct sql *where)
{
    if (!dispatches(ctx))
        sql_add(where, " AND 1 = 0");
}

static void mine_to_accept(struct ctx *ctx, struct sql *where)
{
    sql_add(where, " AND (1 = 0");
    or_units(ctx, where);
    sql_add(where, ")");
}

/* Requests that I handle, and those returned to me as their dispatcher without a handler. */
static void mine_to_answer(struct ctx *ctx, struct sql *where)
{
    struct maybe me = {ctx->actor.user};
    sql_add(where,
            " AND id IN (SELECT id FROM requests WHERE handler = {} AND status IN ('dispatched', "
            "'handling') UNION SELECT id FROM requests WHERE dispatcher = {} AND reopened > 0 AND "
            "status NOT IN ('closed', 'merged') AND coalesce(status, '') IN ('dispatched', "
            "'handling'))",
            me, me);
}

static void mine_to_contact(struct ctx *ctx, struct sql *where)
{
    sql_add(where, " AND handler = {}", (struct maybe){ctx->actor.user});
}

/* Mine, my unit's, and those without a unit if I dispatch. */
static void mine_to_review(struct ctx *ctx, struct sql *where)
{
    sql_add(where, " AND (handler = {}", (struct maybe){ctx->actor.user});
    or_units(ctx, where);
    if (dispatches(ctx))
        sql_add(where, " OR unit IS NULL");
    sql_add(where, ")");
}

#define REQUEST .kind = &requests_kind, .href = "/requests/{id}"
const struct due_source request_due[] = {
    {"requests.dispatch", REQUEST, .due = "due", .open = IS_FREE "'received'",
     .roles = ROLE_OFFICE | ROLE_WORKER, .mine = mine_to_dispatch, .words = N_("Dispatch")},
    {"requests.accept", REQUEST, .due = "due",
     .open = IS_OPEN " AND status = 'dispatched' AND handler IS NULL",
     .roles = ROLE_WORKER | ROLE_HANDLER, .mine = mine_to_accept, .words = N_("Accept")},
    {"requests.answer", REQUEST, .due = "due", .open = IS_OPEN, .roles = ROLES_STAFF,
     .mine = mine_to_answer, .words = N_("Reply")},
    {"requests.contact", REQUEST, .due = "first_contact_due",
     .open = "first_contact_at IS NULL AND status IN ('dispatched', 'handling')",
     .roles = ROLES_STAFF, .mine = mine_to_contact, .words = N_("First contact"), .told = true},
    {"requests.review", REQUEST, .due = "parked_until",
     .open = "parked_until IS NOT NULL AND status = 'parked'", .roles = ROLES_STAFF,
     .mine = mine_to_review, .words = N_("Review request on hold"), .later = true, .told = true},
    {.id = NULL},
};
