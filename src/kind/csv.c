/*
 * Reads CSV: RFC 4180 as real programs write it.
 *
 * The input is converted to UTF-8 once (with or without BOM, UTF-16 by BOM,
 * otherwise GB18030, which Excel in China writes). Rows are then read one at a
 * time into a reused buffer. Quoted cells may contain separators and line
 * ends; a quote inside an unquoted cell is an ordinary character. The
 * separator is the most frequent one in the first line, or the one that a line
 * "sep=;" names. Owns the converted text and the row buffer until closed.
 */
#include "kind/sheet.h"

#include "base/buf.h"
#include "base/ctx.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unicode/ucnv.h>

struct csv {
    struct sheet *sheet;
    const char *start, *at, *end;
    char *owned;
    char separator;
    int row, rows_before; /* 1 if a line "sep=;" came first */
    int too_long;         /* a column of this row with a text that is too long; -1 */
    struct buf text;
    size_t starts[SHEET_COLUMNS + 1];
    struct sheet_cell cells[SHEET_COLUMNS];
};

static bool is_utf8(const unsigned char *p, const unsigned char *end)
{
    while (p < end) {
        unsigned c = *p++;
        if (c < 0x80)
            continue;
        int more = c >= 0xC2 && c < 0xE0   ? 1
                   : c >= 0xE0 && c < 0xF0 ? 2
                   : c >= 0xF0 && c < 0xF5 ? 3
                                           : 0;
        if (!more || end - p < more)
            return false;
        if ((c == 0xE0 && *p < 0xA0) || (c == 0xED && *p > 0x9F) || (c == 0xF0 && *p < 0x90) ||
            (c == 0xF4 && *p > 0x8F))
            return false;
        while (more--)
            if ((*p++ & 0xC0) != 0x80)
                return false;
    }
    return true;
}

/* Converts from a named encoding to UTF-8 in blocks; NULL if a byte is invalid
 * in that encoding. */
static char *convert(const char *name, const char *data, size_t size, size_t *out_size)
{
    UErrorCode e = U_ZERO_ERROR;
    UConverter *from = ucnv_open(name, &e), *to = ucnv_open("UTF-8", &e);
    struct buf out;
    buf_init(&out, 4 * size + 16);
    if (U_SUCCESS(e))
        ucnv_setToUCallBack(from, UCNV_TO_U_CALLBACK_STOP, NULL, NULL, NULL, &e);
    UChar pivot[1024], *from_pivot = pivot, *to_pivot = pivot;
    char piece[4096];
    const char *in = data;
    bool first = true;
    while (U_SUCCESS(e)) {
        char *p = piece;
        ucnv_convertEx(to, from, &p, piece + sizeof piece, &in, data + size, pivot, &from_pivot,
                       &to_pivot, pivot + sizeof pivot / sizeof *pivot, first, true, &e);
        first = false;
        buf_put(&out, piece, (size_t)(p - piece));
        if (e != U_BUFFER_OVERFLOW_ERROR)
            break;
        e = U_ZERO_ERROR;
    }
    bool good = U_SUCCESS(e) && !out.full;
    ucnv_close(from);
    ucnv_close(to);
    char *text = good ? buf_take(&out, out_size) : NULL;
    buf_release(&out);
    return text;
}

/* Finds the separator in the first line that contains one, because a title may be above the
 * headings. */
static char find_separator(const char *p, const char *end)
{
    int comma = 0, semicolon = 0, tab = 0;
    bool quoted = false;
    for (; p < end; p++) {
        if (*p == '"')
            quoted = !quoted;
        else if (quoted)
            continue;
        else if ((*p == '\n' || *p == '\r') && comma + semicolon + tab)
            break;
        comma += *p == ',';
        semicolon += *p == ';';
        tab += *p == '\t';
    }
    return tab > comma && tab >= semicolon ? '\t' : semicolon > comma ? ';' : ',';
}

/* Excel's own first line "sep=;" names the separator. */
static void separator_line(struct csv *c)
{
    if (c->end - c->at < 5 || strncasecmp(c->at, "sep=", 4) != 0 ||
        (c->end - c->at > 5 && c->at[5] != '\n' && c->at[5] != '\r'))
        return;
    c->separator = c->at[4];
    c->at += 5;
    c->at += c->at < c->end && *c->at == '\r';
    c->at += c->at < c->end && *c->at == '\n';
    c->start = c->at;
    c->row = c->rows_before = 1;
}

void *csv_open(struct sheet *s, const void *data, size_t size)
{
    const char *p = data;
    const unsigned char *u = data;
    char *owned = NULL;
    if (size >= 2 && ((u[0] == 0xFF && u[1] == 0xFE) || (u[0] == 0xFE && u[1] == 0xFF)))
        p = owned = convert("UTF-16", p, size, &size);
    else if (size >= 3 && !memcmp(p, "\xEF\xBB\xBF", 3)) {
        p += 3, size -= 3;
        if (!is_utf8((const unsigned char *)p, (const unsigned char *)p + size))
            p = NULL;
    } else if (!is_utf8(u, u + size))
        p = owned = convert("GB18030", p, size, &size);
    if (!p || (size && memchr(p, 0, size))) {
        free(owned);
        sheet_fail(s,
                   p ? N_("This file is not a CSV or XLSX spreadsheet.")
                     : N_("The file encoding is neither UTF-8 nor GB18030. Save it as UTF-8 and "
                          "try again."),
                   0, 0);
        return NULL;
    }
    struct csv *c = must_alloc(sizeof *c);
    c->sheet = s;
    c->owned = owned;
    c->start = c->at = p;
    c->end = p + size;
    separator_line(c);
    if (!c->separator)
        c->separator = find_separator(c->at, c->end);
    buf_init(&c->text, (SHEET_CELL + 1) * (SHEET_COLUMNS + 2));
    return c;
}

