/*
 * The writer and the audit log: acknowledged changes stay, a failed one fails
 * alone, and tampering is found.
 */
#include "db/head.h"
#include "db/journal.h"
#include "db/writer.h"
#include "store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct place {
    struct arena *arena;
    struct store store;
};

static struct db *open_store(struct place *p, enum db_mode mode)
{
    const char *why = NULL;
    struct db *db = db_open(p->store.address, mode, p->arena, &why);
    if (!db)
        fail_msg("%s", why);
    return db;
}

static int setup(void **state)
{
    struct place *p = must_alloc(sizeof *p);
    p->arena = arena_new();
    store_new(&p->store);
    const char *why = NULL;
    struct db *db = open_store(p, DB_CREATE);
    enum status s = db_migrate(db, schema_steps, p->arena, &why);
    if (s == OK)
        s = db_script(db, "CREATE TABLE t (id bigint UNIQUE, data blob)");
    db_close(db);
    *state = p;
    return s == OK ? 0 : -1;
}

static int teardown(void **state)
{
    struct place *p = *state;
    store_remove(&p->store);
    arena_free(p->arena);
    free(p);
    return 0;
}

/* A task that inserts a number; negative: the number's absolute value, then it fails. */
struct insert {
    struct task task;
    int64_t id;
    size_t size;      /* bytes of data */
    enum status seen; /* what done was told */
    int done;         /* how often */
    int made;         /* runs that were not taken back */
    int runs;         /* all of them */
    int pipe;         /* tells the number when acknowledged; 0: none */
};

static void insert_again(struct task *t)
{
    ((struct insert *)t)->made--;
}

static enum status insert_run(struct task *t, struct db *db)
{
    struct insert *i = (struct insert *)t;
    i->made++;
    i->runs++;
    static const char zeros[200000];
    enum status s = change(db, "INSERT INTO t (id, data) VALUES ({}, {})",
                           i->id < 0 ? -i->id : i->id,
                           arg_bytes((struct bytes){i->size ? zeros : NULL, i->size}));
    return i->id < 0 ? FORBIDDEN : s;
}

/* Looks away from a failing statement and says all is well. */
static enum status careless_run(struct task *t, struct db *db)
{
    insert_run(t, db);
    return OK;
}

static void insert_done(struct task *t, enum status s)
{
    struct insert *i = (struct insert *)t;
    i->seen = s;
    i->done++;
    if (i->pipe && s == OK && write(i->pipe, &i->id, sizeof i->id) != sizeof i->id)
        abort();
}

static void failing_tasks_go_alone(struct place *p, bool bare)
{
    enum { MANY = 3000 };
    struct insert *all = must_alloc(sizeof *all * MANY);
    struct writer *w = writer_start(open_store(p, DB_CREATE));
    for (int i = 0; i < MANY; i++) {
        all[i].task = (struct task){.run = i % 10 == 4 ? careless_run : insert_run,
                                    .done = insert_done,
                                    .again = insert_again,
                                    .bare = bare};
        all[i].id = i % 10 == 3   ? -(i + 1)
                    : i % 10 == 4 ? 1
                                  : i + 1; /* 3: fails; 4: there already */
        assert_true(writer_submit(w, &all[i].task));
    }
    struct insert last = {.task = {.run = insert_run, .done = insert_done}, .id = 999999};
    assert_int_equal(writer_run(w, &last.task), OK);
    struct writer_stats stats = writer_stats(w);
    writer_stop(w);
    assert_int_equal(last.done, 1);
    assert_int_equal(stats.tasks, MANY + 1);
    assert_int_equal(stats.failed, MANY / 5);
    assert_int_equal(stats.waiting, 0);
    assert_true(stats.largest <= WRITER_GROUP);
    struct db *db = open_store(p, DB_READ);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(all[i].done, 1);
        assert_int_equal(all[i].made, 1);
        assert_true(bare || store_on_postgres() || all[i].runs == 1);
        assert_int_equal(all[i].seen, i % 10 == 3 ? FORBIDDEN : i % 10 == 4 ? CONFLICT : OK);
        if (i % 10 != 4)
            assert_int_equal(query_int(db, "SELECT count(*) FROM t WHERE id = {}", i + 1),
                             i % 10 == 3 ? 0 : 1);
    }
    db_close(db);
    free(all);
}

