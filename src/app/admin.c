/*
 * The one place where administration stands: cards for what the reader's role
 * may do there. A module adds one with a struct place that has an "about".
 */
#include "app/module.h"
#include "web/web.h"

#define ADMINISTERS (ROLE_ADMIN | ROLE_OFFICE | ROLE_AUDITOR | ROLE_WORKER)

static void admin(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    page_begin(ctx, say(ctx, "Administration"), PAGE_STAFF);
    html(out, "<header class=\"head\"><h1>{}</h1></header><ul class=\"places\">", say(ctx, "Administration"));
    for (int m = 0; modules[m]; m++)
        for (const struct place *p = modules[m]->places; p && p->href; p++)
            if (p->about && (p->roles & ctx->actor.roles))
                html(out, "<li><a href=\"{}\">{}<b>{}</b><i>{}</i></a></li>", p->href, icon(ctx, p->icon), tr(ctx, p->label),
                     tr(ctx, p->about));
    buf_puts(out, "</ul>");
    page_end(ctx);
}

static const struct route table[] = {
    ROUTE_GET("/admin", ADMINISTERS, admin),
};

#define WRITERS (ROLE_ADMIN | ROLE_OFFICE)
static const struct place places[] = {
    {"/admin", N_("Administration"), "g a", ADMINISTERS, true,
     .also = "/registers /calendar /journal /settings /deadlines /outbox /import /tokens /team-leaders /users "},
    {"/registers", N_("Registers"), NULL, ROLES_READERS | ROLE_ADMIN, true,
     N_("All that is entered once: people, organisations, stations and more"), "notes"},
    {"/registers/categories", N_("Categories"), NULL, WRITERS, true, N_("What residents can ask about, who leads, how long it may take"),
     "list-check"},
    {"/registers/units", N_("Units"), NULL, WRITERS, true, N_("Who handles requests"), "building-community"},
    {"/registers/areas", N_("Areas"), NULL, WRITERS, true, N_("Subdistrict, communities, estates, grids, buildings"), "map"},
    {"/registers/templates", N_("Reply templates"), NULL, WRITERS, true, N_("Ready-made replies and messages"), "message-2"},
    {.href = NULL},
};

const struct module admin_module = {.name = "admin", .routes = ROUTES(table), .places = places};
