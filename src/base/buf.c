/*
 * The growing buffer: it doubles from 4 KB and never exceeds its ceiling. The
 * memory belongs to the buffer until buf_take hands it over.
 */
#include "base/buf.h"

#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

void buf_init(struct buf *b, size_t ceiling)
{
    *b = (struct buf){
        .data = must_grow(NULL, 4096), .room = 4096, .ceiling = ceiling ? ceiling : BUF_CEILING};
    b->data[0] = '\0';
}

void buf_init_in(struct buf *b, struct arena *a, size_t ceiling)
{
    enum { FIRST = 512 };
    *b = (struct buf){.data = arena_alloc(a, FIRST),
                      .room = FIRST,
                      .ceiling = ceiling ? ceiling : BUF_CEILING,
                      .arena = a};
    b->data[0] = '\0';
}

static char *grown(struct buf *b, size_t room)
{
    if (!b->arena)
        return must_grow(b->data, room);
    char *data = arena_alloc(b->arena, room);
    memcpy(data, b->data, b->size + 1);
    return data;
}

void buf_release(struct buf *b)
{
    if (!b->arena)
        free(b->data);
    *b = (struct buf){0};
}

void buf_clear(struct buf *b)
{
    b->size = 0;
    b->full = false;
    b->data[0] = '\0';
}

bool buf_room(struct buf *b, size_t n)
{
    if (b->room - b->size > n)
        return true;
    if (b->full || n >= b->ceiling || b->size + n >= b->ceiling) {
        b->full = true;
        return false;
    }
    size_t room = b->room;
    while (room - b->size <= n)
        room *= 2;
    if (room > b->ceiling)
        room = b->ceiling;
    b->data = grown(b, room);
    b->room = room;
    return true;
}

void buf_put(struct buf *b, const void *data, size_t n)
{
    if (!n || !buf_room(b, n))
        return;
    memcpy(b->data + b->size, data, n);
    b->size += n;
    b->data[b->size] = '\0';
}

void buf_puts(struct buf *b, const char *s)
{
    buf_put(b, s, strlen(s));
}

void buf_putc(struct buf *b, char c)
{
    buf_put(b, &c, 1);
}

void buf_int(struct buf *b, int64_t v)
{
    char digits[24];
    size_t at = sizeof digits;
    uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    do {
        digits[--at] = (char)('0' + u % 10);
        u /= 10;
    } while (u);
    if (v < 0)
        digits[--at] = '-';
    buf_put(b, digits + at, sizeof digits - at);
}

char *buf_take(struct buf *b, size_t *size)
{
    char *data = b->data;
    if (b->arena)
        abort(); /* the caller would free memory of the arena */
    if (size)
        *size = b->size;
    buf_init(b, b->ceiling);
    return data;
}
