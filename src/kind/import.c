/*
 * Imports rows by a kind's description. Errors are kept in the arena given at
 * the start, which outlives the import. Each row uses its context's arena,
 * which may be cleared after it.
 */
#include "kind/import_seen.h"

#include "base/text.h"
#include "base/when.h"
#include "kind/heading.h"
#include "kind/words.h"

#include <math.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

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
        if (k->fields[i].type == F_REF && import_sets(&k->fields[i]) &&
            !strcmp(k->fields[i].ref, k->name))
            return &k->fields[i];
    return NULL;
}

/* Returns the level of a path that a heading names ("level 2", "二级分类"); 0:
 * none. */
static int level_of(const char *heading)
{
    static const char *const digits[] = {"一级", "二级", "三级", "四级", "五级", "六级"};
    for (int i = 0; i < IMPORT_LEVELS; i++)
        if (!strncmp(heading, digits[i], strlen(digits[i])))
            return i + 1;
    if ((!strncmp(heading, "level ", 6) || !strncmp(heading, "Level ", 6)) && heading[6] >= '1' &&
        heading[6] <= '0' + IMPORT_LEVELS && !heading[7])
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

static bool is_free(const struct import *im, const struct field *f)
{
    return !taken(im, (struct import_column){.field = f}, -1);
}

/* A field's own names come before its synonyms. */
int import_guess(struct ctx *ctx, struct import *im, const char *const *headings, int count)
{
    int found = 0;
    bool tree = import_tree(im->kind) != NULL;
    im->column_count = count < IMPORT_COLUMNS ? count : IMPORT_COLUMNS;
    memset(im->columns, 0, sizeof im->columns);
    for (int sure = 2; sure > 0; sure--)
        for (int c = 0; c < im->column_count; c++) {
            struct import_column *column = &im->columns[c];
            if (column->field || column->level || !headings[c])
                continue;
            column->field = heading_field(ctx, im, headings[c], sure, is_free);
            struct import_column level = {
                .level = tree && !column->field ? level_of(text_tidy(ctx->arena, headings[c])) : 0};
            if (level.level && !taken(im, level, c))
                *column = level;
            found += column->field || column->level;
        }
    return found;
}

const char *import_column_name(struct arena *a, const struct import_column *c)
{
    return c->field ? c->field->name : c->level ? arena_print(a, "level %d", c->level) : "";
}

/* Finds the target with that name; returns false if the kind has none. */
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
        return ctx_fail(ctx, INVALID,
                        say(ctx,
                            "“{}” is not a field of "
                            "{}.",
                            target, tr(ctx, im->kind->many)));
    if ((c.field || c.level) && taken(im, c, column)) {
        const char *what = c.field ? tr(ctx, c.field->label) : say(ctx, "Level {}", c.level);
        ctx_problem(ctx, NULL,
                    say(ctx,
                        "Two columns are matched to “{}”. Leave one "
                        "out.",
                        what));
        return ctx->status;
    }
    im->columns[column] = c;
    return OK;
}

enum status import_map(struct ctx *ctx, struct import *im, const char *mapping,
                       const char *const *headings, int count)
{
    const char *equals = strchr(mapping, '=');
    struct import_column target = {0};
    if (!equals || equals == mapping ||
        !target_find(im, arena_copyn(ctx->arena, mapping, (size_t)(equals - mapping)), &target))
        return ctx_fail(ctx, INVALID,
                        say(ctx,
                            "“{}”: must be FIELD=COLUMN, with a field of "
                            "{}.",
                            mapping, im->kind->name));
    for (int c = 0; c < count && c < im->column_count; c++)
        if (headings[c] && heading_same(ctx->arena, headings[c], equals + 1)) {
            for (int other = 0; other < im->column_count; other++)
                if (im->columns[other].field == target.field &&
                    im->columns[other].level == target.level)
                    im->columns[other] = (struct import_column){0};
            im->columns[c] = target;
            return OK;
        }
    return ctx_fail(ctx, INVALID, say(ctx, "The sheet has no column “{}”.", equals + 1));
}

/* ---- cells ---- */

#define WHOLE_MOST 9007199254740992.0 /* 2^53 */

/* Returns whether the text is a number with all its digits. "1.38E10" and "13812345611.0" are;
 * Excel's "4.41E+11" has lost some. */