static void a_failing_task_goes_alone(void **state)
{
    failing_tasks_go_alone(*state, false);
}

static void a_failing_task_goes_alone_where_all_may_run_twice(void **state)
{
    failing_tasks_go_alone(*state, true);
}

/* A task that runs until it is let go, so that the next ones wait in the queue. */
struct hold {
    struct task task;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool running, over;
};

static enum status hold_run(struct task *t, struct db *db)
{
    struct hold *h = (struct hold *)t;
    (void)db;
    pthread_mutex_lock(&h->lock);
    h->running = true;
    pthread_cond_broadcast(&h->changed);
    while (!h->over)
        pthread_cond_wait(&h->changed, &h->lock);
    pthread_mutex_unlock(&h->lock);
    return OK;
}

static void hold_done(struct task *t, enum status s)
{
    (void)t;
    (void)s;
}

/* Returns once it runs. */
static void hold_begin(struct hold *h, struct writer *w)
{
    *h = (struct hold){.task = {.run = hold_run, .done = hold_done}};
    pthread_mutex_init(&h->lock, NULL);
    pthread_cond_init(&h->changed, NULL);
    assert_true(writer_submit(w, &h->task));
    pthread_mutex_lock(&h->lock);
    while (!h->running)
        pthread_cond_wait(&h->changed, &h->lock);
    pthread_mutex_unlock(&h->lock);
}

static void hold_end(struct hold *h)
{
    pthread_mutex_lock(&h->lock);
    h->over = true;
    pthread_cond_broadcast(&h->changed);
    pthread_mutex_unlock(&h->lock);
}

static void the_first_of_a_group_fails_alone(void **state)
{
    struct insert all[3];
    struct hold h;
    struct writer *w = writer_start(open_store(*state, DB_CREATE));
    hold_begin(&h, w);
    for (int i = 0; i < 3; i++) {
        all[i] = (struct insert){
            .task = {.run = insert_run, .done = insert_done, .again = insert_again},
            .id = i == 0 ? -1 : i + 1};
        assert_true(writer_submit(w, &all[i].task));
    }
    hold_end(&h);
    writer_stop(w);
    assert_int_equal(all[0].seen, FORBIDDEN);
    assert_int_equal(all[1].seen, OK);
    assert_int_equal(all[2].seen, OK);
}

static void a_full_queue_takes_no_more(void **state)
{
    struct insert *all = must_alloc(sizeof *all * (WRITER_QUEUE + 1));
    struct hold h;
    struct writer *w = writer_start(open_store(*state, DB_CREATE));
    hold_begin(&h, w);
    for (int i = 0; i <= WRITER_QUEUE; i++) {
        all[i] = (struct insert){
            .task = {.run = insert_run, .done = insert_done, .again = insert_again}, .id = i + 1};
        assert_int_equal(writer_submit(w, &all[i].task), i < WRITER_QUEUE);
    }
    hold_end(&h);
    writer_stop(w);
    assert_int_equal(all[WRITER_QUEUE - 1].seen, OK);
    assert_int_equal(all[WRITER_QUEUE].done, 0);
    free(all);
}

static void stopping_runs_what_waits(void **state)
{
    enum { MANY = 2000 };
    struct insert *all = must_alloc(sizeof *all * MANY);
    struct writer *w = writer_start(open_store(*state, DB_CREATE));
    for (int i = 0; i < MANY; i++) {
        all[i] = (struct insert){.task = {.run = insert_run, .done = insert_done}, .id = i + 1};
        assert_true(writer_submit(w, &all[i].task));
    }
    writer_stop(w);
    for (int i = 0; i < MANY; i++)
        assert_true(all[i].done == 1 && all[i].seen == OK);
    free(all);
}

static void the_log_is_moved_into_the_file_beside_the_writer(void **state)
{
    enum { MANY = 120 };
    struct place *p = *state;
    struct insert *all = must_alloc(sizeof *all * MANY);
    struct writer *w = writer_start(open_store(p, DB_CREATE));
    for (int i = 0; i < MANY; i++) {
        all[i] = (struct insert){.task = {.run = insert_run}, .id = i + 1, .size = 190000};
        assert_int_equal(writer_run(w, &all[i].task), OK);
    }
    struct stat st = {.st_size = 0};
    for (int i = 0; i < 4800 && st.st_size < MANY * 190000 / 2; i++) { /* within two minutes */
        usleep(25000);
        assert_int_equal(stat(arena_print(p->arena, "%s/linli.db", p->store.address), &st), 0);
    }
    assert_true(st.st_size >= MANY * 190000 / 2);
    writer_stop(w);
    struct db *db = open_store(p, DB_READ);
    assert_int_equal(query_int(db, "SELECT count(*) FROM t WHERE length(data) = 190000"), MANY);
    db_close(db);
    free(all);
}

