/*
 * The dashboard: one sentence, what is open now, then the rates of a period by
 * community, month and category. All tables come from a few counting passes
 * (figure_sums), which are summed here for what the reader may see. Every
 * number links to its records with the same period, area and category. Places
 * and problems are compared, never people.
 */
#include "pages/figures_pages.h"
#include "core/module.h"
#include "app/registers/registers.h"
#include "app/requests/requests.h"
#include "base/text.h"
#include "base/when.h"
#include "web/web.h"

#include <stdio.h>
#include <string.h>

#define STEPS_MOST 40 /* months; years for a longer period; several years in a step beyond 40 */

/* The figures of the tables. Those before RECEIVED are as of now, whatever the period. */
enum {
    OPEN_NOW,
    SOON,
    LATE,
    TO_CALL,
    RECEIVED_,
    CLOSED_,
    CONTACT,
    ANSWER,
    ON_TIME,
    SOLVED,
    SATISFIED,
    REWORKED,
    SHOWN
};
#define NOW_COUNT RECEIVED_
static const char *const ids[SHOWN] = {"requests.open",
                                       "requests.due_soon",
                                       "requests.overdue",
                                       "requests.to_call",
                                       "requests.received",
                                       "requests.closed",
                                       "requests.contacted_in_time",
                                       "requests.answered_in_time",
                                       "requests.on_time",
                                       "requests.solved_rate",
                                       "requests.satisfied_rate",
                                       "requests.reworked_rate"};
/* Column headings: the figures' titles are too long for them. */
static const char *const heads[SHOWN] = {N_("Open"),
                                         N_("Due soon"),
                                         N_("Overdue"),
                                         N_("To follow up"),
                                         N_("Number received"),
                                         N_("Number closed"),
                                         N_("Contacted on time"),
                                         N_("Replied to on time"),
                                         N_("Closed on time"),
                                         N_("Resolution rate"),
                                         N_("Satisfaction rate"),
                                         N_("Reopen rate")};

struct board_line {
    int64_t id; /* area or category; 0: none */
    const char *name;
    struct figure_span span; /* what its numbers link to */
    int64_t sums[FIGURE_PARTS * SHOWN];
};

struct board {
    const struct figure *figures[SHOWN + 1];
    struct figure_span span;
    bool everywhere; /* the reader also sees what has no community */
    struct board_line *communities, *categories, steps[STEPS_MOST];
    int community_count, category_count, step_count;
    int *top;    /* from a category's id to its place in categories, plus one */
    int64_t ids; /* the number of ids that top has room for */
    int64_t total[FIGURE_PARTS * SHOWN], as_of;
    bool years; /* the steps are years */
};

/* ---- what is asked, what may be seen ---- */

static bool sees_all(struct ctx *ctx)
{
    for (int i = 0; i < ctx->actor.grant_count; i++) {
        const struct grant *g = &ctx->actor.grants[i];
        if ((g->role & (ROLE_OFFICE | ROLE_LEADER | ROLE_WORKER)) && grant_everywhere(ctx, g))
            return true;
    }
    return false;
}

static bool within_grants(struct ctx *ctx, const char *path)
{
    for (int i = 0; i < ctx->actor.grant_count; i++) {
        const struct grant *g = &ctx->actor.grants[i];
        char part[32];
        if (g->area == NONE || !(g->role & (ROLE_OFFICE | ROLE_LEADER | ROLE_WORKER)))
            continue;
        snprintf(part, sizeof part, "/%lld/", (long long)g->area);
        if (strstr(path, part))
            return true;
    }
    return false;
}

