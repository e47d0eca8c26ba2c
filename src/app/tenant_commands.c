/*
 * tenant: adding, listing, renaming and removing the subdistricts of an
 * installation. Renaming and removing touch the registry only, so that they
 * work while it serves; a removed store stays where it is unless --erase.
 */
#include "app/demo.h"
#include "app/install.h"
#include "app/module.h"
#include "app/store.h"
#include "app/tenants.h"
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
        ctx_problem(ctx, NULL, say(ctx, "“{}” can't be a subdistrict's name here: small letters, digits and - are, at most 40.", name));
    return ctx_ok(ctx);
}

static bool more_check(struct ctx *ctx, const struct options *o, const struct tenant_row *list)
{
    if (o->host && (strspn(o->host, "abcdefghijklmnopqrstuvwxyz0123456789.-:") != strlen(o->host) || strlen(o->host) > 200))
        ctx_problem(
            ctx, NULL,
            say(ctx, "--host is a name such as chengdong.example.cn, in small letters, with its port when it is not the usual one."));
    if (o->parent && !find(list, o->parent))
        ctx_problem(ctx, NULL, say(ctx, "There is no subdistrict {} here.", o->parent));
    for (const struct tenant_row *t = list; o->host && t; t = t->next)
        if (t->host && strcmp(t->host, o->host) == 0 && strcmp(t->name, o->words[1]) != 0)
            ctx_problem(ctx, NULL, say(ctx, "{} is the name of {} already.", o->host, t->name));
    return ctx_ok(ctx);
}

static void close_store(struct ctx *ctx)
{
    db_close(ctx->db);
    ctx->db = NULL;
}

/* The store: made, or taken over when one is there (moved here, or left behind by an add that broke off). */
static enum status store_ready(struct ctx *ctx, const struct options *o, const char *store, int64_t requests)
{
    if (access(store_key_path(ctx->arena, store), F_OK) == 0 && install_open(ctx, store, DB_WRITE) == OK &&
        query_int(ctx->db, "SELECT min(id) FROM users") != NONE) {
        close_store(ctx);
        printf("%s\n", say(ctx, "The store {} that is there is taken over.", store_shown(ctx->arena, store)));
        return OK;
    }
    close_store(ctx);
    return ctx_ok(ctx) ? install_create(ctx, store, o->pack, DEMO_REQUESTS + requests) : ctx->status;
}

static enum status run_add(struct ctx *ctx, const struct options *o, struct db *registry)
{
    const char *name = o->words[1], *store = o->store ? o->store : store_name(ctx, o->data, name);
    char *end = NULL;
    long long requests = o->requests ? strtoll(o->requests, &end, 10) : 0;
    if (requests < 0 || requests > REQUESTS_MOST || (end && *end))
        return ctx_fail(ctx, INVALID, say(ctx, "--requests is a number from 0 to {}.", REQUESTS_MOST));
    const struct tenant_row *list = tenants_read(ctx, registry, o->data);
    if (!name_check(ctx, name) || !more_check(ctx, o, list))
        return ctx->status;
    if (find(list, name))
        return ctx_fail(ctx, CONFLICT, say(ctx, "{} is there already; it is left as it is.", name));
    if (o->store && o->store[0] != '/' && !db_is_postgres(o->store))
        return ctx_fail(ctx, INVALID, say(ctx, "--store is postgresql://… or a folder by its whole name, not “{}”.", o->store));
    bool taken = query_int(registry, "SELECT count(*) FROM tenants WHERE store = {}", store) > 0;
    if (taken && o->store)
        return ctx_fail(ctx, CONFLICT, say(ctx, "{} is another subdistrict's store.", store_shown(ctx->arena, store)));
    if (taken) /* by one that was renamed */
        store = arena_print(ctx->arena, "%s%s%lld", store, db_is_postgres(o->data) ? "_" : "-", (long long)ctx->now);
    const char *address = tenants_store(ctx->arena, o->data, store);
    if (store_ready(ctx, o, address, requests) != OK)
        return ctx->status;
    if (db_begin(registry) == OK)
        change(registry, "INSERT INTO tenants (name, store, host, parent, created, step) VALUES ({}, {}, {}, {}, {}, {})", name, store,
               o->host, o->parent, ctx->now, schema_newest());
    if (db_commit(registry) != OK)
        return ctx_fail(ctx, db_status(registry),
                        say(ctx, "The store is made but not in the registry: {}. Run the same command again.", db_failure(registry)));
    printf("%s\n", say(ctx, "{} is there, at /t/{}/. Its store is {}.", name, name, store_shown(ctx->arena, address)));
    return OK;
}

