/*
 * Demonstration households: 4,300 people in 1,516 households of three estates
 * (F26, F27), made by a fixed pseudo-random sequence. Some members are away or
 * registered elsewhere, some have died, and a few households have no head.
 * Names are a surname and how one is called, so nobody is meant.
 */
#include "program/demo.h"

#include "app/registers/registers.h"
#include "base/when.h"

#include <string.h>

#define HOUSEHOLDS     1516
#define PEOPLE         4300
#define BUILDINGS_MOST 64
#define LARGEST        6
#define AT_ONCE        100 /* households in a transaction */

struct village {
    struct ctx *ctx;
    uint64_t state;
    struct area buildings[BUILDINGS_MOST];
    int building_count;
    int sizes[HOUSEHOLDS];
};

static const char *const surnames[] = {"陈", "梁", "黄", "李", "林", "何", "谭", "邓", "谢", "罗",
                                       "莫", "苏", "温", "欧", "伍", "潘", "彭", "冯", "孔", "卢"};

/* The order in which members come: the household of four is a couple with two children. */
static const struct kin {
    const char *relation, *called[2]; /* called: a man or boy, a woman or girl */
    int youngest, spread;             /* years younger (older: negative) than the head */
} kin[LARGEST] = {
    {"head", {"先生", "女士"}, 0, 0},         {"spouse", {"先生", "女士"}, -3, 7},
    {"child", {"家老大", "家大妹"}, 24, 8},   {"child", {"家老二", "家二妹"}, 27, 8},
    {"parent", {"家爷爷", "家奶奶"}, -30, 6}, {"grandchild", {"家小宝", "家小妹"}, 50, 6}};

static int below(struct village *v, int n)
{
    return demo_draw(&v->state, n);
}

/* The buildings of the first three estates that have any. */
static enum status load(struct village *v)
{
    struct ctx *ctx = v->ctx;
    struct rows *r = query(ctx->db,
                           "SELECT id FROM areas WHERE level = 'building' AND parent IN (SELECT "
                           "DISTINCT parent FROM areas WHERE level = 'building' ORDER BY parent "
                           "LIMIT 3) ORDER BY code LIMIT {}",
                           BUILDINGS_MOST);
    int64_t ids[BUILDINGS_MOST];
    int n = rows_ids(r, ids, BUILDINGS_MOST);
    for (int i = 0; i < n; i++)
        v->buildings[v->building_count++] = *(const struct area *)record_must(ctx, &areas_kind,
                                                                              ids[i]);
    return ctx->status;
}

/* Sizes from one to six that add up exactly. */
static void size(struct village *v)
{
    static const int shares[] = {1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 4, 4, 4, 5, 5, 6};
    int sum = 0;
    for (int i = 0; i < HOUSEHOLDS; i++)
        sum += v->sizes[i] = shares[below(v, (int)(sizeof shares / sizeof *shares))];
    for (int i = 0; sum != PEOPLE; i = (i + 7) % HOUSEHOLDS) {
        int step = sum < PEOPLE ? 1 : -1, next = v->sizes[i] + step;
        if (next >= 1 && next <= LARGEST)
            v->sizes[i] = next, sum += step;
    }
}

static const char *years_ago(struct village *v, int years)
{
    return day_iso(v->ctx->arena, when_day(v->ctx->now) - (int64_t)years * 365 - below(v, 360) - 1);
}

static int64_t make_person(struct village *v, const struct household *h, const struct kin *role,
                           const char *surname, int age, bool woman, const char *phone)
{
    struct person *p = record_new(v->ctx, &people_kind);
    p->name = arena_print(v->ctx->arena, "%s%s", surname, role->called[woman]);
    p->gender = woman ? "female" : "male";
    p->born = years_ago(v, age);
    p->phone = phone;
    p->area = h->area;
    p->address = h->place;
    return record_check(v->ctx, &people_kind, NULL, p) &&
                   record_insert(v->ctx, &people_kind, p, "create") == OK
               ? p->record.id
               : NONE;
}

