/*
 * Several writers on one PostgreSQL, and connections that are cut: what is
 * acknowledged is there once, what is not acknowledged is not, and the journal
 * is one chain in which a follower misses nothing. And nothing is waited for
 * without an end.
 */
#include "db/journal.h"
#include "db/writer.h"
#include "store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>

enum { WRITERS = 3, TASKS = 150 };

static struct store store;
static struct arena *arena;

static struct db *opened(enum db_mode mode)
{
    const char *why = NULL;
    struct db *db = db_open(store.address, mode, arena, &why);
    if (!db)
        fail_msg("%s", why);
    return db;
}

static int set_up(void **state)
{
    (void)state;
    const char *why = NULL;
    arena = arena_new();
    store_new(&store);
    struct db *db = opened(DB_CREATE);
    enum status s = db_migrate(db, schema_steps, arena, &why);
    if (s == OK)
        s = db_script(db,
                      "CREATE TABLE counter (n bigint NOT NULL); INSERT INTO counter VALUES (0);"
                      "CREATE TABLE ledger (number bigint NOT NULL); CREATE TABLE taken (number "
                      "bigint UNIQUE)");
    db_close(db);
    return s == OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    store_remove(&store);
    arena_free(arena);
    return 0;
}

struct step {
    struct task task;
    int64_t number;
    enum status seen;
    int runs;
    atomic_int *left;
};

/* Reads, then writes what follows from it: wrong as soon as two of them overlap. */
static enum status step_run(struct task *t, struct db *db)
{
    struct step *s = (struct step *)t;
    struct ctx ctx;
    ctx_init(&ctx, arena_new());
    ctx.db = db;
    ctx.actor.via = "job";
    s->runs++;
    int64_t n = query_int(db, "SELECT n FROM counter");
    int64_t next = query_int(db, "SELECT coalesce(max(number), 0) + 1 FROM taken");
    change(db, "INSERT INTO taken (number) VALUES ({})",
           next); /* refused when another took it meanwhile */
    change_later(db, "INSERT INTO ledger (number) VALUES ({})", s->number);
    change(db, "UPDATE counter SET n = {}", n + 1);
    journal_add(&ctx, "counter", s->number, "count", NULL, NULL);
    arena_free(ctx.arena);
    return db_status(db);
}

static void step_done(struct task *t, enum status result)
{
    struct step *s = (struct step *)t;
    s->seen = result;
    atomic_fetch_sub(s->left, 1);
}

static void submit_all(struct writer *w, struct step *all, int64_t from, atomic_int *left)
{
    for (int i = 0; i < TASKS; i++) {
        all[i] = (struct step){
            .task = {.run = step_run, .done = step_done}, .number = from + i, .left = left};
        assert_true(writer_submit(w, &all[i].task));
    }
}

static int64_t acknowledged(const struct step *all, int count)
{
    int64_t n = 0;
    struct db *db = opened(DB_READ);
    for (int i = 0; i < count; i++) {
        assert_int_equal(
            query_int(db, "SELECT count(*) FROM ledger WHERE number = {}", all[i].number),
            all[i].seen == OK);
        n += all[i].seen == OK;
    }
    db_close(db);
    return n;
}

/* Reads by seq while the others write; numbers must come one by one. */
struct follower {
    pthread_t thread;
    atomic_bool enough;
    int64_t seen;
    bool gap;
};

static void *follow(void *arg)
{
    struct follower *f = arg;
    struct arena *a = arena_new();
    const char *why = NULL;
    struct db *db = db_open(store.address, DB_READ, a, &why);
    for (bool last = false; !last;) {
        last = atomic_load(&f->enough);
        struct rows *r = query(db, "SELECT seq FROM journal WHERE seq > {} ORDER BY seq", f->seen);
        while (rows_next(r)) {
            f->gap |= row_int(r, "seq") != f->seen + 1;
            f->seen = row_int(r, "seq");
        }
    }
    db_close(db);
    arena_free(a);
    return NULL;
}

static void writers_do_not_lose_each_others_changes(void **state)
{
    (void)state;
    static struct step all[WRITERS][TASKS];
    struct writer *writers[WRITERS];
    struct follower f = {.seen = 0};
    atomic_int left = WRITERS * TASKS;
    assert_int_equal(pthread_create(&f.thread, NULL, follow, &f), 0);
    for (int i = 0; i < WRITERS; i++)
        writers[i] = writer_start(opened(DB_CREATE));
    for (int i = 0; i < WRITERS; i++)
        submit_all(writers[i], all[i], 1000 * (i + 1), &left);
    for (int i = 0; i < WRITERS; i++)
        writer_stop(writers[i]);
    atomic_store(&f.enough, true);
    pthread_join(f.thread, NULL);
    assert_int_equal(atomic_load(&left), 0);
    int64_t good = 0;
    for (int i = 0; i < WRITERS; i++)
        good += acknowledged(all[i], TASKS);
    assert_int_equal(good, WRITERS * TASKS);
    struct journal_report report;
    struct db *db = opened(DB_CREATE);
    assert_int_equal(query_int(db, "SELECT n FROM counter"), good);
    assert_int_equal(query_int(db, "SELECT max(number) FROM taken"), good);
    assert_int_equal(journal_verify(db, arena, &report), OK);
    assert_int_equal(report.entries, good);
    assert_int_equal(report.unsealed, 0);
    assert_int_equal(f.seen, good);
    assert_false(f.gap);
    db_close(db);
}

