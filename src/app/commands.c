/*
 * The commands of an installation: making, serving, importing into and
 * checking it. Each opens what it needs; what it says goes to standard output,
 * what is wrong to standard error. Memory is the run's arena.
 */
#include "app/import_run.h"
#include "app/demo.h"
#include "app/install.h"
#include "app/module.h"
#include "db/journal.h"

#include <stdio.h>
#include <stdlib.h>

int command_failed(struct ctx *ctx)
{
    for (const struct problem *p = ctx->problems; p; p = p->next)
        fprintf(stderr, "linli: %s\n", p->text);
    if (!ctx->problems)
        fprintf(stderr, "linli: %s\n", status_name(ctx->status));
    return 1;
}

static int run_init(struct ctx *ctx, const struct options *o)
{
    if (install_create(ctx, o->data, o->pack, DEMO_REQUESTS + (o->requests ? strtoll(o->requests, NULL, 10) : 0)) != OK)
        return command_failed(ctx);
    printf("%s\n", say(ctx, "Created {}.", o->data));
    return 0;
}

static int run_import(struct ctx *ctx, const struct options *o)
{
    struct import im = {.dry_run = o->dry_run, .create = o->create};
    enum status s = install_open(ctx, o->data, DB_WRITE);
    if (s == OK)
        s = import_file(ctx, o->words[0], o->words[1], o->maps, o->map_count, &im);
    if (s != OK && im.added + im.changed + im.same + im.failed == 0)
        return command_failed(ctx);
    for (const struct import_error *e = im.errors; e; e = e->next)
        fprintf(stderr, "%s\n", say(ctx, "Row {}: {}", e->row, e->text));
    if (im.failed > im.errors_kept)
        fprintf(stderr, "%s\n", say(ctx, "… and {} more.", im.failed - im.errors_kept));
    printf("%s\n", say(ctx, "{} added, {} changed, {} as they were, {} refused.", im.added, im.changed, im.same, im.failed));
    if (o->dry_run)
        printf("%s\n", say(ctx, "This was a trial: nothing was stored."));
    return s != OK ? command_failed(ctx) : im.failed ? 1 : 0;
}

static int run_verify(struct ctx *ctx, const struct options *o)
{
    struct journal_report report = {0};
    if (install_open(ctx, o->data, DB_READ) != OK)
        return command_failed(ctx);
    const char *why = NULL;
    enum status s = db_check(ctx->db, ctx->arena, &why);
    if (s == OK)
        s = journal_verify(ctx->db, ctx->arena, &report);
    if (why || (s != OK && s != CONFLICT)) {
        fprintf(stderr, "linli: %s\n", why ? why : say(ctx, "The journal could not be read."));
        return 1;
    }
    if (s == CONFLICT) {
        fprintf(stderr, "%s\n", say(ctx, "The journal does not fit from entry {} on: {}", report.first_bad, report.why));
        return 1;
    }
    printf("%s\n", say(ctx, "{} journal entries, all in order.", report.entries));
    if (report.unsealed > 0)
        printf("%s\n", say(ctx, "{} newer ones have no number yet: they are sealed while Linli serves, within a second.", report.unsealed));
    return 0;
}

static int run_serve(struct ctx *ctx, const struct options *o)
{
    if (install_serve(ctx, o->data, o->listen ? o->listen : "127.0.0.1:8080") != OK)
        return command_failed(ctx);
    return 0;
}

static const struct command commands[] = {
    {"init", "linli init --data DIR [--pack DIR] [--requests N]", .run = run_init},
    {"serve", "linli serve --data DIR [--listen ADDR:PORT]", .run = run_serve},
    {"import", "linli import KIND FILE --data DIR [--map FIELD=COLUMN]... [--create] [--dry-run]", 2, 2, .run = run_import},
    {"verify", "linli verify --data DIR", .run = run_verify},
    {.name = NULL},
};

const struct module install_module = {.name = "install", .commands = commands};