/* Reads one cell into the row's buffer; one that is too long becomes empty.
 * Returns false if a quote is never closed. */
static bool read_cell(struct csv *c, int column)
{
    size_t start = c->text.size;
    const char *p = c->at;
    bool quoted = p < c->end && *p == '"';
    if (quoted)
        p++;
    for (;; p++) {
        if (p == c->end) {
            if (quoted)
                return sheet_fail(c->sheet, N_("Unclosed quotation mark in this cell."), c->row,
                                  column);
            break;
        }
        if (quoted && *p == '"') {
            if (p + 1 < c->end && p[1] == '"')
                p++;
            else {
                quoted = false;
                continue;
            }
        } else if (!quoted && (*p == c->separator || *p == '\n' || *p == '\r'))
            break;
        if (c->text.size - start < SHEET_CELL)
            buf_putc(&c->text, *p);
        else
            c->too_long = column;
    }
    c->at = p;
    if (c->too_long == column)
        c->text.size = start;
    buf_putc(&c->text, 0);
    return true;
}

static bool plain_number(const char *s, double *number)
{
    const char *p = s + (*s == '-');
    if (*p < '0' || *p > '9' || (*p == '0' && p[1] >= '0' && p[1] <= '9'))
        return false;
    int digits = 0;
    while (*p >= '0' && *p <= '9')
        p++, digits++;
    if (*p == '.') {
        if (p[1] < '0' || p[1] > '9')
            return false;
        for (p++; *p >= '0' && *p <= '9'; p++)
            digits++;
    }
    if (*p || digits > 15)
        return false;
    *number = strtod(s, NULL);
    return true;
}

/* Removes what marks a number as text (="138…" or '138…), and the ' before text
 * that a spreadsheet would take for a formula. */
static void unguard(char **text, size_t *size)
{
    char *s = *text;
    if (*s == '\'' && sheet_guarded(s) > 1) {
        *text += 1, *size -= 1;
        return;
    }
    if (*size < 3 || s[0] != '=' || s[1] != '"' || s[*size - 1] != '"')
        return;
    for (const char *p = s + 2; p < s + *size - 1; p++)
        if (*p == '"')
            return; /* a formula that contains only a text */
    s[*size - 1] = '\0';
    *text += 2, *size -= 3;
}

static void finish_cell(struct sheet_cell *cell, char *text, size_t size)
{
    unguard(&text, &size);
    *cell = (struct sheet_cell){.text = text, .size = size};
    cell->is_number = plain_number(text, &cell->number);
}

static bool csv_next(void *self, struct sheet_row *row)
{
    struct csv *c = self;
    while (c->at < c->end) {
        if (++c->row > SHEET_ROWS)
            return sheet_fail(c->sheet, SHEET_TOO_MANY_ROWS, c->row, 0);
        buf_clear(&c->text);
        c->too_long = -1;
        int count = 0, used = 0;
        for (;;) {
            size_t start = c->text.size;
            if (!read_cell(c, count))
                return false;
            bool content = c->text.size - start > 1;
            if (count < SHEET_COLUMNS)
                c->starts[count] = start;
            else if (content)
                return sheet_fail(c->sheet, SHEET_TOO_MANY_COLUMNS, c->row, count);
            else
                c->text.size = start;
            if (content)
                used = count + 1;
            count++;
            if (c->at == c->end || *c->at != c->separator)
                break;
            c->at++;
        }
        if (c->at < c->end && *c->at == '\r')
            c->at++;
        if (c->at < c->end && *c->at == '\n')
            c->at++;
        if (!used && c->too_long < 0)
            continue;
        size_t end = c->text.size;
        for (int i = used - 1; i >= 0; i--) {
            if (i + 1 < (count < SHEET_COLUMNS ? count : SHEET_COLUMNS))
                end = c->starts[i + 1];
            finish_cell(&c->cells[i], c->text.data + c->starts[i], end - c->starts[i] - 1);
        }
        while (used && !c->cells[used - 1].size) /* it was only a guard: ="" */
            used--;
        if (!used && c->too_long < 0)
            continue;
        *row = (struct sheet_row){.number = c->row, .count = used, .cells = c->cells};
        if (c->too_long >= 0) {
            row->why = SHEET_CELL_TOO_LONG;
            row->why_column = c->too_long;
        }
        return true;
    }
    return false;
}

static bool csv_turn(void *self, int which)
{
    struct csv *c = self;
    (void)which;
    c->at = c->start;
    c->row = c->rows_before;
    return true;
}

static int csv_count(const void *self)
{
    (void)self;
    return 1;
}

static const char *csv_name(const void *self, int which)
{
    (void)self;
    (void)which;
    return "";
}

static double csv_done(const void *self)
{
    const struct csv *c = self;
    return c->end > c->start ? (double)(c->at - c->start) / (double)(c->end - c->start) : 1;
}

static void csv_close(void *self)
{
    struct csv *c = self;
    buf_release(&c->text);
    free(c->owned);
    free(c);
}

const struct sheet_source csv_source = {.next = csv_next,
                                        .turn = csv_turn,
                                        .count = csv_count,
                                        .name = csv_name,
                                        .done = csv_done,
                                        .close = csv_close};
