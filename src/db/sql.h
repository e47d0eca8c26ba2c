/*
 * Between the SQL writers and a back end: a literal with {} places becomes
 * the back end's text, and the arguments that are bound come out in order.
 */
#ifndef LINLI_DB_SQL_H
#define LINLI_DB_SQL_H

#include "base/write.h"

/*
 * Writes literal to out with "?" for every bound place and names pasted after
 * a check. A number of arguments that does not fit ends the process.
 */
void sql_expand(struct buf *out, const char *literal, const struct arg *args, int count);

/* Names are part of the text; everything else is bound. */
static inline bool sql_bound(const struct arg *a)
{
    return a->type != ARG_NAME;
}

#endif
