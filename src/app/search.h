/*
 * Finding requests by their words: the list's search, similar requests, and
 * what those suggest. The index is derived from the journal and can be thrown
 * away; what it has not read yet is found a moment later.
 */
#ifndef LINLI_APP_SEARCH_H
#define LINLI_APP_SEARCH_H

#include "base/ctx.h"
#include "db/db.h"

/* Adds " AND …" to conditions on requests: subject or text contains every word of q, or q is the number, the pinyin
 * (or its initials) of the requester's name, or a telephone number. q NULL or blank: adds nothing. */
void search_narrow(struct ctx *ctx, struct sql *where, const char *q);

struct search_hit {
    int64_t id;    /* requests.id */
    double score;  /* 0 to 1: how like; only for ordering and thresholds */
};
enum search_which { SEARCH_OPEN, SEARCH_CLOSED, SEARCH_ALL };
/*
 * Requests whose subject and text are like this text, best first; at most most of them. Not narrowed to what the
 * actor may see: the caller loads each with record_load (staff) or shows only what is public (residents).
 * category, community: only those; NONE: any. except: leave this request out; NONE.
 */
int search_similar(struct ctx *ctx, const char *text, enum search_which which, int64_t category, int64_t community,
                   int64_t except, struct search_hit *hits, int most);

/* What the handled requests that are like this text suggest. */
struct suggestion {
    int64_t category, unit; /* NONE: nothing to suggest */
    int votes, of;          /* so many of the so many nearest had this category */
    struct search_hit hits[10]; /* the nearest, for the reason shown and replies to reuse */
    int hit_count;
};
void search_suggest(struct ctx *ctx, const char *text, struct suggestion *s);

#endif
