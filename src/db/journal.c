/*
 * The hash chain of the audit log. An entry's hash covers the previous hash
 * and every field, each preceded by its length, so no two different entries
 * give the same bytes. NULL has a length of its own.
 *
 * On SQLite the newest entry is read again for each new one. Only the table is
 * reliable, also after a savepoint was undone; the read takes about a
 * microsecond. With several writing processes that would make them wait for
 * each other, so the chain is made afterwards (journal_seal).
 */
#include "db/journal.h"

#include "db/backend.h"

#include <sodium.h>
#include <string.h>

#define HASH    crypto_hash_sha256_BYTES
#define BATCH   1000
#define MISSING UINT64_MAX

struct entry {
    int64_t seq, at_ms, device_at, actor;
    const char *actor_name, *via, *kind;
    int64_t record;
    const char *action, *before, *after, *key;
    struct bytes prev;
};

static void add_number(crypto_hash_sha256_state *h, uint64_t v)
{
    unsigned char b[8];
    for (int i = 0; i < 8; i++)
        b[i] = (unsigned char)(v >> (8 * i));
    crypto_hash_sha256_update(h, b, sizeof b);
}

static void add_text(crypto_hash_sha256_state *h, const char *s)
{
    size_t n = s ? strlen(s) : 0;
    add_number(h, s ? n : MISSING);
    if (n)
        crypto_hash_sha256_update(h, (const unsigned char *)s, n);
}

static void entry_hash(const struct entry *e, unsigned char out[HASH])
{
    crypto_hash_sha256_state h;
    crypto_hash_sha256_init(&h);
    crypto_hash_sha256_update(&h, e->prev.data, e->prev.size);
    add_number(&h, (uint64_t)e->seq);
    add_number(&h, (uint64_t)e->at_ms);
    add_number(&h, (uint64_t)e->device_at);
    add_number(&h, (uint64_t)e->actor);
    add_text(&h, e->actor_name);
    add_text(&h, e->via);
    add_text(&h, e->kind);
    add_number(&h, (uint64_t)e->record);
    add_text(&h, e->action);
    add_text(&h, e->before);
    add_text(&h, e->after);
    add_text(&h, e->key);
    crypto_hash_sha256_final(&h, out);
}

int64_t journal_newest(struct db *db)
{
    int64_t seq = query_int(db, "SELECT max(seq) FROM journal");
    return seq == NONE ? 0 : seq;
}

/* Reads the hash and number of the newest entry; zeros if there is none. */
static int64_t newest_hash(struct db *db, unsigned char hash[HASH])
{
    int64_t seq = 0;
    memset(hash, 0, HASH);
    struct rows *r = query(
        db, "SELECT seq, hash FROM journal WHERE seq IS NOT NULL ORDER BY seq DESC LIMIT 1");
    if (rows_next(r)) {
        seq = row_int(r, "seq");
        struct bytes last = row_bytes(r, "hash");
        if (last.size == HASH) /* otherwise journal_verify reports where the chain broke */
            memcpy(hash, last.data, HASH);
    }
    rows_end(r);
    return seq;
}

/* Number and hashes are added when the entry is sealed. */
static enum status add_unsealed(struct db *db, const struct entry *e)
{
    change_common_later(
        db,
        "INSERT INTO journal (at_ms, device_at, actor, actor_name, via, kind, record, "
        "action, before, after, key)"
        " VALUES ({}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {})",
        e->at_ms, (struct maybe){e->device_at}, (struct maybe){e->actor}, e->actor_name, e->via,
        e->kind, e->record, e->action, e->before, e->after, e->key);
    return db_status(db);
}

static enum status add_sealed(struct db *db, const struct entry *e)
{
    unsigned char hash[HASH];
    entry_hash(e, hash);
    return change_common(
        db,
        "INSERT INTO journal (seq, at_ms, device_at, actor, actor_name, via, kind, record, action,"
        " before, after, key, prev, hash)"
        " VALUES ({}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {})",
        e->seq, e->at_ms, (struct maybe){e->device_at}, (struct maybe){e->actor}, e->actor_name,
        e->via, e->kind, e->record, e->action, e->before, e->after, e->key, e->prev,
        arg_bytes((struct bytes){hash, HASH}));
}

enum status journal_add(struct ctx *ctx, const char *kind, int64_t record, const char *action,
                        const char *before, const char *after)
{
    struct db *db = ctx->db;
    unsigned char prev[HASH];
    struct entry e = {.at_ms = ctx->now * 1000,
                      .device_at = ctx->device_time,
                      .actor = ctx->actor.user,
                      .actor_name = ctx->actor.name,
                      .via = ctx->actor.via ? ctx->actor.via : "",
                      .kind = kind,
                      .record = record,
                      .action = action,
                      .before = before,
                      .after = after,
                      .key = ctx->key,
                      .prev = {prev, HASH}};
    if (db->is->follow)
        return add_unsealed(db, &e);
    e.seq = newest_hash(db, prev) + 1;
    if (db_status(db) != OK)
        return db_status(db);
    return add_sealed(db, &e);
}

enum status journal_note_write(struct ctx *ctx, const char *kind, int64_t record,
                               const char *action, const char *literal, const struct arg *args,
                               int count)
{
    struct buf note;
    buf_init(&note, 0);
    json_write(&note, literal, args, count);
    enum status s = journal_add(ctx, kind, record, action, NULL,
                                arena_copyn(ctx->arena, note.data, note.size));
    buf_release(&note);
    return s;
}

