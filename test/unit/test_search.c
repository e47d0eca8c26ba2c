/*
 * Search on a store of its own: what the index finds is what reading every
 * request finds; it follows, is made again, and never decides alone.
 */
#include "program/install.h"
#include "app/requests/requests.h"
#include "app/search/search.h"
#include "app/search/search_index.h"
#include "core/store.h"
#include "base/text.h"
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

static const struct {
    const char *subject, *text, *name, *phone, *category;
} corpus[] = {
    {"小区门口噪音扰民", "每天晚上十一点以后烧烤店的音响很大声，影响休息。", "陈先生",
     "13800000001", "env-noise"},
    {"公交车不停站", "703路公交在A市B3区站台经常甩站，地铁3号线出口也没有接驳。", "梁女士",
     "13800000002", NULL},
    {"WiFi 信号差", "社区活动室的ＷＩＦＩ连不上，密码abc123456也不对。", "Smith", "13800000003",
     NULL},
    {"电梯停运", "12栋电梯坏了三天，噪声和异响已经很久。", "单雄信", "13800000004", NULL},
    {"路灯不亮", "公园路到交通局一段路灯不亮，公  交站也看不见。", "陈先生", "13800000005", NULL},
    {"垃圾清运", "垃圾桶满了，没人清。", "吕阿婆", "13800000006", "env-rubbish"},
    {"垃圾没人清", "楼下垃圾桶满了两天，气味很大，请清运。", "黄伯", "13800000007", "env-rubbish"},
    {"、", "只有标点……！", "何先生", "13800000008", NULL},
};
#define CORPUS ((int)(sizeof corpus / sizeof *corpus))

static const char *index_file(void)
{
    return arena_print(ctx.arena, "%s/search.db", store_folder(ctx.arena, store.data));
}

static void remove_index(void)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    for (int i = 0; i < 3; i++)
        unlink(arena_print(ctx.arena, "%s%s", index_file(), ends[i]));
}

/* The index follows what is sealed. */
static enum status follow(void)
{
    journal_finish(ctx.db);
    return search_follow(&ctx);
}

static void file_one(const char *subject, const char *text, const char *name, const char *phone,
                     const char *category)
{
    assert_int_equal(db_begin(ctx.db), OK);
    struct request *r = record_new(&ctx, &requests_kind);
    r->subject = subject;
    r->text = text;
    r->requester_name = name;
    r->requester_phone = phone;
    r->channel = "web";
    r->visibility = "office";
    if (category) {
        r->category = query_int(ctx.db, "SELECT id FROM categories WHERE code = {}", category);
        r->unit = query_int(ctx.db, "SELECT min(id) AS id FROM units");
        r->status = "closed";
    }
    assert_int_equal(request_file(&ctx, r, NULL), OK);
    assert_int_equal(db_commit(ctx.db), OK);
}

static int set_up(void **state)
{
    (void)state;
    if (store_install(&store, &ctx) != 0)
        return -1;
    for (int i = 0; i < CORPUS; i++)
        file_one(corpus[i].subject, corpus[i].text, corpus[i].name, corpus[i].phone,
                 corpus[i].category);
    return follow() == OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    remove_index();
    return store_close(&store, &ctx);
}

/* Numbers in the corpus (id - 1 of what set_up filed first), newest first, as text. */
static const char *ids_of(struct list *l)
{
    const char *text = "";
    struct rows *rows = list_run(&ctx, l);
    for (struct request *r; (r = list_next(&ctx, &requests_kind, rows, ctx.arena)) != NULL;)
        text = arena_print(ctx.arena, "%s %lld", text, (long long)r->record.id);
    return text;
}

static const char *searched(const char *q)
{
    struct list l;
    list_init(&ctx, &l, &requests_kind);
    struct list_total total = search_list(&ctx, &l, q);
    assert_false(total.more);
    return arena_print(ctx.arena, "%lld:%s", (long long)total.count, ids_of(&l));
}

static bool has(const char *text, const char *q)
{
    char *words = arena_copy(ctx.arena, text_key(ctx.arena, q)), *kept;
    for (char *w = strtok_r(words, " ", &kept); w; w = strtok_r(NULL, " ", &kept))
        if (!strstr(text, w))
            return false;
    return true;
}

