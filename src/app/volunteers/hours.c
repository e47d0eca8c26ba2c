/*
 * Hours of service: one row for each volunteer and day, computed from that
 * day's attendances. A decided day keeps its value when the computation
 * changes, and says so. Each change updates the volunteer's sum.
 */
#include "app/volunteers/volunteers.h"

#include "app/registers/registers.h"
#include "base/when.h"

#include <stdlib.h>
#include <string.h>

static const int64_t star_hours[] = {100, 300, 600, 1000, 1500};

int stars_of(int64_t seconds)
{
    int stars = 0;
    while (stars < 5 && seconds >= star_hours[stars] * WHEN_HOUR)
        stars++;
    return stars;
}

/* The time from arrival to departure. */
struct span {
    int64_t from, to;
};

static int by_start(const void *a, const void *b)
{
    const struct span *x = a, *y = b;
    return (x->from > y->from) - (x->from < y->from);
}

/* Seconds covered by several spans together; overlaps count once. Sorts the spans. */
static int64_t spans_cover(struct span *spans, int count)
{
    int64_t total = 0, reached = INT64_MIN;
    if (count)
        qsort(spans, (size_t)count, sizeof *spans, by_start);
    for (int i = 0; i < count; i++) {
        int64_t from = spans[i].from > reached ? spans[i].from : reached;
        if (spans[i].to > from) {
            total += spans[i].to - from;
            reached = spans[i].to;
        }
    }
    return total;
}

#define H(member) offsetof(struct hours, member)
static const struct field fields[] = {
    {"volunteer", F_REF, H(volunteer), N_("Volunteer"), .ref = "volunteers",
     .flags = LISTED | FILTER | FIXED},
    {"day", F_DATE, H(day), N_("Day"), .flags = LISTED | SORTED | FIXED},
    {"month", F_INT, H(month), N_("Month"), .flags = FILTER | FIXED},
    {"attended", F_INT, H(attended), N_("Time attended"), .flags = LISTED | FIXED | SECONDS},
    {"counted", F_INT, H(counted), N_("Time counted"), .flags = LISTED | FIXED | SECONDS},
    {"held", F_INT, H(held), N_("Time awaiting approval"), .flags = LISTED | FIXED | SECONDS},
    {"corrected", F_INT, H(corrected), N_("Time approved"), .flags = FIXED | SECONDS},
    {"why", F_TEXT, H(why), N_("Reason"), .max = 300, .flags = FIXED},
    {"decided_by", F_REF, H(decided_by), N_("Approved by"), .ref = "users", .flags = FIXED},
    {"decided_name", F_TEXT, H(decided_name), N_("Approved by"), .flags = FIXED},
    {"decided_at", F_TIME, H(decided_at), N_("Approved on"), .flags = FIXED},
    {"dispute", F_TEXT, H(dispute), N_("Volunteer’s comment"), .max = 300, .flags = FIXED},
    {"disputed_at", F_TIME, H(disputed_at), N_("Disputed"), .flags = FIXED},
};

static void scope(struct ctx *ctx, struct sql *where)
{
    sql_add(where, " AND volunteer IN (SELECT v.id FROM volunteers v WHERE 1 = 1");
    volunteers_kind.scope(ctx, where);
    sql_add(where, ")");
}

static const struct choice hours_actions[] = {
    {"compute", N_("hours calculated")},
    {"dispute", N_("disputed")},
    {"decide", N_("hours approved")},
    {NULL, NULL},
};

const struct kind hours_kind = {
    .name = "hours",
    .table = "hours",
    .one = N_("Service day"),
    .many = N_("Service days"),
    .actions = hours_actions,
    FIELDS(fields),
    .size = sizeof(struct hours),
    .read = ROLE_TEAM_LEADER | ROLE_WORKER | ROLE_OFFICE | ROLE_LEADER | ROLE_VOLUNTEER,
    .code = "day",
    .order = "day DESC, id DESC",
    .scope = scope,
    .home = "/hours",
    .page = "/hours/{id}",
    .about = N_("Service hours for each volunteer and day, with the approved total.")};

/* Seconds of the day covered by the volunteer's valid attendances. */
static int64_t attended_on(struct ctx *ctx, int64_t volunteer, int64_t day)
{
    struct span *spans = NULL;
    int64_t from = when_day_start(day), to = when_day_end(day) + 1;
    int n = 0;
    struct rows *r = query(ctx->db,
                           "SELECT came, went FROM attendances WHERE volunteer = {} AND status = "
                           "'good' AND went IS NOT NULL"
                           " AND came < {} AND went > {} ORDER BY came",
                           volunteer, to, from);
    while (rows_next(r)) {
        int64_t came = row_int(r, "came"), went = row_int(r, "went");
        *ARENA_NEXT(ctx->arena, spans, n) = (struct span){came > from ? came : from,
                                                          went < to ? went : to};
    }
    return spans_cover(spans, n);
}

