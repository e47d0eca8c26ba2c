/*
 * The steps of a request for programs: POST /api/v1/requests/{id}/ACTION with
 * the step's fields, one route a row of request_steps. The resident's own
 * steps are not among them: only the resident says that it is solved.
 */
#include "app/api.h"

#include "app/requests.h"
#include "base/when.h"
#include "kind/json.h"

#include <stdlib.h>
#include <string.h>

struct taking {
    const struct step *step;
    struct step_input in;
    int64_t version; /* of If-Match; NONE: whichever it is */
};

static const char *const names[] = {"unit", "co", "until", "into", "text", "solved", "satisfaction", "category", "level", NULL};

/* Is name one of the words, parted by blanks? */
static bool among(const char *words, const char *name)
{
    size_t n = strlen(name);
    for (const char *p = words; p && (p = strstr(p, name)) != NULL; p += n)
        if ((p == words || p[-1] == ' ') && (p[n] == ' ' || !p[n]))
            return true;
    return false;
}

static bool takes(const struct step *s, const char *name)
{
    return among(s->needs, name) || among(s->takes, name);
}

/* A record by its id or its code. */
static int64_t found(struct ctx *ctx, const char *typed, const char *name, const char *kind)
{
    const struct kind *k = kind_find(kind);
    int64_t id = query_int(ctx->db, "SELECT id FROM {} WHERE {} = {}", (struct sql_name){k->table}, (struct sql_name){k->code}, typed);
    if (id == NONE && strspn(typed, "0123456789") == strlen(typed) && strlen(typed) < 18)
        id = query_int(ctx->db, "SELECT id FROM {} WHERE id = {}", (struct sql_name){k->table}, (int64_t)strtoll(typed, NULL, 10));
    if (id == NONE)
        ctx_problem(ctx, name, say(ctx, "There is no “{}”.", typed));
    return id;
}

static int64_t reference(struct ctx *ctx, const struct cJSON *body, const char *name, const char *kind)
{
    const char *typed = json_text_of(ctx, body, name);
    return typed ? found(ctx, typed, name, kind) : NONE;
}

/* Units that help: codes in a list. */
static void helpers(struct ctx *ctx, const struct cJSON *body, struct step_input *in)
{
    int64_t *ids = ARENA_ARRAY(ctx->arena, int64_t, CO_HANDLERS_MOST);
    const char *codes[CO_HANDLERS_MOST];
    int n = json_texts_of(ctx, body, "co", codes, CO_HANDLERS_MOST);
    for (int i = 0; i < n; i++)
        ids[i] = found(ctx, codes[i], "co", "units");
    in->co = n ? ids : NULL;
    in->co_count = n;
}

static int64_t instant(struct ctx *ctx, const struct cJSON *body, const char *name)
{
    const char *typed = json_text_of(ctx, body, name);
    int64_t t = NONE;
    bool has_time = false;
    if (typed && !when_parse(typed, &t, &has_time))
        ctx_problem(ctx, name, say(ctx, "“{}” is not a date and time; 2026-03-05T14:30:00+08:00 would be one.", typed));
    return t != NONE && !has_time ? when_day_end(when_day(t)) : t;
}

static void step_prepare(struct ctx *ctx)
{
    struct taking *t = ARENA_NEW(ctx->arena, struct taking);
    ctx->work = t;
    t->step = request_step(strrchr(ctx->web->route->path, '/') + 1);
    t->version = api_version(ctx);
    if (!ctx_ok(ctx) || (t->version != NONE && !api_is_fresh(ctx, &requests_kind, ctx->web->record, t->version)))
        return;
    t->in = (struct step_input){.unit = NONE, .until = NONE, .into = NONE, .satisfaction = NONE, .category = NONE};
    if (!ctx->web->body_size)
        return;
    struct cJSON *body = json_object(ctx, ctx->web->body, ctx->web->body_size);
    if (!body)
        return;
    const char *allowed[sizeof names / sizeof *names];
    int n = 0;
    for (int i = 0; names[i]; i++)
        if (takes(t->step, names[i]))
            allowed[n++] = names[i];
    allowed[n] = NULL;
    json_only(ctx, body, allowed);
    t->in.unit = reference(ctx, body, "unit", "units");
    t->in.into = reference(ctx, body, "into", "requests");
    t->in.until = instant(ctx, body, "until");
    t->in.text = json_text_of(ctx, body, "text");
    t->in.solved = json_text_of(ctx, body, "solved");
    t->in.satisfaction = json_int_of(ctx, body, "satisfaction");
    t->in.category = reference(ctx, body, "category", "categories");
    t->in.level = json_text_of(ctx, body, "level");
    helpers(ctx, body, &t->in);
    struct request *scratch = record_new(ctx, &requests_kind);
    field_set(ctx, kind_field(&requests_kind, "level"), scratch, t->in.level);
    json_free(body);
    if (t->in.text && strlen(t->in.text) > 3 * FIELD_LONG_MOST)
        ctx_problem(ctx, "text", say(ctx, "At most {} characters, please.", FIELD_LONG_MOST));
}

