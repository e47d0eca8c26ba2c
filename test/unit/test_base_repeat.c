/* Recurrence rules: what is taken, what is refused, and on which days it falls. */
#include "base/repeat.h"

#include "base/when.h"

#include <libical/ical.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

/* 2026-12-05 is a Saturday. */
static int64_t at(int year, int month, int day)
{
    struct civil c = {year, month, day, 9, 30, 0};
    return when_from_civil(&c);
}

static const char *const rules_taken[] = {
    "FREQ=DAILY",
    "FREQ=DAILY;COUNT=2",
    "COUNT=9999;FREQ=DAILY",
    "FREQ=DAILY;INTERVAL=99",
    "FREQ=WEEKLY",
    "FREQ=WEEKLY;BYDAY=MO",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SA;UNTIL=20270131T235959",
    "FREQ=MONTHLY",
    "FREQ=MONTHLY;BYDAY=1SA",
    "FREQ=MONTHLY;BYDAY=4SU;COUNT=60",
    "FREQ=MONTHLY;BYDAY=-1FR;UNTIL=20270131",
    "FREQ=MONTHLY;BYMONTHDAY=31;UNTIL=20270131T155959Z",
};
static const char *const rules_refused[] = {
    "",
    "every week",
    "FREQ",
    "FREQ=",
    "FREQ=HOURLY",
    "FREQ=SECONDLY",
    "FREQ=YEARLY",
    "FREQ=DAILYX",
    "freq=daily",
    "FREQ=DAILY;",
    "FREQ=DAILY;;COUNT=2",
    "FREQ=DAILY;FREQ=DAILY",
    "COUNT=3",
    "FREQ=DAILY;COUNT=0",
    "FREQ=DAILY;COUNT=",
    "FREQ=DAILY;COUNT=-1",
    "FREQ=DAILY;COUNT=10000",
    "FREQ=DAILY;COUNT=99999999999999999999",
    "FREQ=DAILY;COUNT=2;UNTIL=20270131",
    "FREQ=DAILY;INTERVAL=0",
    "FREQ=DAILY;INTERVAL=100",
    "FREQ=DAILY;UNTIL=20270230",
    "FREQ=DAILY;UNTIL=2027013",
    "FREQ=DAILY;UNTIL=20270131T2359",
    "FREQ=DAILY;UNTIL=20270131T240000",
    "FREQ=DAILY;UNTIL=20270131T235959X",
    "FREQ=DAILY;BYDAY=MO",
    "FREQ=WEEKLY;BYDAY=",
    "FREQ=WEEKLY;BYDAY=MO,",
    "FREQ=WEEKLY;BYDAY=MO,MO",
    "FREQ=WEEKLY;BYDAY=1MO",
    "FREQ=WEEKLY;BYMONTHDAY=3",
    "FREQ=MONTHLY;BYDAY=MO",
    "FREQ=MONTHLY;BYDAY=1MO,2MO",
    "FREQ=MONTHLY;BYDAY=53SA",
    "FREQ=MONTHLY;BYDAY=5SA",
    "FREQ=MONTHLY;BYDAY=0SA",
    "FREQ=MONTHLY;BYDAY=-2SA",
    "FREQ=MONTHLY;BYMONTHDAY=32",
    "FREQ=MONTHLY;BYMONTHDAY=-1",
    "FREQ=MONTHLY;BYDAY=1SA;BYMONTHDAY=3",
    "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31",
    "FREQ=DAILY;BYHOUR=1,2,3;BYMINUTE=0,1;BYSECOND=0,1;BYMONTHDAY=30;BYMONTH=2",
    "FREQ=MONTHLY;BYSETPOS=1;BYDAY=MO",
    "FREQ=MONTHLY;BYWEEKNO=53",
    "FREQ=DAILY;BYYEARDAY=366",
    "FREQ=DAILY;RSCALE=CHINESE",
};

static void only_what_the_form_makes_is_taken(void **state)
{
    (void)state;
    struct repeat r;
    for (size_t i = 0; i < sizeof rules_taken / sizeof *rules_taken; i++)
        if (!repeat_parse(rules_taken[i], &r))
            fail_msg("refused: %s", rules_taken[i]);
    for (size_t i = 0; i < sizeof rules_refused / sizeof *rules_refused; i++)
        if (repeat_parse(rules_refused[i], &r))
            fail_msg("taken: %s", rules_refused[i]);
}

static int listed(const char *rule, int64_t first, int64_t *starts, int most, bool *more)
{
    struct repeat r;
    if (!repeat_parse(rule, &r))
        fail_msg("refused: %s", rule);
    return repeat_list(&r, first, starts, most, more);
}

