/*
 * Audit log entries for reading: personal data that a program read through the
 * API. An entry says who read it, of which kind and how much, never its
 * content.
 */
#ifndef LINLI_APP_READS_H
#define LINLI_APP_READS_H

#include "kind/kind.h"

/* Whether the kind has phone or identity numbers, or says what a person or volunteer does. */
bool kind_is_personal(const struct kind *k);
/* Whether this actor also sees more than masked numbers. */
bool read_is_personal(const struct ctx *ctx, const struct kind *k);
/* Called on a reader: queues the entry for the writer; the answer does not wait for it. list:
 * the URL without search words. BUSY in ctx if the writer's queue is full. */
void read_note(struct ctx *ctx, const struct kind *k, int64_t rows, const char *list);

#endif
