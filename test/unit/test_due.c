/*
 * What is due: one list across kinds, for whom it is and for nobody else; one
 * definition of "due soon" for list, figure, countdown and notice; words told
 * once, and withdrawn when they no longer hold.
 */
#include "app/desk/opinions.h"
#include "app/desk/work_views.h"
#include "app/registers/registers.h"
#include "app/requests/request_notices.h"
#include "app/requests/requests.h"
#include "app/volunteers/volunteers.h"
#include "core/due.h"
#include "core/feed.h"
#include "core/module.h"
#include "installed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <string.h>

static struct ctx ctx;
static struct store store;
static struct grant grant;
static int64_t xinghu, dongmen;

static void act(unsigned role, int64_t user, int64_t area, int64_t team)
{
    store_forget(&ctx);
    grant = (struct grant){.role = role, .area = area, .unit = NONE, .organisation = team};
    ctx.actor = (struct actor){.user = user,
                               .name = "somebody",
                               .roles = ROLE_PUBLIC | role,
                               .grants = &grant,
                               .grant_count = 1,
                               .via = "command"};
}

static void office(void)
{
    act(ROLE_OFFICE, NONE, NONE, NONE);
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
    ctx.lang = "en";
    ctx.now = 1773017400; /* 2026-03-09, a Monday, 08:50 in the office */
    xinghu = query_int(ctx.db, "SELECT id FROM areas WHERE code = {}", "441202001001");
    dongmen = query_int(ctx.db, "SELECT id FROM areas WHERE code = {}", "441202001002");
    office();
    return xinghu == NONE || dongmen == NONE ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    return store_close(&store, &ctx);
}

static int64_t filed(int64_t area, int64_t due)
{
    office();
    struct request *r = record_new(&ctx, &requests_kind);
    r->subject = "楼下垃圾没人清";
    r->text = "三天了。";
    r->area = area;
    r->channel = "phone";
    r->due = due;
    assert_int_equal(request_file(&ctx, r, NULL), OK);
    return r->record.id;
}

static void changed(int64_t id, void (*how)(struct request *r, int64_t value), int64_t value)
{
    const struct request *before = record_get(&ctx, &requests_kind, id);
    struct request *after = record_copy(&ctx, &requests_kind, before);
    how(after, value);
    assert_int_equal(record_update(&ctx, &requests_kind, before, after, "test"), OK);
}

static void handled_by(struct request *r, int64_t who)
{
    r->status = "handling";
    r->handler = who;
}

static void contact_by(struct request *r, int64_t when)
{
    r->first_contact_due = when;
}

static void contacted_at(struct request *r, int64_t when)
{
    r->first_contact_at = when;
}

static void parked_to(struct request *r, int64_t when)
{
    r->status = "parked";
    r->parked_until = when;
}

/* Where the record of a source stands in the actor's list; -1: nowhere. */
static int place_of(const char *source, int64_t id)
{
    struct due_item items[200];
    int n = due_items(&ctx, 0, items, 200);
    for (int i = 0; i < n; i++)
        if (!strcmp(items[i].source->id, source) && items[i].id == id)
            return i;
    return -1;
}

static int64_t volunteer(const char *name, int64_t area, int64_t team, const char *status)
{
    office();
    struct person *p = record_new(&ctx, &people_kind);
    p->name = name;
    p->area = query_int(ctx.db,
                        "SELECT id FROM areas WHERE community = {} AND level = 'estate' "
                        "ORDER BY id LIMIT 1",
                        area);
    assert_true(record_check(&ctx, &people_kind, NULL, p));
    assert_int_equal(record_insert(&ctx, &people_kind, p, "test"), OK);
    struct volunteer *v = record_new(&ctx, &volunteers_kind);
    v->person = p->record.id;
    v->team = team;
    v->status = status;
    assert_int_equal(volunteer_file(&ctx, v, NULL), OK);
    return v->record.id;
}

