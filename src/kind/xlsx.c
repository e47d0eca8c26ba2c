/*
 * XLSX reading: the rows of one sheet, after xlsx_book.c has read the rest.
 *
 * The sheet is parsed 64 KB at a time and the parser is suspended at each row
 * that has content. A first pass looks only for what a stream can't know:
 * ranges merged over several rows, listed after the rows, and rows out of
 * order, which are then kept and sorted. A cell merged downwards fills the
 * rows it spans, as it does on screen.
 * Owns archive, parser and buffers until close.
 */
#include "kind/xlsx.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WHOLE_MOST \
    9007199254740992.0 /* 2^53: above it a double no longer holds every whole number */

const char SHEET_NO_RESULT[] = "#RESULT?";

/* Returns the column of a reference such as "AB12"; -1 without letters,
 * SHEET_COLUMNS if it is too far right. row: its digits; 0 without. */
static int reference(const char *r, long *row)
{
    int column = 0;
    const char *p = r;
    for (; *p >= 'A' && *p <= 'Z'; p++)
        if (column <= SHEET_COLUMNS)
            column = 26 * column + (*p - 'A' + 1);
    *row = *p ? strtol(p, NULL, 10) : 0;
    return p == r ? -1 : column > SHEET_COLUMNS ? SHEET_COLUMNS : column - 1;
}

/* ---- the first pass ---- */

static void XMLCALL scan_start(void *self, const char *name, const char **attributes)
{
    struct xlsx *x = self;
    struct xlsx_sheet *s = &x->sheets[x->at];
    name = xlsx_local(name);
    if (!strcmp(name, "row")) {
        long number = xlsx_whole(xlsx_attribute(attributes, "r"), SHEET_ROWS);
        if (number >= 1 && number <= x->row)
            s->disordered = true;
        x->row = number >= 1 ? (int)number : x->row + 1;
    } else if (!strcmp(name, "mergeCell") && s->merge_count < XLSX_MERGES) {
        const char *range = xlsx_attribute(attributes, "ref");
        const char *colon = range ? strchr(range, ':') : NULL;
        long from, to;
        int column = colon ? reference(range, &from) : -1;
        if (column < 0 || column >= SHEET_COLUMNS || reference(colon + 1, &to) < 0 || from < 1 ||
            to <= from || to > SHEET_ROWS)
            return;
        if ((s->merge_count & (s->merge_count - 1)) == 0)
            s->merges = must_grow(s->merges, (s->merge_count ? 2 * (size_t)s->merge_count : 1) *
                                                 sizeof *s->merges);
        s->merges[s->merge_count++] = (struct xlsx_merge){(int)from, (int)to, column, NULL, {0}};
    }
}

static int by_from(const void *a, const void *b)
{
    const struct xlsx_merge *x = a, *y = b;
    return x->from < y->from ? -1 : x->from > y->from;
}

static bool scan(struct xlsx *x)
{
    struct xlsx_sheet *s = &x->sheets[x->at];
    x->row = 0;
    if (!s->scanned && !xlsx_part_read(x, s->part, scan_start, NULL, NULL))
        return false;
    if (!s->scanned && s->merge_count)
        qsort(s->merges, (size_t)s->merge_count, sizeof *s->merges, by_from);
    s->scanned = true;
    x->unpacked = x->unpacked_book; /* the same bytes are read again */
    return true;
}

/* ---- the rows ---- */

static void start_row(struct xlsx *x, const char **attributes)
{
    const char *r = xlsx_attribute(attributes, "r");
    long number = r ? xlsx_whole(r, SHEET_ROWS) : x->row + 1;
    if (number < 1 || number > SHEET_ROWS) {
        xlsx_stop(x, SHEET_TOO_MANY_ROWS, x->row + 1, 0);
        return;
    }
    x->row = (int)number;
    x->column = x->too_long = -1;
    x->used = 0;
    buf_clear(&x->row_text);
}

static void start_cell(struct xlsx *x, const char **attributes)
{
    const char *r = xlsx_attribute(attributes, "r"), *t = xlsx_attribute(attributes, "t");
    long row;
    int column = r ? reference(r, &row) : -1;
    x->column = column >= 0 ? column : x->column + 1;
    if (x->column > SHEET_COLUMNS)
        x->column = SHEET_COLUMNS;
    x->style = (int)xlsx_whole(xlsx_attribute(attributes, "s"), XLSX_STYLES);
    x->type = !t                                             ? 'n'
              : !strcmp(t, "s")                              ? 's'
              : !strcmp(t, "inlineStr") || !strcmp(t, "str") ? 'i'
                                                             : *t;
    x->formula = x->valued = false;
    buf_clear(&x->value);
}

