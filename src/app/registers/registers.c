/*
 * Descriptions of the registers, and what is derived from them: the place of an
 * area in the tree, and the calendar of working days. Records live in the
 * context's arena.
 */
#include "app/registers/registers.h"

#include "core/module.h"
#include "core/settings.h"
#include "base/text.h"
#include "app/registers/users.h"

#include <cJSON.h>
#include <string.h>

static const struct choice area_levels[] = {
    {"subdistrict", N_("Subdistrict")}, {"community", N_("Community")},
    {"estate", N_("Housing estate")},   {"grid", N_("Grid")},
    {"building", N_("Building")},       {NULL, NULL}};
static const struct choice unit_kinds[] = {{"office", N_("Office")},
                                           {"community", N_("Community residents’ committee")},
                                           {"department", N_("Department")},
                                           {"company", N_("Company")},
                                           {NULL, NULL}};
static const struct choice category_levels[] = {{"urgent", N_("Urgent")},
                                                {"ordinary", N_("Ordinary")},
                                                {"complex", N_("Complex")},
                                                {NULL, NULL}};
static const struct choice day_kinds[] = {{"working_days", N_("Working days")},
                                          {"hours", N_("Hours")},
                                          {"calendar_days", N_("Calendar days")},
                                          {NULL, NULL}};
static const struct choice template_kinds[] = {
    {"reply", N_("Reply")}, {"message", N_("Notification")}, {NULL, NULL}};

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
        fits = fits && cJSON_GetArraySize(point) == 2 && cJSON_IsNumber(lon) &&
               cJSON_IsNumber(lat) && lon->valuedouble >= -180 && lon->valuedouble <= 180 &&
               lat->valuedouble >= -90 && lat->valuedouble <= 90;
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
        (parent->record.id == was->record.id ||
         (was->path && parent->path && !strncmp(parent->path, was->path, strlen(was->path)))))
        ctx_problem(ctx, "parent",
                    say(ctx, "An area can’t be inside itself or one of its sub-areas."));
    else if (parent && level_of(parent->level) >= level_of(a->level))
        ctx_problem(ctx, "level",
                    say(ctx,
                        "{} is inside “{}”, so it must be at a lower "
                        "level.",
                        a->name, parent->name));
    if (was &&
        query_int(ctx->db, "SELECT count(*) AS n FROM areas WHERE parent = {} AND level = {}",
                  was->record.id, a->level) > 0)
        ctx_problem(ctx, "level", say(ctx, "One of its sub-areas is already at this level."));
    if (a->parent == NONE && !ctx_problem_of(ctx, "parent") &&
        query_int(ctx->db, "SELECT min(id) AS id FROM areas WHERE parent IS NULL AND id <> {}",
                  was ? was->record.id : 0) != NONE)
        ctx_problem(
            ctx, "parent",
            say(ctx,
                "There can be only one top-level area. Choose the area that this one belongs to."));
    if (a->valid_from && a->valid_to && strcmp(a->valid_from, a->valid_to) > 0)
        ctx_problem(ctx, "valid_to", say(ctx, "The end can’t be before the start."));
    int64_t left = was && was->path && valid_today(ctx, NULL, was->valid_to) &&
                           !valid_today(ctx, NULL, a->valid_to)
                       ? households_in(ctx, was->path)
                       : 0;
    if (left > 0)
        ctx_problem(ctx, "valid_to",
                    say(ctx,
                        "{} households still live in this area. Record their move to the area "
                        "that replaces it first.",
                        left));
    if (a->outline && !is_ring(a->outline))
        ctx_problem(ctx, "outline",
                    say(ctx, "Enter a closed ring of points, longitude first: "
                             "[[112.48,23.06],[112.49,23.06],…]."));
}

