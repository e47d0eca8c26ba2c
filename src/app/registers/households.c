/*
 * The descriptions of households, their members and their earlier addresses,
 * what their records must keep to, and rosters.
 */
#include "app/registers/households.h"

#include "app/registers/people.h"
#include "app/registers/registers.h"
#include "core/module.h"
#include "base/seal.h"
#include "base/text.h"
#include "base/when.h"

#include <ctype.h>
#include <string.h>

static const struct choice standings[] = {
    {"lived", N_("Lived in")}, {"away", N_("All away")}, {"headless", N_("No head of household")},
    {"empty", N_("Nobody")},   {"ended", N_("Ended")},   {NULL, NULL}};
static const struct choice relations[] = {
    {"head", N_("Head of household")},      {"spouse", N_("Spouse")},
    {"child", N_("Son or daughter")},       {"child_in_law", N_("Son- or daughter-in-law")},
    {"grandchild", N_("Grandchild")},       {"parent", N_("Father or mother")},
    {"parent_in_law", N_("Parent-in-law")}, {"grandparent", N_("Grandparent")},
    {"sibling", N_("Brother or sister")},   {"relative", N_("Other relative")},
    {"unrelated", N_("Not related")},       {NULL, NULL}};
static const struct choice states[] = {{"here", N_("Lives and is registered here")},
                                       {"away", N_("Registered here, lives elsewhere")},
                                       {"elsewhere", N_("Lives here, registered elsewhere")},
                                       {"moved", N_("Moved away")},
                                       {"died", N_("Died")},
                                       {"twice", N_("Recorded twice")},
                                       {NULL, NULL}};

bool member_belongs(const char *state)
{
    return state && (member_lives_here(state) || !strcmp(state, "away"));
}

bool member_lives_here(const char *state)
{
    return state && (!strcmp(state, "here") || !strcmp(state, "elsewhere"));
}

/* ---- households ---- */

#define H(member) offsetof(struct household, member)
static const struct field household_fields[] = {
    {"code", F_CODE, H(code), N_("Household number"), .max = 40, .flags = UNIQUE | LISTED | SORTED,
     .aliases = "户号|户编号|家庭编号", .hint = N_("Leave blank and one is made.")},
    {"place", F_TEXT, H(place), N_("Address in one line"), .max = 200,
     .flags = FIXED | INNER | LISTED, .column = N_("Where")},
    {"area", F_REF, H(area), N_("Estate or building"), .ref = "areas", .flags = REQUIRED | FILTER,
     .aliases = "小区|所在小区|片区"},
    {"community", F_REF, H(community), N_("Community"), .ref = "areas",
     .flags = LISTED | FILTER | FIXED},
    {"building", F_TEXT, H(building), N_("Building"), .max = 20, .flags = SORTED,
     .aliases = "楼栋|栋|幢|楼号|楼", .example = "3栋"},
    {"stairwell", F_TEXT, H(stairwell), N_("Stairwell"), .max = 20, .aliases = "单元|梯",
     .example = "2单元"},
    {"room", F_TEXT, H(room), N_("Flat"), .max = 20, .aliases = "房号|室|门牌|门牌号|房间号",
     .example = "501"},
    {"address", F_TEXT, H(address), N_("Address"), .max = 120,
     .aliases = "住址|地址|家庭住址|详细地址",
     .hint = N_("Where there are no numbers of buildings and flats.")},
    {"head", F_REF, H(head), N_("Head of household"), .ref = "people", .flags = FIXED | LISTED},
    {"members", F_INT, H(members), N_("Number of people"), .flags = FIXED | LISTED | SORTED},
    {"standing", F_CHOICE, H(standing), N_("Standing"), .choices = standings,
     .flags = FIXED | LISTED | FILTER},
    {"since", F_DATE, H(since), N_("At this address since"), .aliases = "入住日期|入住时间"},
    {"position", F_TEXT, H(position), N_("Order"), .max = 200, .flags = FIXED | INNER},
    {"note", F_LONG, H(note), N_("Note"), .max = 2000, .aliases = "备注"},
    {"ended", F_DATE, H(ended), N_("Household ended on"),
     .hint = N_("Only if the household no longer exists. Its members must have left.")},
};

