/*
 * Spreadsheets: chooses the reader by the file's first bytes, and writes both
 * formats.
 *
 * libxlsxwriter writes XLSX in constant memory to a temporary file, which is
 * read back and removed; every text is written as text, never as a formula.
 * CSV is written into a buffer. A writer keeps its first error, and owns its
 * memory until sheet_write_close.
 */
#define _GNU_SOURCE /* memmem */
#include "kind/sheet.h"

#include "base/buf.h"
#include "base/ctx.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>
#include <xlsxwriter.h>

#define WRITTEN_MOST ((size_t)512 << 20) /* bytes of a file being written */
#define XLSX_TEXT    32767               /* characters of a cell: Excel's limit */

const char SHEET_TOO_MANY_ROWS[] = N_("The spreadsheet has too many rows.");
const char SHEET_TOO_MANY_COLUMNS[] = N_("The spreadsheet has too many columns.");
const char SHEET_CELL_TOO_LONG[] = N_("The text in this cell is too long.");

extern const struct sheet_source csv_source, xlsx_source;

void sheet_cell_name(char name[16], int row, int column)
{
    char letters[8];
    size_t at = sizeof letters - 1;
    letters[at] = '\0';
    for (unsigned c = (unsigned)column + 1; c && at; c = (c - 1) / 26)
        letters[--at] = (char)('A' + (c - 1) % 26);
    snprintf(name, 16, "%s%d", letters + at, row);
}

bool sheet_fail(struct sheet *s, const char *why, int row, int column)
{
    s->why = why;
    s->cell[0] = '\0';
    if (row > 0)
        sheet_cell_name(s->cell, row, column);
    return false;
}

/* Returns whether a compound file contains a stream with this name, in
 * UTF-16. */
static bool has_stream(const void *data, size_t size, const char *name)
{
    char wide[64];
    size_t n = 0;
    for (; *name && n + 2 < sizeof wide; name++) {
        wide[n++] = *name;
        wide[n++] = 0;
    }
    return memmem(data, size, wide, n) != NULL;
}

/* A compound file (MS-CFB) holds an encrypted .xlsx, an old .xls, or another
 * document. */
static const char *compound_why(const void *data, size_t size)
{
    if (has_stream(data, size, "EncryptedPackage"))
        return N_(
            "This Excel file is password-protected. Save it without a password and try again.");
    if (has_stream(data, size, "Workbook") || has_stream(data, size, "Book"))
        return N_("This is an old-format Excel file (.xls). Save it as .xlsx and try again.");
    return N_("This is not a spreadsheet. Use an .xlsx or .csv file.");
}

/* Recognises a JSON list or object by its first two characters. A heading in
 * brackets is not JSON. */
static bool is_json(const char *p, size_t size)
{
    const char *end = p + size;
    while (p < end && strchr(" \t\r\n", *p))
        p++;
    if (p == end || (*p != '{' && *p != '['))
        return false;
    for (p++; p < end && strchr(" \t\r\n", *p);)
        p++;
    return p < end && (*p == '"' || *p == '{' || *p == '}' || *p == ']');
}

/* Recognises text that is not a table by how it begins, and says what it is and
 * what to do. */
