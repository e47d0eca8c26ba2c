/*
 * Long pages go out compressed, for slow phones: only those that are the same
 * for everybody. A page of somebody who is signed in has secrets, whose
 * length next to what an address puts into it would give them away (BREACH).
 */
#include "web/gate.h"

#include <limits.h>
#include <string.h>
#include <zlib.h>

#define LONG  ((size_t)16 << 10) /* bytes; below it the time to pack is worth more than what it saves */
#define LEVEL 5
#define GZIP  (15 + 16) /* zlib's largest window, with gzip's head */

static bool wanted(const struct visit *v)
{
    const char *accept = header(&v->ctx, "accept-encoding");
    return v->ex.method == GET && v->ex.code == 200 && !v->fixed && !v->session && !v->bearer && !v->ex.wants_json && v->out.size >= LONG &&
           v->out.size < UINT_MAX && accept && strstr(accept, "gzip");
}

void squeeze(struct visit *v)
{
    z_stream z = {.next_in = (unsigned char *)v->out.data, .avail_in = (unsigned)v->out.size};
    if (!wanted(v) || deflateInit2(&z, LEVEL, Z_DEFLATED, GZIP, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return;
    uLong room = deflateBound(&z, (uLong)v->out.size);
    char *packed = arena_alloc(v->arena, room);
    z.next_out = (unsigned char *)packed;
    z.avail_out = (unsigned)room;
    bool done = deflate(&z, Z_FINISH) == Z_STREAM_END;
    size_t size = z.total_out;
    deflateEnd(&z);
    if (!done)
        return;
    buf_clear(&v->out);
    buf_put(&v->out, packed, size);
    answer_header(&v->ctx, "Content-Encoding", "gzip");
    answer_header(&v->ctx, "Vary", "Accept-Encoding");
}
