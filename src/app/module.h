/*
 * A capability of the program: one struct module says everything the rest must
 * know of it. modules.c lists them; the server, the command line, the figures
 * and the import walk that list. Lists are ended by an empty row unless said
 * otherwise; a part that a module does not have is left out.
 */
#ifndef LINLI_APP_MODULE_H
#define LINLI_APP_MODULE_H

#include "app/figures.h"
#include "app/settings.h"
#include "kind/kind.h"
#include "web/server.h"

/* What a command was given; NULL or 0 where it was not. */
struct options {
    const char *data, *keys, *pack, *listen, *format, *output, *from, *to, *requests, *role, *area, *unit, *name, *language, *url,
        *passphrase, *key, *host, *parent, *open, *copy_to, *at, *errors, *store;
    const char *maps[64];
    int map_count;
    bool dry_run, create, help, check, postgres, encrypt, generate, proxied, erase;
    const char *words[6];
    int word_count;
};

struct command {
    const char *name, *usage;                             /* an option is the command's own when its usage names it */
    int least, most;                                      /* words besides options */
    bool no_data;                                         /* works without --data */
    int (*run)(struct ctx *ctx, const struct options *o); /* exit code: 0 done, 1 could not be done, 2 wrong words */
    const char *help;                                     /* what it does, its options, an example; N_(); NULL: only the usage */
};

enum lane_name {
    LANE_QUICK,
    LANE_SLOW,    /* may wait for others: a mail server */
    LANE_IMPORTS, /* goes on for minutes */
    LANE_COUNT,
};

/*
 * Work that nobody waits for, on the thread of its lane while the program serves. ctx: a fresh arena each run, db a
 * reader inside no transaction, via "job". What it changes goes through door().
 */
struct job {
    const char *name;
    int every; /* seconds between two runs; 0: after each commit, at most once a second */
    void (*run)(struct ctx *ctx);
    bool here;           /* in every process that serves the store (its own memory or files); otherwise in one of them */
    enum lane_name lane; /* the lanes run beside each other */
};

/* What a kind's pages (app/register_pages.c) show beyond what its description says; parts may be NULL. */
struct register_view {
    const struct kind *kind;
    void (*list)(struct ctx *ctx);                            /* above the list */
    void (*detail)(struct ctx *ctx, const void *record);      /* under the record's facts, above its history */
    void (*acts)(struct ctx *ctx, const void *record);        /* buttons beside "Change" */
    const char *fresh;                                        /* the page that makes a new one, when it is not the engine's */
    bool closed;                                              /* entered and changed elsewhere: no form here */
    const char *column;                                       /* N_(): heading of a column of its own, after the others */
    const char *(*cell)(struct ctx *ctx, const void *record); /* what stands in it */
};

struct module {
    const char *name;
    const struct kind *const *kinds; /* ended by NULL */
    struct routes routes;
    const struct place *places;               /* links in the navigation, ended by a NULL href */
    const struct figure *figures;             /* ended by a NULL id */
    const struct command *commands;           /* ended by a NULL name */
    const struct job *jobs;                   /* ended by a NULL name */
    const struct register_view *views;        /* ended by a NULL kind */
    const struct field *settings;             /* app/settings.h; ended by a NULL name */
    const struct setting_page *setting_pages; /* ended by a NULL href */
};
extern const struct module *const modules[]; /* ended by NULL */

/* All route tables of all modules, ended by one without a list, as server_start wants them. Made once. */
const struct routes *modules_routes(void);
/* All kinds of all modules, ended by NULL, as kinds_set wants them. Made once. */
const struct kind *const *modules_kinds(void);
/* "There is no kind “…”. Known are: …" */
const char *kind_names_text(struct ctx *ctx, const char *asked);

/* Runs make behind the door, from a thread that is neither the writer's nor a loop's: a job, an import. ctx->db is
 * the writer during the call. Answers OK when it is durable. ctx->site->writer NULL (a command): a transaction of
 * its own on ctx->db. */
enum status door(struct ctx *ctx, void (*make)(struct ctx *ctx));

struct jobs;
struct jobs *jobs_start(void);
void jobs_join(struct jobs *j, struct site *site);       /* all modules' jobs for it from now on */
void jobs_quit(struct jobs *j, struct site *site);       /* none any more, once the one under way is over (site->closing hastens it) */
void jobs_wake(struct jobs *j, const struct site *site); /* something was committed there */
void jobs_stop(struct jobs *j); /* before the writers, which they use; jobs_wake may still be called by those that end */
void jobs_free(struct jobs *j); /* after the writers */

/* Says the problems of ctx on standard error; answers 1, the exit code. */
int command_failed(struct ctx *ctx);

#endif
