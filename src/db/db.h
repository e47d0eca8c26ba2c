/*
 * The database behind one small interface: SQLite today, PostgreSQL beside it.
 *
 *     struct rows *r = query(db, "SELECT id, subject FROM requests WHERE area = {}", area);
 *     while (rows_next(r))
 *         html(out, "<li>{}</li>", row_text(r, "subject"));
 *
 * Rules of the house
 * - SQL is a literal with {} places, bound in the order written, or is built
 *   with struct sql from such literals. Nothing from outside is pasted.
 * - The SQL kept here is what both back ends speak: no AUTOINCREMENT syntax in
 *   queries, no dates computed in SQL, RETURNING allowed, upsert by ON CONFLICT.
 * - Columns are read by name. Reading a column the query does not have ends
 *   the process (a mistake of the program).
 * - A failing statement makes rows_next answer false AND sets db_status(db);
 *   it stays set until db_clear: whoever opened the transaction looks at it
 *   once (the gate, the writer, a command). "No rows" leaves it OK.
 * - A connection belongs to one thread. Text from row_text lives until the
 *   next rows_next of the same rows; row_copy puts it in an arena.
 * - Statements are prepared once per connection and kept.
 * - After a failure inside a transaction PostgreSQL takes nothing but an undo:
 *   whoever expects a failure and wants to go on puts a savepoint around it.
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
    DB_FOLLOW, /* writes what follows from others' changes; sees each as soon as it is committed (PostgreSQL only) */
};

/*
 * Opens one connection to the store at address: a folder (its file linli.db; WAL, every commit synced,
 * foreign keys on, mmap) or postgresql://USER@HOST/DATABASE?schema=NAME (one schema is one store;
 * "linli" unless named; everything else as libpq knows it). A lock is waited for at most 5 s.
 * NULL with a message for a person in *why (arena a) when it can't be opened.
 */
struct db *db_open(const char *address, enum db_mode mode, struct arena *a, const char **why);
struct db *db_open_file(const char *path, enum db_mode mode, struct arena *a, const char **why); /* any SQLite file: the search index */
const char *db_address(const struct db *db);                                                     /* what it was opened by */
void db_close(struct db *db);
/* Somebody waits for it: a statement may take so long (PostgreSQL; 30 s otherwise) unless the address says how long. */
void db_limit(struct db *db, int seconds);
bool db_is_postgres(const char *address);
/* From now on connections are one of many in this process and keep little in memory. Before the first thread. */
void db_many(void);
/* How much of the file the connection keeps in memory; 0: as it is. SQLite only. */
#define DB_ROOM_LEAST 64
void db_room(struct db *db, int kilobytes);

/* ---- asking ---- */
#define query(db, literal, ...)     db_query((db), "" literal, ARGS(__VA_ARGS__))
#define change(db, literal, ...)    db_change((db), "" literal, ARGS(__VA_ARGS__))
#define query_int(db, literal, ...) db_query_int((db), "" literal, ARGS(__VA_ARGS__))

struct rows *db_query(struct db *db, const char *literal, const struct arg *args, int count);
bool rows_next(struct rows *r);                           /* false: no more, or failed; ends the rows by itself */
int rows_ids(struct rows *r, int64_t *ids, int most);     /* the column "id" of at most that many rows; ends them; how many */
void rows_end(struct rows *r);                            /* for leaving early; rows left open are ended by db_commit/rollback */
int64_t row_int(struct rows *r, const char *column);      /* NULL reads as NONE */
double row_real(struct rows *r, const char *column);      /* NULL reads as 0 */
const char *row_text(struct rows *r, const char *column); /* NULL reads as NULL */
struct bytes row_bytes(struct rows *r, const char *column);
char *row_copy(struct rows *r, struct arena *a, const char *column);
int rows_column(struct rows *r, const char *column); /* its number, -1 when the query has none */
int64_t row_int_at(struct rows *r, int column);      /* for engines that looked the number up */
double row_real_at(struct rows *r, int column);
const char *row_text_at(struct rows *r, int column);
struct bytes row_bytes_at(struct rows *r, int column);
/* Whatever it is, to be bound elsewhere: until the next rows_next, or copied into the arena. NULL is a text that is NULL. */
struct arg row_value_at(struct rows *r, int column);
struct arg row_kept_at(struct rows *r, struct arena *a, int column);

/* INSERT, UPDATE, DELETE: OK or what went wrong: CONFLICT for a unique or foreign key, INVALID for CHECK and
 * NOT NULL, BUSY when locked, UNAVAILABLE when the disk is full. A failure also sets db_status: who expects
 * one and goes on calls db_clear. */
enum status db_change(struct db *db, const char *literal, const struct arg *args, int count);
/* A change whose answer nobody needs: over a network it travels with the next question, so that many cost one
 * way. Its failure undoes the task (db_settle, or the commit, says so). No db_changed or db_inserted after it. */
