/*
 * Sign-up with its waiting list, check-in and check-out, residents served, and
 * the codes shown at an entrance.
 *
 * Marks arrive late, twice, and out of order. Each is stored once, and the
 * attendances of that volunteer at that activity are paired anew from all of
 * them. A leader's correction takes precedence over marks. Hours follow.
 */
#include "app/activities/activities.h"

#include "app/activities/activity_pages.h"
#include "app/registers/registers.h"
#include "core/offline.h"
#include "app/volunteers/volunteers.h"
#include "base/seal.h"
#include "base/when.h"
#include "db/journal.h"

#include <sodium.h>
#include <string.h>

static const struct choice sign_up_statuses[] = {{"signed", N_("Has a place")},
                                                 {"waiting", N_("On the waiting list")},
                                                 {"cancelled", N_("Cancelled")},
                                                 {NULL, NULL}};
static const struct choice hows[] = {
    {"qr", N_("QR code")},        {"scanner", N_("Barcode scanner")},
    {"code", N_("Code entered")}, {"leader", N_("By the team leader")},
    {"visit", N_("Home visit")},  {NULL, NULL}};
static const struct choice attendance_statuses[] = {
    {"good", N_("Counted")}, {"void", N_("Not counted")}, {NULL, NULL}};

#define HOSTS (ROLE_TEAM_LEADER | ROLE_WORKER | ROLE_OFFICE)

static void scope_by_activity(struct ctx *ctx, struct sql *where)
{
    sql_add(where, " AND activity IN (SELECT v.id FROM activities v WHERE 1 = 1");
    activities_kind.scope(ctx, where);
    sql_add(where, ")");
}

#define U(member) offsetof(struct sign_up, member)
static const struct field sign_up_fields[] = {
    {"code", F_CODE, U(code), N_("Code"), .flags = UNIQUE | FIXED | IMPORTED},
    {"activity", F_REF, U(activity), N_("Activity"), .ref = "activities",
     .flags = REQUIRED | FILTER},
    {"shift", F_REF, U(shift), N_("Shift"), .ref = "shifts", .flags = LISTED | FILTER},
    {"volunteer", F_REF, U(volunteer), N_("Volunteer"), .ref = "volunteers", .flags = FILTER},
    {"name", F_TEXT, U(name), N_("Full name"), .max = 60, .flags = REQUIRED | LISTED},
    {"phone", F_PHONE, U(phone), N_("Phone"), .flags = SEALED},
    {"status", F_CHOICE, U(status), N_("Status"), .choices = sign_up_statuses,
     .flags = LISTED | FILTER | FIXED | IMPORTED},
    {"note", F_TEXT, U(note), N_("Note"), .max = 200},
    {"answers", F_LONG, U(answers), N_("Answers"), .flags = FIXED, .shown = answers_shown},
    {"told_at", F_TIME, U(told_at), N_("Notified"), .flags = FIXED},
};
static int64_t places_of(struct ctx *ctx, const struct sign_up *s, const struct shift *shift)
{
    return shift ? shift->places
                 : query_int(ctx->db, "SELECT places FROM activities WHERE id = {}", s->activity);
}

/* Returns whether others wait for the place that s would get. */
static bool ahead(struct ctx *ctx, const struct sign_up *s)
{
    return s->shift > 0
               ? query_int(ctx->db,
                           "SELECT id FROM sign_ups WHERE activity = {} AND shift = {} AND status "
                           "= 'waiting' AND id <> {} ORDER BY id LIMIT 1",
                           s->activity, s->shift, (struct maybe){s->record.id}) != NONE
               : query_int(ctx->db,
                           "SELECT id FROM sign_ups WHERE activity = {} AND shift IS NULL AND "
                           "status = 'waiting' AND id <> {} ORDER BY id LIMIT 1",
                           s->activity, (struct maybe){s->record.id}) != NONE;
}

/* The rules of the page, also for spreadsheets and the API: a shift of this activity, a free
 * place, and nobody in two places at once. Past activities are history and stay as they were. */
