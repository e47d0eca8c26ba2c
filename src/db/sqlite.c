/*
 * The back end on SQLite.
 *
 * A reader caches a few megabytes of pages and maps nothing: mapped pages of a
 * large file would count as the program's memory, once for each reader. Every
 * commit is synced: by the connection itself, or in parallel to the writer of
 * a large database. Checkpoints run in a separate thread (checkpoint.h); among
 * many databases SQLite makes them every 1,000 pages.
 */
#include "db/backend.h"
#include "db/checkpoint.h"
#include "db/sql.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

struct sqlite_rows {
    struct rows rows; /* first */
    sqlite3_stmt *stmt;
};

struct sqlite_db {
    struct db db; /* first */
    sqlite3 *sqlite;
    struct checkpoint *checkpoint; /* for the only writer of a large database; NULL */
    int log;                       /* descriptor of the log, for syncing on another thread; -1 */
    bool full;                     /* a statement failed because the disk is full */
};

static sqlite3 *sqlite_of(struct db *db)
{
    return ((struct sqlite_db *)db)->sqlite;
}

static sqlite3_stmt *stmt_of(struct rows *r)
{
    return ((struct sqlite_rows *)r)->stmt;
}

/* ---- failures ---- */

static enum status status_of(int code)
{
    switch (code & 0xFF) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return OK;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_INTERRUPT:
        return BUSY;
    case SQLITE_CONSTRAINT:
        return code == SQLITE_CONSTRAINT_CHECK || code == SQLITE_CONSTRAINT_NOTNULL ? INVALID
                                                                                    : CONFLICT;
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
        return INVALID;
    case SQLITE_NOMEM:
        fprintf(stderr, "linli: out of memory\n");
        abort();
    default:
        return UNAVAILABLE;
    }
}

/* What the operator can do, in brackets; "" if nothing. */
static const char *advice(int code)
{
    switch (code & 0xFF) {
    case SQLITE_FULL:
        return " (make room on its disk)";
    case SQLITE_READONLY:
        return " (may the user who runs this write the folder and the files in it, or is the disk "
               "mounted read-only?)";
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
        return " (is the disk mounted read-only while its log holds changes: mount it to be "
               "written "
               "once; is the folder there, and does it belong, with the files in it, to the user "
               "who "
               "runs this?)";
    case SQLITE_NOTADB:
        return " (the file is damaged: stop, put it aside and restore a backup with linli restore)";
    case SQLITE_CORRUPT: /* SQLite also reports a failed read as this */
        return " (its disk can't be read, or the file is damaged: see the system's log first; then "
               "stop, and run linli verify; only when that fails on a healthy disk put the file "
               "aside and restore a backup)";
    case SQLITE_IOERR:
        return " (its disk is full or fails: see the system's log)";
    default:
        return "";
    }
}

static enum status fail(struct db *db, int code, const char *text)
{
    char why[400];
    if ((code & 0xFF) == SQLITE_FULL || code == SQLITE_IOERR_SHMSIZE)
        ((struct sqlite_db *)db)->full = true;
    snprintf(why, sizeof why, "%.180s%s", sqlite3_errmsg(sqlite_of(db)), advice(code));
    return db_fail(db, status_of(code), why, text);
}

/* ---- opening and closing ---- */

/* The file holds personal data, so only its owner may read it. Closing a
 * descriptor drops the process's locks on that file, so only a new file, which
 * nobody has open yet, is touched. */
static void create_private(const char *path)
{
    int fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0)
        close(fd);
}

static int configure(sqlite3 *sqlite, enum db_mode mode)
{
    static const char reader[] =
        "PRAGMA query_only = 1; PRAGMA cache_size = -4096; PRAGMA temp_store = MEMORY;"
        "PRAGMA foreign_keys = ON;";
    static const char writer[] =
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
        "PRAGMA wal_autocheckpoint = 1000; PRAGMA journal_size_limit = 67108864;"
        "PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY;";
    sqlite3_extended_result_codes(sqlite, 1);
    sqlite3_busy_timeout(sqlite, DB_BUSY_MS);
    int code = sqlite3_exec(sqlite, mode == DB_WRITE ? writer : reader, NULL, NULL, NULL);
    if (code == SQLITE_OK) /* SQLite opens lazily: find out now whether the file is a database */
        code = sqlite3_exec(sqlite, "SELECT count(*) FROM sqlite_master", NULL, NULL, NULL);
    return code;
}

