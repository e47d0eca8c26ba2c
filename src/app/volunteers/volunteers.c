/*
 * Volunteers and their skills: descriptions, registration, cards. The card code
 * is stored only as a keyed hash and shown once, when it is made. Records live
 * in the context's arena.
 */
#include "app/volunteers/volunteers.h"

#include "core/module.h"
#include "app/registers/registers.h"
#include "base/code.h"
#include "base/seal.h"
#include "base/when.h"

#include <math.h>
#include <string.h>

static const struct choice volunteer_statuses[] = {{"applied", N_("Awaiting approval")},
                                                   {"active", N_("Active")},
                                                   {"paused", N_("Paused")},
                                                   {"left", N_("Left")},
                                                   {NULL, NULL}};
const struct choice volunteer_languages[] = {{"cantonese", N_("Cantonese")},
                                             {"mandarin", N_("Mandarin")},
                                             {"hakka", N_("Hakka")},
                                             {"teochew", N_("Teochew")},
                                             {"english", N_("Spoken English")},
                                             {"sign", N_("Sign language")},
                                             {NULL, NULL}};
const struct choice day_parts[] = {
    {"mon-am", N_("Monday morning")},     {"mon-pm", N_("Monday afternoon")},
    {"mon-ev", N_("Monday evening")},     {"tue-am", N_("Tuesday morning")},
    {"tue-pm", N_("Tuesday afternoon")},  {"tue-ev", N_("Tuesday evening")},
    {"wed-am", N_("Wednesday morning")},  {"wed-pm", N_("Wednesday afternoon")},
    {"wed-ev", N_("Wednesday evening")},  {"thu-am", N_("Thursday morning")},
    {"thu-pm", N_("Thursday afternoon")}, {"thu-ev", N_("Thursday evening")},
    {"fri-am", N_("Friday morning")},     {"fri-pm", N_("Friday afternoon")},
    {"fri-ev", N_("Friday evening")},     {"sat-am", N_("Saturday morning")},
    {"sat-pm", N_("Saturday afternoon")}, {"sat-ev", N_("Saturday evening")},
    {"sun-am", N_("Sunday morning")},     {"sun-pm", N_("Sunday afternoon")},
    {"sun-ev", N_("Sunday evening")},     {NULL, NULL}};
static const struct choice genders[] = {
    {"female", N_("Visits women only")}, {"male", N_("Visits men only")}, {NULL, NULL}};

#define LEADERS (ROLE_TEAM_LEADER | ROLE_WORKER | ROLE_OFFICE)

/* ---- volunteers ---- */

#define V(member) offsetof(struct volunteer, member)
static const struct field volunteer_fields[] = {
    {"number", F_CODE, V(number), N_("Volunteer number"), .max = 40,
     .flags = UNIQUE | LISTED | FIXED | IMPORTED, .aliases = "志愿者编号"},
    {"person", F_REF, V(person), N_("Person"), .ref = "people", .flags = REQUIRED | LISTED},
    {"user", F_REF, V(user), N_("Username"), .ref = "users"},
    {"team", F_REF, V(team), N_("Team"), .ref = "organisations", .flags = LISTED | FILTER},
    {"community", F_REF, V(community), N_("Community"), .ref = "areas",
     .flags = LISTED | FILTER | FIXED},
    {"status", F_CHOICE, V(status), N_("Status"), .choices = volunteer_statuses,
     .flags = LISTED | FILTER | FIXED | IMPORTED},
    {"skills", F_TAGS, V(skills), N_("Volunteer’s skills"), .ref = "skills",
     .flags = LISTED | FILTER, .aliases = "技能|服务类别"},
    {"languages", F_TAGS, V(languages), N_("Languages spoken"), .choices = volunteer_languages,
     .aliases = "语言"},
    {"times", F_TAGS, V(times), N_("Availability"), .choices = day_parts, .aliases = "时间"},
    {"areas", F_TAGS, V(areas), N_("Areas covered"), .ref = "areas"},
    {"limits", F_TEXT, V(limits), N_("Special considerations"), .max = 200},
    {"visits_a_month", F_INT, V(visits_a_month), N_("Maximum visits per month"), .min = 1,
     .max = 60},
    {"gender_preference", F_CHOICE, V(gender_preference), N_("Willing to visit"),
     .choices = genders},
    {"lat", F_REAL, V(lat), N_("Latitude"), .min = -90, .max = 90},
    {"lon", F_REAL, V(lon), N_("Longitude"), .min = -180, .max = 180},
    {"code_hash", F_CODE, V(code_hash), N_("Card"), .flags = FIXED | HIDDEN},
    {"joined", F_DATE, V(joined), N_("Date joined"), .flags = LISTED | SORTED},
    {"left_on", F_DATE, V(left_on), N_("Date left"), .flags = FIXED},
    {"left_why", F_TEXT, V(left_why), N_("Reason for leaving"), .max = 200, .flags = FIXED},
    {"seconds", F_INT, V(seconds), N_("Service hours"), .flags = FIXED | SECONDS},
    {"feed", F_CODE, V(feed), N_("Holiday calendar"), .flags = FIXED | HIDDEN},
    {"merged_into", F_REF, V(merged_into), N_("Merged into"), .ref = "volunteers",
     .flags = FIXED | INNER},
};

