/*
 * One list of waiting connections, the longest waiting first, and one table of
 * sources, both under one lock that is held only for a few pointer operations.
 * Connections are ended under it as well: until link_close has taken the lock,
 * the descriptor still belongs to the connection.
 *
 * The system assigns the lowest free descriptor, so the number of a new
 * connection shows how many are in use. The last ones are kept for files that
 * answers need.
 */
#define _GNU_SOURCE /* accept4 */
#include "web/links.h"

#include "base/arena.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define BUCKETS    1024 /* of sources */
#define SPARE_MOST 64   /* descriptors kept for files; an eighth of all if there are few */

struct source {
    struct source *next;
    unsigned char key[17]; /* address family, and the part of the address that counts */
    int open;
};

struct link {
    struct links *all;
    struct link *earlier, *later; /* in the list of waiting connections */
    struct source *source;        /* NULL: not counted */
    int fd;
    bool waits, ended;
    int64_t until;
};

struct links {
    pthread_mutex_t lock;
    struct link *first, *last; /* the waiting connections */
    struct source *sources[BUCKETS];
    int each, most, open;
    int64_t swept;
};

/* Descriptors that the process may have; 0: no limit. */
static rlim_t files_most(void)
{
    struct rlimit files;
    return getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == RLIM_INFINITY
               ? 0
               : files.rlim_cur;
}

struct links *links_new(int each, int most)
{
    struct links *all = must_alloc(sizeof *all);
    rlim_t files = files_most();
    pthread_mutex_init(&all->lock, NULL);
    all->each = each ? each : files == 0 || files / 4 > LINKS_EACH ? LINKS_EACH : (int)(files / 4);
    all->most = most;
    return all;
}

void links_free(struct links *all)
{
    if (!all)
        return;
    pthread_mutex_destroy(&all->lock);
    free(all);
}

/* ---- sources ---- */

/* Writes the part of an address that counts; false: this machine, or not a
 * network address. */
static bool key_of(const struct sockaddr *from, unsigned char key[17])
{
    memset(key, 0, 17);
    if (from && from->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const void *)from;
        key[0] = 4;
        memcpy(key + 1, &v4->sin_addr, 4);
        return key[1] != 127;
    }
    if (!from || from->sa_family != AF_INET6)
        return false;
    const struct in6_addr *v6 = &((const struct sockaddr_in6 *)(const void *)from)->sin6_addr;
    bool mapped = IN6_IS_ADDR_V4MAPPED(v6);
    key[0] = mapped ? 4 : 6;
    memcpy(key + 1, v6->s6_addr + (mapped ? 12 : 0), mapped ? 4 : 8);
    return mapped ? key[1] != 127 : !IN6_IS_ADDR_LOOPBACK(v6);
}

static struct source **source_at(struct links *all, const unsigned char key[17])
{
    uint32_t hash = 2166136261U;
    for (int i = 0; i < 17; i++)
        hash = (hash ^ key[i]) * 16777619U;
    struct source **at = &all->sources[hash % BUCKETS];
    while (*at && memcmp((*at)->key, key, 17) != 0)
        at = &(*at)->next;
    return at;
}

static struct source *source_count(struct links *all, const struct sockaddr *from)
{
    unsigned char key[17];
    if (all->each < 0 || !key_of(from, key))
        return NULL;
    struct source **at = source_at(all, key);
    if (!*at) {
        *at = must_alloc(sizeof **at);
        memcpy((*at)->key, key, 17);
    }
    (*at)->open++;
    return *at;
}

static void source_leave(struct links *all, struct source *s)
{
    if (!s || --s->open > 0)
        return;
    struct source **at = source_at(all, s->key);
    *at = s->next;
    free(s);
}

/* ---- waiting connections ---- */

static void list_remove(struct link *l)
{
    struct links *all = l->all;
    if (!l->waits)
        return;
    *(l->earlier ? &l->earlier->later : &all->first) = l->later;
    *(l->later ? &l->later->earlier : &all->last) = l->earlier;
    l->earlier = l->later = NULL;
    l->waits = false;
}

static void list_add(struct link *l)
{
    struct links *all = l->all;
    l->earlier = all->last;
    l->later = NULL;
    *(all->last ? &all->last->later : &all->first) = l;
    all->last = l;
    l->waits = true;
}

static void end(struct link *l)
{
    list_remove(l);
    l->ended = true;
    shutdown(l->fd, SHUT_RDWR); /* its event loop finds it ended */
}

/* Ends the longest waiting connection, of a source or of all; false: none is
 * waiting. */
static bool end_oldest(struct links *all, const struct source *of)
{
    struct link *l = all->first;
    while (l && of && l->source != of)
        l = l->later;
    if (l)
        end(l);
    return l != NULL;
}

/* ---- from opening to closing ---- */

static bool is_short(const struct links *all, int fd)
{
    rlim_t files = files_most(), spare = files / 8 < SPARE_MOST ? files / 8 : SPARE_MOST;
    return (all->most > 0 && all->open >= all->most) || (files && (rlim_t)fd + spare >= files);
}

int links_accept(struct links *all, int listener, struct sockaddr_storage *from, socklen_t *size)
{
    *size = sizeof *from;
    int fd = accept4(listener, (struct sockaddr *)from, size, SOCK_CLOEXEC | SOCK_NONBLOCK);
    int why = errno;
    bool none = fd < 0 && (why == EMFILE || why == ENFILE || why == ENOBUFS || why == ENOMEM);
    pthread_mutex_lock(&all->lock);
    if (none || (fd >= 0 && is_short(all, fd)))
        end_oldest(all, NULL);
    pthread_mutex_unlock(&all->lock);
    errno = why;
    return fd;
}

bool links_admit(struct links *all, const struct sockaddr *from)
{
    unsigned char key[17];
    bool fits = true;
    if (all->each < 0 || !key_of(from, key))
        return true;
    pthread_mutex_lock(&all->lock);
    const struct source *s = *source_at(all, key);
    if (s && s->open >= all->each)
        fits = end_oldest(all, s);
    pthread_mutex_unlock(&all->lock);
    return fits;
}

struct link *link_open(struct links *all, int fd, const struct sockaddr *from, int64_t until)
{
    struct link *l = must_alloc(sizeof *l);
    pthread_mutex_lock(&all->lock);
    *l = (struct link){.all = all, .fd = fd, .until = until, .source = source_count(all, from)};
    all->open++;
    list_add(l);
    pthread_mutex_unlock(&all->lock);
    return l;
}

void link_busy(struct link *l)
{
    pthread_mutex_lock(&l->all->lock);
    list_remove(l);
    pthread_mutex_unlock(&l->all->lock);
}

void link_waits(struct link *l, int64_t until)
{
    pthread_mutex_lock(&l->all->lock);
    list_remove(l);
    l->until = until;
    if (!l->ended)
        list_add(l);
    pthread_mutex_unlock(&l->all->lock);
}

void link_close(struct link *l)
{
    struct links *all = l->all;
    pthread_mutex_lock(&all->lock);
    list_remove(l);
    source_leave(all, l->source);
    all->open--;
    pthread_mutex_unlock(&all->lock);
    free(l);
}

void links_sweep(struct links *all, int64_t now)
{
    pthread_mutex_lock(&all->lock);
    if (now != all->swept) {
        all->swept = now;
        for (struct link *l = all->first, *next; l; l = next) {
            next = l->later;
            if (now > l->until)
                end(l);
        }
    }
    pthread_mutex_unlock(&all->lock);
}
