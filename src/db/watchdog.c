/* The list is short (one watch for each open database) and guarded by one lock. The watched
 * threads only write atomics. */
#include "db/watchdog.h"

#include "base/log.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#define LOOK_MS 250

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct watch *list;
static bool runs; /* the thread runs, as it does while the list is not empty */
static _Atomic int64_t limit = WATCH_MS;

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static const char *name_of(struct watch *w)
{
    const char *what = atomic_load(&w->what);
    return what ? what : "task";
}

static void look(struct watch *w)
{
    int64_t since = atomic_load(&w->since), ms = now_ms() - since;
    if (since == 0 || ms < atomic_load(&limit) || w->reported == since)
        return;
    w->reported = since;
    log_error("writer_held", "\"task\":{},\"milliseconds\":{},\"ended\":false", name_of(w), ms);
}

static void *watchdog_thread(void *arg)
{
    (void)arg;
    for (;;) {
        nanosleep(&(struct timespec){.tv_nsec = LOOK_MS * 1000000L}, NULL);
        pthread_mutex_lock(&lock);
        for (struct watch *w = list; w; w = w->next)
            look(w);
        if (!list) {
            runs = false;
            pthread_mutex_unlock(&lock);
            return NULL;
        }
        pthread_mutex_unlock(&lock);
    }
}

void watch_add(struct watch *w)
{
    pthread_t thread;
    pthread_mutex_lock(&lock);
    w->next = list;
    list = w;
    if (!runs && pthread_create(&thread, NULL, watchdog_thread, NULL) == 0) {
        runs = true;
        pthread_detach(thread);
    }
    pthread_mutex_unlock(&lock);
}

void watch_remove(struct watch *w)
{
    pthread_mutex_lock(&lock);
    for (struct watch **p = &list; *p; p = &(*p)->next)
        if (*p == w) {
            *p = w->next;
            break;
        }
    pthread_mutex_unlock(&lock);
}

void watch_begin(struct watch *w, const char *what)
{
    atomic_store(&w->what, what);
    atomic_store(&w->since, now_ms());
}

void watch_end(struct watch *w)
{
    int64_t ms = now_ms() - atomic_exchange(&w->since, 0);
    if (ms < atomic_load(&limit))
        return;
    atomic_fetch_add(&w->slow, 1);
    log_error("writer_held", "\"task\":{},\"milliseconds\":{},\"ended\":true", name_of(w), ms);
}

int64_t watch_running(const struct watch *w)
{
    int64_t since = atomic_load(&w->since);
    return since ? now_ms() - since : 0;
}

void watch_limit(int64_t ms)
{
    atomic_store(&limit, ms);
}
