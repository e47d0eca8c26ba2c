/*
 * Shared by the files of the PostgreSQL back end: postgres.c runs statements
 * and transactions, postgres_connect.c connects and explains failures,
 * postgres_peers.c handles other processes on the same database,
 * postgres_store.c works on the database as a whole.
 */
#ifndef LINLI_DB_POSTGRES_H
#define LINLI_DB_POSTGRES_H

#include "db/backend.h"

#include <libpq-fe.h>
#include <time.h>

struct pg;

/* A parsed address: libpq's options and the schema. Owned by the connection. */
struct pg_address {
    PQconninfoOption *options; /* libpq's */
    char schema[64];
    char shown[200]; /* host, port and database for messages; no password */
};

/* Returns false with a message if it can't be parsed. */
bool pg_address_read(struct pg_address *at, const char *address, struct arena *a, const char **why);
struct pg_address pg_address_copy(const struct pg_address *at);
void pg_address_release(struct pg_address *at);
/* Connects for pg, applies the settings and derives pg's patience from them. Returns NULL with a
 * message that says what to do (the caller frees it). */
PGconn *pg_connect(struct pg *pg, char **why);
/* Writes SQL that sets those time limits that neither the address nor the role sets. It returns
 * the resulting milliseconds for a statement (0: no limit). seconds: the default. */
#define PG_LIMITS_ROOM 700
void pg_limits(char sql[PG_LIMITS_ROOM], int seconds);
void pg_be_patient(struct pg *pg, const char *ms); /* with that result */
#define PG_LONGEST 30 /* default limit of a statement in seconds (db_limit) */
/* Waits for a result, at most seconds (0: no limit) without a byte from the server. Returns
 * false if the connection is lost. */
bool pg_arrives(PGconn *c, int seconds);
enum status pg_status_of(const char *sqlstate); /* NULL: the connection itself */

struct pg {
    struct db db; /* first */
    PGconn *conn;
    struct pg_address at;
    int64_t epoch, names;
    int64_t listening; /* epoch of the connection that runs LISTEN */
    int sent;          /* statements whose results have not been read */
    bool create;       /* create a missing schema */
    bool inside;       /* in a transaction */
    bool owed; /* a reader's BEGIN is delayed until its first query, except the version query, which
                  needs none */
    bool asking; /* reading the version */
    bool ending; /* its ROLLBACK has been sent */
    bool lost;   /* the connection or the transaction is lost */
    bool doomed; /* a conflicting change: only a rollback is possible */
    bool unsure; /* an internal server error: it does not say whether a commit happened (Citus, a
                    worker lost) */
    bool again;
    int longest;     /* seconds for a statement; a limit in the address takes precedence */
    int patience;    /* seconds to wait for a result; 0: no limit */
    int64_t tried;   /* when connecting last failed */
    char writer[33]; /* name in linli_writers; empty: none yet */
    int64_t group;
    int64_t alone;      /* epoch of the connection that excludes other writers; 0: none */
    int64_t leading;    /* epoch of the connection that leads; 0: none */
    struct buf scratch; /* numbers as text */
    PGresult *last;     /* of the last statement with a result */
};

static inline struct pg *pg_of(struct db *db)
{
    return (struct pg *)db;
}

enum status pg_fail(struct pg *pg, const PGresult *r, const char *text);
/* Between transactions: reconnects if the server has closed the connection. */
bool pg_ready(struct pg *pg);
/* Sends a statement without arguments; pg_collect reads its result later. */
bool pg_send(struct pg *pg, const char *sql);
/* Reads all results; true if all succeeded. The last one with rows stays in pg->last. */
bool pg_collect(struct pg *pg, const char *text);
/* Sends a statement and reads its result. */
bool pg_run(struct pg *pg, const char *sql);

/* ---- postgres_peers.c ---- */
/* Writing transactions share this lock; a connection that excludes the others holds it alone. */
#define WRITERS_LOCK "hashtextextended('linli writers ' || current_schema(), 0)"
void pg_alone(struct db *db, bool alone);
bool pg_lead(struct db *db, const char *name);
void pg_wait(struct db *db, int fd, int ms);
int64_t pg_version(struct db *db);

/* ---- postgres_store.c ---- */
void pg_limit(struct db *db, int seconds);
enum status pg_script(struct db *db, const char *sql);
enum status pg_hold(struct db *db);
enum status pg_bulk(struct db *db, bool on);
enum status pg_migrate_begin(struct db *db);
void pg_migrate_end(struct db *db);
enum status pg_copy(struct db *db, const char *path, struct arena *a, const char **why);
enum status pg_check(struct db *db, struct arena *a, const char **why);

#endif
