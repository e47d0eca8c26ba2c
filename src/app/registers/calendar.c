/*
 * The calendar's import. Memory is the context's arena.
 */
#include "app/registers/calendar.h"

#include "app/registers/registers.h"
#include "base/text.h"
#include "kind/sheet.h"

#include <cJSON.h>
#include <string.h>
#include <strings.h>

static bool refuse(struct ctx *ctx, const char *text)
{
    ctx_problem(ctx, "file", text);
    return false;
}

/* A day that occurs twice must have the same content. */
static bool add(struct ctx *ctx, struct calendar_days *days, int number, const char *date,
                const char *name, int off)
{
    int64_t day;
    if (!date || !day_parse(date, &day))
        return refuse(ctx,
                      say(ctx, "Entry {}: “{}” is not a valid date. Use the format 2026-03-05.",
                          number, date ? date : ""));
    if (off < 0)
        return refuse(ctx,
                      say(ctx, "Entry {}: isOffDay for {} must be true or false.", number, date));
    if (days->count == CALENDAR_DAYS_MOST)
        return refuse(ctx, say(ctx, "No more than {} days at a time.", CALENDAR_DAYS_MOST));
    for (int i = 0; i < days->count; i++)
        if (days->list[i].day == day)
            return days->list[i].off == off
                       ? true
                       : refuse(ctx, say(ctx,
                                         "Entry {}: {} appears twice, once as a day off and once "
                                         "as a working day.",
                                         number, date));
    name = text_tidy(ctx->arena, name);
    days->list[days->count++] = (struct calendar_entry){
        day, name && *name ? text_cut(ctx->arena, name, 40) : NULL, off == 1};
    return true;
}

static bool read_json(struct ctx *ctx, struct calendar_days *days, const char *text)
{
    cJSON *whole = cJSON_Parse(text);
    const cJSON *list = cJSON_IsObject(whole) ? cJSON_GetObjectItemCaseSensitive(whole, "days")
                                              : whole,
                *each;
    bool fine = cJSON_IsArray(list) ? true : refuse(ctx, say(ctx, "This is not a list of dates."));
    int n = 0;
    cJSON_ArrayForEach(each, list)
    {
        if (!fine)
            break;
        const cJSON *date = cJSON_GetObjectItemCaseSensitive(each, "date"),
                    *off = cJSON_GetObjectItemCaseSensitive(each, "isOffDay"),
                    *name = cJSON_GetObjectItemCaseSensitive(each, "name");
        fine = add(ctx, days, ++n, cJSON_GetStringValue(date), cJSON_GetStringValue(name),
                   cJSON_IsBool(off) ? cJSON_IsTrue(off) : -1);
    }
    cJSON_Delete(whole);
    return fine;
}

static int said(const char *cell)
{
    static const char *const yes[] = {"1", "true", "yes", "是", "放假", "休", NULL},
                             *const no[] = {"0", "false", "no", "否", "上班", "班", NULL};
    for (int i = 0; yes[i]; i++)
        if (!strcasecmp(cell, yes[i]))
            return 1;
    for (int i = 0; no[i]; i++)
        if (!strcasecmp(cell, no[i]))
            return 0;
    return -1;
}

static int column(struct sheet_row *row, const char *const *names)
{
    for (int c = 0; c < row->count; c++)
        for (int i = 0; names[i]; i++)
            if (!strcasecmp(row->cells[c].text, names[i]))
                return c;
    return -1;
}

static const char *cell(struct ctx *ctx, const struct sheet_row *row, int c)
{
    return c >= 0 && c < row->count ? text_tidy(ctx->arena, row->cells[c].text) : "";
}

static bool read_sheet(struct ctx *ctx, struct calendar_days *days, struct sheet *sheet)
{
    static const char *const dates[] = {"date", "日期", NULL},
                             *const offs[] = {"is_off_day", "isOffDay", "放假", "是否放假", NULL},
                             *const names[] = {"name", "名称", "节日", NULL};
    struct sheet_row row;
    if (!sheet_next(sheet, &row))
        return refuse(ctx, say(ctx, "The sheet is empty."));
    int date = column(&row, dates), off = column(&row, offs), name = column(&row, names);
    if (date < 0 || off < 0)
        return refuse(
            ctx,
            say(ctx, "The first row of the sheet must include the columns date and is_off_day."));
    while (sheet_next(sheet, &row))
        if (*cell(ctx, &row, date) && !add(ctx, days, row.number, cell(ctx, &row, date),
                                           cell(ctx, &row, name), said(cell(ctx, &row, off))))
            return false;
    const char *why;
    return sheet_status(sheet, &why, NULL) == OK ? true : refuse(ctx, tr(ctx, why));
}

bool calendar_read(struct ctx *ctx, struct calendar_days *days, const void *bytes, size_t size)
{
    const char *text = arena_copyn(ctx->arena, bytes, size), *why = NULL;
    days->list = ARENA_ARRAY(ctx->arena, struct calendar_entry, CALENDAR_DAYS_MOST);
    days->count = 0;
    if (!strncmp(text, "\xEF\xBB\xBF", 3))
        text += 3;
    size_t blank = strspn(text, " \t\r\n");
    bool json = text[blank] == '[' || text[blank] == '{', fine;
    if (json && !text_valid(text, strlen(text)))
        return refuse(ctx, say(ctx, "The file is not UTF-8 text."));
    if (json) {
        fine = read_json(ctx, days, text);
    } else {
        struct sheet *sheet = sheet_open(ctx->arena, bytes, size, &why);
        if (!sheet)
            return refuse(ctx, tr(ctx, why));
        fine = read_sheet(ctx, days, sheet);
        sheet_close(sheet);
    }
    return fine && days->count == 0 ? refuse(ctx, say(ctx, "The file contains no dates.")) : fine;
}

int64_t calendar_store(struct ctx *ctx, const struct calendar_days *days)
{
    int64_t changed = 0;
    for (int i = 0; i < days->count; i++) {
        const struct calendar_entry *e = &days->list[i];
        const char *date = day_iso(ctx->arena, e->day);
        const struct holiday *before = record_find(ctx, &holidays_kind, "date", date);
        struct holiday *after = before ? record_copy(ctx, &holidays_kind, before)
                                       : record_new(ctx, &holidays_kind);
        after->date = date;
        after->is_off_day = e->off;
        if (e->name)
            after->name = e->name;
        bool same = before && record_same(&holidays_kind, before, after);
        if (same)
            continue;
        enum status s = before ? record_update(ctx, &holidays_kind, before, after, "import")
                               : record_insert(ctx, &holidays_kind, after, "import");
        if (s != OK)
            return NONE;
        changed++;
    }
    return changed;
}