/* What reading every request finds; subject and text each may hold some of the words. */
static const char *read_through(const char *q)
{
    const char *ids = "";
    int count = 0;
    struct rows *r = query(ctx.db, "SELECT id, subject, text FROM requests ORDER BY id DESC");
    while (rows_next(r))
        if (has(text_key(ctx.arena, arena_print(ctx.arena, "%s\n%s", row_text(r, "subject"),
                                                row_text(r, "text"))),
                q)) {
            ids = arena_print(ctx.arena, "%s %lld", ids, (long long)row_int(r, "id"));
            count++;
        }
    return arena_print(ctx.arena, "%d:%s", count, ids);
}

static void index_equals_reading(void **state)
{
    (void)state;
    static const char *const queries[] = {
        "噪音",         "公交",     "噪",        "公",
        "公交车不停站", "交站",     "703路",     "703",
        "3号",          "B3区",     "b3",        "A市",
        "wifi",         "WIFI",     "if",        "i",
        "abc123456",    "c1234",    "123",       "12栋",
        "垃圾 满",      "清 垃圾",  "噪音 公交", "、",
        "……！",         "没有这个", "x",         "栋电梯坏了三天，噪声和异响",
        "天，噪",       "局一段",
    };
    assert_int_equal(access(index_file(), F_OK), 0);
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        const char *expected = read_through(queries[i]);
        assert_string_equal(searched(queries[i]), expected);
    }
    remove_index();
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        const char *expected = read_through(queries[i]);
        assert_string_equal(searched(queries[i]), expected);
    }
    assert_int_equal(follow(), OK);
}

static void names_numbers_and_telephones_are_found(void **state)
{
    (void)state;
    assert_string_equal(searched("陈先生"), "2: 5 1");
    assert_string_equal(searched("shanxiongxin"), "1: 4");
    assert_string_equal(searched("shanxiong"), "1: 4");
    assert_string_equal(searched("SXX"), "1: 4");
    assert_string_equal(searched("smith"), "1: 3");
    assert_string_equal(searched("13800000006"), "1: 6");
    assert_string_equal(searched("13899999999"), "0:");
    assert_string_equal(searched("138 0000 0006"), "1: 6");
    assert_string_equal(searched("+86 138-0000-0006"), "1: 6");
    /* whoever joined is found as well, also by what stands in an address */
    struct joiner j = {.phone = "0758-2234999"};
    const char *code;
    assert_int_equal(joiner_add(&ctx, record_get(&ctx, &requests_kind, 5), &j, NULL, &code), OK);
    assert_string_equal(searched("0758-2234999"), "1: 5");
    assert_string_equal(searched("07582234999"), "1: 5");
    assert_string_equal(searched(search_words(&ctx, "0758-2234999")), "1: 5");
    assert_string_equal(searched(search_words(&ctx, "13800000006")), "1: 6");
    const struct request *r = record_get(&ctx, &requests_kind, 2);
    assert_string_equal(searched(r->number), "1: 2");
    assert_string_equal(
        searched(arena_print(ctx.arena, "编号：%.8s–%s。", r->number, r->number + 9)), "1: 2");
}

static void a_number_is_found_by_its_end_and_a_telephone_by_its_last_four(void **state)
{
    (void)state;
    const struct request *r = record_get(&ctx, &requests_kind, 2);
    assert_string_equal(searched("00002"), "1: 2");
    assert_string_equal(searched(arena_print(ctx.arena, "%.4s-%s", r->number + 4, r->number + 9)),
                        "1: 2");
    for (int index = 0; index < 2; index++) { /* by the index, and without one */
        if (index == 0)
            assert_int_equal(follow(), OK);
        else
            remove_index();
        assert_non_null(strstr(searched("0006"), " 6"));
        assert_non_null(strstr(searched("4999"), " 5")); /* who joined */
        assert_null(strstr(searched("8888"), " 6"));
    }
    assert_int_equal(search_follow(&ctx), OK);
    ctx.actor.roles = ROLE_LEADER; /* sees telephones masked */
    assert_null(strstr(searched("4999"), " 5"));
    ctx.actor.roles = ROLE_OFFICE;
}

static void spellings_are_alike(void **state)
{
    (void)state;
    file_one("水管老化", "请人来看看，垃\u200b圾\u200c堆着。", "区先生", "13800000077", NULL);
    int64_t id = query_int(ctx.db, "SELECT max(id) AS id FROM requests");
    const char *found = arena_print(ctx.arena, "1: %lld", (long long)id);
    for (int index = 0; index < 2; index++) {
        assert_string_equal(searched("⽔管⽼化"), found);
        assert_string_equal(searched("請人來"), found);
        assert_string_equal(searched("垃圾堆着"), found);
        assert_int_equal(search_follow(&ctx), OK);
    }
}

