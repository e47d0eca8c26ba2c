/*
 * Search by reading the requests themselves: right, and slow on many records.
 * Similarity is the share of two-character words in common (Dice).
 */
#include "app/search.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define READ_MOST  2000 /* newest requests compared with */
#define WORDS_MOST 600

void search_narrow(struct ctx *ctx, struct sql *where, const char *q)
{
    const char *words = text_tidy(ctx->arena, q);
    if (!words || !*words)
        return;
    sql_add(where, " AND (number = {}", words);
    sql_add(where, " OR (1 = 1");
    for (const char *s = words; *s; s += strspn(s, " ")) {
        const char *word = arena_copyn(ctx->arena, s, strcspn(s, " "));
        sql_add(where, " AND (instr(subject, {}) > 0 OR instr(text, {}) > 0)", word, word);
        s += strcspn(s, " ");
    }
    sql_add(where, "))");
}

struct words {
    uint64_t list[WORDS_MOST];
    int count;
};

static int take_word(void *data, const char *word, size_t size, size_t from, size_t to)
{
    struct words *w = data;
    uint64_t h = 14695981039346656037u;
    (void)from;
    (void)to;
    for (size_t i = 0; i < size; i++)
        h = (h ^ (unsigned char)word[i]) * 1099511628211u;
    if (size > 3)
        w->list[w->count++] = h;
    return w->count == WORDS_MOST;
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void words_of(struct words *w, const char *text)
{
    w->count = 0;
    text_words(text, strlen(text), take_word, w);
    qsort(w->list, (size_t)w->count, sizeof *w->list, by_value);
}

static double likeness(const struct words *a, const struct words *b)
{
    int common = 0;
    for (int i = 0, j = 0; i < a->count && j < b->count;) {
        if (a->list[i] == b->list[j])
            common++, i++, j++;
        else if (a->list[i] < b->list[j])
            i++;
        else
            j++;
    }
    return a->count + b->count ? 2.0 * common / (a->count + b->count) : 0;
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

int search_similar(struct ctx *ctx, const char *text, enum search_which which, int64_t category, int64_t community,
                   int64_t except, struct search_hit *hits, int most)
{
    static const char *const states[] = {" AND status NOT IN ('closed', 'merged')", " AND status = 'closed'", " AND status <> 'merged'"};
    struct words *own = ARENA_NEW(ctx->arena, struct words), *other = ARENA_NEW(ctx->arena, struct words);
    struct sql q;
    int count = 0;
    words_of(own, text ? text : "");
    sql_init(&q, ctx->arena);
    sql_add(&q, "SELECT id, subject, text FROM requests WHERE 1 = 1");
    sql_write(&q, states[which], NULL, 0);
    if (category != NONE)
        sql_add(&q, " AND category = {}", category);
    if (community != NONE)
        sql_add(&q, " AND community = {}", community);
    if (except != NONE)
        sql_add(&q, " AND id <> {}", except);
    sql_add(&q, " ORDER BY id DESC LIMIT {}", READ_MOST);
    struct rows *r = sql_query(ctx->db, &q);
    while (rows_next(r)) {
        words_of(other, arena_print(ctx->arena, "%s %s", row_text(r, "subject"), row_text(r, "text")));
        double score = likeness(own, other);
        if (score > 0.05)
            count = hit_put(hits, count, most, (struct search_hit){row_int(r, "id"), score});
    }
    return count;
}

void search_suggest(struct ctx *ctx, const char *text, struct suggestion *s)
{
    *s = (struct suggestion){.category = NONE, .unit = NONE};
    s->hit_count = s->of = search_similar(ctx, text, SEARCH_CLOSED, NONE, NONE, NONE, s->hits, 10);
    int64_t categories[10], units[10];
    for (int i = 0; i < s->hit_count; i++) {
        categories[i] = query_int(ctx->db, "SELECT category FROM requests WHERE id = {}", s->hits[i].id);
        units[i] = query_int(ctx->db, "SELECT unit FROM requests WHERE id = {}", s->hits[i].id);
    }
    for (int i = 0; i < s->hit_count; i++) {
        int votes = 0;
        for (int j = 0; j < s->hit_count; j++)
            votes += categories[j] == categories[i];
        if (categories[i] != NONE && votes > s->votes) {
            s->votes = votes;
            s->category = categories[i];
            s->unit = units[i];
        }
    }
}