#define A(member) offsetof(struct area, member)
static const struct field area_fields[] = {
    {"code", F_CODE, A(code), N_("Code"), .max = 40, .flags = UNIQUE | LISTED | SORTED,
     .hint = N_(
         "The official administrative code, or a short code of your own. Leave blank and one "
         "is made.")},
    {"parent", F_REF, A(parent), N_("Parent"), .ref = "areas", .flags = FILTER,
     .hint = N_("Moving an area also moves everything below it.")},
    {"name", F_TEXT, A(name), N_("Name"), .flags = REQUIRED | LISTED | SORTED},
    {"name_en", F_TEXT, A(name_en), N_("Name in English")},
    {"level", F_CHOICE, A(level), N_("Level"), .choices = area_levels,
     .flags = REQUIRED | LISTED | FILTER | SORTED},
    {"path", F_TEXT, A(path), N_("Full path"), .flags = FIXED | INNER},
    {"community", F_REF, A(community), N_("Community"), .ref = "areas", .flags = FIXED},
    {"valid_from", F_DATE, A(valid_from), N_("Valid from"), .group = N_("Validity"),
     .hint = N_("Leave blank for no limit.")},
    {"valid_to", F_DATE, A(valid_to), N_("Valid to"),
     .hint = N_(
         "After this date it can no longer be selected; existing records are not affected.")},
    {"lat", F_REAL, A(lat), N_("Latitude"), .min = -90, .max = 90, .group = N_("On the map")},
    {"lon", F_REAL, A(lon), N_("Longitude"), .min = -180, .max = 180},
    {"outline", F_LONG, A(outline), N_("Boundary"), .flags = INNER,
     .hint = N_("A closed ring of points, longitude first: [[112.48,23.06],…].")},
};
/* Sets path and community of every area from its parent, after areas were imported or moved. It
 * works level by level from the roots: each round places the children of the round before. */
static enum status areas_place(struct ctx *ctx)
{
    change(ctx->db, "UPDATE areas SET path = NULL, community = NULL");
    change(ctx->db, "UPDATE areas SET path = '/' || id || '/', community = CASE WHEN level = "
                    "'community' THEN id END"
                    " WHERE parent IS NULL");
    for (int depth = 0; depth < 12 && db_status(ctx->db) == OK; depth++) {
        change(ctx->db,
               "UPDATE areas SET path = (SELECT p.path FROM areas p WHERE p.id = areas.parent) || "
               "id || '/',"
               " community = CASE WHEN level = 'community' THEN id ELSE"
               " (SELECT p.community FROM areas p WHERE p.id = areas.parent) END"
               " WHERE path IS NULL AND parent IN (SELECT id FROM areas WHERE path IS NOT NULL)");
        if (db_changed(ctx->db) == 0)
            break;
    }
    return db_status(ctx->db);
}

/* The tree decides what people see, so it is rebuilt when an area was added or moved. */
static enum status area_settle(struct ctx *ctx, const void *before, const void *after)
{
    const struct area *was = before, *is = after;
    bool moved = is && (!was || was->parent != is->parent || strcmp(was->level, is->level) != 0);
    return moved ? areas_place(ctx) : OK;
}

const struct kind areas_kind = {.name = "areas",
                                .table = "areas",
                                .one = N_("Area"),
                                .many = N_("Areas"),
                                FIELDS(area_fields),
                                .size = sizeof(struct area),
                                .read = ROLES_SIGNED,
                                .write = WRITERS,
                                .allow = actor_for_all,
                                .remove = WRITERS,
                                .code = "code",
                                .order = "code",
                                .by_name = true,
                                .coded = true,
                                .natural = "code|name parent?",
                                .check = area_check,
                                .settle = area_settle,
                                .import_done = areas_place,
                                .about = N_("The subdistrict and its communities, estates, grids "
                                            "and buildings, used for dispatching and statistics.")};

/* ---- units ---- */

#define U(member) offsetof(struct unit, member)
static const struct field unit_fields[] = {
    {"code", F_CODE, U(code), N_("Code"), .max = 40, .flags = UNIQUE | LISTED | SORTED,
     .hint = N_("Leave blank and one is made.")},
    {"name", F_TEXT, U(name), N_("Name"), .flags = REQUIRED | LISTED | SORTED},
    {"name_en", F_TEXT, U(name_en), N_("Name in English")},
    {"kind", F_CHOICE, U(kind), N_("Type"), .choices = unit_kinds, .flags = LISTED | FILTER},
    {"area", F_REF, U(area), N_("Area"), .ref = "areas", .flags = FILTER},
    {"phone", F_PHONE, U(phone), N_("Phone"), .flags = LISTED},
    {"mail", F_TEXT, U(mail), N_("Email"), .max = MAIL_MOST, .flags = MAIL,
     .hint = N_("Where notifications to the whole unit are sent. Leave blank to list them under "
                "Calls to make.")},
};

