/*
 * Setting up an installation: what it needs before it can be used, as a list of
 * steps. A capability adds its own to its module:
 *
 *     static const struct setup_step setup[] = {
 *         {"skills", "Skills", "What volunteers can do.", &skills_kind, 70,
 *          .common = load_skills, .common_label = "Load common skills"},
 *         {.name = NULL}};
 *     … .setup = setup, in its struct module, and N_() around the words
 *
 * The page /setup shows each step with how many there are, what is missing, a
 * common set to start from, and a blank spreadsheet of its kind.
 */
#ifndef LINLI_CORE_SETUP_H
#define LINLI_CORE_SETUP_H

#include "kind/kind.h"

struct setup_step {
    const char *name;          /* "areas": the step's place on the page and in /setup/common/NAME */
    const char *label, *about; /* N_() */
    const struct kind *kind;   /* what it fills: counted, added, imported; NULL: none */
    int rank;                  /* order of the steps */
    int64_t least;             /* entries without which the program is of no use */
    /* Added by hand; NULL: the kind's form for a new entry. */
    const char *href;
    /* What is still missing, in a sentence; NULL: nothing. Without it a step is complete with its
     * first entry. */
    const char *(*missing)(struct ctx *ctx);
    void (*draw)(struct ctx *ctx); /* more of the step: a form, a link; NULL */
    /* On the writer thread: loads the common set, which leaves alone what is there; how many
     * entries were added; NONE: failed. NULL: there is none. */
    int64_t (*common)(struct ctx *ctx);
    const char *common_label; /* N_(): the button's words */
};

/* The steps of all modules by rank, ended by NULL; in the context's arena. */
const struct setup_step **setup_steps(struct ctx *ctx);
int64_t setup_count(struct ctx *ctx, const struct setup_step *step); /* NONE: it counts nothing */
/* In the context's arena; NULL: nothing is missing. */
const char *setup_missing(struct ctx *ctx, const struct setup_step *step);
/* Whether there is what these steps must have at least; names parted by blanks. */
#define SETUP_RESIDENTS "areas categories" /* what residents need to ask for something */
bool setup_done(struct ctx *ctx, const char *names);
/* Where somebody who has just signed in begins, if not at the first place of the navigation: set-up
 * that is not finished, or the page that says that the account has no role. NULL: there. */
const char *setup_landing(struct ctx *ctx);

/* ---- common sets ---- */

struct common_sheet {
    const char *name, *text; /* CSV */
};
extern const struct common_sheet common_sheets[]; /* ended by NULL */

/* On the writer thread: adds the rows of a common sheet that are not there yet. A reference that
 * names nothing here is left out, except to the kind itself. Returns how many; NONE: failed, with a
 * problem. */
int64_t common_load(struct ctx *ctx, const struct kind *k, const char *name);

#endif
