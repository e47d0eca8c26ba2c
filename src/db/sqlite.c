/*
 * db.h on SQLite.
 *
 * Every statement text is prepared once per connection and kept in a small
 * hash table; a struct rows is such a kept statement, so asking allocates
 * nothing after the first time. Asking the same text again while the first
 * answer is still being read prepares a second one beside it.
 *
 * Reads map the file into memory; the writer syncs every commit and leaves
 * checkpoints for every 10,000 pages, which is what keeps group commits fast.
 * A failure is kept until db_clear (db_status), so that a caller that did not
 * look at one statement is still stopped before its commit.
 *
 * Ownership: the connection owns its statements; rows are lent.
 */
#include "db/db.h"

#include "db/sql.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUCKETS         256
#define STATEMENTS_KEPT 512
#define BUSY_MS         5000
#define FAILURE_SIZE    400

struct rows {
    struct rows *next;      /* same bucket */
    struct rows *next_open; /* being read */
    struct db *db;
    char *text;
    uint64_t hash;
    int64_t used; /* tick of the last use */
    sqlite3_stmt *stmt;
    int columns;
    int expected; /* the column asked for next, when columns are read in order */
    bool open, on_row;
};

struct db {
    sqlite3 *sqlite;
    enum db_mode mode;
    struct rows *bucket[BUCKETS];
    struct rows *open;
    struct rows nothing; /* what a query that could not start answers */
    struct buf text;
    int kept;
    int64_t tick, changed, inserted;
    enum status status;
    char failure[FAILURE_SIZE];
};

/* ---- failures ---- */

static enum status status_of(int code)
{
    switch (code & 0xFF) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE: return OK;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_INTERRUPT: return BUSY;
    case SQLITE_CONSTRAINT:
        return code == SQLITE_CONSTRAINT_CHECK || code == SQLITE_CONSTRAINT_NOTNULL ? INVALID : CONFLICT;
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG: return INVALID;
    case SQLITE_NOMEM:
        fprintf(stderr, "linli: out of memory\n");
        abort();
    default: return UNAVAILABLE;
    }
}

static enum status fail_with(struct db *db, enum status s, const char *message, const char *text)
{
    if (db->status == OK) {
        db->status = s;
        snprintf(db->failure, sizeof db->failure, "%s%s%.200s", message, text ? ": " : "", text ? text : "");
    }
    return s;
}

static enum status fail(struct db *db, int code, const char *text)
{
    return fail_with(db, status_of(code), sqlite3_errmsg(db->sqlite), text);
}

enum status db_status(struct db *db)
{
    return db->status;
}

const char *db_failure(struct db *db)
{
    return db->failure;
}

void db_clear(struct db *db)
{
    db->status = OK;
    db->failure[0] = '\0';
}

/* ---- opening and closing ---- */

/* The file holds personal data: only its owner reads it. Closing a file drops the process's locks on it, so
 * only one that is new, and nobody's yet, is touched. */
static void create_private(const char *path)
{
    int fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0)
        close(fd);
}

static int configure(struct db *db)
{
    static const char reader[] = "PRAGMA query_only = 1; PRAGMA mmap_size = 268435456; PRAGMA temp_store = MEMORY;"
                                 "PRAGMA foreign_keys = ON;";
    static const char writer[] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
                                 "PRAGMA wal_autocheckpoint = 10000; PRAGMA journal_size_limit = 67108864;"
                                 "PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY;";
    sqlite3_extended_result_codes(db->sqlite, 1);
    sqlite3_busy_timeout(db->sqlite, BUSY_MS);
    int code = sqlite3_exec(db->sqlite, db->mode == DB_WRITE ? writer : reader, NULL, NULL, NULL);
    if (code == SQLITE_OK) /* opening is lazy: find out now whether it is a database */
        code = sqlite3_exec(db->sqlite, "SELECT count(*) FROM sqlite_master", NULL, NULL, NULL);
    return code;
}

struct db *db_open_file(const char *path, enum db_mode mode, struct arena *a, const char **why)
{
    struct db *db = must_alloc(sizeof *db);
    db->mode = mode;
    db->nothing.db = db;
    buf_init(&db->text, (size_t)1 << 21);
    if (mode == DB_WRITE)
        create_private(path);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (mode == DB_WRITE ? SQLITE_OPEN_CREATE : 0);
    int code = sqlite3_open_v2(path, &db->sqlite, flags, NULL);
    if (code == SQLITE_OK)
        code = configure(db);
    if (code != SQLITE_OK) {
        *why = arena_print(a, "the database %s can't be opened: %s", path, sqlite3_errmsg(db->sqlite));
        db_close(db);
        return NULL;
    }
    return db;
}

