/*
 * The import page: a spreadsheet is uploaded, its columns are matched to
 * fields, the first rows are previewed, a test import counts, and the import
 * itself runs in the background (importer.c).
 *
 * The slow pool reads the file once when it arrives; what later pages show of
 * it (headings, first rows) is stored encrypted. An import is visible to the
 * person who started it, and to subdistrict staff and administrators.
 */
#include "core/import_run.h"
#include "pages/register_pages.h"
#include "pages/setup_page.h"

#include "base/seal.h"
#include "base/text.h"
#include "base/when.h"
#include "db/journal.h"
#include "kind/blank.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SCANNED_MOST  (256 << 10) /* bytes of a file that the preview looks through */
#define SAMPLE_ROWS   12
#define SAMPLE_CELL   200  /* characters of a cell that a preview keeps */
#define SAMPLE_CELLS  2000 /* of all its rows */
#define REASONS_SHOWN 20
#define DRAFT_KEPT \
    86400 /* seconds after which an import nobody started is dropped with its file \
           */
#define REASONS_KEPT (30 * 86400) /* seconds for which refused rows stay */

static const char *status_label(struct ctx *ctx, const char *status)
{
    for (const struct choice *c = import_statuses; c->code; c++)
        if (!strcmp(c->code, status))
            return tr(ctx, c->label);
    return status;
}

static bool is(const struct imported *i, const char *status)
{
    return !strcmp(i->status, status);
}

static bool under_way(const struct imported *i)
{
    return is(i, "waiting") || is(i, "running");
}

static bool being_prepared(const struct imported *i)
{
    return is(i, "draft") || is(i, "checked");
}

/* ---- sending a file ---- */

/* What is kept of a file beside its bytes. */
struct sent {
    const struct kind *kind;
    const struct upload *file;
    const char *headings, *sample, *mapping, *sheets, *key;
    int sheet, heading_row;
};

static const struct upload *sent_file(const struct ctx *ctx)
{
    for (int i = 0; i < ctx->web->upload_count; i++)
        if (!strcmp(ctx->web->uploads[i].field, "file") && ctx->web->uploads[i].size)
            return &ctx->web->uploads[i];
    return NULL;
}

/* The first rows, each its number and as many cells as there are headings. */
static const char *take_sample(struct ctx *ctx, struct sheet *sheet, int columns)
{
    const char *cells[SAMPLE_CELLS];
    struct sheet_row row;
    int n = 0;
    for (int r = 0; r < SAMPLE_ROWS && n + columns < SAMPLE_CELLS && sheet_next(sheet, &row); r++) {
        cells[n++] = arena_print(ctx->arena, "%d", row.number);
        for (int c = 0; c < columns; c++)
            cells[n++] = c < row.count && text_valid(row.cells[c].text, row.cells[c].size)
                             ? text_cut(ctx->arena, row.cells[c].text, SAMPLE_CELL)
                             : "";
    }
    return cells_seal(ctx, cells, n);
}

static const char *sheets_of(struct ctx *ctx, const struct sheet *s)
{
    const char *list = "";
    for (int i = 0; i < sheet_count(s); i++)
        list = arena_print(ctx->arena, "%s%s\n", list, text_tidy(ctx->arena, sheet_name(s, i)));
    return list;
}

/* The same headings in the same order have the same key. */
static const char *headings_key_of(struct ctx *ctx, const char *const *headings, int columns)
{
    const char *all = "";
    for (int c = 0; c < columns; c++)
        all = arena_print(ctx->arena, "%s%s\n", all, text_key(ctx->arena, headings[c]));
    return seal_hash(ctx->keys, ctx->arena, "headings", all);
}

static const char *mapping_of(struct ctx *ctx, const struct import *im)
{
    struct buf out;
    buf_init(&out, 0);
    for (int c = 0; c < im->column_count; c++)
        plain(&out, "{}\n", import_column_name(ctx->arena, &im->columns[c]));
    const char *text = arena_copyn(ctx->arena, out.data, out.size);
    buf_release(&out);
    return text;
}

/* Its headings, first rows and guessed columns. which, row: where the headings are; below 0 and 0:
 * looked for. */
static void read_sheet(struct ctx *ctx, struct sent *s, const void *data, size_t size, int which,
                       int row)
{
    const char *why = NULL, *headings[IMPORT_COLUMNS];
    struct import im;
    struct sheet *sheet = sheet_open(ctx->arena, data, size, &why);
    if (!sheet) {
        ctx_problem(ctx, "file", tr(ctx, why));
        return;
    }
    import_init(&im, s->kind, ctx->arena);
    int columns = headings_find(ctx, &im, sheet, which, row, NULL, 0, headings);
    if (columns > 0) {
        import_guess(ctx, &im, headings, columns);
        s->mapping = mapping_of(ctx, &im);
        s->headings = cells_seal(ctx, headings, columns);
        s->sample = take_sample(ctx, sheet, columns);
        s->sheets = sheets_of(ctx, sheet);
        s->key = headings_key_of(ctx, headings, columns);
        s->sheet = im.sheet;
        s->heading_row = im.heading_row;
    }
    import_release(&im);
    sheet_close(sheet);
}

