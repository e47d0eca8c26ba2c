/*
 * One page that leads through setting up an installation. Each step comes from
 * the capability that needs it (core/setup.h); this page shows how far it is,
 * and what every kind has: a form, a blank spreadsheet, an upload.
 */
#include "pages/setup_page.h"

#include "core/import_run.h"
#include "core/module.h"
#include "db/journal.h"
#include "kind/form.h"
#include "pages/register_pages.h"
#include "web/fields.h"
#include "web/web.h"

#include <string.h>

/* ---- the office ---- */

static const char *const office_settings[] = {"site.name", "site.phone", "site.contact",
                                              "site.address", NULL};

static const char *office_missing(struct ctx *ctx)
{
    return !*setting(ctx, "site.name") && !*setting(ctx, "site.phone")
               ? say(ctx, "The office has no name and no phone number yet.")
           : !*setting(ctx, "site.name")  ? say(ctx, "The office has no name yet.")
           : !*setting(ctx, "site.phone") ? say(ctx, "The office has no phone number yet.")
                                          : NULL;
}

static void setting_draw(struct ctx *ctx, const char *name)
{
    int m = 0;
    for (const struct field *f = setting_next(&m, NULL); f; f = setting_next(&m, f))
        if (!strcmp(f->name, name)) {
            const struct form form = {.record = setting_load(ctx, f), .icon = icon};
            struct field own = *f;
            if (!strcmp(name, "site.name") || !strcmp(name, "site.phone"))
                own.flags |= REQUIRED; /* this step is open without them */
            form_field(ctx, ctx->web->out, &form, &own);
        }
}

/* Sent to /settings, which checks and stores the fields that come, and leads back. */
static void office_draw(struct ctx *ctx)
{
    form_begin(ctx, "/settings", NULL, false);
    html(ctx->web->out, "<input type=\"hidden\" name=\"next\" value=\"/setup#office\">");
    for (int i = 0; office_settings[i]; i++)
        setting_draw(ctx, office_settings[i]);
    html(ctx->web->out, "<div class=\"acts\"><button class=\"primary\">{}</button></div>",
         say(ctx, "Save"));
    form_end(ctx);
}

static const struct setup_step steps[] = {
    {"office", N_("Office and phone"),
     N_("Its name and number stand on every page, receipt and notice."), .rank = 10,
     .missing = office_missing, .draw = office_draw},
    {.name = NULL},
};

/* ---- a step ---- */

static void sheet_draw(struct ctx *ctx, const struct setup_step *s)
{
    struct buf *out = ctx->web->out;
    html(out, "<details><summary>{} {}</summary><p><a href=\"/import/blank/{}\">{} {}</a></p>",
         icon(ctx, "file-spreadsheet"), say(ctx, "From a spreadsheet"), s->kind->name,
         icon(ctx, "download"), say(ctx, "Download a blank spreadsheet"));
    form_begin(ctx, "/import", NULL, true);
    html(out,
         "<input type=\"hidden\" name=\"kind\" value=\"{}\"><div class=\"field\"><label "
         "for=\"file-{}\">{}</label><input type=\"file\" id=\"file-{}\" name=\"file\" required "
         "accept=\".xlsx,.csv\"></div><div class=\"acts\"><button>{} {}</button></div>",
         s->kind->name, s->name, say(ctx, "Excel (.xlsx) or CSV, also your own list"), s->name,
         icon(ctx, "upload"), say(ctx, "Upload and preview"));
    form_end(ctx);
    buf_puts(out, "</details>");
}

static const char *hand_href(struct ctx *ctx, const struct setup_step *s)
{
    return s->href ? s->href : arena_print(ctx->arena, "/registers/%s/new", s->kind->name);
}

