/*
 * The gate: routing, parsing, authorisation, idempotency, sending the answer.
 *
 * Order of the checks: tenant, address, UTF-8, host, rate, route and method,
 * body, session, role, same origin, CSRF token, record in scope. A handler runs
 * only if all of them passed, so it never checks again.
 *
 * The scope is checked again on the writer thread: the record may have moved
 * out of the actor's scope in the meantime.
 *
 * An idempotency key is looked up before prepare and again on the writer
 * thread, in the transaction of the change. The same key, actor and route get
 * the stored answer; the same key with other content is a conflict.
 */
#define _GNU_SOURCE /* memmem */
#include "web/gate.h"

#include "base/log.h"
#include "base/when.h"
#include "web/address.h"
#include "web/origin.h"
#include "web/routes.h"
#include "web/session.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

struct gate {
    struct site *site;
    struct route_table *routes;
    struct limit *rate, *logins;
};

struct gate *gate_new(struct site *site, const struct routes *routes)
{
    struct gate *g = must_alloc(sizeof *g);
    g->site = site;
    g->routes = route_table_new();
    for (; routes && routes->list; routes++)
        for (int i = 0; i < routes->count; i++)
            route_table_add(g->routes, &routes->list[i]);
    for (int i = 0; i < session_route_count; i++)
        route_table_add(g->routes, &session_routes[i]);
    for (int i = 0; i < account_route_count; i++)
        route_table_add(g->routes, &account_routes[i]);
    for (int i = 0; i < find_route_count; i++)
        route_table_add(g->routes, &find_routes[i]);
    for (int i = 0; i < static_route_count; i++)
        route_table_add(g->routes, &static_routes[i]);
    double rate = site->requests_a_second ? site->requests_a_second : 50;
    double logins = site->logins_a_minute ? site->logins_a_minute : 30;
    g->rate = limit_new(rate, rate * 4);
    g->logins = limit_new(logins / 60, logins);
    return g;
}

void gate_free(struct gate *g)
{
    route_table_free(g->routes);
    limit_free(g->rate);
    limit_free(g->logins);
    free(g);
}

static const char *visit_header(const struct visit *v, const char *name)
{
    return header(&v->ctx, name);
}

/* Returns the last value of the last header of that name, which the trusted proxy wrote. Anyone may
 * have written the values before it. NULL: no such header. */
static const char *last_value(const struct visit *v, const char *name)
{
    const char *last = NULL;
    for (int i = 0; i < v->ex.header_count; i++)
        if (!strcmp(v->headers[i].name, name))
            last = v->headers[i].value;
    const char *comma = last ? strrchr(last, ',') : NULL;
    return comma ? comma + 1 : last;
}

/* Warns, at most once an hour, of a proxy that the configuration does not mention. */
static void warn_proxy(void)
{
    static _Atomic int64_t warned;
    int64_t now = when_now(), last = atomic_load(&warned);
    if (now - last >= 3600 && atomic_compare_exchange_strong(&warned, &last, now))
        log_warn("forwarded_without_proxied", "\"effect\":{}",
                 "every visitor counts as the proxy, so limits by address hit everyone at once");
}

static void take_address(struct gate *g, struct visit *v)
{
    struct address from = {.text = "", .group = ""};
    const char *forwarded = last_value(v, "x-forwarded-for");
    if (v->peer && !address_read(v->arena, v->peer, &from))
        from.text = from.group = v->peer;
    bool here = from.loopback && !forwarded; /* a forwarded address is never this machine */
    if (forwarded && !g->site->proxied)
        warn_proxy();
    else if (forwarded && !address_read(v->arena, forwarded, &from))
        from.text = from.group = "unknown";
    v->ex.address = from.text;
    v->ex.group = from.group;
    v->ex.here = here;
    v->ex.tls = v->ctx.site->tls;
    if (!g->site->proxied)
        return;
    const char *proto = last_value(v, "x-forwarded-proto");
    if (proto && strcmp(proto, "https") == 0)
        v->ex.tls = true;
}

static void take_uri(struct visit *v)
{
    const char *mark = strchr(v->uri, '?');
    size_t n = mark ? (size_t)(mark - v->uri) : strlen(v->uri);
    char *path = arena_copyn(v->arena, v->uri, n);
    v->bad_path = path[0] != '/' || !input_decode(path, &n, false) || !utf8_clean(path, n);
    v->ex.path = v->bad_path ? "/" : path;
    v->ex.query_text = mark ? mark + 1 : "";
    if (!input_urlencoded(v->arena, v->ex.query_text, strlen(v->ex.query_text), &v->ex.query,
                          &v->ex.query_count))
        v->bad_path = true;
}