static void pages_and_conditions_narrow_a_search(void **state)
{
    (void)state;
    struct list l;
    list_init(&ctx, &l, &requests_kind);
    l.limit = 1;
    l.offset = 1;
    struct list_total total = search_list(&ctx, &l, "垃圾");
    assert_int_equal(total.count, 2);
    assert_string_equal(ids_of(&l), " 6");
    list_init(&ctx, &l, &requests_kind);
    sql_add(&l.where, " AND status = {}", "received");
    assert_int_equal(search_list(&ctx, &l, "垃圾").count, 0);
    assert_string_equal(ids_of(&l), "");
    list_init(&ctx, &l, &requests_kind);
    assert_int_equal(search_list(&ctx, &l, "  ").count,
                     query_int(ctx.db, "SELECT count(*) AS n FROM requests"));
    sql_release(&l.where);
}

/* Hundreds of like requests in a few days, nearly all still open, and the closed ones are asked
 * for. */
static void a_burst_does_not_hide_what_is_looked_for(void **state)
{
    (void)state;
    const char *expected = "";
    int closed = 0;
    assert_int_equal(db_begin(ctx.db), OK);
    for (int i = 0; i < 640; i++) {
        struct request *r = record_new(&ctx, &requests_kind);
        r->subject = i % 7 == 3 ? "杨絮满天" : "柳絮满天";
        r->text = "飞絮进了家里，老人一直咳嗽。";
        assert_int_equal(request_file(&ctx, r, NULL), OK);
        if (i % 60 == 1) {
            change(ctx.db, "UPDATE requests SET status = 'closed' WHERE id = {}", r->record.id);
            expected = arena_print(ctx.arena, " %lld%s", (long long)r->record.id, expected);
            closed++;
        }
    }
    assert_int_equal(db_commit(ctx.db), OK);
    assert_int_equal(follow(), OK);
    struct list l;
    list_init(&ctx, &l, &requests_kind);
    sql_add(&l.where, " AND status = {}", "closed");
    struct list_total total = search_list(&ctx, &l, "飞絮");
    assert_false(total.more);
    assert_int_equal(total.count, closed);
    assert_string_equal(ids_of(&l), expected);
}

static void a_new_request_is_found_before_and_after_the_index_read_it(void **state)
{
    (void)state;
    file_one("河涌发臭", "河涌的水又黑又臭。", "区先生", NULL, NULL);
    const char *expected = read_through("河涌");
    assert_string_equal(searched("河涌"), expected);
    assert_int_equal(follow(), OK);
    assert_string_equal(searched("河涌"), expected);
}

static void a_changed_text_is_found_by_its_new_words_only(void **state)
{
    (void)state;
    const struct request *before = record_get(&ctx, &requests_kind, 8);
    struct request *after = record_copy(&ctx, &requests_kind, before);
    after->text = "改成了鸽子的事。";
    assert_int_equal(db_begin(ctx.db), OK);
    assert_int_equal(record_update(&ctx, &requests_kind, before, after, "edit"), OK);
    assert_int_equal(db_commit(ctx.db), OK);
    assert_int_equal(follow(), OK);
    assert_string_equal(searched("鸽子"), "1: 8");
    assert_string_equal(searched("只有标点"), "0:");
}

static void a_deleted_index_is_made_again(void **state)
{
    (void)state;
    remove_index();
    assert_int_equal(follow(), OK);
    assert_int_equal(access(index_file(), F_OK), 0);
    assert_string_equal(searched("垃圾"), "2: 7 6");
}

static void a_file_that_is_no_index_is_made_again(void **state)
{
    (void)state;
    remove_index();
    FILE *f = fopen(index_file(), "w");
    assert_non_null(f);
    fputs(
        "this is not a database, and long enough to be looked at as one: no, it is not, really not",
        f);
    fclose(f);
    assert_string_equal(searched("垃圾"), "2: 7 6");
    assert_int_equal(follow(), OK);
    assert_string_equal(searched("垃圾"), "2: 7 6");
    assert_int_equal(ctx.status, OK);
}

/* Entries missing in the middle are passed over; a journal that ends before where the index stood
 * is another history. */