static const char *other_text(const char *p, size_t size)
{
    static const char WEB[] = N_("This file is named like an Excel file but contains a web page "
                                 "(HTML). Open it in Excel, save it as .xlsx and try again.");
    static const char XML[] = N_("This file is named like an Excel file but contains XML. Open it "
                                 "in Excel, save it as .xlsx and try again.");
    static const struct {
        const char *begin, *why;
    } others[] = {
        {"<html", WEB},
        {"<!doctype html", WEB},
        {"<table", WEB},
        {"<head", WEB},
        {"<meta", WEB},
        {"<body", WEB},
        {"<style", WEB},
        {"<div", WEB},
        {"<!--", WEB},
        {"mime-version:", WEB},
        {"<?xml", XML},
        {"<workbook", XML},
        {"begin:vcalendar", N_("This is a calendar file (.ics), not a spreadsheet. Use .xlsx or "
                               ".csv, or import JSON holidays on the holiday calendar page.")},
        {"%pdf-", N_("This is a PDF file, not a spreadsheet. Use an .xlsx or .csv file.")},
        {"{\\rtf", N_("This is a text document (RTF), not a spreadsheet. Copy its table into "
                      "Excel, save it as .xlsx and try again.")},
        {"id;p", N_("This is an old-format spreadsheet (.slk). Save it as .xlsx and try again.")},
    };
    const char *end = p + size;
    if (size >= 3 && !memcmp(p, "\xEF\xBB\xBF", 3))
        p += 3;
    while (p < end && *p && strchr(" \t\r\n", *p))
        p++;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        size_t n = strlen(others[i].begin);
        if ((size_t)(end - p) >= n && !strncasecmp(p, others[i].begin, n))
            return others[i].why;
    }
    return NULL;
}

static const char *other_file(const char *p, size_t size)
{
    if (size >= 4 &&
        (!memcmp(p, "\x89PNG", 4) || !memcmp(p, "\xFF\xD8\xFF", 3) || !memcmp(p, "GIF8", 4)))
        return N_("This is an image, not a spreadsheet. Use an .xlsx or .csv file.");
    if (size >= 4 &&
        (!memcmp(p, "Rar!", 4) || !memcmp(p, "7z\xBC\xAF", 4) || !memcmp(p, "\x1F\x8B", 2)))
        return N_("This is a compressed archive, not a spreadsheet. Unpack it and choose the .xlsx "
                  "or .csv file inside.");
    if (size >= 4 && (!memcmp(p, "\x09\x08\x10\x00", 4) || !memcmp(p, "\x09\x04\x06\x00", 4) ||
                      !memcmp(p, "\x09\x02\x06\x00", 4)))
        return N_("This is an old-format Excel file (.xls). Save it as .xlsx and try again.");
    return other_text(p, size);
}

struct sheet *sheet_open(struct arena *a, const void *data, size_t size, const char **why)
{
    struct sheet *s = ARENA_NEW(a, struct sheet);
    const char *other = other_file(size ? data : "", size);
    *why = NULL;
    if (size >= 4 && (!memcmp(data, "PK\3\4", 4) || !memcmp(data, "PK\5\6", 4))) {
        s->source = &xlsx_source;
        s->self = xlsx_open(s, data, size);
    } else if (size >= 4 && !memcmp(data, "\xD0\xCF\x11\xE0", 4))
        sheet_fail(s, compound_why(data, size), 0, 0);
    else if (other)
        sheet_fail(s, other, 0, 0);
    else if (is_json(data, size))
        sheet_fail(s,
                   N_("This is a JSON file, not a spreadsheet. Use .xlsx or .csv, or import JSON "
                      "holidays on the holiday calendar page."),
                   0, 0);
    else {
        s->source = &csv_source;
        s->self = csv_open(s, size ? data : "", size);
    }
    if (s->self)
        return s;
    *why = s->why;
    return NULL;
}

int sheet_count(const struct sheet *s)
{
    return s->source->count(s->self);
}

const char *sheet_name(const struct sheet *s, int which)
{
    return s->source->name(s->self, which);
}

bool sheet_is_text(const struct sheet *s)
{
    return s->source == &csv_source;
}

bool sheet_turn(struct sheet *s, int which)
{
    s->why = NULL;
    s->cell[0] = '\0';
    return which >= 0 && which < sheet_count(s) && s->source->turn(s->self, which);
}

bool sheet_next(struct sheet *s, struct sheet_row *row)
{
    return !s->why && s->source->next(s->self, row);
}

enum status sheet_status(const struct sheet *s, const char **why, const char **cell)
{
    if (why)
        *why = s->why;
    if (cell)
        *cell = s->cell;
    return s->why ? INVALID : OK;
}