#define change_later(db, literal, ...) db_change_later((db), "" literal, ARGS(__VA_ARGS__))
void db_change_later(struct db *db, const char *literal, const struct arg *args, int count);
enum status db_settle(struct db *db); /* waits for what was sent; answers db_status */
int64_t db_changed(struct db *db);    /* rows touched by the last change */
int64_t db_inserted(struct db *db);   /* id of the last inserted row of a table with an integer key */
/* The first column of the first row; NONE when there is no row or it is NULL. */
int64_t db_query_int(struct db *db, const char *literal, const struct arg *args, int count);

/* What was made of the data holds until something else is committed: it is made in the arena db_memory (NULL outside of a
 * transaction, and where others may write beside: keep nothing), kept under a name, which is copied, and found again by it
 * (NULL: make it), until the end of the transaction at least. Behind the door only what is made of neither requests nor
 * their events, notices, journal and keys: new ones of those leave it as it is. */
struct arena *db_memory(struct db *db);
void db_keep(struct db *db, const char *name, void *value);
void *db_recall(struct db *db, const char *name);

/* ---- SQL made of parts ---- */
struct sql {
    struct arena *arena;
    struct buf text; /* {} places; released with sql_release or by running it */
    struct arg *args;
    int count, room;
};
void sql_init(struct sql *q, struct arena *a);
#define sql_add(q, literal, ...) sql_write((q), "" literal, ARGS(__VA_ARGS__))
void sql_write(struct sql *q, const char *literal, const struct arg *args, int count);
void sql_append(struct sql *q, const struct sql *more); /* more stays usable */
void sql_release(struct sql *q);
struct rows *sql_query(struct db *db, struct sql *q); /* also releases q */
/* The first column of the first row, as db_query_int; the same question is answered from memory until something is
 * committed. For counts that every page shows, on a reader. Also releases q. */
int64_t sql_remembered(struct db *db, struct sql *q);
enum status sql_change(struct db *db, struct sql *q); /* also releases q */

/* ---- transactions: used by the gate (reads), the writer and commands ---- */
/* A reader's snapshot, taken by its first read at the latest. A writer's transaction, as if nobody else wrote: the
 * write lock on SQLite, serialisable on PostgreSQL. */
enum status db_begin(struct db *db);
enum status db_commit(struct db *db); /* durable when it answers OK; refused, and rolled back, while db_status is set */
void db_rollback(struct db *db);
enum status db_savepoint(struct db *db);
enum status db_savepoint_release(struct db *db);
void db_savepoint_undo(struct db *db); /* rolls back to it and drops it */
/* True when what was rolled back may be done once more because nothing of it happened: another process's change
 * came between, or the connection was lost before the commit and is there again. Asked after the rollback. */
bool db_again(struct db *db);
/* The next transactions of this writer run with no other beside them, until false: the last resort of a group that
 * others' changes undid again and again. */
void db_alone(struct db *db, bool alone);
/* True when this connection, of all that ask under this name for this store, is the one that leads: it stays so until
 * its connection ends. Always true on SQLite. For what only one process may do. */
bool db_lead(struct db *db, const char *name);
enum status db_status(struct db *db);  /* the first failure since db_clear; OK */
const char *db_failure(struct db *db); /* its text for the log; never for a page */
void db_clear(struct db *db);
int64_t db_serial(const struct db *db);                /* of the connection: no other of this process ever had it */
int64_t db_version(struct db *db);                     /* changes whenever a commit of anybody changed the data; cheap */
enum status db_script(struct db *db, const char *sql); /* several statements, trusted text (schema files) */

/* ---- schema ---- */
struct schema_step {
    int number;       /* 1, 2, 3 … without gaps */
    const char *name; /* "001-ground" */
    const char *sql;
};
extern const struct schema_step schema_steps[]; /* the files of schema/, ended by number 0 */
/* Brings the store up to the newest step, each in a transaction of its own. A store newer
 * than the program is refused (CONFLICT) with a message. steps end with number 0. */
enum status db_migrate(struct db *db, const struct schema_step *steps, struct arena *a, const char **why);
/* CONFLICT with a message when the store is newer than the steps, as db_migrate says; for who only reads. */
enum status db_known(struct db *db, const struct schema_step *steps, struct arena *a, const char **why);

/* A consistent copy into a new file while others read and write. */
enum status db_copy(struct db *db, const char *path, struct arena *a, const char **why);
/* ---- for moving a whole store ---- */
enum db_list { DB_TABLES, DB_COLUMNS, DB_KEY, DB_LISTS };
/* Rows with "name": the store's tables, or of table its columns, or the columns of its primary key, in their order. */
struct rows *db_names(struct db *db, enum db_list what, const char *table);
/* Begins a transaction during which everybody may read and nobody else write. BUSY: somebody writes. Ended by db_rollback. */
enum status db_hold(struct db *db);
/* on: references are not checked, so that rows may come in any order; off: they are, all of them, and the server's own
 * numbers go on behind the highest. Outlives the connection on PostgreSQL, not on SQLite. */
enum status db_bulk(struct db *db, bool on);
/* The back end's own check of the file; OK or a message. */
enum status db_check(struct db *db, struct arena *a, const char **why);

#endif