static void XMLCALL sheet_start(void *self, const char *name, const char **attributes)
{
    struct xlsx *x = self;
    name = xlsx_local(name);
    if (!strcmp(name, "row")) {
        start_row(x, attributes);
    } else if (!strcmp(name, "c")) {
        start_cell(x, attributes);
    } else if (!strcmp(name, "v")) {
        x->place = TEXT_VALUE;
        x->valued = true;
    } else if (!strcmp(name, "f")) {
        x->formula = true;
    } else if (!strcmp(name, "rPh")) {
        x->phonetic++;
    } else if (!strcmp(name, "t") && !x->phonetic) {
        x->place = TEXT_INLINE;
        x->type = 'i'; /* some programs write <is> without declaring its type */
    }
}

static void XMLCALL sheet_data(void *self, const char *s, int n)
{
    struct xlsx *x = self;
    if (x->place == NOWHERE || x->stopped)
        return;
    if (x->too_long == x->column)
        return;
    if (x->value.size + (size_t)n > SHEET_CELL) {
        x->too_long = x->column;
        buf_clear(&x->value);
    } else {
        buf_put(&x->value, s, (size_t)n);
    }
}

static void put_text(struct xlsx *x, const char *s, size_t n)
{
    x->own[x->column] = true;
    x->starts[x->column] = x->row_text.size;
    x->cells[x->column].size = n;
    buf_put(&x->row_text, s, n);
    buf_putc(&x->row_text, 0);
    if (x->row_text.full)
        xlsx_stop(x, XLSX_TOO_LARGE, x->row, x->column);
}

/* A whole number that a double holds exactly is returned as its digits, however
 * it was written ("1.38E10", "2.0"), with the leading zeros of its format. A
 * fraction has the 15 digits that Excel shows. */
static void number_text(char out[64], const char *raw, double v, int zeros)
{
    if (v > -WHOLE_MOST && v < WHOLE_MOST && !(v < trunc(v) || v > trunc(v)))
        snprintf(out, 64, "%0*lld", v < 0 ? zeros + 1 : zeros, (long long)v);
    else if (strlen(raw) > 40 || (v > -WHOLE_MOST && v < WHOLE_MOST))
        snprintf(out, 64, "%.15g", v);
    else
        snprintf(out, 64, "%s", raw);
}

static void put_number(struct xlsx *x, struct sheet_cell *cell)
{
    char *end, text[64];
    double v = strtod(x->value.data, &end);
    int64_t seconds;
    const struct xlsx_style *style = x->style >= 0 && x->style < x->style_count
                                         ? &x->styles[x->style]
                                         : &(struct xlsx_style){0};
    if (*end || !isfinite(v)) {
        if (x->type == 'd') /* ISO 8601 text */
            put_text(x, x->value.data, x->value.size);
        else if (!*end)
            put_text(x, "#NUM!", 5);
        else
            xlsx_stop(x, XLSX_DAMAGED, x->row, x->column);
        return;
    }
    double serial = v + (x->since_1904 ? 1462 : 0);
    cell->is_number = true;
    cell->number = v;
    if (style->is_date && sheet_serial_time(serial, &seconds)) {
        cell->is_date = true;
        cell->number = serial;
        sheet_time_text(text, seconds, seconds % 86400 != 0);
    } else {
        number_text(text, x->value.data, v, style->zeros);
    }
    put_text(x, text, strlen(text));
}

/* Returns the text that a cell of type s refers to; NULL if there is none. */
static const char *shared(struct xlsx *x, size_t *size)
{
    long i = xlsx_whole(x->value.data, 1L << 40);
    if (i < 0 || (size_t)i >= x->text_count) {
        xlsx_stop(x, XLSX_DAMAGED, x->row, x->column);
        return NULL;
    }
    size_t from = x->text_starts[i];
    size_t to = (size_t)i + 1 < x->text_count ? x->text_starts[i + 1] : x->texts.size;
    *size = to - from - 1;
    return x->texts.data + from;
}

static bool is_blank(const char *s)
{
    return s[strspn(s, " \t\r\n")] == '\0';
}

/* Cells beyond the last column are almost always blank. */
static void end_beyond(struct xlsx *x)
{
    size_t size;
    const char *text = x->type == 's' ? shared(x, &size) : x->value.data;
    if (text && !is_blank(text))
        xlsx_stop(x, SHEET_TOO_MANY_COLUMNS, x->row, x->column);
}

static void put_shared(struct xlsx *x, struct sheet_cell *cell)
{
    const char *text = shared(x, &cell->size);
    if (!text || cell->size > SHEET_CELL) {
        *cell = (struct sheet_cell){.text = ""};
        x->too_long = text ? x->column : x->too_long;
    } else {
        cell->text = text;
    }
}

