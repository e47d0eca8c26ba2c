/*
 * backup and restore, from either back end to either.
 *
 * A backup is one file: manifest.json, linli.db, and, only if it is encrypted,
 * the installation's key. The database is copied page by page while others read
 * and write, so the copy is of one moment. The manifest describes that copy,
 * not the database, which may have changed since. A restore goes into a new
 * folder with a temporary name, is verified there, and is then renamed.
 */
#include "program/archive.h"
#include "program/manifest.h"
#include "core/import_run.h"
#include "program/install.h"
#include "core/module.h"
#include "program/secret.h"
#include "core/store.h"
#include "program/tenants.h"
#include "program/verify.h"
#include "base/log.h"
#include "base/seal.h"
#include "base/when.h"
#include "db/journal.h"
#include "db/wal_copy.h"

#include <cjson/cJSON.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPY "backup-copy-" /* followed by the process id */

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
         "{\n  \"format\": 1,\n  \"made\": {},\n  \"schema\": {},\n  \"journal\": {\"newest\": {}, "
         "\"hash\": {}},\n"
         "  \"database\": {\"sha256\": {}},\n  \"key\": {},\n  \"records\": {",
         when_iso(ctx->arena, ctx->now),
         query_int(copy, "SELECT max(number) AS n FROM schema_steps"), journal_newest(copy),
         journal_head(ctx, copy), file_hash(ctx, path), key);
    for (const struct kind *const *k = modules_kinds(); *k; k++) {
        if (k != modules_kinds())
            buf_puts(&out, ", ");
        json(&out, "{}: {}", (*k)->name,
             query_int(copy, "SELECT count(*) AS n FROM {}", (struct sql_name){(*k)->table}));
    }
    buf_puts(&out, "}\n}\n");
    const char *text = db_status(copy) == OK ? arena_copyn(ctx->arena, out.data, out.size) : NULL;
    buf_release(&out);
    return text;
}

struct backup_options {
    const char *output, *passphrase;
    bool encrypt;
};
static const struct command_option backup_options[] = {
    {"--output", offsetof(struct backup_options, output)},
    {"--encrypt", offsetof(struct backup_options, encrypt), OPTION_FLAG},
    {"--passphrase-file", offsetof(struct backup_options, passphrase)},
    {.name = NULL},
};

/* file: read the passphrase from it; NULL: from the terminal. */
static const char *passphrase_for(struct ctx *ctx, const char *file, bool twice)
{
    if (file)
        return secret_file(ctx, file);
    const char *typed = secret_typed(ctx, say(ctx, "Passphrase"));
    const char *again = typed && twice && isatty(STDIN_FILENO)
                            ? secret_typed(ctx, say(ctx, "Again"))
                            : typed;
    if (!typed || !*typed || (twice && strlen(typed) < 12))
        ctx_problem(ctx, NULL, say(ctx, "The passphrase must be at least 12 characters."));
    else if (!again || strcmp(typed, again) != 0)
        ctx_problem(ctx, NULL, say(ctx, "The passphrases don’t match."));
    return ctx_ok(ctx) ? typed : NULL;
}

static enum status backup_write(struct ctx *ctx, const struct given *g, const char *copy,
                                const char *passphrase)
{
    const struct backup_options *o = g->options;
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
        archive_add_file(a, "key", store_key_path(ctx->arena, g->data));
    return archive_finish(ctx, a);
}

static void copy_remove(struct ctx *ctx, const char *copy)
{
    unlink(copy);
    unlink(arena_print(ctx->arena, "%s-wal", copy));
    unlink(arena_print(ctx->arena, "%s-shm", copy));
}

/* The temporary copy, for the signal handler and for a later backup that cleans
 * up. */
static const char *copy_name;

/* Removes the readable copy of an interrupted backup. Calls only functions that
 * a signal handler may call. */
static void copy_abandon(int got)
{
    static const char *const more[] = {"", ".part", "-journal", "-wal", "-shm", ".part-journal"};
    char path[4200];
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
        size_t n = strlen(copy_name);
        if (n + 20 > sizeof path)
            break;
        memcpy(path, copy_name, n);
        memcpy(path + n, more[i], strlen(more[i]) + 1);
        unlink(path);
    }
    signal(got, SIG_DFL);
    raise(got);
}

