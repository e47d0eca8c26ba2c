/*
 * Deadlines: until when a request is to be answered, by its category and
 * level, in working days of the office's calendar or in hours; and how long
 * that still is.
 *
 * A category states the deadline of its own level. A request of another level
 * has that level's usual deadline (settings "deadline.urgent" = "24 hours",
 * "deadline.ordinary" = "7 working_days", "deadline.complex" = "15
 * working_days"; these are what holds when nothing is set).
 */
#ifndef LINLI_APP_DEADLINES_H
#define LINLI_APP_DEADLINES_H

#include "app/requests.h"
#include "base/when.h"

/* Sets level (when missing), due, due_from and first_contact_due, counted from that instant. */
void deadline_set(struct ctx *ctx, struct request *r, int64_t from);

/* What holds for a level when the category doesn't say: /deadlines sets it. */
#define DEADLINE_LEVELS 3
#define DEADLINE_MOST   1000
struct deadline_usual {
    const char *level, *setting; /* code of the level; name of the setting */
    int64_t count;               /* 1 to DEADLINE_MOST */
    const char *kind;            /* "working_days", "hours", "calendar_days" */
};
struct deadline_usual deadline_usual(struct ctx *ctx, int i); /* i from 0: urgent, ordinary, complex */
/* Reads "24 hours" as a setting holds it; false when it is none, and nothing is set. */
bool deadline_read(struct ctx *ctx, const char *text, int64_t *count, const char **kind);
const char *deadline_text(struct ctx *ctx, int64_t count, const char *kind); /* for a reader: "7 working days" */

/*
 * Behind the door, after the calendar or the usual deadlines changed: counts again every deadline that is still open and was not set by
 * hand, and journals each that moved. How many moved; NONE when the store failed.
 */
int64_t deadlines_recompute(struct ctx *ctx);
/* The same with its entry in the journal, under that kind, when any moved: what a kind whose records decide deadlines does
 * once one was stored. */
enum status deadlines_follow(struct ctx *ctx, const char *kind);
/* The same for a page: always with the entry, and a word for the reader after `what`. False: it failed. */
bool deadlines_recount(struct ctx *ctx, const char *kind, const char *what);

/* "2 working days left", "3 hours overdue"; "" when nothing runs. */
struct countdown {
    const char *text;
    bool late, soon; /* soon: within SOON_DAYS working days, or hours and less than a day */
};
#define SOON_DAYS 2
struct countdown deadline_left(struct ctx *ctx, const struct calendar *cal, const struct request *r);
/* The last instant that counts as due soon. */
int64_t deadline_soon(const struct calendar *cal, int64_t now);

#endif
