/*
 * Fields of hand-written forms. All fields use the same three parts, so
 * labels, hints and problems look the same on all pages, and screen readers
 * read them with their control.
 */
#include "web/fields.h"

#include "base/text.h"
#include "base/when.h"

#include <string.h>

/* ---- parts ---- */

void field_begin(struct ctx *ctx, const char *name, const char *label, bool optional,
                 const char *hint)
{
    struct buf *out = ctx->web->out;
    html(out, "<div class=\"field\"><label for=\"f-{}\">{}", name, label);
    if (optional)
        html(out, " <i>{}</i>", say(ctx, "optional"));
    buf_puts(out, "</label>");
    if (hint)
        html(out, "<p class=\"hint\" id=\"f-{}-h\">{}</p>", name, hint);
}

void field_described(struct ctx *ctx, const char *name, bool hint)
{
    bool problem = ctx_problem_of(ctx, name) != NULL;
    if (!hint && !problem)
        return;
    struct buf *out = ctx->web->out;
    buf_puts(out, " aria-describedby=\"");
    if (hint)
        html(out, "f-{}-h", name);
    if (problem)
        html(out, "{}f-{}-p", hint ? " " : "", name);
    buf_puts(out, problem ? "\" aria-invalid=\"true\"" : "\"");
}

void field_problem(struct ctx *ctx, const char *name)
{
    const char *problem = ctx_problem_of(ctx, name);
    if (problem)
        html(ctx->web->out, "<p class=\"problem\" id=\"f-{}-p\">{} {}</p>", name,
             icon(ctx, "alert-circle"), problem);
}

static void field_finish(struct ctx *ctx, const char *name)
{
    field_problem(ctx, name);
    buf_puts(ctx->web->out, "</div>");
}

/* ---- lines and texts ---- */

void line_field(struct ctx *ctx, const struct line *l)
{
    struct buf *out = ctx->web->out;
    field_begin(ctx, l->name, l->label, l->optional, l->hint);
    html(out, "<input id=\"f-{}\" name=\"{}\" type=\"{}\" value=\"{}\"", l->name, l->name,
         l->type ? l->type : "text", l->value ? l->value : param(ctx, l->name));
    if (l->autocomplete)
        html(out, " autocomplete=\"{}\"", l->autocomplete);
    field_described(ctx, l->name, l->hint != NULL);
    buf_putc(out, '>');
    field_finish(ctx, l->name);
}

void text_field(struct ctx *ctx, const char *name, const char *label, const char *hint, int most,
                const char *value)
{
    struct buf *out = ctx->web->out;
    field_begin(ctx, name, label, false, hint);
    html(out, "<textarea id=\"f-{}\" name=\"{}\" rows=\"3\" maxlength=\"{}\"", name, name, most);
    field_described(ctx, name, hint != NULL);
    html(out, ">{}</textarea>", param(ctx, name) ? param(ctx, name) : value);
    field_finish(ctx, name);
}

/* ---- choices ---- */

static void option_draw(struct ctx *ctx, const char *value, const char *text, const char *chosen)
{
    html(ctx->web->out, "<option value=\"{}\"{}>{}</option>", value,
         (struct markup){chosen && !strcmp(chosen, value) ? " selected" : ""}, text);
}

void select_field(struct ctx *ctx, const char *name, const char *label, const char *hint,
                  const char *none, const struct choice *choices, struct rows *rows,
                  const char *chosen)
{
    struct buf *out = ctx->web->out;
    chosen = param(ctx, name) ? param(ctx, name) : chosen;
    field_begin(ctx, name, label, false, hint);
    html(out, "<select id=\"f-{}\" name=\"{}\"", name, name);
    field_described(ctx, name, hint != NULL);
    buf_putc(out, '>');
    if (none)
        option_draw(ctx, "", none, NULL);
    for (const struct choice *c = choices; c && c->code; c++)
        option_draw(ctx, c->code, tr(ctx, c->label), chosen);
    while (rows && rows_next(rows))
        option_draw(ctx, arena_copy(ctx->arena, row_text(rows, "id")),
                    arena_copy(ctx->arena,
                               ctx_pick(ctx, row_text(rows, "name"), row_text(rows, "name_en"))),
                    chosen);
    buf_puts(out, "</select>");
    field_finish(ctx, name);
}

/* ---- times ---- */

const char *local_time(struct ctx *ctx, int64_t t)
{
    if (t == NONE)
        return NULL;
    struct civil c = civil_from_when(t);
    return arena_print(ctx->arena, "%04d-%02d-%02dT%02d:%02d", c.year, c.month, c.day, c.hour,
                       c.minute);
}

int64_t time_typed(struct ctx *ctx, const char *name)
{
    const char *typed = param(ctx, name);
    int64_t t;
    bool has_time = false;
    if (!typed || !*typed)
        return NONE;
    if (when_parse(typed, &t, &has_time) && has_time)
        return t;
    ctx_problem(ctx, name, say(ctx, "Enter the date and time, e.g. 2026-03-05 14:30."));
    return NONE;
}

void time_field(struct ctx *ctx, const char *name, const char *label, const char *hint,
                int64_t value)
{
    struct buf *out = ctx->web->out;
    field_begin(ctx, name, label, false, hint);
    html(out, "<input id=\"f-{}\" type=\"datetime-local\" name=\"{}\" value=\"{}\"", name, name,
         param(ctx, name) ? param(ctx, name) : local_time(ctx, value));
    field_described(ctx, name, hint != NULL);
    buf_putc(out, '>');
    field_finish(ctx, name);
}

/* ---- a part folded to one line ---- */

void fold_begin(struct ctx *ctx, const struct fold *f)
{
    bool filled = f->value && !text_blank(f->value);
    html(ctx->web->out,
         "<details class=\"line{}\" id=\"{}\" data-line=\"{}\"{}{}><summary>{}<span>{} "
         "<b>{}</b></span>",
         (struct markup){filled ? " filled" : ""}, f->id, f->none,
         (struct markup){f->close ? " data-close" : ""}, (struct markup){f->open ? " open" : ""},
         icon(ctx, f->icon), f->label, filled ? text_cut(ctx->arena, f->value, 24) : f->none);
    if (f->none)
        html(ctx->web->out, " <i class=\"add\">{}</i><i class=\"change\">{}</i>",
             f->add ? f->add : say(ctx, "add"), say(ctx, "change"));
    buf_puts(ctx->web->out, "</summary><div>");
}

void fold_end(struct ctx *ctx)
{
    buf_puts(ctx->web->out, "</div></details>");
}
