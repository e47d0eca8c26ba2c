/*
 * On-site check-in for the activity's leader: a QR whose code changes every
 * minute, who is present, one-tap check-in and check-out for those without a
 * phone, a scanner that types, and "check everyone out" at the end. A counter
 * for residents served has very large buttons. With JavaScript both work
 * offline: the page holds the codes of the next hours, and taps are stored on
 * the device.
 */
#include "app/activities/activity_pages.h"

#include "core/module.h"
#include "core/offline.h"
#include "app/registers/registers.h"
#include "core/qr.h"
#include "app/volunteers/volunteers.h"
#include "base/when.h"
#include "web/fields.h"

#include <stdlib.h>
#include <string.h>

#define CODES_MINUTES 480  /* codes in a page, so that the QR keeps changing offline */
#define OUT_MOST      1000 /* checked out at once; the page says who is left */

static const char *path_of(struct ctx *ctx, const struct activity *a, const char *what)
{
    return arena_print(ctx->arena, "/activities/%lld/%s", (long long)a->record.id, what);
}

static void activity_trail(struct ctx *ctx, const struct activity *a)
{
    trail(ctx, arena_print(ctx->arena, "/activities/%lld/manage", (long long)a->record.id),
          activity_title(ctx, a));
}

/* ---- the code ---- */

static void draw_code(struct ctx *ctx, const struct activity *a)
{
    struct buf *out = ctx->web->out;
    int64_t minute = ctx->now / 60;
    const char *code = entrance_code(ctx, a, ctx->now);
    buf_puts(out, "<div class=\"door-code\">");
    if (code) {
        qr_draw(ctx,
                site_url(ctx, arena_print(ctx->arena, "/in/%lld?c=%s-%lld", (long long)a->record.id,
                                          code, (long long)minute)),
                say(ctx, "Check-in QR code"));
        html(out, "<p class=\"code\"><b>{}</b> <span class=\"soft\" data-shown>{}</span></p>",
             arena_print(ctx->arena, "%.3s %s", code, code + 3),
             say(ctx, "shown at {}", clock_show(ctx, ctx->now)));
    } else {
        html(
            out, "<p>{}</p>",
            say(ctx,
                "This activity was imported and has no door code. Check people in by name below."));
    }
    buf_puts(out, "</div>");
}

/* The codes of the next hours for the script, without a gap, from that minute on. */
static const char *codes_ahead(struct ctx *ctx, const struct activity *a)
{
    char *all = arena_alloc(ctx->arena, CODES_MINUTES * 6 + 1);
    for (int i = 0; i < CODES_MINUTES; i++)
        memcpy(all + 6 * i, entrance_code(ctx, a, ctx->now + 60 * i), 6);
    return all;
}

/* ---- times put right ---- */

static struct attendance *to_fix(struct ctx *ctx, const struct activity *a, int64_t id)
{
    struct attendance *t = id == NONE ? NULL : record_get(ctx, &attendances_kind, id);
    return t && t->activity == a->record.id ? t : NULL;
}

/* Finds a person who was recorded as gone and never as arrived; NULL. */
static struct attendance *to_add(struct ctx *ctx, const struct activity *a, int64_t volunteer)
{
    int64_t went =
        volunteer == NONE
            ? NONE
            : query_int(ctx->db,
                        "SELECT max(at) AS at FROM marks WHERE activity = {} AND volunteer = {} "
                        "AND NOT EXISTS"
                        " (SELECT 1 FROM attendances t WHERE t.activity = {} AND t.volunteer = {})",
                        a->record.id, volunteer, a->record.id, volunteer);
    if (went == NONE)
        return NULL;
    struct attendance *t = record_new(ctx, &attendances_kind);
    t->activity = a->record.id;
    t->volunteer = volunteer;
    t->went = went;
    return t;
}

