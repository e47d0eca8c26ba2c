/*
 * The audit log ("journal"): every change, in the transaction that makes it.
 *
 * An entry says who made the change, when by the server and the device,
 * through what, on which kind and record, the action, the values before and
 * after (JSON, only what changed; sealed fields stay sealed), and the
 * idempotency key. Its hash is SHA-256(hash of the previous entry ‖ every
 * field of this one), so journal_verify finds a changed or removed entry. The
 * hash before the first entry is 32 zero bytes.
 *
 * On SQLite an entry gets its number and hash when written. On PostgreSQL,
 * where several processes write at once, journal_seal assigns them in the
 * order of commits, within a second (sealer.h). The history of one record
 * shows the entry before that (ORDER BY seq puts it last, ORDER BY seq DESC
 * first).
 *
 * Followers (search index, live updates, webhooks, histories) read it by seq.
 */
#ifndef LINLI_DB_JOURNAL_H
#define LINLI_DB_JOURNAL_H

#include "base/ctx.h"
#include "db/db.h"

/* ctx gives the actor, times, key and db. before, after: JSON or NULL. On failure db_status is
 * set too. */
enum status journal_add(struct ctx *ctx, const char *kind, int64_t record, const char *action,
                        const char *before, const char *after);
/* An entry that changes no record; its text is written as by json(). */
#define journal_note(ctx, kind, record, action, literal, ...) \
    journal_note_write((ctx), (kind), (record), (action), "" literal, ARGS(__VA_ARGS__))
enum status journal_note_write(struct ctx *ctx, const char *kind, int64_t record,
                               const char *action, const char *literal, const struct arg *args,
                               int count);

struct journal_report {
    int64_t unsealed; /* later entries that have no number yet */
    int64_t entries,
        first_bad; /* first_bad: seq of the first entry that does not match; NONE: all match */
    const char *why;
};
/* Checks the whole chain from its start, in batches. CONFLICT: an entry does not match (see
 * report); other values: reading failed. entries: how many match. why: an English text marked
 * for tr(). Removing the newest entries leaves a valid chain: compare the newest hash with one
 * kept elsewhere. */
enum status journal_verify(struct db *db, struct arena *a, struct journal_report *report);
int64_t journal_newest(struct db *db); /* 0 when empty */
/* Seals all committed entries. db must be open as DB_FOLLOW, outside a transaction. Does nothing
 * while another process seals. */
enum status journal_seal(struct db *db);
/* Copies the entries of `from` that have no number yet to `to`, on SQLite, with the next
 * numbers: for a snapshot taken while others write. Inside a transaction of each. */
enum status journal_copy_unsealed(struct db *from, struct db *to);
/* For a command, which has no sealer: seals what was committed on db. Call before closing db. */
void journal_finish(struct db *db);

#endif
