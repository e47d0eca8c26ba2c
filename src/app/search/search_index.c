/*
 * The index file: opening, following, weights.
 *
 * One FTS5 table without content and positions: it answers which requests
 * have a pair of characters, newest first, and nothing else. Built by reading
 * the requests in order of id, then kept by following the journal from where
 * it stood when the building began. A request whose text changed gets its new
 * words beside the old ones: what is proposed wrongly, the text refuses.
 *
 * How common a word is, is counted in a table of hashes (COUNTS places), for
 * all of the first SAMPLE_ALL requests and every SAMPLE_STEPth after that.
 *
 * Readers are lent: whoever asks the index takes one of its file that is not in
 * use, or opens one, and gives it back. Up to IDLE_MOST are kept open, so that
 * among many subdistricts those with visitors have theirs at hand. Which one is
 * closed for another is chance: were it the one used longest ago, more of them
 * than fit, asked in turn, would never find theirs.
 */
#include "app/search/search_index.h"

#include "core/module.h"
#include "app/search/search.h"
#include "core/store.h"
#include "base/code.h"
#include "base/log.h"
#include "base/seal.h"
#include "base/text.h"
#include "db/journal.h"
#include "db/writer.h"
#include "web/site.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FORMAT      3    /* raised when what is indexed changes: the file is made again */
#define BATCH       5000 /* requests or journal entries in one transaction */
#define RUN_SECONDS 2    /* of a job's run; the next goes on */
#define MERGED      500  /* pages put together in one transaction */
#define COUNTS      65536
#define FEW_MOST    255 /* counts up to here take a byte */
#define IDLE_MOST   128
#define SAMPLE_ALL  20000
#define SAMPLE_STEP 16
#define NAME_SIGN   "\xC2\xB6" /* ¶: in no word */
#define PHRASES     24

/* How often each hash was counted. Most are few: with 4 bytes for each, 200 subdistricts would take
 * 50 MB. */
struct counts {
    uint8_t few[COUNTS]; /* FEW_MOST: look among the many */
    int many_count;
    struct many {
        uint32_t at, count;
    } many[]; /* by at */
};

struct search_index {
    struct search_index *next; /* of those not in use */
    char *path;
    ino_t inode;
    struct db *db;
    int64_t version; /* db_version when newest and counts were read */
    int64_t newest, documents, counted;
    struct counts *counts;
};

/* ---- words ---- */

enum sort { GAP, LATIN, OTHER };

static enum sort sort_of(uint32_t c)
{
    if (c < 0x80)
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? LATIN : GAP;
    bool mark = c < 0xC0 || c == 0xD7 || c == 0xF7 || (c >= 0x2000 && c < 0x2070) ||
                (c >= 0x3000 && c < 0x3040 && c != 0x3007) || (c >= 0xFE10 && c < 0xFE70) ||
                (c >= 0xFF00 && c < 0x10000);
    return mark ? GAP : OTHER;
}

struct sign {
    const char *at;
    int size;
    enum sort sort;
};

static struct sign sign_at(const char *s)
{
    const char *end = s;
    uint32_t c = text_next(&end);
    return (struct sign){s, (int)(end - s), c ? sort_of(c) : GAP};
}

static int latin_run(const char *s)
{
    int n = 0;
    while ((s[n] >= 'a' && s[n] <= 'z') || (s[n] >= '0' && s[n] <= '9'))
        n++;
    return n;
}

static void put_word(struct buf *out, const char *s, int size)
{
    buf_put(out, s, (size_t)size);
    buf_putc(out, ' ');
}

static void put_words(struct buf *out, const char *key)
{
    int run = 0; /* what is left of it from p on */
    for (struct sign p = sign_at(key), next; p.size; p = next) {
        next = sign_at(p.at + p.size);
        run = p.sort != LATIN ? 0 : run ? run - 1 : latin_run(p.at);
        if (p.sort == GAP)
            continue;
        put_word(out, p.at, p.size);
        if (next.sort != GAP)
            put_word(out, p.at, p.size + next.size);
        if (run > 2)
            put_word(out, p.at, run < LATIN_MOST ? run : LATIN_MOST);
    }
}

