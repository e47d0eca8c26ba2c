/*
 * Volunteers' pages: the card that stands for an account, and what others
 * find who have none, an old one, or somebody else's.
 */
#include "app/activities.h"
#include "app/card.h"
#include "app/install.h"
#include "app/module.h"
#include "app/people.h"
#include "app/volunteers.h"
#include "base/when.h"
#include "web/gate.h"
#include "installed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <sodium.h>
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

static void be(unsigned roles, const struct grant *grants, int count)
{
    ctx.actor = (struct actor){.user = NONE, .roles = ROLE_PUBLIC | roles, .grants = grants, .grant_count = count, .via = "web"};
    ctx.status = OK;
    ctx.problems = NULL;
    ctx.problems_end = &ctx.problems;
    ctx.problem_count = 0;
}

static struct volunteer *volunteer(const char *name, const char *phone, const char **code)
{
    be(ROLE_OFFICE, &everywhere, 1);
    struct person *p = record_new(&ctx, &people_kind);
    p->name = name;
    p->phone = phone;
    p->area = query_int(ctx.db, "SELECT id FROM areas WHERE level = 'estate' ORDER BY id LIMIT 1");
    assert_true(record_check(&ctx, &people_kind, NULL, p));
    assert_int_equal(record_insert(&ctx, &people_kind, p, "test"), OK);
    struct volunteer *v = record_new(&ctx, &volunteers_kind);
    v->person = p->record.id;
    assert_int_equal(volunteer_file(&ctx, v, code), OK);
    return v;
}

/* One request to the program's gate: GET, or POST with a form. The answer is in seen. */
static struct visit seen;
static struct site site;
static struct gate *gate;

static int ask(const char *verb, const char *uri, const char *cookies, const char *form, const char *address)
{
    visit_clear(&seen);
    seen.verb = verb;
    seen.uri = uri;
    seen.peer = address;
    seen.headers[seen.ex.header_count++] = (struct param){"cookie", cookies};
    if (form) {
        seen.headers[seen.ex.header_count++] = (struct param){"content-type", "application/x-www-form-urlencoded"};
        buf_puts(&seen.body, form);
    }
    gate_route(gate, &seen);
    enum gate_next next = gate_enter(gate, &seen, ctx.db);
    if (next == GATE_SLOW)
        next = gate_prepare(gate, &seen, ctx.db);
    if (next == GATE_CHANGE) {
        assert_int_equal(db_begin(ctx.db), OK);
        enum status s = gate_change(gate, &seen, ctx.db);
        if (s == OK)
            assert_int_equal(db_commit(ctx.db), OK);
        else
            db_rollback(ctx.db);
        gate_finish(gate, &seen, ctx.db, s);
    }
    return seen.ex.code;
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
    ask("POST", "/card", "", arena_print(ctx.arena, "code=%s", code), address);
    const char *set = answered("Set-Cookie");
    return arena_copyn(ctx.arena, set, strcspn(set, ";"));
}

static int open_gate(void **state)
{
    static const struct routes *routes;
    if (set_up(state) != 0)
        return -1;
    visit_init(&seen);
    routes = modules_routes();
    site = (struct site){.data = store.data, .keys = ctx.keys, .quiet = true, .card = card_actor};
    gate = gate_new(&site, routes);
    return 0;
}

static int close_gate(void **state)
{
    gate_free(gate);
    visit_release(&seen);
    return tear_down(state);
}

static void a_card_opens_its_own_pages_and_no_others(void **state)
{
    (void)state;
    const char *code, *other;
    volunteer("甲志愿", "13800000201", &code);
    volunteer("乙志愿", "13800000202", &other);
    const char *cookie = cookie_of(arena_print(ctx.arena, "%.5s-%s", code, code + 5), "10.0.0.1");
    assert_int_equal(seen.ex.code, 303);
    assert_string_equal(answered("Location"), "/my");
    assert_non_null(strstr(answered("Set-Cookie"), "HttpOnly"));
    assert_null(strstr(answered("Set-Cookie"), code)); /* the code itself is kept nowhere */
    assert_int_equal(ask("GET", "/my", cookie, NULL, "10.0.0.1"), 200);
    assert_non_null(strstr(seen.out.data, "甲志愿"));
    assert_null(strstr(seen.out.data, "乙志愿"));
    assert_string_equal(answered("Cache-Control"), "no-store");
    assert_int_equal(ask("GET", "/work", cookie, NULL, "10.0.0.1"), 303); /* the staff's sign-in */
    assert_non_null(strstr(answered("Location"), "/login"));
}

