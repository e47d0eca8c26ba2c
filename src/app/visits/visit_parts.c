/*
 * Parts that the pages of offers share, and what a request's pages show of its
 * offer.
 */
#include "app/visits/visit_parts.h"

#include "app/registers/registers.h"
#include "base/when.h"
#include "web/web.h"

#include <string.h>

/* ---- words ---- */

const char *offer_when(struct ctx *ctx, const struct offer *o)
{
    return o->starts == NONE ? say(ctx, "Time to be agreed by the volunteer")
                             : when_show(ctx->arena, ctx->lang, o->starts);
}

int64_t offer_count(struct ctx *ctx, const struct offer *o, const char *answer)
{
    return query_int(ctx->db,
                     "SELECT count(*) AS n FROM offer_asks WHERE offer = {} AND answer = {}",
                     o->record.id, answer);
}

const char *offer_state(struct ctx *ctx, const struct offer *o)
{
    int64_t yes = offer_count(ctx, o, "yes");
    if (!strcmp(o->status, "open"))
        return yes ? say(ctx, "{} of {} accepted", yes, o->people)
                   : say(ctx, "Looking for volunteers");
    if (!strcmp(o->status, "led"))
        return yes ? say(ctx, "{} of {} have accepted, no one left to ask", yes, o->people)
                   : say(ctx, "Nobody has accepted");
    return field_show(ctx, kind_field(&offers_kind, "status"), o);
}

/* ---- on a request's own pages ---- */

static const struct offer *newest_offer(struct ctx *ctx, const struct request *r)
{
    int64_t id = query_int(ctx->db, "SELECT max(id) AS id FROM offers WHERE request = {}",
                           r->record.id);
    return id == NONE ? NULL : record_get(ctx, &offers_kind, id);
}

static bool over(const struct offer *o)
{
    return !strcmp(o->status, "done") || !strcmp(o->status, "cancelled");
}

void visits_part(struct ctx *ctx, const struct request *r)
{
    struct buf *out = ctx->web->out;
    const struct offer *o = newest_offer(ctx, r);
    int status = request_status_of(r);
    bool may = (ctx->actor.roles & (ROLE_WORKER | ROLE_OFFICE)) &&
               (status == RECEIVED || status == DISPATCHED || status == HANDLING);
    const char *skill = o ? o->skill : skill_for(ctx, r->category);
    if (!o && (!may || !skill))
        return;
    html(out, "<section class=\"card screen\" id=\"volunteers\"><h2>{}</h2>",
         say(ctx, "Volunteers"));
    if (o)
        html(out, "<p><a href=\"/visits/{}\">{}</a> · {} · {}</p>", o->record.id,
             skill_name(ctx, o->skill), offer_state(ctx, o), offer_when(ctx, o));
    if (may && (!o || over(o)))
        html(out,
             "<p>{}</p><div class=\"acts\"><a class=\"button\" href=\"/visits/new?request={}\">{} "
             "{}</a></div>",
             say(ctx, "Volunteers with this skill can help: {}.", skill_name(ctx, skill)),
             r->record.id, icon(ctx, "heart-handshake"), say(ctx, "Find volunteers"));
    html(out, "</section>");
}

void visits_follow(struct ctx *ctx, const struct request *r)
{
    struct buf *out = ctx->web->out;
    const struct offer *o = newest_offer(ctx, r);
    if (!o || over(o))
        return;
    html(out, "<section class=\"card\"><h2>{}</h2>", say(ctx, "Who is visiting you"));
    struct rows *v = query(ctx->db,
                           "SELECT p.name AS name, v.number AS number FROM offer_asks k JOIN "
                           "volunteers v ON v.id = k.volunteer"
                           " JOIN people p ON p.id = v.person WHERE k.offer = {} AND k.answer = "
                           "'yes' ORDER BY k.answered_at, k.id",
                           o->record.id);
    int n = 0;
    while (rows_next(v)) {
        html(out, "{}<li>{}<div><b>{}</b> <span class=\"soft\">{}</span></div></li>",
             (struct markup){n++ ? "" : "<ul class=\"timeline plain\">"}, icon(ctx, "user-check"),
             row_text(v, "name"), say(ctx, "volunteer number {}", row_text(v, "number")));
    }
    if (n)
        html(out, "</ul><p>{}</p><p class=\"small\">{}</p>",
             o->starts == NONE
                 ? say(ctx, "They will agree a time with you.")
                 : say(ctx, "They will come on {}.", when_show(ctx->arena, ctx->lang, o->starts)),
             say(ctx, "They will show a volunteer card with this number. The visit is free."));
    if (!strcmp(o->status, "open"))
        html(out, "<p>{}</p>",
             n ? say(ctx, "We are still looking for {} more.", o->people - n)
               : say(ctx, "We are asking volunteers near you. You will see who is coming here once "
                          "someone accepts."));
    else if (!n)
        html(out, "<p>{}</p>",
             say(ctx, "Nobody has been available so far. Community staff are looking for someone "
                      "personally."));
    html(out, "</section>");
}
