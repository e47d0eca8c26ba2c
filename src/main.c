/*
 * The command line: finds the command, opens the installation, and hands over.
 *
 * Exit codes: 0 done, 1 it could not be done (the message says why), 2 the
 * words of the command are wrong. Every command has --help. Memory is one
 * arena a run.
 */
#include "app/figures.h"
#include "app/install.h"
#include "app/registers.h"
#include "app/requests.h"
#include "base/when.h"
#include "db/journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEMO_REQUESTS 300 /* in a new demonstration, unless told otherwise */

struct options {
    const char *data, *pack, *listen, *format, *output, *from, *to, *requests;
    const char *maps[64];
    int map_count;
    bool dry_run, help;
    const char *words[4];
    int word_count;
};

struct command {
    const char *name, *usage;
    int words; /* how many it needs besides options */
    int (*run)(struct ctx *ctx, const struct options *o);
};

static int complain(struct ctx *ctx)
{
    for (const struct problem *p = ctx->problems; p; p = p->next)
        fprintf(stderr, "linli: %s\n", p->text);
    if (!ctx->problems)
        fprintf(stderr, "linli: %s\n", status_name(ctx->status));
    return 1;
}

static int run_init(struct ctx *ctx, const struct options *o)
{
    if (install_create(ctx, o->data, o->pack, o->requests ? strtoll(o->requests, NULL, 10) : DEMO_REQUESTS) != OK)
        return complain(ctx);
    printf("%s\n", say(ctx, "Created {}.", o->data));
    return 0;
}

static int run_import(struct ctx *ctx, const struct options *o)
{
    struct import im;
    if (install_open(ctx, o->data, DB_WRITE) != OK ||
        install_import(ctx, o->words[0], o->words[1], o->maps, o->map_count, o->dry_run, &im) != OK)
        return complain(ctx);
    for (const struct import_error *e = im.errors; e; e = e->next)
        fprintf(stderr, "%s\n", say(ctx, "Row {}: {}", e->row, e->text));
    printf("%s\n", say(ctx, "{} added, {} changed, {} as they were, {} refused.", im.added, im.changed, im.same, im.failed));
    return im.failed ? 1 : 0;
}

static bool period_end(struct ctx *ctx, const char *typed, bool last, int64_t *t)
{
    int64_t day;
    *t = NONE;
    if (!typed)
        return true;
    if (!day_parse(typed, &day)) {
        ctx_problem(ctx, NULL, say(ctx, "“{}” is not a date; 2026-03-05 would be one.", typed));
        return false;
    }
    *t = when_day_start(last ? day + 1 : day);
    return true;
}

static int run_figures(struct ctx *ctx, const struct options *o)
{
    int64_t from, to;
    if (!period_end(ctx, o->from, false, &from) || !period_end(ctx, o->to, true, &to) ||
        install_open(ctx, o->data, DB_READ) != OK)
        return complain(ctx);
    struct buf out;
    buf_init(&out, 0);
    if (o->format && !strcmp(o->format, "json"))
        figures_json(ctx, &out, from, to);
    else
        figures_text(ctx, &out, from, to);
    fwrite(out.data, 1, out.size, stdout);
    buf_release(&out);
    return 0;
}

static int run_verify(struct ctx *ctx, const struct options *o)
{
    struct journal_report report;
    if (install_open(ctx, o->data, DB_READ) != OK)
        return complain(ctx);
    const char *why = NULL;
    if (db_check(ctx->db, ctx->arena, &why) != OK || journal_verify(ctx->db, ctx->arena, &report) != OK) {
        fprintf(stderr, "linli: %s\n", why ? why : say(ctx, "The journal could not be read."));
        return 1;
    }
    if (report.first_bad != NONE) {
        fprintf(stderr, "%s\n", say(ctx, "The journal does not fit from entry {} on: {}", report.first_bad, report.why));
        return 1;
    }
    printf("%s\n", say(ctx, "{} journal entries, all in order.", report.entries));
    return 0;
}

