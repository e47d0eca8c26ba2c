/*
 * Moves a database to another address: SQLite to PostgreSQL and back. Also
 * copies a PostgreSQL database to a file while others write to it
 * (store_snapshot), as of one moment.
 *
 * Tables are copied in key order, in batches of one transaction each, so an
 * interrupted move continues after the last row that arrived. Meanwhile the
 * target is marked (a row of settings) and not served, and the source refuses
 * changes. At the end the rows of each table are counted and hashed on both
 * sides, and the audit log's chain and the references are checked. Only then
 * is the target ready for use.
 *
 * Memory: rows are not kept; names live as long as the run.
 */
#include "program/install.h"
#include "core/module.h"
#include "core/store.h"
#include "db/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BATCH        1000
#define BATCH_FILES  20  /* rows with files, which are in memory together */
#define TABLES_MOST  400 /* tables of the schema; one more ends the move */
#define COLUMNS_MOST 200 /* columns of one table; likewise */
#define HASH         32

struct table {
    const char *name;
    const char *columns[COLUMNS_MOST], *key[8];
    int column_count, key_count;
    int batch; /* rows per query */
};

struct move {
    struct ctx *ctx;
    struct db *from, *to;
    struct table tables[TABLES_MOST];
    int count;
};

static enum status failed(struct move *m, struct db *db, const char *doing)
{
    return ctx_fail(m->ctx, db_status(db) != OK ? db_status(db) : UNAVAILABLE,
                    say(m->ctx, "{}: {}", doing, db_failure(db)));
}

/* ---- the tables ---- */

static int names(struct move *m, struct db *db, enum db_list what, const char *table,
                 const char **list, int most)
{
    int n = 0;
    struct rows *r = db_names(db, what, table);
    while (n < most && rows_next(r))
        list[n++] = row_copy(r, m->ctx->arena, "name");
    if (n == most && rows_next(r)) { /* a move must not leave any data behind */
        fprintf(stderr, "linli: more than %d tables, or columns of a table: move.c has no room\n",
                most);
        abort();
    }
    rows_end(r);
    return n;
}

static bool among(const char *name, const char *const *list, int n)
{
    for (int i = 0; i < n; i++)
        if (strcmp(list[i], name) == 0)
            return true;
    return false;
}

/* Lists the source's tables with the columns that both sides have. A table or
 * column on one side only is refused. */
static enum status survey(struct move *m)
{
    const char *here[TABLES_MOST], *there[TABLES_MOST];
    int n = names(m, m->from, DB_TABLES, NULL, here, TABLES_MOST),
        k = names(m, m->to, DB_TABLES, NULL, there, TABLES_MOST);
    for (int i = 0; i < n; i++) {
        struct table *t = &m->tables[m->count];
        if (strcmp(here[i], "schema_steps") == 0)
            continue;
        if (!among(here[i], there, k))
            return ctx_fail(
                m->ctx, CONFLICT,
                say(m->ctx, "This version of the program does not recognise table {}.", here[i]));
        const char *columns[COLUMNS_MOST];
        t->name = here[i];
        t->column_count = names(m, m->from, DB_COLUMNS, t->name, t->columns, COLUMNS_MOST);
        int others = names(m, m->to, DB_COLUMNS, t->name, columns, COLUMNS_MOST), kept = 0;
        for (int c = 0; c < t->column_count; c++)
            if (among(t->columns[c], columns, others))
                t->columns[kept++] = t->columns[c];
        bool journal = strcmp(t->name, "journal") ==
                       0; /* PostgreSQL has a second number for its entries */
        if (!journal && (kept != t->column_count || kept != others))
            return ctx_fail(
                m->ctx, CONFLICT,
                say(m->ctx, "The columns of {} differ between source and target.", t->name));
        t->column_count = kept;
        t->batch = among("data", t->columns, kept) || among("body", t->columns, kept) ? BATCH_FILES
                                                                                      : BATCH;
        t->key_count = journal ? 1 : names(m, m->from, DB_KEY, t->name, t->key, 8);
        if (journal)
            t->key[0] = "seq";
        m->count++;
    }
    return OK;
}

/* ---- copying ---- */

static void add_columns(struct sql *q, const char *const *list, int n)
{
    for (int i = 0; i < n; i++) {
        if (i)
            sql_add(q, ", ");
        sql_add(q, "{}", (struct sql_name){list[i]});
    }
}

/* Selects the rows of the table after the one with these key values (count 0:
 * from the start), by key. */
