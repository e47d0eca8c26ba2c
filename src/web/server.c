/*
 * The HTTP server: workers, their event loops, and how a change is processed.
 *
 * libmicrohttpd's own epoll thread stops when one wait returns exactly 128
 * events. Each worker therefore polls its daemon's epoll descriptor itself and
 * calls MHD_run. Such a loop would miss a resume from another thread: the
 * writer and the slow threads append to the worker's done list and signal its
 * eventfd, and the loop resumes the connection. The loop accepts connections
 * as well (web/links.h): the library would stop accepting for good when
 * descriptors run out and no connection of that worker ends.
 *
 * A visit is made when the request line arrives. It returns to its worker's
 * spare list once the connection has sent the answer. Between submit and done
 * it belongs to the writer, between pool_put and done to a pool.
 *
 * A visit may wait for a database that is being opened, or for the pool of a
 * remote one. It then stands in its worker's list aside, and is answered with
 * 503 when its time is over.
 */
#include "web/server.h"

#include "web/gate.h"
#include "web/links.h"
#include "web/listen.h"
#include "web/pool.h"

#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define SPARE_MOST   256
#define ASIDE_LOOK   5   /* ms between two checks of databases that are being opened */
#define ASIDE_LATE   100 /* ms between two checks of visits that wait for a pool */
#define ACCEPT_MOST  16  /* connections a worker accepts at once */
#define ACCEPT_RESTS 20  /* ms without accepting when there is no descriptor */
#define DISCARD \
    ((size_t)64 \
     << 20) /* bytes past the limit that are read and dropped, so that the answer arrives */

enum stage { STAGE_NEW, STAGE_BODY, STAGE_WAITING, STAGE_DONE, STAGE_READY, STAGE_LIVE };

struct worker;
#define LIVE_EACH  20   /* live pages of one person: a window each, and more */
#define LIVE_SLOTS 4096 /* two whose hash is the same share a slot, and its limit */

struct call {           /* the server's side of a visit */
    struct visit visit; /* first */
    struct call *next;  /* done list, spare list, live list */
    struct pool_task pool_task;
    struct pool *pool;               /* which has pool_task */
    struct call *beside, **aside_at; /* the list aside; aside_at NULL: not in it */
    int64_t until;                   /* end of that wait, ms on the monotonic clock */
    bool finishing;                  /* pool_task draws the answer after a change */
    bool opening;                    /* waits for its database to be opened */
    bool late;                       /* waited too long: answer without a database */
    bool listens;                    /* a live page may begin */
    unsigned live_slot;              /* the slot that counts its live pages */
    struct worker *worker;
    struct MHD_Connection *connection;
    enum stage stage;
    enum status outcome;
    bool drawn; /* the answer is ready: no gate_finish */
    bool suspended;
    int64_t sent, sent_at; /* live: the audit log number last sent, and when */
    int64_t began;         /* seconds on the monotonic clock */
    char uri[8192];
};

struct worker {
    struct server *server;
    pthread_t thread;
    struct MHD_Daemon *daemon;
    int seat, epoll, wake;
    pthread_mutex_t lock;
    struct call *done; /* under lock */
    struct call *spare;
    struct pages *pages; /* pages that its thread has cached */
    struct call *live, *aside;
    int64_t looked; /* when aside was last checked, ms */
    int64_t rests;  /* accepts nothing until then, ms: there was no descriptor */
    int openings;   /* calls in aside that wait for a database to be opened */
    int spares, lives;
    int waiting; /* suspended for a change or a slow step */
};

struct server {
    struct site *site;
    struct gate *gate;
    int listener, port, worker_count, slow_count;
    struct worker workers[16];
    struct pool *slow;
    struct links *links;
    atomic_int live_of[LIVE_SLOTS]; /* live pages by user, indexed by a hash */
    atomic_bool stopping;
};

static void wake(struct worker *w)
{
    uint64_t one = 1;
    ssize_t n = write(w->wake, &one, sizeof one);
    (void)n; /* a full counter wakes as well */
}

/* Called on any thread: returns the visit to its loop. */
static void call_done(struct call *c)
{
    struct worker *w = c->worker;
    pthread_mutex_lock(&w->lock);
    bool first = !w->done; /* the loop takes all at once */
    c->next = w->done;
    w->done = c;
    pthread_mutex_unlock(&w->lock);
    if (first)
        wake(w);
}

