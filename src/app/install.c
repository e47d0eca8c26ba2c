/*
 * The installation on disk: a folder with linli.db and key (0600).
 *
 * init makes the folder under a temporary name and renames it when everything
 * is in it, so that a broken-off init leaves nothing that looks finished.
 * Memory is the context's; the keys live as long as the process.
 */
#include "app/install.h"

#include "app/demo.h"
#include "app/import_run.h"
#include "app/module.h"
#include "app/registers.h"
#include "app/requests.h"
#include "app/users.h"
#include "base/seal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct seal_key keys; /* one installation a process */

static const char *in_folder(struct ctx *ctx, const char *folder, const char *file)
{
    return arena_print(ctx->arena, "%s/%s", folder, file);
}

enum status install_open(struct ctx *ctx, const char *data, enum db_mode mode)
{
    const char *why = NULL;
    kinds_set(modules_kinds());
    enum status s = seal_key_load(&keys, in_folder(ctx, data, "key"));
    if (s == NOT_FOUND)
        return ctx_fail(ctx, NOT_FOUND, say(ctx, "{} is not an installation. Make one with: linli init --data {}", data, data));
    if (s != OK)
        return ctx_fail(ctx, s, say(ctx, "The key file {} can't be used: it must be a file that only its owner may read.", in_folder(ctx, data, "key")));
    ctx->keys = &keys;
    ctx->db = db_open(data, mode, ctx->arena, &why);
    if (!ctx->db)
        return ctx_fail(ctx, UNAVAILABLE, why);
    s = mode == DB_WRITE ? db_migrate(ctx->db, schema_steps, ctx->arena, &why) : OK;
    return s == OK ? OK : ctx_fail(ctx, s, why);
}

/* ---- creating ---- */

static enum status load_pack(struct ctx *ctx, const char *pack)
{
    enum { NEEDED = 5 }; /* a subdistrict may have none of the later ones */
    static const char *const order[] = {"areas", "units", "categories", "holidays", "templates", "stations", NULL};
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

enum status install_create(struct ctx *ctx, const char *data, const char *pack, int64_t requests)
{
    struct stat st;
    if (stat(data, &st) == 0)
        return ctx_fail(ctx, CONFLICT, say(ctx, "{} is there already; it is left as it is.", data));
    const char *making = arena_print(ctx->arena, "%s.new-%d", data, (int)getpid());
    if (mkdir(making, 0700) != 0)
        return ctx_fail(ctx, UNAVAILABLE, say(ctx, "{} can't be made: {}", making, strerror(errno)));
    enum status s = seal_key_create(in_folder(ctx, making, "key"));
    if (s == OK)
        s = install_open(ctx, making, DB_WRITE);
    if (s == OK && pack)
        s = load_pack(ctx, pack);
    if (s == OK && (s = db_begin(ctx->db)) == OK) {
        if (pack && requests > 0)
            s = demo_requests(ctx, pack, requests);
        if (s == OK)
            s = logins_make(ctx, pack);
        s = s == OK ? db_commit(ctx->db) : s;
    }
    if (s != OK)
        return ctx->status != OK ? ctx->status : ctx_fail(ctx, s, NULL);
    db_close(ctx->db);
    ctx->db = NULL;
    if (rename(making, data) != 0)
        return ctx_fail(ctx, UNAVAILABLE, say(ctx, "{} can't be made: {}", data, strerror(errno)));
    return OK;
}
