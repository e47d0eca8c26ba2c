/* The figures of a parent's children (pages/rollup.c). */
#ifndef LINLI_APP_ROLLUP_H
#define LINLI_APP_ROLLUP_H

#include "base/ctx.h"

/* Returns whether there are children and the actor may see their figures. */
bool rollup_may(struct ctx *ctx);

#endif
