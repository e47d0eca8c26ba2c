/*
 * The writer: one thread, one writing connection, changes committed in groups.
 *
 * On SQLite a second thread syncs the committed group to disk and then tells
 * its tasks. Meanwhile the writer runs the next ones: their group stays open,
 * and grows, until the disk is free. Groups thus form by themselves, and disk
 * and processor never wait for each other. At most one group is committed but
 * not yet durable. On other back ends the commit itself is durable, and the
 * tasks that queued during it form the next group.
 *
 * The lock guards only the queue, the current group and the counters, never
 * the database: submitting takes a few instructions. Submitting the first task
 * wakes the writer, which checks the queue under the lock before it sleeps, so
 * no wake-up is lost.
 *
 * Ownership: tasks belong to their submitters. A task may be gone as soon as
 * its done has returned, so its successor is read first.
 */
#include "db/writer.h"

#include "base/log.h"
#include "db/backend.h"
#include "db/head.h"
#include "db/journal.h"
#include "db/sealer.h"
#include "db/watchdog.h"

#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#define AGAIN_BESIDE 2 /* conflicts with other processes before the group runs alone */
#define AGAIN_MOST   5 /* times a group is retried */
#define CAREFUL      8 /* groups that use savepoints after one in which a task failed half-way */

struct group {
    struct task *first, **last;
    int64_t size;
    struct head newest; /* the audit log's newest entry after it; 0: nobody asks */
    enum status result;
};

struct writer {
    struct db *db;
    struct sealer *sealer; /* NULL: audit log entries are numbered at once */
    int head;              /* the file that holds the end of the audit log (head.h); -1 */
    int careful;           /* remaining groups that use savepoints from the start */
    bool twice;            /* each task is rolled back and run once more (LINLI_TWICE) */
    pthread_t thread, syncer;
    pthread_mutex_t lock;       /* the queue, the group under way, stopping, stats */
    pthread_cond_t work;        /* for the writer: tasks came, or the disk is free */
    pthread_cond_t sync_wanted; /* for the syncer: there is a group to sync */
    pthread_cond_t sync_done;
    struct task *first, **last;
    bool stopping, ended;
    bool beside;          /* commits are made durable by the syncer */
    bool unsynced;        /* a commit is not durable yet, or is about to be made */
    int64_t started;      /* number of such commits */
    bool sync_failed;     /* a sync failed: the database must be repaired before the next commit */
    struct group to_sync; /* the group that the syncer takes next; none: size 0 */
    struct writer_stats stats;
    struct watch watch;
    struct task
        probe; /* a change without effect, to see whether the database accepts changes again */
    bool probing;
    pthread_mutex_t wait_lock; /* for writer_run */
    pthread_cond_t waited;
    writer_committed *committed;
    void *committed_arg;
};

/* Moves waiting tasks to the end of the group, up to WRITER_GROUP; bare ones only as far as the
 * first that is not. Returns the first of them, or NULL. Call under the lock. */
static struct task *take(struct writer *w, struct group *g, bool bare)
{
    struct task *taken = w->first, **end = &w->first;
    int64_t n = 0;
    while (*end && g->size + n < WRITER_GROUP && (!bare || (*end)->bare)) {
        end = &(*end)->next;
        n++;
    }
    if (n == 0)
        return NULL;
    w->first = *end;
    if (!w->first)
        w->last = &w->first;
    *end = NULL;
    *g->last = taken;
    g->last = end;
    g->size += n;
    w->stats.waiting -= n;
    return taken;
}

/* Waits for tasks; false when it is time to stop. */
static bool take_group(struct writer *w, struct group *g)
{
    *g = (struct group){.last = &g->first};
    pthread_mutex_lock(&w->lock);
    while (!w->first && !w->stopping)
        pthread_cond_wait(&w->work, &w->lock);
    take(w, g, false);
    pthread_mutex_unlock(&w->lock);
    return g->size > 0;
}

/* While the disk is busy with the previous group, this one grows. Returns the
 * next task, or NULL when it is time to commit. */
