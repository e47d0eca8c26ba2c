/*
 * The office's pages of certificates: issuing, the list, the settings; and the
 * volunteer's own certificates. Checking one is in certificate_verify.c.
 */
#include "app/certificates/certificates.h"
#include "core/module.h"
#include "core/settings.h"
#include "app/registers/registers.h"
#include "base/code.h"
#include "base/text.h"
#include "base/when.h"
#include "db/journal.h"
#include "web/fields.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define HOSTS     (ROLE_WORKER | ROLE_OFFICE)
#define SEAL_MOST ((size_t)300 << 10) /* bytes of the picture */
#define SEAL_SIDE 2000                /* pixels */
#define FOUND     20
#define PAGE      50

/* ---- the list ---- */

void certificate_state_draw(struct ctx *ctx, const struct certificate *c)
{
    bool valid = !strcmp(c->status, "valid");
    html(ctx->web->out, "<span class=\"state {}\">{} {}</span>",
         valid                           ? "ok"
         : !strcmp(c->status, "revoked") ? "late"
                                         : "wait",
         icon(ctx, valid ? "circle-check" : "circle-x"),
         field_show(ctx, kind_field(&certificates_kind, "status"), c));
}

const char *certificate_period(struct ctx *ctx, const struct certificate *c)
{
    int64_t from = 0, to = 0;
    day_parse(c->valid_from, &from);
    day_parse(c->valid_to, &to);
    return say(ctx, "{} to {}", day_show(ctx->arena, ctx->lang, from),
               day_show(ctx->arena, ctx->lang, to));
}

static const char *volunteer_name(struct ctx *ctx, int64_t volunteer)
{
    struct rows *r = query(ctx->db,
                           "SELECT p.name AS name, v.number AS number FROM volunteers v JOIN "
                           "people p ON p.id = v.person WHERE v.id = {}",
                           volunteer);
    const char *name = rows_next(r) ? arena_print(ctx->arena, "%s %s", row_text(r, "name"),
                                                  row_text(r, "number"))
                                    : "";
    rows_end(r);
    return name;
}

static void list_page(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    struct list l;
    list_init(ctx, &l, &certificates_kind);
    struct list_total total = list_total(ctx, &l);
    int64_t page = pager_page(ctx);
    list_init(ctx, &l, &certificates_kind);
    l.limit = PAGE;
    l.offset = (page - 1) * PAGE;
    int n = 0;
    page_begin(ctx, say(ctx, "Certificates"), PAGE_STAFF | PAGE_WIDE);
    html(out, "<header class=\"head\"><h1>{}</h1><div class=\"acts\">", say(ctx, "Certificates"));
    if (ctx->actor.roles & HOSTS)
        html(out, "<a class=\"button primary\" href=\"/certificates/new\">{} {}</a>",
             icon(ctx, "file-certificate"), say(ctx, "Issue a certificate"));
    if (ctx->actor.roles & ROLE_OFFICE)
        html(out,
             "<a class=\"button\" href=\"/certificates/settings\">{} {}</a><a class=\"button\" "
             "href=\"/volunteers/export-national\">{} {}</a>",
             icon(ctx, "rubber-stamp"), say(ctx, "Issuer and seal"), icon(ctx, "file-spreadsheet"),
             say(ctx, "Spreadsheet for volunteer systems"));
    html(out, "</div><p class=\"lead\">{}</p></header>",
         say(ctx, "Records of volunteer service, issued free of charge. Anyone can verify one by "
                  "its QR code or file."));
    struct rows *rows = list_run(ctx, &l);
    for (struct certificate *c;
         (c = list_next(ctx, &certificates_kind, rows, ctx->arena)) != NULL;) {
        if (!n++)
            html(out,
                 "<table class=\"list\"><thead><tr><th class=\"main\" scope=\"col\">{}</th><th "
                 "class=\"state-col\" scope=\"col\">{}</th><th class=\"long-when\" "
                 "scope=\"col\">{}</th><th class=\"when less\" scope=\"col\">{}</th>"
                 "<th class=\"when\" scope=\"col\">{}</th></tr></thead><tbody>",
                 say(ctx, "Volunteer"), say(ctx, "Status"), say(ctx, "Period"), say(ctx, "Number"),
                 say(ctx, "Issued on"));
        html(out,
             "<tr><td class=\"main\"><a href=\"/certificates/{}\">{}</a></td><td "
             "class=\"state-col\">",
             c->record.id, volunteer_name(ctx, c->volunteer));
        certificate_state_draw(ctx, c);
        html(out,
             "</td><td class=\"long-when\">{}</td><td class=\"when less\">{}</td><td "
             "class=\"when\">{}</td></tr>",
             certificate_period(ctx, c), c->number,
             day_show(ctx->arena, ctx->lang, when_day(c->issued)));
    }
    if (n)
        html(out, "</tbody></table>");
    else
        html(out, "<div class=\"empty\">{}<p>{}</p></div>", icon(ctx, "file-certificate"),
             page > 1 ? say(ctx, "Nothing here.")
                      : say(ctx, "No certificates issued yet. Issuing one from a volunteer’s "
                                 "hours "
                                 "takes about a minute."));
    if (total.count > PAGE)
        pager(ctx, page, PAGE, total.count,
              say_n(ctx, total.count, "1 certificate", "{} certificates", total.count));
    page_end(ctx);
}

