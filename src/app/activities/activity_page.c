/*
 * The public page of an activity, and sign-up: residents with name and phone
 * number, volunteers with their card for a shift. Each gets a code to cancel
 * the place without an account. Closed, full, cancelled and already signed up
 * are each stated in words.
 */
#include "app/activities/activity_pages.h"

#include "core/module.h"
#include "core/pass.h"
#include "app/registers/registers.h"
#include "core/tries.h"
#include "app/volunteers/volunteers.h"
#include "base/code.h"
#include "base/when.h"
#include "web/fields.h"

#include <math.h>
#include <string.h>

static const struct tries_rule tries_signed = {"signed up", 30, WHEN_HOUR};
#define PLACE_SHOWN  900 /* seconds */
#define SHIFTS_SHOWN 500 /* more than any list has; an activity lasts a month at most */

static int64_t signed_up(struct ctx *ctx, const struct activity *a, const char *status)
{
    return query_int(
        ctx->db,
        "SELECT count(*) AS n FROM sign_ups WHERE activity = {} AND shift IS NULL AND status = {}",
        a->record.id, status);
}

static bool sign_up_open(struct ctx *ctx, const struct activity *a)
{
    return !strcmp(a->status, "open") && sign_up_ends(a, NULL) >= ctx->now;
}

/* Places can be cancelled until they are of no use to others. */
static bool places_held(struct ctx *ctx, const struct activity *a)
{
    return !strcmp(a->status, "open") && a->ends >= ctx->now;
}

/* ---- the page ---- */

static void fact(struct ctx *ctx, const char *label, const char *value)
{
    if (value && *value)
        html(ctx->web->out, "<div><dt>{}</dt><dd>{}</dd></div>", label, value);
}

static const char *places_words(struct ctx *ctx, const struct activity *a)
{
    if (a->places == NONE)
        return say(ctx, "Open to everyone, no limit");
    int64_t left = a->places - signed_up(ctx, a, "signed");
    if (left > 0)
        return say(ctx, "{} of {} places left", left, a->places);
    int64_t waiting = signed_up(ctx, a, "waiting");
    return waiting ? say(ctx, "All {} places taken, {} on the waiting list", a->places, waiting)
                   : say(ctx, "All {} places taken", a->places);
}

static void draw_facts(struct ctx *ctx, const struct activity *a, const struct organisation *by)
{
    struct buf *out = ctx->web->out;
    buf_puts(out, "<section class=\"card\"><dl class=\"facts\">");
    fact(ctx, say(ctx, "When"), activity_when(ctx, a->starts, a->ends));
    if (a->station != NONE && a->place)
        html(out, "<div><dt>{}</dt><dd><a href=\"/places/{}\">{}</a></dd></div>", say(ctx, "Where"),
             a->station, ctx_pick(ctx, a->place, a->place_en));
    else
        fact(ctx, say(ctx, "Where"), ctx_pick(ctx, a->place, a->place_en));
    fact(ctx, say(ctx, "Type"), field_show(ctx, kind_field(&activities_kind, "kind"), a));
    if (by)
        fact(ctx, say(ctx, "Organised by"), ctx_pick(ctx, by->name, by->name_en));
    if (!strcmp(a->status, "open")) {
        fact(ctx, say(ctx, "Places"), places_words(ctx, a));
        if (a->sign_up_until != NONE)
            fact(ctx, say(ctx, "Sign-up closes"),
                 when_show(ctx->arena, ctx->lang, a->sign_up_until));
    }
    if (by && by->phone)
        html(out, "<div><dt>{}</dt><dd><a href=\"tel:{}\">{}</a></dd></div>", say(ctx, "Enquiries"),
             by->phone, by->phone);
    buf_puts(out, "</dl></section>");
}

