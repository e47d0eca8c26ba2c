/*
 * Activities, their shifts and repetitions: descriptions and rules.
 * Sign-up and attendance are in attendance.c. Records live in the context's
 * arena.
 */
#include "app/activities.h"

#include "app/activity_pages.h"
#include "app/module.h"
#include "app/people.h"
#include "base/code.h"
#include "base/seal.h"
#include "base/when.h"

#include <libical/ical.h>
#include <math.h>
#include <sodium.h>
#include <string.h>

const struct choice activity_kinds[] = {{"haircut", N_("Haircut day")},
                                        {"clinic", N_("Free clinic")},
                                        {"clean_up", N_("Clean-up")},
                                        {"volunteer_day", N_("Volunteer day")},
                                        {"concert", N_("Concert or show")},
                                        {"culture", N_("Culture")},
                                        {"sports", N_("Sports")},
                                        {"festival", N_("Festival")},
                                        {"training", N_("Training")},
                                        {"meeting", N_("Meeting")},
                                        {"children", N_("For children")},
                                        {"service", N_("Service day")},
                                        {"health", N_("Health")},
                                        {"work", N_("Work and jobs")},
                                        {"safety", N_("Safety at home")},
                                        {"other", N_("Other activity")},
                                        {NULL, NULL}};
const struct choice activity_statuses[] = {
    {"planned", N_("Being planned")}, {"open", N_("Announced")}, {"held", N_("Took place")}, {"cancelled", N_("Cancelled")}, {NULL, NULL}};
static const struct choice counted_hows[] = {
    {"counted", N_("Counted at the counter")}, {"written", N_("Written down afterwards")}, {NULL, NULL}};

#define HOSTS       (ROLE_TEAM_LEADER | ROLE_WORKER | ROLE_OFFICE)
#define SERIES_MOST 60 /* repetitions made ahead at once */

#define A(member) offsetof(struct activity, member)
static const struct field fields[] = {
    {"number", F_CODE, A(number), N_("Number"), .flags = UNIQUE | FIXED | IMPORTED},
    {"title", F_TEXT, A(title), N_("Title"), .min = 2, .max = 60, .flags = REQUIRED | LISTED},
    {"title_en", F_TEXT, A(title_en), N_("Title in English"), .max = 80},
    {"kind", F_CHOICE, A(kind), N_("Kind"), .choices = activity_kinds, .flags = REQUIRED | LISTED | FILTER},
    {"organisation", F_REF, A(organisation), N_("Organised by"), .ref = "organisations", .flags = LISTED | FILTER},
    {"station", F_REF, A(station), N_("At the station"), .ref = "organisations", .flags = FILTER},
    {"area", F_REF, A(area), N_("Area"), .ref = "areas", .flags = FILTER},
    {"community", F_REF, A(community), N_("Community"), .ref = "areas", .flags = LISTED | FILTER | FIXED},
    {"place", F_TEXT, A(place), N_("Place"), .max = 120},
    {"place_en", F_TEXT, A(place_en), N_("Place in English"), .max = 120},
    {"lat", F_REAL, A(lat), N_("Latitude"), .min = -90, .max = 90},
    {"lon", F_REAL, A(lon), N_("Longitude"), .min = -180, .max = 180},
    {"starts", F_TIME, A(starts), N_("Begins"), .flags = REQUIRED | LISTED | SORTED},
    {"ends", F_TIME, A(ends), N_("Ends"), .flags = REQUIRED},
    {"text", F_LONG, A(text), N_("What to know"), .max = 2000},
    {"text_en", F_LONG, A(text_en), N_("What to know, in English"), .max = 2000},
    {"status", F_CHOICE, A(status), N_("Status"), .choices = activity_statuses, .flags = LISTED | FILTER},
    {"places", F_INT, A(places), N_("Places for residents"), .min = 1, .max = 10000},
    {"sign_up_until", F_TIME, A(sign_up_until), N_("Sign-up until")},
    {"skills", F_TAGS, A(skills), N_("Volunteers should know"), .ref = "skills"},
    {"template", F_TEXT, A(template), N_("Template"), .max = 60, .flags = FIXED | IMPORTED},
    {"series", F_CODE, A(series), N_("Series"), .flags = FIXED | IMPORTED},
    {"repeats", F_TEXT, A(repeats), N_("Repeats"), .max = 200},
    {"person_times", F_INT, A(person_times), N_("Residents served (person-times)"), .min = 0, .max = 100000,
     .flags = LISTED | FIXED | IMPORTED},
    {"person_times_how", F_CHOICE, A(person_times_how), N_("How they were counted"), .choices = counted_hows, .flags = FIXED | IMPORTED},
    {"cancelled_why", F_TEXT, A(cancelled_why), N_("Why it was cancelled"), .max = 300, .flags = FIXED},
    {"reminded_at", F_TIME, A(reminded_at), N_("Reminded"), .flags = FIXED},
    {"door_secret", F_TEXT, A(door_secret), N_("Door"), .flags = FIXED | HIDDEN},
    {"month", F_INT, A(month), N_("Month"), .flags = FIXED},
};

