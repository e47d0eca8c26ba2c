/*
 * Fuzz target: what a browser sends as a form. The first byte chooses the reader: urlencoded,
 * multipart (with a boundary from the bytes themselves), cookies, or the decoding of one part.
 * Whatever comes out is valid UTF-8 without NUL, and uploads lie inside the body.
 */
#include "fuzz.h"

#include "base/text.h"
#include "web/gate.h"

static void check(const struct param *list, int count)
{
    if (count < 0 || count > INPUT_FIELDS_MOST)
        abort();
    for (int i = 0; i < count; i++)
        if (!text_valid(list[i].name, strlen(list[i].name)) ||
            !text_valid(list[i].value, strlen(list[i].value)))
            abort();
}

static void read_multipart(struct arena *a, const char *body, size_t size)
{
    struct exchange ex = {0};
    size_t line = 0;
    while (line < size && line < 70 && body[line] != '\r' && body[line] != 0)
        line++;
    const char *boundary = line > 2 ? arena_copyn(a, body + 2, line - 2) : "b";
    if (!input_multipart(a, boundary, body, size, &ex))
        return;
    check(ex.form, ex.form_count);
    for (int i = 0; i < ex.upload_count; i++) {
        const char *data = ex.uploads[i].data;
        if (data < body || data + ex.uploads[i].size > body + size ||
            strchr(ex.uploads[i].filename, '/'))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    struct arena *a = arena_new();
    const struct param *list = NULL;
    int count = 0;
    size_t n = size - 1;
    char *body = must_alloc(size); /* exactly as long as it is, so that a step past its end is seen;
                                      NUL-ended as the gate's */
    memcpy(body, data + 1, n);
    switch (data[0] % 4) {
    case 0:
        if (input_urlencoded(a, body, n, &list, &count))
            check(list, count);
        break;
    case 1:
        read_multipart(a, body, n);
        break;
    case 2:
        if (text_valid(body, n) &&
            input_cookies(a, body, &list, &count)) /* the gate has looked at headers by then */
            check(list, count);
        break;
    default:
        if (input_decode(body, &n, data[0] & 4) && n > size)
            abort();
    }
    free(body);
    arena_free(a);
    return 0;
}

#ifndef LINLI_FUZZER
int main(int argc, char **argv)
{
    static const char *const seeds[] = {
        "\4subject=%E8%B7%AF%E7%81%AF&text=a+b%0D%0A&_key=1&id=7&id=8&=&x",
        ("\5--bound\r\nContent-Disposition: form-data; "
         "name=\"kind\"\r\n\r\nrequests\r\n--bound\r\nContent-Disposition: form-data; "
         "name=\"file\"; filename=\"C:\\a\\%22b%0D.csv\"\r\nContent-Type: "
         "text/csv\r\n\r\n1,2\r\n3,4\r\n--bound--\r\n"),
        "\6linli=abc%20d; linli_language=en;; other=%ff; linli_elder=1",
        "\7%e8%b7%AF+%2",
    };
    int failed = 0;
    for (int i = 1; i < argc; i++)
        failed |= run_file(argv[i]);
    for (size_t i = 0; argc < 2 && i < sizeof seeds / sizeof *seeds; i++)
        run_changed(seeds[i], strlen(seeds[i]), 5000);
    return failed;
}
#endif
