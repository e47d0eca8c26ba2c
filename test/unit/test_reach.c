/*
 * Names and sheets reach only what lies in one's own community, also where two
 * records share a name: a reference by name finds nothing elsewhere and tells
 * no number, an imported row changes nothing elsewhere, in a trial run neither,
 * and a name that two records have makes no third.
 */
#include "app/desk/opinions.h"
#include "app/registers/households.h"
#include "app/registers/people.h"
#include "app/registers/registers.h"
#include "app/requests/requests.h"
#include "kind/import.h"
#include "installed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static struct ctx ctx;
static struct store store;
static int64_t here, there;
static struct grant own = {.role = ROLE_WORKER, .unit = NONE};

static int set_up(void **state)
{
    (void)state;
    if (store_install(&store, &ctx) != 0)
        return -1;
    ctx.lang = "en";
    here = query_int(ctx.db, "SELECT id FROM areas WHERE code = '441202001001'");
    there = query_int(ctx.db, "SELECT id FROM areas WHERE code = '441202001002'");
    own.area = here;
    return here != NONE && there != NONE ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    return store_close(&store, &ctx);
}

static void as_office(void)
{
    static const struct grant everywhere = {.role = ROLE_OFFICE, .area = NONE, .unit = NONE};
    store_forget(&ctx);
    ctx.actor.roles = ROLE_PUBLIC | ROLE_OFFICE;
    ctx.actor.grants = &everywhere;
    ctx.actor.grant_count = 1;
}

static void as_worker(void)
{
    store_forget(&ctx);
    ctx.actor.roles = ROLE_PUBLIC | ROLE_WORKER;
    ctx.actor.grants = &own;
    ctx.actor.grant_count = 1;
}

static const struct person *person(const char *name, const char *phone, int64_t area)
{
    as_office();
    struct person *p = record_new(&ctx, &people_kind);
    p->name = name;
    p->phone = phone;
    p->area = area;
    assert_true(record_check(&ctx, &people_kind, NULL, p));
    assert_int_equal(record_insert(&ctx, &people_kind, p, "test"), OK);
    return p;
}

static const char *typed_person(const char *typed, int64_t *id)
{
    const struct field *f = kind_field(&posts_kind, "person");
    struct post *p = record_new(&ctx, &posts_kind);
    field_set(&ctx, f, p, typed);
    *id = p->person;
    return ctx_problem_of(&ctx, "person");
}

static void a_name_elsewhere_is_not_found_and_not_counted(void **state)
{
    (void)state;
    int64_t id;
    person("远处的人", "13800009001", there);
    as_worker();
    assert_non_null(strstr(typed_person("远处的人", &id), "not found"));
    assert_int_equal(id, NONE);
    person("远处的人", "13800009002", there);
    as_worker();
    const char *why = typed_person("远处的人", &id);
    assert_non_null(strstr(why, "not found"));
    assert_null(strstr(why, "2")); /* how many there are elsewhere is nobody's business */
    /* and one of the own community is found, whoever shares the name elsewhere */
    const struct person *mine = person("远处的人", "13800009003", here);
    as_worker();
    assert_null(typed_person("远处的人", &id));
    assert_int_equal(id, mine->record.id);
    as_office(); /* who sees all three has to say which */
    assert_non_null(strstr(typed_person("远处的人", &id), "3 entries are called"));
    assert_int_equal(id, NONE);
}

static void a_reference_by_number_reaches_nothing_elsewhere(void **state)
{
    (void)state;
    const struct person *far = person("别处有号", "13800009004", there),
                        *near = person("这里有号", "13800009005", here);
    struct post *p = record_new(&ctx, &posts_kind);
    p->person = far->record.id;
    as_worker();
    assert_false(record_refers(&ctx, &posts_kind, NULL, p));
    assert_non_null(ctx_problem_of(&ctx, "person"));
    as_worker();
    p->person = near->record.id;
    assert_true(record_refers(&ctx, &posts_kind, NULL, p));
    as_worker(); /* what was so before may stay */
    p->person = far->record.id;
    assert_true(record_refers(&ctx, &posts_kind, p, record_copy(&ctx, &posts_kind, p)));
}

/* ---- sheets ---- */

