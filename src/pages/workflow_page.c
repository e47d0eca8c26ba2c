/*
 * Pages made from the table of a workflow, and `linli steps`. The same checks
 * decide about a button and about the step, so a page shows what workflow_take
 * would accept. Memory is the context's arena.
 */
#include "pages/workflow_page.h"

#include "core/module.h"
#include "core/workflow_print.h"
#include "kind/form.h"
#include "pages/register_pages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A step that asks nothing is a button. */
static bool step_is_button(const struct step *s)
{
    return !s->asks || !s->asks->name;
}

/* ---- one record ---- */

static const char *address(struct ctx *ctx, const struct step_page *p, const void *record)
{
    return record_href(ctx, p->workflow->kind, ((const struct record *)record)->id);
}

/* The hidden fields of every step's form: the version that was shown. */
static void draw_seen(struct ctx *ctx, const struct step_page *p, const void *record)
{
    html(ctx->web->out, "<input type=\"hidden\" name=\"version\" value=\"{}\">",
         ((const struct record *)record)->version);
    if (p->seen)
        html(ctx->web->out, "<input type=\"hidden\" name=\"seen\" value=\"{}\">",
             p->seen(ctx, record));
}

/* The key that opens the step's form, or goes to it when it is open; NULL. */
static const char *key_of(const struct step_page *p, const struct step *s)
{
    for (const struct choice *k = p->keys; k && k->code; k++)
        if (!strcmp(k->code, s->action))
            return k->label;
    return NULL;
}

static void draw_button(struct ctx *ctx, const struct step_page *p, const void *record,
                        const struct step *s, bool first, bool open)
{
    struct buf *out = ctx->web->out;
    const char *href = address(ctx, p, record), *key = key_of(p, s);
    struct markup sign = icon(ctx, s->icon ? s->icon : "check");
    if (!step_is_button(s)) {
        html(out, "<a class=\"button{}\" href=\"{}?step={}#step\"{}",
             (struct markup){first && !open           ? " now"
                             : s->flags & STEP_DANGER ? " danger"
                                                      : ""},
             href, s->action, (struct markup){open ? " aria-current=\"true\"" : ""});
        if (key)
            html(out, " data-key=\"{}\"", key);
        html(out, ">{} {}</a>", sign, tr(ctx, s->label));
        return;
    }
    html(out, "<form method=\"post\" action=\"{}{}{}\">", href, p->post ? p->post : "/", s->action);
    form_tokens(ctx);
    draw_seen(ctx, p, record);
    html(out, "<button{}>{} {}</button></form>",
         (struct markup){first                    ? " class=\"now\""
                         : s->flags & STEP_DANGER ? " class=\"danger\""
                                                  : ""},
         sign, tr(ctx, s->label));
}

/* Draws a field of a step's form, with what was typed. */
static void step_field_draw(struct ctx *ctx, const struct workflow *w, const struct field *f)
{
    const struct form form = {
        .kind = w->kind, .record = workflow_input(ctx, w), .typed = param, .icon = icon};
    form_field(ctx, ctx->web->out, &form, f);
}

/* Draws the fields that stand with the others, or those of the folded line; returns how many, and
 * whether one of them has to be seen. */
static int draw_fields(struct ctx *ctx, const struct step_page *p, const void *record,
                       const struct step *s, bool folded, bool draw, bool *open)
{
    int n = 0;
    for (const struct field *f = s->asks; f->name; f++) {
        enum step_fold how = p->fold ? p->fold(ctx, s, record, f) : FIELD_SHOWN;
        if ((how != FIELD_SHOWN) != folded)
            continue;
        n++;
        *open = *open || how == FIELD_OPEN || param(ctx, f->name) || ctx_problem_of(ctx, f->name);
        if (draw && (!p->control || !p->control(ctx, s, record, f)))
            step_field_draw(ctx, p->workflow, f);
    }
    return n;
}

