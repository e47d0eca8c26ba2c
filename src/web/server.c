/*
 * The HTTP server: workers, their loops, and the way of a change.
 *
 * libmicrohttpd's own epoll thread stops when one wait returns exactly 128
 * events, so each worker polls its daemon's epoll descriptor itself and calls
 * MHD_run. A resume from another thread would be lost in such a loop: the
 * writer and the slow threads append to the worker's done list and signal its
 * eventfd, and the loop resumes.
 *
 * A visit is made when the request line arrives and goes back to its worker's
 * spare list when the connection has taken the answer; between submit and
 * done it belongs to the writer, between crew_put and done to a crew.
 *
 * What waits for something that may not come (a store that is being opened, the
 * crew of a store across a network) stands in its worker's list aside and is
 * answered with 503 when its time is over.
 */
#include "web/server.h"

#include "web/crew.h"
#include "web/gate.h"

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

#define SPARE_MOST 256
#define ASIDE_LOOK 5                  /* milliseconds between two looks at stores that are being opened */
#define ASIDE_LATE 100                /* and at those who wait for a crew */
#define DISCARD    ((size_t)64 << 20) /* bytes past the limit that are read and dropped, so that the answer arrives */

enum stage { STAGE_NEW, STAGE_BODY, STAGE_WAITING, STAGE_DONE, STAGE_READY, STAGE_LIVE };

struct worker;
struct call {           /* the server's side of a visit */
    struct visit visit; /* first */
    struct call *next;  /* done list, spare list, live list */
    struct errand errand;
    struct crew *crew;               /* where the errand is */
    struct call *beside, **aside_at; /* those who wait with an end; aside_at NULL: it does not */
    int64_t until;                   /* that long, milliseconds on the monotonic clock */
    bool finishing;                  /* the errand is the answer after a change */
    bool opening;                    /* waits for its store */
    bool late;                       /* waited long enough for it */
    bool listens;                    /* a live page may begin */
    struct worker *worker;
    struct MHD_Connection *connection;
    enum stage stage;
    enum status outcome;
    bool drawn; /* the answer is there already: no finish */
    bool suspended;
    int64_t sent, sent_at; /* live: the journal number last told, and when */
    int64_t began;         /* seconds on the monotonic clock */
    char uri[8192];
};

struct link { /* a connection, from its opening to its end */
    struct link *next, **at;
    int fd;
    bool head;     /* waiting for the end of a head */
    int64_t until; /* that long, on the monotonic clock */
};

struct worker {
    struct server *server;
    pthread_t thread;
    struct MHD_Daemon *daemon;
    int seat, epoll, wake;
    pthread_mutex_t lock;
    struct call *done; /* under lock */
    struct call *spare;
    struct pages *pages; /* what its own thread remembers */
    struct call *live, *aside;
    struct link *links;
    int64_t looked; /* when aside was looked through, milliseconds */
    int openings;   /* in aside, of stores that are being opened */
    int64_t swept;  /* second in which the links were last looked through */
    int spares, lives;
    int waiting; /* suspended for a change or a slow step */
};

struct server {
    struct site *site;
    struct gate *gate;
    int listener, port, worker_count, slow_count;
    struct worker workers[16];
    struct crew *slow;
    atomic_bool stopping;
};

static void wake(struct worker *w)
{
    uint64_t one = 1;
    ssize_t n = write(w->wake, &one, sizeof one);
    (void)n; /* a full counter wakes as well */
}

/* Any thread: the visit goes back to its loop. */
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
    c->visit.task = (struct task){.run = task_run, .done = task_done, .again = task_again, .bare = c->visit.route->flags & TWICE};
    if (!writer || !writer_submit(writer, &c->visit.task))
        task_done(&c->visit.task, writer ? BUSY : UNAVAILABLE);
}

/* ---- errands: on a crew's thread ---- */

static struct call *call_of(struct errand *e)
{
    return (struct call *)((char *)e - offsetof(struct call, errand));
}

static void call_drawn(struct call *c)
{
    c->drawn = true;
    call_done(c);
}

static void run_slow(struct errand *e, const struct crew_seat *on)
{
    struct call *c = call_of(e);
    if (gate_prepare(c->worker->server->gate, &c->visit, site_reader(c->visit.ctx.site, on->seat)) == GATE_CHANGE)
        call_submit(c);
    else
        call_drawn(c);
}

