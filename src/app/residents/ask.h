/*
 * Shared within the residents' pages: ask.c, ask_send.c, receipt.c, follow.c
 * and residents.c (the route table).
 */
#ifndef LINLI_APP_ASK_H
#define LINLI_APP_ASK_H

#include "core/attachments.h"
#include "app/requests/requests.h"
#include "app/search/search.h"

/* What is being asked: made by ask_prepare, drawn again by ask_again, stored by ask_change. */
struct asking {
    struct request *request;
    struct photos photos;
    struct request *join; /* the request to join ("I have this problem too"); NULL */
    struct search_hit similar[SIMILAR_MOST];
    int similar_count;
    bool look; /* only a preview of what others would see */
};

/* ---- ask.c: the form ---- */
void ask(struct ctx *ctx);
void ask_again(struct ctx *ctx); /* after a problem, or with similar requests */
/* What the public may see of a request, as one block. */
void public_line(struct ctx *ctx, const struct request *r);
/* The category on which a third of the most similar past requests agree; NONE. subject: may be
 * NULL. except: a request that is left out; NONE. */
int64_t category_agreed(struct ctx *ctx, const char *subject, const char *text, int64_t except);
/* The sealed proof that a request was offered to this visitor, valid for a day: the value of
 * "join" in the form. In the request's arena. */
const char *join_offer(struct ctx *ctx, int64_t request);
/* Draws similar requests, each with "I have this problem too"; nothing if there are none.
 * folded: to one line while someone types. Open, it is a page of its own, after which the form
 * is sent as it is. */
void similar_list(struct ctx *ctx, const struct search_hit *hits, int count, bool folded);

extern const struct label ask_labels[]; /* of the fields of /ask */

/* ---- ask_send.c: sending ---- */
void ask_similar(struct ctx *ctx);
void ask_prepare(struct ctx *ctx);
void ask_change(struct ctx *ctx);

/* ---- receipt.c ---- */
void receipt(struct ctx *ctx);
/* On the writer thread: redirects to the receipt, for this browser and 15 minutes. joiner NONE:
 * a new request. */
void receipt_send(struct ctx *ctx, int64_t request, int64_t joiner, const char *code);

/* ---- follow.c ---- */
void follow(struct ctx *ctx);
void follow_look_up(struct ctx *ctx);
void follow_answer(struct ctx *ctx);
void follow_photo(struct ctx *ctx);

#endif
