/*
 * The organisers' pages: the list of activities, and for one activity the
 * sign-ups and the waiting list, whom to call, cancelling it or all later ones,
 * photos, and the result.
 */
#include "app/activities/activity_pages.h"

#include "core/module.h"
#include "app/registers/registers.h"
#include "core/attachments.h"
#include "core/questions.h"
#include "app/volunteers/volunteers.h"
#include "base/code.h"
#include "base/text.h"
#include "base/when.h"
#include "db/journal.h"
#include "pages/figures_pages.h"
#include "pages/kind_views.h"
#include "web/fields.h"

#include <string.h>

#define PAGE          50
#define PEOPLE        200 /* who signed up, on a page */
#define TEMPLATE_MOST 60  /* characters of its name */
#define READERS       (ACTIVITY_HOSTS | ROLE_LEADER)

static bool is_host(const struct ctx *ctx)
{
    return ctx->actor.roles & ACTIVITY_HOSTS;
}

/* ---- the list ---- */

static const struct kind_view views[] = {
    {"coming", N_("Upcoming"),
     N_("No upcoming activities. Anything you publish appears in the residents’ calendar "
        "straight "
        "away."),
     .where = " AND status IN ('planned', 'open') AND ends > {}", .sort = "starts"},
    {"close", N_("Awaiting confirmation"),
     N_("Nothing to confirm: attendance has been recorded for every activity."),
     .where = " AND status = 'open' AND ends <= {}", .sort = "starts", .newest = true},
    {"held", N_("Held"), N_("No activities held yet."),
     .where = " AND status = 'held' AND starts <= {}", .sort = "starts", .newest = true},
    {"cancelled", N_("Cancelled"), N_("No cancelled activities."),
     .where = " AND status = 'cancelled'", .sort = "starts", .newest = true},
    {"templates", N_("Templates"),
     N_("No templates yet. Open an activity and save it as a template; new activities can then "
        "start from it."),
     .where = " AND template IS NOT NULL", .sort = "template"},
    {.id = NULL},
};

static int64_t view_count(struct ctx *ctx, const struct kind_view *v, const void *about)
{
    (void)about;
    struct list l;
    list_init(ctx, &l, &activities_kind);
    kind_view_list(ctx, v, &l);
    int64_t n = list_total(ctx, &l).count;
    sql_release(&l.where);
    return n;
}

static void draw_row(struct ctx *ctx, const struct activity *a, const struct kind_view *v)
{
    struct buf *out = ctx->web->out;
    int64_t n = query_int(
        ctx->db, "SELECT count(*) AS n FROM sign_ups WHERE activity = {} AND status = 'signed'",
        a->record.id);
    bool template = !strcmp(v->id, "templates");
    const char *held = a->person_times > 0 ? say(ctx, "{} attendances", a->person_times)
                       : n                 ? say_n(ctx, n, "1 signed up", "{} signed up", n)
                                           : "";
    html(out,
         "<tr><td class=\"main\"><a href=\"/activities/{}/manage\">{}</a></td><td "
         "class=\"long-when\">{}</td><td class=\"who less\">{}</td><td class=\"due\">",
         a->record.id, template ? a->template : activity_title(ctx, a),
         activity_when(ctx, a->starts, a->ends),
         a->place ? ctx_pick(ctx, a->place, a->place_en) : "");
    if (template)
        html(out, "<a href=\"/activities/new?from_template={}\">{}</a></td></tr>", a->record.id,
             say(ctx, "Create from template"));
    else
        html(out, "{}</td></tr>", !strcmp(a->status, "planned") ? say(ctx, "Draft") : held);
}