/* All that a loop does for a store on this machine. */
static void run_enter(struct errand *e, const struct crew_seat *on)
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

static void run_finish(struct errand *e, const struct crew_seat *on)
{
    struct call *c = call_of(e);
    gate_finish(c->worker->server->gate, &c->visit, site_reader(c->visit.ctx.site, on->seat), c->outcome);
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

static void on_connection(void *arg, struct MHD_Connection *connection, void **own, enum MHD_ConnectionNotificationCode code)
{
    struct worker *w = arg;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        struct link *l = must_alloc(sizeof *l);
        *l = (struct link){
            .next = w->links, .at = &w->links, .fd = info ? info->connect_fd : -1, .head = true, .until = seconds() + head_most(w)};
        if (l->next)
            l->next->at = &l->next;
        w->links = l;
        *own = l;
        return;
    }
    struct link *l = *own;
    if (!l)
        return;
    *l->at = l->next;
    if (l->next)
        l->next->at = l->at;
    *own = NULL;
    free(l);
}

/* A head that drips in holds a place as a body does, and the library only notices silence. */
static void heads_sweep(struct worker *w)
{
    int64_t now = seconds();
    if (now == w->swept)
        return;
    w->swept = now;
    for (struct link *l = w->links; l; l = l->next)
        if (l->head && now > l->until) {
            l->head = false;
            shutdown(l->fd, SHUT_RDWR); /* the library finds it ended */
        }
}

static void head_expect(struct MHD_Connection *connection, bool expected, int64_t most)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct link *l = info ? info->socket_context : NULL;
    if (l) {
        l->head = expected;
        l->until = seconds() + most;
    }
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
        n = 0; /* too long: no route fits an empty address */
    memcpy(c->uri, uri, n);
    c->uri[n] = '\0';
    c->visit.uri = c->uri;
    c->visit.server = c;
    c->visit.pages = w->pages;
    return c;
}

static void on_completed(void *arg, struct MHD_Connection *connection, void **closure, enum MHD_RequestTerminationCode code)
{
    (void)code;
    struct worker *w = arg;
    head_expect(connection, true, SERVER_IDLE + head_most(w)); /* the next one, on the same connection */
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

static enum MHD_Result take_header(void *arg, enum MHD_ValueKind kind, const char *name, const char *value)
{
    (void)kind;
    struct visit *v = arg;
    if (v->ex.header_count >= INPUT_HEADERS_MOST)
        return MHD_NO;
    char *lower = arena_copy(v->arena, name);
    for (char *p = lower; *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p | 0x20);
    v->headers[v->ex.header_count++] = (struct param){lower, arena_copy(v->arena, value ? value : "")};
    return MHD_YES;
}

/* What a proxy before us might read otherwise than we do: two lengths, a length and chunks, two hosts. */
static bool ambiguous(const struct visit *v)
{
    int lengths = 0, encodings = 0, hosts = 0;
    for (int i = 0; i < v->ex.header_count; i++) {
        const struct param *h = &v->headers[i];
        lengths += !strcmp(h->name, "content-length");
        hosts += !strcmp(h->name, "host");
        if (!strcmp(h->name, "transfer-encoding"))
            encodings += strcasecmp(h->value, "chunked") ? 2 : 1;
    }
    return lengths > 1 || hosts > 1 || encodings > 1 || (lengths && encodings);
}

static void take_peer(struct call *c)
{
    char text[NI_MAXHOST] = "";
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(c->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (info && info->client_addr) {
        socklen_t size = info->client_addr->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
        if (getnameinfo(info->client_addr, size, text, sizeof text, NULL, 0, NI_NUMERICHOST) != 0)
            text[0] = '\0';
    }
    c->visit.peer = arena_copy(c->visit.arena, text);
}

/* A live page: says the newest journal number when it moved, a comment every 20 s to find dead connections. */
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
    struct MHD_Response *response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 1024, live_read, c, NULL);
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
        response = MHD_create_response_from_buffer(v->fixed_size, (void *)(uintptr_t)v->fixed, MHD_RESPMEM_PERSISTENT);
    } else {
        /* The buffer lives until the visit is used again, which is after the answer was sent. */
        response = MHD_create_response_from_buffer(v->out.size, v->out.data, MHD_RESPMEM_PERSISTENT);
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

/* With those who wait, but not for ever. */
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

/* Suspended before it is put: the crew may be quick. When too many wait, the loop has it back at once. */
static enum MHD_Result call_send(struct call *c, struct crew *crew, void (*run)(struct errand *e, const struct crew_seat *on))
{
    struct server *s = c->worker->server;
    c->crew = crew;
    c->errand.run = run;
    if (crew == s->slow)
        call_suspend(c);
    else
        call_aside(c, false);
    if (crew_put(crew, &c->errand))
        return MHD_YES;
    if (c->finishing)
        gate_finish(s->gate, &c->visit, NULL, c->outcome);
    else if (crew == s->slow)
        gate_give_up(&c->visit);
    else
        gate_enter(s->gate, &c->visit, NULL);
    call_drawn(c);
    return MHD_YES;
}

static enum MHD_Result call_listen(struct call *c)
{
    if (c->worker->lives < SERVER_LIVE)
        return call_live(c);
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
    if (reads && state == SITE_OPEN && site->crew)
        return call_send(c, site->crew, run_enter);
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
        site_writer(site); /* what others commit is heard of beside it */
        return call_listen(c);
    case GATE_ANSWER:
        break;
    }
    c->stage = STAGE_READY;
    return call_answer(c);
}

