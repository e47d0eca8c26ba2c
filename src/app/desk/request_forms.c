/*
 * Aids for the fields of a step's form: a suggested unit with its reason,
 * templates and earlier replies, similar open requests to merge into. The
 * step's row in request_steps says which fields there are and what they may
 * contain.
 */
#include "app/desk/request_page.h"

#include "app/desk/proposals.h"
#include "app/registers/registers.h"
#include "app/search/search.h"
#include "web/fields.h"

#include <stdlib.h>
#include <string.h>

/* ---- templates ---- */

static void put_place(struct ctx *ctx, struct buf *out, const struct request *r, const char *name,
                      size_t n)
{
    if (n == 4 && !memcmp(name, "name", n)) {
        buf_puts(out, r->requester_name ? r->requester_name : say(ctx, "resident"));
    } else if (n == 6 && !memcmp(name, "number", n)) {
        buf_puts(out, r->number);
    } else if (n == 4 && !memcmp(name, "unit", n)) {
        struct names units = names_load(ctx, "units");
        buf_puts(out,
                 r->unit == NONE ? say(ctx, "the handling unit") : names_find(&units, r->unit));
    } else if (n == 5 && !memcmp(name, "today", n)) {
        buf_puts(out, day_show(ctx->arena, ctx->lang, when_day(ctx->now)));
    } else if (n == 4 && !memcmp(name, "date", n)) {
        /* No promise that can't be kept: without a future deadline the writer fills in the
         * date. */
        bool ahead = r->due != NONE && r->due > ctx->now;
        buf_puts(out, ahead ? day_show(ctx->arena, ctx->lang, when_day(r->due)) : REPLY_BLANK);
    } else {
        buf_putc(out, '{');
        buf_put(out, name, n);
        buf_putc(out, '}');
    }
}

const char *template_filled(struct ctx *ctx, const struct request *r, const char *text)
{
    struct buf out;
    buf_init(&out, 0);
    for (const char *s = text ? text : ""; *s;) {
        size_t n = strcspn(s, "{");
        buf_put(&out, s, n);
        s += n;
        const char *end = *s ? strchr(s, '}') : NULL;
        if (!end) {
            buf_puts(&out, s);
            break;
        }
        put_place(ctx, &out, r, s + 1, (size_t)(end - s - 1));
        s = end + 1;
    }
    const char *made = arena_copyn(ctx->arena, out.data, out.size);
    buf_release(&out);
    return made;
}

static void draw_templates(struct ctx *ctx, const struct request *r)
{
    struct buf *out = ctx->web->out;
    struct rows *rows = query(ctx->db,
                              "SELECT code, title, text, text_en FROM templates WHERE kind = "
                              "'reply' AND (category IS NULL OR category = {}"
                              " OR category = (SELECT parent FROM categories WHERE id = {})"
                              " OR category = (SELECT parent FROM categories WHERE id = (SELECT "
                              "parent FROM categories WHERE id = {})))"
                              " ORDER BY CASE WHEN category IS NULL THEN 1 ELSE 0 END, code",
                              (struct maybe){r->category}, (struct maybe){r->category},
                              (struct maybe){r->category});
    int n = 0;
    while (n < 30 && rows_next(rows)) {
        if (n++ == 0)
            html(out, "<div class=\"templates\"><p class=\"hint\">{}</p><ul>",
                 say(ctx, "Start from a template:"));
        html(out,
             "<li><a href=\"?step=answer&amp;template={}#step\" data-insert=\"f-text\" "
             "data-text=\"{}\">{}</a></li>",
             (struct url_part){row_text(rows, "code")},
             template_filled(ctx, r,
                             ctx_pick(ctx, row_text(rows, "text"), row_text(rows, "text_en"))),
             row_text(rows, "title"));
    }
    rows_end(rows);
    if (n)
        html(out, "</ul></div>");
}

/* The initial text of the reply: what was typed, a template, or the reply of a similar request
 * that the actor may see. */
