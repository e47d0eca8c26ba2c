/*
 * The register of skills, and finding the one that a request needs.
 */
#include "app/volunteers/skills.h"

#include "app/registers/registers.h"
#include "core/module.h"

#include <stddef.h>

#define S(member) offsetof(struct skill, member)
static const struct field skill_fields[] = {
    {"code", F_CODE, S(code), N_("Code"), .max = 40, .flags = UNIQUE | LISTED,
     .hint = N_("Leave blank and one is made.")},
    {"name", F_TEXT, S(name), N_("Name"), .max = 40, .flags = REQUIRED | LISTED},
    {"name_en", F_TEXT, S(name_en), N_("Name in English"), .max = 60, .flags = LISTED},
    {"icon", F_CODE, S(icon), N_("Icon"), .max = 60, .flags = ICON},
    {"category", F_REF, S(category), N_("Needed for requests in"), .ref = "categories",
     .flags = LISTED | FILTER},
    {"home_visit", F_BOOL, S(home_visit), N_("Home visit by two people"), .flags = LISTED},
    {"people_needed", F_INT, S(people_needed), N_("People needed"), .min = 1, .max = 10},
    {"position", F_INT, S(position), N_("Sort order")},
};
const struct kind skills_kind = {
    .name = "skills",
    .table = "skills",
    .one = N_("Skill"),
    .many = N_("Skills"),
    FIELDS(skill_fields),
    .size = sizeof(struct skill),
    .read = ROLES_SIGNED,
    .write = ROLE_ADMIN | ROLE_OFFICE,
    .allow = actor_for_all,
    .code = "code",
    .order = "position, code",
    .coded = true,
    .natural = "code|name",
    .about = N_("What volunteers can do, and which requests need those skills.")};

static int64_t load_skills(struct ctx *ctx)
{
    return common_load(ctx, &skills_kind, "skills");
}

static const struct setup_step setup[] = {
    {"skills", N_("Skills"), N_("What volunteers can do, and which requests need it."),
     &skills_kind, 70, .common = load_skills, .common_label = N_("Load common skills")},
    {.name = NULL}};

const struct module skills_module = {.name = "skills", .setup = setup};

const char *skill_name(struct ctx *ctx, const char *code)
{
    struct rows *r = query(ctx->db, "SELECT name, name_en FROM skills WHERE code = {}", code);
    const char *name = rows_next(r) ? arena_copy(ctx->arena, ctx_pick(ctx, row_text(r, "name"),
                                                                      row_text(r, "name_en")))
                                    : code;
    rows_end(r);
    return name;
}

const char *skill_for(struct ctx *ctx, int64_t category)
{
    const char *code = NULL;
    for (int level = 0; level < CATEGORY_LEVELS && category != NONE && !code; level++) {
        struct rows *r = query(
            ctx->db, "SELECT code FROM skills WHERE category = {} ORDER BY position, code LIMIT 1",
            category);
        code = rows_next(r) ? row_copy(r, ctx->arena, "code") : NULL;
        rows_end(r);
        category = query_int(ctx->db, "SELECT parent FROM categories WHERE id = {}", category);
    }
    return code;
}