static void unit_check(struct ctx *ctx, const void *before, void *after)
{
    const struct unit *u = after;
    (void)before;
    if (u->mail && !mail_valid(u->mail))
        ctx_problem(ctx, "mail", say(ctx, "Enter an email address, e.g. office@example.cn."));
}

const struct kind units_kind = {
    .name = "units",
    .table = "units",
    .one = N_("Unit"),
    .many = N_("Units"),
    FIELDS(unit_fields),
    .size = sizeof(struct unit),
    .read = ROLES_SIGNED,
    .write = WRITERS,
    .allow = actor_for_all,
    .remove = WRITERS,
    .code = "code",
    .order = "code",
    .by_name = true,
    .coded = true,
    .natural = "code|name",
    .check = unit_check,
    .about = N_("Offices, communities, departments and companies that handle requests.")};

/* ---- categories ---- */

/* Three levels: residents choose from the first two, staff also from the third. */

/* The level of a category, the first being 1. 0: below the excluded category, or too deep. */
static int category_level(struct ctx *ctx, int64_t id, int64_t but)
{
    int level = 0;
    for (; id != NONE && id != but && level <= CATEGORY_LEVELS; level++)
        id = query_int(ctx->db, "SELECT parent FROM categories WHERE id = {}", id);
    return id == NONE ? level : 0;
}

static int categories_below(struct ctx *ctx, int64_t id)
{
    if (query_int(ctx->db,
                  "SELECT id FROM categories WHERE parent IN (SELECT id FROM categories WHERE "
                  "parent = {}) LIMIT 1",
                  id) != NONE)
        return 2;
    return query_int(ctx->db, "SELECT id FROM categories WHERE parent = {} LIMIT 1", id) != NONE;
}

static void category_check(struct ctx *ctx, const void *before, void *after)
{
    const struct category *was = before, *c = after;
    if (c->parent == NONE || c->parent == 0) /* 0: a row above it in a dry run */
        return;
    int level = category_level(ctx, c->parent, was ? was->record.id : NONE),
        below = was ? categories_below(ctx, was->record.id) : 0;
    if (level == 0)
        ctx_problem(ctx, "parent", say(ctx, "A category can’t be its own parent."));
    else if (level >= CATEGORY_LEVELS)
        ctx_problem(ctx, "parent",
                    say(ctx, "There can be no more than three levels: choose a first- or "
                             "second-level category."));
    else if (level + 1 + below > CATEGORY_LEVELS)
        ctx_problem(
            ctx, "parent",
            say(ctx, "Including its sub-categories, this would make more than three levels."));
}

#define C(member) offsetof(struct category, member)
static const struct field category_fields[] = {
    {"code", F_CODE, C(code), N_("Code"), .max = 40, .flags = UNIQUE | LISTED | SORTED,
     .hint = N_("Leave blank and one is made.")},
    {"parent", F_REF, C(parent), N_("Parent"), .ref = "categories", .flags = FILTER},
    {"name", F_TEXT, C(name), N_("Name"), .flags = REQUIRED | LISTED | SORTED},
    {"name_en", F_TEXT, C(name_en), N_("Name in English")},
    {"icon", F_CODE, C(icon), N_("Icon"), .max = 60, .flags = ICON,
     .hint = N_("Shown next to the name when residents choose.")},
    {"unit", F_REF, C(unit), N_("Default lead unit"), .ref = "units", .flags = LISTED | FILTER,
     .group = N_("Handling"),
     .hint = N_("Leave blank to use the residents’ committee of the community concerned.")},
    {"level", F_CHOICE, C(level), N_("Level"), .choices = category_levels,
     .flags = LISTED | FILTER},
    {"days", F_INT, C(days), N_("Deadline"), .min = 0, .max = 1000, .flags = LISTED,
     .hint = N_("Enter a number and choose the unit of time below."), .unit = "day_kind"},
    {"day_kind", F_CHOICE, C(day_kind), N_("Unit of time"), .choices = day_kinds, .flags = LISTED},
    {"first_contact_hours", F_INT, C(first_contact_hours), N_("First contact within (hours)"),
     .min = 0, .max = 1000},
    {"hint", F_TEXT, C(hint), N_("Hint for residents"), .group = N_("For residents")},
    {"hint_en", F_TEXT, C(hint_en), N_("Hint in English")},
    {"position", F_INT, C(position), N_("Sort order"), .hint = N_("Smaller numbers come first.")},
    {"valid", F_BOOL, C(valid), N_("In use"), .min = 1,
     .hint = N_("If unticked, it can no longer be selected; existing records are not affected.")},
};
/* Spreadsheets without these columns add categories that are in use, after the others of their
 * level. */
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

