/*
 * What the pages of organisations, people, seats and terms show of who holds
 * which seat: the composition of an organisation on any day (?on=2026-03-05),
 * its terms, earlier holders, and the posts of a person.
 */
#include "app/registers/seats.h"

#include "app/registers/as_of.h"
#include "app/registers/households.h"
#include "app/registers/rule_sets.h"
#include "base/when.h"
#include "core/module.h"
#include "pages/register_pages.h"
#include "web/fields.h"
#include "web/web.h"

#include <stdlib.h>
#include <string.h>

#define SEATS_MOST 500 /* shown on a page; more are counted */
#define POSTS_MOST 200

/* ---- posts: of a person, and earlier ones of an organisation ---- */

static void post_line(struct ctx *ctx, const struct post *p, bool of_person)
{
    struct buf *out = ctx->web->out;
    bool over = p->valid_to && *p->valid_to && strcmp(p->valid_to, ctx_today(ctx)) < 0;
    const struct seat *s = p->seat > 0 ? record_get(ctx, &seats_kind, p->seat) : NULL;
    const char *title = s && s->title ? ctx_pick(ctx, s->title, s->title_en)
                                      : field_show(ctx, kind_field(&posts_kind, "role"), p);
    html(out,
         "<li><p><a href=\"/registers/posts/{}\">{}</a> <span class=\"small\">{}{}{} {}–{}</span>",
         p->record.id,
         field_show(ctx, kind_field(&posts_kind, of_person ? "organisation" : "person"), p), title,
         p->term ? " · " : "", p->term, field_show(ctx, kind_field(&posts_kind, "valid_from"), p),
         field_show(ctx, kind_field(&posts_kind, "valid_to"), p));
    if (over)
        html(out, " <span class=\"state wait\">{}</span>", say(ctx, "ended"));
    buf_puts(out, "</p></li>");
}

/* Returns how many; at most POSTS_MOST are drawn. ended: only those that have ended. */
static int64_t draw_posts(struct ctx *ctx, const char *column, int64_t id, bool ended)
{
    struct buf *out = ctx->web->out;
    struct list l;
    list_init(ctx, &l, &posts_kind);
    sql_add(&l.where, " AND {} = {}", (struct sql_name){column}, id);
    if (ended)
        sql_add(&l.where, " AND valid_to <> '' AND valid_to < {}", ctx_today(ctx));
    int64_t total = list_count(ctx, &l);
    l.order = "CASE WHEN valid_to IS NULL THEN 0 ELSE 1 END, valid_to DESC, id";
    l.limit = POSTS_MOST;
    struct rows *r = list_run(ctx, &l);
    buf_puts(out, "<ul class=\"tree\">");
    for (struct post *p; (p = list_next(ctx, &posts_kind, r, ctx->arena)) != NULL;)
        post_line(ctx, p, !strcmp(column, "person"));
    buf_puts(out, "</ul>");
    if (total > POSTS_MOST)
        html(out, "<p class=\"small\"><a href=\"/registers/posts?{}=%23{}\">{}</a></p>", column, id,
             say(ctx, "and {} more", total - POSTS_MOST));
    return total;
}

static void add_link(struct ctx *ctx, const struct kind *k, const char *column, const char *code,
                     const char *words)
{
    if (kind_may_write(ctx, k))
        html(ctx->web->out, "<a href=\"/registers/{}/new?{}={}\">{} {}</a> ", k->name, column,
             (struct url_part){code}, icon(ctx, "plus"), words);
}

static void person_detail(struct ctx *ctx, const void *record)
{
    const struct person *p = record;
    struct buf *out = ctx->web->out;
    person_households_draw(ctx, p->record.id);
    if (!(posts_kind.read & ctx->actor.roles))
        return;
    html(out, "<section><h2>{}</h2>", tr(ctx, posts_kind.many));
    if (draw_posts(ctx, "person", p->record.id, false) == 0)
        html(out, "<p class=\"soft\">{}</p>", say(ctx, "No positions recorded."));
    buf_puts(out, "<p>");
    add_link(ctx, &posts_kind, "person", p->code, say(ctx, "Add position"));
    buf_puts(out, "</p></section>");
}

/* ---- the composition on a day ---- */

struct sitting {
    const struct seat *seat;
    const struct post *post; /* NULL: nobody */
    const char *since;       /* vacant since, if known */
};

