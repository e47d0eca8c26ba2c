/*
 * Restoring a database from a generation of its copy (wal_copy.h), as of the
 * end of the requested second.
 *
 * times says how much of the log had been copied at each moment, but the copy
 * may also contain what was committed while it was being made. So everything up
 * to the mark before is certain to be old enough. From there to the first mark
 * after the requested moment, the state is tested after each transaction: the
 * last one without a later audit log entry is the result. Entries are numbered
 * in the order of their transactions, so a binary search works.
 */
#include "db/wal_copy.h"
#include "db/wal_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_MOST 700

struct mark { /* a line of the file times */
    int part;
    int64_t bytes, ms;
};

struct restoring {
    char folder[PATH_MOST], path[PATH_MOST], wal[PATH_MOST], shm[PATH_MOST];
    struct mark sure, last; /* up to here it is old enough; nothing beyond this can be */
    int64_t limit;          /* milliseconds; INT64_MAX: the newest */
    int64_t seq;            /* newest entry at `sure`: later ones are checked */
};

/* ---- the moment ---- */

/* Finds the marks around the moment; false if this generation does not cover
 * it. */
static bool find_marks(struct restoring *r)
{
    char path[PATH_MOST + 10];
    struct mark m, before = {.part = 0};
    int64_t done = wal_done(r->folder);
    bool found = false, after = false;
    snprintf(path, sizeof path, "%s/times", r->folder);
    FILE *f = done && done <= r->limit ? fopen(path, "r") : NULL;
    while (f && !after && fscanf(f, "%d %" SCNd64 " %" SCNd64, &m.part, &m.bytes, &m.ms) == 3) {
        if (m.ms < done)
            continue;
        after = m.ms > r->limit;
        if (found) /* this mark was read before the moment */
            r->sure = after ? r->sure : before;
        else
            r->sure = m;
        found = true;
        r->last = before = m;
    }
    if (f)
        fclose(f);
    return found;
}

/* ---- files ---- */

static bool copy_part(const char *from, const char *to, int64_t most)
{
    char data[65536];
    int in = open(from, O_RDONLY | O_CLOEXEC),
        out = in >= 0 ? open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
    bool good = out >= 0;
    for (ssize_t n;
         good && most > 0 &&
         (n = read(in, data, most < (int64_t)sizeof data ? (size_t)most : sizeof data)) > 0;
         most -= n)
        good = wal_put(out, data, (size_t)n);
    good = good && fsync(out) == 0;
    if (in >= 0)
        close(in);
    if (out >= 0)
        close(out);
    return good;
}

static void part_path(const struct restoring *r, int number, char path[PATH_MOST + 40])
{
    snprintf(path, PATH_MOST + 40, "%s/wal-%06d", r->folder, number);
}

/* Puts that part of the log, up to that position, beside the file. */
static bool lay(const struct restoring *r, int number, int64_t bytes)
{
    char part[PATH_MOST + 40];
    part_path(r, number, part);
    unlink(r->shm);
    return copy_part(part, r->wal, bytes);
}

/* SQLite itself checkpoints a log that it finds beside its file. */
static bool take_in(const struct restoring *r)
{
    sqlite3 *db = NULL;
    int code = sqlite3_open_v2(r->path, &db, SQLITE_OPEN_READWRITE, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_exec(db,
                            "PRAGMA journal_mode = WAL; SELECT count(*) FROM sqlite_master; PRAGMA "
                            "wal_checkpoint(TRUNCATE)",
                            NULL, NULL, NULL);
    return sqlite3_close(db) == SQLITE_OK && code == SQLITE_OK;
}

/* Runs a query on the file and the log beside it, without a checkpoint. ?1 is
 * the newest entry at `sure`, ?2 the limit. */
static bool look(const struct restoring *r, const char *sql, int64_t *answer)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *s = NULL;
    bool good = sqlite3_open_v2(r->path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
                sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL) == SQLITE_OK &&
                sqlite3_exec(db, "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0", NULL,
                             NULL, NULL) == SQLITE_OK &&
                sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK &&
                sqlite3_bind_int64(s, 1, r->seq) == SQLITE_OK &&
                sqlite3_bind_int64(s, 2, r->limit) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW;
    if (good)
        *answer = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return sqlite3_close(db) == SQLITE_OK && good;
}

/* ---- the last transaction ---- */

/* Returns whether no entry is later than requested once the part is applied up to there. */
static bool fits(const struct restoring *r, int number, int64_t bytes, bool *good)
{
    int64_t late = 1;
    *good = lay(r, number, bytes) &&
            look(r, "SELECT count(*) FROM journal WHERE seq > ?1 AND at_ms > ?2", &late);
    return *good && late == 0;
}