static const struct backend sqlite;

/* Allocation statistics, which nobody uses, would take a process-wide lock at
 * each allocation. */
static void set_up(void)
{
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static void sqlite_room(struct db *db, int kilobytes)
{
    char set[60];
    snprintf(set, sizeof set, "PRAGMA cache_size = -%d", kilobytes);
    sqlite3_exec(sqlite_of(db), set, NULL, NULL, NULL);
}

/* On a read-only disk nobody writes, and SQLite can't create the files that it
 * shares with writers. The file is then read as immutable. NULL: the disk is
 * writable, or the log still holds changes. */
static const char *unchanging(const char *path, struct arena *a)
{
    struct statvfs v;
    struct stat st;
    if (statvfs(path, &v) != 0 || !(v.f_flag & ST_RDONLY) ||
        (stat(arena_print(a, "%s-wal", path), &st) == 0 && st.st_size > 0))
        return NULL;
    const char *uri = "file:";
    for (; *path; path++)
        uri = strchr("?#%", *path) ? arena_print(a, "%s%%%02X", uri, (unsigned char)*path)
                                   : arena_print(a, "%s%c", uri, *path);
    return arena_print(a, "%s?immutable=1", uri);
}

/* COLLATE pinyin; PostgreSQL has its own (dialect_ground). No index uses it, so that other
 * programs can read the file. */
static int pinyin_order(void *none, int a_size, const void *a, int b_size, const void *b)
{
    (void)none;
    return text_order(a, (size_t)a_size, b, (size_t)b_size);
}

struct db *sqlite_open(const char *path, enum db_mode mode, struct arena *a, const char **why)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, set_up);
    struct sqlite_db *own = must_alloc(sizeof *own);
    bool create = mode == DB_CREATE;
    mode = create ? DB_WRITE : mode;
    db_init(&own->db, &sqlite, mode);
    own->log = -1;
    if (create)
        create_private(path);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (create ? SQLITE_OPEN_CREATE : 0);
    const char *fixed = mode == DB_READ ? unchanging(path, a) : NULL;
    int code = fixed ? sqlite3_open_v2(fixed, &own->sqlite,
                                       SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI,
                                       NULL)
                     : sqlite3_open_v2(path, &own->sqlite, flags, NULL);
    if (code == SQLITE_OK && db_are_many) /* 48 KB in each connection; the heap serves as well */
        code = sqlite3_db_config(own->sqlite, SQLITE_DBCONFIG_LOOKASIDE, NULL, 0, 0);
    if (code == SQLITE_OK)
        code = sqlite3_create_collation(own->sqlite, "pinyin", SQLITE_UTF8, NULL, pinyin_order);
    if (code == SQLITE_OK)
        code = configure(own->sqlite, mode);
    if (code == SQLITE_OK && db_are_many)
        db_room(&own->db, DB_ROOM_LEAST);
    else if (code == SQLITE_OK && mode == DB_WRITE)
        own->checkpoint = checkpoint_start(own->sqlite, path, DB_BUSY_MS);
    if (code == SQLITE_OK && mode == DB_WRITE) /* the log of the last run takes space for nothing */
        checkpoint_first(own->sqlite, DB_BUSY_MS);
    if (code != SQLITE_OK) {
        *why = arena_print(a, "the database %s can't be opened: %s%s", path,
                           sqlite3_errmsg(own->sqlite), advice(code));
        db_close(&own->db);
        return NULL;
    }
    return &own->db;
}

static void sqlite_close(struct db *db)
{
    struct sqlite_db *own = (struct sqlite_db *)db;
    checkpoint_stop(own->checkpoint);
    sqlite3_close(own->sqlite);
    if (own->log >= 0)
        close(own->log);
    free(own);
}

/* ---- statements ---- */

static void sqlite_drop(struct rows *r)
{
    sqlite3_finalize(stmt_of(r));
}

