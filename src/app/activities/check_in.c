/*
 * Checking in and out with one's own phone, and the address to which phones
 * send what they kept: /in/{activity} and POST /api/attendance.
 *
 * The QR at an entrance holds the address of /in with a code and the minute in which
 * it was shown. Code and minute belong together (a keyed hash of the activity's
 * own secret), so a code that somebody made up is told from one that is old, and
 * a phone whose clock is wrong or not known can still be believed: it was there
 * in that minute. A phone without network keeps its marks and sends them later,
 * each with a key of its own: in any order, any number of times, counted once.
 *
 * Who may: with an entrance's code the volunteer whose card the phone shows; without
 * one those who lead the activity.
 */
#include "app/activities/activity_pages.h"

#include "core/module.h"
#include "core/offline.h"
#include "app/registers/registers.h"
#include "core/tries.h"
#include "app/volunteers/volunteers.h"
#include "base/code.h"
#include "base/text.h"
#include "base/when.h"
#include "kind/import.h"
#include "kind/json.h"
#include "web/web.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#define CODE_MINUTES 10              /* minutes for which a shown code is valid */
#define KEEP_MOST    (2 * WHEN_DAY)  /* how long a phone keeps a page of the entrance, */
#define KEEP_AFTER   (6 * WHEN_HOUR) /* and how long after the activity at most */
#define SCAN_TWICE   60 /* seconds within which reading a card again counts as one reading */

static const struct tries_rule tries_code = {"door code", 30,
                                             WHEN_HOUR}; /* wrong codes of one volunteer */
static const struct tries_rule tries_shown = {
    "card with a mark", 300,
    6 * WHEN_HOUR}; /* unknown cards from one address; a device may keep marks of an old card */

/* ---- who ---- */

const char *volunteer_name(struct ctx *ctx, int64_t volunteer)
{
    struct rows *r = query(ctx->db,
                           "SELECT p.name, v.number FROM volunteers v LEFT JOIN people p ON p.id = "
                           "v.person WHERE v.id = {}",
                           volunteer);
    const char *name = NULL;
    if (rows_next(r))
        name = row_text(r, "name") ? row_copy(r, ctx->arena, "name")
                                   : row_copy(r, ctx->arena, "number");
    rows_end(r);
    return name ? name : say(ctx, "A volunteer");
}

static struct volunteer *by_name(struct ctx *ctx, const char *name, const char **why)
{
    struct list l;
    list_init(ctx, &l, &volunteers_kind);
    sql_add(&l.where,
            " AND status <> 'left' AND person IN (SELECT p.id FROM people p WHERE p.name = {})",
            name);
    l.limit = 2;
    struct rows *r = list_run(ctx, &l);
    struct volunteer *first = list_next(ctx, &volunteers_kind, r, ctx->arena);
    bool several = first && list_next(ctx, &volunteers_kind, r, ctx->arena);
    rows_end(r);
    if (several)
        *why = say(ctx, "Several people are called {}: choose the person from the list.", name);
    return several ? NULL : first;
}

/* Numbers are assigned in order. So a number alone identifies only volunteers in the reader's
 * scope or signed up for this activity; a card code identifies anyone. */
static bool number_known_here(struct ctx *ctx, int64_t activity, int64_t volunteer)
{
    return record_reached(ctx, &volunteers_kind, volunteer) ||
           query_int(ctx->db,
                     "SELECT min(id) AS id FROM sign_ups WHERE activity = {} AND volunteer = {} "
                     "AND status <> 'cancelled'",
                     activity, volunteer) != NONE;
}

