/*
 * Visits: the pages of offers. Staff and team leaders follow an offer on
 * /visits (visits.c), volunteers answer theirs on /my/asks (asks.c); the
 * request's pages show what stands (visit_parts.c), and who is to be told is
 * in offer_notices.c.
 */
#ifndef LINLI_APP_VISITS_H
#define LINLI_APP_VISITS_H

#include "app/offers.h"

/* On the staff's page of a request: its offer, or the way to find volunteers. Draws nothing where no hands are needed. */
void visits_part(struct ctx *ctx, const struct request *r);
/* On the resident's page: who comes and when. Draws nothing without an offer. */
void visits_follow(struct ctx *ctx, const struct request *r);

/* ---- parts (visit_parts.c) ---- */
const char *skill_name(struct ctx *ctx, const char *code);       /* the code itself when there is none */
const char *offer_when(struct ctx *ctx, const struct offer *o);  /* "5 March 2026, 14:05", or that it is to be agreed */
const char *offer_state(struct ctx *ctx, const struct offer *o); /* in words, with how many have accepted */
int64_t offer_count(struct ctx *ctx, const struct offer *o, const char *answer);
/* "2026-03-05T14:05" for a field of date and time; NULL for NONE. */
const char *local_time(struct ctx *ctx, int64_t t);
/* A time typed into the field of this name; NONE when it is empty. A problem when it can't be read. */
int64_t time_typed(struct ctx *ctx, const char *name);
/* <label><select>: the choices, or the rows of a query with columns id and name (rows NULL: choices); none: the words of
 * an empty first option, NULL: there is none. chosen may be NULL. */
void select_field(struct ctx *ctx, const char *name, const char *label, const char *hint, const char *none, const struct choice *choices,
                  struct rows *rows, const char *chosen);
void text_field(struct ctx *ctx, const char *name, const char *label, const char *hint, int most, const char *value);
void time_field(struct ctx *ctx, const char *name, const char *label, const char *hint, int64_t value);
void field_problem(struct ctx *ctx, const char *name);

/* ---- who is told (offer_notices.c), behind the door ---- */
/* Behind the door: what a volunteer was still to be told of an offer by hand is out of date. */
void offer_untell(struct ctx *ctx, const struct offer *o, int64_t volunteer);
void offer_tell_ask(struct ctx *ctx, const struct offer *o, const struct offer_ask *a);
/* All who accepted: what: agreed, cancelled, soon, moved. why may be NULL. */
void offer_tell_accepted(struct ctx *ctx, const struct offer *o, const char *what, const char *why);

#endif