static const char *text_begun(struct ctx *ctx, const struct request *r, const struct step *s)
{
    const char *typed = param(ctx, "text"), *code = query_param(ctx, "template"), *text = NULL;
    if (typed || strcmp(s->action, "answer") != 0)
        return typed;
    if (code) {
        struct rows *rows = query(
            ctx->db, "SELECT text, text_en FROM templates WHERE code = {} AND kind = 'reply'",
            code);
        if (rows_next(rows))
            text = template_filled(
                ctx, r, ctx_pick(ctx, row_text(rows, "text"), row_text(rows, "text_en")));
        rows_end(rows);
    } else if (param_int(ctx, "like") != NONE) {
        const struct request *like = record_load(ctx, &requests_kind, param_int(ctx, "like"));
        text = like ? like->reply : NULL;
    }
    return text;
}

/* ---- fields ---- */

static void field_end(struct ctx *ctx, const char *name)
{
    field_problem(ctx, name);
    html(ctx->web->out, "</div>");
}

static struct markup invalid(const struct ctx *ctx, const char *name)
{
    return (struct markup){ctx_problem_of(ctx, name) ? " aria-invalid=\"true\"" : ""};
}

void step_options(struct ctx *ctx, const struct names *n, int64_t chosen)
{
    for (int i = 0; i < n->count; i++) {
        if (n->list[i].out_of_use && n->list[i].id != chosen)
            continue;
        html(ctx->web->out, "<option value=\"#{}\"{}>{}{}</option>", n->list[i].id,
             (struct markup){n->list[i].id == chosen ? " selected" : ""},
             n->list[i].depth == 0   ? ""
             : n->list[i].depth == 1 ? "　"
                                     : "　　",
             n->list[i].name);
    }
}

int64_t step_chosen(struct ctx *ctx, const char *name, int64_t otherwise)
{
    const char *typed = param(ctx, name);
    return typed ? (int64_t)strtoll(typed + (*typed == '#'), NULL, 10) : otherwise;
}

/* The initial category of the form, and the unit that goes with it. */
struct proposal {
    int64_t category, unit;
    struct suggestion like; /* of the most similar past requests, if the category is unknown */
    const char *reason;     /* for the unit; NULL */
};

static struct proposal by_category(struct ctx *ctx, const struct request *r, struct proposal p,
                                   const struct names *units)
{
    struct names categories = names_load(ctx, "categories");
    const char *name = names_find(&categories, p.category);
    const struct proposals *routes = routes_load(ctx);
    int64_t usual = routes_usual(routes, p.category),
            committee = routes_committee(routes, r->community);
    bool past = usual == NONE && p.like.unit != NONE && p.like.votes * 2 >= p.like.of &&
                query_int(ctx->db, "SELECT id FROM units WHERE id = {} AND kind = 'community'",
                          p.like.unit) == NONE; /* not another community's committee */
    p.unit = usual != NONE ? usual : past ? p.like.unit : committee;
    if (usual != NONE)
        p.reason = say(ctx, "{} is usually handled by {}.", name, names_find(units, usual));
    else if (past)
        p.reason = say(ctx,
                       "{} of the {} most similar past requests were “{}”, handled by "
                       "{}.",
                       p.like.votes, p.like.of, name, names_find(units, p.unit));
    else if (committee != NONE)
        p.reason = p.category != NONE ? say(ctx, "{} is usually handled by the community.", name)
                                      : say(ctx, "Suggested by location.");
    return p;
}

/* The suggested unit follows the suggested category, because contradictory suggestions help
 * nobody. A unit where nobody can sign in any more is not suggested. */
