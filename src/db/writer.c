/*
 * The writer: one thread, one writing connection, groups of changes.
 *
 * On SQLite a second thread syncs the committed group to the disk and then
 * tells its tasks, while the writer already runs the next ones: their group
 * stays open, and grows by whatever comes, until the disk is free. So a group
 * forms by itself and the disk never waits for the processor, nor the other
 * way round. At most one group is committed and not yet durable. Elsewhere the
 * commit itself is durable, and taking all that gathered meanwhile makes a group.
 *
 * The lock guards the queue, the group under way and the counts only, never the
 * database: submitting costs a few instructions. A waiting writer is woken by
 * whoever puts the first task in; it looks at the queue under the lock before it
 * sleeps, so no wake-up is lost.
 *
 * Ownership: tasks stay their submitter's; a task may be gone as soon as its
 * done returned, so its successor is read before.
 */
#include "db/writer.h"

#include "base/log.h"
#include "db/backend.h"
#include "db/journal.h"
#include "db/sealer.h"

#include <pthread.h>
#include <stdlib.h>

#define AGAIN_BESIDE 2 /* times beside other writers before it runs alone */
#define AGAIN_MOST   5 /* times a group is run once more */
#define CAREFUL      8 /* groups in savepoints after one in which a task failed half-way */

struct group {
    struct task *first, **last;
    int64_t size;
    int64_t newest; /* journal number after it; 0: nobody asks */
    enum status result;
};

struct writer {
    struct db *db;
    struct sealer *sealer; /* NULL: the journal is numbered at once */
    int careful;           /* groups yet that run in savepoints from the start */
    pthread_t thread, syncer;
    pthread_mutex_t lock; /* the queue, the group under way, stopping, stats */
    pthread_cond_t work;  /* for the writer: tasks came, or the disk is free */
    pthread_cond_t flew;  /* for the syncer */
    pthread_cond_t landed;
    struct task *first, **last;
    bool stopping, ended;
    bool beside;         /* commits are made durable by the syncer */
    bool flying;         /* something is committed, or is just about to be, that is not durable yet */
    int64_t started;     /* how often that was so */
    bool torn;           /* a sync failed: the store has to be mended before anything is committed */
    struct group flight; /* what the syncer takes next; none: size 0 */
    struct writer_stats stats;
    pthread_mutex_t wait_lock; /* for writer_run */
    pthread_cond_t waited;
    writer_committed *committed;
    void *committed_arg;
};

/* Moves what waits to the end of the group, up to WRITER_GROUP, of bare ones only as far as there are: the first of them, or
 * NULL. Under the lock. */
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

/* While the disk is busy with the group before, this one grows: the next task, or NULL when it is time to commit. */
static struct task *more(struct writer *w, struct group *g, bool bare)
{
    struct task *t = NULL;
    pthread_mutex_lock(&w->lock);
    while (w->flying && !(t = take(w, g, bare)))
        pthread_cond_wait(&w->work, &w->lock);
    pthread_mutex_unlock(&w->lock);
    return t;
}

/* What was committed is durable, or is not there. */
static void land(struct writer *w, bool torn)
{
    pthread_mutex_lock(&w->lock);
    w->flying = false;
    w->torn |= torn;
    pthread_cond_signal(&w->work);
    pthread_cond_broadcast(&w->landed);
    pthread_mutex_unlock(&w->lock);
}

static enum status commit(struct writer *w)
{
    pthread_mutex_lock(&w->lock);
    bool torn = w->torn; /* the sync that this group waited for failed */
    w->flying = w->beside && !torn;
    w->started += w->flying;
    pthread_mutex_unlock(&w->lock);
    if (torn) {
        db_rollback(w->db);
        return db_fail(w->db, UNAVAILABLE, "the group before did not reach the disk", NULL);
    }
    enum status s = db_commit(w->db);
    if (s != OK && w->beside)
        land(w, false);
    return s;
}

/* After a failed sync nobody knows what of it is on the disk: what follows would hang on something that may not be there. */
static enum status mend(struct writer *w)
{
    pthread_mutex_lock(&w->lock);
    bool torn = w->torn;
    pthread_mutex_unlock(&w->lock);
    enum status s = torn ? w->db->is->mend(w->db) : OK;
    if (torn && s == OK) {
        pthread_mutex_lock(&w->lock);
        w->torn = false;
        pthread_mutex_unlock(&w->lock);
    }
    return s;
}

/* Runs a task without a savepoint, which costs as much as a row or two. Answers false when it failed and left something
 * behind: the group has to be run once more, each task in its own. */
static bool run_bare(struct db *db, struct task *t)
{
    int64_t before = db->is->written(db);
    t->ran = true;
    t->result = t->run(t, db);
    bool whole = db_status(db) == OK || db_status(db) == CONFLICT; /* otherwise the transaction may be lost */
    if (t->result == OK)
        t->result = db_settle(db);
    db_end_rows(db);
    db_clear(db);
    return t->result == OK || (whole && db->is->written(db) == before);
}

/* Runs one task in its savepoint. Answers not OK when the whole transaction is lost. */
static enum status run_task(struct db *db, struct task *t)
{
    if (db_savepoint(db) != OK)
        return db_status(db);
    t->ran = true;
    t->result = t->run(t, db);
    if (t->result == OK) /* a failure that the task did not look at, or that was still under way */
        t->result = db_settle(db);
    if (db_status(db) == UNAVAILABLE)
        log_error("store", "\"failure\":{}", db_failure(db));
    t->contended = db_status(db) == CONFLICT && db->is->follow; /* what it read may have been out of date */
    db_clear(db);
    if (t->result == OK)
        return db_savepoint_release(db);
    db_savepoint_undo(db);
    return db_status(db);
}

