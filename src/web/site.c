/*
 * A site's connections: readers by seat, and the writer once it is needed.
 * Only the shared seat needs a lock: any other has one thread, and a site is
 * closed only when nobody is inside.
 */
#include "web/site.h"

#include "base/log.h"
#include "db/writer.h"

struct db *site_reader(struct site *site, int seat)
{
    if (site->readers[seat] || !site->data || atomic_load(&site->state) != SITE_OPEN)
        return site->readers[seat];
    struct arena *a = arena_new();
    const char *why = "";
    if (!site_reader_open(site, seat, a, &why) && !site->quiet)
        log_error("store", "\"tenant\":{},\"failure\":{}", site->name, why);
    arena_free(a);
    return site->readers[seat];
}

bool site_reader_open(struct site *site, int seat, struct arena *a, const char **why)
{
    site->readers[seat] = db_open(site->data, DB_READ, a, why);
    if (seat < SEAT_JOBS && site->readers[seat])
        db_limit(site->readers[seat], SITE_PAGE);
    return site->readers[seat] != NULL;
}

int site_sit_down(struct site *site, int own)
{
    if (!site->enter || pthread_mutex_trylock(&site->reading) != 0)
        return own;
    if (site->readers[SEAT_SHARED])
        db_room(site->readers[SEAT_SHARED], atomic_load(&site->room));
    return SEAT_SHARED;
}

void site_stand_up(struct site *site, int seat)
{
    if (seat == SEAT_SHARED)
        pthread_mutex_unlock(&site->reading);
}

void site_reader_close(struct site *site, int seat)
{
    db_close(site->readers[seat]);
    site->readers[seat] = NULL;
}

struct writer *site_writer(struct site *site)
{
    struct writer *w = atomic_load(&site->writer);
    return w || !site->open ? w : site->open(site);
}
