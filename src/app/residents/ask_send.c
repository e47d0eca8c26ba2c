/*
 * Sending the form: what was typed is checked, compared with open requests
 * nearby, and stored as a new request or joined to an existing one. Slow work
 * (photos, the search) is done in prepare on a slow thread; the writer thread
 * only writes. A page that needs the resident's decision ends prepare with
 * INVALID and no problems.
 */
#include "app/requests/requests.h"
#include "app/registers/registers.h"
#include "app/residents/ask.h"
#include "core/pass.h"
#include "core/tries.h"
#include "base/text.h"
#include "base/when.h"
#include "web/web.h"

#include <math.h>
#include <string.h>

/* Minimum similarity: to show a request while typing, and to ask before sending. */
#define LIKE_SHOWN  0.15
#define LIKE_ASKED  0.25
#define GUESS_LEAST 4    /* characters: 路灯不亮 */
#define NAMED_LEAST 2    /* pairs of characters that a name shares with a text */
#define TEXT_MOST   5000 /* characters of the description: ten pages */

static int64_t community_of(struct ctx *ctx, int64_t area)
{
    return area == NONE ? NONE
                        : query_int(ctx->db, "SELECT community FROM areas WHERE id = {}", area);
}

/* How many pairs of neighbouring characters of a name occur in a text: 上门 and 理发 of 上门理发.
 */
static int pairs_in(struct ctx *ctx, const char *name, const char *text)
{
    int n = 0;
    for (const char *p = name, *second; *p; p = second) {
        const char *end = p;
        text_next(&end);
        second = end;
        if (!*second)
            break;
        text_next(&end);
        n += strstr(text, arena_copyn(ctx->arena, p, (size_t)(end - p))) != NULL;
    }
    return n;
}

/* The category whose name shares most pairs with the text, at least two and more than any other. It
 * also helps an office that has not handled anything yet. */
static int64_t category_named(struct ctx *ctx, const char *text)
{
    int most = NAMED_LEAST - 1;
    int64_t found = NONE;
    struct rows *r = query(ctx->db, "SELECT id, name FROM categories WHERE valid = 1 AND parent IS "
                                    "NOT NULL ORDER BY position, code");
    while (rows_next(r)) {
        int n = pairs_in(ctx, row_text(r, "name"), text);
        if (n > most)
            found = row_int(r, "id");
        else if (n == most)
            found = NONE;
        most = n > most ? n : most;
    }
    rows_end(r);
    return found;
}

/* The category on which a third of the most similar past requests agree, otherwise the one that the
 * text names. The script selects it unless the resident has already chosen. */
static void draw_guess(struct ctx *ctx, const char *text)
{
    if (text_length(text) < GUESS_LEAST)
        return;
    int64_t category = category_agreed(ctx, param(ctx, "subject"), text, NONE);
    if (category == NONE)
        category = category_named(ctx, text);
    if (category != NONE)
        html(ctx->web->out, "<span hidden data-guess=\"{}\"></span>", category);
}

/* The part of the form that the script fetches while someone types. By POST, so that no word of
 * it is in a URL. */
void ask_similar(struct ctx *ctx)
{
    struct search_hit hits[SIMILAR_MOST];
    const char *text = param(ctx, "text");
    ctx->web->fragment = ctx->web->fragment ? ctx->web->fragment : "similar";
    if (!fragment_begin(ctx, "similar"))
        return;
    int n = text && text_length(text) <= TEXT_MOST
                ? search_alike(ctx, param(ctx, "subject"), text, community_of(ctx, area_asked(ctx)),
                               hits, LIKE_SHOWN)
                : 0;
    html(ctx->web->out, "<div id=\"similar\">");
    if (text && text_length(text) <= TEXT_MOST)
        draw_guess(ctx, text);
    similar_list(ctx, hits, n, true);
    html(ctx->web->out, "</div>");
    fragment_end(ctx);
}

/* ---- checking ---- */

static void take_fields(struct ctx *ctx, struct request *r)
{
    static const char *const names[] = {
        "category",  "subject",    "text",           "place",
        "lat",       "lon",        "requester_name", "requester_phone",
        "on_behalf", "visibility", "requester_mail", NULL};
    ctx->labels = ask_labels;
    for (int i = 0; names[i]; i++)
        field_set(ctx, kind_field(&requests_kind, names[i]), r, param(ctx, names[i]));
    area_typed(ctx, &requests_kind, r);
    r->channel = "web";
    r->visibility = r->visibility ? r->visibility : "office";
    if (isnan(r->lat) != isnan(r->lon))
        r->lat = r->lon = NAN;
}

