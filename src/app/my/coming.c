/* What a volunteer has next: shifts and visits in one list, by time. */
#include "app/my/coming.h"

#include "base/when.h"
#include "web/web.h"

#include <stdlib.h>
#include <string.h>

#define COMING_MOST 20 /* in the list */

struct coming {
    int64_t starts, ends; /* starts NONE: to be agreed; comes last */
    int64_t activity;     /* NONE: a visit */
    const char *title, *more, *place, *icon;
    bool off, waits;
};

struct coming_list {
    struct coming *list;
    int count;
    int64_t whole; /* how many there are */
};

static const char *span_text(struct ctx *ctx, int64_t starts, int64_t ends)
{
    struct civil e = civil_from_when(ends == NONE ? starts : ends);
    const char *from = when_show(ctx->arena, ctx->lang, starts);
    return ends == NONE ? from : arena_print(ctx->arena, "%s–%02d:%02d", from, e.hour, e.minute);
}

static const char *picked(struct ctx *ctx, struct rows *r, const char *name, const char *name_en)
{
    const char *text = row_text(r, name);
    return text ? arena_copy(ctx->arena, ctx_pick(ctx, text, row_text(r, name_en))) : NULL;
}

static void load_shifts(struct ctx *ctx, const struct volunteer *v, struct coming_list *all)
{
    int64_t whole = 0;
    struct rows *r = query(
        ctx->db,
        "SELECT count(*) OVER () AS whole, s.status, a.id, a.title, a.title_en, a.place, "
        "a.place_en, a.status AS held, h.name,"
        " coalesce(h.starts, a.starts) AS starts, coalesce(h.ends, a.ends) AS ends FROM sign_ups s"
        " JOIN activities a ON a.id = s.activity LEFT JOIN shifts h ON h.id = s.shift"
        " WHERE s.volunteer = {} AND s.status <> 'cancelled' AND coalesce(h.ends, a.ends) >= {} "
        "ORDER BY starts, s.id LIMIT {}",
        v->record.id, ctx->now, COMING_MOST);
    while (rows_next(r)) {
        whole = row_int(r, "whole");
        *ARENA_NEXT(ctx->arena, all->list, all->count) = (struct coming){
            .starts = row_int(r, "starts"),
            .ends = row_int(r, "ends"),
            .activity = row_int(r, "id"),
            .title = picked(ctx, r, "title", "title_en"),
            .more = row_copy(r, ctx->arena, "name"),
            .place = picked(ctx, r, "place", "place_en"),
            .off = !strcmp(row_text(r, "held"), "cancelled"),
            .waits = !strcmp(row_text(r, "status"), "waiting"),
        };
    }
    rows_end(r);
    all->whole += whole;
}

static void load_visits(struct ctx *ctx, const struct volunteer *v, struct coming_list *all)
{
    int64_t whole = 0;
    struct rows *r = query(ctx->db,
                           "SELECT o.starts, o.ends, o.note, s.name, s.name_en, s.icon, "
                           "count(*) OVER () AS whole FROM "
                           "offer_asks k JOIN offers o ON o.id = k.offer"
                           " LEFT JOIN skills s ON s.code = o.skill WHERE k.volunteer = {} AND "
                           "k.answer = 'yes' AND o.status IN ('open', 'agreed', 'led')"
                           " ORDER BY CASE WHEN o.starts IS NULL THEN 1 ELSE 0 END, o.starts, "
                           "o.id LIMIT {}",
                           v->record.id, COMING_MOST);
    while (rows_next(r)) {
        const char *skill = picked(ctx, r, "name", "name_en");
        whole = row_int(r, "whole");
        *ARENA_NEXT(ctx->arena, all->list, all->count) = (struct coming){
            .starts = row_int(r, "starts"),
            .ends = row_int(r, "ends"),
            .activity = NONE,
            .title = say(ctx, "Visit: {}", skill ? skill : ""),
            .place = row_copy(r, ctx->arena, "note"),
            .icon = row_copy(r, ctx->arena, "icon"),
        };
    }
    rows_end(r);
    all->whole += whole;
}

static int by_time(const void *a, const void *b)
{
    const struct coming *x = a, *y = b;
    if ((x->starts == NONE) != (y->starts == NONE))
        return x->starts == NONE ? 1 : -1;
    return (x->starts > y->starts) - (x->starts < y->starts);
}

static void draw_one(struct ctx *ctx, const struct coming *c)
{
    struct buf *out = ctx->web->out;
    html(out, "<li class=\"{}\">{}<div><p class=\"what\"><a href=\"{}\"><b>{}</b></a> {}</p>",
         c->off     ? "late"
         : c->waits ? "warn"
                    : "",
         icon(ctx, c->off                ? "circle-x"
                   : c->waits            ? "hourglass"
                   : c->icon             ? c->icon
                   : c->activity == NONE ? "home-check"
                                         : "calendar-event"),
         c->activity == NONE ? "/my/asks"
                             : arena_print(ctx->arena, "/activities/%lld", (long long)c->activity),
         c->title, c->more);
    html(out, "<p class=\"by\"><time>{}</time> {}</p>",
         c->starts == NONE ? say(ctx, "Time to be agreed") : span_text(ctx, c->starts, c->ends),
         c->place);
    if (c->off || c->waits)
        html(out, "<p>{}</p>",
             c->off ? say(ctx, "This activity has been cancelled.")
                    : say(ctx, "You’re on the waiting list; we’ll let you know when a place "
                               "becomes available."));
    buf_puts(out, "</div></li>");
}

void coming_draw(struct ctx *ctx, const struct volunteer *v)
{
    struct buf *out = ctx->web->out;
    struct coming_list all = {.list = NULL};
    load_shifts(ctx, v, &all);
    load_visits(ctx, v, &all);
    if (all.count)
        qsort(all.list, (size_t)all.count, sizeof *all.list, by_time);
    int n = all.count < COMING_MOST ? all.count : COMING_MOST;
    html(out, "<section><h2>{}</h2>", say(ctx, "Next"));
    if (n == 0)
        html(out, "<p class=\"soft\">{}</p>", say(ctx, "Nothing arranged yet."));
    else
        buf_puts(out, "<ol class=\"timeline plain\">");
    for (int i = 0; i < n; i++)
        draw_one(ctx, &all.list[i]);
    if (n)
        buf_puts(out, "</ol>");
    more_draw(ctx, all.whole - n);
    html(out,
         "<div class=\"acts\"><a class=\"button{}\" href=\"/shifts\">{} {}</a><a "
         "class=\"button\" href=\"/my/asks\">{} {}</a>",
         (struct markup){n ? "" : " now"}, icon(ctx, "users"), say(ctx, "Shifts that need people"),
         icon(ctx, "heart-handshake"), say(ctx, "Visit requests for me"));
    if (v->team != NONE)
        html(out, "<a class=\"button\" href=\"/teams/{}\">{} {}</a>", v->team,
             icon(ctx, "users-group"), say(ctx, "My team and its activities"));
    buf_puts(out, "</div></section>");
}