/* Removes the copies of backups whose process no longer exists. */
static void copies_remove(const char *folder)
{
    DIR *d = opendir(folder);
    for (struct dirent *e; d && (e = readdir(d)) != NULL;) {
        char *end = NULL;
        if (strncmp(e->d_name, COPY, strlen(COPY)) != 0)
            continue;
        long pid = strtol(e->d_name + strlen(COPY), &end, 10);
        if (pid > 0 && (!*end || *end == '.' || *end == '-') && kill((pid_t)pid, 0) != 0 &&
            errno == ESRCH)
            unlinkat(dirfd(d), e->d_name, 0);
    }
    if (d)
        closedir(d);
}

/* The temporary copy is as readable as the database. So it is made in the
 * database's folder, not where the backup goes, which may be encrypted; it goes
 * there only if the folder can't be written. */
static const char *copy_begin(struct ctx *ctx, const char *data, const char *output)
{
    const char *folder = store_folder(ctx->arena, data);
    char *aside = arena_copy(ctx->arena, output), *slash = strrchr(aside, '/');
    if (slash)
        *slash = '\0';
    if (!folder || access(folder, W_OK) != 0)
        folder = slash ? (slash == aside ? "/" : aside) : ".";
    copies_remove(folder);
    copy_name = arena_print(ctx->arena, "%s/%s%d", folder, COPY, (int)getpid());
    struct sigaction end = {.sa_handler = copy_abandon};
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaction(signals[i], &end, NULL);
    return copy_name;
}

static int backup_check(struct ctx *ctx, struct given *g, enum command_store *store)
{
    const struct backup_options *o = g->options;
    (void)ctx;
    (void)store;
    if (!o->output) {
        fprintf(stderr, "linli: backup needs --output FILE\n");
        return 2;
    }
    if (o->passphrase && !o->encrypt) {
        fprintf(stderr, "linli: --passphrase-file goes with --encrypt\n");
        return 2;
    }
    return 0;
}

/* For the page /running. Where the folder can't be written, the backup is as good without. */
static void mark_leave(struct ctx *ctx, const char *data, const char *output, bool encrypted)
{
    const char *folder = store_folder(ctx->arena, data);
    struct stat s;
    if (!folder || stat(output, &s) != 0)
        return;
    const struct backup_mark mark = {ctx->now, s.st_size, encrypted};
    if (!backup_mark_write(ctx->arena, folder, &mark))
        log_warn("backup_mark", "\"folder\":{}", folder);
}

static int run_backup(struct ctx *ctx, const struct given *g)
{
    const struct backup_options *o = g->options;
    if (access(o->output, F_OK) == 0) {
        ctx_fail(ctx, CONFLICT, say(ctx, "{} already exists and has not been changed.", o->output));
        return COMMAND_FAILED;
    }
    const char *passphrase = o->encrypt ? passphrase_for(ctx, o->passphrase, true) : NULL;
    if (o->encrypt && !passphrase)
        return COMMAND_FAILED;
    const char *copy = copy_begin(ctx, g->data, o->output);
    enum status s = backup_write(ctx, g, copy, passphrase);
    copy_remove(ctx, copy);
    if (s != OK)
        return COMMAND_FAILED;
    printf("%s\n", say(ctx, "{} written.", o->output));
    mark_leave(ctx, g->data, o->output, passphrase != NULL);
    if (!passphrase)
        fprintf(stderr, "%s\n",
                say(ctx,
                    "It does not contain the key {}, which is needed to open sealed fields. Keep "
                    "that file separately.",
                    store_key_path(ctx->arena, g->data)));
    return 0;
}

/* ---- restoring ---- */

/* A database being restored. data: where it goes; NULL for a trial restore. */
struct restore_options {
    const char *file, *data, *from, *at, *key, *passphrase;
    bool check;
};
static const struct command_option restore_options[] = {
    {"--from", offsetof(struct restore_options, from)},
    {"--at", offsetof(struct restore_options, at)},
    {"--check", offsetof(struct restore_options, check), OPTION_FLAG},
    {"--key", offsetof(struct restore_options, key)},
    {"--passphrase-file", offsetof(struct restore_options, passphrase)},
    {.name = NULL},
};