/* On a worker: is it a sheet, what are its columns, what do its first rows say? */
static void read_sent(struct ctx *ctx)
{
    struct sent *s = ARENA_NEW(ctx->arena, struct sent);
    const char *name = param(ctx, "kind");
    s->kind = name ? kind_find(name) : NULL;
    s->file = sent_file(ctx);
    if (!import_may(ctx, s->kind) || ctx->actor.user == NONE)
        ctx_problem(ctx, "kind", say(ctx, "Choose what the spreadsheet contains."));
    if (!s->file)
        ctx_problem(ctx, "file", say(ctx, "Choose an .xlsx or .csv file."));
    if (ctx_ok(ctx) && s->file)
        read_sheet(ctx, s, s->file->data, s->file->size, -1, 0);
    ctx->work = s;
}

/* What somebody chose for a sheet of the same kind with the same headings; NULL: nobody did. */
static const char *remembered(struct ctx *ctx, const struct sent *s)
{
    struct rows *r = query(ctx->db,
                           "SELECT mapping FROM imports WHERE headings_key = {} AND kind = {} AND "
                           "status IN ('checked', 'waiting', 'running', 'done') ORDER BY id DESC "
                           "LIMIT 1",
                           s->key, s->kind->name);
    const char *mapping = rows_next(r) ? row_copy(r, ctx->arena, "mapping") : NULL;
    rows_end(r);
    return mapping;
}

static void store_sent(struct ctx *ctx)
{
    const struct sent *s = ctx->work;
    const char *mapping = remembered(ctx, s);
    change(ctx->db,
           "INSERT INTO imports (created, updated, \"user\", user_name, kind, file, size, status, "
           "mapping, sheet, sheets, heading_row, headings_key)"
           " VALUES ({}, {}, {}, {}, {}, {}, {}, 'draft', {}, {}, {}, {}, {})",
           ctx->now, ctx->now, ctx->actor.user, ctx->actor.name, s->kind->name,
           text_cut(ctx->arena, s->file->filename, 120), (int64_t)s->file->size,
           mapping ? mapping : s->mapping, (int64_t)s->sheet, s->sheets, (int64_t)s->heading_row,
           s->key);
    int64_t id = db_inserted(ctx->db);
    change(ctx->db,
           "INSERT INTO import_files (import, headings, sample, data) VALUES ({}, {}, {}, {})", id,
           s->headings, s->sample, ((struct bytes){s->file->data, s->file->size}));
    journal_add(ctx, "imports", id, "upload", NULL, NULL);
    if (db_status(ctx->db) == OK)
        see_other(ctx, "/import/{}", id);
}

/* ---- the list ---- */

static void counts_text(struct ctx *ctx, const struct imported *i)
{
    html(ctx->web->out, "{}",
         say(ctx, "{} added, {} updated, {} unchanged, {} rejected.", i->added, i->changed,
             i->unchanged, i->refused));
}

static const char *kind_many(struct ctx *ctx, const char *name)
{
    const struct kind *k = kind_find(name);
    return k ? tr(ctx, k->many) : name;
}

static void draw_blanks(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    html(out, "<details><summary>{} {}</summary><p class=\"hint\">{}</p><ul class=\"blanks\">",
         icon(ctx, "file-spreadsheet"), say(ctx, "Blank spreadsheets"),
         say(ctx, "With the column names, an example and what each column accepts."));
    for (const struct kind *const *k = modules_kinds(); *k; k++)
        if (import_may(ctx, *k))
            html(out, "<li><a href=\"/import/blank/{}\">{}</a></li>", (*k)->name,
                 tr(ctx, (*k)->many));
    buf_puts(out, "</ul></details>");
}

