/*
 * tenant: adds, lists, renames and removes the subdistricts of an installation.
 * Renaming and removing only change the registry, so they work while it is
 * serving. A removed database stays in place unless --erase.
 */
#include "program/demo.h"
#include "program/install.h"
#include "core/module.h"
#include "core/store.h"
#include "program/tenants.h"
#include "base/seal.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REQUESTS_MOST 10000000

static const char *store_name(struct ctx *ctx, const char *address, const char *name)
{
    if (!db_is_postgres(address))
        return name;
    char *schema = arena_print(ctx->arena, "t_%s", name);
    for (char *p = schema; *p; p++)
        if (*p == '-')
            *p = '_';
    return schema;
}

static const struct tenant_row *find(const struct tenant_row *list, const char *name)
{
    while (list && strcmp(list->name, name) != 0)
        list = list->next;
    return list;
}

static bool name_check(struct ctx *ctx, const char *name)
{
    if (!tenant_name_fine(name, strlen(name)))
        ctx_problem(ctx, NULL,
                    say(ctx,
                        "“{}” is not a valid subdistrict name: use lower-case letters, "
                        "digits and "
                        "-, up to 40 characters.",
                        name));
    return ctx_ok(ctx);
}

struct tenant_options {
    const char *pack, *requests, *host, *parent, *store;
    bool erase;
};
static const struct command_option options[] = {
    {"--pack", offsetof(struct tenant_options, pack)},
    {"--requests", offsetof(struct tenant_options, requests)},
    {"--host", offsetof(struct tenant_options, host)},
    {"--parent", offsetof(struct tenant_options, parent)},
    {"--store", offsetof(struct tenant_options, store)},
    {"--erase", offsetof(struct tenant_options, erase), OPTION_FLAG},
    {.name = NULL},
};

/* name: the tenant that gets the host and the parent. */
static bool more_check(struct ctx *ctx, const char *name, const struct tenant_options *o,
                       const struct tenant_row *list)
{
    if (o->host && (strspn(o->host, "abcdefghijklmnopqrstuvwxyz0123456789.-:") != strlen(o->host) ||
                    strlen(o->host) > 200))
        ctx_problem(ctx, NULL,
                    say(ctx, "--host must be a name such as chengdong.example.cn, in lower case, "
                             "with the port if not the default."));
    if (o->parent && !find(list, o->parent))
        ctx_problem(ctx, NULL, say(ctx, "Subdistrict {} not found.", o->parent));
    for (const struct tenant_row *t = list; o->host && t; t = t->next)
        if (t->host && strcmp(t->host, o->host) == 0 && strcmp(t->name, name) != 0)
            ctx_problem(ctx, NULL,
                        say(ctx, "{} is already the host name of {}.", o->host, t->name));
    return ctx_ok(ctx);
}

static void close_store(struct ctx *ctx)
{
    db_close(ctx->db);
    ctx->db = NULL;
}

/* Creates the database, or takes over an existing one (moved here, or left by an interrupted
 * add). */
static enum status store_ready(struct ctx *ctx, const char *pack, const char *store,
                               int64_t requests)
{
    if (access(store_key_path(ctx->arena, store), F_OK) == 0 &&
        install_open(ctx, store, db_is_postgres(store) ? DB_CREATE : DB_WRITE) == OK &&
        query_int(ctx->db, "SELECT min(id) FROM users") != NONE) {
        close_store(ctx);
        printf("%s\n", say(ctx, "The existing database {} has been added.",
                           store_shown(ctx->arena, store)));
        return OK;
    }
    close_store(ctx);
    return ctx_ok(ctx) ? install_create(ctx, store, pack, DEMO_REQUESTS + requests) : ctx->status;
}

static enum status run_add(struct ctx *ctx, const struct given *g, struct db *registry)
{
    const struct tenant_options *o = g->options;
    const char *name = g->words[1], *store = o->store ? o->store : store_name(ctx, g->data, name);
    char *end = NULL;
    long long requests = o->requests ? strtoll(o->requests, &end, 10) : 0;
    if (requests < 0 || requests > REQUESTS_MOST || (end && *end))
        return ctx_fail(ctx, INVALID,
                        say(ctx, "--requests must be a number from 0 to {}.", REQUESTS_MOST));
    const struct tenant_row *list = tenants_read(ctx, registry, g->data);
    if (!name_check(ctx, name) || !more_check(ctx, name, o, list))
        return ctx->status;
    if (find(list, name))
        return ctx_fail(ctx, CONFLICT,
                        say(ctx, "{} already exists and has not been changed.", name));
    if (o->store && o->store[0] != '/' && !db_is_postgres(o->store))
        return ctx_fail(
            ctx, INVALID,
            say(ctx, "--store must be postgresql://… or the full path of a folder, not “{}”.",
                o->store));
    bool taken = query_int(registry, "SELECT count(*) FROM tenants WHERE store = {}", store) > 0;
    if (taken && o->store)
        return ctx_fail(ctx, CONFLICT,
                        say(ctx, "{} is already another subdistrict’s database.",
                            store_shown(ctx->arena, store)));
    if (taken) /* left by a tenant that was renamed */
        store = arena_print(ctx->arena, "%s%s%lld", store, db_is_postgres(g->data) ? "_" : "-",
                            (long long)ctx->now);
    const char *address = tenants_store(ctx->arena, g->data, store);
    if (store_ready(ctx, o->pack, address, requests) != OK)
        return ctx->status;
    if (db_begin(registry) == OK)
        change(registry,
               "INSERT INTO tenants (name, store, host, parent, created, step) VALUES ({}, {}, {}, "
               "{}, {}, {})",
               name, store, o->host, o->parent, ctx->now, schema_newest());
    if (db_commit(registry) != OK)
        return ctx_fail(
            ctx, db_status(registry),
            say(ctx, "The database was created but not registered: {}. Run the same command again.",
                db_failure(registry)));
    printf("%s\n", say(ctx, "{} has been added at /t/{}/. Its database is {}.", name, name,
                       store_shown(ctx->arena, address)));
    return OK;
}

