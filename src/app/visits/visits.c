/*
 * Offers as staff and team leaders see them: those nobody took, one offer with
 * who was asked and why, and finding volunteers for a request. The kind decides
 * the scope; offers.c has the rules.
 */
#include "app/visits/visit_parts.h"

#include "core/module.h"
#include "core/settings.h"
#include "app/registers/registers.h"
#include "base/text.h"
#include "base/when.h"
#include "db/journal.h"
#include "web/fields.h"

#include <stdlib.h>
#include <string.h>

#define HOSTS      (ROLE_TEAM_LEADER | ROLE_WORKER | ROLE_OFFICE)
#define PAGE       50
#define WISH_SHOWN 60 /* characters in the list */
#define FOUND      20 /* volunteers a search by name shows */

static bool going(const struct offer *o)
{
    return !strcmp(o->status, "open") || !strcmp(o->status, "led") || !strcmp(o->status, "agreed");
}

/* ---- the list ---- */

static const struct {
    const char *id, *label, *where, *empty;
} views[] = {
    {"led", N_("No volunteer found"), " AND status = 'led'",
     N_("Every request that needs volunteers has found some or is still waiting for replies.")},
    {"open", N_("Awaiting replies"), " AND status = 'open'",
     N_("No requests awaiting volunteer replies.")},
    {"agreed", N_("Visit arranged"), " AND status = 'agreed'", N_("No visits arranged.")},
    {"over", N_("Finished"), " AND status IN ('done', 'cancelled')", N_("No finished visits yet.")},
};
#define VIEWS (sizeof views / sizeof *views)

static int64_t counted(struct ctx *ctx, size_t view)
{
    struct list l;
    list_init(ctx, &l, &offers_kind);
    sql_write(&l.where, views[view].where, NULL, 0);
    int64_t n = list_total(ctx, &l).count;
    sql_release(&l.where);
    return n;
}

static void draw_offer(struct ctx *ctx, const struct offer *o)
{
    bool led = !strcmp(o->status, "led");
    const char *wish = offer_wish(ctx, o);
    html(ctx->web->out,
         "<tr{}><td class=\"main\"><a href=\"/visits/{}\">{}</a><span "
         "class=\"about\">{}</span></td><td class=\"who\">{}</td><td "
         "class=\"who\"><span class=\"state {}\">{} {}</span></td>"
         "<td class=\"long-when\">{}</td><td class=\"when less\">{}</td></tr>",
         (struct markup){led ? " class=\"late\"" : ""}, o->record.id, offer_title(ctx, o),
         wish ? text_cut(ctx->arena, text_tidy(ctx->arena, wish), WISH_SHOWN) : NULL,
         field_show(ctx, kind_field(&offers_kind, "community"), o),
         led                                                          ? "late"
         : !strcmp(o->status, "agreed") || !strcmp(o->status, "done") ? "ok"
                                                                      : "wait",
         icon(ctx, led        ? "alert-triangle"
                   : going(o) ? "users"
                              : "check"),
         offer_state(ctx, o), offer_when(ctx, o),
         when_short(ctx->arena, ctx->lang, o->led_at != NONE ? o->led_at : o->record.created,
                    ctx->now));
}

static void draw_automatic(struct ctx *ctx)
{
    bool on = !strcmp(setting(ctx, "offers.automatic"), "1");
    if (!(ctx->actor.roles & ROLE_OFFICE))
        return;
    html(ctx->web->out, "<details class=\"card screen\"><summary>{} {}</summary><p>{}</p>",
         icon(ctx, "settings"),
         on ? say(ctx, "Automatic volunteer matching: on")
            : say(ctx, "Automatic volunteer matching: off"),
         say(ctx, "When on, volunteers are asked automatically as soon as a request needing their "
                  "skills comes in."));
    form_begin(ctx, "/visits/automatic", NULL, false);
    html(ctx->web->out, "<div class=\"acts\"><button name=\"on\" value=\"{}\">{}</button></div>",
         on ? "0" : "1", on ? say(ctx, "Turn off") : say(ctx, "Turn on"));
    form_end(ctx);
    html(ctx->web->out, "</details>");
}

