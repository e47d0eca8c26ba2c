/*
 * Volunteers' pages: the card that stands for an account, and what others
 * find who have none, an old one, or somebody else's.
 */
#include "app/activities/activities.h"
#include "program/install.h"
#include "core/module.h"
#include "base/when.h"
#include "gated.h"
#include "installed.h"
#include "volunteer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static struct ctx ctx;
static struct store store;

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

static const char *answered(const char *name)
{
    for (int i = 0; i < seen.ex.answer_count; i++)
        if (!strcmp(seen.ex.answer[i].name, name))
            return seen.ex.answer[i].value;
    return "";
}

/* The cookie that a shown card gives, to be sent back; "" for a wrong one. */
static const char *cookie_of(const char *code, const char *address)
{
    gate_ask(&ctx, "POST", "/card", "", arena_print(ctx.arena, "code=%s", code), address);
    const char *set = answered("Set-Cookie");
    return arena_copyn(ctx.arena, set, strcspn(set, ";"));
}

static void a_card_opens_its_own_pages_and_no_others(void **state)
{
    (void)state;
    const char *code, *other;
    volunteer_new(&ctx, "甲志愿", "13800000201", &code);
    volunteer_new(&ctx, "乙志愿", "13800000202", &other);
    const char *cookie = cookie_of(arena_print(ctx.arena, "%.5s-%s", code, code + 5), "10.0.0.1");
    assert_int_equal(seen.ex.code, 303);
    assert_string_equal(answered("Location"), "/my");
    assert_non_null(strstr(answered("Set-Cookie"), "HttpOnly"));
    assert_null(strstr(answered("Set-Cookie"), code)); /* the code itself is kept nowhere */
    assert_int_equal(gate_ask(&ctx, "GET", "/my", cookie, NULL, "10.0.0.1"), 200);
    assert_non_null(strstr(seen.out.data, "甲志愿"));
    assert_null(strstr(seen.out.data, "乙志愿"));
    assert_string_equal(answered("Cache-Control"), "no-store");
    assert_int_equal(gate_ask(&ctx, "GET", "/work", cookie, NULL, "10.0.0.1"),
                     303); /* the staff's sign-in */
    assert_non_null(strstr(answered("Location"), "/login"));
}

static void a_cookie_made_by_hand_opens_nothing(void **state)
{
    (void)state;
    const char *code, *other;
    struct volunteer *a = volunteer_new(&ctx, "丙志愿", "13800000203", &code),
                     *b = volunteer_new(&ctx, "丁志愿", "13800000204", &other);
    const char *cookie = cookie_of(code, "10.0.0.2");
    const char *moved = arena_print(ctx.arena, "linli_card=%lld%s", (long long)b->record.id,
                                    strchr(cookie, '.'));
    assert_non_null(strstr(cookie, arena_print(ctx.arena, "=%lld.", (long long)a->record.id)));
    assert_int_equal(gate_ask(&ctx, "GET", "/my", moved, NULL, "10.0.0.2"), 303);
    assert_int_equal(gate_ask(&ctx, "GET", "/my", "linli_card=1", NULL, "10.0.0.2"), 303);
    assert_int_equal(gate_ask(&ctx, "GET", "/my", "linli_card=-1.x", NULL, "10.0.0.2"), 303);
    assert_int_equal(
        gate_ask(&ctx, "GET", "/my", "linli_card=99999999999999999999.x", NULL, "10.0.0.2"), 303);
    /* a form without the page's token is not taken */
    assert_int_equal(gate_ask(&ctx, "POST", "/card/away", cookie, "", "10.0.0.2"), 403);
}

