/*
 * One more than what was a limit once: everything is read all the same, or the
 * page says how many more there are.
 */
#include "app/activities/activities.h"
#include "app/registers/names.h"
#include "app/registers/registers.h"
#include "base/when.h"
#include "core/feed.h"
#include "core/module.h"
#include "kind/form.h"
#include "program/install.h"
#include "gated.h"
#include "installed.h"
#include "volunteer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct ctx ctx;
static struct store store;
static const struct grant everywhere = {.role = ROLE_OFFICE, .area = NONE, .unit = NONE};

static int set_up(void **state)
{
    (void)state;
    return store_install(&store, &ctx);
}

static int tear_down(void **state)
{
    (void)state;
    return store_close(&store, &ctx);
}

static int open_gate(void **state)
{
    if (set_up(state) != 0)
        return -1;
    gate_open(&ctx, &store);
    return 0;
}

static int close_gate(void **state)
{
    gate_close();
    return tear_down(state);
}

static const char *signed_in(const char *login)
{
    unsigned char hash[32];
    const char *token = arena_print(ctx.arena, "test-%s", login);
    crypto_generichash(hash, sizeof hash, (const unsigned char *)token, strlen(token), NULL, 0);
    int64_t user = query_int(ctx.db, "SELECT id FROM users WHERE login = {}", login);
    assert_int_not_equal(user, NONE);
    change(ctx.db,
           "INSERT INTO sessions (token_hash, \"user\", created, seen, expires) VALUES ({}, {}, "
           "{}, {}, {}) ON CONFLICT (token_hash) DO NOTHING",
           bytes_of(hash, sizeof hash), user, ctx.now, ctx.now, ctx.now + 3600);
    return arena_print(ctx.arena, "linli=%s", token);
}

static int get(const char *uri, const char *cookies)
{
    return gate_ask(&ctx, "GET", uri, cookies, NULL, "10.9.0.1");
}

/* Sends a form as the page with the token would. */
static int post(const char *uri, const char *cookies, const char *form)
{
    get("/teams", cookies);
    const char *csrf = arena_copy(ctx.arena, seen.ex.csrf ? seen.ex.csrf : "");
    return gate_ask(&ctx, "POST", uri, cookies, arena_print(ctx.arena, "%s&_csrf=%s", form, csrf),
                    "10.9.0.1");
}

static int64_t team(const char *code)
{
    return query_int(ctx.db, "SELECT id FROM organisations WHERE code = {}", code);
}

/* The numbers from 1 to the parameter, as rows of n. */
#define NUMBERS "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) "

static int times(const char *text, const char *word)
{
    int n = 0;
    for (const char *p = text; (p = strstr(p, word)); p += strlen(word))
        n++;
    return n;
}

static bool holds(const char *word)
{
    return seen.out.data && strstr(seen.out.data, word);
}

static const char *print(const char *format, int64_t id)
{
    return arena_print(ctx.arena, format, (long long)id);
}

static struct activity *activity(int64_t starts)
{
    store_be(&ctx, ROLE_OFFICE, &everywhere, 1);
    struct activity *a = record_new(&ctx, &activities_kind);
    a->title = "便民理发日";
    a->kind = "haircut";
    a->starts = starts;
    a->ends = starts + 3 * WHEN_HOUR;
    a->area = query_int(ctx.db,
                        "SELECT id FROM areas WHERE level = 'community' ORDER BY id LIMIT 1");
    assert_true(record_check(&ctx, &activities_kind, NULL, a));
    assert_int_equal(activity_file(&ctx, a), OK);
    return a;
}

/* Activities without more than they need, an hour each, one after the other from `from`. */
static void activities(const char *prefix, int64_t count, int64_t from, int64_t apart)
{
    assert_int_equal(
        change(ctx.db,
               "INSERT INTO activities (created, updated, number, title, kind, starts, "
               "ends, status) " NUMBERS
               "SELECT 0, 0, {} || i, {} || i, 'other', {} + i * {}, {} + i * {}, "
               "'open' FROM n",
               count, prefix, prefix, from - apart, apart, from - apart + WHEN_HOUR, apart),
        OK);
}

/* ---- lists to choose from ---- */