static struct task *more(struct writer *w, struct group *g, bool bare)
{
    struct task *t = NULL;
    pthread_mutex_lock(&w->lock);
    while (w->unsynced && !(t = take(w, g, bare)))
        pthread_cond_wait(&w->work, &w->lock);
    pthread_mutex_unlock(&w->lock);
    return t;
}

/* Ends the sync of a commit: its changes are durable, or it failed. */
static void end_sync(struct writer *w, bool sync_failed)
{
    pthread_mutex_lock(&w->lock);
    w->unsynced = false;
    w->sync_failed |= sync_failed;
    pthread_cond_signal(&w->work);
    pthread_cond_broadcast(&w->sync_done);
    pthread_mutex_unlock(&w->lock);
}

static enum status commit(struct writer *w)
{
    pthread_mutex_lock(&w->lock);
    bool sync_failed = w->sync_failed; /* the sync that this group waited for failed */
    w->unsynced = w->beside && !sync_failed;
    w->started += w->unsynced;
    pthread_mutex_unlock(&w->lock);
    if (sync_failed) {
        db_rollback(w->db);
        return db_fail(w->db, UNAVAILABLE, "the group before did not reach the disk", NULL);
    }
    enum status s = db_commit(w->db);
    if (s != OK && w->beside)
        end_sync(w, false);
    return s;
}

/* Nobody knows how much of a failed sync is on the disk. Later changes would
 * depend on data that may be missing, so it is repaired first. */
static enum status mend(struct writer *w)
{
    pthread_mutex_lock(&w->lock);
    bool sync_failed = w->sync_failed;
    pthread_mutex_unlock(&w->lock);
    enum status s = sync_failed ? w->db->is->mend(w->db) : OK;
    if (sync_failed && s == OK) {
        pthread_mutex_lock(&w->lock);
        w->sync_failed = false;
        pthread_mutex_unlock(&w->lock);
    }
    return s;
}

/* Runs a task without a savepoint, which costs as much as a row or two. Returns false if it
 * failed and left changes behind: then the group must run once more, each task in its own
 * savepoint. */
static bool run_bare(struct writer *w, struct task *t)
{
    struct db *db = w->db;
    int64_t before = db->is->written(db);
    t->ran = true;
    watch_begin(&w->watch, t->what);
    t->result = t->run(t, db);
    watch_end(&w->watch);
    bool whole = db_status(db) == OK ||
                 db_status(db) == CONFLICT; /* otherwise the transaction may be lost */
    if (t->result == OK)
        t->result = db_settle(db);
    db_end_rows(db);
    db_clear(db);
    return t->result == OK || (whole && db->is->written(db) == before);
}

/* For tests: runs the task and undoes it in the database, so that the real run
 * shows what the first one left elsewhere. */
static enum status run_for_trial(struct db *db, struct task *t)
{
    if (db_savepoint(db) != OK)
        return db_status(db);
    t->ran = true;
    if (t->run(t, db) == OK)
        db_settle(db);
    db_clear(db);
    db_savepoint_undo(db);
    if (t->again)
        t->again(t);
    return db_status(db);
}

/* Runs one task in its savepoint. Returns a failure if the whole transaction is
 * lost. */
static enum status run_task(struct writer *w, struct task *t)
{
    struct db *db = w->db;
    if (w->twice && run_for_trial(db, t) != OK)
        return db_status(db);
    if (db_savepoint(db) != OK)
        return db_status(db);
    t->ran = true;
    watch_begin(&w->watch, t->what);
    t->result = t->run(t, db);
    watch_end(&w->watch);
    if (t->result == OK) /* a failure that the task did not check, or that was still pending */
        t->result = db_settle(db);
    if (db_status(db) == UNAVAILABLE)
        log_error("store", "\"failure\":{}", db_failure(db));
    t->contended = db_status(db) == CONFLICT &&
                   db->is->follow; /* what it read may be out of date */
    db_clear(db);
    if (t->result == OK)
        return db_savepoint_release(db);
    db_savepoint_undo(db);
    return db_status(db);
}

