/*
 * The installation: a folder with linli.db and key (0600), or a schema of
 * PostgreSQL with its key apart (store.h).
 *
 * init makes the folder under a temporary name and renames it when everything
 * is in it, so that a broken-off init leaves nothing that looks finished. On
 * PostgreSQL the logins come last, in the last transaction: a schema without
 * them is not finished, and init goes on with it.
 * Memory is the context's, the keys' too.
 */
#include "app/install.h"

#include "app/demo.h"
#include "app/import_run.h"
#include "app/module.h"
#include "app/registers.h"
#include "app/requests.h"
#include "app/store.h"
#include "app/tenants.h"
#include "app/users.h"
#include "base/seal.h"
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

/* Why the key can't be had, and what to do. */
static enum status key_failed(struct ctx *ctx, enum status s, const char *data, const char *key)
{
    const char *shown = store_shown(ctx->arena, data), *why = strerror(errno);
    struct stat st;
    if (db_is_postgres(data) && s == NOT_FOUND)
        return ctx_fail(
            ctx, s,
            say(ctx, "There is no key {} for {}. Say where it is with --keys FOLDER, or make a new installation with: linli init --data {}",
                key, shown, shown));
    if (!db_is_postgres(data) && stat(data, &st) == 0 && !S_ISDIR(st.st_mode))
        return ctx_fail(ctx, INVALID, say(ctx, "{} is a file. --data is the folder of an installation, or postgresql://…", data));
    if (s == NOT_FOUND && access(in_folder(ctx, data, "linli.db"), F_OK) == 0)
        return ctx_fail(ctx, s, say(ctx, "The key {} is missing. Put it back from where you keep it; nothing in the store is lost.", key));
    if (s == NOT_FOUND)
        return ctx_fail(ctx, s, say(ctx, "{} is not an installation. Make one with: linli init --data {}", data, data));
    if (s == UNAVAILABLE)
        return ctx_fail(ctx, s, say(ctx, "The key file {} can't be read: {}", key, why));
    if (s == INVALID)
        return ctx_fail(ctx, s, say(ctx, "{} is not a key. Put the store's own back from where you keep it.", key));
    return ctx_fail(ctx, s, say(ctx, "The key file {} can't be used: it must be a file that only its owner may read.", key));
}

enum status install_open(struct ctx *ctx, const char *data, enum db_mode mode)
{
    const char *why = NULL;
    kinds_set(modules_kinds());
    if (access(store_key_path(ctx->arena, data), F_OK) != 0 && tenants_there(ctx, data))
        return ctx_fail(ctx, INVALID,
                        say(ctx, "{} holds several subdistricts. Name the address of one; linli tenant list --data {} says them.",
                            store_shown(ctx->arena, data), store_shown(ctx->arena, data)));
    const char *key = store_key_path(ctx->arena, data), *shown = store_shown(ctx->arena, data);
    struct seal_key *keys = ARENA_NEW(ctx->arena, struct seal_key);
    enum status s = seal_key_load(keys, key);
    if (s != OK)
        return key_failed(ctx, s, data, key);
    ctx->keys = keys;
    ctx->db = db_open(data, mode, ctx->arena, &why);
    if (!ctx->db)
        return ctx_fail(ctx, UNAVAILABLE, why);
    s = mode == DB_WRITE ? db_migrate(ctx->db, schema_steps, ctx->arena, &why) : db_known(ctx->db, schema_steps, ctx->arena, &why);
    int64_t moving = s == OK ? query_int(ctx->db, "SELECT count(*) FROM settings WHERE name = {}", INSTALL_MOVING) : 0;
    if (s == OK && db_status(ctx->db) != OK)
        return ctx_fail(ctx, UNAVAILABLE,
                        say(ctx, "{} can't be read: {}. Is it a store, and may this role read it?", shown, db_failure(ctx->db)));
    if (moving == 1)
        return ctx_fail(ctx, CONFLICT, say(ctx, "The move to {} is not finished. Run the same linli move again.", shown));
    return s == OK ? OK : ctx_fail(ctx, s, why);
}

/* ---- creating ---- */

