/* The period and area that a page of figures was asked for. */
#include "pages/figures_pages.h"

#include "base/when.h"
#include "web/web.h"

struct figure_span span_asked(struct ctx *ctx)
{
    struct figure_span span = FIGURE_ALL;
    figure_period(ctx, query_param(ctx, "from"), false, &span.from);
    figure_period(ctx, query_param(ctx, "to"), true, &span.to);
    if (span.from != NONE && span.to != NONE && span.from >= span.to)
        ctx_problem(ctx, "to", say(ctx, "The end date is before the start date."));
    span.area = query_param(ctx, "area") && *query_param(ctx, "area") ? param_int(ctx, "area")
                                                                      : NONE;
    span.category = query_param(ctx, "category") && *query_param(ctx, "category")
                        ? param_int(ctx, "category")
                        : NONE;
    return span;
}

const char *span_words(struct ctx *ctx, const struct figure_span *span)
{
    const char *from = span->from == NONE ? NULL
                                          : day_show(ctx->arena, ctx->lang, when_day(span->from));
    const char *to = span->to == NONE ? NULL
                                      : day_show(ctx->arena, ctx->lang, when_day(span->to - 1));
    if (from && to)
        return say(ctx, "{} to {}", from, to);
    return from ? say(ctx, "From {}", from) : to ? say(ctx, "Up to {}", to) : say(ctx, "All time");
}

void span_inputs(struct ctx *ctx, const struct figure_span *span)
{
    const char *from = span->from == NONE ? NULL : day_iso(ctx->arena, when_day(span->from));
    const char *to = span->to == NONE ? NULL : day_iso(ctx->arena, when_day(span->to - 1));
    html(ctx->web->out,
         "<label>{} <input type=\"date\" id=\"f-from\" name=\"from\" value=\"{}\"></label>"
         "<label>{} <input type=\"date\" id=\"f-to\" name=\"to\" value=\"{}\"></label>",
         say(ctx, "From"), from, say(ctx, "To"), to);
}
