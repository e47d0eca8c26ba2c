/*
 * Requests (群众诉求): a resident asks for something or reports a problem, and the
 * request stays open until that person confirms that it is resolved. Here are
 * the kind, the life of a request as one table of steps, and the figures'
 * conditions.
 *
 * Source of the rules: the field's work-order procedure (collect, register,
 * dispatch, handle, reply, verify and close, evaluate). Closing needs the
 * resident's word or a documented failure to reach them.
 */
#ifndef LINLI_APP_REQUESTS_H
#define LINLI_APP_REQUESTS_H

#include "core/due.h"
#include "core/figures.h"
#include "core/workflow.h"
#include "kind/kind.h"

struct request {
    struct record record;
    const char *number;                 /* shown to people: 20261124-00012 */
    const char *source, *source_number; /* where an imported one came from, and its number there */
    int64_t category, area, community, unit, handler;
    const char *subject, *text, *place;
    double lat, lon; /* WGS-84; NAN: no point was given */
    const char *requester_name, *requester_phone, *on_behalf;
    const char *visibility; /* office, summary */
    const char *channel;    /* web, phone, desk, import */
    const char *code_hash;  /* keyed hash of the tracking code */
    const char *status;
    int64_t due, first_contact_due, first_contact_at;
    int64_t received_at, dispatched_at, answered_at, closed_at;
    const char *reply;
    int64_t returns, extensions, reopened, parked_until, merged_into;
    const char *solved;   /* yes, no, withdrawn; NULL: not asked or not answered */
    int64_t satisfaction; /* 1 to 5 */
    const char *solved_comment;
    int64_t month; /* yyyymm of received_at, local time */
    const char
        *level; /* urgent, ordinary, complex: the category's unless the dispatcher chose another */
    int64_t due_from; /* the time from which due is counted; NONE: set by hand, so the calendar does
                         not move it */
    int64_t dispatcher;             /* users.id of the last dispatcher */
    int64_t attempts;               /* documented failures to reach the resident */
    const char *requester_mail;     /* where the resident is notified; encrypted */
    const char *language;           /* the language in which the resident asked; NULL: Chinese */
    const char *requester_initials; /* of the name's pinyin, to find a caller */
};

extern const struct kind requests_kind;
extern const struct figure request_figures[]; /* request_figures.c; ended by a NULL id */
extern const struct due_source request_due[]; /* request_due.c; ended by a NULL id */

enum request_status {
    RECEIVED,
    DISPATCHED,
    HANDLING,
    ANSWERED,
    CALL_BACK,
    CLOSED,
    PARKED,
    MERGED,
    REQUEST_STATUS_COUNT
};
extern const char
    *const satisfaction_words[5]; /* N_(); [0] for 1, very dissatisfied, to [4] for 5 */
extern const struct choice request_statuses[]; /* indexed by enum request_status */
extern const struct choice request_levels[];   /* urgent, ordinary, complex */
/* The status in the words of staff, the same on every page. */
const char *request_state(struct ctx *ctx, const struct request *r);
/* The same with its icon and colour; late: overdue. */
void request_state_draw(struct ctx *ctx, const struct request *r, bool late);

#define CO_HANDLERS_MOST 8
/* What the steps of a request ask for; each step uses a part of it (request_steps.c). */
struct step_input {
    struct record record;
    int64_t unit;       /* dispatch: the lead unit */
    int64_t until;      /* extend: new due time; park: next review */
    int64_t into;       /* merge */
    const char *text;   /* reply, reason, comment */
    const char *solved; /* yes, unreached */
    int64_t satisfaction;
    /* Optional; 0 or NONE: unchanged. */
    int64_t category;
    const char *level;
    const char
        *co;       /* dispatch: tags, the codes of the supporting units, CO_HANDLERS_MOST at most */
    bool co_shown; /* the form showed the supporting units: none selected means none; otherwise they
                      stay */
};

/* Finds requests that are answered or closed although a co-reporter says they are not resolved,
 * and that nobody has followed up (step "contact-other") or reopened since. request: only this
 * one; NONE. Returns their number; ids is in the context's arena. */
int requests_doubted(struct ctx *ctx, int64_t request, int64_t **ids);

#define SOLVED_WITHDRAWN "withdrawn" /* the resident withdrew it */
#define REPLY_BLANK      "……"        /* in a template: to be filled in before it is sent */

#define REOPEN_DAYS  30 /* days in which a resident may dispute a closed request */
#define RETURNS_MOST 3  /* from this return on, only the office dispatches */
extern const struct step
    request_steps[]; /* ended by a NULL action; a step of ROLE_PUBLIC is the resident's own */
extern const struct workflow request_workflow;
const struct step *request_step(const char *action);
/* The morning on which a request on hold is due for review; NONE with a problem at "until". */
int64_t request_review(struct ctx *ctx, int64_t until);
int request_status_of(const struct request *r);
/* Returns whether it is still open: received, dispatched, in progress or on hold. Answered
 * requests are not offered to people with the same problem: they would wait for a reply already
 * given. */
bool request_open(const struct request *r);
/* Returns whether others may read the text and the reply; the first person who reported it
 * decides. */
bool request_public(const struct request *r);
/* Returns whether the actor may take this step now. */
bool request_may(struct ctx *ctx, const struct step *s, const struct request *r);
/* If role and scope fit but something else prevents the step: the reason, for a page that
 * states it. Otherwise NULL. */
const char *request_barred(struct ctx *ctx, const struct step *s, const struct request *r);
/* On the writer thread: checks and makes the change, logs it, and writes the event. */
enum status request_take(struct ctx *ctx, const struct step *s, const struct request *before,
                         const struct step_input *in);
/* On the writer thread: stores a new request; sets number, times and deadlines. code: receives
 * the tracking code, which is shown once. */
enum status request_file(struct ctx *ctx, struct request *r, const char **code);
/* On the writer thread: an internal note, never visible to the resident. */
enum status request_note(struct ctx *ctx, const struct request *r, const char *text);
/* On the writer thread: adds an entry to the request's history. before NULL: its first. */
void request_event(struct ctx *ctx, const struct request *before, const struct request *after,
                   const char *action, const char *text, bool visible);
/* The same with a date that the event sets, stored in until and not in the text: the agreed
 * visit, the moved deadline. NONE: no date. */
void request_event_until(struct ctx *ctx, const struct request *before, const struct request *after,
                         const char *action, const char *text, int64_t until, bool visible);
/* On the writer thread: residents whose requests were merged into this one get the same
 * notifications. Texts stay with the request for which they were written. */
void request_tell_merged(struct ctx *ctx, const struct request *r, const char *action);
/* Reads the next requests that were merged into this one, by id after last, and returns how
 * many. Read them in batches: there may be any number. */
#define REQUESTS_MERGED 200
int requests_merged(struct ctx *ctx, int64_t request, int64_t last, int64_t ids[REQUESTS_MERGED]);
/* What an event is called for staff, and what it tells the resident (NULL: nothing); for steps
 * and other events alike. */
const char *request_event_label(struct ctx *ctx, const char *action);
/* The same with the date that the step set: the new deadline, the next review. */
const char *request_told_until(struct ctx *ctx, const char *action, int64_t until);

/* Its modules, for program/modules.c. */
#define REQUESTS_MODULES(M) \
    M(requests_module) \
    M(request_accounts_module) \
    M(deadline_pages_module) \
    M(request_notices_module)

#include "app/requests/deadlines.h"
#include "app/requests/joiners.h"

#endif
