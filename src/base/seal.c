/*
 * Encryption with libsodium. A sealed text is "s1." and the base64url of a
 * random nonce (24 bytes) and the ciphertext with its tag. Random nonces of
 * this length do not repeat, so no counter is kept. Keys are wiped when
 * released; decrypted texts are in the request's arena.
 */
#include "base/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NONCE   crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG     crypto_aead_xchacha20poly1305_ietf_ABYTES
#define BASE64  sodium_base64_VARIANT_URLSAFE_NO_PADDING
#define CONTEXT "linlikey" /* eight characters, part of the key derivation: never change them */
#define DIGITS  64

enum { KEY_SEAL = 1, KEY_HASH = 2, KEY_SIGN = 3, KEY_FORM = 4 };

static void start(void)
{
    if (sodium_init() < 0) {
        fprintf(stderr, "linli: the cryptography library does not start\n");
        abort();
    }
}

void seal_key_init(struct seal_key *key, const unsigned char master[32])
{
    start();
    crypto_kdf_derive_from_key(key->seal, sizeof key->seal, KEY_SEAL, CONTEXT, master);
    crypto_kdf_derive_from_key(key->hash, sizeof key->hash, KEY_HASH, CONTEXT, master);
    crypto_kdf_derive_from_key(key->form, sizeof key->form, KEY_FORM, CONTEXT, master);
    unsigned char seed[crypto_sign_SEEDBYTES];
    crypto_kdf_derive_from_key(seed, sizeof seed, KEY_SIGN, CONTEXT, master);
    crypto_sign_seed_keypair(key->public, key->sign, seed);
    sodium_memzero(seed, sizeof seed);
}

void seal_key_release(struct seal_key *key)
{
    sodium_memzero(key, sizeof *key);
}

/* Reads or writes all n bytes. Returns how many; -1 if it failed. */
static ssize_t read_all(int fd, char *to, size_t n)
{
    size_t done = 0;
    while (done < n) {
        ssize_t got = read(fd, to + done, n - done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return (ssize_t)done;
}

static bool write_all(int fd, const char *from, size_t n)
{
    while (n) {
        ssize_t put = write(fd, from, n);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        from += put;
        n -= (size_t)put;
    }
    return true;
}

enum status seal_key_load(struct seal_key *key, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return errno == ENOENT ? NOT_FOUND : errno == ELOOP ? FORBIDDEN : UNAVAILABLE;
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || (st.st_mode & 077)) {
        close(fd);
        return FORBIDDEN;
    }
    char digits[DIGITS + 3] = "";
    ssize_t n = read_all(fd, digits, sizeof digits - 1);
    close(fd);
    if (n < 0)
        return UNAVAILABLE;
    unsigned char master[32];
    size_t size = 0;
    size_t end = strspn(digits, "0123456789abcdefABCDEF");
    bool fine = end == DIGITS && digits[end + strspn(digits + end, "\r\n")] == '\0' &&
                sodium_hex2bin(master, sizeof master, digits, DIGITS, NULL, &size, NULL) == 0 &&
                size == 32;
    if (fine)
        seal_key_init(key, master);
    sodium_memzero(master, sizeof master);
    sodium_memzero(digits, sizeof digits);
    return fine ? OK : INVALID;
}

/* The directory entry must be on the disk too. */
static bool sync_folder(const char *path)
{
    char *folder = must_copy(path), *slash = strrchr(folder, '/');
    if (slash)
        slash[slash == folder] = '\0';
    int fd = open(slash ? folder : ".", O_RDONLY | O_CLOEXEC | O_DIRECTORY);
    free(folder);
    bool fine = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return fine;
}

enum status seal_key_create(const char *path)
{
    start();
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno == EEXIST ? CONFLICT : UNAVAILABLE;
    unsigned char master[32];
    char digits[DIGITS + 2];
    randombytes_buf(master, sizeof master);
    sodium_bin2hex(digits, sizeof digits, master, sizeof master);
    digits[DIGITS] = '\n';
    bool fine = write_all(fd, digits, DIGITS + 1) && fsync(fd) == 0;
    fine = close(fd) == 0 && fine && sync_folder(path);
    sodium_memzero(master, sizeof master);
    sodium_memzero(digits, sizeof digits);
    if (!fine)
        unlink(path);
    return fine ? OK : UNAVAILABLE;
}

const char *seal_text(const struct seal_key *key, struct arena *a, const char *purpose,
                      const char *text)
{
    if (!text)
        return NULL;
    size_t n = strlen(text), size = NONCE + n + TAG;
    unsigned char *raw = arena_alloc(a, size);
    randombytes_buf(raw, NONCE);
    crypto_aead_xchacha20poly1305_ietf_encrypt(raw + NONCE, NULL, (const unsigned char *)text, n,
                                               (const unsigned char *)purpose, strlen(purpose),
                                               NULL, raw, key->seal);
    size_t room = sodium_base64_encoded_len(size, BASE64), prefix = strlen(SEAL_PREFIX);
    char *sealed = arena_alloc(a, prefix + room);
    memcpy(sealed, SEAL_PREFIX, prefix);
    sodium_bin2base64(sealed + prefix, room, raw, size, BASE64);
    return sealed;
}

const char seal_lost[] = "无法解密 / unreadable";

bool seal_is(const char *text)
{
    return text && strncmp(text, SEAL_PREFIX, strlen(SEAL_PREFIX)) == 0;
}

enum status seal_open(const struct seal_key *key, struct arena *a, const char *purpose,
                      const char *sealed, const char **text)
{
    *text = NULL;
    if (!sealed)
        return OK;
    if (!seal_is(sealed))
        return INVALID;
    const char *body = sealed + strlen(SEAL_PREFIX);
    size_t n = strlen(body), size = 0;
    if (n > SEAL_TEXT_MOST * 2)
        return INVALID;
    unsigned char *raw = arena_alloc(a, n + 1);
    if (sodium_base642bin(raw, n, body, n, NULL, &size, NULL, BASE64) != 0 || size < NONCE + TAG)
        return INVALID;
    char *opened = arena_alloc(a, size - NONCE - TAG + 1);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt((unsigned char *)opened, NULL, NULL, raw + NONCE,
                                                   size - NONCE, (const unsigned char *)purpose,
                                                   strlen(purpose), raw, key->seal) != 0)
        return INVALID;
    *text = opened;
    return OK;
}

const char *seal_hash(const struct seal_key *key, struct arena *a, const char *purpose,
                      const char *text)
{
    if (!text)
        return NULL;
    unsigned char hash[16];
    crypto_generichash_state state;
    crypto_generichash_init(&state, key->hash, sizeof key->hash, sizeof hash);
    crypto_generichash_update(&state, (const unsigned char *)purpose,
                              strlen(purpose) + 1); /* with its NUL */
    crypto_generichash_update(&state, (const unsigned char *)text, strlen(text));
    crypto_generichash_final(&state, hash, sizeof hash);
    char *hex = arena_alloc(a, sizeof hash * 2 + 1);
    sodium_bin2hex(hex, sizeof hash * 2 + 1, hash, sizeof hash);
    return hex;
}

void seal_sign(const struct seal_key *key, const void *data, size_t n,
               unsigned char signature[SIGNATURE])
{
    crypto_sign_detached(signature, NULL, data, n, key->sign);
}

bool signature_fits(const unsigned char public[32], const void *data, size_t n,
                    const unsigned char signature[SIGNATURE])
{
    start();
    return crypto_sign_verify_detached(signature, data, n, public) == 0;
}
