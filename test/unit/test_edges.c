/*
 * Limits and borders of the rules: what is allowed up to and including a value
 * is allowed at it and refused one beyond it.
 */
#include "app/activities/activities.h"
#include "app/registers/registers.h"
#include "app/requests/requests.h"
#include "base/when.h"
#include "core/due.h"
#include "core/figures.h"
#include "core/working_days.h"
#include "installed.h"
#include "volunteer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static struct ctx ctx;
static struct store store;
static struct grant grant;
static int64_t xinghu, dongmen, city;

static void act(unsigned role, int64_t area)
{
    store_forget(&ctx);
    grant = (struct grant){.role = role, .area = area, .unit = NONE};
    ctx.actor = (struct actor){.user = NONE,
                               .name = "somebody",
                               .roles = ROLE_PUBLIC | role,
                               .grants = &grant,
                               .grant_count = 1,
                               .via = "command"};
}

static int set_up(void **state)
{
    (void)state;
    if (store_install(&store, &ctx) != 0)
        return -1;
    ctx.lang = "en";
    xinghu = query_int(ctx.db, "SELECT id FROM areas WHERE code = '441202001001'");
    dongmen = query_int(ctx.db, "SELECT id FROM areas WHERE code = '441202001002'");
    city = query_int(ctx.db, "SELECT id FROM units WHERE code = 'city'");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return store_close(&store, &ctx);
}

/* ---- requests ---- */

static int64_t filed(int64_t area)
{
    act(ROLE_OFFICE, NONE);
    struct request *r = record_new(&ctx, &requests_kind);
    r->subject = "楼下垃圾没人清";
    r->text = "三天了。";
    r->requester_phone = "13800000001";
    r->category = query_int(ctx.db, "SELECT id FROM categories WHERE code = 'env-rubbish'");
    r->area = area;
    assert_int_equal(request_file(&ctx, r, NULL), OK);
    return r->record.id;
}

static struct request *now(int64_t id)
{
    return record_get(&ctx, &requests_kind, id);
}

static enum status take(int64_t id, const char *action, struct step_input in)
{
    store_forget(&ctx);
    in.unit = in.unit ? in.unit : NONE;
    in.until = in.until ? in.until : NONE;
    in.into = in.into ? in.into : NONE;
    in.satisfaction = in.satisfaction ? in.satisfaction : NONE;
    return request_take(&ctx, request_step(action), now(id), &in);
}

static int64_t answered(void)
{
    int64_t id = filed(xinghu);
    assert_int_equal(take(id, "dispatch", (struct step_input){.unit = city}), OK);
    assert_int_equal(take(id, "answer", (struct step_input){.text = "已清运。"}), OK);
    return id;
}

static void five_is_the_most_satisfied(void **state)
{
    (void)state;
    int64_t id = answered();
    assert_int_equal(take(id, "call-back", (struct step_input){0}), OK);
    assert_int_equal(take(id, "close", (struct step_input){.solved = "yes", .satisfaction = 6}),
                     INVALID);
    assert_int_equal(take(id, "close", (struct step_input){.solved = "yes", .satisfaction = -1}),
                     INVALID);
    assert_int_equal(take(id, "close", (struct step_input){.solved = "yes", .satisfaction = 5}),
                     OK);
    assert_int_equal(now(id)->satisfaction, 5);
}

static void a_closed_request_is_disputed_up_to_the_last_second(void **state)
{
    (void)state;
    int64_t id = answered(), at = ctx.now;
    assert_int_equal(take(id, "call-back", (struct step_input){0}), OK);
    assert_int_equal(take(id, "close", (struct step_input){.solved = "yes"}), OK);
    ctx.actor.roles = ROLE_PUBLIC;
    ctx.now = at + REOPEN_DAYS * WHEN_DAY + 1;
    assert_int_equal(take(id, "dispute", (struct step_input){.text = "还有"}), INVALID);
    ctx.now = at + REOPEN_DAYS * WHEN_DAY;
    assert_int_equal(take(id, "dispute", (struct step_input){.text = "还有"}), OK);
    ctx.now = at;
}

static void one_merges_into_what_one_sees(void **state)
{
    (void)state;
    int64_t here = filed(xinghu), other = filed(xinghu), there = filed(dongmen);
    act(ROLE_WORKER, xinghu);
    assert_int_equal(take(here, "merge", (struct step_input){.into = there}), INVALID);
    assert_int_equal(take(here, "merge", (struct step_input){.into = here}), INVALID);
    assert_int_equal(take(here, "merge", (struct step_input){.into = other}), OK);
    assert_int_equal(now(here)->merged_into, other);
}