static void blank(struct ctx *ctx)
{
    const struct kind *k = kind_find(ctx->web->name);
    size_t size = 0;
    if (!import_may(ctx, k)) {
        ctx_fail(ctx, NOT_FOUND, NULL);
        return;
    }
    char *bytes = blank_sheet(ctx, k, &size);
    if (!bytes)
        return;
    buf_put(ctx->web->out, bytes, size);
    free(bytes);
    answer_download(ctx,
                    arena_print(ctx->arena, "%s.xlsx", say(ctx, "{}, blank", tr(ctx, k->many))),
                    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet");
}

static void draw_list(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    struct list l;
    list_init(ctx, &l, &imports_kind);
    struct rows *r = list_run(ctx, &l);
    const struct imported *i = list_next(ctx, &imports_kind, r, ctx->arena);
    html(out, "<section><h2>{}</h2>", say(ctx, "Previous imports"));
    if (!i) {
        html(out, "<p class=\"soft\">{}</p></section>", say(ctx, "No imports yet."));
        return;
    }
    scroll_begin(ctx, say(ctx, "Previous imports"));
    html(out,
         "<table class=\"plain\"><thead><tr><th scope=\"col\">{}</th>"
         "<th scope=\"col\">{}</th><th scope=\"col\">{}</th><th scope=\"col\">{}</th><th "
         "scope=\"col\">{}</th><th scope=\"col\">{}</th></tr></thead><tbody>",
         say(ctx, "File"), say(ctx, "Type"), say(ctx, "Status"), say(ctx, "Rows"),
         say(ctx, "Started by"), say(ctx, "When"));
    for (; i; i = list_next(ctx, &imports_kind, r, ctx->arena)) {
        html(out,
             "<tr><th scope=\"row\"><a href=\"/import/{}\">{}</a></th><td>{}</td><td "
             "class=\"nobr\">{}</td><td>",
             i->record.id, i->file, kind_many(ctx, i->kind), status_label(ctx, i->status));
        if (!is(i, "draft"))
            counts_text(ctx, i);
        html(out, "</td><td>{}</td><td class=\"nobr\"><time>{}</time></td></tr>", i->user_name,
             when_show(ctx->arena, ctx->lang, i->record.created));
    }
    buf_puts(out, "</tbody></table>");
    scroll_end(ctx);
    buf_puts(out, "</section>");
}

static void home(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const char *chosen = param(ctx, "kind");
    page_begin(ctx, say(ctx, "Import"), PAGE_STAFF);
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>",
         say(ctx, "Import"),
         say(ctx, "Import records from Excel. You can preview the result first; importing the same "
                  "spreadsheet again changes nothing."));
    form_problems(ctx);
    form_begin(ctx, "/import", NULL, true);
    html(out,
         "<div class=\"field\"><label for=\"f-kind\">{}</label><select id=\"f-kind\" name=\"kind\" "
         "required>",
         say(ctx, "Spreadsheet contents"));
    for (const struct kind *const *k = modules_kinds(); *k; k++)
        if (import_may(ctx, *k)) {
            html(out, "<option value=\"{}\"", (*k)->name);
            buf_puts(out, chosen && !strcmp(chosen, (*k)->name) ? " selected>" : ">");
            html(out, "{}</option>", tr(ctx, (*k)->many));
        }
    html(out,
         "</select></div><div class=\"field\"><label for=\"f-file\">{}</label><p class=\"hint\" "
         "id=\"h-file\">{}</p>"
         "<input type=\"file\" id=\"f-file\" name=\"file\" required accept=\".xlsx,.csv\" "
         "aria-describedby=\"h-file\"></div>",
         say(ctx, "File"),
         say(ctx, "Excel (.xlsx) or CSV, up to 48 MB, with a row that contains the column names."));
    html(out, "<div class=\"acts\"><button class=\"primary\">{} {}</button></div>",
         icon(ctx, "upload"), say(ctx, "Upload and preview"));
    form_end(ctx);
    draw_blanks(ctx);
    draw_list(ctx);
    page_end(ctx);
}

/* ---- one import: preparing ---- */

static void draw_targets(struct ctx *ctx, const struct import *im, int column)
{
    struct buf *out = ctx->web->out;
    const struct import_column *now = &im->columns[column];
    html(out, "<option value=\"\">{}</option>", say(ctx, "Don’t import"));
    for (int i = 0; i < im->kind->field_count; i++) {
        const struct field *f = &im->kind->fields[i];
        if (!import_sets(f))
            continue;
        html(out, "<option value=\"{}\"", f->name);
        buf_puts(out, now->field == f ? " selected>" : ">");
        html(out, "{}{}</option>", tr(ctx, f->label), f->flags & REQUIRED ? " *" : "");
    }
    for (int level = 1; import_tree(im->kind) && level <= IMPORT_LEVELS; level++) {
        html(out, "<option value=\"level {}\"", level);
        buf_puts(out, now->level == level ? " selected>" : ">");
        html(out, "{}</option>", say(ctx, "Level {}", level));
    }
}

/* Which sheet, and which of its rows holds the headings. */
static void draw_where(struct ctx *ctx, const struct imported *i)
{
    struct buf *out = ctx->web->out;
    int which = 0, count = 0;
    for (const char *s = i->sheets ? i->sheets : ""; *s; s++)
        count += *s == '\n';
    html(out, "<fieldset><legend>{}</legend><div class=\"pair\">", say(ctx, "Table location"));
    if (count > 1) {
        html(out,
             "<div class=\"field\"><label for=\"f-sheet\">{}</label><select id=\"f-sheet\" "
             "name=\"sheet\">",
             say(ctx, "Sheet"));
        for (const char *s = i->sheets; *s; which++) {
            size_t n = strcspn(s, "\n");
            html(out, "<option value=\"{}\"{}>{}</option>", (int64_t)which,
                 (struct markup){which == i->sheet ? " selected" : ""},
                 arena_copyn(ctx->arena, s, n));
            s += n + (s[n] == '\n');
        }
        buf_puts(out, "</select></div>");
    }
    html(out,
         "<div class=\"field\"><label for=\"f-heading\">{}</label><input type=\"number\" "
         "id=\"f-heading\" name=\"heading_row\" min=\"1\" max=\"{}\" value=\"{}\"></div>"
         "</div></fieldset>",
         say(ctx, "Row with the column names"), (int64_t)SHEET_ROWS,
         i->heading_row == NONE ? (int64_t)1 : i->heading_row);
}

