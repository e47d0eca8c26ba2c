/*
 * One day of service: its attendances, and the decision on them. Whoever decides
 * corrects the times (from, to, a break), not the sum; the sum follows from the
 * times, so the record proves it. A break becomes two attendances; time before
 * or after an activity, longer than it may be, one without an activity. Nobody
 * decides on their own hours, and each decision has its reason.
 */
#include "app/activities/activity_pages.h"

#include "app/registers/registers.h"
#include "app/volunteers/volunteers.h"
#include "base/text.h"
#include "base/when.h"
#include "core/module.h"
#include "pages/figures_pages.h"
#include "web/fields.h"

#include <string.h>

#define SPANS_MOST 40 /* of one volunteer on one day */
#define OFFERED    50 /* activities to choose from for time that nobody noted */
#define WHY_MOST   300

static const struct person *person_of(struct ctx *ctx, const struct hours *h,
                                      const struct volunteer **v)
{
    *v = record_get(ctx, &volunteers_kind, h->volunteer);
    return *v ? record_get(ctx, &people_kind, (*v)->person) : NULL;
}

static bool own(const struct ctx *ctx, const struct volunteer *v)
{
    return (ctx->actor.volunteer > 0 && ctx->actor.volunteer == v->record.id) ||
           (ctx->actor.user != NONE && v->user == ctx->actor.user);
}

/* The attendances that begin on that day: those are corrected here. */
static int spans_load(struct ctx *ctx, const struct hours *h, const struct attendance **list)
{
    int64_t ids[SPANS_MOST], day;
    if (!day_parse(h->day, &day))
        return 0;
    int n = rows_ids(query(ctx->db,
                           "SELECT id FROM attendances WHERE volunteer = {} AND status = 'good' "
                           "AND came >= {} AND came <= {} ORDER BY came, id LIMIT {}",
                           h->volunteer, when_day_start(day), when_day_end(day), SPANS_MOST),
                     ids, SPANS_MOST);
    for (int i = 0; i < n; i++)
        list[i] = record_must(ctx, &attendances_kind, ids[i]);
    return n;
}

/* ---- the form ---- */

static const char *named(struct ctx *ctx, const char *what, int64_t id)
{
    return id == NONE ? arena_print(ctx->arena, "%s_new", what)
                      : arena_print(ctx->arena, "%s_%lld", what, (long long)id);
}

static void clock_field(struct ctx *ctx, const char *what, int64_t id, const char *label,
                        int64_t now)
{
    struct buf *out = ctx->web->out;
    const char *name = named(ctx, what, id), *value = param(ctx, name) ? param(ctx, name)
                                                      : now == NONE    ? NULL
                                                                       : clock_show(ctx, now);
    html(out,
         "<div class=\"field\"><label for=\"f-{}\">{}</label><input id=\"f-{}\" type=\"time\" "
         "name=\"{}\" value=\"{}\"{}>",
         name, label, name, name, value,
         (struct markup){ctx_problem_of(ctx, name) ? " aria-invalid=\"true\"" : ""});
    field_problem(ctx, name);
    buf_puts(out, "</div>");
}

/* id NONE: time that nobody noted. */
static void times_fields(struct ctx *ctx, int64_t id, int64_t came, int64_t went)
{
    struct buf *out = ctx->web->out;
    buf_puts(out, "<div class=\"times\">");
    clock_field(ctx, "came", id, say(ctx, "From"), came);
    clock_field(ctx, "went", id, say(ctx, "To"), went);
    clock_field(ctx, "rest", id, say(ctx, "Break from"), NONE);
    clock_field(ctx, "back", id, say(ctx, "Break to"), NONE);
    buf_puts(out, "</div>");
}

static const char *title_of(struct ctx *ctx, const struct attendance *t)
{
    const struct activity *a = t->activity == NONE ? NULL
                                                   : record_get(ctx, &activities_kind, t->activity);
    return a                  ? activity_title(ctx, a)
           : t->offer != NONE ? say(ctx, "Home visit")
                              : say(ctx, "Outside an activity");
}

static void draw_span(struct ctx *ctx, const struct attendance *t)
{
    struct buf *out = ctx->web->out;
    int64_t id = t->record.id;
    const char *off = named(ctx, "off", id);
    html(out, "<fieldset class=\"span\" data-span><legend>{}</legend>", title_of(ctx, t));
    times_fields(ctx, id, t->came, t->went);
    html(out,
         "<label class=\"check\"><input type=\"checkbox\" name=\"{}\" value=\"1\" data-off{}> "
         "{}</label></fieldset>",
         off, (struct markup){param(ctx, off) ? " checked" : ""},
         say(ctx, "Don’t count this attendance"));
}