static struct entry entry_of(struct rows *r, int64_t seq, struct bytes prev)
{
    return (struct entry){.seq = seq,
                          .at_ms = row_int(r, "at_ms"),
                          .device_at = row_int(r, "device_at"),
                          .actor = row_int(r, "actor"),
                          .actor_name = row_text(r, "actor_name"),
                          .via = row_text(r, "via"),
                          .kind = row_text(r, "kind"),
                          .record = row_int(r, "record"),
                          .action = row_text(r, "action"),
                          .before = row_text(r, "before"),
                          .after = row_text(r, "after"),
                          .key = row_text(r, "key"),
                          .prev = prev};
}

enum status journal_copy_unsealed(struct db *from, struct db *to)
{
    unsigned char prev[HASH];
    struct rows *r = query(
        from,
        "SELECT at_ms, device_at, actor, actor_name, via, kind, record, action, before, after, key"
        " FROM journal WHERE seq IS NULL ORDER BY id");
    while (rows_next(r) && db_status(to) == OK) {
        int64_t seq = newest_hash(to, prev) + 1;
        struct entry e = entry_of(r, seq, (struct bytes){prev, HASH});
        add_sealed(to, &e);
    }
    rows_end(r);
    return db_status(from) != OK ? db_status(from) : db_status(to);
}

/* ---- sealing ---- */

/* Inside a transaction that holds the lock. Returns how many entries got a
 * number. */
static int seal_batch(struct db *db)
{
    unsigned char hash[HASH], prev[HASH];
    int64_t seq = newest_hash(db, hash);
    struct rows *r = query(db,
                           "SELECT id, at_ms, device_at, actor, actor_name, via, kind, record, "
                           "action, before, after, key"
                           " FROM journal WHERE seq IS NULL ORDER BY id LIMIT {}",
                           BATCH);
    int n = 0;
    for (; rows_next(r); n++) {
        memcpy(prev, hash, HASH);
        struct entry e = entry_of(r, ++seq, (struct bytes){prev, HASH});
        entry_hash(&e, hash);
        change_later(db, "UPDATE journal SET seq = {}, prev = {}, hash = {} WHERE id = {}", seq,
                     e.prev, arg_bytes((struct bytes){hash, HASH}), row_int(r, "id"));
    }
    if (n) /* delivered with the commit to every process that serves this database */
        query_int(db, "SELECT pg_notify('linli ' || current_schema(), {})", arg_text("sealed"));
    return n;
}

enum status journal_seal(struct db *db)
{
    for (int n = BATCH; n == BATCH && db_status(db) == OK;) {
        if (query_int(db, "SELECT id FROM journal WHERE seq IS NULL LIMIT 1") == NONE)
            return db_status(db);
        if (db_begin(db) != OK)
            return db_status(db);
        bool first = query_int(db, "SELECT pg_try_advisory_xact_lock(hashtextextended('linli seal "
                                   "' || current_schema(), 0))") == 1;
        n = first ? seal_batch(db) : 0;
        db_commit(db);
    }
    return db_status(db);
}

void journal_finish(struct db *db)
{
    if (!db->is->follow || db->mode != DB_WRITE)
        return;
    struct db *own = db->is->follow(db);
    journal_seal(own);
    db_close(own);
}

/* ---- checking ---- */

/* Returns NULL if the entry in r follows the one with this hash and number;
 * otherwise what is wrong. */
static const char *entry_fault(struct rows *r, int64_t seq, const unsigned char last[HASH])
{
    struct entry e = entry_of(r, row_int(r, "seq"), row_bytes(r, "prev"));
    struct bytes stored = row_bytes(r, "hash");
    unsigned char hash[HASH];
    if (e.seq != seq + 1)
        return N_("the previous entry is missing");
    if (e.prev.size != HASH || memcmp(e.prev.data, last, HASH) != 0)
        return N_("it does not follow the previous entry");
    entry_hash(&e, hash);
    if (stored.size != HASH || memcmp(stored.data, hash, HASH) != 0)
        return N_("it was altered after being written");
    return NULL;
}

/* Checks up to BATCH entries after seq and advances seq and last. Returns the
 * number of rows read. */
static int verify_batch(struct db *db, int64_t *seq, unsigned char last[HASH],
                        struct journal_report *report)
{
    struct rows *r = query(db,
                           "SELECT seq, at_ms, device_at, actor, actor_name, via, kind, record, "
                           "action, before, after, key,"
                           " prev, hash FROM journal WHERE seq > {} ORDER BY seq LIMIT {}",
                           *seq, BATCH);
    int n = 0;
    while (rows_next(r)) {
        n++;
        report->why = entry_fault(r, *seq, last);
        if (report->why) {
            report->first_bad = row_int(r, "seq");
            break;
        }
        report->entries++;
        *seq = row_int(r, "seq");
        memcpy(last, row_bytes(r, "hash").data, HASH);
    }
    rows_end(r);
    return n;
}

enum status journal_verify(struct db *db, struct arena *a, struct journal_report *report)
{
    (void)a; /* every reason is a fixed text */
    unsigned char last[HASH] = {0};
    int64_t seq = 0;
    *report = (struct journal_report){.first_bad = NONE};
    while (verify_batch(db, &seq, last, report) == BATCH && report->first_bad == NONE)
        ;
    if (db->is->follow)
        report->unsealed = query_int(db, "SELECT count(*) FROM journal WHERE seq IS NULL");
    if (db_status(db) != OK)
        return db_status(db);
    return report->first_bad == NONE ? OK : CONFLICT;
}
