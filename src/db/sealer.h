/*
 * The sealer. On PostgreSQL several processes write the audit log at once,
 * each entry in its change's transaction and without a number. A thread with
 * its own connection gives committed entries their numbers and hashes, in the
 * order of their commits, within a second. One process does so at a time
 * (under a database lock); NOTIFY tells the others.
 *
 * So a number never appears below one that a follower has already read. SQLite
 * needs no sealer: the writer numbers entries at once.
 */
#ifndef LINLI_DB_SEALER_H
#define LINLI_DB_SEALER_H

#include "db/writer.h"

struct sealer;

/* Starts a sealer for db's database; NULL if its back end needs none. Calls fn with the newest
 * number whenever it has changed. */
struct sealer *sealer_start(struct db *db, writer_committed *fn, void *arg);
void sealer_wake(struct sealer *s); /* something was committed here */
void sealer_stop(struct sealer *s); /* seals what is committed first; NULL is allowed */

#endif
