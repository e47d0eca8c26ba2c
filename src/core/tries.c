/*
 * Counts attempts in windows that begin with the first one. The limits: five
 * wrong digits of a phone number in six hours give someone guessing 10,000
 * endings a 0.2 % chance a day for one request; thirty failed look-ups from
 * one address in that time prevent trying many requests.
 */
#include "core/tries.h"

#include "core/module.h"
#include "base/seal.h"
#include "base/when.h"
#include "web/web.h"

#include <string.h>

const struct tries_rule tries_sent = {"sent", 20, WHEN_HOUR};
const struct tries_rule tries_looked = {"looked", 30, 6 * WHEN_HOUR};
const struct tries_rule tries_digits = {"digits", 5, 6 * WHEN_HOUR};
const struct tries_rule tries_card = {"card", 30, 6 * WHEN_HOUR};

static const char *name_of(struct ctx *ctx, const struct tries_rule *rule, const char *who)
{
    return seal_hash(ctx->keys, ctx->arena, arena_print(ctx->arena, "tries.%s", rule->what),
                     who ? who : ctx->web->group);
}

/* Programs on this machine are not counted: the benchmark, for example. */
static bool here(const struct ctx *ctx, const char *who)
{
    return !who && (!ctx->web || ctx->web->here);
}

int64_t tries_left(struct ctx *ctx, const struct tries_rule *rule, const char *who)
{
    if (here(ctx, who))
        return INT64_MAX;
    int64_t n = query_int(ctx->db, "SELECT count FROM tries WHERE name = {} AND since > {}",
                          name_of(ctx, rule, who), ctx->now - rule->window);
    return n == NONE ? rule->most : n >= rule->most ? 0 : rule->most - n;
}

void tries_add(struct ctx *ctx, const struct tries_rule *rule, const char *who)
{
    if (here(ctx, who))
        return;
    change(
        ctx->db,
        "INSERT INTO tries (name, count, since) VALUES ({}, 1, {}) ON CONFLICT (name) DO UPDATE SET"
        " count = CASE WHEN tries.since > {} THEN tries.count + 1 ELSE 1 END,"
        " since = CASE WHEN tries.since > {} THEN tries.since ELSE excluded.since END",
        name_of(ctx, rule, who), ctx->now, ctx->now - rule->window, ctx->now - rule->window);
}

static void expire(struct ctx *ctx)
{
    change(ctx->db, "DELETE FROM tries WHERE since < {}", ctx->now - WHEN_DAY);
}

static void job_expire(struct ctx *ctx)
{
    if (query_int(ctx->db, "SELECT count(*) AS n FROM tries WHERE since < {}",
                  ctx->now - WHEN_DAY) > 0)
        writer_call(ctx, expire);
}

static const struct job jobs[] = {{"tries", 3600, job_expire}, {.name = NULL}};

const struct module tries_module = {.name = "tries", .jobs = jobs};