static int64_t held(int64_t volunteer, int64_t attended)
{
    struct hours *h = record_new(&ctx, &hours_kind);
    h->volunteer = volunteer;
    h->day = "2026-03-07";
    h->month = 202603;
    h->attended = attended;
    h->counted = HOURS_FREE;
    h->held = attended - HOURS_FREE;
    assert_int_equal(record_insert(&ctx, &hours_kind, h, "test"), OK);
    return h->record.id;
}

static void one_list_has_all_kinds_the_earliest_first(void **state)
{
    (void)state;
    int64_t late = filed(xinghu, ctx.now - WHEN_DAY),
            later = filed(xinghu, ctx.now + 40 * WHEN_DAY);
    int64_t applied = volunteer("林一", xinghu, NONE, "applied"),
            hours = held(volunteer("林二", xinghu, NONE, "active"), 9 * WHEN_HOUR);
    act(ROLE_WORKER, user("xinghu1"), xinghu, NONE);
    int first = place_of("requests.dispatch", late), last = place_of("requests.dispatch", later);
    assert_true(first >= 0 && first < place_of("volunteers.apply", applied));
    assert_true(place_of("volunteers.apply", applied) < last);
    assert_true(first < place_of("hours.decide", hours) && place_of("hours.decide", hours) < last);
    struct due_item items[200];
    int n = due_items(&ctx, 0, items, 200);
    for (int i = 1; i < n; i++)
        assert_true(items[i - 1].due <= items[i].due);
    assert_int_equal(due_count(&ctx, true), n);
    /* the second page goes on where the first ends */
    struct due_item second[3];
    assert_int_equal(due_items(&ctx, 1, second, 3), 3);
    assert_int_equal(second[0].id, items[1].id);
    assert_int_equal(second[2].id, items[3].id);
}

static void nobody_sees_what_is_out_of_their_scope(void **state)
{
    (void)state;
    int64_t here = filed(xinghu, ctx.now + WHEN_DAY), there = filed(dongmen, ctx.now + WHEN_DAY);
    int64_t applied = volunteer("赵远", dongmen, NONE, "applied"),
            hours = held(volunteer("赵近", dongmen, NONE, "active"), 9 * WHEN_HOUR);
    act(ROLE_WORKER, user("xinghu1"), xinghu, NONE);
    assert_true(place_of("requests.dispatch", here) >= 0);
    assert_int_equal(place_of("requests.dispatch", there), -1);
    assert_int_equal(place_of("volunteers.apply", applied), -1);
    assert_int_equal(place_of("hours.decide", hours), -1);
    struct due_item items[200];
    int n = due_items(&ctx, 0, items, 200);
    for (int i = 0; i < n; i++)
        assert_true(record_reached(&ctx, items[i].source->kind, items[i].id));
    /* whoever only reads has nothing to do */
    act(ROLE_LEADER, NONE, NONE, NONE);
    assert_int_equal(due_count(&ctx, true), 0);
    act(ROLE_AUDITOR, NONE, NONE, NONE);
    assert_int_equal(due_items(&ctx, 0, items, 200), 0);
}

static void it_is_whose_turn_it_is(void **state)
{
    (void)state;
    int64_t id = filed(xinghu, ctx.now + WHEN_DAY), mine = user("xinghu1");
    changed(id, handled_by, mine);
    act(ROLE_WORKER, mine, xinghu, NONE);
    assert_true(place_of("requests.answer", id) >= 0);
    assert_int_equal(place_of("requests.dispatch", id), -1);
    act(ROLE_WORKER, user("city1"), xinghu, NONE);
    assert_int_equal(place_of("requests.answer", id), -1);
    /* on hold: in the list with its date, in the number only once that has come */
    changed(id, parked_to, ctx.now + 20 * WHEN_DAY);
    act(ROLE_WORKER, mine, xinghu, NONE);
    assert_true(place_of("requests.review", id) >= 0);
    int64_t all = due_count(&ctx, false), counted = due_count(&ctx, true);
    assert_int_equal(all, counted + 1);
    ctx.now += 20 * WHEN_DAY;
    assert_int_equal(due_count(&ctx, true), due_count(&ctx, false));
    ctx.now -= 20 * WHEN_DAY;
    /* more than twelve hours are the office's to decide */
    int64_t day = held(volunteer("林三", xinghu, NONE, "active"), 13 * WHEN_HOUR);
    act(ROLE_WORKER, mine, xinghu, NONE);
    assert_int_equal(place_of("hours.decide", day), -1);
    office();
    assert_true(place_of("hours.decide", day) >= 0);
}

