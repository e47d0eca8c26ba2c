/*
 * Claim, send, mark. libcurl sends email and webhooks: it may use only their
 * protocols, follows no redirect, and ends within SECONDS. If a server can't
 * be reached, the batch of that channel ends.
 */
#include "core/deliver.h"

#include "core/module.h"
#include "core/settings.h"
#include "base/log.h"
#include "base/seal.h"
#include "base/text.h"
#include "base/when.h"

#include <curl/curl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECONDS_CONNECT 5L
#define SECONDS         20L

static const int64_t waits[DELIVER_ATTEMPTS - 1] = {60, 300, 1800, 7200, 28800, 86400};

int64_t deliver_wait(int64_t attempts)
{
    return attempts < 1 ? 0
                        : waits[attempts < DELIVER_ATTEMPTS ? attempts - 1 : DELIVER_ATTEMPTS - 2];
}

static const char *unsealed(struct ctx *ctx, const char *name)
{
    const char *sealed = setting(ctx, name), *text = NULL;
    if (!*sealed || !ctx->keys || seal_open(ctx->keys, ctx->arena, name, sealed, &text) != OK ||
        !text)
        return "";
    return text;
}

struct deliver_settings deliver_settings_load(struct ctx *ctx)
{
    return (struct deliver_settings){setting(ctx, "smtp.host"),     setting(ctx, "smtp.port"),
                                     setting(ctx, "smtp.security"), setting(ctx, "smtp.from"),
                                     setting(ctx, "smtp.user"),     unsealed(ctx, "smtp.password"),
                                     setting(ctx, "hook.url"),      unsealed(ctx, "hook.secret")};
}

/* ---- the two channels ---- */

static CURL *curl_new(const char *url, const char *protocols)
{
    CURL *c = curl_easy_init();
    if (!c)
        abort();
    curl_easy_setopt(c, CURLOPT_URL, url);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, protocols);
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(c, CURLOPT_PROXY, "");
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, SECONDS_CONNECT);
    curl_easy_setopt(c, CURLOPT_TIMEOUT, SECONDS);
    return c;
}

struct source {
    const char *data;
    size_t left;
};

static size_t give(char *to, size_t size, size_t n, void *arg)
{
    struct source *s = arg;
    size_t most = size * n < s->left ? size * n : s->left;
    memcpy(to, s->data, most);
    s->data += most;
    s->left -= most;
    return most;
}

static size_t drop(char *from, size_t size, size_t n, void *arg)
{
    (void)from;
    (void)arg;
    return size * n;
}

static void base64(struct buf *out, const char *text, size_t n, const char *before,
                   const char *behind, size_t line)
{
    for (size_t at = 0; at < n || at == 0; at += line) {
        size_t take = n - at < line ? n - at : line;
        char coded[512];
        sodium_bin2base64(coded, sizeof coded, (const unsigned char *)text + at, take,
                          sodium_base64_VARIANT_ORIGINAL);
        plain(out, "{}{}{}", before, (const char *)coded, behind);
        if (n == 0)
            return;
    }
}

/* RFC 2047: words of at most 75 characters that break between code points. */
static void write_subject(struct buf *out, const char *subject)
{
    size_t n = strlen(subject), at = 0;
    buf_puts(out, "Subject:");
    while (at < n) {
        size_t take = n - at < 42 ? n - at : 42;
        while (take > 1 && at + take < n && ((unsigned char)subject[at + take] & 0xC0) == 0x80)
            take--;
        base64(out, subject + at, take, " =?UTF-8?B?", "?=", take);
        at += take;
        buf_puts(out, at < n ? "\r\n" : "");
    }
    buf_puts(out, "\r\n");
}

