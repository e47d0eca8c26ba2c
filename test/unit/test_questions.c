/*
 * Fields that are data: a list of questions written as text becomes rows of
 * struct field with their limits and messages, and the answers one JSON text.
 */
#include "core/module.h"
#include "core/questions.h"
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

static struct ctx ctx;
static struct store store;
static struct exchange ex;
static struct buf out;

static int set_up(void **state)
{
    (void)state;
    buf_init(&out, 0);
    return store_install(&store, &ctx);
}

static int tear_down(void **state)
{
    (void)state;
    buf_release(&out);
    return store_close(&store, &ctx);
}

static const char *stored_list(void)
{
    store_forget(&ctx);
    ctx.lang = "en";
    struct question list[] = {
        {.type = Q_YES_NO, .zh = "自带工具吗？", .en = "Will you bring tools?", .required = true},
        {.type = Q_NUMBER, .zh = "来几个人？", .min = 1, .max = 9, .row = 1},
        {.type = Q_CHOICE, .zh = "喝什么？", .choices = "茶，咖啡、水", .row = 2},
        {.type = Q_TEXT, .zh = "其他", .row = 3}};
    const char *stored = questions_store(&ctx, list, 4, NULL);
    assert_non_null(stored);
    assert_true(ctx_ok(&ctx));
    return stored;
}

static void they_become_fields(void **state)
{
    (void)state;
    const struct questions *q = questions_load(&ctx, stored_list(), NULL);
    assert_int_equal(q->count, 4);
    assert_string_equal(q->fields[0].name, "q1");
    assert_string_equal(field_label(&ctx, &q->fields[0]), "Will you bring tools?");
    assert_string_equal(field_label(&ctx, &q->fields[1]), "来几个人？"); /* no English */
    assert_true(q->fields[0].flags & REQUIRED);
    assert_int_equal(q->fields[1].max, 9);
    assert_string_equal(q->fields[2].choices[1].code, "咖啡");
    assert_null(q->fields[2].choices[3].code);
    ctx.lang = "zh_CN";
    q = questions_load(&ctx, stored_list(), NULL);
    assert_int_equal(questions_load(&ctx, NULL, NULL)->count, 0);
}

static const char *answer(const struct questions *q, const char *json)
{
    cJSON *o = cJSON_Parse(json);
    const char *stored = questions_from_json(&ctx, q, o);
    cJSON_Delete(o);
    return stored;
}

static void answers_are_checked_like_other_fields(void **state)
{
    (void)state;
    const struct questions *q = questions_load(&ctx, stored_list(), NULL);
    const char *given = answer(q, "{\"q1\":\"yes\",\"q2\":3,\"q3\":\"茶\"}");
    assert_string_equal(given, "{\"q1\":\"yes\",\"q2\":\"3\",\"q3\":\"茶\"}");
    assert_string_equal(question_answer(&ctx, q, 0, given), "Yes");
    assert_string_equal(question_answer(&ctx, q, 1, given), "3");
    assert_string_equal(question_answer(&ctx, q, 3, given), "");
    answer(q, "{\"q2\":10,\"q3\":\"酒\",\"q9\":\"x\"}");
    assert_string_equal(ctx_problem_of(&ctx, "q2"), "来几个人？: must be a number from 1 to 9.");
    assert_non_null(ctx_problem_of(&ctx, "q1")); /* required */
    assert_non_null(ctx_problem_of(&ctx, "q3"));
    assert_non_null(ctx_problem_of(&ctx, "q9"));
    store_forget(&ctx);
    struct param sent[] = {{"s7-q1", "no"}, {"s7-q2", "two"}};
    ex = (struct exchange){.form = sent, .form_count = 2, .out = &out};
    ctx.web = &ex;
    q = questions_load(&ctx, stored_list(), "s7-");
    assert_string_equal(questions_read(&ctx, q), "{\"q1\":\"no\"}");
    assert_non_null(ctx_problem_of(&ctx, "s7-q2"));
    questions_draw(&ctx, q);
    ctx.web = NULL;
    assert_non_null(strstr(out.data, "Will you bring tools?"));
    assert_non_null(strstr(out.data, "value=\"two\"")); /* what was typed stays */
}

/* A name belongs to one question: a reworded one keeps its answers, a new one gets none of them. */
static void names_stay_and_are_not_given_twice(void **state)
{
    (void)state;
    const char *first = stored_list();
    struct question list[] = {{.type = Q_TEXT, .zh = "新问题"},
                              {.name = "q1", .type = Q_TEXT, .zh = "带什么工具？", .row = 1},
                              {.name = "made-up", .type = Q_TEXT, .zh = "另一个", .row = 2}};
    const struct questions *q = questions_load(&ctx, questions_store(&ctx, list, 3, first), NULL);
    assert_string_equal(q->list[0].name, "q5");
    assert_string_equal(q->list[1].name, "q1");
    assert_string_equal(q->list[2].name, "q6");
    /* an answer that no longer fits is shown as it was given, and is nobody's problem */
    struct question number = {
        .name = "q1", .type = Q_NUMBER, .zh = "几件？", .min = NONE, .max = NONE};
    q = questions_load(&ctx, questions_store(&ctx, &number, 1, first), NULL);
    assert_string_equal(question_answer(&ctx, q, 0, "{\"q1\":\"yes\"}"), "yes");
    assert_true(ctx_ok(&ctx));
}

static void what_is_wrong_with_a_question_is_said_in_its_row(void **state)
{
    (void)state;
    store_forget(&ctx);
    ctx.lang = "en";
    struct question list[] = {{.type = Q_TEXT, .en = "Only English", .row = 2},
                              {.type = Q_CHOICE, .zh = "选", .choices = "一", .row = 3},
                              {.type = Q_CHOICE, .zh = "选", .choices = "一,二,一", .row = 4},
                              {.type = Q_NUMBER, .zh = "数", .min = 5, .max = NONE, .row = 5},
                              {.type = Q_NUMBER, .zh = "数", .min = 5, .max = 2, .row = 6}};
    assert_null(questions_store(&ctx, list, 5, NULL));
    assert_string_equal(ctx_problem_of(&ctx, "q-2-zh"), "Enter the question.");
    assert_string_equal(ctx_problem_of(&ctx, "q-3-choices"),
                        "Enter 2 to 12 choices, separated by commas.");
    assert_string_equal(ctx_problem_of(&ctx, "q-4-choices"), "“一” appears twice.");
    assert_string_equal(ctx_problem_of(&ctx, "q-5-min"), "Enter both limits, or neither.");
    assert_non_null(ctx_problem_of(&ctx, "q-6-min"));
    store_forget(&ctx);
    struct question many[QUESTIONS_MOST + 1] = {{.zh = "一"}};
    assert_null(questions_store(&ctx, many, QUESTIONS_MOST + 1, NULL));
    assert_string_equal(ctx.problems->text, "No more than 10 questions.");
    store_forget(&ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_become_fields),
        cmocka_unit_test(answers_are_checked_like_other_fields),
        cmocka_unit_test(names_stay_and_are_not_given_twice),
        cmocka_unit_test(what_is_wrong_with_a_question_is_said_in_its_row),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
