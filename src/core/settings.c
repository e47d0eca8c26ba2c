/*
 * The values of settings, and those shown on every page. The footer's texts
 * are in a block that is replaced as a whole. Old blocks are kept, because a
 * page may still be reading one; there are only as many as an administrator
 * makes changes.
 */
#include "core/settings.h"

#include "core/module.h"
#include "base/seal.h"
#include "kind/area.h"

#include <string.h>

#define SATISFIED_FROM   "figures.satisfied_from"
#define SATISFIED_PRESET 3

/* By the lowest of the five levels that still counts. */
static const struct choice satisfied_levels[] = {{"3", N_("fairly satisfied and above")},
                                                 {"4", N_("satisfied and above")},
                                                 {"5", N_("very satisfied only")},
                                                 {NULL, NULL}};

static const struct field fields[] = {
    {"site.name", F_TEXT, SETTING, N_("Office name"), .max = 60, .group = N_("Subdistrict office"),
     .hint = N_(
         "Shown at the bottom of every page. Leave blank to use the name of the top-level area.")},
    {"site.name_en", F_TEXT, SETTING, N_("Name in English"), .max = 100},
    {"site.phone", F_PHONE, SETTING, N_("Office phone"),
     .hint = N_("A button on the residents’ pages. Left blank, the number of the first office is "
                "shown.")},
    {"site.contact", F_TEXT, SETTING, N_("Contact details"), .max = 200,
     .hint = N_("Phone and address, on one line.")},
    {"site.contact_en", F_TEXT, SETTING, N_("Contact details in English"), .max = 200},
    {"site.hours", F_TEXT, SETTING, N_("Opening hours"), .max = 200},
    {"site.hours_en", F_TEXT, SETTING, N_("Opening hours in English"), .max = 200},
    {"site.address", F_TEXT, SETTING, N_("Web address"), .max = 200, .group = N_("Addresses"),
     .hint = N_("The start of every QR code and link in messages, e.g. https://linli.example.cn")},
    {SATISFIED_FROM, F_CHOICE, SETTING, N_("Counted as satisfied"), .choices = satisfied_levels,
     .group = N_("Figures"),
     .hint = N_(
         "Preset: the first three of the five levels. In government service ratings (国办发〔"
         "2019〕51号) only the last two are negative.")},
    {.name = NULL},
};

int64_t satisfied_from(struct ctx *ctx)
{
    const char *kept = setting(ctx, SATISFIED_FROM);
    return *kept >= '1' && *kept <= '5' && !kept[1] ? *kept - '0' : SATISFIED_PRESET;
}

const char *satisfied_rule(struct ctx *ctx)
{
    const struct choice *c = satisfied_levels;
    while (c->code && *c->code - '0' != satisfied_from(ctx))
        c++;
    return say(ctx, "Counted as satisfied: {}.", tr(ctx, c->label));
}

const char *setting(struct ctx *ctx, const char *name)
{
    const char *key = arena_print(ctx->arena, "setting %s", name), *kept = db_recall(ctx->db, key);
    if (kept)
        return arena_copy(ctx->arena, kept);
    struct rows *r = query(ctx->db, "SELECT value FROM settings WHERE name = {}", name);
    const char *value = rows_next(r) ? row_copy(r, ctx->arena, "value") : NULL;
    rows_end(r);
    struct arena *memory = db_memory(ctx->db);
    if (memory && db_status(ctx->db) == OK)
        db_keep(ctx->db, key, arena_copy(memory, value ? value : ""));
    return value ? value : "";
}

void setting_put(struct ctx *ctx, const char *name, const char *value)
{
    if (value && *value)
        change(ctx->db,
               "INSERT INTO settings (name, value) VALUES ({}, {}) ON CONFLICT (name) DO UPDATE "
               "SET value = excluded.value",
               name, value);
    else
        change(ctx->db, "DELETE FROM settings WHERE name = {}", name);
}

const struct field *setting_next(int *m, const struct field *f)
{
    if (f && f[1].name)
        return f + 1;
    for (*m += f != NULL; modules[*m]; (*m)++)
        if (modules[*m]->settings && modules[*m]->settings->name)
            return modules[*m]->settings;
    return NULL;
}
struct setting_value *setting_load(struct ctx *ctx, const struct field *f)
{
    struct setting_value *v = ARENA_NEW(ctx->arena, struct setting_value);
    const char *stored = setting(ctx, f->name);
    if ((f->flags & SEALED) && *stored &&
        (!ctx->keys || seal_open(ctx->keys, ctx->arena, f->name, stored, &stored) != OK))
        stored = "";
    v->record.id = NONE;
    field_set(ctx, f, v, stored);
    return v;
}

/* ---- what every page shows ---- */

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && !strcmp(a, b));
}

static const char *kept(struct ctx *ctx, const char *name)
{
    const char *value = setting(ctx, name);
    return *value ? value : NULL;
}

void settings_follow(struct ctx *ctx)
{
    struct site_words now = {kept(ctx, "site.name"),    kept(ctx, "site.name_en"),
                             kept(ctx, "site.contact"), kept(ctx, "site.contact_en"),
                             kept(ctx, "site.hours"),   kept(ctx, "site.hours_en"),
                             kept(ctx, "site.phone")};
    if (!now.name) {
        struct area_names top = area_top(ctx->db, ctx->arena);
        now.name = top.name;
        now.name_en = now.name_en ? now.name_en : top.name_en;
    }
    if (!now.phone)
        now.phone = modules_phone(ctx);
    const struct site_words *was = ctx->site->words;
    if (db_status(ctx->db) != OK ||
        (was && same_text(was->name, now.name) && same_text(was->name_en, now.name_en) &&
         same_text(was->contact, now.contact) && same_text(was->contact_en, now.contact_en) &&
         same_text(was->hours, now.hours) && same_text(was->hours_en, now.hours_en) &&
         same_text(was->phone, now.phone)))
        return;
    struct site_words *new = must_alloc(sizeof *new);
    const char *const *from = (const char *const *)&now;
    const char **to = (const char **)new;
    for (size_t i = 0; i < sizeof now / sizeof(char *); i++)
        to[i] = from[i] ? must_copy(from[i]) : NULL;
    ctx->site->words = new;
}

static const struct job jobs[] = {
    {"settings", 0, settings_follow},
    {.name = NULL},
};

const struct module settings_module = {.name = "settings", .jobs = jobs, .settings = fields};