static void derive(struct ctx *ctx, struct activity *a)
{
    if (a->station != NONE) { /* a station says where it is */
        const struct organisation *s = record_get(ctx, &organisations_kind, a->station);
        a->area = a->area == NONE && s ? s->area : a->area;
        a->place = !a->place && s ? s->name : a->place;
        a->place_en = !a->place_en && s ? s->name_en : a->place_en;
        if (isnan(a->lat) && s) {
            a->lat = s->lat;
            a->lon = s->lon;
        }
    }
    a->community = a->area == NONE ? NONE : query_int(ctx->db, "SELECT community FROM areas WHERE id = {}", a->area);
    struct civil c = civil_from_when(a->starts);
    a->month = c.year * 100 + c.month;
}

static void check(struct ctx *ctx, const void *before, void *after)
{
    struct activity *a = after;
    (void)before;
    if (a->ends <= a->starts)
        ctx_problem(ctx, "ends", say(ctx, "It must end after it begins."));
    else if (a->ends - a->starts > 31 * WHEN_DAY)
        ctx_problem(ctx, "ends", say(ctx, "An activity lasts a month at most; make several of it."));
    if (a->sign_up_until != NONE && a->sign_up_until > a->ends)
        ctx_problem(ctx, "sign_up_until", say(ctx, "Sign-up can't end after the activity."));
    if (!a->status)
        a->status = "open";
    derive(ctx, a);
}

/* Leaders see and change what their team organises, workers their communities; announced ones are public by their own pages. */
static void scope(struct ctx *ctx, struct sql *where)
{
    scope_by_team(ctx, where, "organisation", NULL);
}

static enum status import_insert(struct ctx *ctx, void *record)
{
    return activity_file(ctx, record);
}

const struct kind activities_kind = {.name = "activities",
                                     .table = "activities",
                                     .one = N_("Activity"),
                                     .many = N_("Activities"),
                                     FIELDS(fields),
                                     .size = sizeof(struct activity),
                                     .read = HOSTS | ROLE_LEADER,
                                     .write = HOSTS,
                                     .code = "number",
                                     .order = "starts DESC, id DESC",
                                     .scope = scope,
                                     .check = check,
                                     .import_insert = import_insert,
                                     .insert = import_insert,
                                     .own = "organisation",
                                     .home = "/activities/manage",
                                     .page = "/activities/{id}/manage",
                                     .about = N_("What is announced, cancelled and held, with those who came.")};

static void open_scope(struct ctx *ctx, struct sql *where)
{
    (void)ctx;
    sql_add(where, " AND status IN ('open', 'cancelled', 'held')");
}

const struct kind open_activities_kind = {.name = "activities",
                                          .table = "activities",
                                          .one = N_("Activity"),
                                          .many = N_("Activities"),
                                          FIELDS(fields),
                                          .size = sizeof(struct activity),
                                          .read = ROLE_PUBLIC,
                                          .code = "number",
                                          .order = "starts, id",
                                          .scope = open_scope};