struct volunteer *volunteer_typed(struct ctx *ctx, int64_t activity, const char *typed,
                                  const char **how, const char **why)
{
    const char *text = text_tidy(ctx->arena, typed), *mark = text ? strrchr(text, '#') : NULL;
    *how = mark ? "scanner" : "leader";
    *why = NULL;
    if (!text || !*text) {
        *why = say(ctx, "Scan a card or enter a volunteer number.");
        return NULL;
    }
    struct volunteer *v = volunteer_by_code(ctx, mark ? mark + 1 : text);
    if (v) {
        *how = "scanner";
        return v;
    }
    char *number = arena_copy(ctx->arena, text);
    for (char *c = number; *c; c++)
        *c = *c >= 'a' && *c <= 'z' ? (char)(*c - 32) : *c;
    v = record_find(ctx, &volunteers_kind, "number", number);
    if (v && !number_known_here(ctx, activity, v->record.id)) {
        *why = say(ctx, "No volunteer in your area has this number. Scan the volunteer’s card.");
        return NULL;
    }
    if (!v)
        v = by_name(ctx, text, why);
    if (v && !strcmp(v->status, "left")) {
        *why = say(ctx, "This volunteer has left. Ask the team leader.");
        return NULL;
    }
    if (!v && !*why)
        *why = mark ? say(ctx, "This card is not recognised or has been replaced by a newer one.")
                    : say(ctx, "No volunteer here has the number, card code or name “{}”.",
                          text_cut(ctx->arena, text, 40));
    return v;
}

/* ---- the entrance's code ---- */

/* "123456-29405321": code and minute, as in the QR; minute NONE if six digits were typed. */
struct shown {
    const char *code;
    int64_t minute;
};

static struct shown shown_parse(struct ctx *ctx, const char *text)
{
    struct shown s = {NULL, NONE};
    const char *tidy = text_half_width(ctx->arena, text_tidy(ctx->arena, text ? text : ""));
    if (strlen(tidy) < 6 || strspn(tidy, "0123456789") < 6)
        return s;
    s.code = arena_copyn(ctx->arena, tidy, 6);
    if (tidy[6] == '-' && strlen(tidy) < 24)
        s.minute = strtoll(tidy + 7, NULL, 10);
    return s;
}

/* NULL if the code is valid at that time, otherwise what is wrong with it. May set at to the
 * minute that the code proves, if the phone's clock can't be right. */
static const char *code_wrong(struct ctx *ctx, const struct activity *a, const struct shown *s,
                              struct mark *m)
{
    bool known = m->at == NONE || m->ahead != NONE;
    int64_t at = offline_believed(ctx, m->at, m->ahead);
    if (!s->code)
        return say(ctx, "Enter the six-digit code next to the QR code at the door.");
    if (s->minute == NONE)
        return entrance_code_fits(ctx, a, s->code, at)
                   ? NULL
                   : say(ctx, "That code is out of date. It changes every minute.");
    if (s->minute < 0 || s->minute > ctx->now / 60 + 5 ||
        !entrance_code_is(ctx, a, s->code, s->minute * 60))
        return say(ctx, "This QR code is for a different activity. Scan the one at the door.");
    if (known && at >= s->minute * 60 - 60 && at <= (s->minute + CODE_MINUTES) * 60)
        return NULL;
    if (known && at > (s->minute + CODE_MINUTES) * 60 && at <= ctx->now + 120)
        return say(ctx,
                   "This QR code was shown at {} and has expired. Scan the one at the door now.",
                   clock_show(ctx, s->minute * 60));
    m->clock_wrong = true;
    m->at = s->minute * 60;
    m->ahead = 0;
    return NULL;
}

/* ---- in words ---- */

/* The volunteer's latest attendance here. */
static bool standing(struct ctx *ctx, const struct mark *m, int64_t *came, int64_t *went)
{
    struct rows *r = query(ctx->db,
                           "SELECT came, went FROM attendances WHERE activity = {} AND volunteer = "
                           "{} AND status = 'good' ORDER BY came DESC LIMIT 1",
                           m->activity, m->volunteer);
    bool there = rows_next(r);
    *came = there ? row_int(r, "came") : NONE;
    *went = there ? row_int(r, "went") : NONE;
    rows_end(r);
    return there;
}

