/*
 * Failing disks, step by step: whatever read, write or sync of a transaction
 * fails, the next one begins, and what was acknowledged is there, once.
 */
#include "disk.h"
#include "store.h"

#include "db/watchdog.h"
#include "db/writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

struct place {
    struct arena *arena;
    struct store store;
    struct db *reader, *writer, *other;
    int64_t acknowledged;
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
    disk = (struct disk){0};
    disk_install();
    p->arena = arena_new();
    store_new(&p->store);
    p->writer = open_store(p, DB_CREATE);
    assert_int_equal(db_script(p->writer, "CREATE TABLE t (id integer PRIMARY KEY, data text)"),
                     OK);
    p->reader = open_store(p, DB_READ);
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    struct place *p = *state;
    disk = (struct disk){0};
    db_close(p->other);
    db_close(p->reader);
    db_close(p->writer);
    store_remove(&p->store);
    arena_free(p->arena);
    free(p);
    return 0;
}

/* As the gate does it: who is told that it did not begin does not end it. */
static enum status read_once(struct place *p)
{
    struct db *db = p->reader;
    db_clear(db);
    if (db_begin(db) != OK)
        return db_status(db);
    query_int(db, "SELECT sum(length(data)) FROM t");
    enum status s = db_status(db);
    db_rollback(db);
    return s;
}

/* As the writer does it. */
static enum status write_once(struct place *p, struct db *db)
{
    static const char text[9000]; /* overflows a page: reads and writes several */
    db_clear(db);
    enum status s = db_begin(db);
    if (s != OK)
        return s;
    if ((s = db_savepoint(db)) == OK) {
        change(db, "INSERT INTO t (data) VALUES ({})",
               arg_bytes((struct bytes){text, sizeof text}));
        change(db, "UPDATE t SET data = {} WHERE id = {}", "short", p->acknowledged / 2);
        if (db_status(db) == OK) {
            s = db_savepoint_release(db);
        } else {
            db_savepoint_undo(db);
            s = UNAVAILABLE;
        }
    }
    if (s == OK)
        s = db_commit(db);
    else
        db_rollback(db);
    p->acknowledged += s == OK;
    return s;
}

static void each_step(struct place *p, enum disk_kind kind, int times)
{
    int failed = 0;
    for (int after = 0; after < 40; after++) {
        /* Another's commit: what either keeps in memory is out of date and has to be read. */
        assert_int_equal(write_once(p, p->other), OK);
        disk = (struct disk){.kind = kind, .after = after, .times = times};
        read_once(p);
        write_once(p, p->writer);
        failed += disk.failed > 0;
        disk = (struct disk){0};
        int64_t stored = query_int(p->other, "SELECT count(*) FROM t");
        if (stored == p->acknowledged + 1) /* its answer was lost: it may be there */
            p->acknowledged++;
        assert_int_equal(read_once(p), OK);
        assert_int_equal(write_once(p, p->writer), OK);
        assert_int_equal(query_int(p->other, "SELECT count(*) FROM t"), p->acknowledged);
    }
    assert_true(failed > 0);
}

static void after_a_failure_everything_goes_on(void **state)
{
    struct place *p = *state;
    p->other = open_store(p, DB_CREATE);
    for (int times = 1; times <= 1000; times += 999) {
        each_step(p, DISK_READ, times);
        each_step(p, DISK_WRITE, times);
        each_step(p, DISK_SYNC, times);
    }
    const char *why = NULL;
    assert_int_equal(db_check(p->reader, p->arena, &why), OK);
}

/* It costs the one that finds it, not all that follow. */
static void a_forgotten_transaction_is_undone(void **state)
{
    struct place *p = *state;
    assert_int_equal(db_begin(p->reader), OK);
    assert_int_equal(db_begin(p->reader), UNAVAILABLE);
    assert_int_equal(read_once(p), OK);
    assert_int_equal(db_begin(p->writer), OK);
    assert_int_equal(change(p->writer, "INSERT INTO t (data) VALUES ({})", "half"), OK);
    assert_int_equal(db_begin(p->writer), UNAVAILABLE);
    assert_int_equal(write_once(p, p->writer), OK);
    assert_int_equal(query_int(p->reader, "SELECT count(*) AS n FROM t"), 1);
}

struct insert {
    struct task task;
    struct writer *writer;
    int64_t id; /* of the row that is overwritten; NONE: a new one */
};

static enum status insert_run(struct task *t, struct db *db)
{
    static const char text[3000];
    struct insert *i = (struct insert *)t;
    const struct bytes data = {text, sizeof text};
    if (i->id == NONE)
        return change(db, "INSERT INTO t (data) VALUES ({})", data);
    return change(db, "UPDATE t SET data = {} WHERE id = {}", data, i->id);
}

