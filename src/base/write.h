/*
 * The safe writers: the same call form for several destinations.
 *
 *     html(out, "<td>{}</td>", name);             escaped for HTML text and attributes
 *     json(out, "{\"id\":{},\"name\":{}}", id, s); numbers, booleans, quoted strings, null
 *     plain(out, "{} of {}", n, total);           unescaped: e-mail, log, terminal
 *     query(db, "… WHERE id = {}", id)            bound (db/db.h)
 *     say(ctx, "{} of {} done", n, total)         translated (base/ctx.h)
 *
 * The first text is a literal of the program and trusted. _Generic finds the
 * type of each argument, which is escaped or bound for its destination. An
 * unsupported type is a compile error. Too few or too many arguments end the
 * process: the first test finds that mistake.
 *
 * Text arguments are NUL-terminated UTF-8. NULL writes nothing in HTML and
 * plain text, and null in JSON and SQL.
 */
#ifndef LINLI_BASE_WRITE_H
#define LINLI_BASE_WRITE_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

/* Text that is already HTML: made by html(), never from outside. */
struct markup {
    const char *html; /* NULL writes nothing */
};
/* Text that is already JSON: made by json(). */
struct raw_json {
    const char *json; /* NULL writes null */
};
/* A part of a URL (query value or path segment): percent-encoded by html() and plain(). */
struct url_part {
    const char *text;
};
/* A column or table name from a description table: letters, digits and _ only, or the process ends.
 */
struct sql_name {
    const char *name;
};
/* Bytes for SQL. data NULL binds NULL. */
struct bytes {
    const void *data;
    size_t size;
};
/* An integer that may be missing: NONE binds NULL, writes null in JSON and nothing in HTML. */
#define NONE INT64_MIN
struct maybe {
    int64_t value;
};

enum arg_type {
    ARG_INT,
    ARG_UINT,
    ARG_REAL,
    ARG_BOOL,
    ARG_TEXT,
    ARG_MARKUP,
    ARG_JSON,
    ARG_URL,
    ARG_NAME,
    ARG_BYTES,
    ARG_MAYBE
};

struct arg {
    enum arg_type type;
    union {
        int64_t i;
        uint64_t u;
        double d;
        const char *s;
        struct bytes b;
    };
};

static inline struct arg arg_int(int64_t v)
{
    return (struct arg){.type = ARG_INT, .i = v};
}
static inline struct arg arg_uint(uint64_t v)
{
    return (struct arg){.type = ARG_UINT, .u = v};
}
static inline struct arg arg_real(double v)
{
    return (struct arg){.type = ARG_REAL, .d = v};
}
static inline struct arg arg_bool(bool v)
{
    return (struct arg){.type = ARG_BOOL, .i = v};
}
static inline struct arg arg_text(const char *v)
{
    return (struct arg){.type = ARG_TEXT, .s = v};
}
static inline struct arg arg_markup(struct markup v)
{
    return (struct arg){.type = ARG_MARKUP, .s = v.html};
}
static inline struct arg arg_json(struct raw_json v)
{
    return (struct arg){.type = ARG_JSON, .s = v.json};
}
static inline struct arg arg_url(struct url_part v)
{
    return (struct arg){.type = ARG_URL, .s = v.text};
}
static inline struct arg arg_name(struct sql_name v)
{
    return (struct arg){.type = ARG_NAME, .s = v.name};
}
static inline struct arg arg_bytes(struct bytes v)
{
    return (struct arg){.type = ARG_BYTES, .b = v};
}
static inline struct arg arg_maybe(struct maybe v)
{
    return (struct arg){.type = ARG_MAYBE, .i = v.value};
}
static inline struct arg arg_same(struct arg v)
{
    return v;
}

/* clang-format off */
#define ARG(x) \
    _Generic((x), \
        char *: arg_text, const char *: arg_text, bool: arg_bool, \
        signed char: arg_int, short: arg_int, int: arg_int, long: arg_int, long long: arg_int, \
        unsigned char: arg_uint, unsigned short: arg_uint, unsigned: arg_uint, \
        unsigned long: arg_uint, unsigned long long: arg_uint, \
        float: arg_real, double: arg_real, \
        struct markup: arg_markup, struct raw_json: arg_json, struct url_part: arg_url, \
        struct sql_name: arg_name, struct bytes: arg_bytes, struct maybe: arg_maybe, \
        struct arg: arg_same)(x)
