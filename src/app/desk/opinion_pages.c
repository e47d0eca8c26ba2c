/*
 * Resident comments: a quick note on a phone, and the list of what was
 * collected. One click stores a note. If a similar request is open, it is shown
 * first, and a second click joins it. The next note starts with the same team
 * and service point.
 */
#include "app/desk/work_views.h"
#include "app/requests/requests.h"
#include "core/module.h"
#include "app/desk/opinions.h"
#include "app/registers/registers.h"
#include "app/search/search.h"
#include "app/visits/visits.h"
#include "base/text.h"
#include "base/when.h"
#include "web/fields.h"

#include <string.h>

#define HOSTS (ROLE_TEAM_LEADER | ROLE_WORKER | ROLE_OFFICE)
#define PAGE  50
#define LIKE  0.3 /* similar enough to show to someone in a hurry */

/* The note: made by prepare, drawn again by the form, stored on the writer thread. */
struct noting {
    struct opinion *opinion;
    struct search_hit similar[SIMILAR_MOST];
    int similar_count;
    int64_t into, category;
    const char *name, *phone;
};

/* ---- the form ---- */

/* Teams for which the actor collects comments: a leader's own, otherwise those of the actor's
 * communities. */
static struct rows *teams(struct ctx *ctx)
{
    struct sql q, area;
    sql_init(&q, ctx->arena);
    sql_init(&area, ctx->arena);
    scope_by_community(ctx, &area, ROLE_WORKER | ROLE_OFFICE | ROLE_LEADER, "community");
    sql_add(&q, "SELECT CAST(id AS text) AS id, name, name_en FROM organisations WHERE kind = "
                "'team' AND merged_into IS NULL");
    valid_where(ctx, &q);
    sql_add(&q, " AND (1 = 0");
    for (int i = 0; i < ctx->actor.grant_count; i++)
        if (ctx->actor.grants[i].role == ROLE_TEAM_LEADER && ctx->actor.grants[i].organisation > 0)
            sql_add(&q, " OR id = {}", ctx->actor.grants[i].organisation);
    sql_add(&q, " OR (1 = 1");
    sql_append(&q, &area);
    sql_add(&q, ")) ORDER BY name COLLATE pinyin, id");
    sql_release(&area);
    return sql_query(ctx->db, &q);
}

static struct rows *places_of(struct ctx *ctx, bool stations)
{
    struct sql q;
    sql_init(&q, ctx->arena);
    if (stations) {
        sql_add(&q, "SELECT CAST(id AS text) AS id, name, name_en FROM organisations WHERE kind = "
                    "'station' AND merged_into IS NULL");
        valid_where(ctx, &q);
    } else {
        sql_add(&q, "SELECT CAST(id AS text) AS id, name, name_en FROM areas WHERE level IN "
                    "('community', 'estate')");
        valid_areas_where(ctx, &q, "id");
    }
    scope_by_community(ctx, &q, HOSTS, "community");
    sql_add(&q, " ORDER BY name COLLATE pinyin, id");
    return sql_query(ctx->db, &q);
}

static const char *own_team(struct ctx *ctx)
{
    for (int i = 0; i < ctx->actor.grant_count; i++)
        if (ctx->actor.grants[i].role == ROLE_TEAM_LEADER && ctx->actor.grants[i].organisation > 0)
            return arena_print(ctx->arena, "%lld", (long long)ctx->actor.grants[i].organisation);
    return NULL;
}

/* Returns whether the actor may see the request: it is theirs to read, public, or made from a
 * comment they see. */
static bool may_join(struct ctx *ctx, int64_t request)
{
    if ((ctx->actor.roles & ROLES_READERS) && record_load(ctx, &requests_kind, request))
        return true;
    const struct request *r = record_get(ctx, &requests_kind, request);
    if (!r || !r->visibility || !strcmp(r->visibility, "summary"))
        return r && r->visibility;
    struct sql q;
    sql_init(&q, ctx->arena);
    sql_add(&q, "SELECT id FROM opinions WHERE request = {}", request);
    opinions_kind.scope(ctx, &q);
    struct rows *rows = sql_query(ctx->db, &q);
    bool seen = rows_next(rows);
    rows_end(rows);
    return seen && !strcmp(r->channel, "opinion");
}