struct db *db_open(const char *address, enum db_mode mode, struct arena *a, const char **why)
{
    if (strncmp(address, "postgresql://", 13) == 0) {
        *why = "this program is built for SQLite: give a folder, not a postgresql:// address";
        return NULL;
    }
    if (mode == DB_WRITE && mkdir(address, 0700) != 0 && errno != EEXIST) {
        *why = arena_print(a, "the folder %s can't be made: %s", address, strerror(errno));
        return NULL;
    }
    return db_open_file(arena_print(a, "%s/linli.db", address), mode, a, why);
}

static void drop(struct rows *r)
{
    sqlite3_finalize(r->stmt);
    free(r->text);
    free(r);
}

void db_close(struct db *db)
{
    if (!db)
        return;
    for (int i = 0; i < BUCKETS; i++)
        for (struct rows *r = db->bucket[i], *next; r; r = next) {
            next = r->next;
            drop(r);
        }
    sqlite3_close(db->sqlite);
    buf_release(&db->text);
    free(db);
}

/* ---- kept statements ---- */

static uint64_t hash_text(const char *s, size_t n) /* FNV-1a */
{
    uint64_t h = 14695981039346656037u;
    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)s[i]) * 1099511628211u;
    return h;
}

/* Drops the statement that was not used for longest. */
static void make_room(struct db *db)
{
    struct rows **oldest = NULL;
    for (int i = 0; i < BUCKETS; i++)
        for (struct rows **p = &db->bucket[i]; *p; p = &(*p)->next)
            if (!(*p)->open && (!oldest || (*p)->used < (*oldest)->used))
                oldest = p;
    if (oldest) {
        struct rows *r = *oldest;
        *oldest = r->next;
        drop(r);
        db->kept--;
    }
}

static struct rows *prepare(struct db *db, uint64_t hash)
{
    sqlite3_stmt *stmt = NULL;
    const char *text = db->text.data, *tail = NULL;
    int code = sqlite3_prepare_v3(db->sqlite, text, (int)db->text.size + 1, SQLITE_PREPARE_PERSISTENT, &stmt, &tail);
    if (code != SQLITE_OK) {
        fail(db, code, text);
        return NULL;
    }
    if (!stmt || tail[strspn(tail, " \t\r\n;")] != '\0') {
        sqlite3_finalize(stmt);
        fail_with(db, UNAVAILABLE, "not one statement", text);
        return NULL;
    }
    if (db->kept >= STATEMENTS_KEPT)
        make_room(db);
    struct rows *r = must_alloc(sizeof *r);
    *r = (struct rows){.next = db->bucket[hash % BUCKETS], .db = db, .text = must_copy(text), .hash = hash, .stmt = stmt};
    db->bucket[hash % BUCKETS] = r;
    db->kept++;
    return r;
}

/* The idle statement for the text with its places filled; NULL when it can't be prepared. */
static struct rows *statement(struct db *db, const char *literal, const struct arg *args, int count)
{
    buf_clear(&db->text);
    sql_expand(&db->text, literal, args, count);
    if (db->text.full)
        write_mismatch("a query is longer than 2 MB");
    uint64_t hash = hash_text(db->text.data, db->text.size);
    struct rows *r = db->bucket[hash % BUCKETS];
    while (r && (r->hash != hash || r->open || strcmp(r->text, db->text.data) != 0))
        r = r->next;
    if (!r)
        r = prepare(db, hash);
    if (r)
        r->used = ++db->tick;
    return r;
}

static int bind_one(sqlite3_stmt *stmt, int place, const struct arg *a, sqlite3_destructor_type keep)
{
    switch (a->type) {
    case ARG_INT:
    case ARG_BOOL: return sqlite3_bind_int64(stmt, place, a->i);
    case ARG_UINT: return a->u > INT64_MAX ? SQLITE_TOOBIG : sqlite3_bind_int64(stmt, place, (int64_t)a->u);
    case ARG_MAYBE: return a->i == NONE ? sqlite3_bind_null(stmt, place) : sqlite3_bind_int64(stmt, place, a->i);
    case ARG_REAL: return sqlite3_bind_double(stmt, place, a->d);
    case ARG_TEXT:
    case ARG_MARKUP:
    case ARG_JSON:
    case ARG_URL: return sqlite3_bind_text(stmt, place, a->s, -1, keep);
    case ARG_BYTES:
        if (!a->b.data)
            return sqlite3_bind_null(stmt, place);
        return sqlite3_bind_blob64(stmt, place, a->b.data, a->b.size, keep);
    case ARG_NAME: break;
    }
    return SQLITE_MISUSE;
}