static void all_categories_and_units_can_be_chosen(void **state)
{
    (void)state;
    store_be(&ctx, ROLE_OFFICE, &everywhere, 1);
    int64_t top = query_int(ctx.db, "SELECT min(id) AS id FROM categories WHERE parent IS NULL");
    int had = names_load(&ctx, "categories").count, units = names_load(&ctx, "units").count;
    assert_int_equal(
        change(ctx.db,
               "INSERT INTO categories (created, updated, code, name, parent, position) " NUMBERS
               "SELECT 0, 0, 'beyond-' || i, '类别' || i, {}, 9000 + i FROM n",
               (int64_t)4001, top),
        OK);
    assert_int_equal(change(ctx.db,
                            "INSERT INTO units (created, updated, code, name) " NUMBERS
                            "SELECT 0, 0, 'beyond-' || i, '单位' || i FROM n",
                            (int64_t)4001),
                     OK);
    db_clear(ctx.db);
    struct names categories = names_load(&ctx, "categories");
    assert_int_equal(categories.count, had + 4001);
    assert_string_equal(
        names_find(&categories,
                   query_int(ctx.db, "SELECT id FROM categories WHERE code = 'beyond-4001'")),
        "类别4001");
    assert_int_equal(names_load(&ctx, "units").count, units + 4001);
    assert_int_equal(gate_ask(&ctx, "GET", "/ask", "", NULL, "10.9.0.1"), 200);
    assert_true(holds("<b>类别4001</b>"));
    change(ctx.db, "DELETE FROM categories WHERE code LIKE 'beyond-%'");
    change(ctx.db, "DELETE FROM units WHERE code LIKE 'beyond-%'");
    db_clear(ctx.db);
}

/* A chain longer than is drawn as a tree, and a parent below its own child. */
static void no_branch_of_a_tree_is_lost(void **state)
{
    (void)state;
    store_be(&ctx, ROLE_OFFICE, &everywhere, 1);
    int count, had;
    branches(&ctx, &categories_kind, BRANCHES_ALL, &had);
    for (int i = 1; i <= BRANCH_DEPTH_MOST + 10; i++)
        change(ctx.db,
               "INSERT INTO categories (created, updated, code, name, parent) SELECT 0, 0, {}, {}, "
               "(SELECT id FROM categories WHERE code = {})",
               print("deep-%lld", i), print("深%lld", i), print("deep-%lld", i - 1));
    change(ctx.db, "UPDATE categories SET parent = (SELECT id FROM categories WHERE code = "
                   "'deep-40') WHERE code = 'deep-39'");
    const struct branch *list = branches(&ctx, &categories_kind, BRANCHES_ALL, &count);
    assert_int_equal(count, had + BRANCH_DEPTH_MOST + 10);
    int found = 0;
    for (int i = 0; i < count; i++) {
        assert_non_null(list[i].code);
        assert_true(list[i].depth <= BRANCH_DEPTH_MOST);
        found += !strncmp(list[i].code, "deep-", 5);
    }
    assert_int_equal(found, BRANCH_DEPTH_MOST + 10);
    assert_int_equal(names_load(&ctx, "categories").count, count);
    change(ctx.db, "UPDATE categories SET parent = NULL WHERE code LIKE 'deep-%'");
    change(ctx.db, "DELETE FROM categories WHERE code LIKE 'deep-%'");
    db_clear(ctx.db);
}

/* ---- accounts ---- */

static void the_201st_grant_counts(void **state)
{
    (void)state;
    const char *office = signed_in("office1");
    int64_t user = query_int(ctx.db, "SELECT id FROM users WHERE login = 'office1'");
    assert_int_equal(get("/team-leaders", office), 403);
    change(ctx.db,
           "INSERT INTO grants (\"user\", role, area) " NUMBERS
           "SELECT {}, 'leader', (SELECT min(id) FROM areas) FROM n",
           (int64_t)201, user);
    change(ctx.db, "INSERT INTO grants (\"user\", role) VALUES ({}, 'admin')", user);
    db_clear(ctx.db);
    assert_int_equal(get("/team-leaders", office), 200);
    change(ctx.db, "DELETE FROM grants WHERE \"user\" = {} AND role IN ('leader', 'admin')", user);
}