static void put_value(struct xlsx *x, struct sheet_cell *cell)
{
    if (x->type == 's') {
        put_shared(x, cell);
    } else if (x->type == 'i') {
        x->value.size = xlsx_unescape(x->value.data, x->value.size);
        put_text(x, x->value.data, x->value.size);
    } else if (x->type == 'b') {
        cell->text = xlsx_truth(x->value.data) ? "TRUE" : "FALSE";
        cell->size = strlen(cell->text);
    } else if (x->type == 'e') {
        put_text(x, x->value.data, x->value.size);
    } else {
        put_number(x, cell);
    }
}

static void end_cell(struct xlsx *x)
{
    bool no_result = x->formula && !x->valued;
    if (!x->value.size && !no_result)
        return;
    if (x->column >= SHEET_COLUMNS) {
        end_beyond(x);
        return;
    }
    if (!x->row) {
        xlsx_stop(x, XLSX_DAMAGED, 0, 0);
        return;
    }
    for (; x->used <= x->column; x->used++) {
        x->cells[x->used] = (struct sheet_cell){.text = ""};
        x->own[x->used] = false;
    }
    struct sheet_cell *cell = &x->cells[x->column];
    *cell = (struct sheet_cell){.text = ""};
    x->own[x->column] = false;
    if (no_result)
        put_text(x, SHEET_NO_RESULT, strlen(SHEET_NO_RESULT));
    else
        put_value(x, cell);
}

static void XMLCALL sheet_end(void *self, const char *name)
{
    struct xlsx *x = self;
    if (x->stopped)
        return;
    name = xlsx_local(name);
    if (!strcmp(name, "v") || !strcmp(name, "t"))
        x->place = NOWHERE;
    else if (!strcmp(name, "rPh"))
        x->phonetic -= x->phonetic > 0;
    else if (!strcmp(name, "c"))
        end_cell(x);
    else if (!strcmp(name, "row")) {
        while (x->used && !x->cells[x->used - 1].size)
            x->used--;
        if (x->used || x->too_long >= 0) {
            x->row_ready = true;
            XML_StopParser(x->parser, XML_TRUE);
        }
    }
}

static bool stream_next(struct xlsx *x, struct sheet_row *row)
{
    x->row_ready = false;
    if ((x->ended && !x->suspended) || !xlsx_parse_on(x) || !x->row_ready)
        return false;
    for (int i = 0; i < x->used; i++)
        if (x->own[i])
            x->cells[i].text = x->row_text.data + x->starts[i];
    *row = (struct sheet_row){.number = x->row, .count = x->used, .cells = x->cells};
    if (x->too_long >= 0) {
        row->why = SHEET_CELL_TOO_LONG;
        row->why_column = x->too_long;
    }
    return true;
}

/* ---- rows out of order ---- */

static void keep_row(struct xlsx *x, const struct sheet_row *row)
{
    if (x->kept_count == x->kept_room) {
        x->kept_room = x->kept_room ? 2 * x->kept_room : 256;
        x->kept = must_grow(x->kept, (size_t)x->kept_room * sizeof *x->kept);
    }
    struct xlsx_kept *k = &x->kept[x->kept_count++];
    *k = (struct xlsx_kept){row->number, row->count, NULL, row->why, row->why_column};
    k->cells = ARENA_ARRAY(x->kept_arena, struct sheet_cell, row->count + 1);
    for (int i = 0; i < row->count; i++) {
        k->cells[i] = row->cells[i];
        k->cells[i].text = arena_copyn(x->kept_arena, row->cells[i].text, row->cells[i].size);
    }
}

static int by_number(const void *a, const void *b)
{
    const struct xlsx_kept *x = a, *y = b;
    return x->number < y->number ? -1 : x->number > y->number;
}

static bool keep_all(struct xlsx *x)
{
    struct sheet_row row;
    x->kept_arena = arena_new();
    x->kept_count = x->kept_at = 0;
    while (stream_next(x, &row))
        keep_row(x, &row);
    if (x->kept_count)
        qsort(x->kept, (size_t)x->kept_count, sizeof *x->kept, by_number);
    return !x->sheet->why;
}

static bool kept_next(struct xlsx *x, struct sheet_row *row)
{
    if (x->kept_at == x->kept_count)
        return false;
    const struct xlsx_kept *k = &x->kept[x->kept_at++];
    if (k->count)
        memcpy(x->cells, k->cells, (size_t)k->count * sizeof *k->cells);
    x->used = k->count;
    *row = (struct sheet_row){k->number, k->count, x->cells, k->why, k->why_column};
    return true;
}

/* ---- merged cells ---- */

