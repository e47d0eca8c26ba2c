/*
 * The pages' engine on real registers: forms keep what was typed and say what
 * is wrong at the field, lists narrow and sort, sheets give back what they got,
 * areas move with all below them, and nothing is removed that is in use.
 */
#include "core/module.h"
#include "program/modules.h"
#include "app/registers/registers.h"
#include "base/seal.h"
#include "kind/browse.h"
#include "kind/import.h"
#include "store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static struct ctx ctx;
static struct seal_key keys;
static struct store store;
static struct buf out;

/* What a request would have sent: NAME, VALUE, … NULL. */
static const char *const *sent;
static const char *typed(const struct ctx *c, const char *name)
{
    (void)c;
    for (int i = 0; sent && sent[i]; i += 2)
        if (!strcmp(sent[i], name))
            return sent[i + 1];
    return NULL;
}
#define SENT(...) (sent = (const char *const[]){__VA_ARGS__, NULL})

static void forget(void)
{
    ctx.status = OK;
    ctx.problems = NULL;
    ctx.problems_end = &ctx.problems;
    ctx.problem_count = 0;
    db_clear(ctx.db);
    buf_clear(&out);
}

static int64_t area(const char *code, const char *parent, const char *name, const char *level)
{
    forget();
    struct area *a = record_new(&ctx, &areas_kind);
    SENT("code", code, "parent", parent, "name", name, "level", level);
    form_read(&ctx, &areas_kind, a, typed);
    assert_true(record_check(&ctx, &areas_kind, NULL, a));
    assert_int_equal(record_store(&ctx, &areas_kind, NULL, a), OK);
    return a->record.id;
}

static int64_t town, east, west, yard, house;

static int set_up(void **state)
{
    (void)state;
    const char *why = NULL;
    ctx_init(&ctx, arena_new());
    ctx.lang = "en";
    ctx.actor.roles = ROLE_PUBLIC | ROLE_OFFICE | ROLE_ADMIN;
    ctx.actor.via = "command";
    static const unsigned char master[32] = "0123456789abcdef0123456789abcde";
    seal_key_init(&keys, master);
    ctx.keys = &keys;
    buf_init(&out, 0);
    program_modules();
    store_new(&store);
    ctx.db = db_open(store.address, DB_CREATE, ctx.arena, &why);
    if (!ctx.db || db_migrate(ctx.db, schema_steps, ctx.arena, &why) != OK)
        return -1;
    town = area("t", "", "Town", "subdistrict");
    east = area("e", "t", "East <b>", "community");
    west = area("w", "t", "West", "community");
    yard = area("y", "e", "Yard", "estate");
    house = area("h", "y", "House", "building");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buf_release(&out);
    return store_close(&store, &ctx);
}

static void draw(const struct kind *k, const void *record, bool with_typed)
{
    const struct form form = {.kind = k, .record = record, .typed = with_typed ? typed : NULL};
    form_fields(&ctx, &out, &form);
}

static bool drawn(const char *text)
{
    return strstr(out.data, text) != NULL;
}

static void a_form_keeps_what_was_typed(void **state)
{
    (void)state;
    forget();
    struct category *c = form_new(&ctx, &categories_kind);
    assert_int_equal(c->valid, 1); /* in use unless said otherwise */
    SENT("code", "no good!", "name", "", "days", "soon", "unit", "nowhere", "valid", "0", "hint",
         "<script>");
    form_read(&ctx, &categories_kind, c, typed);
    assert_false(record_check(&ctx, &categories_kind, NULL, c));
    draw(&categories_kind, c, true);
    assert_non_null(ctx_problem_of(&ctx, "code"));
    assert_non_null(ctx_problem_of(&ctx, "name"));
    assert_non_null(ctx_problem_of(&ctx, "days"));
    assert_non_null(ctx_problem_of(&ctx, "unit"));
    assert_true(drawn("value=\"no good!\""));
    assert_true(drawn("<input type=\"text\" id=\"f-days\" name=\"days\" "
                      "aria-describedby=\"f-days-h f-days-p\" aria-invalid=\"true\""));
    assert_true(drawn("value=\"soon\""));
    assert_true(drawn("value=\"&lt;script&gt;\""));
    assert_false(drawn("<script>"));
    assert_int_equal(c->valid, 0);
}

static void limits_and_choices_are_attributes(void **state)
{
    (void)state;
    forget();
    draw(&categories_kind, form_new(&ctx, &categories_kind), false);
    assert_true(drawn("name=\"code\" aria-describedby=\"f-code-h\" maxlength=\"40\""));
    assert_true(drawn("name=\"name\" required maxlength=\"200\""));
    assert_true(drawn("name=\"days\" aria-describedby=\"f-days-h\" min=\"0\" max=\"1000\""));
    assert_true(drawn("<option value=\"urgent\">Urgent</option>"));
    assert_true(drawn("<h2>Handling</h2>"));
    forget();
    draw(&areas_kind, record_get(&ctx, &areas_kind, yard), false);
    assert_true(drawn("<option value=\"e\" selected>\xE3\x80\x80"
                      "East &lt;b&gt;</option>")); /* one step into the tree */
    assert_false(drawn("name=\"path\""));
}

