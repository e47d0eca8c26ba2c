/*
 * Descriptions of the registers, and the two things derived from them: the
 * place of an area in its tree, and the calendar of working days.
 * Records live in the context's arena.
 */
#include "app/registers.h"

#include "app/deadlines.h"
#include "app/module.h"
#include "app/notify.h"
#include "app/users.h"

#include <cJSON.h>
#include <string.h>

static const struct choice area_levels[] = {{"subdistrict", N_("Subdistrict")}, {"community", N_("Community")},
                                            {"estate", N_("Estate")},           {"grid", N_("Grid")},
                                            {"building", N_("Building")},       {NULL, NULL}};
static const struct choice unit_kinds[] = {{"office", N_("Office")},
                                           {"community", N_("Community committee")},
                                           {"department", N_("Department")},
                                           {"company", N_("Company")},
                                           {NULL, NULL}};
static const struct choice category_levels[] = {
    {"urgent", N_("Urgent")}, {"ordinary", N_("Ordinary")}, {"complex", N_("Complex")}, {NULL, NULL}};
static const struct choice day_kinds[] = {
    {"working_days", N_("Working days")}, {"hours", N_("Hours")}, {"calendar_days", N_("Calendar days")}, {NULL, NULL}};
static const struct choice template_kinds[] = {{"reply", N_("Reply")}, {"message", N_("Message")}, {NULL, NULL}};

#define WRITERS (ROLE_ADMIN | ROLE_OFFICE)

/* ---- areas ---- */

static int level_of(const char *level)
{
    for (int i = 0; level && area_levels[i].code; i++)
        if (!strcmp(area_levels[i].code, level))
            return i;
    return -1;
}

/* A ring of longitude and latitude, closed: [[112.48,23.06],[…],…]. */
static bool is_ring(const char *outline)
{
    cJSON *ring = cJSON_Parse(outline);
    int n = cJSON_IsArray(ring) ? cJSON_GetArraySize(ring) : 0;
    bool fits = n >= 4;
    const cJSON *point;
    cJSON_ArrayForEach(point, ring)
    {
        const cJSON *lon = cJSON_GetArrayItem(point, 0), *lat = cJSON_GetArrayItem(point, 1);
        fits = fits && cJSON_GetArraySize(point) == 2 && cJSON_IsNumber(lon) && cJSON_IsNumber(lat) && lon->valuedouble >= -180 &&
               lon->valuedouble <= 180 && lat->valuedouble >= -90 && lat->valuedouble <= 90;
    }
    if (fits)
        fits = cJSON_Compare(cJSON_GetArrayItem(ring, 0), cJSON_GetArrayItem(ring, n - 1), true);
    cJSON_Delete(ring);
    return fits;
}

static void area_check(struct ctx *ctx, const void *before, void *after)
{
    const struct area *was = before, *a = after;
    const struct area *parent = a->parent == NONE ? NULL : record_get(ctx, &areas_kind, a->parent);
    if (parent && was &&
        (parent->record.id == was->record.id || (was->path && parent->path && !strncmp(parent->path, was->path, strlen(was->path)))))
        ctx_problem(ctx, "parent", say(ctx, "An area can't lie in itself or in what lies below it."));
    else if (parent && level_of(parent->level) >= level_of(a->level))
        ctx_problem(ctx, "level", say(ctx, "{} lies in “{}”, so its level must be below that.", a->name, parent->name));
    if (was && query_int(ctx->db, "SELECT count(*) AS n FROM areas WHERE parent = {} AND level = {}", was->record.id, a->level) > 0)
        ctx_problem(ctx, "level", say(ctx, "What lies below it has this level already."));
    if (a->valid_from && a->valid_to && strcmp(a->valid_from, a->valid_to) > 0)
        ctx_problem(ctx, "valid_to", say(ctx, "It can't end before it begins."));
    if (a->outline && !is_ring(a->outline))
        ctx_problem(ctx, "outline", say(ctx, "A closed ring of points is expected: [[112.48,23.06],[112.49,23.06],…], longitude first."));
}

