/*
 * Notifications to those who signed up: a cancellation, a change, a free place,
 * and a reminder on the day before. The texts are written in the transaction of
 * the event. They are sent by email to volunteers with a login and an address;
 * others are on the list of people to call.
 */
#include "app/activities/activity_pages.h"

#include "core/module.h"
#include "core/notices.h"
#include "app/volunteers/volunteers.h"
#include "app/registers/registers.h"
#include "base/code.h"
#include "base/text.h"
#include "base/when.h"

#include <stdlib.h>

#define OLD         (2 * WHEN_DAY) /* older events (a demonstration, an archive) notify nobody */
#define REMIND_MOST 50             /* activities in one run */

static const char *const names[] = {"activity-cancelled", "activity-remind", "activity-changed",
                                    "activity-moved-up"};

static const char *words(struct ctx *ctx, const struct activity *a, const struct sign_up *s,
                         enum tell what)
{
    const struct shift *shift = s->shift == NONE ? NULL : record_get(ctx, &shifts_kind, s->shift);
    const char *title = activity_title(ctx, a),
               *place = a->place ? ctx_pick(ctx, a->place, a->place_en) : "";
    const char *when = shift ? activity_when(ctx, shift->starts, shift->ends)
                             : activity_when(ctx, a->starts, a->ends);
    switch (what) {
    case TELL_CANCELLED:
        return say(ctx, "“{}” on {} has been cancelled: {}", title, when, a->cancelled_why);
    case TELL_REMIND:
        return say(ctx,
                   "Reminder: “{}”, {}, {}. If you can’t come, please let us know so that someone "
                   "else can have your place.",
                   title, when, place);
    case TELL_CHANGED: /* replaces a waiting notification, so it states the person's status */
        return s->status[0] == 's'
                   ? say(ctx, "You have a place at “{}”. It has changed. New details: {}, {}.",
                         title, when, place)
                   : say(ctx,
                         "“{}” has changed. New details: {}, {}. You are still on the waiting "
                         "list.",
                         title, when, place);
    default:
        return say(ctx, "A place has become available. You can now come to “{}”, {}, {}.", title,
                   when, place);
    }
}

/* Each change notifies once more; the record's version names it. */
static const char *event_of(struct ctx *ctx, const struct activity *a, const struct sign_up *s,
                            enum tell what)
{
    int64_t which = what == TELL_REMIND     ? a->starts
                    : what == TELL_MOVED_UP ? s->record.version
                                            : a->record.version;
    return arena_print(ctx->arena, "%s:%lld:%lld", names[what],
                       (long long)(what == TELL_MOVED_UP ? s->record.id : a->record.id),
                       (long long)which);
}

struct way {
    const char *name, *channel, *language;
};

static struct way way_to(struct ctx *ctx, const struct sign_up *s)
{
    struct way to = {arena_print(ctx->arena, "signup:%lld", (long long)s->record.id), "hand",
                     "zh_CN"};
    if (s->volunteer == NONE || !*setting(ctx, "smtp.host"))
        return to;
    struct rows *r = query(ctx->db,
                           "SELECT u.id, u.mail, u.language FROM volunteers v JOIN users u ON u.id "
                           "= v.\"user\" WHERE v.id = {} AND u.active = 1",
                           s->volunteer);
    if (rows_next(r) && mail_valid(row_text(r, "mail"))) {
        to.name = arena_print(ctx->arena, "user:%lld", (long long)row_int(r, "id"));
        to.channel = "mail";
        to.language = row_text(r, "language") ? row_copy(r, ctx->arena, "language") : "zh_CN";
    }
    rows_end(r);
    return to;
}

static void tell_one(struct ctx *ctx, const struct activity *a, const struct sign_up *s,
                     enum tell what)
{
    struct way to = way_to(ctx, s);
    const char *lang = ctx->lang;
    ctx->lang = to.language;
    const char *text = words(ctx, a, s, what);
    ctx->lang = lang;
    notice_put(ctx, &(struct notice){.kind = activities_kind.name,
                                     .record = a->record.id,
                                     .event = event_of(ctx, a, s, what),
                                     .recipient = to.name,
                                     .channel = to.channel,
                                     .action = names[what],
                                     .language = to.language,
                                     .text = text});
    change(ctx->db, "UPDATE sign_ups SET told_at = {} WHERE id = {}", ctx->now, s->record.id);
}