static void manage(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct kind_view *v = kind_view_asked(ctx, views);
    struct list l;
    int64_t page = pager_page(ctx);
    page_begin(ctx, say(ctx, "Activities"), PAGE_STAFF | PAGE_WIDE);
    html(out, "<header class=\"head\"><h1>{}</h1><div class=\"acts\">", say(ctx, "Activities"));
    if (is_host(ctx))
        html(out, "<a class=\"button primary\" href=\"/activities/new\">{} {}</a>",
             icon(ctx, "plus"), say(ctx, "New activity"));
    html(out, "<a class=\"button\" href=\"/activities\">{}</a></div></header>",
         say(ctx, "Residents’ calendar"));
    kind_views_draw(ctx, views, v,
                    &(struct kind_tabs){say(ctx, "Filter activities"), .count = view_count});
    list_init(ctx, &l, &activities_kind);
    kind_view_list(ctx, v, &l);
    struct list_total total = list_total(ctx, &l);
    l.limit = PAGE;
    l.offset = (page - 1) * PAGE;
    if (total.count == 0)
        html(out, "<div class=\"empty\">{}<p>{}</p></div>", icon(ctx, "calendar-event"),
             tr(ctx, v->empty));
    else
        html(out,
             "<table class=\"list\"><caption class=\"sr\">{}</caption><thead><tr><th "
             "class=\"main\">{}</th><th class=\"long-when\">{}</th><th class=\"who "
             "less\">{}</th><th class=\"due\">{}</th></tr></thead><tbody>",
             say(ctx, "Activities"), say(ctx, "Title"), say(ctx, "When"), say(ctx, "Where"),
             say(ctx, "People"));
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
        pager(ctx, page, PAGE, total.count,
              say_n(ctx, total.count, "1 activity", "{} activities", total.count));
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
    html(out, "<aside aria-label=\"{}\"><dl class=\"facts card\">", say(ctx, "Key details"));
    fact(ctx, say(ctx, "Status"), field_show(ctx, kind_field(&activities_kind, "status"), a));
    fact(ctx, say(ctx, "When"), activity_when(ctx, a->starts, a->ends));
    for (int i = 0; shown[i]; i++) {
        const struct field *f = kind_field(&activities_kind, shown[i]);
        fact(ctx, tr(ctx, f->label), field_show(ctx, f, a));
    }
    if (a->series) {
        const char *rule = NULL;
        struct rows *r = query(
            ctx->db,
            "SELECT repeats FROM activities WHERE series = {} AND repeats IS NOT NULL LIMIT 1",
            a->series);
        if (rows_next(r))
            rule = row_copy(r, ctx->arena, "repeats");
        rows_end(r);
        fact(ctx, say(ctx, "Repeats"), rule ? repeats_words(ctx, rule) : NULL);
    }
    if (a->person_times > 0 || !strcmp(a->status, "held"))
        html(out, "<div><dt>{}</dt><dd>{} <span class=\"soft\">{}</span></dd></div>",
             say(ctx, "Residents served"), say(ctx, "{} attendances", a->person_times),
             a->person_times_how
                 ? field_show(ctx, kind_field(&activities_kind, "person_times_how"), a)
                 : "");
    fact(ctx, say(ctx, "Number"), a->number);
    buf_puts(out, "</dl></aside>");
}

static void draw_steps(struct ctx *ctx, const struct activity *a)
{
    struct buf *out = ctx->web->out;
    bool open = !strcmp(a->status, "open") || !strcmp(a->status, "planned"),
         begun = a->starts <= ctx->now + 2 * WHEN_HOUR;
    html(out, "<div class=\"acts next\"><p>{}</p>", say(ctx, "Next"));
    if (open || (!strcmp(a->status, "held") && a->ends + MARK_DAYS * WHEN_DAY > ctx->now))
        html(out,
             "<a class=\"button{}\" href=\"/activities/{}/door\">{} {}</a><a class=\"button\" "
             "href=\"/activities/{}/count\">{} {}</a>",
             (struct markup){open && begun ? " primary" : ""}, a->record.id, icon(ctx, "qrcode"),
             say(ctx, "On-site check-in"), a->record.id, icon(ctx, "users"),
             say(ctx, "Count residents"));
    html(out, "<a class=\"button\" href=\"/activities/{}/edit\">{} {}</a>", a->record.id,
         icon(ctx, "edit"), say(ctx, "Edit"));
    if (strcmp(a->status, "planned") != 0)
        html(out, "<a class=\"button\" href=\"/activities/{}\">{}</a>", a->record.id,
             say(ctx, "View as resident"));
    buf_puts(out, "</div>");
}

static void short_field(struct ctx *ctx, const char *name, const char *label, const char *hint,
                        const char *now)
{
    html(ctx->web->out, "<div class=\"field\"><label for=\"f-{}\">{}</label>", name, label);
    if (hint)
        html(ctx->web->out, "<p class=\"hint\">{}</p>", hint);
    html(ctx->web->out, "<input id=\"f-{}\" name=\"{}\" maxlength=\"300\" value=\"{}\">", name,
         name, now);
    field_problem(ctx, name);
    buf_puts(ctx->web->out, "</div>");
}

