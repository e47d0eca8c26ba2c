/*
 * Between the files of the PostgreSQL back end: postgres.c asks and changes,
 * postgres_connect.c makes the connection and says what is wrong with it,
 * postgres_store.c looks at the store as a whole.
 */
#ifndef LINLI_DB_POSTGRES_H
#define LINLI_DB_POSTGRES_H

#include "db/backend.h"

#include <libpq-fe.h>
#include <time.h>

struct pg;

/* An address taken apart: what libpq knows, and the schema. Owned by the connection. */
struct pg_address {
    PQconninfoOption *options; /* libpq's */
    char schema[64];
    char shown[200]; /* host, port and database for messages; no password */
};

/* false with a message when it can't be read. */
bool pg_address_read(struct pg_address *at, const char *address, struct arena *a, const char **why);
struct pg_address pg_address_copy(const struct pg_address *at);
void pg_address_release(struct pg_address *at);
/* A connection for pg with its settings made; pg's patience follows from them. NULL with a message that says what to do (malloc; the caller
 * frees it). */
PGconn *pg_connect(struct pg *pg, char **why);
/* SQL that sets the time limits that neither the address nor the role has its own of, and answers how many milliseconds a
 * statement may take then (0: no limit). seconds: what is usual for it. */
#define PG_LIMITS_ROOM 700
void pg_limits(char sql[PG_LIMITS_ROOM], int seconds);
void pg_be_patient(struct pg *pg, const char *ms); /* with that answer */
#define PG_LONGEST 30                              /* seconds for a statement, unless db_limit said otherwise */
/* Waits until an answer can be taken, at most seconds (0: for ever) without a byte from the server. false: it is lost. */
bool pg_arrives(PGconn *c, int seconds);
enum status pg_status_of(const char *sqlstate); /* NULL: the connection itself */

struct pg {
    struct db db; /* first */
    PGconn *conn;
    struct pg_address at;
    int64_t epoch, names;
    int64_t listening; /* the epoch whose connection listens */
    int sent;          /* statements whose answers are not taken */
    bool inside;       /* a transaction */
    bool owed;         /* a reader's transaction, which its first question begins; but for the version, which needs none */
    bool asking;       /* for the version */
    bool ending;       /* its ROLLBACK is under way */
    bool lost;         /* it, or the connection, is gone */
    bool doomed;       /* another's change came between: only a rollback helps */
    bool unsure;       /* an error of the server itself: of a commit it does not say whether it happened (Citus, a worker lost) */
    bool again;
    int longest;     /* seconds that a statement may take, unless the address has its own */
    int patience;    /* seconds to wait for an answer; 0: for ever */
    time_t tried;    /* when connecting failed last */
    char writer[33]; /* name in linli_writers; empty: none yet */
    int64_t group;
    int64_t alone;      /* the epoch whose connection keeps the other writers out; 0: none */
    int64_t leading;    /* the epoch whose connection leads; 0: none */
    struct buf scratch; /* numbers as text */
    PGresult *last;     /* of the last statement with an answer */
};

static inline struct pg *pg_of(struct db *db)
{
    return (struct pg *)db;
}

enum status pg_fail(struct pg *pg, const PGresult *r, const char *text);
/* Between transactions: notices a connection that the server closed meanwhile, and makes another. */
bool pg_ready(struct pg *pg);
/* Sends a statement without arguments whose answer is taken later. */
bool pg_send(struct pg *pg, const char *sql);
/* Takes all answers. true when all were good; the last one with rows stays in pg->last. */
bool pg_collect(struct pg *pg, const char *text);
/* Both. */
bool pg_run(struct pg *pg, const char *sql);

void pg_limit(struct db *db, int seconds);
enum status pg_script(struct db *db, const char *sql);
enum status pg_hold(struct db *db);
enum status pg_bulk(struct db *db, bool on);
enum status pg_migrate_begin(struct db *db);
void pg_migrate_end(struct db *db);
enum status pg_copy(struct db *db, const char *path, struct arena *a, const char **why);
enum status pg_check(struct db *db, struct arena *a, const char **why);

#endif
