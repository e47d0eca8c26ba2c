/*
 * The schema as its steps make it, and the kinds as their tables describe them, are the same: every
 * field has its column of the right type, every sealed field its key, and every other column of a
 * kind's table is named here. docs/data-model.md names every table.
 */
#include "program/install.h"
#include "core/module.h"
#include "store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static struct ctx ctx;
static struct store store;

/* Columns that rules keep beside the described ones, as "table.column". */
static const char *const undescribed[] = {
    "users.password",
    "users.feed",
    "users.failed",
    "users.locked_until",
    "users.last_login", /* signing in */
    "imports.runner",
    "imports.beat", /* who runs it, and whether still */
    "offers.told_at",
    "offer_asks.code_hash", /* what was sent, and what opens it */
    "certificates.pdf",     /* the file as it was issued */
    NULL,
};

static int set_up(void **state)
{
    (void)state;
    store_new(&store);
    ctx_init(&ctx, arena_new());
    ctx.actor.via = "command";
    return install_create(&ctx, store.data, NULL, 0) == OK &&
                   install_open(&ctx, store.data, DB_WRITE) == OK
               ? 0
               : -1;
}

static int tear_down(void **state)
{
    (void)state;
    return store_close(&store, &ctx);
}

static const char *type_of(const struct field *f)
{
    return f->type == F_REAL ? "double precision" : field_is_text(f) ? "text" : "bigint";
}

static const char *column_type(const char *table, const char *column)
{
    struct rows
        *r = store_on_postgres()
                 ? query(ctx.db,
                         "SELECT format_type(atttypid, atttypmod) AS type FROM pg_attribute"
                         " WHERE attrelid = to_regclass({}) AND attname = {} AND NOT attisdropped",
                         table, column)
                 : query(ctx.db, "SELECT type FROM pragma_table_info({}) WHERE name = {}", table,
                         column);
    const char *type = rows_next(r) ? row_copy(r, ctx.arena, "type") : NULL;
    rows_end(r);
    return type;
}

static void expect(const char *table, const char *column, const char *type)
{
    const char *is = column_type(table, column);
    if (!is || strcasecmp(is, type) != 0)
        fail_msg("%s.%s: the kind says %s, the schema %s", table, column, type,
                 is ? is : "has no such column");
}

static bool described(const struct kind *k, const char *column)
{
    static const char *const every[] = {"id", "version", "created", "updated", NULL};
    const char *full = arena_print(ctx.arena, "%s.%s", k->table, column);
    for (int i = 0; every[i]; i++)
        if (!strcmp(every[i], column))
            return true;
    for (int i = 0; undescribed[i]; i++)
        if (!strcmp(undescribed[i], full))
            return true;
    for (int i = 0; i < k->field_count; i++)
        if (!strcmp(k->fields[i].name, column) ||
            ((k->fields[i].flags & SEALED) &&
             !strcmp(arena_print(ctx.arena, "%s_key", k->fields[i].name), column)))
            return true;
    return false;
}

static void every_field_has_its_column(void **state)
{
    (void)state;
    int kinds = 0;
    for (const struct kind *const *k = modules_kinds(); *k; k++) {
        if (!(*k)->fields)
            continue;
        kinds++;
        expect((*k)->table, "version", "bigint");
        expect((*k)->table, "created", "bigint");
        expect((*k)->table, "updated", "bigint");
        for (int i = 0; i < (*k)->field_count; i++) {
            const struct field *f = &(*k)->fields[i];
            if (f->flags & BESIDE)
                continue;
            expect((*k)->table, f->name, type_of(f));
            if (f->flags & SEALED)
                expect((*k)->table, arena_print(ctx.arena, "%s_key", f->name), "text");
        }
    }
    assert_true(kinds >= 6);
}

static void every_column_is_described(void **state)
{
    (void)state;
    int wrong = 0;
    for (const struct kind *const *k = modules_kinds(); *k; k++) {
        if (!(*k)->fields)
            continue;
        struct rows *r = db_names(ctx.db, DB_COLUMNS, (*k)->table);
        while (rows_next(r))
            if (!described(*k, row_text(r, "name")))
                print_error("\"%s.%s\"\n", (*k)->table, row_text(r, "name")), wrong++;
    }
    if (wrong)
        fail_msg("%d columns are in the schema and neither in a kind nor in the list above", wrong);
}

static void references_name_a_kind(void **state)
{
    (void)state;
    for (const struct kind *const *k = modules_kinds(); *k; k++)
        for (int i = 0; i < (*k)->field_count; i++) {
            const struct field *f = &(*k)->fields[i];
            if (f->type == F_REF && !kind_find(f->ref))
                fail_msg("%s.%s refers to %s, which is no kind", (*k)->name, f->name, f->ref);
        }
}

/* The tables named in the first column of the table under "## Tables". */
static const char *documented_tables(void)
{
    const char *root = getenv("LINLI_ROOT");
    FILE *f = fopen(arena_print(ctx.arena, "%s/docs/data-model.md", root), "r");
    const char *names = " ";
    char line[1000];
    bool inside = false;
    while (f && fgets(line, sizeof line, f)) {
        if (!strncmp(line, "## ", 3))
            inside = !strcmp(line, "## Tables\n");
        if (!inside || strncmp(line, "| `", 3) != 0)
            continue;
        line[2 + strcspn(line + 2, "|")] = '\0';
        for (char *at = line, *end; (at = strchr(at, '`')) && (end = strchr(at + 1, '`'));
             at = end + 1)
            names = arena_print(ctx.arena, "%s%.*s ", names, (int)(end - at - 1), at + 1);
    }
    if (f)
        fclose(f);
    return names;
}

static void the_data_model_names_every_table(void **state)
{
    (void)state;
    const char *documented = documented_tables();
    int tables = 0, named = 0, wrong = 0;
    struct rows *r =
        store_on_postgres()
            ? query(ctx.db,
                    "SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema()")
            : query(ctx.db, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE "
                            "'sqlite_%'");
    for (; rows_next(r); tables++)
        if (!strstr(documented, arena_print(ctx.arena, " %s ", row_text(r, "name"))))
            print_error("docs/data-model.md does not name %s\n", row_text(r, "name")), wrong++;
    rows_end(r);
    for (const char *s = documented + 1; *s; s += strcspn(s, " ") + 1)
        named++;
    if (!store_on_postgres())
        named--; /* linli_writers */
    if (wrong || named != tables)
        fail_msg("docs/data-model.md names %d tables, the schema has %d", named, tables);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_has_its_column),
        cmocka_unit_test(every_column_is_described),
        cmocka_unit_test(references_name_a_kind),
        cmocka_unit_test(the_data_model_names_every_table),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
