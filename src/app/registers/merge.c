/*
 * Merges and their undo, for any kind (app/registers/merge.h). References move with two
 * statements for each column, however many rows it has; the values of the
 * survivor and what modules put in order are written down one by one. Both are
 * rows of merge_moves, and the undo treats them alike.
 */
#include "app/registers/merge.h"

#include "core/module.h"
#include "db/journal.h"

#include <stdlib.h>
#include <string.h>

#define COLUMN "merged_into"

bool merge_takes(const struct kind *k)
{
    return kind_field(k, COLUMN) != NULL;
}

static int64_t survivor_of(const struct kind *k, const void *record)
{
    return field_int(kind_field(k, COLUMN), record);
}

/* Walks the rules of a kind: *at begins as 0. */
static const struct merge_rule *rule_next(const struct kind *k, int *at)
{
    int n = 0;
    for (int m = 0; modules[m]; m++)
        for (const struct merge_rule *r = modules[m]->merges; r && r->kind; r++)
            if (r->kind == k && n++ == *at) {
                ++*at;
                return r;
            }
    return NULL;
}

bool merge_mine(struct ctx *ctx, const struct kind *k, const void *record)
{
    const struct merge_rule *r;
    for (int at = 0; (r = rule_next(k, &at)) != NULL;)
        if (r->mine)
            return r->mine(ctx, record);
    return false;
}

const char *merge_bar(struct ctx *ctx, const struct kind *k, const void *kept, const void *gone)
{
    const struct record *a = kept, *b = gone;
    const struct merge_rule *r;
    if (a->id == b->id)
        return say(ctx, "An entry can’t be merged with itself. Choose another one.");
    if (survivor_of(k, kept) != NONE || survivor_of(k, gone) != NONE)
        return say(ctx, "One of the two has already been merged into another entry.");
    for (int at = 0; (r = rule_next(k, &at)) != NULL;) {
        const char *why = r->bar ? r->bar(ctx, a->id, b->id) : NULL;
        if (why)
            return why;
    }
    return NULL;
}

/* ---- the columns that refer to a kind ---- */

static bool column_known(const struct merge_column *list, int n, const char *table,
                         const char *column)
{
    for (int i = 0; i < n; i++)
        if (!strcmp(list[i].table, table) && !strcmp(list[i].column, column))
            return true;
    return false;
}

const struct merge_column *merge_columns(struct ctx *ctx, const struct kind *k)
{
    struct merge_column *list = NULL;
    int n = 0;
    for (int m = 0; modules[m]; m++)
        for (const struct merge_column *c = modules[m]->merge_columns; c && c->kind; c++)
            if (!strcmp(c->kind, k->name))
                *ARENA_NEXT(ctx->arena, list, n) = *c;
    for (const struct kind *const *o = modules_kinds(); *o; o++)
        for (int i = 0; i < (*o)->field_count; i++) {
            const struct field *f = &(*o)->fields[i];
            const struct kind *to = f->type == F_REF && !(f->flags & BESIDE) ? kind_find(f->ref)
                                                                             : NULL;
            if (to && !strcmp(to->table, k->table) && !column_known(list, n, (*o)->table, f->name))
                *ARENA_NEXT(ctx->arena, list, n) = (struct merge_column){
                    .kind = k->name, .table = (*o)->table, .column = f->name};
        }
    *ARENA_NEXT(ctx->arena, list, n) = (struct merge_column){.table = NULL};
    return list;
}

/* The rows of a reference that move: all that name the record that goes, but those that a rule has
 * already put in order there. */
static void add_rows(struct sql *q, const struct merge *m, const struct merge_column *c)
{
    struct sql_name table = {c->table}, column = {c->column};
    sql_add(q,
            " WHERE {} = {} AND id NOT IN (SELECT at_row FROM merge_moves WHERE merge = {} AND "
            "at_table = {})",
            column, m->gone, m->id, c->table);
    if (c->once)
        sql_add(q, " AND NOT EXISTS (SELECT 1 FROM {} x WHERE x.{} = {}", table, column, m->kept);
    if (c->once && *c->once)
        sql_add(q, " AND x.{} = {}.{}", (struct sql_name){c->once}, table,
                (struct sql_name){c->once});
    if (c->once)
        sql_add(q, ")");
}

