/*
 * The list of modules, and the tables made from it. The list belongs to the
 * program (program/modules.c), which passes it first of all: the floors below
 * know no capability by name.
 *
 * Each table is counted first and allocated at that length, so none can
 * overflow. They are made once, by modules_set, before threads start, and live
 * as long as the program.
 */
#include "core/module.h"

#include "core/offline.h"
#include "core/workflow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct module *const *modules;

static const struct kind **kinds;
static const struct workflow **workflows;
static struct routes *routes;
static const struct figure **figures;
static struct place *places;
static const struct place *navigation[2]; /* the one table, and the end */
static const struct reaction **reactions;

static void *table_new(void *old, int count, size_t size)
{
    free(old);
    void *table = calloc((size_t)count + 1, size);
    if (!table)
        abort();
    return table; /* its last row is empty */
}

static void kinds_gather(void)
{
    int n = 0;
    for (int m = 0; modules[m]; m++)
        for (int i = 0; modules[m]->kinds && modules[m]->kinds[i]; i++)
            n++;
    kinds = table_new(kinds, n, sizeof(const struct kind *));
    n = 0;
    for (int m = 0; modules[m]; m++)
        for (int i = 0; modules[m]->kinds && modules[m]->kinds[i]; i++)
            kinds[n++] = modules[m]->kinds[i];
}

static void workflows_gather(void)
{
    int n = 0;
    for (int m = 0; modules[m]; m++)
        for (int i = 0; modules[m]->workflows && modules[m]->workflows[i]; i++)
            n++;
    workflows = table_new(workflows, n, sizeof(const struct workflow *));
    n = 0;
    for (int m = 0; modules[m]; m++)
        for (int i = 0; modules[m]->workflows && modules[m]->workflows[i]; i++) {
            const char *fault = workflow_fault(modules[m]->workflows[i]);
            if (fault) {
                fprintf(stderr, "linli: a workflow of the module %s: %s\n", modules[m]->name,
                        fault);
                abort();
            }
            workflows[n++] = modules[m]->workflows[i];
        }
}

/* Each type of entry belongs to one module. */
static void offline_look(void)
{
    for (int m = 0; modules[m]; m++)
        for (const struct offline_entry *e = modules[m]->offline; e && e->what; e++)
            for (int n = 0; n <= m; n++)
                for (const struct offline_entry *o = modules[n]->offline; o && o->what && o != e;
                     o++)
                    if (!strcmp(o->what, e->what)) {
                        fprintf(stderr, "linli: the offline entry %s is in two rows (%s, %s)\n",
                                e->what, modules[n]->name, modules[m]->name);
                        abort();
                    }
}

static void figures_gather(void)
{
    int n = 0;
    for (int m = 0; modules[m]; m++)
        for (const struct figure *f = modules[m]->figures; f && f->id; f++)
            n++;
    figures = table_new(figures, n, sizeof(const struct figure *));
    n = 0;
    for (int m = 0; modules[m]; m++)
        for (const struct figure *f = modules[m]->figures; f && f->id; f++) {
            int without = 0;
            while (f->without && f->without[without].label)
                without++;
            if (without > FIGURE_WITHOUT_MOST) {
                fprintf(stderr, "linli: the figure %s leaves out %d groups, at most %d can be\n",
                        f->id, without, FIGURE_WITHOUT_MOST);
                abort();
            }
            figures[n++] = f;
        }
}

/* One table in the order of rank; places of equal rank stay in the order of the modules. */
static void places_gather(void)
{
    int n = 0;
    for (int m = 0; modules[m]; m++)
        for (const struct place *p = modules[m]->places; p && p->href; p++)
            n++;
    places = table_new(places, n, sizeof *places);
    n = 0;
    for (int m = 0; modules[m]; m++)
        for (const struct place *p = modules[m]->places; p && p->href; p++) {
            int at = n++;
            for (; at > 0 && places[at - 1].rank > p->rank; at--)
                places[at] = places[at - 1];
            places[at] = *p;
        }
    navigation[0] = places;
}

static void reactions_gather(void)
{
    int n = 0;
    for (int m = 0; modules[m]; m++)
        for (const struct reaction *r = modules[m]->reactions; r && r->kind; r++)
            n++;
    reactions = table_new(reactions, n, sizeof(const struct reaction *));
    n = 0;
    for (int m = 0; modules[m]; m++)
        for (const struct reaction *r = modules[m]->reactions; r && r->kind; r++)
            reactions[n++] = r;
}

/* The function for reactions_set: the engine that stores records does not know modules. */
static enum status reactions_run(struct ctx *ctx, const struct kind *k, const char *action,
                                 const void *before, const void *after)
{
    for (const struct reaction **r = reactions; *r; r++) {
        enum status s = (*r)->kind == k && !strcmp((*r)->action, action)
                            ? (*r)->run(ctx, before, after)
                            : OK;
        if (s != OK)
            return s;
    }
    return OK;
}

/* Routes made from kinds come last, so that a module's own route is found first. */
static void routes_gather(void)
{
    int n = 0;
    for (int m = 0; modules[m]; m++)
        n += (modules[m]->routes.list != NULL) + (modules[m]->routes_made != NULL);
    routes = table_new(routes, n, sizeof *routes);
    n = 0;
    for (int m = 0; modules[m]; m++)
        if (modules[m]->routes.list)
            routes[n++] = modules[m]->routes;
    for (int m = 0; modules[m]; m++)
        if (modules[m]->routes_made)
            routes[n++] = modules[m]->routes_made();
}

void modules_set(const struct module *const *list)
{
    if (list == modules)
        return;
    modules = list;
    kinds_gather();
    kinds_set(kinds);
    workflows_gather();
    offline_look();
    figures_gather();
    places_gather();
    reactions_gather();
    reactions_set(reactions_run);
    routes_gather();
}

const struct routes *modules_routes(void)
{
    return routes;
}

const struct kind *const *modules_kinds(void)
{
    return kinds;
}

const struct workflow *const *modules_workflows(void)
{
    return workflows;
}

const struct place *const *modules_places(void)
{
    return navigation;
}

bool modules_actor(struct ctx *ctx, const char *cookie)
{
    for (int m = 0; modules[m]; m++)
        if (modules[m]->actor && modules[m]->actor(ctx, cookie))
            return true;
    return false;
}

const char *modules_phone(struct ctx *ctx)
{
    for (int m = 0; modules[m]; m++) {
        const char *number = modules[m]->phone ? modules[m]->phone(ctx) : NULL;
        if (number)
            return number;
    }
    return NULL;
}

const struct figure *const *figures_all(void)
{
    return figures;
}

const char *kind_names_text(struct ctx *ctx, const char *asked)
{
    struct buf known;
    buf_init(&known, 0);
    for (const struct kind *const *k = modules_kinds(); *k; k++)
        plain(&known, " {}", (*k)->name);
    const char *text = say(ctx, "Unknown record type “{}”. Available:{}.", asked,
                           arena_copyn(ctx->arena, known.data, known.size));
    buf_release(&known);
    return text;
}

const char *list_names(struct ctx *ctx, struct rows *r)
{
    const char *all = "";
    while (rows_next(r))
        all = ctx_list(ctx, all, ctx_pick(ctx, row_text(r, "name"), row_text(r, "name_en")));
    rows_end(r);
    return all;
}
