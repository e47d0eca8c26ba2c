/*
 * Pairs of people or organisations that may be the same. A job looks for them
 * when a register has changed, with queries that group by one value each, and
 * keeps what it finds in merge_pairs. Pages only read that short table, so they
 * are as fast with 100,000 people as with ten. Blank values never make a pair,
 * nor do numbers that stand for "none".
 */
#include "app/registers/merges.h"

#include "app/registers/people.h"
#include "base/text.h"
#include "db/journal.h"
#include "web/web.h"
#include "core/module.h"
#include "core/settings.h"

#include <stdlib.h>
#include <string.h>

#define GROUP_MOST 6    /* records with one value that are all compared with each other */
#define PAIRS_MOST 5000 /* kept of a register; the others come once these are dealt with */

struct pair {
    int64_t one, other;
    const char *why;
};
struct pairs {
    const struct kind *kind;
    struct pair *list;
    int count;
    const char *mark; /* what the register looked like */
};

/* ---- finding ---- */

static void pair_add(struct ctx *ctx, struct pairs *p, int64_t a, int64_t b, const char *why)
{
    int64_t one = a < b ? a : b, other = a < b ? b : a;
    if (one != other && p->count < PAIRS_MOST * 4)
        *ARENA_NEXT(ctx->arena, p->list, p->count) = (struct pair){one, other, why};
}

struct member {
    int64_t id;
    const char *name, *pinyin;
};

/* The same name, the same sound, or a name without its surname: 小明 and 王小明. */
static bool names_alike(const struct member *a, const struct member *b)
{
    return !strcmp(a->name, b->name) || strstr(a->name, b->name) || strstr(b->name, a->name) ||
           (*a->pinyin && !strcmp(a->pinyin, b->pinyin));
}

/* Numbers that people type where there is none: 0, 0000, 11111, 无. */
static bool stands_for_none(const char *number)
{
    size_t n = number ? strlen(number) : 0;
    return n < 5 || strspn(number, (char[]){number[0], '\0'}) == n;
}

/* One value that several records have. */
static void group_pairs(struct ctx *ctx, struct pairs *p, const struct member *m, int n,
                        const char *why)
{
    if (n > 1 && !strcmp(why, "id_number")) {
        const struct person *first = record_get(ctx, &people_kind, m[0].id);
        if (!first || stands_for_none(first->id_number))
            return;
    }
    for (int i = 0; i < n; i++)
        for (int j = i + 1; j < n && j <= i + GROUP_MOST; j++)
            if (strcmp(why, "phone") != 0 || names_alike(&m[i], &m[j]))
                pair_add(ctx, p, m[i].id, m[j].id, why);
}

/* r: rows in the order of value, with id, name and pinyin. */
static void groups(struct ctx *ctx, struct pairs *p, struct rows *r, const char *why)
{
    struct member *m = NULL;
    int n = 0;
    const char *value = "";
    while (rows_next(r)) {
        if (strcmp(row_text(r, "value"), value) != 0) {
            group_pairs(ctx, p, m, n, why);
            m = NULL;
            n = 0;
            value = row_copy(r, ctx->arena, "value");
        }
        const char *pinyin = row_copy(r, ctx->arena, "pinyin");
        *ARENA_NEXT(ctx->arena, m, n) = (struct member){
            row_int(r, "id"), row_copy(r, ctx->arena, "name"), pinyin ? pinyin : ""};
    }
    group_pairs(ctx, p, m, n, why);
}

#define LIVE "removed_at IS NULL AND merged_into IS NULL"
/* People who share a value (SQL on a row of people). IN is one look-up a person on both databases;
 * a join on a value that is put together would compare everybody with everybody. */
#define SHARED(value_, given_) \
    "SELECT id, name, pinyin, " value_ " AS value FROM people WHERE " LIVE " AND " given_ \
    " AND " value_ " IN (SELECT " value_ " FROM people WHERE " LIVE " AND " given_ \
    " GROUP BY " value_ " HAVING count(*) > 1) ORDER BY value, id"

static void people_find(struct ctx *ctx, struct pairs *p)
{
    groups(ctx, p, query(ctx->db, SHARED("id_number_key", "id_number_key IS NOT NULL")),
           "id_number");
    groups(ctx, p, query(ctx->db, SHARED("phone_key", "phone_key IS NOT NULL")), "phone");
    groups(ctx, p, query(ctx->db, SHARED("name || '|' || born", "born <> ''")), "born");
    groups(ctx, p, query(ctx->db, SHARED("name || '|' || address", "address <> ''")), "address");
}

/* A name without what its legal form adds. */
static const char *bare_name(struct arena *a, const char *name)
{
    static const char *const endings[] = {"股份有限公司", "有限责任公司", "有限公司", "公司"};
    char *key = arena_copy(a, text_search_key(a, name));
    size_t n = 0;
    for (const char *c = key; *c; c++)
        if (*c != ' ')
            key[n++] = *c;
    key[n] = '\0';
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t e = strlen(endings[i]);
        if (n > e && !strcmp(key + n - e, endings[i])) {
            key[n - e] = '\0';
            break;
        }
    }
    return key;
}

