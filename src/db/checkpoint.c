/* The thread sleeps until the writer's commit says that there is enough to move; all but the copying is under the lock. */
#include "db/checkpoint.h"

#include "base/arena.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

struct checkpoint {
    char *path;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool running, wanted, busy, ending;
    int moved; /* pages of the log that were in the file after the last time */
};

static void *checkpoint_thread(void *arg)
{
    struct checkpoint *c = arg;
    sqlite3 *db = NULL;
    bool good = sqlite3_open_v2(c->path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK &&
                sqlite3_exec(db, "PRAGMA cache_size = -64; SELECT count(*) FROM sqlite_master", NULL, NULL, NULL) == SQLITE_OK;
    pthread_mutex_lock(&c->lock);
    while (!c->ending) {
        if (!c->wanted || !good) {
            pthread_cond_wait(&c->changed, &c->lock);
            continue;
        }
        int moved = 0;
        c->busy = true;
        pthread_mutex_unlock(&c->lock);
        sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, &moved);
        pthread_mutex_lock(&c->lock);
        c->moved = moved;
        c->busy = c->wanted = false;
        pthread_cond_broadcast(&c->changed);
    }
    pthread_mutex_unlock(&c->lock);
    sqlite3_close(db);
    return NULL;
}

/* After each of the writer's commits, on its thread; pages: in the log. */
static int after_commit(void *arg, sqlite3 *writer, const char *name, int pages)
{
    struct checkpoint *c = arg;
    pthread_mutex_lock(&c->lock);
    if (pages < c->moved)
        c->moved = 0; /* the log started again */
    if (pages >= CHECKPOINT_MOST) {
        while (c->busy)
            pthread_cond_wait(&c->changed, &c->lock);
        sqlite3_wal_checkpoint_v2(writer, name, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
        c->wanted = false;
        c->moved = 0;
    } else if (pages - c->moved >= CHECKPOINT_SOON && !c->wanted) {
        c->wanted = true;
        if (!c->running)
            c->running = pthread_create(&c->thread, NULL, checkpoint_thread, c) == 0;
        pthread_cond_broadcast(&c->changed);
    }
    pthread_mutex_unlock(&c->lock);
    return SQLITE_OK;
}

struct checkpoint *checkpoint_start(sqlite3 *writer, const char *path)
{
    struct checkpoint *c = must_alloc(sizeof *c);
    *c = (struct checkpoint){.path = must_copy(path)};
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->changed, NULL);
    sqlite3_wal_hook(writer, after_commit, c);
    return c;
}

void checkpoint_stop(struct checkpoint *c)
{
    if (!c)
        return;
    pthread_mutex_lock(&c->lock);
    c->ending = true;
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
    if (c->running)
        pthread_join(c->thread, NULL);
    pthread_cond_destroy(&c->changed);
    pthread_mutex_destroy(&c->lock);
    free(c->path);
    free(c);
}
