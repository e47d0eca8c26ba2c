/*
 * The photographs of a request: taken from a form, kept over a form that was
 * not accepted, stored with the request, shown to whoever may see them.
 */
#ifndef LINLI_APP_PHOTOS_H
#define LINLI_APP_PHOTOS_H

#include "app/photo.h"
#include "db/db.h"
#include "base/ctx.h"

struct photos {
    struct photo list[PHOTOS_MOST];
    int count;
};

/* In a prepare step with SLOW: what was chosen ("photos") and what an earlier try kept ("kept"); what can't be used
 * is a problem of "photos". */
void photos_take(struct ctx *ctx, struct photos *p);
/* Still in prepare, when the form is to be drawn again: keeps them for PHOTOS_KEPT seconds, so that nobody must
 * choose them a second time. */
void photos_keep(struct ctx *ctx, struct photos *p);
#define PHOTOS_KEPT 86400
/* The field of a form, with what was kept; p may be NULL. */
void photos_field(struct ctx *ctx, const struct photos *p);
/* What was kept as hidden fields, for a page in between. */
void photos_hidden(struct ctx *ctx, const struct photos *p);
/* Behind the door: stores them with the request, journalled, and forgets the drafts. */
enum status photos_store(struct ctx *ctx, const struct photos *p, int64_t request);

/* The small pictures of a request, each linked to base/ID; draws nothing when there is none. base: "/requests/7/photos".
 * residents_only: those that the resident sent. */
void photos_show(struct ctx *ctx, int64_t request, const char *base, bool residents_only);
/* Answers with the column "picture" of the first row, as it is kept by caches (Cache-Control); NOT_FOUND. */
void picture_answer(struct ctx *ctx, struct rows *r, const char *kept);
/* Answers with one picture of the request (?size=small: the small one); NOT_FOUND. */
void photos_answer(struct ctx *ctx, int64_t request, int64_t attachment, bool residents_only);

#endif
