/*
 * The life of a request by every rule of its table: who may, from where, what
 * is refused and why; deadlines by level and their counting anew; who sees
 * which request; and that docs/request-life.md is what the program prints.
 */
#include "app/deadlines.h"
#include "app/desk.h"
#include "app/install.h"
#include "app/module.h"
#include "app/registers.h"
#include "base/when.h"
#include "installed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct ctx ctx;
static struct store store;
static struct grant grant;
static int64_t city, sanitation, xinghu, dongmen;

static void act(unsigned role, int64_t user, int64_t area, int64_t unit)
{
    grant = (struct grant){.role = role, .area = area, .unit = unit};
    ctx.actor = (struct actor){
        .user = user, .name = "somebody", .roles = ROLE_PUBLIC | role, .grants = &grant, .grant_count = role ? 1 : 0, .via = "command"};
}

static void office(void)
{
    act(ROLE_OFFICE, NONE, NONE, NONE);
}

static int64_t id_of(const char *table, const char *code)
{
    return !strcmp(table, "units") ? query_int(ctx.db, "SELECT id FROM units WHERE code = {}", code)
                                   : query_int(ctx.db, "SELECT id FROM areas WHERE code = {}", code);
}

static int64_t user(const char *login)
{
    return query_int(ctx.db, "SELECT id FROM users WHERE login = {}", login);
}

static int set_up(void **state)
{
    (void)state;
    if (store_install(&store, &ctx) != 0)
        return -1;
    office();
    ctx.lang = "en";
    city = id_of("units", "city");
    sanitation = id_of("units", "sanitation");
    xinghu = id_of("areas", "441202001001");
    dongmen = id_of("areas", "441202001002");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return store_close(&store, &ctx);
}