static int run_serve(struct ctx *ctx, const struct options *o)
{
    if (install_serve(ctx, o->data, o->listen ? o->listen : "127.0.0.1:8080") != OK)
        return complain(ctx);
    return 0;
}

static int run_steps(struct ctx *ctx, const struct options *o)
{
    (void)o;
    struct buf out;
    buf_init(&out, 0);
    request_diagram(ctx, &out);
    fwrite(out.data, 1, out.size, stdout);
    buf_release(&out);
    return 0;
}

static const struct command commands[] = {
    {"init", "linli init --data DIR [--pack DIR] [--requests N]", 0, run_init},
    {"serve", "linli serve --data DIR [--listen ADDR:PORT]", 0, run_serve},
    {"import", "linli import KIND FILE --data DIR [--map FIELD=COLUMN]... [--dry-run]", 2, run_import},
    {"figures", "linli figures --data DIR [--from DATE] [--to DATE] [--format text|json]", 0, run_figures},
    {"verify", "linli verify --data DIR", 0, run_verify},
    {"steps", "linli steps: prints the life of a request, one line a step", 0, run_steps},
};
#define COMMAND_COUNT (sizeof commands / sizeof *commands)

static int usage(FILE *to)
{
    fprintf(to, "Linli (邻里): the working software of a community\n\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(to, "  %s\n", commands[i].usage);
    return to == stdout ? 0 : 2;
}

static bool read_options(int argc, char **argv, struct options *o)
{
    const struct {
        const char *name, **value;
    } valued[] = {{"--data", &o->data}, {"--pack", &o->pack}, {"--listen", &o->listen}, {"--format", &o->format},
                  {"--output", &o->output}, {"--from", &o->from}, {"--to", &o->to}, {"--requests", &o->requests}};
    for (int i = 2; i < argc; i++) {
        const char *a = argv[i];
        size_t v = 0, most = sizeof valued / sizeof *valued;
        while (v < most && strcmp(a, valued[v].name) != 0)
            v++;
        bool is_map = !strcmp(a, "--map");
        if (v < most || is_map) {
            if (i + 1 == argc || (is_map && o->map_count == 64)) {
                fprintf(stderr, "linli: %s needs a value\n", a);
                return false;
            }
            if (is_map)
                o->maps[o->map_count++] = argv[++i];
            else
                *valued[v].value = argv[++i];
        } else if (!strcmp(a, "--dry-run")) {
            o->dry_run = true;
        } else if (!strcmp(a, "--help")) {
            o->help = true;
        } else if (a[0] == '-' || o->word_count == 4) {
            fprintf(stderr, "linli: %s is not known here\n", a);
            return false;
        } else {
            o->words[o->word_count++] = a;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return usage(stderr);
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "help"))
        return usage(stdout);
    const struct command *c = NULL;
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (!strcmp(commands[i].name, argv[1]))
            c = &commands[i];
    struct options o = {0};
    if (!c) {
        fprintf(stderr, "linli: there is no command %s\n", argv[1]);
        return usage(stderr);
    }
    if (!read_options(argc, argv, &o))
        return 2;
    if (o.help) {
        printf("%s\n", c->usage);
        return 0;
    }
    if (o.word_count != c->words || (c->run != run_steps && !o.data)) {
        fprintf(stderr, "linli: %s\n", c->usage);
        return 2;
    }
    struct ctx ctx;
    ctx_init(&ctx, arena_new());
    const char *lang = getenv("LANG");
    ctx.lang = lang && !strncmp(lang, "zh", 2) ? "zh_CN" : "en";
    ctx.actor.via = "command";
    ctx.actor.roles = ROLE_PUBLIC | ROLE_OFFICE | ROLE_ADMIN;
    ctx.actor.name = "command";
    int code = c->run(&ctx, &o);
    if (ctx.db)
        db_close(ctx.db);
    arena_free(ctx.arena);
    return code;
}