static void step_take(struct ctx *ctx)
{
    struct taking *t = ctx->work;
    struct request *now = record_load(ctx, &requests_kind, ctx->web->id);
    if (!now) {
        ctx_fail(ctx, NOT_FOUND, NULL);
        return;
    }
    if (t->version != NONE && !api_is_fresh(ctx, &requests_kind, &now->record, t->version))
        return;
    if (request_take(ctx, t->step, now, &t->in) != OK)
        return;
    struct request *after = record_get(ctx, &requests_kind, ctx->web->id);
    if (after)
        api_answer(ctx, &requests_kind, after, 200);
}

int requests_api_routes(struct route *routes, int most)
{
    static struct arena *texts;
    texts = arena_new();
    int n = 0;
    for (const struct step *s = request_steps; s->action && n < most; s++)
        if (s->roles & ~(unsigned)ROLE_PUBLIC)
            routes[n++] = (struct route){.method = POST,
                                         .path = arena_print(texts, "/api/v1/requests/{id}/%s", s->action),
                                         .roles = s->roles & ~(unsigned)ROLE_PUBLIC,
                                         .handle = step_take,
                                         .prepare = step_prepare,
                                         .record = &requests_kind,
                                         .flags = API};
    return n;
}

void requests_api_paths(struct ctx *ctx, struct buf *out)
{
    if (!(ctx->actor.roles & requests_kind.read))
        return;
    for (const struct step *s = request_steps; s->action; s++) {
        if (!(s->roles & ctx->actor.roles & ~(unsigned)ROLE_PUBLIC))
            continue;
        json(out,
             ",{}:{\"parameters\":[{\"name\":\"id\",\"in\":\"path\",\"required\":true,\"schema\":{\"type\":\"integer\"}}],"
             "\"post\":{\"summary\":{},\"tags\":[\"requests\"],\"requestBody\":{\"content\":{\"application/json\":{\"schema\":"
             "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{",
             arena_print(ctx->arena, "/requests/{id}/%s", s->action), tr(ctx, s->label));
        const char *gap = "";
        for (int i = 0; names[i]; i++) {
            if (!takes(s, names[i]))
                continue;
            bool either = among("unit into category", names[i]);
            const char *type = either                              ? "{\"type\":[\"integer\",\"string\"]}"
                               : !strcmp(names[i], "satisfaction") ? "{\"type\":\"integer\",\"minimum\":1,\"maximum\":5}"
                               : !strcmp(names[i], "co")           ? "{\"type\":\"array\",\"items\":{\"type\":\"string\"}}"
                                                                   : "{\"type\":\"string\"}";
            buf_puts(out, gap);
            gap = ",";
            json(out, "{}:{}", names[i], (struct raw_json){type});
        }
        json(out,
             "}}}}},\"responses\":{\"200\":{\"description\":{},\"content\":{\"application/json\":{\"schema\":"
             "{\"$ref\":\"#/components/schemas/requests\"}}}},\"422\":{\"$ref\":\"#/components/responses/problem\"},"
             "\"409\":{\"$ref\":\"#/components/responses/problem\"}}}}",
             s->told ? tr(ctx, s->told) : tr(ctx, s->label));
    }
}
