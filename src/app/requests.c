/*
 * Requests as records: their description, who sees which, how they are filed
 * and imported. What happens to them afterwards is in steps.c.
 * Memory is the context's.
 */
#include "app/requests.h"

#include "app/deadlines.h"
#include "app/module.h"
#include "app/notify.h"
#include "app/people.h"
#include "app/registers.h"
#include "app/search.h"

#include "base/code.h"
#include "base/seal.h"
#include "base/text.h"
#include "base/when.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

const char *const satisfaction_words[5] = {N_("very dissatisfied"), N_("dissatisfied"), N_("so so"), N_("satisfied"), N_("very satisfied")};

const struct choice request_statuses[] = {
    [RECEIVED] = {"received", N_("To dispatch")},
    [DISPATCHED] = {"dispatched", N_("Dispatched")},
    [HANDLING] = {"handling", N_("Being handled")},
    [ANSWERED] = {"answered", N_("Answered")},
    [CALL_BACK] = {"call_back", N_("Waiting for call-back")},
    [CLOSED] = {"closed", N_("Closed")},
    [PARKED] = {"parked", N_("Parked")},
    [MERGED] = {"merged", N_("Merged")},
    [REQUEST_STATUS_COUNT] = {NULL, NULL},
};
static_assert(sizeof request_statuses / sizeof *request_statuses == REQUEST_STATUS_COUNT + 1, "one row a status");

static const struct choice visibilities[] = {
    {"office", N_("Only the people who handle it")}, {"summary", N_("Everybody may read what happened, not who asked")}, {NULL, NULL}};
static const struct choice channels[] = {{"web", N_("Web page")},
                                         {"phone", N_("Telephone")},
                                         {"desk", N_("At the desk")},
                                         {"import", N_("Imported")},
                                         {"opinion", N_("Opinion collected")},
                                         {"api", N_("Another program")},
                                         {NULL, NULL}};
static const struct choice levels[] = {{"urgent", N_("Urgent")}, {"ordinary", N_("Ordinary")}, {"complex", N_("Complex")}, {NULL, NULL}};
static const struct choice yes_no[] = {{"yes", N_("Solved")}, {"no", N_("Not solved")}, {NULL, NULL}};

const char *request_state(struct ctx *ctx, const struct request *r)
{
    int s = request_status_of(r);
    if (s == RECEIVED && r->returns != NONE && r->returns > 0)
        return r->returns >= RETURNS_MOST ? say(ctx, "Returned, for the office") : say(ctx, "Returned");
    if ((s == HANDLING || s == DISPATCHED) && r->reopened != NONE && r->reopened > 0)
        return say(ctx, "Reopened");
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
    {"source_number", F_CODE, AT(source_number), N_("Number at the source"), .max = 64, .aliases = "留言编号|编号|number"},
    {"category", F_REF, AT(category), N_("Category"), .ref = "categories", .flags = LISTED | FILTER,
     .aliases = "一级分类|分类|类别|诉求类别"},
    {"subject", F_TEXT, AT(subject), N_("Subject"), .min = 2, .max = 120, .flags = REQUIRED | LISTED, .aliases = "留言主题|主题|标题"},
    {"text", F_LONG, AT(text), N_("What happened"), .flags = REQUIRED, .aliases = "留言详情|内容|诉求内容"},
    {"area", F_REF, AT(area), N_("Area"), .ref = "areas", .flags = FILTER},
    {"community", F_REF, AT(community), N_("Community"), .ref = "areas", .flags = LISTED | FILTER | FIXED},
    {"place", F_TEXT, AT(place), N_("Place")},
    {"lat", F_REAL, AT(lat), N_("Latitude"), .min = -90, .max = 90},
    {"lon", F_REAL, AT(lon), N_("Longitude"), .min = -180, .max = 180},
    {"requester_name", F_TEXT, AT(requester_name), N_("Reporter"), .max = 60, .flags = NAMED, .aliases = "留言用户|姓名|user"},
    {"requester_phone", F_PHONE, AT(requester_phone), N_("Telephone"), .flags = SEALED},
    {"on_behalf", F_TEXT, AT(on_behalf), N_("On behalf of"), .max = 60, .flags = NAMED},
    {"visibility", F_CHOICE, AT(visibility), N_("Who may see it"), .choices = visibilities},
    {"channel", F_CHOICE, AT(channel), N_("Came by"), .choices = channels, .flags = FIXED},
    {"code_hash", F_CODE, AT(code_hash), N_("Follow-up code"), .flags = FIXED | HIDDEN},
    {"status", F_CHOICE, AT(status), N_("State"), .choices = request_statuses, .shown = show_state, .flags = LISTED | FILTER | FIXED},
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
    {"level", F_CHOICE, AT(level), N_("Level"), .choices = levels, .flags = FILTER | FIXED},
    {"due_from", F_TIME, AT(due_from), N_("Deadline counted from"), .flags = FIXED},
    {"dispatcher", F_REF, AT(dispatcher), N_("Dispatcher"), .ref = "users", .flags = FIXED},
    {"attempts", F_INT, AT(attempts), N_("Times not reached"), .flags = FIXED},
    {"requester_mail", F_TEXT, AT(requester_mail), N_("Mail"), .max = 120, .flags = SEALED},
    {"language", F_CODE, AT(language), N_("Language"), .max = 8, .flags = FIXED},
    {"requester_initials", F_CODE, AT(requester_initials), N_("Initials of the name"), .flags = FIXED},
};

