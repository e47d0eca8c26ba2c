/*
 * The tree of areas: conditions and names that the layers above share. The
 * register of areas, its pages and its rules are in app/registers.
 */
#ifndef LINLI_KIND_AREA_H
#define LINLI_KIND_AREA_H

#include "base/ctx.h"
#include "db/db.h"

/* Writes "column IN (…)": the area or one below it. */
void area_within(struct sql *q, const char *column, int64_t area);
/* The names of the top-level area, in arena a; NULL if there is none. */
struct area_names {
    char *name, *name_en;
};
struct area_names area_top(struct db *db, struct arena *a);

#endif