#define S(member) offsetof(struct shift, member)
static const struct field shift_fields[] = {
    {"code", F_CODE, S(code), N_("Code"), .flags = UNIQUE | FIXED | IMPORTED},
    {"activity", F_REF, S(activity), N_("Activity"), .ref = "activities", .flags = REQUIRED | FILTER},
    {"name", F_TEXT, S(name), N_("Name"), .max = 40, .flags = REQUIRED | LISTED},
    {"starts", F_TIME, S(starts), N_("Begins"), .flags = REQUIRED | LISTED},
    {"ends", F_TIME, S(ends), N_("Ends"), .flags = REQUIRED | LISTED},
    {"places", F_INT, S(places), N_("Volunteers needed"), .min = 1, .max = 1000, .flags = LISTED},
    {"skills", F_TAGS, S(skills), N_("They should know"), .ref = "skills"},
};

static void shift_check(struct ctx *ctx, const void *before, void *after)
{
    struct shift *s = after;
    (void)before;
    if (s->ends <= s->starts)
        ctx_problem(ctx, "ends", say(ctx, "It must end after it begins."));
    if (!s->code)
        s->code = record_code(ctx, "S");
}

static void shift_scope(struct ctx *ctx, struct sql *where)
{
    sql_add(where, " AND activity IN (SELECT v.id FROM activities v WHERE 1 = 1");
    scope(ctx, where);
    sql_add(where, ")");
}

const struct kind shifts_kind = {.name = "shifts",
                                 .table = "shifts",
                                 .one = N_("Shift"),
                                 .many = N_("Shifts"),
                                 FIELDS(shift_fields),
                                 .size = sizeof(struct shift),
                                 .read = HOSTS | ROLE_LEADER,
                                 .write = HOSTS,
                                 .code = "code",
                                 .order = "activity, starts, id",
                                 .scope = shift_scope,
                                 .own = "activity",
                                 .check = shift_check,
                                 .about = N_("When volunteers are needed at an activity.")};

/* ---- repetition ---- */

static struct icaltimetype ical_time(int64_t t)
{
    struct civil c = civil_from_when(t);
    struct icaltimetype i = icaltime_null_time();
    i.year = c.year, i.month = c.month, i.day = c.day;
    i.hour = c.hour, i.minute = c.minute, i.second = c.second;
    return i;
}

static int64_t when_of(struct icaltimetype i)
{
    struct civil c = {i.year, i.month, i.day, i.hour, i.minute, i.second};
    return civil_valid(&c) ? when_from_civil(&c) : NONE;
}

enum status repeats_list(struct ctx *ctx, const char *rule, int64_t first, int64_t *starts, int most, int *count)
{
    *count = 0;
    struct icalrecurrencetype r = icalrecurrencetype_from_string(rule);
    if (r.freq == ICAL_NO_RECURRENCE || r.freq < ICAL_DAILY_RECURRENCE) { /* by the hour or quicker is no activity */
        ctx_problem(ctx, "repeats", say(ctx, "“{}” is not a rule of repetition; FREQ=WEEKLY;BYDAY=SA;COUNT=10 would be one.", rule));
        return ctx->status;
    }
    icalrecur_iterator *it = icalrecur_iterator_new(r, ical_time(first));
    for (struct icaltimetype t; it && *count < most && !icaltime_is_null_time(t = icalrecur_iterator_next(it));) {
        int64_t at = when_of(t);
        if (at != NONE && at > first)
            starts[(*count)++] = at;
    }
    icalrecur_iterator_free(it);
    return OK;
}

static enum status insert_one(struct ctx *ctx, struct activity *a)
{
    struct civil c = civil_from_when(a->starts);
    int64_t next = query_int(ctx->db, "SELECT coalesce(max(id), 0) + 1 AS id FROM activities");
    a->number = arena_print(ctx->arena, "A%04d%02d%02d-%04lld", c.year, c.month, c.day, (long long)next);
    a->person_times = a->person_times == NONE ? 0 : a->person_times;
    a->door_secret = code_token(ctx->arena, 24);
    derive(ctx, a);
    return record_insert(ctx, &activities_kind, a, "file");
}

enum status activity_file(struct ctx *ctx, struct activity *a)
{
    int64_t starts[SERIES_MOST];
    int count = 0;
    if (a->repeats && repeats_list(ctx, a->repeats, a->starts, starts, SERIES_MOST, &count) != OK)
        return ctx->status;
    if (count > 0 && !a->series)
        a->series = record_code(ctx, "R");
    enum status s = insert_one(ctx, a);
    for (int i = 0; i < count && s == OK; i++) {
        struct activity *again = record_copy(ctx, &activities_kind, a);
        int64_t move = starts[i] - a->starts;
        again->starts += move;
        again->ends += move;
        again->sign_up_until += again->sign_up_until == NONE ? 0 : move;
        again->repeats = again->template = NULL;
        s = insert_one(ctx, again);
    }
    return s;
}

