/*
 * A capability of the program. Its struct module tells the rest of the program
 * all it must know about it. program/modules.c lists the modules; the server,
 * the command line, statistics and imports walk that list. Lists end with an
 * empty row unless stated otherwise. Members that a module does not need are
 * left out.
 */
#ifndef LINLI_APP_MODULE_H
#define LINLI_APP_MODULE_H

#include "core/figures.h"
#include "core/notices.h"
#include "core/settings.h"
#include "core/setup.h"
#include "kind/kind.h"
#include "web/server.h"

/* A command's arguments. data: the database, from --data; NULL without it. options: the
 * command's own struct; options not given are NULL, false or empty. */
struct given {
    const char *data;
    const char *words[6];
    int word_count;
    void *options;
};

/* An option of a command: where its value goes in the command's own struct, and its type there:
 * const char *, bool, or struct option_list. */
enum option_type { OPTION_TEXT, OPTION_FLAG, OPTION_LIST };
struct command_option {
    const char *name; /* "--from" */
    size_t at;
    enum option_type type;
};
#define OPTION_LIST_MOST 64 /* more are refused */
struct option_list {
    const char *texts[OPTION_LIST_MOST];
    int count;
};

enum command_data {
    DATA_NEEDED,
    DATA_TAKEN,
    DATA_NONE
}; /* is --data required, optional or refused? */
enum command_store { STORE_NONE, STORE_READ, STORE_WRITE };
#define COMMAND_FAILED (-1) /* the problem is in ctx; the exit code is 1 */

/*
 * A command of `linli`. The program opens the database that it needs, reports
 * problems, and closes it:
 *
 *     struct figures_options { const char *from; };
 *     static const struct command_option options[] = {
 *         {"--from", offsetof(struct figures_options, from)}, {.name = NULL}};
 *     static const struct command commands[] = {
 *         {"figures", "linli figures --data DIR [--from DATE]", .store = STORE_READ,
 *          OPTIONS(struct figures_options, options), .run = run_figures}, {.name = NULL}};
 */
struct command {
    const char *name, *usage;
    int least, most; /* number of arguments besides options */
    enum command_data data;
    enum command_store store;
    const struct command_option *options; /* ended by a NULL name */
    size_t options_size;                  /* size of the command's own struct */
    /* Called before the database is opened: refuses the arguments (returns an exit code or
     * COMMAND_FAILED), or changes how this call needs the database. NULL: nothing to check. */
    int (*check)(struct ctx *ctx, struct given *g, enum command_store *store);
    /* Returns the exit code (0 done, 1 failed, 2 wrong usage) or COMMAND_FAILED. */
    int (*run)(struct ctx *ctx, const struct given *g);
    const char *help; /* what it does, its options, an example; N_(); NULL: only the usage */
};
#define OPTIONS(struct_, table_) .options = (table_), .options_size = sizeof(struct_)

enum lane_name {
    LANE_QUICK,
    LANE_SLOW,    /* may wait for other systems, such as a mail server */
    LANE_IMPORTS, /* may run for minutes */
    LANE_COUNT,
};

/*
 * Background work, on the thread of its lane while the server runs. ctx has a
 * fresh arena for each run, a reader outside a transaction as db, and via
 * "job". Changes go through writer_call().
 */
struct job {
    const char *name;
    int every; /* seconds between two runs; 0: after each commit, at most once a second */
    void (*run)(struct ctx *ctx);
    bool here; /* runs in every process that serves the database (for its own memory or files);
                  otherwise in one */
    enum lane_name lane; /* the lanes run in parallel */
};

/* What became of a site's jobs since the program started, by name; in arena a. */
struct job_state {
    const char *name;
    int64_t last, failures, failed_at; /* last: when it ended; failed_at: 0: never */
};
const struct job_state *jobs_states(const struct site *site, struct arena *a, int *count);

extern const char linli_version[]; /* "0.1.0" */

