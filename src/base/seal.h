/*
 * Encrypted ("sealed") fields: citizen numbers, phone numbers and health
 * results are encrypted before they reach the database. They are found again
 * by a keyed hash.
 *
 * One master key of 32 bytes is in a file beside the database, never in it.
 * crypto_kdf derives one key each for encryption, hashing, signing and form
 * tokens. A backup of the database without that file does not reveal the
 * fields. Without the file the fields are lost, so back it up separately.
 *
 * `purpose` names the column ("people.phone") and is authenticated. A text
 * that was moved to another column does not decrypt there, and equal values in
 * two columns have different hashes. The caller owns the key and releases it.
 * All functions are thread-safe.
 */
#ifndef LINLI_BASE_SEAL_H
#define LINLI_BASE_SEAL_H

#include "base/arena.h"
#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

#define SEAL_PREFIX    "s1." /* version 1: XChaCha20-Poly1305, base64url without padding */
#define SEAL_TEXT_MOST ((size_t)1 << 20) /* bytes of one field */

struct seal_key {
    unsigned char seal[32], hash[32];
    unsigned char form[32]; /* keys the tokens of forms */
    unsigned char sign[64],
        public[32]; /* Ed25519: anyone with the public key can verify signatures */
};
#define SIGNATURE 64 /* bytes */

/* Derives all keys from a master key. */
void seal_key_init(struct seal_key *key, const unsigned char master[32]);
void seal_key_release(struct seal_key *key); /* wipes it */
/*
 * Reads the key file: 64 hexadecimal digits and a line end. NOT_FOUND: there
 * is none. FORBIDDEN: it is not a plain file, or others than its owner may
 * read or write it. INVALID: it contains something else. UNAVAILABLE: it can't
 * be read.
 */
enum status seal_key_load(struct seal_key *key, const char *path);
/* Creates a file with a new random key, mode 0600; it is on disk when this returns OK. CONFLICT:
 * the file exists. */
enum status seal_key_create(const char *path);

/* Encrypts text; the result differs each time. NULL gives NULL. */
const char *seal_text(const struct seal_key *key, struct arena *a, const char *purpose,
                      const char *text);
/* Decrypts. INVALID: not encrypted with this key for this purpose, or changed. sealed NULL gives
 * OK and NULL. */
enum status seal_open(const struct seal_key *key, struct arena *a, const char *purpose,
                      const char *sealed, const char **text);
/* Stands for a text that can't be decrypted, wherever a text is needed.
 * Compare the pointer; printed, it says so. mask_phone and the like leave it
 * unchanged. */
extern const char seal_lost[];
bool seal_is(const char *text); /* whether it looks like an encrypted text */
/* Keyed BLAKE2b, 16 bytes as 32 hexadecimal digits: for exact search and uniqueness. The same
 * text and purpose always give the same hash. Normalise first (base/code.h). NULL gives NULL. */
const char *seal_hash(const struct seal_key *key, struct arena *a, const char *purpose,
                      const char *text);

/* Ed25519 (RFC 8032) over n bytes. */
void seal_sign(const struct seal_key *key, const void *data, size_t n,
               unsigned char signature[SIGNATURE]);
bool signature_fits(const unsigned char public[32], const void *data, size_t n,
                    const unsigned char signature[SIGNATURE]);

#endif
