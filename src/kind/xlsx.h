/*
 * XLSX reading: the parts of a workbook, shared by xlsx_book.c (archive,
 * relations, styles, shared texts) and xlsx.c (the rows of a sheet).
 */
#ifndef LINLI_KIND_XLSX_H
#define LINLI_KIND_XLSX_H

#include "kind/sheet.h"

#include "base/buf.h"
#include "base/ctx.h"

#include <expat.h>
#include <zip.h>

#define XLSX_PART_NAME 256
#define XLSX_SHEETS    256 /* sheets of a workbook; the rest is not offered */
#define XLSX_STYLES    65536
#define XLSX_MERGES    100000 /* merged ranges of a sheet; the rest is not filled down */

/* Rows and column of a range that is one cell over several rows. */
struct xlsx_merge {
    int from, to, column;
    char *text; /* of its first row, once that has been read */
    struct sheet_cell cell;
};

struct xlsx_sheet {
    char name[128], id[64], part[XLSX_PART_NAME];
    bool hidden;
    bool scanned, disordered; /* what a first pass over it found */
    struct xlsx_merge *merges;
    int merge_count;
};

/* How a number with this style is shown, as far as it matters: as a date, or with leading
 * zeros. */
struct xlsx_style {
    bool is_date;
    unsigned char zeros;
};

enum xlsx_place { NOWHERE, TEXT_VALUE, TEXT_INLINE };

/* A row that was kept to be sorted. */
struct xlsx_kept {
    int number, count;
    struct sheet_cell *cells;
    const char *why;
    int why_column;
};

struct xlsx {
    struct sheet *sheet;
    zip_t *zip;
    zip_source_t *bytes;
    zip_file_t *file;
    XML_Parser parser;
    size_t unpacked, unpacked_book, fed, part_size;
    bool suspended, ended, stopped;

    char book[XLSX_PART_NAME], texts_part[XLSX_PART_NAME], styles_part[XLSX_PART_NAME];
    bool since_1904;
    struct xlsx_sheet *sheets; /* the visible ones; when none is, the hidden ones */
    int sheet_count, at;

    struct buf texts; /* shared texts, each with its NUL */
    size_t *text_starts;
    size_t text_count, text_room;
    bool in_text, reading_text; /* inside <si>, inside its <t> */
    int phonetic;

    struct xlsx_style *styles;
    int style_count;
    bool in_formats;
    struct {
        int id;
        struct xlsx_style style;
    } formats[1024];
    int format_count;

    int row, column, used, style;
    char type;            /* n, s (shared), i (inline or formula text), b, d, e */
    bool formula, valued; /* the cell has a formula, a value */
    enum xlsx_place place;
    int too_long; /* a column of this row whose text is too long; -1 */
    bool row_ready;
    struct buf value; /* the cell being read */
    struct buf row_text;
    struct sheet_cell cells[SHEET_COLUMNS];
    size_t starts[SHEET_COLUMNS];
    bool own[SHEET_COLUMNS]; /* the text lies in row_text at starts[] */

    struct xlsx_merge *active[SHEET_COLUMNS]; /* the range under way in each column; NULL */
    int merge_next, merged;                   /* how many are under way */

    struct arena *kept_arena; /* of a sheet whose rows are out of order */
    struct xlsx_kept *kept;
    int kept_count, kept_room, kept_at;
};

extern const char XLSX_DAMAGED[], XLSX_TOO_LARGE[];

/* ---- xlsx_book.c ---- */
void xlsx_stop(struct xlsx *x, const char *why, int row, int column);
const char *xlsx_local(const char *name); /* an XML name without its prefix */
const char *xlsx_attribute(const char **attributes, const char *name);
bool xlsx_truth(const char *s);
/* Whole numbers of attributes; -1 for anything else. */
long xlsx_whole(const char *s, long most);
/* "_x000D_" stands for a character that XML cannot hold. Decodes in place and returns the length.
 */
size_t xlsx_unescape(char *s, size_t n);
/* The archive's entry of that name, whatever its case and slashes; -1: there is none. */
zip_int64_t xlsx_part_find(const struct xlsx *x, const char *name);
bool xlsx_part_start(struct xlsx *x, const char *name, XML_StartElementHandler start,
                     XML_EndElementHandler end, XML_CharacterDataHandler text);
void xlsx_part_end(struct xlsx *x);
/* Parses on until the parser is suspended or the part ends; false when something is wrong. */
bool xlsx_parse_on(struct xlsx *x);
bool xlsx_part_read(struct xlsx *x, const char *name, XML_StartElementHandler start,
                    XML_EndElementHandler end, XML_CharacterDataHandler text);
/* Opens the archive, refuses it if it would unpack to too much, and reads all parts except the
 * sheets. */
bool xlsx_book_open(struct xlsx *x, const void *data, size_t size);

#endif