/* clang-format on */

#define A0() \
    { \
        0 \
    }
#define A1(a)                                      ARG(a)
#define A2(a, b)                                   ARG(a), ARG(b)
#define A3(a, b, c)                                A2(a, b), ARG(c)
#define A4(a, b, c, d)                             A3(a, b, c), ARG(d)
#define A5(a, b, c, d, e)                          A4(a, b, c, d), ARG(e)
#define A6(a, b, c, d, e, f)                       A5(a, b, c, d, e), ARG(f)
#define A7(a, b, c, d, e, f, g)                    A6(a, b, c, d, e, f), ARG(g)
#define A8(a, b, c, d, e, f, g, h)                 A7(a, b, c, d, e, f, g), ARG(h)
#define A9(a, b, c, d, e, f, g, h, i)              A8(a, b, c, d, e, f, g, h), ARG(i)
#define A10(a, b, c, d, e, f, g, h, i, j)          A9(a, b, c, d, e, f, g, h, i), ARG(j)
#define A11(a, b, c, d, e, f, g, h, i, j, k)       A10(a, b, c, d, e, f, g, h, i, j), ARG(k)
#define A12(a, b, c, d, e, f, g, h, i, j, k, l)    A11(a, b, c, d, e, f, g, h, i, j, k), ARG(l)
#define A13(a, b, c, d, e, f, g, h, i, j, k, l, m) A12(a, b, c, d, e, f, g, h, i, j, k, l), ARG(m)
#define A14(a, b, c, d, e, f, g, h, i, j, k, l, m, n) \
    A13(a, b, c, d, e, f, g, h, i, j, k, l, m), ARG(n)
#define A15(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o) \
    A14(a, b, c, d, e, f, g, h, i, j, k, l, m, n), ARG(o)
#define A16(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p) \
    A15(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o), ARG(p)

#define ARG_PICK(_0, _1, _2, _3, _4, _5, _6, _7, _8, _9, _10, _11, _12, _13, _14, _15, _16, N, \
                 ...) \
    N
#define ARG_COUNT(...) \
    ARG_PICK(0, ##__VA_ARGS__, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#define ARG_MACRO(...) \
    ARG_PICK(0, ##__VA_ARGS__, A16, A15, A14, A13, A12, A11, A10, A9, A8, A7, A6, A5, A4, A3, A2, \
             A1, A0)
/* The arguments as an array and its length, for functions of the form f(…, literal, args,
 * count). */
#define ARGS(...) (const struct arg[]){ARG_MACRO(__VA_ARGS__)(__VA_ARGS__)}, ARG_COUNT(__VA_ARGS__)

#define html(out, literal, ...)  html_write((out), "" literal, ARGS(__VA_ARGS__))
#define json(out, literal, ...)  json_write((out), "" literal, ARGS(__VA_ARGS__))
#define plain(out, literal, ...) plain_write((out), "" literal, ARGS(__VA_ARGS__))

void html_write(struct buf *out, const char *literal, const struct arg *args, int count);
void json_write(struct buf *out, const char *literal, const struct arg *args, int count);
void plain_write(struct buf *out, const char *literal, const struct arg *args, int count);

void url_encode(struct buf *out, const char *s); /* RFC 3986 unreserved stay */

/* Finds the next "{}" at or after s; NULL: none. For other writers of this form. */
const char *write_place(const char *s);
/* Ends the process: the literal and the arguments do not match, and continuing could do harm. */
_Noreturn void write_mismatch(const char *literal);
/* The same mistake where it does no harm: ends the process in tests; a released program logs it,
 * so that one wrong page does not stop the others. */
void write_unfit(const char *literal);
/* Returns the name if it may be pasted into SQL; otherwise ends the process. */
const char *write_checked_name(const char *name);

#endif
