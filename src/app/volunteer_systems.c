/*
 * Sheets for the provincial and national volunteer systems. Which columns a
 * system wants, and what they are called, is a register that the office
 * changes itself; a row names one of our fields, or a fixed text.
 *
 * Such a sheet carries identity numbers of many people: only the office makes
 * one, says why, and it is journalled with how many were in it.
 */
#include "app/certificates.h"
#include "app/module.h"
#include "app/people.h"
#include "app/visits.h"
#include "base/text.h"
#include "base/when.h"
#include "db/journal.h"
#include "kind/sheet.h"
#include "web/web.h"

#include <stdlib.h>
#include <string.h>

struct system_column {
    struct record record;
    const char *code, *system;
    int64_t position;
    const char *column_name, *field, *fixed;
};

static const struct choice sources[] = {{"number", N_("Volunteer number")},
                                        {"name", N_("Full name")},
                                        {"gender", N_("Gender")},
                                        {"born", N_("Born on")},
                                        {"id_type", N_("Identity document")},
                                        {"id_number", N_("Number of the document")},
                                        {"phone", N_("Telephone")},
                                        {"political", N_("Political status")},
                                        {"address", N_("Address")},
                                        {"community", N_("Community")},
                                        {"team", N_("Team")},
                                        {"skills", N_("Can do")},
                                        {"joined", N_("Joined on")},
                                        {"status", N_("Status")},
                                        {"hours", N_("Hours in the period")},
                                        {"times", N_("Times of service in the period")},
                                        {"fixed", N_("A fixed text")},
                                        {NULL, NULL}};

#define S(member) offsetof(struct system_column, member)
static const struct field fields[] = {
    {"code", F_CODE, S(code), N_("Code"), .max = 40, .flags = REQUIRED | UNIQUE},
    {"system", F_TEXT, S(system), N_("Volunteer system"), .min = 2, .max = 60, .flags = REQUIRED | LISTED | FILTER},
    {"position", F_INT, S(position), N_("Order"), .min = 1, .max = 200, .flags = REQUIRED | LISTED},
    {"column_name", F_TEXT, S(column_name), N_("Heading of the column"), .min = 1, .max = 60, .flags = REQUIRED | LISTED},
    {"field", F_CHOICE, S(field), N_("What is in it"), .choices = sources, .flags = REQUIRED | LISTED},
    {"fixed", F_TEXT, S(fixed), N_("The fixed text"), .max = 100, .flags = LISTED},
};

static const struct kind systems_kind = {.name = "volunteer-systems",
                                         .table = "volunteer_systems",
                                         .one = N_("Column of a volunteer system"),
                                         .many = N_("Columns of volunteer systems"),
                                         FIELDS(fields),
                                         .size = sizeof(struct system_column),
                                         .read = ROLE_OFFICE | ROLE_ADMIN,
                                         .write = ROLE_OFFICE | ROLE_ADMIN,
                                         .code = "code",
                                         .order = "system, position, id"};

#define COLUMNS_MOST 60
#define ROWS_MOST    50000

struct exporting {
    const struct system_column *columns[COLUMNS_MOST];
    int count;
    const char *system, *from, *to, *why;
    char *sheet;
    size_t size;
    int64_t rows;
};

static void columns_load(struct ctx *ctx, struct exporting *e)
{
    struct list l;
    list_init(ctx, &l, &systems_kind);
    sql_add(&l.where, " AND system = {}", e->system);
    l.limit = COLUMNS_MOST;
    struct rows *rows = list_run(ctx, &l);
    for (struct system_column *c; e->count < COLUMNS_MOST && (c = list_next(ctx, &systems_kind, rows, ctx->arena)) != NULL;)
        e->columns[e->count++] = c;
    rows_end(rows);
}

static void write_cell(struct ctx *ctx, struct sheet_writer *w, const struct exporting *e, const struct system_column *c,
                       const struct volunteer *v, const struct person *p)
{
    static const char *const of_person[] = {"name", "gender", "born", "id_type", "id_number", "phone", "political", "address", NULL};
    if (!strcmp(c->field, "fixed")) {
        sheet_write_text(w, c->fixed);
        return;
    }
    if (!strcmp(c->field, "hours")) {
        int64_t n = query_int(
            ctx->db,
            "SELECT coalesce(sum(coalesce(corrected, counted)), 0) AS n FROM hours WHERE volunteer = {} AND day >= {} AND day <= {}",
            v->record.id, e->from, e->to);
        int64_t tenths = (n + 180) / 360;
        sheet_write_real(w, (double)tenths / 10);
        return;
    }
    if (!strcmp(c->field, "times")) {
        int64_t from = 0, to = 0;
        day_parse(e->from, &from);
        day_parse(e->to, &to);
        sheet_write_int(
            w, query_int(ctx->db,
                         "SELECT count(*) AS n FROM attendances WHERE volunteer = {} AND status = 'good' AND came >= {} AND came <= {}",
                         v->record.id, when_day_start(from), when_day_end(to)));
        return;
    }
    for (int i = 0; of_person[i]; i++)
        if (!strcmp(c->field, of_person[i])) {
            const struct field *f = kind_field(&people_kind, c->field);
            sheet_write_text(w, (f->flags & SEALED) || f->type == F_DATE ? field_text(f, p) : field_show(ctx, f, p));
            return;
        }
    const struct field *f = kind_field(&volunteers_kind, c->field);
    sheet_write_text(w, f->type == F_DATE ? field_text(f, v) : field_show(ctx, f, v));
}

