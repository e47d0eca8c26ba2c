/*
 * The list's search. The index proposes ids, newest first; each batch is
 * loaded with the list's own conditions and decided by the text. It ends when
 * the page is full and COUNT_MOST were counted, or EXAMINED_MOST looked at.
 *
 * Where the index has nothing to say (it is not there, or the words are all
 * punctuation) every request is proposed. A list whose conditions leave few
 * requests is read itself instead of the index.
 */
#include "app/search/search.h"

#include "app/search/search_index.h"
#include "base/code.h"
#include "base/seal.h"
#include "base/text.h"
#include "web/web.h"

#include <stdlib.h>
#include <string.h>

#define WORDS_MOST    16
#define FRESH_MOST    2000 /* newest requests read themselves where the index lags */
#define BATCH         250
#define PAGE_MOST     512
#define COUNT_MOST    300
#define EXAMINED_MOST 4000
#define STRETCH       4000 /* proposals walked along at once */
#define CLOSE         8    /* ids a proposal, at most, to walk along them */
#define FEW           3000 /* requests that the conditions leave: fewer are read themselves */

struct search {
    struct ctx *ctx;
    const struct list *list;
    struct arena *arena; /* of one batch */
    const char *words[WORDS_MOST];
    int count;
    const char *name; /* the whole, when it may be a name */
    bool latin_name;
    const char *ending; /* four digits: a telephone that ends with them is found; NULL */
    const char *match;  /* FTS5's; NULL: everything is proposed */
    int64_t ids[PAGE_MOST];
    int taken;
    int64_t found, examined;
};

static bool is_latin(const char *s)
{
    return s[strspn(s, "abcdefghijklmnopqrstuvwxyz")] == '\0';
}

static void parse(struct search *s, const char *q)
{
    struct ctx *ctx = s->ctx;
    struct buf match;
    int phrases = 0;
    const char *key = text_search_key(ctx->arena, q);
    buf_init(&match, 0);
    for (const char *at = key; *at && s->count < WORDS_MOST; at += strspn(at, " ")) {
        size_t n = strcspn(at, " ");
        s->words[s->count] = arena_copyn(ctx->arena, at, n);
        if (phrases < WORDS_MOST)
            phrases += index_match(&match, s->words[s->count]);
        s->count++;
        at += n;
    }
    if (s->count == 1 && text_length(key) > 1 && kind_reveals(ctx, s->list->kind)) {
        s->name = key;
        s->latin_name = is_latin(key);
    }
    if (phrases && s->name)
        index_match_name(&match, key);
    if (phrases && s->ending)
        index_match_end(ctx, &match, s->ending);
    s->match = phrases ? arena_copyn(ctx->arena, match.data, match.size) : NULL;
    buf_release(&match);
}

/* ---- deciding ---- */

static bool contains(struct search *s, const char *subject, const char *text)
{
    const char *keys[2] = {NULL, NULL};
    for (int i = 0; i < s->count; i++) {
        const char *word = s->words[i];
        if (strstr(subject, word) || strstr(text, word))
            continue;
        if (!keys[0]) {
            keys[0] = text_search_key(s->arena, subject);
            keys[1] = text_search_key(s->arena, text);
        }
        if (!strstr(keys[0], word) && !strstr(keys[1], word))
            return false;
    }
    return true;
}

static bool named(struct search *s, const char *name)
{
    if (!s->name || !name)
        return false;
    if (!s->latin_name)
        return strcmp(text_search_key(s->arena, name), s->name) == 0;
    const char *full, *initials;
    size_t n = strlen(s->name);
    text_pinyin(s->arena, name, &full, &initials);
    return strcmp(initials, s->name) == 0 || strcmp(full, s->name) == 0 ||
           (n >= 4 && strncmp(full, s->name, n) == 0);
}

static bool phone_end_is(const char *phone, const char *digits)
{
    char end[5];
    return code_phone_end(phone, end) && !strcmp(end, digits);
}

/* Does the telephone of whoever asked, or of somebody who joined, end with the digits? */
static bool ends(struct search *s, int64_t id, const char *sealed)
{
    struct ctx *ctx = s->ctx;
    const char *phone = NULL;
    bool found = s->ending && sealed &&
                 seal_open(ctx->keys, s->arena, "requester_phone", sealed, &phone) == OK &&
                 phone_end_is(phone, s->ending);
    if (!s->ending || found)
        return found;
    struct rows *r = query(ctx->db, "SELECT phone FROM request_joiners WHERE request = {}", id);
    while (!found && rows_next(r))
        found = seal_open(ctx->keys, s->arena, "joiner_phone", row_text(r, "phone"), &phone) ==
                    OK &&
                phone_end_is(phone, s->ending);
    rows_end(r);
    return found;
}

