/*
 * Arena: memory that lives as long as one request, job or import row, and is
 * freed with it in one call. Nothing allocated from it is freed by hand.
 *
 * Ownership: arena_new returns an arena that the caller frees with arena_free.
 * Every pointer into it dies then, or at arena_clear. Running out of memory,
 * or using more than ARENA_CEILING bytes in one arena, ends the process:
 * limits stop bad input long before.
 */
#ifndef LINLI_BASE_ARENA_H
#define LINLI_BASE_ARENA_H

#include <stddef.h>
#include <stdarg.h>

#define ARENA_CEILING ((size_t)512 << 20) /* bytes */

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *a);                 /* NULL is allowed */
void arena_clear(struct arena *a);                /* keeps the first block for the next use */
void *arena_alloc(struct arena *a, size_t n);     /* zeroed, aligned for any type */
char *arena_copy(struct arena *a, const char *s); /* NULL gives NULL */
char *arena_copyn(struct arena *a, const char *s, size_t n); /* adds the NUL */
size_t arena_used(const struct arena *a);                    /* bytes allocated from it */

/* Formats plain text (never HTML or SQL) with printf's rules. */
char *arena_print(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* malloc for long-lived data; ends the process if out of memory */
void *must_alloc(size_t n); /* zeroed */
void *must_grow(void *p, size_t n);
char *must_copy(const char *s);

#define ARENA_NEW(a, type)      ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, type, n) ((type *)arena_alloc((a), sizeof(type) * (size_t)(n)))

/* An array of unknown length. ARENA_NEXT returns its next element, growing the
 * array as needed, and increments the count:
 *
 *     struct topic *list = NULL;
 *     int n = 0;
 *     while (rows_next(r))
 *         *ARENA_NEXT(ctx->arena, list, n) = (struct topic){.id = row_int(r, "id")};
 */
#define ARENA_NEXT(a, list, count) \
    ((list) = arena_grow((a), (list), (count), sizeof(__typeof__(*(list)))), &(list)[(count)++])
/* Room for one more than count. Only for arrays that began as NULL and grow one
 * element at a time. */
void *arena_grow(struct arena *a, void *list, int count, size_t size);

#endif
