/*
 * The command line: finds the command in the modules' lists, reads its words
 * and hands over.
 *
 * Exit codes: 0 done, 1 it could not be done (the message says why), 2 the
 * words of the command are wrong. Every command has --help. An option belongs
 * to a command when the command's usage names it. Memory is one arena a run.
 */
#include "app/module.h"
#include "db/journal.h"

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
    fprintf(to, "\n  linli COMMAND --help says more. Exit codes: 0 done, 1 it could not be done, 2 wrong words.\n");
    return to == stdout ? 0 : 2;
}

/* The usage names it as a word of its own: "--to" is not in "--token". --keys goes with --data. */
static bool belongs(const struct command *c, const char *option)
{
    if (!strcmp(option, "--keys"))
        return strstr(c->usage, "--data") || strstr(c->usage, "--from");
    size_t n = strlen(option);
    for (const char *p = c->usage; (p = strstr(p, option)) != NULL; p += n)
        if (!strchr("abcdefghijklmnopqrstuvwxyz-", p[n]) || !p[n])
            return true;
    return false;
}

static int wrong(const struct command *c, const char *word, const char *what)
{
    fprintf(stderr, "linli: %s %s\nlinli: %s\n", word, what, c->usage);
    return 2;
}

static bool *flag_of(struct options *o, const char *word)
{
    const struct {
        const char *name;
        bool *value;
    } flags[] = {{"--dry-run", &o->dry_run}, {"--create", &o->create},     {"--check", &o->check},     {"--postgres", &o->postgres},
                 {"--encrypt", &o->encrypt}, {"--generate", &o->generate}, {"--proxied", &o->proxied}, {"--erase", &o->erase}};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (!strcmp(flags[i].name, word))
            return flags[i].value;
    return NULL;
}

static const char **value_of(struct options *o, const char *word)
{
    const struct {
        const char *name, **value;
    } valued[] = {{"--data", &o->data},         {"--keys", &o->keys},
                  {"--pack", &o->pack},         {"--listen", &o->listen},
                  {"--format", &o->format},     {"--output", &o->output},
                  {"--from", &o->from},         {"--to", &o->to},
                  {"--requests", &o->requests}, {"--role", &o->role},
                  {"--area", &o->area},         {"--unit", &o->unit},
                  {"--name", &o->name},         {"--language", &o->language},
                  {"--url", &o->url},           {"--passphrase-file", &o->passphrase},
                  {"--key", &o->key},           {"--host", &o->host},
                  {"--parent", &o->parent},     {"--open", &o->open},
                  {"--copy-to", &o->copy_to},   {"--at", &o->at},
                  {"--errors", &o->errors},     {"--store", &o->store}};
    for (size_t i = 0; i < sizeof valued / sizeof *valued; i++)
        if (!strcmp(valued[i].name, word))
            return valued[i].value;
    return NULL;
}

/* 0, or the exit code. --option VALUE and --option=VALUE. */
static int read_options(const struct command *c, int argc, char **argv, struct options *o)
{
    for (int i = 2; i < argc; i++) {
        const char *a = argv[i];
        if (a[0] != '-' || !a[1]) {
            if (o->word_count == (int)(sizeof o->words / sizeof *o->words))
                return wrong(c, a, "is one word too many");
            o->words[o->word_count++] = a;
            continue;
        }
        if (!strcmp(a, "--help")) {
            o->help = true;
            continue;
        }
        char name[32];
        size_t n = strcspn(a, "=");
        if (n >= sizeof name)
            return wrong(c, a, "is not an option");
        memcpy(name, a, n);
        name[n] = '\0';
        bool *flag = flag_of(o, name), is_map = !strcmp(name, "--map");
        const char **value = value_of(o, name);
        if ((!flag && !value && !is_map) || !belongs(c, name) || (flag && a[n]))
            return wrong(c, a, "is not an option of this command");
        if (flag) {
            *flag = true;
            continue;
        }
        if (!a[n] && i + 1 == argc)
            return wrong(c, a, "needs a value");
        if (is_map && o->map_count == 64)
            return wrong(c, a, "can be given 64 times");
        if (is_map)
            value = &o->maps[o->map_count++];
        else if (*value)
            return wrong(c, a, "is given twice");
        *value = a[n] ? a + n + 1 : argv[++i];
        if (!**value)
            return wrong(c, name, "needs a value");
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return usage(stderr);
    if (!strcmp(argv[1], "--help") || (!strcmp(argv[1], "help") && argc == 2))
        return usage(stdout);
    bool help = !strcmp(argv[1], "help");
    const char *name = argv[help ? 2 : 1];
    const struct command *c = command_find(name);
    struct options o = {.help = help};
    if (!c) {
        fprintf(stderr, "linli: there is no command %s\n\n", name);
        return usage(stderr);
    }
    int code = help ? 0 : read_options(c, argc, argv, &o);
    if (code)
        return code;
    if (o.keys)
        setenv("LINLI_KEYS", o.keys, 1);
    struct ctx ctx;
    ctx_init(&ctx, arena_new());
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
    if (o.help) {
        printf("%s\n%s%s", c->usage, c->help ? "\n" : "", c->help ? tr(&ctx, c->help) : "");
    } else if (o.word_count < c->least || o.word_count > c->most || (!c->no_data && !o.data)) {
        code = !c->no_data && !o.data ? wrong(c, "--data DIR", "is needed") : wrong(c, c->name, "takes other words");
    } else {
        code = c->run(&ctx, &o);
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