/* The server ends every connection of the others, again and again, while changes come in one by
 * one. */
static void a_cut_connection_does_each_change_once_or_not_at_all(void **state)
{
    (void)state;
    static struct step all[TASKS];
    struct writer *w = writer_start(opened(DB_CREATE));
    struct db *killer = opened(DB_READ);
    atomic_int left = TASKS;
    submit_all(w, all, 100000, &left);
    for (int cuts = 0; cuts < 20 || atomic_load(&left); cuts++) {
        query_int(killer, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                          " WHERE application_name = 'linli' AND pid <> pg_backend_pid()");
        db_clear(killer);
        if (cuts < 20) { /* a group of its own behind the cut */
            atomic_int alone = 1;
            struct step one = {.task = {.run = step_run, .done = step_done},
                               .number = 200000 + cuts,
                               .left = &alone};
            enum status s = writer_run(w, &one.task);
            assert_int_equal(
                query_int(killer, "SELECT count(*) FROM ledger WHERE number = {}", one.number),
                s == OK);
        }
    }
    writer_stop(w);
    db_close(killer);
    acknowledged(all, TASKS);
    struct db *db = opened(DB_CREATE);
    journal_finish(db);
    struct journal_report report;
    assert_int_equal(journal_verify(db, arena, &report), OK);
    assert_int_equal(report.unsealed, 0);
    assert_int_equal(report.entries, query_int(db, "SELECT count(*) FROM ledger"));
    assert_int_equal(query_int(db, "SELECT n FROM counter"), report.entries);
    db_close(db);
}

static const char *limit_of(struct db *db)
{
    const char *found = "";
    struct rows *r = query(db, "SELECT current_setting('statement_timeout') AS found");
    while (rows_next(r))
        found = row_copy(r, arena, "found");
    return found;
}

/* Nobody waits without an end; whoever runs the database may say how long. */
static void statements_end(void **state)
{
    (void)state;
    const char *why = NULL;
    struct db *db = opened(DB_READ);
    assert_string_equal(limit_of(db), "30s");
    db_limit(db, 10);
    assert_string_equal(limit_of(db), "10s");
    db_limit(db, 1);
    query_int(db, "SELECT 1 AS n FROM (SELECT pg_sleep(20)) AS t");
    assert_int_equal(db_status(db), BUSY);
    db_clear(db);
    assert_int_equal(query_int(db, "SELECT 7 AS n"), 7); /* and goes on */
    db_close(db);
    db = opened(DB_CREATE); /* a migration has no limit; what comes after it has */
    assert_int_equal(db_migrate(db, schema_steps, arena, &why), OK);
    assert_string_equal(limit_of(db), "30s");
    db_close(db);
    db = db_open(arena_print(arena, "%s&options=-c%%20statement_timeout%%3D1234", store.address),
                 DB_CREATE, arena, &why);
    assert_non_null(db);
    assert_string_equal(limit_of(db), "1234ms");
    db_limit(db, 10);
    assert_string_equal(limit_of(db), "1234ms");
    assert_int_equal(db_migrate(db, schema_steps, arena, &why), OK);
    assert_string_equal(limit_of(db), "1234ms");
    db_close(db);
}

/* A schema may have a name that SQL has another use for. */
static void any_name_is_a_schema(void **state)
{
    (void)state;
    const char *why = NULL;
    for (int i = 0; i < 3; i++) {
        const char *server = getenv("LINLI_TEST_STORE"),
                   *name = (const char *[]){"both", "user", "table"}[i];
        struct db *db = db_open(arena_print(arena, "%s?schema=%s", server, name), DB_CREATE, arena,
                                &why);
        assert_non_null(db);
        assert_int_equal(db_migrate(db, schema_steps, arena, &why), OK);
        assert_int_equal(query_int(db, "SELECT count(*) FROM users"), 0);
        db_close(db);
    }
}

int main(void)
{
    if (!store_on_postgres()) {
        printf("only one process writes a folder\n");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writers_do_not_lose_each_others_changes),
        cmocka_unit_test(a_cut_connection_does_each_change_once_or_not_at_all),
        cmocka_unit_test(statements_end),
        cmocka_unit_test(any_name_is_a_schema),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
