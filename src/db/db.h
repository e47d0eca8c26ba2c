/*
 * The database behind one small interface, over SQLite and PostgreSQL.
 *
 *     struct rows *r = query(db, "SELECT id, subject FROM requests WHERE area = {}", area);
 *     while (rows_next(r))
 *         html(out, "<li>{}</li>", row_text(r, "subject"));
 *
 * Rules
 *
 * - SQL is a literal with {} places, bound in the order written, or is built
 *   with struct sql from such literals. Nothing from outside is pasted.
 * - Both back ends must understand the SQL: no AUTOINCREMENT, no dates
 *   computed in SQL; RETURNING and ON CONFLICT are allowed.
 * - Columns are read by name. Reading a column that the query lacks ends the
 *   process.
 * - If a statement fails, rows_next returns false AND db_status(db) is set
 *   until db_clear. Whoever began the transaction checks it once (the gate,
 *   the writer, a command). "No more rows" leaves it OK.
 * - A connection belongs to one thread. Text from row_text lives until the
 *   next rows_next of the same rows; row_copy copies it to an arena.
 * - Statements are prepared once per connection and kept.
 * - After a failure inside a transaction PostgreSQL accepts only an undo. Code
 *   that expects a failure and continues needs a savepoint around it.
 */
#ifndef LINLI_DB_DB_H
#define LINLI_DB_DB_H

#include "base/arena.h"
#include "base/status.h"
#include "base/write.h"

struct db;
struct rows;

enum db_mode {
    DB_READ,
    DB_WRITE,
    DB_CREATE, /* as DB_WRITE, but creates a missing database */
    DB_FOLLOW, /* writes what is derived from others' changes; sees each one once it is committed
                  (PostgreSQL only) */
};

/*
 * Opens a connection to the database at address: a folder (with linli.db; WAL,
 * each commit synced, foreign keys on, mmap) or
 * postgresql://USER@HOST/DATABASE?schema=NAME (one schema is one database;
 * default "linli"; otherwise as in libpq). Waits for a lock at most 5 s.
 * Returns NULL with a message for a person in *why (allocated from a) if it
 * can't be opened.
 */
struct db *db_open(const char *address, enum db_mode mode, struct arena *a, const char **why);
struct db *
db_open_file(const char *path, enum db_mode mode, struct arena *a,
             const char **why); /* any SQLite file, such as the search index; DB_WRITE creates it */
const char *db_address(const struct db *db); /* the address it was opened with */
void db_close(struct db *db);
/* Limits how long a statement may take, because someone waits for it (PostgreSQL; default 30 s).
 * A limit in the address takes precedence. */
void db_limit(struct db *db, int seconds);
bool db_is_postgres(const char *address);
/* From now on connections keep little in memory, because the process has many. Call before
 * threads start. */
void db_many(void);
/* How much of the file the connection caches; 0: unchanged. SQLite only. */
#define DB_ROOM_LEAST 64
void db_room(struct db *db, int kilobytes);

/* ---- asking ---- */
#define query(db, literal, ...)     db_query((db), "" literal, ARGS(__VA_ARGS__))
#define change(db, literal, ...)    db_change((db), "" literal, ARGS(__VA_ARGS__))
#define query_int(db, literal, ...) db_query_int((db), "" literal, ARGS(__VA_ARGS__))

struct rows *db_query(struct db *db, const char *literal, const struct arg *args, int count);
bool rows_next(struct rows *r); /* false: no more rows, or failed; also ends the rows */
int rows_ids(
    struct rows *r, int64_t *ids,
    int most); /* reads column "id" of up to `most` rows and ends them; returns their number */
void rows_end(struct rows *r); /* to stop early; db_commit and db_rollback end open rows */
int64_t row_int(struct rows *r, const char *column);      /* NULL reads as NONE */
double row_real(struct rows *r, const char *column);      /* NULL reads as 0 */
const char *row_text(struct rows *r, const char *column); /* NULL reads as NULL */
struct bytes row_bytes(struct rows *r, const char *column);
char *row_copy(struct rows *r, struct arena *a, const char *column);
int rows_column(struct rows *r,
                const char *column);            /* its number; -1: the query has no such column */
int64_t row_int_at(struct rows *r, int column); /* for code that looked up the number */
double row_real_at(struct rows *r, int column);
const char *row_text_at(struct rows *r, int column);
/* A value of any type, to bind it elsewhere: valid until the next rows_next, or copied to the
 * arena. NULL is a text that is NULL. */
struct arg row_value_at(struct rows *r, int column);
struct arg row_kept_at(struct rows *r, struct arena *a, int column);

/* INSERT, UPDATE, DELETE. Returns CONFLICT for a unique or foreign key, INVALID for CHECK and
 * NOT NULL, BUSY if locked, UNAVAILABLE if the disk is full. A failure also sets db_status: code
 * that expects one and continues calls db_clear. */
enum status db_change(struct db *db, const char *literal, const struct arg *args, int count);
/* The same for changes that accompany every other change, from which no db_memory value is
 * derived, so that those stay valid. Stated where the statement is written; BEGIN and COMMIT are
 * common too. */
enum change_way { CHANGE_PLAIN = 0, CHANGE_LATER = 1, CHANGE_COMMON = 2 };
enum status db_change_as(struct db *db, enum change_way way, const char *literal,
                         const struct arg *args, int count);
#define change_common(db, literal, ...) \
    db_change_as((db), CHANGE_COMMON, "" literal, ARGS(__VA_ARGS__))