static enum status cancel_one(struct ctx *ctx, int64_t id, const char *why)
{
    const struct activity *before = record_get(ctx, &activities_kind, id);
    if (!before)
        return record_gone(ctx);
    struct activity *after = record_copy(ctx, &activities_kind, before);
    after->status = "cancelled";
    after->cancelled_why = why;
    enum status s = record_update(ctx, &activities_kind, before, after, "cancel");
    if (s == OK)
        activity_tell(ctx, after, TELL_CANCELLED, NONE);
    return s;
}

enum status activity_cancel(struct ctx *ctx, const struct activity *a, bool series, const char *why)
{
    if (!why || !*why) {
        ctx_problem(ctx, "why", say(ctx, "Write why: everybody who signed up will read it."));
        return ctx->status;
    }
    if (!strcmp(a->status, "held") || !strcmp(a->status, "cancelled"))
        return ctx_fail(ctx, CONFLICT, say(ctx, "It took place or was cancelled already."));
    enum status s = cancel_one(ctx, a->record.id, why);
    for (int64_t id = NONE; s == OK && series && a->series;) {
        id = query_int(ctx->db, "SELECT min(id) AS id FROM activities WHERE series = {} AND starts > {} AND status IN ('planned', 'open')",
                       a->series, a->starts);
        if (id == NONE)
            break;
        s = cancel_one(ctx, id, why);
    }
    return s;
}

enum status activity_held(struct ctx *ctx, const struct activity *a)
{
    if (a->starts > ctx->now)
        return ctx_fail(ctx, CONFLICT, say(ctx, "It has not begun yet."));
    if (!strcmp(a->status, "cancelled"))
        return ctx_fail(ctx, CONFLICT, say(ctx, "It was cancelled."));
    struct activity *after = record_copy(ctx, &activities_kind, a);
    after->status = "held";
    return record_update(ctx, &activities_kind, a, after, "held");
}

static const struct kind *const kinds[] = {&activities_kind, &shifts_kind, &sign_ups_kind, &attendances_kind, NULL};

#define HELD "status = 'held'"
static const struct figure_without not_held[] = {{N_("{} cancelled"), "status = 'cancelled'", NULL},
                                                 {N_("{} still to come or not yet closed"), "status IN ('open', 'planned')", NULL},
                                                 {NULL, NULL, NULL}};
static const struct figure figures[] = {
    {"activities.held", "F18", N_("Activities held"), N_("activities"), N_("Activities that took place in this period."), COUNT,
     .kind = &activities_kind, .counts = HELD, .time = "starts", .area = "community", .without = not_held},
    {"activities.person_times", "F19", N_("Residents served"), N_("person-times"),
     N_("Residents counted at the activities that took place: somebody who came twice counts twice."), SUM, .kind = &activities_kind,
     .counts = HELD, .value = "person_times", .time = "starts", .area = "community"},
    {"activities.volunteer_days", "F28", N_("Volunteer days"), N_("activities a month"),
     N_("Volunteer days that took place, divided by the months in which there was one."), EACH, .kind = &activities_kind,
     .counts = HELD " AND kind = 'volunteer_day'", .value = "month", .time = "starts", .area = "community"},
    {"activities.culture_sports", "F29", N_("Cultural and sports activities"), N_("activities"),
     N_("Activities for culture, music, festivals and sports that took place in this period."), COUNT, .kind = &activities_kind,
     .counts = HELD " AND kind IN ('culture', 'concert', 'festival', 'sports')", .time = "starts", .area = "community"},
    {.id = NULL},
};

static const struct register_view views[] = {
    {&shifts_kind, .closed = true},
    {&sign_ups_kind, .closed = true},
    {&attendances_kind, .closed = true},
    {.kind = NULL},
};

const struct module activities_module = {.name = "activities", .kinds = kinds, .figures = figures, .views = views};
