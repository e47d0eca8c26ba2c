/*
 * Serving an installation: the writer, the server, and a quiet end.
 * Keys and arena belong to the caller and outlive the server.
 */
#include "app/card.h"
#include "app/desk.h"
#include "app/import_run.h"
#include "app/install.h"
#include "app/module.h"
#include "app/settings.h"
#include "base/seal.h"
#include "db/journal.h"
#include "db/writer.h"
#include "web/server.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define MODULES_MOST 64

static const struct place *places[MODULES_MOST + 1];

static void gather(void)
{
    int p = 0;
    for (int m = 0; m < MODULES_MOST && modules[m]; m++)
        if (modules[m]->places)
            places[p++] = modules[m]->places;
}

/* Behind every durable group: live pages and the jobs that follow the journal. */
struct follower {
    struct site *site;
    struct jobs *jobs;
    struct importer *importer;
};

static void committed(void *arg, int64_t journal_seq)
{
    struct follower *f = arg;
    server_committed(f->site, journal_seq);
    if (f->jobs)
        jobs_wake(f->jobs);
    if (f->importer)
        importer_wake(f->importer);
}

/* The name in an address, as a Host header writes it; NULL when it is no address. */
static const char *host_of(struct ctx *ctx, const char *url, bool *tls)
{
    *tls = !strncmp(url, "https://", 8);
    const char *host = *tls ? url + 8 : !strncmp(url, "http://", 7) ? url + 7 : NULL;
    size_t n = host ? strcspn(host, "/?#") : 0;
    return n && !strpbrk(host, "@ \t") ? arena_copyn(ctx->arena, host, n) : NULL;
}

enum status install_serve(struct ctx *ctx, const char *data, const char *address, const char *url, bool proxied)
{
    const char *why = NULL, *host = NULL;
    bool tls = false;
    if (url && !(host = host_of(ctx, url, &tls)))
        return ctx_fail(ctx, INVALID, say(ctx, "--url is an address such as https://linli.example.cn, not “{}”.", url));
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGINT);
    sigaddset(&stop, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &stop, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error of that write, not the end */
    if (install_open(ctx, data, DB_WRITE) != OK)
        return ctx->status;
    struct site site = {.data = data, .keys = ctx->keys, .started = time(NULL), .host = host, .tls = tls, .proxied = proxied,
                        .card = card_actor};
    memcpy(site.secret, ctx->keys->hash, sizeof site.secret);
    site.journal = journal_newest(ctx->db);
    ctx->site = &site;
    settings_follow(ctx);
    site.writer = writer_start(ctx->db);
    ctx->db = NULL;
    gather();
    site.places = places;
    site.waiting = work_waiting;
    struct follower follower = {.site = &site};
    writer_on_commit(site.writer, committed, &follower);
    follower.jobs = jobs_start(&site, ctx->arena, &why);
    follower.importer = importer_start(&site, ctx->arena, &why);
    struct server *server = follower.jobs && follower.importer ? server_start(&site, address, modules_routes(), ctx->arena, &why) : NULL;
    if (!server) {
        importer_stop(follower.importer);
        jobs_stop(follower.jobs);
        writer_stop(site.writer);
        return ctx_fail(ctx, UNAVAILABLE, why);
    }
    const char *colon = strrchr(address, ':');
    printf("%s\n", say(ctx, "Linli is open at http://{}/ — stop it with Ctrl+C.",
                       arena_print(ctx->arena, "%.*s:%d", (int)(colon - address), address, server_port(server))));
    fflush(stdout);
    int got;
    sigwait(&stop, &got);
    server_stop(server);
    importer_stop(follower.importer);
    jobs_stop(follower.jobs);
    writer_stop(site.writer);
    return OK;
}
