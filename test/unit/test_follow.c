/*
 * What a resident does without an account: sending, joining, and looking a
 * request up; and what somebody finds who guesses.
 */
#include "program/install.h"
#include "app/requests/joiners.h"
#include "app/residents/ask.h"
#include "base/code.h"
#include "base/seal.h"
#include "base/when.h"
#include "web/web.h"
#include "store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct ctx ctx;
static struct exchange ex;
static struct site site;
static struct buf out;
static struct store store;
static struct param form[20];

/* A visit from an address, with a form of name, value pairs. */
#define visit(address, ...) visit_new((address), (const char *const[]){__VA_ARGS__, NULL})
static void visit_new(const char *address, const char *const *pairs)
{
    int n = 0;
    buf_clear(&out);
    for (; pairs[0]; pairs += 2)
        form[n++] = (struct param){pairs[0], pairs[1]};
    ex = (struct exchange){.out = &out,
                           .answer = ARENA_ARRAY(ctx.arena, struct param, 24),
                           .form = form,
                           .form_count = n,
                           .code = 200,
                           .address = address,
                           .group = address,
                           .path = "/",
                           .query_text = "",
                           .id = NONE};
    ctx.web = &ex;
    ctx.status = OK;
    ctx.problems = NULL;
    ctx.problems_end = &ctx.problems;
    ctx.problem_count = 0;
    ctx.work = NULL;
}

static struct request *filed(const char *phone, const char *visibility, const char **code)
{
    struct request *r = record_new(&ctx, &requests_kind);
    r->subject = "南门路灯不亮";
    r->text = "南门的路灯坏了一个星期。";
    r->requester_phone = phone;
    r->visibility = visibility;
    r->area = query_int(ctx.db, "SELECT id FROM areas WHERE level = 'estate' ORDER BY id LIMIT 1");
    assert_int_equal(request_file(&ctx, r, code), OK);
    return r;
}

/* ---- looking up ---- */

static int look(const char *address, const char *number, const char *digits, const char *code)
{
    visit(address, "number", number, "digits", digits, "code", code);
    follow_look_up(&ctx);
    assert_true(ctx_ok(&ctx));
    return ex.code;
}

static void opens_by_number_and_digits_or_code(void **state)
{
    (void)state;
    const char *code;
    const struct request *r = filed("029-87654321-102", "office", &code);
    assert_int_equal(look("10.0.0.1", r->number, "4321", ""), 303);
    assert_int_equal(look("10.0.0.1", arena_print(ctx.arena, " %.8s %s ", r->number, r->number + 9),
                          "４３２１", ""),
                     303);
    assert_int_equal(look("10.0.0.1", "", "", code), 303);
    assert_int_equal(look("10.0.0.1", "", "", arena_print(ctx.arena, "%.5s-%s", code, code + 5)),
                     303);
    assert_int_equal(
        look("10.0.0.1", arena_print(ctx.arena, "编号：%s。", r->number), "\u200b4 3 2 1。", ""),
        303);
    assert_int_equal(look("10.0.0.1", r->number, "029-87654321", ""), 303);
    assert_int_equal(look("10.0.0.1", "", "", arena_print(ctx.arena, "查询码：%s\u00a0", code)),
                     303);
    assert_int_equal(look("10.0.0.1", r->number, "7102", ""), 404); /* not of its extension */
    assert_int_equal(look("10.0.0.1", r->number, "5321", ""), 404); /* the last three alone */
    assert_int_equal(look("10.0.0.1", r->number, "", ""), 422);
    assert_int_equal(look("10.0.0.1", "abc", "4321", ""), 422);
    assert_non_null(strstr(out.data, "abc")); /* what was typed stays */
    for (int i = 0; i < ex.answer_count; i++)
        assert_null(strstr(ex.answer[i].value, code));
}

static void ten_thousand_endings_can_not_be_tried(void **state)
{
    (void)state;
    const char *code;
    const struct request *r = filed("13800001234", "office", &code);
    int wrong = 0, code_of_answer = 404;
    for (int i = 0; i < 40 && code_of_answer == 404; i++, wrong++) /* each from another address */
        code_of_answer = look(arena_print(ctx.arena, "10.1.0.%d", i), r->number, "9999", "");
    assert_int_equal(code_of_answer, 429);
    assert_int_equal(wrong, 6);
    assert_int_equal(look("10.2.0.1", r->number, "1234", ""), 429); /* even the right ones */
    assert_int_equal(look("10.2.0.1", "", "", code), 303);          /* the code still opens it */
    ctx.now += 6 * 3600 + 1;
    assert_int_equal(look("10.2.0.1", r->number, "1234", ""), 303);
}