static void draw_similar(struct ctx *ctx, const struct noting *n)
{
    struct buf *out = ctx->web->out;
    if (!n || !n->similar_count)
        return;
    html(out,
         "<div class=\"notice warn\" role=\"alert\">{}<div><p><b>{}</b></p></div></div><ul "
         "class=\"timeline plain\">",
         icon(ctx, "messages"),
         say(ctx, "Others have said something similar. Add this to theirs, or save it as new."));
    for (int i = 0; i < n->similar_count; i++) {
        const struct request *r = record_get(ctx, &requests_kind, n->similar[i].id);
        if (!r)
            continue;
        html(out,
             "<li>{}<div><p class=\"what\">{}</p><p class=\"by\">{} · {}</p><div "
             "class=\"acts\"><button name=\"into\" value=\"{}\">{} {}</button></div></div></li>",
             icon(ctx, "message-2"), r->subject,
             field_show(ctx, kind_field(&requests_kind, "community"), r), request_state(ctx, r),
             r->record.id, icon(ctx, "git-merge"), say(ctx, "Same problem: add to it"));
    }
    html(out, "</ul><input type=\"hidden\" name=\"seen\" value=\"1\">");
}

static const struct label labels[] = {
    {"area", N_("Where it concerns")}, {"name", N_("Full name")}, {NULL, NULL}};

static void note_page(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct noting *n = ctx->web->method == POST ? ctx->work : NULL;
    bool looked = n && n->similar_count;
    page_begin(ctx, say(ctx, "Record a comment"), PAGE_STAFF);
    trail(ctx, "/opinions", say(ctx, "Resident comments"));
    html(out, "<header class=\"head\"><h1>{}</h1></header>", say(ctx, "Record a comment"));
    form_begin(ctx, "/opinions",
               arena_print(ctx->arena, "opinion-%lld", (long long)ctx->actor.user), false);
    form_problems(ctx);
    draw_similar(ctx, n);
    text_field(ctx, "text", say(ctx, "Comment text"),
               say(ctx, "In the resident’s own words. One sentence is enough."), 2000, NULL);
    if (looked)
        html(out, "<div class=\"acts\"><button class=\"primary\">{} {}</button></div>",
             icon(ctx, "check"), say(ctx, "Save as new"));
    html(out, "<div class=\"pair\">");
    select_field(ctx, "team", say(ctx, "Collected by team"), NULL,
                 say(ctx, "Not collected by a team"), NULL, teams(ctx), own_team(ctx));
    select_field(ctx, "station", say(ctx, "At which service point"), NULL,
                 say(ctx, "Not at a service point"), NULL, places_of(ctx, true), NULL);
    html(out, "</div>");
    select_field(ctx, "area", ctx_label(ctx, labels, "area"),
                 say(ctx, "Leave blank to use the service point’s or team’s area."),
                 say(ctx, "Same as the service point or team"), NULL, places_of(ctx, false), NULL);
    html(out, "<div class=\"pair\">");
    line_field(ctx, &(struct line){.name = "name",
                                   .label = ctx_label(ctx, labels, "name"),
                                   .autocomplete = "off",
                                   .optional = true});
    line_field(ctx, &(struct line){.name = "phone",
                                   .label = say(ctx, "Phone"),
                                   .type = "tel",
                                   .autocomplete = "off",
                                   .optional = true,
                                   .hint = say(ctx, "Only if the resident wants to hear back.")});
    html(out, "</div>");
    select_field(ctx, "category", say(ctx, "Category"), NULL, say(ctx, "Suggested from the text"),
                 NULL,
                 query(ctx->db, "SELECT CAST(id AS text) AS id, name, name_en FROM categories "
                                "WHERE valid = 1 ORDER BY position, code"),
                 NULL);
    if (!looked)
        html(out, "<div class=\"acts\"><button class=\"primary\">{} {}</button></div>",
             icon(ctx, "check"), say(ctx, "Save"));
    form_end(ctx);
    page_end(ctx);
}

/* ---- keeping it ---- */

static int64_t guess(struct ctx *ctx, const char *text)
{
    struct suggestion s;
    search_suggest(ctx, NULL, text, NONE, &s);
    return s.votes * 2 > s.of
               ? s.category
               : NONE; /* more than half of the nearest agree; otherwise the office decides */
}

