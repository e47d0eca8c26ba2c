/*
 * Certificates and resident comments: counted from hours, drawn, signed; any
 * changed byte is found; superseded, revoked; comments noted in person.
 */
#include "app/activities/activities.h"
#include "app/certificates/certificates.h"
#include "core/figures.h"
#include "program/install.h"
#include "app/desk/opinions.h"
#include "app/registers/people.h"
#include "app/requests/requests.h"
#include "base/seal.h"
#include "base/when.h"
#include "installed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The fonts' own caches stay until the program ends. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libfontconfig\nleak:libpango\nleak:libcairo\nleak:libglib\n";
}

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

static void fine(enum status s)
{
    if (s != OK)
        fprintf(stderr, "%s\n", ctx.problems ? ctx.problems->text : db_failure(ctx.db));
    assert_int_equal(s, OK);
}

static void forget(void)
{
    ctx.status = OK;
    ctx.problems = NULL;
    ctx.problems_end = &ctx.problems;
    ctx.problem_count = 0;
}

/* A volunteer who was three hours at a haircut day yesterday. */
static int64_t served(void)
{
    enum mark_result result;
    struct person *p = record_new(&ctx, &people_kind);
    p->name = "庚志愿";
    p->id_number = "11010519491231002X";
    p->area = query_int(ctx.db, "SELECT id FROM areas WHERE level = 'estate' ORDER BY id LIMIT 1");
    assert_true(record_check(&ctx, &people_kind, NULL, p));
    fine(record_insert(&ctx, &people_kind, p, "test"));
    struct volunteer *v = record_new(&ctx, &volunteers_kind);
    v->person = p->record.id;
    fine(volunteer_file(&ctx, v, NULL));
    struct activity *a = record_new(&ctx, &activities_kind);
    a->title = "便民理发日";
    a->kind = "haircut";
    a->starts = when_day_start(when_day(ctx.now) - 1) + 9 * WHEN_HOUR;
    a->ends = a->starts + 3 * WHEN_HOUR;
    a->area = p->area;
    assert_true(record_check(&ctx, &activities_kind, NULL, a));
    fine(activity_file(&ctx, a));
    for (int out = 0; out < 2; out++) {
        struct mark m = {.code = out ? "c-out" : "c-in",
                         .activity = a->record.id,
                         .shift = NONE,
                         .offer = NONE,
                         .volunteer = v->record.id,
                         .out = out,
                         .at = out ? a->ends : a->starts,
                         .ahead = 0,
                         .how = "leader"};
        fine(attendance_mark(&ctx, &m, &result));
    }
    return v->record.id;
}

static struct certificate *issued(int64_t volunteer, struct buf *pdf)
{
    struct certificate *c = record_new(&ctx, &certificates_kind);
    c->volunteer = volunteer;
    c->valid_from = day_iso(ctx.arena, when_day(ctx.now) - 30);
    c->valid_to = day_iso(ctx.arena, when_day(ctx.now));
    c->issuer = "城东街道办事处";
    c->responsible = "陈主任";
    c->contact = "0758-2222222";
    assert_true(certificate_count(&ctx, c, false));
    c->number = certificate_number(&ctx);
    struct certificate_print p = {.name = "庚志愿",
                                  .document = "居民身份证 110***********2X",
                                  .volunteer_number = "V0000001",
                                  .address = "http://127.0.0.1/certificate/x"};
    buf_init(pdf, 0);
    assert_true(certificate_draw(&ctx, c, &p, pdf));
    fine(certificate_file(&ctx, c, pdf));
    return c;
}

