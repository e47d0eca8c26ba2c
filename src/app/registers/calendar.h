/*
 * Reads a year of public holidays and make-up working days, as JSON in the form
 * in which such calendars are published, or as a spreadsheet. All or nothing:
 * unreadable entries are named and refuse the whole file, so no deadline is
 * ever counted with half a calendar.
 */
#ifndef LINLI_APP_CALENDAR_H
#define LINLI_APP_CALENDAR_H

#include "base/ctx.h"

#define CALENDAR_DAYS_MOST 4000

struct calendar_entry {
    int64_t day;
    const char *name; /* NULL */
    bool off;
};
struct calendar_days {
    struct calendar_entry *list;
    int count;
};

/* Reads a list [{"date","isOffDay","name"}], the same as "days" of an object, or a spreadsheet
 * with the columns date, is_off_day (or isOffDay) and name. False with a problem at "file". In
 * the context's arena. */
bool calendar_read(struct ctx *ctx, struct calendar_days *days, const void *bytes, size_t size);
/* On the writer thread: returns how many days are new or different; NONE with a problem. */
int64_t calendar_store(struct ctx *ctx, const struct calendar_days *days);

/* What the calendar lacks in a year, in a sentence; NULL: nothing. */
const char *calendar_lacks(struct ctx *ctx, int year);

#endif