static void the_501st_login_can_lead_a_team(void **state)
{
    (void)state;
    const char *admin = signed_in("admin");
    int64_t own = team("t-xinghu-neighbours");
    assert_int_equal(get("/team-leaders", admin), 200);
    assert_true(holds("<select id=\"f-user\"")); /* few: to choose from */
    change(ctx.db,
           "INSERT INTO users (created, updated, login, name) " NUMBERS
           "SELECT 0, 0, 'zz-' || i, '用户' || i FROM n",
           (int64_t)501);
    assert_int_equal(get("/team-leaders", admin), 200);
    assert_true(holds("data-suggest=\"/registers/users/suggest\""));
    assert_int_equal(post("/team-leaders", admin, print("user=nobody&team=%lld", own)), 422);
    assert_true(holds("value=\"nobody\""));
    assert_int_equal(post("/team-leaders", admin, print("user=zz-501&team=%lld", own)), 303);
    assert_int_equal(
        query_int(ctx.db, "SELECT g.organisation FROM grants g JOIN users u ON u.id = g.\"user\" "
                          "WHERE u.login = 'zz-501'"),
        own);
    change(ctx.db, "UPDATE users SET active = 0 WHERE login = 'zz-500'");
    assert_int_equal(post("/team-leaders", admin, print("user=zz-500&team=%lld", own)), 422);
}

static void the_leaders_page_does_not_grow_with_teams_times_leaders(void **state)
{
    (void)state;
    const char *admin = signed_in("admin");
    int64_t own = team("t-xinghu-neighbours");
    change(ctx.db,
           "INSERT INTO grants (\"user\", role, organisation) SELECT id, 'team_leader', {} FROM "
           "users WHERE login LIKE 'zz-%' AND login <> 'zz-501'",
           own);
    change(ctx.db,
           "INSERT INTO organisations (created, updated, code, name, kind, public) " NUMBERS
           "SELECT 0, 0, 'team-' || i, '第' || i || '队', 'team', 1 FROM n",
           (int64_t)501);
    int64_t teams = query_int(ctx.db,
                              "SELECT count(*) AS n FROM organisations WHERE kind = 'team'");
    assert_int_equal(get("/team-leaders", admin), 200);
    assert_true(times(seen.out.data, "<option") < 2 * teams);
    assert_true(holds("<option value=\"")); /* all of them, once */
    assert_true(holds("第501队</option>"));
    assert_true(holds("page=2"));
    assert_int_equal(get("/team-leaders?page=6", admin), 200);
    assert_true(holds("zz-99"));
    int64_t grant = query_int(ctx.db, "SELECT g.id FROM grants g JOIN users u ON u.id = g.\"user\" "
                                      "WHERE u.login = 'zz-99'");
    assert_int_equal(get(print("/team-leaders?change=%lld", grant), admin), 200);
    assert_true(holds(print("action=\"/team-leaders/%lld\"", grant)));
    assert_true(holds("第501队</option>"));
    assert_int_equal(get("/teams", ""), 200);
    assert_true(holds("第501队"));
    assert_int_equal(get("/duty", signed_in("office1")), 200);
    assert_true(holds("第501队"));
    change(ctx.db, "DELETE FROM grants WHERE \"user\" IN (SELECT id FROM users WHERE login LIKE "
                   "'zz-%')");
    change(ctx.db, "DELETE FROM organisations WHERE code LIKE 'team-%'");
    change(ctx.db, "DELETE FROM users WHERE login LIKE 'zz-%'");
}

/* ---- attendance ---- */

static void every_minute_of_a_day_counts(void **state)
{
    (void)state;
    const char *code;
    struct volunteer *v = volunteer_new(&ctx, "甲志愿", "13800000601", &code);
    int64_t day = when_day(ctx.now) - 5;
    change(ctx.db,
           "INSERT INTO attendances (created, updated, code, volunteer, came, went, how, "
           "status) " NUMBERS
           "SELECT 0, 0, 'minute-' || i, {}, {} + i * 120, {} + i * 120, 'leader', 'good' "
           "FROM n",
           (int64_t)201, v->record.id, when_day_start(day), when_day_start(day) + 60);
    assert_int_equal(hours_compute(&ctx, v->record.id, day), OK);
    assert_int_equal(
        query_int(ctx.db, "SELECT attended FROM hours WHERE volunteer = {}", v->record.id),
        201 * 60);
}

