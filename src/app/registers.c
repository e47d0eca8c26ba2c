/*
 * Descriptions of the registers, and the two things derived from them: the
 * place of an area in its tree, and the calendar of working days.
 * Records live in the context's arena.
 */
#include "app/registers.h"

#include "app/module.h"
#include "app/users.h"

#include <string.h>

static const struct choice area_levels[] = {{"subdistrict", N_("Subdistrict")}, {"community", N_("Community")},
                                            {"estate", N_("Estate")}, {"grid", N_("Grid")},
                                            {"building", N_("Building")}, {NULL, NULL}};
static const struct choice unit_kinds[] = {{"office", N_("Office")}, {"community", N_("Community committee")},
                                           {"department", N_("Department")}, {"company", N_("Company")}, {NULL, NULL}};
static const struct choice category_levels[] = {{"urgent", N_("Urgent")}, {"ordinary", N_("Ordinary")},
                                                {"complex", N_("Complex")}, {NULL, NULL}};
static const struct choice day_kinds[] = {{"working_days", N_("Working days")}, {"hours", N_("Hours")},
                                          {"calendar_days", N_("Calendar days")}, {NULL, NULL}};
static const struct choice template_kinds[] = {{"reply", N_("Reply")}, {"message", N_("Message")}, {NULL, NULL}};

#define WRITERS (ROLE_ADMIN | ROLE_OFFICE)

#define A(member) offsetof(struct area, member)
static const struct field area_fields[] = {
    {"code", F_CODE, A(code), N_("Code"), .max = 40, .flags = REQUIRED | UNIQUE | LISTED},
    {"parent", F_REF, A(parent), N_("Part of"), .ref = "areas", .flags = FILTER},
    {"name", F_TEXT, A(name), N_("Name"), .flags = REQUIRED | LISTED},
    {"name_en", F_TEXT, A(name_en), N_("Name in English")},
    {"level", F_CHOICE, A(level), N_("Level"), .choices = area_levels, .flags = REQUIRED | LISTED | FILTER},
    {"path", F_TEXT, A(path), N_("Path"), .flags = FIXED},
    {"community", F_REF, A(community), N_("Community"), .ref = "areas", .flags = FIXED},
    {"lat", F_REAL, A(lat), N_("Latitude"), .min = -90, .max = 90},
    {"lon", F_REAL, A(lon), N_("Longitude"), .min = -180, .max = 180},
    {"outline", F_LONG, A(outline), N_("Outline")},
    {"valid_from", F_DATE, A(valid_from), N_("Valid from")},
    {"valid_to", F_DATE, A(valid_to), N_("Valid to")},
};
/* Where an area lies decides what its people see: the tree is placed anew when one was added or moved. */
static enum status area_settle(struct ctx *ctx, const void *before, const void *after)
{
    const struct area *was = before, *is = after;
    bool moved = !was || was->parent != is->parent || strcmp(was->level, is->level) != 0;
    return moved ? areas_place(ctx) : OK;
}

const struct kind areas_kind = {.name = "areas", .table = "areas", .one = N_("Area"), .many = N_("Areas"),
    FIELDS(area_fields), .size = sizeof(struct area), .read = ROLES_SIGNED, .write = WRITERS, .code = "code",
    .order = "code", .settle = area_settle, .import_done = areas_place};

#define U(member) offsetof(struct unit, member)
static const struct field unit_fields[] = {
    {"code", F_CODE, U(code), N_("Code"), .max = 40, .flags = REQUIRED | UNIQUE | LISTED},
    {"name", F_TEXT, U(name), N_("Name"), .flags = REQUIRED | LISTED},
    {"name_en", F_TEXT, U(name_en), N_("Name in English")},
    {"kind", F_CHOICE, U(kind), N_("Kind"), .choices = unit_kinds, .flags = LISTED | FILTER},
    {"area", F_REF, U(area), N_("Area"), .ref = "areas", .flags = FILTER},
    {"phone", F_PHONE, U(phone), N_("Telephone"), .flags = LISTED},
    {"mail", F_TEXT, U(mail), N_("Mail"), .max = 120},
};
const struct kind units_kind = {.name = "units", .table = "units", .one = N_("Unit"), .many = N_("Units"),
    FIELDS(unit_fields), .size = sizeof(struct unit), .read = ROLES_SIGNED, .write = WRITERS, .code = "code",
    .order = "code"};

