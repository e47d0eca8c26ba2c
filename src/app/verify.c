/*
 * verify: the file's own check, the journal's hash chain, and each kind: every
 * described column is there, every reference leads to a record, every sealed
 * field opens with this installation's key and has its right search key.
 */
#include "app/verify.h"

#include "app/install.h"
#include "app/module.h"
#include "base/seal.h"
#include "db/journal.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

static bool has_columns(struct ctx *ctx, const struct kind *k)
{
    for (int i = 0; i < k->field_count; i++) {
        const struct field *f = &k->fields[i];
        struct sql_name column = {f->name}, key = {f->flags & SEALED ? arena_print(ctx->arena, "%s_key", f->name) : f->name};
        struct rows *r = query(ctx->db, "SELECT {}, {} FROM {} WHERE 1 = 0", column, key, (struct sql_name){k->table});
        rows_next(r);
        if (db_status(ctx->db) != OK) {
            ctx_fail(ctx, INVALID, say(ctx, "The table {} has no column {} as the program describes it.", k->table, key.name));
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
        if (!to)
            continue;
        int64_t lost = query_int(ctx->db, "SELECT min(id) AS id FROM {} WHERE {} IS NOT NULL AND {} NOT IN (SELECT id FROM {})",
                                 (struct sql_name){k->table}, (struct sql_name){f->name}, (struct sql_name){f->name},
                                 (struct sql_name){to->table});
        if (lost != NONE) {
            ctx_fail(ctx, INVALID, say(ctx, "Record {} of {} refers to a record of {} that is not there.", lost, k->name, to->name));
            return false;
        }
    }
    return true;
}

/* Opens one sealed column, row by row. */
static bool opens(struct ctx *ctx, const struct kind *k, const struct field *f, struct verified *v)
{
    struct arena *a = arena_new();
    bool good = true;
    struct rows *r = query(ctx->db, "SELECT id, {} AS sealed, {} AS hash FROM {} WHERE {} IS NOT NULL", (struct sql_name){f->name},
                           (struct sql_name){arena_print(ctx->arena, "%s_key", f->name)}, (struct sql_name){k->table},
                           (struct sql_name){f->name});
    for (; good && rows_next(r); arena_clear(a)) {
        const char *text = NULL, *hash = row_text(r, "hash");
        good = seal_open(ctx->keys, a, f->name, row_text(r, "sealed"), &text) == OK &&
               (!hash || strcmp(hash, seal_hash(ctx->keys, a, f->name, text)) == 0);
        if (!good)
            ctx_fail(ctx, INVALID,
                     say(ctx, "“{}” of record {} of {} can't be opened with this installation's key.", f->name, row_int(r, "id"), k->name));
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
        return ctx_fail(ctx, INVALID, say(ctx, "The journal does not fit from entry {} on: {}", report.first_bad, tr(ctx, report.why)));
    if (s != OK)
        return ctx_fail(ctx, s, say(ctx, "The journal could not be read."));
    v->entries = report.entries;
    v->unsealed = report.unsealed;
    for (const struct kind *const *k = modules_kinds(); *k; k++)
        if (!kind_whole(ctx, *k, v))
            return ctx->status;
    return db_status(ctx->db) == OK ? OK : ctx_fail(ctx, db_status(ctx->db), NULL);
}

static int run_verify(struct ctx *ctx, const struct options *o)
{
    struct verified v;
    if (install_open(ctx, o->data, DB_READ) != OK || verify_store(ctx, &v) != OK)
        return command_failed(ctx);
    printf("%s\n", say(ctx, "All in order: {} journal entries, {} records, {} sealed fields.", v.entries, v.records, v.sealed));
    if (v.unsealed > 0)
        printf("%s\n", say(ctx, "{} newer ones have no number yet: they are sealed while Linli serves, within a second.", v.unsealed));
    return 0;
}

static const struct command commands[] = {
    {"verify", "linli verify --data DIR", .run = run_verify,
     .help = N_("Checks that the installation is whole, also while it serves: the file, the journal's hash chain, that every\n"
                "column the program describes is there, that references lead somewhere, and that sealed fields open with\n"
                "the installation's key. Says the first thing that is wrong and ends with 1.\n\n"
                "  linli verify --data ./data\n")},
    {.name = NULL},
};

const struct module verify_module = {.name = "verify", .commands = commands};