static enum status task_run(struct task *t, struct db *db)
{
    struct call *c = (struct call *)t;
    return gate_change(c->worker->server->gate, &c->visit, db);
}

static void task_again(struct task *t)
{
    gate_again(&((struct call *)t)->visit);
}

static void task_done(struct task *t, enum status s)
{
    struct call *c = (struct call *)t;
    c->outcome = s;
    call_done(c);
}

static void call_submit(struct call *c)
{
    struct writer *writer = site_writer(c->visit.ctx.site);
    c->visit.task = (struct task){.run = task_run,
                                  .done = task_done,
                                  .again = task_again,
                                  .what = c->visit.route->path,
                                  .bare = c->visit.route->flags & TWICE};
    if (!writer || !writer_submit(writer, &c->visit.task))
        task_done(&c->visit.task, writer ? BUSY : UNAVAILABLE);
}

/* ---- on a pool's thread ---- */

static struct call *call_of(struct pool_task *e)
{
    return (struct call *)((char *)e - offsetof(struct call, pool_task));
}

static void call_drawn(struct call *c)
{
    c->drawn = true;
    call_done(c);
}

static void run_slow(struct pool_task *e, const struct pool_seat *on)
{
    struct call *c = call_of(e);
    if (gate_prepare(c->worker->server->gate, &c->visit,
                     site_reader(c->visit.ctx.site, on->seat)) == GATE_CHANGE)
        call_submit(c);
    else
        call_drawn(c);
}

/* Does for a remote database what a loop does itself for a local one. */
static void run_enter(struct pool_task *e, const struct pool_seat *on)
{
    struct call *c = call_of(e);
    struct gate *g = c->worker->server->gate;
    struct db *reader = site_reader(c->visit.ctx.site, on->seat);
    c->visit.pages = on->pages;
    enum gate_next next = gate_enter(g, &c->visit, reader);
    if (next == GATE_SLOW)
        next = gate_prepare(g, &c->visit, reader);
    if (next == GATE_CHANGE) {
        call_submit(c);
        return;
    }
    c->listens = next == GATE_LIVE;
    if (c->listens)
        site_writer(c->visit.ctx.site);
    call_drawn(c);
}

static void run_finish(struct pool_task *e, const struct pool_seat *on)
{
    struct call *c = call_of(e);
    gate_finish(c->worker->server->gate, &c->visit, site_reader(c->visit.ctx.site, on->seat),
                c->outcome);
    call_drawn(c);
}

/* ---- one request ---- */

static int64_t milliseconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t seconds(void)
{
    return milliseconds() / 1000;
}

static int64_t head_most(const struct worker *w)
{
    return w->server->site->head_seconds ? w->server->site->head_seconds : SERVER_HEAD;
}

static void on_connection(void *arg, struct MHD_Connection *connection, void **own,
                          enum MHD_ConnectionNotificationCode code)
{
    struct worker *w = arg;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *fd = MHD_get_connection_info(
                                           connection, MHD_CONNECTION_INFO_CONNECTION_FD),
                                       *from = MHD_get_connection_info(
                                           connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
        *own = link_open(w->server->links, fd ? fd->connect_fd : -1,
                         from ? from->client_addr : NULL, seconds() + head_most(w));
    } else if (*own) {
        link_close(*own);
        *own = NULL;
    }
}

