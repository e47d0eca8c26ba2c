/*
 * Sending: what was typed is checked, compared with what is open nearby, and
 * filed, or joined to a request that is there. Everything slow (photographs,
 * the search) is done in prepare on a slow thread; behind the door stands only
 * the writing. An answer that is no problem but needs the resident's word ends
 * prepare with INVALID and an empty list of problems.
 */
#include "app/joiners.h"
#include "app/residents.h"
#include "app/tries.h"
#include "base/text.h"
#include "web/web.h"

#include <math.h>
#include <string.h>

/* How like two requests must be: to be shown while typing, and to ask before sending. */
#define LIKE_SHOWN 0.15
#define LIKE_ASKED 0.25
#define TEXT_MOST  5000 /* characters of what happened: ten pages */

int similar_find(struct ctx *ctx, const char *subject, const char *text, int64_t community, struct search_hit *hits, double least)
{
    struct search_hit found[12];
    int n = 0;
    if (text_length(text ? text : "") < 4)
        return 0;
    int count = search_similar(ctx, subject, text_cut(ctx->arena, text, 1000), SEARCH_OPEN, NONE, community, NONE, found, 12);
    for (int i = 0; i < count && n < SIMILAR_MOST; i++)
        if (found[i].score >= least)
            hits[n++] = found[i];
    return n;
}

static int64_t community_of(struct ctx *ctx, int64_t area)
{
    return area == NONE ? NONE : query_int(ctx->db, "SELECT community FROM areas WHERE id = {}", area);
}

/* The part of the form that the script fetches while somebody types; by POST, so that no word of it is in an address. */
void ask_similar(struct ctx *ctx)
{
    struct search_hit hits[SIMILAR_MOST];
    const char *text = param(ctx, "text");
    ctx->web->fragment = ctx->web->fragment ? ctx->web->fragment : "similar";
    if (!fragment_begin(ctx, "similar"))
        return;
    int n = text && text_length(text) <= TEXT_MOST
                ? similar_find(ctx, param(ctx, "subject"), text, community_of(ctx, param_int(ctx, "area")), hits, LIKE_SHOWN)
                : 0;
    html(ctx->web->out, "<div id=\"similar\">");
    similar_list(ctx, hits, n);
    html(ctx->web->out, "</div>");
    fragment_end(ctx);
}

/* ---- checking ---- */

static void take_fields(struct ctx *ctx, struct request *r)
{
    static const char *const names[] = {"category",       "subject",         "text",      "area",       "place",          "lat", "lon",
                                        "requester_name", "requester_phone", "on_behalf", "visibility", "requester_mail", NULL};
    ctx->labels = ask_labels;
    for (int i = 0; names[i]; i++)
        field_set(ctx, kind_field(&requests_kind, names[i]), r, param(ctx, names[i]));
    r->channel = "web";
    r->visibility = r->visibility ? r->visibility : "office";
    if (isnan(r->lat) != isnan(r->lon))
        r->lat = r->lon = NAN;
}

static void check_fields(struct ctx *ctx, struct request *r)
{
    const char *text = param(ctx, "text"), *trap = param(ctx, "website");
    if ((!r->text || text_length(r->text) < 2) && !ctx_problem_of(ctx, "text"))
        ctx_problem(ctx, "text", say(ctx, "Please write a few words about what it is."));
    else if (text && text_length(text) > TEXT_MOST && !ctx_problem_of(ctx, "text"))
        ctx_problem(ctx, "text", say(ctx, "At most {} characters, please; it has {}.", TEXT_MOST, (int64_t)text_length(text)));
    if (r->area == NONE && areas_known(ctx) && !ctx_problem_of(ctx, "area"))
        ctx_problem(ctx, "area", say(ctx, "Choose the community, so that it reaches the right people."));
    if (!r->requester_phone && !ctx_problem_of(ctx, "requester_phone"))
        ctx_problem(ctx, "requester_phone", say(ctx, "A telephone number is needed, to tell you what was done."));
    if (trap && *trap)
        ctx_problem(ctx, "website", say(ctx, "This field is a trap for programs. Leave it empty and send once more."));
    if (!r->subject && !ctx_problem_of(ctx, "subject"))
        r->subject = r->text ? subject_of(ctx, r->text) : "–";
}

