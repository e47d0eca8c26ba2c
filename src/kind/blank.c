/*
 * Blank spreadsheets, made from the description alone: each field that an
 * import may set has a column, and the field that identifies a record to people
 * comes first. The example's first cell begins with "Example:", by which
 * imports recognise it (import_is_example).
 */
#include "kind/blank.h"

#include "kind/import.h"
#include "kind/sheet.h"

#include <stdlib.h>
#include <string.h>

#define NAMES_MOST 300 /* names of a reference that the second sheet lists */
#define WIDTH      18

struct blank {
    const struct kind *kind;
    const struct field **fields;
    int count;
    struct sheet_writer *sheet;
};

static bool has_column(const struct field *f)
{
    return import_sets(f) && !(f->flags & INNER) && (!(f->flags & HIDDEN) || (f->flags & BESIDE)) &&
           !(f->type == F_TIME && (f->flags & FIXED));
}

static void columns_choose(struct ctx *ctx, struct blank *b)
{
    const struct kind *k = b->kind;
    const struct field *title = kind_field(k, kind_title(k));
    b->fields = ARENA_ARRAY(ctx->arena, const struct field *, k->field_count);
    for (int pass = 0; pass < 3; pass++)
        for (int i = 0; i < k->field_count; i++) {
            const struct field *f = &k->fields[i];
            bool needed = (f->flags & REQUIRED) != 0;
            int comes = f == title ? 0 : needed ? 1 : 2;
            if (comes == pass && (has_column(f) || (needed && import_sets(f))))
                b->fields[b->count++] = f;
        }
}

/* ---- what a column takes ---- */

/* Lists the names of a reference in the reader's language. *more: how many are
 * left out. */
static const char **names_of(struct ctx *ctx, const struct kind *k, int64_t *more)
{
    const char **names = ARENA_ARRAY(ctx->arena, const char *, NAMES_MOST + 1);
    const struct field *title = kind_field(k, kind_title(k));
    struct list l;
    int n = 0;
    *more = 0;
    if (!title || !((k->read | k->refer) & ctx->actor.roles) || k->person ||
        (title->flags & SEALED) || title->type != F_TEXT)
        return names;
    list_init(ctx, &l, k);
    l.limit = NAMES_MOST;
    int64_t all = list_count(ctx, &l);
    struct rows *r = list_run(ctx, &l);
    for (void *record; n < NAMES_MOST && (record = list_next(ctx, k, r, ctx->arena)) != NULL;)
        names[n++] = field_text(title, record);
    rows_end(r);
    *more = all - n;
    return names;
}

/* Returns the choices of a column, ended by NULL; NULL if it has none. */
static const char *const *words_of(struct ctx *ctx, const struct field *f, int64_t *more)
{
    const struct kind *k = f->ref ? kind_find(f->ref) : NULL;
    *more = 0;
    if (f->type == F_BOOL) {
        const char **words = ARENA_ARRAY(ctx->arena, const char *, 3);
        words[0] = say(ctx, "yes");
        words[1] = say(ctx, "no");
        return words;
    }
    if (k)
        return names_of(ctx, k, more);
    int n = 0;
    for (const struct choice *c = f->choices; c && c->code; c++)
        n++;
    if (!n)
        return NULL;
    const char **words = ARENA_ARRAY(ctx->arena, const char *, n + 1);
    for (int i = 0; i < n; i++)
        words[i] = tr(ctx, f->choices[i].label);
    return words;
}

static const char *words_text(struct ctx *ctx, const char *const *words, int64_t more)
{
    const char *all = "";
    for (int i = 0; words && words[i]; i++)
        all = ctx_list(ctx, all, words[i]);
    return more > 0 ? say(ctx, "{} and {} more", all, more) : all;
}

static const char *example_of(struct ctx *ctx, const struct field *f)
{
    int64_t more;
    const char *const *words = words_of(ctx, f, &more);
    if (f->example)
        return tr(ctx, f->example);
    if (words)
        return words[0] ? words[0] : "";
    switch (f->type) {
    case F_DATE:
        return "2026-03-05";
    case F_TIME:
        return "2026-03-05 14:30";
    case F_PHONE:
        return "13800001234";
    case F_INT:
        return arena_print(ctx->arena, "%lld", (long long)(f->min > 1 ? f->min : 1));
    default:
        return "";
    }
}