static void means_draw(struct ctx *ctx, const struct setup_step *s, bool first)
{
    struct buf *out = ctx->web->out;
    buf_puts(out, "<div class=\"acts\">");
    if (s->common) {
        html(out, "<form method=\"post\" action=\"/setup/common/{}\">", s->name);
        form_tokens(ctx);
        html(out, "<button{}>{} {}</button></form>",
             (struct markup){first ? " class=\"primary\"" : ""}, icon(ctx, "list-check"),
             tr(ctx, s->common_label));
    }
    if (kind_may_write(ctx, s->kind))
        html(out, "<a class=\"button quiet\" href=\"{}\">{} {}</a>", hand_href(ctx, s),
             icon(ctx, "plus"), say(ctx, "Add by hand"));
    if (!first && kind_href(ctx, s->kind))
        html(out, "<a class=\"button quiet\" href=\"{}\">{} {}</a>", kind_href(ctx, s->kind),
             icon(ctx, "list"), say(ctx, "View all"));
    buf_puts(out, "</div>");
    if (import_may(ctx, s->kind))
        sheet_draw(ctx, s);
}

/* now: the first that is open. */
static void step_draw(struct ctx *ctx, const struct setup_step *s, int number, const char *missing,
                      bool now)
{
    struct buf *out = ctx->web->out;
    int64_t n = setup_count(ctx, s);
    html(out,
         "<li id=\"{}\" class=\"{}\"><header><h2>{} {}</h2><p class=\"state {}\">{} {}</p>"
         "</header><p>{}</p>",
         s->name,
         now       ? "open first"
         : missing ? "open"
                   : "done",
         (int64_t)number, tr(ctx, s->label), missing ? "wait" : "ok",
         icon(ctx, missing ? "circle-dashed" : "circle-check"),
         n == NONE ? missing ? say(ctx, "to do") : say(ctx, "done")
                   : say_n(ctx, n, "1 entry", "{} entries", n),
         tr(ctx, s->about));
    if (missing)
        html(out, "<p class=\"missing\"><b>{}</b></p>", missing);
    if (s->draw)
        s->draw(ctx);
    if (s->kind)
        means_draw(ctx, s, n == 0);
    buf_puts(out, "</li>");
}

/* ---- the page ---- */

static void lead_draw(struct ctx *ctx, int open, int all)
{
    struct buf *out = ctx->web->out;
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>",
         say(ctx, "Set-up"),
         say(ctx, "From top to bottom, in about an hour. Everything can be changed later, and you "
                  "can stop and come back at any time."));
    if (!setup_done(ctx, SETUP_RESIDENTS))
        html(out, "<div class=\"notice warn\">{}<div><p>{}</p></div></div>",
             icon(ctx, "alert-triangle"),
             say(ctx, "Residents see “not open yet” until areas and categories are there."));
    else if (open)
        html(out, "<div class=\"notice\">{}<div><p>{}</p></div></div>", icon(ctx, "info-circle"),
             say(ctx, "Residents can use it now. {} of {} steps are complete.", all - open, all));
    else
        html(out,
             "<div class=\"notice ok\">{}<div><p>{}</p></div></div><div class=\"acts\"><a "
             "class=\"button\" href=\"/\">{}</a></div>",
             icon(ctx, "circle-check"), say(ctx, "Set-up is complete."),
             say(ctx, "See what residents see"));
}

void setup_page(struct ctx *ctx)
{
    const struct setup_step **list = setup_steps(ctx);
    int all = 0, open = 0, first = -1;
    while (list[all])
        all++;
    const char **missing = ARENA_ARRAY(ctx->arena, const char *, all + 1);
    for (int i = 0; i < all; i++) {
        missing[i] = setup_missing(ctx, list[i]);
        open += missing[i] != NULL;
        first = first < 0 && missing[i] ? i : first;
    }
    page_begin(ctx, say(ctx, "Set-up"), PAGE_STAFF);
    trail(ctx, "/admin", say(ctx, "Administration"));
    lead_draw(ctx, open, all);
    form_problems(ctx);
    buf_puts(ctx->web->out, "<ol class=\"setup\">");
    for (int i = 0; i < all; i++)
        step_draw(ctx, list[i], i + 1, missing[i], i == first);
    buf_puts(ctx->web->out, "</ol>");
    page_end(ctx);
}

