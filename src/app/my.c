/*
 * What a volunteer sees: shifts and visits to come, days of service with the
 * hours that count, and their own entry. The gate lets in who shows a card;
 * whose pages they are is ctx->actor.volunteer, never an address.
 */
#include "app/module.h"
#include "app/people.h"
#include "app/volunteers.h"
#include "base/when.h"
#include "web/web.h"

/* The volunteer who is here; NULL with the way to the card: a login that no volunteer's entry names. */
static struct volunteer *me(struct ctx *ctx)
{
    struct volunteer *v = ctx->actor.volunteer > 0 ? record_get(ctx, &volunteers_kind, ctx->actor.volunteer) : NULL;
    if (!v)
        see_other(ctx, "/card");
    return v;
}

static void my(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct volunteer *v = me(ctx);
    if (!v)
        return;
    const struct person *p = record_get(ctx, &people_kind, v->person);
    page_begin(ctx, say(ctx, "My service"), PAGE_RESIDENT);
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>", p->name, v->number);
    form_begin(ctx, "/card/away", NULL, false);
    html(out, "<div class=\"acts\"><button class=\"quiet\">{} {}</button></div>", icon(ctx, "logout"), say(ctx, "Put the card away"));
    form_end(ctx);
    page_end(ctx);
}

static const struct route table[] = {
    ROUTE_GET("/my", ROLE_VOLUNTEER, my),
};

static const struct place places[] = {
    {"/my", N_("My service"), NULL, ROLE_VOLUNTEER, false},
    {.href = NULL},
};

const struct module my_module = {.name = "my", .routes = ROUTES(table), .places = places};
