/*
 * Resident comments (意见): quick notes that teams collect on the doorstep and at
 * service points. Each becomes a request or joins an open one. Both are
 * counted: the comments, and the problems that their requests resolved.
 */
#ifndef LINLI_APP_OPINIONS_H
#define LINLI_APP_OPINIONS_H

#include "kind/kind.h"

struct opinion {
    struct record record;
    const char *code; /* the device's own key: the same key is the same comment */
    const char *text;
    int64_t team, station; /* organisations.id of who collected it and where; NONE */
    int64_t area, community;
    int64_t collected; /* when it was made */
    int64_t collector;
    const char *collector_name;
    int64_t request; /* the request made from it or joined */
    int64_t joined;  /* 1: joined an existing request */
    int64_t month;
};
extern const struct kind opinions_kind;

/* On the writer thread: stores a comment. into NONE: makes a new request of this category
 * (subject: its first words; phone: who is notified, may be NULL); otherwise joins that open
 * request. A repeated code changes nothing. */
enum status opinion_file(struct ctx *ctx, struct opinion *o, int64_t into, int64_t category,
                         const char *name, const char *phone);
/* The same for a comment whose request is already in o. */
enum status opinion_keep(struct ctx *ctx, struct opinion *o);

#endif