/* The table of the kind that is searched. */
static struct sql_name table_of(const struct search *s)
{
    return (struct sql_name){s->list->kind->table};
}

static bool wants_more(const struct search *s)
{
    bool full = s->found >= s->list->offset + s->list->limit;
    return !full || (s->found < COUNT_MOST && s->examined < EXAMINED_MOST);
}

#define READ "SELECT id, subject, text, requester_name, requester_phone FROM {} "

/* The rows of a query of these columns that fit are counted and, for the page, kept. */
static int64_t decide(struct search *s, struct rows *r)
{
    int64_t last = 0;
    while (wants_more(s) && rows_next(r)) {
        last = row_int(r, "id");
        s->examined++;
        if (!contains(s, row_text(r, "subject"), row_text(r, "text")) &&
            !named(s, row_text(r, "requester_name")) &&
            !ends(s, last, row_text(r, "requester_phone")))
            continue;
        if (s->found >= s->list->offset && s->taken < s->list->limit && s->taken < PAGE_MOST)
            s->ids[s->taken++] = last;
        s->found++;
    }
    rows_end(r);
    arena_clear(s->arena);
    return last;
}

static void begin_rows(struct search *s, struct sql *q)
{
    sql_init(q, s->ctx->arena);
    sql_add(q, READ "WHERE 1 = 1", table_of(s));
    sql_append(q, &s->list->where);
}

/* ---- proposing ---- */

static void in_ids(struct sql *q, const int64_t *ids, int count)
{
    for (int i = 0; i < count; i++)
        if (i == 0)
            sql_add(q, " AND id IN ({}", ids[i]);
        else
            sql_add(q, ", {}", ids[i]);
    sql_add(q, ")");
}

/* The requests between two ids, both left out, newest first. */
static void read_between(struct search *s, int64_t above, int64_t below)
{
    while (wants_more(s)) {
        struct sql q;
        begin_rows(s, &q);
        sql_add(&q, " AND id > {} AND id < {} ORDER BY id DESC LIMIT {}", above, below, BATCH);
        int64_t before = s->examined, last = decide(s, sql_query(s->ctx->db, &q));
        if (s->examined - before < BATCH)
            return;
        below = last;
    }
}

/* All that the list's conditions leave. */
static void read_few(struct search *s)
{
    struct sql q;
    begin_rows(s, &q);
    sql_add(&q, " ORDER BY id DESC");
    s->found = s->examined = 0;
    s->taken = 0;
    decide(s, sql_query(s->ctx->db, &q));
}

static bool few(struct search *s)
{
    struct sql q;
    sql_init(&q, s->ctx->arena);
    sql_add(&q, "SELECT count(*) AS n FROM (SELECT id FROM {} WHERE 1 = 1", table_of(s));
    sql_append(&q, &s->list->where);
    sql_add(&q, " LIMIT {}) AS part", FEW + 1);
    struct rows *r = sql_query(s->ctx->db, &q);
    bool so = rows_next(r) && row_int(r, "n") <= FEW;
    rows_end(r);
    return so;
}

/* A batch of proposals, newest first, with all of the list's conditions: how many these left. Left
 * to choose, SQLite takes an index of the other conditions for each, and sorts. */
static int64_t decide_ids(struct search *s, const int64_t *ids, int count)
{
    int64_t before = s->examined;
    for (int i = 0; i < count && wants_more(s); i += BATCH) {
        struct sql q;
        sql_init(&q, s->ctx->arena);
        sql_add(&q, READ "NOT INDEXED WHERE 1 = 1", table_of(s));
        sql_append(&q, &s->list->where);
        in_ids(&q, ids + i, count - i < BATCH ? count - i : BATCH);
        sql_add(&q, " ORDER BY id DESC");
        decide(s, sql_query(s->ctx->db, &q));
    }
    return s->examined - before;
}

/* Of proposals that stand close together, those that the conditions leave: one walk along the
 * stretch by an index of theirs instead of a look at each. */
static int walk(struct search *s, int64_t *ids, int count)
{
    struct sql q;
    int kept = 0, at = 0;
    sql_init(&q, s->ctx->arena);
    sql_add(&q, "SELECT id FROM {} WHERE 1 = 1", table_of(s));
    sql_append(&q, &s->list->where);
    sql_add(&q, " AND id >= {} AND id <= {} ORDER BY id DESC", ids[count - 1], ids[0]);
    struct rows *r = sql_query(s->ctx->db, &q);
    while (rows_next(r)) {
        int64_t id = row_int_at(r, 0);
        while (at < count && ids[at] > id)
            at++;
        if (at < count && ids[at] == id)
            ids[kept++] = id;
    }
    rows_end(r);
    return kept;
}