/* The post that holds the seat on the day, and the end of the last one before it. */
static void sitting_read(struct ctx *ctx, struct sitting *s, const char *day)
{
    const char *last = NULL;
    struct rows *r = query(ctx->db,
                           "SELECT id, valid_from, valid_to FROM posts WHERE seat = {} ORDER BY "
                           "valid_from, id",
                           s->seat->record.id);
    int64_t held = NONE;
    while (rows_next(r)) {
        const char *from = row_text(r, "valid_from"), *to = row_text(r, "valid_to");
        if (valid_on(from, to, day))
            held = row_int(r, "id");
        else if (to && *to && strcmp(to, day) < 0 && (!last || strcmp(to, last) > 0))
            last = arena_copy(ctx->arena, to);
    }
    rows_end(r);
    s->post = held == NONE ? NULL : record_get(ctx, &posts_kind, held);
    int64_t n;
    if (!s->post && last && day_parse(last, &n))
        s->since = day_iso(ctx->arena, n + 1);
    else if (!s->post)
        s->since = s->seat->valid_from ? s->seat->valid_from
                   : s->seat->vacant_since && strcmp(s->seat->vacant_since, day) <= 0
                       ? s->seat->vacant_since
                       : NULL;
}

static bool seat_shown(struct ctx *ctx, const struct seat *s, const char *day)
{
    if (!valid_on(s->valid_from, s->valid_to, day))
        return false;
    const struct office_term *t = s->term > 0 ? record_get(ctx, &terms_kind, s->term) : NULL;
    return !t || valid_on(t->valid_from, t->valid_to, day);
}

static struct sitting *sittings(struct ctx *ctx, int64_t organisation, const char *day, int *n)
{
    struct sitting *list = NULL;
    struct seat **seats = NULL;
    int all = 0;
    struct list l;
    list_init(ctx, &l, &seats_kind);
    sql_add(&l.where, " AND organisation = {}", organisation);
    l.limit = SEATS_MOST;
    struct rows *r = list_run(ctx, &l);
    for (struct seat *s; (s = list_next(ctx, &seats_kind, r, ctx->arena)) != NULL;)
        *ARENA_NEXT(ctx->arena, seats, all) = s;
    *n = 0;
    for (int i = 0; i < all; i++) {
        struct sitting one = {.seat = seats[i]};
        if (!seat_shown(ctx, seats[i], day))
            continue;
        sitting_read(ctx, &one, day);
        if (one.post || seats[i]->standing == 1)
            *ARENA_NEXT(ctx->arena, list, *n) = one;
    }
    return list;
}

static const char *seat_title(struct ctx *ctx, const struct seat *s)
{
    return s->title && *s->title ? ctx_pick(ctx, s->title, s->title_en)
                                 : field_show(ctx, kind_field(&seats_kind, "role"), s);
}

static void vacant_cell(struct ctx *ctx, const struct sitting *s, const char *day)
{
    struct buf *out = ctx->web->out;
    int64_t from, to;
    html(out, "<td data-label=\"{}\"><span class=\"state late\">{}</span>", say(ctx, "Holder"),
         say(ctx, "vacant"));
    if (s->since && day_parse(s->since, &from) && day_parse(day, &to) && from <= to)
        html(out, " <span class=\"small\">{}</span>",
             say_n(ctx, to - from + 1, "since {} (1 day)", "since {} ({} days)",
                   day_show(ctx->arena, ctx->lang, from), to - from + 1));
    buf_puts(out, "</td><td></td><td></td>");
}

/* term_end: the last day of the term on that day; NULL: no term. */
static void held_cell(struct ctx *ctx, const struct sitting *s, const char *term_end)
{
    struct buf *out = ctx->web->out;
    const struct post *p = s->post;
    html(out, "<td data-label=\"{}\">", say(ctx, "Holder"));
    if (record_reached(ctx, &posts_kind, p->record.id))
        html(out, "<a href=\"/registers/posts/{}\">{}</a>", p->record.id,
             field_show(ctx, kind_field(&posts_kind, "person"), p));
    else
        html(out, "<span class=\"soft\">{}</span>", say(ctx, "held by somebody outside your area"));
    html(out, "</td><td data-label=\"{}\">{}</td>", say(ctx, "From"), ctx_date(ctx, p->valid_from));
    if (p->valid_to && *p->valid_to)
        html(out, "<td data-label=\"{}\">{}</td>", say(ctx, "Until"), ctx_date(ctx, p->valid_to));
    else
        html(out, "<td class=\"soft\">{}</td>",
             term_end ? say(ctx, "end of term: {}", ctx_date(ctx, term_end)) : "");
}

