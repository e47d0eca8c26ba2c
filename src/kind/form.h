/*
 * Forms by a kind's description: label, hint, choices, references, limits as
 * attributes, the problem at its field, and what was typed.
 *
 * The layer knows no HTTP: what was typed comes through a function, pictures
 * through another. Markup goes into the buffer given; the form element itself,
 * with its tokens, is the caller's. Memory is the context's arena.
 */
#ifndef LINLI_KIND_FORM_H
#define LINLI_KIND_FORM_H

#include "kind/kind.h"

#define FORM_SELECT_MOST 400 /* records a reference offers in a list; more: typed, with suggestions */

/* What was sent under a name; NULL: nothing. */
typedef const char *form_value(const struct ctx *ctx, const char *name);

struct form {
    const struct kind *kind;
    const void *record; /* shown where nothing was typed */
    form_value *typed;  /* NULL: the record as it is */
    struct markup (*icon)(struct ctx *ctx, const char *name);
    /* Draws the control of a field itself and answers true; NULL, or false: the engine's. */
    bool (*control)(struct ctx *ctx, struct buf *out, const struct field *f, const char *value);
    /* What is to be said at a field besides its problem; NULL, or NULL: nothing. */
    const char *(*note)(struct ctx *ctx, const struct form *form, const struct field *f);
    const void *data; /* the note's own */
};

/* A new record as a form begins with: what F_BOOL fields with min 1 say. */
void *form_new(struct ctx *ctx, const struct kind *k);
/* Puts what was typed into the record, for the fields that a form may change. A field that was not sent stays; a
 * sealed one stays when it is left empty, unless NAME_clear was sent. Problems are the fields'. */
void form_read(struct ctx *ctx, const struct kind *k, void *record, form_value *typed);
bool form_takes(const struct field *f);
/* All fields in their groups, or one. */
void form_fields(struct ctx *ctx, struct buf *out, const struct form *form);
void form_field(struct ctx *ctx, struct buf *out, const struct form *form, const struct field *f);
/* <option>s of the records of a kind that are in use, a tree indented; chosen: typed text. What is chosen is offered
 * even when it is out of use. False, and nothing drawn, when there are more than FORM_SELECT_MOST. */
bool form_options(struct ctx *ctx, struct buf *out, const struct kind *k, const char *chosen);

/* Records of a tree (a kind with a "parent" of itself) in the order they are drawn. */
struct branch {
    int64_t id, parent;
    const char *code, *label;
    int depth;       /* 0: a root */
    bool out_of_use; /* valid = 0, active = 0, or valid_to has passed */
};
/* In the actor's scope, at most `most`; NULL when there are more. Roots are those whose parent is not among them. */
const struct branch *branches(struct ctx *ctx, const struct kind *k, int most, int *count);

#endif
