/*
 * Volunteers as staff and leaders see them: the list with filters, a
 * volunteer's page with hours and history, and the steps: approve, card,
 * another team, leaving. The gate and the kind decide scope and roles: leaders
 * see their team, workers their communities, the office all.
 */
#include "app/registers/registers.h"
#include "core/module.h"
#include "app/volunteers/volunteer_parts.h"
#include "pages/figures_pages.h"
#include "pages/kind_views.h"
#include "pages/register_pages.h"
#include "pages/workflow_page.h"
#include "app/volunteers/volunteers.h"
#include "base/code.h"
#include "base/seal.h"
#include "base/text.h"
#include "base/when.h"
#include "db/journal.h"
#include "kind/browse.h"
#include "web/web.h"

#include <string.h>

#define PAGE        50
#define READERS     (VOLUNTEER_HOSTS | ROLE_LEADER)
#define REASON_MOST 200 /* characters */

/* ---- the list ---- */

#define NOBODY \
    N_("Nobody here. People appear in this list once they apply on their phone or are registered " \
       "in person.")
static const struct kind_view views[] = {
    {"active", N_("Active"), NOBODY, .where = " AND status = 'active'"},
    {"applied", N_("Awaiting approval"), NOBODY, .where = " AND status = 'applied'"},
    {"paused", N_("Paused"), NOBODY, .where = " AND status = 'paused'"},
    {"left", N_("Left"), NOBODY, .where = " AND status = 'left'"},
    {"all", N_("All"), NOBODY},
    {.id = NULL},
};

/* Another view starts without search and filters. */
static const char *view_href(struct ctx *ctx, const struct kind_view *v)
{
    return arena_print(ctx->arena, "/volunteers?view=%s", v->id);
}

/* Escapes the text for LIKE. */
static const char *like(struct ctx *ctx, const char *text)
{
    char *s = arena_print(ctx->arena, "%%%s%%", text);
    for (char *p = s + 1; p[1]; p++)
        if (*p == '%' || *p == '_')
            *p = '?';
    return s;
}

/* Searches by number, by part of the name or its pinyin, or, for those who may see it, by the
 * complete phone number. */
static void add_search(struct ctx *ctx, struct sql *where, const char *typed)
{
    const char *q = text_tidy(ctx->arena, typed), *phone = NULL, *key;
    if (!q || !*q)
        return;
    q = text_cut(ctx->arena, q, 40);
    key = text_key(ctx->arena, q);
    if (!kind_reveals(ctx, &volunteers_kind) || code_phone(ctx->arena, q, &phone) == PHONE_NONE)
        phone = NULL;
    sql_add(where,
            " AND (number = {} OR person IN (SELECT p.id FROM people p WHERE p.name LIKE {} OR "
            "p.pinyin LIKE {} OR p.phone_key = {}))",
            arena_print(ctx->arena, "V%s", *q == 'v' || *q == 'V' ? q + 1 : q), like(ctx, q),
            like(ctx, key), seal_hash(ctx->keys, ctx->arena, "phone", phone));
}

static void add_filters(struct ctx *ctx, struct sql *where)
{
    int64_t community = param_int(ctx, "community"), team = param_int(ctx, "team");
    const char *skill = query_param(ctx, "skill");
    if (community != NONE)
        sql_add(where, " AND community = {}", community);
    if (team != NONE)
        sql_add(where, " AND team = {}", team);
    if (skill && *skill && text_length(skill) < 40)
        sql_add(where, " AND skills LIKE {}",
                arena_print(ctx->arena, "%%|%.*s|%%", (int)strcspn(skill, "%_|"), skill));
    add_search(ctx, where, query_param(ctx, "q"));
}

