/* The tree of areas: conditions and names. */
#include "kind/area.h"

void area_within(struct sql *q, const char *column, int64_t area)
{
    sql_add(q,
            "{} IN (SELECT a.id FROM areas a JOIN areas g ON a.path LIKE g.path || '%' WHERE g.id "
            "= {})",
            (struct sql_name){column}, area);
}

struct area_names area_top(struct db *db, struct arena *a)
{
    struct area_names top = {NULL, NULL};
    struct rows *r = query(
        db, "SELECT name, name_en FROM areas WHERE parent IS NULL ORDER BY id LIMIT 1");
    if (rows_next(r)) {
        top.name = row_copy(r, a, "name");
        top.name_en = row_copy(r, a, "name_en");
    }
    rows_end(r);
    return top;
}