static void draw_series(struct ctx *ctx, const struct activity *a)
{
    struct buf *out = ctx->web->out;
    int64_t n = 0, whole = 0;
    if (!a->series)
        return;
    struct rows *r = query(
        ctx->db,
        "SELECT id, starts, ends, count(*) OVER () AS whole FROM activities WHERE "
        "series = {} AND id <> {} "
        "AND status = 'open' AND starts > {} ORDER BY starts LIMIT 5",
        a->series, a->record.id, ctx->now);
    while (rows_next(r)) {
        if (n++ == 0)
            html(out, "<section><h2>{}</h2><ul class=\"plainlist\">", say(ctx, "Other dates"));
        html(out, "<li><a href=\"/activities/{}\">{}</a></li>", row_int(r, "id"),
             activity_when(ctx, row_int(r, "starts"), row_int(r, "ends")));
        whole = row_int(r, "whole");
    }
    if (n)
        buf_puts(out, "</ul>");
    more_draw(ctx, whole - n);
    if (n)
        buf_puts(out, "</section>");
}

static void notice(struct ctx *ctx, const char *tone, const char *picture, const char *text)
{
    html(ctx->web->out, "<div class=\"notice {}\">{}<div><p>{}</p></div></div>", tone,
         icon(ctx, picture), text);
}

static const struct label sign_up_labels[] = {
    {"name", N_("Your name")}, {"phone", N_("Your phone number")}, {NULL, NULL}};

/* A volunteer comes with what is known about them already. */
static const struct person *volunteer_person(struct ctx *ctx)
{
    const struct volunteer *v = ctx->actor.volunteer > 0
                                    ? record_get(ctx, &volunteers_kind, ctx->actor.volunteer)
                                    : NULL;
    const struct person *p = v ? record_get(ctx, &people_kind, v->person) : NULL;
    return p;
}

static void draw_phone(struct ctx *ctx)
{
    line_field(ctx,
               &(struct line){
                   .name = "phone",
                   .label = ctx_label(ctx, sign_up_labels, "phone"),
                   .type = "tel",
                   .autocomplete = "tel",
                   .hint = say(ctx, "Only used to tell you about changes. Nobody else sees it.")});
}

static void draw_sign_up(struct ctx *ctx, const struct activity *a)
{
    struct buf *out = ctx->web->out;
    const struct person *me = volunteer_person(ctx);
    bool full = a->places != NONE && signed_up(ctx, a, "signed") >= a->places;
    pass_bind(ctx);
    html(out, "<section><h2>{}</h2><p>{}</p>",
         full ? say(ctx, "Join the waiting list")
         : me ? say(ctx, "Come along as a visitor")
              : say(ctx, "Sign up"),
         full ? say(ctx, "This activity is full. Leave your name and number: if a place becomes "
                         "available, we call people in order.")
              : say(ctx,
                    "Signing up helps us plan. You can also just come along if there is room."));
    form_begin(ctx, arena_print(ctx->arena, "/activities/%lld/sign-up", (long long)a->record.id),
               NULL, false);
    if (me)
        html(out, "<input type=\"hidden\" name=\"own\" value=\"1\"><p>{}</p>",
             say(ctx, "Signing up as {}.", me->name));
    else
        line_field(ctx, &(struct line){.name = "name",
                                       .label = ctx_label(ctx, sign_up_labels, "name"),
                                       .autocomplete = "name"});
    if (!me || !me->phone)
        draw_phone(ctx);
    activity_questions_draw(ctx, a, NONE);
    html(out, "<div class=\"acts\"><button class=\"{}\">{}</button></div>", me ? "" : "primary",
         full ? say(ctx, "Add me to the waiting list") : say(ctx, "Sign me up"));
    form_end(ctx);
    buf_puts(out, "</section>");
}

static void draw_sign_off(struct ctx *ctx, const struct activity *a)
{
    struct buf *out = ctx->web->out;
    html(out, "<details class=\"card\"{}><summary>{}</summary>",
         (struct markup){ctx_problem_of(ctx, "code") ? " open" : ""},
         say(ctx, "I signed up but can’t come"));
    form_begin(ctx, arena_print(ctx->arena, "/activities/%lld/sign-off", (long long)a->record.id),
               NULL, false);
    line_field(ctx,
               &(struct line){
                   .name = "code",
                   .label = say(ctx, "Your sign-up code"),
                   .autocomplete = "off",
                   .hint = say(ctx, "It starts with U. If you have lost it, call the organiser.")});
    html(out, "<div class=\"acts\"><button>{}</button></div>", say(ctx, "Cancel my place"));
    form_end(ctx);
    buf_puts(out, "</details>");
}