static void draw_filters(struct ctx *ctx, const struct kind_view *v)
{
    struct buf *out = ctx->web->out;
    const char *skill = query_param(ctx, "skill");
    find_begin(ctx, "bar", "/volunteers");
    html(out,
         "<input type=\"hidden\" name=\"view\" value=\"{}\">"
         "<div class=\"search\"><label class=\"sr\" for=\"q\">{}</label><input id=\"q\" "
         "type=\"search\" name=\"q\" value=\"{}\" placeholder=\"{}\" data-search>"
         "<button>{} {}</button></div>",
         v->id, say(ctx, "Search volunteers"), query_param(ctx, "q"),
         kind_reveals(ctx, &volunteers_kind) ? say(ctx, "Name, pinyin, phone or number")
                                             : say(ctx, "Name, pinyin or volunteer number"),
         icon(ctx, "search"), say(ctx, "Search"));
    if (team_own(ctx) == NONE) {
        struct names communities = names_load(ctx, "communities");
        html(out, "<label>{} <select name=\"community\" data-go><option value=\"\">{}</option>",
             say(ctx, "Community"), say(ctx, "All"));
        names_options(ctx, &communities, param_int(ctx, "community"));
        html(out,
             "</select></label><label>{} <select name=\"team\" data-go><option "
             "value=\"\">{}</option>",
             say(ctx, "Team"), say(ctx, "All"));
        team_options(ctx, param_int(ctx, "team"), true);
        buf_puts(out, "</select></label>");
    }
    html(out, "<label>{} <select name=\"skill\" data-go><option value=\"\">{}</option>",
         say(ctx, "Volunteer’s skills"), say(ctx, "All"));
    struct rows *r = query(ctx->db,
                           "SELECT code, name, name_en FROM skills ORDER BY position, code");
    while (rows_next(r))
        html(out, "<option value=\"{}\"{}>{}</option>", row_text(r, "code"),
             (struct markup){skill && !strcmp(skill, row_text(r, "code")) ? " selected" : ""},
             ctx_pick(ctx, row_text(r, "name"), row_text(r, "name_en")));
    buf_puts(out, "</select></label></form>");
}

/* The filters in words, for paper. */
static void draw_narrowed(struct ctx *ctx)
{
    const char *all = "", *skill = query_param(ctx, "skill"), *q = query_param(ctx, "q");
    struct names communities = names_load(ctx, "communities");
    const struct organisation *team = param_int(ctx, "team") == NONE
                                          ? NULL
                                          : record_get(ctx, &organisations_kind,
                                                       param_int(ctx, "team"));
    struct volunteer skilled = {.skills = skill && *skill ? arena_print(ctx->arena, "|%s|", skill)
                                                          : NULL};
    const char *const said[] = {
        names_find(&communities, param_int(ctx, "community")),
        team ? ctx_pick(ctx, team->name, team->name_en) : NULL,
        skilled.skills ? field_show(ctx, kind_field(&volunteers_kind, "skills"), &skilled) : NULL,
        q && !text_blank(q) ? arena_print(ctx->arena, "“%s”", q) : NULL};
    for (size_t i = 0; i < sizeof said / sizeof *said; i++)
        if (said[i] && *said[i])
            all = text_add(ctx->arena, all, " · ", said[i]);
    printed_note(ctx, all);
}

/* Applications can be approved together by those who may approve one. */
static bool picked(const struct ctx *ctx, const struct kind_view *v)
{
    return !strcmp(v->id, "applied") && (ctx->actor.roles & VOLUNTEER_HOSTS);
}

static void draw_row(struct ctx *ctx, struct rows *r, bool pick)
{
    struct volunteer v = {.record = {.id = row_int(r, "id"), .version = row_int(r, "version")},
                          .status = row_text(r, "status"),
                          .skills = row_text(r, "skills")};
    buf_puts(ctx->web->out, "<tr>");
    if (pick)
        html(ctx->web->out,
             "<td class=\"pick\"><label><input type=\"checkbox\" name=\"id\" value=\"{}\" "
             "aria-label=\"{}\"{}></label></td>",
             bulk_tick(ctx, &v.record), say(ctx, "Select {}", row_text(r, "name")),
             (struct markup){bulk_ticked(ctx, &v.record) ? " checked" : ""});
    html(ctx->web->out,
         "<td class=\"no\">{}</td><td class=\"main\"><a href=\"/volunteers/{}\">{}</a></td><td "
         "class=\"state-col\"><span class=\"state {}\">{}</span></td>"
         "<td class=\"less\">{}</td><td class=\"who\">{}</td><td class=\"due\">{}</td></tr>",
         row_text(r, "number"), v.record.id, row_text(r, "name"), volunteer_tone(v.status),
         volunteer_state(ctx, &v), field_show(ctx, kind_field(&volunteers_kind, "skills"), &v),
         ctx_pick(ctx, row_text(r, "team"), row_text(r, "team_en")),
         hours_text(ctx, row_int(r, "seconds")));
}

