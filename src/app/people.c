/*
 * Descriptions of people, organisations and posts, and what is derived of
 * them: community, pinyin, codes. Records live in the context's arena.
 */
#include "app/people.h"

#include "app/module.h"
#include "base/code.h"
#include "base/seal.h"
#include "base/text.h"
#include "base/when.h"

#include <string.h>

static const struct choice genders[] = {{"female", N_("Female")}, {"male", N_("Male")}, {NULL, NULL}};
static const struct choice id_types[] = {{"citizen", N_("Citizen identity card")},
                                         {"passport", N_("Passport")},
                                         {"hkmt", N_("Hong Kong, Macao or Taiwan permit")},
                                         {"none", N_("No document")},
                                         {NULL, NULL}};
static const struct choice languages[] = {{"cantonese", N_("Cantonese")},
                                          {"mandarin", N_("Mandarin")},
                                          {"hakka", N_("Hakka")},
                                          {"teochew", N_("Teochew")},
                                          {"english", N_("Spoken English")},
                                          {"sign", N_("Sign language")},
                                          {NULL, NULL}};
static const struct choice political[] = {
    {"party", N_("Party member")}, {"league", N_("Youth League member")}, {"other", N_("Other")}, {NULL, NULL}};
static const struct choice purposes[] = {{"volunteer", N_("Volunteering")},
                                         {"request", N_("Handling requests")},
                                         {"activity", N_("Activities")},
                                         {"visit", N_("Visits")},
                                         {NULL, NULL}};
static const struct choice organisation_kinds[] = {{"committee", N_("Residents' committee")},
                                                   {"branch", N_("Party branch")},
                                                   {"team", N_("Volunteer team")},
                                                   {"station", N_("Station")},
                                                   {"enterprise", N_("Enterprise")},
                                                   {"social", N_("Social organisation")},
                                                   {"union", N_("Council or union")},
                                                   {"other", N_("Other organisation")},
                                                   {NULL, NULL}};
static const struct choice post_roles[] = {{"leader", N_("Leader")},
                                           {"deputy", N_("Deputy leader")},
                                           {"member", N_("Member")},
                                           {"keeper", N_("Station keeper")},
                                           {"secretary", N_("Secretary")},
                                           {"director", N_("Director")},
                                           {NULL, NULL}};

#define PEOPLE_ROLES (ROLE_WORKER | ROLE_OFFICE)

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
    bool uppermost = query_int(ctx->db, "SELECT id FROM areas WHERE id = {} AND parent IS NULL", g->area) != NONE;
    struct arena *memory = db_memory(ctx->db);
    if (memory && db_status(ctx->db) == OK) {
        bool *keep = ARENA_NEW(memory, bool);
        *keep = uppermost;
        db_keep(ctx->db, key, keep);
    }
    return uppermost;
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
        else
            sql_add(where, " OR {} IN (SELECT a.id FROM areas a JOIN areas g ON a.path LIKE g.path || '%' WHERE g.id = {})",
                    (struct sql_name){column}, g->area);
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
        if (area != NONE &&
            query_int(ctx->db, "SELECT a.id FROM areas a JOIN areas g ON a.path LIKE g.path || '%' WHERE g.id = {} AND a.id = {}", g->area,
                      area) != NONE)
            return true;
    }
    return false;
}

bool record_mine(struct ctx *ctx, const struct kind *k, int64_t id, const char *team)
{
    if (record_load(ctx, k, id))
        return true;
    if (ctx->actor.roles & (ROLE_WORKER | ROLE_OFFICE))
        ctx_problem(ctx, "area", say(ctx, "Choose one of your own communities."));
    else
        ctx_problem(ctx, team, say(ctx, "Choose your own team."));
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
            sql_add(where, " OR {} = {}", (struct sql_name){team}, ctx->actor.grants[i].organisation);
    if (own && ctx->actor.volunteer > 0)
        sql_add(where, " OR {} = {}", (struct sql_name){own}, ctx->actor.volunteer);
    sql_add(where, " OR (1 = 1");
    sql_append(where, &by_area);
    sql_add(where, "))");
    sql_release(&by_area);
}

static int64_t community_of(struct ctx *ctx, int64_t area)
{
    return area == NONE ? NONE : query_int(ctx->db, "SELECT community FROM areas WHERE id = {}", area);
}

/* ---- people ---- */