/* What a kind's pages (pages/register_pages.c) show besides its description; members may be
 * NULL. Several modules may extend a kind: links of all are drawn; of the other members, the
 * first module's are used. */
struct register_view {
    const struct kind *kind;
    void (*list)(struct ctx *ctx); /* above the list */
    void (*detail)(struct ctx *ctx,
                   const void *record); /* below the record's facts, above its history */
    void (*links)(struct ctx *ctx,
                  const void *record); /* links to other pages about it, above the details */
    void (*acts)(struct ctx *ctx, const void *record); /* buttons beside "Change" */
    const char *fresh;                 /* the page for a new record, if not the generated one */
    void (*imported)(struct ctx *ctx); /* what follows an import: on its page, once it is done */
    bool closed;                       /* records are created and changed elsewhere: no form here */
    const char *column;                /* N_(): heading of an extra column, after the others */
    const char *(*cell)(struct ctx *ctx, const void *record); /* the content of that column */
};

/*
 * A reaction of another capability to a change of a record. It runs at the end
 * of record_insert (before NULL) or record_update, in their transaction, so it
 * is undone with them. Like everything on the writer thread it may run twice.
 * A status other than OK fails the change.
 */
struct reaction {
    const struct kind *kind;
    const char *action; /* the change's action in the audit log: "leave" */
    enum status (*run)(struct ctx *ctx, const void *before, const void *after);
};

/* What an account still holds, and where it goes when the account is deactivated. */
struct holding {
    /* In a sentence or two; NULL: nothing. */
    const char *(*held)(struct ctx *ctx, int64_t user);
    const char *href; /* where to look at it; {id} is the account; NULL */
};
/* Names of a query's rows (name, name_en), each once, as a list for people; ends the rows. */
const char *list_names(struct ctx *ctx, struct rows *r);

struct workflow;
struct due_source;
struct merge_rule;
struct merge_column;
struct offline_entry;

struct module {
    const char *name;
    const struct kind *const *kinds;         /* ended by NULL */
    const struct workflow *const *workflows; /* core/workflow.h; ended by NULL */
    struct routes routes;
    struct routes (*routes_made)(
        void); /* more routes, made from all modules' kinds; called once, when those are known */
    /* Identifies the actor from the content of the module's cookie (site->card) and fills
     * ctx->actor; returns false if it can't. cookie NULL: there is none. */
    bool (*actor)(struct ctx *ctx, const char *cookie);
    /* Finds the telephone number of the office where its settings state none (site_words). */
    const char *(*phone)(struct ctx *ctx);
    /* On the writer thread, after the calendar or the default deadlines changed: recalculates
     * deadlines that are open and were not set by hand. Cached calendars are out of date.
     * Returns how many moved; NONE: failed. */
    int64_t (*recount)(struct ctx *ctx);
    const struct reaction *reactions;         /* ended by a NULL kind */
    const struct merge_rule *merges;          /* app/registers/merge.h; ended by a NULL kind */
    const struct merge_column *merge_columns; /* ended by a NULL kind */
    const struct offline_entry *offline;      /* core/offline.h; ended by a NULL what */
    const struct place *places;               /* links in the navigation, ended by a NULL href */
    const struct figure *figures;             /* ended by a NULL id */
    const struct due_source *due;             /* core/due.h; ended by a NULL id */
    const struct command *commands;           /* ended by a NULL name */
    const struct job *jobs;                   /* ended by a NULL name */
    const struct register_view *views;        /* ended by a NULL kind */
    const struct field *settings;             /* core/settings.h; ended by a NULL name */
    /* What its entries in the audit log contain besides fields of the record (a grant's role, a
     * setting without a field), with offset SETTING, for their labels and values. F_LONG is
     * shown only to those who may read the kind. Ended by a NULL name. */
    const struct field *logged;
    const struct recipient *recipients;       /* core/notices.h; ended by a NULL prefix */
    const struct notice_subject *subjects;    /* what its notices are about; ended by a NULL kind */
    const struct setting_page *setting_pages; /* ended by a NULL href */
    const struct holding *holdings;           /* ended by a NULL held */
    const struct setup_step *setup;           /* core/setup.h; ended by a NULL name */
};
/* The list given to modules_set, ended by NULL. modules_set makes the tables below from it and
 * calls kinds_set. Call it once, before threads start. Tables are as long as needed. */