/* Starts the ranges that begin with this row. Each column has at most one at a
 * time, whatever the file says. */
static void merges_begin(struct xlsx *x, struct xlsx_sheet *s, const struct sheet_row *row)
{
    for (; x->merge_next < s->merge_count && s->merges[x->merge_next].from <= row->number;
         x->merge_next++) {
        struct xlsx_merge *m = &s->merges[x->merge_next];
        free(m->text);
        m->text = NULL;
        if (m->from < row->number || m->column >= row->count || !row->cells[m->column].size)
            continue;
        m->cell = row->cells[m->column];
        m->cell.text = m->text = must_copy(m->cell.text);
        x->merged += !x->active[m->column];
        x->active[m->column] = m;
    }
}

static void merges_fill(struct xlsx *x, struct sheet_row *row)
{
    for (int c = 0; c < SHEET_COLUMNS && x->merged; c++) {
        const struct xlsx_merge *m = x->active[c];
        if (!m || row->number <= m->from)
            continue;
        if (row->number > m->to) {
            x->active[c] = NULL;
            x->merged--;
            continue;
        }
        for (; row->count <= c; row->count++)
            x->cells[row->count] = (struct sheet_cell){.text = ""};
        if (!x->cells[c].size)
            x->cells[c] = m->cell;
    }
}

static bool xlsx_next(void *self, struct sheet_row *row)
{
    struct xlsx *x = self;
    if (!(x->kept_arena ? kept_next(x, row) : stream_next(x, row)))
        return false;
    merges_begin(x, &x->sheets[x->at], row);
    merges_fill(x, row);
    return true;
}

/* ---- the source ---- */

static void leave_sheet(struct xlsx *x)
{
    xlsx_part_end(x);
    if (x->kept_arena)
        arena_free(x->kept_arena);
    x->kept_arena = NULL;
    x->kept_count = x->kept_at = 0;
}

static bool xlsx_turn(void *self, int which)
{
    struct xlsx *x = self;
    leave_sheet(x);
    x->stopped = false;
    x->at = which;
    x->unpacked = x->unpacked_book;
    struct xlsx_sheet *s = &x->sheets[which];
    if (!scan(x) || !xlsx_part_start(x, s->part, sheet_start, sheet_end, sheet_data))
        return false;
    zip_stat_t st;
    zip_int64_t part = xlsx_part_find(x, s->part);
    x->part_size = 0;
    if (part >= 0 && !zip_stat_index(x->zip, (zip_uint64_t)part, 0, &st) &&
        (st.valid & ZIP_STAT_SIZE))
        x->part_size = st.size;
    x->row = x->used = x->phonetic = x->merge_next = x->merged = 0;
    memset(x->active, 0, sizeof x->active);
    x->place = NOWHERE;
    x->too_long = -1;
    return !s->disordered || keep_all(x);
}

static int xlsx_count(const void *self)
{
    return ((const struct xlsx *)self)->sheet_count;
}

static const char *xlsx_name(const void *self, int which)
{
    return ((const struct xlsx *)self)->sheets[which].name;
}

static double xlsx_done(const void *self)
{
    const struct xlsx *x = self;
    if (x->kept_arena)
        return x->kept_count ? (double)x->kept_at / x->kept_count : 1;
    return x->part_size ? (double)x->fed / (double)x->part_size : 1;
}

static void xlsx_close(void *self)
{
    struct xlsx *x = self;
    leave_sheet(x);
    if (x->zip)
        zip_discard(x->zip);
    buf_release(&x->texts);
    buf_release(&x->value);
    buf_release(&x->row_text);
    for (int i = 0; x->sheets && i < XLSX_SHEETS; i++) {
        for (int m = 0; m < x->sheets[i].merge_count; m++)
            free(x->sheets[i].merges[m].text);
        free(x->sheets[i].merges);
    }
    free(x->sheets);
    free(x->kept);
    free(x->text_starts);
    free(x->styles);
    free(x);
}

void *xlsx_open(struct sheet *s, const void *data, size_t size)
{
    struct xlsx *x = must_alloc(sizeof *x);
    x->sheet = s;
    buf_init(&x->value, SHEET_CELL + 16);
    buf_init(&x->row_text, (SHEET_CELL + 1) * (SHEET_COLUMNS + 2));
    if (xlsx_book_open(x, data, size) && xlsx_turn(x, 0))
        return x;
    xlsx_close(x);
    return NULL;
}

const struct sheet_source xlsx_source = {.next = xlsx_next,
                                         .turn = xlsx_turn,
                                         .count = xlsx_count,
                                         .name = xlsx_name,
                                         .done = xlsx_done,
                                         .close = xlsx_close};