void sign_up_untell(struct ctx *ctx, const struct sign_up *s)
{
    notice_withdraw(ctx, activities_kind.name, s->activity, way_to(ctx, s).name);
}

/* Reads the next sign-ups of the activity, or of one shift, that have a place or wait for one. */
static int64_t next_signed(struct ctx *ctx, int64_t activity, int64_t shift, int64_t after)
{
    return shift == NONE
               ? query_int(ctx->db,
                           "SELECT min(id) AS id FROM sign_ups WHERE activity = {} AND status <> "
                           "'cancelled' AND id > {}",
                           activity, after)
               : query_int(ctx->db,
                           "SELECT min(id) AS id FROM sign_ups WHERE activity = {} AND shift = {} "
                           "AND status <> 'cancelled' AND id > {}",
                           activity, shift, after);
}

static bool is_past(const struct ctx *ctx)
{
    return ctx->now + OLD < when_now();
}

static void tell_all(struct ctx *ctx, const struct activity *a, enum tell what, int64_t shift)
{
    for (int64_t id = 0; (id = next_signed(ctx, a->record.id, shift, id)) != NONE;) {
        const struct sign_up *s = record_get(ctx, &sign_ups_kind, id);
        if (!s ||
            (what == TELL_REMIND && s->status[0] != 's')) /* the waiting list gets no reminder */
            continue;
        if (shift != NONE)
            sign_up_untell(ctx, s); /* it is out of date */
        tell_one(ctx, a, s, what);
    }
}

void activity_tell(struct ctx *ctx, const struct activity *a, enum tell what, int64_t sign_up)
{
    if (is_past(ctx))
        return;
    if (what == TELL_CANCELLED || what == TELL_CHANGED)
        notice_withdraw(ctx, activities_kind.name, a->record.id, NULL); /* it is out of date */
    if (sign_up == NONE) {
        tell_all(ctx, a, what, NONE);
        return;
    }
    const struct sign_up *s = record_get(ctx, &sign_ups_kind, sign_up);
    if (s)
        tell_one(ctx, a, s, what);
}

void shift_tell(struct ctx *ctx, const struct activity *a, int64_t shift)
{
    if (!is_past(ctx))
        tell_all(ctx, a, TELL_CHANGED, shift);
}

/* ---- the day before ---- */

static int64_t next_to_remind(struct ctx *ctx)
{
    int64_t tomorrow = when_day(ctx->now) + 1;
    return query_int(ctx->db,
                     "SELECT min(id) AS id FROM activities WHERE status = 'open' AND reminded_at "
                     "IS NULL AND starts >= {} AND starts <= {}",
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

/* By day, because people call from the list immediately. */
static void job_remind(struct ctx *ctx)
{
    int hour = civil_from_when(ctx->now).hour;
    if (hour >= 8 && hour < 20 && next_to_remind(ctx) != NONE)
        writer_call(ctx, remind);
}

static const struct job jobs[] = {{"activity-reminders", 600, job_remind}, {.name = NULL}};

/* Finds who signed up: the phone number given, or the volunteer's. */
static void sign_up_find(struct ctx *ctx, int64_t id, int64_t record, struct reached *to)
{
    const struct sign_up *s = record_get(ctx, &sign_ups_kind, id);
    const struct volunteer *v = s && !s->phone && s->volunteer != NONE
                                    ? record_get(ctx, &volunteers_kind, s->volunteer)
                                    : NULL;
    const struct person *p = v ? record_get(ctx, &people_kind, v->person) : NULL;
    (void)record;
    to->who = s ? mask_name(ctx->arena, s->name) : say(ctx, "Someone who signed up");
    to->name = s ? s->name : NULL;
    to->whole = s && s->phone ? s->phone : p ? p->phone : NULL;
    to->phone = mask_phone(ctx->arena, to->whole);
}

static const struct recipient recipients[] = {
    {.prefix = "signup:", .resident = true, .find = sign_up_find},
    {.prefix = NULL},
};

static const struct notice_subject subjects[] = {
    {&activities_kind, "title", "/activities/{id}/manage#sign-ups"},
    {.kind = NULL},
};

const struct module activity_notices_module = {
    .name = "activity_notices", .jobs = jobs, .recipients = recipients, .subjects = subjects};