static const struct sorting {
    const char *name, *column, *label, *css;
} sortings[] = {
    {"number", "v.number", N_("Number"), "no"},
    {"name", "p.pinyin", N_("Full name"), "main"},
    {NULL, NULL, N_("Status"), "state-col"},
    {NULL, NULL, N_("Volunteer’s skills"), "less"},
    {"team", "o.name COLLATE pinyin", N_("Team"), "who"},
    {"hours", "v.seconds", N_("Hours"), "due"},
};
#define SORTINGS (sizeof sortings / sizeof *sortings)

/* By name, unless ?sort= says another column; "-" before it: descending. */
static const struct sorting *sort_asked(struct ctx *ctx, bool *down)
{
    const char *asked = query_param(ctx, "sort");
    *down = asked && *asked == '-';
    for (size_t i = 0; asked && i < SORTINGS; i++)
        if (sortings[i].name && !strcmp(sortings[i].name, asked + *down))
            return &sortings[i];
    *down = false;
    return &sortings[1];
}

/* The most hours first: that is what one looks for. */
static void draw_heads(struct ctx *ctx, bool pick)
{
    struct buf *out = ctx->web->out;
    bool down;
    const struct sorting *now = sort_asked(ctx, &down);
    buf_puts(out, "<table class=\"list\"><thead><tr>");
    if (pick)
        html(out,
             "<th class=\"pick\"><label><input type=\"checkbox\" data-all "
             "aria-label=\"{}\"></label></th>",
             say(ctx, "Select all"));
    for (const struct sorting *s = sortings; s < sortings + SORTINGS; s++) {
        bool hours = s->name && !strcmp(s->name, "hours"), next = s == now ? !down : hours;
        html(out, "<th scope=\"col\" class=\"{}\"", s->css);
        if (s == now)
            html(out, " aria-sort=\"{}\"", down ? "descending" : "ascending");
        if (s->name)
            html(out, "><a href=\"{}\">{}</a></th>",
                 url_with(ctx, "sort", arena_print(ctx->arena, "%s%s", next ? "-" : "", s->name)),
                 tr(ctx, s->label));
        else
            html(out, ">{}</th>", tr(ctx, s->label));
    }
    buf_puts(out, "</tr></thead><tbody>");
}

/* The list as it is filtered, as a spreadsheet for people. */
static void download_prepare(struct ctx *ctx)
{
    struct list l;
    list_init(ctx, &l, &volunteers_kind);
    kind_view_where(ctx, kind_view_asked(ctx, views), &l.where);
    add_filters(ctx, &l.where);
    l.order = "(SELECT p.pinyin FROM people p WHERE p.id = volunteers.person), id";
    struct sheet_writer *w = sheet_write_open(sheet_asked(ctx));
    sheet_keep(ctx, w, "volunteers", browse_words(ctx, &l, w, SHEET_DOWNLOAD));
}

