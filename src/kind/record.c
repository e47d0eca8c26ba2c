/*
 * Loads, inserts, updates and logs records by their description. All SQL
 * consists of names from const tables and bound values. Records and their text
 * live in the context's arena.
 */
#include "kind/kind.h"

#include "base/log.h"
#include "base/seal.h"
#include "base/when.h"
#include "db/journal.h"
#include "db/sql.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

static const struct kind *const *all_kinds;

void kinds_set(const struct kind *const *all)
{
    all_kinds = all;
}

static enum status (*react)(struct ctx *ctx, const struct kind *k, const char *action,
                            const void *before, const void *after);

void reactions_set(enum status (*run)(struct ctx *ctx, const struct kind *k, const char *action,
                                      const void *before, const void *after))
{
    react = run;
}

/* The end of a change: runs its consequences elsewhere. */
static enum status reacted(struct ctx *ctx, const struct kind *k, const char *action,
                           const void *before, const void *after)
{
    enum status s = db_status(ctx->db);
    return s == OK && react ? react(ctx, k, action, before, after) : s;
}

const struct kind *kind_find(const char *name)
{
    for (int i = 0; all_kinds && all_kinds[i]; i++)
        if (!strcmp(all_kinds[i]->name, name))
            return all_kinds[i];
    return NULL;
}

const struct field *kind_field(const struct kind *k, const char *name)
{
    for (int i = 0; i < k->field_count; i++)
        if (!strcmp(k->fields[i].name, name))
            return &k->fields[i];
    return NULL;
}

const char *kind_title(const struct kind *k)
{
    static const char *const titles[] = {"name", "title", "subject", NULL};
    if (k->title)
        return k->title;
    for (int i = 0; titles[i]; i++) {
        const struct field *f = kind_field(k, titles[i]);
        if (f && !(f->flags & SEALED))
            return f->name;
    }
    return k->code;
}

void *record_new(struct ctx *ctx, const struct kind *k)
{
    struct record *rec = arena_alloc(ctx->arena, k->size);
    *rec = (struct record){.id = NONE};
    for (int i = 0; i < k->field_count; i++) {
        void *slot = (char *)rec + k->fields[i].offset;
        if (k->fields[i].type == F_REAL)
            *(double *)slot = NAN;
        else if (!field_is_text(&k->fields[i]))
            *(int64_t *)slot = NONE;
    }
    return rec;
}

void *record_copy(struct ctx *ctx, const struct kind *k, const void *record)
{
    return memcpy(arena_alloc(ctx->arena, k->size), record, k->size);
}

static bool wanted(const char *const *only, const char *name)
{
    for (; only && *only; only++)
        if (!strcmp(*only, name))
            return true;
    return false;
}

/* only: the fields to read, the others are missing; NULL: all. */
static void select_columns(struct sql *q, const struct kind *k, const char *const *only)
{
    sql_add(q, "SELECT id, version, created, updated");
    for (int i = 0; i < k->field_count; i++)
        if (!(k->fields[i].flags & BESIDE) && (!only || wanted(only, k->fields[i].name)))
            sql_add(q, ", {}", (struct sql_name){k->fields[i].name});
        else
            sql_add(q, ", NULL AS {}", (struct sql_name){k->fields[i].name});
    sql_add(q, " FROM {} WHERE 1 = 1", (struct sql_name){k->table});
}

#define LOST_EVERY 60 /* seconds between two lines in the log */

/* Logged as well, because nobody may be looking at the page. */
static void lost_log(const struct kind *k, const struct field *f, int64_t id)
{
    static _Atomic int64_t last;
    int64_t now = when_now(), before = atomic_load(&last);
    if (now - before >= LOST_EVERY && atomic_compare_exchange_strong(&last, &before, now))
        log_warn("field_unreadable", "\"kind\":{},\"id\":{},\"field\":{}", k->name, id, f->name);
}

/* A value that this installation's key can't decrypt is damaged or encrypted with another key.
 * Its field says so wherever it is shown, and other fields are unaffected. Unless a new value
 * is entered, it stays as stored, so that `linli reseal` can decrypt it later. */
