/*
 * A request that a resident tracks, opened by number and digits or by code.
 * Shared by follow.c (look-up and page) and follow_add.c (adding, withdrawing).
 */
#ifndef LINLI_APP_FOLLOW_H
#define LINLI_APP_FOLLOW_H

#include "app/requests/requests.h"

/* The request that is shown, and for whom. */
struct followed {
    struct request *request; /* the one that is dealt with */
    struct request *asked;   /* the one that was sent or joined: the same, or merged into it */
    struct joiner *joiner;   /* NULL: the person who sent it */
};

/* By the browser's sealed cookie; false: none, or expired. */
bool followed_open(struct ctx *ctx, struct followed *f);
/* Somebody else sent the request first: their text is theirs, and the reply is shown if they
 * allow it. */
bool followed_other(const struct followed *f);
/* The name under which the tab keeps unsent text: of one request and one person, so that it
 * never fills another's form. */
const char *followed_keep(struct ctx *ctx, const struct followed *f, const char *form);
/* The problem when the cookie has expired; what was typed is shown again. */
void followed_timed_out(struct ctx *ctx);

/* ---- follow_add.c ---- */
/* Draws the forms to add something or withdraw; nothing if it is closed. */
void follow_add_draw(struct ctx *ctx, const struct followed *f);
void follow_add_prepare(struct ctx *ctx);
void follow_add(struct ctx *ctx);
void follow_withdraw(struct ctx *ctx);

#endif
