/*
 * The jobs' threads, one a lane, for all sites of the process: each runs its
 * jobs when their time has come, one after the other, the longest due first,
 * each with an arena and a context of its own. A job that fails says so in the
 * log and comes again.
 *
 * Stores across a network have threads of their own in each lane, so that one
 * that does not answer, for which a statement waits half a minute, holds up no
 * store on this machine and only one of the FAR threads. It is tried again
 * after a pause that doubles each time, or when somebody's change was committed.
 *
 * A tenant in which nothing happened for ASLEEP seconds is looked at once in that
 * time: its store is opened for all that is due, and not kept open for it.
 */
#define _GNU_SOURCE /* gettid */

#include "app/module.h"

#include "base/log.h"
#include "db/writer.h"

#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define JOBS_MOST 64
#define ASLEEP    60 /* seconds */
#define MANY      15 /* seconds: among many tenants nothing is looked for more often; what follows commits comes with them */
#define BEHIND    5  /* nice: who waits for a page comes first, but jobs are not starved */
#define FAR       3  /* threads of a lane for stores across a network, at most; as many as there are of those */
#define PUT_OFF   5  /* seconds until a store that did not answer is tried again, the first time */
#define LONGEST   80

/* One site's jobs on one lane. */
struct shift {
    struct shift *next;
    struct site *site;
    int64_t at[JOBS_MOST]; /* when each is due, seconds on the monotonic clock */
    int64_t followed;      /* when the jobs that follow commits ran last */
    int64_t stirred;       /* when something was committed last */
    int64_t after;         /* not before: it did not answer */
    int silent;            /* how many times running */
    bool woken, busy;
};

/* A thread of a lane: for the stores across a network, or for the others. */
struct hand {
    struct lane *lane;
    pthread_t thread;
    bool far;
};

struct lane {
    struct hand hands[1 + FAR];
    int hand_count;
    pthread_mutex_t lock;
    pthread_cond_t more;
    bool stopping;
    const struct job *list[JOBS_MOST];
    int count;
    bool follows;         /* one of them runs after commits */
    struct shift *shifts; /* under lock */
    int seat;
};

struct jobs {
    struct lane lanes[LANE_COUNT];
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
    struct writer *writer = ctx->site ? site_writer(ctx->site) : NULL;
    if (!writer)
        return ctx->site && ctx->site->open ? ctx_fail(ctx, UNAVAILABLE, NULL) : door_alone(ctx, make);
    struct db *reader = ctx->db;
    struct passage p = {.task = {.run = passage_run, .again = passage_again}, .ctx = ctx, .before = *ctx, .make = make};
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
    if (ctx.status != OK || db_status(db) != OK)
        log_warn("job_failed", "\"tenant\":{},\"job\":{},\"status\":{},\"store\":{}", site->name, job->name, status_name(ctx.status),
                 db_failure(db));
    arena_free(ctx.arena);
    if (seconds() > start)
        malloc_trim(0); /* a long job used much: what it let go of belongs to the machine again */
}

static bool asleep(const struct shift *h)
{
    return h->site->enter && seconds() - h->stirred >= ASLEEP;
}

/* Seconds from one run to the next: each needs the store opened, where there are many. */
static int64_t every(const struct shift *h, const struct job *job)
{
    return h->site->enter && job->every < MANY ? MANY : job->every;
}

/* ---- whose turn it is: under the lock ---- */

static int64_t shift_due(const struct lane *j, const struct shift *h)
{
    int64_t until = h->woken && j->follows ? h->followed + 1 : INT64_MAX;
    for (int i = 0; i < j->count; i++)
        if (j->list[i]->every && h->at[i] < until)
            until = h->at[i];
    return until > h->after ? until : h->after;
}

/* The shift of this thread's that is due first, and when. */
static struct shift *first_due(const struct hand *of, int64_t *until)
{
    struct shift *first = NULL;
    *until = INT64_MAX;
    for (struct shift *h = of->lane->shifts; h; h = h->next) {
        int64_t at = h->busy || !h->site->far == of->far ? INT64_MAX : shift_due(of->lane, h);
        if (at < *until) {
            *until = at;
            first = h;
        }
    }
    return first;
}

