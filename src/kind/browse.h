/*
 * A list as somebody asks for it: words, filters, order and page by name, all
 * read through one function (an address's parameters), and the same list as a
 * sheet. What is asked for and does not exist finds nothing; it is no error.
 */
#ifndef LINLI_KIND_BROWSE_H
#define LINLI_KIND_BROWSE_H

#include "kind/form.h"
#include "kind/sheet.h"

#define BROWSE_PAGE 50

struct browse {
    struct list list;         /* narrowed, ordered, at the page */
    const char *q;            /* NULL: none */
    const struct field *sort; /* NULL: the kind's own order */
    bool down, narrowed;      /* narrowed: words or a filter */
    int64_t page, total;
};

/* Parameters: q, sort (a SORTED field's name, "-" before it: downwards), page, and the names of FILTER fields; times
 * and dates as NAME_from and NAME_to. A filter by an area holds for all below it. */
void browse_init(struct ctx *ctx, struct browse *b, const struct kind *k, form_value *asked);
/* Narrows the list by words: a name, title, code or listed text contains q, or a sealed number is q. */
void browse_search(struct ctx *ctx, struct list *l, const char *q);
bool browse_filters(const struct field *f); /* the field narrows the list */
/* The list from its first row, at most `most`, with the fields' names as headings: what an import takes. Sealed fields are
 * left out. Runs the list; answers the rows. */
int64_t browse_sheet(struct ctx *ctx, struct list *l, struct sheet_writer *w, int64_t most);

#endif
