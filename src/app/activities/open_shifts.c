/*
 * Shifts that need people: the list for volunteers, with sign-up in one tap,
 * and the number missing for each activity, for lists and the calendar. Also
 * what a volunteer has now, with the way to check in.
 */
#include "app/activities/activity_pages.h"

#include "core/module.h"
#include "base/when.h"
#include "web/web.h"

#include <stdlib.h>
#include <string.h>

#define SHIFTS_MOST 200             /* shifts in the list */
#define NOW_LATE    (6 * WHEN_HOUR) /* a check-out is offered, after the end */

/* Shifts that can be signed up for and have places left; each row also has how many. */
#define OPEN_SHIFTS \
    " FROM shifts h JOIN activities a ON a.id = h.activity LEFT JOIN (SELECT shift, count(*) AS " \
    "n FROM sign_ups WHERE status = 'signed' AND shift IS NOT NULL GROUP BY shift) AS t ON " \
    "t.shift = h.id WHERE a.status = 'open' AND h.places > coalesce(t.n, 0) AND h.starts >= {} " \
    "AND (a.sign_up_until IS NULL OR a.sign_up_until >= {})"

/* ---- how many are missing ---- */

struct hands *hands_load(struct ctx *ctx)
{
    struct hands *all = ARENA_NEW(ctx->arena, struct hands);
    struct rows *r = query(
        ctx->db,
        "SELECT h.activity, sum(h.places - coalesce(t.n, 0)) AS missing" OPEN_SHIFTS
        " GROUP BY h.activity ORDER BY h.activity",
        ctx->now, ctx->now);
    while (rows_next(r))
        *ARENA_NEXT(ctx->arena, all->list, all->count) = (struct hand){row_int(r, "activity"),
                                                                       row_int(r, "missing")};
    rows_end(r);
    return all;
}

static int by_activity(const void *key, const void *one)
{
    int64_t id = *(const int64_t *)key;
    const struct hand *h = one;
    return (id > h->activity) - (id < h->activity);
}

int64_t hands_missing(const struct hands *all, int64_t activity)
{
    const struct hand *h = all->count ? bsearch(&activity, all->list, (size_t)all->count,
                                                sizeof *all->list, by_activity)
                                      : NULL;
    return h ? h->missing : 0;
}

const char *hands_words(struct ctx *ctx, int64_t missing)
{
    return say_n(ctx, missing, "1 more volunteer needed", "{} more volunteers needed", missing);
}

/* ---- the list ---- */

struct open_shift {
    int64_t id, activity, starts, ends, missing;
    const char *title, *name, *place, *status; /* status: of the reader's own sign-up; NULL */
    bool asks;                                 /* something has to be answered at sign-up */
};

static int shifts_load(struct ctx *ctx, struct open_shift **list, int64_t *whole)
{
    int n = 0;
    struct rows *r = query(
        ctx->db,
        "SELECT h.id, h.activity, h.name, h.starts, h.ends, h.places - coalesce(t.n, 0) AS "
        "missing, a.title, a.title_en, a.place, a.place_en, a.questions, count(*) OVER () AS "
        "whole, (SELECT max(u.status) FROM sign_ups u WHERE u.shift = h.id AND u.volunteer = {} "
        "AND u.status <> 'cancelled') AS mine" OPEN_SHIFTS " ORDER BY h.starts, h.id LIMIT {}",
        (struct maybe){ctx->actor.volunteer > 0 ? ctx->actor.volunteer : NONE}, ctx->now, ctx->now,
        SHIFTS_MOST);
    *list = NULL;
    *whole = 0;
    while (rows_next(r)) {
        *whole = row_int(r, "whole");
        *ARENA_NEXT(ctx->arena, *list, n) = (struct open_shift){
            .id = row_int(r, "id"),
            .activity = row_int(r, "activity"),
            .starts = row_int(r, "starts"),
            .ends = row_int(r, "ends"),
            .missing = row_int(r, "missing"),
            .title = arena_copy(ctx->arena,
                                ctx_pick(ctx, row_text(r, "title"), row_text(r, "title_en"))),
            .name = row_copy(r, ctx->arena, "name"),
            .place = row_text(r, "place")
                         ? arena_copy(ctx->arena,
                                      ctx_pick(ctx, row_text(r, "place"), row_text(r, "place_en")))
                         : NULL,
            .status = row_copy(r, ctx->arena, "mine"),
            .asks = row_text(r, "questions") && *row_text(r, "questions")};
    }
    rows_end(r);
    return n;
}

