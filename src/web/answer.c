/*
 * The functions for handlers that read input and write the answer (web/web.h).
 * Everything lives in the request's arena.
 */
#include "web/gate.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *find(const struct param *list, int count, const char *name)
{
    for (int i = 0; i < count; i++)
        if (strcmp(list[i].name, name) == 0)
            return list[i].value;
    return NULL;
}

const char *query_param(const struct ctx *ctx, const char *name)
{
    return find(ctx->web->query, ctx->web->query_count, name);
}

const char *param(const struct ctx *ctx, const char *name)
{
    const char *value = find(ctx->web->form, ctx->web->form_count, name);
    return value ? value : query_param(ctx, name);
}

const char *header(const struct ctx *ctx, const char *lower_name)
{
    return find(ctx->web->headers, ctx->web->header_count, lower_name);
}

const char *cookie(const struct ctx *ctx, const char *name)
{
    return find(ctx->web->cookies, ctx->web->cookie_count, name);
}

static const char *typed(struct ctx *ctx, const char *name, const char *text, int most)
{
    if (!text || !*text)
        return NULL;
    if (text_length(text) > (size_t)most && !ctx_problem_of(ctx, name))
        ctx_problem(ctx, name,
                    say(ctx, "No more than {} characters; you have used {}.", most,
                        (int64_t)text_length(text)));
    return text;
}

const char *param_line(struct ctx *ctx, const char *name, int most)
{
    return typed(ctx, name, text_tidy(ctx->arena, param(ctx, name)), most);
}

const char *param_lines(struct ctx *ctx, const char *name, int most)
{
    return typed(ctx, name, text_tidy_lines(ctx->arena, param(ctx, name)), most);
}

static int64_t number(const char *text)
{
    if (!text || !*text || strchr(" \t\n\v\f\r+", *text))
        return NONE;
    char *end;
    errno = 0;
    long long v = strtoll(text, &end, 10);
    return errno || *end ? NONE : v;
}

int64_t param_int(const struct ctx *ctx, const char *name)
{
    return number(param(ctx, name));
}

/* Fills ids with at most `most` of the values; returns how many there are. */
static int ints_of(const struct param *list, int count, const char *name, int64_t *ids, int most)
{
    int n = 0;
    for (int i = 0; i < count; i++)
        if (strcmp(list[i].name, name) == 0) {
            int64_t v = number(list[i].value);
            if (v != NONE && n++ < most)
                ids[n - 1] = v;
        }
    return n;
}

int param_ints(struct ctx *ctx, const char *name, int64_t *ids, int most)
{
    int n = ints_of(ctx->web->form, ctx->web->form_count, name, ids, most);
    if (n == 0)
        n = ints_of(ctx->web->query, ctx->web->query_count, name, ids, most);
    if (n <= most)
        return n;
    if (!ctx_problem_of(ctx, name))
        ctx_problem(ctx, name, say(ctx, "Choose no more than {}; you chose {}.", most, n));
    return most;
}

void answer_code(struct ctx *ctx, int code)
{
    ctx->web->code = code;
}

static void header_put(struct ctx *ctx, const char *name, const char *value, bool again)
{
    struct exchange *ex = ctx->web;
    char *clean = arena_copy(ctx->arena, value ? value : "");
    for (char *p = clean; *p; p++) /* so that nothing can start another header */
        if ((unsigned char)*p < 0x20 || *p == 0x7F)
            *p = ' ';
    for (int i = 0; !again && i < ex->answer_count; i++)
        if (strcmp(ex->answer[i].name, name) == 0) {
            ex->answer[i].value = clean;
            return;
        }
    if (ex->answer_count < ANSWER_HEADERS_MOST)
        ex->answer[ex->answer_count++] = (struct param){arena_copy(ctx->arena, name), clean};
}

void answer_header(struct ctx *ctx, const char *name, const char *value)
{
    header_put(ctx, name, value, false);
}

void answer_cookie(struct ctx *ctx, const char *name, const char *value, int64_t seconds)
{
    struct buf b;
    buf_init(&b, 0);
    plain(&b, "{}={}; Path={}; HttpOnly; SameSite=Lax", name, (struct url_part){value ? value : ""},
          *ctx->web->prefix ? ctx->web->prefix : "/");
    if (seconds)
        plain(&b, "; Max-Age={}", seconds < 0 ? (int64_t)0 : seconds);
    if (ctx->web->tls)
        buf_puts(&b, "; Secure");
    header_put(ctx, "Set-Cookie", b.data, true);
    buf_release(&b);
}

void answer_type(struct ctx *ctx, const char *content_type)
{
    answer_header(ctx, "Content-Type", content_type);
}

void see_other_write(struct ctx *ctx, const char *literal, const struct arg *args, int count)
{
    struct arg safe[16];
    if (count > 16)
        write_mismatch(literal);
    for (int i = 0; i < count; i++) {
        safe[i] = args[i];
        if (safe[i].type == ARG_TEXT)
            safe[i].type = ARG_URL;
    }
    struct buf b;
    buf_init(&b, 0);
    plain_write(&b, literal, safe, count);
    answer_code(ctx, 303);
    answer_header(ctx, "Location", b.data);
    buf_release(&b);
}

void answer_download(struct ctx *ctx, const char *filename, const char *content_type)
{
    struct buf b;
    buf_init(&b, 0);
    plain(&b, "attachment; filename*=UTF-8''{}", (struct url_part){filename});
    answer_header(ctx, "Content-Disposition", b.data);
    answer_type(ctx, content_type);
    buf_release(&b);
}

const char *url_with(struct ctx *ctx, const char *name, const char *value)
{
    struct buf b;
    buf_init(&b, 0);
    buf_puts(&b, ctx->web->path);
    char before = '?';
    for (int i = 0; i < ctx->web->query_count; i++) {
        const struct param *p = &ctx->web->query[i];
        if (strcmp(p->name, name) == 0)
            continue;
        buf_putc(&b, before);
        bool words = ctx->web->words && strcmp(p->name, "q") == 0;
        plain(&b, "{}={}", (struct url_part){p->name},
              (struct url_part){words ? ctx->web->words : p->value});
        before = '&';
    }
    if (value) {
        buf_putc(&b, before);
        plain(&b, "{}={}", (struct url_part){name}, (struct url_part){value});
    }
    const char *url = arena_copyn(ctx->arena, b.data, b.size);
    buf_release(&b);
    return url;
}