static void sign_up_check(struct ctx *ctx, const void *before, void *after)
{
    const struct sign_up *was = before, *s = after;
    const struct shift *shift = s->shift > 0 ? record_get(ctx, &shifts_kind, s->shift) : NULL;
    if (!workflow_keeps(ctx, &sign_up_workflow, was, s))
        return;
    if (shift && s->activity > 0 && shift->activity != s->activity)
        ctx_problem(ctx, "shift", say(ctx, "This shift belongs to another activity."));
    bool takes = s->status && !strcmp(s->status, "signed") &&
                 (!was || strcmp(was->status, "signed") != 0 || was->shift != s->shift ||
                  was->activity != s->activity);
    if (!takes || s->activity <= 0 ||
        query_int(ctx->db, "SELECT ends FROM activities WHERE id = {}", s->activity) < ctx->now)
        return;
    const char *other = shift && s->volunteer > 0 ? double_booked(ctx, s->volunteer, shift) : NULL;
    int64_t places = places_of(ctx, s, shift);
    bool queue = was && ahead(ctx, s);
    if (other)
        ctx_problem(ctx, "volunteer",
                    say(ctx, "This volunteer is already signed up for “{}” at that time.", other));
    else if (queue)
        ctx_problem(ctx, "status",
                    say(ctx, "Others were on the waiting list before: they move up first."));
    else if (places != NONE && places_taken(ctx, s->activity, s->shift) >= places)
        ctx_problem(ctx, "status",
                    say(ctx, "All {} places are taken. Use “{}” as the status.", places,
                        say(ctx, "On the waiting list")));
}

/* A row without a status waits if no place is free. */
static enum status sign_up_import(struct ctx *ctx, void *record)
{
    struct sign_up *s = record;
    const struct shift *shift = s->shift == NONE ? NULL : record_get(ctx, &shifts_kind, s->shift);
    if (waiting_advance(ctx, s->activity, s->shift) != OK)
        return ctx->status;
    int64_t places = places_of(ctx, s, shift);
    bool full = places != NONE && places_taken(ctx, s->activity, s->shift) >= places;
    if (!s->status) {
        s->status = full ? "waiting" : "signed";
        sign_up_check(ctx, NULL, s);
    }
    s->code = s->code ? s->code : record_code(ctx, "U");
    return ctx_ok(ctx) ? record_insert(ctx, &sign_ups_kind, s, "import") : ctx->status;
}

static enum status sign_up_insert(struct ctx *ctx, void *record)
{
    return sign_up_file(ctx, record);
}

static const struct choice sign_up_actions[] = {
    {"sign_up", N_("signed up")},
    {"move_up", N_("moved off the waiting list")},
    {"cancel", N_("cancelled")},
    {NULL, NULL},
};

const struct kind sign_ups_kind = {
    .name = "sign_ups",
    .table = "sign_ups",
    .one = N_("Sign-up"),
    .many = N_("Sign-ups"),
    .actions = sign_up_actions,
    FIELDS(sign_up_fields),
    .size = sizeof(struct sign_up),
    .read = HOSTS,
    .write = HOSTS,
    .code = "code",
    .order = "id",
    .scope = scope_by_activity,
    .own = "activity",
    .natural = "code|activity volunteer shift?|activity name phone?",
    .check = sign_up_check,
    .import_insert = sign_up_import,
    .insert = sign_up_insert,
    .settle = sign_up_settle,
    .about = N_("Who has a place at an activity and who is on the waiting list.")};