static void draw_new(struct ctx *ctx, const struct hours *h, bool only)
{
    struct buf *out = ctx->web->out;
    struct list l;
    struct activity *a;
    int64_t day, chosen = param_int(ctx, "activity_new");
    const char *typed = param(ctx, "came_new");
    if (!day_parse(h->day, &day))
        return;
    html(out,
         "<details{}><summary>{}</summary><fieldset class=\"span\" data-span><legend>{}</legend>",
         (struct markup){only || (typed && *typed) || ctx_problem_of(ctx, "came_new") ? " open"
                                                                                      : ""},
         say(ctx, "Add time that nobody noted"), say(ctx, "Time that nobody noted"));
    times_fields(ctx, NONE, NONE, NONE);
    list_init(ctx, &l, &activities_kind);
    sql_add(&l.where, " AND starts <= {} AND ends >= {} AND status <> 'cancelled'",
            when_day_end(day), when_day_start(day));
    l.order = "starts, id";
    l.limit = OFFERED;
    html(out,
         "<div class=\"field\"><label for=\"f-activity_new\">{}</label><select "
         "id=\"f-activity_new\" name=\"activity_new\"><option value=\"\">{}</option>",
         say(ctx, "At"), say(ctx, "Outside an activity"));
    struct rows *r = list_run(ctx, &l);
    while ((a = list_next(ctx, &activities_kind, r, ctx->arena)))
        html(out, "<option value=\"{}\"{}>{} {}</option>", a->record.id,
             (struct markup){a->record.id == chosen ? " selected" : ""}, activity_title(ctx, a),
             clock_show(ctx, a->starts));
    buf_puts(out, "</select></div></fieldset></details>");
}

static void draw_decide(struct ctx *ctx, const struct hours *h, const struct volunteer *v)
{
    struct buf *out = ctx->web->out;
    const struct attendance *spans[SPANS_MOST];
    if (!(ctx->actor.roles & ACTIVITY_HOSTS))
        return;
    if (own(ctx, v)) {
        html(out, "<p class=\"soft\">{}</p>",
             say(ctx, "These are your own hours: someone else must approve them."));
        return;
    }
    int n = spans_load(ctx, h, spans);
    html(out, "<section class=\"card screen\"><h2>{}</h2>",
         h->held > 0 || h->disputed_at != NONE ? say(ctx, "Approval")
                                               : say(ctx, "Correct this day"));
    form_begin(ctx, arena_print(ctx->arena, "/hours/%lld/decide", (long long)h->record.id), NULL,
               false);
    form_problems(ctx);
    html(out,
         "<input type=\"hidden\" name=\"version\" value=\"{}\"><p class=\"hint\">{}</p>"
         "<div data-spans>",
         h->record.version,
         say(ctx, "Correct the times; the sum follows from them. A time to that is earlier than "
                  "the time from is on the next day."));
    for (int i = 0; i < n; i++)
        draw_span(ctx, spans[i]);
    draw_new(ctx, h, n == 0);
    html(out, "</div><p class=\"sum\">{} <output data-sum=\"{}\">{}</output></p>",
         say(ctx, "Together:"), say(ctx, "{} h {} min", "{}", "{}"), hours_text(ctx, h->attended));
    html(out,
         "<div class=\"field\"><label for=\"f-why\">{}</label><p class=\"hint\" "
         "id=\"f-why-h\">{}</p><textarea id=\"f-why\" name=\"why\" rows=\"2\" "
         "aria-describedby=\"f-why-h\">{}</textarea>",
         say(ctx, "Reason"), say(ctx, "Visible to the volunteer."), param(ctx, "why"));
    field_problem(ctx, "why");
    html(out, "</div><div class=\"acts\"><button class=\"primary\">{} {}</button></div>",
         icon(ctx, "check"), say(ctx, "Approve hours"));
    form_end(ctx);
    buf_puts(out, "</section>");
}

/* ---- the page ---- */

static void draw_facts(struct ctx *ctx, const struct hours *h, const struct volunteer *v,
                       const struct person *p)
{
    struct buf *out = ctx->web->out;
    html(out,
         "<aside aria-label=\"{}\"><dl class=\"facts card\"><div><dt>{}</dt><dd><a "
         "href=\"/volunteers/{}\">{}</a> {}</dd></div>",
         say(ctx, "Key details"), say(ctx, "Volunteer"), v->record.id, p->name, v->number);
    volunteer_phone_draw(ctx, v, p,
                         arena_print(ctx->arena, "/hours/%lld", (long long)h->record.id));
    if (v->team != NONE)
        html(out, "<div><dt>{}</dt><dd>{}</dd></div>", say(ctx, "Team"),
             field_show(ctx, kind_field(&volunteers_kind, "team"), v));
    buf_puts(out, "</dl></aside>");
}