/* After a burst of like requests, words of theirs propose thousands that the conditions refuse (all
 * of them open, and the closed are asked for): from the first batch of which little is left,
 * batches are stretches. */
static void ask_index(struct search *s, struct search_index *x, int64_t below)
{
    int64_t ids[STRETCH], proposed = 0;
    bool decided = false, refused = false;
    struct rows *r = query(
        index_db(x),
        "SELECT rowid FROM words WHERE words MATCH {} AND rowid < {} ORDER BY rowid DESC", s->match,
        below);
    for (int n = 1; n > 0 && wants_more(s);) {
        int most = refused ? STRETCH : BATCH;
        for (n = 0; n < most && rows_next(r); n++)
            ids[n] = row_int_at(r, 0);
        if (n == 0)
            break;
        proposed += n;
        if (!decided &&
            proposed >
                EXAMINED_MOST) { /* much is proposed and little fits: is it the conditions? */
            decided = true;
            if (few(s)) {
                rows_end(r);
                read_few(s);
                return;
            }
        }
        int64_t left = decide_ids(
            s, ids, refused && ids[0] - ids[n - 1] < (int64_t)n * CLOSE ? walk(s, ids, n) : n);
        refused = left < n / 8;
        if (proposed > EXAMINED_MOST && s->found >= s->list->offset + s->list->limit)
            s->examined = proposed; /* the conditions' refusals count too */
    }
    rows_end(r);
}

static void look(struct search *s)
{
    struct search_index *x = s->match ? index_reader(s->ctx) : NULL;
    if (!x) {
        read_between(s, 0, INT64_MAX);
        return;
    }
    int64_t newest = index_newest(x);
    int64_t last = query_int(s->ctx->db, "SELECT max(id) AS id FROM {}", table_of(s));
    if (last != NONE && last > newest)
        read_between(s, last - newest > FRESH_MOST ? last - FRESH_MOST : newest, INT64_MAX);
    ask_index(s, x, newest + 1);
    if (db_status(index_db(x)) !=
        OK) { /* damaged, or locked for too long: read the requests themselves */
        s->found = s->taken = 0;
        s->examined = 0;
        read_between(s, 0, INT64_MAX);
    }
    index_done(x);
}

/* Whoever asked or joined with this telephone; the hashes are those of the two columns. */
static void add_phone(struct sql *q, const char *asked, const char *joined)
{
    sql_add(q,
            " AND (requester_phone_key = {} OR id IN (SELECT request FROM request_joiners WHERE "
            "phone_key = {}))",
            asked, joined);
}

static const char *hash_asked(struct ctx *ctx, const char *phone)
{
    return seal_hash(ctx->keys, ctx->arena, "requester_phone", phone);
}

static const char *hash_joined(struct ctx *ctx, const char *phone)
{
    return seal_hash(ctx->keys, ctx->arena, "joiner_phone", phone);
}

/* As search_words writes it: the two hashes of a telephone number. */
static bool by_hash(struct ctx *ctx, struct list *l, const char *q)
{
    size_t prefix = strlen(SEARCH_PHONE);
    if (strncmp(q, SEARCH_PHONE, prefix) != 0)
        return false;
    size_t n = strcspn(q + prefix, ".");
    add_phone(&l->where, arena_copyn(ctx->arena, q + prefix, n),
              q[prefix + n] ? q + prefix + n + 1 : "");
    return true;
}

/* A telephone number, however it was written. */
static const char *phone_of(struct ctx *ctx, const char *q)
{
    const char *phone = NULL;
    return ctx->keys && code_phone(ctx->arena, q, &phone) != PHONE_NONE && strlen(phone) >= 7
               ? phone
               : NULL;
}

/* The digits that a number ends with are its last: a number is a day and a running number, which is
 * never larger than the id and, where ids were given up, hardly smaller. */
#define ENDS_AT_LEAST 5
#define GIVEN_UP      1000

/* The request whose running number the digits are, or end with; NONE. */
static int64_t by_end(struct ctx *ctx, const struct list *l, const char *digits)
{
    size_t n = strlen(digits);
    if (n > 18)
        return NONE;
    long long whole = strtoll(digits, NULL, 10),
              last = n > ENDS_AT_LEAST ? strtoll(digits + n - ENDS_AT_LEAST, NULL, 10) : whole;
    const char *pattern = n < ENDS_AT_LEAST ? arena_print(ctx->arena, "%%-%05lld", whole)
                                            : arena_print(ctx->arena, "%%%s", digits);
    return query_int(ctx->db,
                     "SELECT max(id) AS id FROM {} WHERE ((id >= {} AND id <= {}) OR (id >= {} AND "
                     "id <= {})) AND (number LIKE {} OR replace(number, '-', '') LIKE {})",
                     (struct sql_name){l->kind->table}, (int64_t)whole, (int64_t)whole + GIVEN_UP,
                     (int64_t)last, (int64_t)last + GIVEN_UP, pattern, pattern);
}

