/*
 * Requests that are alike, and what those suggest: nearest neighbours by the
 * cosine of weighted words. The index proposes those that share the most
 * telling words, the texts decide how like they are.
 */
#include "app/search/search.h"
#include "app/search/search_index.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define TERMS_ASKED 16   /* of the text, the most telling */
#define POSTINGS    150  /* newest requests with such a word */
#define PLACES      8192 /* a power of two, at least three times TERMS_ASKED × POSTINGS */
#define COMPARED    80
#define FRESH       20 /* newest requests that the index has not read yet */
#define UNLIKE      0.03

struct tally {
    int64_t id;
    double score;
};

static int by_weight(const void *a, const void *b)
{
    const struct index_term *x = a, *y = b;
    return (x->weight < y->weight) - (x->weight > y->weight);
}

static int by_score(const void *a, const void *b)
{
    const struct tally *x = a, *y = b;
    return x->score < y->score ? 1 : x->score > y->score ? -1 : (x->id < y->id) - (x->id > y->id);
}

static void count_for(struct tally *tally, int64_t id, double weight)
{
    size_t at = (size_t)((uint64_t)id * 0x9E3779B97F4A7C15u >> 49) % PLACES;
    while (tally[at].id && tally[at].id != id)
        at = (at + 1) % PLACES;
    tally[at].id = id;
    tally[at].score += weight;
}

/* Up to COMPARED ids that share the most telling words, best first. */
static int propose(struct ctx *ctx, struct search_index *x, const struct vector *own,
                   int64_t except, int64_t *ids)
{
    struct index_term *terms = ARENA_ARRAY(ctx->arena, struct index_term, own->count + 1);
    struct tally *tally = ARENA_ARRAY(ctx->arena, struct tally, PLACES);
    memcpy(terms, own->terms, sizeof *terms * (size_t)own->count);
    qsort(terms, (size_t)own->count, sizeof *terms, by_weight);
    for (int i = 0; i < own->count && i < TERMS_ASKED; i++) {
        struct rows *r = query(
            index_db(x),
            "SELECT rowid FROM words WHERE words MATCH {} ORDER BY rowid DESC LIMIT {}",
            arena_print(ctx->arena, "\"%.*s\"", terms[i].size, terms[i].start), POSTINGS);
        while (rows_next(r))
            count_for(tally, row_int_at(r, 0), terms[i].weight);
    }
    int n = 0;
    for (int i = 0; i < PLACES; i++)
        if (tally[i].id && tally[i].id != except)
            tally[n++] = tally[i];
    qsort(tally, (size_t)n, sizeof *tally, by_score);
    for (int i = 0; i < n && i < COMPARED; i++)
        ids[i] = tally[i].id;
    return n < COMPARED ? n : COMPARED;
}

/* Two neighbours may report the same within a second: what is too new for the index is compared as
 * it is. */
static int propose_fresh(struct ctx *ctx, struct search_index *x, int64_t except, int64_t *ids,
                         int count)
{
    int at = count < COMPARED - FRESH ? count : COMPARED - FRESH;
    struct rows *r = query(ctx->db,
                           "SELECT id FROM requests WHERE id > {} ORDER BY id DESC LIMIT {}",
                           index_newest(x), FRESH);
    while (rows_next(r))
        if (row_int(r, "id") != except)
            ids[at++] = row_int(r, "id");
    return at > count ? at : count;
}

static int hit_put(struct search_hit *hits, int count, int most, struct search_hit h)
{
    int at = count < most ? count : most;
    while (at > 0 && hits[at - 1].score < h.score)
        at--;
    if (at >= most)
        return count;
    int last = count < most ? count : most - 1;
    memmove(&hits[at + 1], &hits[at], sizeof *hits * (size_t)(last - at));
    hits[at] = h;
    return count < most ? count + 1 : most;
}

