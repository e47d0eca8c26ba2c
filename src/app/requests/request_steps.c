/*
 * The life of a request: request_steps is the one table of its transitions. A
 * row says who may take a step, from which states to which, what its form
 * asks, what bars it, and what the resident is told. A rule function does what
 * the table can't express. core/workflow.c applies the table,
 * core/workflow_print.c prints it, and pages/workflow_page.c draws its forms,
 * so a step is described only once. Changes run on the writer thread; memory
 * is the context's.
 */
#include "app/requests/deadlines.h"
#include "app/requests/request_notices.h"
#include "app/requests/requests.h"

#include "app/registers/registers.h"
#include "core/events.h"
#include "base/text.h"
#include "base/when.h"

#include <string.h>

#define STEP_TEXT_MOST 5000 /* characters of a reply or a reason */

#define WORKING (STATE(RECEIVED) | STATE(DISPATCHED) | STATE(HANDLING))
#define OPEN    (WORKING | STATE(ANSWERED) | STATE(CALL_BACK) | STATE(PARKED))
#define DESK    (ROLE_OFFICE | ROLE_WORKER)

static bool given(int64_t v)
{
    return v != NONE && v > 0;
}

/* ---- what bars a step ---- */

static bool is_office(const struct ctx *ctx)
{
    return ctx->actor.roles & ROLE_OFFICE;
}

static bool works_for(const struct ctx *ctx, int64_t unit)
{
    for (int i = 0; i < ctx->actor.grant_count; i++) {
        const struct grant *g = &ctx->actor.grants[i];
        if ((g->role & (ROLE_WORKER | ROLE_HANDLER)) && (g->unit == NONE || g->unit == unit))
            return true;
    }
    return false;
}

/* The lead unit's steps can be taken by its staff, by the assigned handler, or by the
 * subdistrict office on its behalf. */
static const char *bar_lead(struct ctx *ctx, const void *record)
{
    const struct request *r = record;
    if (is_office(ctx) || (r->handler != NONE && r->handler == ctx->actor.user) ||
        (r->unit != NONE && works_for(ctx, r->unit)))
        return NULL;
    return say(ctx, "Only the lead unit can do this. Your unit can report its work or add a note.");
}

static const char *bar_dispatch(struct ctx *ctx, const void *record)
{
    const struct request *r = record;
    if (r->returns == NONE || r->returns < RETURNS_MOST || is_office(ctx))
        return NULL;
    return say(ctx,
               "This has been returned {} times: the subdistrict office decides who handles it.",
               r->returns);
}

static const char *bar_extend(struct ctx *ctx, const void *record)
{
    const struct request *r = record;
    if (r->due != NONE && r->due < ctx->now)
        return say(ctx,
                   "This is already overdue: a deadline can only be extended before it passes.");
    if (r->extensions != NONE && r->extensions > 0 && !is_office(ctx))
        return say(ctx, "This has already been extended once: only the subdistrict office can "
                        "extend it again.");
    return bar_lead(ctx, r);
}

static const char *bar_report(struct ctx *ctx, const void *record)
{
    const struct request *r = record;
    struct rows *rows = query(
        ctx->db, "SELECT unit FROM request_units WHERE request = {} AND role = 'co'", r->record.id);
    bool any = false, own = false;
    while (rows_next(rows)) {
        any = true;
        own = own || works_for(ctx, row_int(rows, "unit"));
    }
    if (own || (any && is_office(ctx)))
        return NULL;
    return say(ctx, "Only supporting units can report on this request.");
}

/* Another co-reporter said that it is not resolved, and nobody has contacted them since. */
static const char *bar_contact_other(struct ctx *ctx, const void *record)
{
    const struct request *r = record;
    int64_t *ids;
    return requests_doubted(ctx, r->record.id, &ids)
               ? NULL
               : say(ctx, "Nobody else says that it is not resolved.");
}

static const char *bar_resume(struct ctx *ctx, const void *record)
{
    const struct request *r = record;
    return r->unit == NONE && (ctx->actor.roles & DESK) ? NULL : bar_lead(ctx, r);
}

/* A closed request can be disputed for REOPEN_DAYS. */
static const char *bar_dispute(struct ctx *ctx, const void *record)
{
    const struct request *r = record;
    if (r->closed_at != NONE && r->closed_at + REOPEN_DAYS * WHEN_DAY < ctx->now)
        return say(ctx, "This was closed more than {} days ago. Please send a new request.",
                   REOPEN_DAYS);
    return NULL;
}

/* Co-reporters and merged requests still wait for a reply. */
static const char *bar_withdraw(struct ctx *ctx, const void *record)
{
    const struct request *r = record;
    int64_t ids[REQUESTS_MERGED];
    return joiners_any(ctx, r->record.id) || requests_merged(ctx, r->record.id, 0, ids) > 0
               ? say(ctx, "Others have reported the same problem, so the work on it continues. You "
                          "can still add that you no longer need it.")
               : NULL;
}

