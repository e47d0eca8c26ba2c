/*
 * The waiting list: who has a place, who waits, and who moves up.
 *
 * One rule: as long as a place is free and someone on the waiting list can take
 * it, the first of them moves up and is notified. It is applied after every
 * change that may free a place (a cancelled place, more places, other hours, a
 * volunteer who cancelled another shift) and before a newcomer is considered,
 * so nobody overtakes those who wait. Nobody moves up into two places at once,
 * or into something that has begun.
 */
#include "app/activities/activity_pages.h"

#include "base/when.h"

#include <string.h>

int64_t sign_up_ends(const struct activity *a, const struct shift *s)
{
    int64_t begins = s ? s->starts : a->starts;
    if (a->sign_up_until == NONE)
        return begins;
    return s && s->starts < a->sign_up_until ? s->starts : a->sign_up_until;
}

/* The end of the time in which a freed place is of use to others. */
static int64_t place_ends(const struct activity *a, const struct shift *s)
{
    int64_t late = sign_up_ends(a, s), begins = s ? s->starts : a->starts;
    return late > begins ? late : begins;
}

int64_t places_taken(struct ctx *ctx, int64_t activity, int64_t shift)
{
    return shift == NONE ? query_int(ctx->db,
                                     "SELECT count(*) AS n FROM sign_ups WHERE activity = {} AND "
                                     "status = 'signed' AND shift IS NULL",
                                     activity)
                         : query_int(ctx->db,
                                     "SELECT count(*) AS n FROM sign_ups WHERE activity = {} AND "
                                     "status = 'signed' AND shift = {}",
                                     activity, shift);
}

const char *double_booked(struct ctx *ctx, int64_t volunteer, const struct shift *shift)
{
    struct rows *r = query(ctx->db,
                           "SELECT a.title AS title FROM sign_ups u JOIN shifts h ON h.id = "
                           "u.shift JOIN activities a ON a.id = u.activity"
                           " WHERE u.volunteer = {} AND u.status = 'signed' AND a.status <> "
                           "'cancelled' AND h.starts < {} AND h.ends > {}"
                           " AND h.id <> {} LIMIT 1",
                           volunteer, shift->ends, shift->starts, (struct maybe){shift->record.id});
    const char *title = rows_next(r) ? row_copy(r, ctx->arena, "title") : NULL;
    rows_end(r);
    return title;
}

/* The next on the waiting list after sign-up `after`; NONE. */
static int64_t next_waiting(struct ctx *ctx, int64_t activity, int64_t shift, int64_t after)
{
    return shift == NONE ? query_int(ctx->db,
                                     "SELECT min(id) AS id FROM sign_ups WHERE activity = {} AND "
                                     "shift IS NULL AND status = 'waiting' AND id > {}",
                                     activity, after)
                         : query_int(ctx->db,
                                     "SELECT min(id) AS id FROM sign_ups WHERE activity = {} AND "
                                     "shift = {} AND status = 'waiting' AND id > {}",
                                     activity, shift, after);
}

static enum status move_up(struct ctx *ctx, const struct activity *a, const struct sign_up *s)
{
    struct sign_up *up = record_copy(ctx, &sign_ups_kind, s);
    up->status = "signed";
    enum status done = record_update(ctx, &sign_ups_kind, s, up, "move_up");
    if (done == OK)
        activity_tell(ctx, a, TELL_MOVED_UP, up->record.id);
    return done;
}

enum status waiting_advance(struct ctx *ctx, int64_t activity, int64_t shift)
{
    const struct activity *a = record_get(ctx, &activities_kind, activity);
    const struct shift *h = shift == NONE ? NULL : record_get(ctx, &shifts_kind, shift);
    if (!a || (shift != NONE && !h) || strcmp(a->status, "open") != 0 ||
        place_ends(a, h) < ctx->now)
        return db_status(ctx->db);
    int64_t places = h ? h->places : a->places,
            taken = places == NONE ? 0 : places_taken(ctx, activity, shift);
    for (int64_t id = next_waiting(ctx, activity, shift, 0);
         id != NONE && (places == NONE || taken < places);
         id = next_waiting(ctx, activity, shift, id)) {
        const struct sign_up *s = record_get(ctx, &sign_ups_kind, id);
        if (!s)
            return record_gone(ctx);
        if (h && s->volunteer != NONE && double_booked(ctx, s->volunteer, h))
            continue; /* keeps their position */
        enum status done = move_up(ctx, a, s);
        if (done != OK)
            return done;
        taken++;
    }
    return db_status(ctx->db) != OK ? db_status(ctx->db) : ctx->status;
}