/* The requested view, otherwise the first that is not empty. */
static size_t view_of(struct ctx *ctx, const int64_t counts[VIEWS])
{
    const char *asked = query_param(ctx, "view");
    for (size_t i = 0; i < VIEWS; i++)
        if (asked ? !strcmp(asked, views[i].id) : counts[i] > 0)
            return i;
    return 0;
}

static void visits(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    int64_t counts[VIEWS];
    for (size_t i = 0; i < VIEWS; i++)
        counts[i] = counted(ctx, i);
    size_t v = view_of(ctx, counts);
    int64_t page = pager_page(ctx);
    page_begin(ctx, say(ctx, "Home visits"), PAGE_STAFF | PAGE_WIDE);
    html(out,
         "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header><nav "
         "class=\"filters\" aria-label=\"{}\">",
         say(ctx, "Home visits"),
         say(ctx, "Requests that need volunteers: awaiting replies, arranged, or needing someone "
                  "to be found personally."),
         say(ctx, "Filter visits"));
    int64_t total = counts[v];
    for (size_t i = 0; i < VIEWS; i++)
        html(out, "<a href=\"/visits?view={}\"{}>{} <b class=\"count{}\">{}</b></a>", views[i].id,
             (struct markup){i == v ? " aria-current=\"true\"" : ""}, tr(ctx, views[i].label),
             (struct markup){i == 0 && counts[i] ? " late" : ""}, counts[i]);
    html(out, "</nav>");
    struct list l;
    list_init(ctx, &l, &offers_kind);
    sql_write(&l.where, views[v].where, NULL, 0);
    l.order = !strcmp(views[v].id, "agreed") ? "starts IS NULL, starts, id"
              : !strcmp(views[v].id, "led")  ? "led_at, id"
                                             : "id DESC";
    l.limit = PAGE;
    l.offset = (page - 1) * PAGE;
    if (total == 0) {
        sql_release(&l.where);
        html(out, "<div class=\"empty\">{}<p>{}</p></div>", icon(ctx, "heart-handshake"),
             tr(ctx, views[v].empty));
    } else {
        html(out,
             "<table class=\"list\"><thead><tr><th class=\"main\" scope=\"col\">{}</th><th "
             "class=\"who\" scope=\"col\">{}</th><th class=\"who\" scope=\"col\">{}</th>"
             "<th class=\"long-when\" scope=\"col\">{}</th><th class=\"when less\" "
             "scope=\"col\">{}</th></tr></thead><tbody>",
             say(ctx, "What is needed"), say(ctx, "Community"), say(ctx, "Status"),
             say(ctx, "When"), say(ctx, "Started"));
        struct rows *rows = list_run(ctx, &l);
        for (struct offer *o; (o = list_next(ctx, &offers_kind, rows, ctx->arena)) != NULL;)
            draw_offer(ctx, o);
        html(out, "</tbody></table>");
    }
    if (total > PAGE)
        pager(ctx, page, PAGE, total, say_n(ctx, total, "1 visit", "{} visits", total));
    draw_automatic(ctx);
    page_end(ctx);
}

static void automatic_change(struct ctx *ctx)
{
    const char *on = param(ctx, "on");
    bool set = on && !strcmp(on, "1");
    setting_put(ctx, "offers.automatic", set ? "1" : NULL);
    journal_add(ctx, "settings", 0, "change", NULL,
                set ? "{\"offers.automatic\":\"1\"}" : "{\"offers.automatic\":null}");
    flash(ctx, set ? say(ctx, "From now on, volunteers are asked automatically when a matching "
                              "request comes in.")
                   : say(ctx, "From now on, staff need to click “Find volunteers”."));
    see_other(ctx, "/visits");
}

/* ---- a new offer ---- */

static const struct choice comes[] = {{"female", N_("Women")}, {"male", N_("Men")}, {NULL, NULL}};

