/*
 * The page frame, forms and small parts of every page. assets/css/linli.css
 * styles the markup; there are no style attributes and no inline scripts.
 */
#include "web/gate.h"
#include "web/static.h"
#include "base/when.h"

#include <sodium.h>
#include <string.h>

static const struct {
    const char *name, *text;
} words[] = {
    {"kept", N_("What you typed last time is still here.")},
    {"discard", N_("Discard and start again")},
    {"unsaved", N_("The last request was not saved.")},
    {"resume", N_("Continue it")},
    {"discard-draft", N_("Discard it")},
    {"live", N_("Live")},
    {"lost", N_("Connection lost, reconnecting…")},
    {"cancel", N_("Not now")},
    {"copied", N_("Copied")},
    {"remove", N_("Remove")},
    {"photos-full", N_("Up to three photos")},
    {"map-failed", N_("The map can’t be loaded. Please describe the location instead.")},
};

struct markup icon(struct ctx *ctx, const char *name)
{
    struct buf b;
    buf_init(&b, 0);
    html(&b, "<svg class=\"icon\" aria-hidden=\"true\"><use href=\"{}#i-{}\"/></svg>",
         asset_url(ctx->arena, "icons.svg"), name);
    struct markup m = {arena_copyn(ctx->arena, b.data, b.size)};
    buf_release(&b);
    return m;
}

static bool here(const struct ctx *ctx, const char *href)
{
    size_t n = strlen(href);
    return strncmp(ctx->web->path, href, n) == 0 &&
           (ctx->web->path[n] == '\0' || ctx->web->path[n] == '/');
}

static void token_field(struct ctx *ctx)
{
    if (ctx->web->csrf)
        html(ctx->web->out, "<input type=\"hidden\" name=\"_csrf\" value=\"{}\">", ctx->web->csrf);
}

static bool here_or_beside(const struct ctx *ctx, const struct place *p)
{
    if (here(ctx, p->href))
        return true;
    for (const char *s = p->also; s && *s; s += strcspn(s, " ") + 1)
        if (here(ctx, arena_copyn(ctx->arena, s, strcspn(s, " "))))
            return true;
    for (const struct place *const *list = p->gathers ? ctx->site->places : NULL; list && *list;
         list++)
        for (const struct place *card = *list; card->href; card++)
            if (card->about && here(ctx, card->href))
                return true;
    return false;
}

/* counted: the place whose number is shown; NULL: none. */
static void nav_link(struct ctx *ctx, const struct place *p, const char *label, bool current,
                     const struct place *counted)
{
    struct buf *out = ctx->web->out;
    html(out, "<a href=\"{}\"", p->href);
    if (current)
        buf_puts(out, " aria-current=\"page\"");
    if (p->key && label == p->label)
        html(out, " data-key=\"{}\"", p->key);
    html(out, ">{}", tr(ctx, label));
    int64_t waiting = counted && counted->waiting && ctx->db ? counted->waiting(ctx) : 0;
    if (waiting > 0)
        html(out, " <b class=\"count\">{}</b>", waiting);
    buf_puts(out, "</a>");
}

static bool place_fits(const struct ctx *ctx, const struct place *p, bool staff)
{
    return p->staff == staff && !p->about && (p->roles & ctx->actor.roles);
}

/* Collects the places in this actor's navigation; returns how many. */
static int places_of(const struct ctx *ctx, bool staff, const struct place ***found)
{
    int n = 0, count = 0;
    for (const struct place *const *list = ctx->site->places; list && *list; list++)
        for (const struct place *p = *list; p->href; p++)
            count += place_fits(ctx, p, staff);
    *found = ARENA_ARRAY(ctx->arena, const struct place *, count + 1);
    for (const struct place *const *list = ctx->site->places; list && *list; list++)
        for (const struct place *p = *list; p->href; p++)
            if (place_fits(ctx, p, staff))
                (*found)[n++] = p;
    return n;
}

static bool together(const struct place *a, const struct place *b)
{
    return a == b || (a->group && b->group && !strcmp(a->group, b->group));
}

/* Returns how many places are in the group of the i-th, including itself; 0 if
 * an earlier place has already shown the group. */
