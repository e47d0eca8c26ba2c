/*
 * The life of a request: request_steps is the one table of its transitions.
 * A row says who may, from where, to where, what the form asks, what bars it
 * and what the resident is told; a rule function does what the table cannot
 * say. life.c prints the table, request_form.c draws its forms, so a step is
 * never described twice. Everything that changes runs behind the door; memory
 * is the context's.
 */
#include "app/deadlines.h"
#include "app/notify.h"
#include "app/requests.h"

#include "base/text.h"
#include "base/when.h"
#include "db/journal.h"

#include <string.h>

#define STEP_TEXT_MOST 5000 /* characters of a reply or a reason */

#define BIT(s)  (1U << (s))
#define WORKING (BIT(RECEIVED) | BIT(DISPATCHED) | BIT(HANDLING))
#define OPEN    (WORKING | BIT(ANSWERED) | BIT(CALL_BACK) | BIT(PARKED))
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

/* The lead unit's steps are taken by its people, by whom it was given to, or by the office for them. */
static const char *bar_lead(struct ctx *ctx, const struct request *r)
{
    if (is_office(ctx) || (r->handler != NONE && r->handler == ctx->actor.user) || (r->unit != NONE && works_for(ctx, r->unit)))
        return NULL;
    return say(ctx, "The lead unit does this. Your unit can report what it did, or write a note.");
}

static const char *bar_dispatch(struct ctx *ctx, const struct request *r)
{
    if (r->returns == NONE || r->returns < RETURNS_MOST || is_office(ctx))
        return NULL;
    return say(ctx, "It was returned {} times: the subdistrict office decides who handles it.", r->returns);
}

static const char *bar_extend(struct ctx *ctx, const struct request *r)
{
    if (r->due != NONE && r->due < ctx->now)
        return say(ctx, "It is overdue already: a deadline can only be extended before it ends.");
    if (r->extensions != NONE && r->extensions > 0 && !is_office(ctx))
        return say(ctx, "It was extended once already: a second time is for the office to decide.");
    return bar_lead(ctx, r);
}

static const char *bar_report(struct ctx *ctx, const struct request *r)
{
    struct rows *rows = query(ctx->db, "SELECT unit FROM request_units WHERE request = {} AND role = 'co'", r->record.id);
    bool any = false, own = false;
    while (rows_next(rows)) {
        any = true;
        own = own || works_for(ctx, row_int(rows, "unit"));
    }
    if (own || (any && is_office(ctx)))
        return NULL;
    return say(ctx, "Only a unit that helps with this request reports.");
}

static const char *bar_resume(struct ctx *ctx, const struct request *r)
{
    return r->unit == NONE && (ctx->actor.roles & DESK) ? NULL : bar_lead(ctx, r);
}

/* A closed request can be disputed for REOPEN_DAYS. */
static const char *bar_dispute(struct ctx *ctx, const struct request *r)
{
    if (r->closed_at != NONE && r->closed_at + REOPEN_DAYS * WHEN_DAY < ctx->now)
        return say(ctx, "It was closed more than {} days ago. Please send a new request.", REOPEN_DAYS);
    return NULL;
}

/* ---- rules ---- */