static void load_communities(struct ctx *ctx, struct board *b)
{
    b->everywhere = sees_all(ctx);
    struct rows *r = query(
        ctx->db,
        "SELECT id, name, name_en, path FROM areas WHERE level = 'community' ORDER BY code");
    while (rows_next(r)) {
        const char *path = row_text(r, "path");
        if (!b->everywhere && !(path && within_grants(ctx, path)))
            continue;
        *ARENA_NEXT(ctx->arena, b->communities, b->community_count) = (struct board_line){
            .id = row_int(r, "id"),
            .name = arena_copy(ctx->arena,
                               ctx_pick(ctx, row_text(r, "name"), row_text(r, "name_en")))};
    }
    rows_end(r);
    if (b->everywhere)
        *ARENA_NEXT(ctx->arena, b->communities, b->community_count) = (struct board_line){
            .id = 0, .name = say(ctx, "No community")};
}

static bool known(const struct board *b, int64_t category)
{
    return category > 0 && category < b->ids;
}

/* Each category counts with the top one of its branch. */
static void load_categories(struct ctx *ctx, struct board *b)
{
    int64_t last = query_int(ctx->db, "SELECT max(id) AS id FROM categories");
    b->ids = last == NONE ? 1 : last + 1;
    b->top = ARENA_ARRAY(ctx->arena, int, b->ids);
    struct rows *r = query(
        ctx->db,
        "SELECT id, name, name_en FROM categories WHERE parent IS NULL ORDER BY position, code");
    while (rows_next(r)) {
        struct board_line *l = ARENA_NEXT(ctx->arena, b->categories, b->category_count);
        *l = (struct board_line){.id = row_int(r, "id"),
                                 .name = arena_copy(ctx->arena, ctx_pick(ctx, row_text(r, "name"),
                                                                         row_text(r, "name_en")))};
        if (known(b, l->id))
            b->top[l->id] = b->category_count;
    }
    rows_end(r);
    for (int depth = 0; depth < 3; depth++) {
        r = query(ctx->db, "SELECT id, parent FROM categories WHERE parent IS NOT NULL");
        while (rows_next(r)) {
            int64_t id = row_int(r, "id"), parent = row_int(r, "parent");
            if (known(b, id) && known(b, parent) && b->top[parent])
                b->top[id] = b->top[parent];
        }
        rows_end(r);
    }
    *ARENA_NEXT(ctx->arena, b->categories, b->category_count) = (struct board_line){
        .id = 0, .name = say(ctx, "Uncategorised")};
}

/* Without dates: this month and the eleven before it. */
static void default_period(struct ctx *ctx, struct figure_span *span)
{
    struct civil now = civil_from_when(ctx->now);
    int month = now.year * 12 + now.month - 1;
    if (span->to == NONE)
        span->to = when_day_start(when_day(ctx->now) + 1);
    if (span->from == NONE) { /* a new installation has no empty months before its first request */
        int64_t first = query_int(ctx->db, "SELECT min(received_at) AS t FROM requests");
        struct civil begun = civil_from_when(first == NONE || first > ctx->now ? ctx->now : first);
        int since = begun.year * 12 + begun.month - 1;
        since = since > month - 11 ? since : month - 11;
        span->from = when_day_start(day_of(since / 12, since % 12 + 1, 1));
    }
    if (span->from >= span->to)
        span->from = span->to - WHEN_DAY;
}

static int64_t month_start(int month)
{
    return when_day_start(day_of(month / 12, month % 12 + 1, 1));
}

/* The period in months, or in years if there would be too many. The first and the last may be
 * partial. */
static void load_steps(struct ctx *ctx, struct board *b)
{
    struct civil from = civil_from_when(b->span.from), last = civil_from_when(b->span.to - 1);
    int first = from.year * 12 + from.month - 1, end = last.year * 12 + last.month - 1, step = 1;
    b->years = end - first >= 24;
    if (b->years) {
        first -= first % 12;
        step = 12;
        while ((end - first) / step >= STEPS_MOST)
            step += 12;
    }
    for (int m = first; m <= end && b->step_count < STEPS_MOST; m += step) {
        struct board_line *l = &b->steps[b->step_count++];
        *l = (struct board_line){.span = b->span};
        l->span.from = month_start(m) > b->span.from ? month_start(m) : b->span.from;
        l->span.to = m + step < 9999 * 12 && month_start(m + step) < b->span.to
                         ? month_start(m + step)
                         : b->span.to;
        l->name = b->years ? arena_print(ctx->arena, "%d", m / 12)
                           : month_show(ctx->arena, ctx->lang, m / 12 * 100 + m % 12 + 1);
    }
}