static void draw_left_out(struct ctx *ctx, const struct imported *i, struct import *im,
                          const char *const *headings)
{
    const char *columns = headings_left_out(ctx, im, headings, im->column_count);
    (void)i;
    if (*columns)
        html(ctx->web->out, "<p>{}</p>", say(ctx, "Columns not imported: {}.", columns));
}

static void draw_mapping(struct ctx *ctx, const struct imported *i, struct import *im,
                         const char *const *headings, const char *const *sample, int cells)
{
    struct buf *out = ctx->web->out;
    int columns = im->column_count;
    form_begin(ctx, arena_print(ctx->arena, "/import/%lld/go", (long long)i->record.id), NULL,
               false);
    draw_where(ctx, i);
    html(out, "<fieldset><legend>{}</legend>", say(ctx, "Match columns"));
    draw_left_out(ctx, i, im, headings);
    buf_puts(out, "<div class=\"pair\">");
    for (int c = 0; c < columns; c++) {
        html(out,
             "<div class=\"field\"><label for=\"c-{}\">{}</label><p class=\"hint\" id=\"s-{}\">", c,
             *headings[c] ? headings[c] : say(ctx, "Column {}", c + 1), c);
        for (int r = 0, shown = 0; (r + 1) * (columns + 1) <= cells && shown < 2; r++) {
            const char *cell = sample[r * (columns + 1) + 1 + c];
            if (*cell)
                html(out, "{}{}", shown++ ? " · " : "",
                     text_cut(ctx->arena, text_tidy(ctx->arena, cell), 24));
        }
        html(out, "</p><select id=\"c-{}\" name=\"column\" aria-describedby=\"s-{}\">", c, c);
        draw_targets(ctx, im, c);
        html(out, "</select></div>");
    }
    html(out, "</div></fieldset><label class=\"check\"><input type=\"checkbox\" name=\"make_new\" "
              "value=\"1\"");
    buf_puts(out, i->make_new == 1 ? " checked>" : ">");
    html(out, "{}</label><p class=\"hint\">{}</p>", say(ctx, "Create missing entries"),
         say(ctx, "Categories and other entries named in the spreadsheet but not in the system are "
                  "created. If unticked, those rows are rejected."));
    html(out, "<label class=\"check\"><input type=\"checkbox\" name=\"clear\" value=\"1\"");
    buf_puts(out, i->clear_empty == 1 ? " checked>" : ">");
    html(out, "{}</label><p class=\"hint\">{}</p>", say(ctx, "Clear values for empty cells"),
         say(ctx, "An empty cell deletes what is stored. If unticked, it changes nothing."));
    html(out,
         "<div class=\"acts\"><button class=\"primary\" name=\"do\" value=\"start\">{} "
         "{}</button><button name=\"do\" value=\"trial\">{}</button>"
         "<button name=\"do\" value=\"show\">{}</button></div>",
         icon(ctx, "file-import"), say(ctx, "Import"), say(ctx, "Run a test import"),
         say(ctx, "Refresh preview"));
    form_end(ctx);
}

static const char *preview_cell(struct ctx *ctx, const struct import_column *c, const void *record,
                                const char *cell)
{
    if (!c->field || (c->field->type == F_REF && field_int(c->field, record) == 0))
        return cell; /* a level, or something that is made on the way */
    return text_cut(ctx->arena, field_show(ctx, c->field, record), 60);
}

static void draw_preview_cell(struct ctx *ctx, const struct import_column *c, const void *record,
                              const char *cell)
{
    const char *shown = preview_cell(ctx, c, record, cell);
    html(ctx->web->out, "<td{}>{}</td>",
         (struct markup){text_length(shown) > 12 ? " class=\"wide\"" : ""}, shown);
}

/* Beside the row's number, so that it is seen on a phone without scrolling sideways. */
static void draw_preview_problems(struct ctx *ctx, bool example)
{
    struct buf *out = ctx->web->out;
    html(out, "<td{}>", (struct markup){ctx->problems ? " class=\"wide\"" : ""});
    if (example)
        html(out, "<span class=\"soft\">{}</span>", say(ctx, "Example, not imported"));
    for (const struct problem *p = ctx->problems; p; p = p->next)
        html(out, "<span class=\"problem\">{}</span> ", p->text);
    if (!example && !ctx->problems)
        html(out, "<span class=\"soft\">—</span>");
    buf_puts(out, "</td>");
}

