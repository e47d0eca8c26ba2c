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
/* A consistent copy of ctx->db's store in a new SQLite file, while others read and write. */
enum status store_snapshot(struct ctx *ctx, const char *path);
struct serving {
    const char *data, *address; /* the store, or an installation of many (tenants.h); where to listen */
    const char *url;            /* the address people use; NULL: whatever they ask for */
    bool proxied;               /* behind a proxy whose headers are believed */
    const char *copy_to;        /* folder that is kept a second behind (db/wal_copy.h); NULL */
    int open;                   /* of many: stores open at once; 0: as many as is usual */
    const char *host;           /* set by install_serve: the url's name, and whether it is https */
    bool tls;
};
/* Serves until SIGINT or SIGTERM. */
enum status install_serve(struct ctx *ctx, struct serving *how);
/* What both ways of serving share: the site's fixed parts, and waiting for the end after saying where it is open. */
void serve_site(struct site *site, const struct serving *how);
enum status serve_until_stopped(struct ctx *ctx, struct site *site, const struct serving *how);

#endif
