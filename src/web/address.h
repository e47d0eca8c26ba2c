/*
 * The network address of a request, and what rate limits count.
 *
 * A household or a phone has a whole IPv6 /64, so limits count networks, not
 * single IPv6 addresses (RFC 6177). An address may be written with a port, in
 * brackets, or as IPv4 within IPv6 (RFC 4291 §2.5.5.2): all mean the same
 * visitor.
 *
 *     struct address a;
 *     if (address_read(arena, "[2001:db8::7]:443", &a))
 *         …;    // a.text "2001:db8::7", a.group "2001:db8::/64"
 */
#ifndef LINLI_WEB_ADDRESS_H
#define LINLI_WEB_ADDRESS_H

#include "base/arena.h"

#include <stdbool.h>

struct address {
    const char *text;  /* in canonical form, without a port; in the arena */
    const char *group; /* what limits count: an IPv4 address, or an IPv6 /64 */
    bool loopback;     /* 127.0.0.0/8 or ::1 */
};

/* Parses an address as written by a proxy or the server. If it is not one, returns false and
 * leaves out unchanged. */
bool address_read(struct arena *a, const char *typed, struct address *out);

#endif
