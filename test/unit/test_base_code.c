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
        fail_msg("%s: got %s, wanted %s", input ? input : "NULL", got ? got : "NULL",
                 wanted ? wanted : "NULL");
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
            fits += code_citizen_id(a, arena_print(a, "%s%c", dates[i].head, *c), NONE, NULL) !=
                    NULL;
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

static const struct {
    const char *in;
    enum phone_kind kind;
    const char *out;
} telephones[] = {
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
    {"860516 23EXT78", PHONE_FIXED, "86051623-78"},
    {"86051623转78", PHONE_FIXED, "86051623-78"},
    {"8605162ext3", PHONE_FIXED, "8605162-3"},
    {"800124 23EXT8", PHONE_FIXED, "80012423-8"},
    {"8001242转323", PHONE_NONE, NULL},
    {"4008123-123", PHONE_SERVICE, "4008123123"},
    {"12345", PHONE_SERVICE, "12345"},
    {"95598", PHONE_SERVICE, "95598"},
    /* as people paste them */
    {"\u200b138\u00a00013\u00a08000\ufeff", PHONE_MOBILE, "13800138000"},
    {"\u202d13800138000\u202c", PHONE_MOBILE, "13800138000"},
    {"138–0013—8000", PHONE_MOBILE, "13800138000"},
    {"138‑0013−8000", PHONE_MOBILE, "13800138000"},
    {"(+86)13800138000", PHONE_MOBILE, "13800138000"},
    {"（＋８６）138 0013 8000。", PHONE_MOBILE, "13800138000"},
    {"13800138000，", PHONE_MOBILE, "13800138000"},
    {"013800138000", PHONE_MOBILE, "13800138000"},
    {"0758—2234567", PHONE_FIXED, "0758-2234567"},
    {"0758-2234567#102", PHONE_FIXED, "0758-2234567-102"},
    {"0758-2234567 分机 102", PHONE_FIXED, "0758-2234567-102"},
    {"0758-2234567 Ext. 102", PHONE_FIXED, "0758-2234567-102"},
    {"0758-2234567x102", PHONE_FIXED, "0758-2234567-102"},
    {"86051623ext78", PHONE_FIXED, "86051623-78"},
    {"+852 9123 4567", PHONE_BEYOND, "+85291234567"},
    {"00852-91234567", PHONE_BEYOND, "+85291234567"},
    {"(+853) 6612 3456", PHONE_BEYOND, "+85366123456"},
    {"+886 (0)912 345 678", PHONE_BEYOND, "+886912345678"},
    {"+852 912 345", PHONE_NONE, NULL},
    {"\u200b\u200d", PHONE_NONE, NULL},
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

static void reads_telephone_numbers(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    for (size_t i = 0; i < COUNT(telephones); i++) {
        const char *normal = "before";
        enum phone_kind kind = code_phone(a, telephones[i].in, &normal);
        same(telephones[i].in, normal, telephones[i].out);
        assert_int_equal(kind, telephones[i].kind);
        const char *again = NULL;
        if (kind != PHONE_NONE) { /* a normal form is its own */
            assert_int_equal(code_phone(a, normal, &again), kind);
            assert_string_equal(again, normal);
        }
    }
    arena_free(a);
}

static void reads_request_numbers_as_they_are_pasted(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out, *end;
    } cases[] = {
        {"20261124-00345", "20261124-00345", "2026112400345"},
        {"2026112400345", "20261124-00345", "2026112400345"},
        {" ２０２６１１２４－００３４５ ", "20261124-00345", "2026112400345"},
        {"20261124–00345", "20261124-00345", "2026112400345"},
        {"20261124—00345。", "20261124-00345", "2026112400345"},
        {"20261124‑00345", "20261124-00345", "2026112400345"},
        {"\u200b20261124-00345\ufeff", "20261124-00345", "2026112400345"},
        {"\u00a020261124 - 00345\t\n", "20261124-00345", "2026112400345"},
        {"#20261124-00345", "20261124-00345", "2026112400345"},
        {"编号：20261124-00345，", "20261124-00345", "2026112400345"},
        {"诉求编号 20261124-00345", "20261124-00345", "2026112400345"},
        {"20261124-100345", "20261124-100345", "20261124100345"},
        {"1124-00345", NULL, "112400345"},
        {"00345", NULL, "00345"},
        {"345", NULL, "345"},
        {"2026-1124-00345", NULL, NULL},
        {"202611-2400345", NULL, "2026112400345"},
        {"垃圾", NULL, NULL},
        {"3号楼", NULL, NULL},
        {"", NULL, NULL},
    };
    struct arena *a = arena_new();
    for (size_t i = 0; i < COUNT(cases); i++) {
        same(cases[i].in, code_number(a, cases[i].in), cases[i].out);
        same(cases[i].in, code_number_end(a, cases[i].in), cases[i].end);
    }
    arena_free(a);
}

static void a_telephone_ends_before_its_extension(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"13800138222", "8222"}, {"0758-2234567", "4567"}, {"0758-2234567-102", "4567"},
        {"86051623-78", "1623"}, {"4008123123", "3123"},   {"+85291234567", "4567"},
        {"12345", "2345"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char end[5];
        assert_true(code_phone_end(cases[i][0], end));
        assert_string_equal(end, cases[i][1]);
    }
    char end[5];
    assert_false(code_phone_end(NULL, end));
    assert_false(code_phone_end("123", end));
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
    same("typed", code_typed(a, "\u200b查询码：AB2C—X9Y。\u00a0"), "AB2CX9Y");
    same("typed", code_typed(a, "\ufeffAB2C‑X9Y\n"), "AB2CX9Y");
    same("typed", code_typed(a, "https://a.cn/follow#AB2CX9Y"), "AB2CX9Y");
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
    same("name", mask_name(a, "张三"), "张**");
    same("name", mask_name(a, "阿卜杜热合曼·麦合木提"), "阿**");
    same("name", mask_name(a, "Anna Li"), "A**");
    same("name", mask_name(a, "张"), "**");
    same("name", mask_name(a, NULL), NULL);
    same("name", mask_name(a, ""), "");
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checks_citizen_numbers),
        cmocka_unit_test(checks_credit_codes),
        cmocka_unit_test(reads_telephone_numbers),
        cmocka_unit_test(reads_request_numbers_as_they_are_pasted),
        cmocka_unit_test(a_telephone_ends_before_its_extension),
        cmocka_unit_test(makes_random_codes),
        cmocka_unit_test(hides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
