/*
 * The life of a request: its description, its steps, and what each step does.
 *
 * request_steps is the one table of transitions: who may, from where, to
 * where, what the form asks and what the resident is told. A rule function
 * does what the table cannot say. Everything here runs behind the door;
 * memory is the context's.
 */
#include "app/requests.h"
#include "app/module.h"
#include "app/registers.h"

#include "base/code.h"
#include "base/seal.h"
#include "base/when.h"
#include "db/journal.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

const struct choice request_statuses[] = {
    [RECEIVED] = {"received", N_("Received")},    [DISPATCHED] = {"dispatched", N_("Dispatched")},
    [HANDLING] = {"handling", N_("Being handled")}, [ANSWERED] = {"answered", N_("Answered")},
    [CALL_BACK] = {"call_back", N_("Waiting for call-back")}, [CLOSED] = {"closed", N_("Closed")},
    [PARKED] = {"parked", N_("Parked")},          [MERGED] = {"merged", N_("Merged")},
    [REQUEST_STATUS_COUNT] = {NULL, NULL},
};
static_assert(sizeof request_statuses / sizeof *request_statuses == REQUEST_STATUS_COUNT + 1, "one row a status");

static const struct choice visibilities[] = {
    {"office", N_("Only the people who handle it")}, {"summary", N_("Everybody may read what happened, not who asked")}, {NULL, NULL}};
static const struct choice channels[] = {{"web", N_("Web page")}, {"phone", N_("Telephone")}, {"desk", N_("At the desk")},
                                         {"import", N_("Imported")}, {NULL, NULL}};
static const struct choice yes_no[] = {{"yes", N_("Solved")}, {"no", N_("Not solved")}, {NULL, NULL}};

#define AT(member) offsetof(struct request, member)
static const struct field fields[] = {
    {"number", F_CODE, AT(number), N_("Number"), .flags = LISTED | FIXED},
    {"source", F_CODE, AT(source), N_("Source"), .flags = FIXED | IMPORTED},
    {"source_number", F_CODE, AT(source_number), N_("Number at the source"), .max = 64, .aliases = "留言编号|number"},
    {"category", F_REF, AT(category), N_("Category"), .ref = "categories", .flags = LISTED | FILTER},
    {"subject", F_TEXT, AT(subject), N_("Subject"), .min = 2, .max = 120, .flags = REQUIRED | LISTED, .aliases = "留言主题|主题|标题"},
    {"text", F_LONG, AT(text), N_("What happened"), .flags = REQUIRED, .aliases = "留言详情|内容|诉求内容"},
    {"area", F_REF, AT(area), N_("Area"), .ref = "areas", .flags = FILTER},
    {"community", F_REF, AT(community), N_("Community"), .ref = "areas", .flags = LISTED | FILTER | FIXED},
    {"place", F_TEXT, AT(place), N_("Place")},
    {"requester_name", F_TEXT, AT(requester_name), N_("Name"), .max = 60, .aliases = "留言用户|姓名|user"},
    {"requester_phone", F_PHONE, AT(requester_phone), N_("Telephone"), .flags = SEALED},
    {"on_behalf", F_TEXT, AT(on_behalf), N_("On behalf of"), .max = 60},
    {"visibility", F_CHOICE, AT(visibility), N_("Who may see it"), .choices = visibilities},
    {"channel", F_CHOICE, AT(channel), N_("Came by"), .choices = channels, .flags = FIXED},
    {"code_hash", F_CODE, AT(code_hash), N_("Follow-up code"), .flags = FIXED},
    {"status", F_CHOICE, AT(status), N_("State"), .choices = request_statuses, .flags = LISTED | FILTER | FIXED},
    {"unit", F_REF, AT(unit), N_("Lead unit"), .ref = "units", .flags = LISTED | FILTER | FIXED},
    {"handler", F_REF, AT(handler), N_("Handler"), .ref = "users", .flags = FIXED},
    {"due", F_TIME, AT(due), N_("Due"), .flags = LISTED | SORTED | FIXED},
    {"first_contact_due", F_TIME, AT(first_contact_due), N_("First contact due"), .flags = FIXED},
    {"first_contact_at", F_TIME, AT(first_contact_at), N_("First contact"), .flags = FIXED},
    {"received_at", F_TIME, AT(received_at), N_("Received"), .flags = FIXED | IMPORTED, .aliases = "留言时间|time|受理时间"},
    {"dispatched_at", F_TIME, AT(dispatched_at), N_("Dispatched"), .flags = FIXED},
    {"answered_at", F_TIME, AT(answered_at), N_("Answered"), .flags = FIXED | IMPORTED, .aliases = "答复时间|reply time|reply_time"},
    {"closed_at", F_TIME, AT(closed_at), N_("Closed"), .flags = FIXED},
    {"reply", F_LONG, AT(reply), N_("Reply"), .flags = FIXED | IMPORTED, .aliases = "答复意见|回复"},
    {"returns", F_INT, AT(returns), N_("Times returned"), .flags = FIXED},
    {"extensions", F_INT, AT(extensions), N_("Times extended"), .flags = FIXED},
    {"reopened", F_INT, AT(reopened), N_("Times reopened"), .flags = FIXED},
    {"parked_until", F_TIME, AT(parked_until), N_("Next review"), .flags = FIXED},
    {"merged_into", F_REF, AT(merged_into), N_("Merged into"), .ref = "requests", .flags = FIXED},
    {"solved", F_CHOICE, AT(solved), N_("Solved?"), .choices = yes_no, .flags = FIXED},
    {"satisfaction", F_INT, AT(satisfaction), N_("Satisfaction"), .min = 1, .max = 5, .flags = FIXED},
    {"solved_comment", F_LONG, AT(solved_comment), N_("Comment"), .max = 2000, .flags = FIXED},
    {"month", F_INT, AT(month), N_("Month"), .flags = FIXED},
};

