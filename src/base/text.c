/*
 * Text: one decoder, and what is built on it.
 *
 * The decoder never looks past a NUL or past the bytes it is told of, so all
 * functions are safe on bad input. Two characters are the unit of search in
 * Chinese: no dictionary is needed, nothing a resident writes is unknown, and
 * a phrase query over neighbouring pairs finds exactly the substring.
 * Results are the arena's; the transliterator is shared, under a lock.
 */
#include "base/text.h"

#include <pthread.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/utrans.h>

#define BAD         0xFFFDU
#define WORD_MOST   64 /* bytes of one word */
#define PINYIN_MOST 64 /* code points read */

/* Decodes one code point of at most n (≥ 1) bytes; returns its length, 0 when it is not one. */
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
    size_t size = decode((const unsigned char *)*s, 4, &c); /* a NUL ends it: it is no continuation byte */
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
    return c == ' ' || c == '\t' || c == '\v' || c == '\f' || is_line_end(c) || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) ||
           c == 0x202F || c == 0x205F || c == 0x3000;
}

/* Characters nobody sees: they make two equal names differ. Joiners stay, some scripts and signs need them. */
static bool is_unseen(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0xAD || c == 0x200B || c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) ||
           c == 0x2060 || (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
}

bool text_blank(const char *s)
{
    uint32_t c;
    while (s && (c = text_next(&s)) != 0)
        if (!is_blank(c) && !is_unseen(c))
            return false;
    return true;
}

/* Tidies up to the end, or in one line up to its end; *s moves past. Returns the bytes written. */
static size_t tidy(char *to, const char **s, bool one_line)
{
    size_t n = 0;
    bool gap = false;
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
            n += (size_t)text_encode(to + n, c);
        }
    }
    return n;
}

const char *text_tidy(struct arena *a, const char *s)
{
    if (!s)
        return NULL;
    char *to = arena_alloc(a, strlen(s) * 3 + 1); /* a bad byte becomes three */
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

bool text_is_han(uint32_t c)
{
    return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x20000 && c <= 0x323AF) || (c >= 0xF900 && c <= 0xFAFF) ||
           c == 0x3007;
}

/* --- words --- */

/* The code point at i; its size goes to *size, a bad byte counts as one. */
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

/* Opening one takes some 100 ms and megabytes: the process has one, and one thread uses it at a time. */
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

#define LATIN_ROOM (PINYIN_MOST * 10)

/* Latin of n units of Han text, ASCII letters and blanks only. Returns its length. */
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

/*
 * One run of Han characters. Syllables stand apart in ICU's answer, except after some surnames ("zengguo"); then
 * the place where a syllable starts is the length of what the characters before it give.
 */
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

/* Names come again and again (陈先生): what was read last of each stays at its hash. */
#define HEARD      512 /* a power of two */
#define HEARD_NAME 48  /* bytes; longer names are read each time */

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
            (void)failed; /* two units for each of PINYIN_MOST: there is room */
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
