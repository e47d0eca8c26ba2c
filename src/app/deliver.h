/*
 * Sending the notices that wait: mail by SMTP, the webhook by HTTP. It runs on
 * the slow jobs' thread; only claiming and marking go through the door, each
 * for a moment.
 *
 * A notice is claimed before it is sent and marked afterwards, so that it goes
 * out once. When the program dies between the two, the claim runs out and it
 * is sent again: at most one repeat, with the same Message-ID (mail) or the
 * same event id (webhook), by which a receiver knows it.
 *
 * What fails is tried again after 1, 5, 30 minutes, 2, 8 and 24 hours, and is
 * then shown as failed. An address that the mail server refuses is not tried
 * again.
 */
#ifndef LINLI_APP_DELIVER_H
#define LINLI_APP_DELIVER_H

#include "base/ctx.h"

#define DELIVER_ATTEMPTS 7
#define DELIVER_CLAIM    (int64_t)600 /* seconds after which a claim that was not marked is given up */
#define DELIVER_BATCH    20

/* Sends what is due at ctx->now; how many went out. */
int deliver_run(struct ctx *ctx);
/* Seconds until the next attempt after that many. */
int64_t deliver_wait(int64_t attempts);
/* "sha256=…" of time and body joined by a dot: what a receiver of the webhook compares (HMAC-SHA256, hexadecimal). */
const char *deliver_signature(struct arena *a, const char *secret, int64_t at, const char *body);

/* The channels' settings: "smtp.host", "smtp.port", "smtp.security" (none, starttls, tls), "smtp.from", "smtp.user",
 * "smtp.password" (sealed), "hook.url", "hook.secret" (sealed), "office.mail", "site.address". */
struct deliver_settings {
    const char *host, *port, *security, *from, *user, *password, *url, *secret;
};
struct deliver_settings deliver_settings_load(struct ctx *ctx);
/* Sends one message now; false with *why for the reader. Not behind the door. */
bool deliver_mail(struct ctx *ctx, const struct deliver_settings *s, const char *to, const char *subject, const char *text,
                  const char *message_id, bool *refused, const char **why);
bool deliver_hook(struct ctx *ctx, const struct deliver_settings *s, const char *event, const char *body, const char **why);
bool deliver_url_valid(const char *url); /* http or https with a host */

#endif
