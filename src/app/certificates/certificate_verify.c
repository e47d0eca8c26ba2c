/*
 * Checking a certificate, for anybody: by the number on paper, by its QR code or
 * by the file.
 *
 * A QR code's page says valid, superseded or revoked and nothing else: its URL
 * may stand in a log or a chat. Whoever sends the number, or the file, is also
 * told what was issued, to compare it with the paper: the name only in part. A
 * number has 49 random bits and its neighbours don't exist, so it can't be
 * guessed; wrong ones are counted on the writer thread all the same.
 */
#include "app/certificates/certificates.h"
#include "core/module.h"
#include "core/tries.h"
#include "app/registers/registers.h"
#include "base/code.h"
#include "base/when.h"
#include "web/fields.h"

#include <string.h>

static const struct tries_rule tries_number = {"certificate", 30, 6 * WHEN_HOUR};

/* ---- what is said of one ---- */

static void draw_word(struct ctx *ctx, bool good, const char *head, const char *line)
{
    html(ctx->web->out,
         "<section><div class=\"notice {}\" "
         "role=\"status\">{}<div><p><b>{}</b></p><p>{}</p></div></div></section>",
         good ? "ok" : "warn", icon(ctx, good ? "circle-check" : "alert-triangle"), head, line);
}

static void draw_status(struct ctx *ctx, const struct certificate *c)
{
    if (!c)
        draw_word(ctx, false, say(ctx, "No certificate with this number"),
                  say(ctx, "Compare the number with the one on paper. If they match, the "
                           "certificate was not issued here."));
    else if (!strcmp(c->status, "valid"))
        draw_word(ctx, true, say(ctx, "Valid"),
                  say(ctx, "This office issued the certificate with this number and it is valid."));
    else if (!strcmp(c->status, "superseded"))
        draw_word(ctx, false, say(ctx, "Superseded"),
                  say(ctx, "This office issued this certificate but has since replaced it with a "
                           "newer one for the same period. Ask for the newer one."));
    else
        draw_word(ctx, false, say(ctx, "Revoked"),
                  say(ctx, "This office issued this certificate but later revoked it. It is no "
                           "longer valid."));
}

static const char *masked_name(struct ctx *ctx, const struct certificate *c)
{
    struct rows *r = query(ctx->db,
                           "SELECT p.name AS name FROM volunteers v JOIN people p ON p.id = "
                           "v.person WHERE v.id = {}",
                           c->volunteer);
    const char *name = rows_next(r) ? mask_name(ctx->arena, row_text(r, "name")) : NULL;
    rows_end(r);
    return name ? name : "–";
}

static void fact(struct ctx *ctx, const char *label, const char *value)
{
    html(ctx->web->out, "<div><dt>{}</dt><dd>{}</dd></div>", label, value);
}

/* What was issued, to hold beside the paper. */
static void draw_facts(struct ctx *ctx, const struct certificate *c)
{
    struct buf *out = ctx->web->out;
    html(out, "<section class=\"card\"><h2>{}</h2><p>{}</p><dl class=\"facts\">",
         say(ctx, "What was issued"),
         say(ctx, "If anything differs on the certificate you were given, do not rely on it."));
    fact(ctx, tr(ctx, kind_field(&certificates_kind, "number")->label), c->number);
    fact(ctx, say(ctx, "Volunteer"), masked_name(ctx, c));
    fact(ctx, say(ctx, "Service hours"), hours_text(ctx, c->seconds));
    fact(ctx, say(ctx, "Period"), certificate_period(ctx, c));
    fact(ctx, say(ctx, "Issued by"), c->issuer);
    fact(ctx, say(ctx, "Issued on"), day_show(ctx->arena, ctx->lang, when_day(c->issued)));
    html(out, "<div><dt>{}</dt><dd>", say(ctx, "Status"));
    certificate_state_draw(ctx, c);
    html(out, "</dd></div></dl></section>");
}

/* ---- the QR code's page ---- */

static void status_page(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct certificate *c = certificate_find(ctx, ctx->web->name);
    answer_header(ctx, "Cache-Control", "no-store");
    answer_header(ctx, "X-Robots-Tag", "noindex");
    if (!c)
        answer_code(ctx, 404);
    page_begin(ctx, say(ctx, "Is this certificate valid?"), PAGE_RESIDENT);
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead nobr\">{}</p></header>",
         say(ctx, "Is this certificate valid?"), c ? c->number : ctx->web->name);
    draw_status(ctx, c);
    if (c)
        html(out,
             "<section><form class=\"form\" method=\"post\" "
             "action=\"/certificates/verify/number\"><input type=\"hidden\" name=\"number\" "
             "value=\"{}\"><p>{}</p><div class=\"acts\"><button "
             "class=\"primary\">{} {}</button></div></form></section>",
             c->number,
             say(ctx,
                 "To make sure that nothing on the paper was changed, compare it with what was "
                 "issued."),
             icon(ctx, "list-search"), say(ctx, "Show what was issued"));
    html(out, "<section><p><a href=\"/certificates/verify\">{}</a></p></section>",
         c ? say(ctx, "Verify the PDF file instead") : say(ctx, "Verify a certificate"));
    page_end(ctx);
}

/* ---- by number or by file ---- */

static void draw_number_form(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    html(out,
         "<section class=\"card\"><h2>{}</h2><form class=\"form\" method=\"post\" "
         "action=\"/certificates/verify/number\">",
         say(ctx, "By its number"));
    line_field(ctx,
               &(struct line){.name = "number",
                              .label = tr(ctx, kind_field(&certificates_kind, "number")->label),
                              .hint = say(ctx, "As printed on the certificate, for example "
                                               "ZS2026-7KM4QXD2PA"),
                              .autocomplete = "off"});
    html(out, "<div class=\"acts\"><button class=\"primary\">{} {}</button></div></form></section>",
         icon(ctx, "search"), say(ctx, "Check number"));
}