static void note_prepare(struct ctx *ctx)
{
    static const char *const names[] = {"text", "team", "station", "area", NULL};
    struct noting *n = ARENA_NEW(ctx->arena, struct noting);
    struct opinion *o = record_new(ctx, &opinions_kind);
    struct request *who = record_new(ctx, &requests_kind);
    ctx->work = n;
    n->opinion = o;
    n->into = param_int(ctx, "into");
    ctx->labels = labels;
    for (int i = 0; names[i]; i++)
        field_set(ctx, kind_field(&opinions_kind, names[i]), o, param(ctx, names[i]));
    o->code = NULL;
    if (ctx->key && strlen(ctx->key) <= 40)
        o->code = arena_print(ctx->arena, "O-%s", ctx->key);
    const struct field *phone = kind_field(&requests_kind, "requester_phone"),
                       *name = kind_field(&requests_kind, "requester_name");
    struct field as_phone = *phone, as_name = *name;
    as_phone.name = "phone"; /* so that the problem names the field of this form */
    as_name.name = "name";
    field_set(ctx, &as_phone, who, param(ctx, "phone"));
    field_set(ctx, &as_name, who, param(ctx, "name"));
    n->name = who->requester_name;
    n->phone = who->requester_phone;
    record_check(ctx, &opinions_kind, NULL, o);
    if (!ctx_ok(ctx))
        return;
    n->category = param_int(ctx, "category");
    if (n->category == NONE)
        n->category = guess(ctx, o->text);
    if (n->into != NONE && !may_join(ctx, n->into))
        ctx_problem(ctx, NULL,
                    say(ctx, "The comment can’t be added to that request. Save it as new."));
    if (n->into != NONE || param(ctx, "seen"))
        return;
    struct search_hit found[SIMILAR_MOST];
    int count = search_alike(ctx, NULL, o->text, o->community, found, LIKE);
    for (int i = 0; i < count; i++)
        if (may_join(ctx, found[i].id))
            n->similar[n->similar_count++] = found[i];
    if (n->similar_count)
        ctx->status = INVALID; /* shows the form again, with similar requests */
}

static void note_change(struct ctx *ctx)
{
    struct noting *n = ctx->work;
    const struct opinion *o = n->opinion;
    if (opinion_file(ctx, n->opinion, n->into, n->category, n->name, n->phone) != OK)
        return;
    if (o->record.id != NONE &&
        !record_mine(ctx, &opinions_kind, o->record.id, "team")) /* NONE: sent a second time */
        return;
    ctx->web->sent = "opinion";
    flash(ctx, n->into != NONE ? say(ctx, "Saved and added to an open request. Next one:")
                               : say(ctx, "Saved; it is on the work list. Next one:"));
    see_other(ctx, "/opinions/new?team={}&station={}&area={}",
              o->team == NONE ? "" : arena_print(ctx->arena, "%lld", (long long)o->team),
              o->station == NONE ? "" : arena_print(ctx->arena, "%lld", (long long)o->station),
              param(ctx, "area"));
}

/* ---- the list ---- */

static const struct choice states[] = {
    {"open", N_("Not resolved yet")}, {"solved", N_("Resolved")}, {NULL, NULL}};

static void narrow(struct ctx *ctx, struct sql *where)
{
    const char *state = query_param(ctx, "state");
    int64_t team = param_int(ctx, "team"), community = param_int(ctx, "community");
    if (team != NONE)
        sql_add(where, " AND team = {}", team);
    if (community != NONE)
        sql_add(where, " AND community = {}", community);
    if (state && !strcmp(state, "solved"))
        sql_add(where, " AND request IN (SELECT r.id FROM requests r WHERE r.status = 'closed' AND "
                       "r.solved = 'yes')");
    else if (state && !strcmp(state, "open"))
        sql_add(where, " AND (request IS NULL OR request IN (SELECT r.id FROM requests r WHERE "
                       "r.status <> 'closed' OR coalesce(r.solved, '') <> 'yes'))");
}

static void draw_filter(struct ctx *ctx, const char *name, const char *label,
                        const struct choice *choices, struct rows *rows)
{
    struct buf *out = ctx->web->out;
    const char *chosen = query_param(ctx, name);
    html(out, "<label>{} <select name=\"{}\" data-go><option value=\"\">{}</option>", label, name,
         say(ctx, "All"));
    for (const struct choice *c = choices; c && c->code; c++)
        html(out, "<option value=\"{}\"{}>{}</option>", c->code,
             (struct markup){chosen && !strcmp(chosen, c->code) ? " selected" : ""},
             tr(ctx, c->label));
    while (rows && rows_next(rows))
        html(out, "<option value=\"{}\"{}>{}</option>", row_text(rows, "id"),
             (struct markup){chosen && !strcmp(chosen, row_text(rows, "id")) ? " selected" : ""},
             ctx_pick(ctx, row_text(rows, "name"), row_text(rows, "name_en")));
    html(out, "</select></label>");
}

static struct rows *communities(struct ctx *ctx)
{
    struct sql q;
    sql_init(&q, ctx->arena);
    sql_add(&q,
            "SELECT CAST(id AS text) AS id, name, name_en FROM areas WHERE level = 'community'");
    valid_areas_where(ctx, &q, "id");
    scope_by_community(ctx, &q, HOSTS | ROLE_LEADER, "id");
    sql_add(&q, " ORDER BY name COLLATE pinyin, id");
    return sql_query(ctx->db, &q);
}

