/* The figures of a parent's children (app/rollup.c). */
#ifndef LINLI_APP_ROLLUP_H
#define LINLI_APP_ROLLUP_H

#include "base/ctx.h"

/* True when the actor may see the children's figures and there are children. */
bool rollup_may(struct ctx *ctx);

#endif
