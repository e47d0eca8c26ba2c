/* The safe writers: what reaches a page, a document or a letter is escaped for where it goes. */
#include "base/arena.h"
#include "base/write.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <string.h>

static void escapes_for_html(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"", ""},
        {"噪音扰民", "噪音扰民"},
        {"<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"},
        {"a\"b'c&d", "a&quot;b&#39;c&amp;d"},
    };
    struct buf b;
    buf_init(&b, 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        buf_clear(&b);
        html(&b, "{}", cases[i].in);
        assert_string_equal(b.data, cases[i].out);
    }
    buf_clear(&b);
    html(&b, "<a href=\"/x?q={}\">{}</a>{}", (struct url_part){"a b&c/楼"}, 7,
         (struct markup){"<b>ok</b>"});
    assert_string_equal(b.data, "<a href=\"/x?q=a%20b%26c%2F%E6%A5%BC\">7</a><b>ok</b>");
    buf_release(&b);
}

static void writes_json(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 0);
    json(&b, "{\"a\":{},\"b\":{},\"c\":{},\"d\":{},\"e\":{}}", "x\"\\\n\x01\xFFy",
         (const char *)NULL, (struct maybe){NONE}, (bool)true, INT64_MAX);
    assert_string_equal(
        b.data, "{\"a\":\"x\\\"\\\\\\n\\u0001\xEF\xBF\xBDy\",\"b\":null,\"c\":null,\"d\":true,"
                "\"e\":9223372036854775807}");
    buf_release(&b);
}

static void stops_at_the_ceiling(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 10000);
    for (int i = 0; i < 100000; i++)
        buf_putc(&b, 'x');
    assert_true(b.full);
    assert_true(b.size < 10000);
    assert_int_equal(strlen(b.data), b.size);
    buf_release(&b);
}

static void arena_keeps_what_it_gave(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    char *first = arena_copy(a, "first");
    for (int i = 0; i < 1000; i++) {
        char *p = arena_alloc(a, 3000);
        assert_int_equal(p[2999], 0);
        memset(p, 'x', 3000);
    }
    char *large = arena_alloc(a, 5 << 20);
    large[(5 << 20) - 1] = 'y';
    assert_string_equal(first, "first");
    assert_string_equal(arena_print(a, "%d-%s", 12, "z"), "12-z");
    arena_clear(a);
    assert_int_equal(arena_used(a), 0);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes_for_html),
        cmocka_unit_test(writes_json),
        cmocka_unit_test(stops_at_the_ceiling),
        cmocka_unit_test(arena_keeps_what_it_gave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
