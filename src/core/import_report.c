/*
 * The command's report on rejected rows: the first ones, the number for each
 * reason, and on request a spreadsheet of all with the reason beside each, to
 * correct and import again. Reasons that differ only in a number or a quotation
 * count as one. Memory is the arena given to import_report_new.
 */
#include "core/import_report.h"

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
#define CELL_MOST    32000 /* characters that an XLSX cell can hold */

struct import_report {
    struct arena *arena;
    const char *path; /* NULL: no spreadsheet is wanted */
    struct sheet_writer *sheet;
    int columns;
    struct {
        const char *key, *text; /* text: what all these rows' reasons have in common */
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

void import_report_headings(struct ctx *ctx, struct import_report *r, const char *const *headings,
                            int count)
{
    const char *titles[IMPORT_COLUMNS + 1];
    if (!r->sheet)
        return;
    r->columns = count < IMPORT_COLUMNS ? count : IMPORT_COLUMNS;
    memcpy(titles, headings, (size_t)r->columns * sizeof *titles);
    titles[r->columns] = say(ctx, "Reason for rejection");
    sheet_write_header(r->sheet, titles, r->columns + 1);
}

void import_report_left_out(struct ctx *ctx, struct import_report *r, const char *columns,
                            const char *sheet, const char *sheets)
{
    (void)r;
    if (*sheets)
        fprintf(stderr, "%s\n",
                say(ctx,
                    "Sheet “{}” is imported; not: {}. Use --sheet to choose "
                    "another.",
                    sheet, sheets));
    if (*columns)
        fprintf(stderr, "%s\n", say(ctx, "Columns not imported: {}.", columns));
}

static const char open_quote[] = "“", close_quote[] = "”", gap[] = "…";

/* The length of the next piece of a reason: a quotation, a number, a gap, or a character. */
static size_t piece(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    const char *end = strncmp(text, open_quote, strlen(open_quote)) ? NULL
                                                                    : strstr(text, close_quote);
    if (end)
        return (size_t)(end - text) + strlen(close_quote);
    if (digits)
        return digits;
    return strncmp(text, gap, strlen(gap)) ? 1 : strlen(gap);
}

/* What two reasons have in common, with a gap for each quotation and number in which they
 * differ. other NULL: with a gap for each, which is the same text for all rows rejected for one
 * reason. Both have the same number of pieces. */
static const char *reason_common(struct arena *a, const char *one, const char *other)
{
    struct buf b;
    buf_init(&b, 0);
    while (*one) {
        size_t n = piece(one), m = other ? piece(other) : 0;
        bool quoted = n > 1 && !strncmp(one, open_quote, strlen(open_quote));
        bool varies = quoted || strspn(one, "0123456789") || !strncmp(one, gap, strlen(gap));
        if (!varies || (other && n == m && !memcmp(one, other, n)))
            buf_put(&b, one, n);
        else
            buf_puts(&b, quoted ? "“…”" : gap);
        one += n;
        other = other ? other + m : NULL;
    }
    const char *text = arena_copyn(a, b.data, b.size);
    buf_release(&b);
    return text;
}

static void count_reason(struct import_report *r, const char *text, struct arena *scratch)
{
    const char *key = reason_common(scratch, text, NULL), *common;
    for (int i = 0; i < r->reason_count; i++)
        if (!strcmp(r->reasons[i].key, key)) {
            r->reasons[i].count++;
            common = reason_common(scratch, r->reasons[i].text, text);
            if (strcmp(common, r->reasons[i].text))
                r->reasons[i].text = arena_copy(r->arena, common);
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

void import_report_row(struct ctx *ctx, struct import_run *run, int64_t row,
                       const char *const *cells, int count)
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
    fprintf(stderr, "%s\n\n%s\n", say(ctx, "… and {} more.", more),
            say(ctx, "Rejected rows by reason:"));
    for (int i = 0; i < r->reason_count; i++)
        fprintf(stderr, "%7lld  %s\n", (long long)r->reasons[i].count, r->reasons[i].text);
    if (r->others)
        fprintf(stderr, "%7lld  %s\n", (long long)r->others, say(ctx, "for other reasons"));
    if (!r->path)
        fprintf(stderr, "\n%s\n",
                say(ctx, "Use --errors FILE to write them all to a spreadsheet with the reasons."));
}

void import_report_say(struct ctx *ctx, const struct import_report *r, const struct import *im)
{
    int shown = 0;
    for (const struct import_error *e = im->errors; e && shown < ROWS_SHOWN; e = e->next, shown++)
        fprintf(stderr, "%s\n", say(ctx, "Row {}: {}", e->row, e->text));
    if (im->failed > shown)
        say_reasons(ctx, r, im->failed - shown);
    if (im->repeats)
        fprintf(stderr, "%s\n",
                say(ctx, "{} rows repeat a row above and count as unchanged: rows {}{}.",
                    im->repeats, im->repeated, im->repeats > IMPORT_REPEATS ? " …" : ""));
    if (im->unknown && !im->create)
        fprintf(
            stderr, "\n%s\n",
            say(ctx, "Use --create to create entries that rows name but that don’t exist yet."));
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
        return ctx_fail(ctx, UNAVAILABLE,
                        say(ctx, "Can’t create {}: {}", r->path, strerror(error)));
    return OK;
}
