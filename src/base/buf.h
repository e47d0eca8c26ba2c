/*
 * A growing byte buffer with a ceiling: pages, JSON and sheets are written
 * into it. Always NUL-terminated after the last byte, so that data can be
 * read as a string. Past its ceiling it stops growing and remembers that it
 * was cut (buf.full): the caller answers with an error, never with half a page.
 *
 * Ownership: buf_init/buf_release for what the caller holds.
 */
#ifndef LINLI_BASE_BUF_H
#define LINLI_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BUF_CEILING ((size_t)64 << 20) /* bytes, unless told otherwise */

struct buf {
    char *data;  /* never NULL after buf_init */
    size_t size; /* bytes written */
    size_t room; /* bytes allocated */
    size_t ceiling;
    bool full; /* something did not fit */
};

void buf_init(struct buf *b, size_t ceiling); /* ceiling in bytes, at least 4096; 0: BUF_CEILING */
void buf_release(struct buf *b);
void buf_clear(struct buf *b);          /* keeps its memory */
bool buf_room(struct buf *b, size_t n); /* make room for n more bytes; false when past the ceiling */
void buf_put(struct buf *b, const void *data, size_t n);
void buf_puts(struct buf *b, const char *s);
void buf_putc(struct buf *b, char c);
void buf_int(struct buf *b, int64_t v);
char *buf_take(struct buf *b, size_t *size); /* the caller frees it with free(); the buffer is empty after */

#endif
