/*
 * The threads for background jobs: one for each lane, for all sites of the
 * process. A thread runs the jobs that are due one after the other, the
 * longest due first, each with its own arena and context. A failed job is
 * logged and retried.
 *
 * Remote databases have their own threads in each lane. A statement to one
 * that does not respond takes up to half a minute; it delays no local database
 * and blocks only one of the FAR threads. Such a database is retried after a
 * pause that doubles each time, or when a change was committed to it.
 *
 * A tenant in which nothing happened for ASLEEP seconds is visited once in
 * that time: its database is opened for everything that is due, and then
 * closed.
 */
#define _GNU_SOURCE /* gettid */

#include "core/module.h"

#include "base/log.h"
#include "db/writer.h"

#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define ASLEEP 60 /* seconds */
#define MANY \
    15 /* seconds: shortest interval among many tenants; jobs after commits come with them */
#define BEHIND  5 /* nice value: pages have priority, but jobs do not starve */
#define FAR     3 /* most threads of a lane for remote databases; never more than databases */
#define PUT_OFF 5 /* seconds before the first retry of a database that did not respond */
#define LONGEST 80

/* One site's jobs in one lane. */
struct site_jobs {
    struct site_jobs *next;
    struct site *site;
    int64_t followed; /* when the jobs that run after commits last ran */
    int64_t stirred;  /* when something was last committed */
    int64_t after;    /* not before this time: the database did not respond */
    int silent;       /* how many times in a row */
    bool woken, busy;
    int64_t at[]; /* when each job of the lane is due, seconds, monotonic */
};

/* A thread of a lane: for remote databases (far), or for the others. */
struct job_thread {
    struct lane *lane;
    pthread_t thread;
    bool far;
};

struct lane {
    struct job_thread threads[1 + FAR];
    int thread_count;
    pthread_mutex_t lock;
    pthread_cond_t more;
    bool stopping;
    const struct job **list;
    int count;
    bool follows;            /* a job of the lane runs after commits */
    struct site_jobs *sites; /* under lock */
    int seat;
};

struct jobs {
    struct lane lanes[LANE_COUNT];
};

struct call_task {
    struct task task;
    struct ctx *ctx, before;
    void (*make)(struct ctx *ctx);
};

static enum status call_run(struct task *t, struct db *db)
{
    struct call_task *p = (struct call_task *)t;
    p->ctx->db = db;
    p->make(p->ctx);
    return p->ctx->status != OK ? p->ctx->status : db_status(db);
}

/* Resets the context before make is called again. */
static void call_again(struct task *t)
{
    struct call_task *p = (struct call_task *)t;
    *p->ctx = p->before;
}

static enum status call_alone(struct ctx *ctx, void (*make)(struct ctx *ctx))
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

enum status writer_call(struct ctx *ctx, void (*make)(struct ctx *ctx))
{
    struct writer *writer = ctx->site ? site_writer(ctx->site) : NULL;
    if (!writer)
        return ctx->site && ctx->site->open ? ctx_fail(ctx, UNAVAILABLE, NULL)
                                            : call_alone(ctx, make);
    struct db *reader = ctx->db;
    struct call_task p = {.task = {.run = call_run, .again = call_again, .what = "writer_call"},
                          .ctx = ctx,
                          .before = *ctx,
                          .make = make};
    enum status s = writer_run(writer, &p.task);
    ctx->db = reader;
    if (s != OK && ctx->status == OK)
        ctx_fail(ctx, s, NULL);
    return s;
}

static int64_t seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec;
}

/* ---- what became of them ---- */

struct job_told {
    struct job_told *next;
    const struct site *site;
    struct job_state state;
};
/* One for each job of each site, for as long as the program runs. */
static pthread_mutex_t told_lock = PTHREAD_MUTEX_INITIALIZER;
static struct job_told *told;

static void job_tell(const struct site *site, const struct job *job, int64_t now, bool failed)
{
    pthread_mutex_lock(&told_lock);
    struct job_told *t = told;
    while (t && (t->site != site || strcmp(t->state.name, job->name) != 0))
        t = t->next;
    if (!t) {
        t = must_alloc(sizeof *t);
        *t = (struct job_told){.next = told, .site = site, .state.name = job->name};
        told = t;
    }
    t->state.last = now;
    if (failed) {
        t->state.failures++;
        t->state.failed_at = now;
    }
    pthread_mutex_unlock(&told_lock);
}

const struct job_state *jobs_states(const struct site *site, struct arena *a, int *count)
{
    struct job_state *list = NULL;
    *count = 0;
    pthread_mutex_lock(&told_lock);
    for (const struct job_told *t = told; t; t = t->next)
        if (t->site == site)
            *ARENA_NEXT(a, list, *count) = t->state;
    pthread_mutex_unlock(&told_lock);
    return list;
}

