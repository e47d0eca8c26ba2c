/*
 * The parts of script/bench that a shell can't do: accuracy of suggestions on
 * a labelled sheet, what SQLite itself commits for the same rows, and how long
 * the search index takes to catch up. Each prints plain numbers.
 */
#include "app/activities/activities.h"
#include "program/install.h"
#include "core/module.h"
#include "app/visits/offers.h"
#include "app/registers/people.h"
#include "app/requests/requests.h"
#include "app/search/search.h"
#include "app/volunteers/volunteers.h"
#include "db/journal.h"
#include "base/when.h"
#include "kind/sheet.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static _Noreturn void stop(const char *why)
{
    fprintf(stderr, "bench: %s\n", why);
    exit(1);
}

static struct ctx *context(void)
{
    static struct ctx ctx;
    static const struct grant everywhere = {.role = ROLE_OFFICE, .area = NONE, .unit = NONE};
    ctx_init(&ctx, arena_new());
    ctx.actor.roles = ROLE_PUBLIC | ROLE_OFFICE;
    ctx.actor.grants = &everywhere;
    ctx.actor.grant_count = 1;
    return &ctx;
}

/* ---- match FOLDER ---- */

/* Milliseconds, best and median of 50, to rank 10,000 volunteers for a haircut at home. */
static int match(char **words)
{
    enum { VOLUNTEERS = 10000, RUNS = 50 };
    static const char *const skills[] = {"|haircut|", "|haircut|repair|", "|errand|",
                                         "|company|haircut|", "|repair|"};
    struct ctx *ctx = context();
    struct match found[60];
    double took[RUNS];
    int n = 0;
    if (install_create(ctx, words[0], "pack/chengdong", 0) != OK ||
        install_open(ctx, words[0], DB_WRITE) != OK)
        return command_failed(ctx);
    int64_t community = query_int(ctx->db,
                                  "SELECT min(id) AS id FROM areas WHERE level = 'community'");
    db_begin(ctx->db);
    for (int i = 0; i < VOLUNTEERS; i++) {
        change(ctx->db,
               "INSERT INTO people (created, updated, code, name, gender, community) VALUES (0, 0, "
               "{}, {}, {}, {})",
               arena_print(ctx->arena, "B%d", i), arena_print(ctx->arena, "志愿者%d", i),
               i % 2 ? "female" : "male", community + i % 10);
        change(ctx->db,
               "INSERT INTO volunteers (created, updated, number, person, community, status, "
               "skills, times, lat, lon) VALUES (0, 0, {}, {}, {}, 'active', {}, {}, {}, {})",
               arena_print(ctx->arena, "B%d", i), db_inserted(ctx->db), community + i % 10,
               skills[i % 5], i % 3 ? "|sat-am|sun-am|" : (const char *)NULL,
               23.04 + (i % 100) * 0.0005, 112.45 + (i / 100) * 0.0005);
    }
    if (db_commit(ctx->db) != OK)
        stop(db_failure(ctx->db));
    struct offer *o = record_new(ctx, &offers_kind);
    o->skill = "haircut";
    o->people = 2;
    o->community = community;
    o->lat = 23.05;
    o->lon = 112.47;
    o->starts = when_day_start(when_day(ctx->now) + 7 -
                               (when_weekday(when_day(ctx->now)) + 1) % 7) +
                9 * 3600;
    for (int i = 0; i < RUNS; i++) {
        double start = seconds();
        n = offer_match(ctx, o, found, 60);
        took[i] = (seconds() - start) * 1000;
        for (int j = i; j > 0 && took[j] < took[j - 1]; j--) {
            double t = took[j];
            took[j] = took[j - 1];
            took[j - 1] = t;
        }
    }
    printf("%d %.1f %.1f\n", n, took[0], took[RUNS / 2]);
    return n ? 0 : 1;
}

/* ---- door FOLDER PEOPLE ---- */

static const char *new_volunteer(struct ctx *ctx, int64_t community, int i)
{
    struct person *p = record_new(ctx, &people_kind);
    struct volunteer *v = record_new(ctx, &volunteers_kind);
    const char *code;
    p->name = arena_print(ctx->arena, "志愿者%d", i);
    p->area = community;
    p->consent_for = "|volunteer|";
    if (!record_check(ctx, &people_kind, NULL, p) ||
        record_insert(ctx, &people_kind, p, "join") != OK)
        return NULL;
    v->person = p->record.id;
    return volunteer_file(ctx, v, &code) == OK ? code : NULL;
}

/* Makes a store with people who have cards and an activity that is on; prints its id, the code at
 * the door now with its minute, and then a card a line. */
