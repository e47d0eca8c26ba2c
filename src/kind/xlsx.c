/*
 * XLSX reading (ECMA-376): libzip unpacks, expat parses, both streaming.
 *
 * The workbook names the first visible sheet; styles tell which numbers are
 * dates; shared texts lie one after another in one buffer. The sheet itself is
 * parsed 64 KB at a time and the parser is suspended at each row that has
 * content. Every part is metered: unpacked bytes, packing ratio, and how far
 * one XML token may reach; a DOCTYPE ends the reading (no entities).
 * Owns archive, parser and buffers until close.
 */
#include "kind/sheet.h"

#include "base/buf.h"
#include "base/ctx.h"

#include <expat.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

#define PIECE      (64 << 10)
#define TOKEN_MOST (1 << 20)           /* bytes of one XML token */
#define TEXTS_MOST ((size_t)256 << 20) /* bytes of shared texts */
#define STYLES     65536
#define PART_NAME  256

static const char DAMAGED[] = N_("The Excel file is damaged: it cannot be unpacked or read.");
static const char TOO_LARGE[] = N_("The Excel file is too large when unpacked.");
static const char LOCKED[] = N_("This Excel file is protected by a password. Save it without one and try again.");
static const char ENTITIES[] = N_("The Excel file contains declarations that are not allowed (DOCTYPE).");

enum place { NOWHERE, TEXT_VALUE, TEXT_INLINE };

struct xlsx {
    struct sheet *sheet;
    zip_t *zip;
    zip_source_t *bytes;
    zip_file_t *file;
    XML_Parser parser;
    size_t unpacked, fed, part_size;
    bool suspended, ended, stopped;

    char book[PART_NAME], part[PART_NAME], texts_part[PART_NAME], styles_part[PART_NAME], sheet_id[64];
    bool since_1904;

    struct buf texts; /* shared texts, each with its NUL */
    size_t *text_starts;
    size_t text_count, text_room;
    bool in_text, reading_text; /* inside <si>, inside its <t> */
    int phonetic;

    bool *style_is_date;
    int style_count;
    bool in_formats;
    struct {
        int id;
        bool is_date;
    } formats[1024];
    int format_count;

    int row, column, used, style;
    char type; /* n, s (shared), i (inline or formula text), b, e */
    enum place place;
    int too_long; /* a column of this row whose text is too long; -1 */
    bool row_ready;
    struct buf value; /* the cell being read */
    struct buf row_text;
    struct sheet_cell cells[SHEET_COLUMNS];
    size_t starts[SHEET_COLUMNS];
    bool own[SHEET_COLUMNS]; /* the text lies in row_text at starts[] */
};

static void stop(struct xlsx *x, const char *why, int row, int column)
{
    if (!x->sheet->why)
        sheet_fail(x->sheet, why, row, column);
    x->stopped = true;
    if (x->parser)
        XML_StopParser(x->parser, XML_FALSE);
}

static const char *local(const char *name)
{
    const char *colon = strchr(name, ':');
    return colon ? colon + 1 : name;
}

static const char *attribute(const char **attributes, const char *name)
{
    for (; *attributes; attributes += 2)
        if (!strcmp(attributes[0], name))
            return attributes[1];
    return NULL;
}

static bool truth(const char *s)
{
    return s && (!strcmp(s, "1") || !strcmp(s, "true"));
}

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);
    return n >= m && !strcmp(s + n - m, end);
}

/* Whole numbers of attributes; -1 for anything else. */
static long whole(const char *s, long most)
{
    char *end;
    if (!s || *s < '0' || *s > '9')
        return -1;
    long v = strtol(s, &end, 10);
    return *end || v > most ? -1 : v;
}

static void XMLCALL refuse_doctype(void *self, const char *name, const char *sysid, const char *pubid, int internal)
{
    (void)name, (void)sysid, (void)pubid, (void)internal;
    stop(self, ENTITIES, 0, 0);
}

static bool start_part(struct xlsx *x, const char *name, XML_StartElementHandler start, XML_EndElementHandler end,
                       XML_CharacterDataHandler text)
{
    x->file = zip_fopen(x->zip, name, 0);
    if (!x->file)
        return sheet_fail(x->sheet, DAMAGED, 0, 0);
    x->parser = XML_ParserCreate(NULL);
    if (!x->parser)
        return sheet_fail(x->sheet, DAMAGED, 0, 0);
    XML_SetUserData(x->parser, x);
    XML_SetElementHandler(x->parser, start, end);
    XML_SetCharacterDataHandler(x->parser, text);
    XML_SetStartDoctypeDeclHandler(x->parser, refuse_doctype);
    x->fed = 0;
    x->suspended = x->ended = false;
    return true;
}

