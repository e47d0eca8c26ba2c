/*
 * The public statistics page, and the records behind each figure. Values and
 * definitions are public; records are open to those who may read their kind,
 * in their scope.
 */
#include "pages/figures_pages.h"

#include "core/module.h"
#include "pages/rollup.h"
#include "base/when.h"
#include "web/web.h"

#include <math.h>
#include <string.h>

#define PAGE 50

/* Returns whether the actor may open the records of the figure. */
static bool records_may(const struct ctx *ctx, const struct figure *f)
{
    return ctx->actor.roles & f->kind->read;
}

static void add_param(struct ctx *ctx, const char **url, const char *name, const char *value)
{
    *url = arena_print(ctx->arena, "%s%c%s=%s", *url, strchr(*url, '?') ? '&' : '?', name, value);
}

static const char *number(struct ctx *ctx, int64_t n)
{
    return arena_print(ctx->arena, "%lld", (long long)n);
}

const char *records_link(struct ctx *ctx, const struct figure *f, const struct figure_span *span,
                         enum figure_part part)
{
    const char *url = arena_print(ctx->arena, "/figures/%s/records", figure_address(ctx, f));
    if (span->from != NONE)
        add_param(ctx, &url, "from", day_iso(ctx->arena, when_day(span->from)));
    if (span->to != NONE)
        add_param(ctx, &url, "to", day_iso(ctx->arena, when_day(span->to - 1)));
    if (span->area != NONE)
        add_param(ctx, &url, "area", number(ctx, span->area));
    if (span->category != NONE)
        add_param(ctx, &url, "category", number(ctx, span->category));
    if (part != PART_COUNTED)
        add_param(ctx, &url, "part", part == PART_REST ? "rest" : "all");
    return url;
}

void draw_meaning(struct ctx *ctx, const struct figure *f, const struct figure_value *v)
{
    struct buf *out = ctx->web->out;
    const char *left = figure_left_out(ctx, f, v);
    html(out, "<p class=\"small soft\">{}", tr(ctx, f->meaning));
    if (f->rule)
        html(out, " {}", f->rule(ctx));
    if (*left)
        html(out, " {}", say(ctx, "Not included: {}.", left));
    html(out, "</p>");
}

void draw_as_of(struct ctx *ctx, int64_t as_of)
{
    if (as_of < ctx->now)
        html(ctx->web->out, "<p class=\"small soft\">{}</p>",
             say(ctx, "Calculated at {}.", when_show(ctx->arena, ctx->lang, as_of)));
}

/* ---- the public page ---- */

static void shortcut(struct ctx *ctx, const struct figure_span *span, int64_t from, int64_t to,
                     const char *label)
{
    const char *url = "/figures";
    if (from != NONE)
        add_param(ctx, &url, "from", day_iso(ctx->arena, from));
    if (to != NONE)
        add_param(ctx, &url, "to", day_iso(ctx->arena, to));
    bool here = (from == NONE ? span->from == NONE : span->from == when_day_start(from)) &&
                (to == NONE ? span->to == NONE : span->to == when_day_start(to + 1));
    html(ctx->web->out, "<a href=\"{}\"{}>{}</a>", url,
         (struct markup){here ? " aria-current=\"true\"" : ""}, label);
}

static void draw_period(struct ctx *ctx, const struct figure_span *span)
{
    struct buf *out = ctx->web->out;
    struct civil now = civil_from_when(ctx->now);
    html(out, "<nav class=\"filters\" aria-label=\"{}\">", say(ctx, "Period"));
    shortcut(ctx, span, NONE, NONE, say(ctx, "All time"));
    shortcut(ctx, span, day_of(now.year, 1, 1), day_of(now.year, 12, 31), say(ctx, "This year"));
    shortcut(ctx, span, day_of(now.year - 1, 1, 1), day_of(now.year - 1, 12, 31),
             say(ctx, "Last year"));
    html(out, "</nav><form class=\"bar\" action=\"/figures\">");
    span_inputs(ctx, span);
    html(out, "<button>{}</button></form>", say(ctx, "Show period"));
}