/* Once it is over. */
static void draw_held(struct ctx *ctx, const struct activity *a)
{
    struct buf *out = ctx->web->out;
    if (strcmp(a->status, "open") != 0 || a->ends > ctx->now)
        return;
    html(out, "<section class=\"card\"><h2>{}</h2>", say(ctx, "Did it take place?"));
    form_begin(ctx, path_of(ctx, a, "held"), NULL, false);
    if (a->person_times > 0)
        html(out, "<p>{}</p>", say(ctx, "{} attendances counted on site.", a->person_times));
    else
        short_field(ctx, "person_times", say(ctx, "Residents served (total attendances)"),
                    say(ctx, "If nobody counted on site, enter how many people came. Anyone who "
                             "came twice counts twice."),
                    param(ctx, "person_times"));
    html(out, "<div class=\"acts\"><button class=\"primary\">{} {}</button></div>",
         icon(ctx, "check"), say(ctx, "Mark as held"));
    form_end(ctx);
    buf_puts(out, "</section>");
}

static int64_t later_ones(struct ctx *ctx, const struct activity *a)
{
    return a->series ? query_int(ctx->db,
                                 "SELECT count(*) AS n FROM activities WHERE series = {} AND "
                                 "starts > {} AND status IN ('planned', 'open')",
                                 a->series, a->starts)
                     : 0;
}

static void draw_cancel(struct ctx *ctx, const struct activity *a)
{
    struct buf *out = ctx->web->out;
    int64_t later = later_ones(ctx, a),
            told = query_int(
                ctx->db,
                "SELECT count(*) AS n FROM sign_ups WHERE activity = {} AND status <> 'cancelled'",
                a->record.id);
    if (strcmp(a->status, "open") != 0 && strcmp(a->status, "planned") != 0)
        return;
    html(out, "<details class=\"card\"{}><summary>{}</summary>",
         (struct markup){ctx_problem_of(ctx, "why") ? " open" : ""}, say(ctx, "Cancel activity"));
    form_begin(ctx, path_of(ctx, a, "cancel"), NULL, false);
    short_field(ctx, "why", say(ctx, "Why"),
                told ? say_n(ctx, told, "Shown to the 1 person who signed up.",
                             "Shown to the {} people who signed up.", told)
                     : say(ctx, "Shown in the calendar."),
                param(ctx, "why"));
    if (later)
        html(out,
             "<label class=\"check\"><input type=\"radio\" name=\"which\" value=\"one\" checked> "
             "{}</label><label class=\"check\"><input type=\"radio\" name=\"which\" "
             "value=\"later\"> {}</label>",
             say(ctx, "This one only"),
             say_n(ctx, later, "This one and the one that follows",
                   "This one and the {} that follow", later));
    html(out, "<div class=\"acts\"><button class=\"danger\">{}</button></div>",
         say(ctx, "Cancel and notify everyone signed up"));
    form_end(ctx);
    buf_puts(out, "</details>");
}

static void draw_template(struct ctx *ctx, const struct activity *a)
{
    struct buf *out = ctx->web->out;
    html(out, "<details class=\"card\"{}><summary>{}</summary>",
         (struct markup){ctx_problem_of(ctx, "template") ? " open" : ""},
         say(ctx, "Save as template"));
    form_begin(ctx, path_of(ctx, a, "template"), NULL, false);
    short_field(ctx, "template", say(ctx, "Template name"),
                say(ctx, "Leave blank to stop using it as a template."),
                a->template ? a->template : a->title);
    html(out, "<div class=\"acts\"><button>{}</button></div>", say(ctx, "Save"));
    form_end(ctx);
    buf_puts(out, "</details>");
}

static void draw_photos(struct ctx *ctx, const struct activity *a)
{
    struct buf *out = ctx->web->out;
    bool may_add = is_host(ctx) && a->starts <= ctx->now && strcmp(a->status, "cancelled") != 0;
    if (!may_add && attachment_count(ctx, &activities_kind, a->record.id) == 0)
        return;
    html(out, "<section><h2>{}</h2>", say(ctx, "Photos"));
    activity_photos_draw(ctx, a, true);
    if (may_add) {
        html(out, "<details class=\"card\"{}><summary>{}</summary>",
             (struct markup){ctx_problem_of(ctx, "photos") ? " open" : ""}, say(ctx, "Add photos"));
        form_begin(ctx, path_of(ctx, a, "photos"), NULL, true);
        photos_field(ctx, NULL);
        html(out,
             "<label class=\"check\"><input type=\"checkbox\" name=\"shown\" value=\"1\"> "
             "{}</label><div class=\"acts\"><button>{}</button></div>",
             say(ctx, "Show to residents: everyone in the photos has agreed"), say(ctx, "Add"));
        form_end(ctx);
        buf_puts(out, "</details>");
    }
    buf_puts(out, "</section>");
}