/* Chooses the tenant. Runs before the path is read, because it removes the tenant's prefix. */
static void take_site(struct gate *g, struct visit *v)
{
    const char *host = visit_header(v, "host");
    v->ctx.site = g->site;
    if (g->site->choose &&
        (v->inside = g->site->choose(v->arena, host ? host : "", &v->uri, v->ex.prefix)) != NULL)
        v->ctx.site = v->inside;
    v->ctx.keys = v->ctx.site->keys;
    atomic_fetch_add_explicit(&v->ctx.site->requests, 1, memory_order_relaxed);
}

void gate_route(struct gate *g, struct visit *v)
{
    v->ex.headers = v->headers;
    take_site(g, v);
    take_address(g, v);
    take_uri(v);
    v->limit = BODY_LIMIT;
    v->head = strcmp(v->verb, "HEAD") == 0;
    route_table_find(g->routes, v);
    if (v->route && (v->route->flags & (UPLOAD | BODY_BIG)))
        v->limit = UPLOAD_LIMIT;
    v->body.ceiling = v->limit + 4096;
    v->ex.wants_json = (v->route && (v->route->flags & API)) ||
                       strncmp(v->ex.path, "/api/", 5) == 0;
}

bool gate_reads(const struct visit *v)
{
    return v->ctx.site->data && v->route && !(v->route->flags & STORELESS) && !v->ambiguous &&
           !v->too_long;
}

/* ---- visits ---- */

static void visit_begin(struct visit *v)
{
    ctx_init(&v->ctx, v->arena);
    v->ctx.actor.via = "web";
    v->ctx.web = &v->ex;
    v->ex = (struct exchange){.id = NONE, .code = 200, .out = &v->out, .address = "", .group = ""};
    v->ex.answer = ARENA_ARRAY(v->arena, struct param, ANSWER_HEADERS_MOST);
}

void visit_init(struct visit *v)
{
    memset(v, 0, sizeof *v);
    v->arena = arena_new();
    buf_init(&v->out, 0);
    buf_init(&v->body, UPLOAD_LIMIT);
    visit_begin(v);
}

void visit_release(struct visit *v)
{
    buf_release(&v->out);
    buf_release(&v->body);
    arena_free(v->arena);
}

static void buf_again(struct buf *b, size_t ceiling)
{
    if (b->room > (size_t)256 << 10) { /* a large upload is not kept */
        buf_release(b);
        buf_init(b, ceiling);
    } else {
        buf_clear(b);
    }
}

void visit_clear(struct visit *v)
{
    struct arena *a = v->arena;
    arena_clear(a);
    buf_again(&v->out, 0);
    buf_again(&v->body, UPLOAD_LIMIT);
    struct buf out = v->out, body = v->body;
    memset(v, 0, sizeof *v);
    v->arena = a;
    v->out = out;
    v->body = body;
    visit_begin(v);
}

struct visit *visit_of(struct ctx *ctx)
{
    return (struct visit *)((char *)ctx - offsetof(struct visit, ctx));
}

/* Drops an answer that must not be sent. */
static void answer_forget(struct visit *v)
{
    buf_clear(&v->out);
    v->ex.answer_count = 0;
    v->ex.code = 200;
    v->fixed = NULL;
    v->prefixed = false;
}

/* ---- problems ---- */

static int code_of(enum status s)
{
    static const int codes[] = {200, 404, 403, 422, 409, 503, 503};
    static_assert(sizeof codes / sizeof *codes == STATUS_COUNT, "every status has a code");
    return codes[s];
}

static const char *title_of(struct ctx *ctx, int code)
{
    switch (code) {
    case 400:
        return say(ctx, "Your submission could not be read");
    case 401:
        return say(ctx, "Please sign in");
    case 403:
        return say(ctx, "You don’t have permission to do this");
    case 404:
        return say(ctx, "Page not found");
    case 405:
        return say(ctx, "This page does not accept that kind of request");
    case 409:
        return say(ctx, "This can’t be done now");
    case 412:
        return say(ctx, "Someone else has changed this");
    case 413:
        return say(ctx, "Too much data");
    case 415:
        return say(ctx, "Unsupported content type");
    case 422:
        return say(ctx, "Please check your entries");
    case 428:
        return say(ctx, "Specify the version you are changing");
    case 429:
        return say(ctx, "Too many attempts");
    case 503:
        return say(ctx, "The system is temporarily unavailable");
    default:
        return say(ctx, "Something went wrong");
    }
}

