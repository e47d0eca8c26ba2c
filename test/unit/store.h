/*
 * A store of a test's own: a folder under /tmp, or a schema on the PostgreSQL
 * that LINLI_TEST_STORE names (test/postgres.sh), so that every test that
 * touches data runs on both.
 */
#ifndef LINLI_TEST_STORE_H
#define LINLI_TEST_STORE_H

#include "base/ctx.h"
#include "db/db.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct store {
    char address[300]; /* what db_open takes */
    char data[308];    /* the same for install_create, which makes the folder */
    char folder[64];   /* for files of the test's own; the store itself on SQLite */
};

static inline bool store_on_postgres(void)
{
    const char *server = getenv("LINLI_TEST_STORE");
    return server && *server;
}

static inline void store_new(struct store *s)
{
    static int number;
    memcpy(s->folder, "/tmp/linli-test-XXXXXX", sizeof "/tmp/linli-test-XXXXXX");
    if (!mkdtemp(s->folder))
        abort();
    if (store_on_postgres())
        snprintf(s->address, sizeof s->address, "%s?schema=t%d_%d", getenv("LINLI_TEST_STORE"),
                 (int)getpid(), ++number);
    else
        snprintf(s->address, sizeof s->address, "%s", s->folder);
    snprintf(s->data, sizeof s->data, "%s%s", s->address, store_on_postgres() ? "" : "/data");
    setenv("LINLI_KEYS", s->folder, 1);
}

/* The folder goes with all in it; a schema goes with its server. */
static inline void store_remove(struct store *s)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", s->folder);
    if (system(command) != 0)
        fprintf(stderr, "%s could not be removed\n", s->folder);
}

/* What a test with a store ends with. */
static inline int store_close(struct store *s, struct ctx *ctx)
{
    db_close(ctx->db);
    store_remove(s);
    arena_free(ctx->arena);
    return 0;
}

/* Between two answers: what was said to the first is gone. */
static inline void store_forget(struct ctx *ctx)
{
    ctx->status = OK;
    ctx->problems = NULL;
    ctx->problems_end = &ctx->problems;
    ctx->problem_count = 0;
}

#endif
