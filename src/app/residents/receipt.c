/*
 * The receipt: number, tracking code, QR code, and when something will happen.
 *
 * The code is stored only as a keyed hash, so it is shown once. The receipt's
 * URL contains it sealed; it opens for 15 minutes and only in the browser whose
 * cookie it is bound to. A repeated submission leads to the same receipt, and
 * the URL alone is worth nothing. The QR code has the tracking code behind a
 * '#', which browsers do not send to servers.
 */
#include "app/requests/requests.h"
#include "app/registers/registers.h"
#include "core/pass.h"
#include "core/qr.h"
#include "app/residents/ask.h"
#include "base/code.h"
#include "base/when.h"
#include "web/web.h"

#include <string.h>

#define SHOWN 900 /* seconds */

void receipt_send(struct ctx *ctx, int64_t request, int64_t joiner, const char *code)
{
    const struct pass p = {.request = request, .joiner = joiner, .code = code};
    ctx->web->sent = "ask";
    see_other(ctx, "/receipt?of={}", pass_seal(ctx, pass_purpose(ctx, "receipt"), &p, SHOWN));
}

static void fact(struct ctx *ctx, const char *name, const char *value, bool big)
{
    if (value && *value)
        html(ctx->web->out, "<dt>{}</dt><dd{}>{}</dd>", name,
             (struct markup){big ? " class=\"big\"" : ""}, value);
}

/* Who looks at it first: the usual unit of its category, or the community. */
static const char *goes_to(struct ctx *ctx, const struct request *r)
{
    struct rows *rows = query(
        ctx->db,
        "SELECT u.name, u.name_en FROM categories c JOIN units u ON u.id = c.unit WHERE c.id = {}",
        (struct maybe){r->category});
    const char *name = rows_next(rows)
                           ? arena_copy(ctx->arena, ctx_pick(ctx, row_text(rows, "name"),
                                                             row_text(rows, "name_en")))
                           : NULL;
    rows_end(rows);
    return name ? name : field_show(ctx, kind_field(&requests_kind, "community"), r);
}

/* A promise is given as a day; within two days also as a part of the day. Minutes would promise
 * more than anyone can keep. */
static const char *by_when(struct ctx *ctx, int64_t at)
{
    const char *day = day_show(ctx->arena, ctx->lang, when_day(at));
    int64_t hour = (at - when_day_start(when_day(at))) / WHEN_HOUR;
    if (at - ctx->now > 2 * WHEN_DAY)
        return day;
    return hour < 12   ? say(ctx, "{}, in the morning", day)
           : hour < 18 ? say(ctx, "{}, in the afternoon", day)
                       : say(ctx, "{}, in the evening", day);
}

/* When something happens next. A past date is no promise; neither is the deadline of a request
 * that is on hold or answered. */
static void fact_next(struct ctx *ctx, const struct request *r, bool joined)
{
    int status = request_status_of(r);
    const char *name = say(ctx, "What happens next");
    if (status == PARKED && r->parked_until > ctx->now)
        fact(ctx, say(ctx, "We will review it on"),
             day_show(ctx->arena, ctx->lang, when_day(r->parked_until)), false);
    else if (status == PARKED)
        fact(ctx, name, say(ctx, "It is on hold. We are reviewing whether it can now be done."),
             false);
    else if (!request_open(r))
        fact(ctx, name, say(ctx, "We have already replied. See progress below."), false);
    if (!request_open(r) || status == PARKED)
        return;
    if (!joined && r->first_contact_due > ctx->now)
        fact(ctx, say(ctx, "We will contact you by"), by_when(ctx, r->first_contact_due), false);
    if (r->due > ctx->now)
        fact(ctx, say(ctx, "Reply due by"), by_when(ctx, r->due), false);
    else if (r->due != NONE)
        fact(ctx, name,
             say(ctx, "The reply is overdue. The subdistrict office is following it up, and we "
                      "will tell you the result."),
             false);
}

