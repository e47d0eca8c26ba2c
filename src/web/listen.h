/* Opening the server's listening socket. */
#ifndef LINLI_WEB_LISTEN_H
#define LINLI_WEB_LISTEN_H

#include "base/arena.h"

/*
 * Listens on "ADDRESS:PORT" ("127.0.0.1:8080", "[::1]:0"; port 0: any free one). Returns the
 * socket, which the caller closes, and the port in *port. Returns -1 with a message for a person in
 * *why (allocated from a) if it can't.
 */
int listen_on(const char *at, struct arena *a, int *port, const char **why);

#endif