static enum status run_list(struct ctx *ctx, const struct given *g, struct db *registry)
{
    for (const struct tenant_row *t = tenants_read(ctx, registry, g->data); t; t = t->next)
        printf("%s\t%s\t%s\t%s\t%s\n", t->name, t->host ? t->host : "-",
               t->parent ? t->parent : "-",
               t->step == schema_newest()  ? "ready"
               : t->step < schema_newest() ? "behind"
                                           : "newer",
               store_shown(ctx->arena, t->store));
    return db_status(registry);
}

static enum status commit(struct ctx *ctx, struct db *registry)
{
    if (db_changed(registry) == 0 && db_status(registry) == OK) {
        db_rollback(registry);
        return ctx_fail(ctx, NOT_FOUND,
                        say(ctx, "Subdistrict not found. List them with: linli tenant list"));
    }
    return db_commit(registry) == OK ? OK
                                     : ctx_fail(ctx, db_status(registry), db_failure(registry));
}

static enum status run_rename(struct ctx *ctx, const struct given *g, struct db *registry)
{
    const char *from = g->words[1], *to = g->words[2];
    if (!name_check(ctx, to))
        return ctx->status;
    if (find(tenants_read(ctx, registry, g->data), to))
        return ctx_fail(ctx, CONFLICT, say(ctx, "{} already exists and has not been changed.", to));
    if (db_begin(registry) == OK) {
        change(registry, "UPDATE tenants SET parent = {} WHERE parent = {}", to, from);
        change(registry, "UPDATE tenants SET name = {} WHERE name = {}", to, from);
    }
    if (commit(ctx, registry) == OK)
        printf("%s\n",
               say(ctx,
                   "{} is now at /t/{}/; anyone signed in at the old address must sign in again.",
                   from, to));
    return ctx->status;
}

/* "-" removes a host or a parent. */
static enum status run_set(struct ctx *ctx, const struct given *g, struct db *registry)
{
    const struct tenant_options *o = g->options;
    struct tenant_options given = *o;
    given.host = o->host && strcmp(o->host, "-") != 0 ? o->host : NULL;
    given.parent = o->parent && strcmp(o->parent, "-") != 0 ? o->parent : NULL;
    if (!more_check(ctx, g->words[1], &given, tenants_read(ctx, registry, g->data)))
        return ctx->status;
    if (given.parent && strcmp(given.parent, g->words[1]) == 0)
        return ctx_fail(ctx, INVALID, say(ctx, "A subdistrict can’t be its own parent."));
    if (db_begin(registry) == OK)
        change(registry,
               "UPDATE tenants SET host = CASE WHEN {} = 1 THEN {} ELSE host END, parent = CASE "
               "WHEN {} = 1 THEN {} ELSE parent END WHERE name = {}",
               o->host ? 1 : 0, given.host, o->parent ? 1 : 0, given.parent, g->words[1]);
    return commit(ctx, registry);
}

static void erase_folder(struct ctx *ctx, const char *folder)
{
    DIR *d = opendir(folder);
    for (struct dirent *e; d && (e = readdir(d)) != NULL;)
        unlink(arena_print(ctx->arena, "%s/%s", folder,
                           e->d_name)); /* a database folder contains no folders */
    if (d)
        closedir(d);
    rmdir(folder);
}

static enum status erase(struct ctx *ctx, const char *store)
{
    if (db_is_postgres(store)) {
        const char *why = NULL;
        struct db *db = db_open(store, DB_WRITE, ctx->arena, &why);
        if (!db || db_script(db, "DO $do$ BEGIN EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', "
                                 "current_schema()); END $do$") != OK)
            ctx_fail(ctx, UNAVAILABLE,
                     say(ctx, "Can’t remove {}: {}", store_shown(ctx->arena, store),
                         db ? db_failure(db) : why));
        db_close(db);
        if (!ctx_ok(ctx))
            return ctx->status;
        unlink(store_key_path(ctx->arena, store));
    }
    erase_folder(ctx, store_folder(ctx->arena, store)); /* the database, or data derived from it */
    return OK;
}

