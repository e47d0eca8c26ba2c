/*
 * What shows only with more than one: who waits moves up in their order,
 * residents and volunteers alike; a limit reached and one more; times that
 * touch; a mark that arrives after a leader put the attendance right; a visit
 * that needs two.
 */
#include "app/activities/activities.h"
#include "app/activities/activity_pages.h"
#include "app/requests/requests.h"
#include "app/visits/offers.h"
#include "base/when.h"
#include "installed.h"
#include "volunteer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static struct ctx ctx;
static struct store store;

static int set_up(void **state)
{
    (void)state;
    return store_install(&store, &ctx);
}

static int tear_down(void **state)
{
    (void)state;
    return store_close(&store, &ctx);
}

static int64_t somebody(int n)
{
    return volunteer_new(&ctx, arena_print(ctx.arena, "志愿%d", n),
                         arena_print(ctx.arena, "1380001%04d", n), NULL)
        ->record.id;
}

static struct activity *activity(int64_t starts, int64_t ends, int64_t places)
{
    struct activity *a = record_new(&ctx, &activities_kind);
    a->title = "便民服务日";
    a->kind = "service";
    a->starts = starts;
    a->ends = ends;
    a->places = places;
    a->area = query_int(ctx.db,
                        "SELECT id FROM areas WHERE level = 'community' ORDER BY id LIMIT 1");
    assert_true(record_check(&ctx, &activities_kind, NULL, a));
    assert_int_equal(activity_file(&ctx, a), OK);
    return a;
}

static struct shift *shift(const struct activity *a, int64_t starts, int64_t ends, int64_t places)
{
    struct shift *s = record_new(&ctx, &shifts_kind);
    s->activity = a->record.id;
    s->name = "班次";
    s->starts = starts;
    s->ends = ends;
    s->places = places;
    assert_true(record_check(&ctx, &shifts_kind, NULL, s));
    assert_int_equal(record_store(&ctx, &shifts_kind, NULL, s), OK);
    return s;
}

/* A resident, or a volunteer in a shift. */
static struct sign_up *sign_up(const struct activity *a, const struct shift *s, int64_t volunteer,
                               int n, enum status expected)
{
    struct sign_up *u = record_new(&ctx, &sign_ups_kind);
    u->activity = a->record.id;
    u->shift = s ? s->record.id : NONE;
    u->volunteer = volunteer;
    u->name = arena_print(ctx.arena, "报名%d", n);
    u->phone = arena_print(ctx.arena, "1390001%04d", n);
    assert_int_equal(sign_up_file(&ctx, u), expected);
    store_forget(&ctx);
    return u;
}

static const char *standing(const struct sign_up *u)
{
    const struct sign_up *now = record_get(&ctx, &sign_ups_kind, u->record.id);
    return now->status;
}

static void check(struct sign_up *const *list, const char *const *expected)
{
    for (int i = 0; expected[i]; i++)
        assert_string_equal(standing(list[i]), expected[i]);
}
#define CHECK(list, ...) check(list, (const char *const[]){__VA_ARGS__, NULL})

static void residents_move_up_in_their_order(void **state)
{
    (void)state;
    const struct activity *a = activity(ctx.now + 3 * WHEN_DAY,
                                        ctx.now + 3 * WHEN_DAY + 2 * WHEN_HOUR, 2);
    struct sign_up *u[5];
    for (int i = 0; i < 5; i++)
        u[i] = sign_up(a, NULL, NONE, i, OK);
    CHECK(u, "signed", "signed", "waiting", "waiting", "waiting");
    assert_int_equal(sign_up_cancel(&ctx, u[1]), OK);
    CHECK(u, "signed", "cancelled", "signed", "waiting", "waiting");
    assert_int_equal(sign_up_cancel(&ctx, u[0]), OK);
    CHECK(u, "cancelled", "cancelled", "signed", "signed", "waiting");
    assert_int_equal(places_taken(&ctx, a->record.id, NONE), 2);
    /* who waits and gives up frees no place */
    assert_int_equal(sign_up_cancel(&ctx, u[4]), OK);
    assert_int_equal(places_taken(&ctx, a->record.id, NONE), 2);
}

static void volunteers_move_up_in_their_order(void **state)
{
    (void)state;
    int64_t from = ctx.now + 4 * WHEN_DAY;
    const struct activity *a = activity(from, from + 4 * WHEN_HOUR, NONE);
    const struct shift *s = shift(a, from, from + 2 * WHEN_HOUR, 1);
    struct sign_up *u[4];
    for (int i = 0; i < 4; i++)
        u[i] = sign_up(a, s, somebody(10 + i), i, OK);
    CHECK(u, "signed", "waiting", "waiting", "waiting");
    assert_int_equal(sign_up_cancel(&ctx, u[0]), OK);
    CHECK(u, "cancelled", "signed", "waiting", "waiting");
    /* two places more: both who wait, and nobody twice */
    struct shift *more = record_copy(&ctx, &shifts_kind, s);
    more->places = 3;
    assert_int_equal(record_store(&ctx, &shifts_kind, s, more), OK);
    CHECK(u, "cancelled", "signed", "signed", "signed");
}

