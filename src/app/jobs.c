/*
 * The jobs' threads: one runs the quick jobs, one those that may wait for
 * others; each runs its jobs when their time has come, one after the other,
 * each with an arena and a context of its own. A job that fails says so in the
 * log and comes again.
 */
#include "app/module.h"

#include "base/log.h"
#include "db/writer.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define JOBS_MOST 64

struct lane {
    struct site *site;
    struct db *db;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t more;
    bool stopping, woken;
    const struct job *list[JOBS_MOST];
    int64_t next[JOBS_MOST]; /* seconds on the monotonic clock */
    int64_t followed;        /* when the jobs that follow commits ran last */
    int count;
    bool slow;
};

enum { QUICK, SLOW_ONES, LANES };
struct jobs {
    struct lane lanes[LANES];
};

struct passage {
    struct task task;
    struct ctx *ctx, before;
    void (*make)(struct ctx *ctx);
};

static enum status passage_run(struct task *t, struct db *db)
{
    struct passage *p = (struct passage *)t;
    p->ctx->db = db;
    p->make(p->ctx);
    return p->ctx->status != OK ? p->ctx->status : db_status(db);
}

/* A make that is called once more finds the context as it was. */
static void passage_again(struct task *t)
{
    struct passage *p = (struct passage *)t;
    *p->ctx = p->before;
}

static enum status door_alone(struct ctx *ctx, void (*make)(struct ctx *ctx))
{
    if (db_begin(ctx->db) != OK)
        return ctx_fail(ctx, db_status(ctx->db), NULL);
    make(ctx);
    if (ctx->status != OK) {
        db_rollback(ctx->db);
        return ctx->status;
    }
    enum status s = db_commit(ctx->db);
    return s == OK ? OK : ctx_fail(ctx, s, NULL);
}

enum status door(struct ctx *ctx, void (*make)(struct ctx *ctx))
{
    if (!ctx->site || !ctx->site->writer)
        return door_alone(ctx, make);
    struct db *reader = ctx->db;
    struct passage p = {.task = {.run = passage_run, .again = passage_again}, .ctx = ctx, .before = *ctx, .make = make};
    enum status s = writer_run(ctx->site->writer, &p.task);
    ctx->db = reader;
    if (s != OK && ctx->status == OK)
        ctx_fail(ctx, s, NULL);
    return s;
}

static void run_job(struct lane *j, const struct job *job)
{
    struct ctx ctx;
    ctx_init(&ctx, arena_new());
    ctx.actor.via = "job";
    ctx.site = j->site;
    ctx.keys = j->site->keys;
    ctx.db = j->db;
    db_clear(j->db);
    job->run(&ctx);
    if (ctx.status != OK || db_status(j->db) != OK)
        log_warn("job_failed", "\"job\":{},\"status\":{},\"store\":{}", job->name, status_name(ctx.status), db_failure(j->db));
    arena_free(ctx.arena);
}

static int64_t seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec;
}

/* When the next job is due, on the monotonic clock; under the lock. */
static int64_t due(const struct lane *j)
{
    int64_t until = j->woken ? j->followed + 1 : INT64_MAX;
    for (int i = 0; i < j->count; i++)
        if (j->list[i]->every && j->next[i] < until)
            until = j->next[i];
    return until;
}

/* Waits until a job is due; false when it is time to stop. woken: the jobs that follow commits are. */
static bool wait_due(struct lane *j, bool *woken)
{
    pthread_mutex_lock(&j->lock);
    for (int64_t until; !j->stopping && seconds() < (until = due(j));) {
        struct timespec t = {.tv_sec = until == INT64_MAX ? seconds() + 3600 : until};
        pthread_cond_timedwait(&j->more, &j->lock, &t);
    }
    *woken = j->woken && seconds() > j->followed;
    if (*woken) {
        j->woken = false;
        j->followed = seconds();
    }
    bool go = !j->stopping;
    pthread_mutex_unlock(&j->lock);
    return go;
}

static void *jobs_thread(void *arg)
{
    struct lane *j = arg;
    bool woken;
    while (wait_due(j, &woken)) {
        int64_t now = seconds();
        db_clear(j->db);
        bool leads = db_lead(j->db, j->slow ? "slow jobs" : "jobs");
        for (int i = 0; i < j->count; i++) {
            if (j->list[i]->every ? now < j->next[i] : !woken)
                continue;
            if (leads || j->list[i]->here)
                run_job(j, j->list[i]);
            j->next[i] = now + j->list[i]->every;
        }
    }
    return NULL;
}

static bool lane_start(struct lane *j, struct site *site, bool slow, struct arena *a, const char **why)
{
    j->site = site;
    j->slow = slow;
    j->db = db_open(site->data, DB_READ, a, why);
    if (!j->db)
        return false;
    for (int m = 0; modules[m]; m++)
        for (const struct job *job = modules[m]->jobs; job && job->name && j->count < JOBS_MOST; job++)
            if (job->slow == slow)
                j->list[j->count++] = job;
    j->woken = true;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&j->lock, NULL);
    pthread_cond_init(&j->more, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (pthread_create(&j->thread, NULL, jobs_thread, j) != 0)
        abort();
    return true;
}

static void lane_stop(struct lane *j)
{
    pthread_mutex_lock(&j->lock);
    j->stopping = true;
    pthread_cond_signal(&j->more);
    pthread_mutex_unlock(&j->lock);
    pthread_join(j->thread, NULL);
    db_close(j->db);
    pthread_mutex_destroy(&j->lock);
    pthread_cond_destroy(&j->more);
}

struct jobs *jobs_start(struct site *site, struct arena *a, const char **why)
{
    struct jobs *j = must_alloc(sizeof *j);
    if (!lane_start(&j->lanes[QUICK], site, false, a, why)) {
        free(j);
        return NULL;
    }
    if (!lane_start(&j->lanes[SLOW_ONES], site, true, a, why)) {
        lane_stop(&j->lanes[QUICK]);
        free(j);
        return NULL;
    }
    return j;
}

void jobs_wake(struct jobs *j)
{
    for (int i = 0; i < LANES; i++) {
        struct lane *l = &j->lanes[i];
        pthread_mutex_lock(&l->lock);
        l->woken = true;
        pthread_cond_signal(&l->more);
        pthread_mutex_unlock(&l->lock);
    }
}

void jobs_stop(struct jobs *j)
{
    if (!j)
        return;
    for (int i = LANES; i-- > 0;)
        lane_stop(&j->lanes[i]);
    free(j);
}