static const struct label labels[] = {{"skill", N_("What is needed")},
                                      {"people", N_("How many people")},
                                      {"starts", N_("When")},
                                      {"language", N_("Resident’s language")},
                                      {NULL, NULL}};

static void new_page(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct request *r = record_load(ctx, &requests_kind, param_int(ctx, "request"));
    if (!r) {
        ctx_fail(ctx, NOT_FOUND, say(ctx, "Request not found, or it is in another community."));
        answer_problem(ctx);
        return;
    }
    page_begin(ctx, say(ctx, "Find volunteers"), PAGE_STAFF);
    trail(ctx, arena_print(ctx->arena, "/requests/%lld", (long long)r->record.id), r->number);
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{} · {}</p></header>",
         say(ctx, "Find volunteers"), r->subject,
         field_show(ctx, kind_field(&requests_kind, "community"), r));
    form_begin(ctx, "/visits", arena_print(ctx->arena, "offer-%lld", (long long)r->record.id),
               false);
    form_problems(ctx);
    html(out, "<input type=\"hidden\" name=\"request\" value=\"{}\"><div class=\"pair\">",
         r->record.id);
    select_field(
        ctx, "skill", ctx_label(ctx, labels, "skill"), NULL, NULL, NULL,
        query(ctx->db, "SELECT code AS id, name, name_en FROM skills ORDER BY position, code"),
        skill_for(ctx, r->category));
    html(out,
         "<div class=\"field\"><label for=\"f-people\">{} <i>{}</i></label><input id=\"f-people\" "
         "class=\"tiny\" type=\"number\" name=\"people\" min=\"1\" max=\"10\" value=\"{}\"{}>",
         ctx_label(ctx, labels, "people"),
         say(ctx, "leave blank for the default (two for a home visit)"), param(ctx, "people"),
         (struct markup){ctx_problem_of(ctx, "people") ? " aria-invalid=\"true\"" : ""});
    field_problem(ctx, "people");
    html(out, "</div></div>");
    time_field(
        ctx, "starts", ctx_label(ctx, labels, "starts"),
        say(ctx,
            "Leave blank to let the first volunteer who accepts agree a time with the resident."),
        NONE);
    html(out, "<div class=\"pair\">");
    select_field(ctx, "gender_preference", say(ctx, "Preferred volunteer"), NULL,
                 say(ctx, "Anyone"), comes, NULL, NULL);
    select_field(ctx, "gender", say(ctx, "Resident’s gender"),
                 say(ctx, "Some volunteers only visit women, or only men."),
                 say(ctx, "Not specified"), kind_field(&offers_kind, "gender")->choices, NULL,
                 NULL);
    html(out, "</div>");
    select_field(ctx, "language", ctx_label(ctx, labels, "language"), NULL, say(ctx, "Any"),
                 volunteer_languages, NULL, NULL);
    text_field(ctx, "note", say(ctx, "Note for volunteers"),
               say(ctx, "What to know and bring. Everyone asked can see this: no names, phone "
                        "numbers or house numbers."),
               200, NULL);
    html(out,
         "<div class=\"acts\"><button class=\"primary\">{} {}</button><a class=\"button quiet\" "
         "href=\"/requests/{}\">{}</a></div>",
         icon(ctx, "send"), say(ctx, "Ask volunteers"), r->record.id, say(ctx, "Not now"));
    form_end(ctx);
    page_end(ctx);
}

/* The note is also read by people who have not accepted, so it must not name anyone. */
static void check_note(struct ctx *ctx, const struct request *r, const char *note)
{
    int digits = 0;
    bool number = false;
    for (const char *c = note ? text_half_width(ctx->arena, note) : ""; *c; c++) {
        digits = *c >= '0' && *c <= '9' ? digits + 1 : *c == '-' || *c == ' ' ? digits : 0;
        number = number || digits >= 7;
    }
    if (!note)
        return;
    if (number)
        ctx_problem(ctx, "note",
                    say(ctx, "This contains a long number. Leave out phone numbers: volunteers see "
                             "them after accepting."));
    else if (r->requester_name && text_length(r->requester_name) > 1 &&
             strstr(note, r->requester_name))
        ctx_problem(ctx, "note",
                    say(ctx, "This contains the resident’s name. Leave it out: volunteers see it "
                             "after accepting."));
    else if (r->place && text_length(r->place) > 3 && strstr(note, r->place))
        ctx_problem(
            ctx, "note",
            say(ctx,
                "This contains the address. Leave it out: volunteers see it after accepting."));
}