#define T(member) offsetof(struct attendance, member)
static const struct field attendance_fields[] = {
    {"code", F_CODE, T(code), N_("Code"), .flags = UNIQUE | FIXED | IMPORTED},
    {"activity", F_REF, T(activity), N_("Activity"), .ref = "activities",
     .flags = FILTER | FIXED | IMPORTED},
    {"shift", F_REF, T(shift), N_("Shift"), .ref = "shifts", .flags = FIXED | IMPORTED},
    {"offer", F_INT, T(offer), N_("Home visit"), .flags = FIXED},
    {"volunteer", F_REF, T(volunteer), N_("Volunteer"), .ref = "volunteers",
     .flags = LISTED | FILTER | FIXED | IMPORTED},
    {"came", F_TIME, T(came), N_("Arrived at"), .flags = LISTED | FIXED | IMPORTED},
    {"went", F_TIME, T(went), N_("Left at"), .flags = LISTED | FIXED | IMPORTED},
    {"how", F_CHOICE, T(how), N_("Recorded via"), .choices = hows,
     .flags = LISTED | FIXED | IMPORTED},
    {"recorder", F_REF, T(recorder), N_("Recorded by"), .ref = "users", .flags = FIXED},
    {"recorder_name", F_TEXT, T(recorder_name), N_("Recorded and certified by"),
     .flags = LISTED | FIXED | IMPORTED},
    {"status", F_CHOICE, T(status), N_("Status"), .choices = attendance_statuses,
     .flags = LISTED | FILTER | FIXED | IMPORTED},
    {"fixed", F_BOOL, T(fixed), N_("Corrected manually"), .flags = FIXED},
    {"note", F_TEXT, T(note), N_("Note"), .max = 300, .flags = FIXED},
};
static void hours_follow(struct ctx *ctx, int64_t volunteer, int64_t came, int64_t went);

/* Only spreadsheets contain whole attendances; marks and corrections have their own checks. */
/* The longest possible stay: the activity's length, or a visit's. */
static int64_t longest_of(struct ctx *ctx, int64_t activity)
{
    const struct activity *a = activity == NONE ? NULL
                                                : record_get(ctx, &activities_kind, activity);
    return !a ? 8 * WHEN_HOUR : a->ends - a->starts > WHEN_DAY ? WHEN_DAY : a->ends - a->starts;
}

static void attendance_check(struct ctx *ctx, const void *before, void *after)
{
    const struct attendance *was = before, *t = after;
    const struct activity *a = t->activity > 0 ? record_get(ctx, &activities_kind, t->activity)
                                               : NULL;
    if (was && was->status && (!t->status || strcmp(was->status, t->status) != 0))
        ctx_problem(ctx, "status",
                    say(ctx, "Whether a stored attendance counts only changes through a "
                             "correction, which needs a reason."));
    if (t->volunteer == NONE)
        ctx_problem(ctx, "volunteer", say(ctx, "{} is required.", say(ctx, "Volunteer")));
    if (t->came == NONE)
        ctx_problem(ctx, "came", say(ctx, "{} is required.", say(ctx, "Arrived at")));
    else if (t->went != NONE && t->went < t->came)
        ctx_problem(
            ctx, "went",
            say(ctx, "The departure time must be after the arrival time. Please check both."));
    else if ((t->went == NONE ? t->came : t->went) > ctx->now)
        ctx_problem(ctx, "went", say(ctx, "This time is in the future."));
    else if (a && t->went != NONE && t->went - t->came > longest_of(ctx, t->activity) &&
             !(was && was->came == t->came && was->went == t->went))
        ctx_problem(ctx, "went",
                    say(ctx, "That is longer than the activity: at most {} at once.",
                        hours_text(ctx, longest_of(ctx, t->activity))));
}

/* It takes precedence over marks, as a leader's correction does. */
static enum status attendance_import(struct ctx *ctx, void *record)
{
    struct attendance *t = record;
    t->code = t->code ? t->code : record_code(ctx, "T");
    t->how = t->how ? t->how : "leader";
    t->status = t->status ? t->status : "good";
    t->recorder_name = t->recorder_name ? t->recorder_name : ctx->actor.name;
    t->recorder = ctx->actor.user;
    t->fixed = 1;
    return record_insert(ctx, &attendances_kind, t, "import");
}

/* Recomputes the hours. */
static enum status attendance_settle(struct ctx *ctx, const void *before, const void *after)
{
    const struct attendance *was = before, *is = after;
    if (was)
        hours_follow(ctx, was->volunteer, was->came, was->went);
    if (is)
        hours_follow(ctx, is->volunteer, is->came, is->went);
    return db_status(ctx->db);
}