static void a_new_card_and_leaving_end_the_old_one(void **state)
{
    (void)state;
    const char *code, *renewed;
    struct volunteer *v = volunteer_new(&ctx, "戊志愿", "13800000205", &code);
    const char *cookie = cookie_of(code, "10.0.0.3");
    assert_int_equal(gate_ask(&ctx, "GET", "/my", cookie, NULL, "10.0.0.3"), 200);
    assert_int_equal(
        volunteer_card(&ctx, record_get(&ctx, &volunteers_kind, v->record.id), &renewed), OK);
    assert_int_equal(gate_ask(&ctx, "GET", "/my", cookie, NULL, "10.0.0.3"), 303);
    assert_string_equal(cookie_of(code, "10.0.0.3"), "");
    cookie = cookie_of(renewed, "10.0.0.3");
    assert_int_equal(gate_ask(&ctx, "GET", "/my", cookie, NULL, "10.0.0.3"), 200);
    change(ctx.db, "UPDATE volunteers SET status = 'left' WHERE id = {}", v->record.id);
    assert_int_equal(gate_ask(&ctx, "GET", "/my", cookie, NULL, "10.0.0.3"), 303);
    assert_string_equal(cookie_of(renewed, "10.0.0.3"), "");
}

static void codes_can_not_be_tried_out(void **state)
{
    (void)state;
    const char *code;
    int code_of_answer = 422, tried = 0;
    volunteer_new(&ctx, "己志愿", "13800000206", &code);
    for (; code_of_answer == 422 && tried < 100; tried++)
        code_of_answer = gate_ask(
            &ctx, "POST", "/card", "",
            arena_print(ctx.arena, "code=ABCDEFGH%c%c", 'A' + tried / 5, 'M' + tried % 5),
            "10.0.0.4");
    assert_int_equal(code_of_answer, 429);
    assert_true(tried <= 31);
    assert_string_equal(cookie_of(code, "10.0.0.4"), ""); /* not even the right one, from there */
    assert_string_not_equal(cookie_of(code, "10.0.0.5"), "");
}

/* ---- staff ---- */

/* A session of a login, as the cookie its browser sends. */
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

static int64_t estate(void)
{
    return query_int(ctx.db, "SELECT id FROM areas WHERE level = 'estate' ORDER BY id LIMIT 1");
}

static const char *who(const char *name, const char *phone, const char *more)
{
    return arena_print(ctx.arena, "name=%s&phone=%s&area=%lld%s", name, phone, (long long)estate(),
                       more);
}

static int64_t of_phone(const char *name, const char *phone)
{
    return query_int(ctx.db, "SELECT id FROM volunteers WHERE person = {}",
                     (struct maybe){person_find(&ctx, name, phone)});
}

static const char *status_of(int64_t volunteer)
{
    const struct volunteer *v = record_get(&ctx, &volunteers_kind, volunteer);
    return v ? v->status : "";
}

static void a_resident_joins_once_and_learns_nothing_about_others(void **state)
{
    (void)state;
    const char *form = who("Zhao", "13800000301",
                           "&skills=haircut&skills=repair&times=mon-am&consent=1");
    assert_int_equal(gate_ask(&ctx, "POST", "/volunteer", "", form, "10.1.0.1"), 303);
    assert_string_equal(answered("Location"), "/volunteer/done");
    int64_t id = of_phone("Zhao", "13800000301");
    assert_string_equal(status_of(id), "applied");
    struct volunteer *v = record_get(&ctx, &volunteers_kind, id);
    assert_string_equal(v->skills, "|haircut|repair|");
    assert_string_equal(v->times, "|mon-am|");
    assert_null(v->code_hash);
    /* again, and once more after being taken on: the same answer, nothing changes */
    change(ctx.db, "UPDATE volunteers SET status = 'active' WHERE id = {}", id);
    assert_int_equal(gate_ask(&ctx, "POST", "/volunteer", "", form, "10.1.0.1"), 303);
    assert_string_equal(answered("Location"), "/volunteer/done");
    assert_string_equal(status_of(id), "active");
    assert_int_equal(query_int(ctx.db, "SELECT count(*) AS n FROM people WHERE name = 'Zhao'"), 1);
}

