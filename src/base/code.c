/*
 * Codes with a check: citizen numbers, credit codes, phone numbers; random
 * codes; masks.
 *
 * Input is first normalised (half width, upper case, no blanks), then checked
 * character by character; a character left over makes it invalid. A mask never
 * reveals more than its pattern, whatever the input. Results are in the given
 * arena.
 */
#include "base/code.h"

#include "base/seal.h"
#include "base/text.h"
#include "base/when.h"
#include "base/write.h"

#include <sodium.h>
#include <stddef.h>
#include <string.h>

#define TYPED_MOST 64 /* bytes of a typed number */

static const char unambiguous[] = "23456789ABCDEFGHJKMNPQRSTUVWXYZ";

/* Normalises pasted text: upper case, without blanks. Returns false if it is
 * too long. */
static bool plain_code(struct arena *a, char to[TYPED_MOST], const char *text)
{
    const char *plain = text_plain(a, text);
    size_t n = 0;
    for (const char *p = plain; p && *p; p++) {
        if (*p == ' ')
            continue;
        if (n == TYPED_MOST - 1)
            return false;
        to[n++] = *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;
    }
    to[n] = '\0';
    return plain != NULL;
}

/* Removes what people paste with a number: punctuation after it, and a word
 * before it. */
static char *without_ends(char *s, const char *const *words)
{
    static const char *const marks[] = {".",  ",", ";", ":",  "!",  "。",
                                        "、", ")", "]", "】", "」", NULL};
    for (bool again = true; again;) {
        again = false;
        size_t n = strlen(s);
        for (int i = 0; marks[i]; i++) {
            size_t size = strlen(marks[i]);
            if (n >= size && !strcmp(s + n - size, marks[i])) {
                s[n - size] = '\0';
                again = true;
                break;
            }
        }
        for (int i = 0; words[i]; i++)
            if (!strncmp(s, words[i], strlen(words[i]))) {
                s += strlen(words[i]);
                again = true;
                break;
            }
    }
    return s;
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

const char *code_citizen_id(struct arena *a, const char *text, int64_t today,
                            struct id_facts *facts)
{
    static const char weights[] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
    static const char checks[] = "10X98765432";
    char s[TYPED_MOST];
    if (!plain_code(a, s, text) || strlen(s) != 18 || !digits_only(s, 17) || !province(s))
        return NULL;
    int sum = 0;
    for (int i = 0; i < 17; i++)
        sum += (s[i] - '0') * weights[i];
    if (s[17] != checks[sum % 11])
        return NULL;
    struct civil c = {
        .year = value_of(s + 6, 4), .month = value_of(s + 10, 2), .day = value_of(s + 12, 2)};
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
    if (!plain_code(a, s, text) || strlen(s) != 18 || strspn(s, alphabet) != 18 ||
        !digits_only(s + 2, 6))
        return NULL;
    int sum = 0, weight = 1; /* the powers of 3 modulo 31 */
    for (int i = 0; i < 17; i++) {
        sum += (int)(strchr(alphabet, s[i]) - alphabet) * weight;
        weight = weight * 3 % 31;
    }
    return s[17] == alphabet[(31 - sum % 31) % 31] ? arena_copy(a, s) : NULL;
}

/* --- telephone --- */

/* Keeps digits, drops brackets and dots, and turns the marks of an extension
 * into 'x'. Returns false for anything else. */
static bool phone_digits(char to[TYPED_MOST], const char *s)
{
    static const char *const extensions[] = {"转接", "转", "分机", "EXT.", "EXT", "X", "#", NULL};
    size_t n = 0;
    for (; *s; s++) {
        int e = 0;
        while (extensions[e] && strncmp(s, extensions[e], strlen(extensions[e])) != 0)
            e++;
        if (*s >= '0' && *s <= '9') {
            to[n++] = *s;
        } else if (extensions[e]) {
            if (!n || to[n - 1] != 'x') /* 转分机 */
                to[n++] = 'x';
            s += strlen(extensions[e]) - 1;
        } else if (*s == '-') {
            to[n++] = '-';
        } else if (!strchr("().", *s)) {
            return false;
        }
    }
    to[n] = '\0';
    return n > 0;
}

/* Numbers of Hong Kong, Macao and Taiwan in E.164 form: +85291234567. */
static enum phone_kind phone_beyond(struct arena *a, const char *s, const char **normal)
{
    static const struct {
        const char *code;
        size_t least, most; /* digits after the prefix */
    } places[] = {{"852", 8, 8}, {"853", 8, 8}, {"886", 8, 9}};
    char to[TYPED_MOST] = "";
    size_t n = 0;
    for (; *s; s++)
        if (*s >= '0' && *s <= '9')
            to[n++] = *s;
        else if (!strchr("()-.", *s))
            return PHONE_NONE;
    to[n] = '\0';
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (!strncmp(to, places[i].code, 3)) {
            const char *own = to + 3 + (to[3] == '0' && places[i].most > 8); /* +886 02 … */
            if (strlen(own) < places[i].least || strlen(own) > places[i].most || *own == '0')
                return PHONE_NONE;
            *normal = arena_print(a, "+%s%s", places[i].code, own);
            return PHONE_BEYOND;
        }
    return PHONE_NONE;
}

/* 400 and 800 numbers have ten digits. So 4008123-123 is such a number, not a
 * local number with an extension. */
static bool like_service(const char *s, size_t digits)
{
    return digits == 10 && (strncmp(s, "400", 3) == 0 || strncmp(s, "800", 3) == 0);
}

/* A complete local number before an extension: 86051623-78. */
static bool is_local(const char *s, const char *last)
{
    size_t n = (size_t)(last - s);
    return (n == 7 || n == 8) && s[0] >= '2' && s[0] <= '8' &&
           !like_service(s, n + strlen(last) - 1);
}

/* Copies the number's digits without hyphens, up to the extension, which goes
 * to *extension ("" if there is none). */
static bool split_extension(char *s, char **extension)
{
    char *x = strchr(s, 'x');
    if (!x) {
        /* 029-87654321-102: what follows a complete number is the extension */
        char *last = strrchr(s, '-');
        bool only = last && last == strchr(s, '-');
        if (last && strlen(last) <= 6 && (only ? is_local(s, last) : s[0] == '0'))
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

static enum phone_kind fixed_line(struct arena *a, const char *s, const char *extension,
                                  const char **normal)
{
    size_t n = strlen(s), area = 0;
    if (s[0] == '0')
        area = s[1] == '1' || s[1] == '2' ? 3 : 4;
    if (n < area + 7 || n > area + 8 || s[area] < '2' || s[area] > '8')
        return PHONE_NONE;
    if (!area && like_service(s, n + strlen(extension)))
        return PHONE_NONE;
    if (area && (s[1] == '0' || (s[1] == '1' && s[2] != '0')))
        return PHONE_NONE;
    *normal = arena_print(a, "%.*s%s%s%s%s", (int)area, s, area ? "-" : "", s + area,
                          *extension ? "-" : "", extension);
    return PHONE_FIXED;
}

enum phone_kind code_phone(struct arena *a, const char *text, const char **normal)
{
    static const char *const words[] = {NULL};
    char copy[TYPED_MOST], digits[TYPED_MOST], *extension;
    *normal = NULL;
    if (!plain_code(a, copy, text))
        return PHONE_NONE;
    char *typed = without_ends(copy, words);
    if (!strncmp(typed, "(+", 2)) /* (+86)138… */
        typed++;
    bool plus = *typed == '+';
    typed += plus;
    if (plus && strncmp(typed, "86", 2) != 0)
        return phone_beyond(a, typed, normal);
    if (strncmp(typed, "00", 2) == 0 && strncmp(typed, "0086", 4) != 0)
        return phone_beyond(a, typed + 2, normal);
    if (!phone_digits(digits, typed) || !split_extension(digits, &extension))
        return PHONE_NONE;
    char *s = digits;
    bool prefixed = true;
    if (strncmp(s, "0086", 4) == 0)
        s += 4;
    else if (strncmp(s, "86", 2) == 0 && (plus || strlen(s) > 11))
        s += 2;
    else
        prefixed = false;
    size_t n = strlen(s);
    if (n == 12 && s[0] == '0' && s[1] == '1' && s[2] >= '3' && !*extension) { /* 013800138000 */
        s++;
        n--;
    }
    if (n == 11 && s[0] == '1' && s[1] >= '3' && !*extension) {
        *normal = arena_copy(a, s);
        return PHONE_MOBILE;
    }
    if ((n == 10 && (strncmp(s, "400", 3) == 0 || strncmp(s, "800", 3) == 0)) ||
        (n == 5 &&
         (strncmp(s, "12", 2) == 0 || strncmp(s, "95", 2) == 0 || strncmp(s, "96", 2) == 0))) {
        if (*extension)
            return PHONE_NONE;
        *normal = arena_copy(a, s);
        return PHONE_SERVICE;
    }
    if (prefixed && n >= 9 && s[0] != '0') { /* +86 29 8765 4321: the area code lost its 0 */
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
    static const char *const words[] = {"查询码", "TRACKINGCODE", "CODE", ":", "-", NULL};
    char copy[TYPED_MOST];
    if (!plain_code(a, copy, text))
        return NULL;
    const char *mark = strrchr(copy, '#'); /* in the URL of the receipt */
    char *s = without_ends(mark ? copy + (mark - copy) + 1 : copy, words);
    size_t n = 0;
    for (const char *p = s; *p; p++)
        if (*p != '-')
            s[n++] = *p;
    s[n] = '\0';
    return n && strspn(s, unambiguous) == n ? arena_copy(a, s) : NULL;
}

/* Copies the digits of a typed request number to `to`; "" if it is not one.
 * dash: position of the hyphen among the digits, or NONE. */
static void number_digits(struct arena *a, const char *text, char to[TYPED_MOST], int64_t *dash)
{
    static const char *const words[] = {"诉求", "编号", "REQUEST", "NUMBER", "NO", "#",
                                        ":",    ".",    "-",       "第",     NULL};
    char copy[TYPED_MOST];
    size_t n = 0;
    *dash = NONE;
    to[0] = '\0';
    if (!plain_code(a, copy, text))
        return;
    char *s = without_ends(copy, words);
    size_t size = strlen(s);
    if (size > 3 + 5 && !strcmp(s + size - 3, "号")) /* but not 3号, a house number */
        s[size - 3] = '\0';
    for (; *s; s++) {
        if (*s >= '0' && *s <= '9')
            to[n++] = *s;
        else if (*s == '-' && n && *dash == NONE)
            *dash = (int64_t)n;
        else if (*s != '.' || !n) {
            to[0] = '\0';
            return;
        }
    }
    to[n] = '\0';
}

const char *code_number(struct arena *a, const char *text)
{
    char digits[TYPED_MOST];
    int64_t dash;
    number_digits(a, text, digits, &dash);
    if (strlen(digits) < 13 || strlen(digits) > 23 || (dash != NONE && dash != 8))
        return NULL;
    return arena_print(a, "%.8s-%s", digits, digits + 8);
}

const char *code_number_end(struct arena *a, const char *text)
{
    char digits[TYPED_MOST];
    int64_t dash;
    number_digits(a, text, digits, &dash);
    size_t n = strlen(digits);
    return n >= 1 && n <= 23 && (dash == NONE || (size_t)dash + 5 <= n) ? arena_copy(a, digits)
                                                                        : NULL;
}

bool code_phone_end(const char *phone, char to[5])
{
    const char *first = phone ? strchr(phone, '-') : NULL,
               *end = phone ? phone + strlen(phone) : "";
    if (first) { /* an extension is not part of the last four digits: 029-87654321-102 */
        const char *second = strchr(first + 1, '-');
        if (second)
            end = second;
        else if (phone[0] != '0')
            end = first;
    }
    int n = 0;
    to[4] = '\0';
    while (phone && end-- > phone && n < 4)
        if (*end >= '0' && *end <= '9')
            to[3 - n++] = *end;
    return n == 4;
}

const char *code_shown(struct arena *a, const char *code)
{
    return strlen(code) == 10 ? arena_print(a, "%.5s-%s", code, code + 5) : code;
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

/* Replaces code points with stars, except the first `left` and the last
 * `right`; all of them if there are fewer than `least`. */
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
    if (!phone || phone == seal_lost)
        return phone;
    size_t n = strlen(phone);
    bool digits = digits_only(phone, n);
    if (n == 11 && digits)
        return arena_print(a, "%.3s****%s", phone, phone + 7);
    size_t area = strcspn(phone, "-"),
           local = area < n ? strspn(phone + area + 1, "0123456789") : 0;
    if ((area == 3 || area == 4) && digits_only(phone, area) &&
        local >= 7) /* the extension is omitted */
        return arena_print(a, "%.*s-****%.4s", (int)area, phone, phone + area + 1 + local - 4);
    return mask(a, phone, 0, 4, 7);
}

const char *mask_id(struct arena *a, const char *id)
{
    return id && id != seal_lost ? mask(a, id, 3, 2, 8) : id;
}

const char *mask_name(struct arena *a, const char *name)
{
    if (!name || !*name)
        return name;
    const char *rest = name;
    text_next(&rest);
    return arena_print(a, "%.*s**", *rest ? (int)(rest - name) : 0, name);
}
