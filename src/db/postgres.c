/*
 * The back end on PostgreSQL, by libpq in pipeline mode.
 *
 * Statements whose result nobody needs (BEGIN, a savepoint, change_later) are
 * sent with the next query, which waits for all results before its own. After
 * the first failure the server skips what was sent with it, so no later
 * statement takes effect.
 *
 * A lost connection ends the transaction with UNAVAILABLE. The next db_begin,
 * or the next statement outside a transaction, reconnects. If a commit got no
 * answer, linli_writers says whether the group was stored: the group wrote its
 * number there in the same transaction.
 *
 * Arguments are sent with their own types. If the server refuses that (a
 * number for a text column), it infers the types itself.
 */
#include "base/when.h"
#include "db/dialect.h"
#include "db/postgres.h"
#include "db/sql.h"

#include <errno.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PLACES_MOST  1000
#define SENT_MOST    4000 /* statements sent before their results are read */
#define OUTCOME_WAIT 20   /* seconds to find out whether a commit without an answer was stored */
#define OID_BOOL     16
#define OID_BYTEA    17
#define OID_INT      20
#define OID_TEXT     25
#define OID_REAL     701
#define OID_INT2     21
#define OID_INT4     23

struct cell { /* decoded bytes of the current row */
    struct buf data;
    bool fresh, used;
};

struct pg_rows {
    struct rows rows; /* first */
    char name[24];    /* of the prepared statement */
    int64_t epoch;    /* of the connection that prepared it; 0: none */
    PGresult *result;
    int row;
    struct cell *cells;
    int cell_count;
    bool returns_id, sets_id;
    char table[64]; /* of an INSERT */
};

/* ---- results ---- */

enum status pg_fail(struct pg *pg, const PGresult *r, const char *text)
{
    const char *state = r ? PQresultErrorField(r, PG_DIAG_SQLSTATE) : NULL;
    const char *what = r ? PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY)
                         : PQerrorMessage(pg->conn);
    if (pg->lost || PQstatus(pg->conn) == CONNECTION_BAD ||
        (state && strncmp(state, "57P", 3) == 0)) {
        pg->lost = true;
        what = "the connection to the database is lost";
        state = NULL;
    }
    if (state && (strcmp(state, "40001") == 0 || strcmp(state, "40P01") == 0))
        pg->doomed = true;
    if (state && strncmp(state, "XX", 2) == 0)
        pg->unsure = true;
    if (state && strcmp(state, "53100") == 0)
        what = "the disk of the database server is full: make room there";
    char more[400];
    if (state && strcmp(state, "42501") == 0) {
        snprintf(more, sizeof more,
                 "%.200s (connect as the role that owns the schema, or let it GRANT %.60s what it "
                 "needs)",
                 what, PQuser(pg->conn));
        what = more;
    }
    return db_fail(&pg->db, pg_status_of(state), what ? what : "no answer", text);
}

/* Reads the results of everything that was sent. */
static bool take(struct pg *pg, const char *text)
{
    PQclear(pg->last);
    pg->last = NULL;
    bool good = true;
    int empty = 0;
    for (bool over = false; !over;) {
        if (!pg_arrives(pg->conn, pg->patience)) {
            pg->lost = true;
            pg_fail(pg, NULL, text);
            good = false;
            break;
        }
        PGresult *r = PQgetResult(pg->conn);
        if (!r) { /* after each statement; twice in a row: no more results */
            if (++empty < 2 && PQstatus(pg->conn) == CONNECTION_OK)
                continue;
            pg_fail(pg, NULL, text);
            good = false;
            break;
        }
        empty = 0;
        ExecStatusType s = PQresultStatus(r);
        over = s == PGRES_PIPELINE_SYNC;
        if (s == PGRES_TUPLES_OK || s == PGRES_COMMAND_OK) {
            PQclear(pg->last);
            pg->last = r;
            continue;
        }
        if (s == PGRES_FATAL_ERROR || s == PGRES_BAD_RESPONSE || s == PGRES_NONFATAL_ERROR) {
            pg_fail(pg, r, text);
            good = false;
        }
        PQclear(r);
    }
    return good;
}

/* Reads the result of a reader's ROLLBACK, for which nobody waited. */
static void take_end(struct pg *pg)
{
    bool clean = pg->db.status == OK;
    if (pg->ending && !pg->lost && !take(pg, "ROLLBACK") && clean)
        db_clear(&pg->db); /* a lost connection shows at its next use */
    pg->ending = false;
}

