/*
 * Between the two files of the PostgreSQL back end: postgres.c asks and
 * changes, postgres_connect.c makes the connection and says what is wrong
 * with it.
 */
#ifndef LINLI_DB_POSTGRES_H
#define LINLI_DB_POSTGRES_H

#include "db/backend.h"

#include <libpq-fe.h>

/* An address taken apart: what libpq knows, and the schema. Owned by the connection. */
struct pg_address {
    PQconninfoOption *options; /* libpq's */
    char schema[64];
    char shown[200];           /* host, port and database for messages; no password */
};

/* false with a message when it can't be read. */
bool pg_address_read(struct pg_address *at, const char *address, struct arena *a, const char **why);
struct pg_address pg_address_copy(const struct pg_address *at);
void pg_address_release(struct pg_address *at);
/* A connection with its settings made; NULL with a message that says what to do (malloc; the caller frees it). */
PGconn *pg_connect(const struct pg_address *at, enum db_mode mode, char **why);
enum status pg_status_of(const char *sqlstate); /* NULL: the connection itself */

#endif
