/*
 * The fields in which a resident chooses a community and an estate.
 */
#include "app/registers/area_field.h"

#include "app/registers/registers.h"
#include "base/when.h"
#include "web/fields.h"

#include <stdlib.h>
#include <string.h>

#define TAPPED_MOST 12 /* communities; a list is quicker to read beyond */
#define REMEMBERED  (365 * WHEN_DAY)

struct place_choice {
    int64_t id, community;
    const char *name, *of; /* of: its community's name */
    const char *at;        /* data-at="…", where the map opens; "" */
};

struct area_choices {
    struct place_choice *list; /* each community before its estates */
    int count, communities;
    const struct place_choice *chosen; /* NULL */
};

static const struct place_choice *find(const struct area_choices *a, int64_t id)
{
    for (int i = 0; i < a->count; i++)
        if (a->list[i].id == id)
            return &a->list[i];
    return NULL;
}

static const struct area_choices *complete(struct area_choices *a, int64_t chosen)
{
    for (int i = 0; i < a->count; i++)
        a->communities += a->list[i].id == a->list[i].community;
    a->chosen = find(a, chosen);
    return a;
}

static struct area_choices *load(struct ctx *ctx)
{
    struct area_choices *a = ARENA_NEW(ctx->arena, struct area_choices);
    struct sql q;
    *a = (struct area_choices){.list = NULL};
    sql_init(&q, ctx->arena);
    sql_add(
        &q,
        "SELECT a.id, a.name, a.name_en, a.lat, a.lon, a.community, c.name AS of_name, c.name_en "
        "AS of_name_en FROM areas a JOIN areas c ON c.id = a.community"
        " WHERE a.id IN (SELECT id FROM areas WHERE level IN ('community', 'estate')");
    valid_areas_where(ctx, &q, "id");
    sql_add(&q, ") ORDER BY c.name COLLATE pinyin, c.id, CASE WHEN a.level = 'community' THEN 0 "
                "ELSE 1 END, a.name COLLATE pinyin, a.id");
    struct rows *r = sql_query(ctx->db, &q);
    while (rows_next(r))
        *ARENA_NEXT(ctx->arena, a->list, a->count) = (struct place_choice){
            row_int(r, "id"), row_int(r, "community"),
            arena_copy(ctx->arena, ctx_pick(ctx, row_text(r, "name"), row_text(r, "name_en"))),
            arena_copy(ctx->arena,
                       ctx_pick(ctx, row_text(r, "of_name"), row_text(r, "of_name_en"))),
            row_text(r, "lat") ? arena_print(ctx->arena, " data-at=\"%.5f,%.5f\"",
                                             row_real(r, "lat"), row_real(r, "lon"))
                               : ""};
    rows_end(r);
    return a;
}

const struct area_choices *area_choices(struct ctx *ctx)
{
    return complete(load(ctx), area_asked(ctx));
}

const struct area_choices *area_choices_in(struct ctx *ctx, const int64_t *communities, int count)
{
    struct area_choices *all = load(ctx), *own = ARENA_NEW(ctx->arena, struct area_choices);
    *own = (struct area_choices){.list = NULL};
    for (int i = 0; i < all->count; i++)
        for (int c = 0; c < count; c++)
            if (all->list[i].community == communities[c])
                *ARENA_NEXT(ctx->arena, own->list, own->count) = all->list[i];
    return complete(own, param_int(ctx, "estate"));
}

const char *area_estate(const struct area_choices *a)
{
    return a->chosen && a->chosen->id != a->chosen->community ? a->chosen->name : NULL;
}

bool areas_known(struct ctx *ctx)
{
    return query_int(ctx->db,
                     "SELECT id FROM areas WHERE level IN ('community', 'estate') LIMIT 1") != NONE;
}

int64_t area_asked(struct ctx *ctx)
{
    int64_t id = param_int(ctx, "estate") != NONE ? param_int(ctx, "estate")
                                                  : param_int(ctx, "area");
    const char *last = cookie(ctx, "linli_area");
    if (id == NONE && !param(ctx, "area") && last)
        id = strtoll(last, NULL, 10);
    return id;
}

void area_remember(struct ctx *ctx, int64_t area)
{
    if (area != NONE)
        answer_cookie(ctx, "linli_area", arena_print(ctx->arena, "%lld", (long long)area),
                      REMEMBERED);
}

