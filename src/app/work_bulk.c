/*
 * Dispatching or parking many requests at once. Each is taken by the ordinary
 * step with the ordinary rules; one that can't be is told with its reason and
 * never takes its neighbours down. One page says what became of each.
 */
#include "app/desk.h"
#include "app/work.h"

#include <string.h>

#define BULK_MOST 200

struct bulk {
    const struct step *step;
    struct step_input in;
    int64_t ids[BULK_MOST];
    int count;
};

struct outcome {
    const char *number, *why; /* why NULL: done */
    int64_t id;
};

/* On a reader: what was asked for, checked once for all. */
void bulk_prepare(struct ctx *ctx)
{
    struct bulk *b = ARENA_NEW(ctx->arena, struct bulk);
    const char *asked = param(ctx, "do");
    bool park = asked && !strcmp(asked, "park");
    int64_t day;
    b->step = request_step(park ? "park" : "dispatch");
    b->count = param_ints(ctx, "id", b->ids, BULK_MOST);
    b->in = (struct step_input){.unit = param_int(ctx, "unit"), .until = NONE, .into = NONE, .satisfaction = NONE};
    if (b->count == 0)
        ctx_problem(ctx, NULL, say(ctx, "Tick the requests first."));
    if (!park && query_int(ctx->db, "SELECT id FROM units WHERE id = {}", (struct maybe){b->in.unit}) == NONE)
        ctx_problem(ctx, NULL, say(ctx, "Choose the unit that is to handle them."));
    if (park) {
        b->in.text = param(ctx, "text");
        if (param(ctx, "until") && day_parse(param(ctx, "until"), &day))
            b->in.until = when_day_end(day);
        request_review(ctx, b->in.until);
        if (!b->in.text || !*b->in.text)
            ctx_problem(ctx, NULL, say(ctx, "Write a sentence why they are parked: it goes into each history."));
    }
    ctx->work = b;
}

/* What one refusal left behind does not stand in the way of the next. */
static const char *refusal_take(struct ctx *ctx)
{
    const char *why = ctx->problems ? ctx->problems->text : say(ctx, "It could not be done.");
    ctx->status = OK;
    ctx->problems = NULL;
    ctx->problems_end = NULL;
    ctx->problem_count = 0;
    return why;
}

static void draw_outcomes(struct ctx *ctx, const struct bulk *b, const struct outcome *list)
{
    struct buf *out = ctx->web->out;
    int done = 0;
    for (int i = 0; i < b->count; i++)
        done += !list[i].why;
    page_begin(ctx, say(ctx, "What was done"), PAGE_STAFF);
    trail(ctx, work_address(ctx, "/work", NULL, NULL), say(ctx, "Work list"));
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>", tr(ctx, b->step->label),
         say(ctx, "{} done, {} not done.", done, b->count - done));
    html(out, "<table class=\"plain\"><thead><tr><th>{}</th><th>{}</th></tr></thead><tbody>", say(ctx, "Number"), say(ctx, "Outcome"));
    for (int pass = 0; pass < 2; pass++) /* what needs a hand stands first */
        for (int i = 0; i < b->count; i++)
            if ((list[i].why != NULL) == (pass == 0)) {
                html(out, "<tr><th scope=\"row\"><a href=\"/requests/{}\">{}</a></th><td>", list[i].id, list[i].number);
                if (list[i].why)
                    html(out, "<span class=\"state warn\">{} {}</span> {}</td></tr>", icon(ctx, "alert-circle"), say(ctx, "Not done"),
                         list[i].why);
                else
                    html(out, "<span class=\"state ok\">{} {}</span></td></tr>", icon(ctx, "check"), say(ctx, "It is done"));
            }
    html(out, "</tbody></table><div class=\"acts\"><a class=\"button primary\" href=\"{}\">{}</a></div>",
         work_address(ctx, "/work", NULL, NULL), say(ctx, "Back to the work list"));
    page_end(ctx);
}

void bulk_change(struct ctx *ctx)
{
    const struct bulk *b = ctx->work;
    struct outcome *list = ARENA_ARRAY(ctx->arena, struct outcome, b->count);
    for (int i = 0; i < b->count; i++) {
        const struct request *r = record_load(ctx, &requests_kind, b->ids[i]);
        list[i] = (struct outcome){r ? r->number : arena_print(ctx->arena, "%lld", (long long)b->ids[i]), NULL, b->ids[i]};
        if (!r)
            list[i].why = say(ctx, "It is not in your area, or not there.");
        else if (request_take(ctx, b->step, r, &b->in) != OK && db_status(ctx->db) == OK)
            list[i].why = refusal_take(ctx);
        if (!ctx_ok(ctx) || db_status(ctx->db) != OK)
            return;
    }
    draw_outcomes(ctx, b, list);
}