const char *mark_said(struct ctx *ctx, const struct mark *m, enum mark_result result)
{
    int64_t came, went;
    bool there = standing(ctx, m, &came, &went);
    if (result == MARK_NOT_IN || !there)
        return say(ctx, "Recorded, but there was no check-in. The team leader will check this.");
    const char *clock = result == MARK_CLOCK
                            ? say(ctx, " Your phone’s clock is wrong, so we used a different "
                                       "time; "
                                       "tell the leader if it is not right.")
                            : "";
    if (m->out && went != NONE)
        return say(ctx, "Checked out at {}, after {}.{}", clock_show(ctx, went),
                   hours_text(ctx, went - came), clock);
    if (result == MARK_ALREADY)
        return m->out ? say(ctx, "Already checked out.")
                      : say(ctx, "Already checked in at {}.", clock_show(ctx, came));
    return say(ctx, "Checked in at {}.{}", clock_show(ctx, came), clock);
}

/* ---- one mark, for page and devices ---- */

static const char *const result_words[] = {NULL, NULL, "already", "not_in", "clock"};

static bool mark_take(struct ctx *ctx, const struct mark *m, struct offline_answer *o)
{
    enum mark_result result;
    int64_t device = ctx->device_time;
    ctx->device_time = m->at;
    enum status s = attendance_mark(ctx, m, &result);
    ctx->device_time = device;
    if (s != OK)
        return false;
    bool again = result == MARK_AGAIN;
    *o = (struct offline_answer){again ? OFFLINE_DUPLICATE : OFFLINE_ACCEPTED, again ? 200 : 201,
                                 result_words[result], mark_said(ctx, m, result)};
    return true;
}

/* Returns whether the entrance showed the code. Counts wrong ones and stores in m->how how it
 * was given. */
static bool code_check(struct ctx *ctx, const struct activity *a, const char *shown, struct mark *m,
                       struct offline_answer *o)
{
    struct shown s = shown_parse(ctx, shown);
    const char *who = arena_print(ctx->arena, "%lld", (long long)m->volunteer);
    m->how = s.minute == NONE ? "code" : "qr";
    if (query_int(ctx->db, "SELECT id FROM marks WHERE code = {}", m->code) != NONE)
        return true; /* it was valid when it first came */
    if (tries_left(ctx, &tries_code, who) <= 0)
        return offline_refuse(
            o, 409,
            say(ctx, "Too many incorrect codes. Ask the team leader at the door to check you in."));
    const char *wrong = code_wrong(ctx, a, &s, m);
    if (!wrong)
        return true;
    tries_add(ctx, &tries_code, who);
    return offline_refuse(o, 403, wrong);
}

/* ---- pages without network ---- */

void keep_offline(struct ctx *ctx, const struct activity *a)
{
    int64_t most = ctx->now + KEEP_MOST, until = a->ends + KEEP_AFTER;
    answer_header(ctx, "Linli-Keep",
                  arena_print(ctx->arena, "%lld", (long long)(until < most ? until : most)));
}

/* ---- the address for devices ---- */

static bool leads(struct ctx *ctx, int64_t activity)
{
    return (ctx->actor.roles & ACTIVITY_HOSTS) && record_load(ctx, &activities_kind, activity);
}

bool scan_means_out(struct ctx *ctx, int64_t activity, int64_t volunteer, int64_t at)
{
    int64_t came, went;
    struct mark m = {.activity = activity, .volunteer = volunteer};
    if (!standing(ctx, &m, &came, &went) ||
        (went == NONE && attendance_forgotten(ctx, activity, came, at, false)))
        return false;
    bool inside = went == NONE, just = at - (inside ? came : went) < SCAN_TWICE &&
                                       at >= (inside ? came : went) - SCAN_TWICE;
    return inside != just;
}

/* Sent by a leader of the activity, for a scanned card or a typed name. */
static bool check_for_another(struct ctx *ctx, const struct offline_sent *e, const char *who,
                              struct mark *m, struct offline_answer *o)
{
    const char *why = NULL;
    const cJSON *out = cJSON_GetObjectItemCaseSensitive(e->body, "out");
    if (!leads(ctx, m->activity))
        return offline_refuse(
            o, ctx->actor.user == NONE ? 401 : 403,
            say(ctx, "Only this activity’s organisers can check others in. Please sign in."));
    struct volunteer *v = volunteer_typed(ctx, m->activity, who, &m->how, &why);
    if (!v)
        return offline_refuse(o, 422, why);
    m->volunteer = v->record.id;
    if (!cJSON_IsBool(out))
        m->out = scan_means_out(ctx, m->activity, m->volunteer,
                                offline_believed(ctx, m->at, m->ahead));
    return true;
}