static bool sqlite_prepare(struct rows *r)
{
    sqlite3_stmt *stmt = NULL;
    const char *tail = NULL;
    int code = sqlite3_prepare_v3(sqlite_of(r->db), r->text, -1, SQLITE_PREPARE_PERSISTENT, &stmt,
                                  &tail);
    if (code != SQLITE_OK) {
        fail(r->db, code, r->text);
        return false;
    }
    if (!stmt || tail[strspn(tail, " \t\r\n;")] != '\0') {
        sqlite3_finalize(stmt);
        db_fail(r->db, UNAVAILABLE, "not one statement", r->text);
        return false;
    }
    ((struct sqlite_rows *)r)->stmt = stmt;
    return true;
}

static int bind_one(sqlite3_stmt *stmt, int place, const struct arg *a,
                    sqlite3_destructor_type keep)
{
    switch (a->type) {
    case ARG_INT:
    case ARG_BOOL:
        return sqlite3_bind_int64(stmt, place, a->i);
    case ARG_UINT:
        return a->u > INT64_MAX ? SQLITE_TOOBIG : sqlite3_bind_int64(stmt, place, (int64_t)a->u);
    case ARG_MAYBE:
        return a->i == NONE ? sqlite3_bind_null(stmt, place)
                            : sqlite3_bind_int64(stmt, place, a->i);
    case ARG_REAL:
        return sqlite3_bind_double(stmt, place, a->d);
    case ARG_TEXT:
    case ARG_MARKUP:
    case ARG_JSON:
    case ARG_URL:
        return sqlite3_bind_text(stmt, place, a->s, -1, keep);
    case ARG_BYTES:
        if (!a->b.data)
            return sqlite3_bind_null(stmt, place);
        return sqlite3_bind_blob64(stmt, place, a->b.data, a->b.size, keep);
    case ARG_NAME:
        break;
    }
    return SQLITE_MISUSE;
}

/* keep: SQLITE_TRANSIENT if the statement outlives its arguments. */
static bool bind(struct rows *r, const struct arg *args, int count, sqlite3_destructor_type keep)
{
    sqlite3_stmt *stmt = stmt_of(r);
    for (int i = 0, place = 0; i < count; i++) {
        if (!sql_bound(&args[i]))
            continue;
        int code = bind_one(stmt, ++place, &args[i], keep);
        if (code != SQLITE_OK) {
            db_fail(r->db, status_of(code), sqlite3_errstr(code), r->text);
            sqlite3_clear_bindings(stmt);
            return false;
        }
    }
    return true;
}

/* ---- queries ---- */

static bool sqlite_start(struct rows *r, const struct arg *args, int count)
{
    return bind(r, args, count, SQLITE_TRANSIENT);
}

static void sqlite_end(struct rows *r)
{
    sqlite3_reset(stmt_of(r));
    sqlite3_clear_bindings(stmt_of(r));
}

static bool sqlite_next(struct rows *r)
{
    int code = sqlite3_step(stmt_of(r));
    if (code == SQLITE_ROW) {
        if (!r->on_row) /* the first step may have prepared it again after a schema change */
            r->columns = sqlite3_column_count(stmt_of(r));
        return true;
    }
    if (code != SQLITE_DONE)
        fail(r->db, code, r->text);
    return false;
}

static int sqlite_columns(struct rows *r)
{
    return sqlite3_column_count(stmt_of(r));
}

static const char *sqlite_column(struct rows *r, int at)
{
    return sqlite3_column_name(stmt_of(r), at);
}

static int64_t sqlite_int_at(struct rows *r, int column)
{
    sqlite3_stmt *stmt = stmt_of(r);
    return sqlite3_column_type(stmt, column) == SQLITE_NULL ? NONE
                                                            : sqlite3_column_int64(stmt, column);
}

static double sqlite_real_at(struct rows *r, int column)
{
    return sqlite3_column_double(stmt_of(r), column);
}

static const char *sqlite_text_at(struct rows *r, int column)
{
    return (const char *)sqlite3_column_text(stmt_of(r), column);
}

static struct bytes sqlite_bytes_at(struct rows *r, int column)
{
    sqlite3_stmt *stmt = stmt_of(r);
    if (sqlite3_column_type(stmt, column) == SQLITE_NULL)
        return (struct bytes){NULL, 0};
    const void *data = sqlite3_column_blob(stmt, column);
    return (struct bytes){data ? data : "", (size_t)sqlite3_column_bytes(stmt, column)};
}

