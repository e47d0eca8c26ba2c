/*
 * The index file behind search.h: SQLite's FTS5 over each request's words,
 * and how common each word is.
 *
 * Words are cut from text_key (half width, small letters). A run of letters,
 * digits and ideographs gives each of its characters, each pair of
 * neighbours, and for Latin letters and digits each ending of the run, so
 * that whatever a text contains is found by pairs or by the beginning of an
 * ending. Names stand behind a sign of their own.
 */
#ifndef LINLI_APP_SEARCH_INDEX_H
#define LINLI_APP_SEARCH_INDEX_H

#include "base/ctx.h"
#include "db/db.h"

#define LATIN_MOST 24 /* characters of an ending that are indexed */

struct search_index;

/* A reader of ctx's index, in a read transaction, lent until index_done; NULL when there is no
 * index yet. */
struct search_index *index_reader(struct ctx *ctx);
void index_done(struct search_index *x); /* may be NULL */
struct db *index_db(struct search_index *x);
int64_t index_newest(struct search_index *x); /* the highest request id it knows */

/* Adds to out, as FTS5 phrases parted by blanks, what a text that contains the word must contain.
 * key: text_key of a word without blanks. Answers how many; 0: any text may contain it. */
int index_match(struct buf *out, const char *key);
/* Adds the phrases that a request of somebody of this name, pinyin or initials must contain. */
/* Adds requests whose telephone, or that of somebody who joined, ends with these four digits. */
void index_match_end(struct ctx *ctx, struct buf *out, const char *digits);
void index_match_name(struct buf *out, const char *key);

/* ---- weights ---- */
struct index_term {
    uint64_t hash;
    double weight;
    const char *start; /* in the text it was cut from; the pair's or word's first byte */
    int size;          /* bytes */
};
struct vector {
    struct index_term *terms; /* by hash, each once; the weights have length 1 */
    int count;
};
#define VECTOR_MOST 4000 /* terms of a text that count */
/* The words of a request by how telling they are: (1 + ln n) × ln(N / df), the subject's counted
 * SUBJECT_WEIGHT times. */
#define SUBJECT_WEIGHT 5
void index_vector(struct search_index *x, struct arena *a, const char *subject, const char *text,
                  struct vector *v);
double vector_cosine(const struct vector *a, const struct vector *b);

#endif