bool pg_collect(struct pg *pg, const char *text)
{
    take_end(pg);
    if (!pg->sent)
        return true;
    bool good = PQpipelineSync(pg->conn) == 1;
    if (!good)
        pg_fail(pg, NULL, text);
    good = good && take(pg, text);
    pg->sent = 0;
    return good;
}

static void pg_settle(struct db *db)
{
    pg_collect(pg_of(db), "sent before");
}

/* ---- the connection ---- */

static bool connect_again(struct pg *pg)
{
    int64_t now = when_now();
    if (now == pg->tried) { /* at most one attempt a second */
        db_fail(&pg->db, UNAVAILABLE, "the database can't be reached", NULL);
        return false;
    }
    char *why = NULL;
    PGconn *c = pg_connect(pg, &why);
    if (!c) {
        pg->tried = when_now();
        db_fail(&pg->db, UNAVAILABLE, why, NULL);
        free(why);
        return false;
    }
    PQfinish(pg->conn);
    pg->conn = c;
    pg->epoch++; /* statements must be prepared again */
    pg->sent = 0;
    pg->lost = pg->doomed = pg->inside = pg->ending = false;
    return true;
}

bool pg_ready(struct pg *pg)
{
    if (pg->inside) {
        if (pg->lost)
            db_fail(&pg->db, UNAVAILABLE, "the connection to the database is lost", NULL);
        return !pg->lost;
    }
    take_end(pg);
    struct pollfd p = {.fd = pg->lost ? -1 : PQsocket(pg->conn), .events = POLLIN};
    if (!pg->lost && !pg->sent && poll(&p, 1, 0) > 0 && PQconsumeInput(pg->conn) == 0)
        pg->lost = true;
    if (!pg->lost && PQstatus(pg->conn) == CONNECTION_OK)
        return true;
    return connect_again(pg);
}

bool pg_send(struct pg *pg, const char *sql)
{
    if (pg->lost || PQsendQueryParams(pg->conn, sql, 0, NULL, NULL, NULL, NULL, 0) != 1) {
        pg_fail(pg, NULL, sql);
        return false;
    }
    pg->sent++;
    return true;
}

bool pg_run(struct pg *pg, const char *sql)
{
    return pg_send(pg, sql) && pg_collect(pg, sql);
}

static const struct backend postgres;

struct db *postgres_open(const char *address, enum db_mode mode, struct arena *a, const char **why)
{
    struct pg *pg = must_alloc(sizeof *pg);
    char *reason = NULL;
    db_init(&pg->db, &postgres, mode == DB_CREATE ? DB_WRITE : mode);
    pg->create = mode == DB_CREATE;
    buf_init(&pg->scratch, 0);
    pg->longest = PG_LONGEST;
    if (pg_address_read(&pg->at, address, a, why)) {
        pg->conn = pg_connect(pg, &reason);
        pg->epoch = 1;
        if (pg->conn)
            return &pg->db;
        *why = arena_copy(a, reason);
        free(reason);
    }
    db_close(&pg->db);
    return NULL;
}

/* The new connection connects with its first statement. */
static struct db *pg_follow(struct db *db)
{
    struct pg *pg = must_alloc(sizeof *pg);
    db_init(&pg->db, &postgres, DB_FOLLOW);
    buf_init(&pg->scratch, 0);
    pg->at = pg_address_copy(&pg_of(db)->at);
    pg->lost = true;
    pg->longest = PG_LONGEST;
    return &pg->db;
}

static void pg_close(struct db *db)
{
    struct pg *pg = pg_of(db);
    PQclear(pg->last);
    PQfinish(pg->conn);
    pg_address_release(&pg->at);
    buf_release(&pg->scratch);
    free(pg);
}

/* ---- statements ---- */

static bool pg_prepare(struct rows *r)
{
    struct pg_rows *own = (struct pg_rows *)r;
    snprintf(own->name, sizeof own->name, "s%lld", (long long)++pg_of(r->db)->names);
    return true; /* prepared on the server with the first arguments, whose types it needs */
}