static void a_cookie_made_by_hand_opens_nothing(void **state)
{
    (void)state;
    const char *code, *other;
    struct volunteer *a = volunteer("丙志愿", "13800000203", &code), *b = volunteer("丁志愿", "13800000204", &other);
    const char *cookie = cookie_of(code, "10.0.0.2");
    const char *moved = arena_print(ctx.arena, "linli_card=%lld%s", (long long)b->record.id, strchr(cookie, '.'));
    assert_non_null(strstr(cookie, arena_print(ctx.arena, "=%lld.", (long long)a->record.id)));
    assert_int_equal(ask("GET", "/my", moved, NULL, "10.0.0.2"), 303);
    assert_int_equal(ask("GET", "/my", "linli_card=1", NULL, "10.0.0.2"), 303);
    assert_int_equal(ask("GET", "/my", "linli_card=-1.x", NULL, "10.0.0.2"), 303);
    assert_int_equal(ask("GET", "/my", "linli_card=99999999999999999999.x", NULL, "10.0.0.2"), 303);
    /* a form without the page's token is not taken */
    assert_int_equal(ask("POST", "/card/away", cookie, "", "10.0.0.2"), 403);
}

static void a_new_card_and_leaving_end_the_old_one(void **state)
{
    (void)state;
    const char *code, *renewed;
    struct volunteer *v = volunteer("戊志愿", "13800000205", &code);
    const char *cookie = cookie_of(code, "10.0.0.3");
    assert_int_equal(ask("GET", "/my", cookie, NULL, "10.0.0.3"), 200);
    assert_int_equal(volunteer_card(&ctx, record_get(&ctx, &volunteers_kind, v->record.id), &renewed), OK);
    assert_int_equal(ask("GET", "/my", cookie, NULL, "10.0.0.3"), 303);
    assert_string_equal(cookie_of(code, "10.0.0.3"), "");
    cookie = cookie_of(renewed, "10.0.0.3");
    assert_int_equal(ask("GET", "/my", cookie, NULL, "10.0.0.3"), 200);
    change(ctx.db, "UPDATE volunteers SET status = 'left' WHERE id = {}", v->record.id);
    assert_int_equal(ask("GET", "/my", cookie, NULL, "10.0.0.3"), 303);
    assert_string_equal(cookie_of(renewed, "10.0.0.3"), "");
}

