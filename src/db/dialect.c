/*
 * The translation works on tokens and never changes strings, quoted names or
 * comments. Words inserted between tokens (NULLS FIRST) are attached to the
 * token before them and written with it. Memory belongs to the call.
 */
#define _GNU_SOURCE /* memmem */
#include "db/dialect.h"

#include "base/arena.h"
#include "base/write.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char dialect_ground[] =
    "CREATE OR REPLACE FUNCTION instr(text, text) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL "
    "SAFE"
    " AS 'SELECT strpos($1, $2)::bigint';"
    "CREATE OR REPLACE FUNCTION max(bigint, bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL "
    "SAFE"
    " AS 'SELECT CASE WHEN $1 IS NOT NULL AND $2 IS NOT NULL THEN greatest($1, $2) END';"
    "CREATE OR REPLACE FUNCTION min(bigint, bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL "
    "SAFE"
    " AS 'SELECT CASE WHEN $1 IS NOT NULL AND $2 IS NOT NULL THEN least($1, $2) END';"
    "CREATE OR REPLACE FUNCTION round(double precision, bigint) RETURNS double precision LANGUAGE "
    "sql IMMUTABLE PARALLEL SAFE"
    " AS 'SELECT round($1::numeric, $2::integer)::double precision';"
    "CREATE OR REPLACE FUNCTION substr(text, bigint) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL "
    "SAFE"
    " AS 'SELECT substr($1, $2::integer)';"
    "CREATE OR REPLACE FUNCTION substr(text, bigint, bigint) RETURNS text LANGUAGE sql IMMUTABLE "
    "PARALLEL SAFE"
    " AS 'SELECT substr($1, $2::integer, $3::integer)';"
    /* how names are sorted; a server built without ICU sorts them by bytes */
    "DO LANGUAGE plpgsql 'BEGIN CREATE COLLATION IF NOT EXISTS pinyin (provider = icu, locale = "
    "''zh''); EXCEPTION WHEN OTHERS THEN CREATE COLLATION IF NOT EXISTS pinyin FROM \"C\"; END';"
    /* a row for each writing connection: its last committed group, looked up if
     * the connection was lost during the commit */
    "CREATE TABLE IF NOT EXISTS linli_writers (writer text PRIMARY KEY, groups bigint NOT NULL, at "
    "bigint NOT NULL);";

enum token_type { WORD, NUMBER, STRING, QUOTED, PLACE, OTHER };

struct token {
    const char *start;
    size_t size;
    enum token_type type;
    int depth;        /* bracket depth; a bracket itself has the depth outside it */
    const char *more; /* written after the token */
    const char *instead;
};

struct tokens {
    struct token *list;
    int count, room;
};

static bool word_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool word_part(char c)
{
    return word_start(c) || (c >= '0' && c <= '9');
}

/* Returns the end of the text quoted by q that begins at s. */
static const char *quoted_end(const char *s, char q)
{
    for (s++; *s; s++)
        if (*s == q) {
            if (s[1] != q)
                return s + 1;
            s++;
        }
    return s;
}

static void add(struct tokens *t, const char *start, const char *end, enum token_type type,
                int depth)
{
    if (t->count == t->room) {
        t->room = t->room ? t->room * 2 : 256;
        t->list = must_grow(t->list, sizeof *t->list * (size_t)t->room);
    }
    t->list[t->count++] = (struct token){
        .start = start, .size = (size_t)(end - start), .type = type, .depth = depth};
}

