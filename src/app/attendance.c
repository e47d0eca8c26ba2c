/*
 * Sign-up with its waiting list, check-in and check-out, residents served,
 * and the codes shown at a door.
 *
 * Marks arrive late, twice, and out of order: each is kept once, and the
 * attendances of that volunteer at that activity are paired from all of them
 * again. A leader's correction stands above the marks. Hours follow.
 */
#include "app/activities.h"

#include "app/activity_pages.h"
#include "app/people.h"
#include "app/volunteers.h"
#include "base/seal.h"
#include "base/when.h"
#include "db/journal.h"

#include <sodium.h>
#include <string.h>

static const struct choice sign_up_statuses[] = {
    {"signed", N_("Has a place")}, {"waiting", N_("On the waiting list")}, {"cancelled", N_("Cancelled")}, {NULL, NULL}};
static const struct choice hows[] = {{"qr", N_("QR code")},           {"scanner", N_("Scanner")},  {"code", N_("Typed code")},
                                     {"leader", N_("By the leader")}, {"visit", N_("Home visit")}, {NULL, NULL}};
static const struct choice attendance_statuses[] = {{"good", N_("Counts")}, {"void", N_("Does not count")}, {NULL, NULL}};

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
    {"activity", F_REF, U(activity), N_("Activity"), .ref = "activities", .flags = REQUIRED | FILTER},
    {"shift", F_REF, U(shift), N_("Shift"), .ref = "shifts", .flags = LISTED | FILTER},
    {"volunteer", F_REF, U(volunteer), N_("Volunteer"), .ref = "volunteers", .flags = FILTER},
    {"name", F_TEXT, U(name), N_("Full name"), .max = 60, .flags = REQUIRED | LISTED},
    {"phone", F_PHONE, U(phone), N_("Telephone"), .flags = SEALED},
    {"status", F_CHOICE, U(status), N_("Status"), .choices = sign_up_statuses, .flags = LISTED | FILTER | FIXED | IMPORTED},
    {"note", F_TEXT, U(note), N_("Note"), .max = 200},
    {"told_at", F_TIME, U(told_at), N_("Told"), .flags = FIXED},
};
static enum status sign_up_insert(struct ctx *ctx, void *record)
{
    return sign_up_file(ctx, record);
}

const struct kind sign_ups_kind = {.name = "sign_ups",
                                   .table = "sign_ups",
                                   .one = N_("Sign-up"),
                                   .many = N_("Sign-ups"),
                                   FIELDS(sign_up_fields),
                                   .size = sizeof(struct sign_up),
                                   .read = HOSTS,
                                   .write = HOSTS,
                                   .code = "code",
                                   .order = "id",
                                   .scope = scope_by_activity,
                                   .own = "activity",
                                   .insert = sign_up_insert,
                                   .about = N_("Who has a place at an activity, and who waits for one.")};

#define T(member) offsetof(struct attendance, member)
static const struct field attendance_fields[] = {
    {"code", F_CODE, T(code), N_("Code"), .flags = UNIQUE | FIXED | IMPORTED},
    {"activity", F_REF, T(activity), N_("Activity"), .ref = "activities", .flags = FILTER | FIXED | IMPORTED},
    {"shift", F_REF, T(shift), N_("Shift"), .ref = "shifts", .flags = FIXED | IMPORTED},
    {"offer", F_INT, T(offer), N_("Home visit"), .flags = FIXED},
    {"volunteer", F_REF, T(volunteer), N_("Volunteer"), .ref = "volunteers", .flags = LISTED | FILTER | FIXED | IMPORTED},
    {"came", F_TIME, T(came), N_("Came"), .flags = LISTED | FIXED | IMPORTED},
    {"went", F_TIME, T(went), N_("Went"), .flags = LISTED | FIXED | IMPORTED},
    {"how", F_CHOICE, T(how), N_("Noted by"), .choices = hows, .flags = LISTED | FIXED | IMPORTED},
    {"recorder", F_REF, T(recorder), N_("Recorder"), .ref = "users", .flags = FIXED},
    {"recorder_name", F_TEXT, T(recorder_name), N_("Recorded and certified by"), .flags = LISTED | FIXED | IMPORTED},
    {"status", F_CHOICE, T(status), N_("Status"), .choices = attendance_statuses, .flags = LISTED | FILTER | FIXED | IMPORTED},
    {"fixed", F_BOOL, T(fixed), N_("Put right by hand"), .flags = FIXED},
    {"note", F_TEXT, T(note), N_("Note"), .max = 300, .flags = FIXED},
};
/* A mark has its own rules: it is paired with others and may have arrived before. */
static enum status attendance_insert(struct ctx *ctx, void *record)
{
    (void)record;
    return ctx_fail(ctx, FORBIDDEN, say(ctx, "Attendances are noted as marks: POST /api/attendance."));
}

