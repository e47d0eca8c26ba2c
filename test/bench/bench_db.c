/*
 * What a back end does in a second: rows written through the writer, as in the
 * program, and read by a reader. The row has about 200 bytes and two indexes;
 * test/bench/db.sh lets pgbench insert the same one.
 *
 *     bench_db ADDRESS ROWS
 */
#include "db/journal.h"
#include "db/writer.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define UNDER_WAY 5000 /* tasks submitted and not yet done: what many connections would have */

static const char text[] = "楼道灯坏了一个星期，晚上看不见台阶，已经有老人摔倒，请尽快派人来看一看"
                           "。单元门口的垃圾桶也满了。The light is out.";

struct job {
    struct task task;
    int64_t number;
    struct arena *arena; /* journals too; NULL: the row only */
    atomic_int *left;
};

static enum status job_run(struct task *t, struct db *db)
{
    struct job *j = (struct job *)t;
    enum status s = change(db, "INSERT INTO bench (n, area, text) VALUES ({}, {}, {})", j->number,
                           j->number % 100, text);
    if (s != OK || !j->arena)
        return s;
    struct ctx ctx;
    arena_clear(j->arena);
    ctx_init(&ctx, j->arena);
    ctx.db = db;
    return journal_add(&ctx, "bench", db_inserted(db), "create", NULL,
                       "{\"text\":\"楼道灯坏了一个星期\"}");
}

static void job_done(struct task *t, enum status s)
{
    struct job *j = (struct job *)t;
    if (s != OK) {
        fprintf(stderr, "a row was not written\n");
        exit(1);
    }
    atomic_fetch_sub(j->left, 1);
    free(j);
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void say_rate(const char *what, int64_t n, double from)
{
    printf("%-44s %10.0f /s\n", what, (double)n / (seconds() - from));
    fflush(stdout);
}

static void write_rows(struct db *db, const char *what, int64_t rows, bool journalled)
{
    struct arena *a = arena_new();
    struct writer *w = writer_start(db);
    atomic_int left = 0;
    double from = seconds();
    for (int64_t i = 0; i < rows; i++) {
        struct job *j = must_alloc(sizeof *j);
        *j = (struct job){.task = {.run = job_run, .done = job_done},
                          .number = i,
                          .arena = journalled ? a : NULL,
                          .left = &left};
        while (atomic_load(&left) >= UNDER_WAY)
            usleep(200);
        atomic_fetch_add(&left, 1);
        if (!writer_submit(w, &j->task))
            exit(1);
    }
    while (atomic_load(&left))
        usleep(200);
    say_rate(what, rows, from);
    writer_stop(w); /* closes db */
    arena_free(a);
}

static void read_rows(struct db *db, int64_t rows)
{
    double from = seconds();
    for (int64_t i = 0; i < rows; i++)
        if (query_int(db, "SELECT n FROM bench WHERE id = {}", i % rows + 1) == NONE)
            exit(1);
    say_rate("one row by its number", rows, from);
    int64_t pages = rows / 20;
    from = seconds();
    for (int64_t i = 0; i < pages; i++) {
        db_begin(db);
        struct rows *r = query(
            db, "SELECT id, n, area, text FROM bench WHERE area = {} ORDER BY id DESC LIMIT 50",
            i % 100);
        int n = 0;
        while (rows_next(r))
            n += row_text(r, "text") != NULL;
        db_rollback(db);
        if (n == 0)
            exit(1);
    }
    say_rate("a page of 50 in a transaction", pages, from);
}

static struct db *opened(const char *address, enum db_mode mode, struct arena *a)
{
    const char *why = NULL;
    struct db *db = db_open(address, mode, a, &why);
    if (!db) {
        fprintf(stderr, "%s\n", why);
        exit(1);
    }
    return db;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "bench_db ADDRESS ROWS\n");
        return 2;
    }
    struct arena *a = arena_new();
    const char *why = NULL;
    int64_t rows = strtoll(argv[2], NULL, 10);
    struct db *db = opened(argv[1], DB_CREATE, a);
    if (db_migrate(db, schema_steps, a, &why) != OK ||
        db_script(db, "CREATE TABLE IF NOT EXISTS bench (id integer PRIMARY KEY, n bigint, area "
                      "bigint, text text);"
                      "CREATE INDEX IF NOT EXISTS bench_area ON bench (area, id); CREATE INDEX IF "
                      "NOT EXISTS bench_n ON bench (n)") != OK) {
        fprintf(stderr, "%s\n", why ? why : db_failure(db));
        return 1;
    }
    write_rows(db, "rows written, one a task", rows, false);
    write_rows(opened(argv[1], DB_CREATE, a), "rows with their journal entry, one a task", rows,
               true);
    db = opened(argv[1], DB_READ, a);
    read_rows(db, rows);
    db_close(db);
    arena_free(a);
    return 0;
}
