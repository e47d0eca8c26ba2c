/*
 * The registers' steps of set-up: areas by typing the communities' names,
 * units with a residents' committee for each community, categories, templates,
 * the calendar, organisations, people and accounts.
 */
#include "app/registers/registers.h"

#include "core/module.h"
#include "base/text.h"
#include "base/when.h"
#include "web/fields.h"
#include "pages/setup_page.h"
#include "web/web.h"

#include <stdlib.h>
#include <string.h>

#define COMMUNITIES_MOST 200 /* names typed at once */
#define NAME_MOST        60  /* characters of one */

/* ---- areas ---- */

static int64_t community_count(struct ctx *ctx)
{
    return query_int(ctx->db, "SELECT count(*) AS n FROM areas WHERE level = 'community'");
}

static const char *areas_missing(struct ctx *ctx)
{
    return community_count(ctx) == 0 ? say(ctx, "No communities yet.") : NULL;
}

static const struct area *root(struct ctx *ctx)
{
    int64_t id = query_int(ctx->db, "SELECT min(id) AS id FROM areas WHERE parent IS NULL");
    return id == NONE ? NULL : record_get(ctx, &areas_kind, id);
}

static void areas_draw(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct area *top = root(ctx);
    bool again = ctx_problem_of(ctx, "communities") || ctx_problem_of(ctx, "subdistrict");
    if (community_count(ctx) > 0 && !again)
        return;
    form_begin(ctx, "/setup/areas", NULL, false);
    if (!top)
        line_field(ctx, &(struct line){.name = "subdistrict", .label = say(ctx, "Subdistrict")});
    html(out,
         "<div class=\"field\"><label for=\"f-communities\">{}</label><p class=\"hint\" "
         "id=\"f-communities-h\">{}</p><textarea id=\"f-communities\" name=\"communities\" "
         "rows=\"6\" required aria-describedby=\"f-communities-h\">\n{}</textarea>",
         say(ctx, "Communities"),
         say(ctx, "One on each line. Housing estates, grids and buildings can follow in a "
                  "spreadsheet."),
         param(ctx, "communities"));
    field_problem(ctx, "communities");
    html(out, "</div><div class=\"acts\"><button class=\"primary\">{}</button></div>",
         say(ctx, "Add communities"));
    form_end(ctx);
}

static struct area *area_add(struct ctx *ctx, const char *field, const char *name,
                             const char *level, int64_t parent)
{
    struct area *a = record_new(ctx, &areas_kind);
    a->name = name;
    a->level = level;
    a->parent = parent;
    if (!*name || text_length(name) > NAME_MOST)
        ctx_problem(ctx, field,
                    say(ctx, "“{}”: enter a name of 1 to {} characters.",
                        text_cut(ctx->arena, name, 30), NAME_MOST));
    else if (record_check(ctx, &areas_kind, NULL, a))
        record_store(ctx, &areas_kind, NULL, a);
    return a;
}

/* One line each; those that are there stay as they are. */
static int64_t communities_add(struct ctx *ctx, int64_t parent, const char *text)
{
    int64_t added = 0;
    for (const char *s = text ? text : ""; *s && ctx_ok(ctx); s += *s != '\0') {
        size_t n = strcspn(s, "\r\n");
        const char *name = text_tidy(ctx->arena, arena_copyn(ctx->arena, s, n));
        s += n;
        if (!*name ||
            query_int(ctx->db, "SELECT min(id) AS id FROM areas WHERE name = {} AND parent = {}",
                      name, parent) != NONE)
            continue;
        if (++added > COMMUNITIES_MOST)
            ctx_problem(ctx, "communities",
                        say(ctx, "No more than {} at a time; import a spreadsheet for more.",
                            COMMUNITIES_MOST));
        else
            area_add(ctx, "communities", name, "community", parent);
    }
    return added;
}

