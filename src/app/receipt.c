/*
 * The receipt: number, follow-up code, QR, and when something will happen.
 *
 * The code is stored as a keyed hash only, so it is shown once. Its address
 * carries it sealed, opens for a quarter of an hour and only in the browser
 * whose cookie it is bound to: a repeated sending leads to the same receipt,
 * and the address alone is worth nothing. The QR has the code behind a '#',
 * which browsers send to no server.
 */
#include "app/joiners.h"
#include "app/pass.h"
#include "app/qr.h"
#include "app/residents.h"
#include "base/code.h"
#include "base/when.h"
#include "web/web.h"

#include <string.h>

#define SHOWN 900 /* seconds */

static const char *purpose(struct ctx *ctx)
{
    const char *own = cookie(ctx, "linli_ask");
    return arena_print(ctx->arena, "receipt %.64s", own ? own : "");
}

void receipt_bind(struct ctx *ctx)
{
    const char *own = cookie(ctx, "linli_ask");
    if (!own || strlen(own) != 22)
        answer_cookie(ctx, "linli_ask", code_token(ctx->arena, 16), 0);
}

void receipt_send(struct ctx *ctx, int64_t request, int64_t joiner, const char *code)
{
    const struct pass p = {.request = request, .joiner = joiner, .code = code};
    ctx->web->sent = "ask";
    see_other(ctx, "/receipt?of={}", pass_seal(ctx, purpose(ctx), &p, SHOWN));
}

const char *code_shown(struct ctx *ctx, const char *code)
{
    return strlen(code) == 10 ? arena_print(ctx->arena, "%.5s-%s", code, code + 5) : code;
}

static void fact(struct ctx *ctx, const char *name, const char *value, bool big)
{
    if (value && *value)
        html(ctx->web->out, "<dt>{}</dt><dd{}>{}</dd>", name, (struct markup){big ? " class=\"big\"" : ""}, value);
}

/* Who looks at it first: the usual unit of its kind, or the community. */
static const char *goes_to(struct ctx *ctx, const struct request *r)
{
    struct rows *rows = query(ctx->db, "SELECT u.name, u.name_en FROM categories c JOIN units u ON u.id = c.unit WHERE c.id = {}",
                              (struct maybe){r->category});
    const char *name = rows_next(rows) ? arena_copy(ctx->arena, ctx_pick(ctx, row_text(rows, "name"), row_text(rows, "name_en"))) : NULL;
    rows_end(rows);
    return name ? name : field_show(ctx, kind_field(&requests_kind, "community"), r);
}

static void draw(struct ctx *ctx, const struct request *r, const struct pass *p)
{
    struct buf *out = ctx->web->out;
    bool joined = p->joiner != NONE, shown = !joined || (r->visibility && !strcmp(r->visibility, "summary"));
    page_begin(ctx, say(ctx, "Receipt"), PAGE_RESIDENT | PAGE_PRINT);
    html(
        out,
        "<div class=\"toast notice ok\" role=\"status\">{}<div><p><b>{}</b> {}</p></div></div><article class=\"receipt\"><header>{}<h1>{}</h1></header><dl>",
        icon(ctx, "circle-check"), joined ? say(ctx, "You have joined.") : say(ctx, "We have it."),
        say(ctx, "Please keep the number and the code: print this, take a photograph, or write them down."), icon(ctx, "linli"),
        say(ctx, "Receipt"));
    fact(ctx, say(ctx, "Number"), r->number, true);
    fact(ctx, say(ctx, "Follow-up code"), code_shown(ctx, p->code), true);
    fact(ctx, say(ctx, "Subject"), shown ? r->subject : field_show(ctx, kind_field(&requests_kind, "category"), r), false);
    if (!joined && r->on_behalf)
        fact(ctx, say(ctx, "For whom"), r->on_behalf, false);
    if (!joined)
        fact(ctx, say(ctx, "Goes to"), goes_to(ctx, r), false);
    fact(ctx, say(ctx, "Received"), when_show(ctx->arena, ctx->lang, joined ? ctx->now : r->received_at), false);
    if (!joined && r->first_contact_due != NONE)
        fact(ctx, say(ctx, "We contact you by"), when_show(ctx->arena, ctx->lang, r->first_contact_due), false);
    if (r->due != NONE)
        fact(ctx, say(ctx, "Answer by"), when_show(ctx->arena, ctx->lang, r->due), false);
    buf_puts(out, "</dl>");
    qr_draw(ctx, here_url(ctx, arena_print(ctx->arena, "/follow#%s", p->code)), say(ctx, "QR code that leads to your request"));
    html(
        out,
        "<p class=\"small\">{}</p></article><form class=\"acts screen\" method=\"post\" action=\"/follow\"><input type=\"hidden\" name=\"code\" value=\"{}\">"
        "<button type=\"button\" data-print hidden>{} {}</button><button type=\"button\" data-copy=\"{}\" hidden>{} {}</button><button>{} {}</button></form>",
        say(ctx,
            "With the number and the last four digits of your telephone, or with the code, you can see at any time what is being done."),
        p->code, icon(ctx, "printer"), say(ctx, "Print the receipt"), code_shown(ctx, p->code), icon(ctx, "copy"),
        say(ctx, "Copy the code"), icon(ctx, "search"), say(ctx, "See what is being done"));
    page_end(ctx);
}

void receipt(struct ctx *ctx)
{
    struct pass p;
    struct request *r = NULL;
    answer_header(ctx, "Cache-Control", "no-store");
    if (pass_open(ctx, purpose(ctx), query_param(ctx, "of"), &p) && p.code)
        r = record_get(ctx, &requests_kind, p.request);
    if (r) {
        draw(ctx, r, &p);
        return;
    }
    answer_code(ctx, 404);
    page_begin(ctx, say(ctx, "Receipt"), PAGE_RESIDENT);
    html(
        ctx->web->out, "<div class=\"empty\">{}<p>{}</p><a class=\"button\" href=\"/follow\">{}</a></div>", icon(ctx, "clock"),
        say(ctx,
            "A receipt is shown for a quarter of an hour, on the device that sent the request. Follow the request by its number and the last four digits of your telephone."),
        say(ctx, "Follow my request"));
    page_end(ctx);
}
