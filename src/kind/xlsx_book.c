/*
 * The parts of an XLSX workbook (ECMA-376): libzip unpacks, expat parses, both
 * streaming.
 *
 * The workbook names its sheets; styles tell which numbers are dates; shared
 * texts lie one after another in one buffer. Every part is metered: unpacked
 * bytes, packing ratio, and how far one XML token may reach; a DOCTYPE ends
 * the reading (no entities). What Excel opens is opened: part names in another
 * case or with backslashes, and workbooks without styles, texts or relations.
 */
#include "kind/xlsx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIECE      (64 << 10)
#define TOKEN_MOST (1 << 20)           /* bytes of one XML token */
#define TEXTS_MOST ((size_t)256 << 20) /* bytes of shared texts */

const char XLSX_DAMAGED[] = N_("The Excel file is damaged and can’t be read.");
const char XLSX_TOO_LARGE[] = N_("The Excel file is too large once decompressed.");
static const char LOCKED[] = N_(
    "This Excel file is password-protected. Save it without a password and try again.");
static const char NO_SHEET[] = N_("The Excel file has no readable worksheet.");
static const char ENTITIES[] = N_(
    "The Excel file contains declarations that are not allowed (DOCTYPE).");

void xlsx_stop(struct xlsx *x, const char *why, int row, int column)
{
    if (!x->sheet->why)
        sheet_fail(x->sheet, why, row, column);
    x->stopped = true;
    if (x->parser)
        XML_StopParser(x->parser, XML_FALSE);
}

const char *xlsx_local(const char *name)
{
    const char *colon = strchr(name, ':');
    return colon ? colon + 1 : name;
}

const char *xlsx_attribute(const char **attributes, const char *name)
{
    for (; *attributes; attributes += 2)
        if (!strcmp(attributes[0], name))
            return attributes[1];
    return NULL;
}

bool xlsx_truth(const char *s)
{
    return s && (!strcmp(s, "1") || !strcmp(s, "true"));
}

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);
    return n >= m && !strcmp(s + n - m, end);
}

/* Parses an attribute as a whole number; -1 for anything else. */
long xlsx_whole(const char *s, long most)
{
    char *end;
    if (!s || *s < '0' || *s > '9')
        return -1;
    long v = strtol(s, &end, 10);
    return *end || v > most ? -1 : v;
}

static void XMLCALL refuse_doctype(void *self, const char *name, const char *sysid,
                                   const char *pubid, int internal)
{
    (void)name, (void)sysid, (void)pubid, (void)internal;
    xlsx_stop(self, ENTITIES, 0, 0);
}

/* Compares part names regardless of case and slashes: other programs write
 * xl\\SharedStrings.xml. */
static bool same_part(const char *a, const char *b)
{
    a += *a == '/' || *a == '\\';
    b += *b == '/' || *b == '\\';
    for (; *a && *b; a++, b++) {
        char x = *a == '\\' ? '/' : *a, y = *b == '\\' ? '/' : *b;
        if (x != y && (x | 0x20) != (y | 0x20))
            return false;
    }
    return *a == *b;
}

zip_int64_t xlsx_part_find(const struct xlsx *x, const char *name)
{
    zip_int64_t exact = zip_name_locate(x->zip, name, 0), count = zip_get_num_entries(x->zip, 0);
    for (zip_int64_t i = 0; exact < 0 && i < count; i++) {
        const char *entry = zip_get_name(x->zip, (zip_uint64_t)i, 0);
        if (entry && same_part(entry, name))
            exact = i;
    }
    return exact;
}

bool xlsx_part_start(struct xlsx *x, const char *name, XML_StartElementHandler start,
                     XML_EndElementHandler end, XML_CharacterDataHandler text)
{
    zip_int64_t i = xlsx_part_find(x, name);
    x->file = i < 0 ? NULL : zip_fopen_index(x->zip, (zip_uint64_t)i, 0);
    if (!x->file)
        return sheet_fail(x->sheet, XLSX_DAMAGED, 0, 0);
    x->parser = XML_ParserCreate(NULL);
    if (!x->parser)
        return sheet_fail(x->sheet, XLSX_DAMAGED, 0, 0);
    XML_SetUserData(x->parser, x);
    XML_SetElementHandler(x->parser, start, end);
    XML_SetCharacterDataHandler(x->parser, text);
    XML_SetStartDoctypeDeclHandler(x->parser, refuse_doctype);
    x->fed = 0;
    x->suspended = x->ended = false;
    return true;
}

