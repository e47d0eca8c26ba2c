/*
 * The life of an offer: asked in waves, accepted, visited, done.
 *
 * An offer holds nothing that names the resident; who accepted sees the
 * request itself. What is done is recorded once: marks of attendance for all
 * who came (from which their hours follow) and the request's step "served".
 */
#include "app/offers.h"

#include "app/activities.h"
#include "app/module.h"
#include "app/people.h"
#include "app/registers.h"
#include "app/visits.h"
#include "base/when.h"

#include <math.h>
#include <string.h>

static const struct choice statuses[] = {{"open", N_("Asking volunteers")}, {"agreed", N_("Agreed")},
                                         {"led", N_("With the leader")},    {"done", N_("Done")},
                                         {"cancelled", N_("Cancelled")},    {NULL, NULL}};
static const struct choice answers[] = {{"asked", N_("Asked")},           {"yes", N_("Accepted")},
                                        {"no", N_("Declined")},           {"late", N_("Others were quicker")},
                                        {"over", N_("No longer needed")}, {NULL, NULL}};
static const struct choice genders[] = {{"female", N_("Female")}, {"male", N_("Male")}, {NULL, NULL}};

#define HOSTS (ROLE_TEAM_LEADER | ROLE_WORKER | ROLE_OFFICE)
static const int wave_size[OFFER_WAVES + 1] = {0, 3, 6, 15}; /* times the people needed */
#define ASK_MOST 60

#define O(member) offsetof(struct offer, member)
static const struct field offer_fields[] = {
    {"code", F_CODE, O(code), N_("Code"), .flags = UNIQUE | FIXED},
    {"request", F_REF, O(request), N_("Request"), .ref = "requests", .flags = LISTED | FIXED},
    {"skill", F_CODE, O(skill), N_("Skill"), .max = 40, .flags = REQUIRED | LISTED | FILTER},
    {"people", F_INT, O(people), N_("People needed"), .min = 1, .max = 10, .flags = LISTED},
    {"gender_preference", F_CHOICE, O(gender_preference), N_("Who should come"), .choices = genders},
    {"gender", F_CHOICE, O(gender), N_("The resident is"), .choices = genders},
    {"language", F_CHOICE, O(language), N_("Speaks"), .choices = volunteer_languages},
    {"starts", F_TIME, O(starts), N_("Begins"), .flags = LISTED},
    {"ends", F_TIME, O(ends), N_("Ends")},
    {"community", F_REF, O(community), N_("Community"), .ref = "areas", .flags = LISTED | FILTER | FIXED},
    {"lat", F_REAL, O(lat), N_("Latitude"), .flags = FIXED},
    {"lon", F_REAL, O(lon), N_("Longitude"), .flags = FIXED},
    {"note", F_TEXT, O(note), N_("For the volunteers"), .max = 200},
    {"status", F_CHOICE, O(status), N_("Status"), .choices = statuses, .flags = LISTED | FILTER | FIXED},
    {"wave", F_INT, O(wave), N_("Wave"), .flags = FIXED},
    {"wave_at", F_TIME, O(wave_at), N_("Asked"), .flags = FIXED},
    {"led_at", F_TIME, O(led_at), N_("Given to the leader"), .flags = FIXED},
    {"done_at", F_TIME, O(done_at), N_("Done"), .flags = FIXED},
};

/* By place; team leaders also what their team's volunteers are asked. */
static void scope(struct ctx *ctx, struct sql *where)
{
    struct sql by_area;
    sql_init(&by_area, ctx->arena);
    scope_by_community(ctx, &by_area, HOSTS | ROLE_LEADER, "community");
    sql_add(where, " AND ((1 = 1");
    sql_append(where, &by_area);
    sql_add(where, ")");
    for (int i = 0; i < ctx->actor.grant_count; i++)
        if (ctx->actor.grants[i].role == ROLE_TEAM_LEADER && ctx->actor.grants[i].organisation > 0)
            sql_add(where, " OR id IN (SELECT k.offer FROM offer_asks k JOIN volunteers v ON v.id = k.volunteer WHERE v.team = {})",
                    ctx->actor.grants[i].organisation);
    sql_add(where, ")");
    sql_release(&by_area);
}

