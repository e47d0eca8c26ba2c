/*
 * The files of a copy (wal_copy.h) and of SQLite's log, for the two files that
 * write and read them: wal_copy.c and wal_restore.c.
 */
#ifndef LINLI_DB_WAL_FILES_H
#define LINLI_DB_WAL_FILES_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* https://www.sqlite.org/fileformat2.html#walformat */
#define WAL_HEAD 32 /* bytes of the log's head */
#define WAL_FRAME \
    24 /* bytes before each page; the second number is not 0 at a transaction's end \
        */
uint32_t wal_number(const unsigned char *p);
int64_t wal_page(const unsigned char head[WAL_HEAD]);

/* Lists the generations in a folder, oldest first, as scandir does; -1 with
 * errno. */
int wal_generations(const char *folder, struct dirent ***list);
/* The millisecond from which on a generation can be restored; 0: it can't. */
int64_t wal_done(const char *folder);
bool wal_put(int fd, const void *data, size_t n);

#endif