#define change_common_later(db, literal, ...) \
    db_change_as((db), CHANGE_COMMON | CHANGE_LATER, "" literal, ARGS(__VA_ARGS__))
/* A change whose result nobody needs. Over a network it is sent with the next query, so many
 * cost one round trip. If it fails, db_settle or the commit fails. db_changed and db_inserted
 * are not set. */
#define change_later(db, literal, ...) db_change_later((db), "" literal, ARGS(__VA_ARGS__))
void db_change_later(struct db *db, const char *literal, const struct arg *args, int count);
enum status db_settle(struct db *db); /* waits for the results; returns db_status */
int64_t db_changed(struct db *db);    /* rows touched by the last change */
int64_t db_inserted(struct db *db); /* id of the last inserted row of a table with an integer key */
/* Returns the first column of the first row; NONE if there is no row or it is NULL. */
int64_t db_query_int(struct db *db, const char *literal, const struct arg *args, int count);

/* Values derived from the data, cached until something else is committed. Allocate the value
 * from db_memory (NULL outside a transaction, or if others may write at the same time: don't
 * cache); db_keep stores it under a name, which is copied; db_recall finds it (NULL: not
 * cached). It lives at least until the end of the transaction; a failure clears the cache. On
 * the writer thread change_common does not clear it: don't cache values derived from what such
 * changes write. */
struct arena *db_memory(struct db *db);
void db_keep(struct db *db, const char *name, void *value);
void *db_recall(struct db *db, const char *name);

/* ---- SQL made of parts ---- */
struct sql {
    struct arena *arena;
    struct buf text; /* with {} places; in the arena, so an unused one costs nothing */
    struct arg *args;
    int count, room;
};
void sql_init(struct sql *q, struct arena *a);
#define sql_add(q, literal, ...) sql_write((q), "" literal, ARGS(__VA_ARGS__))
void sql_write(struct sql *q, const char *literal, const struct arg *args, int count);
void sql_append(struct sql *q, const struct sql *more); /* more stays usable */
void sql_release(struct sql *q);
struct rows *sql_query(struct db *db, struct sql *q); /* also releases q */
/* As db_query_int, but cached until something is committed: for counts that every page shows. On
 * a reader. Also releases q. */
int64_t sql_remembered(struct db *db, struct sql *q);
enum status sql_change(struct db *db, struct sql *q); /* also releases q */

/* ---- transactions: used by the gate (reads), the writer and commands ---- */
/* A reader gets a snapshot, at its first read at the latest. A writer's transaction is isolated:
 * by the write lock on SQLite, serialisable on PostgreSQL. */
enum status db_begin(struct db *db);
enum status
db_commit(struct db *db); /* durable if OK; while db_status is set, it rolls back and fails */
void db_rollback(struct db *db);
enum status db_savepoint(struct db *db);
enum status db_savepoint_release(struct db *db);
void db_savepoint_undo(struct db *db); /* rolls back to it and drops it */
/* Whether the rolled back transaction may be run once more, because nothing of it was stored:
 * another process's change conflicted, or the connection was lost before the commit and is back.
 * Call after the rollback. */
bool db_again(struct db *db);
/* Until called with false, this writer's transactions exclude all others: the last resort for a
 * group that keeps failing because of others' changes. */
void db_alone(struct db *db, bool alone);
/* Whether this connection is the leader among all that ask under this name, for work that only
 * one process may do. It stays the leader until it closes. Always true on SQLite. */
bool db_lead(struct db *db, const char *name);
enum status db_status(struct db *db);  /* the first failure since db_clear, or OK */
const char *db_failure(struct db *db); /* its text for the log; never for a page */
void db_clear(struct db *db);
int64_t db_serial(const struct db *db); /* number of the connection, unique in this process */
int64_t
db_version(struct db *db); /* changes whenever any process commits a change of the data; cheap */
enum status db_script(struct db *db,
                      const char *sql); /* runs several statements of trusted text (schema files) */

/* ---- schema ---- */
struct schema_step {
    int number;       /* 1, 2, 3 … without gaps */
    const char *name; /* "001-ground" */
    const char *sql;
};
extern const struct schema_step schema_steps[]; /* the files of schema/, ended by number 0 */
/* Migrates the database to the newest step, each in its own transaction. Refuses a database
 * newer than the program (CONFLICT) with a message. steps end with number 0. */
enum status db_migrate(struct db *db, const struct schema_step *steps, struct arena *a,
                       const char **why);
/* CONFLICT with a message if the database is newer than the steps; for programs that only read. */
enum status db_known(struct db *db, const struct schema_step *steps, struct arena *a,
                     const char **why);

/* Makes a consistent copy in a new file while others read and write. */
enum status db_copy(struct db *db, const char *path, struct arena *a, const char **why);
/* ---- for moving a whole store ---- */
enum db_list { DB_TABLES, DB_COLUMNS, DB_KEY, DB_LISTS };
/* Rows with "name": the tables of the database, or a table's columns, or those of its primary
 * key, in order. */
struct rows *db_names(struct db *db, enum db_list what, const char *table);
/* Begins a transaction during which others may read but not write. BUSY: another one is writing.
 * End it with db_rollback. */
enum status db_hold(struct db *db);
/* on: references are not checked, so rows may come in any order; off: they all are, and
 * sequences continue after the highest number. Outlives the connection on PostgreSQL, not on
 * SQLite. */
enum status db_bulk(struct db *db, bool on);
/* The back end's own check of the file; OK or a message. */
enum status db_check(struct db *db, struct arena *a, const char **why);

#endif
