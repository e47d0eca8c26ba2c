/*
 * Turns a literal with {} places into the back end's text; the bound arguments
 * follow in order.
 */
#ifndef LINLI_DB_SQL_H
#define LINLI_DB_SQL_H

#include "base/write.h"

/*
 * Writes literal to out with "?" for each bound argument, and pastes names
 * after a check. A wrong number of arguments ends the process.
 */
void sql_expand(struct buf *out, const char *literal, const struct arg *args, int count);

/* Names are part of the text; everything else is bound. */
static inline bool sql_bound(const struct arg *a)
{
    return a->type != ARG_NAME;
}

#endif
