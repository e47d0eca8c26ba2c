/*
 * The period and area that a page of figures was asked for, and the links to
 * the records behind a figure and back. A link back is made anew from the
 * figure's name, dates and numbers: an address is never taken from the URL.
 */
#include "pages/figures_pages.h"

#include "base/when.h"
#include "web/web.h"

#include <string.h>

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

/* ---- links ---- */

static void add_param(struct ctx *ctx, const char **url, const char *name, const char *value)
{
    *url = arena_print(ctx->arena, "%s%c%s=%s", *url, strchr(*url, '?') ? '&' : '?', name, value);
}

static const char *number(struct ctx *ctx, int64_t n)
{
    return arena_print(ctx->arena, "%lld", (long long)n);
}

static void add_period(struct ctx *ctx, const char **url, const struct figure_span *span)
{
    if (span->from != NONE)
        add_param(ctx, url, "from", day_iso(ctx->arena, when_day(span->from)));
    if (span->to != NONE)
        add_param(ctx, url, "to", day_iso(ctx->arena, when_day(span->to - 1)));
}

static const char *add_span(struct ctx *ctx, const char *url, const struct figure_span *span,
                            enum figure_part part)
{
    add_period(ctx, &url, span);
    if (span->area != NONE)
        add_param(ctx, &url, "area", number(ctx, span->area));
    if (span->category != NONE)
        add_param(ctx, &url, "category", number(ctx, span->category));
    if (part != PART_COUNTED)
        add_param(ctx, &url, "part", part == PART_REST ? "rest" : "all");
    return url;
}

const char *records_link(struct ctx *ctx, const struct figure *f, const struct figure_span *span,
                         enum figure_part part)
{
    return add_span(ctx, arena_print(ctx->arena, "/figures/%s/records", figure_address(ctx, f)),
                    span, part);
}

const char *figures_link(struct ctx *ctx, const struct figure_span *span)
{
    const char *url = "/figures";
    add_period(ctx, &url, span);
    return url;
}

enum figure_part part_asked(const struct ctx *ctx, const struct figure *f)
{
    const char *part = query_param(ctx, "part");
    if (f->way != RATE || !part)
        return PART_COUNTED;
    return !strcmp(part, "rest") ? PART_REST : !strcmp(part, "all") ? PART_ALL : PART_COUNTED;
}

bool records_may(const struct ctx *ctx, const struct figure *f)
{
    return ctx->actor.roles & f->kind->read;
}

const char *figure_record_link(struct ctx *ctx, const char *record, const struct figure *f,
                               const struct figure_span *span, enum figure_part part, int64_t page)
{
    const char *url = record;
    add_param(ctx, &url, "figure", figure_address(ctx, f));
    url = add_span(ctx, url, span, part);
    if (page > 1)
        add_param(ctx, &url, "page", number(ctx, page));
    return url;
}

/* A day of the URL, as seconds; NONE if it is missing or not a day. */
static int64_t day_back(struct ctx *ctx, const char *name, int64_t more)
{
    int64_t day;
    const char *typed = query_param(ctx, name);
    return typed && day_parse(typed, &day) ? when_day_start(day + more) : NONE;
}

static int64_t id_back(struct ctx *ctx, const char *name)
{
    return query_param(ctx, name) ? param_int(ctx, name) : NONE;
}

void figure_trail(struct ctx *ctx, const char *href, const char *label)
{
    const struct figure *f = figure_find(query_param(ctx, "figure"));
    if (!f || !records_may(ctx, f)) {
        trail(ctx, href, label);
        return;
    }
    struct figure_span span = {.from = day_back(ctx, "from", 0),
                               .to = day_back(ctx, "to", 1),
                               .area = id_back(ctx, "area"),
                               .category = id_back(ctx, "category")};
    const char *back = records_link(ctx, f, &span, part_asked(ctx, f));
    if (pager_page(ctx) > 1)
        add_param(ctx, &back, "page", number(ctx, pager_page(ctx)));
    trail(ctx, back, tr(ctx, f->title));
}
