/*
 * Time: instants, civil time and working days.
 *
 * An instant is int64_t seconds since 1970-01-01 00:00 UTC. A day is int64_t
 * days since 1970-01-01, a civil date without a time. A fixed offset separates
 * the two, +8 hours unless set otherwise at start. China has one time zone and
 * no summer time, so no zone database is read. Years 1900 to 9999.
 *
 * Only the formatters allocate; they take an arena.
 */
#ifndef LINLI_BASE_WHEN_H
#define LINLI_BASE_WHEN_H

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

#define WHEN_HOUR INT64_C(3600)
#define WHEN_DAY  INT64_C(86400)

struct civil {
    int year, month, day; /* month 1–12, day 1–31 */
    int hour, minute, second;
};

/* The present instant. time() lags behind the clock that others read by up to some milliseconds
 * (Linux reads it at the last tick), so that a change could be dated a second too early. */
int64_t when_now(void);

/* Sets the offset in seconds east of UTC: −14 h to +14 h, whole minutes; otherwise returns false
 * and changes nothing. Call before threads start. */
bool when_set_offset(int seconds);
int when_offset(void);

bool civil_valid(const struct civil *c);      /* 2019-02-29, 24:00 and year 1899 are not */
int64_t day_of(int year, int month, int day); /* proleptic Gregorian; arguments must be valid */
int64_t when_from_civil(const struct civil *c);
struct civil civil_from_when(int64_t t);
int64_t when_day(int64_t t);         /* the local day of an instant */
int64_t when_day_start(int64_t day); /* its first second */
int64_t when_day_end(int64_t day);   /* its last second, 23:59:59 */
int when_weekday(int64_t day);       /* 1 Monday … 7 Sunday */

/*
 * Reads a date, or a date and time, as people and spreadsheets write it. The whole text must match;
 * spaces around it are allowed.
 *   2019/4/25 9:32:09   2019-04-25T09:32   2018/4/24   2018.4.24   20180424
 *   2018年4月24日 9时32分   2018年4月24日9:32
 *   2019-04-25T01:32:09Z   2019-04-25T09:32:09.120+08:00
 * A time zone takes precedence over the offset; fractions are dropped. Full-width digits and
 * punctuation are accepted. has_time (may be NULL): whether there was a time of day. Returns false
 * for anything else, and for a date that does not exist, and leaves *t unchanged.
 */
bool when_parse(const char *text, int64_t *t, bool *has_time);
bool day_parse(const char *text, int64_t *day); /* the same, without a time of day */
/* Converts a date cell of Excel's 1900 system: days since 1899-12-30, with the time as a
 * fraction (rounded to a second). Serials 1–59 are read as Excel shows them. False for 60
 * (Excel's non-existent 29 February 1900) and for values out of range. */
bool when_from_excel(double serial, int64_t *t);
double when_to_excel(int64_t t);

/* For people. lang "zh_CN": 2026年3月5日 14:05; "en": 5 March 2026, 14:05. NONE gives "". */
const char *when_show(struct arena *a, const char *lang, int64_t t);
const char *day_show(struct arena *a, const char *lang,
                     int64_t day); /* 2026年3月5日, 5 March 2026 */
/* 3月5日 14:12, 5 Mar, 14:12; only the day if its year differs from now's. */
const char *when_short(struct arena *a, const char *lang, int64_t t, int64_t now);
const char *month_show(struct arena *a, const char *lang,
                       int64_t month); /* yyyymm: 2026年3月, March 2026 */
/* For machines. 2026-03-05T14:05:00+08:00 and 2026-03-05. NONE gives NULL. */
const char *when_iso(struct arena *a, int64_t t);
const char *day_iso(struct arena *a, int64_t day);

/*
 * Working days: Monday to Friday, except for the days in the calendar, a
 * yearly list that staff import. The caller owns the array, which is sorted by
 * day and has each day once (calendar_check).
 */
struct calendar_day {
    int64_t day;
    bool is_off; /* false: a make-up working day at a weekend */
};
struct calendar {
    const struct calendar_day *days; /* NULL with count 0: plain weekends */
    int count;
};

bool calendar_check(const struct calendar *cal); /* whether it is sorted, without duplicates */
bool calendar_is_working(const struct calendar *cal, int64_t day);
/*
 * Returns the deadline of n working days (0 to 3,660) from instant t. The day
 * of t does not count. The deadline is the last second (23:59:59 local) of the
 * n-th working day after it, so a reply written on that evening is on time. n
 * = 0 gives the end of t's own day, working or not.
 */
int64_t calendar_add_working_days(const struct calendar *cal, int64_t t, int n);
/*
 * The countdown "2 working days left": the working days after now's day, up to
 * and including the deadline's day. 0 on the deadline's day; negative if
 * overdue (working days after the deadline's day up to now's). A span over ten
 * years counts as ten years.
 */
int calendar_working_days_between(const struct calendar *cal, int64_t now, int64_t deadline);
/* Returns the seconds between two instants that are on working days (0 if to ≤ from): for
 * "answered within". */
int64_t calendar_working_seconds(const struct calendar *cal, int64_t from, int64_t to);

#endif
