/*
 * Who signed up is told: of a cancellation, a change, a place that became
 * free, and on the day before. The words are written in the transaction of
 * what happened; they leave as the notices of requests do: by mail to a
 * volunteer who has a login with an address, otherwise from the outbox, where
 * somebody rings.
 */
#include "app/activity_pages.h"

#include "app/module.h"
#include "app/notify.h"
#include "app/volunteers.h"
#include "base/when.h"

#include <stdlib.h>
#include <time.h>

#define OLD         (2 * WHEN_DAY) /* of a demonstration or an archive: told to nobody */
#define REMIND_MOST 50             /* activities a run */

static const char *const names[] = {"activity-cancelled", "activity-remind", "activity-changed", "activity-moved-up"};

static const char *words(struct ctx *ctx, const struct activity *a, const struct sign_up *s, enum tell what)
{
    const struct shift *shift = s->shift == NONE ? NULL : record_get(ctx, &shifts_kind, s->shift);
    const char *title = activity_title(ctx, a), *place = a->place ? ctx_pick(ctx, a->place, a->place_en) : "";
    const char *when = shift ? activity_when(ctx, shift->starts, shift->ends) : activity_when(ctx, a->starts, a->ends);
    switch (what) {
    case TELL_CANCELLED:
        return say(ctx, "“{}” on {} is cancelled: {}", title, when, a->cancelled_why);
    case TELL_REMIND:
        return say(ctx, "A reminder: “{}”, {}, {}. If you can’t come, please tell us, so that somebody else gets the place.", title, when,
                   place);
    case TELL_CHANGED:
        return say(ctx, "“{}” was changed. It is now: {}, {}.", title, when, place);
    default:
        return say(ctx, "A place became free: you can come to “{}”, {}, {}.", title, when, place);
    }
}

/* Every change is told once more: the record's version names it. */
static const char *event_of(struct ctx *ctx, const struct activity *a, const struct sign_up *s, enum tell what)
{
    int64_t which = what == TELL_REMIND ? a->starts : what == TELL_MOVED_UP ? s->record.version : a->record.version;
    return arena_print(ctx->arena, "%s:%lld:%lld", names[what], (long long)(what == TELL_MOVED_UP ? s->record.id : a->record.id),
                       (long long)which);
}

struct recipient {
    const char *name, *channel, *language;
};

static struct recipient recipient_of(struct ctx *ctx, const struct sign_up *s)
{
    struct recipient to = {arena_print(ctx->arena, "signup:%lld", (long long)s->record.id), "hand", "zh_CN"};
    if (s->volunteer == NONE || !*setting(ctx, "smtp.host"))
        return to;
    struct rows *r = query(
        ctx->db, "SELECT u.id, u.mail, u.language FROM volunteers v JOIN users u ON u.id = v.\"user\" WHERE v.id = {} AND u.active = 1",
        s->volunteer);
    if (rows_next(r) && mail_valid(row_text(r, "mail"))) {
        to.name = arena_print(ctx->arena, "user:%lld", (long long)row_int(r, "id"));
        to.channel = "mail";
        to.language = row_text(r, "language") ? row_copy(r, ctx->arena, "language") : "zh_CN";
    }
    rows_end(r);
    return to;
}

static void tell_one(struct ctx *ctx, const struct activity *a, const struct sign_up *s, enum tell what)
{
    struct recipient to = recipient_of(ctx, s);
    const char *lang = ctx->lang;
    ctx->lang = to.language;
    const char *text = words(ctx, a, s, what);
    ctx->lang = lang;
    change(ctx->db,
           "INSERT INTO notices (event, recipient, channel, activity, action, language, text, status, next_at, created)"
           " VALUES ({}, {}, {}, {}, {}, {}, {}, 'waiting', {}, {}) ON CONFLICT (event, recipient, channel) DO NOTHING",
           event_of(ctx, a, s, what), to.name, to.channel, a->record.id, names[what], to.language, text, ctx->now, ctx->now);
    change(ctx->db, "UPDATE sign_ups SET told_at = {} WHERE id = {}", ctx->now, s->record.id);
}

/* Nobody is reminded of what was cancelled since, or told twice of what is out of date. */
static void drop_waiting(struct ctx *ctx, const struct activity *a)
{
    change(ctx->db,
           "UPDATE notices SET status = 'told', done_at = {}, error = {} WHERE activity = {} AND status = 'waiting' AND channel = 'hand'",
           ctx->now, NOTICE_SUPERSEDED, a->record.id);
}

void activity_tell(struct ctx *ctx, const struct activity *a, enum tell what, int64_t sign_up)
{
    if (ctx->now + OLD < time(NULL))
        return;
    if (what == TELL_CANCELLED || what == TELL_CHANGED)
        drop_waiting(ctx, a);
    int64_t last = 0, id;
    while ((id = sign_up != NONE && last == 0 ? sign_up
                 : sign_up != NONE
                     ? NONE
                     : query_int(ctx->db, "SELECT min(id) AS id FROM sign_ups WHERE activity = {} AND status <> 'cancelled' AND id > {}",
                                 a->record.id, last)) != NONE) {
        const struct sign_up *s = record_get(ctx, &sign_ups_kind, id);
        last = id;
        if (s && (what != TELL_REMIND || s->status[0] == 's')) /* who waits is not reminded */
            tell_one(ctx, a, s, what);
    }
}

/* ---- the day before ---- */

static int64_t next_to_remind(struct ctx *ctx)
{
    int64_t tomorrow = when_day(ctx->now) + 1;
    return query_int(ctx->db,
                     "SELECT min(id) AS id FROM activities WHERE status = 'open' AND reminded_at IS NULL AND starts >= {} AND starts <= {}",
                     when_day_start(tomorrow), when_day_end(tomorrow));
}

static void remind(struct ctx *ctx)
{
    for (int i = 0; i < REMIND_MOST; i++) {
        int64_t id = next_to_remind(ctx);
        const struct activity *a = id == NONE ? NULL : record_get(ctx, &activities_kind, id);
        if (!a)
            return;
        struct activity *after = record_copy(ctx, &activities_kind, a);
        after->reminded_at = ctx->now;
        if (record_update(ctx, &activities_kind, a, after, "remind") != OK)
            return;
        activity_tell(ctx, after, TELL_REMIND, NONE);
    }
}

/* By day: the outbox is read by people who ring at once. */
static void job_remind(struct ctx *ctx)
{
    int hour = civil_from_when(ctx->now).hour;
    if (hour >= 8 && hour < 20 && next_to_remind(ctx) != NONE)
        door(ctx, remind);
}

static const struct job jobs[] = {{"activity-reminders", 600, job_remind}, {.name = NULL}};

const struct module activity_notices_module = {.name = "activity_notices", .jobs = jobs};
