/*
 * Rules are parsed part by part into a struct and expanded day by day. At most
 * STEPS_MOST steps are examined, so no rule runs on. That is more than the
 * longest accepted rule needs (60 times every 99 months: 496 years).
 */
#include "base/repeat.h"

#include "base/when.h"
#include "base/write.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define STEPS_MOST 6000 /* months, weeks or days */

static const char days[7][3] = {"MO", "TU", "WE", "TH", "FR", "SA", "SU"};

/* ---- reading ---- */

/* A whole number in [least, most] that ends at end. */
static bool number(const char *text, const char *end, int least, int most, int *to)
{
    int n = 0;
    if (text == end || end - text > 4)
        return false;
    for (; text < end; text++) {
        if (!isdigit((unsigned char)*text))
            return false;
        n = n * 10 + (*text - '0');
    }
    *to = n;
    return n >= least && n <= most;
}

static int weekday_of(const char *text, const char *end)
{
    for (int d = 0; d < 7 && end - text == 2; d++)
        if (!strncmp(text, days[d], 2))
            return d + 1;
    return 0;
}

/* "TU,SA", or one weekday with its place in the month: "2SA", "-1SU". */
static bool read_days(const char *text, const char *end, struct repeat *r)
{
    const char *letters = text;
    while (letters < end && !isalpha((unsigned char)*letters))
        letters++;
    if (letters > text) {
        bool last = letters - text == 2 && !strncmp(text, "-1", 2);
        r->weekday = weekday_of(letters, end);
        r->nth = -1;
        return r->weekday && (last || number(text, letters, 1, 4, &r->nth));
    }
    for (const char *comma; text <= end; text = comma + 1) {
        comma = memchr(text, ',', (size_t)(end - text));
        comma = comma ? comma : end;
        int d = weekday_of(text, comma);
        if (!d || r->weekdays & 1U << d)
            return false;
        r->weekdays |= 1U << d;
    }
    return true;
}

/* 20270131, 20270131T235959 or 20270131T155959Z. A date alone includes that
 * whole day. */
static bool read_until(const char *text, const char *end, struct repeat *r)
{
    size_t n = (size_t)(end - text);
    struct civil c = {.hour = 23, .minute = 59, .second = 59};
    if ((n != 8 && n != 15 && n != 16) || (n > 8 && text[8] != 'T') || (n == 16 && end[-1] != 'Z'))
        return false;
    if (!number(text, text + 4, 1900, 9998, &c.year) ||
        !number(text + 4, text + 6, 1, 12, &c.month) || !number(text + 6, text + 8, 1, 31, &c.day))
        return false;
    if (n > 8 && (!number(text + 9, text + 11, 0, 23, &c.hour) ||
                  !number(text + 11, text + 13, 0, 59, &c.minute) ||
                  !number(text + 13, text + 15, 0, 59, &c.second)))
        return false;
    if (!civil_valid(&c))
        return false;
    r->until = when_from_civil(&c) + (n == 16 ? when_offset() : 0);
    return true;
}

static bool read_every(const char *text, const char *end, struct repeat *r)
{
    static const char *const names[] = {"DAILY", "WEEKLY", "MONTHLY"};
    for (int i = 0; i < 3; i++)
        if ((size_t)(end - text) == strlen(names[i]) &&
            !strncmp(text, names[i], strlen(names[i]))) {
            r->every = (enum repeat_every)i;
            return true;
        }
    return false;
}

enum part { FREQ, INTERVAL, BYDAY, BYMONTHDAY, COUNT, UNTIL, PARTS };

static bool read_part(enum part p, const char *text, const char *end, struct repeat *r)
{
    switch (p) {
    case FREQ:
        return read_every(text, end, r);
    case INTERVAL:
        return number(text, end, 1, REPEAT_INTERVAL_MOST, &r->interval);
    case BYDAY:
        return read_days(text, end, r);
    case BYMONTHDAY:
        return number(text, end, 1, 31, &r->date);
    case COUNT:
        return number(text, end, 1, 9999, &r->count);
    case UNTIL:
        return read_until(text, end, r);
    case PARTS:
        break;
    }
    return false;
}

/* Returns whether the parts found (seen) may be combined. */
static bool fits(const struct repeat *r, unsigned seen)
{
    if (!(seen & 1U << FREQ) || (seen & 1U << COUNT && seen & 1U << UNTIL))
        return false;
    if (r->every == REPEAT_MONTHLY)
        return !r->weekdays && !(r->nth && r->date);
    return !r->nth && !r->date && (r->every == REPEAT_WEEKLY || !r->weekdays);
}