static void write_mail(struct buf *out, const struct deliver_settings *s, const char *to,
                       const char *subject, const char *text, const char *message_id, int64_t now)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct tm t;
    time_t at = (time_t)now;
    char date[64];
    gmtime_r(&at, &t);
    snprintf(date, sizeof date, "%s, %02d %s %d %02d:%02d:%02d +0000", days[t.tm_wday], t.tm_mday,
             months[t.tm_mon], t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
    plain(out, "From: <{}>\r\nTo: <{}>\r\n", s->from, to);
    write_subject(out, subject);
    plain(out,
          "Date: {}\r\nMessage-ID: <{}>\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
          "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n",
          (const char *)date, message_id);
    base64(out, text, strlen(text), "", "\r\n", 57);
}

bool deliver_mail(struct ctx *ctx, const struct deliver_settings *s, const char *to,
                  const char *subject, const char *text, const char *message_id, bool *refused,
                  const char **why)
{
    *refused = false;
    if (!mail_valid(to) || !mail_valid(s->from)) {
        *refused = true;
        *why = say(ctx, "“{}” is not a valid email address.", mail_valid(to) ? s->from : to);
        return false;
    }
    bool tls = !strcmp(s->security, "tls");
    const char *port = *s->port                      ? s->port
                       : tls                         ? "465"
                       : strcmp(s->security, "none") ? "587"
                                                     : "25";
    CURL *c = curl_new(arena_print(ctx->arena, "%s://%s:%s", tls ? "smtps" : "smtp", s->host, port),
                       "smtp,smtps");
    struct buf mail;
    buf_init(&mail, 0);
    write_mail(&mail, s, to, subject, text, message_id, ctx->now);
    struct source source = {mail.data, mail.size};
    struct curl_slist *list = curl_slist_append(NULL, arena_print(ctx->arena, "<%s>", to));
    curl_easy_setopt(c, CURLOPT_MAIL_FROM, arena_print(ctx->arena, "<%s>", s->from));
    curl_easy_setopt(c, CURLOPT_MAIL_RCPT, list);
    curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(c, CURLOPT_READFUNCTION, give);
    curl_easy_setopt(c, CURLOPT_READDATA, &source);
    curl_easy_setopt(c, CURLOPT_USE_SSL,
                     (long)(strcmp(s->security, "none") ? CURLUSESSL_ALL : CURLUSESSL_NONE));
    if (*s->user) {
        curl_easy_setopt(c, CURLOPT_USERNAME, s->user);
        curl_easy_setopt(c, CURLOPT_PASSWORD, s->password);
    }
    CURLcode done = curl_easy_perform(c);
    long code = 0;
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &code);
    if (done != CURLE_OK) {
        *refused = done == CURLE_SEND_ERROR && code >= 550 && code <= 553;
        *why = code >= 400
                   ? say(ctx, "The mail server replied: {}.", (int)code)
                   : say(ctx, "Could not connect to the mail server: {}", curl_easy_strerror(done));
    }
    curl_slist_free_all(list);
    curl_easy_cleanup(c);
    buf_release(&mail);
    return done == CURLE_OK;
}

const char *deliver_signature(struct arena *a, const char *secret, int64_t at, const char *body)
{
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    char hex[2 * sizeof mac + 1], time_text[32];
    crypto_auth_hmacsha256_state state;
    int n = snprintf(time_text, sizeof time_text, "%lld.", (long long)at);
    crypto_auth_hmacsha256_init(&state, (const unsigned char *)secret, strlen(secret));
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)time_text, (unsigned long long)n);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)body, strlen(body));
    crypto_auth_hmacsha256_final(&state, mac);
    sodium_bin2hex(hex, sizeof hex, mac, sizeof mac);
    return arena_print(a, "sha256=%s", hex);
}

bool deliver_url_valid(const char *url)
{
    const char *host = !strncmp(url, "https://", 8)  ? url + 8
                       : !strncmp(url, "http://", 7) ? url + 7
                                                     : NULL;
    if (!host || !*host || *host == '/' || strlen(url) > 500 || strchr(host, '@'))
        return false;
    for (const char *c = url; *c; c++)
        if ((unsigned char)*c <= ' ' || (unsigned char)*c > '~' || strchr("\"<>\\^`{|}", *c))
            return false;
    return true;
}

