/* What a volunteer has next: shifts and visits in one list, by time. */
#ifndef LINLI_APP_MY_COMING_H
#define LINLI_APP_MY_COMING_H

#include "app/volunteers/volunteers.h"

void coming_draw(struct ctx *ctx, const struct volunteer *v);

#endif