const struct kind attendances_kind = {.name = "attendances",
                                      .table = "attendances",
                                      .one = N_("Attendance"),
                                      .many = N_("Attendances"),
                                      FIELDS(attendance_fields),
                                      .size = sizeof(struct attendance),
                                      .read = HOSTS | ROLE_LEADER,
                                      .write = HOSTS,
                                      .code = "code",
                                      .order = "came DESC, id DESC",
                                      .scope = scope_by_activity,
                                      .insert = attendance_insert,
                                      .title = "volunteer",
                                      .about = N_("Which volunteer came and went when.")};

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

/* A volunteer can't be at two places: the title of the other activity, NULL when there is none. */
static const char *double_booked(struct ctx *ctx, const struct sign_up *s, const struct shift *shift)
{
    struct rows *r = query(ctx->db,
                           "SELECT a.title AS title FROM sign_ups u JOIN shifts h ON h.id = u.shift JOIN activities a ON a.id = u.activity"
                           " WHERE u.volunteer = {} AND u.status = 'signed' AND a.status <> 'cancelled' AND h.starts < {} AND h.ends > {}"
                           " AND h.id <> {} LIMIT 1",
                           s->volunteer, shift->ends, shift->starts, shift->record.id);
    const char *title = rows_next(r) ? row_copy(r, ctx->arena, "title") : NULL;
    rows_end(r);
    return title;
}

static int64_t taken(struct ctx *ctx, int64_t activity, int64_t shift)
{
    return shift == NONE
               ? query_int(ctx->db, "SELECT count(*) AS n FROM sign_ups WHERE activity = {} AND status = 'signed' AND shift IS NULL",
                           activity)
               : query_int(ctx->db, "SELECT count(*) AS n FROM sign_ups WHERE activity = {} AND status = 'signed' AND shift = {}", activity,
                           shift);
}

static int64_t same_person(struct ctx *ctx, const struct sign_up *s)
{
    if (s->volunteer != NONE)
        return query_int(ctx->db, "SELECT id FROM sign_ups WHERE activity = {} AND volunteer = {} AND shift = {} AND status <> 'cancelled'",
                         s->activity, s->volunteer, (struct maybe){s->shift});
    return s->phone ? query_int(ctx->db,
                                "SELECT id FROM sign_ups WHERE activity = {} AND phone_key = {} AND name = {} AND status <> 'cancelled'",
                                s->activity, seal_hash(ctx->keys, ctx->arena, "phone", s->phone), s->name)
                    : NONE;
}

