/* Spreadsheets: real files are read whole, odd files are refused with a reason, what is exported
 * comes back equal. */
#include "base/buf.h"
#include "base/write.h"
#include "kind/sheet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

static struct arena *arena;

static int setup(void **state)
{
    (void)state;
    arena = arena_new();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

struct part {
    const char *name, *data;
    size_t size;
};

/* Packs parts into a zip archive in memory; the caller frees it. */
static char *pack(const struct part *parts, int count, size_t *size)
{
    zip_error_t error;
    zip_source_t *out = zip_source_buffer_create(NULL, 0, 0, &error);
    zip_t *zip = zip_open_from_source(out, ZIP_TRUNCATE, &error);
    assert_non_null(zip);
    zip_source_keep(out);
    for (int i = 0; i < count; i++) {
        size_t n = parts[i].size ? parts[i].size : strlen(parts[i].data);
        assert_true(
            zip_file_add(zip, parts[i].name, zip_source_buffer(zip, parts[i].data, n, 0), 0) >= 0);
    }
    assert_int_equal(zip_close(zip), 0);
    assert_int_equal(zip_source_open(out), 0);
    zip_source_seek(out, 0, SEEK_END);
    *size = (size_t)zip_source_tell(out);
    zip_source_seek(out, 0, SEEK_SET);
    char *bytes = must_alloc(*size);
    assert_int_equal(zip_source_read(out, bytes, *size), (zip_int64_t)*size);
    zip_source_close(out);
    zip_source_free(out);
    return bytes;
}

#define REL "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
static const char STYLES[] =
    "<styleSheet><numFmts><numFmt numFmtId='170' formatCode='yyyy\"年\"m\"月\"'/>"
    "<numFmt numFmtId='171' formatCode='0.0\"days\"'/><numFmt numFmtId='172' "
    "formatCode='0000000;@'/></numFmts><cellStyleXfs><xf "
    "numFmtId='14'/></cellStyleXfs>"
    "<cellXfs><xf numFmtId='0'/><xf numFmtId='22'/><xf numFmtId='170'/><xf "
    "numFmtId='171'/><xf numFmtId='172'/></cellXfs></styleSheet>";

static char *workbook(const char *sheet, size_t sheet_size, const char *texts, size_t *size)
{
    const struct part parts[] = {
        {"_rels/.rels",
         "<Relationships><Relationship Id='a' Type='" REL
         "/officeDocument' Target='xl/workbook.xml'/></Relationships>",
         0},
        {"xl/workbook.xml",
         "<workbook xmlns:r='" REL "'><sheets><sheet name='h' state='hidden' r:id='r9'/>"
         "<sheet name='a' r:id='r1'/></sheets></workbook>",
         0},
        {"xl/_rels/workbook.xml.rels",
         "<Relationships><Relationship Id='r1' Type='" REL
         "/worksheet' Target='worksheets/sheet1.xml'/>"
         "<Relationship Id='r2' Type='" REL "/sharedStrings' Target='/xl/sharedStrings.xml'/>"
         "<Relationship Id='r3' Type='" REL "/styles' Target='styles.xml'/></Relationships>",
         0},
        {"xl/styles.xml", STYLES, 0},
        {"xl/sharedStrings.xml", texts ? texts : "<sst/>", 0},
        {"xl/worksheets/sheet1.xml", sheet, sheet_size},
    };
    return pack(parts, sizeof parts / sizeof *parts, size);
}

/* The whole sheet as text: "row|cell|cell" lines, numbers with #, dates with @; a refusal as "!
 * cell why". */
static char *listing(const void *data, size_t size)
{
    struct buf out;
    buf_init(&out, 0);
    const char *why, *cell = "";
    struct sheet *s = sheet_open(arena, data, size, &why);
    struct sheet_row row;
    while (s && sheet_next(s, &row)) {
        buf_int(&out, row.number);
        for (int i = 0; i < row.count; i++) {
            const struct sheet_cell *c = &row.cells[i];
            assert_int_equal(strlen(c->text), c->size);
            plain(&out, "|{}{}", c->is_date ? "@" : c->is_number ? "#" : "", c->text);
        }
        if (row.why) {
            char name[16];
            sheet_cell_name(name, row.number, row.why_column);
            plain(&out, " ({}: {})", (const char *)name, row.why);
        }
        buf_putc(&out, '\n');
    }
    if (!s || sheet_status(s, &why, &cell) != OK)
        plain(&out, "! {} {}", cell, why);
    char *text = arena_copy(arena, out.data);
    sheet_close(s);
    buf_release(&out);
    return text;
}

static void reads_csv(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        size_t size;
        const char *out;
    } cases[] = {
        {"", 0, ""},
        {"\xEF\xBB\xBF姓名,电话\r\n张三,013\r\n", 0, "1|姓名|电话\n2|张三|013\n"},
        {"a;b,c;d\n1;2,5;3\n", 0, "1|a|b,c|d\n2|#1|2,5|#3\n"},
        {"a\tb\n-1.5\t=x", 0, "1|a|b\n2|#-1.5|=x\n"},
        {"\"a\"\"b\r\nc\",d\n\n,,\n'=1+1,'x\n", 0, "1|a\"b\r\nc|d\n4|=1+1|'x\n"},
        {"a\rb\r", 0, "1|a\n2|b\n"},
        {"\xD0\xD5\xC3\xFB,\xB5\xE7\xBB\xB0\n", 0, "1|姓名|电话\n"},
        {"\xFF\xFE"
         "a\0,\0b\0",
         8, "1|a|b\n"},
        {"a\0b", 3, "!  This file is not a CSV or XLSX spreadsheet."},
        {"ok,\xE5\x88\xFF\xFF", 0,
         "!  The file encoding is neither UTF-8 nor GB18030. Save it as UTF-8 and try again."},
        {"\xEF\xBB\xBFok,\xE5\x88", 0,
         "!  The file encoding is neither UTF-8 nor GB18030. Save it as UTF-8 and try again."},
        {" [\n {\"date\":\"2026-01-01\"}]", 0,
         "!  This is a JSON file, not a spreadsheet. Use .xlsx or .csv, or import JSON holidays on "
         "the holiday calendar page."},
        {"{\"days\":[]}", 0,
         "!  This is a JSON file, not a spreadsheet. Use .xlsx or .csv, or import JSON holidays on "
         "the holiday calendar page."},
        {"[a],{b}\n", 0, "1|[a]|{b}\n"},
        {"sep=;\r\na;b,c\r\n1;2\r\n", 0, "2|a|b,c\n3|#1|#2\n"},
        {"名册\na;b,c;d\n", 0, "1|名册\n2|a|b,c|d\n"},
        {"\t138,\"=\"\"138\"\"\",'138,=\"007\",'=\"a\",'90s,''139,=\"a\"&\"b\"\n", 0,
         "1|\t138|#138|#138|007|=\"a\"|'90s|'139|=\"a\"&\"b\"\n"},
        {"\xEF\xBB\xBF <HTML><table>", 0,
         "!  This file is named like an Excel file but contains a web page (HTML). Open it in "
         "Excel, save it as .xlsx and try again."},
        {"<?xml version='1.0'?><Workbook>", 0,
         "!  This file is named like an Excel file but contains XML. Open it in Excel, save it as "
         ".xlsx and try again."},
        {"%PDF-1.7", 0, "!  This is a PDF file, not a spreadsheet. Use an .xlsx or .csv file."},
        {"a,b\nc,\"d\n", 0, "1|a|b\n! B2 Unclosed quotation mark in this cell."},
        {"a,=\"\"\n=\"\"\nb\n", 0, "1|a\n3|b\n"},
        {"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 0,
         "!  This is not a spreadsheet. Use an .xlsx or .csv file."},
        {"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1W\0o\0r\0k\0b\0o\0o\0k\0", 24,
         "!  This is an old-format Excel file (.xls). Save it as .xlsx and try again."},
        {"\xD0\xCF\x11\xE0"
         "E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e\0",
         36, "!  This Excel file is password-protected. Save it without a password and try again."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(
            listing(cases[i].in, cases[i].size ? cases[i].size : strlen(cases[i].in)),
            cases[i].out);
}

#define SHEET(rows) "<x:worksheet xmlns:x='m'><x:sheetData>" rows "</x:sheetData></x:worksheet>"
static const struct {
    const char *sheet, *texts, *out;
} workbooks[] = {
    {SHEET(""), NULL, ""},
    {SHEET("<x:row r='2'><x:c r='A2' s='1'/></x:row><x:row r='5'><x:c r='B5' "
           "t='s'><x:v>1</x:v></x:c></x:row>"),
     "<sst><si><t>no</t></si><si><r><t>多 "
     "</t></r><r><t>段</t></r><rPh><t>x</t></rPh></si></sst>",
     "5||多 段\n"},
    {SHEET("<x:row><x:c t='inlineStr'><x:is><x:t>a_x000D_b</x:t></x:is></x:c><x:c "
           "t='b'><x:v>1</x:v></x:c>"
           "<x:c t='e'><x:v>#REF!</x:v></x:c><x:c "
           "t='str'><x:f>A1</x:f><x:v>=f</x:v></x:c></x:row>"),
     NULL, "1|a\rb|TRUE|#REF!|=f\n"},
    {SHEET("<x:row r='1'><x:c s='1'><x:v>43831.5</x:v></x:c><x:c s='2'><x:v>59</x:v></x:c><x:c "
           "s='3'><x:v>2759</x:v></x:c>"
           "<x:c s='0'><x:v>1E3</x:v></x:c><x:c s='2'><x:v>61</x:v></x:c></x:row>"),
     NULL, "1|@2020-01-01 12:00:00|@1900-02-28|#2759|#1000|@1900-03-01\n"},
    {SHEET("<x:row r='1'><x:c><x:v>1.3812345601E10</x:v></x:c><x:c><x:v>2.0</x:v></x:c>"
           "<x:c><x:v>1.1000000000000001</x:v></x:c><x:c><x:v>8.1999999999999993</x:v></x:c>"
           "<x:c><x:v>4.41202001001E11</x:v></x:c><x:c s='4'><x:v>7</x:v></x:c>"
           "<x:c s='4'><x:v>-7.0</x:v></x:c><x:c><x:v>441202196503051234</x:v></x:c>"
           "<x:c><x:v>NaN</x:v></x:c><x:c><x:v>-0.5</x:v></x:c></x:row>"),
     NULL,
     "1|#13812345601|#2|#1.1|#8.2|#441202001001|#0000007|#-0000007|#441202196503051234|#NUM!|"
     "#-0.5\n"},
    {SHEET("<x:row r='1'><x:c r='B1'><x:is><x:t>no type</x:t></x:is></x:c><x:c "
           "r='A1'><x:v>1</x:v></x:c></x:row><x:row r='1'><x:c><x:f>A1+1</x:f></x:c><x:c "
           "t='str'><x:f>A1</x:f><x:v></x:v></x:c></x:row>"),
     NULL, "1|#1|no type\n1|#RESULT?\n"},
    {SHEET("<x:row r='3'><x:c><x:v>3</x:v></x:c></x:row><x:row r='1'><x:c><x:v>1</x:v></x:c>"
           "</x:row><x:row r='2'><x:c><x:v>2</x:v></x:c></x:row>"),
     NULL, "1|#1\n2|#2\n3|#3\n"},
    {"<worksheet><sheetData><row r='1'><c><v>1</v></c><c><v>5</v></c></row><row "
     "r='2'><c/><c><v>6</v></c></row><row r='3'/><row r='4'><c r='C4'><v>9</v></c></row><row "
     "r='5'><c r='B5'><v>7</v></c></row></sheetData><mergeCells><mergeCell ref='A1:A4'/>"
     "<mergeCell ref='C4:D5'/></mergeCells></worksheet>",
     NULL, "1|#1|#5\n2|#1|#6\n4|#1||#9\n5||#7|#9\n"},
    {SHEET("<x:row r='1'><x:c><x:v>1</x:v></x:c><x:c r='SS1' t='inlineStr'><x:is><x:t> "
           "</x:t></x:is></x:c></x:row>"),
     NULL, "1|#1\n"},
    {SHEET("<x:row r='1'><x:c r='B1' t='s'><x:v>7</x:v></x:c></x:row>"), NULL,
     "! B1 The Excel file is damaged and can’t be read."},
    {SHEET("<x:row><x:c t='s'><x:v>0</x:v></x:c></x:row>"), "<sst><si><t>a</t></si><t>b</t></sst>",
     "1|a\n"},
    {SHEET("<x:row><x:c t='s'><x:v>0</x:v></x:c></x:row>"), "<sst><si><si><t>a</t></si></si></sst>",
     "!  The Excel file is damaged and can’t be read."},
    {SHEET("<x:row r='1'><x:c r='SS1'><x:v>7</x:v></x:c></x:row>"), NULL,
     "! SS1 The spreadsheet has too many columns."},
    {SHEET("<x:row r='1100001'/>"), NULL, "! A1 The spreadsheet has too many rows."},
    {SHEET("<x:row r='1'>"), NULL, "!  The Excel file is damaged and can’t be read."},
    {"<!DOCTYPE a [<!ENTITY b 'bb'><!ENTITY c '&b;&b;'>]><worksheet>&c;</worksheet>", NULL,
     "!  The Excel file contains declarations that are not allowed (DOCTYPE)."},
    {SHEET(""), "<!DOCTYPE a [<!ENTITY b 'bb'>]><sst><si><t>&b;</t></si></sst>",
     "!  The Excel file contains declarations that are not allowed (DOCTYPE)."},
};

static void reads_xlsx(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof workbooks / sizeof *workbooks; i++) {
        size_t size;
        char *bytes = workbook(workbooks[i].sheet, 0, workbooks[i].texts, &size);
        assert_string_equal(listing(bytes, size), workbooks[i].out);
        free(bytes);
    }
}

/* What Excel opens, and what is not one of its files. */
static void reads_odd_workbooks(void **state)
{
    (void)state;
#define RELS(target) \
    "<Relationships><Relationship Id='r1' Type='" REL "/worksheet' Target='" target \
    "'/><Relationship Id='c1' Type='" REL "/chartsheet' Target='chart.xml'/>" \
    "<Relationship Id='r2' Type='" REL "/worksheet' Target='worksheets/two.xml'/>" \
    "<Relationship Id='t' Type='" REL "/sharedStrings' Target='sharedStrings.xml'/>" \
    "<Relationship Id='s' Type='" REL "/styles' Target='styles.xml'/></Relationships>"
#define BOOK \
    "<workbook xmlns:r='" REL "'><workbookPr date1904='1'/><sheets><sheet name='chart' " \
    "r:id='c1'/><sheet name='one' state='show' r:id='r1'/><sheet name='two' r:id='r2'/>" \
    "</sheets></workbook>"
#define ONE \
    "<worksheet><sheetData><row r='1'><c t='s'><v>0</v></c><c><v>45017</v></c></row>" \
    "</sheetData></worksheet>"
#define TWO "<worksheet><sheetData><row r='7'><c><v>2</v></c></row></sheetData></worksheet>"
    const struct part cases[][6] = {
        {{"_RELS\\.rels", "<Relationships/>", 0},
         {"xl\\Workbook.xml", BOOK, 0},
         {"xl\\_rels\\workbook.xml.rels", RELS("worksheets\\one.xml"), 0},
         {"xl\\Worksheets\\One.xml", ONE, 0},
         {"xl\\SharedStrings.xml", "<sst><si><t>text</t></si></sst>", 0},
         {"xl\\worksheets\\TWO.xml", TWO, 0}},
    };
    size_t size;
    char *bytes = pack(cases[0], 6, &size);
    assert_string_equal(listing(bytes, size), "1|text|#45017\n");
    const char *why;
    struct sheet_row row;
    struct sheet *s = sheet_open(arena, bytes, size, &why);
    assert_non_null(s);
    assert_int_equal(sheet_count(s), 2);
    assert_string_equal(sheet_name(s, 0), "one");
    assert_string_equal(sheet_name(s, 1), "two");
    for (int again = 0; again < 2; again++) {
        assert_true(sheet_turn(s, 1));
        assert_true(sheet_next(s, &row));
        assert_int_equal(row.number, 7);
        assert_false(sheet_next(s, &row));
    }
    assert_false(sheet_turn(s, 2));
    assert_true(sheet_turn(s, 0));
    assert_true(sheet_next(s, &row));
    assert_string_equal(row.cells[0].text, "text");
    sheet_close(s);
    free(bytes);
    static const struct {
        const char *part, *what;
    } others[] = {{"content.xml", ".ods"},
                  {"word/document.xml", "Word"},
                  {"xl/workbook.bin", ".xlsb"},
                  {"readme.txt", "ZIP archive"}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        bytes = pack(&(struct part){others[i].part, "<a/>", 0}, 1, &size);
        assert_non_null(strstr(listing(bytes, size), others[i].what));
        free(bytes);
    }
}

/* Day 0 of such a workbook is 1 January 1904. */
static void reads_dates_since_1904(void **state)
{
    (void)state;
    size_t size;
    const struct part mac[] = {
        {"_rels/.rels", "<Relationships/>", 0},
        {"xl/workbook.xml", BOOK, 0},
        {"xl/_rels/workbook.xml.rels", RELS("worksheets/one.xml"), 0},
        {"xl/styles.xml", STYLES, 0},
        {"xl/worksheets/one.xml",
         "<worksheet><sheetData><row r='1'><c s='1'><v>45017.25</v></c><c s='2'><v>0</v></c></row>"
         "</sheetData></worksheet>",
         0},
        {"xl/worksheets/two.xml", TWO, 0}};
    char *bytes = pack(mac, 6, &size);
    assert_string_equal(listing(bytes, size), "1|@2027-04-02 06:00:00|@1904-01-01\n");
    free(bytes);
}

static void refuses_bombs_and_fragments(void **state)
{
    (void)state;
    size_t size, big = (size_t)32 << 20;
    char *spaces = must_alloc(big);
    memset(spaces, ' ', big);
    char *bytes = workbook(spaces, big, NULL, &size);
    free(spaces);
    assert_true(size < big / 100);
    assert_string_equal(listing(bytes, size), "!  The Excel file is too large once decompressed.");
    free(bytes);
    bytes = workbook(SHEET("<x:row><x:c><x:v>1</x:v></x:c></x:row>"), 0, NULL, &size);
    for (size_t n = 4; n < size; n++)
        assert_non_null(strstr(listing(bytes, n), "! "));
    assert_string_equal(listing(bytes, size), "1|#1\n");
    free(bytes);
    assert_string_equal(listing("PK\3\4 this is no archive", 24),
                        "!  The Excel file is damaged and can’t be read.");
}

static void limits_a_cell(void **state)
{
    (void)state;
    char *text = must_alloc(SHEET_CELL + 5);
    memcpy(text, "a,\n,", 4);
    memset(text + 4, 'x', SHEET_CELL);
    const char *out = listing(text, SHEET_CELL + 4);
    assert_null(strstr(out, "!"));
    text[SHEET_CELL + 4] = 'x';
    assert_string_equal(listing(text, SHEET_CELL + 5),
                        "1|a\n2 (B2: The text in this cell is too long.)\n");
    free(text);
}

static void comes_back_equal(void **state)
{
    (void)state;
    static const char *const texts[] = {"=1+1",     "+86 10",     "-5",  "@x",       "张三",
                                        "a\"b,c;d", "line\nline", " a ", "007",      "'",
                                        "_x0041_",  "_x_x4E00_x", "<&>", "a\rb\x01", "a\tb",
                                        "'138",     "=\"138\"",   "'90s"};
    static const char *const titles[] = {"编号", "text"};
    for (int format = SHEET_CSV; format <= SHEET_XLSX; format++) {
        struct sheet_writer *w = sheet_write_open((enum sheet_format)format);
        sheet_write_header(w, titles, 2);
        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
            sheet_write_int(w, (int64_t)i - 3);
            sheet_write_text(w, texts[i]);
            sheet_write_real(w, 0.1 * (double)i);
            sheet_write_time(w, 1767225600 + (int64_t)i);
            sheet_write_int(w, NONE);
            sheet_write_date(w, 1767225600);
            sheet_write_row(w);
        }
        size_t size;
        const char *why;
        char *bytes = sheet_write_close(w, &size, &why);
        assert_null(why);
        assert_non_null(bytes);
        if (format == SHEET_CSV) {
            assert_non_null(strstr(bytes, ",'=1+1,"));
            assert_non_null(strstr(bytes, "\r\n-3,"));
        }
        struct sheet *s = sheet_open(arena, bytes, size, &why);
        struct sheet_row row;
        assert_non_null(s);
        assert_true(sheet_next(s, &row));
        assert_string_equal(row.cells[0].text, "编号");
        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
            assert_true(sheet_next(s, &row));
            assert_int_equal(row.count, 6);
            assert_true(row.cells[0].is_number);
            assert_int_equal((int)row.cells[0].number, (int)i - 3);
            assert_string_equal(row.cells[1].text, texts[i]);
            double real = strtod(row.cells[2].text, NULL), wanted = 0.1 * (double)i;
            if (format == SHEET_CSV)
                assert_memory_equal(&real, &wanted, sizeof real);
            else /* 16 digits in XLSX */
                assert_true(real - wanted < 1e-15 && wanted - real < 1e-15);
            char time[32];
            sheet_time_text(time, 1767225600 + (int64_t)i, i > 0 || format == SHEET_CSV);
            assert_string_equal(row.cells[3].text, time);
            assert_int_equal(row.cells[4].size, 0);
            assert_string_equal(row.cells[5].text, "2026-01-01");
        }
        assert_false(sheet_next(s, &row));
        assert_int_equal(sheet_status(s, NULL, NULL), OK);
        sheet_close(s);
        free(bytes);
    }
}

