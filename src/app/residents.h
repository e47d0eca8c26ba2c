/*
 * Within the residents' pages: what ask.c, ask_send.c, receipt.c, follow.c and
 * residents.c (the table of routes) share.
 */
#ifndef LINLI_APP_RESIDENTS_H
#define LINLI_APP_RESIDENTS_H

#include "app/photos.h"
#include "app/requests.h"
#include "app/search.h"

#define SIMILAR_MOST 3

/* What is being asked: made by ask_prepare, drawn again by ask_again, filed by ask_change. */
struct asking {
    struct request *request;
    struct photos photos;
    struct request *join; /* "this is mine too": the request joined; NULL */
    struct search_hit similar[SIMILAR_MOST];
    int similar_count;
    bool look; /* only to see what others would see */
};

/* ---- ask.c: the form ---- */
void ask(struct ctx *ctx);
void ask_again(struct ctx *ctx); /* after a problem, or with what is like it */
/* What the public may see of a request, as one block. */
void public_line(struct ctx *ctx, const struct request *r);
/* Those like it, each with "this is mine too"; draws nothing for none. */
void similar_list(struct ctx *ctx, const struct search_hit *hits, int count);
/* The subject that stands for a text when none was given: its first words. */
const char *subject_of(struct ctx *ctx, const char *text);

struct line {
    const char *name, *label, *hint, *type, *autocomplete, *value;
    bool optional;
};
extern const struct label ask_labels[]; /* of the fields of /ask */
bool areas_known(struct ctx *ctx);      /* false in an office that has just been set up: nobody is asked for what can't be chosen */
void line_field(struct ctx *ctx, const struct line *l);
/* The field "area": communities and their estates in one list. */
void area_field(struct ctx *ctx, const char *text);

/* ---- ask_send.c: sending ---- */
void ask_similar(struct ctx *ctx);
void ask_prepare(struct ctx *ctx);
void ask_change(struct ctx *ctx);
int similar_find(struct ctx *ctx, const char *subject, const char *text, int64_t community, struct search_hit *hits, double least);

/* ---- receipt.c ---- */
void receipt(struct ctx *ctx);
/* Behind the door: answers with the way to the receipt, for this browser and a quarter of an hour. joiner NONE: a new request. */
void receipt_send(struct ctx *ctx, int64_t request, int64_t joiner, const char *code);
/* The cookie that binds a receipt to the browser that asked; made when the form is drawn. */
void receipt_bind(struct ctx *ctx);
const char *code_shown(struct ctx *ctx, const char *code); /* K7MR4-QXD2P */

/* ---- follow.c ---- */
void follow(struct ctx *ctx);
void follow_look_up(struct ctx *ctx);
void follow_answer(struct ctx *ctx);
void follow_photo(struct ctx *ctx);

#endif