/* Numbers in it are padded, so that the 10th building comes after the 2nd. */
static const char *in_order(struct ctx *ctx, const char *text)
{
    const char *made = "";
    for (const char *p = text ? text : ""; *p;) {
        size_t n = 0;
        bool digits = isdigit((unsigned char)*p);
        while (p[n] && (isdigit((unsigned char)p[n]) != 0) == digits)
            n++;
        made = arena_print(ctx->arena, "%s%.*s%.*s", made, digits && n < 6 ? (int)(6 - n) : 0,
                           "000000", (int)n, p);
        p += n;
    }
    return made;
}

/* "湖景花园 3栋2单元501": not a name of anybody who lives there. */
static const char *place_of(struct ctx *ctx, const struct household *h)
{
    const struct area *a = h->area == NONE ? NULL : record_get(ctx, &areas_kind, h->area);
    const char *parts[] = {h->building, h->stairwell, h->room, h->address};
    const char *place = "";
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (parts[i])
            place = arena_print(ctx->arena, "%s%s%s", place, i == 3 && *place ? " " : "", parts[i]);
    return arena_print(ctx->arena, "%s%s%s", a ? a->name : "", a && *place ? " " : "", place);
}

static void household_check(struct ctx *ctx, const void *before, void *after)
{
    const struct household *was = before;
    struct household *h = after;
    if (h->area != NONE && (!was || was->area != h->area)) {
        struct sql q;
        sql_init(&q, ctx->arena);
        sql_add(&q, "SELECT id FROM areas WHERE id = {}", h->area);
        valid_areas_where(ctx, &q, "id");
        struct rows *r = sql_query(ctx->db, &q);
        if (!rows_next(r))
            ctx_problem(ctx, "area",
                        say(ctx, "This area is no longer valid. Choose the one that replaced it."));
        rows_end(r);
    }
    h->community = h->area == NONE
                       ? NONE
                       : query_int(ctx->db, "SELECT community FROM areas WHERE id = {}", h->area);
    h->place = place_of(ctx, h);
    h->position = arena_print(ctx->arena, "%s|%s|%s|%s", in_order(ctx, h->building),
                              in_order(ctx, h->stairwell), in_order(ctx, h->room),
                              h->address ? h->address : "");
    if (h->since && h->ended && strcmp(h->since, h->ended) > 0)
        ctx_problem(ctx, "ended", say(ctx, "The end can’t be before the start."));
    if (h->ended && h->members > 0)
        ctx_problem(ctx, "ended",
                    say(ctx,
                        "{} people still belong to this household. Record first where they "
                        "have gone.",
                        h->members));
    if (!h->code)
        h->code = record_code(ctx, "H");
    if (!h->standing)
        h->standing = "empty";
    if (h->members == NONE)
        h->members = 0;
    if (h->members == 0)
        h->standing = h->ended ? "ended" : "empty";
}

static void household_scope(struct ctx *ctx, struct sql *where)
{
    scope_by_community(ctx, where, HOUSEHOLD_ROLES, "community");
}

/* The household at the same address that has not ended. Blank numbers are not equal to each
 * other. */
static int64_t household_at(struct ctx *ctx, int64_t area, const char *building,
                            const char *stairwell, const char *room, const char *address)
{
    if (area == NONE || (!room && !address))
        return NONE;
    return query_int(ctx->db,
                     "SELECT min(id) AS id FROM households WHERE area = {} AND coalesce(building, "
                     "'') = {} AND coalesce(stairwell, '') = {} AND coalesce(room, '') = {} AND "
                     "coalesce(address, '') = {} AND ended IS NULL",
                     area, building ? building : "", stairwell ? stairwell : "", room ? room : "",
                     address ? address : "");
}

int64_t households_in(struct ctx *ctx, const char *path)
{
    return query_int(ctx->db,
                     "SELECT count(*) AS n FROM households WHERE members > 0 AND area IN (SELECT "
                     "id FROM areas WHERE path LIKE {})",
                     arena_print(ctx->arena, "%s%%", path));
}

static void *household_import_find(struct ctx *ctx, void *record)
{
    const struct household *h = record;
    int64_t id = h->code
                     ? query_int(ctx->db, "SELECT id FROM households WHERE code = {}", h->code)
                     : household_at(ctx, h->area, h->building, h->stairwell, h->room, h->address);
    return id == NONE ? NULL : record_get(ctx, &households_kind, id);
}

