/*
 * Serving many subdistricts in one process: one server, one set of threads for
 * the jobs, and for each tenant a struct site whose store is opened when
 * somebody comes and closed when nobody came for a while.
 *
 * A tenant is found by the Host header or by /t/NAME before the address. Who is
 * inside (a request until its answer has left, a job until it is over) is
 * counted; only a store with nobody inside is closed, so what others hold of it
 * (the writer, the readers by seat) is never taken away. When too many stores
 * are open the one that was visited longest ago makes room.
 *
 * The registry is read again every two seconds: a new tenant is served, one
 * that is gone is let go. A struct tenant stays until the process ends, because
 * what was computed for it is kept by its site's address.
 *
 * Locks: many.lock guards the list, a tenant's lock its opening and its count;
 * the first is never waited for while holding the second.
 */
#include "app/install.h"
#include "app/module.h"
#include "app/settings.h"
#include "app/store.h"
#include "app/tenants.h"
#include "base/log.h"
#include "base/seal.h"
#include "db/journal.h"
#include "db/writer.h"

#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define LOOK  2 /* seconds between two looks at the registry */
#define AGAIN 5 /* seconds before a store that could not be opened is tried again */

struct tenant {
    struct site site; /* first */
    struct tenant *next;
    char *name, *host, *parent, *store; /* replaced by a new text under many.lock; the old one stays, it may be in use */
    struct seal_key keys;
    pthread_mutex_t lock;
    int users;
    bool open, gone;
    int64_t again; /* not before this second */
};

static struct {
    const struct serving *how;
    struct db *registry;
    struct jobs *jobs;
    pthread_mutex_t lock;
    pthread_cond_t end;
    struct tenant *list;
    atomic_int open;
    int most;
    bool ending;
} many = {.lock = PTHREAD_MUTEX_INITIALIZER, .end = PTHREAD_COND_INITIALIZER};

static int64_t seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec;
}

/* ---- opening and closing: under the tenant's lock ---- */

/* What every visitor needs of the store: that it is one of this program's, its words, where its journal ends. */
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

static void tenant_open(struct tenant *t)
{
    struct ctx ctx;
    const char *why = NULL;
    ctx_init(&ctx, arena_new());
    ctx.site = &t->site;
    ctx.keys = t->site.keys = &t->keys;
    t->site.data = t->store;
    if (seal_key_load(&t->keys, store_key_path(ctx.arena, t->store)) != OK)
        why = "its key can't be used";
    else if ((ctx.db = db_open(t->store, DB_READ, ctx.arena, &why)) != NULL && (why = up_to_date(&ctx, t->store)) == NULL)
        why = look_inside(&ctx, t);
    db_close(ctx.db);
    memcpy(t->site.secret, t->keys.form, sizeof t->site.secret);
    t->open = !why;
    atomic_store(&t->site.shut, why != NULL);
    if (why) {
        log_error("tenant_shut", "\"tenant\":{},\"failure\":{}", t->name, why);
        t->again = seconds() + AGAIN;
    } else {
        atomic_fetch_add(&many.open, 1);
    }
    arena_free(ctx.arena);
}

static void tenant_close(struct tenant *t)
{
    struct writer *writer = atomic_exchange(&t->site.writer, NULL);
    writer_stop(writer);
    for (int i = 0; i < SITE_SEATS; i++)
        site_reader_close(&t->site, i);
    t->open = false;
    atomic_fetch_sub(&many.open, 1);
}

/* The one that was visited longest ago, of those without anybody inside. */
static void make_room(void)
{
    pthread_mutex_lock(&many.lock);
    while (atomic_load(&many.open) > many.most) {
        struct tenant *oldest = NULL;
        for (struct tenant *t = many.list; t; t = t->next)
            if (t->open && t->users == 0 && (!oldest || t->site.used < oldest->site.used))
                oldest = t;
        if (!oldest || pthread_mutex_trylock(&oldest->lock) != 0)
            break;
        bool idle = oldest->open && oldest->users == 0;
        if (idle)
            tenant_close(oldest);
        pthread_mutex_unlock(&oldest->lock);
        if (!idle)
            break;
    }
    pthread_mutex_unlock(&many.lock);
}

static bool enter(struct site *site)
{
    struct tenant *t = (struct tenant *)site;
    bool opened = false;
    pthread_mutex_lock(&t->lock);
    bool there = !t->gone;
    if (there && !t->open && seconds() >= t->again) {
        tenant_open(t);
        opened = t->open;
    }
    t->users += there;
    pthread_mutex_unlock(&t->lock);
    if (opened)
        make_room();
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
    server_committed(&t->site, journal_seq);
    jobs_wake(many.jobs, &t->site);
}