/* Recalculates open deadlines with the new time limits. */
static enum status categories_follow(struct ctx *ctx)
{
    return recount_follow(ctx, "categories");
}

static enum status category_settle(struct ctx *ctx, const void *before, const void *after)
{
    const struct category *was = before, *is = after;
    bool same = !was || !is ||
                (was->days == is->days && same_text(was->day_kind, is->day_kind) &&
                 same_text(was->level, is->level) &&
                 was->first_contact_hours == is->first_contact_hours);
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
    .allow = actor_for_all,
    .remove = WRITERS,
    .code = "code",
    .order = "position, code",
    .coded = true,
    .natural = "code|name parent?",
    .check = category_check,
    .import_insert = category_insert,
    .settle = category_settle,
    .import_done = categories_follow,
    .about = N_(
        "What residents can report, in up to three levels, each with its lead unit and deadline.")};

#define H(member) offsetof(struct holiday, member)
static const struct field holiday_fields[] = {
    {"date", F_DATE, H(date), N_("Date"), .flags = REQUIRED | UNIQUE | LISTED | FILTER},
    {"name", F_TEXT, H(name), N_("Name"), .flags = LISTED, .aliases = "节日"},
    {"is_off_day", F_BOOL, H(is_off_day), N_("Day off"), .flags = REQUIRED | LISTED,
     .aliases = "isOffDay|是否放假|放假"},
};
static enum status holidays_follow(struct ctx *ctx)
{
    return recount_follow(ctx, "holidays");
}

static enum status holiday_settle(struct ctx *ctx, const void *before, const void *after)
{
    (void)before;
    (void)after;
    return holidays_follow(ctx);
}

const struct kind holidays_kind = {
    .name = "holidays",
    .table = "holidays",
    .one = N_("Holiday calendar entry"),
    .many = N_("Holiday calendar"),
    FIELDS(holiday_fields),
    .size = sizeof(struct holiday),
    .read = ROLES_SIGNED,
    .write = WRITERS,
    .allow = actor_for_all,
    .remove = WRITERS,
    .code = "date",
    .order = "date DESC",
    .settle = holiday_settle,
    .import_done = holidays_follow,
    .home = "/calendar",
    .about = N_("Public holidays and make-up working days, used to calculate deadlines.")};

#define T(member) offsetof(struct reply_template, member)
static const struct field template_fields[] = {
    {"code", F_CODE, T(code), N_("Code"), .max = 40, .flags = UNIQUE | LISTED,
     .hint = N_("Leave blank and one is made.")},
    {"title", F_TEXT, T(title), N_("Title"), .flags = REQUIRED | LISTED | SORTED},
    {"kind", F_CHOICE, T(kind), N_("Type"), .choices = template_kinds, .flags = LISTED | FILTER},
    {"category", F_REF, T(category), N_("Category"), .ref = "categories", .flags = LISTED | FILTER,
     .hint = N_("Also applies to sub-categories. Leave blank for all categories.")},
    {"text", F_LONG, T(text), N_("Text"), .max = 4000, .flags = REQUIRED,
     .hint = N_("Filled in automatically: {name}, {number}, {unit}, {today}, {date} (the "
                "deadline). Type …… where staff must add something before it is sent.")},
    {"text_en", F_LONG, T(text_en), N_("Text in English"), .max = 4000},
};
const struct kind templates_kind = {
    .name = "templates",
    .table = "templates",
    .one = N_("Reply template"),
    .many = N_("Reply templates"),
    FIELDS(template_fields),
    .size = sizeof(struct reply_template),
    .read = ROLES_STAFF | ROLE_ADMIN,
    .write = WRITERS,
    .allow = actor_for_all,
    .remove = WRITERS,
    .code = "code",
    .order = "code",
    .coded = true,
    .natural = "code|title",
    .about = N_("Standard replies and notifications with the number, name, unit and date filled in "
                "automatically.")};

