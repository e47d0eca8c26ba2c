/*
 * An installation: the data folder with its database and keys; creating it
 * from a pack of sheets, opening it for a command, serving it.
 */
#ifndef LINLI_APP_INSTALL_H
#define LINLI_APP_INSTALL_H

#include "core/import_run.h"

/* Creates folder, keys and schema, loads the pack (NULL: none), and makes that
 * many demonstration requests from its texts, but none if the pack has no
 * folder generator/. With DEMO_REQUESTS or more it also makes volunteers and
 * activities. CONFLICT if there is an installation already. */
/* INVALID with a problem if it looks like an address but is not one of
 * PostgreSQL. */
enum status store_address_check(struct ctx *ctx, const char *address);
enum status install_create(struct ctx *ctx, const char *data, const char *pack, int64_t requests);
/* Prints the problems of ctx on standard error; returns 1, the exit code. */
int command_failed(struct ctx *ctx);
/* Runs a command: its check, opening the database that it needs, its run, and reporting
 * problems. Returns the exit code. */
struct command;
struct given;
int command_run(struct ctx *ctx, const struct command *c, struct given *g);
/* Opens ctx->db and ctx->keys; migrates the schema when writing. Refuses a
 * database that is missing, empty (DB_CREATE creates one), encrypted with
 * another key, or shorter than it was (db/head.h). */
enum status install_open(struct ctx *ctx, const char *data, enum db_mode mode);
/* INVALID with a problem if ctx->keys is not the key of ctx->db. write: stores
 * the text for this check if it is missing. */
enum status install_key_check(struct ctx *ctx, bool write);
/* Checks that the installation has a database: NOT_FOUND with a problem if it is missing or was
 * never created. */
enum status install_there(struct ctx *ctx, const char *data);
#define INSTALL_MOVING \
    "move.unfinished" /* the row of settings in a database that linli move is still filling */
/* Copies the database at `from` to the address `to`, which is new or partly
 * copied, and compares both. */
enum status store_move(struct ctx *ctx, const char *from, const char *to);
/* Makes a consistent copy of ctx->db in a new SQLite file, while others read
 * and write. */
enum status store_snapshot(struct ctx *ctx, const char *path);
struct serving {
    const char *data, *address; /* address of the database, or of an installation with many
                                   (tenants.h); where to listen */
    const char *url;            /* the URL that people use; NULL: any */
    bool proxied;               /* behind a proxy whose headers are trusted */
    const char *copy_to;        /* folder for the continuous copy (db/wal_copy.h); NULL */
    int open;                   /* with many: databases open at once; 0: the default */
    const char *host; /* set by install_serve: the URL's host name, and whether it uses https */
    bool tls;
};
/* Serves until SIGINT or SIGTERM. */
enum status install_serve(struct ctx *ctx, struct serving *how);
/* Shared by both ways of serving: sets the site's fixed members; prints the URL
 * and waits for a signal. */
void serve_site(struct site *site, const struct serving *how);
enum status serve_until_stopped(struct ctx *ctx, struct site *site, const struct serving *how);

#endif