/* A mark has its own rules: it is paired with others and may arrive late. */
static enum status attendance_insert(struct ctx *ctx, void *record)
{
    (void)record;
    return ctx_fail(ctx, FORBIDDEN,
                    say(ctx, "Attendance is recorded as marks: POST /api/attendance."));
}

static const struct choice attendance_actions[] = {
    {"mark", N_("arrival or departure recorded")},
    {"correct", N_("corrected manually")},
    {NULL, NULL},
};

const struct kind attendances_kind = {.name = "attendances",
                                      .table = "attendances",
                                      .one = N_("Attendance"),
                                      .many = N_("Attendance records"),
                                      .actions = attendance_actions,
                                      FIELDS(attendance_fields),
                                      .size = sizeof(struct attendance),
                                      .read = HOSTS | ROLE_LEADER,
                                      .write = HOSTS,
                                      .code = "code",
                                      .order = "came DESC, id DESC",
                                      .scope = scope_by_activity,
                                      .natural = "code|volunteer came activity?",
                                      .check = attendance_check,
                                      .import_insert = attendance_import,
                                      .settle = attendance_settle,
                                      .insert = attendance_insert,
                                      .title = "volunteer",
                                      .about = N_("When each volunteer arrived and left.")};

/* ---- sign-up ---- */

static bool shift_fits(struct ctx *ctx, const struct sign_up *s, const struct shift **shift)
{
    *shift = s->shift == NONE ? NULL : record_get(ctx, &shifts_kind, s->shift);
    if (s->volunteer != NONE && (!*shift || (*shift)->activity != s->activity)) {
        ctx_problem(ctx, "shift", say(ctx, "Choose a shift."));
        return false;
    }
    return true;
}

static int64_t same_person(struct ctx *ctx, const struct sign_up *s)
{
    if (s->volunteer != NONE)
        return query_int(ctx->db,
                         "SELECT id FROM sign_ups WHERE activity = {} AND volunteer = {} AND shift "
                         "= {} AND status <> 'cancelled'",
                         s->activity, s->volunteer, (struct maybe){s->shift});
    return s->phone ? query_int(ctx->db,
                                "SELECT id FROM sign_ups WHERE activity = {} AND phone_key = {} "
                                "AND name = {} AND status <> 'cancelled'",
                                s->activity, seal_hash(ctx->keys, ctx->arena, "phone", s->phone),
                                s->name)
                    : NONE;
}

enum status sign_up_file(struct ctx *ctx, struct sign_up *s)
{
    const struct activity *a = record_get(ctx, &activities_kind, s->activity);
    const struct shift *shift = NULL;
    if (!a || strcmp(a->status, "open") != 0)
        return ctx_fail(ctx, CONFLICT,
                        say(ctx, "You can’t sign up for this activity: it has been cancelled or "
                                 "held, or is not published yet."));
    if (!shift_fits(ctx, s, &shift))
        return ctx->status;
    if (sign_up_ends(a, shift) < ctx->now)
        return ctx_fail(ctx, CONFLICT,
                        say(ctx, "Sign-up for this activity has closed. Call the organiser to ask "
                                 "if there is still room."));
    if (!record_check(ctx, &sign_ups_kind, NULL, s))
        return ctx->status;
    if (same_person(ctx, s) != NONE)
        return ctx_fail(ctx, CONFLICT, say(ctx, "You’re already signed up."));
    const char *other = shift && s->volunteer != NONE ? double_booked(ctx, s->volunteer, shift)
                                                      : NULL;
    if (other)
        return ctx_fail(ctx, CONFLICT,
                        say(ctx, "You’re already signed up for “{}” at that time.", other));
    if (waiting_advance(ctx, s->activity, s->shift) != OK)
        return ctx->status;
    int64_t places = shift ? shift->places : a->places;
    s->status = places != NONE && places_taken(ctx, s->activity, s->shift) >= places ? "waiting"
                                                                                     : "signed";
    s->code = s->code ? s->code : record_code(ctx, "U");
    return record_insert(ctx, &sign_ups_kind, s, "sign_up");
}

