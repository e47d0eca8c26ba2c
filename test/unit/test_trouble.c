/*
 * A store in trouble: every read of the jobs and of a visit's changes fails once, as if the
 * connection were lost just then. Nothing may crash, nothing half done may stay, and whoever runs
 * them must see that it failed.
 */
#ifdef NDEBUG /* faults are planted in builds for testing only */
int main(void)
{
    return 77;
}
#else
#include "app/requests/requests.h"
#include "app/visits/offers.h"
#include "base/when.h"
#include "db/trial.h"
#include "installed.h"
#include "volunteer.h"
#include "jobs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define READS_MOST 3000 /* a job that reads more than this never ends */

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
    int64_t id = volunteer_new(&ctx, name, phone, NULL)->record.id;
    change(ctx.db, "UPDATE volunteers SET skills = '|haircut|' WHERE id = {}", id);
    return id;
}

/* A visit for which the first of four volunteers is asked. */
static int64_t offer(int64_t starts)
{
    struct request *r = record_new(&ctx, &requests_kind);
    r->subject = "请人上门理发";
    r->text = "卧床。";
    r->category = query_int(ctx.db, "SELECT id FROM categories WHERE code = 'help-haircut'");
    r->area = query_int(ctx.db, "SELECT id FROM areas WHERE level = 'estate' ORDER BY id LIMIT 1");
    if (request_file(&ctx, r, NULL) != OK)
        fail_msg("%s", ctx.problems ? ctx.problems->text : db_failure(ctx.db));
    struct offer *o = record_new(&ctx, &offers_kind);
    o->request = r->record.id;
    o->skill = "haircut";
    o->people = 1;
    o->starts = starts;
    assert_int_equal(offer_file(&ctx, o), OK);
    return o->record.id;
}

/* ---- what runs while reads fail ---- */

static int64_t asked; /* the offer_asks.id of which an action below is one */

static struct offer_ask *ask_of(struct ctx *c)
{
    struct offer_ask *a = record_get(c, &offer_asks_kind, asked);
    if (!a)
        record_gone(c);
    return a;
}

static struct offer *offer_of(struct ctx *c, const struct offer_ask *a)
{
    struct offer *o = a ? record_get(c, &offers_kind, a->offer) : NULL;
    if (!o)
        record_gone(c);
    return o;
}

static void accept_ask(struct ctx *c)
{
    const struct offer_ask *a = ask_of(c);
    if (a)
        offer_answer(c, a, true, NONE);
}

static void decline_ask(struct ctx *c)
{
    const struct offer_ask *a = ask_of(c);
    if (a)
        offer_answer(c, a, false, NONE);
}

static void withdraw_ask(struct ctx *c)
{
    const struct offer_ask *a = ask_of(c);
    if (a)
        offer_withdraw(c, a, "感冒了");
}

static void end_visit(struct ctx *c)
{
    const struct offer *o = offer_of(c, ask_of(c));
    if (o)
        offer_done(c, o, o->starts, o->ends, NULL);
}

static void cancel_visit(struct ctx *c)
{
    const struct offer *o = offer_of(c, ask_of(c));
    if (o)
        offer_cancel(c, o, "已经好了");
}

static void missing_hours(struct ctx *c)
{
    const struct offer_ask *a = ask_of(c);
    if (a)
        hours_missing(c, a->volunteer, when_day(c->now), "我也来了");
}

static void change_offer(struct ctx *c, void (*make)(struct ctx *c))
{
    writer_call(c, make);
}

/* Lets one read after the other fail until the whole runs without meeting the failure; answers how
 * many times it failed. */
