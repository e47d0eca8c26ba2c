/*
 * The steps of set-up, how far they are, and loading common sets. A common set
 * goes through the same import as a spreadsheet, but never changes what is
 * there: an office may have corrected it since.
 */
#include "core/setup.h"

#include "core/module.h"
#include "base/text.h"
#include "kind/heading.h"
#include "kind/import.h"
#include "kind/sheet.h"

#include <string.h>

const struct setup_step **setup_steps(struct ctx *ctx)
{
    int n = 0;
    for (int m = 0; modules[m]; m++)
        for (const struct setup_step *s = modules[m]->setup; s && s->name; s++)
            n++;
    const struct setup_step **list = ARENA_ARRAY(ctx->arena, const struct setup_step *, n + 1);
    n = 0;
    for (int m = 0; modules[m]; m++)
        for (const struct setup_step *s = modules[m]->setup; s && s->name; s++) {
            int at = n++;
            for (; at > 0 && list[at - 1]->rank > s->rank; at--)
                list[at] = list[at - 1];
            list[at] = s;
        }
    return list;
}

int64_t setup_count(struct ctx *ctx, const struct setup_step *step)
{
    return step->kind ? query_int(ctx->db, "SELECT count(*) AS n FROM {}",
                                  (struct sql_name){step->kind->table})
                      : NONE;
}

const char *setup_missing(struct ctx *ctx, const struct setup_step *step)
{
    if (step->missing)
        return step->missing(ctx);
    return setup_count(ctx, step) == 0 ? say(ctx, "Nothing entered yet.") : NULL;
}

bool setup_done(struct ctx *ctx, const char *names)
{
    for (int m = 0; modules[m]; m++)
        for (const struct setup_step *s = modules[m]->setup; s && s->name; s++)
            if (text_listed(names, s->name) && setup_count(ctx, s) < s->least)
                return false;
    return true;
}

const char *setup_landing(struct ctx *ctx)
{
    if (!(ctx->actor.roles & ROLES_SIGNED))
        return "/no-role";
    if (!(ctx->actor.roles & ROLE_ADMIN))
        return NULL;
    for (int m = 0; modules[m]; m++)
        for (const struct setup_step *s = modules[m]->setup; s && s->name; s++)
            if (s->least && setup_count(ctx, s) < s->least)
                return "/setup";
    return NULL;
}

/* ---- common sets ---- */

/* The cells of a row, without references that name nothing here. */
static const char **row_cells(struct ctx *ctx, const struct import *im, const struct sheet_row *row)
{
    const char **cells = ARENA_ARRAY(ctx->arena, const char *, row->count + 1);
    for (int c = 0; c < row->count; c++) {
        const struct field *f = c < im->column_count ? im->columns[c].field : NULL;
        int64_t same_name;
        cells[c] = arena_copyn(ctx->arena, row->cells[c].text, row->cells[c].size);
        if (f && f->type == F_REF && strcmp(f->ref, im->kind->name) != 0 && *cells[c] &&
            ref_find(ctx, f, cells[c], &same_name) == NONE)
            cells[c] = "";
    }
    return cells;
}

static bool is_there(struct ctx *ctx, const struct import *im, const char *const *cells, int count)
{
    for (int c = 0; c < im->column_count && c < count; c++)
        if (im->columns[c].field && !strcmp(im->columns[c].field->name, im->kind->code))
            return record_find(ctx, im->kind, im->kind->code, cells[c]) != NULL;
    return false;
}

static int64_t rows_load(struct ctx *ctx, struct import *im, struct sheet *sheet)
{
    const char *headings[IMPORT_COLUMNS];
    struct sheet_row row;
    int columns = headings_find(ctx, im, sheet, -1, 0, NULL, 0, headings);
    if (columns < 0)
        return NONE;
    import_guess(ctx, im, headings, columns);
    while (sheet_next(sheet, &row)) {
        const char **cells = row_cells(ctx, im, &row);
        if (!is_there(ctx, im, cells, row.count) &&
            import_row(ctx, im, row.number, cells, row.count) == IMPORT_FAILED)
            return NONE;
    }
    return im->added;
}

int64_t common_load(struct ctx *ctx, const struct kind *k, const char *name)
{
    const struct common_sheet *s = common_sheets;
    const char *why = NULL;
    struct import im;
    while (s->name && strcmp(s->name, name) != 0)
        s++;
    struct sheet *sheet = s->name ? sheet_open(ctx->arena, s->text, strlen(s->text), &why) : NULL;
    if (!sheet) {
        ctx_fail(ctx, UNAVAILABLE, why ? tr(ctx, why) : NULL);
        return NONE;
    }
    import_init(&im, k, ctx->arena);
    im.text = true;
    int64_t added = rows_load(ctx, &im, sheet);
    import_release(&im);
    sheet_close(sheet);
    if (added != NONE && added > 0 && k->import_done && k->import_done(ctx) != OK)
        return NONE;
    if (added != NONE)
        import_forget(ctx);
    else if (ctx_ok(ctx))
        ctx_fail(ctx, db_status(ctx->db) == OK ? INVALID : db_status(ctx->db), NULL);
    return added;
}