static void days_are_those_of_the_rule(void **state)
{
    (void)state;
    int64_t first = at(2026, 12, 5), s[REPEAT_MOST];
    bool more;
    assert_int_equal(listed("FREQ=DAILY;COUNT=3", first, s, 59, &more), 2);
    assert_true(s[0] == at(2026, 12, 6) && s[1] == at(2026, 12, 7) && !more);
    assert_int_equal(listed("FREQ=WEEKLY;BYDAY=TU,SA;COUNT=4", first, s, 59, &more), 3);
    assert_true(s[0] == at(2026, 12, 8) && s[1] == at(2026, 12, 12) && s[2] == at(2026, 12, 15));
    assert_int_equal(listed("FREQ=WEEKLY;INTERVAL=2;COUNT=3", first, s, 59, &more), 2);
    assert_true(s[0] == at(2026, 12, 19) && s[1] == at(2027, 1, 2));
    assert_int_equal(listed("FREQ=MONTHLY;BYDAY=1SA;COUNT=3", first, s, 59, &more), 2);
    assert_true(s[0] == at(2027, 1, 2) && s[1] == at(2027, 2, 6));
    assert_int_equal(listed("FREQ=MONTHLY;BYDAY=-1SU;COUNT=3", first, s, 59, &more), 2);
    assert_true(s[0] == at(2026, 12, 27) && s[1] == at(2027, 1, 31));
    first = at(2026, 12, 31); /* months that have no 31st are left out */
    assert_int_equal(listed("FREQ=MONTHLY;COUNT=4", first, s, 59, &more), 3);
    assert_true(s[0] == at(2027, 1, 31) && s[1] == at(2027, 3, 31) && s[2] == at(2027, 5, 31));
}

static void the_last_day_belongs_to_it(void **state)
{
    (void)state;
    int64_t first = at(2027, 4, 28), s[REPEAT_MOST];
    static const char *const until[] = {
        "FREQ=DAILY;UNTIL=20270430", "FREQ=DAILY;UNTIL=20270430T235959",
        "FREQ=DAILY;UNTIL=20270430T155959Z", /* 23:59:59 here */
        "FREQ=DAILY;UNTIL=20270430T093000", "FREQ=DAILY;UNTIL=20270430T013000Z"};
    for (size_t i = 0; i < sizeof until / sizeof *until; i++) {
        assert_int_equal(listed(until[i], first, s, 59, NULL), 2);
        assert_true(s[1] == at(2027, 4, 30));
    }
    assert_int_equal(listed("FREQ=DAILY;UNTIL=20270430T092959", first, s, 59, NULL), 1);
    assert_int_equal(listed("FREQ=DAILY;UNTIL=20270428", first, s, 59, NULL), 0);
}

static void a_longer_rule_says_so(void **state)
{
    (void)state;
    int64_t s[REPEAT_MOST], first = at(2026, 12, 5);
    bool more;
    struct arena *a = arena_new();
    assert_int_equal(listed("FREQ=DAILY;COUNT=60", first, s, 59, &more), 59);
    assert_false(more);
    assert_int_equal(listed("FREQ=DAILY;COUNT=61", first, s, 59, &more), 59);
    assert_true(more);
    assert_int_equal(listed("FREQ=DAILY;UNTIL=20270430", first, s, 59, &more), 59);
    assert_true(more);
    assert_int_equal(listed("FREQ=MONTHLY;INTERVAL=99", first, s, 59, &more), 59);
    assert_true(more);
    assert_int_equal(listed("FREQ=DAILY", at(9998, 12, 30), s, 59, &more), 1);
    assert_string_equal(repeat_limited(a, "FREQ=DAILY;UNTIL=20270430"), "FREQ=DAILY;COUNT=60");
    assert_string_equal(repeat_limited(a, "COUNT=99;FREQ=WEEKLY;BYDAY=SA"),
                        "FREQ=WEEKLY;BYDAY=SA;COUNT=60");
    arena_free(a);
}

static struct icaltimetype ical_of(int64_t t)
{
    struct civil c = civil_from_when(t);
    struct icaltimetype i = icaltime_null_time();
    i.year = c.year, i.month = c.month, i.day = c.day;
    i.hour = c.hour, i.minute = c.minute, i.second = c.second;
    return i;
}

/* Another's reading of the same rules. */
static void libical_agrees(void **state)
{
    (void)state;
    static const char *const rules[] = {
        "FREQ=DAILY",
        "FREQ=DAILY;INTERVAL=3",
        "FREQ=WEEKLY;BYDAY=MO,WE,SU",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH,SU",
        "FREQ=WEEKLY;INTERVAL=5",
        "FREQ=MONTHLY",
        "FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;BYMONTHDAY=29",
        "FREQ=MONTHLY;BYDAY=1MO",
        "FREQ=MONTHLY;BYDAY=4WE",
        "FREQ=MONTHLY;INTERVAL=3;BYDAY=-1SU",
    };
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        for (int day = 0; day < 62; day++) {
            int64_t first = at(2026, 12, 1) + day * WHEN_DAY, s[REPEAT_MOST];
            int n = listed(rules[i], first, s, 40, NULL);
            icalrecur_iterator *it = icalrecur_iterator_new(
                icalrecurrencetype_from_string(rules[i]), ical_of(first));
            for (int k = 0; k < n;) {
                struct icaltimetype t = icalrecur_iterator_next(it);
                struct civil c = {t.year, t.month, t.day, t.hour, t.minute, t.second};
                if (when_from_civil(&c) <= first)
                    continue;
                if (s[k++] != when_from_civil(&c))
                    fail_msg("%s: %04d-%02d-%02d", rules[i], t.year, t.month, t.day);
            }
            icalrecur_iterator_free(it);
            assert_int_equal(n, 40);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_the_form_makes_is_taken),
        cmocka_unit_test(days_are_those_of_the_rule),
        cmocka_unit_test(the_last_day_belongs_to_it),
        cmocka_unit_test(a_longer_rule_says_so),
        cmocka_unit_test(libical_agrees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