/* Applies to units where nobody can sign in. */
static const char *bar_take_back(struct ctx *ctx, const void *record)
{
    const struct request *r = record;
    return unit_deserted(ctx, r->unit)
               ? NULL
               : say(ctx, "The unit’s staff can sign in: they reply to it or return it.");
}

/* The dispatcher's own slip: as long as nobody but them has touched it since. */
static const char *bar_recall(struct ctx *ctx, const void *record)
{
    const struct request *r = record;
    if (!is_office(ctx) && (r->dispatcher == NONE || r->dispatcher != ctx->actor.user))
        return say(ctx, "Only whoever dispatched it, or the subdistrict office, can undo this.");
    int64_t acted = query_int(
        ctx->db,
        "SELECT min(id) AS id FROM events WHERE kind = 'requests' AND record = {} AND action NOT "
        "IN ('reveal', 'addition', 'joiner-added') AND actor IS NOT NULL AND actor <> {} AND id > "
        "(SELECT max(id) FROM events WHERE kind = 'requests' AND record = {} AND action = "
        "'dispatch')",
        r->record.id, (struct maybe){r->dispatcher}, r->record.id);
    return acted == NONE ? NULL
                         : say(ctx, "The unit has already started on it: it can return it, or it "
                                    "can be dispatched to another unit.");
}

/* ---- rules ---- */

static bool set_category(struct ctx *ctx, struct request *after, const struct step_input *in)
{
    bool known = !in->level || !*in->level;
    for (const struct choice *c = request_levels; !known && c->code; c++)
        known = !strcmp(c->code, in->level);
    if (!known) {
        ctx_problem(ctx, "level", say(ctx, "Choose a level."));
        return false;
    }
    bool changed = false;
    if (given(in->category) && in->category != after->category) {
        if (query_int(ctx->db, "SELECT id FROM categories WHERE id = {}", in->category) == NONE) {
            ctx_problem(ctx, "category", say(ctx, "Choose a category."));
            return false;
        }
        after->category = in->category;
        after->level = NULL;
        changed = true;
    }
    if (in->level && *in->level && (!after->level || strcmp(in->level, after->level) != 0)) {
        after->level = in->level;
        changed = true;
    }
    if (changed && after->due_from != NONE)
        deadline_set(ctx, after, after->due_from);
    else if (changed)
        contact_follow(ctx, after);
    return true;
}

/* Sets the supporting units to those named. If the form could not name any (bulk actions),
 * those already set stay, except the unit that now leads. */
static void set_co_handlers(struct ctx *ctx, const struct request *r, int64_t lead,
                            const struct step_input *in)
{
    if ((in->co && *in->co) || in->co_shown)
        change(ctx->db, "DELETE FROM request_units WHERE request = {}", r->record.id);
    else
        change(ctx->db, "DELETE FROM request_units WHERE request = {} AND unit = {}", r->record.id,
               lead);
    for (const char *at = in->co, *code; (code = tags_next(ctx->arena, &at)) != NULL;)
        change(ctx->db,
               "INSERT INTO request_units (request, unit, role) SELECT {}, id, 'co' FROM units "
               "WHERE code = {} AND id <> {} ON CONFLICT (request, unit) DO NOTHING",
               r->record.id, code, lead);
}

static bool take_dispatch(struct ctx *ctx, const void *before_, void *after_, const void *input)
{
    const struct request *before = before_;
    struct request *after = after_;
    const struct step_input *in = input;
    if (query_int(ctx->db, "SELECT id FROM units WHERE id = {}", in->unit) == NONE)
        ctx_problem(ctx, "unit", say(ctx, "Choose the unit to handle it."));
    else if (unit_deserted(ctx, in->unit))
        ctx_problem(ctx, "unit",
                    say(ctx, "Nobody at this unit can sign in any more. Choose another unit."));
    if (!ctx_ok(ctx) || !set_category(ctx, after, in))
        return false;
    set_co_handlers(ctx, before, in->unit, in);
    after->unit = in->unit;
    after->handler = NONE;
    after->dispatcher = ctx->actor.user;
    after->dispatched_at = ctx->now;
    if (request_status_of(before) == PARKED) {
        after->parked_until = NONE;
        deadline_set(ctx, after, ctx->now);
    }
    return true;
}

static bool take_accept(struct ctx *ctx, const void *before, void *after_, const void *input)
{
    (void)before;
    struct request *after = after_;
    (void)input;
    after->handler = ctx->actor.user;
    return true;
}

static bool take_contact(struct ctx *ctx, const void *before_, void *after_, const void *input)
{
    const struct request *before = before_;
    struct request *after = after_;
    (void)input;
    if (before->first_contact_at == NONE)
        after->first_contact_at = ctx->now;
    return true;
}