static void problem_json(struct ctx *ctx, int code)
{
    struct buf *out = ctx->web->out;
    /* a refusal has many reasons: its title is the one that holds */
    const char *what = code == 409 ? ctx_problem_of(ctx, NULL) : NULL;
    answer_type(ctx, "application/problem+json");
    json(out, "{\"type\":{},\"title\":{},\"status\":{},\"errors\":[",
         arena_print(ctx->arena, "urn:linli:%s", status_name(ctx->status)),
         what ? what : title_of(ctx, code), code);
    for (const struct problem *p = ctx->problems; p; p = p->next) {
        json(out, "{\"field\":{},\"message\":{}}", p->field, p->text);
        if (p->next)
            buf_putc(out, ',');
    }
    buf_puts(out, "]}");
}

void answer_problem(struct ctx *ctx)
{
    int code = ctx->web->code >= 400 ? ctx->web->code : code_of(ctx->status);
    answer_code(ctx, code);
    if (code == 503 || code == 429)
        answer_header(ctx, "Retry-After", code == 429 ? "10" : "5");
    if (ctx->web->wants_json) {
        problem_json(ctx, code);
        return;
    }
    struct buf *out = ctx->web->out;
    const char *title = title_of(ctx, code), *work = work_place(ctx);
    page_begin(ctx, title, PAGE_STAFF); /* the staff frame, if the actor has pages there */
    html(out, "<header class=\"head\"><h1>{}</h1></header>", title);
    for (const struct problem *p = ctx->problems; p; p = p->next)
        html(out, "<p class=\"notice warn\">{}<span>{}</span></p>", icon(ctx, "alert-triangle"),
             p->text);
    const char *more =
        code == 503 ? say(ctx, "Nothing you submitted before has been lost. Please go back and try "
                               "again in a moment.")
        : code == 404 ? say(ctx, "The address may be mistyped, or the page may have been removed.")
        : code == 403 && ctx->actor.user != NONE
            ? say(ctx, "If you need this for your work, ask the administrator for access.")
            : NULL;
    if (!ctx->problems && more)
        html(out, "<p>{}</p>", more);
    if (!work && code != 503)
        office_call(ctx);
    html(out, "<div class=\"acts\"><a class=\"button\" href=\"{}\">{}</a></div>", work ? work : "/",
         work ? say(ctx, "Back to my work") : say(ctx, "Home"));
    page_end(ctx);
}

static void draw_refusal(struct visit *v, int code, enum status s, const char *text)
{
    answer_forget(v);
    v->ex.fragment = NULL;
    v->ctx.problems = NULL;
    v->ctx.problems_end = NULL;
    v->ctx.problem_count = 0;
    ctx_fail(&v->ctx, s, text);
    v->ex.code = code;
    answer_problem(&v->ctx);
}

/* ---- after everything ---- */

static const char policy[] =
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

static const char *answered(const struct visit *v, const char *name)
{
    for (int i = 0; i < v->ex.answer_count; i++)
        if (strcmp(v->ex.answer[i].name, name) == 0)
            return v->ex.answer[i].value;
    return NULL;
}

/* Returns whether the attribute at this position is a URL and not the value of a hidden field.
 * Escaped text has no quotes, so it can't look like an attribute. */
static bool is_address(const char *from, const char *at)
{
    static const char field[] = "value";
    return !(at - from >= (ptrdiff_t)sizeof field - 1 &&
             memcmp(at - (sizeof field - 1), field, sizeof field - 1) == 0);
}

/* Puts the tenant's prefix (/t/NAME) before every local URL in a page. */
static void prefix_page(struct visit *v)
{
    struct buf own = v->out;
    buf_init(&v->out, own.ceiling);
    const char *from = own.data, *end = own.data + own.size;
    for (const char *p = from; (p = memmem(p, (size_t)(end - p), "=\"/", 3)) != NULL;) {
        bool ours = p + 3 < end && p[3] != '/' && is_address(own.data, p);
        p += 2;
        if (!ours)
            continue;
        buf_put(&v->out, from, (size_t)(p - from));
        buf_puts(&v->out, v->ex.prefix);
        from = p;
    }
    buf_put(&v->out, from, (size_t)(end - from));
    buf_release(&own);
}

