/*
 * One photograph, by libvips. Only formats that a telephone or a browser makes
 * are opened; libvips' loaders that were never meant for strangers' files are
 * shut. libvips is started at the first photograph: a server that gets none
 * does not pay for it. Its own buffers are freed here, results are the arena's.
 */
#include "app/photo.h"

#include "base/ctx.h"

#include <pthread.h>
#include <string.h>
#include <vips/vips.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool started;

static void quiet(const gchar *domain, GLogLevelFlags level, const gchar *text, gpointer data)
{
    (void)domain; /* complaints about strangers' files are no news for the log */
    (void)level;
    (void)text;
    (void)data;
}

static void start(void)
{
    started = vips_init("linli") == 0;
    vips_concurrency_set(1); /* the server has threads of its own */
    vips_cache_set_max(0);
    vips_block_untrusted_set(TRUE);
    g_log_set_handler("VIPS", G_LOG_LEVEL_MASK, quiet, NULL);
}

static bool is_picture(const unsigned char *d, size_t n)
{
    static const char *const boxes[] = {"heic", "heix", "mif1", "msf1", "avif"};
    if (n < 16)
        return false;
    if (!memcmp(d, "\xFF\xD8\xFF", 3) || !memcmp(d, "\x89PNG\r\n\x1A\n", 8) || !memcmp(d, "GIF87a", 6) || !memcmp(d, "GIF89a", 6))
        return true;
    if (!memcmp(d, "RIFF", 4) && !memcmp(d + 8, "WEBP", 4))
        return true;
    for (size_t i = 0; i < sizeof boxes / sizeof *boxes; i++)
        if (!memcmp(d + 4, "ftyp", 4) && !memcmp(d + 8, boxes[i], 4))
            return true;
    return false;
}

/* Takes in, answers it in sRGB of 8 bits without transparency; NULL when it can't be unpacked. */
static VipsImage *plain_colours(VipsImage *in)
{
    VipsImage *next = NULL;
    if (vips_image_get_typeof(in, VIPS_META_ICC_NAME) && vips_icc_transform(in, &next, "srgb", "embedded", TRUE, NULL) == 0) {
        g_object_unref(in);
        in = next;
    } else {
        next = NULL;
        vips_error_clear(); /* a profile that does not fit its picture is left out */
    }
    if (vips_colourspace(in, &next, VIPS_INTERPRETATION_sRGB, NULL) != 0) {
        g_object_unref(in);
        return NULL;
    }
    g_object_unref(in);
    in = next;
    if (!vips_image_hasalpha(in))
        return in;
    VipsArrayDouble *white = vips_array_double_newv(3, 255.0, 255.0, 255.0);
    int bad = vips_flatten(in, &next, "background", white, NULL);
    vips_area_unref(VIPS_AREA(white));
    g_object_unref(in);
    return bad ? NULL : next;
}

static bool save(struct arena *a, VipsImage *in, int quality, const void **data, size_t *size)
{
    void *made = NULL;
    if (vips_jpegsave_buffer(in, &made, size, "Q", quality, "strip", TRUE, "optimize_coding", TRUE, NULL) != 0)
        return false;
    *data = memcpy(arena_alloc(a, *size), made, *size);
    g_free(made);
    return true;
}

/* Both sizes from the unpacked picture. */
static bool draw(struct arena *a, const void *data, size_t size, struct photo *p)
{
    VipsImage *large = NULL, *small = NULL;
    if (vips_thumbnail_buffer((void *)(uintptr_t)data, size, &large, PHOTO_LONGEST, "height", PHOTO_LONGEST, "size",
                              VIPS_SIZE_DOWN, "fail_on", VIPS_FAIL_ON_TRUNCATED, NULL) != 0)
        return false;
    large = plain_colours(large);
    VipsImage *held = large ? vips_image_copy_memory(large) : NULL; /* unpacked once, drawn twice */
    if (large)
        g_object_unref(large);
    if (!held)
        return false;
    bool ok = save(a, held, 80, &p->data, &p->size) &&
              vips_thumbnail_image(held, &small, PHOTO_SMALL, "height", PHOTO_SMALL, "size", VIPS_SIZE_DOWN, NULL) == 0 &&
              save(a, small, 70, &p->small, &p->small_size);
    if (small)
        g_object_unref(small);
    g_object_unref(held);
    return ok;
}

static bool measured(const void *data, size_t size, const char **why)
{
    VipsImage *head = vips_image_new_from_buffer(data, size, "", "access", VIPS_ACCESS_SEQUENTIAL, NULL);
    if (!head) {
        *why = N_("This picture can't be read here. A JPEG or PNG can; a photograph of the photograph will do as well.");
        return false;
    }
    int64_t width = vips_image_get_width(head), height = vips_image_get_height(head);
    g_object_unref(head);
    if (width < 1 || height < 1 || width * height > PHOTO_PIXELS) {
        *why = N_("This picture has too many pixels (60 million at most). Please choose a smaller one.");
        return false;
    }
    return true;
}

bool photo_make(struct arena *a, const void *data, size_t size, struct photo *p, const char **why)
{
    *p = (struct photo){0};
    if (size > PHOTO_BYTES) {
        *why = N_("A photograph may have 15 MB at most. Please choose a smaller one.");
        return false;
    }
    if (!is_picture(data, size)) {
        *why = N_("This is not a picture. JPEG, PNG, WebP, GIF and HEIC pictures are taken.");
        return false;
    }
    pthread_once(&once, start);
    if (!started) {
        *why = N_("Photographs can't be taken in just now. Please send it without one; you can tell us on the telephone.");
        return false;
    }
    bool ok = measured(data, size, why);
    if (ok && !draw(a, data, size, p)) {
        *why = N_("This picture is damaged. Please choose it again, or another one.");
        ok = false;
    }
    vips_error_clear();
    vips_thread_shutdown();
    return ok;
}