extern const struct module *const *modules;
void modules_set(const struct module *const *list);

/* The route tables of all modules, ended by one without a list, as for server_start. */
const struct routes *modules_routes(void);
/* The kinds of all modules, ended by NULL. */
const struct kind *const *modules_kinds(void);
/* The navigation: the places of all modules ordered by rank, as for struct site. */
const struct place *const *modules_places(void);
/* Calls the modules' actor hooks, one after the other, until one identifies the actor. */
bool modules_actor(struct ctx *ctx, const char *cookie);
/* The first number that a module finds; NULL: none. */
const char *modules_phone(struct ctx *ctx);
/*
 * On the writer thread: runs the recount hooks of all modules. kind: the kind
 * whose audit log entry says how many deadlines moved. recount_follow is for a
 * kind's settle and import_done; it logs nothing if nothing moved.
 * recount_tell is for a page: it appends how many moved to what, in the
 * reader's language, and shows that on the next page; false: failed.
 */
enum status recount_follow(struct ctx *ctx, const char *kind);
bool recount_tell(struct ctx *ctx, const char *kind, const char *what);
/* The workflows of all modules, ended by NULL. A faulty one ends the program at start-up. */
const struct workflow *const *modules_workflows(void);
/* "There is no kind “…”. Known are: …" */
const char *kind_names_text(struct ctx *ctx, const char *asked);

/*
 * Runs make on the writer thread. Call it from a thread that is neither the
 * writer's nor an event loop's: a job, an import. ctx->db is the writer during
 * the call. Returns OK once the change is durable. ctx->site->writer NULL (a
 * command): runs it in its own transaction on ctx->db.
 *
 * May run twice. Code on the writer thread (make here, a route's change, a
 * kind's insert and settle) can be rolled back and run again: another
 * process's change conflicted, the connection was lost before the commit, or
 * another task of the group failed. Before the second run the context and a
 * partly written answer are reset. Everything else, above all ctx->work, is as
 * the first run left it. Such code therefore
 *
 * - changes only the database, the context, the answer, and memory from
 *   ctx->arena;
 * - returns results in places that each run sets anew (no "if not set yet", no
 *   incrementing); callers read them only if writer_call returned OK;
 * - sends nothing and touches no file: do that afterwards, or in a job.
 *
 *     struct found { int64_t n; } *f = ctx->work;
 *     f->n = 0;                              (otherwise the first run's n remains)
 *     while (rows_next(r)) f->n++;
 *
 * Tests run every change twice: LINLI_TWICE=1 (db/writer.c), which script/test
 * sets for its part "twice".
 */
enum status writer_call(struct ctx *ctx, void (*make)(struct ctx *ctx));

struct jobs;
struct jobs *jobs_start(void);
void jobs_join(struct jobs *j, struct site *site); /* starts all modules' jobs for the site */
void jobs_quit(
    struct jobs *j,
    struct site *site); /* stops them, and waits for the running one (sooner if site->closing) */
void jobs_wake(struct jobs *j,
               const struct site *site); /* something was committed to the site's database */
void jobs_stop(
    struct jobs *j); /* before the writers, which jobs use; jobs_wake may still be called */
void jobs_free(struct jobs *j); /* after the writers */

/* The modules of src/core, for program/modules.c. */
#define CORE_MODULES(M) \
    M(importer_module) \
    M(photos_module) \
    M(tries_module) \
    M(settings_module) \
    M(figures_module) \
    M(deliver_module) \
    M(notices_module) \
    M(due_module) \
    M(offline_module)

#endif
