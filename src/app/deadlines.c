/*
 * Deadlines, as app/deadlines.h says. A deadline in working days ends with its
 * day's last second; one in hours ends at any other second, and that is how
 * the two are told apart when they are shown.
 */
#include "app/deadlines.h"

#include "app/notify.h"
#include "app/registers.h"
#include "db/journal.h"

#include <stdlib.h>
#include <string.h>

struct term {
    int64_t count;
    const char *kind; /* working_days, hours, calendar_days */
};

static const struct {
    const char *level, *setting;
    struct term term;
} usual[DEADLINE_LEVELS] = {
    {"urgent", "deadline.urgent", {24, "hours"}},
    {"ordinary", "deadline.ordinary", {7, "working_days"}},
    {"complex", "deadline.complex", {15, "working_days"}},
};

bool deadline_read(struct ctx *ctx, const char *text, int64_t *count, const char **kind)
{
    char *end;
    long long n = strtoll(text, &end, 10);
    static const char *const kinds[] = {"working_days", "hours", "calendar_days"};
    while (*end == ' ')
        end++;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (end != text && n >= 1 && n <= DEADLINE_MOST && !strcmp(end, kinds[i])) {
            *count = n;
            *kind = arena_copy(ctx->arena, end);
            return true;
        }
    return false;
}

struct deadline_usual deadline_usual(struct ctx *ctx, int i)
{
    struct deadline_usual u = {usual[i].level, usual[i].setting, usual[i].term.count, usual[i].term.kind};
    deadline_read(ctx, setting(ctx, u.setting), &u.count, &u.kind);
    return u;
}

const char *deadline_text(struct ctx *ctx, int64_t count, const char *kind)
{
    if (!strcmp(kind, "hours"))
        return say_n(ctx, count, "1 hour", "{} hours", count);
    if (!strcmp(kind, "calendar_days"))
        return say_n(ctx, count, "1 calendar day", "{} calendar days", count);
    return say_n(ctx, count, "1 working day", "{} working days", count);
}

static struct term level_term(struct ctx *ctx, const char *level)
{
    int at = 1;
    for (int i = 0; i < DEADLINE_LEVELS; i++)
        if (level && !strcmp(level, usual[i].level))
            at = i;
    struct deadline_usual u = deadline_usual(ctx, at);
    return (struct term){u.count, u.kind};
}

static int64_t term_end(const struct calendar *cal, struct term t, int64_t from)
{
    if (!strcmp(t.kind, "hours"))
        return from + t.count * WHEN_HOUR;
    if (!strcmp(t.kind, "calendar_days"))
        return when_day_end(when_day(from) + t.count);
    return calendar_add_working_days(cal, from, (int)t.count);
}

/* The term of a category at a level; also how soon the resident is to be contacted, in hours (NONE: not stated). */
static struct term category_term(struct ctx *ctx, int64_t category, const char **level, int64_t *contact)
{
    const char *own = NULL;
    struct term t = {NONE, NULL};
    struct rows *rows = query(ctx->db, "SELECT level, days, day_kind, first_contact_hours FROM categories WHERE id = {}",
                              (struct maybe){category});
    *contact = NONE;
    if (rows_next(rows)) {
        own = row_copy(rows, ctx->arena, "level");
        t = (struct term){row_int(rows, "days"), row_copy(rows, ctx->arena, "day_kind")};
        *contact = row_int(rows, "first_contact_hours");
        rows_end(rows);
    }
    if (!*level)
        *level = own ? own : "ordinary";
    if (t.count == NONE || !t.kind || (own && strcmp(own, *level) != 0))
        t = level_term(ctx, *level);
    return t;
}

void deadline_set(struct ctx *ctx, struct request *r, int64_t from)
{
    int64_t contact;
    struct term t = category_term(ctx, r->category, &r->level, &contact);
    r->due_from = from;
    r->due = term_end(ctx_calendar(ctx), t, from);
    if (contact != NONE && r->first_contact_at == NONE)
        r->first_contact_due = from + contact * WHEN_HOUR;
}

#define MOVED_BATCH 500

/* Of one batch of open requests, those whose deadline is not what the calendar says; answers how many were read. */
struct moved {
    int64_t id[MOVED_BATCH], due[MOVED_BATCH];
    int count, read;
    int64_t last;
};

