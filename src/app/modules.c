/*
 * The capabilities of the program, in the order of their places in the
 * navigation. Adding one is a line here.
 */
#include "app/module.h"

extern const struct module life_module, figures_pages_module;
extern const struct module photos_module, stations_module;
extern const struct module residents_module, desk_module, registers_module, requests_module, figures_module, install_module;

const struct module *const modules[] = {
    &residents_module,
    &photos_module,
    &stations_module,
    &desk_module,
    &requests_module,
    &life_module,
    &registers_module,
    &figures_module,
    &figures_pages_module,
    &install_module,
    NULL,
};

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
