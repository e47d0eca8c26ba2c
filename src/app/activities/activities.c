/*
 * Activities, their shifts and repetitions: descriptions and rules.
 * Sign-up and attendance are in attendance.c. Records live in the context's
 * arena.
 */
#include "app/activities/activities.h"

#include "app/activities/activity_pages.h"
#include "core/module.h"
#include "app/registers/registers.h"
#include "app/volunteers/volunteers.h"
#include "base/code.h"
#include "base/repeat.h"
#include "base/seal.h"
#include "base/when.h"

#include <math.h>
#include <sodium.h>
#include <string.h>

const struct choice activity_kinds[] = {{"haircut", N_("Haircut day")},
                                        {"clinic", N_("Free clinic")},
                                        {"clean_up", N_("Clean-up")},
                                        {"volunteer_day", N_("Volunteer day")},
                                        {"concert", N_("Concert or show")},
                                        {"culture", N_("Culture")},
                                        {"sports", N_("Sport")},
                                        {"festival", N_("Festival")},
                                        {"training", N_("Training")},
                                        {"meeting", N_("Meeting")},
                                        {"children", N_("For children")},
                                        {"service", N_("Community service day")},
                                        {"health", N_("Health")},
                                        {"work", N_("Work and jobs")},
                                        {"safety", N_("Safety at home")},
                                        {"other", N_("Other activity")},
                                        {NULL, NULL}};
static const struct choice activity_statuses[] = {{"planned", N_("Draft")},
                                                  {"open", N_("Published")},
                                                  {"held", N_("Held")},
                                                  {"cancelled", N_("Cancelled")},
                                                  {NULL, NULL}};
static const struct choice counted_hows[] = {
    {"counted", N_("Counted on site")}, {"written", N_("Recorded afterwards")}, {NULL, NULL}};

#define HOSTS       (ROLE_TEAM_LEADER | ROLE_WORKER | ROLE_OFFICE)
#define SERIES_MOST (REPEAT_MOST - 1) /* repetitions made ahead at once */

#define A(member) offsetof(struct activity, member)
static const struct field fields[] = {
    {"number", F_CODE, A(number), N_("Number"), .flags = UNIQUE | FIXED | IMPORTED},
    {"title", F_TEXT, A(title), N_("Title"), .min = 2, .max = 60, .flags = REQUIRED | LISTED},
    {"title_en", F_TEXT, A(title_en), N_("Title in English"), .max = 80},
    {"kind", F_CHOICE, A(kind), N_("Type"), .choices = activity_kinds,
     .flags = REQUIRED | LISTED | FILTER},
    {"organisation", F_REF, A(organisation), N_("Organised by"), .ref = "organisations",
     .flags = LISTED | FILTER},
    {"station", F_REF, A(station), N_("At which service point"), .ref = "organisations",
     .flags = FILTER},
    {"area", F_REF, A(area), N_("Area"), .ref = "areas", .flags = FILTER},
    {"community", F_REF, A(community), N_("Community"), .ref = "areas",
     .flags = LISTED | FILTER | FIXED},
    {"place", F_TEXT, A(place), N_("Location"), .max = 120},
    {"place_en", F_TEXT, A(place_en), N_("Location in English"), .max = 120},
    {"lat", F_REAL, A(lat), N_("Latitude"), .min = -90, .max = 90},
    {"lon", F_REAL, A(lon), N_("Longitude"), .min = -180, .max = 180},
    {"starts", F_TIME, A(starts), N_("Starts"), .flags = REQUIRED | LISTED | SORTED},
    {"ends", F_TIME, A(ends), N_("Ends"), .flags = REQUIRED},
    {"text", F_LONG, A(text), N_("Details"), .max = 2000},
    {"text_en", F_LONG, A(text_en), N_("Details in English"), .max = 2000},
    {"status", F_CHOICE, A(status), N_("Status"), .choices = activity_statuses,
     .flags = LISTED | FILTER | FIXED | IMPORTED},
    {"places", F_INT, A(places), N_("Places for residents"), .min = 1, .max = 10000},
    {"sign_up_until", F_TIME, A(sign_up_until), N_("Sign-up closes")},
    {"skills", F_TAGS, A(skills), N_("Volunteer skills needed"), .ref = "skills"},
    {"template", F_TEXT, A(template), N_("Template"), .max = 60, .flags = FIXED | IMPORTED},
    {"series", F_CODE, A(series), N_("Series"), .flags = FIXED | IMPORTED},
    {"repeats", F_TEXT, A(repeats), N_("Repeats"), .max = 200},
    {"person_times", F_INT, A(person_times), N_("Residents served (total attendances)"), .min = 0,
     .max = 100000, .flags = LISTED | FIXED | IMPORTED},
    {"person_times_how", F_CHOICE, A(person_times_how), N_("How counted"), .choices = counted_hows,
     .flags = FIXED | IMPORTED},
    {"cancelled_why", F_TEXT, A(cancelled_why), N_("Reason for cancellation"), .max = 300,
     .flags = FIXED | IMPORTED},
    {"questions", F_LONG, A(questions), N_("Sign-up questions"), .flags = FIXED | INNER},
    {"reminded_at", F_TIME, A(reminded_at), N_("Reminder sent"), .flags = FIXED},
    {"door_secret", F_TEXT, A(entrance_secret), N_("Door code"), .flags = FIXED | HIDDEN},
    {"month", F_INT, A(month), N_("Month"), .flags = FIXED},
};