static struct writer *open_writer(struct site *site)
{
    struct tenant *t = (struct tenant *)site;
    pthread_mutex_lock(&t->lock);
    struct writer *w = atomic_load(&site->writer);
    if (!w && t->open) {
        struct arena *a = arena_new();
        const char *why = "";
        struct db *db = db_open(t->store, DB_WRITE, a, &why);
        if (db) {
            w = writer_start(db);
            writer_on_commit(w, committed, t);
            atomic_store(&site->writer, w);
        } else {
            log_error("store", "\"tenant\":{},\"failure\":{}", t->name, why);
        }
        arena_free(a);
    }
    pthread_mutex_unlock(&t->lock);
    return w;
}

/* ---- whose a request is ---- */

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

static struct site *choose(struct arena *a, const char *host, const char **uri, char prefix[SITE_PREFIX])
{
    pthread_mutex_lock(&many.lock);
    struct tenant *t = by_host(host);
    const char *name = *uri + 3;
    size_t n = 0;
    if (!t && strncmp(*uri, "/t/", 3) == 0 && (n = strcspn(name, "/?")) > 0 && (t = by_name(name, n)) != NULL) {
        snprintf(prefix, SITE_PREFIX, "/t/%s", t->name);
        *uri = name[n] == '/' ? name + n : arena_print(a, "/%s", name + n);
    }
    pthread_mutex_unlock(&many.lock);
    if (!t || !enter(&t->site)) {
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

/* A tenant is known by its store: its name and host may change. */
static struct tenant *take_row(const struct tenant_row *row)
{
    struct tenant *t = many.list;
    while (t && (t->gone || strcmp(t->store, row->store) != 0))
        t = t->next;
    bool new = !t;
    if (new) {
        t = must_alloc(sizeof *t);
        serve_site(&t->site, many.how);
        pthread_mutex_init(&t->lock, NULL);
        t->store = must_copy(row->store);
        t->site.data = t->store;
        t->site.leave = leave;
        t->site.enter = enter;
        t->site.open = open_writer;
        t->site.children = children;
        t->site.stir = stir;
        t->site.used = seconds() - TENANTS_IDLE;
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
        return; /* what was known goes on */
    for (const struct tenant_row *row = rows; row; row = row->next) {
        pthread_mutex_lock(&many.lock);
        struct tenant *new = take_row(row);
        pthread_mutex_unlock(&many.lock);
        if (new)
            jobs_join(many.jobs, &new->site);
    }
    for (struct tenant *t = many.list; t; t = t->next) /* only this thread adds to it */
        if (!t->gone && !is_in(rows, t->store)) {
            pthread_mutex_lock(&t->lock);
            t->gone = true;
            pthread_mutex_unlock(&t->lock);
            let_go(t);
        }
}

/* ---- the keeper ---- */

static void close_idle(void)
{
    for (struct tenant *t = many.list; t; t = t->next) {
        if (pthread_mutex_trylock(&t->lock) != 0)
            continue;
        if (t->open && t->users == 0 && (t->gone || seconds() - atomic_load(&t->site.used) > TENANTS_IDLE))
            tenant_close(t);
        pthread_mutex_unlock(&t->lock);
    }
}

static void *keeper(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&many.lock);
    while (!many.ending) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += LOOK;
        pthread_cond_timedwait(&many.end, &many.lock, &until);
        if (many.ending)
            break;
        pthread_mutex_unlock(&many.lock);
        struct ctx ctx;
        ctx_init(&ctx, arena_new());
        registry_follow(&ctx);
        arena_free(ctx.arena);
        close_idle();
        pthread_mutex_lock(&many.lock);
    }
    pthread_mutex_unlock(&many.lock);
    return NULL;
}

static void close_all(void)
{
    for (struct tenant *t = many.list; t; t = t->next)
        if (t->open)
            tenant_close(t);
}

/* A store that is behind is brought up to date before anybody waits for it; one that can't be is shut. */
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
    if (registry_start(ctx) != OK)
        return ctx->status;
    mallopt(M_ARENA_MAX, 4); /* many threads that seldom work need no memory each */
    db_many();
    many.jobs = jobs_start();
    registry_follow(ctx);
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
    db_close(many.registry);
    return s;
}
