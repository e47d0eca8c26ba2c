/*
 * Moving SQLite's log into its file beside the writer: the copying and its
 * fsync would otherwise stop all changes for a tenth of a second now and then.
 *
 * A thread with a connection of its own begins when the log first has
 * CHECKPOINT_SOON new pages. While changes keep coming it can't move the last
 * of them, so the log grows; at CHECKPOINT_MOST the writer itself moves what
 * little is left and the log starts again from its beginning.
 *
 * A failure is not told: the pages stay in the log, where they are as safe.
 */
#ifndef LINLI_DB_CHECKPOINT_H
#define LINLI_DB_CHECKPOINT_H

#include <sqlite3.h>

#define CHECKPOINT_SOON 4000  /* pages of the log */
#define CHECKPOINT_MOST 40000 /* pages: 160 MB */

struct checkpoint;

/* Instead of the connection's own checkpoints; path is the file's. */
struct checkpoint *checkpoint_start(sqlite3 *writer, const char *path);
void checkpoint_stop(struct checkpoint *c); /* before the writer is closed */

#endif