static enum status run_remove(struct ctx *ctx, const struct given *g, struct db *registry)
{
    const struct tenant_row *t = find(tenants_read(ctx, registry, g->data), g->words[1]);
    if (db_begin(registry) == OK) {
        change(registry, "UPDATE tenants SET parent = NULL WHERE parent = {}", g->words[1]);
        change(registry, "DELETE FROM tenants WHERE name = {}", g->words[1]);
    }
    if (commit(ctx, registry) != OK || !t)
        return ctx->status;
    if (!((const struct tenant_options *)g->options)->erase)
        printf("%s\n", say(ctx, "{} is no longer served. Its database is kept at: {}", t->name,
                           store_shown(ctx->arena, t->store)));
    else if (erase(ctx, t->store) == OK)
        printf("%s\n", say(ctx, "{} and its database have been deleted.", t->name));
    return ctx->status;
}

/* Prints a summary after the lines of each tenant: among hundreds, a failure is
 * easily overlooked. */
static bool migrate(struct ctx *ctx, const struct given *g, struct db *registry)
{
    int failed = tenants_migrate(ctx, registry, g->data);
    if (failed)
        fprintf(stderr, "linli: %s\n",
                say(ctx,
                    "{} could not be upgraded and are not being served. Fix the problem, then run "
                    "the same command again.",
                    failed));
    else
        printf("%s\n", say(ctx, "All subdistricts are up to date."));
    return failed == 0;
}

static int run_tenant(struct ctx *ctx, const struct given *g)
{
    static const struct {
        const char *name;
        int words;
        enum db_mode mode;
        enum status (*run)(struct ctx *ctx, const struct given *g, struct db *registry);
    } verbs[] = {{"add", 2, DB_WRITE, run_add},       {"list", 1, DB_READ, run_list},
                 {"rename", 3, DB_WRITE, run_rename}, {"set", 2, DB_WRITE, run_set},
                 {"remove", 2, DB_WRITE, run_remove}, {"migrate", 1, DB_WRITE, NULL}};
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (strcmp(verbs[i].name, g->words[0]) != 0 || verbs[i].words != g->word_count)
            continue;
        bool add = verbs[i].run == run_add;
        if (!db_is_postgres(g->data) &&
            access(arena_print(ctx->arena, "%s/linli.db", g->data), F_OK) == 0)
            ctx_fail(ctx, CONFLICT,
                     say(ctx,
                         "{} is a single subdistrict’s database. Choose another folder for "
                         "several, then move it there with linli move.",
                         g->data));
        else if (!add && !tenants_there(ctx, g->data))
            ctx_fail(ctx, NOT_FOUND,
                     say(ctx,
                         "No multi-subdistrict installation at {}. Start one with: linli tenant "
                         "add NAME --data {}",
                         store_shown(ctx->arena, g->data), store_shown(ctx->arena, g->data)));
        struct db *registry = ctx_ok(ctx) ? tenants_registry(ctx, g->data, verbs[i].mode) : NULL;
        int failed = !registry;
        if (registry && verbs[i].run)
            failed = verbs[i].run(ctx, g, registry) != OK;
        else if (registry && !migrate(ctx, g, registry))
            failed = 2;
        db_close(registry);
        return failed == 1 ? COMMAND_FAILED : failed ? 1 : 0;
    }
    fprintf(stderr, "linli: tenant add NAME, tenant list, tenant rename NAME NEW, tenant set NAME, "
                    "tenant remove NAME, or tenant migrate\n");
    return 2;
}

static const struct command commands[] = {
    {"tenant",
     "linli tenant add|list|rename|set|remove|migrate [NAME [NEW]] --data ADDRESS [--pack DIR] "
     "[--requests N] [--host HOST] [--parent NAME] [--store ADDRESS] [--erase]",
     1, 3, OPTIONS(struct tenant_options, options), .run = run_tenant,
     .help = N_(
         "Runs several subdistricts in one installation (a folder or a database). Each has its own "
         "database, key, accounts\n"
         "and audit log, at /t/NAME/ or its own host name. For commands about one of them, give "
         "its database address as\n"
         "--data; list shows it.\n"
         "\n"
         "  add NAME          adds a new one (--pack and --requests as for init) or an existing "
         "database\n"
         "  list              name, host, parent, schema version, database address\n"
         "  rename NAME NEW   changes the name; the database stays where it is\n"
         "  set NAME          sets --host HOST and --parent NAME; “-” clears one\n"
         "  remove NAME       stops serving it; --erase also deletes the database and its key\n"
         "  migrate           upgrades all databases; can be interrupted and run again\n"
         "\n"
         "  --host HOST       e.g. chengdong.example.cn\n"
         "  --parent NAME     the district that shows its statistics\n"
         "  --store ADDRESS   where its database is, if not with the others: another server or "
         "disk\n"
         "\n"
         "  linli tenant add chengdong --data /var/lib/linli --pack my-pack --host "
         "chengdong.example.cn\n")},
    {.name = NULL},
};

const struct module tenants_module = {.name = "tenants", .commands = commands};
