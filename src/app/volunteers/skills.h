/*
 * Skills: what volunteers can do, and which requests need it.
 */
#ifndef LINLI_APP_SKILLS_H
#define LINLI_APP_SKILLS_H

#include "kind/kind.h"

struct skill {
    struct record record;
    const char *code, *name, *name_en, *icon;
    int64_t category;   /* requests of this category need it */
    int64_t home_visit; /* done in people's homes, by two volunteers */
    int64_t people_needed, position;
};

extern const struct kind skills_kind;

/* In the reader's language; the code itself if there is no such skill. */
const char *skill_name(struct ctx *ctx, const char *code);
/* The code of the first skill needed for requests of this category, or of the nearest ancestor
 * that has one; NULL. */
const char *skill_for(struct ctx *ctx, int64_t category);

#endif