double sheet_done(const struct sheet *s)
{
    double done = s->self ? s->source->done(s->self) : 1;
    return done < 0 ? 0 : done > 1 ? 1 : done;
}

void sheet_close(struct sheet *s)
{
    if (s && s->self) {
        s->source->close(s->self);
        s->self = NULL;
    }
}

/* Day 60 is 29 February 1900, which did not exist, so days before it count one
 * less. */
bool sheet_serial_time(double serial, int64_t *seconds)
{
    if (!(serial >= 0 && serial < 2958466))
        return false;
    *seconds = llround((serial - (serial < 60 ? 25568 : 25569)) * 86400);
    return true;
}

static double time_serial(int64_t wall)
{
    double serial = (double)wall / 86400 + 25569;
    return serial < 61 ? serial - 1 : serial;
}

void sheet_time_text(char text[32], int64_t wall, bool with_time)
{
    time_t t = (time_t)wall;
    struct tm tm;
    text[0] = '\0';
    if (gmtime_r(&t, &tm))
        strftime(text, 32, with_time ? "%Y-%m-%d %H:%M:%S" : "%Y-%m-%d", &tm);
}

struct sheet_writer {
    enum sheet_format format;
    const char *why;
    int row, column;
    struct buf csv;
    char path[64];
    lxw_workbook *book;
    lxw_worksheet *page;
    lxw_format *bold, *date, *time, *wrapped;
};

struct sheet_writer *sheet_write_open(enum sheet_format format)
{
    struct sheet_writer *w = must_alloc(sizeof *w);
    w->format = format;
    if (format == SHEET_CSV) {
        buf_init(&w->csv, WRITTEN_MOST);
        buf_puts(&w->csv, "\xEF\xBB\xBF");
        return w;
    }
    static const char failed[] = N_("The file could not be written. Is the disk full?");
    snprintf(w->path, sizeof w->path, "/tmp/linli-sheet-XXXXXX");
    int fd = mkstemp(w->path);
    if (fd < 0) {
        w->path[0] = '\0';
        w->why = failed;
        return w;
    }
    close(fd);
    lxw_workbook_options options = {.constant_memory = LXW_TRUE};
    w->book = workbook_new_opt(w->path, &options);
    if (!w->book) {
        w->why = failed;
        return w;
    }
    w->bold = workbook_add_format(w->book);
    w->date = workbook_add_format(w->book);
    w->time = workbook_add_format(w->book);
    w->wrapped = workbook_add_format(w->book);
    format_set_bold(w->bold);
    format_set_text_wrap(w->wrapped);
    format_set_align(w->wrapped, LXW_ALIGN_VERTICAL_TOP);
    format_set_num_format(w->date, "yyyy-mm-dd");
    format_set_num_format(w->time, "yyyy-mm-dd hh:mm:ss");
    return w;
}

static size_t characters(const char *s)
{
    size_t n = 0;
    for (; *s; s++)
        n += ((unsigned char)*s & 0xC0) != 0x80;
    return n;
}

#define WRAPPED   40   /* characters: a column as wide as that breaks its texts */
#define PAPER_A4  9    /* as Excel numbers papers */
#define LIST_MOST 240  /* bytes of a list of choices: the library's buffer is 256 */
#define LIST_ROWS 2000 /* rows in which the choices are offered */

/* Printed, it is as wide as a page of A4 across, with its heading and number on each. */
static void page_set(lxw_worksheet *page)
{
    worksheet_set_paper(page, PAPER_A4);
    worksheet_set_landscape(page);
    worksheet_fit_to_pages(page, 1, 0);
    worksheet_repeat_rows(page, 0, 0);
    worksheet_set_footer(page, "&L&A&R&P / &N");
}

void sheet_write_name(struct sheet_writer *w, const char *name)
{
    if (w->format != SHEET_XLSX || w->why)
        return;
    w->page = workbook_add_worksheet(w->book, name);
    w->row = w->column = 0;
    if (w->page)
        page_set(w->page);
    else
        w->why = N_("The file could not be written. Is the disk full?");
}

