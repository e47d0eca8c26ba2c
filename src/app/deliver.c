/*
 * Claim, send, mark. Mail and webhook are libcurl's; both may only speak their
 * own protocols, follow no redirect and end within SECONDS, and a server that
 * can't be reached ends the batch of its channel.
 */
#include "app/deliver.h"

#include "app/module.h"
#include "app/notify.h"
#include "base/log.h"
#include "base/seal.h"
#include "base/when.h"

#include <curl/curl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECONDS_CONNECT 5L
#define SECONDS         20L
#define DEADLINES_TIMES 25 /* passages of the door in one run; the rest in the next */

static const int64_t waits[DELIVER_ATTEMPTS - 1] = {60, 300, 1800, 7200, 28800, 86400};

int64_t deliver_wait(int64_t attempts)
{
    return attempts < 1 ? 0 : waits[attempts < DELIVER_ATTEMPTS ? attempts - 1 : DELIVER_ATTEMPTS - 2];
}

static const char *unsealed(struct ctx *ctx, const char *name)
{
    const char *sealed = setting(ctx, name), *text = NULL;
    if (!*sealed || !ctx->keys || seal_open(ctx->keys, ctx->arena, name, sealed, &text) != OK || !text)
        return "";
    return text;
}

struct deliver_settings deliver_settings_load(struct ctx *ctx)
{
    return (struct deliver_settings){setting(ctx, "smtp.host"), setting(ctx, "smtp.port"),   setting(ctx, "smtp.security"),
                                     setting(ctx, "smtp.from"), setting(ctx, "smtp.user"),   unsealed(ctx, "smtp.password"),
                                     setting(ctx, "hook.url"),  unsealed(ctx, "hook.secret")};
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

static void base64(struct buf *out, const char *text, size_t n, const char *before, const char *behind, size_t line)
{
    for (size_t at = 0; at < n || at == 0; at += line) {
        size_t take = n - at < line ? n - at : line;
        char coded[512];
        sodium_bin2base64(coded, sizeof coded, (const unsigned char *)text + at, take, sodium_base64_VARIANT_ORIGINAL);
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

static void write_mail(struct buf *out, const struct deliver_settings *s, const char *to, const char *subject, const char *text,
                       const char *message_id, int64_t now)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct tm t;
    time_t at = (time_t)now;
    char date[64];
    gmtime_r(&at, &t);
    snprintf(date, sizeof date, "%s, %02d %s %d %02d:%02d:%02d +0000", days[t.tm_wday], t.tm_mday, months[t.tm_mon], t.tm_year + 1900,
             t.tm_hour, t.tm_min, t.tm_sec);
    plain(out, "From: <{}>\r\nTo: <{}>\r\n", s->from, to);
    write_subject(out, subject);
    plain(out,
          "Date: {}\r\nMessage-ID: <{}>\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
          "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n",
          (const char *)date, message_id);
    base64(out, text, strlen(text), "", "\r\n", 57);
}

bool deliver_mail(struct ctx *ctx, const struct deliver_settings *s, const char *to, const char *subject, const char *text,
                  const char *message_id, bool *refused, const char **why)
{
    *refused = false;
    if (!mail_valid(to) || !mail_valid(s->from)) {
        *refused = true;
        *why = say(ctx, "“{}” is not a mail address.", mail_valid(to) ? s->from : to);
        return false;
    }
    bool tls = !strcmp(s->security, "tls");
    const char *port = *s->port ? s->port : tls ? "465" : strcmp(s->security, "none") ? "587" : "25";
    CURL *c = curl_new(arena_print(ctx->arena, "%s://%s:%s", tls ? "smtps" : "smtp", s->host, port), "smtp,smtps");
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
    curl_easy_setopt(c, CURLOPT_USE_SSL, (long)(strcmp(s->security, "none") ? CURLUSESSL_ALL : CURLUSESSL_NONE));
    if (*s->user) {
        curl_easy_setopt(c, CURLOPT_USERNAME, s->user);
        curl_easy_setopt(c, CURLOPT_PASSWORD, s->password);
    }
    CURLcode done = curl_easy_perform(c);
    long code = 0;
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &code);
    if (done != CURLE_OK) {
        *refused = done == CURLE_SEND_ERROR && code >= 550 && code <= 553;
        *why = code >= 400 ? say(ctx, "The mail server answered {}.", (int)code)
                           : say(ctx, "The mail server could not be used: {}", curl_easy_strerror(done));
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
    const char *host = !strncmp(url, "https://", 8) ? url + 8 : !strncmp(url, "http://", 7) ? url + 7 : NULL;
    if (!host || !*host || *host == '/' || strlen(url) > 500 || strchr(host, '@'))
        return false;
    for (const char *c = url; *c; c++)
        if ((unsigned char)*c <= ' ' || (unsigned char)*c > '~' || strchr("\"<>\\^`{|}", *c))
            return false;
    return true;
}

bool deliver_hook(struct ctx *ctx, const struct deliver_settings *s, const char *event, const char *body, const char **why)
{
    if (!deliver_url_valid(s->url)) {
        *why = say(ctx, "“{}” is not an address that begins with https:// or http://.", s->url);
        return false;
    }
    CURL *c = curl_new(s->url, "http,https");
    struct curl_slist *heads = curl_slist_append(NULL, "Content-Type: application/json");
    heads = curl_slist_append(heads, arena_print(ctx->arena, "X-Linli-Event: %s", event));
    heads = curl_slist_append(heads, arena_print(ctx->arena, "X-Linli-Timestamp: %lld", (long long)ctx->now));
    heads = curl_slist_append(heads,
                              arena_print(ctx->arena, "X-Linli-Signature: %s", deliver_signature(ctx->arena, s->secret, ctx->now, body)));
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
    *why = done == CURLE_OK ? say(ctx, "The receiver answered {} instead of 200.", (int)code)
                            : say(ctx, "The receiver could not be reached: {}", curl_easy_strerror(done));
    return false;
}

/* ---- the queue ---- */

struct outgoing {
    int64_t id, attempts, request;
    const char *event, *recipient, *channel, *language, *text;
    bool claimed, sent, refused, back; /* back: not tried, its server is in trouble */
    const char *why;
};

struct batch {
    struct outgoing list[DELIVER_BATCH];
    int count, at; /* at: the one being marked */
};

static int64_t id_in(const char *recipient)
{
    const char *id = strchr(recipient, ':');
    return id ? strtoll(id + 1, NULL, 10) : NONE;
}

/* The address as it is now; NULL: none any more. */
static const char *address_of(struct ctx *ctx, const struct outgoing *o)
{
    const char *mail = NULL;
    if (!strcmp(o->recipient, "office"))
        return setting(ctx, "office.mail");
    if (!strcmp(o->recipient, "resident")) {
        const struct request *r = record_get(ctx, &requests_kind, o->request);
        return r ? r->requester_mail : NULL;
    }
    struct rows *r = !strncmp(o->recipient, "volunteer:", 10)
                         ? query(
                               ctx->db,
                               "SELECT u.mail AS mail FROM volunteers v JOIN users u ON u.id = v.\"user\" WHERE v.id = {} AND u.active = 1",
                               id_in(o->recipient))
                     : !strncmp(o->recipient, "unit:", 5) ? query(ctx->db, "SELECT mail FROM units WHERE id = {}", id_in(o->recipient))
                                                          : query(ctx->db, "SELECT mail FROM users WHERE id = {}", id_in(o->recipient));
    if (rows_next(r))
        mail = row_copy(r, ctx->arena, "mail");
    rows_end(r);
    return mail;
}

/* Behind the door: each is taken by whoever changes it first; claims that ran out wait again. */
static void claim(struct ctx *ctx)
{
    struct batch *b = ctx->work;
    change(ctx->db, "UPDATE notices SET status = 'waiting' WHERE status = 'sending' AND claimed_at < {}", ctx->now - DELIVER_CLAIM);
    for (int i = 0; i < b->count; i++) {
        change(ctx->db,
               "UPDATE notices SET status = 'sending', claimed_at = {}, attempts = attempts + 1 WHERE id = {} AND status = 'waiting'",
               ctx->now, b->list[i].id);
        b->list[i].claimed = db_changed(ctx->db) == 1;
        b->list[i].attempts++;
    }
}

static void mark(struct ctx *ctx)
{
    struct batch *b = ctx->work;
    const struct outgoing *o = &b->list[b->at];
    if (o->back)
        change(ctx->db, "UPDATE notices SET status = 'waiting', attempts = attempts - 1, next_at = {} WHERE id = {} AND status = 'sending'",
               ctx->now + deliver_wait(1), o->id);
    else if (o->sent)
        change(ctx->db, "UPDATE notices SET status = 'sent', done_at = {}, error = NULL WHERE id = {} AND status = 'sending'", ctx->now,
               o->id);
    else if (o->refused || o->attempts >= DELIVER_ATTEMPTS)
        change(ctx->db, "UPDATE notices SET status = 'failed', error = {} WHERE id = {} AND status = 'sending'", o->why, o->id);
    else
        change(ctx->db, "UPDATE notices SET status = 'waiting', next_at = {}, error = {} WHERE id = {} AND status = 'sending'",
               ctx->now + deliver_wait(o->attempts), o->why, o->id);
}

static void load(struct ctx *ctx, struct batch *b)
{
    struct rows *r = query(ctx->db,
                           "SELECT id, attempts, request, event, recipient, channel, language, text FROM notices"
                           " WHERE status = 'waiting' AND channel <> 'hand' AND next_at <= {} ORDER BY next_at, id LIMIT {}",
                           ctx->now, DELIVER_BATCH);
    while (b->count < DELIVER_BATCH && rows_next(r)) {
        struct outgoing *o = &b->list[b->count++];
        *o = (struct outgoing){.id = row_int(r, "id"),
                               .attempts = row_int(r, "attempts"),
                               .request = row_int(r, "request"),
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
        const char *to = address_of(ctx, o), *site = office_name(ctx);
        const char *domain = strchr(s->from, '@');
        if (!to || !*to) {
            o->refused = true;
            o->why = say(ctx, "There is no mail address any more.");
        } else {
            o->sent = deliver_mail(ctx, s, to, say(ctx, "Notice from {}", site ? site : "Linli"), o->text,
                                   arena_print(ctx->arena, "notice-%lld@%s", (long long)o->id, domain ? domain + 1 : "linli"), &o->refused,
                                   &o->why);
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
    bool claims = query_int(ctx->db, "SELECT id FROM notices WHERE status = 'sending' AND claimed_at < {} LIMIT 1",
                            ctx->now - DELIVER_CLAIM) != NONE;
    if ((b->count == 0 && !claims) || door(ctx, claim) != OK)
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
        if (door(ctx, mark) != OK)
            return sent;
        sent += o->sent;
        if (!o->back && !o->sent && !o->refused) {
            log_warn("notice_failed", "\"notice\":{},\"channel\":{},\"attempt\":{}", o->id, o->channel, o->attempts);
            down = o->channel;
        }
    }
    return sent;
}

static void deadlines_door(struct ctx *ctx)
{
    *(int64_t *)ctx->work = notify_deadlines(ctx);
}

static void run_deliver(struct ctx *ctx)
{
    deliver_run(ctx);
}

/* Looked at often, told once: an event's key is the deadline itself. */
static void run_deadlines(struct ctx *ctx)
{
    int64_t *told = ctx->work = ARENA_NEW(ctx->arena, int64_t);
    told[0] = 1;
    for (int i = 0; i < DEADLINES_TIMES && told[0] > 0; i++)
        if (door(ctx, deadlines_door) != OK)
            return;
}

static const struct job jobs[] = {
    {"deliver now", 0, run_deliver, .lane = LANE_SLOW},
    {"deliver", 5, run_deliver, .lane = LANE_SLOW},
    {"deadlines", 600, run_deadlines},
    {.name = NULL},
};

const struct module deliver_module = {.name = "deliver", .jobs = jobs};
