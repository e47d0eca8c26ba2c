/*
 * Finding requests by their words: the list's search, similar requests, and
 * what those suggest.
 *
 * The index (search.db in the data folder) is derived from the requests and
 * the journal: it may be deleted and is made again. It only proposes; the
 * requests' own text decides, so that an index that lags, or is not there,
 * never gives a wrong answer. Letters match whatever their case and width.
 */
#ifndef LINLI_APP_SEARCH_H
#define LINLI_APP_SEARCH_H

#include "base/ctx.h"
#include "db/db.h"
#include "kind/kind.h"

/*
 * Narrows a list of requests (view, filters and scope are in l->where, the page in l->limit and
 * l->offset) to the page of those that fit q, newest first: subject or text contains every word of
 * q, or q is the requester's name, its pinyin or the initials of that, or the number or the
 * telephone of whoever asked or joined, however written. q NULL or blank: only counts. Afterwards
 * list_run gives the page. Answers how many fit, or that they are more than it counted.
 */
struct list_total search_list(struct ctx *ctx, struct list *l, const char *q);

/* What was typed as it may stand in an address: a telephone number as SEARCH_PHONE and its keyed
 * hashes, which search_list understands; a request's number as it is; other words, which may be a
 * name, sealed. */
#define SEARCH_PHONE "tel-"
const char *search_words(struct ctx *ctx, const char *typed);

struct search_hit {
    int64_t id;   /* requests.id */
    double score; /* 0 to 1: the cosine of their weighted words */
};
enum search_which {
    SEARCH_OPEN, /* still worked on: not yet answered */
    SEARCH_CLOSED,
    SEARCH_SORTED /* closed, with a category */,
    SEARCH_ALL
};
/* From this score on two requests are mostly about the same (measured: docs/decisions.md, Search);
 * below it a list of similar ones is noise. */
#define SEARCH_LIKE 0.15
/*
 * Requests whose subject and text are like this one, best first; at most most of them. Not narrowed
 * to what the actor may see: the caller loads each with record_load (staff) or shows only what is
 * public (residents). subject may be NULL. category, community: only those; NONE: any. except:
 * leave this request out; NONE.
 */
int search_similar(struct ctx *ctx, const char *subject, const char *text, enum search_which which,
                   int64_t category, int64_t community, int64_t except, struct search_hit *hits,
                   int most);

/* Open requests like what somebody is writing, for a resident to choose from; hits has SIMILAR_MOST
 * places. least: how like they must be. Too short a text gives none. */
#define SIMILAR_MOST 3
int search_alike(struct ctx *ctx, const char *subject, const char *text, int64_t community,
                 struct search_hit *hits, double least);

/* What the handled requests that are like this text suggest. */
#define SUGGEST_NEAREST 15
struct suggestion {
    int64_t category, unit; /* NONE: nothing to suggest */
    int votes, of;          /* so many of the so many nearest that have a category had this one */
    struct search_hit
        hits[SUGGEST_NEAREST]; /* the nearest, for the reason shown and replies to reuse */
    int hit_count;
};
void search_suggest(struct ctx *ctx, const char *subject, const char *text, int64_t except,
                    struct suggestion *s);

/*
 * Brings the index up to the journal's newest entry, making it when there is none. Runs as a job
 * while the program serves; a command that searches many times calls it first. ctx->db must be
 * inside no transaction.
 */
enum status search_follow(struct ctx *ctx);
/* Nobody reads the store at address any more: its index is closed. */
void search_let_go(const char *address);

/* Its modules, for program/modules.c. */
#define SEARCH_MODULES(M) M(search_module)

#endif
