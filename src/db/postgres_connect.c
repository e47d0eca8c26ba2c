/*
 * Connecting to PostgreSQL: the address, the settings of every connection, and
 * messages that say what to do. Passwords never appear in messages or logs.
 *
 * An address is libpq's (hosts, TLS, service files and so on) plus
 * schema=NAME.
 *
 * No wait is unbounded. Unless the address says otherwise: 3 s to connect to
 * each host; 6 s until a network that accepts no data counts as lost, and 9 s
 * for one that sends none. The same holds on the server, so that it releases
 * what a lost connection held (locks, leadership). On the server 5 s for a
 * lock and 30 s for a statement; for a page less. A statement_timeout in the
 * address or of the role takes precedence. A result may take 2 s more here, to
 * notice a stalled server or proxy.
 */
#include "db/postgres.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define SCHEMA_PLAIN "linli"
#define OLDEST       130000 /* server_version_num */
#define SETTLE       3      /* seconds for each of the settings of a new connection */
#define GRACE        2      /* seconds for an answer to arrive */

/* ---- the address ---- */

static bool schema_fine(const char *s)
{
    size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return n > 0 && n < 60 && s[n] == '\0' && strncmp(s, "pg_", 3) != 0 &&
           !(s[0] >= '0' && s[0] <= '9');
}

static const char *option(const PQconninfoOption *options, const char *keyword)
{
    for (const PQconninfoOption *o = options; o->keyword; o++)
        if (strcmp(o->keyword, keyword) == 0)
            return o->val;
    return NULL;
}

/* Removes schema=… from the query part of the address. */
static char *without_schema(const char *address, char *schema, size_t room)
{
    char *copy = must_copy(address), *part = strchr(copy, '?');
    snprintf(schema, room, "%s", SCHEMA_PLAIN);
    while (part && *part) {
        char *end = part + 1 + strcspn(part + 1, "&");
        if (strncmp(part + 1, "schema=", 7) == 0) {
            size_t n = (size_t)(end - part - 8);
            snprintf(schema, room, "%.*s", (int)(n < room ? n : room - 1), part + 8);
            if (*end) /* "?schema=a&b" keeps its "?" */
                memmove(part + 1, end + 1, strlen(end + 1) + 1);
            else
                *part = '\0';
            break;
        }
        part = end;
    }
    return copy;
}

bool pg_address_read(struct pg_address *at, const char *address, struct arena *a, const char **why)
{
    char *uri = without_schema(address, at->schema, sizeof at->schema), *reason = NULL;
    at->options = PQconninfoParse(uri, &reason);
    free(uri);
    if (!at->options) {
        *why = arena_print(a, "the address of the database can't be read: %.*s",
                           reason ? (int)strcspn(reason, "\n") : 9, reason ? reason : "no memory");
        PQfreemem(reason);
        return false;
    }
    const char *host = option(at->options, "host"), *port = option(at->options, "port"),
               *name = option(at->options, "dbname");
    snprintf(at->shown, sizeof at->shown, "%.80s%s%.10s/%.60s", host ? host : "", port ? ":" : "",
             port ? port : "", name ? name : "");
    if (!schema_fine(at->schema)) {
        *why = arena_print(a,
                           "the schema %s can't be used: a name of small letters, digits and _ is "
                           "expected, at most 59",
                           at->schema);
        pg_address_release(at);
        return false;
    }
    return true;
}

struct pg_address pg_address_copy(const struct pg_address *at)
{
    struct pg_address copy = *at;
    int n = 0;
    while (at->options[n].keyword)
        n++;
    copy.options = PQconninfoParse(
        "", NULL); /* memory of libpq, with the same keywords in the same order */
    for (int i = 0; copy.options && i < n; i++)
        copy.options[i].val = at->options[i].val ? must_copy(at->options[i].val) : NULL;
    return copy;
}

void pg_address_release(struct pg_address *at)
{
    PQconninfoFree(at->options);
    at->options = NULL;
}

/* ---- messages ---- */