static bool is_whole(const char *s, double *v)
{
    const char *p = s + strspn(s, "0123456789");
    size_t decimals = *p == '.' ? strspn(p + 1, "0123456789") : 0, zeros = 0;
    const char *after = *p == '.' ? p + 1 + decimals : p;
    char *end;
    if (p == s || (*p == '.' && !decimals) || !*p)
        return false;
    *v = strtod(s, &end);
    if (*end || *v >= WHOLE_MOST || *v < floor(*v) || *v > floor(*v))
        return false;
    while (!*after && zeros < decimals && p[1 + zeros] == '0')
        zeros++;
    if (!*after)
        return zeros == decimals;
    return after[1] != '+' || (long)decimals >= strtol(after + 1, NULL, 10);
}

/* Undoes what spreadsheet programs do to codes and numbers: ="138…", '138…,
 * 1.3812345611E10, 13812345611.0. A code of one or two digits is kept, because
 * "1.0" may be intended. */
static const char *plain_value(struct ctx *ctx, const struct field *f, const char *cell)
{
    if (f->type == F_TEXT || f->type == F_LONG || f->type == F_TAGS || !cell)
        return cell;
    const char *s = text_half_width(ctx->arena, text_tidy(ctx->arena, cell));
    size_t n = strlen(s);
    double v;
    if (n > 3 && s[0] == '=' && s[1] == '"' && s[n - 1] == '"')
        s = arena_copyn(ctx->arena, s + 2, n - 3);
    s += *s == '\'';
    if (!is_whole(s, &v) || f->type == F_REAL ||
        ((f->type == F_CODE || f->type == F_REF) && v < 100))
        return *s ? s : cell;
    return arena_print(ctx->arena, "%.0f", v);
}

/* Returns whether it is the text that spreadsheets show for a failed formula. */
static bool is_error(const char *cell)
{
    static const char *const errors[] = {"#N/A",   "#REF!",     "#VALUE!",   "#DIV/0!",   "#NAME?",
                                         "#NUM!",  "#NULL!",    "#SPILL!",   "#CALC!",    "#FIELD!",
                                         "#BUSY!", "#BLOCKED!", "#CONNECT!", "#UNKNOWN!", NULL};
    for (int i = 0; errors[i]; i++)
        if (!strcmp(cell, errors[i]))
            return true;
    return false;
}

/* Adds a problem for a cell that contains only an error or an unreadable
 * value. */
static bool cell_broken(struct ctx *ctx, const struct field *f, const char *cell)
{
    const char *s = cell ? text_tidy(ctx->arena, cell) : "";
    if (*s != '#')
        return false;
    if (!strcmp(s, SHEET_NO_RESULT))
        ctx_problem(ctx, f->name,
                    say(ctx,
                        "{}: the formula in this cell has no saved result. Open the file in "
                        "Excel, save it and try again.",
                        tr(ctx, f->label)));
    else if (is_error(s))
        ctx_problem(ctx, f->name,
                    say(ctx,
                        "{}: the cell shows the error {}. Correct the formula or type the value.",
                        tr(ctx, f->label), s));
    else
        return false;
    return true;
}

/* CSV has no cell formats, so a time may be a spreadsheet's serial day and
 * hour, 43563.5. A whole number is not taken as a time: it may be a year. */
static const char *serial_time(struct ctx *ctx, const struct field *f, const char *cell)
{
    int64_t t;
    char *end;
    size_t digits = strspn(cell, "0123456789"), decimals;
    if (f->type != F_TIME || digits != 5 || cell[digits] != '.')
        return cell;
    decimals = strspn(cell + digits + 1, "0123456789");
    double serial = strtod(cell, &end);
    return decimals && !*end && serial >= 20000 && serial < 80000 && when_from_excel(serial, &t)
               ? when_iso(ctx->arena, t)
               : cell;
}

const char *import_value(struct ctx *ctx, const struct import *im, const struct field *f,
                         const char *cell)
{
    const char *typed = plain_value(ctx, f, cell);
    return typed && im->text ? serial_time(ctx, f, typed) : typed;
}

static bool all_digits(const char *s)
{
    return *s && !s[strspn(s, "0123456789")];
}

/* A bare number is not taken as an id: offices number their communities
 * themselves. */