/* ---- adding up ---- */

static bool in_branch(const struct board *b, int64_t cell_category, int64_t asked)
{
    if (asked == NONE || cell_category == asked)
        return true;
    return known(b, cell_category) && b->top[cell_category] &&
           b->categories[b->top[cell_category] - 1].id == asked;
}

static struct board_line *community_of(struct board *b, int64_t id)
{
    for (int i = 0; i < b->community_count; i++)
        if (b->communities[i].id == id)
            return &b->communities[i];
    return NULL;
}

static struct board_line *category_of(struct board *b, int64_t id)
{
    if (known(b, id) && b->top[id])
        return &b->categories[b->top[id] - 1];
    return &b->categories[b->category_count - 1];
}

/* first: the index at which the cells' sums begin among the board's figures. */
static void add_up(struct board *b, const struct figure_sums *sums, int first, int count,
                   struct board_line *step)
{
    for (int c = 0; c < sums->count; c++) {
        const struct figure_cell *cell = &sums->cells[c];
        struct board_line *community = community_of(b, cell->area),
                          *category = category_of(b, cell->category);
        if (!community || (b->span.area != NONE && cell->area != b->span.area) ||
            !in_branch(b, cell->category, b->span.category))
            continue;
        for (int i = 0; i < FIGURE_PARTS * count; i++) {
            community->sums[FIGURE_PARTS * first + i] += cell->sums[i];
            category->sums[FIGURE_PARTS * first + i] += cell->sums[i];
            b->total[FIGURE_PARTS * first + i] += cell->sums[i];
            if (step)
                step->sums[FIGURE_PARTS * first + i] += cell->sums[i];
        }
    }
    b->as_of = sums->as_of < b->as_of ? sums->as_of : b->as_of;
}

static void count_all(struct ctx *ctx, struct board *b)
{
    b->as_of = ctx->now;
    struct figure_sums now = figure_sums(ctx, b->figures, NOW_COUNT, NONE, NONE);
    add_up(b, &now, 0, NOW_COUNT, NULL);
    for (int i = 0; i < b->step_count; i++) {
        struct figure_sums s = figure_sums(ctx, b->figures + NOW_COUNT, SHOWN - NOW_COUNT,
                                           b->steps[i].span.from, b->steps[i].span.to);
        add_up(b, &s, NOW_COUNT, SHOWN - NOW_COUNT, &b->steps[i]);
    }
    for (int i = 0; i < b->community_count; i++) {
        b->communities[i].span = b->span;
        b->communities[i].span.area = b->communities[i].id;
    }
    for (int i = 0; i < b->category_count; i++) {
        b->categories[i].span = b->span;
        b->categories[i].span.category = b->categories[i].id;
    }
}

static struct board *board_make(struct ctx *ctx, const struct figure_span *span)
{
    struct board *b = ARENA_NEW(ctx->arena, struct board);
    b->span = *span;
    default_period(ctx, &b->span);
    for (int i = 0; i < SHOWN; i++)
        b->figures[i] = figure_find(ids[i]);
    load_communities(ctx, b);
    load_categories(ctx, b);
    load_steps(ctx, b);
    count_all(ctx, b);
    return b;
}

/* ---- drawing ---- */

static struct figure_span span_of(const struct board *b, const struct board_line *l, int figure)
{
    struct figure_span span = l ? l->span : b->span;
    if (figure < NOW_COUNT)
        span.from = span.to = NONE;
    return span;
}

static const char *share(struct ctx *ctx, const int64_t *sums, int figure)
{
    int64_t n = sums[FIGURE_PARTS * figure], of = sums[FIGURE_PARTS * figure + 1];
    return of ? arena_print(ctx->arena, "%.1f%%", 100.0 * (double)n / (double)of) : "–";
}