static bool take_answer(struct ctx *ctx, const void *before_, void *after_, const void *input)
{
    const struct request *before = before_;
    struct request *after = after_;
    const struct step_input *in = input;
    after->reply = in->text;
    after->answered_at = ctx->now;
    if (before->first_contact_at == NONE) /* the reply is also the first contact */
        after->first_contact_at = ctx->now;
    if (before->handler == NONE)
        after->handler = ctx->actor.user;
    return true;
}

/* "……" marks what the writer of a template must fill in. */
static bool filled_in(struct ctx *ctx, const struct step_input *in)
{
    bool blank = in->text && strstr(in->text, REPLY_BLANK);
    if (blank)
        ctx_problem(
            ctx, "text",
            say(ctx, "Fill in every “{}” before you send this, or delete it.", REPLY_BLANK));
    return !blank;
}

static bool take_reply(struct ctx *ctx, const void *before, void *after, const void *input)
{
    return filled_in(ctx, input) && take_answer(ctx, before, after, input);
}

/* The first reply is kept; the addition is in the history. */
static bool take_supplement(struct ctx *ctx, const void *before, void *after, const void *input)
{
    (void)before;
    (void)after;
    return filled_in(ctx, input);
}

static bool take_unreached(struct ctx *ctx, const void *before_, void *after_, const void *input)
{
    const struct request *before = before_;
    struct request *after = after_;
    (void)input;
    (void)ctx;
    after->attempts = (before->attempts == NONE ? 0 : before->attempts) + 1;
    return true;
}

static bool set_satisfaction(struct ctx *ctx, struct request *after, const struct step_input *in)
{
    if (!given(in->satisfaction) && in->satisfaction != NONE && in->satisfaction != 0) {
        ctx_problem(ctx, "satisfaction", say(ctx, "Satisfaction must be a number from 1 to 5."));
        return false;
    }
    if (given(in->satisfaction) && in->satisfaction > 5) {
        ctx_problem(ctx, "satisfaction", say(ctx, "Satisfaction must be a number from 1 to 5."));
        return false;
    }
    after->satisfaction = given(in->satisfaction) ? in->satisfaction : NONE;
    return true;
}

static bool take_close(struct ctx *ctx, const void *before_, void *after_, const void *input)
{
    const struct request *before = before_;
    struct request *after = after_;
    const struct step_input *in = input;
    bool yes = in->solved && !strcmp(in->solved, "yes"),
         unreached = in->solved && !strcmp(in->solved, "unreached");
    if (!yes && !unreached) {
        ctx_problem(ctx, "solved",
                    say(ctx, "To close it, record that the resident confirmed it is resolved, or "
                             "that nobody could be reached."));
        return false;
    }
    if (unreached && (before->attempts == NONE || before->attempts < 1)) {
        ctx_problem(ctx, "solved",
                    say(ctx, "First record at least one failed attempt to reach the resident."));
        return false;
    }
    if (!set_satisfaction(ctx, after, in))
        return false;
    after->solved = yes ? "yes" : NULL;
    after->solved_comment = in->text && *in->text ? in->text : NULL;
    after->closed_at = ctx->now;
    return true;
}

/* Drops a deadline that has not passed. A missed deadline stays missed. */
static bool take_withdraw(struct ctx *ctx, const void *before_, void *after_, const void *input)
{
    const struct request *before = before_;
    struct request *after = after_;
    const struct step_input *in = input;
    after->solved = SOLVED_WITHDRAWN;
    after->solved_comment = in->text && *in->text ? in->text : NULL;
    after->closed_at = ctx->now;
    after->parked_until = NONE;
    if (before->answered_at == NONE && before->due > ctx->now)
        after->due = after->due_from = NONE;
    if (before->first_contact_at == NONE && before->first_contact_due > ctx->now)
        after->first_contact_due = NONE;
    return true;
}

/* Sends reopened work to dispatch if nobody at its unit can sign in any more. */
static void leave_deserted(struct ctx *ctx, struct request *after)
{
    if (!unit_deserted(ctx, after->unit))
        return;
    after->unit = after->handler = NONE;
    after->status = request_statuses[RECEIVED].code;
}

/* Starts a new period: the previous deadline does not apply to this round. */
static bool take_reopen(struct ctx *ctx, const void *before_, void *after_, const void *input)
{
    const struct request *before = before_;
    struct request *after = after_;
    const struct step_input *in = input;
    after->reopened = (before->reopened == NONE ? 0 : before->reopened) + 1;
    after->solved = "no";
    after->solved_comment = in->text;
    if (given(in->satisfaction) && !set_satisfaction(ctx, after, in))
        return false;
    after->closed_at = NONE;
    after->attempts = 0;
    deadline_set(ctx, after, ctx->now);
    leave_deserted(ctx, after);
    return true;
}

