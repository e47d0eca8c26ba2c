/*
 * Shared by the volunteers' pages: the form in which people offer help, days of
 * service with their hours, lists of teams, and who may see a team's own page.
 */
#ifndef LINLI_APP_VOLUNTEER_PARTS_H
#define LINLI_APP_VOLUNTEER_PARTS_H

#include "app/registers/registers.h"
#include "app/volunteers/volunteers.h"

#define VOLUNTEER_HOSTS \
    (ROLE_TEAM_LEADER | ROLE_WORKER | ROLE_OFFICE) /* who look after volunteers */

/* ---- volunteer_form.c ---- */
/* Draws the fields that are needed of the person: name, phone, community. */
void volunteer_who(struct ctx *ctx);
/* Reads and checks what was sent. area: where the person lives. */
void volunteer_who_read(struct ctx *ctx, struct person *p);
/* Draws what is offered, and the gender, in folded lines; all of it may wait. */
void volunteer_offers_folded(struct ctx *ctx);
/* Draws teams as <option>s by community; chosen: an id or NONE. only: just those that the actor
 * looks after. */
void team_options(struct ctx *ctx, int64_t chosen, bool only);

/* ---- volunteer_parts.c ---- */
/* The month in ?month=, within sensible limits; without it, the current one. */
int64_t month_asked(struct ctx *ctx);
int64_t month_next(int64_t month, int by);
/* The volunteer's events and other entries of the audit log, newest first, in words. */
void volunteer_history(struct ctx *ctx, int64_t volunteer);

/* Tabs of the staff's pages; here is the URL of one of them. */
void volunteer_tabs(struct ctx *ctx, const char *here);

#endif