static enum status put(struct writer *w, int64_t id, bool bare)
{
    struct insert i = {.task = {.run = insert_run, .bare = bare}, .id = id};
    return writer_run(w, &i.task);
}

/* On a disk with room for the file and little more: the log is thrown away when it is full, by
 * itself, and when the file has filled the disk, a little more room is enough to go on. */
static void a_small_disk_does_not_lock_itself_up(void **state)
{
    struct place *p = *state;
    for (int round = 0; round < 2; round++) {
        disk.room = disk_sizes[0] + disk_sizes[1] + (1 << 20);
        struct db *db = open_store(p, DB_WRITE);
        assert_int_equal(disk_sizes[1], 0); /* what the last run left is cut at the start */
        struct writer *w = writer_start(db);
        disk.room = disk_sizes[0] + (1 << 20);
        for (int i = 0; i < 20; i++)
            assert_int_equal(put(w, NONE, true), OK);
        for (int i = 0; i < 2000; i++) /* 16 MB of log */
            assert_int_equal(put(w, i % 20 + 1, i % 2), OK);
        int64_t stored = query_int(p->reader, "SELECT count(*) AS n FROM t");
        while (put(w, NONE, true) == OK)
            stored++;
        assert_int_equal(put(w, NONE, false), UNAVAILABLE); /* full indeed */
        assert_int_equal(query_int(p->reader, "SELECT count(*) AS n FROM t"), stored);
        disk.room += 1 << 16;
        assert_int_equal(put(w, NONE, true), OK);
        writer_stop(w);
    }
}

static void log_grows(struct db *db, int64_t bytes)
{
    static const char text[100000];
    change(db, "PRAGMA wal_autocheckpoint = 0");
    while (disk_sizes[1] < bytes)
        assert_int_equal(change(db, "INSERT INTO t (data) VALUES ({})",
                                arg_bytes((struct bytes){text, sizeof text})),
                         OK);
}

/* At the start a short log stays as it is, for a folder that follows the database goes on with it;
 * one that is long, or a disk with little room, has it moved into the file and cut. */
static void a_start_cuts_the_log_where_room_is_short(void **state)
{
    struct place *p = *state;
    log_grows(p->writer, 1 << 20);
    int64_t left = disk_sizes[1];
    db_close(open_store(p, DB_WRITE));
    assert_int_equal(disk_sizes[1], left);

    disk.room = disk_sizes[0] + disk_sizes[1] + (63 << 20);
    db_close(open_store(p, DB_WRITE));
    assert_int_equal(disk_sizes[1], 0);

    disk.room = 0;
    log_grows(p->writer, 17 << 20);
    db_close(open_store(p, DB_WRITE));
    assert_int_equal(disk_sizes[1], 0);
}

/* Until the watchdog has seen it: what it waits for is the report itself. */
static enum status held_run(struct task *t, struct db *db)
{
    struct insert *i = (struct insert *)t;
    (void)db;
    while (writer_stats(i->writer).running < 20)
        ;
    return OK;
}

static void what_holds_the_writer_is_reported(void **state)
{
    struct place *p = *state;
    struct writer *w = writer_start(open_store(p, DB_WRITE));
    struct insert i = {.task = {.run = held_run, .what = "held"}, .writer = w};
    watch_limit(20);
    assert_int_equal(writer_run(w, &i.task), OK);
    watch_limit(WATCH_MS);
    assert_int_equal(put(w, NONE, true), OK);
    struct writer_stats stats = writer_stats(w);
    assert_int_equal(stats.slow, 1);
    assert_int_equal(stats.running, 0);
    assert_true(writer_ready(w));
    writer_stop(w);
}

/* Changes fail: not ready; and ready again by itself once they can be stored, also when nobody
 * sends one meanwhile. */
static void readiness_tells_the_truth(void **state)
{
    struct place *p = *state;
    const char *why = NULL;
    assert_int_equal(db_migrate(p->writer, (struct schema_step[]){{0}}, p->arena, &why), OK);
    struct writer *w = writer_start(open_store(p, DB_WRITE));
    assert_true(writer_ready(w));
    disk = (struct disk){.kind = DISK_WRITE, .times = 1 << 30};
    assert_int_equal(put(w, NONE, false), UNAVAILABLE);
    assert_false(writer_ready(w));
    disk = (struct disk){0};
    while (!writer_ready(w)) /* a try is under way, or begins */
        ;
    assert_int_equal(put(w, NONE, true), OK);
    writer_stop(w);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    if (store_on_postgres())
        return 77; /* its disks are its own */
    const struct CMUnitTest tests[] = {
        CASE(after_a_failure_everything_goes_on),   CASE(a_forgotten_transaction_is_undone),
        CASE(what_holds_the_writer_is_reported),    CASE(readiness_tells_the_truth),
        CASE(a_small_disk_does_not_lock_itself_up), CASE(a_start_cuts_the_log_where_room_is_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