static void draw_figure(struct ctx *ctx, const struct figure *f, const struct figure_span *span,
                        const struct figure_value *v)
{
    struct buf *out = ctx->web->out;
    const char *shown = figure_show(ctx, f, v->value),
               *unit = f->way == RATE ? "" : tr(ctx, f->unit);
    html(out, "<tr><th scope=\"row\"><b>{}</b>", tr(ctx, f->title));
    draw_meaning(ctx, f, v);
    html(out, "</th><td class=\"num\">");
    if (records_may(ctx, f))
        html(out, "<a href=\"{}\"><b>{}</b></a> {}", records_link(ctx, f, span, PART_COUNTED),
             shown, unit);
    else
        html(out, "<b>{}</b> {}", shown, unit);
    if (v->denominator != NONE && v->numerator != NONE)
        html(out, "<br><span class=\"small soft\">{} ÷ {}</span>",
             figure_thousands(ctx, v->numerator), figure_thousands(ctx, v->denominator));
    else if (v->denominator != NONE)
        html(out, "<br><span class=\"small soft\">{}</span>",
             say(ctx, "out of {} records", figure_thousands(ctx, v->denominator)));
    html(out, "</td></tr>");
}

static void figures_page(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    struct figure_span span = span_asked(ctx);
    bool staff = ctx->actor.roles & ROLES_READERS;
    span.area = span.category = NONE;
    const struct figure *const *all = figures_all();
    int n = 0;
    while (all[n])
        n++;
    struct figure_value *values = ARENA_ARRAY(ctx->arena, struct figure_value, n + 1);
    const char *title = staff ? say(ctx, "Indicators") : say(ctx, "Performance report");
    page_begin(ctx, title, staff ? PAGE_STAFF : PAGE_RESIDENT);
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>", title,
         say(ctx, "Each indicator is calculated directly from the records, using the rule shown "
                  "below it."));
    form_problems(ctx);
    if (rollup_may(ctx))
        html(out, "<p class=\"acts\"><a class=\"button\" href=\"/rollup\">{}</a></p>",
             say(ctx, "All subdistricts"));
    draw_period(ctx, &span);
    if (!ctx_ok(ctx)) {
        ctx->status = OK; /* said above; the page is complete */
        page_end(ctx);
        return;
    }
    int64_t as_of = figures_values(ctx, all, &span, values);
    html(out,
         "<table class=\"plain tall\"><caption>{}</caption><thead><tr><th>{}</th><th "
         "class=\"num\">{}</th></tr></thead><tbody>",
         span_words(ctx, &span), say(ctx, "Indicator"), say(ctx, "Value"));
    for (int i = 0; i < n; i++)
        if (!all[i]->inside || staff)
            draw_figure(ctx, all[i], &span, &values[i]);
    html(out, "</tbody></table>");
    draw_as_of(ctx, as_of);
    html(out, "<p class=\"acts\"><button class=\"quiet\" data-print hidden>{} {}</button></p>",
         icon(ctx, "printer"), say(ctx, "Print"));
    page_end(ctx);
}

/* ---- the records behind one ---- */

static enum figure_part part_asked(const struct ctx *ctx, const struct figure *f)
{
    const char *part = query_param(ctx, "part");
    if (f->way != RATE || !part)
        return PART_COUNTED;
    return !strcmp(part, "rest") ? PART_REST : !strcmp(part, "all") ? PART_ALL : PART_COUNTED;
}