static void shifts_that_touch_are_no_double_booking(void **state)
{
    (void)state;
    int64_t from = ctx.now + 5 * WHEN_DAY, v = somebody(20);
    const struct activity *a = activity(from, from + 4 * WHEN_HOUR, NONE);
    const struct shift *first = shift(a, from, from + 2 * WHEN_HOUR, 3),
                       *next = shift(a, from + 2 * WHEN_HOUR, from + 4 * WHEN_HOUR, 3),
                       *across = shift(a, from + WHEN_HOUR, from + 3 * WHEN_HOUR, 3);
    assert_string_equal(standing(sign_up(a, first, v, 1, OK)), "signed");
    assert_string_equal(standing(sign_up(a, next, v, 2, OK)), "signed");
    sign_up(a, across, v, 3, CONFLICT);
}

static enum mark_result mark(const char *code, const struct activity *a, int64_t volunteer,
                             bool out, int64_t at)
{
    enum mark_result r;
    const struct mark m = {.code = code,
                           .activity = a->record.id,
                           .shift = NONE,
                           .offer = NONE,
                           .volunteer = volunteer,
                           .out = out,
                           .at = at,
                           .ahead = 0,
                           .how = "qr"};
    assert_int_equal(attendance_mark(&ctx, &m, &r), OK);
    return r;
}

static const struct attendance *attended(const struct activity *a, int64_t volunteer)
{
    return record_get(&ctx, &attendances_kind,
                      query_int(ctx.db,
                                "SELECT min(id) AS id FROM attendances WHERE activity = {} AND "
                                "volunteer = {}",
                                a->record.id, volunteer));
}

static void a_late_mark_leaves_what_the_leader_put_right(void **state)
{
    (void)state;
    int64_t v = somebody(30), from = ctx.now - 5 * WHEN_HOUR;
    const struct activity *a = activity(from, from + 4 * WHEN_HOUR, NONE);
    mark("late-in", a, v, false, from + WHEN_HOUR);
    assert_int_equal(attendance_correct(&ctx, attended(a, v), from, from + 3 * WHEN_HOUR, false,
                                        "忘了签到，核实过"),
                     OK);
    /* the phone finds a network at last: the check-out of the same visit, and an earlier check-in
     */
    mark("late-out", a, v, true, from + 2 * WHEN_HOUR);
    mark("late-in-2", a, v, false, from + WHEN_HOUR / 2);
    const struct attendance *t = attended(a, v);
    assert_int_equal(t->came, from);
    assert_int_equal(t->went, from + 3 * WHEN_HOUR);
    assert_string_equal(t->status, "good");
    assert_int_equal(query_int(ctx.db, "SELECT seconds FROM volunteers WHERE id = {}", v),
                     3 * WHEN_HOUR);
}

static void a_correction_is_as_long_as_the_activity_and_no_longer(void **state)
{
    (void)state;
    int64_t v = somebody(40), from = ctx.now - 5 * WHEN_HOUR;
    const struct activity *a = activity(from, from + 2 * WHEN_HOUR, NONE);
    mark("long-in", a, v, false, from);
    assert_int_equal(
        attendance_correct(&ctx, attended(a, v), from, from + 2 * WHEN_HOUR, false, "整场都在"),
        OK);
    assert_int_equal(
        attendance_correct(&ctx, attended(a, v), from, from + 2 * WHEN_HOUR + 1, false, "多一秒"),
        INVALID);
    store_forget(&ctx);
}

static void residents_are_taken_back_to_nobody_and_no_further(void **state)
{
    (void)state;
    struct activity *a = activity(ctx.now - WHEN_HOUR, ctx.now + WHEN_HOUR, NONE);
    assert_int_equal(count_add(&ctx, a, "order-1", 2, NONE), OK);
    a = record_get(&ctx, &activities_kind, a->record.id);
    assert_int_equal(count_add(&ctx, a, "order-2", -3, NONE), INVALID);
    store_forget(&ctx);
    assert_int_equal(count_add(&ctx, a, "order-3", -2, NONE), OK);
    a = record_get(&ctx, &activities_kind, a->record.id);
    assert_int_equal(a->person_times, 0);
}

static void a_day_holds_what_lies_in_it(void **state)
{
    (void)state;
    int64_t v = somebody(50), midnight = when_day_start(when_day(ctx.now)),
            yesterday = when_day(ctx.now) - 1;
    const struct activity *a = activity(midnight - 6 * WHEN_HOUR, midnight, NONE);
    struct attendance *t = record_new(&ctx, &attendances_kind);
    t->activity = a->record.id;
    t->volunteer = v;
    /* exactly until midnight: nothing of it lies in the next day */
    assert_int_equal(attendance_add(&ctx, t, midnight - 2 * WHEN_HOUR, midnight, "到零点"), OK);
    assert_int_equal(query_int(ctx.db,
                               "SELECT counted FROM hours WHERE volunteer = {} AND day = {}", v,
                               day_iso(ctx.arena, yesterday)),
                     2 * WHEN_HOUR);
    assert_int_equal(query_int(ctx.db,
                               "SELECT count(*) AS n FROM hours WHERE volunteer = {} AND counted > "
                               "0 AND day > {}",
                               v, day_iso(ctx.arena, yesterday)),
                     0);
}

