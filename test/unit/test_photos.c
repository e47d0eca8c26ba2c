/*
 * What becomes of a stranger's file: upright, small, without notes, or refused
 * with a word of what would be taken. And of photographs over a failed form.
 */
#define _GNU_SOURCE /* memmem */
#include "program/install.h"
#include "app/requests/requests.h"
#include "core/attachments.h"
#include "base/ctx.h"
#include "web/web.h"
#include "store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vips/vips.h>

static struct ctx ctx;
static struct exchange ex;
static struct buf out;
static struct store store;

static bool contains(const void *data, size_t size, const char *what)
{
    return memmem(data, size, what, strlen(what)) != NULL;
}

struct file {
    void *data;
    size_t size;
};

/* A picture of two colours, wider than high, in the format asked for. */
static VipsImage *picture(int width, int height)
{
    VipsImage *black, *image;
    assert_int_equal(vips_black(&black, width, height, "bands", 3, NULL), 0);
    assert_int_equal(vips_linear1(black, &image, 1.0, 90.0, "uchar", TRUE, NULL), 0);
    g_object_unref(black);
    VipsImage *srgb;
    assert_int_equal(vips_copy(image, &srgb, "interpretation", VIPS_INTERPRETATION_sRGB, NULL), 0);
    g_object_unref(image);
    return srgb;
}

static struct file jpeg_with_notes(int width, int height)
{
    struct file f;
    VipsImage *image = picture(width, height);
    vips_image_set_string(image, "exif-ifd0-Model",
                          "SecretCamera (SecretCamera, ASCII, 13 components, 13 bytes)");
    vips_image_set_string(image, "exif-ifd3-GPSLatitude",
                          "23/1 3/1 1234/100 (23, 3, 12.34, Rational, 3 components, 24 bytes)");
    vips_image_set_string(image, "exif-ifd3-GPSLatitudeRef", "N (N, ASCII, 2 components, 2 bytes)");
    vips_image_set_int(image, VIPS_META_ORIENTATION, 6);
    assert_int_equal(vips_jpegsave_buffer(image, &f.data, &f.size, NULL), 0);
    g_object_unref(image);
    return f;
}

static struct file png(int width, int height)
{
    struct file f;
    VipsImage *image = picture(width, height);
    assert_int_equal(vips_pngsave_buffer(image, &f.data, &f.size, NULL), 0);
    g_object_unref(image);
    return f;
}

static void measure(const struct photo *p, int *width, int *height)
{
    VipsImage *image = vips_image_new_from_buffer(p->data, p->size, "", NULL);
    assert_non_null(image);
    *width = vips_image_get_width(image);
    *height = vips_image_get_height(image);
    assert_int_equal(vips_image_get_typeof(image, "exif-data"), 0);
    g_object_unref(image);
}

static void takes_place_and_camera_away(void **state)
{
    (void)state;
    struct photo p;
    const char *why = NULL;
    int width, height;
    struct file f = jpeg_with_notes(1800, 900);
    assert_true(contains(f.data, f.size, "SecretCamera"));
    assert_true(photo_make(ctx.arena, f.data, f.size, &p, &why));
    assert_false(contains(p.data, p.size, "SecretCamera"));
    assert_false(contains(p.data, p.size, "Exif"));
    assert_false(contains(p.small, p.small_size, "SecretCamera"));
    measure(&p, &width, &height); /* it was lying on its side */
    assert_int_equal(width, 800);
    assert_int_equal(height, 1600);
    assert_true(p.small_size < p.size);
    g_free(f.data);
}

static void makes_a_jpeg_of_a_png(void **state)
{
    (void)state;
    struct photo p;
    const char *why = NULL;
    int width, height;
    struct file f = png(300, 200);
    assert_true(photo_make(ctx.arena, f.data, f.size, &p, &why));
    assert_memory_equal(p.data, "\xFF\xD8\xFF", 3);
    measure(&p, &width, &height); /* a small one is not blown up */
    assert_int_equal(width, 300);
    assert_int_equal(height, 200);
    g_free(f.data);
}

static void refuses_what_is_no_picture(void **state)
{
    (void)state;
    static const char *const texts[] = {"This is a text that somebody named photo.jpg.",
                                        "<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>",
                                        "%PDF-1.7 not a picture either", "", "\xFF\xD8\xFF"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct photo p;
        const char *why = NULL;
        assert_false(photo_make(ctx.arena, texts[i], strlen(texts[i]), &p, &why));
        assert_non_null(why);
        assert_null(p.data);
    }
}

