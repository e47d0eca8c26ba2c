/*
 * Small parts that look the same on every page of the desk: times, states,
 * names of units and categories in lists to choose from.
 */
#include "app/desk.h"

#include "app/registers.h"
#include "kind/form.h"

#include <stdlib.h>
#include <string.h>

const char *desk_when(struct ctx *ctx, int64_t t)
{
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    if (t == NONE)
        return "";
    struct civil c = civil_from_when(t), now = civil_from_when(ctx->now);
    if (c.year != now.year)
        return day_show(ctx->arena, ctx->lang, when_day(t));
    if (ctx->lang[0] == 'e')
        return arena_print(ctx->arena, "%d %s, %02d:%02d", c.day, months[c.month - 1], c.hour, c.minute);
    return arena_print(ctx->arena, "%d月%d日 %02d:%02d", c.month, c.day, c.hour, c.minute);
}

void desk_state(struct ctx *ctx, const struct request *r, bool late)
{
    static const struct {
        const char *look, *icon;
    } looks[] = {
        [RECEIVED] = {"wait", "inbox"},        [DISPATCHED] = {"", "arrow-forward-up"},
        [HANDLING] = {"", "user-check"},       [ANSWERED] = {"", "message"},
        [CALL_BACK] = {"warn", "phone-call"},  [CLOSED] = {"ok", "circle-check"},
        [PARKED] = {"wait", "parking-circle"}, [MERGED] = {"", "git-merge"},
    };
    int s = request_status_of(r);
    const char *look = late ? "late" : looks[s].look, *sign = late ? "alert-triangle" : looks[s].icon;
    if (s == RECEIVED && r->returns != NONE && r->returns > 0) {
        look = late ? "late" : "warn";
        sign = "arrow-back-up";
    } else if ((s == HANDLING || s == DISPATCHED) && r->reopened != NONE && r->reopened > 0) {
        sign = "rotate";
    }
    html(ctx->web->out, "<span class=\"state {}\">{} {}</span>", look, icon(ctx, sign), request_state(ctx, r));
}

struct spot {
    const char *name;
    int at;
};

static int by_name(const void *a, const void *b)
{
    const struct spot *x = a, *y = b;
    return strcmp(x->name, y->name);
}

/* Trees of hotlines have an "other" in every branch. The list is in the tree's order. */
static void tell_apart(struct arena *a, struct names *n)
{
    enum { DEPTH_MOST = 8 };
    struct spot *sorted = ARENA_ARRAY(a, struct spot, n->count + 1);
    const char *above[DEPTH_MOST] = {NULL};
    bool *shared = ARENA_ARRAY(a, bool, n->count + 1);
    for (int i = 0; i < n->count; i++)
        sorted[i] = (struct spot){n->list[i].name, i};
    qsort(sorted, (size_t)n->count, sizeof *sorted, by_name);
    for (int i = 0; i + 1 < n->count; i++)
        if (!strcmp(sorted[i].name, sorted[i + 1].name))
            shared[sorted[i].at] = shared[sorted[i + 1].at] = true;
    for (int i = 0; i < n->count; i++) {
        struct named *c = &n->list[i];
        bool below = c->depth > 0 && c->depth < DEPTH_MOST;
        c->full = shared[i] && below ? arena_print(a, "%s › %s", above[c->depth - 1], c->name) : c->name;
        if (c->depth < DEPTH_MOST)
            above[c->depth] = c->full;
    }
}

static struct names names_read(struct ctx *ctx, const char *kind, struct arena *a)
{
    enum { MOST = 4000 };
    struct names n = {ARENA_ARRAY(a, struct named, MOST), 0};
    if (!strcmp(kind, "categories")) { /* each below its own */
        int count;
        const struct branch *list = branches(ctx, &categories_kind, MOST, &count);
        for (int i = 0; list && i < count; i++)
            if (!list[i].out_of_use)
                n.list[n.count++] = (struct named){.id = list[i].id, .depth = list[i].depth, .name = arena_copy(a, list[i].label)};
        tell_apart(a, &n);
        return n;
    }
    struct rows *r = !strcmp(kind, "units") ? query(ctx->db, "SELECT id, name, name_en FROM units ORDER BY code")
                                            : query(ctx->db, "SELECT id, name, name_en FROM areas WHERE level = 'community' ORDER BY code");
    while (n.count < MOST && rows_next(r)) {
        const char *name = arena_copy(a, ctx_pick(ctx, row_text(r, "name"), row_text(r, "name_en")));
        n.list[n.count++] = (struct named){row_int(r, "id"), 0, name, name};
    }
    rows_end(r);
    return n;
}

/* Every page of the desk has them several times. */
struct names names_load(struct ctx *ctx, const char *kind)
{
    const char *name = arena_print(ctx->arena, "names %s %s", kind, ctx->lang);
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

const char *name_of(const struct names *n, int64_t id)
{
    for (int i = 0; id != NONE && i < n->count; i++)
        if (n->list[i].id == id)
            return n->list[i].full;
    return "";
}

void names_options(struct ctx *ctx, const struct names *n, int64_t chosen)
{
    for (int i = 0; i < n->count; i++)
        html(ctx->web->out, "<option value=\"{}\"{}>{}{}</option>", n->list[i].id,
             (struct markup){n->list[i].id == chosen ? " selected" : ""},
             n->list[i].depth == 0   ? ""
             : n->list[i].depth == 1 ? "　"
                                     : "　　",
             n->list[i].name);
}
