/*
 * Spreadsheets exported by an earlier version still come in: every heading and
 * every choice word that it wrote, in English and Chinese, gives what the
 * present one gives. former-words.tsv holds them: kind, field, code of the
 * choice (empty: the row is the field's heading), English, Chinese.
 */
#include "core/module.h"
#include "kind/import.h"
#include "program/modules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS  600
#define CELLS 128

static struct row {
    const char *kind, *field, *code, *words[2];
} rows[ROWS];
static int row_count;
static struct ctx ctx;

static int set_up(void **state)
{
    (void)state;
    program_modules();
    ctx_init(&ctx, arena_new());
    ctx.lang = "zh_CN";
    const char *root = getenv("LINLI_ROOT");
    FILE *f = fopen(arena_print(ctx.arena, "%s/test/unit/former-words.tsv", root), "r");
    char line[600];
    while (f && fgets(line, sizeof line, f) && row_count < ROWS) {
        char *cells[5], *at = arena_copy(ctx.arena, line);
        for (int i = 0; i < 5; i++) {
            cells[i] = at;
            at += strcspn(at, "\t\n");
            *at++ = '\0';
        }
        rows[row_count++] = (struct row){cells[0], cells[1], cells[2], {cells[3], cells[4]}};
    }
    if (f)
        fclose(f);
    return row_count > 400 ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(ctx.arena);
    return 0;
}

/* What the heading alone is taken for. */
static const struct field *guessed(const struct kind *k, const char *heading)
{
    struct import im;
    import_init(&im, k, ctx.arena);
    import_guess(&ctx, &im, &heading, 1);
    const struct field *f = im.columns[0].field;
    import_release(&im);
    return f;
}

static void every_heading_is_known(void **state)
{
    (void)state;
    static const struct ctx chinese = {.lang = "zh_CN"};
    int tried = 0;
    for (int i = 0; i < row_count; i++) {
        const struct kind *k = kind_find(rows[i].kind);
        const struct field *f = k ? kind_field(k, rows[i].field) : NULL;
        assert_non_null(f);
        if (*rows[i].code || !import_sets(f))
            continue;
        const char *now[2] = {f->label, tr(&chinese, f->label)};
        for (int l = 0; l < 2; l++, tried++)
            if (guessed(k, rows[i].words[l]) != guessed(k, now[l]))
                fail_msg("%s.%s: “%s” is not taken for “%s”", k->name, f->name, rows[i].words[l],
                         now[l]);
    }
    assert_true(tried > 300);
}

/* A spreadsheet of the kind: its old headings, and below them the n-th old word of each choice. */
static int try_sheet(const struct kind *k, int lang, int n)
{
    const char *headings[CELLS] = {0}, *cells[CELLS] = {0}, *codes[CELLS] = {0};
    const struct field *fields[CELLS];
    int count = 0, nth = 0, words = 0;
    for (int i = 0; i < row_count; i++) {
        if (strcmp(rows[i].kind, k->name) != 0)
            continue;
        if (!*rows[i].code) {
            assert_true(count < CELLS);
            fields[count] = kind_field(k, rows[i].field);
            headings[count++] = rows[i].words[lang];
            nth = 0;
        } else if (nth++ == n && import_sets(fields[count - 1])) {
            cells[count - 1] = rows[i].words[lang];
            codes[count - 1] = rows[i].code;
            words++;
        }
    }
    struct import im;
    import_init(&im, k, ctx.arena);
    import_guess(&ctx, &im, headings, count);
    void *record = record_new(&ctx, k);
    for (int c = 0; c < count; c++)
        if (cells[c] && im.columns[c].field)
            field_set(&ctx, im.columns[c].field, record, cells[c]);
    for (int c = 0; c < count; c++) {
        const char *is = codes[c] ? field_text(fields[c], record) : NULL;
        bool tags = fields[c]->type == F_TAGS; /* a text of codes */
        if (codes[c] && (!is || (tags ? !strstr(is, codes[c]) : strcmp(is, codes[c]) != 0)))
            fail_msg("%s.%s: “%s” is not taken for “%s”", k->name, fields[c]->name, cells[c],
                     codes[c]);
    }
    import_forget(&ctx);
    import_release(&im);
    return words;
}

static void every_choice_word_is_known(void **state)
{
    (void)state;
    int words = 0;
    for (const struct kind *const *k = modules_kinds(); *k; k++)
        for (int lang = 0; lang < 2; lang++)
            for (int n = 0, some = 1; some > 0; n++)
                words += some = try_sheet(*k, lang, n);
    assert_true(words > 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_heading_is_known),
        cmocka_unit_test(every_choice_word_is_known),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