static void draw_list(struct ctx *ctx, const struct kind_view *v)
{
    struct buf *out = ctx->web->out;
    struct list l;
    struct sql q;
    int64_t page = pager_page(ctx);
    bool pick = picked(ctx, v);
    list_init(ctx, &l, &volunteers_kind);
    kind_view_where(ctx, v, &l.where);
    add_filters(ctx, &l.where);
    int64_t count = list_count(ctx, &l);
    if (count == 0) {
        html(out, "<div class=\"empty\">{}<p>{}</p></div>", icon(ctx, "users"), tr(ctx, v->empty));
        sql_release(&l.where);
        return;
    }
    if (pick) {
        buf_puts(out, "<form method=\"post\" action=\"/volunteers/approve\" class=\"bulk\">");
        form_tokens(ctx);
    }
    draw_heads(ctx, pick);
    bool down;
    const struct sorting *by = sort_asked(ctx, &down);
    sql_init(&q, ctx->arena);
    sql_add(
        &q,
        "SELECT v.id, v.version, v.number, v.status, v.skills, v.seconds, p.name, o.name AS team, "
        "o.name_en AS team_en FROM volunteers v JOIN people p ON p.id = v.person"
        " LEFT JOIN organisations o ON o.id = v.team WHERE v.id IN (SELECT id FROM "
        "volunteers WHERE 1 = 1");
    sql_append(&q, &l.where);
    sql_release(&l.where);
    sql_add(&q, ") ORDER BY ");
    sql_write(&q, arena_print(ctx->arena, "%s%s", by->column, down ? " DESC" : ""), NULL, 0);
    sql_add(&q, ", p.pinyin, v.id LIMIT {} OFFSET {}", PAGE, (page - 1) * PAGE);
    struct rows *r = sql_query(ctx->db, &q);
    while (rows_next(r))
        draw_row(ctx, r, pick);
    buf_puts(out, "</tbody></table>");
    if (pick) {
        html(out,
             "<div class=\"bulkbar\"><span>{} <output data-picked>0</output></span><button "
             "class=\"primary\">{} {}</button></div>",
             say(ctx, "Selected:"), icon(ctx, "user-check"), say(ctx, "Approve applications"));
        buf_puts(out, "</form>");
    }
    pager(ctx, page, PAGE, count, say_n(ctx, count, "1 volunteer", "{} volunteers", count));
}

static void list_of(struct ctx *ctx, const struct kind_view *v)
{
    struct buf *out = ctx->web->out;
    page_begin(ctx, say(ctx, "Volunteers"), PAGE_STAFF | PAGE_WIDE);
    html(out, "<header class=\"head\"><h1>{}</h1>", say(ctx, "Volunteers"));
    buf_puts(out, "<div class=\"acts\">");
    if (ctx->actor.roles & VOLUNTEER_HOSTS)
        html(out, "<a class=\"button primary\" href=\"/volunteers/new\">{} {}</a>",
             icon(ctx, "user-plus"), say(ctx, "Register a volunteer"));
    file_buttons(ctx, "/volunteers/download", "page", NULL);
    buf_puts(out, "</div></header>");
    volunteer_tabs(ctx, "/volunteers");
    kind_views_draw(ctx, views, v,
                    &(struct kind_tabs){say(ctx, "Filter volunteers"), .kind = &volunteers_kind,
                                        .href = view_href});
    form_problems(ctx);
    draw_narrowed(ctx);
    draw_filters(ctx, v);
    draw_list(ctx, v);
    page_end(ctx);
}

static void list(struct ctx *ctx)
{
    list_of(ctx, kind_view_asked(ctx, views));
}

/* ---- applications approved together ---- */

static void applications(struct ctx *ctx)
{
    list_of(ctx, kind_view_find(ctx, views, "applied"));
}

static void approve_prepare(struct ctx *ctx)
{
    ctx->work = bulk_read(ctx, &volunteer_workflow, workflow_step(&volunteer_workflow, "confirm"),
                          say(ctx, "Select some applications first."));
}

/* Cards are shown once and handed over, so each is issued on the volunteer's own page. */
static void approve_summary(struct ctx *ctx, const struct bulk *b, int done)
{
    struct buf *out = ctx->web->out;
    int left = b->count - done;
    html(out, "<p class=\"lead\">");
    if (done > 0)
        html(out, "{} ",
             say_n(ctx, done, "1 application approved; issue the card on the volunteer’s page.",
                   "{} applications approved; issue the cards on the volunteers’ pages.", done));
    if (left > 0)
        html(out, "{}",
             say_n(ctx, left, "1 could not be approved; see why below.",
                   "{} could not be approved; see why below.", left));
    html(out, "</p>");
}