static void prefix_answer(struct visit *v)
{
    const char *type = answered(v, "Content-Type"), *where = answered(v, "Location");
    v->prefixed = true;
    if (where && where[0] == '/' && where[1] != '/')
        answer_header(&v->ctx, "Location", arena_print(v->arena, "%s%s", v->ex.prefix, where));
    if (!v->fixed && v->out.size && type && strncmp(type, "text/html", 9) == 0)
        prefix_page(v);
}

static enum gate_next visit_end(struct visit *v)
{
    struct ctx *ctx = &v->ctx;
    if (v->out.full)
        draw_refusal(v, 503, BUSY, say(ctx, "Too many results. Please narrow your search."));
    if (v->ex.fragment && v->part_end &&
        v->part_end < v->out.size) { /* drop what the handler drew after the fragment */
        v->out.size = v->part_end;
        v->out.data[v->part_end] = '\0';
    }
    if (!answered(v, "Content-Type"))
        answer_type(ctx, v->ex.wants_json ? "application/json" : "text/html; charset=utf-8");
    if (*v->ex.prefix && !v->prefixed)
        prefix_answer(v);
    if (!answered(v, "Content-Security-Policy"))
        answer_header(ctx, "Content-Security-Policy", policy);
    answer_header(ctx, "X-Content-Type-Options", "nosniff");
    answer_header(ctx, "Referrer-Policy", "same-origin");
    answer_header(ctx, "Cross-Origin-Opener-Policy", "same-origin");
    answer_header(ctx, "Cross-Origin-Resource-Policy", "same-origin");
    answer_header(ctx, "Permissions-Policy",
                  "camera=(self), geolocation=(self), microphone=(), payment=(), usb=()");
    if (!answered(v, "Cache-Control"))
        answer_header(ctx, "Cache-Control", v->session || v->bearer ? "no-store" : "no-cache");
    if (v->out.size && strncmp(answered(v, "Content-Type"), "text/html", 9) == 0)
        squeeze(v);
    if (v->ex.tls)
        answer_header(ctx, "Strict-Transport-Security", "max-age=31536000");
    if (v->ex.code == 405 && v->allow)
        answer_header(ctx, "Allow", v->allow);
    struct site *site = ctx->site;
    if (v->ex.code >= 500)
        atomic_fetch_add_explicit(&site->failures, 1, memory_order_relaxed);
    else if (v->ex.code >= 400)
        atomic_fetch_add_explicit(&site->refused, 1, memory_order_relaxed);
    if (!site->quiet &&
        (v->ex.code >= 500 || v->ex.method != GET)) /* the route, not the URL: no personal data */
        log_write(v->ex.code >= 500 ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO, "request",
                  "\"method\":{},\"route\":{},\"code\":{},\"user\":{},\"token\":{}",
                  ARGS(v->known_method ? method_name(v->ex.method) : "?",
                       v->route ? v->route->path : NULL, v->ex.code,
                       (struct maybe){ctx->actor.user},
                       (struct maybe){v->bearer ? v->token : NONE}));
    return GATE_ANSWER;
}

static enum gate_next refuse(struct visit *v, int code, enum status s, const char *text)
{
    draw_refusal(v, code, s, text);
    return visit_end(v);
}

void gate_give_up(struct visit *v)
{
    refuse(v, 503, BUSY, NULL);
}

static enum gate_next store_failed(struct visit *v, struct db *db)
{
    if (db && !v->ctx.site->quiet)
        log_error("store", "\"status\":{},\"failure\":{}", status_name(db_status(db)),
                  db_failure(db));
    return refuse(v, 503, db && db_status(db) == BUSY ? BUSY : UNAVAILABLE, NULL);
}

/* ---- before a handler ---- */

static bool starts(const char *s, const char *with)
{
    return strncasecmp(s, with, strlen(with)) == 0;
}