/* A worker sees the communities of the grants, a handler the unit's requests; the office and leaders their area. */
static void scope(struct ctx *ctx, struct sql *where)
{
    sql_add(where, " AND (1 = 0");
    for (int i = 0; i < ctx->actor.grant_count; i++) {
        const struct grant *g = &ctx->actor.grants[i];
        if (!(g->role & ROLES_READERS))
            continue;
        if (g->unit != NONE && g->role == ROLE_HANDLER)
            sql_add(where, " OR unit = {}", g->unit);
        else if (g->area == NONE)
            sql_add(where, " OR 1 = 1");
        else
            sql_add(where,
                    " OR community IN (SELECT a.id FROM areas a JOIN areas g ON a.path LIKE g.path || '%' WHERE g.id = {})",
                    g->area);
    }
    sql_add(where, ")");
}

static void *import_find(struct ctx *ctx, const void *record)
{
    const struct request *r = record;
    if (!r->source_number)
        return NULL;
    int64_t id = query_int(ctx->db, "SELECT id FROM requests WHERE source = {} AND source_number = {}",
                           r->source ? r->source : "import", r->source_number);
    return id == NONE ? NULL : record_get(ctx, &requests_kind, id);
}

/* An archive's row: with a reply it is closed, without one it is newly received. */
static enum status import_insert(struct ctx *ctx, void *record)
{
    struct request *r = record;
    r->source = r->source ? r->source : "import";
    r->channel = "import";
    if (r->reply) {
        r->status = request_statuses[CLOSED].code;
        r->closed_at = r->answered_at;
    }
    return request_file(ctx, r, NULL);
}

const struct kind requests_kind = {
    .name = "requests", .table = "requests", .one = N_("Request"), .many = N_("Requests"), FIELDS(fields),
    .size = sizeof(struct request), .read = ROLES_READERS, .write = ROLES_STAFF, .code = "number",
    .order = "id DESC", .scope = scope, .import_find = import_find, .import_insert = import_insert,
};

/* ---- the steps ---- */
#define BIT(s) (1U << (s))
#define OPEN   (BIT(RECEIVED) | BIT(DISPATCHED) | BIT(HANDLING) | BIT(ANSWERED) | BIT(CALL_BACK) | BIT(PARKED))