static void day_page(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct hours *h = ctx->web->record;
    const struct volunteer *v;
    const struct person *p = person_of(ctx, h, &v);
    if (!p) {
        record_gone(ctx);
        return;
    }
    page_begin(ctx, ctx_date(ctx, h->day), PAGE_STAFF);
    figure_trail(ctx, "/hours", say(ctx, "Hours awaiting approval"));
    html(out, "<header class=\"head\"><h1>{} · {}</h1><p class=\"lead\">{} ", p->name,
         ctx_date(ctx, h->day),
         say(ctx, "{} attended, {} counted", hours_text(ctx, h->attended),
             hours_text(ctx, h->counted)));
    hours_state(ctx, h);
    buf_puts(out, "</p></header><div class=\"record\"><div>");
    if (h->dispute)
        html(out, "<div class=\"notice warn\">{}<div><p><b>{}</b></p><p>{}</p></div></div>",
             icon(ctx, "message"), say(ctx, "The volunteer says:"), h->dispute);
    if (h->corrected != NONE)
        html(out, "<div class=\"notice\">{}<div><p>{}</p><p>{}</p></div></div>",
             icon(ctx, "pencil"),
             say(ctx, "{} approved {} of {} attended.", h->decided_name,
                 hours_text(ctx, h->corrected), hours_text(ctx, h->attended)),
             h->why);
    hours_attended(ctx, h);
    draw_decide(ctx, h, v);
    buf_puts(out, "</div>");
    draw_facts(ctx, h, v, p);
    buf_puts(out, "</div>");
    page_end(ctx);
}

/* ---- what was typed ---- */

struct typed_times {
    int64_t came, went, rest, back; /* NONE: left out */
};

/* A time of that day, at most 24 hours after not_before (NONE: any). */
static int64_t clock_typed(struct ctx *ctx, const char *name, int64_t day, int64_t not_before)
{
    const char *text = param(ctx, name);
    int64_t t;
    bool timed;
    if (text_blank(text))
        return NONE;
    if (!when_parse(arena_print(ctx->arena, "%s %.20s", day_iso(ctx->arena, day), text), &t,
                    &timed) ||
        !timed) {
        ctx_problem(ctx, name, say(ctx, "Enter a time from 0:00 to 23:59, e.g. 13:00."));
        return NONE;
    }
    return not_before != NONE && t <= not_before ? t + WHEN_DAY : t;
}

/* was: the stored time; typed as it is shown it keeps its seconds. */
static int64_t same_minute(int64_t typed, int64_t was)
{
    return typed != NONE && was != NONE && typed / 60 == was / 60 ? was : typed;
}

static struct typed_times times_typed(struct ctx *ctx, int64_t id, int64_t day,
                                      const struct attendance *t)
{
    struct typed_times x = {NONE, NONE, NONE, NONE};
    const char *came = named(ctx, "came", id), *went = named(ctx, "went", id),
               *rest = named(ctx, "rest", id), *back = named(ctx, "back", id);
    if (t && !param(ctx, came) && !param(ctx, went)) /* not asked for: as it is */
        return (struct typed_times){t->came, t->went, NONE, NONE};
    x.came = clock_typed(ctx, came, day, NONE);
    x.came = same_minute(x.came, t ? t->came : NONE);
    x.went = same_minute(clock_typed(ctx, went, day, x.came), t ? t->went : NONE);
    x.rest = clock_typed(ctx, rest, day, x.came);
    x.back = clock_typed(ctx, back, day, x.rest);
    if (!ctx_ok(ctx))
        return x;
    if ((x.came == NONE && (t || x.went != NONE)) || (!t && x.came != NONE && x.went == NONE))
        ctx_problem(ctx, x.came == NONE ? came : went,
                    say(ctx, "Enter from when to when, e.g. 13:00 to 16:55."));
    else if (x.went != NONE && x.went > ctx->now)
        ctx_problem(ctx, went, say(ctx, "This time is in the future."));
    else if ((x.rest == NONE) != (x.back == NONE) ||
             (x.rest != NONE && (x.went == NONE || x.back >= x.went)))
        ctx_problem(ctx, rest,
                    say(ctx, "Enter a break with both times, between arrival and departure, e.g. "
                             "12:00 to 12:30."));
    return x;
}

/* ---- storing it ---- */

struct saving {
    const struct attendance *t; /* whose activity or visit it was; corrected with the first part */
    const char *why;
    bool used; /* t has got its times */
};

