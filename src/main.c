/*
 * The command line: finds the command in the modules' lists, parses its
 * arguments and runs it.
 *
 * Exit codes: 0 done, 1 failed (the message says why), 2 wrong usage. Every
 * command has --help and its own table of options. Each run has one arena.
 */
#include "core/module.h"
#include "db/journal.h"
#include "program/install.h"
#include "program/modules.h"

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
    fprintf(to, "Linli (邻里): community software\n\n");
    for (int i = 0; modules[i]; i++)
        for (const struct command *c = modules[i]->commands; c && c->name; c++)
            fprintf(to, "  %s\n", c->usage);
    fprintf(to, "\n  linli COMMAND --help says more. Exit codes: 0 done, 1 it could not be done, 2 "
                "wrong usage.\n");
    return to == stdout ? 0 : 2;
}

/* Options that are common to all commands. */
struct common {
    const char *data, *keys;
    bool help;
};

static int wrong(const struct command *c, const char *word, const char *what)
{
    fprintf(stderr, "linli: %s %s\nlinli: %s\n", word, what, c->usage);
    return 2;
}

static const struct command_option *option_find(const struct command *c, const char *name)
{
    for (const struct command_option *o = c->options; o && o->name; o++)
        if (!strcmp(o->name, name))
            return o;
    return NULL;
}

/* Options of every command that works on a database; --keys also if --from
 * names one. */
static const char **common_value(const struct command *c, struct common *common, const char *name)
{
    if (!strcmp(name, "--data") && c->data != DATA_NONE)
        return &common->data;
    if (!strcmp(name, "--keys") && (c->data != DATA_NONE || option_find(c, "--from")))
        return &common->keys;
    return NULL;
}

/* Returns the next slot of an array; NULL if it is full. */
static const char **option_place(struct option_list *list)
{
    return list->count == OPTION_LIST_MOST ? NULL : &list->texts[list->count++];
}

/* Parses --option VALUE or --option=VALUE; a separate value advances *i.
 * Returns 0, or the exit code. */
static int read_option(const struct command *c, int argc, char **argv, int *i, struct given *g,
                       struct common *common)
{
    const char *a = argv[*i];
    char name[32];
    size_t n = strcspn(a, "=");
    if (n >= sizeof name)
        return wrong(c, a, "is not an option");
    memcpy(name, a, n);
    name[n] = '\0';
    const struct command_option *o = option_find(c, name);
    const char **value = common_value(c, common, name);
    if ((!o && !value) || (o && o->type == OPTION_FLAG && a[n]))
        return wrong(c, a, "is not an option of this command");
    char *at = o ? (char *)g->options + o->at : NULL;
    if (o && o->type == OPTION_FLAG) {
        *(bool *)at = true;
        return 0;
    }
    if (!a[n] && *i + 1 == argc)
        return wrong(c, a, "needs a value");
    if (o && o->type == OPTION_LIST) {
        if (!(value = option_place((struct option_list *)at)))
            return wrong(c, a, "can be given 64 times");
    } else if (*(value = o ? (const char **)at : value)) {
        return wrong(c, a, "is given twice");
    }
    *value = a[n] ? a + n + 1 : argv[++*i];
    return **value ? 0 : wrong(c, name, "needs a value");
}

static int read_options(const struct command *c, int argc, char **argv, struct given *g,
                        struct common *common)
{
    int code = 0;
    for (int i = 2; i < argc && code == 0; i++) {
        const char *a = argv[i];
        if (!strcmp(a, "--help"))
            common->help = true;
        else if (a[0] == '-' && a[1])
            code = read_option(c, argc, argv, &i, g, common);
        else if (g->word_count == (int)(sizeof g->words / sizeof *g->words))
            code = wrong(c, a, "is one word too many");
        else
            g->words[g->word_count++] = a;
    }
    g->data = common->data;
    return code;
}

int main(int argc, char **argv)
{
    program_modules();
    if (argc < 2)
        return usage(stderr);
    if (!strcmp(argv[1], "--help") || (!strcmp(argv[1], "help") && argc == 2))
        return usage(stdout);
    bool help = !strcmp(argv[1], "help");
    const char *name = argv[help ? 2 : 1];
    const struct command *c = command_find(name);
    struct common common = {.help = help};
    struct given given = {.word_count = 0};
    if (!c) {
        fprintf(stderr, "linli: there is no command %s\n\n", name);
        return usage(stderr);
    }
    struct ctx ctx;
    ctx_init(&ctx, arena_new());
    given.options = memset(arena_alloc(ctx.arena, c->options_size + 1), 0, c->options_size + 1);
    int code = help ? 0 : read_options(c, argc, argv, &given, &common);
    if (code) {
        arena_free(ctx.arena);
        return code;
    }
    if (common.keys)
        setenv("LINLI_KEYS", common.keys, 1);
    const char *lang = getenv("LC_ALL");
    lang = lang && *lang ? lang : getenv("LANG");
    ctx.lang = lang && !strncmp(lang, "zh", 2) ? "zh_CN" : "en";
    static const struct grant everything[] = {{ROLE_OFFICE, NONE, NONE}, {ROLE_ADMIN, NONE, NONE}};
    ctx.actor = (struct actor){.user = NONE,
                               .name = "command",
                               .roles = ROLE_PUBLIC | ROLE_OFFICE | ROLE_ADMIN,
                               .grants = everything,
                               .grant_count = 2,
                               .via = "command"};
    if (common.help) {
        printf("%s\n%s%s", c->usage, c->help ? "\n" : "", c->help ? tr(&ctx, c->help) : "");
    } else if (c->data == DATA_NEEDED && !given.data) {
        code = wrong(c, "--data DIR", "is needed");
    } else if (given.word_count < c->least || given.word_count > c->most) {
        code = wrong(c, c->name, "takes other words");
    } else {
        code = command_run(&ctx, c, &given);
        if (fflush(stdout) != 0 && code == 0) {
            perror("linli");
            code = 1;
        }
    }
    if (ctx.db) {
        journal_finish(ctx.db);
        db_close(ctx.db);
    }
    arena_free(ctx.arena);
    return code;
}
