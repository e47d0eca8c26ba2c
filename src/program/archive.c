/*
 * Writes and reads a backup file. All bytes pass through one function in each
 * direction (bytes_out, bytes_in), which encrypts and decrypts.
 */
#include "program/archive.h"
#include "base/when.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC  "LINLI-BACKUP-E1\n" /* 16 bytes */
#define CHUNK  65536
#define SEALED (CHUNK + crypto_secretstream_xchacha20poly1305_ABYTES)
#define BLOCK  512

struct archive {
    FILE *file;
    const char *path, *part; /* memory of the context */
    bool encrypted, failed, wrong, ended;
    crypto_secretstream_xchacha20poly1305_state state;
    unsigned char *chunk;  /* plain bytes */
    size_t used, at;       /* bytes of the chunk: filled so far, or, when reading, consumed */
    int64_t left, padding; /* bytes left of the current file, when reading */
};

static bool key_of(const char *passphrase, const unsigned char *salt, unsigned char *key)
{
    return crypto_pwhash(key, crypto_secretstream_xchacha20poly1305_KEYBYTES, passphrase,
                         strlen(passphrase), salt, crypto_pwhash_OPSLIMIT_MODERATE,
                         crypto_pwhash_MEMLIMIT_MODERATE, crypto_pwhash_ALG_ARGON2ID13) == 0;
}

static struct archive *archive_new(FILE *f, bool encrypted)
{
    struct archive *a = must_alloc(sizeof *a);
    a->file = f;
    a->encrypted = encrypted;
    a->chunk = must_alloc(CHUNK);
    return a;
}

static void archive_free(struct archive *a)
{
    if (a->file)
        fclose(a->file);
    sodium_memzero(&a->state, sizeof a->state);
    sodium_memzero(a->chunk, CHUNK);
    free(a->chunk);
    free(a);
}

/* ---- writing ---- */

static void chunk_out(struct archive *a, bool last)
{
    unsigned char *sealed = must_alloc(SEALED);
    unsigned long long n = 0;
    crypto_secretstream_xchacha20poly1305_push(
        &a->state, sealed, &n, a->chunk, a->used, NULL, 0,
        last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL : 0);
    if (fwrite(sealed, 1, (size_t)n, a->file) != n)
        a->failed = true;
    a->used = 0;
    free(sealed);
}

static void bytes_out(struct archive *a, const void *data, size_t n)
{
    if (!a->encrypted) {
        if (fwrite(data, 1, n, a->file) != n)
            a->failed = true;
        return;
    }
    for (const char *p = data; n > 0 && !a->failed;) {
        size_t part = n < CHUNK - a->used ? n : CHUNK - a->used;
        memcpy(a->chunk + a->used, p, part);
        a->used += part;
        p += part;
        n -= part;
        if (a->used == CHUNK)
            chunk_out(a, false);
    }
}

/* Sizes of 8 GiB and more are in base 256, as GNU and POSIX tar read them. */
static void put_size(unsigned char field[12], int64_t size)
{
    if (size < INT64_C(1) << 33) {
        snprintf((char *)field, 12, "%011llo", (unsigned long long)size);
        return;
    }
    field[0] = 0x80;
    for (int i = 11; i > 0; i--, size >>= 8)
        field[i] = (unsigned char)(size & 0xFF);
}

static void head_out(struct archive *a, const char *name, int64_t size)
{
    unsigned char h[BLOCK] = {0};
    snprintf((char *)h, 100, "%s", name);
    memcpy(h + 100, "0000600", 8);
    memcpy(h + 108, "0000000", 8);
    memcpy(h + 116, "0000000", 8);
    put_size(h + 124, size);
    snprintf((char *)h + 136, 12, "%011llo", (unsigned long long)when_now());
    memset(h + 148, ' ', 8);
    h[156] = '0';
    memcpy(h + 257, "ustar\00000", 8);
    unsigned sum = 0;
    for (int i = 0; i < BLOCK; i++)
        sum += h[i];
    snprintf((char *)h + 148, 8, "%06o", sum);
    bytes_out(a, h, sizeof h);
}

static void pad_out(struct archive *a, int64_t size)
{
    static const unsigned char zeros[BLOCK];
    if (size % BLOCK)
        bytes_out(a, zeros, (size_t)(BLOCK - size % BLOCK));
}