/* Returns 0, or the HTTP status of the error. */
static int take_body(struct visit *v)
{
    if (v->ex.method == GET || v->body.size == 0)
        return 0;
    const char *type = visit_header(v, "content-type");
    if (!type)
        return 415;
    if (starts(type, "application/x-www-form-urlencoded"))
        return input_urlencoded(v->arena, v->body.data, v->body.size, &v->ex.form,
                                &v->ex.form_count)
                   ? 0
                   : 400;
    if (starts(type, "application/json") || starts(type, "application/merge-patch+json")) {
        v->ex.body = v->body.data;
        v->ex.body_size = v->body.size;
        return utf8_clean(v->body.data, v->body.size) ? 0 : 400;
    }
    if (!starts(type, "multipart/form-data"))
        return 415;
    const char *b = strstr(type, "boundary=");
    if (!b)
        return 400;
    b += 9;
    bool quotes = *b == '"';
    b += quotes;
    size_t n = strcspn(b, quotes ? "\"" : "; ");
    if (n == 0 || n > 200)
        return 400;
    return input_multipart(v->arena, arena_copyn(v->arena, b, n), v->body.data, v->body.size,
                           &v->ex)
               ? 0
               : 400;
}

static bool take_headers(struct visit *v)
{
    for (int i = 0; i < v->ex.header_count; i++)
        if (!utf8_clean(v->headers[i].value, strlen(v->headers[i].value)))
            return false;
    if (!input_cookies(v->arena, visit_header(v, "cookie"), &v->ex.cookies, &v->ex.cookie_count))
        return false;
    const char *lang = cookie(&v->ctx, "linli_language"), *asked = query_param(&v->ctx, "lang");
    if (asked ? strcmp(asked, "en") == 0 : lang && strcmp(lang, "en") == 0)
        v->ctx.lang = "en";
    const char *wanted = visit_header(v, "accept-language");
    if (!asked && !lang && wanted && starts(wanted, "en")) /* until the reader chooses */
        v->ctx.lang = "en";
    const char *elder = cookie(&v->ctx, "linli_elder");
    v->ex.elder = elder && strcmp(elder, "1") == 0;
    v->ex.fragment = visit_header(v, "x-fragment");
    const char *accept = visit_header(v, "accept");
    if (accept && starts(accept, "application/json"))
        v->ex.wants_json = true;
    v->ctx.key = visit_header(v, "idempotency-key");
    if (!v->ctx.key)
        v->ctx.key = param(&v->ctx, "_key");
    if (v->ctx.key && (!*v->ctx.key || strlen(v->ctx.key) > 200))
        v->ctx.key = NULL;
    return true;
}

static int64_t clock_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool too_many(struct gate *g, struct visit *v)
{
    const char *a = v->ex.group;
    if (v->ctx.site->name) /* each tenant counts separately */
        a = arena_print(v->arena, "%s %s", v->ctx.site->name, a);
    /* Each page has its own limit: looking up requests must not block signing in. */
    if (v->route && (v->route->flags & LOGIN_LIMIT) && v->ex.method != GET &&
        !limit_take(g->logins, arena_print(v->arena, "%s %s", v->route->path, a), clock_ms()))
        return true;
    return !v->ex.here && !limit_take(g->rate, a, clock_ms());
}

static void fingerprint(struct visit *v)
{
    crypto_generichash_state h;
    crypto_generichash_init(&h, NULL, 0, sizeof v->fingerprint);
    for (int i = 0; i < v->ex.form_count; i++) {
        const struct param *p = &v->ex.form[i];
        if (strcmp(p->name, "_csrf") == 0 || strcmp(p->name, "_key") == 0)
            continue;
        crypto_generichash_update(&h, (const unsigned char *)p->name, strlen(p->name) + 1);
        crypto_generichash_update(&h, (const unsigned char *)p->value, strlen(p->value) + 1);
    }
    for (int i = 0; i < v->ex.upload_count; i++)
        crypto_generichash_update(&h, v->ex.uploads[i].data, v->ex.uploads[i].size);
    if (v->ex.body)
        crypto_generichash_update(&h, (const unsigned char *)v->ex.body, v->ex.body_size);
    crypto_generichash_update(&h, (const unsigned char *)v->ex.path, strlen(v->ex.path));
    crypto_generichash_final(&h, v->fingerprint, sizeof v->fingerprint);
}

static const char *actor_text(struct visit *v)
{
    return v->ctx.actor.user != NONE ? arena_print(v->arena, "%lld", (long long)v->ctx.actor.user)
           : v->bearer               ? arena_print(v->arena, "token %lld", (long long)v->token)
           : v->ctx.actor.volunteer > 0
               ? arena_print(v->arena, "card %lld", (long long)v->ctx.actor.volunteer)
               : "";
}