struct named_organisation {
    int64_t id;
    const char *key;
};

static int by_key(const void *a, const void *b)
{
    const struct named_organisation *x = a, *y = b;
    int c = strcmp(x->key, y->key);
    return c ? c : (x->id > y->id) - (x->id < y->id);
}

static void organisations_by(struct ctx *ctx, struct pairs *p, struct named_organisation *list,
                             int n, const char *why)
{
    if (n)
        qsort(list, (size_t)n, sizeof *list, by_key);
    for (int i = 0; i < n; i++)
        for (int j = i + 1; j < n && j <= i + GROUP_MOST && !strcmp(list[i].key, list[j].key); j++)
            pair_add(ctx, p, list[i].id, list[j].id, why);
}

static void organisations_find(struct ctx *ctx, struct pairs *p)
{
    struct named_organisation *names = NULL, *codes = NULL;
    int n = 0, coded = 0;
    struct rows *r = query(ctx->db, "SELECT id, name, kind, credit_code, coalesce(community, 0) AS "
                                    "community FROM organisations WHERE merged_into IS NULL");
    while (rows_next(r)) {
        const char *credit = row_text(r, "credit_code");
        if (credit && *credit)
            *ARENA_NEXT(ctx->arena, codes, coded) = (struct named_organisation){
                row_int(r, "id"), arena_copy(ctx->arena, credit)};
        *ARENA_NEXT(ctx->arena, names, n) = (struct named_organisation){
            row_int(r, "id"),
            arena_print(ctx->arena, "%lld|%s|%s", (long long)row_int(r, "community"),
                        row_text(r, "kind"), bare_name(ctx->arena, row_text(r, "name")))};
    }
    organisations_by(ctx, p, codes, coded, "credit_code");
    organisations_by(ctx, p, names, n, "name");
}

static int by_ids(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    return x->one != y->one       ? (x->one > y->one) - (x->one < y->one)
           : x->other != y->other ? (x->other > y->other) - (x->other < y->other)
                                  : (x->why > y->why) - (x->why < y->why);
}

/* Each pair once, with the first of its reasons. */
static struct pairs *pairs_find(struct ctx *ctx, const struct kind *k)
{
    struct pairs *p = ARENA_NEW(ctx->arena, struct pairs);
    *p = (struct pairs){.kind = k};
    if (k == &people_kind)
        people_find(ctx, p);
    else
        organisations_find(ctx, p);
    int n = 0;
    if (p->count)
        qsort(p->list, (size_t)p->count, sizeof *p->list, by_ids);
    for (int i = 0; i < p->count; i++)
        if (!n || p->list[n - 1].one != p->list[i].one || p->list[n - 1].other != p->list[i].other)
            p->list[n++] = p->list[i];
    p->count = n < PAIRS_MOST ? n : PAIRS_MOST;
    return p;
}

/* ---- keeping ---- */

static int pair_compare(const void *key, const void *element)
{
    const struct pair *x = key, *y = element;
    return x->one != y->one ? (x->one > y->one) - (x->one < y->one)
                            : (x->other > y->other) - (x->other < y->other);
}

/* The kept pairs that were not found again, unless somebody said that they differ. there, for each
 * pair that was found: is it kept already? */
static const int64_t *pairs_gone(struct ctx *ctx, const struct pairs *p, bool *there, int *count)
{
    int64_t *old = NULL;
    *count = 0;
    memset(there, 0, sizeof *there * ((size_t)p->count + 1));
    struct rows *r = query(ctx->db,
                           "SELECT id, one, other, denied_at FROM merge_pairs WHERE kind = {}",
                           p->kind->name);
    while (rows_next(r)) {
        struct pair key = {row_int(r, "one"), row_int(r, "other"), NULL};
        const struct pair *found = p->count ? bsearch(&key, p->list, (size_t)p->count,
                                                      sizeof *p->list, pair_compare)
                                            : NULL;
        if (found)
            there[found - p->list] = true;
        else if (row_int(r, "denied_at") == NONE)
            *ARENA_NEXT(ctx->arena, old, *count) = row_int(r, "id");
    }
    return old;
}

/* On the writer thread. */
static void pairs_keep(struct ctx *ctx, const struct pairs *p)
{
    bool *there = ARENA_ARRAY(ctx->arena, bool, p->count + 1);
    int n;
    const int64_t *old = pairs_gone(ctx, p, there, &n);
    for (int i = 0; i < n; i++)
        change_common_later(ctx->db, "DELETE FROM merge_pairs WHERE id = {}", old[i]);
    for (int i = 0; i < p->count; i++)
        if (!there[i])
            change_common_later(ctx->db,
                                "INSERT INTO merge_pairs (kind, one, other, why) VALUES ({}, {}, "
                                "{}, {})",
                                p->kind->name, p->list[i].one, p->list[i].other, p->list[i].why);
    if (p->mark)
        setting_put(ctx, arena_print(ctx->arena, "merge.pairs.%s", p->kind->name), p->mark);
}