static void derive(struct ctx *ctx, struct activity *a)
{
    if (a->station != NONE) { /* the service point gives the place */
        const struct organisation *s = record_get(ctx, &organisations_kind, a->station);
        a->area = a->area == NONE && s ? s->area : a->area;
        a->place = !a->place && s ? s->name : a->place;
        a->place_en = !a->place_en && s ? s->name_en : a->place_en;
        if (isnan(a->lat) && s) {
            a->lat = s->lat;
            a->lon = s->lon;
        }
    }
    a->community = a->area == NONE
                       ? NONE
                       : query_int(ctx->db, "SELECT community FROM areas WHERE id = {}", a->area);
    struct civil c = civil_from_when(a->starts);
    a->month = c.year * 100 + c.month;
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

/* Values copied from the old service point change to those of the new one, unless they were
 * edited. */
static void station_follow(struct ctx *ctx, const struct activity *old, struct activity *a)
{
    const struct organisation *was = old->station == NONE
                                         ? NULL
                                         : record_get(ctx, &organisations_kind, old->station);
    bool same_point = (isnan(a->lat) && isnan(old->lat)) ||
                      (fabs(a->lat - old->lat) < 1e-9 && fabs(a->lon - old->lon) < 1e-9);
    if (same_point && (was || a->station != NONE))
        a->lat = a->lon = NAN;
    if (!was || a->station == NONE)
        return;
    if (a->area == old->area && a->area == was->area)
        a->area = NONE;
    if (same_text(a->place, old->place) && same_text(a->place, was->name))
        a->place = NULL;
    if (same_text(a->place_en, old->place_en) && same_text(a->place_en, was->name_en))
        a->place_en = NULL;
}

/* Runs before the change. A rule that would make more than SERIES_MOST dates is shortened to the
 * dates that it makes, so that no page and no API response promises a date that never comes. */
static void check_repeats(struct ctx *ctx, struct activity *a)
{
    int64_t starts[SERIES_MOST];
    struct repeat r;
    bool more = false;
    if (!repeat_parse(a->repeats, &r))
        ctx_problem(ctx, "repeats",
                    say(ctx,
                        "“{}” is not a valid recurrence rule. Example: "
                        "FREQ=WEEKLY;BYDAY=SA;COUNT=10",
                        a->repeats));
    else if (repeat_list(&r, a->starts, starts, SERIES_MOST, &more) == 0)
        ctx_problem(
            ctx, "repeats",
            say(ctx, "This rule has no date after the first. Remove it or change its end."));
    else if (more) {
        a->repeats = repeat_limited(ctx->arena, a->repeats);
        ctx->note = N_("A repeated activity has at most 60 dates: the rule was cut to COUNT=60.");
    }
}

/* A spreadsheet says how an earlier activity ended; a stored status changes by steps only. */
static void check_status(struct ctx *ctx, const struct activity *old, struct activity *a)
{
    if (!a->status)
        a->status = old ? old->status : "open";
    workflow_keeps(ctx, &activity_workflow, old, a);
    bool coming = a->starts > ctx->now;
    if (!old && coming && !strcmp(a->status, "cancelled") && !a->cancelled_why)
        ctx_problem(ctx, "cancelled_why",
                    say(ctx, "Enter a reason: everyone who signed up will see it."));
    if (!old && a->ends > ctx->now && !strcmp(a->status, "held"))
        ctx_problem(ctx, "status", say(ctx, "This activity has not ended yet."));
    if (!strcmp(a->status, "cancelled") ? old && !same_text(old->cancelled_why, a->cancelled_why)
                                        : a->cancelled_why != NULL)
        ctx_problem(ctx, "cancelled_why",
                    say(ctx, "A reason for cancellation belongs to the step that cancels."));
}

static void check(struct ctx *ctx, const void *before, void *after)
{
    struct activity *a = after;
    const struct activity *old = before;
    if (a->repeats && a->starts != NONE &&
        (!old || !old->repeats || strcmp(old->repeats, a->repeats) != 0))
        check_repeats(ctx, a);
    if (a->ends <= a->starts)
        ctx_problem(ctx, "ends", say(ctx, "The end must be after the start."));
    else if (a->ends - a->starts > 31 * WHEN_DAY)
        ctx_problem(ctx, "ends",
                    say(ctx, "An activity can last no more than a month; split longer ones."));
    if (a->sign_up_until != NONE && a->sign_up_until > a->ends)
        ctx_problem(ctx, "sign_up_until",
                    say(ctx, "Sign-up can’t close after the activity "
                             "ends."));
    check_status(ctx, old, a);
    if (old && old->station != a->station)
        station_follow(ctx, old, a);
    derive(ctx, a);
}

/* Leaders see and change what their team organises, workers what is in their communities.
 * Published activities have public pages of their own. */
static void scope(struct ctx *ctx, struct sql *where)
{
    scope_by_team(ctx, where, "organisation", NULL);
}

static enum status insert_one(struct ctx *ctx, struct activity *a);

/* A row that names its series comes from an export, which has a row for each day. */
static enum status import_insert(struct ctx *ctx, void *record)
{
    struct activity *a = record;
    return a->series ? insert_one(ctx, a) : activity_file(ctx, a);
}

static enum status insert(struct ctx *ctx, void *record)
{
    return activity_file(ctx, record);
}

static const struct choice activity_actions[] = {
    {"file", N_("received")},
    {"count", N_("attendance counted")},
    {"held", N_("marked as held")},
    {"cancel", N_("cancelled")},
    {"written", N_("recorded afterwards")},
    {"template", N_("saved as a template")},
    {"remind", N_("reminder sent")},
    {"questions", N_("sign-up questions changed")},
    {NULL, NULL},
};

const struct kind activities_kind = {
    .name = "activities",
    .table = "activities",
    .one = N_("Activity"),
    .many = N_("Activities"),
    .actions = activity_actions,
    FIELDS(fields),
    .size = sizeof(struct activity),
    .read = HOSTS | ROLE_LEADER,
    .write = HOSTS,
    .code = "number",
    .order = "starts DESC, id DESC",
    .scope = scope,
    .check = check,
    .natural = "number|title starts area? organisation? station? place?",
    .import_insert = import_insert,
    .insert = insert,
    .settle = activity_settle,
    .own = "organisation",
    .home = "/activities/manage",
    .page = "/activities/{id}/manage",
    .about = N_("Upcoming, cancelled and past activities, with attendance.")};

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
    {"activity", F_REF, S(activity), N_("Activity"), .ref = "activities",
     .flags = REQUIRED | FILTER},
    {"name", F_TEXT, S(name), N_("Name"), .max = 40, .flags = REQUIRED | LISTED},
    {"starts", F_TIME, S(starts), N_("Starts"), .flags = REQUIRED | LISTED},
    {"ends", F_TIME, S(ends), N_("Ends"), .flags = REQUIRED | LISTED},
    {"places", F_INT, S(places), N_("Volunteers needed"), .min = 1, .max = 1000, .flags = LISTED},
    {"skills", F_TAGS, S(skills), N_("Skills needed"), .ref = "skills"},
};

