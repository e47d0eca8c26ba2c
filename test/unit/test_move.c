/*
 * A store moves from a folder to PostgreSQL and back and is the same; a move
 * that was broken off goes on; nothing is written over. The schema is the same
 * on both.
 */
#include "program/install.h"
#include "db/journal.h"
#include "store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static struct ctx ctx;
static struct store store;
static const char *first, *second;

static void must(enum status s)
{
    if (s != OK)
        fail_msg("%s", ctx.problems ? ctx.problems->text : status_name(s));
}

static int set_up(void **state)
{
    (void)state;
    ctx_init(&ctx, arena_new());
    ctx.actor.roles = ROLE_PUBLIC | ROLE_OFFICE;
    ctx.actor.via = "command";
    ctx.lang = "en";
    static const struct grant everywhere = {.role = ROLE_OFFICE, .area = NONE, .unit = NONE};
    ctx.actor.grants = &everywhere;
    ctx.actor.grant_count = 1;
    store_new(&store);
    first = arena_print(ctx.arena, "%s/first", store.folder);
    second = arena_print(ctx.arena, "%s/second", store.folder);
    return install_create(&ctx, first,
                          arena_print(ctx.arena, "%s/pack/chengdong", getenv("LINLI_ROOT")),
                          40) == OK
               ? 0
               : -1;
}

static int tear_down(void **state)
{
    (void)state;
    store_remove(&store);
    arena_free(ctx.arena);
    return 0;
}

static struct db *opened(const char *address, enum db_mode mode)
{
    const char *why = NULL;
    struct db *db = db_open(address, mode, ctx.arena, &why);
    if (!db)
        fail_msg("%s", why);
    return db;
}

static void there_and_back_is_the_same(void **state)
{
    (void)state;
    struct db *a = opened(first, DB_WRITE);
    assert_int_equal(
        change(a, "INSERT INTO request_joiners (request, at, name, phone, phone_key, code_hash) "
                  "SELECT max(id), 1, '邻居', 'p', 'k', 'h' FROM requests"),
        OK);
    db_close(a);
    must(store_move(&ctx, first, store.address));
    must(store_move(&ctx, store.address, second));
    a = opened(first, DB_READ);
    struct db *b = opened(second, DB_READ);
    struct rows *tables = db_names(a, DB_TABLES, NULL);
    while (rows_next(tables)) {
        struct sql_name table = {row_text(tables, "name")};
        if (query_int(a, "SELECT count(*) AS n FROM {}", table) !=
            query_int(b, "SELECT count(*) AS n FROM {}", table))
            fail_msg("not all of %s was moved", table.name);
    }
    assert_int_equal(query_int(b, "SELECT count(*) AS n FROM request_joiners"), 1);
    struct rows *x = query(
        a, "SELECT id, number, text, requester_phone, community, due FROM requests ORDER BY id");
    struct rows *y = query(
        b, "SELECT id, number, text, requester_phone, community, due FROM requests ORDER BY id");
    int n = 0;
    for (; rows_next(x); n++) {
        assert_true(rows_next(y));
        assert_int_equal(row_int(x, "id"), row_int(y, "id"));
        assert_string_equal(row_text(x, "number"), row_text(y, "number"));
        assert_string_equal(row_text(x, "text"), row_text(y, "text"));
        assert_true(row_int(x, "due") == row_int(y, "due"));
    }
    assert_false(rows_next(y));
    assert_int_equal(n, 40);
    assert_int_equal(journal_newest(a), journal_newest(b));
    db_close(a);
    db_close(b);
}

static void a_store_is_not_written_over(void **state)
{
    (void)state;
    assert_int_equal(store_move(&ctx, second, store.address), CONFLICT);
    assert_non_null(strstr(ctx.problems->text, "already exists"));
    store_forget(&ctx);
    assert_int_equal(store_move(&ctx, first, first), INVALID);
    store_forget(&ctx);
}

static void new_rows_get_numbers_behind_the_moved_ones(void **state)
{
    (void)state;
    struct db *db = opened(store.address, DB_WRITE);
    int64_t most = query_int(db, "SELECT max(id) FROM units");
    assert_int_equal(
        change(db,
               "INSERT INTO units (created, updated, code, name) VALUES (0, 0, 'moved', '新单位')"),
        OK);
    assert_int_equal(db_inserted(db), most + 1);
    assert_int_equal(
        change(db, "INSERT INTO request_units (request, unit, role) VALUES (999999, 1, 'x')"),
        CONFLICT); /* references are back */
    db_clear(db);
    db_close(db);
}

/* As if it had been killed: the mark, no references, and only some of the rows. */
static void a_broken_off_move_goes_on(void **state)
{
    (void)state;
    const char *other = arena_print(ctx.arena, "%s_more", store.address);
    must(store_move(&ctx, first, other));
    struct db *a = opened(first, DB_READ), *b = opened(other, DB_WRITE);
    assert_int_equal(db_bulk(b, true), OK);
    assert_int_equal(change(b, "INSERT INTO settings (name, value) VALUES ({}, {})", INSTALL_MOVING,
                            arena_print(ctx.arena, "%lld", (long long)journal_newest(a))),
                     OK);
    assert_int_equal(change(b, "DELETE FROM requests WHERE id > 17"), OK);
    assert_int_equal(change(b, "DELETE FROM journal WHERE seq > 100"), OK);
    db_close(a);
    db_close(b);
    assert_int_equal(install_open(&ctx, other, DB_WRITE),
                     CONFLICT); /* half a store is not served */
    assert_non_null(strstr(ctx.problems->text, "did not finish"));
    db_close(ctx.db);
    ctx.db = NULL;
    store_forget(&ctx);
    must(store_move(&ctx, first, other));
    b = opened(other, DB_READ);
    assert_int_equal(query_int(b, "SELECT count(*) FROM requests"), 40);
    db_close(b);
}

static const char *described(struct db *db, enum db_list what, const char *table)
{
    const char *text = "";
    struct rows *r = db_names(db, what, table);
    while (rows_next(r))
        if (strcmp(row_text(r, "name"), "schema_steps") != 0)
            text = arena_print(ctx.arena, "%s %s", text, row_text(r, "name"));
    return text;
}

static void the_schema_is_the_same_on_both(void **state)
{
    (void)state;
    struct db *a = opened(first, DB_READ), *b = opened(store.address, DB_READ);
    assert_string_equal(described(a, DB_TABLES, NULL), described(b, DB_TABLES, NULL));
    struct rows *r = db_names(a, DB_TABLES, NULL);
    while (rows_next(r)) {
        const char *table = row_text(r, "name");
        if (strcmp(table, "journal") == 0 || strcmp(table, "schema_steps") == 0)
            continue;
        assert_string_equal(described(a, DB_COLUMNS, table), described(b, DB_COLUMNS, table));
        assert_string_equal(described(a, DB_KEY, table), described(b, DB_KEY, table));
    }
    r = query(a, "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL");
    while (rows_next(r))
        assert_int_equal(query_int(b,
                                   "SELECT count(*) FROM pg_indexes WHERE schemaname = "
                                   "current_schema() AND indexname = {}",
                                   row_text(r, "name")),
                         1);
    db_close(a);
    db_close(b);
}

int main(void)
{
    if (!store_on_postgres()) {
        printf("needs both databases: test/postgres.sh %s\n", "test_move");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back_is_the_same),
        cmocka_unit_test(a_store_is_not_written_over),
        cmocka_unit_test(new_rows_get_numbers_behind_the_moved_ones),
        cmocka_unit_test(a_broken_off_move_goes_on),
        cmocka_unit_test(the_schema_is_the_same_on_both),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