static const char *term_end_on(struct ctx *ctx, int64_t organisation, const char *day)
{
    struct rows *r = query(ctx->db,
                           "SELECT valid_to FROM terms WHERE organisation = {} AND valid_from <= "
                           "{} AND valid_to >= {} LIMIT 1",
                           organisation, day, day);
    const char *end = rows_next(r) ? row_copy(r, ctx->arena, "valid_to") : NULL;
    rows_end(r);
    return end;
}

static void appoint_cell(struct ctx *ctx, const struct organisation *o, const struct sitting *s)
{
    struct buf *out = ctx->web->out;
    if (!kind_may_write(ctx, &posts_kind))
        return;
    buf_puts(out, "<td class=\"screen\">");
    if (!s->post && area_mine(ctx, PEOPLE_ROLES, o->community))
        html(out, "<a href=\"/registers/posts/new?organisation={}&role={}&seat={}\">{}</a>",
             (struct url_part){o->code}, s->seat->role, (struct url_part){s->seat->code},
             say(ctx, "Record holder"));
    buf_puts(out, "</td>");
}

static void draw_sittings(struct ctx *ctx, const struct organisation *o, const char *day)
{
    struct buf *out = ctx->web->out;
    int n, vacant = 0;
    const struct sitting *list = sittings(ctx, o->record.id, day, &n);
    if (n == 0) {
        html(out, "<p class=\"soft\">{}</p>", say(ctx, "No seats on this day."));
        return;
    }
    const char *term_end = term_end_on(ctx, o->record.id, day);
    for (int i = 0; i < n; i++)
        vacant += !list[i].post;
    html(out, "<p>{}{}{}</p>", say_n(ctx, n, "1 seat", "{} seats", n), vacant ? " · " : "",
         vacant ? say(ctx, "{} vacant", vacant) : "");
    scroll_begin(ctx, say(ctx, "Who holds which seat"));
    html(out,
         "<table class=\"plain stack\"><thead><tr><th scope=\"col\">{}</th><th "
         "scope=\"col\">{}</th><th scope=\"col\">{}</th><th scope=\"col\">{}</th>{}</tr></thead>"
         "<tbody>",
         say(ctx, "Seat"), say(ctx, "Holder"), say(ctx, "From"), say(ctx, "Until"),
         (struct markup){kind_may_write(ctx, &posts_kind) ? "<th class=\"screen\"></th>" : ""});
    for (int i = 0; i < n; i++) {
        html(out, "<tr><th scope=\"row\"><a href=\"/registers/seats/{}\">{}</a></th>",
             list[i].seat->record.id, seat_title(ctx, list[i].seat));
        if (list[i].post)
            held_cell(ctx, &list[i], term_end);
        else
            vacant_cell(ctx, &list[i], day);
        appoint_cell(ctx, o, &list[i]);
        buf_puts(out, "</tr>");
    }
    buf_puts(out, "</tbody></table>");
    scroll_end(ctx);
}

static void draw_seats(struct ctx *ctx, const struct organisation *o)
{
    struct buf *out = ctx->web->out;
    html(out, "<section id=\"seats\"><h2>{}</h2>", say(ctx, "Who holds which seat"));
    const char *day = as_of_draw(ctx, arena_print(ctx->arena, "/registers/organisations/%lld#seats",
                                                  (long long)o->record.id)),
               *shown = ctx_date(ctx, day);
    html(out, "<h3>{}</h3>",
         strcmp(day, ctx_today(ctx)) ? say(ctx, "On {}", shown) : say(ctx, "Today, {}", shown));
    draw_sittings(ctx, o, day);
    buf_puts(out, "<p class=\"screen\">");
    if (area_mine(ctx, PEOPLE_ROLES, o->community)) {
        add_link(ctx, &seats_kind, "organisation", o->code, say(ctx, "Add seat"));
        add_link(ctx, &posts_kind, "organisation", o->code, say(ctx, "Add position"));
    }
    buf_puts(out, "</p></section>");
}

/* ---- terms ---- */

