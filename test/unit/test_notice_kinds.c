/* Notices about any kind of record: those written before are about the same records after the
 * upgrade, and what is out of date is withdrawn whatever the channel. */
#include "core/notices.h"
#include "core/module.h"
#include "program/modules.h"
#include "base/ctx.h"
#include "store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static struct store store;
static struct ctx ctx;

/* The store as it was before step 023, with a notice of each sort in it. */
static void old_store(void)
{
    struct schema_step steps[32];
    const char *why = "";
    int n = 0;
    for (const struct schema_step *s = schema_steps; s->number && s->number < 23; s++)
        steps[n++] = *s;
    steps[n] = (struct schema_step){.number = 0};
    ctx.db = db_open(store.address, DB_CREATE, ctx.arena, &why);
    if (!ctx.db)
        fail_msg("%s", why);
    assert_int_equal(db_migrate(ctx.db, steps, ctx.arena, &why), OK);
    assert_int_equal(db_bulk(ctx.db, true), OK);
    assert_int_equal(db_begin(ctx.db), OK);
    static const char *const columns[] = {"request", "activity", "volunteer"};
    for (int i = 0; i < 3; i++)
        change(
            ctx.db,
            "INSERT INTO notices (event, recipient, channel, {}, action, language, text, status, "
            "next_at, created) VALUES ({}, 'unit:1', {}, {}, 'x', 'en', 'Text', 'waiting', 1, "
            "1)",
            (struct sql_name){columns[i]}, columns[i], i == 1 ? "mail" : "hand", 7 + i);
    assert_int_equal(db_commit(ctx.db), OK);
}

static int set_up(void **state)
{
    (void)state;
    ctx_init(&ctx, arena_new());
    store_new(&store);
    program_modules();
    old_store();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return store_close(&store, &ctx);
}

static int64_t waiting(const char *kind, int64_t record)
{
    return query_int(ctx.db,
                     "SELECT count(*) AS n FROM notices WHERE kind = {} AND record = {} AND status "
                     "= 'waiting'",
                     kind, record);
}

static void an_upgrade_keeps_what_waits(void **state)
{
    (void)state;
    const char *why = "";
    assert_int_equal(db_migrate(ctx.db, schema_steps, ctx.arena, &why), OK);
    assert_int_equal(waiting("requests", 7), 1);
    assert_int_equal(waiting("activities", 8), 1);
    assert_int_equal(waiting("volunteers", 9), 1);
    assert_int_equal(query_int(ctx.db, "SELECT count(*) AS n FROM notices"), 3);
}

static void what_is_out_of_date_is_withdrawn_from_every_channel(void **state)
{
    (void)state;
    assert_int_equal(db_begin(ctx.db), OK);
    notice_put(&ctx, &(struct notice){.kind = "activities",
                                      .record = 8,
                                      .event = "again",
                                      .recipient = "unit:1",
                                      .action = "x",
                                      .text = "Text"});
    assert_int_equal(waiting("activities", 8), 2); /* one by mail, one by hand */
    notice_withdraw(&ctx, "activities", 8, NULL);
    assert_int_equal(waiting("activities", 8), 0);
    assert_int_equal(waiting("requests", 7), 1); /* about something else */
    assert_int_equal(db_commit(ctx.db), OK);
}

static void a_new_notice_replaces_what_waits_for_its_recipient(void **state)
{
    (void)state;
    struct notice n = {.kind = "volunteers",
                       .record = 9,
                       .event = "first",
                       .recipient = "volunteer:2",
                       .action = "x",
                       .text = "Text",
                       .replaces = true};
    assert_int_equal(db_begin(ctx.db), OK);
    notice_put(&ctx, &n);
    n.event = "second";
    notice_put(&ctx, &n);
    notice_put(&ctx, &n);                          /* told once, however often it is written */
    assert_int_equal(waiting("volunteers", 9), 2); /* the other recipient's stays */
    assert_int_equal(db_commit(ctx.db), OK);
}

static void every_recipient_has_one_module(void **state)
{
    (void)state;
    static const char *const names[] = {"office", "hook",   "resident",    "joiner:3",
                                        "unit:3", "user:3", "volunteer:3", "signup:3"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_non_null(recipient_of(names[i]));
    assert_null(recipient_of("officer"));
    assert_null(recipient_of("nobody:3"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_upgrade_keeps_what_waits),
        cmocka_unit_test(what_is_out_of_date_is_withdrawn_from_every_channel),
        cmocka_unit_test(a_new_notice_replaces_what_waits_for_its_recipient),
        cmocka_unit_test(every_recipient_has_one_module),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