static void draw_form(struct ctx *ctx, const struct step_page *p, const void *record,
                      const struct step *s)
{
    bool open = false;
    struct buf *out = ctx->web->out;
    const char *href = address(ctx, p, record);
    html(out, "<section class=\"card step screen\" id=\"step\"><h2>{}</h2>", tr(ctx, s->label));
    form_begin(ctx, arena_print(ctx->arena, "%s%s%s", href, p->post ? p->post : "/", s->action),
               arena_print(ctx->arena, "step-%lld-%s",
                           (long long)((const struct record *)record)->id, s->action),
               false);
    draw_seen(ctx, p, record);
    draw_fields(ctx, p, record, s, false, true, &(bool){false});
    if (draw_fields(ctx, p, record, s, true, false, &open)) {
        html(out, "<details class=\"field more\"{}><summary>{}</summary>",
             (struct markup){open ? " open" : ""}, tr(ctx, p->fold_label));
        draw_fields(ctx, p, record, s, true, true, &open);
        buf_puts(out, "</details>");
    }
    if (s->told)
        html(out, "<p class=\"small\">{} {}</p>",
             p->hearer ? tr(ctx, p->hearer) : say(ctx, "They will be told:"), tr(ctx, s->told));
    html(out, "<div class=\"acts\"><button class=\"{}\">{}</button></div>",
         s->flags & STEP_DANGER ? "danger" : "primary", tr(ctx, s->label));
    form_end(ctx);
    html(out, "</section>");
}

/* Why a step that the role allows is not possible now, if the page says so; otherwise NULL. */
static const char *reason(struct ctx *ctx, const struct workflow *w, const struct step *s,
                          const void *record)
{
    return s->roles == ROLE_PUBLIC || (s->flags & STEP_QUIET) ? NULL
                                                              : workflow_barred(ctx, w, s, record);
}

/* Shows steps that the role allows but something else prevents, so that nobody looks for a button
 * in vain: a line for each reason. */
static void draw_barred(struct ctx *ctx, const struct workflow *w, const void *record)
{
    int count = 0;
    while (w->steps[count].action)
        count++;
    const char **why = ARENA_ARRAY(ctx->arena, const char *, count + 1);
    for (int i = 0; i < count; i++)
        why[i] = reason(ctx, w, &w->steps[i], record);
    for (int i = 0; i < count; i++) {
        const char *steps = "";
        for (int j = i; why[i] && j < count; j++) {
            if (!why[j] || strcmp(why[j], why[i]) != 0)
                continue;
            steps = ctx_list(ctx, steps, tr(ctx, w->steps[j].label));
            if (j > i)
                why[j] = NULL;
        }
        if (why[i])
            html(ctx->web->out, "<p class=\"small soft screen\">{}{}{}</p>", steps,
                 ctx_pick(ctx, "：", ": "), why[i]);
    }
}

/* Returns whether the record is at an end: its steps are shown, but none is urged. */
static bool at_end(const struct workflow *w, const void *record)
{
    return w->ends & STATE(workflow_state(w, record));
}

/* The index of the step whose form is open; -1 for none. urged: the first one's, unless another is
 * asked for. */
static int step_open(struct ctx *ctx, const struct step *const *list, int n, bool urged)
{
    bool reading = ctx->web->method == GET;
    const char *asked = reading          ? query_param(ctx, "step")
                        : ctx->web->rest ? ctx->web->rest
                                         : ctx->web->name;
    for (int i = 0; asked && i < n; i++)
        if (!strcmp(list[i]->action, asked) && !step_is_button(list[i]))
            return i;
    return n && urged && !step_is_button(list[0]) && reading && !asked ? 0 : -1;
}

/* Whether it would be taken in place of whoever the record waits for. */
static bool instead(const struct step_page *p, const struct step *s)
{
    for (const char *const *a = p->instead; a && *a; a++)
        if (!strcmp(*a, s->action))
            return true;
    return false;
}

/* The heading: that it is the actor's turn, or whose it is; and the way on. */
static void draw_turn(struct ctx *ctx, const struct step_page *p, const void *record,
                      const char *waits, bool any, bool urged)
{
    struct buf *out = ctx->web->out;
    html(out, "<div class=\"turn\">");
    if (waits)
        html(out, "<p>{} {}</p>", icon(ctx, "hourglass"), waits);
    else if (any)
        html(out, "<p>{}</p>", say(ctx, "Next step"));
    if (p->onward)
        p->onward(ctx, record, !urged);
    html(out, "</div>");
}