static struct proposal propose(struct ctx *ctx, const struct request *r)
{
    struct names units = names_load(ctx, "units");
    struct proposal p = {
        .category = r->category, .unit = r->unit, .like = {.category = NONE, .unit = NONE}};
    if (r->category == NONE) {
        search_suggest(ctx, r->subject, r->text, r->record.id, &p.like);
        if (p.like.category != NONE && p.like.votes * 3 >= p.like.of)
            p.category = p.like.category;
    }
    if (r->unit != NONE) {
        p.reason = say(ctx, "Previously handled by this unit.");
    } else {
        p = by_category(ctx, r, p, &units);
    }
    if (unit_deserted(ctx, p.unit)) {
        p.unit = NONE;
        p.reason = NULL;
    }
    return p;
}

static void draw_unit(struct ctx *ctx, const struct request *r, const struct step *s)
{
    struct buf *out = ctx->web->out;
    struct names units = names_load(ctx, "units");
    struct proposal p = propose(ctx, r);
    (void)s;
    html(out, "<div class=\"field\"><label for=\"f-unit\">{}</label>", say(ctx, "Lead unit"));
    if (p.reason)
        html(out, "<p class=\"hint\">{} {}</p>", icon(ctx, "bulb"), p.reason);
    html(out, "<select id=\"f-unit\" name=\"unit\"{}><option value=\"\">{}</option>",
         invalid(ctx, "unit"), say(ctx, "Please choose"));
    step_options(ctx, &units, step_chosen(ctx, "unit", p.unit));
    html(out, "</select>");
    field_end(ctx, "unit");
}

static bool is_ticked(struct ctx *ctx, const char *name, const char *value)
{
    for (int i = 0; i < ctx->web->form_count; i++)
        if (!strcmp(ctx->web->form[i].name, name) && !strcmp(ctx->web->form[i].value, value))
            return true;
    return false;
}

static void draw_level(struct ctx *ctx, const struct request *r, const struct step *s)
{
    struct buf *out = ctx->web->out;
    (void)r;
    (void)s;
    const char *chosen = param(ctx, "level") ? param(ctx, "level") : "";
    html(out,
         "<div class=\"field\"><label for=\"f-level\">{}</label><select id=\"f-level\" "
         "name=\"level\"{}><option value=\"\">{}</option>",
         say(ctx, "Level"), invalid(ctx, "level"), say(ctx, "Category default"));
    for (const struct choice *c = request_levels; c->code; c++)
        html(out, "<option value=\"{}\"{}>{}</option>", c->code,
             (struct markup){strcmp(chosen, c->code) ? "" : " selected"}, tr(ctx, c->label));
    html(out, "</select>");
    field_end(ctx, "level");
}

/* What a dispatch seldom needs: level, supporting units, and the note. */
enum step_fold request_step_fold(struct ctx *ctx, const struct step *s, const void *record,
                                 const struct field *f)
{
    static const char *const seldom[] = {"level", "co", "text"};
    bool folds = false;
    for (size_t i = 0; i < sizeof seldom / sizeof *seldom; i++)
        folds = folds || !strcmp(f->name, seldom[i]);
    if (!folds || !step_asks(s, "co"))
        return FIELD_SHOWN;
    return !strcmp(f->name, "co") &&
                   query_int(ctx->db,
                             "SELECT unit FROM request_units WHERE request = {} AND role = 'co' "
                             "LIMIT 1",
                             ((const struct request *)record)->record.id) != NONE
               ? FIELD_OPEN
               : FIELD_FOLDED;
}