/*
 * What one grant shows. A handler sees what the unit leads or helps with; others their area: everything for the
 * whole subdistrict (also what has no place yet), otherwise its communities, or the area itself below a community.
 */
static void scope_grant(struct ctx *ctx, struct sql *where, const struct grant *g)
{
    if (g->role == ROLE_HANDLER && g->unit != NONE) {
        sql_add(where, " OR unit = {} OR id IN (SELECT request FROM request_units WHERE unit = {})", g->unit, g->unit);
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
        sql_add(where, " OR community IN (SELECT id FROM areas WHERE level = 'community' AND path LIKE {})",
                arena_print(ctx->arena, "%s%%", path));
    else if (path)
        sql_add(where, " OR area IN (SELECT id FROM areas WHERE path LIKE {})", arena_print(ctx->arena, "%s%%", path));
}

static bool sees_all(struct ctx *ctx, const struct grant *g)
{
    return (g->role & ROLES_READERS) && !(g->role == ROLE_HANDLER && g->unit != NONE) && grant_everywhere(ctx, g);
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

#define OWN_SOURCE "linli" /* the source of a request that was filed here, in an exported sheet */

static void exported(struct ctx *ctx, void *record)
{
    struct request *r = record;
    (void)ctx;
    if (!r->source) {
        r->source = OWN_SOURCE;
        r->source_number = r->number;
    }
}

/* A sheet without numbers: a row is known again by what it says. */
static const char *row_number(struct ctx *ctx, const struct request *r)
{
    const char *all = arena_print(ctx->arena, "%s\n%s\n%lld\n%s", r->subject ? r->subject : "", r->text ? r->text : "",
                                  (long long)r->received_at, r->requester_name ? r->requester_name : "");
    return arena_print(ctx->arena, "row-%.24s", seal_hash(ctx->keys, ctx->arena, "row", all));
}

static void *import_find(struct ctx *ctx, void *record)
{
    struct request *r = record;
    if (!r->source_number)
        r->source_number = row_number(ctx, r);
    if (r->source && !strcmp(r->source, OWN_SOURCE)) {
        struct request *own = record_find(ctx, &requests_kind, "number", r->source_number);
        if (own && !own->source && own->received_at == r->received_at && r->subject && !strcmp(own->subject, r->subject))
            return own; /* not another installation's that happens to have the number */
    }
    int64_t id = query_int(ctx->db, "SELECT id FROM requests WHERE source = {} AND source_number = {}", r->source ? r->source : "import",
                           r->source_number);
    return id == NONE ? NULL : record_get(ctx, &requests_kind, id);
}

/* An archive's row: with a reply it is closed, without one it is newly received. */
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

/* Filed by a form of staff or by another program, which gets no follow-up code. */
static enum status insert(struct ctx *ctx, void *record)
{
    struct request *r = record;
    r->channel = r->channel ? r->channel : !strcmp(ctx->actor.via, "api") ? "api" : "desk";
    return request_file(ctx, r, NULL);
}

/* At most 20 letters of the name's pinyin; NULL when it has none. */
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
    if (was && !was->source && r->source && !strcmp(r->source, OWN_SOURCE)) { /* its own export comes back */
        r->source = NULL;
        r->source_number = was->source_number;
    }
    if (r->requester_mail && (!was || r->requester_mail != was->requester_mail) && !mail_valid(r->requester_mail) &&
        !ctx_problem_of(ctx, "requester_mail"))
        ctx_problem(ctx, "requester_mail", say(ctx, "A mail address looks like name@example.cn. It may stay empty."));
    int status = request_status_of(r);
    bool runs = status == RECEIVED || status == DISPATCHED || status == HANDLING;
    if (was && was->category != r->category && runs && r->due_from != NONE) { /* its term and level are the new category's */
        r->level = NULL;
        deadline_set(ctx, r, r->due_from);
    }
    if (was && was->area != r->area && r->area != NONE)
        r->community = query_int(ctx->db, "SELECT community FROM areas WHERE id = {}", r->area);
    if (!was || r->requester_name != was->requester_name) /* here, because it takes longer than storing */
        r->requester_initials = r->requester_name ? initials_of(ctx, r->requester_name) : NULL;
}

const struct kind requests_kind = {
    .name = "requests",
    .table = "requests",
    .one = N_("Request"),
    .many = N_("Requests"),
    FIELDS(fields),
    .size = sizeof(struct request),
    .read = ROLES_READERS,
    .write = ROLES_STAFF,
    .code = "number",
    .order = "id DESC",
    .scope = scope,
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
    r->number = arena_print(ctx->arena, "%04d%02d%02d-%05lld", day.year, day.month, day.day, (long long)next);
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

const struct module requests_module = {.name = "requests", .kinds = kinds, .figures = request_figures};
