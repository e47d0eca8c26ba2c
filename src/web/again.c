/*
 * Answers a form that was refused because the session ended or the page was too
 * old. The answer contains everything that was typed, and one click submits it
 * again. Passwords and files are not included.
 *
 * Only for forms that, according to the browser, came from our own page:
 * another site must not be able to fill in a form that someone then submits
 * with their own rights.
 */
#include "web/gate.h"

#include "base/text.h"

#include <string.h>
#include <strings.h>

#define SHOWN_LEAST 12 /* characters: shorter texts are choices and numbers */

static bool from_here(struct ctx *ctx)
{
    const char *site = header(ctx, "sec-fetch-site"), *origin = header(ctx, "origin"),
               *host = header(ctx, "host");
    if (site)
        return !strcmp(site, "same-origin");
    const char *after = origin ? strstr(origin, "://") : NULL;
    return after && host && !strcasecmp(after + 3, host);
}

static bool secret(const char *name)
{
    static const char *const words[] = {"_csrf", "_key", "password", "passphrase", "secret"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strstr(name, words[i]))
            return true;
    return false;
}

static void draw_fields(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    for (int i = 0; i < ctx->web->form_count; i++) {
        const struct param *p = &ctx->web->form[i];
        if (secret(p->name))
            continue;
        html(out, "<input type=\"hidden\" name=\"{}\" value=\"{}\">", p->name, p->value);
        if (text_length(p->value) >= SHOWN_LEAST && p->name[0] != '_')
            html(out, "<p class=\"words card\">{}</p>", p->value);
    }
}

bool answer_again(struct ctx *ctx, int code, const char *sign_in)
{
    struct buf *out = ctx->web->out;
    if (ctx->web->wants_json || ctx->web->fragment || ctx->web->form_count == 0 || !from_here(ctx))
        return false;
    answer_code(ctx, code);
    const char *title = sign_in ? say(ctx, "Please sign in") : say(ctx, "Please submit again");
    page_begin(ctx, title,
               ctx->actor.roles & ~(unsigned)(ROLE_PUBLIC | ROLE_RESIDENT | ROLE_VOLUNTEER)
                   ? PAGE_STAFF
                   : PAGE_RESIDENT);
    html(out,
         "<header class=\"head\"><h1>{}</h1></header><div class=\"notice warn\">{}<div><p>{}</p>",
         title, icon(ctx, "alert-triangle"),
         sign_in ? say(ctx, "You have been signed out. Your entries are still on this page: sign "
                            "in in another window, then continue here.")
                 : say(ctx, "This page is from before you signed in, so nothing has been saved "
                            "yet. Your entries are still here: please submit again."));
    if (ctx->web->upload_count)
        html(out, "<p>{}</p>", say(ctx, "Please choose your files again."));
    html(out, "</div></div>");
    if (sign_in)
        html(out,
             "<p class=\"acts\"><a class=\"button primary\" href=\"{}\" target=\"_blank\">{} "
             "{}</a></p>",
             sign_in, icon(ctx, "login"), say(ctx, "Sign in (new window)"));
    form_begin(ctx,
               arena_print(ctx->arena, "%s%s%s", ctx->web->path, *ctx->web->query_text ? "?" : "",
                           ctx->web->query_text),
               NULL, false);
    draw_fields(ctx);
    html(out, "<div class=\"acts\"><button{}>{} {}</button></div>",
         (struct markup){sign_in ? "" : " class=\"primary\""}, icon(ctx, "send"),
         sign_in ? say(ctx, "I’ve signed in: continue") : say(ctx, "Submit"));
    form_end(ctx);
    page_end(ctx);
    return true;
}
