/*
 * Checks that a key belongs to the database. A text encrypted with the right
 * key is kept among the settings and checked whenever the database is opened:
 * a wrong key would encrypt data that nobody can decrypt later. A database
 * without that text is checked by its encrypted fields.
 *
 * reseal repairs fields that were encrypted with a wrong key: those that only
 * the wrong key can decrypt are re-encrypted with the right one. The audit log
 * is not changed.
 */
#include "program/install.h"

#include "core/module.h"
#include "core/store.h"
#include "base/seal.h"
#include "db/journal.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define PROOF   "store.key_proof" /* the row of settings */
#define PURPOSE "store"
#define TEXT    "Linli"

/* ---- encrypted columns ---- */

struct sealed {
    const char *kind, *table, *id, *column, *hash; /* hash: the column with its search key; NULL */
    const char *purpose;
};

/* Calls use for each encrypted column until it returns false. */
static bool each_sealed(struct ctx *ctx, bool (*use)(struct ctx *, const struct sealed *, void *),
                        void *arg)
{
    for (const struct kind *const *k = modules_kinds(); *k; k++)
        for (int i = 0; i < (*k)->field_count; i++) {
            const char *name = (*k)->fields[i].name;
            if (!((*k)->fields[i].flags & SEALED))
                continue;
            struct sealed s = {
                (*k)->name, (*k)->table, "id", name, arena_print(ctx->arena, "%s_key", name), name};
            if (!use(ctx, &s, arg))
                return false;
        }
    return use(ctx,
               &(struct sealed){"requests", "request_joiners", "request", "phone", "phone_key",
                                "joiner_phone"},
               arg);
}

/* ---- checking ---- */

/* Checks the oldest value of a column, which was encrypted with the database's own key. */
static bool opens_first(struct ctx *ctx, const struct sealed *s, void *arg)
{
    const char *text = NULL;
    bool *fits = arg;
    struct rows *r = query(ctx->db,
                           "SELECT {} AS sealed FROM {} WHERE {} IS NOT NULL ORDER BY {} LIMIT 1",
                           (struct sql_name){s->column}, (struct sql_name){s->table},
                           (struct sql_name){s->column}, (struct sql_name){s->id});
    if (rows_next(r))
        *fits = seal_open(ctx->keys, ctx->arena, s->purpose, row_text(r, "sealed"), &text) == OK;
    rows_end(r);
    return *fits;
}

static enum status keep_proof(struct ctx *ctx)
{
    enum status s = db_begin(ctx->db);
    if (s != OK)
        return s;
    change(ctx->db, "INSERT INTO settings (name, value) VALUES ({}, {}) ON CONFLICT DO NOTHING",
           PROOF, seal_text(ctx->keys, ctx->arena, PURPOSE, TEXT));
    return db_commit(ctx->db);
}

enum status install_key_check(struct ctx *ctx, bool write)
{
    const char *proof = NULL, *text = NULL, *address = db_address(ctx->db);
    bool fits = true;
    struct rows *r = query(ctx->db, "SELECT value FROM settings WHERE name = {}", PROOF);
    if (rows_next(r))
        proof = row_copy(r, ctx->arena, "value");
    rows_end(r);
    if (proof)
        fits = seal_open(ctx->keys, ctx->arena, PURPOSE, proof, &text) == OK && text &&
               !strcmp(text, TEXT);
    else
        each_sealed(ctx, opens_first, &fits);
    if (!proof && !write) /* an older schema may lack the column; later code reports that */
        db_clear(ctx->db);
    if (db_status(ctx->db) != OK)
        return ctx_fail(ctx, db_status(ctx->db), db_failure(ctx->db));
    if (!fits)
        return ctx_fail(ctx, INVALID,
                        say(ctx,
                            "Key {} belongs to another database than {}. Restore this "
                            "database’s own key from your safe copy; nothing has been changed.",
                            store_key_path(ctx->arena, address), store_shown(ctx->arena, address)));
    return proof || !write ? OK : keep_proof(ctx);
}

/* ---- repairing ---- */

struct repair {
    struct seal_key wrong;
    int64_t done, lost;
};

/* Re-encrypts one value; false if the database failed. */
static bool reseal_value(struct ctx *ctx, const struct sealed *s, struct repair *p, int64_t id,
                         const char *sealed)
{
    const char *text = NULL;
    if (seal_open(ctx->keys, ctx->arena, s->purpose, sealed, &text) == OK)
        return true;
    if (seal_open(&p->wrong, ctx->arena, s->purpose, sealed, &text) != OK) {
        p->lost++;
        return true;
    }
    struct sql_name table = {s->table}, column = {s->column}, hash = {s->hash};
    change(ctx->db, "UPDATE {} SET {} = {}, {} = {} WHERE {} = {} AND {} = {}", table, column,
           seal_text(ctx->keys, ctx->arena, s->purpose, text), hash,
           seal_hash(ctx->keys, ctx->arena, s->purpose, text), (struct sql_name){s->id}, id, column,
           sealed);
    journal_note(ctx, s->kind, id, "reseal", "{{\"field\":{}}}", s->column);
    p->done++;
    return db_status(ctx->db) == OK;
}

