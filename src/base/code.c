/*
 * Codes with a check: citizen numbers, credit codes, telephone numbers;
 * random codes; masks.
 *
 * Typed text is first made plain (half width, upper case, no blanks), then
 * checked character by character: what is left over makes it invalid. Masks
 * never say more than their pattern, whatever is put in. Results are the
 * arena's.
 */
#include "base/code.h"

#include "base/text.h"
#include "base/when.h"
#include "base/write.h"

#include <sodium.h>
#include <string.h>

#define TYPED_MOST 64 /* bytes of a typed number */

static const char unambiguous[] = "23456789ABCDEFGHJKMNPQRSTUVWXYZ";

/* Half width, upper case, without blanks; false when it is too long. */
static bool plain_code(char to[TYPED_MOST], const char *text)
{
    if (!text || !text_half_width_into(to, TYPED_MOST, text))
        return false;
    size_t n = 0;
    for (const char *p = to; *p; p++) {
        if (*p == ' ' || *p == '\t')
            continue;
        to[n++] = *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;
    }
    to[n] = '\0';
    return true;
}

static bool digits_only(const char *s, size_t n)
{
    return strspn(s, "0123456789") >= n;
}

static int value_of(const char *s, int n)
{
    int v = 0;
    for (int i = 0; i < n; i++)
        v = v * 10 + s[i] - '0';
    return v;
}

/* 11–15 North … 61–65 North-west, 71, 81–83; 9: foreigners with permanent residence. */
static bool province(const char *s)
{
    static const char last[] = {0, 5, 3, 7, 6, 4, 5, 1, 3, 9};
    int area = s[0] - '0', of_area = s[1] - '0';
    if (area == 9)
        return true;
    return area >= 1 && of_area >= 1 && of_area <= last[area];
}

const char *code_citizen_id(struct arena *a, const char *text, int64_t today, struct id_facts *facts)
{
    static const char weights[] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
    static const char checks[] = "10X98765432";
    char s[TYPED_MOST];
    if (!plain_code(s, text) || strlen(s) != 18 || !digits_only(s, 17) || !province(s))
        return NULL;
    int sum = 0;
    for (int i = 0; i < 17; i++)
        sum += (s[i] - '0') * weights[i];
    if (s[17] != checks[sum % 11])
        return NULL;
    struct civil c = {.year = value_of(s + 6, 4), .month = value_of(s + 10, 2), .day = value_of(s + 12, 2)};
    if (!civil_valid(&c))
        return NULL;
    int64_t birth = day_of(c.year, c.month, c.day);
    if (today != NONE && birth > today)
        return NULL;
    if (facts)
        *facts = (struct id_facts){.birth = birth, .female = (s[16] - '0') % 2 == 0};
    return arena_copy(a, s);
}

const char *code_credit(struct arena *a, const char *text)
{
    static const char alphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY"; /* without I O S V Z */
    char s[TYPED_MOST];
    if (!plain_code(s, text) || strlen(s) != 18 || strspn(s, alphabet) != 18 || !digits_only(s + 2, 6))
        return NULL;
    int sum = 0, weight = 1; /* the powers of 3 modulo 31 */
    for (int i = 0; i < 17; i++) {
        sum += (int)(strchr(alphabet, s[i]) - alphabet) * weight;
        weight = weight * 3 % 31;
    }
    return s[17] == alphabet[(31 - sum % 31) % 31] ? arena_copy(a, s) : NULL;
}

/* --- telephone --- */

/* Keeps digits; hyphens, brackets and dots part; 转 or EXT becomes an 'x'. False for anything else. */
static bool phone_digits(char to[TYPED_MOST], const char *s)
{
    size_t n = 0;
    if (*s == '+')
        s++;
    for (; *s; s++) {
        if (*s >= '0' && *s <= '9') {
            to[n++] = *s;
        } else if (strncmp(s, "转", 3) == 0 || strncmp(s, "EXT", 3) == 0) {
            to[n++] = 'x';
            s += 2;
        } else if (*s == '-') {
            to[n++] = '-';
        } else if (!strchr("().", *s)) {
            return false;
        }
    }
    to[n] = '\0';
    return n > 0;
}

/* Digits of the number without hyphens up to the extension, which goes to *extension ("" when there is none). */
static bool split_extension(char *s, char **extension)
{
    char *x = strchr(s, 'x');
    if (!x) {
        /* 029-87654321-102: the part after a number of full length is the extension. */
        char *last = strrchr(s, '-');
        if (last && last != strchr(s, '-') && s[0] == '0' && strlen(last) <= 6)
            x = last;
    }
    *extension = x ? x + 1 : s + strlen(s);
    if (x)
        *x = '\0';
    size_t n = 0;
    for (const char *p = s; *p; p++)
        if (*p != '-')
            s[n++] = *p;
    s[n] = '\0';
    size_t length = strlen(*extension);
    return length <= 5 && digits_only(*extension, length) && (!x || length);
}