static const char *advice(const char *reason)
{
    static const struct {
        const char *part, *what;
    } known[] = {
        {"password authentication failed",
         "check user and password in the address, in PGPASSWORD or in ~/.pgpass"},
        {"no password supplied", "give the password in PGPASSWORD or in ~/.pgpass"},
        {"no pg_hba.conf entry",
         "the server takes nobody from here: add a line to its pg_hba.conf and reload it"},
        {"could not translate host name", "check the host in the address"},
        {"Connection refused",
         "check host and port, and whether the server runs and listens there (listen_addresses)"},
        {"no answer", "the server does not answer: check host, port and the firewall"},
        {"timeout expired", "the server does not answer: check host, port and the firewall"},
        {"Connection timed out", "the server does not answer: check host, port and the firewall"},
        {"No such file or directory",
         "no server listens at this socket: check host, port and whether it runs"},
        {"does not exist",
         "make the database (createdb) and the role (createuser), or name others in the address"},
        {"certificate", "check sslmode, sslrootcert and the server's certificate"},
        {"SSL", "check sslmode in the address and the server's TLS settings"},
        {"invalid", "check the address"},
        {"too many", "raise max_connections on the server or start fewer workers"},
        {"starting up", "wait a moment and start again"},
        {"shutting down", "start the server again"},
        {"recovery",
         "this is a standby: add target_session_attrs=read-write and all hosts to the address"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strstr(reason, known[i].part))
            return known[i].what;
    return "see the server's log";
}

static char *message(const struct pg_address *at, const char *reason)
{
    char text[700];
    if (!*reason)
        reason = "no answer";
    size_t n = strcspn(reason, "\n");
    snprintf(text, sizeof text, "the database at %s can't be reached: %.*s (%s)", at->shown,
             (int)(n < 300 ? n : 300), reason, advice(reason));
    return must_copy(text);
}

enum status pg_status_of(const char *state)
{
    static const struct {
        const char *state;
        enum status status;
    } known[] = {
        {"23505", CONFLICT}, {"23503", CONFLICT}, {"23P01", CONFLICT},
        {"23502", INVALID},  {"23514", INVALID},  {"40001", BUSY},
        {"40P01", BUSY},     {"55P03", BUSY},     {"57014", BUSY},
    };
    if (!state)
        return UNAVAILABLE;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i].state, state) == 0)
            return known[i].status;
    return strncmp(state, "22", 2) == 0 ? INVALID : UNAVAILABLE;
}

/* ---- connecting ---- */

static void quiet(void *arg, const char *text)
{
    (void)arg;
    (void)text; /* "already exists, skipping" and the like */
}

bool pg_arrives(PGconn *c, int seconds)
{
    while (PQisBusy(c)) {
        struct pollfd p = {.fd = PQsocket(c), .events = POLLIN};
        int n = poll(&p, 1, seconds ? seconds * 1000 : -1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            shutdown(p.fd, SHUT_RDWR); /* nobody waits for the result any more */
            return false;
        }
        if (PQconsumeInput(c) == 0)
            return false;
    }
    return true;
}

/* Like PQexec, but with a time limit. NULL: no answer in time. The caller
 * clears the result. */
static PGresult *answer_to(PGconn *c, const char *sql)
{
    PGresult *last = NULL;
    if (PQsendQuery(c, sql) != 1)
        return NULL;
    while (pg_arrives(c, SETTLE)) {
        PGresult *r = PQgetResult(c);
        if (!r)
            return last;
        if (last && PQresultStatus(last) == PGRES_FATAL_ERROR) {
            PQclear(r); /* the first reason is the one to report */
            continue;
        }
        PQclear(last);
        last = r;
    }
    PQclear(last);
    return NULL;
}

static bool run(PGconn *c, const char *sql)
{
    PGresult *r = answer_to(c, sql);
    ExecStatusType s = PQresultStatus(r);
    PQclear(r);
    return s == PGRES_COMMAND_OK || s == PGRES_TUPLES_OK;
}

/* Only a connection that may create a database creates the schema. Others
 * notice a missing one at their first query. */
static char *settle_schema(PGconn *c, const struct pg_address *at, bool create)
{
    char sql[600];
    snprintf(sql, sizeof sql,
             "SELECT has_schema_privilege(oid, 'USAGE') FROM pg_namespace WHERE nspname = '%s'",
             at->schema);
    PGresult *r = answer_to(c, sql);
    bool there = PQntuples(r) == 1, closed = there && PQgetvalue(r, 0, 0)[0] != 't';
    PQclear(r);
    if (closed) {
        snprintf(sql, sizeof sql,
                 "the role %.60s may not use the schema %s in %.60s: connect as the role that owns "
                 "it, or let that run"
                 " GRANT USAGE ON SCHEMA \"%s\" TO \"%.60s\" and grant what is in it",
                 PQuser(c), at->schema, PQdb(c), at->schema, PQuser(c));
        return must_copy(sql);
    }
    if (!there && create) {
        snprintf(sql, sizeof sql, "CREATE SCHEMA IF NOT EXISTS \"%s\"", at->schema);
        if (!run(c, sql) && strstr(PQerrorMessage(c), "permission")) {
            snprintf(sql, sizeof sql,
                     "the role %.60s may not make the schema %s in %.60s: let the owner of the "
                     "database run"
                     " CREATE SCHEMA \"%s\" AUTHORIZATION \"%.60s\"",
                     PQuser(c), at->schema, PQdb(c), at->schema, PQuser(c));
            return must_copy(sql);
        }
    }
    snprintf(sql, sizeof sql, "SET search_path = \"%s\"",
             at->schema /* the schema's name may be a keyword of SQL */);
    return run(c, sql) ? NULL : message(at, PQerrorMessage(c));
}

