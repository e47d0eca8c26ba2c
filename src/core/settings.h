/*
 * Settings of the installation: named values in the table settings, described
 * like fields. Those that a module lists (struct module.settings, field offset
 * SETTING) are on the page /settings, validated, logged, and encrypted if
 * their description says so.
 */
#ifndef LINLI_APP_SETTINGS_H
#define LINLI_APP_SETTINGS_H

#include "kind/kind.h"

/* The one value that a setting's field reads and writes. */
struct setting_value {
    struct record record;
    union {
        const char *text;
        int64_t number;
        double real;
    };
};
#define SETTING offsetof(struct setting_value, text)

/* Settings with their own page: /settings links to it and shows the current value (struct
 * module.setting_pages). */
struct setting_page {
    const char *href, *label, *about, *icon; /* label, about: N_() */
    unsigned roles;
    const char *(*now)(struct ctx *ctx); /* the current value in one line, in the context's arena */
};

/* Returns a setting; "" if it is not set. */
const char *setting(struct ctx *ctx, const char *name);
/* On the writer thread: stores it; value NULL or "": removes it. */
void setting_put(struct ctx *ctx, const char *name, const char *value);
/* The lowest of the five levels of satisfaction that counts as satisfied, a setting; and what it is
 * in words, to stand beside each figure that depends on it. */
int64_t satisfied_from(struct ctx *ctx);
const char *satisfied_rule(struct ctx *ctx);
/* Iterates over the described settings of all modules. Begin with f NULL and *module 0; NULL:
 * the end. */
const struct field *setting_next(int *module, const struct field *f);
/* The stored value, ready for field_show; missing if it is not set. */
struct setting_value *setting_load(struct ctx *ctx, const struct field *f);
/* Loads the texts for the pages' footer if they changed: at start-up and after commits. */
void settings_follow(struct ctx *ctx);

#endif