/* Returns true if the key was used before: the stored answer, or a conflict, is in place. */
static bool replay(struct visit *v, struct db *db)
{
    if (!v->ctx.key)
        return false;
    struct rows *r = query(db,
                           "SELECT fingerprint, code, headers, body FROM idempotency WHERE key = "
                           "{} AND actor = {} AND route = {}",
                           v->ctx.key, actor_text(v), v->route->path);
    if (!rows_next(r))
        return false;
    struct bytes print = row_bytes(r, "fingerprint");
    if (print.size != sizeof v->fingerprint ||
        memcmp(print.data, v->fingerprint, print.size) != 0) {
        rows_end(r);
        ctx_fail(&v->ctx, CONFLICT,
                 say(&v->ctx, "You have already submitted this with different content. Submit "
                              "again to send the new version too."));
        return true;
    }
    v->replayed = true;
    answer_forget(v);
    v->ex.code = (int)row_int(r, "code");
    char *line = row_copy(r, v->arena, "headers");
    while (line && *line) {
        char *stop = strchr(line, '\n'), *colon = strchr(line, ':');
        if (!stop || !colon || colon > stop)
            break;
        *stop = *colon = '\0';
        answer_header(&v->ctx, line, colon + 1);
        line = stop + 1;
    }
    struct bytes body = row_bytes(r, "body");
    buf_put(&v->out, body.data, body.size);
    rows_end(r);
    return true;
}

static void remember(struct visit *v, struct db *db)
{
    struct buf headers;
    buf_init(&headers, 0);
    for (int i = 0; i < v->ex.answer_count; i++)
        if (strcmp(v->ex.answer[i].name, "Set-Cookie") != 0)
            plain(&headers, "{}:{}\n", v->ex.answer[i].name, v->ex.answer[i].value);
    change_common_later(
        db,
        "INSERT INTO idempotency (key, actor, route, fingerprint, code, headers, body, "
        "at) VALUES ({}, {}, {}, {}, {}, {}, {}, {})",
        v->ctx.key, actor_text(v), v->route->path, bytes_of(v->fingerprint, sizeof v->fingerprint),
        v->ex.code, headers.data, bytes_of(v->out.data, v->out.size), v->ctx.now);
    buf_release(&headers);
}

/* ---- steps of a request ---- */

/* Draws the answer after a problem. On a reader, inside a read transaction. */
static void draw_failed(struct visit *v)
{
    struct ctx *ctx = &v->ctx;
    int code = v->ex.code >= 400 ? v->ex.code : 200; /* a handler may be more precise: 412, 428 */
    answer_forget(v);
    v->ex.code = code;
    if (v->route->failed && (ctx->status == INVALID || ctx->status == CONFLICT) &&
        !v->ex.wants_json) {
        v->ex.code = code_of(ctx->status);
        v->route->failed(ctx);
    } else {
        answer_problem(ctx);
    }
}

enum gate_next gate_prepare(struct gate *g, struct visit *v, struct db *reader)
{
    (void)g;
    struct ctx *ctx = &v->ctx;
    ctx->db = reader;
    if (!reader)
        return store_failed(v, NULL);
    db_clear(reader);
    if (db_begin(reader) != OK)
        return store_failed(v, reader);
    bool answered = replay(v, reader);
    if (!answered && v->route->prepare)
        v->route->prepare(ctx);
    bool ok = ctx_ok(ctx);
    if (!ok && db_status(reader) == OK)
        draw_failed(v);
    enum status s = db_status(reader);
    db_rollback(reader);
    if (s != OK)
        return store_failed(v, reader);
    return ok && !answered ? GATE_CHANGE : visit_end(v);
}

static enum gate_next draw(struct visit *v)
{
    struct ctx *ctx = &v->ctx;
    if (pages_asked(v) && pages_find(v, ctx->db))
        return GATE_ANSWER;
    v->route->handle(ctx);
    if (!ctx_ok(ctx)) {
        answer_forget(v);
        answer_problem(ctx);
    } else if (v->route->flags & LIVE) {
        return GATE_LIVE;
    } else if (v->remembered) {
        pages_keep(v, ctx->db);
    }
    return GATE_ANSWER;
}

/* Redirects to the sign-in page that the visitor needs, which then leads back here. */
static enum gate_next ask_who(struct visit *v, const char *page)
{
    see_other(&v->ctx, "/{}?next={}", page,
              arena_print(v->arena, "%s%s%s", v->ex.path, *v->ex.query_text ? "?" : "",
                          v->ex.query_text));
    return visit_end(v);
}