#define A(member) offsetof(struct area, member)
static const struct field area_fields[] = {
    {"code", F_CODE, A(code), N_("Code"), .max = 40, .flags = REQUIRED | UNIQUE | LISTED | SORTED,
     .hint = N_("The administrative code, or any short code of your own.")},
    {"parent", F_REF, A(parent), N_("Part of"), .ref = "areas", .flags = FILTER,
     .hint = N_("Moving an area takes everything below it along.")},
    {"name", F_TEXT, A(name), N_("Name"), .flags = REQUIRED | LISTED | SORTED},
    {"name_en", F_TEXT, A(name_en), N_("Name in English")},
    {"level", F_CHOICE, A(level), N_("Level"), .choices = area_levels, .flags = REQUIRED | LISTED | FILTER | SORTED},
    {"path", F_TEXT, A(path), N_("Path"), .flags = FIXED | INNER},
    {"community", F_REF, A(community), N_("Community"), .ref = "areas", .flags = FIXED},
    {"valid_from", F_DATE, A(valid_from), N_("Valid from"), .group = N_("Validity"), .hint = N_("Empty: always.")},
    {"valid_to", F_DATE, A(valid_to), N_("Valid to"), .hint = N_("After this day it is no longer offered; what was recorded there stays.")},
    {"lat", F_REAL, A(lat), N_("Latitude"), .min = -90, .max = 90, .group = N_("On the map")},
    {"lon", F_REAL, A(lon), N_("Longitude"), .min = -180, .max = 180},
    {"outline", F_LONG, A(outline), N_("Outline"), .flags = INNER,
     .hint = N_("A closed ring of points, longitude first: [[112.48,23.06],…].")},
};
/* Where an area lies decides what its people see: the tree is placed anew when one was added or moved. */
static enum status area_settle(struct ctx *ctx, const void *before, const void *after)
{
    const struct area *was = before, *is = after;
    bool moved = is && (!was || was->parent != is->parent || strcmp(was->level, is->level) != 0);
    return moved ? areas_place(ctx) : OK;
}

const struct kind areas_kind = {
    .name = "areas",
    .table = "areas",
    .one = N_("Area"),
    .many = N_("Areas"),
    FIELDS(area_fields),
    .size = sizeof(struct area),
    .read = ROLES_SIGNED,
    .write = WRITERS,
    .remove = WRITERS,
    .code = "code",
    .order = "code",
    .check = area_check,
    .settle = area_settle,
    .import_done = areas_place,
    .about = N_("The subdistrict, its communities, estates, grids and buildings: what everything else is counted and handed out by.")};

/* ---- units ---- */

#define U(member) offsetof(struct unit, member)
static const struct field unit_fields[] = {
    {"code", F_CODE, U(code), N_("Code"), .max = 40, .flags = REQUIRED | UNIQUE | LISTED | SORTED},
    {"name", F_TEXT, U(name), N_("Name"), .flags = REQUIRED | LISTED | SORTED},
    {"name_en", F_TEXT, U(name_en), N_("Name in English")},
    {"kind", F_CHOICE, U(kind), N_("Kind"), .choices = unit_kinds, .flags = LISTED | FILTER},
    {"area", F_REF, U(area), N_("Area"), .ref = "areas", .flags = FILTER},
    {"phone", F_PHONE, U(phone), N_("Telephone"), .flags = LISTED},
    {"mail", F_TEXT, U(mail), N_("Mail"), .max = 120,
     .hint = N_("Where notices to the whole unit go. Empty: the outbox says whom to ring.")},
};

static void unit_check(struct ctx *ctx, const void *before, void *after)
{
    const struct unit *u = after;
    (void)before;
    if (u->mail && !mail_valid(u->mail))
        ctx_problem(ctx, "mail", say(ctx, "A mail address, like office@example.cn."));
}

const struct kind units_kind = {.name = "units",
                                .table = "units",
                                .one = N_("Unit"),
                                .many = N_("Units"),
                                FIELDS(unit_fields),
                                .size = sizeof(struct unit),
                                .read = ROLES_SIGNED,
                                .write = WRITERS,
                                .remove = WRITERS,
                                .code = "code",
                                .order = "code",
                                .check = unit_check,
                                .about = N_("Offices, communities, departments and companies that handle requests.")};

/* ---- categories ---- */

/* Three levels: residents choose from the first two, the office also from the third. */

