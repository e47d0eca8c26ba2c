/*
 * Serves an installation: the writer, the server, and an orderly shutdown.
 * Keys and arena belong to the caller and outlive the server.
 */
#include "program/install.h"
#include "core/module.h"
#include "program/modules.h"
#include "core/settings.h"
#include "program/tenants.h"
#include "base/seal.h"
#include "db/journal.h"
#include "db/wal_copy.h"
#include "db/writer.h"
#include "web/server.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define CREW 4 /* threads that read a remote database */

/* Called after every durable group: live pages, and jobs that follow the audit log. */
struct follower {
    struct site *site;
    struct jobs *jobs;
};

static void committed(void *arg, int64_t journal_seq)
{
    struct follower *f = arg;
    server_committed(f->site, journal_seq);
    jobs_wake(f->jobs, f->site);
}

/* The host name in a URL as the Host header contains it; NULL if it is not a URL. */
static const char *host_of(struct ctx *ctx, const char *url, bool *tls)
{
    *tls = !strncmp(url, "https://", 8);
    const char *host = *tls ? url + 8 : !strncmp(url, "http://", 7) ? url + 7 : NULL;
    size_t n = host ? strcspn(host, "/?#") : 0;
    return n && !strpbrk(host, "@ \t") ? arena_copyn(ctx->arena, host, n) : NULL;
}

static enum status serve_one(struct ctx *ctx, const struct serving *how)
{
    struct site site;
    struct wal_copy *copy = NULL;
    const char *why = NULL;
    if (install_open(ctx, how->data, DB_WRITE) != OK)
        return ctx->status;
    serve_site(&site, how);
    site.data = how->data;
    site.far = db_is_postgres(how->data) ? CREW : 0;
    site.keys = ctx->keys;
    memcpy(site.secret, ctx->keys->form, sizeof site.secret);
    site.journal = journal_newest(ctx->db);
    ctx->site = &site;
    settings_follow(ctx);
    if (how->copy_to &&
        !(copy = wal_copy_start(how->data, how->copy_to, &site.copied, ctx->arena, &why)))
        return ctx_fail(ctx, UNAVAILABLE, why);
    site.writer = writer_start(ctx->db);
    ctx->db = NULL;
    struct follower follower = {.site = &site, .jobs = jobs_start()};
    writer_on_commit(site.writer, committed, &follower);
    jobs_join(follower.jobs, &site);
    enum status s = serve_until_stopped(ctx, &site, how);
    site.closing = true;
    jobs_stop(follower.jobs);
    writer_stop(site.writer);
    jobs_free(follower.jobs);
    wal_copy_stop(copy);
    return s;
}

enum status install_serve(struct ctx *ctx, struct serving *how)
{
    if (how->url && !(how->host = host_of(ctx, how->url, &how->tls)))
        return ctx_fail(ctx, INVALID,
                        say(ctx,
                            "--url must be an address such as https://linli.example.cn, not "
                            "“{}”.",
                            how->url));
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGINT);
    sigaddset(&stop, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &stop, NULL);
    signal(SIGPIPE, SIG_IGN);
    /* A file that may not grow fails that write, and does not end the process. */
    signal(SIGXFSZ, SIG_IGN);
    program_modules();
    bool postgres = db_is_postgres(how->data), several = tenants_there(ctx, how->data);
    if (how->copy_to && postgres)
        return ctx_fail(ctx, INVALID,
                        say(ctx, "--copy-to works only with a folder. For PostgreSQL, use a "
                                 "standby server or archive_command."));
    return several ? serve_many(ctx, how) : serve_one(ctx, how);
}