static void draw_cell(struct ctx *ctx, const struct board *b, const struct board_line *l, int i)
{
    struct buf *out = ctx->web->out;
    const struct figure *f = b->figures[i];
    struct figure_span span = span_of(b, l, i);
    if (f->way != RATE)
        html(out, "<td class=\"num\"><a href=\"{}\">{}</a></td>",
             records_link(ctx, f, &span, PART_COUNTED),
             figure_thousands(ctx, l->sums[FIGURE_PARTS * i]));
    else if (l->sums[FIGURE_PARTS * i + 1] == 0)
        html(out, "<td class=\"num\">–</td>");
    else
        html(out,
             "<td class=\"num\"><a href=\"{}\">{} <small class=\"soft\">{}/{}</small></a></td>",
             records_link(ctx, f, &span, PART_COUNTED), share(ctx, l->sums, i),
             figure_thousands(ctx, l->sums[FIGURE_PARTS * i]),
             figure_thousands(ctx, l->sums[FIGURE_PARTS * i + 1]));
}

/* Colours with the same meaning in every chart; the others take the next colour. */
static const char *const tones[SHOWN] = {[OPEN_NOW] = " data-tone=\"lake\"",
                                         [SOON] = " data-tone=\"warn\"",
                                         [LATE] = " data-tone=\"late\"",
                                         [RECEIVED_] = " data-tone=\"soft\""};

/* A chart with its table. Columns are figures; those after the first `charted` are in the table
 * only. */
struct chart {
    const char *kind, *question, *first; /* N_(); first: heading of the first column */
    int columns[SHOWN], count, charted;
    bool wide;
};

static bool line_empty(const struct board_line *l, const struct chart *c)
{
    for (int i = 0; i < c->count; i++)
        if (l->sums[FIGURE_PARTS * c->columns[i]] || l->sums[FIGURE_PARTS * c->columns[i] + 1])
            return false;
    return true;
}

static void draw_notes(struct ctx *ctx, const struct board *b, const struct chart *c,
                       const struct figure_value *values)
{
    struct buf *out = ctx->web->out;
    html(out, "<details class=\"small\"><summary>{}</summary><dl class=\"facts\">",
         say(ctx, "How this is calculated"));
    for (int i = 0; i < c->count; i++) {
        html(out, "<div><dt>{}</dt><dd>", tr(ctx, heads[c->columns[i]]));
        draw_meaning(ctx, b->figures[c->columns[i]], &values[c->columns[i]]);
        html(out, "</dd></div>");
    }
    html(out, "</dl></details>");
}

static void draw_chart(struct ctx *ctx, const struct board *b, const struct chart *c,
                       const struct board_line *lines, int count, const struct figure_value *values)
{
    struct buf *out = ctx->web->out;
    bool rate = b->figures[c->columns[0]]->way == RATE;
    html(out, "<figure class=\"chart{}\"><figcaption>{}</figcaption>",
         (struct markup){c->wide ? " wide" : ""}, tr(ctx, c->question));
    scroll_begin(ctx, tr(ctx, c->question));
    html(out, "<table class=\"plain\" data-chart=\"{}\"{}><thead><tr><th>{}</th>", c->kind,
         (struct markup){rate ? " data-unit=\"%\"" : ""},
         b->years && !strcmp(c->first, "Month") ? say(ctx, "Year") : tr(ctx, c->first));
    for (int i = 0; i < c->count; i++)
        html(out, "<th class=\"num\"{}{}>{}</th>", (struct markup){tones[c->columns[i]]},
             (struct markup){i >= c->charted ? " data-chart-skip" : ""},
             tr(ctx, heads[c->columns[i]]));
    html(out, "</tr></thead><tbody>");
    for (int l = 0; l < count; l++) {
        if (lines[l].id == 0 && !lines[l].span.to)
            continue;
        if ((strcmp(c->kind, "bar") == 0 && line_empty(&lines[l], c)))
            continue;
        html(out, "<tr><th scope=\"row\">{}</th>", lines[l].name);
        for (int i = 0; i < c->count; i++)
            draw_cell(ctx, b, &lines[l], c->columns[i]);
        html(out, "</tr>");
    }
    html(out, "</tbody></table>");
    scroll_end(ctx);
    draw_notes(ctx, b, c, values);
    html(out, "</figure>");
}

