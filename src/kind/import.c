/*
 * Import of sheet rows by a kind's description. Errors live in the arena given
 * at the start, which outlives the import; rows use their context's, which may
 * be cleared between two of them.
 */
#include "kind/import.h"

#include "base/text.h"
#include "base/when.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* ---- what a dry run remembers ---- */

struct import_seen {
    uint64_t *keys, *values; /* key 0: free */
    size_t count, room;      /* room is a power of two */
};

static uint64_t hash_of(const char *purpose, const char *a, const char *b)
{
    unsigned char out[crypto_generichash_BYTES_MIN];
    uint64_t h;
    crypto_generichash_state s;
    crypto_generichash_init(&s, NULL, 0, sizeof out);
    crypto_generichash_update(&s, (const unsigned char *)purpose, strlen(purpose) + 1);
    crypto_generichash_update(&s, (const unsigned char *)(a ? a : ""), a ? strlen(a) + 1 : 1);
    crypto_generichash_update(&s, (const unsigned char *)(b ? b : ""), b ? strlen(b) + 1 : 1);
    crypto_generichash_final(&s, out, sizeof out);
    memcpy(&h, out, sizeof h);
    return h ? h : 1;
}

static uint64_t *seen_slot(struct import_seen *seen, uint64_t key)
{
    size_t i = key & (seen->room - 1);
    while (seen->keys[i] && seen->keys[i] != key)
        i = (i + 1) & (seen->room - 1);
    seen->keys[i] = key;
    return &seen->values[i]; /* NOLINT(clang-analyzer-unix.Malloc): seen_put has put the new room in place */
}

static bool seen_has(const struct import_seen *seen, uint64_t key)
{
    if (!seen->room)
        return false;
    for (size_t i = key & (seen->room - 1); seen->keys[i]; i = (i + 1) & (seen->room - 1))
        if (seen->keys[i] == key)
            return true;
    return false;
}

static void seen_put(struct import_seen *seen, uint64_t key, uint64_t value)
{
    if (2 * seen->count >= seen->room) {
        struct import_seen more = {.room = seen->room ? 2 * seen->room : 4096, .count = seen->count};
        more.keys = must_alloc(more.room * sizeof *more.keys);
        more.values = must_alloc(more.room * sizeof *more.values);
        for (size_t i = 0; i < seen->room; i++)
            if (seen->keys[i])
                *seen_slot(&more, seen->keys[i]) = seen->values[i];
        free(seen->keys);
        free(seen->values);
        *seen = more;
    }
    seen->count += !seen_has(seen, key);
    *seen_slot(seen, key) = value;
}

void import_init(struct import *im, const struct kind *k, struct arena *a)
{
    *im = (struct import){.kind = k, .arena = a};
    im->errors_end = &im->errors;
    im->seen = must_alloc(sizeof *im->seen);
}

void import_release(struct import *im)
{
    if (!im->seen)
        return;
    free(im->seen->keys);
    free(im->seen->values);
    free(im->seen);
    im->seen = NULL;
}

/* ---- columns ---- */

bool import_sets(const struct field *f)
{
    return !(f->flags & FIXED) || (f->flags & IMPORTED);
}

bool import_takes(const struct kind *k)
{
    bool known = k->import_find != NULL;
    for (int i = 0; i < k->field_count && !known; i++)
        known = (k->fields[i].flags & UNIQUE) && import_sets(&k->fields[i]);
    return k->write && known;
}

const struct field *import_tree(const struct kind *k)
{
    const struct field *name = kind_field(k, "name"), *code = kind_field(k, k->code);
    if (!name || (name->flags & SEALED) || !code || code->type != F_CODE)
        return NULL;
    for (int i = 0; i < k->field_count; i++)
        if (k->fields[i].type == F_REF && import_sets(&k->fields[i]) && !strcmp(k->fields[i].ref, k->name))
            return &k->fields[i];
    return NULL;
}

static bool alias_matches(const char *aliases, const char *heading)
{
    size_t n = strlen(heading);
    for (const char *s = aliases; s && *s;) {
        size_t len = strcspn(s, "|");
        if (len == n && !memcmp(s, heading, n))
            return true;
        s += len + (s[len] == '|');
    }
    return false;
}

