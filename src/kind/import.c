/*
 * Import of sheet rows by a kind's description. Errors live in the context's
 * arena, which therefore outlives the import; rows may use one of their own.
 */
#include "kind/import.h"

#include "base/text.h"
#include "base/when.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void import_init(struct import *im, const struct kind *k)
{
    *im = (struct import){.kind = k};
    im->errors_end = &im->errors;
}

static bool may_set(const struct field *f)
{
    return !(f->flags & FIXED) || (f->flags & IMPORTED);
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

static bool matches(struct ctx *ctx, const struct field *f, const char *heading)
{
    return !strcmp(f->name, heading) || !strcmp(f->label, heading) || !strcmp(tr(ctx, f->label), heading) ||
           alias_matches(f->aliases, heading);
}

int import_guess(struct ctx *ctx, struct import *im, const char *const *headings, int count)
{
    int found = 0;
    im->column_count = count < IMPORT_COLUMNS ? count : IMPORT_COLUMNS;
    for (int c = 0; c < im->column_count; c++) {
        im->columns[c] = NULL;
        const char *heading = headings[c] ? text_tidy(ctx->arena, headings[c]) : "";
        for (int i = 0; i < im->kind->field_count && *heading && !im->columns[c]; i++)
            if (may_set(&im->kind->fields[i]) && matches(ctx, &im->kind->fields[i], heading))
                im->columns[c] = &im->kind->fields[i];
        found += im->columns[c] != NULL;
    }
    return found;
}

enum status import_map(struct ctx *ctx, struct import *im, const char *mapping, const char *const *headings, int count)
{
    const char *equals = strchr(mapping, '=');
    const struct field *f = equals ? kind_field(im->kind, arena_copyn(ctx->arena, mapping, (size_t)(equals - mapping))) : NULL;
    if (!f || !may_set(f))
        return ctx_fail(ctx, INVALID, say(ctx, "“{}”: FIELD=COLUMN is expected, with a field of {}.", mapping, im->kind->name));
    for (int c = 0; c < count && c < im->column_count; c++)
        if (headings[c] && !strcmp(text_tidy(ctx->arena, headings[c]), equals + 1)) {
            for (int other = 0; other < im->column_count; other++)
                if (im->columns[other] == f)
                    im->columns[other] = NULL;
            im->columns[c] = f;
            return OK;
        }
    return ctx_fail(ctx, INVALID, say(ctx, "The sheet has no column “{}”.", equals + 1));
}

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

static void failed(struct ctx *ctx, struct import *im, int64_t row)
{
    struct import_error *e = ARENA_NEW(ctx->arena, struct import_error);
    e->row = row;
    e->text = ctx->problems ? ctx->problems->text : say(ctx, "This row could not be stored.");
    for (const struct problem *p = ctx->problems ? ctx->problems->next : NULL; p; p = p->next)
        e->text = arena_print(ctx->arena, "%s %s", e->text, p->text);
    *im->errors_end = e;
    im->errors_end = &e->next;
    im->failed++;
}

static void forget_problems(struct ctx *ctx)
{
    ctx->problems = NULL;
    ctx->problems_end = &ctx->problems;
    ctx->problem_count = 0;
    ctx->status = OK;
}

static void *find_existing(struct ctx *ctx, const struct kind *k, const void *record)
{
    if (k->import_find)
        return k->import_find(ctx, record);
    for (int i = 0; i < k->field_count; i++)
        if ((k->fields[i].flags & UNIQUE) && field_text(&k->fields[i], record))
            return record_find(ctx, k, k->fields[i].name, field_text(&k->fields[i], record));
    return NULL;
}

static void set_cells(struct ctx *ctx, struct import *im, void *record, const char *const *cells, int count)
{
    for (int c = 0; c < im->column_count; c++)
        if (im->columns[c])
            field_set(ctx, im->columns[c], record, serial_as_time(ctx, im->columns[c], c < count ? cells[c] : NULL));
}

void import_row(struct ctx *ctx, struct import *im, int64_t row, const char *const *cells, int count)
{
    const struct kind *k = im->kind;
    forget_problems(ctx);
    void *record = record_new(ctx, k);
    set_cells(ctx, im, record, cells, count);
    struct record *before = ctx_ok(ctx) ? find_existing(ctx, k, record) : NULL;
    void *after = record;
    if (before) {
        after = record_copy(ctx, k, before);
        set_cells(ctx, im, after, cells, count);
    }
    if (!record_check(ctx, k, before, after)) {
        failed(ctx, im, row);
        return;
    }
    if (before) {
        int64_t version = before->version;
        enum status s = im->dry_run ? OK : record_update(ctx, k, before, after, "import");
        if (s != OK)
            failed(ctx, im, row);
        else if (((struct record *)after)->version != version)
            im->changed++;
        else
            im->same++;
        return;
    }
    enum status s = im->dry_run ? OK : k->import_insert ? k->import_insert(ctx, record) : record_insert(ctx, k, record, "import");
    if (s == OK)
        im->added++;
    else
        failed(ctx, im, row);
}
