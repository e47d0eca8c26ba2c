/*
 * linli-photo: unpacks one photograph, by libvips, in a process of its own.
 *
 * Standard input is the file, standard output the two pictures drawn from it:
 * each eight bytes of length (little-endian) and a JPEG. What a stranger sent
 * is unpacked only here, where there is no database, no key and no network,
 * little memory and little time; and the server neither loads nor starts the
 * library. Exit codes: enum photo_exit (app/photo.h). Only formats that a
 * telephone or a browser makes are opened.
 */
#include "app/photo.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <vips/vips.h>

#define MEMORY_MOST ((rlim_t)1 << 30)  /* bytes; 60 million pixels of three bytes and room to work */
#define TIME_MOST   20                 /* seconds of the processor */
#define FILE_MOST   ((rlim_t)64 << 20) /* bytes: the library keeps code that it makes in a file of its own */

struct picture {
    void *data;
    size_t size;
};

static void quiet(const gchar *domain, GLogLevelFlags level, const gchar *text, gpointer data)
{
    (void)domain; /* complaints about strangers' files are no news for the log */
    (void)level;
    (void)text;
    (void)data;
}

static bool start(void)
{
    const struct rlimit memory = {MEMORY_MOST, MEMORY_MOST}, seconds = {TIME_MOST, TIME_MOST}, files = {FILE_MOST, FILE_MOST};
    if (vips_init("linli-photo") != 0)
        return false;
    vips_concurrency_set(1);
    vips_cache_set_max(0);
    vips_block_untrusted_set(TRUE);
    g_log_set_handler("VIPS", G_LOG_LEVEL_MASK, quiet, NULL);
#ifndef __SANITIZE_ADDRESS__ /* whose shadow is larger than any limit */
    if (setrlimit(RLIMIT_AS, &memory) != 0)
        return false;
#endif
    (void)memory;
    return setrlimit(RLIMIT_CPU, &seconds) == 0 && setrlimit(RLIMIT_FSIZE, &files) == 0;
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

static bool save(VipsImage *in, int quality, struct picture *to)
{
    return vips_jpegsave_buffer(in, &to->data, &to->size, "Q", quality, "strip", TRUE, "optimize_coding", TRUE, NULL) == 0;
}

/* Both sizes from the unpacked picture. */
static bool draw(const void *data, size_t size, struct picture *first, struct picture *second)
{
    VipsImage *large = NULL, *small = NULL;
    if (vips_thumbnail_buffer((void *)(uintptr_t)data, size, &large, PHOTO_LONGEST, "height", PHOTO_LONGEST, "size", VIPS_SIZE_DOWN,
                              "fail_on", VIPS_FAIL_ON_TRUNCATED, NULL) != 0)
        return false;
    large = plain_colours(large);
    VipsImage *held = large ? vips_image_copy_memory(large) : NULL; /* unpacked once, drawn twice */
    if (large)
        g_object_unref(large);
    if (!held)
        return false;
    bool ok = save(held, 80, first) &&
              vips_thumbnail_image(held, &small, PHOTO_SMALL, "height", PHOTO_SMALL, "size", VIPS_SIZE_DOWN, NULL) == 0 &&
              save(small, 70, second);
    if (small)
        g_object_unref(small);
    g_object_unref(held);
    return ok;
}

/* ---- that nothing is missing: one that was cut off is drawn over grey without a word, whatever fail_on says (libvips 8.14) ---- */

/* To its end marker; what phones put behind that does not matter. */
static bool whole_jpeg(const unsigned char *d, size_t size)
{
    size_t at = 2;
    bool drawing = false; /* in a scan, whose 0xFF is followed by 0 or a restart */
    while (at + 1 < size) {
        if (d[at] != 0xFF) {
            if (!drawing)
                return false;
            const unsigned char *next = memchr(d + at, 0xFF, size - at);
            at = next ? (size_t)(next - d) : size;
            continue;
        }
        unsigned char marker = d[at + 1];
        if (marker == 0xFF) {
            at++; /* filling */
        } else if (marker == 0 || (marker >= 0xD0 && marker <= 0xD7)) {
            at += 2;
        } else if (marker == 0xD9) {
            return drawing;
        } else {
            drawing = marker == 0xDA;
            at += 2 + (at + 3 < size ? (size_t)d[at + 2] << 8 | d[at + 3] : size);
        }
    }
    return false;
}

static size_t number(const unsigned char *d, bool big)
{
    return big ? (size_t)d[0] << 24 | (size_t)d[1] << 16 | (size_t)d[2] << 8 | d[3]
               : (size_t)d[3] << 24 | (size_t)d[2] << 16 | (size_t)d[1] << 8 | d[0];
}

static bool whole_png(const unsigned char *d, size_t size)
{
    for (size_t at = 8; at + 12 <= size; at += 12 + number(d + at, true))
        if (memcmp(d + at + 4, "IEND", 4) == 0)
            return true;
    return false;
}

static bool whole(const unsigned char *d, size_t size)
{
    if (size > 2 && !memcmp(d, "\xFF\xD8", 2))
        return whole_jpeg(d, size);
    if (size > 8 && !memcmp(d, "\x89PNG", 4))
        return whole_png(d, size);
    if (size > 12 && !memcmp(d, "RIFF", 4) && !memcmp(d + 8, "WEBP", 4))
        return size - 8 >= number(d + 4, false);
    return true;
}

static enum photo_exit measured(const void *data, size_t size)
{
    VipsImage *head = vips_image_new_from_buffer(data, size, "", "access", VIPS_ACCESS_SEQUENTIAL, NULL);
    if (!head)
        return PHOTO_UNREADABLE;
    int64_t width = vips_image_get_width(head), height = vips_image_get_height(head);
    g_object_unref(head);
    return width < 1 || height < 1 || width * height > PHOTO_PIXELS ? PHOTO_TOO_LARGE : PHOTO_MADE;
}

static bool write_all(const void *data, size_t size)
{
    for (const char *p = data; size > 0;) {
        ssize_t n = write(STDOUT_FILENO, p, size);
        if (n <= 0)
            return false;
        p += n;
        size -= (size_t)n;
    }
    return true;
}

static bool write_picture(const struct picture *p)
{
    unsigned char length[8];
    for (int i = 0; i < 8; i++)
        length[i] = (unsigned char)((uint64_t)p->size >> (8 * i));
    return write_all(length, sizeof length) && write_all(p->data, p->size);
}

int main(void)
{
    static char data[PHOTO_BYTES + 1];
    size_t size = 0;
    ssize_t n = 0;
    struct picture first = {0}, second = {0};
    if (!start())
        return PHOTO_NOT_STARTED;
    while (size <= PHOTO_BYTES && (n = read(STDIN_FILENO, data + size, PHOTO_BYTES + 1 - size)) > 0)
        size += (size_t)n;
    if (n < 0 || size > PHOTO_BYTES)
        return PHOTO_UNREADABLE;
    enum photo_exit found = measured(data, size);
    if (found != PHOTO_MADE)
        return (int)found;
    if (!whole((const unsigned char *)data, size) || !draw(data, size, &first, &second))
        return PHOTO_DAMAGED;
    bool told = write_picture(&first) && write_picture(&second);
    g_free(first.data);
    g_free(second.data);
    vips_shutdown();
    return told ? PHOTO_MADE : PHOTO_NOT_STARTED;
}
