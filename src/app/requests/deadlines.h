/*
 * Deadlines: when a request must be answered, and how much time is left. Its
 * category and level set the limit, in working days of the calendar, in
 * calendar days or in hours.
 *
 * A category states the limit for its own level. A request of another level has
 * that level's default (settings "deadline.urgent" = "24 hours",
 * "deadline.ordinary" = "7 working_days", "deadline.complex" = "15
 * working_days"; these values hold if nothing is set).
 */
#ifndef LINLI_APP_DEADLINES_H
#define LINLI_APP_DEADLINES_H

#include "app/requests/requests.h"
#include "base/when.h"
#include "core/due.h"

/* The category changed, but due was set by hand: only the first contact follows. */
void contact_follow(struct ctx *ctx, struct request *r);
/* Sets level (if missing), due, due_from and first_contact_due, counted from that time. */
void deadline_set(struct ctx *ctx, struct request *r, int64_t from);

/* The default of a level, for categories that have no limit of their own; set on /deadlines. */
#define DEADLINE_LEVELS 3
struct deadline_usual {
    const char *level, *setting; /* code of the level; name of the setting */
    int64_t count;               /* 1 to DEADLINE_MOST */
    const char *kind;            /* "working_days", "hours", "calendar_days" */
};
struct deadline_usual deadline_usual(struct ctx *ctx,
                                     int i); /* i from 0: urgent, ordinary, complex */

/*
 * On the writer thread, after the calendar or the default deadlines changed: recalculates all
 * open deadlines that were not set by hand, and logs each that moved. Returns how many moved;
 * NONE if the database failed.
 */
int64_t deadlines_recompute(struct ctx *ctx);

/* The text is "" if no deadline is running. */
struct countdown deadline_left(struct ctx *ctx, const struct calendar *cal,
                               const struct request *r);

#endif
