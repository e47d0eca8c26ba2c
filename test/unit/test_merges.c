/*
 * Merging two people or two organisations: exactly once, with what refers to
 * them, and undone so that the store is as it was, in whatever order merges and
 * undos come.
 */
#include "app/activities/activities.h"
#include "app/registers/registers.h"
#include "base/when.h"
#include "core/module.h"
#include "volunteer.h"

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

static void forget(void)
{
    ctx.status = OK;
    ctx.problems = NULL;
    ctx.problems_end = &ctx.problems;
    ctx.problem_count = 0;
    db_clear(ctx.db);
}

/* ---- the whole store as a text ---- */

static bool compared(const char *table)
{
    static const char *const apart[] = {"journal", "merges", "merge_moves", "merge_pairs", NULL};
    for (int i = 0; apart[i]; i++)
        if (!strcmp(apart[i], table))
            return false;
    return true;
}

static void dump_table(struct buf *out, struct arena *a, const char *table)
{
    struct sql q;
    const char *names[100];
    int n = 0;
    struct rows *r = db_names(ctx.db, DB_COLUMNS, table);
    while (rows_next(r)) {
        const char *name = row_text(r, "name");
        if (strcmp(name, "version") != 0 && strcmp(name, "updated") != 0)
            names[n++] = arena_copy(a, name);
    }
    sql_init(&q, a);
    sql_add(&q, "SELECT ");
    for (int i = 0; i < n; i++)
        sql_add(&q, "CAST({} AS text) AS c{}, ", (struct sql_name){names[i]},
                (struct sql_name){arena_print(a, "%d", i)});
    sql_add(&q, "0 AS c FROM {} ORDER BY 1, 2", (struct sql_name){table});
    r = sql_query(ctx.db, &q);
    plain(out, "== {}\n", table);
    while (rows_next(r)) {
        for (int i = 0; i < n; i++) {
            const char *text = row_text_at(r, i);
            plain(out, "{}={}|", names[i], text ? text : "NULL");
        }
        buf_putc(out, '\n');
    }
}

static char *dump(void)
{
    struct buf out;
    struct arena *a = arena_new();
    const char *tables[200];
    int n = 0;
    buf_init(&out, 0);
    struct rows *r = db_names(ctx.db, DB_TABLES, NULL);
    while (rows_next(r))
        if (compared(row_text(r, "name")))
            tables[n++] = row_copy(r, a, "name");
    for (int i = 0; i < n; i++)
        dump_table(&out, a, tables[i]);
    char *text = must_copy(out.data);
    buf_release(&out);
    arena_free(a);
    return text;
}

static void assert_as_before(const char *before)
{
    char *now = dump();
    const char *x = before, *y = now;
    while (*x && *x == *y)
        x++, y++;
    if (*x || *y) {
        while (x > before && x[-1] != '\n')
            x--, y--;
        fail_msg("before: %.*s\nnow: %.*s", (int)strcspn(x, "\n"), x, (int)strcspn(y, "\n"), y);
    }
    free(now);
}

/* ---- a small neighbourhood in which everything refers to everything ---- */

enum { PEOPLE = 14, VOLUNTEERS = 9, TEAMS = 6, DAYS = 4 };
static int64_t people[PEOPLE], teams[TEAMS];

