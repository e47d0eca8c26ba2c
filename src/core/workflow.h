/*
 * A workflow: the life of a record as one table of steps.
 *
 * A row says from which states a step leads to which, who may take it, what it
 * asks for, what bars it, its rule in words and what the person concerned is
 * told. Everything else is made from the table: the buttons and the form
 * (pages/workflow_page.h), the JSON body, its schema and POST
 * /api/v1/KIND/{id}/ACTION (pages/api.c), a step for many records at once, the
 * diagram and the printed page (core/workflow_print.h, `linli steps KIND`).
 * The state changes by steps only: see workflow_keeps.
 *
 * A dossier kind needs no more than this, and no code of its own:
 *
 *     struct answers { struct record record; const char *why; };
 *     static const struct field reason[] = {
 *         {"why", F_LONG, offsetof(struct answers, why), "Reason", .flags = REQUIRED | KEPT},
 *         {.name = NULL}};
 *     static const struct step steps[] = {
 *         {"submit", "Submit", .from = STATE(DRAFT), .to = SENT, .roles = ROLE_WORKER,
 *          .rule = "Sends it to the office."},
 *         {"refuse", "Refuse", .from = STATE(SENT), .to = DRAFT, .roles = ROLE_OFFICE,
 *          .asks = reason, .flags = STEP_BULK, .rule = "The author learns the reason."},
 *         {.action = NULL}};
 *     const struct workflow dossier_steps = {
 *         .kind = &dossiers_kind, .state = "status", .steps = steps, .input = sizeof(struct
 * answers)};
 *
 * with N_() around each text, and in its module .workflows, a list ended by
 * NULL. The kind's status is an F_CHOICE with FIXED, and it has a field why.
 *
 * May run twice: steps are taken on the writer thread, whose transaction may
 * be rolled back and run once more. bar, take and took change the database
 * and memory of the context's arena, nothing else: no file, no counter, no
 * static. What they are given (before, input) they leave as it is.
 */
#ifndef LINLI_CORE_WORKFLOW_H
#define LINLI_CORE_WORKFLOW_H

#include "kind/kind.h"

#define STATE(s)    (1U << (s)) /* for .from: the state's place among the choices, below 32 */
#define STATE_STAYS (-1)
#define STATES_MOST 32 /* checked at start-up */

enum step_flag {
    STEP_BULK = 1 << 0,   /* may be taken for many records at once */
    STEP_DANGER = 1 << 1, /* its button warns */
    STEP_QUIET = 1 << 2,  /* while it is barred, the page does not explain its absence */
    STEP_WITHIN = 1 << 3, /* part of a change elsewhere: the printed table names no role for it */
    STEP_SHOWN = 1 << 4,  /* the person concerned sees its event even if nobody is notified */
};

struct step {
    const char *action; /* in URLs and the audit log: "dispatch" */
    const char *label;  /* the button; N_() */
    unsigned from;      /* STATE() of each state it may be taken in */
    int to;             /* the state after it; STATE_STAYS */
    int alone;          /* with ALONE: the state after it if workflow.alone returns true */
    unsigned roles; /* who may; ROLE_PUBLIC alone: the person concerned, on their own page only */
    /* What it asks for, ended by a NULL name: rows of fields in workflow.input, each at its
     * offset. REQUIRED ones must be given; KEPT ones are stored in the record's field of the
     * same name. NULL: nothing; the step is a button. */
    const struct field *asks;
    const char *rule; /* its rule in words, for the printed table; N_() */
    const char *told; /* the text for the person concerned; N_(); NULL: nobody is notified */
    const char *icon; /* of its button; NULL: "check" */
    unsigned flags;
    bool has_alone;
    /* Why it is not possible now, in the actor's language; NULL: it is possible. */
    const char *(*bar)(struct ctx *ctx, const void *record);
    /* What the table can't say: checks the answers and changes `after`, whose state has been
     * set. False with a problem in ctx. NULL: nothing to do. */
    bool (*take)(struct ctx *ctx, const void *before, void *after, const void *input);
};
#define ALONE(s) .alone = (s), .has_alone = true

/* How a record begins, for the diagram: "file" leads to state 0. */
struct step_start {
    const char *action;
    int to;
};

/* The likely order of the steps in one state; the others follow in the order of the table. */
struct step_order {
    int state;
    const char *const *actions; /* ended by NULL */
};