/* part: says that the account is refused because it is limited to an area. */
static enum gate_next refuse_part(struct visit *v, bool part)
{
    return refuse(v, 403, FORBIDDEN,
                  part ? say(&v->ctx, "This applies to the whole subdistrict. Only accounts that "
                                      "are not limited to an area can change it.")
                       : NULL);
}

/* Loads the kind and the record that the path names: 404 or 403 by the kind's roles and scope. */
static enum gate_next admit_record(struct visit *v)
{
    struct ctx *ctx = &v->ctx;
    const struct kind *k = v->route->record;
    /* A route made from a kind (the API) writes that kind. */
    const struct kind *made = v->ex.method != GET ? v->route->kind : NULL;
    if ((v->route->allow && !v->route->allow(ctx)) || (made && made->allow && !made->allow(ctx)))
        return refuse_part(v, true);
    if (v->route->flags & (KIND_READ | KIND_WRITE | KIND_REMOVE)) {
        k = v->ex.kind = kind_find(v->ex.name);
        if (!k || !k->fields || (!k->about && !(v->route->flags & API)))
            return refuse(v, 404, NOT_FOUND, NULL);
        if (k->page && (v->route->flags & (KIND_WRITE | KIND_REMOVE)) && !(v->route->flags & API))
            return refuse(v, 404, NOT_FOUND, NULL); /* it has its own page for changes */
        if (!(v->route->flags & KIND_READ    ? (k->read & ctx->actor.roles) != 0
              : v->route->flags & KIND_WRITE ? kind_may_write(ctx, k)
                                             : kind_may_remove(ctx, k)))
            return refuse_part(v, k->allow != NULL);
    }
    if (k && (v->route->record || v->ex.id != NONE)) {
        v->ex.record = v->ex.id != NONE ? record_load(ctx, k, v->ex.id) : NULL;
        if (!v->ex.record && db_status(ctx->db) == OK)
            return survivor_follow(ctx, k, v->ex.id) ? visit_end(v)
                                                     : refuse(v, 404, NOT_FOUND, NULL);
    }
    return GATE_CHANGE;
}

/* Refuses a form. If possible, the answer carries what was typed, to be sent again. */
static enum gate_next refuse_kept(struct visit *v, int code, const char *why, const char *sign_in)
{
    if (!v->bearer && answer_again(&v->ctx, code, sign_in))
        return visit_end(v);
    return refuse(v, code, FORBIDDEN, why);
}

/* Checks session, role, origin, token and record. GATE_ANSWER: refused; GATE_CHANGE: admitted. */
static enum gate_next admit(struct visit *v, struct db *reader)
{
    struct ctx *ctx = &v->ctx;
    session_actor(v, reader);
    words_open(v);
    v->ex.csrf = session_csrf(v);
    bool changes = v->ex.method != GET;
    if (!(v->route->roles & ctx->actor.roles)) {
        bool page = !changes && !v->ex.wants_json && !v->ex.fragment && !v->bearer;
        bool card = ctx->site->card && (v->route->roles & ROLE_VOLUNTEER) &&
                    !(v->route->roles & ROLE_ADMIN);
        if (page && card) /* a page for volunteers, not merely open to them */
            return ask_who(v, "card");
        if (ctx->actor.user != NONE || v->bearer)
            return refuse(v, 403, FORBIDDEN, NULL);
        if (page)
            return ask_who(v, "login");
        return refuse_kept(
            v, 401,
            say(ctx, "You have been signed out. Sign in in another window, then submit again."),
            card ? "/card" : "/login");
    }
    if (changes && !v->bearer) {
        if (!origin_same(v))
            return refuse(v, 403, FORBIDDEN,
                          say(ctx, "This action came from another website and was blocked."));
        if (v->session && (!(v->route->flags & NO_CSRF) || !origin_stated(v)) &&
            !origin_token_fits(v))
            return refuse_kept(
                v, 403, say(ctx, "This page has expired. Reload it and submit again."), NULL);
    }
    return admit_record(v);
}