static void draw_file_form(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    html(out,
         "<section class=\"card\"><h2>{}</h2><form class=\"form\" method=\"post\" "
         "action=\"/certificates/verify\" enctype=\"multipart/form-data\">",
         say(ctx, "By its file"));
    form_tokens(ctx);
    field_begin(ctx, "file", say(ctx, "PDF file"), false,
                say(ctx, "The original file. It is checked but not stored."));
    html(out,
         "<input id=\"f-file\" type=\"file\" name=\"file\" accept=\"application/pdf,.pdf\" "
         "aria-describedby=\"f-file-h\"></div><div class=\"acts\"><button>{} "
         "{}</button></div></form></section>",
         icon(ctx, "shield-check"), say(ctx, "Verify file"));
}

static void draw_for_experts(struct ctx *ctx)
{
    html(ctx->web->out,
         "<details class=\"small\"><summary>{}</summary><p>{}</p><p><code>linli certificate verify "
         "FILE.pdf --key {}</code></p></details>",
         say(ctx, "For experts: verify without this page"),
         say(ctx, "Linli’s own program checks a file with the office’s public key, without any "
                  "connection to this office:"),
         certificate_key(ctx));
}

static void verify_begin(struct ctx *ctx)
{
    answer_header(ctx, "Cache-Control", "no-store");
    page_begin(ctx, say(ctx, "Verify a certificate"), PAGE_RESIDENT);
    html(ctx->web->out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>",
         say(ctx, "Verify a certificate"),
         say(ctx, "Type its number, or choose the original PDF file."));
}

static void verify_end(struct ctx *ctx)
{
    html(ctx->web->out, "<div class=\"cols\">");
    draw_number_form(ctx);
    draw_file_form(ctx);
    html(ctx->web->out, "</div>");
    draw_for_experts(ctx);
    page_end(ctx);
}

/* On the writer thread, because a wrong number is counted. It is answered with a page and not with
 * a failure, which would undo the count. */
static void number_check(struct ctx *ctx)
{
    const char *number = certificate_number_typed(ctx, param(ctx, "number"));
    const struct certificate *c = number ? certificate_find(ctx, number) : NULL;
    bool too_many = number && !c && tries_left(ctx, &tries_number, NULL) <= 0;
    if (number && !c && !too_many)
        tries_add(ctx, &tries_number, NULL);
    answer_code(ctx, !number ? 422 : too_many ? 429 : c ? 200 : 404);
    verify_begin(ctx);
    if (!number)
        draw_word(ctx, false, say(ctx, "This is not a certificate number"),
                  say(ctx, "A number has ZS, the year, and 10 letters and digits: "
                           "ZS2026-7KM4QXD2PA. The letters may be small, and there is no 0, O, 1, "
                           "I or L after the year."));
    else if (too_many)
        draw_word(ctx, false, say(ctx, "Too many incorrect numbers"),
                  say(ctx, "Too many incorrect numbers from your network. Please try again in a "
                           "few hours, or verify the PDF file."));
    else
        draw_status(ctx, c);
    if (c)
        draw_facts(ctx, c);
    verify_end(ctx);
}

static void draw_file_word(struct ctx *ctx, const struct upload *file)
{
    const struct certificate *c = certificate_of_file(ctx, file->data, file->size);
    switch (certificate_check(file->data, file->size, certificate_key(ctx), NULL)) {
    case CERTIFICATE_FITS:
        draw_word(ctx, true, say(ctx, "The file is as issued"),
                  say(ctx, "Nothing has been altered since this office signed it."));
        draw_status(ctx, c);
        break;
    case CERTIFICATE_CHANGED:
        draw_word(ctx, false, say(ctx, "The file has been altered"),
                  say(ctx, "It does not match what this office signed. Do not rely on it."));
        break;
    case CERTIFICATE_OTHER_KEY:
        draw_word(ctx, false, say(ctx, "Not signed by this office"),
                  say(ctx, "The file is intact but was signed with another office’s key. "
                           "Verify it with them."));
        c = NULL;
        break;
    default:
        draw_word(ctx, false, say(ctx, "No signature in this file"),
                  say(ctx, "This is not an original file from this office: it may be a scan, a "
                           "re-saved PDF or incomplete. Ask for the original file, scan the QR "
                           "code or type the number."));
    }
    if (c)
        draw_facts(ctx, c);
}

static void verify_page(struct ctx *ctx)
{
    const struct upload *file = ctx->web->method == POST && ctx->web->upload_count
                                    ? &ctx->web->uploads[0]
                                    : NULL;
    verify_begin(ctx);
    if (ctx->web->method == POST && (!file || !file->size))
        draw_word(ctx, false, say(ctx, "No file chosen"),
                  say(ctx, "Choose the PDF file and try again."));
    else if (file)
        draw_file_word(ctx, file);
    verify_end(ctx);
}

static const struct route table[] = {
    ROUTE_GET("/certificate/{name}", ROLE_PUBLIC, status_page),
    ROUTE_GET("/certificates/verify", ROLE_PUBLIC, verify_page),
    ROUTE_POST("/certificates/verify", ROLE_PUBLIC, verify_page, .flags = UPLOAD | READS | NO_CSRF),
    ROUTE_GET("/certificates/verify/number", ROLE_PUBLIC, verify_page),
    ROUTE_POST("/certificates/verify/number", ROLE_PUBLIC, number_check,
               .flags = NO_CSRF | LOGIN_LIMIT),
};

const struct module certificate_verify_module = {.name = "certificate verify",
                                                 .routes = ROUTES(table)};