/* ---- issuing one ---- */

static void draw_search(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const char *q = query_param(ctx, "q");
    q = q && !text_blank(q) ? text_tidy(ctx->arena, q) : NULL;
    find_begin(ctx, "search", "/certificates/new");
    html(out,
         "<label class=\"sr\" for=\"q\">{}</label><input id=\"q\" type=\"search\" name=\"q\" "
         "value=\"{}\" placeholder=\"{}\"><button>{} {}</button></form>",
         say(ctx, "Name, pinyin or volunteer number"), q,
         say(ctx, "Name, pinyin or volunteer number"), icon(ctx, "search"), say(ctx, "Search"));
    if (!q)
        return;
    const char *like = arena_print(ctx->arena, "%%%s%%", q);
    struct sql s;
    sql_init(&s, ctx->arena);
    sql_add(&s, "SELECT v.id AS id, v.number AS number, v.seconds AS seconds, p.name AS name, "
                "count(*) OVER () AS whole FROM (SELECT * FROM volunteers WHERE 1 = 1");
    volunteers_kind.scope(ctx, &s);
    sql_add(&s,
            ") v JOIN people p ON p.id = v.person WHERE p.name LIKE {} OR p.pinyin LIKE {} OR "
            "v.number LIKE {} ORDER BY p.pinyin, v.id LIMIT {}",
            like, like, like, FOUND);
    struct rows *r = sql_query(ctx->db, &s);
    int64_t n = 0, whole = 0;
    while (rows_next(r)) {
        whole = row_int(r, "whole");
        if (!n++)
            html(out, "<ul class=\"timeline plain\">");
        html(out,
             "<li>{}<div><p class=\"what\"><a href=\"/certificates/new?volunteer={}\">{}</a> <span "
             "class=\"soft\">{}</span></p><p class=\"by\">{}</p></div></li>",
             icon(ctx, "user"), row_int(r, "id"), row_text(r, "name"), row_text(r, "number"),
             hours_text(ctx, row_int(r, "seconds")));
    }
    if (n)
        buf_puts(out, "</ul>");
    more_draw(ctx, whole - n);
    if (!n)
        html(out, "<p>{}</p>", say(ctx, "None of your volunteers has this name or number."));
}

static void day_field(struct ctx *ctx, const char *name, const char *label, const char *value)
{
    struct buf *out = ctx->web->out;
    html(out,
         "<div class=\"field\"><label for=\"f-{}\">{}</label><input id=\"f-{}\" type=\"date\" "
         "name=\"{}\" value=\"{}\"{}>",
         name, label, name, name, param(ctx, name) ? param(ctx, name) : value,
         (struct markup){ctx_problem_of(ctx, name) ? " aria-invalid=\"true\"" : ""});
    field_problem(ctx, name);
    buf_puts(out, "</div>");
}

static void plain_field(struct ctx *ctx, const char *name, const char *label, const char *hint,
                        bool optional, const char *value)
{
    line_field(ctx, &(struct line){.name = name,
                                   .label = label,
                                   .hint = hint,
                                   .optional = optional,
                                   .autocomplete = "off",
                                   .value = param(ctx, name) ? param(ctx, name) : value});
}

static const struct label labels[] = {
    {"valid_from", N_("From")}, {"valid_to", N_("Until")}, {"note", N_("Notes")}, {NULL, NULL}};