enum status sign_up_file(struct ctx *ctx, struct sign_up *s)
{
    const struct activity *a = record_get(ctx, &activities_kind, s->activity);
    const struct shift *shift = NULL;
    if (!a || strcmp(a->status, "open") != 0)
        return ctx_fail(ctx, CONFLICT,
                        say(ctx, "One can't sign up for this activity: it was cancelled, took place, or is not announced yet."));
    if ((a->sign_up_until != NONE && a->sign_up_until < ctx->now) || a->starts < ctx->now)
        return ctx_fail(ctx, CONFLICT,
                        say(ctx, "Sign-up for this activity has ended. Ring the organiser: perhaps there is still a place."));
    if (!shift_fits(ctx, s, &shift) || !record_check(ctx, &sign_ups_kind, NULL, s))
        return ctx->status;
    if (same_person(ctx, s) != NONE)
        return ctx_fail(ctx, CONFLICT, say(ctx, "You are signed up already."));
    const char *other = shift && s->volunteer != NONE ? double_booked(ctx, s, shift) : NULL;
    if (other)
        return ctx_fail(ctx, CONFLICT, say(ctx, "At that time you are signed up for “{}”.", other));
    int64_t places = shift ? shift->places : a->places;
    s->status = places != NONE && taken(ctx, s->activity, s->shift) >= places ? "waiting" : "signed";
    s->code = s->code ? s->code : record_code(ctx, "U");
    return record_insert(ctx, &sign_ups_kind, s, "sign_up");
}

enum status sign_up_cancel(struct ctx *ctx, const struct sign_up *s)
{
    struct sign_up *after = record_copy(ctx, &sign_ups_kind, s);
    after->status = "cancelled";
    enum status done = record_update(ctx, &sign_ups_kind, s, after, "cancel");
    if (done != OK || strcmp(s->status, "signed") != 0)
        return done;
    int64_t id = s->shift == NONE
                     ? query_int(ctx->db, "SELECT min(id) AS id FROM sign_ups WHERE activity = {} AND shift IS NULL AND status = 'waiting'",
                                 s->activity)
                     : query_int(ctx->db, "SELECT min(id) AS id FROM sign_ups WHERE activity = {} AND shift = {} AND status = 'waiting'",
                                 s->activity, s->shift);
    const struct sign_up *first = id == NONE ? NULL : record_get(ctx, &sign_ups_kind, id);
    if (!first)
        return db_status(ctx->db);
    struct sign_up *up = record_copy(ctx, &sign_ups_kind, first);
    up->status = "signed";
    enum status moved = record_update(ctx, &sign_ups_kind, first, up, "move_up");
    const struct activity *a = moved == OK ? record_get(ctx, &activities_kind, s->activity) : NULL;
    if (a)
        activity_tell(ctx, a, TELL_MOVED_UP, up->record.id);
    return moved;
}

/* ---- marks and attendance ---- */

#define EARLY (2 * WHEN_HOUR) /* a check-in may be so long before the activity */
#define LATE  (6 * WHEN_HOUR) /* and a check-out so long after */

/* The time that counts, and whether the device's clock was believed. */
static int64_t mark_time(struct ctx *ctx, const struct mark *m, int64_t from, int64_t to, bool *clock)
{
    int64_t at = m->at == NONE ? ctx->now : m->at - (m->ahead == NONE ? 0 : m->ahead);
    *clock = at >= from - EARLY && at <= to + LATE && at <= ctx->now + 120;
    if (*clock)
        return at < ctx->now ? at : ctx->now;
    return ctx->now < from - EARLY ? from : ctx->now > to + LATE ? to : ctx->now;
}

struct pair {
    const char *code, *how, *recorder_name;
    int64_t shift, recorder, came, went;
};
#define PAIRS_MOST 50

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

/* In, in, out: the first in counts. Out without in: passed over, unless its in is of the same second. */
static int pair_marks(struct ctx *ctx, const struct mark *m, struct pair *pairs)
{
    int n = 0;
    int64_t passed = NONE; /* an out that met nobody inside */
    bool open = false;
    struct rows *r = marks_of(ctx, m);
    while (n < PAIRS_MOST && rows_next(r)) {
        bool out = !strcmp(row_text(r, "direction"), "out");
        int64_t at = row_int(r, "at");
        if (out && open) {
            pairs[n - 1].went = at;
            open = false;
        } else if (out) {
            passed = at;
        } else if (!open) {
            open = at != passed;
            pairs[n++] = (struct pair){row_copy(r, ctx->arena, "code"),
                                       row_copy(r, ctx->arena, "how"),
                                       row_copy(r, ctx->arena, "recorder_name"),
                                       row_int(r, "shift"),
                                       row_int(r, "recorder"),
                                       at,
                                       open ? NONE : at};
        }
    }
    rows_end(r);
    return n;
}