static enum status run_list(struct ctx *ctx, const struct options *o, struct db *registry)
{
    for (const struct tenant_row *t = tenants_read(ctx, registry, o->data); t; t = t->next)
        printf("%s\t%s\t%s\t%s\t%s\n", t->name, t->host ? t->host : "-", t->parent ? t->parent : "-",
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
        return ctx_fail(ctx, NOT_FOUND, say(ctx, "There is no such subdistrict. linli tenant list says which there are."));
    }
    return db_commit(registry) == OK ? OK : ctx_fail(ctx, db_status(registry), db_failure(registry));
}

static enum status run_rename(struct ctx *ctx, const struct options *o, struct db *registry)
{
    const char *from = o->words[1], *to = o->words[2];
    if (!name_check(ctx, to))
        return ctx->status;
    if (find(tenants_read(ctx, registry, o->data), to))
        return ctx_fail(ctx, CONFLICT, say(ctx, "{} is there already; it is left as it is.", to));
    if (db_begin(registry) == OK) {
        change(registry, "UPDATE tenants SET parent = {} WHERE parent = {}", to, from);
        change(registry, "UPDATE tenants SET name = {} WHERE name = {}", to, from);
    }
    if (commit(ctx, registry) == OK)
        printf("%s\n", say(ctx, "{} is at /t/{}/ now; whoever is signed in by the old address signs in once more.", from, to));
    return ctx->status;
}

/* "-" takes a host or a parent away. */
static enum status run_set(struct ctx *ctx, const struct options *o, struct db *registry)
{
    struct options given = *o;
    given.host = o->host && strcmp(o->host, "-") != 0 ? o->host : NULL;
    given.parent = o->parent && strcmp(o->parent, "-") != 0 ? o->parent : NULL;
    if (!more_check(ctx, &given, tenants_read(ctx, registry, o->data)))
        return ctx->status;
    if (given.parent && strcmp(given.parent, o->words[1]) == 0)
        return ctx_fail(ctx, INVALID, say(ctx, "A subdistrict can't be part of itself."));
    if (db_begin(registry) == OK)
        change(
            registry,
            "UPDATE tenants SET host = CASE WHEN {} = 1 THEN {} ELSE host END, parent = CASE WHEN {} = 1 THEN {} ELSE parent END WHERE name = {}",
            o->host ? 1 : 0, given.host, o->parent ? 1 : 0, given.parent, o->words[1]);
    return commit(ctx, registry);
}

static void erase_folder(struct ctx *ctx, const char *folder)
{
    DIR *d = opendir(folder);
    for (struct dirent *e; d && (e = readdir(d)) != NULL;)
        unlink(arena_print(ctx->arena, "%s/%s", folder, e->d_name)); /* a store has no folders inside */
    if (d)
        closedir(d);
    rmdir(folder);
}

static enum status erase(struct ctx *ctx, const char *store)
{
    if (db_is_postgres(store)) {
        const char *why = NULL;
        struct db *db = db_open(store, DB_WRITE, ctx->arena, &why);
        if (!db || db_script(db, "DO $do$ BEGIN EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', current_schema()); END $do$") != OK)
            ctx_fail(ctx, UNAVAILABLE, say(ctx, "{} can't be removed: {}", store_shown(ctx->arena, store), db ? db_failure(db) : why));
        db_close(db);
        if (!ctx_ok(ctx))
            return ctx->status;
        unlink(store_key_path(ctx->arena, store));
    }
    erase_folder(ctx, store_folder(ctx->arena, store)); /* the store, or what was derived from it */
    return OK;
}

static enum status run_remove(struct ctx *ctx, const struct options *o, struct db *registry)
{
    const struct tenant_row *t = find(tenants_read(ctx, registry, o->data), o->words[1]);
    if (db_begin(registry) == OK) {
        change(registry, "UPDATE tenants SET parent = NULL WHERE parent = {}", o->words[1]);
        change(registry, "DELETE FROM tenants WHERE name = {}", o->words[1]);
    }
    if (commit(ctx, registry) != OK || !t)
        return ctx->status;
    if (!o->erase)
        printf("%s\n", say(ctx, "{} is served no more. Its store stays: {}", t->name, store_shown(ctx->arena, t->store)));
    else if (erase(ctx, t->store) == OK)
        printf("%s\n", say(ctx, "{} and its store are gone.", t->name));
    return ctx->status;
}

