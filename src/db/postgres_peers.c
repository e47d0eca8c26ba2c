/*
 * Several processes on one PostgreSQL database: excluding the other writers,
 * electing a leader, waiting for a notification, and noticing others' commits.
 */
#include "db/postgres.h"

#include <poll.h>
#include <stdio.h>
#include <unistd.h>

/* Every writing transaction shares WRITERS_LOCK. To exclude the others, a connection takes it
 * exclusively. */
void pg_alone(struct db *db, bool alone)
{
    struct pg *pg = pg_of(db);
    if ((!alone && !pg->alone) || pg->inside || !pg_ready(pg))
        return;
    if (alone && pg->alone != pg->epoch && pg_run(pg, "SELECT pg_advisory_lock(" WRITERS_LOCK ")"))
        pg->alone = pg->epoch;
    else if (!alone && pg->alone == pg->epoch)
        pg_run(pg, "SELECT pg_advisory_unlock(" WRITERS_LOCK ")");
    if (!alone)
        pg->alone = 0;
    db_clear(db); /* if that failed, the group runs beside the others once more */
}

bool pg_lead(struct db *db, const char *name)
{
    struct pg *pg = pg_of(db);
    if (!pg_ready(pg))
        return false;
    if (pg->leading != pg->epoch && query_int(db,
                                              "SELECT pg_try_advisory_lock(hashtextextended('linli "
                                              "lead ' || {} || ' ' || current_schema(), 0))",
                                              name) == 1)
        pg->leading = pg->epoch;
    return pg->leading == pg->epoch;
}

void pg_wait(struct db *db, int fd, int ms)
{
    struct pg *pg = pg_of(db);
    db_clear(db);
    if (pg_ready(pg) && pg->listening != pg->epoch) {
        if (pg_run(pg, "SELECT format('LISTEN %I', 'linli ' || current_schema())")) {
            char sql[200];
            snprintf(sql, sizeof sql, "%s", PQgetvalue(pg->last, 0, 0));
            if (pg_run(pg, sql))
                pg->listening = pg->epoch;
        }
    }
    struct pollfd fds[2] = {{.fd = fd, .events = POLLIN},
                            {.fd = pg->lost ? -1 : PQsocket(pg->conn), .events = POLLIN}};
    bool heard = false;
    for (PGnotify *n; !pg->lost && (n = PQnotifies(pg->conn)) != NULL; PQfreemem(n))
        heard = true; /* arrived with the result of a query */
    if (!heard)
        poll(fds, 2, ms);
    if ((fds[1].revents & POLLIN) && PQconsumeInput(pg->conn) == 0)
        pg->lost = true;
    for (PGnotify *n; !pg->lost && (n = PQnotifies(pg->conn)) != NULL; PQfreemem(n))
        ;
    uint64_t count;
    ssize_t n = read(fd, &count, sizeof count);
    (void)n;
}

/* The number of committed groups. The connection's epoch is part of it: after a failover the
 * server may know fewer groups. The server's own transaction counter is no use: it also counts
 * other databases' changes, and on Citus the data is on another server. */
int64_t pg_version(struct db *db)
{
    pg_of(db)->asking = true;
    int64_t groups = query_int(db, "SELECT sum(groups)::bigint FROM linli_writers");
    pg_of(db)->asking = false;
    return groups == NONE ? NONE : groups + (pg_of(db)->epoch << 44);
}