static bool is_bare_id(struct ctx *ctx, const struct field *f, const char *typed)
{
    const char *s = typed ? text_tidy(ctx->arena, typed) : "";
    const struct kind *k = f->type == F_REF ? kind_find(f->ref) : NULL;
    if (!k || !all_digits(s))
        return false;
    const struct field *name = kind_field(k, "name");
    bool known = query_int(ctx->db, "SELECT id FROM {} WHERE {} = {}", (struct sql_name){k->table},
                           (struct sql_name){k->code}, s) != NONE ||
                 (name && !(name->flags & SEALED) &&
                  query_int(ctx->db, "SELECT min(id) AS id FROM {} WHERE name = {}",
                            (struct sql_name){k->table}, s) != NONE);
    if (!known)
        ctx_problem(ctx, f->name,
                    say(ctx,
                        "{}: “{}” not found. Enter the code or the full "
                        "name.",
                        tr(ctx, f->label), s));
    return !known;
}

/* Words that people write after a number and that do not change its meaning. */
static const char counters[] =
    "|个|人|位|名|件|次|户|天|日|岁|年|月|周|小时|时|分钟|分|元|工作日|"
    "day|days|hour|hours|minute|minutes|person|people|time|times|working day|working days|";

static bool is_counter(const char *word)
{
    const char *at = strstr(counters, word);
    return *word && at && at[-1] == '|' && at[strlen(word)] == '|';
}

/* "3个工作日", "24 hours": returns the number alone, and sets the field of its
 * unit to the word. Any other text is returned unchanged. */
static const char *number_counted(struct ctx *ctx, const struct kind *k, const struct field *f,
                                  void *record, const char *cell)
{
    const char *s = cell ? text_key(ctx->arena, text_tidy(ctx->arena, cell)) : "";
    size_t n = strspn(s, "0123456789");
    const char *word = text_tidy(ctx->arena, s + n);
    if (!n || !*word)
        return cell;
    if (!strncmp(word, "个", strlen("个")) && word[strlen("个")])
        word += strlen("个");
    const struct field *unit = f->unit ? kind_field(k, f->unit) : NULL;
    const struct choice *counted = unit ? choice_typed(ctx->arena, unit->choices, word) : NULL;
    if (counted)
        field_set(ctx, unit, record, counted->code);
    return counted || (!unit && is_counter(word)) ? arena_copyn(ctx->arena, s, n) : cell;
}

/* Sets a field from a cell. Texts shorter than a form would accept are allowed
 * if the import is history. */
static bool cell_set(struct ctx *ctx, const struct import *im, const struct field *f, void *record,
                     const char *cell)
{
    struct field loose = *f;
    if (im->kind->archive && (f->type == F_TEXT || f->type == F_LONG))
        loose.min = 0;
    if (cell_broken(ctx, f, cell))
        return false;
    const char *typed = import_value(ctx, im, f, cell);
    if (f->type == F_INT)
        typed = number_counted(ctx, im->kind, f, record, typed);
    return !is_bare_id(ctx, f, typed) && field_set(ctx, &loose, record, typed);
}

static int64_t *int_slot(const struct field *f, void *record)
{
    return (int64_t *)(void *)((char *)record + f->offset);
}

/* Makes a code for a record that came with only a name: the name's initials and
 * a hash of its path. The same path thus gets the same code on every
 * installation. */
static const char *code_for(struct arena *a, const char *name, const char *path)
{
    const char *initials = "";
    text_pinyin(a, name, NULL, &initials);
    return arena_print(a, "%.*s%s%08llx", 12, initials, *initials ? "-" : "",
                       (unsigned long long)(import_hash("code", path, NULL) & 0xffffffff));
}

static enum status store(struct ctx *ctx, const struct kind *k, void *record)
{
    enum status s = k->import_insert ? k->import_insert(ctx, record)
                                     : record_insert(ctx, k, record, "import");
    return s == OK && k->settle && !k->import_done ? k->settle(ctx, NULL, record) : s;
}

/* Creates a record from a name. Returns its id; 0 in a dry run; NONE with
 * problems. */
static int64_t create(struct ctx *ctx, struct import *im, const struct kind *k, int64_t parent,
                      const char *name, const char *path)
{
    uint64_t key = import_hash(k->name, path, NULL);
    if (im->dry_run && import_seen_has(im->seen, key))
        return 0;
    struct record *made = record_new(ctx, k);
    const struct field *tree = import_tree(k);
    if (tree)
        *int_slot(tree, made) = parent;
    if (!field_set(ctx, kind_field(k, "name"), made, name) ||
        !field_set(ctx, kind_field(k, k->code), made, code_for(ctx->arena, name, path)) ||
        !record_check(ctx, k, NULL, made))
        return NONE;
    if (im->dry_run) {
        import_seen_put(im->seen, key, 1);
        return 0;
    }
    return store(ctx, k, made) == OK ? made->id : NONE;
}

