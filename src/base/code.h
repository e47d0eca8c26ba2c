/*
 * Codes: numbers that carry their own check, telephone numbers, random codes,
 * and how they are shown to people who need not know the whole.
 *
 * Inputs are what somebody typed: full-width forms, spaces and hyphens are
 * allowed. Results live in the arena given; NULL as input is not valid.
 */
#ifndef LINLI_BASE_CODE_H
#define LINLI_BASE_CODE_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Citizen identity number, GB 11643: 18 characters, a known province, a birth date that exists (from 1900 on, not
 * after `today`; NONE: not compared), the ISO 7064 MOD 11-2 check. The 15-digit numbers of before 2013 are no
 * longer valid. Returns the number with a capital X, NULL when it is not one. facts may be NULL.
 */
struct id_facts {
    int64_t birth; /* a day, as in base/when.h */
    bool female;
};
const char *code_citizen_id(struct arena *a, const char *text, int64_t today, struct id_facts *facts);

/* Unified social credit code, GB 32100: 18 characters with the check character; upper-case, or NULL. */
const char *code_credit(struct arena *a, const char *text);

/*
 * Telephone numbers in mainland China. Normal forms: mobile "13800138000"; fixed line "029-87654321",
 * "029-87654321-102" with an extension (also typed 转102), "87654321" without an area code; service numbers
 * "4008123123", "12345", "95598". +86, 0086 before them are dropped.
 */
enum phone_kind { PHONE_NONE, PHONE_MOBILE, PHONE_FIXED, PHONE_SERVICE };
enum phone_kind code_phone(struct arena *a, const char *text, const char **normal); /* normal NULL for PHONE_NONE */

/* n characters of 31 that are not mistaken for each other (no 0 O 1 I L), 4.95 bits each, and a NUL: n + 1 bytes. */
void code_random(char *to, size_t n);
/* What a person typed of such a code: upper case, blanks and hyphens dropped; NULL when other characters are in it. */
const char *code_typed(struct arena *a, const char *text);
/* n random bytes as base64url without padding: session tokens, API keys. n ≤ 64. */
const char *code_token(struct arena *a, size_t n);

/* 138****8000, 029-****4321; short ones wholly hidden. NULL gives NULL, as below. */
const char *mask_phone(struct arena *a, const char *phone);
/* 110***********2X: the first three and the last two; what is shorter than 8 is wholly hidden. */
const char *mask_id(struct arena *a, const char *id);
/* 张三丰 → 张**, Anna → A***: the first character stays. */
const char *mask_name(struct arena *a, const char *name);

#endif
