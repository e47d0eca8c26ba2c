/*
 * The form that asks for a day.
 */
#include "app/registers/as_of.h"

#include "base/when.h"
#include "web/web.h"

const char *as_of_draw(struct ctx *ctx, const char *href)
{
    struct buf *out = ctx->web->out;
    const char *typed = query_param(ctx, "on");
    int64_t day;
    bool given = typed && *typed, wrong = given && !day_parse(typed, &day);
    const char *date = given && !wrong ? day_iso(ctx->arena, day) : ctx_today(ctx);
    html(out,
         "<form class=\"bar\" method=\"get\" action=\"{}\"><label>{} <input type=\"date\" "
         "name=\"on\" value=\"{}\"></label><button>{}</button></form>",
         href, say(ctx, "As of"), wrong ? typed : date, say(ctx, "Show"));
    if (wrong)
        html(out, "<p class=\"problem\">{}</p>",
             say(ctx, "This is not a date. Type it like 2026-03-05; below is today."));
    return date;
}