/* Whoever reads English may have a sheet with Chinese headings. */
static bool matches(const struct field *f, const char *heading)
{
    static const struct ctx chinese = {.lang = "zh_CN"};
    return !strcmp(f->name, heading) || !strcmp(f->label, heading) || !strcmp(tr(&chinese, f->label), heading) ||
           alias_matches(f->aliases, heading);
}

/* The headings that name a level of a path: "level 2", "二级分类". 0: it is none. */
static int level_of(const char *heading)
{
    static const char *const digits[] = {"一级", "二级", "三级", "四级", "五级", "六级"};
    for (int i = 0; i < IMPORT_LEVELS; i++)
        if (!strncmp(heading, digits[i], strlen(digits[i])))
            return i + 1;
    if ((!strncmp(heading, "level ", 6) || !strncmp(heading, "Level ", 6)) && heading[6] >= '1' && heading[6] <= '0' + IMPORT_LEVELS &&
        !heading[7])
        return heading[6] - '0';
    return 0;
}

static bool taken(const struct import *im, struct import_column c, int but)
{
    for (int i = 0; i < im->column_count; i++)
        if (i != but && im->columns[i].field == c.field && im->columns[i].level == c.level)
            return true;
    return false;
}

int import_guess(struct ctx *ctx, struct import *im, const char *const *headings, int count)
{
    int found = 0;
    bool tree = import_tree(im->kind) != NULL;
    im->column_count = count < IMPORT_COLUMNS ? count : IMPORT_COLUMNS;
    memset(im->columns, 0, sizeof im->columns);
    for (int c = 0; c < im->column_count; c++) {
        const char *heading = headings[c] ? text_tidy(ctx->arena, headings[c]) : "";
        struct import_column guess = {0};
        for (int i = 0; i < im->kind->field_count && *heading && !guess.field; i++)
            if (import_sets(&im->kind->fields[i]) && matches(&im->kind->fields[i], heading))
                guess.field = &im->kind->fields[i];
        if (!guess.field && tree)
            guess.level = level_of(heading);
        if ((guess.field || guess.level) && !taken(im, guess, c)) {
            im->columns[c] = guess;
            found++;
        }
    }
    return found;
}

const char *import_column_name(struct arena *a, const struct import_column *c)
{
    return c->field ? c->field->name : c->level ? arena_print(a, "level %d", c->level) : "";
}

/* The place that a target names; false when the kind has none of that name. */
static bool target_find(const struct import *im, const char *target, struct import_column *c)
{
    const struct field *f = kind_field(im->kind, target);
    *c = (struct import_column){.field = f && import_sets(f) ? f : NULL};
    if (!c->field && import_tree(im->kind))
        c->level = level_of(target);
    return c->field || c->level || !*target;
}

enum status import_column_set(struct ctx *ctx, struct import *im, int column, const char *target)
{
    struct import_column c;
    if (column < 0 || column >= im->column_count || !target_find(im, target, &c))
        return ctx_fail(ctx, INVALID, say(ctx, "“{}” is not a field of {}.", target, tr(ctx, im->kind->many)));
    if ((c.field || c.level) && taken(im, c, column)) {
        const char *what = c.field ? tr(ctx, c.field->label) : say(ctx, "Level {}", c.level);
        ctx_problem(ctx, NULL, say(ctx, "Two columns are “{}”. Leave one of them out.", what));
        return ctx->status;
    }
    im->columns[column] = c;
    return OK;
}

enum status import_map(struct ctx *ctx, struct import *im, const char *mapping, const char *const *headings, int count)
{
    const char *equals = strchr(mapping, '=');
    struct import_column target = {0};
    if (!equals || equals == mapping || !target_find(im, arena_copyn(ctx->arena, mapping, (size_t)(equals - mapping)), &target))
        return ctx_fail(ctx, INVALID, say(ctx, "“{}”: FIELD=COLUMN is expected, with a field of {}.", mapping, im->kind->name));
    for (int c = 0; c < count && c < im->column_count; c++)
        if (headings[c] && !strcmp(text_tidy(ctx->arena, headings[c]), equals + 1)) {
            for (int other = 0; other < im->column_count; other++)
                if (im->columns[other].field == target.field && im->columns[other].level == target.level)
                    im->columns[other] = (struct import_column){0};
            im->columns[c] = target;
            return OK;
        }
    return ctx_fail(ctx, INVALID, say(ctx, "The sheet has no column “{}”.", equals + 1));
}

/* ---- cells ---- */