/* ---- who signed up ---- */

static void draw_sign_up(struct ctx *ctx, const struct activity *a, const struct questions *q,
                         const struct sign_up *s, int64_t revealed)
{
    struct buf *out = ctx->web->out;
    const char *phone = s->phone, *answers = answers_text(ctx, q, s->answers);
    if (!phone && s->volunteer != NONE) {
        const struct volunteer *v = record_get(ctx, &volunteers_kind, s->volunteer);
        const struct person *p = v ? record_get(ctx, &people_kind, v->person) : NULL;
        phone = p ? p->phone : NULL;
    }
    html(out, "<tr><th scope=\"row\">{}", s->name);
    if (*answers)
        html(out, "<p class=\"small soft\">{}</p>", answers);
    html(out, "</th><td>{}</td><td class=\"nobr\">",
         s->shift == NONE ? say(ctx, "Resident")
                          : field_show(ctx, kind_field(&sign_ups_kind, "shift"), s));
    if (s->record.id == revealed && phone)
        html(out, "<a href=\"tel:{}\">{}</a>", phone, phone);
    else
        html(out, "{}", phone ? mask_phone(ctx->arena, phone) : "");
    html(out, "</td><td>{}</td><td class=\"nobr\">",
         !strcmp(s->status, "waiting") ? say(ctx, "on the waiting list")
         : s->told_at == NONE
             ? ""
             : say(ctx, "notification created {}", when_show(ctx->arena, ctx->lang, s->told_at)));
    if (is_host(ctx)) {
        if (phone && s->record.id != revealed)
            html(out, "<button class=\"quiet\" name=\"reveal\" value=\"{}\">{}</button>",
                 s->record.id, say(ctx, "Show number"));
        if (!strcmp(a->status, "open"))
            html(
                out,
                "<button class=\"quiet\" name=\"off\" value=\"{}\" data-confirm=\"{}\">{}</button>",
                s->record.id, say(ctx, "Cancel {}’s place?", s->name), say(ctx, "Cancel place"));
    }
    buf_puts(out, "</td></tr>");
}

static void draw_questions(struct ctx *ctx, const struct activity *a, int questions, int64_t people)
{
    struct buf *out = ctx->web->out;
    html(out,
         "<p class=\"screen\"><a class=\"button\" href=\"/activities/{}/questions\">{} {}</a></p>",
         a->record.id, say(ctx, "Questions at sign-up"),
         questions ? arena_print(ctx->arena, "(%d)", questions) : "");
    if (people == 0)
        return;
    html(out, "<form class=\"download\" method=\"post\" action=\"{}\">", path_of(ctx, a, "people"));
    if (ctx->web->csrf) /* no idempotency key: the response is a file, which is not stored for a
                           repeated request */
        html(out, "<input type=\"hidden\" name=\"_csrf\" value=\"{}\">", ctx->web->csrf);
    html(out,
         "<span class=\"soft\">{} {}</span> <button class=\"quiet\" name=\"format\" "
         "value=\"xlsx\">Excel</button><button class=\"quiet\" name=\"format\" "
         "value=\"csv\">CSV</button></form>",
         icon(ctx, "download"), say(ctx, "Download this list:"));
}

/* Kept by forms that are answered with this page. */
static int64_t sign_ups_page(struct ctx *ctx)
{
    int64_t page = param_int(ctx, "page");
    return page < 1 || page > PAGER_MOST ? 1 : page;
}

/* Not pager(): the page may answer a form, whose URL differs. */
static void draw_pages(struct ctx *ctx, const struct activity *a, int64_t page, int64_t total)
{
    struct buf *out = ctx->web->out;
    html(out, "<nav class=\"pager\" aria-label=\"{}\">", say(ctx, "Page navigation"));
    if (page > 1)
        html(out, "<a rel=\"prev\" href=\"{}?page={}#sign-ups\">{} {}</a>",
             path_of(ctx, a, "manage"), page - 1, icon(ctx, "chevron-left"),
             say(ctx, "Previous page"));
    html(out, "<span>{}</span>", say_n(ctx, total, "1 person", "{} people", total));
    if (page * PEOPLE < total)
        html(out, "<a rel=\"next\" href=\"{}?page={}#sign-ups\">{} {}</a>",
             path_of(ctx, a, "manage"), page + 1, say(ctx, "Next page"),
             icon(ctx, "chevron-right"));
    buf_puts(out, "</nav>");
}