bool deliver_hook(struct ctx *ctx, const struct deliver_settings *s, const char *event,
                  const char *body, const char **why)
{
    if (!deliver_url_valid(s->url)) {
        *why = say(ctx, "“{}” must start with https:// or http://.", s->url);
        return false;
    }
    CURL *c = curl_new(s->url, "http,https");
    struct curl_slist *heads = curl_slist_append(NULL, "Content-Type: application/json");
    heads = curl_slist_append(heads, arena_print(ctx->arena, "X-Linli-Event: %s", event));
    heads = curl_slist_append(
        heads, arena_print(ctx->arena, "X-Linli-Timestamp: %lld", (long long)ctx->now));
    heads = curl_slist_append(
        heads, arena_print(ctx->arena, "X-Linli-Signature: %s",
                           deliver_signature(ctx->arena, s->secret, ctx->now, body)));
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, heads);
    curl_easy_setopt(c, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE, (long)strlen(body));
    curl_easy_setopt(c, CURLOPT_USERAGENT, "linli");
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, drop);
    CURLcode done = curl_easy_perform(c);
    long code = 0;
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &code);
    curl_slist_free_all(heads);
    curl_easy_cleanup(c);
    if (done == CURLE_OK && code >= 200 && code < 300)
        return true;
    *why = done == CURLE_OK
               ? say(ctx, "The receiving system returned {} instead of 200.", (int)code)
               : say(ctx, "Could not reach the receiving system: {}", curl_easy_strerror(done));
    return false;
}

/* ---- the queue ---- */

struct outgoing {
    int64_t id, attempts, record; /* attempts: including this one */
    const char *event, *recipient, *channel, *language, *text;
    bool claimed, sent, refused, back; /* back: not tried, because its server is in trouble */
    const char *why;
};

struct batch {
    struct outgoing list[DELIVER_BATCH];
    int count, at; /* at: the one being marked */
};

/* On the writer thread, and possibly more than once: whoever changes a row first has claimed
 * it. Expired claims wait again, unless they were withdrawn in the meantime. */
static void claim(struct ctx *ctx)
{
    struct batch *b = ctx->work;
    change(ctx->db,
           "UPDATE notices SET status = CASE WHEN error = 'superseded' THEN 'told' ELSE 'waiting' "
           "END WHERE status = 'sending' AND claimed_at < {}",
           ctx->now - DELIVER_CLAIM);
    for (int i = 0; i < b->count; i++) {
        change(ctx->db,
               "UPDATE notices SET status = 'sending', claimed_at = {}, attempts = attempts + 1 "
               "WHERE id = {} AND status = 'waiting'",
               ctx->now, b->list[i].id);
        b->list[i].claimed = db_changed(ctx->db) == 1;
    }
}

/* A notification withdrawn in the meantime needs no call either. */
static void mark_failed(struct ctx *ctx, const struct outgoing *o)
{
    change(ctx->db,
           "UPDATE notices SET status = CASE WHEN error = 'superseded' THEN 'told' ELSE 'failed' "
           "END, error = CASE WHEN error = 'superseded' THEN error ELSE {} END WHERE id = {} AND "
           "status = 'sending'",
           o->why, o->id);
    notice_call_instead(ctx, o->id);
}

static void mark(struct ctx *ctx)
{
    struct batch *b = ctx->work;
    const struct outgoing *o = &b->list[b->at];
    if (o->back)
        change(ctx->db,
               "UPDATE notices SET status = CASE WHEN error = 'superseded' THEN 'told' ELSE "
               "'waiting' END, attempts = attempts - 1, next_at = {} WHERE id = {} AND status = "
               "'sending'",
               ctx->now + deliver_wait(1), o->id);
    else if (o->sent)
        change(ctx->db,
               "UPDATE notices SET status = 'sent', done_at = {}, error = NULL WHERE id = {} AND "
               "status = 'sending'",
               ctx->now, o->id);
    else if (o->refused || o->attempts >= DELIVER_ATTEMPTS)
        mark_failed(ctx, o);
    else
        change(ctx->db,
               "UPDATE notices SET status = CASE WHEN error = 'superseded' THEN 'told' ELSE "
               "'waiting' END, next_at = {}, error = CASE WHEN error = 'superseded' THEN error "
               "ELSE {} END WHERE id = {} AND status = 'sending'",
               ctx->now + deliver_wait(o->attempts), o->why, o->id);
}