static const char *type_text(struct ctx *ctx, const struct field *f)
{
    switch (f->type) {
    case F_CHOICE:
        return say(ctx, "One of the words listed here.");
    case F_BOOL:
        return say(ctx, "yes or no");
    case F_TAGS:
        return say(ctx, "One or more of the words listed here, separated by commas.");
    case F_REF:
        return say(ctx, "Name or code of an entry under “{}”.", tr(ctx, kind_find(f->ref)->many));
    case F_DATE:
        return say(ctx, "A date such as 2026-03-05.");
    case F_TIME:
        return say(ctx, "A date and time such as 2026-03-05 14:30.");
    case F_PHONE:
        return say(ctx, "A mobile number, or a landline with its area code.");
    case F_INT:
    case F_REAL:
        return f->unit ? say(ctx, "A number, also with its unit: 3 working days, 24 hours.")
                       : say(ctx, "A number.");
    case F_CODE:
        return say(ctx, "Letters, digits, - _ and . only.");
    default:
        return "";
    }
}

/* ---- the two sheets ---- */

static void table_write(struct ctx *ctx, struct blank *b)
{
    const char **headings = ARENA_ARRAY(ctx->arena, const char *, b->count), *first = NULL;
    sheet_write_name(b->sheet, tr(ctx, b->kind->many));
    for (int i = 0; i < b->count; i++) {
        const struct field *f = b->fields[i];
        int64_t more;
        headings[i] = arena_print(ctx->arena, "%s%s", tr(ctx, f->label),
                                  f->flags & REQUIRED ? " *" : "");
        sheet_write_column(b->sheet, i, WIDTH, f->type == F_TAGS ? NULL : words_of(ctx, f, &more));
    }
    sheet_write_header(b->sheet, headings, b->count);
    for (int i = 0; i < b->count; i++) {
        const char *text = example_of(ctx, b->fields[i]);
        if (!first)
            text = first = say(ctx, "Example: {}", *text ? text : tr(ctx, b->kind->one));
        sheet_write_text(b->sheet, text);
    }
    sheet_write_row(b->sheet);
}

static void notes_write(struct ctx *ctx, struct blank *b)
{
    const char *const headings[] = {say(ctx, "Column"), say(ctx, "Required"),
                                    say(ctx, "What to enter"), say(ctx, "Accepted words")};
    static const int widths[] = {24, 8, 60, 60};
    sheet_write_name(b->sheet, say(ctx, "How to fill it in"));
    for (int i = 0; i < 4; i++)
        sheet_write_column(b->sheet, i, widths[i], NULL);
    sheet_write_header(b->sheet, headings, 4);
    for (int i = 0; i < b->count; i++) {
        const struct field *f = b->fields[i];
        const char *type = type_text(ctx, f), *hint = f->hint ? tr(ctx, f->hint) : "";
        int64_t more;
        const char *const *words = words_of(ctx, f, &more);
        sheet_write_text(b->sheet, tr(ctx, f->label));
        sheet_write_text(b->sheet, f->flags & REQUIRED ? say(ctx, "yes") : "");
        sheet_write_text(b->sheet,
                         arena_print(ctx->arena, "%s%s%s", type,
                                     *type && *hint && ctx_english(ctx) ? " " : "", hint));
        sheet_write_text(b->sheet, words_text(ctx, words, more));
        sheet_write_row(b->sheet);
    }
    sheet_write_row(b->sheet);
    sheet_write_text(b->sheet,
                     say(ctx, "Fill in the first sheet. Its example row is not imported; columns "
                              "that you do not need can stay empty or be deleted."));
    sheet_write_row(b->sheet);
}

char *blank_sheet(struct ctx *ctx, const struct kind *k, size_t *size)
{
    struct blank b = {.kind = k, .sheet = sheet_write_open(SHEET_XLSX)};
    const char *why = NULL;
    columns_choose(ctx, &b);
    table_write(ctx, &b);
    notes_write(ctx, &b);
    char *bytes = sheet_write_close(b.sheet, size, &why);
    if (!bytes)
        ctx_fail(ctx, UNAVAILABLE, tr(ctx, why));
    return bytes;
}
