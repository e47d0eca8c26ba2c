/*
 * The calendar of working days, cached with the reader that loaded it until
 * something is committed.
 */
#include "core/working_days.h"

#include <string.h>

struct calendar *calendar_load(struct db *db, struct arena *a)
{
    struct calendar *cal = ARENA_NEW(a, struct calendar);
    int64_t n = query_int(db, "SELECT count(*) AS n FROM holidays");
    struct calendar_day *days = ARENA_ARRAY(a, struct calendar_day, n > 0 ? n : 1);
    struct rows *r = query(db, "SELECT date, is_off_day FROM holidays ORDER BY date");
    while (cal->count < n && rows_next(r))
        if (day_parse(row_text(r, "date"), &days[cal->count].day))
            days[cal->count++].is_off = row_int(r, "is_off_day") == 1;
    rows_end(r);
    cal->days = days;
    return cal;
}

/* The context moves from a reader to the writer thread and back, so it keeps its own pointer. */
const struct calendar *ctx_calendar(struct ctx *ctx)
{
    if (ctx->calendar)
        return ctx->calendar;
    const struct calendar *kept = db_recall(ctx->db, "calendar");
    struct arena *memory = kept ? NULL : db_memory(ctx->db);
    if (memory) {
        struct calendar *made = calendar_load(ctx->db, memory);
        if (db_status(ctx->db) == OK)
            db_keep(ctx->db, "calendar", made);
        kept = made;
    }
    if (!kept)
        return ctx->calendar = calendar_load(ctx->db, ctx->arena);
    struct calendar *own = ARENA_NEW(ctx->arena, struct calendar);
    struct calendar_day *days = ARENA_ARRAY(ctx->arena, struct calendar_day, kept->count + 1);
    if (kept->count)
        memcpy(days, kept->days, sizeof *days * (size_t)kept->count);
    *own = (struct calendar){.days = days, .count = kept->count};
    return ctx->calendar = own;
}