static void a_teams_leader_has_what_the_team_heard(void **state)
{
    (void)state;
    int64_t team = query_int(ctx.db, "SELECT min(id) AS id FROM organisations WHERE kind = 'team'"),
            other = query_int(ctx.db,
                              "SELECT max(id) AS id FROM organisations WHERE kind = 'team'");
    assert_true(team != NONE && team != other);
    office();
    struct opinion *o = record_new(&ctx, &opinions_kind);
    o->text = "楼道灯不亮";
    o->team = team;
    o->area = xinghu;
    assert_int_equal(opinion_file(&ctx, o, NONE, NONE, NULL, NULL), OK);
    int64_t applied = volunteer("林四", xinghu, team, "applied");
    act(ROLE_TEAM_LEADER, NONE, NONE, team);
    assert_true(place_of("opinions.handle", o->record.id) >= 0);
    assert_true(place_of("volunteers.apply", applied) >= 0);
    act(ROLE_TEAM_LEADER, NONE, NONE, other);
    assert_int_equal(place_of("opinions.handle", o->record.id), -1);
    assert_int_equal(place_of("volunteers.apply", applied), -1);
    /* once somebody handles the request, it is done for the team */
    office();
    changed(o->request, handled_by, user("xinghu1"));
    act(ROLE_TEAM_LEADER, NONE, NONE, team);
    assert_int_equal(place_of("opinions.handle", o->record.id), -1);
}

/* ---- due soon ---- */

static int64_t in_soon_view(void)
{
    const struct kind_view *v = work_views;
    while (strcmp(v->id, "soon") != 0)
        v++;
    struct list l;
    list_init(&ctx, &l, &requests_kind);
    kind_view_list(&ctx, v, &l);
    int64_t n = list_count(&ctx, &l);
    sql_release(&l.where);
    return n;
}

static int64_t in_figure(void)
{
    return figure_value(&ctx, figure_find("requests.due_soon"), &FIGURE_ALL).numerator;
}

static void due_soon_is_one_definition(void **state)
{
    (void)state;
    office();
    ctx.calendar = NULL;
    const struct calendar *cal = ctx_calendar(&ctx);
    int64_t soon = due_soon(cal, ctx.now), view = in_soon_view(), figure = in_figure();
    assert_int_equal(view, figure);
    notify_deadlines(&ctx);
    int64_t inside = filed(xinghu, soon), outside = filed(xinghu, soon + 1);
    assert_int_equal(in_soon_view(), view + 1);
    assert_int_equal(in_figure(), figure + 1);
    assert_true(countdown_of(&ctx, cal, soon).soon);
    assert_false(countdown_of(&ctx, cal, soon + 1).soon);
    notify_deadlines(&ctx);
    const char *told = "SELECT count(*) AS n FROM notices WHERE action = 'due-soon' AND kind = "
                       "'requests' AND record = ";
    struct sql q;
    for (int i = 0; i < 2; i++) {
        sql_init(&q, ctx.arena);
        sql_write(&q, told, NULL, 0);
        sql_add(&q, "{}", i ? outside : inside);
        struct rows *r = sql_query(ctx.db, &q);
        assert_true(rows_next(r));
        assert_int_equal(row_int(r, "n") > 0, i == 0);
        rows_end(r);
    }
}

/* ---- notices ---- */

static int64_t waiting(int64_t who, const char *action)
{
    return query_int(ctx.db,
                     "SELECT count(*) AS n FROM notices WHERE status = 'waiting' AND event LIKE "
                     "'due:%' AND recipient = {} AND action = {}",
                     arena_print(ctx.arena, "user:%lld", (long long)who), action);
}

