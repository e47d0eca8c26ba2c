/*
 * One line of fixed length, "NUMBER HASH\n", overwritten in one write.
 * Anything else is ignored.
 */
#include "db/head.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DIGITS = 20, HEX = 64, LINE = DIGITS + 1 + HEX + 1 };

bool head_now(struct db *db, struct head *head)
{
    *head = (struct head){0};
    struct rows *r = query(
        db, "SELECT seq, hash FROM journal WHERE seq IS NOT NULL ORDER BY seq DESC LIMIT 1");
    bool good = true;
    if (rows_next(r)) {
        struct bytes hash = row_bytes(r, "hash");
        head->seq = row_int(r, "seq");
        good = hash.size == sizeof head->hash;
        if (good)
            memcpy(head->hash, hash.data, sizeof head->hash);
    }
    rows_end(r);
    return good && db_status(db) == OK;
}

static void file_name(char path[4096], const char *address)
{
    snprintf(path, 4096, "%s/linli.head", address);
}

int head_open(const char *address)
{
    char path[4096];
    file_name(path, address);
    return db_is_postgres(address) ? -1 : open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}

void head_write(int file, const struct head *head)
{
    char line[LINE + 1], hash[HEX + 1];
    sodium_bin2hex(hash, sizeof hash, head->hash, sizeof head->hash);
    snprintf(line, sizeof line, "%0*lld %s\n", DIGITS, (long long)head->seq, hash);
    if (pwrite(file, line, LINE, 0) != LINE)
        (void)!ftruncate(file,
                         0); /* a partly written line is ignored, and an older one is as good */
}

static bool head_read(const char *address, struct head *head)
{
    char path[4096], line[LINE + 1] = "";
    size_t n = 0;
    file_name(path, address);
    int file = db_is_postgres(address) ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = file >= 0 ? pread(file, line, LINE, 0) : 0;
    if (file >= 0)
        close(file);
    if (got != LINE || line[DIGITS] != ' ' || line[LINE - 1] != '\n' ||
        strspn(line, "0123456789") != DIGITS)
        return false;
    head->seq = strtoll(line, NULL, 10);
    return sodium_hex2bin(head->hash, sizeof head->hash, line + DIGITS + 1, HEX, NULL, &n, NULL) ==
               0 &&
           n == sizeof head->hash;
}

enum status head_check(struct db *db, struct arena *a, const char **why)
{
    struct head kept;
    if (!head_read(db_address(db), &kept) || kept.seq == 0)
        return OK;
    bool there =
        false; /* read before the query: a process serving meanwhile only appends entries */
    struct rows *r = query(db, "SELECT hash FROM journal WHERE seq = {}", kept.seq);
    if (rows_next(r)) {
        struct bytes hash = row_bytes(r, "hash");
        there = hash.size == sizeof kept.hash && memcmp(hash.data, kept.hash, hash.size) == 0;
    }
    rows_end(r);
    if (db_status(db) != OK) {
        *why = arena_copy(a, db_failure(db));
        return db_status(db);
    }
    if (there)
        return OK;
    int64_t newest = query_int(db, "SELECT max(seq) FROM journal");
    *why = arena_print(a,
                       "%s has lost changes: its journal ended with entry %lld, now it ends with "
                       "%lld or holds others. Was linli.db-wal removed or damaged, or linli.db "
                       "replaced by an older copy? Put both back, or restore a backup. If this "
                       "state is meant, delete %s/linli.head",
                       db_address(db), (long long)kept.seq,
                       (long long)(newest == NONE ? 0 : newest), db_address(db));
    return CONFLICT;
}

void head_keep(struct db *db)
{
    struct head head;
    int file = head_now(db, &head) ? head_open(db_address(db)) : -1;
    if (file < 0)
        return;
    head_write(file, &head);
    close(file);
}