static void one_address_can_not_walk_over_many_requests(void **state)
{
    (void)state;
    const char *code;
    const struct request *r = filed("13800005678", "office", &code);
    for (int i = 0; i < 30; i++)
        assert_int_equal(look("10.3.0.1", arena_print(ctx.arena, "20200101-%05d", i), "0000", ""),
                         404);
    assert_int_equal(look("10.3.0.1", r->number, "5678", ""), 429);
    assert_int_equal(look("10.3.0.2", r->number, "5678", ""), 303);
}

/* ---- joining ---- */

static void a_joiner_is_told_and_moves_nothing(void **state)
{
    (void)state;
    const char *code, *own;
    const struct request *r = filed("13800000001", "summary", &code);
    struct joiner j = {.name = "邻居", .phone = "13800007777"};
    assert_int_equal(joiner_add(&ctx, r, &j, "五栋也是", &own), OK);
    assert_int_equal(look("10.4.0.1", "", "", own), 303);
    /* the code only: every joiner's four digits would be one more way to guess */
    assert_int_equal(look("10.4.0.1", r->number, "7777", ""), 404);
    assert_int_equal(look("10.4.0.1", r->number, "0001", ""), 404);
    assert_int_equal(look("10.4.0.1", "", "", code), 303);
    assert_int_equal(query_int(ctx.db, "SELECT count(*) AS n FROM request_joiners WHERE phone LIKE "
                                       "'%7777%' OR phone_key LIKE '%7777%'"),
                     0);
    assert_int_equal(
        query_int(ctx.db, "SELECT count(*) AS n FROM journal WHERE after LIKE '%13800007777%'"), 0);
    /* a second time with the same telephone tells nobody that it is known */
    struct joiner again = {.name = NULL, .phone = "13800007777"};
    assert_int_equal(joiner_add(&ctx, r, &again, NULL, &own), OK);
    assert_true(again.id != j.id);
    assert_int_equal(joiner_answer(&ctx, joiner_get(&ctx, j.id), r, "no", 2, "还是不亮"), OK);
    assert_string_equal(((struct request *)record_get(&ctx, &requests_kind, r->record.id))->status,
                        r->status);
    assert_string_equal(joiner_get(&ctx, j.id)->solved, "no");
    /* who joins what was merged joins the request that goes on */
    const struct request *other = filed("13800000002", "summary", &code);
    change(ctx.db, "UPDATE requests SET status = 'merged', merged_into = {} WHERE id = {}",
           r->record.id, other->record.id);
    assert_non_null(joinable(&ctx, other->record.id));
    assert_int_equal(joinable(&ctx, other->record.id)->record.id, r->record.id);
    change(ctx.db, "UPDATE requests SET status = 'closed' WHERE id = {}", r->record.id);
    assert_null(joinable(&ctx, r->record.id));
    assert_null(joinable(&ctx, other->record.id));
}

static void a_joiner_does_not_read_what_was_kept_to_the_office(void **state)
{
    (void)state;
    struct request r = {.subject = "我家的事",
                        .visibility = "office",
                        .received_at = 0,
                        .category = NONE,
                        .community = NONE};
    visit("10.5.0.1", "x", "y");
    public_line(&ctx, &r);
    assert_null(strstr(out.data, "我家的事"));
    r.visibility = "summary";
    public_line(&ctx, &r);
    assert_non_null(strstr(out.data, "我家的事"));
}

/* ---- the receipt ---- */

static const char *receipt_of(int64_t id, int64_t joiner)
{
    visit("10.11.0.1", "x", "y");
    receipt_send(&ctx, id, joiner, "ABCDEFGHJK");
    const char *sealed = NULL;
    static struct param query[1];
    for (int i = 0; i < ex.answer_count; i++)
        if (!strcmp(ex.answer[i].name, "Location"))
            sealed = arena_copy(ctx.arena, strstr(ex.answer[i].value, "of=") + 3);
    query[0] = (struct param){"of", sealed};
    visit("10.11.0.1", "x", "y");
    ex.query = query;
    ex.query_count = 1;
    receipt(&ctx);
    return out.data;
}

