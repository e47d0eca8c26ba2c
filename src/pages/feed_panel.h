/*
 * The section of a page in which somebody gets, changes or turns off the private
 * address of their own calendar feed (core/feed.h).
 *
 *     feed_panel_draw(ctx, &(struct feed_panel){"/my/calendar", path, about, warning});
 */
#ifndef LINLI_PAGES_FEED_PANEL_H
#define LINLI_PAGES_FEED_PANEL_H

#include "base/ctx.h"

struct feed_panel {
    const char *action;          /* where the form goes; off=1: turn the address off */
    const char *path;            /* of the feed; NULL: it has no address now */
    const char *about, *warning; /* in the reader's language: what it shows, and to whom */
};
void feed_panel_draw(struct ctx *ctx, const struct feed_panel *p);

#endif
