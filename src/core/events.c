/*
 * The timeline: one table for all kinds. Its index begins with the record, so
 * that two records of a kind are read by one statement (a request and the one
 * it was merged into).
 */
#include "core/events.h"

int64_t event_add(struct ctx *ctx, const struct event *e)
{
    change_common(ctx->db,
                  "INSERT INTO events (kind, record, at, actor, actor_name, action, from_status, "
                  "to_status, unit, text, until, visible)"
                  " VALUES ({}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {})",
                  e->kind->name, e->record, ctx->now, (struct maybe){ctx->actor.user},
                  ctx->actor.name, e->action, e->from, e->to, (struct maybe){e->unit},
                  e->text && *e->text ? e->text : NULL, (struct maybe){e->until},
                  e->visible ? 1 : 0);
    return db_inserted(ctx->db);
}

struct rows *events_newest(struct ctx *ctx, const struct kind *k, int64_t record, int most)
{
    return query(
        ctx->db,
        "SELECT " EVENT_COLUMNS
        ", count(*) OVER () AS whole FROM events WHERE record = {} AND kind = {} ORDER BY at "
        "DESC, id DESC LIMIT {}",
        record, k->name, most);
}

struct rows *events_after(struct ctx *ctx, const struct kind *k, int64_t record, int64_t id,
                          int most)
{
    return query(
        ctx->db,
        "SELECT " EVENT_COLUMNS
        ", count(*) OVER () AS whole FROM events WHERE record = {} AND kind = {} AND id > {} "
        "ORDER BY id LIMIT {}",
        record, k->name, id, most);
}

bool event_next(struct ctx *ctx, struct rows *r, struct event *e)
{
    if (!rows_next(r))
        return false;
    *e = (struct event){.record = row_int(r, "record"),
                        .action = row_copy(r, ctx->arena, "action"),
                        .from = row_copy(r, ctx->arena, "from_status"),
                        .to = row_copy(r, ctx->arena, "to_status"),
                        .unit = row_int(r, "unit"),
                        .text = row_copy(r, ctx->arena, "text"),
                        .until = row_int(r, "until"),
                        .visible = row_int(r, "visible") == 1,
                        .id = row_int(r, "id"),
                        .at = row_int(r, "at"),
                        .actor_name = row_copy(r, ctx->arena, "actor_name")};
    return true;
}

int64_t event_last(struct ctx *ctx, const struct kind *k, int64_t record)
{
    int64_t id = query_int(ctx->db,
                           "SELECT max(id) AS id FROM events WHERE record = {} AND kind = {}",
                           record, k->name);
    return id == NONE ? 0 : id;
}