static void areas_change(struct ctx *ctx)
{
    const struct area *top = root(ctx);
    const char *typed = param(ctx, "communities"), *name = param(ctx, "subdistrict");
    int64_t parent = top ? top->record.id : NONE;
    if (!typed || text_blank(typed))
        ctx_problem(ctx, "communities", say(ctx, "Enter at least one community."));
    if (!top && (!name || text_blank(name)))
        ctx_problem(ctx, "subdistrict", say(ctx, "Enter the name of the subdistrict."));
    else if (!top && ctx_ok(ctx))
        parent = area_add(ctx, "subdistrict", text_tidy(ctx->arena, name), "subdistrict", NONE)
                     ->record.id;
    int64_t added = ctx_ok(ctx) ? communities_add(ctx, parent, typed) : 0;
    if (!ctx_ok(ctx))
        return;
    flash(ctx, say_n(ctx, added, "1 community added.", "{} communities added.", added));
    see_other(ctx, "/setup#areas");
}

/* ---- units ---- */

/* A residents' committee for each community that has none. */
static int64_t committees_add(struct ctx *ctx)
{
    struct area **list = NULL;
    int n = 0;
    struct rows *r = query(ctx->db, "SELECT id, name, name_en FROM areas WHERE level = 'community' "
                                    "AND id NOT IN (SELECT area FROM units WHERE kind = "
                                    "'community' AND area IS NOT NULL) ORDER BY code");
    while (rows_next(r)) {
        struct area *a = record_new(ctx, &areas_kind);
        a->record.id = row_int(r, "id");
        a->name = row_copy(r, ctx->arena, "name");
        a->name_en = row_copy(r, ctx->arena, "name_en");
        *ARENA_NEXT(ctx->arena, list, n) = a;
    }
    rows_end(r);
    for (int i = 0; i < n; i++) {
        struct unit *u = record_new(ctx, &units_kind);
        u->name = arena_print(ctx->arena, "%s居民委员会", list[i]->name);
        if (list[i]->name_en)
            u->name_en = arena_print(ctx->arena, "%s Residents’ Committee", list[i]->name_en);
        u->kind = "community";
        u->area = list[i]->record.id;
        if (!record_check(ctx, &units_kind, NULL, u) ||
            record_store(ctx, &units_kind, NULL, u) != OK)
            return NONE;
    }
    return n;
}

static int64_t units_load(struct ctx *ctx)
{
    int64_t offices = common_load(ctx, &units_kind, "units"),
            committees = offices == NONE ? NONE : committees_add(ctx);
    return committees == NONE ? NONE : offices + committees;
}

static const char *units_missing(struct ctx *ctx)
{
    if (query_int(ctx->db, "SELECT min(id) AS id FROM units") == NONE)
        return say(ctx, "Nothing entered yet.");
    int64_t without = query_int(ctx->db,
                                "SELECT count(*) AS n FROM areas WHERE level = 'community' AND id "
                                "NOT IN (SELECT area FROM units WHERE kind = 'community' AND area "
                                "IS NOT NULL)");
    return without ? say_n(ctx, without, "1 community has no residents’ committee.",
                           "{} communities have no residents’ committee.", without)
                   : NULL;
}

/* ---- categories, templates ---- */

static int64_t categories_load(struct ctx *ctx)
{
    return common_load(ctx, &categories_kind, "categories");
}

static int64_t templates_load(struct ctx *ctx)
{
    return common_load(ctx, &templates_kind, "templates");
}

/* ---- the calendar ---- */

static int64_t holidays_load(struct ctx *ctx)
{
    int64_t old = common_load(ctx, &holidays_kind, "holidays"),
            coming = old == NONE ? NONE : common_load(ctx, &holidays_kind, "holidays-2027");
    return coming == NONE ? NONE : old + coming;
}