/* A date cell may be a bare serial number: Excel's own way of keeping time. */
static const char *serial_as_time(struct ctx *ctx, const struct field *f, const char *cell)
{
    if (!cell || (f->type != F_TIME && f->type != F_DATE))
        return cell;
    char *end;
    errno = 0;
    double serial = strtod(cell, &end);
    int64_t t;
    if (errno || end == cell || *end || serial < 1 || serial > 200000 || !when_from_excel(serial, &t))
        return cell;
    return f->type == F_DATE ? day_iso(ctx->arena, when_day(t)) : when_iso(ctx->arena, t);
}

static int64_t *int_slot(const struct field *f, void *record)
{
    return (int64_t *)(void *)((char *)record + f->offset);
}

/* A code for a record that came with a name only: the name's initials, and a hash of its path, so that the same
 * path gets the same code on every installation. */
static const char *code_for(struct arena *a, const char *name, const char *path)
{
    const char *initials = "";
    text_pinyin(a, name, NULL, &initials);
    return arena_print(a, "%.*s%s%08llx", 12, initials, *initials ? "-" : "",
                       (unsigned long long)(hash_of("code", path, NULL) & 0xffffffff));
}

static enum status store(struct ctx *ctx, const struct kind *k, void *record)
{
    enum status s = k->import_insert ? k->import_insert(ctx, record) : record_insert(ctx, k, record, "import");
    return s == OK && k->settle && !k->import_done ? k->settle(ctx, NULL, record) : s;
}

/* Makes a record of a name; its id, 0 in a dry run, NONE with problems. */
static int64_t create(struct ctx *ctx, struct import *im, const struct kind *k, int64_t parent, const char *name, const char *path)
{
    uint64_t key = hash_of(k->name, path, NULL);
    if (im->dry_run && seen_has(im->seen, key))
        return 0;
    struct record *made = record_new(ctx, k);
    const struct field *tree = import_tree(k);
    if (tree)
        *int_slot(tree, made) = parent;
    if (!field_set(ctx, kind_field(k, "name"), made, name) ||
        !field_set(ctx, kind_field(k, k->code), made, code_for(ctx->arena, name, path)) || !record_check(ctx, k, NULL, made))
        return NONE;
    if (im->dry_run) {
        seen_put(im->seen, key, 1);
        return 0;
    }
    return store(ctx, k, made) == OK ? made->id : NONE;
}

/* Has it a name and a code, so that --create can make one? */
static bool can_make(const struct kind *k)
{
    const struct field *name = k ? kind_field(k, "name") : NULL, *code = k ? kind_field(k, k->code) : NULL;
    return name && !(name->flags & SEALED) && code && code->type == F_CODE;
}

/* A reference to something that is not there yet: made when that was asked for; in a dry run perhaps a row above.
 * False: let the field say what is wrong. */
static bool refer_ahead(struct ctx *ctx, struct import *im, const struct field *f, void *record, const char *cell)
{
    int64_t same_name;
    const char *typed = cell ? text_tidy(ctx->arena, cell) : "";
    const struct kind *k = kind_find(f->ref);
    if (!*typed || !k || !text_valid(typed, strlen(typed)) || ref_find(ctx, f, typed, &same_name) != NONE || same_name > 1)
        return false;
    if (im->dry_run && seen_has(im->seen, hash_of(f->ref, "=", typed))) {
        *int_slot(f, record) = 0;
        return true;
    }
    if (!im->create || !can_make(k))
        return false;
    *int_slot(f, record) = create(ctx, im, k, NONE, typed, typed);
    return true;
}

static void set_cells(struct ctx *ctx, struct import *im, void *record, const char *const *cells, int count)
{
    for (int c = 0; c < im->column_count; c++) {
        const struct field *f = im->columns[c].field;
        const char *cell = c < count ? cells[c] : NULL;
        if (!f || (f->type == F_REF && (im->create || im->dry_run) && refer_ahead(ctx, im, f, record, cell)))
            continue;
        if (!field_set(ctx, f, record, serial_as_time(ctx, f, cell)) && f->type == F_REF && can_make(kind_find(f->ref)))
            im->unknown++;
    }
}

/* ---- the path ---- */

static bool has_path(const struct import *im)
{
    for (int c = 0; c < im->column_count; c++)
        if (im->columns[c].level)
            return true;
    return false;
}

