/*
 * Many subdistricts in one installation: each has its own database, and a
 * registry lists them.
 *
 * An installation is a folder (DIR/tenants.db is the registry, DIR/tenants/NAME
 * a database) or a PostgreSQL database (schema linli_tenants is the registry,
 * schema t_NAME a tenant). A tenant's database may also be anywhere else, at
 * its own address. It does not know the installation: every command takes the
 * database's own address. A name has lower-case letters, digits and hyphens, at
 * most 40.
 */
#ifndef LINLI_APP_TENANTS_H
#define LINLI_APP_TENANTS_H

#include "base/ctx.h"
#include "db/db.h"

#define TENANTS_IDLE 600 /* seconds without a visit until a database is closed */

struct tenant_row {
    struct tenant_row *next;
    const char *name, *store; /* store: its address, for db_open */
    const char *host;         /* the host name that people visit; NULL: only /t/NAME/ */
    const char *parent;       /* the tenant whose figures include this one's; NULL */
    int64_t step;             /* schema step at the last migration */
};

/* Returns whether there is a registry at the address. */
bool tenants_there(struct ctx *ctx, const char *address);
/* The address of a database by its entry in the registry of the installation at address. */
const char *tenants_store(struct arena *a, const char *address, const char *store);
/* Opens the registry, creating it when writing; NULL with a problem. */
struct db *tenants_registry(struct ctx *ctx, const char *address, enum db_mode mode);
/* Where serve --copy-to copies a database of the installation at address: a name in that
 * folder, which stays when the tenant's changes. */
const char *tenants_copy_name(struct arena *a, const char *address, const char *store);
/* Copies the registry into the folder `to` as a separate file: OK, or a message in why. */
enum status tenants_copy(struct db *registry, const char *to, struct arena *a, const char **why);
/* Opens the registry that serve --copy-to left in the folder, for reading; NULL: none. */
struct db *tenants_copied(struct arena *a, const char *folder);
/* All tenants by name, in ctx's arena; NULL if there are none or it failed
 * (db_status). */
struct tenant_row *tenants_read(struct ctx *ctx, struct db *registry, const char *address);
/* Updates every outdated database to the program's schema, one after another, and reports that
 * on standard error. It can be interrupted and continued. Returns how many could not be
 * updated; each says why. */
int tenants_migrate(struct ctx *ctx, struct db *registry, const char *address);
bool tenant_name_fine(const char *name, size_t n);
int64_t schema_newest(void); /* the program's */

/* Serves all of them, like install_serve. most: databases open at once; 0: 250
 * folders, 16 schemas. */
struct serving;
enum status serve_many(struct ctx *ctx, const struct serving *how);

#endif
