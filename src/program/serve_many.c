/*
 * Serves many subdistricts in one process: one server, one set of job threads,
 * and for each tenant a struct site whose database is opened for the first
 * visitor and closed when there has been none for a while.
 *
 * A database may be on a machine that does not respond. It is therefore opened
 * by a separate thread, while the server puts its visitors aside; a remote
 * database has its own thread pool for reading (site.h).
 *
 * A tenant is found by the Host header or by /t/NAME before the path. Users of
 * a site (a request until its answer was sent, a job until it ends) are
 * counted. Only a database without users is closed, so its writer and readers
 * are never taken away from anyone. When too many databases are open, the
 * least recently visited one is closed.
 *
 * The registry is read every two seconds: new tenants are served, removed ones
 * are dropped. A struct tenant is kept until the process ends, because results
 * are cached under its site's address.
 *
 * Locks: many.lock guards the list; a tenant's lock guards its counter and
 * state. Never wait for the first while holding the second, and hold neither
 * while opening or closing. busy says that a thread is doing that.
 */
#include "program/install.h"
#include "core/module.h"
#include "app/search/search.h"
#include "core/settings.h"
#include "core/store.h"
#include "program/tenants.h"
#include "base/log.h"
#include "base/seal.h"
#include "db/head.h"
#include "db/journal.h"
#include "db/wal_copy.h"
#include "db/writer.h"
#include "web/pool.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define TRIM       2  /* checks of the registry between two releases of free memory to the system */
#define LOOK       2  /* seconds between two checks of the registry */
#define AGAIN      5  /* seconds until a database that could not be opened is tried again */
#define COPY_AGAIN 10 /* seconds until a failed copy of the registry is retried */
#define CREW       3  /* threads that read a remote database */
#define QUIET \
    4 /* seconds after the last change until the writer is closed; it reopens within milliseconds \
       */
#define WRITERS \
    32 /* that may be open; when there are more, half of them are closed as soon as they are done \
        */
#define STAY      60 /* seconds that a database stays open for a job that no longer waits for it */
#define ROOM      (24 << 10) /* kilobytes of page cache that databases with visitors share */
#define ROOM_MOST 4096       /* kilobytes of one reader */
#define RECENT    10         /* seconds since the last visit */
#define MOMENT \
    1 /* seconds a job waits for a store across a network, as others are waiting for the job's \
         thread */

struct tenant {
    struct site site; /* first */
    struct tenant *next;
    char *name, *host, *parent, *store; /* replaced as a whole under many.lock; the old one is kept,
                                           because it may be in use */
    struct seal_key keys;
    struct wal_copy *copy;             /* while it is open, with --copy-to */
    pthread_mutex_t lock, writer_lock; /* the second lock: opens the writer only once */
    pthread_cond_t settled;            /* busy no more */
    int users;
    bool open, busy, gone;
    int64_t again;         /* not before this time */
    int64_t writes, wrote; /* used by the keeper: number of changes, and when it last rose */
};

static struct {
    const struct serving *how;
    struct db *registry;
    struct jobs *jobs;
    pthread_mutex_t lock;
    pthread_cond_t end;
    struct tenant *list;
    int open, writers; /* databases open or being opened; those with a writer; under lock */
    int most;
    bool crowded; /* too many writers are open */
    bool ending;
} many = {.lock = PTHREAD_MUTEX_INITIALIZER, .end = PTHREAD_COND_INITIALIZER};

static int64_t seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec;
}

/* ---- opening and closing: by the thread that set busy ---- */

/* Loads what every visit needs from the database: that it is one of ours, its settings, and the
 * end of its audit log. */
static const char *look_inside(struct ctx *ctx, struct tenant *t)
{
    if (query_int(ctx->db, "SELECT count(*) FROM settings WHERE name = {}", INSTALL_MOVING) == 1)
        return "a move to it is not finished";
    settings_follow(ctx);
    atomic_store(&t->site.journal, journal_newest(ctx->db));
    return db_status(ctx->db) == OK ? NULL : arena_copy(ctx->arena, db_failure(ctx->db));
}