/* Sent by the volunteer whose card the phone shows, with the code from the entrance. */
static bool check_oneself(struct ctx *ctx, const struct offline_sent *e, const struct activity *a,
                          struct mark *m, struct offline_answer *o)
{
    const char *shown = offline_text(e->body, "card");
    const struct volunteer *card = shown ? volunteer_by_code(ctx, shown) : NULL;
    if (shown && !card && tries_left(ctx, &tries_shown, NULL) <= 0)
        return offline_refuse(o, 429,
                              say(ctx, "Too many incorrect codes from your network. Please try "
                                       "again in a few hours, or ask your team leader."));
    if (shown && !card)
        tries_add(ctx, &tries_shown, NULL);
    m->volunteer = card                                 ? card->record.id
                   : ctx->actor.volunteer > 0 && !shown ? ctx->actor.volunteer
                                                        : NONE;
    if (m->volunteer == NONE)
        return offline_refuse(
            o, 401,
            shown
                ? say(ctx, "This card code is not recognised or has been replaced by a newer card.")
                : say(ctx, "Please show your volunteer card first."));
    return code_check(ctx, a, offline_text(e->body, "code"), m, o);
}

static bool mark_check(struct ctx *ctx, struct offline_sent *e, struct offline_answer *o)
{
    const char *who = offline_text(e->body, "who");
    struct mark *m = arena_alloc(ctx->arena, sizeof *m);
    *m = (struct mark){.code = e->key,
                       .activity = offline_number(e->body, "activity"),
                       .shift = NONE,
                       .offer = NONE,
                       .volunteer = NONE,
                       .out = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(e->body, "out")),
                       .at = e->at,
                       .ahead = e->ahead};
    e->work = m;
    const struct activity *a = m->activity == NONE ? NULL
                                                   : record_get(ctx, &activities_kind, m->activity);
    if (!a)
        return offline_refuse(o, 422, say(ctx, "Activity not found."));
    return who ? check_for_another(ctx, e, who, m, o) : check_oneself(ctx, e, a, m, o);
}

/* Names the person, for leaders who scan one card after another. */
static const char *with_name(struct ctx *ctx, const struct offline_sent *e, int64_t volunteer,
                             const char *text)
{
    return offline_text(e->body, "who") ? say(ctx, "{}: {}", volunteer_name(ctx, volunteer), text)
                                        : text;
}

static bool mark_apply(struct ctx *ctx, struct offline_sent *e, struct offline_answer *o)
{
    const struct mark *m = e->work;
    if (!mark_take(ctx, m, o))
        return false;
    o->text = with_name(ctx, e, m->volunteer, o->text);
    return true;
}

/* For a device that sends the same entry again: its entry is the same. */
static const char *mark_again(struct ctx *ctx, const struct offline_sent *e)
{
    struct rows *r = query(
        ctx->db, "SELECT activity, volunteer, direction FROM marks WHERE code = {}", e->key);
    struct mark m = {.code = e->key, .offer = NONE};
    bool there = rows_next(r);
    if (there) {
        m.activity = row_int(r, "activity");
        m.volunteer = row_int(r, "volunteer");
        m.out = !strcmp(row_text(r, "direction"), "out");
    }
    rows_end(r);
    return there ? with_name(ctx, e, m.volunteer, mark_said(ctx, &m, MARK_AGAIN)) : NULL;
}

/* ---- residents counted ---- */

static bool was_there(struct ctx *ctx, int64_t activity)
{
    return ctx->actor.volunteer > 0 && query_int(ctx->db,
                                                 "SELECT id FROM attendances WHERE activity = {} "
                                                 "AND volunteer = {} AND status = 'good'",
                                                 activity, ctx->actor.volunteer) != NONE;
}