static void test_certificate(void **state)
{
    (void)state;
    struct buf pdf;
    char signer[64];
    int64_t v = served();
    struct certificate *c = issued(v, &pdf);
    assert_int_equal(c->seconds, 3 * WHEN_HOUR);
    assert_non_null(strstr(c->content, "理发日"));
    assert_memory_equal(pdf.data, "%PDF", 4);
    assert_int_equal(certificate_check(pdf.data, pdf.size, NULL, signer), CERTIFICATE_FITS);
    assert_string_equal(signer, certificate_key(&ctx));
    assert_int_equal(certificate_check(pdf.data, pdf.size, certificate_key(&ctx), NULL),
                     CERTIFICATE_FITS);
    /* one changed character, anywhere, is found; so is a missing or an added end */
    for (size_t at = 0; at < pdf.size; at = at + 97 < pdf.size - 160 ? at + 97 : at + 1) {
        char was = pdf.data[at];
        pdf.data[at] = (char)(was ^ 1);
        assert_int_not_equal(certificate_check(pdf.data, pdf.size, NULL, NULL), CERTIFICATE_FITS);
        pdf.data[at] = was;
    }
    assert_int_not_equal(certificate_check(pdf.data, pdf.size - 1, NULL, NULL), CERTIFICATE_FITS);
    assert_int_equal(certificate_check(pdf.data, 1000, NULL, NULL), CERTIFICATE_UNSIGNED);
    assert_int_equal(certificate_check("x", 1, NULL, NULL), CERTIFICATE_UNSIGNED);
    buf_puts(&pdf, "x");
    assert_int_equal(certificate_check(pdf.data, pdf.size, NULL, NULL), CERTIFICATE_CHANGED);
    pdf.size--;
    struct bytes kept = certificate_bytes(&ctx, c);
    assert_int_equal(kept.size, pdf.size);
    assert_memory_equal(kept.data, pdf.data, pdf.size);
    assert_non_null(record_load(&ctx, &certificates_kind, c->record.id)); /* the office's own */
    buf_release(&pdf);
}

/* Signed by somebody else, it fits that key and not the office's. */
static void test_forged_certificate(void **state)
{
    (void)state;
    struct seal_key other;
    const struct seal_key *own = ctx.keys;
    const char *key = certificate_key(&ctx);
    struct buf forged;
    buf_init(&forged, 0);
    seal_key_init(&other, (const unsigned char *)"0123456789abcdef0123456789abcdef");
    buf_puts(&forged, "%PDF-1.7\n%%EOF\n");
    ctx.keys = &other;
    certificate_sign(&ctx, record_new(&ctx, &certificates_kind), &forged);
    ctx.keys = own;
    assert_int_equal(certificate_check(forged.data, forged.size, NULL, NULL), CERTIFICATE_FITS);
    assert_int_equal(certificate_check(forged.data, forged.size, key, NULL), CERTIFICATE_OTHER_KEY);
    buf_release(&forged);
}

/* A second certificate for the same period replaces the first. */
static void test_certificate_replaced_and_revoked(void **state)
{
    (void)state;
    struct buf first, second;
    int64_t v = served();
    struct certificate *c = issued(v, &first), *next = issued(v, &second);
    c = certificate_find(&ctx, c->number);
    assert_string_equal(c->status, "superseded");
    assert_int_equal(c->superseded_by, next->record.id);
    assert_int_equal(certificate_revoke(&ctx, next, " "), INVALID);
    forget();
    fine(certificate_revoke(&ctx, next, "时长有误"));
    assert_string_equal(certificate_find(&ctx, next->number)->status, "revoked");
    assert_int_equal(certificate_revoke(&ctx, certificate_find(&ctx, next->number), "再来"),
                     CONFLICT);
    forget();
    assert_null(certificate_find(&ctx, "ZS2026-AAAAAAAAAA"));
    buf_release(&first);
    buf_release(&second);
}

