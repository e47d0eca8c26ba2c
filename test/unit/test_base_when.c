/* Time: what people write is read or refused, deadlines fall on the right day. */
#include "base/when.h"
#include "base/write.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

#define COUNT(x) (sizeof(x) / sizeof *(x))

static const struct {
    const char *text, *iso; /* iso NULL: refused */
    bool has_time;
} times[] = {
    {"2019/4/25 9:32:09", "2019-04-25T09:32:09+08:00", true},
    {"2019-04-25T09:32", "2019-04-25T09:32:00+08:00", true},
    {" 2018/4/24 ", "2018-04-24T00:00:00+08:00", false},
    {"2018.4.24", "2018-04-24T00:00:00+08:00", false},
    {"20180424", "2018-04-24T00:00:00+08:00", false},
    {"2018年4月24日", "2018-04-24T00:00:00+08:00", false},
    {"2018年4月24日9:32", "2018-04-24T09:32:00+08:00", true},
    {"2018年4月24日 9时", "2018-04-24T09:00:00+08:00", true},
    {"2018年4月24日9点32分05秒", "2018-04-24T09:32:05+08:00", true},
    {"２０１８／４／２４　９：３２", "2018-04-24T09:32:00+08:00", true},
    {"2019-04-25T01:32:09Z", "2019-04-25T09:32:09+08:00", true},
    {"2019-04-25T01:32:09.120+00:00", "2019-04-25T09:32:09+08:00", true},
    {"2019-04-24T20:32:09-05:00", "2019-04-25T09:32:09+08:00", true},
    {"2019-04-25 09:32:09 +0800", "2019-04-25T09:32:09+08:00", true},
    {"2020-02-29", "2020-02-29T00:00:00+08:00", false},
    {"1949-10-01", "1949-10-01T00:00:00+08:00", false},
    {"2019-02-29", NULL, false},
    {"2019-02-30", NULL, false},
    {"1900-02-29", NULL, false},
    {"2019-13-01", NULL, false},
    {"2019-00-10", NULL, false},
    {"2019-4-31", NULL, false},
    {"2019/4/25 24:00", NULL, false},
    {"2019/4/25 9:60", NULL, false},
    {"2019/4-25", NULL, false},
    {"2019/4/25 about nine", NULL, false},
    {"2019/4/259:32", NULL, false},
    {"2019/4/25T", NULL, false},
    {"2019/4/25T ", NULL, false},
    {"19/4/25", NULL, false},
    {"2018年4月", NULL, false},
    {"2019-04-25T09:32+99:00", NULL, false},
    {"2019-04-25T09:32+8", NULL, false},
    {"1899-12-31", NULL, false},
    {"99999999999999999999", NULL, false},
    {"", NULL, false},
    {"明天", NULL, false},
    {"2019/4/25 9:32:09 and a very long remark that nobody should ever write into a date cell",
     NULL, false},
    {NULL, NULL, false},
};

static void reads_times(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    for (size_t i = 0; i < COUNT(times); i++) {
        int64_t t = 42, day;
        bool has_time = false;
        bool fine = when_parse(times[i].text, &t, &has_time);
        if (fine != (times[i].iso != NULL))
            fail_msg("%s: %s", times[i].text, fine ? "was read" : "was refused");
        if (!fine) {
            assert_int_equal(t, 42);
            continue;
        }
        assert_string_equal(when_iso(a, t), times[i].iso);
        assert_int_equal(has_time, times[i].has_time);
        assert_int_equal(day_parse(times[i].text, &day), !has_time);
    }
    arena_free(a);
}

static void goes_there_and_back(void **state)
{
    (void)state;
    int64_t first = day_of(1900, 1, 1), last = day_of(9999, 12, 31), before = first - 1;
    assert_int_equal(day_of(1970, 1, 1), 0);
    assert_int_equal(day_of(2000, 3, 1), 11017);
    for (int64_t day = first; day <= last; day++) {
        struct civil c = civil_from_when(when_day_end(day));
        assert_true(civil_valid(&c));
        assert_int_equal(day_of(c.year, c.month, c.day), before + 1);
        assert_int_equal(when_from_civil(&c), when_day_end(day));
        before = day;
    }
}

