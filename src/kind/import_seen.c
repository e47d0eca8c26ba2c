/*
 * What an import remembers of its rows. Hashes are on the heap until
 * import_release; the rest is in the import's arena.
 */
#include "kind/import_seen.h"

#include "base/seal.h"
#include "base/text.h"
#include "kind/sheet.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

uint64_t import_hash(const char *purpose, const char *a, const char *b)
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

uint64_t *import_seen_slot(struct import_seen *seen, uint64_t key)
{
    size_t i = key & (seen->room - 1);
    while (seen->keys[i] && seen->keys[i] != key)
        i = (i + 1) & (seen->room - 1);
    seen->keys[i] = key;
    return &seen->values[i]; /* NOLINT(clang-analyzer-unix.Malloc): seen_put has stored the new
                                array */
}

bool import_seen_has(const struct import_seen *seen, uint64_t key)
{
    if (!seen->room)
        return false;
    for (size_t i = key & (seen->room - 1); seen->keys[i]; i = (i + 1) & (seen->room - 1))
        if (seen->keys[i] == key)
            return true;
    return false;
}

void import_seen_put(struct import_seen *seen, uint64_t key, uint64_t value)
{
    if (2 * seen->count >= seen->room) {
        struct import_seen more = {.room = seen->room ? 2 * seen->room : 4096,
                                   .count = seen->count};
        more.keys = must_alloc(more.room * sizeof *more.keys);
        more.values = must_alloc(more.room * sizeof *more.values);
        for (size_t i = 0; i < seen->room; i++)
            if (seen->keys[i])
                *import_seen_slot(&more, seen->keys[i]) = seen->values[i];
        free(seen->keys);
        free(seen->values);
        *seen = more;
    }
    seen->count += !import_seen_has(seen, key);
    *import_seen_slot(seen, key) = value;
}

uint64_t import_content(struct ctx *ctx, const struct import *im, const char *const *cells,
                        int count)
{
    uint64_t content = 1;
    for (int c = 0; c < im->column_count && c < count; c++)
        if ((im->columns[c].field || im->columns[c].level) && !text_blank(cells[c]))
            content = import_hash(
                arena_print(ctx->arena, "%llx %d", (unsigned long long)content, c),
                text_tidy(ctx->arena, cells[c]), NULL);
    return content;
}

/* ---- keys ---- */

/* Reads one field of a key set: "starts" or "area?". Returns false at the end
 * of the set. */
static bool key_next(struct ctx *ctx, const char **at, const char **name, bool *optional)
{
    *at += strspn(*at, " ");
    size_t n = strcspn(*at, " |");
    if (!n)
        return false;
    *optional = (*at)[n - 1] == '?';
    *name = arena_copyn(ctx->arena, *at, n - *optional);
    *at += n;
    return true;
}

static const char *keys_of(struct ctx *ctx, const struct kind *k)
{
    if (k->natural)
        return k->natural;
    for (int i = 0; i < k->field_count; i++)
        if ((k->fields[i].flags & UNIQUE) && field_is_text(&k->fields[i]))
            return arena_copy(ctx->arena, k->fields[i].name);
    return "";
}

static void add_condition(struct ctx *ctx, struct sql *q, const struct field *f, const void *record)
{
    const char *text = field_text(f, record);
    if (f->flags & SEALED)
        sql_add(q, " AND {} = {}", (struct sql_name){arena_print(ctx->arena, "%s_key", f->name)},
                seal_hash(ctx->keys, ctx->arena, f->name, text));
    else if (text)
        sql_add(q, " AND {} = {}", (struct sql_name){f->name}, text);
    else
        sql_add(q, " AND {} = {}", (struct sql_name){f->name}, field_int(f, record));
}

/* Returns whether the record fills the key set that begins at *at, and moves
 * *at past it. q gets the search condition. */