void steps_draw(struct ctx *ctx, const struct step_page *p, const void *record)
{
    struct buf *out = ctx->web->out;
    int n, folded = 0;
    const struct step *const *list = workflow_possible(ctx, p->workflow, record, &n);
    const char *waits = p->waits ? p->waits(ctx, record) : NULL;
    bool urged = !waits && !at_end(p->workflow, record);
    int open = step_open(ctx, list, n, urged);
    if (n || waits || p->onward) {
        html(out, "<div class=\"acts next screen\">");
        draw_turn(ctx, p, record, waits, n > 0, urged);
        for (int i = 0; i < n; i++)
            if (!waits || !instead(p, list[i]))
                draw_button(ctx, p, record, list[i], i == 0 && urged, i == open);
        for (int i = 0; waits && i < n; i++) {
            if (!instead(p, list[i]))
                continue;
            if (folded++ == 0)
                html(out, "<details{}><summary>{}</summary><div class=\"acts\">",
                     (struct markup){open >= 0 && instead(p, list[open]) ? " open" : ""},
                     tr(ctx, p->instead_label));
            draw_button(ctx, p, record, list[i], false, i == open);
        }
        html(out, "{}</div>", (struct markup){folded ? "</div></details>" : ""});
    }
    if (open >= 0)
        draw_form(ctx, p, record, list[open]);
    if (!waits)
        draw_barred(ctx, p->workflow, record);
}

/* ---- answers ---- */

/* The value from the form only: the URL may have a filter of the same name. */
static const char *form_param(const struct ctx *ctx, const char *name)
{
    for (int i = 0; i < ctx->web->form_count; i++)
        if (!strcmp(ctx->web->form[i].name, name))
            return ctx->web->form[i].value;
    return NULL;
}

/* Joins the values of checkboxes with one name. */
static const char *values_of(struct ctx *ctx, const char *name)
{
    const char *all = "";
    for (int i = 0; i < ctx->web->form_count; i++)
        if (!strcmp(ctx->web->form[i].name, name))
            all = arena_print(ctx->arena, "%s%s,", all, ctx->web->form[i].value);
    return strspn(all, ", ") == strlen(all) ? NULL : all;
}

void *steps_read(struct ctx *ctx, const struct workflow *w, const struct step *s)
{
    void *input = workflow_input(ctx, w);
    form_read_fields(ctx, s->asks, input, form_param);
    for (const struct field *f = s->asks; f && f->name; f++)
        if (f->type == F_TAGS && values_of(ctx, f->name) && !ctx_problem_of(ctx, f->name))
            field_set(ctx, f, input, values_of(ctx, f->name));
    if (ctx_ok(ctx))
        fields_refer(ctx, s->asks, input);
    return input;
}

/* ---- on the pages of a register ---- */

static const struct workflow *workflow_here(struct ctx *ctx)
{
    return ctx->web->kind->page ? NULL : workflow_of(ctx->web->kind);
}

void register_steps_draw(struct ctx *ctx, const struct kind *k, const void *record)
{
    const struct step_page p = {.workflow = workflow_of(k), .post = "/steps/"};
    if (p.workflow && !k->page)
        steps_draw(ctx, &p, record);
}

static void take_prepare(struct ctx *ctx)
{
    const struct workflow *w = workflow_here(ctx);
    const struct step *s = w ? workflow_step(w, ctx->web->rest) : NULL;
    if (!s || s->roles == ROLE_PUBLIC)
        ctx_fail(ctx, NOT_FOUND, say(ctx, "Entry or step not found."));
    else
        ctx->work = steps_read(ctx, w, s);
}

static void take(struct ctx *ctx)
{
    const struct workflow *w = workflow_here(ctx);
    const struct step *s = workflow_step(w, ctx->web->rest);
    const struct record *before = record_load(ctx, w->kind, ctx->web->id);
    if (!before) {
        ctx_fail(ctx, NOT_FOUND, NULL);
        return;
    }
    if (param_int(ctx, "version") != before->version) {
        ctx_fail(ctx, CONFLICT,
                 say(ctx, "Someone else has just changed this. Check the latest version before you "
                          "edit it."));
        return;
    }
    if (workflow_take(ctx, w, s, before, ctx->work) != OK)
        return;
    flash(ctx, say(ctx, "Done: {}", tr(ctx, s->label)));
    bool seen = record_load(ctx, w->kind, before->id) != NULL;
    see_other_write(ctx, seen ? record_href(ctx, w->kind, before->id) : kind_href(ctx, w->kind),
                    NULL, 0);
}

