/*
 * The work list: views, filters in the URL, sorting, and updates after commits.
 *
 * Pages are found by the last row seen (?after=VALUE.ID), not by an offset, so
 * the thousandth page costs as much as the first.
 */
#include "app/requests/requests.h"
#include "app/desk/proposals.h"
#include "app/desk/work_views.h"
#include "core/module.h"
#include "app/registers/registers.h"
#include "app/search/search.h"
#include "app/desk/request_page.h"
#include "app/desk/work.h"
#include "base/text.h"
#include "pages/workflow_page.h"

#include <stdlib.h>
#include <string.h>

#define PAGE 50

/* The state of one drawing of the list. */
struct work {
    const struct kind_view *view;
    const struct calendar *cal;
    struct names units, categories;
    const struct proposals *routes; /* NULL: the actor dispatches nothing */
    struct request **rows;
    const char **places; /* of each row: the estate, or the community */
    int count;
    bool more, earlier; /* there are rows after, before these */
    const char *column;
    bool down;              /* descending */
    int64_t seen;           /* number of rows before this page */
    int64_t total;          /* found by the search */
    int64_t most;           /* counted at most: a larger total is more than this */
    const char *words;      /* search words; NULL */
    struct work_hits *hits; /* of the words, in every view */
    bool pick;              /* rows have checkboxes */
};

/* ---- order and place ---- */

static const struct {
    const char *name, *column;
    bool open_only;
} sorts[] = {{"due", "due", true}, {"received", "id", false}};

static void take_order(struct ctx *ctx, struct work *w)
{
    const char *asked = query_param(ctx, "sort");
    w->column = w->view->sort;
    w->down = w->view->newest;
    for (size_t i = 0; asked && i < sizeof sorts / sizeof *sorts; i++)
        if (!strcmp(asked + (*asked == '-'), sorts[i].name) &&
            !(sorts[i].open_only && w->view->closed)) {
            w->column = sorts[i].column;
            w->down = *asked == '-';
        }
}

/* "VALUE.ID", as the links of the pager write it. */
static bool place_read(const char *text, int64_t *value, int64_t *id)
{
    char *end;
    if (!text || !*text)
        return false;
    *value = strtoll(text, &end, 10);
    if (*end != '.' || end[1] < '0' || end[1] > '9')
        return false;
    *id = strtoll(end + 1, &end, 10);
    return !*end;
}

static int64_t sort_value(const struct work *w, const struct request *r)
{
    return !strcmp(w->column, "id") ? r->record.id
                                    : field_int(kind_field(&requests_kind, w->column), r);
}

/* What a row shows, and the fields that its order and status depend on. */
static const char *const shown[] = {
    "number",      "subject",     "status",    "unit",    "handler",  "due",
    "received_at", "answered_at", "closed_at", "returns", "reopened", "parked_until",
    "solved",      "category",    "community", "area",    NULL};

static int take_rows(struct ctx *ctx, struct work *w, struct list *l)
{
    int n = 0;
    w->rows = ARENA_ARRAY(ctx->arena, struct request *, PAGE + 1);
    l->only = shown;
    struct rows *rows = list_run(ctx, l);
    for (struct request *r;
         n <= PAGE && (r = list_next(ctx, &requests_kind, rows, ctx->arena)) != NULL;)
        w->rows[n++] = r;
    rows_end(rows);
    return n;
}

/* Where the search knows all that it finds in every view, the list is some of that. */
static void take_found(struct ctx *ctx, struct work *w)
{
    struct list l = {.kind = &requests_kind, .limit = PAGE, .offset = w->seen, .order = "id DESC"};
    work_hits_where(ctx, &l.where, w->hits, w->view);
    w->count = take_rows(ctx, w, &l);
    w->total = work_hits_count(ctx, w->hits, w->view);
    w->most = HITS_MOST;
    w->more = w->seen + w->count < w->total;
}