/* Compares the restored database with its manifest. */
static bool fits_manifest(struct ctx *ctx, const char *folder, const char *manifest)
{
    struct manifest m;
    const char *is = file_hash(ctx, arena_print(ctx->arena, "%s/linli.db", folder)), *why = NULL;
    if (!manifest_read(ctx, manifest, &m) || !is || strcmp(is, m.database) != 0) {
        ctx_fail(ctx, INVALID, say(ctx, "The database does not match the manifest."));
    } else if (!(ctx->db = db_open(folder, DB_WRITE, ctx->arena, &why))) {
        ctx_fail(ctx, UNAVAILABLE, why);
    } else if (journal_newest(ctx->db) != m.newest ||
               strcmp(journal_head(ctx, ctx->db), m.head) != 0) {
        ctx_fail(ctx, INVALID, say(ctx, "The end of the audit log does not match the manifest."));
    }
    for (int i = 0; ctx_ok(ctx) && i < m.count; i++) {
        const struct kind *k = kind_find(m.counts[i].kind);
        if (k && query_int(ctx->db, "SELECT count(*) AS n FROM {}", (struct sql_name){k->table}) !=
                     m.counts[i].records)
            ctx_fail(ctx, INVALID,
                     say(ctx, "The number of {} does not match the manifest.", k->name));
    }
    return ctx_ok(ctx);
}

