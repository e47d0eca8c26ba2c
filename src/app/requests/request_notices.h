/*
 * Notifications about requests: who is notified when something happens. They
 * are written in the transaction of the event, so none is lost and none is
 * sent for an event that was undone. core/deliver.h sends them.
 *
 * A notification is sent by email if the recipient left an address and a mail
 * server is set; otherwise it is on the staff's list of people to call or
 * text. A webhook, if set, receives every event.
 */
#ifndef LINLI_APP_NOTIFY_H
#define LINLI_APP_NOTIFY_H

#include "app/requests/requests.h"
#include "core/notices.h"
#include "core/settings.h"

/* On the writer thread. event: number of the request's event just written; action: its name. */
void notify_event(struct ctx *ctx, const struct request *r, const char *action, int64_t event);

/* On the writer thread: writes the notifications of deadlines that are due soon or overdue, each
 * once. Returns the number of requests. */
int64_t notify_deadlines(struct ctx *ctx);

#endif