/* Searches with the index, which returns the newest first and counts. */
static void find_rows(struct ctx *ctx, struct work *w)
{
    w->hits = ARENA_NEW(ctx->arena, struct work_hits);
    work_hits_find(ctx, w->words, w->hits);
    w->earlier = w->seen > 0;
    w->column = "id";
    w->down = true;
    if (work_hits_whole(w->hits, w->view)) {
        take_found(ctx, w);
        return;
    }
    struct list l = {.kind = &requests_kind, .limit = PAGE, .offset = w->seen};
    work_where(ctx, &l.where, w->view);
    struct list_total total = search_list(ctx, &l, w->words);
    w->count = take_rows(ctx, w, &l);
    w->total = total.count + (total.more ? 1 : 0);
    w->most = total.more ? total.count : HITS_MOST;
    w->more = w->seen + w->count < total.count || (total.more && w->count == PAGE);
}

static void read_rows(struct ctx *ctx, struct work *w)
{
    struct list l = {.kind = &requests_kind, .limit = PAGE + 1};
    work_where(ctx, &l.where, w->view);
    int64_t value, id;
    bool after = place_read(query_param(ctx, "after"), &value, &id),
         before = !after && place_read(query_param(ctx, "before"), &value, &id);
    struct sql_name column = {w->column};
    bool greater = before ? w->down : !w->down;
    if ((after || before) && greater)
        sql_add(&l.where, " AND ({}, id) > ({}, {})", column, value, id);
    else if (after || before)
        sql_add(&l.where, " AND ({}, id) < ({}, {})", column, value, id);
    l.order = arena_print(ctx->arena, greater ? "%s, id" : "%s DESC, id DESC", w->column);
    int n = take_rows(ctx, w, &l);
    bool cut = n > PAGE;
    w->count = cut ? PAGE : n;
    for (int i = 0; before && i < w->count / 2; i++) {
        struct request *r = w->rows[i];
        w->rows[i] = w->rows[w->count - 1 - i];
        w->rows[w->count - 1 - i] = r;
    }
    w->more = before || cut;
    w->earlier = before ? cut : after;
    w->seen = w->earlier ? w->seen : 0;
}

/* Where each row is: one query for the page. */
static void find_places(struct ctx *ctx, struct work *w)
{
    struct sql q;
    w->places = ARENA_ARRAY(ctx->arena, const char *, w->count + 1);
    sql_init(&q, ctx->arena);
    sql_add(&q, "SELECT id, name, name_en FROM areas WHERE id IN (0");
    for (int i = 0; i < PAGE; i++) { /* always as many places: one statement to keep */
        const struct request *r = i < w->count ? w->rows[i] : NULL;
        int64_t area = !r ? NONE : r->area != NONE ? r->area : r->community;
        sql_add(&q, ", {}", area == NONE ? (int64_t)0 : area);
    }
    sql_add(&q, ")");
    struct rows *rows = sql_query(ctx->db, &q);
    while (rows_next(rows)) {
        int64_t id = row_int(rows, "id");
        const char *name = arena_copy(
            ctx->arena, ctx_pick(ctx, row_text(rows, "name"), row_text(rows, "name_en")));
        for (int i = 0; i < w->count; i++)
            if ((w->rows[i]->area != NONE ? w->rows[i]->area : w->rows[i]->community) == id)
                w->places[i] = name;
    }
    rows_end(rows);
}

static void load(struct ctx *ctx, struct work *w)
{
    const char *at = query_param(ctx, "at"), *q = query_param(ctx, "q");
    w->view = work_view(ctx);
    w->cal = ctx_calendar(ctx);
    w->units = names_load(ctx, "units");
    w->words = q && !text_blank(q) ? q : NULL;
    w->most = COUNT_MOST;
    w->pick = (ctx->actor.roles & (ROLE_OFFICE | ROLE_WORKER)) &&
              strcmp(w->view->id, "closed") != 0;
    w->seen = at ? strtoll(at, NULL, 10) : 0;
    if (w->seen < 0 || w->seen > INT64_C(1000000000))
        w->seen = 0;
    take_order(ctx, w);
    if (w->words)
        find_rows(ctx, w);
    else
        read_rows(ctx, w);
    w->categories = names_load(ctx, "categories");
    w->routes = w->pick ? routes_load(ctx) : NULL;
    if (w->count)
        find_places(ctx, w);
}

/* ---- the list ---- */