static void a_full_disk_acknowledges_nothing_it_lost(void **state)
{
    enum { MANY = 60 };
    struct place *p = *state;
    struct db *db = open_store(p, DB_CREATE);
    int64_t pages = query_int(db, "PRAGMA page_count");
    assert_int_equal(db_script(db, arena_print(p->arena, "PRAGMA max_page_count = %lld",
                                               (long long)pages + 100)),
                     OK);
    struct writer *w = writer_start(db);
    static struct insert all[MANY];
    for (int i = 0; i < MANY; i++) {
        all[i] = (struct insert){
            .task = {.run = insert_run, .done = insert_done}, .id = i + 1, .size = 40000};
        assert_true(writer_submit(w, &all[i].task));
    }
    writer_stop(w);
    db = open_store(p, DB_READ);
    int refused = 0;
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(all[i].done, 1);
        assert_true(all[i].seen == OK || all[i].seen == UNAVAILABLE);
        assert_int_equal(query_int(db, "SELECT count(*) FROM t WHERE id = {}", i + 1),
                         all[i].seen == OK);
        refused += all[i].seen != OK;
    }
    assert_true(refused > 0);
    db_close(db);
}

/* ---- a disk that loses what was not synced, or fails ----
 * The C library's fdatasync is this one, for SQLite too. What a file held when it was called is
 * what the disk holds afterwards, and all that it holds. After one that failed the system takes its
 * pages for written: they only get to the disk when something is written to them once more. */

struct file {
    char name[40];
    char *data;
    size_t size;
};
static struct disk {
    pthread_mutex_t lock;
    struct file files[4];
    int count;
    bool on;
    atomic_bool losing;
    bool lost[1 << 16]; /* pages of the log */
    atomic_int failing; /* syncs of the log that fail yet */
} disk = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct file read_file(int fd, const char *path)
{
    struct file f = {.size = 0};
    struct stat st;
    snprintf(f.name, sizeof f.name, "%.39s", strrchr(path, '/') + 1);
    if (fstat(fd, &st) != 0)
        abort();
    f.data = must_alloc((size_t)st.st_size + 1);
    ssize_t n = pread(fd, f.data, (size_t)st.st_size, 0);
    f.size = n > 0 ? (size_t)n : 0;
    return f;
}

enum { PAGE = 4096 };

static struct file *on_disk(const char *name)
{
    int i = 0;
    while (i < disk.count && strcmp(disk.files[i].name, name) != 0)
        i++;
    if (i == disk.count)
        disk.files[disk.count++] = (struct file){.size = 0};
    return &disk.files[i];
}

static void keep_page(struct file *f, const struct file *there, size_t at)
{
    size_t n = f->size - at < PAGE ? f->size - at : PAGE,
           kept = there->size > at ? there->size - at : 0;
    memset(f->data + at, 0, n);
    memcpy(f->data + at, there->data + at, kept < n ? kept : n);
}

static bool is_log(const char *path)
{
    size_t n = strlen(path);
    return n > 4 && strcmp(path + n - 4, "-wal") == 0;
}

static void disk_holds(struct file f)
{
    struct file *there = on_disk(f.name);
    for (size_t at = 0; at < f.size && is_log(f.name); at += PAGE)
        if (disk.lost[at / PAGE])
            keep_page(&f, there, at);
    free(there->data);
    *there = f;
}

/* All that the disk does not hold yet. */
static void lose(struct file f)
{
    const struct file *there = on_disk(f.name);
    for (size_t at = 0; at < f.size; at += PAGE) {
        size_t n = f.size - at < PAGE ? f.size - at : PAGE;
        disk.lost[at / PAGE] |= at + n > there->size ||
                                memcmp(f.data + at, there->data + at, n) != 0;
    }
    atomic_store(&disk.losing, true);
    free(f.data);
}

