/*
 * For those who organise: the list of activities and what is to be done with
 * one. Who signed up and who waits, whom to ring, cancelling this one or all
 * later ones, photographs, and what came of it.
 */
#include "app/activity_pages.h"

#include "app/module.h"
#include "app/people.h"
#include "app/photos.h"
#include "app/volunteers.h"
#include "base/code.h"
#include "base/text.h"
#include "base/when.h"
#include "db/journal.h"
#include "web/web.h"

#include <string.h>

#define PAGE    50
#define READERS (ACTIVITY_HOSTS | ROLE_LEADER)

static bool is_host(const struct ctx *ctx)
{
    return ctx->actor.roles & ACTIVITY_HOSTS;
}

/* ---- the list ---- */

static const struct view {
    const char *id, *label, *where, *order, *empty;
} views[] = {
    {"coming", N_("To come"), " AND status IN ('planned', 'open') AND ends >= {}", "starts, id",
     N_("Nothing is announced. What you announce stands in the residents’ calendar at once.")},
    {"close", N_("To be closed"), " AND status = 'open' AND ends < {}", "starts DESC, id DESC",
     N_("Nothing waits to be closed: who came is counted for each activity.")},
    {"held", N_("Took place"), " AND status = 'held' AND starts < {}", "starts DESC, id DESC", N_("No activity took place yet.")},
    {"cancelled", N_("Cancelled"), " AND status = 'cancelled' AND created < {}", "starts DESC, id DESC", N_("No activity was cancelled.")},
    {"templates", N_("Templates"), " AND template IS NOT NULL AND created < {}", "template, id",
     N_("No template yet. Open an activity and save it as one; the next is then filled in already.")},
    {.id = NULL},
};

static const struct view *view_asked(struct ctx *ctx)
{
    const char *id = query_param(ctx, "view");
    for (const struct view *v = views; v->id; v++)
        if (id && !strcmp(id, v->id))
            return v;
    return views;
}

static void view_where(struct ctx *ctx, struct list *l, const struct view *v)
{
    struct arg now = arg_int(ctx->now + 1);
    list_init(ctx, l, &activities_kind);
    sql_write(&l->where, v->where, &now, 1);
    l->order = v->order;
}

static void draw_row(struct ctx *ctx, const struct activity *a, const struct view *v)
{
    struct buf *out = ctx->web->out;
    int64_t n = query_int(ctx->db, "SELECT count(*) AS n FROM sign_ups WHERE activity = {} AND status = 'signed'", a->record.id);
    bool template = !strcmp(v->id, "templates");
    const char *held = a->person_times > 0 ? say(ctx, "{} person-times", a->person_times)
                       : n                 ? say_n(ctx, n, "1 signed up", "{} signed up", n)
                                           : "";
    html(
        out,
        "<tr><td class=\"main\"><a href=\"/activities/{}/manage\">{}</a></td><td class=\"long-when\">{}</td><td class=\"who less\">{}</td><td class=\"due\">",
        a->record.id, template ? a->template : activity_title(ctx, a), activity_when(ctx, a->starts, a->ends),
        a->place ? ctx_pick(ctx, a->place, a->place_en) : "");
    if (template)
        html(out, "<a href=\"/activities/new?from_template={}\">{}</a></td></tr>", a->record.id, say(ctx, "New from it"));
    else
        html(out, "{}</td></tr>", !strcmp(a->status, "planned") ? tr(ctx, "Being planned") : held);
}

