/*
 * Continuous copying of a store on SQLite into another folder, so that at most
 * a second of acknowledged changes is lost with the whole machine, and going
 * back to any second of the last days (WAL_COPY_DAYS).
 *
 * The folder holds generations, each in a folder named after its beginning:
 * base.db is the whole file at some moment, wal-000001 … what SQLite wrote to
 * its log since before that moment, times how far which of them was at which
 * millisecond ("1 4152 1790000000000"), done the moment from which on it can be
 * restored. A generation begins once a day, and when the file was written to
 * while nobody copied it; end says in which state it was left.
 */
#ifndef LINLI_DB_WAL_COPY_H
#define LINLI_DB_WAL_COPY_H

#include "base/arena.h"
#include "base/status.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define WAL_COPY_DAYS  7
#define WAL_COPY_PAUSE 400 /* milliseconds between two looks */

struct wal_copy;
/* Copies the store in the folder data to the folder to (made when missing) until it is stopped. The first whole copy is
 * made before this returns. at: seconds of the last moment that is safe, kept up to date. NULL with a message in *why. why
 * NULL: the whole copy, if one is needed, is made beside; what keeps it from that is logged and tried again. */
struct wal_copy *wal_copy_start(const char *data, const char *to, _Atomic int64_t *at, struct arena *a, const char **why);
void wal_copy_stop(struct wal_copy *c); /* after the writer: what it wrote last is copied too */

/* Puts the file together as it was at that millisecond (INT64_MAX: the newest there is) at path, which is not there yet;
 * *at becomes the moment that was found. OK, NOT_FOUND, or UNAVAILABLE, with a message in *why. */
enum status wal_copy_restore(const char *from, int64_t *at, const char *path, struct arena *a, const char **why);

#endif
