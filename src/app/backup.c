/*
 * backup and restore, from either back end to either.
 *
 * A backup is one file: manifest.json, linli.db, and, only when it is
 * encrypted, the installation's key. The database is copied page by page
 * while others read and write, so the copy is of one moment; the manifest is
 * made from the copy, not from what goes on changing. A restore goes into a
 * new folder under a temporary name, is verified there, and only then gets
 * its name.
 */
#include "app/archive.h"
#include "app/import_run.h"
#include "app/install.h"
#include "app/module.h"
#include "app/secret.h"
#include "app/store.h"
#include "app/tenants.h"
#include "app/verify.h"
#include "base/seal.h"
#include "base/when.h"
#include "db/journal.h"
#include "db/wal_copy.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *hex(struct ctx *ctx, const unsigned char *data, size_t n)
{
    return sodium_bin2hex(arena_alloc(ctx->arena, 2 * n + 1), 2 * n + 1, data, n);
}

static const char *file_hash(struct ctx *ctx, const char *path)
{
    unsigned char hash[crypto_hash_sha256_BYTES], piece[65536];
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    FILE *f = fopen(path, "rb");
    if (!f)
        return NULL;
    for (size_t n; (n = fread(piece, 1, sizeof piece, f)) > 0;)
        crypto_hash_sha256_update(&state, piece, n);
    bool bad = ferror(f);
    fclose(f);
    crypto_hash_sha256_final(&state, hash);
    return bad ? NULL : hex(ctx, hash, sizeof hash);
}

static const char *journal_head(struct ctx *ctx, struct db *db)
{
    struct rows *r = query(db, "SELECT hash FROM journal ORDER BY seq DESC LIMIT 1");
    struct bytes h = rows_next(r) ? row_bytes(r, "hash") : (struct bytes){NULL, 0};
    const char *text = h.data ? hex(ctx, h.data, h.size) : "";
    rows_end(r);
    return text;
}

static const char *manifest_of(struct ctx *ctx, struct db *copy, const char *path, bool key)
{
    struct buf out;
    buf_init(&out, 0);
    json(&out,
         "{\n  \"format\": 1,\n  \"made\": {},\n  \"schema\": {},\n  \"journal\": {\"newest\": {}, \"hash\": {}},\n"
         "  \"database\": {\"sha256\": {}},\n  \"key\": {},\n  \"records\": {",
         when_iso(ctx->arena, ctx->now), query_int(copy, "SELECT max(number) AS n FROM schema_steps"), journal_newest(copy),
         journal_head(ctx, copy), file_hash(ctx, path), key);
    for (const struct kind *const *k = modules_kinds(); *k; k++) {
        if (k != modules_kinds())
            buf_puts(&out, ", ");
        json(&out, "{}: {}", (*k)->name, query_int(copy, "SELECT count(*) AS n FROM {}", (struct sql_name){(*k)->table}));
    }
    buf_puts(&out, "}\n}\n");
    const char *text = db_status(copy) == OK ? arena_copyn(ctx->arena, out.data, out.size) : NULL;
    buf_release(&out);
    return text;
}

static const char *passphrase_for(struct ctx *ctx, const struct options *o, bool twice)
{
    if (o->passphrase)
        return secret_file(ctx, o->passphrase);
    const char *typed = secret_typed(ctx, say(ctx, "Passphrase"));
    const char *again = typed && twice && isatty(STDIN_FILENO) ? secret_typed(ctx, say(ctx, "Once more")) : typed;
    if (!typed || !*typed || (twice && strlen(typed) < 12))
        ctx_problem(ctx, NULL, say(ctx, "A passphrase of at least 12 characters is needed."));
    else if (!again || strcmp(typed, again) != 0)
        ctx_problem(ctx, NULL, say(ctx, "The two passphrases differ."));
    return ctx_ok(ctx) ? typed : NULL;
}