/* Photos that were refused: which, why, and how to send them again. */
static void draw_missing(struct ctx *ctx, const struct request *r)
{
    struct buf *out = ctx->web->out;
    struct rows *rows = query(ctx->db,
                              "SELECT text FROM events WHERE kind = 'requests' AND record = {} AND "
                              "action = 'photo-missing' ORDER BY id",
                              r->record.id);
    while (rows_next(rows))
        html(out,
             "<div class=\"notice warn\">{}<div><p><b>{}</b></p><p class=\"words\">{}</p><p>{}</p>"
             "</div></div>",
             icon(ctx, "photo"), say(ctx, "We have your request, but without these photos:"),
             row_text(rows, "text"),
             say(ctx, "To send them again, open “See progress” below and choose “Add to this "
                      "request”."));
    rows_end(rows);
}

static void draw(struct ctx *ctx, const struct request *r, const struct pass *p)
{
    struct buf *out = ctx->web->out;
    const struct site_words *w = ctx->site->words;
    const char *office = w && w->name ? say(ctx, "{}: receipt", ctx_pick(ctx, w->name, w->name_en))
                                      : NULL;
    bool joined = p->joiner != NONE,
         shown = !joined || (r->visibility && !strcmp(r->visibility, "summary"));
    page_begin(ctx, say(ctx, "Receipt"), PAGE_RESIDENT | PAGE_PRINT);
    if (!joined)
        draw_missing(ctx, r);
    html(out,
         "<div class=\"toast notice ok\" role=\"status\">{}<div><p><b>{}</b> "
         "{}</p></div></div><article class=\"receipt\"><header>{}<h1>{}</h1></header><dl>",
         icon(ctx, "circle-check"),
         joined ? say(ctx, "You have been added.") : say(ctx, "We’ve received it."),
         say(ctx,
             "Please keep your number and code: print this page, take a photo or write them down."),
         icon(ctx, "linli"), office ? office : say(ctx, "Receipt"));
    fact(ctx, say(ctx, "Number"), r->number, true);
    fact(ctx, say(ctx, "Tracking code"), code_shown(ctx->arena, p->code), true);
    fact(ctx, say(ctx, "Subject"),
         shown ? r->subject : field_show(ctx, kind_field(&requests_kind, "category"), r), false);
    if (!joined && r->on_behalf)
        fact(ctx, say(ctx, "On behalf of"), r->on_behalf, false);
    if (!joined)
        fact(ctx, say(ctx, "Sent to"), goes_to(ctx, r), false);
    fact(ctx, say(ctx, "Date received"),
         when_show(ctx->arena, ctx->lang, joined ? ctx->now : r->received_at), false);
    fact_next(ctx, r, joined);
    buf_puts(out, "</dl>");
    qr_draw(ctx, here_url(ctx, arena_print(ctx->arena, "/follow#%s", p->code)),
            say(ctx, "QR code to track your request"));
    html(out, "<p class=\"small\">{}</p>",
         say(ctx, "Check progress at any time with your request number and the last four digits of "
                  "your phone number, or with the code."));
    telephone_buttons(ctx, r->area);
    html(out,
         "</article><form class=\"acts screen\" method=\"post\" "
         "action=\"/follow\"><input type=\"hidden\" name=\"code\" value=\"{}\">"
         "<button type=\"button\" data-print hidden>{} {}</button><button type=\"button\" "
         "data-copy=\"{}\" hidden>{} {}</button><button>{} {}</button></form>",
         p->code, icon(ctx, "printer"), say(ctx, "Print receipt"), code_shown(ctx->arena, p->code),
         icon(ctx, "copy"), say(ctx, "Copy code"), icon(ctx, "search"), say(ctx, "See progress"));
    page_end(ctx);
}

void receipt(struct ctx *ctx)
{
    struct pass p;
    struct request *r = NULL;
    answer_header(ctx, "Cache-Control", "no-store");
    if (pass_open(ctx, pass_purpose(ctx, "receipt"), query_param(ctx, "of"), &p) && p.code)
        r = record_get(ctx, &requests_kind, p.request);
    if (r) {
        draw(ctx, r, &p);
        return;
    }
    answer_code(ctx, 404);
    page_begin(ctx, say(ctx, "Receipt"), PAGE_RESIDENT);
    html(ctx->web->out,
         "<div class=\"empty\">{}<p>{}</p><a class=\"button\" href=\"/follow\">{}</a></div>",
         icon(ctx, "clock"),
         say(ctx,
             "The receipt is shown for 15 minutes on the device you used. You can now check "
             "progress with your request number and the last four digits of your phone number."),
         say(ctx, "Track my request"));
    telephone_buttons(ctx, area_asked(ctx));
    page_end(ctx);
}
