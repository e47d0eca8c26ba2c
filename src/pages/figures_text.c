/* All figures as text or JSON, for the command. */
#include "core/module.h"

#include <stdio.h>
#include <string.h>

static struct figure_value *values(struct ctx *ctx, const struct figure_span *span)
{
    int n = 0;
    while (figures_all()[n])
        n++;
    struct figure_value *v = ARENA_ARRAY(ctx->arena, struct figure_value, n + 1);
    figures_values(ctx, figures_all(), span, v);
    return v;
}

static void figures_json(struct ctx *ctx, struct buf *out, const struct figure_span *span)
{
    const struct figure_value *v = values(ctx, span);
    buf_putc(out, '[');
    for (const struct figure *const *f = figures_all(); *f; f++, v++) {
        json(out,
             "{\"id\":{},\"ref\":{},\"title\":{},\"unit\":{},\"value\":{},\"numerator\":{},"
             "\"denominator\":{},\"meaning\":{},\"rule\":{}}",
             (*f)->id, (*f)->ref, tr(ctx, (*f)->title), tr(ctx, (*f)->unit), v->value,
             (struct maybe){v->numerator}, (struct maybe){v->denominator}, tr(ctx, (*f)->meaning),
             (*f)->rule ? (*f)->rule(ctx) : NULL);
        buf_puts(out, f[1] ? ",\n" : "");
    }
    buf_puts(out, "]\n");
}

static void figures_text(struct ctx *ctx, struct buf *out, const struct figure_span *span)
{
    const struct figure_value *v = values(ctx, span);
    for (const struct figure *const *f = figures_all(); *f; f++, v++) {
        plain(out, "{}: {}", tr(ctx, (*f)->title), figure_exact(ctx, *f, v->value));
        if ((*f)->way != RATE) /* which has its sign */
            plain(out, " {}", tr(ctx, (*f)->unit));
        if (v->denominator != NONE && v->numerator != NONE)
            plain(out, " ({} / {})", v->numerator, v->denominator);
        if ((*f)->rule)
            plain(out, " {}", (*f)->rule(ctx));
        buf_putc(out, '\n');
    }
}

struct figures_options {
    const char *from, *to, *format;
    struct figure_span span; /* what they come to */
};
static const struct command_option options[] = {
    {"--from", offsetof(struct figures_options, from)},
    {"--to", offsetof(struct figures_options, to)},
    {"--format", offsetof(struct figures_options, format)},
    {.name = NULL},
};

static int figures_check(struct ctx *ctx, struct given *g, enum command_store *store)
{
    struct figures_options *o = g->options;
    (void)store;
    o->span = (struct figure_span)FIGURE_ALL;
    if (o->format && strcmp(o->format, "json") && strcmp(o->format, "text"))
        ctx_problem(ctx, NULL, say(ctx, "The format must be text or json."));
    else if (figure_period(ctx, o->from, false, &o->span.from) &&
             figure_period(ctx, o->to, true, &o->span.to))
        return 0;
    return COMMAND_FAILED;
}

static int run_figures(struct ctx *ctx, const struct given *g)
{
    const struct figures_options *o = g->options;
    struct buf out;
    buf_init(&out, 0);
    if (o->format && !strcmp(o->format, "json"))
        figures_json(ctx, &out, &o->span);
    else
        figures_text(ctx, &out, &o->span);
    bool good = db_status(ctx->db) == OK;
    if (good)
        fwrite(out.data, 1, out.size, stdout);
    else
        ctx_fail(ctx, db_status(ctx->db), NULL);
    buf_release(&out);
    return good ? 0 : COMMAND_FAILED;
}

static const struct command commands[] = {
    {"figures", "linli figures --data DIR [--from DATE] [--to DATE] [--format text|json]",
     .store = STORE_READ, OPTIONS(struct figures_options, options), .check = figures_check,
     .run = run_figures},
    {.name = NULL},
};

const struct module figures_text_module = {.name = "figures_text", .commands = commands};
