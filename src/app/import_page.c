/*
 * The import page: a sheet is sent, its columns are matched to fields, the
 * first rows are shown as they would be stored, a trial run counts, and the
 * run itself goes on in the background (importer.c).
 *
 * The file is read once when it arrives, by a worker; what later pages show of
 * it (headings, first rows) is kept sealed beside it. An import is seen by who
 * started it, and by offices and administrators who answer for everything.
 */
#include "app/import_run.h"

#include "base/text.h"
#include "base/when.h"
#include "db/journal.h"

#include <stdlib.h>
#include <string.h>

#define MAY           (ROLES_STAFF | ROLE_ADMIN | ROLE_TEAM_LEADER)
#define SAMPLE_ROWS   12
#define SAMPLE_CELL   200  /* characters of a cell that a preview keeps */
#define SAMPLE_CELLS  2000 /* of all its rows */
#define REASONS_SHOWN 20
#define DRAFT_KEPT    86400        /* seconds after which an import nobody started is dropped with its file */
#define REASONS_KEPT  (30 * 86400) /* seconds for which refused rows stay */

#define AT(member) offsetof(struct imported, member)
static const struct choice statuses[] = {
    {"draft", N_("Being prepared")},
    {"checked", N_("Tried, not stored")},
    {"waiting", N_("Waiting its turn")},
    {"running", N_("Under way")},
    {"done", N_("Done")},
    {"cancelled", N_("Cancelled")},
    {"failed", N_("Broken off")},
    {NULL, NULL},
};
static const struct field fields[] = {
    {"user", F_REF, AT(user), N_("Started by"), .ref = "users", .flags = FIXED},
    {"user_name", F_TEXT, AT(user_name), N_("Started by"), .flags = FIXED | LISTED},
    {"kind", F_CODE, AT(kind), N_("Kind"), .flags = FIXED | LISTED},
    {"file", F_TEXT, AT(file), N_("File"), .flags = FIXED | LISTED},
    {"size", F_INT, AT(size), N_("Size"), .flags = FIXED},
    {"status", F_CHOICE, AT(status), N_("State"), .choices = statuses, .flags = FIXED | LISTED | FILTER},
    {"dry", F_BOOL, AT(dry), N_("Trial"), .flags = FIXED},
    {"mapping", F_LONG, AT(mapping), N_("Columns"), .flags = FIXED},
    {"make_new", F_BOOL, AT(make_new), N_("Make what is missing"), .flags = FIXED},
    {"percent", F_INT, AT(percent), N_("Percent"), .flags = FIXED},
    {"last_row", F_INT, AT(last_row), N_("Last row"), .flags = FIXED},
    {"added", F_INT, AT(added), N_("Added"), .flags = FIXED | LISTED},
    {"changed", F_INT, AT(changed), N_("Changed"), .flags = FIXED | LISTED},
    {"unchanged", F_INT, AT(unchanged), N_("As they were"), .flags = FIXED | LISTED},
    {"refused", F_INT, AT(refused), N_("Refused"), .flags = FIXED | LISTED},
    {"reason", F_LONG, AT(reason), N_("Reason it was refused"), .flags = FIXED},
    {"ended", F_TIME, AT(ended), N_("Ended"), .flags = FIXED},
    {"language", F_CODE, AT(language), N_("Language"), .flags = FIXED | INNER},
};

static bool answers_for_all(const struct ctx *ctx)
{
    for (int i = 0; i < ctx->actor.grant_count; i++)
        if ((ctx->actor.grants[i].role & (ROLE_OFFICE | ROLE_ADMIN)) && ctx->actor.grants[i].area == NONE)
            return true;
    return false;
}

static bool may_import(const struct ctx *ctx, const struct kind *k)
{
    return k && import_takes(k) && (k->write & ctx->actor.roles);
}

static void scope(struct ctx *ctx, struct sql *where)
{
    if (!answers_for_all(ctx))
        sql_add(where, " AND \"user\" = {}", ctx->actor.user);
    sql_add(where, " AND kind IN (''");
    for (const struct kind *const *k = modules_kinds(); *k; k++)
        if (may_import(ctx, *k))
            sql_add(where, ", {}", (*k)->name);
    sql_add(where, ")");
}

const struct kind imports_kind = {.name = "imports",
                                  .table = "imports",
                                  .one = N_("Import"),
                                  .many = N_("Imports"),
                                  FIELDS(fields),
                                  .size = sizeof(struct imported),
                                  .read = MAY,
                                  .write = 0,
                                  .code = "id",
                                  .order = "id DESC",
                                  .scope = scope};

