/*
 * The writer: one thread, one writing connection, groups of changes.
 *
 * While a group is being synced to the disk the next tasks gather in the
 * queue; taking all of them at once is what makes a group. The lock guards
 * the queue and the counts only, never the database: submitting costs a few
 * instructions. A waiting writer is woken by whoever puts the first task in;
 * it looks at the queue under the lock before it sleeps, so no wake-up is lost.
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

struct writer {
    struct db *db;
    struct sealer *sealer; /* NULL: the journal is numbered at once */
    int careful;           /* groups yet that run in savepoints from the start */
    pthread_t thread;
    pthread_mutex_t lock; /* the queue, stopping, stats */
    pthread_cond_t work;
    struct task *first, **last;
    bool stopping;
    struct writer_stats stats;
    pthread_mutex_t wait_lock; /* for writer_run */
    pthread_cond_t waited;
    writer_committed *committed;
    void *committed_arg;
};

/* Waits for tasks and takes up to WRITER_GROUP of them; NULL when it is time to stop. */
static struct task *take_group(struct writer *w, int64_t *size)
{
    pthread_mutex_lock(&w->lock);
    while (!w->first && !w->stopping)
        pthread_cond_wait(&w->work, &w->lock);
    struct task *group = w->first, **end = &w->first;
    for (*size = 0; *end && *size < WRITER_GROUP; ++*size)
        end = &(*end)->next;
    w->first = *end;
    if (!w->first)
        w->last = &w->first;
    if (*size)
        *end = NULL;
    w->stats.waiting -= *size;
    pthread_mutex_unlock(&w->lock);
    return group;
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
static bool run_all_bare(struct db *db, struct task *group, enum status *s)
{
    bool fits = true;
    db_clear(db);
    *s = db_begin(db);
    if (*s != OK)
        return true;
    for (struct task *t = group; t && fits; t = t->next)
        fits = run_bare(db, t);
    if (fits) {
        *s = db_commit(db);
        return true;
    }
    db_rollback(db);
    take_back(group, false);
    return false;
}

/* All of the group in one transaction. Answers what kept it from becoming durable. */
static enum status run_once(struct db *db, struct task *group, bool contended)
{
    db_clear(db);
    enum status s = db_begin(db);
    if (s != OK)
        return s;
    for (struct task *t = group; t && s == OK; t = t->next)
        if (!contended || t->contended)
            s = run_task(db, t);
    if (s == OK)
        s = db_commit(db);
    else
        db_rollback(db);
    return s;
}

static enum status run_until_done(struct db *db, struct task *group, bool contended)
{
    enum status s = run_once(db, group, contended);
    for (int i = 0; s != OK && i < AGAIN_MOST && db_again(db); i++) {
        if (i == AGAIN_BESIDE)
            db_alone(db, true);
        take_back(group, contended);
        s = run_once(db, group, contended);
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
static enum status run_group(struct writer *w, struct task *group)
{
    struct db *db = w->db;
    enum status s;
    if (w->careful > 0)
        w->careful--;
    else if (db->is->written && all_bare(group)) {
        if (run_all_bare(db, group, &s))
            return s;
        w->careful = CAREFUL;
    }
    s = run_until_done(db, group, false);
    bool any = false;
    for (struct task *t = group; t; t = t->next)
        any |= t->contended;
    if (s == OK && any) {
        db_alone(db, true);
        take_back(group, true);
        enum status second = run_until_done(db, group, true);
        for (struct task *t = group; second != OK && t; t = t->next)
            if (t->contended)
                t->result = second == BUSY ? BUSY : UNAVAILABLE;
    }
    db_alone(db, false);
    return s;
}

static void count_group(struct writer *w, int64_t size, int64_t failed)
{
    pthread_mutex_lock(&w->lock);
    w->stats.groups++;
    w->stats.tasks += size;
    w->stats.failed += failed;
    if (size > w->stats.largest)
        w->stats.largest = size;
    pthread_mutex_unlock(&w->lock);
}

static void *writer_thread(void *arg)
{
    struct writer *w = arg;
    int64_t size;
    struct task *group;
    while ((group = take_group(w, &size)) != NULL) {
        enum status s = run_group(w, group);
        if (s != OK && s != BUSY)
            log_error("store", "\"failure\":{}", db_failure(w->db));
        db_clear(w->db);
        int64_t failed = 0;
        for (struct task *t = group; t; t = t->next) {
            if (s != OK)
                t->result = s == BUSY ? BUSY : UNAVAILABLE;
            failed += t->result != OK;
        }
        count_group(w, size, failed);
        for (struct task *t = group, *next; t; t = next) {
            next = t->next;
            t->done(t, t->result);
        }
        if (s == OK && w->sealer) {
            sealer_wake(w->sealer);
        } else if (s == OK && w->committed) {
            w->committed(w->committed_arg, journal_newest(w->db));
            db_clear(w->db);
        }
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
    pthread_mutex_init(&w->wait_lock, NULL);
    pthread_cond_init(&w->waited, NULL);
    w->sealer = sealer_start(db, committed, w);
    if (pthread_create(&w->thread, NULL, writer_thread, w) != 0)
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
    sealer_stop(w->sealer);
    db_close(w->db);
    pthread_cond_destroy(&w->waited);
    pthread_mutex_destroy(&w->wait_lock);
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
    if (pthread_equal(pthread_self(), w->thread))
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

struct writer_stats writer_stats(const struct writer *w)
{
    struct writer *own = (struct writer *)w; /* only its lock changes */
    pthread_mutex_lock(&own->lock);
    struct writer_stats s = own->stats;
    pthread_mutex_unlock(&own->lock);
    return s;
}
