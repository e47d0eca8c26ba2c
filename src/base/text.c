/*
 * Text: one decoder, and the functions built on it.
 *
 * The decoder never reads past a NUL or past the given length, so all functions
 * are safe on invalid input. Chinese is indexed as pairs of characters: this
 * needs no dictionary, has no unknown words, and a phrase query over
 * neighbouring pairs finds exactly the substring. Results are in the given
 * arena; the transliterator is shared and locked.
 */
#include "base/text.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/ucol.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>
#include <unicode/utrans.h>

#define BAD         0xFFFDU
#define WORD_MOST   64 /* bytes of one word */
#define PINYIN_MOST 64 /* code points that are read */

/* Decodes one code point of at most n (≥ 1) bytes. Returns its length; 0 if the
 * bytes are invalid. */
static size_t decode(const unsigned char *s, size_t n, uint32_t *c)
{
    if (s[0] < 0x80) {
        *c = s[0];
        return 1;
    }
    size_t size = s[0] >= 0xF0 ? 4 : s[0] >= 0xE0 ? 3 : 2;
    if (s[0] < 0xC2 || s[0] > 0xF4 || size > n)
        return 0;
    uint32_t v = s[0] & (0xFFU >> (size + 1));
    for (size_t i = 1; i < size; i++) {
        if ((s[i] & 0xC0) != 0x80)
            return 0;
        v = v << 6 | (s[i] & 0x3FU);
    }
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (v < least[size] || v > 0x10FFFF || (v >= 0xD800 && v <= 0xDFFF))
        return 0;
    *c = v;
    return size;
}

bool text_valid(const char *s, size_t n)
{
    uint32_t c;
    for (size_t i = 0; i < n;) {
        size_t size = decode((const unsigned char *)s + i, n - i, &c);
        if (!size || !c)
            return false;
        i += size;
    }
    return true;
}

uint32_t text_next(const char **s)
{
    uint32_t c;
    if (!**s)
        return 0;
    size_t size = decode((const unsigned char *)*s, 4,
                         &c); /* a NUL is not a continuation byte, so it ends the sequence */
    *s += size ? size : 1;
    return size ? c : BAD;
}

int text_encode(char *to, uint32_t c)
{
    if (c < 0x80) {
        to[0] = (char)c;
        return 1;
    }
    int size = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (int i = size - 1; i > 0; i--) {
        to[i] = (char)(0x80 | (c & 0x3F));
        c >>= 6;
    }
    static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    to[0] = (char)(lead[size] | c);
    return size;
}

size_t text_length(const char *s)
{
    size_t n = 0;
    while (text_next(&s))
        n++;
    return n;
}

static bool is_line_end(uint32_t c)
{
    return c == '\n' || c == '\r' || c == 0x85 || c == 0x2028 || c == 0x2029;
}

static bool is_blank(uint32_t c)
{
    return c == ' ' || c == '\t' || c == '\v' || c == '\f' || is_line_end(c) || c == 0xA0 ||
           c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x202F || c == 0x205F || c == 0x3000;
}

/* Invisible characters, which would make two equal names differ. Joiners are
 * not among them: some scripts and emoji need them. */
