/*
 * The installation on disk: a folder with linli.db and key (0600).
 *
 * init makes the folder under a temporary name and renames it when everything
 * is in it, so that a broken-off init leaves nothing that looks finished.
 * Memory is the context's; the keys live as long as the process.
 */
#include "app/install.h"

#include "app/demo.h"
#include "app/module.h"
#include "app/registers.h"
#include "app/requests.h"
#include "app/users.h"
#include "base/seal.h"
#include "kind/sheet.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct seal_key keys; /* one installation a process */

#define FILE_MOST ((size_t)256 << 20) /* bytes of a sheet to be imported */

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

/* ---- importing ---- */

void *import_read_file(struct ctx *ctx, const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    if (!f) {
        ctx_fail(ctx, NOT_FOUND, say(ctx, "{} can't be opened: {}", path, strerror(errno)));
        return NULL;
    }
    struct buf b;
    char part[65536];
    size_t n;
    buf_init(&b, FILE_MOST);
    while ((n = fread(part, 1, sizeof part, f)) > 0)
        buf_put(&b, part, n);
    bool bad = ferror(f) || b.full;
    fclose(f);
    if (bad) {
        buf_release(&b);
        ctx_fail(ctx, INVALID, say(ctx, "{} can't be read, or is larger than 256 MB.", path));
        return NULL;
    }
    char *data = buf_take(&b, size);
    buf_release(&b);
    return data;
}

static enum status import_rows(struct ctx *ctx, struct sheet *sheet, struct import *im, const char *const *maps, int map_count)
{
    struct sheet_row row;
    const char *cells[IMPORT_COLUMNS];
    if (!sheet_next(sheet, &row))
        return ctx_fail(ctx, INVALID, say(ctx, "The sheet is empty."));
    for (int i = 0; i < row.count; i++)
        cells[i] = arena_copy(ctx->arena, row.cells[i].text);
    int found = import_guess(ctx, im, cells, row.count), headings = row.count;
    for (int i = 0; i < map_count; i++)
        if (import_map(ctx, im, maps[i], cells, headings) != OK)
            return ctx->status;
    if (found + map_count == 0)
        return ctx_fail(ctx, INVALID, say(ctx, "None of the sheet's columns is known. Name them with --map FIELD=COLUMN."));
    while (sheet_next(sheet, &row)) {
        for (int i = 0; i < row.count; i++)
            cells[i] = row.cells[i].text;
        if (db_savepoint(ctx->db) != OK)
            return ctx_fail(ctx, db_status(ctx->db), NULL);
        int64_t failed = im->failed;
        import_row(ctx, im, row.number, cells, row.count);
        if (im->failed > failed) {
            db_savepoint_undo(ctx->db);
            db_clear(ctx->db);
        } else if (db_savepoint_release(ctx->db) != OK) {
            return ctx_fail(ctx, db_status(ctx->db), NULL);
        }
    }
    ctx->problems = NULL;
    ctx->problems_end = &ctx->problems;
    ctx->problem_count = 0;
    ctx->status = OK;
    const char *why, *cell;
    if (sheet_status(sheet, &why, &cell) != OK)
        return ctx_fail(ctx, INVALID, *cell ? say(ctx, "Cell {}: {}", cell, tr(ctx, why)) : tr(ctx, why));
    return OK;
}

enum status install_import(struct ctx *ctx, const char *kind, const char *path, const char *const *maps, int map_count,
                           bool dry_run, struct import *im)
{
    const struct kind *k = kind_find(kind);
    if (!k || !k->fields)
        return ctx_fail(ctx, NOT_FOUND, say(ctx, "There is no kind “{}”. Known are areas, units, categories, holidays, templates and requests.", kind));
    size_t size = 0;
    void *bytes = import_read_file(ctx, path, &size);
    if (!bytes)
        return ctx->status;
    import_init(im, k);
    im->dry_run = dry_run;
    const char *why = NULL;
    struct sheet *sheet = sheet_open(ctx->arena, bytes, size, &why);
    enum status s = sheet ? db_begin(ctx->db) : ctx_fail(ctx, INVALID, tr(ctx, why));
    if (s == OK) {
        s = import_rows(ctx, sheet, im, maps, map_count);
        if (s == OK && k == &areas_kind && !dry_run)
            s = areas_place(ctx);
        if (s == OK && !dry_run)
            s = db_commit(ctx->db);
        else
            db_rollback(ctx->db);
    }
    sheet_close(sheet);
    free(bytes);
    return s;
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
