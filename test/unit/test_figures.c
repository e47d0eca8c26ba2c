/*
 * Figures against counts written by hand in plain SQL, the records behind them
 * against the figures, and the passes of the dashboard against single values.
 */
#include "core/figures.h"
#include "core/settings.h"
#include "program/install.h"
#include "app/registers/registers.h"
#include "app/requests/requests.h"
#include "base/when.h"
#include "installed.h"
#include "web/site.h"
#include "db/journal.h"

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
static int64_t day0; /* midnight, ten days ago */

/* One request: hours after day0 of its dates; NONE: not there. */
static const struct sample {
    const char *status, *channel, *solved;
    int64_t satisfaction, reopened, received, contact_due, contacted, due, answered, closed;
    bool first; /* of the first community, else of the second */
} samples[] = {
    {"closed", "web", "yes", 5, 0, 0, 24, 2, 100, 20, 40, true},
    {"closed", "phone", "yes", 3, 1, 1, 24, 30, 60, 53, 70, true},
    {"closed", "phone", "no", 1, 0, 2, 24, 24, 80, 79, 80, false},
    {"closed", "phone", NULL, NONE, 0, 3, 24, NONE, 90, 95, 120,
     false}, /* nobody could be reached */
    {"closed", "import", NULL, NONE, 0, 4, NONE, NONE, NONE, 28, 28, true},
    {"merged", "web", NULL, NONE, 0, 5, 24, NONE, 30, NONE, NONE, true},
    {"handling", "web", NULL, NONE, 0, 6, 24, 7, 200, NONE, NONE, false}, /* late: now is at 240 */
    {"received", "web", NULL, NONE, 0, 230, 254, NONE, 270, NONE, NONE, true}, /* due soon */
    {"answered", "phone", NULL, NONE, 0, 100, 124, 101, 150, 149, NONE,
     true}, /* waits for a call */
    {"parked", "desk", NULL, NONE, 0, 20, 44, 21, 50, NONE, NONE, false},
};
#define SAMPLES (sizeof samples / sizeof *samples)

static struct maybe at(int64_t hours)
{
    return (struct maybe){hours == NONE ? NONE : day0 + hours * WHEN_HOUR};
}

static int set_up(void **state)
{
    (void)state;
    if (store_install(&store, &ctx) != 0)
        return -1;
    ctx.now = when_day_start(when_day(ctx.now));
    day0 = ctx.now - 10 * WHEN_DAY;
    for (size_t i = 0; i < SAMPLES; i++) {
        const struct sample *s = &samples[i];
        int64_t community = query_int(
            ctx.db,
            "SELECT id FROM areas WHERE level = 'community' ORDER BY code LIMIT 1 OFFSET {}",
            s->first ? 0 : 1);
        int64_t category = query_int(
            ctx.db,
            "SELECT id FROM categories WHERE parent IS NOT NULL ORDER BY code LIMIT 1 OFFSET {}",
            (int64_t)i % 3);
        change(ctx.db,
               "INSERT INTO requests (created, updated, number, subject, text, category, area, "
               "community, channel, status, solved, satisfaction,"
               " reopened, received_at, first_contact_due, first_contact_at)"
               " VALUES ({}, {}, {}, 's', 't', {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {})",
               ctx.now, ctx.now, arena_print(ctx.arena, "n%zu", i), category, community, community,
               s->channel, s->status, s->solved, (struct maybe){s->satisfaction}, s->reopened,
               at(s->received), at(s->contact_due), at(s->contacted));
        change(ctx.db,
               "UPDATE requests SET due = {}, answered_at = {}, closed_at = {} WHERE number = {}",
               at(s->due), at(s->answered), at(s->closed), arena_print(ctx.arena, "n%zu", i));
    }
    return db_status(ctx.db) == OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    return store_close(&store, &ctx);
}