static void scan(struct tokens *t, const char *s)
{
    int depth = 0;
    while (*s) {
        const char *end = s + 1;
        if (*s == ' ' || *s == '\n' || *s == '\t' || *s == '\r') {
            s++;
            continue;
        }
        if (s[0] == '-' && s[1] == '-') {
            s += strcspn(s, "\n");
            continue;
        }
        enum token_type type = OTHER;
        if (*s == '\'' || *s == '"') {
            type = *s == '"' ? QUOTED : STRING;
            end = quoted_end(s, *s);
        } else if (word_start(*s)) {
            type = WORD;
            while (word_part(*end))
                end++;
        } else if (*s >= '0' && *s <= '9') {
            type = NUMBER;
            while (word_part(*end) || *end == '.')
                end++;
        } else if (*s == '?') {
            type = PLACE;
        } else if (*s == ')') {
            depth--;
        } else if ((s[0] == '|' && s[1] == '|') || (s[0] == '<' && (s[1] == '>' || s[1] == '=')) ||
                   (s[0] == '>' && s[1] == '=') || (s[0] == '!' && s[1] == '=') ||
                   (s[0] == '=' && s[1] == '=') || (s[0] == ':' && s[1] == ':')) {
            end = s + 2;
        }
        add(t, s, end, type, depth);
        if (*s == '(')
            depth++;
        s = end;
    }
}

static bool is(const struct tokens *t, int i, const char *word)
{
    return i >= 0 && i < t->count && t->list[i].type != STRING && t->list[i].type != QUOTED &&
           strlen(word) == t->list[i].size &&
           strncasecmp(t->list[i].start, word, t->list[i].size) == 0;
}

static bool is_one(const struct tokens *t, int i, const char *const *words)
{
    for (; *words; words++)
        if (is(t, i, *words))
            return true;
    return false;
}

/* ---- ORDER BY ---- */

/* Adds NULLS FIRST or LAST to one expression, tokens from to last. */
static void order_one(struct tokens *t, int from, int last)
{
    bool down = is(t, last, "DESC");
    int end = down || is(t, last, "ASC") ? last - 1 : last;
    if (end < from || is(t, end, "FIRST") || (is(t, end, "LAST") && is(t, end - 1, "NULLS")))
        return;
    bool plain = end == from || (end == from + 2 && is(t, from + 1, "."));
    if (plain && (is(t, end, "id") || is(t, end, "seq")))
        return;
    t->list[last].more = down ? " NULLS LAST" : " NULLS FIRST";
}

/* Handles the list that begins at token i. It ends with its bracket, or at a
 * word that may follow it. */
static void order_list(struct tokens *t, int i)
{
    static const char *const ends[] = {"LIMIT", "OFFSET", "ROWS",  "RANGE", "GROUPS",
                                       "FETCH", "FOR",    "UNION", ";",     NULL};
    int depth = i < t->count ? t->list[i].depth : 0, from = i;
    for (; i < t->count; i++) {
        bool over = t->list[i].depth < depth || (t->list[i].depth == depth && is_one(t, i, ends));
        if (over || (t->list[i].depth == depth && is(t, i, ","))) {
            order_one(t, from, i - 1);
            from = i + 1;
        }
        if (over)
            return;
    }
    order_one(t, from, t->count - 1);
}

/* ---- definitions ---- */

static void type_here(struct tokens *t, int i)
{
    if (is(t, i, "integer") && is(t, i + 1, "PRIMARY") &&
        is(t, i - 1, "seq")) /* of the audit log: see dialect_step_more */
        t->list[i].instead = "bigint, id bigint GENERATED BY DEFAULT AS IDENTITY";
    else if (is(t, i, "integer"))
        t->list[i].instead = is(t, i + 1, "PRIMARY") ? "bigint GENERATED BY DEFAULT AS IDENTITY"
                                                     : "bigint";
    else if (is(t, i, "blob"))
        t->list[i].instead = "bytea";
    else if (is(t, i, "text"))
        t->list[i].instead = "text COLLATE \"C\"";
}

/* Translates CREATE TABLE name ( column type …, …): the second word of each
 * part is the type. */
static void table_columns(struct tokens *t, int i)
{
    while (i < t->count && !is(t, i, "("))
        i++;
    if (i >= t->count)
        return;
    int depth = t->list[i].depth;
    type_here(t, i + 2);
    for (i++; i < t->count && t->list[i].depth > depth; i++)
        if (is(t, i, ",") && t->list[i].depth == depth + 1)
            type_here(t, i + 2);
}

