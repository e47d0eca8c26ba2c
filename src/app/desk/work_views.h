/*
 * Which view and filters the work list shows.
 */
#ifndef LINLI_APP_WORK_VIEWS_H
#define LINLI_APP_WORK_VIEWS_H

#include "app/requests/requests.h"
#include "base/when.h"
#include "pages/kind_views.h"
#include "web/web.h"

extern const struct kind_view work_views[]; /* ended by a NULL id; sort is never NULL */

enum filter_kind { FILTER_REF, FILTER_CHOICE, FILTER_DAY, FILTER_USER /* only by a link */ };
struct filter {
    const char *name, *label;
    enum filter_kind kind;
};
extern const struct filter
    work_filters[]; /* community, category, unit, channel, level, from, to; ended by a NULL name */
const char *filter_value(struct ctx *ctx, const struct filter *f); /* as asked for; NULL */
bool filters_any(struct ctx *ctx);                                 /* also the search */
/* Scope, view and filters (not the search) as conditions; where is begun by it. */
void work_where(struct ctx *ctx, struct sql *where, const struct kind_view *v);
/* At most COUNT_MOST + 1; NONE: too dear to count. */
#define COUNT_MOST 1000
int64_t work_count(struct ctx *ctx, const struct kind_view *v);
/* The view asked for, or the first in which something waits; when narrowed, all. */
const struct kind_view *work_view(struct ctx *ctx);
/* What a search finds in every view with the present filters, for the numbers beside them. Broad
 * words find more than is looked up: then only what is open is counted, or nothing. */
#define HITS_MOST 300
struct work_hits {
    int64_t ids[HITS_MOST];
    int count;
    bool open_only, none; /* these are the open ones; there are too many of those as well */
};
void work_hits_find(struct ctx *ctx, const char *words, struct work_hits *h);
int64_t work_hits_count(struct ctx *ctx, const struct work_hits *h, const struct kind_view *v);
/* Whether all that the view holds of the words is among them. */
bool work_hits_whole(const struct work_hits *h, const struct kind_view *v);
/* As conditions: those of the view among them; where is begun by it. */
void work_hits_where(struct ctx *ctx, struct sql *where, const struct work_hits *h,
                     const struct kind_view *v);

/* Of the list that the actor works through (to dispatch, to follow up, mine, my unit's: what this
 * request's state makes likely first), the next one after it, and how many there are without it. */
struct work_next {
    int64_t id; /* NONE: nothing waits */
    int64_t count;
    const struct kind_view *view;
};
struct work_next work_next(struct ctx *ctx, const struct request *r);
/* /work with the present choice and one parameter set (NULL: removed); paging begins anew unless it
 * is what is set. */
const char *work_address(struct ctx *ctx, const char *path, const char *name, const char *value);

#endif
