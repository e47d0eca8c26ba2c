/*
 * Who is calling, for the page on which requests are logged: someone who sent a
 * request before, or a person of the register. Only within the actor's areas.
 * The form carries a chosen caller by number, so name and phone number stay on
 * the server and are shown masked.
 */
#ifndef LINLI_APP_CALLERS_H
#define LINLI_APP_CALLERS_H

#include "app/registers/registers.h"
#include "app/requests/requests.h"

struct caller {
    const struct request *earlier; /* the earlier request; NULL */
    const struct person *person;   /* of the register; NULL */
    const char *name, *phone;      /* NULL: not known */
    int64_t community;
    const struct joiner *joined; /* joined the earlier request; NULL: sent it */
};

/* By the value in the form: an earlier request's id, "j" and a co-reporter's, or "p" and a
 * person's. NULL: none, or not in the actor's areas. */
const struct caller *caller_find(struct ctx *ctx, const char *which);
/* The value in a form for this caller. */
const char *caller_mark(struct ctx *ctx, const struct caller *c);
/* Draws what is known about the typed phone number or name; each is a button that chooses it. */
void callers_draw(struct ctx *ctx);
/* Returns whether this person has agreed that the register is used for requests. */
bool caller_agreed(const struct person *p);
/* On the writer thread: someone who calls with a problem agrees that the register is used for
 * it. */
enum status caller_agrees(struct ctx *ctx, const struct caller *c);

#endif