static void load(struct ctx *ctx, struct batch *b)
{
    struct rows *r = query(
        ctx->db,
        "SELECT id, attempts, record, event, recipient, channel, language, text FROM notices"
        " WHERE status = 'waiting' AND channel <> 'hand' AND next_at <= {} ORDER BY next_at, id "
        "LIMIT {}",
        ctx->now, DELIVER_BATCH);
    while (b->count < DELIVER_BATCH && rows_next(r)) {
        struct outgoing *o = &b->list[b->count++];
        *o = (struct outgoing){.id = row_int(r, "id"),
                               .attempts = row_int(r, "attempts") + 1,
                               .record = row_int(r, "record"),
                               .event = row_copy(r, ctx->arena, "event"),
                               .recipient = row_copy(r, ctx->arena, "recipient"),
                               .channel = row_copy(r, ctx->arena, "channel"),
                               .language = row_copy(r, ctx->arena, "language"),
                               .text = row_copy(r, ctx->arena, "text")};
    }
    rows_end(r);
}

static const char *office_name(struct ctx *ctx)
{
    const struct site_words *w = ctx->site ? ctx->site->words : NULL;
    return w ? ctx_pick(ctx, w->name, w->name_en) : NULL;
}

static void send_one(struct ctx *ctx, const struct deliver_settings *s, struct outgoing *o)
{
    const char *lang = ctx->lang;
    ctx->lang = o->language;
    if (!strcmp(o->channel, "hook")) {
        o->sent = deliver_hook(ctx, s, o->event, o->text, &o->why);
    } else {
        const char *to = recipient_find(ctx, o->recipient, o->record).mail,
                   *site = office_name(ctx);
        const char *domain = strchr(s->from, '@');
        if (!to || !*to) {
            o->refused = true;
            o->why = say(ctx, "There is no longer an email address.");
        } else {
            o->sent = deliver_mail(ctx, s, to,
                                   say(ctx, "Notification from {}", site ? site : "Linli"), o->text,
                                   arena_print(ctx->arena, "notice-%lld@%s", (long long)o->id,
                                               domain ? domain + 1 : "linli"),
                                   &o->refused, &o->why);
        }
    }
    ctx->lang = lang;
}

int deliver_run(struct ctx *ctx)
{
    struct batch *b = ARENA_NEW(ctx->arena, struct batch);
    int sent = 0;
    load(ctx, b);
    ctx->work = b;
    bool claims = query_int(
                      ctx->db,
                      "SELECT id FROM notices WHERE status = 'sending' AND claimed_at < {} LIMIT 1",
                      ctx->now - DELIVER_CLAIM) != NONE;
    if ((b->count == 0 && !claims) || writer_call(ctx, claim) != OK)
        return 0;
    struct deliver_settings s = deliver_settings_load(ctx);
    const char *down = NULL;
    for (b->at = 0; b->at < b->count; b->at++) {
        struct outgoing *o = &b->list[b->at];
        if (!o->claimed)
            continue;
        o->back = down && !strcmp(down, o->channel);
        if (!o->back)
            send_one(ctx, &s, o);
        if (writer_call(ctx, mark) != OK)
            return sent;
        sent += o->sent;
        if (!o->back && !o->sent && !o->refused) {
            log_warn("notice_failed", "\"notice\":{},\"channel\":{},\"attempt\":{}", o->id,
                     o->channel, o->attempts);
            down = o->channel;
        }
    }
    return sent;
}

static void run_deliver(struct ctx *ctx)
{
    deliver_run(ctx);
}

static const struct job jobs[] = {
    {"deliver now", 0, run_deliver, .lane = LANE_SLOW},
    {"deliver", 5, run_deliver, .lane = LANE_SLOW},
    {.name = NULL},
};

const struct module deliver_module = {.name = "deliver", .jobs = jobs};