static struct link *link_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(
        connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

static void *on_uri(void *arg, const char *uri, struct MHD_Connection *connection)
{
    struct worker *w = arg;
    struct call *c = w->spare;
    if (c) {
        w->spare = c->next;
        w->spares--;
        visit_clear(&c->visit);
    } else {
        c = must_alloc(sizeof *c);
        visit_init(&c->visit);
    }
    c->next = NULL;
    c->worker = w;
    c->connection = connection;
    c->stage = STAGE_NEW;
    c->drawn = c->suspended = c->finishing = c->late = c->listens = false;
    c->sent = 0;
    c->began = seconds();
    size_t n = strlen(uri);
    if (n >= sizeof c->uri)
        n = 0; /* too long: no route matches an empty URL */
    memcpy(c->uri, uri, n);
    c->uri[n] = '\0';
    /* The library would copy the parameters into its memory for the connection
     * and, with some 500 of them, drop the connection without an answer. The
     * gate parses them itself, so they are hidden from the library here: it has
     * not read its buffer beyond the line yet. */
    for (char *p = (char *)memchr(uri, '?', strlen(uri)); p && *p; p++)
        *p = *p == '?' || *p == '&' ? '_' : *p;
    c->visit.uri = c->uri;
    c->visit.server = c;
    c->visit.pages = w->pages;
    return c;
}

static void on_completed(void *arg, struct MHD_Connection *connection, void **closure,
                         enum MHD_RequestTerminationCode code)
{
    (void)code;
    struct worker *w = arg;
    if (link_of(connection)) /* the next request on the same connection */
        link_waits(link_of(connection), seconds() + SERVER_IDLE + head_most(w));
    struct call *c = *closure;
    if (!c)
        return;
    *closure = NULL;
    if (c->stage == STAGE_LIVE) {
        for (struct call **p = &w->live; *p; p = &(*p)->next)
            if (*p == c) {
                *p = c->next;
                break;
            }
        w->lives--;
        atomic_fetch_sub(&w->server->live_of[c->live_slot], 1);
        atomic_fetch_sub(&c->visit.ctx.site->live, 1);
    }
    if (c->visit.inside) {
        c->visit.inside->leave(c->visit.inside);
        c->visit.inside = NULL;
    }
    if (w->spares < SPARE_MOST) {
        c->next = w->spare;
        w->spare = c;
        w->spares++;
    } else {
        visit_release(&c->visit);
        free(c);
    }
}

static enum MHD_Result take_header(void *visit, enum MHD_ValueKind kind, const char *name,
                                   const char *value)
{
    (void)kind;
    return input_header(visit, name, value) ? MHD_YES : MHD_NO;
}

static void take_peer(struct call *c)
{
    char text[NI_MAXHOST] = "";
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(
        c->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (info && info->client_addr) {
        socklen_t size = info->client_addr->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                                                  : sizeof(struct sockaddr_in);
        if (getnameinfo(info->client_addr, size, text, sizeof text, NULL, 0, NI_NUMERICHOST) != 0)
            text[0] = '\0';
    }
    c->visit.peer = arena_copy(c->visit.arena, text);
}

/* A live page: sends the newest audit log number when it changed, and a comment every 20 s to find
 * dead connections. */
static ssize_t live_read(void *arg, uint64_t pos, char *data, size_t room)
{
    struct call *c = arg;
    struct server *s = c->worker->server;
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    int64_t newest = atomic_load(&c->visit.ctx.site->journal);
    if (atomic_load(&s->stopping) || atomic_load(&c->visit.ctx.site->closing))
        return MHD_CONTENT_READER_END_OF_STREAM;
    int n = 0;
    if (pos == 0)
        n = snprintf(data, room, "retry: 2000\n\n");
    else if (newest > c->sent && t.tv_sec > c->sent_at)
        n = snprintf(data, room, "event: change\ndata: %lld\n\n", (long long)newest);
    else if (t.tv_sec - c->sent_at >= 20)
        n = snprintf(data, room, ":\n\n");
    if (n == 0) {
        c->suspended = true;
        MHD_suspend_connection(c->connection);
        return 0;
    }
    c->sent = newest;
    c->sent_at = t.tv_sec;
    return n;
}

static enum MHD_Result call_live(struct call *c)
{
    struct worker *w = c->worker;
    struct site *site = c->visit.ctx.site;
    c->sent = atomic_load(&site->journal);
    struct MHD_Response *response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 1024,
                                                                      live_read, c, NULL);
    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, "Content-Type", "text/event-stream");
    MHD_add_response_header(response, "Cache-Control", "no-store");
    MHD_add_response_header(response, "X-Accel-Buffering", "no");
    c->stage = STAGE_LIVE;
    c->next = w->live;
    w->live = c;
    w->lives++;
    atomic_fetch_add(&site->live, 1);
    enum MHD_Result r = MHD_queue_response(c->connection, 200, response);
    MHD_destroy_response(response);
    return r;
}

