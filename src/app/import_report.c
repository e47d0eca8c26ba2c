/*
 * What the command says of refused rows: the first ones, how many for which
 * reason, and on demand a sheet of all with the reason beside each, to be put
 * right and imported again. Reasons that differ only in a number or in what
 * they quote are one. Memory is the arena of whoever made the report.
 */
#include "app/import_report.h"

#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROWS_SHOWN   20
#define REASONS_MOST 30
#define CELL_MOST    32000 /* characters that a cell of XLSX holds */

struct import_report {
    struct arena *arena;
    const char *path; /* NULL: no sheet is wanted */
    struct sheet_writer *sheet;
    int columns;
    struct {
        const char *key, *text; /* text: of the first such row */
        int64_t count;
    } reasons[REASONS_MOST];
    int reason_count;
    int64_t others;
};

struct import_report *import_report_new(struct ctx *ctx, const char *path)
{
    struct import_report *r = ARENA_NEW(ctx->arena, struct import_report);
    const char *dot = path ? strrchr(path, '.') : NULL;
    *r = (struct import_report){.arena = ctx->arena, .path = path};
    if (path)
        r->sheet = sheet_write_open(dot && !strcasecmp(dot, ".csv") ? SHEET_CSV : SHEET_XLSX);
    return r;
}

void import_report_headings(struct ctx *ctx, struct import_report *r, const char *const *headings, int count)
{
    const char *titles[IMPORT_COLUMNS + 1];
    if (!r->sheet)
        return;
    r->columns = count < IMPORT_COLUMNS ? count : IMPORT_COLUMNS;
    memcpy(titles, headings, (size_t)r->columns * sizeof *titles);
    titles[r->columns] = say(ctx, "Reason it was refused");
    sheet_write_header(r->sheet, titles, r->columns + 1);
}

/* The reason without what differs from row to row. */
static const char *reason_key(struct arena *a, const char *text)
{
    static const char open[] = "“", close[] = "”", gap[] = "…";
    struct buf b;
    buf_init(&b, 0);
    while (*text) {
        const char *end = strncmp(text, open, 3) ? NULL : strstr(text, close);
        size_t digits = strspn(text, "0123456789");
        if (end) {
            plain(&b, "“…”");
            text = end + strlen(close);
        } else if (digits) {
            buf_puts(&b, gap);
            text += digits;
        } else {
            buf_putc(&b, *text++);
        }
    }
    const char *key = arena_copyn(a, b.data, b.size);
    buf_release(&b);
    return key;
}

static void count_reason(struct import_report *r, const char *text, struct arena *scratch)
{
    const char *key = reason_key(scratch, text);
    for (int i = 0; i < r->reason_count; i++)
        if (!strcmp(r->reasons[i].key, key)) {
            r->reasons[i].count++;
            return;
        }
    if (r->reason_count == REASONS_MOST) {
        r->others++;
        return;
    }
    r->reasons[r->reason_count].key = arena_copy(r->arena, key);
    r->reasons[r->reason_count].text = arena_copy(r->arena, text);
    r->reasons[r->reason_count++].count = 1;
}

void import_report_row(struct ctx *ctx, struct import_run *run, int64_t row, const char *const *cells, int count)
{
    struct import_report *r = run->self;
    (void)row;
    count_reason(r, run->im.reason, ctx->arena);
    if (!r->sheet)
        return;
    for (int c = 0; c < r->columns; c++)
        sheet_write_text(r->sheet, c < count ? text_cut(ctx->arena, cells[c], CELL_MOST) : NULL);
    sheet_write_text(r->sheet, run->im.reason);
    sheet_write_row(r->sheet);
}

static void say_reasons(struct ctx *ctx, const struct import_report *r, int64_t more)
{
    fprintf(stderr, "%s\n\n%s\n", say(ctx, "… and {} more.", more), say(ctx, "Rows refused for each reason:"));
    for (int i = 0; i < r->reason_count; i++)
        fprintf(stderr, "%7lld  %s\n", (long long)r->reasons[i].count, r->reasons[i].count > 1 ? r->reasons[i].key : r->reasons[i].text);
    if (r->others)
        fprintf(stderr, "%7lld  %s\n", (long long)r->others, say(ctx, "for other reasons"));
    if (!r->path)
        fprintf(stderr, "\n%s\n", say(ctx, "--errors FILE writes all of them to a sheet, with the reason beside each."));
}

void import_report_say(struct ctx *ctx, const struct import_report *r, const struct import *im)
{
    int shown = 0;
    for (const struct import_error *e = im->errors; e && shown < ROWS_SHOWN; e = e->next, shown++)
        fprintf(stderr, "%s\n", say(ctx, "Row {}: {}", e->row, e->text));
    if (im->failed > shown)
        say_reasons(ctx, r, im->failed - shown);
    if (im->unknown && !im->create)
        fprintf(stderr, "\n%s\n", say(ctx, "--create makes what rows name and what is not there yet."));
}

static bool write_whole(const char *path, const char *bytes, size_t size)
{
    mode_t was = umask(0077);
    FILE *f = fopen(path, "wb");
    umask(was);
    if (!f)
        return false;
    bool good = fwrite(bytes, 1, size, f) == size;
    return fclose(f) == 0 && good;
}

enum status import_report_close(struct ctx *ctx, struct import_report *r, const struct import *im)
{
    size_t size = 0;
    const char *why = NULL;
    if (!r->sheet)
        return OK;
    char *bytes = sheet_write_close(r->sheet, &size, &why);
    r->sheet = NULL;
    if (!bytes)
        return ctx_fail(ctx, UNAVAILABLE, tr(ctx, why));
    bool good = im->failed == 0 || write_whole(r->path, bytes, size);
    int error = errno;
    free(bytes);
    if (!good)
        return ctx_fail(ctx, UNAVAILABLE, say(ctx, "{} can't be made: {}", r->path, strerror(error)));
    return OK;
}
