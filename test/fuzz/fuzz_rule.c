/*
 * Fuzz target: a recurrence rule as somebody sends it. What is taken ends, comes in order after the
 * first, and is the same when it is cut to what one rule makes.
 */
#include "fuzz.h"

#include "base/repeat.h"
#include "base/when.h"
#include "base/write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    char *rule = must_alloc(size);
    memcpy(rule, data + 1, size - 1);
    int64_t first = 1796434200 + (int64_t)data[0] * WHEN_DAY, starts[REPEAT_MOST], last = first;
    struct repeat r, again;
    bool more;
    if (repeat_parse(rule, &r)) {
        int n = repeat_list(&r, first, starts, REPEAT_MOST - 1, &more);
        if (n < 0 || n >= REPEAT_MOST || (more && n != REPEAT_MOST - 1))
            abort();
        for (int i = 0; i < n; last = starts[i++])
            if (starts[i] <= last || (r.until != NONE && starts[i] > r.until))
                abort();
        struct arena *a = arena_new();
        if (!repeat_parse(repeat_limited(a, rule), &again))
            abort();
        arena_free(a);
    }
    free(rule);
    return 0;
}

#ifndef LINLI_FUZZER
int main(int argc, char **argv)
{
    static const char *const seeds[] = {
        "1FREQ=DAILY;COUNT=10",
        "5FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SA;UNTIL=20270430T155959Z",
        "9FREQ=MONTHLY;BYDAY=-1SU;UNTIL=20270430",
        "\x30UNTIL=20270430T235959;FREQ=MONTHLY;BYMONTHDAY=31",
        "0FREQ=DAILY;BYHOUR=1,2;BYMINUTE=0;BYSECOND=0;BYMONTHDAY=30;BYMONTH=2",
    };
    int failed = 0;
    for (int i = 1; i < argc; i++)
        failed |= run_file(argv[i]);
    for (size_t i = 0; argc < 2 && i < sizeof seeds / sizeof *seeds; i++)
        run_changed(seeds[i], strlen(seeds[i]), 20000);
    return failed;
}
#endif