static void move_column(struct ctx *ctx, const struct merge *m, const struct merge_column *c,
                        const char *about)
{
    struct sql q;
    sql_init(&q, ctx->arena);
    sql_add(&q,
            "INSERT INTO merge_moves (merge, at_table, at_column, at_row, type, was, became) "
            "SELECT CAST({} AS bigint), CAST({} AS text), CAST({} AS text), id, 'int', CAST({} AS "
            "text), CAST({} AS text) FROM {}",
            m->id, c->table, c->column, arena_print(ctx->arena, "%lld", (long long)m->gone),
            arena_print(ctx->arena, "%lld", (long long)m->kept), (struct sql_name){c->table});
    add_rows(&q, m, c);
    if (about)
        sql_add(&q, " AND kind = {}", about);
    sql_change(ctx->db, &q);
    if (db_status(ctx->db) != OK || db_changed(ctx->db) == 0)
        return;
    change(ctx->db,
           "UPDATE {} SET {} = {} WHERE id IN (SELECT at_row FROM merge_moves WHERE merge = {} AND "
           "at_table = {} AND at_column = {})",
           (struct sql_name){c->table}, (struct sql_name){c->column}, m->kept, m->id, c->table,
           c->column);
}

/* Tables whose rows are about a record of any kind. */
static const struct merge_column about[] = {{.table = "events", .column = "record"},
                                            {.table = "attachments", .column = "record"},
                                            {.table = "notices", .column = "record"},
                                            {.table = NULL}};

static void move_all(struct ctx *ctx, const struct merge *m)
{
    for (const struct merge_column *c = merge_columns(ctx, m->kind); c->table; c++)
        move_column(ctx, m, c, NULL);
    for (const struct merge_column *c = about; c->table; c++)
        move_column(ctx, m, c, m->kind->name);
}

/* ---- single values ---- */

/* A value as it is stored: its text, and what it is. */
struct cell {
    const char *type, *text;
};

static struct cell cell_read(struct ctx *ctx, const char *table, const char *column, int64_t row)
{
    struct cell c = {.type = NULL};
    struct rows *r = query(ctx->db, "SELECT {} AS value FROM {} WHERE id = {}",
                           (struct sql_name){column}, (struct sql_name){table}, row);
    if (rows_next(r)) {
        struct arg v = row_kept_at(r, ctx->arena, 0);
        c = v.type == ARG_INT
                ? (struct cell){"int", arena_print(ctx->arena, "%lld", (long long)v.i)}
            : v.type == ARG_REAL ? (struct cell){"real", arena_print(ctx->arena, "%.17g", v.d)}
            : v.type == ARG_TEXT && v.s ? (struct cell){"text", v.s}
                                        : c;
    }
    rows_end(r);
    return c;
}

static struct arg cell_arg(const char *type, const char *text)
{
    if (!strcmp(type, "int"))
        return arg_maybe((struct maybe){text ? strtoll(text, NULL, 10) : NONE});
    return text && !strcmp(type, "real") ? arg_real(strtod(text, NULL)) : arg_text(text);
}

static void cell_noted(struct ctx *ctx, const struct merge *m, const char *table,
                       const char *column, int64_t row, struct cell was, struct cell became)
{
    if (was.text == became.text || (was.text && became.text && !strcmp(was.text, became.text)))
        return;
    change(ctx->db,
           "INSERT INTO merge_moves (merge, at_table, at_column, at_row, type, was, became) VALUES "
           "({}, {}, {}, {}, {}, {}, {})",
           m->id, table, column, row, was.type ? was.type : became.type, was.text, became.text);
}

static void cell_set(struct ctx *ctx, const struct merge *m, const char *table, const char *column,
                     int64_t row, struct cell value)
{
    struct cell was = cell_read(ctx, table, column, row);
    struct sql q;
    sql_init(&q, ctx->arena);
    sql_add(&q, "UPDATE {} SET {} = {} WHERE id = {}", (struct sql_name){table},
            (struct sql_name){column}, cell_arg(value.type, value.text), row);
    sql_change(ctx->db, &q);
    cell_noted(ctx, m, table, column, row, was, value);
}