static void a_deadline_is_met_in_its_last_second(void **state)
{
    (void)state;
    const struct calendar *cal = ctx_calendar(&ctx);
    assert_false(countdown_of(&ctx, cal, ctx.now).late);
    assert_true(countdown_of(&ctx, cal, ctx.now - 1).late);
    /* the last working day that is soon, and the first that is not, whatever day it is today */
    int64_t last = due_soon(cal, ctx.now);
    assert_true(countdown_of(&ctx, cal, last).soon);
    assert_false(
        countdown_of(&ctx, cal, calendar_add_working_days(cal, ctx.now, SOON_DAYS + 1)).soon);
    assert_false(countdown_of(&ctx, cal, ctx.now - 1).soon);
}

/* ---- hours ---- */

static int64_t somebody(int n)
{
    act(ROLE_OFFICE, NONE);
    return volunteer_new(&ctx, arena_print(ctx.arena, "志愿%d", n),
                         arena_print(ctx.arena, "1380002%04d", n), NULL)
        ->record.id;
}

static const struct hours *attended(int64_t volunteer, int64_t seconds)
{
    int64_t from = when_day_start(when_day(ctx.now) - 2);
    change(ctx.db, "DELETE FROM attendances WHERE volunteer = {}", volunteer);
    struct attendance *t = record_new(&ctx, &attendances_kind);
    t->code = record_code(&ctx, "T");
    t->volunteer = volunteer;
    t->came = from;
    t->went = from + seconds;
    t->how = "leader";
    t->status = "good";
    t->fixed = 1;
    assert_int_equal(record_insert(&ctx, &attendances_kind, t, "test"), OK);
    assert_int_equal(hours_compute(&ctx, volunteer, when_day(from)), OK);
    return record_get(&ctx, &hours_kind,
                      query_int(ctx.db, "SELECT id FROM hours WHERE volunteer = {}", volunteer));
}

static void eight_hours_count_by_themselves(void **state)
{
    (void)state;
    int64_t v = somebody(1);
    const struct hours *h = attended(v, HOURS_FREE);
    assert_int_equal(h->counted, HOURS_FREE);
    assert_int_equal(h->held, 0);
    h = attended(v, HOURS_FREE + 1);
    assert_int_equal(h->counted, HOURS_FREE);
    assert_int_equal(h->held, 1);
    /* what has been decided stays, whatever comes later */
    assert_int_equal(hours_decide(&ctx, h, 3600, "其余是吃饭"), OK);
    h = attended(v, HOURS_FREE + 2);
    assert_int_equal(h->counted, 3600);
    assert_int_equal(h->held, 0);
    assert_int_equal(query_int(ctx.db, "SELECT seconds FROM volunteers WHERE id = {}", v), 3600);
}

static void above_twelve_hours_the_office_decides(void **state)
{
    (void)state;
    const struct hours *h = attended(somebody(2), 13 * WHEN_HOUR);
    act(ROLE_WORKER, xinghu);
    assert_int_equal(hours_decide(&ctx, h, HOURS_OFFICE + 1, "通宵值守"), INVALID);
    act(ROLE_WORKER, xinghu);
    assert_int_equal(hours_decide(&ctx, h, HOURS_OFFICE, "值守到夜里"), OK);
    act(ROLE_OFFICE, NONE);
    h = record_get(&ctx, &hours_kind, h->record.id);
    assert_int_equal(hours_decide(&ctx, h, HOURS_OFFICE + 1, "通宵值守"), OK);
    h = record_get(&ctx, &hours_kind, h->record.id);
    assert_int_equal(hours_decide(&ctx, h, WHEN_DAY + 1, "一天没有这么长"), INVALID);
    store_forget(&ctx);
}