static void reads_real_files(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int rows, columns;
        const char *title;
    } files[] = {
        {"messages-with-replies.xlsx", 2816, 7, "留言编号"},
        {"messages-labelled.xlsx", 495, 6, "留言编号"},
        {"category-tree.xlsx", 517, 3, "一级分类"},
    };
    const char *root = getenv("LINLI_ROOT");
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        FILE *f = fopen(
            arena_print(arena, "%s/../shared/data/%s", root ? root : ".", files[i].name), "rb");
        if (!f)
            f = fopen(
                arena_print(arena, "%s/../../shared/data/%s", root ? root : ".", files[i].name),
                "rb");
        if (!f)
            skip();
        struct buf data;
        buf_init(&data, 0);
        char piece[65536];
        for (size_t n; (n = fread(piece, 1, sizeof piece, f)) > 0;)
            buf_put(&data, piece, n);
        fclose(f);
        const char *why;
        struct sheet *s = sheet_open(arena, data.data, data.size, &why);
        struct sheet_row row;
        int rows = 0;
        assert_non_null(s);
        assert_true(sheet_next(s, &row));
        assert_int_equal(row.count, files[i].columns);
        assert_string_equal(row.cells[0].text, files[i].title);
        while (sheet_next(s, &row))
            rows++;
        assert_int_equal(sheet_status(s, &why, NULL), OK);
        assert_int_equal(rows, files[i].rows);
        sheet_close(s);
        buf_release(&data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_csv),
        cmocka_unit_test(reads_xlsx),
        cmocka_unit_test(reads_odd_workbooks),
        cmocka_unit_test(reads_dates_since_1904),
        cmocka_unit_test(refuses_bombs_and_fragments),
        cmocka_unit_test(limits_a_cell),
        cmocka_unit_test(comes_back_equal),
        cmocka_unit_test(reads_real_files),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
