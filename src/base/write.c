/*
 * The safe writers for HTML, JSON and plain text. SQL and translation have
 * their own files, but share the argument type and the "{}" rule.
 *
 * Escaping copies runs between the bytes to escape. Most text has none, so a
 * page is written at close to memcpy's speed. Nothing is allocated here.
 */
#include "base/write.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *write_place(const char *s)
{
    for (; (s = strchr(s, '{')) != NULL; s++)
        if (s[1] == '}')
            return s;
    return NULL;
}

_Noreturn void write_mismatch(const char *literal)
{
    fprintf(stderr, "linli: the arguments do not fit the text: %s\n", literal);
    abort();
}

void write_unfit(const char *literal)
{
#ifdef NDEBUG
    fprintf(stderr, "linli: the arguments do not fit the text: %s\n", literal);
#else
    write_mismatch(literal);
#endif
}

const char *write_checked_name(const char *name)
{
    const char *s = name;
    while ((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || (*s >= '0' && *s <= '9') ||
           *s == '_')
        s++;
    if (s == name || *s != '\0')
        write_mismatch(name);
    return name;
}

/* Escapes & < > " and '. */
static void html_escape(struct buf *out, const char *s, size_t n)
{
    static const char special[256] = {['&'] = 1, ['<'] = 2, ['>'] = 3, ['"'] = 4, ['\''] = 5};
    static const char *const entity[] = {"", "&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
    size_t from = 0;
    for (size_t i = 0; i < n; i++) {
        int k = special[(unsigned char)s[i]];
        if (k) {
            buf_put(out, s + from, i - from);
            buf_puts(out, entity[k]);
            from = i + 1;
        }
    }
    buf_put(out, s + from, n - from);
}

void url_encode(struct buf *out, const char *s)
{
    static const char hex[] = "0123456789ABCDEF";
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            strchr("-._~", c)) {
            buf_putc(out, (char)c);
        } else {
            char e[3] = {'%', hex[c >> 4], hex[c & 15]};
            buf_put(out, e, 3);
        }
    }
}

/* Returns the length of the valid UTF-8 sequence at s (at most n bytes); 0 if
 * it is invalid. */
static size_t sequence(const unsigned char *s, size_t n)
{
    if (s[0] < 0x80)
        return 1;
    if (s[0] >= 0xC2 && s[0] <= 0xDF)
        return n >= 2 && (s[1] & 0xC0) == 0x80 ? 2 : 0;
    if (s[0] >= 0xE0 && s[0] <= 0xEF) {
        if (n < 3 || (s[1] & 0xC0) != 0x80 || (s[2] & 0xC0) != 0x80)
            return 0;
        return (s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] > 0x9F) ? 0 : 3;
    }
    if (s[0] >= 0xF0 && s[0] <= 0xF4) {
        if (n < 4 || (s[1] & 0xC0) != 0x80 || (s[2] & 0xC0) != 0x80 || (s[3] & 0xC0) != 0x80)
            return 0;
        return (s[0] == 0xF0 && s[1] < 0x90) || (s[0] == 0xF4 && s[1] > 0x8F) ? 0 : 4;
    }
    return 0;
}

/* Writes the quotes too. Invalid UTF-8 becomes U+FFFD. */
static void json_quote(struct buf *out, const char *s, size_t n)
{
    static const char hex[] = "0123456789abcdef";
    buf_putc(out, '"');
    size_t from = 0;
    for (size_t i = 0; i < n;) {
        unsigned char c = (unsigned char)s[i];
        size_t len = c >= 0x80 ? sequence((const unsigned char *)s + i, n - i) : 1;
        if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7F && len) {
            i += len;
            continue;
        }
        buf_put(out, s + from, i - from);
        if (c == '"' || c == '\\') {
            char e[2] = {'\\', (char)c};
            buf_put(out, e, 2);
        } else if (c == '\n') {
            buf_put(out, "\\n", 2);
        } else if (len == 0) {
            buf_put(out, "\xEF\xBF\xBD", 3);
        } else {
            char e[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
            buf_put(out, e, 6);
        }
        from = ++i;
    }
    buf_put(out, s + from, n - from);
    buf_putc(out, '"');
}