static void pg_drop(struct rows *r)
{
    struct pg_rows *own = (struct pg_rows *)r;
    struct pg *pg = pg_of(r->db);
    PQclear(own->result);
    for (int i = 0; i < own->cell_count; i++)
        if (own->cells[i].used)
            buf_release(&own->cells[i].data);
    free(own->cells);
    if (own->epoch == pg->epoch && pg->epoch && r->db->kept >= 0 &&
        PQstatus(pg->conn) == CONNECTION_OK && !pg->lost && r->db->status == OK) {
        char sql[48];
        snprintf(sql, sizeof sql, "DEALLOCATE %s", own->name);
        pg_send(pg, sql);
    }
}

/* Reads "INSERT INTO name (a, b) …": the table, and whether the columns include id. */
static void read_insert(struct pg_rows *own)
{
    const char *s = own->rows.text + strspn(own->rows.text, " \n");
    own->table[0] = '\0';
    if (strncmp(s, "INSERT INTO ", 12) != 0)
        return;
    s += 12;
    size_t n = strcspn(s, " (");
    if (n == 0 || n >= sizeof own->table)
        return;
    memcpy(own->table, s, n);
    own->table[n] = '\0';
    const char *list = s + n + strspn(s + n, " ");
    own->sets_id = *list == '(' && (strncmp(list, "(id,", 4) == 0 || strncmp(list, "(id)", 4) == 0);
    for (const char *end = strchr(list, ')'), *p = list;
         *list == '(' && end && (p = strstr(p, ", id")) && p < end; p += 4)
        if (p[4] == ',' || p[4] == ')')
            own->sets_id = true;
}

/* Whether the table numbers its rows itself. */
static bool has_identity(struct pg *pg, const char *table)
{
    const char *values[] = {table};
    if (PQsendQueryParams(pg->conn,
                          "SELECT 1 FROM pg_attribute WHERE attrelid = to_regclass($1) AND attname "
                          "= 'id' AND attidentity <> ''",
                          1, NULL, values, NULL, NULL, 0) != 1)
        return false;
    pg->sent++;
    return pg_collect(pg, table) && PQntuples(pg->last) == 1;
}

enum typing { TYPED, TEXT_OPEN, ALL_OPEN, ALL_TYPED, TYPINGS };

static Oid type_of(const struct arg *a, enum typing how)
{
    if (how == ALL_OPEN)
        return 0;
    switch (a->type) {
    case ARG_REAL:
        return OID_REAL;
    case ARG_BYTES:
        return OID_BYTEA;
    case ARG_TEXT:
    case ARG_MARKUP:
    case ARG_JSON:
    case ARG_URL:
        return how == ALL_TYPED || (a->s && how == TYPED) ? OID_TEXT : 0;
    case ARG_INT:
    case ARG_UINT:
    case ARG_BOOL:
    case ARG_MAYBE:
    case ARG_NAME:
        break;
    }
    return OID_INT;
}

/* One attempt. In a transaction it needs a savepoint, because a failure would end the
 * transaction. */
static bool prepare_with(struct pg *pg, struct pg_rows *own, const char *sql,
                         const struct arg *args, int count, enum typing how)
{
    Oid types[PLACES_MOST];
    int n = 0;
    for (int i = 0; i < count; i++)
        if (sql_bound(&args[i]))
            types[n++] = type_of(&args[i], how);
    if (pg->inside && !pg_send(pg, "SAVEPOINT preparing"))
        return false;
    if (PQsendPrepare(pg->conn, own->name, sql, n, types) != 1) {
        pg_fail(pg, NULL, sql);
        return false;
    }
    pg->sent++;
    if (pg->inside && !pg_send(pg, "RELEASE preparing"))
        return false;
    if (pg_collect(pg, sql))
        return true;
    if (pg->inside && !pg->lost) {
        pg_send(pg, "ROLLBACK TO preparing");
        pg_send(pg, "RELEASE preparing");
        pg_collect(pg, sql);
    }
    return false;
}