static void helpers_made(void)
{
    static const char *const notes[] = {NULL, "不吃辣", "住三楼\n有电梯"};
    static const char *const tags[] = {NULL, "|request|", "|visit|activity|"};
    for (int i = 0; i < PEOPLE; i++) {
        struct person *p = record_new(&ctx, &people_kind);
        p->name = arena_print(ctx.arena, "某%d", i % 5);
        p->phone = i % 3 ? arena_print(ctx.arena, "138000001%02d", i % 7) : NULL;
        p->address = i % 2 ? arena_print(ctx.arena, "幸福路%d号", i) : NULL;
        p->note = notes[i % 3];
        p->consent_for = tags[i % 3];
        p->area = query_int(ctx.db,
                            "SELECT id FROM areas WHERE level = 'estate' ORDER BY id LIMIT 1");
        assert_true(record_check(&ctx, &people_kind, NULL, p));
        assert_int_equal(record_insert(&ctx, &people_kind, p, "create"), OK);
        people[i] = p->record.id;
    }
    for (int i = 0; i < TEAMS; i++) {
        struct organisation *o = record_new(&ctx, &organisations_kind);
        o->name = arena_print(ctx.arena, "队%d", i);
        o->kind = "team";
        o->code = arena_print(ctx.arena, "T-X%d", i);
        o->parent = i == 5 ? teams[1] : NONE;
        o->what = i % 2 ? arena_print(ctx.arena, "设施%d", i) : NULL;
        assert_true(record_check(&ctx, &organisations_kind, NULL, o));
        assert_int_equal(record_insert(&ctx, &organisations_kind, o, "create"), OK);
        teams[i] = o->record.id;
    }
}

static int64_t activity_made(int64_t team)
{
    change(ctx.db,
           "INSERT INTO activities (created, updated, number, title, kind, organisation, starts, "
           "ends, status) VALUES (0, 0, {}, '清洁', 'service', {}, {}, {}, 'open')",
           arena_print(ctx.arena, "A-X%lld", (long long)team), team, ctx.now, ctx.now + 7200);
    return db_inserted(ctx.db);
}

static void service_made(int64_t volunteer, int i, int64_t activity)
{
    static const char *const states[] = {"signed", "waiting", "cancelled"};
    change(ctx.db,
           "INSERT INTO sign_ups (created, updated, code, activity, volunteer, name, status) "
           "VALUES (0, 0, {}, {}, {}, '某', {})",
           arena_print(ctx.arena, "S-X%d", i), activity, volunteer, states[i % 3]);
    for (int d = 0; d < DAYS; d++) {
        int64_t day = when_day(ctx.now) - 10 - (d * (i + 1)) % 7,
                from = when_day_start(day) + 3600 * (8 + i % 3);
        change(ctx.db,
               "INSERT INTO attendances (created, updated, code, activity, volunteer, came, went, "
               "how, status) VALUES (0, 0, {}, {}, {}, {}, {}, 'leader', 'good')",
               arena_print(ctx.arena, "T-X%d-%d", i, d), activity, volunteer, from,
               from + 3600 * (2 + i % 8));
        change(ctx.db,
               "INSERT INTO marks (created, code, activity, volunteer, direction, at, how) VALUES "
               "(0, {}, {}, {}, 'in', {}, 'leader')",
               arena_print(ctx.arena, "M-X%d-%d", i, d), activity, volunteer, from);
        assert_int_equal(hours_compute(&ctx, volunteer, day), OK);
    }
    int64_t row = query_int(ctx.db, "SELECT min(id) AS id FROM hours WHERE volunteer = {}",
                            volunteer);
    if (i % 2)
        assert_int_equal(hours_decide(&ctx, record_must(&ctx, &hours_kind, row), 5400, "核实"), OK);
}

static void neighbourhood(void)
{
    helpers_made();
    int64_t activity = activity_made(teams[2]);
    activity_made(teams[3]);
    for (int i = 0; i < VOLUNTEERS; i++) {
        struct volunteer *v = record_new(&ctx, &volunteers_kind);
        v->person = people[i];
        v->team = teams[i % TEAMS];
        v->skills = i % 2 ? "|haircut|" : NULL;
        assert_int_equal(volunteer_file(&ctx, v, NULL), OK);
        service_made(v->record.id, i, activity);
    }
    for (int i = 0; i < PEOPLE; i++)
        change(ctx.db,
               "INSERT INTO posts (created, updated, code, person, organisation, role) VALUES (0, "
               "0, {}, {}, {}, 'member')",
               arena_print(ctx.arena, "P-X%d", i), people[i], teams[i % TEAMS]);
    for (int i = 0; i < TEAMS; i++) {
        change(ctx.db,
               "INSERT INTO grants (\"user\", role, organisation) SELECT min(id), 'team_leader', "
               "CAST({} AS bigint) FROM users",
               teams[i]);
        change(ctx.db,
               "INSERT INTO events (kind, record, at, action) VALUES ('organisations', {}, 0, 'x')",
               teams[i]);
    }
    assert_int_equal(db_status(ctx.db), OK);
}

