/*
 * Spreadsheets for the provincial and national volunteer systems. A register,
 * which the office edits, says which columns a system expects and what they are
 * called; each row names a field or a fixed text.
 *
 * Such a spreadsheet contains the ID numbers of many people. Only the office
 * can create one; it must give a reason, and the export is logged with the
 * number of rows.
 */
#include "core/module.h"
#include "core/settings.h"
#include "app/registers/registers.h"
#include "app/volunteers/volunteers.h"
#include "base/text.h"
#include "base/when.h"
#include "db/journal.h"
#include "kind/sheet.h"
#include "web/fields.h"

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
                                        {"born", N_("Date of birth")},
                                        {"id_type", N_("ID type")},
                                        {"id_number", N_("ID number")},
                                        {"phone", N_("Phone")},
                                        {"political", N_("Political status")},
                                        {"address", N_("Address")},
                                        {"community", N_("Community")},
                                        {"team", N_("Team")},
                                        {"skills", N_("Volunteer’s skills")},
                                        {"joined", N_("Date joined")},
                                        {"status", N_("Status")},
                                        {"hours", N_("Service hours in the period")},
                                        {"times", N_("Number of services in the period")},
                                        {"fixed", N_("Fixed text")},
                                        {NULL, NULL}};

#define S(member) offsetof(struct system_column, member)
static const struct field fields[] = {
    {"code", F_CODE, S(code), N_("Code"), .max = 40, .flags = REQUIRED | UNIQUE},
    {"system", F_TEXT, S(system), N_("Volunteer system"), .min = 2, .max = 60,
     .flags = REQUIRED | LISTED | FILTER},
    {"position", F_INT, S(position), N_("Sort order"), .min = 1, .max = 200,
     .flags = REQUIRED | LISTED},
    {"column_name", F_TEXT, S(column_name), N_("Column heading"), .min = 1, .max = 60,
     .flags = REQUIRED | LISTED},
    {"field", F_CHOICE, S(field), N_("Column content"), .choices = sources,
     .flags = REQUIRED | LISTED},
    {"fixed", F_TEXT, S(fixed), N_("Text to use"), .max = 100, .flags = LISTED},
};

static const struct kind systems_kind = {.name = "volunteer-systems",
                                         .table = "volunteer_systems",
                                         .one = N_("Volunteer system column"),
                                         .many = N_("Volunteer system columns"),
                                         FIELDS(fields),
                                         .size = sizeof(struct system_column),
                                         .read = ROLE_OFFICE | ROLE_ADMIN,
                                         .write = ROLE_OFFICE | ROLE_ADMIN,
                                         .allow = actor_for_all,
                                         .code = "code",
                                         .order = "system, position, id"};

struct exporting {
    const struct system_column **columns;
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
    l.limit = LIST_ALL;
    struct rows *rows = list_run(ctx, &l);
    for (struct system_column *c; (c = list_next(ctx, &systems_kind, rows, ctx->arena)) != NULL;)
        *ARENA_NEXT(ctx->arena, e->columns, e->count) = c;
    rows_end(rows);
}

static void write_cell(struct ctx *ctx, struct sheet_writer *w, const struct exporting *e,
                       const struct system_column *c, const struct volunteer *v,
                       const struct person *p)
{
    static const char *const of_person[] = {"name",  "gender",    "born",    "id_type", "id_number",
                                            "phone", "political", "address", NULL};
    if (!strcmp(c->field, "fixed")) {
        sheet_write_text(w, c->fixed);
        return;
    }
    if (!strcmp(c->field, "hours")) {
        int64_t n = query_int(ctx->db,
                              "SELECT coalesce(sum(coalesce(corrected, counted)), 0) AS n FROM "
                              "hours WHERE volunteer = {} AND day >= {} AND day <= {}",
                              v->record.id, e->from, e->to);
        int64_t tenths = (n + 180) / 360;
        sheet_write_real(w, (double)tenths / 10);
        return;
    }
    if (!strcmp(c->field, "times")) {
        int64_t from = 0, to = 0;
        day_parse(e->from, &from);
        day_parse(e->to, &to);
        sheet_write_int(w, query_int(ctx->db,
                                     "SELECT count(*) AS n FROM attendances WHERE volunteer = {} "
                                     "AND status = 'good' AND came >= {} AND came <= {}",
                                     v->record.id, when_day_start(from), when_day_end(to)));
        return;
    }
    for (int i = 0; of_person[i]; i++)
        if (!strcmp(c->field, of_person[i])) {
            const struct field *f = kind_field(&people_kind, c->field);
            sheet_write_text(w, (f->flags & SEALED) || f->type == F_DATE ? field_text(f, p)
                                                                         : field_show(ctx, f, p));
            return;
        }
    const struct field *f = kind_field(&volunteers_kind, c->field);
    sheet_write_text(w, f->type == F_DATE ? field_text(f, v) : field_show(ctx, f, v));
}