static const char *unsealed(struct ctx *ctx, const struct kind *k, const struct field *f,
                            int64_t id, struct arena *a, const char *sealed)
{
    const char *text = NULL;
    if (!ctx->keys || seal_open(ctx->keys, a, f->name, sealed, &text) == OK)
        return text;
    if (ctx->lost++ == 0) {
        ctx->lost_id = id;
        ctx->lost_kind = k->one;
        ctx->lost_field = f->label;
    }
    lost_log(k, f, id);
    return seal_lost;
}

/* Columns are in the order in which select_columns wrote them. */
void *list_next(struct ctx *ctx, const struct kind *k, struct rows *r, struct arena *a)
{
    if (!rows_next(r))
        return NULL;
    struct record *rec = arena_alloc(a, k->size);
    *rec = (struct record){row_int_at(r, 0), row_int_at(r, 1), row_int_at(r, 2), row_int_at(r, 3)};
    for (int i = 0; i < k->field_count; i++) {
        const struct field *f = &k->fields[i];
        void *slot = (char *)rec + f->offset;
        if (f->type == F_REAL) {
            *(double *)slot = row_text_at(r, i + 4) ? row_real_at(r, i + 4) : NAN;
        } else if (!field_is_text(f)) {
            *(int64_t *)slot = row_int_at(r, i + 4);
        } else {
            const char *s = row_text_at(r, i + 4);
            if (s && (f->flags & SEALED))
                s = unsealed(ctx, k, f, rec->id, a, s);
            else
                s = arena_copy(a, s);
            *(const char **)slot = s;
        }
    }
    return rec;
}

static void *first(struct ctx *ctx, const struct kind *k, struct sql *q)
{
    struct rows *r = sql_query(ctx->db, q);
    void *rec = list_next(ctx, k, r, ctx->arena);
    if (rec)
        rows_end(r);
    return rec;
}

void *record_load(struct ctx *ctx, const struct kind *k, int64_t id)
{
    struct sql q;
    sql_init(&q, ctx->arena);
    select_columns(&q, k, NULL);
    sql_add(&q, " AND id = {}", id);
    if (k->scope)
        k->scope(ctx, &q);
    return first(ctx, k, &q);
}

bool record_reached(struct ctx *ctx, const struct kind *k, int64_t id)
{
    struct sql q;
    sql_init(&q, ctx->arena);
    sql_add(&q, "SELECT id FROM {} WHERE id = {}", (struct sql_name){k->table}, id);
    if (k->scope)
        k->scope(ctx, &q);
    struct rows *r = sql_query(ctx->db, &q);
    bool found = rows_next(r);
    if (found)
        rows_end(r);
    return found;
}

void *record_get(struct ctx *ctx, const struct kind *k, int64_t id)
{
    struct sql q;
    sql_init(&q, ctx->arena);
    select_columns(&q, k, NULL);
    sql_add(&q, " AND id = {}", id);
    return first(ctx, k, &q);
}

int64_t record_survivor(struct ctx *ctx, const struct kind *k, int64_t id)
{
    return kind_field(k, "merged_into")
               ? query_int(ctx->db, "SELECT merged_into FROM {} WHERE id = {}",
                           (struct sql_name){k->table}, id)
               : NONE;
}

enum status record_gone(struct ctx *ctx)
{
    return ctx_fail(ctx, db_status(ctx->db) == OK ? NOT_FOUND : db_status(ctx->db), NULL);
}

void *record_must(struct ctx *ctx, const struct kind *k, int64_t id)
{
    void *rec = record_get(ctx, k, id);
    if (rec)
        return rec;
    record_gone(ctx);
    rec = record_new(ctx, k);
    for (int i = 0; i < k->field_count; i++)
        if (field_is_text(&k->fields[i]))
            *(const char **)((char *)rec + k->fields[i].offset) = "";
    return rec;
}

void *record_find(struct ctx *ctx, const struct kind *k, const char *field, const char *value)
{
    struct sql q;
    sql_init(&q, ctx->arena);
    select_columns(&q, k, NULL);
    sql_add(&q, " AND {} = {}", (struct sql_name){field}, value);
    return first(ctx, k, &q);
}

/* Returns the value as stored. An encrypted text differs each time it is
 * written. */
