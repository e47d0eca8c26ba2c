/*
 * The life of an offer: asked in rounds, accepted, visited, done.
 *
 * An offer contains nothing that names the resident; volunteers who accepted
 * see the request itself. A visit is recorded once: attendance marks for all
 * who came (their hours follow) and the request's step "served".
 */
#include "app/visits/offers.h"

#include "app/activities/activities.h"
#include "core/module.h"
#include "app/registers/registers.h"
#include "app/visits/visit_parts.h"
#include "base/when.h"

#include <math.h>
#include <string.h>

static const struct choice statuses[] = {
    {"open", N_("Looking for volunteers")}, {"agreed", N_("Visit arranged")},
    {"led", N_("With the team leader")},    {"done", N_("Done")},
    {"cancelled", N_("Cancelled")},         {NULL, NULL}};
static const struct choice answers[] = {
    {"asked", N_("Asked")},        {"yes", N_("Accepted")},          {"no", N_("Declined")},
    {"late", N_("Already taken")}, {"over", N_("No longer needed")}, {NULL, NULL}};
static const struct choice genders[] = {
    {"female", N_("Female")}, {"male", N_("Male")}, {NULL, NULL}};

#define HOSTS (ROLE_TEAM_LEADER | ROLE_WORKER | ROLE_OFFICE)
static const int wave_size[OFFER_WAVES + 1] = {0, 3, 6,
                                               15}; /* multiples of the number of people needed */
#define ASK_MOST 60

#define O(member) offsetof(struct offer, member)
static const struct field offer_fields[] = {
    {"code", F_CODE, O(code), N_("Code"), .flags = UNIQUE | FIXED},
    {"request", F_REF, O(request), N_("Request"), .ref = "requests", .flags = LISTED | FIXED},
    {"skill", F_CODE, O(skill), N_("Skill"), .max = 40, .flags = REQUIRED | LISTED | FILTER},
    {"people", F_INT, O(people), N_("People needed"), .min = 1, .max = 10, .flags = LISTED},
    {"gender_preference", F_CHOICE, O(gender_preference), N_("Preferred volunteer"),
     .choices = genders},
    {"gender", F_CHOICE, O(gender), N_("Resident’s gender"), .choices = genders},
    {"language", F_CHOICE, O(language), N_("Languages spoken"), .choices = volunteer_languages},
    {"starts", F_TIME, O(starts), N_("Starts"), .flags = LISTED},
    {"ends", F_TIME, O(ends), N_("Ends")},
    {"community", F_REF, O(community), N_("Community"), .ref = "areas",
     .flags = LISTED | FILTER | FIXED},
    {"lat", F_REAL, O(lat), N_("Latitude"), .flags = FIXED},
    {"lon", F_REAL, O(lon), N_("Longitude"), .flags = FIXED},
    {"note", F_TEXT, O(note), N_("Note for volunteers"), .max = 200},
    {"status", F_CHOICE, O(status), N_("Status"), .choices = statuses,
     .flags = LISTED | FILTER | FIXED},
    {"wave", F_INT, O(wave), N_("Round"), .flags = FIXED},
    {"wave_at", F_TIME, O(wave_at), N_("Time asked"), .flags = FIXED},
    {"led_at", F_TIME, O(led_at), N_("Passed to the team leader"), .flags = FIXED},
    {"done_at", F_TIME, O(done_at), N_("Done"), .flags = FIXED},
};

/* By area; team leaders also see what their team's volunteers are asked. */
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
            sql_add(where,
                    " OR id IN (SELECT k.offer FROM offer_asks k JOIN volunteers v ON v.id = "
                    "k.volunteer WHERE v.team = {})",
                    ctx->actor.grants[i].organisation);
    sql_add(where, ")");
    sql_release(&by_area);
}

static const struct choice offer_actions[] = {
    {"file", N_("received")},
    {"agree", N_("enough volunteers found")},
    {"accept", N_("accepted")},
    {"withdraw", N_("withdrawn")},
    {"widen", N_("more volunteers asked")},
    {"to_leader", N_("passed to the team leader")},
    {"done", N_("completed and recorded")},
    {"cancel", N_("cancelled")},
    {NULL, NULL},
};

