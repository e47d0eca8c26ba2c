/*
 * A disk that fails when a test says so: a VFS of SQLite's between the program
 * and the file, for test programs only. It counts reads, writes and syncs of
 * the store's files and fails those that the test names.
 *
 *     disk_install();                     before the first store is opened
 *     disk = (struct disk){.kind = DISK_READ, .after = 3, .times = 1};
 *     …                                   the fourth read answers EIO, once
 *     disk = (struct disk){0};            healthy again
 *
 * room: bytes that the database and its log may take together; 0: any. Who
 * asks how much is free (statvfs) is told what is left of it.
 */
#ifndef LINLI_TEST_DISK_H
#define LINLI_TEST_DISK_H

#include <sqlite3.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

enum disk_kind { DISK_NONE, DISK_READ, DISK_WRITE, DISK_SYNC };

static struct disk {
    enum disk_kind kind;
    int after, times; /* so many go through first; then so many fail */
    int failed;       /* did so far */
    int64_t room;
} disk;

static sqlite3_int64 disk_sizes[2]; /* of the database, of its log: one store at a time */

#define DISK_LARGE ((int64_t)1 << 40)

/* Stands before the C library's: all of the program asks here. */
int statvfs(const char *path, struct statvfs *v)
{
    (void)path;
    int64_t left = (disk.room ? disk.room : DISK_LARGE) - disk_sizes[0] - disk_sizes[1];
    *v = (struct statvfs){.f_frsize = 1, .f_bavail = left > 0 ? (fsblkcnt_t)left : 0};
    return 0;
}

struct disk_file {
    sqlite3_file base;
    int which; /* in disk_sizes; -1: neither */
    sqlite3_file *real;
};

static sqlite3_file *disk_real(sqlite3_file *f)
{
    return ((struct disk_file *)f)->real;
}

static bool disk_fails(sqlite3_file *f, enum disk_kind kind)
{
    if (disk.kind != kind || ((struct disk_file *)f)->which < 0)
        return false;
    if (disk.after > 0) {
        disk.after--;
        return false;
    }
    if (disk.failed >= disk.times)
        return false;
    disk.failed++;
    return true;
}

static int disk_close(sqlite3_file *f)
{
    return disk_real(f)->pMethods->xClose(disk_real(f));
}

static int disk_read(sqlite3_file *f, void *to, int n, sqlite3_int64 at)
{
    if (disk_fails(f, DISK_READ))
        return SQLITE_IOERR_CORRUPTFS; /* as the real one does on EIO */
    return disk_real(f)->pMethods->xRead(disk_real(f), to, n, at);
}

static int disk_write(sqlite3_file *f, const void *from, int n, sqlite3_int64 at)
{
    struct disk_file *own = (struct disk_file *)f;
    if (disk_fails(f, DISK_WRITE))
        return SQLITE_IOERR_WRITE;
    if (own->which >= 0 && at + n > disk_sizes[own->which]) {
        if (disk.room && at + n + disk_sizes[!own->which] > disk.room)
            return SQLITE_FULL;
        disk_sizes[own->which] = at + n;
    }
    return disk_real(f)->pMethods->xWrite(disk_real(f), from, n, at);
}

static int disk_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    struct disk_file *own = (struct disk_file *)f;
    if (own->which >= 0)
        disk_sizes[own->which] = size;
    return disk_real(f)->pMethods->xTruncate(disk_real(f), size);
}

static int disk_sync(sqlite3_file *f, int flags)
{
    if (disk_fails(f, DISK_SYNC))
        return SQLITE_IOERR_FSYNC;
    return disk_real(f)->pMethods->xSync(disk_real(f), flags);
}

static int disk_size(sqlite3_file *f, sqlite3_int64 *size)
{
    return disk_real(f)->pMethods->xFileSize(disk_real(f), size);
}

static int disk_lock(sqlite3_file *f, int to)
{
    return disk_real(f)->pMethods->xLock(disk_real(f), to);
}

static int disk_unlock(sqlite3_file *f, int to)
{
    return disk_real(f)->pMethods->xUnlock(disk_real(f), to);
}

static int disk_reserved(sqlite3_file *f, int *held)
{
    return disk_real(f)->pMethods->xCheckReservedLock(disk_real(f), held);
}

static int disk_control(sqlite3_file *f, int op, void *arg)
{
    return disk_real(f)->pMethods->xFileControl(disk_real(f), op, arg);
}

static int disk_sector(sqlite3_file *f)
{
    return disk_real(f)->pMethods->xSectorSize(disk_real(f));
}

static int disk_traits(sqlite3_file *f)
{
    return disk_real(f)->pMethods->xDeviceCharacteristics(disk_real(f));
}

static int disk_map(sqlite3_file *f, int page, int size, int extend, void volatile **to)
{
    return disk_real(f)->pMethods->xShmMap(disk_real(f), page, size, extend, to);
}

static int disk_shm_lock(sqlite3_file *f, int from, int n, int flags)
{
    return disk_real(f)->pMethods->xShmLock(disk_real(f), from, n, flags);
}

static void disk_barrier(sqlite3_file *f)
{
    disk_real(f)->pMethods->xShmBarrier(disk_real(f));
}

static int disk_unmap(sqlite3_file *f, int drop)
{
    return disk_real(f)->pMethods->xShmUnmap(disk_real(f), drop);
}

static const sqlite3_io_methods disk_methods = {
    2,           disk_close, disk_read,     disk_write,    disk_truncate, disk_sync,
    disk_size,   disk_lock,  disk_unlock,   disk_reserved, disk_control,  disk_sector,
    disk_traits, disk_map,   disk_shm_lock, disk_barrier,  disk_unmap,    NULL,
    NULL};

static int disk_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *f, int flags, int *got)
{
    sqlite3_vfs *real = vfs->pAppData;
    struct disk_file *own = (struct disk_file *)f;
    *own = (struct disk_file){.which = flags & SQLITE_OPEN_MAIN_DB ? 0
                                       : flags & SQLITE_OPEN_WAL   ? 1
                                                                   : -1,
                              .real = (sqlite3_file *)(own + 1)};
    int code = real->xOpen(real, name, own->real, flags, got);
    if (own->real->pMethods)
        f->pMethods = &disk_methods;
    if (code == SQLITE_OK && own->which >= 0)
        own->real->pMethods->xFileSize(own->real, &disk_sizes[own->which]);
    return code;
}

static inline void disk_install(void)
{
    static sqlite3_vfs vfs;
    sqlite3_vfs *real = sqlite3_vfs_find(NULL);
    if (real == &vfs)
        return;
    vfs = *real;
    vfs.pNext = NULL;
    vfs.zName = "disk";
    vfs.pAppData = real;
    vfs.szOsFile = real->szOsFile + (int)sizeof(struct disk_file);
    vfs.xOpen = disk_open;
    if (sqlite3_vfs_register(&vfs, 1) != SQLITE_OK)
        abort();
}

#endif
