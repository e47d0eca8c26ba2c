/*
 * What the office works with: the work list, a request with its history and
 * its next steps. Scope and roles are decided by the gate and the
 * kind; a handler only draws or takes a step.
 */
#include "app/registers.h"
#include "app/requests.h"
#include "app/search.h"
#include "base/when.h"
#include "app/module.h"
#include "base/code.h"
#include "web/web.h"

#include <string.h>

/* ---- the list ---- */

static const struct view {
    const char *id, *label, *where, *order;
} views[] = {
    {"open", N_("Open"), " AND status NOT IN ('closed', 'merged')", "due IS NULL, due, id"},
    {"new", N_("To dispatch"), " AND status = 'received'", "due IS NULL, due, id"},
    {"call", N_("Waiting for call-back"), " AND status IN ('answered', 'call_back')", "answered_at, id"},
    {"parked", N_("Parked"), " AND status = 'parked'", "parked_until, id"},
    {"closed", N_("Closed"), " AND status = 'closed'", "id DESC"},
    {NULL, NULL, NULL, NULL},
};

static const struct view *view_asked(struct ctx *ctx)
{
    const char *id = query_param(ctx, "view");
    for (const struct view *v = views; v->id; v++)
        if (id && !strcmp(id, v->id))
            return v;
    return views;
}

static void draw_due(struct ctx *ctx, const struct request *r, const struct calendar *cal)
{
    struct buf *out = ctx->web->out;
    int status = request_status_of(r);
    if (r->due == NONE || status == CLOSED || status == MERGED) {
        html(out, "<td class=\"due\"></td>");
        return;
    }
    int left = calendar_working_days_between(cal, ctx->now, r->due);
    if (r->due < ctx->now)
        html(out, "<td class=\"due\">{} {}</td>", icon(ctx, "alert-triangle"),
             left == 0 ? say(ctx, "overdue today") : say(ctx, "{} working days overdue", -left));
    else
        html(out, "<td class=\"due\">{}</td>", left == 0 ? say(ctx, "due today") : say(ctx, "{} working days left", left));
}

static void draw_row(struct ctx *ctx, const struct request *r, const struct calendar *cal)
{
    struct buf *out = ctx->web->out;
    bool late = r->due != NONE && r->due < ctx->now && r->closed_at == NONE;
    html(out, "<tr{}><td class=\"no\">{}</td><td class=\"main\"><a href=\"/requests/{}\">{}</a></td>"
              "<td class=\"state-col\"><span class=\"state\">{}</span></td><td class=\"when less\">{}</td>",
         (struct markup){late ? " class=\"late\"" : ""}, r->number, r->record.id, r->subject,
         tr(ctx, request_statuses[request_status_of(r)].label), when_show(ctx->arena, ctx->lang, r->received_at));
    draw_due(ctx, r, cal);
    html(out, "</tr>");
}

#define PAGE 50

