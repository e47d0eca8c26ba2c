/*
 * The current list as a spreadsheet: the same conditions, at most DOWNLOAD_MOST
 * rows (the file's name says if there are more), names and phone numbers
 * masked. Each download is logged with its filters. A worker makes the
 * spreadsheet; the writer thread only writes the log.
 */
#include "app/desk/work_views.h"
#include "app/search/search.h"
#include "app/desk/work.h"
#include "app/registers/registers.h"

#include "base/code.h"
#include "base/text.h"
#include "db/journal.h"
#include "kind/sheet.h"

#include <stdlib.h>
#include <string.h>

struct download {
    const char *bytes;
    size_t size;
    int64_t rows;
    bool xlsx;
};

static const char *const columns[] = {
    "number",     "subject",     "category",  "level",       "community",     "place",
    "status",     "unit",        "channel",   "received_at", "dispatched_at", "first_contact_at",
    "due",        "answered_at", "closed_at", "solved",      "satisfaction",  "returns",
    "extensions", "reopened",    NULL};

static void write_head(struct ctx *ctx, struct sheet_writer *w)
{
    const char *titles[32];
    int n = 0;
    for (int i = 0; columns[i]; i++)
        titles[n++] = tr(ctx, kind_field(&requests_kind, columns[i])->label);
    titles[n++] = say(ctx, "Submitted by");
    titles[n++] = say(ctx, "Phone");
    sheet_write_header(w, titles, n);
}

static void write_record(struct ctx *ctx, struct sheet_writer *w, const struct request *r,
                         const struct names *units, const struct names *categories,
                         const struct names *communities)
{
    for (int i = 0; columns[i]; i++) {
        const struct field *f = kind_field(&requests_kind, columns[i]);
        int64_t v = f->type == F_TIME || f->type == F_INT || f->type == F_REF ? field_int(f, r)
                                                                              : NONE;
        if (f->type == F_TIME)
            sheet_write_time(w, v == NONE ? NONE : v + when_offset());
        else if (f->type == F_INT)
            sheet_write_int(w, v);
        else if (f->type == F_REF)
            sheet_write_text(w, names_find(!strcmp(f->name, "unit")       ? units
                                           : !strcmp(f->name, "category") ? categories
                                                                          : communities,
                                           v));
        else
            sheet_write_text(w, field_show(ctx, f, r));
    }
    sheet_write_text(w, mask_name(ctx->arena, r->requester_name));
    sheet_write_text(w, mask_phone(ctx->arena, r->requester_phone));
    sheet_write_row(w);
}

void download_make(struct ctx *ctx)
{
    struct download *d = ARENA_NEW(ctx->arena, struct download);
    const char *format = param(ctx, "format"), *q = query_param(ctx, "q"), *why = NULL;
    const struct kind_view *v = work_view(ctx);
    struct names units = names_load(ctx, "units"), categories = names_load(ctx, "categories"),
                 communities = names_load(ctx, "communities");
    struct arena *kept = ctx->arena, *page = arena_new();
    d->xlsx = format && !strcmp(format, "xlsx");
    struct sheet_writer *w = sheet_write_open(d->xlsx ? SHEET_XLSX : SHEET_CSV);
    write_head(ctx, w);
    for (int64_t last = INT64_MAX; d->rows < DOWNLOAD_MOST;) { /* newest first, in batches of 500 */
        struct list l = {.kind = &requests_kind, .limit = 500, .order = "id DESC"};
        int n = 0;
        ctx->arena = page;
        work_where(ctx, &l.where, v);
        sql_add(&l.where, " AND id < {}", last);
        if (q && !text_blank(q))
            search_list(ctx, &l, q);
        struct rows *rows = list_run(ctx, &l);
        for (struct request *r; (r = list_next(ctx, &requests_kind, rows, page)) != NULL;
             n++, d->rows++) {
            last = r->record.id;
            write_record(ctx, w, r, &units, &categories, &communities);
        }
        ctx->arena = kept;
        arena_clear(page);
        if (n < 500)
            break;
    }
    arena_free(page);
    char *bytes = sheet_write_close(w, &d->size, &why);
    if (!bytes) {
        ctx_problem(ctx, NULL, tr(ctx, why));
        return;
    }
    d->bytes = arena_copyn(kept, bytes, d->size);
    free(bytes);
    ctx->work = d;
}

void download_send(struct ctx *ctx)
{
    const struct download *d = ctx->work;
    journal_note(ctx, requests_kind.name, 0, "download", "{\"rows\":{},\"list\":{}}", d->rows,
                 work_address(ctx, "/work", "q",
                              query_param(ctx, "q") && *query_param(ctx, "q")
                                  ? "…"
                                  : NULL)); /* it may be a telephone number */
    answer_download(
        ctx,
        arena_print(ctx->arena, "%s-%s%s.%s", say(ctx, "Requests"), ctx_today(ctx),
                    d->rows < DOWNLOAD_MOST ? "" : say(ctx, "-newest-{}", (int64_t)DOWNLOAD_MOST),
                    d->xlsx ? "xlsx" : "csv"),
        d->xlsx ? "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
                : "text/csv; charset=utf-8");
    buf_put(ctx->web->out, d->bytes, d->size);
}