/* No receipt promises a date that has passed, nor one that does not hold. */
static void a_receipt_names_what_happens_next(void **state)
{
    (void)state;
    const char *code;
    struct request *r = filed("13800005001", "summary", &code);
    const char *lang = ctx.lang, *due = day_show(ctx.arena, "en", when_day(r->due));
    ctx.lang = "en";
    assert_non_null(strstr(receipt_of(r->record.id, 1), due));
    int64_t now = ctx.now;
    ctx.now = r->due + WHEN_DAY;
    const char *late = receipt_of(r->record.id, 1);
    assert_null(strstr(late, due));
    assert_non_null(strstr(late, "overdue"));
    ctx.now = now;
    change(ctx.db, "UPDATE requests SET status = 'parked', parked_until = {} WHERE id = {}",
           ctx.now + 40 * WHEN_DAY, r->record.id);
    const char *parked = receipt_of(r->record.id, 1);
    assert_null(strstr(parked, due));
    assert_non_null(strstr(parked, day_show(ctx.arena, "en", when_day(ctx.now + 40 * WHEN_DAY))));
    ctx.lang = lang;
}

/* ---- merged ---- */

static void open_as(const char *code)
{
    static struct param pass[1];
    assert_int_equal(look("10.9.0.1", "", "", code), 303);
    for (int i = 0; i < ex.answer_count; i++)
        if (!strncmp(ex.answer[i].value, "linli_follow=", 13))
            pass[0] = (struct param){"linli_follow",
                                     arena_copyn(ctx.arena, ex.answer[i].value + 13,
                                                 strcspn(ex.answer[i].value + 13, ";"))};
    assert_non_null(pass[0].value);
    visit("10.9.0.1", "solved", "yes", "satisfaction", "4");
    ex.cookies = pass;
    ex.cookie_count = 1;
}

static void a_merged_request_s_reporter_reads_the_reply_and_is_asked(void **state)
{
    (void)state;
    static const char *const visibilities[] = {"summary", "office"};
    for (int i = 0; i < 2; i++) {
        const char *first_code, *code;
        struct request *first = filed("13800003001", visibilities[i], &first_code),
                       *second = filed("13800003002", "office", &code);
        struct step_input in = {
            .unit = NONE, .until = NONE, .into = first->record.id, .satisfaction = NONE};
        ctx.actor.roles = ROLE_OFFICE | ROLE_VOLUNTEER;
        ctx.actor.grants = &(struct grant){ROLE_OFFICE, NONE, NONE, NONE};
        ctx.actor.grant_count = 1;
        assert_int_equal(request_take(&ctx, request_step("merge"), second, &in), OK);
        in.text = "灯已换好";
        first = record_get(&ctx, &requests_kind, first->record.id);
        assert_int_equal(request_take(&ctx, request_step("served"), first, &in), OK);
        ctx.actor = (struct actor){.user = NONE, .roles = ROLE_PUBLIC, .via = "web"};
        open_as(code);
        follow(&ctx);
        assert_int_equal(strstr(out.data, "灯已换好") != NULL,
                         i == 0); /* what was kept to the office stays there */
        assert_non_null(strstr(out.data, second->number));
        assert_null(strstr(out.data, first->number));
        assert_non_null(strstr(out.data, "action=\"/follow/answer\""));
        open_as(code);
        follow_answer(&ctx);
        assert_true(ctx_ok(&ctx));
        second = record_get(&ctx, &requests_kind, second->record.id);
        assert_string_equal(second->solved, "yes");
        assert_int_equal(second->satisfaction, 4);
        assert_string_equal(
            ((struct request *)record_get(&ctx, &requests_kind, first->record.id))->status,
            "answered");
        assert_int_equal(
            query_int(ctx.db,
                      "SELECT count(*) AS n FROM events WHERE kind = 'requests' AND record = {} "
                      "AND action = 'joiner-yes'",
                      first->record.id),
            1);
    }
}

/* ---- sending ---- */

static const char *estate(void)
{
    return arena_print(
        ctx.arena, "%lld",
        (long long)query_int(ctx.db,
                             "SELECT id FROM areas WHERE level = 'estate' ORDER BY id LIMIT 1"));
}

static void every_field_says_what_it_wants(void **state)
{
    (void)state;
    visit("10.6.0.1", "text", "", "area", "", "requester_phone", "1380000200", "website",
          "http://spam.example/", "visibility", "everybody");
    ask_prepare(&ctx);
    static const char *const fields[] = {"text", "area", "requester_phone", "website",
                                         "visibility"};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        assert_non_null(ctx_problem_of(&ctx, fields[i]));
    ask_again(&ctx);
    assert_non_null(strstr(out.data, "1380000200")); /* nothing typed is lost */
}