static void shift_check(struct ctx *ctx, const void *before, void *after)
{
    const struct shift *was = before;
    struct shift *s = after;
    bool moved = !was || was->starts != s->starts || was->ends != s->ends ||
                 was->activity != s->activity;
    const struct activity *a = moved && s->activity > 0
                                   ? record_get(ctx, &activities_kind, s->activity)
                                   : NULL;
    if (s->ends <= s->starts)
        ctx_problem(ctx, "ends", say(ctx, "The end must be after the start."));
    else if (a && (s->starts < a->starts || s->ends > a->ends))
        ctx_problem(ctx, "starts",
                    say(ctx, "A shift must lie within its activity, {} to {}.",
                        when_show(ctx->arena, ctx->lang, a->starts),
                        when_show(ctx->arena, ctx->lang, a->ends)));
    else if (was && moved && shift_clash(ctx, s))
        ctx_problem(ctx, "starts", shift_clash(ctx, s));
    if (!s->code)
        s->code = record_code(ctx, "S");
}

static void shift_scope(struct ctx *ctx, struct sql *where)
{
    sql_add(where, " AND activity IN (SELECT v.id FROM activities v WHERE 1 = 1");
    scope(ctx, where);
    sql_add(where, ")");
}

static const struct choice shift_actions[] = {
    {"add", N_("added")},
    {NULL, NULL},
};

const struct kind shifts_kind = {.name = "shifts",
                                 .table = "shifts",
                                 .one = N_("Shift"),
                                 .many = N_("Shifts"),
                                 .actions = shift_actions,
                                 FIELDS(shift_fields),
                                 .size = sizeof(struct shift),
                                 .read = HOSTS | ROLE_LEADER,
                                 .write = HOSTS,
                                 .code = "code",
                                 .order = "activity, starts, id",
                                 .scope = shift_scope,
                                 .own = "activity",
                                 .natural = "code|activity name starts",
                                 .check = shift_check,
                                 .settle = shift_settle,
                                 .about = N_("When an activity needs volunteers, and how many.")};