/* Who issues certificates: set, or else the office; "": nobody yet. */
static const char *issuer(struct ctx *ctx)
{
    const char *kept = setting(ctx, "certificates.issuer"), *office = setting(ctx, "site.name");
    if (*kept || *office)
        return *kept ? kept : office;
    struct rows *r = query(
        ctx->db, "SELECT name, name_en FROM areas WHERE parent IS NULL ORDER BY id LIMIT 1");
    const char *name = rows_next(r) ? arena_copy(ctx->arena, ctx_pick(ctx, row_text(r, "name"),
                                                                      row_text(r, "name_en")))
                                    : "";
    rows_end(r);
    return name;
}

static const char *no_issuer(struct ctx *ctx)
{
    return say(ctx, "It is not set yet who issues certificates. Subdistrict staff set it under "
                    "Settings → Issuer and seal.");
}

/* Before anything was typed in vain. */
static void draw_no_issuer(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    html(out, "<div class=\"notice warn\" role=\"alert\">{}<div><p>{}</p></div></div>",
         icon(ctx, "alert-triangle"), no_issuer(ctx));
    if (ctx->actor.roles & (ROLE_OFFICE | ROLE_ADMIN))
        html(out,
             "<p class=\"acts\"><a class=\"button primary\" "
             "href=\"/certificates/settings\">{} {}</a></p>",
             icon(ctx, "rubber-stamp"), say(ctx, "Issuer and seal"));
}

static void new_page(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    int64_t id = param_int(ctx, "volunteer"), today = when_day(ctx->now);
    const struct volunteer *v = id == NONE ? NULL : record_load(ctx, &volunteers_kind, id);
    page_begin(ctx, say(ctx, "Issue a certificate"), PAGE_STAFF);
    trail(ctx, "/certificates", say(ctx, "Certificates"));
    html(out, "<header class=\"head\"><h1>{}</h1>", say(ctx, "Issue a certificate"));
    if (v)
        html(out, "<p class=\"lead\">{} · {}</p>", volunteer_name(ctx, v->record.id),
             hours_text(ctx, v->seconds));
    buf_puts(out, "</header>");
    if (!v) {
        draw_search(ctx);
        page_end(ctx);
        return;
    }
    if (!*issuer(ctx)) {
        draw_no_issuer(ctx);
        page_end(ctx);
        return;
    }
    form_begin(ctx, "/certificates", NULL, false);
    form_problems(ctx);
    html(out, "<input type=\"hidden\" name=\"volunteer\" value=\"{}\"><div class=\"pair\">",
         v->record.id);
    day_field(ctx, "valid_from", ctx_label(ctx, labels, "valid_from"),
              arena_print(ctx->arena, "%d-01-01", civil_from_when(ctx->now).year));
    day_field(ctx, "valid_to", ctx_label(ctx, labels, "valid_to"), day_iso(ctx->arena, today));
    html(out, "</div><div class=\"pair\">");
    plain_field(ctx, "responsible", say(ctx, "Responsible person"), NULL, false,
                setting(ctx, "certificates.responsible"));
    plain_field(ctx, "handler", say(ctx, "Prepared by"), NULL, false, ctx->actor.name);
    html(out, "</div>");
    plain_field(ctx, "contact", say(ctx, "Contact"), NULL, false,
                setting(ctx, "certificates.contact"));
    plain_field(ctx, "note", ctx_label(ctx, labels, "note"), NULL, true, NULL);
    html(out,
         "<fieldset class=\"cards rows\"><legend>{}</legend><div><label><input type=\"radio\" "
         "name=\"full\" value=\"0\"{}><span>{}<b>{}</b></span></label><label><input type=\"radio\" "
         "name=\"full\" value=\"1\"{}><span>{}<b>{}</b><i>{}</i></span></label></div></fieldset>",
         say(ctx, "ID number"), (struct markup){param_int(ctx, "full") == 1 ? "" : " checked"},
         icon(ctx, "eye-off"), say(ctx, "Print partly masked"),
         (struct markup){param_int(ctx, "full") == 1 ? " checked" : ""}, icon(ctx, "id"),
         say(ctx, "Print in full"),
         say(ctx, "Only if the volunteer asks, e.g. for a school or employer."));
    if (ctx_problem_of(ctx, "over_disputes") || param(ctx, "over_disputes"))
        html(out,
             "<label class=\"check\"><input id=\"f-over_disputes\" type=\"checkbox\" "
             "name=\"over_disputes\" value=\"1\"{}> {}</label>",
             (struct markup){param(ctx, "over_disputes") ? " checked" : ""},
             say(ctx, "Issue the certificate although days are disputed; it will list them"));
    html(out,
         "<p class=\"small\">{}</p><div class=\"acts\"><button class=\"primary\">{} "
         "{}</button></div>",
         say(ctx, "A new certificate for the same period replaces the earlier one, which then "
                  "becomes invalid."),
         icon(ctx, "file-certificate"), say(ctx, "Issue"));
    form_end(ctx);
    page_end(ctx);
}

