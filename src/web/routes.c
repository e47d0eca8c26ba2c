/*
 * The table of routes: paths are parsed once and found by their first part. If
 * several routes match a path, the one with the most literal parts is tried
 * first.
 */
#include "web/routes.h"

#include "web/gate.h"

#include <stdlib.h>
#include <string.h>

#define SEGMENTS_MOST 12
#define BUCKETS       64

struct compiled {
    const struct route *route;
    int count, literals;
    bool slash; /* the URL may end with / */
    struct {
        const char *text; /* NULL: a place */
        size_t size;
        char place; /* 'i' id, 'n' name, 'r' rest */
    } part[SEGMENTS_MOST];
    struct compiled *next;
};

struct route_table {
    struct compiled *buckets[BUCKETS]; /* by the first part */
};

static const char *const verbs[METHOD_COUNT] = {"GET", "POST", "PATCH", "DELETE"};

const char *method_name(enum method m)
{
    return verbs[m];
}

struct route_table *route_table_new(void)
{
    struct route_table *t = must_alloc(sizeof *t);
    *t = (struct route_table){{NULL}};
    return t;
}

void route_table_free(struct route_table *t)
{
    for (int i = 0; i < BUCKETS; i++)
        for (struct compiled *c = t->buckets[i], *next; c; c = next) {
            next = c->next;
            free(c);
        }
    free(t);
}

static unsigned bucket_of(const char *s, size_t n)
{
    unsigned h = 5381;
    while (n--)
        h = h * 33 + (unsigned char)*s++;
    return h % BUCKETS;
}

void route_table_add(struct route_table *t, const struct route *r)
{
    struct compiled *c = must_alloc(sizeof *c);
    c->route = r;
    const char *p = r->path;
    while (*p == '/' && p[1]) {
        size_t n = strcspn(++p, "/");
        if (c->count == SEGMENTS_MOST)
            write_mismatch(r->path);
        c->part[c->count].size = n;
        if (*p == '{') {
            char place = strncmp(p, "{id}", n) == 0     ? 'i'
                         : strncmp(p, "{name}", n) == 0 ? 'n'
                         : strncmp(p, "{rest}", n) == 0 ? 'r'
                                                        : 0;
            if (!place || c->count == 0 || (place == 'r' && p[n]))
                write_mismatch(r->path);
            c->part[c->count].place = place;
        } else {
            c->part[c->count].text = p;
            c->literals++;
        }
        c->count++;
        p += n;
    }
    c->slash = c->count && *p == '/';
    if (r->path[0] != '/' || !r->roles || !r->handle)
        write_mismatch(r->path);
    struct compiled **at = &t->buckets[c->count ? bucket_of(c->part[0].text, c->part[0].size) : 0];
    while (*at && (*at)->literals >= c->literals) { /* paths with more literal words come first */
        if ((*at)->route->method == r->method && strcmp((*at)->route->path, r->path) == 0)
            write_mismatch(r->path);
        at = &(*at)->next;
    }
    c->next = *at;
    *at = c;
}

static bool is_word(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!((s[i] >= 'a' && s[i] <= 'z') || (s[i] >= '0' && s[i] <= '9') || s[i] == '_' ||
              s[i] == '-'))
            return false;
    return n > 0;
}

static bool route_fits(const struct compiled *c, struct visit *v)
{
    const char *p = v->ex.path;
    struct exchange *ex = &v->ex;
    for (int i = 0; i < c->count; i++) {
        if (*p != '/')
            return false;
        p++;
        if (c->part[i].place == 'r') {
            ex->rest = p;
            return *p != '\0';
        }
        size_t n = strcspn(p, "/");
        if (c->part[i].text) {
            if (n != c->part[i].size || memcmp(p, c->part[i].text, n) != 0)
                return false;
        } else if (c->part[i].place == 'i') {
            if (n == 0 || n > 18 || strspn(p, "0123456789") != n)
                return false;
            ex->id = strtoll(p, NULL, 10);
        } else {
            if (!is_word(p, n))
                return false;
            ex->name = arena_copyn(v->arena, p, n);
        }
        p += n;
    }
    if (c->slash && strcmp(p, "/") == 0)
        return true;
    return c->count ? *p == '\0' : strcmp(p, "/") == 0;
}

void route_table_find(const struct route_table *t, struct visit *v)
{
    for (int i = 0; i < METHOD_COUNT; i++)
        if (strcmp(verbs[i], v->verb) == 0 || (v->head && i == GET)) {
            v->ex.method = (enum method)i;
            v->known_method = true;
        }
    const char *first = v->ex.path + 1;
    size_t n = strcspn(first, "/");
    for (const struct compiled *c = t->buckets[n ? bucket_of(first, n) : 0]; c && !v->bad_path;
         c = c->next) {
        v->ex.id = NONE;
        v->ex.name = v->ex.rest = NULL;
        if (!route_fits(c, v))
            continue;
        if (v->known_method && c->route->method == v->ex.method) {
            v->route = v->ex.route = c->route;
            break;
        }
        const char *verb = verbs[c->route->method];
        v->allow = v->allow ? arena_print(v->arena, "%s, %s", v->allow, verb) : verb;
    }
}