/* The level of a category, the first is 1; 0: it is below the one left out, or deeper than there are levels. */
static int category_level(struct ctx *ctx, int64_t id, int64_t but)
{
    int level = 0;
    for (; id != NONE && id != but && level <= CATEGORY_LEVELS; level++)
        id = query_int(ctx->db, "SELECT parent FROM categories WHERE id = {}", id);
    return id == NONE ? level : 0;
}

static int categories_below(struct ctx *ctx, int64_t id)
{
    if (query_int(ctx->db, "SELECT id FROM categories WHERE parent IN (SELECT id FROM categories WHERE parent = {}) LIMIT 1", id) != NONE)
        return 2;
    return query_int(ctx->db, "SELECT id FROM categories WHERE parent = {} LIMIT 1", id) != NONE;
}

static void category_check(struct ctx *ctx, const void *before, void *after)
{
    const struct category *was = before, *c = after;
    if (c->parent == NONE || c->parent == 0) /* 0: a dry run's, made above */
        return;
    int level = category_level(ctx, c->parent, was ? was->record.id : NONE), below = was ? categories_below(ctx, was->record.id) : 0;
    if (level == 0)
        ctx_problem(ctx, "parent", say(ctx, "A category can't be part of itself."));
    else if (level >= CATEGORY_LEVELS)
        ctx_problem(ctx, "parent", say(ctx, "There are three levels: choose a category of the first or second."));
    else if (level + 1 + below > CATEGORY_LEVELS)
        ctx_problem(ctx, "parent", say(ctx, "With what is below it there would be more than three levels."));
}