static bool rule_dispatch(struct ctx *ctx, const struct request *before, struct request *after, const struct step_input *in)
{
    (void)before;
    if (in->unit == NONE || query_int(ctx->db, "SELECT id FROM units WHERE id = {}", in->unit) == NONE) {
        ctx_problem(ctx, "unit", say(ctx, "Choose the unit that is to handle it."));
        return false;
    }
    after->unit = in->unit;
    after->handler = NONE;
    after->dispatched_at = ctx->now;
    return true;
}

static bool rule_accept(struct ctx *ctx, const struct request *before, struct request *after, const struct step_input *in)
{
    (void)before;
    (void)in;
    after->handler = ctx->actor.user;
    if (after->first_contact_at == NONE)
        after->first_contact_at = ctx->now;
    return true;
}

static bool rule_answer(struct ctx *ctx, const struct request *before, struct request *after, const struct step_input *in)
{
    (void)before;
    after->reply = in->text;
    after->answered_at = ctx->now;
    return true;
}

static bool rule_close(struct ctx *ctx, const struct request *before, struct request *after, const struct step_input *in)
{
    (void)before;
    if (!in->solved || (strcmp(in->solved, "yes") && strcmp(in->solved, "unreached"))) {
        ctx_problem(ctx, "solved", say(ctx, "Closing needs the resident's word that it is solved, or a note that nobody could be reached."));
        return false;
    }
    if (!strcmp(in->solved, "yes"))
        after->solved = "yes";
    if (in->satisfaction != NONE && (in->satisfaction < 1 || in->satisfaction > 5)) {
        ctx_problem(ctx, "satisfaction", say(ctx, "Satisfaction is a number from 1 to 5."));
        return false;
    }
    after->satisfaction = in->satisfaction;
    after->solved_comment = in->text;
    after->closed_at = ctx->now;
    return true;
}

static bool rule_reopen(struct ctx *ctx, const struct request *before, struct request *after, const struct step_input *in)
{
    (void)ctx;
    after->reopened = before->reopened + 1;
    after->solved = "no";
    after->solved_comment = in->text;
    after->closed_at = NONE;
    return true;
}

/* A closed request can be disputed for REOPEN_DAYS; an imported one, whose resident was never asked, not at all. */
static bool rule_dispute(struct ctx *ctx, const struct request *before, struct request *after, const struct step_input *in)
{
    if (before->closed_at != NONE && before->closed_at + REOPEN_DAYS * WHEN_DAY < ctx->now) {
        ctx_problem(ctx, NULL, say(ctx, "It was closed more than {} days ago. Please send a new request.", REOPEN_DAYS));
        return false;
    }
    return rule_reopen(ctx, before, after, in);
}

static bool rule_return(struct ctx *ctx, const struct request *before, struct request *after, const struct step_input *in)
{
    (void)ctx;
    (void)in;
    after->returns = before->returns + 1;
    after->unit = NONE;
    after->handler = NONE;
    return true;
}

static bool rule_extend(struct ctx *ctx, const struct request *before, struct request *after, const struct step_input *in)
{
    if (before->due != NONE && before->due < ctx->now) {
        ctx_problem(ctx, "until", say(ctx, "It is overdue already: a deadline can only be extended before it ends."));
        return false;
    }
    if (in->until == NONE || in->until <= before->due) {
        ctx_problem(ctx, "until", say(ctx, "Give a new date after the present deadline."));
        return false;
    }
    after->due = in->until;
    after->extensions = before->extensions + 1;
    return true;
}

static bool rule_park(struct ctx *ctx, const struct request *before, struct request *after, const struct step_input *in)
{
    (void)before;
    if (in->until == NONE || in->until <= ctx->now) {
        ctx_problem(ctx, "until", say(ctx, "Give the date on which it will be looked at again."));
        return false;
    }
    after->parked_until = in->until;
    return true;
}

static bool rule_merge(struct ctx *ctx, const struct request *before, struct request *after, const struct step_input *in)
{
    int64_t into = in->into == NONE ? NONE
                                    : query_int(ctx->db, "SELECT id FROM requests WHERE id = {} AND status <> 'merged'", in->into);
    if (into == NONE || into == before->record.id) {
        ctx_problem(ctx, "into", say(ctx, "Give the number of another open request."));
        return false;
    }
    after->merged_into = into;
    return true;
}

