/*
 * Turns photos from strangers into ones that are safe to keep.
 *
 * The uploaded file is never stored. Its format is detected from its first
 * bytes, and its pixels are counted before it is decoded. A new JPEG of at
 * most PHOTO_LONGEST pixels is made from it, upright, in sRGB, without the
 * file's metadata (place, time, camera, owner), and a thumbnail.
 */
#ifndef LINLI_APP_PHOTO_H
#define LINLI_APP_PHOTO_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

#define PHOTOS_MOST   3
#define PHOTO_LONGEST 1600 /* pixels of the longer side that are kept */
#define PHOTO_SMALL   240
#define PHOTO_BYTES   ((size_t)15 << 20) /* largest file */
#define PHOTO_PIXELS  60000000           /* largest width × height that is decoded */

/* Exit codes of linli-photo, the process that decodes. */
enum photo_exit {
    PHOTO_MADE,
    PHOTO_UNREADABLE,
    PHOTO_TOO_LARGE,
    PHOTO_DAMAGED,
    PHOTO_CUT_OFF,
    PHOTO_NOT_STARTED
};

struct photo {
    const void *data, *small; /* JPEG */
    size_t size, small_size;
    const char *token; /* of its draft; NULL: not a draft */
};

/* Slow (about 100 ms): never on an event loop or the writer thread. On failure returns false
 * with an English text for tr() in *why. In arena a. */
extern const char photo_no_picture[]; /* one of its reasons */
bool photo_make(struct arena *a, const void *data, size_t size, struct photo *p, const char **why);

#endif