static void what_is_out_of_use_is_not_offered(void **state)
{
    (void)state;
    forget();
    change(ctx.db, "UPDATE areas SET valid_to = '2020-01-01' WHERE id = {}", west);
    struct unit *u = record_new(&ctx, &units_kind);
    draw(&units_kind, u, false);
    assert_true(drawn("East"));
    assert_false(drawn("West"));
    u->area = west;
    forget();
    draw(&units_kind, u, false);
    assert_true(drawn("<option value=\"w\" selected>")); /* but what is chosen stays */
    change(ctx.db, "UPDATE areas SET valid_to = NULL WHERE id = {}", west);
}

static int64_t found(const struct kind *k)
{
    struct browse b;
    forget();
    browse_init(&ctx, &b, k, typed);
    assert_true(ctx_ok(&ctx));
    sql_release(&b.list.where);
    return b.total;
}

static void lists_narrow(void **state)
{
    (void)state;
    SENT("q", "EAST");
    assert_int_equal(found(&areas_kind), 1);
    SENT("q", "%");
    assert_int_equal(found(&areas_kind), 0);
    SENT("q", "'; DROP TABLE areas; --");
    assert_int_equal(found(&areas_kind), 0);
    SENT("level", "community");
    assert_int_equal(found(&areas_kind), 2);
    SENT("level", "planet");
    assert_int_equal(found(&areas_kind), 0);
    SENT("parent", "t", "level", "community", "q", "west");
    assert_int_equal(found(&areas_kind), 1);
    SENT("page", "999999", "sort", "-name");
    struct browse b;
    forget();
    browse_init(&ctx, &b, &areas_kind, typed);
    assert_int_equal(b.page, 1);
    struct rows *rows = list_run(&ctx, &b.list);
    struct area *first = list_next(&ctx, &areas_kind, rows, ctx.arena);
    rows_end(rows);
    assert_string_equal(first->name, "Yard");
    SENT("sort", "outline; DROP TABLE areas");
    assert_int_equal(found(&areas_kind), 5);
}

static void a_filter_by_area_holds_below_it(void **state)
{
    (void)state;
    change(
        ctx.db,
        "INSERT INTO units (created, updated, code, name, area) VALUES (0, 0, 'u1', 'Water', {})",
        house);
    SENT("area", "e");
    assert_int_equal(found(&units_kind), 1);
    SENT("area", "w");
    assert_int_equal(found(&units_kind), 0);
}

static void areas_move_with_all_below(void **state)
{
    (void)state;
    forget();
    struct area *before = record_get(&ctx, &areas_kind, yard),
                *after = record_copy(&ctx, &areas_kind, before);
    SENT("parent", "h");
    form_read(&ctx, &areas_kind, after, typed);
    assert_false(record_check(&ctx, &areas_kind, before, after)); /* not into itself */
    forget();
    SENT("parent", "w");
    form_read(&ctx, &areas_kind, after, typed);
    assert_true(record_check(&ctx, &areas_kind, before, after));
    assert_int_equal(record_store(&ctx, &areas_kind, before, after), OK);
    struct area *below = record_get(&ctx, &areas_kind, house);
    assert_int_equal(below->community, west);
    assert_string_equal(below->path, arena_print(ctx.arena, "/%d/%d/%d/%d/", (int)town, (int)west,
                                                 (int)yard, (int)house));
    forget();
    SENT("level", "community");
    after = record_copy(&ctx, &areas_kind, record_get(&ctx, &areas_kind, yard));
    form_read(&ctx, &areas_kind, after, typed);
    assert_false(record_check(&ctx, &areas_kind, before, after)); /* a community in a community */
}

static void what_is_used_stays(void **state)
{
    (void)state;
    forget();
    assert_int_equal(db_begin(ctx.db), OK); /* as the writer does */
    assert_int_equal(db_savepoint(ctx.db), OK);
    assert_int_equal(record_remove(&ctx, &areas_kind, record_get(&ctx, &areas_kind, west)),
                     CONFLICT);
    db_savepoint_undo(ctx.db);
    forget();
    assert_int_equal(db_commit(ctx.db), OK);
    assert_non_null(record_get(&ctx, &areas_kind, west));
    int64_t alone = area("alone", "t", "Alone", "community");
    struct area *a = record_get(&ctx, &areas_kind, alone);
    a->record.version++;
    assert_int_equal(record_remove(&ctx, &areas_kind, a), CONFLICT); /* changed meanwhile */
    forget();
    assert_int_equal(record_remove(&ctx, &areas_kind, record_get(&ctx, &areas_kind, alone)), OK);
    assert_null(record_get(&ctx, &areas_kind, alone));
    assert_int_equal(query_int(ctx.db,
                               "SELECT count(*) AS n FROM journal WHERE kind = 'areas' AND record "
                               "= {} AND action = 'remove'"
                               " AND before IS NOT NULL",
                               alone),
                     1);
}