/* Each row has its own arena, because there may be tens of thousands. */
static void write_rows(struct ctx *ctx, struct exporting *e, struct sheet_writer *w)
{
    struct arena *whole = ctx->arena;
    int64_t last = 0;
    for (;;) {
        struct sql q;
        ctx->arena = arena_new();
        sql_init(&q, ctx->arena);
        sql_add(
            &q,
            "SELECT min(id) AS id FROM volunteers WHERE status IN ('active', 'paused') AND id > {}",
            last);
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
    const char *why = NULL;
    e->system = param(ctx, "system");
    e->from = param(ctx, "from");
    e->to = param(ctx, "to");
    e->why = text_tidy(ctx->arena, param(ctx, "why"));
    if (e->system)
        columns_load(ctx, e);
    if (!e->count)
        ctx_problem(ctx, "system", say(ctx, "Choose the system the spreadsheet is for."));
    if (!e->from || !e->to || !day_parse(e->from, &from) || !day_parse(e->to, &to) || from > to)
        ctx_problem(ctx, "to", say(ctx, "Enter the first and last day of the period."));
    if (!e->why || text_length(e->why) < 2)
        ctx_problem(ctx, "why",
                    say(ctx, "Enter the purpose: the spreadsheet contains ID numbers, so who "
                             "exported it and why is recorded."));
    if (!ctx_ok(ctx))
        return;
    e->from = day_iso(ctx->arena, from);
    e->to = day_iso(ctx->arena, to);
    const char **titles = ARENA_ARRAY(ctx->arena, const char *, e->count);
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
    journal_note(ctx, "volunteers", 0, "export",
                 "{\"system\":{},\"from\":{},\"to\":{},\"rows\":{},\"why\":{}}", e->system, e->from,
                 e->to, e->rows, e->why);
    answer_download(ctx, arena_print(ctx->arena, "%s %s.xlsx", e->system, e->to),
                    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet");
    answer_header(ctx, "Cache-Control", "no-store");
    buf_put(ctx->web->out, e->sheet, e->size);
    ctx->key =
        NULL; /* the response is not stored for repeated requests, because it contains ID numbers */
}

static void export_page(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    int64_t today = when_day(ctx->now);
    page_begin(ctx, say(ctx, "Spreadsheet for volunteer systems"), PAGE_STAFF);
    trail(ctx, "/certificates", say(ctx, "Certificates"));
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>",
         say(ctx, "Spreadsheet for volunteer systems"),
         say(ctx,
             "An Excel spreadsheet of volunteers and hours with the headings required by the "
             "provincial or national system. The office can change the headings in a register."));
    form_begin(ctx, "/volunteers/export-national", NULL, false);
    form_problems(ctx);
    select_field(ctx, "system", say(ctx, "Volunteer system"), NULL, NULL, NULL,
                 query(ctx->db, "SELECT DISTINCT system AS id, system AS name, NULL AS name_en "
                                "FROM volunteer_systems ORDER BY system"),
                 NULL);
    html(out,
         "<div class=\"pair\"><div class=\"field\"><label for=\"f-from\">{}</label><input "
         "id=\"f-from\" type=\"date\" name=\"from\" value=\"{}\"></div><div class=\"field\"><label "
         "for=\"f-to\">{}</label><input id=\"f-to\" type=\"date\" name=\"to\" value=\"{}\">",
         say(ctx, "From"),
         param(ctx, "from") ? param(ctx, "from")
                            : arena_print(ctx->arena, "%d-01-01", civil_from_when(ctx->now).year),
         say(ctx, "Until"), param(ctx, "to") ? param(ctx, "to") : day_iso(ctx->arena, today));
    field_problem(ctx, "to");
    html(out, "</div></div>");
    text_field(ctx, "why", say(ctx, "Purpose"),
               say(ctx, "The spreadsheet contains full names, phone numbers and ID numbers. Who "
                        "exported it and why is logged."),
               200, NULL);
    html(out, "<div class=\"acts\"><button class=\"primary\">{} {}</button></div>",
         icon(ctx, "download"), say(ctx, "Export spreadsheet"));
    form_end(ctx);
    page_end(ctx);
}

static const struct kind *const kinds[] = {&systems_kind, NULL};

static const struct route table[] = {
    ROUTE_GET("/volunteers/export-national", ROLE_OFFICE, export_page),
    ROUTE_POST("/volunteers/export-national", ROLE_OFFICE, export_change, .prepare = export_prepare,
               .failed = export_page, .flags = SLOW),
};

static const struct field logged[] = {{"system", F_TEXT, SETTING, N_("Volunteer system")},
                                      {.name = NULL}};

const struct module volunteer_systems_module = {
    .name = "volunteer systems", .kinds = kinds, .logged = logged, .routes = ROUTES(table)};