static const struct choice household_actions[] = {
    {"move", N_("moved")},
    {NULL, NULL},
};

const struct kind households_kind = {
    .name = "households",
    .table = "households",
    .one = N_("Household"),
    .many = N_("Households"),
    .actions = household_actions,
    FIELDS(household_fields),
    .size = sizeof(struct household),
    .read = HOUSEHOLD_ROLES,
    .write = HOUSEHOLD_ROLES,
    .code = "code",
    .order = "community, area, position, id",
    .scope = household_scope,
    .own = "area",
    .check = household_check,
    .natural = "code|area building? stairwell? room|area address",
    .import_find = household_import_find,
    .title = "place",
    .person = true,
    .about = N_("Who lives together at which address, with the head of household, and who is "
                "away, has moved or died.")};

/* ---- earlier addresses ---- */

#define L(member) offsetof(struct household_place, member)
static const struct field place_fields[] = {
    {"code", F_CODE, L(code), N_("Code"), .max = 40, .flags = UNIQUE | FIXED},
    {"household", F_REF, L(household), N_("Household"), .ref = "households",
     .flags = REQUIRED | FIXED},
    {"area", F_REF, L(area), N_("Estate or building"), .ref = "areas", .flags = REQUIRED | FIXED},
    {"place", F_TEXT, L(place), N_("Address in one line"), .max = 200, .flags = REQUIRED | FIXED},
    {"valid_from", F_DATE, L(valid_from), N_("From"), .flags = FIXED},
    {"valid_to", F_DATE, L(valid_to), N_("Until"), .flags = FIXED},
};

static void in_own_households(struct ctx *ctx, struct sql *where)
{
    sql_add(where, " AND household IN (SELECT households.id FROM households WHERE 1 = 1");
    scope_by_community(ctx, where, HOUSEHOLD_ROLES, "community");
    sql_add(where, ")");
}

const struct kind household_places_kind = {.name = "household_places",
                                           .table = "household_places",
                                           .one = N_("Earlier address"),
                                           .many = N_("Earlier addresses"),
                                           FIELDS(place_fields),
                                           .size = sizeof(struct household_place),
                                           .read = HOUSEHOLD_ROLES,
                                           .code = "code",
                                           .order = "valid_to DESC, id DESC",
                                           .scope = in_own_households,
                                           .title = "place",
                                           .person = true};

/* ---- members ---- */

#define IN_SHEETS (HIDDEN | FIXED | IMPORTED | BESIDE)
#define M(member) offsetof(struct household_member, member)
static const struct field member_fields[] = {
    {"code", F_CODE, M(code), N_("Code"), .max = 40, .flags = UNIQUE | FIXED | IMPORTED},
    {"household", F_REF, M(household), N_("Household"), .ref = "households",
     .flags = LISTED | FILTER, .aliases = "户号|户编号|家庭编号"},
    {"person", F_REF, M(person), N_("Person"), .ref = "people", .flags = LISTED | FILTER},
    {"relation", F_CHOICE, M(relation), N_("Relation to the head"), .choices = relations,
     .flags = REQUIRED | LISTED | FILTER, .aliases = "与户主关系|关系|与户主的关系"},
    {"state", F_CHOICE, M(state), N_("State"), .choices = states,
     .flags = REQUIRED | LISTED | FILTER, .aliases = "居住状态|人户状态|人户情况"},
    {"valid_from", F_DATE, M(valid_from), N_("From"), .flags = LISTED | SORTED},
    {"valid_to", F_DATE, M(valid_to), N_("Until"), .flags = LISTED | SORTED},
    {"why", F_TEXT, M(why), N_("Where to, or why"), .max = 200},
    {"name", F_TEXT, M(name), N_("Full name"), .max = 60, .flags = IN_SHEETS, .aliases = "姓名",
     .hint = N_("The person, if they have no number yet: found by ID or phone number, otherwise by "
                "name in the same household.")},
    {"gender", F_TEXT, M(gender), N_("Gender"), .max = 10, .flags = IN_SHEETS, .aliases = "性别"},
    {"born", F_DATE, M(born), N_("Date of birth"), .flags = IN_SHEETS, .aliases = "出生日期"},
    {"phone", F_PHONE, M(phone), N_("Phone"), .flags = IN_SHEETS,
     .aliases = "电话|手机|手机号|联系电话"},
    {"id_type", F_TEXT, M(id_type), N_("ID type"), .max = 40, .flags = IN_SHEETS,
     .aliases = "证件类型"},
    {"id_number", F_CODE, M(id_number), N_("ID number"), .max = 30, .flags = IN_SHEETS,
     .aliases = "证件号码|身份证号|身份证号码|身份证"},
    {"area", F_REF, M(area), N_("Estate or building"), .ref = "areas", .flags = IN_SHEETS,
     .aliases = "小区|所在小区|片区",
     .hint = N_("The address, if the household has no number yet.")},
    {"building", F_TEXT, M(building), N_("Building"), .max = 20, .flags = IN_SHEETS,
     .aliases = "楼栋|栋|幢|楼号|楼", .example = "3栋"},
    {"stairwell", F_TEXT, M(stairwell), N_("Stairwell"), .max = 20, .flags = IN_SHEETS,
     .aliases = "单元|梯", .example = "2单元"},
    {"room", F_TEXT, M(room), N_("Flat"), .max = 20, .flags = IN_SHEETS,
     .aliases = "房号|室|门牌|门牌号|房间号", .example = "501"},
    {"address", F_TEXT, M(address), N_("Address"), .max = 120, .flags = IN_SHEETS,
     .aliases = "住址|地址|家庭住址|详细地址"},
};