static int door_data(char **words)
{
    struct ctx *ctx = context();
    int people = atoi(words[1]);
    if (install_create(ctx, words[0], "pack/chengdong", 0) != OK ||
        install_open(ctx, words[0], DB_WRITE) != OK)
        return command_failed(ctx);
    int64_t community = query_int(ctx->db,
                                  "SELECT min(id) AS id FROM areas WHERE level = 'community'");
    struct activity *a = record_new(ctx, &activities_kind);
    a->title = "千人大清洁";
    a->kind = "clean_up";
    a->area = community;
    a->place = "湖边";
    a->starts = ctx->now - WHEN_HOUR;
    a->ends = ctx->now + 2 * WHEN_HOUR;
    db_begin(ctx->db);
    if (!record_check(ctx, &activities_kind, NULL, a) || activity_file(ctx, a) != OK)
        return command_failed(ctx);
    printf("%lld %s-%lld\n", (long long)a->record.id, entrance_code(ctx, a, ctx->now),
           (long long)(ctx->now / 60));
    for (int i = 0; i < people; i++) {
        const char *code = new_volunteer(ctx, community, i);
        if (!code)
            return command_failed(ctx);
        printf("%s\n", code);
    }
    if (db_commit(ctx->db) != OK)
        stop(db_failure(ctx->db));
    db_close(ctx->db);
    return 0;
}

/* ---- suggest SHEET FOLDER ---- */

struct labelled {
    int64_t id, category;
    const char *subject, *text;
};

static int64_t category_of(struct ctx *ctx, const char *name)
{
    int64_t id = query_int(ctx->db, "SELECT id FROM categories WHERE name = {}", name);
    if (id != NONE)
        return id;
    change(ctx->db, "INSERT INTO categories (created, updated, code, name) VALUES (0, 0, {}, {})",
           name, name);
    return db_inserted(ctx->db);
}

static int column_of(const struct sheet_row *row, const char *heading)
{
    for (int i = 0; i < row->count; i++)
        if (strstr(row->cells[i].text, heading))
            return i;
    stop("the sheet has no columns 留言主题, 留言详情 and 一级分类");
}

static const char *cell(struct ctx *ctx, const struct sheet_row *row, int column)
{
    return column < row->count ? arena_copy(ctx->arena, row->cells[column].text) : "";
}

static int read_labelled(struct ctx *ctx, const char *path, struct labelled *list, int most)
{
    size_t size;
    const char *why = "it can't be read";
    void *bytes = import_read_file(ctx, path, &size);
    struct sheet *sheet = bytes ? sheet_open(ctx->arena, bytes, size, &why) : NULL;
    struct sheet_row row;
    if (!sheet || !sheet_next(sheet, &row))
        stop(why);
    int subject = column_of(&row, "留言主题"), text = column_of(&row, "留言详情"),
        label = column_of(&row, "一级分类"), n = 0;
    db_begin(ctx->db);
    while (n < most && sheet_next(sheet, &row)) {
        struct request *r = record_new(ctx, &requests_kind);
        r->subject = cell(ctx, &row, subject);
        r->text = cell(ctx, &row, text);
        r->category = category_of(ctx, cell(ctx, &row, label));
        r->status = request_statuses[CLOSED].code;
        r->channel = "import";
        if (request_file(ctx, r, NULL) != OK)
            stop("a row can't be stored");
        list[n++] = (struct labelled){r->record.id, r->category, r->subject, r->text};
    }
    if (db_commit(ctx->db) != OK)
        stop(db_failure(ctx->db));
    sheet_close(sheet);
    free(bytes);
    return n;
}

static int most_frequent(const struct labelled *list, int n)
{
    int most = 0;
    for (int i = 0; i < n; i++) {
        int same = 0;
        for (int j = 0; j < n; j++)
            same += list[j].category == list[i].category;
        most = same > most ? same : most;
    }
    return most;
}

static int suggest(char **words)
{
    enum { MOST = 100000 };
    struct ctx *ctx = context();
    struct labelled *list = ARENA_ARRAY(ctx->arena, struct labelled, MOST);
    if (install_create(ctx, words[1], NULL, 0) != OK || install_open(ctx, words[1], DB_WRITE) != OK)
        return command_failed(ctx);
    int n = read_labelled(ctx, words[0], list, MOST), right = 0;
    if (n == 0 || search_follow(ctx) != OK)
        stop("nothing to learn from");
    double start = seconds();
    for (int i = 0; i < n; i++) {
        struct suggestion s;
        search_suggest(ctx, list[i].subject, list[i].text, list[i].id, &s);
        right += s.category == list[i].category;
    }
    printf("%d %d %d %.2f\n", n, right, most_frequent(list, n), (seconds() - start) * 1000 / n);
    db_close(ctx->db);
    return 0;
}

/* ---- raw SOURCE TARGET GROUP COUNT ---- */

static void run(sqlite3 *db, const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        stop(sqlite3_errmsg(db));
}

static sqlite3_stmt *prepared(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *s;
    if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK)
        stop(sqlite3_errmsg(db));
    return s;
}

