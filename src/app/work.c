/*
 * The work list: one list per person, in views, narrowed by filters that stand
 * in the address, sorted, fetched again when something was committed.
 *
 * Pages are found by the last row seen (?after=VALUE.ID), not by counting rows
 * off, so that the thousandth page costs what the first does.
 */
#include "app/deadlines.h"
#include "app/desk.h"
#include "app/module.h"
#include "app/registers.h"
#include "app/search.h"
#include "app/work.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define PAGE 50

/* What one drawing of the list knows. */
struct work {
    const struct view *view;
    const struct calendar *cal;
    struct names units;
    struct request **rows;
    int count;
    bool more, earlier; /* there are rows after, before these */
    const char *column;
    bool down;         /* descending */
    int64_t seen;      /* how many rows stand before this page */
    int64_t total;     /* of a search */
    const char *words; /* looked for; NULL */
    bool pick;         /* rows can be ticked */
};

/* ---- order and place ---- */

static const struct {
    const char *name, *column;
    bool open_only;
} sorts[] = {{"due", "due", true}, {"received", "id", false}};

static void take_order(struct ctx *ctx, struct work *w)
{
    const char *asked = query_param(ctx, "sort");
    w->column = w->view->column;
    w->down = w->view->newest;
    for (size_t i = 0; asked && i < sizeof sorts / sizeof *sorts; i++)
        if (!strcmp(asked + (*asked == '-'), sorts[i].name) && !(sorts[i].open_only && w->view->closed)) {
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
    return !strcmp(w->column, "id") ? r->record.id : field_int(kind_field(&requests_kind, w->column), r);
}

/* What a row shows, and what its order and its state come from. */
static const char *const shown[] = {"number",      "subject",   "status",  "unit",     "handler",      "due", "received_at",
                                    "answered_at", "closed_at", "returns", "reopened", "parked_until", NULL};

static int take_rows(struct ctx *ctx, struct work *w, struct list *l)
{
    int n = 0;
    w->rows = ARENA_ARRAY(ctx->arena, struct request *, PAGE + 1);
    l->only = shown;
    struct rows *rows = list_run(ctx, l);
    for (struct request *r; n <= PAGE && (r = list_next(ctx, &requests_kind, rows, ctx->arena)) != NULL;)
        w->rows[n++] = r;
    rows_end(rows);
    return n;
}

/* Words are looked for by the index, which gives the newest first and counts. */
static void find_rows(struct ctx *ctx, struct work *w)
{
    struct list l = {.kind = &requests_kind, .limit = PAGE, .offset = w->seen};
    work_where(ctx, &l.where, w->view);
    struct list_total total = search_list(ctx, &l, w->words);
    w->count = take_rows(ctx, w, &l);
    w->total = total.more ? COUNT_MOST + 1 : total.count;
    w->earlier = w->seen > 0;
    w->more = w->seen + w->count < total.count || (total.more && w->count == PAGE);
    w->column = "id";
    w->down = true;
}

static void read_rows(struct ctx *ctx, struct work *w)
{
    struct list l = {.kind = &requests_kind, .limit = PAGE + 1};
    work_where(ctx, &l.where, w->view);
    int64_t value, id;
    bool after = place_read(query_param(ctx, "after"), &value, &id), before = !after && place_read(query_param(ctx, "before"), &value, &id);
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

static void load(struct ctx *ctx, struct work *w)
{
    const char *at = query_param(ctx, "at"), *q = query_param(ctx, "q");
    w->view = work_view(ctx);
    w->cal = ctx_calendar(ctx);
    w->units = names_load(ctx, "units");
    w->words = q && !text_blank(q) ? q : NULL;
    w->pick = (ctx->actor.roles & (ROLE_OFFICE | ROLE_WORKER)) && strcmp(w->view->id, "closed") != 0;
    w->seen = at ? strtoll(at, NULL, 10) : 0;
    if (w->seen < 0 || w->seen > INT64_C(1000000000))
        w->seen = 0;
    take_order(ctx, w);
    if (w->words)
        find_rows(ctx, w);
    else
        read_rows(ctx, w);
}

/* ---- the list ---- */

static void head_cell(struct ctx *ctx, const struct work *w, const char *look, const char *label, const char *sort, const char *column)
{
    bool now = !strcmp(w->column, column);
    html(ctx->web->out, "<th class=\"{}\" scope=\"col\"{}><a href=\"{}\">{}</a></th>", look,
         (struct markup){!now      ? ""
                         : w->down ? " aria-sort=\"descending\""
                                   : " aria-sort=\"ascending\""},
         work_address(ctx, "/work", "sort", now && !w->down ? arena_print(ctx->arena, "-%s", sort) : sort), label);
}

static void draw_head(struct ctx *ctx, const struct work *w)
{
    struct buf *out = ctx->web->out;
    html(out, "<table class=\"list\"><caption class=\"sr\">{}</caption><thead><tr>", tr(ctx, w->view->label));
    if (w->pick)
        html(out, "<th class=\"pick\"><label><input type=\"checkbox\" data-all aria-label=\"{}\"></label></th>", say(ctx, "Tick all"));
    html(out,
         "<th class=\"no\" scope=\"col\">{}</th><th class=\"main\" scope=\"col\">{}</th><th class=\"state-col\" scope=\"col\">{}</th>"
         "<th class=\"who\" scope=\"col\">{}</th>",
         say(ctx, "Number"), say(ctx, "Subject"), say(ctx, "State"), say(ctx, "Lead unit"));
    head_cell(ctx, w, "when less", say(ctx, "Received"), "received", "id");
    if (w->view->closed || strcmp(w->view->column, "due") != 0)
        html(out, "<th class=\"due\" scope=\"col\">{}</th>", say(ctx, "Due"));
    else
        head_cell(ctx, w, "due", say(ctx, "Due"), "due", "due");
    html(out, "</tr></thead><tbody>");
}

static void draw_due(struct ctx *ctx, const struct request *r, const struct countdown *left)
{
    struct buf *out = ctx->web->out;
    int s = request_status_of(r);
    if (left->late)
        html(out, "<td class=\"due\">{} {}</td>", icon(ctx, "alert-triangle"), left->text);
    else if (*left->text)
        html(out, "<td class=\"due\">{}</td>", left->text);
    else if (s == CLOSED && r->closed_at != NONE)
        html(out, "<td class=\"due\">{}</td>", say(ctx, "closed {}", day_show(ctx->arena, ctx->lang, when_day(r->closed_at))));
    else if (r->answered_at != NONE && s != MERGED)
        html(out, "<td class=\"due\">{}</td>", say(ctx, "answered {}", day_show(ctx->arena, ctx->lang, when_day(r->answered_at))));
    else
        html(out, "<td class=\"due\"></td>");
}

static bool ticked(const struct ctx *ctx, int64_t id)
{
    for (int i = 0; i < ctx->web->form_count; i++)
        if (!strcmp(ctx->web->form[i].name, "id") && strtoll(ctx->web->form[i].value, NULL, 10) == id)
            return true;
    return false;
}

static void draw_row(struct ctx *ctx, const struct work *w, const struct request *r)
{
    struct buf *out = ctx->web->out;
    struct countdown left = deadline_left(ctx, w->cal, r);
    int s = request_status_of(r);
    html(out, "<tr class=\"{}{}\">", left.late ? "late" : "", s == DISPATCHED && r->handler == NONE ? " unread" : "");
    if (w->pick)
        html(out, "<td class=\"pick\"><label><input type=\"checkbox\" name=\"id\" value=\"{}\" aria-label=\"{}\"{}></label></td>",
             r->record.id, say(ctx, "Tick {}", r->number), (struct markup){ticked(ctx, r->record.id) ? " checked" : ""});
    html(out, "<td class=\"no\">{}</td><td class=\"main\"><a href=\"/requests/{}\">{}</a></td><td class=\"state-col\">", r->number,
         r->record.id, r->subject);
    desk_state(ctx, r, left.late && s != PARKED);
    html(out, "</td><td class=\"who\">{}</td><td class=\"when less\">{}</td>", r->unit == NONE ? "—" : name_of(&w->units, r->unit),
         desk_when(ctx, r->received_at));
    draw_due(ctx, r, &left);
    html(out, "</tr>");
}

static void pager_link(struct ctx *ctx, const struct work *w, const struct request *r, const char *name, int64_t at)
{
    const char *base = work_address(ctx, "/work", "view", w->view->id);
    if (w->words) {
        html(ctx->web->out, "<a rel=\"{}\" href=\"{}&at={}\">", *name == 'a' ? "next" : "prev", base, at < 0 ? (int64_t)0 : at);
        return;
    }
    html(ctx->web->out, "<a rel=\"{}\" href=\"{}&{}={}.{}&at={}\">", *name == 'a' ? "next" : "prev", base, name, sort_value(w, r),
         r->record.id, at < 0 ? (int64_t)0 : at);
}

static void draw_pager(struct ctx *ctx, const struct work *w, int64_t total)
{
    struct buf *out = ctx->web->out;
    html(out, "<nav class=\"pager\" aria-label=\"{}\">", say(ctx, "Pages"));
    if (w->count && w->earlier) {
        pager_link(ctx, w, w->rows[0], "before", w->seen - PAGE);
        html(out, "{} {}</a>", icon(ctx, "chevron-left"), say(ctx, "Previous page"));
    }
    if (w->count && total > COUNT_MOST)
        html(out, "<span>{}</span>", say(ctx, "{}–{}, of more than {}", w->seen + 1, w->seen + w->count, (int64_t)COUNT_MOST));
    else if (w->count)
        html(out, "<span>{}</span>", say(ctx, "{}–{}, of {}", w->seen + 1, w->seen + w->count, total));
    if (w->count && w->more) {
        pager_link(ctx, w, w->rows[w->count - 1], "after", w->seen + w->count);
        html(out, "{} {}</a>", say(ctx, "Next page"), icon(ctx, "chevron-right"));
    }
    html(out, "</nav>");
}

static void draw_empty(struct ctx *ctx, const struct work *w)
{
    struct buf *out = ctx->web->out;
    bool narrowed = filters_any(ctx);
    html(out, "<div class=\"empty\">{}<p>{}</p>", icon(ctx, narrowed ? "list-search" : "inbox"),
         narrowed ? say(ctx, "No request fits what you look for in this view.") : tr(ctx, w->view->empty));
    if (narrowed)
        html(out, "<p><a href=\"/work?view={}\">{}</a> · <a href=\"{}\">{}</a></p>", w->view->id, say(ctx, "Without the filters"),
             work_address(ctx, "/work", "view", "all"), say(ctx, "Look in all requests"));
    html(out, "</div>");
}

/* The views with how many are in each; answers how many are in the present one. */
static int64_t draw_views(struct ctx *ctx, const struct work *w)
{
    struct buf *out = ctx->web->out;
    int64_t present = 0;
    for (const struct view *v = work_views; v->id; v++) {
        if (!view_shown(ctx, v))
            continue;
        int64_t n = v == w->view && w->words ? w->total : work_count(ctx, v);
        html(out, "<a href=\"{}\"{}>{}", work_address(ctx, "/work", "view", v->id),
             (struct markup){v == w->view ? " aria-current=\"true\"" : ""}, tr(ctx, v->label));
        if (n > COUNT_MOST)
            html(out, " <b class=\"count\">{}+</b>", (int64_t)COUNT_MOST);
        else if (n != NONE)
            html(out, " <b class=\"count{}\">{}</b>", (struct markup){n > 0 && !strcmp(v->id, "late") ? " late" : ""}, n);
        html(out, "</a>");
        if (v == w->view)
            present = w->words ? w->total : n;
    }
    return present;
}

static void draw_list(struct ctx *ctx, const struct work *w, int64_t total)
{
    if (w->count == 0) {
        draw_empty(ctx, w);
    } else {
        draw_head(ctx, w);
        for (int i = 0; i < w->count; i++)
            draw_row(ctx, w, w->rows[i]);
        html(ctx->web->out, "</tbody></table>");
    }
    draw_pager(ctx, w, total);
}

/* ---- around it ---- */

static void hidden(struct ctx *ctx, const char *except)
{
    static const char *const kept[] = {"view", "q", "community", "category", "unit", "channel", "level", "from", "to", "sort", NULL};
    for (int i = 0; kept[i]; i++)
        if (!strstr(except, kept[i]) && query_param(ctx, kept[i]) && *query_param(ctx, kept[i]))
            html(ctx->web->out, "<input type=\"hidden\" name=\"{}\" value=\"{}\">", kept[i], query_again(ctx, kept[i]));
}

static void choice_options(struct ctx *ctx, const char *field, const char *chosen)
{
    for (const struct choice *c = kind_field(&requests_kind, field)->choices; c->code; c++)
        html(ctx->web->out, "<option value=\"{}\"{}>{}</option>", c->code,
             (struct markup){chosen && !strcmp(chosen, c->code) ? " selected" : ""}, tr(ctx, c->label));
}

static struct names filter_names(struct ctx *ctx, const struct filter *f)
{
    return names_load(ctx, !strcmp(f->name, "community") ? "communities" : !strcmp(f->name, "unit") ? "units" : "categories");
}

static int64_t whole(const char *s)
{
    return s ? strtoll(s, NULL, 10) : NONE;
}

static void draw_filter_form(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    html(out, "<details class=\"narrow\"><summary>{} {}</summary><form class=\"bar\" action=\"/work\">", icon(ctx, "filter"),
         say(ctx, "Narrow down"));
    hidden(ctx, "community category unit channel level from to");
    for (const struct filter *f = work_filters; f->name; f++) {
        const char *value = filter_value(ctx, f);
        html(out, "<label>{} ", tr(ctx, f->label));
        if (f->kind == FILTER_DAY) {
            html(out, "<input type=\"date\" name=\"{}\" value=\"{}\"></label>", f->name, value);
            continue;
        }
        html(out, "<select name=\"{}\"><option value=\"\">{}</option>", f->name, say(ctx, "All"));
        if (f->kind == FILTER_REF) {
            struct names n = filter_names(ctx, f);
            names_options(ctx, &n, whole(value));
        } else {
            choice_options(ctx, f->name, value);
        }
        html(out, "</select></label>");
    }
    html(out, "<button>{}</button></form></details>", say(ctx, "Show these"));
}

static const char *filter_words(struct ctx *ctx, const struct filter *f, const char *value)
{
    int64_t day;
    if (f->kind == FILTER_DAY)
        return day_parse(value, &day) ? day_show(ctx->arena, ctx->lang, day) : value;
    if (f->kind == FILTER_REF) {
        struct names n = filter_names(ctx, f);
        return name_of(&n, whole(value));
    }
    for (const struct choice *c = kind_field(&requests_kind, f->name)->choices; c->code; c++)
        if (!strcmp(c->code, value))
            return tr(ctx, c->label);
    return value;
}

/* A telephone number stands in the address as its hash only. */
static bool hashed(const char *q)
{
    return q && !strncmp(q, SEARCH_PHONE, strlen(SEARCH_PHONE));
}

static void find(struct ctx *ctx)
{
    answer_code(ctx, 303);
    answer_header(ctx, "Location", work_address(ctx, "/work", "q", search_words(ctx, param(ctx, "q"))));
}

static void draw_chips(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const char *q = query_param(ctx, "q");
    if (!filters_any(ctx))
        return;
    html(out, "<p class=\"chips\">");
    if (q && *q)
        html(out, "<a href=\"{}\">“{}” {}<span class=\"sr\">{}</span></a>", work_address(ctx, "/work", "q", NULL),
             hashed(q) ? say(ctx, "this telephone number") : q, icon(ctx, "x"), say(ctx, "Remove"));
    for (const struct filter *f = work_filters; f->name; f++) {
        const char *value = filter_value(ctx, f);
        if (value)
            html(out, "<a href=\"{}\">{} <b>{}</b> {}<span class=\"sr\">{}</span></a>", work_address(ctx, "/work", f->name, NULL),
                 tr(ctx, f->label), filter_words(ctx, f, value), icon(ctx, "x"), say(ctx, "Remove"));
    }
    html(out, "</p>");
}

static void draw_search(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    html(out,
         "<div class=\"bar\"><form class=\"search\" role=\"search\" method=\"post\" action=\"{}\"><label class=\"sr\" for=\"q\">{}</label>",
         work_address(ctx, "/work/find", "q", NULL), say(ctx, "Find a request"));
    if (ctx->web->csrf)
        html(out, "<input type=\"hidden\" name=\"_csrf\" value=\"{}\">", ctx->web->csrf);
    html(
        out,
        "<input id=\"q\" type=\"search\" name=\"q\" maxlength=\"100\" value=\"{}\" data-search placeholder=\"{}\"><button>{} {}</button></form>",
        hashed(query_param(ctx, "q")) ? "" : query_param(ctx, "q"), say(ctx, "Number, words, initials of the name"), icon(ctx, "search"),
        say(ctx, "Find"));
    draw_filter_form(ctx);
    html(out, "</div>");
    draw_chips(ctx);
}

static void draw_bulkbar(struct ctx *ctx, const struct work *w)
{
    struct buf *out = ctx->web->out;
    html(out, "<div class=\"bulkbar\"><span>{}</span>",
         (struct markup){ctx->lang[0] == 'e' ? "<output data-picked>0</output> ticked" : "已选 <output data-picked>0</output> 件"});
    html(out, "<select name=\"unit\" aria-label=\"{}\"><option value=\"\">{}</option>", say(ctx, "Dispatch to"), say(ctx, "Dispatch to…"));
    names_options(ctx, &w->units, param_int(ctx, "unit"));
    html(out, "</select><button class=\"primary\" name=\"do\" value=\"dispatch\">{}</button>", say(ctx, "Dispatch"));
    if (ctx->actor.roles & ROLE_OFFICE)
        html(
            out,
            "<span class=\"group\"><label>{} <input type=\"date\" name=\"until\" value=\"{}\"></label><input name=\"text\" maxlength=\"500\" value=\"{}\""
            " aria-label=\"{}\" placeholder=\"{}\"><button name=\"do\" value=\"park\" data-confirm=\"{}\">{}</button></span>",
            say(ctx, "Review on"), param(ctx, "until"), param(ctx, "text"), say(ctx, "Why it is parked"), say(ctx, "Why it is parked"),
            say(ctx, "Park the ticked ones? They come back to the list on the review date."), say(ctx, "Park"));
    html(out, "</div>");
}

static void draw_keys(struct ctx *ctx)
{
    static const struct {
        const char *keys, *what;
    } keys[] = {{"j k", N_("Next, previous")},  {"Enter", N_("Open it")},        {"x", N_("Tick or untick")}, {"/", N_("Find")},
                {"n", N_("Take in a request")}, {"g i", N_("To the work list")}, {"?", N_("This sheet")}};
    struct buf *out = ctx->web->out;
    html(out, "<dialog id=\"keys\" class=\"keys\" aria-labelledby=\"keys-h\"><h2 id=\"keys-h\">{}</h2><dl>", say(ctx, "Keys"));
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        html(out, "<div><dt><kbd>{}</kbd></dt><dd>{}</dd></div>", keys[i].keys, tr(ctx, keys[i].what));
    html(
        out,
        "</dl><label class=\"check\"><input type=\"checkbox\" data-keys-off> {}</label><form method=\"dialog\" class=\"acts\"><button>{}</button></form></dialog>",
        say(ctx, "No keys on this computer"), say(ctx, "Shut"));
}

static void draw_download(struct ctx *ctx, int64_t total)
{
    struct buf *out = ctx->web->out;
    html(out, "<form class=\"download\" method=\"post\" action=\"{}\">", work_address(ctx, "/work/download", NULL, NULL));
    if (ctx->web->csrf) /* no key: what is sent is a file, not to be kept for a second press */
        html(out, "<input type=\"hidden\" name=\"_csrf\" value=\"{}\">", ctx->web->csrf);
    html(out,
         "<span class=\"soft\">{} {}</span> <button class=\"quiet\" name=\"format\" value=\"xlsx\">Excel</button>"
         "<button class=\"quiet\" name=\"format\" value=\"csv\">CSV</button></form>",
         icon(ctx, "download"),
         total > COUNT_MOST ? say(ctx, "This list as a file, the newest {} at most:", (int64_t)DOWNLOAD_MOST)
                            : say(ctx, "This list as a file:"));
}

static void draw_top(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    page_begin(ctx, say(ctx, "Work list"), PAGE_STAFF | PAGE_WIDE);
    html(out,
         "<header class=\"head\"><h1>{}</h1><p class=\"live\" data-live-state></p><div class=\"acts\">"
         "<button class=\"quiet\" data-keys-open hidden>{} {}</button>",
         say(ctx, "Work list"), icon(ctx, "keyboard"), say(ctx, "Keys"));
    if (ctx->actor.roles & (ROLE_OFFICE | ROLE_WORKER))
        html(out, "<a class=\"button primary\" href=\"/intake\" data-key=\"n\">{} {}</a>", icon(ctx, "plus"),
             say(ctx, "Take in a request"));
    html(out, "</div></header>");
    form_problems(ctx);
}

void work_page(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    struct work w = {0};
    load(ctx, &w);
    draw_top(ctx);
    html(out, "<nav class=\"filters\" id=\"views\" aria-label=\"{}\">", say(ctx, "Which requests"));
    int64_t total = draw_views(ctx, &w);
    html(out, "</nav>");
    draw_search(ctx);
    if (w.pick) {
        html(out, "<form method=\"post\" action=\"{}\" class=\"bulk\">", work_address(ctx, "/work/bulk", "view", w.view->id));
        form_tokens(ctx);
    }
    html(out, "<div id=\"list\" data-live=\"/live\">");
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
        draw_download(ctx, total);
    draw_keys(ctx);
    page_end(ctx);
}

/* Whoever may read the list may follow it; the gate has seen to that. */
static void live(struct ctx *ctx)
{
    (void)ctx;
}

static const struct route table[] = {
    ROUTE_GET("/work", ROLES_READERS, work_page, .flags = REMEMBERED),
    ROUTE_GET("/live", ROLES_READERS, live, .flags = LIVE),
    ROUTE_POST("/work/find", ROLES_READERS, find, .flags = READS),
    ROUTE_POST("/work/bulk", ROLE_OFFICE | ROLE_WORKER, bulk_change, .prepare = bulk_prepare, .failed = work_page),
    ROUTE_POST("/work/download", ROLES_READERS, download_send, .prepare = download_make, .failed = work_page, .flags = SLOW),
};

static const struct place places[] = {
    {"/work", N_("To do"), "g i", ROLES_READERS, true, .also = "/requests /intake "},
    {.href = NULL},
};

const struct module work_module = {.name = "work", .routes = ROUTES(table), .places = places};
