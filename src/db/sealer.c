/*
 * The sealer's thread. It waits until this process commits, another one seals,
 * or a second passes. If the database is unavailable, it retries every second.
 *
 * Ownership: the sealer owns its connection.
 */
#include "db/sealer.h"

#include "db/backend.h"
#include "db/journal.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define TURN_MS 1000

struct sealer {
    struct db *db;
    pthread_t thread;
    int wake;
    atomic_bool stopping;
    writer_committed *fn;
    void *arg;
};

static void *sealer_main(void *arg)
{
    struct sealer *s = arg;
    int64_t told = journal_newest(s->db);
    for (bool last = false; !last;) {
        last = atomic_load(
            &s->stopping); /* seals once more after that, for what was committed before */
        db_clear(s->db);
        journal_seal(s->db);
        int64_t newest = db_status(s->db) == OK ? journal_newest(s->db) : told;
        if (newest > told && s->fn)
            s->fn(s->arg, newest);
        if (newest > told)
            told = newest;
        if (!last)
            s->db->is->wait(s->db, s->wake, TURN_MS);
    }
    return NULL;
}

struct sealer *sealer_start(struct db *db, writer_committed *fn, void *arg)
{
    if (!db->is->follow)
        return NULL;
    struct sealer *s = must_alloc(sizeof *s);
    *s = (struct sealer){.db = db->is->follow(db),
                         .wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC),
                         .fn = fn,
                         .arg = arg};
    if (s->wake < 0 || pthread_create(&s->thread, NULL, sealer_main, s) != 0)
        abort();
    return s;
}

void sealer_wake(struct sealer *s)
{
    uint64_t one = 1;
    ssize_t n = write(s->wake, &one, sizeof one);
    (void)n; /* a full counter wakes the thread as well */
}

void sealer_stop(struct sealer *s)
{
    if (!s)
        return;
    atomic_store(&s->stopping, true);
    sealer_wake(s);
    pthread_join(s->thread, NULL);
    db_close(s->db);
    close(s->wake);
    free(s);
}
