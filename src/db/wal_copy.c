/*
 * Copying SQLite's log (https://www.sqlite.org/walformat.html) as it grows.
 *
 * SQLite must not restart its log from the beginning before all of it has been
 * copied. It never does while a reader uses a state that is in the log, so one
 * of two readers always does. When the log has become long, it is released
 * deliberately: writers are held up briefly (gate), the rest is copied, the
 * whole log is checkpointed, and the reader moves to the file itself (read mark
 * 0). That keeps the next log from being checkpointed, and so from restarting,
 * until its first frames have been copied.
 *
 * Only whole transactions with valid checksums are copied. If the other folder
 * fails, the log is no longer held, because it would grow without limit. When
 * the folder is back, a new generation begins.
 *
 * If the whole log has been checkpointed and copied when the database is
 * closed, the state of the file is stored in the generation (end). If the file
 * is still in that state when the database is opened again, nothing was written
 * meanwhile, and the generation continues with the next log.
 *
 * The log is read through a separate descriptor. The database file never is,
 * because closing such a descriptor would drop SQLite's locks.
 */
#include "db/wal_copy.h"
#include "db/wal_files.h"

#include "base/log.h"
#include "base/when.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOG_LONG    (32 << 20) /* bytes after which the log is released */
#define TRY_AGAIN   10         /* seconds until a retry after a failure */
#define DAY_MS      86400000
#define NAME_MOST   600
#define CONNECTIONS 4

struct generation {
    char folder[NAME_MOST];
    int log, times; /* descriptors */
    int number;     /* number of the log's part, from 1 */
    bool open;
};

struct wal_copy {
    char data[NAME_MOST], to[NAME_MOST], wal[NAME_MOST];
    sqlite3 *readers[2], *gate, *check; /* CONNECTIONS */
    int holder;                         /* which reader holds the log; -1: none */
    int fd;                             /* descriptor of the log; -1 */
    unsigned char head[WAL_HEAD];
    int64_t copied;    /* bytes of the log copied so far */
    int64_t let_go_at; /* value of copied when the log was last released */
    uint32_t sum[2];   /* checksum up to that position */
    struct generation now, next;
    int64_t began; /* when the current generation began, in milliseconds */
    pthread_t thread, base;
    bool base_running;
    atomic_int base_state; /* 0 running, 1 done, -1 failed */
    pthread_mutex_t lock;
    pthread_cond_t more;
    bool stopping;
    bool first; /* the thread has not checked yet */
    bool good;  /* the copy is up to date; belongs to the thread while it runs */
    _Atomic int64_t *at;
    char why[NAME_MOST];
};

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool failed(struct wal_copy *c, const char *what, const char *reason)
{
    snprintf(c->why, sizeof c->why, "%.300s: %.200s", what, reason);
    return false;
}

/* ---- files of a generation ---- */

bool wal_put(int fd, const void *data, size_t n)
{
    for (const char *p = data; n > 0;) {
        ssize_t w = write(fd, p, n);
        if (w < 0 && errno == EINTR)
            continue;
        if (w <= 0)
            return false;
        p += w;
        n -= (size_t)w;
    }
    return true;
}