/* Adds the condition that a period overlaps this one. */
static void overlapping(struct sql *q, const struct household_member *m)
{
    if (m->valid_to)
        sql_add(q, " AND (m.valid_from IS NULL OR m.valid_from <= {})", m->valid_to);
    if (m->valid_from)
        sql_add(q, " AND (m.valid_to IS NULL OR m.valid_to >= {})", m->valid_from);
    if (m->record.id != NONE)
        sql_add(q, " AND m.id <> {}", m->record.id);
}

/* Runs a query for a household that is in the way; NULL: none is. Ends q. Another community's is
 * not named. */
static const char *in_the_way(struct ctx *ctx, struct sql *q)
{
    struct rows *r = sql_query(ctx->db, q);
    bool any = rows_next(r);
    const char *place = any ? row_copy(r, ctx->arena, "place") : NULL;
    int64_t id = any ? row_int(r, "id") : NONE;
    rows_end(r);
    sql_release(q);
    return any && ctx->actor.grant_count > 0 && !record_reached(ctx, &households_kind, id)
               ? say(ctx, "in another community")
               : place;
}

#define OTHER_PERIOD \
    "SELECT h.id AS id, h.place AS place FROM household_members m JOIN households h ON h.id = " \
    "m.household " \
    "WHERE "

/* The household where the person has one of these states (trusted SQL) at that time; NULL. */
static const char *other_household(struct ctx *ctx, const struct household_member *m,
                                   const char *having)
{
    struct sql q;
    sql_init(&q, ctx->arena);
    sql_add(&q, OTHER_PERIOD "m.person = {} AND m.household <> {}", m->person, m->household);
    sql_write(&q, having, NULL, 0);
    overlapping(&q, m);
    return in_the_way(ctx, &q);
}

/* One lives in one household, and is registered in one. */
static void check_elsewhere(struct ctx *ctx, const struct household_member *m)
{
    const char *lives = member_lives_here(m->state)
                            ? other_household(ctx, m, " AND m.state IN ('here', 'elsewhere')")
                            : NULL,
               *registered = !strcmp(m->state, "here") || !strcmp(m->state, "away")
                                 ? other_household(ctx, m, " AND m.state IN ('here', 'away')")
                                 : NULL;
    if (lives)
        ctx_problem(ctx, "person",
                    say(ctx,
                        "This person lives in another household at that time: {}. Record "
                        "first that they moved away from there.",
                        lives));
    else if (registered)
        ctx_problem(ctx, "person",
                    say(ctx,
                        "This person is registered in another household at that time: {}. "
                        "Record first that they moved away from there.",
                        registered));
}

