/*
 * Entries of a type that nobody programmed for: doors that are knocked on. They
 * come late, twice, out of order and from several devices; each counts once,
 * each is answered by itself, and what is refused leaves nothing behind.
 */
#include "core/module.h"
#include "core/offline.h"
#include "base/when.h"
#include "web/web.h"
#include "installed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the knock: all of it ---- */

static bool knock_check(struct ctx *ctx, struct offline_sent *e, struct offline_answer *a)
{
    if (offline_number(e->body, "door") != 13)
        return true;
    change(ctx->db, "INSERT INTO knocks (door, at, key) VALUES (-1, 0, {})", e->key);
    return offline_refuse(a, 403, "Nobody knocks there.");
}

static bool knock_apply(struct ctx *ctx, struct offline_sent *e, struct offline_answer *a)
{
    int64_t door = offline_number(e->body, "door");
    const struct offline_span span = {.from = ctx->now - WHEN_DAY, .to = ctx->now + 60 * WHEN_DAY};
    bool good;
    int64_t at = offline_time(ctx, e->at, e->ahead, &span, &good);
    change(ctx->db, "INSERT INTO knocks (door, at, key) VALUES ({}, {}, {})", (struct maybe){door},
           at, e->key);
    if (door == NONE)
        ctx_problem(ctx, "door", "Which door?");
    a->detail = good ? NULL : "clock";
    a->text = "Knocked.";
    return door != NONE;
}

static const char *knock_again(struct ctx *ctx, const struct offline_sent *e)
{
    return arena_print(ctx->arena, "Door %lld was knocked on before.",
                       (long long)offline_number(e->body, "door"));
}

static const struct offline_entry entries[] = {
    {"knock", ROLE_WORKER, knock_check, knock_apply, knock_again}, {.what = NULL}};
static const struct module knocks_module = {.name = "knocks", .offline = entries};

/* ---- the test's own ---- */

static struct ctx ctx;
static struct store store;
static struct grant grant;
static const struct module *list[200];
static struct exchange ex;
static struct buf out;
static cJSON *answer;

static void act(unsigned role)
{
    store_forget(&ctx);
    grant = (struct grant){.role = role, .area = NONE, .unit = NONE};
    ctx.actor = (struct actor){.user = role ? 1 : NONE,
                               .name = "somebody",
                               .roles = ROLE_PUBLIC | role,
                               .grants = &grant,
                               .grant_count = 1,
                               .via = "api"};
}

static int set_up(void **state)
{
    (void)state;
    if (store_install(&store, &ctx) != 0)
        return -1;
    ctx.lang = "en";
    buf_init(&out, 0);
    int n = 0;
    for (; modules[n] && n < 198; n++)
        list[n] = modules[n];
    list[n] = &knocks_module;
    modules_set(list);
    if (db_begin(ctx.db) != OK) /* as the writer does: each entry has a savepoint in it */
        return -1;
    change(ctx.db,
           "CREATE TABLE knocks (id integer PRIMARY KEY, door bigint, at bigint, key text)");
    return db_status(ctx.db) == OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    cJSON_Delete(answer);
    buf_release(&out);
    db_rollback(ctx.db);
    return store_close(&store, &ctx);
}

static const struct route *address(void)
{
    for (const struct routes *t = modules_routes(); t->list; t++)
        for (int i = 0; i < t->count; i++)
            if (!strcmp(t->list[i].path, "/api/offline"))
                return &t->list[i];
    return NULL;
}

/* Sends the entries and keeps the answer; its code. */
static int send_all(const char *body_of_list)
{
    const struct route *r = address();
    store_forget(&ctx);
    buf_clear(&out);
    const char *body = arena_print(ctx.arena, "{\"entries\":[%s]}", body_of_list);
    ex = (struct exchange){.method = r->method,
                           .route = r,
                           .path = r->path,
                           .body = body,
                           .body_size = strlen(body),
                           .out = &out,
                           .code = 200,
                           .answer = ARENA_ARRAY(ctx.arena, struct param, 24)};
    ctx.web = &ex;
    r->prepare(&ctx);
    if (ctx_ok(&ctx))
        r->handle(&ctx);
    ctx.web = NULL;
    cJSON_Delete(answer);
    answer = ctx_ok(&ctx) ? cJSON_Parse(out.data) : NULL;
    return ex.code;
}

