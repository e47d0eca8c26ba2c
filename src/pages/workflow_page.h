/*
 * The pages of a workflow, made from its table: possible steps as buttons, the
 * form of the likely one, why others are not possible; reading the answers; the
 * result of a step taken for many records. A kind without a page of its own
 * gets all of this on its register's page and needs nothing from here.
 *
 *     static const struct step_page steps_page = {.workflow = &dossier_steps};
 *     …
 *     steps_draw(ctx, &steps_page, ctx->web->record);        the page of a record
 *     ctx->work = steps_read(ctx, &dossier_steps, step);     prepare, on a reader
 *     workflow_take(ctx, &dossier_steps, step, now, ctx->work);  the change, on the writer thread
 */
#ifndef LINLI_PAGES_WORKFLOW_PAGE_H
#define LINLI_PAGES_WORKFLOW_PAGE_H

#include "core/workflow.h"
#include "web/web.h"

enum step_fold { FIELD_SHOWN, FIELD_FOLDED, FIELD_OPEN };

/* How a record's own page shows its steps; members may be left out. */
struct step_page {
    const struct workflow *workflow;
    const char *post; /* the forms' URL is the record's URL, this, and the action; NULL: "/" */
    /* Draws an answer's field itself and returns true; NULL, or false: it is drawn by its row. */
    bool (*control)(struct ctx *ctx, const struct step *s, const void *record,
                    const struct field *f);
    /* Where a field of a step's form stands: with the others, or in the line under fold_label,
     * N_(), which is folded unless one of its fields is FIELD_OPEN, filled in or wrong. NULL: none
     * folds. */
    enum step_fold (*fold)(struct ctx *ctx, const struct step *s, const void *record,
                           const struct field *f);
    const char *fold_label;
    /* Sent back with the form as "seen": the newest entry of a history; NULL: none. */
    int64_t (*seen)(struct ctx *ctx, const void *record);
    const char *hearer; /* N_(): before what is told; NULL: "They will be told:" */
    /* One line: what the record waits for while that is not the actor's to do. Then no step is
     * urged, and none is explained. NULL, or returning NULL: its steps are the actor's. */
    const char *(*waits)(struct ctx *ctx, const void *record);
    /* While it waits: the steps that are taken in place of whoever it waits for, folded under this
     * label, N_(). Ended by NULL; NULL: none is folded. */
    const char *const *instead;
    const char *instead_label;
    /* Draws the way to the next record, before the steps. alone: nothing is to be done here, so it
     * is what is urged. NULL: nothing. */
    void (*onward)(struct ctx *ctx, const void *record, bool alone);
    const struct choice *keys; /* action and key of steps with a form; ended by a NULL code; NULL */
};

/* Draws the next steps of a record: buttons, the open form, and why others are not possible.
 * ?step=NAME opens a form; so does a form that came back with problems. */
void steps_draw(struct ctx *ctx, const struct step_page *p, const void *record);
/* Reads the answers of a form, each checked against its row. Returns workflow_input, with
 * problems in ctx at their fields. */
void *steps_read(struct ctx *ctx, const struct workflow *w, const struct step *s);

/* A step for many records. Checkboxes are named "id"; their value, written by bulk_tick, is the
 * id and the version that the row shows. */
#define BULK_MOST 200
struct bulk {
    const struct workflow *workflow;
    const struct step *step;
    void *input;
    int64_t ids[BULK_MOST], versions[BULK_MOST];
    int count;
};
const char *bulk_tick(struct ctx *ctx, const struct record *r); /* "451.7" */
bool bulk_ticked(struct ctx *ctx,
                 const struct record *r); /* whether it was selected in the form that was sent */
/* On a reader: reads the records and the answers, checked once for all. NULL with a problem if
 * the step may not be taken for many. none: the problem if nothing was selected. */
struct bulk *bulk_read(struct ctx *ctx, const struct workflow *w, const struct step *s,
                       const char *none);
/* The same without answers, which the caller makes for each record. none: NULL if the caller
 * knows the records itself. */
struct bulk *bulk_picked(struct ctx *ctx, const struct workflow *w, const struct step *s,
                         const char *none);
/* How the page of results leads back, and its summary. */
struct bulk_page {
    const char *back, *back_label, *again; /* URL, its name in the trail, its button */
    /* NULL: the numbers of records that succeeded and failed. */
    void (*summary)(struct ctx *ctx, const struct bulk *b, int done);
};
/* On the writer thread: takes the step for each record and draws the results. */
void bulk_take(struct ctx *ctx, const struct bulk *b, const struct bulk_page *page);

#endif