/* What a format's writer makes of a picture that no writer makes small: name is a file's ending. */
static struct file noise(const char *name, int progressive)
{
    struct file f = {NULL, 0};
    VipsImage *bands[3], *joined, *cast, *image;
    for (int i = 0; i < 3; i++)
        assert_int_equal(
            vips_gaussnoise(&bands[i], 320, 240, "mean", 128.0, "sigma", 40.0, "seed", i + 1, NULL),
            0);
    assert_int_equal(vips_bandjoin(bands, &joined, 3, NULL), 0);
    assert_int_equal(vips_cast(joined, &cast, VIPS_FORMAT_UCHAR, NULL), 0);
    assert_int_equal(vips_copy(cast, &image, "interpretation", VIPS_INTERPRETATION_sRGB, NULL), 0);
    int bad = !strcmp(name, "jpg")
                  ? vips_jpegsave_buffer(image, &f.data, &f.size, "interlace", progressive, NULL)
              : !strcmp(name, "png")
                  ? vips_pngsave_buffer(image, &f.data, &f.size, "interlace", progressive, NULL)
              : !strcmp(name, "gif") ? vips_gifsave_buffer(image, &f.data, &f.size, NULL)
                                     : vips_webpsave_buffer(image, &f.data, &f.size, NULL);
    assert_int_equal(bad, 0);
    for (int i = 0; i < 3; i++)
        g_object_unref(bands[i]);
    g_object_unref(joined);
    g_object_unref(cast);
    g_object_unref(image);
    return f;
}

static struct file with(const struct file *f, size_t kept, const void *more, size_t size)
{
    struct file g = {g_malloc(kept + size), kept + size};
    memcpy(g.data, f->data, kept);
    memcpy((char *)g.data + kept, more, size);
    return g;
}

static bool taken(const struct file *f, const char **why)
{
    struct photo p;
    *why = NULL;
    return photo_make(ctx.arena, f->data, f->size, &p, why);
}

static void refuses_a_part_of_a_picture(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int progressive;
    } forms[] = {{"jpg", 0}, {"jpg", 1}, {"png", 0}, {"png", 1}, {"gif", 0}, {"webp", 0}};
    const char *why;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct file f = noise(forms[i].name, forms[i].progressive);
        assert_true(taken(&f, &why));
        for (size_t part = 1; part < 40; part += 12) {
            struct file cut = {f.data, f.size * part / 40};
            assert_false(taken(&cut, &why));
            assert_string_equal(why, "This image was not fully uploaded. Please send it again.");
        }
        g_free(f.data);
    }
}

/* What telephones write: a second picture behind the first, zeros, bytes between the last pixel and
 * the end, no end at all, a head that is not quite right. All pixels are there. */
static void takes_a_whole_picture_that_is_a_little_odd(void **state)
{
    (void)state;
    const char *why;
    char zeros[5000] = {0};
    for (int progressive = 0; progressive < 2; progressive++) {
        struct file f = noise("jpg", progressive), second = noise("jpg", 0);
        struct file odd[] = {with(&f, f.size, zeros, sizeof zeros),
                             with(&f, f.size, second.data, second.size),
                             with(&f, f.size, second.data, second.size / 2),
                             with(&f, f.size - 2, "\0\0\0\xFF\xD9", 5),
                             with(&f, f.size - 2, "", 0),
                             with(&f, f.size, "", 0)};
        if (!progressive) { /* “Invalid SOS parameters” */
            unsigned char *scan = memmem(odd[5].data, odd[5].size, "\xFF\xDA", 2);
            scan[2 + scan[3] - 2] = 0;
        }
        for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
            if (!taken(&odd[i], &why))
                fail_msg("odd %zu, progressive %d: %s", i, progressive, why);
            g_free(odd[i].data);
        }
        g_free(f.data);
        g_free(second.data);
    }
}

/* A hundred bytes that would unpack to 2.5 billion pixels: told from the head alone. */
static void refuses_a_bomb(void **state)
{
    (void)state;
    static const unsigned char bomb[] = {
        0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0x00, 0x00, 0x00, 0x0D, 0x49, 0x48,
        0x44, 0x52, 0x00, 0x00, 0xC3, 0x50, 0x00, 0x00, 0xC3, 0x50, 0x08, 0x02, 0x00, 0x00,
        0x00, 0xC4, 0xCD, 0xAA, 0x9D, 0x00, 0x00, 0x00, 0x0C, 0x49, 0x44, 0x41, 0x54, 0x78,
        0x9C, 0x63, 0x60, 0xA0, 0x3D, 0x00, 0x00, 0x00, 0x64, 0x00, 0x01, 0x86, 0x64, 0x3C,
        0x35, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82,
    };
    struct photo p;
    const char *why = NULL;
    assert_false(photo_make(ctx.arena, bomb, sizeof bomb, &p, &why));
    assert_non_null(why);
    assert_non_null(strstr(why, "pixels"));
}

