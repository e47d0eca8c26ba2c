/*
 * Embedded assets, and three pages for machines: /healthz (the process
 * responds), /readyz (the database can be read), /metrics (Prometheus).
 */
#include "web/static.h"

#include "web/gate.h"

#include <stdlib.h>
#include <string.h>

static int by_name(const void *key, const void *entry)
{
    return strcmp(key, ((const struct asset *)entry)->name);
}

static const struct asset *asset_find(const char *name)
{
    return bsearch(name, assets, (size_t)asset_count, sizeof *assets, by_name);
}

const char *asset_url(struct arena *a, const char *name)
{
    const struct asset *found = asset_find(name);
    return found ? arena_print(a, "/assets/%s?v=%s", name, found->hash)
                 : arena_print(a, "/assets/%s", name);
}

static void asset_draw(struct ctx *ctx)
{
    const struct asset *f = asset_find(ctx->web->rest);
    if (!f) {
        ctx_fail(ctx, NOT_FOUND, NULL);
        return;
    }
    struct visit *v = visit_of(ctx);
    const char *accept = header(ctx, "accept-encoding"), *known = header(ctx, "if-none-match"),
               *asked = query_param(ctx, "v");
    bool zip = f->gzip && accept && strstr(accept, "gzip");
    const char *tag = arena_print(ctx->arena, "\"%s%s\"", f->hash, zip ? "-gz" : "");
    answer_type(ctx, f->type);
    answer_header(ctx, "ETag", tag);
    if (strcmp(ctx->web->rest, "sw.js") == 0)
        answer_header(
            ctx, "Service-Worker-Allowed",
            arena_print(
                ctx->arena, "%s/",
                ctx->web->prefix)); /* a service worker outside /assets/, because it caches pages */
    answer_header(ctx, "Vary", "Accept-Encoding");
    answer_header(ctx, "Cache-Control",
                  asked && strcmp(asked, f->hash) == 0 ? "public, max-age=31536000, immutable"
                                                       : "public, no-cache");
    if (known && strcmp(known, tag) == 0) {
        answer_code(ctx, 304);
        return;
    }
    if (zip)
        answer_header(ctx, "Content-Encoding", "gzip");
    v->fixed = zip ? f->gzip : f->data;
    v->fixed_size = zip ? (size_t)(f->gzip_end - f->gzip) : (size_t)(f->data_end - f->data);
}

static void health_draw(struct ctx *ctx)
{
    answer_type(ctx, "text/plain; charset=utf-8");
    buf_puts(ctx->web->out, "ok\n");
}

static void ready_draw(struct ctx *ctx)
{
    answer_type(ctx, "text/plain; charset=utf-8");
    query_int(ctx->db, "SELECT count(*) AS n FROM (SELECT 1 FROM users LIMIT 1) AS t");
    struct writer *writer = atomic_load(&ctx->site->writer);
    if (writer && !writer_ready(writer)) { /* pages can still be read */
        answer_code(ctx, 503);
        buf_puts(ctx->web->out, "changes can't be stored\n");
        return;
    }
    buf_puts(ctx->web->out, "ready\n");
}

/* For this machine itself, or for a program with a token. */
static bool may_measure(struct ctx *ctx)
{
    return ctx->web->here || visit_of(ctx)->bearer;
}

static void metrics_draw(struct ctx *ctx)
{
    if (!may_measure(ctx)) {
        ctx_fail(ctx, NOT_FOUND, NULL);
        return;
    }
    struct buf *out = ctx->web->out;
    struct site *s = ctx->site;
    answer_type(ctx, "text/plain; version=0.0.4; charset=utf-8");
    plain(out, "# TYPE linli_requests_total counter\nlinli_requests_total {}\n",
          atomic_load(&s->requests));
    plain(out, "# TYPE linli_changes_total counter\nlinli_changes_total {}\n",
          atomic_load(&s->changes));
    plain(out, "# TYPE linli_refused_total counter\nlinli_refused_total {}\n",
          atomic_load(&s->refused));
    plain(out, "# TYPE linli_failures_total counter\nlinli_failures_total {}\n",
          atomic_load(&s->failures));
    plain(out, "# TYPE linli_live_pages gauge\nlinli_live_pages {}\n", atomic_load(&s->live));
    plain(out, "# TYPE linli_up_seconds gauge\nlinli_up_seconds {}\n", ctx->now - s->started);
    plain(out, "# TYPE linli_journal_newest gauge\nlinli_journal_newest {}\n",
          atomic_load(&s->journal));
    if (atomic_load(&s->copied))
        plain(out, "# TYPE linli_copy_age_seconds gauge\nlinli_copy_age_seconds {}\n",
              ctx->now - atomic_load(&s->copied));
    struct writer *writer = atomic_load(&s->writer);
    if (writer) {
        struct writer_stats w = writer_stats(writer);
        plain(out, "# TYPE linli_writer_groups_total counter\nlinli_writer_groups_total {}\n",
              w.groups);
        plain(out, "# TYPE linli_writer_tasks_total counter\nlinli_writer_tasks_total {}\n",
              w.tasks);
        plain(out, "# TYPE linli_writer_failed_total counter\nlinli_writer_failed_total {}\n",
              w.failed);
        plain(out, "# TYPE linli_writer_waiting gauge\nlinli_writer_waiting {}\n", w.waiting);
        plain(out, "# TYPE linli_writer_slow_total counter\nlinli_writer_slow_total {}\n", w.slow);
        plain(out,
              "# TYPE linli_writer_running_milliseconds gauge\n"
              "linli_writer_running_milliseconds {}\n",
              w.running);
        plain(out, "# TYPE linli_writer_failing gauge\nlinli_writer_failing {}\n",
              (int64_t)w.failing);
    }
    if (s->metrics)
        s->metrics(ctx);
}

const struct route static_routes[] = {
    ROUTE_GET("/assets/{rest}", ROLE_PUBLIC, asset_draw, .flags = STORELESS),
    ROUTE_GET("/healthz", ROLE_PUBLIC, health_draw, .flags = STORELESS),
    ROUTE_GET("/readyz", ROLE_PUBLIC, ready_draw),
    ROUTE_GET("/metrics", ROLE_PUBLIC, metrics_draw),
};
const int static_route_count = (int)(sizeof static_routes / sizeof *static_routes);
