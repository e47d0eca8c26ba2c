/*
 * Time: civil dates by arithmetic (days in 400-year eras). The C library's
 * calendar is not used: it depends on the environment and differs between
 * systems.
 *
 * The parser reads numbers and separators one after the other and accepts only
 * a few forms. Anything left over makes the text invalid, so "2019/4/25 about
 * nine" is refused instead of being read as midnight. The offset is set once,
 * before threads start, and only read afterwards.
 */
#include "base/when.h"

#include "base/text.h"
#include "base/write.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define YEAR_FIRST  1900
#define YEAR_LAST   9999
#define EXCEL_EPOCH INT64_C(-25569) /* 1899-12-30 */
#define SPAN_MOST   3660            /* working days at most; longer spans count as this */
#define TEXT_MOST   64              /* bytes of a date for people */

static int offset = 8 * 3600;

bool when_set_offset(int seconds)
{
    if (seconds < -14 * 3600 || seconds > 14 * 3600 || seconds % 60)
        return false;
    offset = seconds;
    return true;
}

int when_offset(void)
{
    return offset;
}

int64_t when_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    int64_t q = a / b;
    return a % b < 0 ? q - 1 : q;
}

/* Days from 1970-01-01; years start in March so that the leap day comes last. */
int64_t day_of(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = floor_div(y, 400), of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void split_day(int64_t day, struct civil *c)
{
    int64_t z = day + 719468, era = floor_div(z, 146097), d = z - era * 146097;
    int64_t y = (d - d / 1460 + d / 36524 - d / 146096) / 365;
    int64_t of_year = d - (365 * y + y / 4 - y / 100), m = (5 * of_year + 2) / 153;
    c->day = (int)(of_year - (153 * m + 2) / 5 + 1);
    c->month = (int)(m < 10 ? m + 3 : m - 9);
    c->year = (int)(y + era * 400 + (c->month <= 2));
}

static int month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

bool civil_valid(const struct civil *c)
{
    return c->year >= YEAR_FIRST && c->year <= YEAR_LAST && c->month >= 1 && c->month <= 12 &&
           c->day >= 1 && c->day <= month_days(c->year, c->month) && c->hour >= 0 &&
           c->hour <= 23 && c->minute >= 0 && c->minute <= 59 && c->second >= 0 && c->second <= 59;
}

static int64_t local_seconds(const struct civil *c)
{
    return day_of(c->year, c->month, c->day) * WHEN_DAY + c->hour * 3600 + c->minute * 60 +
           c->second;
}

int64_t when_from_civil(const struct civil *c)
{
    return local_seconds(c) - offset;
}

int64_t when_day(int64_t t)
{
    return floor_div(t + offset, WHEN_DAY);
}

int64_t when_day_start(int64_t day)
{
    return day * WHEN_DAY - offset;
}

int64_t when_day_end(int64_t day)
{
    return when_day_start(day) + WHEN_DAY - 1;
}

int when_weekday(int64_t day)
{
    int64_t n = (day + 3) % 7; /* 1970-01-01 was a Thursday */
    return (int)(n < 0 ? n + 8 : n + 1);
}

struct civil civil_from_when(int64_t t)
{
    struct civil c;
    int64_t day = when_day(t), s = t - when_day_start(day);
    split_day(day, &c);
    c.hour = (int)(s / 3600);
    c.minute = (int)(s / 60 % 60);
    c.second = (int)(s % 60);
    return c;
}

/* --- reading --- */

static void skip_blanks(const char **s)
{
    *s += strspn(*s, " \t");
}

/* Reads 1 to `most` digits; returns false if there are none, or more. */
static bool number(const char **s, int most, int *v)
{
    int n = 0;
    *v = 0;
    for (; (*s)[n] >= '0' && (*s)[n] <= '9'; n++) {
        if (n == most)
            return false;
        *v = *v * 10 + (*s)[n] - '0';
    }
    *s += n;
    return n > 0;
}

static bool sign(const char **s, const char *word)
{
    size_t n = strlen(word);
    if (strncmp(*s, word, n) != 0)
        return false;
    *s += n;
    return true;
}

static bool read_date(const char **s, struct civil *c)
{
    if (strspn(*s, "0123456789") == 8) {
        int all;
        if (!number(s, 8, &all))
            return false;
        c->year = all / 10000;
        c->month = all / 100 % 100;
        c->day = all % 100;
        return true;
    }
    if (strspn(*s, "0123456789") != 4 || !number(s, 4, &c->year))
        return false;
    if (sign(s, "年")) {
        if (!number(s, 2, &c->month) || !sign(s, "月") || !number(s, 2, &c->day))
            return false;
        return sign(s, "日") || sign(s, "号");
    }
    char mark[2] = {**s, '\0'};
    if (!mark[0] || !strchr("/-.", mark[0]) || !sign(s, mark))
        return false;
    return number(s, 2, &c->month) && sign(s, mark) && number(s, 2, &c->day);
}

/* 9:32, 9:32:09, 9:32:09.120, 9时, 9时32分, 9点32分09秒 */
static bool read_clock(const char **s, struct civil *c)
{
    if (!number(s, 2, &c->hour))
        return false;
    if (sign(s, "时") || sign(s, "点")) {
        if (**s < '0' || **s > '9')
            return true;
        if (!number(s, 2, &c->minute))
            return false;
        if (!sign(s, "分") || **s < '0' || **s > '9')
            return true;
        return number(s, 2, &c->second) && sign(s, "秒");
    }
    if (!sign(s, ":") || !number(s, 2, &c->minute))
        return false;
    if (!sign(s, ":"))
        return true;
    if (!number(s, 2, &c->second))
        return false;
    int fraction;
    return !sign(s, ".") || number(s, 9, &fraction);
}

/* Z, +08:00, +0800, +08; *zone is unchanged if there is none. */
static bool read_zone(const char **s, int *zone)
{
    if (sign(s, "Z") || sign(s, "z")) {
        *zone = 0;
        return true;
    }
    if (**s != '+' && **s != '-')
        return true;
    int side = **s == '-' ? -1 : 1, hours = 0, minutes = 0;
    ++*s;
    size_t digits = strspn(*s, "0123456789");
    if (digits == 4) {
        if (!number(s, 4, &minutes))
            return false;
        hours = minutes / 100;
        minutes %= 100;
    } else if (digits != 2 || !number(s, 2, &hours) || (sign(s, ":") && !number(s, 2, &minutes))) {
        return false;
    }
    *zone = side * (hours * 3600 + minutes * 60);
    return hours <= 14 && minutes <= 59;
}

bool when_parse(const char *text, int64_t *t, bool *has_time)
{
    char plain_text[TEXT_MOST];
    if (!text || !text_half_width_into(plain_text, sizeof plain_text, text))
        return false;
    struct civil c = {0};
    int zone = offset;
    bool clock = false;
    const char *s = plain_text;
    skip_blanks(&s);
    if (!read_date(&s, &c))
        return false;
    bool named = (s[-1] & 0x80) != 0; /* …日: the time may follow at once */
    bool letter = sign(&s, "T") || sign(&s, "t");
    bool apart = letter || named || *s == ' ' || *s == '\t';
    skip_blanks(&s);
    if (*s >= '0' && *s <= '9') {
        clock = true;
        if (!apart || !read_clock(&s, &c))
            return false;
        skip_blanks(&s);
        if (!read_zone(&s, &zone))
            return false;
    } else if (letter) {
        return false;
    }
    skip_blanks(&s);
    if (*s || !civil_valid(&c))
        return false;
    *t = local_seconds(&c) - zone;
    if (has_time)
        *has_time = clock;
    return true;
}

bool day_parse(const char *text, int64_t *day)
{
    int64_t t;
    bool clock;
    if (!when_parse(text, &t, &clock) || clock)
        return false;
    *day = when_day(t);
    return true;
}

bool when_from_excel(double serial, int64_t *t)
{
    /* NaN fails the first comparison; 2958466 is 1 January 10000. */
    if (!(serial >= 1.0) || serial >= 2958466.0 || (serial >= 60.0 && serial < 61.0))
        return false;
    int64_t seconds = (int64_t)llround((serial < 60.0 ? serial + 1.0 : serial) * 86400.0);
    if (seconds >= INT64_C(2958466) * WHEN_DAY)
        return false;
    *t = seconds + EXCEL_EPOCH * WHEN_DAY - offset;
    return true;
}

double when_to_excel(int64_t t)
{
    double serial = (double)(t + offset - EXCEL_EPOCH * WHEN_DAY) / 86400.0;
    return serial < 61.0 ? serial - 1.0 : serial;
}

/* --- formatting --- */

static const char *const months[] = {"January",   "February", "March",    "April",
                                     "May",       "June",     "July",     "August",
                                     "September", "October",  "November", "December"};

static bool in_english(const char *lang)
{
    return lang[0] == 'e';
}

const char *when_show(struct arena *a, const char *lang, int64_t t)
{
    if (t == NONE)
        return "";
    struct civil c = civil_from_when(t);
    if (in_english(lang))
        return arena_print(a, "%d %s %d, %02d:%02d", c.day, months[c.month - 1], c.year, c.hour,
                           c.minute);
    return arena_print(a, "%d年%d月%d日 %02d:%02d", c.year, c.month, c.day, c.hour, c.minute);
}

const char *day_show(struct arena *a, const char *lang, int64_t day)
{
    if (day == NONE)
        return "";
    struct civil c;
    split_day(day, &c);
    if (in_english(lang))
        return arena_print(a, "%d %s %d", c.day, months[c.month - 1], c.year);
    return arena_print(a, "%d年%d月%d日", c.year, c.month, c.day);
}

const char *when_short(struct arena *a, const char *lang, int64_t t, int64_t now)
{
    if (t == NONE)
        return "";
    struct civil c = civil_from_when(t);
    if (c.year != civil_from_when(now).year)
        return day_show(a, lang, when_day(t));
    if (in_english(lang))
        return arena_print(a, "%d %.3s, %02d:%02d", c.day, months[c.month - 1], c.hour, c.minute);
    return arena_print(a, "%d月%d日 %02d:%02d", c.month, c.day, c.hour, c.minute);
}

const char *month_show(struct arena *a, const char *lang, int64_t month)
{
    int year = (int)(month / 100), m = (int)(month % 100);
    return in_english(lang) ? arena_print(a, "%s %d", months[m - 1], year)
                            : arena_print(a, "%d年%d月", year, m);
}

/* Writes two digits and the character after them. */
static char *put_two(char *to, int v, char after)
{
    *to++ = (char)('0' + v / 10 % 10);
    *to++ = (char)('0' + v % 10);
    *to++ = after;
    return to;
}

/* Written without printf for speed: an API answer has a dozen times in each
 * record. */
const char *when_iso(struct arena *a, int64_t t)
{
    if (t == NONE)
        return NULL;
    struct civil c = civil_from_when(t);
    int east = offset < 0 ? -offset : offset;
    if (c.year < 0 || c.year > 9999)
        return arena_print(a, "%04d-%02d-%02dT%02d:%02d:%02d%c%02d:%02d", c.year, c.month, c.day,
                           c.hour, c.minute, c.second, offset < 0 ? '-' : '+', east / 3600,
                           east / 60 % 60);
    char text[26], *to = put_two(text, c.year / 100, 0) - 1;
    to = put_two(to, c.year, '-');
    to = put_two(to, c.month, '-');
    to = put_two(to, c.day, 'T');
    to = put_two(to, c.hour, ':');
    to = put_two(to, c.minute, ':');
    to = put_two(to, c.second, offset < 0 ? '-' : '+');
    to = put_two(to, east / 3600, ':');
    put_two(to, east / 60 % 60, 0);
    return arena_copyn(a, text, sizeof text - 1);
}

const char *day_iso(struct arena *a, int64_t day)
{
    if (day == NONE)
        return NULL;
    struct civil c;
    split_day(day, &c);
    return arena_print(a, "%04d-%02d-%02d", c.year, c.month, c.day);
}

/* --- working days --- */

bool calendar_check(const struct calendar *cal)
{
    for (int i = 1; i < cal->count; i++)
        if (cal->days[i].day <= cal->days[i - 1].day)
            return false;
    return true;
}

bool calendar_is_working(const struct calendar *cal, int64_t day)
{
    int low = 0, high = cal ? cal->count : 0;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (cal->days[middle].day < day)
            low = middle + 1;
        else
            high = middle;
    }
    if (cal && low < cal->count && cal->days[low].day == day)
        return !cal->days[low].is_off;
    return when_weekday(day) <= 5;
}