static void work(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct view *v = view_asked(ctx);
    struct list l;
    list_init(ctx, &l, &requests_kind);
    sql_write(&l.where, v->where, NULL, 0);
    int64_t page = param_int(ctx, "page");
    page = page == NONE || page < 1 || page > 1000000 ? 1 : page;
    l.limit = PAGE;
    l.offset = (page - 1) * PAGE;
    l.order = v->order;
    struct list_total total = search_list(ctx, &l, query_param(ctx, "q"));

    page_begin(ctx, say(ctx, "Work list"), PAGE_STAFF | PAGE_WIDE);
    html(out, "<header class=\"head\"><h1>{}</h1></header><nav class=\"filters\" aria-label=\"{}\">", say(ctx, "Work list"), say(ctx, "Which requests"));
    for (const struct view *each = views; each->id; each++)
        html(out, "<a href=\"/work?view={}\"{}>{}</a>", each->id, (struct markup){each == v ? " aria-current=\"true\"" : ""},
             tr(ctx, each->label));
    html(out, "</nav><form class=\"search\" role=\"search\" action=\"/work\"><label class=\"sr\" for=\"q\">{}</label>"
              "<input type=\"hidden\" name=\"view\" value=\"{}\"><input id=\"q\" type=\"search\" name=\"q\" value=\"{}\" data-search>"
              "<button>{} {}</button></form>",
         say(ctx, "Find a request"), v->id, query_param(ctx, "q"), icon(ctx, "search"), say(ctx, "Find"));
    if (total.count == 0) {
        html(out, "<div class=\"empty\">{}<p>{}</p></div>", icon(ctx, "inbox"), say(ctx, "Nothing here. What comes in or falls due shows up in this list."));
    } else {
        html(out, "<table class=\"list\"><thead><tr><th class=\"no\">{}</th><th class=\"main\">{}</th><th class=\"state-col\">{}</th>"
                  "<th class=\"when less\">{}</th><th class=\"due\">{}</th></tr></thead><tbody>",
             say(ctx, "Number"), say(ctx, "Subject"), say(ctx, "State"), say(ctx, "Received"), say(ctx, "Due"));
        const struct calendar *cal = ctx_calendar(ctx);
        struct rows *rows = list_run(ctx, &l);
        for (struct request *r; (r = list_next(ctx, &requests_kind, rows, ctx->arena)) != NULL;)
            draw_row(ctx, r, cal);
        html(out, "</tbody></table>");
    }
    html(out, "<nav class=\"pager\" aria-label=\"{}\">", say(ctx, "Pages"));
    if (page > 1)
        html(out, "<a rel=\"prev\" href=\"{}\">{}</a>", url_with(ctx, "page", arena_print(ctx->arena, "%lld", (long long)page - 1)), say(ctx, "Back"));
    html(out, "<span>{}</span>", total.more ? say(ctx, "more than {} requests", total.count)
                                         : say_n(ctx, total.count, "1 request", "{} requests", total.count));
    if (page * PAGE < total.count)
        html(out, "<a rel=\"next\" href=\"{}\">{}</a>", url_with(ctx, "page", arena_print(ctx->arena, "%lld", (long long)page + 1)), say(ctx, "Next"));
    html(out, "</nav>");
    page_end(ctx);
}

/* ---- one request ---- */

static void fact(struct ctx *ctx, const char *label, const char *value)
{
    if (value && *value)
        html(ctx->web->out, "<div><dt>{}</dt><dd>{}</dd></div>", label, value);
}

static void draw_facts(struct ctx *ctx, const struct request *r)
{
    static const char *const shown[] = {"category", "community", "place", "unit", "channel", "received_at", "due",
                                        "answered_at", "closed_at", "requester_name", "on_behalf", NULL};
    html(ctx->web->out, "<aside aria-label=\"{}\"><dl class=\"facts card\">", say(ctx, "Facts"));
    for (int i = 0; shown[i]; i++) {
        const struct field *f = kind_field(&requests_kind, shown[i]);
        fact(ctx, tr(ctx, f->label), field_show(ctx, f, r));
    }
    fact(ctx, say(ctx, "Telephone"), mask_phone(ctx->arena, r->requester_phone));
    html(ctx->web->out, "</dl></aside>");
}

static void draw_history(struct ctx *ctx, const struct request *r)
{
    struct buf *out = ctx->web->out;
    html(out, "<section><h2>{}</h2><ol class=\"timeline\">", say(ctx, "History"));
    struct rows *e = query(ctx->db, "SELECT action, at, actor_name, text FROM request_events WHERE request = {} ORDER BY at DESC, id DESC",
                           r->record.id);
    while (rows_next(e)) {
        const struct step *s = request_step(row_text(e, "action"));
        html(out, "<li>{}<div><p class=\"what\"><b>{}</b></p><p class=\"by\"><time>{}</time> {}</p>", icon(ctx, s ? "check" : "inbox"),
             s ? tr(ctx, s->label) : say(ctx, "Received"), when_show(ctx->arena, ctx->lang, row_int(e, "at")), row_text(e, "actor_name"));
        if (row_text(e, "text"))
            html(out, "<div class=\"said\">{}</div>", row_text(e, "text"));
        html(out, "</div></li>");
    }
    html(out, "</ol></section>");
}

