/*
 * Sends waiting notifications: email by SMTP, the webhook by HTTP. It runs in
 * the slow lane; only claiming and marking run on the writer thread, each for
 * a moment.
 *
 * A notification is claimed before it is sent and marked afterwards, so it is
 * sent once. If the program dies in between, the claim expires and it is sent
 * again: at most one repeat, with the same Message-ID (email) or event id
 * (webhook), by which a receiver recognises it.
 *
 * A failure is retried after 1, 5 and 30 minutes, 2, 8 and 24 hours, and is
 * then shown as failed. An address that the mail server refuses is not
 * retried.
 */
#ifndef LINLI_APP_DELIVER_H
#define LINLI_APP_DELIVER_H

#include "base/ctx.h"

#define DELIVER_ATTEMPTS 7
#define DELIVER_CLAIM    (int64_t)600 /* seconds after which an unmarked claim expires */
#define DELIVER_BATCH    20

/* Sends what is due at ctx->now; returns how many were sent. */
int deliver_run(struct ctx *ctx);
/* Seconds to wait after that many attempts. */
int64_t deliver_wait(int64_t attempts);
/* "sha256=…", the HMAC-SHA256 (hexadecimal) of time and body joined by a dot, which a receiver
 * of the webhook compares. */
const char *deliver_signature(struct arena *a, const char *secret, int64_t at, const char *body);

/* The channels' settings: "smtp.host", "smtp.port", "smtp.security" (none, starttls, tls),
 * "smtp.from", "smtp.user", "smtp.password" (sealed), "hook.url", "hook.secret" (sealed),
 * "office.mail", "site.address". */
struct deliver_settings {
    const char *host, *port, *security, *from, *user, *password, *url, *secret;
};
struct deliver_settings deliver_settings_load(struct ctx *ctx);
/* Sends one message now; false with *why for the reader. Not on the writer thread. */
bool deliver_mail(struct ctx *ctx, const struct deliver_settings *s, const char *to,
                  const char *subject, const char *text, const char *message_id, bool *refused,
                  const char **why);
bool deliver_hook(struct ctx *ctx, const struct deliver_settings *s, const char *event,
                  const char *body, const char **why);
bool deliver_url_valid(const char *url); /* http or https with a host */

#endif