static void a_request_is_filed_and_its_code_stands_in_no_address(void **state)
{
    (void)state;
    int64_t before = query_int(ctx.db, "SELECT count(*) AS n FROM requests");
    visit("10.7.0.1", "text", "喷泉边的长椅断了一条腿。有人差点摔倒。", "area", estate(),
          "requester_phone", "138 0000 2001", "seen", "1");
    ask_prepare(&ctx);
    assert_true(ctx_ok(&ctx));
    ask_change(&ctx);
    assert_true(ctx_ok(&ctx));
    assert_int_equal(ex.code, 303);
    assert_int_equal(query_int(ctx.db, "SELECT count(*) AS n FROM requests"), before + 1);
    struct request *r = record_get(&ctx, &requests_kind,
                                   query_int(ctx.db, "SELECT max(id) AS id FROM requests"));
    assert_string_equal(r->subject, "喷泉边的长椅断了一条腿");
    assert_string_equal(r->requester_phone, "13800002001");
    assert_string_equal(r->visibility, "office");
    const char *location = NULL;
    for (int i = 0; i < ex.answer_count; i++)
        if (!strcmp(ex.answer[i].name, "Location"))
            location = ex.answer[i].value;
    assert_non_null(location);
    const char *sealed = arena_copy(ctx.arena, strstr(location, "of=") + 3);
    /* the browser that sent it reads the receipt; another, or a later one, does not */
    const struct param query[] = {{"of", sealed}};
    visit("10.7.0.1", "x", "y");
    ex.query = query;
    ex.query_count = 1;
    receipt(&ctx);
    assert_non_null(strstr(out.data, r->number));
    const struct param other[] = {{"linli_ask", "another browser"}};
    visit("10.7.0.1", "x", "y");
    ex.query = query;
    ex.query_count = 1;
    ex.cookies = other;
    ex.cookie_count = 1;
    receipt(&ctx);
    assert_int_equal(ex.code, 404);
    assert_null(strstr(out.data, r->number));
}

static void a_flood_from_one_address_is_stopped_and_nothing_typed_is_lost(void **state)
{
    (void)state;
    for (int i = 0; i < 21; i++) {
        visit("10.8.0.1", "text", "一条又一条", "area", estate(), "requester_phone", "13800002001",
              "seen", "1");
        ask_prepare(&ctx);
        if (i == 20)
            break;
        assert_true(ctx_ok(&ctx));
        ask_change(&ctx);
    }
    assert_int_equal(ctx.status, INVALID);
    ask_again(&ctx);
    assert_non_null(strstr(out.data, "一条又一条"));
    visit("10.8.0.2", "text", "一条又一条", "area", estate(), "requester_phone", "13800002001",
          "seen", "1");
    ask_prepare(&ctx);
    assert_true(ctx_ok(&ctx));
}

static int set_up(void **state)
{
    (void)state;
    store_new(&store);
    ctx_init(&ctx, arena_new());
    ctx.actor.via = "command";
    ctx.actor.roles = ROLE_PUBLIC;
    buf_init(&out, 0);
    const char *areas = arena_print(ctx.arena, "%s/pack/chengdong/areas.csv", getenv("LINLI_ROOT"));
    struct import im;
    if (install_create(&ctx, store.data, NULL, 0) != OK ||
        install_open(&ctx, store.data, DB_WRITE) != OK ||
        install_import(&ctx, "areas", areas, NULL, 0, false, &im) != OK)
        return -1;
    ctx.site = &site;
    ctx.actor.via = "web";
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    db_close(ctx.db);
    store_remove(&store);
    buf_release(&out);
    arena_free(ctx.arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_by_number_and_digits_or_code),
        cmocka_unit_test(ten_thousand_endings_can_not_be_tried),
        cmocka_unit_test(one_address_can_not_walk_over_many_requests),
        cmocka_unit_test(a_joiner_is_told_and_moves_nothing),
        cmocka_unit_test(a_joiner_does_not_read_what_was_kept_to_the_office),
        cmocka_unit_test(a_receipt_names_what_happens_next),
        cmocka_unit_test(a_merged_request_s_reporter_reads_the_reply_and_is_asked),
        cmocka_unit_test(every_field_says_what_it_wants),
        cmocka_unit_test(a_request_is_filed_and_its_code_stands_in_no_address),
        cmocka_unit_test(a_flood_from_one_address_is_stopped_and_nothing_typed_is_lost),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