static bool one_run(const char *key)
{
    for (struct sign p = sign_at(key); p.size; p = sign_at(p.at + p.size))
        if (p.sort == GAP)
            return false;
    return *key != '\0';
}

static void put_name(struct buf *out, const char *key)
{
    if (key && *key && one_run(key)) {
        buf_puts(out, NAME_SIGN);
        put_word(out, key, (int)strlen(key));
    }
}

static void put_phrase(struct buf *out, const char *s, int size, bool beginning)
{
    buf_putc(out, '"');
    buf_put(out, s, (size_t)size);
    buf_puts(out, beginning ? "\"* " : "\" ");
}

int index_match(struct buf *out, const char *key)
{
    int phrases = 0;
    bool alone = true; /* the character before is no part of a pair with this one */
    for (struct sign p = sign_at(key), next; p.size && phrases < PHRASES; p = next) {
        int run = p.sort == LATIN ? latin_run(p.at) : 0;
        next = sign_at(p.at + p.size);
        if (p.sort == GAP) {
            alone = true;
            continue;
        }
        if (run > 2) {
            put_phrase(out, p.at, run < LATIN_MOST ? run : LATIN_MOST, true);
            phrases++;
            p = sign_at(p.at + run - 1);
            next = sign_at(p.at + p.size);
            alone = false;
        }
        if (next.sort != GAP || alone) {
            put_phrase(out, p.at, p.size + (next.sort != GAP ? next.size : 0), false);
            phrases++;
        }
        alone = next.sort == GAP;
    }
    return phrases;
}

void index_match_name(struct buf *out, const char *key)
{
    if (!one_run(key))
        return;
    bool beginning = strlen(key) >= 4 && latin_run(key) == (int)strlen(key);
    struct buf signed_key;
    buf_init(&signed_key, 0);
    buf_puts(&signed_key, NAME_SIGN);
    buf_puts(&signed_key, key);
    if (out->size)
        buf_puts(out, " OR ");
    put_phrase(out, signed_key.data, (int)signed_key.size, beginning);
    buf_release(&signed_key);
}

/* ---- the file ---- */

/* Of the store at address; NULL when there is no place for it. */
static const char *path_beside(struct arena *a, const char *address)
{
    const char *folder = db_is_postgres(address) ? store_folder(a, address) : address;
    return folder ? arena_print(a, "%s/search.db", folder) : NULL;
}

static const char *file_path(struct ctx *ctx)
{
    return path_beside(ctx->arena,
                       ctx->site && ctx->site->data ? ctx->site->data : db_address(ctx->db));
}

static int64_t state(struct db *db, const char *name)
{
    return query_int(db, "SELECT value FROM state WHERE name = {}", name);
}

static void set_state(struct db *db, const char *name, int64_t value)
{
    change(db,
           "INSERT INTO state (name, value) VALUES ({}, {}) ON CONFLICT (name) DO UPDATE SET value "
           "= excluded.value",
           name, value);
}

static bool is_there(struct db *db)
{
    return query_int(db, "SELECT count(*) FROM sqlite_master WHERE name = 'state'") == 1;
}

static void create(struct db *db)
{
    db_script(db, "CREATE TABLE state (name text PRIMARY KEY, value integer);"
                  "CREATE TABLE counts (id integer PRIMARY KEY, data blob NOT NULL);"
                  "CREATE VIRTUAL TABLE words USING fts5 (t, content = '', detail = none, "
                  "columnsize = 0, prefix = '5', tokenize = 'ascii');"
                  "INSERT INTO words (words, rank) VALUES ('hashsize', 8388608);"
                  "INSERT INTO words (words, rank) VALUES ('usermerge', 2);"
                  "INSERT INTO words (words, rank) VALUES ('automerge', 0);"
                  "INSERT INTO words (words, rank) VALUES ('pgsz', 4050);");
}

/* ---- readers ---- */

static struct {
    pthread_mutex_t lock;
    struct search_index *first; /* not in use */
    int count;
    unsigned chance;
} idle = {.lock = PTHREAD_MUTEX_INITIALIZER};
static pthread_once_t idle_once = PTHREAD_ONCE_INIT;

