/*
 * The example of docs/tour.md, "Add a capability": the text there is the file
 * that is compiled here, and it does what the tour says of it.
 */
#include "example_dossier.c"

#include "installed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct ctx ctx;
static struct store store;
static struct grant grant;
static const struct module *list[200];

static void act(unsigned role)
{
    store_forget(&ctx);
    grant = (struct grant){.role = role, .area = NONE, .unit = NONE};
    ctx.actor = (struct actor){.user = NONE,
                               .name = "somebody",
                               .roles = ROLE_PUBLIC | role,
                               .grants = &grant,
                               .grant_count = 1,
                               .via = "command"};
}

static int set_up(void **state)
{
    (void)state;
    if (store_install(&store, &ctx) != 0)
        return -1;
    ctx.lang = "en";
    int n = 0;
    for (; modules[n] && n < 198; n++)
        list[n] = modules[n];
    list[n] = &repairs_module;
    modules_set(list);
    change(ctx.db, "CREATE TABLE repairs (id integer PRIMARY KEY, version bigint, created bigint, "
                   "updated bigint, code text UNIQUE, title text, status text, why text, opened "
                   "bigint, due bigint)");
    return db_status(ctx.db) == OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    return store_close(&store, &ctx);
}

static const struct repair *opened(const char *code, const char *title)
{
    act(ROLE_OFFICE);
    struct repair *r = record_new(&ctx, &repairs_kind);
    r->code = code;
    r->title = title;
    assert_true(record_check(&ctx, &repairs_kind, NULL, r));
    assert_int_equal(record_store(&ctx, &repairs_kind, NULL, r), OK);
    return record_get(&ctx, &repairs_kind, r->record.id);
}

/* Whether the actor has the repair in the list of what is due. */
static bool is_due(const struct repair *r)
{
    struct due_item items[100];
    int n = due_items(&ctx, 0, items, 100);
    for (int i = 0; i < n; i++)
        if (items[i].source->kind == &repairs_kind && items[i].id == r->record.id) {
            assert_int_equal(items[i].due, r->due);
            assert_string_equal(due_title(&ctx, &items[i]), r->title);
            return true;
        }
    return false;
}

static int64_t opened_so_far(void)
{
    return figure_value(&ctx, figure_find("repairs.opened"), &FIGURE_ALL).numerator;
}

static void the_example_works(void **state)
{
    (void)state;
    const struct repair *lamp = opened("R1", "The lamp by the gate"),
                        *bench = opened("R2", "The bench under the tree");
    assert_string_equal(lamp->status, "open");
    assert_int_equal(lamp->due, calendar_add_working_days(ctx_calendar(&ctx), ctx.now, 10));
    assert_int_equal(opened_so_far(), 2);
    assert_false(is_due(lamp)); /* the office opens, the worker repairs */
    act(ROLE_WORKER);
    int64_t before = due_count(&ctx, true);
    assert_true(is_due(lamp) && is_due(bench));
    /* one is done, the other can't be without a reason */
    assert_int_equal(
        workflow_take(&ctx, &repair_steps, workflow_step(&repair_steps, "finish"), lamp, NULL), OK);
    struct answers *a = workflow_input(&ctx, &repair_steps);
    const struct step *refuse = workflow_step(&repair_steps, "refuse");
    assert_int_equal(workflow_take(&ctx, &repair_steps, refuse, bench, a), INVALID);
    act(ROLE_WORKER);
    assert_true(is_due(bench));
    a->why = "It is not ours.";
    assert_int_equal(workflow_take(&ctx, &repair_steps, refuse, bench, a), OK);
    assert_string_equal(
        ((const struct repair *)record_get(&ctx, &repairs_kind, bench->record.id))->why,
        "It is not ours.");
    assert_false(is_due(lamp) || is_due(bench));
    assert_int_equal(due_count(&ctx, true), before - 2);
    assert_int_equal(opened_so_far(), 2); /* whatever became of them */
}

static int64_t in_view(const char *id)
{
    struct list l;
    list_init(&ctx, &l, &repairs_kind);
    kind_view_list(&ctx, kind_view_find(&ctx, views, id), &l);
    int64_t n = list_count(&ctx, &l);
    sql_release(&l.where);
    return n;
}

static void its_views_and_its_page_agree(void **state)
{
    (void)state;
    opened("R3", "The <railing> of the bridge");
    act(ROLE_WORKER);
    assert_int_equal(in_view("open"), 1);
    assert_int_equal(in_view("late"), 0);
    ctx.now += 30 * WHEN_DAY;
    assert_int_equal(in_view("late"), 1);
    struct exchange ex = {
        .path = "/repairs", .route = &table[0], .answer = ARENA_ARRAY(ctx.arena, struct param, 24)};
    static const struct site site;
    struct site here = site;
    struct buf out;
    buf_init(&out, 0);
    ex.out = &out;
    ctx.web = &ex;
    ctx.site = &here;
    repairs_page(&ctx);
    ctx.web = NULL;
    ctx.site = NULL;
    assert_non_null(strstr(out.data, "The &lt;railing&gt; of the bridge"));
    assert_non_null(strstr(out.data, "<a href=\"/repairs?view=open\" aria-current=\"true\">Open "
                                     "<b class=\"count\">1</b></a>"));
    assert_non_null(strstr(out.data, "Overdue <b class=\"count late\">1</b></a>"));
    buf_release(&out);
}

static char *text_of(const char *name)
{
    FILE *f = fopen(arena_print(ctx.arena, "%s/%s", getenv("LINLI_ROOT"), name), "r");
    assert_non_null(f);
    char *text = arena_alloc(ctx.arena, 1 << 20);
    size_t n = fread(text, 1, (1 << 20) - 1, f);
    assert_true(n > 0 && n < (1 << 20) - 1);
    text[n] = '\0';
    fclose(f);
    return text;
}

static void the_tour_shows_this_very_file(void **state)
{
    (void)state;
    const char *file = text_of("test/unit/example_dossier.c"), *tour = text_of("docs/tour.md");
    int lines = 0;
    for (const char *s = file; *s; s++)
        lines += *s == '\n';
    assert_true(lines < 150);
    const char *part = strstr(tour, "## Add a capability\n");
    assert_non_null(part);
    assert_non_null(
        strstr(part, arena_print(ctx.arena, "```c\n%s```\n", file))); /* copy the file there */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_works),
        cmocka_unit_test(its_views_and_its_page_agree),
        cmocka_unit_test(the_tour_shows_this_very_file),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
