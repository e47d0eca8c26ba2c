/*
 * Two parts of the organisers' page of an activity: its shifts with who signed
 * up and how many are still missing, and afterwards who came, also without a
 * sign-up, with their times and a link to the day's hours.
 */
#include "app/activities/activity_pages.h"

#include "app/volunteers/volunteers.h"
#include "base/when.h"
#include "web/web.h"

#include <string.h>

#define SHIFTS_MOST 100
#define NAMES_MOST  1000 /* of all shifts together; the page says how many more there are */
#define CAME_MOST   300

struct place_taken {
    int64_t shift;
    const char *name, *status;
};

/* ---- shifts ---- */

static int places_load(struct ctx *ctx, int64_t activity, struct place_taken **list, int64_t *whole)
{
    int n = 0;
    *whole = 0;
    struct rows *r = query(ctx->db,
                           "SELECT shift, name, status, count(*) OVER () AS whole FROM sign_ups "
                           "WHERE activity = {} AND shift IS NOT NULL AND status <> 'cancelled' "
                           "ORDER BY CASE status WHEN "
                           "'signed' THEN 0 ELSE 1 END, id LIMIT {}",
                           activity, NAMES_MOST);
    *list = NULL;
    while (rows_next(r)) {
        *whole = row_int(r, "whole");
        *ARENA_NEXT(ctx->arena, *list,
                    n) = (struct place_taken){.shift = row_int(r, "shift"),
                                              .name = row_copy(r, ctx->arena, "name"),
                                              .status = row_copy(r, ctx->arena, "status")};
    }
    rows_end(r);
    return n;
}

static void draw_names(struct ctx *ctx, const struct place_taken *list, int n, int64_t shift)
{
    const char *names = "";
    for (int i = 0; i < n; i++)
        if (list[i].shift == shift)
            names = ctx_list(ctx, names,
                             strcmp(list[i].status, "waiting") != 0
                                 ? list[i].name
                                 : say(ctx, "{} (waiting list)", list[i].name));
    if (*names)
        html(ctx->web->out, "<p class=\"names\">{}</p>", names);
}

static void draw_shift(struct ctx *ctx, const struct activity *a, struct rows *r,
                       const struct place_taken *list, int n)
{
    struct buf *out = ctx->web->out;
    int64_t places = row_int(r, "places"), have = row_int(r, "have"), ends = row_int(r, "ends");
    int64_t missing = places == NONE ? 0 : places - have;
    bool wanted = missing > 0 && ends > ctx->now && strcmp(a->status, "cancelled") != 0;
    html(out, "<li><div><b>{}</b> <span class=\"soft\">{}</span>", row_text(r, "name"),
         activity_when(ctx, row_int(r, "starts"), ends));
    draw_names(ctx, list, n, row_int(r, "id"));
    html(out, "</div><p class=\"state {}\">{}",
         wanted        ? "warn"
         : missing > 0 ? ""
                       : "ok",
         places == NONE ? say_n(ctx, have, "1 signed up", "{} signed up", have)
                        : say(ctx, "{} of {} signed up", have, places));
    if (wanted)
        html(out, " · {}", say_n(ctx, missing, "1 missing", "{} missing", missing));
    buf_puts(out, "</p></li>");
}

void activity_shifts_draw(struct ctx *ctx, const struct activity *a)
{
    struct buf *out = ctx->web->out;
    struct place_taken *list;
    int64_t n = 0, whole = 0, names;
    int taken = places_load(ctx, a->record.id, &list, &names);
    struct rows *r = query(ctx->db,
                           "SELECT s.id AS id, s.name AS name, s.starts AS starts, s.ends AS ends, "
                           "s.places AS places, count(*) OVER () AS whole, (SELECT count(*) FROM "
                           "sign_ups u WHERE u.shift = s.id AND u.status = 'signed') AS have FROM "
                           "shifts s WHERE s.activity = {} ORDER BY s.starts, s.id LIMIT {}",
                           a->record.id, SHIFTS_MOST);
    while (rows_next(r)) {
        whole = row_int(r, "whole");
        if (!n++)
            html(out, "<section id=\"shifts\"><h2>{}</h2><ul class=\"shift-list\">",
                 say(ctx, "Volunteer shifts"));
        draw_shift(ctx, a, r, list, taken);
    }
    rows_end(r);
    if (!n)
        return;
    buf_puts(out, "</ul>");
    more_draw(ctx, whole - n);
    more_draw(ctx, names - taken);
    buf_puts(out, "</section>");
}

/* ---- who came ---- */

struct came {
    int64_t volunteer, came, went, hours; /* hours: the record of that day; NONE */
    const char *name, *number;
    bool place;
};

/* The records of their days, of those whom the actor looks after. */
static void days_find(struct ctx *ctx, int64_t activity, struct came *list, int n)
{
    int64_t first = list[0].came, last = first;
    for (int i = 1; i < n; i++) {
        first = list[i].came < first ? list[i].came : first;
        last = list[i].came > last ? list[i].came : last;
    }
    struct sql q;
    sql_init(&q, ctx->arena);
    sql_add(&q,
            "SELECT id, volunteer, day FROM hours WHERE day >= {} AND day <= {} AND volunteer IN "
            "(SELECT volunteer FROM attendances WHERE activity = {} AND status = 'good') AND "
            "volunteer IN (SELECT id FROM volunteers WHERE 1 = 1",
            day_iso(ctx->arena, when_day(first)), day_iso(ctx->arena, when_day(last)), activity);
    volunteers_kind.scope(ctx, &q);
    sql_add(&q, ")");
    struct rows *r = sql_query(ctx->db, &q);
    while (rows_next(r))
        for (int i = 0; i < n; i++)
            if (list[i].volunteer == row_int(r, "volunteer") &&
                !strcmp(day_iso(ctx->arena, when_day(list[i].came)), row_text(r, "day")))
                list[i].hours = row_int(r, "id");
    rows_end(r);
}