static void draw_fix(struct ctx *ctx, const struct activity *a)
{
    struct buf *out = ctx->web->out;
    bool missing = param_int(ctx, "missing") != NONE;
    const struct attendance *t = missing ? to_add(ctx, a, param_int(ctx, "missing"))
                                         : to_fix(ctx, a, param_int(ctx, "fix"));
    if (!t)
        return;
    html(out, "<section class=\"card\" id=\"fix\"><h2>{}</h2><p class=\"soft\">{}</p>",
         say(ctx, "Correction: {}", volunteer_name(ctx, t->volunteer)),
         missing ? say(ctx, "Checked out without checking in. Ask what time they arrived.")
         : t->recorder_name ? say(ctx, "Recorded and certified by {}.", t->recorder_name)
                            : say(ctx, "Recorded on the volunteer’s own phone."));
    form_begin(ctx, path_of(ctx, a, "fix"), NULL, false);
    html(out,
         "<input type=\"hidden\" name=\"{}\" value=\"{}\"><input type=\"hidden\" name=\"version\" "
         "value=\"{}\"><div class=\"pair\">"
         "<div class=\"field\"><label for=\"f-came\">{}</label><input id=\"f-came\" "
         "type=\"datetime-local\" name=\"came\" value=\"{}\"></div>"
         "<div class=\"field\"><label for=\"f-went\">{}</label><input id=\"f-went\" "
         "type=\"datetime-local\" name=\"went\" value=\"{}\"></div></div>",
         missing ? "missing" : "fix", missing ? t->volunteer : t->record.id,
         missing ? 0 : t->record.version, say(ctx, "Arrived at"),
         param(ctx, "came") ? param(ctx, "came") : local_time(ctx, t->came), say(ctx, "Left at"),
         param(ctx, "went") ? param(ctx, "went") : local_time(ctx, t->went));
    if (!missing)
        html(
            out,
            "<label class=\"check\"><input type=\"checkbox\" name=\"void\" value=\"1\"> {}</label>",
            say(ctx, "Don’t count this attendance"));
    html(out,
         "<div class=\"field\"><label for=\"f-why\">{}</label><input id=\"f-why\" name=\"why\" "
         "maxlength=\"200\" value=\"{}\"></div>"
         "<div class=\"acts\"><button class=\"primary\">{}</button></div>",
         say(ctx, "Reason (visible to the volunteer)"), param(ctx, "why"), say(ctx, "Save"));
    form_end(ctx);
    buf_puts(out, "</section>");
}

static void fix(struct ctx *ctx)
{
    const struct activity *a = ctx->web->record;
    bool missing = param_int(ctx, "missing") != NONE;
    struct attendance *t = missing ? to_add(ctx, a, param_int(ctx, "missing"))
                                   : to_fix(ctx, a, param_int(ctx, "fix"));
    int64_t came = NONE, went = NONE;
    if (!t || (!missing && t->record.version != param_int(ctx, "version"))) {
        ctx_fail(ctx, CONFLICT,
                 say(ctx, "Someone else has just changed this. Check the latest version before you "
                          "edit it."));
        return;
    }
    if (param(ctx, "came") && *param(ctx, "came") && !when_parse(param(ctx, "came"), &came, NULL))
        ctx_problem(ctx, "came", say(ctx, "Enter a date and time."));
    if (param(ctx, "went") && *param(ctx, "went") && !when_parse(param(ctx, "went"), &went, NULL))
        ctx_problem(ctx, "went", say(ctx, "Enter a date and time."));
    if (!ctx_ok(ctx) ||
        (missing ? attendance_add(ctx, t, came, went, param(ctx, "why"))
                 : attendance_correct(ctx, t, came, went, param(ctx, "void") != NULL,
                                      param(ctx, "why"))) != OK)
        return;
    flash(ctx, say(ctx, "Saved."));
    see_other(ctx, "/activities/{}/door", a->record.id);
}

/* ---- the page ---- */

/* With JavaScript the two buttons go: whoever is meant is tapped in the list. */
static void draw_entry(struct ctx *ctx, const struct activity *a)
{
    struct buf *out = ctx->web->out;
    const char *typed = param(ctx, "who") ? param(ctx, "who") : query_param(ctx, "q");
    form_begin(ctx, path_of(ctx, a, "door"), NULL, false);
    html(out,
         "<div class=\"field\"><label for=\"f-who\">{}</label><div class=\"find-line\"><input "
         "id=\"f-who\" name=\"who\" type=\"search\" autocomplete=\"off\" autocapitalize=\"off\" "
         "enterkeyhint=\"go\" data-wedge value=\"{}\"><button type=\"button\" data-scan hidden>{} "
         "{}</button></div><p class=\"hint\">{}</p></div><button class=\"sr\" name=\"go\" "
         "value=\"auto\" tabindex=\"-1\" aria-hidden=\"true\"></button><div class=\"acts big\" "
         "data-plain><button class=\"primary\" name=\"go\" value=\"in\">{}</button><button "
         "name=\"go\" value=\"out\">{}</button></div><video data-video playsinline muted "
         "hidden></video>",
         say(ctx, "Name, pinyin, number or end of phone"), ctx_ok(ctx) ? NULL : typed,
         icon(ctx, "camera"), say(ctx, "Scan cards"),
         say(ctx, "Barcode scanners fill this in automatically. Press Enter to check people in, or "
                  "out if they are already here."),
         say(ctx, "Check in"), say(ctx, "Check out"));
    form_end(ctx);
}