static void head_cell(struct ctx *ctx, const struct work *w, const char *look, const char *label,
                      const char *sort, const char *column)
{
    bool now = !strcmp(w->column, column);
    html(ctx->web->out, "<th class=\"{}\" scope=\"col\"{}><a href=\"{}\">{}</a></th>", look,
         (struct markup){!now      ? ""
                         : w->down ? " aria-sort=\"descending\""
                                   : " aria-sort=\"ascending\""},
         work_address(ctx, "/work", "sort",
                      now && !w->down ? arena_print(ctx->arena, "-%s", sort) : sort),
         label);
}

static void draw_head(struct ctx *ctx, const struct work *w)
{
    struct buf *out = ctx->web->out;
    html(out, "<table class=\"list\"><caption class=\"sr\">{}</caption><thead><tr>",
         tr(ctx, w->view->label));
    if (w->pick)
        html(out,
             "<th class=\"pick\"><label><input type=\"checkbox\" data-all "
             "aria-label=\"{}\"></label></th>",
             say(ctx, "Select all"));
    html(out,
         "<th class=\"no\" scope=\"col\">{}</th><th class=\"main\" scope=\"col\">{}</th><th "
         "class=\"state-col\" scope=\"col\">{}</th>"
         "<th class=\"who\" scope=\"col\">{}</th>",
         say(ctx, "Number"), say(ctx, "Subject"), say(ctx, "Status"),
         w->routes && !strcmp(w->view->id, "free") ? say(ctx, "Proposed unit")
                                                   : say(ctx, "Lead unit"));
    head_cell(ctx, w, "when less", say(ctx, "Date received"), "received", "id");
    if (w->view->closed || strcmp(w->view->sort, "due") != 0)
        html(out, "<th class=\"due\" scope=\"col\">{}</th>", say(ctx, "Due"));
    else
        head_cell(ctx, w, "due", say(ctx, "Due"), "due", "due");
    html(out, "</tr></thead><tbody>");
}

static void draw_due(struct ctx *ctx, const struct request *r, const struct countdown *left)
{
    struct buf *out = ctx->web->out;
    int s = request_status_of(r);
    if (*left->text)
        html(out, "<td class=\"due\">{}{}{}<span class=\"paper\">{}</span></td>",
             left->late ? icon(ctx, "alert-triangle") : (struct markup){""}, left->late ? " " : "",
             left->text,
             r->due == NONE || s == PARKED ? ""
                                           : day_show(ctx->arena, ctx->lang, when_day(r->due)));
    else if (s == CLOSED && r->closed_at != NONE)
        html(out, "<td class=\"due\">{}</td>",
             say(ctx, "closed {}", day_show(ctx->arena, ctx->lang, when_day(r->closed_at))));
    else if (r->answered_at != NONE && s != MERGED)
        html(out, "<td class=\"due\">{}</td>",
             say(ctx, "replied {}", day_show(ctx->arena, ctx->lang, when_day(r->answered_at))));
    else
        html(out, "<td class=\"due\"></td>");
}

/* The lead unit. For a request to dispatch: the button that sends it to its proposed unit, or
 * without a proposal the way to the form. */
static void draw_who(struct ctx *ctx, const struct work *w, const struct request *r)
{
    struct buf *out = ctx->web->out;
    int64_t unit = w->routes ? routes_proposed(ctx, w->routes, r) : NONE;
    if (unit != NONE)
        html(out,
             "<td class=\"who\"><button class=\"send\" name=\"row\" value=\"{}.{}\" "
             "title=\"{}\">{} <span>{}</span></button><span class=\"paper\">→ {}</span></td>",
             bulk_tick(ctx, &r->record), unit,
             say(ctx, "Dispatch to {}", names_find(&w->units, unit)), icon(ctx, "arrow-forward-up"),
             names_find(&w->units, unit), names_find(&w->units, unit));
    else if (w->routes && request_waits(ctx, r) && request_may(ctx, request_step("dispatch"), r))
        html(out,
             "<td class=\"who\"><a class=\"send\" "
             "href=\"/requests/{}?step=dispatch#step\">{}</a></td>",
             r->record.id, say(ctx, "Choose a unit…"));
    else
        html(out, "<td class=\"who\">{}</td>",
             r->unit == NONE ? "—" : names_find(&w->units, r->unit));
}