static void approve(struct ctx *ctx)
{
    const struct bulk_page page = {.back = "/volunteers?view=applied",
                                   .back_label = say(ctx, "Awaiting approval"),
                                   .again = say(ctx, "Back to the list"),
                                   .summary = approve_summary};
    bulk_take(ctx, ctx->work, &page);
}

/* ---- one volunteer ---- */

/* Who asked to be found a team is not left without one. */
static bool wants_team(const struct volunteer *v)
{
    return v->team == NONE && strcmp(v->status, "left") != 0;
}

static void step_begin(struct ctx *ctx, const struct volunteer *v, const char *action,
                       const char *label)
{
    bool open = (ctx->web->name && !strcmp(ctx->web->name, action) && ctx->problems) ||
                (!strcmp(action, "move") && wants_team(v) && !strcmp(v->status, "applied"));
    html(ctx->web->out, "<details class=\"card\"{}><summary>{}</summary>",
         (struct markup){open ? " open" : ""}, label);
    form_begin(ctx, arena_print(ctx->arena, "/volunteers/%lld/%s", (long long)v->record.id, action),
               NULL, false);
    html(ctx->web->out, "<input type=\"hidden\" name=\"version\" value=\"{}\">", v->record.version);
}

static void step_end(struct ctx *ctx, const char *look, const char *sign, const char *word)
{
    html(ctx->web->out, "<div class=\"acts\"><button class=\"{}\">{} {}</button></div>", look,
         icon(ctx, sign), word);
    form_end(ctx);
    buf_puts(ctx->web->out, "</details>");
}

static void why_field(struct ctx *ctx, const char *hint)
{
    html(ctx->web->out,
         "<div class=\"field\"><label for=\"f-why\">{}</label><p class=\"hint\">{}</p><input "
         "id=\"f-why\" name=\"why\" maxlength=\"{}\" value=\"{}\"></div>",
         say(ctx, "Reason"), hint, REASON_MOST, param(ctx, "why"));
}

static void draw_steps(struct ctx *ctx, const struct volunteer *v)
{
    struct buf *out = ctx->web->out;
    const char *path = arena_print(ctx->arena, "/volunteers/%lld", (long long)v->record.id);
    bool applied = !strcmp(v->status, "applied"), gone = !strcmp(v->status, "left");
    if (!(ctx->actor.roles & VOLUNTEER_HOSTS) || gone)
        return;
    buf_puts(out, "<div class=\"acts next\">");
    form_begin(ctx, arena_print(ctx->arena, "%s/%s", path, applied ? "confirm" : "card"), NULL,
               false);
    html(out, "<input type=\"hidden\" name=\"version\" value=\"{}\">", v->record.version);
    if (applied)
        html(out, "<button class=\"now\">{} {}</button>", icon(ctx, "user-check"),
             say(ctx, "Register and issue card"));
    else
        html(out, "<button data-confirm=\"{}\">{} {}</button>",
             say(ctx, "Issue a new card? The old one stops working immediately."),
             icon(ctx, "id-badge-2"), say(ctx, "New card"));
    form_end(ctx);
    html(out, "<a class=\"button\" href=\"{}/change\">{} {}</a></div>", path, icon(ctx, "pencil"),
         say(ctx, "Edit skills and availability"));
    step_begin(ctx, v, "move",
               wants_team(v) ? say(ctx, "Find a team") : say(ctx, "Transfer to another team"));
    html(out,
         "<div class=\"field\"><label for=\"f-team\">{}</label><select id=\"f-team\" "
         "name=\"team\"><option value=\"\">{}</option>",
         say(ctx, "Team"), say(ctx, "Not in a team"));
    team_options(ctx, v->team, false);
    buf_puts(out, "</select></div>");
    step_end(ctx, "primary", "users-group",
             wants_team(v) ? say(ctx, "Add to this team") : say(ctx, "Move to this team"));
    step_begin(ctx, v, applied ? "refuse" : "leave",
               applied ? say(ctx, "Decline") : say(ctx, "End volunteering"));
    why_field(ctx, applied ? say(ctx, "They will be told we can’t accept them at the moment, "
                                      "without the reason, which only staff can see.")
                           : say(ctx, "The card stops working and future shifts and visits are "
                                      "cancelled. Service hours are kept."));
    step_end(ctx, "danger", "logout", applied ? say(ctx, "Decline") : say(ctx, "Left"));
}

