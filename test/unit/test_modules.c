/* What many modules have together: far more of everything than the program has today, and nothing
 * of it is lost. The tables have the length that the list needs. */
#include "core/module.h"
#include "program/modules.h"
#include "web/gate.h"
#include "store.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

enum { MANY = 700 };

static struct store store;
static struct module made[MANY];
static const struct module *list[MANY + 1];
static struct kind kinds[MANY];
static const struct kind *kind_lists[MANY][2];
static struct figure figures[MANY][2];
static struct place places[MANY][2];
static struct route routes[MANY];
static struct job jobs[MANY][2];
static char names[MANY][20];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ran = PTHREAD_COND_INITIALIZER;
static int runs;

static void page(struct ctx *ctx)
{
    (void)ctx;
}

static void job(struct ctx *ctx)
{
    (void)ctx;
    pthread_mutex_lock(&lock);
    runs++;
    pthread_cond_signal(&ran);
    pthread_mutex_unlock(&lock);
}

static int plant(void **state)
{
    (void)state;
    for (int i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof names[i], "/planted-%d", i);
        kinds[i] = (struct kind){.name = names[i] + 1, .read = ROLE_OFFICE};
        kind_lists[i][0] = &kinds[i];
        figures[i][0] = (struct figure){.id = names[i] + 1};
        places[i][0] = (struct place){
            .href = names[i], .label = names[i], .roles = ROLE_OFFICE, .rank = MANY - i};
        routes[i] = (struct route)ROUTE_GET(names[i], ROLE_OFFICE, page);
        jobs[i][0] = (struct job){.name = names[i], .every = 3600, .run = job};
        made[i] = (struct module){.name = names[i],
                                  .kinds = kind_lists[i],
                                  .figures = figures[i],
                                  .places = places[i],
                                  .routes = {&routes[i], 1},
                                  .jobs = jobs[i]};
        list[i] = &made[i];
    }
    store_new(&store);
    modules_set(list);
    return 0;
}

static int clear(void **state)
{
    (void)state;
    store_remove(&store);
    return 0;
}

static void every_kind_is_found(void **state)
{
    (void)state;
    for (int i = 0; i < MANY; i++)
        assert_ptr_equal(kind_find(names[i] + 1), &kinds[i]);
    assert_null(modules_kinds()[MANY]);
}

static void every_figure_is_found(void **state)
{
    (void)state;
    assert_ptr_equal(figure_find("planted-0"), figures[0]);
    assert_ptr_equal(figures_all()[MANY - 1], figures[MANY - 1]);
    assert_null(figures_all()[MANY]);
}

static void every_place_stands_in_the_navigation(void **state)
{
    (void)state;
    struct site site = {.places = modules_places()};
    struct visit visit;
    visit_init(&visit);
    visit.ctx.site = &site;
    visit.ctx.actor.roles = ROLE_OFFICE;
    visit.ex.path = "/";
    page_begin(&visit.ctx, "", PAGE_RESIDENT);
    buf_putc(visit.ctx.web->out, '\0');
    for (int i = 0; i < MANY; i++)
        assert_non_null(strstr(visit.ctx.web->out->data,
                               arena_print(visit.ctx.arena, "<a href=\"%s\"", names[i])));
    const char *last = strstr(visit.ctx.web->out->data, "<a href=\"/planted-699\""),
               *first = strstr(visit.ctx.web->out->data, "<a href=\"/planted-0\"");
    assert_true(last < first); /* by their ranks, not by the list of modules */
    visit_release(&visit);
}

static void every_route_is_there(void **state)
{
    (void)state;
    int n = 0;
    for (const struct routes *r = modules_routes(); r->list; r++)
        n += r->count;
    assert_int_equal(n, MANY);
}

static void every_job_runs(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    const char *why = "";
    struct site site = {.data = store.address, .quiet = true};
    struct db *db = db_open(store.address, DB_CREATE, a, &why); /* the jobs' reader needs a store */
    assert_non_null(db);
    struct jobs *j = jobs_start();
    jobs_join(j, &site);
    pthread_mutex_lock(&lock);
    while (runs < MANY)
        pthread_cond_wait(&ran, &lock);
    pthread_mutex_unlock(&lock);
    jobs_stop(j);
    jobs_free(j);
    db_close(db);
    arena_free(a);
    assert_int_equal(runs, MANY);
}

/* The program's own list, which is longer than any limit of before was. */
static void the_program_has_its_api(void **state)
{
    (void)state;
    program_modules();
    int n = 0;
    for (const struct kind *const *k = modules_kinds(); *k; k++)
        for (const struct routes *r = modules_routes(); r->list; r++)
            for (int i = 0; i < r->count; i++)
                n += r->list[i].kind == *k && r->list[i].method == GET && !r->list[i].record &&
                     (r->list[i].flags & API);
    int count = 0;
    while (modules_kinds()[count])
        count++;
    assert_int_equal(n, count); /* one list a kind */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_is_found),
        cmocka_unit_test(every_figure_is_found),
        cmocka_unit_test(every_place_stands_in_the_navigation),
        cmocka_unit_test(every_route_is_there),
        cmocka_unit_test(every_job_runs),
        cmocka_unit_test(the_program_has_its_api),
    };
    return cmocka_run_group_tests(tests, plant, clear);
}
