/*
 * Merging people and organisations: the rules of the two registers
 * (app/registers/merge.h does the work), the record of each merge, and pairs that may be
 * the same, which a job proposes. Nothing is ever merged by itself.
 */
#ifndef LINLI_APP_MERGES_H
#define LINLI_APP_MERGES_H

#include "app/registers/merge.h"

struct merge_row {
    struct record record;
    const char *kind;
    int64_t kept, gone, part_of, actor;
    const char *actor_name;
    int64_t undone_at, undone_by;
    const char *undone_name;
};
extern const struct kind merges_kind;

/* Fills in what the survivor will say if nobody chooses: what only one record has, the older
 * record's where both differ, notes and purposes united. */
void merge_defaults(struct ctx *ctx, const struct kind *k, const void *kept, const void *gone,
                    void *after);
/* Whether a field is offered to choose from; the rest is derived, united or the survivor's own. */
bool merge_offered(const struct field *f);
bool merge_united(const struct field *f);
/* Whether, by default, the survivor takes this field from the record that goes. */
bool merge_takes_over(struct ctx *ctx, const struct kind *k, const struct field *f,
                      const void *kept, const void *gone);

/* Copies one field's value. */
void merge_take(const struct field *f, const void *from, void *to);

/* Pairs that may be the same and that nobody denied, both in the actor's scope. */
int64_t pairs_count(struct ctx *ctx, const struct kind *k);
struct rows *pairs_list(struct ctx *ctx, const struct kind *k, int64_t record, int most,
                        int64_t from);
const char *pair_why(struct ctx *ctx, const char *why);
/* Looks for pairs now: for the job and tests. ctx->db is a reader, or the only connection. */
void pairs_renew(struct ctx *ctx);
/* The same for one register, at somebody's request: on a reader into ctx->work, then on the writer
 * thread. */
void pairs_prepare(struct ctx *ctx);
void pairs_store(struct ctx *ctx);
/* On the writer thread: somebody says that a pair of their own area is not the same. */
enum status pair_deny(struct ctx *ctx, const struct kind *k, int64_t pair);

#endif