static const char *up_to_date(struct ctx *ctx, const char *store)
{
    const char *why = NULL;
    if (query_int(ctx->db, "SELECT max(number) FROM schema_steps") == schema_newest())
        return NULL;
    struct db *db = db_open(store, DB_WRITE, ctx->arena, &why);
    if (db && db_migrate(db, schema_steps, ctx->arena, &why) == OK)
        why = NULL;
    db_close(db);
    return why;
}

static const char *key_checked(struct ctx *ctx)
{
    return install_key_check(ctx, false) == OK ? NULL : ctx->problems->text;
}

/* Returns NULL, or why it can't be served. */
static const char *tenant_open(struct tenant *t, struct arena *a)
{
    struct ctx ctx;
    const char *why = NULL;
    ctx_init(&ctx, a);
    ctx.lang = "en"; /* for the log */
    ctx.site = &t->site;
    ctx.keys = &t->keys;
    if (seal_key_load(&t->keys, store_key_path(a, t->store)) != OK)
        why = "its key can't be used";
    else if (install_there(&ctx, t->store) != OK)
        why = ctx.problems->text;
    else if ((ctx.db = db_open(t->store, DB_READ, a, &why)) != NULL &&
             head_check(ctx.db, a, &why) == OK && (why = up_to_date(&ctx, t->store)) == NULL &&
             (why = key_checked(&ctx)) == NULL)
        why = look_inside(&ctx, t);
    db_close(ctx.db);
    memcpy(t->site.secret, t->keys.form, sizeof t->site.secret);
    if (!why && t->site.far && !(t->site.pool = pool_start(t->site.far, SEAT_LOOPS)))
        why = "no thread can be started";
    if (!why && many.how->copy_to && !t->site.far)
        t->copy = wal_copy_start(t->store,
                                 arena_print(a, "%s/%s", many.how->copy_to,
                                             tenants_copy_name(a, many.how->data, t->store)),
                                 &t->site.copied, a, NULL);
    return why;
}

static void close_writer(struct tenant *t)
{
    struct writer *w = atomic_exchange(&t->site.writer, NULL);
    writer_stop(w);
    pthread_mutex_lock(&many.lock);
    many.writers -= w != NULL;
    pthread_mutex_unlock(&many.lock);
}

static void tenant_close(struct tenant *t)
{
    pool_stop(t->site.pool);
    t->site.pool = NULL;
    close_writer(t);
    for (int i = 0; i < SITE_SEATS; i++)
        site_reader_close(&t->site, i);
    search_let_go(t->store);
    wal_copy_stop(t->copy);
    t->copy = NULL;
}

static void count_open(int more)
{
    pthread_mutex_lock(&many.lock);
    many.open += more;
    pthread_mutex_unlock(&many.lock);
}

static void opening_begin(struct tenant *t);

/* Makes new visitors wait until let_in. Returns false if any are active, or if fewer than idle
 * seconds have passed since the last one left. */
static bool shut_out(struct tenant *t, int64_t since, int64_t idle)
{
    pthread_mutex_lock(&t->lock);
    bool quiet = t->open && !t->busy && t->users == 0 && seconds() - since > idle;
    if (quiet) {
        t->busy = true;
        atomic_store(&t->site.state, SITE_OPENING);
    }
    pthread_mutex_unlock(&t->lock);
    return quiet;
}

static void let_in(struct tenant *t, bool open)
{
    pthread_mutex_lock(&t->lock);
    t->busy = false;
    t->open = open;
    if (open)
        atomic_store(&t->site.state, SITE_OPEN);
    else if (t->users > 0) /* a visitor who arrived meanwhile is waiting for it */
        opening_begin(t);
    pthread_cond_broadcast(&t->settled);
    pthread_mutex_unlock(&t->lock);
}

