/*
 * The table of a request's life as something to look at: one line a step, a
 * Mermaid or Graphviz diagram, and the page docs/request-life.md. All of them
 * walk request_steps; nothing is drawn by hand.
 */
#include "app/module.h"
#include "app/requests.h"

#include <stdio.h>
#include <string.h>

/* Calls for each arrow: from where, to where, by which step. */
static void arrows(struct buf *out, void (*draw)(struct buf *out, const struct step *s, int from, int to))
{
    for (const struct step *s = request_steps; s->action; s++)
        for (int i = 0; i < REQUEST_STATUS_COUNT; i++)
            if (s->from & (1U << i)) {
                draw(out, s, i, s->to < 0 ? i : s->to);
                if (s->alone >= 0)
                    draw(out, s, i, s->alone);
            }
}

static void line(struct buf *out, const struct step *s, int from, int to)
{
    plain(out, "{} --{}--> {}\n", request_statuses[from].code, s->action, request_statuses[to].code);
}

static void mermaid_arrow(struct buf *out, const struct step *s, int from, int to)
{
    plain(out, "    {} --> {}: {}\n", request_statuses[from].code, request_statuses[to].code, s->action);
}

static void dot_arrow(struct buf *out, const struct step *s, int from, int to)
{
    plain(out, "    {} -> {} [label=\"{}\"];\n", request_statuses[from].code, request_statuses[to].code, s->action);
}

void request_diagram(struct ctx *ctx, struct buf *out)
{
    (void)ctx;
    plain(out, "(new) --file--> {}\n", request_statuses[RECEIVED].code);
    arrows(out, line);
}

void request_mermaid(struct ctx *ctx, struct buf *out)
{
    plain(out, "stateDiagram-v2\n");
    for (int i = 0; i < REQUEST_STATUS_COUNT; i++)
        plain(out, "    {}: {}\n", request_statuses[i].code, tr(ctx, request_statuses[i].label));
    plain(out, "    [*] --> {}: file\n", request_statuses[RECEIVED].code);
    arrows(out, mermaid_arrow);
    plain(out, "    {} --> [*]\n    {} --> [*]\n", request_statuses[CLOSED].code, request_statuses[MERGED].code);
}

void request_dot(struct ctx *ctx, struct buf *out)
{
    plain(out, "digraph request {\n    rankdir=LR;\n    node [shape=box, style=rounded];\n");
    for (int i = 0; i < REQUEST_STATUS_COUNT; i++)
        plain(out, "    {} [label=\"{}\"];\n", request_statuses[i].code, tr(ctx, request_statuses[i].label));
    arrows(out, dot_arrow);
    plain(out, "}\n");
}

static void roles(struct ctx *ctx, struct buf *out, unsigned set)
{
    const char *between = "";
    if (set == ROLE_PUBLIC) {
        plain(out, "{}", say(ctx, "the resident"));
        return;
    }
    for (unsigned r = ROLE_WORKER; r <= ROLE_ADMIN; r <<= 1)
        if (set & r) {
            plain(out, "{}{}", between, role_title(ctx, (enum role)r));
            between = ", ";
        }
}

void request_life(struct ctx *ctx, struct buf *out)
{
    plain(out, "# {}\n\n{}\n\n```mermaid\n", say(ctx, "The life of a request"),
          say(ctx, "Made by `linli steps --format markdown` from the table in `src/app/steps.c`; a test compares the two."));
    request_mermaid(ctx, out);
    plain(out, "```\n\n| {} | {} | {} | {} | {} |\n| --- | --- | --- | --- | --- |\n", say(ctx, "Step"), say(ctx, "From, to"),
          say(ctx, "Who"), say(ctx, "Rule"), say(ctx, "What the resident is told"));
    for (const struct step *s = request_steps; s->action; s++) {
        plain(out, "| {} (`{}`) | ", tr(ctx, s->label), s->action);
        const char *between = "";
        for (int i = 0; i < REQUEST_STATUS_COUNT; i++)
            if (s->from & (1U << i)) {
                plain(out, "{}{}", between, request_statuses[i].code);
                between = ", ";
            }
        plain(out, " → {}", s->to < 0 ? say(ctx, "stays") : request_statuses[s->to].code);
        if (s->alone >= 0)
            plain(out, " ({})", request_statuses[s->alone].code);
        plain(out, " | ");
        roles(ctx, out, s->roles);
        plain(out, " | {} | {} |\n", tr(ctx, s->rule_text), s->told ? tr(ctx, s->told) : "—");
    }
}

static int run_steps(struct ctx *ctx, const struct options *o)
{
    static const struct {
        const char *format;
        void (*draw)(struct ctx *ctx, struct buf *out);
    } ways[] = {{"text", request_diagram}, {"mermaid", request_mermaid}, {"dot", request_dot}, {"markdown", request_life}};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        if (!strcmp(o->format ? o->format : "text", ways[i].format)) {
            struct buf out;
            buf_init(&out, 0);
            ways[i].draw(ctx, &out);
            fwrite(out.data, 1, out.size, stdout);
            buf_release(&out);
            return 0;
        }
    fprintf(stderr, "linli: %s\n", say(ctx, "The formats are text, mermaid, dot and markdown, not “{}”.", o->format));
    return 2;
}

static const struct command commands[] = {
    {"steps", "linli steps [--format text|mermaid|dot|markdown]: prints the life of a request", .no_data = true, .run = run_steps},
    {.name = NULL},
};

const struct module life_module = {.name = "life", .commands = commands};