/* Places that this volunteer waits for may have become possible for them. */
static enum status advance_of(struct ctx *ctx, int64_t volunteer)
{
    enum status s = OK;
    for (int64_t id = 0;
         s == OK && (id = query_int(ctx->db,
                                    "SELECT min(u.id) AS id FROM sign_ups u JOIN activities a ON "
                                    "a.id = u.activity WHERE u.volunteer = {} AND u.status = "
                                    "'waiting' AND u.shift IS NOT NULL AND a.status = 'open' AND "
                                    "a.ends > {} AND u.id > {}",
                                    volunteer, ctx->now, id)) != NONE;) {
        const struct sign_up *u = record_get(ctx, &sign_ups_kind, id);
        s = u ? waiting_advance(ctx, u->activity, u->shift) : record_gone(ctx);
    }
    return s;
}

enum status place_freed(struct ctx *ctx, const struct sign_up *s)
{
    enum status done = waiting_advance(ctx, s->activity, s->shift);
    return done == OK && s->volunteer != NONE ? advance_of(ctx, s->volunteer) : done;
}

static enum status activity_advance(struct ctx *ctx, int64_t activity)
{
    enum status s = waiting_advance(ctx, activity, NONE);
    for (int64_t shift = 0;
         s == OK && (shift = query_int(ctx->db,
                                       "SELECT min(shift) AS shift FROM sign_ups WHERE activity = "
                                       "{} AND status = 'waiting' AND shift > {}",
                                       activity, shift)) != NONE;)
        s = waiting_advance(ctx, activity, shift);
    return s;
}

/* ---- what is stored has changed ---- */

static bool text_differs(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") != 0;
}

enum status activity_settle(struct ctx *ctx, const void *before, const void *after)
{
    const struct activity *was = before, *is = after;
    if (!was || !is)
        return OK;
    enum status s = activity_advance(ctx, is->record.id);
    bool moved = was->starts != is->starts || was->ends != is->ends ||
                 text_differs(was->place, is->place);
    if (s == OK && moved && !strcmp(is->status, "open") && is->ends > ctx->now)
        activity_tell(ctx, is, TELL_CHANGED, NONE); /* including those who have just moved up */
    return s;
}

/* The calendar's SEQUENCE is the activity's version, and an edited shift also counts as an edit
 * of the activity: both must see a change. */
static void activity_touch(struct ctx *ctx, int64_t activity)
{
    change(ctx->db, "UPDATE activities SET version = version + 1, updated = {} WHERE id = {}",
           ctx->now, activity);
}

enum status shift_settle(struct ctx *ctx, const void *before, const void *after)
{
    const struct shift *was = before, *is = after;
    if (!was || !is || record_same(&shifts_kind, was, is))
        return OK;
    bool moved = was->starts != is->starts || was->ends != is->ends ||
                 was->activity != is->activity;
    if (moved)
        activity_touch(ctx, is->activity);
    enum status s = waiting_advance(ctx, is->activity, is->record.id);
    const struct activity *a = s == OK && moved ? record_get(ctx, &activities_kind, is->activity)
                                                : NULL;
    if (a && !strcmp(a->status, "open") && is->ends > ctx->now)
        shift_tell(ctx, a, is->record.id);
    return s;
}

enum status sign_up_settle(struct ctx *ctx, const void *before, const void *after)
{
    const struct sign_up *was = before, *is = after;
    if (!was || strcmp(was->status, "signed") != 0 ||
        (is && !strcmp(is->status, "signed") && is->shift == was->shift &&
         is->activity == was->activity && is->volunteer == was->volunteer))
        return OK;
    return place_freed(ctx, was);
}

const char *shift_clash(struct ctx *ctx, const struct shift *s)
{
    struct rows *r = query(ctx->db,
                           "SELECT u.name AS name, a.title AS title FROM sign_ups m JOIN sign_ups "
                           "u ON u.volunteer = m.volunteer JOIN shifts h ON h.id = u.shift JOIN "
                           "activities a ON a.id = u.activity WHERE m.shift = {} AND m.status = "
                           "'signed' AND u.status = 'signed' AND a.status <> 'cancelled' AND h.id "
                           "<> {} AND h.starts < {} AND h.ends > {} ORDER BY u.id LIMIT 1",
                           s->record.id, s->record.id, s->ends, s->starts);
    const char *who = rows_next(r)
                          ? say(ctx,
                                "{} is also signed up for “{}” at that time. Cancel one of the two "
                                "places first.",
                                row_copy(r, ctx->arena, "name"), row_copy(r, ctx->arena, "title"))
                          : NULL;
    rows_end(r);
    return who;
}
