/*
 * What the registers add to merging (app/registers/merge.h): who may, what is refused,
 * what the survivor says if nobody chooses, and the kind of the merges
 * themselves, from which their list, sheets and API come.
 */
#include "app/registers/merges.h"

#include "app/registers/registers.h"
#include "core/module.h"
#include "base/text.h"

#include <string.h>

/* ---- rules ---- */

static bool person_mine(struct ctx *ctx, const void *record)
{
    const struct person *p = record;
    return p->removed_at == NONE && kind_may_write(ctx, &people_kind) &&
           area_mine(ctx, people_kind.write, p->community != NONE ? p->community : p->area);
}

static bool organisation_mine(struct ctx *ctx, const void *record)
{
    const struct organisation *o = record;
    return kind_may_write(ctx, &organisations_kind) &&
           area_mine(ctx, organisations_kind.write, o->area);
}

#define DEPTH_MOST 50 /* levels of the tree that are looked through */

/* Whether an organisation lies anywhere below the other. */
static bool lies_below(struct ctx *ctx, int64_t id, int64_t above)
{
    for (int depth = 0; id > 0 && depth < DEPTH_MOST; depth++) {
        id = query_int(ctx->db, "SELECT parent FROM organisations WHERE id = {}", id);
        if (id == above)
            return true;
    }
    return false;
}

static const char *organisation_bar(struct ctx *ctx, int64_t kept, int64_t gone)
{
    const struct organisation *a = record_must(ctx, &organisations_kind, kept),
                              *b = record_must(ctx, &organisations_kind, gone);
    const struct field *f = kind_field(&organisations_kind, "kind");
    if (strcmp(a->kind, b->kind) != 0)
        return say(ctx,
                   "One is a {}, the other a {}. If they are the same, correct the type of one of "
                   "them first.",
                   field_show(ctx, f, a), field_show(ctx, f, b));
    if (lies_below(ctx, kept, gone))
        return say(ctx, "The entry to keep belongs to the other one. Keep the upper one, or change "
                        "its parent first.");
    return NULL;
}

static const struct merge_rule rules[] = {
    {&people_kind, .mine = person_mine},
    {&organisations_kind, .mine = organisation_mine, .bar = organisation_bar},
    {.kind = NULL},
};

/* A grant is no kind's: a team leader leads the surviving team. */
static const struct merge_column columns[] = {{"organisations", "grants", "organisation", NULL},
                                              {.kind = NULL}};

/* ---- what the survivor says ---- */

bool merge_united(const struct field *f)
{
    return f->type == F_LONG || f->type == F_TAGS;
}

bool merge_offered(const struct field *f)
{
    return !(f->flags & (FIXED | HIDDEN | INNER | BESIDE)) && !merge_united(f);
}

bool merge_takes_over(struct ctx *ctx, const struct kind *k, const struct field *f,
                      const void *kept, const void *gone)
{
    const struct record *a = kept, *b = gone;
    /* the place in the tree of one that lies below the survivor would be a circle */
    if (f->type == F_REF && !strcmp(f->ref, k->name) && lies_below(ctx, b->id, a->id))
        return false;
    if (field_missing(f, gone) || field_lost(f, gone) || field_lost(f, kept))
        return false;
    return field_missing(f, kept) || b->created < a->created ||
           (b->created == a->created && b->id < a->id);
}

static const char *tags_united(struct ctx *ctx, const char *a, const char *b)
{
    const char *all = a && *a ? a : "|";
    for (const char *at = b, *code; (code = tags_next(ctx->arena, &at)) != NULL;)
        if (!tags_have(all, code))
            all = arena_print(ctx->arena, "%s%s|", all, code);
    return strlen(all) > 1 ? all : NULL;
}

/* Both texts, unless one has the other in it already or there is no room. */
static const char *text_united(struct ctx *ctx, const struct field *f, const char *a, const char *b)
{
    int64_t most = f->max ? f->max : FIELD_LONG_MOST;
    if (!a || !b)
        return a ? a : b;
    if (strstr(a, b))
        return a;
    if (strstr(b, a))
        return b;
    const char *both = arena_print(ctx->arena, "%s\n%s", a, b);
    return (int64_t)text_length(both) <= most ? both : NULL;
}

static void unite(struct ctx *ctx, const struct field *f, const void *kept, const void *gone,
                  void *after)
{
    const char **slot = (const char **)(void *)((char *)after + f->offset);
    const char *a = field_text(f, kept), *b = field_text(f, gone);
    if (field_lost(f, kept) || field_lost(f, gone))
        return;
    if (f->type == F_TAGS) {
        *slot = tags_united(ctx, a, b);
        return;
    }
    *slot = text_united(ctx, f, a, b);
    if ((a || b) && !*slot) {
        *slot = a;
        ctx_problem(ctx, f->name,
                    say(ctx, "{}: the two texts together are too long. Shorten one of them first.",
                        tr(ctx, f->label)));
    }
}