static const cJSON *one(int i)
{
    return cJSON_GetArrayItem(cJSON_GetObjectItem(answer, "results"), i);
}

static const char *word(int i, const char *name)
{
    const cJSON *w = cJSON_GetObjectItem(one(i), name);
    return cJSON_IsString(w) ? w->valuestring : "";
}

static int status(int i)
{
    return cJSON_GetObjectItem(one(i), "status")->valueint;
}

static int64_t knocks(int64_t door)
{
    return query_int(ctx.db, "SELECT count(*) AS n FROM knocks WHERE door = {}", door);
}

static const char *knock(const char *key, int64_t door, int64_t at)
{
    return arena_print(ctx.arena,
                       "{\"key\":\"%s\",\"what\":\"knock\",\"at\":%lld,\"ahead\":0,\"body\":{"
                       "\"door\":%lld,\"how\":\"twice\"}}",
                       key, (long long)at, (long long)door);
}

/* ---- tests ---- */

static void each_counts_once_in_any_order(void **state)
{
    (void)state;
    act(ROLE_WORKER);
    const char *late = knock("order-late", 2, ctx.now - 10),
               *early = knock("order-early", 1, ctx.now - 500);
    assert_int_equal(send_all(arena_print(ctx.arena, "%s,%s", late, early)), 201);
    assert_string_equal(word(0, "key"), "order-late");
    assert_string_equal(word(0, "result"), "accepted");
    assert_string_equal(word(1, "message"), "Knocked.");
    assert_int_equal(query_int(ctx.db, "SELECT at FROM knocks WHERE door = 1"), ctx.now - 500);
    /* the answer was lost: all of it comes again, the other way round, and once more in one list */
    early = knock("order-early", 1, ctx.now - 500);
    late = knock("order-late", 2, ctx.now - 10);
    assert_int_equal(send_all(arena_print(ctx.arena, "%s,%s,%s", early, late, early)), 200);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(status(i), 200);
        assert_string_equal(word(i, "result"), "duplicate");
    }
    assert_string_equal(word(0, "message"), "Door 1 was knocked on before.");
    assert_int_equal(knocks(1), 1);
    assert_int_equal(knocks(2), 1);
}

static void the_same_members_in_another_order_are_the_same_body(void **state)
{
    (void)state;
    act(ROLE_WORKER);
    send_all(knock("members-1", 4, ctx.now));
    send_all("{\"key\":\"members-1\",\"what\":\"knock\",\"body\":{\"how\":\"twice\",\"door\":4}}");
    assert_string_equal(word(0, "result"), "duplicate");
    assert_int_equal(knocks(4), 1);
}

static void another_device_with_the_same_key_is_told(void **state)
{
    (void)state;
    act(ROLE_WORKER);
    send_all(knock("two-devices", 5, ctx.now));
    assert_int_equal(send_all(knock("two-devices", 6, ctx.now)), 200);
    assert_int_equal(status(0), 409);
    assert_string_equal(word(0, "result"), "refused");
    assert_string_equal(word(0, "message"),
                        "Another entry was stored under this key. Enter it once more.");
    assert_int_equal(knocks(5), 1);
    assert_int_equal(knocks(6), 0);
}