static void index_close(struct search_index *x)
{
    db_close(x->db);
    free(x->counts);
    free(x->path);
    free(x);
}

static void close_list(struct search_index *x)
{
    for (struct search_index *next; x; x = next) {
        next = x->next;
        index_close(x);
    }
}

/* Those of path, all where it is NULL, taken out of the idle ones: at most that many. */
static struct search_index *take_idle(const char *path, int most)
{
    struct search_index *taken = NULL;
    pthread_mutex_lock(&idle.lock);
    for (struct search_index **p = &idle.first; *p && most > 0;) {
        struct search_index *x = *p;
        if (path && strcmp(x->path, path) != 0) {
            p = &x->next;
            continue;
        }
        *p = x->next;
        x->next = taken;
        taken = x;
        idle.count--;
        most--;
    }
    pthread_mutex_unlock(&idle.lock);
    return taken;
}

/* One of the others is closed when there are too many. */
static void put_idle(struct search_index *x)
{
    struct search_index *gone = NULL;
    pthread_mutex_lock(&idle.lock);
    if (idle.count == IDLE_MOST) {
        struct search_index **p = &idle.first;
        idle.chance = idle.chance * 1103515245 + 12345;
        for (unsigned at = (idle.chance >> 16) % IDLE_MOST; at > 0; at--)
            p = &(*p)->next;
        gone = *p;
        *p = gone->next;
        gone->next = NULL;
        idle.count--;
    }
    x->next = idle.first;
    idle.first = x;
    idle.count++;
    pthread_mutex_unlock(&idle.lock);
    close_list(gone);
}

static void close_at_exit(void)
{
    close_list(take_idle(NULL, INT32_MAX));
}

static void once(void)
{
    atexit(close_at_exit);
}

static struct counts *counts_of(const unsigned char *data)
{
    int many = 0;
    uint32_t n;
    for (int i = 0; i < COUNTS; i++) {
        memcpy(&n, data + (size_t)i * sizeof n, sizeof n);
        many += n >= FEW_MOST;
    }
    struct counts *c = must_alloc(sizeof *c + (size_t)many * sizeof *c->many);
    c->many_count = 0;
    for (uint32_t i = 0; i < COUNTS; i++) {
        memcpy(&n, data + i * sizeof n, sizeof n);
        c->few[i] = (uint8_t)(n < FEW_MOST ? n : FEW_MOST);
        if (n >= FEW_MOST)
            c->many[c->many_count++] = (struct many){i, n};
    }
    return c;
}

static double count_of(const struct counts *c, uint64_t hash)
{
    uint32_t at = (uint32_t)(hash % COUNTS);
    if (c->few[at] < FEW_MOST)
        return c->few[at];
    const struct many *m = c->many;
    for (int n = c->many_count; n > 1;) {
        int half = n / 2;
        if (m[half].at <= at)
            m += half;
        n -= half;
    }
    return m->count;
}

/* The stored counts, COUNTS of 32 bits; NULL. Ended by rows_end. */
static const unsigned char *stored_counts(struct rows *r)
{
    bool there = rows_next(r) && row_bytes(r, "data").size == COUNTS * sizeof(uint32_t);
    return there ? row_bytes(r, "data").data : NULL;
}

static void read_counts(struct search_index *x)
{
    struct rows *r = query(x->db, "SELECT data FROM counts WHERE id = 1");
    const unsigned char *data = stored_counts(r);
    if (data) {
        free(x->counts);
        x->counts = counts_of(data);
    }
    rows_end(r);
}

static void refresh(struct search_index *x)
{
    int64_t version = db_version(x->db);
    if (version == x->version)
        return;
    x->version = version;
    x->newest = state(x->db, "newest");
    int64_t counted = state(x->db, "counted");
    if (counted != x->counted) {
        read_counts(x);
        x->counted = counted;
        x->documents = state(x->db, "documents");
    }
}

static struct search_index *index_open(struct ctx *ctx, const char *path, ino_t inode)
{
    const char *why = NULL;
    struct db *db = db_open_file(path, DB_READ, ctx->arena, &why);
    if (!db || !is_there(db) || state(db, "format") != FORMAT) {
        db_close(db);
        return NULL;
    }
    struct search_index *x = must_alloc(sizeof *x);
    *x = (struct search_index){
        .path = must_copy(path), .inode = inode, .db = db, .version = -1, .counted = NONE};
    return x;
}

