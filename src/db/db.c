/*
 * db.h on top of its back ends: chooses the back end for an address, keeps
 * prepared statements, reads columns by name, and keeps the first failure.
 *
 * Each statement text is prepared once per connection and kept in a small hash
 * table. A struct rows is such a statement, so a query allocates nothing after
 * the first time. A query with the same text, while the first is still being
 * read, prepares a second one.
 *
 * A failure is kept until db_clear (db_status), so a caller that ignored it
 * can't commit.
 *
 * Ownership: the connection owns its statements; rows are borrowed.
 */
#include "db/backend.h"
#include "db/trial.h"
#include "db/sql.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define STATEMENTS_KEPT 512
#define STATEMENTS_FEW  40   /* if the process has many connections */
#define STATEMENT_LONG  1000 /* bytes of a long statement's text */
#define MEMORY_MOST     ((size_t)1 << 20)

/* ---- failures ---- */

enum status db_fail(struct db *db, enum status s, const char *message, const char *text)
{
    if (db->status == OK) {
        db->status = s;
        snprintf(db->failure, sizeof db->failure, "%s%s%.200s", message, text ? ": " : "",
                 text ? text : "");
    }
    return s;
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

bool db_are_many;

void db_many(void)
{
    db_are_many = true;
}

bool db_is_postgres(const char *address)
{
    return strncmp(address, "postgresql://", 13) == 0 || strncmp(address, "postgres://", 11) == 0;
}

void db_init(struct db *db, const struct backend *is, enum db_mode mode)
{
    static _Atomic int64_t opened;
    db->serial = ++opened;
    db->is = is;
    db->mode = mode;
    db->nothing.db = db;
    buf_init(&db->text, (size_t)1 << 21);
}

static struct db *addressed(struct db *db, const char *address)
{
    if (db)
        db->address = must_copy(address);
    return db;
}

int64_t db_serial(const struct db *db)
{
    return db->serial;
}

const char *db_address(const struct db *db)
{
    return db->address;
}

struct db *db_open_file(const char *path, enum db_mode mode, struct arena *a, const char **why)
{
    return addressed(sqlite_open(path, mode == DB_WRITE ? DB_CREATE : mode, a, why), path);
}

struct db *db_open(const char *address, enum db_mode mode, struct arena *a, const char **why)
{
    if (db_is_postgres(address))
        return addressed(postgres_open(address, mode, a, why), address);
    if (mode == DB_CREATE && mkdir(address, 0700) != 0 && errno != EEXIST) {
        *why = arena_print(a, "the folder %s can't be made: %s", address, strerror(errno));
        return NULL;
    }
    return addressed(sqlite_open(arena_print(a, "%s/linli.db", address), mode, a, why), address);
}

static void drop(struct rows *r)
{
    r->db->is->drop(r);
    free(r->text);
    free(r);
}

void db_limit(struct db *db, int seconds)
{
    if (db->is->limit)
        db->is->limit(db, seconds);
}

void db_room(struct db *db, int kilobytes)
{
    if (!db->is->room || kilobytes <= 0 || db->room == kilobytes)
        return;
    db->is->room(db, kilobytes);
    db->room = kilobytes;
}

void db_close(struct db *db)
{
    if (!db)
        return;
    db_end_rows(db);
    db->kept = -1; /* closing */
    for (int i = 0; i < DB_BUCKETS; i++)
        for (struct rows *r = db->bucket[i], *next; r; r = next) {
            next = r->next;
            drop(r);
        }
    buf_release(&db->text);
    arena_free(db->memory);
    free(db->remembered);
    free(db->address);
    db->is->close(db);
}

/* ---- cached statements ---- */

/* Hashes eight bytes at a time, because every statement is looked up by this
 * hash. */
static uint64_t hash_text(const char *s, size_t n)
{
    uint64_t h = 14695981039346656037u ^ n, part = 0;
    for (; n >= sizeof part; s += sizeof part, n -= sizeof part) {
        memcpy(&part, s, sizeof part);
        h = (h ^ part) * 0x9E3779B97F4A7C15u;
        h ^= h >> 32;
    }
    part = 0;
    if (n)
        memcpy(&part, s, n);
    h = (h ^ part) * 0x9E3779B97F4A7C15u;
    return h ^ h >> 29;
}

/* Drops the least recently used statement. */
static void make_room(struct db *db)
{
    struct rows **oldest = NULL;
    for (int i = 0; i < DB_BUCKETS; i++)
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

/* A statement with hundreds of places takes tens of kilobytes and is seldom
 * repeated. If the process has many connections, each keeps one such
 * statement. */
static void drop_long(struct db *db)
{
    for (int i = 0; i < DB_BUCKETS; i++)
        for (struct rows **p = &db->bucket[i]; *p;) {
            struct rows *r = *p;
            if (r->open || strlen(r->text) <= STATEMENT_LONG) {
                p = &r->next;
                continue;
            }
            *p = r->next;
            drop(r);
            db->kept--;
        }
}

static struct rows *prepare(struct db *db, uint64_t hash)
{
    struct rows *r = must_alloc(db->is->rows_size);
    *r = (struct rows){.next = db->bucket[hash % DB_BUCKETS],
                       .db = db,
                       .text = must_copy(db->text.data),
                       .hash = hash};
    if (!db->is->prepare(r)) {
        free(r->text);
        free(r);
        return NULL;
    }
    db->bucket[hash % DB_BUCKETS] = r;
    db->kept++;
    return r;
}

/* Returns an idle statement for the text with its places expanded; NULL if it
 * can't be prepared. */
static struct rows *statement(struct db *db, const char *literal, const struct arg *args, int count)
{
    buf_clear(&db->text);
    sql_expand(&db->text, literal, args, count);
    if (db->text.full)
        write_mismatch("a query is longer than 2 MB");
    uint64_t hash = hash_text(db->text.data, db->text.size);
    struct rows *r = db->bucket[hash % DB_BUCKETS];
    while (r && (r->hash != hash || r->open || strcmp(r->text, db->text.data) != 0))
        r = r->next;
    if (!r) {
        if (db->kept >= (db_are_many ? STATEMENTS_FEW : STATEMENTS_KEPT))
            make_room(db);
        if (db_are_many && db->text.size > STATEMENT_LONG)
            drop_long(db);
        r = prepare(db, hash);
    }
    if (r)
        r->used = ++db->tick;
    return r;
}

/* ---- queries ---- */

#ifndef NDEBUG
void db_trial_reads(struct db *db, int before, bool all)
{
    db->trial.before = before;
    db->trial.on = before >= 0;
    db->trial.all = all;
    db->trial.met = false;
}

bool db_trial_met(const struct db *db)
{
    return db->trial.met;
}

/* Whether a test wants this read to fail. */
static bool trial_fails(struct db *db)
{
    if (!db->trial.on || db->trial.before-- > 0)
        return false;
    db->trial.on = db->trial.all;
    db->trial.before = 0;
    db->trial.met = true;
    db_fail(db, UNAVAILABLE, "a read failed that a test lets fail", NULL);
    return true;
}
#endif

struct rows *db_query(struct db *db, const char *literal, const struct arg *args, int count)
{
#ifndef NDEBUG
    if (trial_fails(db))
        return &db->nothing;
#endif
    struct rows *r = statement(db, literal, args, count);
    if (!r || !db->is->start(r, args, count))
        return &db->nothing;
    r->open = true;
    r->next_open = db->open;
    db->open = r;
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
    r->db->is->end(r);
}

void db_end_rows(struct db *db)
{
    while (db->open)
        rows_end(db->open);
}

bool rows_next(struct rows *r)
{
    if (!r->open)
        return false;
    if (r->db->is->next(r))
        return r->on_row = true;
    rows_end(r);
    return false;
}

int rows_ids(struct rows *r, int64_t *ids, int most)
{
    int n = 0;
    while (n < most && rows_next(r))
        ids[n++] = row_int(r, "id");
    rows_end(r);
    return n;
}

int rows_column(struct rows *r, const char *column)
{
    int n = r->open ? r->db->is->columns(r) : 0;
    for (int i = 0, at = r->expected < n ? r->expected : 0; i < n;
         i++, at = at + 1 == n ? 0 : at + 1)
        if (strcmp(r->db->is->column(r, at), column) == 0) {
            r->expected = at + 1;
            return at;
        }
    return -1;
}

static _Noreturn void no_column(const struct rows *r, const char *column)
{
    fprintf(stderr, "linli: no column %s to read: %s\n", column,
            r->text ? r->text : "the query failed");
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
    return r->db->is->int_at(r, column);
}

double row_real_at(struct rows *r, int column)
{
    check_column(r, column);
    return r->db->is->real_at(r, column);
}

const char *row_text_at(struct rows *r, int column)
{
    check_column(r, column);
    return r->db->is->text_at(r, column);
}

static struct bytes row_bytes_at(struct rows *r, int column)
{
    check_column(r, column);
    return r->db->is->bytes_at(r, column);
}

struct arg row_value_at(struct rows *r, int column)
{
    check_column(r, column);
    switch (r->db->is->type_at(r, column)) {
    case VALUE_INT:
        return arg_int(r->db->is->int_at(r, column));
    case VALUE_REAL:
        return arg_real(r->db->is->real_at(r, column));
    case VALUE_TEXT:
        return arg_text(r->db->is->text_at(r, column));
    case VALUE_BYTES:
        return arg_bytes(r->db->is->bytes_at(r, column));
    case VALUE_NONE:
        break;
    }
    return arg_text(NULL);
}

struct arg row_kept_at(struct rows *r, struct arena *a, int column)
{
    struct arg v = row_value_at(r, column);
    if (v.type == ARG_TEXT)
        v.s = arena_copy(a, v.s);
    if (v.type == ARG_BYTES) {
        void *copy = arena_alloc(a, v.b.size + 1);
        memcpy(copy, v.b.data, v.b.size);
        v.b.data = copy;
    }
    return v;
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

enum status db_change_as(struct db *db, enum change_way way, const char *literal,
                         const struct arg *args, int count)
{
    db->changed = 0;
    struct rows *r = statement(db, literal, args, count);
    db->touched += !r || !(way & CHANGE_COMMON);
    return r ? db->is->alter(r, args, count, way & CHANGE_LATER) : db->status;
}

enum status db_change(struct db *db, const char *literal, const struct arg *args, int count)
{
    return db_change_as(db, CHANGE_PLAIN, literal, args, count);
}

void db_change_later(struct db *db, const char *literal, const struct arg *args, int count)
{
    db_change_as(db, CHANGE_LATER, literal, args, count);
}

enum status db_settle(struct db *db)
{
    if (db->is->settle)
        db->is->settle(db);
    return db->status;
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

/* Drops cached values of an older version: here, and at a reader's first query,
 * but never while one may be in use. */
static void memory_begin(struct db *db)
{
    int64_t others = db->writing ? db->is->version(db) >> 32 : 0;
    bool old = db->writing && (db->memory_version != others || db->memory_touched != db->touched);
    if (db->memory && (old || arena_used(db->memory) > MEMORY_MOST)) {
        arena_clear(db->memory);
        db->recalled = NULL;
    }
    if (db->writing) {
        db->memory_version = others;
        db->memory_touched = db->touched;
    }
}

enum status db_begin(struct db *db)
{
    enum status s = db->is->begin(db);
    db->reading = s == OK && db->mode == DB_READ;
    db->writing = s == OK && db->mode == DB_WRITE && !db->is->follow;
    db->read_version = NONE;
    if (s != OK)
        return s;
    bool failed_before = db->status != OK;
    memory_begin(db);
    if (!failed_before &&
        db->status != OK) { /* memory_begin may query the database for its version */
        s = db->status;
        db_rollback(db);
    }
    return s;
}

enum status db_commit(struct db *db)
{
    db_end_rows(db);
    db->reading = db->writing = false;
    enum status s = db->status;
    if (s == OK)
        s = db->is->commit(db);
    if (s != OK)
        db_rollback(db);
    return s;
}

void db_rollback(struct db *db)
{
    db_end_rows(db);
    db->reading = db->writing = false;
    db->is->rollback(db);
}

enum status db_savepoint(struct db *db)
{
    return db->is->savepoint(db);
}

enum status db_savepoint_release(struct db *db)
{
    return db->is->release(db);
}

void db_savepoint_undo(struct db *db)
{
    db_end_rows(db);
    db->is->undo(db);
}

bool db_again(struct db *db)
{
    return db->is->again && db->is->again(db);
}

/* Two hashes of the text and its arguments: 128 bits make a collision
 * practically impossible. */
static void hash_question(const struct sql *q, uint64_t *hash, uint64_t *other)
{
    *hash = hash_text(q->text.data, q->text.size);
    *other = q->text.size;
    for (int i = 0; i < q->count; i++) {
        const struct arg *a = &q->args[i];
        bool text = a->type == ARG_TEXT || a->type == ARG_NAME;
        uint64_t h = text                   ? (a->s ? hash_text(a->s, strlen(a->s)) : 1)
                     : a->type == ARG_BYTES ? hash_text(a->b.data, a->b.size)
                                            : (uint64_t)a->i;
        *hash = (*hash ^ h) * 0x9E3779B97F4A7C15u;
        *hash ^= *hash >> 32;
        *other = (*other + h + (uint64_t)a->type + 1) * 0xC2B2AE3D27D4EB4Fu;
        *other ^= *other >> 29;
    }
}

int64_t sql_remembered(struct db *db, struct sql *q)
{
    uint64_t hash, other;
    hash_question(q, &hash, &other);
    int64_t version = db_version(db);
    if (!db->remembered)
        db->remembered = must_alloc(DB_REMEMBERED * sizeof *db->remembered);
    struct remembered *m = &db->remembered[hash % DB_REMEMBERED];
    if (m->hash == hash && m->other == other && m->version == version) {
        sql_release(q);
        return m->value;
    }
    struct rows *r = sql_query(db, q);
    int64_t value = rows_next(r) ? row_int_at(r, 0) : NONE;
    rows_end(r);
    if (db->status == OK)
        *m = (struct remembered){hash, other, version, value};
    return value;
}

void db_alone(struct db *db, bool alone)
{
    if (db->is->alone)
        db->is->alone(db, alone);
}

bool db_lead(struct db *db, const char *name)
{
    return !db->is->lead || db->is->lead(db, name);
}

int64_t db_version(struct db *db)
{
    if (!db->reading)
        return db->is->version(db);
    if (db->read_version == NONE)
        db->read_version = db->is->version(db);
    return db->read_version;
}

/* Clears the cache at the first call of a transaction at most, so values found
 * stay valid until it ends. */
struct arena *db_memory(struct db *db)
{
    if (!db->memory)
        db->memory = arena_new();
    if (db->writing)
        return db->memory_touched == db->touched ? db->memory : NULL;
    if (!db->reading)
        return NULL;
    int64_t version = db_version(db);
    if (db->memory_version == version)
        return db->memory;
    arena_clear(db->memory);
    db->recalled = NULL;
    db->memory_version = version;
    return db->memory;
}

void *db_recall(struct db *db, const char *name)
{
    if (!db_memory(db))
        return NULL;
    for (struct recalled *r = db->recalled; r; r = r->next)
        if (strcmp(r->name, name) == 0)
            return r->value;
    return NULL;
}

void db_keep(struct db *db, const char *name, void *value)
{
    if (db->status != OK) /* derived from data that could not be read */
        return;
    struct recalled *r = ARENA_NEW(db->memory, struct recalled);
    *r = (struct recalled){db->recalled, arena_copy(db->memory, name), value};
    db->recalled = r;
}

enum status db_script(struct db *db, const char *sql)
{
    db->touched++;
    return db->is->script(db, sql);
}

struct rows *db_names(struct db *db, enum db_list what, const char *table)
{
    return db_query(db, db->is->lists[what], (struct arg[]){arg_text(table)},
                    what == DB_TABLES ? 0 : 1);
}

enum status db_hold(struct db *db)
{
    return db->is->hold(db);
}

enum status db_bulk(struct db *db, bool on)
{
    return db->is->bulk(db, on);
}

enum status db_copy(struct db *db, const char *path, struct arena *a, const char **why)
{
    return db->is->copy(db, path, a, why);
}

enum status db_check(struct db *db, struct arena *a, const char **why)
{
    return db->is->check(db, a, why);
}