static void new_prepare(struct ctx *ctx)
{
    static const char *const names[] = {
        "skill", "people", "gender_preference", "gender", "language", "note", NULL};
    const struct request *r = record_load(ctx, &requests_kind, param_int(ctx, "request"));
    if (!r) {
        ctx_fail(ctx, NOT_FOUND, say(ctx, "Request not found, or it is in another community."));
        return;
    }
    struct offer *o = record_new(ctx, &offers_kind);
    o->request = r->record.id;
    ctx->labels = labels;
    for (int i = 0; names[i]; i++)
        field_set(ctx, kind_field(&offers_kind, names[i]), o, param(ctx, names[i]));
    o->starts = time_typed(ctx, "starts");
    check_note(ctx, r, o->note);
    ctx->work = o;
}

static void new_change(struct ctx *ctx)
{
    struct offer *o = ctx->work;
    if (offer_file(ctx, o) != OK)
        return;
    ctx->web->sent = arena_print(ctx->arena, "offer-%lld", (long long)o->request);
    int64_t n = offer_count(ctx, o, "asked");
    flash(ctx, n ? say_n(ctx, n, "1 volunteer has been asked.", "{} volunteers have been asked.", n)
                 : say(ctx, "No matching volunteers. Ask someone by name."));
    see_other(ctx, "/visits/{}", o->record.id);
}

/* ---- one offer ---- */

static void fact(struct ctx *ctx, const char *name, const struct offer *o)
{
    const struct field *f = kind_field(&offers_kind, name);
    const char *value = field_show(ctx, f, o);
    if (*value)
        html(ctx->web->out, "<div><dt>{}</dt><dd>{}</dd></div>", tr(ctx, f->label), value);
}

static void draw_facts(struct ctx *ctx, const struct offer *o)
{
    static const char *const names[] = {
        "people", "gender_preference", "gender", "language", "community", "note",
        "wave",   "wave_at",           "led_at", "done_at",  NULL};
    struct buf *out = ctx->web->out;
    html(out, "<aside aria-label=\"{}\"><dl class=\"facts card\"><div><dt>{}</dt><dd>{}</dd></div>",
         say(ctx, "Key details"), say(ctx, "When"), offer_when(ctx, o));
    for (int i = 0; names[i]; i++)
        fact(ctx, names[i], o);
    const struct request *r = record_get(ctx, &requests_kind, o->request);
    if (r && (ctx->actor.roles & ROLES_READERS))
        html(out, "<div><dt>{}</dt><dd><a href=\"/requests/{}\">{}</a></dd></div>",
             say(ctx, "Request"), r->record.id, r->number);
    else if (r)
        html(out, "<div><dt>{}</dt><dd>{}</dd></div>", say(ctx, "Request"), r->number);
    html(out, "</dl></aside>");
}