#define P(member) offsetof(struct person, member)
static const struct field person_fields[] = {
    {"code", F_CODE, P(code), N_("Code"), .max = 40, .flags = UNIQUE | FIXED | IMPORTED},
    {"name", F_TEXT, P(name), N_("Full name"), .min = 1, .max = 60, .flags = REQUIRED | LISTED | SORTED, .aliases = "姓名"},
    {"name_en", F_TEXT, P(name_en), N_("Name in English"), .max = 60},
    {"pinyin", F_TEXT, P(pinyin), N_("Pinyin"), .flags = FIXED | INNER},
    {"gender", F_CHOICE, P(gender), N_("Gender"), .choices = genders, .flags = LISTED | FILTER, .aliases = "性别"},
    {"born", F_DATE, P(born), N_("Born on"), .aliases = "出生日期"},
    {"phone", F_PHONE, P(phone), N_("Telephone"), .flags = SEALED | LISTED, .aliases = "电话|手机|手机号|联系电话"},
    {"id_type", F_CHOICE, P(id_type), N_("Identity document"), .choices = id_types, .aliases = "证件类型"},
    {"id_number", F_CODE, P(id_number), N_("Number of the document"), .max = 30, .flags = SEALED,
     .aliases = "证件号码|身份证号|身份证号码"},
    {"area", F_REF, P(area), N_("Lives in"), .ref = "areas", .flags = FILTER},
    {"community", F_REF, P(community), N_("Community"), .ref = "areas", .flags = LISTED | FILTER | FIXED},
    {"address", F_TEXT, P(address), N_("Address"), .max = 120, .aliases = "住址|地址"},
    {"language", F_TAGS, P(language), N_("Speaks"), .choices = languages, .aliases = "语言"},
    {"political", F_CHOICE, P(political), N_("Political status"), .choices = political, .flags = FILTER, .aliases = "政治面貌"},
    {"note", F_LONG, P(note), N_("Note"), .max = 2000, .aliases = "备注"},
    {"consent_at", F_TIME, P(consent_at), N_("Consent given"), .flags = FIXED | IMPORTED},
    {"consent_for", F_TAGS, P(consent_for), N_("Consent for"), .choices = purposes},
    {"removed_at", F_TIME, P(removed_at), N_("Removed"), .flags = FIXED},
};

