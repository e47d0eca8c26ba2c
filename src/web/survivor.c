/*
 * The address of a record that was merged (app/registers/merge.h) leads to the survivor:
 * a page, a printed QR code, an id of the API. Only if the reader may see the
 * survivor, and only to read: a change must name the record that it changes.
 */
#include "web/gate.h"

#include <string.h>

/* The path with another id at the place of {id}; NULL: it has no such place. */
static const char *path_with(struct ctx *ctx, int64_t id)
{
    const char *pattern = ctx->web->route->path, *path = ctx->web->path;
    while (*pattern == '/' && *path == '/') {
        size_t here = strcspn(++pattern, "/");
        path++;
        if (here == 4 && !strncmp(pattern, "{id}", 4))
            return arena_print(ctx->arena, "%.*s%lld%s", (int)(path - ctx->web->path),
                               ctx->web->path, (long long)id, path + strcspn(path, "/"));
        pattern += here;
        path += strcspn(path, "/");
    }
    return NULL;
}

bool survivor_follow(struct ctx *ctx, const struct kind *k, int64_t id)
{
    int64_t to = id == NONE ? NONE : record_survivor(ctx, k, id);
    const char *path = to != NONE && ctx->web->method == GET && record_reached(ctx, k, to)
                           ? path_with(ctx, to)
                           : NULL;
    if (!path)
        return false;
    if (!ctx->web->wants_json && !ctx->web->fragment)
        flash(ctx, say(ctx, "The entry you asked for was merged into this one."));
    see_other(ctx, "{}{}{}", (struct markup){path},
              (struct markup){*ctx->web->query_text ? "?" : ""},
              (struct markup){ctx->web->query_text});
    return true;
}