static void draw_row(struct ctx *ctx, const struct opinion *o)
{
    struct buf *out = ctx->web->out;
    const struct request *r = o->request == NONE ? NULL
                                                 : record_get(ctx, &requests_kind, o->request);
    bool solved = r && request_status_of(r) == CLOSED && r->solved && !strcmp(r->solved, "yes");
    html(out, "<tr><td class=\"main\">");
    if (r && (ctx->actor.roles & ROLES_READERS))
        html(out, "<a href=\"/requests/{}\">{}</a>", r->record.id,
             text_cut(ctx->arena, text_tidy(ctx->arena, o->text), 80));
    else
        html(out, "{}", text_cut(ctx->arena, text_tidy(ctx->arena, o->text), 80));
    html(out, "</td><td class=\"who\">{}</td><td class=\"state-col\">",
         field_show(ctx, kind_field(&opinions_kind, "team"), o));
    if (solved)
        html(out, "<span class=\"state ok\">{} {}</span>", icon(ctx, "check"),
             say(ctx, "Resolved"));
    else if (r)
        request_state_draw(ctx, r, false);
    if (o->joined == 1)
        html(out, " <span class=\"small soft\">{}</span>", say(ctx, "added to existing"));
    html(out, "</td><td class=\"when\">{}</td></tr>",
         when_short(ctx->arena, ctx->lang, o->collected, ctx->now));
}

static void opinions(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    struct list l;
    int64_t page = pager_page(ctx);
    list_init(ctx, &l, &opinions_kind);
    narrow(ctx, &l.where);
    l.limit = PAGE;
    l.offset = (page - 1) * PAGE;
    struct list_total total = list_total(ctx, &l);
    page_begin(ctx, say(ctx, "Resident comments"), PAGE_STAFF | PAGE_WIDE);
    html(out, "<header class=\"head\"><h1>{}</h1><div class=\"acts\">",
         say(ctx, "Resident comments"));
    if (ctx->actor.roles & HOSTS)
        html(out, "<a class=\"button primary\" href=\"/opinions/new\" data-key=\"n\">{} {}</a>",
             icon(ctx, "message-plus"), say(ctx, "Record a comment"));
    html(out, "</div><p class=\"lead\">{}</p></header><form class=\"bar\" action=\"/opinions\">",
         say(ctx, "What teams heard on the doorstep and at service points. Each comment became a "
                  "request or was added to one."));
    draw_filter(ctx, "team", say(ctx, "Team"), NULL, teams(ctx));
    draw_filter(ctx, "community", say(ctx, "Community"), NULL, communities(ctx));
    draw_filter(ctx, "state", say(ctx, "Status"), states, NULL);
    html(out, "<noscript><button>{}</button></noscript></form>", say(ctx, "Show"));
    if (total.count == 0) {
        sql_release(&l.where);
        html(out, "<div class=\"empty\">{}<p>{}</p></div>", icon(ctx, "messages"),
             say(ctx, "No comments here yet. Use “Record a comment” on the doorstep."));
    } else {
        html(out,
             "<table class=\"list\"><thead><tr><th class=\"main\" scope=\"col\">{}</th><th "
             "class=\"who\" scope=\"col\">{}</th><th class=\"state-col\" scope=\"col\">{}</th><th "
             "class=\"when\" scope=\"col\">{}</th></tr></thead><tbody>",
             say(ctx, "Comment text"), say(ctx, "Team"), say(ctx, "Status"),
             say(ctx, "Collected on"));
        struct rows *rows = list_run(ctx, &l);
        for (struct opinion *o; (o = list_next(ctx, &opinions_kind, rows, ctx->arena)) != NULL;)
            draw_row(ctx, o);
        html(out, "</tbody></table>");
    }
    pager(ctx, page, PAGE, total.count,
          total.more ? say(ctx, "more than {} comments", total.count)
                     : say_n(ctx, total.count, "1 comment", "{} comments", total.count));
    page_end(ctx);
}

static const struct route table[] = {
    ROUTE_GET("/opinions", HOSTS | ROLE_LEADER, opinions),
    ROUTE_GET("/opinions/new", HOSTS, note_page),
    ROUTE_POST("/opinions", HOSTS, note_change, .prepare = note_prepare, .failed = note_page),
};

static const struct place places[] = {
    {"/opinions", N_("Resident comments"), "g o", HOSTS | ROLE_LEADER, true,
     .group = N_("Volunteering"), .rank = 140},
    {.href = NULL},
};

const struct module opinion_pages_module = {
    .name = "opinion pages", .routes = ROUTES(table), .places = places};
