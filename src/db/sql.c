/*
 * SQL made of trusted literals. {} places become "?" and are bound; a struct
 * sql_name is checked and pasted, because names can't be bound. A query built
 * from parts joins its literals, and keeps its arguments in one array of its
 * arena. The caller keeps the texts of arguments alive until the query has
 * run.
 */
#include "db/sql.h"

#include "db/db.h"

#include <string.h>

/* Column names that are keywords of SQL are quoted. */
static void put_name(struct buf *out, const char *name)
{
    static const char *const words[] = {"user",  "order",   "group",      "end",   "desc",
                                        "check", "default", "references", "limit", "offset",
                                        "table", "column",  "primary",    "to",    "from",
                                        "where", "when",    "all",        "do"};
    bool quoted = false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        quoted |= strcmp(words[i], name) == 0;
    if (quoted)
        buf_putc(out, '"');
    buf_puts(out, name);
    if (quoted)
        buf_putc(out, '"');
}

void sql_expand(struct buf *out, const char *literal, const struct arg *args, int count)
{
    const char *from = literal, *place;
    int used = 0;
    while ((place = write_place(from)) != NULL) {
        buf_put(out, from, (size_t)(place - from));
        if (used == count)
            write_mismatch(literal);
        if (sql_bound(&args[used]))
            buf_putc(out, '?');
        else
            put_name(out, write_checked_name(args[used].s));
        used++;
        from = place + 2;
    }
    if (used != count)
        write_mismatch(literal);
    buf_puts(out, from);
}

void sql_init(struct sql *q, struct arena *a)
{
    *q = (struct sql){.arena = a};
    buf_init_in(&q->text, a, (size_t)1 << 20);
}

static void add_args(struct sql *q, const struct arg *args, int count)
{
    if (q->count + count > q->room) {
        int room = q->room ? q->room * 2 : 16;
        while (room < q->count + count)
            room *= 2;
        struct arg *grown = ARENA_ARRAY(q->arena, struct arg, room);
        if (q->count)
            memcpy(grown, q->args, sizeof *grown * (size_t)q->count);
        q->args = grown;
        q->room = room;
    }
    if (count)
        memcpy(q->args + q->count, args, sizeof *args * (size_t)count);
    q->count += count;
}

void sql_write(struct sql *q, const char *literal, const struct arg *args, int count)
{
    int places = 0;
    for (const char *p = literal; (p = write_place(p)) != NULL; p += 2)
        places++;
    if (places != count)
        write_mismatch(literal);
    buf_puts(&q->text, literal);
    add_args(q, args, count);
}

void sql_append(struct sql *q, const struct sql *more)
{
    buf_put(&q->text, more->text.data, more->text.size);
    add_args(q, more->args, more->count);
}

void sql_release(struct sql *q)
{
    buf_release(&q->text);
    q->args = NULL;
    q->count = q->room = 0;
}

/* A truncated query would be a different query: an error in the program. */
static void check_whole(const struct sql *q)
{
    if (q->text.full)
        write_mismatch("a query made of parts is longer than 1 MB");
}

struct rows *sql_query(struct db *db, struct sql *q)
{
    check_whole(q);
    struct rows *r = db_query(db, q->text.data, q->args, q->count);
    sql_release(q);
    return r;
}

enum status sql_change(struct db *db, struct sql *q)
{
    check_whole(q);
    enum status s = db_change(db, q->text.data, q->args, q->count);
    sql_release(q);
    return s;
}