static bool set_category(struct ctx *ctx, struct request *after, const struct step_input *in)
{
    const struct choice *levels = kind_field(&requests_kind, "level")->choices;
    bool known = !in->level || !*in->level;
    for (const struct choice *c = levels; !known && c->code; c++)
        known = !strcmp(c->code, in->level);
    if (!known) {
        ctx_problem(ctx, "level", say(ctx, "Choose one of the levels."));
        return false;
    }
    bool changed = false;
    if (given(in->category) && in->category != after->category) {
        if (query_int(ctx->db, "SELECT id FROM categories WHERE id = {}", in->category) == NONE) {
            ctx_problem(ctx, "category", say(ctx, "Choose one of the categories."));
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
    return true;
}

/* The units that help are those named now; a name gone is gone. */
static bool set_co_handlers(struct ctx *ctx, const struct request *r, int64_t lead, const struct step_input *in)
{
    for (int i = 0; i < in->co_count; i++)
        if (query_int(ctx->db, "SELECT id FROM units WHERE id = {}", in->co[i]) == NONE) {
            ctx_problem(ctx, "co", say(ctx, "One of the helping units is not in the register."));
            return false;
        }
    change(ctx->db, "DELETE FROM request_units WHERE request = {}", r->record.id);
    for (int i = 0; i < in->co_count && i < CO_HANDLERS_MOST; i++)
        if (in->co[i] != lead)
            change(ctx->db, "INSERT INTO request_units (request, unit, role) VALUES ({}, {}, 'co') ON CONFLICT (request, unit) DO NOTHING",
                   r->record.id, in->co[i]);
    return true;
}

static bool rule_dispatch(struct ctx *ctx, const struct request *before, struct request *after, const struct step_input *in)
{
    if (!given(in->unit) || query_int(ctx->db, "SELECT id FROM units WHERE id = {}", in->unit) == NONE)
        ctx_problem(ctx, "unit", say(ctx, "Choose the unit that is to handle it."));
    if (!ctx_ok(ctx) || !set_category(ctx, after, in) || !set_co_handlers(ctx, before, in->unit, in))
        return false;
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

static bool rule_accept(struct ctx *ctx, const struct request *before, struct request *after, const struct step_input *in)
{
    (void)before;
    (void)in;
    after->handler = ctx->actor.user;
    return true;
}

static bool rule_contact(struct ctx *ctx, const struct request *before, struct request *after, const struct step_input *in)
{
    (void)in;
    if (before->first_contact_at == NONE)
        after->first_contact_at = ctx->now;
    return true;
}

static bool rule_answer(struct ctx *ctx, const struct request *before, struct request *after, const struct step_input *in)
{
    after->reply = in->text;
    after->answered_at = ctx->now;
    if (before->first_contact_at == NONE) /* the reply is the first word the resident hears */
        after->first_contact_at = ctx->now;
    if (before->handler == NONE)
        after->handler = ctx->actor.user;
    return true;
}

static bool rule_unreached(struct ctx *ctx, const struct request *before, struct request *after, const struct step_input *in)
{
    (void)ctx;
    (void)in;
    after->attempts = (before->attempts == NONE ? 0 : before->attempts) + 1;
    return true;
}

static bool set_satisfaction(struct ctx *ctx, struct request *after, const struct step_input *in)
{
    if (!given(in->satisfaction) && in->satisfaction != NONE && in->satisfaction != 0) {
        ctx_problem(ctx, "satisfaction", say(ctx, "Satisfaction is a number from 1 to 5."));
        return false;
    }
    if (given(in->satisfaction) && in->satisfaction > 5) {
        ctx_problem(ctx, "satisfaction", say(ctx, "Satisfaction is a number from 1 to 5."));
        return false;
    }
    after->satisfaction = given(in->satisfaction) ? in->satisfaction : NONE;
    return true;
}

static bool rule_close(struct ctx *ctx, const struct request *before, struct request *after, const struct step_input *in)
{
    bool yes = in->solved && !strcmp(in->solved, "yes"), unreached = in->solved && !strcmp(in->solved, "unreached");
    if (!yes && !unreached) {
        ctx_problem(ctx, "solved",
                    say(ctx, "Closing needs the resident's word that it is solved, or a note that nobody could be reached."));
        return false;
    }
    if (unreached && (before->attempts == NONE || before->attempts < 1)) {
        ctx_problem(ctx, "solved", say(ctx, "Record at least one attempt to reach the resident first: “Not reached”."));
        return false;
    }
    if (!set_satisfaction(ctx, after, in))
        return false;
    after->solved = yes ? "yes" : NULL;
    after->solved_comment = in->text && *in->text ? in->text : NULL;
    after->closed_at = ctx->now;
    return true;
}

/* The time counts anew: what was due before it was answered says nothing about this round. */
static bool rule_reopen(struct ctx *ctx, const struct request *before, struct request *after, const struct step_input *in)
{
    after->reopened = (before->reopened == NONE ? 0 : before->reopened) + 1;
    after->solved = "no";
    after->solved_comment = in->text;
    if (given(in->satisfaction) && !set_satisfaction(ctx, after, in))
        return false;
    after->closed_at = NONE;
    after->attempts = 0;
    deadline_set(ctx, after, ctx->now);
    return true;
}

static bool rule_return(struct ctx *ctx, const struct request *before, struct request *after, const struct step_input *in)
{
    (void)in;
    after->returns = (before->returns == NONE ? 0 : before->returns) + 1;
    after->unit = NONE;
    after->handler = NONE;
    change(ctx->db, "DELETE FROM request_units WHERE request = {}", before->record.id);
    return true;
}

static bool rule_report(struct ctx *ctx, const struct request *before, struct request *after, const struct step_input *in)
{
    (void)after;
    (void)in;
    for (int i = 0; i < ctx->actor.grant_count; i++)
        change(ctx->db, "UPDATE request_units SET reported_at = {} WHERE request = {} AND unit = {}", ctx->now, before->record.id,
               (struct maybe){ctx->actor.grants[i].unit});
    return true;
}

static bool rule_extend(struct ctx *ctx, const struct request *before, struct request *after, const struct step_input *in)
{
    if (!given(in->until) || in->until <= before->due || in->until <= ctx->now) {
        ctx_problem(ctx, "until", say(ctx, "Give a new date after the present deadline."));
        return false;
    }
    if (in->until > ctx->now + 366 * WHEN_DAY) {
        ctx_problem(ctx, "until", say(ctx, "Give a date within a year; what takes longer is parked."));
        return false;
    }
    after->due = in->until;
    after->due_from = NONE;
    after->extensions = (before->extensions == NONE ? 0 : before->extensions) + 1;
    return true;
}

int64_t request_review(struct ctx *ctx, int64_t until)
{
    int64_t morning = given(until) ? when_day_start(when_day(until)) : NONE;
    if (morning == NONE)
        ctx_problem(ctx, "until", say(ctx, "Give the date on which it will be looked at again."));
    else if (morning <= ctx->now || morning > ctx->now + 3 * 366 * WHEN_DAY)
        ctx_problem(ctx, "until", say(ctx, "The date on which it will be looked at again lies after today, and within three years."));
    else
        return morning;
    return NONE;
}

static bool rule_park(struct ctx *ctx, const struct request *before, struct request *after, const struct step_input *in)
{
    (void)before;
    after->parked_until = request_review(ctx, in->until);
    return after->parked_until != NONE;
}

static bool rule_resume(struct ctx *ctx, const struct request *before, struct request *after, const struct step_input *in)
{
    (void)before;
    (void)in;
    after->parked_until = NONE;
    deadline_set(ctx, after, ctx->now);
    return true;
}

/* What was merged into this one goes along: every history stays, every reporter is told by the one that is left. */
static bool rule_merge(struct ctx *ctx, const struct request *before, struct request *after, const struct step_input *in)
{
    const struct request *into = given(in->into) ? record_load(ctx, &requests_kind, in->into) : NULL;
    if (!into || into->record.id == before->record.id || !(BIT(request_status_of(into)) & OPEN)) {
        ctx_problem(ctx, "into", say(ctx, "Give the number of another open request."));
        return false;
    }
    after->merged_into = into->record.id;
    enum { MOST = 200 };
    int64_t ids[MOST];
    struct rows *rows = query(ctx->db, "SELECT id FROM requests WHERE merged_into = {} LIMIT {}", before->record.id, MOST);
    int n = rows_ids(rows, ids, MOST);
    for (int i = 0; i < n; i++) {
        struct request *was = record_get(ctx, &requests_kind, ids[i]), *now = was ? record_copy(ctx, &requests_kind, was) : NULL;
        if (!now)
            continue;
        now->merged_into = into->record.id;
        if (record_update(ctx, &requests_kind, was, now, "merge") != OK)
            return false;
    }
    request_event(ctx, into, into, "joined", before->number, true);
    return true;
}

/* ---- the table ---- */

const struct step request_steps[] = {
    {"dispatch", N_("Dispatch"), BIT(RECEIVED) | BIT(DISPATCHED) | BIT(PARKED), DISPATCHED, -1, DESK, "unit", "category level co text",
     N_("Names the lead unit and those that help. After the third return only the office dispatches."),
     N_("Your request was passed to the people who will handle it."), bar_dispatch, rule_dispatch},
    {"accept", N_("Accept"), BIT(DISPATCHED), HANDLING, -1, ROLES_STAFF, "", "",
     N_("The lead unit's person takes it on and is its handler from now."), N_("Somebody is now working on your request."), bar_lead,
     rule_accept},
    {"contact", N_("Record a contact"), WORKING, -1, -1, ROLES_STAFF, "text", "",
     N_("What was said when the resident was contacted; the first one counts for the first-contact rate."),
     N_("We have spoken with you about your request."), NULL, rule_contact},
    {"answer", N_("Answer"), BIT(DISPATCHED) | BIT(HANDLING), ANSWERED, -1, ROLES_STAFF, "text", "",
     N_("The reply that the resident reads; it stops the deadline."), N_("Your request was answered."), bar_lead, rule_answer},
    {"served", N_("Done by volunteers"), BIT(RECEIVED) | BIT(DISPATCHED) | BIT(HANDLING), ANSWERED, -1, ROLE_VOLUNTEER, "text", "",
     N_("Recorded with the visit: the service, the hours and this answer are one entry."), N_("Volunteers came and did it."), NULL,
     rule_answer},
    {"call-back", N_("Call back"), BIT(ANSWERED), CALL_BACK, -1, DESK, "", "",
     N_("The dispatcher's side begins to ask whether it is solved."), NULL, NULL, NULL},
    {"unreached", N_("Not reached"), BIT(ANSWERED) | BIT(CALL_BACK), CALL_BACK, -1, DESK, "text", "",
     N_("A documented attempt to reach the resident: when, how, and what happened. Attempts are counted."),
     N_("We tried to reach you, without success. You can also answer here."), NULL, rule_unreached},
    {"close", N_("Close"), BIT(ANSWERED) | BIT(CALL_BACK), CLOSED, -1, DESK, "solved", "satisfaction text",
     N_("Needs the resident's word that it is solved, or at least one documented attempt to reach them."), N_("Your request was closed."),
     NULL, rule_close},
    {"report", N_("Report as helping unit"), BIT(DISPATCHED) | BIT(HANDLING), -1, -1, ROLES_STAFF, "text", "",
     N_("A unit that helps says what it did; the lead unit answers the resident."), NULL, bar_report, rule_report},
    {"extend", N_("Extend the deadline"), BIT(DISPATCHED) | BIT(HANDLING), -1, -1, ROLES_STAFF, "until text", "",
     N_("Only before the deadline ends; once by the handling unit, again by the office."), N_("Your request needs more time."), bar_extend,
     rule_extend},
    {"park", N_("Park"), WORKING | BIT(PARKED), PARKED, -1, ROLE_OFFICE, "until text", "",
     N_("It can't be solved now; on the review date it is back on the list. At a review it can be parked again."),
     N_("Your request can't be solved now; it stays on our list and will be looked at again."), NULL, rule_park},
    {"resume", N_("Take up again"), BIT(PARKED), HANDLING, RECEIVED, ROLES_STAFF, "", "text",
     N_("It can be solved after all: back to the lead unit, or to the dispatcher when no unit has it; the time counts anew."),
     N_("Your request can be dealt with now; somebody is working on it again."), bar_resume, rule_resume},
    {"return", N_("Return to the dispatcher"), BIT(DISPATCHED) | BIT(HANDLING), RECEIVED, -1, ROLES_STAFF, "text", "",
     N_("The unit says why it is not theirs; the deadline stays. The third return goes to the office."), NULL, bar_lead, rule_return},
    {"reopen", N_("Reopen"), BIT(ANSWERED) | BIT(CALL_BACK) | BIT(CLOSED), HANDLING, RECEIVED, DESK, "text", "satisfaction",
     N_("It is not solved: back to its handler and its dispatcher, to the dispatcher alone when no unit has it; the time counts anew."),
     N_("Your request was opened again."), NULL, rule_reopen},
    {"merge", N_("Merge"), OPEN, MERGED, -1, DESK, "into", "",
     N_("Into another open request about the same matter: both histories stay, every reporter is told."),
     N_("Your request is handled together with another about the same matter."), NULL, rule_merge},
    /* The resident's own two answers to "is it solved?". */
    {"confirm", N_("It is solved"), BIT(ANSWERED) | BIT(CALL_BACK), CLOSED, -1, ROLE_PUBLIC, "solved", "satisfaction text",
     N_("The resident's own word; whoever holds the code, or the number and the telephone's last digits."),
     N_("You told us that it is solved."), NULL, rule_close},
    {"dispute", N_("It is not solved"), BIT(ANSWERED) | BIT(CALL_BACK) | BIT(CLOSED), HANDLING, RECEIVED, ROLE_PUBLIC, "text",
     "satisfaction", N_("The resident's own word, until 30 days after closing; it is reopened for its handler and its dispatcher."),
     N_("You told us that it is not solved; it is being handled again."), bar_dispute, rule_reopen},
    {.action = NULL},
};

const struct step *request_step(const char *action)
{
    for (const struct step *s = request_steps; action && s->action; s++)
        if (!strcmp(s->action, action))
            return s;
    return NULL;
}

bool request_may(struct ctx *ctx, const struct step *s, const struct request *r)
{
    return (ctx->actor.roles & s->roles) && (s->from & BIT(request_status_of(r))) && !(s->bar && s->bar(ctx, r));
}

const char *request_barred(struct ctx *ctx, const struct step *s, const struct request *r)
{
    bool fits = (ctx->actor.roles & s->roles) && (s->from & BIT(request_status_of(r)));
    return fits && s->bar ? s->bar(ctx, r) : NULL;
}

/* ---- what happened ---- */

/* Lines of the history that are not steps. */
static const struct {
    const char *action, *label, *told;
} others[] = {
    {"file", N_("Received"), N_("We have received your request.")},
    {"joined", N_("Another request was merged into this one"), N_("Others have told us of the same matter; it is handled together.")},
    {"offered", N_("Offered to volunteers"), N_("We are asking volunteers near you.")},
    {"agreed", N_("Volunteers have agreed"), N_("Volunteers have agreed to come.")},
    {"withdrawn", N_("A volunteer can't come after all"), N_("A volunteer can't come after all; we are looking for somebody else.")},
    {"visit-soon", N_("Reminded of the visit"), N_("Volunteers come to you soon.")},
    {"offer_cancelled", N_("No longer offered to volunteers"), NULL},
    {"opinion", N_("An opinion collected by a team joined it"), NULL},
    {"join", N_("Somebody else has the same matter"), NULL},
    {"joiner-yes", N_("One of those who joined says it is solved"), NULL},
    {"joiner-no", N_("One of those who joined says it is not solved"), NULL},
    {"note", N_("Internal note"), NULL},
    {"attach", N_("File attached"), NULL},
    {"reveal", N_("Name and telephone shown"), NULL},
    {"recompute", N_("The calendar or a term changed: new deadline"), NULL},
    {"to-office", N_("Returned for the third time: the office decides"), NULL},
};

const char *request_event_label(struct ctx *ctx, const char *action)
{
    const struct step *s = request_step(action);
    for (size_t i = 0; !s && i < sizeof others / sizeof *others; i++)
        if (action && !strcmp(action, others[i].action))
            return tr(ctx, others[i].label);
    return s ? tr(ctx, s->label) : action;
}

const char *request_event_told(struct ctx *ctx, const char *action)
{
    const struct step *s = request_step(action);
    for (size_t i = 0; !s && i < sizeof others / sizeof *others; i++)
        if (action && !strcmp(action, others[i].action))
            return tr(ctx, others[i].told);
    return s ? tr(ctx, s->told) : NULL;
}

const char *request_told_until(struct ctx *ctx, const char *action, int64_t until)
{
    const char *day = until == NONE ? NULL : day_show(ctx->arena, ctx->lang, when_day(until));
    if (day && !strcmp(action, "extend"))
        return say(ctx, "It needs more time. We answer by {}.", day);
    if (day && !strcmp(action, "park"))
        return say(ctx, "It can't be solved now. It stays on our list, and we look at it again on {}.", day);
    return request_event_told(ctx, action);
}

/* The date that a step set, for those who are told: the next review, or the new deadline. */
static int64_t until_set(const struct request *before, const struct request *after)
{
    if (before && after->parked_until != before->parked_until)
        return after->parked_until;
    return before && after->extensions != before->extensions ? after->due : NONE;
}

void request_event(struct ctx *ctx, const struct request *before, const struct request *after, const char *action, const char *text,
                   bool visible)
{
    change(ctx->db,
           "INSERT INTO request_events (request, at, actor, actor_name, action, from_status, to_status, unit, text, until, visible)"
           " VALUES ({}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {})",
           after->record.id, ctx->now, (struct maybe){ctx->actor.user}, ctx->actor.name, action, before ? before->status : NULL,
           after->status, (struct maybe){after->unit}, text && *text ? text : NULL, (struct maybe){until_set(before, after)},
           visible ? 1 : 0);
    notify_event(ctx, after, action, db_inserted(ctx->db));
}

/* Those whose requests were merged into this one hear what its reporter hears; the words stay with the one they are for. */
static void tell_merged(struct ctx *ctx, const struct request *r, const char *action)
{
    enum { MOST = 200 };
    int64_t ids[MOST];
    struct rows *rows = query(ctx->db, "SELECT id FROM requests WHERE merged_into = {} AND status = 'merged' ORDER BY id LIMIT {}",
                              r->record.id, MOST);
    int n = rows_ids(rows, ids, MOST);
    for (int i = 0; i < n; i++) {
        struct request *merged = record_get(ctx, &requests_kind, ids[i]);
        if (!merged)
            continue;
        merged->unit = merged->handler = merged->dispatcher = NONE; /* those hear of it by the one that is left */
        request_event(ctx, merged, merged, action, NULL, true);
    }
}

enum status request_note(struct ctx *ctx, const struct request *r, const char *text)
{
    if (!text || !*text) {
        ctx_problem(ctx, "text", say(ctx, "Write a sentence: it goes into the history."));
        return ctx->status;
    }
    journal_note(ctx, requests_kind.name, r->record.id, "note", "{\"note\":{}}", text);
    request_event(ctx, r, r, "note", text, false);
    return db_status(ctx->db);
}

/* ---- taking a step ---- */

/* The step's own conditions, in the order in which a person would name them. */
static enum status step_check(struct ctx *ctx, const struct step *s, const struct request *before, const struct step_input *in)
{
    if (!(ctx->actor.roles & s->roles))
        return ctx_fail(ctx, FORBIDDEN, say(ctx, "Your role does not allow this step."));
    if (!(s->from & BIT(request_status_of(before))))
        return ctx_fail(ctx, CONFLICT,
                        say(ctx, "This step is not possible any more: the request is “{}” now.", request_state(ctx, before)));
    const char *barred = s->bar ? s->bar(ctx, before) : NULL;
    if (barred) {
        ctx_problem(ctx, NULL, barred);
        return ctx->status;
    }
    if (strstr(s->needs, "text") && (!in->text || !*in->text))
        ctx_problem(ctx, "text", say(ctx, "Write a sentence: it goes into the history."));
    if (in->text && text_length(in->text) > STEP_TEXT_MOST)
        ctx_problem(ctx, "text", say(ctx, "At most {} characters, please.", STEP_TEXT_MOST));
    return ctx->status;
}

enum status request_take(struct ctx *ctx, const struct step *s, const struct request *before, const struct step_input *in)
{
    if (step_check(ctx, s, before, in) != OK)
        return ctx->status;
    struct request *after = record_copy(ctx, &requests_kind, before);
    if (s->to >= 0)
        after->status = request_statuses[s->alone >= 0 && before->unit == NONE ? s->alone : s->to].code;
    if (s->rule && !s->rule(ctx, before, after, in))
        return ctx->status;
    enum status done = record_update(ctx, &requests_kind, before, after, s->action);
    if (done != OK)
        return done;
    request_event(ctx, before, after, s->action, in->text, s->told != NULL);
    if (!strcmp(s->action, "return") && after->returns == RETURNS_MOST)
        request_event(ctx, after, after, "to-office", NULL, false);
    if (s->told && s->to != MERGED)
        tell_merged(ctx, after, s->action);
    return db_status(ctx->db);
}