static void draw_preview(struct ctx *ctx, struct import *im, const char *const *sample, int cells)
{
    struct buf *out = ctx->web->out;
    int columns = im->column_count;
    html(out, "<section><h2>{}</h2>", say(ctx, "Preview of the first rows"));
    scroll_begin(ctx, say(ctx, "Preview of the first rows"));
    html(out,
         "<table class=\"plain\"><thead><tr><th scope=\"col\" class=\"num\">{}</th><th "
         "scope=\"col\">{}</th>",
         say(ctx, "Row"), say(ctx, "What is wrong"));
    for (int c = 0; c < columns; c++)
        if (im->columns[c].field || im->columns[c].level)
            html(out, "<th scope=\"col\">{}</th>",
                 im->columns[c].field ? tr(ctx, im->columns[c].field->label)
                                      : say(ctx, "Level {}", im->columns[c].level));
    buf_puts(out, "</tr></thead><tbody>");
    for (int r = 0; (r + 1) * (columns + 1) <= cells; r++) {
        const char *const *row = sample + r * (columns + 1) + 1;
        const void *record = import_preview(ctx, im, strtoll(row[-1], NULL, 10), row, columns);
        html(out, "<tr><td class=\"num\">{}</td>", row[-1]);
        draw_preview_problems(ctx, import_is_example(row, columns));
        for (int c = 0; c < columns; c++)
            if (im->columns[c].field || im->columns[c].level)
                draw_preview_cell(ctx, &im->columns[c], record, row[c]);
        buf_puts(out, "</tr>");
    }
    import_forget(ctx);
    buf_puts(out, "</tbody></table>");
    scroll_end(ctx);
    buf_puts(out, "</section>");
}

/* What the preview has to know of the rows below it. A long file waits for the trial run. */
static void scan_file(struct ctx *ctx, const struct imported *i, struct import *im)
{
    const char *dot = strrchr(i->file, '.'), *why = NULL, *headings[IMPORT_COLUMNS];
    im->text = !dot || strcasecmp(dot, ".xlsx") != 0;
    if (i->size > SCANNED_MOST)
        return;
    struct rows *r = query(ctx->db, "SELECT data FROM import_files WHERE import = {}",
                           i->record.id);
    if (!rows_next(r))
        return;
    struct bytes b = row_bytes(r, "data");
    const void *data = arena_copyn(ctx->arena, b.data, b.size);
    rows_end(r);
    struct sheet *sheet = sheet_open(ctx->arena, data, b.size, &why);
    struct import_column columns[IMPORT_COLUMNS];
    int count = im->column_count;
    if (!sheet)
        return;
    memcpy(columns, im->columns, sizeof columns);
    int found = headings_find(ctx, im, sheet, i->sheet == NONE ? -1 : (int)i->sheet,
                              i->heading_row == NONE ? 0 : (int)i->heading_row, NULL, 0, headings);
    memcpy(im->columns, columns, sizeof columns);
    im->column_count = count;
    im->text = sheet_is_text(sheet);
    if (found > 0)
        import_scan(ctx, im, sheet);
    import_forget(ctx);
    sheet_close(sheet);
}

static void draw_prepare(struct ctx *ctx, const struct imported *i)
{
    const char *headings[IMPORT_COLUMNS], *sample[SAMPLE_CELLS];
    struct import im;
    struct rows *r = query(ctx->db, "SELECT headings, sample FROM import_files WHERE import = {}",
                           i->record.id);
    const char *sealed_headings = NULL, *sealed_sample = NULL;
    if (rows_next(r)) {
        sealed_headings = row_copy(r, ctx->arena, "headings");
        sealed_sample = row_copy(r, ctx->arena, "sample");
        rows_end(r);
    }
    int columns = cells_open(ctx, sealed_headings, headings, IMPORT_COLUMNS),
        cells = cells_open(ctx, sealed_sample, sample, SAMPLE_CELLS);
    import_init(&im, kind_find(i->kind), ctx->arena);
    im.create = i->make_new == 1;
    im.clear = i->clear_empty == 1;
    im.scoped = true;
    im.column_count = columns;
    if (imported_columns(ctx, &im, i) != OK)
        import_forget(ctx);
    im.column_count = columns;
    draw_mapping(ctx, i, &im, headings, sample, cells);
    scan_file(ctx, i, &im);
    if (cells)
        draw_preview(ctx, &im, sample, cells);
    import_release(&im);
}

/* ---- one import: refused rows, progress, end ---- */