/* What happened in between stands on the page of staff with who did it, and on the volunteer's own
 * page without; the reason stays with the record, and no stranger sees any of it. */
static void the_timeline_goes_from_applying_to_leaving(void **state)
{
    (void)state;
    const char *office = signed_in("office1"), *form = who("Tang", "13800000399", "&consent=1"),
               *code;
    assert_int_equal(gate_ask(&ctx, "POST", "/volunteer", "", form, "10.1.0.9"), 303);
    int64_t id = of_phone("Tang", "13800000399");
    const char *page = arena_print(ctx.arena, "/volunteers/%lld", (long long)id);
    const struct volunteer *v = record_get(&ctx, &volunteers_kind, id);
    assert_int_equal(post(arena_print(ctx.arena, "%s/confirm", page), office,
                          arena_print(ctx.arena, "version=%lld", (long long)v->record.version)),
                     303);
    v = record_get(&ctx, &volunteers_kind, id);
    assert_int_equal(volunteer_card(&ctx, v, &code), OK);
    const char *cookie = cookie_of(code, "10.1.0.9");
    assert_int_equal(post("/my/pause", cookie, ""), 303);
    assert_int_equal(gate_ask(&ctx, "GET", "/my", cookie, NULL, "10.1.0.9"), 200);
    const char *mine = strstr(seen.out.data, "我的志愿服务经历"), *actor = NULL;
    assert_non_null(mine);
    assert_non_null(strstr(mine, "<b>暂停"));
    assert_non_null(strstr(mine, "<b>确认加入"));
    assert_non_null(strstr(mine, "<b>已申请"));
    assert_null(strstr(mine, "<b>换新卡")); /* not of the life: only staff see it */
    struct rows *r = query(ctx.db, "SELECT name FROM users WHERE login = 'office1'");
    if (rows_next(r))
        actor = row_copy(r, ctx.arena, "name");
    rows_end(r);
    assert_null(strstr(mine, actor));
    v = record_get(&ctx, &volunteers_kind, id);
    assert_int_equal(post(arena_print(ctx.arena, "%s/leave", page), office,
                          arena_print(ctx.arena, "version=%lld&why=moved%%20house",
                                      (long long)v->record.version)),
                     303);
    assert_int_equal(get(page, office), 200);
    const char *history = strstr(seen.out.data, "class=\"timeline\"");
    assert_non_null(history);
    assert_non_null(strstr(history, actor));
    const char *const order[] = {"<b>已退出", "<b>暂停", "<b>确认加入", "<b>已申请"};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        history = strstr(history, order[i]);
        assert_non_null(history);
        assert_null(strstr(history + 1, order[i])); /* once, though the journal has it as well */
    }
    assert_int_equal(query_int(ctx.db,
                               "SELECT count(*) AS n FROM events WHERE kind = 'volunteers' AND "
                               "record = {} AND text IS NULL",
                               id),
                     4);
    assert_int_equal(get(page, ""), 303);
}

static void what_is_missing_is_said_and_what_was_typed_stays(void **state)
{
    (void)state;
    assert_int_equal(
        gate_ask(&ctx, "POST", "/volunteer", "", who("Qian", "12", "&skills=patrol"), "10.1.0.2"),
        422);
    assert_non_null(strstr(seen.out.data, "f-phone-p"));
    assert_non_null(strstr(seen.out.data, "f-consent-p"));
    assert_non_null(strstr(seen.out.data, "value=\"Qian\""));
    assert_non_null(strstr(seen.out.data, "value=\"patrol\" checked"));
    assert_int_equal(gate_ask(&ctx, "POST", "/volunteer", "",
                              who("Qian", "13800000302", "&skills=flying&consent=1"), "10.1.0.2"),
                     422);
    assert_int_equal(
        gate_ask(&ctx, "POST", "/volunteer", "",
                 arena_print(ctx.arena, "name=Qian&phone=13800000302&consent=1&area=%d", 99999999),
                 "10.1.0.2"),
        422);
    assert_int_equal(query_int(ctx.db, "SELECT count(*) AS n FROM people WHERE name = 'Qian'"), 0);
}

