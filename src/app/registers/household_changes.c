/*
 * What happens to households and their members: joining, changing, taking
 * back, moving.
 */
#include "app/registers/households.h"
#include "app/registers/people.h"
#include "base/when.h"

#include <string.h>

static const char *day_before(struct ctx *ctx, const char *date)
{
    int64_t day;
    return date && day_parse(date, &day) ? day_iso(ctx->arena, day - 1) : NULL;
}

/* The period of a person in a household that holds today. */
static const struct household_member *member_now(struct ctx *ctx, int64_t household, int64_t person)
{
    const char *now = ctx_today(ctx);
    int64_t id = query_int(ctx->db,
                           "SELECT id FROM household_members WHERE household = {} AND person = {} "
                           "AND " MEMBER_NOW,
                           household, person, now, now);
    return id == NONE ? NULL : record_get(ctx, &household_members_kind, id);
}

static enum status leave_there(struct ctx *ctx, const struct household_member *m)
{
    const char *now = ctx_today(ctx);
    int64_t id = query_int(ctx->db,
                           "SELECT min(id) AS id FROM household_members WHERE person = {} AND "
                           "household <> {} AND " MEMBER_NOW,
                           m->person, m->household, now, now);
    if (id == NONE)
        return OK;
    if (!record_reached(ctx, &household_members_kind, id) && ctx->actor.grant_count > 0) {
        ctx_problem(ctx, "person",
                    say(ctx, "This person lives in a household outside your communities. Ask that "
                             "community, or the subdistrict office, to record that they moved."));
        return ctx->status;
    }
    const struct household_member *there = record_must(ctx, &household_members_kind, id);
    const struct household *here = record_must(ctx, &households_kind, m->household);
    return member_change(
        ctx, there,
        &(struct member_change){
            .state = "moved", .from = m->valid_from, .why = here->place, .head = NONE});
}

enum status member_join(struct ctx *ctx, struct household_member *m, bool from_there)
{
    if (!m->valid_from)
        m->valid_from = ctx_today(ctx);
    if (from_there && m->person > 0 && leave_there(ctx, m) != OK)
        return ctx->status;
    return record_check(ctx, &household_members_kind, NULL, m) &&
                   record_insert(ctx, &household_members_kind, m, "join") == OK
               ? household_members_kind.settle(ctx, NULL, m)
               : ctx->status;
}

/* Ends the period on the day before, and begins one with what is new. The same day: the period
 * itself is corrected. */
static enum status turn(struct ctx *ctx, const struct household_member *m,
                        const struct member_change *to, struct household_member **made)
{
    struct household_member *ended = record_copy(ctx, &household_members_kind, m),
                            *next = record_copy(ctx, &household_members_kind, m);
    next->state = to->state ? to->state : m->state;
    next->relation = to->relation ? to->relation : m->relation;
    next->why = to->why;
    *made = next;
    if (m->valid_from && !strcmp(m->valid_from, to->from))
        return record_check(ctx, &household_members_kind, m, next)
                   ? record_update(ctx, &household_members_kind, m, next, next->state)
                   : ctx->status;
    ended->valid_to = day_before(ctx, to->from);
    if (m->valid_from && strcmp(m->valid_from, to->from) > 0) {
        ctx_problem(ctx, "from",
                    say(ctx, "This is before the period that it changes, which began on {}.",
                        m->valid_from));
        return ctx->status;
    }
    if (record_update(ctx, &household_members_kind, m, ended, "end") != OK)
        return ctx->status;
    next->record.id = NONE;
    next->code = record_code(ctx, "M");
    next->valid_from = to->from;
    next->valid_to = NULL;
    /* the head who moves away keeps the word: it was true until then */
    return record_check(ctx, &household_members_kind, m, next)
               ? record_insert(ctx, &household_members_kind, next, next->state)
               : ctx->status;
}

/* Makes another member the head. */
static enum status hand_over(struct ctx *ctx, int64_t household, int64_t person, const char *from)
{
    struct household_member *made;
    const struct household_member *m = member_now(ctx, household, person);
    if (!m) {
        ctx_problem(ctx, "head", say(ctx, "Choose somebody who belongs to this household today."));
        return ctx->status;
    }
    return turn(ctx, m, &(struct member_change){.relation = "head", .from = from, .head = NONE},
                &made);
}

