/*
 * Draws a certificate on one A4 page with cairo and pango. Chinese text uses
 * the machine's fonts (Noto CJK). Lengths are points. Text that is too wide is
 * set smaller so that it never crosses the edge.
 */
#include "app/certificates/certificates.h"

#include "base/when.h"

#include <cairo-pdf.h>
#include <math.h>
#include <pango/pangocairo.h>
#include <qrencode.h>
#include <string.h>

#define WIDTH  595.28
#define HEIGHT 841.89
#define MARGIN 64.0
#define SEAL   118.0 /* across */
#define QR     86.0
#define BOTTOM 250.0 /* height kept for signature, seal and QR */

#define SERIF "Noto Serif CJK SC, Noto Serif, serif"
#define SANS  "Noto Sans CJK SC, Noto Sans, sans-serif"

struct paper {
    cairo_t *cr;
    struct ctx *ctx;
    double y;
};

/* Draws text in a box at x, sheet->y, width wide; returns its height. */
static double put(struct paper *s, double x, double width, const char *font, double size,
                  PangoAlignment align, const char *text)
{
    PangoLayout *layout = pango_cairo_create_layout(s->cr);
    PangoFontDescription *d = pango_font_description_from_string(font);
    int w, h;
    pango_font_description_set_absolute_size(d, size * PANGO_SCALE);
    pango_layout_set_font_description(layout, d);
    pango_layout_set_width(layout, (int)(width * PANGO_SCALE));
    pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_alignment(layout, align);
    pango_layout_set_spacing(layout, (int)(size * 0.35 * PANGO_SCALE));
    pango_layout_set_text(layout, text, -1);
    pango_layout_get_size(layout, &w, &h);
    cairo_move_to(s->cr, x, s->y);
    pango_cairo_show_layout(s->cr, layout);
    pango_font_description_free(d);
    g_object_unref(layout);
    return (double)h / PANGO_SCALE;
}

static void ink(struct paper *s, double r, double g, double b)
{
    cairo_set_source_rgb(s->cr, r, g, b);
}

static void draw_frame(struct paper *s)
{
    ink(s, 0.043, 0.431, 0.431);
    cairo_set_line_width(s->cr, 1.6);
    cairo_rectangle(s->cr, 28, 28, WIDTH - 56, HEIGHT - 56);
    cairo_stroke(s->cr);
    cairo_set_line_width(s->cr, 0.5);
    cairo_rectangle(s->cr, 34, 34, WIDTH - 68, HEIGHT - 68);
    cairo_stroke(s->cr);
    ink(s, 0.106, 0.141, 0.149);
}

static void draw_row(struct paper *s, const char *label, const char *value)
{
    double size = 11.5, width = WIDTH - 2 * MARGIN, first = 118;
    if (!value || !*value)
        return;
    ink(s, 0.337, 0.380, 0.392);
    double left = put(s, MARGIN, first - 8, SANS, size, PANGO_ALIGN_LEFT, label);
    ink(s, 0.106, 0.141, 0.149);
    double right = put(s, MARGIN + first, width - first, SANS, size, PANGO_ALIGN_LEFT, value);
    s->y += fmax(left, right) + 7;
}

static bool draw_qr(struct paper *s, double x, double y, const char *text)
{
    QRcode *qr = text && *text ? QRcode_encodeString(text, 0, QR_ECLEVEL_M, QR_MODE_8, 1) : NULL;
    if (!qr)
        return false;
    double module = QR / qr->width;
    cairo_set_source_rgb(s->cr, 0, 0, 0);
    for (int row = 0; row < qr->width; row++)
        for (int column = 0; column < qr->width; column++)
            if (qr->data[row * qr->width + column] & 1)
                cairo_rectangle(s->cr, x + module * column, y + module * row, module, module);
    cairo_fill(s->cr);
    QRcode_free(qr);
    return true;
}

/* ---- the seal ---- */

struct reader {
    const unsigned char *at;
    size_t left;
};

static cairo_status_t read_png(void *closure, unsigned char *to, unsigned int n)
{
    struct reader *r = closure;
    if (n > r->left)
        return CAIRO_STATUS_READ_ERROR;
    memcpy(to, r->at, n);
    r->at += n;
    r->left -= n;
    return CAIRO_STATUS_SUCCESS;
}

bool certificate_seal_good(const void *png, size_t size)
{
    struct reader r = {png, size};
    cairo_surface_t *image = cairo_image_surface_create_from_png_stream(read_png, &r);
    bool good = cairo_surface_status(image) == CAIRO_STATUS_SUCCESS;
    cairo_surface_destroy(image);
    return good;
}