static void draw_shift(struct ctx *ctx, const struct activity *a, const struct shift *s)
{
    struct buf *out = ctx->web->out;
    int64_t have = query_int(ctx->db,
                             "SELECT count(*) AS n FROM sign_ups WHERE activity = {} AND shift = "
                             "{} AND status = 'signed'",
                             a->record.id, s->record.id);
    struct rows *r = query(ctx->db,
                           "SELECT code, status FROM sign_ups WHERE activity = {} AND shift = {} "
                           "AND volunteer = {} AND status <> 'cancelled'",
                           a->record.id, s->record.id, ctx->actor.volunteer);
    const char *mine = rows_next(r) ? row_copy(r, ctx->arena, "status") : NULL;
    rows_end(r);
    html(out, "<li class=\"card\"><b>{}</b> <span>{}</span> <span class=\"soft\">{}</span>",
         s->name, activity_when(ctx, s->starts, s->ends),
         s->places == NONE ? say_n(ctx, have, "1 signed up", "{} have signed up", have)
                           : say(ctx, "{} of {} have signed up", have, s->places));
    if (mine)
        html(out, "<p class=\"state ok\">{} {}</p>", icon(ctx, "check"),
             *mine == 's' ? say(ctx, "You’re signed up") : say(ctx, "You’re on the waiting list"));
    if (mine ? s->ends < ctx->now : sign_up_ends(a, s) < ctx->now) {
        html(out, "<p class=\"soft\">{}</p></li>",
             s->ends < ctx->now ? say(ctx, "Over") : say(ctx, "Sign-up has closed."));
        return;
    }
    form_begin(ctx,
               arena_print(ctx->arena, "/activities/%lld/%s", (long long)a->record.id,
                           mine ? "leave-shift" : "shift"),
               NULL, false);
    if (!mine)
        activity_questions_draw(ctx, a, s->record.id);
    html(out,
         "<input type=\"hidden\" name=\"shift\" value=\"{}\"><div class=\"acts\"><button "
         "class=\"{}\">{}</button></div>",
         s->record.id, mine ? "" : "primary",
         mine ? say(ctx, "Cancel my place") : say(ctx, "I’ll help"));
    form_end(ctx);
    buf_puts(out, "</li>");
}

static void draw_shifts(struct ctx *ctx, const struct activity *a)
{
    struct buf *out = ctx->web->out;
    struct list l;
    int n = 0;
    list_init(ctx, &l, &shifts_kind);
    sql_release(&l.where); /* who sees the activity also sees its shifts */
    sql_init(&l.where, ctx->arena);
    sql_add(&l.where, " AND activity = {}", a->record.id);
    l.limit = SHIFTS_SHOWN;
    struct rows *r = list_run(ctx, &l);
    struct shift **all = ARENA_ARRAY(ctx->arena, struct shift *, SHIFTS_SHOWN), *s;
    while (n < SHIFTS_SHOWN && (s = list_next(ctx, &shifts_kind, r, ctx->arena)))
        all[n++] = s;
    rows_end(r);
    if (n == 0)
        return;
    html(out, "<section><h2>{}</h2>", say(ctx, "Volunteers are needed"));
    if (ctx->actor.volunteer <= 0) {
        html(
            out, "<p>{} <a href=\"/card?next={}\">{}</a></p></section>",
            say(ctx, "Have a volunteer card?"),
            (struct url_part){arena_print(ctx->arena, "/activities/%lld", (long long)a->record.id)},
            say(ctx, "Use your card to choose a shift"));
        return;
    }
    buf_puts(out, "<ul class=\"stack\">");
    for (int i = 0; i < n; i++)
        draw_shift(ctx, a, all[i]);
    buf_puts(out, "</ul></section>");
}

static bool on_now(const struct ctx *ctx, const struct activity *a)
{
    return !strcmp(a->status, "open") && a->starts - NOW_EARLY <= ctx->now && a->ends >= ctx->now;
}

