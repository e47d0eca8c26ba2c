/*
 * The public header of the registers: what staff record once and everything
 * refers to. It describes areas, units, categories, working days and reply
 * templates. The headers included at the end add people, accounts, lists of
 * names and the reading of calendars.
 */
#ifndef LINLI_APP_REGISTERS_H
#define LINLI_APP_REGISTERS_H

#include "kind/kind.h"

struct area {
    struct record record;
    const char *code, *name, *name_en, *level;
    int64_t parent,
        community;    /* community: the ancestor (or itself) at that level; NONE above it */
    const char *path; /* "/1/4/": the ids from the root down to itself; set by the program */
    double lat, lon;  /* WGS-84 */
    const char *outline, *valid_from, *valid_to;
};
struct unit {
    struct record record;
    const char *code, *name, *name_en, *kind;
    int64_t area;
    const char *phone, *mail;
};
#define CATEGORY_LEVELS 3
struct category {
    struct record record;
    const char *code, *name, *name_en, *icon, *level;
    int64_t parent, unit, days;
    const char *day_kind; /* working_days, hours, calendar_days */
    int64_t first_contact_hours;
    const char *hint, *hint_en;
    int64_t position, valid;
};
struct holiday {
    struct record record;
    const char *date, *name;
    int64_t is_off_day;
};
struct reply_template {
    struct record record;
    const char *code, *title, *kind;
    int64_t category;
    const char *text, *text_en;
};

extern const struct kind areas_kind, units_kind, categories_kind, holidays_kind, templates_kind;

/* SQL on a row of units: it had accounts, and none of them can sign in any more. Units that
 * never had one are notified by phone. */
#define UNITS_DESERTED \
    "EXISTS (SELECT 1 FROM grants WHERE grants.unit = units.id) AND NOT EXISTS (SELECT 1 FROM " \
    "grants JOIN users ON users.id = grants.\"user\" WHERE grants.unit = units.id AND " \
    "users.active " \
    "= 1)"
bool unit_deserted(struct ctx *ctx, int64_t unit); /* NONE: false */

/* Its modules, for program/modules.c. */
#define REGISTERS_MODULES(M) \
    M(registers_module) \
    M(register_views_module) \
    M(users_module) \
    M(password_slips_module) \
    M(register_setup_module) \
    M(calendar_module) \
    M(people_module) \
    M(rule_sets_module) \
    M(seats_module) \
    M(seat_pages_module) \
    M(merges_module) \
    M(merge_pages_module) \
    M(households_module) \
    M(household_pages_module) \
    M(household_glance_module) \
    M(household_merge_module) \
    M(person_copy_module)

#include "app/registers/area_field.h"
#include "app/registers/telephones.h"
#include "app/registers/calendar.h"
#include "app/registers/merges.h"
#include "app/registers/households.h"
#include "app/registers/names.h"
#include "app/registers/password_slips.h"
#include "app/registers/people.h"
#include "app/registers/rule_sets.h"
#include "app/registers/seats.h"
#include "app/registers/users.h"
#include "core/working_days.h"

#endif