/* A rate says at once what it leaves out, and a threshold stands beside it: who sees only 83.3 %
 * doesn't open the notes. */
static void draw_number(struct ctx *ctx, const struct board *b, int i,
                        const struct figure_value *values)
{
    struct figure_span span = span_of(b, NULL, i);
    const struct figure *f = b->figures[i];
    bool rate = f->way == RATE;
    html(ctx->web->out, "<li{}><a href=\"{}\"><b>{}</b>{}",
         (struct markup){i == LATE && b->total[FIGURE_PARTS * i] ? " class=\"late\"" : ""},
         records_link(ctx, f, &span, PART_COUNTED),
         rate ? share(ctx, b->total, i) : figure_thousands(ctx, b->total[FIGURE_PARTS * i]),
         tr(ctx, heads[i]));
    if (rate)
        html(ctx->web->out, " <small>{}/{}</small>",
             figure_thousands(ctx, b->total[FIGURE_PARTS * i]),
             figure_thousands(ctx, b->total[FIGURE_PARTS * i + 1]));
    html(ctx->web->out, "</a>");
    const char *left = rate ? figure_left_out(ctx, f, &values[i]) : "";
    if (f->rule)
        html(ctx->web->out, "<p class=\"small soft\">{}</p>", f->rule(ctx));
    if (*left)
        html(ctx->web->out, "<p class=\"small soft\">{}</p>", say(ctx, "Not included: {}.", left));
    html(ctx->web->out, "</li>");
}

/* What is so now and what was in a period stand apart, in numbers and in charts. */
static void draw_numbers(struct ctx *ctx, const struct board *b, const char *heading,
                         const int *numbers, int count, const struct figure_value *values)
{
    html(ctx->web->out, "<h2>{}</h2><ul class=\"figures\">", heading);
    for (int i = 0; i < count; i++)
        draw_number(ctx, b, numbers[i], values);
    html(ctx->web->out, "</ul>");
}

/* The community with the most overdue requests; NULL if there is none, or several have as many. */
static const struct board_line *most_late(const struct board *b)
{
    const struct board_line *most = NULL;
    int64_t highest = 0;
    for (int i = 0; i < b->community_count; i++) {
        int64_t n = b->communities[i].sums[FIGURE_PARTS * LATE];
        if (n >= highest)
            most = n > highest ? &b->communities[i] : NULL;
        highest = n > highest ? n : highest;
    }
    return most;
}

static void draw_sentence(struct ctx *ctx, const struct board *b)
{
    struct buf *out = ctx->web->out;
    const struct board_line *most = most_late(b);
    int64_t late = b->total[FIGURE_PARTS * LATE], call = b->total[FIGURE_PARTS * TO_CALL];
    struct figure_span late_span = span_of(b, NULL, LATE), call_span = span_of(b, NULL, TO_CALL);
    bool named = late && most && b->span.area == NONE && b->community_count > 2;
    const char *n = figure_thousands(ctx, late);
    html(out, "<p class=\"sentence\">");
    if (late == 0)
        html(out, "{} ", say(ctx, "No overdue requests."));
    else
        html(out, "<a class=\"late\" href=\"{}\">{}</a> ",
             records_link(ctx, b->figures[LATE], &late_span, PART_COUNTED),
             named ? say_n(ctx, late, "1 request is overdue.",
                           "{} requests are overdue, {} of them in {}.", n,
                           figure_thousands(ctx, most->sums[FIGURE_PARTS * LATE]), most->name)
                   : say_n(ctx, late, "1 request is overdue.", "{} requests are overdue.", n));
    if (call)
        html(out, "<a href=\"{}\">{}</a>",
             records_link(ctx, b->figures[TO_CALL], &call_span, PART_COUNTED),
             say_n(ctx, call, "1 replied to, awaiting follow-up.",
                   "{} replied to, awaiting follow-up.", figure_thousands(ctx, call)));
    html(out, "</p>");
}

