/*
 * A crew's threads and queue. An errand in the queue knows the place that
 * points to it, so that one can be taken out of the midst; at is NULL for one
 * that is in no queue. All of it is under the lock.
 */
#include "web/crew.h"

#include <pthread.h>
#include <stdlib.h>

struct crew {
    pthread_t threads[CREW_MOST];
    int count, first;
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct errand *queue, **end;
    int queued, started;
    bool ending;
};

/* Under the lock. */
static void take_out(struct crew *c, struct errand *e)
{
    *e->at = e->next;
    if (e->next)
        e->next->at = e->at;
    else
        c->end = e->at;
    e->at = NULL;
    c->queued--;
}

static void *crew_main(void *arg)
{
    struct crew *c = arg;
    struct crew_seat on = {.pages = pages_new()};
    pthread_mutex_lock(&c->lock);
    on.seat = c->first + c->started++;
    for (;;) {
        while (!c->queue && !c->ending)
            pthread_cond_wait(&c->more, &c->lock);
        struct errand *e = c->queue;
        if (!e)
            break;
        take_out(c, e);
        pthread_mutex_unlock(&c->lock);
        e->run(e, &on);
        pthread_mutex_lock(&c->lock);
    }
    pthread_mutex_unlock(&c->lock);
    pages_free(on.pages);
    return NULL;
}

struct crew *crew_start(int threads, int first)
{
    struct crew *c = must_alloc(sizeof *c);
    *c = (struct crew){.first = first, .end = &c->queue};
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->more, NULL);
    while (c->count < threads && pthread_create(&c->threads[c->count], NULL, crew_main, c) == 0)
        c->count++;
    if (c->count == threads)
        return c;
    crew_stop(c);
    return NULL;
}

bool crew_put(struct crew *c, struct errand *e)
{
    pthread_mutex_lock(&c->lock);
    bool taken = c->queued < CREW_QUEUE;
    if (taken) {
        e->next = NULL;
        e->at = c->end;
        *c->end = e;
        c->end = &e->next;
        c->queued++;
        pthread_cond_signal(&c->more);
    }
    pthread_mutex_unlock(&c->lock);
    return taken;
}

bool crew_take_back(struct crew *c, struct errand *e)
{
    pthread_mutex_lock(&c->lock);
    bool waited = e->at != NULL;
    if (waited)
        take_out(c, e);
    pthread_mutex_unlock(&c->lock);
    return waited;
}

void crew_stop(struct crew *c)
{
    if (!c)
        return;
    pthread_mutex_lock(&c->lock);
    c->ending = true;
    pthread_cond_broadcast(&c->more);
    pthread_mutex_unlock(&c->lock);
    for (int i = 0; i < c->count; i++)
        pthread_join(c->threads[i], NULL);
    pthread_mutex_destroy(&c->lock);
    pthread_cond_destroy(&c->more);
    free(c);
}