static void end_part(struct xlsx *x)
{
    if (x->parser)
        XML_ParserFree(x->parser);
    if (x->file)
        zip_fclose(x->file);
    x->parser = NULL;
    x->file = NULL;
}

/* Parses on until the parser is suspended or the part ends; false when something is wrong. */
static bool parse_on(struct xlsx *x)
{
    for (;;) {
        enum XML_Status got;
        if (x->suspended) {
            x->suspended = false;
            got = XML_ResumeParser(x->parser);
        } else {
            void *piece = XML_GetBuffer(x->parser, PIECE);
            zip_int64_t n = piece ? zip_fread(x->file, piece, PIECE) : -1;
            if (n < 0)
                return sheet_fail(x->sheet, DAMAGED, 0, 0);
            x->fed += (size_t)n;
            x->unpacked += (size_t)n;
            if (x->unpacked > SHEET_UNPACKED)
                return sheet_fail(x->sheet, TOO_LARGE, 0, 0);
            x->ended = n == 0;
            got = XML_ParseBuffer(x->parser, (int)n, n == 0);
        }
        if (x->stopped || got == XML_STATUS_ERROR)
            return x->sheet->why ? false : sheet_fail(x->sheet, DAMAGED, 0, 0);
        if (got == XML_STATUS_SUSPENDED) {
            x->suspended = true;
            return true;
        }
        if (x->ended)
            return true;
        XML_Index at = XML_GetCurrentByteIndex(x->parser);
        if (x->fed - (size_t)(at < 0 ? 0 : at) > TOKEN_MOST)
            return sheet_fail(x->sheet, TOO_LARGE, 0, 0);
    }
}

static bool read_part(struct xlsx *x, const char *name, XML_StartElementHandler start, XML_EndElementHandler end,
                      XML_CharacterDataHandler text)
{
    bool good = start_part(x, name, start, end, text) && parse_on(x);
    end_part(x);
    return good;
}

/* Relations and workbook: which part is which. */

static void join_part(char *out, const char *book, const char *target)
{
    const char *slash = strrchr(book, '/');
    int folder = slash && *target != '/' ? (int)(slash - book + 1) : 0;
    while (!strncmp(target, "./", 2))
        target += 2;
    if (!strncmp(target, "../", 3))
        target += 3, folder = 0;
    snprintf(out, PART_NAME, "%.*s%s", folder, book, *target == '/' ? target + 1 : target);
}

static void XMLCALL relation(void *self, const char *name, const char **attributes)
{
    struct xlsx *x = self;
    const char *type = attribute(attributes, "Type"), *target = attribute(attributes, "Target");
    const char *id = attribute(attributes, "Id");
    if (strcmp(local(name), "Relationship") || !type || !target)
        return;
    if (!*x->book) {
        if (ends_with(type, "/officeDocument"))
            join_part(x->book, "", target);
    } else if (ends_with(type, "/sharedStrings"))
        join_part(x->texts_part, x->book, target);
    else if (ends_with(type, "/styles"))
        join_part(x->styles_part, x->book, target);
    else if (id && !strcmp(id, x->sheet_id))
        join_part(x->part, x->book, target);
}

static void XMLCALL book_element(void *self, const char *name, const char **attributes)
{
    struct xlsx *x = self;
    const char *state = attribute(attributes, "state");
    name = local(name);
    if (!strcmp(name, "workbookPr"))
        x->since_1904 = truth(attribute(attributes, "date1904"));
    else if (!strcmp(name, "sheet") && !*x->sheet_id && (!state || !strcmp(state, "visible")))
        for (; *attributes; attributes += 2)
            if (strchr(attributes[0], ':') && !strcmp(local(attributes[0]), "id"))
                snprintf(x->sheet_id, sizeof x->sheet_id, "%s", attributes[1]);
}

/* Styles: is a number of this style shown as a date? */

static bool date_code(const char *code)
{
    for (; *code && *code != ';'; code++) {
        if (*code == '"') {
            code = strchr(code + 1, '"');
            if (!code)
                return false;
        } else if (*code == '[') {
            if ((code[1] == 'h' || code[1] == 'm' || code[1] == 's' || code[1] == 'H') && strcspn(code, "]") <= 3)
                return true;
            code = strchr(code, ']');
            if (!code)
                return false;
        } else if ((*code == '\\' || *code == '_' || *code == '*') && code[1])
            code++;
        else if (!strncmp(code, "General", 7))
            code += 6;
        else if (strchr("ymdhsYMDHS", *code))
            return true;
    }
    return false;
}