static void draw_co(struct ctx *ctx, const struct request *r, const struct step *s)
{
    struct buf *out = ctx->web->out;
    struct names units = names_load(ctx, "units");
    const char *problem = ctx_problem_of(ctx, "co");
    bool typed = param(ctx, "co_shown") != NULL;
    int64_t helping[CO_HANDLERS_MOST];
    int n = typed ? 0
                  : rows_ids(query(ctx->db,
                                   "SELECT unit AS id FROM request_units WHERE request = {} AND "
                                   "role = 'co' ORDER BY unit LIMIT {}",
                                   r->record.id, CO_HANDLERS_MOST),
                             helping, CO_HANDLERS_MOST);
    (void)s;
    html(out,
         "<fieldset class=\"field\" id=\"f-co\"><legend>{}</legend><input type=\"hidden\" "
         "name=\"co_shown\" value=\"1\"><div class=\"ticks\">",
         say(ctx, "Supporting units"));
    for (int i = 0; i < units.count; i++) {
        const char *value = arena_print(ctx->arena, "#%lld", (long long)units.list[i].id);
        bool helps = is_ticked(ctx, "co", value);
        for (int j = 0; j < n; j++)
            helps = helps || helping[j] == units.list[i].id;
        if (units.list[i].out_of_use && !helps)
            continue;
        html(out,
             "<label class=\"check\"><input type=\"checkbox\" name=\"co\" value=\"{}\"{}> "
             "{}</label>",
             value, (struct markup){helps ? " checked" : ""}, units.list[i].name);
    }
    html(out, "</div>");
    if (problem)
        html(out, "<p class=\"problem\" id=\"f-co-p\">{}</p>", problem);
    html(out, "</fieldset>");
}

static void draw_category(struct ctx *ctx, const struct request *r, const struct step *step)
{
    struct buf *out = ctx->web->out;
    struct names categories = names_load(ctx, "categories");
    struct proposal p = propose(ctx, r);
    (void)step;
    html(out, "<div class=\"field\"><label for=\"f-category\">{}</label>", say(ctx, "Category"));
    if (p.like.category != NONE)
        html(out, "<p class=\"hint\">{} {}</p>", icon(ctx, "bulb"),
             say(ctx, "{} of the {} most similar past requests were “{}”.", p.like.votes, p.like.of,
                 names_find(&categories, p.like.category)));
    html(out, "<select id=\"f-category\" name=\"category\"{}><option value=\"\">{}</option>",
         invalid(ctx, "category"), say(ctx, "Not sure yet"));
    step_options(ctx, &categories, step_chosen(ctx, "category", p.category));
    html(out, "</select>");
    field_end(ctx, "category");
}

static void draw_until(struct ctx *ctx, const struct request *r, const struct step *s)
{
    bool park = !strcmp(s->action, "park");
    const struct field *f = step_asks(s, "until");
    int64_t first = when_day(!park && r->due != NONE && r->due > ctx->now ? r->due : ctx->now) + 1;
    html(ctx->web->out,
         "<div class=\"field\"><label for=\"f-until\">{}</label><input class=\"short\" "
         "id=\"f-until\" type=\"date\" name=\"until\" min=\"{}\" value=\"{}\"{}>",
         tr(ctx, f->label), day_iso(ctx->arena, first), param(ctx, "until"), invalid(ctx, "until"));
    field_end(ctx, "until");
}

static void draw_into(struct ctx *ctx, const struct request *r, const struct step *s)
{
    (void)s;
    struct buf *out = ctx->web->out;
    struct search_hit hits[5];
    int n = search_similar(ctx, r->subject, r->text, SEARCH_OPEN, NONE, r->community, r->record.id,
                           hits, 5);
    html(out, "<div class=\"field\"><label for=\"f-into\">{}</label><p class=\"hint\">{}</p>",
         say(ctx, "Other request’s number"),
         say(ctx, "The two will be handled together. Both histories are kept and both residents "
                  "are told."));
    for (int i = 0; i < n; i++) {
        const struct request *other = hits[i].score < SEARCH_LIKE
                                          ? NULL
                                          : record_load(ctx, &requests_kind, hits[i].id);
        if (other)
            html(out,
                 "<label class=\"check\"><input type=\"radio\" name=\"like\" value=\"{}\"> {} "
                 "{}</label>",
                 other->number, other->number, other->subject);
    }
    html(out, "<input class=\"short\" id=\"f-into\" name=\"into\" value=\"{}\" maxlength=\"40\"{}>",
         param(ctx, "into"), invalid(ctx, "into"));
    field_end(ctx, "into");
}