/* Who is told to call is told whom. */
static void sign_up_closed(struct ctx *ctx, const struct activity *a)
{
    notice(ctx, "warn", "clock",
           say(ctx, "Sign-up has closed. Call the organiser to ask if there is still room."));
    telephone_buttons(ctx, a->community);
}

static void draw_state(struct ctx *ctx, const struct activity *a)
{
    if (!strcmp(a->status, "cancelled"))
        notice(ctx, "error", "circle-x",
               say(ctx, "This activity was cancelled: {}", a->cancelled_why));
    else if (!strcmp(a->status, "held") && a->person_times > 0)
        notice(ctx, "ok", "circle-check",
               say(ctx, "This activity has taken place. Total attendance: {}.", a->person_times));
    else if (!strcmp(a->status, "held") || a->ends < ctx->now)
        notice(ctx, "info", "circle-check", say(ctx, "This activity has ended."));
    else if (a->starts < ctx->now)
        notice(ctx, "info", "clock", say(ctx, "On now. Just come along."));
    else if (!sign_up_open(ctx, a))
        sign_up_closed(ctx, a);
}

static void page(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct activity *a = ctx->web->record;
    const struct organisation *by = a->organisation == NONE
                                        ? NULL
                                        : record_get(ctx, &organisations_kind, a->organisation);
    page_begin(ctx, activity_title(ctx, a), PAGE_RESIDENT | PAGE_MAP);
    trail(ctx, "/activities", say(ctx, "All activities"));
    html(out, "<header class=\"head\"><h1>{}</h1>", activity_title(ctx, a));
    if ((ctx->actor.roles & (ACTIVITY_HOSTS | ROLE_LEADER)) &&
        record_load(ctx, &activities_kind, a->record.id))
        html(out,
             "<div class=\"acts\"><a class=\"button\" href=\"/activities/{}/manage\">{}</a></div>",
             a->record.id, say(ctx, "Manage activity"));
    buf_puts(out, "</header>");
    resident_problems(ctx, a->community);
    if (!activity_now_draw(ctx, a->record.id) && ctx->actor.volunteer > 0 && on_now(ctx, a))
        html(out, "<p><a class=\"button now\" href=\"/in/{}\">{} {}</a></p>", a->record.id,
             icon(ctx, "login"), say(ctx, "Helping here? Check in"));
    own_place_draw(ctx, own_places_load(ctx), a->record.id);
    draw_state(ctx, a);
    draw_facts(ctx, a, by);
    if (a->text)
        html(out, "<p class=\"words\">{}</p>", ctx_pick(ctx, a->text, a->text_en));
    activity_photos_draw(ctx, a, false);
    if (!isnan(a->lat) && !isnan(a->lon))
        html(out,
             "<div class=\"map screen\" data-map-show data-lat=\"{}\" data-lon=\"{}\" role=\"img\" "
             "aria-label=\"{}\" hidden></div>",
             a->lat, a->lon, say(ctx, "{} on the map", activity_title(ctx, a)));
    bool volunteer = ctx->actor.volunteer > 0; /* their shifts come first */
    if (volunteer && places_held(ctx, a))
        draw_shifts(ctx, a);
    if (sign_up_open(ctx, a))
        draw_sign_up(ctx, a);
    if (!volunteer && places_held(ctx, a))
        draw_shifts(ctx, a);
    if (places_held(ctx, a))
        draw_sign_off(ctx, a);
    draw_series(ctx, a);
    html(out, "<p class=\"small screen\"><a href=\"/activities/{}/calendar.ics\">{} {}</a></p>",
         a->record.id, icon(ctx, "calendar-plus"), say(ctx, "Add to my calendar"));
    page_end(ctx);
}

/* ---- signing up ---- */