static void run_job(struct site *site, struct db *db, const struct job *job)
{
    struct ctx ctx;
    ctx_init(&ctx, arena_new());
    ctx.actor.via = "job";
    ctx.site = site;
    ctx.keys = site->keys;
    ctx.db = db;
    db_clear(db);
    int64_t start = seconds();
    job->run(&ctx);
    bool failed = ctx.status != OK || db_status(db) != OK;
    job_tell(site, job, ctx.now, failed);
    if (failed)
        log_warn("job_failed", "\"tenant\":{},\"job\":{},\"status\":{},\"store\":{}", site->name,
                 job->name, status_name(ctx.status), db_failure(db));
    arena_free(ctx.arena);
    if (seconds() > start)
        malloc_trim(0); /* a long job used much memory: give it back to the system */
}

static bool asleep(const struct site_jobs *h)
{
    return h->site->enter && seconds() - h->stirred >= ASLEEP;
}

/* Seconds between two runs. Among many tenants each run has to open the database. */
static int64_t every(const struct site_jobs *h, const struct job *job)
{
    return h->site->enter && job->every < MANY ? MANY : job->every;
}

/* ---- which site is next: under the lock ---- */

static int64_t site_due(const struct lane *j, const struct site_jobs *h)
{
    int64_t until = h->woken && j->follows ? h->followed + 1 : INT64_MAX;
    for (int i = 0; i < j->count; i++)
        if (j->list[i]->every && h->at[i] < until)
            until = h->at[i];
    return until > h->after ? until : h->after;
}

/* Returns the site that is due first for this thread, and when. */
static struct site_jobs *first_due(const struct job_thread *t, int64_t *until)
{
    struct site_jobs *first = NULL;
    *until = INT64_MAX;
    for (struct site_jobs *h = t->lane->sites; h; h = h->next) {
        int64_t at = h->busy || !h->site->far == t->far ? INT64_MAX : site_due(t->lane, h);
        if (at < *until) {
            *until = at;
            first = h;
        }
    }
    return first;
}

/* Waits until a site is due and marks it busy; NULL: stop. woken: the jobs that run after
 * commits are due. */
static struct site_jobs *site_take(const struct job_thread *t, bool *woken)
{
    struct lane *j = t->lane;
    struct site_jobs *h;
    int64_t until;
    pthread_mutex_lock(&j->lock);
    while (h = first_due(t, &until), !j->stopping && seconds() < until) {
        struct timespec end = {.tv_sec = until == INT64_MAX ? seconds() + 3600 : until};
        pthread_cond_timedwait(&j->more, &j->lock, &end);
    }
    if (j->stopping)
        h = NULL;
    if (h) {
        h->busy = true;
        *woken = h->woken && seconds() > h->followed;
        if (*woken) {
            h->woken = false;
            h->followed = seconds();
        }
    }
    pthread_mutex_unlock(&j->lock);
    return h;
}

/* Marks the site as idle again. If its database did not respond, the jobs that run after commits
 * are still due. */
static void site_put_back(struct lane *j, struct site_jobs *h, bool answered, bool woken)
{
    int64_t pause = PUT_OFF;
    pthread_mutex_lock(&j->lock);
    h->busy = false;
    for (int i = 0; !answered && i < h->silent && pause < LONGEST; i++)
        pause *= 2;
    h->silent = answered ? 0 : h->silent + 1;
    h->after = answered ? 0 : seconds() + pause;
    h->woken |= woken && !answered;
    pthread_cond_broadcast(&j->more);
    pthread_mutex_unlock(&j->lock);
}

/* ---- the thread ---- */

/* Returns false if the remote database did not respond: the remaining jobs stay due. */
static bool run_due(struct lane *j, struct site_jobs *h, struct db *db, bool woken)
{
    static const char *const leads_of[] = {"jobs", "slow jobs", "imports"};
    int64_t now = seconds();
    bool opening = atomic_load(&h->site->state) == SITE_OPENING; /* retry in a moment */
    if (!db && !opening && h->site->far && !atomic_load(&h->site->closing))
        return false;
    if (db)
        db_clear(db);
    bool leads = db && db_lead(db, leads_of[j->seat - SEAT_JOBS]), sleeps = asleep(h),
         answers = true;
    for (int i = 0; i < j->count && answers && !atomic_load(&h->site->closing); i++) {
        const struct job *job = j->list[i];
        if (job->every ? now < h->at[i] : !woken)
            continue;
        if (db && (leads || job->here))
            run_job(h->site, db, job);
        answers = !h->site->far || !db || db_status(db) != UNAVAILABLE;
        int64_t pause = opening ? 1 : sleeps && job->every < ASLEEP ? ASLEEP : every(h, job);
        pthread_mutex_lock(&j->lock);
        h->at[i] = now + pause;
        h->woken |= opening && !job->every;
        pthread_mutex_unlock(&j->lock);
    }
    return answers;
}

