/*
 * The default deadlines: how long a request of each level may take if its
 * category does not say. A change recalculates all open deadlines.
 */
#include "app/requests/deadlines.h"

#include "core/module.h"
#include "core/settings.h"
#include "pages/register_pages.h"
#include "app/registers/registers.h"
#include "base/text.h"
#include "db/journal.h"
#include "web/fields.h"

#include <stdlib.h>
#include <string.h>

#define WRITERS (ROLE_ADMIN | ROLE_OFFICE)

static const char *label_of(struct ctx *ctx, const char *field, const char *code)
{
    for (const struct choice *c = kind_field(&categories_kind, field)->choices; c->code; c++)
        if (!strcmp(c->code, code))
            return tr(ctx, c->label);
    return code;
}

static const char *kind_name(struct ctx *ctx, const char *level)
{
    return arena_print(ctx->arena, "%s_kind", level);
}

static void draw_level(struct ctx *ctx, const struct deadline_usual *u)
{
    struct buf *out = ctx->web->out;
    const char *kind = kind_name(ctx, u->level), *typed = param(ctx, u->level),
               *chosen = param(ctx, kind), *problem = ctx_problem_of(ctx, u->level);
    const char *label = label_of(ctx, "level", u->level);
    html(out,
         "<div class=\"field\"><label for=\"f-{}\">{}</label><span class=\"amount\"><input "
         "class=\"tiny\" type=\"number\" inputmode=\"numeric\" min=\"1\" max=\"{}\""
         " required id=\"f-{}\" name=\"{}\" value=\"{}\"{}><select name=\"{}\" aria-label=\"{}\">",
         u->level, label, DEADLINE_MOST, u->level, u->level,
         typed ? typed : arena_print(ctx->arena, "%lld", (long long)u->count),
         (struct markup){problem ? " aria-invalid=\"true\"" : ""}, kind,
         say(ctx, "{}: unit of time", label));
    for (const struct choice *c = kind_field(&categories_kind, "day_kind")->choices; c->code; c++)
        html(out, "<option value=\"{}\"{}>{}</option>", c->code,
             (struct markup){!strcmp(c->code, chosen ? chosen : u->kind) ? " selected" : ""},
             tr(ctx, c->label));
    buf_puts(out, "</select></span>");
    field_problem(ctx, u->level);
    buf_puts(out, "</div>");
}

static void page(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    page_begin(ctx, say(ctx, "Deadlines"), PAGE_STAFF);
    trail(ctx, "/settings", say(ctx, "Settings"));
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>",
         say(ctx, "Deadlines"),
         say(ctx, "Time allowed at each level when the category doesn’t set its own deadline. "
                  "Open "
                  "deadlines are recalculated immediately; extended ones stay as they are."));
    form_begin(ctx, "/deadlines", NULL, false);
    form_problems(ctx);
    buf_puts(out, "<div class=\"group\">");
    for (int i = 0; i < DEADLINE_LEVELS; i++) {
        const struct deadline_usual u = deadline_usual(ctx, i);
        draw_level(ctx, &u);
    }
    html(out, "</div><div class=\"acts\"><button class=\"primary\">{}</button></div>",
         say(ctx, "Save changes"));
    form_end(ctx);
    int64_t own = query_int(ctx->db, "SELECT count(*) AS n FROM categories WHERE valid = 1 AND "
                                     "days IS NOT NULL AND day_kind IS NOT NULL");
    html(out,
         "<section><p>{} <a href=\"/registers/categories\">{}</a> · <a "
         "href=\"/calendar\">{}</a></p></section>",
         say_n(ctx, own, "1 category has its own deadline.",
               "{} categories have their own deadline.", own),
         say(ctx, "Categories"), say(ctx, "Holiday calendar"));
    page_end(ctx);
}