static void draw_asks(struct ctx *ctx, const struct offer *o)
{
    struct buf *out = ctx->web->out;
    const struct field *f = kind_field(&offer_asks_kind, "answer");
    html(out, "<section><h2>{}</h2>", say(ctx, "Who was asked, and why"));
    struct rows *r = query(
        ctx->db,
        "SELECT k.id AS id, k.answer AS answer, k.why AS why, k.wave AS wave, k.asked_at AS "
        "asked_at, k.answered_at AS answered_at, p.name AS name,"
        " v.number AS number, t.name AS team, t.name_en AS team_en, count(*) OVER () AS whole FROM "
        "offer_asks k JOIN "
        "volunteers v ON v.id = k.volunteer JOIN people p ON p.id = v.person"
        " LEFT JOIN organisations t ON t.id = v.team WHERE k.offer = {}"
        " ORDER BY CASE k.answer WHEN 'yes' THEN 0 WHEN 'asked' THEN 1 ELSE 2 END, k.wave, k.score "
        "DESC, k.id LIMIT 200",
        o->record.id);
    int64_t n = 0, whole = 0;
    while (rows_next(r)) {
        whole = row_int(r, "whole");
        struct offer_ask a = {.answer = arena_copy(ctx->arena, row_text(r, "answer"))};
        bool yes = !strcmp(a.answer, "yes");
        html(out,
             "{}<li class=\"{}\">{}<div><p class=\"what\"><b>{}</b> <span "
             "class=\"soft\">{}{}{}</span> · <span class=\"state {}\">{}</span></p><p "
             "class=\"by\">{}</p>"
             "<p class=\"by\"><time>{}</time> · {}</p></div></li>",
             (struct markup){n++ ? "" : "<ol class=\"timeline\">"}, yes ? "ok" : "",
             icon(ctx, yes                          ? "user-check"
                       : !strcmp(a.answer, "asked") ? "clock"
                                                    : "user"),
             row_text(r, "name"), row_text(r, "number"), row_text(r, "team") ? " · " : "",
             ctx_pick(ctx, row_text(r, "team"), row_text(r, "team_en")), yes ? "ok" : "wait",
             field_show(ctx, f, &a), match_why(ctx, arena_copy(ctx->arena, row_text(r, "why"))),
             when_show(ctx->arena, ctx->lang,
                       row_int(r, "answered_at") != NONE ? row_int(r, "answered_at")
                                                         : row_int(r, "asked_at")),
             say(ctx, "round {}", row_int(r, "wave")));
    }
    buf_puts(out, n ? "</ol>" : "");
    more_draw(ctx, whole - n);
    buf_puts(out, "</section>");
    if (!n)
        html(out, "<div class=\"empty\">{}<p>{}</p></div>", icon(ctx, "users"),
             say(ctx, "No matching volunteers: nobody registered has this skill, is free and "
                      "covers this area. Ask someone by name."));
}

/* Finds volunteers by name, pinyin or number, in the actor's scope. */
static void draw_found(struct ctx *ctx, const struct offer *o, const char *q)
{
    struct buf *out = ctx->web->out;
    const char *like = arena_print(ctx->arena, "%%%s%%", q);
    struct sql s;
    sql_init(&s, ctx->arena);
    sql_add(&s, "SELECT v.id AS id, v.number AS number, p.name AS name, t.name AS team, t.name_en "
                "AS team_en, count(*) OVER () AS whole FROM (SELECT * FROM volunteers WHERE status "
                "= 'active'");
    volunteers_kind.scope(ctx, &s);
    sql_add(&s,
            ") v JOIN people p ON p.id = v.person LEFT JOIN organisations t ON t.id = v.team WHERE "
            "(p.name LIKE {} OR p.pinyin LIKE {} OR v.number LIKE {})"
            " AND NOT EXISTS (SELECT 1 FROM offer_asks k WHERE k.offer = {} AND k.volunteer = "
            "v.id) ORDER BY p.pinyin, v.id LIMIT {}",
            like, like, like, o->record.id, FOUND);
    struct rows *r = sql_query(ctx->db, &s);
    int64_t n = 0, whole = 0;
    while (rows_next(r)) {
        int64_t id = row_int(r, "id");
        whole = row_int(r, "whole");
        if (!n++)
            html(out, "<fieldset class=\"cards rows\" id=\"f-volunteer\"><legend>{}</legend><div>",
                 say(ctx, "Volunteer to ask"));
        html(out,
             "<label><input type=\"radio\" name=\"volunteer\" "
             "value=\"{}\"{}><span>{}<b>{}</b><i>{}{}{}</i></span></label>",
             id, (struct markup){n == 1 ? " checked" : ""}, icon(ctx, "user"), row_text(r, "name"),
             row_text(r, "number"), row_text(r, "team") ? " · " : "",
             ctx_pick(ctx, row_text(r, "team"), row_text(r, "team_en")));
    }
    if (n) {
        buf_puts(out, "</div></fieldset>");
        more_draw(ctx, whole - n);
        html(out, "<div class=\"acts\"><button class=\"primary\">{} {}</button></div>",
             icon(ctx, "send"), say(ctx, "Ask this volunteer"));
    } else
        html(out, "<p>{}</p>",
             say(ctx, "None of your active volunteers with this name or number is left to ask."));
}