enum status sign_up_cancel(struct ctx *ctx, const struct sign_up *s)
{
    struct sign_up *after = record_copy(ctx, &sign_ups_kind, s);
    after->status = "cancelled";
    enum status done = record_update(ctx, &sign_ups_kind, s, after, "cancel");
    return done == OK ? sign_up_freed(ctx, s) : done;
}

enum status sign_up_freed(struct ctx *ctx, const struct sign_up *was)
{
    sign_up_untell(ctx, was);
    return strcmp(was->status, "signed") != 0 ? db_status(ctx->db) : place_freed(ctx, was);
}

enum status sign_ups_give_back(struct ctx *ctx, const void *before, const void *after)
{
    enum { BATCH = 100 };
    const struct volunteer *v = after;
    int64_t ids[BATCH];
    int n;
    (void)before;
    do {
        n = rows_ids(query(ctx->db,
                           "SELECT s.id FROM sign_ups s JOIN activities a ON a.id = s.activity "
                           "WHERE s.volunteer = {} AND s.status <> 'cancelled'"
                           " AND a.starts > {} ORDER BY s.id LIMIT {}",
                           v->record.id, ctx->now, BATCH),
                     ids, BATCH);
        for (int i = 0; i < n && ctx_ok(ctx); i++) {
            const struct sign_up *s = record_get(ctx, &sign_ups_kind, ids[i]);
            s ? sign_up_cancel(ctx, s) : record_gone(ctx);
        }
    } while (n == BATCH && ctx_ok(ctx));
    return ctx->status;
}

/* ---- marks and attendance ---- */

#define EARLY (2 * WHEN_HOUR) /* how long before the activity a check-in may be */
#define LATE  (6 * WHEN_HOUR) /* and how long after it a check-out */

struct pair {
    const char *code, *how, *recorder_name;
    int64_t shift, recorder, came, went;
};

static struct rows *marks_of(struct ctx *ctx, const struct mark *m)
{
    if (m->activity != NONE)
        return query(ctx->db,
                     "SELECT code, shift, direction, at, how, recorder, recorder_name FROM marks"
                     " WHERE activity = {} AND volunteer = {} ORDER BY at, direction DESC, id",
                     m->activity, m->volunteer);
    return query(ctx->db,
                 "SELECT code, shift, direction, at, how, recorder, recorder_name FROM marks"
                 " WHERE offer = {} AND volunteer = {} ORDER BY at, direction DESC, id",
                 (struct maybe){m->offer}, m->volunteer);
}

#define LONGEST (16 * WHEN_HOUR) /* that one stays at an activity of several days */

/* Returns whether the activity lasts several days, on each of which people come and go. */
static bool several_days(struct ctx *ctx, int64_t activity)
{
    const struct activity *a = activity == NONE ? NULL
                                                : record_get(ctx, &activities_kind, activity);
    return a && a->ends - a->starts > WHEN_DAY;
}

bool attendance_forgotten(struct ctx *ctx, int64_t activity, int64_t came, int64_t at, bool out)
{
    return (out ? at - came > LONGEST : when_day(at) != when_day(came)) &&
           several_days(ctx, activity);
}

/* In, in, out: the first in counts. An out without an in is skipped, unless its in is of the
 * same second. In an activity of several days, an in on another day starts a new attendance;
 * the one before stays open for the leader. */
static int pair_marks(struct ctx *ctx, const struct mark *m, struct pair **list)
{
    struct pair *pairs = NULL;
    int n = 0;
    int64_t passed = NONE; /* an out without a matching in */
    bool open = false;
    struct rows *r = marks_of(ctx, m);
    while (rows_next(r)) {
        bool out = !strcmp(row_text(r, "direction"), "out");
        int64_t at = row_int(r, "at");
        if (open && attendance_forgotten(ctx, m->activity, pairs[n - 1].came, at, out))
            open = false;
        if (out && open) {
            pairs[n - 1].went = at;
            open = false;
        } else if (out) {
            passed = at;
        } else if (!open) {
            open = at != passed;
            *ARENA_NEXT(ctx->arena, pairs,
                        n) = (struct pair){row_copy(r, ctx->arena, "code"),
                                           row_copy(r, ctx->arena, "how"),
                                           row_copy(r, ctx->arena, "recorder_name"),
                                           row_int(r, "shift"),
                                           row_int(r, "recorder"),
                                           at,
                                           open ? NONE : at};
        }
    }
    rows_end(r);
    *list = pairs;
    return n;
}