static bool paste_seal(struct paper *s, double x, double y, const void *png, size_t size)
{
    struct reader r = {png, size};
    cairo_surface_t *image = cairo_image_surface_create_from_png_stream(read_png, &r);
    bool fine = cairo_surface_status(image) == CAIRO_STATUS_SUCCESS;
    if (fine) {
        double w = cairo_image_surface_get_width(image), h = cairo_image_surface_get_height(image),
               scale = SEAL / fmax(w, h);
        cairo_save(s->cr);
        cairo_translate(s->cr, x - w * scale / 2, y - h * scale / 2);
        cairo_scale(s->cr, scale, scale);
        cairo_set_source_surface(s->cr, image, 0, 0);
        cairo_paint_with_alpha(s->cr, 0.85);
        cairo_restore(s->cr);
    }
    cairo_surface_destroy(image);
    return fine;
}

/* Draws one character upright on the ring at an angle. */
static void ring_character(struct paper *s, double x, double y, double radius, double angle,
                           double size, const char *character)
{
    PangoLayout *layout = pango_cairo_create_layout(s->cr);
    PangoFontDescription *d = pango_font_description_from_string(SERIF " Bold");
    int w, h;
    pango_font_description_set_absolute_size(d, size * PANGO_SCALE);
    pango_layout_set_font_description(layout, d);
    pango_layout_set_text(layout, character, -1);
    pango_layout_get_size(layout, &w, &h);
    cairo_save(s->cr);
    cairo_translate(s->cr, x + radius * sin(angle), y - radius * cos(angle));
    cairo_rotate(s->cr, angle);
    cairo_move_to(s->cr, -(double)w / PANGO_SCALE / 2, -(double)h / PANGO_SCALE / 2);
    pango_cairo_show_layout(s->cr, layout);
    cairo_restore(s->cr);
    pango_font_description_free(d);
    g_object_unref(layout);
}

static void draw_seal(struct paper *s, double x, double y, const char *issuer)
{
    double r = SEAL / 2 - 3, pi = acos(-1.0);
    long n = g_utf8_strlen(issuer, -1);
    cairo_save(s->cr);
    cairo_set_source_rgba(s->cr, 0.78, 0.10, 0.10, 0.85);
    cairo_set_line_width(s->cr, 2.6);
    cairo_new_path(s->cr); /* otherwise a line from the last text's end */
    cairo_arc(s->cr, x, y, r, 0, 2 * pi);
    cairo_stroke(s->cr);
    for (int i = 0; i < 10; i++) {
        double angle = i * pi / 5, to = i % 2 ? 0.14 : 0.36;
        cairo_line_to(s->cr, x + r * to * sin(angle), y - r * to * cos(angle));
    }
    cairo_close_path(s->cr);
    cairo_fill(s->cr);
    double size = n <= 12   ? 14
                  : n <= 18 ? 11.5
                            : 8,
           sweep = fmin(1.62 * pi, (double)n * (size + 4) / (r - 14));
    const char *at = issuer;
    for (long i = 0; i < n && i < 40; i++, at = g_utf8_next_char(at)) {
        char character[8] = "";
        memcpy(character, at, (size_t)(g_utf8_next_char(at) - at));
        ring_character(s, x, y, r - 14,
                       n == 1 ? 0 : -sweep / 2 + sweep * (double)i / (double)(n - 1), size,
                       character);
    }
    s->y = y + r * 0.50;
    put(s, x - r, 2 * r, SERIF " Bold", 9, PANGO_ALIGN_CENTER, say(s->ctx, "Volunteer service"));
    cairo_restore(s->cr);
}

/* ---- the sheet ---- */

static void draw_head(struct paper *s, const struct certificate *c)
{
    s->y = 74;
    s->y += put(s, MARGIN, WIDTH - 2 * MARGIN, SERIF " Bold", 27, PANGO_ALIGN_CENTER,
                say(s->ctx, "Record of Volunteer Service")) +
            8;
    ink(s, 0.337, 0.380, 0.392);
    s->y += put(s, MARGIN, WIDTH - 2 * MARGIN, SANS, 10.5, PANGO_ALIGN_CENTER,
                say(s->ctx, "No. {}", c->number)) +
            22;
    ink(s, 0.106, 0.141, 0.149);
}