/* Closes the database if it is open, has no users and, if idle is set, has had
 * none for that many seconds. */
static bool close_quiet(struct tenant *t, int64_t idle)
{
    if (!shut_out(t, atomic_load(&t->site.used), t->gone ? -1 : idle))
        return false;
    tenant_close(t);
    count_open(-1);
    let_in(t, false);
    return true;
}

static bool writers_more_than(int most)
{
    pthread_mutex_lock(&many.lock);
    bool more = many.writers > most;
    pthread_mutex_unlock(&many.lock);
    return more;
}

/* A writer without changes takes a third of a megabyte and a thread. */
static void close_quiet_writer(struct tenant *t, bool crowded)
{
    pthread_mutex_lock(&t->lock);
    struct writer *w = t->busy ? NULL : atomic_load(&t->site.writer);
    int64_t writes = w ? writer_stats(w).tasks : 0;
    pthread_mutex_unlock(&t->lock);
    if (w && writes != t->writes) {
        t->writes = writes;
        t->wrote = seconds();
    }
    bool soon = crowded && writers_more_than(WRITERS / 2);
    if (w && shut_out(t, soon ? 0 : t->wrote, soon ? 0 : QUIET)) {
        close_writer(t);
        t->writes = -1;
        let_in(t, true);
    }
}

/* Returns the least recently visited one without users, if too many are
 * open. */
static void make_room(void)
{
    for (;;) {
        struct tenant *oldest = NULL;
        pthread_mutex_lock(&many.lock);
        for (struct tenant *t = many.list; t && many.open > many.most; t = t->next) {
            pthread_mutex_lock(&t->lock);
            if (t->open && !t->busy && t->users == 0 &&
                (!oldest || atomic_load(&t->site.used) < atomic_load(&oldest->site.used)))
                oldest = t;
            pthread_mutex_unlock(&t->lock);
        }
        pthread_mutex_unlock(&many.lock);
        if (!oldest || !close_quiet(oldest, -1))
            return;
    }
}

static void *opener(void *arg)
{
    struct tenant *t = arg;
    struct arena *a = arena_new();
    count_open(1);
    make_room();
    const char *why = tenant_open(t, a);
    if (why) {
        log_error("tenant_shut", "\"tenant\":{},\"failure\":{}", t->name, why);
        count_open(-1);
    }
    bool open = !why;
    arena_free(a);
    pthread_mutex_lock(&t->lock);
    t->busy = false;
    t->open = open;
    t->again = open ? 0 : seconds() + AGAIN;
    if (open && t->site.far && atomic_load(&t->site.used) < seconds() - TENANTS_IDLE + STAY)
        atomic_store(&t->site.used, seconds() - TENANTS_IDLE + STAY);
    atomic_store(&t->site.state, open ? SITE_OPEN : SITE_SHUT);
    pthread_cond_broadcast(&t->settled);
    pthread_mutex_unlock(&t->lock);
    return NULL;
}

/* Call under the tenant's lock. */
static void opening_begin(struct tenant *t)
{
    pthread_t thread;
    t->busy = true;
    atomic_store(&t->site.state, SITE_OPENING);
    if (pthread_create(&thread, NULL, opener, t) != 0)
        abort();
    pthread_detach(thread);
}

/* Counts a visitor and makes sure that the database is being opened; does not wait for it. Call
 * under the tenant's lock. */
static bool come_in(struct tenant *t)
{
    if (!t->gone && !t->open && !t->busy && seconds() >= t->again)
        opening_begin(t);
    t->users += !t->gone;
    return !t->gone;
}

static bool enter(struct site *site)
{
    struct tenant *t = (struct tenant *)site;
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += MOMENT;
    pthread_mutex_lock(&t->lock);
    bool there = come_in(t);
    for (int late = 0; there && t->busy && late == 0;)
        late = t->site.far ? pthread_cond_timedwait(&t->settled, &t->lock, &until)
                           : pthread_cond_wait(&t->settled, &t->lock);
    pthread_mutex_unlock(&t->lock);
    return there;
}

