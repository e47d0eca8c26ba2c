/*
 * Time: instants, civil time and working days.
 *
 * An instant is int64_t seconds since 1970-01-01 00:00 UTC; a day is int64_t
 * days since 1970-01-01 (a civil date without a time). Between them stands a
 * fixed offset, +8 hours unless set otherwise at start: China has one zone and
 * no summer time, so no zone database is read. Years 1900 to 9999.
 *
 * Nothing here allocates but the two formatters, which take an arena.
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

/* Seconds east of UTC; −14 h to +14 h, whole minutes, or it is left as it was (false). Call before threads start. */
bool when_set_offset(int seconds);
int when_offset(void);

bool civil_valid(const struct civil *c);      /* 2019-02-29, 24:00 and year 1899 are not */
int64_t day_of(int year, int month, int day); /* proleptic Gregorian; arguments must be valid */
int64_t when_from_civil(const struct civil *c);
struct civil civil_from_when(int64_t t);
int64_t when_day(int64_t t);         /* the local day an instant lies in */
int64_t when_day_start(int64_t day); /* its first second */
int64_t when_day_end(int64_t day);   /* its last second, 23:59:59 */
int when_weekday(int64_t day);       /* 1 Monday … 7 Sunday */

/*
 * Reads what people and spreadsheets write, whole text, spaces around it allowed:
 *   2019/4/25 9:32:09   2019-04-25T09:32   2018/4/24   2018.4.24   20180424   2018年4月24日 9时32分   2018年4月24日9:32
 *   2019-04-25T01:32:09Z   2019-04-25T09:32:09.120+08:00   (zones win over the offset; fractions are dropped)
 * Full-width digits and punctuation are read as their half-width forms. has_time (may be NULL) tells a date from
 * a time. Anything else, or a date that does not exist, is false and leaves *t alone.
 */
bool when_parse(const char *text, int64_t *t, bool *has_time);
bool day_parse(const char *text, int64_t *day); /* the same, without a time of day */
/* A date cell of Excel's 1900 system: days since 1899-12-30, the fraction is the time (rounded to a second).
 * Serials 1–59 are read as Excel shows them; 60 (its 29 February 1900) and what is out of range are false. */
bool when_from_excel(double serial, int64_t *t);
double when_to_excel(int64_t t);

/* For people. lang "zh_CN": 2026年3月5日 14:05; "en": 5 March 2026, 14:05. NONE gives "". */
const char *when_show(struct arena *a, const char *lang, int64_t t);
const char *day_show(struct arena *a, const char *lang, int64_t day);     /* 2026年3月5日, 5 March 2026 */
const char *month_show(struct arena *a, const char *lang, int64_t month); /* yyyymm: 2026年3月, March 2026 */
/* For machines. 2026-03-05T14:05:00+08:00 and 2026-03-05. NONE gives NULL. */
const char *when_iso(struct arena *a, int64_t t);
const char *day_iso(struct arena *a, int64_t day);

/*
 * Working days: Monday to Friday, except what the calendar says. Its days are
 * a yearly list that staff import; the caller owns the array, sorted by day,
 * each day once (calendar_check).
 */
struct calendar_day {
    int64_t day;
    bool is_off; /* false: a weekend day on which people work */
};
struct calendar {
    const struct calendar_day *days; /* NULL with count 0: plain weekends */
    int count;
};

bool calendar_check(const struct calendar *cal); /* sorted, without doubles */
bool calendar_is_working(const struct calendar *cal, int64_t day);
/*
 * The deadline of n working days (n ≥ 0, at most 3,660) counted from instant t: the day of t does not count, the
 * n-th working day after it does, and the deadline is that day's last second (23:59:59 local): a reply written
 * on the evening of the last day is in time. n = 0 is the end of t's own day, working or not.
 */
int64_t calendar_add_working_days(const struct calendar *cal, int64_t t, int n);
/*
 * The countdown "2 working days left": working days after the day of `now` up to and with the day of `deadline`;
 * 0 on the deadline's own day; negative when late (working days after the deadline's day up to now's). A span of
 * more than ten years counts as ten years.
 */
int calendar_working_days_between(const struct calendar *cal, int64_t now, int64_t deadline);
/* Hours that lie in working days between two instants (0 when to ≤ from), in seconds: for "answered within". */
int64_t calendar_working_seconds(const struct calendar *cal, int64_t from, int64_t to);

#endif