/* keep: SQLITE_TRANSIENT when the statement runs on after the arguments are gone. */
static struct rows *bound(struct db *db, const char *literal, const struct arg *args, int count,
                          sqlite3_destructor_type keep)
{
    struct rows *r = statement(db, literal, args, count);
    if (!r)
        return NULL;
    for (int i = 0, place = 0; i < count; i++) {
        if (!sql_bound(&args[i]))
            continue;
        int code = bind_one(r->stmt, ++place, &args[i], keep);
        if (code != SQLITE_OK) {
            fail_with(db, status_of(code), sqlite3_errstr(code), r->text);
            sqlite3_clear_bindings(r->stmt);
            return NULL;
        }
    }
    r->open = true;
    r->next_open = db->open;
    db->open = r;
    return r;
}

/* ---- asking ---- */

struct rows *db_query(struct db *db, const char *literal, const struct arg *args, int count)
{
    struct rows *r = bound(db, literal, args, count, SQLITE_TRANSIENT);
    if (!r)
        return &db->nothing;
    r->expected = 0;
    return r;
}

void rows_end(struct rows *r)
{
    if (!r->open)
        return;
    struct rows **p = &r->db->open;
    while (*p != r)
        p = &(*p)->next_open;
    *p = r->next_open;
    r->open = r->on_row = false;
    sqlite3_reset(r->stmt);
    sqlite3_clear_bindings(r->stmt);
}

static void end_all(struct db *db)
{
    while (db->open)
        rows_end(db->open);
}

bool rows_next(struct rows *r)
{
    if (!r->open)
        return false;
    int code = sqlite3_step(r->stmt);
    if (code == SQLITE_ROW) {
        if (!r->on_row) /* the first step may have prepared it anew after a change of the schema */
            r->columns = sqlite3_column_count(r->stmt);
        return r->on_row = true;
    }
    if (code != SQLITE_DONE)
        fail(r->db, code, r->text);
    rows_end(r);
    return false;
}

int rows_column(struct rows *r, const char *column)
{
    int n = r->stmt ? sqlite3_column_count(r->stmt) : 0;
    for (int i = 0, at = r->expected < n ? r->expected : 0; i < n; i++, at = at + 1 == n ? 0 : at + 1)
        if (strcmp(sqlite3_column_name(r->stmt, at), column) == 0) {
            r->expected = at + 1;
            return at;
        }
    return -1;
}

static _Noreturn void no_column(const struct rows *r, const char *column)
{
    fprintf(stderr, "linli: no column %s to read: %s\n", column, r->text ? r->text : "the query failed");
    abort();
}

static int must_column(struct rows *r, const char *column)
{
    int at = r->on_row ? rows_column(r, column) : -1;
    if (at < 0)
        no_column(r, column);
    return at;
}

static void check_column(const struct rows *r, int column)
{
    if (!r->on_row || column < 0 || column >= r->columns)
        no_column(r, "of that number");
}

int64_t row_int_at(struct rows *r, int column)
{
    check_column(r, column);
    return sqlite3_column_type(r->stmt, column) == SQLITE_NULL ? NONE : sqlite3_column_int64(r->stmt, column);
}

double row_real_at(struct rows *r, int column)
{
    check_column(r, column);
    return sqlite3_column_double(r->stmt, column);
}

const char *row_text_at(struct rows *r, int column)
{
    check_column(r, column);
    return (const char *)sqlite3_column_text(r->stmt, column);
}

struct bytes row_bytes_at(struct rows *r, int column)
{
    check_column(r, column);
    if (sqlite3_column_type(r->stmt, column) == SQLITE_NULL)
        return (struct bytes){NULL, 0};
    const void *data = sqlite3_column_blob(r->stmt, column);
    return (struct bytes){data ? data : "", (size_t)sqlite3_column_bytes(r->stmt, column)};
}

int64_t row_int(struct rows *r, const char *column)
{
    return row_int_at(r, must_column(r, column));
}

double row_real(struct rows *r, const char *column)
{
    return row_real_at(r, must_column(r, column));
}

const char *row_text(struct rows *r, const char *column)
{
    return row_text_at(r, must_column(r, column));
}

struct bytes row_bytes(struct rows *r, const char *column)
{
    return row_bytes_at(r, must_column(r, column));
}

char *row_copy(struct rows *r, struct arena *a, const char *column)
{
    return arena_copy(a, row_text(r, column));
}

enum status db_change(struct db *db, const char *literal, const struct arg *args, int count)
{
    db->changed = 0;
    struct rows *r = bound(db, literal, args, count, SQLITE_STATIC);
    if (!r)
        return db->status;
    enum status s = OK;
    int code;
    while ((code = sqlite3_step(r->stmt)) == SQLITE_ROW)
        ;
    if (code != SQLITE_DONE) {
        s = fail(db, code, r->text);
    } else {
        db->changed = sqlite3_changes64(db->sqlite);
        db->inserted = sqlite3_last_insert_rowid(db->sqlite);
    }
    rows_end(r);
    return s;
}