static void manage(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct view *v = view_asked(ctx);
    struct list l;
    int64_t page = pager_page(ctx);
    page_begin(ctx, say(ctx, "Activities"), PAGE_STAFF | PAGE_WIDE);
    html(out, "<header class=\"head\"><h1>{}</h1><div class=\"acts\">", say(ctx, "Activities"));
    if (is_host(ctx))
        html(out, "<a class=\"button primary\" href=\"/activities/new\">{} {}</a>", icon(ctx, "plus"), say(ctx, "New activity"));
    html(out, "<a class=\"button\" href=\"/activities\">{}</a></div></header><nav class=\"filters\" aria-label=\"{}\">",
         say(ctx, "The residents’ calendar"), say(ctx, "Which activities"));
    for (const struct view *each = views; each->id; each++) {
        view_where(ctx, &l, each);
        html(out, "<a href=\"/activities/manage?view={}\"{}>{} <b class=\"count\">{}</b></a>", each->id,
             (struct markup){each == v ? " aria-current=\"true\"" : ""}, tr(ctx, each->label), list_total(ctx, &l).count);
    }
    buf_puts(out, "</nav>");
    view_where(ctx, &l, v);
    struct list_total total = list_total(ctx, &l);
    view_where(ctx, &l, v);
    l.limit = PAGE;
    l.offset = (page - 1) * PAGE;
    if (total.count == 0)
        html(out, "<div class=\"empty\">{}<p>{}</p></div>", icon(ctx, "calendar-event"), tr(ctx, v->empty));
    else
        html(
            out,
            "<table class=\"list\"><caption class=\"sr\">{}</caption><thead><tr><th class=\"main\">{}</th><th class=\"long-when\">{}</th><th class=\"who less\">{}</th><th class=\"due\">{}</th></tr></thead><tbody>",
            say(ctx, "Activities"), say(ctx, "Title"), say(ctx, "When"), say(ctx, "Where"), say(ctx, "People"));
    struct activity *list[PAGE], *a;
    int n = 0;
    struct rows *r = list_run(ctx, &l);
    while (n < PAGE && (a = list_next(ctx, &activities_kind, r, ctx->arena)))
        list[n++] = a;
    rows_end(r);
    for (int i = 0; i < n; i++)
        draw_row(ctx, list[i], v);
    if (n)
        buf_puts(out, "</tbody></table>");
    if (total.count > 0)
        pager(ctx, page, PAGE, total.count, say_n(ctx, total.count, "1 activity", "{} activities", total.count));
    page_end(ctx);
}

/* ---- one activity ---- */

static const char *path_of(struct ctx *ctx, const struct activity *a, const char *what)
{
    return arena_print(ctx->arena, "/activities/%lld/%s", (long long)a->record.id, what);
}

static void fact(struct ctx *ctx, const char *label, const char *text)
{
    if (text && *text)
        html(ctx->web->out, "<div><dt>{}</dt><dd>{}</dd></div>", label, text);
}

static void draw_facts(struct ctx *ctx, const struct activity *a)
{
    static const char *const shown[] = {"kind",   "organisation",  "station", "community", "place",
                                        "places", "sign_up_until", "skills",  "template",  NULL};
    struct buf *out = ctx->web->out;
    html(out, "<aside aria-label=\"{}\"><dl class=\"facts card\">", say(ctx, "Facts"));
    fact(ctx, say(ctx, "Status"), field_show(ctx, kind_field(&activities_kind, "status"), a));
    fact(ctx, say(ctx, "When"), activity_when(ctx, a->starts, a->ends));
    for (int i = 0; shown[i]; i++) {
        const struct field *f = kind_field(&activities_kind, shown[i]);
        fact(ctx, tr(ctx, f->label), field_show(ctx, f, a));
    }
    if (a->series) {
        const char *rule = NULL;
        struct rows *r = query(ctx->db, "SELECT repeats FROM activities WHERE series = {} AND repeats IS NOT NULL LIMIT 1", a->series);
        if (rows_next(r))
            rule = row_copy(r, ctx->arena, "repeats");
        rows_end(r);
        fact(ctx, say(ctx, "Repeats"), rule ? repeats_words(ctx, rule) : NULL);
    }
    if (a->person_times > 0 || !strcmp(a->status, "held"))
        html(out, "<div><dt>{}</dt><dd>{} <span class=\"soft\">{}</span></dd></div>", say(ctx, "Residents served"),
             say(ctx, "{} person-times", a->person_times),
             a->person_times_how ? field_show(ctx, kind_field(&activities_kind, "person_times_how"), a) : "");
    fact(ctx, say(ctx, "Number"), a->number);
    buf_puts(out, "</dl></aside>");
}

static void draw_steps(struct ctx *ctx, const struct activity *a)
{
    struct buf *out = ctx->web->out;
    bool open = !strcmp(a->status, "open") || !strcmp(a->status, "planned"), begun = a->starts <= ctx->now + 2 * WHEN_HOUR;
    html(out, "<div class=\"acts next\"><p>{}</p>", say(ctx, "What is next"));
    if (open || (!strcmp(a->status, "held") && a->ends + MARK_DAYS * WHEN_DAY > ctx->now))
        html(out, "<a class=\"button{}\" href=\"/activities/{}/door\">{} {}</a><a class=\"button\" href=\"/activities/{}/count\">{} {}</a>",
             (struct markup){open && begun ? " primary" : ""}, a->record.id, icon(ctx, "qrcode"), say(ctx, "At the door"), a->record.id,
             icon(ctx, "users"), say(ctx, "Count residents"));
    html(out, "<a class=\"button\" href=\"/activities/{}/edit\">{} {}</a>", a->record.id, icon(ctx, "edit"), say(ctx, "Change"));
    if (strcmp(a->status, "planned") != 0)
        html(out, "<a class=\"button\" href=\"/activities/{}\">{}</a>", a->record.id, say(ctx, "As residents see it"));
    buf_puts(out, "</div>");
}

