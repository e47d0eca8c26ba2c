/*
 * The public header of a volunteer's own pages: shifts, visits and hours,
 * invitations, the calendar feed.
 */
#ifndef LINLI_APP_MY_H
#define LINLI_APP_MY_H

/* Its modules, for program/modules.c. */
#define MY_MODULES(M) \
    M(my_module) \
    M(asks_module) \
    M(own_feed_module)

#endif