const struct kind offers_kind = {
    .name = "offers",
    .table = "offers",
    .one = N_("Volunteer search"),
    .many = N_("Volunteer searches"),
    .actions = offer_actions,
    FIELDS(offer_fields),
    .size = sizeof(struct offer),
    .read = HOSTS | ROLE_LEADER,
    .code = "code",
    .order = "id DESC",
    .scope = scope,
    .home = "/visits",
    .page = "/visits/{id}",
    .about = N_("Requests that need volunteers, and the home visits that followed.")};

#define K(member) offsetof(struct offer_ask, member)
static const struct field ask_fields[] = {
    {"code", F_CODE, K(code), N_("Code"), .flags = UNIQUE | FIXED},
    {"offer", F_REF, K(offer), N_("Volunteer search"), .ref = "offers", .flags = FILTER | FIXED},
    {"volunteer", F_REF, K(volunteer), N_("Volunteer"), .ref = "volunteers",
     .flags = LISTED | FIXED},
    {"wave", F_INT, K(wave), N_("Round"), .flags = LISTED | FIXED},
    {"score", F_INT, K(score), N_("Match"), .flags = LISTED | FIXED},
    {"why", F_TEXT, K(why), N_("Why"), .flags = FIXED},
    {"answer", F_CHOICE, K(answer), N_("Volunteer’s reply"), .choices = answers,
     .flags = LISTED | FILTER | FIXED},
    {"asked_at", F_TIME, K(asked_at), N_("Time asked"), .flags = LISTED | FIXED},
    {"answered_at", F_TIME, K(answered_at), N_("Replied"), .flags = LISTED | FIXED},
};

static void ask_scope(struct ctx *ctx, struct sql *where)
{
    sql_add(where, " AND offer IN (SELECT f.id FROM offers f WHERE 1 = 1");
    scope(ctx, where);
    sql_add(where, ")");
}

static const struct choice ask_actions[] = {
    {"ask", N_("volunteer asked")},   {"yes", N_("accepted")},
    {"no", N_("declined")},           {"late", N_("already taken by others")},
    {"over", N_("no longer needed")}, {NULL, NULL},
};

const struct kind offer_asks_kind = {.name = "offer_asks",
                                     .table = "offer_asks",
                                     .one = N_("Volunteer invitation"),
                                     .many = N_("Volunteer invitations"),
                                     .actions = ask_actions,
                                     FIELDS(ask_fields),
                                     .size = sizeof(struct offer_ask),
                                     .read = HOSTS | ROLE_LEADER,
                                     .code = "code",
                                     .order = "id DESC",
                                     .scope = ask_scope};

/* Also 0 if it can't be read: whatever relies on it is then rolled back. */
static int64_t accepted(struct ctx *ctx, int64_t offer)
{
    int64_t n = query_int(
        ctx->db, "SELECT count(*) AS n FROM offer_asks WHERE offer = {} AND answer = 'yes'", offer);
    return n == NONE ? 0 : n;
}

static enum status ask_one(struct ctx *ctx, const struct offer *o, int64_t volunteer, int score,
                           const char *why)
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

/* No candidates left: the team leader must find someone. */
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

/* Adds an entry to the history of the request. */
static enum status add_event(struct ctx *ctx, const struct offer *o, const char *action,
                             const char *text, int64_t until, bool visible)
{
    const struct request *r = record_must(ctx, &requests_kind, o->request);
    if (ctx_ok(ctx))
        request_event_until(ctx, r, r, action, text, until, visible);
    return ctx->status;
}

