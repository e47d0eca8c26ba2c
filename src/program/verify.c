/*
 * verify: checks the file, the audit log's hash chain, and each kind: every
 * described column exists, every reference leads to a record, every encrypted
 * field can be decrypted with this installation's key and has the right search
 * key.
 */
#include "program/verify.h"

#include "program/install.h"
#include "core/module.h"
#include "base/seal.h"
#include "db/journal.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

static bool has_columns(struct ctx *ctx, const struct kind *k)
{
    for (int i = 0; i < k->field_count; i++) {
        const struct field *f = &k->fields[i];
        if (f->flags & BESIDE) /* not a column of the table */
            continue;
        struct sql_name column = {f->name},
                        key = {f->flags & SEALED ? arena_print(ctx->arena, "%s_key", f->name)
                                                 : f->name};
        struct rows *r = query(ctx->db, "SELECT {}, {} FROM {} WHERE 1 = 0", column, key,
                               (struct sql_name){k->table});
        rows_next(r);
        if (db_status(ctx->db) != OK) {
            ctx_fail(ctx, INVALID,
                     say(ctx, "Table {} is missing the required column {}.", k->table, key.name));
            return false;
        }
    }
    return true;
}

static bool refers(struct ctx *ctx, const struct kind *k)
{
    for (int i = 0; i < k->field_count; i++) {
        const struct field *f = &k->fields[i];
        const struct kind *to = f->type == F_REF ? kind_find(f->ref) : NULL;
        if (!to || (f->flags & BESIDE))
            continue;
        int64_t lost = query_int(
            ctx->db,
            "SELECT min(id) AS id FROM {} WHERE {} IS NOT NULL AND {} NOT IN (SELECT id FROM {})",
            (struct sql_name){k->table}, (struct sql_name){f->name}, (struct sql_name){f->name},
            (struct sql_name){to->table});
        if (lost != NONE) {
            ctx_fail(ctx, INVALID,
                     say(ctx, "Record {} of {} refers to a record of {} that does not exist.", lost,
                         k->name, to->name));
            return false;
        }
    }
    return true;
}

/* Decrypts one encrypted column, row by row. */
static bool opens(struct ctx *ctx, const struct kind *k, const struct field *f, struct verified *v)
{
    struct arena *a = arena_new();
    bool good = true;
    struct rows *r = query(
        ctx->db, "SELECT id, {} AS sealed, {} AS hash FROM {} WHERE {} IS NOT NULL",
        (struct sql_name){f->name}, (struct sql_name){arena_print(ctx->arena, "%s_key", f->name)},
        (struct sql_name){k->table}, (struct sql_name){f->name});
    for (; good && rows_next(r); arena_clear(a)) {
        const char *text = NULL, *hash = row_text(r, "hash");
        good = seal_open(ctx->keys, a, f->name, row_text(r, "sealed"), &text) == OK &&
               (!hash || strcmp(hash, seal_hash(ctx->keys, a, f->name, text)) == 0);
        if (!good)
            ctx_fail(ctx, INVALID,
                     say(ctx,
                         "Can’t open “{}” of record {} of {} with this "
                         "installation’s key.",
                         f->name, row_int(r, "id"), k->name));
        v->sealed += good;
    }
    rows_end(r);
    arena_free(a);
    return good;
}

static bool kind_whole(struct ctx *ctx, const struct kind *k, struct verified *v)
{
    if (!has_columns(ctx, k) || !refers(ctx, k))
        return false;
    v->records += query_int(ctx->db, "SELECT count(*) AS n FROM {}", (struct sql_name){k->table});
    for (int i = 0; i < k->field_count && ctx->keys; i++)
        if ((k->fields[i].flags & SEALED) && !opens(ctx, k, &k->fields[i], v))
            return false;
    return true;
}

enum status verify_store(struct ctx *ctx, struct verified *v)
{
    *v = (struct verified){0};
    const char *why = NULL;
    struct journal_report report = {.first_bad = NONE};
    enum status s = db_check(ctx->db, ctx->arena, &why);
    if (s != OK)
        return ctx_fail(ctx, s, why);
    s = journal_verify(ctx->db, ctx->arena, &report);
    if (s == CONFLICT)
        return ctx_fail(ctx, INVALID,
                        say(ctx, "The audit log fails verification from entry {}: {}",
                            report.first_bad, tr(ctx, report.why)));
    if (s != OK)
        return ctx_fail(ctx, s, say(ctx, "The audit log could not be read."));
    v->entries = report.entries;
    v->unsealed = report.unsealed;
    for (const struct kind *const *k = modules_kinds(); *k; k++)
        if (!kind_whole(ctx, *k, v))
            return ctx->status;
    return db_status(ctx->db) == OK ? OK : ctx_fail(ctx, db_status(ctx->db), NULL);
}

static int run_verify(struct ctx *ctx, const struct given *g)
{
    struct verified v;
    (void)g;
    if (verify_store(ctx, &v) != OK)
        return COMMAND_FAILED;
    printf("%s\n", say(ctx, "All OK: {} audit log entries, {} records, {} sealed fields.",
                       v.entries, v.records, v.sealed));
    if (v.unsealed > 0)
        printf("%s\n", say(ctx,
                           "{} newer entries have no number yet: they are added to the chain "
                           "within a second while Linli is running.",
                           v.unsealed));
    return 0;
}

static const struct command commands[] = {
    {"verify", "linli verify --data DIR", .store = STORE_READ, .run = run_verify,
     .help = N_("Checks the installation, even while it is running: the database file, the audit "
                "log's hash chain, that all\n"
                "required columns exist, that references are valid, and that sealed fields can be "
                "opened with this installation's\n"
                "key. Reports the first problem and exits with status 1.\n"
                "\n"
                "  linli verify --data ./data\n")},
    {.name = NULL},
};

const struct module verify_module = {.name = "verify", .commands = commands};