const struct step request_steps[] = {
    {"dispatch", N_("Dispatch"), BIT(RECEIVED) | BIT(DISPATCHED) | BIT(PARKED), DISPATCHED, ROLE_OFFICE | ROLE_WORKER, "unit",
     N_("Your request was passed to the people who will handle it."), rule_dispatch},
    {"accept", N_("Accept"), BIT(DISPATCHED), HANDLING, ROLES_STAFF, "", N_("Somebody is now working on your request."), rule_accept},
    {"answer", N_("Answer"), BIT(DISPATCHED) | BIT(HANDLING), ANSWERED, ROLES_STAFF, "text", N_("Your request was answered."), rule_answer},
    {"call-back", N_("Call back"), BIT(ANSWERED), CALL_BACK, ROLE_OFFICE | ROLE_WORKER, "", NULL, NULL},
    {"close", N_("Close"), BIT(ANSWERED) | BIT(CALL_BACK), CLOSED, ROLE_OFFICE | ROLE_WORKER, "solved",
     N_("Your request was closed."), rule_close},
    {"return", N_("Return to the dispatcher"), BIT(DISPATCHED) | BIT(HANDLING), RECEIVED, ROLES_STAFF, "text", NULL, rule_return},
    {"extend", N_("Extend the deadline"), BIT(DISPATCHED) | BIT(HANDLING), -1, ROLES_STAFF, "until text",
     N_("Your request needs more time."), rule_extend},
    {"park", N_("Park"), BIT(RECEIVED) | BIT(DISPATCHED) | BIT(HANDLING), PARKED, ROLE_OFFICE, "until text",
     N_("Your request can't be solved now; it stays on our list and will be looked at again."), rule_park},
    {"reopen", N_("Reopen"), BIT(ANSWERED) | BIT(CALL_BACK) | BIT(CLOSED), HANDLING, ROLE_OFFICE | ROLE_WORKER, "text",
     N_("Your request was opened again."), rule_reopen},
    {"merge", N_("Merge"), OPEN, MERGED, ROLE_OFFICE | ROLE_WORKER, "into",
     N_("Your request is handled together with another about the same matter."), rule_merge},
    /* The resident's own two answers to "is it solved?". */
    {"confirm", N_("It is solved"), BIT(ANSWERED) | BIT(CALL_BACK), CLOSED, ROLE_PUBLIC, "solved",
     N_("You told us that it is solved."), rule_close},
    {"dispute", N_("It is not solved"), BIT(ANSWERED) | BIT(CALL_BACK) | BIT(CLOSED), HANDLING, ROLE_PUBLIC, "text",
     N_("You told us that it is not solved; it is being handled again."), rule_dispute},
    {.action = NULL},
};

const struct step *request_step(const char *action)
{
    for (const struct step *s = request_steps; s->action; s++)
        if (!strcmp(s->action, action))
            return s;
    return NULL;
}

int request_status_of(const struct request *r)
{
    for (int i = 0; i < REQUEST_STATUS_COUNT; i++)
        if (r->status && !strcmp(r->status, request_statuses[i].code))
            return i;
    return RECEIVED;
}

bool request_may(const struct ctx *ctx, const struct step *s, const struct request *r)
{
    return (ctx->actor.roles & s->roles) && (s->from & BIT(request_status_of(r)));
}

static void event_add(struct ctx *ctx, const struct request *before, const struct request *after, const char *action,
                      const char *text, bool visible)
{
    change(ctx->db,
           "INSERT INTO request_events (request, at, actor, actor_name, action, from_status, to_status, unit, text, visible)"
           " VALUES ({}, {}, {}, {}, {}, {}, {}, {}, {}, {})",
           after->record.id, ctx->now, (struct maybe){ctx->actor.user}, ctx->actor.name, action,
           before ? before->status : NULL, after->status, (struct maybe){after->unit}, text, visible ? 1 : 0);
}

