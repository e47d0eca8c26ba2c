/*
 * The form of a step, drawn from what its row in request_steps needs and may
 * take, with the helps that belong to each field: a suggested unit with its
 * reason, templates and earlier replies for the answer, similar open requests
 * to merge into.
 */
#include "app/request_page.h"

#include "app/registers.h"
#include "app/search.h"

#include <string.h>

static bool has_word(const char *list, const char *word)
{
    size_t n = strlen(word);
    for (const char *p = list; (p = strstr(p, word)) != NULL; p += n)
        if ((p == list || p[-1] == ' ') && (p[n] == ' ' || !p[n]))
            return true;
    return false;
}

static bool asks(const struct step *s, const char *field)
{
    return has_word(s->needs, field) || has_word(s->takes, field);
}

bool step_is_button(const struct step *s)
{
    return !*s->needs && !*s->takes;
}

/* ---- templates ---- */

static void put_place(struct ctx *ctx, struct buf *out, const struct request *r, const char *name, size_t n)
{
    if (n == 4 && !memcmp(name, "name", n)) {
        buf_puts(out, r->requester_name ? r->requester_name : say(ctx, "resident"));
    } else if (n == 6 && !memcmp(name, "number", n)) {
        buf_puts(out, r->number);
    } else if (n == 4 && !memcmp(name, "unit", n)) {
        struct names units = names_load(ctx, "units");
        buf_puts(out, r->unit == NONE ? say(ctx, "the unit in charge") : name_of(&units, r->unit));
    } else if (n == 4 && !memcmp(name, "date", n)) {
        int64_t t = r->due != NONE && r->due > ctx->now ? r->due : ctx->now;
        buf_puts(out, day_show(ctx->arena, ctx->lang, when_day(t)));
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
                              "SELECT code, title, text, text_en FROM templates WHERE kind = 'reply' AND (category IS NULL OR category = {}"
                              " OR category = (SELECT parent FROM categories WHERE id = {})"
                              " OR category = (SELECT parent FROM categories WHERE id = (SELECT parent FROM categories WHERE id = {})))"
                              " ORDER BY CASE WHEN category IS NULL THEN 1 ELSE 0 END, code",
                              (struct maybe){r->category}, (struct maybe){r->category}, (struct maybe){r->category});
    int n = 0;
    while (n < 30 && rows_next(rows)) {
        if (n++ == 0)
            html(out, "<div class=\"templates\"><p class=\"hint\">{}</p><ul>", say(ctx, "Begin with a template:"));
        html(out, "<li><a href=\"?step=answer&amp;template={}#step\" data-insert=\"f-text\" data-text=\"{}\">{}</a></li>",
             (struct url_part){row_text(rows, "code")},
             template_filled(ctx, r, ctx_pick(ctx, row_text(rows, "text"), row_text(rows, "text_en"))), row_text(rows, "title"));
    }
    rows_end(rows);
    if (n)
        html(out, "</ul></div>");
}

