/*
 * What a certificate counts. The hours of each day are those that were counted
 * or approved; the day's attendances say what they were spent on. A day's hours
 * are distributed over its attendances in the order in which they began;
 * overlapping time counts once, and no more than the day has. So the lines add
 * up to the total and contain nothing that was refused, is on hold, or counts
 * twice.
 */
#include "app/certificates/certificates.h"

#include "app/activities/activities.h"
#include "base/when.h"

#include <stdlib.h>
#include <string.h>

#define CONTENT_MOST 10 /* lines; the rest becomes one line "and others" */
#define MINUTE       60

struct part {
    const char *kind, *skill; /* both NULL: neither an activity nor a visit */
    bool manual;              /* approved without an attendance */
    int64_t times, seconds;
};

struct served {
    int64_t came, went;
    const char *kind, *skill;
    bool used; /* already counted in its part's number of times */
};

struct tally {
    const struct certificate *c;
    int64_t from, to; /* seconds, to is exclusive */
    struct served *served;
    struct part *parts;
    int64_t served_count, part_count, first; /* first: attendances before it are over */
};

static bool same(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

/* The longest first, those without an attendance last: they explain a difference. */
static int by_length(const void *a, const void *b)
{
    const struct part *x = a, *y = b;
    if (x->manual != y->manual)
        return x->manual - y->manual;
    return (y->seconds > x->seconds) - (y->seconds < x->seconds);
}

static void part_add(struct tally *t, const struct part *what)
{
    struct part *p = t->parts, *end = t->parts + t->part_count;
    while (p < end &&
           !(p->manual == what->manual && same(p->kind, what->kind) && same(p->skill, what->skill)))
        p++;
    if (p == end) {
        t->part_count++;
        *p = (struct part){what->kind, what->skill, what->manual, 0, 0};
    }
    p->times += what->times;
    p->seconds += what->seconds;
}

/* Reads the attendances of the period. At most one part for each, and one for the rest. */
static void tally_read(struct ctx *ctx, struct tally *t)
{
    static const char from_where[] =
        " FROM attendances a LEFT JOIN activities y ON y.id = a.activity LEFT JOIN offers f ON "
        "f.id = a.offer WHERE a.volunteer = {} AND a.status = 'good' AND a.went IS NOT NULL AND "
        "a.came < {} AND a.went > {}";
    struct arg args[] = {arg_int(t->c->volunteer), arg_int(t->to), arg_int(t->from)};
    struct sql q;
    sql_init(&q, ctx->arena);
    sql_add(&q, "SELECT count(*) AS n");
    sql_write(&q, from_where, args, 3);
    struct rows *r = sql_query(ctx->db, &q);
    int64_t most = rows_next(r) ? row_int(r, "n") : 0;
    rows_end(r);
    t->served = ARENA_ARRAY(ctx->arena, struct served, most + 1);
    t->parts = ARENA_ARRAY(ctx->arena, struct part, most + 2);
    sql_init(&q, ctx->arena);
    sql_add(&q, "SELECT a.came AS came, a.went AS went, y.kind AS kind, f.skill AS skill");
    sql_write(&q, from_where, args, 3);
    sql_add(&q, " ORDER BY a.came, a.id");
    for (r = sql_query(ctx->db, &q); t->served_count < most && rows_next(r);)
        t->served[t->served_count++] = (struct served){row_int(r, "came"), row_int(r, "went"),
                                                       row_copy(r, ctx->arena, "kind"),
                                                       row_copy(r, ctx->arena, "skill"), false};
    rows_end(r);
}

/* Distributes a day's seconds over what was done on it. */
static void day_share(struct tally *t, int64_t day, int64_t seconds)
{
    int64_t reached = when_day_start(day), end = when_day_end(day) + 1;
    for (int64_t i = 0; i < t->served_count && seconds > 0; i++) {
        struct served *s = &t->served[i];
        int64_t from = s->came > reached ? s->came : reached, to = s->went < end ? s->went : end,
                some = to - from < seconds ? to - from : seconds;
        if (to <= from)
            continue;
        part_add(t, &(struct part){s->kind, s->skill, false, !s->used, some});
        s->used = true;
        seconds -= some;
        reached = to;
    }
    if (seconds > 0)
        part_add(t, &(struct part){NULL, NULL, true, 1, seconds});
}

struct day_hours {
    int64_t day, seconds;
};

static void tally_days(struct ctx *ctx, struct tally *t)
{
    int64_t day, most = query_int(ctx->db,
                                  "SELECT count(*) AS n FROM hours WHERE volunteer = {} AND day >= "
                                  "{} AND day <= {}",
                                  t->c->volunteer, t->c->valid_from, t->c->valid_to);
    struct day_hours *days = ARENA_ARRAY(ctx->arena, struct day_hours, most > 0 ? most : 1);
    int64_t n = 0;
    struct rows *r = query(ctx->db,
                           "SELECT day, coalesce(corrected, counted) AS seconds FROM hours WHERE "
                           "volunteer = {} AND day >= {} AND day <= {} ORDER BY day",
                           t->c->volunteer, t->c->valid_from, t->c->valid_to);
    while (n < most && rows_next(r))
        if (day_parse(row_text(r, "day"), &day) && row_int(r, "seconds") > 0)
            days[n++] = (struct day_hours){day, row_int(r, "seconds")};
    rows_end(r);
    for (int64_t i = 0; i < n; i++)
        day_share(t, days[i].day, days[i].seconds);
}

static const char *part_name(struct ctx *ctx, const struct part *p)
{
    const struct activity a = {.kind = p->kind};
    return p->manual  ? say(ctx, "Based on manual records")
           : p->kind  ? field_show(ctx, kind_field(&activities_kind, "kind"), &a)
           : p->skill ? skill_name(ctx, p->skill)
                      : say(ctx, "Other service");
}

/* Whole minutes are printed. Each line is rounded to where the running sum ends, so the lines
 * add up to the total. */
static const char *content_of(struct ctx *ctx, struct tally *t)
{
    int64_t lines = t->part_count, sum = 0, said = 0;
    const char *content = "";
    if (lines > CONTENT_MOST) {
        lines = CONTENT_MOST;
        for (int64_t i = lines; i < t->part_count; i++) {
            t->parts[lines - 1].times += t->parts[i].times;
            t->parts[lines - 1].seconds += t->parts[i].seconds;
        }
    }
    for (int64_t i = 0; i < lines; i++) {
        const struct part *p = &t->parts[i];
        bool rest = i == CONTENT_MOST - 1 && t->part_count > CONTENT_MOST;
        sum += p->seconds;
        int64_t shown = sum / MINUTE * MINUTE - said;
        said += shown;
        content = arena_print(ctx->arena, "%s%s%s", content, i ? "\n" : "",
                              say(ctx, "{}: {} times, {}",
                                  rest ? say(ctx, "And others") : part_name(ctx, p), p->times,
                                  hours_text(ctx, shown)));
    }
    return content;
}

/* Lists the days of the period that the volunteer disputes; NULL: none. */
static const char *disputed_days(struct ctx *ctx, const struct certificate *c)
{
    const char *days = NULL;
    int64_t day;
    struct rows *r = query(ctx->db,
                           "SELECT day FROM hours WHERE volunteer = {} AND day >= {} AND day <= {} "
                           "AND dispute IS NOT NULL ORDER BY day",
                           c->volunteer, c->valid_from, c->valid_to);
    while (rows_next(r))
        if (day_parse(row_text(r, "day"), &day))
            days = days ? say(ctx, "{}, {}", days, day_show(ctx->arena, ctx->lang, day))
                        : day_show(ctx->arena, ctx->lang, day);
    rows_end(r);
    return days;
}

bool certificate_count(struct ctx *ctx, struct certificate *c, bool over_disputes)
{
    int64_t from, to;
    struct tally t = {.c = c};
    if (!c->valid_from || !c->valid_to || !day_parse(c->valid_from, &from) ||
        !day_parse(c->valid_to, &to) || from > to || to > when_day(ctx->now)) {
        ctx_problem(ctx, "valid_to",
                    say(ctx,
                        "Enter the first and last day of the period. The last day can’t be after "
                        "today."));
        return false;
    }
    t.from = when_day_start(from);
    t.to = when_day_end(to) + 1;
    tally_read(ctx, &t);
    tally_days(ctx, &t);
    qsort(t.parts, (size_t)t.part_count, sizeof *t.parts, by_length);
    c->seconds = 0;
    for (int64_t i = 0; i < t.part_count; i++)
        c->seconds += t.parts[i].seconds;
    if (c->seconds <= 0) {
        ctx_problem(ctx, "valid_from",
                    say(ctx, "This volunteer has no counted hours in this period."));
        return false;
    }
    const char *disputed = disputed_days(ctx, c);
    if (disputed && !over_disputes) {
        ctx_problem(ctx, "over_disputes",
                    say(ctx,
                        "The volunteer disputes these days: {}. Approve their hours first, or "
                        "issue the certificate now: it will list the disputed days.",
                        disputed));
        return false;
    }
    c->content = content_of(ctx, &t);
    if (disputed)
        c->content = arena_print(
            ctx->arena, "%s\n%s", c->content,
            say(ctx, "Disputed and not yet approved when issued: {}", disputed));
    return true;
}
