/* The door for change and the journal: what is acknowledged stays, what fails goes alone, tampering shows. */
#include "db/journal.h"
#include "db/writer.h"
#include "store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct place {
    struct arena *arena;
    struct store store;
};

static struct db *open_store(struct place *p, enum db_mode mode)
{
    const char *why = NULL;
    struct db *db = db_open(p->store.address, mode, p->arena, &why);
    if (!db)
        fail_msg("%s", why);
    return db;
}

static int setup(void **state)
{
    struct place *p = must_alloc(sizeof *p);
    p->arena = arena_new();
    store_new(&p->store);
    const char *why = NULL;
    struct db *db = open_store(p, DB_WRITE);
    enum status s = db_migrate(db, schema_steps, p->arena, &why);
    if (s == OK)
        s = db_script(db, "CREATE TABLE t (id bigint UNIQUE, data blob)");
    db_close(db);
    *state = p;
    return s == OK ? 0 : -1;
}

static int teardown(void **state)
{
    struct place *p = *state;
    store_remove(&p->store);
    arena_free(p->arena);
    free(p);
    return 0;
}

/* A task that inserts a number; negative: the number's absolute value, then it fails. */
struct insert {
    struct task task;
    int64_t id;
    size_t size;      /* bytes of data */
    enum status seen; /* what done was told */
    int done;         /* how often */
    int made;         /* runs that were not taken back */
    int runs;         /* all of them */
    int pipe;         /* tells the number when acknowledged; 0: none */
};

static void insert_again(struct task *t)
{
    ((struct insert *)t)->made--;
}

static enum status insert_run(struct task *t, struct db *db)
{
    struct insert *i = (struct insert *)t;
    i->made++;
    i->runs++;
    static const char zeros[200000];
    enum status s = change(db, "INSERT INTO t (id, data) VALUES ({}, {})", i->id < 0 ? -i->id : i->id,
                           arg_bytes((struct bytes){i->size ? zeros : NULL, i->size}));
    return i->id < 0 ? FORBIDDEN : s;
}

/* Looks away from a failing statement and says all is well. */
static enum status careless_run(struct task *t, struct db *db)
{
    insert_run(t, db);
    return OK;
}

static void insert_done(struct task *t, enum status s)
{
    struct insert *i = (struct insert *)t;
    i->seen = s;
    i->done++;
    if (i->pipe && s == OK && write(i->pipe, &i->id, sizeof i->id) != sizeof i->id)
        abort();
}

static void failing_tasks_go_alone(struct place *p, bool bare)
{
    enum { MANY = 3000 };
    struct insert *all = must_alloc(sizeof *all * MANY);
    struct writer *w = writer_start(open_store(p, DB_WRITE));
    for (int i = 0; i < MANY; i++) {
        all[i].task = (struct task){
            .run = i % 10 == 4 ? careless_run : insert_run, .done = insert_done, .again = insert_again, .bare = bare};
        all[i].id = i % 10 == 3 ? -(i + 1) : i % 10 == 4 ? 1 : i + 1; /* 3: fails; 4: there already */
        assert_true(writer_submit(w, &all[i].task));
    }
    struct insert last = {.task = {.run = insert_run, .done = insert_done}, .id = 999999};
    assert_int_equal(writer_run(w, &last.task), OK);
    struct writer_stats stats = writer_stats(w);
    writer_stop(w);
    assert_int_equal(last.done, 1);
    assert_int_equal(stats.tasks, MANY + 1);
    assert_int_equal(stats.failed, MANY / 5);
    assert_int_equal(stats.waiting, 0);
    assert_true(stats.largest <= WRITER_GROUP);
    struct db *db = open_store(p, DB_READ);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(all[i].done, 1);
        assert_int_equal(all[i].made, 1);
        assert_true(bare || store_on_postgres() || all[i].runs == 1);
        assert_int_equal(all[i].seen, i % 10 == 3 ? FORBIDDEN : i % 10 == 4 ? CONFLICT : OK);
        if (i % 10 != 4)
            assert_int_equal(query_int(db, "SELECT count(*) FROM t WHERE id = {}", i + 1), i % 10 == 3 ? 0 : 1);
    }
    db_close(db);
    free(all);
}

