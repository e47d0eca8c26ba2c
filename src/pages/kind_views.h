/*
 * Views of a list: the tabs above it, each with a count.
 *
 *     static const struct kind_view views[] = {
 *         {"open", "Open", "Nothing is open.", .where = " AND status = 'open'"},
 *         {"late", "Overdue", "Nothing is overdue.", .where = " AND due < {}",
 *          .sort = "due", .tone = "late"},
 *         {.id = NULL}};
 *
 *     const struct kind_view *v = kind_view_asked(ctx, views);
 *     kind_views_draw(ctx, views, v, &(struct kind_tabs){name, .kind = &dossiers_kind});
 *     list_init(ctx, &l, &dossiers_kind);
 *     kind_view_list(ctx, v, &l);
 *
 * Put N_() around each text. A view is a condition, so its count, list and
 * download always agree.
 */
#ifndef LINLI_PAGES_KIND_VIEWS_H
#define LINLI_PAGES_KIND_VIEWS_H

#include "kind/kind.h"

struct kind_view {
    const char *id, *label; /* ?view=ID; label: N_() */
    const char *empty;      /* what an empty list says; N_(); NULL: the page knows */
    unsigned roles;         /* who sees it; 0: whoever sees the page */
    const char *where;      /* trusted SQL, " AND …", each {} is the present time; NULL: all */
    /* Adds what the words of where can't say; NULL: nothing. */
    void (*narrow)(struct ctx *ctx, struct sql *where);
    bool (*shown)(struct ctx *ctx); /* further: whether this actor has a use for it; NULL: yes */
    const char *sort; /* the column that it is sorted by; NULL: as the kind's lists are */
    bool newest;      /* descending */
    bool closed;      /* holds what is done, which may be many */
    const char *tone; /* class of its number unless that is 0: "late"; NULL */
};

bool kind_view_shown(struct ctx *ctx, const struct kind_view *v); /* to this actor */
/* The one that ?view= names, otherwise the first that the actor sees; NULL: sees none. */
const struct kind_view *kind_view_asked(struct ctx *ctx, const struct kind_view *views);
const struct kind_view *kind_view_find(struct ctx *ctx, const struct kind_view *views,
                                       const char *id); /* shown to this actor; NULL */
void kind_view_where(struct ctx *ctx, const struct kind_view *v, struct sql *where);
/* The condition and the order, for a list that list_init began. */
void kind_view_list(struct ctx *ctx, const struct kind_view *v, struct list *l);

struct kind_tabs {
    const char *name; /* of the navigation, for a reader that can't see it; NULL: the caller draws
                       * what is around the tabs */
    /* What the view holds, its number; NONE: none is shown. NULL: how many of kind's list it is. */
    int64_t (*count)(struct ctx *ctx, const struct kind_view *v, const void *about);
    const void *about; /* handed to count: what the page knows */
    const struct kind *kind;
    int64_t most; /* a higher number is shown as "MOST+"; 0: no limit */
    /* Where its tab leads; NULL: the present address with ?view=, from its first page. */
    const char *(*href)(struct ctx *ctx, const struct kind_view *v);
};
void kind_views_draw(struct ctx *ctx, const struct kind_view *views, const struct kind_view *now,
                     const struct kind_tabs *tabs);

#endif
