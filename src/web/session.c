/*
 * Signing in and out, and identifying the user of a request.
 *
 * An unknown username and a wrong password get the same answer after the same
 * work. The password is checked in the slow pool; only the outcome is written
 * on the writer thread. A session's "seen" is renewed at most once a minute,
 * by a separate change for which nobody waits.
 */
#include "web/session.h"

#include "db/journal.h"
#include "web/gate.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define HASH 32
#define YEAR 31536000 /* seconds */

static char *token_new(struct arena *a, unsigned char hash[HASH])
{
    unsigned char random[32];
    char *text = arena_alloc(a, 2 * sizeof random + 1);
    randombytes_buf(random, sizeof random);
    sodium_bin2hex(text, 2 * sizeof random + 1, random, sizeof random);
    crypto_generichash(hash, HASH, (const unsigned char *)text, strlen(text), NULL, 0);
    return text;
}

char *token_create(struct ctx *ctx, const char *name, enum role role, int64_t area, int64_t unit)
{
    unsigned char hash[HASH];
    char *text = token_new(ctx->arena, hash);
    enum status s = change(ctx->db,
                           "INSERT INTO api_tokens (token_hash, name, role, area, unit, created) "
                           "VALUES ({}, {}, {}, {}, {}, {})",
                           bytes_of(hash, HASH), name, role_name(role), (struct maybe){area},
                           (struct maybe){unit}, ctx->now);
    if (s == OK)
        s = journal_note(ctx, "api_tokens", db_inserted(ctx->db), "create",
                         "{\"name\":{},\"role\":{},\"area\":{},\"unit\":{}}", name, role_name(role),
                         (struct maybe){area}, (struct maybe){unit});
    return s == OK ? text : NULL;
}

static struct grant *grants_load(struct db *db, struct arena *a, int64_t user, int *count)
{
    struct grant *grants = NULL;
    int n = 0;
    struct rows *r = query(
        db, "SELECT role, area, unit, organisation FROM grants WHERE \"user\" = {} ORDER BY id",
        user);
    while (rows_next(r)) {
        unsigned role = role_parse(row_text(r, "role"));
        if (role)
            *ARENA_NEXT(a, grants, n) = (struct grant){role, row_int(r, "area"), row_int(r, "unit"),
                                                       row_int(r, "organisation")};
    }
    rows_end(r);
    *count = n;
    return grants;
}

/* Copies the grants to the context's memory. */
static void take_grants(struct ctx *ctx, const struct grant *grants, int count)
{
    struct grant *own = ARENA_ARRAY(ctx->arena, struct grant, count + 1);
    ctx->actor.roles |= ROLE_PUBLIC;
    for (int i = 0; i < count; i++) {
        own[i] = grants[i];
        ctx->actor.roles |= grants[i].role;
    }
    ctx->actor.grants = own;
    ctx->actor.grant_count = count;
}

enum status actor_load(struct ctx *ctx, struct db *db, int64_t user, const char *via)
{
    struct rows *r = query(db, "SELECT name, name_en FROM users WHERE id = {} AND active = 1",
                           user);
    if (!rows_next(r))
        return NOT_FOUND;
    const char *zh = row_copy(r, ctx->arena, "name"), *en = row_copy(r, ctx->arena, "name_en");
    rows_end(r);
    ctx->actor = (struct actor){.user = user, .name = zh, .name_en = en, .via = via};
    int count;
    struct grant *grants = grants_load(db, ctx->arena, user, &count);
    take_grants(ctx, grants, count);
    return OK;
}

static const char *cookie_name(const struct visit *v)
{
    return !v->ex.tls      ? "linli"
           : *v->ex.prefix ? "__Secure-linli"
                           : "__Host-linli"; /* __Host- requires the path / */
}

static const char *card_name(const struct visit *v)
{
    return !v->ex.tls ? "linli_card" : *v->ex.prefix ? "__Secure-linli-card" : "__Host-linli-card";
}

/* ---- renewing "seen" ---- */

struct renewal {
    struct task task;
    unsigned char hash[HASH];
    int64_t now, token; /* token: api_tokens.id; NONE: the session of the hash */
};

static enum status renewal_run(struct task *t, struct db *db)
{
    struct renewal *n = (struct renewal *)t;
    if (n->token != NONE)
        return change(db, "UPDATE api_tokens SET last_used = {} WHERE id = {}", n->now, n->token);
    return change_common(db, "UPDATE sessions SET seen = {} WHERE token_hash = {}", n->now,
                         bytes_of(n->hash, HASH));
}

static void renewal_done(struct task *t, enum status s)
{
    (void)s; /* the next request tries again */
    free(t);
}