static void draw_options(struct ctx *ctx, const char *name, const char *label, const char *all,
                         const struct board_line *lines, int count, int64_t chosen)
{
    struct buf *out = ctx->web->out;
    html(out, "<label>{} <select name=\"{}\"><option value=\"\">{}</option>", label, name, all);
    for (int i = 0; i < count; i++)
        html(out, "<option value=\"{}\"{}>{}</option>", lines[i].id,
             (struct markup){chosen == lines[i].id ? " selected" : ""}, lines[i].name);
    html(out, "</select></label>");
}

static void draw_choice(struct ctx *ctx, const struct board *b)
{
    struct buf *out = ctx->web->out;
    html(out, "<form class=\"bar\" action=\"/dashboard\">");
    span_inputs(ctx, &b->span);
    if (b->community_count > 1)
        draw_options(ctx, "area", say(ctx, "Community"), say(ctx, "All"), b->communities,
                     b->community_count, b->span.area);
    draw_options(ctx, "category", say(ctx, "Category"), say(ctx, "All categories"), b->categories,
                 b->category_count, b->span.category);
    html(out, "<button>{}</button></form>", say(ctx, "Show"));
}

static const struct chart charts[] = {
    {"bar",
     N_("Where are requests open or overdue?"),
     N_("Community"),
     {OPEN_NOW, SOON, LATE, TO_CALL},
     4,
     3,
     false},
    {"bar",
     N_("Which problems are open or overdue?"),
     N_("Category"),
     {OPEN_NOW, SOON, LATE, TO_CALL},
     4,
     3,
     false},
    {"bar",
     N_("Which problems come up in this period?"),
     N_("Category"),
     {RECEIVED_, CLOSED_},
     2,
     2,
     true},
    {"line",
     N_("Are the rates improving?"),
     N_("Month"),
     {ANSWER, ON_TIME, SOLVED, SATISFIED, CONTACT, REWORKED},
     6,
     4,
     true},
    {"column",
     N_("How many are received and closed?"),
     N_("Month"),
     {RECEIVED_, CLOSED_},
     2,
     2,
     true},
    {"bar",
     N_("Are communities meeting their deadlines?"),
     N_("Community"),
     {ANSWER, ON_TIME, CONTACT, SOLVED, SATISFIED, REWORKED},
     6,
     2,
     true},
    {"bar",
     N_("Which problems get resolved, and are residents satisfied?"),
     N_("Category"),
     {SOLVED, SATISFIED, CONTACT, ANSWER, ON_TIME, REWORKED},
     6,
     2,
     true},
};

static void draw_board(struct ctx *ctx, const struct board *b)
{
    struct buf *out = ctx->web->out;
    static const int now[] = {OPEN_NOW, SOON, LATE, TO_CALL},
                     period[] = {RECEIVED_, CLOSED_, CONTACT,   ANSWER,
                                 ON_TIME,   SOLVED,  SATISFIED, REWORKED};
    struct figure_value values[SHOWN];
    for (int i = 0; i < SHOWN; i++)
        memcpy(values[i].left_out, &b->total[FIGURE_PARTS * i + 2], sizeof values[i].left_out);
    draw_sentence(ctx, b);
    draw_numbers(ctx, b, say(ctx, "Now"), now, sizeof now / sizeof *now, values);
    draw_numbers(ctx, b,
                 say(ctx, "From {} to {}", day_show(ctx->arena, ctx->lang, when_day(b->span.from)),
                     day_show(ctx->arena, ctx->lang, when_day(b->span.to - 1))),
                 period, sizeof period / sizeof *period, values);
    html(out, "<div class=\"dashboard\">");
    for (size_t i = 0; i < sizeof charts / sizeof *charts; i++) {
        const struct chart *c = &charts[i];
        if (!strcmp(c->first, "Community"))
            draw_chart(ctx, b, c, b->communities, b->community_count, values);
        else if (!strcmp(c->first, "Category"))
            draw_chart(ctx, b, c, b->categories, b->category_count, values);
        else
            draw_chart(ctx, b, c, b->steps, b->step_count, values);
    }
    html(out, "</div>");
    draw_as_of(ctx, b->as_of);
}