static bool date_format(const struct xlsx *x, long id)
{
    for (int i = 0; i < x->format_count; i++)
        if (x->formats[i].id == id)
            return x->formats[i].is_date;
    return (id >= 14 && id <= 22) || (id >= 27 && id <= 36) || (id >= 45 && id <= 47) || (id >= 50 && id <= 58);
}

static void XMLCALL style_element(void *self, const char *name, const char **attributes)
{
    struct xlsx *x = self;
    name = local(name);
    if (!strcmp(name, "numFmt")) {
        const char *code = attribute(attributes, "formatCode");
        long id = whole(attribute(attributes, "numFmtId"), 1 << 30);
        if (code && id >= 0 && x->format_count < 1024) {
            x->formats[x->format_count].id = (int)id;
            x->formats[x->format_count++].is_date = date_code(code);
        }
    } else if (!strcmp(name, "cellXfs"))
        x->in_formats = true;
    else if (!strcmp(name, "xf") && x->in_formats && x->style_count < STYLES)
        x->style_is_date[x->style_count++] = date_format(x, whole(attribute(attributes, "numFmtId"), 1 << 30));
}

static void XMLCALL style_end(void *self, const char *name)
{
    if (!strcmp(local(name), "cellXfs"))
        ((struct xlsx *)self)->in_formats = false;
}

/* Texts: "_x000D_" stands for a character that XML cannot hold. Decodes in place and returns the length. */
static size_t unescape(char *s, size_t n)
{
    size_t out = 0;
    for (size_t i = 0; i < n;) {
        if (s[i] == '_' && n - i >= 7 && s[i + 1] == 'x' && s[i + 6] == '_' && strspn(s + i + 2, "0123456789abcdefABCDEF") >= 4) {
            char hex[5] = {s[i + 2], s[i + 3], s[i + 4], s[i + 5], 0};
            long c = strtol(hex, NULL, 16);
            if (c > 0 && c < 0x80) {
                s[out++] = (char)c;
                i += 7;
                continue;
            }
        }
        s[out++] = s[i++];
    }
    s[out] = '\0';
    return out;
}

static void XMLCALL text_start(void *self, const char *name, const char **attributes)
{
    struct xlsx *x = self;
    (void)attributes;
    name = local(name);
    if (!strcmp(name, "si")) {
        if (x->in_text) {
            stop(x, DAMAGED, 0, 0);
            return;
        }
        x->in_text = true;
        if (x->text_count == x->text_room) {
            x->text_room = x->text_room ? 2 * x->text_room : 1024;
            x->text_starts = must_grow(x->text_starts, x->text_room * sizeof *x->text_starts);
        }
        x->text_starts[x->text_count++] = x->texts.size;
    } else if (!strcmp(name, "rPh"))
        x->phonetic++;
    else if (!strcmp(name, "t"))
        x->reading_text = x->in_text && !x->phonetic;
}

static void XMLCALL text_data(void *self, const char *s, int n)
{
    struct xlsx *x = self;
    if (!x->reading_text)
        return;
    buf_put(&x->texts, s, (size_t)n);
    if (x->texts.full)
        stop(x, TOO_LARGE, 0, 0);
}

static void XMLCALL text_end(void *self, const char *name)
{
    struct xlsx *x = self;
    name = local(name);
    if (!strcmp(name, "rPh"))
        x->phonetic -= x->phonetic > 0;
    else if (!strcmp(name, "t"))
        x->reading_text = false;
    else if (!strcmp(name, "si") && x->in_text) {
        x->in_text = x->reading_text = false;
        size_t start = x->text_starts[x->text_count - 1];
        if (x->texts.size > start)
            x->texts.size = start + unescape(x->texts.data + start, x->texts.size - start);
        buf_putc(&x->texts, 0);
        if (x->texts.full)
            stop(x, TOO_LARGE, 0, 0);
    }
}

/* The sheet. */

/* The column of a reference such as "AB12"; -1 when it has no letters, SHEET_COLUMNS when it is too far right. */
static int reference_column(const char *r)
{
    int column = 0;
    const char *p = r;
    for (; *p >= 'A' && *p <= 'Z'; p++)
        if (column <= SHEET_COLUMNS)
            column = 26 * column + (*p - 'A' + 1);
    return p == r ? -1 : column > SHEET_COLUMNS ? SHEET_COLUMNS : column - 1;
}

