/* Codes: right numbers pass in every way people type them, a wrong digit does not; masks hide. */
#include "base/code.h"
#include "base/when.h"
#include "base/write.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <string.h>

#define COUNT(x) (sizeof(x) / sizeof *(x))

static void same(const char *input, const char *got, const char *wanted)
{
    if (!got != !wanted || (got && wanted && strcmp(got, wanted) != 0))
        fail_msg("%s: got %s, wanted %s", input ? input : "NULL", got ? got : "NULL", wanted ? wanted : "NULL");
}

/* The first number is the standard's own example, the others follow from its rule. */
static void checks_citizen_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"11010519491231002X", "11010519491231002X"},
        {" 11010519491231002x ", "11010519491231002X"},
        {"１１０１０５１９４９１２３１００２Ｘ", "11010519491231002X"},
        {"110105 19491231 002X", "11010519491231002X"},
        {"110105194912310021", NULL},
        {"11010519491231003X", NULL},
        {"110105491231002", NULL},
        {"440524188001010014", NULL}, /* born 1880 */
        {"1101051949123100", NULL},
        {"11010519491231002XX", NULL},
        {"00010519491231002X", NULL},
        {"", NULL},
        {NULL, NULL},
        {"身份证号码", NULL},
    };
    struct arena *a = arena_new();
    for (size_t i = 0; i < COUNT(cases); i++)
        same(cases[i].in, code_citizen_id(a, cases[i].in, NONE, NULL), cases[i].out);
    struct id_facts facts;
    assert_non_null(code_citizen_id(a, "11010519491231002X", day_of(1949, 12, 31), &facts));
    assert_int_equal(facts.birth, day_of(1949, 12, 31));
    assert_true(facts.female);
    assert_null(code_citizen_id(a, "11010519491231002X", day_of(1949, 12, 30), NULL));

    /* Whatever the date, one check character at most fits, and none when the day does not exist. */
    static const struct {
        const char *head;
        int fits;
    } dates[] = {{"11010520000229001", 1}, {"11010519000229001", 0}, {"11010520190229001", 0},
                 {"11010520190431001", 0}, {"16010520190401001", 0}, {"83010520190401001", 1}};
    for (size_t i = 0; i < COUNT(dates); i++) {
        int fits = 0;
        for (const char *c = "0123456789X"; *c; c++)
            fits += code_citizen_id(a, arena_print(a, "%s%c", dates[i].head, *c), NONE, NULL) != NULL;
        assert_int_equal(fits, dates[i].fits);
    }
    arena_free(a);
}

static void checks_credit_codes(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"91350100M000100Y43", "91350100M000100Y43"},
        {"91350100m000100y43", "91350100M000100Y43"},
        {"９1350100 M000100Y43", "91350100M000100Y43"},
        {"91350100M000100Y44", NULL},
        {"91350100M000100Y34", NULL},
        {"91350100M000100Y4", NULL},
        {"91350100I000100Y43", NULL},
        {"913501OOM000100Y43", NULL},
        {"", NULL},
        {NULL, NULL},
    };
    struct arena *a = arena_new();
    for (size_t i = 0; i < COUNT(cases); i++)
        same(cases[i].in, code_credit(a, cases[i].in), cases[i].out);
    arena_free(a);
}