void merge_set_int(struct ctx *ctx, const struct merge *m, const char *table, const char *column,
                   int64_t row, int64_t value)
{
    cell_set(ctx, m, table, column, row,
             (struct cell){
                 "int", value == NONE ? NULL : arena_print(ctx->arena, "%lld", (long long)value)});
}

void merge_set_text(struct ctx *ctx, const struct merge *m, const char *table, const char *column,
                    int64_t row, const char *value)
{
    cell_set(ctx, m, table, column, row, (struct cell){"text", value});
}

/* ---- merging ---- */

/* The columns in which the survivor changes, with the hashes of encrypted ones. */
static const char *const *columns_changed(struct ctx *ctx, const struct kind *k, const void *before,
                                          const void *after)
{
    const char **list = NULL;
    int n = 0;
    for (int i = 0; i < k->field_count; i++) {
        const struct field *f = &k->fields[i];
        if ((f->flags & BESIDE) || field_same(f, before, after))
            continue;
        *ARENA_NEXT(ctx->arena, list, n) = f->name;
        if (f->flags & SEALED)
            *ARENA_NEXT(ctx->arena, list, n) = arena_print(ctx->arena, "%s_key", f->name);
    }
    *ARENA_NEXT(ctx->arena, list, n) = NULL;
    return list;
}

#define COLUMNS_MOST 200 /* of a kind, hashes included */

/* Stores the survivor, and writes down what changed in it, as stored. */
static enum status store_kept(struct ctx *ctx, const struct merge *m, const void *before,
                              void *after, const char *gone)
{
    const struct record *was = before;
    const char *const *names = columns_changed(ctx, m->kind, before, after);
    struct cell cells[COLUMNS_MOST];
    if (!names[0]) {
        change(ctx->db,
               "UPDATE {} SET version = version + 1, updated = {} WHERE id = {} AND "
               "version = {}",
               (struct sql_name){m->kind->table}, ctx->now, was->id, was->version);
        if (db_status(ctx->db) == OK && db_changed(ctx->db) == 0)
            return ctx_fail(ctx, CONFLICT,
                            say(ctx, "Someone else has just changed this. Check the latest version "
                                     "before you edit it."));
        return journal_note(ctx, m->kind->name, was->id, "merge", "{\"merged\":{}}", gone);
    }
    for (int i = 0; i < COLUMNS_MOST && names[i]; i++)
        cells[i] = cell_read(ctx, m->kind->table, names[i], was->id);
    enum status s = record_update(ctx, m->kind, before, after, "merge");
    for (int i = 0; s == OK && i < COLUMNS_MOST && names[i]; i++)
        cell_noted(ctx, m, m->kind->table, names[i], was->id, cells[i],
                   cell_read(ctx, m->kind->table, names[i], was->id));
    return s;
}

enum status merge_run(struct ctx *ctx, const struct kind *k, const void *kept, void *after,
                      const void *gone, int64_t part_of, struct merge *m)
{
    const struct record *a = kept, *b = gone;
    const struct merge_rule *r;
    const char *why = merge_bar(ctx, k, kept, gone);
    if (why)
        return ctx_fail(ctx, CONFLICT, why);
    change(ctx->db,
           "INSERT INTO merges (created, updated, kind, kept, gone, part_of, actor, actor_name) "
           "VALUES ({}, {}, {}, {}, {}, {}, {}, {})",
           ctx->now, ctx->now, k->name, a->id, b->id, (struct maybe){part_of},
           (struct maybe){ctx->actor.user}, ctx->actor.name);
    *m = (struct merge){db_inserted(ctx->db), k, a->id, b->id};
    for (int at = 0; (r = rule_next(k, &at)) != NULL;)
        if (r->merging)
            r->merging(ctx, m);
    move_all(ctx, m);
    void *leaving = record_copy(ctx, k, gone);
    *(int64_t *)(void *)((char *)leaving + kind_field(k, COLUMN)->offset) = a->id;
    enum status s = db_status(ctx->db);
    if (s == OK)
        s = record_update(ctx, k, gone, leaving, "merge");
    if (s == OK)
        s = store_kept(ctx, m, kept, after, field_text(kind_field(k, k->code), gone));
    for (int at = 0; s == OK && (r = rule_next(k, &at)) != NULL;)
        if (r->merged)
            r->merged(ctx, m);
    return s != OK ? s : !ctx_ok(ctx) ? ctx->status : db_status(ctx->db);
}