const struct kind offers_kind = {.name = "offers",
                                 .table = "offers",
                                 .one = N_("Offer"),
                                 .many = N_("Offers"),
                                 FIELDS(offer_fields),
                                 .size = sizeof(struct offer),
                                 .read = HOSTS | ROLE_LEADER,
                                 .code = "code",
                                 .order = "id DESC",
                                 .scope = scope,
                                 .home = "/visits",
                                 .page = "/visits/{id}",
                                 .about = N_("Requests for which volunteers are looked for, and the visits that came of it.")};

#define K(member) offsetof(struct offer_ask, member)
static const struct field ask_fields[] = {
    {"code", F_CODE, K(code), N_("Code"), .flags = UNIQUE | FIXED},
    {"offer", F_REF, K(offer), N_("Offer"), .ref = "offers", .flags = FILTER | FIXED},
    {"volunteer", F_REF, K(volunteer), N_("Volunteer"), .ref = "volunteers", .flags = LISTED | FIXED},
    {"wave", F_INT, K(wave), N_("Wave"), .flags = LISTED | FIXED},
    {"score", F_INT, K(score), N_("Fits"), .flags = LISTED | FIXED},
    {"why", F_TEXT, K(why), N_("Why"), .flags = FIXED},
    {"answer", F_CHOICE, K(answer), N_("Answer"), .choices = answers, .flags = LISTED | FILTER | FIXED},
    {"asked_at", F_TIME, K(asked_at), N_("Asked"), .flags = LISTED | FIXED},
    {"answered_at", F_TIME, K(answered_at), N_("Answered"), .flags = LISTED | FIXED},
};

static void ask_scope(struct ctx *ctx, struct sql *where)
{
    sql_add(where, " AND offer IN (SELECT f.id FROM offers f WHERE 1 = 1");
    scope(ctx, where);
    sql_add(where, ")");
}

const struct kind offer_asks_kind = {.name = "offer_asks",
                                     .table = "offer_asks",
                                     .one = N_("Question to a volunteer"),
                                     .many = N_("Questions to volunteers"),
                                     FIELDS(ask_fields),
                                     .size = sizeof(struct offer_ask),
                                     .read = HOSTS | ROLE_LEADER,
                                     .code = "code",
                                     .order = "id DESC",
                                     .scope = ask_scope};

const char *skill_for(struct ctx *ctx, int64_t category)
{
    const char *code = NULL;
    for (int level = 0; level < CATEGORY_LEVELS && category != NONE && !code; level++) {
        struct rows *r = query(ctx->db, "SELECT code FROM skills WHERE category = {} ORDER BY position, code LIMIT 1", category);
        code = rows_next(r) ? row_copy(r, ctx->arena, "code") : NULL;
        rows_end(r);
        category = query_int(ctx->db, "SELECT parent FROM categories WHERE id = {}", category);
    }
    return code;
}

bool offer_accepted(struct ctx *ctx, int64_t request, int64_t volunteer)
{
    return query_int(ctx->db,
                     "SELECT k.id FROM offer_asks k JOIN offers o ON o.id = k.offer WHERE o.request = {} AND k.volunteer = {}"
                     " AND k.answer = 'yes' AND o.status IN ('open', 'agreed', 'led') LIMIT 1",
                     request, volunteer) != NONE;
}

static int64_t accepted(struct ctx *ctx, int64_t offer)
{
    return query_int(ctx->db, "SELECT count(*) AS n FROM offer_asks WHERE offer = {} AND answer = 'yes'", offer);
}

static enum status ask_one(struct ctx *ctx, const struct offer *o, int64_t volunteer, int score, const char *why)
{
    struct offer_ask *a = record_new(ctx, &offer_asks_kind);
    a->code = record_code(ctx, "K");
    a->offer = o->record.id;
    a->volunteer = volunteer;
    a->wave = o->wave;
    a->score = score;
    a->why = why;
    a->answer = "asked";
    a->asked_at = ctx->now;
    enum status s = record_insert(ctx, &offer_asks_kind, a, "ask");
    if (s == OK)
        offer_tell_ask(ctx, o, a);
    return s;
}

/* Nobody left to ask: the leader is to find somebody. */
static enum status to_leader(struct ctx *ctx, const struct offer *o)
{
    struct offer *after = record_copy(ctx, &offers_kind, o);
    after->status = "led";
    after->led_at = ctx->now;
    return record_update(ctx, &offers_kind, o, after, "to_leader");
}

