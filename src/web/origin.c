/*
 * Checks of Host, Origin, Sec-Fetch-Site and the CSRF token. The gate decides
 * which of them a route needs.
 */
#include "web/origin.h"

#include <sodium.h>
#include <string.h>
#include <strings.h>

/* Current browsers send Sec-Fetch-Site or Origin. An API client sends neither, and has no cookie
 * that another website could abuse. */
bool origin_same(const struct visit *v)
{
    const char *site = header(&v->ctx, "sec-fetch-site");
    if (site && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0)
        return false;
    const char *origin = header(&v->ctx, "origin"), *host = header(&v->ctx, "host");
    if (!origin)
        return true;
    const char *after = strstr(origin, "://");
    return after && host && strcasecmp(after + 3, host) == 0;
}

static bool begins(const char *s, const char *with)
{
    return strncasecmp(s, with, strlen(with)) == 0;
}

/* Refusing other names stops a foreign domain that was pointed at this machine. */
bool origin_host_fits(const struct site *site, const struct visit *v)
{
    if (v->inside && !*v->ex.prefix)
        return true; /* the tenant was chosen by that name */
    const char *name = site->host, *host = header(&v->ctx, "host"), *peer = v->peer ? v->peer : "";
    if (!name || (host && strcasecmp(name, host) == 0))
        return true;
    bool here = strcmp(peer, "::1") == 0 || strncmp(peer, "127.", 4) == 0;
    return here && (!host || begins(host, "127.0.0.1") || begins(host, "localhost") ||
                    begins(host, "[::1]"));
}

bool origin_stated(const struct visit *v)
{
    return header(&v->ctx, "sec-fetch-site") || header(&v->ctx, "origin");
}

bool origin_token_fits(struct visit *v)
{
    const char *sent = param(&v->ctx, "_csrf");
    if (!sent)
        sent = header(&v->ctx, "x-csrf");
    return sent && v->ex.csrf && strlen(sent) == strlen(v->ex.csrf) &&
           sodium_memcmp(sent, v->ex.csrf, strlen(sent)) == 0;
}