/* ---- undoing ---- */

/* The merge that must be undone before this one: a later one that took its survivor, or whose
 * survivor is a record that this one moved. NONE: there is none. part: it belongs to another merge,
 * whose module derives values from all that the survivor has, so a later one into it counts too. */
static int64_t undo_first(struct ctx *ctx, const struct merge *m, bool part)
{
    if (part) {
        int64_t into = query_int(ctx->db,
                                 "SELECT max(id) AS id FROM merges WHERE kind = {} AND kept = {} "
                                 "AND undone_at IS NULL AND id > {}",
                                 m->kind->name, m->kept, m->id);
        if (into != NONE)
            return into;
    }
    int64_t later = query_int(ctx->db,
                              "SELECT max(id) AS id FROM merges WHERE kind = {} AND gone = {} AND "
                              "undone_at IS NULL AND id > {}",
                              m->kind->name, m->kept, m->id);
    for (const struct kind *const *k = modules_kinds(); later == NONE && *k; k++)
        if (merge_takes(*k))
            later = query_int(ctx->db,
                              "SELECT max(x.id) AS id FROM merges x JOIN merge_moves v ON v.at_row "
                              "= x.kept WHERE x.kind = {} AND x.undone_at IS NULL AND x.id > {} "
                              "AND v.merge = {} AND v.at_table = {} AND coalesce(x.part_of, 0) <> "
                              "{}",
                              (*k)->name, m->id, m->id, (*k)->table, m->id);
    return later;
}

/* Puts back one column: the rows that still have what the merge gave them. A later merge of the
 * same survivor that changed it again will, when it is undone, put back the value before both. */
static int64_t group_back(struct ctx *ctx, int64_t merge, const char *table, const char *column,
                          const char *type, const char *was, const char *became)
{
    struct sql q, rows;
    sql_init(&rows, ctx->arena);
    sql_add(&rows,
            " (SELECT at_row FROM merge_moves WHERE merge = {} AND at_table = {} AND at_column = "
            "{}",
            merge, table, column);
    if (was)
        sql_add(&rows, " AND was = {}", was);
    else
        sql_add(&rows, " AND was IS NULL");
    if (became)
        sql_add(&rows, " AND became = {})", became);
    else
        sql_add(&rows, " AND became IS NULL)");
    sql_init(&q, ctx->arena);
    sql_add(&q, "UPDATE {} SET {} = {} WHERE id IN", (struct sql_name){table},
            (struct sql_name){column}, cell_arg(type, was));
    sql_append(&q, &rows);
    if (became)
        sql_add(&q, " AND {} = {}", (struct sql_name){column}, cell_arg(type, became));
    else
        sql_add(&q, " AND {} IS NULL", (struct sql_name){column});
    sql_change(ctx->db, &q);
    int64_t back = db_status(ctx->db) == OK ? db_changed(ctx->db) : 0;
    sql_init(&q, ctx->arena);
    sql_add(&q,
            "UPDATE merge_moves SET was = {} WHERE at_table = {} AND at_column = {} AND at_row "
            "IN",
            was, table, column);
    sql_append(&q, &rows);
    sql_add(&q, " AND merge > {} AND merge IN (SELECT id FROM merges WHERE undone_at IS NULL)",
            merge);
    if (became)
        sql_add(&q, " AND was = {}", became);
    else
        sql_add(&q, " AND was IS NULL");
    sql_release(&rows);
    sql_change(ctx->db, &q);
    return back;
}

/* One column with one pair of values, of the moves of a merge. */
struct group {
    const char *table, *column, *type, *was, *became;
    int64_t rows;
};

static void group_left(struct ctx *ctx, const struct merge *m, const struct group *g, int64_t back,
                       struct merge_left *left)
{
    const struct field *f = strcmp(g->table, m->kind->table) ? NULL
                                                             : kind_field(m->kind, g->column);
    if (back >= g->rows)
        return;
    if (f && strcmp(f->name, COLUMN) != 0)
        left->fields = ctx_list(ctx, left->fields, tr(ctx, f->label));
    else if (!strstr(g->column, "_key"))
        left->rows += g->rows - back;
}

