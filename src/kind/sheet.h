/*
 * Tables in files: reading CSV and XLSX from bytes in memory, and writing them.
 *
 * The reader streams: a row at a time, so a file of a million rows costs the
 * memory of its shared texts and one row. Files come from outside and are
 * bounded: rows, columns, text in a cell, unpacked size, packing ratio; XML
 * with a DOCTYPE (entities) is refused. Messages are English texts for tr().
 *
 * Reader:  s = sheet_open(arena, bytes, size, &why);
 *          while (sheet_next(s, &row)) …;
 *          if (sheet_status(s, &why, &cell) != OK) …;  sheet_close(s);
 * Writer:  w = sheet_write_open(SHEET_XLSX);
 *          sheet_write_text(w, …) …; sheet_write_row(w); …
 *          bytes = sheet_write_close(w, &size, &why);
 */
#ifndef LINLI_KIND_SHEET_H
#define LINLI_KIND_SHEET_H

#include "base/arena.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define SHEET_ROWS     1100000 /* highest row number */
#define SHEET_COLUMNS  512
#define SHEET_CELL     ((size_t)64 << 10)  /* bytes of text in a cell */
#define SHEET_UNPACKED ((size_t)512 << 20) /* bytes of all parts of an XLSX file together */
#define SHEET_RATIO    200                 /* unpacked to packed, for parts above 1 MiB */

struct sheet;

struct sheet_cell {
    const char
        *text;   /* UTF-8, never NULL; "" is an empty cell. In XLSX a whole number below 2^53 is its
                    digits, a fraction has at most 15; a date is "2026-01-31" or "2026-01-31
                    08:30:00", a boolean "TRUE" or "FALSE", an error "#N/A", a formula that was
                    never computed SHEET_NO_RESULT. In CSV a number is as it is written. */
    size_t size; /* bytes of text */
    double number;  /* with is_number; a date's serial day in the 1900 system */
    bool is_number; /* in CSV: written as a plain decimal of at most 15 digits, without leading
                       zeros */
    bool is_date;   /* a number shown as a date (XLSX only) */
};

struct sheet_row {
    int number; /* as the spreadsheet program shows it, from 1; in CSV the record, blank ones
                   counted */
    int count;  /* cells up to the last one with content */
    const struct sheet_cell *cells; /* by column from 0; valid until the next call */
    const char *why; /* why a cell is empty although it has content: its text is longer than
                        SHEET_CELL; otherwise NULL */
    int why_column;
};

/*
 * Opens XLSX (by its zip signature; the first visible sheet) or CSV: UTF-8 or UTF-16 by mark,
 * UTF-8, else GB18030; separated by comma, semicolon or tab. data must outlive the sheet. NULL:
 * *why says what is wrong.
 */
extern const char SHEET_NO_RESULT[];
struct sheet *sheet_open(struct arena *a, const void *data, size_t size, const char **why);
/* The sheets from which rows can be read, in the workbook's order, and their names. A CSV file
 * has one without a name. */
int sheet_count(const struct sheet *s);
const char *sheet_name(const struct sheet *s, int which);
bool sheet_is_text(const struct sheet *s); /* CSV: cells without formats */
/* Starts at the first row of that sheet, even if it is the current one. false as for
 * sheet_next. */
bool sheet_turn(struct sheet *s, int which);
/* The next row with content; false at the end or after an error (see sheet_status). */
bool sheet_next(struct sheet *s, struct sheet_row *row);
/* OK, or INVALID with *why and the cell it is about ("C12", or "" for the whole file); either may
 * be NULL. */
enum status sheet_status(const struct sheet *s, const char **why, const char **cell);
/* How much of the file is read, from 0 to 1. */
double sheet_done(const struct sheet *s);
void sheet_close(struct sheet *s); /* NULL is allowed */

/* Converts a serial day of the 1900 system to seconds since 1970 in the same local time; false
 * outside the years 1900 to 9999. */
bool sheet_serial_time(double serial, int64_t *seconds);
/* "2026-01-31" or "2026-01-31 08:30:00" for seconds since 1970 on the wall clock. */
void sheet_time_text(char text[32], int64_t wall, bool with_time);
/* "A1" for row 1, column 0. */
void sheet_cell_name(char name[16], int row, int column);

enum sheet_format { SHEET_CSV, SHEET_XLSX };
struct sheet_writer;

/*
 * CSV has a UTF-8 mark and CR LF. A text that a spreadsheet would take for a formula (it starts
 * with = + - @ tab or CR, or is a number after ', after any number of ') gets a ' in front,
 * which the reader removes again. In XLSX texts are always texts. The first error (a text too
 * long, too many rows) is reported by sheet_write_close.
 */
struct sheet_writer *sheet_write_open(enum sheet_format format);
void sheet_write_header(struct sheet_writer *w, const char *const *titles,
                        int count);                           /* a row in bold */
void sheet_write_text(struct sheet_writer *w, const char *s); /* NULL: empty cell */
void sheet_write_int(struct sheet_writer *w, int64_t v);      /* NONE: empty cell */
void sheet_write_real(struct sheet_writer *w,
                      double v); /* not finite: empty cell; XLSX keeps 16 digits */
void sheet_write_date(struct sheet_writer *w,
                      int64_t wall); /* seconds since 1970 on the wall clock; NONE: empty */
void sheet_write_time(struct sheet_writer *w, int64_t wall); /* the same, with the time of day */
void sheet_write_row(struct sheet_writer *w);                /* ends the row */
/* XLSX: begins a sheet of this name; without, there is one whose name Excel knows. */
void sheet_write_name(struct sheet_writer *w, const char *name);
/* XLSX: how wide a column of the sheet is, in characters, and what the cells below its heading
 * offer to choose from (words: ended by NULL; NULL: nothing). They also take other texts. More than
 * Excel can hold is not offered. */
void sheet_write_column(struct sheet_writer *w, int column, int width, const char *const *words);
/* Hands what there is of a CSV to the file, so that a long one takes no memory; false when it can't
 * be written. */
bool sheet_write_flush(struct sheet_writer *w, FILE *to);
/* Ends the file and frees w: the rest of the bytes for the caller to free(), or NULL with *why. */
char *sheet_write_close(struct sheet_writer *w, size_t *size, const char **why);

/* Inside src/kind only: shared by sheet.c, xlsx.c and csv.c. */
struct sheet_source {
    bool (*next)(void *self, struct sheet_row *row);
    bool (*turn)(void *self, int which);
    int (*count)(const void *self);
    const char *(*name)(const void *self, int which);
    double (*done)(const void *self);
    void (*close)(void *self);
};
struct sheet {
    const struct sheet_source *source;
    void *self;
    const char *why; /* NULL: nothing is wrong */
    char cell[16];
};
/* Would a spreadsheet take the text for a formula, or has it the ' of a number kept as text? Then
 * how many ' it begins with, and one; otherwise 0. */
size_t sheet_guarded(const char *s);
bool sheet_fail(struct sheet *s, const char *why, int row,
                int column); /* row 0: the whole file; false always */
void *xlsx_open(struct sheet *s, const void *data, size_t size); /* NULL: s->why */
void *csv_open(struct sheet *s, const void *data, size_t size);
extern const char SHEET_TOO_MANY_ROWS[], SHEET_TOO_MANY_COLUMNS[], SHEET_CELL_TOO_LONG[];

#endif
