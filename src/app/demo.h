/* Demonstration requests, made of the texts in a pack's generator/ folder. The same pack and count give the same requests. */
#ifndef LINLI_APP_DEMO_H
#define LINLI_APP_DEMO_H

#include "base/ctx.h"

/* Behind the door, in the caller's transaction, which is committed and opened again now and then: count requests received over the half year before ctx->now, each as
 * far through its steps as its age suggests. INVALID with a message when a text file is missing or wrong. */
enum status demo_requests(struct ctx *ctx, const char *pack, int64_t count);

#endif
