/*
 * A backup's file: an ordinary tar (POSIX ustar), which `tar tf` reads, or the
 * same inside an encrypted stream.
 *
 * Encrypted: the 16 bytes "LINLI-BACKUP-E1\n", a salt of 16 bytes, then
 * libsodium's secretstream (XChaCha20-Poly1305) under a key that Argon2id made
 * of the passphrase: its header of 24 bytes, then messages of 64 KiB of tar,
 * the last one marked final. What was cut off, changed or added is noticed.
 *
 * The file is made beside its name as NAME.part, mode 0600, and renamed when
 * it is whole and on the disk. The caller owns an archive until it closes it.
 */
#ifndef LINLI_APP_ARCHIVE_H
#define LINLI_APP_ARCHIVE_H

#include "base/ctx.h"

#include <stdio.h>

struct archive;

/* NULL with a problem in ctx. passphrase NULL: not encrypted. CONFLICT when path is there. */
struct archive *archive_create(struct ctx *ctx, const char *path, const char *passphrase);
void archive_add(struct archive *a, const char *name, const void *data, size_t size);
void archive_add_file(struct archive *a, const char *name, const char *path); /* a failure is kept for archive_finish */
enum status archive_finish(struct ctx *ctx, struct archive *a);               /* also frees it */

bool archive_is_encrypted(const char *path);
struct archive *archive_open(struct ctx *ctx, const char *path, const char *passphrase);
/* The next file's name (arena) and size; false at the end or when something is wrong (archive_close tells). */
bool archive_next(struct ctx *ctx, struct archive *a, const char **name, int64_t *size);
/* Writes the present file to a new file, mode 0600, on the disk when it answers true. */
bool archive_extract(struct archive *a, const char *path);
/* The present file as text, at most most bytes; NULL when it is longer or can't be read. */
char *archive_text(struct ctx *ctx, struct archive *a, size_t most);
/* Reads to the end, so that a cut-off file is noticed; also frees it. */
enum status archive_close(struct ctx *ctx, struct archive *a);

#endif