static void draw_one(struct ctx *ctx, const struct open_shift *s)
{
    struct buf *out = ctx->web->out;
    html(out,
         "<li><time>{}–{}</time><div><a href=\"/activities/{}\">{}</a><span "
         "class=\"soft\">{}{}{}</span><span class=\"state warn\">{} {}</span></div>",
         clock_show(ctx, s->starts), clock_show(ctx, s->ends), s->activity, s->title, s->name,
         s->place ? " · " : "", s->place, icon(ctx, "users"), hands_words(ctx, s->missing));
    if (s->status) {
        html(out, "<p class=\"state ok\">{} {}</p>", icon(ctx, "check"),
             own_place_words(ctx, s->status));
    } else if (ctx->actor.volunteer <= 0 || s->asks) {
        html(out, "<a class=\"button\" href=\"/activities/{}\">{}</a>", s->activity,
             ctx->actor.volunteer <= 0 ? say(ctx, "See the activity")
                                       : say(ctx, "Answer and sign up"));
    } else {
        form_begin(ctx, arena_print(ctx->arena, "/activities/%lld/shift", (long long)s->activity),
                   NULL, false);
        html(out,
             "<input type=\"hidden\" name=\"next\" value=\"/shifts\"><input type=\"hidden\" "
             "name=\"shift\" value=\"{}\"><button class=\"primary\" "
             "aria-label=\"{}\">{}</button>",
             s->id, say(ctx, "I’ll help: {}", s->title), say(ctx, "I’ll help"));
        form_end(ctx);
    }
    buf_puts(out, "</li>");
}

static void shifts(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    struct open_shift *list;
    int64_t whole, day = NONE;
    int n = shifts_load(ctx, &list, &whole);
    page_begin(ctx, say(ctx, "Shifts that need people"), PAGE_RESIDENT);
    html(out, "<header class=\"head\"><h1>{}</h1>", say(ctx, "Shifts that need people"));
    if (ctx->actor.volunteer <= 0)
        html(out, "<p class=\"lead\">{} <a href=\"/card?next=/shifts\">{}</a></p>",
             say(ctx, "Have a volunteer card?"), say(ctx, "Use your card to choose a shift"));
    buf_puts(out, "</header>");
    for (int i = 0; i < n; i++) {
        if (when_day(list[i].starts) != day) {
            html(out, "{}<h2>{}</h2><ul class=\"agenda shifts\">",
                 (struct markup){i ? "</ul>" : ""}, day_words(ctx, when_day(list[i].starts)));
            day = when_day(list[i].starts);
        }
        draw_one(ctx, &list[i]);
    }
    if (n)
        buf_puts(out, "</ul>");
    else
        html(out,
             "<div class=\"empty\">{}<p>{}</p><a class=\"button\" "
             "href=\"/activities\">{}</a></div>",
             icon(ctx, "users"), say(ctx, "Every shift has enough people at the moment."),
             say(ctx, "All activities"));
    more_draw(ctx, whole - n);
    page_end(ctx);
}

/* ---- what is on now ---- */