static void draw_days(struct ctx *ctx, const struct volunteer *v)
{
    struct buf *out = ctx->web->out;
    struct list l;
    int64_t n = 0;
    list_init(ctx, &l, &hours_kind);
    sql_add(&l.where, " AND volunteer = {}", v->record.id);
    l.limit = 20;
    html(out, "<section><h2>{}</h2><p>{}</p>", say(ctx, "Service days"),
         say(ctx, "{} in total", hours_text(ctx, v->seconds)));
    stars_draw(ctx, v->seconds);
    buf_puts(out, "<table class=\"plain\"><tbody>");
    struct rows *r = list_run(ctx, &l);
    for (struct hours *h; (h = list_next(ctx, &hours_kind, r, ctx->arena)) != NULL; n++) {
        html(out,
             "<tr><th scope=\"row\"><a href=\"/hours/{}\">{}</a></th><td class=\"num\">{}</td><td>",
             h->record.id, ctx_date(ctx, h->day), hours_text(ctx, h->counted));
        hours_state(ctx, h);
        buf_puts(out, "</td></tr>");
    }
    buf_puts(out, "</tbody></table>");
    if (n == 0)
        html(out, "<p class=\"soft\">{}</p>", say(ctx, "No service recorded yet."));
    buf_puts(out, "</section>");
}

/* Shows the number only to someone who has just asked for it, which is logged. */
void volunteer_phone_draw(struct ctx *ctx, const struct volunteer *v, const struct person *p,
                          const char *here)
{
    struct buf *out = ctx->web->out;
    bool hosts = ctx->actor.roles & VOLUNTEER_HOSTS;
    bool asked = hosts &&
                 query_int(ctx->db,
                           "SELECT count(*) AS n FROM journal WHERE kind = 'volunteers' AND record "
                           "= {} AND action = 'reveal' AND actor = {} AND at_ms > {}",
                           v->record.id, (struct maybe){ctx->actor.user},
                           (ctx->now - 900) * 1000) > 0;
    html(out, "<div><dt>{}</dt><dd>", say(ctx, "Phone"));
    if (asked && p->phone) {
        html(out, "<a href=\"tel:{}\">{}</a>", p->phone, p->phone);
    } else {
        html(out, "{}", p->phone ? mask_phone(ctx->arena, p->phone) : say(ctx, "not given"));
        if (hosts && p->phone) {
            form_begin(ctx,
                       arena_print(ctx->arena, "/volunteers/%lld/reveal", (long long)v->record.id),
                       NULL, false);
            html(out,
                 "<input type=\"hidden\" name=\"next\" value=\"{}\"><button class=\"quiet\">{} "
                 "{}</button>",
                 here, icon(ctx, "eye"), say(ctx, "Show"));
            form_end(ctx);
        }
    }
    buf_puts(out, "</dd></div>");
}

