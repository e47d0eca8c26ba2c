/*
 * What the office's pages share: which view and filters the work list shows,
 * and small parts that look the same on every page of the desk.
 */
#ifndef LINLI_APP_DESK_H
#define LINLI_APP_DESK_H

#include "app/requests.h"
#include "base/when.h"
#include "web/web.h"

/* ---- the work list's choice (app/work_views.c) ---- */
struct view {
    const char *id, *label, *empty; /* empty: what an empty list says; N_() */
    unsigned roles;
    const char *column; /* what it is sorted by unless asked otherwise: due, answered_at, parked_until, id */
    bool newest;        /* descending */
    bool closed;        /* holds what is done: many; not counted when it is narrowed */
    void (*narrow)(struct ctx *ctx, struct sql *where);
};
extern const struct view work_views[];                  /* ended by a NULL id */
bool view_shown(struct ctx *ctx, const struct view *v); /* to this actor */

enum filter_kind { FILTER_REF, FILTER_CHOICE, FILTER_DAY };
struct filter {
    const char *name, *label;
    enum filter_kind kind;
};
extern const struct filter work_filters[]; /* community, category, unit, channel, level, from, to; ended by a NULL name */
const char *filter_value(struct ctx *ctx, const struct filter *f); /* as asked for; NULL */
bool filters_any(struct ctx *ctx);                                 /* also the search */
/* Scope, view and filters (not the search) as conditions; where is begun by it. */
void work_where(struct ctx *ctx, struct sql *where, const struct view *v);
/* At most COUNT_MOST + 1; NONE: too dear to count. */
#define COUNT_MOST 1000
int64_t work_count(struct ctx *ctx, const struct view *v);
/* The view asked for, or the first in which something waits; when narrowed, all. */
const struct view *work_view(struct ctx *ctx);
/* /work with the present choice and one parameter set (NULL: removed); paging begins anew unless it is what is set. */
const char *work_address(struct ctx *ctx, const char *path, const char *name, const char *value);
/* What waits for the actor, for the number beside "To do". */
int64_t work_waiting(struct ctx *ctx);

/* ---- parts (app/desk_parts.c) ---- */
/* 3月5日 14:12, 5 Mar, 14:12; with the year when it is another. */
const char *desk_when(struct ctx *ctx, int64_t t);
/* The state as a word with its icon; late: overdue. */
void desk_state(struct ctx *ctx, const struct request *r, bool late);
/* All units or categories, by name in the reader's language. */
struct named {
    int64_t id;
    int depth; /* below how many others; 0: none */
    const char *name;
    const char *full; /* "parent › name" where others have the same name, so that it is told apart alone */
};
struct names {
    struct named *list;
    int count;
};
struct names names_load(struct ctx *ctx, const char *kind); /* "units", "categories", "communities" */
const char *name_of(const struct names *n, int64_t id);     /* full; "" */
/* <option>s of the names; chosen: NONE for none. Categories below their parents. */
void names_options(struct ctx *ctx, const struct names *n, int64_t chosen);

#endif