bool repeat_parse(const char *rule, struct repeat *r)
{
    static const char *const names[PARTS] = {
        "FREQ=", "INTERVAL=", "BYDAY=", "BYMONTHDAY=", "COUNT=", "UNTIL="};
    unsigned seen = 0;
    *r = (struct repeat){.interval = 1, .until = NONE};
    for (const char *end;; rule = end + 1) {
        end = rule + strcspn(rule, ";");
        int p = 0;
        while (p < PARTS && strncmp(rule, names[p], strlen(names[p])) != 0)
            p++;
        if (p == PARTS || seen & 1U << p ||
            !read_part((enum part)p, rule + strlen(names[p]), end, r))
            return false;
        seen |= 1U << p;
        if (!*end)
            return fits(r, seen);
    }
}

/* ---- expanding ---- */

static int month_length(int year, int month)
{
    return (int)(month == 12 ? 31 : day_of(year, month + 1, 1) - day_of(year, month, 1));
}

/* Returns the day of the rule in that month; NONE if the month has none. */
static int64_t day_in_month(const struct repeat *r, int year, int month, int first_date)
{
    int length = month_length(year, month);
    if (!r->nth) {
        int date = r->date ? r->date : first_date;
        return date <= length ? day_of(year, month, date) : NONE;
    }
    if (r->nth > 0) {
        int64_t day = day_of(year, month, 1);
        return day + (r->weekday - when_weekday(day) + 7) % 7 + 7 * (r->nth - 1);
    }
    int64_t last = day_of(year, month, length);
    return last - (when_weekday(last) - r->weekday + 7) % 7;
}

/* The list being filled; starts belongs to the caller. */
struct listing {
    const struct repeat *rule;
    int64_t first, time; /* time: seconds since its midnight */
    int64_t *starts;
    int most, count;
    bool more;
};

/* Adds an occurrence on that day; returns false if the list has ended. */
static bool take_day(struct listing *l, int64_t day)
{
    int64_t at = when_day_start(day) + l->time;
    if (at <= l->first)
        return true;
    if (day > day_of(9998, 12, 31))
        return false;
    if ((l->rule->until != NONE && at > l->rule->until) ||
        (l->rule->count && l->count + 2 > l->rule->count)) /* the first counts */
        return false;
    if (l->count == l->most) {
        l->more = true;
        return false;
    }
    l->starts[l->count++] = at;
    return true;
}

static void list_months(struct listing *l)
{
    struct civil c = civil_from_when(l->first);
    for (int step = 0; step < STEPS_MOST; step += l->rule->interval) {
        int month = c.month - 1 + step, year = c.year + month / 12;
        if (year > 9998) /* as in take_day */
            return;
        int64_t day = day_in_month(l->rule, year, month % 12 + 1, c.day);
        if (day != NONE && !take_day(l, day))
            return;
    }
}

static void list_weeks(struct listing *l)
{
    int64_t day = when_day(l->first), monday = day - when_weekday(day) + 1;
    unsigned weekdays = l->rule->weekdays ? l->rule->weekdays : 1U << when_weekday(day);
    for (int step = 0; step < STEPS_MOST; step += l->rule->interval)
        for (int d = 1; d <= 7; d++)
            if (weekdays & 1U << d && !take_day(l, monday + step * 7 + d - 1))
                return;
}

static void list_days(struct listing *l)
{
    for (int step = 0; step < STEPS_MOST; step += l->rule->interval)
        if (!take_day(l, when_day(l->first) + step))
            return;
}

int repeat_list(const struct repeat *r, int64_t first, int64_t *starts, int most, bool *more)
{
    struct listing l = {.rule = r,
                        .first = first,
                        .time = first - when_day_start(when_day(first)),
                        .starts = starts,
                        .most = most};
    if (r->every == REPEAT_MONTHLY)
        list_months(&l);
    else if (r->every == REPEAT_WEEKLY)
        list_weeks(&l);
    else
        list_days(&l);
    if (more)
        *more = l.more;
    return l.count;
}

const char *repeat_limited(struct arena *a, const char *rule)
{
    const char *kept = "";
    for (const char *end;; rule = end + 1) {
        end = rule + strcspn(rule, ";");
        if (strncmp(rule, "COUNT=", 6) != 0 && strncmp(rule, "UNTIL=", 6) != 0)
            kept = arena_print(a, "%s%.*s;", kept, (int)(end - rule), rule);
        if (!*end)
            return arena_print(a, "%sCOUNT=%d", kept, REPEAT_MOST);
    }
}
