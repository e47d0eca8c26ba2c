/*
 * An installation: the data folder with its database and keys; creating it
 * from a pack of sheets, opening it for a command, importing, serving it.
 */
#ifndef LINLI_APP_INSTALL_H
#define LINLI_APP_INSTALL_H

#include "base/ctx.h"
#include "kind/import.h"

/* Creates folder, keys, schema; loads the pack (NULL: none) and makes that many
 * demonstration requests from its texts. CONFLICT when there is one already. */
enum status install_create(struct ctx *ctx, const char *data, const char *pack, int64_t requests);
/* The whole file, for the caller to free(); NULL with a problem when it can't be read or is too large. */
void *import_read_file(struct ctx *ctx, const char *path, size_t *size);
/* Opens ctx->db and ctx->keys; brings the schema up to date when writing. */
enum status install_open(struct ctx *ctx, const char *data, enum db_mode mode);
/* Imports a sheet in one transaction: all good rows are stored, bad ones reported in im. */
enum status install_import(struct ctx *ctx, const char *kind, const char *path, const char *const *maps, int map_count,
                           bool dry_run, struct import *im);
/* Serves until SIGINT or SIGTERM. */
enum status install_serve(struct ctx *ctx, const char *data, const char *address);

#endif