static void XMLCALL sheet_start(void *self, const char *name, const char **attributes)
{
    struct xlsx *x = self;
    name = local(name);
    if (!strcmp(name, "row")) {
        const char *r = attribute(attributes, "r");
        long number = r ? whole(r, SHEET_ROWS) : x->row + 1;
        if (number < 1 || number > SHEET_ROWS || number <= x->row) {
            stop(x, number < 1 || number > SHEET_ROWS ? SHEET_TOO_MANY_ROWS : DAMAGED, x->row + 1, 0);
            return;
        }
        x->row = (int)number;
        x->column = x->too_long = -1;
        x->used = 0;
        buf_clear(&x->row_text);
    } else if (!strcmp(name, "c")) {
        const char *r = attribute(attributes, "r"), *t = attribute(attributes, "t");
        int column = r ? reference_column(r) : -1;
        x->column = column >= 0 ? column : x->column + 1;
        if (x->column > SHEET_COLUMNS)
            x->column = SHEET_COLUMNS;
        long style = whole(attribute(attributes, "s"), STYLES);
        x->style = (int)style;
        x->type = !t ? 'n' : !strcmp(t, "s") ? 's' : !strcmp(t, "inlineStr") || !strcmp(t, "str") ? 'i' : *t;
        buf_clear(&x->value);
    } else if (!strcmp(name, "v"))
        x->place = TEXT_VALUE;
    else if (!strcmp(name, "rPh"))
        x->phonetic++;
    else if (!strcmp(name, "t") && !x->phonetic)
        x->place = TEXT_INLINE;
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
        stop(x, TOO_LARGE, x->row, x->column);
}

static void put_number(struct xlsx *x, struct sheet_cell *cell)
{
    char *end;
    double v = strtod(x->value.data, &end);
    int64_t seconds;
    if (*end || !isfinite(v)) {
        if (x->type == 'd') /* ISO 8601 text */
            put_text(x, x->value.data, x->value.size);
        else
            stop(x, DAMAGED, x->row, x->column);
        return;
    }
    cell->is_number = true;
    cell->number = v;
    if (x->style >= 0 && x->style < x->style_count && x->style_is_date[x->style]) {
        double serial = v + (x->since_1904 ? 1462 : 0);
        if (sheet_serial_time(serial, &seconds)) {
            char date[32];
            cell->is_date = true;
            cell->number = serial;
            sheet_time_text(date, seconds, seconds % 86400 != 0);
            put_text(x, date, strlen(date));
            return;
        }
    }
    put_text(x, x->value.data, x->value.size);
}

static void end_cell(struct xlsx *x)
{
    if (!x->value.size)
        return;
    if (x->column >= SHEET_COLUMNS) {
        stop(x, SHEET_TOO_MANY_COLUMNS, x->row, x->column);
        return;
    }
    if (!x->row) {
        stop(x, DAMAGED, 0, 0);
        return;
    }
    for (; x->used <= x->column; x->used++) {
        x->cells[x->used] = (struct sheet_cell){.text = ""};
        x->own[x->used] = false;
    }
    struct sheet_cell *cell = &x->cells[x->column];
    *cell = (struct sheet_cell){.text = ""};
    x->own[x->column] = false;
    if (x->type == 's') {
        long i = whole(x->value.data, 1L << 40);
        if (i < 0 || (size_t)i >= x->text_count) {
            stop(x, DAMAGED, x->row, x->column);
            return;
        }
        size_t from = x->text_starts[i];
        size_t to = (size_t)i + 1 < x->text_count ? x->text_starts[i + 1] : x->texts.size;
        cell->text = x->texts.data + from;
        cell->size = to - from - 1;
        if (cell->size > SHEET_CELL) {
            *cell = (struct sheet_cell){.text = ""};
            x->too_long = x->column;
        }
    } else if (x->type == 'i') {
        x->value.size = unescape(x->value.data, x->value.size);
        put_text(x, x->value.data, x->value.size);
    } else if (x->type == 'b')
        cell->text = truth(x->value.data) ? "TRUE" : "FALSE", cell->size = strlen(cell->text);
    else if (x->type == 'e')
        put_text(x, x->value.data, x->value.size);
    else
        put_number(x, cell);
}

