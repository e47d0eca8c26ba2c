/*
 * The file of a backup: an ordinary tar (POSIX ustar), which `tar tf` reads, or
 * a tar inside an encrypted stream.
 *
 * Encrypted: the 16 bytes "LINLI-BACKUP-E1\n", a salt of 16 bytes, then
 * libsodium's secretstream (XChaCha20-Poly1305) under a key that Argon2id
 * derives from the passphrase: its header of 24 bytes, then messages of 64 KiB
 * of tar, the last one marked final. Truncation, changes and additions are
 * detected.
 *
 * The file is written as NAME.part with mode 0600, and renamed when it is
 * complete and on disk. The caller owns an archive until it closes it.
 */
#ifndef LINLI_APP_ARCHIVE_H
#define LINLI_APP_ARCHIVE_H

#include "base/ctx.h"

#include <stdio.h>

struct archive;

/* Returns NULL with a problem in ctx. passphrase NULL: not encrypted. CONFLICT
 * if path exists. */
struct archive *archive_create(struct ctx *ctx, const char *path, const char *passphrase);
void archive_add(struct archive *a, const char *name, const void *data, size_t size);
void archive_add_file(struct archive *a, const char *name,
                      const char *path); /* a failure is kept until archive_finish */
enum status archive_finish(struct ctx *ctx, struct archive *a); /* also frees it */

bool archive_is_encrypted(const char *path);
struct archive *archive_open(struct ctx *ctx, const char *path, const char *passphrase);
/* The next file's name (in the arena) and size; false at the end or if
 * something is wrong (see archive_close). */
bool archive_next(struct ctx *ctx, struct archive *a, const char **name, int64_t *size);
/* Writes the current file to a new file, mode 0600; it is on disk when this returns true. */
bool archive_extract(struct archive *a, const char *path);
/* Returns the current file as text, at most `most` bytes; NULL if it is longer
 * or can't be read. */
char *archive_text(struct ctx *ctx, struct archive *a, size_t most);
/* Reads to the end, so that truncation is detected; also frees it. */
enum status archive_close(struct ctx *ctx, struct archive *a);

#endif
