/*
 * Reading a year of days that depart from the ordinary week: JSON as the
 * published calendars have it, or a sheet. All or nothing: what can't be read
 * is named, so that no deadline is counted by half a year.
 */
#ifndef LINLI_APP_CALENDAR_H
#define LINLI_APP_CALENDAR_H

#include "app/registers.h"

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

/* A list [{"date","isOffDay","name"}], the same as "days" of an object, or a sheet with the columns date, is_off_day (or
 * isOffDay), name. False with a problem of "file". In the context's arena. */
bool calendar_read(struct ctx *ctx, struct calendar_days *days, const void *bytes, size_t size);
/* Behind the door: how many days are new or different; NONE with a problem. */
int64_t calendar_store(struct ctx *ctx, const struct calendar_days *days);

#endif
