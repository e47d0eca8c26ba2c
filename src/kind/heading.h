/*
 * Headings of spreadsheets: which field a heading means, which row has the
 * headings, and which columns are left out.
 *
 * Headings are compared without blanks, stars, colons, case and width, and
 * then without text in brackets: “* 姓 名（必填）” is 姓名. A heading matches a
 * field's name, its label in either language, an alias, the kind's name and
 * the label (志愿者编号), or a synonym that all kinds share (联系电话, 所在社区).
 */
#ifndef LINLI_KIND_HEADING_H
#define LINLI_KIND_HEADING_H

#include "kind/import.h"
#include "kind/sheet.h"

#define HEADING_ROWS 30 /* how many rows are searched for headings */

/* Finds the field of a heading among those accepted by good (NULL: all); NULL: none. sure: 2
 * matches the field's own words, 1 a synonym. */
const struct field *heading_field(struct ctx *ctx, struct import *im, const char *heading, int sure,
                                  bool (*good)(const struct import *, const struct field *));
/* Whether two headings look the same to a reader. */
bool heading_same(struct arena *a, const char *x, const char *y);

/* Finds the sheet and row with the headings. which or row below 0: searched for, also by the
 * headings in maps (FIELD=COLUMN). Leaves the sheet after that row; *headings, tidied, are in
 * ctx's arena. Returns their number; -1 with a problem if there are none. */
int headings_find(struct ctx *ctx, struct import *im, struct sheet *s, int which, int row,
                  const char *const *maps, int map_count, const char *headings[IMPORT_COLUMNS]);
/* Finds a sheet by name or by number from 1; -1 with a problem that lists the sheets. */
int sheet_named(struct ctx *ctx, const struct sheet *s, const char *name);
/* The columns that are not imported, with the other column if that is the reason; "": none. */
const char *headings_left_out(struct ctx *ctx, struct import *im, const char *const *headings,
                              int count);
/* The other sheets that have content; "": none. */
const char *sheets_left_out(struct ctx *ctx, struct sheet *s, int which);

#endif