int64_t calendar_add_working_days(const struct calendar *cal, int64_t t, int n)
{
    int64_t day = when_day(t);
    if (n > SPAN_MOST)
        n = SPAN_MOST;
    /* With a calendar that declares every day a holiday the loop would never
     * end. It stops at three calendar days for each working day, plus a
     * year. */
    int64_t last = day + (int64_t)n * 3 + 366;
    while (n > 0 && day < last)
        if (calendar_is_working(cal, ++day))
            n--;
    return when_day_end(day);
}

static int working_days_after(const struct calendar *cal, int64_t from, int64_t to)
{
    int n = 0;
    if (to - from > SPAN_MOST)
        to = from + SPAN_MOST;
    while (from < to)
        n += calendar_is_working(cal, ++from);
    return n;
}

int calendar_working_days_between(const struct calendar *cal, int64_t now, int64_t deadline)
{
    int64_t from = when_day(now), to = when_day(deadline);
    return from <= to ? working_days_after(cal, from, to) : -working_days_after(cal, to, from);
}

int64_t calendar_working_seconds(const struct calendar *cal, int64_t from, int64_t to)
{
    int64_t sum = 0;
    if (to <= from)
        return 0;
    int64_t last = when_day(to), day = when_day(from);
    if (last - day > SPAN_MOST)
        last = day + SPAN_MOST;
    for (; day <= last; day++) {
        int64_t start = when_day_start(day), end = start + WHEN_DAY;
        if (calendar_is_working(cal, day))
            sum += (to < end ? to : end) - (from > start ? from : start);
    }
    return sum;
}
