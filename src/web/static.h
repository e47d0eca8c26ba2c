/* Assets embedded in the program: made by script/embed.py from build/assets. */
#ifndef LINLI_WEB_STATIC_H
#define LINLI_WEB_STATIC_H

#include "base/arena.h"

struct asset {
    const char *name, *type, *hash; /* hash: the first 12 digits of the content's SHA-256 */
    const unsigned char *data, *data_end, *gzip, *gzip_end; /* gzip NULL: none */
};
extern const struct asset assets[]; /* sorted by name */
extern const int asset_count;

/* "/assets/NAME?v=HASH", in arena a; without the hash when there is no such asset. */
const char *asset_url(struct arena *a, const char *name);

#endif
