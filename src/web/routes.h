/* Which route an address and a method have. Made once when the gate is; read by all threads afterwards. */
#ifndef LINLI_WEB_ROUTES_H
#define LINLI_WEB_ROUTES_H

#include "web/web.h"

struct route_table;
struct visit;

struct route_table *route_table_new(void);
void route_table_free(struct route_table *t);
/* r must outlive the table. A path that can't be, a route without roles or one that is there twice ends the process. */
void route_table_add(struct route_table *t, const struct route *r);
/* Sets the visit's method and route, what stands at the places of its path, and, where only the method does not fit,
 * the methods that do. */
void route_table_find(const struct route_table *t, struct visit *v);
const char *method_name(enum method m); /* "GET" */

#endif