static int walk(void (*run)(struct ctx *c), void (*make)(struct ctx *c), bool all)
{
    for (int before = 0; before < READS_MOST; before++) {
        struct ctx c = ctx;
        c.arena = arena_new();
        store_forget(&c);
        db_clear(c.db);
        db_trial_reads(c.db, before, all);
        if (run)
            run(&c);
        else
            change_offer(&c, make);
        bool met = db_trial_met(c.db), reported = c.status != OK || db_status(c.db) != OK;
        db_trial_reads(c.db, -1, false);
        db_clear(c.db);
        arena_free(c.arena);
        if (met && !reported)
            fail_msg("read %d failed and nobody says so", before);
        if (!met)
            return before;
    }
    fail_msg("it reads without an end");
    return 0;
}

static void late_offers(void)
{
    change(ctx.db, "UPDATE offers SET wave_at = 0 WHERE status = 'open'");
    change(ctx.db, "UPDATE requests SET due = {} WHERE status = 'received'", ctx.now - 3600);
}

static void jobs_say_that_reads_failed(void **state)
{
    (void)state;
    int offers_failed = 0;
    for (int i = 0; i < 4; i++)
        somebody("甲志愿", arena_print(ctx.arena, "1380000030%d", i));
    for (int m = 0; modules[m]; m++)
        for (const struct job *j = modules[m]->jobs; j && j->name; j++) {
            bool served = j->here || j->lane != LANE_QUICK || !strcmp(j->name, "settings");
            if (served) /* it needs a site */
                continue;
            for (int all = 0; all < 2; all++) {
                offer(ctx.now + WHEN_HOUR / 2);
                late_offers();
                int failed = walk(j->run, NULL, all);
                if (!strcmp(j->name, "offers_widen"))
                    offers_failed += failed;
            }
        }
    assert_true(offers_failed > 20);
}

static void changes_of_a_visit_fail_whole(void **state)
{
    (void)state;
    static void (*const changes[])(struct ctx * c) = {
        decline_ask, accept_ask, withdraw_ask, accept_ask, end_visit, missing_hours, cancel_visit};
    for (int all = 0; all < 2; all++) {
        int64_t starts = ctx.now + WHEN_HOUR, o = offer(starts);
        for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
            if (changes[i] == accept_ask || changes[i] == decline_ask)
                asked = query_int(ctx.db,
                                  "SELECT min(id) AS id FROM offer_asks WHERE offer = {} AND "
                                  "answer = 'asked'",
                                  o);
            if (changes[i] == end_visit)
                ctx.now = starts + 2 * WHEN_HOUR;
            int64_t before = query_int(ctx.db, "SELECT count(*) AS n FROM journal");
            assert_true(walk(NULL, changes[i], all) > 1);
            int64_t after = query_int(ctx.db, "SELECT count(*) AS n FROM journal");
            if (changes[i] != cancel_visit) /* the visit is over by then */
                assert_true(after > before);
        }
        assert_string_equal(((struct offer *)record_must(&ctx, &offers_kind, o))->status, "done");
    }
}

/* A record that has to be there and can't be read: blank, and the context has failed. */
static void a_record_that_must_be_there(void **state)
{
    (void)state;
    int64_t id = query_int(ctx.db, "SELECT max(id) AS id FROM requests");
    const struct request *r = record_must(&ctx, &requests_kind, id);
    assert_int_equal(r->record.id, id);
    assert_true(ctx_ok(&ctx));
    db_trial_reads(ctx.db, 0, false);
    r = record_must(&ctx, &requests_kind, id);
    assert_int_equal(ctx.status, UNAVAILABLE);
    assert_int_equal(r->record.id, NONE);
    assert_string_equal(r->subject, "");
    struct request *after = record_copy(&ctx, &requests_kind, r);
    after->subject = "别的";
    assert_int_equal(record_update(&ctx, &requests_kind, r, after, "test"), UNAVAILABLE);
    db_clear(ctx.db);
    store_forget(&ctx);
    record_must(&ctx, &requests_kind, id + 1);
    assert_int_equal(ctx.status, NOT_FOUND);
    store_forget(&ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_say_that_reads_failed),
        cmocka_unit_test(changes_of_a_visit_fail_whole),
        cmocka_unit_test(a_record_that_must_be_there),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
#endif
