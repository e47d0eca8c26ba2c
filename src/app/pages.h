/* The route tables of the capabilities, for the server's list. */
#ifndef LINLI_APP_PAGES_H
#define LINLI_APP_PAGES_H

#include "web/server.h"

extern const struct routes resident_routes, desk_routes;

#endif