static void leave(struct site *site)
{
    struct tenant *t = (struct tenant *)site;
    pthread_mutex_lock(&t->lock);
    t->users--;
    pthread_mutex_unlock(&t->lock);
}

static void committed(void *arg, int64_t journal_seq)
{
    struct tenant *t = arg;
    /* A group that only renews a session adds no entry: no job is woken. */
    bool news = journal_seq != atomic_load(&t->site.journal);
    server_committed(&t->site, journal_seq);
    if (news)
        jobs_wake(many.jobs, &t->site);
}

static struct writer *open_writer(struct site *site)
{
    struct tenant *t = (struct tenant *)site;
    if (atomic_load(&site->state) != SITE_OPEN)
        return NULL;
    pthread_mutex_lock(&t->writer_lock);
    struct writer *w = atomic_load(&site->writer);
    if (!w) {
        struct arena *a = arena_new();
        const char *why = "";
        struct db *db = db_open(t->store, DB_WRITE, a, &why);
        if (db) {
            w = writer_start(db);
            writer_on_commit(w, committed, t);
            atomic_store(&site->writer, w);
            pthread_mutex_lock(&many.lock);
            many.crowded |= ++many.writers > WRITERS;
            if (many.crowded)
                pthread_cond_signal(&many.end);
            pthread_mutex_unlock(&many.lock);
        } else {
            log_error("store", "\"tenant\":{},\"failure\":{}", t->name, why);
        }
        arena_free(a);
    }
    pthread_mutex_unlock(&t->writer_lock);
    return w;
}

/* ---- choosing the tenant of a request ---- */

static struct tenant *by_host(const char *host)
{
    struct tenant *t = many.list;
    while (t && (t->gone || !t->host || strcasecmp(t->host, host) != 0))
        t = t->next;
    return t;
}

static struct tenant *by_name(const char *name, size_t n)
{
    struct tenant *t = many.list;
    while (t && (t->gone || strncmp(t->name, name, n) != 0 || t->name[n]))
        t = t->next;
    return t;
}

static struct site *choose(struct arena *a, const char *host, const char **uri,
                           char prefix[SITE_PREFIX])
{
    pthread_mutex_lock(&many.lock);
    struct tenant *t = by_host(host);
    const char *name = *uri + 3;
    size_t n = 0;
    if (!t && strncmp(*uri, "/t/", 3) == 0 && (n = strcspn(name, "/?")) > 0 &&
        (t = by_name(name, n)) != NULL) {
        snprintf(prefix, SITE_PREFIX, "/t/%s", t->name);
        *uri = name[n] == '/' ? name + n : arena_print(a, "/%s", name + n);
    }
    pthread_mutex_unlock(&many.lock);
    bool there = false;
    if (t) {
        pthread_mutex_lock(&t->lock);
        there = come_in(t);
        pthread_mutex_unlock(&t->lock);
    }
    if (!there) {
        prefix[0] = '\0';
        return NULL;
    }
    atomic_store_explicit(&t->site.used, seconds(), memory_order_relaxed);
    return &t->site;
}

static int children(struct site *site, struct arena *a, struct site_child *list, int most)
{
    int n = 0;
    pthread_mutex_lock(&many.lock);
    for (struct tenant *t = many.list; t; t = t->next)
        if (!t->gone && t->parent && strcmp(t->parent, site->name) == 0) {
            if (n < most)
                list[n] = (struct site_child){arena_copy(a, t->name), arena_copy(a, t->store)};
            n++;
        }
    pthread_mutex_unlock(&many.lock);
    return list && n > most ? most : n;
}

static void stir(struct site *site)
{
    jobs_wake(many.jobs, site);
}

/* ---- the registry ---- */

static bool same(const char *a, const char *b)
{
    return a == b || (a && b && !strcmp(a, b));
}