struct search_index *index_reader(struct ctx *ctx)
{
    struct stat st;
    const char *path = file_path(ctx);
    pthread_once(&idle_once, once);
    if (!path || stat(path, &st) != 0) {
        close_list(path ? take_idle(path, INT32_MAX) : NULL);
        return NULL;
    }
    struct search_index *x = take_idle(path, 1);
    if (x && x->inode != st.st_ino) { /* made again */
        index_close(x);
        close_list(take_idle(path, INT32_MAX));
        x = NULL;
    }
    if (!x)
        x = index_open(ctx, path, st.st_ino);
    if (x && db_begin(x->db) != OK) {
        index_close(x);
        return NULL;
    }
    if (x && ctx->site)
        db_room(x->db, atomic_load(&ctx->site->room));
    if (x)
        refresh(x);
    return x;
}

void index_done(struct search_index *x)
{
    if (!x)
        return;
    bool good = db_status(x->db) == OK;
    db_rollback(x->db);
    if (good)
        put_idle(x);
    else
        index_close(x);
}

void search_let_go(const char *address)
{
    struct arena *a = arena_new();
    const char *path = path_beside(a, address);
    close_list(path ? take_idle(path, INT32_MAX) : NULL);
    arena_free(a);
}

struct db *index_db(struct search_index *x)
{
    return x->db;
}

int64_t index_newest(struct search_index *x)
{
    return x->newest == NONE ? 0 : x->newest;
}

/* ---- weights ---- */

static uint64_t hash_of(const char *s, int size)
{
    uint64_t h = 14695981039346656037u;
    for (int i = 0; i < size; i++)
        h = (h ^ (unsigned char)s[i]) * 1099511628211u;
    return h ^ h >> 29;
}

static void take_terms(struct vector *v, const char *key, double weight)
{
    for (struct sign p = sign_at(key), next; p.size && v->count < VECTOR_MOST; p = next) {
        next = sign_at(p.at + p.size);
        int size = 0;
        if (p.sort == LATIN) {
            size = latin_run(p.at);
            next = sign_at(p.at + size);
        } else if (p.sort == OTHER && next.sort == OTHER) {
            size = p.size + next.size;
        }
        if (size > 1)
            v->terms[v->count++] = (struct index_term){hash_of(p.at, size), weight, p.at,
                                                       size < LATIN_MOST ? size : LATIN_MOST};
    }
}

static int by_hash(const void *a, const void *b)
{
    const struct index_term *x = a, *y = b;
    return (x->hash > y->hash) - (x->hash < y->hash);
}

static void add_up(struct vector *v)
{
    int n = 0;
    qsort(v->terms, (size_t)v->count, sizeof *v->terms, by_hash);
    for (int i = 0; i < v->count; i++)
        if (n && v->terms[n - 1].hash == v->terms[i].hash)
            v->terms[n - 1].weight += v->terms[i].weight;
        else
            v->terms[n++] = v->terms[i];
    v->count = n;
}

static void cut_terms(struct arena *a, const char *subject, const char *text, struct vector *v)
{
    const char *keys[] = {subject ? text_search_key(a, subject) : "",
                          text ? text_search_key(a, text) : ""};
    size_t most = strlen(keys[0]) + strlen(keys[1]) + 1;
    *v = (struct vector){
        .terms = ARENA_ARRAY(a, struct index_term, most < VECTOR_MOST ? most : VECTOR_MOST + 1)};
    take_terms(v, keys[0], SUBJECT_WEIGHT);
    take_terms(v, keys[1], 1);
    add_up(v);
}

void index_vector(struct search_index *x, struct arena *a, const char *subject, const char *text,
                  struct vector *v)
{
    double documents = x && x->documents > 0 ? (double)x->documents : 1, length = 0;
    cut_terms(a, subject, text, v);
    for (int i = 0; i < v->count; i++) {
        struct index_term *t = &v->terms[i];
        double df = x && x->counts ? count_of(x->counts, t->hash) : 0;
        t->weight = df < 2 && x && x->counts
                        ? 0
                        : (1 + log(t->weight)) * log((documents + 1) / (df > 1 ? df : 1));
        length += t->weight * t->weight;
    }
    length = sqrt(length);
    for (int i = 0; i < v->count && length > 0; i++)
        v->terms[i].weight /= length;
}

