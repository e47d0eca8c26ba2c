/*
 * The public statistics page, and the records behind each figure. Values and
 * definitions are public; records are open to those who may read their kind,
 * in their scope.
 */
#include "pages/figures_pages.h"

#include "core/module.h"
#include "pages/register_pages.h"
#include "pages/rollup.h"
#include "base/when.h"
#include "kind/browse.h"
#include "web/web.h"

#include <math.h>
#include <string.h>

#define PAGE 50

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
    struct figure_span there = FIGURE_ALL;
    if (from != NONE)
        there.from = when_day_start(from);
    if (to != NONE)
        there.to = when_day_start(to + 1);
    bool here = there.from == span->from && there.to == span->to;
    html(ctx->web->out, "<a href=\"{}\"{}>{}</a>", figures_link(ctx, &there),
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

static const char *figures_title(struct ctx *ctx)
{
    return ctx->actor.roles & ROLES_READERS ? say(ctx, "Indicators")
                                            : say(ctx, "Performance report");
}

static bool figure_shown(const struct ctx *ctx, const struct figure *f)
{
    return !f->inside || (ctx->actor.roles & ROLES_READERS);
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

/* The figures with this heading from the i-th on; nothing if an earlier one had it. */
static void draw_group(struct ctx *ctx, const struct figure *const *all, int i,
                       const struct figure_span *span, const struct figure_value *values)
{
    struct buf *out = ctx->web->out;
    const char *group = figure_group(ctx, all[i]);
    for (int j = 0; j < i; j++)
        if (figure_shown(ctx, all[j]) && !strcmp(figure_group(ctx, all[j]), group))
            return;
    html(out,
         "<section><h2>{}</h2><table class=\"plain tall\"><thead class=\"sr\"><tr><th>{}</th><th "
         "class=\"num\">{}</th></tr></thead><tbody>",
         group, say(ctx, "Indicator"), say(ctx, "Value"));
    for (int j = i; all[j]; j++)
        if (figure_shown(ctx, all[j]) && !strcmp(figure_group(ctx, all[j]), group))
            draw_figure(ctx, all[j], span, &values[j]);
    html(out, "</tbody></table></section>");
}

static int figures_count(void)
{
    int n = 0;
    while (figures_all()[n])
        n++;
    return n;
}

static void figures_page(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    struct figure_span span = span_asked(ctx);
    bool staff = ctx->actor.roles & ROLES_READERS;
    span.area = span.category = NONE;
    const struct figure *const *all = figures_all();
    struct figure_value *values = ARENA_ARRAY(ctx->arena, struct figure_value, figures_count() + 1);
    const char *title = figures_title(ctx);
    page_begin(ctx, title, staff ? PAGE_STAFF : PAGE_RESIDENT);
    html(out, "<header class=\"head\"><h1>{}</h1><div class=\"acts\">", title);
    if (rollup_may(ctx))
        html(out, "<a class=\"button\" href=\"/rollup\">{}</a>", say(ctx, "All subdistricts"));
    if (staff)
        file_buttons(ctx, "/figures/download", "page", NULL);
    html(out,
         "<button class=\"quiet\" data-print hidden>{} {}</button></div><p "
         "class=\"lead\">{}</p></header>",
         icon(ctx, "printer"), say(ctx, "Print"),
         say(ctx, "Each indicator is calculated directly from the records, using the rule shown "
                  "below it."));
    form_problems(ctx);
    draw_period(ctx, &span);
    if (!ctx_ok(ctx)) {
        ctx->status = OK; /* said above; the page is complete */
        page_end(ctx);
        return;
    }
    int64_t as_of = figures_values(ctx, all, &span, values);
    if (span.from == NONE && span.to == NONE)
        printed_note(ctx, span_words(ctx, &span));
    else
        html(out, "<p class=\"sentence\">{}</p>", span_words(ctx, &span));
    for (int i = 0; all[i]; i++)
        if (figure_shown(ctx, all[i]))
            draw_group(ctx, all, i, &span, values);
    draw_as_of(ctx, as_of);
    page_end(ctx);
}

/* ---- all of them as a spreadsheet ---- */

static void write_value(struct sheet_writer *w, const struct figure *f, double value)
{
    if (f->way == COUNT || f->way == DISTINCT)
        sheet_write_int(w, (int64_t)value);
    else
        sheet_write_real(w, isnan(value) ? value : round(value * 100) / 100);
}

static void write_figure(struct ctx *ctx, struct sheet_writer *w, const struct figure *f,
                         const struct figure_span *span, const struct figure_value *v)
{
    const char *rule = f->rule ? f->rule(ctx) : NULL;
    sheet_write_text(w, figure_group(ctx, f));
    sheet_write_text(w, tr(ctx, f->title));
    write_value(w, f, v->value);
    sheet_write_text(w, f->way == RATE ? "%" : tr(ctx, f->unit));
    sheet_write_int(w, v->denominator == NONE ? NONE : v->numerator);
    sheet_write_int(w, v->denominator);
    sheet_write_text(w, span_words(ctx, span));
    sheet_write_text(w, figure_left_out(ctx, f, v));
    sheet_write_text(w, rule ? arena_print(ctx->arena, "%s %s", tr(ctx, f->meaning), rule)
                             : tr(ctx, f->meaning));
    sheet_write_row(w);
}

/* Exact values, in the order of the page. */
static void figures_download(struct ctx *ctx)
{
    const struct figure *const *all = figures_all();
    const char *const titles[] = {
        say(ctx, "Group"),  say(ctx, "Indicator"),    say(ctx, "Value"),
        say(ctx, "Unit"),   say(ctx, "Numerator"),    say(ctx, "Denominator"),
        say(ctx, "Period"), say(ctx, "Not included"), say(ctx, "Calculated as")};
    int n = figures_count();
    struct figure_value *values = ARENA_ARRAY(ctx->arena, struct figure_value, n + 1);
    bool *done = ARENA_ARRAY(ctx->arena, bool, n + 1);
    struct figure_span span = span_asked(ctx);
    span.area = span.category = NONE;
    if (!ctx_ok(ctx))
        return;
    figures_values(ctx, all, &span, values);
    struct sheet_writer *w = sheet_write_open(sheet_asked(ctx));
    sheet_write_header(w, titles, (int)(sizeof titles / sizeof *titles));
    for (int i = 0; i < n; i++)
        for (int j = i; j < n; j++)
            if (!done[j] && !strcmp(figure_group(ctx, all[i]), figure_group(ctx, all[j]))) {
                write_figure(ctx, w, all[j], &span, &values[j]);
                done[j] = true;
            }
    sheet_keep_as(ctx, w, "figures", say(ctx, "Indicators"), n);
}

/* ---- the records behind one ---- */

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

/* Whether a record of the kind has a page that the actor may open. Those of a register's own pages
 * are read by whoever reads the kind. */
static bool has_page(struct ctx *ctx, const struct kind *k)
{
    if (!k->page)
        return k->about != NULL;
    for (const struct routes *all = modules_routes(); all->list; all++)
        for (int i = 0; i < all->count; i++)
            if (all->list[i].method == GET && !strcmp(all->list[i].path, k->page))
                return (all->list[i].roles & ctx->actor.roles) != 0;
    return false;
}

static struct markup number_class(const struct field *f)
{
    return (struct markup){f->type == F_INT ? " class=\"num\""
                           : f->type == F_TIME || f->type == F_DATE || f->type == F_CODE
                               ? " class=\"nobr\""
                               : ""};
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

/* A record without a name or code of its own, such as an attendance noted by hand, has its number.
 */
static const char *name_shown(struct ctx *ctx, const struct field *title, const struct record *r)
{
    const char *name = field_show(ctx, title, r);
    return *name ? name : arena_print(ctx->arena, "#%lld", (long long)r->id);
}

struct shown {
    const struct figure *figure;
    struct figure_span span;
    enum figure_part part;
    int64_t page;
};

static void draw_list(struct ctx *ctx, const struct shown *s, struct list *l)
{
    struct buf *out = ctx->web->out;
    const struct kind *k = l->kind;
    const struct field *title = title_field(k);
    bool linked = has_page(ctx, k);
    scroll_begin(ctx, tr(ctx, s->figure->title));
    html(out, "<table class=\"plain stack\"><thead><tr><th>{}</th>", tr(ctx, title->label));
    for (int i = 0; i < k->field_count; i++)
        if (in_list(k, &k->fields[i]))
            html(out, "<th{}>{}</th>", number_class(&k->fields[i]), tr(ctx, k->fields[i].label));
    html(out, "</tr></thead><tbody>");
    struct rows *rows = list_run(ctx, l);
    for (const struct record *r; (r = list_next(ctx, k, rows, ctx->arena)) != NULL;) {
        const char *name = name_shown(ctx, title, r);
        if (linked)
            html(out, "<tr><th scope=\"row\"><a href=\"{}\">{}</a></th>",
                 figure_record_link(ctx, record_href(ctx, k, r->id), s->figure, &s->span, s->part,
                                    s->page),
                 name);
        else
            html(out, "<tr><th scope=\"row\">{}</th>", name);
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
    html(out, "<p class=\"sentence\"><b>{}</b> {}", figure_exact(ctx, f, v->value),
         f->way == RATE ? "" : tr(ctx, f->unit));
    if (v->denominator != NONE && v->numerator != NONE)
        html(out, " <span class=\"soft\">{} ÷ {}</span>", figure_thousands(ctx, v->numerator),
             figure_thousands(ctx, v->denominator));
    html(out, "</p>");
    draw_meaning(ctx, f, v);
}

/* What the address asks for; false with a problem. */
static bool shown_asked(struct ctx *ctx, struct shown *s)
{
    s->figure = figure_find(ctx->web->name);
    if (!s->figure || !records_may(ctx, s->figure)) {
        ctx_fail(ctx, NOT_FOUND,
                 say(ctx, "Indicator not found, or you don’t have access to its records."));
        return false;
    }
    s->span = span_asked(ctx);
    s->part = part_asked(ctx, s->figure);
    s->page = pager_page(ctx);
    return ctx_ok(ctx);
}

static void records_page(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    struct shown s;
    if (!shown_asked(ctx, &s))
        return;
    const struct figure *f = s.figure, *list[] = {f, NULL};
    struct figure_value v;
    struct figure_span mine = s.span;
    mine.scoped = true;
    figures_values(ctx, list, &mine, &v);

    struct list l;
    list_init(ctx, &l, f->kind);
    figure_where(ctx, &l.where, f, &s.span, s.part);
    int64_t total = list_count(ctx, &l);
    l.limit = PAGE;
    l.offset = (s.page - 1) * PAGE;

    page_begin(ctx, tr(ctx, f->title), PAGE_STAFF | PAGE_WIDE);
    trail(ctx, figures_link(ctx, &s.span), figures_title(ctx));
    html(out, "<header class=\"head\"><h1>{}</h1>", tr(ctx, f->title));
    if (total > 0) {
        buf_puts(out, "<div class=\"acts\">");
        file_buttons(ctx, arena_print(ctx->arena, "/figures/%s/download", figure_address(ctx, f)),
                     "page", NULL);
        buf_puts(out, "</div>");
    }
    html(out, "<p class=\"lead\">{}</p></header>", span_title(ctx, &s.span));
    draw_value(ctx, f, &v);
    if (f->kind->scope)
        html(out, "<p class=\"small soft\">{}</p>",
             say(ctx, "Only includes records you have access to."));
    if (f->way == RATE)
        draw_parts(ctx, f, &s.span, s.part, &v);
    if (total == 0)
        html(out, "<div class=\"empty\">{}<p>{}</p></div>", icon(ctx, "inbox"),
             say(ctx, "No matching records in this period."));
    else
        draw_list(ctx, &s, &l);
    pager(ctx, s.page, PAGE, total,
          say_n(ctx, total, "1 record", "{} records", figure_thousands(ctx, total)));
    page_end(ctx);
}

static void records_download(struct ctx *ctx)
{
    struct shown s;
    if (!shown_asked(ctx, &s))
        return;
    struct list l;
    list_init(ctx, &l, s.figure->kind);
    figure_where(ctx, &l.where, s.figure, &s.span, s.part);
    struct sheet_writer *w = sheet_write_open(sheet_asked(ctx));
    int64_t rows = browse_columns(ctx, &l, w, SHEET_DOWNLOAD);
    sheet_keep_as(ctx, w, s.figure->kind->name, tr(ctx, s.figure->title), rows);
}

/* What everybody opens is counted before somebody does. */
static void warm(struct ctx *ctx)
{
    figures_values(ctx, figures_all(), &FIGURE_ALL,
                   ARENA_ARRAY(ctx->arena, struct figure_value, figures_count() + 1));
}

static const struct job jobs[] = {{"figures page", 1800, warm, .lane = LANE_SLOW}, {.name = NULL}};

static const struct route table[] = {
    ROUTE_GET("/figures", ROLE_PUBLIC, figures_page),
    ROUTE_POST("/figures/download", ROLES_READERS, file_send, .prepare = figures_download,
               .flags = SLOW),
    ROUTE_GET("/figures/{name}/records", ROLES_SIGNED, records_page),
    ROUTE_POST("/figures/{name}/download", ROLES_SIGNED, file_send, .prepare = records_download,
               .flags = SLOW),
};

static const struct place places[] = {
    {"/figures", N_("Indicators"), "g f", ROLES_READERS, true, .group = N_("Statistics"),
     .rank = 170},
    {.href = NULL},
};

const struct module figures_pages_module = {
    .name = "figures pages", .routes = ROUTES(table), .places = places, .jobs = jobs};