static void draw_says(struct ctx *ctx)
{
    const char *const says[][2] = {
        {"kept", say(ctx, "Saved on this device, waiting to send: {}", "{}")},
        {"sent", say(ctx, "Everything has been sent.")},
        {"offline", say(ctx, "No connection. What you tap is saved on this device and sent when "
                             "you are back online.")},
        {"clock",
         say(ctx, "This device’s clock is {} minutes out. Check-in times will still be correct.",
             "{}")},
        {"again", say(ctx, "Could not be sent: {}", "{}")},
        {"discard", say(ctx, "Remove from this list")},
        {"in", say(ctx, "Saved on this device: checked in at {}", "{}")},
        {"out", say(ctx, "Saved on this device: checked out at {}", "{}")},
        {"login", say(ctx, "You have been signed out. Sign in again; what you tapped is saved.")},
        {"camera", say(ctx, "Camera not available. Enter the volunteer’s number or name "
                            "instead.")},
        {"point", say(ctx, "Hold volunteer cards up to the camera one at a time.")},
        {"foreign", say(ctx, "This is not a volunteer card QR code.")},
        {"shown", say(ctx, "shown at {}", "{}")},
        {"do-in", say(ctx, "Check in")},
        {"do-out", say(ctx, "Check out")},
        {"none",
         say(ctx, "Nobody found for “{}”. Scan the card, or register a new volunteer.", "{}")},
        {"several", say(ctx, "{} people match. Tap the one you mean.", "{}")},
        {"pick", say(ctx, "Find the person")},
        {"stale", say(ctx, "This page has run out of codes. Reload it when you are online.")}};
    buf_puts(ctx->web->out, "<template data-says>");
    for (size_t i = 0; i < sizeof says / sizeof *says; i++)
        html(ctx->web->out, "<b data-say=\"{}\">{}</b>", says[i][0], says[i][1]);
    buf_puts(ctx->web->out, "</template>");
}

/* Two views: the list comes first on a phone, and wide windows show both. Links, so that they
 * work without network and without JavaScript. */
static void draw_tabs(struct ctx *ctx)
{
    html(ctx->web->out,
         "<nav class=\"tabs\" aria-label=\"{}\"><a href=\"#door-list\">{}</a><a "
         "href=\"#door-code\">{}</a></nav>",
         say(ctx, "On-site check-in"), say(ctx, "List of people"), say(ctx, "QR code"));
}

static void entrance_page(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct activity *a = ctx->web->record;
    keep_offline(ctx, a);
    page_begin(ctx, say(ctx, "On-site check-in"), PAGE_STAFF);
    activity_trail(ctx, a);
    html(
        out,
        "<header class=\"head door-head\"><h1>{}</h1><p class=\"lead\">{}</p><div "
        "class=\"acts\"><a class=\"button\" href=\"/activities/{}/count\">{} {}</a></div></header>",
        say(ctx, "On-site check-in: {}", activity_title(ctx, a)),
        activity_when(ctx, a->starts, a->ends), a->record.id, icon(ctx, "users"),
        say(ctx, "Count residents"));
    form_problems(ctx);
    html(out,
         "<div class=\"door\" data-marks=\"door\" data-activity=\"{}\" data-now=\"{}\" "
         "data-codes=\"{}\" data-url=\"{}\">",
         a->record.id, ctx->now, a->entrance_secret ? codes_ahead(ctx, a) : "",
         site_url(ctx, arena_print(ctx->arena, "/in/%lld?c=", (long long)a->record.id)));
    draw_says(ctx);
    draw_tabs(ctx);
    buf_puts(out, "<div class=\"door-top\">");
    draw_entry(ctx, a);
    buf_puts(out,
             "<div class=\"notice warn\" data-tell role=\"status\" hidden><div></div></div></div>"
             "<div id=\"door-list\"><ul class=\"kept-marks\" data-kept></ul>");
    draw_fix(ctx, a);
    entrance_found_draw(ctx, a, ctx_ok(ctx) ? query_param(ctx, "q") : param(ctx, "who"));
    entrance_people_draw(ctx, a);
    html(out,
         "<p class=\"live\" data-live-state></p><p class=\"screen\"><a "
         "href=\"/volunteers/new\">{}</a></p></div><div id=\"door-code\">",
         say(ctx, "New person: register as a volunteer"));
    draw_code(ctx, a);
    buf_puts(out, "</div></div>");
    page_end(ctx);
}

