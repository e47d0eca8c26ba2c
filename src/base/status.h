/*
 * The one status type that functions return to their callers.
 *
 * "No more rows" and "failed" are different results. A message for a person is
 * carried in the context (struct ctx, ctx_problem), never in the status.
 */
#ifndef LINLI_BASE_STATUS_H
#define LINLI_BASE_STATUS_H

enum status {
    OK,
    NOT_FOUND,   /* it does not exist, or the actor may not see it */
    FORBIDDEN,   /* the actor's role or area does not allow it */
    INVALID,     /* the input is wrong; the context says which field and why */
    CONFLICT,    /* someone else changed it in the meantime, or it already exists */
    BUSY,        /* temporary: locked, or too many requests */
    UNAVAILABLE, /* disk full, database gone: an operator must act */
    STATUS_COUNT
};

/* A short English name ("not-found"), for logs and problem+json types. */
const char *status_name(enum status s);

#endif