static void hours_follow(struct ctx *ctx, int64_t volunteer, int64_t came, int64_t went)
{
    if (came == NONE)
        return;
    int64_t last = when_day(went == NONE ? came : went);
    for (int64_t day = when_day(came); day <= last; day++)
        hours_compute(ctx, volunteer, day);
}

static void store_pair(struct ctx *ctx, const struct mark *m, const struct pair *p)
{
    const struct attendance *before = record_find(ctx, &attendances_kind, "code", p->code);
    struct attendance *after = before ? record_copy(ctx, &attendances_kind, before)
                                      : record_new(ctx, &attendances_kind);
    if (before && before->fixed == 1)
        return;
    after->code = p->code;
    after->activity = m->activity;
    after->offer = m->offer;
    after->shift = p->shift;
    after->volunteer = m->volunteer;
    after->came = p->came;
    after->went = p->went;
    after->how = p->how;
    after->recorder = p->recorder;
    after->recorder_name = p->recorder_name;
    after->status = "good";
    after->fixed = 0;
    enum status s = before ? record_update(ctx, &attendances_kind, before, after, "mark")
                           : record_insert(ctx, &attendances_kind, after, "mark");
    if (s != OK)
        return;
    if (before)
        hours_follow(ctx, m->volunteer, before->came, before->went);
    hours_follow(ctx, m->volunteer, after->came, after->went);
}

/* Voids an attendance whose check-in turned out to be a second one. */
static void void_others(struct ctx *ctx, const struct mark *m, const struct pair *pairs, int count)
{
    for (int64_t last = 0, id;
         (id = m->activity != NONE
                   ? query_int(ctx->db,
                               "SELECT min(id) AS id FROM attendances WHERE activity = {} AND "
                               "volunteer = {} AND fixed = 0 AND status = 'good' AND id > {}",
                               m->activity, m->volunteer, last)
                   : query_int(ctx->db,
                               "SELECT min(id) AS id FROM attendances WHERE offer = {} AND "
                               "volunteer = {} AND fixed = 0 AND status = 'good' AND id > {}",
                               (struct maybe){m->offer}, m->volunteer, last)) != NONE;
         last = id) {
        const struct attendance *a = record_get(ctx, &attendances_kind, id);
        bool known = false;
        for (int i = 0; i < count && a; i++)
            known = known || !strcmp(pairs[i].code, a->code);
        if (known || !a)
            continue;
        struct attendance *after = record_copy(ctx, &attendances_kind, a);
        after->status = "void";
        after->note = say(ctx, "Overlaps another attendance record.");
        if (record_update(ctx, &attendances_kind, a, after, "mark") == OK)
            hours_follow(ctx, a->volunteer, a->came, a->went);
    }
}

static bool place_and_time(struct ctx *ctx, const struct mark *m, int64_t *from, int64_t *to)
{
    if (m->activity == NONE) {
        *from = query_int(ctx->db, "SELECT starts FROM offers WHERE id = {}",
                          (struct maybe){m->offer});
        *to = query_int(ctx->db, "SELECT ends FROM offers WHERE id = {}", (struct maybe){m->offer});
        if (*from == NONE)
            *from = *to = m->at == NONE ? ctx->now : m->at;
        if (*to == NONE)
            *to = *from;
        return true;
    }
    const struct activity *a = record_get(ctx, &activities_kind, m->activity);
    if (!a || !strcmp(a->status, "cancelled")) {
        ctx_fail(ctx, CONFLICT,
                 a ? say(ctx, "This activity was cancelled.") : say(ctx, "Activity not found."));
        return false;
    }
    if (a->ends + MARK_DAYS * WHEN_DAY < ctx->now) {
        ctx_fail(ctx, CONFLICT,
                 say(ctx,
                     "This activity ended more than {} days ago. Ask your team leader to record "
                     "your time.",
                     MARK_DAYS));
        return false;
    }
    *from = a->starts;
    *to = a->ends;
    return true;
}

