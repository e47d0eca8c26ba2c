/*
 * The PostgreSQL back end for a database as a whole: scripts, the frame of a
 * migration or a move, and the check.
 */
#include "db/dialect.h"
#include "db/postgres.h"

#include <stdio.h>
#include <string.h>

/* ---- time limits ---- */

static bool no_limit(struct pg *pg)
{
    pg->patience = 0;
    return pg_run(pg, "SET statement_timeout = 0");
}

static bool limits(struct pg *pg)
{
    char sql[PG_LIMITS_ROOM];
    pg_limits(sql, pg->longest);
    char *second = strchr(sql, ';');
    *second++ = '\0';
    if (!pg_run(pg, sql) || !pg_run(pg, second) || PQntuples(pg->last) != 1)
        return false;
    pg_be_patient(pg, PQgetvalue(pg->last, 0, 0));
    return true;
}

void pg_limit(struct db *db, int seconds)
{
    struct pg *pg = pg_of(db);
    pg->longest = seconds;
    if (!pg_ready(pg) || !limits(pg))
        db_clear(db); /* the next connection gets the limit again */
}

/* ---- scripts and the schema ---- */

/* Runs statements that are written in PostgreSQL's own dialect. */
static enum status run_script(struct pg *pg, const char *sql)
{
    if (!pg_ready(pg) || !pg_collect(pg, "sent before"))
        return pg->db.status;
    PQexitPipelineMode(pg->conn);
    PGresult *r = PQexec(pg->conn, sql);
    ExecStatusType s = PQresultStatus(r);
    bool good = s == PGRES_COMMAND_OK || s == PGRES_TUPLES_OK || s == PGRES_EMPTY_QUERY;
    if (!good)
        pg_fail(pg, r, NULL);
    PQclear(r);
    PQenterPipelineMode(pg->conn);
    return good ? OK : pg->db.status;
}

/* Sends the statements one by one in a pipeline: Citus refuses several in one
 * text. */
enum status pg_script(struct db *db, const char *sql)
{
    struct pg *pg = pg_of(db);
    struct buf text;
    if (!pg_ready(pg) || !pg_collect(pg, "sent before"))
        return db->status;
    buf_init(&text, 0);
    dialect_postgres(&text, sql);
    bool good = true;
    for (char *s = text.data; good && s[strspn(s, " \n")];) {
        size_t n = dialect_first(s);
        char next = s[n];
        s[n] = '\0';
        good = pg_send(pg, s);
        s[n] = next;
        s += n;
    }
    good = good && pg_collect(pg, NULL);
    buf_release(&text);
    return good ? OK : db->status;
}

enum status pg_hold(struct db *db)
{
    struct pg *pg = pg_of(db);
    if (!pg_ready(pg) || !pg_run(pg, "SET idle_in_transaction_session_timeout = 0") ||
        !no_limit(pg) || !pg_send(pg, "BEGIN ISOLATION LEVEL REPEATABLE READ"))
        return db->status;
    pg->inside = true; /* the lock must come before the snapshot, which the first read takes */
    if (pg_run(pg, "LOCK TABLE journal IN SHARE MODE"))
        return OK;
    db->is->rollback(db);
    return db->status;
}

/* Foreign keys are dropped and their definitions saved in a table, so an
 * interrupted move can restore them. Restoring them checks all rows. */
enum status pg_bulk(struct db *db, bool on)
{
    static const char off[] =
        "SET statement_timeout = 0; CREATE TABLE IF NOT EXISTS linli_references (place text, name "
        "text, definition text);"
        "DO $do$ DECLARE r record; BEGIN"
        " FOR r IN SELECT conrelid::regclass::text AS place, conname, pg_get_constraintdef(oid) AS "
        "definition FROM pg_constraint"
        "  WHERE contype = 'f' AND connamespace = current_schema()::regnamespace LOOP"
        "  INSERT INTO linli_references VALUES (r.place, r.conname, r.definition);"
        "  EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', r.place, r.conname);"
        " END LOOP; END $do$";
    static const char back[] =
        "DO $do$ DECLARE r record; highest bigint; BEGIN"
        " FOR r IN SELECT place, name, definition FROM linli_references LOOP"
        "  EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I %s', r.place, r.name, r.definition); "
        "END LOOP;"
        " DROP TABLE linli_references;"
        " FOR r IN SELECT attrelid::regclass::text AS place, attname FROM pg_attribute a JOIN "
        "pg_class c ON c.oid = a.attrelid"
        "  WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND "
        "attidentity <> '' LOOP"
        "  EXECUTE format('SELECT max(%I) FROM %s', r.attname, r.place) INTO highest;"
        "  PERFORM setval(pg_get_serial_sequence(r.place, r.attname), coalesce(highest, 0) + 1, "
        "false); END LOOP; END $do$;"
        "ANALYZE";
    pg_of(db)->patience = 0;
    return run_script(pg_of(db), on ? off : back);
}

enum status pg_migrate_begin(struct db *db)
{
    char sql[200];
    struct pg *pg = pg_of(db);
    if (!pg_ready(pg) || !no_limit(pg) || !pg_run(pg, "SET lock_timeout = '60s'") ||
        !pg_run(
            pg,
            "SELECT pg_advisory_lock(hashtextextended('linli migrate ' || current_schema(), 0))"))
        return db->status;
    snprintf(sql, sizeof sql,
             "SELECT 1 FROM pg_class WHERE oid = to_regclass('linli_writers') AND "
             "obj_description(oid, 'pg_class') = '%d'",
             DIALECT_GROUND);
    if (!pg_run(pg, sql))
        return db->status;
    if (PQntuples(pg->last) == 1)
        return OK;
    snprintf(sql, sizeof sql, "COMMENT ON TABLE linli_writers IS '%d'", DIALECT_GROUND);
    return db_script(db, dialect_ground) == OK && pg_run(pg, sql) ? OK : db->status;
}

void pg_migrate_end(struct db *db)
{
    struct pg *pg = pg_of(db);
    if (pg->lost)
        return;
    pg_send(pg,
            "SELECT pg_advisory_unlock(hashtextextended('linli migrate ' || current_schema(), 0))");
    pg_send(pg, "RESET statement_timeout");
    pg_send(pg, "RESET lock_timeout");
    if (pg_collect(pg, "the end of a migration"))
        limits(pg);
}

/* ---- checks ---- */

enum status pg_copy(struct db *db, const char *path, struct arena *a, const char **why)
{
    (void)db;
    *why = arena_print(
        a, "%s can't be written: a store on PostgreSQL is copied by linli move or pg_dump", path);
    return INVALID;
}

enum status pg_check(struct db *db, struct arena *a, const char **why)
{
    struct rows *r = query(
        db, "SELECT c.relname AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
            " WHERE c.relnamespace = current_schema()::regnamespace AND NOT i.indisvalid"
            " UNION ALL SELECT conname FROM pg_constraint"
            " WHERE connamespace = current_schema()::regnamespace AND NOT convalidated");
    enum status s = OK;
    if (rows_next(r)) {
        *why = arena_print(a, "%s is not valid: build it anew (REINDEX, or VALIDATE CONSTRAINT)",
                           row_text(r, "name"));
        s = UNAVAILABLE;
    } else if (db->status != OK) {
        *why = arena_copy(a, db->failure);
        s = db->status;
    }
    rows_end(r);
    return s;
}