static void text_field(struct ctx *ctx, const char *name, const char *label, const char *hint, const char *now)
{
    const char *problem = ctx_problem_of(ctx, name);
    html(ctx->web->out, "<div class=\"field\"><label for=\"f-{}\">{}</label>", name, label);
    if (hint)
        html(ctx->web->out, "<p class=\"hint\">{}</p>", hint);
    html(ctx->web->out, "<input id=\"f-{}\" name=\"{}\" maxlength=\"300\" value=\"{}\">", name, name, now);
    if (problem)
        html(ctx->web->out, "<p class=\"problem\" id=\"f-{}-p\">{} {}</p>", name, icon(ctx, "alert-circle"), problem);
    buf_puts(ctx->web->out, "</div>");
}

static void draw_held(struct ctx *ctx, const struct activity *a)
{
    struct buf *out = ctx->web->out;
    if (strcmp(a->status, "open") != 0 || a->starts > ctx->now)
        return;
    html(out, "<details class=\"card\"{}><summary>{}</summary>",
         (struct markup){ctx_problem_of(ctx, "person_times") || a->ends < ctx->now ? " open" : ""}, say(ctx, "It took place"));
    form_begin(ctx, path_of(ctx, a, "held"), NULL, false);
    if (a->person_times > 0)
        html(out, "<p>{}</p>", say(ctx, "{} person-times were counted at the counter.", a->person_times));
    else
        text_field(ctx, "person_times", say(ctx, "Residents served (person-times)"),
                   say(ctx, "Not counted at the counter: write down how many came. Who came twice counts twice."),
                   param(ctx, "person_times"));
    html(out, "<div class=\"acts\"><button class=\"primary\">{}</button></div>", say(ctx, "It took place"));
    form_end(ctx);
    buf_puts(out, "</details>");
}

static int64_t later_ones(struct ctx *ctx, const struct activity *a)
{
    return a->series ? query_int(ctx->db,
                                 "SELECT count(*) AS n FROM activities WHERE series = {} AND starts > {} AND status IN ('planned', 'open')",
                                 a->series, a->starts)
                     : 0;
}

static void draw_cancel(struct ctx *ctx, const struct activity *a)
{
    struct buf *out = ctx->web->out;
    int64_t later = later_ones(ctx, a),
            told = query_int(ctx->db, "SELECT count(*) AS n FROM sign_ups WHERE activity = {} AND status <> 'cancelled'", a->record.id);
    if (strcmp(a->status, "open") != 0 && strcmp(a->status, "planned") != 0)
        return;
    html(out, "<details class=\"card\"{}><summary>{}</summary>", (struct markup){ctx_problem_of(ctx, "why") ? " open" : ""},
         say(ctx, "Cancel it"));
    form_begin(ctx, path_of(ctx, a, "cancel"), NULL, false);
    text_field(ctx, "why", say(ctx, "Why"),
               told ? say_n(ctx, told, "1 person who signed up reads it.", "{} people who signed up read it.", told)
                    : say(ctx, "It stands in the calendar."),
               param(ctx, "why"));
    if (later)
        html(
            out,
            "<label class=\"check\"><input type=\"radio\" name=\"which\" value=\"one\" checked> {}</label><label class=\"check\"><input type=\"radio\" name=\"which\" value=\"later\"> {}</label>",
            say(ctx, "Only this one"), say_n(ctx, later, "This one and the later one", "This one and the {} later ones", later));
    html(out, "<div class=\"acts\"><button class=\"danger\">{}</button></div>", say(ctx, "Cancel it and tell everybody"));
    form_end(ctx);
    buf_puts(out, "</details>");
}

static void draw_template(struct ctx *ctx, const struct activity *a)
{
    struct buf *out = ctx->web->out;
    html(out, "<details class=\"card\"{}><summary>{}</summary>", (struct markup){ctx_problem_of(ctx, "template") ? " open" : ""},
         say(ctx, "Save it as a template"));
    form_begin(ctx, path_of(ctx, a, "template"), NULL, false);
    text_field(ctx, "template", say(ctx, "Name of the template"), say(ctx, "Empty: it is no template any more."),
               a->template ? a->template : a->title);
    html(out, "<div class=\"acts\"><button>{}</button></div>", say(ctx, "Save"));
    form_end(ctx);
    buf_puts(out, "</details>");
}

