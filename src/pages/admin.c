/*
 * The administration page: cards for what the actor's role may do there. A
 * module adds one with a struct place that has an "about".
 */
#include "core/module.h"
#include "web/web.h"

#define ADMINISTERS (ROLE_ADMIN | ROLE_OFFICE | ROLE_AUDITOR | ROLE_WORKER)

static void admin(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    page_begin(ctx, say(ctx, "Administration"), PAGE_STAFF);
    html(out, "<header class=\"head\"><h1>{}</h1></header><ul class=\"places\">",
         say(ctx, "Administration"));
    for (const struct place *const *list = modules_places(); *list; list++)
        for (const struct place *p = *list; p->href; p++)
            if (p->about && (p->roles & ctx->actor.roles))
                html(out, "<li><a href=\"{}\">{}<b>{}</b><i>{}</i></a></li>", p->href,
                     icon(ctx, p->icon), tr(ctx, p->label), tr(ctx, p->about));
    buf_puts(out, "</ul>");
    page_end(ctx);
}

static const struct route table[] = {
    ROUTE_GET("/admin", ADMINISTERS, admin),
};

static const struct place places[] = {
    {"/admin", N_("Administration"), "g a", ADMINISTERS, true, .also = "/users ", .gathers = true,
     .rank = 180},
    {"/registers", N_("Registers"), NULL, ROLES_READERS | ROLE_ADMIN, true,
     N_("People, organisations, service points and everything else recorded once and reused"),
     "notes", .rank = 180},
    {.href = NULL},
};

const struct module admin_module = {.name = "admin", .routes = ROUTES(table), .places = places};
