/*
 * Fuzz target: the functions that take a text as somebody typed it. The first byte chooses: dates
 * and times, tidying and cutting, words for the search, codes and numbers. Valid text gives valid
 * text; nothing leaves its buffer.
 */
#include "fuzz.h"

#include "base/code.h"
#include "base/text.h"
#include "base/when.h"

static void check(const char *s, size_t most)
{
    if (s && (strlen(s) > most || !text_valid(s, strlen(s))))
        abort();
}

static int word(void *data, const char *w, size_t size, size_t from, size_t to)
{
    size_t n = *(size_t *)data;
    if (from > to || to > n || !text_valid(w, size))
        abort();
    return 0;
}

static void dates(struct arena *a, const char *s)
{
    int64_t t = 0, day = 0;
    if (when_parse(s, &t, NULL))
        check(when_iso(a, t), 64);
    if (day_parse(s, &day)) {
        int64_t again;
        if (!day_parse(day_iso(a, day), &again) || again != day)
            abort();
    }
}

static void texts(struct arena *a, const char *s, size_t n)
{
    const char *tidy = text_tidy(a, s), *lines = text_tidy_lines(a, s);
    check(tidy, n);
    check(lines, n);
    if (strcmp(text_tidy(a, tidy), tidy) != 0 || strcmp(text_tidy_lines(a, lines), lines) != 0)
        abort(); /* tidy text stays as it is */
    size_t length = text_length(s);
    const char *cut = text_cut(a, s, 5);
    check(cut, n + 4);
    if (text_length(cut) > 5 || (length <= 5 && strcmp(cut, s) != 0))
        abort();
    check(text_fold(a, s), n);
    check(text_half_width(a, s), n);
    check(text_key(a, s), n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    struct arena *a = arena_new();
    char *s = must_alloc(size);
    memcpy(s, data + 1, size - 1);
    size_t n = strlen(s);
    bool valid = text_valid(s, n);
    const char *normal = NULL, *full, *initials;
    switch (data[0] % 4) {
    case 0:
        dates(a, s);
        break;
    case 1:
        if (valid)
            texts(a, s, n);
        break;
    case 2:
        if (valid) {
            text_words(s, n, word, &n);
            text_pinyin(a, s, &full, &initials);
            check(full, 16 * n + 64);
            check(initials, n + 64);
        }
        break;
    default:
        if (valid && code_phone(a, s, &normal) != PHONE_NONE) {
            const char *again = NULL; /* a normal form is its own */
            if (code_phone(a, normal, &again) == PHONE_NONE || strcmp(normal, again) != 0)
                abort();
        }
        code_typed(a, s);
    }
    free(s);
    arena_free(a);
    return 0;
}

#ifndef LINLI_FUZZER
int main(int argc, char **argv)
{
    static const char *const seeds[] = {
        "\4"
        "2026-03-05 14:30:59",
        "\4"
        "2020年2月29日 8:05",
        "\4"
        "2019/6/20 10:55:18",
        "\4"
        "2026-03-05T14:30:00+08:00",
        "\5 \t三栋\xE3\x80\x80楼道\r\n\r\n\r\n灯不亮\xC2\xA0 \xEF\xBC\xA1\xEF\xBC\x91 end",
        "\6星湖新村3栋 noise-2026 重庆路单雄信",
        "\7"
        "+86 138-0000-0001",
        "\7"
        "0758 2345678",
        "\7"
        "ab2c-d3ef g",
    };
    int failed = 0;
    for (int i = 1; i < argc; i++)
        failed |= run_file(argv[i]);
    for (size_t i = 0; argc < 2 && i < sizeof seeds / sizeof *seeds; i++)
        run_changed(seeds[i], strlen(seeds[i]), 3000);
    return failed;
}
#endif