struct archive *archive_create(struct ctx *ctx, const char *path, const char *passphrase)
{
    if (access(path, F_OK) == 0) {
        ctx_fail(ctx, CONFLICT, say(ctx, "{} already exists and has not been changed.", path));
        return NULL;
    }
    const char *part = arena_print(ctx->arena, "%s.part", path);
    unlink(part);
    int fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *f = fd >= 0 ? fdopen(fd, "wb") : NULL;
    if (!f) {
        ctx_fail(ctx, UNAVAILABLE, say(ctx, "Can’t create {}: {}", part, strerror(errno)));
        return NULL;
    }
    struct archive *a = archive_new(f, passphrase != NULL);
    a->path = path;
    a->part = part;
    if (passphrase) {
        unsigned char salt[crypto_pwhash_SALTBYTES],
            key[crypto_secretstream_xchacha20poly1305_KEYBYTES],
            header[crypto_secretstream_xchacha20poly1305_HEADERBYTES];
        randombytes_buf(salt, sizeof salt);
        if (!key_of(passphrase, salt, key))
            a->failed = true;
        crypto_secretstream_xchacha20poly1305_init_push(&a->state, header, key);
        sodium_memzero(key, sizeof key);
        if (fwrite(MAGIC, 1, 16, f) != 16 || fwrite(salt, 1, sizeof salt, f) != sizeof salt ||
            fwrite(header, 1, sizeof header, f) != sizeof header)
            a->failed = true;
    }
    return a;
}

void archive_add(struct archive *a, const char *name, const void *data, size_t size)
{
    head_out(a, name, (int64_t)size);
    bytes_out(a, data, size);
    pad_out(a, (int64_t)size);
}

void archive_add_file(struct archive *a, const char *name, const char *path)
{
    FILE *f = fopen(path, "rb");
    struct stat st;
    if (!f || fstat(fileno(f), &st) != 0) {
        a->failed = true;
        if (f)
            fclose(f);
        return;
    }
    head_out(a, name, st.st_size);
    unsigned char *piece = must_alloc(CHUNK);
    int64_t sent = 0;
    for (size_t n; !a->failed && (n = fread(piece, 1, CHUNK, f)) > 0; sent += (int64_t)n)
        bytes_out(a, piece, n);
    if (ferror(f) || sent != st.st_size)
        a->failed = true;
    pad_out(a, sent);
    sodium_memzero(piece, CHUNK);
    free(piece);
    fclose(f);
}

static bool folder_sync(const char *path)
{
    char *folder = must_copy(path), *slash = strrchr(folder, '/');
    if (slash)
        slash[slash == folder] = '\0';
    int fd = open(slash ? folder : ".", O_RDONLY | O_CLOEXEC | O_DIRECTORY);
    free(folder);
    bool good = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return good;
}

enum status archive_finish(struct ctx *ctx, struct archive *a)
{
    static const unsigned char end[2 * BLOCK];
    bytes_out(a, end, sizeof end);
    if (a->encrypted)
        chunk_out(a, true);
    errno = 0;
    bool good = !a->failed && fflush(a->file) == 0 && fsync(fileno(a->file)) == 0 &&
                rename(a->part, a->path) == 0 && folder_sync(a->path);
    if (!good) {
        ctx_fail(ctx, UNAVAILABLE, say(ctx, "{} could not be written. Is the disk full?", a->path));
        unlink(a->part);
    }
    archive_free(a);
    return good ? OK : ctx->status;
}

/* ---- reading ---- */

bool archive_is_encrypted(const char *path)
{
    char begin[16] = "";
    FILE *f = fopen(path, "rb");
    bool is = f && fread(begin, 1, sizeof begin, f) == sizeof begin &&
              memcmp(begin, MAGIC, sizeof begin) == 0;
    if (f)
        fclose(f);
    return is;
}

/* Reads the next chunk; returns false at the end of the stream, or if it can't
 * be decrypted. */
static bool chunk_in(struct archive *a)
{
    if (a->ended || a->wrong)
        return false;
    unsigned char *sealed = must_alloc(SEALED), tag = 0;
    size_t n = fread(sealed, 1, SEALED, a->file);
    unsigned long long plain_size = 0;
    if (n < crypto_secretstream_xchacha20poly1305_ABYTES ||
        crypto_secretstream_xchacha20poly1305_pull(&a->state, a->chunk, &plain_size, &tag, sealed,
                                                   n, NULL, 0) != 0)
        a->wrong = true;
    free(sealed);
    a->used = (size_t)plain_size;
    a->at = 0;
    a->ended = tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
    if (a->ended && fgetc(a->file) != EOF)
        a->wrong = true;
    return !a->wrong;
}

static bool bytes_in(struct archive *a, void *to, size_t n)
{
    if (!a->encrypted) {
        if (fread(to, 1, n, a->file) == n)
            return true;
        a->wrong = true;
        return false;
    }
    for (char *p = to; n > 0;) {
        if (a->at == a->used && !chunk_in(a)) {
            a->wrong = true;
            return false;
        }
        size_t part = n < a->used - a->at ? n : a->used - a->at;
        memcpy(p, a->chunk + a->at, part);
        a->at += part;
        p += part;
        n -= part;
    }
    return true;
}