static bool take_return(struct ctx *ctx, const void *before_, void *after_, const void *input)
{
    const struct request *before = before_;
    struct request *after = after_;
    (void)input;
    after->returns = (before->returns == NONE ? 0 : before->returns) + 1;
    after->unit = NONE;
    after->handler = NONE;
    change(ctx->db, "DELETE FROM request_units WHERE request = {}", before->record.id);
    return true;
}

/* Not the unit's fault, so it does not count as a return. */
static bool take_take_back(struct ctx *ctx, const void *before_, void *after_, const void *input)
{
    const struct request *before = before_;
    struct request *after = after_;
    (void)input;
    after->unit = NONE;
    after->handler = NONE;
    change(ctx->db, "DELETE FROM request_units WHERE request = {}", before->record.id);
    return true;
}

static bool take_report(struct ctx *ctx, const void *before_, void *after, const void *input)
{
    const struct request *before = before_;
    (void)after;
    (void)input;
    for (int i = 0; i < ctx->actor.grant_count; i++)
        change(ctx->db,
               "UPDATE request_units SET reported_at = {} WHERE request = {} AND unit = {}",
               ctx->now, before->record.id, (struct maybe){ctx->actor.grants[i].unit});
    return true;
}

static bool take_extend(struct ctx *ctx, const void *before_, void *after_, const void *input)
{
    const struct request *before = before_;
    struct request *after = after_;
    const struct step_input *in = input;
    if (!given(in->until) || in->until <= before->due || in->until <= ctx->now) {
        ctx_problem(ctx, "until", say(ctx, "Enter a date after the current deadline."));
        return false;
    }
    if (in->until > ctx->now + 366 * WHEN_DAY) {
        ctx_problem(
            ctx, "until",
            say(ctx,
                "Enter a date within a year. If it will take longer, put the request on hold."));
        return false;
    }
    /* The start of a day, as programs write a date: the resident is told the day. */
    bool midnight = in->until == when_day_start(when_day(in->until));
    after->due = midnight ? when_day_end(when_day(in->until)) : in->until;
    after->due_from = NONE;
    after->extensions = (before->extensions == NONE ? 0 : before->extensions) + 1;
    return true;
}

int64_t request_review(struct ctx *ctx, int64_t until)
{
    int64_t morning = given(until) ? when_day_start(when_day(until)) : NONE;
    if (morning == NONE)
        ctx_problem(ctx, "until", say(ctx, "Enter a review date."));
    else if (morning <= ctx->now || morning > ctx->now + 3 * 366 * WHEN_DAY)
        ctx_problem(ctx, "until",
                    say(ctx, "The review date must be in the future and within three years."));
    else
        return morning;
    return NONE;
}

static bool take_park(struct ctx *ctx, const void *before, void *after_, const void *input)
{
    (void)before;
    struct request *after = after_;
    const struct step_input *in = input;
    after->parked_until = request_review(ctx, in->until);
    return after->parked_until != NONE;
}

static bool take_resume(struct ctx *ctx, const void *before, void *after_, const void *input)
{
    (void)before;
    struct request *after = after_;
    (void)input;
    after->parked_until = NONE;
    deadline_set(ctx, after, ctx->now);
    leave_deserted(ctx, after);
    return true;
}

/* Notifies someone who joins a request that has already been answered. */
static void tell_answer(struct ctx *ctx, const struct request *merged, const struct request *into)
{
    if (STATE(request_status_of(into)) & (STATE(ANSWERED) | STATE(CALL_BACK)))
        request_event(ctx, merged, merged, "answer", NULL, true);
}

/* Also moves the requests that were merged into this one. Every history is kept; each reporter
 * is notified through the remaining request. */
static bool take_merge(struct ctx *ctx, const void *before_, void *after_, const void *input)
{
    const struct request *before = before_;
    struct request *after = after_;
    const struct step_input *in = input;
    const struct request *into = given(in->into) ? record_load(ctx, &requests_kind, in->into)
                                                 : NULL;
    if (!into || into->record.id == before->record.id || !(STATE(request_status_of(into)) & OPEN)) {
        ctx_problem(ctx, "into", say(ctx, "Enter the number of another open request."));
        return false;
    }
    after->merged_into = into->record.id;
    int64_t ids[REQUESTS_MERGED];
    int n = requests_merged(ctx, before->record.id, 0, ids);
    for (int64_t last = 0; n > 0; n = requests_merged(ctx, before->record.id, last, ids))
        for (int i = 0; i < n; i++) {
            struct request *was = record_get(ctx, &requests_kind, ids[i]),
                           *now = was ? record_copy(ctx, &requests_kind, was) : NULL;
            last = ids[i];
            if (!now)
                return record_gone(ctx) == OK;
            now->merged_into = into->record.id;
            if (record_update(ctx, &requests_kind, was, now, "merge") != OK)
                return false;
            tell_answer(ctx, now, into);
        }
    request_event(ctx, into, into, "joined", before->number, true);
    return true;
}