static const char *site_address(struct ctx *ctx)
{
    const char *kept = setting(ctx, "site.address"), *host = header(ctx, "host");
    return *kept ? kept
                 : arena_print(ctx->arena, "%s://%.200s%s", ctx->web->tls ? "https" : "http",
                               host ? host : "localhost", ctx->web->prefix);
}

static const char *document(struct ctx *ctx, const struct person *p, bool full)
{
    if (!p->id_number)
        return say(ctx, "not registered");
    return arena_print(ctx->arena, "%s %s", field_show(ctx, kind_field(&people_kind, "id_type"), p),
                       full ? p->id_number : mask_id(ctx->arena, p->id_number));
}

static const void *seal_image(struct ctx *ctx, size_t *size)
{
    const char *text = setting(ctx, "certificates.seal");
    size_t n = strlen(text);
    unsigned char *png = arena_alloc(ctx->arena, n + 1);
    return n && sodium_base642bin(png, n, text, n, NULL, size, NULL,
                                  sodium_base64_VARIANT_ORIGINAL) == 0
               ? png
               : NULL;
}

struct issuing {
    struct certificate *certificate;
    struct buf pdf;
};

/* Runs on a slow thread: counts, draws and signs. */
static void issue_prepare(struct ctx *ctx)
{
    static const char *const names[] = {"valid_from", "valid_to", "responsible", "handler",
                                        "contact",    "note",     NULL};
    const struct volunteer *v = record_load(ctx, &volunteers_kind, param_int(ctx, "volunteer"));
    const struct person *p = v ? record_get(ctx, &people_kind, v->person) : NULL;
    struct certificate *c = record_new(ctx, &certificates_kind);
    if (!p) {
        ctx_fail(ctx, NOT_FOUND, say(ctx, "Volunteer not found, or in another community."));
        return;
    }
    ctx->labels = labels;
    for (int i = 0; names[i]; i++)
        field_set(ctx, kind_field(&certificates_kind, names[i]), c, param(ctx, names[i]));
    c->volunteer = v->record.id;
    c->issuer = issuer(ctx);
    if (!*c->issuer)
        ctx_problem(ctx, NULL, no_issuer(ctx));
    if (!c->responsible)
        ctx_problem(ctx, "responsible", say(ctx, "Enter the name of the responsible person."));
    if (!c->contact)
        ctx_problem(ctx, "contact", say(ctx, "Enter a contact phone number for enquiries."));
    if (!certificate_count(ctx, c, param(ctx, "over_disputes") != NULL) || !ctx_ok(ctx))
        return;
    c->number = certificate_number(ctx);
    char lower[24] = "";
    for (size_t i = 0; i < sizeof lower - 1 && c->number[i]; i++)
        lower[i] = c->number[i] >= 'A' && c->number[i] <= 'Z' ? (char)(c->number[i] + 32)
                                                              : c->number[i];
    struct certificate_print print = {.name = p->name,
                                      .document = document(ctx, p, param_int(ctx, "full") == 1),
                                      .volunteer_number = v->number,
                                      .address = arena_print(ctx->arena, "%s/certificate/%s",
                                                             site_address(ctx),
                                                             (const char *)lower)};
    print.seal = seal_image(ctx, &print.seal_size);
    struct issuing *made = ARENA_NEW(ctx->arena, struct issuing);
    struct buf pdf;
    buf_init(&pdf, (size_t)8 << 20);
    if (certificate_draw(ctx, c, &print, &pdf)) {
        made->certificate = c;
        made->pdf = pdf;
        made->pdf.data = arena_copyn(ctx->arena, pdf.data, pdf.size);
        ctx->work = made;
    }
    buf_release(&pdf);
}

