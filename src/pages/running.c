/*
 * /running: what an administrator looks at now and then. When the last backup
 * was made, how far behind a copy is, how much room is left, and whether the
 * background jobs run. It reads what the program knows anyway and what lies
 * beside the database; it changes nothing.
 */
#include "core/module.h"

#include "base/when.h"
#include "core/store.h"
#include "db/writer.h"
#include "web/web.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define BACKUP_LATE (8 * WHEN_DAY) /* who makes one a week is told of the first that is missing */
#define COPY_LATE   60             /* seconds; a copy follows within one */
#define ROOM_LEAST  10             /* percent of the disk */

static const char *size_shown(struct ctx *ctx, double bytes)
{
    static const char *const units[] = {"B", "KB", "MB", "GB", "TB"};
    size_t unit = 0;
    for (; bytes >= 1024 && unit + 1 < sizeof units / sizeof *units; unit++)
        bytes /= 1024;
    return arena_print(ctx->arena, bytes < 10 && unit ? "%.1f %s" : "%.0f %s", bytes, units[unit]);
}

static void fact(struct ctx *ctx, const char *label, const char *value, bool late)
{
    struct buf *out = ctx->web->out;
    html(out, "<div><dt>{}</dt><dd>", label);
    if (late)
        html(out, "<span class=\"state late\">{} {}</span>", icon(ctx, "alert-triangle"), value);
    else
        html(out, "{}", value);
    buf_puts(out, "</dd></div>");
}

static void card_begin(struct ctx *ctx, const char *heading)
{
    html(ctx->web->out, "<section class=\"card\"><h2>{}</h2><dl class=\"facts\">", heading);
}

static void card_end(struct ctx *ctx)
{
    buf_puts(ctx->web->out, "</dl></section>");
}

/* ---- backups ---- */

static void backup_draw(struct ctx *ctx, const char *folder)
{
    struct backup_mark mark;
    if (folder && backup_mark_read(ctx->arena, folder, &mark)) {
        const char *when = when_show(ctx->arena, ctx->lang, mark.at);
        fact(ctx, say(ctx, "Last backup"),
             mark.encrypted
                 ? say(ctx, "{}, {}, encrypted", when, size_shown(ctx, (double)mark.size))
                 : arena_print(ctx->arena, "%s, %s", when, size_shown(ctx, (double)mark.size)),
             ctx->now - mark.at > BACKUP_LATE);
    } else {
        fact(ctx, say(ctx, "Last backup"),
             say(ctx, "None recorded. Run “linli backup” on the server, every night if possible."),
             true);
    }
    int64_t copied = atomic_load(&ctx->site->copied);
    int64_t behind = ctx->now - copied;
    fact(ctx, say(ctx, "Continuous copy"),
         !copied              ? say(ctx, "Not set up (linli serve --copy-to)")
         : behind > COPY_LATE ? say(ctx, "Last copied {}", when_show(ctx->arena, ctx->lang, copied))
                              : say(ctx, "Up to date"),
         copied && behind > COPY_LATE);
}

/* ---- room ---- */

static double file_size(struct ctx *ctx, const char *folder, const char *name)
{
    struct stat s;
    return stat(arena_print(ctx->arena, "%s/%s", folder, name), &s) == 0 ? (double)s.st_size : 0;
}

static void room_draw(struct ctx *ctx, const char *folder)
{
    struct statvfs disk;
    double size = folder
                      ? file_size(ctx, folder, "linli.db") + file_size(ctx, folder, "linli.db-wal")
                      : 0;
    fact(ctx, say(ctx, "Database"),
         size > 0 ? size_shown(ctx, size) : say(ctx, "Kept by the PostgreSQL server"), false);
    if (!folder || statvfs(folder, &disk) != 0)
        return;
    double left = (double)disk.f_bavail * (double)disk.f_frsize,
           whole = (double)disk.f_blocks * (double)disk.f_frsize;
    fact(ctx, say(ctx, "Free disk space"),
         say(ctx, "{} of {}", size_shown(ctx, left), size_shown(ctx, whole)),
         left * 100 < whole * ROOM_LEAST);
}

/* ---- the program ---- */

static void program_draw(struct ctx *ctx)
{
    struct writer *writer = atomic_load(&ctx->site->writer);
    bool ready = !writer || writer_ready(writer);
    fact(ctx, say(ctx, "Version"), linli_version, false);
    fact(ctx, say(ctx, "Running since"), when_show(ctx->arena, ctx->lang, ctx->site->started),
         false);
    fact(ctx, say(ctx, "Saving changes"),
         ready ? say(ctx, "works") : say(ctx, "not possible at the moment"), !ready);
}

static void jobs_draw(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    int count;
    const struct job_state *list = jobs_states(ctx->site, ctx->arena, &count);
    int failed = 0;
    html(out, "<section class=\"card\"><h2>{}</h2>", say(ctx, "Background jobs"));
    for (int i = 0; i < count; i++) {
        if (!list[i].failures)
            continue;
        if (!failed++)
            html(out,
                 "<table class=\"plain\"><thead><tr><th>{}</th><th class=\"num\">{}</th><th>{}</th>"
                 "<th>{}</th></tr></thead><tbody>",
                 say(ctx, "Job"), say(ctx, "Failures"), say(ctx, "Last failure"),
                 say(ctx, "Last run"));
        html(out,
             "<tr><td><code>{}</code></td><td class=\"num\">{}</td><td>{}</td><td>{}</td></tr>",
             list[i].name, list[i].failures, when_show(ctx->arena, ctx->lang, list[i].failed_at),
             when_show(ctx->arena, ctx->lang, list[i].last));
    }
    if (failed)
        html(out, "</tbody></table><p class=\"small\">{}</p>",
             say(ctx, "The server’s log says why. A job that failed is tried again by itself."));
    else
        html(out, "<p><span class=\"state ok\">{} {}</span></p>", icon(ctx, "circle-check"),
             say_n(ctx, count, "1 job has run without a failure since the start.",
                   "{} jobs have run without a failure since the start.", count));
    buf_puts(out, "</section>");
}

static void running_page(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const char *folder = ctx->site->data ? store_folder(ctx->arena, ctx->site->data) : NULL;
    page_begin(ctx, say(ctx, "Backups and operation"), PAGE_STAFF);
    trail(ctx, "/admin", say(ctx, "Administration"));
    html(out, "<header class=\"head\"><h1>{}</h1></header><div class=\"two-cards\">",
         say(ctx, "Backups and operation"));
    card_begin(ctx, say(ctx, "Backups"));
    backup_draw(ctx, folder);
    card_end(ctx);
    card_begin(ctx, say(ctx, "Room"));
    room_draw(ctx, folder);
    card_end(ctx);
    card_begin(ctx, say(ctx, "Operation"));
    program_draw(ctx);
    card_end(ctx);
    jobs_draw(ctx);
    buf_puts(out, "</div>");
    page_end(ctx);
}

static const struct route table[] = {
    ROUTE_GET("/running", ROLE_ADMIN, running_page),
};

static const struct place places[] = {
    {"/running", N_("Backups and operation"), NULL, ROLE_ADMIN, true,
     N_("Last backup, continuous copy, free disk space and background jobs"), "refresh",
     .rank = 180},
    {.href = NULL},
};

const struct module running_module = {.name = "running", .routes = ROUTES(table), .places = places};