static void draw_about(struct ctx *ctx, const struct work *w, const struct request *r,
                       const char *place)
{
    const char *category = names_find(&w->categories, r->category);
    if (*category || place)
        html(ctx->web->out, " <span class=\"about\">{}{}{}</span>", category,
             *category && place ? " · " : "", place);
}

static void draw_row(struct ctx *ctx, const struct work *w, int i)
{
    const struct request *r = w->rows[i];
    struct buf *out = ctx->web->out;
    struct countdown left = deadline_left(ctx, w->cal, r);
    int s = request_status_of(r);
    html(out, "<tr class=\"{}{}\">", left.late ? "late" : "",
         s == DISPATCHED && r->handler == NONE ? " unread" : "");
    if (w->pick)
        html(out,
             "<td class=\"pick\"><label><input type=\"checkbox\" name=\"id\" value=\"{}\" "
             "aria-label=\"{}\"{}></label></td>",
             bulk_tick(ctx, &r->record), say(ctx, "Select {}", r->number),
             (struct markup){bulk_ticked(ctx, &r->record) ? " checked" : ""});
    html(out, "<td class=\"no\">{}</td><td class=\"main\"><a href=\"/requests/{}\">{}</a>",
         r->number, r->record.id, r->subject);
    draw_about(ctx, w, r, w->places[i]);
    html(out, "</td><td class=\"state-col\">");
    request_state_draw(ctx, r, left.late && s != PARKED);
    html(out, "</td>");
    draw_who(ctx, w, r);
    html(out, "<td class=\"when less\">{}</td>",
         when_short(ctx->arena, ctx->lang, r->received_at, ctx->now));
    draw_due(ctx, r, &left);
    html(out, "</tr>");
}

static void pager_link(struct ctx *ctx, const struct work *w, const struct request *r,
                       const char *name, int64_t at)
{
    const char *base = work_address(ctx, "/work", "view", w->view->id);
    if (w->words) {
        html(ctx->web->out, "<a rel=\"{}\" href=\"{}&at={}\">", *name == 'a' ? "next" : "prev",
             base, at < 0 ? (int64_t)0 : at);
        return;
    }
    html(ctx->web->out, "<a rel=\"{}\" href=\"{}&{}={}.{}&at={}\">", *name == 'a' ? "next" : "prev",
         base, name, sort_value(w, r), r->record.id, at < 0 ? (int64_t)0 : at);
}

static void draw_pager(struct ctx *ctx, const struct work *w, int64_t total)
{
    struct buf *out = ctx->web->out;
    html(out, "<nav class=\"pager\" aria-label=\"{}\">", say(ctx, "Page navigation"));
    if (w->count && w->earlier) {
        pager_link(ctx, w, w->rows[0], "before", w->seen - PAGE);
        html(out, "{} {}</a>", icon(ctx, "chevron-left"), say(ctx, "Previous page"));
    }
    if (w->count && total > w->most)
        html(out, "<span>{}</span>",
             say(ctx, "{}–{} of more than {}", w->seen + 1, w->seen + w->count, w->most));
    else if (w->count)
        html(out, "<span>{}</span>",
             say(ctx, "{}–{} out of {}", w->seen + 1, w->seen + w->count, total));
    if (w->count && w->more) {
        pager_link(ctx, w, w->rows[w->count - 1], "after", w->seen + w->count);
        html(out, "{} {}</a>", say(ctx, "Next page"), icon(ctx, "chevron-right"));
    }
    html(out, "</nav>");
}

/* With search words: of what they find. */
static int64_t view_count(struct ctx *ctx, const struct kind_view *v, const void *about)
{
    const struct work *w = about;
    if (!w->words)
        return work_count(ctx, v);
    return v == w->view ? w->total : work_hits_count(ctx, w->hits, v);
}

