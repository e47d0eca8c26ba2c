/*
 * A growing byte buffer with an upper limit, for pages, JSON and spreadsheets.
 * The data always ends with a NUL, so it can be read as a string. At its limit
 * it stops growing and sets buf.full. The caller then reports an error and
 * never sends half a page.
 *
 * Ownership: buf_init and buf_release, for what the caller holds.
 */
#ifndef LINLI_BASE_BUF_H
#define LINLI_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BUF_CEILING ((size_t)64 << 20) /* bytes; the default */

struct arena;

struct buf {
    char *data;  /* never NULL after buf_init */
    size_t size; /* bytes written */
    size_t room; /* bytes allocated */
    size_t ceiling;
    bool full;           /* something did not fit */
    struct arena *arena; /* owns the memory; NULL: the buffer does */
};

void buf_init(struct buf *b, size_t ceiling); /* ceiling in bytes, at least 4096; 0: BUF_CEILING */
/* In the arena's memory: needs no buf_release; buf_take is not allowed. */
void buf_init_in(struct buf *b, struct arena *a, size_t ceiling);
void buf_release(struct buf *b);
void buf_clear(struct buf *b);          /* keeps its memory */
bool buf_room(struct buf *b, size_t n); /* makes room for n more bytes; false: past the limit */
void buf_put(struct buf *b, const void *data, size_t n);
void buf_puts(struct buf *b, const char *s);
void buf_putc(struct buf *b, char c);
void buf_int(struct buf *b, int64_t v);
char *buf_take(struct buf *b,
               size_t *size); /* the caller frees it with free(); empties the buffer */

#endif
