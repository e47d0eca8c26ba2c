/*
 * Serving an installation: the writer, the server, and a quiet end.
 * Keys and arena belong to the caller and outlive the server.
 */
#include "app/install.h"
#include "app/pages.h"
#include "base/seal.h"
#include "db/journal.h"
#include "db/writer.h"
#include "web/server.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum status install_serve(struct ctx *ctx, const char *data, const char *address)
{
    static const struct routes none = {0};
    const struct routes routes[] = {resident_routes, desk_routes, none};
    const char *why = NULL;
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGINT);
    sigaddset(&stop, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &stop, NULL);
    signal(SIGPIPE, SIG_IGN);
    if (install_open(ctx, data, DB_WRITE) != OK)
        return ctx->status;
    struct site site = {.data = data, .keys = ctx->keys, .started = time(NULL), .name = "城东街道", .name_en = "Chengdong Subdistrict"};
    memcpy(site.secret, ctx->keys->hash, sizeof site.secret);
    site.journal = journal_newest(ctx->db);
    site.writer = writer_start(ctx->db);
    ctx->db = NULL;
    writer_on_commit(site.writer, server_committed, &site);
    struct server *server = server_start(&site, address, routes, ctx->arena, &why);
    if (!server) {
        writer_stop(site.writer);
        return ctx_fail(ctx, UNAVAILABLE, why);
    }
    printf("%s\n", say(ctx, "Linli is open at http://{}/ — stop it with Ctrl+C.", address));
    fflush(stdout);
    int got;
    sigwait(&stop, &got);
    server_stop(server);
    writer_stop(site.writer);
    return OK;
}
