/*
 * Offline entries: each key is applied once. The table offline_entries holds
 * the key, the type and a keyed hash of the body: enough to distinguish a
 * repeated entry from another one with the same key, and nothing of its
 * content. Only applied entries are stored, so a refused entry may be sent
 * again and be accepted.
 *
 * apply runs in a savepoint together with the row of its key: a refusal undoes
 * what it wrote, and nothing else of the batch.
 */
#include "core/offline.h"

#include "core/module.h"
#include "base/seal.h"
#include "kind/import.h"
#include "kind/json.h"
#include "web/web.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- what was sent ---- */

bool offline_key_valid(const char *key)
{
    size_t n = key ? strlen(key) : 0;
    return n >= OFFLINE_KEY_LEAST && n <= OFFLINE_KEY_MOST &&
           strspn(key, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.") == n;
}

int64_t offline_number(const struct cJSON *o, const char *name)
{
    const cJSON *n = cJSON_GetObjectItemCaseSensitive(o, name);
    return cJSON_IsNumber(n) && fabs(n->valuedouble) < 1e12 ? (int64_t)n->valuedouble : NONE;
}

const char *offline_text(const struct cJSON *o, const char *name)
{
    const cJSON *t = cJSON_GetObjectItemCaseSensitive(o, name);
    return cJSON_IsString(t) && *t->valuestring && strlen(t->valuestring) <= OFFLINE_TEXT_MOST
               ? t->valuestring
               : NULL;
}

struct offline_sent offline_read(const struct cJSON *o)
{
    const cJSON *body = cJSON_GetObjectItemCaseSensitive(o, "body");
    return (struct offline_sent){
        .key = offline_text(o, "key"),
        .what = offline_text(o, "what"),
        .at = offline_number(o, "at"),
        .ahead = offline_number(o, "ahead"),
        .body = cJSON_IsObject(body) ? body : NULL,
    };
}

static int by_name(const void *a, const void *b)
{
    const cJSON *const *x = a, *const *y = b;
    return strcmp((*x)->string, (*y)->string);
}

/* The members beside the body in the list of /api/attendance, where entry and body are one
 * object. */
static bool is_around(const cJSON *member)
{
    return !strcmp(member->string, "key") || !strcmp(member->string, "at") ||
           !strcmp(member->string, "ahead");
}

/* The value as text that does not depend on the order of an object's members. cJSON has limited
 * the depth. top: the body itself. */
static void canonical(struct ctx *ctx, struct buf *out, const cJSON *v, bool top)
{
    int n = cJSON_GetArraySize(v), i = 0;
    const cJSON *each, **members;
    if (!cJSON_IsObject(v) && !cJSON_IsArray(v)) {
        char *text = cJSON_PrintUnformatted(v);
        buf_puts(out, text ? text : "");
        cJSON_free(text);
        return;
    }
    members = ARENA_ARRAY(ctx->arena, const cJSON *, (size_t)n + 1);
    cJSON_ArrayForEach(each, v)
    {
        if (!top || !is_around(each))
            members[i++] = each;
    }
    n = i;
    if (cJSON_IsObject(v))
        qsort(members, (size_t)n, sizeof(const cJSON *), by_name);
    buf_puts(out, cJSON_IsObject(v) ? "{" : "[");
    for (i = 0; i < n; i++) {
        if (cJSON_IsObject(v))
            json(out, "{}:", members[i]->string);
        canonical(ctx, out, members[i], false);
        buf_puts(out, ",");
    }
    buf_puts(out, cJSON_IsObject(v) ? "}" : "]");
}

static const char *body_hash(struct ctx *ctx, const struct offline_sent *e)
{
    struct buf out;
    buf_init(&out, 0);
    canonical(ctx, &out, e->body, true);
    const char *hash = seal_hash(ctx->keys, ctx->arena, "offline",
                                 arena_copyn(ctx->arena, out.data ? out.data : "", out.size));
    buf_release(&out);
    return hash;
}

/* ---- when ---- */

int64_t offline_believed(const struct ctx *ctx, int64_t at, int64_t ahead)
{
    return at == NONE ? ctx->now : at - (ahead == NONE ? 0 : ahead);
}

#define FUTURE 120 /* seconds by which a measured difference may be wrong */

int64_t offline_time(const struct ctx *ctx, int64_t at, int64_t ahead, const struct offline_span *s,
                     bool *good)
{
    int64_t when = offline_believed(ctx, at, ahead), now = ctx->now;
    *good = when >= s->from - s->early && when <= s->to + s->late && when <= now + FUTURE;
    if (*good)
        return when < now ? when : now;
    return now < s->from - s->early ? s->from : now > s->to + s->late ? s->to : now;
}

/* ---- one entry ---- */

static const struct offline_entry *entry_of(const char *what)
{
    for (int m = 0; what && modules[m]; m++)
        for (const struct offline_entry *e = modules[m]->offline; e && e->what; e++)
            if (!strcmp(e->what, what))
                return e;
    return NULL;
}

bool offline_refuse(struct offline_answer *a, int code, const char *text)
{
    a->code = code;
    a->text = text;
    a->result = OFFLINE_REFUSED;
    return false;
}

static int code_of(enum status s)
{
    return s == CONFLICT ? 409 : s == FORBIDDEN ? 403 : 422;
}

/* Adds the problem of a rule to the answer and removes it from the context, so that the next
 * entry starts clean. */
static struct offline_answer refusal(struct ctx *ctx, struct offline_answer a)
{
    if (a.result != OFFLINE_REFUSED)
        offline_refuse(&a, code_of(ctx->status), NULL);
    if (!a.text)
        a.text = ctx->problems ? ctx->problems->text : say(ctx, "That didn’t work.");
    if (db_status(ctx->db) == OK)
        import_forget(ctx);
    return a;
}

/* Returns false if the key is new. */
static bool known(struct ctx *ctx, const struct offline_entry *row, const struct offline_sent *e,
                  struct offline_answer *a)
{
    struct rows *r = query(ctx->db, "SELECT what, body FROM offline_entries WHERE key = {}",
                           e->key);
    bool there = rows_next(r), same = there && !strcmp(row_text(r, "what"), e->what) &&
                                      !strcmp(row_text(r, "body"), body_hash(ctx, e));
    rows_end(r);
    if (same)
        *a = (struct offline_answer){OFFLINE_DUPLICATE, 200, NULL,
                                     row->again ? row->again(ctx, e) : NULL};
    else if (there)
        offline_refuse(a, 409,
                       say(ctx, "Another entry was stored under this key. Enter it once more."));
    return there;
}

static void remember(struct ctx *ctx, const struct offline_sent *e)
{
    change(ctx->db,
           "INSERT INTO offline_entries (received, key, what, body, device_at, ahead, actor, "
           "actor_name) VALUES ({}, {}, {}, {}, {}, {}, {}, {})",
           ctx->now, e->key, e->what, body_hash(ctx, e), (struct maybe){e->at},
           (struct maybe){e->ahead}, (struct maybe){ctx->actor.user}, ctx->actor.name);
}

static struct offline_answer apply(struct ctx *ctx, const struct offline_entry *row,
                                   struct offline_sent *e)
{
    struct offline_answer a = {.result = OFFLINE_ACCEPTED, .code = 201};
    int64_t device = ctx->device_time;
    if (db_savepoint(ctx->db) != OK)
        return refusal(ctx, a);
    ctx->device_time = e->at;
    bool done = row->apply(ctx, e, &a) && ctx_ok(ctx);
    ctx->device_time = device;
    if (done && a.result == OFFLINE_ACCEPTED)
        remember(ctx, e);
    if (done && db_status(ctx->db) == OK) {
        db_savepoint_release(ctx->db);
        return a;
    }
    a = refusal(ctx, a);
    if (db_status(ctx->db) == OK)
        db_savepoint_undo(ctx->db);
    return a;
}

struct offline_answer offline_take(struct ctx *ctx, struct offline_sent *e)
{
    struct offline_answer a = {.result = OFFLINE_ACCEPTED, .code = 201};
    const struct offline_entry *row = entry_of(e->what);
    if (!offline_key_valid(e->key))
        offline_refuse(&a, 422,
                       say(ctx, "Each entry needs its own key: {} to {} letters and digits.",
                           OFFLINE_KEY_LEAST, OFFLINE_KEY_MOST));
    else if (!row)
        offline_refuse(&a, 422, say(ctx, "This server does not take entries of this type."));
    else if (!e->body)
        offline_refuse(&a, 422, say(ctx, "Each entry needs a “body”, which is an object."));
    else if (!(row->roles & ctx->actor.roles))
        offline_refuse(&a, ctx->actor.user == NONE ? 401 : 403,
                       ctx->actor.user == NONE ? say(ctx, "Please sign in")
                                               : say(ctx, "Your role does not allow this."));
    else if (!known(ctx, row, e, &a))
        return row->check && !row->check(ctx, e, &a) ? refusal(ctx, a) : apply(ctx, row, e);
    return a;
}

static const char *offline_word(enum offline_result r)
{
    return r == OFFLINE_ACCEPTED ? "accepted" : r == OFFLINE_DUPLICATE ? "duplicate" : "refused";
}

/* ---- the address for devices ---- */

static void sent_prepare(struct ctx *ctx)
{
    cJSON *o = ctx->web->body ? json_object(ctx, ctx->web->body, ctx->web->body_size) : NULL;
    const cJSON *entries = cJSON_GetObjectItemCaseSensitive(o, "entries");
    if (ctx_ok(ctx) && !cJSON_IsArray(entries))
        ctx_problem(ctx, NULL, say(ctx, "Send JSON: an object with “entries”, a list."));
    else if (cJSON_GetArraySize(entries) > OFFLINE_MOST)
        ctx_problem(ctx, NULL, say(ctx, "No more than {} at a time.", OFFLINE_MOST));
    json_free(o);
}

static void sent(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    cJSON *o = json_object(ctx, ctx->web->body, ctx->web->body_size);
    const cJSON *each;
    bool fresh = false;
    int n = 0;
    answer_type(ctx, "application/json");
    json(out, "{\"now\":{},\"results\":[", ctx->now);
    cJSON_ArrayForEach(each, cJSON_GetObjectItemCaseSensitive(o, "entries"))
    {
        struct offline_sent e = offline_read(each);
        struct offline_answer a = offline_take(ctx, &e);
        if (!ctx_ok(ctx) || db_status(ctx->db) != OK)
            break; /* the database failed: the whole batch is sent again */
        fresh = fresh || a.result == OFFLINE_ACCEPTED;
        json(out, "{}{\"key\":{},\"status\":{},\"result\":{},\"detail\":{},\"message\":{}}",
             (struct raw_json){n++ ? "," : ""}, e.key, a.code, offline_word(a.result), a.detail,
             a.text);
    }
    buf_puts(out, "]}");
    json_free(o);
    answer_code(ctx, fresh ? 201 : 200);
}

static const struct route table[] = {
    ROUTE_POST("/api/offline", ROLE_PUBLIC, sent, .prepare = sent_prepare,
               .flags = API | NO_CSRF | TWICE),
};

const struct module offline_module = {.name = "offline", .routes = ROUTES(table)};
