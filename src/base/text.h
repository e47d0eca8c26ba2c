/*
 * Text: UTF-8 checks, tidying what people paste, cutting, folding, words for
 * the search index, pinyin.
 *
 * Text is NUL-terminated UTF-8. What comes from outside is checked once with
 * text_valid; the other functions then expect valid text and, given anything
 * else, still stay inside it and replace bad bytes with U+FFFD or pass them on.
 * Results live in the arena given.
 */
#ifndef LINLI_BASE_TEXT_H
#define LINLI_BASE_TEXT_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* n bytes of well-formed UTF-8 (no surrogates, no overlong forms, at most U+10FFFF) without NUL. */
bool text_valid(const char *s, size_t n);
/* The code point at *s, which moves past it; 0 at the end; U+FFFD for a bad byte (moves by one). */
uint32_t text_next(const char **s);
/* Writes the code point to at least 4 bytes, returns how many were used. */
int text_encode(char *to, uint32_t c);
size_t text_length(const char *s); /* code points */
bool text_blank(const char *s);    /* NULL, empty, or nothing but blanks (also U+3000, U+00A0) */

/* One line: blanks of all kinds around it dropped, runs of tabs, line ends and blanks within made one space;
 * BOM, zero-width and control characters dropped. NULL gives NULL. */
const char *text_tidy(struct arena *a, const char *s);
/* The same for text of several lines: line ends become \n, at most one empty line in a row, each line tidied. */
const char *text_tidy_lines(struct arena *a, const char *s);
/* At most n code points; when something was cut, the last of them is "…". n ≥ 1. */
const char *text_cut(struct arena *a, const char *s, size_t n);
/* A–Z to a–z, other letters as they are. */
const char *text_fold(struct arena *a, const char *s);
/* Full-width ASCII (U+FF01–FF5E) and U+3000 to half width; nothing else of NFKC. */
const char *text_half_width(struct arena *a, const char *s);
/* The same into room bytes; false when it does not fit. */
bool text_half_width_into(char *to, size_t room, const char *s);
/* Half width and folded: what two spellings of the same thing are compared by. */
const char *text_key(struct arena *a, const char *s);

bool text_is_han(uint32_t c); /* Unified ideographs with their extensions, and 〇 */

/*
 * Words for the search index and for queries, in order of appearance. A run of Han characters 甲乙丙 gives the
 * pairs 甲乙 and 乙丙 and its last character 丙 alone: a query of one character matches as a prefix. Runs of
 * letters and digits of other scripts give one word, half-width and ASCII-folded, cut at 64 bytes. All else parts.
 * The word is not NUL-terminated and only good during the call; from and to are the byte span in s.
 * Stops early when the callback returns non-zero and returns that.
 */
typedef int text_word(void *data, const char *word, size_t size, size_t from, size_t to);
int text_words(const char *s, size_t n, text_word *word, void *data);

/*
 * Pinyin by ICU, surname readings preferred: 单雄信 gives full "shanxiongxin", initials "sxx". Letters and digits
 * are kept lower-case, all else is dropped. Either may be NULL. At most the first 64 code points are read. False
 * (both "") when ICU has no data. One transliterator a thread, freed with it.
 */
bool text_pinyin(struct arena *a, const char *s, const char **full, const char **initials);

#endif
