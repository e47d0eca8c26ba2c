/* The database layer: asking, failing, transactions, schema steps, copies. */
#include "db/dialect.h"
#include "store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct place {
    struct arena *arena;
    struct store store;
    struct db *db;
};

static int setup(void **state)
{
    struct place *p = must_alloc(sizeof *p);
    p->arena = arena_new();
    store_new(&p->store);
    const char *why = NULL;
    if (!(p->db = db_open(p->store.address, DB_CREATE, p->arena, &why))) {
        fprintf(stderr, "%s\n", why);
        return -1;
    }
    *state = p;
    if (db_migrate(p->db, (struct schema_step[]){{0}}, p->arena, &why) !=
        OK) /* what every store has */
        return -1;
    enum status s = db_script(
        p->db,
        "CREATE TABLE t (id integer PRIMARY KEY, name text UNIQUE, n bigint, x double precision,"
        " data blob, CHECK (n < 1000)); CREATE TABLE u (t bigint REFERENCES t (id))");
    return s == OK ? 0 : -1;
}

static int teardown(void **state)
{
    struct place *p = *state;
    db_close(p->db);
    store_remove(&p->store);
    arena_free(p->arena);
    free(p);
    return 0;
}

static void values_come_back(void **state)
{
    struct place *p = *state;
    struct db *db = p->db;
    const struct bytes data = {"\0\1\2", 3};
    assert_int_equal(change(db, "INSERT INTO {} (name, n, x, data) VALUES ({}, {}, {}, {})",
                            (struct sql_name){"t"}, "'; DROP TABLE t; --", (struct maybe){NONE},
                            0.5, data),
                     OK);
    assert_int_equal(db_inserted(db), 1);
    assert_int_equal(db_changed(db), 1);
    struct rows *r = query(db, "SELECT id, name, n, x, data FROM t WHERE name = {}",
                           "'; DROP TABLE t; --");
    assert_true(rows_next(r));
    assert_int_equal(row_int(r, "id"), 1);
    assert_true(row_real(r, "x") == 0.5); /* out of order, and twice */
    assert_string_equal(row_text(r, "name"), "'; DROP TABLE t; --");
    assert_true(row_int(r, "n") == NONE);
    assert_null(row_text(r, "n"));
    assert_int_equal(row_bytes(r, "data").size, 3);
    assert_memory_equal(row_bytes(r, "data").data, "\0\1\2", 3);
    assert_int_equal(rows_column(r, "absent"), -1);
    assert_false(rows_next(r));
    assert_int_equal(db_status(db), OK);
    assert_true(query_int(db, "SELECT id FROM t WHERE id = {}", 77) == NONE);
}

/* A query that is made and never run, or made twice, is the arena's and goes with it. */
static void a_query_that_is_not_run_is_the_arenas(void **state)
{
    struct place *p = *state;
    struct sql q;
    size_t before = arena_used(p->arena);
    sql_init(&q, p->arena);
    const char *first = q.text.data;
    sql_init(&q, p->arena);
    for (int i = 0; i < 2000; i++) /* grown many times */
        sql_add(&q, " AND n = {}", i);
    assert_ptr_not_equal(q.text.data, first);
    assert_true(q.text.arena == p->arena && q.text.size == 2000 * strlen(" AND n = {}"));
    assert_true(arena_used(p->arena) > before + q.text.size);
    sql_release(&q);
    sql_init(&q, p->arena);
    sql_add(&q, "SELECT count(*) AS n FROM t WHERE n IS NULL OR n < {}", 5);
    struct rows *r = sql_query(p->db, &q);
    assert_true(rows_next(r));
    rows_end(r);
}

static int64_t how_many(struct place *p, int64_t above)
{
    struct sql q;
    sql_init(&q, p->arena);
    sql_add(&q, "SELECT count(*) AS n FROM t WHERE n > {}", above);
    return sql_remembered(p->db, &q);
}

static void a_remembered_answer_changes_with_the_data(void **state)
{
    struct place *p = *state;
    change(p->db, "INSERT INTO t (n) VALUES (1)");
    assert_int_equal(how_many(p, 0), 1);
    assert_int_equal(how_many(p, 1), 0);
    change(p->db, "INSERT INTO t (n) VALUES (2)");
    assert_int_equal(how_many(p, 0), 2);
    assert_int_equal(how_many(p, 1), 1);
}

