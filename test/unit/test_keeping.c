/*
 * What is kept for a time: answers to repeated requests and sessions, which
 * housekeeping takes away, and what was made of the data, which holds until
 * the data change.
 */
#include "core/module.h"
#include "program/modules.h"
#include "jobs.h"
#include "store.h"
#include "web/session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct ctx ctx;
static struct store store;
static struct db *other; /* a connection of somebody else's */

static int set_up(void **state)
{
    (void)state;
    const char *why = NULL;
    ctx_init(&ctx, arena_new());
    store_new(&store);
    program_modules();
    ctx.db = db_open(store.address, DB_CREATE, ctx.arena, &why);
    if (!ctx.db || db_migrate(ctx.db, schema_steps, ctx.arena, &why) != OK)
        return -1;
    other = db_open(store.address, DB_READ, ctx.arena, &why);
    return other ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    db_close(other);
    return store_close(&store, &ctx);
}

#define DAY   86400
#define PRINT ((struct bytes){"a fingerprint", 13})

/* Many more than one change takes away; a newer one answers a repeated request still. */
static void old_answers_go(void **state)
{
    (void)state;
    assert_int_equal(db_begin(ctx.db), OK);
    for (int i = 0; i < 4500; i++)
        change(ctx.db,
               "INSERT INTO idempotency (key, actor, route, fingerprint, code, headers, at) VALUES "
               "({}, 'u1', '/ask', {}, 201, '', {})",
               arena_print(ctx.arena, "old-%d", i), PRINT, ctx.now - 8 * DAY - i);
    change(ctx.db,
           "INSERT INTO idempotency (key, actor, route, fingerprint, code, headers, at) VALUES "
           "('last week', 'u1', '/ask', {}, 201, '', {})",
           PRINT, ctx.now - 6 * DAY);
    change(ctx.db,
           "INSERT INTO idempotency (key, actor, route, fingerprint, code, headers, at) VALUES "
           "('now', '', '/ask', {}, 201, '', {})",
           PRINT, ctx.now);
    assert_int_equal(db_commit(ctx.db), OK);
    job_run(&ctx, "housekeeping");
    assert_int_equal(ctx.status, OK);
    assert_int_equal(query_int(ctx.db, "SELECT count(*) AS n FROM idempotency"), 2);
    assert_int_equal(
        query_int(ctx.db,
                  "SELECT count(*) AS n FROM idempotency WHERE key IN ('last week', 'now')"),
        2);
    job_run(&ctx, "housekeeping");
    assert_int_equal(query_int(ctx.db, "SELECT count(*) AS n FROM idempotency"), 2);
}

static void session_at(int n, int64_t seen, int64_t expires)
{
    unsigned char hash[32] = {(unsigned char)n};
    assert_int_equal(change(ctx.db,
                            "INSERT INTO sessions (token_hash, \"user\", created, seen, expires) "
                            "VALUES ({}, 1, {}, {}, {})",
                            ((struct bytes){hash, sizeof hash}), seen, seen, expires),
                     OK);
}

static void ended_sessions_go(void **state)
{
    (void)state;
    assert_int_equal(change(ctx.db, "INSERT INTO users (id, created, updated, login, name, "
                                    "password) VALUES (1, 0, 0, 'a', 'A', '')"),
                     OK);
    session_at(1, ctx.now, ctx.now + 100);
    session_at(2, ctx.now, ctx.now - 1);
    session_at(3, ctx.now - SESSION_IDLE - 1, ctx.now + 100);
    job_run(&ctx, "housekeeping");
    assert_int_equal(query_int(ctx.db, "SELECT count(*) AS n FROM sessions"), 1);
    assert_int_equal(
        query_int(ctx.db, "SELECT count(*) AS n FROM sessions WHERE seen = {}", ctx.now), 1);
}

/* ---- what was made of the data ---- */

static void keep(struct db *db, const char *name, const char *value)
{
    struct arena *memory = db_memory(db);
    assert_non_null(memory);
    db_keep(db, name, arena_copy(memory, value));
}

static void made_of_the_data(void **state)
{
    (void)state;
    if (store_on_postgres())
        skip(); /* others write beside, so nothing is kept */
    assert_null(db_memory(other));
    assert_null(db_recall(other, "names"));
    assert_int_equal(db_begin(other), OK);
    assert_null(db_recall(other, "names"));
    char name[] = "names";
    keep(other, name, "made once");
    name[0] = 'g'; /* the name was copied */
    assert_string_equal(db_recall(other, "names"), "made once");
    assert_null(db_recall(other, "games"));
    keep(other, "second", "another");
    assert_string_equal(db_recall(other, "names"), "made once");
    db_rollback(other);

    assert_int_equal(db_begin(other), OK); /* nothing was committed meanwhile */
    assert_string_equal(db_recall(other, "names"), "made once");
    db_rollback(other);

    assert_int_equal(change(ctx.db, "INSERT INTO settings (name, value) VALUES ('a', 'b')"), OK);
    assert_int_equal(db_begin(other), OK);
    assert_null(db_recall(other, "names"));
    assert_null(db_recall(other, "second"));
    keep(other, "names", "made again");
    assert_string_equal(db_recall(other, "names"), "made again");
    db_rollback(other);
}

/* On the writer thread: a change that is common leaves it, another one ends it. */
static void made_on_the_writer_thread(void **state)
{
    (void)state;
    if (store_on_postgres())
        skip();
    assert_int_equal(db_begin(ctx.db), OK);
    keep(ctx.db, "calendar", "of this year");
    assert_int_equal(db_commit(ctx.db), OK);
    assert_int_equal(db_begin(ctx.db), OK);
    assert_string_equal(db_recall(ctx.db, "calendar"), "of this year");
    change_common(
        ctx.db,
        "INSERT INTO idempotency (key, actor, route, fingerprint, code, headers, at) VALUES ('a "
        "key', 'u1', '/ask', {}, 201, '', {})",
        PRINT, ctx.now);
    assert_string_equal(db_recall(ctx.db, "calendar"), "of this year");
    change(
        ctx.db,
        "INSERT INTO holidays (created, updated, date, is_off_day) VALUES (0, 0, '2026-05-01', 1)");
    assert_null(db_recall(ctx.db, "calendar"));
    db_rollback(ctx.db);
    assert_int_equal(db_begin(ctx.db), OK);
    const char *kept = db_recall(
        ctx.db, "calendar"); /* what was undone may cost it, and never makes it wrong */
    assert_true(!kept || !strcmp(kept, "of this year"));
    db_rollback(ctx.db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(old_answers_go), cmocka_unit_test(ended_sessions_go),
        cmocka_unit_test(made_of_the_data), cmocka_unit_test(made_on_the_writer_thread)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