static void codes_can_not_be_tried_out(void **state)
{
    (void)state;
    const char *code;
    int code_of_answer = 422, tried = 0;
    volunteer("己志愿", "13800000206", &code);
    for (; code_of_answer == 422 && tried < 100; tried++)
        code_of_answer = ask("POST", "/card", "", arena_print(ctx.arena, "code=ABCDEFGH%c%c", 'A' + tried / 5, 'M' + tried % 5),
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
    change(
        ctx.db,
        "INSERT INTO sessions (token_hash, \"user\", created, seen, expires) VALUES ({}, {}, {}, {}, {}) ON CONFLICT (token_hash) DO NOTHING",
        bytes_of(hash, sizeof hash), user, ctx.now, ctx.now, ctx.now + 3600);
    return arena_print(ctx.arena, "linli=%s", token);
}

static int get(const char *uri, const char *cookies)
{
    return ask("GET", uri, cookies, NULL, "10.9.0.1");
}

/* Sends a form as the page with the token would. */
static int post(const char *uri, const char *cookies, const char *form)
{
    get("/teams", cookies);
    const char *csrf = arena_copy(ctx.arena, seen.ex.csrf ? seen.ex.csrf : "");
    return ask("POST", uri, cookies, arena_print(ctx.arena, "%s&_csrf=%s", form, csrf), "10.9.0.1");
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
    return arena_print(ctx.arena, "name=%s&phone=%s&area=%lld%s", name, phone, (long long)estate(), more);
}

static int64_t of_phone(const char *name, const char *phone)
{
    return query_int(ctx.db, "SELECT id FROM volunteers WHERE person = {}", (struct maybe){person_find(&ctx, name, phone)});
}

static const char *status_of(int64_t volunteer)
{
    const struct volunteer *v = record_get(&ctx, &volunteers_kind, volunteer);
    return v ? v->status : "";
}

static void a_resident_joins_once_and_learns_nothing_about_others(void **state)
{
    (void)state;
    const char *form = who("Zhao", "13800000301", "&skills=haircut&skills=repair&times=mon-am&consent=1");
    assert_int_equal(ask("POST", "/volunteer", "", form, "10.1.0.1"), 303);
    assert_string_equal(answered("Location"), "/volunteer/done");
    int64_t id = of_phone("Zhao", "13800000301");
    assert_string_equal(status_of(id), "applied");
    struct volunteer *v = record_get(&ctx, &volunteers_kind, id);
    assert_string_equal(v->skills, "|haircut|repair|");
    assert_string_equal(v->times, "|mon-am|");
    assert_null(v->code_hash);
    /* again, and once more after being taken on: the same answer, nothing changes */
    change(ctx.db, "UPDATE volunteers SET status = 'active' WHERE id = {}", id);
    assert_int_equal(ask("POST", "/volunteer", "", form, "10.1.0.1"), 303);
    assert_string_equal(answered("Location"), "/volunteer/done");
    assert_string_equal(status_of(id), "active");
    assert_int_equal(query_int(ctx.db, "SELECT count(*) AS n FROM people WHERE name = 'Zhao'"), 1);
}

static void what_is_missing_is_said_and_what_was_typed_stays(void **state)
{
    (void)state;
    assert_int_equal(ask("POST", "/volunteer", "", who("Qian", "12", "&skills=patrol"), "10.1.0.2"), 422);
    assert_non_null(strstr(seen.out.data, "f-phone-p"));
    assert_non_null(strstr(seen.out.data, "f-consent-p"));
    assert_non_null(strstr(seen.out.data, "value=\"Qian\""));
    assert_non_null(strstr(seen.out.data, "value=\"patrol\" checked"));
    assert_int_equal(ask("POST", "/volunteer", "", who("Qian", "13800000302", "&skills=flying&consent=1"), "10.1.0.2"), 422);
    assert_int_equal(
        ask("POST", "/volunteer", "", arena_print(ctx.arena, "name=Qian&phone=13800000302&consent=1&area=%d", 99999999), "10.1.0.2"), 422);
    assert_int_equal(query_int(ctx.db, "SELECT count(*) AS n FROM people WHERE name = 'Qian'"), 0);
}

static void a_leader_takes_on_at_the_door_and_hands_out_the_card(void **state)
{
    (void)state;
    const char *leader = signed_in("team1"), *other = signed_in("xinghu1");
    int64_t own = team("t-xinghu-neighbours"), strange = team("t-xinghu-hands");
    assert_int_equal(post("/volunteers/new", leader,
                          arena_print(ctx.arena, "%s&team=%lld", who("Sun", "13800000303", "&consent=1"), (long long)strange)),
                     422);
    assert_int_equal(
        post("/volunteers/new", leader, arena_print(ctx.arena, "%s&team=%lld", who("Sun", "13800000303", "&consent=1"), (long long)own)),
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
    assert_int_equal(post("/volunteers/new", leader, who("Sun", "13800000303", "&consent=1")), 422); /* one person, once */
}

static void a_leader_can_not_touch_another_team(void **state)
{
    (void)state;
    const char *leader = signed_in("team1"), *code, *name = "别队的人";
    int64_t strange = team("t-xinghu-hands");
    struct volunteer *v = volunteer(name, "13800000304", &code);
    change(ctx.db, "UPDATE volunteers SET team = {} WHERE id = {}", strange, v->record.id);
    change(
        ctx.db,
        "INSERT INTO hours (version, created, updated, volunteer, day, month, attended, counted, held) VALUES (1, 0, 0, {}, '2026-01-05', 202601, 32400, 28800, 3600)",
        v->record.id);
    int64_t day = query_int(ctx.db, "SELECT max(id) AS id FROM hours");
    long long id = v->record.id;
    const char *const pages[] = {"", "/change", "/card"};
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        assert_int_equal(get(arena_print(ctx.arena, "/volunteers/%lld%s", id, pages[i]), leader), 404);
    const char *const steps[] = {"confirm", "move", "leave", "refuse", "card", "change", "reveal"};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        assert_int_equal(post(arena_print(ctx.arena, "/volunteers/%lld/%s", id, steps[i]), leader, "version=1&why=x"), 404);
    assert_int_equal(get(arena_print(ctx.arena, "/teams/%lld/members", (long long)strange), leader), 404);
    assert_int_equal(get(arena_print(ctx.arena, "/hours/%lld", (long long)day), leader), 404);
    assert_int_equal(post(arena_print(ctx.arena, "/hours/%lld/decide", (long long)day), leader, "version=1&hours=9&why=x"), 404);
    get("/volunteers?view=all&q=%E5%88%AB%E9%98%9F", leader);
    assert_null(strstr(seen.out.data, arena_print(ctx.arena, "/volunteers/%lld\"", id)));
    assert_string_equal(status_of(id), "active");
    /* a worker of another community neither */
    assert_int_equal(get(arena_print(ctx.arena, "/volunteers/%lld", id), signed_in("dongmen1")), 404);
    assert_int_equal(get(arena_print(ctx.arena, "/volunteers/%lld", id), signed_in("xinghu1")), 200);
    assert_null(strstr(seen.out.data, "13800000304")); /* masked until it is asked for */
}

static void the_list_is_searched_by_name_pinyin_number_and_telephone(void **state)
{
    (void)state;
    const char *office = signed_in("office1"), *code;
    struct volunteer *v = volunteer("单雄信", "13800000305", &code);
    const char *link = arena_print(ctx.arena, "/volunteers/%lld\"", (long long)v->record.id);
    const char *const found[] = {"%E5%8D%95%E9%9B%84", "shanxiong", "sxx", "13800000305", v->number, "138%200000%200305"};
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
    change(
        ctx.db,
        "INSERT INTO hours (version, created, updated, volunteer, day, month, attended, counted, held) VALUES (1, 0, 0, {}, {}, 202601, {}, {}, {})",
        volunteer, day, attended, attended - held, held);
    return query_int(ctx.db, "SELECT max(id) AS id FROM hours");
}

static void a_day_is_disputed_by_its_volunteer_and_decided_by_somebody_else(void **state)
{
    (void)state;
    const char *code, *others, *leader = signed_in("team1"), *office = signed_in("office1");
    struct volunteer *v = volunteer("庚志愿", "13800000306", &code), *w = volunteer("辛志愿", "13800000307", &others);
    change(ctx.db, "UPDATE volunteers SET team = {} WHERE id IN ({}, {})", team("t-xinghu-neighbours"), v->record.id, w->record.id);
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
    assert_int_equal(post(decide, leader, "version=2&hours=13&why="), 422);
    assert_int_equal(post(decide, leader, "version=2&hours=13&why=long+day"), 422); /* above 12 the office decides */
    assert_int_equal(post(decide, leader, "version=1&hours=11&why=long+day"), 409); /* somebody wrote meanwhile */
    assert_int_equal(post(decide, leader, "version=2&hours=-1&why=long+day"), 422);
    /* not on one's own hours, and no volunteer decides at all */
    assert_int_equal(post(decide, arena_print(ctx.arena, "%s; %s", leader, mine), "version=2&hours=11&why=mine"), 422);
    assert_int_not_equal(post(decide, mine, "version=2&hours=11&why=mine"), 303);
    assert_int_equal(post(decide, office, "version=2&hours=12:30&why=checked"), 303);
    struct hours *h = record_get(&ctx, &hours_kind, day);
    assert_int_equal(h->counted, 12 * 3600 + 1800);
    assert_int_equal(h->disputed_at, NONE);
    get(page, mine);
    assert_non_null(strstr(seen.out.data, "checked"));
    assert_int_equal(ask("GET", "/my/export?format=csv", mine, NULL, "10.9.0.3"), 200);
    assert_non_null(strstr(seen.out.data, "2026-01-06"));
    assert_int_equal(ask("GET", "/my/export?format=csv", theirs, NULL, "10.9.0.3"), 200);
    assert_null(strstr(seen.out.data, "2026-01-06"));
}

static void who_leaves_gives_places_back(void **state)
{
    (void)state;
    const char *code;
    struct volunteer *v = volunteer("壬志愿", "13800000308", &code);
    struct activity *a = record_new(&ctx, &activities_kind);
    a->title = "清洁家园";
    a->kind = "clean_up";
    a->starts = ctx.now + 5 * 86400;
    a->ends = a->starts + 7200;
    a->area = estate();
    assert_true(record_check(&ctx, &activities_kind, NULL, a));
    assert_int_equal(activity_file(&ctx, a), OK);
    change(
        ctx.db,
        "INSERT INTO sign_ups (version, created, updated, code, activity, volunteer, name, status) VALUES (1, 0, 0, 'test-leave', {}, {}, 'x', 'signed')",
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
    assert_int_equal(query_int(ctx.db, "SELECT count(*) AS n FROM sign_ups WHERE code = 'test-leave' AND status = 'cancelled'"), 1);
}

static void the_duty_of_the_month_counts_days_not_activities(void **state)
{
    (void)state;
    const char *code, *leader = signed_in("team1");
    int64_t own = team("t-xinghu-neighbours"), month_start = when_day_start(when_day(ctx.now) - civil_from_when(ctx.now).day + 1);
    struct volunteer *v = volunteer("癸志愿", "13800000309", &code);
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
        change(
            ctx.db,
            "INSERT INTO attendances (version, created, updated, code, activity, volunteer, came, went, how, status) VALUES (1, 0, 0, {}, {}, {}, {}, {}, 'leader', 'good')",
            arena_print(ctx.arena, "duty-%d", i), a->record.id, v->record.id, a->starts, a->ends);
    }
    assert_int_equal(get("/duty", leader), 200);
    assert_non_null(strstr(seen.out.data, ">2</td><td class=\"num\" data-label=\"已服务天数\">1</td>")); /* planned 2, held 1 */
    assert_null(strstr(seen.out.data, arena_print(ctx.arena, "/teams/%lld/members", (long long)team("t-xinghu-hands"))));
    get("/duty", signed_in("office1"));
    assert_non_null(strstr(seen.out.data, arena_print(ctx.arena, "/teams/%lld/members", (long long)team("t-xinghu-hands"))));
}

static void a_team_s_public_page_names_nobody(void **state)
{
    (void)state;
    const char *code;
    struct volunteer *v = volunteer("不公开的名字", "13800000310", &code);
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
    int64_t grant = query_int(ctx.db, "SELECT id FROM grants WHERE role = 'team_leader' AND organisation = {}", own);
    const char *path = arena_print(ctx.arena, "/team-leaders/%lld", (long long)grant),
               *members = arena_print(ctx.arena, "/teams/%lld/members", (long long)other);
    assert_int_equal(get(members, leader), 404);
    assert_int_equal(post(path, leader, arena_print(ctx.arena, "team=%lld", (long long)other)), 403);
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
        cmocka_unit_test(what_is_missing_is_said_and_what_was_typed_stays),
        cmocka_unit_test(a_leader_takes_on_at_the_door_and_hands_out_the_card),
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