static void moves_back(struct ctx *ctx, const struct merge *m, struct merge_left *left)
{
    struct group *list = NULL;
    int n = 0;
    struct rows *r = query(ctx->db,
                           "SELECT at_table, at_column, type, was, became, count(*) AS n FROM "
                           "merge_moves WHERE merge = {} GROUP BY at_table, at_column, type, was, "
                           "became ORDER BY at_table, at_column",
                           m->id);
    while (rows_next(r))
        *ARENA_NEXT(ctx->arena, list, n) = (struct group){
            row_copy(r, ctx->arena, "at_table"), row_copy(r, ctx->arena, "at_column"),
            row_copy(r, ctx->arena, "type"),     row_copy(r, ctx->arena, "was"),
            row_copy(r, ctx->arena, "became"),   row_int(r, "n")};
    for (int i = 0; i < n; i++) {
        const struct group *g = &list[i];
        int64_t back = group_back(ctx, m->id, g->table, g->column, g->type, g->was, g->became);
        group_left(ctx, m, g, back, left);
    }
}

static void undo_one(struct ctx *ctx, const struct merge *m, struct merge_left *left)
{
    const struct kind *k = m->kind;
    const void *kept = record_must(ctx, k, m->kept);
    const void *gone = record_must(ctx, k, m->gone);
    const struct merge_rule *r;
    if (!ctx_ok(ctx))
        return;
    moves_back(ctx, m, left);
    change(ctx->db, "UPDATE {} SET {} = NULL WHERE id = {}", (struct sql_name){k->table},
           (struct sql_name){COLUMN}, m->gone);
    change(
        ctx->db,
        "UPDATE merges SET undone_at = {}, undone_by = {}, undone_name = {}, version = version + "
        "1, updated = {} WHERE id = {}",
        ctx->now, (struct maybe){ctx->actor.user}, ctx->actor.name, ctx->now, m->id);
    if (db_status(ctx->db) != OK || record_changed(ctx, k, gone, "unmerge") != OK ||
        record_changed(ctx, k, kept, "unmerge") != OK)
        return;
    for (int at = 0; (r = rule_next(k, &at)) != NULL;)
        if (r->undone)
            r->undone(ctx, m);
}

static bool merge_read(struct ctx *ctx, int64_t id, struct merge *m)
{
    struct rows *r = query(
        ctx->db, "SELECT kind, kept, gone FROM merges WHERE id = {} AND undone_at IS NULL", id);
    bool found = rows_next(r);
    if (found)
        *m = (struct merge){id, kind_find(row_text(r, "kind")), row_int(r, "kept"),
                            row_int(r, "gone")};
    rows_end(r);
    return found && m->kind;
}

#define PARTS_MOST 16 /* merges that one merge brings with it */

enum status merge_undo(struct ctx *ctx, int64_t id, struct merge_left *left)
{
    struct merge m;
    int64_t parts[PARTS_MOST];
    *left = (struct merge_left){.fields = ""};
    if (!merge_read(ctx, id, &m))
        return ctx_fail(ctx, CONFLICT, say(ctx, "This merge has already been undone."));
    int n = rows_ids(query(ctx->db,
                           "SELECT id FROM merges WHERE part_of = {} AND undone_at IS NULL ORDER "
                           "BY id DESC",
                           id),
                     parts, PARTS_MOST);
    bool held = undo_first(ctx, &m, false) != NONE;
    struct merge part;
    for (int i = 0; i < n; i++)
        held |= merge_read(ctx, parts[i], &part) && undo_first(ctx, &part, true) != NONE;
    if (held)
        return ctx_fail(ctx, CONFLICT,
                        say(ctx, "A later merge builds on this one. Undo the later one first."));
    for (int i = 0; i < n && ctx_ok(ctx); i++)
        if (merge_read(ctx, parts[i], &part))
            undo_one(ctx, &part, left);
    if (ctx_ok(ctx))
        undo_one(ctx, &m, left);
    return ctx_ok(ctx) ? db_status(ctx->db) : ctx->status;
}
