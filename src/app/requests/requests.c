/*
 * Requests as records: their description, their scope, and how they are filed
 * and imported. request_steps.c has what happens to them afterwards. Memory is
 * the context's.
 */
#include "app/requests/requests.h"

#include "app/requests/deadlines.h"
#include "core/module.h"
#include "core/settings.h"
#include "app/requests/request_notices.h"
#include "app/registers/registers.h"
#include "app/search/search.h"

#include "base/code.h"
#include "base/seal.h"
#include "base/text.h"
#include "base/when.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

const char *const satisfaction_words[5] = {N_("very dissatisfied"), N_("dissatisfied"),
                                           N_("fairly satisfied"), N_("satisfied"),
                                           N_("very satisfied")};

const struct choice request_statuses[] = {
    [RECEIVED] = {"received", N_("To dispatch")},
    [DISPATCHED] = {"dispatched", N_("Dispatched")},
    [HANDLING] = {"handling", N_("In progress")},
    [ANSWERED] = {"answered", N_("Replied")},
    [CALL_BACK] = {"call_back", N_("Awaiting follow-up")},
    [CLOSED] = {"closed", N_("Closed")},
    [PARKED] = {"parked", N_("On hold")},
    [MERGED] = {"merged", N_("Merged")},
    [REQUEST_STATUS_COUNT] = {NULL, NULL},
};
static_assert(sizeof request_statuses / sizeof *request_statuses == REQUEST_STATUS_COUNT + 1,
              "one row a status");

static const struct choice visibilities[] = {
    {"office", N_("Only the people handling it")},
    {"summary", N_("Everyone can see the problem, but not who you are")},
    {NULL, NULL}};
static const struct choice channels[] = {{"web", N_("Website")},
                                         {"phone", N_("Phone")},
                                         {"desk", N_("In person")},
                                         {"import", N_("Imported")},
                                         {"opinion", N_("Comment collected")},
                                         {"api", N_("External system")},
                                         {NULL, NULL}};
const struct choice request_levels[] = {{"urgent", N_("Urgent")},
                                        {"ordinary", N_("Ordinary")},
                                        {"complex", N_("Complex")},
                                        {NULL, NULL}};
static const struct choice yes_no[] = {{"yes", N_("Resolved")},
                                       {"no", N_("Not resolved")},
                                       {SOLVED_WITHDRAWN, N_("Withdrawn by the resident")},
                                       {NULL, NULL}};

const char *request_state(struct ctx *ctx, const struct request *r)
{
    int s = request_status_of(r);
    if (s == RECEIVED && r->returns != NONE && r->returns > 0)
        return r->returns >= RETURNS_MOST ? say(ctx, "Returned three times") : say(ctx, "Returned");
    if ((s == HANDLING || s == DISPATCHED) && r->reopened != NONE && r->reopened > 0)
        return say(ctx, "Reopened");
    if (s == CLOSED && r->solved && !strcmp(r->solved, SOLVED_WITHDRAWN))
        return say(ctx, "Withdrawn by the resident");
    return tr(ctx, request_statuses[s].label);
}

static const char *show_state(struct ctx *ctx, const void *record)
{
    return request_state(ctx, record);
}