static void draw_parts(struct ctx *ctx, const struct figure *f, const struct figure_span *span,
                       enum figure_part now, const struct figure_value *v)
{
    const struct {
        enum figure_part part;
        const char *label;
        int64_t n;
    } parts[] = {{PART_COUNTED, tr(ctx, f->met), v->numerator},
                 {PART_REST, tr(ctx, f->unmet), v->denominator - v->numerator},
                 {PART_ALL, say(ctx, "All"), v->denominator}};
    struct buf *out = ctx->web->out;
    html(out, "<nav class=\"filters\" aria-label=\"{}\">", say(ctx, "Filter records"));
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        html(out, "<a href=\"{}\"{}>{} <b class=\"count\">{}</b></a>",
             records_link(ctx, f, span, parts[i].part),
             (struct markup){now == parts[i].part ? " aria-current=\"true\"" : ""}, parts[i].label,
             figure_thousands(ctx, parts[i].n));
    html(out, "</nav>");
}

/* The name of an area or a category: figures share what they refer to, so the first one tells. */
static const char *place_name(struct ctx *ctx, bool category, int64_t id)
{
    const struct kind *k = NULL;
    if (id == 0)
        return category ? say(ctx, "Uncategorised") : say(ctx, "No community");
    for (const struct figure *const *f = figures_all(); *f && !k; f++)
        k = figure_place_kind(*f, category ? (*f)->category : (*f)->area);
    const void *record = k ? record_get(ctx, k, id) : NULL;
    return record ? record_title(ctx, k, record) : "?";
}

static const char *span_title(struct ctx *ctx, const struct figure_span *span)
{
    const char *all = span_words(ctx, span);
    if (span->area != NONE)
        all = arena_print(ctx->arena, "%s · %s", all, place_name(ctx, false, span->area));
    if (span->category != NONE)
        all = arena_print(ctx->arena, "%s · %s", all, place_name(ctx, true, span->category));
    return all;
}

/* The field that names a record in words: the first listed line of text. */
static const struct field *title_field(const struct kind *k)
{
    for (int i = 0; i < k->field_count; i++)
        if ((k->fields[i].flags & LISTED) && k->fields[i].type == F_TEXT)
            return &k->fields[i];
    return kind_field(k, k->code);
}

static bool in_list(const struct kind *k, const struct field *f)
{
    return (f->flags & LISTED) && !(f->flags & SEALED) && f != title_field(k);
}

/* Whether a record of the kind has a page of its own that the actor may open. */
static bool has_page(struct ctx *ctx, const struct kind *k)
{
    const char *path = arena_print(ctx->arena, "/%s/{id}", k->name);
    for (const struct routes *all = modules_routes(); all->list; all++)
        for (int i = 0; i < all->count; i++)
            if (all->list[i].method == GET && !strcmp(all->list[i].path, path))
                return (all->list[i].roles & ctx->actor.roles) != 0;
    return false;
}

static struct markup number_class(const struct field *f)
{
    return (struct markup){f->type == F_INT ? " class=\"num\"" : ""};
}

/* On a phone the head is not there: a number or a time needs its name beside it. */
static void draw_cell(struct ctx *ctx, const struct field *f, const struct record *r)
{
    bool named = f->type == F_INT || f->type == F_TIME || f->type == F_DATE || f->type == F_BOOL;
    html(ctx->web->out, "<td{}", number_class(f));
    if (named)
        html(ctx->web->out, " data-label=\"{}\"", tr(ctx, f->label));
    html(ctx->web->out, ">{}</td>", field_show(ctx, f, r));
}

static void draw_list(struct ctx *ctx, const struct figure *f, struct list *l)
{
    struct buf *out = ctx->web->out;
    const struct kind *k = l->kind;
    const struct field *title = title_field(k);
    bool linked = has_page(ctx, k);
    scroll_begin(ctx, tr(ctx, f->title));
    html(out, "<table class=\"plain stack\"><thead><tr><th>{}</th>", tr(ctx, title->label));
    for (int i = 0; i < k->field_count; i++)
        if (in_list(k, &k->fields[i]))
            html(out, "<th{}>{}</th>", number_class(&k->fields[i]), tr(ctx, k->fields[i].label));
    html(out, "</tr></thead><tbody>");
    struct rows *rows = list_run(ctx, l);
    for (const struct record *r; (r = list_next(ctx, k, rows, ctx->arena)) != NULL;) {
        if (linked)
            html(out, "<tr><th scope=\"row\"><a href=\"/{}/{}\">{}</a></th>", k->name, r->id,
                 field_show(ctx, title, r));
        else
            html(out, "<tr><th scope=\"row\">{}</th>", field_show(ctx, title, r));
        for (int i = 0; i < k->field_count; i++)
            if (in_list(k, &k->fields[i]))
                draw_cell(ctx, &k->fields[i], r);
        html(out, "</tr>");
    }
    html(out, "</tbody></table>");
    scroll_end(ctx);
}