static void same_text_nests(void **state)
{
    struct db *db = ((struct place *)*state)->db;
    for (int i = 0; i < 3; i++)
        assert_int_equal(change(db, "INSERT INTO t (n) VALUES ({})", i), OK);
    int pairs = 0;
    struct rows *a = query(db, "SELECT n FROM t ORDER BY id");
    while (rows_next(a)) {
        struct rows *b = query(db, "SELECT n FROM t ORDER BY id");
        while (rows_next(b))
            pairs += row_int(a, "n") * 10 + row_int(b, "n") >= 0;
    }
    assert_int_equal(pairs, 9);
}

static void many_texts_are_kept_within_bounds(void **state)
{
    struct place *p = *state;
    for (int i = 0; i < 1500; i++) {
        struct sql q;
        sql_init(&q, p->arena);
        sql_add(&q, "SELECT 1 AS one WHERE {} > 0", 1);
        for (int k = 0; k < i % 700; k++)
            buf_putc(&q.text, ' ');
        struct rows *r = sql_query(p->db, &q);
        assert_true(rows_next(r));
        assert_int_equal(row_int(r, "one"), 1);
        rows_end(r);
    }
}

static void parts_make_a_query(void **state)
{
    struct place *p = *state;
    for (int i = 0; i < 40; i++)
        assert_int_equal(change(p->db, "INSERT INTO t (n) VALUES ({})", i), OK);
    struct sql q, more;
    sql_init(&q, p->arena);
    sql_init(&more, p->arena);
    sql_add(&q, "SELECT count(*) AS c FROM t WHERE n IN (0");
    for (int i = 1; i < 30; i++)
        sql_add(&more, ", {}", i);
    sql_append(&q, &more);
    sql_release(&more);
    sql_add(&q, ") AND n <> {}", 5);
    struct rows *r = sql_query(p->db, &q);
    assert_true(rows_next(r));
    assert_int_equal(row_int(r, "c"), 29);
    rows_end(r);
}

static void failures_have_names_and_stay(void **state)
{
    static const struct {
        const char *sql;
        enum status status;
    } cases[] = {
        {"INSERT INTO t (name) VALUES ('a')", CONFLICT},
        {"INSERT INTO t (id) VALUES (1)", CONFLICT},
        {"INSERT INTO u (t) VALUES (99)", CONFLICT},
        {"INSERT INTO t (n) VALUES (5000)", INVALID},
        {"INSERT INTO absent (n) VALUES (1)", UNAVAILABLE},
        {"SELECT 1; SELECT 2", UNAVAILABLE},
    };
    struct db *db = ((struct place *)*state)->db;
    assert_int_equal(change(db, "INSERT INTO t (name) VALUES ('a')"), OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(db_change(db, cases[i].sql, NULL, 0), cases[i].status);
        assert_int_equal(query_int(db, "SELECT 1"), 1);
        assert_int_equal(db_status(db), cases[i].status);
        assert_true(strlen(db_failure(db)) > 0);
        db_clear(db);
        assert_int_equal(db_status(db), OK);
    }
    struct rows *r = query(db, "SELECT broken FROM t");
    assert_false(rows_next(r));
    assert_int_equal(db_status(db), UNAVAILABLE);
}

static void a_commit_after_a_failure_is_refused(void **state)
{
    struct db *db = ((struct place *)*state)->db;
    assert_int_equal(db_begin(db), OK);
    assert_int_equal(change(db, "INSERT INTO t (name) VALUES ('a')"), OK);
    assert_int_equal(change(db, "INSERT INTO t (name) VALUES ('a')"), CONFLICT);
    assert_int_equal(db_commit(db), CONFLICT);
    db_clear(db);
    assert_int_equal(query_int(db, "SELECT count(*) FROM t"), 0);
}