static void draw_empty(struct ctx *ctx, const struct work *w)
{
    struct buf *out = ctx->web->out;
    bool narrowed = filters_any(ctx);
    html(out, "<div class=\"empty\">{}<p>{}</p>", icon(ctx, narrowed ? "list-search" : "inbox"),
         narrowed ? say(ctx, "No matching requests in this view.") : tr(ctx, w->view->empty));
    if (narrowed)
        html(out, "<p><a href=\"/work?view={}\">{}</a>", w->view->id, say(ctx, "Clear filters"));
    const struct kind_view *all = narrowed ? kind_view_find(ctx, work_views, "all") : NULL;
    if (all && all != w->view && view_count(ctx, all, w) != 0)
        html(out, " · <a href=\"{}\">{}</a>", work_address(ctx, "/work", "view", "all"),
             say(ctx, "Search all requests"));
    html(out, "{}</div>", (struct markup){narrowed ? "</p>" : ""});
}

static const char *view_href(struct ctx *ctx, const struct kind_view *v)
{
    return work_address(ctx, "/work", "view", v->id);
}

/* Draws the views with their counts; returns the count of the current one. */
static int64_t draw_views(struct ctx *ctx, const struct work *w)
{
    kind_views_draw(
        ctx, work_views, w->view,
        &(struct kind_tabs){.count = view_count, .about = w, .most = w->most, .href = view_href});
    return view_count(ctx, w->view, w);
}

static void draw_list(struct ctx *ctx, const struct work *w, int64_t total)
{
    if (w->count == 0) {
        draw_empty(ctx, w);
    } else {
        draw_head(ctx, w);
        for (int i = 0; i < w->count; i++)
            draw_row(ctx, w, i);
        html(ctx->web->out, "</tbody></table>");
    }
    draw_pager(ctx, w, total);
}

/* ---- around it ---- */

static void hidden(struct ctx *ctx, const char *except)
{
    static const char *const kept[] = {"view", "q",       "community", "category",
                                       "unit", "handler", "channel",   "level",
                                       "from", "to",      "sort",      NULL};
    for (int i = 0; kept[i]; i++)
        if (!strstr(except, kept[i]) && query_param(ctx, kept[i]) && *query_param(ctx, kept[i]))
            html(ctx->web->out, "<input type=\"hidden\" name=\"{}\" value=\"{}\">", kept[i],
                 query_again(ctx, kept[i]));
}

static void choice_options(struct ctx *ctx, const char *field, const char *chosen)
{
    for (const struct choice *c = kind_field(&requests_kind, field)->choices; c->code; c++)
        html(ctx->web->out, "<option value=\"{}\"{}>{}</option>", c->code,
             (struct markup){chosen && !strcmp(chosen, c->code) ? " selected" : ""},
             tr(ctx, c->label));
}

static struct names filter_names(struct ctx *ctx, const struct filter *f)
{
    return names_load(ctx, !strcmp(f->name, "community") ? "communities"
                           : !strcmp(f->name, "unit")    ? "units"
                                                         : "categories");
}

static int64_t whole(const char *s)
{
    return s ? strtoll(s, NULL, 10) : NONE;
}

/* Requests keep categories that are no longer used, so the filter offers those too. */
static void filter_options(struct ctx *ctx, const struct filter *f, const struct names *n,
                           int64_t chosen)
{
    names_options(ctx, n, chosen);
    for (int i = 0; !strcmp(f->name, "category") && i < n->count; i++)
        if (n->list[i].out_of_use && n->list[i].id != chosen)
            html(ctx->web->out, "<option value=\"{}\">{}</option>", n->list[i].id,
                 say(ctx, "{} (no longer used)", n->list[i].full));
}

static void draw_filter_form(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    html(out,
         "<details class=\"narrow\"><summary>{} {}</summary><form class=\"bar\" action=\"/work\">",
         icon(ctx, "filter"), say(ctx, "Filter"));
    hidden(ctx, "community category unit channel level from to");
    for (const struct filter *f = work_filters; f->name; f++) {
        const char *value = filter_value(ctx, f);
        if (f->kind == FILTER_USER)
            continue;
        html(out, "<label>{} ", tr(ctx, f->label));
        if (f->kind == FILTER_DAY) {
            html(out, "<input type=\"date\" name=\"{}\" value=\"{}\"></label>", f->name, value);
            continue;
        }
        html(out, "<select name=\"{}\"><option value=\"\">{}</option>", f->name, say(ctx, "All"));
        if (f->kind == FILTER_REF) {
            struct names n = filter_names(ctx, f);
            filter_options(ctx, f, &n, whole(value));
        } else {
            choice_options(ctx, f->name, value);
        }
        html(out, "</select></label>");
    }
    html(out, "<button>{}</button></form></details>", say(ctx, "Apply"));
}