void area_typed(struct ctx *ctx, const struct kind *k, void *record)
{
    int64_t area = param_int(ctx, "area"), estate = param_int(ctx, "estate");
    const char *typed = param(ctx, estate != NONE ? "estate" : "area");
    if (area != NONE && estate != NONE &&
        query_int(ctx->db, "SELECT community FROM areas WHERE id = {}", estate) !=
            query_int(ctx->db, "SELECT community FROM areas WHERE id = {}", area))
        ctx_problem(ctx, "area",
                    say(ctx, "The housing estate lies in another community. Choose the community "
                             "again, or another estate."));
    else
        field_set(ctx, kind_field(k, "area"), record, typed);
}

/* Communities as groups, with their estates. */
static void options(struct ctx *ctx, const struct area_choices *a, bool estates)
{
    struct buf *out = ctx->web->out;
    int64_t group = NONE;
    for (int i = 0; i < a->count; i++) {
        const struct place_choice *p = &a->list[i];
        bool community = p->id == p->community;
        if (community && estates)
            continue;
        if (p->community != group)
            html(out, "{}<optgroup label=\"{}\">",
                 (struct markup){group == NONE ? "" : "</optgroup>"}, p->of);
        group = p->community;
        html(out, "<option value=\"{}\" data-of=\"{}\"{}{}>{}</option>", p->id, p->community,
             (struct markup){p->at}, (struct markup){p == a->chosen ? " selected" : ""},
             community ? say(ctx, "{}, not in a housing estate", p->name) : p->name);
    }
    buf_puts(out, group == NONE ? "" : "</optgroup>");
}

static void select_draw(struct ctx *ctx, const struct area_choices *a, bool estates)
{
    struct buf *out = ctx->web->out;
    const char *name = estates ? "estate" : "area";
    html(out, "<select id=\"f-{}\" name=\"{}\"", name, name);
    field_described(ctx, name, false);
    html(out, "><option value=\"\">{}</option>",
         estates ? say(ctx, "none of these") : say(ctx, "Please choose"));
    options(ctx, a, estates);
    buf_puts(out, "</select>");
    field_problem(ctx, name);
    buf_puts(out, "</div>");
}

static void list_draw(struct ctx *ctx, const struct area_choices *a, const char *label)
{
    field_begin(ctx, "area", label, false, NULL);
    select_draw(ctx, a, false);
}

void area_field(struct ctx *ctx, const char *label)
{
    list_draw(ctx, complete(load(ctx), param_int(ctx, "area")), label);
}

static void taps(struct ctx *ctx, const struct area_choices *a, const char *label)
{
    struct buf *out = ctx->web->out;
    html(out, "<fieldset class=\"taps\" id=\"f-area\"><legend>{}</legend><div>", label);
    for (int i = 0; i < a->count; i++) {
        const struct place_choice *p = &a->list[i];
        if (p->id == p->community)
            html(out,
                 "<label><input type=\"radio\" name=\"area\" value=\"{}\"{}{}><span>{}</span>"
                 "</label>",
                 p->id, (struct markup){p->at},
                 (struct markup){a->chosen && a->chosen->community == p->id ? " checked" : ""},
                 p->name);
    }
    buf_puts(out, "</div>");
    field_problem(ctx, "area");
    buf_puts(out, "</fieldset>");
}

void area_choice(struct ctx *ctx, const struct area_choices *a, const char *label)
{
    if (a->communities > TAPPED_MOST) {
        list_draw(ctx, a, label);
        return;
    }
    if (!a->chosen || ctx_problem_of(ctx, "area")) {
        taps(ctx, a, label);
        return;
    }
    fold_begin(ctx, &(struct fold){.id = "community",
                                   .icon = "map-pin",
                                   .label = say(ctx, "Community"),
                                   .value = a->chosen->of,
                                   .none = say(ctx, "Please choose"),
                                   .close = true});
    taps(ctx, a, label);
    fold_end(ctx);
}

void estate_field(struct ctx *ctx, const struct area_choices *a)
{
    if (a->communities <= TAPPED_MOST)
        estate_list(ctx, a);
}

void estate_list(struct ctx *ctx, const struct area_choices *a)
{
    if (a->count == a->communities)
        return;
    field_begin(ctx, "estate", say(ctx, "Housing estate"), true, NULL);
    select_draw(ctx, a, true);
}