static void a_reader_sees_one_moment_and_writes_nothing(void **state)
{
    struct place *p = *state;
    const char *why = NULL;
    struct db *reader = db_open(p->store.address, DB_READ, p->arena, &why);
    assert_non_null(reader);
    int64_t before = db_version(reader);
    assert_int_equal(db_begin(reader), OK);
    assert_int_equal(query_int(reader, "SELECT count(*) FROM t"), 0);
    assert_int_equal(change(p->db, "INSERT INTO t (n) VALUES (1)"), OK);
    assert_int_equal(query_int(reader, "SELECT count(*) FROM t"), 0);
    assert_int_equal(db_commit(reader), OK);
    assert_int_equal(query_int(reader, "SELECT count(*) FROM t"), 1);
    assert_true(db_version(reader) != before);
    before = db_version(p->db);
    assert_int_equal(change(p->db, "INSERT INTO t (n) VALUES (2)"), OK);
    assert_true(db_version(p->db) != before);
    assert_true(change(reader, "INSERT INTO t (n) VALUES (3)") != OK);
    db_close(reader);
    assert_int_equal(query_int(p->db, "SELECT count(*) FROM t"), 2);
}

static void what_others_commit_in_their_store_is_no_change_of_ours(void **state)
{
    struct place *p = *state;
    struct store other;
    const char *why = NULL;
    change(p->db, "INSERT INTO t (n) VALUES (1)");
    int64_t before = db_version(p->db);
    store_new(&other);
    struct db *db = db_open(other.address, DB_CREATE, p->arena, &why);
    assert_non_null(db);
    assert_int_equal(db_migrate(db, (struct schema_step[]){{0}}, p->arena, &why), OK);
    assert_int_equal(db_begin(db), OK);
    change(db, "CREATE TABLE t (n bigint)");
    assert_int_equal(db_commit(db), OK);
    assert_int_equal(db_version(p->db), before);
    db_close(db);
    store_remove(&other);
}

static void a_full_disk_is_unavailable(void **state)
{
    struct db *db = ((struct place *)*state)->db;
    int64_t pages = query_int(db, "PRAGMA page_count");
    struct arena *a = ((struct place *)*state)->arena;
    assert_int_equal(
        db_script(db, arena_print(a, "PRAGMA max_page_count = %lld", (long long)pages + 2)), OK);
    static const char zeros[100000];
    const struct bytes big = {zeros, sizeof zeros};
    assert_int_equal(change(db, "INSERT INTO t (n) VALUES (1)"), OK);
    assert_int_equal(change(db, "INSERT INTO t (data) VALUES ({})", big), UNAVAILABLE);
    db_clear(db);
    assert_int_equal(query_int(db, "SELECT count(*) FROM t"), 1);
}

static void schema_steps_run_once_and_newer_is_refused(void **state)
{
    static const struct schema_step good[] = {
        {1, "001-a", "CREATE TABLE a (n bigint)"},
        {2, "002-b", "INSERT INTO a VALUES (7); CREATE TABLE b (n bigint)"},
        {0}};
    static const struct schema_step older[] = {{1, "001-a", "CREATE TABLE a (n bigint)"}, {0}};
    static const struct schema_step broken[] = {
        {1, "001-a", ""},
        {2, "002-b", ""},
        {3, "003-c", "CREATE TABLE c (n bigint); INSERT INTO absent VALUES (1)"},
        {0}};
    struct place *p = *state;
    const char *why = NULL;
    assert_int_equal(db_migrate(p->db, good, p->arena, &why), OK);
    assert_int_equal(db_migrate(p->db, good, p->arena, &why), OK);
    assert_int_equal(query_int(p->db, "SELECT count(*) FROM a"), 1);
    assert_int_equal(db_migrate(p->db, older, p->arena, &why), CONFLICT);
    assert_non_null(strstr(why, "newer version"));
    assert_int_equal(db_migrate(p->db, broken, p->arena, &why), UNAVAILABLE);
    assert_non_null(strstr(why, "003-c"));
    db_clear(p->db);
    assert_int_equal(change(p->db, "INSERT INTO c VALUES (1)"),
                     UNAVAILABLE); /* undone with its step */
    db_clear(p->db);
    assert_int_equal(query_int(p->db, "SELECT max(number) FROM schema_steps"), 2);
}