static int64_t child(struct ctx *ctx, const struct kind *k, const struct field *tree, int64_t parent, const char *name)
{
    if (parent == NONE)
        return query_int(ctx->db, "SELECT min(id) AS id FROM {} WHERE {} IS NULL AND name = {}", (struct sql_name){k->table},
                         (struct sql_name){tree->name}, name);
    return query_int(ctx->db, "SELECT min(id) AS id FROM {} WHERE {} = {} AND name = {}", (struct sql_name){k->table},
                     (struct sql_name){tree->name}, parent, name);
}

/* Walks the path of a row, making parents that are missing; sets the record's parent, name and code. Answers the id
 * of the last level, NONE when it is new. *path: its levels joined. */
static int64_t walk_path(struct ctx *ctx, struct import *im, void *record, const char *const *cells, int count, const char **path)
{
    const struct kind *k = im->kind;
    const struct field *tree = import_tree(k);
    const char *names[IMPORT_LEVELS + 1] = {0};
    int last = 0;
    for (int c = 0; c < im->column_count && c < count; c++)
        if (im->columns[c].level && cells[c] && text_valid(cells[c], strlen(cells[c])) && *text_tidy(ctx->arena, cells[c])) {
            names[im->columns[c].level] = text_tidy(ctx->arena, cells[c]);
            if (im->columns[c].level > last)
                last = im->columns[c].level;
        }
    int64_t parent = NONE;
    *path = "";
    for (int level = 1; level <= last; level++) {
        if (!names[level]) {
            ctx_problem(ctx, tree->name, say(ctx, "Level {} is missing.", level));
            return NONE;
        }
        *path = **path ? arena_print(ctx->arena, "%s\x1f%s", *path, names[level]) : names[level];
        int64_t id = parent == 0 ? NONE : child(ctx, k, tree, parent, names[level]);
        if (level == last) {
            *int_slot(tree, record) = parent;
            field_set(ctx, kind_field(k, "name"), record, names[level]);
            const struct field *code = kind_field(k, k->code);
            if (id == NONE && !field_text(code, record))
                field_set(ctx, code, record, code_for(ctx->arena, names[level], *path));
            return id;
        }
        parent = id != NONE ? id : create(ctx, im, k, parent, names[level], *path);
        if (parent == NONE)
            return NONE;
    }
    ctx_problem(ctx, tree->name, say(ctx, "The row has no name at any level."));
    return NONE;
}

/* ---- rows ---- */

void import_forget(struct ctx *ctx)
{
    ctx->problems = NULL;
    ctx->problems_end = &ctx->problems;
    ctx->problem_count = 0;
    ctx->status = OK;
}

void import_refuse(struct ctx *ctx, struct import *im, int64_t row, const char *text)
{
    (void)ctx;
    im->reason = text;
    im->failed++;
    if (im->errors_kept >= IMPORT_ERRORS_KEPT)
        return;
    struct import_error *e = ARENA_NEW(im->arena, struct import_error);
    e->row = row;
    e->text = arena_copy(im->arena, text);
    *im->errors_end = e;
    im->errors_end = &e->next;
    im->errors_kept++;
}

static enum import_outcome failed(struct ctx *ctx, struct import *im, int64_t row)
{
    const char *text = ctx->problems ? ctx->problems->text : say(ctx, "This row could not be stored.");
    for (const struct problem *p = ctx->problems ? ctx->problems->next : NULL; p; p = p->next)
        text = arena_print(ctx->arena, "%s %s", text, p->text);
    import_refuse(ctx, im, row, text);
    return IMPORT_FAILED;
}

static const char *unique_text(const struct kind *k, const void *record)
{
    const struct field *f = k->import_key ? kind_field(k, k->import_key) : NULL;
    for (int i = 0; i < k->field_count && !f; i++)
        if ((k->fields[i].flags & UNIQUE) && field_is_text(&k->fields[i]))
            f = &k->fields[i];
    return f ? field_text(f, record) : NULL;
}

static struct record *find_existing(struct ctx *ctx, const struct kind *k, void *record)
{
    if (k->import_find)
        return k->import_find(ctx, record);
    for (int i = 0; i < k->field_count; i++)
        if ((k->fields[i].flags & UNIQUE) && field_text(&k->fields[i], record))
            return record_find(ctx, k, k->fields[i].name, field_text(&k->fields[i], record));
    return NULL;
}