#define AT(member) offsetof(struct request, member)
static const struct field fields[] = {
    {"number", F_CODE, AT(number), N_("Number"), .flags = LISTED | FIXED},
    {"source", F_CODE, AT(source), N_("Source"), .flags = FIXED | IMPORTED},
    {"source_number", F_CODE, AT(source_number), N_("Source reference"), .max = 64,
     .aliases = "留言编号|编号|number"},
    {"category", F_REF, AT(category), N_("Category"), .ref = "categories", .flags = LISTED | FILTER,
     .aliases = "一级分类|分类|类别|诉求类别"},
    {"subject", F_TEXT, AT(subject), N_("Subject"), .min = 2, .max = 120,
     .flags = REQUIRED | LISTED, .aliases = "留言主题|主题|标题"},
    {"text", F_LONG, AT(text), N_("Request description"), .flags = REQUIRED,
     .aliases = "留言详情|内容|诉求内容"},
    {"area", F_REF, AT(area), N_("Area"), .ref = "areas", .flags = FILTER},
    {"community", F_REF, AT(community), N_("Community"), .ref = "areas",
     .flags = LISTED | FILTER | FIXED},
    {"place", F_TEXT, AT(place), N_("Location")},
    {"lat", F_REAL, AT(lat), N_("Latitude"), .min = -90, .max = 90},
    {"lon", F_REAL, AT(lon), N_("Longitude"), .min = -180, .max = 180},
    {"requester_name", F_TEXT, AT(requester_name), N_("Submitted by"), .max = 60, .flags = NAMED,
     .aliases = "留言用户|姓名|user"},
    {"requester_phone", F_PHONE, AT(requester_phone), N_("Phone"), .flags = SEALED},
    {"on_behalf", F_TEXT, AT(on_behalf), N_("On behalf of"), .max = 60, .flags = NAMED},
    {"visibility", F_CHOICE, AT(visibility), N_("Visibility"), .choices = visibilities},
    {"channel", F_CHOICE, AT(channel), N_("Channel"), .choices = channels, .flags = FIXED},
    {"code_hash", F_CODE, AT(code_hash), N_("Tracking code"), .flags = FIXED | HIDDEN},
    {"status", F_CHOICE, AT(status), N_("Status"), .choices = request_statuses, .shown = show_state,
     .flags = LISTED | FILTER | FIXED},
    {"unit", F_REF, AT(unit), N_("Lead unit"), .ref = "units", .flags = LISTED | FILTER | FIXED},
    {"handler", F_REF, AT(handler), N_("Handler"), .ref = "users", .flags = FIXED},
    {"due", F_TIME, AT(due), N_("Due"), .flags = LISTED | SORTED | FIXED},
    {"first_contact_due", F_TIME, AT(first_contact_due), N_("First contact by"), .flags = FIXED},
    {"first_contact_at", F_TIME, AT(first_contact_at), N_("First contact"), .flags = FIXED},
    {"received_at", F_TIME, AT(received_at), N_("Date received"), .flags = FIXED | IMPORTED,
     .aliases = "留言时间|time|受理时间"},
    {"dispatched_at", F_TIME, AT(dispatched_at), N_("Dispatched"), .flags = FIXED},
    {"answered_at", F_TIME, AT(answered_at), N_("Replied"), .flags = FIXED | IMPORTED,
     .aliases = "答复时间|reply time|reply_time"},
    {"closed_at", F_TIME, AT(closed_at), N_("Date closed"), .flags = FIXED},
    {"reply", F_LONG, AT(reply), N_("Reply"), .flags = FIXED | IMPORTED,
     .aliases = "答复意见|回复"},
    {"returns", F_INT, AT(returns), N_("Times returned"), .flags = FIXED},
    {"extensions", F_INT, AT(extensions), N_("Times extended"), .flags = FIXED},
    {"reopened", F_INT, AT(reopened), N_("Times reopened"), .flags = FIXED},
    {"parked_until", F_TIME, AT(parked_until), N_("Review date"), .flags = FIXED},
    {"merged_into", F_REF, AT(merged_into), N_("Merged into"), .ref = "requests", .flags = FIXED},
    {"solved", F_CHOICE, AT(solved), N_("Resolved?"), .choices = yes_no, .flags = FIXED},
    {"satisfaction", F_INT, AT(satisfaction), N_("Satisfaction"), .min = 1, .max = 5,
     .flags = FIXED},
    {"solved_comment", F_LONG, AT(solved_comment), N_("Comment"), .max = 2000, .flags = FIXED},
    {"month", F_INT, AT(month), N_("Month"), .flags = FIXED},
    {"level", F_CHOICE, AT(level), N_("Level"), .choices = request_levels, .flags = FILTER | FIXED},
    {"due_from", F_TIME, AT(due_from), N_("Deadline starts"), .flags = FIXED},
    {"dispatcher", F_REF, AT(dispatcher), N_("Dispatched by"), .ref = "users", .flags = FIXED},
    {"attempts", F_INT, AT(attempts), N_("Failed contact attempts"), .flags = FIXED},
    {"requester_mail", F_TEXT, AT(requester_mail), N_("Email"), .max = 120, .flags = SEALED | MAIL},
    {"language", F_CODE, AT(language), N_("Language"), .max = 8, .flags = FIXED},
    {"requester_initials", F_CODE, AT(requester_initials), N_("Pinyin initials"),
     .flags = FIXED | INNER | NAMED},
};

/*
 * Adds what one grant shows. Unit handlers see what their unit leads or supports. Others see
 * their area: the whole subdistrict includes requests without a location; otherwise the
 * communities, or the area itself below community level.
 */