/* Waits until a shift is due and marks it busy; NULL when it is time to stop. woken: the jobs that follow commits are due. */
static struct shift *take_shift(const struct hand *of, bool *woken)
{
    struct lane *j = of->lane;
    struct shift *h;
    int64_t until;
    pthread_mutex_lock(&j->lock);
    while (h = first_due(of, &until), !j->stopping && seconds() < until) {
        struct timespec t = {.tv_sec = until == INT64_MAX ? seconds() + 3600 : until};
        pthread_cond_timedwait(&j->more, &j->lock, &t);
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

/* What follows commits was not done when it did not answer. */
static void put_shift(struct lane *j, struct shift *h, bool answered, bool woken)
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

/* False when the store, which is across a network, did not answer: what is left stays due. */
static bool run_due(struct lane *j, struct shift *h, struct db *db, bool woken)
{
    static const char *const leads_of[] = {"jobs", "slow jobs", "imports"};
    int64_t now = seconds();
    bool opening = atomic_load(&h->site->state) == SITE_OPENING; /* they come again in a moment */
    if (!db && !opening && h->site->far && !atomic_load(&h->site->closing))
        return false;
    if (db)
        db_clear(db);
    bool leads = db && db_lead(db, leads_of[j->seat - SEAT_JOBS]), sleeps = asleep(h), answers = true;
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
    const struct hand *of = arg;
    struct lane *j = of->lane;
    struct shift *h;
    bool woken;
    setpriority(PRIO_PROCESS, (id_t)gettid(), BEHIND); /* of this thread only; it also works without */
    while ((h = take_shift(of, &woken)) != NULL) {
        struct site *site = h->site;
        bool inside = !site->enter || site->enter(site);
        bool answered = run_due(j, h, inside ? site_reader(site, j->seat) : NULL, woken);
        if (site->enter && inside) {
            site_reader_close(site, j->seat);
            site->leave(site);
        }
        put_shift(j, h, answered, woken);
    }
    return NULL;
}

/* Before any of the others, or under the lock. */
static void hand_start(struct lane *j, bool far)
{
    struct hand *of = &j->hands[j->hand_count++];
    *of = (struct hand){.lane = j, .far = far};
    if (pthread_create(&of->thread, NULL, jobs_thread, of) != 0)
        abort();
}

static void lane_start(struct lane *j, enum lane_name name)
{
    j->seat = SEAT_JOBS + (int)name;
    for (int m = 0; modules[m]; m++)
        for (const struct job *job = modules[m]->jobs; job && job->name && j->count < JOBS_MOST; job++)
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
    hand_start(j, false);
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
        struct shift *h = must_alloc(sizeof *h);
        *h = (struct shift){.site = site, .woken = true};
        pthread_mutex_lock(&l->lock);
        h->next = l->shifts;
        l->shifts = h;
        if (site->far && l->hand_count <= FAR)
            hand_start(l, true);
        pthread_cond_broadcast(&l->more);
        pthread_mutex_unlock(&l->lock);
    }
}

void jobs_quit(struct jobs *j, struct site *site)
{
    for (int i = 0; i < LANE_COUNT; i++) {
        struct lane *l = &j->lanes[i];
        pthread_mutex_lock(&l->lock);
        for (struct shift **p = &l->shifts; *p;) {
            struct shift *h = *p;
            if (h->site != site) {
                p = &h->next;
            } else if (h->busy) {
                pthread_cond_wait(&l->more, &l->lock);
                p = &l->shifts;
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
        for (struct shift *h = l->shifts; h; h = h->next)
            if (h->site == site) {
                h->woken = true;
                h->stirred = now;
                h->after = 0;                      /* it answers */
                for (int k = 0; k < l->count; k++) /* it was asleep */
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
    for (int i = 0; i < j->hand_count; i++)
        pthread_join(j->hands[i].thread, NULL);
    for (struct shift *h = j->shifts; h; h = h->next)
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
        for (struct shift *h = l->shifts, *next; h; h = next) {
            next = h->next;
            free(h);
        }
        pthread_mutex_destroy(&l->lock);
        pthread_cond_destroy(&l->more);
    }
    free(j);
}