static struct arg stored(struct ctx *ctx, const struct field *f, const void *record)
{
    if (f->type == F_REAL) {
        double d = *(const double *)(const void *)((const char *)record + f->offset);
        return isnan(d) ? arg_text(NULL) : arg_real(d);
    }
    if (!field_is_text(f))
        return ARG(((struct maybe){field_int(f, record)}));
    const char *s = field_text(f, record);
    if (s == seal_lost) /* belongs to another record: its value is unknown here */
        s = NULL;
    if (s && (f->flags & SEALED))
        return arg_text(seal_text(ctx->keys, ctx->arena, f->name, s));
    return arg_text(s);
}

static struct arg sealed_key(struct ctx *ctx, const struct field *f, const void *record)
{
    const char *s = field_text(f, record);
    return arg_text(s && s != seal_lost ? seal_hash(ctx->keys, ctx->arena, f->name, s) : NULL);
}

bool field_same(const struct field *f, const void *a, const void *b)
{
    if (f->type == F_REAL) {
        double x = *(const double *)(const void *)((const char *)a + f->offset);
        double y = *(const double *)(const void *)((const char *)b + f->offset);
        return isnan(x) || isnan(y) ? isnan(x) && isnan(y) : !(x < y || x > y);
    }
    if (!field_is_text(f))
        return field_int(f, a) == field_int(f, b);
    const char *x = field_text(f, a), *y = field_text(f, b);
    return x == y || (x && y && !strcmp(x, y));
}

bool record_same(const struct kind *k, const void *a, const void *b)
{
    for (int i = 0; i < k->field_count; i++)
        if (!(k->fields[i].flags & BESIDE) && !field_same(&k->fields[i], a, b))
            return false;
    return true;
}

/* Builds the audit log's text: only fields that differ from other; encrypted
 * ones as "sealed". */
static const char *journal_text(struct ctx *ctx, const struct kind *k, const void *record,
                                const void *other)
{
    if (!record)
        return NULL;
    struct buf out;
    buf_init(&out, 0);
    buf_putc(&out, '{');
    for (int i = 0; i < k->field_count; i++) {
        const struct field *f = &k->fields[i];
        if ((f->flags & HIDDEN) || (other && field_same(f, record, other)))
            continue;
        struct arg v = stored(ctx, f, record);
        if (!other && (v.type == ARG_MAYBE ? v.i == NONE : v.type == ARG_TEXT && !v.s))
            continue;
        json(&out, "{}:{}", f->name, v);
        buf_putc(&out, ',');
    }
    if (out.data[out.size - 1] == ',')
        out.size--;
    out.data[out.size] = '\0';
    buf_putc(&out, '}');
    const char *text = arena_copyn(ctx->arena, out.data, out.size);
    buf_release(&out);
    return text;
}

/* The kinds' INSERT statements with their places, built on first use and then
 * kept. */
struct insert {
    struct insert *next;
    const struct kind *kind;
    const char *text;
    int places;
};
static _Atomic(struct insert *) inserts;

static const struct insert *make_insert(const struct kind *k)
{
    struct insert *made = must_alloc(sizeof *made);
    struct buf text;
    buf_init(&text, 0);
    *made = (struct insert){.kind = k, .places = 2};
    sql_expand(&text, "INSERT INTO {} (version, created, updated",
               ARGS((struct sql_name){k->table}));
    for (int i = 0; i < k->field_count; i++) {
        if (k->fields[i].flags & BESIDE)
            continue;
        made->places++;
        sql_expand(&text, ", {}", ARGS((struct sql_name){k->fields[i].name}));
        if (k->fields[i].flags & SEALED) {
            plain(&text, ", {}_key", k->fields[i].name);
            made->places++;
        }
    }
    buf_puts(&text, ") VALUES (1");
    for (int i = 0; i < made->places; i++)
        buf_puts(&text, ", {}");
    buf_puts(&text, ")");
    made->text = must_copy(text.data);
    buf_release(&text);
    made->next = atomic_load(&inserts);
    while (!atomic_compare_exchange_weak(&inserts, &made->next, made))
        ;
    return made;
}

static const struct insert *insert_of(const struct kind *k)
{
    for (const struct insert *i = atomic_load(&inserts); i; i = i->next)
        if (i->kind == k)
            return i;
    return make_insert(k);
}