void merge_defaults(struct ctx *ctx, const struct kind *k, const void *kept, const void *gone,
                    void *after)
{
    const struct field *given = kind_field(k, "consent_at");
    for (int i = 0; i < k->field_count; i++) {
        const struct field *f = &k->fields[i];
        if (f->flags & (FIXED | HIDDEN | BESIDE))
            continue;
        if (merge_united(f))
            unite(ctx, f, kept, gone, after);
        else if (merge_offered(f) && merge_takes_over(ctx, k, f, kept, gone))
            merge_take(f, gone, after);
    }
    /* consent that only the other record has */
    if (given && field_missing(given, kept) && !field_missing(given, gone))
        merge_take(given, gone, after);
}

void merge_take(const struct field *f, const void *from, void *to)
{
    size_t size = f->type == F_REAL  ? sizeof(double)
                  : field_is_text(f) ? sizeof(const char *)
                                     : sizeof(int64_t);
    memcpy((char *)to + f->offset, (const char *)from + f->offset, size);
}

/* ---- the merges themselves ---- */

static const char *merged_title(struct ctx *ctx, const struct merge_row *m, int64_t id)
{
    const struct kind *k = kind_find(m->kind);
    const void *record = k ? record_get(ctx, k, id) : NULL;
    return record ? arena_print(ctx->arena, "%s (%s)", record_title(ctx, k, record),
                                field_text(kind_field(k, k->code), record))
                  : "";
}

static const char *kept_shown(struct ctx *ctx, const void *record)
{
    const struct merge_row *m = record;
    return merged_title(ctx, m, m->kept);
}

static const char *gone_shown(struct ctx *ctx, const void *record)
{
    const struct merge_row *m = record;
    return merged_title(ctx, m, m->gone);
}

static const struct choice merged_kinds[] = {
    {"people", N_("People")}, {"organisations", N_("Organisations")}, {NULL, NULL}};

#define M(member) offsetof(struct merge_row, member)
static const struct field merge_fields[] = {
    {"kind", F_CHOICE, M(kind), N_("Register"), .choices = merged_kinds,
     .flags = LISTED | FILTER | FIXED},
    {"kept", F_INT, M(kept), N_("Kept entry"), .flags = LISTED | FIXED | NAMED, .shown = kept_shown,
     .listed = kept_shown},
    {"gone", F_INT, M(gone), N_("Merged entry"), .flags = LISTED | FIXED | NAMED,
     .shown = gone_shown, .listed = gone_shown},
    {"part_of", F_INT, M(part_of), N_("Part of merge"), .flags = FIXED | INNER},
    {"actor", F_REF, M(actor), N_("Merged by"), .ref = "users", .flags = FIXED | INNER},
    {"actor_name", F_TEXT, M(actor_name), N_("Merged by"), .flags = LISTED | FIXED},
    {"undone_at", F_TIME, M(undone_at), N_("Undone"), .flags = LISTED | FIXED},
    {"undone_by", F_REF, M(undone_by), N_("Undone by"), .ref = "users", .flags = FIXED | INNER},
    {"undone_name", F_TEXT, M(undone_name), N_("Undone by"), .flags = FIXED},
};

static void scope_one(struct ctx *ctx, struct sql *where, const struct kind *k, const char *column)
{
    sql_add(where, " AND {} IN (SELECT id FROM {} WHERE 1 = 1", (struct sql_name){column},
            (struct sql_name){k->table});
    scope_by_community(ctx, where, people_kind.write, "community");
    sql_add(where, ")");
}

/* Both records must be in the reader's areas. What a merge brought with it is shown there. */
static void scope(struct ctx *ctx, struct sql *where)
{
    static const struct kind *const merged[] = {&people_kind, &organisations_kind, NULL};
    sql_add(where, " AND part_of IS NULL AND (1 = 0");
    for (int i = 0; merged[i]; i++) {
        sql_add(where, " OR (kind = {}", merged[i]->name);
        scope_one(ctx, where, merged[i], "kept");
        scope_one(ctx, where, merged[i], "gone");
        sql_add(where, ")");
    }
    sql_add(where, ")");
}

const struct kind merges_kind = {
    .name = "merges",
    .table = "merges",
    .one = N_("Merge"),
    .many = N_("Merges"),
    FIELDS(merge_fields),
    .size = sizeof(struct merge_row),
    .read = ROLE_WORKER | ROLE_OFFICE | ROLE_ADMIN,
    .code = "kind",
    .title = "gone",
    .order = "id DESC",
    .scope = scope,
    .person = true,
    .about = N_("Entries that were merged because they meant the same person or organisation."),
};

static const struct kind *const kinds[] = {&merges_kind, NULL};

const struct module merges_module = {
    .name = "merges", .kinds = kinds, .merges = rules, .merge_columns = columns};