static void issue_change(struct ctx *ctx)
{
    struct issuing *made = ctx->work;
    if (certificate_file(ctx, made->certificate, &made->pdf) != OK)
        return;
    flash(ctx, say(ctx, "Issued. You and the volunteer can now download it."));
    see_other(ctx, "/certificates/{}", made->certificate->record.id);
}

/* ---- one certificate ---- */

static void record_page(struct ctx *ctx)
{
    static const char *const names[] = {"number",      "content", "issuer", "responsible",
                                        "handler",     "contact", "note",   "superseded_by",
                                        "revoked_why", NULL};
    struct buf *out = ctx->web->out;
    const struct certificate *c = record_load(ctx, &certificates_kind, ctx->web->id);
    if (!c) {
        ctx_fail(ctx, NOT_FOUND, NULL);
        answer_problem(ctx);
        return;
    }
    page_begin(ctx, say(ctx, "Certificate"), PAGE_STAFF);
    trail(ctx, "/certificates", say(ctx, "Certificates"));
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">",
         volunteer_name(ctx, c->volunteer));
    certificate_state_draw(ctx, c);
    html(out, " · {} · {}</p></header>", certificate_period(ctx, c), hours_text(ctx, c->seconds));
    form_problems(ctx);
    if (ctx->actor.roles & HOSTS)
        html(out,
             "<div class=\"acts next\"><a class=\"button primary\" "
             "href=\"/certificates/{}/file\">{} {}</a></div>",
             c->record.id, icon(ctx, "download"), say(ctx, "Download PDF"));
    html(out, "<section><dl class=\"facts card\">");
    for (int i = 0; names[i]; i++) {
        const struct field *f = kind_field(&certificates_kind, names[i]);
        const char *value = field_show(ctx, f, c);
        if (*value)
            html(out, "<div><dt>{}</dt><dd class=\"words\">{}</dd></div>", tr(ctx, f->label),
                 value);
    }
    html(out, "</dl></section>");
    if ((ctx->actor.roles & HOSTS) && strcmp(c->status, "revoked")) {
        html(out, "<details class=\"card\"{}><summary>{} {}</summary>",
             (struct markup){ctx_problem_of(ctx, "why") ? " open" : ""}, icon(ctx, "x"),
             say(ctx, "Revoke certificate"));
        form_begin(ctx,
                   arena_print(ctx->arena, "/certificates/%lld/revoke", (long long)c->record.id),
                   NULL, false);
        text_field(ctx, "why", say(ctx, "Reason"),
                   say(ctx, "Visible to staff only. Anyone who checks the certificate will see "
                            "that it has been revoked."),
                   200, NULL);
        html(out, "<div class=\"acts\"><button class=\"danger\">{}</button></div>",
             say(ctx, "Revoke certificate"));
        form_end(ctx);
        html(out, "</details>");
    }
    page_end(ctx);
}

static void revoke_change(struct ctx *ctx)
{
    const struct certificate *c = record_load(ctx, &certificates_kind, ctx->web->id);
    if (!c) {
        record_gone(ctx);
        return;
    }
    if (certificate_revoke(ctx, c, text_tidy(ctx->arena, param(ctx, "why"))) != OK)
        return;
    flash(ctx, say(ctx, "Revoked. Anyone who checks it will now see this."));
    see_other(ctx, "/certificates/{}", c->record.id);
}

static void answer_file(struct ctx *ctx, const struct certificate *c)
{
    struct bytes b = certificate_bytes(ctx, c);
    if (!b.size) {
        ctx_fail(ctx, NOT_FOUND, say(ctx, "This certificate’s file is not stored here."));
        return;
    }
    answer_download(ctx, arena_print(ctx->arena, "%s.pdf", c->number), "application/pdf");
    answer_header(ctx, "Cache-Control", "no-store");
    buf_put(ctx->web->out, b.data, b.size);
}

static void file_page(struct ctx *ctx)
{
    answer_file(ctx, ctx->web->record);
}

/* ---- the volunteer's own ---- */