static void term_line(struct ctx *ctx, const struct office_term *t)
{
    struct buf *out = ctx->web->out;
    int64_t end;
    bool now = valid_on(t->valid_from, t->valid_to, ctx_today(ctx));
    html(out, "<li><p><a href=\"/registers/terms/{}\">{}</a> <span class=\"small\">{}–{}</span>",
         t->record.id, t->name, ctx_date(ctx, t->valid_from), ctx_date(ctx, t->valid_to));
    if (now)
        html(out, " <span class=\"state ok\">{}</span>", say(ctx, "current term"));
    if (now && t->valid_to && day_parse(t->valid_to, &end)) {
        int64_t left = end - when_day(ctx->now);
        html(out, " <span class=\"{}\">{}</span>",
             t->warn_at != NONE && t->warn_at <= ctx->now ? "state late" : "small",
             say_n(ctx, left, "ends in 1 day", "ends in {} days", left));
    }
    if (now && t->rule_set > 0) {
        buf_puts(out, " <span class=\"small\">");
        rule_set_draw(ctx, t->rule_set);
        buf_puts(out, "</span>");
    }
    buf_puts(out, "</p></li>");
}

static void draw_terms(struct ctx *ctx, const struct organisation *o)
{
    struct buf *out = ctx->web->out;
    struct list l;
    int n = 0;
    list_init(ctx, &l, &terms_kind);
    sql_add(&l.where, " AND organisation = {}", o->record.id);
    l.order = "valid_from DESC, id";
    html(out, "<section><h2>{}</h2><ul class=\"tree\">", say(ctx, "Terms"));
    struct rows *r = list_run(ctx, &l);
    struct office_term **all = NULL;
    for (struct office_term *t; (t = list_next(ctx, &terms_kind, r, ctx->arena)) != NULL;)
        *ARENA_NEXT(ctx->arena, all, n) = t;
    for (int i = 0; i < n; i++)
        term_line(ctx, all[i]);
    buf_puts(out, "</ul>");
    if (n == 0)
        html(out, "<p class=\"soft\">{}</p>", say(ctx, "No terms recorded."));
    buf_puts(out, "<p class=\"screen\">");
    if (area_mine(ctx, PEOPLE_ROLES, o->community))
        add_link(ctx, &terms_kind, "organisation", o->code, say(ctx, "Add term"));
    buf_puts(out, "</p></section>");
}

static void draw_form(struct ctx *ctx, const struct organisation *o)
{
    const char *fitting = organisation_form_fitting(ctx, o);
    if (fitting)
        html(ctx->web->out, "<p class=\"note\">{}</p>",
             say(ctx, "With {} full members this should become {}.", o->members, fitting));
}

static void draw_former(struct ctx *ctx, const struct organisation *o)
{
    struct buf *out = ctx->web->out;
    struct list l;
    list_init(ctx, &l, &posts_kind);
    sql_add(&l.where, " AND organisation = {} AND valid_to <> '' AND valid_to < {}", o->record.id,
            ctx_today(ctx));
    int64_t n = list_count(ctx, &l);
    sql_release(&l.where);
    if (n == 0)
        return;
    html(out, "<section><details><summary>{}</summary>",
         say_n(ctx, n, "1 earlier holder", "{} earlier holders", n));
    draw_posts(ctx, "organisation", o->record.id, true);
    buf_puts(out, "</details></section>");
}

static void organisation_detail(struct ctx *ctx, const void *record)
{
    const struct organisation *o = record;
    draw_form(ctx, o);
    if (!(posts_kind.read & ctx->actor.roles))
        return;
    draw_seats(ctx, o);
    if (organisation_rules(o) ||
        query_int(ctx->db, "SELECT min(id) AS id FROM terms WHERE organisation = {}",
                  o->record.id) != NONE)
        draw_terms(ctx, o);
    draw_former(ctx, o);
}

static void seat_detail(struct ctx *ctx, const void *record)
{
    const struct seat *s = record;
    struct buf *out = ctx->web->out;
    html(out, "<section><h2>{}</h2>", say(ctx, "Holders"));
    if (draw_posts(ctx, "seat", s->record.id, false) == 0)
        html(out, "<p class=\"soft\">{}</p>", say(ctx, "Nobody has held it yet."));
    buf_puts(out, "</section>");
}

static const struct register_view views[] = {
    {&people_kind, .detail = person_detail},
    {&organisations_kind, .detail = organisation_detail},
    {&seats_kind, .detail = seat_detail},
    {.kind = NULL},
};

const struct module seat_pages_module = {.name = "seat_pages", .views = views};