static void check_head(struct ctx *ctx, const struct household_member *m,
                       const struct household_member *was)
{
    struct sql q;
    if (strcmp(m->relation, "head") != 0)
        return;
    if (!member_belongs(m->state)) {
        if (!was || strcmp(was->relation, "head") != 0)
            ctx_problem(ctx, "relation",
                        say(ctx, "Somebody who has moved away or died can’t be head of the "
                                 "household."));
        return;
    }
    sql_init(&q, ctx->arena);
    sql_add(&q,
            OTHER_PERIOD "m.household = {} AND m.person <> {} AND m.relation = 'head' AND m.state "
                         "IN ('here', 'away', 'elsewhere')",
            m->household, m->person);
    overlapping(&q, m);
    if (in_the_way(ctx, &q))
        ctx_problem(ctx, "relation",
                    say(ctx, "This household has a head at that time. There can be only one."));
}

static void check_days(struct ctx *ctx, const struct household_member *m)
{
    const struct person *p = record_get(ctx, &people_kind, m->person);
    if (!p)
        return;
    if (m->valid_from && m->valid_to && strcmp(m->valid_from, m->valid_to) > 0)
        ctx_problem(ctx, "valid_to", say(ctx, "The end can’t be before the start."));
    if (m->valid_from && strcmp(m->valid_from, ctx_today(ctx)) > 0)
        ctx_problem(ctx, "valid_from", say(ctx, "This date is in the future."));
    if (m->valid_from && p->born && strcmp(m->valid_from, p->born) < 0)
        ctx_problem(ctx, "valid_from",
                    say(ctx, "This is before the person’s date of birth, {}.", p->born));
    struct sql q;
    sql_init(&q, ctx->arena);
    sql_add(&q, OTHER_PERIOD "m.household = {} AND m.person = {}", m->household, m->person);
    overlapping(&q, m);
    if (in_the_way(ctx, &q))
        ctx_problem(ctx, "person",
                    say(ctx, "This person is already recorded in this household for these days."));
}

static bool person_mine(struct ctx *ctx, int64_t person)
{
    return ctx->actor.grant_count == 0 || record_reached(ctx, &people_kind, person);
}

static void member_check(struct ctx *ctx, const void *before, void *after)
{
    struct household_member *m = after;
    bool named = m->name || m->id_number || m->phone;
    if (!m->code)
        m->code = record_code(ctx, "M");
    if (m->person == NONE && !named)
        ctx_problem(ctx, "person", say(ctx, "Say who it is."));
    if (m->household == NONE && m->area == NONE)
        ctx_problem(ctx, "household", say(ctx, "Say which household it is."));
    if (m->household > 0 &&
        (!before || ((const struct household_member *)before)->household != m->household) &&
        ctx->actor.grant_count > 0 && !record_reached(ctx, &households_kind, m->household))
        ctx_problem(ctx, "household",
                    say(ctx, "This household is outside your communities. Choose one of your "
                             "own."));
    if (m->person > 0 && !before && !person_mine(ctx, m->person))
        ctx_problem(ctx, "person",
                    say(ctx, "This person is in the register of another community. Ask it, or the "
                             "subdistrict office, to record the move."));
    if (m->person <= 0 || m->household <= 0 || !m->relation || !m->state || !ctx_ok(ctx))
        return;
    check_days(ctx, m);
    check_head(ctx, m, before);
    check_elsewhere(ctx, m);
}

enum status household_settle(struct ctx *ctx, int64_t id)
{
    const char *now = ctx_today(ctx);
    int64_t members = query_int(ctx->db,
                                "SELECT count(*) AS n FROM household_members WHERE household = {} "
                                "AND " MEMBER_NOW,
                                id, now, now),
            present = query_int(ctx->db,
                                "SELECT count(*) AS n FROM household_members WHERE household = {} "
                                "AND state <> 'away' AND " MEMBER_NOW,
                                id, now, now),
            head = query_int(ctx->db,
                             "SELECT min(person) AS person FROM household_members WHERE household "
                             "= {} AND relation = 'head' AND " MEMBER_NOW,
                             id, now, now);
    const char *standing = members == 0   ? "empty"
                           : head == NONE ? "headless"
                           : present == 0 ? "away"
                                          : "lived";
    change(ctx->db,
           "UPDATE households SET head = {}, members = {}, standing = CASE WHEN ended IS NOT "
           "NULL AND {} = 0 THEN 'ended' ELSE {} END WHERE id = {}",
           (struct maybe){head}, members, members, standing, id);
    return db_status(ctx->db) == OK ? ctx->status : ctx_fail(ctx, db_status(ctx->db), NULL);
}