static bool is_unseen(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0xAD || c == 0x200B || c == 0x200E ||
           c == 0x200F || (c >= 0x202A && c <= 0x202E) || c == 0x2060 ||
           (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
}

/* Those, and characters that are visible only next to others: joiners,
 * variation selectors, tags, fillers. */
static bool is_invisible(uint32_t c)
{
    if ((c > ' ' && c < 0x7F) || (c >= 0x4E00 && c <= 0x9FFF))
        return false;
    return is_unseen(c) || c == 0x2800 ||
           u_hasBinaryProperty((UChar32)c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT);
}

bool text_blank(const char *s)
{
    uint32_t c;
    while (s && (c = text_next(&s)) != 0)
        if (!is_blank(c) && !is_invisible(c))
            return false;
    return true;
}

bool text_listed(const char *list, const char *word)
{
    size_t length = strlen(word);
    for (const char *s = list; *s; s += strspn(s, " ")) {
        size_t n = strcspn(s, " ");
        if (n == length && !memcmp(s, word, n))
            return true;
        s += n;
    }
    return false;
}

/* Tidies the text, or only its first line if one_line; *s moves past it.
 * Returns the bytes written. */
static size_t tidy(char *to, const char **s, bool one_line)
{
    size_t n = 0;
    bool gap = false, seen = false;
    uint32_t c;
    while ((c = text_next(s)) != 0) {
        if (one_line && is_line_end(c)) {
            if (c == '\r' && **s == '\n')
                ++*s;
            break;
        }
        if (is_blank(c)) {
            gap = n > 0;
        } else if (!is_unseen(c)) {
            if (gap)
                to[n++] = ' ';
            gap = false;
            seen = seen || !is_invisible(c);
            n += (size_t)text_encode(to + n, c);
        }
    }
    if (!seen) {
        memset(to, 0, n);
        n = 0;
    }
    return n;
}

const char *text_tidy(struct arena *a, const char *s)
{
    if (!s)
        return NULL;
    char *to = arena_alloc(a, strlen(s) * 3 + 1); /* an invalid byte becomes three */
    tidy(to, &s, false);
    return to;
}

const char *text_tidy_lines(struct arena *a, const char *s)
{
    if (!s)
        return NULL;
    char *to = arena_alloc(a, strlen(s) * 4 + 4);
    size_t n = 0, kept = 0;
    int empty = 0;
    while (*s) {
        size_t size = tidy(to + n, &s, true);
        if (size) {
            n += size;
            kept = n;
            empty = 0;
        } else if (n == 0 || ++empty > 1) {
            continue;
        }
        to[n++] = '\n';
    }
    memset(to + kept, 0, n - kept);
    return to;
}

const char *text_add(struct arena *a, const char *list, const char *gap, const char *item)
{
    return arena_print(a, "%s%s%s", list, *list ? gap : "", item);
}

const char *text_cut(struct arena *a, const char *s, size_t n)
{
    if (!s)
        return NULL;
    const char *at = s, *cut = s;
    for (size_t i = 0; i < n; i++) {
        cut = at;
        if (!text_next(&at))
            return arena_copy(a, s);
    }
    if (!*at)
        return arena_copy(a, s);
    return arena_print(a, "%.*s…", (int)(cut - s), s);
}

const char *text_fold(struct arena *a, const char *s)
{
    char *to = arena_copy(a, s);
    for (char *p = to; p && *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    return to;
}

static uint32_t half(uint32_t c)
{
    return c >= 0xFF01 && c <= 0xFF5E ? c - 0xFEE0 : c == 0x3000 ? ' ' : c;
}

bool text_half_width_into(char *to, size_t room, const char *s)
{
    size_t n = 0;
    uint32_t c;
    while ((c = text_next(&s)) != 0) {
        if (n + 5 > room)
            return false;
        n += (size_t)text_encode(to + n, half(c));
    }
    if (n >= room)
        return false;
    to[n] = '\0';
    return true;
}

const char *text_half_width(struct arena *a, const char *s)
{
    if (!s)
        return NULL;
    size_t room = strlen(s) * 3 + 5;
    char *to = arena_alloc(a, room);
    text_half_width_into(to, room, s);
    return to;
}

const char *text_key(struct arena *a, const char *s)
{
    return text_fold(a, text_half_width(a, s));
}

/* ---- normalising, and text for searching ---- */

/* Applies one of ICU's normalisers; returns s itself if that fails. */
static const char *normalised(struct arena *a, const UNormalizer2 *by, const char *s)
{
    UErrorCode error = U_ZERO_ERROR;
    size_t bytes = strlen(s);
    if (!by || bytes > INT32_MAX / 20)
        return s;
    int32_t n = 0, room = (int32_t)bytes * 18 + 18,
            made = 0; /* the longest result of NFKC for one character */
    UChar *from = arena_alloc(a, (bytes + 1) * sizeof *from),
          *to = arena_alloc(a, (size_t)room * sizeof *to);
    u_strFromUTF8WithSub(from, (int32_t)bytes + 1, &n, s, (int32_t)bytes, BAD, NULL, &error);
    int32_t length = unorm2_normalize(by, from, n, to, room, &error);
    char *out = arena_alloc(a, (size_t)length * 3 + 1);
    u_strToUTF8(out, length * 3 + 1, &made, to, length, &error);
    return U_FAILURE(error) ? s : out;
}

static bool is_dash(uint32_t c)
{
    return c == 0x2212 || c == 0xFE63 || u_charType((UChar32)c) == U_DASH_PUNCTUATION;
}

const char *text_plain(struct arena *a, const char *s)
{
    UErrorCode error = U_ZERO_ERROR;
    if (!s)
        return NULL;
    s = normalised(a, unorm2_getNFKCInstance(&error), s);
    char *to = arena_alloc(a, strlen(s) * 3 + 1);
    size_t n = 0;
    for (uint32_t c; (c = text_next(&s)) != 0;)
        if (is_blank(c))
            to[n++] = ' ';
        else if (c > 0x7F && is_dash(c))
            to[n++] = '-';
        else if (!is_invisible(c))
            n += (size_t)text_encode(to + n, c);
    return text_tidy(a, to);
}

/* Maps each traditional character to its simplified one. ICU is asked once, for
 * all of them. */
#define HAN_FIRST 0x3400
#define HAN_LAST  0x9FFF
#define HAN_COUNT (HAN_LAST - HAN_FIRST + 1)
#define HAN_BATCH 16 /* larger inputs take ICU disproportionately long */
static_assert(HAN_COUNT % HAN_BATCH == 0, "whole batches");
static pthread_once_t simple_once = PTHREAD_ONCE_INIT;
static uint16_t *simple; /* by c - HAN_FIRST; NULL: ICU has no data */

static void simple_read(void)
{
    static const UChar id[] = u"Traditional-Simplified";
    UErrorCode error = U_ZERO_ERROR;
    UTransliterator *t = utrans_openU(id, -1, UTRANS_FORWARD, NULL, 0, NULL, &error);
    if (U_FAILURE(error))
        return;
    uint16_t *map = must_alloc(HAN_COUNT * sizeof *map);
    for (int first = 0; first < HAN_COUNT; first += HAN_BATCH) {
        UChar some[4 * HAN_BATCH];
        int32_t n = 0, at = 0;
        for (int i = 0; i < HAN_BATCH;
             i++) { /* a separator, so that no character is read together with the next */
            some[n++] = (UChar)(HAN_FIRST + first + i);
            some[n++] = ' ';
        }
        int32_t limit = n;
        utrans_transUChars(t, some, &n, 4 * HAN_BATCH, 0, &limit, &error);
        for (int i = 0; i < HAN_BATCH; i++, at++) {
            bool one = at + 1 < n && some[at + 1] == ' ';
            map[first + i] = one ? some[at] : (uint16_t)(HAN_FIRST + first + i);
            while (at < n && some[at] != ' ')
                at++;
        }
    }
    utrans_close(t);
    if (U_FAILURE(error))
        free(map);
    else
        simple = map;
}

/* Characters that the normaliser leaves unchanged: nearly all text here. */
static bool is_common(uint32_t c)
{
    return c < 0x80 || (c >= HAN_FIRST && c <= HAN_LAST) || (c >= 0xFF01 && c <= 0xFF5E) ||
           (c >= 0x3000 && c <= 0x3015) || (c >= 0x2013 && c <= 0x201D);
}

const char *text_search_key(struct arena *a, const char *s)
{
    UErrorCode error = U_ZERO_ERROR;
    bool common = true;
    if (!s)
        return NULL;
    pthread_once(&simple_once, simple_read);
    for (const char *p = s; common && *p;)
        common = is_common(text_next(&p));
    if (!common)
        s = normalised(a, unorm2_getNFKCCasefoldInstance(&error), s);
    char *to = arena_alloc(a, strlen(s) * 3 + 1);
    size_t n = 0;
    for (uint32_t c; (c = text_next(&s)) != 0;) {
        c = half(c);
        if (c >= 'A' && c <= 'Z')
            c += 'a' - 'A';
        else if (simple && c >= HAN_FIRST && c <= HAN_LAST)
            c = simple[c - HAN_FIRST];
        n += (size_t)text_encode(to + n, c);
    }
    return to;
}

static bool text_is_han(uint32_t c)
{
    return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) ||
           (c >= 0x20000 && c <= 0x323AF) || (c >= 0xF900 && c <= 0xFAFF) || c == 0x3007;
}

/* --- words --- */

/* Returns the code point at i. Its size goes to *size; an invalid byte counts
 * as one. */
static uint32_t at(const char *s, size_t n, size_t i, size_t *size)
{
    uint32_t c = BAD;
    *size = decode((const unsigned char *)s + i, n - i, &c);
    if (!*size)
        *size = 1;
    return c;
}

static int han_run(const char *s, size_t n, size_t *i, text_word *word, void *data)
{
    size_t first = *i, size, next;
    at(s, n, first, &size);
    for (next = first + size; next < n; next += size) {
        if (!text_is_han(at(s, n, next, &size)))
            break;
        int answer = word(data, s + first, next + size - first, first, next + size);
        if (answer)
            return answer;
        first = next;
    }
    *i = next;
    return word(data, s + first, next - first, first, next);
}

static int letter_run(const char *s, size_t n, size_t *i, text_word *word, void *data)
{
    char folded[WORD_MOST];
    size_t used = 0, from = *i, size;
    for (; *i < n; *i += size) {
        uint32_t c = half(at(s, n, *i, &size));
        if (text_is_han(c) || !u_isalnum((UChar32)c))
            break;
        if (c >= 'A' && c <= 'Z')
            c += 'a' - 'A';
        if (used + 4 <= sizeof folded)
            used += (size_t)text_encode(folded + used, c);
    }
    return word(data, folded, used, from, *i);
}

int text_words(const char *s, size_t n, text_word *word, void *data)
{
    for (size_t i = 0, size; i < n;) {
        uint32_t c = half(at(s, n, i, &size));
        int answer = 0;
        if (text_is_han(c))
            answer = han_run(s, n, &i, word, data);
        else if (u_isalnum((UChar32)c))
            answer = letter_run(s, n, &i, word, data);
        else
            i += size;
        if (answer)
            return answer;
    }
    return 0;
}

/* --- pinyin --- */

/* Opening the transliterator takes some 100 ms and megabytes. So the process
 * has one, and one thread uses it at a time. */
static pthread_once_t translit_once = PTHREAD_ONCE_INIT;
static pthread_mutex_t translit_lock = PTHREAD_MUTEX_INITIALIZER;
static UTransliterator *opened;

static void translit_open(void)
{
    static const UChar id[] = u"Han-Latin/Names; Latin-ASCII; Lower";
    UErrorCode error = U_ZERO_ERROR;
    opened = utrans_openU(id, -1, UTRANS_FORWARD, NULL, 0, NULL, &error);
    if (U_FAILURE(error))
        opened = NULL;
}

static UTransliterator *translit(void)
{
    pthread_once(&translit_once, translit_open);
    return opened;
}

/* ---- order ---- */

/* One for the process: comparing does not change it, so threads may share it. */
static pthread_once_t order_once = PTHREAD_ONCE_INIT;
static UCollator *order;

static void order_open(void)
{
    UErrorCode error = U_ZERO_ERROR;
    order = ucol_open("zh", &error); /* by pinyin */
    if (U_FAILURE(error))
        order = NULL;
}

int text_order(const char *a, size_t a_size, const char *b, size_t b_size)
{
    UErrorCode error = U_ZERO_ERROR;
    pthread_once(&order_once, order_open);
    UCollationResult is = order ? ucol_strcollUTF8(order, a, (int32_t)a_size, b, (int32_t)b_size,
                                                   &error)
                                : UCOL_EQUAL;
    if (U_SUCCESS(error) && is != UCOL_EQUAL)
        return is == UCOL_LESS ? -1 : 1;
    int bytes = memcmp(a, b, a_size < b_size ? a_size : b_size);
    return bytes ? bytes : (a_size > b_size) - (a_size < b_size);
}

#define LATIN_ROOM (PINYIN_MOST * 10)

/* Transliterates n units of Han text to ASCII letters and blanks. Returns the
 * length. */
static int latin(UTransliterator *t, const UChar *han, int n, char to[LATIN_ROOM])
{
    UChar work[LATIN_ROOM];
    memcpy(work, han, (size_t)n * sizeof *work);
    int32_t length = n, limit = n;
    UErrorCode error = U_ZERO_ERROR;
    pthread_mutex_lock(&translit_lock);
    utrans_transUChars(t, work, &length, LATIN_ROOM, 0, &limit, &error);
    pthread_mutex_unlock(&translit_lock);
    if (U_FAILURE(error))
        return 0;
    int used = 0;
    for (int i = 0; i < length; i++)
        if ((work[i] >= 'a' && work[i] <= 'z') || (work[i] == ' ' && used && to[used - 1] != ' '))
            to[used++] = (char)work[i];
    return used && to[used - 1] == ' ' ? used - 1 : used;
}

struct pinyin {
    UTransliterator *t;
    char full[PINYIN_MOST * 10], initials[PINYIN_MOST * 4];
    size_t full_size, initials_size;
};

static int drop_blanks(char *s, int n)
{
    int used = 0;
    for (int i = 0; i < n; i++)
        if (s[i] != ' ')
            s[used++] = s[i];
    return used;
}

/* Transliterates one run of Han characters. ICU separates syllables, except
 * after some surnames ("zengguo"). In that case a syllable starts at the length
 * of the result for the characters before it. */
static void pinyin_run(struct pinyin *p, const UChar *han, int n, const int *ends, int chars)
{
    char words[LATIN_ROOM], before[LATIN_ROOM];
    int size = latin(p->t, han, n, words), syllables = size > 0;
    for (int i = 0; i < size; i++)
        syllables += words[i] == ' ';
    bool apart = syllables == chars;
    for (int i = 0; apart && i < size; i++)
        if (i == 0 || words[i - 1] == ' ')
            p->initials[p->initials_size++] = words[i];
    size = drop_blanks(words, size);
    for (int i = 0; !apart && i < chars; i++) {
        int start = i ? drop_blanks(before, latin(p->t, han, ends[i - 1], before)) : 0;
        if (start < size)
            p->initials[p->initials_size++] = words[start];
    }
    if (p->full_size + (size_t)size <= sizeof p->full) {
        memcpy(p->full + p->full_size, words, (size_t)size);
        p->full_size += (size_t)size;
    }
}

static void pinyin_keep(struct pinyin *p, uint32_t c)
{
    if (c >= 'A' && c <= 'Z')
        c += 'a' - 'A';
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) || p->full_size == sizeof p->full)
        return;
    p->full[p->full_size++] = (char)c;
    p->initials[p->initials_size++] = (char)c;
}

