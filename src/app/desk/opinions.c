/*
 * Resident comments become requests or join one. Records live in the context's
 * arena.
 */
#include "app/desk/opinions.h"

#include "core/due.h"
#include "core/module.h"
#include "core/notices.h"
#include "app/registers/registers.h"
#include "app/requests/requests.h"
#include "base/text.h"
#include "base/when.h"

#include <string.h>

#define HOSTS (ROLE_TEAM_LEADER | ROLE_WORKER | ROLE_OFFICE)

#define O(member) offsetof(struct opinion, member)
static const struct field fields[] = {
    {"code", F_CODE, O(code), N_("Code"), .max = 64, .flags = UNIQUE | FIXED | IMPORTED},
    {"text", F_LONG, O(text), N_("Comment text"), .min = 2, .max = 2000, .flags = REQUIRED | LISTED,
     .aliases = "意见|意见内容"},
    {"team", F_REF, O(team), N_("Collected by team"), .ref = "organisations",
     .flags = LISTED | FILTER},
    {"station", F_REF, O(station), N_("At which service point"), .ref = "organisations",
     .flags = FILTER},
    {"area", F_REF, O(area), N_("Area"), .ref = "areas", .flags = FILTER},
    {"community", F_REF, O(community), N_("Community"), .ref = "areas",
     .flags = LISTED | FILTER | FIXED},
    {"collected", F_TIME, O(collected), N_("Collected on"),
     .flags = LISTED | SORTED | FIXED | IMPORTED},
    {"collector", F_REF, O(collector), N_("Recorded by"), .ref = "users", .flags = FIXED},
    {"collector_name", F_TEXT, O(collector_name), N_("Recorded by"), .max = 60,
     .flags = FIXED | IMPORTED},
    {"request", F_REF, O(request), N_("Request"), .ref = "requests", .flags = LISTED | FIXED},
    {"joined", F_BOOL, O(joined), N_("Added to an existing request"), .flags = FIXED},
    {"month", F_INT, O(month), N_("Month"), .flags = FIXED},
};

static void check(struct ctx *ctx, const void *before, void *after)
{
    struct opinion *o = after;
    (void)before;
    if (o->area == NONE && o->station != NONE)
        o->area = query_int(ctx->db, "SELECT area FROM organisations WHERE id = {}", o->station);
    if (o->area == NONE && o->team != NONE)
        o->area = query_int(ctx->db, "SELECT area FROM organisations WHERE id = {}", o->team);
    o->community = o->area == NONE
                       ? NONE
                       : query_int(ctx->db, "SELECT community FROM areas WHERE id = {}", o->area);
    if (o->area == NONE)
        ctx_problem(ctx, "area", say(ctx, "Enter where: the area, service point or team."));
}

/* Leaders see what their team collected, workers their communities. */
static void scope(struct ctx *ctx, struct sql *where)
{
    scope_by_team(ctx, where, "team", NULL);
}

static enum status import_insert(struct ctx *ctx, void *record)
{
    return opinion_file(ctx, record, NONE, NONE, NULL, NULL);
}

static const struct choice opinion_actions[] = {
    {"file", N_("received")},
    {NULL, NULL},
};

const struct kind opinions_kind = {
    .name = "opinions",
    .table = "opinions",
    .one = N_("Resident comment"),
    .many = N_("Resident comments"),
    .actions = opinion_actions,
    FIELDS(fields),
    .size = sizeof(struct opinion),
    .read = HOSTS | ROLE_LEADER,
    .write = HOSTS,
    .code = "code",
    .order = "collected DESC, id DESC",
    .scope = scope,
    .check = check,
    .natural = "code|text team? station? area? collected?",
    .import_insert = import_insert,
    .insert = import_insert,
    .own = "team",
    .home = "/opinions",
    .about = N_(
        "What residents said on the doorstep and at service points, and what was done about it.")};

static int64_t request_of(struct ctx *ctx, const struct opinion *o, int64_t category,
                          const char *name, const char *phone)
{
    struct request *r = record_new(ctx, &requests_kind);
    const char *line = text_tidy(ctx->arena, o->text);
    r->subject = text_cut(ctx->arena, line, 40);
    r->text = o->text;
    r->area = o->area;
    r->category = category;
    r->requester_name = name;
    r->requester_phone = phone;
    r->channel = "opinion";
    r->visibility = "office";
    r->received_at = o->collected;
    return request_file(ctx, r, NULL) == OK ? r->record.id : NONE;
}

