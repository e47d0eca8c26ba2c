/*
 * Opinions (意见): quick notes that teams collect at doors and stations. Each
 * becomes a request or joins one that is open; both are counted: opinions as
 * they were given, and the problems solved by their requests.
 */
#ifndef LINLI_APP_OPINIONS_H
#define LINLI_APP_OPINIONS_H

#include "kind/kind.h"

struct opinion {
    struct record record;
    const char *code; /* the device's own key: the same key is the same opinion */
    const char *text;
    int64_t team, station; /* organisations.id of who collected it and where; NONE */
    int64_t area, community;
    int64_t collected; /* when it was given */
    int64_t collector;
    const char *collector_name;
    int64_t request; /* what became of it */
    int64_t joined;  /* 1: joined a request that was there */
    int64_t month;
};
extern const struct kind opinions_kind;

/* Behind the door: notes an opinion. into NONE: a new request of this category is made of it (subject: its first
 * words; phone: whom to tell, may be NULL); otherwise it joins that open request. The same code again changes nothing. */
enum status opinion_file(struct ctx *ctx, struct opinion *o, int64_t into, int64_t category, const char *name, const char *phone);
/* The same for an opinion whose request is in o already. */
enum status opinion_keep(struct ctx *ctx, struct opinion *o);

#endif