double vector_cosine(const struct vector *a, const struct vector *b)
{
    double sum = 0;
    for (int i = 0, j = 0; i < a->count && j < b->count;) {
        if (a->terms[i].hash == b->terms[j].hash)
            sum += a->terms[i++].weight * b->terms[j++].weight;
        else if (a->terms[i].hash < b->terms[j].hash)
            i++;
        else
            j++;
    }
    return sum;
}

/* ---- the end of a telephone number ---- */

/* Keyed, so that nobody reads digits out of the file. */
static const char *end_word(struct ctx *ctx, struct arena *a, const char *digits)
{
    return arena_print(a, NAME_SIGN "%.16s", seal_hash(ctx->keys, a, "phone_end", digits));
}

void index_match_end(struct ctx *ctx, struct buf *out, const char *digits)
{
    const char *word = end_word(ctx, ctx->arena, digits);
    if (out->size)
        buf_puts(out, " OR ");
    put_phrase(out, word, (int)strlen(word), false);
}

/* ---- following ---- */

struct follower {
    struct ctx *ctx;
    struct db *db;       /* the index's writer */
    struct arena *arena; /* a document's */
    struct buf words;
    int64_t newest, documents;
    uint32_t *counts;
    bool counted;
    char name[200],
        pinyin[260]; /* the name before and its words: neighbours in a burst often share them */
};

static void put_names(struct follower *f, const char *name)
{
    if (!name || !*name)
        return;
    if (strcmp(name, f->name) != 0) {
        const char *full = NULL, *initials = NULL;
        struct buf out;
        buf_init(&out, 0);
        text_pinyin(f->arena, name, &full, &initials);
        put_name(&out, text_search_key(f->arena, name));
        put_name(&out, full);
        put_name(&out, initials);
        bool fits = strlen(name) < sizeof f->name && out.size < sizeof f->pinyin;
        if (fits) {
            memcpy(f->name, name, strlen(name) + 1);
            memcpy(f->pinyin, out.data, out.size + 1);
        }
        buf_put(&f->words, out.data, out.size);
        buf_release(&out);
        return;
    }
    buf_puts(&f->words, f->pinyin);
}

static void put_end(struct follower *f, const char *seal, const char *sealed)
{
    const char *phone = NULL;
    char end[5];
    if (!f->ctx->keys || !sealed || seal_open(f->ctx->keys, f->arena, seal, sealed, &phone) != OK ||
        !code_phone_end(phone, end))
        return;
    const char *word = end_word(f->ctx, f->arena, end);
    put_word(&f->words, word, (int)strlen(word));
}

static void put_joined(struct follower *f, int64_t id)
{
    struct rows *r = query(f->ctx->db, "SELECT phone FROM request_joiners WHERE request = {}", id);
    while (rows_next(r))
        put_end(f, "joiner_phone", row_text(r, "phone"));
    rows_end(r);
}

static void count_terms(struct follower *f, int64_t id, const char *subject, const char *text)
{
    struct vector v;
    if (f->documents >= SAMPLE_ALL && id % SAMPLE_STEP != 0)
        return;
    cut_terms(f->arena, subject, text, &v);
    for (int i = 0; i < v.count; i++)
        f->counts[v.terms[i].hash % COUNTS]++;
    f->documents++;
    f->counted = true;
}

/* The row has id, subject, text, name, phone and joined. */
static void take_request(struct follower *f, struct rows *r)
{
    int64_t id = row_int(r, "id");
    const char *subject = row_text(r, "subject"), *text = row_text(r, "text");
    buf_clear(&f->words);
    put_words(&f->words, text_search_key(f->arena, subject));
    put_words(&f->words, text_search_key(f->arena, text));
    put_names(f, row_text(r, "name"));
    put_end(f, "requester_phone", row_text(r, "phone"));
    if (row_int(r, "joined") == 1)
        put_joined(f, id);
    change(f->db, "INSERT INTO words (rowid, t) VALUES ({}, {})", id, (const char *)f->words.data);
    count_terms(f, id, subject, text);
    if (id > f->newest)
        f->newest = id;
    arena_clear(f->arena);
}