static void a_failing_task_goes_alone(void **state)
{
    failing_tasks_go_alone(*state, false);
}

static void a_failing_task_goes_alone_where_all_may_run_twice(void **state)
{
    failing_tasks_go_alone(*state, true);
}

static void stopping_runs_what_waits(void **state)
{
    enum { MANY = 2000 };
    struct insert *all = must_alloc(sizeof *all * MANY);
    struct writer *w = writer_start(open_store(*state, DB_WRITE));
    for (int i = 0; i < MANY; i++) {
        all[i] = (struct insert){.task = {.run = insert_run, .done = insert_done}, .id = i + 1};
        assert_true(writer_submit(w, &all[i].task));
    }
    writer_stop(w);
    for (int i = 0; i < MANY; i++)
        assert_true(all[i].done == 1 && all[i].seen == OK);
    free(all);
}

static void the_log_is_moved_into_the_file_beside_the_writer(void **state)
{
    enum { MANY = 120 };
    struct place *p = *state;
    struct insert *all = must_alloc(sizeof *all * MANY);
    struct writer *w = writer_start(open_store(p, DB_WRITE));
    for (int i = 0; i < MANY; i++) {
        all[i] = (struct insert){.task = {.run = insert_run}, .id = i + 1, .size = 190000};
        assert_int_equal(writer_run(w, &all[i].task), OK);
    }
    struct stat st = {.st_size = 0};
    for (int i = 0; i < 400 && st.st_size < MANY * 190000 / 2; i++) {
        usleep(25000);
        assert_int_equal(stat(arena_print(p->arena, "%s/linli.db", p->store.address), &st), 0);
    }
    assert_true(st.st_size >= MANY * 190000 / 2);
    writer_stop(w);
    struct db *db = open_store(p, DB_READ);
    assert_int_equal(query_int(db, "SELECT count(*) FROM t WHERE length(data) = 190000"), MANY);
    db_close(db);
    free(all);
}

static void a_full_disk_acknowledges_nothing_it_lost(void **state)
{
    enum { MANY = 60 };
    struct place *p = *state;
    struct db *db = open_store(p, DB_WRITE);
    int64_t pages = query_int(db, "PRAGMA page_count");
    assert_int_equal(db_script(db, arena_print(p->arena, "PRAGMA max_page_count = %lld", (long long)pages + 100)), OK);
    struct writer *w = writer_start(db);
    static struct insert all[MANY];
    for (int i = 0; i < MANY; i++) {
        all[i] = (struct insert){.task = {.run = insert_run, .done = insert_done}, .id = i + 1, .size = 40000};
        assert_true(writer_submit(w, &all[i].task));
    }
    writer_stop(w);
    db = open_store(p, DB_READ);
    int refused = 0;
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(all[i].done, 1);
        assert_true(all[i].seen == OK || all[i].seen == UNAVAILABLE);
        assert_int_equal(query_int(db, "SELECT count(*) FROM t WHERE id = {}", i + 1), all[i].seen == OK);
        refused += all[i].seen != OK;
    }
    assert_true(refused > 0);
    db_close(db);
}

/* Writes until it is killed, telling every acknowledged number. */
static void write_for_ever(struct place *p, int out)
{
    enum { AT_ONCE = 200 };
    struct writer *w = writer_start(open_store(p, DB_WRITE));
    static struct insert all[AT_ONCE];
    for (int64_t id = 1;;) {
        for (int i = 0; i < AT_ONCE; i++) {
            all[i] = (struct insert){.task = {.run = insert_run, .done = insert_done}, .id = id++, .pipe = out};
            if (!writer_submit(w, &all[i].task))
                _exit(1);
        }
        struct insert last = {.task = {.run = insert_run, .done = insert_done}, .id = id++, .pipe = out};
        if (writer_run(w, &last.task) != OK)
            _exit(1);
    }
}