static void my_page(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    int64_t *ids = NULL;
    int n = 0;
    answer_header(ctx, "Cache-Control", "no-store");
    page_begin(ctx, say(ctx, "My certificates"), PAGE_RESIDENT);
    trail(ctx, "/my", say(ctx, "My service"));
    html(out, "<header class=\"head\"><h1>{}</h1></header>", say(ctx, "My certificates"));
    struct rows *r = query(
        ctx->db, "SELECT id FROM certificates WHERE volunteer = {} ORDER BY issued DESC, id DESC",
        (struct maybe){ctx->actor.volunteer > 0 ? ctx->actor.volunteer : NONE});
    while (rows_next(r))
        *ARENA_NEXT(ctx->arena, ids, n) = row_int(r, "id");
    rows_end(r);
    for (int i = 0; i < n; i++) {
        const struct certificate *c = record_get(ctx, &certificates_kind, ids[i]);
        if (!c)
            continue;
        html(out, "<section class=\"card\"><h2>{}</h2><p>", certificate_period(ctx, c));
        certificate_state_draw(ctx, c);
        html(out,
             " · {} · <span class=\"nobr\">{}</span></p><p><a class=\"button\" "
             "href=\"/my/certificates/{}\">{} {}</a></p></section>",
             hours_text(ctx, c->seconds), c->number, c->record.id, icon(ctx, "download"),
             say(ctx, "Download PDF"));
    }
    if (!n)
        html(out, "<div class=\"empty\">{}<p>{}</p></div>", icon(ctx, "file-certificate"),
             say(ctx, "You don’t have a certificate yet. Ask the community staff for one; it’s "
                      "free."));
    page_end(ctx);
}

static void my_file(struct ctx *ctx)
{
    const struct certificate *c = record_get(ctx, &certificates_kind, ctx->web->id);
    if (c && ctx->actor.volunteer > 0 && c->volunteer == ctx->actor.volunteer)
        answer_file(ctx, c);
    else
        ctx_fail(ctx, NOT_FOUND, say(ctx, "This is not your certificate."));
}

/* ---- what the office sets ---- */

static void settings_page(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    size_t n;
    page_begin(ctx, say(ctx, "Issuer and seal"), PAGE_STAFF);
    trail(ctx, "/settings", say(ctx, "Settings"));
    html(out, "<header class=\"head\"><h1>{}</h1></header>", say(ctx, "Issuer and seal"));
    form_begin(ctx, "/certificates/settings", NULL, true);
    form_problems(ctx);
    plain_field(ctx, "issuer", say(ctx, "Issued by"), say(ctx, "Full name, as on the seal."), false,
                issuer(ctx));
    html(out, "<div class=\"pair\">");
    plain_field(ctx, "responsible", say(ctx, "Responsible person"), NULL, true,
                setting(ctx, "certificates.responsible"));
    plain_field(ctx, "contact", say(ctx, "Contact"), NULL, true,
                setting(ctx, "certificates.contact"));
    bool own = seal_image(ctx, &n) != NULL;
    html(out,
         "</div><div class=\"field\"><label for=\"f-seal\">{}</label><p class=\"hint\">{} "
         "{}</p><input id=\"f-seal\" type=\"file\" name=\"seal\" accept=\"image/png\">",
         say(ctx, "Seal image"), say(ctx, "PNG with a transparent background, up to 300 KB."),
         own ? say(ctx, "An image is already set; uploading a new one replaces it.")
             : say(ctx, "If there is no image, a simple seal is generated from the issuer’s "
                        "name."));
    field_problem(ctx, "seal");
    html(out, "</div>");
    if (own)
        html(
            out,
            "<label class=\"check\"><input type=\"checkbox\" name=\"drop\" value=\"1\"> {}</label>",
            say(ctx, "Remove image"));
    html(out, "<div class=\"acts\"><button class=\"primary\">{}</button></div>", say(ctx, "Save"));
    form_end(ctx);
    page_end(ctx);
}