#define TAKEN \
    "q.id AS id, q.subject AS subject, q.text AS text, q.requester_name AS name, " \
    "q.requester_phone AS phone, CASE WHEN EXISTS (SELECT 1 FROM request_joiners o WHERE " \
    "o.request = q.id) THEN 1 ELSE 0 END AS joined"

/* The next requests in order of id; answers how many. */
static int scan(struct follower *f)
{
    int64_t from = state(f->db, "scanned");
    int n = 0;
    struct rows *r = query(f->ctx->db,
                           "SELECT " TAKEN " FROM requests q WHERE q.id > {} ORDER BY q.id LIMIT "
                           "{}",
                           from, BATCH);
    while (rows_next(r)) {
        from = row_int(r, "id");
        take_request(f, r);
        n++;
    }
    set_state(f->db, "scanned", from);
    if (n < BATCH)
        set_state(f->db, "complete", 1);
    return n;
}

/* Changed in what is indexed? The name and the words, a telephone (sealed), or somebody joined. */
static bool concerns(const char *before, const char *after)
{
    static const char *const fields[] = {
        "\"subject\":", "\"text\":", "\"requester_name\":", "\"requester_phone\":"};
    if (!before || !after)
        return true;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (strstr(after, fields[i]))
            return true;
    return false;
}

/* New requests, and those of whose words something changed. */
static int follow(struct follower *f)
{
    int64_t from = state(f->db, "followed");
    int n = 0;
    struct rows *r = query(f->ctx->db,
                           "SELECT j.seq AS seq, j.before AS before, j.after AS after, " TAKEN
                           " FROM journal j LEFT JOIN requests q ON q.id = j.record AND j.kind = "
                           "'requests' WHERE j.seq > {} ORDER BY j.seq LIMIT {}",
                           from, BATCH);
    while (rows_next(r)) {
        from = row_int(r, "seq");
        n++;
        if (row_int(r, "id") != NONE && concerns(row_text(r, "before"), row_text(r, "after")))
            take_request(f, r);
    }
    set_state(f->db, "followed", from);
    return n;
}

static void load_follower(struct follower *f)
{
    int64_t newest = state(f->db, "newest"), documents = state(f->db, "documents");
    f->newest = newest == NONE ? 0 : newest;
    f->documents = documents == NONE ? 0 : documents;
    f->counted = false;
    memset(f->counts, 0, COUNTS * sizeof *f->counts);
    struct rows *r = query(f->db, "SELECT data FROM counts WHERE id = 1");
    const unsigned char *data = stored_counts(r);
    if (data)
        memcpy(f->counts, data, COUNTS * sizeof *f->counts);
    rows_end(r);
}

static void store_follower(struct follower *f)
{
    set_state(f->db, "newest", f->newest);
    if (!f->counted)
        return;
    change(f->db,
           "INSERT INTO counts (id, data) VALUES (1, {}) ON CONFLICT (id) DO UPDATE SET data = "
           "excluded.data",
           arg_bytes((struct bytes){f->counts, COUNTS * sizeof *f->counts}));
    set_state(f->db, "documents", f->documents);
    set_state(f->db, "counted", f->newest);
}

/* Each question looks into every segment of the index; where nothing is new, they are put together
 * a piece at a time: all of them once it is complete, later those of a size. Answers whether
 * something is left. */
static bool put_together(struct db *db)
{
    bool first = state(db, "together") == NONE;
    if (db_begin(db) != OK)
        return false;
    int64_t before = query_int(db, "SELECT total_changes()");
    change(db, "INSERT INTO words (words, rank) VALUES ('merge', {})", first ? -MERGED : MERGED);
    bool more = query_int(db, "SELECT total_changes()") - before >= 2;
    set_state(db, "together", !more);
    return db_commit(db) == OK && more;
}

