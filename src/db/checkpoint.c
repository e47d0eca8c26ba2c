/* The thread sleeps until a commit hook reports enough new pages in the log.
 * The lock is held for everything except the copying. */
#include "db/checkpoint.h"

#include "base/arena.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

struct checkpoint {
    char *path;
    int busy_ms; /* the writer's usual wait for a lock */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool running, wanted, busy, ending;
    int moved;  /* pages of the log already copied to the file */
    int most;   /* pages at which the writer checkpoints itself: fewer if there is little disk space
                 */
    int looked; /* pages when the disk space was last checked */
    int waited; /* pages when the writer last waited for readers */
};

#define PAGE (4096 + 24) /* bytes of a page in the log */

static void look_at_room(struct checkpoint *c)
{
    struct statvfs v;
    int64_t pages = CHECKPOINT_MOST;
    if (statvfs(c->path, &v) == 0)
        pages = (int64_t)v.f_bavail * (int64_t)v.f_frsize / PAGE / 2;
    c->most = pages > CHECKPOINT_MOST    ? CHECKPOINT_MOST
              : pages < CHECKPOINT_LEAST ? CHECKPOINT_LEAST
                                         : (int)pages;
}

static void *checkpoint_thread(void *arg)
{
    struct checkpoint *c = arg;
    sqlite3 *db = NULL;
    bool good = sqlite3_open_v2(c->path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) ==
                    SQLITE_OK &&
                sqlite3_exec(db, "PRAGMA cache_size = -64; SELECT count(*) FROM sqlite_master",
                             NULL, NULL, NULL) == SQLITE_OK;
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

/* Checkpoints the whole log. On the writer's thread, under the lock. */
static void move_all(struct checkpoint *c, sqlite3 *writer, int mode)
{
    while (c->busy)
        pthread_cond_wait(&c->changed, &c->lock);
    sqlite3_wal_checkpoint_v2(writer, NULL, mode, NULL, NULL);
    c->wanted = false;
    c->moved = 0;
}

/* Runs after each of the writer's commits, on its thread. pages: in the log. */
static int after_commit(void *arg, sqlite3 *writer, const char *name, int pages)
{
    struct checkpoint *c = arg;
    (void)name;
    pthread_mutex_lock(&c->lock);
    if (pages < c->moved)
        c->moved = 0; /* the log has restarted */
    if (pages < c->looked || pages - c->looked >= CHECKPOINT_LOOK) {
        c->looked = pages;
        c->waited = pages < c->waited ? 0 : c->waited;
        look_at_room(c);
    }
    if (pages >= 2 * c->most && pages - c->waited >= CHECKPOINT_SOON) {
        c->waited = pages;
        move_all(c, writer, SQLITE_CHECKPOINT_RESTART);
    } else if (pages >= c->most && c->most < CHECKPOINT_MOST) {
        sqlite3_busy_timeout(writer, 0); /* a reader prevents truncation, not copying */
        move_all(c, writer, SQLITE_CHECKPOINT_TRUNCATE);
        sqlite3_busy_timeout(writer, c->busy_ms);
    } else if (pages >= c->most) {
        move_all(c, writer, SQLITE_CHECKPOINT_PASSIVE);
    } else if (pages - c->moved >= CHECKPOINT_SOON && !c->wanted) {
        c->wanted = true;
        if (!c->running)
            c->running = pthread_create(&c->thread, NULL, checkpoint_thread, c) == 0;
        pthread_cond_broadcast(&c->changed);
    }
    pthread_mutex_unlock(&c->lock);
    return SQLITE_OK;
}

bool checkpoint_now(struct checkpoint *c, sqlite3 *writer)
{
    int pages = 0, moved = 0;
    if (c) {
        pthread_mutex_lock(&c->lock);
        while (c->busy)
            pthread_cond_wait(&c->changed, &c->lock);
    }
    /* A reader may prevent truncation, but a log that has been copied
     * completely restarts from its beginning. */
    sqlite3_wal_checkpoint_v2(writer, NULL, SQLITE_CHECKPOINT_PASSIVE, &pages, &moved);
    bool made = pages > 0 && moved == pages;
    sqlite3_wal_checkpoint_v2(writer, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    if (c) {
        c->wanted = false;
        c->moved = 0;
        pthread_mutex_unlock(&c->lock);
    }
    return made;
}

/* A shorter log is not truncated unless there is little disk space: it takes
 * little, and truncation would force a continuous copy (serve --copy-to) to
 * begin a new generation. Bytes. */
#define SHORT_LOG (16 << 20)

void checkpoint_first(sqlite3 *writer, int busy_ms)
{
    const char *path = sqlite3_db_filename(writer, "main");
    struct stat log;
    struct statvfs v;
    if (path && *path && stat(sqlite3_filename_wal(path), &log) == 0 && log.st_size < SHORT_LOG &&
        statvfs(path, &v) == 0 && (int64_t)v.f_bavail * (int64_t)v.f_frsize > 4 * SHORT_LOG)
        return;
    sqlite3_busy_timeout(writer, 0);
    sqlite3_wal_checkpoint_v2(writer, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    sqlite3_busy_timeout(writer, busy_ms);
}

struct checkpoint *checkpoint_start(sqlite3 *writer, const char *path, int busy_ms)
{
    struct checkpoint *c = must_alloc(sizeof *c);
    *c = (struct checkpoint){.path = must_copy(path), .busy_ms = busy_ms};
    look_at_room(c);
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