static void sign_up_prepare(struct ctx *ctx)
{
    const struct activity *a = ctx->web->record;
    struct sign_up *s = record_new(ctx, &sign_ups_kind);
    ctx->work = s;
    s->activity = a->record.id;
    ctx->labels = sign_up_labels;
    const struct person *me = param(ctx, "own") ? volunteer_person(ctx) : NULL;
    field_set(ctx, kind_field(&sign_ups_kind, "name"), s, me ? me->name : param(ctx, "name"));
    field_set(ctx, kind_field(&sign_ups_kind, "phone"), s,
              me && me->phone ? me->phone : param(ctx, "phone"));
    if (!s->name && !ctx_problem_of(ctx, "name"))
        ctx_problem(ctx, "name", say(ctx, "Please enter your name."));
    if (!s->phone && !ctx_problem_of(ctx, "phone"))
        ctx_problem(ctx, "phone",
                    say(ctx, "Please give a phone number so that we can tell you about changes."));
    s->answers = activity_questions_read(ctx, a, NONE);
    if (tries_left(ctx, &tries_signed, NULL) <= 0)
        ctx_problem(ctx, NULL,
                    say(ctx, "Too many sign-ups from your network in the past hour. Please try "
                             "again later or call the organiser."));
}

static void sign_up(struct ctx *ctx)
{
    struct sign_up *s = ctx->work;
    tries_add(ctx, &tries_signed, NULL);
    if (sign_up_file(ctx, s) != OK)
        return;
    const struct pass p = {.request = s->record.id, .joiner = NONE, .code = s->code};
    see_other(ctx, "/activities/{}/place?of={}", s->activity,
              pass_seal(ctx, pass_purpose(ctx, "sign-up"), &p, PLACE_SHOWN));
}

static int64_t before_in_line(struct ctx *ctx, const struct sign_up *s)
{
    return query_int(ctx->db,
                     "SELECT count(*) AS n FROM sign_ups WHERE activity = {} AND shift IS NULL AND "
                     "status = 'waiting' AND id < {}",
                     s->activity, s->record.id);
}

/* Shows the place, for 15 minutes in the browser that signed up. */
static void place(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct activity *a = ctx->web->record;
    struct pass p;
    answer_header(ctx, "Cache-Control", "no-store");
    const struct sign_up *s = pass_open(ctx, pass_purpose(ctx, "sign-up"), query_param(ctx, "of"),
                                        &p) &&
                                      p.code
                                  ? record_get(ctx, &sign_ups_kind, p.request)
                                  : NULL;
    if (!s || s->activity != a->record.id) {
        see_other(ctx, "/activities/{}", a->record.id);
        return;
    }
    bool waiting = !strcmp(s->status, "waiting");
    own_place_keep(ctx, s->record.id);
    page_begin(ctx, say(ctx, "Your place"), PAGE_RESIDENT | PAGE_PRINT);
    html(out, "<article class=\"receipt\"><header>{}<h1>{}</h1></header><dl>", icon(ctx, "linli"),
         waiting ? say(ctx, "You’re on the waiting list") : say(ctx, "Sign-up confirmed"));
    html(out, "<dt>{}</dt><dd><b>{}</b></dd><dt>{}</dt><dd>{}</dd>", say(ctx, "Activity"),
         activity_title(ctx, a), say(ctx, "When"), activity_when(ctx, a->starts, a->ends));
    if (a->place)
        html(out, "<dt>{}</dt><dd>{}</dd>", say(ctx, "Where"),
             ctx_pick(ctx, a->place, a->place_en));
    if (waiting)
        html(out, "<dt>{}</dt><dd>{}</dd>", say(ctx, "Ahead of you"),
             say_n(ctx, before_in_line(ctx, s), "1 person", "{} people", before_in_line(ctx, s)));
    html(out, "<dt>{}</dt><dd class=\"big\">{}</dd></dl><p class=\"small\">{}</p>",
         say(ctx, "Cancellation code"), s->code,
         waiting ? say(ctx, "We will call you as soon as a place becomes available. If you can no "
                            "longer come, please use this code to cancel.")
                 : say(ctx, "If you can’t come, please use this code to cancel so that someone "
                            "else can have your place."));
    telephone_buttons(ctx, a->community);
    html(out, "</article>");
    html(out,
         "<div class=\"acts screen\"><button type=\"button\" data-print hidden>{} {}</button><a "
         "class=\"button\" href=\"/activities/{}/calendar.ics\">{} {}</a>"
         "<a class=\"button\" href=\"/activities/{}\">{}</a></div>",
         icon(ctx, "printer"), say(ctx, "Print"), a->record.id, icon(ctx, "calendar-plus"),
         say(ctx, "Add to my calendar"), a->record.id, say(ctx, "Back to activity"));
    page_end(ctx);
}