static bool count_check(struct ctx *ctx, struct offline_sent *e, struct offline_answer *o)
{
    int64_t activity = offline_number(e->body, "activity");
    struct activity *a = activity == NONE ? NULL : record_get(ctx, &activities_kind, activity);
    if (!a || offline_number(e->body, "n") == NONE)
        return offline_refuse(o, 422, say(ctx, "Activity not found."));
    if (!leads(ctx, activity) && !was_there(ctx, activity))
        return offline_refuse(
            o, ctx->actor.user == NONE ? 401 : 403,
            say(ctx, "To count attendance, you must be an organiser or be checked in."));
    if (!strcmp(a->status, "cancelled"))
        return offline_refuse(o, 409, say(ctx, "This activity was cancelled."));
    e->work = a;
    return true;
}

static bool count_apply(struct ctx *ctx, struct offline_sent *e, struct offline_answer *o)
{
    int64_t at = offline_believed(ctx, e->at, e->ahead);
    if (query_int(ctx->db, "SELECT id FROM counts WHERE key = {}", e->key) != NONE) {
        o->result = OFFLINE_DUPLICATE; /* sent from the page without JavaScript */
        o->code = 200;
        return true;
    }
    return count_add(ctx, e->work, e->key, offline_number(e->body, "n"),
                     at > ctx->now ? ctx->now : at) == OK;
}

static const struct offline_entry entries[] = {
    {"mark", ROLE_PUBLIC, .check = mark_check, .apply = mark_apply, .again = mark_again},
    {"count", ROLE_PUBLIC, .check = count_check, .apply = count_apply},
    {.what = NULL},
};

/*
 * POST /api/attendance: the same entries in two lists, where entry and body are one object.
 * Pages kept on a phone since before POST /api/offline send this form, and so do other
 * programs. Such a page may also find an entry in today's form on its phone: that one has a
 * body.
 */
static void sent_prepare(struct ctx *ctx)
{
    cJSON *o = ctx->web->body ? json_object(ctx, ctx->web->body, ctx->web->body_size) : NULL;
    if (!o && ctx_ok(ctx))
        ctx_problem(ctx, NULL, say(ctx, "Send JSON: an object with “marks” and “counts”."));
    const cJSON *marks = cJSON_GetObjectItemCaseSensitive(o, "marks"),
                *counts = cJSON_GetObjectItemCaseSensitive(o, "counts");
    if (o && cJSON_GetArraySize(marks) + cJSON_GetArraySize(counts) > OFFLINE_MOST)
        ctx_problem(ctx, NULL, say(ctx, "No more than {} at a time.", OFFLINE_MOST));
    json_free(o);
}

static void sent_list(struct ctx *ctx, const cJSON *list, const char *what, int *n, int *fresh)
{
    struct buf *out = ctx->web->out;
    const cJSON *each;
    cJSON_ArrayForEach(each, list)
    {
        struct offline_sent e = offline_read(each);
        e.what = e.body ? e.what : what;
        e.body = e.body ? e.body : each;
        struct offline_answer a = offline_take(ctx, &e);
        if (!ctx_ok(ctx) || db_status(ctx->db) != OK)
            return;
        *fresh += a.result == OFFLINE_ACCEPTED;
        json(out, "{}{\"key\":{},\"status\":{},\"result\":{},\"message\":{}}",
             (struct raw_json){(*n)++ ? "," : ""}, e.key, a.code,
             a.result == OFFLINE_REFUSED     ? "refused"
             : a.result == OFFLINE_DUPLICATE ? "again"
             : a.detail                      ? a.detail
                                             : "done",
             a.text);
    }
}

/* Each is processed by itself, so a faulty one does not affect the others. */
static void sent(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    cJSON *o = json_object(ctx, ctx->web->body, ctx->web->body_size);
    int n = 0, fresh = 0;
    answer_type(ctx, "application/json");
    json(out, "{\"now\":{},\"results\":[", ctx->now);
    sent_list(ctx, cJSON_GetObjectItemCaseSensitive(o, "marks"), "mark", &n, &fresh);
    sent_list(ctx, cJSON_GetObjectItemCaseSensitive(o, "counts"), "count", &n, &fresh);
    buf_puts(out, "]}");
    json_free(o);
    answer_code(ctx, fresh ? 201 : 200);
}

/* ---- the volunteer's page ---- */