static void check_document(struct ctx *ctx, struct person *p)
{
    struct id_facts facts;
    if (!p->id_number)
        return;
    if (!p->id_type)
        p->id_type = "citizen";
    if (!strcmp(p->id_type, "none")) {
        ctx_problem(ctx, "id_number", say(ctx, "There is a number, but “No document” is chosen. Choose the document the number is from."));
        return;
    }
    if (strcmp(p->id_type, "citizen") != 0)
        return;
    const char *number = code_citizen_id(ctx->arena, p->id_number, when_day(ctx->now), &facts);
    if (!number) {
        ctx_problem(
            ctx, "id_number",
            say(ctx,
                "This is not a valid identity number: 18 digits (the last may be X), with a birth date that exists and a fitting last digit."));
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
        ctx_problem(ctx, "born", say(ctx, "This day has not come yet."));
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
    sql_add(where, " AND removed_at IS NULL");
    scope_by_community(ctx, where, PEOPLE_ROLES, "community");
}

int64_t person_find(struct ctx *ctx, const char *name, const char *phone)
{
    if (!name || !phone)
        return NONE;
    return query_int(ctx->db, "SELECT id FROM people WHERE phone_key = {} AND name = {} AND removed_at IS NULL",
                     seal_hash(ctx->keys, ctx->arena, "phone", phone), name);
}

/* A row that says neither code, document nor telephone is known again by all that it says. */
static const char *row_code(struct ctx *ctx, const struct person *p)
{
    const char *const said[] = {p->name, p->born, p->gender, p->address, p->note};
    const char *all = arena_print(ctx->arena, "%lld", (long long)p->area);
    for (size_t i = 0; i < sizeof said / sizeof *said; i++)
        all = arena_print(ctx->arena, "%s\n%s", all, said[i] ? said[i] : "");
    return arena_print(ctx->arena, "P-%.16s", seal_hash(ctx->keys, ctx->arena, "row", all));
}

/* The same person: by code, else by document, else by name and telephone. */
static void *person_import_find(struct ctx *ctx, void *record)
{
    struct person *p = record;
    int64_t id = NONE;
    if (!p->code && !p->id_number && !p->phone)
        p->code = row_code(ctx, p);
    if (p->code)
        id = query_int(ctx->db, "SELECT id FROM people WHERE code = {}", p->code);
    if (id == NONE && p->id_number)
        id = query_int(ctx->db, "SELECT id FROM people WHERE id_number_key = {}",
                       seal_hash(ctx->keys, ctx->arena, "id_number", p->id_number));
    if (id == NONE)
        id = person_find(ctx, p->name, p->phone);
    return id == NONE ? NULL : record_get(ctx, &people_kind, id);
}

const struct kind people_kind = {
    .name = "people",
    .table = "people",
    .one = N_("Person"),
    .many = N_("People"),
    FIELDS(person_fields),
    .size = sizeof(struct person),
    .read = PEOPLE_ROLES,
    .write = PEOPLE_ROLES,
    .code = "code",
    .order = "id DESC",
    .scope = person_scope,
    .check = person_check,
    .import_find = person_import_find,
    .leaves = true,
    .about = N_("Residents who gave their details, entered once: for volunteering, activities, visits and posts.")};

/* ---- organisations ---- */

#define O(member) offsetof(struct organisation, member)
static const struct field organisation_fields[] = {
    {"code", F_CODE, O(code), N_("Code"), .max = 40, .flags = REQUIRED | UNIQUE | LISTED | SORTED},
    {"name", F_TEXT, O(name), N_("Name"), .min = 2, .max = 80, .flags = REQUIRED | LISTED | SORTED},
    {"name_en", F_TEXT, O(name_en), N_("Name in English")},
    {"kind", F_CHOICE, O(kind), N_("Kind"), .choices = organisation_kinds, .flags = REQUIRED | LISTED | FILTER},
    {"parent", F_REF, O(parent), N_("Part of"), .ref = "organisations", .flags = FILTER},
    {"area", F_REF, O(area), N_("Area"), .ref = "areas", .flags = FILTER},
    {"community", F_REF, O(community), N_("Community"), .ref = "areas", .flags = LISTED | FILTER | FIXED},
    {"credit_code", F_CODE, O(credit_code), N_("Unified social credit code"), .max = 18},
    {"address", F_TEXT, O(address), N_("Address")},
    {"address_en", F_TEXT, O(address_en), N_("Address in English")},
    {"opening", F_TEXT, O(opening), N_("Opening hours"), .aliases = "开放时间"},
    {"opening_en", F_TEXT, O(opening_en), N_("Opening hours in English")},
    {"phone", F_PHONE, O(phone), N_("Telephone"), .flags = LISTED},
    {"lat", F_REAL, O(lat), N_("Latitude"), .min = -90, .max = 90},
    {"lon", F_REAL, O(lon), N_("Longitude"), .min = -180, .max = 180},
    {"what", F_LONG, O(what), N_("What there is"), .max = 1000},
    {"what_en", F_LONG, O(what_en), N_("What there is, in English"), .max = 1000},
    {"equipment", F_LONG, O(equipment), N_("Equipment"), .max = 1000},
    {"duty_days", F_INT, O(duty_days), N_("Volunteer days planned a month"), .min = 0, .max = 31},
    {"public", F_BOOL, O(public), N_("Shown to residents")},
    {"valid_from", F_DATE, O(valid_from), N_("Since")},
    {"valid_to", F_DATE, O(valid_to), N_("Until")},
};

static void organisation_check(struct ctx *ctx, const void *before, void *after)
{
    const struct organisation *was = before;
    struct organisation *o = after;
    if (was && !area_mine(ctx, PEOPLE_ROLES, was->area))
        ctx_problem(ctx, NULL, say(ctx, "This organisation belongs to another area. Its own community or the office changes it."));
    else if (!area_mine(ctx, PEOPLE_ROLES, o->area))
        ctx_problem(ctx, "area", say(ctx, "Choose an area that is yours."));
    if (o->credit_code) {
        const char *code = code_credit(ctx->arena, o->credit_code);
        if (code)
            o->credit_code = code;
        else
            ctx_problem(ctx, "credit_code", say(ctx, "This is not a valid credit code: 18 characters, the last one checks the others."));
    }
    if (o->parent != NONE && o->parent == o->record.id)
        ctx_problem(ctx, "parent", say(ctx, "An organisation can't be part of itself."));
    if (o->valid_from && o->valid_to && strcmp(o->valid_from, o->valid_to) > 0)
        ctx_problem(ctx, "valid_to", say(ctx, "It can't end before it begins."));
    o->community = community_of(ctx, o->area);
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
    .check = organisation_check,
    .about = N_("Volunteer teams, stations, committees, branches, councils, enterprises and social organisations.")};

static void open_station_scope(struct ctx *ctx, struct sql *where)
{
    sql_add(where, " AND kind = 'station' AND public = 1 AND (valid_to IS NULL OR valid_to >= {})",
            day_iso(ctx->arena, when_day(ctx->now)));
}

const struct kind open_stations_kind = {.name = "stations",
                                        .table = "organisations",
                                        .one = N_("Station"),
                                        .many = N_("Stations"),
                                        FIELDS(organisation_fields),
                                        .size = sizeof(struct organisation),
                                        .read = ROLE_PUBLIC,
                                        .code = "code",
                                        .order = "name, id",
                                        .scope = open_station_scope,
                                        .check = organisation_check};

static void open_team_scope(struct ctx *ctx, struct sql *where)
{
    sql_add(where, " AND kind = 'team' AND public = 1 AND (valid_to IS NULL OR valid_to >= {})", day_iso(ctx->arena, when_day(ctx->now)));
}

const struct kind open_teams_kind = {.name = "open_teams",
                                     .table = "organisations",
                                     .one = N_("Team"),
                                     .many = N_("Teams"),
                                     FIELDS(organisation_fields),
                                     .size = sizeof(struct organisation),
                                     .read = ROLE_PUBLIC,
                                     .code = "code",
                                     .order = "name, id",
                                     .scope = open_team_scope,
                                     .check = organisation_check};

static void led_team_scope(struct ctx *ctx, struct sql *where)
{
    struct sql by_area;
    sql_init(&by_area, ctx->arena);
    scope_by_community(ctx, &by_area, ROLE_WORKER | ROLE_OFFICE | ROLE_LEADER, "community");
    sql_add(where, " AND kind = 'team' AND (1 = 0");
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
                                    .order = "name, id",
                                    .scope = led_team_scope,
                                    .check = organisation_check};

/* ---- posts ---- */

#define T(member) offsetof(struct post, member)
static const struct field post_fields[] = {
    {"code", F_CODE, T(code), N_("Code"), .max = 40, .flags = UNIQUE | FIXED | IMPORTED},
    {"person", F_REF, T(person), N_("Person"), .ref = "people", .flags = REQUIRED | LISTED | FILTER},
    {"organisation", F_REF, T(organisation), N_("Organisation"), .ref = "organisations", .flags = REQUIRED | LISTED | FILTER},
    {"role", F_CHOICE, T(role), N_("Post"), .choices = post_roles, .flags = REQUIRED | LISTED | FILTER},
    {"term", F_TEXT, T(term), N_("Term"), .max = 40},
    {"valid_from", F_DATE, T(valid_from), N_("From"), .flags = LISTED | SORTED},
    {"valid_to", F_DATE, T(valid_to), N_("Until"), .flags = LISTED | SORTED},
};

static void post_check(struct ctx *ctx, const void *before, void *after)
{
    struct post *p = after;
    (void)before;
    if (p->valid_from && p->valid_to && strcmp(p->valid_from, p->valid_to) > 0)
        ctx_problem(ctx, "valid_to", say(ctx, "It can't end before it begins."));
    if (!p->code)
        p->code = record_code(ctx, "T");
}

static void post_scope(struct ctx *ctx, struct sql *where)
{
    sql_add(where, " AND person IN (SELECT p.id FROM people p WHERE 1 = 1");
    scope_by_community(ctx, where, PEOPLE_ROLES, "community");
    sql_add(where, ")");
}

const struct kind posts_kind = {.name = "posts",
                                .table = "posts",
                                .one = N_("Post"),
                                .many = N_("Posts"),
                                FIELDS(post_fields),
                                .size = sizeof(struct post),
                                .read = PEOPLE_ROLES,
                                .write = PEOPLE_ROLES,
                                .code = "code",
                                .order = "organisation, role, id",
                                .scope = post_scope,
                                .check = post_check,
                                .title = "person",
                                .about = N_("Who has which post in an organisation, from when until when.")};

static const struct kind *const kinds[] = {&organisations_kind, &people_kind, &posts_kind, NULL};

#define STANDING "(valid_to IS NULL OR valid_to = '')"
static const struct figure figures[] = {
    {"people.teams", "F15", N_("Neighbour teams"), N_("teams"), N_("Volunteer teams in the register that have not been dissolved."), COUNT,
     .kind = &organisations_kind, .counts = "kind = 'team' AND " STANDING, .area = "community"},
    {"people.stations", "F16", N_("Stations open"), N_("stations"), N_("Stations in the register that have not been closed."), COUNT,
     .kind = &organisations_kind, .counts = "kind = 'station' AND " STANDING, .area = "community"},
    {.id = NULL},
};

const struct module people_module = {.name = "people", .kinds = kinds, .figures = figures};