static void a_mark_comes_at_most_two_weeks_late(void **state)
{
    (void)state;
    int64_t v = somebody(3), at = ctx.now, ends = at - WHEN_HOUR;
    act(ROLE_OFFICE, NONE);
    struct activity *a = record_new(&ctx, &activities_kind);
    a->title = "便民服务日";
    a->kind = "service";
    a->starts = ends - 2 * WHEN_HOUR;
    a->ends = ends;
    a->area = xinghu;
    assert_true(record_check(&ctx, &activities_kind, NULL, a));
    assert_int_equal(activity_file(&ctx, a), OK);
    struct mark m = {.code = "edge-1",
                     .activity = a->record.id,
                     .shift = NONE,
                     .offer = NONE,
                     .volunteer = v,
                     .at = a->starts,
                     .ahead = 0,
                     .how = "qr"};
    enum mark_result result;
    ctx.now = ends + MARK_DAYS * WHEN_DAY + 1;
    assert_int_equal(attendance_mark(&ctx, &m, &result), CONFLICT);
    store_forget(&ctx);
    ctx.now = ends + MARK_DAYS * WHEN_DAY;
    assert_int_equal(attendance_mark(&ctx, &m, &result), OK);
    ctx.now = at;
}

/* ---- what is valid, listed, counted ---- */

static void the_first_and_the_last_day_are_in(void **state)
{
    (void)state;
    const char *today = day_iso(ctx.arena, when_day(ctx.now)),
               *yesterday = day_iso(ctx.arena, when_day(ctx.now) - 1),
               *tomorrow = day_iso(ctx.arena, when_day(ctx.now) + 1);
    assert_true(valid_today(&ctx, today, today));
    assert_true(valid_today(&ctx, yesterday, NULL) && valid_today(&ctx, NULL, tomorrow));
    assert_true(valid_today(&ctx, NULL, ""));
    assert_false(valid_today(&ctx, tomorrow, NULL));
    assert_false(valid_today(&ctx, NULL, yesterday));
    struct list l = {.kind = &organisations_kind, .limit = 10};
    sql_init(&l.where, ctx.arena);
    change(ctx.db, "UPDATE organisations SET valid_from = {}, valid_to = {} WHERE id = 1", today,
           today);
    sql_add(&l.where, " AND id = 1");
    valid_where(&ctx, &l.where);
    assert_int_equal(list_count(&ctx, &l), 1);
    sql_release(&l.where);
}

static void a_count_says_and_more_only_when_there_are(void **state)
{
    (void)state;
    struct list l = {.kind = &templates_kind, .limit = 10};
    sql_init(&l.where, ctx.arena);
    sql_add(&l.where, " AND code LIKE 'edge-%'");
    change(ctx.db,
           "INSERT INTO templates (version, created, updated, code, title, text) WITH RECURSIVE "
           "n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) SELECT 1, 0, 0, 'edge-' "
           "|| i, 'x', 'y' FROM n",
           LIST_COUNTED);
    assert_int_equal(db_status(ctx.db), OK);
    struct list_total all = list_total(&ctx, &l);
    assert_int_equal(all.count, LIST_COUNTED);
    assert_false(all.more);
    change(ctx.db,
           "INSERT INTO templates (version, created, updated, code, title, text) VALUES (1, "
           "0, 0, 'edge-more', 'x', 'y')");
    db_clear(ctx.db);
    all = list_total(&ctx, &l);
    assert_int_equal(all.count, LIST_COUNTED);
    assert_true(all.more);
    sql_release(&l.where);
}

static int64_t received(int64_t from, int64_t to)
{
    struct figure_span span = FIGURE_ALL;
    span.from = from;
    span.to = to;
    return (int64_t)figure_value(&ctx, figure_find("requests.received"), &span).value;
}

static void a_period_has_its_first_second_and_not_the_one_after_it(void **state)
{
    (void)state;
    int64_t id = filed(xinghu), at = now(id)->received_at;
    assert_int_equal(received(at, at + 1) - received(at + 1, at + 1), received(at, at + 1));
    assert_true(received(at, at + 1) >= 1);
    assert_int_equal(received(at, at), 0);
    assert_int_equal(received(at - 1, at) + received(at, at + 1), received(at - 1, at + 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(five_is_the_most_satisfied),
        cmocka_unit_test(a_closed_request_is_disputed_up_to_the_last_second),
        cmocka_unit_test(one_merges_into_what_one_sees),
        cmocka_unit_test(a_deadline_is_met_in_its_last_second),
        cmocka_unit_test(eight_hours_count_by_themselves),
        cmocka_unit_test(above_twelve_hours_the_office_decides),
        cmocka_unit_test(a_mark_comes_at_most_two_weeks_late),
        cmocka_unit_test(the_first_and_the_last_day_are_in),
        cmocka_unit_test(a_count_says_and_more_only_when_there_are),
        cmocka_unit_test(a_period_has_its_first_second_and_not_the_one_after_it),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
