/*
 * Reading that stands in the journal: personal data that a program took by the
 * API. Who takes it, of which kind and how much; never what was in it.
 */
#ifndef LINLI_APP_READS_H
#define LINLI_APP_READS_H

#include "kind/kind.h"

/* Does the kind have telephone or identity numbers, or say of a person or volunteer what they do? */
bool kind_is_personal(const struct kind *k);
/* And does this actor get more of it than masked numbers? */
bool read_is_personal(const struct ctx *ctx, const struct kind *k);
/* From a reader: the entry is handed to the writer, and the answer does not wait for it. list: the address without
 * words. BUSY in ctx when the writer takes nothing more. */
void read_note(struct ctx *ctx, const struct kind *k, int64_t rows, const char *list);

#endif