static int group_size(const struct ctx *ctx, const struct place *const *found, int n, int i,
                      bool *current)
{
    int size = 0;
    *current = false;
    for (int j = 0; j < n; j++)
        if (together(found[i], found[j])) {
            if (j < i)
                return 0;
            size++;
            *current = *current || here_or_beside(ctx, found[j]);
        }
    return size;
}

/* Returns the group's place with a number. */
static const struct place *group_counted(const struct place *const *found, int n, int i)
{
    for (int j = i; j < n; j++)
        if (together(found[i], found[j]) && found[j]->waiting)
            return found[j];
    return NULL;
}

static void nav(struct ctx *ctx, bool staff)
{
    struct buf *out = ctx->web->out;
    const struct place **found;
    int n = places_of(ctx, staff, &found);
    bool current;
    html(out, "<nav class=\"nav\" aria-label=\"{}\">", say(ctx, "Main menu"));
    for (int i = 0, size; i < n; i++)
        if ((size = group_size(ctx, found, n, i, &current)) > 0)
            nav_link(ctx, found[i],
                     size > 1 || (!staff && found[i]->group) ? found[i]->group : found[i]->label,
                     current, group_counted(found, n, i));
    buf_puts(out, "</nav>");
}

static void toggle(struct ctx *ctx, const char *action, const char *name, const char *value,
                   const char *sign, const char *text)
{
    struct buf *out = ctx->web->out;
    html(out,
         "<form method=\"post\" action=\"{}\"><input type=\"hidden\" name=\"next\" value=\"{}\">",
         action, url_with(ctx, "", NULL));
    html(out, "<button class=\"quiet\" name=\"{}\" value=\"{}\">{} {}</button></form>", name, value,
         icon(ctx, sign), text);
}

static void language_toggle(struct ctx *ctx)
{
    bool english = ctx_english(ctx);
    toggle(ctx, "/language", "language", english ? "zh_CN" : "en", "language",
           english ? "中文" : "English");
}

/* On a phone the places are behind one button, so that the frame is one row high: those of
 * residents, and of staff in English, whose words are too long for a row. */
static void nav_menu(struct ctx *ctx, bool staff)
{
    struct buf *out = ctx->web->out;
    html(out, "<details class=\"menu mainmenu\"><summary>{} <span>{}</span></summary><div>",
         icon(ctx, "menu-2"), say(ctx, "Menu"));
    nav(ctx, staff);
    language_toggle(ctx);
    buf_puts(out, "</div></details>");
}

/* Draws a group's places, visible on its own pages; elsewhere they exist for keyboard
 * shortcuts. */
static void nav_groups(struct ctx *ctx, bool staff)
{
    struct buf *out = ctx->web->out;
    const struct place **found;
    int n = places_of(ctx, staff, &found);
    bool current;
    for (int i = 0; i < n; i++) {
        if (group_size(ctx, found, n, i, &current) < 2)
            continue;
        html(out, "<nav class=\"sub\" aria-label=\"{}\"{}><div class=\"wrap\">",
             tr(ctx, found[i]->group), (struct markup){current ? "" : " hidden"});
        for (int j = i; j < n; j++)
            if (together(found[i], found[j]))
                nav_link(ctx, found[j], found[j]->label, here_or_beside(ctx, found[j]), found[j]);
        buf_puts(out, "</div></nav>");
    }
}

const char *landing_place(const struct ctx *ctx, bool staff)
{
    unsigned roles = ctx->actor.roles & ~(unsigned)(ROLE_PUBLIC | ROLE_RESIDENT);
    for (const struct place *const *list = ctx->site->places; list && *list; list++)
        for (const struct place *p = *list; p->href; p++)
            if ((roles & p->lands) && !(roles & ~p->lands) && (p->staff || !staff))
                return p->href;
    return NULL;
}

const char *work_place(const struct ctx *ctx)
{
    const struct place **found;
    const char *landing = landing_place(ctx, true);
    if (landing)
        return landing;
    return places_of(ctx, true, &found) ? found[0]->href : NULL;
}

