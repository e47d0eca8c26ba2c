/*
 * Posts of an earlier version become holdings of seats: those that never overlap share one, the
 * others have each their own, and none is lost. The rules' numbers: in force on a day, kept by
 * what was made under them, and the presets where nothing is recorded.
 */
#include "app/registers/registers.h"
#include "program/install.h"
#include "program/modules.h"
#include "store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <string.h>

#define STEP "031-seats"

static struct ctx ctx;
static struct store store;

/* Migrates to just before the step that adds seats, or to the newest. */
static void migrate(bool before)
{
    const char *why = "";
    int n = 0, to = 0;
    while (schema_steps[n].number && (!before || strcmp(schema_steps[n].name, STEP) != 0))
        n++;
    struct schema_step *steps = ARENA_ARRAY(ctx.arena, struct schema_step, n + 1);
    for (; to < n; to++)
        steps[to] = schema_steps[to];
    steps[n] = (struct schema_step){0};
    if (db_migrate(ctx.db, steps, ctx.arena, &why) != OK)
        fail_msg("%s", why);
}

static int set_up(void **state)
{
    (void)state;
    const char *why = "";
    store_new(&store);
    program_modules();
    ctx_init(&ctx, arena_new());
    ctx.actor.via = "command";
    ctx.db = db_open(store.address, DB_CREATE, ctx.arena, &why);
    return ctx.db ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    return store_close(&store, &ctx);
}

static void post_add(int64_t id, int64_t organisation, const char *role, const char *from,
                     const char *to)
{
    change(ctx.db,
           "INSERT INTO posts (id, created, updated, code, person, organisation, role, valid_from, "
           "valid_to) VALUES ({}, 1, 1, {}, 1, {}, {}, {}, {})",
           id, arena_print(ctx.arena, "T-%lld", (long long)id), organisation, role, from, to);
}

static int64_t seat_of(int64_t post)
{
    return query_int(ctx.db, "SELECT seat FROM posts WHERE id = {}", post);
}

static void posts_become_holdings_of_seats(void **state)
{
    (void)state;
    migrate(true);
    assert_int_equal(db_begin(ctx.db), OK);
    change(ctx.db, "INSERT INTO people (id, created, updated, code, name) VALUES (1, 1, 1, 'P', "
                   "'某人')");
    for (int i = 1; i <= 2; i++)
        change(ctx.db,
               "INSERT INTO organisations (id, created, updated, code, name, kind) VALUES ({}, 1, "
               "1, {}, {}, 'branch')",
               i, arena_print(ctx.arena, "o%d", i), arena_print(ctx.arena, "组织%d", i));
    post_add(1, 1, "secretary", "2015-01-01", "2019-12-31"); /* one after the other */
    post_add(2, 1, "secretary", "2020-01-01", NULL);
    post_add(3, 1, "member", "2020-01-01", NULL); /* beside each other */
    post_add(4, 1, "member", "2021-01-01", "");
    post_add(5, 1, "member", "2015-01-01", "2016-12-31");
    post_add(6, 2, "secretary", NULL, NULL);
    assert_int_equal(db_commit(ctx.db), OK);
    migrate(false);
    assert_true(seat_of(1) != NONE && seat_of(1) == seat_of(2));
    assert_true(seat_of(3) != NONE && seat_of(4) != NONE && seat_of(5) != NONE);
    assert_true(seat_of(3) != seat_of(4) && seat_of(4) != seat_of(5) && seat_of(3) != seat_of(5));
    assert_true(seat_of(6) != NONE && seat_of(6) != seat_of(1));
    assert_int_equal(query_int(ctx.db, "SELECT count(*) AS n FROM seats"), 5);
    struct rows *r = query(ctx.db, "SELECT name, standing FROM seats WHERE id = {}", seat_of(6));
    assert_true(rows_next(r));
    assert_string_equal(row_text(r, "name"), "组织2书记");
    assert_int_equal(row_int(r, "standing"), 0);
    rows_end(r);
}

