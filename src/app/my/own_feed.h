/*
 * The calendar feed of one volunteer.
 */
#ifndef LINLI_APP_OWN_FEED_H
#define LINLI_APP_OWN_FEED_H

#include "app/volunteers/volunteers.h"

/* The secret URL; NULL: none was made. */
const char *volunteer_feed_path(struct ctx *ctx, const struct volunteer *v);

#endif