static void draw_now(struct ctx *ctx, struct rows *r)
{
    struct buf *out = ctx->web->out;
    int64_t came = row_int(r, "came"), went = row_int(r, "went"), starts = row_int(r, "starts"),
            ends = row_int(r, "ends");
    const char *title = arena_copy(ctx->arena,
                                   ctx_pick(ctx, row_text(r, "title"), row_text(r, "title_en"))),
               *name = row_text(r, "name"), *place = row_text(r, "place");
    bool inside = came != NONE && went == NONE;
    html(out,
         "<section class=\"card now-on\"><h2>{}</h2><p class=\"lead\"><a "
         "href=\"/activities/{}\">{}</a>{}{}</p><p><time>{}–{}</time>{}{}</p>",
         ends < ctx->now     ? say(ctx, "Don’t forget to check out")
         : starts > ctx->now ? say(ctx, "About to start")
                             : say(ctx, "On now"),
         row_int(r, "id"), title, name && !inside ? " · " : "", name && !inside ? name : "",
         clock_show(ctx, starts), clock_show(ctx, ends), place ? " · " : "",
         place ? ctx_pick(ctx, place, row_text(r, "place_en")) : "");
    if (came != NONE)
        html(out, "<p class=\"state ok\">{} {}</p>", icon(ctx, "circle-check"),
             inside ? say(ctx, "You checked in at {}.", clock_show(ctx, came))
                    : say(ctx, "You were here from {} to {}.", clock_show(ctx, came),
                          clock_show(ctx, went)));
    html(out, "<div class=\"acts big\"><a class=\"button{}\" href=\"/in/{}\">{} {}</a></div>",
         (struct markup){went == NONE ? " now" : ""}, row_int(r, "id"),
         icon(ctx, inside ? "logout" : "login"),
         inside ? say(ctx, "Check out") : say(ctx, "Check in"));
    buf_puts(out, "</section>");
}

bool activity_now_draw(struct ctx *ctx, int64_t activity)
{
    struct sql q;
    bool any = false;
    int64_t me = ctx->actor.volunteer;
    if (me <= 0)
        return false;
    sql_init(&q, ctx->arena);
    sql_add(&q,
            "SELECT a.id, a.title, a.title_en, a.place, a.place_en, n.name, coalesce(n.starts, "
            "a.starts) AS starts, coalesce(n.ends, a.ends) AS ends, t.came, t.went FROM "
            "activities a LEFT JOIN (SELECT s.activity, h.name, h.starts, h.ends FROM sign_ups s "
            "JOIN shifts h ON h.id = s.shift WHERE s.volunteer = {} AND s.status = 'signed' AND "
            "h.starts <= {} AND h.ends >= {}) AS n ON n.activity = a.id LEFT JOIN attendances t "
            "ON t.id = (SELECT max(x.id) FROM attendances x WHERE x.activity = a.id AND "
            "x.volunteer = {} AND x.status = 'good') WHERE a.status <> 'cancelled' AND a.ends >= "
            "{} AND a.id IN (SELECT s.activity FROM sign_ups s WHERE s.volunteer = {} UNION "
            "SELECT x.activity FROM attendances x WHERE x.volunteer = {}) AND (n.activity IS NOT "
            "NULL OR (t.id IS NOT NULL AND t.went IS NULL))",
            me, ctx->now + NOW_EARLY, ctx->now, me, ctx->now - NOW_LATE, me, me);
    if (activity != NONE)
        sql_add(&q, " AND a.id = {}", activity);
    sql_add(&q, " ORDER BY starts, a.id");
    struct rows *r = sql_query(ctx->db, &q);
    for (; rows_next(r); any = true)
        draw_now(ctx, r);
    rows_end(r);
    return any;
}

static const struct route table[] = {
    ROUTE_GET("/shifts", ROLE_PUBLIC, shifts),
};

static const struct place places[] = {
    {"/shifts", N_("Shifts that need people"), NULL, ROLE_VOLUNTEER, false,
     .group = N_("Volunteering"), .rank = 25},
    {.href = NULL},
};

const struct module open_shifts_module = {
    .name = "open_shifts", .routes = ROUTES(table), .places = places};