void xlsx_part_end(struct xlsx *x)
{
    if (x->parser)
        XML_ParserFree(x->parser);
    if (x->file)
        zip_fclose(x->file);
    x->parser = NULL;
    x->file = NULL;
}

/* Parses until the parser is suspended or the part ends; returns false if
 * something is wrong. */
bool xlsx_parse_on(struct xlsx *x)
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
                return sheet_fail(x->sheet, XLSX_DAMAGED, 0, 0);
            x->fed += (size_t)n;
            x->unpacked += (size_t)n;
            if (x->unpacked > SHEET_UNPACKED)
                return sheet_fail(x->sheet, XLSX_TOO_LARGE, 0, 0);
            x->ended = n == 0;
            got = XML_ParseBuffer(x->parser, (int)n, n == 0);
        }
        if (x->stopped || got == XML_STATUS_ERROR)
            return x->sheet->why ? false : sheet_fail(x->sheet, XLSX_DAMAGED, 0, 0);
        if (got == XML_STATUS_SUSPENDED) {
            x->suspended = true;
            return true;
        }
        if (x->ended)
            return true;
        XML_Index at = XML_GetCurrentByteIndex(x->parser);
        if (x->fed - (size_t)(at < 0 ? 0 : at) > TOKEN_MOST)
            return sheet_fail(x->sheet, XLSX_TOO_LARGE, 0, 0);
    }
}

bool xlsx_part_read(struct xlsx *x, const char *name, XML_StartElementHandler start,
                    XML_EndElementHandler end, XML_CharacterDataHandler text)
{
    bool good = xlsx_part_start(x, name, start, end, text) && xlsx_parse_on(x);
    xlsx_part_end(x);
    return good;
}

/* Relations and workbook: finds the file of each part. */

static void join_part(char *out, const char *book, const char *target)
{
    const char *slash = strrchr(book, '/');
    bool rooted = *target == '/' || *target == '\\';
    int folder = slash && !rooted ? (int)(slash - book + 1) : 0;
    target += rooted;
    while (!strncmp(target, "./", 2))
        target += 2;
    if (!strncmp(target, "../", 3))
        target += 3, folder = 0;
    snprintf(out, XLSX_PART_NAME, "%.*s%s", folder, book, target);
    for (char *p = out; *p; p++)
        if (*p == '\\')
            *p = '/';
}

/* A chart or macro sheet has another type of relation, so no file is found for
 * it. */
static void XMLCALL relation(void *self, const char *name, const char **attributes)
{
    struct xlsx *x = self;
    const char *type = xlsx_attribute(attributes, "Type"),
               *target = xlsx_attribute(attributes, "Target");
    const char *id = xlsx_attribute(attributes, "Id");
    if (strcmp(xlsx_local(name), "Relationship") || !type || !target)
        return;
    if (!*x->book) {
        if (ends_with(type, "/officeDocument"))
            join_part(x->book, "", target);
    } else if (ends_with(type, "/sharedStrings"))
        join_part(x->texts_part, x->book, target);
    else if (ends_with(type, "/styles"))
        join_part(x->styles_part, x->book, target);
    else if (ends_with(type, "/worksheet"))
        for (int i = 0; id && i < x->sheet_count; i++)
            if (!strcmp(id, x->sheets[i].id))
                join_part(x->sheets[i].part, x->book, target);
}

static void XMLCALL book_element(void *self, const char *name, const char **attributes)
{
    struct xlsx *x = self;
    name = xlsx_local(name);
    if (!strcmp(name, "workbookPr"))
        x->since_1904 = xlsx_truth(xlsx_attribute(attributes, "date1904"));
    if (strcmp(name, "sheet") != 0 || x->sheet_count == XLSX_SHEETS)
        return;
    struct xlsx_sheet *s = &x->sheets[x->sheet_count++];
    const char *state = xlsx_attribute(attributes, "state"),
               *title = xlsx_attribute(attributes, "name");
    s->hidden = state && (!strcmp(state, "hidden") || !strcmp(state, "veryHidden"));
    snprintf(s->name, sizeof s->name, "%s", title ? title : "");
    for (; *attributes; attributes += 2)
        if (strchr(attributes[0], ':') && !strcmp(xlsx_local(attributes[0]), "id"))
            snprintf(s->id, sizeof s->id, "%s", attributes[1]);
}

/* Styles: returns whether numbers with this style are shown as dates. */