static enum import_outcome row_in(const struct kind *k, bool dry, bool create,
                                  const char *const *heads, const char *const *cells, int count)
{
    struct import im;
    import_init(&im, k, ctx.arena);
    im.scoped = ctx.actor.grant_count && !(ctx.actor.roles & ROLE_OFFICE);
    im.dry_run = dry;
    im.create = create;
    assert_int_equal(import_guess(&ctx, &im, heads, count), count);
    assert_int_equal(db_begin(ctx.db), OK);
    assert_int_equal(db_savepoint(ctx.db), OK);
    enum import_outcome o = import_row(&ctx, &im, 2, cells, count);
    if (o == IMPORT_FAILED)
        db_savepoint_undo(ctx.db);
    else
        db_savepoint_release(ctx.db);
    assert_int_equal(db_commit(ctx.db), OK);
    import_release(&im);
    return o;
}

static int64_t version_of(int64_t id)
{
    return query_int(ctx.db, "SELECT version FROM people WHERE id = {}", id);
}

static void a_row_pulls_nothing_over_from_elsewhere(void **state)
{
    (void)state;
    static const char *const heads[] = {"code", "name", "area"};
    const struct person *far = person("别处的人", "13800009006", there);
    const char *const cells[] = {far->code, "别处的人", "441202001001"};
    for (int dry = 1; dry >= 0; dry--) {
        as_worker();
        assert_int_equal(row_in(&people_kind, dry, false, heads, cells, 3), IMPORT_FAILED);
        assert_int_equal(version_of(far->record.id), 1);
        as_office();
        const struct person *still = record_get(&ctx, &people_kind, far->record.id);
        assert_int_equal(still->community, there);
    }
    as_office(); /* whose row it may be, it moves */
    assert_int_equal(row_in(&people_kind, false, false, heads, cells, 3), IMPORT_CHANGED);
    assert_int_equal(version_of(far->record.id), 2);
}

/* A roster's row names a person by telephone number, and what it says of them is stored too. */
static void a_roster_reaches_nobody_elsewhere(void **state)
{
    (void)state;
    static const char *const heads[] = {"area", "room", "name", "phone", "born", "relation"};
    static const char *const cells[] = {"441202001001", "909",        "别处的户主",
                                        "13800009016",  "1950-01-01", "head"};
    const struct person *far = person("别处的户主", "13800009016", there);
    for (int dry = 1; dry >= 0; dry--) {
        as_worker();
        assert_int_equal(row_in(&household_members_kind, dry, false, heads, cells, 6),
                         IMPORT_FAILED);
        assert_int_equal(version_of(far->record.id), 1);
    }
    as_office();
    assert_int_equal(row_in(&household_members_kind, false, false, heads, cells, 6), IMPORT_ADDED);
}

static void a_row_stores_nothing_elsewhere(void **state)
{
    (void)state;
    static const char *const heads[] = {"name", "area"};
    static const char *const cells[] = {"送到别处的人", "441202001002"};
    as_worker();
    assert_int_equal(row_in(&people_kind, false, false, heads, cells, 2), IMPORT_FAILED);
    assert_int_equal(
        query_int(ctx.db, "SELECT count(*) AS n FROM people WHERE name = {}", cells[0]), 0);
    const struct person *mine = person("这里的人", "13800009007", here);
    static const char *const by_code[] = {"code", "area"};
    const char *const away[] = {mine->code, "441202001002"};
    as_worker(); /* nor is one's own put where one does not see it */
    assert_int_equal(row_in(&people_kind, false, false, by_code, away, 2), IMPORT_FAILED);
    assert_int_equal(version_of(mine->record.id), 1);
}

static enum status moved(const struct opinion *before)
{
    struct opinion *after = record_copy(&ctx, &opinions_kind, before);
    after->area = there;
    assert_int_equal(db_begin(ctx.db), OK);
    assert_int_equal(db_savepoint(ctx.db), OK);
    enum status s = record_check(&ctx, &opinions_kind, before, after)
                        ? record_store(&ctx, &opinions_kind, before, after)
                        : INVALID;
    db_savepoint_undo(ctx.db);
    assert_int_equal(db_commit(ctx.db), OK);
    return s;
}

static void a_change_puts_nothing_elsewhere(void **state)
{
    (void)state;
    as_worker();
    struct opinion *o = record_new(&ctx, &opinions_kind);
    o->text = "楼道的灯不亮。";
    o->area = here;
    assert_true(record_check(&ctx, &opinions_kind, NULL, o));
    assert_int_equal(record_store(&ctx, &opinions_kind, NULL, o), OK);
    const struct opinion *before = record_get(&ctx, &opinions_kind, o->record.id);
    assert_int_equal(moved(before), INVALID);
    as_office(); /* who sees both may */
    assert_int_equal(moved(before), OK);
}