enum status offer_file(struct ctx *ctx, struct offer *o)
{
    const struct request *r = record_get(ctx, &requests_kind, o->request);
    int status = r ? request_status_of(r) : MERGED;
    if (status == CLOSED || status == MERGED || status == ANSWERED)
        return ctx_fail(ctx, CONFLICT,
                        say(ctx, "You can only look for volunteers for an open request."));
    if (query_int(
            ctx->db,
            "SELECT id FROM offers WHERE request = {} AND status IN ('open', 'agreed', 'led')",
            o->request) != NONE)
        return ctx_fail(ctx, CONFLICT,
                        say(ctx, "We are already looking for volunteers for this request."));
    struct rows *s = query(ctx->db, "SELECT people_needed, home_visit FROM skills WHERE code = {}",
                           o->skill);
    if (!rows_next(s)) {
        ctx_problem(ctx, "skill", say(ctx, "Choose the service needed."));
        return ctx->status;
    }
    if (o->people == NONE) /* home visits are made in pairs */
        o->people = row_int(s, "people_needed") != NONE ? row_int(s, "people_needed")
                    : row_int(s, "home_visit") == 1     ? 2
                                                        : 1;
    rows_end(s);
    if (o->starts != NONE && o->starts < ctx->now)
        ctx_problem(ctx, "starts", say(ctx, "Enter a time in the future."));
    if (!record_check(ctx, &offers_kind, NULL, o))
        return ctx->status;
    if (o->starts != NONE && o->ends == NONE)
        o->ends = o->starts + WHEN_HOUR;
    o->code = record_code(ctx, "F");
    o->community = r->community;
    o->lat = r->lat;
    o->lon = r->lon;
    if (isnan(o->lat)) {
        struct rows *a = query(ctx->db,
                               "SELECT lat, lon FROM areas WHERE id = {} AND lat IS NOT NULL",
                               (struct maybe){r->area});
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
        ctx_problem(ctx, "volunteer", say(ctx, "Choose an active volunteer."));
        return ctx->status;
    }
    if (query_int(ctx->db, "SELECT id FROM offer_asks WHERE offer = {} AND volunteer = {}",
                  o->record.id, volunteer) != NONE) {
        ctx_problem(ctx, "volunteer", say(ctx, "This volunteer has already been asked."));
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

/* Ends the invitations that have not been answered. */
static enum status end_asks(struct ctx *ctx, int64_t offer, const char *answer)
{
    for (int64_t id;
         (id = query_int(
              ctx->db, "SELECT min(id) AS id FROM offer_asks WHERE offer = {} AND answer = 'asked'",
              offer)) != NONE;) {
        enum status s = set_answer(ctx, record_must(ctx, &offer_asks_kind, id), answer);
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
    offer_tell_accepted(ctx, after, "agreed", NULL);
    s = add_event(ctx, o, "agreed", NULL, after->starts, true);
    return s != OK ? s : end_asks(ctx, o->record.id, "late");
}

enum status offer_answer(struct ctx *ctx, const struct offer_ask *a, bool yes, int64_t starts)
{
    const struct offer *o = record_get(ctx, &offers_kind, a->offer);
    if (strcmp(a->answer, "asked") != 0 || !o ||
        (strcmp(o->status, "open") != 0 && strcmp(o->status, "led") != 0))
        return ctx_fail(ctx, CONFLICT,
                        !strcmp(a->answer, "yes")
                            ? say(ctx, "You have already accepted this.")
                            : say(ctx, "Thank you, but someone else has already taken this on."));
    if (yes && o->starts == NONE && (starts == NONE || starts < ctx->now)) {
        ctx_problem(ctx, "starts", say(ctx, "Enter when you will visit: a time in the future."));
        return ctx->status;
    }
    enum status s = set_answer(ctx, a, yes ? "yes" : "no");
    if (s != OK)
        return s;
    if (yes)
        return agree(ctx, o, starts);
    bool nobody = query_int(
                      ctx->db,
                      "SELECT count(*) AS n FROM offer_asks WHERE offer = {} AND answer = 'asked'",
                      a->offer) == 0;
    return nobody && !strcmp(o->status, "open") ? offer_widen(ctx, o) : OK;
}

enum status offer_withdraw(struct ctx *ctx, const struct offer_ask *a, const char *why)
{
    const struct offer *o = record_get(ctx, &offers_kind, a->offer);
    if (strcmp(a->answer, "yes") != 0 || !o || !strcmp(o->status, "done") ||
        !strcmp(o->status, "cancelled"))
        return ctx_fail(ctx, CONFLICT, say(ctx, "There is nothing to withdraw."));
    if (!why || !*why) {
        ctx_problem(ctx, "why", say(ctx, "Tell us briefly why, so that we can find someone else."));
        return ctx->status;
    }
    enum status s = set_answer(ctx, a, "no");
    struct offer *after = record_copy(ctx, &offers_kind, o);
    after->status = "open";
    if (s == OK && strcmp(o->status, "open") != 0)
        s = record_update(ctx, &offers_kind, o, after, "withdraw");
    if (s == OK)
        s = add_event(ctx, o, "withdrawn", why, NONE, false);
    return s == OK ? offer_widen(ctx, record_must(ctx, &offers_kind, a->offer)) : s;
}

/* Reaction to a volunteer who leaves: others must make the visits. */
static enum status asks_give_back(struct ctx *ctx, const void *before, const void *after)
{
    enum { BATCH = 100 };
    const struct volunteer *v = after;
    const char *why = v->left_why ? v->left_why : say(ctx, "Has stopped volunteering.");
    int64_t ids[BATCH];
    int n;
    (void)before;
    do {
        n = rows_ids(query(ctx->db,
                           "SELECT k.id FROM offer_asks k JOIN offers o ON o.id = k.offer WHERE "
                           "k.volunteer = {} AND k.answer IN ('asked', 'yes')"
                           " AND o.status IN ('open', 'agreed', 'led') ORDER BY k.id LIMIT {}",
                           v->record.id, BATCH),
                     ids, BATCH);
        for (int i = 0; i < n && ctx_ok(ctx); i++) {
            const struct offer_ask *a = record_get(ctx, &offer_asks_kind, ids[i]);
            if (!a)
                record_gone(ctx);
            else if (!strcmp(a->answer, "yes"))
                offer_withdraw(ctx, a, why);
            else
                offer_answer(ctx, a, false, NONE);
        }
    } while (n == BATCH && ctx_ok(ctx));
    return ctx->status;
}

static enum status mark_visit(struct ctx *ctx, const struct offer *o, int64_t volunteer,
                              int64_t came, int64_t went)
{
    enum mark_result result;
    struct mark m = {.activity = NONE,
                     .shift = NONE,
                     .offer = o->record.id,
                     .volunteer = volunteer,
                     .ahead = 0,
                     .how = "visit"};
    m.code = arena_print(ctx->arena, "visit-%s-%lld-in", o->code, (long long)volunteer);
    m.at = came;
    enum status s = attendance_mark(ctx, &m, &result);
    m.code = arena_print(ctx->arena, "visit-%s-%lld-out", o->code, (long long)volunteer);
    m.at = went;
    m.out = true;
    return s == OK ? attendance_mark(ctx, &m, &result) : s;
}

/* The request has changed in the meantime: answered, merged, on hold, in follow-up. The visit
 * took place, so it is in the history, of the remaining request if it was merged. */
static enum status visit_noted(struct ctx *ctx, const struct request *q, const char *text)
{
    const struct request *r = request_status_of(q) == MERGED && q->merged_into != NONE
                                  ? record_must(ctx, &requests_kind, q->merged_into)
                                  : q;
    if (ctx_ok(ctx))
        request_event(ctx, r, r, "visited", text, true);
    return ctx->status;
}

enum status offer_done(struct ctx *ctx, const struct offer *o, int64_t came, int64_t went,
                       const char *text)
{
    int64_t who[10];
    int n = 0;
    if (strcmp(o->status, "agreed") != 0 &&
        !(accepted(ctx, o->record.id) > 0 &&
          (!strcmp(o->status, "open") || !strcmp(o->status, "led"))))
        return ctx_fail(
            ctx, CONFLICT,
            say(ctx, "This visit has already been recorded, or nobody has accepted it."));
    if (came == NONE || went == NONE || went <= came || went > ctx->now ||
        went - came > 8 * WHEN_HOUR) {
        ctx_problem(ctx, "went",
                    say(ctx, "Enter when you arrived and left: both in the past and no more than 8 "
                             "hours apart."));
        return ctx->status;
    }
    struct offer *after = record_copy(ctx, &offers_kind, o);
    after->status = "done";
    after->done_at = ctx->now;
    after->starts = came;
    after->ends = went;
    enum status s = record_update(ctx, &offers_kind, o, after, "done");
    struct rows *r = query(
        ctx->db, "SELECT volunteer FROM offer_asks WHERE offer = {} AND answer = 'yes' ORDER BY id",
        o->record.id);
    while (n < 10 && rows_next(r))
        who[n++] = row_int(r, "volunteer");
    rows_end(r);
    for (int i = 0; i < n && s == OK; i++)
        s = mark_visit(ctx, after, who[i], came, went);
    if (s == OK)
        s = end_asks(ctx, o->record.id, "over");
    if (s != OK)
        return s;
    const struct request *q = record_must(ctx, &requests_kind, o->request);
    struct step_input in = {.unit = NONE,
                            .until = NONE,
                            .into = NONE,
                            .satisfaction = NONE,
                            .text = text && *text
                                        ? text
                                        : say(ctx, "Volunteers visited on {} and did the job.",
                                              when_show(ctx->arena, ctx->lang, came))};
    if (!(request_step("served")->from & STATE(request_status_of(q))))
        return visit_noted(ctx, q, in.text);
    unsigned roles = ctx->actor.roles;
    ctx->actor.roles |= ROLE_VOLUNTEER; /* the caller has decided who may record a visit */
    s = request_take(ctx, request_step("served"), q, &in);
    ctx->actor.roles = roles;
    return s;
}

enum status offer_cancel(struct ctx *ctx, const struct offer *o, const char *why)
{
    if (!strcmp(o->status, "done") || !strcmp(o->status, "cancelled"))
        return ctx_fail(ctx, CONFLICT, say(ctx, "This has already ended."));
    if (!why || !*why) {
        ctx_problem(ctx, "why", say(ctx, "Enter a reason: those who accepted will see it."));
        return ctx->status;
    }
    struct offer *after = record_copy(ctx, &offers_kind, o);
    after->status = "cancelled";
    enum status s = record_update(ctx, &offers_kind, o, after, "cancel");
    if (s == OK)
        s = add_event(ctx, o, "offer_cancelled", why, NONE, false);
    if (s == OK)
        offer_tell_accepted(ctx, after, "cancelled", why);
    return s == OK ? end_asks(ctx, o->record.id, "over") : s;
}

/* Some have accepted, and no more are needed. Their visit can still be recorded. */
static enum status look_no_further(struct ctx *ctx, const struct offer *o)
{
    struct offer *after = record_copy(ctx, &offers_kind, o);
    after->status = "agreed";
    enum status s = record_update(ctx, &offers_kind, o, after, "agree");
    return s == OK ? end_asks(ctx, o->record.id, "over") : s;
}

/* Reaction to a merged request: the search ends. Volunteers who accepted are notified and no
 * longer see the resident's number. What they did can still be recorded. */
static enum status merged(struct ctx *ctx, const void *before, const void *after)
{
    const struct request *was = before, *r = after;
    int64_t id = r->merged_into != NONE && was->merged_into == NONE
                     ? query_int(
                           ctx->db,
                           "SELECT max(id) AS id FROM offers WHERE request = {} AND status IN "
                           "('open', 'agreed', 'led')",
                           r->record.id)
                     : NONE;
    const struct offer *o = id == NONE ? NULL : record_get(ctx, &offers_kind, id);
    if (!o)
        return ctx->status;
    const char *why = say(ctx, "The request is handled together with another one. If you have "
                               "already been there, record the visit.");
    if (accepted(ctx, id) == 0)
        return offer_cancel(ctx, o, why);
    offer_tell_accepted(ctx, o, "merged", why);
    return look_no_further(ctx, o);
}

/* Reaction to a request that the resident withdrew: volunteers who accepted are notified. A
 * visit whose time has come may have taken place, so it can still be recorded. */
static enum status taken_back(struct ctx *ctx, const void *before, const void *after)
{
    const struct request *r = after;
    int64_t ids[8], last = 0;
    (void)before;
    for (int n = 8; n > 0 && ctx_ok(ctx);) {
        n = rows_ids(query(ctx->db,
                           "SELECT id FROM offers WHERE request = {} AND status IN ('open', "
                           "'agreed', 'led') AND id > {} ORDER BY id LIMIT {}",
                           r->record.id, last, 8),
                     ids, 8);
        for (int i = 0; i < n && ctx_ok(ctx); i++) {
            const struct offer *o = record_get(ctx, &offers_kind, ids[i]);
            last = ids[i];
            if (!o)
                return record_gone(ctx);
            if (o->starts != NONE && o->starts <= ctx->now && accepted(ctx, o->record.id) > 0)
                look_no_further(ctx, o);
            else
                offer_cancel(ctx, o, say(ctx, "The resident no longer needs it."));
        }
    }
    return ctx->status;
}

/* ---- the job that widens ---- */

#define ROUND_OPENS  (8 * WHEN_HOUR)  /* nobody has to answer before that, */
#define ROUND_CLOSES (20 * WHEN_HOUR) /* or after that */

int64_t offer_round_ends(int64_t asked, int64_t wait)
{
    for (int64_t at = asked;;) {
        int64_t day = when_day_start(when_day(at)), closes = day + ROUND_CLOSES;
        at = at < day + ROUND_OPENS ? day + ROUND_OPENS : at;
        if (at < closes && wait <= closes - at)
            return at + wait;
        wait -= at < closes ? closes - at : 0;
        at = day + WHEN_DAY;
    }
}

int64_t offer_round_began(int64_t now, int64_t wait)
{
    for (int64_t at = now;;) {
        int64_t day = when_day_start(when_day(at)), opens = day + ROUND_OPENS;
        at = at > day + ROUND_CLOSES ? day + ROUND_CLOSES : at;
        if (at > opens && wait <= at - opens)
            return at - wait;
        wait -= at > opens ? at - opens : 0;
        at = day - 1;
    }
}

static void widen_one(struct ctx *ctx)
{
    const struct offer *o = record_get(ctx, &offers_kind, *(int64_t *)ctx->work);
    if (!o || strcmp(o->status, "open") != 0)
        return;
    int status = request_status_of(record_must(ctx, &requests_kind, o->request));
    if (!ctx_ok(ctx))
        return;
    bool ended = status == CLOSED || status == MERGED || status == ANSWERED;
    if (ended && accepted(ctx, o->record.id) > 0)
        look_no_further(ctx, o);
    else if (ended)
        offer_cancel(ctx, o, say(ctx, "The request was resolved another way."));
    else
        offer_widen(ctx, o);
}

static void widen_due(struct ctx *ctx)
{
    for (int i = 0; i < 200; i++) {
        int64_t id = query_int(ctx->db,
                               "SELECT id FROM offers WHERE status = 'open' AND wave_at < CASE "
                               "WHEN wave < {} THEN {} ELSE {} END"
                               " ORDER BY wave_at LIMIT 1",
                               OFFER_WAVES, offer_round_began(ctx->now, OFFER_WAIT),
                               offer_round_began(ctx->now, OFFER_WAIT_LAST));
        if (id == NONE)
            return;
        ctx->work = &id;
        if (writer_call(ctx, widen_one) != OK)
            return;
    }
}

static const struct kind *const kinds[] = {&offers_kind, &offer_asks_kind, NULL};
static const struct job jobs[] = {{"offers_widen", 60, widen_due}, {.name = NULL}};

static const struct reaction reactions[] = {{&volunteers_kind, "leave", asks_give_back},
                                            {&volunteers_kind, "refuse", asks_give_back},
                                            {&requests_kind, "merge", merged},
                                            {&requests_kind, "withdraw", taken_back},
                                            {.kind = NULL}};

const struct module offers_module = {
    .name = "offers", .kinds = kinds, .jobs = jobs, .reactions = reactions};