/* Returns whether the kind has a name and a code, so that --create can make
 * records. */
static bool can_make(const struct kind *k)
{
    const struct field *name = k ? kind_field(k, "name") : NULL,
                       *code = k ? kind_field(k, k->code) : NULL;
    return name && !(name->flags & SEALED) && code && code->type == F_CODE;
}

/* Resolves a reference to a record that does not exist yet: creates it if
 * requested, or, in a dry run, finds it in a row above. Returns false if the
 * field should report the problem. */
static bool refer_ahead(struct ctx *ctx, struct import *im, const struct field *f, void *record,
                        const char *cell)
{
    int64_t same_name;
    const char *typed = cell ? text_tidy(ctx->arena, import_value(ctx, im, f, cell)) : "";
    const struct kind *k = kind_find(f->ref);
    if (!*typed || !k || !text_valid(typed, strlen(typed)) ||
        ref_find(ctx, f, typed, &same_name) != NONE || same_name > 1)
        return false;
    if (im->dry_run && (import_seen_has(im->seen, import_hash(f->ref, "=", typed)) ||
                        (im->preview && k == im->kind && import_ahead(ctx, im, typed)))) {
        *int_slot(f, record) = 0;
        return true;
    }
    if (!im->create || !can_make(k) || all_digits(typed) || !kind_may_write(ctx, k))
        return false;
    *int_slot(f, record) = create(ctx, im, k, NONE, typed, typed);
    return true;
}

/* kept: an existing record, which an empty cell leaves unchanged unless
 * clearing was requested. */