static void draw_by_name(struct ctx *ctx, const struct offer *o)
{
    struct buf *out = ctx->web->out;
    const char *q = param(ctx, "q");
    q = q && !text_blank(q) ? text_tidy(ctx->arena, q) : NULL;
    html(out, "<details class=\"card screen\"{}><summary>{} {}</summary>",
         (struct markup){q || !strcmp(o->status, "led") ? " open" : ""}, icon(ctx, "user-plus"),
         say(ctx, "Ask someone by name"));
    find_begin(ctx, "search", arena_print(ctx->arena, "/visits/%lld", (long long)o->record.id));
    html(out,
         "<label class=\"sr\" for=\"q\">{}</label>"
         "<input id=\"q\" type=\"search\" name=\"q\" value=\"{}\" placeholder=\"{}\"><button>{} "
         "{}</button></form>",
         say(ctx, "Name, pinyin or volunteer number"), q,
         say(ctx, "Name, pinyin or volunteer number"), icon(ctx, "search"), say(ctx, "Search"));
    if (q) {
        form_begin(ctx, arena_print(ctx->arena, "/visits/%lld/ask", (long long)o->record.id), NULL,
                   false);
        html(out, "<input type=\"hidden\" name=\"q\" value=\"{}\">", q);
        draw_found(ctx, o, q);
        form_end(ctx);
    }
    html(out, "</details>");
}

static void draw_record(struct ctx *ctx, const struct offer *o)
{
    struct buf *out = ctx->web->out;
    bool typed = param(ctx, "came") || ctx_problem_of(ctx, "went");
    html(out, "<details class=\"card screen\"{}><summary>{} {}</summary>",
         (struct markup){typed ? " open" : ""}, icon(ctx, "check"),
         say(ctx, "Record the visit on the volunteers’ behalf"));
    form_begin(ctx, arena_print(ctx->arena, "/visits/%lld/done", (long long)o->record.id), NULL,
               false);
    html(out, "<div class=\"pair\">");
    int64_t starts = o->starts != NONE && o->starts < ctx->now ? o->starts : NONE;
    time_field(ctx, "came", say(ctx, "Arrived at"), NULL, starts);
    time_field(ctx, "went", say(ctx, "Left at"), NULL,
               starts == NONE                  ? NONE
               : starts + WHEN_HOUR < ctx->now ? starts + WHEN_HOUR
                                               : ctx->now);
    html(out, "</div>");
    text_field(ctx, "text", say(ctx, "What was done"),
               say(ctx, "The resident sees this as the reply. Leave blank to say that volunteers "
                        "visited and did the job."),
               500, NULL);
    html(out, "<div class=\"acts\"><button class=\"primary\">{}</button></div>",
         say(ctx, "Record visit"));
    form_end(ctx);
    html(out, "</details>");
}