static void detail(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct volunteer *v = ctx->web->record;
    const struct person *p = record_get(ctx, &people_kind, v->person);
    if (!p) {
        record_gone(ctx);
        return;
    }
    page_begin(ctx, p->name, PAGE_STAFF);
    figure_trail(ctx, "/volunteers", say(ctx, "Volunteers"));
    html(out,
         "<header class=\"head\"><h1>{}</h1><p class=\"lead\"><span class=\"state {}\">{}</span> "
         "· "
         "{}</p></header>",
         p->name, volunteer_tone(v->status), volunteer_state(ctx, v), v->number);
    form_problems(ctx);
    buf_puts(out, "<div class=\"record\"><div>");
    if (v->left_why)
        html(out, "<div class=\"notice\">{}<div><p>{}</p></div></div>", icon(ctx, "logout"),
             say(ctx, "Reason for leaving: {}", v->left_why));
    draw_steps(ctx, v);
    draw_days(ctx, v);
    volunteer_history(ctx, v->record.id);
    html(out, "</div><aside aria-label=\"{}\"><dl class=\"facts card\">", say(ctx, "Key details"));
    volunteer_phone_draw(ctx, v, p,
                         arena_print(ctx->arena, "/volunteers/%lld", (long long)v->record.id));
    html(out, "<div><dt>{}</dt><dd>{}</dd></div>", say(ctx, "Community"),
         field_show(ctx, kind_field(&volunteers_kind, "community"), v));
    if (v->team != NONE || wants_team(v))
        html(out, "<div><dt>{}</dt><dd>{}</dd></div>", say(ctx, "Team"),
             v->team == NONE ? say(ctx, "none yet, to be found")
                             : field_show(ctx, kind_field(&volunteers_kind, "team"), v));
    volunteer_facts(ctx, v);
    buf_puts(out, "</dl></aside></div>");
    page_end(ctx);
}

/* ---- steps ---- */

/* The volunteer as the form showed it; NULL with the reason. */
static const struct volunteer *seen(struct ctx *ctx)
{
    const struct volunteer *v = record_load(ctx, &volunteers_kind, ctx->web->id);
    if (!v)
        ctx_fail(ctx, NOT_FOUND, NULL);
    else if (param_int(ctx, "version") != v->record.version)
        ctx_fail(ctx, CONFLICT,
                 say(ctx, "Someone else has just changed this. Check the latest version before you "
                          "edit it."));
    return ctx_ok(ctx) ? v : NULL;
}

static void move(struct ctx *ctx, const struct volunteer *v)
{
    int64_t team = param_int(ctx, "team");
    struct volunteer *after = record_copy(ctx, &volunteers_kind, v);
    after->team = team;
    if (team != NONE && !record_load(ctx, &open_teams_kind, team))
        ctx_problem(ctx, "team", say(ctx, "Choose a volunteer team."));
    if (!ctx_ok(ctx) || record_update(ctx, &volunteers_kind, v, after, "move") != OK)
        return;
    flash(ctx, v->team == NONE ? say(ctx, "Added to the team.") : say(ctx, "Moved."));
    if (record_load(ctx, &volunteers_kind, v->record.id))
        see_other(ctx, "/volunteers/{}", v->record.id);
    else
        see_other(ctx, "/volunteers"); /* no longer one of the leader's */
}

/* Every step except the applicant's own, and moving, which changes no state. */
static const struct step *step_here(struct ctx *ctx)
{
    const struct step *s = workflow_step(&volunteer_workflow, ctx->web->name);
    return s && s->roles != ROLE_PUBLIC ? s : NULL;
}

static void step_prepare(struct ctx *ctx)
{
    const struct step *s = step_here(ctx);
    ctx->work = s ? steps_read(ctx, &volunteer_workflow, s) : NULL;
}

static void step(struct ctx *ctx)
{
    const struct step *s = step_here(ctx);
    const char *code;
    if (!s && strcmp(ctx->web->name, "move") != 0) {
        ctx_fail(ctx, NOT_FOUND, NULL);
        return;
    }
    const struct volunteer *v = seen(ctx);
    if (!v)
        return;
    if (!s) {
        move(ctx, v);
        return;
    }
    if (workflow_take(ctx, &volunteer_workflow, s, v, ctx->work) != OK)
        return;
    if (!strcmp(s->action, "confirm")) {
        v = record_get(ctx, &volunteers_kind, v->record.id);
        if (!v)
            record_gone(ctx);
        else if (volunteer_card(ctx, v, &code) == OK)
            card_send(ctx, v->record.id, code,
                      arena_print(ctx->arena, "/volunteers/%lld/card", (long long)v->record.id));
        return;
    }
    flash(ctx, say(ctx, "Done."));
    see_other(ctx, "/volunteers/{}", v->record.id);
}