static void draw_value(struct ctx *ctx, const struct figure *f, const struct figure_value *v)
{
    struct buf *out = ctx->web->out;
    html(out, "<p class=\"sentence\"><b>{}</b> {}", figure_show(ctx, f, v->value),
         f->way == RATE ? "" : tr(ctx, f->unit));
    if (v->denominator != NONE && v->numerator != NONE)
        html(out, " <span class=\"soft\">{} ÷ {}</span>", figure_thousands(ctx, v->numerator),
             figure_thousands(ctx, v->denominator));
    html(out, "</p>");
    draw_meaning(ctx, f, v);
}

static void records_page(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct figure *f = figure_find(ctx->web->name);
    if (!f || !records_may(ctx, f)) {
        ctx_fail(ctx, NOT_FOUND,
                 say(ctx, "Indicator not found, or you don’t have access to its records."));
        return;
    }
    struct figure_span span = span_asked(ctx);
    if (!ctx_ok(ctx))
        return;
    enum figure_part part = part_asked(ctx, f);
    const struct figure *list[] = {f, NULL};
    struct figure_value v;
    struct figure_span mine = span;
    mine.scoped = true;
    figures_values(ctx, list, &mine, &v);

    struct list l;
    list_init(ctx, &l, f->kind);
    figure_where(ctx, &l.where, f, &span, part);
    int64_t total = list_count(ctx, &l), page = pager_page(ctx);
    l.limit = PAGE;
    l.offset = (page - 1) * PAGE;

    page_begin(ctx, tr(ctx, f->title), PAGE_STAFF | PAGE_WIDE);
    trail(ctx, "/figures", say(ctx, "Performance report"));
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>",
         tr(ctx, f->title), span_title(ctx, &span));
    draw_value(ctx, f, &v);
    if (f->kind->scope)
        html(out, "<p class=\"small soft\">{}</p>",
             say(ctx, "Only includes records you have access to."));
    if (f->way == RATE)
        draw_parts(ctx, f, &span, part, &v);
    if (total == 0)
        html(out, "<div class=\"empty\">{}<p>{}</p></div>", icon(ctx, "inbox"),
             say(ctx, "No matching records in this period."));
    else
        draw_list(ctx, f, &l);
    pager(ctx, page, PAGE, total,
          say_n(ctx, total, "1 record", "{} records", figure_thousands(ctx, total)));
    page_end(ctx);
}

/* What everybody opens is counted before somebody does. */
static void warm(struct ctx *ctx)
{
    int n = 0;
    while (figures_all()[n])
        n++;
    figures_values(ctx, figures_all(), &FIGURE_ALL,
                   ARENA_ARRAY(ctx->arena, struct figure_value, n + 1));
}

static const struct job jobs[] = {{"figures page", 1800, warm, .lane = LANE_SLOW}, {.name = NULL}};

static const struct route table[] = {
    ROUTE_GET("/figures", ROLE_PUBLIC, figures_page),
    ROUTE_GET("/figures/{name}/records", ROLES_SIGNED, records_page),
};

static const struct place places[] = {
    {"/figures", N_("Indicators"), "g f", ROLES_READERS, true, .group = N_("Statistics"),
     .rank = 170},
    {.href = NULL},
};

const struct module figures_pages_module = {
    .name = "figures pages", .routes = ROUTES(table), .places = places, .jobs = jobs};
