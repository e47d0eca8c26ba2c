/*
 * What the volunteers' pages share: the form with which somebody offers help,
 * days of service with their hours, teams to choose from, and who may see a
 * team's own page.
 */
#ifndef LINLI_APP_VOLUNTEER_PARTS_H
#define LINLI_APP_VOLUNTEER_PARTS_H

#include "app/people.h"
#include "app/volunteers.h"

#define VOLUNTEER_HOSTS (ROLE_TEAM_LEADER | ROLE_WORKER | ROLE_OFFICE) /* who look after volunteers */

/* ---- volunteer_form.c ---- */
/* Who it is: name, telephone, community, gender. */
void volunteer_who(struct ctx *ctx);
/* What is offered: skills, times, languages, communities, limits. v: what stands there until something is sent; NULL. */
void volunteer_offers(struct ctx *ctx, const struct volunteer *v);
/* What was sent, checked field by field. area: where the person lives. */
void volunteer_who_read(struct ctx *ctx, struct person *p);
void volunteer_offers_read(struct ctx *ctx, struct volunteer *v);
/* Teams as <option>s by community; chosen: an id or NONE. only: those the actor looks after. */
void team_options(struct ctx *ctx, int64_t chosen, bool only);

/* ---- volunteer_parts.c ---- */
int64_t hours_typed(const char *typed);            /* "3.5" or "3:30" in seconds; NONE */
void stars_draw(struct ctx *ctx, int64_t seconds); /* with words, and what the next one needs */
/* ?month=, within sense; this month without it. */
int64_t month_asked(struct ctx *ctx);
int64_t month_next(int64_t month, int by);
/* What counts of a day, and why it is not what was attended. */
void hours_state(struct ctx *ctx, const struct hours *h);
/* The attendances of that day: what, from when to when, who certified it. */
void hours_attended(struct ctx *ctx, const struct hours *h);
const char *volunteer_state(struct ctx *ctx, const struct volunteer *v); /* its word */
const char *volunteer_tone(const char *status);                          /* class of its state */
/* What a volunteer offers, as <dl class="facts">'s rows. */
void volunteer_facts(struct ctx *ctx, const struct volunteer *v);
/* Journal entries of one volunteer, newest first, in words. */
void volunteer_history(struct ctx *ctx, int64_t volunteer);

/* A sheet of days of service of one volunteer as the answer. */
void hours_sheet(struct ctx *ctx, const struct volunteer *v, bool xlsx);

/* Tabs of the staff's pages: here is one of their addresses. */
void volunteer_tabs(struct ctx *ctx, const char *here);
/* The only team that the actor leads; NONE: none, or several. */
int64_t own_team(const struct ctx *ctx);
/* How many days wait for a decision by the actor. */
int64_t hours_waiting(struct ctx *ctx);

#endif
