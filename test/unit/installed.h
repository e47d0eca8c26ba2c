/* A store of a test's own that holds the demonstration's registers: what most tests of the
 * application begin with. */
#ifndef LINLI_TEST_INSTALLED_H
#define LINLI_TEST_INSTALLED_H

#include "program/install.h"
#include "store.h"

/* Opened by the office on the command line. */
static inline int store_install(struct store *s, struct ctx *ctx)
{
    static const struct grant everywhere = {.role = ROLE_OFFICE, .area = NONE, .unit = NONE};
    store_new(s);
    ctx_init(ctx, arena_new());
    ctx->actor.roles = ROLE_PUBLIC | ROLE_OFFICE;
    ctx->actor.grants = &everywhere;
    ctx->actor.grant_count = 1;
    ctx->actor.via = "command";
    const char *pack = arena_print(ctx->arena, "%s/pack/chengdong", getenv("LINLI_ROOT"));
    if (install_create(ctx, s->data, pack, 0) == OK && install_open(ctx, s->data, DB_WRITE) == OK)
        return 0;
    fprintf(stderr, "%s\n", ctx->problems ? ctx->problems->text : "?");
    return -1;
}

/* Who acts from now on, with nothing failed so far. */
static inline void store_be(struct ctx *ctx, unsigned roles, const struct grant *grants, int count)
{
    ctx->actor = (struct actor){.user = NONE,
                                .roles = ROLE_PUBLIC | roles,
                                .grants = grants,
                                .grant_count = count,
                                .via = "web"};
    ctx->status = OK;
    ctx->problems = NULL;
    ctx->problems_end = &ctx->problems;
    ctx->problem_count = 0;
}

#endif
