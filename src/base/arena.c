/*
 * Arena allocation: a chain of blocks, newest first, with a bump pointer in the
 * newest.
 *
 * Blocks double from 16 KB to 1 MB, so a page costs one or two calls of malloc
 * and a large import a few hundred. A larger allocation gets its own block
 * behind the newest. arena_clear keeps the first block, so a worker that serves
 * one request after another does not call malloc at all. Memory belongs to the
 * arena; callers never free.
 */
#include "base/arena.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_FIRST ((size_t)16 << 10)
#define BLOCK_MOST  ((size_t)1 << 20)
#define ALIGN       (_Alignof(max_align_t))

struct block {
    struct block *next;
    size_t size, used;
    max_align_t data[];
};

struct arena {
    struct block *newest, *first;
    size_t used, held;
};

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "linli: %s\n", what);
    abort();
}

void *must_alloc(size_t n)
{
    void *p = calloc(1, n ? n : 1);
    if (!p)
        die("out of memory");
    return p;
}

void *must_grow(void *p, size_t n)
{
    p = realloc(p, n ? n : 1);
    if (!p)
        die("out of memory");
    return p;
}

char *must_copy(const char *s)
{
    size_t n = strlen(s) + 1;
    return memcpy(must_alloc(n), s, n);
}

static struct block *block_new(size_t size)
{
    struct block *b = malloc(sizeof *b + size);
    if (!b)
        die("out of memory");
    b->next = NULL;
    b->size = size;
    b->used = 0;
    return b;
}

struct arena *arena_new(void)
{
    struct arena *a = must_alloc(sizeof *a);
    a->newest = a->first = block_new(BLOCK_FIRST);
    a->held = BLOCK_FIRST;
    return a;
}

void arena_clear(struct arena *a)
{
    for (struct block *b = a->newest; b;) {
        struct block *next = b->next;
        if (b != a->first)
            free(b);
        b = next;
    }
    a->newest = a->first;
    a->first->next = NULL;
    a->first->used = 0;
    a->used = 0;
    a->held = a->first->size;
}

void arena_free(struct arena *a)
{
    if (!a)
        return;
    arena_clear(a);
    free(a->first);
    free(a);
}

size_t arena_used(const struct arena *a)
{
    return a->used;
}

/* Returns a block with room for n more bytes. A large allocation gets its own
 * block behind the newest, which stays in use. */
static struct block *block_for(struct arena *a, size_t n)
{
    struct block *b = a->newest;
    if (b->size - b->used >= n)
        return b;
    if (n > ARENA_CEILING || a->held > ARENA_CEILING - n)
        die("one request asked for more memory than the ceiling allows");
    size_t size = b->size < BLOCK_MOST ? b->size * 2 : BLOCK_MOST;
    struct block *made = block_new(n > size / 2 ? n : size);
    a->held += made->size;
    if (n > size / 2) {
        made->next = b->next;
        b->next = made;
    } else {
        made->next = b;
        a->newest = made;
    }
    return made;
}

static void *take(struct arena *a, size_t n)
{
    if (n > ARENA_CEILING)
        die("one request asked for more memory than the ceiling allows");
    n = (n + ALIGN - 1) / ALIGN * ALIGN;
    struct block *b = block_for(a, n);
    void *p = (char *)b->data + b->used;
    b->used += n;
    a->used += n;
    return p;
}

void *arena_alloc(struct arena *a, size_t n)
{
    return memset(take(a, n), 0, n);
}

char *arena_copyn(struct arena *a, const char *s, size_t n)
{
    char *p = take(a, n + 1);
    if (n)
        memcpy(p, s, n);
    p[n] = '\0';
    return p;
}

/* The capacity is the count's next power of two, so it needs no variable. */
void *arena_grow(struct arena *a, void *list, int count, size_t size)
{
    if (count & (count - 1))
        return list;
    if (count > INT_MAX / 2)
        die("a list has too many entries");
    void *more = arena_alloc(a, size * (size_t)(count ? 2 * count : 1));
    if (count)
        memcpy(more, list, size * (size_t)count);
    return more;
}

char *arena_copy(struct arena *a, const char *s)
{
    return s ? arena_copyn(a, s, strlen(s)) : NULL;
}

char *arena_print(struct arena *a, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0)
        die("a format string is wrong");
    char *p = take(a, (size_t)n + 1);
    vsnprintf(p, (size_t)n + 1, format, again);
    va_end(again);
    return p;
}