/* ---- merging ---- */

static enum status merge(const struct kind *k, int64_t kept, int64_t gone, int64_t *id)
{
    struct merge m = {.id = NONE};
    const void *a = record_must(&ctx, k, kept), *b = record_must(&ctx, k, gone);
    void *after = record_copy(&ctx, k, a);
    merge_defaults(&ctx, k, a, b, after);
    if (!record_check(&ctx, k, a, after))
        return ctx.status;
    enum status s = merge_run(&ctx, k, a, after, b, NONE, &m);
    if (id)
        *id = m.id;
    return s;
}

/* In a transaction of its own, as the writer runs it. */
static enum status try_merge(const struct kind *k, int64_t kept, int64_t gone, int64_t *id)
{
    forget();
    assert_int_equal(db_begin(ctx.db), OK);
    enum status s = merge(k, kept, gone, id);
    if (s == OK)
        assert_int_equal(db_commit(ctx.db), OK);
    else
        db_rollback(ctx.db);
    return s;
}

static enum status try_undo(int64_t id)
{
    struct merge_left left;
    forget();
    assert_int_equal(db_begin(ctx.db), OK);
    enum status s = merge_undo(&ctx, id, &left);
    if (s == OK)
        assert_int_equal(db_commit(ctx.db), OK);
    else
        db_rollback(ctx.db);
    return s;
}

static void undo_everything(void)
{
    for (;;) {
        int64_t id = query_int(ctx.db, "SELECT max(id) AS id FROM merges WHERE undone_at IS NULL "
                                       "AND part_of IS NULL");
        if (id == NONE)
            return;
        assert_int_equal(try_undo(id), OK);
    }
}

static void a_thousand_merges_and_undos_leave_the_store_as_it_was(void **state)
{
    (void)state;
    neighbourhood();
    char *before = dump();
    int merged = 0, undone = 0, refused = 0;
    srand(20261130);
    for (int i = 0; i < 1000; i++) {
        bool person = rand() % 3 != 0;
        enum status s;
        if (rand() % 5 < 3) {
            int64_t a = person ? people[rand() % PEOPLE] : teams[rand() % TEAMS],
                    b = person ? people[rand() % PEOPLE] : teams[rand() % TEAMS];
            s = try_merge(person ? &people_kind : &organisations_kind, a, b, NULL);
            merged += s == OK;
        } else {
            int64_t n = query_int(ctx.db,
                                  "SELECT count(*) AS n FROM merges WHERE undone_at IS NULL "
                                  "AND part_of IS NULL");
            if (n < 1)
                continue;
            s = try_undo(query_int(ctx.db,
                                   "SELECT id FROM merges WHERE undone_at IS NULL AND part_of IS "
                                   "NULL ORDER BY id LIMIT 1 OFFSET {}",
                                   (int64_t)(rand() % (int)n)));
            undone += s == OK;
        }
        if (s != OK && s != CONFLICT)
            fail_msg("%d: %s %s", i, ctx.problems ? ctx.problems->text : "", db_failure(ctx.db));
        refused += s != OK;
        if (i % 100 == 99) {
            undo_everything();
            assert_as_before(before);
        }
    }
    print_message("%d merged, %d undone, %d refused\n", merged, undone, refused);
    assert_true(merged > 200 && undone > 100);
    free(before);
}