static int make_file(const char *path)
{
    return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static bool generation_part(struct wal_copy *c, struct generation *g)
{
    char path[NAME_MOST + 40];
    if (g->log >= 0)
        close(g->log);
    snprintf(path, sizeof path, "%s/wal-%06d", g->folder, ++g->number);
    g->log = make_file(path);
    return g->log >= 0 || failed(c, path, strerror(errno));
}

static void generation_close(struct generation *g)
{
    if (!g->open)
        return;
    if (g->log >= 0)
        close(g->log);
    if (g->times >= 0)
        close(g->times);
    g->open = false;
}

static bool generation_open(struct wal_copy *c, struct generation *g)
{
    struct civil t = civil_from_when(now_ms() / 1000);
    *g = (struct generation){.log = -1, .times = -1, .open = true};
    snprintf(g->folder, sizeof g->folder, "%.500s/%04d%02d%02dT%02d%02d%02d-%03d", c->to, t.year,
             t.month, t.day, t.hour, t.minute, t.second, (int)(now_ms() % 1000));
    if (mkdir(g->folder, 0700) != 0)
        return failed(c, g->folder, strerror(errno));
    char path[NAME_MOST + 40];
    snprintf(path, sizeof path, "%s/times", g->folder);
    g->times = make_file(path);
    return (g->times >= 0 || failed(c, path, strerror(errno))) && generation_part(c, g);
}

static bool generation_put(struct wal_copy *c, struct generation *g, const void *data, size_t n)
{
    if (g->open && g->log < 0 &&
        !generation_part(c, g)) /* a continued generation: its first new part */
        return false;
    return !g->open || wal_put(g->log, data, n) || failed(c, g->folder, strerror(errno));
}

/* Adds a moment that can be restored. */
static bool generation_mark(struct wal_copy *c, struct generation *g, int64_t ms)
{
    if (!g->open)
        return true;
    if (fdatasync(g->log) != 0 ||
        dprintf(g->times, "%d %" PRId64 " %" PRId64 "\n", g->number, c->copied, ms) < 0 ||
        fdatasync(g->times) != 0)
        return failed(c, g->folder, strerror(errno));
    return true;
}

/* ---- reading the log ---- */

uint32_t wal_number(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint32_t word(const unsigned char *p, bool is_big)
{
    return is_big ? wal_number(p)
                  : (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static void add_sum(uint32_t sum[2], const unsigned char *p, size_t n, bool is_big)
{
    for (size_t i = 0; i + 8 <= n; i += 8) {
        sum[0] += word(p + i, is_big) + sum[1];
        sum[1] += word(p + i + 4, is_big) + sum[0];
    }
}

static bool big_sums(const unsigned char head[WAL_HEAD])
{
    return head[3] & 1;
}

int64_t wal_page(const unsigned char head[WAL_HEAD])
{
    uint32_t n = wal_number(head + 8);
    return n == 1 ? 65536 : n;
}

/* Reads the log's header; false if it is incomplete or invalid. */
static bool read_head(struct wal_copy *c, unsigned char head[WAL_HEAD])
{
    uint32_t sum[2] = {0, 0};
    if (c->fd < 0)
        c->fd = open(c->wal, O_RDONLY | O_CLOEXEC);
    if (c->fd < 0 || pread(c->fd, head, WAL_HEAD, 0) != WAL_HEAD ||
        (wal_number(head) | 1) != 0x377f0683)
        return false;
    add_sum(sum, head, 24, big_sums(head));
    size_t page = (size_t)wal_page(head);
    return sum[0] == wal_number(head + 24) && sum[1] == wal_number(head + 28) && page >= 512 &&
           page <= 65536 && (page & (page - 1)) == 0;
}

/* Begins a restarted log, in a new part of each generation. */
static bool new_log(struct wal_copy *c, const unsigned char head[WAL_HEAD])
{
    bool first = c->copied == 0;
    memcpy(c->head, head, WAL_HEAD);
    c->copied = WAL_HEAD;
    c->sum[0] = wal_number(head + 24);
    c->sum[1] = wal_number(head + 28);
    if (!first && ((c->now.open && !generation_part(c, &c->now)) ||
                   (c->next.open && !generation_part(c, &c->next))))
        return false;
    return generation_put(c, &c->now, head, WAL_HEAD) &&
           generation_put(c, &c->next, head, WAL_HEAD);
}

/* Returns how many bytes of data are whole transactions; advances sum to their
 * end. */
static size_t whole(const struct wal_copy *c, const unsigned char *data, size_t n, uint32_t sum[2])
{
    size_t frame = WAL_FRAME + (size_t)wal_page(c->head), good = 0;
    uint32_t s[2] = {sum[0], sum[1]};
    for (size_t at = 0; at + frame <= n; at += frame) {
        const unsigned char *p = data + at;
        if (memcmp(p + 8, c->head + 16, 8) != 0)
            break; /* left from an older log */
        add_sum(s, p, 8, big_sums(c->head));
        add_sum(s, p + WAL_FRAME, frame - WAL_FRAME, big_sums(c->head));
        if (s[0] != wal_number(p + 16) || s[1] != wal_number(p + 20))
            break;
        if (wal_number(p + 4) != 0) { /* the last frame of its transaction */
            good = at + frame;
            sum[0] = s[0];
            sum[1] = s[1];
        }
    }
    return good;
}

/* Copies what has been committed since. If a transaction is longer than the
 * buffer, it is read again with a larger one. */
static bool copy_log(struct wal_copy *c)
{
    unsigned char head[WAL_HEAD];
    if (!read_head(c, head))
        return true; /* nothing has been written yet */
    if (memcmp(head, c->head, WAL_HEAD) != 0 && !new_log(c, head))
        return false;
    size_t room = 1 << 20;
    unsigned char *data = must_alloc(room);
    bool good = true;
    for (ssize_t n; good && (n = pread(c->fd, data, room, c->copied)) > 0;) {
        size_t done = whole(c, data, (size_t)n, c->sum);
        good = !done ||
               (generation_put(c, &c->now, data, done) && generation_put(c, &c->next, data, done));
        c->copied += good ? (int64_t)done : 0;
        if (done == 0 && ((size_t)n < room || room > (size_t)1 << 30))
            break;
        if (done == 0)
            data = must_grow(data, room *= 2);
    }
    free(data);
    return good;
}

/* ---- holding the log ---- */

static bool run(struct wal_copy *c, sqlite3 *db, const char *sql)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ||
           failed(c, c->data, sqlite3_errmsg(db));
}

/* Takes the newest state with the other reader before this one releases its
 * own. */
static bool hold(struct wal_copy *c)
{
    int other = c->holder == 0;
    if (!run(c, c->readers[other], "BEGIN; SELECT count(*) FROM sqlite_master"))
        return false;
    if (c->holder >= 0)
        run(c, c->readers[c->holder], "COMMIT");
    c->holder = other;
    return true;
}

static void let_loose(struct wal_copy *c)
{
    if (c->holder >= 0)
        run(c, c->readers[c->holder], "COMMIT");
    c->holder = -1;
}

/* Copies and checkpoints the whole log while writers are held up; the next
 * writer may then restart it. */
static bool let_go(struct wal_copy *c)
{
    sqlite3_wal_checkpoint_v2(c->check, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL,
                              NULL); /* most of it, while others write */
    if (sqlite3_exec(c->gate, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
        return true; /* a long transaction: try next time */
    bool good = copy_log(c) && hold(c);
    if (good) {
        sqlite3_wal_checkpoint_v2(c->check, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
        good = hold(c);
    }
    c->let_go_at = c->copied;
    return run(c, c->gate, "ROLLBACK") && good;
}

/* ---- full copy ---- */

static const char *base_make(struct wal_copy *c, const char *folder)
{
    char path[NAME_MOST + 40];
    sqlite3 *from = NULL, *to = NULL;
    snprintf(path, sizeof path, "%s/base.db", folder);
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return strerror(errno);
    close(fd);
    char file[NAME_MOST + 40];
    snprintf(file, sizeof file, "%s/linli.db", c->data);
    int code = sqlite3_open_v2(file, &from, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    sqlite3_backup *b = code == SQLITE_OK ? sqlite3_backup_init(to, "main", from, "main") : NULL;
    if (b) {
        sqlite3_backup_step(b, -1);
        code = sqlite3_backup_finish(b);
    } else if (code == SQLITE_OK) {
        code = SQLITE_CANTOPEN;
    }
    sqlite3_close(from);
    sqlite3_close(to);
    return code == SQLITE_OK ? NULL : sqlite3_errstr(code);
}

/* Marks the generation as restorable: everything in the full copy is in the
 * copied log too. */
static bool base_done(struct wal_copy *c, struct generation *g)
{
    char path[NAME_MOST + 40];
    if (!copy_log(c))
        return false;
    int64_t ms = now_ms();
    snprintf(path, sizeof path, "%s/done", g->folder);
    int fd = generation_mark(c, g, ms) ? make_file(path) : -1;
    bool good = fd >= 0 && dprintf(fd, "%" PRId64 "\n", ms) > 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    c->began = ms;
    return good || failed(c, path, strerror(errno));
}

static void *base_thread(void *arg)
{
    struct wal_copy *c = arg;
    atomic_store(&c->base_state, base_make(c, c->next.folder) ? -1 : 1);
    return NULL;
}

/* Begins a new generation with the part of the log that has been copied. */
static bool next_begin(struct wal_copy *c)
{
    if (!generation_open(c, &c->next))
        return false;
    unsigned char data[65536];
    for (int64_t at = 0; at < c->copied;) {
        size_t most = c->copied - at < (int64_t)sizeof data ? (size_t)(c->copied - at)
                                                            : sizeof data;
        ssize_t n = pread(c->fd, data, most, at);
        if (n <= 0 || !generation_put(c, &c->next, data, (size_t)n))
            return failed(c, c->wal, strerror(errno));
        at += n;
    }
    atomic_store(&c->base_state, 0);
    c->base_running = pthread_create(&c->base, NULL, base_thread, c) == 0;
    return c->base_running;
}

/* ---- old generations ---- */

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_generation(const struct dirent *d)
{
    return strlen(d->d_name) == 19 && d->d_name[8] == 'T' && d->d_name[15] == '-';
}

int wal_generations(const char *folder, struct dirent ***list)
{
    return scandir(folder, list, is_generation, by_name);
}

int64_t wal_done(const char *folder)
{
    char path[NAME_MOST + 40];
    long long ms = 0;
    snprintf(path, sizeof path, "%s/done", folder);
    FILE *f = fopen(path, "r");
    if (f && fscanf(f, "%lld", &ms) != 1)
        ms = 0;
    if (f)
        fclose(f);
    return ms;
}

static void remove_folder(const char *folder)
{
    char path[NAME_MOST + 300];
    DIR *d = opendir(folder);
    for (struct dirent *e; d && (e = readdir(d)) != NULL;)
        if (e->d_name[0] != '.') {
            snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
            unlink(path);
        }
    if (d)
        closedir(d);
    rmdir(folder);
}

static bool in_use(const struct wal_copy *c, const char *folder)
{
    return strcmp(folder, c->now.folder) == 0 ||
           (c->next.open && strcmp(folder, c->next.folder) == 0);
}

/* A generation is removed if the next one reaches back far enough, or if it
 * never became complete. */
static void prune(struct wal_copy *c)
{
    struct dirent **list = NULL;
    int n = wal_generations(c->to, &list);
    char folder[NAME_MOST + 20], after[NAME_MOST + 20];
    for (int i = 0; i < n; i++) {
        if (i + 1 < n) {
            snprintf(folder, sizeof folder, "%.500s/%.30s", c->to, list[i]->d_name);
            snprintf(after, sizeof after, "%.500s/%.30s", c->to, list[i + 1]->d_name);
            int64_t done = wal_done(after);
            if (!in_use(c, folder) &&
                (!wal_done(folder) || (done && done < now_ms() - (int64_t)WAL_COPY_DAYS * DAY_MS)))
                remove_folder(folder);
        }
        free(list[i]);
    }
    free(list);
}

/* ---- continuing after a restart ---- */

/* Identifies the state of the file while nothing is written to it; "" if there
 * is no file. */
static void file_state(const struct wal_copy *c, char state[200])
{
    char file[NAME_MOST + 40];
    struct stat db;
    snprintf(file, sizeof file, "%s/linli.db", c->data);
    state[0] = '\0';
    if (stat(file, &db) == 0)
        snprintf(state, 200, "%ju %ju %jd %jd.%09ld\n", (uintmax_t)db.st_dev, (uintmax_t)db.st_ino,
                 (intmax_t)db.st_size, (intmax_t)db.st_mtim.tv_sec, db.st_mtim.tv_nsec);
}

static bool log_is_empty(const struct wal_copy *c)
{
    struct stat log;
    return stat(c->wal, &log) != 0 ? errno == ENOENT : log.st_size == 0;
}

static void end_path(const struct generation *g, char path[NAME_MOST + 40])
{
    snprintf(path, NAME_MOST + 40, "%s/end", g->folder);
}

/* With writers held up: copies and checkpoints the whole log. A later write
 * changes the file's state. */
static void end_note(struct wal_copy *c)
{
    char path[NAME_MOST + 40], state[200] = "";
    int in_log = 0, in_file = -1;
    sqlite3_wal_checkpoint_v2(c->check, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    if (!c->now.open || sqlite3_exec(c->gate, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
        return;
    int64_t before = c->copied, ms = now_ms();
    if (copy_log(c) && (c->copied == before || generation_mark(c, &c->now, ms)) && hold(c) &&
        sqlite3_wal_checkpoint_v2(c->check, NULL, SQLITE_CHECKPOINT_PASSIVE, &in_log, &in_file) ==
            SQLITE_OK &&
        in_log == in_file)
        file_state(c, state);
    run(c, c->gate, "ROLLBACK");
    end_path(&c->now, path);
    int fd = *state ? make_file(path) : -1;
    if (fd < 0)
        return;
    bool good = wal_put(fd, state, strlen(state)) && fsync(fd) == 0;
    close(fd);
    if (!good)
        unlink(path);
}

static int count_parts(const char *folder)
{
    char path[NAME_MOST + 40];
    int n = 0;
    do
        snprintf(path, sizeof path, "%s/wal-%06d", folder, n + 1);
    while (access(path, F_OK) == 0 && ++n);
    return n;
}

/* Finds the newest generation if it ended with the file in its present state
 * and is less than a day old. */
static bool go_on(struct wal_copy *c)
{
    struct dirent **list = NULL;
    int n = wal_generations(c->to, &list);
    struct generation *g = &c->now;
    char path[NAME_MOST + 40], noted[200] = "", state[200];
    *g = (struct generation){.log = -1, .times = -1};
    if (n > 0)
        snprintf(g->folder, sizeof g->folder, "%.500s/%.30s", c->to, list[n - 1]->d_name);
    for (int i = 0; i < n; i++)
        free(list[i]);
    free(list);
    end_path(g, path);
    FILE *f = n > 0 ? fopen(path, "r") : NULL;
    if (!f)
        return false;
    bool read = fgets(noted, sizeof noted, f) != NULL;
    fclose(f);
    file_state(c, state);
    c->began = wal_done(g->folder);
    if (unlink(path) != 0 || !read || !log_is_empty(c) || strcmp(noted, state) != 0 ||
        now_ms() - c->began > DAY_MS)
        return false;
    snprintf(path, sizeof path, "%s/times", g->folder);
    g->times = make_file(path);
    g->number = count_parts(g->folder);
    g->open = g->times >= 0;
    return g->open;
}

/* ---- the thread ---- */

static bool begin(struct wal_copy *c)
{
    c->copied = 0;
    memset(c->head, 0, sizeof c->head);
    if (mkdir(c->to, 0700) != 0 && errno != EEXIST)
        return failed(c, c->to, strerror(errno));
    if (!hold(c) || !generation_open(c, &c->now) || !copy_log(c))
        return false;
    const char *why = base_make(c, c->now.folder);
    if (why)
        return failed(c, c->now.folder, why);
    if (!base_done(c, &c->now))
        return false;
    prune(c);
    return true;
}

static void give_up(struct wal_copy *c)
{
    if (c->base_running)
        pthread_join(c->base, NULL);
    c->base_running = false;
    let_loose(c);
    generation_close(&c->now);
    generation_close(&c->next);
}

/* Switches to the new generation when its full copy is complete. */
static bool next_look(struct wal_copy *c)
{
    int state = c->base_running ? atomic_load(&c->base_state) : 0;
    if (!c->base_running && now_ms() - c->began > DAY_MS)
        return next_begin(c);
    if (state == 0)
        return true;
    pthread_join(c->base, NULL);
    c->base_running = false;
    if (state < 0)
        return failed(c, c->next.folder, "the whole copy could not be made");
    generation_close(&c->now);
    c->now = c->next;
    c->next = (struct generation){.open = false};
    if (!base_done(c, &c->now))
        return false;
    prune(c);
    return true;
}

static bool look(struct wal_copy *c)
{
    int64_t before = c->copied, ms = now_ms(); /* contains everything committed until now */
    if (!copy_log(c))
        return false;
    if (c->copied != before &&
        (!generation_mark(c, &c->now, ms) || !generation_mark(c, &c->next, ms)))
        return false;
    atomic_store(c->at, ms / 1000);
    return hold(c) && (c->copied < LOG_LONG || c->copied == c->let_go_at || let_go(c)) &&
           next_look(c);
}

static void *copy_thread(void *arg)
{
    struct wal_copy *c = arg;
    for (bool last = false; !last;) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += WAL_COPY_PAUSE * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000 + (c->good || c->first ? 0 : TRY_AGAIN);
        until.tv_nsec %= 1000000000;
        pthread_mutex_lock(&c->lock);
        if (!c->stopping)
            pthread_cond_timedwait(&c->more, &c->lock, &until);
        last = c->stopping;
        pthread_mutex_unlock(&c->lock);
        c->first = false;
        c->good = c->good ? look(c) : !last && begin(c);
        if (!c->good) {
            log_error("copy_failed", "\"failure\":{}", c->why);
            give_up(c);
        }
    }
    return NULL;
}

static bool open_all(struct wal_copy *c)
{
    sqlite3 **all[CONNECTIONS] = {&c->readers[0], &c->readers[1], &c->gate, &c->check};
    char file[NAME_MOST + 40];
    snprintf(file, sizeof file, "%s/linli.db", c->data);
    for (int i = 0; i < CONNECTIONS; i++) {
        if (sqlite3_open_v2(file, all[i], SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
            SQLITE_OK)
            return failed(c, file, sqlite3_errmsg(*all[i]));
        sqlite3_busy_timeout(*all[i], 2000);
        if (!run(c, *all[i], "PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -256"))
            return false;
    }
    return true;
}

static void close_all(struct wal_copy *c)
{
    sqlite3 *all[CONNECTIONS] = {c->readers[0], c->readers[1], c->gate, c->check};
    for (int i = 0; i < CONNECTIONS; i++)
        sqlite3_close(all[i]);
    if (c->fd >= 0)
        close(c->fd);
    pthread_mutex_destroy(&c->lock);
    pthread_cond_destroy(&c->more);
    free(c);
}

struct wal_copy *wal_copy_start(const char *data, const char *to, _Atomic int64_t *at,
                                struct arena *a, const char **why)
{
    struct wal_copy *c = must_alloc(sizeof *c);
    *c = (struct wal_copy){.holder = -1, .fd = -1, .at = at, .first = true};
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->more, NULL);
    snprintf(c->data, sizeof c->data, "%.500s", data);
    snprintf(c->to, sizeof c->to, "%.500s", to);
    snprintf(c->wal, sizeof c->wal, "%.500s/linli.db-wal", data);
    bool usable = strlen(data) <= 500 && strlen(to) <= 500 ? open_all(c)
                                                           : failed(c, to, "the name is too long");
    c->good = usable && ((go_on(c) && hold(c)) || (why && begin(c)));
    if (!usable || (!c->good && why)) {
        if (why)
            *why = arena_print(a, "the copy can't be begun: %s", c->why);
        else
            log_error("copy_failed", "\"failure\":{}", c->why);
        give_up(c);
        close_all(c);
        return NULL;
    }
    if (pthread_create(&c->thread, NULL, copy_thread, c) != 0)
        abort();
    return c;
}

void wal_copy_stop(struct wal_copy *c)
{
    if (!c)
        return;
    pthread_mutex_lock(&c->lock);
    c->stopping = true;
    pthread_cond_signal(&c->more);
    pthread_mutex_unlock(&c->lock);
    pthread_join(c->thread, NULL);
    if (c->good)
        end_note(c);
    give_up(c);
    close_all(c);
}