static void draw_photos(struct ctx *ctx, const struct activity *a)
{
    struct buf *out = ctx->web->out;
    bool may_add = is_host(ctx) && a->starts <= ctx->now && strcmp(a->status, "cancelled") != 0;
    if (!may_add && query_int(ctx->db, "SELECT id FROM activity_photos WHERE activity = {} LIMIT 1", a->record.id) == NONE)
        return;
    html(out, "<section><h2>{}</h2>", say(ctx, "Photographs"));
    activity_photos_draw(ctx, a, true);
    if (may_add) {
        html(out, "<details class=\"card\"{}><summary>{}</summary>", (struct markup){ctx_problem_of(ctx, "photos") ? " open" : ""},
             say(ctx, "Add photographs"));
        form_begin(ctx, path_of(ctx, a, "photos"), NULL, true);
        photos_field(ctx, NULL);
        html(
            out,
            "<label class=\"check\"><input type=\"checkbox\" name=\"shown\" value=\"1\"> {}</label><div class=\"acts\"><button>{}</button></div>",
            say(ctx, "Show them to residents: everybody in them agrees"), say(ctx, "Add"));
        form_end(ctx);
        buf_puts(out, "</details>");
    }
    buf_puts(out, "</section>");
}

/* ---- who signed up ---- */

static void draw_sign_up(struct ctx *ctx, const struct activity *a, const struct sign_up *s, int64_t revealed)
{
    struct buf *out = ctx->web->out;
    const char *phone = s->phone;
    if (!phone && s->volunteer != NONE) {
        const struct volunteer *v = record_get(ctx, &volunteers_kind, s->volunteer);
        const struct person *p = v ? record_get(ctx, &people_kind, v->person) : NULL;
        phone = p ? p->phone : NULL;
    }
    html(out, "<tr><th scope=\"row\">{}</th><td>{}</td><td class=\"nobr\">", s->name,
         s->shift == NONE ? say(ctx, "Resident") : field_show(ctx, kind_field(&sign_ups_kind, "shift"), s));
    if (s->record.id == revealed && phone)
        html(out, "<a href=\"tel:{}\">{}</a>", phone, phone);
    else
        html(out, "{}", phone ? mask_phone(ctx->arena, phone) : "");
    html(out, "</td><td>{}</td><td class=\"nobr\">",
         !strcmp(s->status, "waiting") ? say(ctx, "waits")
         : s->told_at == NONE          ? ""
                                       : say(ctx, "notice written {}", when_show(ctx->arena, ctx->lang, s->told_at)));
    if (is_host(ctx)) {
        if (phone && s->record.id != revealed)
            html(out, "<button class=\"quiet\" name=\"reveal\" value=\"{}\">{}</button>", s->record.id, say(ctx, "Show the number"));
        if (!strcmp(a->status, "open"))
            html(out, "<button class=\"quiet\" name=\"off\" value=\"{}\" data-confirm=\"{}\">{}</button>", s->record.id,
                 say(ctx, "Give back the place of {}?", s->name), say(ctx, "Give the place back"));
    }
    buf_puts(out, "</td></tr>");
}

static void draw_sign_ups(struct ctx *ctx, const struct activity *a, int64_t revealed)
{
    enum { MOST = 500 };
    struct buf *out = ctx->web->out;
    struct list l;
    int n = 0;
    list_init(ctx, &l, &sign_ups_kind);
    sql_add(&l.where, " AND activity = {} AND status <> 'cancelled'", a->record.id);
    l.order = "CASE WHEN status = 'signed' THEN 0 ELSE 1 END, id";
    l.limit = MOST;
    struct sign_up **list = ARENA_ARRAY(ctx->arena, struct sign_up *, MOST), *s;
    struct rows *r = list_run(ctx, &l);
    while (n < MOST && (s = list_next(ctx, &sign_ups_kind, r, ctx->arena)))
        list[n++] = s;
    rows_end(r);
    html(out, "<section id=\"sign-ups\"><h2>{}</h2>", say(ctx, "Who signed up"));
    if (n == 0) {
        html(out, "<p class=\"soft\">{}</p>", say(ctx, "Nobody yet."));
    } else {
        form_begin(ctx, path_of(ctx, a, "sign-ups"), NULL, false);
        scroll_begin(ctx, say(ctx, "Who signed up"));
        html(out, "<table class=\"plain stack\"><thead><tr><th>{}</th><th>{}</th><th>{}</th><th>{}</th><th></th></tr></thead><tbody>",
             say(ctx, "Full name"), say(ctx, "As"), say(ctx, "Telephone"), say(ctx, "Status"));
        for (int i = 0; i < n; i++)
            draw_sign_up(ctx, a, list[i], revealed);
        buf_puts(out, "</tbody></table>");
        scroll_end(ctx);
        form_end(ctx);
    }
    buf_puts(out, "</section>");
}