void pg_limits(char sql[PG_LIMITS_ROOM], int seconds)
{
    snprintf(sql, PG_LIMITS_ROOM,
             "SELECT set_config(l.name, l.value, false) FROM (VALUES ('lock_timeout', '5s'), "
             "('statement_timeout', '%ds'),"
             " ('idle_in_transaction_session_timeout', '60s'), ('tcp_keepalives_idle', '5'), "
             "('tcp_keepalives_interval', '2'),"
             " ('tcp_keepalives_count', '2'), ('tcp_user_timeout', '6000')) AS l (name, value) "
             "JOIN pg_settings s USING (name)"
             " WHERE s.source IN ('default', 'configuration file', 'session');"
             "SELECT setting FROM pg_settings WHERE name = 'statement_timeout'",
             seconds);
}

void pg_be_patient(struct pg *pg, const char *ms)
{
    long most = strtol(ms, NULL, 10) / 1000;
    pg->patience = most > 0 && most < 100000 ? (int)most + GRACE : 0;
}

static bool settle_limits(PGconn *c, struct pg *pg)
{
    char sql[PG_LIMITS_ROOM + 150] = "SET standard_conforming_strings = on; SET bytea_output = "
                                     "hex; SET client_min_messages = error; SET jit = off;";
    pg_limits(sql + strlen(sql), pg->longest);
    PGresult *r = answer_to(c, sql);
    bool good = PQntuples(r) == 1;
    if (good)
        pg_be_patient(pg, PQgetvalue(r, 0, 0));
    PQclear(r);
    return good;
}

static char *settle(PGconn *c, struct pg *pg)
{
    const struct pg_address *at = &pg->at;
    enum db_mode mode = pg->db.mode;
    if (PQserverVersion(c) < OLDEST) {
        char text[400];
        snprintf(text, sizeof text,
                 "the database at %s is PostgreSQL %d: version 13 or newer is needed", at->shown,
                 PQserverVersion(c) / 10000);
        return must_copy(text);
    }
    char *why = settle_limits(c, pg) ? settle_schema(c, at, pg->create)
                                     : message(at, PQerrorMessage(c));
    if (why)
        return why;
    /* An acknowledged change must be on disk, whatever the server's default; a
     * stronger setting is kept. */
    const char *own = mode != DB_READ
                          ? "SELECT set_config('synchronous_commit', CASE WHEN "
                            "current_setting('synchronous_commit') IN ('off', 'local')"
                            " THEN 'on' ELSE current_setting('synchronous_commit') END, false)"
                          : "SET default_transaction_read_only = on; SET "
                            "default_transaction_isolation = 'repeatable read'";
    return run(c, own) ? NULL : message(at, PQerrorMessage(c));
}

PGconn *pg_connect(struct pg *pg, char **why)
{
    const struct pg_address *at = &pg->at;
    static const char *const plain[][2] = {
        {"connect_timeout", "3"},     {"keepalives_idle", "5"},
        {"keepalives_interval", "2"}, {"keepalives_count", "2"},
        {"tcp_user_timeout", "6000"}, {"fallback_application_name", "linli"},
        {"client_encoding", "UTF8"},
    };
    enum { MOST = 80 };
    const char *keys[MOST + 1] = {0}, *values[MOST + 1] = {0};
    int n = 0;
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        keys[n] = plain[i][0];
        values[n++] = plain[i][1];
    }
    for (const PQconninfoOption *o = at->options; o->keyword && n < MOST; o++)
        if (o->val) {
            keys[n] = o->keyword; /* of two settings with one name the later one applies */
            values[n++] = o->val;
        }
    PGconn *c = PQconnectdbParams(keys, values, 0);
    if (PQstatus(c) != CONNECTION_OK) {
        *why = message(at, c ? PQerrorMessage(c) : "no memory");
        PQfinish(c);
        return NULL;
    }
    PQsetNoticeProcessor(c, quiet, NULL);
    *why = settle(c, pg);
    if (!*why && PQsetnonblocking(c, 0) == 0 && PQenterPipelineMode(c) == 1)
        return c;
    if (!*why)
        *why = message(at, PQerrorMessage(c));
    PQfinish(c);
    return NULL;
}
