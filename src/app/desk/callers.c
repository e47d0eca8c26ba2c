/*
 * Finds out who is calling, by phone number or by name in characters, pinyin or
 * initials: among earlier requests, then in the register of people.
 */
#include "app/desk/callers.h"

#include "base/code.h"
#include "base/seal.h"
#include "base/text.h"
#include "web/web.h"

#include <stdlib.h>
#include <string.h>

#define CALLERS_MOST  6
#define INITIALS_MOST 19 /* letters; fewer than are stored */

const struct caller *caller_find(struct ctx *ctx, const char *which)
{
    bool register_of_people = which && *which == 'p', joined = which && *which == 'j';
    const char *digits = which ? which + (register_of_people || joined) : "";
    char *end = NULL;
    int64_t id = strspn(digits, "0123456789") ? strtoll(digits, &end, 10) : 0;
    if (id <= 0 || *end)
        return NULL;
    struct caller *c = ARENA_NEW(ctx->arena, struct caller);
    if (register_of_people) {
        const struct person *p = record_load(ctx, &people_kind, id);
        *c = p ? (struct caller){NULL, p, p->name, p->phone, p->community} : (struct caller){NULL};
        return p ? c : NULL;
    }
    const struct joiner *j = joined ? joiner_get(ctx, id) : NULL;
    if (joined && !j)
        return NULL;
    const struct request *r = record_load(ctx, &requests_kind, j ? j->request : id);
    if (r && j) {
        *c = (struct caller){r, NULL, j->name, j->phone, r->community, j};
        return c;
    }
    *c = r ? (struct caller){r, NULL, r->requester_name, r->requester_phone, r->community}
           : (struct caller){NULL};
    return r ? c : NULL;
}

const char *caller_mark(struct ctx *ctx, const struct caller *c)
{
    return c->person   ? arena_print(ctx->arena, "p%lld", (long long)c->person->record.id)
           : c->joined ? arena_print(ctx->arena, "j%lld", (long long)c->joined->id)
                       : arena_print(ctx->arena, "%lld", (long long)c->earlier->record.id);
}

/* What was typed, in the form in which it is searched; false: too little. */
struct looked_for {
    const char *phone;             /* normalised; NULL: search by name */
    const char *initials, *before; /* the range to search */
    const char *letters;           /* typed in letters, lower case; NULL */
    const char *name;              /* typed in characters; NULL */
};

static bool take_words(struct ctx *ctx, struct looked_for *l)
{
    const char *phone = param(ctx, "requester_phone"), *name = param(ctx, "requester_name");
    *l = (struct looked_for){.phone = NULL};
    if (phone && code_phone(ctx->arena, phone, &l->phone) != PHONE_NONE)
        return true;
    l->phone = NULL;
    name = name ? text_tidy(ctx->arena, name) : "";
    if (strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == strlen(name))
        l->letters = l->initials = text_fold(ctx->arena, name);
    else if (text_pinyin(ctx->arena, name, NULL, &l->initials) && text_length(name) < strlen(name))
        l->name = name;
    size_t n = l->initials ? strlen(l->initials) : 0;
    if (n < 2 || n > INITIALS_MOST)
        return false;
    char *end = arena_copyn(ctx->arena, l->initials, n);
    end[n - 1]++;
    l->before = end;
    return true;
}

static bool same(const struct caller *a, const struct caller *b)
{
    return !strcmp(a->phone ? a->phone : "", b->phone ? b->phone : "") &&
           !strcmp(a->name ? a->name : "", b->name ? b->name : "");
}

static int add(struct caller *list, int n, const struct caller *c)
{
    for (int i = 0; i < n; i++)
        if (same(&list[i], c))
            return n;
    list[n] = *c;
    return n + 1;
}

/* Finds co-reporters by phone number; the request they joined stands for them. */
static int find_joiners(struct ctx *ctx, const struct looked_for *l, struct caller *list, int n)
{
    int64_t ids[CALLERS_MOST];
    if (!l->phone)
        return n;
    int count = rows_ids(query(ctx->db,
                               "SELECT id FROM request_joiners WHERE phone_key = {} ORDER BY id "
                               "DESC LIMIT {}",
                               seal_hash(ctx->keys, ctx->arena, "joiner_phone", l->phone),
                               CALLERS_MOST),
                         ids, CALLERS_MOST);
    for (int i = 0; i < count && n < 2 * CALLERS_MOST; i++) {
        const struct joiner *j = joiner_get(ctx, ids[i]);
        const struct request *r = j ? record_load(ctx, &requests_kind, j->request) : NULL;
        if (r)
            n = add(list, n, &(struct caller){r, NULL, j->name, j->phone, r->community, j});
    }
    return n;
}

