/* Demonstration requests, made from the texts in a pack's generator/ folder.
 * The same pack and count give the same requests. */
#ifndef LINLI_APP_DEMO_H
#define LINLI_APP_DEMO_H

#include "base/ctx.h"

/* Makes demonstration requests. On the writer thread, in the caller's
 * transaction, which is committed and restarted now and then. `base` requests
 * were received over the half year before ctx->now, each as far through its
 * steps as its age suggests; DEMO_OPINIONS of them are opinions collected by
 * teams, and DEMO_SOLVED of these are resolved. `more` requests follow no such
 * plan. INVALID with a message if a text file is missing or wrong. */
enum status demo_requests(struct ctx *ctx, const char *pack, int64_t base, int64_t more);
#define DEMO_REQUESTS 300
#define DEMO_OPINIONS 143
#define DEMO_SOLVED   119

/* The same for volunteers, past and coming activities, attendance and hours;
 * after the pack's organisations. */
enum status demo_neighbours(struct ctx *ctx, const char *pack);

/* The same for households with their members, in the first estates that have
 * buildings. */
enum status demo_households(struct ctx *ctx);

/* Returns a number from 0 to n - 1 of the sequence in *state: the same on every
 * system. */
int demo_draw(uint64_t *state, int n);

/* After the logins: assigns requests in progress to people who can sign in. */
enum status demo_handlers(struct ctx *ctx);

/* After the volunteers: offers the newest open requests that need volunteers.
 * One visit is agreed, the others wait for answers. */
enum status demo_visits(struct ctx *ctx);

/* After the logins: connects "volunteer1" to a demonstration volunteer. */
enum status demo_volunteer(struct ctx *ctx);

#endif