static void common_change(struct ctx *ctx)
{
    const struct setup_step **list = setup_steps(ctx);
    while (*list && strcmp((*list)->name, ctx->web->name) != 0)
        list++;
    if (!*list || !(*list)->common) {
        ctx_fail(ctx, NOT_FOUND, NULL);
        return;
    }
    int64_t added = (*list)->common(ctx);
    if (added == NONE)
        return;
    journal_note(ctx, (*list)->kind->name, 0, "import", "{\"added\":{}}", added);
    flash(ctx, added ? say_n(ctx, added, "{}: 1 entry added.", "{}: {} entries added.",
                             tr(ctx, (*list)->label), added)
                     : say(ctx, "{}: all of it was there already.", tr(ctx, (*list)->label)));
    see_other(ctx, "/setup#{}", (*list)->name);
}

/* ---- before it is finished ---- */

static void office_phone(struct ctx *ctx)
{
    const char *number = setting(ctx, "site.phone"), *contact = setting(ctx, "site.contact");
    if (*number)
        html(ctx->web->out, "<p><a class=\"button\" href=\"tel:{}\">{} {}</a></p>", number,
             icon(ctx, "phone"), number);
    else if (*contact)
        html(ctx->web->out, "<p>{}</p>", contact);
}

bool setup_opened(struct ctx *ctx, const char *names, const char *title)
{
    if (setup_done(ctx, names))
        return true;
    page_begin(ctx, title, PAGE_RESIDENT);
    html(ctx->web->out,
         "<header class=\"head\"><h1>{}</h1></header><div class=\"empty\">{}<p>{}</p><p>{}</p>",
         title, icon(ctx, "clock"), say(ctx, "This is not open yet."),
         say(ctx, "The community is still setting it up. Until then, please call or come in."));
    office_phone(ctx);
    buf_puts(ctx->web->out, "</div>");
    page_end(ctx);
    return false;
}

bool setup_required(struct ctx *ctx, const char *names)
{
    if (!setup_done(ctx, names))
        ctx_fail(ctx, FORBIDDEN, say(ctx, "This is not open yet."));
    return ctx_ok(ctx);
}

void setup_back(struct ctx *ctx)
{
    const char *land = ctx->actor.roles & ROLE_ADMIN ? setup_landing(ctx) : NULL;
    html(ctx->web->out, "<a class=\"button{}\" href=\"/setup\">{}</a>",
         (struct markup){land ? " primary" : ""}, say(ctx, "Back to set-up"));
}

/* What an account without a role sees after signing in. */
static void no_role(struct ctx *ctx)
{
    page_begin(ctx, say(ctx, "Your account has no role yet"), PAGE_RESIDENT);
    html(ctx->web->out,
         "<header class=\"head\"><h1>{}</h1></header><div class=\"empty\">{}<p>{}</p>",
         say(ctx, "Your account has no role yet"), icon(ctx, "lock"),
         say(ctx, "You are signed in, but there is nothing you can open. Ask your administrator to "
                  "give your account a role, then sign in again."));
    office_phone(ctx);
    buf_puts(ctx->web->out, "</div>");
    page_end(ctx);
}

static const struct route table[] = {
    ROUTE_GET("/setup", ROLE_ADMIN, setup_page),
    ROUTE_POST("/setup/common/{name}", ROLE_ADMIN, common_change, .failed = setup_page),
    ROUTE_GET("/no-role", ROLE_PUBLIC, no_role),
};

static const struct place places[] = {
    {"/setup", N_("Set-up"), NULL, ROLE_ADMIN, true,
     N_("What an installation needs, step by step, with blank spreadsheets"), "list-check",
     .rank = 40},
    {.href = NULL},
};

const struct module setup_page_module = {
    .name = "setup_page", .routes = ROUTES(table), .places = places, .setup = steps};