int64_t db_changed(struct db *db)
{
    return db->changed;
}

int64_t db_inserted(struct db *db)
{
    return db->inserted;
}

int64_t db_query_int(struct db *db, const char *literal, const struct arg *args, int count)
{
    struct rows *r = db_query(db, literal, args, count);
    int64_t v = rows_next(r) ? row_int_at(r, 0) : NONE;
    rows_end(r);
    return v;
}

/* ---- transactions ---- */

enum status db_begin(struct db *db)
{
    if (db->mode == DB_WRITE)
        return change(db, "BEGIN IMMEDIATE");
    enum status s = change(db, "BEGIN");
    if (s == OK) { /* the snapshot is taken by the first read: now, not at some later line */
        query_int(db, "SELECT count(*) FROM sqlite_master WHERE 0");
        s = db->status;
    }
    return s;
}

enum status db_commit(struct db *db)
{
    end_all(db);
    enum status s = db->status;
    if (s == OK)
        s = change(db, "COMMIT");
    if (s != OK)
        db_rollback(db);
    return s;
}

void db_rollback(struct db *db)
{
    end_all(db);
    if (!sqlite3_get_autocommit(db->sqlite)) /* a full disk may have rolled back by itself */
        change(db, "ROLLBACK");
}

enum status db_savepoint(struct db *db)
{
    return change(db, "SAVEPOINT task");
}

enum status db_savepoint_release(struct db *db)
{
    return change(db, "RELEASE task");
}

void db_savepoint_undo(struct db *db)
{
    end_all(db);
    if (sqlite3_get_autocommit(db->sqlite)) {
        fail_with(db, UNAVAILABLE, "the transaction was rolled back", NULL);
        return;
    }
    change(db, "ROLLBACK TO task");
    change(db, "RELEASE task");
}

int64_t db_version(struct db *db)
{
    /* data_version counts the others' commits, total_changes this connection's. */
    uint64_t others = (uint64_t)query_int(db, "PRAGMA data_version");
    uint64_t own = (uint64_t)sqlite3_total_changes64(db->sqlite);
    return (int64_t)((others & 0x7FFFFFFF) << 32 | (own & 0xFFFFFFFF));
}

enum status db_script(struct db *db, const char *sql)
{
    int code = sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? OK : fail(db, code, NULL);
}

/* ---- looking after the file ---- */

/* All pages in one step: one read transaction, which in WAL mode stops nobody. */
static int copy_pages(struct db *db, sqlite3 *to)
{
    sqlite3_backup *b = sqlite3_backup_init(to, "main", db->sqlite, "main");
    if (!b)
        return sqlite3_errcode(to);
    sqlite3_backup_step(b, -1);
    return sqlite3_backup_finish(b);
}

enum status db_copy(struct db *db, const char *path, struct arena *a, const char **why)
{
    if (access(path, F_OK) == 0) {
        *why = arena_print(a, "%s is there already", path);
        return CONFLICT;
    }
    const char *part = arena_print(a, "%s.part", path);
    unlink(part);
    create_private(part);
    sqlite3 *to = NULL;
    int code = sqlite3_open_v2(part, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
    if (code == SQLITE_OK)
        code = copy_pages(db, to);
    const char *reason = sqlite3_errstr(code);
    if (sqlite3_close(to) != SQLITE_OK && code == SQLITE_OK)
        code = SQLITE_BUSY;
    if (code == SQLITE_OK && rename(part, path) != 0) {
        reason = strerror(errno);
        code = SQLITE_IOERR;
    }
    if (code != SQLITE_OK) {
        *why = arena_print(a, "the copy %s can't be written: %s", path, reason);
        unlink(part);
    }
    return status_of(code);
}

enum status db_check(struct db *db, struct arena *a, const char **why)
{
    enum status s = UNAVAILABLE;
    struct rows *r = query(db, "PRAGMA integrity_check(1)");
    if (rows_next(r)) {
        const char *found = row_text_at(r, 0);
        if (found && strcmp(found, "ok") == 0)
            s = OK;
        else
            *why = arena_copy(a, found ? found : "the check gave no answer");
    } else {
        *why = arena_copy(a, db->failure);
    }
    rows_end(r);
    if (s != OK)
        return s;
    r = query(db, "PRAGMA foreign_key_check");
    if (rows_next(r)) {
        *why = arena_print(a, "a row of %s points to a row of %s that is not there", row_text_at(r, 0), row_text_at(r, 2));
        s = UNAVAILABLE;
    } else if (db->status != OK) {
        *why = arena_copy(a, db->failure);
        s = db->status;
    }
    rows_end(r);
    return s;
}