static enum MHD_Result call_answer(struct call *c)
{
    struct visit *v = &c->visit;
    struct MHD_Response *response;
    if (v->fixed) {
        response = MHD_create_response_from_buffer(v->fixed_size, (void *)(uintptr_t)v->fixed,
                                                   MHD_RESPMEM_PERSISTENT);
    } else {
        /* The answer is not copied: its buffer lives until the visit is reused,
         * after the answer has been sent. */
        response = MHD_create_response_from_buffer(v->out.size, v->out.data,
                                                   MHD_RESPMEM_PERSISTENT);
    }
    if (!response)
        return MHD_NO;
    for (int i = 0; i < v->ex.answer_count; i++)
        MHD_add_response_header(response, v->ex.answer[i].name, v->ex.answer[i].value);
    enum MHD_Result r = MHD_queue_response(c->connection, (unsigned)v->ex.code, response);
    MHD_destroy_response(response);
    return r;
}

static void call_suspend(struct call *c)
{
    c->stage = STAGE_WAITING;
    c->worker->waiting++;
    MHD_suspend_connection(c->connection);
}

/* Suspends the call until its pool or database is ready, for SERVER_PATIENCE at most. */
static void call_aside(struct call *c, bool opening)
{
    struct worker *w = c->worker;
    c->until = milliseconds() + SERVER_PATIENCE;
    c->opening = opening;
    w->openings += opening;
    c->beside = w->aside;
    c->aside_at = &w->aside;
    if (c->beside)
        c->beside->aside_at = &c->beside;
    w->aside = c;
    call_suspend(c);
}

static void call_back(struct call *c)
{
    if (!c->aside_at)
        return;
    *c->aside_at = c->beside;
    if (c->beside)
        c->beside->aside_at = c->aside_at;
    c->aside_at = NULL;
    c->worker->openings -= c->opening;
    c->opening = false;
}

/* Suspends before pool_put, because the pool may finish at once. If the pool's queue is full, the
 * loop answers. */
static enum MHD_Result call_send(struct call *c, struct pool *pool,
                                 void (*run)(struct pool_task *e, const struct pool_seat *on))
{
    struct server *s = c->worker->server;
    c->pool = pool;
    c->pool_task.run = run;
    if (pool == s->slow)
        call_suspend(c);
    else
        call_aside(c, false);
    if (pool_put(pool, &c->pool_task))
        return MHD_YES;
    if (c->finishing)
        gate_finish(s->gate, &c->visit, NULL, c->outcome);
    else if (pool == s->slow)
        gate_give_up(&c->visit);
    else
        gate_enter(s->gate, &c->visit, NULL);
    call_drawn(c);
    return MHD_YES;
}

/* The slot that counts a user's live pages: by account, volunteer card, or
 * address. */
static unsigned live_slot(const struct call *c)
{
    const struct visit *v = &c->visit;
    unsigned char hash[crypto_generichash_BYTES_MIN];
    const char *who = v->ctx.actor.user != NONE
                          ? arena_print(v->arena, "user %lld", (long long)v->ctx.actor.user)
                      : v->ctx.actor.volunteer > 0
                          ? arena_print(v->arena, "card %lld", (long long)v->ctx.actor.volunteer)
                          : v->ex.group;
    who = arena_print(v->arena, "%s %s", v->ctx.site->name ? v->ctx.site->name : "", who);
    crypto_generichash(hash, sizeof hash, (const unsigned char *)who, strlen(who), NULL, 0);
    return (hash[0] | (unsigned)hash[1] << 8) % LIVE_SLOTS;
}

static enum MHD_Result call_listen(struct call *c)
{
    c->live_slot = live_slot(c);
    atomic_int *open = &c->worker->server->live_of[c->live_slot];
    if (c->worker->lives < SERVER_LIVE && atomic_fetch_add(open, 1) < LIVE_EACH)
        return call_live(c);
    if (c->worker->lives < SERVER_LIVE)
        atomic_fetch_sub(open, 1);
    gate_give_up(&c->visit);
    c->stage = STAGE_READY;
    return call_answer(c);
}