void sheet_write_column(struct sheet_writer *w, int column, int width, const char *const *words)
{
    size_t all = 0;
    if (w->format != SHEET_XLSX || w->why || !w->page)
        return;
    worksheet_set_column(w->page, (lxw_col_t)column, (lxw_col_t)column, width,
                         width >= WRAPPED ? w->wrapped : NULL);
    for (int i = 0; words && words[i]; i++)
        all += strlen(words[i]) + 1;
    if (!all || all > LIST_MOST)
        return;
    lxw_data_validation list = {.validate = LXW_VALIDATION_TYPE_LIST,
                                .value_list = (char **)(uintptr_t)words,
                                .error_type = LXW_VALIDATION_ERROR_TYPE_INFORMATION};
    worksheet_data_validation_range(w->page, 1, (lxw_col_t)column, LIST_ROWS, (lxw_col_t)column,
                                    &list);
}

/* Begins the next cell; returns false if nothing may be written to it. */
static bool next_cell(struct sheet_writer *w)
{
    if (w->format == SHEET_XLSX && !w->page)
        sheet_write_name(w, NULL);
    if (w->why)
        return false;
    if (w->column >= SHEET_COLUMNS)
        w->why = SHEET_TOO_MANY_COLUMNS;
    else if (w->row >= (w->format == SHEET_XLSX ? 1048576 : SHEET_ROWS))
        w->why = SHEET_TOO_MANY_ROWS;
    else {
        if (w->format == SHEET_CSV && w->column)
            buf_putc(&w->csv, ',');
        w->column++;
        return true;
    }
    return false;
}

size_t sheet_guarded(const char *s)
{
    const char *begin = s + strspn(s, "'");
    bool formula = *begin && strchr("=+-@\t\r", *begin);
    bool number = begin > s && *begin >= '0' && *begin <= '9' &&
                  !begin[strspn(begin, "0123456789xX.-/: ")];
    return formula || number ? (size_t)(begin - s) + 1 : 0;
}

static void csv_text(struct buf *out, const char *s)
{
    bool neutral = sheet_guarded(s) > 0;
    bool quoted = s[strcspn(s, ",;\t\"\r\n")] || *s == ' ';
    if (quoted)
        buf_putc(out, '"');
    if (neutral)
        buf_putc(out, '\'');
    for (size_t n; *s; s += n) {
        n = strcspn(s, "\"");
        buf_put(out, s, n);
        if (s[n]) {
            buf_puts(out, "\"\"");
            n++;
        }
    }
    if (quoted)
        buf_putc(out, '"');
}

/* Excel reads "_x0041_" in a text as the character with that code. To keep it
 * literal, its first "_" is written as "_x005F_". */
static bool write_xlsx_text(struct sheet_writer *w, const char *s, lxw_format *format)
{
    struct buf out;
    buf_init(&out, 8 * (SHEET_CELL + 1));
    for (const char *next; (next = strstr(s, "_x")); s = next + 1) {
        buf_put(&out, s, (size_t)(next - s));
        bool code = strspn(next + 2, "0123456789abcdefABCDEF") >= 4 && next[6] == '_';
        buf_puts(&out, code ? "_x005F_" : "_");
    }
    buf_puts(&out, s);
    bool good = !worksheet_write_string(w->page, (lxw_row_t)w->row, (lxw_col_t)(w->column - 1),
                                        out.data, format);
    buf_release(&out);
    return good;
}

static void put_text(struct sheet_writer *w, const char *s, lxw_format *format)
{
    if (!next_cell(w) || !s || !*s)
        return;
    if (strlen(s) > SHEET_CELL || (w->format == SHEET_XLSX && characters(s) > XLSX_TEXT))
        w->why = SHEET_CELL_TOO_LONG;
    else if (w->format == SHEET_CSV)
        csv_text(&w->csv, s);
    else if (!write_xlsx_text(w, s, format))
        w->why = SHEET_CELL_TOO_LONG;
}

