/*
 * Where a request comes from: protection against requests that another website
 * makes a browser send (CSRF), and against foreign host names (DNS rebinding).
 */
#ifndef LINLI_WEB_ORIGIN_H
#define LINLI_WEB_ORIGIN_H

#include "web/gate.h"

/* Whether the Host header names this server. Without a configured host, any name fits. */
bool origin_host_fits(const struct site *site, const struct visit *v);
/* False if the browser says that another website sent the request. */
bool origin_same(const struct visit *v);
/* Whether the browser says where the request comes from. If not, it must carry the CSRF token. */
bool origin_stated(const struct visit *v);
/* Whether the request carries the session's CSRF token (field _csrf or header X-CSRF). */
bool origin_token_fits(struct visit *v);

#endif