static void sign_off(struct ctx *ctx)
{
    const struct activity *a = ctx->web->record;
    const char *code = code_typed(ctx->arena, param(ctx, "code"));
    const struct sign_up *s = code ? record_find(ctx, &sign_ups_kind, "code", code) : NULL;
    if (!s || s->activity != a->record.id) {
        ctx_problem(ctx, "code",
                    say(ctx, "No sign-up for this activity has that code. Codes start with U and "
                             "have nine characters."));
        return;
    }
    if (!strcmp(s->status, "cancelled")) {
        ctx_problem(ctx, "code", say(ctx, "This place has already been cancelled."));
        return;
    }
    if (sign_up_cancel(ctx, s) != OK)
        return;
    flash(ctx, say(ctx, "Your place has been cancelled. Thank you for letting us know."));
    see_other(ctx, "/activities/{}", a->record.id);
}

/* ---- volunteers, with their card ---- */

static void shift_sign_up(struct ctx *ctx)
{
    const struct activity *a = ctx->web->record;
    struct sign_up *s = record_new(ctx, &sign_ups_kind);
    s->activity = a->record.id;
    s->shift = param_int(ctx, "shift");
    s->volunteer = ctx->actor.volunteer > 0 ? ctx->actor.volunteer : NONE;
    if (s->volunteer == NONE) {
        ctx_fail(ctx, CONFLICT, say(ctx, "Please show your volunteer card first."));
        return;
    }
    s->name = volunteer_name(ctx, s->volunteer);
    s->answers = activity_questions_read(ctx, a, s->shift);
    if (!ctx_ok(ctx) || sign_up_file(ctx, s) != OK)
        return;
    flash(ctx, !strcmp(s->status, "waiting") ? say(ctx, "You’re on the waiting list.")
                                             : say(ctx, "Thank you, you’re signed up."));
    see_next(ctx, arena_print(ctx->arena, "/activities/%lld", (long long)a->record.id));
}

static void shift_leave(struct ctx *ctx)
{
    const struct activity *a = ctx->web->record;
    int64_t id = query_int(ctx->db,
                           "SELECT id FROM sign_ups WHERE activity = {} AND shift = {} AND "
                           "volunteer = {} AND status <> 'cancelled'",
                           a->record.id, (struct maybe){param_int(ctx, "shift")},
                           ctx->actor.volunteer);
    const struct sign_up *s = id == NONE ? NULL : record_get(ctx, &sign_ups_kind, id);
    if (!s) {
        ctx_fail(ctx, CONFLICT, say(ctx, "This place has already been cancelled."));
        return;
    }
    if (sign_up_cancel(ctx, s) != OK)
        return;
    flash(ctx, say(ctx, "Your place has been cancelled. Thank you for letting us know."));
    see_other(ctx, "/activities/{}", a->record.id);
}

static const struct route table[] = {
    ROUTE_GET("/activities/{id}", ROLE_PUBLIC, page, .record = &open_activities_kind),
    ROUTE_POST("/activities/{id}/sign-up", ROLE_PUBLIC, sign_up, .prepare = sign_up_prepare,
               .failed = page, .record = &open_activities_kind, .flags = NO_CSRF),
    ROUTE_GET("/activities/{id}/place", ROLE_PUBLIC, place, .record = &open_activities_kind),
    ROUTE_POST("/activities/{id}/sign-off", ROLE_PUBLIC, sign_off, .failed = page,
               .record = &open_activities_kind, .flags = NO_CSRF | LOGIN_LIMIT),
    ROUTE_POST("/activities/{id}/shift", ROLE_VOLUNTEER, shift_sign_up, .failed = page,
               .record = &open_activities_kind),
    ROUTE_POST("/activities/{id}/leave-shift", ROLE_VOLUNTEER, shift_leave, .failed = page,
               .record = &open_activities_kind),
};

const struct module activity_page_module = {.name = "activity_page", .routes = ROUTES(table)};