static void the_51st_check_out_is_read(void **state)
{
    (void)state;
    const char *code;
    struct volunteer *v = volunteer_new(&ctx, "乙志愿", "13800000602", &code);
    struct activity *a = activity(when_day_start(when_day(ctx.now) - 1) + 9 * WHEN_HOUR);
    enum mark_result result;
    change(ctx.db,
           "INSERT INTO marks (created, code, activity, volunteer, direction, at, how) " NUMBERS
           "SELECT 0, 'in-' || i, {}, {}, 'in', {} + i * 120, 'qr' FROM n",
           (int64_t)51, a->record.id, v->record.id, a->starts);
    change(ctx.db,
           "INSERT INTO marks (created, code, activity, volunteer, direction, at, how) " NUMBERS
           "SELECT 0, 'out-' || i, {}, {}, 'out', {} + i * 120, 'qr' FROM n",
           (int64_t)50, a->record.id, v->record.id, a->starts + 60);
    struct mark m = {.code = "out-51",
                     .activity = a->record.id,
                     .shift = NONE,
                     .offer = NONE,
                     .volunteer = v->record.id,
                     .out = true,
                     .at = a->starts + 51 * 120 + 60,
                     .ahead = 0,
                     .how = "qr"};
    assert_int_equal(attendance_mark(&ctx, &m, &result), OK);
    assert_int_equal(result, MARK_DONE);
    assert_int_equal(query_int(ctx.db,
                               "SELECT count(*) AS n FROM attendances WHERE volunteer = {} AND "
                               "went = came + 60",
                               v->record.id),
                     51);
}

static void an_attendance_of_two_months_is_refused(void **state)
{
    (void)state;
    const char *code;
    struct volunteer *v = volunteer_new(&ctx, "丙志愿", "13800000603", &code);
    struct attendance *t = record_new(&ctx, &attendances_kind);
    t->volunteer = v->record.id;
    assert_int_equal(
        attendance_add(&ctx, t, ctx.now - 60 * WHEN_DAY, ctx.now - WHEN_HOUR, "忘了签退"), INVALID);
    assert_non_null(ctx_problem_of(&ctx, "went"));
    store_be(&ctx, ROLE_OFFICE, &everywhere, 1);
}

/* ---- people of an activity ---- */

static void the_501st_sign_up_is_shown(void **state)
{
    (void)state;
    const char *office = signed_in("office1");
    struct activity *a = activity(ctx.now + WHEN_DAY);
    const char *page = print("/activities/%lld/manage", a->record.id);
    change(ctx.db,
           "INSERT INTO sign_ups (created, updated, code, activity, name, status) " NUMBERS
           "SELECT 0, 0, 'many-' || i, {}, '来客' || i || '号', 'signed' FROM n",
           (int64_t)501, a->record.id);
    assert_int_equal(get(page, office), 200);
    assert_true(holds("501 人")); /* how many there are, and a way to the rest */
    assert_true(holds("?page=2#sign-ups"));
    assert_int_equal(get(arena_print(ctx.arena, "%s?page=3", page), office), 200);
    assert_true(holds("来客501号"));
}

static void everybody_stands_on_the_page_of_the_entrance(void **state)
{
    (void)state;
    const char *office = signed_in("office1");
    struct activity *a = activity(ctx.now - WHEN_HOUR);
    assert_int_equal(change(ctx.db,
                            "INSERT INTO people (created, updated, code, name) " NUMBERS
                            "SELECT 0, 0, 'VX' || i, '在场' || i FROM n",
                            (int64_t)1001),
                     OK);
    assert_int_equal(
        change(ctx.db, "INSERT INTO volunteers (created, updated, number, person, status) SELECT "
                       "0, 0, code, id, 'active' FROM people WHERE code LIKE 'VX%'"),
        OK);
    assert_int_equal(
        change(ctx.db,
               "INSERT INTO attendances (created, updated, code, activity, volunteer, came, how, "
               "status) SELECT 0, 0, 'here-' || number, {}, id, {}, 'leader', 'good' FROM "
               "volunteers WHERE number LIKE 'VX%'",
               a->record.id, ctx.now - 1800),
        OK);
    assert_int_equal(
        change(ctx.db,
               "INSERT INTO marks (created, code, activity, volunteer, direction, at, how) SELECT "
               "0, 'here-' || number, {}, id, 'in', {}, 'leader' FROM volunteers WHERE number LIKE "
               "'VX%'",
               a->record.id, ctx.now - 1800),
        OK);
    assert_int_equal(get(print("/activities/%lld/door", a->record.id), office), 200);
    assert_int_equal(times(seen.out.data, "data-who=\"VX"), 1001);
    assert_int_equal(post(print("/activities/%lld/all-out", a->record.id), office, "x=1"), 303);
    assert_int_equal(query_int(ctx.db,
                               "SELECT count(*) AS n FROM attendances WHERE activity = {} AND went "
                               "IS NULL",
                               a->record.id),
                     1);
    bool said = false; /* "1000 checked out, 1 is still here" */
    for (int i = 0; i < seen.ex.answer_count; i++)
        said = said || strstr(seen.ex.answer[i].value, "1000");
    assert_true(said);
    assert_int_equal(post(print("/activities/%lld/all-out", a->record.id), office, "x=2"), 303);
    assert_int_equal(query_int(ctx.db,
                               "SELECT count(*) AS n FROM attendances WHERE activity = {} AND went "
                               "IS NULL",
                               a->record.id),
                     0);
}