static void draw_satisfaction(struct ctx *ctx, const struct request *r, const struct step *s)
{
    (void)r;
    (void)s;
    struct buf *out = ctx->web->out;
    int64_t chosen = param_int(ctx, "satisfaction");
    html(out,
         "<fieldset class=\"field\" id=\"f-satisfaction\"><legend>{} <i>{}</i></legend><div "
         "class=\"ticks\">",
         say(ctx, "Satisfaction"), say(ctx, "if mentioned"));
    for (int n = 5; n >= 1; n--)
        html(out,
             "<label class=\"check\"><input type=\"radio\" name=\"satisfaction\" value=\"{}\"{}> "
             "{}</label>",
             n, (struct markup){chosen == n ? " checked" : ""}, tr(ctx, satisfaction_words[n - 1]));
    html(out, "</div>");
    if (ctx_problem_of(ctx, "satisfaction"))
        html(out, "<p class=\"problem\">{}</p>", ctx_problem_of(ctx, "satisfaction"));
    html(out, "</fieldset>");
}

static void draw_solved(struct ctx *ctx, const struct request *r, const struct step *s)
{
    (void)s;
    struct buf *out = ctx->web->out;
    const char *chosen = param(ctx, "solved");
    int64_t tried = r->attempts == NONE ? 0 : r->attempts;
    html(out,
         "<fieldset class=\"field\" id=\"f-solved\"><legend>{}</legend><label "
         "class=\"check\"><input type=\"radio\" name=\"solved\" value=\"yes\"{}> {}</label>",
         say(ctx, "Is it resolved?"),
         (struct markup){chosen && !strcmp(chosen, "yes") ? " checked" : ""},
         say(ctx, "Confirmed by the resident"));
    html(out,
         "<label class=\"check\"><input type=\"radio\" name=\"solved\" value=\"unreached\"{}> "
         "{}</label>",
         (struct markup){chosen && !strcmp(chosen, "unreached") ? " checked" : ""},
         say_n(ctx, tried, "Could not be reached (1 attempt recorded)",
               "Could not be reached ({} attempts recorded)", tried));
    if (ctx_problem_of(ctx, "solved"))
        html(out, "<p class=\"problem\">{} {}</p>", icon(ctx, "alert-circle"),
             ctx_problem_of(ctx, "solved"));
    html(out, "</fieldset>");
}

static void draw_text(struct ctx *ctx, const struct request *r, const struct step *s)
{
    struct buf *out = ctx->web->out;
    const struct field *f = step_asks(s, "text");
    bool answer = !strcmp(s->action, "answer");
    html(out, "<div class=\"field\"><label for=\"f-text\">{}{}</label>", tr(ctx, f->label),
         (struct markup){
             f->flags & REQUIRED ? "" : ctx_pick(ctx, " <i>可不填</i>", " <i>optional</i>")});
    if (answer)
        draw_templates(ctx, r);
    html(out,
         "<textarea id=\"f-text\" name=\"text\" rows=\"{}\" maxlength=\"5000\"{}>{}</textarea>",
         answer ? 8 : 3, invalid(ctx, "text"), text_begun(ctx, r, s));
    field_end(ctx, "text");
}

bool request_step_control(struct ctx *ctx, const struct step *s, const void *record,
                          const struct field *f)
{
    static const struct {
        const char *name;
        void (*draw)(struct ctx *ctx, const struct request *r, const struct step *s);
    } helps[] = {{"category", draw_category}, {"level", draw_level},
                 {"unit", draw_unit},         {"co", draw_co},
                 {"until", draw_until},       {"into", draw_into},
                 {"solved", draw_solved},     {"satisfaction", draw_satisfaction},
                 {"text", draw_text}};
    for (size_t i = 0; i < sizeof helps / sizeof *helps; i++)
        if (!strcmp(helps[i].name, f->name)) {
            helps[i].draw(ctx, record, s);
            return true;
        }
    return false;
}
