/*
 * The writer: a thread that owns the only writing connection.
 *
 * Tasks wait in a queue. The writer takes all waiting tasks (up to a limit),
 * runs them in one transaction, and commits once (group commit). When that is
 * durable, it calls each task's done. So groups form under load, and add no
 * delay without it. While one group is being made durable, the next one
 * already runs: readers may see a change some milliseconds before it is
 * acknowledged.
 *
 * A failing task is undone alone, by its own savepoint. A group of tasks that
 * may run twice (bare) has no savepoints. If one of them fails half-way, the
 * group is rolled back and run once more with savepoints.
 *
 * If another process's change conflicted, or the connection was lost before
 * the commit, nothing of the group was stored, and it is run once more.
 *
 * If LINLI_TWICE is set, a program with assertions (no NDEBUG) rolls back each
 * task once and runs it again, so that tests find what may not run twice.
 *
 * If the disk is full, the log is checkpointed and truncated, and the group is
 * run once more.
 *
 * If the commit itself fails (disk full, locked), every task of the group is
 * undone and done gets BUSY or UNAVAILABLE: nothing was acknowledged. If the
 * group can't be made durable, done gets UNAVAILABLE although it may be
 * stored. A client that sends it again with its key has it once. The writer
 * accepts nothing more until the group is durable.
 *
 * Ownership: a task belongs to its submitter again when done is called, on one
 * of the writer's threads. done must not block (append to a list, signal).
 */
#ifndef LINLI_DB_WRITER_H
#define LINLI_DB_WRITER_H

#include "db/db.h"

struct writer;

struct task {
    struct task *next;
    /* Runs inside the transaction. Any result but OK undoes its changes. */
    enum status (*run)(struct task *t, struct db *db);
    /* Called when the group is durable or has failed. */
    void (*done)(struct task *t, enum status s);
    /* Called before run is called again after a rollback: resets what the first run left outside
     * the database (a partly written answer). NULL: nothing to reset. */
    void (*again)(struct task *t);
    const char *what; /* static text: its name in the log (watchdog.h); NULL */
    bool bare; /* run may be called twice with the same input: such tasks need no savepoints */
    enum status result; /* set by the writer */
    bool ran;           /* set by the writer: run was called at least once */
    bool contended;     /* likewise: another process conflicted; the task runs again alone */
};

/* Called after each durable group with the newest audit log number: on the thread that calls
 * done, or, on PostgreSQL, on the sealer's thread once the group is sealed, also for other
 * processes' commits. */
typedef void writer_committed(void *arg, int64_t journal_seq);

struct writer *writer_start(struct db *db); /* takes the connection, which writer_stop closes */
void writer_on_commit(struct writer *w, writer_committed *fn,
                      void *arg);   /* before the first submit */
void writer_stop(struct writer *w); /* runs the waiting tasks, then ends */
/* Returns false if the queue is full (WRITER_QUEUE tasks): the caller answers BUSY. */
bool writer_submit(struct writer *w, struct task *t);
/* Submits and waits: for commands, jobs and imports on their own threads. */
enum status writer_run(struct writer *w, struct task *t);

/* Waits until all of this writer's changes that others can read now are durable: for code that
 * stores derived data elsewhere. NULL: nobody writes. */
void writer_landed(struct writer *w);

struct writer_stats {
    int64_t groups, tasks, failed, waiting, largest;
    int64_t slow;    /* tasks that took longer than WATCH_MS */
    int64_t running; /* milliseconds of the running task; 0: none */
    bool failing;    /* the last group could not be stored */
};
struct writer_stats writer_stats(const struct writer *w);
/* Whether changes can be stored: no task has held the thread for long, and the last group was
 * stored. After a failed group it retries in the background, so a later call can return true. */
bool writer_ready(struct writer *w);
#define WRITER_HELD \
    10000 /* milliseconds that a task may take before the writer counts as not ready */

#define WRITER_QUEUE 20000
#define WRITER_GROUP 500

#endif