static void keep_made(struct ctx *ctx)
{
    pairs_keep(ctx, ctx->work);
}

/* Changes whenever a record of the register does. */
static const char *mark_of(struct ctx *ctx, const struct kind *k)
{
    const char *mark = NULL;
    struct rows *r = query(ctx->db,
                           "SELECT count(*) AS n, max(updated) AS at, sum(version) AS v FROM {}",
                           (struct sql_name){k->table});
    if (rows_next(r))
        mark = arena_print(ctx->arena, "%lld %lld %lld", (long long)row_int(r, "n"),
                           (long long)row_int(r, "at"), (long long)row_int(r, "v"));
    rows_end(r);
    return mark;
}

void pairs_renew(struct ctx *ctx)
{
    static const struct kind *const kinds[] = {&people_kind, &organisations_kind, NULL};
    for (int i = 0; kinds[i] && ctx_ok(ctx); i++) {
        const char *mark = mark_of(ctx, kinds[i]), *seen = NULL;
        struct rows *r = query(ctx->db, "SELECT value FROM settings WHERE name = {}",
                               arena_print(ctx->arena, "merge.pairs.%s", kinds[i]->name));
        if (rows_next(r))
            seen = row_copy(r, ctx->arena, "value");
        rows_end(r);
        if (!mark || (seen && !strcmp(seen, mark)))
            continue;
        struct pairs *p = pairs_find(ctx, kinds[i]);
        p->mark = mark;
        ctx->work = p;
        if (db_status(ctx->db) == OK)
            writer_call(ctx, keep_made);
    }
}

/* Both must be in the reader's scope and still there. */
static void add_pairs(struct ctx *ctx, struct sql *q, const struct kind *k, int64_t record)
{
    static const char *const columns[] = {"one", "other"};
    sql_add(q, " FROM merge_pairs WHERE merge_pairs.kind = {} AND denied_at IS NULL", k->name);
    if (record != NONE)
        sql_add(q, " AND (one = {} OR other = {})", record, record);
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        sql_add(q, " AND EXISTS (SELECT 1 FROM {} WHERE {}.id = merge_pairs.{}",
                (struct sql_name){k->table}, (struct sql_name){k->table},
                (struct sql_name){columns[i]});
        k->scope(ctx, q);
        scope_by_community(ctx, q, k->write, "community");
        sql_add(q, ")");
    }
}

enum status pair_deny(struct ctx *ctx, const struct kind *k, int64_t pair)
{
    struct sql q;
    sql_init(&q, ctx->arena);
    sql_add(&q, "SELECT id");
    add_pairs(ctx, &q, k, NONE);
    sql_add(&q, " AND merge_pairs.id = {}", pair);
    int64_t own = sql_remembered(ctx->db, &q);
    if (own == NONE)
        return ctx_fail(ctx, NOT_FOUND, NULL);
    change(ctx->db,
           "UPDATE merge_pairs SET denied_at = {}, denied_by = {}, denied_name = {} WHERE id = {}",
           ctx->now, (struct maybe){ctx->actor.user}, ctx->actor.name, pair);
    int64_t one = query_int(ctx->db, "SELECT one FROM merge_pairs WHERE id = {}", pair),
            other = query_int(ctx->db, "SELECT other FROM merge_pairs WHERE id = {}", pair);
    return journal_note(ctx, k->name, one, "distinct", "{\"other\":{}}", other);
}

void pairs_prepare(struct ctx *ctx)
{
    ctx->work = pairs_find(ctx, ctx->web->kind);
}

void pairs_store(struct ctx *ctx)
{
    pairs_keep(ctx, ctx->work);
}

/* ---- reading ---- */

int64_t pairs_count(struct ctx *ctx, const struct kind *k)
{
    struct sql q;
    sql_init(&q, ctx->arena);
    sql_add(&q, "SELECT count(*) AS n");
    add_pairs(ctx, &q, k, NONE);
    int64_t n = sql_remembered(ctx->db, &q);
    return n == NONE ? 0 : n;
}

struct rows *pairs_list(struct ctx *ctx, const struct kind *k, int64_t record, int most,
                        int64_t from)
{
    struct sql q;
    sql_init(&q, ctx->arena);
    sql_add(&q, "SELECT id, one, other, why");
    add_pairs(ctx, &q, k, record);
    sql_add(&q, " ORDER BY id DESC LIMIT {} OFFSET {}", most, from);
    return sql_query(ctx->db, &q);
}

static const struct choice reasons[] = {{"id_number", N_("same ID number")},
                                        {"phone", N_("same phone and a similar name")},
                                        {"born", N_("same name and date of birth")},
                                        {"address", N_("same name and address")},
                                        {"credit_code", N_("same credit code")},
                                        {"name", N_("same name in the same community")},
                                        {NULL, NULL}};

const char *pair_why(struct ctx *ctx, const char *why)
{
    for (const struct choice *c = reasons; c->code; c++)
        if (!strcmp(c->code, why))
            return tr(ctx, c->label);
    return why;
}
