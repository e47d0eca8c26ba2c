/*
 * The registers that staff keep once and use everywhere: areas, units,
 * categories, the holiday calendar, reply templates.
 */
#ifndef LINLI_APP_REGISTERS_H
#define LINLI_APP_REGISTERS_H

#include "base/when.h"
#include "kind/kind.h"

struct area {
    struct record record;
    const char *code, *name, *name_en, *level;
    int64_t parent, community; /* community: the ancestor (or itself) at that level; NONE above it */
    const char *path;          /* "/1/4/": the ids from the root down to itself; set by the program */
    double lat, lon;           /* WGS-84 */
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

/* The working-day calendar as stored, in arena a. */
struct calendar *calendar_load(struct db *db, struct arena *a);
/* The same, read once for all of what the context does. */
const struct calendar *ctx_calendar(struct ctx *ctx);
/* Behind the door: sets path and community of every area from its parent; after areas were imported or moved. */
enum status areas_place(struct ctx *ctx);

#endif
