/*
 * linli-photo: decodes one photo with libvips, in a separate process.
 *
 * Standard input is the file; standard output has the two pictures made from
 * it: for each, eight bytes of length (little-endian) and a JPEG. Files from
 * strangers are decoded only here, without database, key or network, with
 * little memory and little time; the server does not load the library. Exit
 * codes: enum photo_exit (core/picture.h). Opens only the formats of phones
 * and browsers.
 */
#include "core/picture.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <vips/vips.h>

#define MEMORY_MOST \
    ((rlim_t)1 << 30) /* bytes; 60 million pixels of three bytes, and working memory */
#define TIME_MOST 20  /* seconds of processor time */
#define FILE_MOST \
    ((rlim_t)64 << 20) /* bytes: the library writes the code that it generates to a file */

#define END_MOST 2 /* bytes that may be missing at the end of a JPEG */

struct picture {
    void *data;
    size_t size;
};

static void quiet(const gchar *domain, GLogLevelFlags level, const gchar *text, gpointer data)
{
    (void)domain; /* warnings about strangers' files do not belong in the log */
    (void)level;
    (void)text;
    (void)data;
}

static bool start(void)
{
    const struct rlimit memory = {MEMORY_MOST, MEMORY_MOST}, seconds = {TIME_MOST, TIME_MOST},
                        files = {FILE_MOST, FILE_MOST};
    if (vips_init("linli-photo") != 0)
        return false;
    vips_concurrency_set(1);
    vips_cache_set_max(0);
    vips_block_untrusted_set(TRUE);
    g_log_set_handler("VIPS", G_LOG_LEVEL_MASK, quiet, NULL);
#ifndef __SANITIZE_ADDRESS__ /* AddressSanitizer's shadow memory exceeds any limit */
    if (setrlimit(RLIMIT_AS, &memory) != 0)
        return false;
#endif
    (void)memory;
    return setrlimit(RLIMIT_CPU, &seconds) == 0 && setrlimit(RLIMIT_FSIZE, &files) == 0;
}

/* ---- is the file complete? ---- */

