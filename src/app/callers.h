/*
 * Who is calling, for the page that takes in requests: somebody who asked
 * before, or a person of the register. Both only as far as the actor's area
 * reaches; a chosen one is carried by number, so that name and telephone stay
 * on the server and are shown masked.
 */
#ifndef LINLI_APP_CALLERS_H
#define LINLI_APP_CALLERS_H

#include "app/people.h"
#include "app/requests.h"

struct caller {
    const struct request *earlier; /* the request this is known from; NULL */
    const struct person *person;   /* of the register; NULL */
    const char *name, *phone;      /* NULL: not known */
    int64_t community;
};

/* By what stands in the form: an earlier request's id, or "p" and a person's. NULL: none, or not in the actor's area. */
const struct caller *caller_find(struct ctx *ctx, const char *which);
/* The same as it is written into a form. */
const char *caller_mark(struct ctx *ctx, const struct caller *c);
/* What there is about the telephone number or the name that is typed: each a button that chooses it. */
void callers_draw(struct ctx *ctx);
/* That the register is used for requests. */
bool caller_agreed(const struct person *p);
/* Behind the door: whoever rings with a matter agrees that the register is used for it. */
enum status caller_agrees(struct ctx *ctx, const struct caller *c);

#endif
