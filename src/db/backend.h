/*
 * What a back end implements: a table of functions, and the first members of
 * its connection and statements.
 *
 * db.c keeps the prepared statements by their text, the open rows and the
 * first failure. A back end (sqlite.c, postgres.c) prepares, runs and reads
 * statements. Its own structs begin with struct db or struct rows; rows_size
 * is the size of the latter.
 */
#ifndef LINLI_DB_BACKEND_H
#define LINLI_DB_BACKEND_H

#include "db/db.h"

#define DB_BUCKETS    256
#define DB_REMEMBERED 512
#define DB_FAILURE    400
#define DB_BUSY_MS    5000 /* how long a statement waits for a lock */

struct rows {
    struct rows *next;      /* same bucket */
    struct rows *next_open; /* being read */
    struct db *db;
    char *text; /* with "?" for each bound argument */
    uint64_t hash;
    int64_t used; /* tick of the last use */
    int columns;
    int expected; /* the column expected next, as columns are usually read in order */
    bool open, on_row;
};

enum value_type { VALUE_NONE, VALUE_INT, VALUE_REAL, VALUE_TEXT, VALUE_BYTES };

struct backend {
    size_t rows_size;
    const char *lists[DB_LISTS]; /* queries for db_names; the last two have a place for the table */
    void (*close)(struct db *db);    /* after its statements were dropped */
    bool (*prepare)(struct rows *r); /* false: failed, reported by db_fail */
    void (*drop)(struct rows *r);
    bool (*start)(struct rows *r, const struct arg *args,
                  int count);     /* must not keep pointers to the arguments */
    bool (*next)(struct rows *r); /* to the next row; false: no more, or failed */
    void (*end)(struct rows *r);
    int (*columns)(struct rows *r);
    const char *(*column)(struct rows *r, int at); /* its name */
    int64_t (*int_at)(struct rows *r, int column);
    double (*real_at)(struct rows *r, int column);
    const char *(*text_at)(struct rows *r, int column);
    struct bytes (*bytes_at)(struct rows *r, int column);
    enum value_type (*type_at)(struct rows *r, int column);
    /* Runs a change and sets changed and inserted. later: its result may wait until settle. */
    enum status (*alter)(struct rows *r, const struct arg *args, int count, bool later);
    void (*settle)(
        struct db *db); /* waits for the results of what was sent; NULL: nothing is ever pending */
    enum status (*begin)(struct db *db);
    enum status (*commit)(struct db *db);
    void (*rollback)(struct db *db);
    /* Switches to commits that return before they are durable. sync, called on another thread
     * while the connection continues, makes all earlier commits durable; after a failed sync,
     * mend retries for all of them. beside NULL, or false: commits are durable at once. */
    bool (*beside)(struct db *db);
    enum status (*sync)(struct db *db);
    enum status (*mend)(struct db *db);
    /* Rows written by this connection so far: a failed task that left it unchanged needs no
     * undo. NULL: a failed statement ends the transaction. */
    int64_t (*written)(struct db *db);
    enum status (*savepoint)(struct db *db);
    enum status (*release)(struct db *db);
    void (*undo)(struct db *db);
    bool (*again)(struct db *db);                  /* NULL: never */
    void (*alone)(struct db *db, bool alone);      /* NULL: always */
    bool (*lead)(struct db *db, const char *name); /* NULL: always */
    /* For a back end with several writing processes; NULL on others. follow: another connection
     * to the same database, which connects with its first statement. wait: waits on it until
     * another process sealed the audit log, fd is readable (it is read), or ms passed. */
    struct db *(*follow)(struct db *db);
    void (*wait)(struct db *db, int fd, int ms);
    int64_t (*version)(struct db *db);
    void (*room)(struct db *db, int kilobytes); /* NULL: it caches no pages */
    void (*limit)(struct db *db, int seconds);  /* NULL: it has no limits */
    enum status (*script)(struct db *db, const char *sql);
    /* Called around a migration: creates helpers, and admits one process at a time. NULL:
     * nothing to do. */
    enum status (*migrate_begin)(struct db *db);
    void (*migrate_end)(struct db *db);
    const char *(*step_more)(
        const char *name); /* what the back end adds to a schema step; NULL: nothing */
    enum status (*hold)(struct db *db);
    enum status (*bulk)(struct db *db, bool on);
    enum status (*copy)(struct db *db, const char *path, struct arena *a, const char **why);
    enum status (*check)(struct db *db, struct arena *a, const char **why);
};

struct db {
    const struct backend *is;
    int64_t serial; /* db_serial */
    char *address;  /* what it was opened by */
    enum db_mode mode;
    struct rows *bucket[DB_BUCKETS];
    struct rows *open;
    struct rows nothing; /* returned for a query that could not start */
    struct buf text;
    struct remembered {
        uint64_t hash, other; /* of the query, by two hash functions */
        int64_t version, value;
    } * remembered;       /* DB_REMEMBERED entries; NULL until first used */
    struct arena *memory; /* values derived from the data at memory_version; NULL */
    int64_t memory_version, memory_touched;
    struct recalled {
        struct recalled *next;
        const char *name;
        void *value;
    } * recalled;
    bool reading;         /* in a reader's transaction: the version is fixed */
    int64_t read_version; /* NONE: not read yet */
    bool writing;         /* in the transaction of the only writing process */
    int64_t touched;      /* number of its changes, without those that come with every request */
    int kept;
    int room; /* db_room */
    int64_t tick, changed, inserted;
    enum status status;
    char failure[DB_FAILURE];
    struct {
        int before; /* reads before one fails; continues below 0 */
        bool on, all, met;
    } trial; /* db/trial.h */
};

void db_init(struct db *db, const struct backend *is, enum db_mode mode);
void db_end_rows(struct db *db); /* ends all open rows */
extern bool db_are_many;         /* db_many was called */
enum status db_fail(struct db *db, enum status s, const char *message, const char *text);

struct db *sqlite_open(const char *path, enum db_mode mode, struct arena *a, const char **why);
struct db *postgres_open(const char *address, enum db_mode mode, struct arena *a, const char **why);

#endif