/* Each row in an arena of its own: there may be tens of thousands. */
static void write_rows(struct ctx *ctx, struct exporting *e, struct sheet_writer *w)
{
    struct arena *whole = ctx->arena;
    int64_t last = 0;
    while (e->rows < ROWS_MOST) {
        struct sql q;
        ctx->arena = arena_new();
        sql_init(&q, ctx->arena);
        sql_add(&q, "SELECT min(id) AS id FROM volunteers WHERE status IN ('active', 'paused') AND id > {}", last);
        volunteers_kind.scope(ctx, &q);
        struct rows *r = sql_query(ctx->db, &q);
        last = rows_next(r) ? row_int(r, "id") : NONE;
        rows_end(r);
        const struct volunteer *v = last == NONE ? NULL : record_get(ctx, &volunteers_kind, last);
        const struct person *p = v ? record_get(ctx, &people_kind, v->person) : NULL;
        for (int i = 0; p && i < e->count; i++)
            write_cell(ctx, w, e, e->columns[i], v, p);
        if (p) {
            sheet_write_row(w);
            e->rows++;
        }
        arena_free(ctx->arena);
        ctx->arena = whole;
        if (last == NONE)
            break;
    }
}

static void export_prepare(struct ctx *ctx)
{
    struct exporting *e = ARENA_NEW(ctx->arena, struct exporting);
    int64_t from = 0, to = 0;
    const char *titles[COLUMNS_MOST], *why = NULL;
    e->system = param(ctx, "system");
    e->from = param(ctx, "from");
    e->to = param(ctx, "to");
    e->why = text_tidy(ctx->arena, param(ctx, "why"));
    if (e->system)
        columns_load(ctx, e);
    if (!e->count)
        ctx_problem(ctx, "system", say(ctx, "Choose the system the sheet is for."));
    if (!e->from || !e->to || !day_parse(e->from, &from) || !day_parse(e->to, &to) || from > to)
        ctx_problem(ctx, "to", say(ctx, "Give the first and the last day of the period."));
    if (!e->why || text_length(e->why) < 2)
        ctx_problem(ctx, "why", say(ctx, "Write what the sheet is for: it carries identity numbers, so it is kept who made one and why."));
    if (!ctx_ok(ctx))
        return;
    e->from = day_iso(ctx->arena, from);
    e->to = day_iso(ctx->arena, to);
    for (int i = 0; i < e->count; i++)
        titles[i] = e->columns[i]->column_name;
    struct sheet_writer *w = sheet_write_open(SHEET_XLSX);
    sheet_write_header(w, titles, e->count);
    write_rows(ctx, e, w);
    char *made = sheet_write_close(w, &e->size, &why);
    if (made) {
        e->sheet = arena_copyn(ctx->arena, made, e->size);
        free(made);
        ctx->work = e;
    } else
        ctx_fail(ctx, UNAVAILABLE, why);
}

static void export_change(struct ctx *ctx)
{
    const struct exporting *e = ctx->work;
    journal_note(ctx, "volunteers", 0, "export", "{\"system\":{},\"from\":{},\"to\":{},\"rows\":{},\"why\":{}}", e->system, e->from, e->to,
                 e->rows, e->why);
    answer_download(ctx, arena_print(ctx->arena, "%s %s.xlsx", e->system, e->to),
                    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet");
    answer_header(ctx, "Cache-Control", "no-store");
    buf_put(ctx->web->out, e->sheet, e->size);
    ctx->key = NULL; /* the answer is not kept for a repetition: identity numbers stay sealed in the store */
}

static void export_page(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    int64_t today = when_day(ctx->now);
    page_begin(ctx, say(ctx, "Sheet for the volunteer systems"), PAGE_STAFF);
    trail(ctx, "/certificates", say(ctx, "Certificates"));
    html(
        out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>", say(ctx, "Sheet for the volunteer systems"),
        say(ctx,
            "Volunteers and their hours in an Excel sheet with the headings that the provincial or national system expects. The headings are a register the office can change."));
    form_begin(ctx, "/volunteers/export-national", NULL, false);
    form_problems(ctx);
    select_field(ctx, "system", say(ctx, "Volunteer system"), NULL, NULL, NULL,
                 query(ctx->db, "SELECT DISTINCT system AS id, system AS name, NULL AS name_en FROM volunteer_systems ORDER BY system"),
                 NULL);
    html(
        out,
        "<div class=\"pair\"><div class=\"field\"><label for=\"f-from\">{}</label><input id=\"f-from\" type=\"date\" name=\"from\" value=\"{}\"></div><div class=\"field\"><label for=\"f-to\">{}</label><input id=\"f-to\" type=\"date\" name=\"to\" value=\"{}\">",
        say(ctx, "From"), param(ctx, "from") ? param(ctx, "from") : arena_print(ctx->arena, "%d-01-01", civil_from_when(ctx->now).year),
        say(ctx, "Until"), param(ctx, "to") ? param(ctx, "to") : day_iso(ctx->arena, today));
    field_problem(ctx, "to");
    html(out, "</div></div>");
    text_field(ctx, "why", say(ctx, "What it is for"),
               say(ctx, "The sheet carries names, telephone and identity numbers in full. Who made it and why is journalled."), 200, NULL);
    html(out, "<div class=\"acts\"><button class=\"primary\">{} {}</button></div>", icon(ctx, "download"), say(ctx, "Make the sheet"));
    form_end(ctx);
    page_end(ctx);
}

static const struct kind *const kinds[] = {&systems_kind, NULL};

static const struct route table[] = {
    ROUTE_GET("/volunteers/export-national", ROLE_OFFICE, export_page),
    ROUTE_POST("/volunteers/export-national", ROLE_OFFICE, export_change, .prepare = export_prepare, .failed = export_page, .flags = SLOW),
};

const struct module volunteer_systems_module = {.name = "volunteer systems", .kinds = kinds, .routes = ROUTES(table)};