static bool date_code(const char *code)
{
    for (; *code && *code != ';'; code++) {
        if (*code == '"') {
            code = strchr(code + 1, '"');
            if (!code)
                return false;
        } else if (*code == '[') {
            if ((code[1] == 'h' || code[1] == 'm' || code[1] == 's' || code[1] == 'H') &&
                strcspn(code, "]") <= 3)
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

/* 0000007: at least two zeros and nothing else, apart from colours and
 * blanks */
static unsigned char zeros_of(const char *code)
{
    unsigned char zeros = 0;
    for (; *code && *code != ';'; code++)
        if (*code == '[') {
            code = strchr(code, ']');
            if (!code)
                return 0;
        } else if ((*code == '\\' || *code == '_') && code[1] == ' ') {
            code++;
        } else if (*code == '0' && zeros < 30) {
            zeros++;
        } else {
            return 0;
        }
    return zeros > 1 ? zeros : 0;
}

static struct xlsx_style style_of(const struct xlsx *x, long id)
{
    for (int i = 0; i < x->format_count; i++)
        if (x->formats[i].id == id)
            return x->formats[i].style;
    return (struct xlsx_style){.is_date = (id >= 14 && id <= 22) || (id >= 27 && id <= 36) ||
                                          (id >= 45 && id <= 47) || (id >= 50 && id <= 58)};
}

static void XMLCALL style_element(void *self, const char *name, const char **attributes)
{
    struct xlsx *x = self;
    name = xlsx_local(name);
    if (!strcmp(name, "numFmt")) {
        const char *code = xlsx_attribute(attributes, "formatCode");
        long id = xlsx_whole(xlsx_attribute(attributes, "numFmtId"), 1 << 30);
        if (code && id >= 0 && x->format_count < 1024) {
            x->formats[x->format_count].id = (int)id;
            x->formats[x->format_count++].style = (struct xlsx_style){date_code(code),
                                                                      zeros_of(code)};
        }
    } else if (!strcmp(name, "cellXfs"))
        x->in_formats = true;
    else if (!strcmp(name, "xf") && x->in_formats && x->style_count < XLSX_STYLES)
        x->styles[x->style_count++] = style_of(
            x, xlsx_whole(xlsx_attribute(attributes, "numFmtId"), 1 << 30));
}

static void XMLCALL style_end(void *self, const char *name)
{
    if (!strcmp(xlsx_local(name), "cellXfs"))
        ((struct xlsx *)self)->in_formats = false;
}

/* Texts: "_x000D_" stands for a character that XML cannot hold. Decodes in place and returns the
 * length. */
size_t xlsx_unescape(char *s, size_t n)
{
    size_t out = 0;
    for (size_t i = 0; i < n;) {
        if (s[i] == '_' && n - i >= 7 && s[i + 1] == 'x' && s[i + 6] == '_' &&
            strspn(s + i + 2, "0123456789abcdefABCDEF") >= 4) {
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
    name = xlsx_local(name);
    if (!strcmp(name, "si")) {
        if (x->in_text) {
            xlsx_stop(x, XLSX_DAMAGED, 0, 0);
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
        xlsx_stop(x, XLSX_TOO_LARGE, 0, 0);
}

static void XMLCALL text_end(void *self, const char *name)
{
    struct xlsx *x = self;
    name = xlsx_local(name);
    if (!strcmp(name, "rPh"))
        x->phonetic -= x->phonetic > 0;
    else if (!strcmp(name, "t"))
        x->reading_text = false;
    else if (!strcmp(name, "si") && x->in_text) {
        x->in_text = x->reading_text = false;
        size_t start = x->text_starts[x->text_count - 1];
        if (x->texts.size > start)
            x->texts.size = start + xlsx_unescape(x->texts.data + start, x->texts.size - start);
        buf_putc(&x->texts, 0);
        if (x->texts.full)
            xlsx_stop(x, XLSX_TOO_LARGE, 0, 0);
    }
}

/* Other programs' documents are ZIP archives too. */
static const char *other_archive(const struct xlsx *x)
{
    static const struct {
        const char *part, *why;
    } others[] = {
        {"xl/workbook.bin",
         N_("This is a binary Excel file (.xlsb). Save it as .xlsx and try again.")},
        {"word/document.xml",
         N_("This is a Word document, not a spreadsheet. Copy its table into Excel, save it as "
            ".xlsx and try again.")},
        {"ppt/presentation.xml",
         N_("This is a PowerPoint presentation, not a spreadsheet. Use an .xlsx or .csv file.")},
        {"content.xml", N_("This is an OpenDocument file (.ods). Save it as .xlsx and try again.")},
        {"Index/Document.iwa",
         N_("This is an Apple Numbers or Pages file. Export it as .xlsx and try again.")},
    };
    if (xlsx_part_find(x, "xl/workbook.xml") >= 0)
        return NULL;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (xlsx_part_find(x, others[i].part) >= 0)
            return others[i].why;
    return xlsx_part_find(x, "_rels/.rels") >= 0
               ? NULL
               : N_("This is a ZIP archive, not a spreadsheet. Unpack it and choose the .xlsx or "
                    ".csv file inside.");
}

/* Opens the archive; refuses it if its unpacked size is too large. */
static bool open_archive(struct xlsx *x, const void *data, size_t size)
{
    zip_error_t error;
    zip_error_init(&error);
    x->bytes = zip_source_buffer_create(data, size, 0, &error);
    x->zip = x->bytes ? zip_open_from_source(x->bytes, ZIP_RDONLY, &error) : NULL;
    if (!x->zip) {
        zip_source_free(x->bytes);
        zip_error_fini(&error);
        return sheet_fail(x->sheet, XLSX_DAMAGED, 0, 0);
    }
    zip_error_fini(&error);
    zip_int64_t count = zip_get_num_entries(x->zip, 0);
    zip_uint64_t total = 0;
    if (count > 10000)
        return sheet_fail(x->sheet, XLSX_TOO_LARGE, 0, 0);
    for (zip_int64_t i = 0; i < count; i++) {
        zip_stat_t st;
        if (zip_stat_index(x->zip, (zip_uint64_t)i, 0, &st) || !(st.valid & ZIP_STAT_SIZE) ||
            !(st.valid & ZIP_STAT_COMP_SIZE))
            return sheet_fail(x->sheet, XLSX_DAMAGED, 0, 0);
        if ((st.valid & ZIP_STAT_ENCRYPTION_METHOD) && st.encryption_method != ZIP_EM_NONE)
            return sheet_fail(x->sheet, LOCKED, 0, 0);
        if (st.size > SHEET_UNPACKED || (total += st.size) > SHEET_UNPACKED ||
            (st.size > (1 << 20) && st.size / SHEET_RATIO > st.comp_size))
            return sheet_fail(x->sheet, XLSX_TOO_LARGE, 0, 0);
    }
    return true;
}

/* The sheets from which rows can be read: the visible ones; if none is visible,
 * the hidden ones. */
static bool sheets_keep(struct xlsx *x)
{
    bool visible = false;
    int kept = 0;
    for (int i = 0; i < x->sheet_count; i++)
        visible = visible || (*x->sheets[i].part && !x->sheets[i].hidden);
    for (int i = 0; i < x->sheet_count; i++)
        if (*x->sheets[i].part && (!visible || !x->sheets[i].hidden))
            x->sheets[kept++] = x->sheets[i];
    x->sheet_count = kept;
    return kept > 0 || sheet_fail(x->sheet, NO_SHEET, 0, 0);
}

static bool part_read_if(struct xlsx *x, const char *name, XML_StartElementHandler start,
                         XML_EndElementHandler end, XML_CharacterDataHandler text)
{
    return xlsx_part_find(x, name) < 0 || xlsx_part_read(x, name, start, end, text);
}

static bool read_book(struct xlsx *x)
{
    if (!part_read_if(x, "_rels/.rels", relation, NULL, NULL))
        return false;
    if (!*x->book)
        snprintf(x->book, XLSX_PART_NAME, "xl/workbook.xml");
    if (!xlsx_part_read(x, x->book, book_element, NULL, NULL))
        return false;
    char relations[2 * XLSX_PART_NAME];
    const char *slash = strrchr(x->book, '/');
    int folder = slash ? (int)(slash - x->book + 1) : 0;
    snprintf(relations, sizeof relations, "%.*s_rels/%s.rels", folder, x->book, x->book + folder);
    if (!xlsx_part_read(x, relations, relation, NULL, NULL) || !sheets_keep(x))
        return false;
    if (*x->styles_part && !part_read_if(x, x->styles_part, style_element, style_end, NULL))
        return false;
    if (*x->texts_part && !part_read_if(x, x->texts_part, text_start, text_end, text_data))
        return false;
    x->unpacked_book = x->unpacked;
    return true;
}

bool xlsx_book_open(struct xlsx *x, const void *data, size_t size)
{
    x->styles = must_alloc(XLSX_STYLES * sizeof *x->styles);
    x->sheets = must_alloc(XLSX_SHEETS * sizeof *x->sheets);
    buf_init(&x->texts, TEXTS_MOST);
    if (!open_archive(x, data, size))
        return false;
    const char *other = other_archive(x);
    return other ? sheet_fail(x->sheet, other, 0, 0) : read_book(x);
}
