/*
 * Continuous copying of a SQLite database to another folder. If the whole
 * machine is lost, at most a second of acknowledged changes is lost with it.
 * The database can be restored as of any second of the last WAL_COPY_DAYS
 * days.
 *
 * The folder holds generations, each in a folder named after its start.
 * base.db is the whole file at some moment. wal-000001 … is what SQLite wrote
 * to its log since then. times says how much of which of them existed at which
 * millisecond ("1 4152 1790000000000"), and done from which moment on it can
 * be restored. A new generation starts once a day, and after the database was
 * written to while no copy was running; end says in which state it was left.
 */
#ifndef LINLI_DB_WAL_COPY_H
#define LINLI_DB_WAL_COPY_H

#include "base/arena.h"
#include "base/status.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define WAL_COPY_DAYS  7
#define WAL_COPY_PAUSE 400 /* milliseconds between two checks */

struct wal_copy;
/* Copies the database in folder data to folder to (created if missing) until stopped. at:
 * seconds of the last moment that is safe, kept up to date. Makes the first full copy before it
 * returns, or returns NULL with a message in *why. why NULL: makes a full copy, if needed, in
 * the background; failures are logged and retried. */
struct wal_copy *wal_copy_start(const char *data, const char *to, _Atomic int64_t *at,
                                struct arena *a, const char **why);
void wal_copy_stop(struct wal_copy *c); /* after the writer has stopped, to copy its last changes */

/* Restores the file as of that millisecond (INT64_MAX: the newest) to path, which must not
 * exist: nothing whose audit log entry is later is in it. *at becomes the moment that was found.
 * OK, NOT_FOUND, or UNAVAILABLE with a message in *why. */
enum status wal_copy_restore(const char *from, int64_t *at, const char *path, struct arena *a,
                             const char **why);

#endif