static void reads_telephone_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        enum phone_kind kind;
        const char *out;
    } cases[] = {
        {"13800138000", PHONE_MOBILE, "13800138000"},
        {"138-0013-8000", PHONE_MOBILE, "13800138000"},
        {"+86 138 0013 8000", PHONE_MOBILE, "13800138000"},
        {"008613800138000", PHONE_MOBILE, "13800138000"},
        {"８６13800138000", PHONE_MOBILE, "13800138000"},
        {"029-87654321", PHONE_FIXED, "029-87654321"},
        {"（029）8765 4321", PHONE_FIXED, "029-87654321"},
        {"02987654321", PHONE_FIXED, "029-87654321"},
        {"029-87654321-102", PHONE_FIXED, "029-87654321-102"},
        {"029-87654321转102", PHONE_FIXED, "029-87654321-102"},
        {"+86-29-87654321", PHONE_FIXED, "029-87654321"},
        {"0917-3456789", PHONE_FIXED, "0917-3456789"},
        {"010-65432100", PHONE_FIXED, "010-65432100"},
        {"87654321", PHONE_FIXED, "87654321"},
        {"400-812-3123", PHONE_SERVICE, "4008123123"},
        {"12345", PHONE_SERVICE, "12345"},
        {"95598", PHONE_SERVICE, "95598"},
        {"12800138000", PHONE_NONE, NULL},
        {"1380013800", PHONE_NONE, NULL},
        {"138001380000", PHONE_NONE, NULL},
        {"013-65432100", PHONE_NONE, NULL},
        {"029-17654321", PHONE_NONE, NULL},
        {"+1 202 555 0123", PHONE_NONE, NULL},
        {"029-87654321转", PHONE_NONE, NULL},
        {"电话 13800138000", PHONE_NONE, NULL},
        {"0", PHONE_NONE, NULL},
        {"0-", PHONE_NONE, NULL},
        {"-", PHONE_NONE, NULL},
        {"+86", PHONE_NONE, NULL},
        {"", PHONE_NONE, NULL},
        {NULL, PHONE_NONE, NULL},
    };
    struct arena *a = arena_new();
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *normal = "before";
        enum phone_kind kind = code_phone(a, cases[i].in, &normal);
        same(cases[i].in, normal, cases[i].out);
        assert_int_equal(kind, cases[i].kind);
        const char *again = NULL;
        if (kind != PHONE_NONE) { /* a normal form is its own */
            assert_int_equal(code_phone(a, normal, &again), kind);
            assert_string_equal(again, normal);
        }
    }
    arena_free(a);
}

static void makes_random_codes(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    bool seen[128] = {false};
    for (int i = 0; i < 500; i++) {
        char code[11];
        code_random(code, 10);
        assert_int_equal(strlen(code), 10);
        assert_string_equal(code_typed(a, code), code);
        for (int j = 0; j < 10; j++)
            seen[(int)code[j]] = true;
    }
    int used = 0;
    for (int c = 0; c < 128; c++)
        used += seen[c];
    assert_int_equal(used, 31);
    assert_false(seen['0'] || seen['O'] || seen['1'] || seen['I'] || seen['L']);
    same("typed", code_typed(a, " ab2c-x9ｙ "), "AB2CX9Y");
    same("typed", code_typed(a, "AB0C"), NULL);
    same("typed", code_typed(a, " - "), NULL);
    assert_int_equal(strlen(code_token(a, 32)), 43);
    assert_string_not_equal(code_token(a, 32), code_token(a, 32));
    arena_free(a);
}

static void hides(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    same("phone", mask_phone(a, "13800138000"), "138****8000");
    same("phone", mask_phone(a, "029-87654321"), "029-****4321");
    same("phone", mask_phone(a, "029-87654321-102"), "029-****4321");
    same("phone", mask_phone(a, "87654321"), "****4321");
    same("phone", mask_phone(a, "12345"), "*****");
    same("phone", mask_phone(a, ""), "");
    same("phone", mask_phone(a, NULL), NULL);
    same("id", mask_id(a, "11010519491231002X"), "110*************2X");
    same("id", mask_id(a, "1101"), "****");
    same("name", mask_name(a, "张三丰"), "张**");
    same("name", mask_name(a, "张三"), "张*");
    same("name", mask_name(a, "张"), "*");
    same("name", mask_name(a, ""), "");
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checks_citizen_numbers),
        cmocka_unit_test(checks_credit_codes),
        cmocka_unit_test(reads_telephone_numbers),
        cmocka_unit_test(makes_random_codes),
        cmocka_unit_test(hides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