static void draw_step(struct ctx *ctx, const struct request *r, const struct step *s)
{
    struct buf *out = ctx->web->out;
    html(out, "<details class=\"card\"><summary>{}</summary>", tr(ctx, s->label));
    form_begin(ctx, arena_print(ctx->arena, "/requests/%lld/%s", (long long)r->record.id, s->action), NULL, false);
    html(out, "<input type=\"hidden\" name=\"version\" value=\"{}\">", r->record.version);
    if (strstr(s->needs, "unit")) {
        html(out, "<label>{} <select name=\"unit\">", say(ctx, "Unit"));
        struct rows *u = query(ctx->db, "SELECT id, name, name_en FROM units ORDER BY code");
        while (rows_next(u))
            html(out, "<option value=\"{}\">{}</option>", row_int(u, "id"), ctx_pick(ctx, row_text(u, "name"), row_text(u, "name_en")));
        html(out, "</select></label>");
    }
    if (strstr(s->needs, "until"))
        html(out, "<label>{} <input type=\"date\" name=\"until\"></label>", say(ctx, "Date"));
    if (strstr(s->needs, "into"))
        html(out, "<label>{} <input name=\"into\"></label>", say(ctx, "Number of the other request"));
    if (strstr(s->needs, "solved"))
        html(out, "<label>{} <select name=\"solved\"><option value=\"yes\">{}</option><option value=\"unreached\">{}</option></select></label>"
                  "<label>{} <input type=\"number\" min=\"1\" max=\"5\" name=\"satisfaction\"></label>",
             say(ctx, "Is it solved?"), say(ctx, "The resident says so"), say(ctx, "Nobody could be reached"), say(ctx, "Satisfaction, 1 to 5"));
    if (strstr(s->needs, "text") || strstr(s->needs, "solved"))
        html(out, "<label>{} <textarea name=\"text\" rows=\"3\">{}</textarea></label>", say(ctx, "Text"), param(ctx, "text"));
    html(out, "<div class=\"acts\"><button class=\"primary\">{}</button></div>", tr(ctx, s->label));
    form_end(ctx);
    html(out, "</details>");
}

static void record(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct request *r = ctx->web->record;
    page_begin(ctx, r->subject, PAGE_STAFF);
    html(out, "<nav class=\"trail\"><a href=\"/work\">{} {}</a></nav><header class=\"head\"><h1>{}</h1><p class=\"lead\">{} · {}</p></header>",
         icon(ctx, "arrow-left"), say(ctx, "Work list"), r->subject, r->number, tr(ctx, request_statuses[request_status_of(r)].label));
    form_problems(ctx);
    html(out, "<div class=\"record\"><div><p class=\"words\">{}</p>", r->text);
    if (r->reply)
        html(out, "<section class=\"card\"><h2>{}</h2><p class=\"words\">{}</p></section>", say(ctx, "The reply"), r->reply);
    for (const struct step *s = request_steps; s->action; s++)
        if (s->roles != ROLE_PUBLIC && request_may(ctx, s, r))
            draw_step(ctx, r, s);
    draw_history(ctx, r);
    html(out, "</div>");
    draw_facts(ctx, r);
    html(out, "</div>");
    page_end(ctx);
}

static void step_change(struct ctx *ctx)
{
    const struct request *before = record_load(ctx, &requests_kind, ctx->web->id);
    const struct step *s = request_step(ctx->web->name);
    if (!before || !s || s->roles == ROLE_PUBLIC) {
        ctx_fail(ctx, NOT_FOUND, say(ctx, "There is no such request or step."));
        return;
    }
    if (param_int(ctx, "version") != before->record.version) {
        ctx_fail(ctx, CONFLICT, say(ctx, "Somebody else changed this meanwhile. Look at it again before you change it."));
        return;
    }
    struct step_input in = {.unit = param_int(ctx, "unit"), .until = NONE, .into = NONE, .text = param(ctx, "text"),
                            .solved = param(ctx, "solved"), .satisfaction = param_int(ctx, "satisfaction")};
    int64_t day;
    if (param(ctx, "until") && day_parse(param(ctx, "until"), &day))
        in.until = when_day_end(day);
    if (param(ctx, "into"))
        in.into = query_int(ctx->db, "SELECT id FROM requests WHERE number = {}", param(ctx, "into"));
    if (request_take(ctx, s, before, &in) == OK)
        see_other(ctx, "/requests/{}", before->record.id);
}

static const struct route table[] = {
    ROUTE_GET("/work", ROLES_READERS, work),
    ROUTE_GET("/requests/{id}", ROLES_READERS, record, .record = &requests_kind),
    ROUTE_POST("/requests/{id}/{name}", ROLES_STAFF, step_change, .record = &requests_kind, .failed = record),
};

static const struct place places[] = {
    {"/work", N_("To do"), "g i", ROLES_READERS, true},
    {.href = NULL},
};

const struct module desk_module = {.name = "desk", .routes = ROUTES(table), .places = places};
