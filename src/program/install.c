/*
 * The installation: a folder with linli.db and key (mode 0600), or a
 * PostgreSQL schema with its key elsewhere (store.h).
 *
 * init creates the folder under a temporary name and renames it when complete,
 * so an interrupted init leaves nothing that looks finished. On PostgreSQL the
 * logins are created last, in the last transaction: a schema without them is
 * unfinished, and init continues it. Memory is the context's, also for the
 * keys.
 */
#include "program/install.h"

#include "program/demo.h"
#include "program/modules.h"
#include "core/import_run.h"
#include "core/module.h"
#include "app/registers/registers.h"
#include "app/requests/requests.h"
#include "core/store.h"
#include "program/tenants.h"
#include "base/seal.h"
#include "db/head.h"
#include "db/journal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *in_folder(struct ctx *ctx, const char *folder, const char *file)
{
    return arena_print(ctx->arena, "%s/%s", folder, file);
}

/* Explains why the key can't be read, and what to do. */
static enum status key_failed(struct ctx *ctx, enum status s, const char *data, const char *key)
{
    const char *shown = store_shown(ctx->arena, data), *why = strerror(errno);
    struct stat st;
    if (db_is_postgres(data) && s == NOT_FOUND)
        return ctx_fail(ctx, s,
                        say(ctx,
                            "Key {} for {} not found. Specify its location with --keys FOLDER, or "
                            "create a new installation with: linli init --data {}",
                            key, shown, shown));
    if (!db_is_postgres(data) && stat(data, &st) == 0 && !S_ISDIR(st.st_mode))
        return ctx_fail(ctx, INVALID,
                        say(ctx,
                            "{} is a file. --data must be an installation folder or "
                            "postgresql://…",
                            data));
    if (s == NOT_FOUND && access(in_folder(ctx, data, "linli.db"), F_OK) == 0)
        return ctx_fail(
            ctx, s,
            say(ctx, "Key {} is missing. Restore it from your safe copy; no data has been lost.",
                key));
    if (s == NOT_FOUND)
        return ctx_fail(ctx, s,
                        say(ctx,
                            "{} is not a Linli installation. Create one with: linli init --data {}",
                            data, data));
    if (s == UNAVAILABLE)
        return ctx_fail(ctx, s, say(ctx, "Can’t read key file {}: {}", key, why));
    if (s == INVALID)
        return ctx_fail(ctx, s,
                        say(ctx,
                            "{} is not a key. Restore this database’s own key from your safe "
                            "copy.",
                            key));
    return ctx_fail(ctx, s,
                    say(ctx,
                        "Can’t use key file {}: it must be readable only by its "
                        "owner.",
                        key));
}

static enum status not_there(struct ctx *ctx, const char *data)
{
    return ctx_fail(ctx, NOT_FOUND,
                    say(ctx,
                        "{} has a key, but its database is missing or empty. Put linli.db back or "
                        "restore a backup; only linli init creates a database.",
                        store_shown(ctx->arena, data)));
}

enum status install_there(struct ctx *ctx, const char *data)
{
    struct stat st;
    if (db_is_postgres(data))
        return OK; /* the schema is checked after opening */
    return stat(in_folder(ctx, data, "linli.db"), &st) == 0 && st.st_size > 0
               ? OK
               : not_there(ctx, data);
}

/* Checks that an open database was created by this program and contains the audit log up to
 * where it should. */
static enum status store_check(struct ctx *ctx, const char *data)
{
    const char *why = NULL;
    if (db_is_postgres(data) &&
        query_int(ctx->db, "SELECT 1 WHERE to_regclass('schema_steps') IS NULL") == 1)
        return not_there(ctx, data);
    enum status s = head_check(ctx->db, ctx->arena, &why);
    return s == OK ? OK : ctx_fail(ctx, s, why);
}

