/*
 * Repetition in words, stored as an RRULE (RFC 5545): the form's choices become
 * a rule, and a rule is described in words. A rule from elsewhere that has no
 * words here is shown as it is.
 */
#include "app/activities/activity_pages.h"

#include "base/repeat.h"
#include "base/text.h"
#include "base/when.h"
#include "web/fields.h"

#include <stdlib.h>
#include <string.h>

#define TIMES_MOST REPEAT_MOST

static const struct choice every[] = {
    {"", N_("Does not repeat")},
    {"day", N_("Daily")},
    {"week", N_("Weekly")},
    {"2weeks", N_("Every two weeks")},
    {"month-weekday", N_("Monthly on the same weekday, e.g. the first Saturday")},
    {"month-last", N_("Monthly on the last such weekday")},
    {"month-day", N_("Monthly on the same date")},
    {NULL, NULL}};
static const char *const ical_days[] = {"MO", "TU", "WE", "TH", "FR", "SA", "SU"};

static const char *chosen(struct ctx *ctx)
{
    const char *e = param(ctx, "every");
    for (const struct choice *c = every; e && c->code; c++)
        if (!strcmp(c->code, e))
            return c->code;
    return "";
}

static bool day_ticked(struct ctx *ctx, int weekday)
{
    int64_t days[7];
    int n = param_ints(ctx, "weekday", days, 7);
    for (int i = 0; i < n; i++)
        if (days[i] == weekday)
            return true;
    return false;
}

void repeats_field(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const char *now = chosen(ctx), *times = param(ctx, "times");
    html(out,
         "<fieldset class=\"repeat\"><legend>{}</legend><div class=\"field\"><label "
         "for=\"f-every\">{}</label><select id=\"f-every\" name=\"every\">",
         say(ctx, "Does it repeat?"), say(ctx, "How often"));
    for (const struct choice *c = every; c->code; c++)
        html(out, "<option value=\"{}\"{}>{}</option>", c->code,
             (struct markup){!strcmp(now, c->code) ? " selected" : ""}, tr(ctx, c->label));
    html(out, "</select>");
    field_problem(ctx, "every");
    html(out,
         "</div><div class=\"form\"><div class=\"field weekdays\"><span>{}</span><div "
         "class=\"checks\">",
         say(ctx, "Other weekdays (weekly and fortnightly only)"));
    for (int d = 1; d <= 7; d++)
        html(out,
             "<label class=\"check\"><input type=\"checkbox\" name=\"weekday\" value=\"{}\"{}> "
             "{}</label>",
             d, (struct markup){day_ticked(ctx, d) ? " checked" : ""}, weekday_name(ctx, d));
    html(out,
         "</div></div><div class=\"pair\"><div class=\"field\"><label "
         "for=\"f-times\">{}</label><input id=\"f-times\" class=\"tiny\" type=\"number\" "
         "name=\"times\" min=\"2\" max=\"{}\" value=\"{}\">",
         say(ctx, "Number of times"), TIMES_MOST, times);
    field_problem(ctx, "times");
    html(out,
         "</div><div class=\"field\"><label for=\"f-until\">{}</label><input id=\"f-until\" "
         "type=\"date\" name=\"until\" value=\"{}\">",
         say(ctx, "or until"), param(ctx, "until"));
    field_problem(ctx, "until");
    html(out, "</div></div></fieldset>");
}

/* ";COUNT=10" or ";UNTIL=20270131T235959"; one of the two is required. */
static const char *end_of(struct ctx *ctx, int64_t starts)
{
    const char *until = param(ctx, "until"), *typed = param(ctx, "times");
    int64_t times = typed && *typed ? param_int(ctx, "times") : NONE, day;
    if (typed && *typed && (times == NONE || times < 2 || times > TIMES_MOST)) {
        ctx_problem(ctx, "times", say(ctx, "2 to {} times.", TIMES_MOST));
        return "";
    }
    if (times != NONE)
        return arena_print(ctx->arena, ";COUNT=%lld", (long long)times);
    if (!until || !*until) {
        ctx_problem(ctx, "times", say(ctx, "Enter the number of times or an end date."));
        return "";
    }
    if (!day_parse(until, &day) || day <= when_day(starts) || day > when_day(starts) + 3 * 366) {
        ctx_problem(ctx, "until",
                    say(ctx, "Enter a date after the first activity and within three years."));
        return "";
    }
    struct civil c = civil_from_when(when_day_start(day));
    return arena_print(ctx->arena, ";UNTIL=%04d%02d%02dT235959", c.year, c.month, c.day);
}