static void tools(struct ctx *ctx, bool staff)
{
    struct buf *out = ctx->web->out;
    buf_puts(out, "<div class=\"tools\">");
    if (!staff && work_place(ctx))
        html(out, "<a class=\"button quiet\" href=\"{}\">{} {}</a>", work_place(ctx),
             icon(ctx, "arrow-left"), say(ctx, "Back to my work"));
    language_toggle(ctx);
    if (!staff) {
        toggle(ctx, "/elder", "elder", ctx->web->elder ? "0" : "1", "text-size",
               ctx->web->elder ? say(ctx, "Standard text") : say(ctx, "Large text"));
        nav_menu(ctx, false);
    } else if (ctx_english(ctx)) {
        nav_menu(ctx, true);
    }
    if (ctx->actor.user != NONE) {
        html(
            out,
            "<details class=\"menu\"><summary>{} <span>{}</span></summary><div><p class=\"small\">",
            icon(ctx, "user"), ctx_pick(ctx, ctx->actor.name, ctx->actor.name_en));
        for (unsigned r = ROLE_RESIDENT; r <= ROLE_ADMIN; r <<= 1)
            if (ctx->actor.roles & r)
                html(out, "{} ", role_title(ctx, (enum role)r));
        html(out, "</p><a href=\"/account\">{}</a>", say(ctx, "My account"));
        buf_puts(out, "<form method=\"post\" action=\"/logout\">");
        token_field(ctx);
        html(out, "<button class=\"quiet\">{} {}</button></form></div></details>",
             icon(ctx, "logout"), say(ctx, "Sign out"));
    }
    buf_puts(out, "</div>");
}

static const char *state_class(const struct ctx *ctx, bool staff)
{
    return staff ? (ctx->web->elder ? "staff elder" : "staff")
                 : (ctx->web->elder ? "resident elder" : "resident");
}

/* A user with no staff pages (e.g. a volunteer on the account page) keeps the
 * residents' menu. */
static bool staff_frame(const struct ctx *ctx, unsigned flags)
{
    return (flags & PAGE_STAFF) &&
           (ctx->actor.roles & (ROLES_READERS | ROLE_AUDITOR | ROLE_ADMIN | ROLE_TEAM_LEADER));
}

/* On paper: whose page this is, what it shows and as of when. */
static void printed_head(struct ctx *ctx, const char *title)
{
    const struct site_words *w = ctx->site->words;
    const char *office = w ? ctx_pick(ctx, w->name, w->name_en) : NULL;
    html(ctx->web->out, "<p class=\"paper printed\">{}{}{} · {}</p>\n", office, office ? " · " : "",
         title, say(ctx, "As of {}", when_show(ctx->arena, ctx->lang, ctx->now)));
}

void page_begin(struct ctx *ctx, const char *title, unsigned flags)
{
    if (ctx->web->fragment)
        return;
    struct buf *out = ctx->web->out;
    bool staff = staff_frame(ctx, flags);
    const char *sent = cookie(ctx, "linli_sent"), *said = cookie(ctx, "linli_flash");
    answer_type(ctx, "text/html; charset=utf-8");
    html(out, "<!doctype html>\n<html lang=\"{}\" class=\"{}\"", ctx_pick(ctx, "zh-CN", "en"),
         state_class(ctx, staff));
    if (sent && *sent) {
        html(out, " data-sent=\"{}\"", sent);
        answer_cookie(ctx, "linli_sent", "", -1);
    }
    html(out,
         ">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
         "content=\"width=device-width, initial-scale=1\">\n"
         "<meta name=\"color-scheme\" content=\"light dark\">\n<title>{} · 邻里 Linli</title>\n",
         title);
    html(out,
         "<link rel=\"icon\" href=\"{}\" type=\"image/svg+xml\">\n<link rel=\"manifest\" "
         "href=\"{}\">\n"
         "<link rel=\"stylesheet\" href=\"{}\">\n{}{}{}<script type=\"module\" "
         "src=\"{}\"></script>\n</head>\n<body>\n",
         asset_url(ctx->arena, "favicon.svg"), asset_url(ctx->arena, "manifest.webmanifest"),
         asset_url(ctx->arena, "linli.css"),
         (struct markup){staff ? "<link rel=\"stylesheet\" href=\"" : ""},
         staff ? asset_url(ctx->arena, "staff.css") : "", (struct markup){staff ? "\">\n" : ""},
         asset_url(ctx->arena, "linli.js"));
    html(out,
         "<a class=\"skip\" href=\"#main\">{}</a>\n<header class=\"top\"><div class=\"wrap\">\n"
         "<a class=\"brand\" href=\"{}\">{}<b>邻里</b> <span lang=\"en\">Linli</span></a>\n",
         say(ctx, "Skip to main content"), staff && work_place(ctx) ? work_place(ctx) : "/",
         icon(ctx, "linli"));
    nav(ctx, staff);
    tools(ctx, staff);
    buf_puts(out, "</div></header>\n");
    nav_groups(ctx, staff);
    html(out, "<p class=\"offline\" role=\"status\" hidden>{}{}</p>\n", icon(ctx, "wifi-off"),
         say(ctx, "You’re offline. What you typed is still in this window; continue once "
                  "you’re "
                  "back online."));
    html(out, "<main id=\"main\" class=\"{}\" tabindex=\"-1\">\n",
         flags & PAGE_WIDE ? "wrap wide" : "wrap");
    if (staff || !(flags & PAGE_PRINT))
        printed_head(ctx, title);
    if (said && *said) {
        html(out, "<div class=\"toast notice ok\" role=\"status\">{}<div><p>{}</p></div></div>",
             icon(ctx, "circle-check"), said);
        answer_cookie(ctx, "linli_flash", "", -1);
    }
}