/* One part without a break. outside: before or after the activity, whose time it may not exceed. */
static void part_store(struct ctx *ctx, struct saving *s, int64_t came, int64_t went, bool outside)
{
    if (!ctx_ok(ctx) || (went != NONE && came >= went))
        return;
    if (!outside && !s->used && s->t->record.id != NONE) {
        s->used = true;
        attendance_correct(ctx, s->t, came, went, false, s->why);
        return;
    }
    struct attendance *t = record_new(ctx, &attendances_kind);
    t->volunteer = s->t->volunteer;
    if (!outside) {
        t->activity = s->t->activity;
        t->shift = s->t->shift;
        t->offer = s->t->offer;
    }
    attendance_add(ctx, t, came, went, s->why);
}

static void span_store(struct ctx *ctx, struct saving *s, int64_t came, int64_t went)
{
    const struct activity *a = s->t->activity == NONE
                                   ? NULL
                                   : record_get(ctx, &activities_kind, s->t->activity);
    if (!a || went == NONE || went - came <= a->ends - a->starts || came >= a->ends ||
        went <= a->starts) {
        part_store(ctx, s, came, went, false);
        return;
    }
    int64_t from = came > a->starts ? came : a->starts, to = went < a->ends ? went : a->ends;
    part_store(ctx, s, from, to, false);
    part_store(ctx, s, came, from, true);
    part_store(ctx, s, to, went, true);
}

static void times_store(struct ctx *ctx, struct saving *s, const struct typed_times *x)
{
    if (x->rest == NONE) {
        span_store(ctx, s, x->came, x->went);
        return;
    }
    span_store(ctx, s, x->came, x->rest);
    span_store(ctx, s, x->back, x->went);
}

static void one_save(struct ctx *ctx, const struct attendance *t, int64_t day, const char *why)
{
    struct saving s = {.t = t, .why = why};
    if (param(ctx, named(ctx, "off", t->record.id))) {
        attendance_correct(ctx, t, t->came, t->went, true, why);
        return;
    }
    struct typed_times x = times_typed(ctx, t->record.id, day, t);
    if (ctx_ok(ctx) && (x.came != t->came || x.went != t->went || x.rest != NONE))
        times_store(ctx, &s, &x);
}

static void new_save(struct ctx *ctx, int64_t volunteer, int64_t day, const char *why)
{
    struct typed_times x = times_typed(ctx, NONE, day, NULL);
    int64_t activity = param_int(ctx, "activity_new");
    if (!ctx_ok(ctx) || x.came == NONE)
        return;
    struct attendance *t = record_new(ctx, &attendances_kind);
    t->volunteer = volunteer;
    t->activity = activity;
    if (activity != NONE && !record_load(ctx, &activities_kind, activity)) {
        ctx_problem(ctx, "activity_new", say(ctx, "Activity not found."));
        return;
    }
    times_store(ctx, &(struct saving){.t = t, .why = why}, &x);
}

static bool may_decide(struct ctx *ctx, const struct hours *h, const char *why)
{
    const struct volunteer *v;
    if (!h || param_int(ctx, "version") != h->record.version) {
        ctx_fail(ctx, CONFLICT,
                 say(ctx, "Someone else has just changed this. Check the latest version before you "
                          "edit it."));
        return false;
    }
    if (!person_of(ctx, h, &v)) {
        record_gone(ctx);
        return false;
    }
    if (own(ctx, v))
        ctx_problem(ctx, NULL,
                    say(ctx, "These are your own hours: someone else must approve them."));
    if (!why)
        ctx_problem(ctx, "why", say(ctx, "Enter a reason: the volunteer will see it."));
    return true;
}

static void decide(struct ctx *ctx)
{
    const struct hours *h = record_load(ctx, &hours_kind, ctx->web->id);
    const char *why = param_line(ctx, "why", WHY_MOST);
    const struct attendance *spans[SPANS_MOST];
    int64_t day;
    if (!may_decide(ctx, h, why) || !day_parse(h->day, &day))
        return;
    int n = spans_load(ctx, h, spans);
    for (int i = 0; i < n; i++)
        one_save(ctx, spans[i], day, why);
    new_save(ctx, h->volunteer, day, why);
    if (!ctx_ok(ctx))
        return;
    h = record_must(ctx, &hours_kind, h->record.id); /* its sum was computed anew */
    if (hours_decide(ctx, h, h->attended, why) == OK) {
        flash(ctx, say(ctx, "Approved."));
        see_other(ctx, "/hours/{}", h->record.id);
    }
}

static const struct route table[] = {
    ROUTE_GET("/hours/{id}", ACTIVITY_HOSTS | ROLE_LEADER, day_page, .record = &hours_kind),
    ROUTE_POST("/hours/{id}/decide", ACTIVITY_HOSTS, decide, .record = &hours_kind,
               .failed = day_page),
};

const struct module service_day_module = {.name = "service day", .routes = ROUTES(table)};