enum status attendance_mark(struct ctx *ctx, const struct mark *m, enum mark_result *result)
{
    int64_t from, to;
    bool clock;
    *result = MARK_AGAIN;
    if (query_int(ctx->db, "SELECT id FROM marks WHERE code = {}", m->code) != NONE)
        return OK;
    const struct volunteer *v = record_get(ctx, &volunteers_kind, m->volunteer);
    if (!v || !strcmp(v->status, "left"))
        return ctx_fail(ctx, CONFLICT, say(ctx, "This volunteer has left. Ask the team leader."));
    if (!place_and_time(ctx, m, &from, &to))
        return ctx->status;
    const struct offline_span span = {from, to, EARLY, LATE};
    int64_t at = offline_time(ctx, m->at, m->ahead, &span, &clock);
    clock = clock && !m->clock_wrong;
    struct pair *before, *pairs;
    int had = pair_marks(ctx, m, &before);
    bool own = !strcmp(m->how, "qr") ||
               !strcmp(m->how, "code"); /* only the code shown on site vouches for it */
    change(ctx->db,
           "INSERT INTO marks (created, code, activity, shift, offer, volunteer, direction, at, "
           "device_at, how, recorder, recorder_name, note)"
           " VALUES ({}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {})",
           ctx->now, m->code, (struct maybe){m->activity}, (struct maybe){m->shift},
           (struct maybe){m->offer}, m->volunteer, m->out ? "out" : "in", at, (struct maybe){m->at},
           m->how, (struct maybe){own ? NONE : ctx->actor.user}, own ? NULL : ctx->actor.name,
           clock ? NULL : "clock");
    int count = pair_marks(ctx, m, &pairs);
    for (int i = 0; i < count; i++)
        store_pair(ctx, m, &pairs[i]);
    void_others(ctx, m, pairs, count);
    bool used = count != had;
    for (int i = 0; i < count && !used; i++)
        used = pairs[i].came != before[i].came || pairs[i].went != before[i].went;
    *result = !clock                 ? MARK_CLOCK
              : used                 ? MARK_DONE
              : m->out && count == 0 ? MARK_NOT_IN
                                     : MARK_ALREADY;
    return db_status(ctx->db) != OK ? db_status(ctx->db) : ctx->status;
}

static bool times_good(struct ctx *ctx, int64_t activity, int64_t came, int64_t went,
                       const char *why)
{
    if (!why || !*why)
        ctx_problem(ctx, "why", say(ctx, "Enter a reason: the volunteer will see it."));
    if (came == NONE || (went != NONE && went <= came))
        ctx_problem(
            ctx, "went",
            say(ctx, "The departure time must be after the arrival time. Please check both."));
    else if ((went == NONE ? came : went) > ctx->now)
        ctx_problem(ctx, "went", say(ctx, "This time is in the future."));
    else if (went != NONE && went - came > longest_of(ctx, activity))
        ctx_problem(ctx, "went",
                    say(ctx, "That is longer than the activity: at most {} at once.",
                        hours_text(ctx, longest_of(ctx, activity))));
    return ctx->status == OK;
}

enum status attendance_add(struct ctx *ctx, struct attendance *t, int64_t came, int64_t went,
                           const char *why)
{
    if (!times_good(ctx, t->activity, came, went, why))
        return ctx->status;
    t->code = record_code(ctx, "T");
    t->came = came;
    t->went = went;
    t->how = "leader";
    t->recorder = ctx->actor.user;
    t->recorder_name = ctx->actor.name;
    t->status = "good";
    t->fixed = 1;
    t->note = why;
    enum status s = record_insert(ctx, &attendances_kind, t, "correct");
    if (s == OK)
        hours_follow(ctx, t->volunteer, came, went);
    return s == OK ? ctx->status : s;
}