static enum status backup_write(struct ctx *ctx, const struct options *o, const char *copy, const char *passphrase)
{
    const char *why = NULL;
    if (store_snapshot(ctx, copy) != OK)
        return ctx->status;
    struct db *db = db_open_file(copy, DB_READ, ctx->arena, &why);
    const char *manifest = db ? manifest_of(ctx, db, copy, passphrase != NULL) : NULL;
    if (db)
        db_close(db);
    if (!manifest)
        return ctx_fail(ctx, UNAVAILABLE, why ? why : say(ctx, "The copy could not be read."));
    struct archive *a = archive_create(ctx, o->output, passphrase);
    if (!a)
        return ctx->status;
    archive_add(a, "manifest.json", manifest, strlen(manifest));
    archive_add_file(a, "linli.db", copy);
    if (passphrase)
        archive_add_file(a, "key", store_key_path(ctx->arena, o->data));
    return archive_finish(ctx, a);
}

static void copy_remove(struct ctx *ctx, const char *copy)
{
    unlink(copy);
    unlink(arena_print(ctx->arena, "%s-wal", copy));
    unlink(arena_print(ctx->arena, "%s-shm", copy));
}

static int run_backup(struct ctx *ctx, const struct options *o)
{
    if (!o->output) {
        fprintf(stderr, "linli: backup needs --output FILE\n");
        return 2;
    }
    if (o->passphrase && !o->encrypt) {
        fprintf(stderr, "linli: --passphrase-file goes with --encrypt\n");
        return 2;
    }
    if (install_open(ctx, o->data, DB_READ) != OK)
        return command_failed(ctx);
    if (access(o->output, F_OK) == 0) {
        ctx_fail(ctx, CONFLICT, say(ctx, "{} is there already; it is left as it is.", o->output));
        return command_failed(ctx);
    }
    const char *passphrase = o->encrypt ? passphrase_for(ctx, o, true) : NULL;
    if (o->encrypt && !passphrase)
        return command_failed(ctx);
    const char *copy = arena_print(ctx->arena, "%s.copy-%d", o->output, (int)getpid());
    enum status s = backup_write(ctx, o, copy, passphrase);
    copy_remove(ctx, copy);
    if (s != OK)
        return command_failed(ctx);
    printf("%s\n", say(ctx, "{} is written.", o->output));
    if (!passphrase)
        fprintf(stderr, "%s\n",
                say(ctx, "It does not hold the key {}, without which sealed fields can't be opened. Keep that file apart.",
                    store_key_path(ctx->arena, o->data)));
    return 0;
}

/* ---- restoring ---- */

/* Compares what was restored with what its manifest says. */
static bool fits_manifest(struct ctx *ctx, const char *folder, const char *manifest)
{
    cJSON *m = cJSON_Parse(manifest);
    const cJSON *hash = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(m, "database"), "sha256");
    const cJSON *journal = cJSON_GetObjectItemCaseSensitive(m, "journal");
    const cJSON *newest = cJSON_GetObjectItemCaseSensitive(journal, "newest"), *head = cJSON_GetObjectItemCaseSensitive(journal, "hash");
    const char *is = file_hash(ctx, arena_print(ctx->arena, "%s/linli.db", folder)), *why = NULL;
    if (!cJSON_IsString(hash) || !cJSON_IsNumber(newest) || !cJSON_IsString(head) || !is || strcmp(is, hash->valuestring) != 0) {
        ctx_fail(ctx, INVALID, say(ctx, "The database is not the one its manifest describes."));
    } else if (!(ctx->db = db_open(folder, DB_WRITE, ctx->arena, &why))) {
        ctx_fail(ctx, UNAVAILABLE, why);
    } else if (journal_newest(ctx->db) != (int64_t)newest->valuedouble || strcmp(journal_head(ctx, ctx->db), head->valuestring) != 0) {
        ctx_fail(ctx, INVALID, say(ctx, "The journal does not end where the manifest says."));
    } else {
        const cJSON *counts = cJSON_GetObjectItemCaseSensitive(m, "records");
        for (const cJSON *c = counts ? counts->child : NULL; c && ctx_ok(ctx); c = c->next) {
            const struct kind *k = kind_find(c->string);
            if (k && query_int(ctx->db, "SELECT count(*) AS n FROM {}", (struct sql_name){k->table}) != (int64_t)c->valuedouble)
                ctx_fail(ctx, INVALID, say(ctx, "There are not as many {} as the manifest says.", k->name));
        }
    }
    cJSON_Delete(m);
    return ctx_ok(ctx);
}