static bool prepare_now(struct pg *pg, struct pg_rows *own, const struct arg *args, int count)
{
    if (count > PLACES_MOST)
        write_mismatch("a query has more than 1000 places");
    pg_collect(pg, "sent before");
    if (pg->db.status != OK && pg->inside)
        return false; /* the transaction accepts nothing more */
    read_insert(own);
    own->returns_id = own->table[0] && !strstr(own->rows.text, "RETURNING") &&
                      has_identity(pg, own->table);
    enum status before = pg->db.status;
    char kept[DB_FAILURE];
    memcpy(kept, pg->db.failure, sizeof kept);
    struct buf sql;
    buf_init(&sql, (size_t)4 << 20);
    dialect_postgres(&sql, own->rows.text);
    if (own->returns_id)
        buf_puts(&sql, " RETURNING id");
    bool good = false;
    enum status first = OK; /* the reason of the first attempt is reported */
    char reason[DB_FAILURE];
    for (enum typing how = TYPED; how < TYPINGS && !good && !pg->lost; how++) {
        good = prepare_with(pg, own, sql.data, args, count, how);
        if (!good && how == TYPED) {
            first = pg->db.status;
            memcpy(reason, pg->db.failure, sizeof reason);
        } else if (!good) {
            pg->db.status = first;
            memcpy(pg->db.failure, reason, sizeof reason);
        }
    }
    buf_release(&sql);
    if (good) {
        pg->db.status = before;
        memcpy(pg->db.failure, kept, sizeof kept);
        own->epoch = pg->epoch;
    }
    return good;
}

/* Returns an argument as text or bytes; NULL for SQL NULL. */
static const char *value_of(struct pg *pg, const struct arg *a, int *length, int *format)
{
    size_t at = pg->scratch.size;
    *length = *format = 0;
    switch (a->type) {
    case ARG_INT:
    case ARG_BOOL:
    case ARG_MAYBE:
        if (a->type == ARG_MAYBE && a->i == NONE)
            return NULL;
        buf_int(&pg->scratch, a->i);
        break;
    case ARG_UINT:
        plain(&pg->scratch, "{}", a->u);
        break;
    case ARG_REAL:
        buf_room(&pg->scratch, 40);
        pg->scratch.size += (size_t)snprintf(pg->scratch.data + at, 40, "%.17g", a->d);
        break;
    case ARG_TEXT:
    case ARG_MARKUP:
    case ARG_JSON:
    case ARG_URL:
        return a->s;
    case ARG_BYTES:
        *length = (int)a->b.size;
        *format = 1;
        return a->b.data;
    case ARG_NAME:
        return NULL;
    }
    buf_putc(&pg->scratch, '\0');
    return pg->scratch.data + at;
}

