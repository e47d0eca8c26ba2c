/*
 * The one status type that functions return outward.
 *
 * "No more rows" and "failed" are different answers. A message for a person
 * rides in the context (struct ctx, ctx_problem), never in the status.
 */
#ifndef LINLI_BASE_STATUS_H
#define LINLI_BASE_STATUS_H

enum status {
    OK,
    NOT_FOUND,   /* nothing there, or nothing the asker may see */
    FORBIDDEN,   /* the asker's role or area does not allow it */
    INVALID,     /* input is wrong: the context says which field and why */
    CONFLICT,    /* somebody changed it meanwhile, or it is there already */
    BUSY,        /* try again in a moment: locked, or too many requests */
    UNAVAILABLE, /* disk full, database gone: needs somebody's hand */
    STATUS_COUNT
};

/* A short English name ("not-found"), for logs and problem+json types. */
const char *status_name(enum status s);

#endif