/* Finds the ends of the part's transactions between two positions; returns how many. */
static int ends_of(const struct restoring *r, int number, int64_t from, int64_t to, int64_t **ends)
{
    char path[PATH_MOST + 40];
    unsigned char head[WAL_HEAD], frame[WAL_FRAME];
    int n = 0, room = 0;
    *ends = NULL;
    part_path(r, number, path);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || pread(fd, head, sizeof head, 0) != WAL_HEAD) {
        if (fd >= 0)
            close(fd);
        return fd < 0 ? -1 : 0;
    }
    int64_t step = WAL_FRAME + wal_page(head);
    for (int64_t at = WAL_HEAD; at + step <= to; at += step) {
        if (pread(fd, frame, sizeof frame, at) != WAL_FRAME)
            break;
        if (at + step <= from || wal_number(frame + 4) == 0)
            continue;
        if (n == room)
            *ends = must_grow(*ends, sizeof(int64_t) * (size_t)(room = room ? room * 2 : 256));
        (*ends)[n++] = at + step;
    }
    close(fd);
    return n;
}

/* Applies the part up to its last transaction that is not too late; *whole:
 * that is all of it. */
static bool part_take(const struct restoring *r, int number, int64_t from, int64_t to, bool *whole)
{
    int64_t *ends;
    int n = ends_of(r, number, from, to, &ends), low = 0,
        high = n; /* the ends below `low` are not too late */
    bool good = n >= 0;
    *whole = n <= 0;
    while (good && low < high) {
        int middle = n == high && low == 0 ? n - 1 : low + (high - low) / 2; /* all, first */
        if (fits(r, number, ends[middle], &good))
            low = middle + 1;
        else
            high = middle;
    }
    *whole = *whole || low == n;
    good = good && lay(r, number, low > 0 ? ends[low - 1] : from) && take_in(r);
    free(ends);
    return good;
}

static int64_t size_of(const struct restoring *r, int number)
{
    char path[PATH_MOST + 40];
    struct stat st;
    part_path(r, number, path);
    return stat(path, &st) == 0 ? st.st_size : 0;
}

static bool put_together(struct restoring *r)
{
    char base[PATH_MOST + 10];
    bool newest = r->limit == INT64_MAX;
    const struct mark *sure = newest ? &r->last : &r->sure;
    snprintf(base, sizeof base, "%s/base.db", r->folder);
    bool good = copy_part(base, r->path, INT64_MAX);
    for (int i = 1; good && i <= sure->part; i++)
        good = lay(r, i, i == sure->part ? sure->bytes : INT64_MAX) && take_in(r);
    if (!good || newest)
        return good;
    good = look(r, "SELECT coalesce(max(seq), ?1) FROM journal WHERE ?2 = ?2", &r->seq);
    bool whole = true;
    for (int i = sure->part; good && whole && i <= r->last.part; i++)
        good = part_take(r, i, i == sure->part ? sure->bytes : WAL_HEAD,
                         i == r->last.part ? r->last.bytes : size_of(r, i), &whole);
    unlink(r->shm);
    return good;
}

enum status wal_copy_restore(const char *from, int64_t *at, const char *path, struct arena *a,
                             const char **why)
{
    struct dirent **list = NULL;
    int n = strlen(from) < 500 && strlen(path) < 500 ? wal_generations(from, &list) : -1;
    struct restoring r = {.limit = *at};
    bool found = false;
    snprintf(r.path, sizeof r.path, "%.500s", path);
    snprintf(r.wal, sizeof r.wal, "%.500s-wal", path);
    snprintf(r.shm, sizeof r.shm, "%.500s-shm", path);
    for (int i = n; i-- > 0;) {
        if (!found) {
            snprintf(r.folder, sizeof r.folder, "%.500s/%.30s", from, list[i]->d_name);
            found = find_marks(&r);
        }
        free(list[i]);
    }
    free(list);
    if (!found) {
        *why = n < 0 ? arena_print(a, "%s can't be read: %s", from, strerror(errno))
                     : arena_print(a, "%s holds nothing of that time%s", from,
                                   n == 0 ? "; of many subdistricts name the folder of one in it"
                                          : "");
        return NOT_FOUND;
    }
    *at = r.last.ms < r.limit ? r.last.ms : r.limit;
    if (put_together(&r))
        return OK;
    *why = arena_print(a, "%s can't be put together from %s: %s", path, r.folder, strerror(errno));
    return UNAVAILABLE;
}
