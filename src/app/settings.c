/*
 * The settings page, and the settings that every page shows. What the foot of
 * the pages says is kept in a block that is replaced as a whole; a block that
 * was replaced stays, as a page may still be reading it: there are as many as
 * an administrator makes changes.
 */
#include "app/settings.h"

#include "app/module.h"
#include "app/notify.h"
#include "app/register_pages.h"
#include "base/seal.h"
#include "db/journal.h"
#include "kind/form.h"

#include <string.h>

static const struct field fields[] = {
    {"site.name", F_TEXT, SETTING, N_("Name of the office"), .max = 60, .group = N_("The office"),
     .hint = N_("Shown in the foot of every page. Empty: the name of the uppermost area.")},
    {"site.name_en", F_TEXT, SETTING, N_("Name in English"), .max = 100},
    {"site.contact", F_TEXT, SETTING, N_("How to reach it"), .max = 200, .hint = N_("Telephone and address, in one line.")},
    {"site.contact_en", F_TEXT, SETTING, N_("How to reach it, in English"), .max = 200},
    {"site.hours", F_TEXT, SETTING, N_("Opening hours"), .max = 200},
    {"site.hours_en", F_TEXT, SETTING, N_("Opening hours in English"), .max = 200},
    {"site.address", F_TEXT, SETTING, N_("Web address"), .max = 200, .group = N_("Addresses"),
     .hint = N_("What QR codes and links in messages begin with: https://linli.example.cn")},
    {.name = NULL},
};

static const struct field *next_field(int *m, const struct field *f)
{
    if (f && f[1].name)
        return f + 1;
    for (*m += f != NULL; modules[*m]; (*m)++)
        if (modules[*m]->settings && modules[*m]->settings->name)
            return modules[*m]->settings;
    return NULL;
}
#define EACH_SETTING(f) \
    int each_module = 0; \
    for (const struct field *f = next_field(&each_module, NULL); f; f = next_field(&each_module, f))

struct setting_value *setting_load(struct ctx *ctx, const struct field *f)
{
    struct setting_value *v = ARENA_NEW(ctx->arena, struct setting_value);
    const char *stored = setting(ctx, f->name);
    if ((f->flags & SEALED) && *stored && (!ctx->keys || seal_open(ctx->keys, ctx->arena, f->name, stored, &stored) != OK))
        stored = "";
    v->record.id = NONE;
    field_set(ctx, f, v, stored);
    return v;
}

/* ---- the page: what has pages of its own, then what is set here ---- */

/* The pages that have settings of their own, with what holds now. */
static void draw_pages(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    buf_puts(out, "<ul class=\"places\">");
    for (int m = 0; modules[m]; m++)
        for (const struct setting_page *p = modules[m]->setting_pages; p && p->href; p++)
            if (p->roles & ctx->actor.roles)
                html(out, "<li><a href=\"{}\">{}<b>{}</b><i>{}</i><span class=\"now\">{}</span></a></li>", p->href, icon(ctx, p->icon),
                     tr(ctx, p->label), tr(ctx, p->about), p->now(ctx));
    buf_puts(out, "</ul>");
}

static void draw_form(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    buf_puts(out, "<section>");
    form_begin(ctx, "/settings", NULL, false);
    form_problems(ctx);
    bool open = false;
    EACH_SETTING(f)
    {
        if (f->group || !open) {
            html(out, "{}<div class=\"group\">", (struct markup){open ? "</div>" : ""});
            html(out, "<h2>{}</h2>", tr(ctx, f->group));
            open = true;
        }
        const struct form form = {.record = setting_load(ctx, f), .typed = ctx->web->form_count ? param : NULL, .icon = icon};
        form_field(ctx, out, &form, f);
    }
    html(out, "{}<div class=\"acts\"><button class=\"primary\">{}</button></div>", (struct markup){open ? "</div>" : ""},
         say(ctx, "Save changes"));
    form_end(ctx);
    buf_puts(out, "</section>");
}