static enum value_type sqlite_type_at(struct rows *r, int column)
{
    switch (sqlite3_column_type(stmt_of(r), column)) {
    case SQLITE_INTEGER:
        return VALUE_INT;
    case SQLITE_FLOAT:
        return VALUE_REAL;
    case SQLITE_TEXT:
        return VALUE_TEXT;
    case SQLITE_BLOB:
        return VALUE_BYTES;
    default:
        return VALUE_NONE;
    }
}

static enum status sqlite_change(struct rows *r, const struct arg *args, int count, bool later)
{
    (void)later; /* there is no round trip to save: it runs at once */
    struct db *db = r->db;
    if (!bind(r, args, count, SQLITE_STATIC))
        return db->status;
    enum status s = OK;
    int code;
    while ((code = sqlite3_step(stmt_of(r))) == SQLITE_ROW)
        ;
    if (code != SQLITE_DONE) {
        s = fail(db, code, r->text);
    } else {
        db->changed = sqlite3_changes64(sqlite_of(db));
        db->inserted = sqlite3_last_insert_rowid(sqlite_of(db));
    }
    sqlite_end(r);
    return s;
}

/* ---- transactions ---- */

static bool inside(struct db *db)
{
    return !sqlite3_get_autocommit(sqlite_of(db));
}

/* Ends the transaction even if something fails, so that the next one can begin.
 * The result of ROLLBACK is ignored: the transaction is over in any case, and
 * the first failure is kept. */
static void sqlite_rollback(struct db *db)
{
    if (inside(db)) /* SQLite may already have rolled back because the disk is full */
        sqlite3_exec(sqlite_of(db), "ROLLBACK", NULL, NULL, NULL);
}

/* After a failure no transaction is open, because the caller of a failed begin
 * does not end it. A transaction that was left open by mistake is rolled back
 * and reported, so it costs one page and not all later ones. */
static enum status sqlite_begin(struct db *db)
{
    if (inside(db)) {
        sqlite_rollback(db);
        return db_fail(db, UNAVAILABLE, "a transaction was left open and is undone", NULL);
    }
    enum status s = db->mode == DB_WRITE ? change_common(db, "BEGIN IMMEDIATE")
                                         : change_common(db, "BEGIN");
    if (s == OK && db->mode != DB_WRITE) {
        /* The first read takes the snapshot: take it now, not at some later
         * line. */
        query_int(db, "SELECT count(*) FROM sqlite_master WHERE 0");
        s = db->status;
    }
    if (s != OK)
        sqlite_rollback(db);
    return s;
}

static enum status sqlite_commit(struct db *db)
{
    return change_common(db, "COMMIT");
}

/* With synchronous=NORMAL SQLite itself syncs the log before it restarts and
 * before it is copied to the file. Only the sync after a commit remains to be
 * done. (Closing a descriptor of the log is safe: SQLite's locks are on other
 * files.) */
static bool sqlite_beside(struct db *db)
{
    struct sqlite_db *own = (struct sqlite_db *)db;
    if (db_are_many)
        return false;
    own->log = open(sqlite3_filename_wal(sqlite3_db_filename(own->sqlite, "main")),
                    O_RDWR | O_CLOEXEC);
    return own->log >= 0 &&
           sqlite3_exec(own->sqlite, "PRAGMA synchronous = NORMAL", NULL, NULL, NULL) == SQLITE_OK;
}

static enum status sqlite_sync(struct db *db)
{
    int failed;
    while ((failed = fdatasync(((struct sqlite_db *)db)->log)) != 0 && errno == EINTR)
        ;
    return failed ? UNAVAILABLE : OK;
}

static bool write_again(int fd)
{
    char part[1 << 16];
    ssize_t n;
    for (off_t at = 0; (n = pread(fd, part, sizeof part, at)) > 0; at += n)
        if (pwrite(fd, part, (size_t)n, at) != n)
            return false;
    return n == 0;
}

/* After a failed sync the system may consider the data in its cache as written.
 * Only writing it again gets it to the disk. Nobody else writes to the log
 * meanwhile. */
static enum status sqlite_mend(struct db *db)
{
    enum status s = change_common(db, "BEGIN IMMEDIATE");
    if (s != OK)
        return s;
    bool good = write_again(((struct sqlite_db *)db)->log) && sqlite_sync(db) == OK;
    sqlite_rollback(db);
    return good ? OK
                : db_fail(db, UNAVAILABLE,
                          "the log can't be written once more (its disk is full or fails: see the "
                          "system's log)",
                          NULL);
}