static void draw_reasons(struct ctx *ctx, const struct imported *i)
{
    struct buf *out = ctx->web->out;
    struct rows *r = query(ctx->db,
                           "SELECT line, reason FROM import_errors WHERE import = {} AND line > 0 "
                           "ORDER BY line LIMIT {}",
                           i->record.id, REASONS_SHOWN);
    if (!rows_next(r))
        return;
    html(out, "<section><h2>{}</h2>", say(ctx, "Rejected rows"));
    scroll_begin(ctx, say(ctx, "Rejected rows"));
    html(out,
         "<table class=\"plain\"><thead><tr><th scope=\"col\" class=\"num\">{}</th><th "
         "scope=\"col\" class=\"wide\">{}</th></tr></thead><tbody>",
         say(ctx, "Row"), say(ctx, "Reason for rejection"));
    do
        html(out, "<tr><td class=\"num\">{}</td><td>{}</td></tr>", row_int(r, "line"),
             row_text(r, "reason"));
    while (rows_next(r));
    buf_puts(out, "</tbody></table>");
    scroll_end(ctx);
    if (i->refused > REASONS_SHOWN)
        html(out, "<p class=\"small\">{}</p>",
             say(ctx, "First {} of {} rows.", REASONS_SHOWN, i->refused));
    html(out,
         "<div class=\"acts\"><a class=\"button\" href=\"/import/{}/refused\">{} {}</a></div><p "
         "class=\"small\">{}</p></section>",
         i->record.id, icon(ctx, "download"), say(ctx, "Download rejected rows with reasons"),
         say(ctx, "Correct them in the downloaded spreadsheet and import it again; rows already "
                  "saved stay as they are."));
}

static void act_button(struct ctx *ctx, const struct imported *i, const char *action,
                       const char *text, const char *question)
{
    form_begin(ctx, arena_print(ctx->arena, "/import/%lld/%s", (long long)i->record.id, action),
               NULL, false);
    html(ctx->web->out,
         "<div class=\"acts\"><button class=\"quiet\" data-confirm=\"{}\">{}</button></div>",
         question, text);
    form_end(ctx);
}

static void draw_state(struct ctx *ctx, const struct imported *i)
{
    struct buf *out = ctx->web->out;
    if (under_way(i)) {
        html(out,
             "<noscript><meta http-equiv=\"refresh\" content=\"3\"></noscript><div "
             "data-again=\"2\"><p><b>{}</b> · {}%</p>"
             "<progress max=\"100\" value=\"{}\" aria-label=\"{}\"></progress><p>",
             i->dry == 1 && is(i, "running") ? say(ctx, "Test import in progress")
                                             : status_label(ctx, i->status),
             i->percent, i->percent, say(ctx, "Progress"));
        counts_text(ctx, i);
        html(out, "</p></div>");
    } else if (is(i, "checked")) {
        html(out, "<div class=\"notice\">{}<div><p><b>{}</b></p><p>", icon(ctx, "info-circle"),
             say(ctx, "This was a test: nothing was saved."));
        counts_text(ctx, i);
        html(out, "</p></div></div>");
    } else if (!is(i, "draft")) {
        bool good = is(i, "done") && i->refused == 0;
        html(out, "<div class=\"notice {}\">{}<div><p><b>{}</b></p><p>", good ? "ok" : "warn",
             icon(ctx, good ? "circle-check" : "alert-triangle"), status_label(ctx, i->status));
        counts_text(ctx, i);
        html(out, "</p>");
        if (i->reason)
            html(out, "<p>{}</p>", i->reason);
        if (!is(i, "done"))
            html(out, "<p>{}</p>",
                 say(ctx,
                     "Rows saved so far are kept. Import the same spreadsheet again to finish."));
        html(out, "</div></div>");
    }
    if (!under_way(i))
        draw_reasons(ctx, i);
}

static void draw_ended(struct ctx *ctx, const struct imported *i)
{
    const struct kind *k = kind_find(i->kind);
    void (*imported)(struct ctx *) = k ? view_of(k).imported : NULL;
    if (imported && is(i, "done"))
        imported(ctx);
    html(ctx->web->out, "<div class=\"acts\"><a class=\"button\" href=\"/import\">{}</a>",
         say(ctx, "Import another spreadsheet"));
    if (ctx->actor.roles & ROLE_ADMIN)
        setup_back(ctx);
    html(ctx->web->out, "</div>");
}

static void page(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct imported *i = ctx->web->record;
    struct problem *problems = ctx->problems;
    page_begin(ctx, i->file, PAGE_STAFF);
    trail(ctx, "/import", say(ctx, "Import"));
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>", i->file,
         say(ctx, "{}, {} KB, uploaded by {} on {}", kind_many(ctx, i->kind),
             (i->size + 1023) / 1024, i->user_name,
             when_show(ctx->arena, ctx->lang, i->record.created)));
    form_problems(ctx);
    import_forget(ctx);
    html(out, "<div id=\"import\" class=\"parts\">");
    if (fragment_begin(ctx, "import")) {
        draw_state(ctx, i);
        if (under_way(i))
            act_button(ctx, i, "cancel", say(ctx, "Cancel import"),
                       say(ctx, "Stop now? Rows saved so far are kept."));
        else if (being_prepared(i)) {
            draw_prepare(ctx, i);
            act_button(ctx, i, "cancel", say(ctx, "Discard file"),
                       say(ctx, "Discard this file? Nothing from it has been saved."));
        } else
            draw_ended(ctx, i);
        fragment_end(ctx);
    }
    html(out, "</div>");
    ctx->problems = problems;
    page_end(ctx);
}

