/*
 * The rules of accounts: what a grant needs, who can't be the last to go, and
 * that an account that is closed is out at once.
 */
#include "program/install.h"
#include "core/module.h"
#include "program/modules.h"
#include "app/registers/users.h"
#include "db/journal.h"
#include "pages/register_pages.h"
#include "web/session.h"
#include "store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct ctx ctx;
static struct store store;
static int64_t area, unit;

static int set_up(void **state)
{
    (void)state;
    const char *why = NULL;
    ctx_init(&ctx, arena_new());
    ctx.actor.roles = ROLE_PUBLIC | ROLE_ADMIN;
    ctx.actor.via = "command";
    program_modules();
    store_new(&store);
    ctx.db = db_open(store.address, DB_CREATE, ctx.arena, &why);
    if (!ctx.db || db_migrate(ctx.db, schema_steps, ctx.arena, &why) != OK)
        return -1;
    change(ctx.db, "INSERT INTO areas (created, updated, code, name, level) VALUES (0, 0, 'a', "
                   "'星湖社区', 'community')");
    area = db_inserted(ctx.db);
    change(ctx.db,
           "INSERT INTO units (created, updated, code, name) VALUES (0, 0, 'u', '供水公司')");
    unit = db_inserted(ctx.db);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return store_close(&store, &ctx);
}

static void forget(void)
{
    store_forget(&ctx);
    db_clear(ctx.db);
}

static struct user *added(const char *login)
{
    forget();
    struct user *u = record_new(&ctx, &users_kind);
    assert_true(field_set(&ctx, kind_field(&users_kind, "login"), u, login));
    assert_true(field_set(&ctx, kind_field(&users_kind, "name"), u, "林网格员"));
    assert_true(record_check(&ctx, &users_kind, NULL, u));
    assert_int_equal(user_add(&ctx, u, "hash"), OK);
    return u;
}

static enum status grant(const struct user *u, unsigned role, int64_t in, int64_t of)
{
    forget();
    return user_grant(&ctx, u, role, in, of);
}

static int64_t grants(const struct user *u)
{
    return query_int(ctx.db, "SELECT count(*) AS n FROM grants WHERE \"user\" = {}", u->record.id);
}

static void grants_need_their_place(void **state)
{
    (void)state;
    struct user *u = added("worker1");
    assert_int_equal(grant(u, 0, NONE, NONE), INVALID);
    assert_int_equal(grant(u, ROLE_PUBLIC, NONE, NONE), INVALID);
    assert_int_equal(grant(u, ROLE_WORKER | ROLE_OFFICE, area, NONE), INVALID);
    assert_int_equal(grant(u, ROLE_WORKER, NONE, NONE), INVALID);
    assert_non_null(ctx_problem_of(&ctx, "area"));
    assert_int_equal(grant(u, ROLE_WORKER, 99999, NONE), INVALID);
    assert_int_equal(grant(u, ROLE_HANDLER, area, NONE), INVALID);
    assert_non_null(ctx_problem_of(&ctx, "unit"));
    assert_int_equal(grants(u), 0);

    assert_int_equal(grant(u, ROLE_WORKER, area, NONE), OK);
    assert_int_equal(grant(u, ROLE_WORKER, area, NONE), CONFLICT);
    assert_int_equal(grant(u, ROLE_HANDLER, area, unit), OK);
    assert_int_equal(grants(u), 2);
    /* a handler's requests are the unit's, wherever they are */
    assert_int_equal(
        query_int(ctx.db, "SELECT area FROM grants WHERE \"user\" = {} AND role = 'unit_handler'",
                  u->record.id),
        NONE);
}

static void the_last_admin_stays(void **state)
{
    (void)state;
    struct user *first = added("admin1"), *second = added("admin2");
    assert_int_equal(grant(first, ROLE_ADMIN, area, unit), OK);
    assert_int_equal(
        query_int(ctx.db, "SELECT area FROM grants WHERE \"user\" = {}", first->record.id), NONE);
    int64_t held = query_int(ctx.db, "SELECT id FROM grants WHERE \"user\" = {}", first->record.id);
    forget();
    assert_int_equal(user_revoke(&ctx, first, held), CONFLICT);
    forget();
    assert_int_equal(user_activate(&ctx, first, false), INVALID);
    assert_int_equal(grants(first), 1);

    assert_int_equal(grant(second, ROLE_ADMIN, NONE, NONE), OK);
    forget();
    assert_int_equal(user_activate(&ctx, first, false), OK);
    forget();
    int64_t other = query_int(ctx.db, "SELECT id FROM grants WHERE \"user\" = {}",
                              second->record.id);
    assert_int_equal(user_revoke(&ctx, second, other),
                     CONFLICT); /* the first one may no longer sign in */
    forget();
    assert_int_equal(user_revoke(&ctx, second, held), NOT_FOUND); /* another account's grant */
}