static void a_bad_one_holds_up_no_other(void **state)
{
    (void)state;
    act(ROLE_WORKER);
    const char *bad = "{\"key\":\"bad-door\",\"what\":\"knock\",\"body\":{}}",
               *unknown = "{\"key\":\"bad-type\",\"what\":\"sing\",\"body\":{}}",
               *empty = "{\"key\":\"bad-body\",\"what\":\"knock\",\"body\":7}",
               *unnamed = "{\"what\":\"knock\",\"body\":{\"door\":8}}, 17";
    int64_t before = query_int(ctx.db, "SELECT count(*) AS n FROM knocks");
    assert_int_equal(
        send_all(arena_print(ctx.arena, "%s,%s,%s,%s,%s,%s", bad, unknown, empty, unnamed,
                             knock("bad-door-13", 13, ctx.now), knock("good-one", 7, ctx.now))),
        201);
    assert_string_equal(word(0, "message"), "Which door?");
    assert_string_equal(word(1, "message"), "This server does not take entries of this type.");
    assert_string_equal(word(2, "message"), "Each entry needs a “body”, which is an object.");
    for (int i = 0; i < 5; i++)
        assert_int_equal(status(i), 422);
    assert_int_equal(status(5), 403);
    assert_string_equal(word(5, "message"), "Nobody knocks there.");
    assert_int_equal(status(6), 201);
    assert_int_equal(knocks(7), 1);
    /* what apply wrote before it refused is gone; what check counted stays */
    assert_int_equal(query_int(ctx.db, "SELECT count(*) AS n FROM knocks"), before + 2);
    assert_int_equal(knocks(-1), 1);
    /* and it may come again, put right */
    send_all("{\"key\":\"bad-door\",\"what\":\"knock\",\"body\":{\"door\":9}}");
    assert_string_equal(word(0, "result"), "accepted");
    assert_int_equal(knocks(9), 1);
}

static void only_those_who_may(void **state)
{
    (void)state;
    act(0);
    assert_int_equal(send_all(knock("who-may-it", 10, ctx.now)), 200);
    assert_int_equal(status(0), 401);
    act(ROLE_OFFICE);
    send_all(knock("who-may-it", 10, ctx.now));
    assert_int_equal(status(0), 403);
    assert_int_equal(knocks(10), 0);
    act(ROLE_WORKER);
    send_all(knock("who-may-it", 10, ctx.now));
    assert_int_equal(status(0), 201);
}

/* Both times are kept; one that can't be is replaced by the time of arrival, and the answer says
 * so. */
static void a_wrong_clock_is_noticed(void **state)
{
    (void)state;
    act(ROLE_WORKER);
    send_all(arena_print(ctx.arena,
                         "{\"key\":\"clock-ahead\",\"what\":\"knock\",\"at\":%lld,\"ahead\":3600,"
                         "\"body\":{\"door\":11}}",
                         (long long)ctx.now + 3000));
    assert_string_equal(word(0, "detail"), "");
    assert_int_equal(query_int(ctx.db, "SELECT at FROM knocks WHERE door = 11"), ctx.now - 600);
    send_all(knock("clock-wrong", 12, ctx.now + 30 * WHEN_DAY));
    assert_string_equal(word(0, "detail"), "clock");
    assert_int_equal(query_int(ctx.db, "SELECT at FROM knocks WHERE door = 12"), ctx.now);
    assert_int_equal(query_int(ctx.db,
                               "SELECT count(*) AS n FROM offline_entries WHERE key = "
                               "'clock-wrong' AND received = {} AND device_at = {} AND "
                               "actor = 1",
                               ctx.now, ctx.now + 30 * WHEN_DAY),
                     1);
}

static void too_many_are_refused_with_their_number(void **state)
{
    (void)state;
    act(ROLE_WORKER);
    struct buf all;
    buf_init(&all, 0);
    for (int i = 0; i <= OFFLINE_MOST; i++)
        plain(&all, "{}{}", i ? "," : "", i);
    send_all(arena_copyn(ctx.arena, all.data, all.size));
    buf_release(&all);
    assert_int_equal(ctx.status, INVALID);
    assert_string_equal(ctx.problems->text, "No more than 200 at a time.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_counts_once_in_any_order),
        cmocka_unit_test(the_same_members_in_another_order_are_the_same_body),
        cmocka_unit_test(another_device_with_the_same_key_is_told),
        cmocka_unit_test(a_bad_one_holds_up_no_other),
        cmocka_unit_test(only_those_who_may),
        cmocka_unit_test(a_wrong_clock_is_noticed),
        cmocka_unit_test(too_many_are_refused_with_their_number),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
