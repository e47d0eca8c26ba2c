/*
 * Searching without leaving traces. A name or phone number in a search is
 * encrypted in the URL, so neither browser histories nor proxy logs contain
 * it. A search form posts its fields to /find, which redirects to the list's
 * URL. There the gate decrypts the words, but only for the account that
 * searched.
 */
#include "base/seal.h"
#include "base/text.h"
#include "web/gate.h"

#include <string.h>

#define MARK '~'
#define MOST ((size_t)400) /* bytes of words */

static const char *purpose(struct ctx *ctx)
{
    return arena_print(ctx->arena, "search %lld %lld", (long long)ctx->actor.user,
                       (long long)ctx->actor.volunteer);
}

const char *words_sealed(struct ctx *ctx, const char *typed)
{
    const char *words = typed ? text_tidy(ctx->arena, typed) : NULL;
    if (!words || !*words || !ctx->keys)
        return words ? words : "";
    return arena_print(
        ctx->arena, "%c%s", MARK,
        seal_text(ctx->keys, ctx->arena, purpose(ctx), text_cut(ctx->arena, words, MOST / 4)));
}

/* Search words that can't be decrypted are truncated or forged: nothing is searched. */
void words_open(struct visit *v)
{
    for (int i = 0; i < v->ex.query_count; i++) {
        const struct param *p = &v->ex.query[i];
        if (strcmp(p->name, "q") != 0 || p->value[0] != MARK ||
            strncmp(p->value + 1, SEAL_PREFIX, strlen(SEAL_PREFIX)) != 0)
            continue;
        const char *words = NULL;
        struct param *own = ARENA_ARRAY(v->arena, struct param, v->ex.query_count);
        memcpy(own, v->ex.query, sizeof *own * (size_t)v->ex.query_count);
        if (!v->ctx.keys ||
            seal_open(v->ctx.keys, v->arena, purpose(&v->ctx), p->value + 1, &words) != OK ||
            !words)
            words = "";
        v->ex.words = p->value;
        own[i].value = words;
        v->ex.query = own;
        return;
    }
}

const char *query_again(const struct ctx *ctx, const char *name)
{
    return ctx->web->words && strcmp(name, "q") == 0 ? ctx->web->words : query_param(ctx, name);
}

void find_begin(struct ctx *ctx, const char *css, const char *to)
{
    html(ctx->web->out,
         "<form class=\"{}\" role=\"search\" method=\"post\" action=\"/find\"><input "
         "type=\"hidden\" name=\"_to\" value=\"{}\">",
         css, to);
    if (ctx->web->csrf)
        html(ctx->web->out, "<input type=\"hidden\" name=\"_csrf\" value=\"{}\">", ctx->web->csrf);
}

/* Whether it is a plain local path. */
static bool path_plain(const char *to)
{
    return to[0] == '/' && to[1] != '/' &&
           to[strspn(to, "abcdefghijklmnopqrstuvwxyz0123456789/-_")] == '\0';
}

static void find(struct ctx *ctx)
{
    const char *to = param(ctx, "_to");
    struct buf b;
    if (!to || !path_plain(to)) {
        ctx_fail(ctx, NOT_FOUND, NULL);
        return;
    }
    buf_init(&b, 0);
    buf_puts(&b, to);
    char before = '?';
    for (int i = 0; i < ctx->web->form_count; i++) {
        const struct param *p = &ctx->web->form[i];
        const char *value = strcmp(p->name, "q") ? p->value : words_sealed(ctx, p->value);
        if (p->name[0] == '_' || !*value)
            continue;
        buf_putc(&b, before);
        plain(&b, "{}={}", (struct url_part){p->name}, (struct url_part){value});
        before = '&';
    }
    answer_code(ctx, 303);
    answer_header(ctx, "Location", b.data);
    buf_release(&b);
}

const struct route find_routes[] = {
    ROUTE_POST("/find", ROLES_SIGNED, find, .flags = READS),
};
const int find_route_count = (int)(sizeof find_routes / sizeof *find_routes);
