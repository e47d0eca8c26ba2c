/*
 * Notices: who is told what when something happens to a request. They are
 * written in the transaction of what happened, so that none is lost and none
 * is sent for what was undone; sending is somebody else's work (deliver.h).
 *
 * A notice goes by mail when the recipient left an address and the office has
 * a mail server, otherwise to the office's outbox, from where somebody rings
 * or texts. A webhook, where one is set, hears of every event.
 */
#ifndef LINLI_APP_NOTIFY_H
#define LINLI_APP_NOTIFY_H

#include "app/requests.h"

/* Behind the door: event is the number of the request's event just written, action its name. */
void notify_event(struct ctx *ctx, const struct request *r, const char *action, int64_t event);

/* Behind the door: writes the notices of deadlines that come near or have passed, each once. How many requests. */
int64_t notify_deadlines(struct ctx *ctx);

#define NOTICE_SUPERSEDED "superseded" /* as error of a told notice: it was out of date before anybody rang */

bool mail_valid(const char *address); /* one address, without a name: what may stand in a mail's head */

/* How a volunteer is told: "mail" when there is a login with an address and a mail server, otherwise "hand"; and in which
 * language. */
const char *notify_volunteer_channel(struct ctx *ctx, int64_t volunteer, const char **language);

/* A setting; "" when there is none. */
const char *setting(struct ctx *ctx, const char *name);
/* Behind the door: stores it; value NULL or "": none. */
void setting_put(struct ctx *ctx, const char *name, const char *value);

#endif