static void draw_body(struct paper *s, const struct certificate *c,
                      const struct certificate_print *p)
{
    struct ctx *ctx = s->ctx;
    int64_t from = 0, to = 0;
    day_parse(c->valid_from, &from);
    day_parse(c->valid_to, &to);
    const char *period = say(ctx, "{} to {}", day_show(ctx->arena, ctx->lang, from),
                             day_show(ctx->arena, ctx->lang, to));
    s->y += put(s, MARGIN, WIDTH - 2 * MARGIN, SERIF, 14, PANGO_ALIGN_LEFT,
                say(ctx,
                    "This is to certify that {} took part in volunteer service from {}. Hours "
                    "counted: {}.",
                    p->name, period, hours_text(ctx, c->seconds))) +
            20;
    draw_row(s, say(ctx, "Full name"), p->name);
    draw_row(s, say(ctx, "ID"), p->document);
    draw_row(s, say(ctx, "Volunteer number"), p->volunteer_number);
    draw_row(s, say(ctx, "Service period"), period);
    draw_row(s, say(ctx, "Counted hours"), hours_text(ctx, c->seconds));
    draw_row(s, say(ctx, "Service"), c->content);
    draw_row(s, say(ctx, "Notes"), c->note);
    ink(s, 0.337, 0.380, 0.392);
    s->y += 2;
    put(s, MARGIN, WIDTH - 2 * MARGIN, SANS, 9, PANGO_ALIGN_LEFT,
        say(ctx, "Hours are calculated from recorded attendance and exclude travel; overlapping "
                 "times count once; time beyond 8 hours a day counts once approved. The person who "
                 "recorded the service certifies it. Issued free of charge."));
    ink(s, 0.106, 0.141, 0.149);
}

static void draw_foot(struct paper *s, const struct certificate *c,
                      const struct certificate_print *p)
{
    struct ctx *ctx = s->ctx;
    double top = HEIGHT - BOTTOM, x = WIDTH / 2 + 4, width = WIDTH - MARGIN - x;
    s->y = top;
    bool qr = draw_qr(s, MARGIN, top, p->address);
    if (qr) {
        s->y = top + QR + 6;
        ink(s, 0.337, 0.380, 0.392);
        s->y += put(s, MARGIN, 210, SANS, 8.5, PANGO_ALIGN_LEFT,
                    say(ctx, "Scan to check whether this certificate is valid. The file is "
                             "digitally signed: any alteration can be detected on the office’s "
                             "website or with “linli certificate verify”."));
    }
    ink(s, 0.106, 0.141, 0.149);
    s->y = top + 6;
    s->y += put(s, x, width, SERIF " Bold", 13, PANGO_ALIGN_LEFT, c->issuer) + 8;
    const char *const rows[][2] = {
        {say(ctx, "Responsible person"), c->responsible},
        {say(ctx, "Prepared by"), c->handler},
        {say(ctx, "Contact"), c->contact},
        {say(ctx, "Date of issue"), day_show(ctx->arena, ctx->lang, when_day(ctx->now))}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i][1] && *rows[i][1])
            s->y += put(s, x, width, SANS, 10.5, PANGO_ALIGN_LEFT,
                        say(ctx, "{}: {}", rows[i][0], rows[i][1])) +
                    5;
    if (!p->seal || !paste_seal(s, x + width - SEAL / 2 + 8, top + 112, p->seal, p->seal_size))
        draw_seal(s, x + width - SEAL / 2 + 8, top + 112, c->issuer);
}

static cairo_status_t write_buf(void *closure, const unsigned char *data, unsigned int n)
{
    buf_put(closure, data, n);
    return ((struct buf *)closure)->full ? CAIRO_STATUS_WRITE_ERROR : CAIRO_STATUS_SUCCESS;
}

bool certificate_draw(struct ctx *ctx, struct certificate *c, const struct certificate_print *p,
                      struct buf *pdf)
{
    cairo_surface_t *surface = cairo_pdf_surface_create_for_stream(write_buf, pdf, WIDTH, HEIGHT);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE,
                                   say(ctx, "Record of Volunteer Service"));
    struct paper s = {.cr = cairo_create(surface), .ctx = ctx};
    draw_frame(&s);
    draw_head(&s, c);
    draw_body(&s, c, p);
    draw_foot(&s, c, p);
    cairo_show_page(s.cr);
    cairo_status_t drawn = cairo_status(s.cr);
    cairo_destroy(s.cr);
    cairo_surface_finish(surface);
    bool fine = drawn == CAIRO_STATUS_SUCCESS &&
                cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS && !pdf->full;
    cairo_surface_destroy(surface);
    if (!fine) {
        ctx_fail(ctx, UNAVAILABLE,
                 say(ctx, "The certificate could not be generated. Nothing has been issued."));
        return false;
    }
    certificate_sign(ctx, c, pdf);
    return true;
}