#define C(member) offsetof(struct category, member)
static const struct field category_fields[] = {
    {"code", F_CODE, C(code), N_("Code"), .max = 40, .flags = REQUIRED | UNIQUE | LISTED | SORTED},
    {"parent", F_REF, C(parent), N_("Part of"), .ref = "categories", .flags = FILTER},
    {"name", F_TEXT, C(name), N_("Name"), .flags = REQUIRED | LISTED | SORTED},
    {"name_en", F_TEXT, C(name_en), N_("Name in English")},
    {"icon", F_CODE, C(icon), N_("Icon"), .max = 60, .flags = ICON, .hint = N_("Shown beside the name where residents choose.")},
    {"unit", F_REF, C(unit), N_("Usual lead unit"), .ref = "units", .flags = LISTED | FILTER, .group = N_("Handling"),
     .hint = N_("Empty: the committee of the community where it is.")},
    {"level", F_CHOICE, C(level), N_("Level"), .choices = category_levels, .flags = LISTED | FILTER},
    {"days", F_INT, C(days), N_("Deadline"), .min = 0, .max = 1000, .flags = LISTED,
     .hint = N_("A number; what it counts is said beside it.")},
    {"day_kind", F_CHOICE, C(day_kind), N_("Counted in"), .choices = day_kinds, .flags = LISTED},
    {"first_contact_hours", F_INT, C(first_contact_hours), N_("First contact within hours"), .min = 0, .max = 1000},
    {"hint", F_TEXT, C(hint), N_("Hint for the resident"), .group = N_("For residents")},
    {"hint_en", F_TEXT, C(hint_en), N_("Hint in English")},
    {"position", F_INT, C(position), N_("Order"), .hint = N_("Smaller numbers come first.")},
    {"valid", F_BOOL, C(valid), N_("In use"), .min = 1, .hint = N_("Off: no longer offered; what was recorded under it stays.")},
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

static bool same_text(const char *a, const char *b)
{
    return !strcmp(a ? a : "", b ? b : "");
}

/* Open deadlines go by the terms of now. */
static enum status categories_follow(struct ctx *ctx)
{
    return deadlines_follow(ctx, "categories");
}

static enum status category_settle(struct ctx *ctx, const void *before, const void *after)
{
    const struct category *was = before, *is = after;
    bool same = !was || !is || (was->days == is->days && same_text(was->day_kind, is->day_kind) && same_text(was->level, is->level));
    return same ? OK : categories_follow(ctx);
}

const struct kind categories_kind = {
    .name = "categories",
    .table = "categories",
    .one = N_("Category"),
    .many = N_("Categories"),
    FIELDS(category_fields),
    .size = sizeof(struct category),
    .read = ROLES_SIGNED,
    .write = WRITERS,
    .remove = WRITERS,
    .code = "code",
    .order = "position, code",
    .check = category_check,
    .import_insert = category_insert,
    .settle = category_settle,
    .import_done = categories_follow,
    .about = N_("What residents can ask about, in up to three levels, with the unit that usually leads and the deadline.")};

#define H(member) offsetof(struct holiday, member)
static const struct field holiday_fields[] = {
    {"date", F_DATE, H(date), N_("Date"), .flags = REQUIRED | UNIQUE | LISTED | FILTER},
    {"name", F_TEXT, H(name), N_("Name"), .flags = LISTED, .aliases = "节日"},
    {"is_off_day", F_BOOL, H(is_off_day), N_("Day off"), .flags = REQUIRED | LISTED, .aliases = "isOffDay|是否放假|放假"},
};
static enum status holidays_follow(struct ctx *ctx)
{
    return deadlines_follow(ctx, "holidays");
}

static enum status holiday_settle(struct ctx *ctx, const void *before, const void *after)
{
    (void)before;
    (void)after;
    return holidays_follow(ctx);
}

const struct kind holidays_kind = {.name = "holidays",
                                   .table = "holidays",
                                   .one = N_("Calendar day"),
                                   .many = N_("Calendar"),
                                   FIELDS(holiday_fields),
                                   .size = sizeof(struct holiday),
                                   .read = ROLES_SIGNED,
                                   .write = WRITERS,
                                   .remove = WRITERS,
                                   .code = "date",
                                   .order = "date DESC",
                                   .settle = holiday_settle,
                                   .import_done = holidays_follow,
                                   .home = "/calendar",
                                   .about = N_("Days off and working weekends; deadlines are counted by it.")};

#define T(member) offsetof(struct reply_template, member)
static const struct field template_fields[] = {
    {"code", F_CODE, T(code), N_("Code"), .max = 40, .flags = REQUIRED | UNIQUE | LISTED},
    {"title", F_TEXT, T(title), N_("Title"), .flags = REQUIRED | LISTED | SORTED},
    {"kind", F_CHOICE, T(kind), N_("Kind"), .choices = template_kinds, .flags = LISTED | FILTER},
    {"category", F_REF, T(category), N_("Category"), .ref = "categories", .flags = LISTED | FILTER,
     .hint = N_("A category serves those below it; empty: all.")},
    {"text", F_LONG, T(text), N_("Text"), .max = 4000, .flags = REQUIRED,
     .hint = N_("Places that are filled in: {name}, {number}, {unit}, {date}. Write …… where the writer is to add something.")},
    {"text_en", F_LONG, T(text_en), N_("Text in English"), .max = 4000},
};
const struct kind templates_kind = {.name = "templates",
                                    .table = "templates",
                                    .one = N_("Reply template"),
                                    .many = N_("Reply templates"),
                                    FIELDS(template_fields),
                                    .size = sizeof(struct reply_template),
                                    .read = ROLES_STAFF | ROLE_ADMIN,
                                    .write = WRITERS,
                                    .remove = WRITERS,
                                    .code = "code",
                                    .order = "code",
                                    .about = N_("Ready-made replies and messages with places for number, name, unit and date.")};

struct calendar *calendar_load(struct db *db, struct arena *a)
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

/* The context goes from a reader to the door and back, so it has a calendar of its own. */
const struct calendar *ctx_calendar(struct ctx *ctx)
{
    if (ctx->calendar)
        return ctx->calendar;
    const struct calendar *kept = db_recall(ctx->db, "calendar");
    struct arena *memory = kept ? NULL : db_memory(ctx->db);
    if (memory) {
        struct calendar *made = calendar_load(ctx->db, memory);
        if (db_status(ctx->db) == OK)
            db_keep(ctx->db, "calendar", made);
        kept = made;
    }
    if (!kept)
        return ctx->calendar = calendar_load(ctx->db, ctx->arena);
    struct calendar *own = ARENA_NEW(ctx->arena, struct calendar);
    struct calendar_day *days = ARENA_ARRAY(ctx->arena, struct calendar_day, kept->count + 1);
    if (kept->count)
        memcpy(days, kept->days, sizeof *days * (size_t)kept->count);
    *own = (struct calendar){.days = days, .count = kept->count};
    return ctx->calendar = own;
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
