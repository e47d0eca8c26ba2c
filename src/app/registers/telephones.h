/*
 * Whom a resident can call: the residents' committee of a community and the
 * subdistrict office, as buttons.
 */
#ifndef LINLI_APP_TELEPHONES_H
#define LINLI_APP_TELEPHONES_H

#include "base/ctx.h"

/* Whether there is any number to call. */
bool telephone_any(struct ctx *ctx);
/* One button for each that has a number, in a paragraph. area: any area of the community;
 * NONE: the office alone. */
void telephone_buttons(struct ctx *ctx, int64_t area);
/* The number of the first unit of the office that has one: for site_words (core/module.h). */
const char *telephone_of_office(struct ctx *ctx);
/* What is wrong with a resident's form, and whom to call about it: nobody who fails at a form is
 * left alone with it. Draws nothing if nothing is wrong. */
void resident_problems(struct ctx *ctx, int64_t area);
/* The same for every community, as a list in a closed fold; draws nothing for none. */
void telephone_list(struct ctx *ctx);

#endif