/* Names recur (陈先生), so the last result for each hash is cached. */
#define HEARD      512 /* a power of two */
#define HEARD_NAME 48  /* bytes; longer names are not cached */

static struct heard {
    char name[HEARD_NAME], full[HEARD_NAME * 3], initials[HEARD_NAME];
} * heard;
static pthread_mutex_t heard_lock = PTHREAD_MUTEX_INITIALIZER;

static struct heard *heard_place(const char *s)
{
    unsigned hash = 2166136261u; /* FNV-1a */
    for (const char *c = s; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    if (!heard)
        heard = must_alloc(sizeof *heard * HEARD);
    return &heard[hash & (HEARD - 1)];
}

static bool heard_before(struct pinyin *p, const char *s)
{
    pthread_mutex_lock(&heard_lock);
    const struct heard *h = heard_place(s);
    bool so = *s && strcmp(h->name, s) == 0;
    if (so) {
        p->full_size = strlen(h->full);
        memcpy(p->full, h->full, p->full_size);
        p->initials_size = strlen(h->initials);
        memcpy(p->initials, h->initials, p->initials_size);
    }
    pthread_mutex_unlock(&heard_lock);
    return so;
}

static void hear(const struct pinyin *p, const char *s)
{
    if (p->full_size >= sizeof heard->full || p->initials_size >= sizeof heard->initials)
        return;
    pthread_mutex_lock(&heard_lock);
    struct heard *h = heard_place(s);
    *h = (struct heard){{0}, {0}, {0}};
    memcpy(h->name, s, strlen(s));
    memcpy(h->full, p->full, p->full_size);
    memcpy(h->initials, p->initials, p->initials_size);
    pthread_mutex_unlock(&heard_lock);
}

static void pinyin_read(struct pinyin *p, const char *s)
{
    UChar han[PINYIN_MOST * 2];
    int ends[PINYIN_MOST], n = 0, chars = 0;
    for (int i = 0; s && i <= PINYIN_MOST; i++) {
        uint32_t c = i < PINYIN_MOST ? half(text_next(&s)) : 0;
        if (text_is_han(c)) {
            UBool failed = false;
            U16_APPEND(han, n, PINYIN_MOST * 2, (UChar32)c, failed);
            (void)failed; /* two units for each of PINYIN_MOST code points: they fit */
            ends[chars++] = n;
            continue;
        }
        if (chars)
            pinyin_run(p, han, n, ends, chars);
        n = chars = 0;
        if (!c)
            break;
        pinyin_keep(p, c);
    }
}

bool text_pinyin(struct arena *a, const char *s, const char **full, const char **initials)
{
    struct pinyin p = {.t = translit()};
    bool brief = s && strlen(s) < HEARD_NAME;
    if (p.t && !(brief && heard_before(&p, s))) {
        pinyin_read(&p, s);
        if (brief)
            hear(&p, s);
    }
    if (full)
        *full = arena_copyn(a, p.full, p.full_size);
    if (initials)
        *initials = arena_copyn(a, p.initials, p.initials_size);
    return p.t != NULL;
}

/* ---- mail addresses ---- */

/* Returns the length of a domain label (letters, digits and hyphens, no hyphen
 * at either end); 0 if there is none. */
static size_t mail_label(const char *s)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
    size_t n = strspn(s, letters);
    return n >= 1 && n <= 63 && s[0] != '-' && s[n - 1] != '-' ? n : 0;
}