/* ---- the table ---- */

#define IN(member) offsetof(struct step_input, member)
#define ASK_TEXT(label_, flags_) \
    { \
        "text", F_LONG, IN(text), label_, .max = STEP_TEXT_MOST, .flags = (flags_) \
    }
#define ASK_UNTIL(label_) \
    { \
        "until", F_TIME, IN(until), label_, .flags = REQUIRED | DAY_END \
    }
#define ASK_SOLVED \
    { \
        "solved", F_CHOICE, IN(solved), N_("Is it resolved?"), .choices = solved_ways, \
                                                               .flags = REQUIRED \
    }
#define ASK_SATISFACTION \
    { \
        "satisfaction", F_INT, IN(satisfaction), N_("Satisfaction"), .min = 1, .max = 5 \
    }
#define END_OF_ASKS \
    { \
        .name = NULL \
    }

static const struct choice solved_ways[] = {{"yes", N_("Confirmed by the resident")},
                                            {"unreached", N_("Could not reach resident")},
                                            {NULL, NULL}};
static const struct field
    dispatch_asks[] = {{"category", F_REF, IN(category), N_("Category"), .ref = "categories"},
                       {"level", F_CHOICE, IN(level), N_("Level"), .choices = request_levels},
                       {"unit", F_REF, IN(unit), N_("Lead unit"), .ref = "units",
                        .flags = REQUIRED},
                       {"co", F_TAGS, IN(co), N_("Supporting units"), .ref = "units",
                        .max = CO_HANDLERS_MOST},
                       ASK_TEXT(N_("Note for the unit"), 0),
                       END_OF_ASKS},
    contact_asks[] = {ASK_TEXT(N_("What was said"), REQUIRED), END_OF_ASKS},
    answer_asks[] = {ASK_TEXT(N_("Reply to the resident"), REQUIRED), END_OF_ASKS},
    served_asks[] = {ASK_TEXT(N_("Text"), REQUIRED), END_OF_ASKS},
    unreached_asks[] = {ASK_TEXT(N_("When and how you tried, and the result"), REQUIRED),
                        END_OF_ASKS},
    close_asks[] = {ASK_SOLVED, ASK_SATISFACTION, ASK_TEXT(N_("What the resident said"), 0),
                    END_OF_ASKS},
    report_asks[] = {ASK_TEXT(N_("What your unit did"), REQUIRED), END_OF_ASKS},
    extend_asks[] = {ASK_UNTIL(N_("New deadline")), ASK_TEXT(N_("Reason for extending"), REQUIRED),
                     END_OF_ASKS},
    park_asks[] = {ASK_UNTIL(N_("Review date")),
                   ASK_TEXT(N_("Why it can’t be resolved now"), REQUIRED), END_OF_ASKS},
    resume_asks[] = {ASK_TEXT(N_("What has changed"), 0), END_OF_ASKS},
    return_asks[] = {ASK_TEXT(N_("Reason for returning"), REQUIRED), END_OF_ASKS},
    reopen_asks[] = {ASK_SATISFACTION, ASK_TEXT(N_("What is still wrong"), REQUIRED), END_OF_ASKS},
    merge_asks[] = {{"into", F_REF, IN(into), N_("Other request’s number"), .ref = "requests",
                     .flags = REQUIRED},
                    END_OF_ASKS},
    confirm_asks[] = {ASK_SOLVED, ASK_SATISFACTION, ASK_TEXT(N_("Text"), 0), END_OF_ASKS},
    dispute_asks[] = {ASK_SATISFACTION, ASK_TEXT(N_("Text"), REQUIRED), END_OF_ASKS},
    supplement_asks[] = {ASK_TEXT(N_("What to add to the reply"), REQUIRED), END_OF_ASKS},
    addition_asks[] = {ASK_TEXT(N_("Text"), REQUIRED), END_OF_ASKS},
    withdraw_asks[] = {ASK_TEXT(N_("Text"), 0), END_OF_ASKS};