static void draw_sign_ups(struct ctx *ctx, const struct activity *a, int64_t revealed)
{
    struct buf *out = ctx->web->out;
    struct list l;
    int64_t page = sign_ups_page(ctx);
    int n = 0;
    list_init(ctx, &l, &sign_ups_kind);
    sql_add(&l.where, " AND activity = {} AND status <> 'cancelled'", a->record.id);
    l.order = "CASE WHEN status = 'signed' THEN 0 ELSE 1 END, id";
    int64_t total = list_count(ctx, &l);
    l.limit = PEOPLE;
    l.offset = (page - 1) * PEOPLE;
    struct sign_up *list[PEOPLE], *s;
    struct rows *r = list_run(ctx, &l);
    while (n < PEOPLE && (s = list_next(ctx, &sign_ups_kind, r, ctx->arena)))
        list[n++] = s;
    rows_end(r);
    const struct questions *q = questions_load(ctx, a->questions, NULL);
    html(out, "<section id=\"sign-ups\"><h2>{}</h2>", say(ctx, "People signed up"));
    if (total == 0) {
        html(out, "<p class=\"soft\">{}</p>",
             a->ends > ctx->now ? say(ctx, "No sign-ups yet.") : say(ctx, "Nobody signed up."));
    } else {
        form_begin(ctx, path_of(ctx, a, "sign-ups"), NULL, false);
        html(out, "<input type=\"hidden\" name=\"page\" value=\"{}\">", page);
        scroll_begin(ctx, say(ctx, "People signed up"));
        html(out,
             "<table class=\"plain "
             "stack\"><thead><tr><th>{}</th><th>{}</th><th>{}</th><th>{}</th><th></th></tr></"
             "thead><tbody>",
             say(ctx, "Full name"), say(ctx, "Signed up as"), say(ctx, "Phone"),
             say(ctx, "Status"));
        for (int i = 0; i < n; i++)
            draw_sign_up(ctx, a, q, list[i], revealed);
        buf_puts(out, "</tbody></table>");
        scroll_end(ctx);
        form_end(ctx);
        if (total > PEOPLE)
            draw_pages(ctx, a, page, total);
    }
    if (is_host(ctx))
        draw_questions(ctx, a, q->count, total);
    buf_puts(out, "</section>");
}

static bool answer_refused(struct ctx *ctx, const struct activity *a)
{
    const struct questions *q = questions_load(ctx, a->questions, NULL);
    for (int i = 0; i < q->count; i++)
        if (ctx_problem_of(ctx, q->fields[i].name))
            return true;
    return false;
}

static void draw_add(struct ctx *ctx, const struct activity *a)
{
    struct buf *out = ctx->web->out;
    if (strcmp(a->status, "open") != 0 || a->starts < ctx->now)
        return;
    html(out, "<details class=\"card\"{}><summary>{}</summary>",
         (struct markup){ctx_problem_of(ctx, "name") || ctx_problem_of(ctx, "phone") ||
                                 answer_refused(ctx, a)
                             ? " open"
                             : ""},
         say(ctx, "Sign up a caller"));
    form_begin(ctx, path_of(ctx, a, "add"), NULL, false);
    short_field(ctx, "name", say(ctx, "Full name"), NULL, param(ctx, "name"));
    short_field(ctx, "phone", say(ctx, "Phone"), NULL, param(ctx, "phone"));
    activity_questions_draw(ctx, a, NONE);
    html(out, "<div class=\"acts\"><button>{}</button></div>", say(ctx, "Sign up"));
    form_end(ctx);
    buf_puts(out, "</details>");
}

static void draw_page(struct ctx *ctx, const struct activity *a, int64_t revealed)
{
    struct buf *out = ctx->web->out;
    int64_t waiting = query_int(ctx->db,
                                "SELECT count(*) AS n FROM notices WHERE kind = 'activities' AND "
                                "record = {} AND status = 'waiting' AND channel = 'hand'",
                                a->record.id);
    page_begin(ctx, activity_title(ctx, a), PAGE_STAFF);
    figure_trail(ctx, "/activities/manage", say(ctx, "Activities"));
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>",
         activity_title(ctx, a), activity_when(ctx, a->starts, a->ends));
    form_problems(ctx);
    if (waiting && is_host(ctx))
        html(out, "<div class=\"notice warn\">{}<div><p><a href=\"/outbox\">{}</a></p></div></div>",
             icon(ctx, "phone-call"),
             say_n(ctx, waiting, "1 person is to be rung: the words stand in the outbox.",
                   "{} people need a phone call: see what to say under Calls to make.", waiting));
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
    activity_came_draw(ctx, a);
    activity_shifts_draw(ctx, a);
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