enum status record_insert(struct ctx *ctx, const struct kind *k, void *record, const char *action)
{
    struct record *rec = record;
    const struct insert *insert = insert_of(k);
    struct arg *args = ARENA_ARRAY(ctx->arena, struct arg, insert->places);
    int n = 2;
    rec->version = 1;
    rec->created = rec->updated = ctx->now;
    args[0] = args[1] = arg_int(ctx->now);
    for (int i = 0; i < k->field_count; i++) {
        if (k->fields[i].flags & BESIDE)
            continue;
        args[n++] = stored(ctx, &k->fields[i], rec);
        if (k->fields[i].flags & SEALED)
            args[n++] = sealed_key(ctx, &k->fields[i], rec);
    }
    enum status s = db_change_as(ctx->db, k->common ? CHANGE_COMMON : CHANGE_PLAIN, insert->text,
                                 args, n);
    if (s == CONFLICT)
        return ctx_fail(ctx, CONFLICT, say(ctx, "This code is already in use."));
    if (s != OK)
        return ctx_fail(ctx, s, NULL);
    rec->id = db_inserted(ctx->db);
    journal_add(ctx, k->name, rec->id, action, NULL, journal_text(ctx, k, rec, NULL));
    return reacted(ctx, k, action, NULL, record);
}

enum status record_update(struct ctx *ctx, const struct kind *k, const void *before, void *after,
                          const char *action)
{
    const struct record *was = before;
    struct record *rec = after;
    if (was->id == NONE) /* a blank record from record_must, whose context has already failed */
        return ctx_ok(ctx) ? record_gone(ctx) : ctx->status;
    struct sql q;
    sql_init(&q, ctx->arena);
    sql_add(&q, "UPDATE {} SET version = {}, updated = {}", (struct sql_name){k->table},
            was->version + 1, ctx->now);
    int changed = 0;
    for (int i = 0; i < k->field_count; i++) {
        const struct field *f = &k->fields[i];
        if ((f->flags & BESIDE) || field_same(f, before, after))
            continue;
        changed++;
        sql_add(&q, ", {} = {}", (struct sql_name){f->name}, stored(ctx, f, rec));
        if (f->flags & SEALED)
            sql_add(&q, ", {} = {}", (struct sql_name){arena_print(ctx->arena, "%s_key", f->name)},
                    sealed_key(ctx, f, rec));
    }
    if (!changed) {
        sql_release(&q);
        return OK;
    }
    sql_add(&q, " WHERE id = {} AND version = {}", was->id, was->version);
    enum status s = sql_change(ctx->db, &q);
    if (s != OK)
        return ctx_fail(ctx, s, NULL);
    if (db_changed(ctx->db) == 0)
        return ctx_fail(ctx, CONFLICT,
                        say(ctx, "Someone else has just changed this. Check the latest version "
                                 "before you edit it."));
    rec->version = was->version + 1;
    rec->updated = ctx->now;
    journal_add(ctx, k->name, rec->id, action, journal_text(ctx, k, before, after),
                journal_text(ctx, k, after, before));
    return reacted(ctx, k, action, before, after);
}

enum status record_changed(struct ctx *ctx, const struct kind *k, const void *before,
                           const char *action)
{
    const struct record *was = before;
    change(ctx->db, "UPDATE {} SET version = version + 1, updated = {} WHERE id = {}",
           (struct sql_name){k->table}, ctx->now, was->id);
    const void *after = record_must(ctx, k, was->id);
    if (!ctx_ok(ctx))
        return ctx->status;
    journal_add(ctx, k->name, was->id, action, journal_text(ctx, k, before, after),
                journal_text(ctx, k, after, before));
    return reacted(ctx, k, action, before, after);
}

bool kind_may_write(struct ctx *ctx, const struct kind *k)
{
    return (k->write & ctx->actor.roles) && (!k->allow || k->allow(ctx));
}

bool kind_reveals(const struct ctx *ctx, const struct kind *k)
{
    return (ctx->actor.roles & (k->reveal | k->write)) != 0;
}

bool kind_may_remove(struct ctx *ctx, const struct kind *k)
{
    return (k->remove & ctx->actor.roles) && (!k->allow || k->allow(ctx));
}

enum status record_store(struct ctx *ctx, const struct kind *k, const void *before, void *after)
{
    enum status s = before      ? record_update(ctx, k, before, after, "change")
                    : k->insert ? k->insert(ctx, after)
                                : record_insert(ctx, k, after, "create");
    if (s == OK && k->settle)
        s = k->settle(ctx, before, after);
    if (s != OK || !k->scope || k->leaves || !ctx->actor.grant_count ||
        record_load(ctx, k, ((const struct record *)after)->id))
        return s;
    if (!k->own)
        return ctx_fail(ctx, INVALID, say(ctx, "This is outside your area or unit."));
    ctx_problem(ctx, k->own,
                say(ctx, "This isn’t yours: choose your own team, community or activity."));
    return ctx->status;
}

