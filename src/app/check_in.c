/*
 * Checking in and out with one's own phone, and the address to which phones
 * send what they kept: /in/{activity} and POST /api/attendance.
 *
 * The QR at a door holds the address of /in with a code and the minute in which
 * it was shown. Code and minute belong together (a keyed hash of the activity's
 * own secret), so a code that somebody made up is told from one that is old, and
 * a phone whose clock is wrong or not known can still be believed: it was there
 * in that minute. A phone without network keeps its marks and sends them later,
 * each with a key of its own: in any order, any number of times, counted once.
 *
 * Who may: with a door's code the volunteer whose card the phone shows; without
 * one those who lead the activity.
 */
#include "app/activity_pages.h"

#include "app/module.h"
#include "app/people.h"
#include "app/tries.h"
#include "app/volunteers.h"
#include "base/code.h"
#include "base/text.h"
#include "base/when.h"
#include "kind/import.h"
#include "kind/json.h"
#include "web/web.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MARKS_MOST   200             /* of one sending */
#define CODE_MINUTES 10              /* a shown code is good so long */
#define KEEP_MOST    (2 * WHEN_DAY)  /* a phone keeps a page of the door so long, */
#define KEEP_AFTER   (6 * WHEN_HOUR) /* and no longer than this after the activity */
#define SCAN_TWICE   60              /* seconds in which a card read again is the same reading */
#define KEY_LEAST    8
#define KEY_MOST     64

static const struct tries_rule tries_code = {"door code", 30, WHEN_HOUR}; /* wrong codes of one volunteer */
static const struct tries_rule tries_shown = {"card with a mark", 300,
                                              6 * WHEN_HOUR}; /* unknown cards from one address; a device keeps marks of an old card */

/* ---- who ---- */

const char *volunteer_name(struct ctx *ctx, int64_t volunteer)
{
    struct rows *r = query(ctx->db, "SELECT p.name, v.number FROM volunteers v LEFT JOIN people p ON p.id = v.person WHERE v.id = {}",
                           volunteer);
    const char *name = NULL;
    if (rows_next(r))
        name = row_text(r, "name") ? row_copy(r, ctx->arena, "name") : row_copy(r, ctx->arena, "number");
    rows_end(r);
    return name ? name : say(ctx, "A volunteer");
}

static struct volunteer *by_name(struct ctx *ctx, const char *name, const char **why)
{
    struct list l;
    list_init(ctx, &l, &volunteers_kind);
    sql_add(&l.where, " AND status <> 'left' AND person IN (SELECT p.id FROM people p WHERE p.name = {})", name);
    l.limit = 4;
    struct rows *r = list_run(ctx, &l);
    struct volunteer *first = list_next(ctx, &volunteers_kind, r, ctx->arena), *more = NULL;
    const char *numbers = first ? first->number : NULL;
    while (first && (more = list_next(ctx, &volunteers_kind, r, ctx->arena)))
        numbers = arena_print(ctx->arena, "%s, %s", numbers, more->number);
    rows_end(r);
    if (first && strcmp(numbers, first->number) != 0) {
        *why = say(ctx, "Several are called {}: type the number instead ({}).", name, numbers);
        return NULL;
    }
    return first;
}

