/*
 * One request on the desk: its page, the forms of its steps, and its changes.
 */
#ifndef LINLI_APP_REQUEST_PAGE_H
#define LINLI_APP_REQUEST_PAGE_H

#include "app/desk/work.h"
#include "app/desk/work_views.h"
#include "app/registers/registers.h"
#include "pages/workflow_page.h"

#define REVEAL_SECONDS \
    120 /* seconds for which name and phone number stay revealed to whoever asked */

/* ---- parts (app/desk/request_parts.c) ---- */
void request_draw_history(struct ctx *ctx, const struct request *r);
/* What was asked: its words, unless the title is all of them, its files, by whom, what and where.
 */
void request_draw_asked(struct ctx *ctx, const struct request *r);
void request_draw_facts(struct ctx *ctx, const struct request *r); /* the others */
/* Similar handled requests with their replies. use: each has a button to use its reply. */
void request_draw_similar(struct ctx *ctx, const struct request *r, bool use);
/* What others did since the page was drawn. seen: its newest event then. */
void request_draw_meanwhile(struct ctx *ctx, const struct request *r, int64_t seen);
int64_t request_newest_event(struct ctx *ctx, const void *request);
const char *user_name(struct ctx *ctx, int64_t user); /* "" if unknown */

/* ---- forms (app/desk/request_forms.c) ---- */
/* Draws a field of a step's form with its aids; false: it is drawn by its row. */
bool request_step_control(struct ctx *ctx, const struct step *s, const void *record,
                          const struct field *f);
enum step_fold request_step_fold(struct ctx *ctx, const struct step *s, const void *record,
                                 const struct field *f);
/* <option>s of names whose values are references as a step reads them ("#12"); chosen: an id. */
void step_options(struct ctx *ctx, const struct names *n, int64_t chosen);
/* The chosen one; otherwise: if nothing was sent. */
int64_t step_chosen(struct ctx *ctx, const char *name, int64_t otherwise);
/* A reply template with its placeholders filled in for this request. */
const char *template_filled(struct ctx *ctx, const struct request *r, const char *text);

/* ---- changes (app/desk/request_change.c) ---- */
void step_prepare(struct ctx *ctx);
void step_change(struct ctx *ctx);
void note_change(struct ctx *ctx);
void reveal_change(struct ctx *ctx);
void attach_prepare(struct ctx *ctx);
void attach_change(struct ctx *ctx);
void file_answer(struct ctx *ctx);
bool request_revealed(struct ctx *ctx, const struct request *r); /* to this actor, just now */

#endif
