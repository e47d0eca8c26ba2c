/* Text: bad bytes are refused, pasted text is tidied, words and pinyin are what a searcher types.
 */
#include "base/buf.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>
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
    assert_true(text_listed("areas units", "units") && text_listed("  areas ", "areas"));
    assert_false(text_listed("areas units", "unit") || text_listed("", "areas") ||
                 text_listed("areas", "areas units"));
    assert_true(text_blank(NULL) && text_blank("") && text_blank(" 　\t\n") && !text_blank(" 一"));
    /* nobody sees these: zero width, soft hyphen, direction marks, byte order mark */
    assert_true(text_blank("\u200b \u00ad\u200e\u202e\u2060\ufeff"));
    assert_false(text_blank("\u200b一"));
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

static void what_nobody_sees_is_empty(void **state)
{
    (void)state;
    static const char *const unseen[] = {
        "\u200d\u200d\u200d",
        "\u200c",
        "\u2061",
        "\ufe0f",
        "\u180e",
        "\u061c",
        "\u034f",
        "\U000e0041",
        "\u3164",
        "\u2800",
        "\u115f",
        "\u00ad",
        "\u2028",
        "\u3000 \t\u200b",
        "\ufff5",
    };
    struct arena *a = arena_new();
    for (size_t i = 0; i < sizeof unseen / sizeof *unseen; i++) {
        assert_true(text_blank(unseen[i]));
        assert_string_equal(text_tidy(a, unseen[i]), "");
        assert_string_equal(text_tidy_lines(a, unseen[i]), "");
    }
    /* beside what is seen, a joiner stays: it changes what is drawn */
    assert_string_equal(text_tidy(a, "👨\u200d👩\u200d👧"), "👨\u200d👩\u200d👧");
    assert_string_equal(text_tidy_lines(a, "灯\n\u200d\n不亮"), "灯\n\n不亮");
    arena_free(a);
}

static void spellings_are_alike_when_searched(void **state)
{
    (void)state;
    static const char *const alike[][2] = {
        {"⽔管⽼化", "水管老化"}, /* Kangxi radicals, as PDFs have them */
        {"垃\u200b圾\u200c堆\u200d放", "垃圾堆放"},
        {"請來看看", "请来看看"}, /* U+F9xx and traditional */
        {"樓道燈壞了", "楼道灯坏了"},
        {"ÜBER", "über"},
        {"ＷｉＦｉ①", "wifi1"},
        {"㎡", "m2"},
        {"Ｋ３路", "k3路"},
    };
    struct arena *a = arena_new();
    for (size_t i = 0; i < sizeof alike / sizeof *alike; i++)
        assert_string_equal(text_search_key(a, alike[i][0]), text_search_key(a, alike[i][1]));
    assert_string_not_equal(text_search_key(a, "水管"), text_search_key(a, "水官"));
    assert_string_equal(text_plain(a, "\u200b１２–３４\u00a0"), "12-34");
    arena_free(a);
}

static void mail_follows_one_rule(void **state)
{
    (void)state;
    static const char *const right[] = {"a.b@example.cn", "a+b_c@mail.example.com", "1@2.cn",
                                        "o'neil@xn--fiqs8s.cn"},
                             *const wrong[] = {
                                 "a@b..cn",     ".a@b.cn", "a.@b.cn", "a..b@b.cn", "a@-b.cn",
                                 "a@b-.cn",     "a@b",     "a@b.cn.", "a@@b.cn",   "a b@b.cn",
                                 "a@b.cn\r\nX", "张@b.cn", "@b.cn",   "a@",        ""};
    struct arena *a = arena_new();
    for (size_t i = 0; i < sizeof right / sizeof *right; i++)
        assert_true(mail_valid(right[i]));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (mail_valid(wrong[i]))
            fail_msg("%s is taken", wrong[i]);
    assert_string_equal(mail_typed(a, " ａ＠ｂ．ｃｎ。"), "a@b.cn");
    assert_string_equal(mail_typed(a, "mailto:a@b.cn\u200b,"), "a@b.cn");
    assert_string_equal(mail_typed(a, "<a@b.cn>"), "a@b.cn");
    arena_free(a);
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

static int by_name(const void *a, const void *b)
{
    const char *x = *(const char *const *)a, *y = *(const char *const *)b;
    return text_order(x, strlen(x), y, strlen(y));
}

static void sorts_names(void **state)
{
    (void)state;
    const char *names[] = {"张三", "李四", "alder", "王五", "阿姨", "Birch", "李", "12"};
    const char *const sorted[] = {"12", "阿姨", "李", "李四", "王五", "张三", "alder", "Birch"};
    qsort(names, COUNT(names), sizeof(char *), by_name);
    for (size_t i = 0; i < COUNT(names); i++)
        assert_string_equal(names[i], sorted[i]);
    assert_int_equal(text_order("李", 3, "李", 3), 0);
    assert_true(text_order("a", 1, "A", 1) != 0); /* the same only if the bytes are */
    assert_int_equal(text_order("A", 1, "a", 1), -text_order("a", 1, "A", 1));
    assert_true(text_order("", 0, "a", 1) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_bad_bytes),
        cmocka_unit_test(tidies),
        cmocka_unit_test(cuts_and_folds),
        cmocka_unit_test(sorts_names),
        cmocka_unit_test(finds_words),
        cmocka_unit_test(reads_pinyin),
        cmocka_unit_test(what_nobody_sees_is_empty),
        cmocka_unit_test(spellings_are_alike_when_searched),
        cmocka_unit_test(mail_follows_one_rule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