static void moved_find(struct ctx *ctx, const struct calendar *cal, struct moved *m)
{
    struct {
        int64_t id, from, due, category;
        const char *level;
    } row[MOVED_BATCH];
    int n = 0;
    struct rows *r = query(ctx->db,
                           "SELECT id, due_from, due, category, level FROM requests WHERE status NOT IN ('closed', 'merged')"
                           " AND status IN ('received', 'dispatched', 'handling', 'parked') AND due_from IS NOT NULL AND id > {}"
                           " ORDER BY id LIMIT {}",
                           m->last, MOVED_BATCH);
    for (; n < MOVED_BATCH && rows_next(r); n++) {
        row[n].id = row_int(r, "id");
        row[n].from = row_int(r, "due_from");
        row[n].due = row_int(r, "due");
        row[n].category = row_int(r, "category");
        row[n].level = row_copy(r, ctx->arena, "level");
    }
    rows_end(r);
    m->read = n;
    m->count = 0;
    for (int i = 0; i < n; i++) {
        int64_t contact, due = term_end(cal, category_term(ctx, row[i].category, &row[i].level, &contact), row[i].from);
        m->last = row[i].id;
        if (due != row[i].due) {
            m->id[m->count] = row[i].id;
            m->due[m->count++] = due;
        }
    }
}

int64_t deadlines_recompute(struct ctx *ctx)
{
    const struct calendar *cal = ctx->calendar = calendar_load(ctx->db, ctx->arena); /* what was kept is the old one */
    struct arena *kept = ctx->arena, *batch = arena_new();
    struct moved *m = ARENA_NEW(kept, struct moved);
    int64_t total = 0;
    ctx->arena = batch;
    do {
        moved_find(ctx, cal, m);
        for (int i = 0; i < m->count && ctx->status == OK; i++) {
            const struct request *before = record_get(ctx, &requests_kind, m->id[i]);
            if (!before)
                break;
            struct request *after = record_copy(ctx, &requests_kind, before);
            after->due = m->due[i];
            if (record_update(ctx, &requests_kind, before, after, "recompute") != OK)
                break;
            request_event(ctx, before, after, "recompute", when_show(ctx->arena, "zh_CN", after->due), false);
            total++;
        }
        if (ctx->status == OK)
            arena_clear(batch);
    } while (m->read == MOVED_BATCH && ctx->status == OK && db_status(ctx->db) == OK);
    ctx->arena = kept;
    if (ctx->problems) /* its text lived in the arena that goes now */
        ctx->problems->text = arena_copy(kept, ctx->problems->text);
    arena_free(batch);
    return ctx->status == OK && db_status(ctx->db) == OK ? total : NONE;
}

enum status deadlines_follow(struct ctx *ctx, const char *kind)
{
    int64_t moved = deadlines_recompute(ctx);
    if (moved == NONE)
        return ctx_ok(ctx) ? ctx_fail(ctx, db_status(ctx->db) == OK ? UNAVAILABLE : db_status(ctx->db), NULL) : ctx->status;
    if (moved > 0)
        journal_note(ctx, kind, 0, "recompute", "{\"moved\":{}}", moved);
    return db_status(ctx->db);
}

int64_t deadline_soon(const struct calendar *cal, int64_t now)
{
    return calendar_add_working_days(cal, now, SOON_DAYS);
}

static bool by_hours(int64_t due)
{
    return due != when_day_end(when_day(due));
}

struct countdown deadline_left(struct ctx *ctx, const struct calendar *cal, const struct request *r)
{
    struct countdown c = {.text = ""};
    int status = request_status_of(r);
    if (status == PARKED && r->parked_until != NONE) {
        c.late = r->parked_until <= ctx->now;
        c.text = c.late ? say(ctx, "review is due") : say(ctx, "review {}", day_show(ctx->arena, ctx->lang, when_day(r->parked_until)));
        return c;
    }
    if (r->due == NONE || (status != RECEIVED && status != DISPATCHED && status != HANDLING))
        return c;
    int64_t left = r->due - ctx->now, off = left < 0 ? -left : left;
    c.late = left < 0;
    int days = calendar_working_days_between(cal, ctx->now, r->due);
    c.soon = !c.late && days <= SOON_DAYS;
    if (by_hours(r->due) && off < WHEN_HOUR)
        c.text = c.late ? say_n(ctx, off / 60, "1 minute overdue", "{} minutes overdue", off / 60)
                        : say_n(ctx, off / 60, "1 minute left", "{} minutes left", off / 60);
    else if (by_hours(r->due) && off < 3 * WHEN_DAY)
        c.text = c.late ? say_n(ctx, off / WHEN_HOUR, "1 hour overdue", "{} hours overdue", off / WHEN_HOUR)
                        : say_n(ctx, off / WHEN_HOUR, "1 hour left", "{} hours left", off / WHEN_HOUR);
    else if (c.late)
        c.text = days == 0 ? say(ctx, "overdue today") : say_n(ctx, -days, "1 working day overdue", "{} working days overdue", -days);
    else
        c.text = days == 0 ? say(ctx, "due today") : say_n(ctx, days, "1 working day left", "{} working days left", days);
    return c;
}