static enum phone_kind fixed_line(struct arena *a, const char *s, const char *extension, const char **normal)
{
    size_t n = strlen(s), area = 0;
    if (s[0] == '0')
        area = s[1] == '1' || s[1] == '2' ? 3 : 4;
    if (n < area + 7 || n > area + 8 || s[area] < '2' || s[area] > '8')
        return PHONE_NONE;
    if (area && (s[1] == '0' || (s[1] == '1' && s[2] != '0')))
        return PHONE_NONE;
    *normal = arena_print(a, "%.*s%s%s%s%s", (int)area, s, area ? "-" : "", s + area, *extension ? "-" : "", extension);
    return PHONE_FIXED;
}

enum phone_kind code_phone(struct arena *a, const char *text, const char **normal)
{
    char typed[TYPED_MOST], digits[TYPED_MOST], *extension;
    *normal = NULL;
    if (!plain_code(typed, text))
        return PHONE_NONE;
    bool abroad = strncmp(typed, "+", 1) == 0 && strncmp(typed, "+86", 3) != 0;
    if (abroad || !phone_digits(digits, typed) || !split_extension(digits, &extension))
        return PHONE_NONE;
    char *s = digits;
    bool prefixed = true;
    if (strncmp(s, "0086", 4) == 0)
        s += 4;
    else if (strncmp(s, "86", 2) == 0 && (typed[0] == '+' || strlen(s) > 11))
        s += 2;
    else
        prefixed = false;
    size_t n = strlen(s);
    if (n == 11 && s[0] == '1' && s[1] >= '3' && !*extension) {
        *normal = arena_copy(a, s);
        return PHONE_MOBILE;
    }
    if ((n == 10 && (strncmp(s, "400", 3) == 0 || strncmp(s, "800", 3) == 0)) ||
        (n == 5 && (strncmp(s, "12", 2) == 0 || strncmp(s, "95", 2) == 0 || strncmp(s, "96", 2) == 0))) {
        if (*extension)
            return PHONE_NONE;
        *normal = arena_copy(a, s);
        return PHONE_SERVICE;
    }
    if (prefixed && n >= 9 && s[0] != '0') { /* +86 29 8765 4321: the zero is left out */
        char with_zero[TYPED_MOST + 1] = "0";
        memcpy(with_zero + 1, s, n + 1);
        return fixed_line(a, with_zero, extension, normal);
    }
    return fixed_line(a, s, extension, normal);
}

/* --- random codes --- */

void code_random(char *to, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = unambiguous[randombytes_uniform(sizeof unambiguous - 1)];
    to[n] = '\0';
}

const char *code_typed(struct arena *a, const char *text)
{
    char s[TYPED_MOST];
    if (!plain_code(s, text))
        return NULL;
    size_t n = 0;
    for (const char *p = s; *p; p++)
        if (*p != '-')
            s[n++] = *p;
    s[n] = '\0';
    return n && strspn(s, unambiguous) == n ? arena_copy(a, s) : NULL;
}

const char *code_token(struct arena *a, size_t n)
{
    unsigned char raw[64];
    size_t room = sodium_base64_ENCODED_LEN(sizeof raw, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    if (n > sizeof raw)
        n = sizeof raw;
    randombytes_buf(raw, n);
    char *to = arena_alloc(a, room);
    sodium_bin2base64(to, room, raw, n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_memzero(raw, sizeof raw);
    return to;
}

/* --- masks --- */

/* Code points outside the first `left` and the last `right` become stars; with fewer than `least`, all do. */
static const char *mask(struct arena *a, const char *s, size_t left, size_t right, size_t least)
{
    size_t n = text_length(s), used = 0;
    if (n < least)
        left = right = 0;
    char *to = arena_alloc(a, strlen(s) * 3 + 1);
    for (size_t i = 0; i < n; i++) {
        uint32_t c = text_next(&s);
        used += (size_t)text_encode(to + used, i < left || i + right >= n ? c : '*');
    }
    return to;
}

const char *mask_phone(struct arena *a, const char *phone)
{
    if (!phone)
        return NULL;
    size_t n = strlen(phone);
    bool digits = digits_only(phone, n);
    if (n == 11 && digits)
        return arena_print(a, "%.3s****%s", phone, phone + 7);
    size_t area = strcspn(phone, "-"), local = area < n ? strspn(phone + area + 1, "0123456789") : 0;
    if ((area == 3 || area == 4) && digits_only(phone, area) && local >= 7) /* the extension is left out */
        return arena_print(a, "%.*s-****%.4s", (int)area, phone, phone + area + 1 + local - 4);
    return mask(a, phone, 0, 4, 7);
}

const char *mask_id(struct arena *a, const char *id)
{
    return id ? mask(a, id, 3, 2, 8) : NULL;
}

const char *mask_name(struct arena *a, const char *name)
{
    return name ? mask(a, name, 1, 0, 2) : NULL;
}