static enum status load_pack(struct ctx *ctx, const char *pack)
{
    enum { NEEDED = 5 }; /* a subdistrict may have none of the later ones */
    static const char *const order[] = {"areas",         "units",  "categories",        "holidays", "templates",
                                        "organisations", "skills", "volunteer-systems", NULL};
    for (int i = 0; order[i]; i++) {
        struct import im;
        const char *file = in_folder(ctx, pack, arena_print(ctx->arena, "%s.csv", order[i]));
        if (i >= NEEDED && access(file, F_OK) != 0)
            continue;
        enum status s = install_import(ctx, order[i], file, NULL, 0, false, &im);
        if (s != OK)
            return s;
        if (im.failed)
            return ctx_fail(ctx, INVALID, say(ctx, "{}, row {}: {}", order[i], im.errors->row, im.errors->text));
    }
    return OK;
}

/* What a new store holds: the pack, demonstration requests, the logins. */
static enum status fill(struct ctx *ctx, const char *pack, int64_t requests)
{
    enum status s = pack ? load_pack(ctx, pack) : OK;
    if (s == OK && (s = db_begin(ctx->db)) == OK) {
        int64_t base = requests < DEMO_REQUESTS ? requests : DEMO_REQUESTS;
        if (pack && requests > 0 && access(in_folder(ctx, pack, "generator"), F_OK) == 0) {
            s = demo_requests(ctx, pack, base, requests - base);
            if (s == OK && base == DEMO_REQUESTS)
                s = demo_neighbours(ctx, pack);
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
    if (s != OK)
        return ctx->status != OK ? ctx->status : ctx_fail(ctx, s, NULL);
    journal_finish(ctx->db);
    db_close(ctx->db);
    ctx->db = NULL;
    return OK;
}

/* A schema of PostgreSQL; its key is made first, and one that is there for an unfinished schema is used. */
static enum status create_schema(struct ctx *ctx, const char *data, const char *pack, int64_t requests)
{
    const char *key = store_key_path(ctx->arena, data), *shown = store_shown(ctx->arena, data);
    char *folder = arena_copy(ctx->arena, key);
    *strrchr(folder, '/') = '\0';
    enum status s = store_make_folder(folder) ? seal_key_create(key) : UNAVAILABLE;
    if (s != OK && s != CONFLICT)
        return ctx_fail(ctx, s, say(ctx, "{} can't be made: {}", key, strerror(errno)));
    bool own = s == OK;
    if (install_open(ctx, data, DB_WRITE) != OK) {
        if (own) /* nothing was sealed with it */
            unlink(key);
        return ctx->status;
    }
    if (query_int(ctx->db, "SELECT min(id) FROM users") != NONE) {
        if (own)
            unlink(key);
        return ctx_fail(ctx, CONFLICT, say(ctx, "{} is there already; it is left as it is.", shown));
    }
    return fill(ctx, pack, requests);
}

/* What a broken-off init leaves would only take room. Its failure is said before. */
static void remove_made(struct ctx *ctx, const char *folder)
{
    static const char *const files[] = {"linli.db", "linli.db-wal", "linli.db-shm", "key"};
    if (ctx->db && db_status(ctx->db) != OK && !ctx->problems)
        ctx_problem(ctx, NULL, arena_copy(ctx->arena, db_failure(ctx->db)));
    db_close(ctx->db);
    ctx->db = NULL;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        unlink(in_folder(ctx, folder, files[i]));
    rmdir(folder);
}

enum status install_create(struct ctx *ctx, const char *data, const char *pack, int64_t requests)
{
    struct stat st;
    if (db_is_postgres(data))
        return create_schema(ctx, data, pack, requests);
    if (stat(data, &st) == 0)
        return ctx_fail(ctx, CONFLICT, say(ctx, "{} is there already; it is left as it is.", data));
    const char *making = arena_print(ctx->arena, "%s.new-%d", data, (int)getpid());
    if (mkdir(making, 0700) != 0)
        return ctx_fail(ctx, UNAVAILABLE, say(ctx, "{} can't be made: {}", making, strerror(errno)));
    enum status s = seal_key_create(in_folder(ctx, making, "key"));
    if (s != OK)
        ctx_fail(ctx, s, say(ctx, "{} can't be made: {}", in_folder(ctx, making, "key"), strerror(errno)));
    if (s == OK)
        s = install_open(ctx, making, DB_WRITE);
    if (s == OK)
        s = fill(ctx, pack, requests);
    if (s != OK) {
        remove_made(ctx, making);
        return ctx->status != OK ? ctx->status : ctx_fail(ctx, s, NULL);
    }
    if (rename(making, data) != 0)
        return ctx_fail(ctx, UNAVAILABLE, say(ctx, "{} can't be made: {}", data, strerror(errno)));
    return OK;
}