static void hours_and_places_count_once(void **state)
{
    (void)state;
    neighbourhood();
    const struct volunteer *k = record_find(&ctx, &volunteers_kind, "number", "V0000001");
    (void)k;
    int64_t a = query_int(ctx.db, "SELECT id FROM volunteers WHERE person = {}", people[0]),
            b = query_int(ctx.db, "SELECT id FROM volunteers WHERE person = {}", people[3]);
    /* the same shift, and the same two hours of one day */
    change(ctx.db, "UPDATE sign_ups SET status = 'signed' WHERE volunteer IN ({}, {})", a, b);
    int64_t day = when_day(ctx.now) - 30;
    for (int i = 0; i < 2; i++) {
        change(ctx.db,
               "INSERT INTO attendances (created, updated, code, volunteer, came, went, how, "
               "status) VALUES (0, 0, {}, {}, {}, {}, 'leader', 'good')",
               arena_print(ctx.arena, "T-Y%d", i), i ? b : a, when_day_start(day) + 36000,
               when_day_start(day) + 43200);
        assert_int_equal(hours_compute(&ctx, i ? b : a, day), OK);
    }
    assert_int_equal(try_merge(&people_kind, people[0], people[3], NULL), OK);
    assert_int_equal(query_int(ctx.db,
                               "SELECT sum(counted) AS n FROM hours WHERE day = {} AND volunteer "
                               "IN ({}, {})",
                               day_iso(ctx.arena, day), a, b),
                     7200);
    assert_int_equal(query_int(ctx.db,
                               "SELECT count(*) AS n FROM sign_ups WHERE status = 'signed' AND "
                               "volunteer IN ({}, {})",
                               a, b),
                     1);
    assert_int_equal(query_int(ctx.db, "SELECT merged_into FROM volunteers WHERE id = {}", b), a);
    assert_int_equal(query_int(ctx.db,
                               "SELECT count(*) AS n FROM volunteers WHERE id IN ({}, {}) AND "
                               "status = 'active'",
                               a, b),
                     1);
}

static void what_was_changed_since_stays(void **state)
{
    (void)state;
    neighbourhood();
    int64_t id;
    change(ctx.db, "UPDATE people SET gender = NULL WHERE id = {}", people[0]);
    change(ctx.db, "UPDATE people SET gender = 'female' WHERE id = {}", people[1]);
    assert_int_equal(try_merge(&people_kind, people[0], people[1], &id), OK);
    const struct person *p = record_must(&ctx, &people_kind, people[0]);
    assert_string_equal(p->gender, "female"); /* what only the other said */
    struct person *after = record_copy(&ctx, &people_kind, p);
    after->gender = "male";
    assert_int_equal(record_update(&ctx, &people_kind, p, after, "change"), OK);
    change(ctx.db, "UPDATE posts SET person = {} WHERE code = 'P-X1'", people[2]);
    struct merge_left left;
    assert_int_equal(merge_undo(&ctx, id, &left), OK);
    p = record_must(&ctx, &people_kind, people[0]);
    assert_string_equal(p->gender, "male");
    assert_int_equal(query_int(ctx.db, "SELECT person FROM posts WHERE code = 'P-X1'"), people[2]);
    assert_int_equal(left.rows, 1);
    assert_non_null(strstr(left.fields, "性别"));
    assert_int_equal(try_undo(id), CONFLICT); /* once */
}

