/*
 * Compresses long pages for slow phones, but only those that are the same for
 * everyone. A signed-in user's page contains secrets, which the compressed
 * length could reveal together with text from the URL (BREACH).
 */
#include "web/gate.h"

#include <limits.h>
#include <string.h>
#include <zlib.h>

#define LONG  ((size_t)16 << 10) /* bytes; shorter pages are not worth the time */
#define LEVEL 5
#define GZIP  (15 + 16) /* zlib's largest window, with a gzip header */

static bool wanted(const struct visit *v)
{
    const char *accept = header(&v->ctx, "accept-encoding");
    return v->ex.method == GET && v->ex.code == 200 && !v->fixed && !v->session && !v->bearer &&
           !v->ex.wants_json && v->out.size >= LONG && v->out.size < UINT_MAX && accept &&
           strstr(accept, "gzip");
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