static bool set_filled(struct ctx *ctx, const struct kind *k, const void *record, const char **at,
                       struct sql *q)
{
    const char *name;
    bool optional, filled = true;
    while (key_next(ctx, at, &name, &optional)) {
        const struct field *f = kind_field(k, name);
        bool missing = !f || field_missing(f, record);
        filled = filled && (optional || !missing);
        if (!missing)
            add_condition(ctx, q, f, record);
    }
    *at += **at == '|';
    return filled;
}

void *import_natural(struct ctx *ctx, const struct kind *k, const void *record)
{
    for (const char *at = keys_of(ctx, k); *at;) {
        struct sql q;
        sql_init(&q, ctx->arena);
        sql_add(&q, "SELECT min(id) AS id FROM {} WHERE 1 = 1", (struct sql_name){k->table});
        if (!set_filled(ctx, k, record, &at, &q)) {
            sql_release(&q);
            continue;
        }
        struct rows *r = sql_query(ctx->db, &q);
        int64_t id = rows_next(r) ? row_int(r, "id") : NONE;
        rows_end(r);
        return id == NONE ? NULL : record_get(ctx, k, id);
    }
    return NULL;
}

/* ---- the pass before the first row ---- */

/* Returns the cell of a field in the form used for comparing: as it would be
 * stored; a reference as typed. */
static const char *scan_value(struct ctx *ctx, struct import *im, const struct field *f,
                              const char *const *cells, int count)
{
    for (int c = 0; c < im->column_count && c < count; c++) {
        if (im->columns[c].field != f || text_blank(cells[c]))
            continue;
        const char *typed = import_value(ctx, im, f, cells[c]);
        if (f->type == F_REF || f->type == F_TAGS)
            return text_key(ctx->arena, text_tidy(ctx->arena, typed));
        void *record = record_new(ctx, im->kind);
        if (!field_set(ctx, f, record, typed))
            return text_tidy(ctx->arena, typed);
        return field_is_text(f) ? field_text(f, record)
                                : arena_print(ctx->arena, "%lld", (long long)field_int(f, record));
    }
    return NULL;
}

/* Returns the hash of the first key set that the row fills, and its values in
 * *named; 0 if it fills none. */
static uint64_t scan_key(struct ctx *ctx, struct import *im, const char *const *cells, int count,
                         const char **named)
{
    int set = 0;
    for (const char *at = keys_of(ctx, im->kind); *at; set++) {
        const char *name, *all = "";
        bool optional, filled = true;
        *named = "";
        while (key_next(ctx, &at, &name, &optional)) {
            const struct field *f = kind_field(im->kind, name);
            const char *value = f ? scan_value(ctx, im, f, cells, count) : NULL;
            filled = filled && (optional || value);
            all = arena_print(ctx->arena, "%s\x1f%s", all, value ? value : "");
            if (value && !optional)
                *named = text_add(ctx->arena, *named, " ",
                                  f->flags & SEALED ? "…" : text_cut(ctx->arena, value, 40));
        }
        at += *at == '|';
        if (filled)
            return import_hash("row", arena_print(ctx->arena, "%d", set), all);
    }
    return 0;
}

static uint64_t path_key(struct ctx *ctx, struct import *im, const char *const *cells, int count,
                         const char **named)
{
    *named = "";
    bool any = false;
    const char *all = "";
    for (int level = 1; level <= IMPORT_LEVELS; level++)
        for (int c = 0; c < im->column_count && c < count; c++)
            if (im->columns[c].level == level) {
                any = true;
                all = arena_print(ctx->arena, "%s\x1f%s", all, text_tidy(ctx->arena, cells[c]));
                if (!text_blank(cells[c]))
                    *named = text_tidy(ctx->arena, cells[c]);
            }
    return any ? import_hash("path", all, NULL) : 0;
}

static uint64_t numbered(const char *purpose, int64_t n)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%lld", (long long)n);
    return import_hash(purpose, digits, NULL);
}

/* Two rows with the same key and the same content count as one; with different
 * content they contradict. */
