/*
 * The command line: finds the command in the modules' lists, reads its words
 * and hands over.
 *
 * Exit codes: 0 done, 1 it could not be done (the message says why), 2 the
 * words of the command are wrong. Every command has --help. Memory is one
 * arena a run.
 */
#include "app/module.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct command *command_find(const char *name)
{
    for (int i = 0; modules[i]; i++)
        for (const struct command *c = modules[i]->commands; c && c->name; c++)
            if (!strcmp(c->name, name))
                return c;
    return NULL;
}

static int usage(FILE *to)
{
    fprintf(to, "Linli (邻里): the working software of a community\n\n");
    for (int i = 0; modules[i]; i++)
        for (const struct command *c = modules[i]->commands; c && c->name; c++)
            fprintf(to, "  %s\n", c->usage);
    return to == stdout ? 0 : 2;
}

static bool set_flag(struct options *o, const char *word)
{
    const struct {
        const char *name;
        bool *value;
    } flags[] = {{"--dry-run", &o->dry_run}, {"--help", &o->help}, {"--check", &o->check}, {"--postgres", &o->postgres}};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (!strcmp(flags[i].name, word))
            return *flags[i].value = true;
    return false;
}

static bool read_options(int argc, char **argv, struct options *o)
{
    const struct {
        const char *name, **value;
    } valued[] = {{"--data", &o->data}, {"--pack", &o->pack}, {"--listen", &o->listen}, {"--format", &o->format},
                  {"--output", &o->output}, {"--from", &o->from}, {"--to", &o->to}, {"--requests", &o->requests},
                  {"--role", &o->role}, {"--area", &o->area}, {"--unit", &o->unit}, {"--name", &o->name}};
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
        } else if (set_flag(o, a)) {
            continue;
        } else if (a[0] == '-' || o->word_count == (int)(sizeof o->words / sizeof *o->words)) {
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
    const struct command *c = command_find(argv[1]);
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
    if (o.word_count < c->least || o.word_count > c->most || (!c->no_data && !o.data)) {
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