static void XMLCALL sheet_end(void *self, const char *name)
{
    struct xlsx *x = self;
    if (x->stopped)
        return;
    name = local(name);
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

static bool xlsx_next(void *self, struct sheet_row *row)
{
    struct xlsx *x = self;
    x->row_ready = false;
    if ((x->ended && !x->suspended) || !parse_on(x) || !x->row_ready)
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

static double xlsx_done(const void *self)
{
    const struct xlsx *x = self;
    return x->part_size ? (double)x->fed / (double)x->part_size : 1;
}

static void xlsx_close(void *self)
{
    struct xlsx *x = self;
    end_part(x);
    if (x->zip)
        zip_discard(x->zip);
    buf_release(&x->texts);
    buf_release(&x->value);
    buf_release(&x->row_text);
    free(x->text_starts);
    free(x->style_is_date);
    free(x);
}

/* Opens the archive and refuses what would unpack to too much. */
static bool open_archive(struct xlsx *x, const void *data, size_t size)
{
    zip_error_t error;
    zip_error_init(&error);
    x->bytes = zip_source_buffer_create(data, size, 0, &error);
    x->zip = x->bytes ? zip_open_from_source(x->bytes, ZIP_RDONLY, &error) : NULL;
    if (!x->zip) {
        zip_source_free(x->bytes);
        zip_error_fini(&error);
        return sheet_fail(x->sheet, DAMAGED, 0, 0);
    }
    zip_error_fini(&error);
    zip_int64_t count = zip_get_num_entries(x->zip, 0);
    zip_uint64_t total = 0;
    if (count > 10000)
        return sheet_fail(x->sheet, TOO_LARGE, 0, 0);
    for (zip_int64_t i = 0; i < count; i++) {
        zip_stat_t st;
        if (zip_stat_index(x->zip, (zip_uint64_t)i, 0, &st) || !(st.valid & ZIP_STAT_SIZE) || !(st.valid & ZIP_STAT_COMP_SIZE))
            return sheet_fail(x->sheet, DAMAGED, 0, 0);
        if ((st.valid & ZIP_STAT_ENCRYPTION_METHOD) && st.encryption_method != ZIP_EM_NONE)
            return sheet_fail(x->sheet, LOCKED, 0, 0);
        if (st.size > SHEET_UNPACKED || (total += st.size) > SHEET_UNPACKED ||
            (st.size > (1 << 20) && st.size / SHEET_RATIO > st.comp_size))
            return sheet_fail(x->sheet, TOO_LARGE, 0, 0);
    }
    return true;
}

static bool read_book(struct xlsx *x)
{
    if (!read_part(x, "_rels/.rels", relation, NULL, NULL))
        return false;
    if (!*x->book)
        snprintf(x->book, PART_NAME, "xl/workbook.xml");
    if (!read_part(x, x->book, book_element, NULL, NULL))
        return false;
    char relations[2 * PART_NAME];
    const char *slash = strrchr(x->book, '/');
    int folder = slash ? (int)(slash - x->book + 1) : 0;
    snprintf(relations, sizeof relations, "%.*s_rels/%s.rels", folder, x->book, x->book + folder);
    if (!read_part(x, relations, relation, NULL, NULL))
        return false;
    if (!*x->part)
        return sheet_fail(x->sheet, N_("The Excel file has no sheet to read."), 0, 0);
    if (*x->styles_part && !read_part(x, x->styles_part, style_element, style_end, NULL))
        return false;
    return !*x->texts_part || read_part(x, x->texts_part, text_start, text_end, text_data);
}

void *xlsx_open(struct sheet *s, const void *data, size_t size)
{
    struct xlsx *x = must_alloc(sizeof *x);
    x->sheet = s;
    x->style_is_date = must_alloc(STYLES * sizeof *x->style_is_date);
    buf_init(&x->texts, TEXTS_MOST);
    buf_init(&x->value, SHEET_CELL + 16);
    buf_init(&x->row_text, (SHEET_CELL + 1) * (SHEET_COLUMNS + 2));
    if (open_archive(x, data, size) && read_book(x) && start_part(x, x->part, sheet_start, sheet_end, sheet_data)) {
        zip_stat_t st;
        x->phonetic = 0;
        x->too_long = -1;
        if (!zip_stat(x->zip, x->part, 0, &st) && (st.valid & ZIP_STAT_SIZE))
            x->part_size = st.size;
        return x;
    }
    xlsx_close(x);
    return NULL;
}

const struct sheet_source xlsx_source = {xlsx_next, xlsx_done, xlsx_close};