/* A number or a telephone number means those requests and no others. Whoever sees names and
 * telephones masked doesn't find by them either. */
static bool by_number(struct ctx *ctx, struct list *l, const char *q)
{
    const char *number = code_number(ctx->arena, q), *end = code_number_end(ctx->arena, q);
    if (number && query_int(ctx->db, "SELECT id FROM {} WHERE number = {}",
                            (struct sql_name){l->kind->table}, number) != NONE) {
        sql_add(&l->where, " AND number = {}", number);
        return true;
    }
    int64_t ended = end && strlen(end) >= ENDS_AT_LEAST && !phone_of(ctx, q) ? by_end(ctx, l, end)
                                                                             : NONE;
    if (ended != NONE) {
        sql_add(&l->where, " AND id = {}", ended);
        return true;
    }
    bool reveals = kind_reveals(ctx, l->kind);
    if (reveals && by_hash(ctx, l, q))
        return true;
    const char *phone = reveals ? phone_of(ctx, q) : NULL;
    if (!phone)
        return false;
    struct sql any;
    sql_init(&any, ctx->arena);
    sql_add(&any, "SELECT id FROM {} WHERE 1 = 1", (struct sql_name){l->kind->table});
    add_phone(&any, hash_asked(ctx, phone), hash_joined(ctx, phone));
    sql_add(&any, " LIMIT 1");
    struct rows *r = sql_query(ctx->db, &any);
    bool known = rows_next(r);
    rows_end(r);
    if (known)
        add_phone(&l->where, hash_asked(ctx, phone), hash_joined(ctx, phone));
    return known;
}

const char *search_words(struct ctx *ctx, const char *typed)
{
    const char *tidy = typed ? text_half_width(ctx->arena, text_tidy(ctx->arena, typed)) : "";
    const char *number = code_number(ctx->arena, tidy);
    if (number && query_int(ctx->db, "SELECT id FROM requests WHERE number = {}", number) != NONE)
        return number;
    if (!ctx->keys || !*tidy)
        return tidy;
    const char *phone = phone_of(ctx, tidy);
    if (!phone)
        return words_sealed(ctx, tidy);
    return arena_print(ctx->arena, SEARCH_PHONE "%s.%s", hash_asked(ctx, phone),
                       hash_joined(ctx, phone));
}

/* A request that was found by its number stands on the first page, when the words did not find it
 * and the list's conditions leave it. */
static void add_one(struct search *s, int64_t id)
{
    struct sql q;
    if (id == NONE || s->list->offset > 0 || s->list->limit < 1)
        return;
    begin_rows(s, &q);
    sql_add(&q, " AND id = {}", id);
    struct rows *r = sql_query(s->ctx->db, &q);
    bool new = rows_next(r) && !contains(s, row_text(r, "subject"), row_text(r, "text")) &&
               !named(s, row_text(r, "requester_name")) &&
               !ends(s, id, row_text(r, "requester_phone"));
    rows_end(r);
    if (!new)
        return;
    if (s->taken == s->list->limit || s->taken == PAGE_MOST)
        s->taken--; /* the last one is on the next page's place */
    s->ids[s->taken++] = id;
    s->found++;
}

struct list_total search_list(struct ctx *ctx, struct list *l, const char *q)
{
    const char *tidy = q ? text_half_width(ctx->arena, text_tidy(ctx->arena, q)) : NULL;
    if (tidy && *tidy && !by_number(ctx, l, tidy)) {
        struct search *s = ARENA_NEW(ctx->arena, struct search);
        *s = (struct search){.ctx = ctx, .list = l, .arena = arena_new()};
        const char *end = code_number_end(ctx->arena, tidy);
        if (end && strlen(end) == 4 && ctx->keys && kind_reveals(ctx, l->kind))
            s->ending = end;
        parse(s, tidy);
        look(s);
        if (end && strlen(end) < ENDS_AT_LEAST)
            add_one(s, by_end(ctx, l, end));
        arena_free(s->arena);
        struct list_total total = {s->found, !wants_more(s)};
        if (s->taken)
            in_ids(&l->where, s->ids, s->taken);
        else
            sql_add(&l->where, " AND 1 = 0");
        l->order = "id DESC";
        l->offset = 0;
        return total;
    }
    return list_total(ctx, l);
}
