/*
 * The open connections of all workers: accepting them, and making room.
 *
 * A connection that waits for a request costs nobody anything until
 * descriptors run short. Then the one that has waited longest is ended, so
 * that a new visitor is answered at once; browsers open another when they need
 * it. One source (an IPv4 address, an IPv6 /64) keeps a bounded number: past
 * it, its own longest waiting connection makes room, and one that has none is
 * refused. This machine is not limited, and neither is anybody with --proxied,
 * where every connection is the proxy's.
 *
 *     struct links *all = links_new(0, 0);
 *     int fd = links_accept(all, listener, &address, &size);    a worker's loop
 *     struct link *l = link_open(all, fd, (void *)&address, now + 30);
 *     link_busy(l);                    a request's head is complete
 *     link_waits(l, now + 75);         it was answered
 *     link_close(l);
 *
 * All may be called from any thread. A connection is ended by shutdown():
 * its own loop finds it ended, closes it and calls link_close.
 */
#ifndef LINLI_WEB_LINKS_H
#define LINLI_WEB_LINKS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct links;
struct link;

#define LINKS_EACH 256 /* connections of one source; at most a quarter of the descriptors */

/* each: connections of one source; 0: LINKS_EACH; less than 0: no limit. most: all connections. */
struct links *links_new(int each, int most);
void links_free(struct links *all); /* when every connection is closed */

/* Accepts one that waits at the listener. -1: none does, or there is no descriptor for it yet
 * (errno EMFILE, …; then a waiting connection was ended, and it is worth trying again soon). */
int links_accept(struct links *all, int listener, struct sockaddr_storage *from, socklen_t *size);
/* May this source have one more? Ends its longest waiting one if it has enough. False: all of
 * them are busy. */
bool links_admit(struct links *all, const struct sockaddr *from);

/* until: when it is ended if no head has arrived by then; seconds of any clock that only grows. */
struct link *link_open(struct links *all, int fd, const struct sockaddr *from, int64_t until);
void link_busy(struct link *l);
void link_waits(struct link *l, int64_t until);
void link_close(struct link *l);

/* Ends those whose head has not arrived in time; works once a second. */
void links_sweep(struct links *all, int64_t now);

#endif