static void renew(struct visit *v, int64_t token)
{
    struct writer *writer = site_writer(v->ctx.site);
    if (!writer)
        return;
    struct renewal *n = must_alloc(sizeof *n);
    n->task = (struct task){.run = renewal_run, .done = renewal_done};
    if (token == NONE)
        memcpy(n->hash, v->session, HASH);
    n->now = v->ctx.now;
    n->token = token;
    if (!writer_submit(writer, &n->task))
        free(n);
}

static void bearer_actor(struct visit *v, struct db *db, const char *token)
{
    unsigned char hash[HASH];
    crypto_generichash(hash, HASH, (const unsigned char *)token, strlen(token), NULL, 0);
    struct rows *r = query(db,
                           "SELECT id, name, role, area, unit, last_used FROM api_tokens WHERE "
                           "token_hash = {} AND revoked IS NULL",
                           bytes_of(hash, HASH));
    if (!rows_next(r))
        return;
    struct grant *g = ARENA_NEW(v->arena, struct grant);
    *g = (struct grant){role_parse(row_text(r, "role")), row_int(r, "area"), row_int(r, "unit")};
    v->token = row_int(r, "id");
    v->ctx.actor = (struct actor){.user = NONE,
                                  .name = row_copy(r, v->arena, "name"),
                                  .roles = ROLE_PUBLIC | g->role,
                                  .grants = g,
                                  .grant_count = 1,
                                  .via = "api"};
    v->bearer = true;
    int64_t used = row_int(r, "last_used");
    rows_end(r);
    if (used == NONE || v->ctx.now - used >= 60)
        renew(v, v->token);
}

/* ---- cached sessions, valid until the next commit ---- */

#define MEMBERS 32

struct member {
    unsigned char hash[HASH];
    int64_t user, seen, expires;
    const char *name, *name_en, *language;
    struct grant *grants;
    int count;
};

/* Returns the slot of a session, or a slot to reuse; NULL: nothing can be
 * cached now. */
static struct member *member_place(struct db *db, const unsigned char *hash)
{
    struct arena *a = db_memory(db);
    struct member *all = a ? db_recall(db, "members") : NULL;
    if (a && !all) {
        all = ARENA_ARRAY(a, struct member, MEMBERS);
        memset(all, 0, sizeof *all * MEMBERS);
        db_keep(db, "members", all);
    }
    return all ? &all[hash[0] % MEMBERS] : NULL;
}

/* Returns false if it is nobody's session. The result lives as long as the
 * caller's transaction. */
static bool member_load(struct db *db, struct arena *a, const unsigned char *hash, struct member *m)
{
    struct rows *r = query(db,
                           "SELECT s.\"user\", s.seen, s.expires, u.name, u.name_en, u.language "
                           "FROM sessions s JOIN users u ON u.id = s.\"user\""
                           " WHERE s.token_hash = {} AND u.active = 1",
                           bytes_of(hash, HASH));
    if (!rows_next(r))
        return false;
    *m = (struct member){.user = row_int(r, "user"),
                         .seen = row_int(r, "seen"),
                         .expires = row_int(r, "expires"),
                         .name = row_copy(r, a, "name"),
                         .name_en = row_copy(r, a, "name_en"),
                         .language = row_copy(r, a, "language")};
    memcpy(m->hash, hash, HASH);
    rows_end(r);
    m->grants = grants_load(db, a, m->user, &m->count);
    return db_status(db) == OK;
}

static void cookie_actor(struct visit *v, struct db *db, const char *token)
{
    struct ctx *ctx = &v->ctx;
    unsigned char *hash = arena_alloc(v->arena, HASH);
    crypto_generichash(hash, HASH, (const unsigned char *)token, strlen(token), NULL, 0);
    struct member *kept = member_place(db, hash), m;
    if (kept && kept->user && memcmp(kept->hash, hash, HASH) == 0)
        m = *kept;
    else if (!member_load(db, kept ? db_memory(db) : v->arena, hash, &m))
        return;
    else if (kept)
        *kept = m;
    if (m.expires <= ctx->now || m.seen <= ctx->now - SESSION_IDLE ||
        m.seen > ctx->now + SESSION_IDLE) /* its last use is in the future: the clock was wrong */
        return;
    if (m.language && *m.language && !cookie(ctx, "linli_language") && !query_param(ctx, "lang"))
        ctx->lang = m.language[0] == 'e' ? "en" : "zh_CN"; /* the account's, none was chosen here */
    const char *zh = arena_copy(v->arena, m.name),
               *en = arena_copy(v->arena, m.name_en); /* the visit outlives the transaction */
    ctx->actor = (struct actor){.user = m.user, .name = zh, .name_en = en, .via = "web"};
    take_grants(ctx, m.grants, m.count);
    v->session = hash;
    if (ctx->now - m.seen >= 60)
        renew(v, NONE);
}