static void words_are_told_once_and_withdrawn(void **state)
{
    (void)state;
    office();
    int64_t mine = user("xinghu1");
    change(ctx.db, "INSERT INTO settings (name, value) VALUES ('smtp.host', 'mail.example.cn')");
    change(ctx.db, "UPDATE users SET mail = NULL");
    change(ctx.db, "UPDATE users SET mail = 'one@example.cn' WHERE id = {}", mine);
    due_tell(&ctx);
    int64_t before = waiting(mine, "due-soon"), id = filed(xinghu, ctx.now + 9 * WHEN_DAY);
    changed(id, handled_by, mine);
    changed(id, contact_by, ctx.now + WHEN_HOUR);
    assert_int_equal(due_tell(&ctx), 1);
    assert_int_equal(waiting(mine, "due-soon"), before + 1);
    assert_int_equal(due_tell(&ctx), 0);
    /* moved: the earlier words are withdrawn, the new date is told */
    changed(id, contact_by, ctx.now + 2 * WHEN_HOUR);
    assert_int_equal(due_tell(&ctx), 1);
    assert_int_equal(waiting(mine, "due-soon"), before + 1);
    /* passed: the reminder is over, and that it is late is told */
    ctx.now += 3 * WHEN_HOUR;
    int64_t late = waiting(mine, "overdue");
    assert_true(due_tell(&ctx) >= 1);
    assert_true(waiting(mine, "overdue") > late);
    late = waiting(mine, "overdue");
    /* done: nobody hears of it any more */
    changed(id, contacted_at, ctx.now);
    due_tell(&ctx);
    assert_int_equal(waiting(mine, "overdue"), late - 1);
    ctx.now -= 3 * WHEN_HOUR;
}

static void a_requests_notices_are_withdrawn_with_its_deadline(void **state)
{
    (void)state;
    int64_t id = filed(xinghu, ctx.now + WHEN_HOUR);
    notify_deadlines(&ctx);
    assert_true(query_int(ctx.db,
                          "SELECT count(*) AS n FROM notices WHERE status = 'waiting' AND action = "
                          "'due-soon' AND kind = 'requests' AND record = {}",
                          id) > 0);
    changed(id, parked_to, ctx.now + 9 * WHEN_DAY);
    notify_deadlines(&ctx);
    assert_int_equal(query_int(ctx.db,
                               "SELECT count(*) AS n FROM notices WHERE status = 'waiting' AND "
                               "action = 'due-soon' AND kind = 'requests' AND record = {}",
                               id),
                     0);
}

static void a_feeds_address_is_its_owners_secret(void **state)
{
    (void)state;
    const char *a = feed_path(&ctx, "/due/calendar/", "due_feed", 7, "token"),
               *b = feed_path(&ctx, "/due/calendar/", "due_feed", 7, "other"),
               *c = feed_path(&ctx, "/due/calendar/", "volunteer_feed", 7, "token");
    const char *name = strrchr(a, '/') + 1;
    assert_int_equal(feed_id(name), 7);
    assert_true(feed_fits(&ctx, a, "/due/calendar/", name));
    assert_false(feed_fits(&ctx, b, "/due/calendar/", name));
    assert_string_not_equal(a, c);
    assert_null(feed_path(&ctx, "/due/calendar/", "due_feed", 7, NULL));
    assert_false(feed_fits(&ctx, NULL, "/due/calendar/", name));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_list_has_all_kinds_the_earliest_first),
        cmocka_unit_test(nobody_sees_what_is_out_of_their_scope),
        cmocka_unit_test(it_is_whose_turn_it_is),
        cmocka_unit_test(a_teams_leader_has_what_the_team_heard),
        cmocka_unit_test(due_soon_is_one_definition),
        cmocka_unit_test(words_are_told_once_and_withdrawn),
        cmocka_unit_test(a_requests_notices_are_withdrawn_with_its_deadline),
        cmocka_unit_test(a_feeds_address_is_its_owners_secret),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
