/*
 * Photographs as they come from strangers: made into what is kept.
 *
 * What was sent is never stored. Its real format is read from its first
 * bytes, its pixels are counted before they are unpacked, and a new JPEG of
 * at most PHOTO_LONGEST pixels is drawn from them, upright, in sRGB, without
 * any of the file's notes (place, time, camera, owner), with a small one beside.
 */
#ifndef LINLI_APP_PHOTO_H
#define LINLI_APP_PHOTO_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

#define PHOTOS_MOST   3
#define PHOTO_LONGEST 1600 /* pixels of the longer side that are kept */
#define PHOTO_SMALL   240
#define PHOTO_BYTES   ((size_t)15 << 20) /* of a file that is taken */
#define PHOTO_PIXELS  60000000           /* width × height that is unpacked */

/* How linli-photo, the process that unpacks, ends. */
enum photo_exit { PHOTO_MADE, PHOTO_UNREADABLE, PHOTO_TOO_LARGE, PHOTO_DAMAGED, PHOTO_CUT_OFF, PHOTO_NOT_STARTED };

struct photo {
    const void *data, *small; /* JPEG */
    size_t size, small_size;
    const char *token; /* of the draft it lies in; NULL: not a draft */
};

/* Slow (some 100 ms): never on a loop or behind the door. False: *why is an English text for tr(). In arena a. */
extern const char photo_no_picture[]; /* one of its reasons */
bool photo_make(struct arena *a, const void *data, size_t size, struct photo *p, const char **why);

#endif
