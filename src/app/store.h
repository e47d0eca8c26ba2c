/*
 * Where a store's files are. A folder holds its own: linli.db, key. A store on
 * PostgreSQL has its key apart, because whoever reads the database must not
 * read the sealed fields: FOLDER/<database>-<schema>.key, FOLDER from --keys or
 * LINLI_KEYS, otherwise $XDG_CONFIG_HOME/linli or ~/.config/linli.
 */
#ifndef LINLI_APP_STORE_H
#define LINLI_APP_STORE_H

#include "base/arena.h"

#include <stdbool.h>

const char *store_key_path(struct arena *a, const char *address);
/* The folder for what is derived from the store and can be made again (the search index): the store's own, or
 * <database>-<schema> beside the key. Made when it is not there; NULL when it can't be. */
const char *store_folder(struct arena *a, const char *address);
/* Makes the folder and those above it, 0700; true when it is there. */
bool store_make_folder(const char *path);
/* The address without a password, for messages. */
const char *store_shown(struct arena *a, const char *address);

#endif
