/*
 * The one door for change: a thread that owns the only writing connection.
 *
 * Tasks wait in a queue; the writer takes all that wait (up to a limit), opens
 * one transaction, runs them, commits once, and once that is durable each task's
 * done is called. So a group forms by itself under load and no delay is added when
 * there is none. While one group is being made durable the next is run already: who
 * reads may see a change some milliseconds before it is acknowledged.
 *
 * A task that fails is undone alone, by a savepoint of its own; a group of tasks that
 * may run twice (bare) does without until one of them fails half-way, and is then
 * rolled back and run once more with savepoints.
 *
 * When another process's change came between, or the connection was lost before
 * the commit, nothing of the group happened, and it is run once more.
 *
 * If the commit itself fails (disk full, locked), every task of the group is
 * undone and done is called with BUSY or UNAVAILABLE: nothing was acknowledged.
 * If it can't be made durable they are told UNAVAILABLE, too, though it may be there:
 * who sends it again with its key has it once. Nothing more is taken until it is
 * durable after all.
 *
 * Ownership: the task belongs to whoever submitted it until done is called, on
 * one of the writer's threads; done must not block (append to a list, signal).
 */
#ifndef LINLI_DB_WRITER_H
#define LINLI_DB_WRITER_H

#include "db/db.h"

struct writer;

struct task {
    struct task *next;
    /* Runs inside the transaction. Anything but OK undoes what it wrote. */
    enum status (*run)(struct task *t, struct db *db);
    /* After the group is durable, or after the failure. */
    void (*done)(struct task *t, enum status s);
    /* Before run is called once more, after its first run was rolled back: takes back what it left outside the
     * store (an answer half written). NULL: run leaves nothing. */
    void (*again)(struct task *t);
    bool bare;          /* run may be called twice with what it was given: a group of such tasks is tried without savepoints */
    enum status result; /* the writer's own */
    bool ran;           /* the writer's: it was called at least once */
    bool contended;     /* likewise: another process may have been first; run once more by itself */
};

/* Called after each durable group with the newest journal number: on the thread that calls done, or, on PostgreSQL, on the
 * sealer's once the group is sealed, and also for what other processes committed. */
typedef void writer_committed(void *arg, int64_t journal_seq);

struct writer *writer_start(struct db *db);                               /* takes the connection; it is closed by writer_stop */
void writer_on_commit(struct writer *w, writer_committed *fn, void *arg); /* before the first submit */
void writer_stop(struct writer *w);                                       /* runs what waits, then ends */
/* false when the queue is full (WRITER_QUEUE tasks): the caller answers BUSY. */
bool writer_submit(struct writer *w, struct task *t);
/* Submits and waits: for commands, jobs and imports on their own threads. */
enum status writer_run(struct writer *w, struct task *t);

/* Waits until what others can read by now of this writer's changes is durable, for who keeps elsewhere what follows from them. NULL:
 * nobody writes. */
void writer_landed(struct writer *w);

struct writer_stats {
    int64_t groups, tasks, failed, waiting, largest;
};
struct writer_stats writer_stats(const struct writer *w);

#define WRITER_QUEUE 20000
#define WRITER_GROUP 500

#endif
