/*
 * An installation: the data folder with its database and keys; creating it
 * from a pack of sheets, opening it for a command, serving it.
 */
#ifndef LINLI_APP_INSTALL_H
#define LINLI_APP_INSTALL_H

#include "app/import_run.h"

/* Creates folder, keys, schema; loads the pack (NULL: none) and makes that many
 * demonstration requests from its texts (with DEMO_REQUESTS or more of them volunteers and activities too; none
 * when the pack has no folder generator/). CONFLICT when there is one already. */
enum status install_create(struct ctx *ctx, const char *data, const char *pack, int64_t requests);
/* Opens ctx->db and ctx->keys; brings the schema up to date when writing. */
enum status install_open(struct ctx *ctx, const char *data, enum db_mode mode);
#define INSTALL_MOVING "move.unfinished" /* the row of settings in a store that linli move is still filling */
/* Copies the store at from to the address to, which is new or was begun before; compares both. */
enum status store_move(struct ctx *ctx, const char *from, const char *to);
/* Serves until SIGINT or SIGTERM. url: the address people use; NULL: whatever they ask for. proxied: behind a proxy
 * whose headers are believed. */
enum status install_serve(struct ctx *ctx, const char *data, const char *address, const char *url, bool proxied);

#endif
