/*
 * Descriptions of people and organisations, and what is derived from them: community, pinyin,
 * codes. Records live in the context's arena.
 */
#include "app/registers/people.h"

#include "app/registers/seats.h"
#include "core/module.h"
#include "base/code.h"
#include "base/seal.h"
#include "base/text.h"
#include "base/when.h"
#include "kind/area.h"

#include <stdlib.h>
#include <string.h>

static const struct choice genders[] = {
    {"female", N_("Female")}, {"male", N_("Male")}, {NULL, NULL}};
static const struct choice id_types[] = {{"citizen", N_("Resident identity card")},
                                         {"passport", N_("Passport")},
                                         {"hkmt", N_("Hong Kong, Macao or Taiwan permit")},
                                         {"none", N_("No ID")},
                                         {NULL, NULL}};
static const struct choice languages[] = {{"cantonese", N_("Cantonese")},
                                          {"mandarin", N_("Mandarin")},
                                          {"hakka", N_("Hakka")},
                                          {"teochew", N_("Teochew")},
                                          {"english", N_("Spoken English")},
                                          {"sign", N_("Sign language")},
                                          {NULL, NULL}};
static const struct choice political[] = {{"party", N_("Party member")},
                                          {"league", N_("Youth League member")},
                                          {"other", N_("Other")},
                                          {NULL, NULL}};
static const struct choice purposes[] = {{"volunteer", N_("Volunteering")},
                                         {"request", N_("Handling requests")},
                                         {"activity", N_("Activities")},
                                         {"visit", N_("Visits")},
                                         {NULL, NULL}};
static const struct choice organisation_forms[] = {{"branch", N_("Branch")},
                                                   {"joint", N_("Joint branch")},
                                                   {"general", N_("General branch")},
                                                   {"committee", N_("Party committee")},
                                                   {NULL, NULL}};
static const struct choice organisation_kinds[] = {{"committee", N_("Residents' committee")},
                                                   {"branch", N_("Party branch")},
                                                   {"team", N_("Volunteer team")},
                                                   {"station", N_("Service point")},
                                                   {"enterprise", N_("Company")},
                                                   {"social", N_("Social organisation")},
                                                   {"union", N_("Federation or union")},
                                                   {"other", N_("Other organisation")},
                                                   {NULL, NULL}};
const char *record_code(struct ctx *ctx, const char *prefix)
{
    char made[9];
    code_random(made, 8);
    return arena_print(ctx->arena, "%s%s", prefix, made);
}

bool grant_everywhere(struct ctx *ctx, const struct grant *g)
{
    if (g->area == NONE)
        return true;
    const char *key = arena_print(ctx->arena, "uppermost %lld", (long long)g->area);
    const bool *kept = db_recall(ctx->db, key); /* a page asks a dozen times */
    if (kept)
        return *kept;
    bool uppermost =
        query_int(ctx->db,
                  "SELECT id FROM areas WHERE id = {} AND parent IS NULL AND level = 'subdistrict'",
                  g->area) != NONE;
    struct arena *memory = db_memory(ctx->db);
    if (memory && db_status(ctx->db) == OK) {
        bool *keep = ARENA_NEW(memory, bool);
        *keep = uppermost;
        db_keep(ctx->db, key, keep);
    }
    return uppermost;
}

bool actor_for_all(struct ctx *ctx)
{
    if (ctx->actor.grant_count == 0) /* the installation's own programs */
        return true;
    for (int i = 0; i < ctx->actor.grant_count; i++)
        if ((ctx->actor.grants[i].role & (ROLE_OFFICE | ROLE_ADMIN)) &&
            grant_everywhere(ctx, &ctx->actor.grants[i]))
            return true;
    return false;
}

void scope_by_community(struct ctx *ctx, struct sql *where, unsigned roles, const char *column)
{
    sql_add(where, " AND (1 = 0");
    for (int i = 0; i < ctx->actor.grant_count; i++) {
        const struct grant *g = &ctx->actor.grants[i];
        if (!(g->role & roles))
            continue;
        if (grant_everywhere(ctx, g))
            sql_add(where, " OR 1 = 1");
        else {
            sql_add(where, " OR ");
            area_within(where, column, g->area);
        }
    }
    sql_add(where, ")");
}

