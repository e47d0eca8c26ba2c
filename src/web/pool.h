/*
 * A thread pool: some threads, and a queue of tasks that they run in order of
 * arrival. The server has one for slow steps. A remote database has a pool of
 * its own that reads it, so that a stalled network delays only the visitors of
 * that database.
 */
#ifndef LINLI_WEB_POOL_H
#define LINLI_WEB_POOL_H

#include "web/gate.h"

struct pool;

struct pool_seat {
    int seat;            /* the thread's own, for site_reader */
    struct pages *pages; /* pages that the thread has cached */
};

struct pool_task {
    struct pool_task *next, **at; /* used by the pool */
    void (*run)(struct pool_task *t, const struct pool_seat *on);
};

#define POOL_THREADS_MOST 16
#define POOL_QUEUE_MOST   2000

/* Starts 1 to POOL_THREADS_MOST threads, on the seats from first. NULL: can't start a thread. */
struct pool *pool_start(int threads, int first);
/* Queues a task, which belongs to the pool until one of its threads calls run. Returns false if
 * POOL_QUEUE_MOST tasks are waiting. */
bool pool_put(struct pool *c, struct pool_task *t);
/* Removes a waiting task from the queue. Returns false if it is running or has run. */
bool pool_take_back(struct pool *c, struct pool_task *t);
void pool_stop(struct pool *c); /* runs the waiting tasks, then ends; NULL is allowed */

#endif