static enum MHD_Result call_enter(struct call *c)
{
    struct worker *w = c->worker;
    struct server *s = w->server;
    struct site *site = c->visit.ctx.site;
    bool reads = gate_reads(&c->visit) && !c->late;
    int state = atomic_load(&site->state);
    if (reads && state == SITE_OPENING) {
        call_aside(c, true);
        return MHD_YES;
    }
    if (reads && state == SITE_OPEN && site->pool)
        return call_send(c, site->pool, run_enter);
    int seat = site_sit_down(site, w->seat);
    enum gate_next next = gate_enter(s->gate, &c->visit, reads ? site_reader(site, seat) : NULL);
    site_stand_up(site, seat);
    switch (next) {
    case GATE_CHANGE:
        call_suspend(c);
        call_submit(c);
        return MHD_YES;
    case GATE_SLOW:
        return call_send(c, s->slow, run_slow);
    case GATE_LIVE:
        site_writer(site); /* opens it, because it listens for commits of other processes */
        return call_listen(c);
    case GATE_ANSWER:
        break;
    }
    c->stage = STAGE_READY;
    return call_answer(c);
}

/* After the pool or the writer is done. */
static enum MHD_Result call_finish(struct call *c)
{
    struct worker *w = c->worker;
    struct site *site = c->visit.ctx.site;
    bool problem = !c->drawn && c->outcome != OK;
    if (c->listens)
        return call_listen(c);
    if (problem && site->pool && !c->late) {
        c->finishing = true;
        return call_send(c, site->pool, run_finish);
    }
    c->stage = STAGE_READY;
    if (!c->drawn) {
        int seat = site_sit_down(site, w->seat);
        gate_finish(w->server->gate, &c->visit, site->pool ? NULL : site_reader(site, seat),
                    c->outcome);
        site_stand_up(site, seat);
    }
    return call_answer(c);
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url,
                                  const char *verb, const char *version, const char *data,
                                  size_t *size, void **closure)
{
    (void)url;
    (void)version;
    struct worker *w = arg;
    struct call *c = *closure;
    struct visit *v = &c->visit;
    switch (c->stage) {
    case STAGE_NEW:
        if (link_of(connection))
            link_busy(link_of(connection));
        v->verb = arena_copy(v->arena, verb);
        MHD_get_connection_values(connection, MHD_HEADER_KIND, take_header, v);
        take_peer(c);
        gate_route(w->server->gate, v);
        c->stage = STAGE_BODY;
        if ((v->ambiguous = input_ambiguous(v)))
            return call_enter(c); /* without reading the body */
        const char *length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
                                                         "Content-Length");
        const char *expect = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Expect");
        unsigned long long announced = length ? strtoull(length, NULL, 10) : 0;
        if (announced > v->limit) {
            v->too_long = true;
            if (expect ||
                announced > v->limit + DISCARD) /* the client waits, or sends too much to drop */
                return call_enter(c);
        }
        return MHD_YES;
    case STAGE_BODY:
        if (*size) {
            if (seconds() - c->began >
                SERVER_BODY) /* a slow body would hold a connection for ever */
                return MHD_NO;
            if (v->body.size + *size > v->limit)
                v->too_long = true;
            if (v->too_long) {
                c->sent += (int64_t)*size; /* what was skipped */
                if ((size_t)c->sent > DISCARD + v->limit)
                    return MHD_NO;
            } else {
                buf_put(&v->body, data, *size);
            }
            *size = 0;
            return MHD_YES;
        }
        return call_enter(c);
    case STAGE_DONE:
        return call_finish(c);
    case STAGE_WAITING:
    case STAGE_READY:
    case STAGE_LIVE:
        return MHD_YES;
    }
    return MHD_NO;
}

/* ---- the loop ---- */

static void call_resume(struct call *c, enum stage stage)
{
    c->stage = stage;
    c->worker->waiting--;
    MHD_resume_connection(c->connection);
}

static void resume_done(struct worker *w)
{
    pthread_mutex_lock(&w->lock);
    struct call *c = w->done;
    w->done = NULL;
    pthread_mutex_unlock(&w->lock);
    for (struct call *next; c; c = next) {
        next = c->next;
        c->next = NULL;
        call_back(c);
        call_resume(c, STAGE_DONE);
    }
}

