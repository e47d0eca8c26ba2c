/* Addresses are parsed by the system's inet_pton, which knows every form. */
#include "web/address.h"

#include <arpa/inet.h>
#include <string.h>

#define WRITTEN_MOST 64 /* bytes: an IPv6 address in brackets with its port */

/* Removes brackets and a port. An IPv6 address without brackets has no port. */
static bool bare(char *s)
{
    if (*s == '[') {
        char *end = strchr(s, ']');
        if (!end || (end[1] && end[1] != ':'))
            return false;
        *end = '\0';
        memmove(s, s + 1, strlen(s));
    } else if (strchr(s, ':') && strchr(s, ':') == strrchr(s, ':')) {
        *strchr(s, ':') = '\0';
    }
    char *zone = strchr(s, '%'); /* fe80::1%eth0 */
    if (zone)
        *zone = '\0';
    return true;
}

static void read_v4(struct arena *a, const struct in_addr *in, struct address *out)
{
    char text[INET_ADDRSTRLEN];
    inet_ntop(AF_INET, in, text, sizeof text);
    out->text = out->group = arena_copy(a, text);
    out->loopback = ntohl(in->s_addr) >> 24 == 127;
}

static void read_v6(struct arena *a, const struct in6_addr *in, struct address *out)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr network = *in;
    memset(network.s6_addr + 8, 0, 8);
    inet_ntop(AF_INET6, in, text, sizeof text);
    out->text = arena_copy(a, text);
    out->loopback = IN6_IS_ADDR_LOOPBACK(in);
    inet_ntop(AF_INET6, &network, text, sizeof text);
    out->group = arena_print(a, "%s/64", text);
}

bool address_read(struct arena *a, const char *typed, struct address *out)
{
    char s[WRITTEN_MOST];
    typed += strspn(typed, " \t\"");
    size_t n = strcspn(typed, " \t\",");
    if (n == 0 || n >= sizeof s)
        return false;
    memcpy(s, typed, n);
    s[n] = '\0';
    struct in_addr v4;
    struct in6_addr v6;
    if (!bare(s))
        return false;
    if (inet_pton(AF_INET, s, &v4) == 1) {
        read_v4(a, &v4, out);
    } else if (inet_pton(AF_INET6, s, &v6) == 1 && IN6_IS_ADDR_V4MAPPED(&v6)) {
        memcpy(&v4, v6.s6_addr + 12, sizeof v4);
        read_v4(a, &v4, out);
    } else if (inet_pton(AF_INET6, s, &v6) == 1) {
        read_v6(a, &v6, out);
    } else {
        return false;
    }
    return true;
}