/* An attendance of the volunteer at a new activity of this kind, days ago. */
static void attended(int64_t volunteer, const char *kind, int days, double from, double hours)
{
    struct activity *a = record_new(&ctx, &activities_kind);
    struct attendance *t = record_new(&ctx, &attendances_kind);
    a->title = "志愿服务";
    a->kind = kind;
    a->starts = when_day_start(when_day(ctx.now) - days) + (int64_t)(from * WHEN_HOUR);
    a->ends = a->starts + (int64_t)(hours * WHEN_HOUR);
    assert_true(record_check(&ctx, &activities_kind, NULL, a));
    fine(activity_file(&ctx, a));
    t->activity = a->record.id;
    t->volunteer = volunteer;
    fine(attendance_add(&ctx, t, a->starts, a->ends, "补记"));
}

static const struct hours *hours_on(int64_t volunteer, int days)
{
    return record_must(&ctx, &hours_kind,
                       query_int(ctx.db, "SELECT id FROM hours WHERE volunteer = {} AND day = {}",
                                 volunteer, day_iso(ctx.arena, when_day(ctx.now) - days)));
}

static struct certificate *counted(int64_t volunteer, int from, int to)
{
    struct certificate *c = record_new(&ctx, &certificates_kind);
    c->volunteer = volunteer;
    c->valid_from = day_iso(ctx.arena, when_day(ctx.now) - from);
    c->valid_to = day_iso(ctx.arena, when_day(ctx.now) - to);
    return c;
}

static int64_t minutes_of(const char *content)
{
    int64_t sum = 0;
    for (const char *line = content; line && *line;
         line = strchr(line, '\n'), line += line != NULL) {
        const char *at = strstr(line, "次，");
        assert_non_null(at);
        char *end;
        int64_t n = strtol(at + strlen("次，"), &end, 10);
        bool hours = !strncmp(end, " 小时", strlen(" 小时"));
        sum += hours ? n * 60 : n;
        end += hours ? strlen(" 小时") : 0;
        if (hours && *end == ' ')
            sum += strtol(end, NULL, 10);
    }
    return sum;
}

/* Refused, on hold, twice at once, a night over the period's edge: the lines say what the total
 * says. */
static void test_lines_add_up(void **state)
{
    (void)state;
    int64_t v = served();
    struct certificate *c;
    fine(hours_decide(&ctx, hours_on(v, 1), 0, "没有到场"));
    c = counted(v, 30, 0);
    assert_false(certificate_count(&ctx, c, false));
    forget();
    attended(v, "clinic", 3, 9, 4);    /* four hours, */
    attended(v, "clean_up", 3, 11, 4); /* the two that overlap count once */
    attended(v, "festival", 5, 6, 11); /* 8 count, 3 are on hold */
    attended(v, "training", 8, 22, 4); /* two before midnight and two after */
    c = counted(v, 7, 0);
    assert_true(certificate_count(&ctx, c, false));
    assert_int_equal(c->seconds, (6 + 8 + 2) * WHEN_HOUR);
    assert_int_equal(minutes_of(c->content), c->seconds / 60);
    assert_null(strstr(c->content, "理发"));
    assert_non_null(strstr(c->content, "义诊：1 次，4 小时"));
    assert_non_null(strstr(c->content, "8 小时"));
    assert_null(strstr(c->content, "11 小时"));
    /* more than was attended, decided by somebody, has a line of its own */
    fine(hours_decide(&ctx, hours_on(v, 3), 7 * WHEN_HOUR, "会后整理"));
    c = counted(v, 3, 3);
    assert_true(certificate_count(&ctx, c, false));
    assert_int_equal(minutes_of(c->content), 7 * 60);
    assert_non_null(strstr(c->content, "按人工记录：1 次，1 小时"));
    /* seconds that are no whole minutes add up as well */
    attended(v, "sports", 12, 9, 1.0 + 50.0 / 3600);
    attended(v, "health", 12, 13, 1.0 + 50.0 / 3600);
    c = counted(v, 12, 12);
    assert_true(certificate_count(&ctx, c, false));
    assert_int_equal(minutes_of(c->content), c->seconds / 60);
}