/* A person's own address is that of the household they live in. */
enum status person_follow(struct ctx *ctx, int64_t person, int64_t household)
{
    const struct person *p = record_get(ctx, &people_kind, person);
    const struct household *h = record_get(ctx, &households_kind, household);
    if (!p || !h)
        return record_gone(ctx);
    struct person *after = record_copy(ctx, &people_kind, p);
    after->area = h->area;
    after->community = h->community;
    after->address = h->place;
    return record_same(&people_kind, p, after) ? ctx->status
                                               : record_update(ctx, &people_kind, p, after, "live");
}

static enum status settle(struct ctx *ctx, const void *before, const void *after)
{
    const struct household_member *was = before, *m = after;
    enum status s = OK;
    if (was && (!m || was->household != m->household))
        s = household_settle(ctx, was->household);
    if (s == OK && m)
        s = household_settle(ctx, m->household);
    if (s == OK && m && member_lives_here(m->state) && valid_today(ctx, m->valid_from, m->valid_to))
        s = person_follow(ctx, m->person, m->household);
    return s;
}

static const struct choice member_actions[] = {
    {"join", N_("joined the household")},
    {"end", N_("period ended")},
    {"here", N_("lives and is registered here")},
    {"away", N_("registered here, lives elsewhere")},
    {"elsewhere", N_("lives here, registered elsewhere")},
    {"moved", N_("moved away")},
    {"died", N_("died")},
    {"resume", N_("last change taken back")},
    {NULL, NULL},
};

static void *member_import_find(struct ctx *ctx, void *record);
static enum status member_import_insert(struct ctx *ctx, void *record);
static enum status member_import_beside(struct ctx *ctx, const void *record, bool dry,
                                        bool *changed);

const struct kind household_members_kind = {
    .name = "household_members",
    .table = "household_members",
    .one = N_("Household member"),
    .many = N_("Household members"),
    .actions = member_actions,
    FIELDS(member_fields),
    .size = sizeof(struct household_member),
    .read = HOUSEHOLD_ROLES,
    .write = HOUSEHOLD_ROLES,
    .code = "code",
    .order = "household, CASE WHEN relation = 'head' THEN 0 ELSE 1 END, id",
    .scope = in_own_households,
    .own = "household",
    .check = member_check,
    .settle = settle,
    .natural = "code|id_number|name phone|person household|name household|name area building? "
               "stairwell? room|name area address",
    .import_find = member_import_find,
    .import_insert = member_import_insert,
    .import_beside = member_import_beside,
    .title = "person",
    .person = true,
    .about = N_("One row for each person and period: who belongs to which household, since when, "
                "and in which state.")};

/* ---- rosters: a row names a person and an address ---- */

static struct person *roster_person(struct ctx *ctx, const struct household_member *m)
{
    struct person *p = record_new(ctx, &people_kind);
    const struct {
        const char *name, *value;
    } said[] = {{"name", m->name},   {"gender", m->gender},   {"born", m->born},
                {"phone", m->phone}, {"id_type", m->id_type}, {"id_number", m->id_number}};
    for (size_t i = 0; i < sizeof said / sizeof *said; i++)
        if (said[i].value)
            field_set(ctx, kind_field(&people_kind, said[i].name), p, said[i].value);
    return p;
}

/* By ID number, by name and phone, or by name among those of the same household: two people
 * without a number are two people. */
static int64_t roster_find(struct ctx *ctx, const struct household_member *m)
{
    int64_t id = person_known(ctx, m->id_number, m->name, m->phone);
    if (id == NONE && m->name && m->household > 0)
        id = query_int(ctx->db,
                       "SELECT min(p.id) AS id FROM people p JOIN household_members m ON m.person "
                       "= p.id WHERE m.household = {} AND p.name = {} AND (p.id_number IS NULL OR "
                       "{} = 0) AND p.removed_at IS NULL",
                       m->household, m->name, (int64_t)(m->id_number != NULL));
    return id;
}