static void path_of(int fd, char *path, size_t room)
{
    char link[40];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, room - 1);
    path[n > 0 ? n : 0] = '\0';
}

ssize_t pwrite(int fd, const void *data, size_t n, off_t at)
{
    char path[300] = "";
    if (atomic_load(&disk.losing))
        path_of(fd, path, sizeof path);
    if (is_log(path)) {
        pthread_mutex_lock(&disk.lock);
        for (size_t page = (size_t)at / PAGE; page * PAGE < (size_t)at + n; page++)
            disk.lost[page] = false;
        pthread_mutex_unlock(&disk.lock);
    }
    return syscall(SYS_pwrite64, fd, data, n, at);
}

int fdatasync(int fd)
{
    char path[300];
    path_of(fd, path, sizeof path);
    if (!disk.on || !*path)
        return (int)syscall(SYS_fdatasync, fd);
    bool fails = is_log(path) && atomic_load(&disk.failing) > 0;
    pthread_mutex_lock(&disk.lock);
    (fails ? lose : disk_holds)(read_file(fd, path));
    pthread_mutex_unlock(&disk.lock);
    if (!fails)
        return 0;
    atomic_fetch_sub(&disk.failing, 1);
    errno = EIO;
    return -1;
}

static void disk_begin(const struct place *p)
{
    const char *path = arena_print(p->arena, "%s/linli.db", p->store.address);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    disk.on = true;
    disk_holds(read_file(fd, path));
    close(fd); /* before anybody has a lock on it, which this would drop */
}

static void disk_end(void)
{
    while (disk.count > 0)
        free(disk.files[--disk.count].data);
    memset(disk.lost, 0, sizeof disk.lost);
    atomic_store(&disk.losing, false);
    disk.on = false;
}

/* What would be found after the power went now, in a folder of its own. */
static const char *disk_after_power_cut(struct place *p, int number)
{
    const char *folder = arena_print(p->arena, "%s/cut-%d", p->store.address, number);
    if (mkdir(folder, 0700) != 0)
        abort();
    pthread_mutex_lock(&disk.lock);
    for (int i = 0; i < disk.count; i++) {
        int fd = open(arena_print(p->arena, "%s/%s", folder, disk.files[i].name),
                      O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0 ||
            write(fd, disk.files[i].data, disk.files[i].size) != (ssize_t)disk.files[i].size)
            abort();
        close(fd);
    }
    pthread_mutex_unlock(&disk.lock);
    return folder;
}

static void assert_found(struct place *p, const char *folder, const struct insert *all, int count)
{
    const char *why = NULL;
    struct db *db = db_open(folder, DB_CREATE, p->arena, &why);
    if (!db)
        fail_msg("%s", why);
    assert_int_equal(db_check(db, p->arena, &why), OK);
    for (int i = 0; i < count; i++)
        assert_int_equal(query_int(db, "SELECT length(data) FROM t WHERE id = {}", all[i].id),
                         all[i].size);
    db_close(db);
}

/* The power goes just after the last of them was acknowledged. */
struct cut {
    struct place *place;
    int number;
    const char *folder;
};
static struct cut cut_now;

static void cut_done(struct task *t, enum status s)
{
    insert_done(t, s);
    cut_now.folder = disk_after_power_cut(cut_now.place, cut_now.number);
}

static void what_is_acknowledged_outlasts_a_power_cut(void **state)
{
    enum { CUTS = 30, MANY = 40 };
    struct place *p = *state;
    static struct insert all[CUTS * MANY];
    const char *folders[CUTS];
    disk_begin(p);
    struct writer *w = writer_start(open_store(p, DB_CREATE));
    struct db *other = open_store(p, DB_CREATE);
    cut_now = (struct cut){.place = p};
    for (int c = 0; c < CUTS; c++) {
        cut_now.number = c;
        for (int i = c * MANY; i < (c + 1) * MANY; i++) {
            all[i] = (struct insert){
                .task = {.run = insert_run, .done = insert_done, .bare = c % 2},
                .id = i + 1,
                .size = (size_t)(900 + i)};
            if (i + 1 == (c + 1) * MANY)
                all[i].task.done = cut_done;
            else
                assert_true(writer_submit(w, &all[i].task));
        }
        assert_int_equal(writer_run(w, &all[(c + 1) * MANY - 1].task), OK);
        folders[c] = cut_now.folder;
        if (c % 5 == 2) /* the log goes into the file and begins anew */
            db_script(other, "PRAGMA wal_checkpoint(PASSIVE)");
    }
    db_close(other);
    writer_stop(w);
    disk_end();
    for (int c = 0; c < CUTS; c++)
        assert_found(p, folders[c], all, (c + 1) * MANY);
}