static void take_back(struct task *group, bool contended)
{
    for (struct task *t = group; t; t = t->next)
        if (t->again && t->ran &&
            (!contended || t->contended)) /* not if the group stopped before this task */
            t->again(t);
}

/* Runs the group without savepoints. Returns false if a task failed half-way: nothing of the
 * group happened, and it must run once more. */
static bool run_all_bare(struct writer *w, struct group *g, enum status *s)
{
    struct db *db = w->db;
    bool fits = true;
    db_clear(db);
    *s = db_begin(db);
    if (*s != OK)
        return true;
    for (struct task *t = g->first; t && fits; t = t->next ? t->next : more(w, g, true))
        fits = run_bare(w, t);
    if (fits) {
        *s = commit(w);
        if (*s == OK || !db_again(db)) /* otherwise the checkpoint has made space: run again */
            return true;
    }
    db_rollback(db);
    take_back(g->first, false);
    return false;
}

/* Runs the whole group in one transaction. Returns why it could not be
 * committed. */
static enum status run_once(struct writer *w, struct group *g, bool contended)
{
    struct db *db = w->db;
    db_clear(db);
    enum status s = db_begin(db);
    if (s != OK)
        return s;
    for (struct task *t = g->first; t && s == OK; t = t->next ? t->next : more(w, g, false))
        if (!contended || t->contended)
            s = run_task(w, t);
    if (s == OK)
        s = commit(w);
    else
        db_rollback(db);
    return s;
}

static enum status run_until_done(struct writer *w, struct group *g, bool contended)
{
    struct db *db = w->db;
    enum status s = run_once(w, g, contended);
    for (int i = 0; s != OK && i < AGAIN_MOST && db_again(db); i++) {
        if (i == AGAIN_BESIDE)
            db_alone(db, true);
        take_back(g->first, contended);
        s = run_once(w, g, contended);
    }
    return s;
}

static bool all_bare(const struct task *group)
{
    while (group && group->bare)
        group = group->next;
    return !group;
}

/* Runs the group. Tasks that conflicted with another process then run once
 * more, alone. */
static enum status run_group(struct writer *w, struct group *g)
{
    struct db *db = w->db;
    enum status s = mend(w);
    if (s != OK)
        return s;
    if (w->careful > 0)
        w->careful--;
    else if (!w->twice && db->is->written && all_bare(g->first)) {
        if (run_all_bare(w, g, &s))
            return s;
        w->careful = CAREFUL;
    }
    s = run_until_done(w, g, false);
    bool any = false;
    for (struct task *t = g->first; t; t = t->next)
        any |= t->contended;
    if (s == OK && any) {
        db_alone(db, true);
        take_back(g->first, true);
        enum status second = run_until_done(w, g, true);
        for (struct task *t = g->first; second != OK && t; t = t->next)
            if (t->contended)
                t->result = second == BUSY ? BUSY : UNAVAILABLE;
    }
    db_alone(db, false);
    return s;
}

/* Reports the result to each task, and to the listener. */
static void finish(struct writer *w, const struct group *g)
{
    int64_t failed = 0;
    for (struct task *t = g->first; t; t = t->next) {
        if (g->result != OK)
            t->result = g->result == BUSY ? BUSY : UNAVAILABLE;
        failed += t->result != OK;
    }
    pthread_mutex_lock(&w->lock);
    w->stats.groups++;
    w->stats.tasks += g->size;
    w->stats.failed += failed;
    if (g->result == OK || g->result == UNAVAILABLE)
        w->stats.failing = g->result == UNAVAILABLE;
    if (g->size > w->stats.largest)
        w->stats.largest = g->size;
    pthread_mutex_unlock(&w->lock);
    for (struct task *t = g->first, *next; t; t = next) {
        next = t->next;
        t->done(t, t->result);
    }
    if (g->result == OK && w->sealer)
        sealer_wake(w->sealer);
    else if (g->result == OK && w->committed) {
        if (w->head >= 0 && g->newest.seq > 0)
            head_write(w->head, &g->newest);
        w->committed(w->committed_arg, g->newest.seq);
    }
}

