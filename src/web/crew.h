/*
 * A crew: some threads and the errands that wait for them, in the order in
 * which they came. The server has one for slow steps; a store across a network
 * has one of its own that reads it, so that a network which stands still holds
 * up those who came for that store and nobody else.
 */
#ifndef LINLI_WEB_CREW_H
#define LINLI_WEB_CREW_H

#include "web/gate.h"

struct crew;

struct crew_seat {
    int seat;            /* for site_reader: the thread's own */
    struct pages *pages; /* what the thread remembers */
};

struct errand {
    struct errand *next, **at; /* the crew's */
    void (*run)(struct errand *e, const struct crew_seat *on);
};

#define CREW_MOST  16
#define CREW_QUEUE 2000

/* threads: 1 to CREW_MOST, on the seats from first. NULL: no thread can be started. */
struct crew *crew_start(int threads, int first);
/* From now on the crew's, until run is called on one of its threads. false: too many wait. */
bool crew_put(struct crew *c, struct errand *e);
/* true: it still waited and is the caller's again. false: it is being run, or was. */
bool crew_take_back(struct crew *c, struct errand *e);
void crew_stop(struct crew *c); /* runs what waits, then ends */

#endif