const struct step request_steps[] = {
    {"dispatch", N_("Dispatch"), .from = STATE(RECEIVED) | STATE(DISPATCHED) | STATE(PARKED),
     .to = DISPATCHED, .roles = DESK, .asks = dispatch_asks,
     .rule = N_("Sets the lead and supporting units. After a third return, only the subdistrict "
                "office can "
                "dispatch."),
     .told = N_("Your request has been passed to the team that will handle it."),
     .icon = "arrow-forward-up", .flags = STEP_BULK, .bar = bar_dispatch, .take = take_dispatch},
    {"recall", N_("Undo dispatch"), .from = STATE(DISPATCHED), .to = RECEIVED, .roles = DESK,
     .rule = N_("By whoever dispatched it, or the subdistrict office, before anyone else has acted "
                "on it. It is to be dispatched again; the deadline does not change, it does not "
                "count as a return, and the unit’s notice is withdrawn."),
     .icon = "arrow-back-up", .flags = STEP_BULK | STEP_QUIET, .bar = bar_recall,
     .take = take_take_back},
    {"accept", N_("Accept"), .from = STATE(DISPATCHED), .to = HANDLING, .roles = ROLES_STAFF,
     .rule = N_("The lead unit’s member of staff who accepts it becomes its handler."),
     .told = N_("We are now working on your request."), .icon = "user-check", .bar = bar_lead,
     .take = take_accept},
    {"contact", N_("Log contact"), .from = WORKING, .to = STATE_STAYS, .roles = ROLES_STAFF,
     .asks = contact_asks,
     .rule = N_(
         "What was said to the resident. The first contact counts towards the first-contact rate."),
     .told = N_("We have spoken to you about your request."), .icon = "phone",
     .take = take_contact},
    {"answer", N_("Reply"), .from = STATE(DISPATCHED) | STATE(HANDLING), .to = ANSWERED,
     .roles = ROLES_STAFF, .asks = answer_asks,
     .rule = N_("The reply sent to the resident. It stops the deadline. Every “……” must be filled "
                "in."),
     .told = N_("We have replied to your request."), .icon = "message", .bar = bar_lead,
     .take = take_reply},
    {"supplement", N_("Add to the reply"),
     .from = STATE(ANSWERED) | STATE(CALL_BACK) | STATE(CLOSED), .to = STATE_STAYS,
     .roles = ROLES_STAFF, .asks = supplement_asks,
     .rule = N_("Something that the reply left out, or that has happened since. The reply itself "
                "stays as it was sent."),
     .told = N_("We have added to our reply."), .icon = "message", .bar = bar_lead,
     .take = take_supplement},
    {"served", N_("Completed by volunteers"),
     .from = STATE(RECEIVED) | STATE(DISPATCHED) | STATE(HANDLING), .to = ANSWERED,
     .roles = ROLE_VOLUNTEER, .asks = served_asks,
     .rule = N_(
         "Recorded with the visit: the service, the hours and this reply are saved together."),
     .told = N_("Volunteers visited and did the job."), .flags = STEP_WITHIN, .take = take_answer},
    {"call-back", N_("Follow up"), .from = STATE(ANSWERED), .to = CALL_BACK, .roles = DESK,
     .rule = N_("The dispatcher starts following up to ask whether it is resolved."),
     .icon = "phone-call"},
    {"unreached", N_("Could not reach resident"), .from = STATE(ANSWERED) | STATE(CALL_BACK),
     .to = CALL_BACK, .roles = DESK, .asks = unreached_asks,
     .rule = N_("A failed attempt to reach the resident: when, how and what happened. Attempts are "
                "counted."),
     .told = N_("We tried to contact you but couldn’t reach you. You can also reply here."),
     .icon = "phone-off", .take = take_unreached},
    {"contact-other", N_("Log contact with others affected"),
     .from = STATE(ANSWERED) | STATE(CALL_BACK) | STATE(CLOSED), .to = STATE_STAYS, .roles = DESK,
     .asks = contact_asks,
     .rule = N_("Someone who joined says it is not resolved. What was said to them; the request "
                "then leaves the list of those to follow up."),
     .icon = "phone", .flags = STEP_QUIET, .bar = bar_contact_other},
    {"close", N_("Close request"), .from = STATE(ANSWERED) | STATE(CALL_BACK), .to = CLOSED,
     .roles = DESK, .asks = close_asks,
     .rule = N_(
         "Requires the resident’s confirmation that it is resolved, or at least one recorded "
         "attempt to reach them."),
     .told = N_("Your request has been closed."), .icon = "circle-check", .take = take_close},
    {"report", N_("Report as supporting unit"), .from = STATE(DISPATCHED) | STATE(HANDLING),
     .to = STATE_STAYS, .roles = ROLES_STAFF, .asks = report_asks,
     .rule = N_("A supporting unit reports what it did; the lead unit replies to the resident."),
     .icon = "users", .flags = STEP_QUIET, .bar = bar_report, .take = take_report},
    {"extend", N_("Extend deadline"), .from = STATE(DISPATCHED) | STATE(HANDLING),
     .to = STATE_STAYS, .roles = ROLES_STAFF, .asks = extend_asks,
     .rule = N_(
         "Only before the deadline: once by the handling unit, after that by the subdistrict "
         "office."),
     .told = N_("We need more time for your request."), .icon = "calendar-plus", .bar = bar_extend,
     .take = take_extend},
    {"park", N_("Put on hold"), .from = WORKING | STATE(PARKED), .to = PARKED, .roles = ROLE_OFFICE,
     .asks = park_asks,
     .rule = N_("It can’t be resolved now. It returns to the work list on the review date and can "
                "then be "
                "put on hold again."),
     .told = N_(
         "We can’t resolve your request at the moment. It stays on our list and we will review "
         "it "
         "again."),
     .icon = "parking-circle", .flags = STEP_BULK, .take = take_park},
    {"resume", N_("Resume"), .from = STATE(PARKED), .to = HANDLING, ALONE(RECEIVED),
     .roles = ROLES_STAFF, .asks = resume_asks,
     .rule = N_(
         "It can now be resolved. It goes back to the lead unit, or to dispatch if it has no unit; "
         "the deadline restarts."),
     .told = N_("We can now deal with your request and have started work on it again."),
     .icon = "player-play", .bar = bar_resume, .take = take_resume},
    {"return", N_("Return"), .from = STATE(DISPATCHED) | STATE(HANDLING), .to = RECEIVED,
     .roles = ROLES_STAFF, .asks = return_asks,
     .rule = N_(
         "The unit explains why the request is not theirs. The deadline does not change. A third "
         "return goes to the subdistrict office."),
     .icon = "arrow-back-up", .bar = bar_lead, .take = take_return},
    {"take-back", N_("Take back"), .from = STATE(DISPATCHED) | STATE(HANDLING), .to = RECEIVED,
     .roles = ROLE_OFFICE,
     .rule = N_("From a unit of which nobody can sign in any more. It goes back to dispatch; the "
                "deadline does not change. Deactivating the unit’s last account does this."),
     .icon = "arrow-back-up", .flags = STEP_QUIET, .bar = bar_take_back, .take = take_take_back},
    {"reopen", N_("Reopen"), .from = STATE(ANSWERED) | STATE(CALL_BACK) | STATE(CLOSED),
     .to = HANDLING, ALONE(RECEIVED), .roles = DESK, .asks = reopen_asks,
     .rule = N_(
         "It is not resolved. It goes back to its handler and dispatcher, or to dispatch if it has "
         "no unit; the deadline restarts."),
     .told = N_("Your request has been reopened."), .icon = "rotate", .take = take_reopen},
    {"merge", N_("Merge"), .from = OPEN, .to = MERGED, .roles = DESK, .asks = merge_asks,
     .rule = N_(
         "Merges it into another open request about the same problem. Both histories are kept and "
         "everyone who reported it is told."),
     .told = N_("Your request is being handled together with another about the same problem."),
     .icon = "git-merge", .flags = STEP_DANGER, .take = take_merge},
    /* The resident's two answers to "Is it resolved?". */
    {"confirm", N_("It’s resolved"), .from = STATE(ANSWERED) | STATE(CALL_BACK), .to = CLOSED,
     .roles = ROLE_PUBLIC, .asks = confirm_asks,
     .rule = N_("Confirmed by the resident, using the tracking code or the number and the last "
                "four digits "
                "of their phone number."),
     .told = N_("You told us it is resolved."), .take = take_close},
    {"dispute", N_("It’s not resolved"), .from = STATE(ANSWERED) | STATE(CALL_BACK) | STATE(CLOSED),
     .to = HANDLING, ALONE(RECEIVED), .roles = ROLE_PUBLIC, .asks = dispute_asks,
     .rule = N_(
         "Reported by the resident within 30 days of closing. It is reopened for its handler and "
         "dispatcher."),
     .told = N_("You told us it is not resolved; it has been reopened."), .bar = bar_dispute,
     .take = take_reopen},
    {"addition", N_("Added by the resident"), .from = OPEN, .to = STATE_STAYS, .roles = ROLE_PUBLIC,
     .asks = addition_asks,
     .rule = N_("A message and photos, at any time before it is closed. Those who handle it are "
                "told."),
     .told = N_("You added to your request.")},
    {"withdraw", N_("Withdrawn by the resident"), .from = OPEN, .to = CLOSED, .roles = ROLE_PUBLIC,
     .asks = withdraw_asks,
     .rule = N_("At any time before it is closed, unless others have reported the same. A deadline "
                "still ahead falls away, volunteers are told, and it is in no follow-up rate."),
     .told = N_("You withdrew your request."), .bar = bar_withdraw, .take = take_withdraw},
    {"dispute-merged", N_("It’s not resolved, says someone whose request was merged"),
     .from = STATE(ANSWERED) | STATE(CALL_BACK) | STATE(CLOSED), .to = HANDLING, ALONE(RECEIVED),
     .roles = ROLE_PUBLIC, .asks = dispute_asks,
     .rule = N_("The same by someone whose own request was merged into this one. Someone who only "
                "joined does not reopen it; the people handling it are told."),
     .told = N_("Someone who reported the same problem says it is not resolved; your request has "
                "been reopened."),
     .bar = bar_dispute, .take = take_reopen},
    {.action = NULL},
};