static void definition(struct tokens *t, int i)
{
    int at = i + 1;
    if (is(t, i, "ALTER") && is(t, at, "TABLE")) {
        for (; at < t->count && !is(t, at, ";"); at++)
            if (is(t, at, "ADD") && !is(t, at + 1, "CONSTRAINT"))
                type_here(t, is(t, at + 1, "COLUMN") ? at + 3 : at + 2);
        return;
    }
    if (!is(t, i, "CREATE"))
        return;
    if (is(t, at, "UNIQUE") || is(t, at, "TEMPORARY") || is(t, at, "TEMP"))
        at++;
    if (is(t, at, "TABLE")) {
        table_columns(t, at);
    } else if (is(t, at, "INDEX")) {
        while (at < t->count && !is(t, at, "("))
            at++;
        order_list(t, at + 1);
    }
}

static void expression(struct tokens *t, int i)
{
    if (is(t, i, "LIKE")) {
        t->list[i].instead = "ILIKE";
    } else if (is(t, i, "NOT") && is(t, i + 1, "INDEXED")) {
        t->list[i].instead = t->list[i + 1].instead = "";
    } else if (is(t, i, "ORDER") && is(t, i + 1, "BY")) {
        order_list(t, i + 2);
    } else if (is(t, i, "AS") && is(t, i + 2, ")")) {
        if (is(t, i + 1, "integer"))
            t->list[i + 1].instead = "bigint";
        else if (is(t, i + 1, "blob"))
            t->list[i + 1].instead = "bytea";
        else if (is(t, i + 1, "real"))
            t->list[i + 1].instead = "double precision";
    }
}

void dialect_postgres(struct buf *out, const char *sql)
{
    struct tokens t = {0};
    int places = 0;
    scan(&t, sql);
    for (int i = 0; i < t.count; i++) {
        if (i == 0 || is(&t, i - 1, ";"))
            definition(&t, i);
        expression(&t, i);
    }
    const char *from = sql;
    for (int i = 0; i < t.count; i++) {
        const struct token *k = &t.list[i];
        buf_put(out, from, (size_t)(k->start - from));
        if (k->type == PLACE)
            plain(out, "${}", ++places);
        else if (k->instead)
            buf_puts(out, k->instead);
        else
            buf_put(out, k->start, k->size);
        if (k->more)
            buf_puts(out, k->more);
        from = k->start + k->size;
    }
    buf_puts(out, from);
    free(t.list);
}

/* Returns the end of the text between $tag$ and $tag$ that begins at s. */
static const char *dollar_end(const char *s)
{
    size_t n = strcspn(s + 1, "$ ;") + 2;
    const char *end = s[n - 1] == '$' ? memmem(s + n, strlen(s + n), s, n) : NULL;
    return end ? end + n : s + 1;
}

size_t dialect_first(const char *sql)
{
    const char *s = sql;
    while (*s && *s != ';')
        if (*s == '\'' || *s == '"')
            s = quoted_end(s, *s);
        else if (*s == '$')
            s = dollar_end(s);
        else
            s += s[0] == '-' && s[1] == '-' ? strcspn(s, "\n") : 1;
    return (size_t)(s - sql) + (*s == ';');
}

#define NUMBERS_GO_ON(table) \
    "SELECT setval(pg_get_serial_sequence('" table \
    "', 'id'), (SELECT coalesce(max(id), 0) + 1 FROM " table "), false)"

/* Several processes write the audit log at once, so an entry has no number
 * until it is sealed into the chain (journal.h). After a step that copies rows
 * with their ids, the table's sequence must continue after the highest id. */
const char *dialect_step_more(const char *name)
{
    static const struct {
        const char *step, *more;
    } list[] = {
        {"001-ground",
         "ALTER TABLE journal ALTER COLUMN prev DROP NOT NULL, ALTER COLUMN hash DROP NOT NULL;"
         "CREATE UNIQUE INDEX journal_seq ON journal (seq);"
         "CREATE INDEX journal_unsealed ON journal (id) WHERE seq IS NULL"},
        {"021-attachments", NUMBERS_GO_ON("attachments")},
        {"022-events", NUMBERS_GO_ON("events")},
    };
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        if (strcmp(name, list[i].step) == 0)
            return list[i].more;
    return NULL;
}
