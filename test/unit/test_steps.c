/*
 * The life of a request by every rule of its table: who may, from where, what
 * is refused and why; deadlines by level and their counting anew; who sees
 * which request; and that docs/request-life.md is what the program prints.
 */
#include "app/requests/deadlines.h"
#include "app/desk/opinions.h"
#include "app/desk/request_page.h"
#include "app/desk/work_views.h"
#include "program/install.h"
#include "core/module.h"
#include "core/workflow_print.h"
#include "app/registers/registers.h"
#include "app/registers/names.h"
#include "app/registers/users.h"
#include "base/when.h"
#include "installed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct ctx ctx;
static struct store store;
static struct grant grant;
static int64_t city, sanitation, xinghu, dongmen;

static void act(unsigned role, int64_t user, int64_t area, int64_t unit)
{
    grant = (struct grant){.role = role, .area = area, .unit = unit};
    ctx.actor = (struct actor){.user = user,
                               .name = "somebody",
                               .roles = ROLE_PUBLIC | role,
                               .grants = &grant,
                               .grant_count = role ? 1 : 0,
                               .via = "command"};
}

static void office(void)
{
    act(ROLE_OFFICE, NONE, NONE, NONE);
}

static int64_t id_of(const char *table, const char *code)
{
    return !strcmp(table, "units")
               ? query_int(ctx.db, "SELECT id FROM units WHERE code = {}", code)
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
    r->category = category
                      ? query_int(ctx.db, "SELECT id FROM categories WHERE code = {}", category)
                      : NONE;
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
    return (int)query_int(
        ctx.db,
        "SELECT count(*) AS n FROM events WHERE kind = 'requests' AND record = {} AND action "
        "= {} AND visible = {}",
        id, action, visible);
}

/* Each row of the table, from each state: refused where it does not lead, whoever asks with the
 * wrong role is refused. */