/* Leaders see their teams, workers their communities, the office its whole area; volunteers see
 * themselves. */
static void scope(struct ctx *ctx, struct sql *where)
{
    sql_add(where, " AND merged_into IS NULL");
    scope_by_team(ctx, where, "team", "id");
}

static void check(struct ctx *ctx, const void *before, void *after)
{
    const struct volunteer *was = before;
    struct volunteer *v = after;
    const struct person *p = record_get(ctx, &people_kind, v->person);
    v->community = p ? p->community : NONE;
    if (v->team != NONE &&
        query_int(ctx->db,
                  "SELECT id FROM organisations WHERE id = {} AND kind = 'team' AND merged_into IS "
                  "NULL",
                  v->team) == NONE)
        ctx_problem(ctx, "team", say(ctx, "Choose a volunteer team."));
    int64_t other =
        v->user == NONE
            ? NONE
            : query_int(ctx->db,
                        "SELECT min(id) AS id FROM volunteers WHERE \"user\" = {} AND id <> {} AND "
                        "merged_into IS NULL",
                        v->user, v->record.id == NONE ? 0 : v->record.id);
    if (other != NONE)
        ctx_problem(ctx, "user", say(ctx, "This account already belongs to another volunteer."));
    if (!v->status)
        v->status = was ? was->status : "active";
    workflow_keeps(ctx, &volunteer_workflow, was, v);
    if (!v->joined)
        v->joined = ctx_today(ctx);
    if (isnan(v->lat) && p && p->area != NONE) { /* the centre of their area */
        struct rows *r = query(
            ctx->db, "SELECT lat, lon FROM areas WHERE id = {} AND lat IS NOT NULL", p->area);
        if (rows_next(r)) {
            v->lat = row_real(r, "lat");
            v->lon = row_real(r, "lon");
        }
        rows_end(r);
    }
}

static void *import_find(struct ctx *ctx, void *record)
{
    const struct volunteer *v = record;
    int64_t id = v->number
                     ? query_int(ctx->db, "SELECT id FROM volunteers WHERE number = {}", v->number)
                     : NONE;
    if (id == NONE)
        id = query_int(ctx->db, "SELECT id FROM volunteers WHERE person = {}",
                       (struct maybe){v->person});
    return id == NONE ? NULL : record_get(ctx, &volunteers_kind, id);
}

static enum status import_insert(struct ctx *ctx, void *record)
{
    return volunteer_file(ctx, record, NULL);
}

static const struct choice volunteer_actions[] = {
    {"join", N_("registered and approved")},
    {"apply", N_("applied")},
    {"confirm", N_("approved")},
    {"card", N_("card issued")},
    {"move", N_("transferred to another team")},
    {"leave", N_("left")},
    {"merge", N_("merged")},
    {"unmerge", N_("merge undone")},
    {NULL, NULL},
};