enum status offer_widen(struct ctx *ctx, const struct offer *o)
{
    struct match found[ASK_MOST];
    if (strcmp(o->status, "open") != 0)
        return OK;
    int64_t wave = o->wave + 1, missing = o->people - accepted(ctx, o->record.id);
    if (wave > OFFER_WAVES || missing <= 0)
        return missing <= 0 ? OK : to_leader(ctx, o);
    int64_t wanted = missing * wave_size[wave];
    int n = offer_match(ctx, o, found, wanted < ASK_MOST ? (int)wanted : ASK_MOST);
    if (n == 0)
        return to_leader(ctx, o);
    struct offer *after = record_copy(ctx, &offers_kind, o);
    after->wave = wave;
    after->wave_at = ctx->now;
    enum status s = record_update(ctx, &offers_kind, o, after, "widen");
    for (int i = 0; i < n && s == OK; i++)
        s = ask_one(ctx, after, found[i].volunteer, found[i].score, found[i].why);
    return s;
}

enum status offer_file(struct ctx *ctx, struct offer *o)
{
    const struct request *r = record_get(ctx, &requests_kind, o->request);
    int status = r ? request_status_of(r) : MERGED;
    if (status == CLOSED || status == MERGED || status == ANSWERED)
        return ctx_fail(ctx, CONFLICT, say(ctx, "Only a request that is still open can be offered."));
    if (query_int(ctx->db, "SELECT id FROM offers WHERE request = {} AND status IN ('open', 'agreed', 'led')", o->request) != NONE)
        return ctx_fail(ctx, CONFLICT, say(ctx, "It is offered already."));
    struct rows *s = query(ctx->db, "SELECT people_needed, home_visit FROM skills WHERE code = {}", o->skill);
    if (!rows_next(s)) {
        ctx_problem(ctx, "skill", say(ctx, "Choose what is needed."));
        return ctx->status;
    }
    if (o->people == NONE) /* home visits in pairs */
        o->people = row_int(s, "people_needed") != NONE ? row_int(s, "people_needed") : row_int(s, "home_visit") == 1 ? 2 : 1;
    rows_end(s);
    if (o->starts != NONE && o->starts < ctx->now)
        ctx_problem(ctx, "starts", say(ctx, "Give a time that is still to come."));
    if (!record_check(ctx, &offers_kind, NULL, o))
        return ctx->status;
    if (o->starts != NONE && o->ends == NONE)
        o->ends = o->starts + WHEN_HOUR;
    o->code = record_code(ctx, "F");
    o->community = r->community;
    o->lat = r->lat;
    o->lon = r->lon;
    if (isnan(o->lat)) {
        struct rows *a = query(ctx->db, "SELECT lat, lon FROM areas WHERE id = {} AND lat IS NOT NULL", (struct maybe){r->area});
        if (rows_next(a)) {
            o->lat = row_real(a, "lat");
            o->lon = row_real(a, "lon");
        }
        rows_end(a);
    }
    o->status = "open";
    o->wave = 0;
    enum status done = record_insert(ctx, &offers_kind, o, "file");
    if (done == OK)
        request_event(ctx, r, r, "offered", NULL, true);
    return done == OK ? offer_widen(ctx, o) : done;
}

enum status offer_ask(struct ctx *ctx, const struct offer *o, int64_t volunteer)
{
    const struct volunteer *v = record_get(ctx, &volunteers_kind, volunteer);
    if (!v || strcmp(v->status, "active") != 0) {
        ctx_problem(ctx, "volunteer", say(ctx, "Choose a volunteer who is active."));
        return ctx->status;
    }
    if (query_int(ctx->db, "SELECT id FROM offer_asks WHERE offer = {} AND volunteer = {}", o->record.id, volunteer) != NONE) {
        ctx_problem(ctx, "volunteer", say(ctx, "This volunteer was asked already."));
        return ctx->status;
    }
    return ask_one(ctx, o, volunteer, 100, "|leader|");
}

static enum status set_answer(struct ctx *ctx, const struct offer_ask *a, const char *answer)
{
    struct offer_ask *after = record_copy(ctx, &offer_asks_kind, a);
    after->answer = answer;
    after->answered_at = ctx->now;
    const struct offer *o = record_get(ctx, &offers_kind, a->offer);
    if (!o)
        return record_gone(ctx);
    offer_untell(ctx, o, a->volunteer);
    return record_update(ctx, &offer_asks_kind, a, after, answer);
}