/* A tenant is identified by its database: its name and host may change. */
static struct tenant *take_row(const struct tenant_row *row)
{
    struct tenant *t = many.list;
    while (t && (t->gone || strcmp(t->store, row->store) != 0))
        t = t->next;
    bool new = !t;
    if (new) {
        t = must_alloc(sizeof *t);
        serve_site(&t->site, many.how);
        pthread_condattr_t monotonic;
        pthread_condattr_init(&monotonic);
        pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
        pthread_cond_init(&t->settled, &monotonic);
        pthread_condattr_destroy(&monotonic);
        pthread_mutex_init(&t->lock, NULL);
        pthread_mutex_init(&t->writer_lock, NULL);
        pthread_mutex_init(&t->site.reading, NULL);
        t->store = must_copy(row->store);
        t->site.data = t->store;
        t->site.keys = &t->keys;
        t->site.far = db_is_postgres(t->store) ? CREW : 0;
        atomic_store(&t->site.state, SITE_OPENING);
        t->site.leave = leave;
        t->site.enter = enter;
        t->site.open = open_writer;
        t->site.children = children;
        t->site.stir = stir;
        t->site.used = seconds() - TENANTS_IDLE;
        t->site.room = DB_ROOM_LEAST;
        t->next = many.list;
        many.list = t;
    }
    if (new || !same(t->name, row->name))
        t->site.name = t->name = must_copy(row->name);
    if (!same(t->host, row->host))
        t->host = row->host ? must_copy(row->host) : NULL;
    if (!same(t->parent, row->parent))
        t->parent = row->parent ? must_copy(row->parent) : NULL;
    return new ? t : NULL;
}

static bool is_in(const struct tenant_row *rows, const char *store)
{
    while (rows && strcmp(rows->store, store) != 0)
        rows = rows->next;
    return rows != NULL;
}

static void let_go(struct tenant *t)
{
    atomic_store(&t->site.closing, true);
    jobs_quit(many.jobs, &t->site);
    log_info("tenant_gone", "\"tenant\":{}", t->name);
}

static void registry_follow(struct ctx *ctx)
{
    db_clear(many.registry);
    struct tenant_row *rows = tenants_read(ctx, many.registry, many.how->data);
    if (db_status(many.registry) != OK)
        return; /* the known state is kept */
    for (const struct tenant_row *row = rows; row; row = row->next) {
        pthread_mutex_lock(&many.lock);
        struct tenant *new = take_row(row);
        pthread_mutex_unlock(&many.lock);
        if (new)
            jobs_join(many.jobs, &new->site);
    }
    for (struct tenant *t = many.list; t; t = t->next) /* only this thread adds to the list */
        if (!t->gone && !is_in(rows, t->store)) {
            pthread_mutex_lock(&t->lock);
            t->gone = true;
            pthread_mutex_unlock(&t->lock);
            let_go(t);
        }
}

/* The registry is copied too, because it must survive the loss of the machine. */
static void registry_copy(struct ctx *ctx)
{
    static int64_t version = -1, again;
    const char *why = NULL;
    int64_t now = db_version(many.registry);
    if (!many.how->copy_to || now == version || seconds() < again)
        return;
    if (tenants_copy(many.registry, many.how->copy_to, ctx->arena, &why) == OK) {
        version = now;
        return;
    }
    log_error("copy_failed", "\"failure\":{}", why);
    again = seconds() + COPY_AGAIN;
}

/* ---- the keeper thread ---- */

static void close_idle(bool crowded)
{
    for (struct tenant *t = many.list; t; t = t->next)
        if (!close_quiet(t, TENANTS_IDLE))
            close_quiet_writer(t, crowded);
}

/* Databases with visitors share the memory evenly, half of it for the search index. The others'
 * memory is released. */