/* How it ended, after a line for each: with hundreds of them the one that failed is far up. */
static bool migrate(struct ctx *ctx, const struct options *o, struct db *registry)
{
    int failed = tenants_migrate(ctx, registry, o->data);
    if (failed)
        fprintf(
            stderr, "linli: %s\n",
            say(ctx, "{} could not be brought up to date and are not served. When that is put right, run the same command again.", failed));
    else
        printf("%s\n", say(ctx, "All subdistricts are up to date."));
    return failed == 0;
}

static int run_tenant(struct ctx *ctx, const struct options *o)
{
    static const struct {
        const char *name;
        int words;
        enum db_mode mode;
        enum status (*run)(struct ctx *ctx, const struct options *o, struct db *registry);
    } verbs[] = {{"add", 2, DB_WRITE, run_add}, {"list", 1, DB_READ, run_list},      {"rename", 3, DB_WRITE, run_rename},
                 {"set", 2, DB_WRITE, run_set}, {"remove", 2, DB_WRITE, run_remove}, {"migrate", 1, DB_WRITE, NULL}};
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (strcmp(verbs[i].name, o->words[0]) != 0 || verbs[i].words != o->word_count)
            continue;
        bool add = verbs[i].run == run_add;
        if (!db_is_postgres(o->data) && access(arena_print(ctx->arena, "%s/linli.db", o->data), F_OK) == 0)
            ctx_fail(
                ctx, CONFLICT,
                say(ctx, "{} is the store of one subdistrict. Choose another folder for many; linli move takes this one there.", o->data));
        else if (!add && !tenants_there(ctx, o->data))
            ctx_fail(ctx, NOT_FOUND,
                     say(ctx, "There is no installation of several subdistricts at {}. Begin one with: linli tenant add NAME --data {}",
                         store_shown(ctx->arena, o->data), store_shown(ctx->arena, o->data)));
        struct db *registry = ctx_ok(ctx) ? tenants_registry(ctx, o->data, verbs[i].mode) : NULL;
        int failed = !registry;
        if (registry && verbs[i].run)
            failed = verbs[i].run(ctx, o, registry) != OK;
        else if (registry && !migrate(ctx, o, registry))
            failed = 2;
        db_close(registry);
        return failed == 1 ? command_failed(ctx) : failed ? 1 : 0;
    }
    fprintf(stderr,
            "linli: tenant add NAME, tenant list, tenant rename NAME NEW, tenant set NAME, tenant remove NAME, or tenant migrate\n");
    return 2;
}

static const struct command commands[] = {
    {"tenant",
     "linli tenant add|list|rename|set|remove|migrate [NAME [NEW]] --data ADDRESS [--pack DIR] [--requests N] [--host HOST] [--parent NAME] [--store ADDRESS] [--erase]",
     1, 3, .run = run_tenant,
     .help = N_("Many subdistricts in one installation, a folder or a database: each has a store, a key, accounts and a journal\n"
                "of its own, and is visited at /t/NAME/ or by a host name of its own. Commands about one of them take the\n"
                "address of its store as --data; list says it.\n\n"
                "  add NAME          a new one (--pack, --requests as for init), or one whose store is there already\n"
                "  list              name, host, parent, state of the schema, address of the store\n"
                "  rename NAME NEW   another name; the store stays where it is\n"
                "  set NAME          --host HOST and --parent NAME; “-” takes one away\n"
                "  remove NAME       is served no more; with --erase the store and its key are removed too\n"
                "  migrate           brings all stores up to date; can be broken off and run again\n\n"
                "  --host HOST       such as chengdong.example.cn\n"
                "  --parent NAME     the district that shows its figures\n"
                "  --store ADDRESS   where its store is, when it is not beside the others: another database, another disk\n\n"
                "  linli tenant add chengdong --data /var/lib/linli --pack my-pack --host chengdong.example.cn\n")},
    {.name = NULL},
};

const struct module tenants_module = {.name = "tenants", .commands = commands};