static void settings_page(struct ctx *ctx)
{
    settings_follow(ctx);
    page_begin(ctx, say(ctx, "Settings"), PAGE_STAFF);
    trail(ctx, "/admin", say(ctx, "Administration"));
    html(ctx->web->out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>", say(ctx, "Settings"),
         say(ctx, "They hold at once, without a restart, and each change is journalled."));
    draw_pages(ctx);
    if (ctx->actor.roles & ROLE_ADMIN)
        draw_form(ctx);
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
    if (s && ((strncmp(s, "https://", 8) && strncmp(s, "http://", 7)) || s[strlen(s) - 1] == '/' || strpbrk(s, " \"<>?#")))
        ctx_problem(ctx, "site.address", say(ctx, "An address like https://linli.example.cn is expected, without a stroke at its end."));
}

static void settings_prepare(struct ctx *ctx)
{
    struct changed *list = NULL;
    EACH_SETTING(f)
    {
        const char *typed = param(ctx, f->name);
        if (!typed || ((f->flags & SEALED) && !*typed && !param(ctx, arena_print(ctx->arena, "%s_clear", f->name))))
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

/* Name and value of each change as JSON; a sealed value only says that there is one. */
static const char *as_json(struct ctx *ctx, const struct changed *list, bool after)
{
    struct buf b;
    buf_init(&b, 0);
    buf_putc(&b, '{');
    for (const struct changed *c = list; c; c = c->next) {
        const struct setting_value *v = after ? c->after : c->before;
        bool missing = field_missing(c->field, v);
        json(&b, "{}:{}", c->field->name, missing ? NULL : c->field->flags & SEALED ? "***" : field_typed(ctx, c->field, v));
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
        const char *text = field_missing(c->field, c->after) ? NULL : field_typed(ctx, c->field, c->after);
        setting_put(ctx, c->field->name,
                    text && (c->field->flags & SEALED) ? seal_text(ctx->keys, ctx->arena, c->field->name, text) : text);
    }
    if (list)
        journal_add(ctx, "settings", 0, "change", as_json(ctx, list, false), as_json(ctx, list, true));
    flash(ctx, list ? say(ctx, "Stored.") : say(ctx, "Nothing was changed."));
    see_other(ctx, "/settings");
}

/* ---- what every page shows ---- */

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && !strcmp(a, b));
}

static const char *kept(struct ctx *ctx, const char *name)
{
    const char *value = setting(ctx, name);
    return *value ? value : NULL;
}

void settings_follow(struct ctx *ctx)
{
    struct site_words now = {kept(ctx, "site.name"),       kept(ctx, "site.name_en"), kept(ctx, "site.contact"),
                             kept(ctx, "site.contact_en"), kept(ctx, "site.hours"),   kept(ctx, "site.hours_en")};
    struct rows *r = now.name ? NULL : query(ctx->db, "SELECT name, name_en FROM areas WHERE parent IS NULL ORDER BY id LIMIT 1");
    if (r && rows_next(r)) {
        now.name = row_copy(r, ctx->arena, "name");
        now.name_en = now.name_en ? now.name_en : row_copy(r, ctx->arena, "name_en");
    }
    if (r)
        rows_end(r);
    const struct site_words *was = ctx->site->words;
    if (db_status(ctx->db) != OK ||
        (was && same_text(was->name, now.name) && same_text(was->name_en, now.name_en) && same_text(was->contact, now.contact) &&
         same_text(was->contact_en, now.contact_en) && same_text(was->hours, now.hours) && same_text(was->hours_en, now.hours_en)))
        return;
    struct site_words *new = must_alloc(sizeof *new);
    const char *const *from = (const char *const *)&now;
    const char **to = (const char **)new;
    for (size_t i = 0; i < sizeof now / sizeof(char *); i++)
        to[i] = from[i] ? must_copy(from[i]) : NULL;
    ctx->site->words = new;
}

static const struct route table[] = {
    ROUTE_GET("/settings", ROLE_ADMIN | ROLE_OFFICE, settings_page),
    ROUTE_POST("/settings", ROLE_ADMIN, settings_store, .prepare = settings_prepare, .failed = settings_page),
};

static const struct place places[] = {
    {"/settings", N_("Settings"), NULL, ROLE_ADMIN | ROLE_OFFICE, true,
     N_("The office’s name and hours, deadlines, calendar, mail, certificates"), "settings"},
    {.href = NULL},
};

static const struct job jobs[] = {
    {"settings", 0, settings_follow},
    {.name = NULL},
};

const struct module settings_module = {.name = "settings", .routes = ROUTES(table), .places = places, .jobs = jobs, .settings = fields};