enum status request_take(struct ctx *ctx, const struct step *s, const struct request *before, const struct step_input *in)
{
    if (!(ctx->actor.roles & s->roles))
        return ctx_fail(ctx, FORBIDDEN, say(ctx, "Your role does not allow this step."));
    if (!request_may(ctx, s, before))
        return ctx_fail(ctx, CONFLICT, say(ctx, "This step is not possible any more: the request is “{}” now.",
                                           tr(ctx, request_statuses[request_status_of(before)].label)));
    if (strstr(s->needs, "text") && (!in->text || !*in->text)) {
        ctx_problem(ctx, "text", say(ctx, "Write a sentence: it goes into the history."));
        return ctx->status;
    }
    struct request *after = record_copy(ctx, &requests_kind, before);
    if (s->to >= 0)
        after->status = request_statuses[s->to].code;
    if (s->rule && !s->rule(ctx, before, after, in))
        return ctx->status;
    enum status done = record_update(ctx, &requests_kind, before, after, s->action);
    if (done == OK)
        event_add(ctx, before, after, s->action, in->text, s->told != NULL);
    return done == OK ? db_status(ctx->db) : done;
}

/* Deadlines come from the category: working days or hours by the calendar. */
static void set_deadlines(struct ctx *ctx, struct request *r)
{
    struct rows *rows = query(ctx->db, "SELECT days, day_kind, first_contact_hours FROM categories WHERE id = {}",
                              (struct maybe){r->category});
    if (!rows_next(rows))
        return;
    int64_t days = row_int(rows, "days"), contact = row_int(rows, "first_contact_hours");
    const char *day_kind = row_copy(rows, ctx->arena, "day_kind");
    rows_end(rows);
    if (contact != NONE)
        r->first_contact_due = r->received_at + contact * 3600;
    if (days == NONE || !day_kind)
        return;
    if (!strcmp(day_kind, "hours"))
        r->due = r->received_at + days * 3600;
    else if (!strcmp(day_kind, "calendar_days"))
        r->due = r->received_at + days * 86400;
    else
        r->due = calendar_add_working_days(calendar_load(ctx->db, ctx->arena), r->received_at, (int)days);
}

enum status request_file(struct ctx *ctx, struct request *r, const char **code)
{
    r->received_at = r->received_at == NONE ? ctx->now : r->received_at;
    r->returns = r->extensions = r->reopened = 0;
    r->status = r->status ? r->status : request_statuses[RECEIVED].code;
    struct civil day = civil_from_when(r->received_at);
    r->month = day.year * 100 + day.month;
    if (r->area != NONE && r->community == NONE)
        r->community = query_int(ctx->db, "SELECT community FROM areas WHERE id = {}", r->area);
    if (r->due == NONE && strcmp(r->status, "closed"))
        set_deadlines(ctx, r);
    if (code) {
        char *made = arena_alloc(ctx->arena, 11);
        code_random(made, 10);
        *code = made;
        r->code_hash = seal_hash(ctx->keys, ctx->arena, "code_hash", made);
    }
    int64_t next = query_int(ctx->db, "SELECT coalesce(max(id), 0) + 1 AS id FROM requests");
    r->number = arena_print(ctx->arena, "%04d%02d%02d-%05lld", day.year, day.month, day.day, (long long)next);
    enum status s = record_insert(ctx, &requests_kind, r, "file");
    if (s == OK)
        event_add(ctx, NULL, r, "file", NULL, true);
    return s == OK ? db_status(ctx->db) : s;
}

void request_diagram(struct ctx *ctx, struct buf *out)
{
    for (const struct step *s = request_steps; s->action; s++)
        for (int i = 0; i < REQUEST_STATUS_COUNT; i++)
            if (s->from & BIT(i))
                plain(out, "{} --{}--> {}\n", request_statuses[i].code, s->action,
                      request_statuses[s->to < 0 ? i : s->to].code);
    (void)ctx;
}

static int run_steps(struct ctx *ctx, const struct options *o)
{
    (void)o;
    struct buf out;
    buf_init(&out, 0);
    request_diagram(ctx, &out);
    fwrite(out.data, 1, out.size, stdout);
    buf_release(&out);
    return 0;
}

static const struct kind *const kinds[] = {&requests_kind, NULL};
static const struct command commands[] = {
    {"steps", "linli steps: prints the life of a request, one line a step", .no_data = true, .run = run_steps},
    {.name = NULL},
};

const struct module requests_module = {.name = "requests", .kinds = kinds, .commands = commands};