static void check_fields(struct ctx *ctx, struct request *r)
{
    const char *trap = param(ctx, "website");
    if ((!r->text || text_length(r->text) < 2) && !ctx_problem_of(ctx, "text"))
        ctx_problem(ctx, "text", say(ctx, "Please tell us briefly what it is about."));
    else
        param_lines(ctx, "text", TEXT_MOST);
    if (r->area == NONE && areas_known(ctx) && !ctx_problem_of(ctx, "area"))
        ctx_problem(ctx, "area",
                    say(ctx, "Choose a community so that your request reaches the right people."));
    if (!r->requester_phone && !ctx_problem_of(ctx, "requester_phone"))
        ctx_problem(ctx, "requester_phone",
                    say(ctx, "Please give a phone number so that we can tell you the outcome."));
    if (trap && *trap)
        ctx_problem(ctx, "website",
                    say(ctx, "This field is there to stop spam. Leave it empty and send again."));
    if (!r->subject && !ctx_problem_of(ctx, "subject"))
        r->subject = r->text ? text_headline(ctx->arena, r->text) : "–";
}

static void check_rate(struct ctx *ctx)
{
    if (tries_left(ctx, &tries_sent, NULL) <= 0)
        ctx_problem(ctx, NULL,
                    say(ctx, "Too many messages from your network in the past hour. Please try "
                             "later or call the community staff. What you wrote is still here."));
}

static void prepare_join(struct ctx *ctx, struct asking *a)
{
    take_fields(ctx, a->request);
    const char *problem = ctx_problem_of(ctx, "requester_phone"),
               *name = ctx_problem_of(ctx, "requester_name");
    ctx->problems = NULL; /* the form may be incomplete; only the person counts */
    ctx->problems_end = &ctx->problems;
    ctx->problem_count = 0;
    ctx->status = OK;
    if (!problem && !a->request->requester_phone && !param(ctx, "joining")) {
        ctx->status = INVALID; /* no error: the page that asks comes first */
        return;
    }
    if (name)
        ctx_problem(ctx, "requester_name", name);
    if (problem || !a->request->requester_phone)
        ctx_problem(
            ctx, "requester_phone",
            problem ? problem
                    : say(ctx, "Please give a phone number so that we can tell you the outcome."));
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
    a->similar_count = search_alike(ctx, param(ctx, "subject"), a->request->text,
                                    community_of(ctx, a->request->area), a->similar, LIKE_ASKED);
    if (a->similar_count)
        ctx->status = INVALID;
}

/* Joining needs the proof that the request was offered to someone who described the same
 * problem; request numbers alone could be tried one after another. */
#define OFFERED WHEN_DAY

const char *join_offer(struct ctx *ctx, int64_t request)
{
    return pass_seal(ctx, "offered", &(struct pass){.request = request, .joiner = NONE}, OFFERED);
}

static struct request *join_offered(struct ctx *ctx)
{
    struct pass p;
    return pass_open(ctx, "offered", param(ctx, "join"), &p) ? joinable(ctx, p.request) : NULL;
}

static const char *join_late(struct ctx *ctx)
{
    return say(ctx, "That request has just been answered. Please send yours as a new request; what "
                    "you wrote is still here.");
}

void ask_prepare(struct ctx *ctx)
{
    struct asking *a = ARENA_NEW(ctx->arena, struct asking);
    ctx->work = a;
    a->request = record_new(ctx, &requests_kind);
    a->look = param(ctx, "look") != NULL;
    photos_accept(ctx, &a->photos);
    if (a->look || param(ctx, "edit")) {
        ctx->status = INVALID; /* shows the form as it is */
    } else if (param(ctx, "join")) {
        a->join = join_offered(ctx);
        if (a->join)
            prepare_join(ctx, a);
        else
            ctx_problem(ctx, NULL, join_late(ctx));
    } else {
        prepare_new(ctx, a);
    }
    if (!ctx_ok(ctx))
        photos_keep(ctx, &a->photos);
}

/* ---- on the writer thread ---- */

static void change_join(struct ctx *ctx, const struct asking *a)
{
    const char *code = NULL;
    const struct request *r = joinable(ctx, a->join->record.id);
    if (!r) {
        ctx_problem(ctx, NULL, join_late(ctx));
        return;
    }
    struct joiner joiner = {.request = r->record.id,
                            .name = a->request->requester_name,
                            .phone = a->request->requester_phone};
    if (joiner_add(ctx, r, &joiner, a->request->text, &code) == OK &&
        photos_store(ctx, &a->photos, &requests_kind, r->record.id, false) == OK)
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
    if (request_file(ctx, a->request, &code) != OK ||
        photos_store(ctx, &a->photos, &requests_kind, a->request->record.id, true) != OK)
        return;
    if (a->photos.missing_count)
        request_event(ctx, a->request, a->request, "photo-missing", photos_missing(ctx, &a->photos),
                      true);
    area_remember(ctx, a->request->area);
    receipt_send(ctx, a->request->record.id, NONE, code);
}