static bool reseal_column(struct ctx *ctx, const struct sealed *s, void *arg)
{
    bool good = true;
    struct rows *r = query(ctx->db, "SELECT {} AS id, {} AS sealed FROM {} WHERE {} IS NOT NULL",
                           (struct sql_name){s->id}, (struct sql_name){s->column},
                           (struct sql_name){s->table}, (struct sql_name){s->column});
    struct value {
        struct value *next;
        int64_t id;
        const char *sealed;
    } *first = NULL, **end = &first;
    while (rows_next(r)) { /* lists all of them before changing the first */
        struct value *v = ARENA_NEW(ctx->arena, struct value);
        *v = (struct value){.id = row_int(r, "id"), .sealed = row_copy(r, ctx->arena, "sealed")};
        *end = v;
        end = &v->next;
    }
    for (struct value *v = first; v && good; v = v->next)
        good = reseal_value(ctx, s, arg, v->id, v->sealed);
    return good && db_status(ctx->db) == OK;
}

static void reseal_settings(struct ctx *ctx, struct repair *p)
{
    for (int m = 0; modules[m]; m++)
        for (const struct field *f = modules[m]->settings; f && f->name; f++) {
            const char *sealed = NULL, *text = NULL;
            struct rows *r = query(ctx->db, "SELECT value FROM settings WHERE name = {}", f->name);
            if (rows_next(r))
                sealed = row_copy(r, ctx->arena, "value");
            rows_end(r);
            if (!(f->flags & SEALED) || !sealed || !*sealed ||
                seal_open(ctx->keys, ctx->arena, f->name, sealed, &text) == OK)
                continue;
            if (seal_open(&p->wrong, ctx->arena, f->name, sealed, &text) != OK) {
                p->lost++;
                continue;
            }
            change(ctx->db, "UPDATE settings SET value = {} WHERE name = {}",
                   seal_text(ctx->keys, ctx->arena, f->name, text), f->name);
            p->done++;
        }
}

static void reseal(struct ctx *ctx)
{
    struct repair *p = ctx->work;
    p->done = p->lost = 0;
    each_sealed(ctx, reseal_column, p);
    reseal_settings(ctx, p);
}

struct reseal_options {
    const char *key;
};
static const struct command_option reseal_options[] = {
    {"--key", offsetof(struct reseal_options, key)}, {.name = NULL}};

static int reseal_check(struct ctx *ctx, struct given *g, enum command_store *store)
{
    const struct reseal_options *o = g->options;
    (void)store;
    if (o->key)
        return 0;
    fprintf(stderr, "linli: %s\n", say(ctx, "--key FILE is required: the wrong key"));
    return 2;
}

static int run_reseal(struct ctx *ctx, const struct given *g)
{
    const struct reseal_options *o = g->options;
    struct repair p = {.done = 0};
    if (seal_key_load(&p.wrong, o->key) != OK) {
        ctx_fail(ctx, INVALID,
                 say(ctx,
                     "Can’t use key file {}: it must be readable only by its "
                     "owner.",
                     o->key));
        return COMMAND_FAILED;
    }
    ctx->work = &p;
    enum status s = writer_call(ctx, reseal);
    seal_key_release(&p.wrong);
    if (s != OK)
        return COMMAND_FAILED;
    printf("%s\n", say(ctx, "{} fields re-encrypted with this installation’s key.", p.done));
    if (p.lost)
        fprintf(stderr, "%s\n",
                say(ctx,
                    "{} fields can’t be decrypted with either "
                    "key.",
                    p.lost));
    return p.lost ? 1 : 0;
}

static const struct command commands[] = {
    {"reseal", "linli reseal --data DIR --key FILE", .store = STORE_WRITE,
     OPTIONS(struct reseal_options, reseal_options), .check = reseal_check, .run = run_reseal,
     .help = N_(
         "Repairs fields that were encrypted with a wrong key; FILE is that key. Fields that only "
         "the wrong key\n"
         "can decrypt are re-encrypted with this installation’s key; nothing else is changed. "
         "Exits with status 1\n"
         "if some fields can’t be decrypted with either key.\n"
         "\n"
         "  linli reseal --data ./data --key ./wrong.key\n")},
    {.name = NULL},
};

const struct module key_module = {.name = "key", .commands = commands};