static const char *weekdays_of(struct ctx *ctx, int64_t starts)
{
    const char *list = "";
    for (int d = 1; d <= 7; d++)
        if (day_ticked(ctx, d) || d == when_weekday(when_day(starts)))
            list = text_add(ctx->arena, list, ",", ical_days[d - 1]);
    return list;
}

const char *repeats_chosen(struct ctx *ctx, int64_t starts)
{
    const char *e = chosen(ctx);
    if (!*e || starts == NONE)
        return NULL;
    struct civil c = civil_from_when(starts);
    const char *end = end_of(ctx, starts), *day = ical_days[when_weekday(when_day(starts)) - 1];
    int nth = (c.day - 1) / 7 + 1;
    if (!strcmp(e, "day"))
        return arena_print(ctx->arena, "FREQ=DAILY%s", end);
    if (!strcmp(e, "week") || !strcmp(e, "2weeks"))
        return arena_print(ctx->arena, "FREQ=WEEKLY%s;BYDAY=%s%s", *e == '2' ? ";INTERVAL=2" : "",
                           weekdays_of(ctx, starts), end);
    if (!strcmp(e, "month-day"))
        return arena_print(ctx->arena, "FREQ=MONTHLY;BYMONTHDAY=%d%s", c.day, end);
    if (!strcmp(e, "month-last") || nth == 5)
        return arena_print(ctx->arena, "FREQ=MONTHLY;BYDAY=-1%s%s", day, end);
    return arena_print(ctx->arena, "FREQ=MONTHLY;BYDAY=%d%s%s", nth, day, end);
}

/* ---- back into words ---- */

/* The value of "NAME=value" in the rule; NULL. */
static const char *part(struct ctx *ctx, const char *rule, const char *name)
{
    size_t n = strlen(name);
    for (const char *p = rule; p; p = strchr(p, ';') ? strchr(p, ';') + 1 : NULL)
        if (!strncmp(p, name, n) && p[n] == '=')
            return arena_copyn(ctx->arena, p + n + 1, strcspn(p + n + 1, ";"));
    return NULL;
}

static const char *day_word(struct ctx *ctx, const char *code)
{
    for (int d = 0; d < 7; d++)
        if (!strncmp(code, ical_days[d], 2))
            return weekday_name(ctx, d + 1);
    return code;
}

static const char *days_words(struct ctx *ctx, const char *list)
{
    const char *text = "";
    for (const char *p = list; p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL)
        text = *text ? say(ctx, "{} and {}", text, day_word(ctx, p)) : day_word(ctx, p);
    return text;
}

static const char *month_words(struct ctx *ctx, const char *by_day)
{
    char *day;
    long nth = strtol(by_day, &day, 10);
    const char *word = day_word(ctx, day);
    switch (nth) {
    case -1:
        return say(ctx, "every month on the last {}", word);
    case 1:
        return say(ctx, "every month on the first {}", word);
    case 2:
        return say(ctx, "every month on the second {}", word);
    case 3:
        return say(ctx, "every month on the third {}", word);
    case 4:
        return say(ctx, "every month on the fourth {}", word);
    default:
        return NULL;
    }
}

static const char *how_often(struct ctx *ctx, const char *rule)
{
    const char *freq = part(ctx, rule, "FREQ"), *interval = part(ctx, rule, "INTERVAL"),
               *by_day = part(ctx, rule, "BYDAY"), *by_date = part(ctx, rule, "BYMONTHDAY");
    bool two = interval && !strcmp(interval, "2");
    if (!freq || (interval && !two && strcmp(interval, "1") != 0))
        return NULL;
    if (!strcmp(freq, "DAILY") && !by_day && !two)
        return say(ctx, "every day");
    if (!strcmp(freq, "WEEKLY") && by_day)
        return two ? say(ctx, "every two weeks on {}", days_words(ctx, by_day))
                   : say(ctx, "every week on {}", days_words(ctx, by_day));
    if (!strcmp(freq, "MONTHLY") && by_day && !two)
        return month_words(ctx, by_day);
    if (!strcmp(freq, "MONTHLY") && by_date && !two)
        return say(ctx, "every month on day {}", by_date);
    return NULL;
}

const char *repeats_words(struct ctx *ctx, const char *rule)
{
    const char *often = how_often(ctx, rule);
    struct repeat r;
    if (!often || !repeat_parse(rule, &r))
        return rule;
    if (r.count)
        return say(ctx, "{}, {} times", often, r.count);
    if (r.until != NONE)
        return say(ctx, "{}, until {}", often, day_show(ctx->arena, ctx->lang, when_day(r.until)));
    return often;
}