bool area_mine(struct ctx *ctx, unsigned roles, int64_t area)
{
    if (ctx->actor.grant_count == 0)
        return true;
    for (int i = 0; i < ctx->actor.grant_count; i++) {
        const struct grant *g = &ctx->actor.grants[i];
        if (!(g->role & roles))
            continue;
        if (grant_everywhere(ctx, g))
            return true;
        if (area != NONE && query_int(ctx->db,
                                      "SELECT a.id FROM areas a JOIN areas g ON a.path LIKE g.path "
                                      "|| '%' WHERE g.id = {} AND a.id = {}",
                                      g->area, area) != NONE)
            return true;
    }
    return false;
}

bool record_mine(struct ctx *ctx, const struct kind *k, int64_t id, const char *team)
{
    if (record_load(ctx, k, id))
        return true;
    if (ctx->actor.roles & (ROLE_WORKER | ROLE_OFFICE))
        ctx_problem(ctx, "area", say(ctx, "Choose one of your communities."));
    else
        ctx_problem(ctx, team, say(ctx, "Choose one of your teams."));
    return false;
}

void scope_by_team(struct ctx *ctx, struct sql *where, const char *team, const char *own)
{
    struct sql by_area;
    sql_init(&by_area, ctx->arena);
    scope_by_community(ctx, &by_area, ROLE_WORKER | ROLE_OFFICE | ROLE_LEADER, "community");
    sql_add(where, " AND (1 = 0");
    for (int i = 0; i < ctx->actor.grant_count; i++)
        if (ctx->actor.grants[i].role == ROLE_TEAM_LEADER && ctx->actor.grants[i].organisation > 0)
            sql_add(where, " OR {} = {}", (struct sql_name){team},
                    ctx->actor.grants[i].organisation);
    if (own && ctx->actor.volunteer > 0)
        sql_add(where, " OR {} = {}", (struct sql_name){own}, ctx->actor.volunteer);
    sql_add(where, " OR (1 = 1");
    sql_append(where, &by_area);
    sql_add(where, "))");
    sql_release(&by_area);
}

static int64_t community_of(struct ctx *ctx, int64_t area)
{
    return area == NONE ? NONE
                        : query_int(ctx->db, "SELECT community FROM areas WHERE id = {}", area);
}

/* ---- people ---- */

/* 1941 (85) */
static const char *born_listed(struct ctx *ctx, const void *record)
{
    const struct person *p = record;
    const char *today = ctx_today(ctx);
    int64_t day;
    if (!p->born || !day_parse(p->born, &day))
        return "";
    int64_t year = strtoll(p->born, NULL, 10);
    int64_t age = strtoll(today, NULL, 10) - year - (strcmp(today + 5, p->born + 5) < 0);
    return age < 0 ? arena_print(ctx->arena, "%lld", (long long)year)
                   : say(ctx, "{} (aged {})", year, age);
}

