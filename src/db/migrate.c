/*
 * Migrates a database to the program's schema: numbered steps, each in its own
 * transaction together with its row in schema_steps. An interrupted step
 * leaves nothing behind and runs again. A database with unknown steps is not
 * touched.
 */
#include "base/when.h"
#include "db/backend.h"

#include <stdlib.h>

static int64_t newest(struct db *db)
{
    int64_t n = query_int(db, "SELECT max(number) FROM schema_steps");
    return n == NONE ? 0 : n;
}

static enum status run_step(struct db *db, const struct schema_step *step)
{
    enum status s = db_begin(db);
    if (s != OK)
        return s;
    if (newest(db) < step->number) { /* another process may have been here first */
        const char *more = db->is->step_more ? db->is->step_more(step->name) : NULL;
        if (db_script(db, step->sql) == OK && (!more || db_script(db, more) == OK))
            change(db, "INSERT INTO schema_steps (number, name, at) VALUES ({}, {}, {})",
                   step->number, step->name, when_now());
    }
    return db_commit(db); /* rolls back when something failed */
}

static int known_steps(const struct schema_step *steps)
{
    int known = 0;
    for (; steps[known].number != 0; known++)
        if (steps[known].number != known + 1)
            write_mismatch(steps[known].name);
    return known;
}

enum status db_known(struct db *db, const struct schema_step *steps, struct arena *a,
                     const char **why)
{
    int64_t have = newest(db);
    int known = known_steps(steps);
    if (db_status(db) != OK) {
        *why = arena_print(a, "the store can't be read: %s", db_failure(db));
        return db_status(db);
    }
    if (have <= known)
        return OK;
    *why = arena_print(a,
                       "the store was written by a newer version of the program (schema %lld, this "
                       "program knows %d): "
                       "install the newer version, or restore a copy made before it",
                       (long long)have, known);
    return CONFLICT;
}

static enum status run_steps(struct db *db, const struct schema_step *steps, struct arena *a,
                             const char **why)
{
    db_script(
        db,
        "CREATE TABLE IF NOT EXISTS schema_steps (number bigint PRIMARY KEY, name text NOT NULL,"
        " at bigint NOT NULL)");
    enum status fits = db_known(db, steps, a, why);
    if (fits != OK)
        return fits;
    for (int64_t i = newest(db); i < known_steps(steps); i++) {
        enum status s = run_step(db, &steps[i]);
        if (s != OK) {
            *why = arena_print(a,
                               "schema step %s failed and was undone; the steps before it stay, "
                               "start again once the cause is mended: %s",
                               steps[i].name, db_failure(db));
            return s;
        }
    }
    return OK;
}

enum status db_migrate(struct db *db, const struct schema_step *steps, struct arena *a,
                       const char **why)
{
    if (db->is->migrate_begin && db->is->migrate_begin(db) != OK) {
        *why = arena_print(a, "the schema can't be brought up to date: %s", db_failure(db));
        return db_status(db);
    }
    enum status s = run_steps(db, steps, a, why);
    if (db->is->migrate_end)
        db->is->migrate_end(db);
    return s;
}
