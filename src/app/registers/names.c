/*
 * Names of units, categories and communities. Pages show them many times, so
 * they are read once per state of the database and cached with its reader.
 */
#include "app/registers/names.h"

#include "app/registers/registers.h"
#include "base/when.h"
#include "kind/browse.h"
#include "kind/form.h"
#include "web/web.h"

#include <stdlib.h>
#include <string.h>

struct spot {
    const char *name;
    int at;
};

static int by_name(const void *a, const void *b)
{
    const struct spot *x = a, *y = b;
    return strcmp(x->name, y->name);
}

/* Appends the parent's name to names that occur in several branches, such as "Other". The list
 * is in tree order. */
static void tell_apart(struct arena *a, struct names *n)
{
    struct spot *sorted = ARENA_ARRAY(a, struct spot, n->count + 1);
    const char *above[BRANCH_DEPTH_MOST + 1] = {NULL};
    bool *shared = ARENA_ARRAY(a, bool, n->count + 1);
    for (int i = 0; i < n->count; i++)
        sorted[i] = (struct spot){n->list[i].name, i};
    qsort(sorted, (size_t)n->count, sizeof *sorted, by_name);
    for (int i = 0; i + 1 < n->count; i++)
        if (!strcmp(sorted[i].name, sorted[i + 1].name))
            shared[sorted[i].at] = shared[sorted[i + 1].at] = true;
    for (int i = 0; i < n->count; i++) {
        struct named *c = &n->list[i];
        const char *parent = c->depth > 0 ? above[c->depth - 1] : NULL;
        c->full = shared[i] && parent ? arena_print(a, "%s › %s", parent, c->name) : c->name;
        above[c->depth] = c->full;
    }
}

static struct names names_read(struct ctx *ctx, const char *kind, struct arena *a)
{
    struct names n = {NULL, 0};
    if (!strcmp(kind, "categories")) { /* each below its own */
        int count;
        const struct branch *list = branches(ctx, &categories_kind, BRANCHES_ALL, &count);
        for (int i = 0; i < count; i++)
            *ARENA_NEXT(a, n.list, n.count) = (struct named){.id = list[i].id,
                                                             .depth = list[i].depth,
                                                             .name = arena_copy(a, list[i].label),
                                                             .out_of_use = list[i].out_of_use};
        tell_apart(a, &n);
        return n;
    }
    struct sql q;
    sql_init(&q, ctx->arena);
    if (!strcmp(kind, "units")) {
        sql_add(&q, "SELECT id, name, name_en, CASE WHEN " UNITS_DESERTED
                    " THEN 1 ELSE 0 END AS over FROM units ORDER BY ");
    } else { /* an area that is no longer valid still names what happened there */
        sql_add(&q, "SELECT id, name, name_en, CASE WHEN 1 = 1");
        valid_areas_where(ctx, &q, "id");
        sql_add(&q, " THEN 0 ELSE 1 END AS over FROM areas WHERE level = 'community' ORDER BY ");
    }
    sql_write(&q, browse_by_name(ctx, !strcmp(kind, "units") ? &units_kind : &areas_kind), NULL, 0);
    sql_add(&q, ", id");
    struct rows *r = sql_query(ctx->db, &q);
    while (rows_next(r)) {
        const char *name = arena_copy(a,
                                      ctx_pick(ctx, row_text(r, "name"), row_text(r, "name_en")));
        *ARENA_NEXT(a, n.list, n.count) = (struct named){row_int(r, "id"), 0, name, name,
                                                         row_int(r, "over") == 1};
    }
    rows_end(r);
    return n;
}

/* Cached, because every staff page needs them several times. */
struct names names_load(struct ctx *ctx, const char *kind)
{
    const char *name = arena_print(ctx->arena, "names %s %s %s", kind, ctx->lang, ctx_today(ctx));
    const struct names *kept = db_recall(ctx->db, name);
    if (kept)
        return *kept;
    struct arena *memory = db_memory(ctx->db), *a = memory ? memory : ctx->arena;
    struct names *n = ARENA_NEW(a, struct names);
    *n = names_read(ctx, kind, a);
    if (memory && db_status(ctx->db) == OK)
        db_keep(ctx->db, name, n);
    return *n;
}

const char *names_find(const struct names *n, int64_t id)
{
    for (int i = 0; id != NONE && i < n->count; i++)
        if (n->list[i].id == id)
            return n->list[i].full;
    return "";
}

void names_options(struct ctx *ctx, const struct names *n, int64_t chosen)
{
    for (int i = 0; i < n->count; i++)
        if (!n->list[i].out_of_use || n->list[i].id == chosen)
            html(ctx->web->out, "<option value=\"{}\"{}>{}{}</option>", n->list[i].id,
                 (struct markup){n->list[i].id == chosen ? " selected" : ""},
                 n->list[i].depth == 0   ? ""
                 : n->list[i].depth == 1 ? "　"
                                         : "　　",
                 n->list[i].name);
}
