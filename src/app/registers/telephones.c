/*
 * A community's number is that of its residents' committee, a unit; the
 * office's is a setting, else the number of the first unit of the office.
 */
#include "app/registers/telephones.h"

#include "app/registers/registers.h"
#include "base/text.h"
#include "web/fields.h"

static void button(struct ctx *ctx, const char *name, const char *number)
{
    html(ctx->web->out, "<a class=\"button\" href=\"tel:{}\">{} <span>{} <b>{}</b></span></a>",
         number, icon(ctx, "phone"), name, number);
}

static void office(struct ctx *ctx)
{
    const struct site_words *w = ctx->site->words;
    const char *name = w ? ctx_pick(ctx, w->name, w->name_en) : NULL, *number = site_phone(ctx);
    if (number)
        button(ctx, name ? name : say(ctx, "Subdistrict office"), number);
}

const char *telephone_of_office(struct ctx *ctx)
{
    struct rows *r = query(ctx->db, "SELECT phone FROM units WHERE kind = 'office' AND phone IS "
                                    "NOT NULL ORDER BY id LIMIT 1");
    const char *number = rows_next(r) ? arena_copy(ctx->arena, row_text(r, "phone")) : NULL;
    rows_end(r);
    return number;
}

bool telephone_any(struct ctx *ctx)
{
    return site_phone(ctx) ||
           query_int(ctx->db, "SELECT id FROM units WHERE kind = 'community' AND phone IS NOT NULL "
                              "LIMIT 1") != NONE;
}

void telephone_buttons(struct ctx *ctx, int64_t area)
{
    struct buf *out = ctx->web->out;
    buf_puts(out, "<p class=\"phones\">");
    struct rows *r = query(
        ctx->db,
        "SELECT a.name, a.name_en, u.phone FROM units u JOIN areas a ON a.id = u.area WHERE "
        "u.kind = 'community' AND u.phone IS NOT NULL AND u.area = (SELECT community FROM "
        "areas WHERE id = {}) ORDER BY u.id LIMIT 1",
        (struct maybe){area});
    if (rows_next(r))
        button(ctx, ctx_pick(ctx, row_text(r, "name"), row_text(r, "name_en")),
               row_text(r, "phone"));
    rows_end(r);
    office(ctx);
    buf_puts(out, "</p>");
}

void resident_problems(struct ctx *ctx, int64_t area)
{
    form_problems(ctx);
    if (ctx->problem_count)
        telephone_buttons(ctx, area);
}

void telephone_list(struct ctx *ctx)
{
    struct rows *r = query(
        ctx->db, "SELECT a.name, a.name_en, u.phone FROM units u JOIN areas a ON a.id = u.area "
                 "WHERE u.kind = 'community' AND u.phone IS NOT NULL ORDER BY a.code, u.id");
    bool any = false;
    while (rows_next(r)) {
        if (!any)
            fold_begin(ctx, &(struct fold){.id = "communities",
                                           .icon = "phone",
                                           .label = say(ctx, "Call your community")});
        any = true;
        button(ctx, ctx_pick(ctx, row_text(r, "name"), row_text(r, "name_en")),
               row_text(r, "phone"));
    }
    rows_end(r);
    if (any)
        fold_end(ctx);
}