static const char *filter_words(struct ctx *ctx, const struct filter *f, const char *value)
{
    if (f->kind == FILTER_DAY)
        return ctx_date(ctx, value);
    if (f->kind == FILTER_USER)
        return user_name(ctx, whole(value));
    if (f->kind == FILTER_REF) {
        struct names n = filter_names(ctx, f);
        return names_find(&n, whole(value));
    }
    for (const struct choice *c = kind_field(&requests_kind, f->name)->choices; c->code; c++)
        if (!strcmp(c->code, value))
            return tr(ctx, c->label);
    return value;
}

/* The URL contains a phone number only as a hash. */
static bool hashed(const char *q)
{
    return q && !strncmp(q, SEARCH_PHONE, strlen(SEARCH_PHONE));
}

static void find(struct ctx *ctx)
{
    answer_code(ctx, 303);
    answer_header(ctx, "Location",
                  work_address(ctx, "/work", "q", search_words(ctx, param(ctx, "q"))));
}

static void draw_chips(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const char *q = query_param(ctx, "q");
    if (!filters_any(ctx))
        return;
    html(out, "<p class=\"chips\">");
    if (q && *q)
        html(out, "<a href=\"{}\">“{}” {}<span class=\"sr\">{}</span></a>",
             work_address(ctx, "/work", "q", NULL), hashed(q) ? say(ctx, "this phone number") : q,
             icon(ctx, "x"), say(ctx, "Remove"));
    for (const struct filter *f = work_filters; f->name; f++) {
        const char *value = filter_value(ctx, f);
        if (value)
            html(out, "<a href=\"{}\">{} <b>{}</b> {}<span class=\"sr\">{}</span></a>",
                 work_address(ctx, "/work", f->name, NULL), tr(ctx, f->label),
                 filter_words(ctx, f, value), icon(ctx, "x"), say(ctx, "Remove"));
    }
    html(out, "</p>");
}

static const char *day_said(struct ctx *ctx, const char *name)
{
    const char *value = query_param(ctx, name);
    int64_t day;
    return value && day_parse(value, &day) ? day_show(ctx->arena, ctx->lang, day) : NULL;
}

static const char *period_said(struct ctx *ctx)
{
    const char *from = day_said(ctx, "from"), *to = day_said(ctx, "to");
    return from && to ? say(ctx, "Received {} to {}", from, to)
           : from     ? say(ctx, "Received from {}", from)
           : to       ? say(ctx, "Received up to {}", to)
                      : NULL;
}

/* The period, the filters and the view, for paper. */
static void draw_narrowed(struct ctx *ctx, const struct work *w)
{
    const char *period = period_said(ctx), *all = period ? period : "", *q = query_param(ctx, "q");
    for (const struct filter *f = work_filters; f->name; f++) {
        const char *value = f->kind == FILTER_DAY ? NULL : filter_value(ctx, f);
        if (value)
            all = text_add(ctx->arena, all, " · ",
                           text_add(ctx->arena, f->kind == FILTER_REF ? "" : tr(ctx, f->label), " ",
                                    filter_words(ctx, f, value)));
    }
    if (q && *q)
        all = text_add(
            ctx->arena, all, " · ",
            arena_print(ctx->arena, "“%s”", hashed(q) ? say(ctx, "this phone number") : q));
    printed_note(ctx, text_add(ctx->arena, all, " · ", tr(ctx, w->view->label)));
}

