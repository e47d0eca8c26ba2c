/*
 * What is due: how long something may take, when that is over, how long it
 * still is, and the one list of what is due for somebody across all kinds.
 *
 *     struct term t = {7, "working_days"};
 *     r->due = term_end(ctx_calendar(ctx), t, ctx->now);
 *     struct countdown left = countdown_of(ctx, ctx_calendar(ctx), r->due);
 *
 * A capability says in its module what of its kinds can be due, and whose it
 * is. Everything else follows: the list at /due and /api/v1/due, the number in
 * the navigation, notices before and after the date, and the calendar feed.
 *
 *     static const struct due_source due[] = {
 *         {"dossiers.decide", &dossiers_kind, .due = "due", .open = "status = 'sent'",
 *          .roles = ROLE_OFFICE, .words = "Decide on the dossier",
 *          .href = "/registers/dossiers/{id}", .told = true},
 *         {.id = NULL}};
 *     … .due = due, in its struct module, and N_() around the words
 *
 * Nobody is shown or told of a record that they may not read: the kind's roles
 * and scope hold before anything a source says.
 */
#ifndef LINLI_CORE_DUE_H
#define LINLI_CORE_DUE_H

#include "kind/kind.h"

#define DEADLINE_MOST 1000

struct term {
    int64_t count;    /* 1 to DEADLINE_MOST */
    const char *kind; /* "working_days", "hours", "calendar_days" */
};
/* The end of the term, counted from that time. */
int64_t term_end(const struct calendar *cal, struct term t, int64_t from);

/* Reads a setting such as "24 hours". Returns false and sets nothing if it is not one. */
bool deadline_read(struct ctx *ctx, const char *text, int64_t *count, const char **kind);
const char *deadline_text(struct ctx *ctx, int64_t count,
                          const char *kind); /* for a reader: "7 working days" */

/* "2 working days left", "3 hours overdue". */
struct countdown {
    const char *text;
    bool late, soon; /* soon: within SOON_DAYS working days, or hours and less than a day */
};
#define SOON_DAYS 2
struct countdown countdown_of(struct ctx *ctx, const struct calendar *cal, int64_t due);
/* The last time that counts as due soon (即将到期): one definition for lists, figures, notices and
 * countdowns. */
int64_t due_soon(const struct calendar *cal, int64_t now);

/* ---- what is due for somebody ---- */

struct due_source {
    const char *id; /* "requests.answer"; never changes, because notices and calendars contain it */
    const struct kind *kind;
    /* Trusted SQL on the kind's table: the time when it is due; with term: since when it waits. */
    const char *due;
    struct term term; /* count 0: none */
    const char *open; /* trusted SQL: the condition under which it counts */
    unsigned roles;   /* roles for which something can be due */
    /* Adds " AND …": what is due for the actor among the records they may read. NULL: all of
     * it. */
    void (*mine)(struct ctx *ctx, struct sql *where);
    const char *words; /* what is to be done; N_() */
    const char *href;  /* its page, with {id} */
    /* What the record is called; NULL: record_title. */
    const char *(*title)(struct ctx *ctx, const void *record);
    bool later; /* nothing needs to be done before the date, so it is not counted until then */
    bool told;  /* the people concerned are notified when it is due soon and when it is overdue;
                   false: the capability has rules of its own */
};

struct due_item {
    const struct due_source *source;
    int64_t id, due;
};
#define DUE_COUNT_MOST 1000 /* of each source; the count stops there */
/* What is due for the actor, the earliest first: at most `most` items after the first `skip`. */
int due_items(struct ctx *ctx, int64_t skip, struct due_item *items, int most);
/* The number of items. counted: without what need not be done yet. Cached until the next commit
 * or the end of the minute. */
int64_t due_count(struct ctx *ctx, bool counted);
/* Returns whether it is still due at that time for the actor. */
bool due_holds(struct ctx *ctx, const struct due_item *item);
/* The record's name; NULL if it no longer exists. */
const char *due_title(struct ctx *ctx, const struct due_item *item);
const char *due_href(struct ctx *ctx, const struct due_item *item);
const struct due_source *due_source_find(const char *id); /* NULL */

/* The number or code by which people know the record, otherwise its id; nothing that an email
 * or a calendar must not contain. */
const char *due_code(struct ctx *ctx, const struct due_item *item);

/* For a job's thread (it calls the writer itself): notifies every account with an email address
 * of what is due soon or overdue for it, once for each record and date, and withdraws what is
 * done or has moved. Returns how many were notified; the next call continues. */
#define DUE_TOLD_MOST 200 /* in one call */
int64_t due_tell(struct ctx *ctx);

#endif