static void a_cell_in_error_is_no_text(void **state)
{
    (void)state;
    static const char *const heads[] = {"name", "address"};
    static const char *const errors[] = {"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?"};
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        const char *const cells[] = {"错误格的人", errors[i]};
        as_office();
        assert_int_equal(row_in(&people_kind, false, false, heads, cells, 2), IMPORT_FAILED);
    }
    static const char *const fine[] = {"门牌号的人", "#12 栋"}; /* a sign alone is none */
    as_office();
    assert_int_equal(row_in(&people_kind, false, false, heads, fine, 2), IMPORT_ADDED);
}

static int64_t categories(const char *name)
{
    return query_int(ctx.db, "SELECT count(*) AS n FROM categories WHERE name = {}", name);
}

static void category(const char *code, const char *name)
{
    struct category *c = record_new(&ctx, &categories_kind);
    c->code = code;
    c->name = name;
    c->valid = 1;
    assert_int_equal(record_insert(&ctx, &categories_kind, c, "test"), OK);
}

static void a_name_that_two_records_have_makes_no_third(void **state)
{
    (void)state;
    static const char *const heads[] = {"subject", "text", "category"};
    static const char *const twins[] = {"同名类别", "内容足够长的一件事。", "同名"},
                             *const fresh[] = {"新的类别", "内容足够长的另一件事。", "没有过的"};
    as_office();
    category("twin-a", "同名");
    category("twin-b", "同名");
    for (int dry = 1; dry >= 0; dry--) {
        store_forget(&ctx);
        assert_int_equal(row_in(&requests_kind, dry, true, heads, twins, 3), IMPORT_FAILED);
        assert_int_equal(categories("同名"), 2);
    }
    store_forget(&ctx);
    assert_int_equal(row_in(&requests_kind, false, true, heads, fresh, 3), IMPORT_ADDED);
    assert_int_equal(categories("没有过的"), 1); /* what nobody has is made */
}

static void who_may_not_write_a_register_makes_nothing_in_it(void **state)
{
    (void)state;
    static const char *const heads[] = {"subject", "text", "category", "area"};
    static const char *const cells[] = {"要新类别", "内容足够长的一件事。", "居民自拟",
                                        "441202001001"};
    for (int dry = 1; dry >= 0; dry--) {
        as_worker();
        assert_int_equal(row_in(&requests_kind, dry, true, heads, cells, 4), IMPORT_FAILED);
        assert_int_equal(categories("居民自拟"), 0);
    }
}

/* ---- records ---- */

/* Two people who read the same version: the second one's change is refused, not stored over the
 * first. */
static void a_version_that_was_overtaken_is_not_overwritten(void **state)
{
    (void)state;
    const struct person *read = person("同一版本", "13800009030", here);
    struct person *first = record_copy(&ctx, &people_kind, read),
                  *second = record_copy(&ctx, &people_kind, read);
    first->phone = "13800009031";
    assert_int_equal(record_update(&ctx, &people_kind, read, first, "test"), OK);
    second->phone = "13800009032";
    assert_int_equal(record_update(&ctx, &people_kind, read, second, "test"), CONFLICT);
    store_forget(&ctx);
    const struct person *now = record_get(&ctx, &people_kind, read->record.id);
    assert_string_equal(now->phone, "13800009031");
}

static void what_is_sealed_is_sealed_in_the_journal_too(void **state)
{
    (void)state;
    as_office();
    struct person *p = record_new(&ctx, &people_kind);
    p->name = "有证件的人";
    p->phone = "13800009040";
    p->id_type = "citizen";
    p->id_number = "11010519491231002X";
    p->area = here;
    assert_true(record_check(&ctx, &people_kind, NULL, p));
    assert_int_equal(record_insert(&ctx, &people_kind, p, "test"), OK);
    assert_int_equal(query_int(ctx.db,
                               "SELECT count(*) AS n FROM journal WHERE kind = 'people' AND record "
                               "= {} AND after LIKE '%id_number%'",
                               p->record.id),
                     1);
    assert_int_equal(
        query_int(ctx.db, "SELECT count(*) AS n FROM journal WHERE before LIKE "
                          "'%11010519491231002X%' OR after LIKE '%11010519491231002X%' OR after "
                          "LIKE '%13800009040%'"),
        0);
}