static void a_disk_that_fails_to_sync_acknowledges_nothing(void **state)
{
    enum { ROUNDS = 40, MANY = 30 };
    struct place *p = *state;
    static struct insert all[ROUNDS * MANY];
    static struct insert kept[ROUNDS * MANY];
    disk_begin(p);
    struct writer *w = writer_start(open_store(p, DB_CREATE));
    int refused = 0, acknowledged = 0;
    for (int r = 0; r < ROUNDS; r++) {
        atomic_store(&disk.failing, r % 4 == 1 ? 1 : r % 4 == 2 ? 3 : 0);
        for (int i = r * MANY; i < (r + 1) * MANY; i++) {
            all[i] = (struct insert){
                .task = {.run = insert_run, .done = insert_done, .bare = r % 2},
                .id = i + 1,
                .size = 500};
            if (i + 1 < (r + 1) * MANY)
                assert_true(writer_submit(w, &all[i].task));
        }
        enum status last = writer_run(w, &all[(r + 1) * MANY - 1].task);
        assert_true(last == OK || last == UNAVAILABLE);
        assert_true(r % 4 == 1 || r % 4 == 2 || atomic_load(&disk.failing) == 0);
    }
    atomic_store(&disk.failing, 0);
    struct insert end = {.task = {.run = insert_run, .done = insert_done}, .id = 1000000};
    assert_int_equal(writer_run(w, &end.task), OK); /* service is back by itself */
    const char *folder = disk_after_power_cut(p, 0);
    writer_stop(w);
    disk_end();
    for (int i = 0; i < ROUNDS * MANY; i++) {
        assert_int_equal(all[i].done, 1);
        refused += all[i].seen != OK;
        if (all[i].seen == OK)
            kept[acknowledged++] = all[i];
    }
    assert_true(refused > ROUNDS / 2 && acknowledged > ROUNDS * MANY / 2 - refused);
    assert_found(p, folder, kept, acknowledged);
}

/* Writes until it is killed, telling every acknowledged number. */
static void write_for_ever(struct place *p, int out)
{
    enum { AT_ONCE = 200 };
    struct writer *w = writer_start(open_store(p, DB_CREATE));
    static struct insert all[AT_ONCE];
    for (int64_t id = 1;;) {
        for (int i = 0; i < AT_ONCE; i++) {
            all[i] = (struct insert){
                .task = {.run = insert_run, .done = insert_done}, .id = id++, .pipe = out};
            if (!writer_submit(w, &all[i].task))
                _exit(1);
        }
        struct insert last = {
            .task = {.run = insert_run, .done = insert_done}, .id = id++, .pipe = out};
        if (writer_run(w, &last.task) != OK)
            _exit(1);
    }
}

static void a_killed_process_loses_nothing_acknowledged(void **state)
{
    struct place *p = *state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(ends[0]);
        write_for_ever(p, ends[1]);
    }
    close(ends[1]);
    int64_t id, told = 0, newest = 0;
    while (read(ends[0], &id, sizeof id) == sizeof id) {
        newest = id;
        if (++told == 1500)
            assert_int_equal(kill(child, SIGKILL), 0);
    }
    close(ends[0]);
    int how;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFSIGNALED(how));
    assert_true(told >= 1500);
    struct db *db = open_store(p, DB_CREATE);
    const char *why = NULL;
    assert_int_equal(db_check(db, p->arena, &why), OK);
    assert_int_equal(query_int(db, "SELECT count(*) FROM t WHERE id <= {}", newest), told);
    db_close(db);
}