static bool copy_key(struct ctx *ctx, const char *from, const char *to)
{
    struct seal_key key;
    if (seal_key_load(&key, from) != OK) {
        ctx_fail(ctx, INVALID,
                 say(ctx, "Can’t use key file {}: it must be readable only by its owner.", from));
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
    return good || ctx_fail(ctx, UNAVAILABLE,
                            say(ctx, "{} could not be written. Is the disk full?", to)) == OK;
}

/* Unpacks the archive into the folder; returns its manifest. */
static const char *unpack(struct ctx *ctx, const char *file, const char *folder,
                          const char *passphrase)
{
    struct archive *a = archive_open(ctx, file, passphrase);
    const char *manifest = NULL, *name = NULL;
    int64_t size = 0;
    bool database = false, written = true;
    while (a && written && archive_next(ctx, a, &name, &size)) {
        if (!strcmp(name, "manifest.json"))
            manifest = archive_text(ctx, a, 1 << 20);
        /* Only an encrypted backup contains the key. A key in a plain archive
         * was added by someone else, and would replace the one that --key
         * names. */
        else if (!strcmp(name, "linli.db") || (!strcmp(name, "key") && archive_is_encrypted(file)))
            written = archive_extract(a, arena_print(ctx->arena, "%s/%s", folder, name));
        database = database || !strcmp(name, "linli.db");
    }
    if (!a || archive_close(ctx, a) != OK)
        return NULL;
    if (!written)
        ctx_fail(ctx, UNAVAILABLE, say(ctx, "{} could not be written. Is the disk full?", folder));
    else if (!manifest || !database)
        ctx_fail(ctx, INVALID,
                 say(ctx, "{} is not a backup, or it is incomplete or has been altered.", file));
    return ctx_ok(ctx) ? manifest : NULL;
}

static void folder_remove(struct ctx *ctx, const char *folder)
{
    static const char *const files[] = {"linli.db", "linli.db-wal", "linli.db-shm", "linli.head",
                                        "key"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        unlink(arena_print(ctx->arena, "%s/%s", folder, files[i]));
    rmdir(folder);
}

/* Restores a continuous copy as of the requested moment. */
static bool put_together(struct ctx *ctx, const struct restore_options *o, const char *folder)
{
    int64_t at = INT64_MAX;
    const char *why = NULL;
    bool has_time = false;
    if (o->at && (!when_parse(o->at, &at, &has_time) || !has_time))
        return ctx_fail(ctx, INVALID,
                        say(ctx, "--at must be a time such as 2026-11-26 16:00:00, not “{}”.",
                            o->at)) == OK;
    int64_t ms = o->at ? at * 1000 + 999 : INT64_MAX;
    enum status s = wal_copy_restore(o->from, &ms, arena_print(ctx->arena, "%s/linli.db", folder),
                                     ctx->arena, &why);
    if (s != OK)
        return ctx_fail(ctx, s, why) == OK;
    printf("%s\n", say(ctx, "Restored as at {}.", when_iso(ctx->arena, ms / 1000)));
    return true;
}

static bool restore_into(struct ctx *ctx, const struct restore_options *o, const char *folder,
                         struct verified *v)
{
    static struct seal_key keys;
    const char *file = o->file, *key = arena_print(ctx->arena, "%s/key", folder), *why = NULL;
    const char *passphrase = file && archive_is_encrypted(file)
                                 ? passphrase_for(ctx, o->passphrase, false)
                                 : NULL;
    if (!ctx_ok(ctx))
        return false;
    const char *manifest = file ? unpack(ctx, file, folder, passphrase) : NULL;
    if (file ? !manifest : !put_together(ctx, o, folder))
        return false;
    if (o->key && access(key, F_OK) != 0 && !copy_key(ctx, o->key, key))
        return false;
    if (file ? !fits_manifest(ctx, folder, manifest)
             : !(ctx->db = db_open(folder, DB_WRITE, ctx->arena, &why)))
        return why ? ctx_fail(ctx, UNAVAILABLE, why) == OK : false;
    if (seal_key_load(&keys, key) == OK)
        ctx->keys = &keys;
    else if (!o->check)
        return ctx_fail(ctx, NOT_FOUND,
                        say(ctx, "The backup contains no key. Use --key FILE to specify the "
                                 "installation’s key file.")) == OK;
    if (db_migrate(ctx->db, schema_steps, ctx->arena, &why) != OK)
        return ctx_fail(ctx, CONFLICT, why) == OK;
    if (ctx->keys && install_key_check(ctx, true) != OK)
        return false;
    return verify_store(ctx, v) == OK;
}

static int restore_one(struct ctx *ctx, const struct restore_options *o)
{
    const char *source = o->from ? o->from : o->file;
    bool postgres = o->data && db_is_postgres(o->data);
    const char *target = o->check || !o->data ? arena_print(ctx->arena, "%s.check", source)
                         : postgres           ? arena_print(ctx->arena, "%s.restored", source)
                                              : o->data;
    if (access(target, F_OK) == 0) {
        ctx_fail(ctx, CONFLICT, say(ctx, "{} already exists and has not been changed.", target));
        return command_failed(ctx);
    }
    const char *folder = arena_print(ctx->arena, "%s.new-%d", target, (int)getpid());
    if (mkdir(folder, 0700) != 0) {
        ctx_fail(ctx, UNAVAILABLE, say(ctx, "Can’t create {}: {}", folder, strerror(errno)));
        return command_failed(ctx);
    }
    struct verified v = {0};
    bool good = restore_into(ctx, o, folder, &v);
    if (ctx->db)
        db_close(ctx->db);
    ctx->db = NULL;
    if (good && postgres) { /* it has been verified in its temporary folder; the move verifies it
                               again at its target */
        good = store_move(ctx, folder, o->data) == OK;
    } else if (good && !o->check && rename(folder, target) != 0) {
        ctx_fail(ctx, UNAVAILABLE, say(ctx, "Can’t create {}: {}", target, strerror(errno)));
        good = false;
    }
    if (!good || o->check || postgres)
        folder_remove(ctx, folder);
    if (!good)
        return command_failed(ctx);
    printf("%s\n", say(ctx, "All OK: {} audit log entries, {} records, {} sealed fields.",
                       v.entries, v.records, v.sealed));
    if (!ctx->keys)
        printf("%s\n",
               say(ctx, "Sealed fields not checked: no key. Use --key FILE to specify it."));
    if (!o->check)
        printf("%s\n", say(ctx, "{} restored.", store_shown(ctx->arena, o->data)));
    return 0;
}

/* Restores one of many databases copied by --copy-to. A database that exists
 * already is skipped, so a second run continues. */
static bool restore_tenant(const struct ctx *as, const struct restore_options *all,
                           const struct tenant_row *t, int number, int of)
{
    struct ctx ctx;
    struct restore_options o = *all;
    ctx_init(&ctx, arena_new());
    ctx.lang = as->lang;
    const char *name = tenants_copy_name(ctx.arena, all->data ? all->data : "", t->store);
    bool good = true;
    printf("%d/%d %s: ", number, of, t->name);
    if (db_is_postgres(t->store)) {
        printf("%s\n", say(&ctx, "its database {} must be restored by PostgreSQL.",
                           store_shown(ctx.arena, t->store)));
    } else if (!all->check && access(t->store, F_OK) == 0) {
        printf("%s\n", say(&ctx, "{} already exists and has not been changed.", t->store));
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

/* Restores everything copied by --copy-to: the registry of tenants with their
 * names and hosts, then their databases. */
static int restore_all(struct ctx *ctx, const struct restore_options *o, struct db *registry)
{
    const char *why = NULL;
    int count = 0, failed = 0, at = 0;
    if (o->data && db_is_postgres(o->data))
        ctx_fail(ctx, INVALID, say(ctx, "Several subdistricts can only be restored to a folder."));
    else if (o->data && !store_make_folder(arena_print(ctx->arena, "%s/tenants", o->data)))
        ctx_fail(ctx, UNAVAILABLE, say(ctx, "Can’t create {}: {}", o->data, strerror(errno)));
    else if (o->data && !tenants_there(ctx, o->data) &&
             tenants_copy(registry, o->data, ctx->arena, &why) != OK)
        ctx_fail(ctx, UNAVAILABLE, why);
    struct tenant_row *all = ctx_ok(ctx) ? tenants_read(ctx, registry, o->data ? o->data : "")
                                         : NULL;
    if (!ctx_ok(ctx))
        return command_failed(ctx);
    for (const struct tenant_row *t = all; t; t = t->next)
        count++;
    for (const struct tenant_row *t = all; t; t = t->next)
        failed += !restore_tenant(ctx, o, t, ++at, count);
    if (failed)
        fprintf(
            stderr, "linli: %s\n",
            say(ctx,
                "{} of {} could not be restored. Fix the problem, then run the same command again.",
                failed, count));
    else if (o->data)
        printf("%s\n", say(ctx, "{} restored.", o->data));
    return failed > 0;
}

static int run_restore(struct ctx *ctx, const struct given *g)
{
    struct restore_options *o = g->options;
    o->data = g->data;
    o->file = g->word_count ? g->words[0] : NULL;
    if (!o->data == !o->check || !o->from == !o->file || (o->at && !o->from)) {
        fprintf(stderr, "linli: restore needs FILE, or --from DIR; and --data DIR for a new "
                        "installation, or --check to try it\n");
        return 2;
    }
    struct db *registry = o->from ? tenants_copied(ctx->arena, o->from) : NULL;
    int code = registry ? restore_all(ctx, o, registry) : restore_one(ctx, o);
    db_close(registry);
    return code;
}

static const struct command commands[] = {
    {"backup", "linli backup --data DIR --output FILE [--encrypt [--passphrase-file FILE]]",
     .store = STORE_READ, OPTIONS(struct backup_options, backup_options), .check = backup_check,
     .run = run_backup,
     .help = N_("Writes one file containing the current database and a manifest (record counts, "
                "end of the audit log,\n"
                "hashes). Linli can keep running meanwhile. The file is an ordinary tar archive.\n"
                "\n"
                "  --output FILE            must not exist yet\n"
                "  --encrypt                encrypts with a passphrase, typed or read from "
                "standard input. The file then includes\n"
                "                           the key for sealed fields. Without --encrypt the key "
                "is left out: keep DIR/key separately\n"
                "  --passphrase-file FILE   takes the passphrase from the first line; the file "
                "must be readable only by you\n"
                "\n"
                "  linli backup --data ./data --output /backup/linli-2026-03-05.tar\n")},
    {"restore",
     "linli restore FILE | --from DIR [--at TIME] --data DIR | --check [--key FILE] "
     "[--passphrase-file FILE]",
     0, 1, .data = DATA_TAKEN, OPTIONS(struct restore_options, restore_options), .run = run_restore,
     .help = N_(
         "Restores a backup as a new installation, verifying it before putting it in place.\n"
         "\n"
         "  --data DIR               must not exist yet; can also be the address of a new "
         "PostgreSQL schema\n"
         "  --from DIR               instead of FILE: a copy made by serve --copy-to DIR. With "
         "several subdistricts this\n"
         "                           restores all of them; DIR/NAME restores one\n"
         "  --at TIME                restores to this moment, e.g. “2026-11-26 16:00:00”; "
         "default: "
         "the latest\n"
         "  --check                  restores to a temporary place, verifies, then deletes it: "
         "tests whether the backup works\n"
         "  --key FILE               the installation's key, for an unencrypted backup; with "
         "several subdistricts,\n"
         "                           a folder containing NAME/key for each\n"
         "  --passphrase-file FILE   passphrase for an encrypted backup; otherwise you are asked "
         "for it\n"
         "\n"
         "  linli restore /backup/linli-2026-03-05.tar --key /safe/key --data ./restored\n")},
    {.name = NULL},
};

const struct module backup_module = {.name = "backup", .commands = commands};
