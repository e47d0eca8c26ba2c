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

#include "kind/kind.h"

struct request {
    struct record record;
    const char *number;        /* 20261124-00012: for people */
    const char *source, *source_number; /* where an imported one came from, and its number there */
    int64_t category, area, community, unit, handler;
    const char *subject, *text, *place;
    const char *requester_name, *requester_phone, *on_behalf;
    const char *visibility;    /* office, summary */
    const char *channel;       /* web, phone, desk, import */
    const char *code_hash;     /* keyed hash of the follow-up code */
    const char *status;
    int64_t due, first_contact_due, first_contact_at;
    int64_t received_at, dispatched_at, answered_at, closed_at;
    const char *reply;
    int64_t returns, extensions, reopened, parked_until, merged_into;
    const char *solved;        /* yes, no; NULL: not asked or not answered */
    int64_t satisfaction;      /* 1 to 5 */
    const char *solved_comment;
    int64_t month;             /* yyyymm of received_at, local time */
};

extern const struct kind requests_kind;

enum request_status { RECEIVED, DISPATCHED, HANDLING, ANSWERED, CALL_BACK, CLOSED, PARKED, MERGED, REQUEST_STATUS_COUNT };
extern const struct choice request_statuses[]; /* indexed by enum request_status */

struct step_input {
    int64_t unit;      /* dispatch */
    int64_t until;     /* extend: new due time; park: next review */
    int64_t into;      /* merge */
    const char *text;  /* reply, reason, comment */
    const char *solved;
    int64_t satisfaction;
};

/* One row of a request's life: who may take it from where to where, and what the resident is told. */
struct step {
    const char *action;    /* in addresses and the journal */
    const char *label;     /* the button; N_() */
    unsigned from;         /* bits of enum request_status */
    int to;                /* -1: stays */
    unsigned roles;
    const char *needs;     /* fields the form asks: "unit", "text", "until", "solved" */
    const char *told;      /* plain words for the resident; N_(); NULL: nothing to tell */
    bool (*rule)(struct ctx *ctx, const struct request *before, struct request *after, const struct step_input *in);
};
#define REOPEN_DAYS 30 /* within which a resident may say that a closed request is not solved */
extern const struct step request_steps[];     /* ended by a NULL action; a step of ROLE_PUBLIC is the resident's own */
const struct step *request_step(const char *action);
int request_status_of(const struct request *r);
/* May the actor take this step from where the request is? */
bool request_may(const struct ctx *ctx, const struct step *s, const struct request *r);
/* Behind the door: checks, changes, journals, and writes the event. */
enum status request_take(struct ctx *ctx, const struct step *s, const struct request *before,
                         const struct step_input *in);
/* Behind the door: a new request; sets number, times and deadlines. code: the follow-up code to be shown once. */
enum status request_file(struct ctx *ctx, struct request *r, const char **code);
/* The life of a request as a diagram in text: one line a step. */
void request_diagram(struct ctx *ctx, struct buf *out);

#endif
