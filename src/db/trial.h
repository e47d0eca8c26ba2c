/*
 * Failures that tests inject into a database. Not compiled without assertions
 * (NDEBUG).
 *
 *     db_trial_reads(db, 3, false);    the fourth read from now on fails, later ones succeed
 *     job->run(&ctx);
 *     assert_true(ctx.status != OK || !db_trial_met(db));
 */
#ifndef LINLI_DB_TRIAL_H
#define LINLI_DB_TRIAL_H

#include "db/db.h"

/* Lets `before` more reads succeed, then one fails as if the connection were
 * lost; all: so do all later ones. before -1: turns it off. */
void db_trial_reads(struct db *db, int before, bool all);
bool db_trial_met(const struct db *db); /* whether a read has failed since */

#endif