const char *calendar_lacks(struct ctx *ctx, int year)
{
    const char *first = arena_print(ctx->arena, "%04d-01-01", year),
               *last = arena_print(ctx->arena, "%04d-12-31", year);
    if (query_int(ctx->db, "SELECT min(id) AS id FROM holidays WHERE date BETWEEN {} AND {}", first,
                  last) == NONE)
        return say(ctx,
                   "{}: no public holidays entered yet, so deadlines count them as working "
                   "days.",
                   arena_print(ctx->arena, "%d", year));
    if (query_int(ctx->db,
                  "SELECT min(id) AS id FROM holidays WHERE date BETWEEN {} AND {} AND is_off_day "
                  "= 0",
                  first, last) == NONE)
        return say(ctx,
                   "{}: make-up working days are not entered yet. Add them once the State "
                   "Council has announced them, usually in November of the year before.",
                   arena_print(ctx->arena, "%d", year));
    return NULL;
}

#define COMING_MONTH 11 /* from this month on, the coming year counts too */

static const char *calendar_missing(struct ctx *ctx)
{
    struct civil now = civil_from_when(ctx->now);
    const char *lacks = calendar_lacks(ctx, now.year);
    return lacks || now.month < COMING_MONTH ? lacks : calendar_lacks(ctx, now.year + 1);
}

/* ---- accounts ---- */

static const char *accounts_missing(struct ctx *ctx)
{
    if (query_int(ctx->db, "SELECT count(*) AS n FROM users WHERE active = 1") < 2)
        return say(ctx, "Only the administrator has an account.");
    int64_t roleless = query_int(ctx->db, "SELECT count(*) AS n FROM users WHERE active = 1 AND id "
                                          "NOT IN (SELECT \"user\" FROM grants)");
    if (roleless)
        return say_n(ctx, roleless, "1 account has no role.", "{} accounts have no role.",
                     roleless);
    int64_t silent = passwords_missing(ctx);
    return silent ? say_n(ctx, silent, "1 account has no password yet.",
                          "{} accounts have no password yet.", silent)
                  : NULL;
}

static const struct setup_step steps[] = {
    {"areas", N_("Areas"),
     N_("The subdistrict and its communities, estates and grids. Everything else refers to them."),
     &areas_kind, 20, 2, .missing = areas_missing, .draw = areas_draw},
    {"units", N_("Units"),
     N_("Who handles requests: offices of the subdistrict, residents’ "
        "committees, departments, companies."),
     &units_kind, 30, 1, .missing = units_missing, .common = units_load,
     .common_label = N_("Load common offices and a residents’ committee for each community")},
    {"categories", N_("Categories"),
     N_("What residents can report, and how long an answer may take."), &categories_kind, 40, 1,
     .common = categories_load, .common_label = N_("Load common categories")},
    {"templates", N_("Reply templates"), N_("Standard replies and notifications."), &templates_kind,
     50, .common = templates_load, .common_label = N_("Load common reply templates")},
    {"calendar", N_("Holiday calendar"),
     N_("Public holidays and make-up working days, by which deadlines are calculated."),
     &holidays_kind, 60, .href = "/calendar", .missing = calendar_missing, .common = holidays_load,
     .common_label = N_("Load public holidays 2024–2027")},
    {"organisations", N_("Organisations"),
     N_("Volunteer teams, service points, committees and others."), &organisations_kind, 80},
    {"people", N_("People"),
     N_("Only those whom the office has to know; others enter themselves when they ask or sign "
        "up."),
     &people_kind, 90},
    {"accounts", N_("Accounts"),
     N_("Who can sign in. A spreadsheet also gives each account its role, area and unit."),
     &users_kind, 100, 2, .href = "/users/new", .missing = accounts_missing,
     .draw = passwords_link},
    {.name = NULL},
};

static const struct route table[] = {
    ROUTE_POST("/setup/areas", ROLE_ADMIN, areas_change, .failed = setup_page),
};

const struct module register_setup_module = {
    .name = "register_setup", .routes = ROUTES(table), .setup = steps};