static void add_member(struct village *v, const struct household *h, int64_t person,
                       const char *relation, const char *state, const char *from, const char *to)
{
    struct household_member *m = record_new(v->ctx, &household_members_kind);
    m->household = h->record.id;
    m->person = person;
    m->relation = relation;
    m->state = state;
    m->valid_from = from;
    m->valid_to = to;
    if (person != NONE && record_check(v->ctx, &household_members_kind, NULL, m))
        record_insert(v->ctx, &household_members_kind, m, "create");
}

/* Somebody of the household who died some months ago. */
static void add_late(struct village *v, const struct household *h, const char *surname, int age)
{
    int64_t died = when_day(v->ctx->now) - 40 - below(v, 300),
            id = make_person(v, h, &kin[4], surname, age + 30, below(v, 2), NULL);
    add_member(v, h, id, "parent", "here", h->since, day_iso(v->ctx->arena, died - 1));
    add_member(v, h, id, "parent", "died", day_iso(v->ctx->arena, died), NULL);
}

static void make(struct village *v, int i)
{
    struct ctx *ctx = v->ctx;
    const struct area *building = &v->buildings[i % v->building_count];
    int k = i / v->building_count, flat = k / 2, age = 28 + below(v, 50);
    const char *surname = surnames[below(v, 20)];
    bool woman = below(v, 3) == 0;
    struct household *h = record_new(ctx, &households_kind);
    h->area = building->record.id;
    h->stairwell = arena_print(ctx->arena, "%d单元", k % 2 + 1);
    h->room = arena_print(ctx->arena, "%d", (flat / 3 + 1) * 100 + flat % 3 + 1);
    h->since = years_ago(v, 1 + below(v, 9));
    h->code = arena_print(ctx->arena, "H%05d", i + 1);
    if (!record_check(ctx, &households_kind, NULL, h) ||
        record_insert(ctx, &households_kind, h, "create") != OK)
        return;
    for (int m = 0; m < v->sizes[i] && ctx_ok(ctx); m++) {
        const struct kin *role = &kin[m];
        int drawn = below(v, 100), years = age - role->youngest - below(v, role->spread + 1);
        bool female = m == 0 ? woman : m == 1 ? !woman : below(v, 2) == 1;
        const char *own = m == 1 ? surnames[below(v, 20)] : surname, *born = NULL,
                   *phone = m == 0 && below(v, 2) ? arena_print(ctx->arena, "139000%05d", i) : NULL;
        int64_t id = make_person(v, h, role, own, years < 0 ? 0 : years, female, phone);
        const struct person *p = record_must(ctx, &people_kind, id);
        born = p->born;
        add_member(v, h, id, m == 0 && i % 251 == 250 ? "relative" : role->relation,
                   drawn < 6    ? "away"
                   : drawn < 11 ? "elsewhere"
                                : "here",
                   born && strcmp(born, h->since) > 0 ? born : h->since, NULL);
    }
    if (i % 60 == 59)
        add_late(v, h, surname, age);
    if (ctx_ok(ctx))
        household_settle(ctx, h->record.id);
}

enum status demo_households(struct ctx *ctx)
{
    struct village *v = ARENA_NEW(ctx->arena, struct village);
    *v = (struct village){.ctx = ctx, .state = 4300};
    if (load(v) != OK || v->building_count == 0)
        return ctx->status;
    size(v);
    struct arena *kept = ctx->arena, *each = arena_new();
    ctx->arena = each;
    for (int i = 0; i < HOUSEHOLDS && ctx_ok(ctx); i++) {
        make(v, i);
        if (i % AT_ONCE != AT_ONCE - 1 || !ctx_ok(ctx))
            continue;
        arena_clear(each);
        if (db_commit(ctx->db) != OK || db_begin(ctx->db) != OK)
            ctx_fail(ctx, db_status(ctx->db), NULL);
    }
    if (ctx->problems) /* its text was in the arena that is now freed */
        ctx->problems->text = arena_copy(kept, ctx->problems->text);
    ctx->arena = kept;
    arena_free(each);
    return ctx->status;
}