/* One transaction of the index; answers how much was read, -1 when it failed. */
static int step(struct follower *f)
{
    if (db_begin(f->db) != OK)
        return -1;
    if (!is_there(f->db)) {
        create(f->db);
        set_state(f->db, "format", FORMAT);
        set_state(f->db, "followed", journal_newest(f->ctx->db));
        set_state(f->db, "scanned", 0);
    }
    load_follower(f);
    int n = state(f->db, "complete") == 1 ? follow(f) : scan(f) + 1;
    store_follower(f);
    if (n > 0 && state(f->db, "together") == 1)
        set_state(f->db, "together", 0);
    if (db_status(f->ctx->db) != OK) {
        db_rollback(f->db);
        return -1;
    }
    if (f->ctx->site) /* nothing stays here that a power cut could take from there */
        writer_landed(f->ctx->site->writer);
    return db_commit(f->db) == OK ? n : -1;
}

/* A file that belongs to another history (restored from a backup), or is of another form or
 * damaged, is made again. */
static bool usable(struct ctx *ctx, struct db *db)
{
    if (!is_there(db))
        return db_status(db) == OK;
    int64_t followed = state(db, "followed");
    return state(db, "format") == FORMAT && followed != NONE &&
           followed <= journal_newest(ctx->db) && db_status(db) == OK;
}

static void remove_file(struct ctx *ctx, const char *path)
{
    unlink(path);
    unlink(arena_print(ctx->arena, "%s-wal", path));
    unlink(arena_print(ctx->arena, "%s-shm", path));
}

static struct db *open_writer(struct ctx *ctx)
{
    const char *path = file_path(ctx), *why = NULL;
    struct db *db = path ? db_open_file(path, DB_WRITE, ctx->arena, &why) : NULL;
    if (!path)
        return NULL;
    if (db && usable(ctx, db)) {
        db_script(db, "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -4096");
        return db;
    }
    db_close(db);
    remove_file(ctx, path);
    db = db_open_file(path, DB_WRITE, ctx->arena, &why);
    if (!db)
        log_warn("search_index", "\"why\":{}", why);
    return db;
}

/* Reads the journal until nothing is new, or the time is up: then something is left. */
static enum status run(struct ctx *ctx, int64_t seconds, bool *left)
{
    struct follower f = {.ctx = ctx, .db = open_writer(ctx), .arena = arena_new()};
    struct timespec start, now;
    int n = f.db ? 1 : -1;
    buf_init(&f.words, 0);
    f.counts = must_alloc(COUNTS * sizeof *f.counts);
    clock_gettime(CLOCK_MONOTONIC, &start);
    bool more = n > 0;
    for (now = start; more && n >= 0 && now.tv_sec - start.tv_sec < seconds;
         clock_gettime(CLOCK_MONOTONIC, &now)) {
        n = step(&f);
        if (n == 0)
            more = put_together(f.db);
    }
    if (n < 0 && f.db)
        log_warn("search_index", "\"why\":{}", db_failure(f.db));
    free(f.counts);
    buf_release(&f.words);
    arena_free(f.arena);
    db_close(f.db);
    *left = more && n >= 0;
    return n < 0 ? UNAVAILABLE : OK;
}

enum status search_follow(struct ctx *ctx)
{
    bool left;
    return run(ctx, INT32_MAX, &left);
}

static void job(struct ctx *ctx)
{
    struct search_index *x = index_reader(ctx);
    text_pinyin(ctx->arena, "邻", NULL,
                NULL); /* opens the transliterator before somebody waits for it */
    bool left = false, done = x && state(x->db, "together") == 1 &&
                              state(x->db, "followed") == journal_newest(ctx->db);
    index_done(x);
    if (!done)
        run(ctx, RUN_SECONDS, &left);
    if (left && ctx->site && ctx->site->stir)
        ctx->site->stir(ctx->site);
    if (ctx->site && ctx->site->enter &&
        atomic_load(&ctx->site->room) <= DB_ROOM_LEAST) /* nobody visits */
        search_let_go(ctx->site->data);
}

static const struct job jobs[] = {
    {"search", 0, job, .here = true},
    {"search rest", RUN_SECONDS, job,
     .here = true}, /* goes on with what one run did not finish, and misses no deleted file */
    {.name = NULL},
};

const struct module search_module = {.name = "search", .jobs = jobs};