static int came_load(struct ctx *ctx, int64_t activity, struct came **list, int64_t *whole)
{
    int n = 0;
    struct rows *r = query(
        ctx->db,
        "SELECT t.volunteer AS volunteer, t.came AS came, t.went AS went, p.name AS name, v.number "
        "AS number, count(*) OVER () AS whole, CASE WHEN EXISTS (SELECT 1 FROM sign_ups u WHERE "
        "u.activity = t.activity AND u.volunteer = t.volunteer AND u.status = 'signed') THEN 1 "
        "ELSE 0 END AS place FROM attendances t JOIN volunteers v ON v.id = t.volunteer LEFT JOIN "
        "people p ON p.id = v.person WHERE t.activity = {} AND t.status = 'good' ORDER BY "
        "p.pinyin, p.name, v.number, t.came, t.id LIMIT {}",
        activity, CAME_MOST);
    *list = NULL;
    *whole = 0;
    while (rows_next(r)) {
        struct came *c = ARENA_NEXT(ctx->arena, *list, n);
        *whole = row_int(r, "whole");
        *c = (struct came){.volunteer = row_int(r, "volunteer"),
                           .came = row_int(r, "came"),
                           .went = row_int(r, "went"),
                           .hours = NONE,
                           .name = row_copy(r, ctx->arena, "name"),
                           .number = row_copy(r, ctx->arena, "number"),
                           .place = row_int(r, "place") == 1};
    }
    rows_end(r);
    if (n)
        days_find(ctx, activity, *list, n);
    return n;
}

static void draw_came(struct ctx *ctx, const struct came *c)
{
    struct buf *out = ctx->web->out;
    html(out, "<tr><th scope=\"row\">{} <span class=\"soft\">{}</span></th><td>{}</td>",
         c->name ? c->name : c->number, c->number,
         c->place ? say(ctx, "Signed up") : say(ctx, "Came without signing up"));
    html(out, "<td class=\"nobr\">{}–{}</td><td class=\"nobr\">", clock_show(ctx, c->came),
         c->went == NONE ? say(ctx, "no check-out") : clock_show(ctx, c->went));
    if (c->hours != NONE)
        html(out, "<a href=\"/hours/{}\" aria-label=\"{}\">{}</a>", c->hours,
             say(ctx, "Hours of {} that day", c->name),
             c->went == NONE ? say(ctx, "That day") : hours_text(ctx, c->went - c->came));
    else if (c->went != NONE)
        html(out, "{}", hours_text(ctx, c->went - c->came));
    buf_puts(out, "</td></tr>");
}

/* Those who had a place and did not come, once it is over. */
static void draw_absent(struct ctx *ctx, const struct activity *a)
{
    const char *names = "";
    int64_t n = 0, more = 0;
    if (a->ends > ctx->now)
        return;
    struct rows *r = query(ctx->db,
                           "SELECT max(u.name) AS name, count(*) OVER () AS whole FROM sign_ups u "
                           "WHERE u.activity = {} AND u.status = 'signed' AND u.volunteer IS NOT "
                           "NULL AND NOT EXISTS (SELECT 1 FROM attendances t WHERE t.activity = "
                           "u.activity AND t.volunteer = u.volunteer AND t.status = 'good') GROUP "
                           "BY u.volunteer ORDER BY 1 LIMIT {}",
                           a->record.id, CAME_MOST);
    while (rows_next(r)) {
        names = ctx_list(ctx, names, row_text(r, "name"));
        more = row_int(r, "whole") - ++n;
    }
    rows_end(r);
    if (*names)
        html(ctx->web->out, "<p>{}</p>", say(ctx, "Signed up and did not come: {}", names));
    more_draw(ctx, more);
}

void activity_came_draw(struct ctx *ctx, const struct activity *a)
{
    struct buf *out = ctx->web->out;
    struct came *list;
    int64_t whole, seconds = 0;
    int people = 0, n = came_load(ctx, a->record.id, &list, &whole);
    if (n == 0 && (a->ends > ctx->now || !strcmp(a->status, "cancelled")))
        return;
    for (int i = 0; i < n; i++) {
        people += i == 0 || list[i].volunteer != list[i - 1].volunteer;
        seconds += list[i].went == NONE ? 0 : list[i].went - list[i].came;
    }
    html(out, "<section id=\"came\"><h2>{}</h2>", say(ctx, "Volunteers who came"));
    if (n == 0)
        html(out, "<p class=\"soft\">{}</p>", say(ctx, "No volunteer was checked in."));
    else {
        html(out, "<p>{}</p>",
             say(ctx, "{}, {} together", say_n(ctx, people, "1 volunteer", "{} volunteers", people),
                 hours_text(ctx, seconds)));
        scroll_begin(ctx, say(ctx, "Volunteers who came"));
        html(out,
             "<table class=\"plain stack\"><thead><tr><th scope=\"col\">{}</th><th "
             "scope=\"col\">{}</th><th scope=\"col\">{}</th><th "
             "scope=\"col\">{}</th></tr></thead><tbody>",
             say(ctx, "Full name"), say(ctx, "Sign-up"), say(ctx, "When"), say(ctx, "Attended"));
        for (int i = 0; i < n; i++)
            draw_came(ctx, &list[i]);
        buf_puts(out, "</tbody></table>");
        scroll_end(ctx);
        more_draw(ctx, whole - n);
    }
    draw_absent(ctx, a);
    buf_puts(out, "</section>");
}
