/*
 * Requests (群众诉求): what a resident asked for or pointed out, until that
 * person says it is solved. The kind, the life of a request as one table of
 * steps, and the figures' conditions.
 *
 * Sources of the rules: the field's work-order procedure (collect, register,
 * dispatch, handle, feed back, verify and close, evaluate); "closed" needs the
 * requester's word or a documented failure to reach them.
 */
#ifndef LINLI_APP_REQUESTS_H
#define LINLI_APP_REQUESTS_H

#include "app/figures.h"
#include "kind/kind.h"

struct request {
    struct record record;
    const char *number;                 /* 20261124-00012: for people */
    const char *source, *source_number; /* where an imported one came from, and its number there */
    int64_t category, area, community, unit, handler;
    const char *subject, *text, *place;
    double lat, lon; /* WGS-84; NAN: no point was given */
    const char *requester_name, *requester_phone, *on_behalf;
    const char *visibility; /* office, summary */
    const char *channel;    /* web, phone, desk, import */
    const char *code_hash;  /* keyed hash of the follow-up code */
    const char *status;
    int64_t due, first_contact_due, first_contact_at;
    int64_t received_at, dispatched_at, answered_at, closed_at;
    const char *reply;
    int64_t returns, extensions, reopened, parked_until, merged_into;
    const char *solved;   /* yes, no; NULL: not asked or not answered */
    int64_t satisfaction; /* 1 to 5 */
    const char *solved_comment;
    int64_t month;                  /* yyyymm of received_at, local time */
    const char *level;              /* urgent, ordinary, complex: the category's unless the dispatcher says otherwise */
    int64_t due_from;               /* what due is counted from; NONE: set by hand, the calendar does not move it */
    int64_t dispatcher;             /* users.id of who dispatched it last */
    int64_t attempts;               /* documented failures to reach the resident */
    const char *requester_mail;     /* where the resident wants to be told; sealed */
    const char *language;           /* the one the resident asked in; NULL: Chinese */
    const char *requester_initials; /* of the name's pinyin: how a caller is found */
};

extern const struct kind requests_kind;
extern const struct figure request_figures[]; /* request_figures.c; ended by a NULL id */

enum request_status { RECEIVED, DISPATCHED, HANDLING, ANSWERED, CALL_BACK, CLOSED, PARKED, MERGED, REQUEST_STATUS_COUNT };
extern const char *const satisfaction_words[5]; /* N_(); [0] for 1, very dissatisfied, to [4] for 5 */
extern const struct choice request_statuses[];  /* indexed by enum request_status */
/* The state in the words of staff, the same wherever they read it. */
const char *request_state(struct ctx *ctx, const struct request *r);

#define CO_HANDLERS_MOST 8
struct step_input {
    int64_t unit;       /* dispatch: who leads */
    int64_t until;      /* extend: new due time; park: next review */
    int64_t into;       /* merge */
    const char *text;   /* reply, reason, comment */
    const char *solved; /* yes, unreached */
    int64_t satisfaction;
    /* Optional; 0 or NONE: as it is. */
    int64_t category;
    const char *level;
    const int64_t *co; /* dispatch: units that help */
    int co_count;
};

/*
 * One row of a request's life: who may take it from where to where, what the form asks, what keeps it from being
 * possible, and what the resident is told.
 */
struct step {
    const char *action; /* in addresses and the journal */
    const char *label;  /* the button; N_() */
    unsigned from;      /* bits of enum request_status */
    int to;             /* -1: stays */
    int alone;          /* where it goes instead when no unit has it; -1: the same */
    unsigned roles;
    const char *needs;     /* fields that must be given: "unit", "text", "until", "into", "solved" */
    const char *takes;     /* fields that may be given: "category level co text" */
    const char *rule_text; /* its rule in words, for the diagram; N_() */
    const char *told;      /* plain words for the resident; N_(); NULL: nothing to tell */
    /* Why it is not possible just now, in the actor's language; NULL: it is. */
    const char *(*bar)(struct ctx *ctx, const struct request *r);
    bool (*rule)(struct ctx *ctx, const struct request *before, struct request *after, const struct step_input *in);
};
#define REOPEN_DAYS  30                   /* within which a resident may say that a closed request is not solved */
#define RETURNS_MOST 3                    /* from this return on only the office dispatches */
extern const struct step request_steps[]; /* ended by a NULL action; a step of ROLE_PUBLIC is the resident's own */
const struct step *request_step(const char *action);
/* When a parked request is back on the list: the morning of that day; NONE with a problem of "until". */
int64_t request_review(struct ctx *ctx, int64_t until);
int request_status_of(const struct request *r);
/* May the actor take this step from where the request is? */
bool request_may(struct ctx *ctx, const struct step *s, const struct request *r);
/* Role and place fit, but something bars it: why (for a page that says so); NULL otherwise. */
const char *request_barred(struct ctx *ctx, const struct step *s, const struct request *r);
/* Behind the door: checks, changes, journals, and writes the event. */
enum status request_take(struct ctx *ctx, const struct step *s, const struct request *before, const struct step_input *in);
/* Behind the door: a new request; sets number, times and deadlines. code: the follow-up code to be shown once. */
enum status request_file(struct ctx *ctx, struct request *r, const char **code);
/* Behind the door: an internal note, never visible to the resident. */
enum status request_note(struct ctx *ctx, const struct request *r, const char *text);
/* Behind the door: a line of the request's history; before NULL: its first. */
void request_event(struct ctx *ctx, const struct request *before, const struct request *after, const char *action, const char *text,
                   bool visible);
/* What an event was, for staff and (NULL: nothing to tell) for the resident. Steps and what is not a step alike. */
const char *request_event_label(struct ctx *ctx, const char *action);
const char *request_event_told(struct ctx *ctx, const char *action);
/* With the date that the step set, when it set one: the new deadline, the next review. */
const char *request_told_until(struct ctx *ctx, const char *action, int64_t until);

/* The life of a request (app/life.c): one line a step; as Mermaid; as Graphviz dot; as the page docs/request-life.md. */
void request_diagram(struct ctx *ctx, struct buf *out);
void request_mermaid(struct ctx *ctx, struct buf *out);
void request_dot(struct ctx *ctx, struct buf *out);
void request_life(struct ctx *ctx, struct buf *out);

#endif