static uint32_t big32(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Reads the size from the header, so that a picture that would decompress to gigabytes is
 * refused. */
static bool png_fine(const struct upload *u)
{
    const unsigned char *p = u->data;
    return u->size > 33 && u->size <= SEAL_MOST && !memcmp(p, "\x89PNG\r\n\x1a\n", 8) &&
           !memcmp(p + 12, "IHDR", 4) && big32(p + 16) >= 1 && big32(p + 20) >= 1 &&
           big32(p + 16) <= SEAL_SIDE && big32(p + 20) <= SEAL_SIDE;
}

static void settings_prepare(struct ctx *ctx)
{
    const char *name = param(ctx, "issuer");
    if (!name || text_blank(name) || text_length(name) > 60)
        ctx_problem(ctx, "issuer", say(ctx, "Enter a name of up to 60 characters."));
    for (int i = 0; i < ctx->web->upload_count; i++) {
        const struct upload *u = &ctx->web->uploads[i];
        if (strcmp(u->field, "seal") != 0 || !u->size)
            continue;
        if (!png_fine(u) || !certificate_seal_good(u->data, u->size)) {
            ctx_problem(ctx, "seal",
                        say(ctx, "Upload a PNG image of up to 300 KB and 2,000 pixels per side."));
            return;
        }
        size_t room = sodium_base64_encoded_len(u->size, sodium_base64_VARIANT_ORIGINAL);
        char *text = arena_alloc(ctx->arena, room);
        sodium_bin2base64(text, room, u->data, u->size, sodium_base64_VARIANT_ORIGINAL);
        ctx->work = text;
    }
}

static void settings_change(struct ctx *ctx)
{
    const char *responsible = param(ctx, "responsible"), *contact = param(ctx, "contact");
    setting_put(ctx, "certificates.issuer", text_tidy(ctx->arena, param(ctx, "issuer")));
    setting_put(ctx, "certificates.responsible",
                responsible ? text_cut(ctx->arena, text_tidy(ctx->arena, responsible), 40) : NULL);
    setting_put(ctx, "certificates.contact",
                contact ? text_cut(ctx->arena, text_tidy(ctx->arena, contact), 80) : NULL);
    if (ctx->work || param(ctx, "drop"))
        setting_put(ctx, "certificates.seal", ctx->work);
    journal_add(ctx, "settings", 0, "change", NULL,
                ctx->work ? "{\"certificates\":\"changed\",\"seal\":\"changed\"}"
                          : "{\"certificates\":\"changed\"}");
    flash(ctx, say(ctx, "Saved. It will appear on all certificates issued from now on."));
    see_other(ctx, "/certificates/settings");
}

static const struct route table[] = {
    ROUTE_GET("/certificates", HOSTS | ROLE_LEADER, list_page),
    ROUTE_GET("/certificates/new", HOSTS, new_page),
    ROUTE_POST("/certificates", HOSTS, issue_change, .prepare = issue_prepare, .failed = new_page,
               .flags = SLOW),
    ROUTE_GET("/certificates/{id}", HOSTS | ROLE_LEADER, record_page, .record = &certificates_kind),
    ROUTE_GET("/certificates/{id}/file", HOSTS, file_page, .record = &certificates_kind),
    ROUTE_POST("/certificates/{id}/revoke", HOSTS, revoke_change, .record = &certificates_kind,
               .failed = record_page),
    ROUTE_GET("/certificates/settings", ROLE_OFFICE | ROLE_ADMIN, settings_page),
    ROUTE_POST("/certificates/settings", ROLE_OFFICE | ROLE_ADMIN, settings_change,
               .allow = actor_for_all, .prepare = settings_prepare, .failed = settings_page,
               .flags = UPLOAD),
    ROUTE_GET("/my/certificates", ROLE_VOLUNTEER, my_page),
    ROUTE_GET("/my/certificates/{id}", ROLE_VOLUNTEER, my_file),
};

static const struct place places[] = {
    {"/certificates", N_("Certificates"), NULL, HOSTS | ROLE_LEADER, true,
     .group = N_("Volunteering"), .rank = 150},
    {.href = NULL},
};

static const char *issuer_now(struct ctx *ctx)
{
    size_t n;
    return !*issuer(ctx) ? say(ctx, "not set yet: no certificate can be issued")
                         : arena_print(ctx->arena, "%s · %s", issuer(ctx),
                                       seal_image(ctx, &n) ? say(ctx, "with an uploaded seal image")
                                                           : say(ctx, "with a generated seal"));
}

static const struct setting_page setting_pages[] = {
    {"/certificates/settings", N_("Issuer and seal"),
     N_("Who issues volunteer certificates, and the seal they carry."), "rubber-stamp",
     ROLE_OFFICE | ROLE_ADMIN, issuer_now},
    {.href = NULL},
};

const struct module certificate_pages_module = {.setting_pages = setting_pages,
                                                .name = "certificate pages",
                                                .routes = ROUTES(table),
                                                .places = places};
