/* QR codes in pages, and the addresses they carry. */
#ifndef LINLI_APP_QR_H
#define LINLI_APP_QR_H

#include "base/ctx.h"

/* The text as a QR code, an image in the page with this description. Draws nothing when it is too long. */
void qr_draw(struct ctx *ctx, const char *text, const char *alt);
/* The whole address of a path, as the visitor reached this server. */
const char *here_url(struct ctx *ctx, const char *path);
/* The same for what is printed or leaves this server: under the address that the office set, when it set one. */
const char *site_url(struct ctx *ctx, const char *path);

#endif