/* The refused rows as a sheet: the columns as they came, and why. */
static void refused(struct ctx *ctx)
{
    const struct imported *i = ctx->web->record;
    const char *cells[IMPORT_COLUMNS], *why = NULL;
    struct sheet_writer *w = sheet_write_open(SHEET_XLSX);
    struct rows *r = query(
        ctx->db, "SELECT line, reason, cells FROM import_errors WHERE import = {} ORDER BY line",
        i->record.id);
    int columns = 0;
    for (bool first = true; rows_next(r); first = false) {
        const char *reason = row_copy(r, ctx->arena, "reason"),
                   *sealed = row_copy(r, ctx->arena, "cells");
        int n = cells_open(ctx, sealed, cells, IMPORT_COLUMNS - 1);
        if (first) { /* line 0 holds the headings */
            columns = n;
            cells[n] = say(ctx, "Reason for rejection");
            sheet_write_header(w, cells, n + 1);
            continue;
        }
        for (int c = 0; c < columns; c++)
            sheet_write_text(w, c < n ? text_cut(ctx->arena, cells[c], 32000) : NULL);
        sheet_write_text(w, reason);
        sheet_write_row(w);
    }
    size_t size = 0;
    char *bytes = sheet_write_close(w, &size, &why);
    if (!bytes) {
        ctx_fail(ctx, UNAVAILABLE, tr(ctx, why));
        return;
    }
    buf_put(ctx->web->out, bytes, size);
    free(bytes);
    answer_download(
        ctx, arena_print(ctx->arena, "%s-%lld.xlsx", say(ctx, "rejected"), (long long)i->record.id),
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet");
}

/* ---- changes ---- */

/* The columns as chosen in the form; problems when two are the same. */
static const char *chosen_mapping(struct ctx *ctx, const struct imported *i)
{
    struct import im;
    import_init(&im, kind_find(i->kind), ctx->arena);
    int columns = 0;
    for (const char *s = i->mapping; *s; s++)
        columns += *s == '\n';
    im.column_count = columns;
    for (int p = 0, c = 0; p < ctx->web->form_count && c < columns; p++)
        if (!strcmp(ctx->web->form[p].name, "column"))
            import_column_set(ctx, &im, c++, ctx->web->form[p].value);
    const char *mapping = mapping_of(ctx, &im);
    if (ctx_ok(ctx) && strspn(mapping, "\n") == strlen(mapping))
        ctx_problem(ctx, NULL, say(ctx, "Match at least one column."));
    import_release(&im);
    return mapping;
}

/* On a worker: another sheet or heading row was chosen, so the file is read again. */
static void go_prepare(struct ctx *ctx)
{
    const struct imported *i = ctx->web->record;
    int64_t sheet = param(ctx, "sheet") ? param_int(ctx, "sheet") : i->sheet,
            row = param(ctx, "heading_row") ? param_int(ctx, "heading_row") : i->heading_row;
    bool other = sheet != i->sheet;
    if (!being_prepared(i) || (!other && row == i->heading_row))
        return;
    struct sent *s = ARENA_NEW(ctx->arena, struct sent);
    s->kind = kind_find(i->kind);
    struct rows *r = query(ctx->db, "SELECT data FROM import_files WHERE import = {}",
                           i->record.id);
    if (rows_next(r)) {
        struct bytes b = row_bytes(r, "data");
        const void *data = arena_copyn(ctx->arena, b.data, b.size);
        rows_end(r);
        if (row != NONE && (row < 1 || row > SHEET_ROWS))
            ctx_problem(
                ctx, "heading_row",
                say(ctx, "Row with the column names: enter a number from 1 to {}.", SHEET_ROWS));
        else
            read_sheet(ctx, s, data, b.size, (int)sheet,
                       other && row == i->heading_row ? 0 : (int)row);
    }
    ctx->work = s->headings ? s : NULL;
}

/* The draft stands on another table now. */
static void look_elsewhere(struct ctx *ctx, const struct imported *i, const struct sent *s)
{
    const char *mapping = remembered(ctx, s);
    change(ctx->db, "UPDATE import_files SET headings = {}, sample = {} WHERE import = {}",
           s->headings, s->sample, i->record.id);
    change(ctx->db,
           "UPDATE imports SET version = version + 1, updated = {}, mapping = {}, sheet = {}, "
           "heading_row = {}, headings_key = {}, status = 'draft' WHERE id = {}",
           ctx->now, mapping ? mapping : s->mapping, (int64_t)s->sheet, (int64_t)s->heading_row,
           s->key, i->record.id);
    see_other(ctx, "/import/{}", i->record.id);
}

static void go(struct ctx *ctx)
{
    const struct imported *i = record_load(ctx, &imports_kind, ctx->web->id);
    const char *what = param(ctx, "do");
    if (!i || !being_prepared(i)) {
        ctx_fail(ctx, CONFLICT, say(ctx, "This import has already started."));
        return;
    }
    if (ctx->work) {
        look_elsewhere(ctx, i, ctx->work);
        return;
    }
    const char *mapping = chosen_mapping(ctx, i);
    if (!ctx_ok(ctx))
        return;
    bool start = what && !strcmp(what, "start"), trial = what && !strcmp(what, "trial");
    change(ctx->db, "DELETE FROM import_errors WHERE import = {}", i->record.id);
    change(ctx->db,
           "INSERT INTO import_errors (import, line, reason, cells) SELECT import, 0, '', headings "
           "FROM import_files WHERE import = {}",
           i->record.id);
    change(ctx->db,
           "UPDATE imports SET version = version + 1, updated = {}, mapping = {}, make_new = {}, "
           "clear_empty = {}, status = {}, dry = {}, language = {}, percent = 0,"
           " last_row = 0, added = 0, changed = 0, unchanged = 0, refused = 0, reason = NULL WHERE "
           "id = {}",
           ctx->now, mapping, param_int(ctx, "make_new") == 1 ? 1 : 0,
           param_int(ctx, "clear") == 1 ? 1 : 0, start || trial ? "waiting" : "draft",
           trial ? 1 : 0, ctx->lang, i->record.id);
    if (start || trial)
        journal_add(ctx, "imports", i->record.id, start ? "start" : "trial", NULL, NULL);
    see_other(ctx, "/import/{}", i->record.id);
}

static void cancel(struct ctx *ctx)
{
    const struct imported *i = record_load(ctx, &imports_kind, ctx->web->id);
    if (!i || (!under_way(i) && !being_prepared(i))) {
        ctx_fail(ctx, CONFLICT, say(ctx, "This import has already finished."));
        return;
    }
    bool trial = under_way(i) &&
                 i->dry == 1; /* a trial that is stopped leaves the file to be used */
    change(ctx->db, "UPDATE imports SET status = {}, runner = NULL, ended = {} WHERE id = {}",
           trial ? "draft" : "cancelled", ctx->now, i->record.id);
    if (!trial)
        change(ctx->db, "DELETE FROM import_files WHERE import = {}", i->record.id);
    journal_add(ctx, "imports", i->record.id, "cancel", NULL, NULL);
    if (trial)
        see_other(ctx, "/import/{}", i->record.id);
    else
        see_other(ctx, "/import");
}

/* ---- what is not needed any more ---- */

static void tidy(struct ctx *ctx)
{
    change(ctx->db,
           "DELETE FROM import_files WHERE import IN (SELECT id FROM imports WHERE status IN "
           "('draft', 'checked') AND updated < {})",
           ctx->now - DRAFT_KEPT);
    change(ctx->db,
           "UPDATE imports SET status = 'cancelled', ended = {} WHERE status IN ('draft', "
           "'checked') AND updated < {}",
           ctx->now, ctx->now - DRAFT_KEPT);
    change(ctx->db,
           "DELETE FROM import_errors WHERE import IN (SELECT id FROM imports WHERE ended < {})",
           ctx->now - REASONS_KEPT);
}

static void run_tidy(struct ctx *ctx)
{
    if (query_int(
            ctx->db,
            "SELECT count(*) AS n FROM imports i WHERE (status IN ('draft', 'checked') AND updated "
            "< {})"
            " OR (ended < {} AND EXISTS (SELECT 1 FROM import_errors e WHERE e.import = i.id))",
            ctx->now - DRAFT_KEPT, ctx->now - REASONS_KEPT) > 0)
        writer_call(ctx, tidy);
}

static const struct route table[] = {
    ROUTE_GET("/import", IMPORT_ROLES, home),
    ROUTE_GET("/import/blank/{name}", IMPORT_ROLES, blank),
    ROUTE_POST("/import", IMPORT_ROLES, store_sent, .prepare = read_sent, .failed = home,
               .flags = UPLOAD | SLOW),
    ROUTE_GET("/import/{id}", IMPORT_ROLES, page, .record = &imports_kind),
    ROUTE_GET("/import/{id}/refused", IMPORT_ROLES, refused, .record = &imports_kind),
    ROUTE_POST("/import/{id}/go", IMPORT_ROLES, go, .prepare = go_prepare, .record = &imports_kind,
               .failed = page, .flags = SLOW),
    ROUTE_POST("/import/{id}/cancel", IMPORT_ROLES, cancel, .record = &imports_kind,
               .failed = page),
};

static const struct place places[] = {
    {"/import", N_("Import"), "g m", ROLE_OFFICE | ROLE_ADMIN | ROLE_WORKER, true,
     N_("Import spreadsheets into registers and requests"), "file-import", .rank = 200},
    {.href = NULL},
};
static const struct kind *const kinds[] = {&imports_kind, NULL};
static const struct job jobs[] = {{"imports-tidy", 3600, run_tidy}, {.name = NULL}};

const struct module imports_module = {
    .name = "imports", .kinds = kinds, .routes = ROUTES(table), .places = places, .jobs = jobs};