static struct rows *ask(struct move *m, struct db *db, const struct table *t,
                        const struct arg *last, int count, int limit)
{
    struct sql q;
    sql_init(&q, m->ctx->arena);
    sql_add(&q, "SELECT ");
    add_columns(&q, t->columns, t->column_count);
    sql_add(&q, " FROM {} WHERE 1 = 1", (struct sql_name){t->name});
    if (strcmp(t->name, "settings") == 0)
        sql_add(&q, " AND name <> {}", INSTALL_MOVING);
    if (strcmp(t->name, "journal") == 0)
        sql_add(&q, " AND seq IS NOT NULL");
    if (count) {
        sql_add(&q, " AND (");
        add_columns(&q, t->key, t->key_count);
        sql_add(&q, ") > (");
        for (int i = 0; i < count; i++) {
            if (i)
                sql_add(&q, ", ");
            sql_add(&q, "{}", last[i]);
        }
        sql_add(&q, ")");
    }
    sql_add(&q, " ORDER BY ");
    if (t->key_count)
        add_columns(&q, t->key, t->key_count);
    else
        add_columns(&q, t->columns, t->column_count);
    if (limit)
        sql_add(&q, " LIMIT {}", limit);
    return sql_query(db, &q);
}

/* Returns the key of the last row that arrived, as arguments in the arena; 0 if
 * there is none. */
static int arrived(struct move *m, const struct table *t, struct arg *last)
{
    struct sql q;
    sql_init(&q, m->ctx->arena);
    sql_add(&q, "SELECT ");
    add_columns(&q, t->key, t->key_count);
    sql_add(&q, " FROM {} ORDER BY ", (struct sql_name){t->name});
    for (int i = 0; i < t->key_count; i++) {
        if (i)
            sql_add(&q, ", ");
        sql_add(&q, "{} DESC", (struct sql_name){t->key[i]});
    }
    sql_add(&q, " LIMIT 1");
    struct rows *r = sql_query(m->to, &q);
    int n = 0;
    if (rows_next(r))
        for (; n < t->key_count; n++)
            last[n] = row_kept_at(r, m->ctx->arena, n);
    rows_end(r);
    return n;
}

static void put_row(struct move *m, const struct table *t, struct rows *r)
{
    struct sql q;
    sql_init(&q, m->ctx->arena);
    sql_add(&q, "INSERT INTO {} (", (struct sql_name){t->name});
    add_columns(&q, t->columns, t->column_count);
    sql_add(&q, ") VALUES (");
    for (int i = 0; i < t->column_count; i++) {
        if (i)
            sql_add(&q, ", ");
        sql_add(&q, "{}", row_value_at(r, i));
    }
    sql_add(&q, ")");
    db_change_later(m->to, q.text.data, q.args, q.count);
    sql_release(&q);
}

/* Copies one batch; returns its number of rows, -1 if it failed. */
static int copy_batch(struct move *m, struct table *t, bool whole)
{
    struct arg last[8];
    struct arena *kept = m->ctx->arena;
    m->ctx->arena = arena_new(); /* the memory of a batch is freed with it */
    int count = whole ? 0 : arrived(m, t, last), n = 0;
    if (db_begin(m->to) == OK) {
        struct rows *r = ask(m, m->from, t, last, count, whole ? 0 : t->batch);
        for (; rows_next(r); n++)
            put_row(m, t, r);
        rows_end(r);
        if (db_status(m->from) == OK)
            db_commit(m->to);
        else
            db_rollback(m->to);
    }
    arena_free(m->ctx->arena);
    m->ctx->arena = kept;
    return db_status(m->from) == OK && db_status(m->to) == OK ? n : -1;
}

static enum status copy_table(struct move *m, struct table *t)
{
    bool whole = t->key_count == 0 || strcmp(t->name, "settings") == 0;
    int64_t all = query_int(m->from, "SELECT count(*) FROM {}", (struct sql_name){t->name});
    if (whole && t->key_count == 0)
        change(m->to, "DELETE FROM {} WHERE 1 = 1", (struct sql_name){t->name});
    else if (whole)
        change(m->to, "DELETE FROM settings WHERE name <> {}", INSTALL_MOVING);
    int64_t done = query_int(m->to, "SELECT count(*) FROM {}", (struct sql_name){t->name});
    bool terminal = isatty(STDERR_FILENO);
    for (int n = t->batch; n == t->batch;) {
        n = copy_batch(m, t, whole);
        if (n < 0)
            return failed(m, db_status(m->to) != OK ? m->to : m->from,
                          say(m->ctx, "Can’t copy {}", t->name));
        done += n;
        if (terminal && all > BATCH)
            fprintf(stderr, "\r%-24s %lld / %lld", t->name, (long long)done, (long long)all);
    }
    if (terminal && all > BATCH)
        fprintf(stderr, "\n");
    return OK;
}