static const char *line_name(const struct board_line *lines, int count, int64_t id)
{
    for (int i = 0; i < count; i++)
        if (lines[i].id == id)
            return lines[i].name;
    return "–";
}

/* The period, community and category in words, for paper. */
static const char *narrowed_to(struct ctx *ctx, const struct board *b)
{
    const char *all = span_words(ctx, &b->span);
    if (b->span.area != NONE)
        all = text_add(ctx->arena, all, " · ",
                       line_name(b->communities, b->community_count, b->span.area));
    if (b->span.category != NONE)
        all = text_add(ctx->arena, all, " · ",
                       line_name(b->categories, b->category_count, b->span.category));
    return all;
}

static void dashboard(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    struct figure_span span = span_asked(ctx);
    page_begin(ctx, say(ctx, "Dashboard"), PAGE_STAFF | PAGE_WIDE | PAGE_CHARTS);
    html(out,
         "<header class=\"head\"><h1>{}</h1><div class=\"acts\"><button class=\"quiet\" data-print "
         "hidden>{} {}</button></div></header>",
         say(ctx, "Dashboard"), icon(ctx, "printer"), say(ctx, "Print"));
    if (query_int(ctx->db, "SELECT id FROM requests ORDER BY id LIMIT 1") == NONE) {
        html(out,
             "<div class=\"empty\">{}<p>{}</p><p class=\"acts\"><a class=\"button\" "
             "href=\"/work\">{}</a></p></div>",
             icon(ctx, "inbox"),
             say(ctx, "No requests yet. Statistics appear here once the first request is received "
                      "or an archive is imported."),
             say(ctx, "Go to work list"));
        page_end(ctx);
        return;
    }
    form_problems(ctx);
    if (!ctx_ok(ctx)) /* the problem is shown above, with the default period */
        span.from = span.to = NONE;
    ctx->status = OK;
    const struct board *b = board_make(ctx, &span);
    printed_note(ctx, narrowed_to(ctx, b));
    draw_choice(ctx, b);
    draw_board(ctx, b);
    page_end(ctx);
}

/* Counts in advance what everyone opens. */
static void warm(struct ctx *ctx)
{
    static const struct grant all = {.role = ROLE_OFFICE, .area = NONE, .unit = NONE};
    ctx->actor.grants = &all;
    ctx->actor.grant_count = 1;
    board_make(ctx, &FIGURE_ALL);
}

static const struct job jobs[] = {{"dashboard", 1800, warm, .here = true, .lane = LANE_SLOW},
                                  {.name = NULL}};

static const struct route table[] = {
    ROUTE_GET("/dashboard", ROLE_OFFICE | ROLE_LEADER | ROLE_WORKER, dashboard)};

static const struct place places[] = {
    {"/dashboard", N_("Dashboard"), "g d", ROLE_OFFICE | ROLE_LEADER | ROLE_WORKER, true,
     .group = N_("Statistics"), .rank = 160, .lands = ROLE_LEADER},
    {"/work?view=unit", N_("My unit"), .staff = true, .rank = 161, .lands = ROLE_HANDLER},
    {.href = NULL},
};

const struct module dashboard_module = {
    .name = "dashboard", .routes = ROUTES(table), .places = places, .jobs = jobs};