void hours_sum(struct ctx *ctx, int64_t volunteer)
{
    change(ctx->db,
           "UPDATE volunteers SET seconds = (SELECT coalesce(sum(counted), 0) FROM hours WHERE "
           "volunteer = {}) WHERE id = {}",
           volunteer, volunteer);
}

enum status hours_compute(struct ctx *ctx, int64_t volunteer, int64_t day)
{
    const char *text = day_iso(ctx->arena, day);
    int64_t attended = attended_on(ctx, volunteer, day);
    int64_t id = query_int(ctx->db, "SELECT id FROM hours WHERE volunteer = {} AND day = {}",
                           volunteer, text);
    if (id == NONE && attended == 0)
        return db_status(ctx->db);
    const struct hours *before = id == NONE ? NULL : record_must(ctx, &hours_kind, id);
    struct hours *after = before ? record_copy(ctx, &hours_kind, before)
                                 : record_new(ctx, &hours_kind);
    struct civil c = civil_from_when(when_day_start(day));
    after->volunteer = volunteer;
    after->day = text;
    after->month = c.year * 100 + c.month;
    after->attended = attended;
    int64_t free = attended < HOURS_FREE ? attended : HOURS_FREE;
    after->counted = after->corrected != NONE ? after->corrected : free;
    after->held = after->corrected != NONE ? 0 : attended - free;
    enum status s = before ? record_update(ctx, &hours_kind, before, after, "compute")
                           : record_insert(ctx, &hours_kind, after, "compute");
    if (s == OK)
        hours_sum(ctx, volunteer);
    return s == OK ? db_status(ctx->db) : s;
}

enum status hours_decide(struct ctx *ctx, const struct hours *before, int64_t seconds,
                         const char *why)
{
    if (!why || !*why)
        ctx_problem(ctx, "why", say(ctx, "Enter a reason: the volunteer will see it."));
    if (seconds == NONE || seconds < 0 || seconds > WHEN_DAY)
        ctx_problem(ctx, "hours", say(ctx, "Enter 0 to 24 hours a day."));
    else if (seconds > HOURS_OFFICE && !(ctx->actor.roles & ROLE_OFFICE))
        ctx_problem(
            ctx, "hours",
            say(ctx, "More than 12 hours a day can only be approved by the subdistrict office."));
    if (ctx->status != OK)
        return ctx->status;
    struct hours *after = record_copy(ctx, &hours_kind, before);
    after->corrected = after->counted = seconds;
    after->held = 0;
    after->why = why;
    after->decided_by = ctx->actor.user;
    after->decided_name = ctx->actor.name;
    after->decided_at = ctx->now;
    after->dispute = NULL;
    after->disputed_at = NONE;
    enum status s = record_update(ctx, &hours_kind, before, after, "decide");
    if (s == OK)
        hours_sum(ctx, before->volunteer);
    return s == OK ? db_status(ctx->db) : s;
}

enum status hours_missing(struct ctx *ctx, int64_t volunteer, int64_t day, const char *text)
{
    int64_t id = query_int(ctx->db, "SELECT id FROM hours WHERE volunteer = {} AND day = {}",
                           volunteer, day_iso(ctx->arena, day));
    if (id != NONE)
        return hours_dispute(ctx, record_must(ctx, &hours_kind, id), text);
    if (!text || !*text) {
        ctx_problem(ctx, "dispute", say(ctx, "Enter where you served and from when to when."));
        return ctx->status;
    }
    struct hours *h = record_new(ctx, &hours_kind);
    struct civil c = civil_from_when(when_day_start(day));
    h->volunteer = volunteer;
    h->day = day_iso(ctx->arena, day);
    h->month = c.year * 100 + c.month;
    h->attended = h->counted = h->held = 0;
    h->dispute = text;
    h->disputed_at = ctx->now;
    return record_insert(ctx, &hours_kind, h, "dispute");
}

enum status hours_dispute(struct ctx *ctx, const struct hours *before, const char *text)
{
    if (!text || !*text) {
        ctx_problem(ctx, "dispute", say(ctx, "Tell us what is wrong with this day."));
        return ctx->status;
    }
    struct hours *after = record_copy(ctx, &hours_kind, before);
    after->dispute = text;
    after->disputed_at = ctx->now;
    return record_update(ctx, &hours_kind, before, after, "dispute");
}
