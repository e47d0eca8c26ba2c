/*
 * A store of an earlier version brought up to date: events and attachments of requests and
 * photographs of activities become those of any record. Nothing is lost, events and files of
 * requests keep their numbers, and photographs of activities are found by their old addresses.
 */
#include "app/activities/activities.h"
#include "app/requests/requests.h"
#include "core/attachments.h"
#include "core/events.h"
#include "program/modules.h"
#include "store.h"

#include "web/web.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define BEFORE 20 /* the newest step of that version */
#define EVENTS 5000

static struct ctx ctx;
static struct store store;

static void migrate(int to)
{
    const char *why = "";
    struct schema_step *steps = ARENA_ARRAY(ctx.arena, struct schema_step, to + 1);
    for (int i = 0; i < to; i++)
        steps[i] = schema_steps[i];
    if (db_migrate(ctx.db, steps, ctx.arena, &why) != OK)
        fail_msg("%s", why);
}

static int newest(void)
{
    int n = 0;
    while (schema_steps[n].number)
        n++;
    return n;
}

static int set_up(void **state)
{
    (void)state;
    const char *why = "";
    store_new(&store);
    ctx_init(&ctx, arena_new());
    ctx.db = db_open(store.address, DB_CREATE, ctx.arena, &why);
    return ctx.db ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    return store_close(&store, &ctx);
}

static void fill(void)
{
    assert_int_equal(db_begin(ctx.db), OK);
    change(ctx.db,
           "INSERT INTO users (id, created, updated, login, name) VALUES (1, 1, 1, 'a', 'A')");
    for (int i = 1; i <= 20; i++)
        change(ctx.db,
               "INSERT INTO requests (id, created, updated, number, subject, text, status, "
               "received_at) VALUES ({}, 1, 1, {}, 's', 't', 'received', 1)",
               i, arena_print(ctx.arena, "20260101-%05d", i));
    for (int i = 1; i <= EVENTS; i++)
        change(ctx.db,
               "INSERT INTO request_events (id, request, at, actor, actor_name, action, "
               "from_status, to_status, text, until, visible) VALUES ({}, {}, {}, 1, 'A', 'note', "
               "'received', 'handling', {}, {}, {})",
               i * 3, i % 20 + 1, i, arena_print(ctx.arena, "第%d条", i), i + 7, i % 2);
    for (int i = 1; i <= 5; i++)
        change(ctx.db,
               "INSERT INTO attachments (id, request, name, type, size, data, thumbnail, created, "
               "actor) VALUES ({}, {}, 'a.jpg', 'image/jpeg', 3, {}, {}, 1, {})",
               i * 2, i, ((struct bytes){"abc", 3}), ((struct bytes){"a", 1}),
               (struct maybe){i == 5 ? 1 : NONE});
    for (int i = 1; i <= 2; i++)
        change(ctx.db,
               "INSERT INTO activities (id, created, updated, number, title, kind, starts, ends, "
               "status) VALUES ({}, 1, 1, {}, 't', 'other', 1, 2, 'open')",
               i, arena_print(ctx.arena, "A%d", i));
    for (int i = 1; i <= 4; i++)
        change(ctx.db,
               "INSERT INTO activity_photos (id, activity, data, small, size, shown, created) "
               "VALUES ({}, {}, {}, {}, 2, {}, 1)",
               i * 4, i % 2 + 1, ((struct bytes){i % 2 ? "x1" : "x2", 2}), ((struct bytes){"x", 1}),
               i % 2);
    if (db_commit(ctx.db) != OK)
        fail_msg("%s", db_failure(ctx.db));
}

static void check_events(void)
{
    assert_int_equal(query_int(ctx.db, "SELECT count(*) AS n FROM events WHERE kind = 'requests'"),
                     EVENTS);
    int64_t wrong = query_int(
        ctx.db,
        "SELECT count(*) AS n FROM events WHERE id % 3 <> 0 OR record <> (id / 3) % 20 + 1 OR at "
        "<> id / 3 OR until <> at + 7 OR visible <> at % 2 OR text <> '第' || at || '条' OR actor "
        "<> 1 OR actor_name <> 'A' OR from_status <> 'received' OR to_status <> 'handling'");
    assert_int_equal(wrong, 0);
    struct event e = {.kind = &requests_kind,
                      .record = 1,
                      .action = "note",
                      .unit = NONE,
                      .until = NONE,
                      .text = "新的"};
    assert_int_equal(event_add(&ctx, &e), EVENTS * 3 + 1);
    assert_int_equal(event_last(&ctx, &requests_kind, 1), EVENTS * 3 + 1);
    struct rows *r = events_newest(&ctx, &requests_kind, 1, 300);
    int n = 0;
    for (struct event read; event_next(&ctx, r, &read); n++)
        assert_int_equal(read.record, 1);
    assert_int_equal(n, EVENTS / 20 + 1);
}

static void check_picture(const struct kind *k, int64_t record, int64_t id, unsigned flags,
                          const char *is)
{
    struct buf out;
    struct exchange ex = {.out = &out, .answer = ARENA_ARRAY(ctx.arena, struct param, 24)};
    buf_init(&out, 0);
    ctx.web = &ex;
    photos_answer(&ctx, k, record, id, flags, "no-store");
    assert_int_equal(ctx.status, is ? OK : NOT_FOUND);
    if (is)
        assert_string_equal(arena_copyn(ctx.arena, out.data, out.size), is);
    store_forget(&ctx);
    ctx.web = NULL;
    buf_release(&out);
}

static void check_attachments(void)
{
    assert_int_equal(attachment_count(&ctx, &requests_kind, 3), 1);
    check_picture(&requests_kind, 3, 6, PHOTOS_SHOWN, "abc");
    check_picture(&requests_kind, 5, 10, PHOTOS_SHOWN, NULL); /* the office's */
    check_picture(&requests_kind, 5, 10, 0, "abc");
    assert_int_equal(attachment_count(&ctx, &activities_kind, 2), 2);
    check_picture(&activities_kind, 2, 4, PHOTOS_SHOWN, "x1"); /* by its old address */
    check_picture(&activities_kind, 2, 12, PHOTOS_SHOWN, "x1");
    check_picture(&activities_kind, 1, 8, PHOTOS_SHOWN, NULL);
    check_picture(&activities_kind, 1, 8, 0, "x2");
    check_picture(&activities_kind, 1, 4, 0, NULL);
    int64_t id = query_int(ctx.db, "SELECT id FROM attachments WHERE former = 4");
    assert_true(id > 16); /* no former number is another's */
    check_picture(&activities_kind, 2, id, PHOTOS_SHOWN, "x1");
    struct attachment a = {.name = "b.pdf", .type = "application/pdf", .data = {"%PDF-", 5}};
    int64_t added = attachment_store(&ctx, &requests_kind, 3, &a);
    assert_true(added > id);
    assert_true(attachment_remove(&ctx, &requests_kind, 3, added));
    assert_false(attachment_remove(&ctx, &activities_kind, 3, 6));
}

static void an_earlier_store_keeps_its_events_and_files(void **state)
{
    (void)state;
    program_modules();
    migrate(BEFORE);
    fill();
    migrate(newest());
    check_events();
    check_attachments();
    assert_int_equal(db_status(ctx.db), OK);
    assert_int_equal(db_check(ctx.db, ctx.arena, &(const char *){NULL}), OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_earlier_store_keeps_its_events_and_files),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
