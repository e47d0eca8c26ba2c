/*
 * Requests from end to end on a store of its own: a pack is loaded, sheets are
 * imported, a request walks through its life, and the figures follow.
 */
#include "core/figures.h"
#include "program/install.h"
#include "app/registers/registers.h"
#include "app/requests/requests.h"
#include "base/when.h"
#include "db/journal.h"
#include "installed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct ctx ctx;
static struct store store;

static const char *root(const char *file)
{
    return arena_print(ctx.arena, "%s/%s", getenv("LINLI_ROOT"), file);
}

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

static struct request *filed(void)
{
    struct request *r = record_new(&ctx, &requests_kind);
    r->subject = "楼道灯不亮";
    r->text = "三栋二单元的灯坏了一个星期。";
    r->requester_phone = "13800000001";
    r->category = query_int(ctx.db, "SELECT id FROM categories WHERE code = 'env-rubbish'");
    r->area = query_int(ctx.db, "SELECT id FROM areas WHERE level = 'estate' ORDER BY id LIMIT 1");
    const char *code = NULL;
    assert_int_equal(request_file(&ctx, r, &code), OK);
    assert_int_equal(strlen(code), 10);
    return r;
}

static enum status take(int64_t id, const char *action, struct step_input in)
{
    store_forget(&ctx);
    if (!in.until)
        in.until = NONE;
    if (!in.unit)
        in.unit = NONE;
    if (!in.into)
        in.into = NONE;
    if (!in.satisfaction)
        in.satisfaction = NONE;
    return request_take(&ctx, request_step(action), record_get(&ctx, &requests_kind, id), &in);
}

static void walks_through_its_life(void **state)
{
    (void)state;
    struct request *r = filed();
    int64_t id = r->record.id, unit = query_int(ctx.db, "SELECT min(id) AS id FROM units");
    assert_true(r->community != NONE);
    assert_true(r->due > r->received_at);
    assert_string_equal(r->status, "received");

    assert_int_equal(take(id, "answer", (struct step_input){.text = "x"}), CONFLICT);
    assert_int_equal(take(id, "dispatch", (struct step_input){.unit = 999999}), INVALID);
    assert_int_equal(take(id, "dispatch", (struct step_input){.unit = unit}), OK);
    assert_int_equal(take(id, "return", (struct step_input){.text = NULL}), INVALID);
    assert_int_equal(take(id, "return", (struct step_input){.text = "不归我们管"}), OK);
    assert_int_equal(take(id, "dispatch", (struct step_input){.unit = unit}), OK);
    assert_int_equal(take(id, "accept", (struct step_input){0}), OK);
    assert_int_equal(
        take(id, "extend", (struct step_input){.until = r->due - 1, .text = "要等配件"}), INVALID);
    assert_int_equal(
        take(id, "extend", (struct step_input){.until = r->due + 86400, .text = "要等配件"}), OK);
    assert_int_equal(take(id, "answer", (struct step_input){.text = "灯已换好。"}), OK);
    assert_int_equal(take(id, "close", (struct step_input){.solved = "perhaps"}), INVALID);
    assert_int_equal(take(id, "close", (struct step_input){.solved = "yes", .satisfaction = 9}),
                     INVALID);
    assert_int_equal(take(id, "close", (struct step_input){.solved = "yes", .satisfaction = 5}),
                     OK);

    const struct request *end = record_get(&ctx, &requests_kind, id);
    assert_string_equal(end->status, "closed");
    assert_string_equal(end->reply, "灯已换好。");
    assert_int_equal(end->returns, 1);
    assert_int_equal(end->extensions, 1);
    assert_int_equal(take(id, "reopen", (struct step_input){.text = "又不亮了"}), OK);
    end = record_get(&ctx, &requests_kind, id);
    assert_string_equal(end->status, "handling");
    assert_int_equal(end->reopened, 1);
    store_forget(&ctx);
}

static void the_resident_has_the_last_word(void **state)
{
    (void)state;
    int64_t id = filed()->record.id, unit = query_int(ctx.db, "SELECT min(id) AS id FROM units");
    assert_int_equal(take(id, "confirm", (struct step_input){.solved = "yes"}), CONFLICT);
    assert_int_equal(take(id, "dispatch", (struct step_input){.unit = unit}), OK);
    assert_int_equal(take(id, "answer", (struct step_input){.text = "已办。"}), OK);
    ctx.actor.roles = ROLE_PUBLIC;
    assert_int_equal(take(id, "dispute", (struct step_input){.text = "还是不亮"}), OK);
    assert_string_equal(((struct request *)record_get(&ctx, &requests_kind, id))->status,
                        "handling");
    ctx.actor.roles = ROLE_PUBLIC | ROLE_OFFICE;
    assert_int_equal(take(id, "answer", (struct step_input){.text = "换了灯。"}), OK);
    ctx.actor.roles = ROLE_PUBLIC;
    assert_int_equal(take(id, "confirm", (struct step_input){.solved = "yes", .satisfaction = 4}),
                     OK);
    assert_int_equal(((struct request *)record_get(&ctx, &requests_kind, id))->satisfaction, 4);
    ctx.now += (REOPEN_DAYS + 1) * 86400;
    assert_int_equal(take(id, "dispute", (struct step_input){.text = "又坏了"}), INVALID);
    ctx.now -= (REOPEN_DAYS + 1) * 86400;
    ctx.actor.roles = ROLE_PUBLIC | ROLE_OFFICE;
    store_forget(&ctx);
}

