/*
 * A volunteer's card: the way in without an account. Its code is typed, or
 * scanned as the QR of a link to /card with the code behind the '#', which
 * browsers send to no server; the browser then keeps a cookie that only this
 * card gives. A new card ends the old one everywhere, so does leaving.
 */
#ifndef LINLI_APP_CARD_H
#define LINLI_APP_CARD_H

#include "app/volunteers.h"

/* For site->card: the volunteer whose cookie this is, or who signs in with the login kept in the register. */
bool card_actor(struct ctx *ctx, const char *text);

/* Behind the door: keeps the card with this code in the browser that answers. */
void card_keep(struct ctx *ctx, int64_t volunteer, const char *code);

/* Behind the door: answers with the way to the page that shows the card with its code, for a quarter of an hour and to
 * this login only. page: where that is, without a query; it calls card_shown. */
void card_send(struct ctx *ctx, int64_t volunteer, const char *code, const char *page);
/* The card as it is printed. */
void card_draw(struct ctx *ctx, const struct volunteer *v, const char *code);
/* The code that the query shows, for this volunteer and login; NULL: it is over. */
const char *card_shown(struct ctx *ctx, int64_t volunteer);

#endif