struct volunteer *volunteer_typed(struct ctx *ctx, const char *typed, const char **how, const char **why)
{
    const char *text = text_tidy(ctx->arena, typed), *mark = text ? strrchr(text, '#') : NULL;
    *how = mark ? "scanner" : "leader";
    *why = NULL;
    if (!text || !*text) {
        *why = say(ctx, "Scan a card, or type the volunteer’s number.");
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
    if (!v)
        v = by_name(ctx, text, why);
    if (v && !strcmp(v->status, "left")) {
        *why = say(ctx, "This volunteer has left. Ask the team leader.");
        return NULL;
    }
    if (!v && !*why)
        *why = mark ? say(ctx, "This card is not known here, or a newer one has replaced it.")
                    : say(ctx, "Nobody here has the number, card code or name “{}”.", text_cut(ctx->arena, text, 40));
    return v;
}

/* ---- the door's code ---- */

/* "123456-29405321": code and minute, as the QR has it; minute NONE when six digits were typed. */
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

static int64_t mark_believed(struct ctx *ctx, const struct mark *m)
{
    return m->at == NONE ? ctx->now : m->at - (m->ahead == NONE ? 0 : m->ahead);
}

/* NULL when the code is good at that time, otherwise what is wrong with it. at may be moved: to the minute that the
 * code proves, when the phone's clock can't be believed. */
static const char *code_wrong(struct ctx *ctx, const struct activity *a, const struct shown *s, struct mark *m)
{
    bool known = m->at == NONE || m->ahead != NONE;
    int64_t at = mark_believed(ctx, m);
    if (!s->code)
        return say(ctx, "The code has six digits: it stands beside the QR at the door.");
    if (s->minute == NONE)
        return door_code_fits(ctx, a, s->code, at) ? NULL : say(ctx, "This is not the code at the door now. It changes every minute.");
    if (s->minute < 0 || s->minute > ctx->now / 60 + 5 || !door_code_is(ctx, a, s->code, s->minute * 60))
        return say(ctx, "This QR is not of this activity’s door. Scan the one at the door.");
    if (known && at >= s->minute * 60 - 60 && at <= (s->minute + CODE_MINUTES) * 60)
        return NULL;
    if (known && at > (s->minute + CODE_MINUTES) * 60 && at <= ctx->now + 120)
        return say(ctx, "This QR was shown at {} and is too old. Scan the one at the door now.", clock_show(ctx, s->minute * 60));
    m->clock_wrong = true;
    m->at = s->minute * 60;
    m->ahead = 0;
    return NULL;
}

/* ---- in words ---- */

bool mark_key_valid(const char *key)
{
    size_t n = key ? strlen(key) : 0;
    return n >= KEY_LEAST && n <= KEY_MOST && strspn(key, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.") == n;
}

/* The attendance that stands now: the last of this volunteer here. */
static bool standing(struct ctx *ctx, const struct mark *m, int64_t *came, int64_t *went)
{
    struct rows *r = query(
        ctx->db, "SELECT came, went FROM attendances WHERE activity = {} AND volunteer = {} AND status = 'good' ORDER BY came DESC LIMIT 1",
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
        return say(ctx, "Noted, but there is no check-in before it. The team leader will look at it.");
    const char *clock = result == MARK_CLOCK
                            ? say(ctx, " The phone’s clock is wrong, so another time was taken; tell the leader if it is not right.")
                            : "";
    if (m->out && went != NONE)
        return say(ctx, "Checked out at {}, after {}.{}", clock_show(ctx, went), hours_text(ctx, went - came), clock);
    if (result == MARK_ALREADY)
        return m->out ? say(ctx, "Checked out already.") : say(ctx, "Checked in already, at {}.", clock_show(ctx, came));
    return say(ctx, "Checked in at {}.{}", clock_show(ctx, came), clock);
}

/* ---- one mark, for page and API ---- */

struct outcome {
    int code; /* as of HTTP */
    const char *result, *text;
};

static const char *const result_names[] = {"done", "again", "already", "not_in", "clock"};

/* What the rule said against it, taken off the context, so that the next mark begins afresh. */
static struct outcome refused(struct ctx *ctx, int code, const char *text)
{
    struct outcome o = {code, "refused", text ? text : ctx->problems ? ctx->problems->text : NULL};
    import_forget(ctx);
    return o;
}

static struct outcome take_mark(struct ctx *ctx, struct mark *m)
{
    enum mark_result result;
    int64_t device = ctx->device_time;
    ctx->device_time = m->at;
    enum status s = attendance_mark(ctx, m, &result);
    ctx->device_time = device;
    if (s != OK)
        return refused(ctx, s == CONFLICT ? 409 : 422, NULL);
    return (struct outcome){result == MARK_AGAIN ? 200 : 201, result_names[result], mark_said(ctx, m, result)};
}

static struct outcome mark_with_code(struct ctx *ctx, const struct activity *a, const char *shown, struct mark *m)
{
    struct shown s = shown_parse(ctx, shown);
    const char *who = arena_print(ctx->arena, "%lld", (long long)m->volunteer);
    if (query_int(ctx->db, "SELECT id FROM marks WHERE code = {}", m->code) != NONE)
        return take_mark(ctx, m); /* it was good when it came first */
    if (tries_left(ctx, &tries_code, who) <= 0)
        return refused(ctx, 409, say(ctx, "Too many wrong codes. Ask the leader at the door to check you in."));
    const char *wrong = code_wrong(ctx, a, &s, m);
    if (wrong) {
        tries_add(ctx, &tries_code, who);
        return refused(ctx, 403, wrong);
    }
    m->how = m->how ? m->how : s.minute == NONE ? "code" : "qr";
    return take_mark(ctx, m);
}

/* ---- pages without network ---- */

void keep_offline(struct ctx *ctx, const struct activity *a)
{
    int64_t most = ctx->now + KEEP_MOST, until = a->ends + KEEP_AFTER;
    answer_header(ctx, "Linli-Keep", arena_print(ctx->arena, "%lld", (long long)(until < most ? until : most)));
}

/* ---- the address for devices ---- */

static bool leads(struct ctx *ctx, int64_t activity)
{
    return (ctx->actor.roles & ACTIVITY_HOSTS) && record_load(ctx, &activities_kind, activity);
}

static int64_t number_of(const cJSON *o, const char *name)
{
    const cJSON *n = cJSON_GetObjectItemCaseSensitive(o, name);
    return cJSON_IsNumber(n) && fabs(n->valuedouble) < 1e12 ? (int64_t)n->valuedouble : NONE;
}

static const char *text_of(const cJSON *o, const char *name)
{
    const cJSON *t = cJSON_GetObjectItemCaseSensitive(o, name);
    return cJSON_IsString(t) && *t->valuestring && strlen(t->valuestring) <= 300 ? t->valuestring : NULL;
}

bool scan_means_out(struct ctx *ctx, int64_t activity, int64_t volunteer, int64_t at)
{
    int64_t came, went;
    struct mark m = {.activity = activity, .volunteer = volunteer};
    if (!standing(ctx, &m, &came, &went))
        return false;
    bool inside = went == NONE, just = at - (inside ? came : went) < SCAN_TWICE && at >= (inside ? came : went) - SCAN_TWICE;
    return inside != just;
}

static struct outcome one_mark(struct ctx *ctx, const cJSON *o)
{
    const char *why = NULL, *how = NULL, *code = text_of(o, "code"), *who = text_of(o, "who");
    const cJSON *out = cJSON_GetObjectItemCaseSensitive(o, "out");
    struct mark m = {.code = text_of(o, "key"),
                     .activity = number_of(o, "activity"),
                     .shift = NONE,
                     .offer = NONE,
                     .volunteer = NONE,
                     .out = cJSON_IsTrue(out),
                     .at = number_of(o, "at"),
                     .ahead = number_of(o, "ahead")};
    const struct activity *a = m.activity == NONE ? NULL : record_get(ctx, &activities_kind, m.activity);
    if (!mark_key_valid(m.code))
        return refused(ctx, 422, say(ctx, "Each mark needs a key of its own: 8 to 64 letters and digits."));
    if (!a)
        return refused(ctx, 422, say(ctx, "There is no such activity."));
    if (who) {
        if (!leads(ctx, m.activity))
            return refused(ctx, ctx->actor.user == NONE ? 401 : 403,
                           say(ctx, "Only who leads this activity may check others in. Please sign in."));
        struct volunteer *v = volunteer_typed(ctx, who, &how, &why);
        if (!v)
            return refused(ctx, 422, why);
        m.volunteer = v->record.id;
        m.how = how;
        m.out = cJSON_IsBool(out) ? m.out : scan_means_out(ctx, m.activity, m.volunteer, mark_believed(ctx, &m));
        struct outcome taken = take_mark(ctx, &m);
        if (taken.code < 400) /* who scans one card after the other sees whose it was */
            taken.text = say(ctx, "{}: {}", volunteer_name(ctx, m.volunteer), taken.text);
        return taken;
    }
    const char *shown = text_of(o, "card");
    if (shown && tries_left(ctx, &tries_shown, NULL) <= 0)
        return refused(
            ctx, 429,
            say(ctx, "Too many wrong codes came from your connection. Please try again in a few hours, or ask your team's leader."));
    const struct volunteer *card = shown ? volunteer_by_code(ctx, shown) : NULL;
    if (shown && !card)
        tries_add(ctx, &tries_shown, NULL);
    m.volunteer = card ? card->record.id : ctx->actor.volunteer > 0 && !shown ? ctx->actor.volunteer : NONE;
    if (m.volunteer == NONE)
        return refused(ctx, 401,
                       shown ? say(ctx, "This card’s code is not known here, or a newer card has replaced it.")
                             : say(ctx, "Show your volunteer’s card first."));
    return mark_with_code(ctx, a, code, &m);
}

static bool was_there(struct ctx *ctx, int64_t activity)
{
    return ctx->actor.volunteer > 0 &&
           query_int(ctx->db, "SELECT id FROM attendances WHERE activity = {} AND volunteer = {} AND status = 'good'", activity,
                     ctx->actor.volunteer) != NONE;
}

static struct outcome one_count(struct ctx *ctx, const cJSON *o)
{
    const char *key = text_of(o, "key");
    int64_t activity = number_of(o, "activity"), n = number_of(o, "n"), at = number_of(o, "at"), ahead = number_of(o, "ahead");
    const struct activity *a = activity == NONE ? NULL : record_get(ctx, &activities_kind, activity);
    if (!mark_key_valid(key) || !a || n == NONE)
        return refused(ctx, 422, say(ctx, "There is no such activity."));
    if (!leads(ctx, activity) && !was_there(ctx, activity))
        return refused(ctx, ctx->actor.user == NONE ? 401 : 403, say(ctx, "Who counts has to lead this activity or be checked in at it."));
    if (!strcmp(a->status, "cancelled"))
        return refused(ctx, 409, say(ctx, "This activity was cancelled."));
    if (query_int(ctx->db, "SELECT id FROM counts WHERE key = {}", key) != NONE)
        return (struct outcome){200, "again", NULL};
    if (count_add(ctx, a, key, n,
                  at == NONE || at - (ahead == NONE ? 0 : ahead) > ctx->now ? ctx->now : at - (ahead == NONE ? 0 : ahead)) != OK)
        return refused(ctx, 422, NULL);
    return (struct outcome){201, "done", NULL};
}

static void sent_prepare(struct ctx *ctx)
{
    cJSON *o = ctx->web->body ? json_object(ctx, ctx->web->body, ctx->web->body_size) : NULL;
    if (!o && ctx_ok(ctx))
        ctx_problem(ctx, NULL, say(ctx, "Send JSON: an object with “marks” and “counts”."));
    const cJSON *marks = cJSON_GetObjectItemCaseSensitive(o, "marks"), *counts = cJSON_GetObjectItemCaseSensitive(o, "counts");
    if (o && cJSON_GetArraySize(marks) + cJSON_GetArraySize(counts) > MARKS_MOST)
        ctx_problem(ctx, NULL, say(ctx, "At most {} at once, please.", MARKS_MOST));
    json_free(o);
}

static void draw_outcome(struct buf *out, const cJSON *o, const struct outcome *r, bool first)
{
    json(out, "{}{\"key\":{},\"status\":{},\"result\":{},\"message\":{}}", (struct raw_json){first ? "" : ","}, text_of(o, "key"), r->code,
         r->result, r->text);
}

/* Each is answered by itself: what is wrong with one takes no other down. */
static void sent(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    cJSON *o = json_object(ctx, ctx->web->body, ctx->web->body_size);
    const cJSON *each;
    bool new = false;
    int n = 0;
    answer_type(ctx, "application/json");
    json(out, "{\"now\":{},\"results\":[", ctx->now);
    cJSON_ArrayForEach(each, cJSON_GetObjectItemCaseSensitive(o, "marks"))
    {
        struct outcome r = one_mark(ctx, each);
        new = new || r.code == 201;
        draw_outcome(out, each, &r, n++ == 0);
    }
    cJSON_ArrayForEach(each, cJSON_GetObjectItemCaseSensitive(o, "counts"))
    {
        struct outcome r = one_count(ctx, each);
        new = new || r.code == 201;
        draw_outcome(out, each, &r, n++ == 0);
    }
    buf_puts(out, "]}");
    json_free(o);
    answer_code(ctx, new ? 201 : 200);
}

/* ---- the volunteer's page ---- */

static void word(struct ctx *ctx, const char *name, const char *text)
{
    html(ctx->web->out, "<b data-say=\"{}\">{}</b>", name, text);
}

static void draw_words(struct ctx *ctx)
{
    buf_puts(ctx->web->out, "<template data-says>");
    word(ctx, "kept", say(ctx, "Kept on this phone, will be sent: {}", "{}"));
    word(ctx, "sent", say(ctx, "Everything has been sent."));
    word(ctx, "offline", say(ctx, "No network. What you tap is kept on this phone and sent as soon as there is one."));
    word(ctx, "clock", say(ctx, "This phone’s clock is wrong by {} minutes. What you tap is still counted at the right time.", "{}"));
    word(ctx, "camera", say(ctx, "The camera can’t be used here. Type the six digits beside the QR instead."));
    word(ctx, "point", say(ctx, "Point the camera at the QR at the door."));
    word(ctx, "foreign", say(ctx, "This QR is not of this activity’s door. Scan the one at the door."));
    word(ctx, "again", say(ctx, "It could not be sent: {}", "{}"));
    word(ctx, "discard", say(ctx, "Take it off this list"));
    word(ctx, "in", say(ctx, "Kept on this phone: in at {}", "{}"));
    word(ctx, "out", say(ctx, "Kept on this phone: out at {}", "{}"));
    word(ctx, "code", say(ctx, "The code has six digits: it stands beside the QR at the door."));
    word(ctx, "card", say(ctx, "Show your volunteer’s card first."));
    word(ctx, "login", say(ctx, "You are signed out. Sign in again; what was tapped is kept."));
    buf_puts(ctx->web->out, "</template>");
}

static void draw_how_it_stands(struct ctx *ctx, const struct activity *a)
{
    int64_t came = NONE, went = NONE;
    struct mark m = {.activity = a->record.id, .volunteer = ctx->actor.volunteer};
    struct buf *out = ctx->web->out;
    if (ctx->actor.volunteer <= 0 || !standing(ctx, &m, &came, &went)) {
        html(out, "<p class=\"stand\" data-stand>{}</p>", say(ctx, "You are not checked in yet."));
        return;
    }
    html(out, "<p class=\"stand\" data-stand>{} {}</p>", icon(ctx, "circle-check"),
         went == NONE ? say(ctx, "You are in since {}.", clock_show(ctx, came))
                      : say(ctx, "You were here from {} to {}.", clock_show(ctx, came), clock_show(ctx, went)));
}

static void in(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct activity *a = ctx->web->record;
    const char *code = param(ctx, "c"), *id = arena_print(ctx->arena, "%lld", (long long)a->record.id);
    bool known = ctx->actor.volunteer > 0;
    keep_offline(ctx, a);
    page_begin(ctx, say(ctx, "Check in"), PAGE_RESIDENT);
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{} · {}</p></header>", activity_title(ctx, a),
         activity_when(ctx, a->starts, a->ends), ctx_pick(ctx, a->place, a->place_en));
    form_problems(ctx);
    if (!strcmp(a->status, "cancelled")) {
        html(out, "<div class=\"notice error\">{}<div><p>{}</p></div></div>", icon(ctx, "circle-x"),
             say(ctx, "This activity was cancelled: {}", a->cancelled_why));
        page_end(ctx);
        return;
    }
    html(out, "<div data-marks=\"in\" data-activity=\"{}\" data-now=\"{}\" data-known=\"{}\">", a->record.id, ctx->now, known ? "1" : "");
    draw_words(ctx);
    if (known)
        html(out, "<p class=\"lead\">{}</p>", say(ctx, "Hello, {}.", volunteer_name(ctx, ctx->actor.volunteer)));
    draw_how_it_stands(ctx, a);
    buf_puts(out, "<div class=\"notice warn\" data-tell role=\"status\" hidden><div></div></div><ul class=\"kept-marks\" data-kept></ul>");
    form_begin(ctx, arena_print(ctx->arena, "/in/%s", id), NULL, false);
    if (!known)
        html(
            out,
            "<div class=\"field\"><label for=\"f-card\">{}</label><p class=\"hint\">{} <a href=\"/card?next={}\">{}</a></p><input id=\"f-card\" name=\"card\" autocomplete=\"off\" autocapitalize=\"characters\" value=\"{}\"></div>",
            say(ctx, "Code of your volunteer’s card"), say(ctx, "Ten letters and digits."),
            (struct url_part){code ? arena_print(ctx->arena, "/in/%s?c=%.30s", id, code) : arena_print(ctx->arena, "/in/%s", id)},
            say(ctx, "Remember the card on this phone"), param(ctx, "card"));
    html(
        out,
        "<div class=\"field\"><label for=\"f-c\">{}</label><p class=\"hint\">{}</p><div class=\"acts\"><input id=\"f-c\" class=\"tiny\" name=\"c\" inputmode=\"numeric\" autocomplete=\"off\" value=\"{}\">"
        "<button type=\"button\" data-scan hidden>{} {}</button></div></div><video data-video playsinline muted hidden></video>",
        say(ctx, "Code at the door"), say(ctx, "Six digits beside the QR; scanning the QR fills them in."), code, icon(ctx, "camera"),
        say(ctx, "Scan the QR"));
    html(
        out,
        "<div class=\"acts big\"><button class=\"primary\" name=\"go\" value=\"in\">{} {}</button><button name=\"go\" value=\"out\">{} {}</button></div>",
        icon(ctx, "login"), say(ctx, "I have come"), icon(ctx, "logout"), say(ctx, "I am leaving"));
    form_end(ctx);
    html(out, "<p class=\"small\">{}</p></div>", say(ctx, "No phone, no card? The team leader at the door checks you in by name."));
    page_end(ctx);
}

/* Without a script, or when the QR was opened by the phone's own camera. */
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
                     .volunteer = v                                              ? v->record.id
                                  : ctx->actor.volunteer > 0 && !(card && *card) ? ctx->actor.volunteer
                                                                                 : NONE,
                     .code = mark_key_valid(ctx->key) ? ctx->key : record_code(ctx, "M")};
    if (m.volunteer == NONE) {
        ctx_problem(ctx, "card",
                    card && *card ? say(ctx, "This card’s code is not known here, or a newer card has replaced it.")
                                  : say(ctx, "Show your volunteer’s card first."));
        return;
    }
    struct outcome o = mark_with_code(ctx, a, param(ctx, "c"), &m);
    if (o.code >= 400)
        flash(ctx, say(ctx, "Not checked in: {}", o.text));
    else
        flash(ctx, o.text);
    see_other(ctx, "/in/{}", a->record.id);
}

static const struct route table[] = {
    ROUTE_GET("/in/{id}", ROLE_PUBLIC, in, .record = &open_activities_kind),
    ROUTE_POST("/in/{id}", ROLE_PUBLIC, in_send, .failed = in, .record = &open_activities_kind, .flags = NO_CSRF),
    ROUTE_POST("/api/attendance", ROLE_PUBLIC, sent, .prepare = sent_prepare, .flags = API | NO_CSRF | TWICE),
};

const struct module check_in_module = {.name = "check_in", .routes = ROUTES(table)};