static void refused_with_the_reason(void **state)
{
    (void)state;
    neighbourhood();
    assert_int_equal(try_merge(&people_kind, people[0], people[0], NULL), CONFLICT);
    assert_int_equal(try_merge(&people_kind, people[0], people[1], NULL), OK);
    assert_int_equal(try_merge(&people_kind, people[0], people[1], NULL), CONFLICT);
    assert_int_equal(try_merge(&people_kind, people[1], people[2], NULL), CONFLICT);
    /* an organisation that lies below the other can't be the one that stays */
    assert_int_equal(try_merge(&organisations_kind, teams[5], teams[1], NULL), CONFLICT);
    assert_non_null(strstr(ctx.problems->text, "上级"));
    change(ctx.db, "UPDATE organisations SET kind = 'social' WHERE id = {}", teams[2]);
    assert_int_equal(try_merge(&organisations_kind, teams[0], teams[2], NULL), CONFLICT);
    /* the record that was read has been changed meanwhile */
    forget();
    const struct person *a = record_must(&ctx, &people_kind, people[4]),
                        *b = record_must(&ctx, &people_kind, people[5]);
    change(ctx.db, "UPDATE people SET version = version + 1 WHERE id = {}", people[5]);
    struct merge m;
    assert_int_equal(db_begin(ctx.db), OK);
    assert_int_equal(
        merge_run(&ctx, &people_kind, a, record_copy(&ctx, &people_kind, a), b, NONE, &m),
        CONFLICT);
    db_rollback(ctx.db);
}

/* Every column of the schema that refers to a kind that can be merged is moved, or is a reason of
 * its own. */
static void no_reference_is_forgotten(void **state)
{
    (void)state;
    int found = 0;
    for (const struct kind *const *k = modules_kinds(); *k; k++) {
        if (!merge_takes(*k) || strcmp((*k)->name, (*k)->table) != 0)
            continue;
        const struct merge_column *list = merge_columns(&ctx, *k);
        for (const struct schema_step *s = schema_steps; s->number; s++) {
            const char *what = arena_print(ctx.arena, "REFERENCES %s (id)", (*k)->table), *at;
            for (const char *from = s->sql; (at = strstr(from, what)) != NULL; from = at + 1) {
                const char *line = at;
                while (line > s->sql && line[-1] != '\n')
                    line--;
                if (!strncmp(line, "ALTER TABLE", 11))
                    line = strstr(line, "ADD COLUMN") + 11;
                line += strspn(line, " \"");
                const char *column = arena_copyn(ctx.arena, line, strcspn(line, " \""));
                bool moved = false;
                for (const struct merge_column *c = list; c->table; c++)
                    moved |= !strcmp(c->column, column);
                if (!moved && strcmp((*k)->table, "volunteers") != 0)
                    fail_msg("%s: a column %s is not moved", (*k)->name, column);
                found++;
            }
        }
    }
    assert_true(found > 10);
}

static void pairs_are_proposed(void **state)
{
    (void)state;
    neighbourhood();
    change(ctx.db, "UPDATE people SET phone = NULL, phone_key = NULL, address = NULL, born = NULL");
    pairs_renew(&ctx);
    assert_int_equal(pairs_count(&ctx, &people_kind), 0); /* equal names, and blanks, are nothing */
    struct person *a = record_must(&ctx, &people_kind, people[0]), *b;
    for (int i = 0; i < 2; i++) {
        b = record_copy(&ctx, &people_kind, a);
        a->phone = NULL;
        b->phone = "13900000001";
        b->name = i ? "小明" : "王小明";
        assert_int_equal(record_update(&ctx, &people_kind, a, b, "change"), OK);
        a = record_must(&ctx, &people_kind, people[1]);
    }
    pairs_renew(&ctx);
    assert_int_equal(pairs_count(&ctx, &people_kind), 1);
    int64_t pair = query_int(ctx.db, "SELECT id FROM merge_pairs WHERE kind = 'people'");
    assert_int_equal(pair_deny(&ctx, &people_kind, pair), OK);
    b = record_copy(&ctx, &people_kind, a = record_must(&ctx, &people_kind, people[2]));
    b->note = "变了";
    assert_int_equal(record_update(&ctx, &people_kind, a, b, "change"), OK);
    pairs_renew(&ctx);
    assert_int_equal(pairs_count(&ctx, &people_kind), 0); /* remembered */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_thousand_merges_and_undos_leave_the_store_as_it_was),
        TEST(hours_and_places_count_once),
        TEST(what_was_changed_since_stays),
        TEST(refused_with_the_reason),
        TEST(no_reference_is_forgotten),
        TEST(pairs_are_proposed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