/* From which level somebody is satisfied is a setting, which stands beside the figure. */
static void the_threshold_of_satisfaction_is_a_setting(void **state)
{
    (void)state;
    const struct figure *f = figure_find("requests.satisfied_rate");
    assert_non_null(strstr(f->rule(&ctx), "基本满意及以上"));
    setting_put(&ctx, "figures.satisfied_from", "4");
    assert_int_equal(figure_value(&ctx, f, &FIGURE_ALL).numerator, 1);
    assert_non_null(strstr(f->rule(&ctx), "满意及以上"));
    assert_null(strstr(f->rule(&ctx), "基本"));
    setting_put(&ctx, "figures.satisfied_from", NULL);
    assert_int_equal(figure_value(&ctx, f, &FIGURE_ALL).numerator, 2);
}

static int64_t teams_now(void)
{
    return figure_value(&ctx, figure_find("people.teams"), &FIGURE_ALL).numerator;
}

/* From the first day to the last, both included, and everywhere alike. */
static void validity_means_the_same_everywhere(void **state)
{
    (void)state;
    static const struct {
        int from, to; /* days from today; 0: today; 99: open */
        bool holds;
    } terms[] = {{99, 99, true},  {0, 99, true}, {1, 99, false}, {99, 0, true},
                 {99, -1, false}, {99, 9, true}, {-9, 9, true},  {2, 9, false}};
    int64_t today = when_day(ctx.now), had = teams_now(),
            id = query_int(ctx.db, "SELECT min(id) AS id FROM organisations WHERE kind = 'team'"),
            area = query_int(ctx.db, "SELECT min(id) AS id FROM areas WHERE level = 'community'");
    for (size_t i = 0; i < sizeof terms / sizeof *terms; i++) {
        const char *from = terms[i].from == 99 ? NULL : day_iso(ctx.arena, today + terms[i].from),
                   *to = terms[i].to == 99 ? NULL : day_iso(ctx.arena, today + terms[i].to);
        change(ctx.db, "UPDATE organisations SET valid_from = {}, valid_to = {} WHERE id = {}",
               from, to, id);
        change(ctx.db, "UPDATE areas SET valid_from = {}, valid_to = {} WHERE id = {}", from, to,
               area);
        assert_int_equal(teams_now(), had - !terms[i].holds);
        assert_int_equal(valid_today(&ctx, from, to), terms[i].holds);
        struct sql q;
        sql_init(&q, ctx.arena);
        sql_add(&q, "SELECT id FROM organisations WHERE id = {}", id);
        valid_where(&ctx, &q);
        struct rows *r = sql_query(ctx.db, &q);
        assert_int_equal(rows_next(r), terms[i].holds);
        rows_end(r);
        /* what lies in an area that does not hold is not offered either */
        sql_init(&q, ctx.arena);
        sql_add(&q, "SELECT count(*) AS n FROM areas WHERE community = {}", area);
        valid_areas_where(&ctx, &q, "id");
        r = sql_query(ctx.db, &q);
        assert_true(rows_next(r));
        assert_int_equal(row_int(r, "n") > 0, terms[i].holds);
        rows_end(r);
    }
    change(ctx.db, "UPDATE organisations SET valid_from = NULL, valid_to = NULL WHERE id = {}", id);
    change(ctx.db, "UPDATE areas SET valid_from = NULL, valid_to = NULL WHERE id = {}", area);
}

