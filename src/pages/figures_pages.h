/*
 * What pages about figures share: the period and area asked for, links to the
 * records behind a number, and the definition under it.
 */
#ifndef LINLI_APP_FIGURES_PAGES_H
#define LINLI_APP_FIGURES_PAGES_H

#include "core/figures.h"

/* from, to, area, category of the address. Unreadable dates are problems and count as missing. */
struct figure_span span_asked(struct ctx *ctx);
/* "/figures/requests-solved/records?from=…": the same span and part. */
const char *records_link(struct ctx *ctx, const struct figure *f, const struct figure_span *span,
                         enum figure_part part);
/* "/figures?from=…": all figures of the same period. */
const char *figures_link(struct ctx *ctx, const struct figure_span *span);
/* The part of the address: PART_COUNTED unless it is a rate and names another. */
enum figure_part part_asked(const struct ctx *ctx, const struct figure *f);
/* Whether the actor may open the records of the figure. */
bool records_may(const struct ctx *ctx, const struct figure *f);

/*
 * A record opened from a figure leads back to it:
 *
 *     figure_record_link(ctx, "/requests/7", f, &span, part, page)   on the figure's page
 *     figure_trail(ctx, "/work", say(ctx, "Work list"));             on the record's page
 *
 * The first names the figure, its span, part and page in the record's address; the second draws the
 * link back to the figure's records, or, if the address names no figure that the actor may open,
 * to href.
 */
const char *figure_record_link(struct ctx *ctx, const char *record, const struct figure *f,
                               const struct figure_span *span, enum figure_part part, int64_t page);
void figure_trail(struct ctx *ctx, const char *href, const char *label);

/* "1 January 2026 to 5 March 2026", "up to 5 March 2026", "all time". */
const char *span_words(struct ctx *ctx, const struct figure_span *span);
/* Two date inputs with what the span says. */
void span_inputs(struct ctx *ctx, const struct figure_span *span);
/* The definition with what it leaves out, one paragraph. */
void draw_meaning(struct ctx *ctx, const struct figure *f, const struct figure_value *v);
/* "Counted at 10:05." when it is not from this moment. */
void draw_as_of(struct ctx *ctx, int64_t as_of);

#endif
