/*
 * The journal: every change, in the transaction that makes it.
 *
 * An entry says who, when on the server, when on the device, through what,
 * what kind and record, which action, the values before and after (JSON, only
 * what changed; sealed fields stay sealed), the idempotency key, and carries
 * hash = SHA-256(hash of the entry before ‖ every field of this one), so that
 * a changed or removed entry is found by journal_verify. The first entry's
 * "before" hash is 32 zero bytes.
 *
 * On SQLite an entry is numbered and hashed as it is written. On PostgreSQL, where
 * many processes write at once, it has no seq until journal_seal gave it one, in
 * the order of commits (sealer.h): within a second. Histories of one record show
 * it at once (ORDER BY seq puts it last, ORDER BY seq DESC first).
 *
 * Followers (search index, live updates, webhooks, histories) read it by seq.
 */
#ifndef LINLI_DB_JOURNAL_H
#define LINLI_DB_JOURNAL_H

#include "base/ctx.h"
#include "db/db.h"

/* ctx gives actor, times, key and db. before/after: JSON or NULL. OK, or why not (db_status set too). */
enum status journal_add(struct ctx *ctx, const char *kind, int64_t record, const char *action, const char *before, const char *after);
/* An entry that changes no record: what it says is written as json() does. */
#define journal_note(ctx, kind, record, action, literal, ...) \
    journal_note_write((ctx), (kind), (record), (action), "" literal, ARGS(__VA_ARGS__))
enum status journal_note_write(struct ctx *ctx, const char *kind, int64_t record, const char *action, const char *literal,
                               const struct arg *args, int count);

struct journal_report {
    int64_t unsealed;           /* entries behind them that have no number yet */
    int64_t entries, first_bad; /* first_bad: seq of the first entry that does not fit, NONE when all fit */
    const char *why;
};
/* Checks the whole chain from its start, in batches. OK; CONFLICT when an entry does not fit (report says which);
 * or what kept it from reading. entries: how many fit. why: an English text marked for tr(). Entries cut off at
 * the end leave a chain that fits: compare the newest hash with one kept elsewhere. */
enum status journal_verify(struct db *db, struct arena *a, struct journal_report *report);
int64_t journal_newest(struct db *db); /* 0 when empty */
/* Seals all that is committed; db is open as DB_FOLLOW, outside a transaction. Does nothing while another seals. */
enum status journal_seal(struct db *db);
/* Copies the entries of from that have no number yet into to, on SQLite, numbered behind its newest: of a snapshot that is
 * taken while others write. Inside a transaction of each. */
enum status journal_copy_unsealed(struct db *from, struct db *to);
/* For a command, which has no sealer: seals what was committed on db, before db is closed. */
void journal_finish(struct db *db);

#endif