/* Those who have not answered need not any more. */
static enum status end_asks(struct ctx *ctx, int64_t offer, const char *answer)
{
    for (int64_t id;
         (id = query_int(ctx->db, "SELECT min(id) AS id FROM offer_asks WHERE offer = {} AND answer = 'asked'", offer)) != NONE;) {
        enum status s = set_answer(ctx, record_get(ctx, &offer_asks_kind, id), answer);
        if (s != OK)
            return s;
    }
    return db_status(ctx->db);
}

static enum status agree(struct ctx *ctx, const struct offer *o, int64_t starts)
{
    struct offer *after = record_copy(ctx, &offers_kind, o);
    if (after->starts == NONE && starts != NONE) {
        after->starts = starts;
        after->ends = starts + WHEN_HOUR;
    }
    bool enough = accepted(ctx, o->record.id) >= o->people;
    if (enough)
        after->status = "agreed";
    enum status s = record_update(ctx, &offers_kind, o, after, enough ? "agree" : "accept");
    if (s != OK || !enough)
        return s;
    const struct request *r = record_get(ctx, &requests_kind, o->request);
    offer_tell_accepted(ctx, after, "agreed", NULL);
    request_event(ctx, r, r, "agreed", after->starts == NONE ? NULL : when_show(ctx->arena, "zh_CN", after->starts), true);
    return end_asks(ctx, o->record.id, "late");
}

enum status offer_answer(struct ctx *ctx, const struct offer_ask *a, bool yes, int64_t starts)
{
    const struct offer *o = record_get(ctx, &offers_kind, a->offer);
    if (strcmp(a->answer, "asked") != 0 || !o || (strcmp(o->status, "open") != 0 && strcmp(o->status, "led") != 0))
        return ctx_fail(ctx, CONFLICT,
                        !strcmp(a->answer, "yes") ? say(ctx, "You have accepted this already.")
                                                  : say(ctx, "Thank you: others were quicker, it is settled already."));
    if (yes && o->starts == NONE && (starts == NONE || starts < ctx->now)) {
        ctx_problem(ctx, "starts", say(ctx, "Say when you will come: a time that is still to come."));
        return ctx->status;
    }
    enum status s = set_answer(ctx, a, yes ? "yes" : "no");
    if (s != OK)
        return s;
    if (yes)
        return agree(ctx, o, starts);
    bool nobody = query_int(ctx->db, "SELECT count(*) AS n FROM offer_asks WHERE offer = {} AND answer = 'asked'", a->offer) == 0;
    return nobody && !strcmp(o->status, "open") ? offer_widen(ctx, o) : OK;
}

enum status offer_withdraw(struct ctx *ctx, const struct offer_ask *a, const char *why)
{
    const struct offer *o = record_get(ctx, &offers_kind, a->offer);
    if (strcmp(a->answer, "yes") != 0 || !o || !strcmp(o->status, "done") || !strcmp(o->status, "cancelled"))
        return ctx_fail(ctx, CONFLICT, say(ctx, "There is nothing to take back here."));
    if (!why || !*why) {
        ctx_problem(ctx, "why", say(ctx, "Write in a few words why, so that somebody else can be found."));
        return ctx->status;
    }
    enum status s = set_answer(ctx, a, "no");
    struct offer *after = record_copy(ctx, &offers_kind, o);
    after->status = "open";
    if (s == OK && strcmp(o->status, "open") != 0)
        s = record_update(ctx, &offers_kind, o, after, "withdraw");
    const struct request *r = record_get(ctx, &requests_kind, o->request);
    if (s == OK)
        request_event(ctx, r, r, "withdrawn", why, false);
    return s == OK ? offer_widen(ctx, record_get(ctx, &offers_kind, a->offer)) : s;
}

static enum status mark_visit(struct ctx *ctx, const struct offer *o, int64_t volunteer, int64_t came, int64_t went)
{
    enum mark_result result;
    struct mark m = {.activity = NONE, .shift = NONE, .offer = o->record.id, .volunteer = volunteer, .ahead = 0, .how = "visit"};
    m.code = arena_print(ctx->arena, "visit-%s-%lld-in", o->code, (long long)volunteer);
    m.at = came;
    enum status s = attendance_mark(ctx, &m, &result);
    m.code = arena_print(ctx->arena, "visit-%s-%lld-out", o->code, (long long)volunteer);
    m.at = went;
    m.out = true;
    return s == OK ? attendance_mark(ctx, &m, &result) : s;
}