/* Syncs each committed group, and only then reports its result. */
static void *syncer_thread(void *arg)
{
    struct writer *w = arg;
    pthread_mutex_lock(&w->lock);
    for (;;) {
        while (w->to_sync.size == 0 && !w->ended)
            pthread_cond_wait(&w->sync_wanted, &w->lock);
        struct group g = w->to_sync;
        w->to_sync.size = 0;
        pthread_mutex_unlock(&w->lock);
        if (g.size == 0)
            return NULL;
        g.result = w->db->is->sync(w->db);
        if (g.result != OK)
            log_error("store", "\"failure\":{}", "what was written did not reach the disk");
        end_sync(w, g.result != OK);
        finish(w, &g);
        pthread_mutex_lock(&w->lock);
    }
}

static void *writer_thread(void *arg)
{
    struct writer *w = arg;
    for (struct group g; take_group(w, &g);) {
        g.result = run_group(w, &g);
        if (g.result != OK && g.result != BUSY)
            log_error("store", "\"failure\":{}", db_failure(w->db));
        else if (g.result == OK && w->committed && !w->sealer)
            head_now(w->db, &g.newest);
        db_clear(w->db);
        if (g.result != OK || !w->beside) {
            finish(w, &g);
            continue;
        }
        pthread_mutex_lock(&w->lock);
        w->to_sync = g;
        pthread_cond_signal(&w->sync_wanted);
        pthread_mutex_unlock(&w->lock);
    }
    return NULL;
}

/* On the sealer's thread: by now the writer may have a listener. */
static void committed(void *arg, int64_t journal_seq)
{
    struct writer *w = arg;
    pthread_mutex_lock(&w->lock);
    writer_committed *fn = w->committed;
    void *fn_arg = w->committed_arg;
    pthread_mutex_unlock(&w->lock);
    if (fn)
        fn(fn_arg, journal_seq);
}

struct writer *writer_start(struct db *db)
{
    struct writer *w = must_alloc(sizeof *w);
    w->db = db;
    w->last = &w->first;
#ifndef NDEBUG
    w->twice = getenv("LINLI_TWICE") != NULL;
#endif
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->work, NULL);
    pthread_cond_init(&w->sync_wanted, NULL);
    pthread_cond_init(&w->sync_done, NULL);
    pthread_mutex_init(&w->wait_lock, NULL);
    pthread_cond_init(&w->waited, NULL);
    watch_add(&w->watch);
    w->head = head_open(db_address(db));
    w->sealer = sealer_start(db, committed, w);
    w->beside = db->is->beside && db->is->beside(db);
    if ((w->beside && pthread_create(&w->syncer, NULL, syncer_thread, w) != 0) ||
        pthread_create(&w->thread, NULL, writer_thread, w) != 0)
        abort();
    return w;
}

void writer_on_commit(struct writer *w, writer_committed *fn, void *arg)
{
    pthread_mutex_lock(&w->lock);
    w->committed = fn;
    w->committed_arg = arg;
    pthread_mutex_unlock(&w->lock);
}