static bool copy_key(struct ctx *ctx, const char *from, const char *to)
{
    struct seal_key key;
    if (seal_key_load(&key, from) != OK) {
        ctx_fail(ctx, INVALID, say(ctx, "The key file {} can't be used: it must be a file that only its owner may read.", from));
        return false;
    }
    seal_key_release(&key);
    size_t size = 0;
    char *bytes = import_read_file(ctx, from, &size);
    mode_t was = umask(0077);
    FILE *f = bytes ? fopen(to, "wbx") : NULL;
    umask(was);
    bool good = f && fwrite(bytes, 1, size, f) == size && fflush(f) == 0 && fsync(fileno(f)) == 0;
    if (f)
        fclose(f);
    if (bytes)
        sodium_memzero(bytes, size);
    free(bytes);
    return good || ctx_fail(ctx, UNAVAILABLE, say(ctx, "{} could not be written. Is the disk full?", to)) == OK;
}

/* Unpacks into the folder; answers the manifest. */
static const char *unpack(struct ctx *ctx, const char *file, const char *folder, const char *passphrase)
{
    struct archive *a = archive_open(ctx, file, passphrase);
    const char *manifest = NULL, *name = NULL;
    int64_t size = 0;
    bool database = false, written = true;
    while (a && written && archive_next(ctx, a, &name, &size)) {
        if (!strcmp(name, "manifest.json"))
            manifest = archive_text(ctx, a, 1 << 20);
        else if (!strcmp(name, "linli.db") || !strcmp(name, "key"))
            written = archive_extract(a, arena_print(ctx->arena, "%s/%s", folder, name));
        database = database || !strcmp(name, "linli.db");
    }
    if (!a || archive_close(ctx, a) != OK)
        return NULL;
    if (!written)
        ctx_fail(ctx, UNAVAILABLE, say(ctx, "{} could not be written. Is the disk full?", folder));
    else if (!manifest || !database)
        ctx_fail(ctx, INVALID, say(ctx, "{} is not a backup, or it was cut off or changed.", file));
    return ctx_ok(ctx) ? manifest : NULL;
}