static void live(struct ctx *ctx)
{
    (void)ctx; /* the gate has checked access */
}

/* ---- one tap ---- */

static void tap(struct ctx *ctx)
{
    const struct activity *a = ctx->web->record;
    const char *one = param(ctx, "one"), *go = param(ctx, "go"),
               *colon = one ? strchr(one, ':') : NULL, *how, *why;
    struct volunteer *v = volunteer_typed(ctx, a->record.id, colon ? colon + 1 : param(ctx, "who"),
                                          &how, &why);
    if (!v) {
        const char *who = param(ctx, "who");
        ctx_problem(ctx, "who",
                    !colon && entrance_finds(ctx, a, who) ? say(ctx, "Choose the person below.")
                                                          : why);
        return;
    }
    bool out = colon ? !strncmp(one, "out", 3)
               : go && strcmp(go, "auto") != 0
                   ? !strcmp(go, "out")
                   : scan_means_out(ctx, a->record.id, v->record.id, ctx->now);
    struct mark m = {.code = offline_key_valid(ctx->key) ? ctx->key : record_code(ctx, "M"),
                     .activity = a->record.id,
                     .shift = NONE,
                     .offer = NONE,
                     .volunteer = v->record.id,
                     .out = out,
                     .at = NONE,
                     .ahead = NONE,
                     .how = how};
    enum mark_result result;
    if (attendance_mark(ctx, &m, &result) != OK)
        return;
    flash(ctx, say(ctx, "{}: {}", volunteer_name(ctx, v->record.id), mark_said(ctx, &m, result)));
    see_other(ctx, "/activities/{}/door", a->record.id);
}

static void all_out(struct ctx *ctx)
{
    const struct activity *a = ctx->web->record;
    int done = 0;
    int64_t at = ctx->now > a->ends && ctx->now < a->ends + WHEN_HOUR ? ctx->now
                 : ctx->now > a->ends                                 ? a->ends
                                                                      : ctx->now;
    for (int64_t last = 0, id;
         done < OUT_MOST && ctx_ok(ctx) &&
         (id = query_int(ctx->db,
                         "SELECT min(id) AS id FROM attendances WHERE activity = {} AND status = "
                         "'good' AND went IS NULL AND id > {}",
                         a->record.id, last)) != NONE;
         last = id) {
        const struct attendance *t = record_get(ctx, &attendances_kind, id);
        if (!t) {
            record_gone(ctx);
            return;
        }
        struct mark m = {.code = arena_print(ctx->arena, "all-out-%lld", (long long)id),
                         .activity = a->record.id,
                         .shift = NONE,
                         .offer = NONE,
                         .volunteer = t->volunteer,
                         .out = true,
                         .at = at > t->came ? at : ctx->now,
                         .ahead = 0,
                         .how = "leader"};
        enum mark_result result;
        if (attendance_mark(ctx, &m, &result) == OK)
            done++;
    }
    int64_t left = done < OUT_MOST ? 0
                                   : query_int(ctx->db,
                                               "SELECT count(*) AS n FROM attendances WHERE "
                                               "activity = {} AND status = 'good' AND went IS NULL",
                                               a->record.id);
    flash(ctx, left > 0 ? say(ctx, "{} checked out, {} are still here. Check everyone out again.",
                              done, left)
                        : say_n(ctx, done, "1 checked out.", "{} checked out.", done));
    see_other(ctx, "/activities/{}/door", a->record.id);
}

/* ---- the counter ---- */

static void draw_total(struct ctx *ctx, const struct activity *a)
{
    if (!fragment_begin(ctx, "total"))
        return;
    html(
        ctx->web->out,
        "<p id=\"total\" class=\"total\" data-live=\"{}\"><b data-total>{}</b> <span>{}</span></p>",
        path_of(ctx, a, "count-live"), a->person_times,
        say(ctx, "attendances: anyone who comes twice counts twice"));
    fragment_end(ctx);
}

