/*
 * Reads ADDRESS:PORT and opens the listening socket. All workers accept
 * connections from it.
 */
#include "web/listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int listen_on(const char *at, struct arena *a, int *port, const char **why)
{
    const char *colon = strrchr(at, ':');
    if (!colon) {
        *why = arena_print(a, "%s: write ADDRESS:PORT, such as 127.0.0.1:8080", at);
        return -1;
    }
    bool brackets = at[0] == '[' && colon > at && colon[-1] == ']';
    const char *host = brackets ? arena_copyn(a, at + 1, (size_t)(colon - at - 2))
                                : arena_copyn(a, at, (size_t)(colon - at));
    struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM},
                    *found = NULL;
    int wrong = getaddrinfo(*host ? host : NULL, colon + 1, &hints, &found);
    if (wrong) {
        *why = arena_print(a, "%s: %s", at, gai_strerror(wrong));
        return -1;
    }
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(fd, found->ai_addr, found->ai_addrlen) != 0 || listen(fd, 1024) != 0) {
        *why = arena_print(a, "%s: %s", at, strerror(errno));
        if (fd >= 0)
            close(fd);
        freeaddrinfo(found);
        return -1;
    }
    freeaddrinfo(found);
    struct sockaddr_storage own;
    socklen_t size = sizeof own;
    getsockname(fd, (struct sockaddr *)&own, &size);
    *port = ntohs(own.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&own)->sin6_port
                                            : ((struct sockaddr_in *)&own)->sin_port);
    return fd;
}