static void taking_failed(struct ctx *ctx)
{
    struct record *now = ctx->web->kind ? record_load(ctx, ctx->web->kind, ctx->web->id) : NULL;
    if (!now || ctx->status == NOT_FOUND) {
        answer_problem(ctx);
        return;
    }
    ctx->web->record = now;
    record_page(ctx);
}

/* ---- many records ---- */

const char *bulk_tick(struct ctx *ctx, const struct record *r)
{
    return arena_print(ctx->arena, "%lld.%lld", (long long)r->id, (long long)r->version);
}

bool bulk_ticked(struct ctx *ctx, const struct record *r)
{
    const char *value = bulk_tick(ctx, r);
    for (int i = 0; i < ctx->web->form_count; i++)
        if (!strcmp(ctx->web->form[i].name, "id") && !strcmp(ctx->web->form[i].value, value))
            return true;
    return false;
}

/* A row without its version is refused like a changed one: nothing says what was seen. */
static void bulk_ids(struct ctx *ctx, struct bulk *b)
{
    int n = 0;
    for (int i = 0; i < ctx->web->form_count; i++) {
        const struct param *p = &ctx->web->form[i];
        char *end;
        int64_t id = strcmp(p->name, "id") ? 0 : strtoll(p->value, &end, 10);
        if (id <= 0 || id >= INT64_C(1000000000000) || (*end && *end != '.') || n++ >= BULK_MOST)
            continue;
        b->ids[n - 1] = id;
        b->versions[n - 1] = *end ? strtoll(end + 1, NULL, 10) : NONE;
    }
    if (n > BULK_MOST)
        ctx_problem(ctx, "id", say(ctx, "Choose no more than {}; you chose {}.", BULK_MOST, n));
    b->count = n < BULK_MOST ? n : BULK_MOST;
}

struct bulk *bulk_picked(struct ctx *ctx, const struct workflow *w, const struct step *s,
                         const char *none)
{
    if (!s || !(s->flags & STEP_BULK)) {
        ctx_fail(ctx, NOT_FOUND, say(ctx, "Entry or step not found."));
        return NULL;
    }
    struct bulk *b = ARENA_NEW(ctx->arena, struct bulk);
    b->workflow = w;
    b->step = s;
    bulk_ids(ctx, b);
    if (b->count == 0 && none)
        ctx_problem(ctx, NULL, none);
    return b;
}

struct bulk *bulk_read(struct ctx *ctx, const struct workflow *w, const struct step *s,
                       const char *none)
{
    struct bulk *b = bulk_picked(ctx, w, s, none);
    if (!b)
        return NULL;
    b->input = steps_read(ctx, w, s);
    workflow_answered(ctx, w, s, b->input, true);
    return b;
}

static void draw_outcome(struct ctx *ctx, const struct kind *k, const struct step_outcome *o)
{
    struct buf *out = ctx->web->out;
    html(out, "<tr><th scope=\"row\"><a href=\"{}\">{}</a></th><td>", record_href(ctx, k, o->id),
         o->title);
    if (o->why)
        html(out, "<span class=\"state warn\">{} {}</span> {}</td></tr>", icon(ctx, "alert-circle"),
             say(ctx, "Failed"), o->why);
    else
        html(out, "<span class=\"state ok\">{} {}</span></td></tr>", icon(ctx, "check"),
             say(ctx, "Succeeded"));
}

static void draw_outcomes(struct ctx *ctx, const struct bulk *b, const struct step_outcome *list,
                          const struct bulk_page *p)
{
    struct buf *out = ctx->web->out;
    const struct kind *k = b->workflow->kind;
    int done = 0;
    for (int i = 0; i < b->count; i++)
        done += !list[i].why;
    page_begin(ctx, say(ctx, "What was done"), PAGE_STAFF);
    trail(ctx, p->back, p->back_label);
    html(out, "<header class=\"head\"><h1>{}</h1>", tr(ctx, b->step->label));
    if (p->summary)
        p->summary(ctx, b, done);
    else
        html(out, "<p class=\"lead\">{}</p>",
             say(ctx, "{} succeeded, {} failed.", done, b->count - done));
    html(out, "</header>");
    html(out, "<table class=\"plain\"><thead><tr><th>{}</th><th>{}</th></tr></thead><tbody>",
         tr(ctx, kind_field(k, k->code)->label), say(ctx, "Outcome"));
    for (int pass = 0; pass < 2; pass++) /* failures first */
        for (int i = 0; i < b->count; i++)
            if ((list[i].why != NULL) == (pass == 0))
                draw_outcome(ctx, k, &list[i]);
    html(out,
         "</tbody></table><div class=\"acts\"><a class=\"button primary\" href=\"{}\">{}</a></div>",
         p->back, p->again);
    page_end(ctx);
}