static void a_killed_process_loses_nothing_acknowledged(void **state)
{
    struct place *p = *state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(ends[0]);
        write_for_ever(p, ends[1]);
    }
    close(ends[1]);
    int64_t id, told = 0, newest = 0;
    while (read(ends[0], &id, sizeof id) == sizeof id) {
        newest = id;
        if (++told == 1500)
            assert_int_equal(kill(child, SIGKILL), 0);
    }
    close(ends[0]);
    int how;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFSIGNALED(how));
    assert_true(told >= 1500);
    struct db *db = open_store(p, DB_WRITE);
    const char *why = NULL;
    assert_int_equal(db_check(db, p->arena, &why), OK);
    assert_int_equal(query_int(db, "SELECT count(*) FROM t WHERE id <= {}", newest), told);
    db_close(db);
}

static void tampering_with_the_journal_shows(void **state)
{
    static const struct {
        const char *sql;
        int64_t first_bad;
    } cases[] = {
        {"UPDATE journal SET after = '{\"status\":\"closed\"}' WHERE seq = 1500", 1500},
        {"UPDATE journal SET actor_name = NULL WHERE seq = 2", 2},
        {"UPDATE journal SET at_ms = at_ms + 1 WHERE seq = 1", 1},
        {"UPDATE journal SET key = 'other' WHERE seq = 1001", 1001},
        {"DELETE FROM journal WHERE seq = 1000", 1001},
        {"DELETE FROM journal WHERE seq = 1", 2},
        {"UPDATE journal SET hash = prev WHERE seq = 2500", 2500},
        {"UPDATE journal SET seq = 9999 WHERE seq = 2500", 9999},
    };
    struct place *p = *state;
    struct ctx ctx;
    ctx_init(&ctx, p->arena);
    ctx.db = open_store(p, DB_WRITE);
    ctx.actor.name = "李 – 测试";
    ctx.actor.via = "command";
    struct journal_report report;
    assert_int_equal(journal_verify(ctx.db, p->arena, &report), OK);
    assert_int_equal(journal_newest(ctx.db), 0);
    assert_int_equal(db_begin(ctx.db), OK);
    for (int i = 1; i <= 2500; i++)
        assert_int_equal(journal_add(&ctx, "requests", i, "dispatch", i % 2 ? NULL : "{}", "{\"status\":\"new\"}"), OK);
    assert_int_equal(db_commit(ctx.db), OK);
    journal_finish(ctx.db);
    assert_int_equal(journal_verify(ctx.db, p->arena, &report), OK);
    assert_int_equal(report.entries, 2500);
    assert_true(report.first_bad == NONE);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(db_begin(ctx.db), OK);
        assert_int_equal(db_change(ctx.db, cases[i].sql, NULL, 0), OK);
        assert_int_equal(db_changed(ctx.db), 1);
        assert_int_equal(journal_verify(ctx.db, p->arena, &report), CONFLICT);
        assert_int_equal(report.first_bad, cases[i].first_bad);
        assert_non_null(report.why);
        db_rollback(ctx.db);
    }
    assert_int_equal(journal_verify(ctx.db, p->arena, &report), OK);
    db_close(ctx.db);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(a_failing_task_goes_alone),        CASE(a_failing_task_goes_alone_where_all_may_run_twice),
        CASE(stopping_runs_what_waits),         CASE(a_killed_process_loses_nothing_acknowledged),
        CASE(tampering_with_the_journal_shows),
    };
    const struct CMUnitTest of_files[] = {CASE(a_full_disk_acknowledges_nothing_it_lost),
                                          CASE(the_log_is_moved_into_the_file_beside_the_writer)};
    int failed = store_on_postgres() ? 0 : cmocka_run_group_tests_name("files", of_files, NULL, NULL);
    return failed + cmocka_run_group_tests(tests, NULL, NULL);
}