/* The sheet of a list, imported again, changes nothing. */
static void what_goes_out_comes_in(void **state)
{
    (void)state;
    forget();
    size_t size;
    const char *why = NULL;
    struct list l;
    list_init(&ctx, &l, &areas_kind);
    struct sheet_writer *w = sheet_write_open(SHEET_XLSX);
    browse_sheet(&ctx, &l, w, 100);
    char *bytes = sheet_write_close(w, &size, &why);
    assert_non_null(bytes);
    struct sheet *sheet = sheet_open(ctx.arena, bytes, size, &why);
    struct sheet_row row;
    struct import im;
    const char *cells[SHEET_COLUMNS];
    import_init(&im, &areas_kind, ctx.arena);
    for (int n = 0; sheet_next(sheet, &row); n++) {
        for (int i = 0; i < row.count; i++)
            cells[i] = arena_copy(ctx.arena, row.cells[i].text);
        if (n == 0)
            import_guess(&ctx, &im, cells, row.count);
        else
            import_row(&ctx, &im, row.number, cells, row.count);
    }
    sheet_close(sheet);
    free(bytes);
    import_release(&im);
    assert_int_equal(im.same, 5);
    assert_int_equal(im.changed + im.added + im.failed, 0);
}

/* What the journal says was before, put back. */
static void the_past_can_be_read(void **state)
{
    (void)state;
    forget();
    struct area *before = record_get(&ctx, &areas_kind, house),
                *after = record_copy(&ctx, &areas_kind, before);
    after->name = "Tower";
    after->lat = 23.5;
    assert_int_equal(record_store(&ctx, &areas_kind, before, after), OK);
    struct rows *r = query(
        ctx.db,
        "SELECT before FROM journal WHERE kind = 'areas' AND record = {} ORDER BY seq DESC LIMIT 1",
        house);
    assert_true(rows_next(r));
    bool given[64];
    struct area *past = record_copy(&ctx, &areas_kind, after);
    assert_true(record_past(&ctx, &areas_kind, row_text(r, "before"), past, given));
    rows_end(r);
    assert_string_equal(past->name, "House");
    for (int i = 0; i < areas_kind.field_count; i++) {
        bool moved = !strcmp(areas_kind.fields[i].name, "name") ||
                     !strcmp(areas_kind.fields[i].name, "lat");
        assert_int_equal(given[i], moved);
        assert_true(field_same(&areas_kind.fields[i], past, before));
    }
}

/* Every register by each of its columns, up and down: on both databases, with nothing that either
 * refuses. Names are in the order of pinyin. */
static void every_column_sorts(void **state)
{
    (void)state;
    const char *const names[] = {"张村", "安村", "李村"};
    int64_t ids[3];
    int tried = 0;
    for (int i = 0; i < 3; i++)
        ids[i] = area(arena_print(ctx.arena, "order-%d", i), "t", names[i], "community");
    for (int i = 0; modules_kinds()[i]; i++)
        for (int f = 0; modules_kinds()[i]->about && f < modules_kinds()[i]->field_count; f++) {
            const struct kind *k = modules_kinds()[i];
            for (int down = 0; down < 2 && browse_sorts(k, &k->fields[f]); down++, tried++) {
                struct browse b;
                forget();
                SENT("sort", arena_print(ctx.arena, "%s%s", down ? "-" : "", k->fields[f].name));
                browse_init(&ctx, &b, k, typed);
                assert_ptr_equal(b.sort, &k->fields[f]);
                struct rows *r = list_run(&ctx, &b.list);
                while (list_next(&ctx, k, r, ctx.arena))
                    ;
                assert_int_equal(db_status(ctx.db), OK);
            }
        }
    assert_true(tried > 60);
    struct browse b;
    SENT("sort", "name", "q", "村");
    browse_init(&ctx, &b, &areas_kind, typed);
    struct rows *r = list_run(&ctx, &b.list);
    const int order[] = {1, 2, 0};
    for (int i = 0; i < 3; i++)
        assert_int_equal(((struct record *)list_next(&ctx, &areas_kind, r, ctx.arena))->id,
                         ids[order[i]]);
    rows_end(r);
    for (int i = 0; i < 3; i++)
        assert_int_equal(change(ctx.db, "DELETE FROM areas WHERE id = {}", ids[i]), OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_form_keeps_what_was_typed),
        cmocka_unit_test(limits_and_choices_are_attributes),
        cmocka_unit_test(what_is_out_of_use_is_not_offered),
        cmocka_unit_test(lists_narrow),
        cmocka_unit_test(every_column_sorts),
        cmocka_unit_test(a_filter_by_area_holds_below_it),
        cmocka_unit_test(areas_move_with_all_below),
        cmocka_unit_test(what_is_used_stays),
        cmocka_unit_test(what_goes_out_comes_in),
        cmocka_unit_test(the_past_can_be_read),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