static bool may_count(struct ctx *ctx, const struct activity *a)
{
    if ((ctx->actor.roles & ACTIVITY_HOSTS) && record_load(ctx, &activities_kind, a->record.id))
        return true;
    return ctx->actor.volunteer > 0 && query_int(ctx->db,
                                                 "SELECT id FROM attendances WHERE activity = {} "
                                                 "AND volunteer = {} AND status = 'good'",
                                                 a->record.id, ctx->actor.volunteer) != NONE;
}

static void count_page(struct ctx *ctx)
{
    static const int steps[] = {1, 5, -1};
    struct buf *out = ctx->web->out;
    const struct activity *a = ctx->web->record;
    bool staff = ctx->actor.roles & ACTIVITY_HOSTS;
    if (!may_count(ctx, a)) {
        ctx_fail(ctx, FORBIDDEN,
                 say(ctx, "To count attendance, you must be an organiser or be checked in."));
        return;
    }
    keep_offline(ctx, a);
    page_begin(ctx, say(ctx, "Count residents"), staff ? PAGE_STAFF : PAGE_RESIDENT);
    if (staff)
        activity_trail(ctx, a);
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>",
         say(ctx, "Residents served: {}", activity_title(ctx, a)),
         activity_when(ctx, a->starts, a->ends));
    form_problems(ctx);
    html(out, "<div class=\"counter\" data-marks=\"count\" data-activity=\"{}\" data-now=\"{}\">",
         a->record.id, ctx->now);
    draw_says(ctx);
    draw_total(ctx, a);
    form_begin(ctx, path_of(ctx, a, "count"), NULL, false);
    buf_puts(out, "<div class=\"count-buttons\">");
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        html(out, "<button name=\"n\" value=\"{}\" class=\"{}\" data-count=\"{}\">{}</button>",
             steps[i], steps[i] > 0 ? "primary" : "", steps[i],
             steps[i] > 0 ? arena_print(ctx->arena, "+%d", steps[i]) : say(ctx, "Subtract one"));
    buf_puts(out, "</div>");
    form_end(ctx);
    buf_puts(out, "<div class=\"notice warn\" data-tell role=\"status\" "
                  "hidden><div></div></div><ul class=\"kept-marks\" data-kept></ul></div>");
    page_end(ctx);
}

static void count_add_one(struct ctx *ctx)
{
    const struct activity *a = record_get(ctx, &activities_kind,
                                          ctx->web->id); /* the sum is as of the writer thread */
    int64_t n = param_int(ctx, "n");
    if (!a) {
        record_gone(ctx);
        return;
    }
    if (!may_count(ctx, a))
        ctx_fail(ctx, FORBIDDEN,
                 say(ctx, "To count attendance, you must be an organiser or be checked in."));
    else if (!strcmp(a->status, "cancelled"))
        ctx_fail(ctx, CONFLICT, say(ctx, "This activity was cancelled."));
    else if (count_add(ctx, a, offline_key_valid(ctx->key) ? ctx->key : record_code(ctx, "C"),
                       n == NONE ? 0 : n, NONE) == OK)
        see_other(ctx, "/activities/{}/count", a->record.id);
}

static const struct route table[] = {
    ROUTE_GET("/activities/{id}/door", ACTIVITY_HOSTS, entrance_page, .record = &activities_kind),
    ROUTE_POST("/activities/{id}/door", ACTIVITY_HOSTS, tap, .failed = entrance_page,
               .record = &activities_kind),
    ROUTE_GET("/activities/{id}/door-live", ACTIVITY_HOSTS, live, .record = &activities_kind,
              .flags = LIVE),
    ROUTE_POST("/activities/{id}/all-out", ACTIVITY_HOSTS, all_out, .failed = entrance_page,
               .record = &activities_kind),
    ROUTE_POST("/activities/{id}/fix", ACTIVITY_HOSTS, fix, .failed = entrance_page,
               .record = &activities_kind),
    ROUTE_GET("/activities/{id}/count", ACTIVITY_HOSTS | ROLE_VOLUNTEER, count_page,
              .record = &open_activities_kind),
    ROUTE_POST("/activities/{id}/count", ACTIVITY_HOSTS | ROLE_VOLUNTEER, count_add_one,
               .failed = count_page, .record = &open_activities_kind),
    ROUTE_GET("/activities/{id}/count-live", ACTIVITY_HOSTS | ROLE_VOLUNTEER, live,
              .record = &open_activities_kind, .flags = LIVE),
};

const struct module entrance_module = {.name = "entrance", .routes = ROUTES(table)};