struct archive *archive_open(struct ctx *ctx, const char *path, const char *passphrase)
{
    bool encrypted = archive_is_encrypted(path);
    FILE *f = fopen(path, "rb");
    if (!f) {
        ctx_fail(ctx, NOT_FOUND, say(ctx, "Can’t open {}: {}", path, strerror(errno)));
        return NULL;
    }
    struct archive *a = archive_new(f, encrypted);
    a->path = path;
    if (!encrypted)
        return a;
    unsigned char
        head[16 + crypto_pwhash_SALTBYTES + crypto_secretstream_xchacha20poly1305_HEADERBYTES],
        key[crypto_secretstream_xchacha20poly1305_KEYBYTES];
    bool good = passphrase && fread(head, 1, sizeof head, f) == sizeof head &&
                key_of(passphrase, head + 16, key) &&
                crypto_secretstream_xchacha20poly1305_init_pull(
                    &a->state, head + 16 + crypto_pwhash_SALTBYTES, key) == 0;
    sodium_memzero(key, sizeof key);
    if (good && chunk_in(a))
        return a;
    archive_free(a);
    ctx_fail(ctx, FORBIDDEN, say(ctx, "Wrong passphrase for this backup."));
    return NULL;
}

static int64_t take_size(const unsigned char field[12])
{
    int64_t size = 0;
    if (field[0] & 0x80) {
        for (int i = 4; i < 12; i++)
            size = size << 8 | field[i];
        return size;
    }
    for (int i = 0; i < 12 && field[i] >= '0' && field[i] <= '7'; i++)
        size = size << 3 | (field[i] - '0');
    return size;
}

static void skip(struct archive *a)
{
    unsigned char block[BLOCK];
    for (int64_t n = a->left + a->padding; n > 0 && !a->wrong; n -= BLOCK)
        bytes_in(a, block, n < BLOCK ? (size_t)n : BLOCK);
    a->left = a->padding = 0;
}

bool archive_next(struct ctx *ctx, struct archive *a, const char **name, int64_t *size)
{
    unsigned char h[BLOCK];
    skip(a);
    if (a->wrong || !bytes_in(a, h, sizeof h))
        return false;
    if (!h[0])
        return false; /* the two zero blocks that end a tar */
    unsigned sum = 0, told = 0;
    for (int i = 0; i < BLOCK; i++)
        sum += i >= 148 && i < 156 ? ' ' : h[i];
    for (int i = 148; i < 154 && h[i] >= '0' && h[i] <= '7'; i++)
        told = told << 3 | (unsigned)(h[i] - '0');
    *size = take_size(h + 124);
    if (sum != told || memcmp(h + 257, "ustar", 5) != 0 || *size < 0 || !memchr(h, 0, 100)) {
        a->wrong = true;
        return false;
    }
    *name = arena_copy(ctx->arena, (const char *)h);
    a->left = *size;
    a->padding = *size % BLOCK ? BLOCK - *size % BLOCK : 0;
    return true;
}

bool archive_extract(struct archive *a, const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *f = fd >= 0 ? fdopen(fd, "wb") : NULL;
    if (!f)
        return false;
    unsigned char *piece = must_alloc(CHUNK);
    bool good = true;
    while (good && a->left > 0) {
        size_t n = a->left < CHUNK ? (size_t)a->left : CHUNK;
        good = bytes_in(a, piece, n) && fwrite(piece, 1, n, f) == n;
        a->left -= (int64_t)n;
    }
    good = good && fflush(f) == 0 && fsync(fd) == 0;
    sodium_memzero(piece, CHUNK);
    free(piece);
    return fclose(f) == 0 && good;
}

char *archive_text(struct ctx *ctx, struct archive *a, size_t most)
{
    if (a->left > (int64_t)most)
        return NULL;
    char *text = arena_alloc(ctx->arena, (size_t)a->left + 1);
    size_t n = (size_t)a->left;
    a->left = 0;
    return bytes_in(a, text, n) ? text : NULL;
}

enum status archive_close(struct ctx *ctx, struct archive *a)
{
    skip(a);
    while (a->encrypted && !a->ended && chunk_in(a))
        ;
    bool wrong = a->wrong;
    const char *path = a->path;
    archive_free(a);
    return wrong ? ctx_fail(ctx, INVALID,
                            say(ctx, "{} is not a backup, or it is incomplete or has been altered.",
                                path))
                 : OK;
}
