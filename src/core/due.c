/*
 * Deadlines as times, as due.h describes them. One in working days ends with
 * the last second of its day; one in hours ends at any other second. That is
 * how a page tells the two apart.
 */
#include "core/due.h"

#include "base/when.h"

#include <stdlib.h>
#include <string.h>

bool deadline_read(struct ctx *ctx, const char *text, int64_t *count, const char **kind)
{
    char *end;
    long long n = strtoll(text, &end, 10);
    static const char *const kinds[] = {"working_days", "hours", "calendar_days"};
    while (*end == ' ')
        end++;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (end != text && n >= 1 && n <= DEADLINE_MOST && !strcmp(end, kinds[i])) {
            *count = n;
            *kind = arena_copy(ctx->arena, end);
            return true;
        }
    return false;
}

const char *deadline_text(struct ctx *ctx, int64_t count, const char *kind)
{
    if (!strcmp(kind, "hours"))
        return say_n(ctx, count, "1 hour", "{} hours", count);
    if (!strcmp(kind, "calendar_days"))
        return say_n(ctx, count, "1 calendar day", "{} calendar days", count);
    return say_n(ctx, count, "1 working day", "{} working days", count);
}

int64_t term_end(const struct calendar *cal, struct term t, int64_t from)
{
    if (!strcmp(t.kind, "hours"))
        return from + t.count * WHEN_HOUR;
    if (!strcmp(t.kind, "calendar_days"))
        return when_day_end(when_day(from) + t.count);
    return calendar_add_working_days(cal, from, (int)t.count);
}

int64_t due_soon(const struct calendar *cal, int64_t now)
{
    return calendar_add_working_days(cal, now, SOON_DAYS);
}

static bool by_hours(int64_t due)
{
    return due != when_day_end(when_day(due));
}

struct countdown countdown_of(struct ctx *ctx, const struct calendar *cal, int64_t due)
{
    struct countdown c = {.text = ""};
    int64_t left = due - ctx->now, off = left < 0 ? -left : left;
    c.late = left < 0;
    int days = calendar_working_days_between(cal, ctx->now, due);
    c.soon = !c.late && days <= SOON_DAYS;
    if (by_hours(due) && off < WHEN_HOUR)
        c.text = c.late ? say_n(ctx, off / 60, "1 minute overdue", "{} minutes overdue", off / 60)
                        : say_n(ctx, off / 60, "1 minute left", "{} minutes left", off / 60);
    else if (by_hours(due) && off < 3 * WHEN_DAY)
        c.text = c.late
                     ? say_n(ctx, off / WHEN_HOUR, "1 hour overdue", "{} hours overdue",
                             off / WHEN_HOUR)
                     : say_n(ctx, off / WHEN_HOUR, "1 hour left", "{} hours left", off / WHEN_HOUR);
    else if (c.late)
        c.text = days == 0
                     ? say(ctx, "overdue today")
                     : say_n(ctx, -days, "1 working day overdue", "{} working days overdue", -days);
    else
        c.text = days == 0 ? say(ctx, "due today")
                           : say_n(ctx, days, "1 working day left", "{} working days left", days);
    return c;
}
