/*
 * A list as requested: search words, filters, order and page by name, all read
 * through one function (a URL's parameters), and the same list as a
 * spreadsheet. A filter on something that does not exist finds nothing; it is
 * not an error.
 */
#ifndef LINLI_KIND_BROWSE_H
#define LINLI_KIND_BROWSE_H

#include "kind/form.h"
#include "kind/sheet.h"

#define BROWSE_PAGE 50

struct browse {
    struct list list;         /* filtered, ordered, at the page */
    const char *q;            /* NULL: none */
    const struct field *sort; /* NULL: the kind's order */
    bool down, narrowed;      /* narrowed: there are search words or filters */
    int64_t page, total;
};

/* Parameters: q, sort (name of a field that browse_sorts; "-" before it: descending), page, and the
 * names of FILTER fields; times and dates as NAME_from and NAME_to. A filter by area or by a
 * category includes those below. */
void browse_init(struct ctx *ctx, struct browse *b, const struct kind *k, form_value *asked);
/* Adds the condition of a filter by a reference: with all below it, where the kind is a tree. */
void filter_ref(struct sql *where, const struct field *f, int64_t id);
bool browse_sorts(const struct kind *k,
                  const struct field *f); /* by this column; names by pinyin */
/* SQL: what records are sorted by when they are sorted by name, as this reader sees it. */
const char *browse_by_name(struct ctx *ctx, const struct kind *k);
/* The filters and search words in the reader's language, "Area Xinghu · Status Active"; "": none.
 */
const char *browse_narrowed(struct ctx *ctx, const struct kind *k, form_value *asked);
bool browse_filters(const struct field *f); /* whether the list can be filtered by the field */
/* Runs the list and writes up to `most` rows for an import: field names as headings, codes, no
 * encrypted fields (an import leaves those unchanged). Returns the number of rows. */
int64_t browse_sheet(struct ctx *ctx, struct list *l, struct sheet_writer *w, int64_t most);
/* The same for people: headings and values in their language, encrypted values masked. */
int64_t browse_words(struct ctx *ctx, struct list *l, struct sheet_writer *w, int64_t most);
/* The same with the columns of a list only: its code and the LISTED fields. */
int64_t browse_columns(struct ctx *ctx, struct list *l, struct sheet_writer *w, int64_t most);

#endif