#define P(member) offsetof(struct person, member)
static const struct field person_fields[] = {
    {"code", F_CODE, P(code), N_("Code"), .max = 40, .flags = UNIQUE | FIXED | IMPORTED},
    {"name", F_TEXT, P(name), N_("Full name"), .min = 1, .max = 60,
     .flags = REQUIRED | LISTED | SORTED, .aliases = "姓名"},
    {"name_en", F_TEXT, P(name_en), N_("Name in English"), .max = 60},
    {"pinyin", F_TEXT, P(pinyin), N_("Pinyin"), .flags = FIXED | INNER},
    {"gender", F_CHOICE, P(gender), N_("Gender"), .choices = genders, .flags = LISTED | FILTER,
     .aliases = "性别"},
    {"born", F_DATE, P(born), N_("Date of birth"), .flags = LISTED, .aliases = "出生日期",
     .column = N_("Born (age)"), .listed = born_listed},
    {"phone", F_PHONE, P(phone), N_("Phone"), .flags = SEALED | LISTED,
     .aliases = "电话|手机|手机号|联系电话"},
    {"id_type", F_CHOICE, P(id_type), N_("ID type"), .choices = id_types, .aliases = "证件类型"},
    {"id_number", F_CODE, P(id_number), N_("ID number"), .max = 30, .flags = SEALED,
     .aliases = "证件号码|身份证号|身份证号码"},
    {"area", F_REF, P(area), N_("Home area"), .ref = "areas", .flags = LISTED | FILTER},
    {"community", F_REF, P(community), N_("Community"), .ref = "areas",
     .flags = LISTED | FILTER | FIXED},
    {"address", F_TEXT, P(address), N_("Address"), .max = 120, .flags = LISTED,
     .aliases = "住址|地址"},
    {"language", F_TAGS, P(language), N_("Languages spoken"), .choices = languages,
     .aliases = "语言"},
    {"political", F_CHOICE, P(political), N_("Political status"), .choices = political,
     .flags = FILTER, .aliases = "政治面貌"},
    {"note", F_LONG, P(note), N_("Note"), .max = 2000, .aliases = "备注"},
    {"consent_at", F_TIME, P(consent_at), N_("Consent given on"), .flags = FIXED | IMPORTED},
    {"consent_for", F_TAGS, P(consent_for), N_("Consent covers"), .choices = purposes},
    {"removed_at", F_TIME, P(removed_at), N_("Deleted"), .flags = FIXED},
    {"merged_into", F_REF, P(merged_into), N_("Merged into"), .ref = "people",
     .flags = FIXED | INNER},
};

static void check_document(struct ctx *ctx, struct person *p)
{
    struct id_facts facts;
    if (!p->id_number || p->id_number == seal_lost)
        return;
    if (!p->id_type)
        p->id_type = "citizen";
    if (!strcmp(p->id_type, "none")) {
        ctx_problem(ctx, "id_number",
                    say(ctx, "You entered an ID number but chose “No ID”. Choose the type of "
                             "ID."));
        return;
    }
    if (strcmp(p->id_type, "citizen") != 0)
        return;
    const char *number = code_citizen_id(ctx->arena, p->id_number, when_day(ctx->now), &facts);
    if (!number) {
        ctx_problem(ctx, "id_number",
                    say(ctx, "This is not a valid ID number. It must have 18 digits (the last may "
                             "be X), a real date of birth and a correct check digit."));
        return;
    }
    p->id_number = number;
    p->born = p->born ? p->born : day_iso(ctx->arena, facts.birth);
    p->gender = p->gender ? p->gender : facts.female ? "female" : "male";
}

static void person_check(struct ctx *ctx, const void *before, void *after)
{
    struct person *p = after;
    const char *full = "", *initials = "";
    (void)before;
    check_document(ctx, p);
    int64_t day;
    if (p->born && day_parse(p->born, &day) && day > when_day(ctx->now))
        ctx_problem(ctx, "born", say(ctx, "This date is in the future."));
    p->community = community_of(ctx, p->area);
    if (text_pinyin(ctx->arena, p->name, &full, &initials))
        p->pinyin = arena_print(ctx->arena, "%s %s", full, initials);
    if (!p->code)
        p->code = record_code(ctx, "P");
    if (p->consent_for && p->consent_at == NONE)
        p->consent_at = ctx->now;
}

static void person_scope(struct ctx *ctx, struct sql *where)
{
    sql_add(where, " AND removed_at IS NULL AND merged_into IS NULL");
    scope_by_community(ctx, where, PEOPLE_ROLES, "community");
}

int64_t person_find(struct ctx *ctx, const char *name, const char *phone)
{
    if (!name || !phone)
        return NONE;
    return query_int(
        ctx->db,
        "SELECT coalesce(merged_into, id) AS id FROM people WHERE phone_key = {} AND name = {} AND "
        "removed_at IS NULL ORDER BY CASE WHEN merged_into IS NULL THEN 0 ELSE 1 END, id LIMIT 1",
        seal_hash(ctx->keys, ctx->arena, "phone", phone), name);
}

