/*
 * The pool's threads and queue, all under one lock. A queued task knows the
 * pointer that points to it, so it can be removed from the middle of the queue.
 * That pointer (at) is NULL for a task in no queue.
 */
#include "web/pool.h"

#include <pthread.h>
#include <stdlib.h>

struct pool {
    pthread_t threads[POOL_THREADS_MOST];
    int count, first;
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct pool_task *queue, **end;
    int queued, started;
    bool ending;
};

/* Under the lock. */
static void take_out(struct pool *p, struct pool_task *t)
{
    *t->at = t->next;
    if (t->next)
        t->next->at = t->at;
    else
        p->end = t->at;
    t->at = NULL;
    p->queued--;
}

static void *pool_main(void *arg)
{
    struct pool *p = arg;
    struct pool_seat on = {.pages = pages_new()};
    pthread_mutex_lock(&p->lock);
    on.seat = p->first + p->started++;
    for (;;) {
        while (!p->queue && !p->ending)
            pthread_cond_wait(&p->more, &p->lock);
        struct pool_task *t = p->queue;
        if (!t)
            break;
        take_out(p, t);
        pthread_mutex_unlock(&p->lock);
        t->run(t, &on);
        pthread_mutex_lock(&p->lock);
    }
    pthread_mutex_unlock(&p->lock);
    pages_free(on.pages);
    return NULL;
}

struct pool *pool_start(int threads, int first)
{
    struct pool *p = must_alloc(sizeof *p);
    *p = (struct pool){.first = first, .end = &p->queue};
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->more, NULL);
    while (p->count < threads && pthread_create(&p->threads[p->count], NULL, pool_main, p) == 0)
        p->count++;
    if (p->count == threads)
        return p;
    pool_stop(p);
    return NULL;
}

bool pool_put(struct pool *p, struct pool_task *t)
{
    pthread_mutex_lock(&p->lock);
    bool taken = p->queued < POOL_QUEUE_MOST;
    if (taken) {
        t->next = NULL;
        t->at = p->end;
        *p->end = t;
        p->end = &t->next;
        p->queued++;
        pthread_cond_signal(&p->more);
    }
    pthread_mutex_unlock(&p->lock);
    return taken;
}

bool pool_take_back(struct pool *p, struct pool_task *t)
{
    pthread_mutex_lock(&p->lock);
    bool waited = t->at != NULL;
    if (waited)
        take_out(p, t);
    pthread_mutex_unlock(&p->lock);
    return waited;
}

void pool_stop(struct pool *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->ending = true;
    pthread_cond_broadcast(&p->more);
    pthread_mutex_unlock(&p->lock);
    for (int i = 0; i < p->count; i++)
        pthread_join(p->threads[i], NULL);
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->more);
    free(p);
}