static void a_night_counts_for_both_days(void **state)
{
    (void)state;
    int64_t v = somebody(51), midnight = when_day_start(when_day(ctx.now)),
            yesterday = when_day(ctx.now) - 1;
    const struct activity *a = activity(midnight - 6 * WHEN_HOUR, midnight + 3 * WHEN_HOUR, NONE);
    struct attendance *t = record_new(&ctx, &attendances_kind);
    t->activity = a->record.id;
    t->volunteer = v;
    ctx.now = midnight + 5 * WHEN_HOUR;
    assert_int_equal(attendance_add(&ctx, t, midnight - 2 * WHEN_HOUR, midnight + WHEN_HOUR, "夜"),
                     OK);
    for (int i = 0; i < 2; i++)
        assert_int_equal(query_int(ctx.db,
                                   "SELECT counted FROM hours WHERE volunteer = {} AND day = {}", v,
                                   day_iso(ctx.arena, yesterday + i)),
                         (2 - i) * WHEN_HOUR);
}

/* Two are needed: the first who accepts is not enough, and accepts once. */
static void a_visit_in_pairs_needs_two_different_volunteers(void **state)
{
    (void)state;
    int64_t who[3];
    for (int i = 0; i < 3; i++) {
        who[i] = somebody(60 + i);
        change(ctx.db, "UPDATE volunteers SET skills = '|haircut|' WHERE id = {}", who[i]);
    }
    struct request *r = record_new(&ctx, &requests_kind);
    r->subject = "请人上门理发";
    r->text = "腿脚不便，下不了楼。";
    r->requester_phone = "13800000299";
    r->category = query_int(ctx.db, "SELECT id FROM categories WHERE code = 'help-haircut'");
    r->area = query_int(ctx.db, "SELECT id FROM areas WHERE level = 'estate' ORDER BY id LIMIT 1");
    assert_int_equal(request_file(&ctx, r, NULL), OK);
    struct offer *o = record_new(&ctx, &offers_kind);
    o->request = r->record.id;
    o->skill = "haircut";
    o->people = 2;
    o->starts = ctx.now + WHEN_DAY;
    assert_int_equal(offer_file(&ctx, o), OK);
    const struct offer_ask *ask[3];
    for (int i = 0; i < 3; i++) {
        ask[i] = record_get(&ctx, &offer_asks_kind,
                            query_int(ctx.db,
                                      "SELECT id FROM offer_asks WHERE offer = {} AND volunteer = "
                                      "{}",
                                      o->record.id, who[i]));
        assert_non_null(ask[i]);
    }
    assert_int_equal(offer_answer(&ctx, ask[0], true, NONE), OK);
    const struct offer *now = record_get(&ctx, &offers_kind, o->record.id);
    assert_string_equal(now->status, "open");
    ask[0] = record_get(&ctx, &offer_asks_kind, ask[0]->record.id);
    assert_int_equal(offer_answer(&ctx, ask[0], true, NONE), CONFLICT);
    store_forget(&ctx);
    assert_int_equal(offer_answer(&ctx, ask[1], false, NONE), OK);
    /* who said no is not asked once more when the circle widens */
    now = record_get(&ctx, &offers_kind, o->record.id);
    assert_int_equal(offer_widen(&ctx, now), OK);
    assert_int_equal(query_int(ctx.db,
                               "SELECT count(*) AS n FROM offer_asks WHERE offer = {} AND "
                               "volunteer = {}",
                               o->record.id, who[1]),
                     1);
    ask[2] = record_get(&ctx, &offer_asks_kind, ask[2]->record.id);
    assert_int_equal(offer_answer(&ctx, ask[2], true, NONE), OK);
    now = record_get(&ctx, &offers_kind, o->record.id);
    assert_string_equal(now->status, "agreed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(residents_move_up_in_their_order),
        cmocka_unit_test(volunteers_move_up_in_their_order),
        cmocka_unit_test(shifts_that_touch_are_no_double_booking),
        cmocka_unit_test(a_late_mark_leaves_what_the_leader_put_right),
        cmocka_unit_test(a_correction_is_as_long_as_the_activity_and_no_longer),
        cmocka_unit_test(residents_are_taken_back_to_nobody_and_no_further),
        cmocka_unit_test(a_day_holds_what_lies_in_it),
        cmocka_unit_test(a_night_counts_for_both_days),
        cmocka_unit_test(a_visit_in_pairs_needs_two_different_volunteers),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