static void scan_row(struct ctx *ctx, struct import *im, int64_t row, const char *const *cells,
                     int count)
{
    const char *named = "";
    uint64_t key = path_key(ctx, im, cells, count, &named);
    key = key ? key : scan_key(ctx, im, cells, count, &named);
    if (!key)
        return;
    char digits[24];
    snprintf(digits, sizeof digits, "%llx", (unsigned long long)key);
    uint64_t content = import_content(ctx, im, cells, count),
             first = import_hash("first", digits, NULL), says = import_hash("says", digits, NULL);
    if (!import_seen_has(im->seen, first)) {
        import_seen_put(im->seen, first, (uint64_t)row);
        import_seen_put(im->seen, says, content);
        return;
    }
    int64_t other = (int64_t)*import_seen_slot(im->seen, first);
    if (*import_seen_slot(im->seen, says) == content) {
        import_seen_put(im->seen, numbered("repeats", row), (uint64_t)other);
        return;
    }
    im->conflicts += 1 + !import_seen_has(im->seen, numbered("conflict", other));
    import_seen_put(im->seen, numbered("conflict", row), (uint64_t)other);
    import_seen_put(
        im->seen, numbered("conflict", other),
        (uint64_t)(import_seen_has(im->seen, numbered("conflict", other))
                       ? (int64_t)*import_seen_slot(im->seen, numbered("conflict", other))
                       : row));
}

const char *import_conflict(struct ctx *ctx, const struct import *im, int64_t row)
{
    uint64_t key = numbered("conflict", row), repeats = numbered("repeats", row);
    if (!import_seen_has(im->seen, key) && import_seen_has(im->seen, repeats))
        key = numbered("conflict", (int64_t)*import_seen_slot(im->seen, repeats));
    if (!import_seen_has(im->seen, key))
        return NULL;
    return say(ctx, "Rows {} and {} describe the same record but differ. Keep one of them.",
               (int64_t)*import_seen_slot(im->seen, key) < row
                   ? (int64_t)*import_seen_slot(im->seen, key)
                   : row,
               (int64_t)*import_seen_slot(im->seen, key) < row
                   ? row
                   : (int64_t)*import_seen_slot(im->seen, key));
}

const struct field *import_self(const struct kind *k)
{
    for (int i = 0; i < k->field_count; i++)
        if (k->fields[i].type == F_REF && import_sets(&k->fields[i]) &&
            !strcmp(k->fields[i].ref, k->name))
            return &k->fields[i];
    return NULL;
}

bool import_ahead(struct ctx *ctx, const struct import *im, const char *typed)
{
    return import_seen_has(im->seen, import_hash("ahead", text_tidy(ctx->arena, typed), NULL));
}

/* Reads the keys that rows referring to their own kind may refer to. */
static void scan_names(struct ctx *ctx, struct import *im, const char *const *cells, int count)
{
    for (int c = 0; c < im->column_count && c < count; c++) {
        const struct field *f = im->columns[c].field;
        if (f && !text_blank(cells[c]) &&
            (!strcmp(f->name, im->kind->code) || !strcmp(f->name, "name")))
            import_seen_put(im->seen,
                            import_hash("ahead",
                                        text_tidy(ctx->arena, import_value(ctx, im, f, cells[c])),
                                        NULL),
                            1);
    }
}

void import_scan(struct ctx *ctx, struct import *im, struct sheet *s)
{
    struct ctx own = *ctx;
    struct sheet_row row;
    bool self = import_self(im->kind) != NULL;
    im->conflicts = im->repeats = 0;
    own.arena = arena_new();
    while (sheet_next(s, &row)) {
        const char **cells = ARENA_ARRAY(own.arena, const char *, row.count + 1);
        for (int i = 0; i < row.count; i++)
            cells[i] = text_valid(row.cells[i].text, row.cells[i].size)
                           ? arena_copyn(own.arena, row.cells[i].text, row.cells[i].size)
                           : "";
        import_forget(&own);
        if (import_is_example(cells, row.count))
            continue;
        if (!row.why)
            scan_row(&own, im, row.number, cells, row.count);
        if (self)
            scan_names(&own, im, cells, row.count);
        arena_clear(own.arena);
    }
    arena_free(own.arena);
}
