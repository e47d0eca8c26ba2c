/*
 * Text: UTF-8 validation, tidying pasted text, truncation, case folding, words
 * for the search index, pinyin.
 *
 * Text is NUL-terminated UTF-8. Input from outside is validated once with
 * text_valid; the other functions then expect valid text. Given invalid text
 * they stay within its bounds and replace bad bytes with U+FFFD or pass them
 * on. Results live in the given arena.
 */
#ifndef LINLI_BASE_TEXT_H
#define LINLI_BASE_TEXT_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether the n bytes are well-formed UTF-8 (no surrogates, no overlong forms, at most U+10FFFF)
 * without NUL. */
bool text_valid(const char *s, size_t n);
/* Returns the code point at *s and advances *s; 0 at the end. A bad byte gives U+FFFD and
 * advances by one. */
uint32_t text_next(const char **s);
/* Writes the code point (`to` has 4 bytes or more); returns the number of bytes written. */
int text_encode(char *to, uint32_t c);
size_t text_length(const char *s); /* code points */
/* Whether nothing is visible: NULL, empty, or only blanks (also U+3000,
 * U+00A0), joiners and fillers. */
bool text_blank(const char *s);
/* Whether a word stands in a list of words separated by spaces. */
bool text_listed(const char *list, const char *word);

/* A list with one more item: list, gap and item; item alone if the list is still "". A
 * copy. */
const char *text_add(struct arena *a, const char *list, const char *gap, const char *item);

/* Makes one line: trims blanks, replaces runs of tabs, line ends and blanks with one space, and
 * removes BOM, zero-width and control characters; joiners stay between what is seen. Text that
 * nobody can see becomes empty. NULL gives NULL. */
const char *text_tidy(struct arena *a, const char *s);
/* The same for several lines: line ends become \n, with at most one empty line in a row. */
const char *text_tidy_lines(struct arena *a, const char *s);
/* Cuts to at most n code points; if something was cut, the last one is "…". n ≥ 1. */
const char *text_cut(struct arena *a, const char *s, size_t n);
/* The first sentence, tidied and cut to 40 code points: the title of a text without one. NULL or
 * blank gives NULL. */
const char *text_headline(struct arena *a, const char *s);
/* Lower-cases A–Z; other letters are unchanged. */
const char *text_fold(struct arena *a, const char *s);
/* Converts full-width ASCII (U+FF01–FF5E) and U+3000 to half width; nothing else of NFKC. */
const char *text_half_width(struct arena *a, const char *s);
/* The same into a buffer of room bytes; false if it does not fit. */
bool text_half_width_into(char *to, size_t room, const char *s);
/* Half width and folded, to compare different spellings of the same thing. */
const char *text_key(struct arena *a, const char *s);
/* Normalises text for searching. Unicode's NFKC_Casefold makes compatibility
 * forms (Kangxi radicals, full width) and case equal and drops what is
 * invisible; traditional characters become simplified ones. */
const char *text_search_key(struct arena *a, const char *s);
/* Normalises a pasted number or code: NFKC, every dash becomes '-', every kind
 * of blank a space, invisible characters are removed. NULL gives NULL. */
const char *text_plain(struct arena *a, const char *s);

/*
 * Calls word for each search word, in order of appearance. A run of Han
 * characters 甲乙丙 gives the pairs 甲乙 and 乙丙, and its last character 丙 alone: a
 * query of one character then matches as a prefix. A run of letters and digits
 * of other scripts gives one word, half-width and ASCII-folded, cut at 64
 * bytes. Everything else separates words. The word is not NUL-terminated and
 * valid only during the call; from and to are its bytes in s. Stops when the
 * callback returns non-zero, and returns that value.
 */
typedef int text_word(void *data, const char *word, size_t size, size_t from, size_t to);
int text_words(const char *s, size_t n, text_word *word, void *data);

/*
 * Pinyin by ICU, with surname readings: 单雄信 gives full "shanxiongxin" and
 * initials "sxx". Letters and digits are kept in lower case, everything else
 * is dropped. Either may be NULL. Reads at most the first 64 code points.
 * Returns false (both "") if ICU has no data. Each thread has one
 * transliterator, freed when the thread ends.
 */
bool text_pinyin(struct arena *a, const char *s, const char **full, const char **initials);

/* The order in which people look for names: Chinese by pinyin, then letters by the alphabet
 * regardless of case. Less than, equal to or greater than 0; 0 only for the same bytes.
 * The databases know it as COLLATE pinyin. */
int text_order(const char *a, size_t a_size, const char *b, size_t b_size);

/* Whether it is one mail address without a name: HTML's rule for <input
 * type=email> (WHATWG), and in addition a dot in the domain and none at either
 * end of the local part. Such an address is safe in a mail header. */
bool mail_valid(const char *address);
#define MAIL_MOST 120 /* characters */
/* Cleans a pasted address: half width, without "mailto:", blanks and enclosing
 * marks. */
const char *mail_typed(struct arena *a, const char *s);

#endif