void bulk_take(struct ctx *ctx, const struct bulk *b, const struct bulk_page *page)
{
    struct step_outcome *list = ARENA_ARRAY(ctx->arena, struct step_outcome, b->count);
    if (workflow_take_many(ctx, b->workflow, b->step, b->ids, b->versions, b->count, b->input,
                           list) == OK)
        draw_outcomes(ctx, b, list, page);
}

static void many_prepare(struct ctx *ctx)
{
    const struct workflow *w = workflow_here(ctx);
    ctx->work = bulk_read(ctx, w, w ? workflow_step(w, ctx->web->rest) : NULL,
                          say(ctx, "Select at least one."));
}

static void many(struct ctx *ctx)
{
    const struct kind *k = ctx->web->kind;
    const struct bulk_page page = {.back = kind_href(ctx, k),
                                   .back_label = tr(ctx, k->many),
                                   .again = say(ctx, "Back to the list")};
    bulk_take(ctx, ctx->work, &page);
}

static const struct route table[] = {
    ROUTE_POST("/registers/{name}/{id}/steps/{rest}", ROLES_SIGNED, take, .prepare = take_prepare,
               .failed = taking_failed, .flags = KIND_READ),
    ROUTE_POST("/registers/{name}/steps/{rest}", ROLES_SIGNED, many, .prepare = many_prepare,
               .flags = KIND_READ),
};

/* ---- linli steps ---- */

static const struct workflow *workflow_named(struct ctx *ctx, const char *name)
{
    const char *known = "";
    for (const struct workflow *const *w = modules_workflows(); *w; w++) {
        if (!strcmp((*w)->kind->name, name))
            return *w;
        known = arena_print(ctx->arena, "%s %s", known, (*w)->kind->name);
    }
    fprintf(stderr, "linli: %s\n",
            say(ctx, "“{}” has no steps. Types of record with steps:{}.", name, known));
    return NULL;
}

struct steps_options {
    const char *format;
};
static const struct command_option options[] = {
    {"--format", offsetof(struct steps_options, format)},
    {.name = NULL},
};

static int run_steps(struct ctx *ctx, const struct given *g)
{
    const struct steps_options *o = g->options;
    static const struct {
        const char *format;
        void (*draw)(struct ctx *ctx, struct buf *out, const struct workflow *w);
    } ways[] = {{"text", workflow_text},
                {"mermaid", workflow_mermaid},
                {"dot", workflow_dot},
                {"markdown", workflow_markdown}};
    const struct workflow *w = workflow_named(ctx, g->word_count ? g->words[0] : "requests");
    for (size_t i = 0; w && i < sizeof ways / sizeof *ways; i++)
        if (!strcmp(o->format ? o->format : "text", ways[i].format)) {
            struct buf out;
            buf_init(&out, 0);
            ways[i].draw(ctx, &out, w);
            fwrite(out.data, 1, out.size, stdout);
            buf_release(&out);
            return 0;
        }
    if (w)
        fprintf(stderr, "linli: %s\n",
                say(ctx,
                    "The format must be text, mermaid, dot or markdown, not "
                    "“{}”.",
                    o->format));
    return 2;
}

static const struct command commands[] = {
    {"steps",
     "linli steps [KIND] [--format text|mermaid|dot|markdown]: prints the life of a request, or "
     "the "
     "steps of another kind",
     .most = 1, .data = DATA_NONE, OPTIONS(struct steps_options, options), .run = run_steps},
    {.name = NULL},
};

const struct module workflow_module = {
    .name = "workflow", .routes = ROUTES(table), .commands = commands};