/* Counted by hand from the samples above. */
static void values_are_those_counted_by_hand(void **state)
{
    (void)state;
    static const struct {
        const char *id;
        double value;
        int64_t numerator, denominator;
    } expected[] = {
        {"requests.received", 9, 9, NONE}, /* all but the merged one */
        {"requests.open", 4, 4, NONE},
        {"requests.due_soon", 1, 1, NONE},
        {"requests.overdue", 1, 1, NONE}, /* neither the parked nor the answered one */
        {"requests.to_call", 1, 1, NONE},
        {"requests.closed", 5, 5, NONE},
        {"requests.solved", 2, 2, NONE},
        {"requests.contacted_in_time", 62.5, 5, 8},         /* of 0 1 2 3 6 7 8 9: 0 2 6 8 9 */
        {"requests.on_time", 100.0 * 2 / 7, 2, 7},          /* of 0 1 2 3 6 8 9: 0 2 */
        {"requests.answered_in_time", 100.0 * 4 / 7, 4, 7}, /* 0 1 2 8 */
        {"requests.solved_rate", 100.0 / 3, 1, 3},    /* of 0 1 2: 1 only after a second round */
        {"requests.satisfied_rate", 200.0 / 3, 2, 3}, /* 5 and 3: the first three levels */
        {"requests.reworked_rate", 20, 1, 5},
        {"requests.reply_days_median", 49 / 24.0, NONE,
         6}, /* hours 20 52 77 92 24 49: the third of 20 24 49 52 77 92 */
        {"requests.reply_days_p90", 92 / 24.0, NONE, 6},
    };
    size_t n = 0;
    for (const struct figure *f = request_figures; f->id; f++, n++) {
        struct figure_value v = figure_value(&ctx, f, &FIGURE_ALL);
        assert_string_equal(f->id, expected[n].id);
        if (fabs(v.value - expected[n].value) > 1e-9 || v.numerator != expected[n].numerator ||
            v.denominator != expected[n].denominator)
            fail_msg("%s: %f (%lld of %lld)", f->id, v.value, (long long)v.numerator,
                     (long long)v.denominator);
    }
    assert_int_equal(n, sizeof expected / sizeof *expected);
}

static void one_pass_says_what_single_figures_say(void **state)
{
    (void)state;
    struct figure_span spans[] = {FIGURE_ALL, FIGURE_ALL, FIGURE_ALL};
    spans[1].from = day0 + 2 * WHEN_HOUR;
    spans[1].to = day0 + 80 * WHEN_HOUR;
    spans[2].area = query_int(
        ctx.db, "SELECT id FROM areas WHERE level = 'community' ORDER BY code LIMIT 1");
    int n = 0;
    while (figures_all()[n])
        n++;
    struct figure_value *values = ARENA_ARRAY(ctx.arena, struct figure_value, n);
    for (size_t s = 0; s < 3; s++) {
        figures_values(&ctx, figures_all(), &spans[s], values);
        for (int i = 0; i < n; i++) {
            struct figure_value v = figure_value(&ctx, figures_all()[i], &spans[s]);
            if ((v.value != values[i].value && !(isnan(v.value) && isnan(values[i].value))) ||
                v.numerator != values[i].numerator || v.denominator != values[i].denominator)
                fail_msg("%s in span %zu: %f, in one pass %f", figures_all()[i]->id, s, v.value,
                         values[i].value);
        }
    }
    assert_true(values[0].value < 9); /* the area narrows */
}

static void the_records_are_as_many_as_the_figure_says(void **state)
{
    (void)state;
    for (const struct figure *f = request_figures; f->id; f++) {
        struct figure_value v = figure_value(&ctx, f, &FIGURE_ALL);
        int64_t parts[3];
        for (int part = PART_COUNTED; part <= PART_ALL; part++) {
            struct list l = {.kind = f->kind, .limit = 1};
            sql_init(&l.where, ctx.arena);
            figure_where(&ctx, &l.where, f, &FIGURE_ALL, (enum figure_part)part);
            parts[part] = list_count(&ctx, &l);
            sql_release(&l.where);
        }
        if (f->way == RATE) {
            assert_int_equal(parts[PART_COUNTED], v.numerator);
            assert_int_equal(parts[PART_ALL], v.denominator);
            assert_int_equal(parts[PART_COUNTED] + parts[PART_REST], parts[PART_ALL]);
        } else {
            assert_int_equal(parts[PART_COUNTED],
                             v.denominator == NONE ? v.numerator : v.denominator);
        }
    }
}

static void says_what_it_leaves_out(void **state)
{
    (void)state;
    const struct figure *list[] = {figure_find("requests.solved_rate"),
                                   figure_find("requests-on_time"), NULL};
    struct figure_value v[2];
    ctx.lang = "en";
    figures_values(&ctx, list, &FIGURE_ALL, v);
    assert_string_equal(figure_left_out(&ctx, list[0], &v[0]),
                        "1 imported with no follow-up, 1 where the resident could not be reached");
    assert_string_equal(figure_left_out(&ctx, list[1], &v[1]),
                        "1 merged into another, 1 not yet due, 1 received with no deadline");
    ctx.lang = "zh_CN";
}