/* ---- repetition ---- */

enum status repeats_list(struct ctx *ctx, const char *rule, int64_t first, int64_t *starts,
                         int most, int *count)
{
    struct repeat r;
    *count = 0;
    if (repeat_parse(rule, &r))
        *count = repeat_list(&r, first, starts, most, NULL);
    else
        ctx_problem(ctx, "repeats",
                    say(ctx,
                        "“{}” is not a valid recurrence rule. Example: "
                        "FREQ=WEEKLY;BYDAY=SA;COUNT=10",
                        rule));
    return ctx->status;
}

static enum status insert_one(struct ctx *ctx, struct activity *a)
{
    struct civil c = civil_from_when(a->starts);
    int64_t next = query_int(ctx->db, "SELECT coalesce(max(id), 0) + 1 AS id FROM activities");
    if (!a->number) /* a spreadsheet may bring another installation's number */
        a->number = arena_print(ctx->arena, "A%04d%02d%02d-%04lld", c.year, c.month, c.day,
                                (long long)next);
    a->person_times = a->person_times == NONE ? 0 : a->person_times;
    a->entrance_secret = code_token(ctx->arena, 24);
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
        again->repeats = again->template = again->number = NULL;
        s = insert_one(ctx, again);
    }
    return s;
}

enum status activity_cancel(struct ctx *ctx, const struct activity *a, bool series, const char *why)
{
    return activity_take(
        ctx, "cancel", a,
        &(struct activity_input){.why = why, .later = series ? 1 : 0, .person_times = NONE});
}

enum status activity_held(struct ctx *ctx, const struct activity *a, int64_t person_times)
{
    return activity_take(ctx, "held", a,
                         &(struct activity_input){.later = NONE, .person_times = person_times});
}

static const struct kind *const kinds[] = {&activities_kind, &shifts_kind, &sign_ups_kind,
                                           &attendances_kind, NULL};

static const struct workflow *const workflows[] = {&activity_workflow, &sign_up_workflow, NULL};

#define HELD "status = 'held'"
static const struct figure_without not_held[] = {
    {N_("{} cancelled"), "status = 'cancelled'", NULL},
    {N_("{} upcoming or awaiting confirmation"), "status IN ('open', 'planned')", NULL},
    {NULL, NULL, NULL}};
static const struct figure figures[] = {
    {"volunteers.taking_part", "F17", N_("Participants"), N_("people"),
     N_("Volunteers who attended at least once in this period, each counted once."), DISTINCT,
     .group = N_("Volunteering"), .kind = &attendances_kind, .counts = "status = 'good'",
     .value = "volunteer", .time = "came"},
    {"activities.held", "F18", N_("Activities held"), N_("activities"),
     N_("Activities held in this period."), COUNT, .group = N_("Activities"),
     .kind = &activities_kind, .counts = HELD, .time = "starts", .area = "community",
     .without = not_held},
    {"activities.person_times", "F19", N_("Residents served"), N_("attendances"),
     N_("Residents counted at activities held; anyone who came twice counts twice."), SUM,
     .group = N_("Activities"), .kind = &activities_kind, .counts = HELD, .value = "person_times",
     .time = "starts", .area = "community"},
    {"activities.volunteer_days", "F28", N_("Volunteer days"), N_("activities per month"),
     N_("Volunteer days held ÷ months with at least one."), EACH, .group = N_("Volunteering"),
     .kind = &activities_kind, .counts = HELD " AND kind = 'volunteer_day'", .value = "month",
     .time = "starts", .area = "community"},
    {"activities.culture_sports", "F29", N_("Cultural and sports activities"), N_("activities"),
     N_("Cultural, performance, festival and sports activities held in this period."), COUNT,
     .group = N_("Activities"), .kind = &activities_kind,
     .counts = HELD " AND kind IN ('culture', 'concert', 'festival', 'sports')", .time = "starts",
     .area = "community"},
    {.id = NULL},
};

static const struct register_view views[] = {
    {&shifts_kind, .closed = true},
    {&sign_ups_kind, .closed = true},
    {&attendances_kind, .closed = true},
    {.kind = NULL},
};

static const struct reaction reactions[] = {{&volunteers_kind, "leave", sign_ups_give_back},
                                            {&volunteers_kind, "refuse", sign_ups_give_back},
                                            {.kind = NULL}};

const struct module activities_module = {.name = "activities",
                                         .kinds = kinds,
                                         .workflows = workflows,
                                         .figures = figures,
                                         .views = views,
                                         .reactions = reactions};