static void the_schema_applies(void **state)
{
    struct place *p = *state;
    const char *why = NULL;
    assert_int_equal(db_migrate(p->db, schema_steps, p->arena, &why), OK);
    assert_int_equal(db_check(p->db, p->arena, &why), OK);
    static const char insert[] =
        "INSERT INTO requests (created, updated, number, subject, text, status, received_at,"
        " source, source_number) VALUES (1, 1, {}, '路灯不亮', '三号楼前', 'new', 1, {}, {})";
    assert_int_equal(db_change(p->db, insert, ARGS("R1", "12345", "77")), OK);
    assert_int_equal(db_change(p->db, insert, ARGS("R2", "12345", "77")), CONFLICT);
    db_clear(p->db);
    assert_int_equal(db_change(p->db, insert, ARGS("R2", "12345", "78")), OK);
    assert_int_equal(db_change(p->db, insert, ARGS("R2", "12345", "79")), CONFLICT);
}

static void a_copy_opens_and_is_whole(void **state)
{
    struct place *p = *state;
    const char *why = NULL, *path = arena_print(p->arena, "%s/copy.db", p->store.folder);
    assert_int_equal(change(p->db, "INSERT INTO t (n) VALUES (1)"), OK);
    assert_int_equal(db_copy(p->db, path, p->arena, &why), OK);
    assert_int_equal(db_copy(p->db, path, p->arena, &why), CONFLICT);
    struct db *copy = db_open_file(path, DB_CREATE, p->arena, &why);
    assert_non_null(copy);
    assert_int_equal(db_check(copy, p->arena, &why), OK);
    assert_int_equal(query_int(copy, "SELECT count(*) FROM t"), 1);
    assert_int_equal(db_script(copy, "PRAGMA foreign_keys = OFF; INSERT INTO u VALUES (9)"), OK);
    assert_int_equal(db_check(copy, p->arena, &why), UNAVAILABLE);
    db_close(copy);
}

static void what_is_not_there_is_said(void **state)
{
    struct place *p = *state;
    const char *why = NULL;
    assert_null(db_open("/tmp/linli-absent-folder", DB_READ, p->arena, &why));
    assert_non_null(strstr(why, "linli-absent-folder"));
}

/* NULL is the lowest value, as in SQLite, whatever the order. */
static void missing_values_sort_lowest_on_postgres(void **state)
{
    static const struct {
        const char *sql, *says;
    } cases[] = {
        {"SELECT a FROM t ORDER BY due, name DESC LIMIT 5",
         "SELECT a FROM t ORDER BY due NULLS FIRST, name DESC NULLS LAST LIMIT 5"},
        {"SELECT a FROM t ORDER BY due ASC, id",
         "SELECT a FROM t ORDER BY due ASC NULLS FIRST, id"},
        {"SELECT a FROM t ORDER BY due NULLS LAST", "SELECT a FROM t ORDER BY due NULLS LAST"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out;
        buf_init(&out, 0);
        dialect_postgres(&out, cases[i].sql);
        buf_putc(&out, 0);
        assert_string_equal(out.data, cases[i].says);
        buf_release(&out);
    }
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(missing_values_sort_lowest_on_postgres),
        CASE(values_come_back),
        CASE(a_query_that_is_not_run_is_the_arenas),
        CASE(a_remembered_answer_changes_with_the_data),
        CASE(same_text_nests),
        CASE(many_texts_are_kept_within_bounds),
        CASE(parts_make_a_query),
        CASE(failures_have_names_and_stay),
        CASE(a_commit_after_a_failure_is_refused),
        CASE(a_reader_sees_one_moment_and_writes_nothing),
        CASE(what_others_commit_in_their_store_is_no_change_of_ours),
        CASE(schema_steps_run_once_and_newer_is_refused),
        CASE(the_schema_applies),
        CASE(what_is_not_there_is_said),
    };
    const struct CMUnitTest of_files[] = {CASE(a_full_disk_is_unavailable),
                                          CASE(a_copy_opens_and_is_whole)};
    int failed = store_on_postgres() ? 0
                                     : cmocka_run_group_tests_name("files", of_files, NULL, NULL);
    return failed + cmocka_run_group_tests(tests, NULL, NULL);
}