/* The steps of each state, the most likely first. */
static const char *const when_received[] = {"dispatch", "contact", "park", "merge", NULL},
                         *const when_dispatched[] = {"accept", "answer",    "report",   "contact",
                                                     "extend", "recall",    "dispatch", "park",
                                                     "return", "take-back", "merge",    NULL},
                         *const when_handling[] = {"answer",    "contact", "report",
                                                   "extend",    "park",    "return",
                                                   "take-back", "merge",   NULL},
                         *const when_answered[] = {"close",         "unreached",  "call-back",
                                                   "contact-other", "supplement", "reopen",
                                                   "merge",         NULL},
                         *const when_calling[] = {"close",      "unreached", "contact-other",
                                                  "supplement", "reopen",    "merge",
                                                  NULL},
                         *const when_parked[] = {"resume", "dispatch", "park", "merge", NULL},
                         *const when_closed[] = {"contact-other", "supplement", "reopen", NULL};
static const struct step_order order[] = {
    {RECEIVED, when_received}, {DISPATCHED, when_dispatched},
    {HANDLING, when_handling}, {ANSWERED, when_answered},
    {CALL_BACK, when_calling}, {PARKED, when_parked},
    {CLOSED, when_closed},     {.actions = NULL},
};

static bool has_no_unit(const void *record)
{
    const struct request *r = record;
    return r->unit == NONE;
}

