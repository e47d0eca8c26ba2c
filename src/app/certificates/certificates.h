/*
 * Certificates of service (志愿服务记录证明): issued free of charge for a
 * volunteer and a period, from the hours that count. A PDF on one sheet of A4,
 * kept with its record, with a number that can't be guessed.
 *
 * Signed with Ed25519 (RFC 8032): after the PDF's end stands one comment line
 *     %linli-certificate 1 KEY SIGNATURE
 * both in base64url, the signature over all bytes before that line. So a file
 * is checked without the office's data, and a single changed byte is found.
 */
#ifndef LINLI_APP_CERTIFICATES_H
#define LINLI_APP_CERTIFICATES_H

#include "app/volunteers/volunteers.h"
#include "base/buf.h"

struct certificate {
    struct record record;
    const char *number; /* ZS2026-7KM4QXD2PA */
    int64_t volunteer;
    const char *valid_from, *valid_to; /* the period, ISO days */
    int64_t seconds;
    const char *content; /* lines: what, how often, how long */
    int64_t issued;
    const char *issuer, *responsible, *handler, *contact, *note;
    const char *status; /* valid, superseded, revoked */
    int64_t superseded_by;
    const char *revoked_why;
    const char *signed_text; /* SHA-256 of the signed bytes, hexadecimal */
    const char *signature;   /* base64url */
};
extern const struct kind certificates_kind;

/* What is printed in addition to the record. Texts may be NULL. */
struct certificate_print {
    const char *name, *document,
        *volunteer_number; /* ID document: type and number, masked unless requested in full */
    const char *address;   /* URL of the page that verifies it, for the QR code */
    const void *seal;      /* a PNG; NULL: drawn */
    size_t seal_size;
};

/* Reads the whole PNG; returns whether it can be drawn. */
bool certificate_seal_good(const void *png, size_t size);

/* Makes the complete file, PDF and signature line; stores signature and hash in c. False with a
 * problem if it can't be drawn. */
bool certificate_draw(struct ctx *ctx, struct certificate *c, const struct certificate_print *p,
                      struct buf *pdf);
/* Appends the signature line to an unsigned file. */
void certificate_sign(struct ctx *ctx, struct certificate *c, struct buf *pdf);

enum certificate_word {
    CERTIFICATE_FITS,      /* every byte is as it was signed with the key in the file */
    CERTIFICATE_CHANGED,   /* something has changed since */
    CERTIFICATE_UNSIGNED,  /* no signature line: a different file, or truncated */
    CERTIFICATE_OTHER_KEY, /* valid, but signed with another key */
};
/* key: 43 characters of base64url that must have signed it; NULL: the one in the file. signer
 * (may be NULL): 44 bytes for the key in the file. */
enum certificate_word certificate_check(const void *data, size_t size, const char *key,
                                        char *signer);
/* The installation's public key. */
const char *certificate_key(struct ctx *ctx);

/* Fills in seconds and content for c's volunteer and period. Problems if there are no hours or
 * the period is invalid. Unless over_disputes, a disputed day is a problem too: "over_disputes"
 * names the days. With over_disputes the content names them. */
bool certificate_count(struct ctx *ctx, struct certificate *c, bool over_disputes);
/* A new number. */
const char *certificate_number(struct ctx *ctx);
/* On the writer thread: stores it with its file; supersedes the valid one of the same volunteer
 * and period. */
enum status certificate_file(struct ctx *ctx, struct certificate *c, const struct buf *pdf);
/* On the writer thread: revokes it, with a reason that only the office reads. */
enum status certificate_revoke(struct ctx *ctx, const struct certificate *before, const char *why);
struct certificate *certificate_find(struct ctx *ctx,
                                     const char *number); /* in any letter case; NULL */
/* The file as it was issued; size 0: none. */
struct bytes certificate_bytes(struct ctx *ctx, const struct certificate *c);

/* The record that a file with a signature line claims to be, altered or not; NULL. */
struct certificate *certificate_of_file(struct ctx *ctx, const void *data, size_t size);
/* The number as typed from paper: in any case and width, with or without its hyphen; NULL if it is
 * not one. */
const char *certificate_number_typed(struct ctx *ctx, const char *typed);

/* "5 March 2026 to 4 April 2026", and the status with its icon. */
const char *certificate_period(struct ctx *ctx, const struct certificate *c);
void certificate_state_draw(struct ctx *ctx, const struct certificate *c);

/* Its modules, for program/modules.c. */
#define CERTIFICATES_MODULES(M) \
    M(certificates_module) \
    M(certificate_pages_module) \
    M(certificate_verify_module)

#endif