/* Adds a volunteer card, alone or beside a session. Alone, its hash is the key
 * for form tokens. */
static void card_actor(struct visit *v)
{
    const char *text = cookie(&v->ctx, card_name(v));
    bool held = v->ctx.site->card && v->ctx.site->card(&v->ctx, text && *text ? text : NULL);
    if (!held || !text || v->session)
        return;
    unsigned char *hash = arena_alloc(v->arena, HASH);
    crypto_generichash(hash, HASH, (const unsigned char *)text, strlen(text), NULL, 0);
    v->session = hash;
}

void answer_card(struct ctx *ctx, const char *text)
{
    answer_cookie(ctx, card_name(visit_of(ctx)), text ? text : "", text ? YEAR : -1);
}

void session_actor(struct visit *v, struct db *db)
{
    const char *bearer = header(&v->ctx, "authorization"), *token = cookie(&v->ctx, cookie_name(v));
    if (bearer && strncmp(bearer, "Bearer ", 7) == 0) {
        bearer_actor(v, db, bearer + 7);
        return;
    }
    if (token && *token)
        cookie_actor(v, db, token);
    card_actor(v);
}

const char *session_csrf(struct visit *v)
{
    if (!v->session)
        return NULL;
    unsigned char mac[HASH];
    crypto_generichash(mac, HASH, v->session, HASH, v->ctx.site->secret,
                       sizeof v->ctx.site->secret);
    char *text = arena_alloc(v->arena, 2 * HASH + 1);
    sodium_bin2hex(text, 2 * HASH + 1, mac, HASH);
    return text;
}

/* ---- pages ---- */

/* Accepts only a local path: never "//elsewhere". */
const char *next_path(struct ctx *ctx, const char *otherwise)
{
    const char *next = param(ctx, "next");
    return next && next[0] == '/' && next[1] != '/' && !strchr(next, '\\') && strlen(next) < 2000
               ? next
               : otherwise;
}

void see_next(struct ctx *ctx, const char *otherwise)
{
    answer_code(ctx, 303);
    struct buf b;
    buf_init(&b, 0);
    for (const char *p = next_path(ctx, otherwise); *p; p++)
        if ((unsigned char)*p > 0x20 && (unsigned char)*p < 0x7F)
            buf_putc(&b, *p);
        else
            url_encode(&b, arena_copyn(ctx->arena, p, 1));
    answer_header(ctx, "Location", b.data);
    buf_release(&b);
}

static void login_draw(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const char *title = say(ctx, "Staff sign-in"), *typed = param(ctx, "login");
    page_begin(ctx, title, PAGE_RESIDENT);
    html(out, "<header class=\"head\"><h1>{}</h1></header>", title);
    form_begin(ctx, "/login", NULL, false);
    form_problems_under(ctx, say(ctx, "Sign-in failed"));
    html(out, "<input type=\"hidden\" name=\"next\" value=\"{}\">", next_path(ctx, NULL));
    html(out,
         "<div class=\"field\"><label for=\"f-login\">{}</label><input id=\"f-login\" "
         "name=\"login\" value=\"{}\" "
         "autocomplete=\"username\" autocapitalize=\"none\" required></div>",
         say(ctx, "Username"), typed);
    html(out,
         "<div class=\"field\"><label for=\"f-password\">{}</label><input id=\"f-password\" "
         "name=\"password\" type=\"password\" "
         "autocomplete=\"current-password\" required></div>",
         say(ctx, "Password"));
    html(out, "<div class=\"acts\"><button class=\"primary\">{}</button></div>",
         say(ctx, "Sign in"));
    form_end(ctx);
    page_end(ctx);
}

struct attempt {
    int64_t user;
    bool fits, locked;
    const char *fresh; /* the same password hashed with today's costs; NULL: not needed */
};

static void login_prepare(struct ctx *ctx)
{
    ctx->key = NULL; /* a sign-in is never answered from a stored response */
    struct attempt *t = ARENA_NEW(ctx->arena, struct attempt);
    const char *login = param(ctx, "login"), *password = param(ctx, "password");
    t->user = NONE;
    ctx->work = t;
    struct rows *r = query(
        ctx->db, "SELECT id, password, locked_until FROM users WHERE login = {} AND active = 1",
        login ? login : "");
    const char *hash = NULL;
    if (rows_next(r)) {
        t->user = row_int(r, "id");
        t->locked = LOGIN_IS_LOCKED(row_int(r, "locked_until"), ctx->now);
        hash = row_copy(r, ctx->arena, "password");
    }
    rows_end(r);
    t->fits = password_fits(hash, password);
    if (t->fits && password_is_old(hash))
        t->fresh = password_hash(ctx->arena, password);
}

