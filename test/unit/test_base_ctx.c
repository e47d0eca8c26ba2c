/* The context: problems keep their order, texts arrive in the reader's language, roles have stable
 * names. */
#include "base/ctx.h"
#include "base/po.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <string.h>

static int setup(void **state)
{
    struct arena *a = arena_new();
    struct ctx *ctx = ARENA_NEW(a, struct ctx);
    ctx_init(ctx, a);
    *state = ctx;
    return 0;
}

static int teardown(void **state)
{
    arena_free(((struct ctx *)*state)->arena);
    return 0;
}

static void starts_as_a_visitor(void **state)
{
    struct ctx *ctx = *state;
    assert_int_equal(ctx->actor.roles, ROLE_PUBLIC);
    assert_true(ctx->actor.user == NONE && ctx->device_time == NONE);
    assert_string_equal(ctx->lang, "zh_CN");
    assert_true(ctx_ok(ctx) && ctx->now > 1600000000);
}

static void collects_problems(void **state)
{
    struct ctx *ctx = *state;
    ctx_problem(ctx, "phone", "first");
    ctx_problem(ctx, NULL, "whole");
    ctx_problem(ctx, "phone", "second");
    assert_int_equal(ctx->status, INVALID);
    assert_int_equal(ctx->problem_count, 3);
    assert_string_equal(ctx_problem_of(ctx, "phone"), "first");
    assert_string_equal(ctx_problem_of(ctx, NULL), "whole");
    assert_null(ctx_problem_of(ctx, "name"));
    assert_int_equal(ctx_fail(ctx, CONFLICT, NULL), CONFLICT);
    assert_int_equal(ctx->problem_count, 3);
    ctx_problem(ctx, NULL, "more");
    assert_int_equal(ctx->status, CONFLICT);
    assert_string_equal(status_name(CONFLICT), "conflict");
}

static void speaks_both_languages(void **state)
{
    struct ctx *ctx = *state;
    assert_string_equal(say(ctx, "Volunteer"), "志愿者");
    assert_string_equal(say(ctx, "Nobody translated {} of {}", 1, "x<y"),
                        "Nobody translated 1 of x<y");
    assert_null(tr(ctx, NULL));
    assert_string_equal(ctx_pick(ctx, "名", "name"), "名");
    assert_string_equal(ctx_pick(ctx, "", "name"), "name");
    ctx->lang = "en";
    assert_string_equal(say(ctx, "Volunteer"), "Volunteer");
    assert_string_equal(say_n(ctx, 1, "1 house", "{} houses", 1), "1 house");
    assert_string_equal(say_n(ctx, 2, "1 house", "{} houses", 2), "2 houses");
    assert_string_equal(ctx_pick(ctx, "名", "name"), "name");
    assert_string_equal(ctx_pick(ctx, "名", NULL), "名");
}

/* Every entry must be found: the order of the table and the order of the search are the same. */
static void finds_every_translation(void **state)
{
    struct ctx *ctx = *state;
    assert_true(po_zh_CN_count > 0);
    for (int i = 0; i < po_zh_CN_count; i++)
        assert_string_equal(tr(ctx, po_zh_CN[i].source), po_zh_CN[i].target);
}

static void names_roles(void **state)
{
    struct ctx *ctx = *state;
    for (int i = 0; i < ROLE_COUNT; i++) {
        enum role r = (enum role)(1U << i);
        assert_int_equal(role_parse(role_name(r)), r);
        assert_true((unsigned char)role_title(ctx, r)[0] >= 0xE4);
    }
    assert_int_equal(role_parse("root"), 0);
    assert_int_equal(role_parse(""), 0);
    assert_int_equal(role_parse(NULL), 0);
    assert_string_equal(role_name(ROLE_HANDLER), "unit_handler");
    assert_string_equal(role_title(ctx, ROLE_WORKER), "社区工作者");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(starts_as_a_visitor, setup, teardown),
        cmocka_unit_test_setup_teardown(collects_problems, setup, teardown),
        cmocka_unit_test_setup_teardown(speaks_both_languages, setup, teardown),
        cmocka_unit_test_setup_teardown(finds_every_translation, setup, teardown),
        cmocka_unit_test_setup_teardown(names_roles, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
