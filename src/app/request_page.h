/*
 * One request on the desk: its page, the forms of its steps, and what is sent
 * from them.
 */
#ifndef LINLI_APP_REQUEST_PAGE_H
#define LINLI_APP_REQUEST_PAGE_H

#include "app/desk.h"

#define REVEAL_SECONDS 120 /* how long name and telephone stay shown to who asked */

void request_page(struct ctx *ctx); /* app/request_page.c; also draws a step's form again with its problems */

/* ---- parts (app/request_parts.c) ---- */
void request_draw_history(struct ctx *ctx, const struct request *r);
void request_draw_facts(struct ctx *ctx, const struct request *r);
void request_draw_files(struct ctx *ctx, const struct request *r);
/* Similar handled requests with their replies; use: each offers to be taken as the reply. */
void request_draw_similar(struct ctx *ctx, const struct request *r, bool use);
/* What others did since the page was drawn whose newest event was seen. */
void request_draw_meanwhile(struct ctx *ctx, const struct request *r, int64_t seen);
int64_t request_newest_event(struct ctx *ctx, const struct request *r);
const char *user_name(struct ctx *ctx, int64_t user); /* "" */

/* ---- forms (app/request_forms.c) ---- */
/* The form of one step, open, with what was typed. */
void request_draw_form(struct ctx *ctx, const struct request *r, const struct step *s);
/* Nothing to ask: a button does it. */
bool step_is_button(const struct step *s);
/* A reply template with its places filled for this request. */
const char *template_filled(struct ctx *ctx, const struct request *r, const char *text);

/* ---- changes (app/request_change.c) ---- */
void step_prepare(struct ctx *ctx);
void step_change(struct ctx *ctx);
void note_change(struct ctx *ctx);
void reveal_change(struct ctx *ctx);
void attach_prepare(struct ctx *ctx);
void attach_change(struct ctx *ctx);
void file_answer(struct ctx *ctx);
bool request_revealed(struct ctx *ctx, const struct request *r); /* to this actor, just now */

#endif