/* ---- comparing ---- */

static void hash_value(crypto_generichash_state *h, struct arg v)
{
    struct buf b;
    buf_init(&b, 0);
    struct bytes data = {NULL, 0};
    char kind = 'n';
    if (v.type == ARG_INT) {
        kind = 'i';
        plain(&b, "{}", v.i);
        data = (struct bytes){b.data, b.size};
    } else if (v.type == ARG_REAL) {
        kind = 'r';
        data = (struct bytes){&v.d, sizeof v.d};
    } else if (v.type == ARG_BYTES) {
        kind = 'b';
        data = v.b;
    } else if (v.s) {
        kind = 't';
        data = (struct bytes){v.s, strlen(v.s)};
    }
    uint64_t size = data.size;
    crypto_generichash_update(h, (const unsigned char *)&kind, 1);
    crypto_generichash_update(h, (const unsigned char *)&size, sizeof size);
    if (size)
        crypto_generichash_update(h, data.data, size);
    buf_release(&b);
}

static int64_t hash_table(struct move *m, struct db *db, const struct table *t,
                          unsigned char hash[HASH])
{
    crypto_generichash_state h;
    crypto_generichash_init(&h, NULL, 0, HASH);
    struct arena *kept = m->ctx->arena, *now = arena_new(), *before = arena_new();
    struct arg last[8];
    int64_t rows = 0;
    int count = 0;
    for (int n = t->batch; n == t->batch;) {
        m->ctx->arena = now;
        struct rows *r = ask(m, db, t, last, count, t->key_count ? t->batch : 0);
        for (n = 0; rows_next(r); n++) {
            for (int i = 0; i < t->column_count; i++)
                hash_value(&h, row_value_at(r, i));
            if (n + 1 == t->batch)
                for (count = 0; count < t->key_count; count++)
                    last[count] = row_kept_at(r, now, rows_column(r, t->key[count]));
        }
        rows_end(r);
        rows += n;
        struct arena *used = now; /* the next batch needs the key of the last row */
        now = before;
        before = used;
        arena_clear(now);
        if (t->key_count == 0)
            break;
    }
    m->ctx->arena = kept;
    arena_free(now);
    arena_free(before);
    crypto_generichash_final(&h, hash, HASH);
    return rows;
}

static enum status compare(struct move *m)
{
    bool differ = false;
    for (int i = 0; i < m->count; i++) {
        unsigned char a[HASH], b[HASH];
        struct table *t = &m->tables[i];
        int64_t here = hash_table(m, m->from, t, a), there = hash_table(m, m->to, t, b);
        bool same = here == there && memcmp(a, b, HASH) == 0;
        differ |= !same;
        if (here || !same) {
            char hex[17];
            sodium_bin2hex(hex, sizeof hex, b, 8);
            printf("%-24s %10lld %10lld  %s%s\n", t->name, (long long)here, (long long)there, hex,
                   same ? "" : say(m->ctx, "  differs"));
        }
    }
    if (db_status(m->from) != OK)
        return failed(m, m->from, say(m->ctx, "Could not compare"));
    if (db_status(m->to) != OK)
        return failed(m, m->to, say(m->ctx, "Could not compare"));
    return differ ? ctx_fail(m->ctx, CONFLICT,
                             say(m->ctx, "The copy differs from its source and can’t be used. "
                                         "Delete it and run the move again."))
                  : OK;
}

/* ---- the key ---- */

static bool write_key(const char *path, const void *data, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    bool good = write(fd, data, size) == (ssize_t)size && fsync(fd) == 0;
    return close(fd) == 0 && good;
}

/* Encrypted fields need the same key at the target; a different key there is
 * not replaced. */
