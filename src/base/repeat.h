/*
 * Recurrence rules: the subset of RFC 5545's RRULE that the form can produce.
 *
 *     FREQ=DAILY                            every day
 *     FREQ=WEEKLY;BYDAY=TU,SA;INTERVAL=2    every two weeks; without BYDAY the first one's weekday
 *     FREQ=MONTHLY;BYDAY=1SA                the first Saturday; 1 to 4, -1 the last
 *     FREQ=MONTHLY;BYMONTHDAY=15            that date; without it the first one's date
 *
 * Each may end with COUNT=n (including the first) or UNTIL=20270131,
 * 20270131T235959 (local) or 20270131T155959Z (UTC). Parts come in any order.
 * Anything else is refused: a general rule may search for a day that never
 * comes.
 *
 * Reading and listing take a bounded number of steps for any rule.
 */
#ifndef LINLI_BASE_REPEAT_H
#define LINLI_BASE_REPEAT_H

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

#define REPEAT_MOST          60 /* occurrences of one rule, including the first */
#define REPEAT_INTERVAL_MOST 99

struct repeat {
    enum repeat_every { REPEAT_DAILY, REPEAT_WEEKLY, REPEAT_MONTHLY } every;
    int interval;      /* 1 or more */
    unsigned weekdays; /* weekly: bit 1 Monday … bit 7 Sunday; 0: the first one's */
    int nth, weekday;  /* monthly: the nth (-1: last) such weekday; nth 0: by date */
    int date;          /* monthly: 1 to 31; 0: the first one's */
    int count;         /* 0: none */
    int64_t until;     /* the last instant it may start at; NONE: no end */
};

/* Returns false if the text is none of these rules. */
bool repeat_parse(const char *rule, struct repeat *r);
/* Lists the starts after first, in order, up to COUNT, UNTIL and `most`. Returns their number.
 * more (may be NULL): whether the rule continues after them. */
int repeat_list(const struct repeat *r, int64_t first, int64_t *starts, int most, bool *more);
/* Returns the rule with COUNT=REPEAT_MOST as its end. */
const char *repeat_limited(struct arena *a, const char *rule);

#endif