static void test_many_kinds(void **state)
{
    (void)state;
    int64_t v = served();
    int n = 0;
    for (const struct choice *k = activity_kinds; k->code; k++, n++)
        if (strcmp(k->code, "haircut") != 0)
            attended(v, k->code, 2 + n, 9, 1 + n * 0.25);
    struct certificate *c = counted(v, 60, 0);
    assert_true(certificate_count(&ctx, c, false));
    assert_int_equal(minutes_of(c->content), c->seconds / 60);
    const char *others = strstr(c->content, "其他各类：7 次");
    assert_non_null(others);
    assert_null(strchr(others, '\n'));
}

static void test_disputed_day(void **state)
{
    (void)state;
    int64_t v = served();
    fine(hours_dispute(&ctx, hours_on(v, 1), "少记了一小时"));
    struct certificate *c = counted(v, 30, 0);
    assert_false(certificate_count(&ctx, c, false));
    assert_non_null(ctx_problem_of(&ctx, "over_disputes"));
    forget();
    assert_true(certificate_count(&ctx, c, true));
    assert_non_null(strstr(c->content, "有异议"));
    fine(hours_decide(&ctx, hours_on(v, 1), 4 * WHEN_HOUR, "查明"));
    assert_true(certificate_count(&ctx, c, false));
    assert_null(strstr(c->content, "有异议"));
}

static void test_nothing_to_certify(void **state)
{
    (void)state;
    struct certificate *c = record_new(&ctx, &certificates_kind);
    c->volunteer = 1;
    c->valid_from = "2020-01-01";
    c->valid_to = "2020-12-31";
    assert_false(certificate_count(&ctx, c, false));
    assert_non_null(ctx_problem_of(&ctx, "valid_from"));
    forget();
    c->valid_from = "2021-01-01";
    assert_false(certificate_count(&ctx, c, false));
    assert_non_null(ctx_problem_of(&ctx, "valid_to"));
    forget();
}

static int64_t solved(void)
{
    return (int64_t)figure_value(&ctx, figure_find("opinions.solved"), &FIGURE_ALL).value;
}

static struct opinion *note(const char *code, const char *text)
{
    struct opinion *o = record_new(&ctx, &opinions_kind);
    o->code = code;
    o->text = text;
    o->area = query_int(ctx.db,
                        "SELECT id FROM areas WHERE level = 'community' ORDER BY id LIMIT 1");
    return o;
}

static void test_opinions(void **state)
{
    (void)state;
    struct opinion *first = note("n-1", "楼道灯坏了，晚上看不见"),
                   *second = note("n-2", "楼道太黑");
    fine(opinion_file(&ctx, first, NONE, NONE, "李婆婆", "13800000301"));
    fine(opinion_file(&ctx, note("n-1", "楼道灯坏了，晚上看不见"), NONE, NONE, NULL,
                      NULL)); /* sent again */
    fine(opinion_file(&ctx, second, first->request, NONE, NULL, NULL));
    assert_int_equal(
        query_int(ctx.db, "SELECT count(*) AS n FROM opinions WHERE request = {}", first->request),
        2);
    assert_int_equal(solved(), 0);
    change(ctx.db,
           "UPDATE requests SET status = 'closed', solved = 'yes', closed_at = {} WHERE id = {}",
           ctx.now, first->request);
    assert_int_equal(solved(), 2); /* opinions, not problems */
    assert_int_equal(opinion_file(&ctx, note("n-3", "灯又坏了"), first->request, NONE, NULL, NULL),
                     INVALID); /* closed meanwhile */
    forget();
}

int main(void)
{
#define OWN(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {OWN(test_certificate),
                                       OWN(test_forged_certificate),
                                       OWN(test_certificate_replaced_and_revoked),
                                       OWN(test_lines_add_up),
                                       OWN(test_many_kinds),
                                       OWN(test_disputed_day),
                                       OWN(test_nothing_to_certify),
                                       OWN(test_opinions)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
