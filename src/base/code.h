/*
 * Codes: numbers with check digits, phone numbers, random codes, and how to
 * mask them for people who need not see the whole.
 *
 * Inputs are as typed: full-width characters, spaces and hyphens are allowed.
 * Results live in the given arena; inputs must not be NULL.
 */
#ifndef LINLI_BASE_CODE_H
#define LINLI_BASE_CODE_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Citizen identity number, GB 11643: 18 characters, a known province, a valid
 * birth date (1900 or later, not after `today`; NONE: not checked), the ISO
 * 7064 MOD 11-2 check character. The 15-digit numbers issued before 2013 are
 * no longer valid. Returns the number with a capital X, or NULL if invalid.
 * facts may be NULL.
 */
struct id_facts {
    int64_t birth; /* a day, as in base/when.h */
    bool female;
};
const char *code_citizen_id(struct arena *a, const char *text, int64_t today,
                            struct id_facts *facts);

/* Unified social credit code, GB 32100: 18 characters with a check character. Returns it in
 * upper case, or NULL if invalid. */
const char *code_credit(struct arena *a, const char *text);

/* Phone numbers in mainland China. Normal forms: mobile "13800138000"; fixed
 * line "029-87654321", "029-87654321-102" with an extension (also typed 转102),
 * "87654321" without an area code; service numbers "4008123123", "12345",
 * "95598". A leading +86 or 0086 is dropped. Numbers of Hong Kong, Macao and
 * Taiwan keep their E.164 form: "+85291234567". Pasted text may contain any
 * kind of dash, brackets, and punctuation at the end; an extension may follow
 * 转, 分机, ext, x or #. */
enum phone_kind { PHONE_NONE, PHONE_MOBILE, PHONE_FIXED, PHONE_SERVICE, PHONE_BEYOND };
enum phone_kind code_phone(struct arena *a, const char *text,
                           const char **normal); /* normal: NULL for PHONE_NONE */

/* Writes the last four digits of a stored number, without its extension.
 * Returns false if it has fewer. */
bool code_phone_end(const char *phone, char to[5]);

/* Returns a pasted request number ("编号 ２０２６１１２４—００３４５。", or
 * without its hyphen) in its stored form, 20261124-00345; NULL if it is not
 * one. */
const char *code_number(struct arena *a, const char *text);
/* The same if only its end was typed ("00345", "1124-00345"): returns the
 * digits; NULL if it is neither. */
const char *code_number_end(struct arena *a, const char *text);

/* Writes n random characters and a NUL: n + 1 bytes. The alphabet has 31 characters that are not
 * confused with each other (no 0 O 1 I L): 4.95 bits each. */
void code_random(char *to, size_t n);
/* Normalises a typed code: upper case, without blanks and hyphens. NULL if it contains other
 * characters. */
const char *code_typed(struct arena *a, const char *text);
/* Formats a code of 10 characters in two groups: K7MR4-QXD2P. Others are unchanged. */
const char *code_shown(struct arena *a, const char *code);
/* n random bytes as base64url without padding: session tokens, API keys. n ≤ 64. */
const char *code_token(struct arena *a, size_t n);

/* 138****8000, 029-****4321; short ones are masked completely. NULL gives NULL, here and below. */
const char *mask_phone(struct arena *a, const char *phone);
/* 110***********2X: keeps the first three and the last two; shorter than 8 is masked completely. */
const char *mask_id(struct arena *a, const char *id);
/* 张三 → 张**, Anna → A**: the first character stays, how long it is doesn't show; one character is
 * masked completely. */
const char *mask_name(struct arena *a, const char *name);

#endif