/* ---- on the writer thread ---- */

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
    if (activity_cancel(ctx, a, later, why) == OK)
        back(ctx, a, say_n(ctx, n, "Activity cancelled.", "{} activities cancelled.", n));
}

static void held(struct ctx *ctx)
{
    const struct activity *a = record_get(ctx, &activities_kind, ctx->web->id);
    int64_t n = NONE;
    if (!a) {
        record_gone(ctx);
        return;
    }
    if (a->person_times <= 0 && param(ctx, "person_times")) {
        n = param_int(ctx, "person_times");
        if (n == NONE || n < 0 || n > 100000) {
            ctx_problem(ctx, "person_times", say(ctx, "Enter how many people came: 0 to 100,000."));
            return;
        }
    }
    if (activity_held(ctx, a, n) == OK)
        back(ctx, a, say(ctx, "Marked as held."));
}

static void template(struct ctx *ctx)
{
    const struct activity *a = ctx->web->record;
    const char *name = param_line(ctx, "template", TEMPLATE_MOST);
    struct activity *after = record_copy(ctx, &activities_kind, a);
    after->template = name;
    if (ctx_ok(ctx) && record_update(ctx, &activities_kind, a, after, "template") == OK)
        back(ctx, a,
             after->template ? say(ctx, "Saved as a template.")
                             : say(ctx, "No longer a template."));
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
    if (reveal != NONE) { /* drawn here, so that the number is in no URL */
        journal_add(ctx, "sign_ups", s->record.id, "reveal", NULL, NULL);
        draw_page(ctx, a, s->record.id);
        return;
    }
    if (!strcmp(s->status, "cancelled") || sign_up_cancel(ctx, s) == OK)
        back(ctx, a, say(ctx, "Place cancelled."));
}

static void add(struct ctx *ctx)
{
    const struct activity *a = ctx->web->record;
    struct sign_up *s = record_new(ctx, &sign_ups_kind);
    s->activity = a->record.id;
    field_set(ctx, kind_field(&sign_ups_kind, "name"), s, param(ctx, "name"));
    field_set(ctx, kind_field(&sign_ups_kind, "phone"), s, param(ctx, "phone"));
    if (!s->name && !ctx_problem_of(ctx, "name"))
        ctx_problem(ctx, "name", say(ctx, "Enter a name."));
    if (!s->phone && !ctx_problem_of(ctx, "phone"))
        ctx_problem(ctx, "phone",
                    say(ctx, "Enter a phone number so that we can call if anything changes."));
    s->answers = activity_questions_read(ctx, a, NONE);
    if (ctx_ok(ctx) && sign_up_file(ctx, s) == OK)
        back(ctx, a,
             !strcmp(s->status, "waiting")
                 ? say(ctx, "{} is on the waiting list. Code: {}", s->name, s->code)
                 : say(ctx, "{} has a place. Code: {}", s->name, s->code));
}

static const struct route table[] = {
    ROUTE_GET("/activities/manage", READERS, manage),
    ROUTE_GET("/activities/{id}/manage", READERS, page, .record = &activities_kind),
    ROUTE_POST("/activities/{id}/cancel", ACTIVITY_HOSTS, cancel, .failed = page,
               .record = &activities_kind),
    ROUTE_POST("/activities/{id}/held", ACTIVITY_HOSTS, held, .failed = page,
               .record = &activities_kind),
    ROUTE_POST("/activities/{id}/template", ACTIVITY_HOSTS, template, .failed = page,
               .record = &activities_kind),
    ROUTE_POST("/activities/{id}/sign-ups", ACTIVITY_HOSTS, sign_ups, .failed = page,
               .record = &activities_kind),
    ROUTE_POST("/activities/{id}/add", ACTIVITY_HOSTS, add, .failed = page,
               .record = &activities_kind),
};

static const struct place places[] = {
    {"/activities/manage", N_("Activities"), "g e", READERS, true, .group = N_("Volunteering"),
     .also = "/activities ", .rank = 120},
    {.href = NULL},
};

const struct module activity_desk_module = {
    .name = "activity_desk", .routes = ROUTES(table), .places = places};
