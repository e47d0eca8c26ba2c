/*
 * The capabilities of the program, in the order of their places in the
 * navigation. Adding one is a line here.
 */
#include "app/module.h"

#include "app/api.h"

#define MODULES(M) \
    M(account_commands_module) \
    M(backup_module) \
    M(housekeeping_module) \
    M(importer_module) \
    M(tenants_module) \
    M(rollup_module) \
    M(verify_module) \
    M(residents_module) \
    M(photos_module) \
    M(stations_module) \
    M(map_module) \
    M(card_module) \
    M(my_module) \
    M(join_module) \
    M(teams_module) \
    M(tries_module) \
    M(work_module) \
    M(request_page_module) \
    M(intake_module) \
    M(requests_module) \
    M(life_module) \
    M(registers_module) \
    M(register_pages_module) \
    M(register_edit_module) \
    M(register_views_module) \
    M(settings_module) \
    M(users_module) \
    M(deadline_pages_module) \
    M(calendar_module) \
    M(journal_module) \
    M(people_module) \
    M(volunteers_module) \
    M(volunteer_pages_module) \
    M(hours_pages_module) \
    M(leaders_module) \
    M(activities_module) \
    M(activity_desk_module) \
    M(activity_form_module) \
    M(activity_notices_module) \
    M(activity_page_module) \
    M(activity_photos_module) \
    M(activities_calendar_module) \
    M(check_in_module) \
    M(door_module) \
    M(feeds_module) \
    M(offers_module) \
    M(visits_module) \
    M(asks_module) \
    M(offer_notices_module) \
    M(opinions_module) \
    M(opinion_pages_module) \
    M(certificates_module) \
    M(certificate_pages_module) \
    M(volunteer_systems_module) \
    M(figures_module) \
    M(dashboard_module) \
    M(figures_pages_module) \
    M(admin_module) \
    M(deliver_module) \
    M(outbox_module) \
    M(imports_module) \
    M(search_module) \
    M(install_module) \
    M(move_module) \
    /* one a line, in that order */

#define DECLARE(m) extern const struct module m;
MODULES(DECLARE)

#define ADDRESS(m) &m,
const struct module *const modules[] = {MODULES(ADDRESS) NULL};

const struct routes *modules_routes(void)
{
    enum { MOST = 100 };
    static struct routes all[MOST + 2];
    int n = 0;
    if (all[0].list)
        return all;
    for (int m = 0; modules[m] && n < MOST; m++)
        if (modules[m]->routes.list)
            all[n++] = modules[m]->routes;
    all[n] = api_routes();
    return all;
}

const struct kind *const *modules_kinds(void)
{
    enum { MOST = 100 };
    static const struct kind *all[MOST + 1];
    int n = 0;
    if (all[0])
        return all;
    for (int m = 0; modules[m]; m++)
        for (int i = 0; modules[m]->kinds && modules[m]->kinds[i] && n < MOST; i++)
            all[n++] = modules[m]->kinds[i];
    return all;
}

const char *kind_names_text(struct ctx *ctx, const char *asked)
{
    struct buf known;
    buf_init(&known, 0);
    for (const struct kind *const *k = modules_kinds(); *k; k++)
        plain(&known, " {}", (*k)->name);
    const char *text = say(ctx, "There is no kind “{}”. Known are:{}.", asked, arena_copyn(ctx->arena, known.data, known.size));
    buf_release(&known);
    return text;
}
