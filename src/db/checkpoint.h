/*
 * Checkpoints SQLite's log in a separate thread. In the writer thread, copying
 * and fsync would stop all changes for a tenth of a second from time to time.
 *
 * The thread has its own connection and starts when the log has
 * CHECKPOINT_SOON new pages. While changes keep coming it can't move the last
 * of them, so the log grows. At CHECKPOINT_MOST the writer moves the few that
 * are left, and the log starts again from its beginning.
 *
 * If the disk has little space, the writer does so earlier and truncates the
 * log. The log thus takes no more than about a third of the free space: a log
 * that fills the disk would keep the database file from growing, and so itself
 * from being moved. A reader that stays longer than a group or two keeps the
 * log from restarting; at twice the limit the writer waits for readers.
 *
 * Failures are not reported: the pages stay safe in the log.
 */
#ifndef LINLI_DB_CHECKPOINT_H
#define LINLI_DB_CHECKPOINT_H

#include <sqlite3.h>
#include <stdbool.h>

#define CHECKPOINT_SOON  4000  /* pages of the log */
#define CHECKPOINT_MOST  40000 /* pages: 160 MB */
#define CHECKPOINT_LEAST 250   /* pages: 1 MB, even with little space */
#define CHECKPOINT_LOOK  500   /* pages of the log between two checks of the disk's space */

struct checkpoint;

/* Replaces the connection's own checkpoints. path: of the database file; busy_ms: how long the
 * connection waits for a lock. */
struct checkpoint *checkpoint_start(sqlite3 *writer, const char *path, int busy_ms);
/* Moves the whole log and truncates it, waiting for readers as long as the connection does: for
 * a full disk. Returns true if that made space. c NULL: there is no thread. */
bool checkpoint_now(struct checkpoint *c, sqlite3 *writer);
/* The same without waiting for readers, while a database is being opened. */
void checkpoint_first(sqlite3 *writer, int busy_ms);
void checkpoint_stop(struct checkpoint *c); /* before the writer is closed */

#endif