static void hours_follow(struct ctx *ctx, int64_t volunteer, int64_t came, int64_t went)
{
    if (came == NONE)
        return;
    int64_t last = when_day(went == NONE ? came : went);
    for (int64_t day = when_day(came), n = 0; day <= last && n < 31; day++, n++)
        hours_compute(ctx, volunteer, day);
}

static void store_pair(struct ctx *ctx, const struct mark *m, const struct pair *p)
{
    const struct attendance *before = record_find(ctx, &attendances_kind, "code", p->code);
    struct attendance *after = before ? record_copy(ctx, &attendances_kind, before) : record_new(ctx, &attendances_kind);
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

/* An attendance whose check-in turned out to be a second one no longer counts. */
static void void_others(struct ctx *ctx, const struct mark *m, const struct pair *pairs, int count)
{
    for (
        int64_t last = 0, id;
        (id =
             m->activity != NONE
                 ? query_int(
                       ctx->db,
                       "SELECT min(id) AS id FROM attendances WHERE activity = {} AND volunteer = {} AND fixed = 0 AND status = 'good' AND id > {}",
                       m->activity, m->volunteer, last)
                 : query_int(
                       ctx->db,
                       "SELECT min(id) AS id FROM attendances WHERE offer = {} AND volunteer = {} AND fixed = 0 AND status = 'good' AND id > {}",
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
        after->note = say(ctx, "Within another attendance.");
        if (record_update(ctx, &attendances_kind, a, after, "mark") == OK)
            hours_follow(ctx, a->volunteer, a->came, a->went);
    }
}

static bool place_and_time(struct ctx *ctx, const struct mark *m, int64_t *from, int64_t *to)
{
    if (m->activity == NONE) {
        *from = query_int(ctx->db, "SELECT starts FROM offers WHERE id = {}", (struct maybe){m->offer});
        *to = query_int(ctx->db, "SELECT ends FROM offers WHERE id = {}", (struct maybe){m->offer});
        if (*from == NONE)
            *from = *to = m->at == NONE ? ctx->now : m->at;
        if (*to == NONE)
            *to = *from;
        return true;
    }
    const struct activity *a = record_get(ctx, &activities_kind, m->activity);
    if (!a || !strcmp(a->status, "cancelled")) {
        ctx_fail(ctx, CONFLICT, a ? say(ctx, "This activity was cancelled.") : say(ctx, "There is no such activity."));
        return false;
    }
    if (a->ends + MARK_DAYS * WHEN_DAY < ctx->now) {
        ctx_fail(ctx, CONFLICT, say(ctx, "This activity ended more than {} days ago. Ask the team leader to enter your time.", MARK_DAYS));
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
    int64_t at = mark_time(ctx, m, from, to, &clock);
    clock = clock && !m->clock_wrong;
    struct pair before[PAIRS_MOST], pairs[PAIRS_MOST];
    int had = pair_marks(ctx, m, before);
    bool own = !strcmp(m->how, "qr") || !strcmp(m->how, "code"); /* nobody but the door's code bears witness */
    change(
        ctx->db,
        "INSERT INTO marks (created, code, activity, shift, offer, volunteer, direction, at, device_at, how, recorder, recorder_name, note)"
        " VALUES ({}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {})",
        ctx->now, m->code, (struct maybe){m->activity}, (struct maybe){m->shift}, (struct maybe){m->offer}, m->volunteer,
        m->out ? "out" : "in", at, (struct maybe){m->at}, m->how, (struct maybe){own ? NONE : ctx->actor.user},
        own ? NULL : ctx->actor.name, clock ? NULL : "clock");
    int count = pair_marks(ctx, m, pairs);
    for (int i = 0; i < count; i++)
        store_pair(ctx, m, &pairs[i]);
    void_others(ctx, m, pairs, count);
    bool used = count != had;
    for (int i = 0; i < count && !used; i++)
        used = pairs[i].came != before[i].came || pairs[i].went != before[i].went;
    *result = !clock ? MARK_CLOCK : used ? MARK_DONE : m->out && count == 0 ? MARK_NOT_IN : MARK_ALREADY;
    return db_status(ctx->db) != OK ? db_status(ctx->db) : ctx->status;
}

static bool times_good(struct ctx *ctx, int64_t came, int64_t went, const char *why)
{
    if (!why || !*why)
        ctx_problem(ctx, "why", say(ctx, "Write the reason: the volunteer can read it."));
    if (came == NONE || (went != NONE && went <= came))
        ctx_problem(ctx, "went", say(ctx, "Going comes after coming: look at the two times again."));
    else if ((went == NONE ? came : went) > ctx->now)
        ctx_problem(ctx, "went", say(ctx, "This time has not come yet."));
    return ctx->status == OK;
}

enum status attendance_add(struct ctx *ctx, struct attendance *t, int64_t came, int64_t went, const char *why)
{
    if (!times_good(ctx, came, went, why))
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

enum status attendance_correct(struct ctx *ctx, const struct attendance *before, int64_t came, int64_t went, bool is_void, const char *why)
{
    if (!times_good(ctx, came, went, why))
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

enum status count_add(struct ctx *ctx, const struct activity *a, const char *key, int64_t n, int64_t at)
{
    if (query_int(ctx->db, "SELECT id FROM counts WHERE key = {}", key) != NONE)
        return OK;
    if (n == 0 || n < -100 || n > 1000)
        return ctx_fail(ctx, INVALID, say(ctx, "Between 1 and 1,000 at once, please."));
    int64_t total = query_int(ctx->db, "SELECT coalesce(sum(n), 0) AS n FROM counts WHERE activity = {}", a->record.id) + n;
    if (total < 0)
        return ctx_fail(ctx, INVALID, say(ctx, "There is nothing left to take back."));
    change(ctx->db, "INSERT INTO counts (created, activity, key, n, at, recorder, recorder_name) VALUES ({}, {}, {}, {}, {}, {}, {})",
           ctx->now, a->record.id, key, n, at == NONE ? ctx->now : at, (struct maybe){ctx->actor.user}, ctx->actor.name);
    struct activity *after = record_copy(ctx, &activities_kind, a);
    after->person_times = total;
    after->person_times_how = "counted";
    return record_update(ctx, &activities_kind, a, after, "count");
}

/* ---- the code at the door ---- */

#define DOOR_STEP  60
#define DOOR_STEPS 10

static unsigned door_number(const struct activity *a, int64_t minute)
{
    unsigned char mac[crypto_auth_hmacsha256_BYTES], text[8];
    crypto_auth_hmacsha256_state h;
    for (int i = 0; i < 8; i++)
        text[i] = (unsigned char)((uint64_t)minute >> (8 * i));
    crypto_auth_hmacsha256_init(&h, (const unsigned char *)a->door_secret, strlen(a->door_secret));
    crypto_auth_hmacsha256_update(&h, text, sizeof text);
    crypto_auth_hmacsha256_final(&h, mac);
    return ((unsigned)mac[0] << 16 | (unsigned)mac[1] << 8 | mac[2]) % 1000000;
}

const char *door_code(struct ctx *ctx, const struct activity *a, int64_t at)
{
    return a->door_secret ? arena_print(ctx->arena, "%06u", door_number(a, at / DOOR_STEP)) : NULL;
}

bool door_code_fits(struct ctx *ctx, const struct activity *a, const char *code, int64_t at)
{
    bool fits = false;
    for (int i = -1; code && a->door_secret && i <= DOOR_STEPS; i++)
        fits = !strcmp(code, door_code(ctx, a, at - i * DOOR_STEP)) || fits;
    return fits;
}

bool door_code_is(struct ctx *ctx, const struct activity *a, const char *code, int64_t at)
{
    return code && a->door_secret && !strcmp(code, door_code(ctx, a, at));
}
