/*
 * The settings page: links to pages with settings of their own, then the
 * settings themselves. They are validated like the fields of a record, logged,
 * and encrypted if their description says so.
 */
#include "core/module.h"
#include "base/seal.h"
#include "db/journal.h"
#include "kind/form.h"
#include "web/web.h"

#include <string.h>

#define EACH_SETTING(f) \
    int each_module = 0; \
    for (const struct field *f = setting_next(&each_module, NULL); f; \
         f = setting_next(&each_module, f))

/* Draws links to pages with settings of their own, with the current values. */
static void draw_pages(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    buf_puts(out, "<ul class=\"places\">");
    for (int m = 0; modules[m]; m++)
        for (const struct setting_page *p = modules[m]->setting_pages; p && p->href; p++)
            if (p->roles & ctx->actor.roles)
                html(
                    out,
                    "<li><a href=\"{}\">{}<b>{}</b><i>{}</i><span class=\"now\">{}</span></a></li>",
                    p->href, icon(ctx, p->icon), tr(ctx, p->label), tr(ctx, p->about), p->now(ctx));
    buf_puts(out, "</ul>");
}

static void draw_form(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    buf_puts(out, "<section>");
    form_begin(ctx, "/settings", NULL, false);
    form_problems(ctx);
    bool open = false;
    int n = 0, count = 0;
    struct form *forms = NULL;
    const struct field **english = NULL;
    EACH_SETTING(f)
    {
        const struct form form = {.record = setting_load(ctx, f),
                                  .typed = ctx->web->form_count ? param : NULL,
                                  .icon = icon};
        if (form_english_field(f)) {
            *ARENA_NEXT(ctx->arena, forms, n) = form;
            *ARENA_NEXT(ctx->arena, english, count) = f;
            continue;
        }
        if (f->group || !open) {
            html(out, "{}<div class=\"group\">", (struct markup){open ? "</div>" : ""});
            html(out, "<h2>{}</h2>", tr(ctx, f->group));
            open = true;
        }
        form_field(ctx, out, &form, f);
    }
    buf_puts(out, open ? "</div>" : "");
    form_english(ctx, out, forms, n, english);
    html(out, "<div class=\"acts\"><button class=\"primary\">{}</button></div>",
         say(ctx, "Save changes"));
    form_end(ctx);
    buf_puts(out, "</section>");
}

static void settings_page(struct ctx *ctx)
{
    settings_follow(ctx);
    page_begin(ctx, say(ctx, "Settings"), PAGE_STAFF);
    trail(ctx, "/admin", say(ctx, "Administration"));
    html(ctx->web->out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>",
         say(ctx, "Settings"), say(ctx, "Changes take effect immediately and are logged."));
    if (ctx->actor.roles & ROLE_ADMIN) {
        buf_puts(ctx->web->out, "<div class=\"record beside\"><div>");
        draw_form(ctx);
        html(ctx->web->out, "</div><aside aria-label=\"{}\">", say(ctx, "More settings"));
        draw_pages(ctx);
        buf_puts(ctx->web->out, "</aside></div>");
    } else {
        draw_pages(ctx);
    }
    page_end(ctx);
}

struct changed {
    struct changed *next;
    const struct field *field;
    const struct setting_value *before, *after;
};

static void address_check(struct ctx *ctx, const struct setting_value *v)
{
    const char *s = v->text;
    if (s && ((strncmp(s, "https://", 8) && strncmp(s, "http://", 7)) || s[strlen(s) - 1] == '/' ||
              strpbrk(s, " \"<>?#")))
        ctx_problem(
            ctx, "site.address",
            say(ctx,
                "Enter an address such as https://linli.example.cn, without a slash at the end."));
}

static void settings_prepare(struct ctx *ctx)
{
    struct changed *list = NULL;
    EACH_SETTING(f)
    {
        const char *typed = param(ctx, f->name);
        if (!typed || ((f->flags & SEALED) && !*typed &&
                       !param(ctx, arena_print(ctx->arena, "%s_clear", f->name))))
            continue;
        struct setting_value *before = setting_load(ctx, f), *after = setting_load(ctx, f);
        if (field_set(ctx, f, after, typed) && !strcmp(f->name, "site.address"))
            address_check(ctx, after);
        if (field_same(f, before, after))
            continue;
        struct changed *c = ARENA_NEW(ctx->arena, struct changed);
        *c = (struct changed){list, f, before, after};
        list = c;
    }
    ctx->work = list;
}

/* Name and value of each change as JSON; an encrypted value is logged only as set or not. */
static const char *as_json(struct ctx *ctx, const struct changed *list, bool after)
{
    struct buf b;
    buf_init(&b, 0);
    buf_putc(&b, '{');
    for (const struct changed *c = list; c; c = c->next) {
        const struct setting_value *v = after ? c->after : c->before;
        bool missing = field_missing(c->field, v);
        json(&b, "{}:{}", c->field->name,
             missing                    ? NULL
             : c->field->flags & SEALED ? "***"
                                        : field_typed(ctx, c->field, v));
        if (c->next)
            buf_putc(&b, ',');
    }
    buf_putc(&b, '}');
    const char *text = arena_copyn(ctx->arena, b.data, b.size);
    buf_release(&b);
    return text;
}

static void settings_store(struct ctx *ctx)
{
    const struct changed *list = ctx->work;
    for (const struct changed *c = list; c; c = c->next) {
        const char *text = field_missing(c->field, c->after) ? NULL
                                                             : field_typed(ctx, c->field, c->after);
        setting_put(ctx, c->field->name,
                    text && (c->field->flags & SEALED)
                        ? seal_text(ctx->keys, ctx->arena, c->field->name, text)
                        : text);
    }
    if (list)
        journal_add(ctx, "settings", 0, "change", as_json(ctx, list, false),
                    as_json(ctx, list, true));
    flash(ctx, list ? say(ctx, "Saved.") : say(ctx, "No changes made."));
    see_next(ctx, "/settings");
}

static const struct route table[] = {
    ROUTE_GET("/settings", ROLE_ADMIN | ROLE_OFFICE, settings_page),
    ROUTE_POST("/settings", ROLE_ADMIN, settings_store, .prepare = settings_prepare,
               .failed = settings_page),
};

static const struct place places[] = {
    {"/settings", N_("Settings"), NULL, ROLE_ADMIN | ROLE_OFFICE, true,
     N_("Office name and hours, deadlines, calendar, email, certificates"), "settings", .rank = 50},
    {.href = NULL},
};

const struct module settings_page_module = {
    .name = "settings_page", .routes = ROUTES(table), .places = places};
