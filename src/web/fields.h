/*
 * Fields of hand-written forms: label, hint, control and, below it, the
 * problem with the input. Forms made from a kind's description use kind/form.h
 * instead.
 *
 * Each field redraws what was typed (param), so a form that is shown again
 * with its problems needs no extra code:
 *
 *     form_begin(ctx, "/visits", NULL, false);
 *     form_problems(ctx);
 *     line_field(ctx, &(struct line){.name = "name", .label = say(ctx, "Full name")});
 *     text_field(ctx, "note", say(ctx, "Note"), NULL, 400, offer->note);
 *     time_field(ctx, "starts", say(ctx, "From"), NULL, offer->starts);
 *     form_end(ctx);
 *
 * Labels and hints are in the reader's language. A field named N has the ids
 * f-N (control), f-N-h (hint) and f-N-p (problem).
 */
#ifndef LINLI_WEB_FIELDS_H
#define LINLI_WEB_FIELDS_H

#include "kind/kind.h"
#include "web/web.h"

/* ---- whole fields ---- */
struct line {
    const char *name, *label;
    const char *hint;         /* NULL: none */
    const char *type;         /* of <input>; NULL: text */
    const char *autocomplete; /* NULL: left out */
    const char *value;        /* NULL: what was typed */
    bool optional;            /* adds "optional" to the label */
};
void line_field(struct ctx *ctx, const struct line *l);
/* Several lines of text, at most `most` characters. value: initial text; NULL. */
void text_field(struct ctx *ctx, const char *name, const char *label, const char *hint, int most,
                const char *value);
/* A part of a form folded into one line that shows its value: fold_begin, the fields, fold_end.
 * If the caller says so, it is open when it contains a problem. */
struct fold {
    const char *id, *icon, *label;
    const char *value; /* the value to show; NULL or blank: none */
    const char *none;  /* shown instead; NULL: nothing is filled in here, it is only unfolded */
    const char *add;   /* the word for filling it in; NULL: "add" */
    bool open, close;  /* close: by the script, once something was chosen */
};
void fold_begin(struct ctx *ctx, const struct fold *f);
void fold_end(struct ctx *ctx);
/* A <select> of choices, or of the rows of a query with columns id, name and name_en. none:
 * label of an empty first option; NULL: none. chosen: initial choice; NULL. */
void select_field(struct ctx *ctx, const char *name, const char *label, const char *hint,
                  const char *none, const struct choice *choices, struct rows *rows,
                  const char *chosen);
/* A date with a time of day. value: initial value; NONE. */
void time_field(struct ctx *ctx, const char *name, const char *label, const char *hint,
                int64_t value);
/* Reads that field; NONE: empty. Adds a problem if it can't be read. */
int64_t time_typed(struct ctx *ctx, const char *name);
/* "2026-03-05T14:05", the value of a datetime-local control; NULL for NONE. */
const char *local_time(struct ctx *ctx, int64_t t);

/* ---- their parts, for another control ---- */
/* <div class="field"> with the label and the hint; the caller draws the control, field_problem and
 * </div>. */
void field_begin(struct ctx *ctx, const char *name, const char *label, bool optional,
                 const char *hint);
/* The control's aria-describedby and aria-invalid: its hint (if it has one) and its problem. */
void field_described(struct ctx *ctx, const char *name, bool hint);
/* Draws the field's problem, if any. */
void field_problem(struct ctx *ctx, const char *name);

#endif
