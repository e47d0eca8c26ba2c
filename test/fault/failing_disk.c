/*
 * A disk that fails on demand, under a whole running program: loaded before it
 * (LD_PRELOAD), it answers what SQLite asks of the system.
 *
 * FAILING_DISK names a file of one byte, which a test changes while the
 * program runs: r (reads of the store's files fail with EIO), w (writes do),
 * s (syncs do), f (writes find the disk full: ENOSPC); anything else: the disk
 * is healthy. The store's files are those called linli.db, linli.db-wal, ….
 * Reads of a file that SQLite has mapped into memory don't come here.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static volatile const char *ask = "-";

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("FAILING_DISK");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *mapped = fd < 0 ? MAP_FAILED : mmap(NULL, 1, PROT_READ, MAP_SHARED, fd, 0);
    if (mapped != MAP_FAILED)
        ask = mapped;
    if (fd >= 0)
        close(fd);
}

static bool of_store(int fd)
{
    char link[40], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n <= 0)
        return false;
    path[n] = '\0';
    const char *name = strrchr(path, '/');
    return name && !strncmp(name + 1, "linli.db", 8);
}

/* Whether this call fails, for the reason that the byte asks for; errno is set. */
static bool fails(int fd, const char *kinds)
{
    char now = *ask;
    if (!now || !strchr(kinds, now) || !of_store(fd))
        return false;
    errno = now == 'f' ? ENOSPC : EIO;
    return true;
}

#define REAL(type, name, ...) \
    static type (*real)(__VA_ARGS__); \
    if (!real) \
    *(void **)&real = dlsym(RTLD_NEXT, name)

ssize_t pread64(int fd, void *to, size_t n, off64_t at)
{
    REAL(ssize_t, "pread64", int, void *, size_t, off64_t);
    return fails(fd, "r") ? -1 : real(fd, to, n, at);
}

ssize_t pwrite64(int fd, const void *from, size_t n, off64_t at)
{
    REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
    return fails(fd, "wf") ? -1 : real(fd, from, n, at);
}

#ifndef _FILE_OFFSET_BITS
ssize_t pread(int fd, void *to, size_t n, off_t at)
{
    REAL(ssize_t, "pread", int, void *, size_t, off_t);
    return fails(fd, "r") ? -1 : real(fd, to, n, at);
}

ssize_t pwrite(int fd, const void *from, size_t n, off_t at)
{
    REAL(ssize_t, "pwrite", int, const void *, size_t, off_t);
    return fails(fd, "wf") ? -1 : real(fd, from, n, at);
}
#endif

int fdatasync(int fd)
{
    REAL(int, "fdatasync", int);
    return fails(fd, "s") ? -1 : real(fd);
}

int fsync(int fd)
{
    REAL(int, "fsync", int);
    return fails(fd, "s") ? -1 : real(fd);
}