int64_t person_known(struct ctx *ctx, const char *id_number, const char *name, const char *phone)
{
    int64_t id = id_number
                     ? query_int(ctx->db,
                                 "SELECT coalesce(merged_into, id) AS id FROM people WHERE "
                                 "id_number_key = {} AND removed_at IS NULL ORDER BY CASE WHEN "
                                 "merged_into IS NULL THEN 0 ELSE 1 END, id LIMIT 1",
                                 seal_hash(ctx->keys, ctx->arena, "id_number", id_number))
                     : NONE;
    return id != NONE ? id : person_find(ctx, name, phone);
}

/* A row without code, ID document and phone number is recognised by all of its content. */
static const char *row_code(struct ctx *ctx, const struct person *p)
{
    const char *const said[] = {p->name, p->born, p->gender, p->address, p->note};
    const char *all = arena_print(ctx->arena, "%lld", (long long)p->area);
    for (size_t i = 0; i < sizeof said / sizeof *said; i++)
        all = arena_print(ctx->arena, "%s\n%s", all, said[i] ? said[i] : "");
    return arena_print(ctx->arena, "P-%.16s", seal_hash(ctx->keys, ctx->arena, "row", all));
}

/* Finds the same person: by code, otherwise by ID document, otherwise by name and phone number. */
static void *person_import_find(struct ctx *ctx, void *record)
{
    struct person *p = record;
    int64_t id = NONE;
    if (!p->code && !p->id_number && !p->phone)
        p->code = row_code(ctx, p);
    if (p->code)
        id = query_int(ctx->db, "SELECT id FROM people WHERE code = {}", p->code);
    if (id == NONE)
        id = person_known(ctx, p->id_number, p->name, p->phone);
    return id == NONE ? NULL : record_get(ctx, &people_kind, id);
}

static const struct choice person_actions[] = {
    {"join", N_("registered and approved")},
    {"live", N_("address follows the household")},
    {"copy", N_("copy of the data handed over")},
    {"consent", N_("consent recorded")},
    {"merge", N_("merged")},
    {"unmerge", N_("merge undone")},
    {"distinct", N_("marked as not the same as another entry")},
    {NULL, NULL},
};

const struct kind people_kind = {
    .name = "people",
    .table = "people",
    .person = true,
    .one = N_("Person"),
    .many = N_("People"),
    .actions = person_actions,
    FIELDS(person_fields),
    .size = sizeof(struct person),
    .read = PEOPLE_ROLES,
    .write = PEOPLE_ROLES,
    .code = "code",
    .order = "id DESC",
    .by_name = true,
    .scope = person_scope,
    .check = person_check,
    .natural = "code|id_number|name phone|name born? gender? address? note? area?",
    .import_find = person_import_find,
    .leaves = true,
    .about = N_("Residents who have given their details, recorded once for volunteering, "
                "activities, visits and positions.")};

/* ---- organisations ---- */

