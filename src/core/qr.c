/*
 * QR codes as SVG images: one path, with a rectangle for each run of dark
 * modules.
 */
#include "core/qr.h"

#include "core/settings.h"
#include "web/web.h"

#include <qrencode.h>
#include <sodium.h>

const char *here_url(struct ctx *ctx, const char *path)
{
    const char *host = header(ctx, "host");
    return arena_print(ctx->arena, "%s://%.200s%s%s", ctx->web->tls ? "https" : "http",
                       host ? host : "localhost", ctx->web->prefix, path);
}

const char *site_url(struct ctx *ctx, const char *path)
{
    const char *set = setting(ctx, "site.address");
    return *set ? arena_print(ctx->arena, "%s%s", set, path) : here_url(ctx, path);
}

static void draw_modules(struct buf *svg, const QRcode *qr)
{
    html(svg,
         "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" "
         "shape-rendering=\"crispEdges\"><path d=\"",
         qr->width, qr->width);
    for (int y = 0; y < qr->width; y++)
        for (int x = 0, run; x < qr->width; x += run) {
            bool dark = qr->data[y * qr->width + x] & 1;
            for (run = 1; x + run < qr->width && (qr->data[y * qr->width + x + run] & 1) == dark;
                 run++)
                ;
            if (dark)
                html(svg, "M{} {}h{}v1h-{}z", x, y, run, run);
        }
    buf_puts(svg, "\"/></svg>");
}

void qr_draw(struct ctx *ctx, const char *text, const char *alt)
{
    QRcode *qr = QRcode_encodeString(text, 0, QR_ECLEVEL_M, QR_MODE_8, 1);
    if (!qr)
        return;
    struct buf svg;
    buf_init(&svg, 0);
    draw_modules(&svg, qr);
    QRcode_free(qr);
    size_t room = sodium_base64_encoded_len(svg.size, sodium_base64_VARIANT_ORIGINAL);
    char *coded = arena_alloc(ctx->arena, room);
    sodium_bin2base64(coded, room, (const unsigned char *)svg.data, svg.size,
                      sodium_base64_VARIANT_ORIGINAL);
    buf_release(&svg);
    html(ctx->web->out, "<img class=\"qr\" alt=\"{}\" src=\"data:image/svg+xml;base64,{}\">", alt,
         (const char *)coded);
}