bool mail_valid(const char *address)
{
    static const char local[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                ".!#$%&'*+/=?^_`{|}~-";
    size_t n = address ? strspn(address, local) : 0;
    if (n < 1 || n > 64 || address[n] != '@' || address[0] == '.' || address[n - 1] == '.' ||
        strlen(address) > MAIL_MOST)
        return false;
    for (size_t i = 1; i < n; i++)
        if (address[i] == '.' && address[i - 1] == '.')
            return false;
    int labels = 0;
    const char *s = address + n + 1;
    for (size_t size = mail_label(s); size; size = mail_label(s)) {
        labels++;
        s += size;
        if (!*s)
            return labels > 1;
        if (*s++ != '.')
            return false;
    }
    return false;
}

const char *mail_typed(struct arena *a, const char *s)
{
    const char *plain = text_plain(a, s);
    if (!plain)
        return NULL;
    char *to = arena_alloc(a, strlen(plain) + 1);
    size_t n = 0;
    if (!strncmp(text_fold(a, plain), "mailto:", 7))
        plain += 7;
    plain += strspn(plain, " <\"");
    for (; *plain; plain++)
        if (*plain != ' ')
            to[n++] = *plain;
    for (bool again = true; again && n;) {
        again = strchr(".,;>\")", to[n - 1]) != NULL;
        size_t size = again                                                               ? 1
                      : n > 3 && (!strcmp(to + n - 3, "。") || !strcmp(to + n - 3, "、")) ? 3
                                                                                          : 0;
        again = size > 0;
        memset(to + n - size, 0, size);
        n -= size;
    }
    return to;
}

const char *text_headline(struct arena *a, const char *s)
{
    const char *tidy = s && !text_blank(s) ? text_tidy(a, s) : NULL;
    const char *end = tidy ? tidy : "";
    for (const char *p = end; *p; end = p) {
        uint32_t c = text_next(&p);
        if (c == 0x3002 || c == 0xFF01 || c == 0xFF1F || c == 0xFF1B || c == '!' ||
            c == '?') /* 。！？； */
            break;
    }
    if (!tidy || !*tidy)
        return NULL;
    const char *first = arena_copyn(a, tidy, (size_t)(end - tidy));
    return text_cut(a, text_length(first) < 2 ? tidy : first, 40);
}