#define O(member) offsetof(struct organisation, member)
static const struct field organisation_fields[] = {
    {"code", F_CODE, O(code), N_("Code"), .max = 40, .flags = UNIQUE | LISTED | SORTED,
     .hint = N_("Leave blank and one is made.")},
    {"name", F_TEXT, O(name), N_("Name"), .min = 2, .max = 80, .flags = REQUIRED | LISTED | SORTED},
    {"name_en", F_TEXT, O(name_en), N_("Name in English")},
    {"kind", F_CHOICE, O(kind), N_("Type"), .choices = organisation_kinds,
     .flags = REQUIRED | LISTED | FILTER},
    {"parent", F_REF, O(parent), N_("Parent"), .ref = "organisations", .flags = FILTER},
    {"area", F_REF, O(area), N_("Area"), .ref = "areas", .flags = FILTER},
    {"community", F_REF, O(community), N_("Community"), .ref = "areas",
     .flags = LISTED | FILTER | FIXED},
    {"credit_code", F_CODE, O(credit_code), N_("Unified social credit code"), .max = 18},
    {"address", F_TEXT, O(address), N_("Address")},
    {"address_en", F_TEXT, O(address_en), N_("Address in English")},
    {"opening", F_TEXT, O(opening), N_("Opening hours"), .aliases = "开放时间"},
    {"opening_en", F_TEXT, O(opening_en), N_("Opening hours in English")},
    {"phone", F_PHONE, O(phone), N_("Phone"), .flags = LISTED},
    {"lat", F_REAL, O(lat), N_("Latitude"), .min = -90, .max = 90},
    {"lon", F_REAL, O(lon), N_("Longitude"), .min = -180, .max = 180},
    {"what", F_LONG, O(what), N_("Facilities"), .max = 1000},
    {"what_en", F_LONG, O(what_en), N_("Facilities in English"), .max = 1000},
    {"equipment", F_LONG, O(equipment), N_("Equipment"), .max = 1000},
    {"duty_days", F_INT, O(duty_days), N_("Planned volunteer days per month"), .min = 0, .max = 31},
    {"public", F_BOOL, O(public), N_("Visible to residents")},
    {"valid_from", F_DATE, O(valid_from), N_("Since")},
    {"valid_to", F_DATE, O(valid_to), N_("Until")},
    {"form", F_CHOICE, O(form), N_("Form of organisation"), .choices = organisation_forms,
     .flags = FILTER, .hint = N_("For Party organisations only.")},
    {"members", F_INT, O(members), N_("Full members"), .min = 0, .max = 100000,
     .hint = N_("The number only. It tells whether the form still fits.")},
    {"outgrown_at", F_TIME, O(outgrown_at), N_("Form no longer fits since"), .flags = FIXED},
    {"merged_into", F_REF, O(merged_into), N_("Merged into"), .ref = "organisations",
     .flags = FIXED | INNER},
};

static const struct choice organisation_actions[] = {
    {"merge", N_("merged")},
    {"unmerge", N_("merge undone")},
    {"distinct", N_("marked as not the same as another entry")},
    {NULL, NULL}};

static void organisation_scope(struct ctx *ctx, struct sql *where)
{
    (void)ctx;
    sql_add(where, " AND merged_into IS NULL");
}

/* Walks up from the parent; the depth is limited because a stored circle would have no end. */
static bool is_below(struct ctx *ctx, int64_t id, int64_t parent)
{
    enum { DEPTH_MOST = 50 };
    int depth = 0;
    for (; parent > 0 && parent != id && depth < DEPTH_MOST; depth++)
        parent = query_int(ctx->db, "SELECT parent FROM organisations WHERE id = {}", parent);
    return parent > 0;
}

static void organisation_check(struct ctx *ctx, const void *before, void *after)
{
    const struct organisation *was = before;
    struct organisation *o = after;
    if (was && !area_mine(ctx, PEOPLE_ROLES, was->area))
        ctx_problem(ctx, NULL,
                    say(ctx, "This organisation is in another area. Only its community or the "
                             "subdistrict office can change it."));
    else if (!area_mine(ctx, PEOPLE_ROLES, o->area))
        ctx_problem(ctx, "area", say(ctx, "Choose one of your own areas."));
    if (o->credit_code) {
        const char *code = code_credit(ctx->arena, o->credit_code);
        if (code)
            o->credit_code = code;
        else
            ctx_problem(ctx, "credit_code",
                        say(ctx, "This is not a valid credit code. It must have 18 characters; the "
                                 "last is a check character."));
    }
    if (o->parent != NONE && o->parent == o->record.id)
        ctx_problem(ctx, "parent", say(ctx, "An organisation can’t be its own parent."));
    else if (o->record.id != NONE && is_below(ctx, o->record.id, o->parent))
        ctx_problem(ctx, "parent",
                    say(ctx, "The parent is itself part of this organisation. Choose one above "
                             "it."));
    if (o->valid_from && o->valid_to && strcmp(o->valid_from, o->valid_to) > 0)
        ctx_problem(ctx, "valid_to", say(ctx, "The end can’t be before the start."));
    o->community = community_of(ctx, o->area);
    organisation_form_check(ctx, o);
    if (o->public == NONE)
        o->public = !strcmp(o->kind, "team") || !strcmp(o->kind, "station");
}