static void scope_grant(struct ctx *ctx, struct sql *where, const struct grant *g)
{
    if (g->role == ROLE_HANDLER && g->unit != NONE) {
        sql_add(where, " OR unit = {} OR id IN (SELECT request FROM request_units WHERE unit = {})",
                g->unit, g->unit);
        return;
    }
    struct rows *r = query(ctx->db, "SELECT path, community FROM areas WHERE id = {}", g->area);
    if (!rows_next(r))
        return;
    const char *path = row_copy(r, ctx->arena, "path");
    int64_t community = row_int(r, "community");
    rows_end(r);
    if (community == g->area)
        sql_add(where, " OR community = {}", community);
    else if (path && community == NONE)
        sql_add(
            where,
            " OR community IN (SELECT id FROM areas WHERE level = 'community' AND path LIKE {})",
            arena_print(ctx->arena, "%s%%", path));
    else if (path)
        sql_add(where, " OR area IN (SELECT id FROM areas WHERE path LIKE {})",
                arena_print(ctx->arena, "%s%%", path));
}

static bool sees_all(struct ctx *ctx, const struct grant *g)
{
    return (g->role & ROLES_READERS) && !(g->role == ROLE_HANDLER && g->unit != NONE) &&
           grant_everywhere(ctx, g);
}

static void scope(struct ctx *ctx, struct sql *where)
{
    for (int i = 0; i < ctx->actor.grant_count; i++)
        if (sees_all(ctx, &ctx->actor.grants[i]))
            return;
    sql_add(where, " AND (1 = 0");
    for (int i = 0; i < ctx->actor.grant_count; i++)
        if (ctx->actor.grants[i].role & ROLES_READERS)
            scope_grant(ctx, where, &ctx->actor.grants[i]);
    sql_add(where, ")");
}

#define OWN_SOURCE \
    "linli" /* in an exported spreadsheet: the source of requests that were filed here */

static void exported(struct ctx *ctx, void *record)
{
    struct request *r = record;
    (void)ctx;
    if (!r->source) {
        r->source = OWN_SOURCE;
        r->source_number = r->number;
    }
}

/* Spreadsheets without numbers: a row is recognised by its content. */
static const char *row_number(struct ctx *ctx, const struct request *r)
{
    const char *all = arena_print(ctx->arena, "%s\n%s\n%lld\n%s", r->subject ? r->subject : "",
                                  r->text ? r->text : "", (long long)r->received_at,
                                  r->requester_name ? r->requester_name : "");
    return arena_print(ctx->arena, "row-%.24s", seal_hash(ctx->keys, ctx->arena, "row", all));
}

static void *import_find(struct ctx *ctx, void *record)
{
    struct request *r = record;
    if (!r->source_number)
        r->source_number = row_number(ctx, r);
    if (r->source && !strcmp(r->source, OWN_SOURCE)) {
        struct request *own = record_find(ctx, &requests_kind, "number", r->source_number);
        if (own && !own->source && own->received_at == r->received_at && r->subject &&
            !strcmp(own->subject, r->subject))
            return own; /* otherwise another installation's, which happens to have the number */
    }
    int64_t id = query_int(ctx->db,
                           "SELECT id FROM requests WHERE source = {} AND source_number = {}",
                           r->source ? r->source : "import", r->source_number);
    return id == NONE ? NULL : record_get(ctx, &requests_kind, id);
}

/* A row of an archive is closed if it has a reply, otherwise received. */
static enum status import_insert(struct ctx *ctx, void *record)
{
    struct request *r = record;
    r->source = r->source || !r->source_number ? r->source : "import";
    r->channel = "import";
    if (r->reply) {
        r->status = request_statuses[CLOSED].code;
        r->closed_at = r->answered_at;
    }
    return request_file(ctx, r, NULL);
}

/* Filed by staff or another program, which get no tracking code. */
static enum status insert(struct ctx *ctx, void *record)
{
    struct request *r = record;
    r->channel = r->channel ? r->channel : !strcmp(ctx->actor.via, "api") ? "api" : "desk";
    return request_file(ctx, r, NULL);
}

/* The pinyin initials of the name, at most 20 letters; NULL: none. */
static const char *initials_of(struct ctx *ctx, const char *name)
{
    const char *initials = NULL;
    if (!text_pinyin(ctx->arena, name, NULL, &initials) || !initials || !*initials)
        return NULL;
    return arena_copyn(ctx->arena, initials, strnlen(initials, 20));
}