enum status record_remove(struct ctx *ctx, const struct kind *k, const void *record)
{
    const struct record *rec = record;
    enum status s = change(ctx->db, "DELETE FROM {} WHERE id = {} AND version = {}",
                           (struct sql_name){k->table}, rec->id, rec->version);
    if (s == CONFLICT)
        return ctx_fail(ctx, CONFLICT,
                        say(ctx, "Other records still use this one, so it can’t be deleted."));
    if (s != OK)
        return ctx_fail(ctx, s, NULL);
    if (db_changed(ctx->db) == 0)
        return ctx_fail(ctx, CONFLICT,
                        say(ctx, "Someone else has just changed this. Check the latest version "
                                 "before you edit it."));
    journal_add(ctx, k->name, rec->id, "remove", journal_text(ctx, k, record, NULL), NULL);
    return db_status(ctx->db);
}

void list_init(struct ctx *ctx, struct list *l, const struct kind *k)
{
    *l = (struct list){.kind = k, .limit = 50};
    sql_init(&l->where, ctx->arena);
    if (k->scope)
        k->scope(ctx, &l->where);
}

int64_t list_count(struct ctx *ctx, const struct list *l)
{
    struct sql q;
    sql_init(&q, ctx->arena);
    sql_add(&q, "SELECT count(*) AS n FROM {} WHERE 1 = 1", (struct sql_name){l->kind->table});
    sql_append(&q, &l->where);
    int64_t n = sql_remembered(ctx->db, &q);
    return n == NONE ? 0 : n;
}

struct list_total list_total(struct ctx *ctx, const struct list *l)
{
    struct sql q;
    sql_init(&q, ctx->arena);
    sql_add(&q, "SELECT count(*) AS n FROM (SELECT 1 AS one FROM {} WHERE 1 = 1",
            (struct sql_name){l->kind->table});
    sql_append(&q, &l->where);
    sql_add(&q, " LIMIT {}) AS part", LIST_COUNTED + 1);
    int64_t n = sql_remembered(ctx->db, &q);
    n = n == NONE ? 0 : n;
    return n > LIST_COUNTED ? (struct list_total){LIST_COUNTED, true}
                            : (struct list_total){n, false};
}

struct rows *list_run(struct ctx *ctx, struct list *l)
{
    struct sql q;
    sql_init(&q, ctx->arena);
    select_columns(&q, l->kind, l->only);
    sql_append(&q, &l->where);
    sql_release(&l->where);
    sql_add(&q, " ORDER BY ");
    sql_write(&q, l->order ? l->order : l->kind->order, NULL, 0);
    sql_add(&q, " LIMIT {} OFFSET {}", l->limit, l->offset);
    return sql_query(ctx->db, &q);
}

/* ---- validity ---- */

void valid_on_where(struct sql *q, const char *day)
{
    sql_add(q,
            " AND (valid_from IS NULL OR valid_from = '' OR valid_from <= {}) AND (valid_to IS "
            "NULL OR valid_to = '' OR valid_to >= {})",
            day, day);
}

void valid_where(struct ctx *ctx, struct sql *q)
{
    valid_on_where(q, ctx_today(ctx));
}

void valid_areas_where(struct ctx *ctx, struct sql *q, const char *id)
{
    const char *today = ctx_today(ctx);
    sql_add(q,
            " AND {} NOT IN (SELECT b.id FROM areas b JOIN areas g ON b.path LIKE g.path || '%' "
            "WHERE g.valid_from > {} OR (g.valid_to <> '' AND g.valid_to < {}))",
            (struct sql_name){id}, today, today);
}

bool valid_on(const char *valid_from, const char *valid_to, const char *day)
{
    return (!valid_from || strcmp(valid_from, day) <= 0) &&
           (!valid_to || !*valid_to || strcmp(valid_to, day) >= 0);
}

bool valid_today(struct ctx *ctx, const char *valid_from, const char *valid_to)
{
    return valid_on(valid_from, valid_to, ctx_today(ctx));
}