/* Resumes calls whose database is open, can't be opened, or that have waited too long. */
static void resume_aside(struct worker *w)
{
    int64_t now = milliseconds();
    if (!w->openings && now < w->looked + ASIDE_LATE)
        return;
    w->looked = now;
    for (struct call *c = w->aside, *next; c; c = next) {
        next = c->beside;
        bool over = now >= c->until;
        if (c->opening && (over || atomic_load(&c->visit.ctx.site->state) != SITE_OPENING)) {
            c->late = over;
            call_back(c);
            call_resume(c, STAGE_BODY);
        } else if (!c->opening && over) {
            call_back(c);
            if (pool_take_back(c->pool, &c->pool_task)) {
                c->late = true;
                call_resume(c, c->finishing ? STAGE_DONE : STAGE_BODY);
            }
        }
    }
}

static void resume_live(struct worker *w)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    bool stopping = atomic_load(&w->server->stopping);
    for (struct call *c = w->live; c; c = c->next) {
        const struct site *site = c->visit.ctx.site;
        int64_t newest = atomic_load(&site->journal);
        if (c->suspended &&
            (stopping || atomic_load(&site->closing) ||
             (newest > c->sent && t.tv_sec > c->sent_at) || t.tv_sec - c->sent_at >= 20)) {
            c->suspended = false;
            MHD_resume_connection(c->connection);
        }
    }
}

/* Accepts some of the waiting connections; the rest is for other workers and
 * the next round. */
static void accept_all(struct worker *w)
{
    struct links *links = w->server->links;
    w->rests = 0;
    for (int i = 0; i < ACCEPT_MOST; i++) {
        struct sockaddr_storage from;
        socklen_t size;
        int fd = links_accept(links, w->server->listener, &from, &size);
        if (fd < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return;
        if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
            w->rests = milliseconds() + ACCEPT_RESTS;
            return;
        }
        if (fd < 0)
            continue; /* that client has already gone */
        if (!links_admit(links, (struct sockaddr *)&from))
            close(fd);
        else if (MHD_add_connection(w->daemon, fd, (struct sockaddr *)&from, size) != MHD_YES)
            return; /* it was closed */
    }
}

static void *worker_main(void *arg)
{
    struct worker *w = arg;
    struct server *s = w->server;
    struct timespec ending = {0};
    bool closing = false;
    for (;;) {
        MHD_UNSIGNED_LONG_LONG until;
        int wait = MHD_get_timeout(w->daemon, &until) == MHD_YES && until < 1000 ? (int)until
                                                                                 : 1000;
        if (w->aside && wait > ASIDE_LATE)
            wait = ASIDE_LATE;
        if (w->openings && wait > ASIDE_LOOK)
            wait = ASIDE_LOOK;
        if (w->rests > 0 && wait > ACCEPT_RESTS)
            wait = ACCEPT_RESTS;
        struct pollfd fds[3] = {
            {.fd = w->epoll, .events = POLLIN},
            {.fd = w->wake, .events = POLLIN},
            {.fd = closing || w->rests > milliseconds() ? -1 : s->listener, .events = POLLIN}};
        if (poll(fds, 3, wait) < 0 && errno != EINTR)
            break;
        if (fds[1].revents & POLLIN) {
            uint64_t count;
            ssize_t n = read(w->wake, &count, sizeof count);
            (void)n;
        }
        resume_done(w);
        if (w->aside)
            resume_aside(w);
        if (w->live)
            resume_live(w);
        if (fds[2].revents & POLLIN)
            accept_all(w);
        MHD_run(w->daemon);
        links_sweep(s->links, seconds());
        if (!atomic_load(&s->stopping))
            continue;
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (!closing) {
            closing = true;
            ending = now;
        }
        /* changes finish; answers get a moment to leave */
        const union MHD_DaemonInfo *info = MHD_get_daemon_info(w->daemon,
                                                               MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
        if (w->waiting == 0 && w->lives == 0 &&
            (!info || info->num_connections == 0 || now.tv_sec - ending.tv_sec >= 1))
            break;
    }
    return NULL;
}

/* ---- start and stop ---- */

/* Opens the only database now, so that a server that can't read it does not start. */
static bool seat_ready(struct server *s, int seat, struct arena *a, const char **why)
{
    return s->site->choose || site_reader_open(s->site, seat, a, why);
}

static bool worker_start(struct server *s, struct worker *w, struct arena *a, const char **why)
{
    w->server = s;
    w->seat = SEAT_LOOPS + s->worker_count;
    if (!s->site->far && !seat_ready(s, w->seat, a, why))
        return false;
    w->pages = pages_new();
    pthread_mutex_init(&w->lock, NULL);
    w->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    w->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET, 0, NULL, NULL,
        on_request, w, MHD_OPTION_URI_LOG_CALLBACK, on_uri, w, MHD_OPTION_NOTIFY_CONNECTION,
        on_connection, w, MHD_OPTION_NOTIFY_COMPLETED, on_completed, w, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)SERVER_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)SERVER_IDLE,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)32768, MHD_OPTION_END);
    const union MHD_DaemonInfo *info = w->daemon ? MHD_get_daemon_info(w->daemon,
                                                                       MHD_DAEMON_INFO_EPOLL_FD)
                                                 : NULL;
    if (!info || w->wake < 0) {
        *why = "the HTTP server can't be started";
        return false;
    }
    w->epoll = info->epoll_fd;
    if (pthread_create(&w->thread, NULL, worker_main, w) != 0) {
        *why = "no thread can be started";
        return false;
    }
    return true;
}

