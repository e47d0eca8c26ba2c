/* A module's job, run once at the context's time. */
#ifndef LINLI_TEST_JOBS_H
#define LINLI_TEST_JOBS_H

#include "core/module.h"
#include "base/ctx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline void job_run(struct ctx *ctx, const char *name)
{
    for (int m = 0; modules[m]; m++)
        for (const struct job *j = modules[m]->jobs; j && j->name; j++)
            if (!strcmp(j->name, name)) {
                j->run(ctx);
                return;
            }
    fprintf(stderr, "there is no job %s\n", name);
    abort();
}

#endif