static void check_rate(struct ctx *ctx)
{
    if (tries_left(ctx, &tries_sent, NULL) <= 0)
        ctx_problem(
            ctx, NULL,
            say(ctx,
                "Very many messages came from your connection within an hour. Please send it later, or ring the community office. What you wrote stays here."));
}

static void prepare_join(struct ctx *ctx, struct asking *a)
{
    take_fields(ctx, a->request);
    const char *problem = ctx_problem_of(ctx, "requester_phone"), *name = ctx_problem_of(ctx, "requester_name");
    ctx->problems = NULL; /* of a form that need not be whole, only the person counts */
    ctx->problems_end = &ctx->problems;
    ctx->problem_count = 0;
    ctx->status = OK;
    if (!problem && !a->request->requester_phone && !param(ctx, "joining")) {
        ctx->status = INVALID; /* nothing is wrong: the page that asks for it comes first */
        return;
    }
    if (name)
        ctx_problem(ctx, "requester_name", name);
    if (problem || !a->request->requester_phone)
        ctx_problem(ctx, "requester_phone", problem ? problem : say(ctx, "A telephone number is needed, to tell you what was done."));
    check_rate(ctx);
}

static void prepare_new(struct ctx *ctx, struct asking *a)
{
    take_fields(ctx, a->request);
    check_fields(ctx, a->request);
    record_check(ctx, &requests_kind, NULL, a->request);
    check_rate(ctx);
    if (!ctx_ok(ctx) || param(ctx, "seen"))
        return;
    a->similar_count = similar_find(ctx, param(ctx, "subject"), a->request->text, community_of(ctx, a->request->area), a->similar,
                                    LIKE_ASKED);
    if (a->similar_count)
        ctx->status = INVALID;
}

void ask_prepare(struct ctx *ctx)
{
    struct asking *a = ARENA_NEW(ctx->arena, struct asking);
    int64_t join = param_int(ctx, "join");
    ctx->work = a;
    a->request = record_new(ctx, &requests_kind);
    a->look = param(ctx, "look") != NULL;
    photos_take(ctx, &a->photos);
    if (a->look || param(ctx, "edit")) {
        ctx->status = INVALID; /* the form as it is */
    } else if (join != NONE) {
        a->join = joinable(ctx, join);
        if (a->join)
            prepare_join(ctx, a);
        else
            ctx_problem(ctx, NULL, say(ctx, "That request was closed meanwhile. Please send yours as a new one."));
    } else {
        prepare_new(ctx, a);
    }
    if (!ctx_ok(ctx))
        photos_keep(ctx, &a->photos);
}

/* ---- behind the door ---- */

static void change_join(struct ctx *ctx, const struct asking *a)
{
    const char *code = NULL;
    const struct request *r = joinable(ctx, a->join->record.id);
    if (!r) {
        ctx_problem(ctx, NULL, say(ctx, "That request was closed meanwhile. Please send yours as a new one."));
        return;
    }
    struct joiner joiner = {.request = r->record.id, .name = a->request->requester_name, .phone = a->request->requester_phone};
    if (joiner_add(ctx, r, &joiner, a->request->text, &code) == OK)
        receipt_send(ctx, r->record.id, joiner.id, code);
}

void ask_change(struct ctx *ctx)
{
    struct asking *a = ctx->work;
    const char *code = NULL;
    tries_add(ctx, &tries_sent, NULL);
    if (a->join) {
        change_join(ctx, a);
        return;
    }
    if (request_file(ctx, a->request, &code) != OK || photos_store(ctx, &a->photos, a->request->record.id) != OK)
        return;
    receipt_send(ctx, a->request->record.id, NONE, code);
}