static void sums_by_area_add_up_to_the_whole(void **state)
{
    (void)state;
    const struct figure *list[] = {figure_find("requests.received"),
                                   figure_find("requests.on_time"),
                                   figure_find("requests.overdue")};
    struct figure_sums s = figure_sums(&ctx, list, 3, NONE, NONE);
    int64_t total[3 * FIGURE_PARTS] = {0}, late = 0;
    int64_t second = query_int(
        ctx.db, "SELECT id FROM areas WHERE level = 'community' ORDER BY code LIMIT 1 OFFSET 1");
    for (int c = 0; c < s.count; c++) {
        for (int i = 0; i < 3 * FIGURE_PARTS; i++)
            total[i] += s.cells[c].sums[i];
        late += s.cells[c].area == second ? s.cells[c].sums[2 * FIGURE_PARTS] : 0;
    }
    assert_int_equal(total[0], 9);
    assert_int_equal(total[2], 1); /* merged */
    assert_int_equal(total[FIGURE_PARTS], 2);
    assert_int_equal(total[FIGURE_PARTS + 1], 7);
    assert_int_equal(total[FIGURE_PARTS + 4], 1); /* received without a deadline */
    assert_int_equal(total[2 * FIGURE_PARTS], 1);
    assert_int_equal(late, 1);
}

static void a_period_ends_with_its_last_day(void **state)
{
    (void)state;
    struct figure_span span = FIGURE_ALL;
    const char *day = day_iso(ctx.arena, when_day(day0));
    assert_true(figure_period(&ctx, day, false, &span.from) &&
                figure_period(&ctx, day, true, &span.to));
    assert_true(figure_value(&ctx, figure_find("requests.received"), &span).value ==
                7); /* hours 0 to 20, without the merged one */
    assert_false(figure_period(&ctx, "2026-02-30", false, &span.from));
}

static double received(int64_t *as_of)
{
    const struct figure *list[] = {figure_find("requests.received"), NULL};
    struct figure_value v[1];
    *as_of = figures_values(&ctx, list, &FIGURE_ALL, v);
    return v[0].value;
}

/* Sites are told apart by their address: another one is what a server that starts anew has. */
static void what_is_costly_is_shown_with_its_time_and_outlives_the_server(void **state)
{
    (void)state;
    struct site first = {.name = "first"}, second = {.name = "second"};
    int64_t counted = ctx.now, as_of;
    ctx.status = OK; /* the test before typed a day that is none */
    figure_sums_cheap = -1;
    ctx.site = &first;
    double before = received(&as_of);
    assert_int_equal(as_of, counted);
    figure_sums_renew(&ctx);
    change(ctx.db,
           "INSERT INTO requests (created, updated, number, subject, text, channel, status, "
           "received_at) VALUES ({}, {}, 'late', 's', 't', 'web', 'received', {})",
           counted, counted, counted);
    journal_add(&ctx, "requests", db_inserted(ctx.db), "receive", NULL, NULL);
    journal_finish(ctx.db);
    ctx.now += WHEN_HOUR;
    ctx.site = &second;
    assert_true(received(&as_of) == before);
    assert_int_equal(as_of, counted);
    figure_sums_renew(&ctx);
    assert_true(received(&as_of) == before + 1);
    assert_int_equal(as_of, ctx.now);
    ctx.site = NULL;
    ctx.now = counted;
    figure_sums_cheap = 15;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_those_counted_by_hand),
        cmocka_unit_test(the_threshold_of_satisfaction_is_a_setting),
        cmocka_unit_test(validity_means_the_same_everywhere),
        cmocka_unit_test(one_pass_says_what_single_figures_say),
        cmocka_unit_test(the_records_are_as_many_as_the_figure_says),
        cmocka_unit_test(says_what_it_leaves_out),
        cmocka_unit_test(sums_by_area_add_up_to_the_whole),
        cmocka_unit_test(a_period_ends_with_its_last_day),
        cmocka_unit_test(what_is_costly_is_shown_with_its_time_and_outlives_the_server),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
