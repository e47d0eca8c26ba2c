/*
 * Forms made from a kind's description: label, hint, choices, references,
 * limits as attributes, the problem at its field, and what was typed.
 *
 * This layer does not know HTTP: functions supply what was typed and the
 * icons. Markup is written to the given buffer; the caller writes the form
 * element with its tokens. Memory is the context's arena.
 */
#ifndef LINLI_KIND_FORM_H
#define LINLI_KIND_FORM_H

#include "kind/kind.h"

#include <limits.h>

#define FORM_SELECT_MOST \
    400 /* most records offered in a list; with more, people type and get suggestions */

/* Returns what was sent under a name; NULL: nothing. */
typedef const char *form_value(const struct ctx *ctx, const char *name);

struct form {
    const struct kind *kind;
    const void *record; /* shown for fields that were not typed */
    form_value *typed;  /* NULL: the record as it is */
    struct markup (*icon)(struct ctx *ctx, const char *name);
    /* Draws a field's control and returns true; NULL, or false: the default control. */
    bool (*control)(struct ctx *ctx, struct buf *out, const struct field *f, const char *value);
    /* A note at a field in addition to its problem; NULL, or returning NULL: none. */
    const char *(*note)(struct ctx *ctx, const struct form *form, const struct field *f);
    const void *data; /* data for note */
};

/* A new record with a form's defaults: F_BOOL fields with min 1 are true. */
void *form_new(struct ctx *ctx, const struct kind *k);
/* Reads the input into the record, for fields that forms may change. Fields that were not sent
 * are unchanged; so is an encrypted field left blank, unless NAME_clear was sent. Problems are
 * at the fields. */
void form_read(struct ctx *ctx, const struct kind *k, void *record, form_value *typed);
/* The same for fields without a kind, ended by a NULL name. */
void form_read_fields(struct ctx *ctx, const struct field *fields, void *record, form_value *typed);
/* Draws all fields in their groups, or one. */
void form_fields(struct ctx *ctx, struct buf *out, const struct form *form);
void form_field(struct ctx *ctx, struct buf *out, const struct form *form, const struct field *f);
/* Whether a field holds what another one says, in English: form_fields draws these last, folded. */
bool form_english_field(const struct field *f);
/* The same for a form whose fields have forms of their own: list[i] is fields[i]'s. Others than
 * English ones are left out. */
void form_english(struct ctx *ctx, struct buf *out, const struct form *list, int count,
                  const struct field *const *fields);
/* Draws <option>s for the valid records of a kind, a tree indented; chosen: typed text, offered
 * even if no longer valid. Returns false, and draws nothing, for more than FORM_SELECT_MOST. */
bool form_options(struct ctx *ctx, struct buf *out, const struct kind *k, const char *chosen);

/* Records of a tree (a kind with a "parent" of its own kind) in display order. */
struct branch {
    int64_t id, parent;
    const char *code, *label;
    int depth;       /* 0: a root */
    bool out_of_use; /* valid = 0, active = 0, or valid_to has passed */
};
#define BRANCH_DEPTH_MOST 30 /* a deeper record is drawn as another root: no kind goes as deep */
#define BRANCHES_ALL      INT_MAX
/* Lists up to `most` in the actor's scope (BRANCHES_ALL: without a limit); NULL: there are more. A
 * record whose parent is not among them is a root. */
const struct branch *branches(struct ctx *ctx, const struct kind *k, int most, int *count);

#endif