enum status attendance_correct(struct ctx *ctx, const struct attendance *before, int64_t came,
                               int64_t went, bool is_void, const char *why)
{
    /* A void attendance may stay as recorded. */
    if (!times_good(ctx, before->activity, came, is_void ? NONE : went, why))
        return ctx->status;
    struct attendance *after = record_copy(ctx, &attendances_kind, before);
    after->came = came;
    after->went = went;
    after->status = is_void ? "void" : "good";
    after->note = why;
    after->fixed = 1;
    after->recorder = ctx->actor.user;
    after->recorder_name = ctx->actor.name;
    enum status s = record_update(ctx, &attendances_kind, before, after, "correct");
    if (s == OK) {
        hours_follow(ctx, before->volunteer, before->came, before->went);
        hours_follow(ctx, before->volunteer, came, went);
    }
    return s == OK ? ctx->status : s;
}

/* ---- residents served ---- */

enum status count_add(struct ctx *ctx, const struct activity *a, const char *key, int64_t n,
                      int64_t at)
{
    if (query_int(ctx->db, "SELECT id FROM counts WHERE key = {}", key) != NONE)
        return OK;
    if (n == 0 || n < -100 || n > 1000)
        return ctx_fail(ctx, INVALID, say(ctx, "Enter 1 to 1,000 at a time."));
    int64_t total = query_int(ctx->db,
                              "SELECT coalesce(sum(n), 0) AS n FROM counts WHERE activity = {}",
                              a->record.id) +
                    n;
    if (total < 0)
        return ctx_fail(ctx, INVALID, say(ctx, "There is nothing left to subtract."));
    change(ctx->db,
           "INSERT INTO counts (created, activity, key, n, at, recorder, recorder_name) VALUES "
           "({}, {}, {}, {}, {}, {}, {})",
           ctx->now, a->record.id, key, n, at == NONE ? ctx->now : at,
           (struct maybe){ctx->actor.user}, ctx->actor.name);
    struct activity *after = record_copy(ctx, &activities_kind, a);
    after->person_times = total;
    after->person_times_how = "counted";
    return record_update(ctx, &activities_kind, a, after, "count");
}

/* ---- the code at the entrance ---- */

#define ENTRANCE_STEP  60
#define ENTRANCE_STEPS 10

static unsigned entrance_number(const struct activity *a, int64_t minute)
{
    unsigned char mac[crypto_auth_hmacsha256_BYTES], text[8];
    crypto_auth_hmacsha256_state h;
    for (int i = 0; i < 8; i++)
        text[i] = (unsigned char)((uint64_t)minute >> (8 * i));
    crypto_auth_hmacsha256_init(&h, (const unsigned char *)a->entrance_secret,
                                strlen(a->entrance_secret));
    crypto_auth_hmacsha256_update(&h, text, sizeof text);
    crypto_auth_hmacsha256_final(&h, mac);
    return ((unsigned)mac[0] << 16 | (unsigned)mac[1] << 8 | mac[2]) % 1000000;
}

const char *entrance_code(struct ctx *ctx, const struct activity *a, int64_t at)
{
    return a->entrance_secret
               ? arena_print(ctx->arena, "%06u", entrance_number(a, at / ENTRANCE_STEP))
               : NULL;
}

bool entrance_code_fits(struct ctx *ctx, const struct activity *a, const char *code, int64_t at)
{
    bool fits = false;
    for (int i = -1; code && a->entrance_secret && i <= ENTRANCE_STEPS; i++)
        fits = !strcmp(code, entrance_code(ctx, a, at - i * ENTRANCE_STEP)) || fits;
    return fits;
}

bool entrance_code_is(struct ctx *ctx, const struct activity *a, const char *code, int64_t at)
{
    return code && a->entrance_secret && !strcmp(code, entrance_code(ctx, a, at));
}