enum status opinion_keep(struct ctx *ctx, struct opinion *o)
{
    if (!record_check(ctx, &opinions_kind, NULL, o))
        return ctx->status;
    o->code = o->code ? o->code : record_code(ctx, "O");
    o->collected = o->collected == NONE || o->collected > ctx->now ? ctx->now : o->collected;
    struct civil c = civil_from_when(o->collected);
    o->month = c.year * 100 + c.month;
    o->collector = ctx->actor.user;
    o->collector_name = o->collector_name ? o->collector_name : ctx->actor.name;
    o->joined = o->joined == 1;
    return record_insert(ctx, &opinions_kind, o, "file");
}

/* Someone who left a phone number wants to hear the result. */
static enum status opinion_joiner(struct ctx *ctx, const struct request *r, const char *name,
                                  const char *phone)
{
    struct joiner j = {.request = r->record.id, .name = name, .phone = phone};
    const char *code; /* nobody waits for it in person: they are called */
    return joiner_add(ctx, r, &j, NULL, &code);
}

enum status opinion_file(struct ctx *ctx, struct opinion *o, int64_t into, int64_t category,
                         const char *name, const char *phone)
{
    if (o->code && query_int(ctx->db, "SELECT id FROM opinions WHERE code = {}", o->code) != NONE)
        return OK;
    if (!record_check(ctx, &opinions_kind, NULL, o))
        return ctx->status;
    o->collected = o->collected == NONE || o->collected > ctx->now ? ctx->now : o->collected;
    o->joined = into != NONE;
    const struct request *r = into == NONE ? NULL : record_get(ctx, &requests_kind, into);
    if (into != NONE && (!r || !request_open(r))) {
        ctx_problem(ctx, "into", say(ctx, "Enter the number of another open request."));
        return ctx->status;
    }
    o->request = r ? into : request_of(ctx, o, category, name, phone);
    if (o->request == NONE)
        return ctx->status != OK ? ctx->status : db_status(ctx->db);
    enum status s = opinion_keep(ctx, o);
    if (s == OK && r)
        request_event(ctx, r, r, "opinion", o->text, false);
    return s == OK && r && phone ? opinion_joiner(ctx, r, name, phone) : s;
}

/* A leader's teams, whatever else they may read. */
static void mine(struct ctx *ctx, struct sql *where)
{
    sql_add(where, " AND (1 = 0");
    for (int i = 0; i < ctx->actor.grant_count; i++)
        if (ctx->actor.grants[i].role == ROLE_TEAM_LEADER && ctx->actor.grants[i].organisation > 0)
            sql_add(where, " OR team = {}", ctx->actor.grants[i].organisation);
    sql_add(where, ")");
}

static const struct kind *const kinds[] = {&opinions_kind, NULL};

static const struct figure figures[] = {
    {"opinions.collected", "F20", N_("Comments collected"), N_("comments"),
     N_("Comments recorded by teams on the doorstep and at service points in this period. Each "
        "became a request or was added to one."),
     COUNT, .group = N_("Resident comments"), .kind = &opinions_kind, .time = "collected",
     .area = "community"},
    {"opinions.solved", "F21", N_("Comments resolved"), N_("comments"),
     N_("Comments collected in this period whose request was closed and confirmed as resolved by "
        "the resident."),
     COUNT, .group = N_("Resident comments"), .kind = &opinions_kind,
     .counts =
         "request IN (SELECT r.id FROM requests r WHERE r.status = 'closed' AND r.solved = 'yes')",
     .time = "collected", .area = "community"},
    {.id = NULL},
};

/* Those who see the request have it in their own list; the team that collected it has the
 * comment. */
static const struct due_source due[] = {
    {"opinions.handle", &opinions_kind,
     .due = "(SELECT r.due FROM requests r WHERE r.id = opinions.request)",
     .open = "request IN (SELECT r.id FROM requests r WHERE coalesce(r.status, '') IN ('received', "
             "'parked') AND coalesce(r.status, '') = 'received')",
     .roles = ROLE_TEAM_LEADER, .mine = mine, .words = N_("Comment not yet being handled"),
     .href = "/registers/opinions/{id}", .told = true},
    {.id = NULL},
};

static const struct notice_subject subjects[] = {
    {&opinions_kind, "code", "/registers/opinions/{id}"},
    {.kind = NULL},
};

static const struct register_view views[] = {{&opinions_kind, .closed = true}, {.kind = NULL}};

const struct module opinions_module = {.name = "opinions",
                                       .kinds = kinds,
                                       .figures = figures,
                                       .due = due,
                                       .subjects = subjects,
                                       .views = views};