const struct kind organisations_kind = {
    .name = "organisations",
    .table = "organisations",
    .one = N_("Organisation"),
    .many = N_("Organisations"),
    FIELDS(organisation_fields),
    .size = sizeof(struct organisation),
    .read = ROLES_SIGNED,
    .write = PEOPLE_ROLES,
    .code = "code",
    .order = "kind, code",
    .by_name = true,
    .coded = true,
    .natural = "code|name area?",
    .scope = organisation_scope,
    .actions = organisation_actions,
    .check = organisation_check,
    .about = N_("Volunteer teams, service points, committees, Party branches, councils, companies "
                "and social organisations.")};

static void open_station_scope(struct ctx *ctx, struct sql *where)
{
    sql_add(where, " AND kind = 'station' AND public = 1 AND merged_into IS NULL");
    valid_where(ctx, where);
}

const struct kind open_stations_kind = {.name = "stations",
                                        .table = "organisations",
                                        .one = N_("Service point"),
                                        .many = N_("Service points"),
                                        FIELDS(organisation_fields),
                                        .size = sizeof(struct organisation),
                                        .read = ROLE_PUBLIC,
                                        .code = "code",
                                        .order = "name COLLATE pinyin, id",
                                        .scope = open_station_scope,
                                        .check = organisation_check};

static void open_team_scope(struct ctx *ctx, struct sql *where)
{
    sql_add(where, " AND kind = 'team' AND public = 1 AND merged_into IS NULL");
    valid_where(ctx, where);
}

const struct kind open_teams_kind = {.name = "open_teams",
                                     .table = "organisations",
                                     .one = N_("Team"),
                                     .many = N_("Teams"),
                                     FIELDS(organisation_fields),
                                     .size = sizeof(struct organisation),
                                     .read = ROLE_PUBLIC,
                                     .code = "code",
                                     .order = "name COLLATE pinyin, id",
                                     .scope = open_team_scope,
                                     .check = organisation_check};

static void led_team_scope(struct ctx *ctx, struct sql *where)
{
    struct sql by_area;
    sql_init(&by_area, ctx->arena);
    scope_by_community(ctx, &by_area, ROLE_WORKER | ROLE_OFFICE | ROLE_LEADER, "community");
    sql_add(where, " AND kind = 'team' AND merged_into IS NULL AND (1 = 0");
    for (int i = 0; i < ctx->actor.grant_count; i++)
        if (ctx->actor.grants[i].role == ROLE_TEAM_LEADER && ctx->actor.grants[i].organisation > 0)
            sql_add(where, " OR id = {}", ctx->actor.grants[i].organisation);
    sql_add(where, " OR (1 = 1");
    sql_append(where, &by_area);
    sql_add(where, "))");
    sql_release(&by_area);
}

const struct kind led_teams_kind = {.name = "led_teams",
                                    .table = "organisations",
                                    .one = N_("Team"),
                                    .many = N_("Teams"),
                                    FIELDS(organisation_fields),
                                    .size = sizeof(struct organisation),
                                    .read = ROLES_SIGNED,
                                    .code = "code",
                                    .order = "name COLLATE pinyin, id",
                                    .scope = led_team_scope,
                                    .check = organisation_check};

static const struct kind *const kinds[] = {&organisations_kind, &people_kind, NULL};

static const struct figure figures[] = {
    {"people.teams", "F15", N_("Neighbourhood teams"), N_("teams"),
     N_("Registered volunteer teams that are still active."), COUNT,
     .group = N_("Teams and service points"), .kind = &organisations_kind,
     .counts = "kind = 'team' AND merged_into IS NULL AND " VALID_TODAY, .area = "community"},
    {"people.stations", "F16", N_("Service points open"), N_("service points"),
     N_("Registered service points that have not closed."), COUNT,
     .group = N_("Teams and service points"), .kind = &organisations_kind,
     .counts = "kind = 'station' AND merged_into IS NULL AND " VALID_TODAY, .area = "community"},
    {.id = NULL},
};

const struct module people_module = {.name = "people", .kinds = kinds, .figures = figures};