static void a_leader_takes_on_in_person_and_hands_out_the_card(void **state)
{
    (void)state;
    const char *leader = signed_in("team1"), *other = signed_in("xinghu1");
    int64_t own = team("t-xinghu-neighbours"), strange = team("t-xinghu-hands");
    assert_int_equal(post("/volunteers/new", leader,
                          arena_print(ctx.arena, "%s&team=%lld",
                                      who("Sun", "13800000303", "&consent=1"), (long long)strange)),
                     422);
    assert_int_equal(post("/volunteers/new", leader,
                          arena_print(ctx.arena, "%s&team=%lld",
                                      who("Sun", "13800000303", "&consent=1"), (long long)own)),
                     303);
    int64_t id = of_phone("Sun", "13800000303");
    assert_string_equal(status_of(id), "active");
    const char *page = arena_copy(ctx.arena, answered("Location"));
    assert_int_equal(get(page, leader), 200);
    const char *code = strstr(seen.out.data, "data-copy=\"");
    assert_non_null(code);
    code = arena_copyn(ctx.arena, code + 11, 11);
    assert_string_not_equal(cookie_of(code, "10.9.0.2"), "");
    /* the address alone, even for somebody who may see the volunteer, shows no code */
    assert_int_equal(get(page, other), 200);
    assert_null(strstr(seen.out.data, code));
    assert_int_equal(post("/volunteers/new", leader, who("Sun", "13800000303", "&consent=1")),
                     422); /* one person, once */
}

static void a_leader_can_not_touch_another_team(void **state)
{
    (void)state;
    const char *leader = signed_in("team1"), *code, *name = "别队的人";
    int64_t strange = team("t-xinghu-hands");
    struct volunteer *v = volunteer_new(&ctx, name, "13800000304", &code);
    change(ctx.db, "UPDATE volunteers SET team = {} WHERE id = {}", strange, v->record.id);
    change(ctx.db,
           "INSERT INTO hours (version, created, updated, volunteer, day, month, attended, "
           "counted, held) VALUES (1, 0, 0, {}, '2026-01-05', 202601, 32400, 28800, 3600)",
           v->record.id);
    int64_t day = query_int(ctx.db, "SELECT max(id) AS id FROM hours");
    long long id = v->record.id;
    const char *const pages[] = {"", "/change", "/card"};
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        assert_int_equal(get(arena_print(ctx.arena, "/volunteers/%lld%s", id, pages[i]), leader),
                         404);
    const char *const steps[] = {"confirm", "move", "leave", "refuse", "card", "change", "reveal"};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        assert_int_equal(post(arena_print(ctx.arena, "/volunteers/%lld/%s", id, steps[i]), leader,
                              "version=1&why=x"),
                         404);
    assert_int_equal(get(arena_print(ctx.arena, "/teams/%lld/members", (long long)strange), leader),
                     404);
    assert_int_equal(get(arena_print(ctx.arena, "/hours/%lld", (long long)day), leader), 404);
    assert_int_equal(post(arena_print(ctx.arena, "/hours/%lld/decide", (long long)day), leader,
                          "version=1&hours=9&why=x"),
                     404);
    get("/volunteers?view=all&q=%E5%88%AB%E9%98%9F", leader);
    assert_null(strstr(seen.out.data, arena_print(ctx.arena, "/volunteers/%lld\"", id)));
    assert_string_equal(status_of(id), "active");
    /* a worker of another community neither */
    assert_int_equal(get(arena_print(ctx.arena, "/volunteers/%lld", id), signed_in("dongmen1")),
                     404);
    assert_int_equal(get(arena_print(ctx.arena, "/volunteers/%lld", id), signed_in("xinghu1")),
                     200);
    assert_null(strstr(seen.out.data, "13800000304")); /* masked until it is asked for */
}

