/*
 * Deadlines, as deadlines.h describes them. A deadline in working days ends
 * with the last second of its day; one in hours ends at any other second. That
 * is how a page tells the two apart.
 */
#include "app/requests/deadlines.h"

#include "core/settings.h"
#include "app/registers/registers.h"
#include "db/journal.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *level, *setting;
    struct term term;
} usual[DEADLINE_LEVELS] = {
    {"urgent", "deadline.urgent", {24, "hours"}},
    {"ordinary", "deadline.ordinary", {7, "working_days"}},
    {"complex", "deadline.complex", {15, "working_days"}},
};

struct deadline_usual deadline_usual(struct ctx *ctx, int i)
{
    struct deadline_usual u = {usual[i].level, usual[i].setting, usual[i].term.count,
                               usual[i].term.kind};
    deadline_read(ctx, setting(ctx, u.setting), &u.count, &u.kind);
    return u;
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

/* The time limit of a category at a level, and the hours until the first contact (NONE: not
 * stated). */
static struct term category_term(struct ctx *ctx, int64_t category, const char **level,
                                 int64_t *contact)
{
    const char *own = NULL;
    struct term t = {NONE, NULL};
    struct rows *rows = query(
        ctx->db, "SELECT level, days, day_kind, first_contact_hours FROM categories WHERE id = {}",
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

static int64_t contact_end(int64_t hours, int64_t from)
{
    return hours == NONE ? NONE : from + hours * WHEN_HOUR;
}

void contact_follow(struct ctx *ctx, struct request *r)
{
    int64_t contact;
    const char *level = r->level;
    category_term(ctx, r->category, &level, &contact);
    if (r->first_contact_at == NONE)
        r->first_contact_due = contact_end(contact, r->received_at);
}

void deadline_set(struct ctx *ctx, struct request *r, int64_t from)
{
    int64_t contact;
    struct term t = category_term(ctx, r->category, &r->level, &contact);
    r->due_from = from;
    r->due = term_end(ctx_calendar(ctx), t, from);
    if (r->first_contact_at == NONE)
        r->first_contact_due = contact_end(contact, from);
}

#define MOVED_BATCH 500

/* One batch of open requests: those whose deadline differs from the calendar's. Returns how
 * many requests were read. */
struct moved {
    int64_t id[MOVED_BATCH], due[MOVED_BATCH], contact[MOVED_BATCH];
    int count, read;
    int64_t last;
};

static void moved_find(struct ctx *ctx, const struct calendar *cal, struct moved *m)
{
    struct {
        int64_t id, from, due, category, contact;
        bool contacted; /* so that its deadline stays what it was */
        const char *level;
    } row[MOVED_BATCH];
    int n = 0;
    struct rows *r = query(ctx->db,
                           "SELECT id, due_from, due, category, level, first_contact_due, "
                           "first_contact_at FROM requests WHERE status "
                           "NOT IN ('closed', 'merged')"
                           " AND status IN ('received', 'dispatched', 'handling', 'parked') AND "
                           "due_from IS NOT NULL AND id > {}"
                           " ORDER BY id LIMIT {}",
                           m->last, MOVED_BATCH);
    for (; n < MOVED_BATCH && rows_next(r); n++) {
        row[n].id = row_int(r, "id");
        row[n].from = row_int(r, "due_from");
        row[n].due = row_int(r, "due");
        row[n].category = row_int(r, "category");
        row[n].level = row_copy(r, ctx->arena, "level");
        row[n].contact = row_int(r, "first_contact_due");
        row[n].contacted = row_int(r, "first_contact_at") != NONE;
    }
    rows_end(r);
    m->read = n;
    m->count = 0;
    for (int i = 0; i < n; i++) {
        int64_t contact,
            due = term_end(cal, category_term(ctx, row[i].category, &row[i].level, &contact),
                           row[i].from);
        m->last = row[i].id;
        contact = row[i].contacted ? row[i].contact : contact_end(contact, row[i].from);
        if (due != row[i].due || contact != row[i].contact) {
            m->id[m->count] = row[i].id;
            m->contact[m->count] = contact;
            m->due[m->count++] = due;
        }
    }
}

int64_t deadlines_recompute(struct ctx *ctx)
{
    const struct calendar *cal = ctx->calendar = calendar_load(
        ctx->db, ctx->arena); /* so that the old calendar is no longer used */
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
            after->first_contact_due = m->contact[i];
            if (record_update(ctx, &requests_kind, before, after, "recompute") != OK)
                break;
            request_event_until(ctx, before, after, "recompute", NULL, after->due, false);
            total++;
        }
        if (ctx->status == OK)
            arena_clear(batch);
    } while (m->read == MOVED_BATCH && ctx->status == OK && db_status(ctx->db) == OK);
    ctx->arena = kept;
    if (ctx->problems) /* its text was in the arena that is released here */
        ctx->problems->text = arena_copy(kept, ctx->problems->text);
    arena_free(batch);
    return ctx->status == OK && db_status(ctx->db) == OK ? total : NONE;
}

struct countdown deadline_left(struct ctx *ctx, const struct calendar *cal, const struct request *r)
{
    struct countdown c = {.text = ""};
    int status = request_status_of(r);
    if (status == PARKED && r->parked_until != NONE) {
        c.late = r->parked_until <= ctx->now;
        c.text = c.late ? say(ctx, "review due")
                        : say(ctx, "review {}",
                              day_show(ctx->arena, ctx->lang, when_day(r->parked_until)));
        return c;
    }
    if (r->due == NONE || (status != RECEIVED && status != DISPATCHED && status != HANDLING))
        return c;
    return countdown_of(ctx, cal, r->due);
}
