/* Text: bad bytes are refused, pasted text is tidied, words and pinyin are what a searcher types. */
#include "base/buf.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <string.h>

#define COUNT(x) (sizeof(x) / sizeof *(x))

static void refuses_bad_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
        bool valid;
    } cases[] = {
        {"", 0, true},
        {"abc", 3, true},
        {"邻里", 6, true},
        {"\xF0\xA0\x80\x80", 4, true},
        {"a\0b", 3, false},
        {"\x80", 1, false},
        {"\xC0\x80", 2, false},
        {"\xE0\x80\x80", 3, false},
        {"\xED\xA0\x80", 3, false},
        {"\xF4\x90\x80\x80", 4, false},
        {"\xE9\x82", 2, false},
        {"\xFF", 1, false},
        {"\xF0\x8F\xBF\xBF", 4, false},
        {"\xF5\x80\x80\x80", 4, false},
        {"\xC3\x28", 2, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(text_valid(cases[i].bytes, cases[i].n), cases[i].valid);
    const char *cut = "\xE9\x82";
    assert_int_equal(text_next(&cut), 0xFFFD);
    assert_int_equal(text_next(&cut), 0xFFFD);
    assert_int_equal(text_next(&cut), 0);
    for (uint32_t c = 1; c <= 0x10FFFF; c++) {
        char to[5] = {0};
        int n = text_encode(to, c);
        bool whole = c < 0xD800 || c > 0xDFFF;
        assert_int_equal(text_valid(to, (size_t)n), whole);
        const char *s = to;
        if (whole)
            assert_int_equal(text_next(&s), c);
    }
}

static void tidies(void **state)
{
    (void)state;
    static const struct {
        const char *in, *line, *lines;
    } cases[] = {
        {"", "", ""},
        {"  \t 张 三\t\t丰\r\n", "张 三 丰", "张 三 丰"},
        {"\xEF\xBB\xBF"
         "a\xE2\x80\x8B"
         "b\x01"
         "c",
         "abc", "abc"},
        {"　一号楼　", "一号楼", "一号楼"},
        {"a\r\n\r\n\r\n  b \rc\n\n", "a b c", "a\n\nb\nc"},
        {"x\xFFy", "x\xEF\xBF\xBDy", "x\xEF\xBF\xBDy"},
    };
    struct arena *a = arena_new();
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_string_equal(text_tidy(a, cases[i].in), cases[i].line);
        assert_string_equal(text_tidy_lines(a, cases[i].in), cases[i].lines);
    }
    assert_null(text_tidy(a, NULL));
    assert_true(text_blank(NULL) && text_blank("") && text_blank(" 　\t\n") && !text_blank(" 一"));
    arena_free(a);
}

static void cuts_and_folds(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    assert_int_equal(text_length("邻里ab"), 4);
    assert_string_equal(text_cut(a, "楼道堆物影响通行", 8), "楼道堆物影响通行");
    assert_string_equal(text_cut(a, "楼道堆物影响通行", 7), "楼道堆物影响…");
    assert_string_equal(text_cut(a, "楼道", 1), "…");
    assert_string_equal(text_cut(a, "", 1), "");
    assert_string_equal(text_key(a, "ＡＢｃ１２３（甲）　Ｘ"), "abc123(甲) x");
    assert_string_equal(text_fold(a, "ÄBC邻"), "Äbc邻");
    char small[8];
    assert_false(text_half_width_into(small, sizeof small, "ＡＢＣＤＥＦＧＨ"));
    assert_true(text_half_width_into(small, sizeof small, "ＡＢＣ"));
    assert_string_equal(small, "ABC");
    arena_free(a);
}

static int collect(void *data, const char *word, size_t size, size_t from, size_t to)
{
    assert_true(size > 0 && to > from);
    buf_put(data, word, size);
    buf_putc(data, '|');
    return 0;
}

static int stop(void *data, const char *word, size_t size, size_t from, size_t to)
{
    (void)word, (void)size, (void)from, (void)to;
    return ++*(int *)data == 2 ? 7 : 0;
}

static void finds_words(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"", ""},
        {"水", "水|"},
        {"甲乙丙", "甲乙|乙丙|丙|"},
        {"漏水，急！", "漏水|水|急|"},
        {"3号楼B座ＷｉＦｉ坏了", "3|号楼|楼|b|座|wifi|坏了|了|"},
        {"Tel: 029-8765 4321", "tel|029|8765|4321|"},
        {"\xFF水\xE9", "水|"},
        {"𠀀𠀁", "𠀀𠀁|𠀁|"},
        {"… —", ""},
    };
    struct buf b;
    buf_init(&b, 0);
    for (size_t i = 0; i < COUNT(cases); i++) {
        buf_clear(&b);
        assert_int_equal(text_words(cases[i].in, strlen(cases[i].in), collect, &b), 0);
        assert_string_equal(b.data, cases[i].out);
    }
    buf_release(&b);
    char longest[300];
    memset(longest, 'a', sizeof longest);
    buf_init(&b, 0);
    text_words(longest, sizeof longest, collect, &b);
    assert_true(b.size > 32 && b.size <= 65);
    buf_release(&b);
    int calls = 0;
    assert_int_equal(text_words("甲乙丙丁", 12, stop, &calls), 7);
    assert_int_equal(calls, 2);
}

static void reads_pinyin(void **state)
{
    (void)state;
    static const struct {
        const char *in, *full, *initials;
    } cases[] = {
        {"张三丰", "zhangsanfeng", "zsf"},
        {"单雄信", "shanxiongxin", "sxx"},
        {"曾国", "zengguo", "zg"},
        {"吕布", "lubu", "lb"},
        {"Ａ栋301室", "adong301shi", "ad301s"},
        {"", "", ""},
        {"·", "", ""},
    };
    struct arena *a = arena_new();
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *full = NULL, *initials = NULL;
        assert_true(text_pinyin(a, cases[i].in, &full, &initials));
        assert_string_equal(full, cases[i].full);
        assert_string_equal(initials, cases[i].initials);
    }
    char *lengthy = arena_alloc(a, 3 * 200 + 1);
    for (int i = 0; i < 200; i++)
        memcpy(lengthy + i * 3, "双", 3);
    const char *full = NULL, *initials = NULL;
    assert_true(text_pinyin(a, lengthy, &full, &initials));
    assert_int_equal(strlen(initials), 64);
    assert_int_equal(strlen(full), 64 * strlen("shuang"));
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_bad_bytes), cmocka_unit_test(tidies),       cmocka_unit_test(cuts_and_folds),
        cmocka_unit_test(finds_words),       cmocka_unit_test(reads_pinyin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