static void the_list_is_searched_by_name_pinyin_number_and_telephone(void **state)
{
    (void)state;
    const char *office = signed_in("office1"), *code;
    struct volunteer *v = volunteer_new(&ctx, "单雄信", "13800000305", &code);
    const char *link = arena_print(ctx.arena, "/volunteers/%lld\"", (long long)v->record.id);
    const char *const found[] = {"%E5%8D%95%E9%9B%84", "shanxiong", "sxx",
                                 "13800000305",        v->number,   "138%200000%200305"};
    for (size_t i = 0; i < sizeof found / sizeof *found; i++) {
        assert_int_equal(get(arena_print(ctx.arena, "/volunteers?q=%s", found[i]), office), 200);
        assert_non_null(strstr(seen.out.data, link));
    }
    get("/volunteers?q=%25", office); /* no wildcard of the database's */
    assert_null(strstr(seen.out.data, link));
    get("/volunteers?q=138000003", office); /* a part of a telephone finds nobody */
    assert_null(strstr(seen.out.data, link));
}

/* ---- days of service ---- */

static int64_t day_of_service(int64_t volunteer, const char *day, int64_t attended)
{
    int64_t held = attended > HOURS_FREE ? attended - HOURS_FREE : 0;
    change(ctx.db,
           "INSERT INTO hours (version, created, updated, volunteer, day, month, attended, "
           "counted, held) VALUES (1, 0, 0, {}, {}, 202601, {}, {}, {})",
           volunteer, day, attended, attended - held, held);
    return query_int(ctx.db, "SELECT max(id) AS id FROM hours");
}

static void a_day_is_disputed_by_its_volunteer_and_decided_by_somebody_else(void **state)
{
    (void)state;
    const char *code, *others, *leader = signed_in("team1"), *office = signed_in("office1");
    struct volunteer *v = volunteer_new(&ctx, "庚志愿", "13800000306", &code),
                     *w = volunteer_new(&ctx, "辛志愿", "13800000307", &others);
    change(ctx.db, "UPDATE volunteers SET team = {} WHERE id IN ({}, {})",
           team("t-xinghu-neighbours"), v->record.id, w->record.id);
    int64_t day = day_of_service(v->record.id, "2026-01-06", 13 * 3600);
    const char *mine = cookie_of(code, "10.9.0.3"), *theirs = cookie_of(others, "10.9.0.3"),
               *page = arena_print(ctx.arena, "/my/days/%lld", (long long)day);
    const char *decide = arena_print(ctx.arena, "/hours/%lld/decide", (long long)day),
               *dispute = arena_print(ctx.arena, "%s/dispute", page);
    assert_int_equal(get(page, theirs), 404);
    assert_int_equal(post(dispute, theirs, "dispute=x"), 404);
    assert_int_equal(get(page, mine), 200);
    assert_int_equal(post(dispute, mine, "dispute="), 422);
    assert_int_equal(post(dispute, mine, "dispute=I+stayed+longer"), 303);
    get("/hours", leader);
    assert_non_null(strstr(seen.out.data, arena_print(ctx.arena, "/hours/%lld\"", (long long)day)));
    assert_int_equal(post(decide, leader, "version=2&why="), 422);
    assert_int_equal(post(decide, leader, "version=2&why=long+day"),
                     422); /* above 12 the office decides */
    assert_int_equal(post(decide, leader, "version=1&why=long+day"),
                     409); /* somebody wrote meanwhile */
    assert_int_equal(post(decide, office, "version=2&came_new=noon&went_new=13:00&why=x"), 422);
    /* not on one's own hours, and no volunteer decides at all */
    assert_int_equal(
        post(decide, arena_print(ctx.arena, "%s; %s", leader, mine), "version=2&why=mine"), 422);
    assert_int_not_equal(post(decide, mine, "version=2&why=mine"), 303);
    assert_int_equal(post(decide, office, "version=2&why=checked"), 303);
    struct hours *h = record_get(&ctx, &hours_kind, day);
    assert_int_equal(h->counted, 13 * 3600);
    assert_int_equal(h->disputed_at, NONE);
    get(page, mine);
    assert_non_null(strstr(seen.out.data, "checked"));
    assert_int_equal(gate_ask(&ctx, "GET", "/my/export?format=csv", mine, NULL, "10.9.0.3"), 200);
    assert_non_null(strstr(seen.out.data, "2026-01-06"));
    assert_int_equal(gate_ask(&ctx, "GET", "/my/export?format=csv", theirs, NULL, "10.9.0.3"), 200);
    assert_null(strstr(seen.out.data, "2026-01-06"));
}

