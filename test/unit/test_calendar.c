/*
 * The calendar's import: the published JSON, sheets, what is refused and said
 * why, and that open deadlines follow.
 */
#include "app/registers/registers.h"
#include "app/requests/deadlines.h"
#include "core/module.h"
#include "program/modules.h"
#include "base/seal.h"
#include "store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct ctx ctx;
static struct seal_key keys;
static struct store store;

static void forget(void)
{
    ctx.status = OK;
    ctx.problems = NULL;
    ctx.problems_end = &ctx.problems;
    ctx.problem_count = 0;
    db_clear(ctx.db);
}

static int set_up(void **state)
{
    (void)state;
    const char *why = NULL;
    ctx_init(&ctx, arena_new());
    ctx.actor.roles = ROLE_PUBLIC | ROLE_OFFICE;
    ctx.actor.via = "command";
    static const unsigned char master[32] = "0123456789abcdef0123456789abcde";
    seal_key_init(&keys, master);
    ctx.keys = &keys;
    program_modules();
    store_new(&store);
    ctx.db = db_open(store.address, DB_CREATE, ctx.arena, &why);
    return ctx.db && db_migrate(ctx.db, schema_steps, ctx.arena, &why) == OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    return store_close(&store, &ctx);
}

/* How many days were read; -1: refused. */
static int read_text(const char *text, struct calendar_days *days)
{
    forget();
    return calendar_read(&ctx, days, text, strlen(text)) ? days->count : -1;
}

static int64_t stored(const char *text)
{
    struct calendar_days days;
    assert_true(read_text(text, &days) > 0);
    return calendar_store(&ctx, &days);
}

static void the_pack_s_json_is_read(void **state)
{
    (void)state;
    char path[500], text[20000];
    snprintf(path, sizeof path, "%s/pack/chengdong/holidays-2026.json", getenv("LINLI_ROOT"));
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    struct calendar_days days;
    int n = read_text(text, &days);
    assert_true(n > 20);
    assert_int_equal(days.list[0].day, day_of(2026, 1, 1));
    assert_true(days.list[0].off);
    assert_string_equal(days.list[0].name, "元旦");
    assert_int_equal(stored(text), n);
    assert_int_equal(stored(text), 0); /* the same again changes nothing */
    const struct calendar *cal = calendar_load(ctx.db, ctx.arena);
    assert_true(calendar_check(cal));
    assert_false(calendar_is_working(cal, day_of(2026, 1, 1)));
    assert_true(calendar_is_working(cal, day_of(2026, 1, 4))); /* a Sunday on which people work */
}

static void other_shapes_are_read(void **state)
{
    (void)state;
    struct calendar_days days;
    assert_int_equal(
        read_text("{\"year\":2027,\"days\":[{\"date\":\"2027-01-01\",\"isOffDay\":true}]}", &days),
        1);
    assert_int_equal(read_text("\xEF\xBB\xBF[{\"date\":\"2027-01-01\",\"isOffDay\":false}]", &days),
                     1);
    assert_false(days.list[0].off);
    assert_int_equal(
        read_text("date,name,is_off_day\n2027-02-06,春节,1\n2027-02-20,调休,否\n,,\n", &days), 2);
    assert_true(days.list[0].off);
    assert_false(days.list[1].off);
    assert_int_equal(read_text("日期,放假\n2027/10/1,是\n", &days), 1);
    assert_int_equal(days.list[0].day, day_of(2027, 10, 1));
}

static void what_is_wrong_is_refused_whole(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "[]",
        "{}",
        "[1]",
        "nonsense",
        "[{\"date\":\"2026-02-30\",\"isOffDay\":true}]",
        "[{\"date\":\"2026-02-03\"}]",
        "[{\"date\":\"2026-02-03\",\"isOffDay\":\"perhaps\"}]",
        "[{\"date\":\"2027-01-01\",\"isOffDay\":true},{\"date\":5,\"isOffDay\":true}]",
        ("[{\"date\":\"2027-01-01\",\"isOffDay\":true},"
         "{\"date\":\"2027-01-01\",\"isOffDay\":false}]"),
        "date,is_off_day\n2027-01-01,1\n2027-02-01,1\n2027-02-01,0\n",
        "date,is_off_day\n2026-13-01,1\n",
        "date,is_off_day\n2026-12-01,maybe\n",
        "day,off\n2026-12-01,1\n",
    };
    struct calendar_days days;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (read_text(bad[i], &days) != -1)
            fail_msg("taken: %s", bad[i]);
        assert_non_null(ctx_problem_of(&ctx, "file"));
    }
}

/* A sheet without names changes what kind of day it is, and leaves what the day is called. */
static void a_day_keeps_its_name(void **state)
{
    (void)state;
    struct calendar_days days;
    forget();
    assert_int_equal(read_text("date,name,is_off_day\n2027-05-01,劳动节,1\n", &days), 1);
    assert_int_equal(calendar_store(&ctx, &days), 1);
    assert_int_equal(calendar_store(&ctx, &days), 0);
    assert_int_equal(read_text("date,is_off_day\n2027-05-01,0\n", &days), 1);
    assert_int_equal(calendar_store(&ctx, &days), 1);
    const struct holiday *h = record_find(&ctx, &holidays_kind, "date", "2027-05-01");
    assert_string_equal(h->name, "劳动节");
    assert_int_equal(h->is_off_day, 0);
}

static void open_deadlines_follow(void **state)
{
    (void)state;
    forget();
    change(ctx.db, "INSERT INTO categories (created, updated, code, name, level, days, day_kind, "
                   "valid) VALUES (0, 0, 'c', '路灯', 'ordinary', 3, 'working_days', 1)");
    struct request *r = record_new(&ctx, &requests_kind);
    r->category = db_inserted(ctx.db);
    r->subject = r->text = "路灯不亮";
    ctx.now = when_day_start(day_of(2030, 3, 4)) + 36000; /* a Monday */
    const char *code;
    assert_int_equal(request_file(&ctx, r, &code), OK);
    assert_int_equal(when_day(r->due), day_of(2030, 3, 7));
    assert_int_equal(stored("[{\"date\":\"2030-03-05\",\"isOffDay\":true}]"), 1);
    assert_int_equal(deadlines_recompute(&ctx), 1);
    const struct request *after = record_get(&ctx, &requests_kind, r->record.id);
    assert_int_equal(when_day(after->due), day_of(2030, 3, 8));
    assert_int_equal(deadlines_recompute(&ctx), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_pack_s_json_is_read),        cmocka_unit_test(other_shapes_are_read),
        cmocka_unit_test(what_is_wrong_is_refused_whole), cmocka_unit_test(a_day_keeps_its_name),
        cmocka_unit_test(open_deadlines_follow),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