static void draw_add(struct ctx *ctx, const struct activity *a)
{
    struct buf *out = ctx->web->out;
    if (strcmp(a->status, "open") != 0 || a->starts < ctx->now)
        return;
    html(out, "<details class=\"card\"{}><summary>{}</summary>",
         (struct markup){ctx_problem_of(ctx, "name") || ctx_problem_of(ctx, "phone") ? " open" : ""},
         say(ctx, "Sign somebody up who rang"));
    form_begin(ctx, path_of(ctx, a, "add"), NULL, false);
    text_field(ctx, "name", say(ctx, "Full name"), NULL, param(ctx, "name"));
    text_field(ctx, "phone", say(ctx, "Telephone"), NULL, param(ctx, "phone"));
    html(out, "<div class=\"acts\"><button>{}</button></div>", say(ctx, "Sign up"));
    form_end(ctx);
    buf_puts(out, "</details>");
}

static void draw_page(struct ctx *ctx, const struct activity *a, int64_t revealed)
{
    struct buf *out = ctx->web->out;
    int64_t waiting = query_int(
        ctx->db, "SELECT count(*) AS n FROM notices WHERE activity = {} AND status = 'waiting' AND channel = 'hand'", a->record.id);
    page_begin(ctx, activity_title(ctx, a), PAGE_STAFF);
    trail(ctx, "/activities/manage", say(ctx, "Activities"));
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>", activity_title(ctx, a),
         activity_when(ctx, a->starts, a->ends));
    form_problems(ctx);
    if (waiting && is_host(ctx))
        html(out, "<div class=\"notice warn\">{}<div><p><a href=\"/outbox\">{}</a></p></div></div>", icon(ctx, "phone-call"),
             say_n(ctx, waiting, "1 person is to be rung: the words stand in the outbox.",
                   "{} people are to be rung: the words stand in the outbox.", waiting));
    if (a->cancelled_why)
        html(out, "<div class=\"notice error\">{}<div><p>{}</p></div></div>", icon(ctx, "circle-x"),
             say(ctx, "This activity was cancelled: {}", a->cancelled_why));
    html(out, "<div class=\"record\"><div>");
    if (is_host(ctx)) {
        draw_steps(ctx, a);
        draw_held(ctx, a);
    }
    if (a->text)
        html(out, "<p class=\"words\">{}</p>", ctx_pick(ctx, a->text, a->text_en));
    draw_sign_ups(ctx, a, revealed);
    if (is_host(ctx))
        draw_add(ctx, a);
    draw_photos(ctx, a);
    if (is_host(ctx)) {
        draw_template(ctx, a);
        draw_cancel(ctx, a);
    }
    buf_puts(out, "</div>");
    draw_facts(ctx, a);
    buf_puts(out, "</div>");
    page_end(ctx);
}

static void page(struct ctx *ctx)
{
    draw_page(ctx, ctx->web->record, NONE);
}

/* ---- behind the door ---- */

static void back(struct ctx *ctx, const struct activity *a, const char *said)
{
    flash(ctx, said);
    see_other(ctx, "/activities/{}/manage", a->record.id);
}

static void cancel(struct ctx *ctx)
{
    const struct activity *a = ctx->web->record;
    const char *which = param(ctx, "which"), *why = text_tidy(ctx->arena, param(ctx, "why"));
    bool later = which && !strcmp(which, "later");
    int64_t n = 1 + (later ? later_ones(ctx, a) : 0);
    if (why && text_length(why) > 300)
        ctx_problem(ctx, "why", say(ctx, "At most {} characters, please; it has {}.", 300, (int64_t)text_length(why)));
    if (ctx_ok(ctx) && activity_cancel(ctx, a, later, why) == OK)
        back(ctx, a, say_n(ctx, n, "It is cancelled.", "{} activities are cancelled.", n));
}

