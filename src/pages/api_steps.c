/*
 * The steps of all workflows in the API: POST /api/v1/KIND/{id}/ACTION with
 * the step's answers, one route for each row of the table. The body, its
 * limits and its schema come from the fields that the step asks for. Steps of
 * the person concerned (ROLE_PUBLIC) are not included.
 */
#include "pages/api.h"

#include "core/module.h"
#include "core/workflow.h"
#include "kind/json.h"

#include <string.h>

struct taking {
    const struct workflow *workflow;
    const struct step *step;
    void *input;
    int64_t version; /* of If-Match; NONE: whichever it is */
};

static void step_prepare(struct ctx *ctx)
{
    struct taking *t = ARENA_NEW(ctx->arena, struct taking);
    ctx->work = t;
    t->workflow = workflow_of(ctx->web->route->kind);
    t->step = workflow_step(t->workflow, strrchr(ctx->web->route->path, '/') + 1);
    t->input = workflow_input(ctx, t->workflow);
    t->version = api_version(ctx);
    if (!ctx_ok(ctx) ||
        (t->version != NONE && !api_is_fresh(ctx, t->workflow->kind, ctx->web->record, t->version)))
        return;
    if (!ctx->web->body_size)
        return;
    struct cJSON *body = json_object(ctx, ctx->web->body, ctx->web->body_size);
    if (!body)
        return;
    if (fields_from_json(ctx, t->step->asks, body, t->input))
        fields_refer(ctx, t->step->asks, t->input);
    json_free(body);
}

static void step_take(struct ctx *ctx)
{
    struct taking *t = ctx->work;
    const struct kind *k = t->workflow->kind;
    struct record *now = record_load(ctx, k, ctx->web->id);
    if (!now) {
        ctx_fail(ctx, NOT_FOUND, NULL);
        return;
    }
    if (t->version != NONE && !api_is_fresh(ctx, k, now, t->version))
        return;
    if (workflow_take(ctx, t->workflow, t->step, now, t->input) != OK)
        return;
    const void *after = record_get(ctx, k, ctx->web->id);
    if (after)
        api_answer(ctx, k, after, 200);
    else
        record_gone(ctx);
}

/* ---- routes ---- */

static unsigned roles_of(const struct step *s)
{
    return s->roles & ~(unsigned)ROLE_PUBLIC;
}

int api_steps_count(void)
{
    int n = 0;
    for (const struct workflow *const *w = modules_workflows(); *w; w++)
        for (const struct step *s = (*w)->steps; s->action; s++)
            n += roles_of(s) != 0;
    return n;
}

int api_steps_routes(struct arena *texts, struct route *routes)
{
    int n = 0;
    for (const struct workflow *const *w = modules_workflows(); *w; w++)
        for (const struct step *s = (*w)->steps; s->action; s++)
            if (roles_of(s))
                routes[n++] = (struct route){
                    .method = POST,
                    .path = arena_print(texts, "/api/v1/%s/{id}/%s", (*w)->kind->name, s->action),
                    .roles = roles_of(s),
                    .handle = step_take,
                    .prepare = step_prepare,
                    .kind = (*w)->kind,
                    .record = (*w)->kind,
                    .flags = API};
    return n;
}

/* ---- the description ---- */

static void step_path(struct ctx *ctx, struct buf *out, const struct kind *k, const struct step *s)
{
    json(out,
         ",{}:{\"parameters\":[{\"name\":\"id\",\"in\":\"path\",\"required\":true,\"schema\":{"
         "\"type\":\"integer\"}}],\"post\":{\"summary\":{},\"description\":{},\"tags\":[{}],"
         "\"requestBody\":{\"content\":{\"application/json\":{\"schema\":",
         arena_print(ctx->arena, "/%s/{id}/%s", k->name, s->action), tr(ctx, s->label),
         tr(ctx, s->rule), k->name);
    fields_schema(ctx, out, s->asks);
    json(
        out,
        "}}},\"responses\":{\"200\":{\"description\":{},\"content\":{\"application/"
        "json\":{\"schema\":{\"$ref\":{}}}}},\"422\":{\"$ref\":\"#/components/responses/problem\"},"
        "\"409\":{\"$ref\":\"#/components/responses/problem\"}}}}",
        s->told ? tr(ctx, s->told) : tr(ctx, s->label),
        arena_print(ctx->arena, "#/components/schemas/%s", k->name));
}

void api_steps_paths(struct ctx *ctx, struct buf *out)
{
    for (const struct workflow *const *w = modules_workflows(); *w; w++)
        for (const struct step *s = (*w)->steps; s->action; s++)
            if ((ctx->actor.roles & (*w)->kind->read) && (roles_of(s) & ctx->actor.roles))
                step_path(ctx, out, (*w)->kind, s);
}