static void step(sqlite3 *db, sqlite3_stmt *s, int64_t id)
{
    sqlite3_bind_int64(s, 1, id);
    if (sqlite3_step(s) != SQLITE_DONE)
        stop(sqlite3_errmsg(db));
    sqlite3_reset(s);
}

/* A request, its first event and its journal entry, as they are in SOURCE, into a store of the same
 * schema: rows a second, with a commit after each GROUP. */
static int raw(char **words)
{
    struct ctx *ctx = context();
    const char *why = NULL;
    int64_t group = strtoll(words[2], NULL, 10), count = strtoll(words[3], NULL, 10);
    ctx->db = db_open(words[1], DB_WRITE, ctx->arena, &why);
    if (!ctx->db || db_migrate(ctx->db, schema_steps, ctx->arena, &why) != OK)
        stop(why);
    db_close(ctx->db);
    sqlite3 *db;
    if (sqlite3_open(arena_print(ctx->arena, "%s/linli.db", words[1]), &db) != SQLITE_OK)
        stop("the store can't be opened");
    run(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = "
            "10000; PRAGMA cache_size = -16384;"
            "PRAGMA foreign_keys = OFF");
    char *attach = sqlite3_mprintf("ATTACH %Q AS src",
                                   arena_print(ctx->arena, "%s/linli.db", words[0]));
    run(db, attach);
    sqlite3_free(attach);
    run(db, "CREATE TEMP TABLE picked AS SELECT q.id AS id, (SELECT min(e.id) FROM "
            "src.events e WHERE e.record = q.id AND e.kind = 'requests') AS event,"
            " (SELECT min(j.seq) FROM src.journal j WHERE j.kind = 'requests' AND j.record = q.id) "
            "AS seq"
            " FROM (SELECT id FROM src.requests ORDER BY id DESC LIMIT 60000) q ORDER BY q.id");
    sqlite3_stmt *list = prepared(db, "SELECT id, event, seq FROM picked ORDER BY id");
    sqlite3_stmt *request = prepared(
        db, "INSERT INTO main.requests SELECT * FROM src.requests WHERE id = ?");
    sqlite3_stmt *event = prepared(db,
                                   "INSERT INTO main.events SELECT * FROM src.events WHERE id = ?");
    sqlite3_stmt *entry = prepared(
        db, "INSERT INTO main.journal SELECT * FROM src.journal WHERE seq = ?");
    int64_t n = 0;
    double start = seconds();
    for (; n < count && sqlite3_step(list) == SQLITE_ROW; n++) {
        if (n % group == 0)
            run(db, n ? "COMMIT; BEGIN IMMEDIATE" : "BEGIN IMMEDIATE");
        step(db, request, sqlite3_column_int64(list, 0));
        step(db, event, sqlite3_column_int64(list, 1));
        step(db, entry, sqlite3_column_int64(list, 2));
    }
    run(db, "COMMIT");
    printf("%.0f\n", (double)n / (seconds() - start));
    return 0;
}

/* ---- behind DATA LIMIT ---- */

/* Seconds until the index has read the journal's newest entry, while a server follows; at most
 * LIMIT. */
static int behind(char **words)
{
    struct ctx *ctx = context();
    const char *why = NULL;
    double start = seconds(), limit = strtod(words[1], NULL);
    if (install_open(ctx, words[0], DB_READ) != OK)
        return command_failed(ctx);
    struct db *index = db_open_file(arena_print(ctx->arena, "%s/search.db", words[0]), DB_READ,
                                    ctx->arena, &why);
    if (!index)
        stop(why);
    while (query_int(index, "SELECT value FROM state WHERE name = 'followed'") <
               journal_newest(ctx->db) &&
           seconds() - start < limit)
        usleep(20000);
    printf("%.2f\n", seconds() - start);
    db_close(index);
    db_close(ctx->db);
    return 0;
}

/* ---- index DATA ---- */

static int follow(char **words)
{
    struct ctx *ctx = context();
    if (install_open(ctx, words[0], DB_WRITE) != OK)
        return command_failed(ctx);
    double start = seconds();
    int failed = search_follow(ctx) != OK;
    printf("%.1f\n", seconds() - start);
    db_close(ctx->db);
    return failed;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int words;
        int (*run)(char **words);
    } parts[] = {{"suggest", 2, suggest}, {"raw", 4, raw},     {"behind", 2, behind},
                 {"index", 1, follow},    {"match", 1, match}, {"door", 2, door_data}};
    for (size_t i = 0; argc > 1 && i < sizeof parts / sizeof *parts; i++)
        if (!strcmp(argv[1], parts[i].name) && argc == parts[i].words + 2)
            return parts[i].run(argv + 2);
    fprintf(stderr, "linli-bench suggest SHEET FOLDER | raw SOURCE TARGET GROUP COUNT | behind "
                    "DATA SECONDS | index DATA | match FOLDER | door FOLDER PEOPLE\n");
    return 2;
}
