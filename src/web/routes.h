/* Finds the route of a path and a method. The table is made once, with the gate, and then only
 * read, by all threads. */
#ifndef LINLI_WEB_ROUTES_H
#define LINLI_WEB_ROUTES_H

#include "web/web.h"

struct route_table;
struct visit;

struct route_table *route_table_new(void);
void route_table_free(struct route_table *t);
/* r must outlive the table. An invalid path, a route without roles or a duplicate ends the
 * process. */
void route_table_add(struct route_table *t, const struct route *r);
/* Sets the visit's method and route, the values of the path's places and, if only the method
 * does not fit, the methods that do. */
void route_table_find(const struct route_table *t, struct visit *v);
const char *method_name(enum method m); /* "GET" */

#endif
