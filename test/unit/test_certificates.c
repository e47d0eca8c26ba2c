/*
 * Certificates and opinions on a store of its own: counted from hours, drawn,
 * signed, any changed byte found, superseded, revoked; notes at the door.
 */
#include "app/activities.h"
#include "app/certificates.h"
#include "app/figures.h"
#include "app/install.h"
#include "app/opinions.h"
#include "app/people.h"
#include "app/requests.h"
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
    assert_true(certificate_count(&ctx, c));
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
    struct buf pdf, second;
    char signer[64];
    int64_t v = served();
    struct certificate *c = issued(v, &pdf);
    assert_int_equal(c->seconds, 3 * WHEN_HOUR);
    assert_non_null(strstr(c->content, "理发日"));
    assert_memory_equal(pdf.data, "%PDF", 4);
    assert_int_equal(certificate_check(pdf.data, pdf.size, NULL, signer), CERTIFICATE_FITS);
    assert_string_equal(signer, certificate_key(&ctx));
    assert_int_equal(certificate_check(pdf.data, pdf.size, certificate_key(&ctx), NULL), CERTIFICATE_FITS);
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
    /* signed anew by somebody else: fits its own key, not the office's */
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
    /* kept as it was issued */
    struct bytes kept = certificate_bytes(&ctx, c);
    assert_int_equal(kept.size, pdf.size);
    assert_memory_equal(kept.data, pdf.data, pdf.size);
    assert_non_null(record_load(&ctx, &certificates_kind, c->record.id)); /* the office's own */
    /* a second one for the same period takes its place */
    struct certificate *next = issued(v, &second);
    c = certificate_find(&ctx, c->number);
    assert_string_equal(c->status, "superseded");
    assert_int_equal(c->superseded_by, next->record.id);
    assert_int_equal(certificate_revoke(&ctx, next, " "), INVALID);
    forget();
    fine(certificate_revoke(&ctx, next, "时长有误"));
    assert_string_equal(certificate_find(&ctx, next->number)->status, "revoked");
    assert_int_equal(certificate_revoke(&ctx, certificate_find(&ctx, next->number), "再来"), CONFLICT);
    forget();
    assert_null(certificate_find(&ctx, "ZS2026-AAAAAAAAAA"));
    buf_release(&pdf);
    buf_release(&second);
    buf_release(&forged);
}

static void test_nothing_to_certify(void **state)
{
    (void)state;
    struct certificate *c = record_new(&ctx, &certificates_kind);
    c->volunteer = 1;
    c->valid_from = "2020-01-01";
    c->valid_to = "2020-12-31";
    assert_false(certificate_count(&ctx, c));
    assert_non_null(ctx_problem_of(&ctx, "valid_from"));
    forget();
    c->valid_from = "2021-01-01";
    assert_false(certificate_count(&ctx, c));
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
    o->area = query_int(ctx.db, "SELECT id FROM areas WHERE level = 'community' ORDER BY id LIMIT 1");
    return o;
}

static void test_opinions(void **state)
{
    (void)state;
    struct opinion *first = note("n-1", "楼道灯坏了，晚上看不见"), *second = note("n-2", "楼道太黑");
    fine(opinion_file(&ctx, first, NONE, NONE, "李婆婆", "13800000301"));
    fine(opinion_file(&ctx, note("n-1", "楼道灯坏了，晚上看不见"), NONE, NONE, NULL, NULL)); /* sent again */
    fine(opinion_file(&ctx, second, first->request, NONE, NULL, NULL));
    assert_int_equal(query_int(ctx.db, "SELECT count(*) AS n FROM opinions WHERE request = {}", first->request), 2);
    assert_int_equal(solved(), 0);
    change(ctx.db, "UPDATE requests SET status = 'closed', solved = 'yes', closed_at = {} WHERE id = {}", ctx.now, first->request);
    assert_int_equal(solved(), 2);                                                                            /* opinions, not problems */
    assert_int_equal(opinion_file(&ctx, note("n-3", "灯又坏了"), first->request, NONE, NULL, NULL), INVALID); /* closed meanwhile */
    forget();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_certificate), cmocka_unit_test(test_nothing_to_certify),
                                       cmocka_unit_test(test_opinions)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