static bool pools_start(struct server *s, struct arena *a, const char **why)
{
    struct site *site = s->site;
    bool ok = true;
    for (int i = 0; ok && !site->far && i < s->slow_count; i++)
        ok = seat_ready(s, SEAT_SLOW + i, a, why);
    for (int i = 0; ok && i < site->far; i++)
        ok = seat_ready(s, SEAT_LOOPS + i, a, why);
    if (!ok)
        return false;
    s->slow = pool_start(s->slow_count, SEAT_SLOW);
    if (site->far)
        site->pool = pool_start(site->far, SEAT_LOOPS);
    *why = "no thread can be started";
    return s->slow && (!site->far || site->pool);
}

static int between(long n, int least, int most)
{
    return n < least ? least : n > most ? most : (int)n;
}

struct server *server_start(struct site *site, const char *listen_at, const struct routes *routes,
                            struct arena *a, const char **why)
{
    if (sodium_init() < 0) {
        *why = "the cryptographic library can't be started";
        return NULL;
    }
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    int port = 0, fd = listen_on(listen_at, a, &port, why);
    if (fd < 0)
        return NULL;
    struct server *s = must_alloc(sizeof *s);
    s->site = site;
    s->listener = fd;
    s->port = port;
    s->gate = gate_new(site, routes);
    /* a proxy's connections belong to many clients */
    int workers = site->workers ? between(site->workers, 1, 16)
                                : between(sysconf(_SC_NPROCESSORS_ONLN), 2, 8);
    s->links = links_new(site->proxied ? -1 : site->links_each, workers * SERVER_CONNECTIONS);
    s->slow_count = site->slow_workers ? between(site->slow_workers, 1, POOL_THREADS_MOST) : 2;
    bool ok = pools_start(s, a, why);
    while (ok && s->worker_count < workers) {
        ok = worker_start(s, &s->workers[s->worker_count], a, why);
        s->worker_count += ok;
    }
    if (ok)
        return s;
    server_stop(s);
    return NULL;
}

int server_port(const struct server *s)
{
    return s->port;
}

void server_stop(struct server *s)
{
    if (!s)
        return;
    atomic_store(&s->stopping, true);
    for (int i = 0; i < s->worker_count; i++)
        wake(&s->workers[i]);
    for (int i = 0; i < s->worker_count; i++)
        pthread_join(s->workers[i].thread, NULL);
    pool_stop(s->slow);
    pool_stop(s->site->pool);
    s->site->pool = NULL;
    for (int i = 0; i < s->site->far; i++)
        site_reader_close(s->site, SEAT_LOOPS + i);
    for (int i = 0; i < s->slow_count; i++)
        site_reader_close(s->site, SEAT_SLOW + i);
    for (int i = 0; i < s->worker_count; i++) {
        struct worker *w = &s->workers[i];
        MHD_stop_daemon(w->daemon);
        close(w->wake);
        pages_free(w->pages);
        site_reader_close(s->site, w->seat);
        pthread_mutex_destroy(&w->lock);
        for (struct call *c = w->spare, *next; c; c = next) {
            next = c->next;
            visit_release(&c->visit);
            free(c);
        }
    }
    close(s->listener);
    links_free(s->links);
    gate_free(s->gate);
    free(s);
}

void server_committed(void *site, int64_t journal_seq)
{
    atomic_store(&((struct site *)site)->journal, journal_seq);
}