static void word(struct ctx *ctx, const char *name, const char *text)
{
    html(ctx->web->out, "<b data-say=\"{}\">{}</b>", name, text);
}

static void draw_words(struct ctx *ctx)
{
    buf_puts(ctx->web->out, "<template data-says>");
    word(ctx, "kept", say(ctx, "Saved on this phone, waiting to send: {}", "{}"));
    word(ctx, "sent", say(ctx, "Everything has been sent."));
    word(ctx, "offline",
         say(ctx, "No connection. What you tap is saved on this phone and sent when you are back "
                  "online."));
    word(ctx, "clock",
         say(ctx, "This phone’s clock is {} minutes out. Check-in times will still be correct.",
             "{}"));
    word(ctx, "camera",
         say(ctx, "Camera not available. Enter the six digits next to the QR code instead."));
    word(ctx, "point", say(ctx, "Point the camera at the QR code at the door."));
    word(ctx, "foreign",
         say(ctx, "This QR code is for a different activity. Scan the one at the door."));
    word(ctx, "again", say(ctx, "Could not be sent: {}", "{}"));
    word(ctx, "discard", say(ctx, "Remove from this list"));
    word(ctx, "in", say(ctx, "Saved on this phone: checked in at {}", "{}"));
    word(ctx, "out", say(ctx, "Saved on this phone: checked out at {}", "{}"));
    word(ctx, "code", say(ctx, "Enter the six-digit code next to the QR code at the door."));
    word(ctx, "card", say(ctx, "Please show your volunteer card first."));
    word(ctx, "login",
         say(ctx, "You have been signed out. Sign in again; what you tapped is saved."));
    buf_puts(ctx->web->out, "</template>");
}

/* Returns whether the volunteer is here now. */
static bool draw_how_it_stands(struct ctx *ctx, const struct activity *a)
{
    int64_t came = NONE, went = NONE;
    struct mark m = {.activity = a->record.id, .volunteer = ctx->actor.volunteer};
    struct buf *out = ctx->web->out;
    if (ctx->actor.volunteer <= 0 || !standing(ctx, &m, &came, &went)) {
        html(out, "<p class=\"stand\" data-stand>{}</p>",
             say(ctx, "You haven’t checked in "
                      "yet."));
        return false;
    }
    html(out, "<p class=\"stand\" data-stand>{} {}</p>", icon(ctx, "circle-check"),
         went == NONE ? say(ctx, "You checked in at {}.", clock_show(ctx, came))
                      : say(ctx, "You were here from {} to {}.", clock_show(ctx, came),
                            clock_show(ctx, went)));
    return went == NONE;
}

