/*
 * The JSON API, made from the kinds. Each kind gives a list, a record and, if
 * it can be written, POST and PATCH. Routes have the kind's roles, so the gate
 * refuses others; the kind's scope limits the rest.
 *
 * A change is parsed and checked on a reader, and applied on the writer
 * thread, which compares the version again. Memory is the context's arena; a
 * parsed body is freed before the step ends.
 */
#include "pages/api.h"

#include "core/module.h"
#include "kind/browse.h"
#include "core/reads.h"
#include "core/workflow.h"
#include "base/text.h"
#include "base/when.h"
#include "kind/json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cjson/cJSON.h>
#include <sodium.h>

#define LIMIT_MOST 500

static const struct kind *kind_of(struct ctx *ctx)
{
    return ctx->web->route->kind;
}

static bool reveals(struct ctx *ctx, const struct kind *k)
{
    return (ctx->actor.roles & k->reveal) != 0;
}

static const char *etag(struct ctx *ctx, const struct record *r)
{
    return arena_print(ctx->arena, "\"%lld\"", (long long)r->version);
}

void api_answer(struct ctx *ctx, const struct kind *k, const void *record, int code)
{
    const struct record *r = record;
    answer_code(ctx, code);
    answer_header(ctx, "ETag", etag(ctx, r));
    if (ctx->note) /* in English: a header is ASCII */
        answer_header(ctx, "Warning", arena_print(ctx->arena, "299 - \"%s\"", ctx->note));
    if (code == 201)
        answer_header(ctx, "Location",
                      arena_print(ctx->arena, "/api/v1/%s/%lld", k->name, (long long)r->id));
    record_json(ctx, ctx->web->out, k, record, reveals(ctx, k));
}

/* ---- lists ---- */

