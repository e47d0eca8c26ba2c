/*
 * Who reads is told where they have a place already: a volunteer by their
 * sign-ups, a resident by what this browser keeps. The browser keeps the
 * numbers of the sign-ups, sealed: it gives no right but to be told.
 */
#include "app/activities/activity_pages.h"

#include "core/pass.h"
#include "base/when.h"
#include "web/web.h"

#include <stdlib.h>
#include <string.h>

#define PLACES_COOKIE "linli_places"
#define PLACES_MOST   12 /* in one browser; the oldest is forgotten */
#define PLACES_KEPT   (90 * WHEN_DAY)

/* The sign-ups that this browser keeps, the newest first; returns their number. */
static int kept_load(struct ctx *ctx, int64_t *ids)
{
    struct pass p;
    int n = 0;
    const char *text = cookie(ctx, PLACES_COOKIE);
    if (!text || !pass_open(ctx, "own places", text, &p) || !p.code)
        return 0;
    for (char *at = arena_copy(ctx->arena, p.code), *end; n < PLACES_MOST; at = end) {
        int64_t id = strtoll(at, &end, 10);
        if (end == at)
            break;
        ids[n++] = id;
    }
    return n;
}

void own_place_keep(struct ctx *ctx, int64_t sign_up)
{
    int64_t ids[PLACES_MOST];
    int n = kept_load(ctx, ids);
    const char *all = arena_print(ctx->arena, "%lld", (long long)sign_up);
    for (int i = 0, kept = 1; i < n && kept < PLACES_MOST; i++)
        if (ids[i] != sign_up) {
            all = arena_print(ctx->arena, "%s %lld", all, (long long)ids[i]);
            kept++;
        }
    const struct pass p = {.joiner = NONE, .code = all};
    answer_cookie(ctx, PLACES_COOKIE, pass_seal(ctx, "own places", &p, PLACES_KEPT), PLACES_KEPT);
}

static void places_add(struct ctx *ctx, struct own_places *all, const struct sql *where)
{
    struct sql q;
    sql_init(&q, ctx->arena);
    sql_add(&q,
            "SELECT s.activity, s.status FROM sign_ups s JOIN activities a ON a.id = "
            "s.activity WHERE s.status <> 'cancelled' AND a.ends >= {}",
            ctx->now);
    sql_append(&q, where);
    struct rows *r = sql_query(ctx->db, &q);
    while (rows_next(r))
        *ARENA_NEXT(ctx->arena, all->list, all->count) = (struct own_place){
            row_int(r, "activity"), row_copy(r, ctx->arena, "status")};
    rows_end(r);
}

const struct own_places *own_places_load(struct ctx *ctx)
{
    struct own_places *all = ARENA_NEW(ctx->arena, struct own_places);
    int64_t ids[PLACES_MOST];
    int n = kept_load(ctx, ids);
    struct sql where;
    if (ctx->actor.volunteer > 0) {
        sql_init(&where, ctx->arena);
        sql_add(&where, " AND s.volunteer = {}", ctx->actor.volunteer);
        places_add(ctx, all, &where);
    }
    if (n > 0) {
        sql_init(&where, ctx->arena);
        sql_add(&where, " AND s.id IN ({}", ids[0]);
        for (int i = 1; i < n; i++)
            sql_add(&where, ", {}", ids[i]);
        sql_add(&where, ")");
        places_add(ctx, all, &where);
    }
    return all;
}

const char *own_place_words(struct ctx *ctx, const char *status)
{
    return *status == 's' ? say(ctx, "You’re signed up") : say(ctx, "You’re on the waiting list");
}

void own_place_draw(struct ctx *ctx, const struct own_places *all, int64_t activity)
{
    const char *status = NULL;
    for (int i = 0; i < all->count; i++)
        if (all->list[i].activity == activity && (!status || *status == 'w'))
            status = all->list[i].status;
    if (status)
        html(ctx->web->out, "<p class=\"state ok own\">{} {}</p>", icon(ctx, "check"),
             own_place_words(ctx, status));
}
