/*
 * The list of what is due for an actor. Each source is queried in the order of
 * its own index, and the results are merged. There is no table of due things
 * that could disagree with the records.
 *
 * Every query contains the scope of the kind, so a source can only narrow what
 * the actor may read anyway.
 */
#include "core/due.h"

#include "core/module.h"
#include "core/working_days.h"

#include <stdlib.h>
#include <string.h>

/* Lists are as of the whole minute, so a count is valid until its end or until the next commit. */
static int64_t minute(const struct ctx *ctx)
{
    return ctx->now - ctx->now % 60;
}

static bool source_fits(const struct ctx *ctx, const struct due_source *s)
{
    return (s->roles & ctx->actor.roles) && (s->kind->read & ctx->actor.roles);
}

/* Adds FROM … WHERE: what is due for the actor in one source. */
static void source_from(struct ctx *ctx, const struct due_source *s, struct sql *q)
{
    sql_add(q, " FROM {} WHERE ", (struct sql_name){s->kind->table});
    sql_write(q, s->due, NULL, 0);
    sql_add(q, " IS NOT NULL AND (");
    sql_write(q, s->open, NULL, 0);
    sql_add(q, ")");
    if (s->kind->scope)
        s->kind->scope(ctx, q);
    if (s->mine)
        s->mine(ctx, q);
}

static int64_t source_due(struct ctx *ctx, const struct due_source *s, int64_t at)
{
    return s->term.count ? term_end(ctx_calendar(ctx), s->term, at) : at;
}

/* The first `most` items of a source, the earliest first. Terms keep the order: what began
 * earlier ends earlier. */
static int source_items(struct ctx *ctx, const struct due_source *s, struct due_item *items,
                        int most)
{
    struct sql q;
    int n = 0;
    sql_init(&q, ctx->arena);
    sql_add(&q, "SELECT id, ");
    sql_write(&q, s->due, NULL, 0);
    sql_add(&q, " AS due_at");
    source_from(ctx, s, &q);
    sql_add(&q, " ORDER BY due_at, id LIMIT {}", most);
    struct rows *r = sql_query(ctx->db, &q);
    while (n < most && rows_next(r))
        items[n++] = (struct due_item){s, row_int(r, "id"), row_int(r, "due_at")};
    rows_end(r);
    for (int i = 0; i < n; i++)
        items[i].due = source_due(ctx, s, items[i].due);
    return n;
}

static int by_due(const void *a, const void *b)
{
    const struct due_item *x = a, *y = b;
    int order = (x->due > y->due) - (x->due < y->due);
    if (!order)
        order = strcmp(x->source->id, y->source->id);
    return order ? order : (x->id > y->id) - (x->id < y->id);
}

int due_items(struct ctx *ctx, int64_t skip, struct due_item *items, int most)
{
    int each = (int)(skip + most), n = 0, sources = 0;
    for (int m = 0; modules[m]; m++)
        for (const struct due_source *s = modules[m]->due; s && s->id; s++)
            sources += source_fits(ctx, s);
    if (!sources || each <= 0)
        return 0;
    struct due_item *all = ARENA_ARRAY(ctx->arena, struct due_item, each * sources);
    for (int m = 0; modules[m]; m++)
        for (const struct due_source *s = modules[m]->due; s && s->id; s++)
            if (source_fits(ctx, s))
                n += source_items(ctx, s, all + n, each);
    if (n)
        qsort(all, (size_t)n, sizeof *all, by_due);
    n = n > skip ? n - (int)skip : 0;
    n = n < most ? n : most;
    for (int i = 0; i < n; i++)
        items[i] = all[skip + i];
    return n;
}

static int64_t source_count(struct ctx *ctx, const struct due_source *s, bool counted)
{
    struct sql q;
    sql_init(&q, ctx->arena);
    sql_add(&q, "SELECT count(*) AS n FROM (SELECT id");
    source_from(ctx, s, &q);
    if (counted && s->later) {
        sql_add(&q, " AND ");
        sql_write(&q, s->due, NULL, 0);
        sql_add(&q, " <= {}", minute(ctx));
    }
    sql_add(&q, " LIMIT {}) AS counted", DUE_COUNT_MOST);
    int64_t n = sql_remembered(ctx->db, &q);
    return n == NONE ? 0 : n;
}

int64_t due_count(struct ctx *ctx, bool counted)
{
    int64_t n = 0;
    for (int m = 0; modules[m]; m++)
        for (const struct due_source *s = modules[m]->due; s && s->id; s++)
            if (source_fits(ctx, s))
                n += source_count(ctx, s, counted);
    return n;
}

bool due_holds(struct ctx *ctx, const struct due_item *item)
{
    const struct due_source *s = item->source;
    struct sql q;
    if (!source_fits(ctx, s))
        return false;
    sql_init(&q, ctx->arena);
    sql_add(&q, "SELECT ");
    sql_write(&q, s->due, NULL, 0);
    sql_add(&q, " AS due_at");
    source_from(ctx, s, &q);
    sql_add(&q, " AND id = {}", item->id);
    struct rows *r = sql_query(ctx->db, &q);
    bool there = rows_next(r);
    int64_t at = there ? row_int(r, "due_at") : NONE;
    rows_end(r);
    return there && source_due(ctx, s, at) == item->due;
}

const char *due_title(struct ctx *ctx, const struct due_item *item)
{
    const struct kind *k = item->source->kind;
    const void *record = record_get(ctx, k, item->id);
    if (!record)
        return NULL;
    return item->source->title ? item->source->title(ctx, record) : record_title(ctx, k, record);
}

const char *due_code(struct ctx *ctx, const struct due_item *item)
{
    const struct kind *k = item->source->kind;
    const struct field *f = k->code ? kind_field(k, k->code) : NULL;
    const void *record = f ? record_get(ctx, k, item->id) : NULL;
    const char *code = record ? field_show_masked(ctx, f, record) : NULL;
    return code && *code ? code : arena_print(ctx->arena, "%lld", (long long)item->id);
}

const char *due_href(struct ctx *ctx, const struct due_item *item)
{
    const char *href = item->source->href, *place = strstr(href, "{id}");
    return place ? arena_print(ctx->arena, "%.*s%lld%s", (int)(place - href), href,
                               (long long)item->id, place + strlen("{id}"))
                 : href;
}

const struct due_source *due_source_find(const char *id)
{
    for (int m = 0; modules[m]; m++)
        for (const struct due_source *s = modules[m]->due; s && s->id; s++)
            if (!strcmp(s->id, id))
                return s;
    return NULL;
}