const char *site_phone(const struct ctx *ctx)
{
    const struct site_words *w = ctx->site->words;
    return w ? w->phone : NULL;
}

void office_call(struct ctx *ctx)
{
    const char *phone = site_phone(ctx);
    if (phone)
        html(ctx->web->out, "<p class=\"phones\"><a class=\"button\" href=\"tel:{}\">{} {}</a></p>",
             phone, icon(ctx, "phone"), say(ctx, "Call us: {}", phone));
}

void printed_note(struct ctx *ctx, const char *text)
{
    if (text && *text)
        html(ctx->web->out, "<p class=\"paper narrowed\">{}</p>", text);
}

void page_end(struct ctx *ctx)
{
    if (ctx->web->fragment)
        return;
    struct buf *out = ctx->web->out;
    const struct site_words *w = ctx->site->words;
    if (ctx->lost && (ctx->actor.roles & (ROLES_SIGNED & ~(unsigned)ROLE_RESIDENT)))
        html(out, "<div class=\"notice warn\">{}<div><p>{}</p></div></div>",
             icon(ctx, "alert-circle"), lost_words(ctx));
    html(out, "\n</main>\n<footer class=\"foot\"><div class=\"wrap\"><p>{}",
         w ? ctx_pick(ctx, w->name, w->name_en) : NULL);
    const char *contact = w ? ctx_pick(ctx, w->contact, w->contact_en) : NULL,
               *hours = w ? ctx_pick(ctx, w->hours, w->hours_en) : NULL;
    if (contact)
        html(out, " · {}", contact);
    if (hours)
        html(out, " · {}", hours);
    html(out, "</p><nav aria-label=\"{}\">", say(ctx, "Footer"));
    if (ctx->actor.user == NONE && !here(ctx, "/login"))
        html(out, "<a href=\"/login\">{}</a>", say(ctx, "Staff sign-in"));
    if (work_place(ctx) && strcmp(ctx->web->path, "/") != 0)
        html(out, "<a href=\"/\">{}</a>", say(ctx, "Public site"));
    buf_puts(out, "</nav></div></footer>\n<template id=\"words\">");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        html(out, "<b data-word=\"{}\">{}</b>", words[i].name, tr(ctx, words[i].text));
    buf_puts(out, "</template>\n</body>\n</html>\n");
}

void trail(struct ctx *ctx, const char *href, const char *label)
{
    html(ctx->web->out, "<nav class=\"trail\" aria-label=\"{}\"><a href=\"{}\">{} {}</a></nav>",
         say(ctx, "You are here"), href, icon(ctx, "arrow-left"), label);
}

void scroll_begin(struct ctx *ctx, const char *name)
{
    html(ctx->web->out, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{}\">",
         name);
}

void scroll_end(struct ctx *ctx)
{
    buf_puts(ctx->web->out, "</div>");
}

int64_t pager_page(struct ctx *ctx)
{
    int64_t page = query_param(ctx, "page") ? param_int(ctx, "page") : 1;
    return page == NONE || page < 1 || page > PAGER_MOST ? 1 : page;
}