static void in(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct activity *a = ctx->web->record;
    const char *code = param(ctx, "c"),
               *id = arena_print(ctx->arena, "%lld", (long long)a->record.id);
    bool known = ctx->actor.volunteer > 0;
    keep_offline(ctx, a);
    page_begin(ctx, say(ctx, "Check in"), PAGE_RESIDENT);
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{} · {}</p></header>",
         activity_title(ctx, a), activity_when(ctx, a->starts, a->ends),
         ctx_pick(ctx, a->place, a->place_en));
    form_problems(ctx);
    if (!strcmp(a->status, "cancelled")) {
        html(out, "<div class=\"notice error\">{}<div><p>{}</p></div></div>", icon(ctx, "circle-x"),
             say(ctx, "This activity was cancelled: {}", a->cancelled_why));
        page_end(ctx);
        return;
    }
    html(out, "<div data-marks=\"in\" data-activity=\"{}\" data-now=\"{}\" data-known=\"{}\">",
         a->record.id, ctx->now, known ? "1" : "");
    draw_words(ctx);
    if (known)
        html(out, "<p class=\"lead\">{}</p>",
             say(ctx, "Hello, {}.", volunteer_name(ctx, ctx->actor.volunteer)));
    bool inside = draw_how_it_stands(ctx, a);
    buf_puts(out, "<div class=\"notice warn\" data-tell role=\"status\" "
                  "hidden><div></div></div><ul class=\"kept-marks\" data-kept></ul>");
    form_begin(ctx, arena_print(ctx->arena, "/in/%s", id), NULL, false);
    if (!known)
        html(out,
             "<div class=\"field\"><label for=\"f-card\">{}</label><p class=\"hint\">{} <a "
             "href=\"/card?next={}\">{}</a></p><input id=\"f-card\" name=\"card\" "
             "autocomplete=\"off\" autocapitalize=\"characters\" value=\"{}\"></div>",
             say(ctx, "Volunteer card code"), say(ctx, "10 letters and digits."),
             (struct url_part){code ? arena_print(ctx->arena, "/in/%s?c=%.30s", id, code)
                                    : arena_print(ctx->arena, "/in/%s", id)},
             say(ctx, "Remember this card on this phone"), param(ctx, "card"));
    html(out,
         "<div class=\"field\"><label for=\"f-c\">{}</label><p class=\"hint\">{}</p><div "
         "class=\"acts\"><input id=\"f-c\" class=\"tiny\" name=\"c\" inputmode=\"numeric\" "
         "autocomplete=\"off\" value=\"{}\">"
         "<button type=\"button\" data-scan hidden>{} {}</button></div></div><video data-video "
         "playsinline muted hidden></video>",
         say(ctx, "Door code"),
         say(ctx, "The six digits next to the QR code; scanning it fills them in."), code,
         icon(ctx, "camera"), say(ctx, "Scan QR code"));
    html(out,
         "<div class=\"acts big\"><button class=\"{}\" name=\"go\" value=\"in\">{} "
         "{}</button><button class=\"{}\" name=\"go\" value=\"out\">{} {}</button></div>",
         inside ? "" : "primary", icon(ctx, "login"), say(ctx, "I’m here"), inside ? "primary" : "",
         icon(ctx, "logout"), say(ctx, "I’m leaving"));
    form_end(ctx);
    html(out, "<p class=\"small\">{}</p></div>",
         say(ctx, "No phone or card? The team leader at the door can check you in by name."));
    page_end(ctx);
}

/* For browsers without JavaScript, and for QR codes opened by the phone's own camera. */
static void in_send(struct ctx *ctx)
{
    const struct activity *a = ctx->web->record;
    const char *card = param(ctx, "card"), *go = param(ctx, "go");
    const struct volunteer *v = card && *card ? volunteer_by_code(ctx, card) : NULL;
    struct mark m = {.activity = a->record.id,
                     .shift = NONE,
                     .offer = NONE,
                     .at = NONE,
                     .ahead = NONE,
                     .out = go && !strcmp(go, "out"),
                     .volunteer = v ? v->record.id
                                  : ctx->actor.volunteer > 0 && !(card && *card)
                                      ? ctx->actor.volunteer
                                      : NONE,
                     .code = offline_key_valid(ctx->key) ? ctx->key : record_code(ctx, "M")};
    if (m.volunteer == NONE) {
        ctx_problem(
            ctx, "card",
            card && *card
                ? say(ctx, "This card code is not recognised or has been replaced by a newer card.")
                : say(ctx, "Please show your volunteer card first."));
        return;
    }
    struct offline_answer o = {.text = NULL};
    if (code_check(ctx, a, param(ctx, "c"), &m, &o) && mark_take(ctx, &m, &o)) {
        flash(ctx, o.text);
    } else {
        const char *why = o.text ? o.text : ctx->problems ? ctx->problems->text : NULL;
        import_forget(ctx);
        flash(ctx, say(ctx, "Not checked in: {}", why));
    }
    see_other(ctx, "/in/{}", a->record.id);
}

static const struct route table[] = {
    ROUTE_GET("/in/{id}", ROLE_PUBLIC, in, .record = &open_activities_kind),
    ROUTE_POST("/in/{id}", ROLE_PUBLIC, in_send, .failed = in, .record = &open_activities_kind,
               .flags = NO_CSRF),
    ROUTE_POST("/api/attendance", ROLE_PUBLIC, sent, .prepare = sent_prepare,
               .flags = API | NO_CSRF | TWICE),
};

const struct module check_in_module = {
    .name = "check_in", .routes = ROUTES(table), .offline = entries};
