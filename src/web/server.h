/*
 * The HTTP server: libmicrohttpd behind our own loop.
 *
 * One daemon, one loop thread and one read connection a worker, all on one
 * listening socket. A change suspends its connection, goes to the writer, and
 * is resumed by its own loop when the commit is durable.
 */
#ifndef LINLI_WEB_SERVER_H
#define LINLI_WEB_SERVER_H

#include "web/site.h"
#include "web/web.h"

struct server;

/* Route tables of the modules, ended by one with list NULL. The tables must live as long as the server. */
struct routes {
    const struct route *list;
    int count;
};
#define ROUTES(table_) \
    { \
        .list = (table_), .count = (int)(sizeof(table_) / sizeof *(table_)) \
    }

/*
 * Starts serving at "ADDR:PORT" ("127.0.0.1:8080", "[::1]:0"; port 0: any free one). The web layer's own
 * routes (sign-in, assets, health) are added. Raises the limit of open files as far as it may.
 * NULL with a message for a person in *why (arena a) when it can't.
 */
struct server *server_start(struct site *site, const char *listen_at, const struct routes *routes, struct arena *a, const char **why);
int server_port(const struct server *s);
/* Takes no new connections, lets the changes that wait for the writer finish, ends. The writer must still run. */
void server_stop(struct server *s);

/* writer_on_commit's function for a site: arg is the struct site. Wakes live pages. */
void server_committed(void *site, int64_t journal_seq);

#define SERVER_CONNECTIONS 4000 /* a worker */
#define SERVER_IDLE        45   /* seconds a connection may be silent */
#define SERVER_HEAD        30   /* seconds from connecting to the end of the first head; later ones SERVER_IDLE more */
#define SERVER_BODY        300  /* seconds a body may take to arrive */
#define SERVER_LIVE        1000 /* live pages a worker */
#define SERVER_PATIENCE    3000 /* milliseconds that a visit waits for its store to be opened, or for its store's crew */

#endif
