/*
 * The registry of an installation with many subdistricts: reads it, and
 * migrates all databases.
 */
#include "program/tenants.h"

#include "core/store.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define REGISTRY_SCHEMA "linli_tenants"

bool tenant_name_fine(const char *name, size_t n)
{
    if (n == 0 || n > 40 || name[0] == '-')
        return false;
    for (size_t i = 0; i < n; i++)
        if (!((name[i] >= 'a' && name[i] <= 'z') || (name[i] >= '0' && name[i] <= '9') ||
              name[i] == '-'))
            return false;
    return true;
}

int64_t schema_newest(void)
{
    int n = 0;
    while (schema_steps[n].number)
        n++;
    return n;
}

static const char *with_schema(struct arena *a, const char *address, const char *schema)
{
    return arena_print(a, "%s%sschema=%s", address, strchr(address, '?') ? "&" : "?", schema);
}

static bool names_schema(const char *address)
{
    const char *at = strstr(address, "schema=");
    return at && (at[-1] == '?' || at[-1] == '&');
}

static const char *registry_file(struct arena *a, const char *folder)
{
    return arena_print(a, "%s/tenants.db", folder);
}

bool tenants_there(struct ctx *ctx, const char *address)
{
    const char *why = NULL;
    if (!db_is_postgres(address))
        return access(registry_file(ctx->arena, address), F_OK) == 0;
    struct db *db = names_schema(address)
                        ? NULL
                        : db_open(with_schema(ctx->arena, address, REGISTRY_SCHEMA), DB_READ,
                                  ctx->arena, &why);
    bool there = db &&
                 query_int(db,
                           "SELECT count(*) FROM information_schema.tables WHERE table_schema = {}",
                           REGISTRY_SCHEMA) > 0;
    db_close(db);
    return there;
}

struct db *tenants_registry(struct ctx *ctx, const char *address, enum db_mode mode)
{
    const char *why = NULL;
    bool postgres = db_is_postgres(address);
    if (postgres && names_schema(address)) {
        ctx_fail(ctx, INVALID,
                 say(ctx,
                     "{} is the address of one database. Leave out schema= to refer to the whole "
                     "installation.",
                     store_shown(ctx->arena, address)));
        return NULL;
    }
    if (mode == DB_WRITE && !postgres &&
        !store_make_folder(arena_print(ctx->arena, "%s/tenants", address))) {
        ctx_fail(ctx, UNAVAILABLE, say(ctx, "Can’t create {}: {}", address, strerror(errno)));
        return NULL;
    }
    struct db *db = postgres
                        ? db_open(with_schema(ctx->arena, address, REGISTRY_SCHEMA),
                                  mode == DB_WRITE ? DB_CREATE : mode, ctx->arena, &why)
                        : db_open_file(registry_file(ctx->arena, address), mode, ctx->arena, &why);
    if (db && mode == DB_WRITE &&
        db_script(db, "CREATE TABLE IF NOT EXISTS tenants (name text PRIMARY KEY, store text NOT "
                      "NULL UNIQUE, host text UNIQUE,"
                      " parent text, created bigint NOT NULL, step bigint NOT NULL)") != OK) {
        why = arena_copy(ctx->arena, db_failure(db));
        db_close(db);
        db = NULL;
    }
    if (!db)
        ctx_fail(ctx, UNAVAILABLE, why);
    return db;
}

const char *tenants_store(struct arena *a, const char *address, const char *store)
{
    if (strchr(store, '/'))
        return store;
    return db_is_postgres(address) ? with_schema(a, address, store)
                                   : arena_print(a, "%s/tenants/%s", address, store);
}

/* For a database elsewhere the whole address. */
const char *tenants_copy_name(struct arena *a, const char *address, const char *store)
{
    const char *beside = arena_print(a, "%s/tenants/", address);
    bool here = !strncmp(store, beside, strlen(beside));
    char *name = arena_copy(a, store + (here ? strlen(beside) : 1));
    for (char *p = name; *p; p++)
        if (*p == '/')
            *p = '_';
    return name;
}

enum status tenants_copy(struct db *registry, const char *to, struct arena *a, const char **why)
{
    const char *file = registry_file(a, to), *fresh = arena_print(a, "%s.new", file);
    unlink(fresh);
    enum status s = db_copy(registry, fresh, a, why);
    if (s == OK && rename(fresh, file) != 0) {
        *why = arena_print(a, "%s can't be made: %s", file, strerror(errno));
        s = UNAVAILABLE;
    }
    return s;
}

struct db *tenants_copied(struct arena *a, const char *folder)
{
    const char *why = NULL, *file = registry_file(a, folder);
    return access(file, F_OK) == 0 ? db_open_file(file, DB_READ, a, &why) : NULL;
}

struct tenant_row *tenants_read(struct ctx *ctx, struct db *registry, const char *address)
{
    struct tenant_row *first = NULL, **end = &first;
    struct arena *a = ctx->arena;
    struct rows *r = query(registry,
                           "SELECT name, store, host, parent, step FROM tenants ORDER BY name");
    while (rows_next(r)) {
        struct tenant_row *t = ARENA_NEW(a, struct tenant_row);
        *t = (struct tenant_row){.name = row_copy(r, a, "name"),
                                 .store = tenants_store(a, address, row_copy(r, a, "store")),
                                 .host = row_copy(r, a, "host"),
                                 .parent = row_copy(r, a, "parent"),
                                 .step = row_int(r, "step")};
        *end = t;
        end = &t->next;
    }
    return first;
}

/* Migrates one database. Its step in the registry lets an interrupted run
 * continue. */
static const char *migrate_one(struct ctx *ctx, struct db *registry, const struct tenant_row *t)
{
    const char *why = NULL;
    struct db *db = access(store_key_path(ctx->arena, t->store), F_OK) == 0
                        ? db_open(t->store, DB_WRITE, ctx->arena, &why)
                        : NULL;
    if (!db)
        return why ? why : say(ctx, "key {} not found", store_key_path(ctx->arena, t->store));
    enum status s = db_migrate(db, schema_steps, ctx->arena, &why);
    db_close(db);
    if (s != OK)
        return why;
    if (db_begin(registry) == OK) {
        change(registry, "UPDATE tenants SET step = {} WHERE name = {}", schema_newest(), t->name);
        db_commit(registry);
    }
    return NULL;
}

int tenants_migrate(struct ctx *ctx, struct db *registry, const char *address)
{
    int behind = 0, done = 0, failed = 0;
    struct tenant_row *all = tenants_read(ctx, registry, address);
    for (const struct tenant_row *t = all; t; t = t->next)
        behind += t->step != schema_newest();
    for (const struct tenant_row *t = all; t; t = t->next) {
        if (t->step == schema_newest())
            continue;
        const char *why = migrate_one(ctx, registry, t);
        db_clear(registry);
        failed += why != NULL;
        if (why)
            fprintf(stderr, "linli: %s\n", say(ctx, "Can’t upgrade {}: {}", t->name, why));
        else
            fprintf(stderr, "%s\n", say(ctx, "{} upgraded, {} of {}.", t->name, ++done, behind));
    }
    return failed;
}