/* "r:123" as base64url: where a list goes on, for the program alone to read. */
static const char *cursor_text(struct ctx *ctx, int64_t id)
{
    const char *plain_text = arena_print(ctx->arena, "r:%lld", (long long)id);
    size_t n = strlen(plain_text),
           room = sodium_base64_encoded_len(n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return sodium_bin2base64(arena_alloc(ctx->arena, room), room, (const unsigned char *)plain_text,
                             n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

static bool cursor_read(const char *text, int64_t *id)
{
    unsigned char raw[40];
    size_t n = 0;
    const char *stop = NULL;
    if (sodium_base642bin(raw, sizeof raw - 1, text, strlen(text), NULL, &n, &stop,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
        *stop)
        return false;
    raw[n] = '\0';
    char *end, *digits = (char *)raw + 2;
    if (n < 3 || raw[0] != 'r' || raw[1] != ':' || *digits < '0' || *digits > '9')
        return false;
    errno = 0;
    *id = strtoll(digits, &end, 10);
    return !errno && !*end;
}

/* Words that must be in one of the listed texts each; % and _ stand for themselves. */
static void search_listed(struct ctx *ctx, struct sql *where, const struct kind *k, const char *q)
{
    struct buf like;
    buf_init(&like, 0);
    buf_putc(&like, '%');
    for (const char *p = text_tidy(ctx->arena, q); *p; p++) {
        if (strchr("%_\\", *p))
            buf_putc(&like, '\\');
        buf_putc(&like, *p);
    }
    buf_putc(&like, '%');
    sql_add(where, " AND (1 = 0");
    for (int i = 0; i < k->field_count; i++) {
        const struct field *f = &k->fields[i];
        if ((f->flags & LISTED) && !(f->flags & (SEALED | HIDDEN)) &&
            (f->type == F_TEXT || f->type == F_CODE))
            sql_add(where, " OR lower({}) LIKE lower({}) ESCAPE '\\'", (struct sql_name){f->name},
                    arena_copyn(ctx->arena, like.data, like.size));
    }
    sql_add(where, ")");
    buf_release(&like);
}

/* One filter: a value, or several codes of a choice parted by commas. */
static void filter_add(struct ctx *ctx, struct sql *where, const struct kind *k,
                       const struct field *f, const char *value)
{
    void *scratch = record_new(ctx, k);
    bool many = f->type == F_CHOICE;
    if (f->type == F_REF && !text_blank(value)) {
        if (field_set(ctx, f, scratch, value))
            filter_ref(where, f, field_int(f, scratch));
        return;
    }
    const char *start = " AND (";
    char *word = arena_copy(ctx->arena, value);
    struct sql part;
    sql_init(&part, ctx->arena);
    for (bool more = true; more;) {
        char *comma = many ? strchr(word, ',') : NULL;
        if (comma)
            *comma = '\0';
        if (!field_set(ctx, f, scratch, word))
            break;
        sql_write(&part, *start ? " AND (" : " OR ", NULL, 0);
        start = "";
        struct sql_name column = {f->name};
        if (f->type == F_TAGS)
            sql_add(&part, "{} LIKE {}", column,
                    arena_print(ctx->arena, "%%%s%%",
                                field_text(f, scratch) ? field_text(f, scratch) : "|"));
        else if (field_is_text(f) ? !field_text(f, scratch) : field_int(f, scratch) == NONE)
            sql_add(&part, "{} IS NULL", column);
        else if (field_is_text(f))
            sql_add(&part, "{} = {}", column, field_text(f, scratch));
        else
            sql_add(&part, "{} = {}", column, field_int(f, scratch));
        more = comma != NULL;
        word = comma ? comma + 1 : word;
    }
    if (!*start) {
        sql_add(&part, ")");
        sql_append(where, &part);
    }
    sql_release(&part);
}

struct asked {
    int64_t limit, after; /* after: the last id of the page before; NONE */
    const char *q;        /* words for the kind's own search; NULL */
};

static void parameter(struct ctx *ctx, const struct kind *k, struct list *l, struct asked *a,
                      const struct param *p)
{
    if (!strcmp(p->name, "limit")) {
        char *end;
        errno = 0;
        a->limit = strtoll(p->value, &end, 10);
        if (errno || !*p->value || *end || a->limit < 1 || a->limit > LIMIT_MOST)
            ctx_problem(ctx, "limit",
                        say(ctx, "“limit” must be a number from 1 to {}.", LIMIT_MOST));
    } else if (!strcmp(p->name, "cursor")) {
        if (!cursor_read(p->value, &a->after))
            ctx_problem(ctx, "cursor",
                        say(ctx, "“cursor” must be the “next” value of the previous "
                                 "page."));
    } else if (!strcmp(p->name, "q")) {
        if (text_length(p->value) > FIELD_TEXT_MOST)
            ctx_problem(ctx, "q",
                        say(ctx, "“q” can be up to {} characters long.", FIELD_TEXT_MOST));
        else if (text_blank(p->value))
            return;
        else if (k->search)
            a->q = p->value;
        else
            search_listed(ctx, &l->where, k, p->value);
    } else if (!strcmp(p->name, "since")) {
        int64_t t;
        if (when_parse(p->value, &t, NULL))
            sql_add(&l->where, " AND updated >= {}", t);
        else
            ctx_problem(ctx, "since",
                        say(ctx, "“since” must be a time such as 2026-03-05T14:30:00+08:00."));
    } else if (strcmp(p->name, "lang") != 0) {
        const struct field *f = kind_field(k, p->name);
        if (f && (f->flags & FILTER))
            filter_add(ctx, &l->where, k, f, p->value);
        else
            ctx_problem(ctx, p->name, say(ctx, "Unknown parameter “{}”.", p->name));
    }
}

/* How many the search finds, whatever page is asked for. */
static struct list_total searched(struct ctx *ctx, const struct list *l, const char *q)
{
    struct list all = *l;
    sql_init(&all.where, ctx->arena);
    sql_append(&all.where, &l->where);
    all.limit = 1;
    struct list_total total = l->kind->search(ctx, &all, q);
    sql_release(&all.where);
    return total;
}

static void list_draw(struct ctx *ctx)
{
    const struct kind *k = kind_of(ctx);
    struct list l;
    struct asked a = {.limit = 50, .after = NONE};
    list_init(ctx, &l, k);
    for (int i = 0; i < ctx->web->query_count; i++)
        parameter(ctx, k, &l, &a, &ctx->web->query[i]);
    if (!ctx_ok(ctx)) {
        sql_release(&l.where);
        return;
    }
    bool newest_first = !strncmp(k->order, "id DESC", 7);
    struct list_total total = a.q ? searched(ctx, &l, a.q)
                                  : (struct list_total){list_count(ctx, &l), false};
    if (a.after != NONE)
        sql_write(&l.where, newest_first ? " AND id < {}" : " AND id > {}",
                  (const struct arg[]){ARG(a.after)}, 1);
    l.order = newest_first ? "id DESC" : "id";
    l.limit = (int)a.limit + 1;
    if (a.q)
        k->search(ctx, &l, a.q);
    struct buf *out = ctx->web->out;
    struct rows *r = list_run(ctx, &l);
    int64_t n = 0, last = NONE;
    bool more = false;
    buf_puts(out, "{\"items\":[");
    for (struct record *rec; (rec = list_next(ctx, k, r, ctx->arena)) != NULL;) {
        if (n == a.limit) {
            more = true;
            rows_end(r);
            break;
        }
        if (n++)
            buf_putc(out, ',');
        record_json(ctx, out, k, rec, reveals(ctx, k));
        last = rec->id;
    }
    json(out, "],\"next\":{},\"total\":{}{}}", more ? cursor_text(ctx, last) : NULL, total.count,
         (struct raw_json){total.more ? ",\"total_is_least\":true" : ""});
    if (n && read_is_personal(ctx, k))
        read_note(
            ctx, k, n,
            url_with(ctx, "q",
                     a.q || query_param(ctx, "q") ? "…" : NULL)); /* it may be a phone number */
}

/* ---- one record ---- */

static void record_draw(struct ctx *ctx)
{
    const struct record *r = ctx->web->record;
    const char *known = header(ctx, "if-none-match");
    if (known && !strcmp(known, etag(ctx, r))) {
        answer_header(ctx, "ETag", etag(ctx, r));
        answer_code(ctx, 304);
        return;
    }
    api_answer(ctx, kind_of(ctx), r, 200);
    if (read_is_personal(ctx, kind_of(ctx)))
        read_note(ctx, kind_of(ctx), 1, ctx->web->path);
}

int64_t api_version(struct ctx *ctx)
{
    const char *match = header(ctx, "if-match");
    if (!match)
        return NONE;
    if (!strcmp(match, "*"))
        return 0;
    char *end;
    int64_t v = match[0] == '"' ? strtoll(match + 1, &end, 10) : 0;
    if (v > 0 && !strcmp(end, "\""))
        return v;
    ctx_problem(ctx, NULL,
                say(ctx, "If-Match must be the ETag of the version you read, e.g. \"3\"."));
    answer_code(ctx, 400);
    return NONE;
}

/* What one journal entry changed, a problem a field. */
static void tell_change(struct ctx *ctx, const struct kind *k, const char *who, int64_t at,
                        const char *after)
{
    cJSON *fields = after ? cJSON_Parse(after) : NULL;
    for (const cJSON *v = fields ? fields->child : NULL; v; v = v->next) {
        const struct field *f = kind_field(k, v->string);
        if (f && !(f->flags & HIDDEN) && !ctx_problem_of(ctx, f->name))
            ctx_problem(ctx, f->name,
                        say(ctx, "{} changed “{}” on {}.", who ? who : say(ctx, "Someone"),
                            tr(ctx, f->label), when_show(ctx->arena, ctx->lang, at)));
    }
    cJSON_Delete(fields);
}

bool api_is_fresh(struct ctx *ctx, const struct kind *k, const struct record *record,
                  int64_t version)
{
    if (version == 0 || version == record->version)
        return true;
    answer_code(ctx, 412);
    ctx_fail(ctx, CONFLICT,
             say(ctx,
                 "The current version is {}; your changes were to version {}. Read it again, then "
                 "resend them.",
                 record->version, version));
    int64_t since = record->version - version;
    if (since < 0) /* a version that never was */
        return false;
    struct rows *r = query(
        ctx->db,
        "SELECT at_ms, actor_name, after FROM journal WHERE kind = {} AND record = {}"
        " AND after IS NOT NULL ORDER BY seq DESC LIMIT {}",
        k->name, record->id, since > 20 ? (int64_t)20 : since);
    while (rows_next(r))
        tell_change(ctx, k, row_text(r, "actor_name"), row_int(r, "at_ms") / 1000,
                    row_text(r, "after"));
    return false;
}

struct write {
    int64_t version; /* PATCH: of If-Match */
    void *record;
};

static bool key_fits(struct ctx *ctx)
{
    const char *key = header(ctx, "idempotency-key");
    if (!key || ctx->key)
        return true;
    ctx_problem(ctx, NULL, say(ctx, "Idempotency-Key must be 1 to 200 characters long."));
    answer_code(ctx, 400);
    return false;
}

static void parse_into(struct ctx *ctx, const struct kind *k, const void *before, void *after)
{
    cJSON *body = json_object(ctx, ctx->web->body, ctx->web->body_size);
    if (!body)
        return;
    const struct workflow *w = workflow_of(k);
    const cJSON *state = w ? cJSON_GetObjectItemCaseSensitive(body, w->state) : NULL;
    if (state) { /* only a new record may say where it begins */
        if (!before && cJSON_IsString(state) && workflow_begins(w, state->valuestring))
            field_set(ctx, kind_field(k, w->state), after,
                      arena_copy(ctx->arena, state->valuestring));
        else
            ctx_problem(ctx, w->state, workflow_only_steps(ctx, w));
        cJSON_DeleteItemFromObjectCaseSensitive(body, w->state);
    }
    if (record_from_json(ctx, k, body, after) && record_refers(ctx, k, before, after))
        record_check(ctx, k, before, after);
    json_free(body);
}

static void create_prepare(struct ctx *ctx)
{
    const struct kind *k = kind_of(ctx);
    struct write *w = ARENA_NEW(ctx->arena, struct write);
    ctx->work = w;
    w->record = record_new(ctx, k);
    if (key_fits(ctx))
        parse_into(ctx, k, NULL, w->record);
}

static void create(struct ctx *ctx)
{
    const struct kind *k = kind_of(ctx);
    struct write *w = ctx->work;
    if (record_store(ctx, k, NULL, w->record) != OK)
        return;
    struct record *stored = k->settle ? record_get(ctx, k, ((struct record *)w->record)->id)
                                      : w->record;
    if (stored)
        api_answer(ctx, k, stored, 201);
}

static void patch_prepare(struct ctx *ctx)
{
    const struct kind *k = kind_of(ctx);
    struct write *w = ARENA_NEW(ctx->arena, struct write);
    ctx->work = w;
    w->version = api_version(ctx);
    if (ctx_ok(ctx) && w->version == NONE) {
        answer_code(ctx, 428);
        ctx_problem(ctx, NULL, say(ctx, "Send If-Match with the ETag of the version you read."));
    }
    if (!ctx_ok(ctx) || !key_fits(ctx) || !api_is_fresh(ctx, k, ctx->web->record, w->version))
        return;
    w->record = record_copy(ctx, k, ctx->web->record);
    parse_into(ctx, k, ctx->web->record, w->record);
}

static void patch(struct ctx *ctx)
{
    const struct kind *k = kind_of(ctx);
    const struct record *read = ctx->web->record;
    struct write *w = ctx->work;
    struct record *now = record_load(ctx, k, read->id);
    if (!now) {
        ctx_fail(ctx, NOT_FOUND, NULL);
        return;
    }
    if (!api_is_fresh(ctx, k, now, read->version) || record_store(ctx, k, now, w->record) != OK)
        return;
    struct record *stored = record_get(ctx, k, read->id);
    if (stored)
        api_answer(ctx, k, stored, 200);
}

/* ---- the description ---- */

static void kinds_draw(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const char *gap = "";
    buf_puts(out, "{\"kinds\":[");
    for (const struct kind *const *k = modules_kinds(); *k; k++) {
        if (!(ctx->actor.roles & (*k)->read))
            continue;
        buf_puts(out, gap);
        gap = ",";
        kind_json(ctx, out, *k);
    }
    buf_puts(out, "],\"openapi\":\"/api/v1/openapi.json\"}");
}

static void problem_answers(struct buf *out)
{
    static const char *const codes[] = {"400", "401", "403", "404", "409",
                                        "412", "422", "428", "429", "503"};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        json(out, ",{}:{\"$ref\":\"#/components/responses/problem\"}", codes[i]);
}

static void list_path(struct ctx *ctx, struct buf *out, const struct kind *k)
{
    json(out,
         "\"get\":{\"summary\":{},\"tags\":[{}],\"parameters\":["
         "{\"name\":\"q\",\"in\":\"query\",\"schema\":{\"type\":\"string\",\"maxLength\":{}}},"
         "{\"name\":\"limit\",\"in\":\"query\",\"schema\":{\"type\":\"integer\",\"minimum\":1,"
         "\"maximum\":{},\"default\":50}},"
         "{\"name\":\"cursor\",\"in\":\"query\",\"schema\":{\"type\":\"string\"}},"
         "{\"name\":\"since\",\"in\":\"query\",\"schema\":{\"type\":\"string\",\"format\":\"date-"
         "time\"}}",
         tr(ctx, k->many), k->name, FIELD_TEXT_MOST, LIMIT_MOST);
    for (int i = 0; i < k->field_count; i++)
        if (k->fields[i].flags & FILTER)
            json(out,
                 ",{\"name\":{},\"in\":\"query\",\"description\":{},\"schema\":{\"type\":"
                 "\"string\"}}",
                 k->fields[i].name, tr(ctx, k->fields[i].label));
    json(out,
         "],\"responses\":{\"200\":{\"description\":\"OK\",\"content\":{\"application/"
         "json\":{\"schema\":{\"type\":\"object\","
         "\"properties\":{\"items\":{\"type\":\"array\",\"items\":{\"$ref\":{}}},\"next\":{"
         "\"type\":[\"string\",\"null\"]},"
         "\"total\":{\"type\":\"integer\"}}}}}}",
         arena_print(ctx->arena, "#/components/schemas/%s", k->name));
    problem_answers(out);
    buf_puts(out, "}}");
}

static void write_path(struct ctx *ctx, struct buf *out, const struct kind *k, bool creates)
{
    json_write(out,
               creates ? ",\"post\":{\"summary\":{},\"tags\":[{}],\"parameters\":[{\"name\":"
                         "\"Idempotency-Key\",\"in\":\"header\","
                         "\"schema\":{\"type\":\"string\",\"maxLength\":200}}]"
                       : ",\"patch\":{\"summary\":{},\"tags\":[{}],\"parameters\":[{\"name\":\"If-"
                         "Match\",\"in\":\"header\","
                         "\"required\":true,\"schema\":{\"type\":\"string\"}}]",
               ARGS(tr(ctx, k->one), k->name));
    json(out,
         ",\"requestBody\":{\"required\":true,\"content\":{{}:{\"schema\":{\"$ref\":{}}}}},"
         "\"responses\":{{}:{\"description\":"
         "\"OK\",\"content\":{\"application/json\":{\"schema\":{\"$ref\":{}}}}}",
         creates ? "application/json" : "application/merge-patch+json",
         arena_print(ctx->arena, "#/components/schemas/%s_write", k->name), creates ? "201" : "200",
         arena_print(ctx->arena, "#/components/schemas/%s", k->name));
    problem_answers(out);
    buf_puts(out, "}}");
}

static void kind_paths(struct ctx *ctx, struct buf *out, const struct kind *k)
{
    json(out, "{}:{", arena_print(ctx->arena, "/%s", k->name));
    list_path(ctx, out, k);
    if (k->write)
        write_path(ctx, out, k, true);
    json(out,
         "},{}:{\"parameters\":[{\"name\":\"id\",\"in\":\"path\",\"required\":true,\"schema\":{"
         "\"type\":\"integer\"}}],"
         "\"get\":{\"summary\":{},\"tags\":[{}],\"responses\":{\"200\":{\"description\":\"OK\","
         "\"headers\":{\"ETag\":"
         "{\"schema\":{\"type\":\"string\"}}},\"content\":{\"application/"
         "json\":{\"schema\":{\"$ref\":{}}}}}",
         arena_print(ctx->arena, "/%s/{id}", k->name), tr(ctx, k->one), k->name,
         arena_print(ctx->arena, "#/components/schemas/%s", k->name));
    problem_answers(out);
    buf_puts(out, "}}");
    if (k->write)
        write_path(ctx, out, k, false);
    buf_putc(out, '}');
}

static void openapi_draw(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    json(out,
         "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"Linli\",\"version\":\"1\",\"description\":{}"
         "},"
         "\"servers\":[{\"url\":{}}],\"security\":[{\"token\":[]}],\"paths\":{",
         say(ctx, "Every type of record in the system. Times are ISO 8601 with an offset."),
         arena_print(ctx->arena, "%s/api/v1", ctx->web->prefix));
    json(out,
         "\"/due\":{\"get\":{\"summary\":{},\"tags\":[\"due\"],\"parameters\":[{\"name\":\"page\","
         "\"in\":\"query\",\"schema\":{\"type\":\"integer\",\"minimum\":1}}],\"responses\":{"
         "\"200\":{"
         "\"description\":\"OK\"}",
         say(ctx, "What is due for the token’s role, the most urgent first."));
    problem_answers(out);
    buf_puts(out, "}}}");
    for (const struct kind *const *k = modules_kinds(); *k; k++) {
        if (!(ctx->actor.roles & (*k)->read))
            continue;
        buf_putc(out, ',');
        kind_paths(ctx, out, *k);
    }
    api_steps_paths(ctx, out);
    buf_puts(out, "},\"components\":{\"securitySchemes\":{\"token\":{\"type\":\"http\",\"scheme\":"
                  "\"bearer\"}},"
                  "\"responses\":{\"problem\":{\"description\":\"What is wrong, one entry a field "
                  "(RFC 9457)\",\"content\":"
                  "{\"application/"
                  "problem+json\":{\"schema\":{\"type\":\"object\",\"properties\":{\"type\":{"
                  "\"type\":\"string\"},"
                  "\"title\":{\"type\":\"string\"},\"status\":{\"type\":\"integer\"},\"errors\":{"
                  "\"type\":\"array\",\"items\":"
                  "{\"type\":\"object\",\"properties\":{\"field\":{\"type\":[\"string\",\"null\"]},"
                  "\"message\":{\"type\":\"string\"}}}}}}}}}},"
                  "\"schemas\":{");
    const char *gap = "";
    for (const struct kind *const *k = modules_kinds(); *k; k++) {
        if (!(ctx->actor.roles & (*k)->read))
            continue;
        buf_puts(out, gap);
        gap = ",";
        json(out, "{}:", (*k)->name);
        kind_schema(ctx, out, *k, false);
        json(out, ",{}:", arena_print(ctx->arena, "%s_write", (*k)->name));
        kind_schema(ctx, out, *k, true);
    }
    buf_puts(out, "}}}");
}

/* ---- routes ---- */

/* Those of one kind; answers how many. */
static int kind_routes(struct arena *texts, const struct kind *k, struct route *to)
{
    const char *list = arena_print(texts, "/api/v1/%s", k->name),
               *one = arena_print(texts, "/api/v1/%s/{id}", k->name);
    int n = 0;
    to[n++] = (struct route){.method = GET,
                             .path = list,
                             .roles = k->read,
                             .handle = list_draw,
                             .kind = k,
                             .flags = API};
    to[n++] = (struct route){.method = GET,
                             .path = one,
                             .roles = k->read,
                             .handle = record_draw,
                             .kind = k,
                             .record = k,
                             .flags = API};
    if (!k->write)
        return n;
    to[n++] = (struct route){.method = POST,
                             .path = list,
                             .roles = k->write,
                             .handle = create,
                             .prepare = create_prepare,
                             .kind = k,
                             .flags = API | (k->twice ? TWICE : 0)};
    to[n++] = (struct route){.method = PATCH,
                             .path = one,
                             .roles = k->write,
                             .handle = patch,
                             .prepare = patch_prepare,
                             .kind = k,
                             .record = k,
                             .flags = API};
    return n;
}

/* The addresses live as long as the program. */
static struct routes api_routes(void)
{
    enum { EACH_KIND = 4, OWN = 2 };
    static struct arena *texts;
    int kinds = 0, n = 0;
    for (const struct kind *const *k = modules_kinds(); *k; k++)
        kinds++;
    arena_free(texts);
    texts = arena_new();
    struct route *all = ARENA_ARRAY(texts, struct route,
                                    OWN + EACH_KIND * kinds + api_steps_count());
    all[n++] = (struct route)ROUTE_GET("/api/v1/", ROLES_SIGNED, kinds_draw, .flags = API);
    all[n++] = (struct route)ROUTE_GET("/api/v1/openapi.json", ROLES_SIGNED, openapi_draw,
                                       .flags = API);
    for (const struct kind *const *k = modules_kinds(); *k; k++)
        n += kind_routes(texts, *k, all + n);
    n += api_steps_routes(texts, all + n);
    return (struct routes){all, n};
}

const struct module api_module = {.name = "api", .routes_made = api_routes};