static void a_number_is_the_one_in_force_or_the_preset(void **state)
{
    (void)state;
    struct rule_number n = rule_number_on(&ctx, "party", "2026-01-01", "warn_months");
    assert_true(n.preset && n.number == 6 && n.out_of == 1);
    assert_int_equal(db_begin(ctx.db), OK);
    assert_int_equal(rule_presets_load(&ctx), 2);
    assert_int_equal(rule_presets_load(&ctx), 0); /* what is there stays */
    int64_t first = rule_set_on(&ctx, "party", "2026-01-01");
    assert_true(first != NONE && rule_set_on(&ctx, "party", "2010-01-01") == NONE);
    struct rule_set *s = record_new(&ctx, &rule_sets_kind);
    s->code = "later";
    s->name = "以后";
    s->about = "party";
    s->valid_from = "2027-07-01";
    assert_int_equal(record_insert(&ctx, &rule_sets_kind, s, "create"), OK);
    struct rule_value *v = record_new(&ctx, &rule_values_kind);
    v->rule_set = s->record.id;
    v->name = "warn_months";
    v->number = 9;
    assert_true(record_check(&ctx, &rule_values_kind, NULL, v));
    assert_int_equal(record_insert(&ctx, &rule_values_kind, v, "create"), OK);
    assert_int_equal(db_commit(ctx.db), OK);
    assert_int_equal(rule_number_on(&ctx, "party", "2027-06-30", "warn_months").number, 6);
    assert_int_equal(rule_number_on(&ctx, "party", "2027-07-01", "warn_months").number, 9);
    assert_int_equal(rule_number(&ctx, first, "warn_months").number, 6); /* made under it */
    n = rule_number(&ctx, s->record.id, "attendance_share");             /* that set lacks it */
    assert_true(n.preset && n.number == 4 && n.out_of == 5);
}

static bool stores(const struct kind *k, void *record)
{
    return record_check(&ctx, k, NULL, record) && record_store(&ctx, k, NULL, record) == OK;
}

static struct post *holding(const char *seat_role, const char *from, const char *to)
{
    struct post *p = record_new(&ctx, &posts_kind);
    p->person = 1;
    p->organisation = 2;
    p->role = seat_role;
    p->valid_from = from;
    p->valid_to = to;
    return p;
}

static void a_seat_is_held_by_one_at_a_time_and_vacant_after(void **state)
{
    (void)state;
    assert_int_equal(db_begin(ctx.db), OK);
    struct office_term *t = record_new(&ctx, &terms_kind);
    t->organisation = 2;
    t->name = "第一届";
    t->valid_from = "2024-02-29";
    assert_true(stores(&terms_kind, t));
    assert_string_equal(t->valid_to, "2029-02-27");
    assert_true(t->warn_at != NONE && t->warn_at < t->due_at);
    struct seat *s = record_new(&ctx, &seats_kind);
    s->organisation = 2;
    s->role = "director";
    s->term = t->record.id;
    assert_true(stores(&seats_kind, s));
    assert_string_equal(s->vacant_since, "2024-02-29");
    struct post *p = holding("director", "2024-03-01", "2025-12-31");
    assert_true(stores(&posts_kind, p));
    assert_int_equal(p->seat, s->record.id);
    s = record_must(&ctx, &seats_kind, s->record.id);
    assert_string_equal(s->vacant_since, "2026-01-01");
    assert_true(s->fill_by > s->vacant_at);
    assert_int_equal(seats_recount(&ctx), OK);
    /* the day after is free, the day itself is not */
    assert_false(stores(&posts_kind, holding("director", "2025-12-31", NULL)));
    ctx.status = OK;
    ctx.problems = NULL;
    ctx.problems_end = &ctx.problems;
    ctx.problem_count = 0;
    assert_true(stores(&posts_kind, holding("director", "2026-01-01", NULL)));
    s = record_must(&ctx, &seats_kind, s->record.id);
    assert_null(s->vacant_since);
    assert_int_equal(db_commit(ctx.db), OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(posts_become_holdings_of_seats),
        cmocka_unit_test(a_number_is_the_one_in_force_or_the_preset),
        cmocka_unit_test(a_seat_is_held_by_one_at_a_time_and_vacant_after),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