static enum status take_key(struct move *m, const char *from, const char *to)
{
    const char *source = store_key_path(m->ctx->arena, from),
               *target = store_key_path(m->ctx->arena, to);
    char *folder = arena_copy(m->ctx->arena, target);
    size_t size, other_size;
    void *key = import_read_file(m->ctx, source, &size);
    if (!key)
        return m->ctx->status;
    *strrchr(folder, '/') = '\0';
    enum status s = store_make_folder(folder) ? OK : UNAVAILABLE;
    if (s == OK && access(target, F_OK) == 0) {
        void *other = import_read_file(m->ctx, target, &other_size);
        if (!other || other_size != size || memcmp(key, other, size) != 0)
            s = CONFLICT;
        free(other);
    } else if (s == OK && !write_key(target, key, size)) {
        s = UNAVAILABLE;
    }
    sodium_memzero(key, size);
    free(key);
    if (s == CONFLICT)
        return ctx_fail(m->ctx, s,
                        say(m->ctx,
                            "{} contains a different key. Specify where to put the copy’s key "
                            "with "
                            "--keys FOLDER.",
                            target));
    return s == OK
               ? OK
               : ctx_fail(m->ctx, s, say(m->ctx, "Can’t create {}: {}", target, strerror(errno)));
}

/* ---- the whole move ---- */

static enum status open_both(struct move *m, const char *from, const char *to)
{
    const char *why = NULL;
    if (install_open(m->ctx, from, DB_WRITE) != OK)
        return m->ctx->status;
    m->from = m->ctx->db;
    m->ctx->db = NULL;
    journal_finish(m->from);
    enum status s = db_hold(m->from);
    if (s == BUSY)
        return ctx_fail(m->ctx, BUSY,
                        say(m->ctx, "Another process is writing to {}. Stop Linli there first.",
                            store_shown(m->ctx->arena, from)));
    if (s != OK)
        return failed(m, m->from, say(m->ctx, "Can’t lock the source"));
    if (take_key(m, from, to) != OK)
        return m->ctx->status;
    m->to = db_open(to, DB_CREATE, m->ctx->arena, &why);
    if (!m->to || db_migrate(m->to, schema_steps, m->ctx->arena, &why) != OK)
        return ctx_fail(m->ctx, m->to ? db_status(m->to) : UNAVAILABLE, why);
    return OK;
}

/* Prepares the target. If it is new, the rows that the schema inserted are
 * deleted and it is marked. A target that is marked for another state of the
 * source, or already has data, is refused. */
static enum status begin(struct move *m, const char *to)
{
    struct arena *a = m->ctx->arena;
    const char *state = arena_print(a, "%lld", (long long)journal_newest(m->from)), *marked = NULL;
    struct rows *r = query(m->to, "SELECT value FROM settings WHERE name = {}", INSTALL_MOVING);
    if (rows_next(r))
        marked = row_copy(r, a, "value");
    rows_end(r);
    if (!marked && query_int(m->to, "SELECT min(id) FROM users") != NONE)
        return ctx_fail(
            m->ctx, CONFLICT,
            say(m->ctx, "{} already exists and has not been changed.", store_shown(a, to)));
    if (marked && strcmp(marked, state) == 0) {
        fprintf(stderr, "%s\n", say(m->ctx, "Resuming the move where it stopped."));
        return OK;
    }
    if (!marked && db_bulk(m->to, true) != OK)
        return failed(m, m->to, say(m->ctx, "Can’t prepare the target"));
    if (marked)
        db_bulk(m->to, true);
    db_begin(m->to);
    for (int i = 0; i < m->count; i++)
        change(m->to, "DELETE FROM {} WHERE 1 = 1", (struct sql_name){m->tables[i].name});
    change(m->to, "INSERT INTO settings (name, value) VALUES ({}, {})", INSTALL_MOVING, state);
    return db_commit(m->to) == OK ? OK
                                  : failed(m, m->to,
                                           say(m->ctx, "Can’t prepare the "
                                                       "target"));
}

static enum status finish(struct move *m)
{
    struct journal_report report;
    const char *why = NULL;
    if (compare(m) != OK)
        return m->ctx->status;
    if (db_bulk(m->to, false) != OK)
        return failed(m, m->to, say(m->ctx, "References don’t match"));
    enum status s = db_check(m->to, m->ctx->arena, &why);
    if (s != OK)
        return ctx_fail(m->ctx, s, why);
    if (journal_verify(m->to, m->ctx->arena, &report) != OK)
        return ctx_fail(m->ctx, CONFLICT,
                        say(m->ctx, "The audit log fails verification from entry {}: {}",
                            report.first_bad, report.why ? tr(m->ctx, report.why) : ""));
    if (change(m->to, "DELETE FROM settings WHERE name = {}", INSTALL_MOVING) != OK)
        return failed(m, m->to, say(m->ctx, "Can’t finalise the target"));
    printf("%s\n", say(m->ctx, "{} audit log entries verified.", report.entries));
    return OK;
}

