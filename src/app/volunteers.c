/*
 * Volunteers and their skills: descriptions, joining, cards. The card's code
 * is kept as a keyed hash only; it is shown once, when it is made.
 * Records live in the context's arena.
 */
#include "app/volunteers.h"

#include "app/activities.h"
#include "app/module.h"
#include "app/offers.h"
#include "app/people.h"
#include "base/code.h"
#include "base/seal.h"
#include "base/when.h"

#include <math.h>
#include <string.h>

const struct choice volunteer_statuses[] = {
    {"applied", N_("Has applied")}, {"active", N_("Active")}, {"paused", N_("Pausing")}, {"left", N_("Has left")}, {NULL, NULL}};
const struct choice volunteer_languages[] = {{"cantonese", N_("Cantonese")},
                                             {"mandarin", N_("Mandarin")},
                                             {"hakka", N_("Hakka")},
                                             {"teochew", N_("Teochew")},
                                             {"english", N_("Spoken English")},
                                             {"sign", N_("Sign language")},
                                             {NULL, NULL}};
const struct choice day_parts[] = {{"mon-am", N_("Monday morning")},     {"mon-pm", N_("Monday afternoon")},
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
static const struct choice genders[] = {{"female", N_("Women only")}, {"male", N_("Men only")}, {NULL, NULL}};

#define LEADERS (ROLE_TEAM_LEADER | ROLE_WORKER | ROLE_OFFICE)

/* ---- skills ---- */

#define S(member) offsetof(struct skill, member)
static const struct field skill_fields[] = {
    {"code", F_CODE, S(code), N_("Code"), .max = 40, .flags = REQUIRED | UNIQUE | LISTED},
    {"name", F_TEXT, S(name), N_("Name"), .max = 40, .flags = REQUIRED | LISTED},
    {"name_en", F_TEXT, S(name_en), N_("Name in English"), .max = 60, .flags = LISTED},
    {"icon", F_CODE, S(icon), N_("Icon"), .max = 60, .flags = ICON},
    {"category", F_REF, S(category), N_("Requests of this category need it"), .ref = "categories", .flags = LISTED | FILTER},
    {"home_visit", F_BOOL, S(home_visit), N_("Done at home, by a pair"), .flags = LISTED},
    {"people_needed", F_INT, S(people_needed), N_("People needed"), .min = 1, .max = 10},
    {"position", F_INT, S(position), N_("Order")},
};
const struct kind skills_kind = {.name = "skills",
                                 .table = "skills",
                                 .one = N_("Skill"),
                                 .many = N_("Skills"),
                                 FIELDS(skill_fields),
                                 .size = sizeof(struct skill),
                                 .read = ROLES_SIGNED,
                                 .write = ROLE_ADMIN | ROLE_OFFICE,
                                 .code = "code",
                                 .order = "position, code",
                                 .about = N_("What volunteers can do, and which requests need it.")};

/* ---- volunteers ---- */

#define V(member) offsetof(struct volunteer, member)
static const struct field volunteer_fields[] = {
    {"number", F_CODE, V(number), N_("Volunteer number"), .max = 40, .flags = UNIQUE | LISTED | FIXED | IMPORTED, .aliases = "志愿者编号"},
    {"person", F_REF, V(person), N_("Person"), .ref = "people", .flags = REQUIRED | LISTED},
    {"user", F_REF, V(user), N_("Login"), .ref = "users"},
    {"team", F_REF, V(team), N_("Team"), .ref = "organisations", .flags = LISTED | FILTER},
    {"community", F_REF, V(community), N_("Community"), .ref = "areas", .flags = LISTED | FILTER | FIXED},
    {"status", F_CHOICE, V(status), N_("Status"), .choices = volunteer_statuses, .flags = LISTED | FILTER},
    {"skills", F_TAGS, V(skills), N_("Can do"), .ref = "skills", .flags = LISTED | FILTER, .aliases = "技能|服务类别"},
    {"languages", F_TAGS, V(languages), N_("Speaks"), .choices = volunteer_languages, .aliases = "语言"},
    {"times", F_TAGS, V(times), N_("Has time on"), .choices = day_parts, .aliases = "时间"},
    {"areas", F_TAGS, V(areas), N_("Serves in"), .ref = "areas"},
    {"limits", F_TEXT, V(limits), N_("To be considered"), .max = 200},
    {"visits_a_month", F_INT, V(visits_a_month), N_("Visits a month at most"), .min = 1, .max = 60},
    {"gender_preference", F_CHOICE, V(gender_preference), N_("Serves"), .choices = genders},
    {"lat", F_REAL, V(lat), N_("Latitude"), .min = -90, .max = 90},
    {"lon", F_REAL, V(lon), N_("Longitude"), .min = -180, .max = 180},
    {"code_hash", F_CODE, V(code_hash), N_("Card"), .flags = FIXED | HIDDEN},
    {"joined", F_DATE, V(joined), N_("Joined on"), .flags = LISTED | SORTED},
    {"left_on", F_DATE, V(left_on), N_("Left on"), .flags = FIXED},
    {"left_why", F_TEXT, V(left_why), N_("Reason for leaving"), .max = 200, .flags = FIXED},
    {"seconds", F_INT, V(seconds), N_("Time of service"), .flags = FIXED | SECONDS},
    {"feed", F_CODE, V(feed), N_("Calendar"), .flags = FIXED | HIDDEN},
};

/* Leaders see their teams, workers their communities, the office all of its area; a volunteer sees their own. */
static void scope(struct ctx *ctx, struct sql *where)
{
    scope_by_team(ctx, where, "team", "id");
}

static void check(struct ctx *ctx, const void *before, void *after)
{
    struct volunteer *v = after;
    (void)before;
    const struct person *p = record_get(ctx, &people_kind, v->person);
    v->community = p ? p->community : NONE;
    if (v->team != NONE && query_int(ctx->db, "SELECT id FROM organisations WHERE id = {} AND kind = 'team'", v->team) == NONE)
        ctx_problem(ctx, "team", say(ctx, "Choose a volunteer team."));
    int64_t other = v->user == NONE ? NONE
                                    : query_int(ctx->db, "SELECT min(id) AS id FROM volunteers WHERE \"user\" = {} AND id <> {}", v->user,
                                                v->record.id == NONE ? 0 : v->record.id);
    if (other != NONE)
        ctx_problem(ctx, "user", say(ctx, "This login is another volunteer’s already."));
    if (!v->status)
        v->status = "active";
    if (!v->joined)
        v->joined = day_iso(ctx->arena, when_day(ctx->now));
    if (isnan(v->lat) && p && p->area != NONE) { /* the middle of where they live */
        struct rows *r = query(ctx->db, "SELECT lat, lon FROM areas WHERE id = {} AND lat IS NOT NULL", p->area);
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
    int64_t id = v->number ? query_int(ctx->db, "SELECT id FROM volunteers WHERE number = {}", v->number) : NONE;
    if (id == NONE)
        id = query_int(ctx->db, "SELECT id FROM volunteers WHERE person = {}", (struct maybe){v->person});
    return id == NONE ? NULL : record_get(ctx, &volunteers_kind, id);
}

static enum status import_insert(struct ctx *ctx, void *record)
{
    return volunteer_file(ctx, record, NULL);
}

const struct kind volunteers_kind = {.name = "volunteers",
                                     .table = "volunteers",
                                     .one = N_("Volunteer"),
                                     .many = N_("Volunteers"),
                                     FIELDS(volunteer_fields),
                                     .size = sizeof(struct volunteer),
                                     .read = LEADERS | ROLE_LEADER | ROLE_VOLUNTEER,
                                     .write = LEADERS,
                                     .code = "number",
                                     .order = "id DESC",
                                     .scope = scope,
                                     .check = check,
                                     .import_find = import_find,
                                     .import_insert = import_insert,
                                     .insert = import_insert,
                                     .own = "team",
                                     .home = "/volunteers",
                                     .page = "/volunteers/{id}",
                                     .title = "person",
                                     .about = N_("Who helps, in which team, with what and when.")};

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
    if (query_int(ctx->db, "SELECT id FROM volunteers WHERE person = {}", (struct maybe){v->person}) != NONE) {
        ctx_problem(ctx, "person", say(ctx, "This person is a volunteer already."));
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
    return record_insert(ctx, &volunteers_kind, v, strcmp(v->status, "applied") ? "join" : "apply");
}

enum status volunteer_card(struct ctx *ctx, const struct volunteer *before, const char **code)
{
    struct volunteer *after = record_copy(ctx, &volunteers_kind, before);
    *code = card_code(ctx, after);
    return record_update(ctx, &volunteers_kind, before, after, "card");
}

/* Places that others can have, and visits that others must make. */
static enum status give_back(struct ctx *ctx, int64_t volunteer, const char *why)
{
    enum { MOST = 500 };
    int64_t ids[MOST];
    int n = rows_ids(
        query(ctx->db,
              "SELECT s.id FROM sign_ups s JOIN activities a ON a.id = s.activity WHERE s.volunteer = {} AND s.status <> 'cancelled'"
              " AND a.starts > {} ORDER BY s.id",
              volunteer, ctx->now),
        ids, MOST);
    for (int i = 0; i < n && ctx->status == OK; i++) {
        const struct sign_up *s = record_get(ctx, &sign_ups_kind, ids[i]);
        s ? sign_up_cancel(ctx, s) : record_gone(ctx);
    }
    n = rows_ids(
        query(ctx->db,
              "SELECT k.id FROM offer_asks k JOIN offers o ON o.id = k.offer WHERE k.volunteer = {} AND k.answer IN ('asked', 'yes')"
              " AND o.status IN ('open', 'agreed', 'led') ORDER BY k.id",
              volunteer),
        ids, MOST);
    for (int i = 0; i < n && ctx->status == OK; i++) {
        const struct offer_ask *a = record_get(ctx, &offer_asks_kind, ids[i]);
        if (!a)
            record_gone(ctx);
        else if (!strcmp(a->answer, "yes"))
            offer_withdraw(ctx, a, why);
        else
            offer_answer(ctx, a, false, NONE);
    }
    return ctx->status;
}

enum status volunteer_leave(struct ctx *ctx, const struct volunteer *before, const char *why)
{
    if (!strcmp(before->status, "left")) {
        ctx_problem(ctx, NULL, say(ctx, "This volunteer has left already."));
        return ctx->status;
    }
    if (give_back(ctx, before->record.id, why && *why ? why : say(ctx, "Has left the volunteers.")) != OK)
        return ctx->status;
    before = record_get(ctx, &volunteers_kind, before->record.id);
    if (!before)
        return record_gone(ctx);
    struct volunteer *after = record_copy(ctx, &volunteers_kind, before);
    after->status = "left";
    after->left_on = day_iso(ctx->arena, when_day(ctx->now));
    after->left_why = why && *why ? why : NULL;
    after->code_hash = after->feed = NULL;
    return record_update(ctx, &volunteers_kind, before, after, "leave");
}

struct volunteer *volunteer_by_code(struct ctx *ctx, const char *typed)
{
    const char *code = code_typed(ctx->arena, typed);
    if (!code || strlen(code) != CARD_LENGTH)
        return NULL;
    struct volunteer *v = record_find(ctx, &volunteers_kind, "code_hash", seal_hash(ctx->keys, ctx->arena, "volunteer_card", code));
    return v && strcmp(v->status, "left") != 0 ? v : NULL;
}

static const struct kind *const kinds[] = {&skills_kind, &volunteers_kind, &hours_kind, NULL};

static const struct figure figures[] = {
    {"volunteers.active", NULL, N_("Volunteers in the register"), N_("people"), N_("Volunteers who are active or pausing now."), COUNT,
     .kind = &volunteers_kind, .counts = "status IN ('active', 'paused')", .area = "community"},
    {"volunteers.taking_part", "F17", N_("People taking part"), N_("people"),
     N_("Different volunteers who were present at least once in this period, each counted once however often they came."), DISTINCT,
     .kind = &attendances_kind, .counts = "status = 'good'", .value = "volunteer", .time = "came"},
    {"volunteers.hours", NULL, N_("Hours of service"), N_("hours"),
     N_("Hours counted from attendance, without travel, overlapping times once, and what waits for approval not yet."), SUM,
     .kind = &hours_kind, .value = "counted", .per = 3600, .day = "day"},
    {.id = NULL},
};

const struct module volunteers_module = {.name = "volunteers", .kinds = kinds, .figures = figures};