void writer_stop(struct writer *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->stopping = true;
    pthread_cond_signal(&w->work);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    if (w->beside) {
        pthread_mutex_lock(&w->lock);
        w->ended = true;
        pthread_cond_signal(&w->sync_wanted);
        pthread_mutex_unlock(&w->lock);
        pthread_join(w->syncer, NULL);
    }
    watch_remove(&w->watch);
    sealer_stop(w->sealer);
    db_close(w->db);
    if (w->head >= 0)
        close(w->head);
    pthread_cond_destroy(&w->waited);
    pthread_mutex_destroy(&w->wait_lock);
    pthread_cond_destroy(&w->sync_done);
    pthread_cond_destroy(&w->sync_wanted);
    pthread_cond_destroy(&w->work);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

bool writer_submit(struct writer *w, struct task *t)
{
    t->next = NULL;
    t->result = OK;
    t->ran = t->contended = false;
    pthread_mutex_lock(&w->lock);
    bool taken = !w->stopping && w->stats.waiting < WRITER_QUEUE;
    if (taken) {
        if (!w->first)
            pthread_cond_signal(&w->work);
        *w->last = t;
        w->last = &t->next;
        w->stats.waiting++;
    }
    pthread_mutex_unlock(&w->lock);
    return taken;
}

/* ---- submit and wait ---- */

struct waiter {
    struct task task; /* first, because the task in the queue is the waiter */
    struct writer *writer;
    struct task *inner;
    enum status status;
    bool over;
};

static enum status waiter_run(struct task *t, struct db *db)
{
    struct waiter *wait = (struct waiter *)t;
    return wait->inner->run(wait->inner, db);
}

static void waiter_again(struct task *t)
{
    struct waiter *wait = (struct waiter *)t;
    if (wait->inner->again)
        wait->inner->again(wait->inner);
}

static void waiter_done(struct task *t, enum status s)
{
    struct waiter *wait = (struct waiter *)t;
    struct writer *w = wait->writer;
    if (wait->inner->done)
        wait->inner->done(wait->inner, s);
    pthread_mutex_lock(
        &w->wait_lock); /* the writer's lock: the waiter's memory ends once it sees `over` */
    wait->status = s;
    wait->over = true;
    pthread_cond_broadcast(&w->waited);
    pthread_mutex_unlock(&w->wait_lock);
}

enum status writer_run(struct writer *w, struct task *t)
{
    struct waiter wait = {
        .task = {.run = waiter_run, .done = waiter_done, .again = waiter_again, .what = t->what},
        .writer = w,
        .inner = t};
    if (pthread_equal(pthread_self(), w->thread) ||
        (w->beside && pthread_equal(pthread_self(), w->syncer)))
        abort(); /* it would wait for itself */
    if (!writer_submit(w, &wait.task))
        return BUSY;
    pthread_mutex_lock(&w->wait_lock);
    while (!wait.over)
        pthread_cond_wait(&w->waited, &w->wait_lock);
    pthread_mutex_unlock(&w->wait_lock);
    t->result = wait.status;
    return wait.status;
}

void writer_landed(struct writer *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    int64_t own = w->started;
    while (w->unsynced && w->started == own) /* but not for later ones */
        pthread_cond_wait(&w->sync_done, &w->lock);
    pthread_mutex_unlock(&w->lock);
}

struct writer_stats writer_stats(const struct writer *w)
{
    struct writer *own = (struct writer *)w; /* only its lock changes */
    pthread_mutex_lock(&own->lock);
    struct writer_stats s = own->stats;
    pthread_mutex_unlock(&own->lock);
    s.slow = atomic_load(&own->watch.slow);
    s.running = watch_running(&own->watch);
    return s;
}

/* ---- can changes be stored? ---- */

/* Writes a page without changing anything. */
static enum status probe_run(struct task *t, struct db *db)
{
    (void)t;
    return change(db, "UPDATE schema_steps SET at = at WHERE number = 1");
}

static void probe_done(struct task *t, enum status s)
{
    struct writer *w = (struct writer *)((char *)t - offsetof(struct writer, probe));
    (void)s;
    pthread_mutex_lock(&w->lock);
    w->probing = false;
    pthread_mutex_unlock(&w->lock);
}

bool writer_ready(struct writer *w)
{
    pthread_mutex_lock(&w->lock);
    bool failing = w->stats.failing, probe = failing && !w->probing;
    w->probing |= probe;
    pthread_mutex_unlock(&w->lock);
    if (probe) {
        w->probe = (struct task){.run = probe_run, .done = probe_done, .what = "probe"};
        if (!writer_submit(w, &w->probe))
            probe_done(&w->probe, BUSY);
    }
    return !failing && watch_running(&w->watch) < WRITER_HELD;
}