#define C(member) offsetof(struct category, member)
static const struct field category_fields[] = {
    {"code", F_CODE, C(code), N_("Code"), .max = 40, .flags = REQUIRED | UNIQUE | LISTED},
    {"parent", F_REF, C(parent), N_("Part of"), .ref = "categories", .flags = FILTER},
    {"name", F_TEXT, C(name), N_("Name"), .flags = REQUIRED | LISTED},
    {"name_en", F_TEXT, C(name_en), N_("Name in English")},
    {"icon", F_CODE, C(icon), N_("Icon"), .max = 60},
    {"unit", F_REF, C(unit), N_("Usual lead unit"), .ref = "units", .flags = LISTED},
    {"level", F_CHOICE, C(level), N_("Level"), .choices = category_levels, .flags = LISTED | FILTER},
    {"days", F_INT, C(days), N_("Deadline"), .min = 0, .max = 1000, .flags = LISTED},
    {"day_kind", F_CHOICE, C(day_kind), N_("Counted in"), .choices = day_kinds, .flags = LISTED},
    {"first_contact_hours", F_INT, C(first_contact_hours), N_("First contact within hours"), .min = 0, .max = 1000},
    {"hint", F_TEXT, C(hint), N_("Hint for the resident")},
    {"hint_en", F_TEXT, C(hint_en), N_("Hint in English")},
    {"position", F_INT, C(position), N_("Order")},
    {"valid", F_BOOL, C(valid), N_("In use")},
};
/* A sheet without these columns brings categories that are in use, after the others of their level. */
static enum status category_insert(struct ctx *ctx, void *record)
{
    struct category *c = record;
    if (c->valid == NONE)
        c->valid = 1;
    if (c->position == NONE)
        c->position = 1000;
    return record_insert(ctx, &categories_kind, c, "import");
}

const struct kind categories_kind = {.name = "categories", .table = "categories", .one = N_("Category"),
    .many = N_("Categories"), FIELDS(category_fields), .size = sizeof(struct category), .read = ROLES_SIGNED,
    .write = WRITERS, .code = "code", .order = "position, code", .import_insert = category_insert};

#define H(member) offsetof(struct holiday, member)
static const struct field holiday_fields[] = {
    {"date", F_DATE, H(date), N_("Date"), .flags = REQUIRED | UNIQUE | LISTED | FILTER},
    {"name", F_TEXT, H(name), N_("Name"), .flags = LISTED},
    {"is_off_day", F_BOOL, H(is_off_day), N_("Day off"), .flags = REQUIRED | LISTED},
};
const struct kind holidays_kind = {.name = "holidays", .table = "holidays", .one = N_("Calendar day"),
    .many = N_("Calendar"), FIELDS(holiday_fields), .size = sizeof(struct holiday), .read = ROLES_SIGNED,
    .write = WRITERS, .code = "date", .order = "date DESC"};

#define T(member) offsetof(struct reply_template, member)
static const struct field template_fields[] = {
    {"code", F_CODE, T(code), N_("Code"), .max = 40, .flags = REQUIRED | UNIQUE | LISTED},
    {"title", F_TEXT, T(title), N_("Title"), .flags = REQUIRED | LISTED},
    {"kind", F_CHOICE, T(kind), N_("Kind"), .choices = template_kinds, .flags = LISTED | FILTER},
    {"category", F_REF, T(category), N_("Category"), .ref = "categories", .flags = LISTED | FILTER},
    {"text", F_LONG, T(text), N_("Text"), .max = 4000, .flags = REQUIRED},
    {"text_en", F_LONG, T(text_en), N_("Text in English"), .max = 4000},
};
const struct kind templates_kind = {.name = "templates", .table = "templates", .one = N_("Reply template"),
    .many = N_("Reply templates"), FIELDS(template_fields), .size = sizeof(struct reply_template),
    .read = ROLES_STAFF | ROLE_ADMIN, .write = WRITERS, .code = "code", .order = "code"};

const struct calendar *calendar_load(struct db *db, struct arena *a)
{
    struct calendar *cal = ARENA_NEW(a, struct calendar);
    int64_t n = query_int(db, "SELECT count(*) AS n FROM holidays");
    struct calendar_day *days = ARENA_ARRAY(a, struct calendar_day, n > 0 ? n : 1);
    struct rows *r = query(db, "SELECT date, is_off_day FROM holidays ORDER BY date");
    while (cal->count < n && rows_next(r))
        if (day_parse(row_text(r, "date"), &days[cal->count].day))
            days[cal->count++].is_off = row_int(r, "is_off_day") == 1;
    rows_end(r);
    cal->days = days;
    return cal;
}

const struct calendar *ctx_calendar(struct ctx *ctx)
{
    if (!ctx->calendar)
        ctx->calendar = calendar_load(ctx->db, ctx->arena);
    return ctx->calendar;
}

/* Level by level from the roots: each round places the children of what the round before placed. */
enum status areas_place(struct ctx *ctx)
{
    change(ctx->db, "UPDATE areas SET path = NULL, community = NULL");
    change(ctx->db, "UPDATE areas SET path = '/' || id || '/', community = CASE WHEN level = 'community' THEN id END"
                    " WHERE parent IS NULL");
    for (int depth = 0; depth < 12 && db_status(ctx->db) == OK; depth++) {
        change(ctx->db, "UPDATE areas SET path = (SELECT p.path FROM areas p WHERE p.id = areas.parent) || id || '/',"
                        " community = CASE WHEN level = 'community' THEN id ELSE"
                        " (SELECT p.community FROM areas p WHERE p.id = areas.parent) END"
                        " WHERE path IS NULL AND parent IN (SELECT id FROM areas WHERE path IS NOT NULL)");
        if (db_changed(ctx->db) == 0)
            break;
    }
    return db_status(ctx->db);
}

static const struct kind *const kinds[] = {&areas_kind, &units_kind, &categories_kind, &holidays_kind, &templates_kind, &users_kind, NULL};

const struct module registers_module = {.name = "registers", .kinds = kinds};
