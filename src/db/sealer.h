/*
 * The sealer: on PostgreSQL many processes write the journal at once, each
 * entry in its change's own transaction and without a number. A thread with a
 * connection of its own gives the committed entries their numbers and hashes,
 * in the order in which they were committed, within a second. One process does
 * it at a time (a lock of the database's); all are told (NOTIFY).
 *
 * So a number never appears below one that a follower has read already.
 * SQLite needs none of it: there the writer numbers at once.
 */
#ifndef LINLI_DB_SEALER_H
#define LINLI_DB_SEALER_H

#include "db/writer.h"

struct sealer;

/* For the store that db is open on; NULL when its back end needs none. fn is told the newest number whenever it moved. */
struct sealer *sealer_start(struct db *db, writer_committed *fn, void *arg);
void sealer_wake(struct sealer *s); /* something was committed here */
void sealer_stop(struct sealer *s); /* seals what is there first; NULL is allowed */

#endif