enum status offer_done(struct ctx *ctx, const struct offer *o, int64_t came, int64_t went, const char *text)
{
    int64_t who[10];
    int n = 0;
    if (strcmp(o->status, "agreed") != 0 && !(accepted(ctx, o->record.id) > 0 && (!strcmp(o->status, "open") || !strcmp(o->status, "led"))))
        return ctx_fail(ctx, CONFLICT, say(ctx, "This visit was recorded already, or nobody has accepted it."));
    if (came == NONE || went == NONE || went <= came || went > ctx->now || went - came > 8 * WHEN_HOUR) {
        ctx_problem(ctx, "went", say(ctx, "Give when you came and when you went: both past, at most 8 hours apart."));
        return ctx->status;
    }
    struct offer *after = record_copy(ctx, &offers_kind, o);
    after->status = "done";
    after->done_at = ctx->now;
    after->starts = came;
    after->ends = went;
    enum status s = record_update(ctx, &offers_kind, o, after, "done");
    struct rows *r = query(ctx->db, "SELECT volunteer FROM offer_asks WHERE offer = {} AND answer = 'yes' ORDER BY id", o->record.id);
    while (n < 10 && rows_next(r))
        who[n++] = row_int(r, "volunteer");
    rows_end(r);
    for (int i = 0; i < n && s == OK; i++)
        s = mark_visit(ctx, after, who[i], came, went);
    if (s == OK)
        s = end_asks(ctx, o->record.id, "over");
    if (s != OK)
        return s;
    const struct request *q = record_get(ctx, &requests_kind, o->request);
    struct step_input in = {.unit = NONE,
                            .until = NONE,
                            .into = NONE,
                            .satisfaction = NONE,
                            .text = text && *text ? text
                                                  : say(ctx, "Volunteers came on {} and did it.", when_show(ctx->arena, ctx->lang, came))};
    if (request_status_of(q) == ANSWERED || request_status_of(q) == CLOSED) /* somebody was quicker with the answer */
        return OK;
    unsigned roles = ctx->actor.roles;
    ctx->actor.roles |= ROLE_VOLUNTEER; /* who may record a visit is decided where it is recorded */
    s = request_take(ctx, request_step("served"), q, &in);
    ctx->actor.roles = roles;
    return s;
}

enum status offer_cancel(struct ctx *ctx, const struct offer *o, const char *why)
{
    if (!strcmp(o->status, "done") || !strcmp(o->status, "cancelled"))
        return ctx_fail(ctx, CONFLICT, say(ctx, "It is over already."));
    if (!why || !*why) {
        ctx_problem(ctx, "why", say(ctx, "Write why: those who accepted will read it."));
        return ctx->status;
    }
    struct offer *after = record_copy(ctx, &offers_kind, o);
    after->status = "cancelled";
    enum status s = record_update(ctx, &offers_kind, o, after, "cancel");
    const struct request *r = record_get(ctx, &requests_kind, o->request);
    if (s == OK)
        request_event(ctx, r, r, "offer_cancelled", why, false);
    if (s == OK)
        offer_tell_accepted(ctx, after, "cancelled", why);
    return s == OK ? end_asks(ctx, o->record.id, "over") : s;
}

/* ---- the job that widens ---- */

static void widen_one(struct ctx *ctx)
{
    const struct offer *o = record_get(ctx, &offers_kind, *(int64_t *)ctx->work);
    if (!o || strcmp(o->status, "open") != 0)
        return;
    int status = request_status_of(record_get(ctx, &requests_kind, o->request));
    if (status == CLOSED || status == MERGED || status == ANSWERED)
        offer_cancel(ctx, o, say(ctx, "The request was settled otherwise."));
    else
        offer_widen(ctx, o);
}

static void widen_due(struct ctx *ctx)
{
    for (int i = 0; i < 200; i++) {
        int64_t id = query_int(ctx->db,
                               "SELECT id FROM offers WHERE status = 'open' AND wave_at < CASE WHEN wave < {} THEN {} ELSE {} END"
                               " ORDER BY wave_at LIMIT 1",
                               OFFER_WAVES, ctx->now - OFFER_WAIT, ctx->now - OFFER_WAIT_LAST);
        if (id == NONE)
            return;
        ctx->work = &id;
        if (door(ctx, widen_one) != OK)
            return;
    }
}

static const struct kind *const kinds[] = {&offers_kind, &offer_asks_kind, NULL};
static const struct job jobs[] = {{"offers_widen", 60, widen_due}, {.name = NULL}};

const struct module offers_module = {.name = "offers", .kinds = kinds, .jobs = jobs};