/* ---- calendars ---- */

static void a_feed_holds_the_future_and_says_what_it_leaves_out(void **state)
{
    (void)state;
    change(ctx.db, "UPDATE activities SET status = 'planned'");
    activities("past-", 10, ctx.now - 20 * WHEN_DAY, WHEN_DAY);
    activities("next-", FEED_MOST + 1, ctx.now + WHEN_HOUR, WHEN_HOUR);
    assert_int_equal(get("/activities.ics", ""), 200);
    assert_true(holds("UID:next-1@linli"));
    assert_true(holds("UID:next-500@linli"));
    assert_false(holds("UID:next-501@linli"));
    assert_false(holds("UID:past-"));
    assert_true(holds("UID:more@linli"));
    assert_true(holds("X-WR-CALDESC"));
    change(ctx.db, "DELETE FROM activities WHERE number = 'next-501'");
    get("/activities.ics", "");
    assert_false(holds("UID:more@linli"));
    assert_true(holds("X-WR-CALDESC"));
    change(ctx.db, "DELETE FROM activities WHERE number LIKE 'next-%' AND starts > {}",
           ctx.now + 100 * WHEN_HOUR);
    get("/activities.ics", "");
    assert_true(holds("UID:past-1@linli"));
    assert_false(holds("X-WR-CALDESC"));
}

static void the_month_counts_all_and_each_day_can_be_opened(void **state)
{
    (void)state;
    int64_t first = day_of(2031, 5, 1);
    activities("may-", 401, when_day_start(first) + 8 * WHEN_HOUR, 60);
    activities("end-", 7, when_day_start(first + 30) + 8 * WHEN_HOUR, WHEN_HOUR);
    assert_int_equal(get("/activities?month=2031-05", ""), 200);
    assert_true(holds("<b>1</b><i aria-hidden=\"true\">401</i>"));
    assert_true(holds("<b>31</b><i aria-hidden=\"true\">7</i>"));
    assert_true(holds("8 场")); /* not listed */
    assert_true(holds("day=31#day-31"));
    assert_int_equal(get("/activities?month=2031-05&day=31", ""), 200);
    assert_true(holds("end-7</a>"));
    assert_true(holds("<b>1</b><i aria-hidden=\"true\">401</i>"));
    assert_false(holds("may-1</a>"));
    change(ctx.db, "DELETE FROM activities WHERE number LIKE 'may-%'");
    assert_int_equal(get("/activities?month=2031-05", ""), 200);
    assert_true(holds("href=\"#day-31\""));
}

/* ---- a list that grows ---- */

static void a_list_grows_without_losing_anything(void **state)
{
    (void)state;
    int *list = NULL, n = 0;
    while (n < 5000) {
        int *next = ARENA_NEXT(ctx.arena, list, n);
        *next = n;
    }
    for (int i = 0; i < n; i++)
        assert_int_equal(list[i], i + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_grows_without_losing_anything),
        cmocka_unit_test(all_categories_and_units_can_be_chosen),
        cmocka_unit_test(no_branch_of_a_tree_is_lost),
        cmocka_unit_test(the_201st_grant_counts),
        cmocka_unit_test(the_501st_login_can_lead_a_team),
        cmocka_unit_test(the_leaders_page_does_not_grow_with_teams_times_leaders),
        cmocka_unit_test(every_minute_of_a_day_counts),
        cmocka_unit_test(the_51st_check_out_is_read),
        cmocka_unit_test(an_attendance_of_two_months_is_refused),
        cmocka_unit_test(the_501st_sign_up_is_shown),
        cmocka_unit_test(everybody_stands_on_the_page_of_the_entrance),
        cmocka_unit_test(a_feed_holds_the_future_and_says_what_it_leaves_out),
        cmocka_unit_test(the_month_counts_all_and_each_day_can_be_opened),
    };
    return cmocka_run_group_tests(tests, open_gate, close_gate);
}