const struct kind volunteers_kind = {
    .name = "volunteers",
    .table = "volunteers",
    .person = true,
    .one = N_("Volunteer"),
    .many = N_("Volunteers"),
    .actions = volunteer_actions,
    FIELDS(volunteer_fields),
    .size = sizeof(struct volunteer),
    .read = LEADERS | ROLE_LEADER | ROLE_VOLUNTEER,
    .write = LEADERS,
    .code = "number",
    .order = "id DESC",
    .scope = scope,
    .check = check,
    .natural = "number|person",
    .import_find = import_find,
    .import_insert = import_insert,
    .insert = import_insert,
    .own = "team",
    .home = "/volunteers",
    .page = "/volunteers/{id}",
    .title = "person",
    .about = N_("Which team each volunteer is in, what they can do and when they are free.")};

#define CARD_LENGTH 10

static const char *card_code(struct ctx *ctx, struct volunteer *v)
{
    char *made = arena_alloc(ctx->arena, CARD_LENGTH + 1);
    code_random(made, CARD_LENGTH);
    v->code_hash = seal_hash(ctx->keys, ctx->arena, "volunteer_card", made);
    return made;
}

enum status volunteer_file(struct ctx *ctx, struct volunteer *v, const char **code)
{
    if (query_int(ctx->db, "SELECT id FROM volunteers WHERE person = {}",
                  (struct maybe){v->person}) != NONE) {
        ctx_problem(ctx, "person", say(ctx, "This person is already a volunteer."));
        return ctx->status;
    }
    if (!record_check(ctx, &volunteers_kind, NULL, v))
        return ctx->status;
    if (!v->number) {
        int64_t next = query_int(ctx->db, "SELECT coalesce(max(id), 0) + 1 AS id FROM volunteers");
        v->number = arena_print(ctx->arena, "V%07lld", (long long)next);
    }
    v->seconds = 0;
    if (code)
        *code = card_code(ctx, v);
    const char *action = strcmp(v->status, "applied") ? "join" : "apply";
    enum status done = record_insert(ctx, &volunteers_kind, v, action);
    if (done == OK)
        workflow_began(ctx, &volunteer_workflow, action, v, true);
    return done;
}

enum status volunteer_card(struct ctx *ctx, const struct volunteer *before, const char **code)
{
    struct volunteer *after = record_copy(ctx, &volunteers_kind, before);
    *code = card_code(ctx, after);
    return record_update(ctx, &volunteers_kind, before, after, "card");
}

struct volunteer *volunteer_by_code(struct ctx *ctx, const char *typed)
{
    const char *code = code_typed(ctx->arena, typed);
    if (!code || strlen(code) != CARD_LENGTH)
        return NULL;
    struct volunteer *v = record_find(ctx, &volunteers_kind, "code_hash",
                                      seal_hash(ctx->keys, ctx->arena, "volunteer_card", code));
    if (v && v->merged_into != NONE) /* an old card */
        v = record_get(ctx, &volunteers_kind, v->merged_into);
    return v && strcmp(v->status, "left") != 0 ? v : NULL;
}

static const struct kind *const kinds[] = {&skills_kind, &volunteers_kind, &hours_kind, NULL};

static const struct figure figures[] = {
    {"volunteers.active", NULL, N_("Registered volunteers"), N_("people"),
     N_("Volunteers currently active or paused."), COUNT, .group = N_("Volunteering"),
     .kind = &volunteers_kind, .counts = "status IN ('active', 'paused')", .area = "community"},
    {"volunteers.hours", NULL, N_("Service hours"), N_("hours"),
     N_("Hours calculated from attendance. Travel time and hours awaiting approval are excluded; "
        "overlapping times count once."),
     SUM, .group = N_("Volunteering"), .kind = &hours_kind, .value = "counted", .per = 3600,
     .day = "day"},
    {.id = NULL},
};

static const struct workflow *const workflows[] = {&volunteer_workflow, NULL};

const struct module volunteers_module = {.name = "volunteers",
                                         .kinds = kinds,
                                         .workflows = workflows,
                                         .figures = figures,
                                         .due = volunteer_due};