enum gate_next gate_enter(struct gate *g, struct visit *v, struct db *reader)
{
    struct ctx *ctx = &v->ctx;
    ctx->db = reader;
    bool clean = take_headers(v);
    if (v->ambiguous) {
        draw_refusal(v, 400, INVALID, say(ctx, "The HTTP request is malformed."));
        answer_header(ctx, "Connection", "close");
        return visit_end(v);
    }
    if (!clean || v->bad_path)
        return refuse(v, 400, INVALID, say(ctx, "The address or a field is not valid UTF-8."));
    if (!origin_host_fits(g->site, v))
        return refuse(v, 421, INVALID, say(ctx, "This server does not use that host name."));
    if (too_many(g, v))
        return refuse(v, 429, BUSY, say(ctx, "Please wait a moment and try again."));
    if (v->too_long)
        return refuse(v, 413, INVALID,
                      say(ctx, "You can send up to {} MB here.", (int64_t)(v->limit >> 20)));
    if (!v->known_method || (!v->route && v->allow))
        return refuse(v, 405, INVALID, NULL);
    if (!v->route || (!ctx->site->data && !(v->route->flags & STORELESS)))
        return refuse(v, 404, NOT_FOUND,
                      ctx->site->data ? NULL
                                      : say(ctx, "No subdistrict uses this address. Please use the "
                                                 "address your subdistrict office gave you."));
    int wrong = take_body(v);
    if (wrong)
        return refuse(v, wrong, INVALID,
                      wrong == 400
                          ? say(ctx, "A field is not valid UTF-8, or the form data is incomplete.")
                          : NULL);
    if (!ctx->key)
        ctx->key = param(ctx, "_key");
    if (ctx->key && strlen(ctx->key) > 200)
        ctx->key = NULL;
    if (!gate_reads(v)) {
        v->route->handle(ctx);
        return ctx_ok(ctx) ? visit_end(v) : refuse(v, 404, NOT_FOUND, NULL);
    }
    if (!reader)
        return store_failed(v, NULL);
    db_clear(reader);
    if (db_begin(reader) != OK)
        return store_failed(v, reader);
    enum gate_next next = admit(v, reader);
    bool change = v->ex.method != GET && !(v->route->flags & READS);
    if (next == GATE_CHANGE && !change)
        next = draw(v);
    enum status s = db_status(reader);
    db_rollback(reader);
    if (s != OK)
        return store_failed(v, reader);
    if (next != GATE_CHANGE)
        return next == GATE_LIVE ? next : visit_end(v);
    fingerprint(v);
    return v->route->flags & SLOW ? GATE_SLOW : gate_prepare(g, v, reader);
}

void gate_again(struct visit *v)
{
    v->ctx = v->before;
    answer_forget(v);
    v->ex.sent = NULL;
    v->replayed = false;
}

/* The record may have left the actor's scope while the change waited in the queue. */
static bool still_admitted(struct visit *v)
{
    const struct kind *k = v->ex.kind ? v->ex.kind : v->route->record;
    return !v->ex.record || record_reached(&v->ctx, k, v->ex.id) || (record_gone(&v->ctx), false);
}

enum status gate_change(struct gate *g, struct visit *v, struct db *writer)
{
    (void)g;
    struct ctx *ctx = &v->ctx;
    v->before = *ctx;
    ctx->db = writer;
    if (replay(v, writer))
        return ctx->status;
    answer_forget(v);
    if (!still_admitted(v))
        return ctx->status;
    v->route->handle(ctx);
    if (!ctx_ok(ctx))
        return ctx->status;
    if (v->out.full)
        return UNAVAILABLE;
    if (ctx->key && db_status(writer) == OK)
        remember(v, writer);
    return db_status(writer);
}

void gate_finish(struct gate *g, struct visit *v, struct db *reader, enum status s)
{
    (void)g;
    struct ctx *ctx = &v->ctx;
    ctx->db = reader;
    if (s == OK) {
        atomic_fetch_add_explicit(&ctx->site->changes, 1, memory_order_relaxed);
        const char *kept = v->ex.sent ? v->ex.sent : param(ctx, "_keep");
        if (kept)
            answer_cookie(ctx, "linli_sent", kept, 60);
        visit_end(v);
        return;
    }
    if (ctx_ok(ctx)) /* the commit itself failed */
        ctx->status = s;
    if (!reader) {
        store_failed(v, NULL);
        return;
    }
    db_clear(reader);
    if (db_begin(reader) != OK) {
        store_failed(v, reader);
        return;
    }
    draw_failed(v);
    enum status drawn = db_status(reader);
    db_rollback(reader);
    if (drawn != OK)
        store_failed(v, reader);
    else
        visit_end(v);
}