static void pager_link(struct ctx *ctx, int64_t page, bool next)
{
    const char *href = url_with(ctx, "page",
                                page > 1 ? arena_print(ctx->arena, "%lld", (long long)page) : NULL);
    if (next)
        html(ctx->web->out, "<a rel=\"next\" href=\"{}\">{} {}</a>", href, say(ctx, "Next page"),
             icon(ctx, "chevron-right"));
    else
        html(ctx->web->out, "<a rel=\"prev\" href=\"{}\">{} {}</a>", href,
             icon(ctx, "chevron-left"), say(ctx, "Previous page"));
}

void pager(struct ctx *ctx, int64_t page, int64_t size, int64_t total, const char *said)
{
    struct buf *out = ctx->web->out;
    html(out, "<nav class=\"pager\" aria-label=\"{}\">", say(ctx, "Page navigation"));
    if (page > 1)
        pager_link(ctx, page - 1, false);
    html(out, "<span>{}</span>", said);
    if (page < PAGER_MOST && page * size < total)
        pager_link(ctx, page + 1, true);
    buf_puts(out, "</nav>");
}

void more_draw(struct ctx *ctx, int64_t more)
{
    if (more > 0)
        html(ctx->web->out, "<p class=\"soft\">{}</p>",
             say_n(ctx, more, "1 more is not shown.", "{} more are not shown.", more));
}

/* Drops what was drawn before the fragment; the gate drops what follows. */
bool fragment_begin(struct ctx *ctx, const char *id)
{
    if (!ctx->web->fragment)
        return true;
    if (strcmp(ctx->web->fragment, id) != 0)
        return false;
    buf_clear(ctx->web->out);
    ctx->web->key_at = 0; /* the idempotency keys in the dropped part are gone */
    ctx->web->key_count = 0;
    return true;
}

void fragment_end(struct ctx *ctx)
{
    if (ctx->web->fragment)
        visit_of(ctx)->part_end = ctx->web->out->size;
}

void form_key(char key[FORM_KEY + 1])
{
    unsigned char random[FORM_KEY / 2];
    randombytes_buf(random, sizeof random);
    sodium_bin2hex(key, FORM_KEY + 1, random, sizeof random);
}

void form_tokens(struct ctx *ctx)
{
    char key[FORM_KEY + 1];
    token_field(ctx);
    form_key(key);
    buf_puts(ctx->web->out, "<input type=\"hidden\" name=\"_key\" value=\"");
    ctx->web->key_at = ctx->web->out->size;
    ctx->web->key_count++;
    buf_puts(ctx->web->out, key);
    buf_puts(ctx->web->out, "\">");
}

void form_begin(struct ctx *ctx, const char *action, const char *keep, bool upload)
{
    struct buf *out = ctx->web->out;
    html(out, "<form class=\"form\" method=\"post\" action=\"{}\"", action);
    if (upload)
        buf_puts(out, " enctype=\"multipart/form-data\"");
    if (keep)
        html(out, " data-keep=\"{}\"", keep);
    buf_putc(out, '>');
    form_tokens(ctx);
    if (keep)
        html(out, "<input type=\"hidden\" name=\"_keep\" value=\"{}\">", keep);
}

void form_end(struct ctx *ctx)
{
    buf_puts(ctx->web->out, "</form>");
}

void form_problems(struct ctx *ctx)
{
    form_problems_under(ctx, say_n(ctx, ctx->problem_count, "Please fix 1 field",
                                   "Please fix {} fields", ctx->problem_count));
}

void form_problems_under(struct ctx *ctx, const char *heading)
{
    if (!ctx->problems)
        return;
    struct buf *out = ctx->web->out;
    html(out, "<div class=\"problems\" role=\"alert\" tabindex=\"-1\"><h2>{}</h2><ul>", heading);
    for (const struct problem *p = ctx->problems; p; p = p->next)
        if (p->field)
            html(out, "<li><a href=\"#f-{}\">{}</a></li>", p->field, p->text);
        else
            html(out, "<li>{}</li>", p->text);
    buf_puts(out, "</ul></div>");
}

void flash(struct ctx *ctx, const char *text)
{
    answer_cookie(ctx, "linli_flash", text, 60);
}