static void share_room(void)
{
    int busy = 0;
    int64_t now = seconds();
    for (struct tenant *t = many.list; t; t = t->next)
        busy += !t->gone && now - atomic_load(&t->site.used) <= RECENT;
    int share = ROOM / 2 / (busy > 0 ? busy : 1);
    share = share < DB_ROOM_LEAST ? DB_ROOM_LEAST : share > ROOM_MOST ? ROOM_MOST : share;
    for (struct tenant *t = many.list; t; t = t->next) {
        int room = now - atomic_load(&t->site.used) <= RECENT ? share : DB_ROOM_LEAST;
        if (atomic_exchange(&t->site.room, room) <= room)
            continue;
        int seat = site_sit_down(&t->site, -1);
        if (seat >= 0)
            site_stand_up(&t->site, seat);
        if (room == DB_ROOM_LEAST)
            search_let_go(t->store);
    }
}

static void *keeper(void *arg)
{
    (void)arg;
    int looks = 0;
    pthread_mutex_lock(&many.lock);
    while (!many.ending) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += LOOK;
        if (!many.crowded)
            pthread_cond_timedwait(&many.end, &many.lock, &until);
        if (many.ending)
            break;
        bool crowded = many.crowded;
        many.crowded = false;
        pthread_mutex_unlock(&many.lock);
        struct ctx ctx;
        ctx_init(&ctx, arena_new());
        registry_follow(&ctx);
        registry_copy(&ctx);
        arena_free(ctx.arena);
        close_idle(crowded);
        share_room();
        if (!crowded && ++looks % TRIM == 0)
            malloc_trim(0);
        pthread_mutex_lock(&many.lock);
    }
    pthread_mutex_unlock(&many.lock);
    return NULL;
}

/* After the server and the jobs have stopped: there are no users any more. */
static void close_all(void)
{
    for (struct tenant *t = many.list; t; t = t->next) {
        pthread_mutex_lock(&t->lock);
        while (t->busy)
            pthread_cond_wait(&t->settled, &t->lock);
        pthread_mutex_unlock(&t->lock);
        if (t->open)
            tenant_close(t);
    }
}

/* Migrates an outdated database before it is served; one that can't be migrated
 * is not served. */
static enum status registry_start(struct ctx *ctx)
{
    many.registry = tenants_registry(ctx, many.how->data, DB_WRITE);
    if (!many.registry)
        return ctx->status;
    tenants_migrate(ctx, many.registry, many.how->data);
    db_close(many.registry);
    many.registry = tenants_registry(ctx, many.how->data, DB_READ);
    return many.registry ? OK : ctx->status;
}

enum status serve_many(struct ctx *ctx, const struct serving *how)
{
    pthread_t thread;
    struct site nobody;
    many.how = how;
    many.most = how->open ? how->open : db_is_postgres(how->data) ? 16 : 250;
    db_many();
    if (registry_start(ctx) != OK)
        return ctx->status;
    if (how->copy_to && !store_make_folder(how->copy_to))
        return ctx_fail(ctx, UNAVAILABLE,
                        say(ctx, "Can’t create {}: {}", how->copy_to, strerror(errno)));
    mallopt(M_ARENA_MAX, 4); /* many mostly idle threads need no memory pool each */
    many.jobs = jobs_start();
    registry_follow(ctx);
    registry_copy(ctx);
    if (pthread_create(&thread, NULL, keeper, NULL) != 0)
        abort();
    serve_site(&nobody, how);
    nobody.choose = choose;
    enum status s = serve_until_stopped(ctx, &nobody, how);
    for (struct tenant *t = many.list; t; t = t->next)
        atomic_store(&t->site.closing, true);
    pthread_mutex_lock(&many.lock);
    many.ending = true;
    pthread_cond_signal(&many.end);
    pthread_mutex_unlock(&many.lock);
    pthread_join(thread, NULL);
    jobs_stop(many.jobs);
    close_all();
    jobs_free(many.jobs);
    db_close(many.registry);
    return s;
}