static int64_t sqlite_written(struct db *db)
{
    return sqlite3_total_changes64(sqlite_of(db));
}

static enum status sqlite_savepoint(struct db *db)
{
    return change_common(db, "SAVEPOINT task");
}

static enum status sqlite_release(struct db *db)
{
    return change_common(db, "RELEASE task");
}

static void sqlite_undo(struct db *db)
{
    if (!inside(db)) {
        db_fail(db, UNAVAILABLE, "the transaction was rolled back", NULL);
        return;
    }
    change(db, "ROLLBACK TO task");
    change_common(db, "RELEASE task");
}

/* After a full disk: checkpoints the log, so that its space can be reused. */
static bool sqlite_again(struct db *db)
{
    struct sqlite_db *own = (struct sqlite_db *)db;
    if (!own->full || inside(db))
        return false;
    own->full = false;
    return checkpoint_now(own->checkpoint, own->sqlite);
}

static int64_t sqlite_version(struct db *db)
{
    /* data_version counts commits of other connections, total_changes those of
     * this one */
    uint64_t others = (uint64_t)query_int(db, "PRAGMA data_version");
    uint64_t own = (uint64_t)sqlite_written(db);
    return (int64_t)((others & 0x7FFFFFFF) << 32 | (own & 0xFFFFFFFF));
}

static enum status sqlite_script(struct db *db, const char *sql)
{
    int code = sqlite3_exec(sqlite_of(db), sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? OK : fail(db, code, NULL);
}

static enum status sqlite_bulk(struct db *db, bool on)
{
    return db_script(db, on ? "PRAGMA foreign_keys = OFF"
                            : "PRAGMA foreign_keys = ON"); /* db_check finds broken references */
}

/* ---- maintenance ---- */

/* Copies all pages in one step, as one read transaction, which blocks nobody in
 * WAL mode. */
static int copy_pages(struct db *db, sqlite3 *to)
{
    sqlite3_backup *b = sqlite3_backup_init(to, "main", sqlite_of(db), "main");
    if (!b)
        return sqlite3_errcode(to);
    sqlite3_backup_step(b, -1);
    return sqlite3_backup_finish(b);
}

static enum status sqlite_copy(struct db *db, const char *path, struct arena *a, const char **why)
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

static enum status sqlite_check(struct db *db, struct arena *a, const char **why)
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
        *why = arena_print(a, "a row of %s points to a row of %s that is not there",
                           row_text_at(r, 0), row_text_at(r, 2));
        s = UNAVAILABLE;
    } else if (db->status != OK) {
        *why = arena_copy(a, db->failure);
        s = db->status;
    }
    rows_end(r);
    return s;
}

static const struct backend sqlite = {
    .rows_size = sizeof(struct sqlite_rows),
    .lists = {"SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' "
              "ESCAPE '\\' ORDER BY name",
              "SELECT name FROM pragma_table_info({}) ORDER BY cid",
              "SELECT name FROM pragma_table_info({}) WHERE pk > 0 ORDER BY pk"},
    .close = sqlite_close,
    .prepare = sqlite_prepare,
    .drop = sqlite_drop,
    .start = sqlite_start,
    .next = sqlite_next,
    .end = sqlite_end,
    .columns = sqlite_columns,
    .column = sqlite_column,
    .int_at = sqlite_int_at,
    .real_at = sqlite_real_at,
    .text_at = sqlite_text_at,
    .bytes_at = sqlite_bytes_at,
    .type_at = sqlite_type_at,
    .alter = sqlite_change,
    .begin = sqlite_begin,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
    .beside = sqlite_beside,
    .sync = sqlite_sync,
    .mend = sqlite_mend,
    .written = sqlite_written,
    .savepoint = sqlite_savepoint,
    .release = sqlite_release,
    .undo = sqlite_undo,
    .again = sqlite_again,
    .version = sqlite_version,
    .room = sqlite_room,
    .script = sqlite_script,
    .hold = sqlite_begin,
    .bulk = sqlite_bulk,
    .copy = sqlite_copy,
    .check = sqlite_check,
};