static void folder_remove(struct ctx *ctx, const char *folder)
{
    static const char *const files[] = {"linli.db", "linli.db-wal", "linli.db-shm", "key"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        unlink(arena_print(ctx->arena, "%s/%s", folder, files[i]));
    rmdir(folder);
}

/* What was copied continuously, as it was at that moment. */
static bool put_together(struct ctx *ctx, const struct options *o, const char *folder)
{
    int64_t at = INT64_MAX;
    const char *why = NULL;
    bool has_time = false;
    if (o->at && (!when_parse(o->at, &at, &has_time) || !has_time))
        return ctx_fail(ctx, INVALID, say(ctx, "--at is a time such as 2026-11-26 16:00:00, not “{}”.", o->at)) == OK;
    int64_t ms = o->at ? at * 1000 + 999 : INT64_MAX;
    enum status s = wal_copy_restore(o->from, &ms, arena_print(ctx->arena, "%s/linli.db", folder), ctx->arena, &why);
    if (s != OK)
        return ctx_fail(ctx, s, why) == OK;
    printf("%s\n", say(ctx, "As it was at {}.", when_iso(ctx->arena, ms / 1000)));
    return true;
}

static bool restore_into(struct ctx *ctx, const struct options *o, const char *folder, struct verified *v)
{
    static struct seal_key keys;
    const char *file = o->word_count ? o->words[0] : NULL, *key = arena_print(ctx->arena, "%s/key", folder), *why = NULL;
    const char *passphrase = file && archive_is_encrypted(file) ? passphrase_for(ctx, o, false) : NULL;
    if (!ctx_ok(ctx))
        return false;
    const char *manifest = file ? unpack(ctx, file, folder, passphrase) : NULL;
    if (file ? !manifest : !put_together(ctx, o, folder))
        return false;
    if (o->key && access(key, F_OK) != 0 && !copy_key(ctx, o->key, key))
        return false;
    kinds_set(modules_kinds());
    if (file ? !fits_manifest(ctx, folder, manifest) : !(ctx->db = db_open(folder, DB_WRITE, ctx->arena, &why)))
        return why ? ctx_fail(ctx, UNAVAILABLE, why) == OK : false;
    if (seal_key_load(&keys, key) == OK)
        ctx->keys = &keys;
    else if (!o->check)
        return ctx_fail(ctx, NOT_FOUND, say(ctx, "The backup holds no key. Give the installation's key file with --key FILE.")) == OK;
    if (db_migrate(ctx->db, schema_steps, ctx->arena, &why) != OK)
        return ctx_fail(ctx, CONFLICT, why) == OK;
    return verify_store(ctx, v) == OK;
}

static int restore_one(struct ctx *ctx, const struct options *o)
{
    const char *source = o->from ? o->from : o->words[0];
    bool postgres = o->data && db_is_postgres(o->data);
    const char *target = o->check || !o->data ? arena_print(ctx->arena, "%s.check", source)
                         : postgres           ? arena_print(ctx->arena, "%s.restored", source)
                                              : o->data;
    if (access(target, F_OK) == 0) {
        ctx_fail(ctx, CONFLICT, say(ctx, "{} is there already; it is left as it is.", target));
        return command_failed(ctx);
    }
    const char *folder = arena_print(ctx->arena, "%s.new-%d", target, (int)getpid());
    if (mkdir(folder, 0700) != 0) {
        ctx_fail(ctx, UNAVAILABLE, say(ctx, "{} can't be made: {}", folder, strerror(errno)));
        return command_failed(ctx);
    }
    struct verified v = {0};
    bool good = restore_into(ctx, o, folder, &v);
    if (ctx->db)
        db_close(ctx->db);
    ctx->db = NULL;
    if (good && postgres) { /* it was verified aside; the move verifies it again there */
        good = store_move(ctx, folder, o->data) == OK;
    } else if (good && !o->check && rename(folder, target) != 0) {
        ctx_fail(ctx, UNAVAILABLE, say(ctx, "{} can't be made: {}", target, strerror(errno)));
        good = false;
    }
    if (!good || o->check || postgres)
        folder_remove(ctx, folder);
    if (!good)
        return command_failed(ctx);
    printf("%s\n", say(ctx, "All in order: {} journal entries, {} records, {} sealed fields.", v.entries, v.records, v.sealed));
    if (!ctx->keys)
        printf("%s\n", say(ctx, "Sealed fields were not tried: there is no key. Give it with --key FILE."));
    if (!o->check)
        printf("%s\n", say(ctx, "{} is restored.", store_shown(ctx->arena, o->data)));
    return 0;
}

/* One of what --copy-to copied of many. A store that is there already is left: who runs it again goes on. */
static bool restore_tenant(const struct ctx *as, const struct options *all, const struct tenant_row *t, int number, int of)
{
    struct ctx ctx;
    struct options o = *all;
    ctx_init(&ctx, arena_new());
    ctx.lang = as->lang;
    const char *name = tenants_copy_name(ctx.arena, all->data ? all->data : "", t->store);
    bool good = true;
    printf("%d/%d %s: ", number, of, t->name);
    if (db_is_postgres(t->store)) {
        printf("%s\n", say(&ctx, "its store {} is PostgreSQL's to bring back.", store_shown(ctx.arena, t->store)));
    } else if (!all->check && access(t->store, F_OK) == 0) {
        printf("%s\n", say(&ctx, "{} is there already; it is left as it is.", t->store));
    } else {
        o.from = arena_print(ctx.arena, "%s/%s", all->from, name);
        o.data = all->check ? NULL : t->store;
        o.key = all->key ? arena_print(ctx.arena, "%s/%s/key", all->key, name) : NULL;
        fflush(stdout);
        good = restore_one(&ctx, &o) == 0;
    }
    fflush(stdout);
    arena_free(ctx.arena);
    return good;
}

/* All that --copy-to copied: the list of subdistricts with their names and hosts, then their stores. */
static int restore_all(struct ctx *ctx, const struct options *o, struct db *registry)
{
    const char *why = NULL;
    int count = 0, failed = 0, at = 0;
    if (o->data && db_is_postgres(o->data))
        ctx_fail(ctx, INVALID, say(ctx, "Several subdistricts are restored into a folder."));
    else if (o->data && !store_make_folder(arena_print(ctx->arena, "%s/tenants", o->data)))
        ctx_fail(ctx, UNAVAILABLE, say(ctx, "{} can't be made: {}", o->data, strerror(errno)));
    else if (o->data && !tenants_there(ctx, o->data) && tenants_copy(registry, o->data, ctx->arena, &why) != OK)
        ctx_fail(ctx, UNAVAILABLE, why);
    struct tenant_row *all = ctx_ok(ctx) ? tenants_read(ctx, registry, o->data ? o->data : "") : NULL;
    if (!ctx_ok(ctx))
        return command_failed(ctx);
    for (const struct tenant_row *t = all; t; t = t->next)
        count++;
    for (const struct tenant_row *t = all; t; t = t->next)
        failed += !restore_tenant(ctx, o, t, ++at, count);
    if (failed)
        fprintf(stderr, "linli: %s\n",
                say(ctx, "{} of {} could not be restored. When that is put right, run the same command again.", failed, count));
    else if (o->data)
        printf("%s\n", say(ctx, "{} is restored.", o->data));
    return failed > 0;
}

static int run_restore(struct ctx *ctx, const struct options *o)
{
    if (!o->data == !o->check || !o->from == !o->word_count || (o->at && !o->from)) {
        fprintf(stderr, "linli: restore needs FILE, or --from DIR; and --data DIR for a new installation, or --check to try it\n");
        return 2;
    }
    struct db *registry = o->from ? tenants_copied(ctx->arena, o->from) : NULL;
    int code = registry ? restore_all(ctx, o, registry) : restore_one(ctx, o);
    db_close(registry);
    return code;
}

static const struct command commands[] = {
    {"backup", "linli backup --data DIR --output FILE [--encrypt [--passphrase-file FILE]]", .run = run_backup,
     .help = N_("Writes one file with the database as it is at this moment and a manifest with counts, the journal's end and\n"
                "hashes; the installation may go on serving. The file is an ordinary tar.\n\n"
                "  --output FILE            must not be there yet\n"
                "  --encrypt                with a passphrase, asked for or read from standard input; the file then holds the\n"
                "                           key of the sealed fields too. Without it the key stays out: keep DIR/key apart\n"
                "  --passphrase-file FILE   the passphrase is its first line; only you may be able to read it\n\n"
                "  linli backup --data ./data --output /backup/linli-2026-03-05.tar\n")},
    {"restore", "linli restore FILE | --from DIR [--at TIME] --data DIR | --check [--key FILE] [--passphrase-file FILE]", 0, 1,
     .no_data = true, .run = run_restore,
     .help = N_("Makes a new installation from a backup and verifies it before it gets its name.\n\n"
                "  --data DIR               must not be there yet; also the address of a new schema on PostgreSQL\n"
                "  --from DIR               instead of FILE: what serve --copy-to DIR copied; of many subdistricts all of them\n"
                "                           with their names, or DIR/NAME for one\n"
                "  --at TIME                as it was then, such as “2026-11-26 16:00:00”; the newest unless said\n"
                "  --check                  restores aside, verifies, and removes it again: tells whether the backup is good\n"
                "  --key FILE               the installation's key, for a backup that is not encrypted; for many subdistricts\n"
                "                           a folder with a file NAME/key for each\n"
                "  --passphrase-file FILE   for an encrypted one; otherwise it is asked for\n\n"
                "  linli restore /backup/linli-2026-03-05.tar --key /safe/key --data ./restored\n")},
    {.name = NULL},
};

const struct module backup_module = {.name = "backup", .commands = commands};