static void held(struct ctx *ctx)
{
    const struct activity *a = record_get(ctx, &activities_kind, ctx->web->id);
    int64_t n = NONE;
    if (a->person_times <= 0 && param(ctx, "person_times")) {
        n = param_int(ctx, "person_times");
        if (n == NONE || n < 0 || n > 100000) {
            ctx_problem(ctx, "person_times", say(ctx, "A number from 0 to 100,000: how many came."));
            return;
        }
        struct activity *after = record_copy(ctx, &activities_kind, a);
        after->person_times = n;
        after->person_times_how = "written";
        if (record_update(ctx, &activities_kind, a, after, "written") != OK)
            return;
        a = after;
    }
    if (activity_held(ctx, a) == OK)
        back(ctx, a, say(ctx, "It is closed as having taken place."));
}

static void template(struct ctx *ctx)
{
    const struct activity *a = ctx->web->record;
    const char *name = text_tidy(ctx->arena, param(ctx, "template"));
    struct activity *after = record_copy(ctx, &activities_kind, a);
    if (name && text_length(name) > 60) {
        ctx_problem(ctx, "template", say(ctx, "At most {} characters, please; it has {}.", 60, (int64_t)text_length(name)));
        return;
    }
    after->template = name && *name ? name : NULL;
    if (record_update(ctx, &activities_kind, a, after, "template") == OK)
        back(ctx, a, after->template ? say(ctx, "It is a template now.") : say(ctx, "It is no template any more."));
}

static void sign_ups(struct ctx *ctx)
{
    const struct activity *a = ctx->web->record;
    int64_t reveal = param_int(ctx, "reveal"), off = param_int(ctx, "off");
    const struct sign_up *s = record_load(ctx, &sign_ups_kind, reveal != NONE ? reveal : off);
    if (!s || s->activity != a->record.id) {
        ctx_fail(ctx, NOT_FOUND, NULL);
        return;
    }
    if (reveal != NONE) { /* drawn here, so that the number is in no address */
        journal_add(ctx, "sign_ups", s->record.id, "reveal", NULL, NULL);
        draw_page(ctx, a, s->record.id);
        return;
    }
    if (!strcmp(s->status, "cancelled") || sign_up_cancel(ctx, s) == OK)
        back(ctx, a, say(ctx, "The place was given back."));
}

static void add(struct ctx *ctx)
{
    const struct activity *a = ctx->web->record;
    struct sign_up *s = record_new(ctx, &sign_ups_kind);
    s->activity = a->record.id;
    field_set(ctx, kind_field(&sign_ups_kind, "name"), s, param(ctx, "name"));
    field_set(ctx, kind_field(&sign_ups_kind, "phone"), s, param(ctx, "phone"));
    if (!s->name && !ctx_problem_of(ctx, "name"))
        ctx_problem(ctx, "name", say(ctx, "Write the name."));
    if (!s->phone && !ctx_problem_of(ctx, "phone"))
        ctx_problem(ctx, "phone", say(ctx, "A telephone number is needed, so that somebody can ring when something changes."));
    if (ctx_ok(ctx) && sign_up_file(ctx, s) == OK)
        back(ctx, a,
             !strcmp(s->status, "waiting") ? say(ctx, "{} is on the waiting list. Code: {}", s->name, s->code)
                                           : say(ctx, "{} has a place. Code: {}", s->name, s->code));
}

static const struct route table[] = {
    ROUTE_GET("/activities/manage", READERS, manage),
    ROUTE_GET("/activities/{id}/manage", READERS, page, .record = &activities_kind),
    ROUTE_POST("/activities/{id}/cancel", ACTIVITY_HOSTS, cancel, .failed = page, .record = &activities_kind),
    ROUTE_POST("/activities/{id}/held", ACTIVITY_HOSTS, held, .failed = page, .record = &activities_kind),
    ROUTE_POST("/activities/{id}/template", ACTIVITY_HOSTS, template, .failed = page, .record = &activities_kind),
    ROUTE_POST("/activities/{id}/sign-ups", ACTIVITY_HOSTS, sign_ups, .failed = page, .record = &activities_kind),
    ROUTE_POST("/activities/{id}/add", ACTIVITY_HOSTS, add, .failed = page, .record = &activities_kind),
};

static const struct place places[] = {
    {"/activities/manage", N_("Activities"), "g e", READERS, true, .group = N_("Volunteering"), .also = "/activities "},
    {.href = NULL},
};

const struct module activity_desk_module = {.name = "activity_desk", .routes = ROUTES(table), .places = places};