static enum status move(struct move *m, const char *from, const char *to)
{
    if (open_both(m, from, to) != OK || survey(m) != OK || begin(m, to) != OK)
        return m->ctx->status;
    if (!db_is_postgres(to))
        db_bulk(m->to, true); /* a setting of the connection at the target */
    for (int i = 0; i < m->count; i++)
        if (copy_table(m, &m->tables[i]) != OK)
            return m->ctx->status;
    return finish(m);
}

enum status store_move(struct ctx *ctx, const char *from, const char *to)
{
    struct move *m = must_alloc(sizeof *m);
    m->ctx = ctx;
    enum status s = strcmp(from, to) == 0
                        ? ctx_fail(ctx, INVALID, say(ctx, "Source and target are the same."))
                    : store_address_check(ctx, from) != OK || store_address_check(ctx, to) != OK
                        ? ctx->status
                        : move(m, from, to);
    if (m->from)
        db_rollback(m->from);
    if (ctx->db) /* the source was only partly opened */
        db_close(ctx->db);
    ctx->db = NULL;
    db_close(m->to);
    db_close(m->from);
    free(m);
    return s;
}

/* ---- a copy while others write ---- */

static enum status snapshot(struct move *m)
{
    const char *why = NULL;
    if (query_int(m->from, "SELECT max(number) FROM schema_steps") !=
        query_int(m->to, "SELECT max(number) FROM schema_steps"))
        return ctx_fail(
            m->ctx, CONFLICT,
            say(m->ctx,
                "The database is from a different version. Start Linli once to upgrade it."));
    if (db_bulk(m->to, true) != OK || db_begin(m->from) != OK || survey(m) != OK)
        return m->ctx->status != OK
                   ? m->ctx->status
                   : failed(m, m->from, say(m->ctx, "The copy could not be read."));
    db_begin(m->to);
    for (int i = 0; i < m->count; i++)
        change(m->to, "DELETE FROM {} WHERE 1 = 1", (struct sql_name){m->tables[i].name});
    if (db_commit(m->to) != OK)
        return failed(m, m->to, say(m->ctx, "Can’t prepare the target"));
    for (int i = 0; i < m->count; i++)
        if (copy_table(m, &m->tables[i]) != OK)
            return m->ctx->status;
    if (db_begin(m->to) != OK || journal_copy_unsealed(m->from, m->to) != OK ||
        db_commit(m->to) != OK)
        return failed(m, db_status(m->from) != OK ? m->from : m->to,
                      say(m->ctx, "Can’t copy {}", "journal"));
    enum status s = db_bulk(m->to, false) == OK ? db_check(m->to, m->ctx->arena, &why)
                                                : db_status(m->to);
    return s == OK ? OK : ctx_fail(m->ctx, s, why ? why : db_failure(m->to));
}

enum status store_snapshot(struct ctx *ctx, const char *path)
{
    const char *why = NULL;
    if (!db_is_postgres(db_address(ctx->db)))
        return db_copy(ctx->db, path, ctx->arena, &why) == OK ? OK
                                                              : ctx_fail(ctx, UNAVAILABLE, why);
    struct move *m = must_alloc(sizeof *m);
    m->ctx = ctx;
    m->from = ctx->db;
    m->to = db_open_file(path, DB_WRITE, ctx->arena, &why);
    enum status s = m->to ? db_migrate(m->to, schema_steps, ctx->arena, &why) : UNAVAILABLE;
    s = s == OK ? snapshot(m) : ctx_fail(ctx, s, why);
    db_rollback(m->from);
    db_close(m->to);
    free(m);
    return s;
}

struct move_options {
    const char *from, *to;
};
static const struct command_option options[] = {
    {"--from", offsetof(struct move_options, from)},
    {"--to", offsetof(struct move_options, to)},
    {.name = NULL},
};

static int run_move(struct ctx *ctx, const struct given *g)
{
    const struct move_options *o = g->options;
    if (!o->from || !o->to) {
        fprintf(stderr, "linli: %s\n", say(ctx, "--from and --to are required"));
        return 2;
    }
    if (store_move(ctx, o->from, o->to) != OK)
        return COMMAND_FAILED;
    printf("%s\n", say(ctx, "Moved to {}. The source has not been changed.",
                       store_shown(ctx->arena, o->to)));
    return 0;
}

static const struct command commands[] = {
    {.name = "move",
     .usage = "linli move --from DIR-OR-ADDRESS --to DIR-OR-ADDRESS",
     .data = DATA_NONE,
     OPTIONS(struct move_options, options),
     .run = run_move},
    {.name = NULL},
};

const struct module move_module = {.name = "move", .commands = commands};