static void draw_next(struct ctx *ctx, const struct offer *o)
{
    struct buf *out = ctx->web->out;
    bool open = !strcmp(o->status, "open"), led = !strcmp(o->status, "led");
    const char *base = arena_print(ctx->arena, "/visits/%lld", (long long)o->record.id);
    if (open && o->wave < OFFER_WAVES) {
        form_begin(ctx, arena_print(ctx->arena, "%s/widen", base), NULL, false);
        html(out, "<p class=\"soft\">{}</p><div class=\"acts next\"><button>{} {}</button></div>",
             say(ctx, "If anyone has not replied by {}, we will ask more volunteers.",
                 when_show(ctx->arena, ctx->lang, offer_round_ends(o->wave_at, OFFER_WAIT))),
             icon(ctx, "users"), say(ctx, "Ask more volunteers now"));
        form_end(ctx);
    }
    if (offer_count(ctx, o, "yes") > 0)
        draw_record(ctx, o);
    if (open || led)
        draw_by_name(ctx, o);
    html(out, "<details class=\"card screen\"{}><summary>{} {}</summary>",
         (struct markup){ctx_problem_of(ctx, "why") ? " open" : ""}, icon(ctx, "x"),
         say(ctx, "No longer needed"));
    form_begin(ctx, arena_print(ctx->arena, "%s/cancel", base), NULL, false);
    text_field(ctx, "why", say(ctx, "Reason"), say(ctx, "Visible to volunteers who accepted."), 200,
               NULL);
    html(out, "<div class=\"acts\"><button class=\"danger\">{}</button></div>",
         say(ctx, "Stop looking for volunteers"));
    form_end(ctx);
    html(out, "</details>");
}

static void visit(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct offer *o = record_load(ctx, &offers_kind, ctx->web->id);
    if (!o) {
        ctx_fail(ctx, NOT_FOUND, NULL);
        answer_problem(ctx);
        return;
    }
    page_begin(ctx, offer_title(ctx, o), PAGE_STAFF);
    trail(ctx, "/visits", say(ctx, "Home visits"));
    html(out,
         "<header class=\"head\"><h1>{}</h1><p class=\"lead\"><span class=\"state {}\">{}</span> "
         "· "
         "{}</p></header>",
         offer_title(ctx, o),
         !strcmp(o->status, "led")    ? "late"
         : !strcmp(o->status, "open") ? "wait"
                                      : "ok",
         offer_state(ctx, o), field_show(ctx, kind_field(&offers_kind, "community"), o));
    form_problems(ctx);
    html(out, "<div class=\"record\"><div>");
    if ((ctx->actor.roles & HOSTS) && going(o))
        draw_next(ctx, o);
    draw_asks(ctx, o);
    html(out, "</div>");
    draw_facts(ctx, o);
    html(out, "</div>");
    page_end(ctx);
}

static void back(struct ctx *ctx, enum status s, const char *said)
{
    if (s != OK)
        return;
    flash(ctx, said);
    see_other(ctx, "/visits/{}", ctx->web->id);
}

/* On the writer thread: loads the offer again, because it may have left the actor's scope since
 * the page was drawn. */
static const struct offer *offer_asked(struct ctx *ctx)
{
    const struct offer *o = record_load(ctx, &offers_kind, ctx->web->id);
    if (!o)
        record_gone(ctx);
    return o;
}

static void widen_change(struct ctx *ctx)
{
    const struct offer *o = offer_asked(ctx);
    if (o)
        back(ctx, offer_widen(ctx, o), say(ctx, "More volunteers have been asked."));
}

static void ask_change_by_name(struct ctx *ctx)
{
    const struct offer *o = offer_asked(ctx);
    const struct volunteer *v = o ? record_load(ctx, &volunteers_kind, param_int(ctx, "volunteer"))
                                  : NULL;
    if (o && !v)
        ctx_problem(ctx, "volunteer", say(ctx, "Choose an active volunteer."));
    else if (o)
        back(ctx, offer_ask(ctx, o, v->record.id), say(ctx, "The volunteer has been asked."));
}

static void done_change(struct ctx *ctx)
{
    const struct offer *o = offer_asked(ctx);
    int64_t came = time_typed(ctx, "came"), went = time_typed(ctx, "went");
    if (o && ctx_ok(ctx))
        back(ctx, offer_done(ctx, o, came, went, text_tidy_lines(ctx->arena, param(ctx, "text"))),
             say(ctx, "Visit recorded, with the hours and the reply to the request."));
}

static void cancel_change(struct ctx *ctx)
{
    const struct offer *o = offer_asked(ctx);
    if (o)
        back(ctx, offer_cancel(ctx, o, text_tidy(ctx->arena, param(ctx, "why"))),
             say(ctx, "Volunteer search ended; those who accepted will be notified."));
}