static const struct kind *const kinds[] = {
    &areas_kind, &units_kind, &categories_kind, &holidays_kind, &templates_kind, &users_kind, NULL};

bool unit_deserted(struct ctx *ctx, int64_t unit)
{
    return query_int(ctx->db, "SELECT id FROM units WHERE id = {} AND " UNITS_DESERTED,
                     (struct maybe){unit}) != NONE;
}

/* Counts the units where nobody else can sign in. */
static const char *units_held(struct ctx *ctx, int64_t user)
{
    struct rows *r = query(
        ctx->db,
        "SELECT DISTINCT u.id, u.name, u.name_en FROM units u JOIN grants g ON g.unit = u.id WHERE "
        "g.\"user\" = {} AND NOT EXISTS (SELECT 1 FROM grants o JOIN users a ON a.id = o.\"user\" "
        "WHERE o.unit = u.id AND o.\"user\" <> {} AND a.active = 1) ORDER BY u.id",
        user, user);
    const char *names = list_names(ctx, r);
    return *names ? say(ctx,
                        "{}: nobody else at this unit can sign in. Nothing more is dispatched to "
                        "it; what it has goes back to dispatch.",
                        names)
                  : NULL;
}

static const struct holding holdings[] = {{units_held, "/registers/units"}, {.held = NULL}};

/* ---- units and accounts as recipients of notices ---- */

static void read_reached(struct ctx *ctx, struct rows *r, struct reached *to)
{
    if (rows_next(r)) {
        to->who = arena_copy(ctx->arena,
                             ctx_pick(ctx, row_text(r, "name"), row_text(r, "name_en")));
        to->phone = row_copy(r, ctx->arena, "phone");
        to->mail = row_copy(r, ctx->arena, "mail");
        to->language = row_copy(r, ctx->arena, "language");
    }
    rows_end(r);
}

static void unit_find(struct ctx *ctx, int64_t id, int64_t record, struct reached *to)
{
    (void)record;
    read_reached(ctx,
                 query(ctx->db,
                       "SELECT name, name_en, phone, mail, NULL AS language FROM units WHERE id = "
                       "{}",
                       id),
                 to);
}

static void user_find(struct ctx *ctx, int64_t id, int64_t record, struct reached *to)
{
    (void)record;
    read_reached(ctx,
                 query(ctx->db,
                       "SELECT name, name_en, NULL AS phone, mail, language FROM users WHERE id = "
                       "{}",
                       id),
                 to);
}

static const struct recipient recipients[] = {
    {.prefix = "unit:", .find = unit_find},
    {.prefix = "user:", .find = user_find},
    {.prefix = NULL},
};

static const char *role_shown(struct ctx *ctx, const void *value)
{
    const char *name = ((const struct setting_value *)value)->text;
    unsigned role = name ? role_parse(name) : 0;
    return role ? role_title(ctx, (enum role)role) : name ? name : "";
}

/* What a grant holds. */
static const struct field logged[] = {
    {"role", F_TEXT, SETTING, N_("Role"), .shown = role_shown},
    {"area", F_REF, SETTING, N_("Area"), .ref = "areas"},
    {"unit", F_REF, SETTING, N_("Unit"), .ref = "units"},
    {"organisation", F_REF, SETTING, N_("Team"), .ref = "organisations"},
    {.name = NULL},
};

const struct module registers_module = {.name = "registers",
                                        .kinds = kinds,
                                        .logged = logged,
                                        .recipients = recipients,
                                        .holdings = holdings,
                                        .phone = telephone_of_office};