static void tampering_with_the_journal_shows(void **state)
{
    static const struct {
        const char *sql;
        int64_t first_bad;
        const char *why; /* NULL: whatever fits */
    } cases[] = {
        {"UPDATE journal SET after = '{\"status\":\"closed\"}' WHERE seq = 1500", 1500},
        {"UPDATE journal SET actor_name = NULL WHERE seq = 2", 2},
        {"UPDATE journal SET at_ms = at_ms + 1 WHERE seq = 1", 1},
        {"UPDATE journal SET key = 'other' WHERE seq = 1001", 1001},
        {"DELETE FROM journal WHERE seq = 1000", 1001, "the previous entry is missing"},
        {"DELETE FROM journal WHERE seq = 1", 2},
        {"UPDATE journal SET hash = prev WHERE seq = 2500", 2500},
        {"UPDATE journal SET seq = 9999 WHERE seq = 2500", 9999},
    };
    struct place *p = *state;
    struct ctx ctx;
    ctx_init(&ctx, p->arena);
    ctx.db = open_store(p, DB_CREATE);
    ctx.actor.name = "李 – 测试";
    ctx.actor.via = "command";
    struct journal_report report;
    assert_int_equal(journal_verify(ctx.db, p->arena, &report), OK);
    assert_int_equal(journal_newest(ctx.db), 0);
    assert_int_equal(db_begin(ctx.db), OK);
    for (int i = 1; i <= 2500; i++)
        assert_int_equal(journal_add(&ctx, "requests", i, "dispatch", i % 2 ? NULL : "{}",
                                     "{\"status\":\"new\"}"),
                         OK);
    assert_int_equal(db_commit(ctx.db), OK);
    journal_finish(ctx.db);
    assert_int_equal(journal_verify(ctx.db, p->arena, &report), OK);
    assert_int_equal(report.entries, 2500);
    assert_true(report.first_bad == NONE);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(db_begin(ctx.db), OK);
        assert_int_equal(db_change(ctx.db, cases[i].sql, NULL, 0), OK);
        assert_int_equal(db_changed(ctx.db), 1);
        assert_int_equal(journal_verify(ctx.db, p->arena, &report), CONFLICT);
        assert_int_equal(report.first_bad, cases[i].first_bad);
        assert_non_null(report.why);
        if (cases[i].why)
            assert_string_equal(report.why, cases[i].why);
        db_rollback(ctx.db);
    }
    assert_int_equal(journal_verify(ctx.db, p->arena, &report), OK);
    db_close(ctx.db);
}

/* A replaced file may hold an entry with that number; only the hash tells that it is another one.
 */
static void another_journal_of_the_same_length_shows(void **state)
{
    struct place *p = *state;
    struct ctx ctx;
    struct head head;
    const char *why = NULL;
    ctx_init(&ctx, p->arena);
    ctx.db = open_store(p, DB_CREATE);
    assert_int_equal(db_begin(ctx.db), OK);
    assert_int_equal(journal_add(&ctx, "requests", 1, "dispatch", NULL, "{}"), OK);
    assert_int_equal(db_commit(ctx.db), OK);
    head_keep(ctx.db);
    assert_int_equal(head_check(ctx.db, p->arena, &why), OK);
    assert_true(head_now(ctx.db, &head));
    head.hash[31] ^= 1;
    int file = head_open(p->store.address);
    head_write(file, &head);
    close(file);
    assert_int_equal(head_check(ctx.db, p->arena, &why), CONFLICT);
    assert_non_null(strstr(why, "has lost changes"));
    db_close(ctx.db);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(a_failing_task_goes_alone),
        CASE(a_failing_task_goes_alone_where_all_may_run_twice),
        CASE(the_first_of_a_group_fails_alone),
        CASE(a_full_queue_takes_no_more),
        CASE(stopping_runs_what_waits),
        CASE(a_killed_process_loses_nothing_acknowledged),
        CASE(tampering_with_the_journal_shows),
    };
    const struct CMUnitTest of_files[] = {CASE(another_journal_of_the_same_length_shows),
                                          CASE(a_full_disk_acknowledges_nothing_it_lost),
                                          CASE(the_log_is_moved_into_the_file_beside_the_writer),
                                          CASE(what_is_acknowledged_outlasts_a_power_cut),
                                          CASE(a_disk_that_fails_to_sync_acknowledges_nothing)};
    int failed = store_on_postgres() ? 0
                                     : cmocka_run_group_tests_name("files", of_files, NULL, NULL);
    return failed + cmocka_run_group_tests(tests, NULL, NULL);
}
