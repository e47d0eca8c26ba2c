/*
 * Volunteers, activities, attendance and hours on a store of its own: marks
 * in any order, overlapping times, long days, waiting lists, repetition.
 */
#include "app/activities/activities.h"
#include "app/activities/activity_pages.h"
#include "core/figures.h"
#include "program/install.h"
#include "app/visits/offers.h"
#include "app/desk/opinions.h"
#include "pages/register_pages.h"
#include "base/when.h"
#include "db/journal.h"
#include "installed.h"
#include "volunteer.h"
#include "jobs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

static int64_t somebody(const char *name, const char *phone)
{
    const char *code = NULL;
    struct volunteer *v = volunteer_new(&ctx, name, phone, &code);
    assert_non_null(volunteer_by_code(&ctx, code));
    return v->record.id;
}

static struct activity *activity(int64_t starts, int64_t hours, const char *repeats)
{
    struct activity *a = record_new(&ctx, &activities_kind);
    a->title = "便民理发日";
    a->kind = "haircut";
    a->starts = starts;
    a->ends = starts + hours * WHEN_HOUR;
    a->repeats = repeats;
    a->area = query_int(ctx.db,
                        "SELECT id FROM areas WHERE level = 'community' ORDER BY id LIMIT 1");
    assert_true(record_check(&ctx, &activities_kind, NULL, a));
    assert_int_equal(activity_file(&ctx, a), OK);
    return a;
}