/* ---- offered on arrival ---- */

static void offer_arrived(struct ctx *ctx)
{
    const int64_t *id = ctx->work;
    const struct request *r = record_get(ctx, &requests_kind, *id);
    const char *skill = r ? skill_for(ctx, r->category) : NULL;
    if (!skill || query_int(ctx->db, "SELECT id FROM offers WHERE request = {}", *id) != NONE)
        return;
    struct offer *o = record_new(ctx, &offers_kind);
    o->request = *id;
    o->skill = skill;
    offer_file(ctx, o);
}

#define ARRIVED_MOST 50
static void offer_arrivals(struct ctx *ctx)
{
    int64_t ids[ARRIVED_MOST];
    if (strcmp(setting(ctx, "offers.automatic"), "1") != 0)
        return;
    struct rows *r = query(
        ctx->db,
        "SELECT r.id AS id FROM requests r WHERE r.status = 'received' AND r.received_at > {} AND "
        "r.channel <> 'import'"
        " AND EXISTS (SELECT 1 FROM skills s WHERE s.category = r.category OR s.category IN "
        "(SELECT c.parent FROM categories c WHERE c.id = r.category"
        " OR c.id = (SELECT b.parent FROM categories b WHERE b.id = r.category)))"
        " AND NOT EXISTS (SELECT 1 FROM offers o WHERE o.request = r.id) ORDER BY r.id LIMIT {}",
        ctx->now - WHEN_DAY, ARRIVED_MOST);
    int n = rows_ids(r, ids, ARRIVED_MOST);
    for (int i = 0; i < n; i++) {
        ctx->work = &ids[i];
        if (writer_call(ctx, offer_arrived) != OK)
            return;
    }
}

static const struct route table[] = {
    ROUTE_GET("/visits", HOSTS | ROLE_LEADER, visits),
    ROUTE_GET("/visits/new", ROLE_WORKER | ROLE_OFFICE, new_page),
    ROUTE_POST("/visits", ROLE_WORKER | ROLE_OFFICE, new_change, .prepare = new_prepare,
               .failed = new_page),
    ROUTE_POST("/visits/automatic", ROLE_OFFICE, automatic_change, .allow = actor_for_all),
    ROUTE_GET("/visits/{id}", HOSTS | ROLE_LEADER, visit, .record = &offers_kind),
    ROUTE_POST("/visits/{id}/widen", HOSTS, widen_change, .record = &offers_kind, .failed = visit),
    ROUTE_POST("/visits/{id}/ask", HOSTS, ask_change_by_name, .record = &offers_kind,
               .failed = visit),
    ROUTE_POST("/visits/{id}/done", HOSTS, done_change, .record = &offers_kind, .failed = visit),
    ROUTE_POST("/visits/{id}/cancel", HOSTS, cancel_change, .record = &offers_kind,
               .failed = visit),
};

static const struct place places[] = {
    {"/visits", N_("Home visits"), "g t", HOSTS | ROLE_LEADER, true, .group = N_("Volunteering"),
     .rank = 130},
    {.href = NULL},
};

static const struct job jobs[] = {{"offers_arrived", 0, offer_arrivals}, {.name = NULL}};

static const char *automatic_now(struct ctx *ctx)
{
    return strcmp(setting(ctx, "offers.automatic"), "1")
               ? say(ctx, "Off: staff click “Find volunteers”")
               : say(ctx, "On");
}

static const struct setting_page setting_pages[] = {
    {"/visits", N_("Automatic volunteer matching"),
     N_("Whether to ask volunteers automatically as soon as a request needing their skills comes "
        "in."),
     "users", ROLE_OFFICE, automatic_now},
    {.href = NULL},
};

static const struct field logged[] = {
    {"offers.automatic", F_TEXT, SETTING, N_("Automatic volunteer matching")}, {.name = NULL}};

const struct module visits_module = {.setting_pages = setting_pages,
                                     .name = "visits",
                                     .logged = logged,
                                     .routes = ROUTES(table),
                                     .places = places,
                                     .jobs = jobs};