static int find_earlier(struct ctx *ctx, const struct looked_for *l, struct caller *list)
{
    struct list q = {.kind = &requests_kind, .limit = 40, .order = "id DESC"};
    int n = 0;
    sql_init(&q.where, ctx->arena);
    requests_kind.scope(ctx, &q.where);
    if (l->phone)
        sql_add(&q.where, " AND requester_phone_key = {}",
                seal_hash(ctx->keys, ctx->arena, "requester_phone", l->phone));
    else
        sql_add(&q.where, " AND requester_initials >= {} AND requester_initials < {}", l->initials,
                l->before);
    if (l->name)
        sql_add(&q.where, " AND requester_name LIKE {}", arena_print(ctx->arena, "%s%%", l->name));
    struct rows *rows = list_run(ctx, &q);
    for (const struct request *r;
         n < CALLERS_MOST && (r = list_next(ctx, &requests_kind, rows, ctx->arena)) != NULL;)
        n = add(list, n,
                &(struct caller){r, NULL, r->requester_name, r->requester_phone, r->community});
    rows_end(rows);
    return n;
}

/* Pinyin is stored as "chenxiaohong cxh". */
static int find_people(struct ctx *ctx, const struct looked_for *l, struct caller *list, int n)
{
    struct list q = {.kind = &people_kind, .limit = CALLERS_MOST, .order = "id DESC"};
    int most = n + CALLERS_MOST;
    sql_init(&q.where, ctx->arena);
    people_kind.scope(ctx, &q.where);
    if (l->phone)
        sql_add(&q.where, " AND phone_key = {}",
                seal_hash(ctx->keys, ctx->arena, "phone", l->phone));
    else if (l->name)
        sql_add(&q.where, " AND name LIKE {}", arena_print(ctx->arena, "%s%%", l->name));
    else
        sql_add(&q.where, " AND (pinyin LIKE {} OR pinyin LIKE {})",
                arena_print(ctx->arena, "%s%%", l->letters),
                arena_print(ctx->arena, "%% %s%%", l->letters));
    struct rows *rows = list_run(ctx, &q);
    for (const struct person *p;
         n < most && (p = list_next(ctx, &people_kind, rows, ctx->arena)) != NULL;)
        n = add(list, n, &(struct caller){NULL, p, p->name, p->phone, p->community});
    rows_end(rows);
    return n;
}

bool caller_agreed(const struct person *p)
{
    return p->consent_for && tags_have(p->consent_for, "request");
}

static void draw_one(struct ctx *ctx, const struct caller *c)
{
    struct buf *out = ctx->web->out;
    const char *where = c->person
                            ? field_show(ctx, kind_field(&people_kind, "community"), c->person)
                            : field_show(ctx, kind_field(&requests_kind, "community"), c->earlier);
    html(out,
         "<p class=\"caller\"><button class=\"quiet\" form=\"intake\" formaction=\"/intake/look\" "
         "formnovalidate name=\"choose\" value=\"{}\">{} {} {}</button>"
         " <span class=\"soft\">{}{}{}</span></p>",
         caller_mark(ctx, c), icon(ctx, c->person ? "id-badge-2" : "user"),
         mask_name(ctx->arena, c->name),
         c->phone ? mask_phone(ctx->arena, c->phone) : say(ctx, "no phone number"), where,
         where && *where ? " · " : "",
         !c->person                 ? c->earlier->subject
         : caller_agreed(c->person) ? say(ctx, "People register")
                                    : say(ctx, "People register, no consent for requests yet"));
}

void callers_draw(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    struct looked_for l;
    struct caller list[3 * CALLERS_MOST];
    if (!take_words(ctx, &l))
        return;
    int n = find_earlier(ctx, &l, list);
    n = find_joiners(ctx, &l, list, n);
    n = find_people(ctx, &l, list, n);
    html(out, "<section><h2>{}</h2>", say(ctx, "Caller"));
    if (n == 0)
        html(out, "<p class=\"soft\">{}</p>",
             say(ctx, "No previous requests in your area under this number or name."));
    for (int i = 0; i < n; i++)
        draw_one(ctx, &list[i]);
    html(out, "</section>");
}

enum status caller_agrees(struct ctx *ctx, const struct caller *c)
{
    const struct person *p = c && c->person ? record_load(ctx, &people_kind, c->person->record.id)
                                            : NULL;
    if (!p || caller_agreed(p))
        return OK;
    struct person *after = record_copy(ctx, &people_kind, p);
    after->consent_for = p->consent_for ? arena_print(ctx->arena, "%srequest|", p->consent_for)
                                        : "|request|";
    after->consent_at = p->consent_at == NONE ? ctx->now : p->consent_at;
    return record_update(ctx, &people_kind, p, after, "change");
}
