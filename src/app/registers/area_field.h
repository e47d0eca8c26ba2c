/*
 * The fields in which a resident says where: a community by one tap, and an
 * estate in it for whoever wants to be exact. Both work in any browser.
 */
#ifndef LINLI_APP_AREA_FIELD_H
#define LINLI_APP_AREA_FIELD_H

#include "kind/kind.h"

/* False in an office that has just been set up: nobody is asked for what can't be chosen. */
bool areas_known(struct ctx *ctx);

/* The area that stands in the form: "estate", else "area", else what this browser sent last time
 * (area_remember), as far as it is still valid; NONE. */
int64_t area_asked(struct ctx *ctx);
/* With the answer: the next form of this browser begins with this area, for a year. */
void area_remember(struct ctx *ctx, int64_t area);
/* Sets the record's field "area" from what was typed: an estate is more exact than its community,
 * and one in another community is refused (problem of "area"). */
void area_typed(struct ctx *ctx, const struct kind *k, void *record);

/* Communities and their estates as one list (field "area"); nothing is remembered. label: in the
 * reader's language. */
void area_field(struct ctx *ctx, const char *label);

/* The communities and estates that can be chosen today, and area_asked among them; in the request's
 * arena. */
const struct area_choices *area_choices(struct ctx *ctx);
/* The same within these communities, whatever the browser remembers; chosen: what stands in the
 * field "estate". For staff, who may log requests for their own area only. */
const struct area_choices *area_choices_in(struct ctx *ctx, const int64_t *communities, int count);
/* The name of the chosen estate; NULL: none. */
const char *area_estate(const struct area_choices *a);
/* Communities to tap (field "area"); one closed line once one is known. With more than twelve, the
 * list of area_field. */
void area_choice(struct ctx *ctx, const struct area_choices *a, const char *label);
/* The estates (field "estate"), optional; draws nothing where area_choice lists them. */
void estate_field(struct ctx *ctx, const struct area_choices *a);
/* The estates (field "estate"), optional, however many communities there are; draws nothing without
 * any. */
void estate_list(struct ctx *ctx, const struct area_choices *a);

#endif
