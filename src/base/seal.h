/*
 * Sealed fields: citizen numbers, telephone numbers and health results are
 * encrypted before they reach the database, and found again by a keyed hash.
 *
 * One master key of 32 bytes lies in a file beside the database, never in it;
 * from it crypto_kdf derives one key to seal, one to hash, one to sign and one for forms. A backup of the
 * database without that file does not give the fields away; without the file
 * the fields are lost, so it is backed up apart.
 *
 * `purpose` names the column ("people.phone"). It is authenticated: a sealed
 * text moved to another column does not open there, and equal values in two
 * columns have different hashes. The caller owns the key and releases it.
 * All functions may be used by several threads at once.
 */
#ifndef LINLI_BASE_SEAL_H
#define LINLI_BASE_SEAL_H

#include "base/arena.h"
#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

#define SEAL_PREFIX    "s1."             /* version 1: XChaCha20-Poly1305, base64url without padding */
#define SEAL_TEXT_MOST ((size_t)1 << 20) /* bytes of one field */

struct seal_key {
    unsigned char seal[32], hash[32];
    unsigned char form[32];             /* keys the tokens of forms */
    unsigned char sign[64], public[32]; /* Ed25519: what is signed can be checked by whoever has the public key */
};
#define SIGNATURE 64 /* bytes */

/* The keys of a master key. */
void seal_key_init(struct seal_key *key, const unsigned char master[32]);
void seal_key_release(struct seal_key *key); /* wipes it */
/*
 * The key file: 64 hexadecimal digits and a line end. NOT_FOUND: there is none. FORBIDDEN: it is not a plain file,
 * or somebody but its owner may read or write it. INVALID: it holds something else. UNAVAILABLE: cannot be read.
 */
enum status seal_key_load(struct seal_key *key, const char *path);
/* Makes a file with a new random key, mode 0600, on the disk when it returns OK. CONFLICT: there is one already. */
enum status seal_key_create(const char *path);

/* Sealed text, different each time; NULL gives NULL. */
const char *seal_text(const struct seal_key *key, struct arena *a, const char *purpose, const char *text);
/* INVALID: not sealed by this key for this purpose, or changed. sealed NULL gives OK and NULL. */
enum status seal_open(const struct seal_key *key, struct arena *a, const char *purpose, const char *sealed, const char **text);
bool seal_is(const char *text); /* looks like a sealed text */
/* Keyed BLAKE2b of 16 bytes in 32 hexadecimal digits, the same for the same text and purpose: for exact search and
 * uniqueness. Normalise first (base/code.h). NULL gives NULL. */
const char *seal_hash(const struct seal_key *key, struct arena *a, const char *purpose, const char *text);

/* Ed25519 (RFC 8032) over n bytes. */
void seal_sign(const struct seal_key *key, const void *data, size_t n, unsigned char signature[SIGNATURE]);
bool signature_fits(const unsigned char public[32], const void *data, size_t n, const unsigned char signature[SIGNATURE]);

#endif