static void every_step_keeps_to_its_row(void **state)
{
    (void)state;
    int64_t id = filed("env-rubbish", xinghu);
    struct request *r = now(id);
    for (const struct step *s = request_steps; s->action; s++) {
        assert_true(s->roles != 0 && s->rule && *s->rule);
        assert_int_equal(s->roles & (ROLE_LEADER | ROLE_AUDITOR | ROLE_ADMIN), 0);
        for (int i = 0; i < REQUEST_STATUS_COUNT; i++) {
            struct step_input in = {
                .unit = NONE, .until = NONE, .into = NONE, .satisfaction = NONE, .text = "x"};
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
    int64_t id = filed("env-rubbish", xinghu);
    assert_int_equal(take(id, "dispatch", (struct step_input){.unit = city, .co = "|sanitation|"}),
                     OK);
    act(ROLE_HANDLER, NONE, NONE, sanitation);
    assert_non_null(record_load(&ctx, &requests_kind, id));
    assert_int_equal(take(id, "accept", (struct step_input){0}), INVALID);
    assert_int_equal(take(id, "answer", (struct step_input){.text = "x"}), INVALID);
    assert_int_equal(take(id, "report", (struct step_input){.text = "已清运。"}), OK);
    assert_true(query_int(ctx.db, "SELECT reported_at FROM request_units WHERE request = {}", id) !=
                NONE);
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
    assert_int_equal(take(id, "extend", (struct step_input){.until = due, .text = "等配件"}),
                     INVALID);
    assert_int_equal(take(id, "extend", (struct step_input){.until = due + WHEN_DAY}), INVALID);
    assert_int_equal(
        take(id, "extend", (struct step_input){.until = due + WHEN_DAY, .text = "等配件"}), OK);
    assert_int_equal(now(id)->due, due + WHEN_DAY);
    assert_int_equal(
        take(id, "extend", (struct step_input){.until = due + 2 * WHEN_DAY, .text = "还要等"}),
        INVALID);
    office();
    assert_int_equal(
        take(id, "extend", (struct step_input){.until = due + 2 * WHEN_DAY, .text = "还要等"}), OK);
    ctx.now += 400 * WHEN_DAY;
    assert_int_equal(
        take(id, "extend", (struct step_input){.until = ctx.now + WHEN_DAY, .text = "晚了"}),
        INVALID);
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
    assert_int_equal(take(id, "park", (struct step_input){.until = ctx.now, .text = "没有条件"}),
                     INVALID);
    assert_int_equal(
        take(id, "park", (struct step_input){.until = ctx.now + 10 * WHEN_DAY, .text = "没有条件"}),
        OK);
    struct countdown left = deadline_left(&ctx, ctx_calendar(&ctx), now(id));
    assert_false(left.late);
    ctx.now += 11 * WHEN_DAY;
    left = deadline_left(&ctx, ctx_calendar(&ctx), now(id));
    assert_true(left.late);
    assert_int_equal(
        take(id, "park",
             (struct step_input){.until = ctx.now + 10 * WHEN_DAY, .text = "还是没有条件"}),
        OK);
    act(ROLE_HANDLER, user("city1"), NONE, city);
    assert_int_equal(take(id, "resume", (struct step_input){0}), OK);
    assert_string_equal(now(id)->status, "handling");
    assert_true(now(id)->due > ctx.now);
    ctx.now -= 11 * WHEN_DAY;
    office();
    int64_t alone = filed("env-rubbish", xinghu);
    assert_int_equal(
        take(alone, "park",
             (struct step_input){.until = ctx.now + 10 * WHEN_DAY, .text = "没有条件"}),
        OK);
    assert_int_equal(take(alone, "resume", (struct step_input){0}), OK);
    assert_string_equal(now(alone)->status, "received");
}

static int64_t in_view(const char *id)
{
    for (const struct kind_view *v = work_views; v->id; v++)
        if (!strcmp(v->id, id)) {
            struct sql q;
            sql_init(&q, ctx.arena);
            sql_add(&q, "SELECT count(*) AS n FROM requests WHERE 1 = 1");
            requests_kind.scope(&ctx, &q);
            kind_view_where(&ctx, v, &q);
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
    int64_t a = filed("env-rubbish", xinghu), b = filed("env-rubbish", xinghu),
            c = filed("env-rubbish", xinghu);
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
        query_int(ctx.db,
                  "SELECT count(*) AS n FROM events WHERE kind = 'requests' AND record = {} AND "
                  "action = 'answer' AND text IS NOT NULL",
                  a),
        0);
}

static int64_t told(int64_t id, const char *recipient, const char *action, const char *words)
{
    return query_int(ctx.db,
                     "SELECT count(*) AS n FROM notices WHERE kind = 'requests' AND record = {} "
                     "AND recipient = {} AND "
                     "action = {} AND text LIKE {}",
                     id, recipient, action, arena_print(ctx.arena, "%%%s%%", words));
}

static void make_public(int64_t id)
{
    change(ctx.db, "UPDATE requests SET visibility = 'summary' WHERE id = {}", id);
}

static bool lists(const char *view, int64_t id)
{
    for (const struct kind_view *v = work_views; v->id; v++)
        if (!strcmp(v->id, view)) {
            struct sql q;
            sql_init(&q, ctx.arena);
            sql_add(&q, "SELECT id FROM requests WHERE id = {}", id);
            kind_view_where(&ctx, v, &q);
            struct rows *r = sql_query(ctx.db, &q);
            bool there = rows_next(r);
            rows_end(r);
            return there;
        }
    return false;
}

/* Merged into a request that has been answered: the reporter, and all who came along, hear it. */
static void whoever_comes_late_hears_the_answer(void **state)
{
    (void)state;
    int64_t a = filed("env-rubbish", xinghu), b = filed("env-rubbish", xinghu),
            answered = filed("env-rubbish", xinghu), own = filed("env-rubbish", xinghu);
    make_public(answered);
    assert_int_equal(take(a, "merge", (struct step_input){.into = b}), OK);
    assert_int_equal(take(answered, "dispatch", (struct step_input){.unit = city}), OK);
    assert_int_equal(take(answered, "answer", (struct step_input){.text = "已清运三车。"}), OK);
    assert_int_equal(take(b, "merge", (struct step_input){.into = answered}), OK);
    assert_int_equal(told(a, "resident", "answer", "已清运三车"), 1);
    assert_int_equal(told(b, "resident", "answer", "已清运三车"), 1);
    /* what was kept to the office is not read out to others, but somebody rings them */
    change(ctx.db, "UPDATE requests SET visibility = 'office' WHERE id = {}", answered);
    assert_int_equal(take(own, "merge", (struct step_input){.into = answered}), OK);
    assert_int_equal(told(own, "resident", "answer", "已清运三车"), 0);
    assert_int_equal(
        told(own, "resident", "answer", "不公开") + told(own, "resident", "answer", "没有公开"), 1);
}

static void only_what_is_worked_on_can_be_joined(void **state)
{
    (void)state;
    int64_t id = filed("env-rubbish", xinghu);
    assert_non_null(joinable(&ctx, id));
    assert_int_equal(take(id, "dispatch", (struct step_input){.unit = city}), OK);
    assert_non_null(joinable(&ctx, id));
    assert_int_equal(take(id, "answer", (struct step_input){.text = "已清运。"}), OK);
    assert_null(joinable(&ctx, id));
    struct opinion *o = record_new(&ctx, &opinions_kind);
    o->text = "垃圾没人清";
    o->area = xinghu;
    assert_int_equal(opinion_file(&ctx, o, id, NONE, NULL, NULL), INVALID);
    store_forget(&ctx);
    assert_int_equal(take(id, "reopen", (struct step_input){.text = "又满了"}), OK);
    /* the telephone left with an opinion is that of somebody who waits for the result */
    o = record_new(&ctx, &opinions_kind);
    o->text = "垃圾没人清";
    o->area = xinghu;
    store_forget(&ctx);
    assert_int_equal(opinion_file(&ctx, o, id, NONE, "钟伯", "13900139777"), OK);
    int64_t joiner = query_int(ctx.db,
                               "SELECT max(id) AS id FROM request_joiners WHERE request = {}", id);
    assert_string_equal(joiner_get(&ctx, joiner)->phone, "13900139777");
    assert_int_equal(take(id, "answer", (struct step_input){.text = "已清运。"}), OK);
    assert_int_equal(
        told(id, arena_print(ctx.arena, "joiner:%lld", (long long)joiner), "answer", ""), 1);
}

/* Somebody who joined moves nothing, yet is not left without an answer. */
static void a_joiner_s_no_reaches_somebody(void **state)
{
    (void)state;
    int64_t id = filed("env-rubbish", xinghu);
    struct joiner j = {.name = "邻居", .phone = "13800007777"};
    const char *code;
    assert_int_equal(joiner_add(&ctx, now(id), &j, NULL, &code), OK);
    assert_int_equal(take(id, "dispatch", (struct step_input){.unit = city}), OK);
    assert_int_equal(take(id, "answer", (struct step_input){.text = "已清运。"}), OK);
    assert_int_equal(take(id, "close", (struct step_input){.solved = "yes"}), OK);
    assert_false(lists("call", id));
    assert_int_equal(take(id, "contact-other", (struct step_input){.text = "x"}), INVALID);
    store_forget(&ctx);
    act(0, NONE, NONE, NONE);
    assert_int_equal(joiner_answer(&ctx, joiner_get(&ctx, j.id), now(id), "no", NONE, "还是满的"),
                     OK);
    office();
    assert_string_equal(now(id)->status, "closed");
    assert_true(lists("call", id));
    assert_int_equal(query_int(ctx.db,
                               "SELECT count(*) AS n FROM notices WHERE kind = 'requests' AND "
                               "record = {} AND action = "
                               "'joiner-no' AND recipient LIKE 'unit:%'",
                               id),
                     1);
    assert_int_equal(take(id, "contact-other", (struct step_input){.text = "下午再清一次"}), OK);
    assert_false(lists("call", id));
}

/* Whose own request was merged asked for the same thing: their "no" reopens it. */
static void a_merged_reporter_can_dispute(void **state)
{
    (void)state;
    int64_t a = filed("env-rubbish", xinghu), b = filed("env-rubbish", xinghu);
    assert_int_equal(take(a, "merge", (struct step_input){.into = b}), OK);
    assert_int_equal(take(b, "dispatch", (struct step_input){.unit = city}), OK);
    assert_int_equal(take(b, "answer", (struct step_input){.text = "已清运。"}), OK);
    act(0, NONE, NONE, NONE);
    assert_int_equal(take(b, "dispute-merged", (struct step_input){.text = "没有清"}), OK);
    office();
    assert_string_equal(now(b)->status, "handling");
    assert_int_equal(now(b)->reopened, 1);
}

/* Dispatching many does not say who helps: those who do stay. */
static void the_units_that_help_stay_unless_named(void **state)
{
    (void)state;
    int64_t id = filed("env-rubbish", xinghu);
    assert_int_equal(
        take(id, "dispatch", (struct step_input){.unit = city, .co = "|sanitation|housing|"}), OK);
    assert_int_equal(take(id, "dispatch", (struct step_input){.unit = sanitation}), OK);
    assert_int_equal(query_int(ctx.db,
                               "SELECT count(*) AS n FROM request_units WHERE request = {} AND "
                               "unit = {}",
                               id, id_of("units", "housing")),
                     1);
    assert_int_equal(
        query_int(ctx.db, "SELECT count(*) AS n FROM request_units WHERE request = {}", id),
        1); /* who leads does not help */
    assert_int_equal(
        take(id, "dispatch", (struct step_input){.unit = sanitation, .co_shown = true}), OK);
    assert_int_equal(
        query_int(ctx.db, "SELECT count(*) AS n FROM request_units WHERE request = {}", id), 0);
}

static void a_template_s_blanks_are_filled_before_it_goes_out(void **state)
{
    (void)state;
    int64_t id = filed("env-rubbish", xinghu);
    assert_int_equal(take(id, "dispatch", (struct step_input){.unit = city}), OK);
    struct request *r = now(id);
    const char *today = day_show(ctx.arena, ctx.lang, when_day(ctx.now)),
               *due = day_show(ctx.arena, ctx.lang, when_day(r->due));
    assert_string_equal(template_filled(&ctx, r, "{today} / {date}"),
                        arena_print(ctx.arena, "%s / %s", today, due));
    r->due = ctx.now - 1; /* a date that has passed is nobody's promise */
    assert_string_equal(template_filled(&ctx, r, "{date}"), REPLY_BLANK);
    assert_int_equal(take(id, "answer", (struct step_input){.text = "已于……清运。"}), INVALID);
    assert_non_null(ctx_problem_of(&ctx, "text"));
    assert_int_equal(take(id, "answer", (struct step_input){.text = "已于今天清运。"}), OK);
}

/* However many were merged before: all go along, and all are told. */
static void more_than_two_hundred_merged_go_along(void **state)
{
    (void)state;
    enum { MANY = 201 };
    int64_t first = filed("env-rubbish", xinghu), last = filed("env-rubbish", xinghu);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(
            take(filed("env-rubbish", xinghu), "merge", (struct step_input){.into = first}), OK);
    assert_int_equal(take(first, "merge", (struct step_input){.into = last}), OK);
    assert_int_equal(
        query_int(ctx.db, "SELECT count(*) AS n FROM requests WHERE merged_into = {}", last),
        MANY + 1);
    assert_int_equal(take(last, "dispatch", (struct step_input){.unit = city}), OK);
    assert_int_equal(
        query_int(
            ctx.db,
            "SELECT count(*) AS n FROM events e JOIN requests r ON r.id = e.record AND e.kind = "
            "'requests' WHERE r.merged_into = {} AND e.action = 'dispatch' AND e.visible = 1",
            last),
        MANY + 1);
}

/* Nine supporting units are one too many: the field says so, and none is dropped in silence. */
static void the_ninth_supporting_unit_is_refused(void **state)
{
    (void)state;
    int64_t id = filed("env-rubbish", xinghu);
    const char *nine = "|";
    struct rows *r = query(ctx.db, "SELECT code FROM units WHERE id <> {} ORDER BY id LIMIT 9",
                           city);
    int n = 0;
    for (; rows_next(r); n++)
        nine = arena_print(ctx.arena, "%s%s|", nine, row_text(r, "code"));
    rows_end(r);
    assert_int_equal(n, CO_HANDLERS_MOST + 1);
    assert_int_equal(take(id, "dispatch", (struct step_input){.unit = city, .co = nine}), INVALID);
    assert_string_equal(ctx_problem_of(&ctx, "co"), "Supporting units: choose no more than 8.");
    assert_string_equal(now(id)->status, "received");
    char *eight = arena_copy(ctx.arena, nine);
    *strrchr(eight, '|') = '\0';
    strrchr(eight, '|')[1] = '\0';
    assert_int_equal(take(id, "dispatch", (struct step_input){.unit = city, .co = eight}), OK);
    assert_int_equal(
        query_int(ctx.db, "SELECT count(*) AS n FROM request_units WHERE request = {}", id),
        CO_HANDLERS_MOST);
}

static void deadlines_follow_level_and_calendar(void **state)
{
    (void)state;
    int64_t id = filed("env-rubbish", xinghu), by_hand = filed("env-rubbish", xinghu);
    assert_int_equal(take(id, "dispatch", (struct step_input){.unit = city, .level = "urgent"}),
                     OK);
    assert_int_equal(now(id)->due, now(id)->received_at + 24 * WHEN_HOUR);
    assert_int_equal(take(id, "dispatch", (struct step_input){.unit = city, .level = "quickly"}),
                     INVALID);
    assert_int_equal(take(id, "dispatch", (struct step_input){.unit = city, .level = "ordinary"}),
                     OK);
    int64_t due = now(id)->due;
    assert_int_equal(take(by_hand, "dispatch", (struct step_input){.unit = city}), OK);
    assert_int_equal(
        take(by_hand, "extend", (struct step_input){.until = due + 5 * WHEN_DAY, .text = "等配件"}),
        OK);
    store_forget(&ctx);
    assert_int_equal(deadlines_recompute(&ctx), 0);
    change(ctx.db,
           "INSERT INTO holidays (created, updated, date, name, is_off_day) VALUES (0, 0, {}, "
           "'flood', 1)"
           " ON CONFLICT (date) DO UPDATE SET is_off_day = 1",
           day_iso(ctx.arena, when_day(due)));
    assert_true(deadlines_recompute(&ctx) > 0);
    assert_true(now(id)->due > due);
    assert_int_equal(now(by_hand)->due, due + 5 * WHEN_DAY);
    assert_int_equal(events(id, "recompute", 0), 1);
    assert_int_equal(query_int(ctx.db,
                               "SELECT count(*) AS n FROM journal WHERE kind = 'requests' AND "
                               "record = {} AND action = 'recompute'",
                               id),
                     1);
    assert_int_equal(deadlines_recompute(&ctx), 0);
}

static void each_role_sees_its_own(void **state)
{
    (void)state;
    int64_t here = filed("env-rubbish", xinghu), there = filed("env-rubbish", dongmen),
            nowhere = filed(NULL, NONE);
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
    static const unsigned blind[] = {ROLE_ADMIN, ROLE_AUDITOR, ROLE_VOLUNTEER, ROLE_TEAM_LEADER,
                                     ROLE_RESIDENT};
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
            assert_int_equal(r->roles & (ROLE_PUBLIC | ROLE_RESIDENT | ROLE_VOLUNTEER |
                                         ROLE_TEAM_LEADER | ROLE_ADMIN),
                             0);
            if (r->roles & ROLE_AUDITOR)
                assert_string_equal(r->path, "/requests/{id}/journal");
            if (r->method != GET && !(r->flags & READS) && strcmp(r->path, "/work/download") != 0)
                assert_int_equal(r->roles & ROLE_LEADER, 0);
            if (strstr(r->path, "{id}") && strcmp(r->path, "/requests/{id}/journal") != 0)
                assert_ptr_equal(r->record, &requests_kind);
        }
    assert_true(seen > 12);
}

static int64_t category(const char *code, int64_t hours)
{
    int64_t id = query_int(ctx.db, "SELECT id FROM categories WHERE code = {}", code);
    change(ctx.db, "UPDATE categories SET first_contact_hours = {} WHERE id = {}",
           (struct maybe){hours}, id);
    return id;
}

/* As due does: whoever is moved to a category that asks for no contact has missed none. */
static void the_first_contact_follows_the_category(void **state)
{
    (void)state;
    int64_t soon = category("env-rubbish", 1), never = category("road-parking", NONE),
            id = filed("env-rubbish", xinghu), extended = filed("env-rubbish", xinghu),
            spoken = filed("env-rubbish", xinghu), at = now(id)->received_at;
    assert_int_equal(now(id)->first_contact_due, at + WHEN_HOUR);
    assert_int_equal(take(id, "dispatch", (struct step_input){.unit = city, .category = never}),
                     OK);
    assert_int_equal(now(id)->first_contact_due, NONE);
    assert_int_equal(take(id, "dispatch", (struct step_input){.unit = city, .category = soon}), OK);
    assert_int_equal(now(id)->first_contact_due, at + WHEN_HOUR);
    assert_int_equal(take(spoken, "contact", (struct step_input){.text = "明天来"}), OK);
    assert_int_equal(take(extended, "dispatch", (struct step_input){.unit = city}), OK);
    int64_t until = now(extended)->due + 5 * WHEN_DAY;
    assert_int_equal(
        take(extended, "extend", (struct step_input){.until = until, .text = "等配件"}), OK);
    struct request *moved = record_copy(&ctx, &requests_kind, now(extended));
    moved->category = never;
    assert_true(record_check(&ctx, &requests_kind, now(extended), moved));
    assert_int_equal(moved->first_contact_due, NONE);
    assert_int_equal(moved->due, until); /* set by hand */
    category("env-rubbish", 24);
    store_forget(&ctx);
    assert_true(deadlines_recompute(&ctx) > 0);
    assert_int_equal(now(id)->first_contact_due, at + 24 * WHEN_HOUR);
    assert_int_equal(now(spoken)->first_contact_due, at + WHEN_HOUR); /* it was met */
}

static void a_deadline_at_midnight_is_that_whole_day(void **state)
{
    (void)state;
    int64_t id = filed("env-rubbish", xinghu);
    assert_int_equal(take(id, "dispatch", (struct step_input){.unit = city}), OK);
    int64_t day = when_day(now(id)->due) + 5;
    assert_int_equal(
        take(id, "extend", (struct step_input){.until = when_day_start(day), .text = "等配件"}),
        OK);
    assert_int_equal(now(id)->due, when_day_end(day));
}

static struct figure_value rate(const char *id)
{
    db_clear(ctx.db);
    return figure_value(&ctx, figure_find(id), &FIGURE_ALL);
}

/* Of what was taken back nothing is owed, and nobody was asked how it went. */
static void what_the_resident_takes_back_is_in_no_rate(void **state)
{
    (void)state;
    int64_t id = filed("env-rubbish", xinghu), late = filed("env-rubbish", xinghu);
    struct figure_value solved = rate("requests.solved_rate"), closed = rate("requests.closed");
    act(0, NONE, NONE, NONE);
    assert_int_equal(take(id, "withdraw", (struct step_input){.text = "已经清了"}), OK);
    office();
    assert_string_equal(now(id)->status, "closed");
    assert_string_equal(now(id)->solved, "withdrawn");
    assert_int_equal(now(id)->due, NONE);
    assert_int_equal(rate("requests.solved_rate").denominator, solved.denominator);
    assert_int_equal(rate("requests.closed").numerator, closed.numerator + 1);
    assert_string_equal(request_state(&ctx, now(id)), "Withdrawn by the resident");
    /* a deadline that was missed stays missed */
    int64_t due = now(late)->due;
    ctx.now = due + 60;
    act(0, NONE, NONE, NONE);
    assert_int_equal(take(late, "withdraw", (struct step_input){0}), OK);
    assert_int_equal(now(late)->due, due);
    office();
    ctx.now = time(NULL);
}

static void only_the_lead_unit_adds_to_its_reply(void **state)
{
    (void)state;
    int64_t id = filed("env-rubbish", xinghu);
    assert_int_equal(take(id, "dispatch", (struct step_input){.unit = city}), OK);
    assert_int_equal(take(id, "supplement", (struct step_input){.text = "还有"}), CONFLICT);
    assert_int_equal(take(id, "answer", (struct step_input){.text = "已清运。"}), OK);
    int64_t answered = now(id)->answered_at;
    act(ROLE_HANDLER, NONE, NONE, sanitation);
    assert_int_equal(take(id, "supplement", (struct step_input){.text = "还有"}), INVALID);
    act(ROLE_HANDLER, NONE, NONE, city);
    assert_int_equal(take(id, "supplement", (struct step_input){.text = "装了摄像头。"}), OK);
    assert_string_equal(now(id)->reply, "已清运。");
    assert_int_equal(now(id)->answered_at, answered);
    assert_int_equal(events(id, "supplement", 1), 1);
    office();
}

static bool activate(int64_t id, bool active)
{
    store_forget(&ctx);
    act(ROLE_ADMIN, NONE, NONE, NONE);
    bool done = user_activate(&ctx, record_get(&ctx, &users_kind, id), active) == OK;
    office();
    return done;
}

static bool offered(const char *kind, int64_t id)
{
    db_clear(ctx.db);
    struct names n = names_load(&ctx, kind);
    for (int i = 0; i < n.count; i++)
        if (n.list[i].id == id)
            return !n.list[i].out_of_use;
    return false;
}

/* Of a unit with one account: what it had goes back to dispatch, and nothing more reaches it. */
static void what_a_deactivated_account_held_does_not_stay_with_it(void **state)
{
    (void)state;
    int64_t clerk = user("city1"), held = filed("env-rubbish", xinghu),
            waiting = filed("env-rubbish", xinghu), replied = filed("env-rubbish", xinghu),
            parked = filed("env-rubbish", xinghu);
    int64_t all[] = {held, waiting, replied, parked};
    for (int i = 0; i < 4; i++)
        assert_int_equal(take(all[i], "dispatch", (struct step_input){.unit = city}), OK);
    act(ROLE_HANDLER, clerk, NONE, city);
    assert_int_equal(take(held, "accept", (struct step_input){0}), OK);
    assert_int_equal(take(replied, "answer", (struct step_input){.text = "已清运。"}), OK);
    office();
    assert_int_equal(take(parked, "park",
                          (struct step_input){.text = "等开春", .until = ctx.now + WHEN_DAY * 90}),
                     OK);
    assert_int_equal(take(held, "take-back", (struct step_input){0}), INVALID); /* they can reply */
    int64_t free = in_view("free"), due = now(held)->due,
            open = query_int(ctx.db,
                             "SELECT count(*) AS n FROM requests WHERE unit = {} AND status IN "
                             "('dispatched', 'handling')",
                             city);
    assert_true(open >= 2);
    assert_true(offered("units", city));
    assert_true(activate(clerk, false));
    assert_int_equal(in_view("free"), free + open);
    assert_string_equal(now(held)->status, "received");
    assert_int_equal(now(held)->unit, NONE);
    assert_int_equal(now(held)->handler, NONE);
    assert_int_equal(now(held)->due, due);
    assert_string_equal(now(parked)->status, "parked");
    assert_int_equal(now(parked)->unit, NONE);
    assert_string_equal(now(replied)->status, "answered"); /* the reply stays that unit's */
    assert_int_equal(now(replied)->unit, city);
    assert_false(offered("units", city));
    assert_int_equal(take(held, "dispatch", (struct step_input){.unit = city}), INVALID);
    assert_non_null(ctx_problem_of(&ctx, "unit"));
    /* reopened, it does not go where nobody reads it */
    assert_int_equal(take(replied, "reopen", (struct step_input){.text = "没清"}), OK);
    assert_string_equal(now(replied)->status, "received");
    assert_int_equal(now(replied)->unit, NONE);
    assert_true(activate(clerk, true));
    assert_true(offered("units", city));
    assert_int_equal(take(held, "dispatch", (struct step_input){.unit = city}), OK);
}

/* Where colleagues can sign in, it stays with the unit and has no handler any more. */
static void the_units_others_take_on_what_a_handler_leaves(void **state)
{
    (void)state;
    int64_t clerk = user("city1"), id = filed("env-rubbish", xinghu);
    change(ctx.db, "INSERT INTO users (created, updated, login, name, active) VALUES (0, 0, "
                   "'city-two', '甘科员', 1)");
    change(ctx.db, "INSERT INTO grants (\"user\", role, unit) VALUES ({}, 'unit_handler', {})",
           user("city-two"), city);
    assert_int_equal(take(id, "dispatch", (struct step_input){.unit = city}), OK);
    act(ROLE_HANDLER, clerk, NONE, city);
    assert_int_equal(take(id, "accept", (struct step_input){0}), OK);
    assert_true(activate(clerk, false));
    assert_string_equal(now(id)->status, "handling");
    assert_int_equal(now(id)->unit, city);
    assert_int_equal(now(id)->handler, NONE);
    assert_int_equal(events(id, "handler-left", 0), 1);
    act(ROLE_HANDLER, user("city-two"), NONE, city);
    assert_int_equal(take(id, "answer", (struct step_input){.text = "已清运。"}), OK);
    assert_int_equal(now(id)->handler, user("city-two"));
    office();
    assert_true(activate(clerk, true));
}

static void the_documentation_is_what_the_program_prints(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 0);
    workflow_markdown(&ctx, &out, &request_workflow);
    FILE *f = fopen(arena_print(ctx.arena, "%s/docs/request-life.md", getenv("LINLI_ROOT")), "r");
    assert_non_null(f);
    char *text = arena_alloc(ctx.arena, 100000);
    size_t n = fread(text, 1, 99999, f);
    fclose(f);
    assert_int_equal(n, out.size);
    assert_memory_equal(text, out.data, n);
    buf_clear(&out);
    workflow_dot(&ctx, &out, &request_workflow);
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
        cmocka_unit_test(whoever_comes_late_hears_the_answer),
        cmocka_unit_test(only_what_is_worked_on_can_be_joined),
        cmocka_unit_test(a_joiner_s_no_reaches_somebody),
        cmocka_unit_test(a_merged_reporter_can_dispute),
        cmocka_unit_test(the_units_that_help_stay_unless_named),
        cmocka_unit_test(a_template_s_blanks_are_filled_before_it_goes_out),
        cmocka_unit_test(more_than_two_hundred_merged_go_along),
        cmocka_unit_test(the_ninth_supporting_unit_is_refused),
        cmocka_unit_test(deadlines_follow_level_and_calendar),
        cmocka_unit_test(the_first_contact_follows_the_category),
        cmocka_unit_test(a_deadline_at_midnight_is_that_whole_day),
        cmocka_unit_test(each_role_sees_its_own),
        cmocka_unit_test(what_the_resident_takes_back_is_in_no_rate),
        cmocka_unit_test(only_the_lead_unit_adds_to_its_reply),
        cmocka_unit_test(what_a_deactivated_account_held_does_not_stay_with_it),
        cmocka_unit_test(the_units_others_take_on_what_a_handler_leaves),
        cmocka_unit_test(no_route_is_open_to_the_wrong_role),
        cmocka_unit_test(the_documentation_is_what_the_program_prints),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