struct workflow {
    const struct kind *kind;
    const char *state;        /* its F_CHOICE field: the choices are the states. Empty: the first */
    const struct step *steps; /* ended by a NULL action */
    size_t input; /* size of the struct that holds the answers; it begins with struct record. 0: no
                     step asks anything */
    const struct step_start *starts; /* ended by a NULL action; NULL */
    unsigned ends;                   /* STATE() of each state that is an end, for the diagram */
    const struct step_order *order;  /* ended by NULL actions; NULL: as in the table */
    const char *name;                /* a word for the diagram: "request"; NULL: the kind's name */
    const char *title;               /* heading of the printed page; N_(); NULL: kind->many */
    const char *source;              /* the file that holds the table, named on the printed page */
    const char *hearer;              /* heading of the column with `told`; N_(); NULL: "Told" */
    /* The message if a step is taken from the wrong state; {} is the state; N_(); NULL: a
     * general message. */
    const char *too_late;
    /* For steps with ALONE; NULL: none has it. */
    bool (*alone)(const void *record);
    /* The message if a REQUIRED answer is missing; many: for several records at once. NULL, or
     * returning NULL: "… is required." */
    const char *(*missing)(struct ctx *ctx, const struct step *s, const struct field *f, bool many);
    /* Runs after a step was stored, in the same transaction: adds history entries, notices,
     * other records. NULL: nothing to do. */
    enum status (*took)(struct ctx *ctx, const struct step *s, const void *before,
                        const void *after, const void *input);
    bool own_events; /* took writes the timeline; otherwise each step adds its event */
};

/* Returns what is wrong with the table, in English: a state out of range, a duplicate step, an
 * answer outside the input, … NULL: nothing. Checked at start-up, where a fault ends the
 * program. */
const char *workflow_fault(const struct workflow *w);
/* The workflow of a kind; NULL: it has none. */
const struct workflow *workflow_of(const struct kind *k);
const struct step *workflow_step(const struct workflow *w, const char *action); /* NULL */
const struct field *step_asks(const struct step *s, const char *name);          /* the row; NULL */
/* The index of the record's state among the choices. */
int workflow_state(const struct workflow *w, const void *record);
const struct choice *workflow_states(const struct workflow *w); /* ended by a NULL code */

/* Returns whether the actor may take this step now. */
bool workflow_may(struct ctx *ctx, const struct workflow *w, const struct step *s,
                  const void *record);
/* If role and state fit but something bars the step: the reason; otherwise NULL. */
const char *workflow_barred(struct ctx *ctx, const struct workflow *w, const struct step *s,
                            const void *record);
/* The steps that the actor may take now on a staff page, the likely ones first; in the
 * context's arena. */
const struct step **workflow_possible(struct ctx *ctx, const struct workflow *w, const void *record,
                                      int *count);

/* A struct for answers, all missing; NULL if no step asks anything. */
void *workflow_input(struct ctx *ctx, const struct workflow *w);
/* Adds a problem for each missing REQUIRED answer that has none yet. */
bool workflow_answered(struct ctx *ctx, const struct workflow *w, const struct step *s,
                       const void *input, bool many);

/* On the writer thread, and maybe twice (see above): checks role, state, bar and answers,
 * changes the record, logs it under the step's action, and calls took. before: as stored now.
 * input: NULL if the step asks nothing. */
enum status workflow_take(struct ctx *ctx, const struct workflow *w, const struct step *s,
                          const void *before, const void *input);

/* On the writer thread: the first event of a new record, under the action of one of the workflow's
 * starts. visible: may be shown to the person concerned. workflow_take adds those of the steps: the
 * action and both states, never an answer, so nothing that the journal seals; visible when the step
 * tells something or is STEP_SHOWN. */
void workflow_began(struct ctx *ctx, const struct workflow *w, const char *action,
                    const void *record, bool visible);

/* The result for one of many records. */
struct step_outcome {
    int64_t id;
    const char *title; /* the record's code, or its id if not found */
    const char *why;   /* the reason for the refusal; NULL: done */
};
/* The same for many records, by the same rules. A refused record keeps its state and does not
 * affect the others. versions: those that the sender saw; a record changed since then is
 * refused, so that nobody undoes another's change without having seen it. NULL: not compared.
 * outcomes has room for count. Fails as a whole only if the database does. */
enum status workflow_take_many(struct ctx *ctx, const struct workflow *w, const struct step *s,
                               const int64_t *ids, const int64_t *versions, int count,
                               const void *input, struct step_outcome *outcomes);

/* For a kind's check: adds a problem at the state field, which names the steps, if a form,
 * PATCH or import would change the state of a stored record. Steps themselves do not run check. */
bool workflow_keeps(struct ctx *ctx, const struct workflow *w, const void *before,
                    const void *after);
/* Returns whether a new record may have this state: one to which a start leads. */
bool workflow_begins(const struct workflow *w, const char *state);
/* "“status” only changes by its steps: confirm, …" */
const char *workflow_only_steps(struct ctx *ctx, const struct workflow *w);

#endif
