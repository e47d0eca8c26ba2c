/*
 * Opinions become requests, or join one. Records live in the context's arena.
 */
#include "app/opinions.h"

#include "app/module.h"
#include "app/people.h"
#include "app/requests.h"
#include "base/text.h"
#include "base/when.h"

#include <string.h>

#define HOSTS (ROLE_TEAM_LEADER | ROLE_WORKER | ROLE_OFFICE)

#define O(member) offsetof(struct opinion, member)
static const struct field fields[] = {
    {"code", F_CODE, O(code), N_("Code"), .max = 64, .flags = UNIQUE | FIXED | IMPORTED},
    {"text", F_LONG, O(text), N_("What was said"), .min = 2, .max = 2000, .flags = REQUIRED | LISTED, .aliases = "意见|意见内容"},
    {"team", F_REF, O(team), N_("Collected by the team"), .ref = "organisations", .flags = LISTED | FILTER},
    {"station", F_REF, O(station), N_("At the station"), .ref = "organisations", .flags = FILTER},
    {"area", F_REF, O(area), N_("Area"), .ref = "areas", .flags = FILTER},
    {"community", F_REF, O(community), N_("Community"), .ref = "areas", .flags = LISTED | FILTER | FIXED},
    {"collected", F_TIME, O(collected), N_("Collected"), .flags = LISTED | SORTED | FIXED | IMPORTED},
    {"collector", F_REF, O(collector), N_("Noted down by"), .ref = "users", .flags = FIXED},
    {"collector_name", F_TEXT, O(collector_name), N_("Noted down by"), .max = 60, .flags = FIXED | IMPORTED},
    {"request", F_REF, O(request), N_("Request"), .ref = "requests", .flags = LISTED | FIXED},
    {"joined", F_BOOL, O(joined), N_("Joined a request that was there"), .flags = FIXED},
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
    o->community = o->area == NONE ? NONE : query_int(ctx->db, "SELECT community FROM areas WHERE id = {}", o->area);
    if (o->area == NONE)
        ctx_problem(ctx, "area", say(ctx, "Say where it was: the area, the station or the team."));
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

const struct kind opinions_kind = {.name = "opinions",
                                   .table = "opinions",
                                   .one = N_("Opinion"),
                                   .many = N_("Opinions"),
                                   FIELDS(fields),
                                   .size = sizeof(struct opinion),
                                   .read = HOSTS | ROLE_LEADER,
                                   .write = HOSTS,
                                   .code = "code",
                                   .order = "collected DESC, id DESC",
                                   .scope = scope,
                                   .check = check,
                                   .import_insert = import_insert,
                                   .insert = import_insert,
                                   .own = "team",
                                   .home = "/opinions",
                                   .about = N_("What people said at the door and in the stations, and what came of it.")};

static int64_t request_of(struct ctx *ctx, const struct opinion *o, int64_t category, const char *name, const char *phone)
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

enum status opinion_file(struct ctx *ctx, struct opinion *o, int64_t into, int64_t category, const char *name, const char *phone)
{
    if (o->code && query_int(ctx->db, "SELECT id FROM opinions WHERE code = {}", o->code) != NONE)
        return OK;
    if (!record_check(ctx, &opinions_kind, NULL, o))
        return ctx->status;
    o->collected = o->collected == NONE || o->collected > ctx->now ? ctx->now : o->collected;
    o->joined = into != NONE;
    const struct request *r = into == NONE ? NULL : record_get(ctx, &requests_kind, into);
    if (into != NONE && (!r || request_status_of(r) == CLOSED || request_status_of(r) == MERGED)) {
        ctx_problem(ctx, "into", say(ctx, "Give the number of another open request."));
        return ctx->status;
    }
    o->request = r ? into : request_of(ctx, o, category, name, phone);
    if (o->request == NONE)
        return ctx->status != OK ? ctx->status : db_status(ctx->db);
    enum status s = opinion_keep(ctx, o);
    if (s == OK && r)
        request_event(ctx, r, r, "opinion", o->text, false);
    return s;
}

static const struct kind *const kinds[] = {&opinions_kind, NULL};

static const struct figure figures[] = {
    {"opinions.collected", "F20", N_("Opinions collected"), N_("opinions"),
     N_("Opinions that teams noted down at doors and stations in this period. Each became a request or joined one."), COUNT,
     .kind = &opinions_kind, .time = "collected", .area = "community"},
    {"opinions.solved", NULL, N_("Opinions whose problem was solved"), N_("opinions"),
     N_("Of the opinions collected in this period: those whose request was closed and the resident says it is solved."), COUNT,
     .kind = &opinions_kind, .counts = "request IN (SELECT r.id FROM requests r WHERE r.status = 'closed' AND r.solved = 'yes')",
     .time = "collected", .area = "community"},
    {.id = NULL},
};

const struct module opinions_module = {.name = "opinions", .kinds = kinds, .figures = figures};
