/*
 * Volunteers' pages: the card that stands for an account, and what others
 * find who have none, an old one, or somebody else's.
 */
#include "app/card.h"
#include "app/install.h"
#include "app/module.h"
#include "app/people.h"
#include "app/volunteers.h"
#include "base/when.h"
#include "web/gate.h"
#include "store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct ctx ctx;
static struct store store;
static const struct grant everywhere = {.role = ROLE_OFFICE, .area = NONE, .unit = NONE};

static int set_up(void **state)
{
    (void)state;
    store_new(&store);
    ctx_init(&ctx, arena_new());
    if (install_create(&ctx, store.data, arena_print(ctx.arena, "%s/pack/chengdong", getenv("LINLI_ROOT")), 0) != OK ||
        install_open(&ctx, store.data, DB_WRITE) != OK) {
        fprintf(stderr, "%s\n", ctx.problems ? ctx.problems->text : "?");
        return -1;
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    db_close(ctx.db);
    store_remove(&store);
    arena_free(ctx.arena);
    return 0;
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
        code_of_answer = ask("POST", "/card", "", arena_print(ctx.arena, "code=ABCDEFGH%c%c", 'A' + tried / 5, 'M' + tried % 5), "10.0.0.4");
    assert_int_equal(code_of_answer, 429);
    assert_true(tried <= 31);
    assert_string_equal(cookie_of(code, "10.0.0.4"), ""); /* not even the right one, from there */
    assert_string_not_equal(cookie_of(code, "10.0.0.5"), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_card_opens_its_own_pages_and_no_others),
        cmocka_unit_test(a_cookie_made_by_hand_opens_nothing),
        cmocka_unit_test(a_new_card_and_leaving_end_the_old_one),
        cmocka_unit_test(codes_can_not_be_tried_out),
    };
    return cmocka_run_group_tests(tests, open_gate, close_gate);
}
