/*
 * Where the files of a database are. A folder has its own: linli.db, key. A
 * PostgreSQL database has its key elsewhere, because whoever can read the
 * database must not be able to decrypt fields: FOLDER/<database>-<schema>.key,
 * with FOLDER from --keys or LINLI_KEYS, otherwise $XDG_CONFIG_HOME/linli or
 * ~/.config/linli.
 */
#ifndef LINLI_APP_STORE_H
#define LINLI_APP_STORE_H

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

const char *store_key_path(struct arena *a, const char *address);
/* The folder for derived files that can be rebuilt (the search index): the database's own, or
 * <database>-<schema> beside the key. Created if missing; NULL if it can't be. */
const char *store_folder(struct arena *a, const char *address);
/* Creates the folder and its parents, mode 0700; true if it exists afterwards. */
bool store_make_folder(const char *path);
/* When the last backup of the database was made: `linli backup` leaves it in the database's folder
 * (store_folder), because a backup itself changes nothing in the database. */
struct backup_mark {
    int64_t at, size; /* seconds; bytes of the file */
    bool encrypted;
};
bool backup_mark_write(struct arena *a, const char *folder, const struct backup_mark *m);
bool backup_mark_read(struct arena *a, const char *folder, struct backup_mark *m);
/* The address without a password, for messages. */
const char *store_shown(struct arena *a, const char *address);

#endif