static void check(struct ctx *ctx, const void *before, void *after)
{
    const struct request *was = before;
    struct request *r = after;
    if (was && !was->source && r->source &&
        !strcmp(r->source, OWN_SOURCE)) { /* a re-import of its own export */
        r->source = NULL;
        r->source_number = was->source_number;
    }
    if (r->requester_mail && (!was || r->requester_mail != was->requester_mail) &&
        !mail_valid(r->requester_mail) && !ctx_problem_of(ctx, "requester_mail"))
        ctx_problem(ctx, "requester_mail",
                    say(ctx, "Enter an email address such as name@example.cn, or leave it blank."));
    int status = request_status_of(r);
    bool runs = status == RECEIVED || status == DISPATCHED || status == HANDLING;
    if (was && was->category != r->category && runs &&
        r->due_from != NONE) { /* the new category's time limit and level apply */
        r->level = NULL;
        deadline_set(ctx, r, r->due_from);
    } else if (was && was->category != r->category && runs) {
        contact_follow(ctx, r);
    }
    if (was && was->area != r->area && r->area != NONE)
        r->community = query_int(ctx->db, "SELECT community FROM areas WHERE id = {}", r->area);
    if (!was ||
        r->requester_name != was->requester_name) /* here, because it takes longer than storing */
        r->requester_initials = r->requester_name ? initials_of(ctx, r->requester_name) : NULL;
}

static const struct choice request_actions[] = {{"join-answer", N_("answered by a co-reporter")},
                                                {NULL, NULL}};

const struct kind requests_kind = {
    .name = "requests",
    .table = "requests",
    .twice = true,
    .common = true,
    .actions = request_actions,
    .action = request_event_label,
    .one = N_("Request"),
    .many = N_("Requests"),
    FIELDS(fields),
    .size = sizeof(struct request),
    .read = ROLES_READERS,
    .write = ROLES_STAFF,
    .code = "number",
    .code_read = code_number,
    .order = "id DESC",
    .scope = scope,
    .natural = "source? source_number|subject text received_at? requester_name?",
    .archive = true,
    .import_find = import_find,
    .import_insert = import_insert,
    .import_key = "source_number",
    .insert = insert,
    .check = check,
    .exported = exported,
    .search = search_list,
    .reveal = ROLES_STAFF,
    .leaves = true,
    .home = "/work",
    .page = "/requests/{id}",
};

bool request_open(const struct request *r)
{
    int s = request_status_of(r);
    return s == RECEIVED || s == DISPATCHED || s == HANDLING || s == PARKED;
}

bool request_public(const struct request *r)
{
    return r->visibility && !strcmp(r->visibility, "summary");
}

enum status request_file(struct ctx *ctx, struct request *r, const char **code)
{
    r->received_at = r->received_at == NONE ? ctx->now : r->received_at;
    r->returns = r->extensions = r->reopened = r->attempts = 0;
    r->status = r->status ? r->status : request_statuses[RECEIVED].code;
    if (!r->language && ctx->web && ctx->actor.user == NONE && !ctx->actor.grant_count)
        r->language = ctx->lang; /* what the resident reads */
    struct civil day = civil_from_when(r->received_at);
    r->month = day.year * 100 + day.month;
    if (r->area != NONE && r->community == NONE)
        r->community = query_int(ctx->db, "SELECT community FROM areas WHERE id = {}", r->area);
    if (r->due == NONE && strcmp(r->status, "closed"))
        deadline_set(ctx, r, r->received_at);
    if (r->requester_name && !r->requester_initials)
        r->requester_initials = initials_of(ctx, r->requester_name);
    if (code) {
        char *made = arena_alloc(ctx->arena, 11);
        code_random(made, 10);
        *code = made;
        r->code_hash = seal_hash(ctx->keys, ctx->arena, "code_hash", made);
    }
    int64_t next = query_int(ctx->db, "SELECT coalesce(max(id), 0) + 1 AS id FROM requests");
    r->number = arena_print(ctx->arena, "%04d%02d%02d-%05lld", day.year, day.month, day.day,
                            (long long)next);
    enum status s = record_insert(ctx, &requests_kind, r, "file");
    if (s == OK)
        request_event(ctx, NULL, r, "file", NULL, true);
    return s == OK ? db_status(ctx->db) : s;
}

int request_status_of(const struct request *r)
{
    for (int i = 0; i < REQUEST_STATUS_COUNT; i++)
        if (r->status && !strcmp(r->status, request_statuses[i].code))
            return i;
    return RECEIVED;
}

static const struct kind *const kinds[] = {&requests_kind, NULL};

static const struct workflow *const workflows[] = {&request_workflow, NULL};

static const struct field logged[] = {
    {"note", F_LONG, SETTING, N_("Internal note")},
    {"joiner", F_INT, SETTING, N_("Co-reporter no.")},
    {"solved", F_BOOL, SETTING, N_("Resolved?")},
    {.name = NULL},
};

const struct module requests_module = {.name = "requests",
                                       .kinds = kinds,
                                       .logged = logged,
                                       .workflows = workflows,
                                       .figures = request_figures,
                                       .due = request_due,
                                       .recount = deadlines_recompute};