enum status install_open(struct ctx *ctx, const char *data, enum db_mode mode)
{
    const char *why = NULL;
    program_modules();
    if (access(store_key_path(ctx->arena, data), F_OK) != 0 && tenants_there(ctx, data))
        return ctx_fail(ctx, INVALID,
                        say(ctx,
                            "{} contains several subdistricts. Specify one address; list them "
                            "with: linli tenant list --data {}",
                            store_shown(ctx->arena, data), store_shown(ctx->arena, data)));
    const char *key = store_key_path(ctx->arena, data), *shown = store_shown(ctx->arena, data);
    struct seal_key *keys = ARENA_NEW(ctx->arena, struct seal_key);
    enum status s = seal_key_load(keys, key);
    if (s != OK)
        return key_failed(ctx, s, data, key);
    ctx->keys = keys;
    bool create = mode == DB_CREATE, write = mode != DB_READ;
    if (!create && install_there(ctx, data) != OK)
        return ctx->status;
    ctx->db = db_open(data, mode, ctx->arena, &why);
    if (!ctx->db)
        return ctx_fail(ctx, UNAVAILABLE, why);
    if (!create && store_check(ctx, data) != OK)
        return ctx->status;
    s = write ? db_migrate(ctx->db, schema_steps, ctx->arena, &why)
              : db_known(ctx->db, schema_steps, ctx->arena, &why);
    int64_t moving = s == OK ? query_int(ctx->db, "SELECT count(*) FROM settings WHERE name = {}",
                                         INSTALL_MOVING)
                             : 0;
    if (s == OK && db_status(ctx->db) != OK)
        return ctx_fail(
            ctx, UNAVAILABLE,
            say(ctx,
                "Can’t read {}: {}. Is it a Linli database, and does this role have read access?",
                shown, db_failure(ctx->db)));
    if (moving == 1)
        return ctx_fail(ctx, CONFLICT,
                        say(ctx,
                            "The move to {} did not finish. Run the same linli move command again.",
                            shown));
    if (s != OK)
        return ctx_fail(ctx, s, why);
    if (write)
        head_keep(ctx->db);
    return install_key_check(ctx, write);
}

/* ---- creating ---- */

/* Imports the pack's sheets, ended by NULL; only the first `needed` must be there. */
static enum status load_sheets(struct ctx *ctx, const char *pack, const char *const *order,
                               int needed)
{
    for (int i = 0; order[i]; i++) {
        struct import im;
        const char *file = in_folder(ctx, pack, arena_print(ctx->arena, "%s.csv", order[i]));
        if (i >= needed && access(file, F_OK) != 0)
            continue;
        enum status s = install_import(ctx, order[i], file, NULL, 0, false, &im);
        if (s != OK)
            return s;
        if (im.failed)
            return ctx_fail(ctx, INVALID,
                            say(ctx, "{}, row {}: {}", order[i], im.errors->row, im.errors->text));
    }
    return OK;
}

static enum status load_pack(struct ctx *ctx, const char *pack)
{
    enum { NEEDED = 5 }; /* a subdistrict may lack any of the later sheets */
    static const char *const order[] = {
        "areas",     "units",         "categories", "holidays",
        "templates", "organisations", "skills",     "volunteer-systems",
        "rule_sets", "rule_values",   NULL};
    return load_sheets(ctx, pack, order, NEEDED);
}

/* Terms and seats follow the rules, so these come first; a demonstration has holders too. */
static enum status load_seats(struct ctx *ctx, const char *pack, bool holders)
{
    static const char *const order[] = {"terms", "seats", NULL}, *const who[] = {"people", "posts",
                                                                                 NULL};
    enum status s = load_sheets(ctx, pack, order, 0);
    return s == OK && holders ? load_sheets(ctx, pack, who, 0) : s;
}

/* Fills a new database: the pack, demonstration requests, the logins. */
static enum status fill(struct ctx *ctx, const char *pack, int64_t requests)
{
    enum status s = pack ? load_pack(ctx, pack) : OK;
    if (s == OK && (s = db_begin(ctx->db)) == OK) {
        s = rule_presets_load(ctx) == NONE ? UNAVAILABLE : OK;
        s = s == OK ? db_commit(ctx->db) : s;
    }
    if (s == OK && (s = db_begin(ctx->db)) == OK) {
        int64_t base = requests < DEMO_REQUESTS ? requests : DEMO_REQUESTS;
        if (pack && requests > 0 && access(in_folder(ctx, pack, "generator"), F_OK) == 0) {
            s = demo_requests(ctx, pack, base, requests - base);
            if (s == OK && base == DEMO_REQUESTS)
                s = demo_neighbours(ctx, pack);
            if (s == OK && base == DEMO_REQUESTS)
                s = demo_households(ctx);
        }
        if (s == OK)
            s = logins_make(ctx, pack);
        if (s == OK && pack && requests > 0)
            s = demo_handlers(ctx);
        if (s == OK && pack && requests > 0)
            s = demo_volunteer(ctx);
        if (s == OK && pack && requests >= DEMO_REQUESTS)
            s = demo_visits(ctx);
        s = s == OK ? db_commit(ctx->db) : s;
    }
    if (s == OK && pack)
        s = load_seats(ctx, pack, requests > 0);
    if (s != OK)
        return ctx->status != OK ? ctx->status : ctx_fail(ctx, s, NULL);
    journal_finish(ctx->db);
    db_close(ctx->db);
    ctx->db = NULL;
    return OK;
}

