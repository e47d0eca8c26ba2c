/* Shared by serving one database and serving many. */
#include "program/install.h"
#include "base/when.h"
#include "core/module.h"
#include "web/server.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

void serve_site(struct site *site, const struct serving *how)
{
    *site = (struct site){.started = when_now(),
                          .host = how->host,
                          .tls = how->tls,
                          .proxied = how->proxied,
                          .card = modules_actor,
                          .land = setup_landing,
                          .places = modules_places()};
}

enum status serve_until_stopped(struct ctx *ctx, struct site *site, const struct serving *how)
{
    const char *why = NULL, *colon = strrchr(how->address, ':');
    struct server *server = server_start(site, how->address, modules_routes(), ctx->arena, &why);
    if (!server)
        return ctx_fail(ctx, UNAVAILABLE, why);
    printf("%s\n", say(ctx, "Linli is running at http://{}/ — press Ctrl+C to stop.",
                       arena_print(ctx->arena, "%.*s:%d", (int)(colon - how->address), how->address,
                                   server_port(server))));
    fflush(stdout);
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGINT);
    sigaddset(&stop, SIGTERM);
    int got;
    sigwait(&stop, &got);
    server_stop(server);
    return OK;
}