static const char *status_label(struct ctx *ctx, const char *status)
{
    for (const struct choice *c = statuses; c->code; c++)
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

struct sent {
    const struct kind *kind;
    const struct upload *file;
    const char *headings, *sample, *mapping;
};

static const struct upload *sent_file(const struct ctx *ctx)
{
    for (int i = 0; i < ctx->web->upload_count; i++)
        if (!strcmp(ctx->web->uploads[i].field, "file") && ctx->web->uploads[i].size)
            return &ctx->web->uploads[i];
    return NULL;
}

/* The first rows, each padded to as many cells as there are headings. */
static const char *take_sample(struct ctx *ctx, struct sheet *sheet, int columns)
{
    const char *cells[SAMPLE_CELLS];
    struct sheet_row row;
    int n = 0;
    for (int r = 0; r < SAMPLE_ROWS && n + columns <= SAMPLE_CELLS && sheet_next(sheet, &row); r++)
        for (int c = 0; c < columns; c++)
            cells[n++] = c < row.count && text_valid(row.cells[c].text, row.cells[c].size)
                             ? text_cut(ctx->arena, row.cells[c].text, SAMPLE_CELL)
                             : "";
    return cells_seal(ctx, cells, n);
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

/* On a worker: is it a sheet, what are its columns, what do its first rows say? */
static void read_sent(struct ctx *ctx)
{
    struct sent *s = ARENA_NEW(ctx->arena, struct sent);
    const char *name = param(ctx, "kind"), *why = NULL, *headings[IMPORT_COLUMNS];
    s->kind = name ? kind_find(name) : NULL;
    s->file = sent_file(ctx);
    if (!may_import(ctx, s->kind) || ctx->actor.user == NONE)
        ctx_problem(ctx, "kind", say(ctx, "Choose what the sheet holds."));
    if (!s->file)
        ctx_problem(ctx, "file", say(ctx, "Choose a file in .xlsx or .csv form."));
    if (!ctx_ok(ctx) || !s->file)
        return;
    struct sheet *sheet = sheet_open(ctx->arena, s->file->data, s->file->size, &why);
    if (!sheet) {
        ctx_problem(ctx, "file", tr(ctx, why));
        return;
    }
    int columns = import_headings(ctx, sheet, headings);
    if (columns > 0) {
        struct import im;
        import_init(&im, s->kind, ctx->arena);
        import_guess(ctx, &im, headings, columns);
        s->mapping = mapping_of(ctx, &im);
        s->headings = cells_seal(ctx, headings, columns);
        s->sample = take_sample(ctx, sheet, columns);
        import_release(&im);
    }
    sheet_close(sheet);
    ctx->work = s;
}

static void store_sent(struct ctx *ctx)
{
    const struct sent *s = ctx->work;
    change(ctx->db,
           "INSERT INTO imports (created, updated, \"user\", user_name, kind, file, size, status, mapping)"
           " VALUES ({}, {}, {}, {}, {}, {}, {}, 'draft', {})",
           ctx->now, ctx->now, ctx->actor.user, ctx->actor.name, s->kind->name, text_cut(ctx->arena, s->file->filename, 120),
           (int64_t)s->file->size, s->mapping);
    int64_t id = db_inserted(ctx->db);
    change(ctx->db, "INSERT INTO import_files (import, headings, sample, data) VALUES ({}, {}, {}, {})", id, s->headings, s->sample,
           ((struct bytes){s->file->data, s->file->size}));
    journal_add(ctx, "imports", id, "upload", NULL, NULL);
    if (db_status(ctx->db) == OK)
        see_other(ctx, "/import/{}", id);
}

/* ---- the list ---- */

static void counts_text(struct ctx *ctx, const struct imported *i)
{
    html(ctx->web->out, "{}",
         say(ctx, "{} added, {} changed, {} as they were, {} refused.", i->added, i->changed, i->unchanged, i->refused));
}

static const char *kind_many(struct ctx *ctx, const char *name)
{
    const struct kind *k = kind_find(name);
    return k ? tr(ctx, k->many) : name;
}

static void draw_list(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    struct list l;
    list_init(ctx, &l, &imports_kind);
    struct rows *r = list_run(ctx, &l);
    const struct imported *i = list_next(ctx, &imports_kind, r, ctx->arena);
    html(out, "<section><h2>{}</h2>", say(ctx, "Earlier imports"));
    if (!i) {
        html(out, "<p class=\"soft\">{}</p></section>", say(ctx, "Nothing has been imported yet."));
        return;
    }
    scroll_begin(ctx, say(ctx, "Earlier imports"));
    html(
        out,
        "<table class=\"plain\"><thead><tr><th scope=\"col\">{}</th>"
        "<th scope=\"col\">{}</th><th scope=\"col\">{}</th><th scope=\"col\">{}</th><th scope=\"col\">{}</th><th scope=\"col\">{}</th></tr></thead><tbody>",
        say(ctx, "File"), say(ctx, "Kind"), say(ctx, "State"), say(ctx, "Rows"), say(ctx, "Started by"), say(ctx, "When"));
    for (; i; i = list_next(ctx, &imports_kind, r, ctx->arena)) {
        html(out, "<tr><th scope=\"row\"><a href=\"/import/{}\">{}</a></th><td>{}</td><td class=\"nobr\">{}</td><td>", i->record.id,
             i->file, kind_many(ctx, i->kind), status_label(ctx, i->status));
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
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>", say(ctx, "Import"),
         say(ctx, "A sheet from Excel becomes records here. You see first how it will be stored; the same sheet again changes nothing."));
    form_problems(ctx);
    form_begin(ctx, "/import", NULL, true);
    html(out, "<div class=\"field\"><label for=\"f-kind\">{}</label><select id=\"f-kind\" name=\"kind\" required>",
         say(ctx, "What the sheet holds"));
    for (const struct kind *const *k = modules_kinds(); *k; k++)
        if (may_import(ctx, *k)) {
            html(out, "<option value=\"{}\"", (*k)->name);
            buf_puts(out, chosen && !strcmp(chosen, (*k)->name) ? " selected>" : ">");
            html(out, "{}</option>", tr(ctx, (*k)->many));
        }
    html(out,
         "</select></div><div class=\"field\"><label for=\"f-file\">{}</label><p class=\"hint\" id=\"h-file\">{}</p>"
         "<input type=\"file\" id=\"f-file\" name=\"file\" required accept=\".xlsx,.csv\" aria-describedby=\"h-file\"></div>",
         say(ctx, "File"), say(ctx, "Excel (.xlsx) or CSV, up to 40 MB. The first row holds the names of the columns."));
    html(out, "<div class=\"acts\"><button class=\"primary\">{} {}</button></div>", icon(ctx, "upload"), say(ctx, "Send and look at it"));
    form_end(ctx);
    draw_list(ctx);
    page_end(ctx);
}

/* ---- one import: preparing ---- */

static void draw_targets(struct ctx *ctx, const struct import *im, int column)
{
    struct buf *out = ctx->web->out;
    const struct import_column *now = &im->columns[column];
    html(out, "<option value=\"\">{}</option>", say(ctx, "Leave it out"));
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

static void draw_mapping(struct ctx *ctx, const struct imported *i, const struct import *im, const char *const *headings,
                         const char *const *sample, int cells)
{
    struct buf *out = ctx->web->out;
    int columns = im->column_count;
    form_begin(ctx, arena_print(ctx->arena, "/import/%lld/go", (long long)i->record.id), NULL, false);
    html(out, "<fieldset><legend>{}</legend><div class=\"pair\">", say(ctx, "Which column is what"));
    for (int c = 0; c < columns; c++) {
        html(out, "<div class=\"field\"><label for=\"c-{}\">{}</label><p class=\"hint\" id=\"s-{}\">", c,
             *headings[c] ? headings[c] : say(ctx, "Column {}", c + 1), c);
        for (int r = 0, shown = 0; (r + 1) * columns <= cells && shown < 2; r++)
            if (*sample[r * columns + c])
                html(out, "{}{}", shown++ ? " · " : "", text_cut(ctx->arena, text_tidy(ctx->arena, sample[r * columns + c]), 24));
        html(out, "</p><select id=\"c-{}\" name=\"column\" aria-describedby=\"s-{}\">", c, c);
        draw_targets(ctx, im, c);
        html(out, "</select></div>");
    }
    html(out, "</div></fieldset><label class=\"check\"><input type=\"checkbox\" name=\"make_new\" value=\"1\"");
    buf_puts(out, i->make_new == 1 ? " checked>" : ">");
    html(out, "{}</label><p class=\"hint\">{}</p>", say(ctx, "Make what is missing"),
         say(ctx,
             "A category or other entry that the sheet names and the register does not have is added. Otherwise such a row is refused."));
    html(
        out,
        "<div class=\"acts\"><button class=\"primary\" name=\"do\" value=\"start\">{} {}</button><button name=\"do\" value=\"trial\">{}</button>"
        "<button name=\"do\" value=\"show\">{}</button></div>",
        icon(ctx, "file-import"), say(ctx, "Import"), say(ctx, "Try it without storing"), say(ctx, "Show the first rows again"));
    form_end(ctx);
}

static const char *preview_cell(struct ctx *ctx, const struct import_column *c, const void *record, const char *cell)
{
    if (!c->field || (c->field->type == F_REF && field_int(c->field, record) == 0))
        return cell; /* a level, or something that is made on the way */
    return text_cut(ctx->arena, field_show(ctx, c->field, record), 60);
}

static void draw_preview_cell(struct ctx *ctx, const struct import_column *c, const void *record, const char *cell)
{
    const char *shown = preview_cell(ctx, c, record, cell);
    html(ctx->web->out, "<td{}>{}</td>", (struct markup){text_length(shown) > 12 ? " class=\"wide\"" : ""}, shown);
}

static void draw_preview(struct ctx *ctx, struct import *im, const char *const *sample, int cells)
{
    struct buf *out = ctx->web->out;
    int columns = im->column_count;
    html(out, "<section><h2>{}</h2>", say(ctx, "How the first rows will be stored"));
    scroll_begin(ctx, say(ctx, "How the first rows will be stored"));
    buf_puts(out, "<table class=\"plain\"><thead><tr>");
    for (int c = 0; c < columns; c++)
        if (im->columns[c].field || im->columns[c].level)
            html(out, "<th scope=\"col\">{}</th>",
                 im->columns[c].field ? tr(ctx, im->columns[c].field->label) : say(ctx, "Level {}", im->columns[c].level));
    html(out, "<th scope=\"col\" class=\"wide\">{}</th></tr></thead><tbody>", say(ctx, "What is wrong"));
    for (int r = 0; (r + 1) * columns <= cells; r++) {
        import_forget(ctx);
        const char *const *row = sample + r * columns;
        const void *record = import_preview(ctx, im, row, columns);
        buf_puts(out, "<tr>");
        for (int c = 0; c < columns; c++)
            if (im->columns[c].field || im->columns[c].level)
                draw_preview_cell(ctx, &im->columns[c], record, row[c]);
        buf_puts(out, "<td>");
        for (const struct problem *p = ctx->problems; p; p = p->next)
            html(out, "<span class=\"problem\">{}</span> ", p->text);
        buf_puts(out, "</td></tr>");
    }
    import_forget(ctx);
    buf_puts(out, "</tbody></table>");
    scroll_end(ctx);
    buf_puts(out, "</section>");
}

static void draw_prepare(struct ctx *ctx, const struct imported *i)
{
    const char *headings[IMPORT_COLUMNS], *sample[SAMPLE_CELLS];
    struct import im;
    struct rows *r = query(ctx->db, "SELECT headings, sample FROM import_files WHERE import = {}", i->record.id);
    const char *sealed_headings = NULL, *sealed_sample = NULL;
    if (rows_next(r)) {
        sealed_headings = row_copy(r, ctx->arena, "headings");
        sealed_sample = row_copy(r, ctx->arena, "sample");
        rows_end(r);
    }
    int columns = cells_open(ctx, sealed_headings, headings, IMPORT_COLUMNS), cells = cells_open(ctx, sealed_sample, sample, SAMPLE_CELLS);
    import_init(&im, kind_find(i->kind), ctx->arena);
    im.create = i->make_new == 1;
    im.column_count = columns;
    if (imported_columns(ctx, &im, i) != OK)
        import_forget(ctx);
    im.column_count = columns;
    draw_mapping(ctx, i, &im, headings, sample, cells);
    if (cells)
        draw_preview(ctx, &im, sample, cells);
    import_release(&im);
}

/* ---- one import: refused rows, progress, end ---- */

static void draw_reasons(struct ctx *ctx, const struct imported *i)
{
    struct buf *out = ctx->web->out;
    struct rows *r = query(ctx->db, "SELECT line, reason FROM import_errors WHERE import = {} AND line > 0 ORDER BY line LIMIT {}",
                           i->record.id, REASONS_SHOWN);
    if (!rows_next(r))
        return;
    html(out, "<section><h2>{}</h2>", say(ctx, "Refused rows"));
    scroll_begin(ctx, say(ctx, "Refused rows"));
    html(
        out,
        "<table class=\"plain\"><thead><tr><th scope=\"col\" class=\"num\">{}</th><th scope=\"col\" class=\"wide\">{}</th></tr></thead><tbody>",
        say(ctx, "Row"), say(ctx, "Reason it was refused"));
    do
        html(out, "<tr><td class=\"num\">{}</td><td>{}</td></tr>", row_int(r, "line"), row_text(r, "reason"));
    while (rows_next(r));
    buf_puts(out, "</tbody></table>");
    scroll_end(ctx);
    if (i->refused > REASONS_SHOWN)
        html(out, "<p class=\"small\">{}</p>", say(ctx, "The first {} of {}.", REASONS_SHOWN, i->refused));
    html(out, "<div class=\"acts\"><a class=\"button\" href=\"/import/{}/refused\">{} {}</a></div><p class=\"small\">{}</p></section>",
         i->record.id, icon(ctx, "download"), say(ctx, "Download the refused rows with their reasons"),
         say(ctx, "Put them right in that sheet and import it again: what is stored already stays as it is."));
}

static void act_button(struct ctx *ctx, const struct imported *i, const char *action, const char *text, const char *question)
{
    form_begin(ctx, arena_print(ctx->arena, "/import/%lld/%s", (long long)i->record.id, action), NULL, false);
    html(ctx->web->out, "<div class=\"acts\"><button class=\"quiet\" data-confirm=\"{}\">{}</button></div>", question, text);
    form_end(ctx);
}

static void draw_state(struct ctx *ctx, const struct imported *i)
{
    struct buf *out = ctx->web->out;
    if (under_way(i)) {
        html(out,
             "<noscript><meta http-equiv=\"refresh\" content=\"3\"></noscript><div data-again=\"2\"><p><b>{}</b> · {}%</p>"
             "<progress max=\"100\" value=\"{}\" aria-label=\"{}\"></progress><p>",
             i->dry == 1 && is(i, "running") ? say(ctx, "Trial under way") : status_label(ctx, i->status), i->percent, i->percent,
             say(ctx, "Progress"));
        counts_text(ctx, i);
        html(out, "</p></div>");
    } else if (is(i, "checked")) {
        html(out, "<div class=\"notice\">{}<div><p><b>{}</b></p><p>", icon(ctx, "info-circle"),
             say(ctx, "This was a trial: nothing was stored."));
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
            html(out, "<p>{}</p>", say(ctx, "What was stored so far stays. The same sheet again completes it."));
        html(out, "</div></div>");
    }
    if (!under_way(i))
        draw_reasons(ctx, i);
}

static void page(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct imported *i = ctx->web->record;
    struct problem *problems = ctx->problems;
    page_begin(ctx, i->file, PAGE_STAFF);
    trail(ctx, "/import", say(ctx, "Import"));
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>", i->file,
         say(ctx, "{}, {} KB, sent by {} on {}", kind_many(ctx, i->kind), (i->size + 1023) / 1024, i->user_name,
             when_show(ctx->arena, ctx->lang, i->record.created)));
    form_problems(ctx);
    import_forget(ctx);
    html(out, "<div id=\"import\" class=\"parts\">");
    if (fragment_begin(ctx, "import")) {
        draw_state(ctx, i);
        if (under_way(i))
            act_button(ctx, i, "cancel", say(ctx, "Cancel the import"), say(ctx, "Stop here? What was stored so far stays."));
        else if (being_prepared(i)) {
            draw_prepare(ctx, i);
            act_button(ctx, i, "cancel", say(ctx, "Discard this file"), say(ctx, "Discard the file? Nothing of it was stored."));
        } else
            html(out, "<div class=\"acts\"><a class=\"button\" href=\"/import\">{}</a></div>", say(ctx, "Import another sheet"));
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
    struct rows *r = query(ctx->db, "SELECT line, reason, cells FROM import_errors WHERE import = {} ORDER BY line", i->record.id);
    int columns = 0;
    for (bool first = true; rows_next(r); first = false) {
        const char *reason = row_copy(r, ctx->arena, "reason"), *sealed = row_copy(r, ctx->arena, "cells");
        int n = cells_open(ctx, sealed, cells, IMPORT_COLUMNS - 1);
        if (first) { /* line 0 holds the headings */
            columns = n;
            cells[n] = say(ctx, "Reason it was refused");
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
    answer_download(ctx, arena_print(ctx->arena, "%s-%lld.xlsx", say(ctx, "refused"), (long long)i->record.id),
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
        ctx_problem(ctx, NULL, say(ctx, "Say at least of one column what it is."));
    import_release(&im);
    return mapping;
}

static void go(struct ctx *ctx)
{
    const struct imported *i = record_load(ctx, &imports_kind, ctx->web->id);
    const char *what = param(ctx, "do");
    if (!i || !being_prepared(i)) {
        ctx_fail(ctx, CONFLICT, say(ctx, "This import has begun already."));
        return;
    }
    const char *mapping = chosen_mapping(ctx, i);
    if (!ctx_ok(ctx))
        return;
    bool start = what && !strcmp(what, "start"), trial = what && !strcmp(what, "trial");
    change(ctx->db, "DELETE FROM import_errors WHERE import = {}", i->record.id);
    change(ctx->db,
           "INSERT INTO import_errors (import, line, reason, cells) SELECT import, 0, '', headings FROM import_files WHERE import = {}",
           i->record.id);
    change(
        ctx->db,
        "UPDATE imports SET version = version + 1, updated = {}, mapping = {}, make_new = {}, status = {}, dry = {}, language = {}, percent = 0,"
        " last_row = 0, added = 0, changed = 0, unchanged = 0, refused = 0, reason = NULL WHERE id = {}",
        ctx->now, mapping, param_int(ctx, "make_new") == 1 ? 1 : 0, start || trial ? "waiting" : "draft", trial ? 1 : 0, ctx->lang,
        i->record.id);
    if (start || trial)
        journal_add(ctx, "imports", i->record.id, start ? "start" : "trial", NULL, NULL);
    see_other(ctx, "/import/{}", i->record.id);
}

static void cancel(struct ctx *ctx)
{
    const struct imported *i = record_load(ctx, &imports_kind, ctx->web->id);
    if (!i || (!under_way(i) && !being_prepared(i))) {
        ctx_fail(ctx, CONFLICT, say(ctx, "This import has ended already."));
        return;
    }
    bool trial = under_way(i) && i->dry == 1; /* a trial that is stopped leaves the file to be used */
    change(ctx->db, "UPDATE imports SET status = {}, runner = NULL, ended = {} WHERE id = {}", trial ? "draft" : "cancelled", ctx->now,
           i->record.id);
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
           "DELETE FROM import_files WHERE import IN (SELECT id FROM imports WHERE status IN ('draft', 'checked') AND updated < {})",
           ctx->now - DRAFT_KEPT);
    change(ctx->db, "UPDATE imports SET status = 'cancelled', ended = {} WHERE status IN ('draft', 'checked') AND updated < {}", ctx->now,
           ctx->now - DRAFT_KEPT);
    change(ctx->db, "DELETE FROM import_errors WHERE import IN (SELECT id FROM imports WHERE ended < {})", ctx->now - REASONS_KEPT);
}

static void run_tidy(struct ctx *ctx)
{
    if (query_int(ctx->db,
                  "SELECT count(*) AS n FROM imports i WHERE (status IN ('draft', 'checked') AND updated < {})"
                  " OR (ended < {} AND EXISTS (SELECT 1 FROM import_errors e WHERE e.import = i.id))",
                  ctx->now - DRAFT_KEPT, ctx->now - REASONS_KEPT) > 0)
        door(ctx, tidy);
}

static const struct route table[] = {
    ROUTE_GET("/import", MAY, home),
    ROUTE_POST("/import", MAY, store_sent, .prepare = read_sent, .failed = home, .flags = UPLOAD | SLOW),
    ROUTE_GET("/import/{id}", MAY, page, .record = &imports_kind),
    ROUTE_GET("/import/{id}/refused", MAY, refused, .record = &imports_kind),
    ROUTE_POST("/import/{id}/go", MAY, go, .record = &imports_kind, .failed = page),
    ROUTE_POST("/import/{id}/cancel", MAY, cancel, .record = &imports_kind, .failed = page),
};

static const struct place places[] = {
    {"/import", N_("Import"), "g m", ROLE_OFFICE | ROLE_ADMIN | ROLE_WORKER, true, N_("Sheets into registers and requests"), "file-import"},
    {.href = NULL},
};
static const struct kind *const kinds[] = {&imports_kind, NULL};
static const struct job jobs[] = {{"imports-tidy", 3600, run_tidy}, {.name = NULL}};

const struct module imports_module = {.name = "imports", .kinds = kinds, .routes = ROUTES(table), .places = places, .jobs = jobs};