/* ---- over a form ---- */

static void keeps_them_over_a_failed_form(void **state)
{
    (void)state;
    struct file f = png(300, 200);
    const struct upload uploads[] = {{"photos", "one.png", "image/png", f.data, f.size},
                                     {"photos", "two.jpg", "image/jpeg", "no picture at all", 17}};
    struct photos p, again;
    ex.uploads = uploads;
    ex.upload_count = 2;
    photos_take(&ctx, &p);
    assert_int_equal(p.count, 1);
    assert_non_null(strstr(ctx_problem_of(&ctx, "photos"), "two.jpg"));
    photos_keep(&ctx, &p);
    assert_int_equal(ctx.problem_count, 1);
    assert_non_null(p.list[0].token);
    assert_int_equal(query_int(ctx.db, "SELECT count(*) AS n FROM photo_drafts"), 1);

    /* the form comes back with the token alone */
    static struct param form[2]; /* the next test sends it once more */
    form[0] = (struct param){"kept", p.list[0].token};
    form[1] = (struct param){"kept", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
    store_forget(&ctx);
    ex.upload_count = 0;
    ex.form = form;
    ex.form_count = 2;
    photos_take(&ctx, &again);
    assert_int_equal(again.count, 1);
    assert_int_equal(again.list[0].size, p.list[0].size);
    assert_memory_equal(again.list[0].data, p.list[0].data, p.list[0].size);
    g_free(f.data);
}

static void stores_and_forgets_the_draft(void **state)
{
    (void)state;
    struct photos p;
    photos_take(&ctx, &p);
    assert_int_equal(p.count, 1);
    change(ctx.db, "INSERT INTO requests (id, created, updated, number, subject, text, status, "
                   "received_at) VALUES (7, 1, 1, '20260101-00007', 's', 't', 'received', 1)");
    assert_int_equal(photos_store(&ctx, &p, &requests_kind, 7, true), OK);
    assert_int_equal(query_int(ctx.db, "SELECT count(*) AS n FROM photo_drafts"), 0);
    int64_t id = query_int(ctx.db,
                           "SELECT id FROM attachments WHERE kind = 'requests' AND record = 7");
    buf_clear(&out);
    photos_answer(&ctx, &requests_kind, 7, id, PHOTOS_SHOWN, "no-store");
    assert_true(ctx_ok(&ctx));
    assert_int_equal(out.size, p.list[0].size);
    photos_answer(&ctx, &requests_kind, 8, id, PHOTOS_SHOWN, "no-store"); /* another request's */
    assert_int_equal(ctx.status, NOT_FOUND);
    store_forget(&ctx);
    change(ctx.db, "UPDATE attachments SET shown = 0"); /* the office's own is not the resident's */
    photos_answer(&ctx, &requests_kind, 7, id, PHOTOS_SHOWN, "no-store");
    assert_int_equal(ctx.status, NOT_FOUND);
    store_forget(&ctx);
}

static int set_up(void **state)
{
    (void)state;
    store_new(&store);
    if (vips_init("test") != 0)
        return -1;
    ctx_init(&ctx, arena_new());
    ctx.lang = "en";
    ctx.actor.via = "web";
    buf_init(&out, 0);
    ex = (struct exchange){.out = &out, .answer = ARENA_ARRAY(ctx.arena, struct param, 24)};
    ctx.web = &ex;
    return install_create(&ctx, store.data, NULL, 0) == OK &&
                   install_open(&ctx, store.data, DB_WRITE) == OK
               ? 0
               : -1;
}

static int tear_down(void **state)
{
    (void)state;
    db_close(ctx.db);
    store_remove(&store);
    buf_release(&out);
    arena_free(ctx.arena);
    vips_shutdown();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_place_and_camera_away),
        cmocka_unit_test(makes_a_jpeg_of_a_png),
        cmocka_unit_test(refuses_what_is_no_picture),
        cmocka_unit_test(refuses_a_bomb),
        cmocka_unit_test(refuses_a_part_of_a_picture),
        cmocka_unit_test(takes_a_whole_picture_that_is_a_little_odd),
        cmocka_unit_test(keeps_them_over_a_failed_form),
        cmocka_unit_test(stores_and_forgets_the_draft),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