static void reveal(struct ctx *ctx)
{
    journal_add(ctx, "volunteers", ctx->web->id, "reveal", NULL, NULL);
    see_next(ctx, arena_print(ctx->arena, "/volunteers/%lld", (long long)ctx->web->id));
}

/* ---- what is offered ---- */

static void change_page(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct volunteer *v = ctx->web->record;
    const struct person *p = record_get(ctx, &people_kind, v->person);
    if (!p) {
        record_gone(ctx);
        return;
    }
    page_begin(ctx, p->name, PAGE_STAFF);
    trail(ctx, arena_print(ctx->arena, "/volunteers/%lld", (long long)v->record.id), p->name);
    html(out, "<header class=\"head\"><h1>{}</h1></header>",
         say(ctx, "Edit skills and availability"));
    form_begin(ctx, arena_print(ctx->arena, "/volunteers/%lld/change", (long long)v->record.id),
               NULL, false);
    form_problems(ctx);
    html(out, "<input type=\"hidden\" name=\"version\" value=\"{}\">", v->record.version);
    volunteer_offers(ctx, v);
    html(out, "<div class=\"acts\"><button class=\"primary\">{}</button></div>", say(ctx, "Save"));
    form_end(ctx);
    page_end(ctx);
}

static void change_offers(struct ctx *ctx)
{
    const struct volunteer *before = seen(ctx);
    if (!before)
        return;
    struct volunteer *after = record_copy(ctx, &volunteers_kind, before);
    volunteer_offers_read(ctx, after);
    if (ctx_ok(ctx) && record_check(ctx, &volunteers_kind, before, after) &&
        record_update(ctx, &volunteers_kind, before, after, "change") == OK)
        see_other(ctx, "/volunteers/{}", before->record.id);
}

static const struct route table[] = {
    ROUTE_GET("/volunteers", READERS, list),
    ROUTE_POST("/volunteers/approve", VOLUNTEER_HOSTS, approve, .prepare = approve_prepare,
               .failed = applications),
    ROUTE_POST("/volunteers/download", READERS, file_send, .prepare = download_prepare,
               .failed = list, .flags = SLOW),
    ROUTE_GET("/volunteers/{id}", READERS, detail, .record = &volunteers_kind),
    ROUTE_GET("/volunteers/{id}/change", VOLUNTEER_HOSTS, change_page, .record = &volunteers_kind),
    ROUTE_POST("/volunteers/{id}/change", VOLUNTEER_HOSTS, change_offers,
               .record = &volunteers_kind, .failed = change_page),
    ROUTE_POST("/volunteers/{id}/reveal", VOLUNTEER_HOSTS, reveal, .record = &volunteers_kind),
    ROUTE_POST("/volunteers/{id}/{name}", VOLUNTEER_HOSTS, step, .record = &volunteers_kind,
               .prepare = step_prepare, .failed = detail),
};

/* Links on the page of the register of people. */
static void person_links(struct ctx *ctx, const void *record)
{
    const struct person *p = record;
    int64_t volunteer = query_int(ctx->db, "SELECT id FROM volunteers WHERE person = {}",
                                  p->record.id);
    if (volunteer != NONE && (volunteers_kind.read & ctx->actor.roles))
        html(ctx->web->out, "<p><a href=\"/volunteers/{}\">{} {}</a></p>", volunteer,
             icon(ctx, "heart-handshake"), say(ctx, "Volunteer details: team, skills, hours"));
}

static const struct register_view register_views[] = {{&people_kind, .links = person_links},
                                                      {.kind = NULL}};

static const struct place places[] = {
    {"/volunteers", N_("Volunteers"), "g v", READERS, true, .group = N_("Volunteering"),
     .also = "/hours /duty /teams ", .rank = 100},
    {.href = NULL},
};

const struct module volunteer_pages_module = {
    .name = "volunteer pages", .routes = ROUTES(table), .places = places, .views = register_views};