static void *jobs_thread(void *arg)
{
    const struct job_thread *t = arg;
    struct lane *j = t->lane;
    struct site_jobs *h;
    bool woken;
    setpriority(PRIO_PROCESS, (id_t)gettid(),
                BEHIND); /* for this thread only; failure does no harm */
    while ((h = site_take(t, &woken)) != NULL) {
        struct site *site = h->site;
        bool inside = !site->enter || site->enter(site);
        bool answered = run_due(j, h, inside ? site_reader(site, j->seat) : NULL, woken);
        if (site->enter && inside) {
            site_reader_close(site, j->seat);
            site->leave(site);
        }
        site_put_back(j, h, answered, woken);
    }
    return NULL;
}

/* Before there are other threads, or under the lock. */
static void thread_start(struct lane *j, bool far)
{
    struct job_thread *t = &j->threads[j->thread_count++];
    *t = (struct job_thread){.lane = j, .far = far};
    if (pthread_create(&t->thread, NULL, jobs_thread, t) != 0)
        abort();
}

static void lane_start(struct lane *j, enum lane_name name)
{
    j->seat = SEAT_JOBS + (int)name;
    int n = 0;
    for (int m = 0; modules[m]; m++)
        for (const struct job *job = modules[m]->jobs; job && job->name; job++)
            n += job->lane == name;
    j->list = must_alloc((size_t)(n + 1) * sizeof(const struct job *));
    for (int m = 0; modules[m]; m++)
        for (const struct job *job = modules[m]->jobs; job && job->name; job++)
            if (job->lane == name) {
                j->list[j->count++] = job;
                j->follows |= job->every == 0;
            }
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&j->lock, NULL);
    pthread_cond_init(&j->more, &monotonic);
    pthread_condattr_destroy(&monotonic);
    thread_start(j, false);
}

struct jobs *jobs_start(void)
{
    struct jobs *j = must_alloc(sizeof *j);
    for (int i = 0; i < LANE_COUNT; i++)
        lane_start(&j->lanes[i], (enum lane_name)i);
    return j;
}

void jobs_join(struct jobs *j, struct site *site)
{
    for (int i = 0; i < LANE_COUNT; i++) {
        struct lane *l = &j->lanes[i];
        struct site_jobs *h = must_alloc(sizeof *h + (size_t)l->count * sizeof *h->at);
        *h = (struct site_jobs){.site = site, .woken = true};
        for (int k = 0; k < l->count; k++)
            h->at[k] = 0; /* now */
        pthread_mutex_lock(&l->lock);
        h->next = l->sites;
        l->sites = h;
        if (site->far && l->thread_count <= FAR)
            thread_start(l, true);
        pthread_cond_broadcast(&l->more);
        pthread_mutex_unlock(&l->lock);
    }
}

void jobs_quit(struct jobs *j, struct site *site)
{
    for (int i = 0; i < LANE_COUNT; i++) {
        struct lane *l = &j->lanes[i];
        pthread_mutex_lock(&l->lock);
        for (struct site_jobs **p = &l->sites; *p;) {
            struct site_jobs *h = *p;
            if (h->site != site) {
                p = &h->next;
            } else if (h->busy) {
                pthread_cond_wait(&l->more, &l->lock);
                p = &l->sites;
            } else {
                *p = h->next;
                free(h);
            }
        }
        pthread_mutex_unlock(&l->lock);
    }
}

void jobs_wake(struct jobs *j, const struct site *site)
{
    int64_t now = seconds();
    for (int i = 0; i < LANE_COUNT; i++) {
        struct lane *l = &j->lanes[i];
        pthread_mutex_lock(&l->lock);
        for (struct site_jobs *h = l->sites; h; h = h->next)
            if (h->site == site) {
                h->woken = true;
                h->stirred = now;
                h->after = 0;                      /* it responds */
                for (int k = 0; k < l->count; k++) /* it may have been asleep */
                    if (h->at[k] > now + every(h, l->list[k]))
                        h->at[k] = now + every(h, l->list[k]);
            }
        pthread_cond_broadcast(&l->more);
        pthread_mutex_unlock(&l->lock);
    }
}

static void lane_stop(struct lane *j)
{
    pthread_mutex_lock(&j->lock);
    j->stopping = true;
    pthread_cond_broadcast(&j->more);
    pthread_mutex_unlock(&j->lock);
    for (int i = 0; i < j->thread_count; i++)
        pthread_join(j->threads[i].thread, NULL);
    for (struct site_jobs *h = j->sites; h; h = h->next)
        if (!h->site->enter)
            site_reader_close(h->site, j->seat);
}

void jobs_stop(struct jobs *j)
{
    for (int i = LANE_COUNT; i-- > 0;)
        lane_stop(&j->lanes[i]);
}

void jobs_free(struct jobs *j)
{
    for (int i = 0; i < LANE_COUNT; i++) {
        struct lane *l = &j->lanes[i];
        for (struct site_jobs *h = l->sites, *next; h; h = next) {
            next = h->next;
            free(h);
        }
        pthread_mutex_destroy(&l->lock);
        pthread_cond_destroy(&l->more);
        free(l->list);
    }
    free(j);
}