static uint32_t number_at(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Returns the position of the first marker at or after `at` that is not part of
 * the coded pixels (the byte after the FF's); end if there is none. */
static size_t jpeg_marker(const unsigned char *d, size_t end, size_t at)
{
    for (; at + 1 < end; at++)
        if (d[at] == 0xFF && d[at + 1] != 0xFF && d[at + 1] != 0 &&
            (d[at + 1] < 0xD0 || d[at + 1] > 0xD7))
            return at + 1;
    return end;
}

/* An end marker must exist; what follows it (a second picture, zeros) does not
 * matter. */
static bool jpeg_ended(const unsigned char *d, size_t end)
{
    for (size_t at = jpeg_marker(d, end, 2); at < end; at = jpeg_marker(d, end, at)) {
        if (d[at] == 0xD9)
            return true;
        if (at + 2 >= end)
            return false;
        at += 1 + ((size_t)d[at + 1] << 8 | d[at + 2]);
    }
    return false;
}

static bool png_ended(const unsigned char *d, size_t end)
{
    for (size_t at = 8; at + 8 <= end; at += 12 + (size_t)number_at(d + at))
        if (!memcmp(d + at + 4, "IEND", 4))
            return true;
    return false;
}

/* Skips blocks of at most 255 bytes, up to and including the empty one that
 * ends them; returns the position after it. */
static size_t gif_blocks(const unsigned char *d, size_t end, size_t at)
{
    while (at < end && d[at])
        at += 1 + (size_t)d[at];
    return at + 1;
}

static size_t gif_colours(unsigned char flags)
{
    return flags & 0x80 ? (size_t)3 << ((flags & 7) + 1) : 0;
}

/* Only the first frame must be complete, because only that is drawn. */
static bool gif_ended(const unsigned char *d, size_t end)
{
    for (size_t at = 13 + gif_colours(d[10]); at + 10 < end;) {
        if (d[at] == 0x2C)
            return gif_blocks(d, end, at + 11 + gif_colours(d[at + 9])) <= end;
        if (d[at] != 0x21)
            return false;
        at = gif_blocks(d, end, at + 2);
    }
    return false;
}

/* The file is a sequence of boxes, each with its length. Length 0: to the end
 * of the file; 1: the length is in the next eight bytes. */
static bool heif_ended(const unsigned char *d, size_t end)
{
    size_t at = 0;
    while (at + 16 <= end) {
        uint64_t n = number_at(d + at);
        if (n == 1)
            n = (uint64_t)number_at(d + at + 8) << 32 | number_at(d + at + 12);
        if (n == 0)
            return true;
        if (n < 8 || n > end - at)
            return false;
        if (!memcmp(d + at + 4, "mdat",
                    4)) /* the pixels; the boxes before them have been skipped */
            return true;
        at += (size_t)n;
    }
    return at == end;
}

/* data: at least 16 bytes that photo.c recognised as a picture. */
static bool ended(const unsigned char *d, size_t end)
{
    if (d[0] == 0xFF)
        return jpeg_ended(d, end);
    if (d[0] == 0x89)
        return png_ended(d, end);
    if (d[0] == 'G')
        return gif_ended(d, end);
    if (d[0] == 'R')
        return 8 + ((uint64_t)d[7] << 24 | (uint64_t)d[6] << 16 | (uint64_t)d[5] << 8 | d[4]) <=
               end;
    return heif_ended(d, end);
}

/* ---- drawing ---- */

/* Takes ownership of in. Returns it in sRGB of 8 bits without transparency;
 * NULL if it can't be decoded. */
static VipsImage *plain_colours(VipsImage *in)
{
    VipsImage *next = NULL;
    if (vips_image_get_typeof(in, VIPS_META_ICC_NAME) &&
        vips_icc_transform(in, &next, "srgb", "embedded", TRUE, NULL) == 0) {
        g_object_unref(in);
        in = next;
    } else {
        next = NULL;
        vips_error_clear(); /* a profile that does not fit the picture is ignored */
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
    return vips_jpegsave_buffer(in, &to->data, &to->size, "Q", quality, "strip", TRUE,
                                "optimize_coding", TRUE, NULL) == 0;
}

/* Makes both sizes from the decoded picture. */
static bool draw(const void *data, size_t size, VipsFailOn strict, struct picture *first,
                 struct picture *second)
{
    VipsImage *large = NULL, *small = NULL;
    if (vips_thumbnail_buffer((void *)(uintptr_t)data, size, &large, PHOTO_LONGEST, "height",
                              PHOTO_LONGEST, "size", VIPS_SIZE_DOWN, "fail_on", strict, NULL) != 0)
        return false;
    large = plain_colours(large);
    VipsImage *held = large ? vips_image_copy_memory(large) : NULL; /* decoded once, used twice */
    /* If the loader fails, the thumbnail continues in grey. Harmless warnings
     * are reported the same way. */
    bool failed = strict == VIPS_FAIL_ON_WARNING && *vips_error_buffer();
    if (large)
        g_object_unref(large);
    if (!held)
        return false;
    bool ok = !failed && save(held, 80, first) &&
              vips_thumbnail_image(held, &small, PHOTO_SMALL, "height", PHOTO_SMALL, "size",
                                   VIPS_SIZE_DOWN, NULL) == 0 &&
              save(small, 70, second);
    if (small)
        g_object_unref(small);
    g_object_unref(held);
    return ok;
}

static enum photo_exit measured(const void *data, size_t size)
{
    VipsImage *head = vips_image_new_from_buffer(data, size, "", "access", VIPS_ACCESS_SEQUENTIAL,
                                                 NULL);
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

/* Makes both pictures from the file; data has room for END_MOST more bytes. */
static enum photo_exit make(char *data, size_t size, struct picture *first, struct picture *second)
{
    if (size > PHOTO_BYTES || size < 16)
        return PHOTO_UNREADABLE;
    bool whole = ended((const unsigned char *)data, size), jpeg = (unsigned char)data[0] == 0xFF;
    if (!whole && !jpeg)
        return PHOTO_CUT_OFF;
    if (!whole) { /* at most the end marker is missing: with it added, the library reports an error
                     if more is missing */
        memcpy(data + size, "\xFF\xD9", END_MOST);
        size += END_MOST;
    }
    enum photo_exit found = measured(data, size);
    if (found != PHOTO_MADE)
        return whole || found == PHOTO_TOO_LARGE ? found : PHOTO_CUT_OFF;
    if (!draw(data, size, whole ? VIPS_FAIL_ON_TRUNCATED : VIPS_FAIL_ON_WARNING, first, second))
        return whole ? PHOTO_DAMAGED : PHOTO_CUT_OFF;
    return PHOTO_MADE;
}

int main(void)
{
    static char data[PHOTO_BYTES + 1 + END_MOST];
    size_t size = 0;
    ssize_t n = 0;
    struct picture first = {0}, second = {0};
    if (!start())
        return PHOTO_NOT_STARTED;
    while (size <= PHOTO_BYTES && (n = read(STDIN_FILENO, data + size, PHOTO_BYTES + 1 - size)) > 0)
        size += (size_t)n;
    int made = n < 0 ? (int)PHOTO_UNREADABLE : (int)make(data, size, &first, &second);
    if (made != PHOTO_MADE)
        return (int)made;
    bool told = write_picture(&first) && write_picture(&second);
    g_free(first.data);
    g_free(second.data);
    vips_shutdown();
    return told ? PHOTO_MADE : PHOTO_NOT_STARTED;
}