static void as_many_tags_as_allowed_and_no_more(void **state)
{
    (void)state;
    struct field f = *kind_field(&people_kind, "consent_for");
    struct person *p = record_new(&ctx, &people_kind);
    f.max = 2;
    as_office();
    assert_int_equal(f.type, F_TAGS);
    assert_true(field_set(&ctx, &f, p, "request, visit"));
    assert_false(field_set(&ctx, &f, p, "request, visit, volunteer"));
    assert_non_null(ctx_problem_of(&ctx, "consent_for"));
}

/* ---- a sheet's rows among themselves ---- */

static void rows_far_apart_that_contradict_each_other_are_refused(void **state)
{
    (void)state;
    static const char *const heads[] = {"姓名", "联系电话", "性别"};
    static const char *const rows[][3] = {{"甲人", "'13800009050", "女"},
                                          {"乙人", "13800009051", "女"},
                                          {"丙人", "13800009052", "女"},
                                          {"甲人", "13800009050", "男"}};
    struct import im;
    as_office();
    import_init(&im, &people_kind, ctx.arena);
    assert_int_equal(import_guess(&ctx, &im, heads, 3), 3);
    assert_int_equal(db_begin(ctx.db), OK);
    for (int i = 0; i < 4; i++) {
        enum import_outcome o = import_row(&ctx, &im, i + 2, rows[i], 3);
        assert_int_equal(o, i == 3 ? IMPORT_FAILED : IMPORT_ADDED);
    }
    assert_non_null(strstr(ctx.problems->text, "2")); /* the row that says otherwise */
    db_rollback(ctx.db);
    import_release(&im);
}

/* Spreadsheets keep an apostrophe before what is to stay text: it is no part of it. */
static void a_guard_is_no_part_of_a_code(void **state)
{
    (void)state;
    static const char *const heads[] = {"代码", "名称"};
    as_office();
    assert_int_equal(row_in(&categories_kind, false, false, heads,
                            (const char *const[]){"'guarded-1", "有撇号的"}, 2),
                     IMPORT_ADDED);
    assert_int_equal(
        query_int(ctx.db, "SELECT count(*) AS n FROM categories WHERE code = 'guarded-1'"), 1);
}

/* Only the subdistrict itself is everything, not whatever has nothing above it. */
static void an_area_without_a_parent_is_not_everything(void **state)
{
    (void)state;
    int64_t top = query_int(ctx.db, "SELECT id FROM areas WHERE level = 'subdistrict'");
    struct grant all = {.role = ROLE_OFFICE, .area = top, .unit = NONE},
                 one = {.role = ROLE_OFFICE, .area = there, .unit = NONE};
    assert_int_equal(db_begin(ctx.db), OK);
    change(ctx.db, "UPDATE areas SET parent = NULL WHERE id = {}", there);
    assert_true(grant_everywhere(&ctx, &all));
    assert_false(grant_everywhere(&ctx, &one));
    db_rollback(ctx.db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_elsewhere_is_not_found_and_not_counted),
        cmocka_unit_test(a_reference_by_number_reaches_nothing_elsewhere),
        cmocka_unit_test(a_row_pulls_nothing_over_from_elsewhere),
        cmocka_unit_test(a_roster_reaches_nobody_elsewhere),
        cmocka_unit_test(a_row_stores_nothing_elsewhere),
        cmocka_unit_test(a_change_puts_nothing_elsewhere),
        cmocka_unit_test(a_cell_in_error_is_no_text),
        cmocka_unit_test(a_name_that_two_records_have_makes_no_third),
        cmocka_unit_test(who_may_not_write_a_register_makes_nothing_in_it),
        cmocka_unit_test(a_version_that_was_overtaken_is_not_overwritten),
        cmocka_unit_test(what_is_sealed_is_sealed_in_the_journal_too),
        cmocka_unit_test(as_many_tags_as_allowed_and_no_more),
        cmocka_unit_test(rows_far_apart_that_contradict_each_other_are_refused),
        cmocka_unit_test(a_guard_is_no_part_of_a_code),
        cmocka_unit_test(an_area_without_a_parent_is_not_everything),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