static struct rows *load(struct ctx *ctx, const int64_t *ids, int count, enum search_which which,
                         int64_t category, int64_t community, int64_t except)
{
    static const char *const states[] = {
        " AND coalesce(status, '') IN ('received', 'dispatched', 'handling', 'parked')",
        " AND status = 'closed'", " AND status = 'closed' AND category IS NOT NULL",
        " AND status <> 'merged'"};
    struct sql q;
    sql_init(&q, ctx->arena);
    sql_add(&q, "SELECT id, subject, text FROM requests");
    if (count >= 0)
        sql_add(&q, " NOT INDEXED"); /* by their ids, not by an index of the states */
    sql_add(&q, " WHERE 1 = 1");
    sql_write(&q, states[which], NULL, 0);
    if (category != NONE)
        sql_add(&q, " AND category = {}", category);
    if (community != NONE)
        sql_add(&q, " AND community = {}", community);
    if (except != NONE)
        sql_add(&q, " AND id <> {}", except);
    if (count < 0) { /* no index: the newest */
        sql_add(&q, " ORDER BY id DESC LIMIT {}", COMPARED);
        return sql_query(ctx->db, &q);
    }
    sql_add(&q, " AND id IN (0");
    for (int i = 0; i < COMPARED; i++) /* always as many places: one statement to keep */
        sql_add(&q, ", {}", i < count ? ids[i] : 0);
    sql_add(&q, ")");
    return sql_query(ctx->db, &q);
}

int search_similar(struct ctx *ctx, const char *subject, const char *text, enum search_which which,
                   int64_t category, int64_t community, int64_t except, struct search_hit *hits,
                   int most)
{
    struct search_index *x = index_reader(ctx);
    struct vector own, other;
    int64_t ids[COMPARED];
    int count = 0;
    index_vector(x, ctx->arena, subject, text, &own);
    if (own.count == 0 || most < 1) {
        index_done(x);
        return 0;
    }
    int proposed = x ? propose(ctx, x, &own, except, ids) : -1;
    if (x)
        proposed = propose_fresh(ctx, x, except, ids, proposed);
    struct arena *each = arena_new();
    struct rows *r = load(ctx, ids, proposed, which, category, community, except);
    while (rows_next(r)) {
        index_vector(x, each, row_text(r, "subject"), row_text(r, "text"), &other);
        double score = vector_cosine(&own, &other);
        if (score > UNLIKE)
            count = hit_put(hits, count, most, (struct search_hit){row_int(r, "id"), score});
        arena_clear(each);
    }
    arena_free(each);
    index_done(x);
    return count;
}

int search_alike(struct ctx *ctx, const char *subject, const char *text, int64_t community,
                 struct search_hit *hits, double least)
{
    struct search_hit found[12];
    int n = 0;
    if (text_length(text ? text : "") < 4)
        return 0;
    int count = search_similar(ctx, subject, text_cut(ctx->arena, text, 1000), SEARCH_OPEN, NONE,
                               community, NONE, found, 12);
    for (int i = 0; i < count && n < SIMILAR_MOST; i++)
        if (found[i].score >= least)
            hits[n++] = found[i];
    return n;
}

/* The value with the most weight among the hits of it; NONE values do not vote. */
static int64_t chosen(const struct suggestion *s, const int64_t *values)
{
    int64_t best = NONE;
    double most = 0;
    for (int i = 0; i < s->hit_count; i++) {
        double sum = 0;
        for (int j = 0; j < s->hit_count; j++)
            sum += values[j] == values[i] ? s->hits[j].score : 0;
        if (values[i] != NONE && sum > most) {
            most = sum;
            best = values[i];
        }
    }
    return best;
}

void search_suggest(struct ctx *ctx, const char *subject, const char *text, int64_t except,
                    struct suggestion *s)
{
    int64_t categories[SUGGEST_NEAREST], units[SUGGEST_NEAREST];
    *s = (struct suggestion){.category = NONE, .unit = NONE};
    s->hit_count = s->of = search_similar(ctx, subject, text, SEARCH_SORTED, NONE, NONE, except,
                                          s->hits, SUGGEST_NEAREST);
    for (int i = 0; i < s->hit_count; i++) {
        categories[i] = query_int(ctx->db, "SELECT category FROM requests WHERE id = {}",
                                  s->hits[i].id);
        units[i] = query_int(ctx->db, "SELECT unit FROM requests WHERE id = {}", s->hits[i].id);
    }
    s->category = chosen(s, categories);
    for (int i = 0; i < s->hit_count; i++) {
        if (s->category != NONE && categories[i] == s->category)
            s->votes++;
        else
            units[i] = NONE; /* those of another category say nothing of who handles this one */
    }
    s->unit = chosen(s, units);
}