enum status member_change(struct ctx *ctx, const struct household_member *m,
                          const struct member_change *to)
{
    struct household_member *made = NULL;
    if (!to->from || strcmp(to->from, ctx_today(ctx)) > 0) {
        ctx_problem(ctx, "from",
                    to->from ? say(ctx, "This date is in the future.")
                             : say(ctx, "Enter since when."));
        return ctx->status;
    }
    if (m->valid_to) {
        ctx_problem(ctx, NULL, say(ctx, "This period has ended. Change the newest one."));
        return ctx->status;
    }
    if ((!to->state || !strcmp(to->state, m->state)) &&
        (!to->relation || !strcmp(to->relation, m->relation))) {
        ctx_problem(ctx, "state",
                    say(ctx, "Nothing would change. Choose another state or "
                             "relation."));
        return ctx->status;
    }
    if (turn(ctx, m, to, &made) != OK)
        return ctx->status;
    bool was_head = !strcmp(m->relation, "head") && member_belongs(m->state),
         is_head = !strcmp(made->relation, "head") && member_belongs(made->state);
    if (was_head && !is_head && to->head != NONE &&
        hand_over(ctx, m->household, to->head, to->from) != OK)
        return ctx->status;
    return household_members_kind.settle(ctx, m, made);
}

const struct household_member *member_before(struct ctx *ctx, const struct household_member *m)
{
    int64_t id = m->valid_from && !m->valid_to
                     ? query_int(ctx->db,
                                 "SELECT min(id) AS id FROM household_members WHERE household = {} "
                                 "AND person = {} AND valid_to = {}",
                                 m->household, m->person, day_before(ctx, m->valid_from))
                     : NONE;
    return id == NONE ? NULL : record_get(ctx, &household_members_kind, id);
}

static enum status take_back(struct ctx *ctx, const struct household_member *m)
{
    const struct household_member *before = member_before(ctx, m);
    if (!before)
        return ctx_fail(ctx, CONFLICT, say(ctx, "There is nothing to take back."));
    if (record_remove(ctx, &household_members_kind, m) != OK)
        return ctx->status;
    struct household_member *after = record_copy(ctx, &household_members_kind, before);
    after->valid_to = NULL;
    return record_check(ctx, &household_members_kind, before, after)
               ? record_update(ctx, &household_members_kind, before, after, "resume")
               : ctx->status;
}

/* The one who became head on the day on which the last head left. */
static const struct household_member *successor(struct ctx *ctx, const struct household_member *m)
{
    int64_t id = query_int(ctx->db,
                           "SELECT min(id) AS id FROM household_members WHERE household = {} AND "
                           "person <> {} AND relation = 'head' AND valid_from = {} AND valid_to IS "
                           "NULL",
                           m->household, m->person, m->valid_from);
    return id == NONE ? NULL : record_get(ctx, &household_members_kind, id);
}

enum status member_undo(struct ctx *ctx, const struct household_member *m)
{
    const struct household_member *before = member_before(ctx, m), *heir = NULL;
    if (before && !strcmp(before->relation, "head"))
        heir = successor(ctx, m);
    if (heir && member_before(ctx, heir) && take_back(ctx, heir) != OK)
        return ctx->status;
    return take_back(ctx, m) == OK ? household_members_kind.settle(ctx, NULL, before) : ctx->status;
}

enum status household_move(struct ctx *ctx, const struct household *before, struct household *after,
                           const char *from)
{
    const char *now = ctx_today(ctx);
    struct household_place *old = record_new(ctx, &household_places_kind);
    int64_t people[64];
    int n;
    if (!from || strcmp(from, now) > 0 || (before->since && strcmp(from, before->since) <= 0)) {
        ctx_problem(ctx, "since",
                    !from                   ? say(ctx, "Enter since when.")
                    : strcmp(from, now) > 0 ? say(ctx, "This date is in the future.")
                                            : say(ctx,
                                                  "The household has lived at the present "
                                                  "address since {}: enter a later day.",
                                                  before->since));
        return ctx->status;
    }
    after->since = from;
    if (!record_check(ctx, &households_kind, before, after))
        return ctx->status;
    if (!strcmp(before->place ? before->place : "", after->place)) {
        ctx_problem(ctx, "area", say(ctx, "This is the address that the household has now."));
        return ctx->status;
    }
    old->household = before->record.id;
    old->area = before->area;
    old->place = before->place;
    old->valid_from = before->since;
    old->valid_to = day_before(ctx, from);
    old->code = record_code(ctx, "L");
    if (record_insert(ctx, &household_places_kind, old, "move") != OK ||
        record_update(ctx, &households_kind, before, after, "move") != OK)
        return ctx->status;
    int64_t last = 0;
    do {
        n = rows_ids(query(ctx->db,
                           "SELECT person AS id FROM household_members WHERE household = {} AND "
                           "person > {} AND state <> 'away' AND " MEMBER_NOW
                           " ORDER BY person LIMIT {}",
                           before->record.id, last, now, now, 64),
                     people, 64);
        for (int i = 0; i < n && ctx_ok(ctx); i++)
            person_follow(ctx, last = people[i], before->record.id);
    } while (n == 64 && ctx_ok(ctx));
    return ctx->status;
}