static int64_t filed(const char *category, int64_t area)
{
    store_forget(&ctx);
    struct request *r = record_new(&ctx, &requests_kind);
    r->subject = "楼下垃圾没人清";
    r->text = "三天了。";
    r->requester_name = "陈阿姨";
    r->requester_phone = "13800000001";
    r->category = category ? query_int(ctx.db, "SELECT id FROM categories WHERE code = {}", category) : NONE;
    r->area = area;
    r->channel = "phone";
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

static int events(int64_t id, const char *action, int visible)
{
    return (int)query_int(ctx.db, "SELECT count(*) AS n FROM request_events WHERE request = {} AND action = {} AND visible = {}", id,
                          action, visible);
}

/* Each row of the table, from each state: refused where it does not lead, whoever asks with the wrong role is refused. */
static void every_step_keeps_to_its_row(void **state)
{
    (void)state;
    int64_t id = filed("env-rubbish", xinghu);
    struct request *r = now(id);
    for (const struct step *s = request_steps; s->action; s++) {
        assert_true(s->roles != 0 && s->rule_text && *s->rule_text);
        assert_int_equal(s->roles & (ROLE_LEADER | ROLE_AUDITOR | ROLE_ADMIN), 0);
        for (int i = 0; i < REQUEST_STATUS_COUNT; i++) {
            struct step_input in = {.unit = NONE, .until = NONE, .into = NONE, .satisfaction = NONE, .text = "x"};
            r->status = request_statuses[i].code;
            store_forget(&ctx);
            act(s->roles == ROLE_PUBLIC ? 0 : ROLE_OFFICE, NONE, NONE, NONE);
            if (!(s->from & (1U << i))) {
                assert_false(request_may(&ctx, s, r));
                if (ctx.actor.roles & s->roles)
                    assert_int_equal(request_take(&ctx, s, r, &in), CONFLICT);
            }
            store_forget(&ctx);
            act(ROLE_LEADER, NONE, NONE, NONE);
            if (s->roles != ROLE_PUBLIC)
                assert_int_equal(request_take(&ctx, s, r, &in), FORBIDDEN);
        }
    }
    office();
    store_forget(&ctx);
}

static void the_third_return_goes_to_the_office(void **state)
{
    (void)state;
    int64_t id = filed("env-rubbish", xinghu), due = now(id)->due;
    for (int i = 1; i <= RETURNS_MOST; i++) {
        act(ROLE_WORKER, user("xinghu1"), xinghu, id_of("units", "xinghu"));
        assert_int_equal(take(id, "dispatch", (struct step_input){.unit = city}), OK);
        act(ROLE_HANDLER, user("city1"), NONE, city);
        assert_int_equal(take(id, "return", (struct step_input){.text = ""}), INVALID);
        assert_int_equal(take(id, "return", (struct step_input){.text = "不归我们管"}), OK);
        assert_int_equal(now(id)->unit, NONE);
        assert_int_equal(now(id)->due, due);
    }
    assert_int_equal(events(id, "to-office", 0), 1);
    act(ROLE_WORKER, user("xinghu1"), xinghu, id_of("units", "xinghu"));
    assert_false(request_may(&ctx, request_step("dispatch"), now(id)));
    assert_non_null(request_barred(&ctx, request_step("dispatch"), now(id)));
    assert_int_equal(take(id, "dispatch", (struct step_input){.unit = sanitation}), INVALID);
    office();
    assert_int_equal(take(id, "dispatch", (struct step_input){.unit = sanitation}), OK);
}

static void only_the_lead_unit_leads(void **state)
{
    (void)state;
    int64_t id = filed("env-rubbish", xinghu), co[] = {sanitation};
    assert_int_equal(take(id, "dispatch", (struct step_input){.unit = city, .co = co, .co_count = 1}), OK);
    act(ROLE_HANDLER, NONE, NONE, sanitation);
    assert_non_null(record_load(&ctx, &requests_kind, id));
    assert_int_equal(take(id, "accept", (struct step_input){0}), INVALID);
    assert_int_equal(take(id, "answer", (struct step_input){.text = "x"}), INVALID);
    assert_int_equal(take(id, "report", (struct step_input){.text = "已清运。"}), OK);
    assert_true(query_int(ctx.db, "SELECT reported_at FROM request_units WHERE request = {}", id) != NONE);
    act(ROLE_HANDLER, user("city1"), NONE, city);
    assert_int_equal(take(id, "report", (struct step_input){.text = "x"}), INVALID);
    assert_int_equal(take(id, "accept", (struct step_input){0}), OK);
    assert_int_equal(now(id)->handler, user("city1"));
    act(ROLE_HANDLER, NONE, NONE, id_of("units", "housing"));
    assert_null(record_load(&ctx, &requests_kind, id));
    office();
}

static void a_deadline_is_extended_before_it_ends(void **state)
{
    (void)state;
    int64_t id = filed("env-rubbish", xinghu), due = now(id)->due;
    assert_int_equal(take(id, "dispatch", (struct step_input){.unit = city}), OK);
    act(ROLE_HANDLER, user("city1"), NONE, city);
    assert_int_equal(take(id, "extend", (struct step_input){.until = due, .text = "等配件"}), INVALID);
    assert_int_equal(take(id, "extend", (struct step_input){.until = due + WHEN_DAY}), INVALID);
    assert_int_equal(take(id, "extend", (struct step_input){.until = due + WHEN_DAY, .text = "等配件"}), OK);
    assert_int_equal(now(id)->due, due + WHEN_DAY);
    assert_int_equal(take(id, "extend", (struct step_input){.until = due + 2 * WHEN_DAY, .text = "还要等"}), INVALID);
    office();
    assert_int_equal(take(id, "extend", (struct step_input){.until = due + 2 * WHEN_DAY, .text = "还要等"}), OK);
    ctx.now += 400 * WHEN_DAY;
    assert_int_equal(take(id, "extend", (struct step_input){.until = ctx.now + WHEN_DAY, .text = "晚了"}), INVALID);
    ctx.now -= 400 * WHEN_DAY;
}

static void closing_needs_a_word_or_an_attempt(void **state)
{
    (void)state;
    int64_t id = filed("env-rubbish", xinghu);
    assert_int_equal(take(id, "dispatch", (struct step_input){.unit = city}), OK);
    assert_int_equal(take(id, "answer", (struct step_input){.text = "已清运。"}), OK);
    assert_true(now(id)->first_contact_at != NONE);
    assert_int_equal(take(id, "call-back", (struct step_input){0}), OK);
    assert_int_equal(take(id, "close", (struct step_input){.solved = "unreached"}), INVALID);
    assert_int_equal(take(id, "unreached", (struct step_input){0}), INVALID);
    assert_int_equal(take(id, "unreached", (struct step_input){.text = "上午十点，没人接"}), OK);
    assert_int_equal(take(id, "unreached", (struct step_input){.text = "晚上八点，没人接"}), OK);
    assert_int_equal(now(id)->attempts, 2);
    assert_int_equal(take(id, "close", (struct step_input){.solved = "unreached"}), OK);
    assert_null(now(id)->solved);
}

static void parked_comes_back_and_is_taken_up(void **state)
{
    (void)state;
    int64_t id = filed("env-rubbish", xinghu);
    assert_int_equal(take(id, "dispatch", (struct step_input){.unit = city}), OK);
    assert_int_equal(take(id, "park", (struct step_input){.until = ctx.now, .text = "没有条件"}), INVALID);
    assert_int_equal(take(id, "park", (struct step_input){.until = ctx.now + 10 * WHEN_DAY, .text = "没有条件"}), OK);
    struct countdown left = deadline_left(&ctx, ctx_calendar(&ctx), now(id));
    assert_false(left.late);
    ctx.now += 11 * WHEN_DAY;
    left = deadline_left(&ctx, ctx_calendar(&ctx), now(id));
    assert_true(left.late);
    assert_int_equal(take(id, "park", (struct step_input){.until = ctx.now + 10 * WHEN_DAY, .text = "还是没有条件"}), OK);
    act(ROLE_HANDLER, user("city1"), NONE, city);
    assert_int_equal(take(id, "resume", (struct step_input){0}), OK);
    assert_string_equal(now(id)->status, "handling");
    assert_true(now(id)->due > ctx.now);
    ctx.now -= 11 * WHEN_DAY;
    office();
    int64_t alone = filed("env-rubbish", xinghu);
    assert_int_equal(take(alone, "park", (struct step_input){.until = ctx.now + 10 * WHEN_DAY, .text = "没有条件"}), OK);
    assert_int_equal(take(alone, "resume", (struct step_input){0}), OK);
    assert_string_equal(now(alone)->status, "received");
}

static int64_t in_view(const char *id)
{
    for (const struct view *v = work_views; v->id; v++)
        if (!strcmp(v->id, id)) {
            struct sql q;
            sql_init(&q, ctx.arena);
            sql_add(&q, "SELECT count(*) AS n FROM requests WHERE 1 = 1");
            requests_kind.scope(&ctx, &q);
            v->narrow(&ctx, &q);
            struct rows *r = sql_query(ctx.db, &q);
            int64_t n = rows_next(r) ? row_int(r, "n") : NONE;
            rows_end(r);
            return n;
        }
    return NONE;
}

static void reopened_is_the_handlers_and_the_dispatchers(void **state)
{
    (void)state;
    int64_t worker = user("xinghu1"), clerk = user("city1"), id = filed("env-rubbish", xinghu);
    act(ROLE_WORKER, worker, xinghu, id_of("units", "xinghu"));
    assert_int_equal(take(id, "dispatch", (struct step_input){.unit = city}), OK);
    int64_t before = in_view("mine");
    act(ROLE_HANDLER, clerk, NONE, city);
    assert_int_equal(take(id, "accept", (struct step_input){0}), OK);
    int64_t handled = in_view("mine");
    assert_int_equal(take(id, "answer", (struct step_input){.text = "已清运。"}), OK);
    assert_int_equal(in_view("mine"), handled - 1);
    act(0, NONE, NONE, NONE);
    ctx.now += 30 * WHEN_DAY;
    assert_int_equal(take(id, "dispute", (struct step_input){.text = "又堆满了"}), OK);
    assert_true(now(id)->due > ctx.now);
    act(ROLE_HANDLER, clerk, NONE, city);
    assert_int_equal(in_view("mine"), handled);
    act(ROLE_WORKER, worker, xinghu, id_of("units", "xinghu"));
    assert_int_equal(in_view("mine"), before + 1);
    ctx.now -= 30 * WHEN_DAY;
    office();
}

static void merging_keeps_both_histories_and_tells_all(void **state)
{
    (void)state;
    int64_t a = filed("env-rubbish", xinghu), b = filed("env-rubbish", xinghu), c = filed("env-rubbish", xinghu);
    assert_int_equal(take(a, "merge", (struct step_input){.into = a}), INVALID);
    assert_int_equal(take(a, "merge", (struct step_input){.into = b}), OK);
    assert_int_equal(take(c, "merge", (struct step_input){.into = a}), INVALID);
    assert_int_equal(take(b, "merge", (struct step_input){.into = c}), OK);
    assert_int_equal(now(a)->merged_into, c);
    assert_int_equal(events(a, "merge", 1), 1);
    assert_int_equal(events(b, "joined", 1), 1);
    assert_int_equal(events(c, "joined", 1), 1);
    assert_int_equal(take(c, "dispatch", (struct step_input){.unit = city}), OK);
    assert_int_equal(take(c, "answer", (struct step_input){.text = "已清运。"}), OK);
    assert_int_equal(events(a, "answer", 1), 1);
    assert_int_equal(events(b, "answer", 1), 1);
    assert_int_equal(
        query_int(ctx.db, "SELECT count(*) AS n FROM request_events WHERE request = {} AND action = 'answer' AND text IS NOT NULL", a), 0);
}

static void deadlines_follow_level_and_calendar(void **state)
{
    (void)state;
    int64_t id = filed("env-rubbish", xinghu), by_hand = filed("env-rubbish", xinghu);
    assert_int_equal(take(id, "dispatch", (struct step_input){.unit = city, .level = "urgent"}), OK);
    assert_int_equal(now(id)->due, now(id)->received_at + 24 * WHEN_HOUR);
    assert_int_equal(take(id, "dispatch", (struct step_input){.unit = city, .level = "quickly"}), INVALID);
    assert_int_equal(take(id, "dispatch", (struct step_input){.unit = city, .level = "ordinary"}), OK);
    int64_t due = now(id)->due;
    assert_int_equal(take(by_hand, "dispatch", (struct step_input){.unit = city}), OK);
    assert_int_equal(take(by_hand, "extend", (struct step_input){.until = due + 5 * WHEN_DAY, .text = "等配件"}), OK);
    store_forget(&ctx);
    assert_int_equal(deadlines_recompute(&ctx), 0);
    change(ctx.db,
           "INSERT INTO holidays (created, updated, date, name, is_off_day) VALUES (0, 0, {}, 'flood', 1)"
           " ON CONFLICT (date) DO UPDATE SET is_off_day = 1",
           day_iso(ctx.arena, when_day(due)));
    assert_true(deadlines_recompute(&ctx) > 0);
    assert_true(now(id)->due > due);
    assert_int_equal(now(by_hand)->due, due + 5 * WHEN_DAY);
    assert_int_equal(events(id, "recompute", 0), 1);
    assert_int_equal(
        query_int(ctx.db, "SELECT count(*) AS n FROM journal WHERE kind = 'requests' AND record = {} AND action = 'recompute'", id), 1);
    assert_int_equal(deadlines_recompute(&ctx), 0);
}

static void each_role_sees_its_own(void **state)
{
    (void)state;
    int64_t here = filed("env-rubbish", xinghu), there = filed("env-rubbish", dongmen), nowhere = filed(NULL, NONE);
    int64_t root = query_int(ctx.db, "SELECT id FROM areas WHERE parent IS NULL");
    assert_int_equal(take(there, "dispatch", (struct step_input){.unit = city}), OK);
    act(ROLE_WORKER, NONE, xinghu, NONE);
    assert_non_null(record_load(&ctx, &requests_kind, here));
    assert_null(record_load(&ctx, &requests_kind, there));
    assert_null(record_load(&ctx, &requests_kind, nowhere));
    act(ROLE_HANDLER, NONE, root, city);
    assert_null(record_load(&ctx, &requests_kind, here));
    assert_non_null(record_load(&ctx, &requests_kind, there));
    act(ROLE_LEADER, NONE, root, NONE);
    assert_non_null(record_load(&ctx, &requests_kind, here));
    assert_non_null(record_load(&ctx, &requests_kind, nowhere));
    static const unsigned blind[] = {ROLE_ADMIN, ROLE_AUDITOR, ROLE_VOLUNTEER, ROLE_TEAM_LEADER, ROLE_RESIDENT};
    for (size_t i = 0; i < sizeof blind / sizeof *blind; i++) {
        act(blind[i], NONE, root, NONE);
        assert_null(record_load(&ctx, &requests_kind, here));
    }
    office();
}

static bool of_the_desk(const char *path)
{
    static const char *const starts[] = {"/work", "/requests", "/intake", "/live"};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (!strncmp(path, starts[i], strlen(starts[i])))
            return true;
    return false;
}

/* Every page and change of the desk, for every role. */
static void no_route_is_open_to_the_wrong_role(void **state)
{
    (void)state;
    int seen = 0;
    for (const struct routes *t = modules_routes(); t->list; t++)
        for (int i = 0; i < t->count; i++) {
            const struct route *r = &t->list[i];
            if (!of_the_desk(r->path))
                continue;
            seen++;
            assert_int_equal(r->roles & (ROLE_PUBLIC | ROLE_RESIDENT | ROLE_VOLUNTEER | ROLE_TEAM_LEADER | ROLE_ADMIN), 0);
            if (r->roles & ROLE_AUDITOR)
                assert_string_equal(r->path, "/requests/{id}/journal");
            if (r->method != GET && !(r->flags & READS) && strcmp(r->path, "/work/download") != 0)
                assert_int_equal(r->roles & ROLE_LEADER, 0);
            if (strstr(r->path, "{id}") && strcmp(r->path, "/requests/{id}/journal") != 0)
                assert_ptr_equal(r->record, &requests_kind);
        }
    assert_true(seen > 12);
}

static void the_documentation_is_what_the_program_prints(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 0);
    request_life(&ctx, &out);
    FILE *f = fopen(arena_print(ctx.arena, "%s/docs/request-life.md", getenv("LINLI_ROOT")), "r");
    assert_non_null(f);
    char *text = arena_alloc(ctx.arena, 100000);
    size_t n = fread(text, 1, 99999, f);
    fclose(f);
    assert_int_equal(n, out.size);
    assert_memory_equal(text, out.data, n);
    buf_clear(&out);
    request_dot(&ctx, &out);
    assert_non_null(strstr(out.data, "answered -> closed [label=\"close\"]"));
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_step_keeps_to_its_row),
        cmocka_unit_test(the_third_return_goes_to_the_office),
        cmocka_unit_test(only_the_lead_unit_leads),
        cmocka_unit_test(a_deadline_is_extended_before_it_ends),
        cmocka_unit_test(closing_needs_a_word_or_an_attempt),
        cmocka_unit_test(parked_comes_back_and_is_taken_up),
        cmocka_unit_test(reopened_is_the_handlers_and_the_dispatchers),
        cmocka_unit_test(merging_keeps_both_histories_and_tells_all),
        cmocka_unit_test(deadlines_follow_level_and_calendar),
        cmocka_unit_test(each_role_sees_its_own),
        cmocka_unit_test(no_route_is_open_to_the_wrong_role),
        cmocka_unit_test(the_documentation_is_what_the_program_prints),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