static void take_back(struct task *group, bool contended)
{
    for (struct task *t = group; t; t = t->next)
        if (t->again && t->ran && (!contended || t->contended)) /* the group may have broken off before it */
            t->again(t);
}

/* The group without savepoints. Answers false when one of it failed half-way: nothing of it happened, and it has to run
 * once more. */
static bool run_all_bare(struct writer *w, struct group *g, enum status *s)
{
    struct db *db = w->db;
    bool fits = true;
    db_clear(db);
    *s = db_begin(db);
    if (*s != OK)
        return true;
    for (struct task *t = g->first; t && fits; t = t->next ? t->next : more(w, g, true))
        fits = run_bare(db, t);
    if (fits) {
        *s = commit(w);
        return true;
    }
    db_rollback(db);
    take_back(g->first, false);
    return false;
}

/* All of the group in one transaction. Answers what kept it from becoming durable. */
static enum status run_once(struct writer *w, struct group *g, bool contended)
{
    struct db *db = w->db;
    db_clear(db);
    enum status s = db_begin(db);
    if (s != OK)
        return s;
    for (struct task *t = g->first; t && s == OK; t = t->next ? t->next : more(w, g, false))
        if (!contended || t->contended)
            s = run_task(db, t);
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

/* The group; then, alone, what met a row that another process may have put there since it looked. */
static enum status run_group(struct writer *w, struct group *g)
{
    struct db *db = w->db;
    enum status s = mend(w);
    if (s != OK)
        return s;
    if (w->careful > 0)
        w->careful--;
    else if (db->is->written && all_bare(g->first)) {
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

/* Tells each task, and the listener, what became of the group. */
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
    if (g->size > w->stats.largest)
        w->stats.largest = g->size;
    pthread_mutex_unlock(&w->lock);
    for (struct task *t = g->first, *next; t; t = next) {
        next = t->next;
        t->done(t, t->result);
    }
    if (g->result == OK && w->sealer)
        sealer_wake(w->sealer);
    else if (g->result == OK && w->committed)
        w->committed(w->committed_arg, g->newest);
}

/* Makes durable what was committed, and only then tells. */
static void *syncer_thread(void *arg)
{
    struct writer *w = arg;
    pthread_mutex_lock(&w->lock);
    for (;;) {
        while (w->flight.size == 0 && !w->ended)
            pthread_cond_wait(&w->flew, &w->lock);
        struct group g = w->flight;
        w->flight.size = 0;
        pthread_mutex_unlock(&w->lock);
        if (g.size == 0)
            return NULL;
        g.result = w->db->is->sync(w->db);
        if (g.result != OK)
            log_error("store", "\"failure\":{}", "what was written did not reach the disk");
        land(w, g.result != OK);
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
            g.newest = journal_newest(w->db);
        db_clear(w->db);
        if (g.result != OK || !w->beside) {
            finish(w, &g);
            continue;
        }
        pthread_mutex_lock(&w->lock);
        w->flight = g;
        pthread_cond_signal(&w->flew);
        pthread_mutex_unlock(&w->lock);
    }
    return NULL;
}

/* On the sealer's thread: the writer's listener may be there by now. */
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
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->work, NULL);
    pthread_cond_init(&w->flew, NULL);
    pthread_cond_init(&w->landed, NULL);
    pthread_mutex_init(&w->wait_lock, NULL);
    pthread_cond_init(&w->waited, NULL);
    w->sealer = sealer_start(db, committed, w);
    w->beside = db->is->beside && db->is->beside(db);
    if ((w->beside && pthread_create(&w->syncer, NULL, syncer_thread, w) != 0) || pthread_create(&w->thread, NULL, writer_thread, w) != 0)
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
        pthread_cond_signal(&w->flew);
        pthread_mutex_unlock(&w->lock);
        pthread_join(w->syncer, NULL);
    }
    sealer_stop(w->sealer);
    db_close(w->db);
    pthread_cond_destroy(&w->waited);
    pthread_mutex_destroy(&w->wait_lock);
    pthread_cond_destroy(&w->landed);
    pthread_cond_destroy(&w->flew);
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
    struct task task; /* first: the queue's task is the waiter */
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
    pthread_mutex_lock(&w->wait_lock); /* the writer's lock: the waiter's memory ends once it sees over */
    wait->status = s;
    wait->over = true;
    pthread_cond_broadcast(&w->waited);
    pthread_mutex_unlock(&w->wait_lock);
}

enum status writer_run(struct writer *w, struct task *t)
{
    struct waiter wait = {.task = {.run = waiter_run, .done = waiter_done, .again = waiter_again}, .writer = w, .inner = t};
    if (pthread_equal(pthread_self(), w->thread) || (w->beside && pthread_equal(pthread_self(), w->syncer)))
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
    while (w->flying && w->started == own) /* not for the next ones */
        pthread_cond_wait(&w->landed, &w->lock);
    pthread_mutex_unlock(&w->lock);
}

struct writer_stats writer_stats(const struct writer *w)
{
    struct writer *own = (struct writer *)w; /* only its lock changes */
    pthread_mutex_lock(&own->lock);
    struct writer_stats s = own->stats;
    pthread_mutex_unlock(&own->lock);
    return s;
}