static void closed_accounts_are_out(void **state)
{
    (void)state;
    struct user *u = added("leaver");
    struct ctx as;
    ctx_init(&as, ctx.arena);
    change(ctx.db,
           "INSERT INTO sessions (token_hash, \"user\", created, seen, expires) VALUES ('h', {}, "
           "0, 0, 0)",
           u->record.id);
    assert_int_equal(actor_load(&as, ctx.db, u->record.id, "web"), OK);
    forget();
    assert_int_equal(user_activate(&ctx, u, false), OK);
    assert_int_equal(
        query_int(ctx.db, "SELECT count(*) AS n FROM sessions WHERE \"user\" = {}", u->record.id),
        0);
    assert_int_equal(actor_load(&as, ctx.db, u->record.id, "web"), NOT_FOUND);
}

static void passwords_end_sessions_and_locks(void **state)
{
    (void)state;
    struct user *u = added("forgetful");
    change(ctx.db, "UPDATE users SET failed = 4, locked_until = 99 WHERE id = {}", u->record.id);
    change(ctx.db,
           "INSERT INTO sessions (token_hash, \"user\", created, seen, expires) VALUES ('i', {}, "
           "0, 0, 0)",
           u->record.id);
    assert_int_equal(user_set_password(&ctx, u, "new hash"), OK);
    assert_int_equal(
        query_int(ctx.db, "SELECT count(*) AS n FROM sessions WHERE \"user\" = {}", u->record.id),
        0);
    assert_int_equal(query_int(ctx.db, "SELECT failed FROM users WHERE id = {}", u->record.id), 0);
    assert_int_equal(query_int(ctx.db,
                               "SELECT count(*) AS n FROM journal WHERE kind = 'users' AND record "
                               "= {} AND action = 'password'"
                               " AND before IS NULL AND after IS NULL",
                               u->record.id),
                     1);
}

static void one_login_once(void **state)
{
    (void)state;
    struct user *u = added("twice");
    struct user *again = record_copy(&ctx, &users_kind, u);
    again->record.id = NONE;
    assert_int_equal(user_add(&ctx, again, "hash"), INVALID);
    assert_non_null(ctx_problem_of(&ctx, "login"));
}

/* An action is called what its kind calls it; what no kind calls anything has a common word. */
static void history_speaks_each_kinds_words(void **state)
{
    (void)state;
    static const struct {
        const char *kind, *action, *word;
    } cases[] = {
        {"users", "revoke", "role removed"},
        {"certificates", "revoke", "revoked"},
        {"api_tokens", "revoke", "revoked"},
        {"requests", "file", "Received"},
        {"requests", "join-answer", "answered by a co-reporter"},
        {"opinions", "file", "received"},
        {"volunteers", "confirm", "approved"},
        {"volunteers", "pause", "Take a break"},
        {"people", "import", "imported"},
        {"imports", "done", "imported"},
        {"offers", "done", "completed and recorded"},
        {"settings", "change", "changed"},
        {"", "sign_in_refused", "incorrect password"},
        {"gone", "unheard_of", "unheard_of"},
    };
    ctx.lang = "en";
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(history_action(&ctx, cases[i].kind, cases[i].action), cases[i].word);
    assert_string_equal(history_label(&ctx, "role"), "Role");
    assert_string_equal(history_label(&ctx, "deadline.urgent"), "Deadline for urgent requests");
    assert_string_equal(history_label(&ctx, "rows"), "Rows");
    assert_string_equal(history_label(&ctx, "site.name"), "Office name");
    assert_string_equal(
        history_changes_text(
            &ctx, "users", NULL,
            arena_print(ctx.arena, "{\"role\":\"worker\",\"area\":%lld}", (long long)area)),
        "Role: Community worker; Area: 星湖社区");
    assert_string_equal(history_changes_text(&ctx, "settings", "{\"deadline.urgent\":\"24 hours\"}",
                                             "{\"deadline.urgent\":null}"),
                        "Deadline for urgent requests: 24 hours → empty");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grants_need_their_place),
        cmocka_unit_test(the_last_admin_stays),
        cmocka_unit_test(closed_accounts_are_out),
        cmocka_unit_test(passwords_end_sessions_and_locks),
        cmocka_unit_test(one_login_once),
        cmocka_unit_test(history_speaks_each_kinds_words),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