/* After the errand, or the writer. */
static enum MHD_Result call_finish(struct call *c)
{
    struct worker *w = c->worker;
    struct site *site = c->visit.ctx.site;
    bool problem = !c->drawn && c->outcome != OK;
    if (c->listens)
        return call_listen(c);
    if (problem && site->crew && !c->late) {
        c->finishing = true;
        return call_send(c, site->crew, run_finish);
    }
    c->stage = STAGE_READY;
    if (!c->drawn) {
        int seat = site_sit_down(site, w->seat);
        gate_finish(w->server->gate, &c->visit, site->crew ? NULL : site_reader(site, seat), c->outcome);
        site_stand_up(site, seat);
    }
    return call_answer(c);
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url, const char *verb, const char *version,
                                  const char *data, size_t *size, void **closure)
{
    (void)url;
    (void)version;
    struct worker *w = arg;
    struct call *c = *closure;
    struct visit *v = &c->visit;
    switch (c->stage) {
    case STAGE_NEW:
        head_expect(connection, false, 0);
        v->verb = arena_copy(v->arena, verb);
        MHD_get_connection_values(connection, MHD_HEADER_KIND, take_header, v);
        take_peer(c);
        gate_route(w->server->gate, v);
        c->stage = STAGE_BODY;
        if ((v->ambiguous = ambiguous(v)))
            return call_enter(c); /* its body is not read */
        const char *length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Length");
        const char *expect = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Expect");
        unsigned long long announced = length ? strtoull(length, NULL, 10) : 0;
        if (announced > v->limit) {
            v->too_long = true;
            if (expect || announced > v->limit + DISCARD) /* nobody waits for us to read it */
                return call_enter(c);
        }
        return MHD_YES;
    case STAGE_BODY:
        if (*size) {
            if (seconds() - c->began > SERVER_BODY) /* a body that drips in holds a place for others */
                return MHD_NO;
            if (v->body.size + *size > v->limit)
                v->too_long = true;
            if (v->too_long) {
                c->sent += (int64_t)*size; /* what was dropped */
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

/* Those whose store is open by now, or can't be opened; those whose time is over. */
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
            if (crew_take_back(c->crew, &c->errand)) {
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
            (stopping || atomic_load(&site->closing) || (newest > c->sent && t.tv_sec > c->sent_at) || t.tv_sec - c->sent_at >= 20)) {
            c->suspended = false;
            MHD_resume_connection(c->connection);
        }
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
        int wait = MHD_get_timeout(w->daemon, &until) == MHD_YES && until < 1000 ? (int)until : 1000;
        if (w->aside && wait > ASIDE_LATE)
            wait = ASIDE_LATE;
        if (w->openings && wait > ASIDE_LOOK)
            wait = ASIDE_LOOK;
        struct pollfd fds[2] = {{.fd = w->epoll, .events = POLLIN}, {.fd = w->wake, .events = POLLIN}};
        if (poll(fds, 2, wait) < 0 && errno != EINTR)
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
        MHD_run(w->daemon);
        heads_sweep(w);
        if (!atomic_load(&s->stopping))
            continue;
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (!closing) {
            closing = true;
            ending = now;
            MHD_socket own = MHD_quiesce_daemon(w->daemon);
            if (own != MHD_INVALID_SOCKET)
                close(own);
        }
        /* changes finish; answers get a moment to leave */
        const union MHD_DaemonInfo *info = MHD_get_daemon_info(w->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
        if (w->waiting == 0 && w->lives == 0 && (!info || info->num_connections == 0 || now.tv_sec - ending.tv_sec >= 1))
            break;
    }
    return NULL;
}

/* ---- start and stop ---- */

static int listen_on(const char *at, struct arena *a, int *port, const char **why)
{
    const char *colon = strrchr(at, ':');
    if (!colon) {
        *why = arena_print(a, "%s: write ADDRESS:PORT, such as 127.0.0.1:8080", at);
        return -1;
    }
    bool brackets = at[0] == '[' && colon > at && colon[-1] == ']';
    const char *host = brackets ? arena_copyn(a, at + 1, (size_t)(colon - at - 2)) : arena_copyn(a, at, (size_t)(colon - at));
    struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM}, *found = NULL;
    int wrong = getaddrinfo(*host ? host : NULL, colon + 1, &hints, &found);
    if (wrong) {
        *why = arena_print(a, "%s: %s", at, gai_strerror(wrong));
        return -1;
    }
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 || bind(fd, found->ai_addr, found->ai_addrlen) != 0 ||
        listen(fd, 1024) != 0) {
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
    *port = ntohs(own.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&own)->sin6_port : ((struct sockaddr_in *)&own)->sin_port);
    return fd;
}

/* The only store is opened now, so that a server that can't read it does not start. */
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
    w->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, w, MHD_OPTION_LISTEN_SOCKET,
                                 dup(s->listener), MHD_OPTION_URI_LOG_CALLBACK, on_uri, w, MHD_OPTION_NOTIFY_CONNECTION, on_connection, w,
                                 MHD_OPTION_NOTIFY_COMPLETED, on_completed, w, MHD_OPTION_CONNECTION_LIMIT, (unsigned)SERVER_CONNECTIONS,
                                 MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)SERVER_IDLE, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)32768,
                                 MHD_OPTION_END);
    const union MHD_DaemonInfo *info = w->daemon ? MHD_get_daemon_info(w->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
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

static bool crews_start(struct server *s, struct arena *a, const char **why)
{
    struct site *site = s->site;
    bool ok = true;
    for (int i = 0; ok && !site->far && i < s->slow_count; i++)
        ok = seat_ready(s, SEAT_SLOW + i, a, why);
    for (int i = 0; ok && i < site->far; i++)
        ok = seat_ready(s, SEAT_LOOPS + i, a, why);
    if (!ok)
        return false;
    s->slow = crew_start(s->slow_count, SEAT_SLOW);
    if (site->far)
        site->crew = crew_start(site->far, SEAT_LOOPS);
    *why = "no thread can be started";
    return s->slow && (!site->far || site->crew);
}

static int between(long n, int least, int most)
{
    return n < least ? least : n > most ? most : (int)n;
}

struct server *server_start(struct site *site, const char *listen_at, const struct routes *routes, struct arena *a, const char **why)
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
    s->slow_count = site->slow_workers ? between(site->slow_workers, 1, CREW_MOST) : 2;
    int workers = site->workers ? between(site->workers, 1, 16) : between(sysconf(_SC_NPROCESSORS_ONLN), 2, 8);
    bool ok = crews_start(s, a, why);
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
    crew_stop(s->slow);
    crew_stop(s->site->crew);
    s->site->crew = NULL;
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
    gate_free(s->gate);
    free(s);
}

void server_committed(void *site, int64_t journal_seq)
{
    atomic_store(&((struct site *)site)->journal, journal_seq);
}
