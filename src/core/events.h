/*
 * Events: the timeline of any record, for people. The audit log keeps what
 * changed, for auditing. An event says in words what happened, and may be
 * shown to the people whom the record concerns.
 *
 *     event_add(ctx, &(struct event){.kind = &requests_kind, .record = r->record.id,
 *                                    .action = "park", .from = before->status, .to = r->status,
 *                                    .unit = r->unit, .until = r->parked_until, .visible = true});
 *
 *     struct event e;
 *     struct rows *rows = events_newest(ctx, &requests_kind, r->record.id, 300);
 *     while (event_next(ctx, rows, &e))
 *         html(out, "<li>{} {}</li>", when_show(ctx->arena, ctx->lang, e.at), e.action);
 *
 * A date that an event sets goes into until, never into its text, so that each
 * reader sees it in their own language.
 */
#ifndef LINLI_CORE_EVENTS_H
#define LINLI_CORE_EVENTS_H

#include "kind/kind.h"

struct event {
    const struct kind *kind; /* event_next sets it to NULL */
    int64_t record;
    const char *action;
    const char *from, *to; /* states before and after; NULL: none */
    int64_t unit;          /* the unit that has it afterwards; NONE */
    const char *text;      /* what someone wrote; NULL */
    int64_t until;         /* the date that the event set: a deadline, a visit; NONE */
    bool visible;          /* may be shown to the people whom the record concerns */
    /* Set by event_add; available when read. */
    int64_t id, at;
    const char *actor_name;
};

/* On the writer thread: adds an event now, by the actor. Returns its id. */
int64_t event_add(struct ctx *ctx, const struct event *e);
/* Up to `most` events of a record: the newest first, or those after the event with that id,
 * oldest first. The column whole says how many there are, for more_draw. */
struct rows *events_newest(struct ctx *ctx, const struct kind *k, int64_t record, int most);
struct rows *events_after(struct ctx *ctx, const struct kind *k, int64_t record, int64_t id,
                          int most);
/* Reads the next event from rows with EVENT_COLUMNS; texts live in the context's arena. */
#define EVENT_COLUMNS \
    "id, record, at, actor_name, action, from_status, to_status, unit, text, until, visible"
bool event_next(struct ctx *ctx, struct rows *r, struct event *e);
/* Returns the id of the record's newest event; 0: none. */
int64_t event_last(struct ctx *ctx, const struct kind *k, int64_t record);

#endif