static void who_leaves_gives_places_back(void **state)
{
    (void)state;
    const char *code;
    struct volunteer *v = volunteer_new(&ctx, "壬志愿", "13800000308", &code);
    struct activity *a = record_new(&ctx, &activities_kind);
    a->title = "清洁家园";
    a->kind = "clean_up";
    a->starts = ctx.now + 5 * 86400;
    a->ends = a->starts + 7200;
    a->area = estate();
    assert_true(record_check(&ctx, &activities_kind, NULL, a));
    assert_int_equal(activity_file(&ctx, a), OK);
    change(ctx.db,
           "INSERT INTO sign_ups (version, created, updated, code, activity, volunteer, name, "
           "status) VALUES (1, 0, 0, 'test-leave', {}, {}, 'x', 'signed')",
           a->record.id, v->record.id);
    const char *mine = cookie_of(code, "10.9.0.4");
    get("/my", mine);
    assert_non_null(strstr(seen.out.data, "清洁家园"));
    assert_int_equal(post("/my/pause", mine, ""), 303);
    assert_string_equal(status_of(v->record.id), "paused");
    assert_int_equal(post("/my/resume", mine, ""), 303);
    assert_int_equal(post("/my/leave", mine, "why=moving+away"), 303);
    assert_string_equal(status_of(v->record.id), "left");
    assert_int_equal(get("/my", mine), 303);
    assert_int_equal(query_int(ctx.db, "SELECT count(*) AS n FROM sign_ups WHERE code = "
                                       "'test-leave' AND status = 'cancelled'"),
                     1);
}

static void the_duty_of_the_month_counts_days_not_activities(void **state)
{
    (void)state;
    const char *code, *leader = signed_in("team1");
    int64_t own = team("t-xinghu-neighbours"),
            month_start = when_day_start(when_day(ctx.now) - civil_from_when(ctx.now).day + 1);
    struct volunteer *v = volunteer_new(&ctx, "癸志愿", "13800000309", &code);
    for (int i = 0; i < 2; i++) { /* two on one day */
        struct activity *a = record_new(&ctx, &activities_kind);
        a->title = "楼道清理";
        a->kind = "clean_up";
        a->starts = month_start + i * 4 * 3600;
        a->ends = a->starts + 3600;
        a->organisation = own;
        a->area = estate();
        assert_true(record_check(&ctx, &activities_kind, NULL, a));
        assert_int_equal(activity_file(&ctx, a), OK);
        change(ctx.db,
               "INSERT INTO attendances (version, created, updated, code, activity, volunteer, "
               "came, went, how, status) VALUES (1, 0, 0, {}, {}, {}, {}, {}, 'leader', 'good')",
               arena_print(ctx.arena, "duty-%d", i), a->record.id, v->record.id, a->starts,
               a->ends);
    }
    assert_int_equal(get("/duty", leader), 200);
    assert_non_null(strstr(
        seen.out.data,
        ">2</td><td class=\"num\" data-label=\"已服务天数\">1</td>")); /* planned 2, held 1 */
    assert_null(strstr(seen.out.data, arena_print(ctx.arena, "/teams/%lld/members",
                                                  (long long)team("t-xinghu-hands"))));
    get("/duty", signed_in("office1"));
    assert_non_null(strstr(seen.out.data, arena_print(ctx.arena, "/teams/%lld/members",
                                                      (long long)team("t-xinghu-hands"))));
}