static void set_cells(struct ctx *ctx, struct import *im, void *record, const char *const *cells,
                      int count, bool kept)
{
    for (int c = 0; c < im->column_count; c++) {
        const struct field *f = im->columns[c].field;
        const char *cell = c < count ? cells[c] : NULL;
        if (f && text_blank(cell) && !(kept && im->clear))
            continue;
        if (!f || (f->type == F_REF && (im->create || im->dry_run) &&
                   refer_ahead(ctx, im, f, record, cell)))
            continue;
        if (!cell_set(ctx, im, f, record, cell) && f->type == F_REF &&
            can_make(kind_find(f->ref)) && !all_digits(text_tidy(ctx->arena, cell)))
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

static int64_t child(struct ctx *ctx, const struct kind *k, const struct field *tree,
                     int64_t parent, const char *name)
{
    if (parent == NONE)
        return query_int(ctx->db, "SELECT min(id) AS id FROM {} WHERE {} IS NULL AND name = {}",
                         (struct sql_name){k->table}, (struct sql_name){tree->name}, name);
    return query_int(ctx->db, "SELECT min(id) AS id FROM {} WHERE {} = {} AND name = {}",
                     (struct sql_name){k->table}, (struct sql_name){tree->name}, parent, name);
}

/* Walks the path of a row, creates missing parents, and sets the record's
 * parent, name and code. Returns the id of the last level; NONE if it is new.
 * *path: the levels joined. */
static int64_t walk_path(struct ctx *ctx, struct import *im, void *record, const char *const *cells,
                         int count, const char **path)
{
    const struct kind *k = im->kind;
    const struct field *tree = import_tree(k);
    const char *names[IMPORT_LEVELS + 1] = {0};
    int last = 0;
    for (int c = 0; c < im->column_count && c < count; c++)
        if (im->columns[c].level && cells[c] && text_valid(cells[c], strlen(cells[c])) &&
            *text_tidy(ctx->arena, cells[c])) {
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

bool import_is_example(const char *const *cells, int count)
{
    static const char *const marks[] = {"例：", "例:", "示例", "Example:", "Example：", NULL};
    int c = 0;
    while (c < count && text_blank(cells[c]))
        c++;
    for (int i = 0; c < count && marks[i]; i++)
        if (!strncmp(cells[c], marks[i], strlen(marks[i])))
            return true;
    return false;
}

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
    const char *text = ctx->problems ? ctx->problems->text
                                     : say(ctx, "This row could not be saved.");
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

/* Finds the record in the kind's own way, by its code, or by what identifies a row without a
 * code. */
static struct record *find_existing(struct ctx *ctx, const struct kind *k, void *record)
{
    return k->import_find ? k->import_find(ctx, record) : import_natural(ctx, k, record);
}

/* A row about a record that was merged changes the survivor, which keeps its own code. */
static struct record *survivor(struct ctx *ctx, const struct kind *k, struct record *found,
                               const char **code)
{
    int64_t to = found ? record_survivor(ctx, k, found->id) : NONE;
    if (to == NONE)
        return found;
    found = record_get(ctx, k, to);
    *code = found ? field_text(kind_field(k, k->code), found) : NULL;
    return found;
}

static void code_keep(const struct kind *k, void *record, const char *code)
{
    if (code)
        *(const char **)((char *)record + kind_field(k, k->code)->offset) = code;
}

static bool in_scope(struct ctx *ctx, const struct import *im, int64_t id)
{
    if (!im->scoped || !im->kind->scope || record_load(ctx, im->kind, id))
        return true;
    ctx_problem(ctx, NULL, say(ctx, "This is outside your area or unit."));
    return false;
}

/* Remembers a dry run's new record, so that rows below may refer to it or
 * repeat it. */
static enum import_outcome foresee(struct ctx *ctx, struct import *im, const void *record,
                                   const char *path, const char *const *cells, int count)
{
    const struct kind *k = im->kind;
    const struct field *code = kind_field(k, k->code), *name = kind_field(k, "name");
    uint64_t content = import_content(ctx, im, cells, count);
    const char *unique = path ? path : unique_text(k, record);
    if (unique) {
        uint64_t key = import_hash(k->name, unique, path ? NULL : "key");
        if (import_seen_has(im->seen, key)) { /* 1: created as the parent of a row above */
            uint64_t before = *import_seen_slot(im->seen, key);
            return before == content || (path && before == 1) ? IMPORT_SAME : IMPORT_CHANGED;
        }
        import_seen_put(im->seen, key, content);
    }
    if (code && field_text(code, record))
        import_seen_put(im->seen, import_hash(k->name, "=", field_text(code, record)), 1);
    if (name && field_text(name, record))
        import_seen_put(im->seen, import_hash(k->name, "=", field_text(name, record)), 1);
    return IMPORT_ADDED;
}

static enum import_outcome count_up(struct import *im, enum import_outcome o)
{
    im->added += o == IMPORT_ADDED;
    im->changed += o == IMPORT_CHANGED;
    im->same += o == IMPORT_SAME;
    return o;
}

/* Returns whether a row above has written the record. In that case this row may
 * only repeat it. */
static bool written_above(struct ctx *ctx, struct import *im, int64_t row, int64_t id,
                          uint64_t content, bool *same)
{
    uint64_t key = import_hash("touched", arena_print(ctx->arena, "%lld", (long long)id), NULL),
             says = import_hash("touched as", arena_print(ctx->arena, "%lld", (long long)id), NULL);
    int64_t above = import_seen_has(im->seen, key) ? (int64_t)*import_seen_slot(im->seen, key)
                                                   : row;
    if (above < row) {
        *same = *import_seen_slot(im->seen, says) == content;
        if (!*same)
            ctx_problem(ctx, NULL,
                        say(ctx,
                            "Rows {} and {} describe the same record but differ. Keep one of them.",
                            above, row));
        return true;
    }
    import_seen_put(im->seen, key, (uint64_t)row);
    import_seen_put(im->seen, says, content);
    return false;
}

/* Counts and lists a row that repeats one above. */
static enum import_outcome repeat(struct import *im, int64_t row)
{
    if (im->repeats++ < IMPORT_REPEATS)
        im->repeated = arena_print(im->arena, "%s%s%lld", im->repeated ? im->repeated : "",
                                   im->repeated ? ", " : "", (long long)row);
    return count_up(im, IMPORT_SAME);
}

/* Stores what the row says outside the table (import_beside). *changed: that is
 * new. Returns false with problems. */
static bool beside_stored(struct ctx *ctx, const struct import *im, const void *record,
                          bool *changed)
{
    *changed = false;
    return !im->kind->import_beside ||
           (im->kind->import_beside(ctx, record, im->dry_run, changed) == OK && ctx_ok(ctx));
}

static enum import_outcome renew(struct ctx *ctx, struct import *im, int64_t row,
                                 const struct record *before, struct record *after)
{
    if (!in_scope(ctx, im, before->id))
        return failed(ctx, im, row);
    bool beside = false;
    if (im->dry_run) {
        if (!beside_stored(ctx, im, after, &beside))
            return failed(ctx, im, row);
        return count_up(im, record_same(im->kind, before, after) && !beside ? IMPORT_SAME
                                                                            : IMPORT_CHANGED);
    }
    int64_t version = before->version;
    if (record_update(ctx, im->kind, before, after, "import") != OK ||
        !in_scope(ctx, im, before->id))
        return failed(ctx, im, row);
    if (after->version != version && im->kind->settle && !im->kind->import_done &&
        im->kind->settle(ctx, before, after) != OK)
        return failed(ctx, im, row);
    if (!beside_stored(ctx, im, after, &beside))
        return failed(ctx, im, row);
    return count_up(im, after->version != version || beside ? IMPORT_CHANGED : IMPORT_SAME);
}

/* Returns whether the row refers to one further down that is not stored yet. */
static bool comes_later(struct ctx *ctx, struct import *im, const char *const *cells, int count)
{
    const struct field *f = im->last_round || im->preview ? NULL : import_self(im->kind);
    for (int c = 0; f && c < im->column_count && c < count; c++) {
        int64_t same_name;
        if (im->columns[c].field != f || text_blank(cells[c]))
            continue;
        const char *typed = text_tidy(ctx->arena, import_value(ctx, im, f, cells[c]));
        return text_valid(typed, strlen(typed)) && import_ahead(ctx, im, typed) &&
               ref_find(ctx, f, typed, &same_name) == NONE && same_name < 2 &&
               !(im->dry_run && import_seen_has(im->seen, import_hash(f->ref, "=", typed)));
    }
    return false;
}

const void *import_preview(struct ctx *ctx, struct import *im, int64_t row,
                           const char *const *cells, int count)
{
    im->dry_run = im->preview = true;
    import_row(ctx, im, row, cells, count);
    return im->record;
}

enum import_outcome import_row(struct ctx *ctx, struct import *im, int64_t row,
                               const char *const *cells, int count)
{
    const struct kind *k = im->kind;
    import_forget(ctx);
    if (import_is_example(cells, count)) {
        im->record = record_new(ctx, k);
        return IMPORT_SKIPPED;
    }
    const char *path = NULL, *code = NULL, *conflict = import_conflict(ctx, im, row);
    struct record *record = record_new(ctx, k), *before = NULL, *after = record;
    bool repeats = false;
    if (!conflict && comes_later(ctx, im, cells, count))
        return IMPORT_LATER;
    set_cells(ctx, im, record, cells, count, false);
    im->record = record;
    if (ctx_ok(ctx) && has_path(im)) {
        int64_t id = walk_path(ctx, im, record, cells, count, &path);
        before = id != NONE ? record_get(ctx, k, id) : NULL;
    } else if (ctx_ok(ctx)) {
        before = survivor(ctx, k, find_existing(ctx, k, record), &code);
    }
    if (ctx_ok(ctx) && before) {
        if (!conflict && written_above(ctx, im, row, before->id,
                                       import_content(ctx, im, cells, count), &repeats))
            return repeats ? repeat(im, row) : failed(ctx, im, row);
        im->record = after = record_copy(ctx, k, before);
        set_cells(ctx, im, after, cells, count, true);
        code_keep(k, after, code);
    }
    record_coded(
        ctx, k, after,
        arena_print(ctx->arena, "%llx", (unsigned long long)import_content(ctx, im, cells, count)));
    bool good = ctx_ok(ctx) && (!im->scoped || record_refers(ctx, k, before, after)) &&
                record_check(ctx, k, before, after);
    if (conflict)
        ctx_problem(ctx, NULL, conflict);
    if (!good || conflict)
        return failed(ctx, im, row);
    if (before)
        return renew(ctx, im, row, before, after);
    bool beside;
    if (im->dry_run) {
        if (!beside_stored(ctx, im, record, &beside))
            return failed(ctx, im, row);
        enum import_outcome o = foresee(ctx, im, record, path, cells, count);
        return o == IMPORT_SAME && !path ? repeat(im, row) : count_up(im, o);
    }
    if (store(ctx, k, record) != OK || !in_scope(ctx, im, record->id) ||
        !beside_stored(ctx, im, record, &beside))
        return failed(ctx, im, row);
    if (record->id != NONE)
        written_above(ctx, im, row, record->id, import_content(ctx, im, cells, count), &repeats);
    return count_up(im, IMPORT_ADDED);
}
