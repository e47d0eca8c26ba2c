/*
 * What an import remembers of its rows, by hash. Used inside src/kind only.
 *
 * A row is identified by the first of its kind's keys that it fills (kind.h,
 * natural): its code, or what replaces it. A pass over the sheet before the
 * first row is stored finds contradictory rows, and what later rows contain,
 * so that parents come before children.
 */
#ifndef LINLI_KIND_IMPORT_SEEN_H
#define LINLI_KIND_IMPORT_SEEN_H

#include "kind/import.h"

struct import_seen {
    uint64_t *keys, *values; /* key 0: free */
    size_t count, room;      /* room is a power of two */
};

uint64_t import_hash(const char *purpose, const char *a, const char *b); /* never 0 */
uint64_t *import_seen_slot(struct import_seen *seen, uint64_t key);      /* of an existing key */
bool import_seen_has(const struct import_seen *seen, uint64_t key);
void import_seen_put(struct import_seen *seen, uint64_t key, uint64_t value);

/* Hash of all imported columns of the row. */
uint64_t import_content(struct ctx *ctx, const struct import *im, const char *const *cells,
                        int count);
/* An existing record that matches one of the kind's keys that the row fills; NULL. */
void *import_natural(struct ctx *ctx, const struct kind *k, const void *record);
/* Why the row is rejected because of another one; NULL: it is not. */
const char *import_conflict(struct ctx *ctx, const struct import *im, int64_t row);
/* Whether a row of the sheet contains the record with this name. */
bool import_ahead(struct ctx *ctx, const struct import *im, const char *typed);

#endif
