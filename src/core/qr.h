/* QR codes in pages, and the URLs that they contain. */
#ifndef LINLI_APP_QR_H
#define LINLI_APP_QR_H

#include "base/ctx.h"

/* Draws the text as a QR code with this description; nothing if the text is too long. */
void qr_draw(struct ctx *ctx, const char *text, const char *alt);
/* The full URL of a path, as the visitor reached this server. */
const char *here_url(struct ctx *ctx, const char *path);
/* The same for print or messages: with the configured address, if there is one. */
const char *site_url(struct ctx *ctx, const char *path);

#endif