static void draw_search(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    html(out,
         "<div class=\"bar\"><form class=\"search\" role=\"search\" method=\"post\" "
         "action=\"{}\"><label class=\"sr\" for=\"q\">{}</label>",
         work_address(ctx, "/work/find", "q", NULL), say(ctx, "Search requests"));
    if (ctx->web->csrf)
        html(out, "<input type=\"hidden\" name=\"_csrf\" value=\"{}\">", ctx->web->csrf);
    html(out,
         "<input id=\"q\" type=\"search\" name=\"q\" maxlength=\"100\" value=\"{}\" data-search "
         "placeholder=\"{}\"><button>{} {}</button></form>",
         hashed(query_param(ctx, "q")) ? "" : query_param(ctx, "q"),
         say(ctx, "Number, keywords or pinyin initials"), icon(ctx, "search"), say(ctx, "Search"));
    draw_filter_form(ctx);
    html(out, "</div>");
    draw_chips(ctx);
}

static void draw_bulkbar(struct ctx *ctx, const struct work *w)
{
    struct buf *out = ctx->web->out;
    html(out, "<div class=\"bulkbar\"><span>{}</span>",
         (struct markup){ctx_pick(ctx, "已选 <output data-picked>0</output> 件",
                                  "<output data-picked>0</output> ticked")});
    html(out,
         "<select id=\"f-unit\" name=\"unit\" aria-label=\"{}\"><option value=\"\">{}</option>",
         say(ctx, "Dispatch to"), say(ctx, "Dispatch to…"));
    step_options(ctx, &w->units, step_chosen(ctx, "unit", NONE));
    html(out, "</select><button class=\"primary\" name=\"do\" value=\"dispatch\">{}</button>",
         say(ctx, "Dispatch"));
    html(out, "<button name=\"do\" value=\"own\">{}</button>",
         say(ctx, "Each to its proposed unit"));
    if (ctx->actor.roles & ROLE_OFFICE)
        html(
            out,
            "<details class=\"group\"{}><summary>{}</summary><div><label>{} <input id=\"f-until\" "
            "type=\"date\" name=\"until\" "
            "value=\"{}\"></label><input id=\"f-text\" name=\"text\" maxlength=\"500\" value=\"{}\""
            " aria-label=\"{}\" placeholder=\"{}\"><button name=\"do\" value=\"park\" "
            "data-confirm=\"{}\">{}</button></div></details>",
            (struct markup){param(ctx, "do") && !strcmp(param(ctx, "do"), "park") ? " open" : ""},
            say(ctx, "Put on hold"), say(ctx, "Review date"), param(ctx, "until"),
            param(ctx, "text"), say(ctx, "Reason for putting on hold"),
            say(ctx, "Reason for putting on hold"),
            say(ctx,
                "Put the selected requests on hold? They return to the list on the review date."),
            say(ctx, "Put on hold"));
    html(out, "</div>");
}

void keys_dialog(struct ctx *ctx, const struct choice *keys)
{
    struct buf *out = ctx->web->out;
    html(out,
         "<dialog id=\"keys\" class=\"keys\" aria-labelledby=\"keys-h\"><h2 "
         "id=\"keys-h\">{}</h2><dl>",
         say(ctx, "Keyboard shortcuts"));
    for (const struct choice *k = keys; k->code; k++)
        html(out, "<div><dt><kbd>{}</kbd></dt><dd>{}</dd></div>", k->code, tr(ctx, k->label));
    html(out,
         "</dl><label class=\"check\"><input type=\"checkbox\" data-keys-off> {}</label><form "
         "method=\"dialog\" class=\"acts\"><button>{}</button></form></dialog>",
         say(ctx, "Turn off shortcuts on this computer"), say(ctx, "Close"));
}

static const struct choice list_keys[] = {{"j k", N_("Next or previous request")},
                                          {"Enter", N_("View")},
                                          {"d", N_("Dispatch to the proposed unit")},
                                          {"x", N_("Select or deselect")},
                                          {"/", N_("Search")},
                                          {"n", N_("Log a request")},
                                          {"g i", N_("Go to work list")},
                                          {"?", N_("Show this help")},
                                          {NULL, NULL}};

