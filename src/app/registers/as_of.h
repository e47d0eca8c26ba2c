/*
 * The day that a part of a record's page is about: today, or any other.
 *
 *     const char *day = as_of_draw(ctx, "/registers/organisations/7#seats");
 */
#ifndef LINLI_APP_AS_OF_H
#define LINLI_APP_AS_OF_H

#include "base/ctx.h"

/* Draws the form that asks for the day (?on=) and returns it. What is no date is said to be none,
 * and stands for today. href: the page, with the part's anchor. */
const char *as_of_draw(struct ctx *ctx, const char *href);

#endif
