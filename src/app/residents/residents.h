/*
 * The public header of the pages that need no account: asking, tracking, the
 * map.
 */
#ifndef LINLI_APP_RESIDENTS_H
#define LINLI_APP_RESIDENTS_H

/* Its modules, for program/modules.c. */
#define RESIDENTS_MODULES(M) \
    M(residents_module) \
    M(map_module)

#endif