/* What the reply begins with: typed already, a template, or the reply of a similar request that the actor may see. */
static const char *text_begun(struct ctx *ctx, const struct request *r, const struct step *s)
{
    const char *typed = param(ctx, "text"), *code = query_param(ctx, "template"), *text = NULL;
    if (typed || strcmp(s->action, "answer") != 0)
        return typed;
    if (code) {
        struct rows *rows = query(ctx->db, "SELECT text, text_en FROM templates WHERE code = {} AND kind = 'reply'", code);
        if (rows_next(rows))
            text = template_filled(ctx, r, ctx_pick(ctx, row_text(rows, "text"), row_text(rows, "text_en")));
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
    const char *problem = ctx_problem_of(ctx, name);
    if (problem)
        html(ctx->web->out, "<p class=\"problem\" id=\"f-{}-p\">{} {}</p>", name, icon(ctx, "alert-circle"), problem);
    html(ctx->web->out, "</div>");
}

static struct markup invalid(const struct ctx *ctx, const char *name)
{
    return (struct markup){ctx_problem_of(ctx, name) ? " aria-invalid=\"true\"" : ""};
}

/* Which unit, and why it is the one proposed. */
struct proposal {
    int64_t unit;
    const char *reason;
};

static struct proposal propose_unit(struct ctx *ctx, const struct request *r)
{
    struct suggestion s;
    struct names units = names_load(ctx, "units"), categories = names_load(ctx, "categories");
    int64_t usual = query_int(ctx->db, "SELECT unit FROM categories WHERE id = {}", (struct maybe){r->category});
    if (r->unit != NONE)
        return (struct proposal){r->unit, say(ctx, "It was with this unit before.")};
    if (usual != NONE)
        return (struct proposal){usual,
                                 say(ctx, "{} is usually handled by {}.", name_of(&categories, r->category), name_of(&units, usual))};
    int64_t committee = query_int(ctx->db, "SELECT min(id) AS id FROM units WHERE kind = 'community' AND area = {}",
                                  (struct maybe){r->community});
    if (r->category != NONE && committee != NONE)
        return (struct proposal){committee, say(ctx, "{} is usually handled by the community.", name_of(&categories, r->category))};
    search_suggest(ctx, r->subject, r->text, r->record.id, &s);
    if (s.unit != NONE && s.votes * 2 >= s.of)
        return (struct proposal){s.unit, say(ctx, "{} of the {} most similar handled requests were “{}”, handled by {}.", s.votes, s.of,
                                             name_of(&categories, s.category), name_of(&units, s.unit))};
    return (struct proposal){committee, committee == NONE ? NULL : say(ctx, "It is in this community.")};
}

static void draw_unit(struct ctx *ctx, const struct request *r, const struct step *s)
{
    struct buf *out = ctx->web->out;
    struct names units = names_load(ctx, "units");
    struct proposal p = propose_unit(ctx, r);
    int64_t chosen = param(ctx, "unit") ? param_int(ctx, "unit") : p.unit;
    html(out, "<div class=\"field\"><label for=\"f-unit\">{}</label>", say(ctx, "Lead unit"));
    if (p.reason)
        html(out, "<p class=\"hint\">{} {}</p>", icon(ctx, "bulb"), p.reason);
    html(out, "<select id=\"f-unit\" name=\"unit\"{}><option value=\"\">{}</option>", invalid(ctx, "unit"), say(ctx, "Please choose"));
    names_options(ctx, &units, chosen);
    html(out, "</select>");
    field_end(ctx, "unit");
    if (!has_word(s->takes, "co"))
        return;
    int64_t co[CO_HANDLERS_MOST];
    int n = param_ints(ctx, "co", co, CO_HANDLERS_MOST);
    html(out, "<details class=\"field\"{}><summary>{}</summary><div class=\"ticks\">", (struct markup){n ? " open" : ""},
         say(ctx, "Helping units"));
    for (int i = 0; i < units.count; i++) {
        bool on = false;
        for (int j = 0; j < n; j++)
            on = on || co[j] == units.list[i].id;
        html(out, "<label class=\"check\"><input type=\"checkbox\" name=\"co\" value=\"{}\"{}> {}</label>", units.list[i].id,
             (struct markup){on ? " checked" : ""}, units.list[i].name);
    }
    html(out, "</div>");
    if (ctx_problem_of(ctx, "co"))
        html(out, "<p class=\"problem\">{}</p>", ctx_problem_of(ctx, "co"));
    html(out, "</details>");
}

static void draw_category(struct ctx *ctx, const struct request *r)
{
    struct buf *out = ctx->web->out;
    struct names categories = names_load(ctx, "categories");
    struct suggestion s = {.category = NONE};
    if (r->category == NONE)
        search_suggest(ctx, r->subject, r->text, r->record.id, &s);
    html(out, "<div class=\"pair\"><div class=\"field\"><label for=\"f-category\">{}</label>", say(ctx, "Category"));
    if (s.category != NONE)
        html(out, "<p class=\"hint\">{} {}</p>", icon(ctx, "bulb"),
             say(ctx, "{} of the {} most similar handled requests were “{}”.", s.votes, s.of, name_of(&categories, s.category)));
    html(out, "<select id=\"f-category\" name=\"category\"{}><option value=\"\">{}</option>", invalid(ctx, "category"),
         say(ctx, "Not known yet"));
    names_options(ctx, &categories,
                  param(ctx, "category") ? param_int(ctx, "category")
                  : r->category != NONE  ? r->category
                  : s.votes * 3 >= s.of  ? s.category
                                         : NONE);
    html(out, "</select>");
    field_end(ctx, "category");
    html(out,
         "<div class=\"field\"><label for=\"f-level\">{}</label><select id=\"f-level\" name=\"level\"{}><option value=\"\">{}</option>",
         say(ctx, "Level"), invalid(ctx, "level"), say(ctx, "As the category says"));
    const char *chosen = param(ctx, "level") ? param(ctx, "level") : "";
    for (const struct choice *c = kind_field(&requests_kind, "level")->choices; c->code; c++)
        html(out, "<option value=\"{}\"{}>{}</option>", c->code, (struct markup){strcmp(chosen, c->code) ? "" : " selected"},
             tr(ctx, c->label));
    html(out, "</select>");
    field_end(ctx, "level");
    html(out, "</div>");
}

static void draw_until(struct ctx *ctx, const struct request *r, const struct step *s)
{
    bool park = !strcmp(s->action, "park");
    int64_t first = when_day(!park && r->due != NONE && r->due > ctx->now ? r->due : ctx->now) + 1;
    html(
        ctx->web->out,
        "<div class=\"field\"><label for=\"f-until\">{}</label><input class=\"short\" id=\"f-until\" type=\"date\" name=\"until\" min=\"{}\" value=\"{}\"{}>",
        park ? say(ctx, "Review on") : say(ctx, "New deadline"), day_iso(ctx->arena, first), param(ctx, "until"), invalid(ctx, "until"));
    field_end(ctx, "until");
}

static void draw_into(struct ctx *ctx, const struct request *r)
{
    struct buf *out = ctx->web->out;
    struct search_hit hits[5];
    int n = search_similar(ctx, r->subject, r->text, SEARCH_OPEN, NONE, r->community, r->record.id, hits, 5);
    html(out, "<div class=\"field\"><label for=\"f-into\">{}</label><p class=\"hint\">{}</p>", say(ctx, "Number of the other request"),
         say(ctx, "This one is then handled with it; both histories stay and both reporters are told."));
    for (int i = 0; i < n; i++) {
        const struct request *other = record_load(ctx, &requests_kind, hits[i].id);
        if (other)
            html(out, "<label class=\"check\"><input type=\"radio\" name=\"like\" value=\"{}\"> {} {}</label>", other->number,
                 other->number, other->subject);
    }
    html(out, "<input class=\"short\" id=\"f-into\" name=\"into\" value=\"{}\" maxlength=\"40\"{}>", param(ctx, "into"),
         invalid(ctx, "into"));
    field_end(ctx, "into");
}

static void draw_satisfaction(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    int64_t chosen = param_int(ctx, "satisfaction");
    html(out, "<fieldset class=\"field\" id=\"f-satisfaction\"><legend>{} <i>{}</i></legend><div class=\"ticks\">",
         say(ctx, "Satisfaction"), say(ctx, "if it was said"));
    for (int n = 5; n >= 1; n--)
        html(out, "<label class=\"check\"><input type=\"radio\" name=\"satisfaction\" value=\"{}\"{}> {}</label>", n,
             (struct markup){chosen == n ? " checked" : ""}, tr(ctx, satisfaction_words[n - 1]));
    html(out, "</div>");
    if (ctx_problem_of(ctx, "satisfaction"))
        html(out, "<p class=\"problem\">{}</p>", ctx_problem_of(ctx, "satisfaction"));
    html(out, "</fieldset>");
}

static void draw_solved(struct ctx *ctx, const struct request *r)
{
    struct buf *out = ctx->web->out;
    const char *chosen = param(ctx, "solved");
    int64_t tried = r->attempts == NONE ? 0 : r->attempts;
    html(
        out,
        "<fieldset class=\"field\" id=\"f-solved\"><legend>{}</legend><label class=\"check\"><input type=\"radio\" name=\"solved\" value=\"yes\"{}> {}</label>",
        say(ctx, "Is it solved?"), (struct markup){chosen && !strcmp(chosen, "yes") ? " checked" : ""}, say(ctx, "The resident says so"));
    html(out, "<label class=\"check\"><input type=\"radio\" name=\"solved\" value=\"unreached\"{}> {}</label>",
         (struct markup){chosen && !strcmp(chosen, "unreached") ? " checked" : ""},
         say_n(ctx, tried, "Nobody could be reached (1 attempt recorded)", "Nobody could be reached ({} attempts recorded)", tried));
    if (ctx_problem_of(ctx, "solved"))
        html(out, "<p class=\"problem\">{} {}</p>", icon(ctx, "alert-circle"), ctx_problem_of(ctx, "solved"));
    html(out, "</fieldset>");
}

static const char *text_label(struct ctx *ctx, const struct step *s)
{
    static const struct {
        const char *action, *label;
    } labels[] = {
        {"answer", N_("The reply, as the resident will read it")},
        {"return", N_("Why it is not for this unit")},
        {"extend", N_("Why more time is needed")},
        {"park", N_("Why it can't be solved now")},
        {"contact", N_("What was talked about")},
        {"unreached", N_("When and how it was tried, and what happened")},
        {"reopen", N_("What is still wrong")},
        {"report", N_("What your unit did")},
        {"close", N_("What the resident said")},
        {"dispatch", N_("A word to the unit")},
        {"resume", N_("What has changed")},
    };
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
        if (!strcmp(labels[i].action, s->action))
            return tr(ctx, labels[i].label);
    return say(ctx, "Text");
}

static void draw_text(struct ctx *ctx, const struct request *r, const struct step *s)
{
    struct buf *out = ctx->web->out;
    bool answer = !strcmp(s->action, "answer");
    html(out, "<div class=\"field\"><label for=\"f-text\">{}{}</label>", text_label(ctx, s),
         (struct markup){has_word(s->needs, "text") ? ""
                         : ctx->lang[0] == 'e'      ? " <i>optional</i>"
                                                    : " <i>可不填</i>"});
    if (answer)
        draw_templates(ctx, r);
    html(out, "<textarea id=\"f-text\" name=\"text\" rows=\"{}\" maxlength=\"5000\"{}>{}</textarea>", answer ? 8 : 3, invalid(ctx, "text"),
         text_begun(ctx, r, s));
    field_end(ctx, "text");
}

void request_draw_form(struct ctx *ctx, const struct request *r, const struct step *s)
{
    struct buf *out = ctx->web->out;
    html(out, "<section class=\"card step screen\" id=\"step\"><h2>{}</h2>", tr(ctx, s->label));
    form_begin(ctx, arena_print(ctx->arena, "/requests/%lld/%s", (long long)r->record.id, s->action),
               arena_print(ctx->arena, "step-%lld-%s", (long long)r->record.id, s->action), false);
    html(out, "<input type=\"hidden\" name=\"version\" value=\"{}\"><input type=\"hidden\" name=\"seen\" value=\"{}\">", r->record.version,
         request_newest_event(ctx, r));
    if (asks(s, "category"))
        draw_category(ctx, r);
    if (asks(s, "unit"))
        draw_unit(ctx, r, s);
    if (asks(s, "until"))
        draw_until(ctx, r, s);
    if (asks(s, "into"))
        draw_into(ctx, r);
    if (asks(s, "solved"))
        draw_solved(ctx, r);
    if (asks(s, "satisfaction"))
        draw_satisfaction(ctx);
    if (asks(s, "text"))
        draw_text(ctx, r, s);
    if (s->told)
        html(out, "<p class=\"small\">{} {}</p>", say(ctx, "The resident will read:"), tr(ctx, s->told));
    html(out, "<div class=\"acts\"><button class=\"primary\">{}</button></div>", tr(ctx, s->label));
    form_end(ctx);
    html(out, "</section>");
}