static void prepare(struct ctx *ctx)
{
    const char **list = ARENA_ARRAY(ctx->arena, const char *, DEADLINE_LEVELS);
    for (int i = 0; i < DEADLINE_LEVELS; i++) {
        const char *level = deadline_usual(ctx, i).level,
                   *n = text_tidy(ctx->arena, param(ctx, level)),
                   *kind = param(ctx, kind_name(ctx, level)), *read;
        int64_t count;
        list[i] = arena_print(ctx->arena, "%s %s", n && n[strspn(n, "0123456789")] == '\0' ? n : "",
                              kind ? kind : "");
        if (!deadline_read(ctx, list[i], &count, &read))
            ctx_problem(
                ctx, level,
                say(ctx, "Enter a number from 1 to {} and choose a unit of time.", DEADLINE_MOST));
        else
            list[i] = arena_print(ctx->arena, "%lld %s", (long long)count, read);
    }
    ctx->work = list;
}

static void store(struct ctx *ctx)
{
    const char *const *list = ctx->work;
    struct buf was, is;
    buf_init(&was, 0);
    buf_init(&is, 0);
    for (int i = 0; i < DEADLINE_LEVELS; i++) {
        const struct deadline_usual u = deadline_usual(ctx, i);
        const char *before = arena_print(ctx->arena, "%lld %s", (long long)u.count, u.kind);
        if (!strcmp(before, list[i]))
            continue;
        buf_putc(&was, was.size ? ',' : '{');
        buf_putc(&is, is.size ? ',' : '{');
        json(&was, "{}:{}", u.setting, before);
        json(&is, "{}:{}", u.setting, list[i]);
        setting_put(ctx, u.setting, list[i]);
    }
    bool changed = was.size > 0;
    if (changed)
        journal_add(ctx, "settings", 0, "change",
                    arena_print(ctx->arena, "%.*s}", (int)was.size, was.data),
                    arena_print(ctx->arena, "%.*s}", (int)is.size, is.data));
    buf_release(&was);
    buf_release(&is);
    if (!changed)
        flash(ctx, say(ctx, "No changes made."));
    else if (!recount_tell(ctx, "settings", say(ctx, "Saved.")))
        return;
    see_other(ctx, "/deadlines");
}

static const struct route table[] = {
    ROUTE_GET("/deadlines", WRITERS, page),
    ROUTE_POST("/deadlines", WRITERS, store, .allow = actor_for_all, .prepare = prepare,
               .failed = page),
};

static const struct place places[] = {
    {"/deadlines", N_("Deadlines"), NULL, WRITERS, true,
     N_("Time allowed for urgent, ordinary and complex requests"), "clock", .rank = 70},
    {.href = NULL},
};

static const char *now(struct ctx *ctx)
{
    const char *text = "";
    for (int i = 0; i < DEADLINE_LEVELS; i++) {
        const struct deadline_usual u = deadline_usual(ctx, i);
        text = text_add(ctx->arena, text, " · ",
                        arena_print(ctx->arena, "%s %s", label_of(ctx, "level", u.level),
                                    deadline_text(ctx, u.count, u.kind)));
    }
    return text;
}

static const struct setting_page setting_pages[] = {
    {"/deadlines", N_("Deadlines"),
     N_("Time allowed when the category doesn’t set its own deadline."), "clock", WRITERS, now},
    {.href = NULL},
};

static const char *deadline_shown(struct ctx *ctx, const void *value)
{
    const char *text = ((const struct setting_value *)value)->text, *unit;
    int64_t count;
    return deadline_read(ctx, text, &count, &unit) ? deadline_text(ctx, count, unit) : text;
}

static const struct field logged[] = {
    {"deadline.urgent", F_TEXT, SETTING, N_("Deadline for urgent requests"),
     .shown = deadline_shown},
    {"deadline.ordinary", F_TEXT, SETTING, N_("Deadline for ordinary requests"),
     .shown = deadline_shown},
    {"deadline.complex", F_TEXT, SETTING, N_("Deadline for complex requests"),
     .shown = deadline_shown},
    {.name = NULL},
};

const struct module deadline_pages_module = {.name = "deadline_pages",
                                             .routes = ROUTES(table),
                                             .logged = logged,
                                             .places = places,
                                             .setting_pages = setting_pages};