static enum mark_result mark(const char *code, int64_t act, int64_t volunteer, bool out, int64_t at)
{
    enum mark_result r;
    struct mark m = {.code = code,
                     .activity = act,
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

static int64_t counted(int64_t volunteer)
{
    return query_int(ctx.db, "SELECT seconds FROM volunteers WHERE id = {}", volunteer);
}

static void test_people(void **state)
{
    (void)state;
    struct person *p = record_new(&ctx, &people_kind);
    p->name = "单小明";
    p->id_number = "110101199003070012";
    assert_false(record_check(&ctx, &people_kind, NULL, p));
    assert_non_null(ctx_problem_of(&ctx, "id_number"));
    store_forget(&ctx);
    p->id_number = "11010519491231002x";
    assert_true(record_check(&ctx, &people_kind, NULL, p));
    assert_string_equal(p->id_number, "11010519491231002X");
    assert_string_equal(p->born, "1949-12-31");
    assert_string_equal(p->gender, "female");
    assert_string_equal(p->pinyin, "shanxiaoming sxm");
}

static void test_marks_in_any_order(void **state)
{
    (void)state;
    int64_t v = somebody("甲志愿", "13800000101"), now = ctx.now,
            start = when_day_start(when_day(now) - 1) + 9 * WHEN_HOUR;
    struct activity *a = activity(start, 3, NULL);
    assert_int_equal(mark("out-1", a->record.id, v, true, start + 2 * WHEN_HOUR), MARK_NOT_IN);
    assert_int_equal(counted(v), 0);
    assert_int_equal(mark("in-1", a->record.id, v, false, start), MARK_DONE);
    assert_int_equal(counted(v), 2 * WHEN_HOUR);
    assert_int_equal(mark("in-1", a->record.id, v, false, start), MARK_AGAIN);
    assert_int_equal(mark("in-2", a->record.id, v, false, start + 600), MARK_ALREADY);
    assert_int_equal(counted(v), 2 * WHEN_HOUR);
    assert_int_equal(mark("in-0", a->record.id, v, false, start - 600), MARK_DONE);
    assert_int_equal(counted(v), 2 * WHEN_HOUR + 600);
    assert_int_equal(
        query_int(ctx.db,
                  "SELECT count(*) AS n FROM attendances WHERE volunteer = {} AND status = 'good'",
                  v),
        1);
    /* a clock that is a year off is not believed */
    assert_int_equal(mark("in-3", a->record.id, v, false, start + 365 * WHEN_DAY), MARK_CLOCK);
    struct journal_report report;
    assert_int_equal(journal_verify(ctx.db, ctx.arena, &report), OK);
}

/* Two taps of one second, whichever arrives first: who was not inside came and went, who was inside
 * went and came. */
static void test_marks_of_one_second(void **state)
{
    (void)state;
    int64_t start = when_day_start(when_day(ctx.now) - 3) + 9 * WHEN_HOUR;
    struct activity *a = activity(start, 3, NULL);
    for (int first = 0; first < 2; first++) {
        int64_t v = somebody(first ? "丁志愿" : "丙志愿", first ? "13800000104" : "13800000103");
        assert_int_equal(mark(first ? "same-a" : "same-b", a->record.id, v, first, start + 60),
                         first ? MARK_NOT_IN : MARK_DONE);
        assert_int_equal(mark(first ? "same-c" : "same-d", a->record.id, v, !first, start + 60),
                         MARK_DONE);
        assert_int_equal(
            query_int(
                ctx.db,
                "SELECT went - came AS n FROM attendances WHERE volunteer = {} AND status = 'good'",
                v),
            0);
        assert_int_equal(mark(first ? "same-e" : "same-f", a->record.id, v, false, start + 600),
                         MARK_DONE);
        assert_int_equal(mark(first ? "same-g" : "same-h", a->record.id, v, true, start + 900),
                         MARK_DONE);
        assert_int_equal(mark(first ? "same-i" : "same-j", a->record.id, v, false, start + 900),
                         MARK_DONE);
        assert_int_equal(
            query_int(
                ctx.db,
                "SELECT count(*) AS n FROM attendances WHERE volunteer = {} AND status = 'good'",
                v),
            3);
        assert_int_equal(query_int(ctx.db,
                                   "SELECT came AS n FROM attendances WHERE volunteer = {} AND "
                                   "status = 'good' AND went IS NULL",
                                   v),
                         start + 900);
        assert_int_equal(counted(v), 300);
    }
}

static void test_overlap_and_long_days(void **state)
{
    (void)state;
    int64_t v = somebody("乙志愿", "13800000102"),
            start = when_day_start(when_day(ctx.now) - 2) + 7 * WHEN_HOUR;
    struct activity *a = activity(start, 6, NULL), *b = activity(start + 4 * WHEN_HOUR, 6, NULL);
    mark("b-in-1", a->record.id, v, false, start);
    mark("b-out-1", a->record.id, v, true, start + 6 * WHEN_HOUR);
    mark("b-in-2", b->record.id, v, false, start + 4 * WHEN_HOUR);
    mark("b-out-2", b->record.id, v, true, start + 10 * WHEN_HOUR);
    struct hours *h = record_find(&ctx, &hours_kind, "volunteer",
                                  arena_print(ctx.arena, "%lld", (long long)v));
    assert_non_null(h);
    assert_int_equal(h->attended, 10 * WHEN_HOUR); /* two hours in common count once */
    assert_int_equal(h->counted, 8 * WHEN_HOUR);
    assert_int_equal(h->held, 2 * WHEN_HOUR);
    assert_int_equal(hours_decide(&ctx, h, 10 * WHEN_HOUR, NULL), INVALID);
    store_forget(&ctx);
    assert_int_equal(hours_decide(&ctx, h, 10 * WHEN_HOUR, "当天值守到晚上，已核实"), OK);
    assert_int_equal(counted(v), 10 * WHEN_HOUR);
    assert_int_equal(stars_of(99 * WHEN_HOUR), 0);
    assert_int_equal(stars_of(300 * WHEN_HOUR), 2);
    assert_int_equal(stars_of(9999 * WHEN_HOUR), 5);
}

static void test_waiting_list(void **state)
{
    (void)state;
    struct activity *a = activity(ctx.now + 3 * WHEN_DAY, 2, NULL);
    change(ctx.db, "UPDATE activities SET places = 1 WHERE id = {}", a->record.id);
    struct sign_up *s[3];
    static const char *const phones[] = {"13800000111", "13800000112", "13800000111"};
    for (int i = 0; i < 3; i++) {
        s[i] = record_new(&ctx, &sign_ups_kind);
        s[i]->activity = a->record.id;
        s[i]->name = i == 1 ? "李婆婆" : "陈伯";
        s[i]->phone = phones[i];
    }
    assert_int_equal(sign_up_file(&ctx, s[0]), OK);
    assert_string_equal(s[0]->status, "signed");
    assert_int_equal(sign_up_file(&ctx, s[1]), OK);
    assert_string_equal(s[1]->status, "waiting");
    assert_int_equal(sign_up_file(&ctx, s[2]), CONFLICT); /* twice the same */
    store_forget(&ctx);
    assert_int_equal(sign_up_cancel(&ctx, s[0]), OK);
    struct sign_up *up = record_get(&ctx, &sign_ups_kind, s[1]->record.id);
    assert_string_equal(up->status, "signed");
    assert_int_equal(
        activity_cancel(&ctx, record_get(&ctx, &activities_kind, a->record.id), false, "下雨"), OK);
    assert_int_equal(sign_up_file(&ctx, s[2]), CONFLICT); /* cancelled */
    store_forget(&ctx);
}

static void test_repetition(void **state)
{
    (void)state;
    struct activity *a = activity(ctx.now + WHEN_DAY, 2, "FREQ=WEEKLY;COUNT=4");
    assert_int_equal(
        query_int(ctx.db, "SELECT count(*) AS n FROM activities WHERE series = {}", a->series), 4);
    assert_int_equal(activity_cancel(&ctx, a, true, "场地维修"), OK);
    assert_int_equal(
        query_int(ctx.db,
                  "SELECT count(*) AS n FROM activities WHERE series = {} AND status = 'cancelled'",
                  a->series),
        4);
    int64_t starts[4];
    int n;
    assert_int_equal(repeats_list(&ctx, "every week", ctx.now, starts, 4, &n), INVALID);
    store_forget(&ctx);
}

static void test_counts_and_check_in(void **state)
{
    (void)state;
    struct activity *a = activity(ctx.now - WHEN_HOUR, 2, NULL);
    assert_int_equal(count_add(&ctx, a, "tap-1", 1, NONE), OK);
    a = record_get(&ctx, &activities_kind, a->record.id);
    assert_int_equal(count_add(&ctx, a, "tap-1", 1, NONE), OK); /* sent again */
    a = record_get(&ctx, &activities_kind, a->record.id);
    assert_int_equal(a->person_times, 1);
    assert_int_equal(count_add(&ctx, a, "tap-2", -2, NONE), INVALID);
    store_forget(&ctx);
    const char *code = entrance_code(&ctx, a, ctx.now);
    assert_true(entrance_code_fits(&ctx, a, code, ctx.now + 300));
    assert_false(entrance_code_fits(&ctx, a, code, ctx.now + 3600));
    assert_false(entrance_code_fits(&ctx, a, "000000x", ctx.now));
}

static void test_card_read_twice(void **state)
{
    (void)state;
    int64_t v = somebody("乙志愿", "13800000121"), now = ctx.now,
            id = activity(now - WHEN_HOUR, 3, NULL)->record.id;
    assert_false(scan_means_out(&ctx, id, v, now - 3000));
    mark("scan-1", id, v, false, now - 3000);
    assert_false(scan_means_out(&ctx, id, v, now - 2995)); /* the scanner beeped twice */
    assert_true(scan_means_out(&ctx, id, v, now - 2900));
    mark("scan-2", id, v, true, now - 1800);
    assert_true(scan_means_out(&ctx, id, v, now - 1790));
    assert_false(scan_means_out(&ctx, id, v, now - 600));
}

static void test_attendance_nobody_noted(void **state)
{
    (void)state;
    int64_t v = somebody("丙志愿", "13800000122"), now = ctx.now;
    const struct activity *a = activity(now - 3 * WHEN_HOUR, 2, NULL);
    struct attendance *t = record_new(&ctx, &attendances_kind);
    t->activity = a->record.id;
    t->volunteer = v;
    assert_int_equal(mark("left-1", a->record.id, v, true, now - WHEN_HOUR), MARK_NOT_IN);
    assert_int_equal(attendance_add(&ctx, t, now - WHEN_HOUR, now - 2 * WHEN_HOUR, "记反了"),
                     INVALID);
    store_forget(&ctx);
    assert_int_equal(attendance_add(&ctx, t, now - 2 * WHEN_HOUR, now - WHEN_HOUR, NULL), INVALID);
    store_forget(&ctx);
    assert_int_equal(attendance_add(&ctx, t, now - 2 * WHEN_HOUR, now - WHEN_HOUR, "忘了签到"), OK);
    assert_int_equal(counted(v), WHEN_HOUR);
    mark("came-1", a->record.id, v, false,
         now - 2 * WHEN_HOUR); /* its phone finds a network at last: not twice */
    assert_int_equal(counted(v), WHEN_HOUR);
}

/* By a sheet or a program no more than by a leader: no longer than the activity. */
static void test_attendance_is_no_longer_than_its_activity(void **state)
{
    (void)state;
    const struct activity *a = activity(ctx.now - 9 * WHEN_HOUR, 2, NULL);
    struct attendance *t = record_new(&ctx, &attendances_kind);
    t->activity = a->record.id;
    t->volunteer = somebody("丁志愿", "13800000123");
    t->came = a->starts;
    t->went = a->ends + 60;
    assert_false(record_check(&ctx, &attendances_kind, NULL, t));
    assert_non_null(ctx_problem_of(&ctx, "went"));
    store_forget(&ctx);
    t->went = a->ends;
    assert_true(record_check(&ctx, &attendances_kind, NULL, t));
}

static void test_reminders(void **state)
{
    (void)state;
    struct activity *a = activity(when_day_start(when_day(ctx.now) + 1) + 9 * WHEN_HOUR, 2, NULL);
    change(ctx.db, "UPDATE activities SET places = 1 WHERE id = {}", a->record.id);
    for (int i = 0; i < 2; i++) {
        struct sign_up *s = record_new(&ctx, &sign_ups_kind);
        s->activity = a->record.id;
        s->name = i ? "候补的" : "有位的";
        s->phone = i ? "13800000131" : "13800000132";
        assert_int_equal(sign_up_file(&ctx, s), OK);
    }
    activity_tell(&ctx, a, TELL_REMIND, NONE);
    activity_tell(&ctx, a, TELL_REMIND, NONE); /* the job was run again: told once */
    assert_int_equal(query_int(ctx.db,
                               "SELECT count(*) AS n FROM notices WHERE kind = 'activities' AND "
                               "record = {} AND action = 'activity-remind'",
                               a->record.id),
                     1);
    assert_int_equal(
        activity_cancel(&ctx, record_get(&ctx, &activities_kind, a->record.id), false, "台风"), OK);
    assert_int_equal(query_int(ctx.db,
                               "SELECT count(*) AS n FROM notices WHERE kind = 'activities' AND "
                               "record = {} AND status = 'waiting'",
                               a->record.id),
                     2);
    assert_int_equal(query_int(ctx.db,
                               "SELECT count(*) AS n FROM notices WHERE kind = 'activities' AND "
                               "record = {} AND status = "
                               "'waiting' AND action = 'activity-remind'",
                               a->record.id),
                     0);
}

static int64_t reminders(int64_t activity)
{
    return query_int(ctx.db,
                     "SELECT count(*) AS n FROM notices WHERE kind = 'activities' AND record = {} "
                     "AND action = 'activity-remind'",
                     activity);
}

static int64_t tomorrow_with_one(int64_t hour, const char *phone)
{
    struct activity *a = activity(when_day_start(when_day(ctx.now) + 1) + hour * WHEN_HOUR, 2,
                                  NULL);
    struct sign_up *s = record_new(&ctx, &sign_ups_kind);
    s->activity = a->record.id;
    s->name = "要提醒的";
    s->phone = phone;
    assert_int_equal(sign_up_file(&ctx, s), OK);
    return a->record.id;
}

/* Somebody has to ring: the words are written from eight to eight, by the clock of the place, once
 * for each activity. */
static void test_reminders_by_day(void **state)
{
    (void)state;
    int64_t now = ctx.now, midnight = when_day_start(when_day(now));
    int64_t first = tomorrow_with_one(9, "13800000133"), second, third;
    static const int64_t too_early_or_late[] = {0, 7 * WHEN_HOUR, 8 * WHEN_HOUR - 1, 20 * WHEN_HOUR,
                                                24 * WHEN_HOUR - 1};
    for (size_t i = 0; i < sizeof too_early_or_late / sizeof *too_early_or_late; i++) {
        ctx.now = midnight + too_early_or_late[i];
        job_run(&ctx, "activity-reminders");
        assert_int_equal(reminders(first), 0);
    }
    ctx.now = midnight + 8 * WHEN_HOUR;
    job_run(&ctx, "activity-reminders");
    assert_int_equal(reminders(first), 1);
    second = tomorrow_with_one(0, "13800000134"); /* begins with the day */
    third = activity(midnight + 2 * WHEN_DAY, 2, NULL)->record.id;
    ctx.now = midnight + 20 * WHEN_HOUR - 1;
    job_run(&ctx, "activity-reminders");
    job_run(&ctx, "activity-reminders");
    assert_int_equal(reminders(first), 1);
    assert_int_equal(reminders(second), 1);
    assert_int_equal(
        query_int(ctx.db,
                  "SELECT count(*) AS n FROM activities WHERE id = {} AND reminded_at IS NULL",
                  third),
        1);
    ctx.now = now;
}

/* ---- figures ---- */

static double figure_of(const char *ref)
{
    for (const struct figure *const *f = figures_all(); *f; f++)
        if ((*f)->ref && !strcmp((*f)->ref, ref)) {
            double v = figure_value(&ctx, *f, &FIGURE_ALL).value;
            return isnan(v) ? 0 : v;
        }
    fail_msg("there is no figure %s", ref);
    return 0;
}

static struct record *organisation(const char *kind, const char *code)
{
    struct organisation *o = record_new(&ctx, &organisations_kind);
    o->code = code;
    o->name = "新来的";
    o->kind = kind;
    assert_true(record_check(&ctx, &organisations_kind, NULL, o));
    assert_int_equal(record_insert(&ctx, &organisations_kind, o, "create"), OK);
    return &o->record;
}

static struct record *held(const char *kind, int64_t starts, int64_t person_times)
{
    struct activity *a = activity(starts, 2, NULL), *after = record_copy(&ctx, &activities_kind, a);
    after->kind = kind;
    after->status = "held";
    after->person_times = person_times;
    assert_int_equal(record_update(&ctx, &activities_kind, a, after, "held"), OK);
    return record_get(&ctx, &activities_kind, a->record.id);
}

static struct record *attended(void)
{
    int64_t v = somebody("参与的", "13800000141"), start = ctx.now - 3 * WHEN_HOUR,
            id = activity(start, 2, NULL)->record.id;
    mark("f-in", id, v, false, start);
    mark("f-out", id, v, true, start + WHEN_HOUR);
    return record_find(&ctx, &attendances_kind, "volunteer",
                       arena_print(ctx.arena, "%lld", (long long)v));
}

static struct record *solved(void)
{
    struct request *r = record_new(&ctx, &requests_kind);
    r->number = "20260101-99999";
    r->subject = "路灯修好了";
    r->text = "修好了。";
    r->channel = "phone";
    r->status = "closed";
    r->solved = "yes";
    r->received_at = r->closed_at = ctx.now;
    assert_int_equal(record_insert(&ctx, &requests_kind, r, "test"), OK);
    return record_get(&ctx, &requests_kind, r->record.id);
}

/* Of a team, and solved: F20 and F21 count both. */
static struct record *opinion(void)
{
    struct opinion *o = record_new(&ctx, &opinions_kind);
    o->text = "楼道的灯不亮";
    o->area = query_int(ctx.db,
                        "SELECT id FROM areas WHERE level = 'community' ORDER BY id LIMIT 1");
    assert_int_equal(opinion_file(&ctx, o, NONE, NONE, NULL, NULL), OK);
    change(ctx.db,
           "UPDATE requests SET status = 'closed', solved = 'yes', closed_at = {} WHERE id = {}",
           ctx.now, o->request);
    return record_get(&ctx, &opinions_kind, o->record.id);
}

/* Each figure rises with a record that it counts and falls when the record is removed. */
static void figures_rise_and_fall_with_their_records(void **state)
{
    (void)state;
    static const char *const refs[] = {"F15", "F16", "F17", "F18", "F19",
                                       "F20", "F21", "F28", "F29"};
    enum { REFS = sizeof refs / sizeof *refs };
    double before[REFS], with[REFS];
    int64_t month = when_day_start(when_day(ctx.now) - 800); /* in which nothing else was */
    held("volunteer_day", month, 0);
    for (int i = 0; i < REFS; i++)
        before[i] = figure_of(refs[i]);
    struct {
        const struct kind *kind;
        struct record *record;
    } made[] = {{&organisations_kind, organisation("team", "T-FALL")},
                {&organisations_kind, organisation("station", "S-FALL")},
                {&attendances_kind, attended()},
                {&activities_kind, held("concert", ctx.now - WHEN_DAY, 77)},
                {&activities_kind, held("volunteer_day", month + WHEN_HOUR, 0)},
                {&opinions_kind, opinion()},
                {&requests_kind, solved()}};
    static const double rise[REFS] = {1, 1, 1, 2, 77, 1, 1, 0, 1};
    for (int i = 0; i < REFS; i++) {
        with[i] = figure_of(refs[i]);
        if (rise[i] > 0 ? with[i] != before[i] + rise[i] : with[i] <= before[i])
            fail_msg("%s: %f, with the records %f", refs[i], before[i], with[i]);
    }
    for (size_t m = 0; m < sizeof made / sizeof *made; m++)
        assert_int_equal(record_remove(&ctx, made[m].kind, made[m].record), OK);
    for (int i = 0; i < REFS; i++)
        if (figure_of(refs[i]) != before[i])
            fail_msg("%s: %f, without the records %f", refs[i], before[i], figure_of(refs[i]));
}

static void test_tags(void **state)
{
    (void)state;
    struct volunteer *v = record_new(&ctx, &volunteers_kind);
    assert_true(
        field_set(&ctx, kind_field(&volunteers_kind, "times"), v, "sat-am、周日上午, sat-am"));
    assert_string_equal(v->times, "|sat-am|sun-am|");
    assert_true(tags_have(v->times, "sun-am"));
    assert_false(tags_have(v->times, "sun"));
    assert_string_equal(field_show(&ctx, kind_field(&volunteers_kind, "times"), v),
                        "周六上午、周日上午");
    assert_false(field_set(&ctx, kind_field(&volunteers_kind, "times"), v, "someday"));
    store_forget(&ctx);
}

static struct offer_ask *ask_of(int64_t volunteer)
{
    return record_find(&ctx, &offer_asks_kind, "volunteer",
                       arena_print(ctx.arena, "%lld", (long long)volunteer));
}

/* Four volunteers who cut hair, the last of whom only visits men, and a request for a haircut at
 * home. */
static struct request *haircut_at_home(int64_t who[4])
{
    static const char *const names[] = {"丙志愿", "丁志愿", "戊志愿", "己志愿"};
    for (int i = 0; i < 4; i++) {
        who[i] = somebody(names[i], arena_print(ctx.arena, "1380000020%d", i));
        change(ctx.db, "UPDATE volunteers SET skills = '|haircut|' WHERE id = {}", who[i]);
    }
    change(ctx.db, "UPDATE volunteers SET gender_preference = 'male' WHERE id = {}", who[3]);
    struct request *r = record_new(&ctx, &requests_kind);
    r->subject = "请人上门理发";
    r->text = "腿脚不便，下不了楼。";
    r->requester_name = "刘婆婆";
    r->requester_phone = "13800000299";
    r->category = query_int(ctx.db, "SELECT id FROM categories WHERE code = 'help-haircut'");
    r->area = query_int(ctx.db, "SELECT id FROM areas WHERE level = 'estate' ORDER BY id LIMIT 1");
    assert_int_equal(request_file(&ctx, r, NULL), OK);
    return r;
}

/* The skill for a category holds for the categories below it, and for nothing else. */
static void check_skill_below(int64_t category, const char *skill)
{
    change(ctx.db,
           "INSERT INTO categories (version, created, updated, code, name, parent, level, "
           "position, valid)"
           " VALUES (1, 0, 0, 'deeper', '卧床理发', {}, 'ordinary', 1, 1)",
           category);
    int64_t deeper = query_int(ctx.db, "SELECT id FROM categories WHERE code = 'deeper'");
    assert_string_equal(skill_for(&ctx, deeper), skill);
    change(ctx.db,
           "UPDATE skills SET category = (SELECT parent FROM categories WHERE id = {}) WHERE code "
           "= {}",
           category, skill);
    assert_string_equal(skill_for(&ctx, deeper), skill); /* two levels up */
    assert_null(skill_for(&ctx, NONE));
}

/* A haircut at home for a lady of 77: offered, accepted by two, visited, recorded once. */
static void test_offer(void **state)
{
    (void)state;
    int64_t who[4];
    struct request *r = haircut_at_home(who);
    struct offer *o = record_new(&ctx, &offers_kind);
    o->request = r->record.id;
    o->skill = skill_for(&ctx, r->category);
    check_skill_below(r->category, o->skill);
    o->gender = "female";
    assert_int_equal(offer_file(&ctx, o), OK);
    assert_int_equal(o->people, 2);
    assert_int_equal(
        query_int(ctx.db, "SELECT count(*) AS n FROM offer_asks WHERE offer = {}", o->record.id),
        3);
    struct offer_ask *first = ask_of(who[0]), *second = ask_of(who[1]);
    assert_int_equal(offer_answer(&ctx, first, true, NONE), INVALID); /* when? */
    store_forget(&ctx);
    assert_int_equal(offer_answer(&ctx, first, true, ctx.now + WHEN_DAY), OK);
    assert_int_equal(offer_answer(&ctx, second, true, NONE), OK);
    o = record_get(&ctx, &offers_kind, o->record.id);
    assert_string_equal(o->status, "agreed");
    struct offer_ask *third = ask_of(who[2]);
    assert_string_equal(third->answer, "late");
    assert_int_equal(offer_answer(&ctx, third, true, NONE), CONFLICT);
    store_forget(&ctx);
    int64_t morning = when_day_start(when_day(ctx.now) + 1) + 9 * WHEN_HOUR;
    ctx.now = morning + 3 * WHEN_HOUR;
    assert_int_equal(offer_done(&ctx, o, morning, morning + WHEN_HOUR, NULL), OK);
    for (int i = 0; i < 2; i++)
        assert_int_equal(counted(who[i]), WHEN_HOUR);
    struct request *after = record_get(&ctx, &requests_kind, r->record.id);
    assert_string_equal(after->status, "answered");
    assert_int_equal(offer_done(&ctx, record_get(&ctx, &offers_kind, o->record.id), morning,
                                morning + WHEN_HOUR, NULL),
                     CONFLICT);
    store_forget(&ctx);
}

/* Nobody is there for 27 hours: a check-in on another day begins anew, the old one stays open. */
static void test_forgotten_check_out(void **state)
{
    (void)state;
    int64_t v = somebody("展志愿", "13800000311"),
            start = when_day_start(when_day(ctx.now) - 4) + 9 * WHEN_HOUR;
    struct activity *a = activity(start, 3 * 24, NULL);
    int64_t id = a->record.id;
    assert_int_equal(mark("f-in-1", id, v, false, start), MARK_DONE);
    assert_int_equal(mark("f-in-2", id, v, false, start + WHEN_DAY), MARK_DONE);
    assert_int_equal(mark("f-in-2b", id, v, false, start + WHEN_DAY + 600), MARK_ALREADY);
    assert_int_equal(mark("f-out-2", id, v, true, start + WHEN_DAY + 3 * WHEN_HOUR), MARK_DONE);
    assert_int_equal(counted(v), 3 * WHEN_HOUR);
    assert_int_equal(
        query_int(ctx.db,
                  "SELECT came FROM attendances WHERE volunteer = {} AND status = 'good' AND went "
                  "IS NULL",
                  v),
        start);
    /* the leader writes down when it ended, and no more than can be */
    const struct attendance *open = record_find(&ctx, &attendances_kind, "code", "f-in-1");
    assert_int_equal(attendance_correct(&ctx, open, start, start + 30 * WHEN_HOUR, false, "补签退"),
                     INVALID);
    store_forget(&ctx);
    assert_int_equal(attendance_correct(&ctx, open, start, start + 4 * WHEN_HOUR, false, "补签退"),
                     OK);
    assert_int_equal(counted(v), 7 * WHEN_HOUR);
    /* a night is one attendance, also when somebody checks in twice */
    struct activity *night = activity(start + 11 * WHEN_HOUR, 12, NULL);
    assert_int_equal(mark("n-in", night->record.id, v, false, night->starts), MARK_DONE);
    assert_int_equal(mark("n-in-2", night->record.id, v, false, night->starts + 5 * WHEN_HOUR),
                     MARK_ALREADY);
    const struct attendance *t = record_find(&ctx, &attendances_kind, "code", "n-in");
    assert_int_equal(attendance_correct(&ctx, t, night->starts, night->ends + 60, false, "久"),
                     INVALID);
    store_forget(&ctx);
}

static struct request *request_of(const char *text)
{
    struct request *r = record_new(&ctx, &requests_kind);
    r->subject = text;
    r->text = text;
    r->requester_name = "刘婆婆";
    r->requester_phone = "13800000298";
    r->category = query_int(ctx.db, "SELECT id FROM categories WHERE code = 'help-haircut'");
    r->area = query_int(ctx.db, "SELECT id FROM areas WHERE level = 'estate' ORDER BY id LIMIT 1");
    assert_int_equal(request_file(&ctx, r, NULL), OK);
    return r;
}

/* The hours stand, whatever became of the request in the meantime. */
static void test_visit_after_its_request(void **state)
{
    (void)state;
    static const char *const ways[] = {"merge", "park", "call-back"};
    for (int i = 0; i < 3; i++) {
        int64_t v = somebody("壬志愿", arena_print(ctx.arena, "1380000032%d", i)), had;
        struct request *r = request_of(arena_print(ctx.arena, "请人理发%d", i)),
                       *other = request_of(arena_print(ctx.arena, "也要理发%d", i));
        struct offer *o = record_new(&ctx, &offers_kind);
        struct step_input in = {.unit = NONE, .until = NONE, .into = NONE, .satisfaction = NONE};
        o->request = r->record.id;
        o->skill = "haircut";
        o->people = 1;
        assert_int_equal(offer_file(&ctx, o), OK);
        assert_int_equal(offer_ask(&ctx, record_get(&ctx, &offers_kind, o->record.id), v), OK);
        int64_t ask = query_int(ctx.db,
                                "SELECT id FROM offer_asks WHERE offer = {} AND volunteer = {}",
                                o->record.id, v);
        assert_int_equal(
            offer_answer(&ctx, record_get(&ctx, &offer_asks_kind, ask), true, ctx.now + WHEN_HOUR),
            OK);
        had = counted(v);
        if (i == 2) {
            in.text = "已经办好。";
            change(ctx.db, "UPDATE requests SET status = 'call_back' WHERE id = {}", r->record.id);
        } else {
            in.text = "合并或挂账";
            in.into = i == 0 ? other->record.id : NONE;
            in.until = i == 1 ? ctx.now + 30 * WHEN_DAY : NONE;
            assert_int_equal(request_take(&ctx, request_step(ways[i]),
                                          record_get(&ctx, &requests_kind, r->record.id), &in),
                             OK);
        }
        if (i == 0) { /* told not to set out */
            assert_int_equal(
                query_int(ctx.db,
                          "SELECT count(*) AS n FROM notices WHERE action = 'visit-merged' AND "
                          "status = 'waiting' AND recipient = {}",
                          arena_print(ctx.arena, "volunteer:%lld", (long long)v)),
                1);
        }
        ctx.now += 3 * WHEN_HOUR;
        assert_int_equal(offer_done(&ctx, record_get(&ctx, &offers_kind, o->record.id),
                                    ctx.now - 2 * WHEN_HOUR, ctx.now - WHEN_HOUR, NULL),
                         OK);
        assert_int_equal(counted(v), had + WHEN_HOUR);
        assert_int_equal(
            query_int(
                ctx.db,
                "SELECT count(*) AS n FROM events WHERE kind = 'requests' AND record = {} AND "
                "action = 'visited'",
                i == 0 ? other->record.id : r->record.id),
            1);
    }
}

/* Whoever was to come is told not to set out, unless the time has come: the visit may have taken
 * place. */
static void test_visit_of_a_request_taken_back(void **state)
{
    (void)state;
    for (int ahead = 0; ahead < 2; ahead++) {
        int64_t v = somebody("癸志愿", arena_print(ctx.arena, "1380000033%d", ahead)), ask;
        struct request *r = request_of(arena_print(ctx.arena, "请人剪发%d", ahead));
        struct offer *o = record_new(&ctx, &offers_kind);
        struct step_input in = {.text = "孙女帮我剪了。",
                                .unit = NONE,
                                .until = NONE,
                                .into = NONE,
                                .satisfaction = NONE};
        o->request = r->record.id;
        o->skill = "haircut";
        o->people = 1;
        assert_int_equal(offer_file(&ctx, o), OK);
        assert_int_equal(offer_ask(&ctx, record_get(&ctx, &offers_kind, o->record.id), v), OK);
        ask = query_int(ctx.db, "SELECT id FROM offer_asks WHERE offer = {} AND volunteer = {}",
                        o->record.id, v);
        assert_int_equal(
            offer_answer(&ctx, record_get(&ctx, &offer_asks_kind, ask), true, ctx.now + WHEN_HOUR),
            OK);
        if (!ahead)
            ctx.now += 2 * WHEN_HOUR;
        assert_int_equal(request_take(&ctx, request_step("withdraw"),
                                      record_get(&ctx, &requests_kind, r->record.id), &in),
                         OK);
        const struct offer *now = record_get(&ctx, &offers_kind, o->record.id);
        assert_string_equal(now->status, ahead ? "cancelled" : "agreed");
        assert_int_equal(
            query_int(ctx.db,
                      "SELECT count(*) AS n FROM notices WHERE action LIKE 'visit-cancel%' "
                      "AND recipient = {}",
                      arena_print(ctx.arena, "volunteer:%lld", (long long)v)),
            ahead);
    }
}

static void every_entry_of_the_journal_is_in_words(void **state)
{
    (void)state;
    struct rows *r = query(ctx.db,
                           "SELECT DISTINCT kind, action FROM journal WHERE action <> 'test'");
    while (rows_next(r)) {
        const char *action = row_copy(r, ctx.arena, "action"),
                   *words = history_action(&ctx, row_copy(r, ctx.arena, "kind"), action);
        if (!strcmp(words, action) || (words[0] >= 'a' && words[0] <= 'z'))
            fail_msg("%s", words);
    }
}

/* Nobody answers: three waves, then the leader. */
static int64_t clock_at(int day, int hour, int minute)
{
    return when_day_start(day_of(2026, 11, day)) + hour * WHEN_HOUR + minute * 60;
}

/* Nobody has to answer at night. */
static void test_rounds_run_by_day(void **state)
{
    static const struct {
        int day, hour, minute, wait_hours, to_day, to_hour, to_minute;
    } rounds[] = {
        {10, 9, 30, 2, 10, 11, 30}, {10, 18, 0, 2, 10, 20, 0}, {10, 18, 1, 2, 11, 8, 1},
        {10, 19, 0, 4, 11, 11, 0},  {10, 3, 47, 2, 10, 10, 0}, {10, 20, 0, 2, 11, 10, 0},
        {10, 23, 59, 4, 11, 12, 0}, {10, 9, 0, 30, 12, 15, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rounds / sizeof *rounds; i++) {
        int64_t asked = clock_at(rounds[i].day, rounds[i].hour, rounds[i].minute),
                wait = rounds[i].wait_hours * WHEN_HOUR,
                ends = clock_at(rounds[i].to_day, rounds[i].to_hour, rounds[i].to_minute);
        assert_int_equal(offer_round_ends(asked, wait), ends);
        assert_true(asked <= offer_round_began(ends, wait));
        assert_true(asked > offer_round_began(ends - 60, wait));
    }
}

static void test_offer_widens(void **state)
{
    (void)state;
    struct request *r = record_new(&ctx, &requests_kind);
    r->subject = "请人上门理发";
    r->text = "卧床。";
    r->category = query_int(ctx.db, "SELECT id FROM categories WHERE code = 'help-haircut'");
    r->area = query_int(ctx.db, "SELECT id FROM areas WHERE level = 'estate' ORDER BY id LIMIT 1");
    assert_int_equal(request_file(&ctx, r, NULL), OK);
    struct offer *o = record_new(&ctx, &offers_kind);
    o->request = r->record.id;
    o->skill = "haircut";
    assert_int_equal(offer_file(&ctx, o), OK);
    for (int i = 0; i < 3; i++)
        assert_int_equal(offer_widen(&ctx, record_get(&ctx, &offers_kind, o->record.id)), OK);
    o = record_get(&ctx, &offers_kind, o->record.id);
    assert_string_equal(o->status, "led");
}

/* Who agreed to a visit and leaves: somebody else is looked for, with the reason. */
static void test_offer_of_who_leaves(void **state)
{
    (void)state;
    struct request *r = record_new(&ctx, &requests_kind);
    r->subject = "请人上门理发";
    r->text = "卧床。";
    r->category = query_int(ctx.db, "SELECT id FROM categories WHERE code = 'help-haircut'");
    r->area = query_int(ctx.db, "SELECT id FROM areas WHERE level = 'estate' ORDER BY id LIMIT 1");
    assert_int_equal(request_file(&ctx, r, NULL), OK);
    struct offer *o = record_new(&ctx, &offers_kind);
    o->request = r->record.id;
    o->skill = "haircut";
    assert_int_equal(offer_file(&ctx, o), OK);
    int64_t ask = query_int(ctx.db, "SELECT min(id) AS id FROM offer_asks WHERE offer = {}",
                            o->record.id);
    const struct offer_ask *asked = record_get(&ctx, &offer_asks_kind, ask);
    assert_int_equal(offer_answer(&ctx, asked, true, ctx.now + WHEN_DAY), OK);
    assert_int_equal(volunteer_take(&ctx, "leave",
                                    record_get(&ctx, &volunteers_kind, asked->volunteer),
                                    &(struct volunteer_input){.why = "搬走了"}),
                     OK);
    asked = record_get(&ctx, &offer_asks_kind, ask);
    assert_string_equal(asked->answer, "no");
    o = record_get(&ctx, &offers_kind, o->record.id);
    assert_string_not_equal(o->status, "agreed");
    assert_int_equal(query_int(ctx.db,
                               "SELECT count(*) AS n FROM offer_asks WHERE offer = {} AND "
                               "volunteer = {} AND answer IN ('asked', 'yes')",
                               o->record.id, asked->volunteer),
                     0);
    assert_int_equal(
        query_int(ctx.db,
                  "SELECT count(*) AS n FROM events WHERE record = {} AND kind = 'requests' AND "
                  "action = 'withdrawn' AND text = '搬走了'",
                  r->record.id),
        1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_people),
        cmocka_unit_test(test_marks_in_any_order),
        cmocka_unit_test(test_marks_of_one_second),
        cmocka_unit_test(test_overlap_and_long_days),
        cmocka_unit_test(test_waiting_list),
        cmocka_unit_test(test_repetition),
        cmocka_unit_test(test_counts_and_check_in),
        cmocka_unit_test(test_card_read_twice),
        cmocka_unit_test(test_attendance_nobody_noted),
        cmocka_unit_test(test_attendance_is_no_longer_than_its_activity),
        cmocka_unit_test(test_reminders),
        cmocka_unit_test(test_reminders_by_day),
        cmocka_unit_test(figures_rise_and_fall_with_their_records),
        cmocka_unit_test(test_tags),
        cmocka_unit_test(test_forgotten_check_out),
        cmocka_unit_test(test_offer),
        cmocka_unit_test(test_rounds_run_by_day),
        cmocka_unit_test(test_visit_after_its_request),
        cmocka_unit_test(test_visit_of_a_request_taken_back),
        cmocka_unit_test(test_offer_widens),
        cmocka_unit_test(test_offer_of_who_leaves),
        cmocka_unit_test(every_entry_of_the_journal_is_in_words),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