/* Creates a PostgreSQL schema. Its key is made first; the key of an unfinished schema is
 * reused. */
static enum status create_schema(struct ctx *ctx, const char *data, const char *pack,
                                 int64_t requests)
{
    const char *key = store_key_path(ctx->arena, data), *shown = store_shown(ctx->arena, data);
    char *folder = arena_copy(ctx->arena, key);
    *strrchr(folder, '/') = '\0';
    enum status s = store_make_folder(folder) ? seal_key_create(key) : UNAVAILABLE;
    if (s != OK && s != CONFLICT)
        return ctx_fail(ctx, s, say(ctx, "Can’t create {}: {}", key, strerror(errno)));
    bool own = s == OK;
    if (install_open(ctx, data, DB_CREATE) != OK) {
        if (own) /* nothing has been encrypted with it */
            unlink(key);
        return ctx->status;
    }
    if (query_int(ctx->db, "SELECT min(id) FROM users") != NONE) {
        if (own)
            unlink(key);
        return ctx_fail(ctx, CONFLICT,
                        say(ctx, "{} already exists and has not been changed.", shown));
    }
    return fill(ctx, pack, requests);
}

/* Removes what a failed init left behind. Its failure has already been
 * reported. */
static void remove_made(struct ctx *ctx, const char *folder)
{
    static const char *const files[] = {"linli.db", "linli.db-wal", "linli.db-shm", "linli.head",
                                        "key"};
    if (ctx->db && db_status(ctx->db) != OK && !ctx->problems)
        ctx_problem(ctx, NULL, arena_copy(ctx->arena, db_failure(ctx->db)));
    db_close(ctx->db);
    ctx->db = NULL;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        unlink(in_folder(ctx, folder, files[i]));
    rmdir(folder);
}

enum status store_address_check(struct ctx *ctx, const char *address)
{
    if (!strstr(address, "://") || db_is_postgres(address))
        return OK;
    return ctx_fail(ctx, INVALID,
                    say(ctx,
                        "“{}” is neither a folder nor a PostgreSQL address "
                        "(postgresql://…).",
                        store_shown(ctx->arena, address)));
}

enum status install_create(struct ctx *ctx, const char *data, const char *pack, int64_t requests)
{
    struct stat st;
    if (db_is_postgres(data))
        return create_schema(ctx, data, pack, requests);
    if (store_address_check(ctx, data) != OK)
        return ctx->status;
    if (stat(data, &st) == 0)
        return ctx_fail(ctx, CONFLICT,
                        say(ctx, "{} already exists and has not been changed.", data));
    const char *making = arena_print(ctx->arena, "%s.new-%d", data, (int)getpid());
    if (mkdir(making, 0700) != 0)
        return ctx_fail(ctx, UNAVAILABLE,
                        say(ctx,
                            "Can’t create {}: "
                            "{}",
                            making, strerror(errno)));
    enum status s = seal_key_create(in_folder(ctx, making, "key"));
    if (s != OK)
        ctx_fail(ctx, s,
                 say(ctx, "Can’t create {}: {}", in_folder(ctx, making, "key"), strerror(errno)));
    if (s == OK)
        s = install_open(ctx, making, DB_CREATE);
    if (s == OK)
        s = fill(ctx, pack, requests);
    if (s != OK) {
        remove_made(ctx, making);
        return ctx->status != OK ? ctx->status : ctx_fail(ctx, s, NULL);
    }
    if (rename(making, data) != 0)
        return ctx_fail(ctx, UNAVAILABLE, say(ctx, "Can’t create {}: {}", data, strerror(errno)));
    return OK;
}
