/* Demonstration requests, made of the texts in a pack's generator/ folder. The same pack and count give the same requests. */
#ifndef LINLI_APP_DEMO_H
#define LINLI_APP_DEMO_H

#include "base/ctx.h"

/*
 * Behind the door, in the caller's transaction, which is committed and opened again now and then: `base` requests
 * received over the half year before ctx->now, each as far through its steps as its age suggests, DEMO_OPINIONS of
 * them as opinions that teams collected and DEMO_SOLVED of them solved; and `more` of the same without such a plan.
 * INVALID with a message when a text file is missing or wrong.
 */
enum status demo_requests(struct ctx *ctx, const char *pack, int64_t base, int64_t more);
#define DEMO_REQUESTS 300
#define DEMO_OPINIONS 143
#define DEMO_SOLVED   119

/* The same for volunteers, activities held and to come, attendance and hours; after the pack's organisations. */
enum status demo_neighbours(struct ctx *ctx, const char *pack);

/* A number from 0 to n - 1 of the sequence in *state: the same everywhere. */
int demo_draw(uint64_t *state, int n);

/* After the logins: gives what is being handled to those who can sign in. */
enum status demo_handlers(struct ctx *ctx);

/* After the volunteers: offers the newest open requests that need hands; one visit is agreed, the others wait for answers. */
enum status demo_visits(struct ctx *ctx);

/* After the logins: "volunteer1" is a demonstration volunteer's. */
enum status demo_volunteer(struct ctx *ctx);

#endif