static const char *missing(struct ctx *ctx, const struct step *s, const struct field *f, bool many)
{
    bool park = !strcmp(s->action, "park");
    if (!strcmp(f->name, "text"))
        return park && many ? say(ctx, "Enter why they are being put on hold. This is added to "
                                       "each history.")
                            : say(ctx, "Enter a comment for the history.");
    if (!strcmp(f->name, "unit"))
        return many ? say(ctx, "Choose the unit to handle them.")
                    : say(ctx, "Choose the unit to handle it.");
    if (!strcmp(f->name, "until"))
        return park ? say(ctx, "Enter a review date.")
                    : say(ctx, "Enter a date after the current deadline.");
    if (!strcmp(f->name, "into"))
        return say(ctx, "Enter the number of another open request.");
    if (!strcmp(f->name, "solved"))
        return say(ctx, "To close it, record that the resident confirmed it is resolved, or that "
                        "nobody could be reached.");
    return NULL;
}

static enum status took(struct ctx *ctx, const struct step *s, const void *before,
                        const void *after, const void *input);

static const struct step_start starts[] = {{"file", RECEIVED}, {.action = NULL}};

const struct workflow request_workflow = {
    .kind = &requests_kind,
    .state = "status",
    .steps = request_steps,
    .input = sizeof(struct step_input),
    .starts = starts,
    .ends = STATE(CLOSED) | STATE(MERGED),
    .order = order,
    .name = "request",
    .title = N_("The life of a request"),
    .source = "src/app/requests/request_steps.c",
    .hearer = N_("Message to the resident"),
    .too_late = N_("This step is no longer possible: the request is now “{}”."),
    .alone = has_no_unit,
    .missing = missing,
    .took = took,
    .own_events = true, /* with the unit, the new date and the text */
};

const struct step *request_step(const char *action)
{
    return workflow_step(&request_workflow, action);
}

bool request_may(struct ctx *ctx, const struct step *s, const struct request *r)
{
    return workflow_may(ctx, &request_workflow, s, r);
}

const char *request_barred(struct ctx *ctx, const struct step *s, const struct request *r)
{
    return workflow_barred(ctx, &request_workflow, s, r);
}

/* ---- taking a step ---- */

static enum status took(struct ctx *ctx, const struct step *s, const void *before,
                        const void *after, const void *input)
{
    const struct request *r = after;
    const struct step_input *in = input;
    request_event(ctx, before, r, s->action, in ? in->text : NULL, s->told != NULL);
    if (!strcmp(s->action, "return") && r->returns == RETURNS_MOST)
        request_event(ctx, r, r, "to-office", NULL, false);
    const struct request *into = s->to == MERGED ? record_get(ctx, &requests_kind, r->merged_into)
                                                 : NULL;
    if (into)
        tell_answer(ctx, r, into);
    if (s->told && s->to != MERGED)
        request_tell_merged(ctx, r, s->action);
    return ctx->status;
}

enum status request_take(struct ctx *ctx, const struct step *s, const struct request *before,
                         const struct step_input *in)
{
    return workflow_take(ctx, &request_workflow, s, before, in);
}