static void put_number(struct sheet_writer *w, double v, lxw_format *format)
{
    worksheet_write_number(w->page, (lxw_row_t)w->row, (lxw_col_t)(w->column - 1), v, format);
}

void sheet_write_header(struct sheet_writer *w, const char *const *titles, int count)
{
    for (int i = 0; i < count; i++)
        put_text(w, titles[i], w->bold);
    sheet_write_row(w);
}

void sheet_write_text(struct sheet_writer *w, const char *s)
{
    put_text(w, s, NULL);
}

void sheet_write_int(struct sheet_writer *w, int64_t v)
{
    char digits[24];
    if (v > 999999999999999 || (v < -999999999999999 && v != NONE)) {
        /* more digits than a double holds: written as text */
        snprintf(digits, sizeof digits, "%lld", (long long)v);
        put_text(w, digits, NULL);
    } else if (next_cell(w) && v != NONE) {
        if (w->format == SHEET_CSV)
            buf_int(&w->csv, v);
        else
            put_number(w, (double)v, NULL);
    }
}

void sheet_write_real(struct sheet_writer *w, double v)
{
    if (!next_cell(w) || !isfinite(v))
        return;
    if (w->format == SHEET_XLSX) {
        put_number(w, v, NULL);
        return;
    }
    char digits[32];
    for (int n = 15; n <= 17; n++) {
        snprintf(digits, sizeof digits, "%.*g", n, v);
        if (!(strtod(digits, NULL) < v) && !(strtod(digits, NULL) > v))
            break;
    }
    buf_puts(&w->csv, digits);
}

static void put_time(struct sheet_writer *w, int64_t wall, bool with_time)
{
    if (!next_cell(w) || wall == NONE)
        return;
    char text[32];
    sheet_time_text(text, wall, with_time);
    if (w->format == SHEET_CSV)
        buf_puts(&w->csv, text);
    else if (wall < -2208988800 || wall >= 253402300800) /* Excel has no dates before 1900 */
        worksheet_write_string(w->page, (lxw_row_t)w->row, (lxw_col_t)(w->column - 1), text, NULL);
    else
        put_number(w, time_serial(wall), with_time ? w->time : w->date);
}

void sheet_write_date(struct sheet_writer *w, int64_t wall)
{
    put_time(w, wall, false);
}

void sheet_write_time(struct sheet_writer *w, int64_t wall)
{
    put_time(w, wall, true);
}

void sheet_write_row(struct sheet_writer *w)
{
    if (w->format == SHEET_CSV)
        buf_puts(&w->csv, "\r\n");
    w->row++;
    w->column = 0;
}

bool sheet_write_flush(struct sheet_writer *w, FILE *to)
{
    bool good = w->format == SHEET_XLSX || fwrite(w->csv.data, 1, w->csv.size, to) == w->csv.size;
    if (w->format == SHEET_CSV)
        buf_clear(&w->csv);
    return good;
}

static bool read_back(struct buf *out, const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return false;
    char piece[16384];
    for (size_t n; (n = fread(piece, 1, sizeof piece, f)) > 0;)
        buf_put(out, piece, n);
    bool good = !ferror(f) && out->size && !out->full;
    fclose(f);
    return good;
}

char *sheet_write_close(struct sheet_writer *w, size_t *size, const char **why)
{
    char *bytes = NULL;
    if (w->format == SHEET_XLSX) {
        if (!w->page)
            sheet_write_name(w, NULL);
        buf_init(&w->csv, WRITTEN_MOST);
        bool closed = w->book && workbook_close(w->book) == LXW_NO_ERROR;
        if (!w->why && (!closed || !read_back(&w->csv, w->path)))
            w->why = N_("The file could not be written. Is the disk full?");
        if (*w->path)
            unlink(w->path);
    } else if (w->csv.full && !w->why)
        w->why = N_("The file would be too large.");
    *why = w->why;
    *size = 0;
    if (!w->why)
        bytes = buf_take(&w->csv, size);
    buf_release(&w->csv);
    free(w);
    return bytes;
}