static void a_team_s_public_page_names_nobody(void **state)
{
    (void)state;
    const char *code;
    struct volunteer *v = volunteer_new(&ctx, "不公开的名字", "13800000310", &code);
    int64_t own = team("t-xinghu-neighbours");
    change(ctx.db, "UPDATE volunteers SET team = {} WHERE id = {}", own, v->record.id);
    assert_int_equal(get(arena_print(ctx.arena, "/teams/%lld", (long long)own), ""), 200);
    assert_null(strstr(seen.out.data, "不公开的名字"));
    assert_null(strstr(seen.out.data, v->number));
    change(ctx.db, "UPDATE organisations SET public = 0 WHERE id = {}", own);
    assert_int_equal(get(arena_print(ctx.arena, "/teams/%lld", (long long)own), ""), 404);
    change(ctx.db, "UPDATE organisations SET public = 1 WHERE id = {}", own);
}

static void the_administrator_says_which_team_a_leader_has(void **state)
{
    (void)state;
    const char *admin = signed_in("admin"), *leader = signed_in("team1");
    int64_t other = team("t-xinghu-hands"), own = team("t-xinghu-neighbours");
    int64_t grant = query_int(
        ctx.db, "SELECT id FROM grants WHERE role = 'team_leader' AND organisation = {}", own);
    const char *path = arena_print(ctx.arena, "/team-leaders/%lld", (long long)grant),
               *members = arena_print(ctx.arena, "/teams/%lld/members", (long long)other);
    assert_int_equal(get(members, leader), 404);
    assert_int_equal(post(path, leader, arena_print(ctx.arena, "team=%lld", (long long)other)),
                     403);
    assert_int_equal(post(path, admin, "team=1"), 422); /* a station, not a team */
    assert_int_equal(post(path, admin, arena_print(ctx.arena, "team=%lld", (long long)other)), 303);
    assert_int_equal(get(members, leader), 200);
    assert_int_equal(post(path, admin, arena_print(ctx.arena, "team=%lld", (long long)own)), 303);
    assert_int_equal(get("/volunteers", admin), 403); /* accounts, not people */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_card_opens_its_own_pages_and_no_others),
        cmocka_unit_test(a_cookie_made_by_hand_opens_nothing),
        cmocka_unit_test(a_new_card_and_leaving_end_the_old_one),
        cmocka_unit_test(codes_can_not_be_tried_out),
        cmocka_unit_test(a_resident_joins_once_and_learns_nothing_about_others),
        cmocka_unit_test(the_timeline_goes_from_applying_to_leaving),
        cmocka_unit_test(what_is_missing_is_said_and_what_was_typed_stays),
        cmocka_unit_test(a_leader_takes_on_in_person_and_hands_out_the_card),
        cmocka_unit_test(a_leader_can_not_touch_another_team),
        cmocka_unit_test(the_list_is_searched_by_name_pinyin_number_and_telephone),
        cmocka_unit_test(a_day_is_disputed_by_its_volunteer_and_decided_by_somebody_else),
        cmocka_unit_test(who_leaves_gives_places_back),
        cmocka_unit_test(the_duty_of_the_month_counts_days_not_activities),
        cmocka_unit_test(a_team_s_public_page_names_nobody),
        cmocka_unit_test(the_administrator_says_which_team_a_leader_has),
    };
    return cmocka_run_group_tests(tests, open_gate, close_gate);
}