static void put_uint(struct buf *out, uint64_t v)
{
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%llu", (unsigned long long)v);
    buf_put(out, digits, (size_t)n);
}

static void put_real(struct buf *out, double v)
{
    char digits[40];
    int n = snprintf(digits, sizeof digits, "%.10g", v);
    buf_put(out, digits, (size_t)n);
}

static void html_arg(struct buf *out, const struct arg *a)
{
    switch (a->type) {
    case ARG_INT:
        buf_int(out, a->i);
        break;
    case ARG_UINT:
        put_uint(out, a->u);
        break;
    case ARG_REAL:
        put_real(out, a->d);
        break;
    case ARG_BOOL:
        buf_puts(out, a->i ? "true" : "false");
        break;
    case ARG_MAYBE:
        if (a->i != NONE)
            buf_int(out, a->i);
        break;
    case ARG_MARKUP:
        if (a->s)
            buf_puts(out, a->s);
        break;
    case ARG_URL:
        if (a->s)
            url_encode(out, a->s);
        break;
    case ARG_TEXT:
    case ARG_JSON:
    case ARG_NAME:
        if (a->s)
            html_escape(out, a->s, strlen(a->s));
        break;
    case ARG_BYTES:
        if (a->b.data)
            html_escape(out, a->b.data, a->b.size);
        break;
    }
}

static void json_arg(struct buf *out, const struct arg *a)
{
    switch (a->type) {
    case ARG_REAL:
        if (!isfinite(a->d)) {
            buf_puts(out, "null");
            break;
        }
        put_real(out, a->d);
        break;
    case ARG_MAYBE:
        if (a->i == NONE)
            buf_puts(out, "null");
        else
            buf_int(out, a->i);
        break;
    case ARG_JSON:
        buf_puts(out, a->s ? a->s : "null");
        break;
    case ARG_TEXT:
    case ARG_MARKUP:
    case ARG_URL:
    case ARG_NAME:
        if (a->s)
            json_quote(out, a->s, strlen(a->s));
        else
            buf_puts(out, "null");
        break;
    case ARG_BYTES:
        if (a->b.data)
            json_quote(out, a->b.data, a->b.size);
        else
            buf_puts(out, "null");
        break;
    case ARG_INT:
    case ARG_UINT:
    case ARG_BOOL:
        html_arg(out, a);
        break;
    }
}

static void plain_arg(struct buf *out, const struct arg *a)
{
    if (a->type == ARG_TEXT || a->type == ARG_JSON || a->type == ARG_NAME) {
        if (a->s)
            buf_puts(out, a->s);
    } else if (a->type == ARG_BYTES) {
        buf_put(out, a->b.data, a->b.data ? a->b.size : 0);
    } else {
        html_arg(out, a);
    }
}

typedef void put_arg(struct buf *out, const struct arg *a);

static inline void write_all(struct buf *out, const char *literal, const struct arg *args,
                             int count, put_arg *put)
{
    const char *s = literal, *place;
    int used = 0;
    while ((place = write_place(s)) != NULL) {
        buf_put(out, s, (size_t)(place - s));
        if (used < count)
            put(out, &args[used]);
        used++;
        s = place + 2;
    }
    if (used != count)
        write_unfit(literal);
    buf_puts(out, s);
}

void html_write(struct buf *out, const char *literal, const struct arg *args, int count)
{
    write_all(out, literal, args, count, html_arg);
}

void json_write(struct buf *out, const char *literal, const struct arg *args, int count)
{
    write_all(out, literal, args, count, json_arg);
}

void plain_write(struct buf *out, const char *literal, const struct arg *args, int count)
{
    write_all(out, literal, args, count, plain_arg);
}