static void reads_excel(void **state)
{
    (void)state;
    static const struct {
        double serial;
        const char *iso;
    } cases[] = {
        {1, "1900-01-01T00:00:00+08:00"},
        {59, "1900-02-28T00:00:00+08:00"},
        {61, "1900-03-01T00:00:00+08:00"},
        {25569, "1970-01-01T00:00:00+08:00"},
        {43580.39732638889, "2019-04-25T09:32:09+08:00"},
        {2958465, "9999-12-31T00:00:00+08:00"},
        {60, NULL},
        {60.5, NULL},
        {0, NULL},
        {0.5, NULL},
        {-1, NULL},
        {2958466, NULL},
        {2958465.9999999, NULL},
        {1e300, NULL},
        {NAN, NULL},
        {INFINITY, NULL},
    };
    struct arena *a = arena_new();
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t t = 0;
        assert_int_equal(when_from_excel(cases[i].serial, &t), cases[i].iso != NULL);
        if (!cases[i].iso)
            continue;
        assert_string_equal(when_iso(a, t), cases[i].iso);
        assert_true(fabs(when_to_excel(t) - cases[i].serial) < 1e-6);
    }
    arena_free(a);
}

static void speaks_to_people(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    int64_t t = 0;
    assert_true(when_parse("2026-03-05T14:05:59", &t, NULL));
    assert_string_equal(when_show(a, "zh_CN", t), "2026年3月5日 14:05");
    assert_string_equal(when_show(a, "en", t), "5 March 2026, 14:05");
    assert_string_equal(day_show(a, "zh_CN", when_day(t)), "2026年3月5日");
    assert_string_equal(day_show(a, "en", when_day(t)), "5 March 2026");
    assert_string_equal(day_iso(a, when_day(t)), "2026-03-05");
    assert_string_equal(when_show(a, "en", NONE), "");
    assert_string_equal(month_show(a, "zh_CN", 202603), "2026年3月");
    assert_string_equal(month_show(a, "en", 202612), "December 2026");
    assert_null(when_iso(a, NONE));
    assert_true(when_set_offset(-(3 * 3600 + 1800)));
    assert_string_equal(when_iso(a, t), "2026-03-05T02:35:59-03:30");
    assert_false(when_set_offset(15 * 3600));
    assert_false(when_set_offset(30));
    assert_true(when_set_offset(8 * 3600));
    arena_free(a);
}

/* National Day 2026: 1 to 7 October off, Sunday 20 September and Saturday 10 October worked. */
static void counts_working_days(void **state)
{
    (void)state;
    struct calendar_day days[9] = {{day_of(2026, 9, 20), false}};
    for (int i = 0; i < 7; i++)
        days[1 + i] = (struct calendar_day){day_of(2026, 10, 1 + i), true};
    days[8] = (struct calendar_day){day_of(2026, 10, 10), false};
    const struct calendar cal = {days, 9}, plain_weeks = {NULL, 0};
    static const struct {
        const char *from;
        int n;
        const char *deadline, *without_holidays;
    } cases[] = {
        {"2026-09-30 09:00", 0, "2026-09-30T23:59:59+08:00", "2026-09-30T23:59:59+08:00"},
        {"2026-09-30 09:00", 1, "2026-10-08T23:59:59+08:00", "2026-10-01T23:59:59+08:00"},
        {"2026-09-30 09:00", 3, "2026-10-10T23:59:59+08:00", "2026-10-05T23:59:59+08:00"},
        {"2026-10-03 23:59", 1, "2026-10-08T23:59:59+08:00", "2026-10-05T23:59:59+08:00"},
        {"2026-09-18 00:00", 2, "2026-09-21T23:59:59+08:00", "2026-09-22T23:59:59+08:00"},
    };
    struct arena *a = arena_new();
    assert_true(calendar_check(&cal));
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t t = 0;
        assert_true(when_parse(cases[i].from, &t, NULL));
        int64_t deadline = calendar_add_working_days(&cal, t, cases[i].n);
        assert_string_equal(when_iso(a, deadline), cases[i].deadline);
        assert_string_equal(when_iso(a, calendar_add_working_days(&plain_weeks, t, cases[i].n)),
                            cases[i].without_holidays);
        assert_int_equal(calendar_working_days_between(&cal, t, deadline), cases[i].n);
        assert_int_equal(calendar_working_days_between(&cal, deadline, t), -cases[i].n);
    }
    int64_t from = 0, to = 0;
    assert_true(when_parse("2026-09-30 18:00", &from, NULL) &&
                when_parse("2026-10-08 09:00", &to, NULL));
    assert_int_equal(calendar_working_seconds(&cal, from, to), (6 + 9) * WHEN_HOUR);
    assert_int_equal(calendar_working_seconds(&cal, to, from), 0);
    days[8].day = days[0].day;
    assert_false(calendar_check(&cal));
    assert_int_equal(when_weekday(day_of(2026, 10, 10)), 6);
    assert_int_equal(when_weekday(day_of(1960, 1, 3)), 7);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_times),         cmocka_unit_test(goes_there_and_back),
        cmocka_unit_test(reads_excel),         cmocka_unit_test(speaks_to_people),
        cmocka_unit_test(counts_working_days),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