static void refuses_what_the_role_may_not(void **state)
{
    (void)state;
    int64_t id = filed()->record.id;
    ctx.actor.roles = ROLE_PUBLIC | ROLE_LEADER;
    assert_int_equal(take(id, "dispatch", (struct step_input){.unit = 1}), FORBIDDEN);
    ctx.actor.roles = ROLE_PUBLIC | ROLE_OFFICE;
    store_forget(&ctx);
}

static void keeps_the_telephone_sealed(void **state)
{
    (void)state;
    int64_t id = filed()->record.id;
    struct rows *rows = query(ctx.db, "SELECT requester_phone FROM requests WHERE id = {}", id);
    assert_true(rows_next(rows));
    assert_null(strstr(row_text(rows, "requester_phone"), "13800000001"));
    rows_end(rows);
    assert_int_equal(
        query_int(ctx.db, "SELECT count(*) AS n FROM journal WHERE after LIKE '%13800000001%'"), 0);
    const struct request *r = record_get(&ctx, &requests_kind, id);
    assert_string_equal(r->requester_phone, "13800000001");
}

static void does_not_overwrite_a_newer_version(void **state)
{
    (void)state;
    int64_t id = filed()->record.id;
    struct request *mine = record_get(&ctx, &requests_kind, id),
                   *theirs = record_copy(&ctx, &requests_kind, mine);
    struct request *old = record_copy(&ctx, &requests_kind, mine);
    theirs->place = "五栋";
    assert_int_equal(record_update(&ctx, &requests_kind, old, theirs, "edit"), OK);
    mine->place = "六栋";
    assert_int_equal(record_update(&ctx, &requests_kind, old, mine, "edit"), CONFLICT);
    assert_string_equal(((struct request *)record_get(&ctx, &requests_kind, id))->place, "五栋");
    store_forget(&ctx);
}

static double figure_of(const char *id)
{
    assert_non_null(figure_find(id));
    return figure_value(&ctx, figure_find(id), &FIGURE_ALL).value;
}

static void figures_move_with_the_records(void **state)
{
    (void)state;
    int64_t unit = query_int(ctx.db, "SELECT min(id) AS id FROM units");
    double before = figure_of("requests.solved");
    int64_t id = filed()->record.id;
    assert_int_equal(take(id, "dispatch", (struct step_input){.unit = unit}), OK);
    assert_int_equal(take(id, "answer", (struct step_input){.text = "已办。"}), OK);
    assert_true(figure_of("requests.solved") == before);
    assert_int_equal(take(id, "close", (struct step_input){.solved = "yes"}), OK);
    assert_true(figure_of("requests.solved") == before + 1);
}

static void imports_a_small_sheet_once(void **state)
{
    (void)state;
    const char *path = arena_print(ctx.arena, "%s/sheet.csv", store.folder);
    FILE *f = fopen(path, "w");
    fputs("留言编号,留言主题,留言时间,留言详情,答复意见,答复时间\n"
          "1,路灯,2020/1/1 8:00:00,路灯不亮,已修,2020/1/3 8:00:00\n"
          "2,井盖,43563.5,井盖松动,,\n"
          "3,坏行,2020/2/30,没有这一天,,\n",
          f);
    fclose(f);
    struct import im;
    assert_int_equal(install_import(&ctx, "requests", path, NULL, 0, true, &im), OK);
    assert_int_equal(
        query_int(ctx.db, "SELECT count(*) AS n FROM requests WHERE source = 'import'"), 0);
    assert_int_equal(install_import(&ctx, "requests", path, NULL, 0, false, &im), OK);
    assert_int_equal(im.added, 2);
    assert_int_equal(im.failed, 1);
    assert_int_equal(im.errors->row, 4);
    assert_int_equal(install_import(&ctx, "requests", path, NULL, 0, false, &im), OK);
    assert_int_equal(im.added, 0);
    assert_int_equal(im.same, 2);
    const struct request *r = record_find(&ctx, &requests_kind, "source_number", "2");
    assert_string_equal(when_iso(ctx.arena, r->received_at), "2019-04-08T12:00:00+08:00");
    unlink(path);
}

static void imports_the_archive(void **state)
{
    (void)state;
    const char *path = root("../shared/data/messages-with-replies.xlsx");
    if (access(path, R_OK) != 0)
        skip();
    struct import im;
    assert_int_equal(install_import(&ctx, "requests", path, NULL, 0, false, &im), OK);
    assert_int_equal(im.added, 2816);
    assert_int_equal(im.failed, 0);
    assert_true(figure_of("requests.closed") == 2816);
    assert_string_equal(arena_print(ctx.arena, "%.2f", figure_of("requests.reply_days_median")),
                        "11.21");
    assert_string_equal(arena_print(ctx.arena, "%.2f", figure_of("requests.reply_days_p90")),
                        "40.98");
    assert_int_equal(install_import(&ctx, "requests", path, NULL, 0, false, &im), OK);
    assert_int_equal(im.same, 2816);
    struct journal_report report;
    assert_int_equal(journal_verify(ctx.db, ctx.arena, &report), OK);
    assert_int_equal(report.first_bad, NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(walks_through_its_life),
        cmocka_unit_test(the_resident_has_the_last_word),
        cmocka_unit_test(refuses_what_the_role_may_not),
        cmocka_unit_test(keeps_the_telephone_sealed),
        cmocka_unit_test(does_not_overwrite_a_newer_version),
        cmocka_unit_test(figures_move_with_the_records),
        cmocka_unit_test(imports_a_small_sheet_once),
    };
    const struct CMUnitTest archive[] = {
        cmocka_unit_test(imports_the_archive)}; /* counted in a store with nothing else */
    return cmocka_run_group_tests(tests, set_up, tear_down) +
           cmocka_run_group_tests(archive, set_up, tear_down);
}
