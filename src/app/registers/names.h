/*
 * The names of all units, categories or communities in the reader's language,
 * to choose from a list and to show many records without a query for each.
 *
 *     struct names units = names_load(ctx, "units");
 *     html(out, "{}", names_find(&units, r->unit));
 */
#ifndef LINLI_APP_NAMES_H
#define LINLI_APP_NAMES_H

#include "base/ctx.h"

struct named {
    int64_t id;
    int depth; /* number of ancestors; 0: none */
    const char *name;
    const char *full; /* "parent › name" if others have the same name */
    /* Shown but not offered: an area that is not valid today, a category no longer in use, a
     * unit where nobody can sign in any more. */
    bool out_of_use;
};
struct names {
    struct named *list;
    int count;
};

/* kind: "units", "categories" (each after its parent) or "communities". The result lives as
 * long as ctx, or is cached with ctx->db until the next commit. */
struct names names_load(struct ctx *ctx, const char *kind);
const char *names_find(const struct names *n, int64_t id); /* the full name; "" if there is none */
/* Draws an <option> for each, categories indented below their parents; chosen: NONE for none. */
void names_options(struct ctx *ctx, const struct names *n, int64_t chosen);

#endif
