/*
 * Repairs of what belongs to everybody: the office opens one; a community
 * worker finishes it within ten working days, or says why it can't be done.
 */
#include "core/due.h"
#include "core/module.h"
#include "core/workflow.h"
#include "core/working_days.h"
#include "pages/kind_views.h"
#include "web/web.h"

/* ---- the record: forms, register, API, import, export and history ---- */

struct repair {
    struct record record;
    const char *code, *title, *status, *why;
    int64_t opened, due;
};
enum { OPEN, DONE, REFUSED };
static const struct choice states[] = {
    {"open", N_("Open")}, {"done", N_("Done")}, {"refused", N_("Declined")}, {NULL, NULL}};

#define R(member) offsetof(struct repair, member)
static const struct field fields[] = {
    {"code", F_CODE, R(code), N_("Number"), .flags = REQUIRED | UNIQUE | LISTED},
    {"title", F_TEXT, R(title), N_("Title"), .flags = REQUIRED | LISTED},
    {"status", F_CHOICE, R(status), N_("Status"), .choices = states, .flags = LISTED | FIXED},
    {"why", F_LONG, R(why), N_("Reason"), .flags = FIXED},
    {"opened", F_TIME, R(opened), N_("Received"), .flags = FIXED},
    {"due", F_TIME, R(due), N_("Due"), .flags = LISTED | SORTED | FIXED},
};

static enum status insert(struct ctx *ctx, void *record);
static void check(struct ctx *ctx, const void *before, void *after);

static const struct kind repairs_kind = {
    .name = "repairs", /* its table is made by a file under schema/ */
    .table = "repairs",
    .one = N_("Repair"),
    .many = N_("Repairs"),
    FIELDS(fields),
    .size = sizeof(struct repair),
    .read = ROLES_STAFF,
    .write = ROLE_OFFICE,
    .code = "code",
    .order = "id",
    .check = check,
    .insert = insert,
    .about = N_("What is broken and belongs to everybody."),
};

/* ---- its life: buttons, their forms, the API's steps, the diagram ---- */

struct answers {
    struct record record;
    const char *why;
};
static const struct field reason[] = {
    {"why", F_LONG, offsetof(struct answers, why), N_("Reason"), .flags = REQUIRED | KEPT},
    {.name = NULL}};
static const struct step steps[] = {
    {"finish", N_("Done"), .from = STATE(OPEN), .to = DONE, .roles = ROLE_WORKER,
     .rule = N_("It works again.")},
    {"refuse", N_("Decline"), .from = STATE(OPEN), .to = REFUSED, .roles = ROLE_WORKER,
     .asks = reason, .flags = STEP_DANGER, .rule = N_("Needs a reason.")},
    {.action = NULL},
};
static const struct workflow repair_steps = {
    .kind = &repairs_kind,
    .state = "status",
    .steps = steps,
    .input = sizeof(struct answers),
    .ends = STATE(DONE) | STATE(REFUSED),
};

/* ---- the rules that no table can state ---- */

static enum status insert(struct ctx *ctx, void *record)
{
    struct repair *r = record;
    r->opened = ctx->now;
    r->due = term_end(ctx_calendar(ctx), (struct term){10, "working_days"}, ctx->now);
    r->status = states[OPEN].code;
    return record_insert(ctx, &repairs_kind, r, "create");
}

static void check(struct ctx *ctx, const void *before, void *after)
{
    workflow_keeps(ctx, &repair_steps, before, after); /* the state changes by steps only */
}

/* ---- what is due: the list, its number, notices, the calendar ---- */

static const struct due_source due[] = {
    {"repairs.finish", &repairs_kind, .due = "due", .open = "status = 'open'", .roles = ROLE_WORKER,
     .words = N_("Repair"), .href = "/registers/repairs/{id}", .told = true},
    {.id = NULL},
};

/* ---- a figure: its value, and the records behind it ---- */

static const struct figure figures[] = {
    {"repairs.opened", NULL, N_("Repairs opened"), N_("repairs"),
     N_("Repairs opened in this period, whatever became of them."), COUNT, .kind = &repairs_kind,
     .time = "opened"},
    {.id = NULL},
};

/* ---- a page: views with their numbers ---- */

static const struct kind_view views[] = {
    {"open", N_("Open"), N_("Nothing is broken."), .where = " AND status = 'open'", .sort = "due"},
    {"late", N_("Overdue"), N_("Nothing is overdue."), .tone = "late", .sort = "due",
     .where = " AND status = 'open' AND due < {}"},
    {.id = NULL},
};

static void repairs_page(struct ctx *ctx)
{
    const struct kind_view *v = kind_view_asked(ctx, views);
    struct list l;
    list_init(ctx, &l, &repairs_kind);
    kind_view_list(ctx, v, &l);
    page_begin(ctx, tr(ctx, repairs_kind.many), PAGE_STAFF);
    kind_views_draw(ctx, views, v, &(struct kind_tabs){v->label, .kind = &repairs_kind});
    html(ctx->web->out, "<ul>");
    struct rows *rows = list_run(ctx, &l);
    for (struct repair *r; (r = list_next(ctx, &repairs_kind, rows, ctx->arena)) != NULL;)
        html(ctx->web->out, "<li><a href=\"/registers/repairs/{}\">{}</a></li>", r->record.id,
             r->title);
    html(ctx->web->out, "</ul>");
    page_end(ctx);
}

/* ---- all of it, for the list of modules of its folder ---- */

static const struct kind *const kinds[] = {&repairs_kind, NULL};
static const struct workflow *const workflows[] = {&repair_steps, NULL};
static const struct route table[] = {ROUTE_GET("/repairs", ROLES_STAFF, repairs_page)};

static const struct module repairs_module = {.name = "repairs",
                                             .kinds = kinds,
                                             .workflows = workflows,
                                             .routes = ROUTES(table),
                                             .due = due,
                                             .figures = figures};