static bool begin_reading(struct pg *pg)
{
    pg->owed = false;
    pg->inside = pg_send(pg, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    return pg->inside;
}

/* Sends the statement with its arguments; the caller reads the result. */
static bool send_rows(struct pg *pg, struct pg_rows *own, const struct arg *args, int count)
{
    if (!pg_ready(pg) || (pg->owed && !pg->asking && !begin_reading(pg)) ||
        (own->epoch != pg->epoch && !prepare_now(pg, own, args, count)))
        return false;
    const char *values[PLACES_MOST];
    int lengths[PLACES_MOST], formats[PLACES_MOST], n = 0;
    buf_clear(&pg->scratch);
    buf_room(&pg->scratch, (size_t)count * 41 + 1); /* so that pointers into it stay valid */
    for (int i = 0; i < count; i++)
        if (sql_bound(&args[i])) {
            values[n] = value_of(pg, &args[i], &lengths[n], &formats[n]);
            n++;
        }
    if (PQsendQueryPrepared(pg->conn, own->name, n, values, lengths, formats, 0) != 1) {
        pg_fail(pg, NULL, own->rows.text);
        return false;
    }
    if (++pg->sent >= SENT_MOST)
        pg_collect(pg, own->rows.text);
    return true;
}

static bool pg_start(struct rows *r, const struct arg *args, int count)
{
    struct pg *pg = pg_of(r->db);
    struct pg_rows *own = (struct pg_rows *)r;
    if (!send_rows(pg, own, args, count) || !pg_collect(pg, r->text))
        return false;
    PQclear(own->result);
    own->result = pg->last;
    pg->last = NULL;
    own->row = -1;
    r->columns = PQnfields(own->result);
    return true;
}

static bool pg_next(struct rows *r)
{
    struct pg_rows *own = (struct pg_rows *)r;
    for (int i = 0; i < own->cell_count; i++)
        own->cells[i].fresh = false;
    return ++own->row < PQntuples(own->result);
}

static void pg_end(struct rows *r)
{
    struct pg_rows *own = (struct pg_rows *)r;
    PQclear(own->result);
    own->result = NULL;
}

static int pg_columns(struct rows *r)
{
    return r->columns;
}

static const char *pg_column(struct rows *r, int at)
{
    return PQfname(((struct pg_rows *)r)->result, at);
}

static const char *value_at(struct rows *r, int column)
{
    struct pg_rows *own = (struct pg_rows *)r;
    return PQgetisnull(own->result, own->row, column) ? NULL
                                                      : PQgetvalue(own->result, own->row, column);
}

static Oid type_at(struct rows *r, int column)
{
    return PQftype(((struct pg_rows *)r)->result, column);
}

static int64_t pg_int_at(struct rows *r, int column)
{
    const char *v = value_at(r, column);
    return !v ? NONE : *v == 't' ? 1 : strtoll(v, NULL, 10); /* "f" reads as 0 */
}

static double pg_real_at(struct rows *r, int column)
{
    const char *v = value_at(r, column);
    return v ? strtod(v, NULL) : 0;
}

static struct bytes pg_bytes_at(struct rows *r, int column)
{
    struct pg_rows *own = (struct pg_rows *)r;
    const char *v = value_at(r, column);
    if (!v)
        return (struct bytes){NULL, 0};
    if (type_at(r, column) != OID_BYTEA)
        return (struct bytes){v, strlen(v)};
    if (column >= own->cell_count) {
        own->cells = must_grow(own->cells, sizeof *own->cells * (size_t)r->columns);
        memset(own->cells + own->cell_count, 0,
               sizeof *own->cells * (size_t)(r->columns - own->cell_count));
        own->cell_count = r->columns;
    }
    struct cell *cell = &own->cells[column];
    if (!cell->used) {
        buf_init(&cell->data, (size_t)1 << 30);
        cell->used = true;
    }
    if (!cell->fresh) {
        size_t digits = strlen(v) - 2, size = 0;
        buf_clear(&cell->data);
        buf_room(&cell->data, digits / 2 + 1);
        sodium_hex2bin((unsigned char *)cell->data.data, digits / 2, v + 2, digits, NULL, &size,
                       NULL);
        cell->data.data[size] = '\0';
        cell->data.size = size;
        cell->fresh = true;
    }
    return (struct bytes){cell->data.data, cell->data.size};
}

static const char *pg_text_at(struct rows *r, int column)
{
    const char *v = value_at(r, column);
    Oid type = v ? type_at(r, column) : 0;
    return type == OID_BYTEA  ? pg_bytes_at(r, column).data
           : type == OID_BOOL ? (*v == 't' ? "1" : "0")
                              : v;
}

static enum value_type pg_type_at(struct rows *r, int column)
{
    if (!value_at(r, column))
        return VALUE_NONE;
    switch (type_at(r, column)) {
    case OID_INT:
    case OID_INT2:
    case OID_INT4:
    case OID_BOOL:
        return VALUE_INT;
    case OID_REAL:
        return VALUE_REAL;
    case OID_BYTEA:
        return VALUE_BYTES;
    default:
        return VALUE_TEXT;
    }
}

/* Moves the table's sequence past an id that was given. Two statements, because on Citus the
 * table is on another server and the sequence is here. */
static void move_identity(struct pg *pg, const char *table)
{
    char sql[300];
    snprintf(sql, sizeof sql, "SELECT max(id) FROM %.63s", table);
    if (!pg_run(pg, sql))
        return;
    snprintf(sql, sizeof sql, "SELECT setval(pg_get_serial_sequence('%.63s', 'id'), %.20s)", table,
             PQgetvalue(pg->last, 0, 0));
    pg_run(pg, sql);
}

/* Registers this connection in linli_writers, if the table exists. */
static void introduce(struct pg *pg)
{
    unsigned char random[16];
    if (pg->writer[0] || !pg_run(pg, "SELECT 1 WHERE to_regclass('linli_writers') IS NOT NULL") ||
        PQntuples(pg->last) == 0)
        return;
    randombytes_buf(random, sizeof random);
    sodium_bin2hex(pg->writer, sizeof pg->writer, random, sizeof random);
    char sql[320];
    snprintf(sql, sizeof sql,
             "WITH gone AS (DELETE FROM linli_writers WHERE at < %lld RETURNING groups)"
             " INSERT INTO linli_writers (writer, groups, at) SELECT '%s', coalesce(sum(groups), "
             "0) + 1, %lld FROM gone RETURNING groups",
             (long long)when_now() - 30 * 86400, pg->writer, (long long)when_now());
    if (pg_run(pg, sql) && PQntuples(pg->last) == 1)
        pg->group = strtoll(PQgetvalue(pg->last, 0, 0), NULL, 10);
    else
        pg->writer[0] = '\0';
}

/* Sent with the next commit: tells readers that something was committed. */
static void count_group(struct pg *pg)
{
    char sql[200];
    if (!pg->writer[0])
        return;
    snprintf(sql, sizeof sql,
             "UPDATE linli_writers SET groups = %lld, at = %lld WHERE writer = '%s'",
             (long long)++pg->group, (long long)when_now(), pg->writer);
    pg_send(pg, sql);
}

static enum status pg_change(struct rows *r, const struct arg *args, int count, bool later)
{
    struct pg *pg = pg_of(r->db);
    struct pg_rows *own = (struct pg_rows *)r;
    if (!pg->inside && pg->db.mode != DB_READ && pg_ready(pg) &&
        (own->epoch == pg->epoch || prepare_now(pg, own, args, count))) {
        introduce(pg);
        count_group(pg); /* statements sent together are one transaction */
    }
    if (!send_rows(pg, own, args, count))
        return pg->db.status;
    if (later && pg->inside)
        return OK;
    if (!pg_collect(pg, r->text))
        return pg->db.status;
    PGresult *answer = pg->last;
    pg->last = NULL;
    const char *changed = PQcmdTuples(answer);
    pg->db.changed = *changed ? strtoll(changed, NULL, 10) : 0;
    if (own->returns_id && PQntuples(answer) > 0)
        pg->db.inserted = strtoll(PQgetvalue(answer, PQntuples(answer) - 1, 0), NULL, 10);
    if (own->returns_id && own->sets_id && pg->db.changed)
        move_identity(pg, own->table);
    PQclear(answer);
    return OK;
}

/* ---- transactions ---- */

static enum status pg_begin(struct db *db)
{
    struct pg *pg = pg_of(db);
    pg->again = false;
    if (pg->inside) { /* as on SQLite: fails this transaction and not all later ones */
        db->is->rollback(db);
        return db_fail(db, UNAVAILABLE, "a transaction was left open and is undone", NULL);
    }
    if (!pg_ready(pg))
        return db->status;
    pg->owed = db->mode == DB_READ;
    pg->doomed = false;
    if (pg->owed)
        return OK;
    introduce(pg);
    pg->inside = true;
    if (!pg_send(pg, db->mode == DB_WRITE ? "BEGIN ISOLATION LEVEL SERIALIZABLE"
                                          : "BEGIN ISOLATION LEVEL READ COMMITTED") ||
        (db->mode == DB_WRITE && pg->alone != pg->epoch &&
         !pg_send(pg, "SELECT pg_advisory_xact_lock_shared(" WRITERS_LOCK ")"))) {
        db->is->rollback(db); /* part of what was sent may have begun a transaction */
        return db->status;
    }
    return OK;
}

/* Finds out whether a commit without an answer was stored. The row lock waits for a commit that
 * is still running. */
static enum status outcome(struct pg *pg)
{
    char sql[200];
    int64_t end = when_now() + OUTCOME_WAIT;
    snprintf(sql, sizeof sql,
             "SELECT 1 FROM linli_writers WHERE writer = '%s' AND groups = %lld FOR UPDATE",
             pg->writer, (long long)pg->group);
    pg->inside = false;
    while (pg->writer[0] && when_now() < end) {
        db_clear(&pg->db);
        if (connect_again(pg) && pg_run(pg, sql)) {
            pg->again = PQntuples(pg->last) == 0;
            return pg->again
                       ? db_fail(&pg->db, BUSY, "the connection was lost before the commit", NULL)
                       : OK;
        }
        poll(NULL, 0, 300);
    }
    db_clear(&pg->db);
    return db_fail(&pg->db, UNAVAILABLE,
                   "the connection was lost during a commit; whether it happened is not known",
                   NULL);
}

static enum status pg_commit(struct db *db)
{
    struct pg *pg = pg_of(db);
    if (!pg_collect(pg, "sent before")) /* a delayed statement failed */
        return db->status;
    if (pg->owed) { /* no query was run */
        pg->owed = false;
        return OK;
    }
    if (db->mode != DB_READ)
        count_group(pg);
    pg->unsure = false;
    bool sent = pg_send(pg, "COMMIT");
    if (!sent || !pg_collect(pg, "COMMIT")) {
        if ((pg->lost || pg->unsure) && db->mode == DB_WRITE)
            return outcome(pg);
        return db->status;
    }
    pg->inside = false;
    if (strcmp(PQcmdStatus(pg->last), "COMMIT") != 0)
        return db_fail(db, UNAVAILABLE, "the transaction was rolled back", NULL);
    return OK;
}

static void pg_rollback(struct db *db)
{
    struct pg *pg = pg_of(db);
    pg->owed = false;
    if (!pg->inside)
        return;
    enum status before = db->status;
    char kept[DB_FAILURE];
    memcpy(kept, db->failure, sizeof kept);
    pg_collect(pg, "sent before");
    bool doomed = pg->doomed;
    if (!pg->lost && db->mode == DB_READ && pg_send(pg, "ROLLBACK")) {
        pg->sent = 0;
        pg->ending = PQpipelineSync(pg->conn) == 1;
        pg->lost = !pg->ending;
    } else if (!pg->lost) {
        pg_run(pg, "ROLLBACK");
    }
    pg->inside = false;
    if (doomed || (pg->lost && db->mode == DB_WRITE)) { /* nothing was committed */
        db_clear(db);
        pg->again = !pg->lost || connect_again(pg);
    }
    db->status = before;
    memcpy(db->failure, kept, sizeof kept);
}

static enum status pg_savepoint(struct db *db)
{
    return pg_send(pg_of(db), "SAVEPOINT task") ? OK : db->status;
}

static enum status pg_release(struct db *db)
{
    return pg_send(pg_of(db), "RELEASE task") ? OK : db->status;
}

static void pg_undo(struct db *db)
{
    struct pg *pg = pg_of(db);
    enum status before = db->status;
    char kept[DB_FAILURE];
    memcpy(kept, db->failure, sizeof kept);
    pg_collect(pg, "sent before");
    if (pg->lost || pg->doomed || !pg->inside) {
        db_clear(db);
        db_fail(db, pg->doomed ? BUSY : UNAVAILABLE, "the transaction was rolled back", NULL);
        return;
    }
    db_clear(db);
    if (pg_send(pg, "ROLLBACK TO task") && pg_send(pg, "RELEASE task") &&
        pg_collect(pg, "ROLLBACK TO task")) {
        db->status = before;
        memcpy(db->failure, kept, sizeof kept);
    }
}

static bool pg_again(struct db *db)
{
    return pg_of(db)->again;
}

static const struct backend postgres = {
    .rows_size = sizeof(struct pg_rows),
    .lists = {"SELECT relname AS name FROM pg_class WHERE relnamespace = "
              "current_schema()::regnamespace AND relkind = 'r'"
              " AND relname NOT LIKE 'linli\\_%' ORDER BY relname",
              "SELECT attname AS name FROM pg_attribute WHERE attrelid = to_regclass({}) AND "
              "attnum > 0 AND NOT attisdropped"
              " ORDER BY attnum",
              "SELECT a.attname AS name FROM pg_index i JOIN pg_attribute a ON a.attrelid = "
              "i.indrelid AND a.attnum = ANY (i.indkey)"
              " WHERE i.indrelid = to_regclass({}) AND i.indisprimary ORDER BY "
              "array_position(i.indkey::int2[], a.attnum)"},
    .close = pg_close,
    .prepare = pg_prepare,
    .drop = pg_drop,
    .start = pg_start,
    .next = pg_next,
    .end = pg_end,
    .columns = pg_columns,
    .column = pg_column,
    .int_at = pg_int_at,
    .real_at = pg_real_at,
    .text_at = pg_text_at,
    .bytes_at = pg_bytes_at,
    .type_at = pg_type_at,
    .alter = pg_change,
    .settle = pg_settle,
    .begin = pg_begin,
    .commit = pg_commit,
    .rollback = pg_rollback,
    .savepoint = pg_savepoint,
    .release = pg_release,
    .undo = pg_undo,
    .again = pg_again,
    .alone = pg_alone,
    .lead = pg_lead,
    .follow = pg_follow,
    .wait = pg_wait,
    .version = pg_version,
    .limit = pg_limit,
    .script = pg_script,
    .migrate_begin = pg_migrate_begin,
    .migrate_end = pg_migrate_end,
    .step_more = dialect_step_more,
    .hold = pg_hold,
    .bulk = pg_bulk,
    .copy = pg_copy,
    .check = pg_check,
};