static bool in_scope(struct ctx *ctx, const struct import *im, int64_t id)
{
    if (!im->scoped || !im->kind->scope || record_load(ctx, im->kind, id))
        return true;
    ctx_problem(ctx, NULL, say(ctx, "This is outside your area or unit."));
    return false;
}

/* A dry run's new record: what rows below may refer to or repeat. */
static enum import_outcome foresee(struct ctx *ctx, struct import *im, const void *record, const char *path, const char *const *cells,
                                   int count)
{
    const struct kind *k = im->kind;
    const struct field *code = kind_field(k, k->code), *name = kind_field(k, "name");
    uint64_t content = 1;
    for (int c = 0; c < im->column_count && c < count; c++)
        if (im->columns[c].field || im->columns[c].level)
            content = hash_of(arena_print(ctx->arena, "%llx", (unsigned long long)content), cells[c], NULL);
    const char *unique = path ? path : unique_text(k, record);
    if (unique) {
        uint64_t key = hash_of(k->name, unique, path ? NULL : "key");
        if (seen_has(im->seen, key)) { /* 1: made as the parent of a row above */
            uint64_t before = *seen_slot(im->seen, key);
            return before == content || (path && before == 1) ? IMPORT_SAME : IMPORT_CHANGED;
        }
        seen_put(im->seen, key, content);
    }
    if (code && field_text(code, record))
        seen_put(im->seen, hash_of(k->name, "=", field_text(code, record)), 1);
    if (name && field_text(name, record))
        seen_put(im->seen, hash_of(k->name, "=", field_text(name, record)), 1);
    return IMPORT_ADDED;
}

static enum import_outcome count_up(struct import *im, enum import_outcome o)
{
    im->added += o == IMPORT_ADDED;
    im->changed += o == IMPORT_CHANGED;
    im->same += o == IMPORT_SAME;
    return o;
}

static enum import_outcome renew(struct ctx *ctx, struct import *im, int64_t row, const struct record *before, struct record *after)
{
    if (!in_scope(ctx, im, before->id))
        return failed(ctx, im, row);
    if (im->dry_run)
        return count_up(im, record_same(im->kind, before, after) ? IMPORT_SAME : IMPORT_CHANGED);
    int64_t version = before->version;
    if (record_update(ctx, im->kind, before, after, "import") != OK || !in_scope(ctx, im, before->id))
        return failed(ctx, im, row);
    if (after->version != version && im->kind->settle && !im->kind->import_done && im->kind->settle(ctx, before, after) != OK)
        return failed(ctx, im, row);
    return count_up(im, after->version != version ? IMPORT_CHANGED : IMPORT_SAME);
}

void *import_preview(struct ctx *ctx, struct import *im, const char *const *cells, int count)
{
    const char *path;
    void *record = record_new(ctx, im->kind);
    bool dry = im->dry_run;
    im->dry_run = true;
    set_cells(ctx, im, record, cells, count);
    if (has_path(im))
        walk_path(ctx, im, record, cells, count, &path);
    if (ctx_ok(ctx))
        record_check(ctx, im->kind, NULL, record);
    im->dry_run = dry;
    return record;
}

enum import_outcome import_row(struct ctx *ctx, struct import *im, int64_t row, const char *const *cells, int count)
{
    const struct kind *k = im->kind;
    import_forget(ctx);
    const char *path = NULL;
    struct record *record = record_new(ctx, k), *before = NULL, *after = record;
    set_cells(ctx, im, record, cells, count);
    if (ctx_ok(ctx) && has_path(im)) {
        int64_t id = walk_path(ctx, im, record, cells, count, &path);
        before = id != NONE ? record_get(ctx, k, id) : NULL;
    } else if (ctx_ok(ctx)) {
        before = find_existing(ctx, k, record);
    }
    if (ctx_ok(ctx) && before) {
        after = record_copy(ctx, k, before);
        set_cells(ctx, im, after, cells, count);
    }
    if (!ctx_ok(ctx) || (im->scoped && !record_refers(ctx, k, before, after)) || !record_check(ctx, k, before, after))
        return failed(ctx, im, row);
    if (before)
        return renew(ctx, im, row, before, after);
    if (im->dry_run)
        return count_up(im, foresee(ctx, im, record, path, cells, count));
    if (store(ctx, k, record) != OK || !in_scope(ctx, im, record->id))
        return failed(ctx, im, row);
    return count_up(im, IMPORT_ADDED);
}
