/*
 * Merging two records of one kind that mean the same person or thing. One is
 * kept; the other goes, but keeps its row: its field merged_into leads to the
 * survivor, so that its page, its code and its id still find it.
 *
 * A kind takes part if it has the field
 *
 *     {"merged_into", F_REF, …, .ref = (its own name), .flags = FIXED | INNER}
 *
 * and its scope leaves out the records that have it. References from F_REF
 * fields of all kinds move to the survivor by themselves; a module names its
 * other columns in .merge_columns, and what else must be refused or put in
 * order in .merges (both of struct module). Everything that is changed in
 * another row is written down (merge_moves), so that an undo can put it back:
 * but only what still has the value that the merge gave it.
 *
 * Because merged_into is a reference like any other, it moves too when the
 * survivor is itself merged: it always leads to the last survivor in one step.
 * All functions that change something run on the writer thread.
 */
#ifndef LINLI_APP_MERGE_H
#define LINLI_APP_MERGE_H

#include "kind/kind.h"

struct merge {
    int64_t id; /* its row in merges */
    const struct kind *kind;
    int64_t kept, gone;
};

/* A reference to records of a kind that is no F_REF field, or that needs more than to be moved. */
struct merge_column {
    const char *kind; /* the kind's name */
    const char *table, *column;
    /* A row stays with the record that goes if the survivor has one with the same value in this
     * column; "": if the survivor has any. NULL: every row moves. */
    const char *once;
};

/* What a module adds to the merging of a kind. Members may be NULL. Several modules may. */
struct merge_rule {
    const struct kind *kind;
    /* Whether the actor may change this record. It may be one that has gone, so the kind's scope
     * can't tell. One module's. */
    bool (*mine)(struct ctx *ctx, const void *record);
    /* Why these two can't be merged now, and what to do first; NULL: they can. */
    const char *(*bar)(struct ctx *ctx, int64_t kept, int64_t gone);
    void (*merging)(struct ctx *ctx, const struct merge *m); /* before the references move */
    void (*merged)(struct ctx *ctx, const struct merge *m);  /* at the end */
    void (*undone)(struct ctx *ctx, const struct merge *m);  /* at the end of an undo */
};

bool merge_takes(const struct kind *k); /* whether its records can be merged */
bool merge_mine(struct ctx *ctx, const struct kind *k, const void *record);
/* Why not now, in the reader's language; NULL: they can be merged. */
const char *merge_bar(struct ctx *ctx, const struct kind *k, const void *kept, const void *gone);
/* Merges: after is the survivor as it shall be. Whoever calls has checked that both are the
 * actor's, and after (record_check). CONFLICT if kept is out of date. part_of: the merge that this
 * one belongs to; NONE. */
enum status merge_run(struct ctx *ctx, const struct kind *k, const void *kept, void *after,
                      const void *gone, int64_t part_of, struct merge *m);
/* What an undo found changed since, so that it stayed. */
struct merge_left {
    const char *fields; /* labels of the survivor's fields, as a list; "" */
    int64_t rows;       /* other records */
};
enum status merge_undo(struct ctx *ctx, int64_t id, struct merge_left *left);
/* For merging: sets a column of a row, and writes it down for the undo. NONE, NULL: empties it. */
void merge_set_int(struct ctx *ctx, const struct merge *m, const char *table, const char *column,
                   int64_t row, int64_t value);
void merge_set_text(struct ctx *ctx, const struct merge *m, const char *table, const char *column,
                    int64_t row, const char *value);

/* The columns that refer to records of a kind, each once; ended by a NULL table. For tests too. */
const struct merge_column *merge_columns(struct ctx *ctx, const struct kind *k);

#endif
