/* Passes as sealed text: "request joiner until code", bound to a purpose. */
#include "core/pass.h"

#include "base/code.h"
#include "base/seal.h"
#include "web/web.h"

#include <stdlib.h>
#include <string.h>

const char *pass_seal(struct ctx *ctx, const char *purpose, const struct pass *p, int64_t seconds)
{
    return seal_text(ctx->keys, ctx->arena, purpose,
                     arena_print(ctx->arena, "%lld %lld %lld %s", (long long)p->request,
                                 (long long)(p->joiner == NONE ? 0 : p->joiner),
                                 (long long)ctx->now + seconds, p->code ? p->code : ""));
}

bool pass_open(struct ctx *ctx, const char *purpose, const char *text, struct pass *p)
{
    const char *plain = NULL;
    if (!text || strlen(text) > 400 || !seal_is(text) ||
        seal_open(ctx->keys, ctx->arena, purpose, text, &plain) != OK)
        return false;
    char *end;
    p->request = strtoll(plain, &end, 10);
    p->joiner = strtoll(end, &end, 10);
    int64_t until = strtoll(end, &end, 10);
    p->joiner = p->joiner ? p->joiner : NONE;
    p->code = *end && end[1] ? end + 1 : NULL;
    return until > ctx->now;
}

#define OWN_COOKIE "linli_ask"
#define OWN_BYTES  16 /* 22 characters of base64url */

void pass_bind(struct ctx *ctx)
{
    const char *own = cookie(ctx, OWN_COOKIE);
    if (!own || strlen(own) != 22)
        answer_cookie(ctx, OWN_COOKIE, code_token(ctx->arena, OWN_BYTES), 0);
}

const char *pass_purpose(struct ctx *ctx, const char *what)
{
    const char *own = cookie(ctx, OWN_COOKIE);
    return arena_print(ctx->arena, "%s %.64s", what, own ? own : "");
}
