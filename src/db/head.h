/*
 * The end of the audit log of a SQLite database, kept in the file linli.head
 * beside it: number and hash of the newest durable entry. If the database no
 * longer has that entry, it lost what came after its last checkpoint (its -wal
 * was removed, cut or damaged), or was replaced by an older copy. Its own
 * chain is still valid then, so only a separate file can tell.
 *
 * The file is written after each group, without waiting for the disk. After a
 * power cut it may be older than the database, but never newer; an older one
 * matches.
 */
#ifndef LINLI_DB_HEAD_H
#define LINLI_DB_HEAD_H

#include "db/db.h"

struct head {
    int64_t seq; /* 0: the log is empty */
    unsigned char hash[32];
};

/* Reads the newest entry; false if the database can't be read. */
bool head_now(struct db *db, struct head *head);
/* Opens the file for head_write; -1: the database has none, or it can't be written. */
int head_open(const char *address);
void head_write(int file, const struct head *head);
/* CONFLICT with a message if the database lacks the entry in the file. OK if there is no file. */
enum status head_check(struct db *db, struct arena *a, const char **why);
/* Writes the current end to the file. */
void head_keep(struct db *db);

#endif