static void *member_import_find(struct ctx *ctx, void *record)
{
    struct household_member *m = record;
    int64_t id = NONE;
    if (m->household == NONE)
        m->household = household_at(ctx, m->area, m->building, m->stairwell, m->room, m->address);
    if (m->person == NONE)
        m->person = roster_find(ctx, m);
    if (!m->state)
        m->state = "here";
    if (m->code)
        id = query_int(ctx->db, "SELECT id FROM household_members WHERE code = {}", m->code);
    if (id == NONE && m->household > 0 && m->person > 0)
        id = query_int(ctx->db,
                       "SELECT id FROM household_members WHERE household = {} AND person = {} "
                       "ORDER BY CASE WHEN valid_to IS NULL THEN 0 ELSE 1 END, valid_to DESC, id "
                       "DESC LIMIT 1",
                       m->household, m->person);
    return id == NONE ? NULL : record_get(ctx, &household_members_kind, id);
}

static int64_t roster_household(struct ctx *ctx, const struct household_member *m)
{
    struct household *h = record_new(ctx, &households_kind);
    h->area = m->area;
    h->building = m->building;
    h->stairwell = m->stairwell;
    h->room = m->room;
    h->address = m->address;
    return record_check(ctx, &households_kind, NULL, h) &&
                   record_insert(ctx, &households_kind, h, "import") == OK
               ? h->record.id
               : NONE;
}

static enum status member_import_insert(struct ctx *ctx, void *record)
{
    struct household_member *m = record;
    if (m->household == NONE)
        m->household = roster_household(ctx, m);
    if (!ctx_ok(ctx))
        return ctx->status;
    if (m->person == NONE) {
        const struct household *h = record_must(ctx, &households_kind, m->household);
        struct person *p = roster_person(ctx, m);
        p->area = h->area;
        p->address = member_lives_here(m->state) ? h->place : NULL;
        if (!ctx_ok(ctx) || !record_check(ctx, &people_kind, NULL, p) ||
            record_insert(ctx, &people_kind, p, "import") != OK)
            return ctx->status;
        m->person = p->record.id;
    }
    return record_check(ctx, &household_members_kind, NULL, m)
               ? record_insert(ctx, &household_members_kind, m, "import")
               : ctx->status;
}

/* What the row says of a person who is known: blanks change nothing. */
static enum status member_import_beside(struct ctx *ctx, const void *record, bool dry,
                                        bool *changed)
{
    const struct household_member *m = record;
    if (m->person <= 0)
        return ctx->status;
    const struct person *p = record_get(ctx, &people_kind, m->person);
    if (!p)
        return record_gone(ctx);
    struct person *said = roster_person(ctx, m), *after = record_copy(ctx, &people_kind, p);
    after->name = said->name ? said->name : p->name;
    after->gender = said->gender ? said->gender : p->gender;
    after->born = said->born ? said->born : p->born;
    after->phone = said->phone ? said->phone : p->phone;
    after->id_type = said->id_type ? said->id_type : p->id_type;
    after->id_number = said->id_number ? said->id_number : p->id_number;
    if (!ctx_ok(ctx) || !record_check(ctx, &people_kind, p, after))
        return ctx->status;
    *changed = !record_same(&people_kind, p, after);
    if (*changed && !person_mine(ctx, m->person))
        ctx_problem(ctx, "name",
                    say(ctx, "This person is in the register of another community, which alone can "
                             "change their details."));
    if (!ctx_ok(ctx))
        return ctx->status;
    return *changed && !dry ? record_update(ctx, &people_kind, p, after, "import") : ctx->status;
}

static const struct kind *const kinds[] = {&households_kind, &household_members_kind,
                                           &household_places_kind, NULL};

static const struct figure figures[] = {
    {"households.count", NULL, N_("Households"), N_("households"),
     N_("Households to which somebody belongs, living there or registered there."), COUNT,
     .group = N_("Households"), .kind = &households_kind, .inside = true,
     .counts = "standing NOT IN ('empty', 'ended')", .area = "community"},
    {"households.people", NULL, N_("People in households"), N_("people"),
     N_("People who belong to a household, living there or registered there."), SUM,
     .value = "members", .group = N_("Households"), .kind = &households_kind, .inside = true,
     .counts = "members > 0", .area = "community"},
    {"households.headless", NULL, N_("Households without a head"), N_("households"),
     N_("Households to which somebody belongs, but whose head has left or was never recorded."),
     COUNT, .group = N_("Households"), .kind = &households_kind, .inside = true,
     .counts = "standing = 'headless'", .area = "community"},
    {.id = NULL},
};

const struct module households_module = {.name = "households", .kinds = kinds, .figures = figures};