static void draw_download(struct ctx *ctx, int64_t total, int64_t most)
{
    struct buf *out = ctx->web->out;
    html(out, "<form class=\"download\" method=\"post\" action=\"{}\">",
         work_address(ctx, "/work/download", NULL, NULL));
    if (ctx->web->csrf) /* no idempotency key: the response is a file, which is not stored for a
                           repeated request */
        html(out, "<input type=\"hidden\" name=\"_csrf\" value=\"{}\">", ctx->web->csrf);
    html(out,
         "<span class=\"soft\">{} {}</span> <button class=\"quiet\" name=\"format\" "
         "value=\"xlsx\">Excel</button>"
         "<button class=\"quiet\" name=\"format\" value=\"csv\">CSV</button></form>",
         icon(ctx, "download"),
         total > most ? say(ctx, "Download this list (newest {} only):", (int64_t)DOWNLOAD_MOST)
                      : say(ctx, "Download this list:"));
}

static void draw_top(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    page_begin(ctx, say(ctx, "Work list"), PAGE_STAFF | PAGE_WIDE);
    html(out,
         "<header class=\"head\"><h1>{}</h1><p class=\"live\" data-live-state></p><div "
         "class=\"acts\">"
         "<button class=\"quiet\" data-keys-open hidden>{} {}</button>",
         say(ctx, "Work list"), icon(ctx, "keyboard"), say(ctx, "Keyboard shortcuts"));
    if (ctx->actor.roles & (ROLE_OFFICE | ROLE_WORKER))
        html(out, "<a class=\"button primary\" href=\"/intake\" data-key=\"n\">{} {}</a>",
             icon(ctx, "plus"), say(ctx, "Log a request"));
    html(out, "</div></header>");
    form_problems(ctx);
}

void work_page_after(struct ctx *ctx, const struct batch *left, const char *sent)
{
    struct buf *out = ctx->web->out;
    struct work w = {0};
    load(ctx, &w);
    draw_top(ctx);
    work_done_draw(ctx, left, sent);
    html(out, "<nav class=\"filters\" id=\"views\" aria-label=\"{}\">",
         say(ctx, "Filter requests"));
    int64_t total = draw_views(ctx, &w);
    html(out, "</nav>");
    draw_narrowed(ctx, &w);
    draw_search(ctx);
    if (w.pick) {
        html(out, "<form method=\"post\" action=\"{}\" class=\"bulk\">",
             work_address(ctx, "/work/bulk", "view", w.view->id));
        form_tokens(ctx);
    }
    html(out, "<div id=\"list\" data-live=\"/live\" data-from=\"{}\">",
         ctx->web->method == GET ? NULL : work_address(ctx, "/work", "view", w.view->id));
    if (fragment_begin(ctx, "list")) {
        if (ctx->web->fragment) {
            html(out, "<template data-into=\"views\">");
            draw_views(ctx, &w);
            html(out, "</template>");
        }
        draw_list(ctx, &w, total);
        fragment_end(ctx);
    }
    html(out, "</div>");
    if (w.pick) {
        draw_bulkbar(ctx, &w);
        html(out, "</form>");
    }
    if (w.count)
        draw_download(ctx, total, w.most);
    keys_dialog(ctx, list_keys);
    page_end(ctx);
}

static void work_page(struct ctx *ctx)
{
    work_page_after(ctx, NULL, ctx->web->method == GET ? query_param(ctx, "sent") : NULL);
}

/* Those who may read the list may follow it; the gate has checked that. */
static void live(struct ctx *ctx)
{
    (void)ctx;
}

static const struct route table[] = {
    ROUTE_GET("/work", ROLES_READERS, work_page, .flags = REMEMBERED),
    ROUTE_GET("/live", ROLES_READERS, live, .flags = LIVE),
    ROUTE_POST("/work/find", ROLES_READERS, find, .flags = READS),
    ROUTE_POST("/work/bulk", ROLE_OFFICE | ROLE_WORKER, bulk_change, .prepare = bulk_prepare,
               .failed = work_page),
    ROUTE_POST("/work/undo", ROLE_OFFICE | ROLE_WORKER, undo_change, .prepare = undo_prepare,
               .failed = work_page),
    ROUTE_POST("/work/download", ROLES_READERS, download_send, .prepare = download_make,
               .failed = work_page, .flags = SLOW),
};

static const struct place places[] = {
    {"/work", N_("Requests"), "g i", ROLES_READERS, true, .group = N_("To do"),
     .also = "/requests /intake ", .rank = 40},
    {.href = NULL},
};

const struct module work_module = {.name = "work", .routes = ROUTES(table), .places = places};
