/*
 * Arena: memory that lives as long as one request (or one job, one import
 * row) and goes with it in one call. Nothing taken from it is freed by hand.
 *
 * Ownership: arena_new gives the caller an arena to arena_free; every pointer
 * taken from it dies there, or at arena_clear. Out of memory, or more than
 * ARENA_CEILING bytes in one arena, ends the process: bad input is stopped
 * by limits long before.
 */
#ifndef LINLI_BASE_ARENA_H
#define LINLI_BASE_ARENA_H

#include <stddef.h>
#include <stdarg.h>

#define ARENA_CEILING ((size_t)512 << 20) /* bytes */

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *a);                            /* NULL is allowed */
void arena_clear(struct arena *a);                           /* keeps the first block for the next use */
void *arena_alloc(struct arena *a, size_t n);                /* zeroed, aligned for any type */
char *arena_copy(struct arena *a, const char *s);            /* NULL gives NULL */
char *arena_copyn(struct arena *a, const char *s, size_t n); /* adds the NUL */
size_t arena_used(const struct arena *a);                    /* bytes handed out */

/* Formats plain text (never HTML or SQL) with printf's rules. */
char *arena_print(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* malloc that ends the process when there is none left; for long-lived things. */
void *must_alloc(size_t n); /* zeroed */
void *must_grow(void *p, size_t n);
char *must_copy(const char *s);

#define ARENA_NEW(a, type)      ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, type, n) ((type *)arena_alloc((a), sizeof(type) * (size_t)(n)))

#endif
