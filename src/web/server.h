/*
 * The HTTP server: libmicrohttpd in our own event loops.
 *
 * Each worker has a daemon, a loop thread and a read connection; all share one
 * listening socket. A change suspends its connection and goes to the writer.
 * Its loop resumes it when the commit is durable.
 */
#ifndef LINLI_WEB_SERVER_H
#define LINLI_WEB_SERVER_H

#include "web/site.h"
#include "web/web.h"

struct server;

/* Route tables of the modules, ended by one with list NULL. The tables must live as long as the
 * server. */
struct routes {
    const struct route *list;
    int count;
};
#define ROUTES(table_) \
    { \
        .list = (table_), .count = (int)(sizeof(table_) / sizeof *(table_)) \
    }

/*
 * Starts serving at "ADDR:PORT" ("127.0.0.1:8080", "[::1]:0"; port 0: any free one). Adds the web
 * layer's own routes (sign-in, assets, health). Raises the limit of open files to its maximum.
 * Returns NULL with a message for a person in *why (allocated from a) if it can't.
 */
struct server *server_start(struct site *site, const char *listen_at, const struct routes *routes,
                            struct arena *a, const char **why);
int server_port(const struct server *s);
/* Stops accepting connections, waits for the changes at the writer, and ends. The writer must still
 * be running. */
void server_stop(struct server *s);

/* The callback for writer_on_commit; arg is the struct site. Wakes live pages. */
void server_committed(void *site, int64_t journal_seq);

#define SERVER_CONNECTIONS 4000 /* for each worker */
#define SERVER_IDLE        45   /* seconds that a connection may be silent */
#define SERVER_HEAD \
    30 /* seconds from connecting to the end of the first head; later ones SERVER_IDLE more */
#define SERVER_BODY 300  /* seconds a body may take to arrive */
#define SERVER_LIVE 1000 /* live pages for each worker */
#define SERVER_PATIENCE \
    3000 /* ms that a visit waits for its database to be opened, or for a thread of its pool */

#endif
