/*
 * The working days of the office: weekdays, corrected by the entries of the
 * holiday calendar. What counts in working days asks base/when.h with them.
 */
#ifndef LINLI_CORE_WORKING_DAYS_H
#define LINLI_CORE_WORKING_DAYS_H

#include "base/ctx.h"
#include "base/when.h"
#include "db/db.h"

/* The calendar as stored, in arena a. */
struct calendar *calendar_load(struct db *db, struct arena *a);
/* The same, read once for all of what the context does. */
const struct calendar *ctx_calendar(struct ctx *ctx);

#endif
