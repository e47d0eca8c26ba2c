/*
 * Many subdistricts in one installation: each has a store of its own, and a
 * registry says which there are.
 *
 * An installation is a folder (DIR/tenants.db is the registry, DIR/tenants/NAME
 * a store) or a database of PostgreSQL (schema linli_tenants the registry,
 * schema t_NAME a store); a store may also be anywhere else, by an address of its
 * own. A store knows nothing of it: every command takes the
 * store's own address. A name is small letters, digits and -, at most 40.
 */
#ifndef LINLI_APP_TENANTS_H
#define LINLI_APP_TENANTS_H

#include "base/ctx.h"
#include "db/db.h"

#define TENANTS_IDLE 600 /* seconds without a visit after which a store is closed */

struct tenant_row {
    struct tenant_row *next;
    const char *name, *store; /* store: its address, ready for db_open */
    const char *host;         /* the name by which it is visited; NULL: only /t/NAME/ */
    const char *parent;       /* whose figures add this one's up; NULL */
    int64_t step;             /* of the schema, when it was last brought up to date */
};

/* True when there is a registry at the address. */
bool tenants_there(struct ctx *ctx, const char *address);
/* The address of a store by its entry in the registry of the installation at address. */
const char *tenants_store(struct arena *a, const char *address, const char *store);
/* The registry, made when writing; NULL with a problem. */
struct db *tenants_registry(struct ctx *ctx, const char *address, enum db_mode mode);
/* Where serve --copy-to copies a store of the installation at address: a name in that folder, which stays when the tenant's
 * changes. */
const char *tenants_copy_name(struct arena *a, const char *address, const char *store);
/* The registry, written anew in the folder to as a file of its own: OK, or a message in *why. */
enum status tenants_copy(struct db *registry, const char *to, struct arena *a, const char **why);
/* The registry that serve --copy-to left in the folder, to read; NULL: none is there. */
struct db *tenants_copied(struct arena *a, const char *folder);
/* All tenants by name, in ctx's arena; NULL when there are none or it failed (db_status). */
struct tenant_row *tenants_read(struct ctx *ctx, struct db *registry, const char *address);
/* Brings every store up to the program's schema that is behind, and says so on standard error: one after the other, so
 * that it can be broken off and goes on. Answers how many could not be; each says why. */
int tenants_migrate(struct ctx *ctx, struct db *registry, const char *address);
bool tenant_name_fine(const char *name, size_t n);
int64_t schema_newest(void); /* the program's */

/* Serves them all; as install_serve. most: stores open at once; 0: 250 folders, 16 schemas. */
struct serving;
enum status serve_many(struct ctx *ctx, const struct serving *how);

#endif