static void gaps_and_another_history_are_met(void **state)
{
    (void)state;
    file_one("第一件", "缺口之前。", "甲", NULL, NULL);
    file_one("第二件", "缺口之后。", "乙", NULL, NULL);
    change(ctx.db, "DELETE FROM journal WHERE seq = (SELECT max(seq) - 1 FROM journal)");
    assert_int_equal(follow(), OK);
    file_one("第三件", "又一件。", "丙", NULL, NULL);
    assert_int_equal(follow(), OK);
    assert_string_equal(searched("又一件"), read_through("又一件"));
    change(ctx.db, "DELETE FROM journal WHERE seq > 3");
    assert_int_equal(follow(), OK);
    assert_string_equal(searched("缺口"), read_through("缺口"));
}

static void alike_requests_suggest_category_and_unit(void **state)
{
    (void)state;
    struct search_hit hits[5];
    int n = search_similar(&ctx, NULL, "我家楼下垃圾桶又满了，没人来清运", SEARCH_ALL, NONE, NONE,
                           NONE, hits, 5);
    assert_true(n >= 2);
    assert_true((hits[0].id == 6 || hits[0].id == 7) && (hits[1].id == 6 || hits[1].id == 7));
    assert_true(hits[0].score >= hits[1].score && hits[0].score <= 1.000001);
    assert_int_equal(
        search_similar(&ctx, NULL, "垃圾桶又满了", SEARCH_OPEN, NONE, NONE, NONE, hits, 5), 0);
    n = search_similar(&ctx, corpus[6].subject, corpus[6].text, SEARCH_CLOSED, NONE, NONE, 7, hits,
                       5);
    for (int i = 0; i < n; i++)
        assert_int_not_equal(hits[i].id, 7);
    file_one("垃圾桶满了没人清", "楼下垃圾桶又满了，气味很大。", "谭伯", NULL, NULL);
    const int64_t newest = query_int(ctx.db, "SELECT max(id) AS id FROM requests");
    struct search_index *x = index_reader(&ctx);
    assert_true(newest > index_newest(x));
    index_done(x);
    assert_int_equal(
        search_similar(&ctx, "垃圾桶满了", "没人清", SEARCH_OPEN, NONE, NONE, NONE, hits, 5), 1);
    assert_int_equal(hits[0].id, newest); /* before the index read it */
    assert_int_equal(
        search_similar(&ctx, "垃圾桶满了", "没人清", SEARCH_OPEN, NONE, NONE, newest, hits, 5), 0);
    struct suggestion s;
    search_suggest(&ctx, "垃圾桶满了", "没人清运，气味大", NONE, &s);
    assert_int_equal(s.category,
                     query_int(ctx.db, "SELECT id FROM categories WHERE code = 'env-rubbish'"));
    assert_int_equal(s.unit, query_int(ctx.db, "SELECT min(id) AS id FROM units"));
    assert_int_equal(s.votes, 2);
    int of = s.of;
    for (int i = 0; i < 20; i++) { /* an archive without categories has no say */
        struct request *r = record_new(&ctx, &requests_kind);
        r->subject = "垃圾桶满了";
        r->text = "没人清运，气味大";
        assert_int_equal(request_file(&ctx, r, NULL), OK);
        change(ctx.db, "UPDATE requests SET status = 'closed', category = NULL WHERE id = {}",
               r->record.id);
    }
    assert_int_equal(follow(), OK);
    search_suggest(&ctx, "垃圾桶满了", "没人清运，气味大", NONE, &s);
    assert_int_equal(s.votes, 2);
    assert_int_equal(s.of, of);
    search_suggest(&ctx, "", "", NONE, &s);
    assert_int_equal(s.category, NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(index_equals_reading),
        cmocka_unit_test(names_numbers_and_telephones_are_found),
        cmocka_unit_test(a_number_is_found_by_its_end_and_a_telephone_by_its_last_four),
        cmocka_unit_test(pages_and_conditions_narrow_a_search),
        cmocka_unit_test(a_new_request_is_found_before_and_after_the_index_read_it),
        cmocka_unit_test(a_changed_text_is_found_by_its_new_words_only),
        cmocka_unit_test(a_deleted_index_is_made_again),
        cmocka_unit_test(a_file_that_is_no_index_is_made_again),
        cmocka_unit_test(gaps_and_another_history_are_met),
        cmocka_unit_test(alike_requests_suggest_category_and_unit),
        cmocka_unit_test(spellings_are_alike),
        cmocka_unit_test(a_burst_does_not_hide_what_is_looked_for),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