static const char *refused_text(struct ctx *ctx)
{
    return say(ctx, "Incorrect username or password. After five incorrect passwords, the account "
                    "is locked for 15 minutes.");
}

/* The first page after sign-in: the first staff place for these roles, otherwise the first that
 * not everyone has. */
static const char *first_place(struct ctx *ctx, int64_t user)
{
    const char *other = "/";
    actor_load(ctx, ctx->db, user, "web");
    const char *land = ctx->site->land ? ctx->site->land(ctx) : NULL;
    if (!land)
        land = landing_place(ctx, false);
    if (land)
        return land;
    for (const struct place *const *list = ctx->site->places; list && *list; list++)
        for (const struct place *p = *list; p->href; p++) {
            if (!(p->roles & ctx->actor.roles))
                continue;
            if (p->staff)
                return p->href;
            if (!(p->roles & ROLE_PUBLIC))
                other = p->href;
        }
    return other;
}

void password_wrong(struct ctx *ctx, int64_t user)
{
    change(
        ctx->db,
        "UPDATE users SET locked_until = CASE WHEN failed + 1 >= {} THEN {} ELSE locked_until END,"
        " failed = CASE WHEN failed + 1 >= {} THEN 0 ELSE failed + 1 END WHERE id = {}",
        LOGIN_FAILURES, ctx->now + LOGIN_LOCKED, LOGIN_FAILURES, user);
    journal_add(ctx, "users", user, "sign_in_refused", NULL, NULL);
}

static void login_change(struct ctx *ctx)
{
    struct attempt *t = ctx->work;
    if (!t->fits || t->locked || t->user == NONE) {
        if (t->user != NONE && !t->locked)
            password_wrong(ctx, t->user);
        /* counting the failure is a change that succeeds, so the page is drawn
         * here */
        ctx_problem(ctx, NULL, refused_text(ctx));
        answer_code(ctx, 422);
        login_draw(ctx);
        ctx->status = OK;
        return;
    }
    unsigned char hash[HASH];
    const char *token = token_new(ctx->arena, hash);
    if (t->fresh)
        change(ctx->db, "UPDATE users SET password = {} WHERE id = {}", t->fresh, t->user);
    change(ctx->db, "DELETE FROM sessions WHERE expires <= {} OR seen <= {}", ctx->now,
           ctx->now - SESSION_IDLE);
    change(ctx->db,
           "UPDATE users SET failed = 0, locked_until = NULL, last_login = {} WHERE id = {}",
           ctx->now, t->user);
    change(ctx->db,
           "INSERT INTO sessions (token_hash, \"user\", created, seen, expires) VALUES ({}, {}, "
           "{}, {}, {})",
           bytes_of(hash, HASH), t->user, ctx->now, ctx->now, ctx->now + SESSION_MOST);
    actor_load(ctx, ctx->db, t->user, "web");
    journal_add(ctx, "users", t->user, "sign_in", NULL, NULL);
    answer_cookie(ctx, cookie_name(visit_of(ctx)), token, 0);
    see_next(ctx, first_place(ctx, t->user));
}

static void logout_change(struct ctx *ctx)
{
    struct visit *v = visit_of(ctx);
    if (v->session && ctx->actor.user != NONE) {
        change(ctx->db, "DELETE FROM sessions WHERE token_hash = {}", bytes_of(v->session, HASH));
        journal_add(ctx, "users", ctx->actor.user, "sign_out", NULL, NULL);
    }
    answer_cookie(ctx, cookie_name(v), "", -1);
    see_other(ctx, "/");
}

static void language_set(struct ctx *ctx)
{
    const char *asked = param(ctx, "language");
    answer_cookie(ctx, "linli_language", asked && strcmp(asked, "en") == 0 ? "en" : "zh_CN", YEAR);
    see_next(ctx, "/");
}

static void elder_set(struct ctx *ctx)
{
    const char *asked = param(ctx, "elder");
    answer_cookie(ctx, "linli_elder", asked && strcmp(asked, "1") == 0 ? "1" : "",
                  asked && strcmp(asked, "1") == 0 ? YEAR : -1);
    see_next(ctx, "/");
}

const struct route session_routes[] = {
    ROUTE_GET("/login", ROLE_PUBLIC, login_draw),
    ROUTE_POST("/login", ROLE_PUBLIC, login_change, .prepare = login_prepare,
               .flags = SLOW | NO_CSRF | LOGIN_LIMIT),
    ROUTE_POST("/logout", ROLE_PUBLIC, logout_change),
    ROUTE_POST("/language", ROLE_PUBLIC, language_set, .flags = READS | NO_CSRF),
    ROUTE_POST("/elder", ROLE_PUBLIC, elder_set, .flags = READS | NO_CSRF),
};
const int session_route_count = (int)(sizeof session_routes / sizeof *session_routes);
